/**
 * By which columns of tables the rows of a group are found again, as far as an index on columns can
 * find them.
 */
import type { Expr } from '../../parser/tree.ts';
import type { ColumnFacts, SourceFacts } from '../algebra/facts.ts';
import type { ColumnId, Node } from '../algebra/node.ts';
import { columnsOf, expressionsOf, idOf, inputsOf, nodesOf, scansOf } from '../algebra/node.ts';
import { shiftedColumn } from '../algebra/solved.ts';
import { extremeRule } from '../aggregates/extreme.ts';
import { indexKey } from '../regroup/index-key.ts';
import type { AddPlan } from './plan.ts';

export type TableColumn = { readonly source: SourceFacts; readonly column: ColumnFacts };

/**
 *   keys    for each group key that is a column, the columns of tables that it is: of UNION ALL,
 *           one for each branch
 *   joins   columns that are compared with those of other tables
 */
export type GroupColumns = {
  readonly keys: readonly (readonly TableColumn[])[];
  readonly joins: readonly TableColumn[];
};

export function groupColumns({ core }: AddPlan): GroupColumns {
  const keys = core.op === 'group' ? core.keys.map(({ expr }) => expr) : [];
  return {
    keys: keys.flatMap((expr) => {
      const found = tableColumns(core.input, expr);
      return found === null ? [] : [found];
    }),
    joins: nodesOf(core.input).flatMap((node) =>
      node.op === 'join' || node.op === 'filter'
        ? expressionsOf(node).flatMap((condition) => joined(node, condition))
        : [],
    ),
  };
}

/** Columns, or one expression. */
export type NeededIndex = {
  readonly source: SourceFacts;
  readonly columns: readonly string[];
  readonly isExpression: boolean;
};

/** Indexes by which what a change needs of tables is found with few reads. */
export const neededIndexes = (plan: AddPlan): readonly NeededIndex[] => [
  ...ofExtremes(plan),
  ...ofTime(plan),
];

/**
 * For each two tables that conditions join, the columns of each by which a change of the other one
 * finds its rows. An index that begins with one of these finds few.
 */
export function joinIndexes({ core }: AddPlan): readonly NeededIndex[] {
  const found = new Map<string, { source: SourceFacts; columns: Set<string> }>();
  const add = (own: TableColumn, other: TableColumn): void => {
    const { source, column } = own;
    // A table that is joined with itself needs an index for each direction.
    const itself = source.oid === other.source.oid ? column.name : null;
    const pair = JSON.stringify([source.oid, other.source.oid, itself]);
    const columns = found.get(pair)?.columns ?? new Set();
    found.set(pair, { source, columns: columns.add(column.name) });
  };
  for (const node of nodesOf(core.input)) {
    const conditions = node.op === 'join' ? node.conditions : [];
    for (const [left, right] of conditions.map((condition) => sidesOf(node, condition)))
      for (const one of left ?? [])
        for (const other of right ?? []) {
          add(one, other);
          add(other, one);
        }
  }
  return [...found.values()].map(({ source, columns }) => ({
    source,
    columns: [...columns],
    isExpression: false,
  }));
}

/** By which the rows that the passing of time has changed are found. */
const ofTime = ({ core }: AddPlan): readonly NeededIndex[] =>
  scansOf(core).flatMap(({ source, timed }) =>
    timed.flatMap(({ between }) => {
      const factsOf = ({ name }: { readonly name: string }): ColumnFacts | null =>
        source.columns.find((one) => one.name === name) ?? null;
      const key = between === null ? null : indexKey(between.value, factsOf);
      return key === null ? [] : { source, columns: [key.column], isExpression: key.isExpression };
    }),
  );

/**
 * Indexes by which an extreme is derived again with few reads: of one table on the group keys and
 * the argument, whose first or last entry is the answer, otherwise on the group keys where they are
 * and on what joins the tables. None for groups whose extremes need no deriving, nor for keys that
 * are computed.
 */
function ofExtremes(plan: AddPlan): readonly NeededIndex[] {
  const { core, store } = plan;
  if (core.op !== 'group' || store.extremes.length === 0) return [];
  const { keys, joins } = groupColumns(plan);
  const [scan, ...others] = scansOf(core);
  if (scan !== undefined && others.length === 0) {
    if (keys.length < core.keys.length) return ofColumns(keys.flat());
    const values = core.aggregates.flatMap(({ call, args }) =>
      EXTREMES.has(call.name)
        ? args.flatMap(({ expr }) => tableColumns(core.input, expr) ?? [])
        : [],
    );
    return values.map((value) => ({
      source: scan.source,
      columns: [...keys.flat(), value].map(({ column }) => column.name),
      isExpression: false,
    }));
  }
  return keys.length === 0 ? [] : ofColumns([...keys.flat(), ...joins]);
}

const EXTREMES: ReadonlySet<string> = new Set(extremeRule.names);

const ofColumns = (columns: readonly TableColumn[]): readonly NeededIndex[] =>
  columns.map(({ source, column }) => ({ source, columns: [column.name], isExpression: false }));

const joined = (node: Node, condition: Expr): readonly TableColumn[] =>
  sidesOf(node, condition).flat();

/** The columns on both sides of an equation, constants apart; none of any other condition. */
function sidesOf(node: Node, condition: Expr): readonly (readonly TableColumn[])[] {
  if (condition.kind !== 'binary' || condition.op !== '=') return [];
  const sides = [condition.left, condition.right].map((side) =>
    comparedColumns(node, shiftedColumn(side) ?? side),
  );
  return sides.includes(null) ? [] : sides.map((side) => side ?? []);
}

/** Those that a side of an equation is, casts apart that an index on the column sees through. */
function comparedColumns(node: Node, side: Expr): readonly TableColumn[] | null {
  if (side.kind !== 'cast') return tableColumns(node, side);
  const own = comparedColumns(node, side.operand);
  return own?.every(({ column }) => isSameValue(column, side.type)) === true ? own : null;
}

/** Of a domain to what it is made of, and of varchar to text. */
const isSameValue = ({ logType }: ColumnFacts, type: string): boolean =>
  type === logType || (type === 'text' && logType === 'character varying');

/** The columns of tables that an expression over a node is; null if it is computed. */
export function tableColumns(node: Node, expr: Expr): readonly TableColumn[] | null {
  return expr.kind === 'column' ? origins(node, idOf(expr)) : null;
}

function origins(node: Node, id: ColumnId): readonly TableColumn[] | null {
  switch (node.op) {
    case 'scan': {
      const found = node.columns.find(({ column }) => column.id === id);
      return found === undefined ? null : [{ source: node.source, column: found.facts }];
    }
    case 'unionAll': {
      const place = node.columns.findIndex(({ column }) => column.id === id);
      const branches = node.inputs.map((input) => {
        const own = columnsOf(input)[place];
        return own === undefined ? null : origins(input, own.id);
      });
      return branches.includes(null) ? null : branches.flatMap((branch) => branch ?? []);
    }
    case 'project': {
      const output = node.outputs.find(({ column }) => column.id === id);
      return output === undefined ? null : tableColumns(node.input, output.expr);
    }
    case 'group':
      return null;
    default: {
      const input = inputsOf(node).find((one) => columnsOf(one).some((own) => own.id === id));
      return input === undefined ? null : origins(input, id);
    }
  }
}
