/**
 * Random queries over the small catalog: every shape of a plain SELECT. Types are not heeded: the
 * text need only make sense to a grammar.
 */
import * as fc from 'fast-check';
import type { ColumnRef, Expr, FromItem, Select, TableItem } from '../../../parser/tree.ts';
import { mapExpr, visit } from '../../../parser/walk.ts';
import { CATALOG } from './catalog.ts';

const ARITHMETIC = ['+', '-', '*', '/', '%', '^', '=', '<>', '<', '>='];
const OTHERS = ['||', '~~', '->', '->>', '#>', '<->', '?|', '@@', '|', 'OPERATOR("Odd ""s""".<~>)'];
const BINARY = [...ARITHMETIC, ...OTHERS, 'AND', 'OR', 'AT TIME ZONE', 'IS DISTINCT FROM'];
const UNARY = [
  'NOT',
  '-',
  '+',
  '~',
  '@',
  '|/',
  'OPERATOR(public.@@)',
  'IS NULL',
  'IS NOT NULL',
  'IS TRUE',
  'IS NOT FALSE',
  'IS UNKNOWN',
];
const DATE_TYPES = [
  'timestamp(3) without time zone',
  'interval day to second(2)',
  'interval month',
];
const TYPES = [
  'text',
  'numeric(10,2)',
  'character varying(5)',
  'integer[]',
  '"char"',
  'public."Mood x"[]',
  ...DATE_TYPES,
];
const NUMBERS = ['1', '0', '1.0000', '12345678901234567890.5'];
const STRINGS = ["'x'", "'it''s'", "''", "B'01'", '\'$1 -- "q" /* */;\'', "'ORDER BY (a)'"];
const LITERALS = [...NUMBERS, ...STRINGS, 'TRUE', 'FALSE', 'NULL'];
const NAMES = [
  'x',
  'Select',
  'a"b',
  'x;drop',
  '?column?',
  'group',
  ' ',
  'é',
  '*',
  't.a',
  'FROM',
  'over',
  'filter',
];

const CALL = { variadic: false, returnsSet: false };
const AGGREGATE = { variadic: false, distinct: false, orderBy: [], withinGroup: false };

const literal = (sql: string): Expr => ({ kind: 'literal', sql, span: null });

const plainName = fc.constantFrom(
  { schema: 'public', name: 'sum' },
  { schema: null, name: 'lower' },
  { schema: null, name: 'substring' },
  { schema: null, name: 'extract' },
  { schema: 'public', name: 'Odd "fn"' },
);
const aggregateName = fc.constantFrom(
  { schema: null, name: 'sum' },
  { schema: null, name: 'string_agg' },
  { schema: 'public', name: 'total' },
);

