/**
 * From a query that the server has confirmed to a plan: by adding changes up where every operator
 * has a rule for that, otherwise by computing touched keys again, or every reason against both.
 */
import type { ColumnRef, Query } from '../../parser/tree.ts';
import type { ColumnFacts, SourceFacts, TypeFacts } from '../algebra/facts.ts';
import type { StoredRows } from '../algebra/lower.ts';
import { lower } from '../algebra/lower.ts';
import type { ColumnId } from '../algebra/node.ts';
import { nodesOf } from '../algebra/node.ts';
import type { PlainQuery } from '../algebra/plain-query.ts';
import type { PlanReason } from '../algebra/reason.ts';
import {
  recursionBelow,
  recursionInPart,
  recursionsBelow,
  recursionWithoutKey,
  tooManyStores,
} from '../algebra/reason.ts';
import { replaceColumnAliases } from '../algebra/query-rewrites/column-aliases.ts';
import { agesUntilNow } from '../algebra/query-rewrites/ages-until-now.ts';
import { extremesOfAges } from '../algebra/query-rewrites/extremes-of-ages.ts';
import { rangesAtMoments } from '../algebra/query-rewrites/ranges-at-moments.ts';
import { sumsOfAges } from '../algebra/query-rewrites/sums-of-ages.ts';
import { inlineCtes } from '../algebra/query-rewrites/inline-ctes.ts';
import { inlineViews } from '../algebra/query-rewrites/inline-views.ts';
import {
  inlineRecursiveCtes,
  isRecursion,
  recursionsIn,
  takenInPart,
} from '../algebra/query-rewrites/recursive-ctes.ts';
import { withoutMomentKeys } from '../algebra/query-rewrites/moment-keys.ts';
import { freeNumber, readsWhole } from '../algebra/query-rewrites/relations.ts';
import { inlineRowlessSublinks } from '../algebra/query-rewrites/rowless-sublinks.ts';
import { sortByColumns } from '../algebra/query-rewrites/whole-rows.ts';
import { rowsBelow } from '../algebra/query-rewrites/rows-below.ts';
import { rewrite } from '../algebra/rewrites/all.ts';
import { timeScans, untimed } from '../algebra/rewrites/time-scans.ts';
import type { Db } from '../db/db.ts';
import { choose, cut } from '../plan/choose.ts';
import { plainQuery } from '../plan/plain.ts';
import type { AddPlan, Plan, RowsPlan } from '../plan/plan.ts';
import { allStores, planScans, storeItem } from '../plan/plan.ts';
import { factsOf } from '../regroup/key-facts.ts';
import { outlineOf, tablesOf } from '../regroup/outline.ts';
import { momentsWhereRead } from '../regroup/moments-where-read.ts';
import { reasonsAgainst } from '../regroup/reasons-against.ts';
import { pushTime, unionsIn } from '../regroup/push-time.ts';
import { hasPaths, isOfTime } from '../regroup/regroup-plan.ts';
import { timedItems } from '../regroup/timed-items.ts';
import type { FunctionFacts, FunctionUse } from '../server/function-facts.ts';
import { isClock, isTimeInBody } from '../server/functions.ts';
import type { Inspection } from '../server/relations.ts';
import type { Decide } from './key-costs.ts';
import {
  areCopies,
  areFew,
  areLarge,
  isCoarse,
  isFiner,
  isLarge,
  tellsRowsApart,
} from './coarse.ts';
import { eagerQuery } from './eager.ts';
import { probe } from './probe.ts';
import type { Handling } from './handling.ts';
import { NOTHING, OF_TIME } from './handling.ts';
import { queryColumns } from './query-columns.ts';
import { reachesOf } from './reaches.ts';
import type { Regrouping } from './recursion.ts';
import { ofCte, overStored, recursionOf, regroupOf } from './recursion.ts';
import type { Rules } from './rules.ts';
import { MAX_STORES, planStores } from './stores.ts';
import { typedTree } from './typed-tree.ts';
import type { Views } from './view-queries.ts';
import { asPlanned, inView, viewQueries } from './view-queries.ts';

type Reasons = { readonly reasons: readonly PlanReason[] };

