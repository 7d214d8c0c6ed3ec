/** How the commands of change accounting call the SQL API, and what its errors mean. */
import { requireCatalog } from '../catalog/migrate.ts';
import { type Db, type Row, ServerError } from '../db/db.ts';
import type { ErrorCondition } from '../errors/catalogue.ts';
import { forCommandLine } from '../errors/command-hints.ts';
import { ImatError } from '../errors/imat-error.ts';

/** Where they mean something else here than in the SQL of a definition. */
const CONDITIONS: Readonly<Record<string, ErrorCondition>> = {
  // undefined_table, undefined_object
  '42P01': 'not_found',
  42704: 'not_found',
  // duplicate_object
  42710: 'already_exists',
  // invalid_name, invalid_parameter_value, wrong_object_type
  42602: 'invalid_argument',
  22023: 'invalid_argument',
  42809: 'invalid_argument',
  // object_not_in_prerequisite_state, feature_not_supported
  55000: 'invalid_argument',
  '0A000': 'invalid_argument',
};

/** @throws ImatError `not_initialized`, and what the function of the API raises */
export async function call<T extends Row>(
  db: Db,
  sql: string,
  params: readonly unknown[],
): Promise<T[]> {
  if (!(await hasApiAlone(db))) await requireCatalog(db);
  try {
    return await db.query<T>(sql, params);
  } catch (error) {
    const condition = error instanceof ServerError ? CONDITIONS[error.sqlstate] : undefined;
    if (!(error instanceof ServerError) || condition === undefined) throw error;
    throw new ImatError(condition, {
      message: error.message,
      detail: error.detail ?? undefined,
      hint: error.hint === null ? undefined : forCommandLine(error.hint),
      cause: error,
    });
  }
}

/**
 * Whether this role may use the SQL API and nothing of the catalog, as readers of groups may; the
 * API asks for the rights that it needs.
 */
async function hasApiAlone(db: Db): Promise<boolean> {
  const rows = await db.query(
    `SELECT
     FROM pg_catalog.pg_namespace api,
       pg_catalog.pg_namespace n JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid
     WHERE api.nspname = 'imat' AND pg_catalog.has_schema_privilege(api.oid, 'USAGE')
       AND n.nspname = 'imat_catalog' AND c.relname = 'migration'
       AND NOT (pg_catalog.has_schema_privilege(n.oid, 'USAGE')
         AND pg_catalog.has_table_privilege(c.oid, 'SELECT'))`,
  );
  return rows.length > 0;
}

/**
 * Tables and sequences as a user names them, by the user's own search_path, apart.
 *
 * @throws ImatError `not_found`
 */
export async function membersNamed(
  db: Db,
  names: readonly string[],
): Promise<{ readonly tables: string; readonly sequences: string }> {
  const found = await db.transaction('read committed', async () => {
    await db.query(`SELECT set_config('search_path', $1, true)`, [db.userSearchPath]);
    return db.query<{ name: string; oid: number | null; kind: string | null }>(
      `SELECT u.name, c.oid, c.relkind::text AS kind
       FROM pg_catalog.jsonb_array_elements_text($1::pg_catalog.jsonb)
           WITH ORDINALITY u(name, place)
         LEFT JOIN pg_catalog.pg_class c ON c.oid = pg_catalog.to_regclass(u.name)
       ORDER BY u.place`,
      [JSON.stringify(names)],
    );
  });
  const missing = found.find(({ oid }) => oid === null);
  if (missing !== undefined)
    throw new ImatError('not_found', {
      message: `table or sequence "${missing.name}" does not exist`,
      hint: 'Write it as in SQL: schema.table, with double quotes around names in capital letters.',
    });
  const oids = (isSequence: boolean): string =>
    `{${found.flatMap(({ oid, kind }) => ((kind === 'S') === isSequence ? [oid] : [])).join(',')}}`;
  return { tables: oids(false), sequences: oids(true) };
}