/** Nodes over `part`, of every kind but columns, literals and aggregates. */
function nodes(part: fc.Arbitrary<Expr>): fc.Arbitrary<Expr>[] {
  const several = (minLength: number, maxLength: number): fc.Arbitrary<Expr[]> =>
    fc.array(part, { minLength, maxLength });
  const special = (
    syntax: 'trim' | 'substring' | 'position' | 'overlay',
    name: string,
    args: fc.Arbitrary<Expr[]>,
  ): fc.Arbitrary<Expr> =>
    args.map(
      (args): Expr => ({ kind: 'call', schema: null, name, args, syntax, ...CALL, span: null }),
    );
  return [
    fc
      .tuple(fc.constantFrom(...BINARY), part, part)
      .map(([op, left, right]): Expr => ({ kind: 'binary', op, left, right, span: null })),
    fc
      .tuple(fc.constantFrom(...UNARY), part)
      // PostgreSQL's grammar makes one constant of minuses before a number.
      .filter(
        ([op, operand]) => op !== '-' || (operand.kind !== 'literal' && operand.kind !== 'unary'),
      )
      .map(([op, operand]): Expr => ({ kind: 'unary', op, operand, span: null })),
    fc
      .tuple(fc.constantFrom(...TYPES), part)
      .map(([type, operand]): Expr => ({ kind: 'cast', type, operand, span: null })),
    fc.tuple(plainName, several(0, 3)).map(
      ([name, args]): Expr => ({
        kind: 'call',
        ...name,
        args,
        syntax: 'plain',
        ...CALL,
        span: null,
      }),
    ),
    part.map(
      (from): Expr => ({
        kind: 'call',
        schema: null,
        name: 'extract',
        args: [literal("'year'"), from],
        syntax: 'extract',
        ...CALL,
        span: null,
      }),
    ),
    fc
      .constantFrom('btrim', 'ltrim', 'rtrim')
      .chain((name) => special('trim', name, several(1, 2))),
    special('substring', 'substring', several(2, 3)),
    special('position', 'position', several(2, 2)),
    special('overlay', 'overlay', several(3, 4)),
    fc
      .tuple(
        fc.constantFrom(
          'COALESCE' as const,
          'NULLIF' as const,
          'GREATEST' as const,
          'LEAST' as const,
        ),
        several(2, 2),
      )
      .map(([name, args]): Expr => ({ kind: 'keyword', name, args, span: null })),
    fc
      .tuple(
        fc.option(part),
        fc.array(fc.record({ when: part, result: part }), { minLength: 1, maxLength: 2 }),
        fc.option(part),
      )
      .map(
        ([subject, whens, otherwise]): Expr => ({
          kind: 'case',
          subject,
          whens,
          otherwise,
          span: null,
        }),
      ),
    fc
      .tuple(
        fc.constantFrom('=', '<>', '~~', 'OPERATOR(public.<~>)'),
        fc.constantFrom('ANY' as const, 'ALL' as const),
        part,
        part,
      )
      .map(
        ([op, quantifier, left, array]): Expr => ({
          kind: 'array_comparison',
          op,
          quantifier,
          left,
          array,
          span: null,
        }),
      ),
    several(0, 3).map((items): Expr => ({ kind: 'array', items, span: null })),
    fc
      .tuple(part, several(1, 2))
      .map(([array, indexes]): Expr => ({ kind: 'subscript', array, indexes, span: null })),
    several(0, 3).map((items): Expr => ({ kind: 'row', items, span: null })),
  ];
}

function aggregates(part: fc.Arbitrary<Expr>): fc.Arbitrary<Expr>[] {
  return [
    fc.tuple(aggregateName, fc.array(part, { minLength: 1, maxLength: 2 }), fc.option(part)).map(
      ([name, args, filter]): Expr => ({
        kind: 'aggregate',
        ...name,
        args,
        star: false,
        ...AGGREGATE,
        filter,
        span: null,
      }),
    ),
    fc.option(part).map(
      (filter): Expr => ({
        kind: 'aggregate',
        schema: null,
        name: 'count',
        args: [],
        star: true,
        ...AGGREGATE,
        filter,
        span: null,
      }),
    ),
  ];
}

function expressions(
  relations: readonly TableItem[],
  extra: (part: fc.Arbitrary<Expr>) => fc.Arbitrary<Expr>[],
): fc.Arbitrary<Expr> {
  const columns = relations.flatMap((relation, index) =>
    columnsOf(relation).map(
      (name): Expr => ({ kind: 'column', relation: index, name, span: null }),
    ),
  );
  const leaf = fc.constantFrom(...columns, ...LITERALS.map(literal));
  return fc.letrec<{ expr: Expr }>((tie) => ({
    expr: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      leaf,
      leaf,
      ...nodes(tie('expr')),
      ...extra(tie('expr')),
    ),
  })).expr;
}

function columnsOf({ oid }: TableItem): readonly string[] {
  return (
    CATALOG.relations.find((relation) => relation.oid === oid)?.columns.map(({ name }) => name) ??
    []
  );
}

