/** The catalogue of errors. The category alone decides whether to try again. */

export type ErrorCategory =
  /** The request cannot be carried out as it is; trying again gives the same. */
  | 'user'
  /** The database has changed under an imat: rebuild or revert it. */
  | 'drift'
  /** Connection or contention: the same request may work next time. */
  | 'transient'
  /** An imat's own data contradicts itself: it must not be read. */
  | 'integrity'
  /** A bug in imat. */
  | 'internal';

type Entry = { readonly code: string; readonly category: ErrorCategory; readonly meaning: string };

/**
 * condition name -> code, category and what it means (for docs/errors.md, which is generated from
 * this).
 */
export const ERROR_CATALOGUE = {
  invalid_argument: {
    code: 'IM001',
    category: 'user',
    meaning: 'An option or argument is not one that imat knows, or its value is out of range.',
  },
  not_found: {
    code: 'IM002',
    category: 'user',
    meaning: 'No relation or imat of that name exists.',
  },
  not_a_materialized_view: {
    code: 'IM003',
    category: 'user',
    meaning: 'The relation exists but is not a materialized view.',
  },
  already_exists: {
    code: 'IM004',
    category: 'user',
    meaning: 'An imat or relation of that name already exists.',
  },
  not_initialized: {
    code: 'IM005',
    category: 'user',
    meaning: 'The database has no imat catalog yet.',
  },
  insufficient_privilege: {
    code: 'IM006',
    category: 'user',
    meaning: 'The database role lacks a right that the step needs.',
  },
  unsupported_source: {
    code: 'IM007',
    category: 'user',
    meaning:
      'A table that the definition reads cannot be a source yet: it is partitioned or has inheritance children.',
  },
  unsupported_server: {
    code: 'IM008',
    category: 'user',
    meaning: 'The server is older than PostgreSQL 15.',
  },
  strategy_unavailable: {
    code: 'IM009',
    category: 'user',
    meaning: 'The strategy that was asked for cannot maintain this definition.',
  },
  has_dependents: {
    code: 'IM010',
    category: 'user',
    meaning: 'Other objects depend on the relation, so that it cannot be replaced or removed.',
  },
  invalid_definition: {
    code: 'IM011',
    category: 'user',
    meaning: 'PostgreSQL does not accept the query.',
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
    meaning: 'Another process uses the embedded database directory.',
  },
  connection_failed: {
    code: 'IM015',
    category: 'transient',
    meaning: 'The database could not be reached, or the connection was lost.',
  },
  contention: {
    code: 'IM016',
    category: 'transient',
    meaning: 'A lock could not be had in time, or a concurrent change came in between.',
  },
  frontier_missing: {
    code: 'IM017',
    category: 'drift',
    meaning:
      'The imat has no frontier that belongs to its state table: it was restored into another cluster, or never loaded.',
  },
  read_only: {
    code: 'IM018',
    category: 'user',
    meaning: 'The server, the database or the session is read-only.',
  },
  interrupted: {
    code: 'IM019',
    category: 'transient',
    meaning: 'The command was interrupted; what it had begun was undone or can be resumed.',
  },
  server_trouble: {
    code: 'IM020',
    category: 'transient',
    meaning:
      'The server reported a trouble of its own, such as a full disk or too many connections.',
  },
  source_changed: {
    code: 'IM021',
    category: 'drift',
    meaning: 'An object that an imat is built on was dropped, so that it cannot be maintained.',
  },
  state_corrupted: {
    code: 'IM022',
    category: 'integrity',
    meaning:
      'What is stored contradicts itself: a change of a source was not captured, for example because a trigger of imat was disabled.',
  },
  extension_unavailable: {
    code: 'IM023',
    category: 'user',
    meaning:
      'The optional extension cannot be installed there: the server is embedded or on another machine, lacks what a build needs, is older than the headers beside it, cannot load the library, or has another extension of the same name.',
  },
  internal: { code: 'IM099', category: 'internal', meaning: 'A bug in imat.' },
} as const satisfies Record<string, Entry>;

export type ErrorCondition = keyof typeof ERROR_CATALOGUE;
