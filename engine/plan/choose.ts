/**
 * From a tree to a plan, or to every reason against one. This is the only place that says what
 * cannot be maintained: the parser reads, the rules say what they have, and here it is put
 * together.
 */
import type { Expr } from '../../parser/tree.ts';
import { equalExpr, visit } from '../../parser/walk.ts';
import { differentOf } from '../algebra/different.ts';
import { failsIn } from '../algebra/fails-in.ts';
import type { ColumnId, Group, Node } from '../algebra/node.ts';
import {
  expressionsOf,
  idOf,
  inputsOf,
  nodesOf,
  reference,
  referencesOf,
} from '../algebra/node.ts';
import { INT2, INT4, INT8, MONEY, NUMERIC } from '../algebra/facts.ts';
import { labeller } from '../algebra/print.ts';
import type { PlanReason } from '../algebra/reason.ts';
import {
  ambiguousKey,
  distinctGroups,
  extremeOfGroups,
  failingFilter,
  inexact,
  tooManyColumns,
  tooManyDifferent,
} from '../algebra/reason.ts';
import { extremeRule } from '../aggregates/extreme.ts';
import type { PartType } from '../aggregates/parts.ts';
import { against, faceOf } from '../operators/all.ts';
import { bagStore } from '../operators/bag.ts';
import type { Types } from '../operators/group.ts';
import { groupStore } from '../operators/group.ts';
import type { OutputName, Store } from '../operators/store.ts';
import type { AddPlan, Core, RowsPlan, StorePlan } from './plan.ts';
import { passedOn } from './plan.ts';

/** A tree cut at what will be stored. */
export type Cut = { readonly core: Core; readonly residual: Node };

/** Where to cut a tree, or what in its form stands against any plan; needs no types. */
export function cut(tree: Node): Cut | { readonly reasons: readonly PlanReason[] } {
  const views = nodesOf(tree).filter(({ op }) => op === 'derived');
  const outermost = views.filter((view) => !views.some((other) => isBelow(view, other)));
  if (outermost.length > 0) return { reasons: outermost.flatMap(against) };
  const topmost = nodesOf(tree).findLast(({ op }) => op === 'group');
  const below = topmost === undefined ? [] : nodesOf(topmost).filter(({ op }) => op === 'distinct');
  if (below.length > 0) return { reasons: [distinctGroups] };
  if (topmost?.op === 'group') return { core: topmost, residual: tree };
  return rowsOf(tree);
}

const isBelow = (node: Node, other: Node): boolean =>
  inputsOf(other).some((input) => nodesOf(input).includes(node));

/** The rows of a select-project-join, each expression stored once. */
function rowsOf(tree: Node): Cut {
  if (tree.op !== 'project') throw new Error(`a definition ends in ${tree.op}`);
  const { outputs } = tree;
  const first = (expr: Expr): (typeof outputs)[number] | undefined =>
    outputs.find((one) => equalExpr(one.expr, expr));
  const core: Core = { ...tree, outputs: outputs.filter((one) => first(one.expr) === one) };
  if (core.outputs.length === outputs.length) return { core, residual: core };
  const references = outputs.map(({ column, expr }) => ({
    column,
    expr: reference(first(expr)?.column ?? column, expr.span),
  }));
  return { core, residual: { op: 'project', input: core, outputs: references } };
}

/** `rows`: the store of the rows that the tree reads from another one, if it does. */
export function choose(
  { core, residual }: Cut,
  types: Types,
  outputTypes: readonly string[],
  rows: RowsPlan | null,
): AddPlan | { readonly reasons: readonly PlanReason[] } {
  return planOf({ core, residual }, types, outputTypes, null, null, rows);
}

/** `named`: how columns are called; `known`: the store of groups below, where it is planned. */
function planOf(
  { core, residual }: Cut,
  types: Types,
  outputTypes: readonly string[],
  named: OutputName | null,
  known: StorePlan | null,
  rows: RowsPlan | null,
): AddPlan | { readonly reasons: readonly PlanReason[] } {
  const inner = known ?? innerPlan(core, types, rows);
  if (inner !== null && 'reasons' in inner) return inner;
  const input = faceOf(core.input, null).shape;
  const shown = passedOn(residual, core);
  const outputName =
    named ?? ((id: ColumnId) => [...shown].find(([, column]) => column === id)?.[0] ?? null);
  const store =
    core.op === 'group'
      ? groupStore(core, input, types, outputName)
      : bagStore(core, input, types, outputName);
  const reasons = [
    ...('reasons' in store ? store.reasons : columnsIn(store)),
    ...(inner !== null || named !== null ? extremesIn(core) : []),
    ...ambiguousUses(core, residual, types),
    ...nodesOf(core).flatMap(against),
  ];
  const different = core.op === 'group' ? differentPlans(core, types, outputName, inner) : [];
  if ('reasons' in store || reasons.length > 0) return { reasons };
  if ('reasons' in different) return different;
  return {
    rule: 'add',
    core,
    store,
    different,
    inner,
    residual,
    outputTypes,
    netting: mayFail(core, store) ? 'fenced' : 'logged',
  };
}

/** PostgreSQL's MaxHeapAttributeNumber; lists of a SELECT can have a few more. */
const MAX_COLUMNS = 1600;

/** An extreme has four columns where it is merged (generate/extremes.ts). */
function columnsIn({ identity, keys, parts, extremes, values }: Store): readonly PlanReason[] {
  const own = identity.extra.length + keys.length + parts.length + values.length + OTHERS;
  const count = own + 4 * extremes.length;
  return count > MAX_COLUMNS ? [tooManyColumns(count, MAX_COLUMNS)] : [];
}

