/** The catalogue of errors. Only the category decides whether to try again. */

export type ErrorCategory =
  /** The request cannot be carried out; trying again gives the same error. */
  | 'user'
  /** The database has changed in a way that breaks an imat: repair or revert the imat. */
  | 'drift'
  /** A connection or contention problem: the same request may succeed next time. */
  | 'transient'
  /** The stored data of an imat is inconsistent: it must not be read. */
  | 'integrity'
  /** A bug in imat. */
  | 'internal';

type Entry = { readonly code: string; readonly category: ErrorCategory; readonly meaning: string };

/**
 * Condition name -> code, category and meaning. docs/errors.md is generated from it.
 */
export const ERROR_CATALOGUE = {
  invalid_argument: {
    code: 'IM001',
    category: 'user',
    meaning: 'An option or argument is unknown, or its value is invalid or out of range.',
  },
  not_found: {
    code: 'IM002',
    category: 'user',
    meaning: 'No relation or imat with that name exists.',
  },
  not_a_materialized_view: {
    code: 'IM003',
    category: 'user',
    meaning: 'The relation exists but is not a materialized view.',
  },
  already_exists: {
    code: 'IM004',
    category: 'user',
    meaning: 'An imat or relation with that name already exists.',
  },
  not_initialized: {
    code: 'IM005',
    category: 'user',
    meaning: 'The database has no imat catalog yet, or one without its data.',
  },
  insufficient_privilege: {
    code: 'IM006',
    category: 'user',
    meaning: 'The database role lacks a required privilege.',
  },
  unsupported_source: {
    code: 'IM007',
    category: 'user',
    meaning:
      'A table that the definition reads cannot be a source: it is a partition, inherits from ' +
      'another table, or is read with a table that cannot be captured, such as a foreign one.',
  },
  unsupported_server: {
    code: 'IM008',
    category: 'user',
    meaning:
      'The server is older than PostgreSQL 15, or is reached through a pooler in transaction mode.',
  },
  strategy_unavailable: {
    code: 'IM009',
    category: 'user',
    meaning: 'The requested strategy cannot maintain this definition.',
  },
  has_dependents: {
    code: 'IM010',
    category: 'user',
    meaning: 'The relation cannot be replaced or removed because other objects depend on it.',
  },
  invalid_definition: {
    code: 'IM011',
    category: 'user',
    meaning: 'PostgreSQL rejected the query.',
  },
  definition_failed: {
    code: 'IM012',
    category: 'user',
    meaning: 'PostgreSQL reported an error while it evaluated the definition.',
  },
  catalog_newer: {
    code: 'IM013',
    category: 'user',
    meaning: 'The imat catalog in the database was written by a newer imat.',
  },
  embedded_locked: {
    code: 'IM014',
    category: 'transient',
    meaning: 'Another process is using the directory of the embedded database.',
  },
  connection_failed: {
    code: 'IM015',
    category: 'transient',
    meaning: 'The database could not be reached, or the connection was lost.',
  },
  contention: {
    code: 'IM016',
    category: 'transient',
    meaning: 'A lock could not be obtained in time, or a concurrent change interfered.',
  },
  frontier_missing: {
    code: 'IM017',
    category: 'drift',
    meaning:
      'The imat has no frontier for its state table: it was restored from a dump, ' +
      'or was never loaded.',
  },
  read_only: {
    code: 'IM018',
    category: 'user',
    meaning: 'The server, the database or the session is read-only.',
  },
  interrupted: {
    code: 'IM019',
    category: 'transient',
    meaning: 'The command was interrupted; unfinished work was undone or can be resumed.',
  },
  server_trouble: {
    code: 'IM020',
    category: 'transient',
    meaning: 'The server reported a problem such as a full disk or too many connections.',
  },
  source_changed: {
    code: 'IM021',
    category: 'drift',
    meaning: 'The imat cannot be maintained because an object that it depends on was dropped.',
  },
  state_corrupted: {
    code: 'IM022',
    category: 'integrity',
    meaning:
      'The stored data is inconsistent: a change to a source was not captured, for ' +
      'example because one of the triggers of imat was disabled.',
  },
  extension_unavailable: {
    code: 'IM023',
    category: 'user',
    meaning:
      'The optional extension cannot be installed: the server is embedded or on another ' +
      'machine, lacks what the build needs, is older than the installed headers, cannot ' +
      'load the library, or has a different extension of the same name.',
  },
  broken: {
    code: 'IM024',
    category: 'drift',
    meaning:
      'The imat is broken: capture on a source was disabled, or a table, view or function that ' +
      'it uses has changed. What is stored may be wrong, so reads raise this error.',
  },
  connection_refused: {
    code: 'IM025',
    category: 'user',
    meaning:
      'The server does not let this role into this database: the password or a certificate is ' +
      'wrong, the database does not exist, it refuses a setting, or the server has no TLS.',
  },
  internal: { code: 'IM099', category: 'internal', meaning: 'A bug in imat.' },
} as const satisfies Record<string, Entry>;

export type ErrorCondition = keyof typeof ERROR_CATALOGUE;
