/**
 * SQL as data: the tree that both readers give and everything after them reads.
 *
 * A tree says exactly what the definition says (join tree, ON and USING, aliases, order), so that
 * the server gate can compare our deparse with the original. It judges nothing: whatever PostgreSQL
 * prints of a query has a node here. `from`, `relations` and the numbers in `ColumnRef` are one
 * system: see `Select`.
 */

/** Character offsets into the definition text: `start` inclusive, `end` exclusive, zero-based. */
export type Span = { readonly start: number; readonly end: number };

/** What every node has; `span` is where the definition says it. */
type Node<K> = { readonly kind: K; readonly span: Span | null };

/** A name before it is resolved: `a`, `t.a`, with `star` also `t.*`. No reader hands one out. */
export type Name = Node<'name'> & { readonly path: readonly string[]; readonly star: boolean };

/** A column of an item of FROM, under the name that the item shows; see `Select` for `relation`. */
export type ColumnRef = Node<'column'> & { readonly relation: number; readonly name: string };

/** A literal exactly as the definition spells it: `1.0000`, `'it''s'`, `true`, `NULL`, `B'01'`. */
export type Literal = Node<'literal'> & { readonly sql: string };

/**
 * `op` is the operator as spelled: `+`, `~~`, `=`, `AND`, `OR`, `AT TIME ZONE`, `IS DISTINCT FROM`,
 * `OPERATOR("public".<->)`.
 */
export type Binary = Node<'binary'> & {
  readonly op: string;
  readonly left: Expr;
  readonly right: Expr;
};

/**
 * Prefix `-`, `+`, `NOT` or any prefix operator, or postfix `IS [NOT] NULL`, `IS [NOT] TRUE`, `IS
 * [NOT] FALSE`, `IS [NOT] UNKNOWN`.
 */
export type Unary = Node<'unary'> & { readonly op: string; readonly operand: Expr };

/** `operand::type`, the type as PostgreSQL prints it, e.g. `timestamp without time zone`. */
export type Cast = Node<'cast'> & { readonly operand: Expr; readonly type: string };

/** What all calls have; with `variadic` the last argument is `VARIADIC array`. */
type Called = {
  readonly schema: string | null;
  readonly name: string;
  readonly args: readonly Expr[];
  readonly variadic: boolean;
};

/**
 * A plain (not aggregate, not window) function call; `schema` is null for pg_catalog, `args` are in
 * the order of the function's signature. `syntax` names the special form it is written in, which
 * changes how it is printed and nothing else: `extract` is `EXTRACT(field FROM x)` with a string
 * literal as first argument, `trim` is `TRIM(BOTH chars FROM x)` (btrim, ltrim, rtrim), `position`
 * is `POSITION((needle) IN (text))`, the others likewise. `readsTime`: see `CatalogFunction`.
 */
export type Call = Node<'call'> &
  Called & {
    readonly syntax: CallSyntax;
    readonly returnsSet: boolean;
    readonly readsTime?: true;
  };

export type CallSyntax =
  | 'plain'
  | 'extract'
  | 'trim'
  | 'substring'
  | 'position'
  | 'overlay'
  | 'overlaps'
  | 'normalize'
  | 'is_normalized'
  | 'at_local'
  | 'collation_for'
  | 'xmlexists'
  | 'system_user';

/** `name => value` among the arguments of a call. */
export type NamedArgument = Node<'named_argument'> & {
  readonly name: string;
  readonly value: Expr;
};

/** An item of ORDER BY: `direction` is `ASC`, `DESC` or an operator, null where none is written. */
export type Sort = {
  readonly expr: Expr;
  readonly direction: string | null;
  readonly nulls: 'FIRST' | 'LAST' | null;
};

/**
 * An aggregate call. `star` is count(*); `withinGroup` tells that `orderBy` is that of WITHIN
 * GROUP.
 */
export type Aggregate = Node<'aggregate'> &
  Called & {
    readonly star: boolean;
    readonly distinct: boolean;
    readonly orderBy: readonly Sort[];
    readonly withinGroup: boolean;
    readonly filter: Expr | null;
  };

/**
 * A window as OVER or WINDOW describes it; `frame` is its words and bounds, e.g. `ROWS BETWEEN `,
 * x, ` PRECEDING AND ...`.
 */
export type WindowSpec = {
  readonly base: string | null;
  readonly partitionBy: readonly Expr[];
  readonly orderBy: readonly Sort[];
  readonly frame: Words | null;
};

