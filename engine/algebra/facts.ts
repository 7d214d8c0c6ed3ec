/**
 * What planning must know from the server; loaded by `install/`, so that planning itself stays
 * pure.
 */

/**
 * How to get bytes that tell a type's values apart where `=` does not, in every session the same:
 * from their binary form, or from their text. The binary form of text is in the client's encoding,
 * the text of dates depends on DateStyle. `by` is the qualified send or output function; null for a
 * type that is text, and for one that only a cast makes text (refcursor).
 */
export type Image =
  | { readonly form: 'binary'; readonly by: string }
  | { readonly form: 'text'; readonly by: string | null };

/** A type as the catalog describes it, domains resolved to their base type. */
export type TypeFacts = {
  /** As `format_type(oid, typmod)` prints it under `search_path = pg_catalog`. */
  readonly type: string;
  /**
   * The type with domains resolved: a log keeps rows that a domain's constraints no longer allow.
   */
  readonly baseType: string;
  /**
   * The base type without a length or precision, which logs have: so nothing that fits into the
   * source can fail to fit into its log, whatever ALTER TABLE has changed.
   */
  readonly logType: string;
  /** OID of the base type. */
  readonly oid: number;
  /** The qualified, quoted collation where it is not the type's own. */
  readonly collation: string | null;
  /** Whether a value is a row with fields. */
  readonly isComposite: boolean;
  /**
   * Digits after the point of a `numeric(p,s)`; null for any other type and for unconstrained
   * numeric.
   */
  readonly scale: number | null;
  /** Null for a type without an image: a composite one of text and dates, for example. */
  readonly image: Image | null;
  /**
   * Whether values that are equal are always the same to every function (not so for numeric,
   * citext, interval ...).
   */
  readonly equalIsSame: boolean;
  /**
   * Whether a value is or contains one of an enum. Its image has the label, which ALTER TYPE ...
   * RENAME VALUE changes without a write; `=` goes by the OID, which stays.
   */
  readonly holdsEnum: boolean;
  /** Whether the type has a default B-tree operator class, so that it can be a key. */
  readonly sortable: boolean;
  /** Whether hash tables take it, as those of a recursion with UNION. */
  readonly hashable: boolean;
  /** Whether `OPERATOR(pg_catalog.=)` is the equality by which its values are grouped. */
  readonly hasPlainEquality: boolean;
  /**
   * Whether rows can be grouped by it, by its image at least: not so without one, and for arrays of
   * what has no ordering.
   */
  readonly groupable: boolean;
};

export type ColumnFacts = TypeFacts & {
  readonly name: string;
  readonly attnum: number;
  /** Generated when read: what a trigger sees of it is NULL. */
  readonly isVirtual: boolean;
  /** Whether it belonged to its table's primary key when that was looked up. */
  readonly isInPrimaryKey: boolean;
};

/** Tables that are read with another: its partitions, or those that inherit from it. */
export type Parts = 'partitions' | 'inheritors';

export type SourceFacts = {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly parts: Parts | null;
  /**
   * The attribute numbers that the definition reads; null where it refers to the row as a whole.
   */
  readonly used: readonly number[] | null;
  readonly columns: readonly ColumnFacts[];
};

export const INT2 = 21;
export const INT4 = 23;
export const INT8 = 20;
export const NUMERIC = 1700;
export const FLOAT4 = 700;
export const FLOAT8 = 701;
export const MONEY = 790;
export const DATE = 1082;
export const TIMESTAMP = 1114;
export const TIMESTAMPTZ = 1184;
export const TIMESTAMPTZ_ARRAY = 1185;
export const INTERVAL = 1186;
export const TSRANGE = 3908;
export const TSTZRANGE = 3910;

const SHORT: ReadonlySet<string> = new Set([
  'smallint',
  'integer',
  'bigint',
  'real',
  'double precision',
  'numeric',
  'money',
  'boolean',
  'uuid',
  'oid',
  'date',
  'interval',
  'timestamp without time zone',
  'timestamp with time zone',
  'time without time zone',
  'time with time zone',
]);

/** Whether no value is too long for an index, as a text can be. */
export const hasShortValues = ({ logType, holdsEnum, isComposite }: TypeFacts): boolean =>
  SHORT.has(logType) || (holdsEnum && !isComposite && !logType.endsWith(']'));

/** The same of a type as `format_type` prints it, where nothing else is known of it. */
export const isShortType = (type: string): boolean => SHORT.has(type.replace(/\([\d,-]+\)/, ''));

/** Most columns of an index: PostgreSQL's bound is 32, and a few tell nearly all rows apart. */
export const MOST_INDEXED = 8;
