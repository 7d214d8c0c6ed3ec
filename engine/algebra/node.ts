/**
 * A definition as a tree of relational operators. Data only: what an operator means is in
 * `engine/operators/`.
 *
 * Columns have ids that are unique in a definition, so an expression says which column it means
 * without aliases, and a rewrite that moves a subtree renames nothing. An expression is the
 * parser's, in which each reference was made by `reference`: its `relation` is the id of the
 * column, its `name` is for people only.
 */
import type {
  Aggregate,
  ColumnDefinition,
  ColumnRef,
  Expr,
  Query,
  Span,
} from '../../parser/tree.ts';
import { mapExpr, visit } from '../../parser/walk.ts';
import type { ColumnFacts, SourceFacts } from './facts.ts';
import type { Timed } from './timed.ts';

export type ColumnId = number & { readonly column: unique symbol };

/** A column of a relation; `name` need not be unique. */
export type Column = { readonly id: ColumnId; readonly name: string; readonly span: Span | null };

/** A computed column. */
export type Output = { readonly column: Column; readonly expr: Expr };

/**
 * One occurrence of a source; a self-join has two. `number` counts the occurrences of a definition
 * from 1.
 */
export type Scan = {
  readonly op: 'scan';
  readonly source: SourceFacts;
  readonly number: number;
  /** Its alias in the definition. */
  readonly label: string;
  readonly columns: readonly { readonly column: Column; readonly facts: ColumnFacts }[];
  /**
   * Its comparisons with bounds that move with the time; if there are any, its last column is the
   * moment as of which a row is read.
   */
  readonly timed: readonly Timed[];
  readonly span: Span | null;
};

/**
 * The rows of a query that another store holds, which computes those of touched keys again: what
 * stands above sees them as a table that changes.
 */
export type Stored = {
  readonly op: 'stored';
  readonly query: Query;
  /** OIDs of the tables that the query reads. */
  readonly sources: readonly number[];
  readonly columns: readonly { readonly column: Column; readonly facts: ColumnFacts }[];
  /** Its place in the definition, for a name; unique among scans, applies and unions. */
  readonly number: number;
};

/** Rows for which all conditions hold. */
export type Filter = {
  readonly op: 'filter';
  readonly input: Node;
  readonly conditions: readonly Expr[];
};

export type Project = {
  readonly op: 'project';
  readonly input: Node;
  readonly outputs: readonly Output[];
};

/**
 * The inner join of any number of inputs under one conjunction; of none: one row without columns.
 */
export type Join = {
  readonly op: 'join';
  readonly inputs: readonly Node[];
  readonly conditions: readonly Expr[];
};

/** One row for each key; without keys exactly one row, also of no rows. */
export type Group = {
  readonly op: 'group';
  readonly input: Node;
  readonly keys: readonly Output[];
  readonly aggregates: readonly AggregateCall[];
};

/**
 * The arguments are columns of their own, so that their types can be known like those of any other
 * column.
 */
export type AggregateCall = {
  readonly column: Column;
  readonly call: Aggregate;
  readonly args: readonly Output[];
};

/**
 * Each row of the input with each row that a table expression gives for it (A. Galindo-Legaria and
 * M. Joshi, "Orthogonal Optimization of Subqueries and Aggregation", 2001). The expression reads no
 * table: it is functions in FROM, VALUES, or set-returning functions in SELECT.
 */
export type Apply = {
  readonly op: 'apply';
  readonly input: Node;
  readonly rows: AppliedRows;
  readonly columns: readonly TypedColumn[];
  /** Its place in the definition, for a name; unique among scans, applies and unions. */
  readonly number: number;
  /** Its alias in the definition. */
  readonly label: string;
  readonly span: Span | null;
};

export type AppliedRows =
  | {
      readonly kind: 'functions';
      readonly functions: readonly {
        readonly call: Expr;
        readonly definitions: readonly ColumnDefinition[];
      }[];
      readonly ordinality: boolean;
    }
  | { readonly kind: 'values'; readonly rows: readonly (readonly Expr[])[] }
  /** One row as long as no expression returns a set; sets are in step. */
  | { readonly kind: 'select'; readonly exprs: readonly Expr[] };

/** The rows of all inputs; column by column, in types that suit all of them. */
export type UnionAll = {
  readonly op: 'unionAll';
  readonly inputs: readonly Node[];
  readonly columns: readonly UnionColumn[];
  readonly number: number;
};

/** A column whose type only the server knows; `facts` is null until it has been asked. */
export type TypedColumn = { readonly column: Column; readonly facts: ColumnFacts | null };

export type UnionColumn = TypedColumn & {
  /** For each input, the collation that its column must be given; null if it has it already. */
  readonly collations: readonly (string | null)[];
};

/** Each row once. */
export type Distinct = { readonly op: 'distinct'; readonly input: Node };

/**
 * A view, under the name that the definition gives it. Those that are plain are taken apart by a
 * rewrite.
 */
