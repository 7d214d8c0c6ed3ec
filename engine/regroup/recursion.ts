/**
 * The rows of a recursive CTE by a key (docs/decisions/0070-recursion.md).
 *
 *   WITH RECURSIVE tree AS (base UNION [ALL] step) SELECT * FROM tree
 *
 * `base UNION ALL step` is read as an ordinary query, in which the rows before a step are a table
 * to which nobody writes: those that are stored. So the key, what holds it and which changed rows
 * touch it are told as for any other query. The key moves with each step, by an equality that leads
 * from the key before to the next one, or it stays what it was.
 *
 * Right because a step reads each row before it by itself. Counter-examples, which are no steps
 * here: DISTINCT, GROUP BY, LIMIT and windows, which read several of these rows together.
 */
import type { Cte, Expr, Query, Relation, Select, SetOperation } from '../../parser/tree.ts';
import { equalExpr, returnsSet, visit } from '../../parser/walk.ts';
import type { ColumnFacts } from '../algebra/facts.ts';
import { columnNames } from '../algebra/query-rewrites/recursive-ctes.ts';
import { eachQuery, mapQueries, readsWhole } from '../algebra/query-rewrites/relations.ts';
import { isStrict } from '../algebra/strict.ts';
import type { KeyPlan } from './choose-key.ts';
import { itemOf } from './classes.ts';
import type { KeyFacts } from './key-facts.ts';
import { plainColumn, windowsOf, withoutJoinNames } from './lineage.ts';
import type { Outline } from './outline.ts';
import { outlineOf } from './outline.ts';
import type { Path } from './paths.ts';

export type Recursion = {
  /** Of the CTE. */
  readonly name: string;
  readonly columns: readonly string[];
  /** Whether a row is there once for each way in which it is derived. */
  readonly all: boolean;
  readonly names: Names;
  /** The base, and a step from the rows of the CTE `names.kept`. */
  readonly flat: SetOperation;
  /** The step from those of the CTE `names.derived`. */
  readonly step: Query;
  /** How a step leads from key to key; null where the key stays, and where there is none. */
  readonly link: Link | null;
  /** Whether rows are told by a key: otherwise a change of any table computes all rows again. */
  readonly hasKey: boolean;
};

/** `key`: the next key, an expression over one item; `condition` reads the one before. */
export type Link = {
  readonly self: number;
  readonly before: string;
  readonly item: number;
  readonly key: Expr;
  readonly condition: Expr;
};

/** A recursive CTE taken apart; null where a step may read several rows before it together. */
export type Recursive = {
  readonly cte: Cte;
  readonly columns: readonly string[];
  readonly all: boolean;
  readonly base: Query;
  readonly step: Select;
  /** The number of the item that the rows before are in the step. */
  readonly self: number;
};

export function takenApart(cte: Cte): Recursive | null {
  const { query } = cte;
  if (query.kind !== 'set_operation' || query.op !== 'UNION') return null;
  if (query.limit !== null || query.ctes.length > 0 || query.orderBy.length > 0) return null;
  const { left: base, right: step } = query;
  if (step.kind !== 'select' || !isLinear(step)) return null;
  const places = [...step.relations.keys()].filter((at) => isSelf(step.relations[at], cte));
  const [place] = places;
  if (place === undefined || places.length > 1) return null;
  const self = step.first + place;
  if (step.relations[place]?.columnAliases.length !== 0 || readsWhole(step, self)) return null;
  return {
    cte,
    columns: columnNames(cte),
    all: query.all,
    base,
    step,
    self,
  };
}

const isSelf = (relation: Relation | undefined, { name }: Cte): boolean =>
  relation?.kind === 'cte' && relation.name === name;

const isLinear = (step: Select): boolean =>
  !step.grouped &&
  !step.distinct &&
  step.distinctOn.length === 0 &&
  step.limit === null &&
  step.orderBy.length === 0 &&
  step.locking.length === 0 &&
  step.ctes.length === 0 &&
  windowsOf(step).length === 0 &&
  !step.targets.some(({ expr }) => returnsSet(expr));

/** The base, and a step from the rows that an item is. */
export const flatOf = (
  { cte, base, step, self }: Recursive,
  rows: Pick<Relation & { kind: 'table' }, 'kind' | 'oid' | 'schema' | 'name' | 'only' | 'sample'>,
): SetOperation => ({
  ...(cte.query as SetOperation),
  all: true,
  left: base,
  right: withItem(step, self, (item) => ({ ...item, ...rows })),
});

