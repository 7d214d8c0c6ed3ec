/**
 * The names of everything that imat makes. Names are readable and found through the catalog, never
 * by guessing; one that would be cut at PostgreSQL's 63 bytes ends in a hash of the whole instead.
 */
import { createHash } from 'node:crypto';
import type { Sql } from './sql.ts';
import { qualified } from './sql.ts';

export const API_SCHEMA = 'imat';
export const STORE_SCHEMA = 'imat_store';

/** The C extension, which imat uses where it is there. */
export const EXTENSION = 'table_change_tracker';

const MAX_BYTES = 63;

/** Cuts a name to PostgreSQL's 63 bytes; a cut name ends in eight hex digits of its SHA-256. */
export function cutName(name: string): string {
  if (Buffer.byteLength(name) <= MAX_BYTES) return name;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 8);
  let head = name;
  while (Buffer.byteLength(head) > MAX_BYTES - 9) head = [...head].slice(0, -1).join('');
  return `${head}_${hash}`;
}

const inStore = (name: string): { readonly name: string; readonly sql: Sql } => {
  const cut = cutName(name);
  return { name: cut, sql: qualified(STORE_SCHEMA, cut) };
};

export type StoreName = ReturnType<typeof inStore>;

/** Tables of a join whose changes are read apart. */
const MAX_PARTS = 8;

/** What each store of an imat has. */
export type StoreNames = {
  readonly state: StoreName;
  readonly fold: StoreName;
  /**
   * What is pending, as rows of state columns; and the same with pending rows cancelled against
   * each other first.
   */
  readonly delta: StoreName;
  readonly netted: StoreName;
  /** The first of these as a function: what is read of a join of several tables. */
  readonly changes: StoreName;
  /** The first of these in parts, one for each table, and how much of each is pending. */
  readonly parts: readonly StoreName[];
  readonly pending: StoreName;
  /** The keys that pending rows touch. */
  readonly touched: StoreName;
  readonly touchedMet: StoreName;
  /** What pending changes concern, merged with them: as a view, and as a function. */
  readonly merge: StoreName;
  readonly merged: StoreName;
  /** The answer computed now, behind a security barrier: what is read while rows are pending. */
  readonly current: StoreName;
  /** The state's content computed from the sources, as a view. */
  readonly content: StoreName;
  /** The same from rows that another store has just stored, as a view. */
  readonly regrouped: StoreName;
  /** The state's content as a function: what is read while a reset is pending. */
  readonly computed: StoreName;
  /** A function that replaces rows and changes the groups on them at once. */
  readonly refold: StoreName;
  /** What a read takes from the sources alone: as a view, and as a function. */
  readonly answer: StoreName;
  readonly answered: StoreName;
  /**
   * The rows of touched keys computed from stored groups: from what these hold now, those without a
   * key apart, from that as a function, and from what is stored of them.
   */
  readonly rowsNow: StoreName;
  readonly rowsNull: StoreName;
  readonly recomputed: StoreName;
  /** All rows computed from what is stored of the groups, as a view. */
  readonly contentKept: StoreName;
  /** The extremes of one group computed from the sources, as a function. */
  readonly derived: StoreName;
  /** What the store holds now, as a view: where the definition is computed from that when read. */
  readonly live: StoreName;
  /** The same whatever the freshness is, and as it is stored: what other rows are computed from. */
  readonly now: StoreName;
  readonly kept: StoreName;
};

/** The names of an imat; what it stores is named as of its one store. */
export type ImatNames = StoreNames & {
  /** What the other names are made of. */
  readonly base: string;
  /** The view that readers use. */
  readonly view: Sql;
  /**
   * The definition as an ordinary view: it is the oracle of `verify`, and protects the sources by
   * its dependencies.
   */
  readonly definition: StoreName;
  /** The tables of a swap imat, of which at most one holds anything outside of a swap. */
  readonly slots: readonly [StoreName, StoreName];
  /** The labels of enums under which the answer was stored. */
  readonly labels: StoreName;
  /** Rows that the passing of time has changed, as a view. */
  readonly elapsed: StoreName;
};