export type Derived = {
  readonly op: 'derived';
  readonly input: Node;
  readonly name: string;
  readonly span: Span | null;
};

export type Node =
  | Scan
  | Stored
  | Filter
  | Project
  | Join
  | Apply
  | UnionAll
  | Group
  | Distinct
  | Derived;
export type Op = Node['op'];
export type NodeOf<K extends Op> = Extract<Node, { readonly op: K }>;

/** A reference to a column, as an expression. */
export const reference = (column: Column, span: Span | null = column.span): ColumnRef => ({
  kind: 'column',
  relation: column.id,
  name: column.name,
  span,
});

/** The column that a reference of the algebra means. */
export const idOf = (ref: Pick<ColumnRef, 'relation'>): ColumnId => ref.relation as ColumnId;

/** The expression with each reference replaced. */
export const mapReferences = (expr: Expr, replace: (ref: ColumnRef) => Expr): Expr =>
  mapExpr(expr, (inner) => (inner.kind === 'column' ? replace(inner) : null));

export function inputsOf(node: Node): readonly Node[] {
  switch (node.op) {
    case 'scan':
    case 'stored':
      return [];
    case 'join':
    case 'unionAll':
      return node.inputs;
    default:
      return [node.input];
  }
}

/** The node over other inputs, as many as it has. */
export function withInputs(node: Node, inputs: readonly Node[]): Node {
  switch (node.op) {
    case 'scan':
    case 'stored':
      return node;
    case 'join':
    case 'unionAll':
      return { ...node, inputs };
    default: {
      const [input] = inputs;
      if (input === undefined) throw new Error(`operator ${node.op} needs an input`);
      return { ...node, input };
    }
  }
}

/** By column, which input of a join it is of. */
export const placesOf = ({ inputs }: NodeOf<'join'>): ReadonlyMap<ColumnId, number> =>
  new Map(inputs.flatMap((input, place) => columnsOf(input).map(({ id }) => [id, place] as const)));

/** The columns of a node's rows, in order. */
export function columnsOf(node: Node): readonly Column[] {
  switch (node.op) {
    case 'scan':
    case 'stored':
      return node.columns.map(({ column }) => column);
    case 'project':
      return node.outputs.map(({ column }) => column);
    case 'join':
      return node.inputs.flatMap(columnsOf);
    case 'apply':
      return [...columnsOf(node.input), ...node.columns.map(({ column }) => column)];
    case 'unionAll':
      return node.columns.map(({ column }) => column);
    case 'group':
      return [...node.keys, ...node.aggregates].map(({ column }) => column);
    default:
      return columnsOf(node.input);
  }
}

/**
 * The expressions that a node computes from the rows of its inputs, in the order in which they are
 * shown.
 */
export function expressionsOf(node: Node): readonly Expr[] {
  switch (node.op) {
    case 'filter':
    case 'join':
      return node.conditions;
    case 'project':
      return node.outputs.map(({ expr }) => expr);
    case 'group':
      return [
        ...node.keys.map(({ expr }) => expr),
        ...node.aggregates.flatMap(({ args, call }) => [
          ...args.map(({ expr }) => expr),
          ...(call.filter === null ? [] : [call.filter]),
        ]),
      ];
    case 'apply':
      return appliedExprs(node.rows);
    case 'scan':
    case 'stored':
    case 'unionAll':
    case 'distinct':
    case 'derived':
      return [];
  }
}

function appliedExprs(rows: AppliedRows): readonly Expr[] {
  switch (rows.kind) {
    case 'functions':
      return rows.functions.map(({ call }) => call);
    case 'values':
      return rows.rows.flat();
    case 'select':
      return rows.exprs;
  }
}

/** The rows with each expression replaced. */
export function mapApplied(rows: AppliedRows, map: (expr: Expr) => Expr): AppliedRows {
  switch (rows.kind) {
    case 'functions':
      return {
        ...rows,
        functions: rows.functions.map((one) => ({ ...one, call: map(one.call) })),
      };
    case 'values':
      return { ...rows, rows: rows.rows.map((row) => row.map((one) => map(one))) };
    case 'select':
      return { ...rows, exprs: rows.exprs.map((one) => map(one)) };
  }
}

/** All nodes of a tree, inputs before what stands on them. */
export function nodesOf(node: Node): readonly Node[] {
  return [...inputsOf(node).flatMap(nodesOf), node];
}

export const scansOf = (node: Node): readonly Scan[] =>
  nodesOf(node).filter((one): one is Scan => one.op === 'scan');

/** The rows of other stores that a tree reads. */
export const storedIn = (node: Node): readonly Stored[] =>
  nodesOf(node).filter((one): one is Stored => one.op === 'stored');

/** The columns that an expression reads. */
export function referencesOf(expr: Expr): readonly ColumnId[] {
  const found: ColumnId[] = [];
  visit(expr, (inner) => {
    if (inner.kind === 'column') found.push(idOf(inner));
  });
  return found;
}