/** The number of rows, their total, the access key, and what tells rows apart. */
const OTHERS = 4;

/** What stands against aggregates that are merged, over groups and below them. */
function extremesIn(core: Core): readonly PlanReason[] {
  if (core.op !== 'group') return [];
  const label = labeller(core);
  return core.aggregates
    .filter(({ call }) => call.schema === null && extremeRule.names.includes(call.name))
    .map(({ call }) => extremeOfGroups(label(call), call.span));
}

/** More stores of different values than this are not worth their folds. */
const MAX_DIFFERENT = 8;

/** How the different values are stored that aggregates with DISTINCT are computed from. */
function differentPlans(
  core: Group,
  types: Types,
  outputName: OutputName,
  inner: StorePlan | null,
): readonly AddPlan[] | { readonly reasons: readonly PlanReason[] } {
  const found = differentOf(core);
  const filters = found.flatMap(({ calls }) => calls[0]?.call.filter ?? []);
  const failing = filters.filter(failsIn(core));
  if (failing.length > 0) return { reasons: failing.map(({ span }) => failingFilter(span)) };
  if (found.length > MAX_DIFFERENT)
    return { reasons: [tooManyDifferent(found.length, MAX_DIFFERENT)] };
  const plans = found.map(({ rows }) => {
    const own = keyNames(rows);
    const name = (id: ColumnId): string | null => outputName(id) ?? own(id);
    return planOf({ core: rows, residual: rows }, types, [], name, inner, null);
  });
  const reasons = plans.flatMap((one) => ('reasons' in one ? one.reasons : []));
  return reasons.length > 0 ? { reasons } : plans.flatMap((one) => ('rule' in one ? one : []));
}

/** Keys are called as the columns that they are. */
function keyNames({ keys }: Group): OutputName {
  const names = new Map(
    keys.map(({ column, expr }) => [column.id, expr.kind === 'column' ? expr.name : column.name]),
  );
  return (id) => names.get(id) ?? null;
}

/** How the topmost groups below a core are stored, or its rows; null if there are none. */
function innerPlan(
  core: Core,
  types: Types,
  rows: RowsPlan | null,
): StorePlan | null | { readonly reasons: readonly PlanReason[] } {
  const inner = nodesOf(core.input).findLast(({ op }) => op === 'group');
  if (inner?.op !== 'group') return rows;
  const reasons = unstableUses(inner, core, types);
  if (reasons.length > 0) return { reasons };
  return planOf({ core: inner, residual: inner }, types, [], keyNames(inner), null, rows);
}

/**
 * Uses of groups below a core of which the stored row does not tell what was added for it: keys of
 * which equal values can differ, unless they are keys again, and aggregates that are not exact.
 */
function unstableUses(inner: Group, core: Core, types: Types): readonly PlanReason[] {
  const below = nodesOf(inner);
  const label = labeller(inner);
  const keys = core.op === 'group' ? core.keys.map(({ expr }) => expr) : [];
  const used = nodesOf(core)
    .filter((node) => !below.includes(node))
    .flatMap(expressionsOf);
  const computed = new Set(
    used.filter((expr) => !(keys.includes(expr) && expr.kind === 'column')).flatMap(referencesOf),
  );
  const all = new Set(used.flatMap(referencesOf));
  return [
    ...inner.keys
      .filter(({ column }) => computed.has(column.id) && !types.of(column.id).equalIsSame)
      .map(({ column, expr }) => ambiguousKey(label(expr), types.of(column.id).type, expr.span)),
    ...inner.aggregates
      .filter(({ column }) => all.has(column.id) && !EXACT.has(types.of(column.id).oid))
      .map(({ column, call }) => inexact(label(call), types.of(column.id).type, call.span)),
  ];
}

const BOOLEAN = 16;

/** The types of aggregates that are the same to the last digit, whatever order they add up in. */
const EXACT: ReadonlySet<number> = new Set([INT2, INT4, INT8, NUMERIC, MONEY, BOOLEAN]);

/**
 * Expressions above a grouping that can tell equal keys apart. Which of several equal values
 * (numeric 1.0 and 1.00, citext 'a' and 'A') stands for a group is PostgreSQL's choice, and changes
 * when rows go; compared as a column the values are equal, but a function of them need not be.
 */
function ambiguousUses(core: Core, residual: Node, types: Types): readonly PlanReason[] {
  if (core.op !== 'group') return [];
  const keys = new Map<ColumnId, Expr>(core.keys.map(({ column, expr }) => [column.id, expr]));
  const label = labeller(core);
  const found: PlanReason[] = [];
  for (const expr of nodesOf(residual)
    .filter((node) => !nodesOf(core).includes(node))
    .flatMap(expressionsOf)) {
    visit(expr, (inner) => {
      if (inner.kind !== 'column' || inner === expr) return;
      const key = keys.get(idOf(inner));
      if (key === undefined) return;
      const facts = types.of(idOf(inner));
      if (!facts.equalIsSame) found.push(ambiguousKey(label(key), facts.type, inner.span));
    });
  }
  return found;
}

/**
 * Parts whose sums overflow at values that a row can well have: what has come and gone again must
 * not be added up.
 */
const OVERFLOWING: ReadonlySet<PartType> = new Set(['money', 'interval']);

/** Whether an expression over the sources can fail for some rows. */
const mayFail = (core: Core, store: Store): boolean =>
  nodesOf(core).flatMap(expressionsOf).some(failsIn(core)) ||
  store.parts.some((part) => OVERFLOWING.has(part.type));
