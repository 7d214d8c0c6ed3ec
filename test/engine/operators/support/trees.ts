/** A tree for every operator, with SQL for the same rows. */
import type { Expr, TableItem } from '../../../../parser/tree.ts';
import type { ColumnFacts } from '../../../../engine/algebra/facts.ts';
import { selectFrom } from '../../../../engine/algebra/query-rewrites/select.ts';
import type { Apply, Node, Op, UnionAll } from '../../../../engine/algebra/node.ts';
import {
  binary,
  col,
  column,
  filtered,
  grouped,
  joined,
  number,
  output,
  projected,
  scan,
} from './world.ts';

export type Tree = { readonly name: string; readonly node: () => Node; readonly oracle: string };

/** The facts of a column of the tables, by name. */
const factsOf = (name: string): ColumnFacts => {
  const found = [scan('a', 1), scan('b', 2)]
    .flatMap(({ columns }) => columns)
    .find(({ facts }) => facts.name === name);
  if (found === undefined) throw new Error(`no column ${name}`);
  return found.facts;
};

const call = (name: string, args: readonly Expr[]): Expr => ({
  kind: 'call',
  schema: null,
  name,
  args,
  variadic: false,
  syntax: 'plain',
  returnsSet: true,
  span: null,
});
const series = (input: Node): Apply => ({
  op: 'apply',
  input,
  rows: {
    kind: 'functions',
    functions: [
      { call: call('generate_series', [number('1'), col(input, 'weight')]), definitions: [] },
    ],
    ordinality: false,
  },
  columns: [{ column: column(130, 'n'), facts: factsOf('k') }],
  number: 9,
  label: 'g',
  span: null,
});
const tableA = (): TableItem => ({
  kind: 'table',
  oid: scan('a', 1).source.oid,
  schema: scan('a', 1).source.schema,
  name: 'a',
  only: false,
  alias: 'a',
  aliased: false,
  columnAliases: [],
  sample: null,
  span: null,
});
/** Without numeric columns: of 1.0 and 1.00 DISTINCT keeps any, as the plan has it. */
const named = (): Node => {
  const input = filtered();
  const outputs = [output(110, 't', col(input, 't')), output(111, 'weight', col(input, 'weight'))];
  return { op: 'project', input, outputs };
};
/** `t` and a number of `a` and of `b`: in numeric, which `b` has as integer. */
const both = (): UnionAll => {
  const [a, b] = [scan('a', 1), scan('b', 2)];
  const ofA = [output(140, 't', col(a, 't')), output(141, 'x', col(a, 'x'))];
  const ofB = [
    output(142, 't', { kind: 'literal', sql: 'NULL', span: null }),
    output(143, 'x', col(b, 'y')),
  ];
  return {
    op: 'unionAll',
    inputs: [
      { op: 'project', input: a, outputs: ofA },
      { op: 'project', input: b, outputs: ofB },
    ],
    columns: [
      { column: column(144, 't'), facts: factsOf('t'), collations: [] },
      { column: column(145, 'x'), facts: factsOf('x'), collations: [] },
    ],
    number: 8,
  };
};

