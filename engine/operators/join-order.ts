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
 * The first of these that there is comes next. Within it, first what leads to fewer rows soonest:
 * an input with conditions of its own, or from which keys lead to one in the fewest steps; among
 * equals the first of the definition.
 */
import type { Expr } from '../../parser/tree.ts';
import { visit } from '../../parser/walk.ts';
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
  const steps = stepsToFewer(node, inputs);
  const order = [first];
  /** Whose keys tell rows apart. */
  const telling = [first];
  const left = new Set(inputs.keys());
  left.delete(first);
  while (left.size > 0) {
    const of = (positions: readonly number[]): Input[] =>
      positions.flatMap((position) => inputs[position] ?? []);
    const ranks = new Map(
      [...left].map((position) => [position, rank(inputs[position], of(order), of(telling))]),
    );
    const rankOf = (position: number): number => ranks.get(position) ?? 0;
    const stepsOf = (position: number): number => steps[position] ?? 0;
    const next = [...left].reduce((best, position) =>
      rankOf(position) < rankOf(best) ||
      (rankOf(position) === rankOf(best) && stepsOf(position) < stepsOf(best))
        ? position
        : best,
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

/**
 * The positions of the inputs, first those whose rows lead to the most others by keys: of a chain
 * of tables the one that refers to all others, by far the largest.
 */
export function largestFirst(node: NodeOf<'join'>): readonly number[] {
  const classOf = equalColumns(node);
  const inputs = node.inputs.map((input) => inputOf(input, classOf));
  const counts = inputs.map((_, position) => reachedBy(inputs, position).size);
  return [...inputs.keys()].sort((a, b) => (counts[b] ?? 0) - (counts[a] ?? 0) || a - b);
}

/** The inputs of which each row has the whole primary key. */
const referredBy = (inputs: readonly Input[], position: number): readonly number[] => {
  const has = (column: ColumnId): boolean => inputs[position]?.classes.has(column) ?? false;
  return [...inputs.keys()].filter(
    (other) => other !== position && isIn(inputs[other]?.key ?? [], has),
  );
};

/** The input itself and those to which references lead. Tables with one key refer to each other. */
function reachedBy(inputs: readonly Input[], position: number): ReadonlySet<number> {
  const reached = new Set([position]);
  for (const one of reached) for (const other of referredBy(inputs, one)) reached.add(other);
  return reached;
}

/** From each input, how many references lead to one that a condition of its own is on. */
function stepsToFewer(node: NodeOf<'join'>, inputs: readonly Input[]): readonly number[] {
  const own = new Set(
    node.conditions
      .filter((condition) => equality(condition) === null)
      .flatMap((condition) => columnsIn(condition)),
  );
  const steps = node.inputs.map((input) =>
    input.op === 'filter' || columnsOf(input).some(({ id }) => own.has(id)) ? 0 : Infinity,
  );
  for (let round = 0; round < inputs.length; round++)
    for (const position of inputs.keys())
      for (const other of referredBy(inputs, position))
        steps[position] = Math.min(steps[position] ?? Infinity, 1 + (steps[other] ?? Infinity));
  return steps;
}

function columnsIn(condition: Expr): readonly ColumnId[] {
  const found: ColumnId[] = [];
  visit(condition, (expr) => {
    if (expr.kind === 'column') found.push(idOf(expr));
  });
  return found;
}

/** The columns of a condition `column = column`. */
function equality(condition: Expr): readonly [ColumnId, ColumnId] | null {
  if (condition.kind !== 'binary' || condition.op !== '=') return null;
  const { left, right } = condition;
  return left.kind === 'column' && right.kind === 'column' ? [idOf(left), idOf(right)] : null;
}

/** By the conditions `column = column`. */
function equalColumns({ conditions }: NodeOf<'join'>): ClassOf {
  const parents = new Map<ColumnId, ColumnId>();
  const classOf = (column: ColumnId): ColumnId => {
    const parent = parents.get(column);
    return parent === undefined ? column : classOf(parent);
  };
  for (const condition of conditions) {
    const columns = equality(condition);
    if (columns === null) continue;
    const [a, b] = [classOf(columns[0]), classOf(columns[1])];
    if (a !== b) parents.set(a, b);
  }
  return classOf;
}
