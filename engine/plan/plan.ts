/**
 * A plan: what of a definition is stored, how each store is maintained, and what is computed when
 * the definition is read.
 *
 *   add       the rows of its core are stored in additive parts, and changes are added to them
 *   regroup   its rows are stored, and those of touched keys are computed again
 *
 * Without a residual the one store is the definition. Otherwise the residual is a query over what
 * the stores hold now.
 */
import type { Query, TableItem } from '../../parser/tree.ts';
import { mapExprs } from '../../parser/walk.ts';
import { isOfNow } from '../algebra/moments.ts';
import type { ColumnId, Group, Node, Project, Scan } from '../algebra/node.ts';
import { columnsOf, idOf, inputsOf, nodesOf, scansOf } from '../algebra/node.ts';
import type { Face } from '../operators/rule.ts';
import type { Leaf } from '../operators/all.ts';
import { faceOf } from '../operators/all.ts';
import { isOrdered } from '../operators/join.ts';
import type { Netting, Pending } from '../operators/pending.ts';
import type { Holder } from '../regroup/classes.ts';
import type { Confinable, RegroupPlan } from '../regroup/regroup-plan.ts';
import { isOfTime } from '../regroup/regroup-plan.ts';
import type { Store } from '../operators/store.ts';
import { computedValues, storedType } from '../operators/store.ts';

/** Groups, or the rows of a select-project-join. */
export type Core = Group | Project;

export type Plan = {
  readonly stores: readonly StorePlan[];
  readonly residual: Residual | null;
  /**
   * What statistics have decided, in the order in which they were asked: whether the rows of a key
   * are many, and whether the rows below have finer keys.
   */
  readonly overRows?: readonly boolean[];
};

export type StorePlan = AddPlan | RowsPlan;

/** Rows that are computed again by a key. */
export type RowsPlan = RegroupPlan & { readonly groups: GroupsBelow | null };

/**
 * Stored groups from which they are computed, because that reads less than the tables
 * (docs/decisions/0060-rows-over-groups.md).
 *
 *   reading   the definition, in which the table with the OID of `storeItem(n)` is the nth store
 */
export type GroupsBelow = { readonly reading: Confinable; readonly stores: readonly AddPlan[] };

/**
 * Those of the plan, in its order, and then those that only other stores are computed from, each
 * after all of these that are computed from it.
 */
export function allStores({ stores }: Pick<Plan, 'stores'>): readonly StorePlan[] {
  const below: StorePlan[] = [];
  const visit = (plan: StorePlan): void => {
    for (const one of belowOf(plan).toReversed()) {
      visit(one);
      if (!below.includes(one) && !stores.includes(one)) below.push(one);
    }
  };
  for (const store of stores.toReversed()) visit(store);
  return [...stores, ...below.toReversed()];
}

/** The stores that one is computed from. */
export const belowOf = (plan: StorePlan): readonly StorePlan[] =>
  plan.rule === 'add'
    ? [...plan.different, ...(plan.inner === null ? [] : [plan.inner])]
    : (plan.groups?.stores ?? []);

/** The tables that are read by the key when rows are computed again. */
export const readByKey = ({ holders, groups }: RowsPlan): readonly Holder[] =>
  groups?.reading.holders ?? holders;

/** Whether rows are computed from it: then it is read by what it holds now, not by its changes. */
export const isReadByRows = (store: StorePlan, stores: readonly StorePlan[]): boolean =>
  stores.some((one) => one.rule === 'regroup' && belowOf(one).includes(store));

/** Whether groups are stored over rows that are computed again. */
export const isOverRows = (plan: AddPlan): boolean =>
  allStores({ stores: [plan] }).some(({ rule }) => rule === 'regroup');

/**
 * A query whose tables are the stores: the number of a store from 1 is the OID of the table, with
 * the other sign.
 */
export type Residual = { readonly query: Query; readonly outputTypes: readonly string[] };

/** Whether what is computed when the definition is read reads the time. */
export function readsTime({ residual }: Plan): boolean {
  let found = false;
  if (residual !== null)
    mapExprs(residual.query, (expr) => {
      found ||= isOfNow(expr);
      return null;
    });
  return found;
}

/** Whether the passing of time changes what is stored. */
export const isMoved = (plan: Plan): boolean =>
  allStores(plan).some((store) =>
    store.rule === 'regroup' ? isOfTime(store) : planScans(store).some(isTimed),
  );

const isTimed = ({ timed }: Scan): boolean => timed.length > 0;

export const storeItem = (number: number): Pick<TableItem, 'oid' | 'schema' | 'name' | 'only'> => ({
  oid: -number,
  schema: '',
  name: `store${number}`,
  only: false,
});

