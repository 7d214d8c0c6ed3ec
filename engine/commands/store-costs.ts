/** What the planner expects of a store: of its content, and of a change of it. */
import { deparse } from '../../parser/deparse-query.ts';
import type { Query } from '../../parser/tree.ts';
import type { SourceFacts } from '../algebra/facts.ts';
import type { Node, UnionAll } from '../algebra/node.ts';
import { inputsOf, withInputs } from '../algebra/node.ts';
import { isStore, mapRelations } from '../algebra/query-rewrites/relations.ts';
import { heldIn } from '../analysis/prepare.ts';
import type { Db } from '../db/db.ts';
import { rolledBack } from '../db/rolled-back.ts';
import { confinedToKeys } from '../generate/touched-rows.ts';
import { stateContent } from '../generate/state.ts';
import { fewKeys, keyColumns, SHARE } from '../generate/few-keys.ts';
import { reachedKeys } from '../generate/path-keys.ts';
import type { AddPlan, Plan, RowsPlan, StorePlan } from '../plan/plan.ts';
import { allStores, isReadByRows, planScans, storeItem, storeNumber } from '../plan/plan.ts';
import type { Confinable, RegroupPlan } from '../regroup/regroup-plan.ts';
import { tablesOf } from '../regroup/outline.ts';
import type { Planned } from '../server/planner.ts';
import { distinctValues, planned, plannedForKeys } from '../server/planner.ts';
import { foldsRows } from '../generate/stores.ts';
import type { Sql } from '../sql/sql.ts';
import { fragment, ident, join, qualified, sql } from '../sql/sql.ts';

export type StoreCosts = {
  readonly plan: StorePlan;
  /** Of computing all its rows. */
  readonly content: Planned;
  /** Whether only other stores read it. */
  readonly isBelow: boolean;
  /** Whether a read computes what it holds now: for the definition, or for rows. */
  readonly isRead: boolean;
  /** Whether its fold computes nothing beside the rows that it stands on. */
  readonly foldsRows: boolean;
  /** What is stored of the groups from which its rows are computed. */
  readonly groups: readonly Planned[];
};

/** `all`: all rows are computed anew. Otherwise how many rows change, and what it costs. */
export type Change = 'none' | 'all' | { readonly rows: number; readonly cost: number };

export async function storeCosts(db: Db, whole: Plan): Promise<readonly StoreCosts[]> {
  const stores = allStores(whole);
  const contents = new Map<StorePlan, Planned>();
  for (const plan of stores) {
    const text = plan.rule === 'add' ? stateContent(plan).text : deparse(plan.query);
    contents.set(plan, await planned(db, text));
  }
  return [...contents].map(([plan, content]) => {
    const below = plan.rule === 'regroup' ? (plan.groups?.stores ?? []) : [];
    const groups = below.flatMap((one) => contents.get(one) ?? []);
    const isBelow = !whole.stores.includes(plan);
    const isRead = !isBelow || isReadByRows(plan, stores);
    return { plan, content, isBelow, isRead, foldsRows: foldsRows(plan, stores), groups };
  });
}

/** Whether its change is added up from rows of logs, rather than computed again from tables. */
export const isAddedUp = ({ plan }: StoreCosts): boolean =>
  plan.rule === 'add' && plan.inner?.rule !== 'regroup';

export type Changed = { readonly oid: number; readonly rows: number };

/** A change of `rows` rows of a source that has `source.rows`. */
export async function changeOf(
  db: Db,
  { plan, content, groups }: StoreCosts,
  source: Changed,
  rows: number,
): Promise<Change> {
  if (plan.rule === 'regroup') {
    const over = plan.groups === null ? plan : plan.groups.reading;
    return overGroups(db, plan, groups, () =>
      regroupedChange(db, plan, standingIn(over), content, source, rows),
    );
  }
  const added = await addedChange(db, plan, source, rows);
  if (plan.inner?.rule !== 'regroup' || added !== 'none') return added;
  // Groups over rows change by what is computed again below them.
  const below = await planned(db, deparse(plan.inner.query));
  return regroupedChange(db, plan.inner, plan.inner, below, source, rows);
}