const withItem = (query: Query, number: number, map: (item: Relation) => Relation): Query =>
  mapQueries(query, (one) =>
    one.kind === 'select' && number >= one.first && number < one.first + one.relations.length
      ? { ...one, relations: one.relations.with(number - one.first, map(itemAt(one, number))) }
      : one,
  );

function itemAt({ first, relations }: Select, number: number): Relation {
  const item = relations[number - first];
  if (item === undefined) throw new Error(`no item ${number}`);
  return item;
}

/** What the CTEs are called by which rows are computed again. */
export type Names = { readonly kept: string; readonly derived: string };

/** Names that no CTE of the query has. */
export function freeNames({ cte }: Recursive): Names {
  const taken = new Set<string>();
  eachQuery(cte.query, (one) => {
    for (const { name } of one.ctes) taken.add(name);
  });
  const free = (wanted: string): string => (taken.has(wanted) ? free(`_${wanted}`) : wanted);
  return { kept: free('kept_rows'), derived: free('derived_rows') };
}

/** The key moves first: fewer rows have one. */
export function byKey(
  recursive: Recursive,
  plans: readonly KeyPlan[],
  { facts, columns }: { readonly facts: KeyFacts; readonly columns: readonly ColumnFacts[] },
  names: Names,
): { readonly plan: KeyPlan; readonly recursion: Recursion } | null {
  const ways = plans.flatMap((plan) => {
    const isHeld = !plan.isNullable && isHeldBy(plan, recursive.base);
    const isSame = columns[plan.place]?.equalIsSame === true;
    const way = isHeld ? wayOf(recursive, plan, facts, isSame) : null;
    return way === null ? [] : [{ plan, ...way }];
  });
  const [best] = [...ways.filter(({ link }) => link !== null), ...ways];
  if (best === undefined) return null;
  const { link } = best;
  const plan = link === null ? best.plan : { ...best.plan, paths: throughKept(best.plan, link) };
  return {
    plan: withKept(plan, recursive, names),
    recursion: recursionOf(recursive, plan, names, link),
  };
}

function wayOf(
  recursive: Recursive,
  plan: KeyPlan,
  facts: KeyFacts,
  isSame: boolean,
): { readonly link: Link | null } | null {
  const { self, columns } = recursive;
  const step = stepIn(plan);
  const target = step.targets[plan.place]?.expr;
  if (target === undefined) return null;
  const column = plainColumn(target);
  const before = columns[plan.place] ?? '';
  if (column?.relation === self) return column.name === before ? { link: null } : null;
  if (!isHeldBy(plan, step)) return null;
  const link = linkIn(plan, step, { self, before, isSame }, facts);
  return link === null ? null : { link };
}

function stepIn({ query }: KeyPlan): Select {
  if (query.kind !== 'set_operation' || query.right.kind !== 'select')
    throw new Error('a recursion that is no union');
  return query.right;
}

/** Whether all rows of a query with one key are found by what holds it. */
function isHeldBy(plan: KeyPlan, query: Query): boolean {
  const { place, holders } = plan;
  if (query.kind === 'values') return false;
  if (query.kind === 'set_operation')
    return [query.left, query.right].every((one) => isHeldBy(plan, one));
  const target = query.targets[place]?.expr;
  const expr = target && withoutJoinNames(target);
  return expr !== undefined && holders.some((holder) => equalExpr(holder.expr, expr));
}

/** The key before a step. `isSame`: whether equal keys are the same to every function. */
type KeyBefore = Pick<Link, 'self' | 'before'> & { readonly isSame: boolean };

/** An equality of the step between the key before and an item that holds the next one. */
function linkIn(
  { outline, holders }: KeyPlan,
  step: Select,
  key: KeyBefore,
  facts: KeyFacts,
): Link | null {
  const { self, before } = key;
  const block = outline.blocks.find((one) => one.query === step);
  for (const condition of block?.conditions ?? []) {
    const { expr, filtered } = condition;
    if (block === undefined || expr.kind !== 'binary' || expr.op !== '=') continue;
    for (const [own, other] of [
      [expr.left, expr.right],
      [expr.right, expr.left],
    ] as const) {
      const item = itemOf(other);
      if (item === null || item === self || !leadsOn(own, other, key)) continue;
      const holder = holders.find((one) => one.item === item);
      const isTable = outline.items.get(item)?.relation.kind === 'table';
      if (holder === undefined || !isTable || !filtered.has(item)) continue;
      if (!facts.isSafe(expr, block)) continue;
      const bare = withoutJoinNames(expr);
      return { self, before, item, key: holder.expr, condition: bare };
    }
  }
  return null;
}

