/**
 * What of a definition is stored: the whole of it where one rule maintains it, otherwise the parts
 * for which that is so, and what stands above them is computed when it is read.
 */
import { deparse } from '../../parser/deparse-query.ts';
import type { Expr, Query, Relation, Select, Sublink, TableItem } from '../../parser/tree.ts';
import { mapExpr, mapQuery, returnsSet } from '../../parser/walk.ts';
import { refersTo } from '../algebra/query-rewrites/correlated.ts';
import { existence } from '../algebra/query-rewrites/existence.ts';
import { expandGroupingSets, groupKeysOf } from '../algebra/query-rewrites/grouping-sets.ts';
import { groupsOverRows } from '../algebra/query-rewrites/groups-over-rows.ts';
import { recursionsIn } from '../algebra/query-rewrites/recursive-ctes.ts';
import { freeNumber } from '../algebra/query-rewrites/relations.ts';
import { separateGlobals } from '../algebra/query-rewrites/globals.ts';
import { selectFrom } from '../algebra/query-rewrites/select.ts';
import { orderedOver, separate } from '../algebra/query-rewrites/separate.ts';
import type { StoredColumn } from '../algebra/loose-columns.ts';
import { computesFromLoose } from '../algebra/loose-columns.ts';
import type { PlanReason } from '../algebra/reason.ts';
import type { AddPlan, Plan, StorePlan } from '../plan/plan.ts';
import { allStores, looseColumns, storeItem, storeNumber } from '../plan/plan.ts';
import { overGroups } from './groups-below.ts';
import { keyTypes } from './key-types.ts';
import { isOfTables } from '../regroup/lineage.ts';
import type { RegroupPlan } from '../regroup/regroup-plan.ts';
import { hasPaths } from '../regroup/regroup-plan.ts';
import type { Columns, Reasons, Rules } from './rules.ts';
import { betterThanKeys } from './rules.ts';

/** More stores than this are not worth their folds. */
export const MAX_STORES = 40;

/**
 * Where nothing but the whole definition can be stored, as it is: why the part that decides that is
 * maintained by no rule. `against`: why changes of the whole cannot be added up.
 */
export async function planStores(
  query: Query,
  columns: Columns,
  rules: Rules,
  against: readonly PlanReason[],
): Promise<Plan | Reasons> {
  const whole = await rules.regroup(query, columns);
  const regrouped = 'reasons' in whole ? null : whole;
  const isComplete = regrouped !== null && hasPaths(regrouped);
  const better = await betterThanKeys(query, columns, rules, regrouped, new Map());
  if (better !== null) return only(better);
  // Windows and the like over groups that are added up cost less than their keys computed again.
  const isOverGroups = query.kind === 'select' && query.grouped;
  if (isComplete && !isOverGroups) return onlyRows(regrouped, rules);
  const own = deciding(against, 'reasons' in whole ? whole.reasons : []);
  const { above, reasons } = await residualOver(query, own, rules, false);
  const outputTypes = columns.map(({ type }) => type);
  const planOf = (found: Above | null): Plan | null =>
    found && { stores: found.stores, residual: { query: found.query, outputTypes } };
  const residual = planOf(above);
  // A store of rows may be a copy of a table, which each read would go through.
  const isOfGroups = residual?.stores.every(isAddedUp) === true;
  if (isComplete && !isOfGroups) return onlyRows(regrouped, rules);
  if (residual !== null) return residual;
  if (regrouped !== null) return onlyRows(regrouped, rules);
  const eager = await joinedWithRecursion(query, columns, rules);
  const others = [...(eager === null ? [] : [eager]), query];
  for (const one of others) {
    const plan = planOf((await residualOver(one, own, rules, one !== eager)).above);
    if (plan !== null) return plan;
  }
  return { reasons };
}

/** Rows of a recursive CTE with what a LEFT JOIN finds for them, as groups that can be stored. */
const joinedWithRecursion = async (
  query: Query,
  columns: Columns,
  rules: Rules,
): Promise<Query | null> => (recursionsIn(query).length === 0 ? null : rules.eager(query, columns));

