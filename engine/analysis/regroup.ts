/** Asks the server for the types by which a key of the definition can be chosen. */
import { deparseExpr } from '../../parser/deparse.ts';
import type { Expr, Query } from '../../parser/tree.ts';
import { returnsSet } from '../../parser/walk.ts';
import type { SourceFacts } from '../algebra/facts.ts';
import type { PlanReason } from '../algebra/reason.ts';
import { tooManyColumns } from '../algebra/reason.ts';
import type { Db } from '../db/db.ts';
import type { KeyPlan } from '../regroup/choose-key.ts';
import { keyPlans } from '../regroup/choose-key.ts';
import type { RegroupPlan } from '../regroup/regroup-plan.ts';
import { keyFacts } from '../regroup/key-facts.ts';
import { withoutItems } from '../regroup/moving-items.ts';
import { outlineOf } from '../regroup/outline.ts';
import { timedItems } from '../regroup/timed-items.ts';
import { untimed } from '../algebra/rewrites/time-scans.ts';
import { ColumnNames } from '../sql/names.ts';
import { constantsIn } from './constants.ts';
import type { Decide } from './key-costs.ts';
import { cheapestFirst } from './key-costs.ts';
import { queryColumns } from './query-columns.ts';

/** `values`: whether values that change with the day may be stored. */
export async function regroup(
  db: Db,
  definition: Query,
  sources: ReadonlyMap<number, SourceFacts>,
  columns: readonly { readonly name: string; readonly type: string }[],
  values: boolean,
  decide: Decide,
): Promise<RegroupPlan | { readonly reasons: readonly PlanReason[] }> {
  if (definition.limit !== null) return { reasons: [NO_KEY] };
  if (columns.length > MAX_COLUMNS)
    return { reasons: [tooManyColumns(columns.length, MAX_COLUMNS)] };
  const query = withoutOrder(definition);
  const { constants, moving, oidOf, typeOf } = await constantsIn(db, query, sources);
  const outline = outlineOf(query);
  const moved = new Set(moving.map(({ item }) => item));
  const timed = timedItems(withoutItems(query, moved), outline, sources, values);
  if (timed.untimed.length > 0) return { reasons: timed.untimed.map(untimed) };
  const names = columns.map(({ name }) => name);
  const given = { constants, moved, sources };
  const all = keyPlans(query, hiddenName(names), given, (one) => keyFacts(one, sources, typeOf));
  const plans = await cheapestFirst(db, all, sources, decide);
  for (const plan of plans.slice(0, MAX_TRIED)) {
    const facts = (await queryColumns(db, plan.query))[plan.place];
    if (facts === undefined || !facts.sortable || !facts.hasPlainEquality) continue;
    // Keys are gathered in an array, which would join arrays together.
    if (IS_ARRAY.test(facts.baseType)) continue;
    const name = columnNames(plan)[plan.place] ?? '';
    const key = { name, type: facts.logType, label: labelOf(plan) };
    const columnTypes = new Map(columns.map((one) => [one.name, one.type]));
    const time = { timed: timed.items, moving };
    const types = { columnTypes, oidOf, typeOf };
    return {
      rule: 'regroup',
      ...plan,
      key,
      columns: names,
      ...time,
      sources,
      ...types,
      recursion: null,
    };
  }
  return { reasons: [NO_KEY] };
}

export const IS_ARRAY = /\[\]$|^(?:int2|oid)vector$/;

/** Beside them there are the key, and whether a row is stored as it is. */
const MAX_COLUMNS = 1598;

/** Keys whose types are asked for. */
const MAX_TRIED = 10;

const NO_KEY: PlanReason = {
  kind: 'no_key',
  message: 'no column tells which rows of the answer a changed row concerns',
  hint: null,
  span: null,
};

/** Rows are stored in no order; a set-returning function that orders them makes rows. */
function withoutOrder(query: Query): Query {
  const isKept = query.kind === 'select' && query.distinctOn.length > 0;
  return isKept || query.orderBy.some(({ expr }) => returnsSet(expr))
    ? query
    : { ...query, orderBy: [] };
}

/** A name for the key that no column has. */
const hiddenName =
  (taken: readonly string[]) =>
  (expr: Expr): string => {
    const names = new ColumnNames();
    for (const name of taken) names.take(name);
    return names.take(expr.kind === 'column' || expr.kind === 'join_column' ? expr.name : 'key');
  };

const columnNames = ({ query }: KeyPlan): readonly string[] => {
  if (query.kind === 'select') return query.targets.map(({ name }) => name);
  return query.kind === 'values' ? [] : columnNames({ query: query.left } as KeyPlan);
};

const labelOf = ({ expr, outline }: KeyPlan): string =>
  deparseExpr(
    expr,
    (ref) => `${outline.items.get(ref.relation)?.relation.alias ?? ''}.${ref.name}`,
  );
