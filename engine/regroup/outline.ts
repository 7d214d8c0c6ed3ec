/**
 * A definition taken apart for the question which rows matter to which others: its SELECTs, the
 * items of their FROM, and the conditions that join them.
 */
import type { Expr, FromItem, Query, Relation, Select, TableItem } from '../../parser/tree.ts';
import { visit, visitQuery } from '../../parser/walk.ts';
import { conjuncts, numbersOf } from '../algebra/query-rewrites/relations.ts';

/** One item of FROM in one SELECT. */
export type Item = {
  readonly number: number;
  readonly relation: Relation;
  readonly block: Block;
  /** Whether an outer join of its SELECT can show it as NULLs. */
  readonly isNullable: boolean;
  /** Whether a join with a name of its own hides that of the item. */
  readonly isHidden: boolean;
  /** Whether its rows never change (constant-items.ts). */
  readonly isConstant: boolean;
};

/**
 * A conjunct of WHERE or of a join's condition.
 *
 *   filtered   items whose rows matter to nothing where it does not hold: not those that an outer
 *              join shows all the same, nor those whose presence alone keeps NULLs away
 *   present    items that are there as rows, not as NULLs, when it is evaluated
 */
export type Condition = {
  readonly expr: Expr;
  readonly filtered: ReadonlySet<number>;
  readonly present: ReadonlySet<number>;
};

export type Block = {
  readonly query: Select;
  /** The SELECT around it; null for the outermost one and for branches of set operations there. */
  readonly parent: Block | null;
  readonly conditions: readonly Condition[];
  readonly fullJoins: readonly FullJoin[];
};

/** A join that shows unmatched rows of both sides, by a pair of equal columns. */
export type FullJoin = {
  readonly sides: readonly [Expr, Expr];
  /** Whether another outer join can show NULLs in its place. */
  readonly isNullable: boolean;
};

export type Outline = {
  readonly blocks: readonly Block[];
  readonly items: ReadonlyMap<number, Item>;
};

export function outlineOf(query: Query, constants: ReadonlySet<number> = new Set()): Outline {
  const blocks: Block[] = [];
  const items = new Map<number, Item>();
  const walk = (one: Query, parent: Block | null): void => {
    if (one.kind !== 'select') return visitQuery(one, { expr: () => {}, query: inside(parent) });
    const nullable = new Set(one.from.flatMap(nullableIn));
    const block: Block = {
      query: one,
      parent,
      conditions: conditionsOf(one, nullable),
      fullJoins: one.from.flatMap((item) => fullJoinsIn(item, false)),
    };
    blocks.push(block);
    const hidden = new Set(one.from.flatMap(hiddenIn));
    for (const [index, relation] of one.relations.entries()) {
      const number = one.first + index;
      const isNullable = nullable.has(number);
      items.set(number, {
        number,
        relation,
        block,
        isNullable,
        isHidden: hidden.has(number),
        isConstant: constants.has(number),
      });
    }
    visitQuery(one, { expr: () => {}, query: inside(block) });
  };
  const inside =
    (parent: Block | null) =>
    (inner: Query): void =>
      walk(inner, parent);
  walk(query, null);
  return { blocks, items };
}

/** The items that are tables. */
export const tablesOf = ({
  items,
}: Outline): readonly (Item & { readonly relation: TableItem })[] =>
  [...items.values()].filter(
    (item): item is Item & { readonly relation: TableItem } => item.relation.kind === 'table',
  );

/** The items that outer joins within can show as NULLs. */
export function nullableIn(item: FromItem): number[] {
  if (item.kind === 'relation') return [];
  const { type, left, right } = item;
  return [
    ...(type === 'right' || type === 'full' ? numbersOf(left) : nullableIn(left)),
    ...(type === 'left' || type === 'full' ? numbersOf(right) : nullableIn(right)),
  ];
}

/** The items within `(a JOIN b ..) AS name`. */
function hiddenIn(item: FromItem): number[] {
  if (item.kind === 'relation') return [];
  return item.alias !== null ? numbersOf(item) : [item.left, item.right].flatMap(hiddenIn);
}

function conditionsOf(query: Select, nullable: ReadonlySet<number>): Condition[] {
  const all = query.from.flatMap(numbersOf);
  const present = new Set(all.filter((number) => !nullable.has(number)));
  const where = conjuncts(query.where).map((expr) => ({ expr, filtered: present, present }));
  return [...where, ...query.from.flatMap(joinConditions)];
}

function joinConditions(item: FromItem): Condition[] {
  if (item.kind === 'relation') return [];
  const within = (side: FromItem): Set<number> => {
    const nullable = new Set(nullableIn(side));
    return new Set(numbersOf(side).filter((number) => !nullable.has(number)));
  };
  const [left, right] = [within(item.left), within(item.right)];
  const present = new Set([...left, ...right]);
  const filtered = {
    inner: present,
    cross: present,
    left: right,
    right: left,
    full: new Set<number>(),
  }[item.type];
  const own = [...conjuncts(item.on), ...usingConditions(item)];
  return [
    ...joinConditions(item.left),
    ...joinConditions(item.right),
    ...own.map((expr) => ({ expr, filtered, present })),
  ];
}

const usingConditions = (item: Extract<FromItem, { kind: 'join' }>): Expr[] =>
  (item.using ?? []).map(
    ({ left, right }): Expr => ({ kind: 'binary', op: '=', left, right, span: left.span }),
  );

function fullJoinsIn(item: FromItem, isNullable: boolean): FullJoin[] {
  if (item.kind === 'relation') return [];
  const { type } = item;
  const below = [
    ...fullJoinsIn(item.left, isNullable || type === 'right' || type === 'full'),
    ...fullJoinsIn(item.right, isNullable || type === 'left' || type === 'full'),
  ];
  if (type !== 'full') return below;
  const nullable = new Set([...nullableIn(item.left), ...nullableIn(item.right)]);
  const isPlain = (expr: Expr): boolean => expr.kind === 'column' && !nullable.has(expr.relation);
  const own = [...conjuncts(item.on), ...usingConditions(item)].flatMap((one): FullJoin[] =>
    one.kind === 'binary' && one.op === '=' && isPlain(one.left) && isPlain(one.right)
      ? [{ sides: [one.left, one.right], isNullable }]
      : [],
  );
  return [...below, ...own];
}

/** The queries within an expression. */
export function queriesIn(expr: Expr): readonly Query[] {
  const found: Query[] = [];
  visit(expr, (node) => {
    if (node.kind === 'sublink') found.push(node.query);
  });
  return found;
}
