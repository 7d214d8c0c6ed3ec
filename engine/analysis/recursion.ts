/** Asks the server for the types by which a recursive CTE's rows are told apart. */
import { deparse } from '../../parser/deparse-query.ts';
import type { Query, Span } from '../../parser/tree.ts';
import type { ColumnFacts, SourceFacts } from '../algebra/facts.ts';
import type { RecursiveQuery } from '../algebra/query-rewrites/recursive-ctes.ts';
import { isRecursion, recursionsIn } from '../algebra/query-rewrites/recursive-ctes.ts';
import { isClosed, mapRelations } from '../algebra/query-rewrites/relations.ts';
import type { PlanReason } from '../algebra/reason.ts';
import { recursionBelow, recursionRows, recursionWithoutKey } from '../algebra/reason.ts';
import { isOfNow } from '../algebra/moments.ts';
import type { Db } from '../db/db.ts';
import type { RowsPlan } from '../plan/plan.ts';
import { storeItem } from '../plan/plan.ts';
import type { KeyPlan } from '../regroup/choose-key.ts';
import { keyPlans } from '../regroup/choose-key.ts';
import { keyFacts } from '../regroup/key-facts.ts';
import { outlineOf, tablesOf } from '../regroup/outline.ts';
import type { Recursion, Recursive } from '../regroup/recursion.ts';
import { byKey, flatOf, freeNames, takenApart, withoutKey } from '../regroup/recursion.ts';
import type { RegroupPlan } from '../regroup/regroup-plan.ts';
import { mapExprs } from '../../parser/walk.ts';
import type { Decide } from './key-costs.ts';
import { queryColumns } from './query-columns.ts';
import { IS_ARRAY, regroup } from './regroup.ts';
import type { Columns, Reasons } from './rules.ts';

/** What it takes to plan rows that are computed again. */
export type Regrouping = {
  readonly db: Db;
  readonly sources: ReadonlyMap<number, SourceFacts>;
  /** Whether values that change with the day may be stored. */
  readonly values: boolean;
  readonly decide: Decide;
  /** How the rows of recursive CTEs are stored, by their texts. */
  readonly recursions: Map<string, RowsPlan | Reasons>;
};

type OfRecursion = (name: string, span: Span | null) => PlanReason;

export function ofCte(reason: OfRecursion, { ctes }: Query): PlanReason {
  const [cte] = ctes;
  return reason(cte?.name ?? '', cte?.span ?? null);
}

/** Rows of a recursive CTE alone, or of a query that reads none. */
export async function regroupOf(
  regrouping: Regrouping,
  query: Query,
  columns: Columns,
): Promise<RegroupPlan | Reasons> {
  const { db, sources, values, decide } = regrouping;
  if (!isRecursion(query)) {
    const [recursion] = recursionsIn(query);
    if (recursion === undefined) return regroup(db, query, sources, columns, values, decide);
    return { reasons: [ofCte(recursionBelow, recursion.query)] };
  }
  const plan = await recursionOf(regrouping, query);
  if ('reasons' in plan || plan.recursion?.hasKey === true) return plan;
  return { reasons: [ofCte(recursionWithoutKey, query)] };
}

export async function recursionOf(
  { db, sources, recursions }: Regrouping,
  query: RecursiveQuery,
): Promise<RowsPlan | Reasons> {
  const [cte] = query.ctes;
  if (!isClosed(query))
    return { reasons: [recursionRows(cte.name, 'it refers to rows around it', cte.span)] };
  const text = deparse(query);
  const known = recursions.get(text);
  if (known !== undefined) return known;
  const plan = await planRecursion(db, query, sources);
  const rows = 'reasons' in plan ? plan : { ...plan, groups: null };
  recursions.set(text, rows);
  return rows;
}

/** How the rows of a recursive CTE are computed again. */
async function planRecursion(
  db: Db,
  query: RecursiveQuery,
  sources: ReadonlyMap<number, SourceFacts>,
): Promise<RegroupPlan | Reasons> {
  const [cte] = query.ctes;
  const because = (why: string): Reasons => ({ reasons: [recursionRows(cte.name, why, cte.span)] });
  const recursive = takenApart(cte);
  if (recursive === null) return because('a step of it may read several rows together');
  if (readsTime(query)) return because('it reads the time');
  const columns = await queryColumns(db, query);
  if (columns.length === 0) return because('a column of it has a type that no table can have');
  if (!recursive.all && !columns.every(({ equalIsSame }) => equalIsSame))
    return because('UNION tells apart by equality what is equal and not the same');
  const found = keyed(recursive, columns, sources);
  if (tablesOf(found.plan.outline).length === 0) return because('it reads no table');
  const { plan, recursion } = found;
  const facts = columns[plan.place];
  if (facts === undefined || !isKey(facts)) return because('no column of it can be a key');
  return {
    rule: 'regroup',
    ...plan,
    query,
    recursion,
    key: { name: facts.name, type: facts.logType, label: `${cte.name}.${facts.name}` },
    columns: columns.map(({ name }) => name),
    columnTypes: new Map(columns.map(({ name, type }) => [name, type])),
    timed: [],
    moving: [],
    oidOf: ({ relation, name }) =>
      relation === recursive.self ? (columns.find((one) => one.name === name)?.oid ?? null) : null,
    typeOf: () => null,
    sources,
  };
}

function keyed(
  recursive: Recursive,
  columns: readonly ColumnFacts[],
  sources: ReadonlyMap<number, SourceFacts>,
): { readonly plan: KeyPlan; readonly recursion: Recursion } {
  const rows = storeItem(1);
  const known = new Map([...sources, [rows.oid, { ...rows, parts: null, used: null, columns }]]);
  const flat = flatOf(recursive, { kind: 'table', ...rows, sample: null });
  const none = new Set<number>();
  const plans = keyPlans(
    flat,
    () => '',
    { constants: none, moved: none, sources: new Map() },
    (outline) => keyFacts(outline, known, () => null),
  ).filter(({ place }) => columns[place] !== undefined && isKey(columns[place]));
  const facts = keyFacts(outlineOf(flat), known, () => null);
  const names = freeNames(recursive);
  const place = Math.max(0, columns.findIndex(isKey));
  return (
    byKey(recursive, plans, { facts, columns }, names) ?? withoutKey(recursive, flat, place, names)
  );
}

/** Touched keys are gathered by UNION, which makes hash tables, and in an array. */
const isKey = ({ sortable, hashable, hasPlainEquality, baseType }: ColumnFacts): boolean =>
  sortable && hashable && hasPlainEquality && !IS_ARRAY.test(baseType);

function readsTime(query: Query): boolean {
  let found = false;
  mapExprs(query, (expr) => {
    found ||= expr.kind === 'value_function' || isOfNow(expr);
    return null;
  });
  return found;
}

/** The query in which the rows of its recursive CTE are those of the first store. */
export const overStored = (query: Query): Query =>
  mapRelations(query, (item) =>
    item.kind === 'subquery' && isRecursion(item.query)
      ? {
          kind: 'table',
          ...storeItem(1),
          alias: item.alias,
          aliased: true,
          columnAliases: item.columnAliases,
          sample: null,
          span: item.span,
        }
      : item,
  );
