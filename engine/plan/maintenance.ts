/**
 * A plan in a few words: by which rule a definition is maintained, what one change of each table
 * costs, and what its stores are.
 */
import { deparse } from '../../parser/deparse-query.ts';
import { quoteQualified } from '../../parser/quote.ts';
import { mapRelations } from '../algebra/query-rewrites/relations.ts';
import { neededColumns } from '../regroup/needed-indexes.ts';
import { tablesOf } from '../regroup/outline.ts';
import { neededIndexes } from './group-columns.ts';
import type { AddPlan, Plan, Residual, RowsPlan, StorePlan } from './plan.ts';
import { allStores, planScans, readByKey, storeItem, storeNumber } from './plan.ts';
import { storeClause } from './print.ts';

/** From the strictest rule to the one that maintains everything. */
export const RULES = ['add', 'regroup', 'swap'] as const;
export type Rule = (typeof RULES)[number];

/** What one changed row of a table gives to do, from the least to the most. */
export const EFFECTS = ['adds', 'touches one key', 'touches keys', 'all rows'] as const;
export type Effect = (typeof EFFECTS)[number];

export type StoreTable = {
  readonly relation: string;
  readonly alias: string;
  readonly effect: Effect;
  readonly holdsKey: boolean;
  /** The other tables on the way to the key, by their aliases. */
  readonly through: readonly string[];
  /** What indexes on it would be used, by their columns. */
  readonly indexes: readonly (readonly string[])[];
};

export type StoreOutline = {
  readonly name: string;
  readonly rule: 'add' | 'regroup';
  readonly clause: string;
  /** The key by which touched rows are computed again; null for the rule add. */
  readonly key: string | null;
  readonly tables: readonly StoreTable[];
};

/** The rule of a plan is that of its store that takes most; without a plan it is swap. */
export function ruleOf(plan: Plan | null): Rule {
  if (plan === null) return 'swap';
  return allStores(plan).some(({ rule }) => rule === 'regroup') ? 'regroup' : 'add';
}

/** The most that one changed row of each table gives to do, by the table's name. */
export function effectsOf(plan: Plan): ReadonlyMap<string, Effect> {
  const found = new Map<string, Effect>();
  for (const { relation, effect } of storesOf(plan).flatMap(({ tables }) => tables)) {
    const known = found.get(relation) ?? 'adds';
    found.set(relation, EFFECTS.indexOf(effect) > EFFECTS.indexOf(known) ? effect : known);
  }
  return found;
}

export const storesOf = (whole: Plan): readonly StoreOutline[] =>
  allStores(whole).map((plan, index) => ({
    name: storeItem(index + 1).name,
    rule: plan.rule,
    clause: storeClause(plan),
    key: plan.rule === 'regroup' ? plan.key.label : null,
    tables: tablesIn(plan),
  }));

const tablesIn = (plan: StorePlan): readonly StoreTable[] =>
  plan.rule === 'add' ? addedTables(plan) : regroupedTables(plan);

const addedTables = (plan: AddPlan): readonly StoreTable[] =>
  planScans(plan).map(({ source, label }) => ({
    relation: quoteQualified(source.schema, source.name),
    alias: label,
    effect: 'adds',
    holdsKey: false,
    through: [],
    indexes: neededIndexes(plan)
      .filter((one) => one.source.oid === source.oid)
      .map(({ columns }) => columns),
  }));

function regroupedTables(plan: RowsPlan): readonly StoreTable[] {
  const { outline, paths } = plan;
  const holders = readByKey(plan);
  const needed = neededColumns(plan, holders);
  const alias = (item: number): string => outline.items.get(item)?.relation.alias ?? '';
  return tablesOf(outline).map(({ number, relation }) => {
    const through = paths.get(number)?.tables.slice(1).map(alias) ?? null;
    return {
      relation: quoteQualified(relation.schema, relation.name),
      alias: relation.alias,
      effect: effectOf(through, plan),
      holdsKey: holders.some(({ item }) => item === number),
      through: through ?? [],
      indexes: needed.filter(({ item }) => item === number).map(({ column }) => [column]),
    };
  });
}

function effectOf(through: readonly string[] | null, { recursion }: RowsPlan): Effect {
  if (through === null) return 'all rows';
  const isOne = through.length === 0 && (recursion?.link ?? null) === null;
  return isOne ? 'touches one key' : 'touches keys';
}

/** The residual as SQL over `store1`, `store2` and so on. */
export function residualText({ query }: Residual): string {
  const named = mapRelations(query, (relation) => {
    if (relation.kind !== 'table') return relation;
    const { alias, aliased, columnAliases, span } = relation;
    const { name } = storeItem(storeNumber(relation));
    // The name of a CTE is one without a schema.
    return { kind: 'cte', name, alias, aliased, columnAliases, span };
  });
  return deparse(named);
}