async function addedChange(db: Db, plan: AddPlan, source: Changed, rows: number): Promise<Change> {
  const places = planScans(plan).filter((scan) => scan.source.oid === source.oid);
  const terms: Planned[] = [];
  for (const { number, source: facts } of places) {
    const content = stateContent(readingChanged(plan, number)).text;
    terms.push(await overChanged(db, facts, source, rows, () => planned(db, content)));
  }
  return terms.length === 0 ? 'none' : total(terms);
}

const total = (terms: readonly Omit<Planned, 'width'>[]): { rows: number; cost: number } => ({
  rows: terms.reduce((all, one) => all + one.rows, 0),
  cost: terms.reduce((all, one) => all + one.cost, 0),
});

/** `reading`: the definition as its rows are computed again. */
async function regroupedChange(
  db: Db,
  plan: RowsPlan,
  reading: Confinable,
  content: Planned,
  source: Changed,
  rows: number,
): Promise<Change> {
  if (plan.recursion !== null) return recursionChange(plan, content, source, rows);
  const terms: Planned[] = [];
  for (const { number, relation } of tablesOf(plan.outline)) {
    if (relation.oid !== source.oid) continue;
    const path = plan.paths.get(number) ?? null;
    const facts = plan.sources.get(relation.oid);
    if (path === null || facts === undefined) return 'all';
    const keys = sql`SELECT DISTINCT u.key FROM (\n${reachedKeys(leadingFrom(plan, number), path)}
) AS u`;
    const read = withKey(facts, heldIn(plan, source.oid));
    terms.push(await overChanged(db, read, source, rows, () => planned(db, keys.text)));
  }
  if (terms.length === 0) return 'none';
  const reached = total(terms);
  if (reached.rows > (await mostKeys(db, plan, content, { pending: rows, rows: source.rows }))) {
    if (plan.groups === null) return 'all';
    const { cost } = await planned(db, deparse(reading.query));
    return { rows: content.rows, cost: reached.cost + cost };
  }
  const again = await plannedForKeys(db, reached.rows, plan.key.type, (keys) =>
    deparse(confinedToKeys(reading, keys)),
  );
  const text = withoutKey(reading.query, plan.key.name);
  const unpartnered = reading.isNullable ? (await planned(db, text)).cost : 0;
  return { rows: reached.rows, cost: reached.cost + again + unpartnered };
}

/** At most what the whole recursion costs: of which keys a step leads to which nothing tells. */
const recursionChange = (
  { outline }: RowsPlan,
  content: Planned,
  source: Changed,
  rows: number,
): Change =>
  tablesOf(outline).some(({ relation }) => relation.oid === source.oid)
    ? { rows: Math.min(rows, content.rows), cost: content.cost }
    : 'none';

/** How many keys are few while that many rows are pending (`imat_store.touched_<name>`). */
async function mostKeys(
  db: Db,
  plan: RowsPlan,
  content: Planned,
  { pending, rows }: { readonly pending: number; readonly rows: number },
): Promise<number> {
  const keys = await distinctValues(db, keyColumns(plan));
  const [few] = await db.query<{ surely: string; sometimes: string | null }>(
    fewKeys(plan, {
      keys: sql`${keys ?? sql`NULL`}::bigint`,
      rows: sql`${Math.round(content.rows)}::bigint`,
    }).text,
  );
  const surely = Number(few?.surely);
  const isOutgrown = pending >= Math.max(10_000, rows / SHARE);
  return isOutgrown ? surely : Math.max(surely, Number(few?.sometimes ?? 0));
}

/** Rows that an outer join shows without a partner are computed again with any key. */
const withoutKey = (query: Query, key: string): string =>
  sql`SELECT FROM (\n${fragment(deparse(query))}\n) AS s
WHERE s.${ident(key)} IS NULL`.text;

/** The schema of temporary objects. */
const TEMPORARY = 'pg_temp';

/** Views of groups that are not stored yet: as many rows, of which nothing is known. */
const groupsView = (number: number): string => `imat_groups${number}`;

