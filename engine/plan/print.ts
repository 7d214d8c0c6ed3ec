/**
 * A plan for people: the tree of the definition, the topmost operator first, each line with the
 * rule by which it is maintained and what is stored of it. What an operator consists of stands
 * deeper than its input.
 */
import { deparseExpr } from '../../parser/deparse.ts';
import { quoteQualified } from '../../parser/quote.ts';
import type { Expr } from '../../parser/tree.ts';
import type { Node, NodeOf, Output } from '../algebra/node.ts';
import { columnsOf, inputsOf } from '../algebra/node.ts';
import { labeller } from '../algebra/print.ts';
import type { Store } from '../operators/store.ts';
import { itemOf } from '../regroup/classes.ts';
import type { Outline } from '../regroup/outline.ts';
import { tablesOf } from '../regroup/outline.ts';
import type { Path } from '../regroup/paths.ts';
import type { AddPlan, Plan, RowsPlan, StorePlan } from './plan.ts';
import { above, readByKey } from './plan.ts';

export type PlanLine = {
  /** How deep it stands in the tree, from 0. */
  readonly depth: number;
  readonly clause: string;
  readonly rule: string;
  readonly stored: string;
};

type Label = (expr: Expr) => string;

const NOTHING = 'nothing';
const WHEN_READ = 'computed when read';

export function planLines({ stores, residual }: Plan): readonly PlanLine[] {
  if (residual === null) return stores.flatMap(storeLines);
  const above = {
    depth: 0,
    clause: `query over ${stores.length === 1 ? 'a store' : `${stores.length} stores`}`,
    rule: WHEN_READ,
    stored: NOTHING,
  };
  const below = stores.flatMap(storeLines).map((line) => ({ ...line, depth: line.depth + 1 }));
  return [above, ...below];
}

const storeLines = (plan: StorePlan): readonly PlanLine[] =>
  plan.rule === 'add' ? addLines(plan) : regroupLines(plan);

function addLines(plan: AddPlan, ofGroups = 'stored, one row per group'): readonly PlanLine[] {
  const label = labeller(plan.residual);
  const lines = above(plan).flatMap((node, depth) => residualLines(node, depth, label));
  const depth = above(plan).length;
  return [
    ...lines,
    ...coreLines(plan, ofGroups, depth, label),
    ...belowCore(plan, depth + 1, label),
  ];
}

/** The conditions on single tables without which a change touches no key. */
const askedOf = ({ filters, reductions }: Path): readonly Expr[] => [
  ...filters,
  ...reductions.flatMap(({ conditions }) => conditions.filter((expr) => itemOf(expr) !== null)),
];

const conditionText = ({ items }: Outline, expr: Expr): string =>
  deparseExpr(expr, ({ relation, name }) =>
    quoteQualified(items.get(relation)?.relation.alias ?? '', name),
  );

/** The input of a core, and the stores below. */
const belowCore = (plan: AddPlan, depth: number, label: Label): readonly PlanLine[] => [
  ...below(plan.core.input, plan.inner, depth, label),
  ...plan.different.flatMap((one) => [
    ...coreLines(one, 'stored; rows that come and go change the groups above', depth, label),
    ...belowCore(one, depth + 1, label),
  ]),
];

/** A node above the core. */
function residualLines(node: Node, depth: number, label: Label): readonly PlanLine[] {
  const own = { depth, clause: clauseOf(node, label), rule: WHEN_READ, stored: NOTHING };
  if (node.op !== 'project') return [own];
  return [own, ...computed(node.outputs, depth, label)];
}

/** Outputs that are more than a column of the input. */
const computed = (outputs: readonly Output[], depth: number, label: Label): readonly PlanLine[] =>
  outputs
    .filter(({ expr }) => expr.kind !== 'column')
    .map(({ column, expr }) => ({
      depth: depth + 2,
      clause: `${label(expr)} AS ${column.name}`,
      rule: WHEN_READ,
      stored: NOTHING,
    }));

function coreLines(
  plan: AddPlan,
  ofGroups: string,
  depth: number,
  label: Label,
): readonly PlanLine[] {
  const { core, store } = plan;
  const rule = core.op === 'group' ? ofGroups : 'stored, each row once';
  const own = {
    depth,
    clause: clauseOf(core, label),
    rule,
    stored: [...store.identity.extra, ...store.keys.map(({ name }) => name)].join(', '),
  };
  const keyRule = core.op === 'group' ? 'group key' : 'column';
  return [own, ...parts(store, keyRule).map((line) => ({ ...line, depth: depth + 2 }))];
}

const parts = (store: Store, keyRule: string): readonly Omit<PlanLine, 'depth'>[] => [
  ...store.keys.map(({ label, name }) => ({ clause: label, rule: keyRule, stored: name })),
  ...store.parts.map(({ comment, name }) => ({
    clause: comment,
    rule: 'additive part',
    stored: name,
  })),
  ...store.extremes.map(({ comment, name }) => ({
    clause: comment,
    rule: 'merged; derived again where it may have gone',
    stored: name,
  })),
  ...store.values.map((value) => ({
    clause: value.label,
    rule: value.stored ? 'finished aggregate' : WHEN_READ,
    stored: value.stored ? value.name : NOTHING,
  })),
];

