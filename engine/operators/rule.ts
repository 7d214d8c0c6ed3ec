/**
 * The contract of an operator, one file each. An operator never asks what kind of operator its
 * inputs are; what wants to know that is a rewrite (`algebra/rewrites/`).
 *
 * Laws, each tested for every operator (test/engine/operators/laws.pg.test.ts):
 *
 *   1  now = before + change      the rows at the frontier plus the signed rows of `change`
 *   2  no change, no work         without pending rows `change` has no row
 *   3  one delta                  every form of `change` (netted or not, expanded or
 *                                 telescoped) is the same multiset
 *   4  one text                   the same node gives the same SQL
 *   5  rewrites are true          a rewritten tree has the same rows
 *
 * Duties of a rule:
 * - `shape` says how each column is written, and that is the same in `now` and in every term of
 *   `change`;
 * - `now` is the operator itself, in the reader's snapshot, with NULLs and duplicates as SQL has
 *   them;
 * - `change` is null if the rule does not know its signed rows: then its rows must be stored, or
 *   nothing stands on it;
 * - `against` names what this node has that cannot be maintained, each with its place;
 * - nothing is read but the inputs' faces.
 *
 * Duties of the caller:
 * - faces of one statement are asked with one `Pending`;
 * - `change` is asked only of operators that have it;
 * - `fenced` is asked for if an expression of this operator, or of one above it, can fail for a
 *   row.
 */
import type { Expr } from '../../parser/tree.ts';
import { deparseExpr } from '../../parser/deparse.ts';
import type { TypeFacts } from '../algebra/facts.ts';
import type { ColumnId, NodeOf, Op, TypedColumn } from '../algebra/node.ts';
import { idOf } from '../algebra/node.ts';
import type { PlanReason } from '../algebra/reason.ts';
import type { Sql } from '../sql/sql.ts';
import { fragment, ident, join, lines, sql } from '../sql/sql.ts';
import type { Netting, Pending } from './pending.ts';

/** An item of FROM, with those columns that can be told apart by their images. */
export type Relation = {
  readonly alias: string;
  readonly columns: readonly {
    readonly name: string;
    /** A short name that is unique in the relation. */
    readonly short: string;
    readonly facts: TypeFacts;
  }[];
};

export type Shape = {
  /** How each column is written in SQL that has the rows' FROM. */
  readonly columns: ReadonlyMap<ColumnId, Sql>;
  readonly relations: readonly Relation[];
  /** OIDs of the tables that the rows come from. */
  readonly sources: readonly number[];
  /** What the rows are called in comments. */
  readonly label: string;
};

/** Rows as `FROM ... WHERE ...`, to which each operator adds. */
export type Rows = { readonly from: readonly Sql[]; readonly where: readonly Sql[] };

/** Signed rows: one summand of a change. */
export type Term = Rows & {
  /** A bigint, its sign included. */
  readonly weight: Sql;
  /** Whether changes are added or taken back; null if both. For the comment: the weight has it. */
  readonly sign: 1 | -1 | null;
  /** Which rows they are, for a comment. */
  readonly label: string;
};

export type Face = {
  readonly shape: Shape;
  readonly now: Rows;
  /** The rows at the frontier, where a table has them: with the change, they are the rows now. */
  readonly before?: Rows;
  /**
   * `asked`: conditions on these rows that whoever reads them asks in any case, and that no row
   * makes fail: rows that do not fulfil them may be left out.
   */
  readonly change: (netting: Netting, asked?: readonly Expr[]) => readonly Term[];
};

export type Rule<K extends Op> = {
  readonly shape: (node: NodeOf<K>, inputs: readonly Shape[]) => Shape;
  readonly now: (node: NodeOf<K>, inputs: readonly Face[]) => Rows;
  readonly change:
    | ((
        node: NodeOf<K>,
        inputs: readonly Face[],
        pending: Pending,
        netting: Netting,
        asked: readonly Expr[],
      ) => readonly Term[])
    | null;
  readonly against: (node: NodeOf<K>) => readonly PlanReason[];
};

/** The one input of an operator that has one. */
export function only<T>(inputs: readonly T[]): T {
  const [input] = inputs;
  if (input === undefined || inputs.length !== 1)
    throw new Error(`${inputs.length} inputs where an operator has one`);
  return input;
}

export const nothingAgainst = (): readonly PlanReason[] => [];

/** A column as it is written over a shape. */
export function columnOf(shape: Shape, id: ColumnId): Sql {
  const column = shape.columns.get(id);
  if (column === undefined) throw new Error(`column ${id} is not in scope`);
  return column;
}

/**
 * The columns of an item of FROM that an operator makes, called by their ids; a relation once the
 * server has told their types.
 */
export function typedRelation(
  alias: string,
  columns: readonly TypedColumn[],
): Pick<Shape, 'columns' | 'relations'> {
  const name = ({ column }: TypedColumn): string => `c${column.id}`;
  const known = columns.flatMap((one) =>
    one.facts === null ? [] : [{ name: name(one), short: name(one), facts: one.facts }],
  );
  return {
    columns: new Map(
      columns.map((one) => [one.column.id, sql`${ident(alias)}.${ident(name(one))}`]),
    ),
    relations: known.length === columns.length ? [{ alias, columns: known }] : [],
  };
}

/** An expression as it is written over a shape. */
export const written = (expr: Expr, shape: Shape): Sql =>
  fragment(deparseExpr(expr, (ref) => columnOf(shape, idOf(ref)).text));

/** `FROM` and `WHERE` of rows, an item and a condition a line. A row of constants has no FROM. */
export const fromWhere = ({ from, where }: Rows): Sql =>
  from.length === 0 ? sql`${conditions(where)}` : sql`FROM\n  ${lines(from)}${conditions(where)}`;

/** A WHERE clause on a line of its own, if there is anything to say. */
export const conditions = (where: readonly Sql[]): Sql =>
  where.length === 0 ? sql`` : sql`\nWHERE ${join(where, '\n  AND ')}`;

/** A term's label as a one-line comment. */
export function termLabel({ label, sign }: Term): Sql {
  const word = sign === null ? '' : sign === 1 ? 'plus ' : 'minus ';
  return fragment(`${word}${label}`.replaceAll(/[\r\n]/g, ' '));
}