/** `againstAdd`: why the whole cannot be maintained by adding changes up; empty where it can. */
export type Planned = { readonly plan: Plan; readonly againstAdd: readonly PlanReason[] };

const isOfTheTime = (use: FunctionUse): boolean => isClock(use) || isTimeInBody(use);

type Server = { readonly major: number; readonly overRows: readonly boolean[] | null };

/**
 * Conditions that read the time are moved to the tables, and values that change with the day are
 * stored, only where nothing else helps: above stores both are computed when they are read, and no
 * row changes with the day.
 */
export async function planQuery(
  db: Db,
  given: Query,
  inspection: Inspection,
  functions: FunctionFacts,
  server: Server,
): Promise<Planned | Reasons> {
  const views = await viewQueries(db, inspection, functions);
  if ('reasons' in views) return views;
  const plan = (how: Partial<Handling>): Promise<Planned | Reasons> =>
    planWith(db, given, inspection, functions, server, {
      ...NOTHING,
      views: views.queries,
      ...how,
    });
  const planned = await plan(NOTHING);
  if (!('reasons' in planned) || !functions.unstable.some(isOfTheTime)) return planned;
  for (const how of OF_TIME) {
    const other = await plan(how);
    if (!('reasons' in other)) return other;
  }
  return planned;
}

async function planWith(
  db: Db,
  given: Query,
  inspection: Inspection,
  functions: FunctionFacts,
  server: Server,
  { views, pushes, values, ...how }: Handling & { readonly views: Views },
): Promise<Planned | Reasons> {
  const sources = new Map<number, SourceFacts>(
    inspection.all.map((relation) => [relation.oid, relation]),
  );
  const definition = rangesIn(withoutMomentKeys(asPlanned(given)), sources);
  const decided: boolean[] = [];
  const decide: Decide = async (byStatistics) => {
    const known = server.overRows?.[decided.length] ?? false;
    const answer = server.overRows === null ? await byStatistics() : known;
    decided.push(answer);
    return answer;
  };
  const { major: serverMajor } = server;
  const adding: Adding = { db, sources, serverMajor, values, decide, recursions: new Map() };
  const added = await planAdd(adding, definition, views, inspection.columns);
  const named = rangesIn(standalone(definition, views, sources), sources);
  const isTimeless = !functions.unstable.some(isOfTheTime);
  const whereAdded = async (found: AddPlan, one: Query): Promise<Planned> => {
    const parts = { query: one, columns: inspection.columns, runs: isTrusted(functions) };
    const keyed = isTimeless ? await storedByKey(adding, found, parts) : null;
    const plan = { stores: [keyed ?? found], residual: null, overRows: decided };
    return { plan, againstAdd: [] };
  };
  if (!('reasons' in added)) return whereAdded(added, named);
  const whole = momentsWhereRead(named);
  const query = pushes ? await withTimeBelow(db, whole) : whole;
  if (pushes && query === whole) return { reasons: added.reasons };
  const late = timedItems(query, outlineOf(query), sources, values).untimed;
  // Groups of views are groups below, and subqueries may have become expressions.
  const inlined =
    views.size === 0 && definition.ctes.length === 0 && query === named
      ? added
      : await planAdd(adding, query, new Map(), inspection.columns);
  if (!('reasons' in inlined)) return whereAdded(inlined, query);
  const against = reasonsAgainst(query, sources);
  if (against.length > 0) return { reasons: against };
  const inPart = takenInPart(query);
  if (inPart !== null) return { reasons: [ofCte(recursionInPart, inPart)] };
  const rules = rulesOf(adding, functions, how);
  const plan = await planStores(
    withTimeAbove(query, sources),
    inspection.columns,
    rules,
    recursionsIn(query).length > 0 ? inlined.reasons : added.reasons,
  );
  if (!('reasons' in plan))
    return { plan: { ...plan, overRows: decided }, againstAdd: added.reasons };
  return late.length > 0 ? { reasons: late.map(untimed) } : plan;
}

/** `runs`: whether expressions may be computed to plan the query. */
type Parts = {
  readonly query: Query;
  readonly columns: Inspection['columns'];
  readonly runs: boolean;
};

/**
 * How rows without groups are stored by a key that tells them apart: that needs no digest of each
 * row, and a changed row is written once (docs/decisions/0072-rows-by-their-key.md).
 */