/** The one line that says what a store holds. */
export const storeClause = (plan: StorePlan): string =>
  plan.rule === 'add' ? clauseOf(plan.core, labeller(plan.residual)) : rowsClause(plan);

function rowsClause({ key, recursion }: RowsPlan): string {
  if (recursion === null) return `rows by ${key.label}`;
  const rows = `rows of recursive CTE "${recursion.name}"`;
  return recursion.hasKey ? `${rows} by ${key.label}` : rows;
}

/** What is computed when keys are touched. */
function rowsRule({ recursion }: RowsPlan): string {
  if (recursion === null) return 'stored, those of touched keys computed again';
  if (!recursion.hasKey) return 'stored, all of them computed again and compared';
  const further = recursion.link === null ? '' : ', and of all keys to which steps lead from them,';
  return `stored, those of touched keys${further} computed again`;
}

/** What stands below the core: its changes are computed, and of it only groups are stored. */
function below(
  node: Node,
  inner: StorePlan | null,
  depth: number,
  label: Label,
): readonly PlanLine[] {
  if (inner?.rule === 'regroup' && node.op === 'stored')
    return regroupLines(inner).map((line) => ({ ...line, depth: line.depth + depth }));
  if (inner?.rule === 'add' && node === inner.core)
    return [
      ...coreLines(inner, 'stored; its changes change the groups above', depth, label),
      ...belowCore(inner, depth + 1, label),
    ];
  const rule = node.op === 'join' ? 'multilinear' : 'linear';
  return [
    { depth, clause: clauseOf(node, label), rule, stored: NOTHING },
    ...inputsOf(node).flatMap((input) => below(input, inner, depth + 1, label)),
  ];
}

function appliedOf({ rows, label: alias }: NodeOf<'apply'>, label: Label): string {
  switch (rows.kind) {
    case 'functions':
      return `${rows.functions.map(({ call }) => label(call)).join(', ')} AS ${alias}`;
    case 'values':
      return `${rows.rows.length} rows of constants AS ${alias}`;
    case 'select':
      return rows.exprs.map(label).join(', ');
  }
}

function clauseOf(node: Node, label: Label): string {
  const names = columnsOf(node)
    .map(({ name }) => name)
    .join(', ');
  switch (node.op) {
    case 'scan':
      return `scan ${node.source.schema}.${node.source.name} AS ${node.label} (${names})`;
    case 'stored':
      return `rows (${names})`;
    case 'filter':
      return `filter ${node.conditions.map(label).join(' AND ')}`;
    case 'join':
      return node.conditions.length === 0
        ? 'cross join'
        : `join on ${node.conditions.map(label).join(' AND ')}`;
    case 'apply':
      return `apply ${appliedOf(node, label)}`;
    case 'unionAll':
      return 'union all';
    case 'group':
      return node.keys.length === 0
        ? 'group all rows'
        : `group by ${node.keys.map(({ expr }) => label(expr)).join(', ')}`;
    case 'project':
      return `project ${names}`;
    case 'distinct':
      return 'distinct';
    case 'derived':
      return `view ${node.name}`;
  }
}

/** The stored rows, and for each table how its changes lead to them. */
function regroupLines(plan: RowsPlan): readonly PlanLine[] {
  const { key, columns, paths, outline } = plan;
  const isShown = columns.includes(key.name);
  const own = {
    depth: 0,
    clause: rowsClause(plan),
    rule: rowsRule(plan),
    stored: [...columns, ...(isShown ? [] : [key.name])].join(', '),
  };
  const alias = (item: number): string => outline.items.get(item)?.relation.alias ?? '';
  const tables = tablesOf(outline).map(({ number, relation }) => {
    const path = paths.get(number) ?? null;
    const isHeld = readByKey(plan).some(({ item }) => item === number);
    const way = path?.tables.slice(1).map(alias).join(', ') ?? '';
    const rule =
      path === null
        ? 'a change computes all rows again'
        : way === ''
          ? 'touches the key of its own row'
          : `touches keys through ${way}`;
    const asked = path === null ? [] : askedOf(path).map((expr) => conditionText(outline, expr));
    const where = asked.length === 0 ? '' : ` where ${asked.join(' AND ')}`;
    return {
      depth: 1,
      clause: `scan ${relation.schema}.${relation.name} AS ${relation.alias}`,
      rule: isHeld ? `${rule}${where}; read by the key` : `${rule}${where}`,
      stored: NOTHING,
    };
  });
  const groups = (plan.groups?.stores ?? [])
    .flatMap((one) => addLines(one, 'stored, one row per group; the rows are computed from it'))
    .map((line) => ({ ...line, depth: line.depth + 1 }));
  return [own, ...tables, ...groups];
}