/** Texts with expressions between them. */
export type Words = { readonly words: readonly string[]; readonly args: readonly Expr[] };
/**
 * A call with OVER, of a window function or an aggregate; `over` is a window's name or the window
 * itself.
 */
export type WindowCall = Node<'window'> &
  Called & {
    readonly star: boolean;
    readonly filter: Expr | null;
    readonly over: string | WindowSpec;
  };

/** CURRENT_DATE, LOCALTIMESTAMP(3), SESSION_USER and their like, as they are written. */
export type ValueFunction = Node<'value_function'> & { readonly sql: string };

/** GROUPING(a, b). */
export type Grouping = Node<'grouping'> & { readonly args: readonly Expr[] };

/** `operand COLLATE collation`; `collation` is quoted where it needs it. */
export type Collate = Node<'collate'> & { readonly operand: Expr; readonly collation: string };

/** `(composite).name`. */
export type Field = Node<'field'> & { readonly operand: Expr; readonly name: string };

/** `t.*` as one value: the row of an item of FROM. */
export type WholeRow = Node<'whole_row'> & { readonly relation: number };

/**
 * A column that a join shows under a name of its own: `j.x` of `(...) AS j`, `u.x` of `USING (x) AS
 * u`, and with `alias` null the bare name of a column that USING merges. `target` is what it stands
 * for but for a cast to the common type.
 */
export type JoinColumn = Node<'join_column'> & {
  readonly alias: string | null;
  readonly name: string;
  /** True for a column that USING merges, false for one of an aliased join. */
  readonly merged: boolean;
  readonly target: Expr;
};

/** A query within an expression; `left` and `op` belong to `any` (IN is `= ANY`) and `all`. */
export type Sublink = Node<'sublink'> & {
  readonly form: 'exists' | 'scalar' | 'array' | 'any' | 'all';
  readonly left: Expr | null;
  readonly op: string | null;
  readonly query: Query;
};

/**
 * XML and JSON expressions, which have a syntax of their own, word by word; JSON_ARRAYAGG is one
 * and an aggregate.
 */
export type SyntaxForm = Words &
  Node<'syntax_form'> & { readonly name: string; readonly isAggregate: boolean };

/** COALESCE, NULLIF, GREATEST, LEAST. */
export type Keyword = Node<'keyword'> & {
  readonly name: 'COALESCE' | 'NULLIF' | 'GREATEST' | 'LEAST';
  readonly args: readonly Expr[];
};

export type Case = Node<'case'> & {
  readonly subject: Expr | null;
  readonly whens: readonly { readonly when: Expr; readonly result: Expr }[];
  readonly otherwise: Expr | null;
};

/** `left op ANY (array)` or `left op ALL (array)`: every IN list. */
export type ArrayComparison = Node<'array_comparison'> & {
  readonly op: string;
  readonly quantifier: 'ANY' | 'ALL';
  readonly left: Expr;
  readonly array: Expr;
};

/** `ARRAY[...]`. */
export type ArrayLiteral = Node<'array'> & { readonly items: readonly Expr[] };

/** `array[index]`, one or more subscripts. */
export type Subscript = Node<'subscript'> & {
  readonly array: Expr;
  readonly indexes: readonly Expr[];
};

/** `array[1:2]`, one slice for each dimension. */
export type Slice = Node<'slice'> & {
  readonly array: Expr;
  readonly bounds: readonly { readonly lower: Expr | null; readonly upper: Expr | null }[];
};

/** `ROW(...)`. */
export type Row = Node<'row'> & { readonly items: readonly Expr[] };

export type Expr =
  | Name
  | ColumnRef
  | WholeRow
  | JoinColumn
  | Literal
  | ValueFunction
  | Binary
  | Unary
  | Cast
  | Collate
  | Call
  | NamedArgument
  | Aggregate
  | WindowCall
  | Grouping
  | Keyword
  | Case
  | ArrayComparison
  | ArrayLiteral
  | Subscript
  | Slice
  | Row
  | Field
  | Sublink
  | SyntaxForm;

export type ExprKind = Expr['kind'];

export type ExprOf = { readonly [K in ExprKind]: Extract<Expr, { kind: K }> };

/**
 * What every item of FROM has: the name by which the query refers to it, and names for its first
 * columns.
 */
type Item = {
  readonly alias: string;
  /**
   * True where the definition writes the alias: PostgreSQL prints a written alias even where it
   * equals the name.
   */
  readonly aliased: boolean;
  readonly columnAliases: readonly string[];
  readonly span: Span | null;
};