const relationList: fc.Arbitrary<TableItem[]> = fc
  .uniqueArray(
    fc.record({
      source: fc.constantFrom(...CATALOG.relations),
      alias: fc.constantFrom(...NAMES, ...CATALOG.relations.map(({ name }) => name)),
      aliased: fc.boolean(),
    }),
    {
      minLength: 1,
      maxLength: 4,
      selector: ({ alias }) => alias,
    },
  )
  .map((items) =>
    items.map(({ source, alias, aliased }) => ({
      oid: source.oid,
      schema: source.schema,
      name: source.name,
      alias,
      aliased: aliased || alias !== source.name,
      kind: 'table' as const,
      only: false,
      sample: null,
      columnAliases: [],
      span: null,
    })),
  );

/**
 * FROM as the front end gives it: each relation joined to the tree on its left, or the start of a
 * new one.
 */
function fromClause(
  relations: readonly TableItem[],
  condition: fc.Arbitrary<Expr>,
): fc.Arbitrary<FromItem[]> {
  const steps = relations.map(() =>
    fc.tuple(fc.constantFrom('comma', 'cross', 'on', 'using'), condition),
  );
  return fc.tuple(...steps).map((choices) => {
    const trees: FromItem[] = [];
    for (const [index, [choice, on]] of choices.entries()) {
      const right: FromItem = { kind: 'relation', relation: index };
      const left = choice === 'comma' ? undefined : trees.pop();
      trees.push(left === undefined ? right : joinOf(choice, left, right, index, on));
    }
    return trees;
  });
}

function joinOf(
  choice: string,
  left: FromItem,
  right: FromItem,
  index: number,
  on: Expr,
): FromItem {
  const column = (relation: number): ColumnRef => ({
    kind: 'column',
    relation,
    name: 'id',
    span: null,
  });
  const names = { usingAlias: null, alias: null, columnAliases: [], span: null };
  const base = { kind: 'join', left, right, ...names } as const;
  if (choice === 'cross') return { ...base, type: 'cross', on: null, using: null };
  // The column that a USING on the left merges is a node of its own.
  if (choice === 'on' || left.kind === 'join') {
    // ON sees what it joins alone.
    const here = mapExpr(on, (node) => (node.kind === 'column' ? column(index) : null));
    return { ...base, type: 'inner', on: here, using: null };
  }
  return {
    ...base,
    type: 'inner',
    on: null,
    using: [{ name: 'id', left: column(left.relation), right: column(index) }],
  };
}

export const arbitraryQuery: fc.Arbitrary<Select> = relationList.chain((relations) => {
  const plain = expressions(relations, () => []);
  const grouped = expressions(relations, aggregates);
  return fc
    .record({
      relations: fc.constant(relations),
      from: fromClause(relations, plain),
      where: fc.option(plain),
      distinct: fc.boolean(),
      groupBy: fc.array(
        plain.filter((key) => !(key.kind === 'literal' && NUMBERS.includes(key.sql))),
        { maxLength: 3 },
      ),
      having: fc.option(grouped, { freq: 2 }),
      targets: fc.array(fc.record({ name: fc.constantFrom(...NAMES), expr: grouped }), {
        minLength: 1,
        maxLength: 4,
      }),
    })
    .map(({ groupBy, ...query }) => ({
      ...query,
      ...REST,
      groupBy: groupBy.map((expr) => ({ kind: 'expr' as const, expr })),
      grouped:
        groupBy.length > 0 ||
        query.having !== null ||
        query.targets.some(({ expr }) => hasAggregate(expr)),
    }));
});

/** The clauses that a plain SELECT does not have. */
const REST = {
  kind: 'select' as const,
  recursive: false,
  ctes: [],
  orderBy: [],
  limit: null,
  locking: [],
  span: null,
  first: 0,
  distinctOn: [],
  groupDistinct: false,
  windows: [],
};

function hasAggregate(expr: Expr): boolean {
  let found = false;
  visit(expr, (node) => void (found ||= node.kind === 'aggregate'));
  return found;
}
