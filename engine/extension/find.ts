/**
 * The extension table_change_tracker, where a database has it. imat never needs it: it captures
 * changes in C, into the same logs, and says which tables have changed.
 */
import { type Db, ServerError } from '../db/db.ts';
import { EXTENSION } from '../sql/names.ts';
import type { Sql } from '../sql/sql.ts';
import { ident } from '../sql/sql.ts';

export type Extension = {
  readonly version: string;
  /** The schema that its functions are in. */
  readonly schema: Sql;
  /** Whether this role may make triggers of its capture function. */
  readonly captures: boolean;
  /**
   * Whether the server has loaded it at its start: only then does it know which tables have
   * changed.
   */
  readonly tracks: boolean;
};

/**
 * Null where the database does not have it; the predecessor of the same name, which cannot capture,
 * does not count.
 */
export async function findExtension(db: Db): Promise<Extension | null> {
  const [row] = await db.query<{
    version: string;
    schema: string;
    captures: boolean;
    tracks: boolean;
  }>(
    `SELECT e.extversion AS version, n.nspname::text AS schema,
       has_function_privilege(p.oid, 'EXECUTE') AS captures,
       -- A setting that the library has where it was loaded at the server's start.
       current_setting('table_change_tracker.max_tables', true) IS NOT NULL AS tracks
     FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
     JOIN pg_proc p ON p.pronamespace = n.oid AND p.proname = 'capture_changes'
     JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid
       AND d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.deptype = 'e'
     WHERE e.extname = $1`,
    [EXTENSION],
  );
  return row === undefined ? null : { ...row, schema: ident(row.schema) };
}

/** What to do where a database has the extension and its server cannot load it. */
export const BUILD_ANEW =
  'If the server has been upgraded since it was started, restart it; otherwise build the ' +
  "extension anew with the running server's headers and install it (extension/README.md).";

/**
 * What PostgreSQL says where it cannot call the extension's functions: the library is missing,
 * lacks one of them, or was built for another server; null where it can. It looks at those that
 * this role may call, as CREATE FUNCTION does, and calls none.
 */
export async function loadFailure(db: Db, { schema }: Extension): Promise<ServerError | null> {
  try {
    await db.query(
      `SELECT fmgr_c_validator(p.oid) FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
       WHERE l.lanname = 'c' AND p.pronamespace = $1::regnamespace
         AND has_function_privilege(p.oid, 'EXECUTE')
         AND EXISTS (SELECT FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
           WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid
             AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
             AND e.extname = $2)`,
      [schema.text, EXTENSION],
    );
    return null;
  } catch (error) {
    // 58P01: no such file, or a symbol is missing; 42883: no such function in it; XX000, 22023: it
    // was built for another server.
    if (error instanceof ServerError && /^(?:58|42883|XX|22023)/.test(error.sqlstate)) return error;
    throw error;
  }
}