function overGroups<T>(
  db: Db,
  { groups }: RowsPlan,
  contents: readonly Planned[],
  body: () => Promise<T>,
): Promise<T> {
  if (groups === null) return body();
  return rolledBack(db, async () => {
    for (const [index, { rows }] of contents.entries()) {
      const { oid } = storeItem(index + 1);
      const columns = (groups.reading.sources.get(oid)?.columns ?? []).map(
        ({ name, type }) =>
          sql`CASE WHEN g.i = 0 THEN NULL::${fragment(type)} END AS ${ident(name)}`,
      );
      await db.execute(
        sql`CREATE TEMPORARY VIEW ${ident(groupsView(index + 1))} AS
SELECT ${join(columns, ', ')} FROM pg_catalog.generate_series(1, ${Math.ceil(rows)}) AS g(i)`.text,
      );
    }
    return body();
  });
}

/** The definition with these views in the places of the stores. */
const standingIn = (reading: Confinable): Confinable => ({
  ...reading,
  query: mapRelations(reading.query, (relation) =>
    relation.kind === 'table' && isStore(relation)
      ? { ...relation, schema: TEMPORARY, name: groupsView(storeNumber(relation)) }
      : relation,
  ),
});

/** A definition need not read its key. */
const withKey = (facts: SourceFacts, held: readonly string[]): SourceFacts => ({
  ...facts,
  used: facts.used && [
    ...facts.used,
    ...facts.columns.flatMap(({ name, attnum }) => (held.includes(name) ? [attnum] : [])),
  ],
});

const CHANGED = { schema: TEMPORARY, name: 'imat_changed' };

/**
 * Runs `body` while a view has `rows` rows of a source, which stand for as many changed ones. A
 * small table is read as often as that takes.
 */
function overChanged<T>(
  db: Db,
  facts: SourceFacts,
  source: Changed,
  rows: number,
  body: () => Promise<T>,
): Promise<T> {
  const read = facts.columns.filter(({ attnum }) => facts.used?.includes(attnum) !== false);
  const columns = read.map(({ name }) => sql`t.${ident(name)}`);
  const list = columns.length === 0 ? sql`1 AS one` : join(columns, ', ');
  const times = Math.ceil(rows / Math.max(1, source.rows));
  const repeated: Sql = times > 1 ? sql`, pg_catalog.generate_series(1, ${times})` : sql``;
  const view = sql`CREATE TEMPORARY VIEW ${ident(CHANGED.name)} AS
SELECT ${list} FROM ${qualified(facts.schema, facts.name)} AS t${repeated} LIMIT ${rows}`;
  return rolledBack(db, async () => {
    await db.execute(view.text);
    return body();
  });
}

/**
 * The plan with the view in the place of one scan, and of UNION ALL the branch alone that has it:
 * the others do not change.
 */
function readingChanged(plan: AddPlan, number: number): AddPlan {
  const has = (node: Node): boolean =>
    node.op === 'scan' ? node.number === number : inputsOf(node).some(has);
  const changed = (node: Node): Node => {
    if (node.op === 'scan')
      return node.number === number ? { ...node, source: { ...node.source, ...CHANGED } } : node;
    const one =
      node.op === 'unionAll' && has(node) ? branchOf(node, node.inputs.findIndex(has)) : node;
    return withInputs(one, inputsOf(one).map(changed));
  };
  const over = (one: AddPlan): AddPlan => ({
    ...one,
    core: { ...one.core, input: changed(one.core.input) },
    different: one.different.map(over),
  });
  return over(plan);
}

/** The plan with the view in the place of one table. */
function leadingFrom(plan: RegroupPlan, number: number): RegroupPlan {
  const items = new Map(plan.outline.items);
  const item = items.get(number);
  if (item?.relation.kind === 'table')
    items.set(number, { ...item, relation: { ...item.relation, ...CHANGED } });
  return { ...plan, outline: { ...plan.outline, items } };
}

const branchOf = (node: UnionAll, place: number): UnionAll => ({
  ...node,
  inputs: node.inputs.slice(place, place + 1),
  columns: node.columns.map((one) => ({
    ...one,
    collations: one.collations.slice(place, place + 1),
  })),
});