const isAddedUp = (store: StorePlan): boolean => store.rule === 'add' && store.core.op === 'group';

/**
 * Of what stands against a query that no rule maintains, what decides: not a LIMIT, which is taken
 * when it is read, if there is anything else.
 */
function deciding(
  against: readonly PlanReason[],
  againstKey: readonly PlanReason[],
): readonly PlanReason[] {
  const others = against.filter(({ kind }) => kind !== 'limit');
  const all = others.length > 0 ? others : against;
  return all.some(({ kind }) => TELLS.has(kind)) ? all : [...all, ...againstKey];
}

/** Reasons that tell why there is no key. */
const TELLS: ReadonlySet<string> = new Set([
  'ambiguous_key',
  'enum_inside',
  'key_not_found',
  'key_not_sortable',
  'pseudo_type',
  'too_many_keys',
]);

const only = (store: StorePlan): Plan => ({ stores: [store], residual: null });

const onlyRows = async (plan: RegroupPlan, rules: Rules): Promise<Plan> =>
  only(await overGroups(plan, rules, new Map()));

/**
 * Where the residual computes something from a group key of which equal values can differ, groups
 * are computed again: the key is then always one that is there. `acceptsAllRows`: whether changes
 * of a table may concern all rows of a store.
 */
async function residualOver(
  query: Query,
  against: readonly PlanReason[],
  rules: Rules,
  acceptsAllRows: boolean,
): Promise<{ readonly above: Above | null } & Reasons> {
  const separation = new Separation(rules, { acceptsAllRows });
  const above = await separation.residual(query, against);
  const isLoose =
    above !== null &&
    computesFromLoose(above.query, (relation) => storedColumns(above, storeNumber(relation)));
  if (!isLoose) return { above, reasons: separation.reasons };
  const strict = new Separation(rules, { acceptsAllRows, isStrict: true });
  return { above: await strict.residual(query, against), reasons: strict.reasons };
}

function storedColumns({ stores, columns }: Above, number: number): readonly StoredColumn[] {
  const plan = stores[number - 1];
  const loose = plan === undefined ? new Set() : looseColumns(plan);
  return (columns[number - 1] ?? []).map(({ name }) => ({ name, isLoose: loose.has(name) }));
}

type Above = {
  readonly query: Query;
  readonly stores: readonly StorePlan[];
  /** Of each store. */
  readonly columns: readonly Columns[];
};

/** Queries taken apart; a definition with more is not worth it. */
const MAX_STEPS = 100;

