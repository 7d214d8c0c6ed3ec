/** The rules that can maintain one store, and what costs less than to compute its keys again. */
import type { Query, Select } from '../../parser/tree.ts';
import type { ColumnFacts } from '../algebra/facts.ts';
import type { PlanReason } from '../algebra/reason.ts';
import type { AddPlan, RowsPlan, StorePlan } from '../plan/plan.ts';
import type { RegroupPlan } from '../regroup/regroup-plan.ts';
import { hasPaths } from '../regroup/regroup-plan.ts';
import { overGroups } from './groups-below.ts';

export type Columns = readonly { readonly name: string; readonly type: string }[];
export type Reasons = { readonly reasons: readonly PlanReason[] };

/** What plans one store; `columns` are those of the query. */
export type Rules = {
  readonly columnsOf: (query: Query) => Promise<readonly ColumnFacts[]>;
  readonly add: (query: Query, columns: Columns) => Promise<AddPlan | Reasons>;
  readonly regroup: (query: Query, columns: Columns) => Promise<RegroupPlan | Reasons>;
  /** The same with aggregates over a LEFT JOIN taken before it; null where that cannot be. */
  readonly eager: (query: Query, columns: Columns) => Promise<Select | null>;
  /** Groups that are added up, over rows that are computed again. */
  readonly overRows: (query: Query, columns: Columns) => Promise<AddPlan | null>;
  /** Whether the rows of one key are many. */
  readonly isCoarse: (plan: RegroupPlan) => Promise<boolean>;
  /** Whether groups are made of many rows each. */
  readonly areLarge: (groups: Select) => Promise<boolean>;
  /** Whether aggregates may be computed at each read from as many rows as there are. */
  readonly copies: boolean;
  /** Whether conditions that read the time are asked at each read, of all these rows. */
  readonly lifts: boolean;
  /** Whether to read rows costs far less than to compute them. */
  readonly areFew: (rows: Select) => Promise<boolean>;
  /** Whether one key of the rows has far fewer of them than one key of the groups. */
  readonly isFiner: (rows: RegroupPlan, groups: RegroupPlan) => Promise<boolean>;
};

/**
 * What costs less than to compute all rows of a touched key again; null where nothing does.
 * `regrouped`: how they are computed again, if they can be; `known`: stored groups.
 */
export async function betterThanKeys(
  query: Query,
  columns: Columns,
  rules: Rules,
  regrouped: RegroupPlan | null,
  known: Map<string, AddPlan>,
): Promise<StorePlan | null> {
  return (
    (await eagerRows(query, columns, rules, known)) ??
    (await worthRows(query, columns, rules, regrouped))
  );
}

/** Rows over groups that are there before a LEFT JOIN, where these are made of many rows. */
async function eagerRows(
  query: Query,
  columns: Columns,
  rules: Rules,
  known: Map<string, AddPlan>,
): Promise<RowsPlan | null> {
  const eager = await rules.eager(query, columns);
  const plan = eager === null ? null : await rules.regroup(eager, columns);
  if (plan === null || 'reasons' in plan || !hasPaths(plan)) return null;
  const rows = await overGroups(plan, rules, known);
  return rows.groups === null ? null : rows;
}

/** Groups over their rows, where that costs less than to compute all rows of a key again. */
async function worthRows(
  query: Query,
  columns: Columns,
  rules: Rules,
  regrouped: RegroupPlan | null,
): Promise<AddPlan | null> {
  const complete = regrouped !== null && hasPaths(regrouped) ? regrouped : null;
  if (complete !== null && !(await rules.isCoarse(complete))) return null;
  const over = await rules.overRows(query, columns);
  if (over?.inner?.rule !== 'regroup' || complete === null) return over;
  return (await rules.isFiner(over.inner, complete)) ? over : null;
}