async function storedByKey(
  adding: Adding,
  { core, inner }: AddPlan,
  { query, columns, runs }: Parts,
): Promise<RowsPlan | null> {
  const { db, sources, decide } = adding;
  if (core.op === 'group' || inner !== null || reasonsAgainst(query, sources).length > 0)
    return null;
  if (!(await decide(() => isLarge(db, query)))) return null;
  const plan = await regroupOf(adding, query, columns);
  if ('reasons' in plan || !hasPaths(plan)) return null;
  return (await decide(async () => runs && tellsRowsApart(db, plan, query)))
    ? { ...plan, groups: null }
    : null;
}

/** To plan a query runs its IMMUTABLE functions, with the rights of whoever asks. */
const isTrusted = ({ untrusted }: FunctionFacts): boolean => untrusted.length === 0;

const rulesOf = (
  adding: Adding,
  functions: FunctionFacts,
  { copies, lifts }: Pick<Rules, 'copies' | 'lifts'>,
): Rules => {
  const { db, sources, decide } = adding;
  const runs = isTrusted(functions);
  return {
    columnsOf: (one) => queryColumns(db, one),
    add: (one, columns) => planAdd(adding, one, new Map(), columns),
    regroup: (one, columns) => regroupOf(adding, one, columns),
    eager: (one, columns) => eagerQuery(db, one, sources, columns),
    overRows: (one, columns) => planOverRows(adding, one, columns),
    isCoarse: (one) => decide(() => isCoarse(db, one, runs)),
    isFiner: (rows, groups) => decide(() => isFiner(db, rows, groups, runs)),
    areLarge: (groups) => decide(async () => runs && areLarge(db, groups)),
    copies,
    lifts,
    areFew: (rows) =>
      decide(async () => (copies ? areCopies(db, rows, runs) : runs && areFew(db, rows))),
  };
};

async function withTimeBelow(db: Db, query: Query): Promise<Query> {
  const types = new Map<Query, readonly string[]>();
  for (const one of unionsIn(query))
    types.set(
      one,
      (await queryColumns(db, one)).map(({ type, collation }) => `${type} ${collation ?? ''}`),
    );
  return pushTime(query, (one) => types.get(one) ?? []);
}

function withTimeAbove(query: Query, sources: ReadonlyMap<number, SourceFacts>): Query {
  const typeOf = columnTypesIn(query, sources);
  return sumsOfAges(extremesOfAges(agesUntilNow(query), typeOf), typeOf);
}

const rangesIn = (query: Query, sources: ReadonlyMap<number, SourceFacts>): Query =>
  rangesAtMoments(query, columnTypesIn(query, sources));

/** The OIDs of the types of columns of tables; null for others. */
function columnTypesIn(
  query: Query,
  sources: ReadonlyMap<number, SourceFacts>,
): (column: ColumnRef) => number | null {
  const outline = outlineOf(query);
  return (column) => factsOf(outline, sources, column)?.oid ?? null;
}

/** The query over tables alone: without views, CTEs, and other names of columns. */
const standalone = (
  definition: Query,
  views: Views,
  sources: ReadonlyMap<number, SourceFacts>,
): Query =>
  inlineRowlessSublinks(
    replaceColumnAliases(
      sortByColumns(inlineCtes(inlineRecursiveCtes(inlineViews(definition, views)), true), sources),
      sources,
    ),
  );

type Adding = Regrouping & {
  readonly serverMajor: number;
  /** The store of the rows that the query reads as the table `storeItem(1)`, if it does. */
  readonly rows?: StoredRows & { readonly plan: RowsPlan };
};

/** Groups whose rows are a store of their own, which is computed again by its own keys. */
async function planOverRows(
  adding: Adding,
  query: Query,
  columns: Inspection['columns'],
): Promise<AddPlan | null> {
  const { db } = adding;
  if (query.kind !== 'select') return null;
  const parts = rowsBelow(query, storeItem(1), freeNumber(query));
  if (parts === null) return null;
  const facts = await queryColumns(db, parts.rows);
  const plan = facts.length === 0 ? null : await regroupOf(adding, parts.rows, facts);
  if (plan === null || 'reasons' in plan || !hasPaths(plan) || isOfTime(plan)) return null;
  const over = overRows(adding, { ...plan, groups: null }, facts, parts.rows);
  const added = await planAdd(over, parts.groups, new Map(), columns);
  return 'reasons' in added ? null : added;
}