/** One occurrence of a table or view in FROM; a self-join has two. */
export type TableItem = Item & {
  readonly kind: 'table';
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly only: boolean;
  /** `TABLESAMPLE method (..) REPEATABLE (..)`. */
  readonly sample: Words | null;
};

export type SubqueryItem = Item & {
  readonly kind: 'subquery';
  readonly query: Query;
  readonly lateral: boolean;
};

/** A common table expression in FROM, by its name. */
export type CteItem = Item & { readonly kind: 'cte'; readonly name: string };

/** A column of a function's result that the definition describes: `AS t(a integer)`. */
export type ColumnDefinition = {
  readonly name: string;
  readonly type: string;
  readonly collation: string | null;
};

/** Functions in FROM; more than one is ROWS FROM. */
export type FunctionItem = Item & {
  readonly kind: 'function';
  readonly functions: readonly {
    readonly call: Expr;
    readonly definitions: readonly ColumnDefinition[];
  }[];
  readonly rowsFrom: boolean;
  readonly ordinality: boolean;
  readonly lateral: boolean;
};

export type Relation = TableItem | SubqueryItem | CteItem | FunctionItem;

export type JoinType = 'inner' | 'cross' | 'left' | 'right' | 'full';

/** FROM: a comma list of join trees. NATURAL is written as USING by PostgreSQL. */
export type FromItem =
  | { readonly kind: 'relation'; readonly relation: number }
  | {
      readonly kind: 'join';
      readonly left: FromItem;
      readonly right: FromItem;
      readonly type: JoinType;
      readonly on: Expr | null;
      /**
       * The merged columns, resolved on both sides; null where the join has ON or is a cross join.
       */
      readonly using:
        | readonly { readonly name: string; readonly left: Expr; readonly right: Expr }[]
        | null;
      /** `USING (..) AS alias`. */
      readonly usingAlias: string | null;
      /** `(.. JOIN ..) AS alias`, which hides the names of what it joins. */
      readonly alias: string | null;
      readonly columnAliases: readonly string[];
      readonly span: Span | null;
    };

export type Target = { readonly name: string; readonly expr: Expr };

export type Cte = {
  readonly name: string;
  readonly columnAliases: readonly string[];
  /** Null where the definition leaves it to PostgreSQL. */
  readonly materialized: boolean | null;
  readonly query: Query;
  readonly span: Span | null;
};

export type Limit = {
  readonly count: Expr | null;
  readonly offset: Expr | null;
  readonly withTies: boolean;
  readonly span: Span | null;
};

/** What may stand around any query. */
type Clauses = {
  readonly recursive: boolean;
  readonly ctes: readonly Cte[];
  readonly orderBy: readonly Sort[];
  readonly limit: Limit | null;
  /** FOR UPDATE and the like, as it is written. */
  readonly locking: readonly string[];
  readonly span: Span | null;
};

/** An item of GROUP BY; sets are nested for GROUPING SETS alone. */
export type GroupItem =
  | { readonly kind: 'expr'; readonly expr: Expr }
  | { readonly kind: 'empty' }
  | { readonly kind: 'row'; readonly exprs: readonly Expr[] }
  | {
      readonly kind: 'rollup' | 'cube' | 'sets';
      readonly items: readonly GroupItem[];
      readonly span: Span | null;
    };

/**
 * One SELECT. Every item of FROM in a definition has a number of its own: those of this SELECT
 * count from `first` in the order of `relations`. So a reference that leads out of a subquery says
 * what it means wherever it is moved. `first` is 0 for the outermost SELECT.
 */
export type Select = Clauses & {
  readonly kind: 'select';
  readonly first: number;
  readonly relations: readonly Relation[];
  readonly from: readonly FromItem[];
  readonly where: Expr | null;
  readonly distinct: boolean;
  readonly distinctOn: readonly Expr[];
  readonly groupBy: readonly GroupItem[];
  readonly groupDistinct: boolean;
  /** True for a query with GROUP BY, an aggregate or HAVING. */
  readonly grouped: boolean;
  readonly having: Expr | null;
  readonly windows: readonly { readonly name: string; readonly window: WindowSpec }[];
  readonly targets: readonly Target[];
};

/** UNION, INTERSECT, EXCEPT. */
export type SetOperation = Clauses & {
  readonly kind: 'set_operation';
  readonly op: 'UNION' | 'INTERSECT' | 'EXCEPT';
  readonly all: boolean;
  readonly left: Query;
  readonly right: Query;
};

export type Values = Clauses & {
  readonly kind: 'values';
  readonly rows: readonly (readonly Expr[])[];
};

export type Query = Select | SetOperation | Values;
