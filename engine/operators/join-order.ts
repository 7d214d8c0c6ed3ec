/**
 * The order in which a change is joined with the other inputs. Columns that are compared with each
 * other by `=` are one column; `rows` are the rows that are joined so far.
 *
 *   1  inputs of which `rows` have the whole primary key: each row finds at most one
 *   2  inputs that have the whole primary key of one that was not itself found in this way: no two
 *      of `rows` that differ in it find the same row
 *   3  inputs that have any column in common with `rows`
 *   4  the others
 *
 * The first of these that there is comes next, within it the first of the definition.
 */
import type { ColumnId, NodeOf } from '../algebra/node.ts';
import { columnsOf, idOf, type Node } from '../algebra/node.ts';

/** Of columns that are equal to each other, all have the same. */
type ClassOf = (column: ColumnId) => ColumnId;

type Input = {
  readonly classes: ReadonlySet<ColumnId>;
  /** Empty if it has no primary key, or the definition does not read each column of that. */
  readonly key: readonly ColumnId[];
};

/** The positions of the inputs; `first` is the one that has changed. */
export function joinOrder(node: NodeOf<'join'>, first: number): readonly number[] {
  const classOf = equalColumns(node);
  const inputs = node.inputs.map((input) => inputOf(input, classOf));
  const order = [first];
  /** Whose keys tell rows apart. */
  const telling = [first];
  const left = new Set(inputs.keys());
  left.delete(first);
  while (left.size > 0) {
    const of = (positions: readonly number[]): Input[] =>
      positions.flatMap((position) => inputs[position] ?? []);
    const rankOf = (position: number): number => rank(inputs[position], of(order), of(telling));
    const next = [...left].reduce((best, position) =>
      rankOf(position) < rankOf(best) ? position : best,
    );
    if (rankOf(next) > 1) telling.push(next);
    order.push(next);
    left.delete(next);
  }
  return order;
}

function rank(
  input: Input | undefined,
  joined: readonly Input[],
  telling: readonly Input[],
): number {
  if (input === undefined) throw new Error('a join has as many inputs as positions');
  const has = (column: ColumnId): boolean => joined.some(({ classes }) => classes.has(column));
  if (isIn(input.key, has)) return 1;
  const own = (column: ColumnId): boolean => input.classes.has(column);
  if (telling.some(({ key }) => isIn(key, own))) return 2;
  return [...input.classes].some(has) ? 3 : 4;
}

const isIn = (key: readonly ColumnId[], has: (column: ColumnId) => boolean): boolean =>
  key.length > 0 && key.every(has);

function inputOf(input: Node, classOf: ClassOf): Input {
  const classes = new Set(columnsOf(input).map(({ id }) => classOf(id)));
  if (input.op !== 'scan') return { classes, key: [] };
  const wanted = input.source.columns.filter(({ isInPrimaryKey }) => isInPrimaryKey);
  const key = input.columns.flatMap(({ column, facts }) =>
    facts.isInPrimaryKey ? [classOf(column.id)] : [],
  );
  return { classes, key: key.length === wanted.length ? key : [] };
}

/** By the conditions `column = column`. */
function equalColumns({ conditions }: NodeOf<'join'>): ClassOf {
  const parents = new Map<ColumnId, ColumnId>();
  const classOf = (column: ColumnId): ColumnId => {
    const parent = parents.get(column);
    return parent === undefined ? column : classOf(parent);
  };
  for (const condition of conditions) {
    if (condition.kind !== 'binary' || condition.op !== '=') continue;
    const { left, right } = condition;
    if (left.kind !== 'column' || right.kind !== 'column') continue;
    const [a, b] = [classOf(idOf(left)), classOf(idOf(right))];
    if (a !== b) parents.set(a, b);
  }
  return classOf;
}