/**
 * Whether `own = other` leads from each of equal keys to the same ones, and from NULL to none: one
 * of them stands for all. An expression tells 1.0 and 1.00 apart, and so does `COLLATE "C"` what is
 * equal in another collation.
 */
function leadsOn(own: Expr, other: Expr, { self, before, isSame }: KeyBefore): boolean {
  const bare = withoutJoinNames(own);
  if (itemOf(bare) !== self || !isStrict(bare)) return false;
  const isOfKey = (node: Expr): boolean => node.kind !== 'column' || node.name === before;
  return all(bare, isOfKey) && (isSame || (bare.kind === 'column' && all(other, isNoCollation)));
}

const isNoCollation = ({ kind }: Expr): boolean => kind !== 'collate';

/** Whether something is so of an expression and all that it is made of. */
function all(expr: Expr, test: (node: Expr) => boolean): boolean {
  let isSo = true;
  visit(expr, (node) => {
    isSo &&= test(node);
  });
  return isSo;
}

/**
 * A changed row to which no stored row leads touches nothing: the first row of a chain that differs
 * comes after one that is stored, and the further ones are found by the keys to which steps lead.
 * So where little of a large table is reached, changes of the rest cost nothing.
 */
const throughKept = (
  { paths }: KeyPlan,
  { self, item, key, condition }: Link,
): ReadonlyMap<number, Path | null> =>
  new Map(
    [...paths].map(([number, path]) => {
      if (path === null || path.tables.at(-1) !== item || path.tables.includes(self))
        return [number, path] as const;
      const tables = [...path.tables, self];
      return [number, { ...path, tables, conditions: [...path.conditions, condition], key }];
    }),
  );

/** A plan in which the rows before a step are those of a CTE. */
function withKept(plan: KeyPlan, { self }: Recursive, { kept }: Names): KeyPlan {
  const relation = (item: Relation): Relation => asCte(item, kept);
  const query = withItem(plan.query, self, relation);
  const { items, blocks } = plan.outline;
  const outline: Outline = {
    blocks,
    items: new Map(
      [...items].map(([number, item]) => [
        number,
        number === self ? { ...item, relation: relation(item.relation) } : item,
      ]),
    ),
  };
  const paths = new Map([...plan.paths].filter(([item]) => item !== self));
  return { ...plan, query, outline, paths };
}

const asCte = ({ alias, span }: Relation, name: string): Relation => ({
  kind: 'cte',
  name,
  alias,
  aliased: true,
  columnAliases: [],
  span,
});

function recursionOf(
  { cte, columns, all, step, self }: Recursive,
  { query }: Pick<KeyPlan, 'query'>,
  names: Names,
  link: Link | null,
): Recursion {
  const as = (one: Query, name: string): Query => withItem(one, self, (item) => asCte(item, name));
  return {
    name: cte.name,
    columns,
    all,
    names,
    flat: as(query, names.kept) as SetOperation,
    step: as(step, names.derived),
    link,
    hasKey: true,
  };
}

/** The same without a key: `place` is that of a column by which rows can be found. */
export function withoutKey(
  recursive: Recursive,
  flat: SetOperation,
  place: number,
  names: Names,
): { readonly plan: KeyPlan; readonly recursion: Recursion } {
  const outline = outlineOf(flat);
  const expr = recursive.step.targets[place]?.expr;
  if (expr === undefined) throw new Error(`no column ${place}`);
  const tables = [...outline.items.values()].filter(({ relation }) => relation.kind === 'table');
  const paths = new Map(tables.map(({ number }) => [number, null] as const));
  const known = { isNullable: false, isPrimary: false };
  const plan = { query: flat, outline, place, expr, holders: [], paths, ...known };
  return {
    plan: withKept(plan, recursive, names),
    recursion: { ...recursionOf(recursive, { query: flat }, names, null), hasKey: false },
  };
}