export function imatNames(name: string): ImatNames {
  return {
    ...storeNames(name, null),
    base: name,
    view: qualified(API_SCHEMA, name),
    definition: inStore(`definition_${name}`),
    slots: [inStore(`slot_a_${name}`), inStore(`slot_b_${name}`)],
    labels: inStore(`labels_${name}`),
    elapsed: inStore(`elapsed_${name}`),
  };
}

/** Of the store with this number, from 1; null for the only store of an imat. */
export function storeNames(name: string, number: number | null): StoreNames {
  const of = (kind: string): StoreName => inStore(`${kind}${number ?? ''}_${name}`);
  return {
    state: of('state'),
    fold: of('fold'),
    delta: of('delta'),
    netted: of('netted'),
    changes: of('changes'),
    parts: Array.from({ length: MAX_PARTS }, (_, index) => of(`part${index + 1}of`)),
    pending: of('pending'),
    touched: of('touched'),
    touchedMet: of('touchedmet'),
    merge: of('merge'),
    merged: of('merged'),
    current: of('current'),
    content: of('content'),
    regrouped: of('regrouped'),
    refold: of('refold'),
    computed: of('computed'),
    answer: of('answer'),
    answered: of('answered'),
    rowsNow: of('rowsnow'),
    rowsNull: of('rowsnull'),
    recomputed: of('recomputed'),
    contentKept: of('contentkept'),
    derived: of('derived'),
    live: of('live'),
    now: of('now'),
    kept: of('kept'),
  };
}

export function logName(schema: string, table: string): StoreName {
  return inStore(`log_${schema}_${table}`);
}

export const CAPTURE_EVENTS = ['insert', 'update', 'delete', 'truncate'] as const;
export type CaptureEvent = (typeof CAPTURE_EVENTS)[number];

export function captureName(event: CaptureEvent, schema: string, table: string): StoreName {
  return inStore(`capture_${event}_${schema}_${table}`);
}

/**
 * A log column is named by attribute number: it can collide with nothing, and a rename of the
 * source's column does not touch it.
 */
export const logColumn = (attnum: number): string => `c${attnum}`;

/** The columns of a stored table that are no column of a definition. */
export const OWN_COLUMNS = {
  /** Rows of the group, or copies of the row. */
  rows: 'rows',
  /** Of the one row of a grouping without keys: true. */
  onlyRow: 'only_row',
  /** SHA-256 of a row's binary image. */
  rowDigest: 'row_digest',
} as const;

/** The columns of what is merged for a live read that are no column of a stored table. */
export const MERGED_COLUMNS = { rowsNow: 'rows_now', isAnew: 'is_anew' } as const;

/**
 * Names that no column is given: imat's own, PostgreSQL's system columns, a variable beside which
 * the fold names ctid.
 */
const RESERVED: readonly string[] = [
  ...Object.values(OWN_COLUMNS),
  ...Object.values(MERGED_COLUMNS),
  'tableoid',
  'xmin',
  'cmin',
  'xmax',
  'cmax',
  'ctid',
  'emptied',
];

/**
 * Gives the columns of a stored table their names, in the order in which they are asked for: the
 * wanted name, or if that is taken the name with `_2`, `_3`, ..., each cut to 63 bytes. So the same
 * definition always gets the same names.
 */
export class ColumnNames {
  readonly #taken = new Set<string>(RESERVED);

  take(wanted: string): string {
    for (let number = 1; ; number++) {
      const name = cutName(number === 1 ? wanted : `${wanted}_${number}`);
      if (this.#taken.has(name)) continue;
      this.#taken.add(name);
      return name;
    }
  }
}

/**
 * Triggers fire in order of their names: `!` sorts before letters, so that users' own statement
 * triggers see what was captured; `~` sorts after them, so that what a user's BEFORE TRUNCATE
 * trigger still writes is captured as well.
 */
export const CAPTURE_TRIGGERS: Readonly<Record<CaptureEvent, string>> = {
  insert: '!imat_insert',
  update: '!imat_update',
  delete: '!imat_delete',
  truncate: '~imat_truncate',
};

/** The row trigger on a partitioned source that never fires (engine/capture/parts.ts says why). */
export const MERGE_TRIGGER = '!imat_merge';
