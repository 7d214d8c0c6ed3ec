/**
 * The resolved tree of a definition: what the front end produces and everything after it reads.
 *
 * A tree says exactly what the definition says (join tree, ON and USING, aliases), so that the server gate can compare
 * our deparse with the original. It covers group-by and aggregate queries and select-project-joins over inner joins;
 * whatever lies outside is reported as `Refusal`s, all at once, each with its place in the text.
 */

/** Character offsets into the definition text: `start` inclusive, `end` exclusive, zero-based. */
export type Span = { readonly start: number; readonly end: number };

/** Why a definition, or a part of it, is outside of what the front end reads. */
export type Refusal = {
  /** A stable, snake_case identifier, e.g. `window_function`, `outer_join`, `syntax`. */
  readonly kind: string;
  /** One lower-case sentence for people, e.g. "window function \"rank\" cannot be maintained incrementally". */
  readonly message: string;
  readonly span: Span | null;
};

/** A column of a source, resolved: `relation` indexes `Query.relations`. */
export type ColumnRef = {
  readonly kind: 'column';
  readonly relation: number;
  readonly name: string;
  readonly span: Span | null;
};

/** A literal exactly as the definition spells it: `1.0000`, `'it''s'`, `true`, `NULL`, `B'01'`. */
export type Literal = {
  readonly kind: 'literal';
  readonly sql: string;
  readonly span: Span | null;
};

/** `op` is the operator as spelled: `+`, `~~`, `=`, `AND`, `OR`, `AT TIME ZONE`, `IS DISTINCT FROM`, `OPERATOR("public".<->)`. */
export type Binary = {
  readonly kind: 'binary';
  readonly op: string;
  readonly left: Expr;
  readonly right: Expr;
  readonly span: Span | null;
};

/** Prefix `-`, `+`, `NOT` or any prefix operator, or postfix `IS [NOT] NULL`, `IS [NOT] TRUE`, `IS [NOT] FALSE`, `IS [NOT] UNKNOWN`. */
export type Unary = {
  readonly kind: 'unary';
  readonly op: string;
  readonly operand: Expr;
  readonly span: Span | null;
};

/** `operand::type`; `type` is the type as PostgreSQL prints it, e.g. `numeric(10,2)`, `timestamp without time zone`, `public.citext`. */
export type Cast = {
  readonly kind: 'cast';
  readonly operand: Expr;
  readonly type: string;
  readonly span: Span | null;
};

/**
 * A plain (not aggregate, not window) function call; `schema` is null for pg_catalog, `args` are in the order of the
 * function's signature. `syntax` names the special form it is written in, which changes how it is printed and nothing
 * else: `extract` is `EXTRACT(field FROM x)` with a string literal as first argument, `trim` is `TRIM(BOTH chars FROM x)`
 * (btrim, ltrim, rtrim), `position` is `POSITION((needle) IN (text))`, `substring` and `overlay` likewise.
 */
export type Call = {
  readonly kind: 'call';
  readonly schema: string | null;
  readonly name: string;
  readonly args: readonly Expr[];
  readonly syntax: CallSyntax;
  readonly span: Span | null;
};

export type CallSyntax = 'plain' | 'extract' | 'trim' | 'substring' | 'position' | 'overlay';

/** An aggregate call. `star` is count(*). `orderBy` is refused unless it cannot matter, so it is not kept. */
export type Aggregate = {
  readonly kind: 'aggregate';
  readonly schema: string | null;
  readonly name: string;
  readonly args: readonly Expr[];
  readonly star: boolean;
  readonly filter: Expr | null;
  readonly span: Span | null;
};

/** COALESCE, NULLIF, GREATEST, LEAST. */
export type Keyword = {
  readonly kind: 'keyword';
  readonly name: 'COALESCE' | 'NULLIF' | 'GREATEST' | 'LEAST';
  readonly args: readonly Expr[];
  readonly span: Span | null;
};

export type Case = {
  readonly kind: 'case';
  readonly subject: Expr | null;
  readonly whens: readonly { readonly when: Expr; readonly result: Expr }[];
  readonly otherwise: Expr | null;
  readonly span: Span | null;
};

/** `left op ANY (array)` or `left op ALL (array)`: every IN list. */
export type ArrayComparison = {
  readonly kind: 'array_comparison';
  readonly op: string;
  readonly quantifier: 'ANY' | 'ALL';
  readonly left: Expr;
  readonly array: Expr;
  readonly span: Span | null;
};

/** `ARRAY[...]`. */
export type ArrayLiteral = {
  readonly kind: 'array';
  readonly items: readonly Expr[];
  readonly span: Span | null;
};

/** `array[index]`, one or more subscripts. */
export type Subscript = {
  readonly kind: 'subscript';
  readonly array: Expr;
  readonly indexes: readonly Expr[];
  readonly span: Span | null;
};

/** `ROW(...)`. */
export type Row = {
  readonly kind: 'row';
  readonly items: readonly Expr[];
  readonly span: Span | null;
};

export type Expr =
  | ColumnRef
  | Literal
  | Binary
  | Unary
  | Cast
  | Call
  | Aggregate
  | Keyword
  | Case
  | ArrayComparison
  | ArrayLiteral
  | Subscript
  | Row;

export type ExprKind = Expr['kind'];

/** The node type of each kind. */
export type ExprOf = { readonly [K in ExprKind]: Extract<Expr, { kind: K }> };

/** One occurrence of a relation in FROM; a self-join has two. */
export type Relation = {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  /** The alias by which the definition refers to it; the relation's name where it gives none. */
  readonly alias: string;
  /** True where the definition writes the alias: PostgreSQL prints a written alias even where it equals the name. */
  readonly aliased: boolean;
  readonly span: Span | null;
};

/** FROM: a comma list of join trees. Only inner and cross joins; NATURAL is resolved into `using`. */
export type FromItem =
  | { readonly kind: 'relation'; readonly relation: number }
  | {
      readonly kind: 'join';
      readonly left: FromItem;
      readonly right: FromItem;
      readonly type: 'inner' | 'cross';
      readonly on: Expr | null;
      /** The merged columns, resolved on both sides; null where the join has ON or is a cross join. */
      readonly using:
        | readonly { readonly name: string; readonly left: ColumnRef; readonly right: ColumnRef }[]
        | null;
    };

export type Target = { readonly name: string; readonly expr: Expr };

/** A whole definition. ORDER BY without LIMIT does not change a relation's content, so it is dropped. */
export type Query = {
  readonly relations: readonly Relation[];
  readonly from: readonly FromItem[];
  readonly where: Expr | null;
  readonly distinct: boolean;
  readonly groupBy: readonly Expr[];
  /** True for a query with GROUP BY, an aggregate or HAVING. */
  readonly grouped: boolean;
  readonly having: Expr | null;
  readonly targets: readonly Target[];
};

/** What the resolver must know of a relation; loaded from the catalog by the engine. */
export type CatalogRelation = {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  /** In order of attnum, dropped columns left out. */
  readonly columns: readonly { readonly name: string }[];
};

/** What the resolver must know of functions: everything the definition could call by name. */
export type CatalogFunction = {
  readonly schema: string;
  readonly name: string;
  readonly kind: 'function' | 'aggregate' | 'window' | 'procedure';
  readonly returnsSet: boolean;
};

export type Catalog = {
  readonly relations: readonly CatalogRelation[];
  readonly functions: readonly CatalogFunction[];
};