class Separation {
  readonly #rules: Rules;
  readonly #isStrict: boolean;
  readonly #acceptsAllRows: boolean;
  /** The first number that no item of FROM has. */
  #next = 0;
  #steps = 0;
  /** Why no rule maintains a query that was tried. */
  readonly #against = new Map<Query, readonly PlanReason[]>();
  /** The same of the part for which there is no residual. */
  #reasons: readonly PlanReason[] = [];
  /** The stores of groups from which rows are computed, by the text of their queries. */
  readonly #groups = new Map<string, AddPlan>();
  readonly #stores: {
    readonly text: string;
    readonly plan: StorePlan;
    readonly columns: Columns;
  }[] = [];

  /** `isStrict`: whether the keys of stored groups must be of rows that are there. */
  constructor(rules: Rules, { isStrict = false, acceptsAllRows = false }) {
    this.#rules = rules;
    this.#isStrict = isStrict;
    this.#acceptsAllRows = acceptsAllRows;
  }

  /** The query over stores; null where a part of it can be stored by no rule. */
  async residual(query: Query, against: readonly PlanReason[]): Promise<Above | null> {
    this.#next = freeNumber(query);
    this.#reasons = against;
    this.#against.set(query, against);
    const above = await this.#above(query);
    const stores = this.#stores.map(({ plan }) => plan);
    if (above === null || stores.length === 0 || allStores({ stores }).length > MAX_STORES)
      return null;
    return { query: above, stores, columns: this.#stores.map(({ columns }) => columns) };
  }

  get reasons(): readonly PlanReason[] {
    return this.#reasons;
  }

  async #above(query: Query): Promise<Query | null> {
    if (++this.#steps > MAX_STEPS) return null;
    const own = this.#against.get(query) ?? [];
    const sets = query.limit === null ? await this.#withoutSets(query) : query;
    const globals = separateGlobals(sets, this.#next);
    if (globals !== null) this.#next = Math.max(this.#next, freeNumber(globals));
    const separated = globals ?? separate(sets, this.#next++, this.#rules.lifts);
    if (separated !== null) return this.#select(separated, own);
    switch (sets.kind) {
      case 'values':
        return sets;
      case 'select': {
        const over = await this.#overRows(sets);
        return this.#select(over ?? sets, own, over !== null);
      }
      case 'set_operation': {
        const left = await this.#part(sets.left);
        const right = left === null ? null : await this.#part(sets.right);
        return left === null || right === null ? null : { ...sets, left, right };
      }
    }
  }

  /** Groups over rows of tables, as groups over stored rows, if these are few. */
  async #overRows(query: Select): Promise<Select | null> {
    if (!query.relations.some(isOfTables)) return null;
    const groups = groupsOverRows(query, this.#next++, this.#rules.copies);
    if (groups === null || !(await this.#rules.areFew(groups.rows))) return null;
    // A type without equality is no key.
    const isValid = (await this.#rules.columnsOf(groups.whole)).length > 0;
    return isValid ? groups.whole : null;
  }

  /** Grouping sets of the outermost SELECT, as one SELECT each. */
  async #withoutSets(query: Query): Promise<Query> {
    const keys = groupKeysOf(query);
    if (keys.length === 0 || query.kind !== 'select') return query;
    if (query.orderBy.some(({ expr }) => returnsSet(expr))) return query;
    const typeOf = await keyTypes(query, keys, this.#rules.columnsOf);
    const expanded = expandGroupingSets({ ...query, orderBy: [] }, this.#next, typeOf);
    this.#next = Math.max(this.#next, freeNumber(expanded));
    return expanded;
  }

  /** `own`: why no rule maintains the query; `areFew`: whether its rows are. */
  async #select(query: Select, own: readonly PlanReason[], areFew = false): Promise<Query | null> {
    const isDear = query.grouped && !areFew;
    const relations: Relation[] = [];
    for (const relation of query.relations) {
      const stored = await this.#relation(relation, own);
      // Each read would compute the aggregates from a copy of the table's rows.
      if (isDear && stored !== null && this.#isCopy(stored)) return this.#decides(own);
      if (stored === null) return null;
      relations.push(stored);
    }
    const numbers = new Set(query.relations.map((_, index) => query.first + index));
    return this.#withQueries({ ...query, relations }, numbers, own);
  }

  #isCopy(relation: Relation): boolean {
    const plan = relation.kind === 'table' ? this.#stores[storeNumber(relation) - 1]?.plan : null;
    return plan?.rule === 'add' && !isAddedUp(plan);
  }

  async #relation(relation: Relation, around: readonly PlanReason[]): Promise<Relation | null> {
    switch (relation.kind) {
      case 'table':
      case 'cte':
        return this.#decides(around);
      case 'function':
        return relation;
      case 'subquery': {
        if (relation.lateral) return this.#decides(around);
        const store = await this.#store(relation.query);
        if (store !== null) {
          const { alias, columnAliases, span } = relation;
          return {
            kind: 'table',
            ...store,
            alias,
            aliased: true,
            columnAliases,
            span,
            sample: null,
          };
        }
        const query = await this.#above(relation.query);
        return query === null ? null : { ...relation, query };
      }
    }
  }

  /** The queries within expressions, each over stores; null where one refers to rows around it. */
  async #withQueries(
    query: Select,
    numbers: ReadonlySet<number>,
    around: readonly PlanReason[],
  ): Promise<Query | null> {
    const found: Sublink[] = [];
    const collect = (expr: Expr): Expr =>
      mapExpr(expr, (node) => {
        if (node.kind === 'sublink') found.push(node);
        return null;
      });
    const own = { ...query, relations: query.relations.map(withoutQuery) };
    mapQuery(own, { expr: collect });
    const replaced = new Map<Query, Query>();
    for (const { form, query: one } of found) {
      const read = form === 'exists' ? existence(one) : one;
      const part = refersTo(read, numbers)
        ? this.#decides(around)
        : await (form === 'array' ? this.#ordered(read, around) : this.#part(read));
      if (part === null) return null;
      replaced.set(one, part);
    }
    const replace = (expr: Expr): Expr =>
      mapExpr(expr, (node) =>
        node.kind === 'sublink'
          ? {
              ...node,
              left: node.left && replace(node.left),
              query: replaced.get(node.query) ?? node.query,
            }
          : null,
      );
    return mapQuery(query, { expr: replace });
  }

  #decides(reasons: readonly PlanReason[]): null {
    if (reasons.length > 0) this.#reasons = reasons;
    return null;
  }

  /** The same with the order of its rows, which an array shows. */
  async #ordered(query: Query, around: readonly PlanReason[]): Promise<Query | null> {
    if (query.orderBy.length === 0 || query.limit !== null) return this.#part(query);
    const ordered = orderedOver(query, this.#next++);
    return ordered === null ? this.#decides(around) : this.#select(ordered, around);
  }

  /** A query as a query over stores. */
  async #part(query: Query): Promise<Query | null> {
    if (query.kind === 'values') return query;
    const store = await this.#store(query);
    if (store === null) return this.#above(query);
    const { columns } = this.#stores[-store.oid - 1] ?? { columns: [] };
    return selectFrom(
      {
        kind: 'table',
        ...store,
        alias: store.name,
        aliased: true,
        columnAliases: [],
        sample: null,
        span: null,
      },
      this.#next++,
      columns.map(({ name }) => name),
    );
  }

  /** The store of a query, the one that is there already if it is stored twice. */
  async #store(query: Query): Promise<Pick<TableItem, 'oid' | 'schema' | 'name' | 'only'> | null> {
    const text = deparse(query);
    const known = this.#stores.findIndex((one) => one.text === text);
    if (known >= 0) return storeItem(known + 1);
    const columns = await this.#rules.columnsOf(query);
    if (columns.length === 0) return null;
    if (query.limit !== null) {
      const added = await this.#rules.add(query, columns);
      if ('reasons' in added) this.#against.set(query, deciding(added.reasons, []));
      return null;
    }
    const plan = await this.#rule(query, text, columns);
    if (plan?.rule === 'add') this.#groups.set(text, plan);
    if (plan === null) return null;
    this.#stores.push({ text, plan, columns });
    return storeItem(this.#stores.length);
  }

  async #rule(query: Query, text: string, columns: Columns): Promise<StorePlan | null> {
    const added = this.#groups.get(text) ?? (await this.#rules.add(query, columns));
    const isLoose = !('reasons' in added) && this.#isStrict && looseColumns(added).size > 0;
    if (!('reasons' in added) && !isLoose) return added;
    const regrouped = await this.#rules.regroup(query, columns);
    const whole = 'reasons' in regrouped ? null : regrouped;
    const better = this.#isStrict
      ? null
      : await betterThanKeys(query, columns, this.#rules, whole, this.#groups);
    if (better !== null) return better;
    if (whole !== null && (this.#acceptsAllRows || hasPaths(whole)))
      return overGroups(whole, this.#rules, this.#groups);
    const [against, againstKey] = [added, regrouped].map((one) =>
      'reasons' in one ? one.reasons : [],
    );
    this.#against.set(query, deciding(against ?? [], againstKey ?? []));
    return null;
  }
}

const withoutQuery = (relation: Relation): Relation =>
  relation.kind === 'subquery' ? { ...relation, query: EMPTY_QUERY } : relation;

const EMPTY_QUERY: Query = {
  kind: 'values',
  rows: [],
  recursive: false,
  ctes: [],
  orderBy: [],
  limit: null,
  locking: [],
  span: null,
};