/** The same for a query that reads the rows of a plan as the table `storeItem(1)`. */
function overRows(
  adding: Adding,
  plan: RowsPlan,
  columns: readonly ColumnFacts[],
  query: Query,
): Adding {
  const { oid, schema, name } = storeItem(1);
  const rows = { oid, schema, name, parts: null, used: null, columns };
  const read = [...new Set(tablesOf(plan.outline).map(({ relation }) => relation.oid))];
  return {
    ...adding,
    sources: new Map([...adding.sources, [oid, rows]]),
    rows: { plan, query, sources: read },
  };
}

/** A query over the stored rows of its recursive CTE, which are one input of a sum of changes. */
async function planOverRecursion(
  adding: Adding,
  query: Query,
  columns: Inspection['columns'],
): Promise<AddPlan | Reasons> {
  const [item, ...others] = recursionsIn(query);
  if (item === undefined) throw new Error('no recursive CTE');
  if (readsWhole(query, item.number)) return { reasons: [ofCte(recursionBelow, item.query)] };
  if (others.length > 0) return { reasons: [ofCte(recursionsBelow, item.query)] };
  const plan = await recursionOf(adding, item.query);
  if ('reasons' in plan) return plan;
  const facts = await queryColumns(adding.db, item.query);
  const added = await planAdd(
    overRows(adding, plan, facts, item.query),
    overStored(query),
    new Map(),
    columns,
  );
  if ('reasons' in added) return added;
  // Without groups or other tables, a query over what is stored has nothing to add up.
  const isOfMore = planScans(added).length > 0;
  if (!isOfMore && added.core.op !== 'group')
    return { reasons: [ofCte(recursionBelow, item.query)] };
  return isOfMore || plan.recursion?.hasKey === true
    ? added
    : { reasons: [ofCte(recursionWithoutKey, item.query)] };
}

async function planAdd(
  adding: Adding,
  query: Query,
  queries: Views,
  columns: Inspection['columns'],
): Promise<AddPlan | Reasons> {
  const { db, sources, serverMajor, values, rows } = adding;
  if (isRecursion(query)) return { reasons: [ofCte(recursionBelow, query)] };
  if (recursionsIn(query).length > 0) return planOverRecursion(adding, query, columns);
  const views = new Map<number, PlainQuery>();
  for (const [oid, view] of queries) {
    const plain = plainQuery(view.query, sources);
    if ('reasons' in plain)
      return { reasons: plain.reasons.map((reason) => inView(view.name, reason)) };
    views.set(oid, plain);
  }
  const plain = plainQuery(query, sources);
  if ('reasons' in plain) return plain;
  const stored = new Map(rows === undefined ? [] : [[storeItem(1).oid, rows]]);
  const tree = await typedTree(db, lower(plain, { sources, views, stored }));
  if ('reasons' in tree) return tree;
  const timed = timeScans(rewrite(tree), values);
  if ('reasons' in timed) return timed;
  const parts = cut(timed);
  if ('reasons' in parts) return parts;
  const types = new Map<ColumnId, TypeFacts>();
  const groups = nodesOf(parts.core.input).filter((node) => node.op === 'group');
  for (const core of [parts.core, ...groups]) {
    const found = await probe(db, core);
    if ('reasons' in found) return found;
    for (const [id, type] of found) types.set(id, type);
  }
  const of = (id: ColumnId): TypeFacts => {
    const type = types.get(id);
    if (type === undefined) throw new Error(`no type for column ${id}`);
    return type;
  };
  const plan = choose(
    parts,
    { of, serverMajor, reaches: await reachesOf(db, parts, types) },
    columns.map(({ type }) => type),
    rows?.plan ?? null,
  );
  const count = 'reasons' in plan ? 0 : allStores({ stores: [plan] }).length;
  return count > MAX_STORES ? { reasons: [tooManyStores(count, MAX_STORES)] } : plan;
}