/** The number of the store that a table of a residual is. */
export const storeNumber = ({ oid }: TableItem): number => -oid;

/**
 *   core       its rows are stored; everything below it is maintained by change
 *   residual   the tree with the core in it; what stands above the core is computed when it is read
 */
export type AddPlan = {
  readonly rule: 'add';
  readonly core: Core;
  readonly store: Store;
  /**
   * Stores of the different values that its aggregates with DISTINCT are computed from, in the
   * order of the store's inputs from 1.
   */
  readonly different: readonly AddPlan[];
  /**
   * The store of the topmost groups in the core's input, or of the rows there that another rule
   * maintains, if there are any.
   */
  readonly inner: StorePlan | null;
  readonly residual: Node;
  /** The definition's column types, as `format_type` prints them. */
  readonly outputTypes: readonly string[];
  /** What must be done to pending rows before the core's expressions see them. */
  readonly netting: Netting;
};

/** The faces of what the core's rows are computed from; `inner` reads what is stored of that. */
export const coreInput = (
  { core }: AddPlan,
  pending: Pending | null,
  inner: Leaf | null = null,
): Face => faceOf(core.input, pending, inner);

/** Whether its changes are those of a join whose order is the one in which it is written. */
export const joinsMany = ({ core }: AddPlan): boolean =>
  nodesOf(core.input).some((node) => node.op === 'join' && isOrdered(node));

/**
 * Whether a live read leaves its change to a function, which is planned only if anything is
 * pending: three tables take as long to plan as everything else.
 */
export const isReadByFunction = ({ core }: AddPlan): boolean =>
  nodesOf(core.input).some((node) => node.op === 'join' && node.inputs.length > 2);

export const planScans = ({ core }: AddPlan): readonly Scan[] => scansOf(core);

/** The nodes above the core, the topmost first. */
export function above(plan: AddPlan): readonly Node[] {
  const nodes: Node[] = [];
  let node: Node | undefined = plan.residual;
  while (node !== undefined && node !== plan.core) {
    nodes.push(node);
    node = inputsOf(node)[0];
  }
  return nodes;
}

/** The columns of the definition that are columns of the core unchanged, by name. */
export function passedOn(residual: Node, core: Core): ReadonlyMap<string, ColumnId> {
  const own = new Set(columnsOf(core).map(({ id }) => id));
  const references = nodesOf(residual)
    .flatMap((node) => (node.op === 'project' && node !== core ? node.outputs : []))
    .toReversed();
  const found = new Map<string, ColumnId>();
  for (const { id: top, name } of columnsOf(residual)) {
    let id = top;
    for (const { column, expr } of references)
      if (column.id === id && expr.kind === 'column') id = idOf(expr);
    if (own.has(id)) found.set(name, id);
  }
  return found;
}

/**
 * The columns of a store's rows that are group keys of a type in which equal values can differ: one
 * of them stands for the group, and its row may have gone.
 */
export function looseColumns(plan: StorePlan): ReadonlySet<string> {
  if (plan.rule !== 'add' || plan.core.op !== 'group') return new Set();
  const { core, store, residual } = plan;
  const loose = new Set(
    core.keys.flatMap(({ column }, place) =>
      store.keys[place]?.facts.equalIsSame === false ? [column.id] : [],
    ),
  );
  return new Set(
    [...passedOn(residual, core)].flatMap(([name, id]) => (loose.has(id) ? [name] : [])),
  );
}

/**
 * The column of the only stored table that a column of the definition is, unchanged; null if it is
 * anything else.
 */
export function storedColumn({ stores, residual }: Plan, name: string): string | null {
  const [store] = stores;
  if (store === undefined || stores.length > 1) return null;
  const own = residual === null ? name : readColumn(residual, name);
  if (own === null) return null;
  return store.rule === 'regroup' ? own : addedColumn(store, own);
}

/** The column of a store that a column of a residual is. */
function readColumn({ query }: Residual, name: string): string | null {
  if (query.kind !== 'select' || query.grouped || query.relations.length !== 1) return null;
  const [relation] = query.relations;
  const expr = query.targets.find((target) => target.name === name)?.expr;
  return relation?.kind === 'table' && expr?.kind === 'column' ? expr.name : null;
}

export function addedColumn(plan: AddPlan, name: string): string | null {
  const { residual, core, store, outputTypes } = plan;
  const id = passedOn(residual, core).get(name);
  const column = id === undefined ? undefined : store.columns.get(id);
  if (column === undefined || computedValues(store).some((value) => value.name === column))
    return null;
  const place = columnsOf(residual).findIndex((one) => one.name === name);
  return storedType(store, column) === outputTypes[place] ? column : null;
}
