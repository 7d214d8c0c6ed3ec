/**
 * Rows that are computed again by a key, from stored groups: where a definition reads groups of
 * many rows in FROM, a store of these is added up, and is read in the place of the tables.
 */
import { deparse } from '../../parser/deparse-query.ts';
import type { Query, Select } from '../../parser/tree.ts';
import type { ColumnFacts, SourceFacts } from '../algebra/facts.ts';
import { FLOAT4, FLOAT8 } from '../algebra/facts.ts';
import { groupsIn, readingTables } from '../algebra/query-rewrites/groups-below.ts';
import { numbersIn } from '../algebra/query-rewrites/relations.ts';
import type { PlanReason } from '../algebra/reason.ts';
import type { AddPlan, GroupsBelow, RowsPlan } from '../plan/plan.ts';
import { isOverRows, looseColumns, planScans, storeItem } from '../plan/plan.ts';
import { canMissPartner, holdersOf } from '../regroup/classes.ts';
import { keyFacts } from '../regroup/key-facts.ts';
import { outlineOf } from '../regroup/outline.ts';
import type { RegroupPlan } from '../regroup/regroup-plan.ts';
import { hasPaths, isOfTime } from '../regroup/regroup-plan.ts';

type Rules = {
  readonly columnsOf: (query: Query) => Promise<readonly ColumnFacts[]>;
  readonly add: (
    query: Query,
    columns: readonly ColumnFacts[],
  ) => Promise<AddPlan | { readonly reasons: readonly PlanReason[] }>;
  /** Whether groups are made of many rows each. */
  readonly areLarge: (groups: Select) => Promise<boolean>;
};

/** `known`: the stores that are there already, by the text of their queries. */
export async function overGroups(
  plan: RegroupPlan,
  rules: Rules,
  known: Map<string, AddPlan>,
): Promise<RowsPlan> {
  const isAsItIs = isOfTime(plan) || !hasPaths(plan) || plan.recursion !== null;
  const groups = isAsItIs ? null : await below(plan, rules, known);
  return { ...plan, groups };
}

async function below(
  plan: RegroupPlan,
  rules: Rules,
  known: Map<string, AddPlan>,
): Promise<GroupsBelow | null> {
  const stores: AddPlan[] = [];
  const sources = new Map(plan.sources);
  const tables = new Map<number, ReturnType<typeof storeItem>>();
  const inside = new Set<number>();
  for (const { item, query } of groupsIn(plan.query)) {
    if (inside.has(item)) continue;
    const columns = await rules.columnsOf(query);
    const store = columns.length === 0 ? null : await storeOf(query, columns, rules, known);
    if (store === null) continue;
    const number = stores.includes(store) ? stores.indexOf(store) + 1 : stores.push(store);
    const table = storeItem(number);
    tables.set(item, table);
    sources.set(table.oid, { ...table, parts: null, used: null, columns });
    for (const one of numbersIn(query)) inside.add(one);
  }
  return stores.length === 0 ? null : readingOf(plan, tables, sources, stores);
}

/** Null where the groups are computed from the tables each time. */
async function storeOf(
  query: Select,
  columns: readonly ColumnFacts[],
  rules: Rules,
  known: Map<string, AddPlan>,
): Promise<AddPlan | null> {
  const text = deparse(query);
  const added = known.get(text) ?? (await rules.add(query, columns));
  if ('reasons' in added || isOverRows(added)) return null;
  if (looseColumns(added).size > 0 || readsFloats(added)) return null;
  if (known.has(text)) return added;
  if (!(await rules.areLarge(query))) return null;
  known.set(text, added);
  return added;
}

/**
 * A sum of floats depends on the order in which they are added: computed from the tables it is that
 * of the definition.
 */
const readsFloats = (plan: AddPlan): boolean =>
  planScans(plan).some(({ columns }) =>
    columns.some(({ facts }) => facts.oid === FLOAT4 || facts.oid === FLOAT8),
  );

/** Null where the groups do not have the key by which the rows are computed again. */
function readingOf(
  plan: RegroupPlan,
  tables: ReadonlyMap<number, ReturnType<typeof storeItem>>,
  sources: ReadonlyMap<number, SourceFacts>,
  stores: readonly AddPlan[],
): GroupsBelow | null {
  const query = readingTables(plan.query, tables);
  const constants = [...plan.outline.items.values()].filter(({ isConstant }) => isConstant);
  const outline = outlineOf(query, new Set(constants.map(({ number }) => number)));
  const { place, expr } = plan;
  const holders = holdersOf(outline, query, place, keyFacts(outline, sources, plan.typeOf));
  if (holders === null || holders.length === 0) return null;
  const isNullable = plan.isNullable || canMissPartner(outline, query, place);
  return { stores, reading: { query, outline, expr, holders, isNullable, sources } };
}