export const TREES: { readonly [K in Op]: readonly Tree[] } = {
  scan: [{ name: 'a table', node: () => scan('a', 1), oracle: 'SELECT * FROM a' }],
  stored: [
    {
      name: 'rows that another store holds',
      node: () => ({
        op: 'stored',
        query: selectFrom(tableA(), 0, ['t', 'x']),
        sources: [scan('a', 1).source.oid],
        columns: ['t', 'x'].map((name, index) => ({
          column: column(150 + index, name),
          facts: factsOf(name),
        })),
        number: 9,
      }),
      oracle: 'SELECT t, x FROM a',
    },
  ],
  filter: [
    { name: 'a filter', node: filtered, oracle: 'SELECT * FROM a WHERE x > 0' },
    {
      name: 'a filter over a join',
      node: () => {
        const input = joined(2);
        return { op: 'filter', input, conditions: [binary('>', col(input, 'x'), col(input, 'y'))] };
      },
      oracle: 'SELECT * FROM a JOIN b ON a.k = b.k WHERE a.x > b.y',
    },
  ],
  project: [
    { name: 'a projection', node: projected, oracle: 'SELECT t, x * 2 FROM a WHERE x > 0' },
  ],
  join: [
    { name: 'two tables', node: () => joined(2), oracle: 'SELECT * FROM a JOIN b ON a.k = b.k' },
    {
      name: 'four occurrences of two tables',
      node: () => joined(4),
      oracle: 'SELECT * FROM a, b, a c, b d WHERE a.k = b.k AND a.k = c.k AND a.k = d.k',
    },
    {
      name: 'a filter and a table',
      node: () => {
        const [a, b] = [filtered(), scan('b', 2)];
        const on = binary('=', col(a, 'k'), col(b, 'k'));
        return { op: 'join', inputs: [a, b], conditions: [on] };
      },
      oracle: 'SELECT * FROM (SELECT * FROM a WHERE x > 0) a JOIN b ON a.k = b.k',
    },
  ],
  group: [
    {
      name: 'groups',
      node: () => grouped(true),
      oracle: 'SELECT a.t, count(*), sum(a.x) FROM a JOIN b ON a.k = b.k GROUP BY a.t',
    },
    {
      name: 'no keys',
      node: () => grouped(false),
      oracle: 'SELECT count(*), sum(a.x) FROM a JOIN b ON a.k = b.k',
    },
  ],
  distinct: [
    {
      name: 'each row once',
      node: () => ({ op: 'distinct', input: named() }),
      oracle: 'SELECT DISTINCT t, weight FROM a WHERE x > 0',
    },
  ],
  derived: [
    {
      name: 'a view that is joined',
      node: () => {
        const view: Node = { op: 'derived', input: projected(), name: 'v', span: null };
        const b = scan('b', 2);
        const on = binary('=', col(view, 'twice'), col(b, 'k'));
        const inner: Node = { op: 'join', inputs: [view, b], conditions: [on] };
        return {
          op: 'project',
          input: inner,
          outputs: [output(120, 't', col(inner, 't')), output(121, 'y', col(inner, 'y'))],
        };
      },
      oracle: `SELECT v.t, b.y
        FROM (SELECT t, x * 2 AS twice FROM a WHERE x > 0) v JOIN b ON v.twice = b.k`,
    },
    {
      name: 'a view',
      node: () => ({ op: 'derived', input: filtered(), name: 'v', span: null }),
      oracle: 'SELECT * FROM a WHERE x > 0',
    },
  ],
  apply: [
    {
      name: 'a function of a row',
      node: () => series(filtered()),
      oracle: 'SELECT a.*, g FROM a, generate_series(1, weight) g WHERE x > 0',
    },
    {
      name: 'rows of constants and columns',
      node: () => {
        const input = scan('a', 1);
        const rows = [[col(input, 'k')], [col(input, 'weight')], [number('7')]];
        return { ...series(input), rows: { kind: 'values', rows } };
      },
      oracle: 'SELECT a.*, v FROM a, LATERAL (VALUES (k), (weight), (7)) v(v)',
    },
    {
      name: 'a set in SELECT',
      node: () => {
        const input = joined(2);
        const exprs = [call('generate_series', [col(input, 'weight'), number('2')])];
        return { ...series(input), rows: { kind: 'select', exprs } };
      },
      oracle: 'SELECT a.*, b.*, generate_series(a.weight, 2) FROM a JOIN b ON a.k = b.k',
    },
    {
      name: 'a join with rows of a function',
      node: () => {
        const [left, b] = [series(scan('a', 1)), scan('b', 2)];
        const on = binary('=', col(left, 'n'), col(b, 'k'));
        const inner: Node = { op: 'join', inputs: [left, b], conditions: [on] };
        const names = ['x', 't', 'weight', 'n', 'y'];
        const outputs = names.map((name, index) => output(150 + index, name, col(inner, name)));
        return { op: 'project', input: inner, outputs };
      },
      oracle:
        'SELECT a.x, a.t, a.weight, g, b.y FROM a, generate_series(1, weight) g, b WHERE g = b.k',
    },
    {
      name: 'a filter on rows of a function',
      node: () => {
        const input = series(joined(2));
        const conditions = [
          binary('>', col(input, 'n'), number('1')),
          binary('>', col(input, 'x'), number('0')),
        ];
        return { op: 'filter', input, conditions };
      },
      oracle: `SELECT a.*, b.*, g
        FROM a JOIN b ON a.k = b.k, generate_series(1, a.weight) g
        WHERE g > 1 AND a.x > 0`,
    },
  ],
  unionAll: [
    {
      name: 'two tables in one',
      node: both,
      oracle: 'SELECT t, x FROM a UNION ALL SELECT NULL, y FROM b',
    },
    {
      name: 'the same table twice',
      node: () => {
        const [one, two] = [scan('a', 1), scan('a', 2)];
        const columns = one.columns.map(({ facts }, index) => ({
          column: column(160 + index, facts.name),
          facts,
          collations: [],
        }));
        const conditions = [binary('>', col(two, 'x'), number('0'))];
        return {
          op: 'unionAll',
          inputs: [one, { op: 'filter', input: two, conditions }],
          columns,
          number: 8,
        };
      },
      oracle: 'SELECT * FROM a UNION ALL SELECT * FROM a WHERE x > 0',
    },
    {
      name: 'four inputs of a join, one of them a union',
      node: () => {
        const [u, b, c, d] = [both(), scan('b', 3), scan('a', 4), scan('b', 5)];
        const conditions = [
          binary('=', col(u, 'x'), col(b, 'y')),
          binary('=', col(b, 'k'), col(c, 'k')),
          binary('=', col(c, 'k'), col(d, 'k')),
        ];
        return { op: 'join', inputs: [u, b, c, d], conditions };
      },
      oracle: `SELECT *
        FROM (SELECT t, x FROM a UNION ALL SELECT NULL, y FROM b) u, b, a c, b d
        WHERE u.x = b.y AND b.k = c.k AND c.k = d.k`,
    },
  ],
};
