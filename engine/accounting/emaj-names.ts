/** E-Maj's function names over those of imat, for scripts that call them. */
import { LOCK_CLASS } from '../catalog/migrate.ts';
import type { Db } from '../db/db.ts';
import { ImatError } from '../errors/imat-error.ts';

/** E-Maj's names, and what they take, of the functions that give the same columns. */
const STATISTICS: readonly (readonly [name: string, parameters: string])[] = [
  ['log_stat_group', 'text, text, text'],
  ['log_stat_groups', 'text[], text, text'],
  ['detailed_log_stat_group', 'text, text, text'],
  ['detailed_log_stat_groups', 'text[], text, text'],
  ['sequence_stat_group', 'text, text, text'],
  ['sequence_stat_groups', 'text[], text, text'],
  ['log_stat_table', 'text, text, timestamptz, timestamptz'],
  ['log_stat_table', 'text, text, text, text, text, text'],
  ['log_stat_sequence', 'text, text, timestamptz, timestamptz'],
  ['log_stat_sequence', 'text, text, text, text, text, text'],
];

/** E-Maj's functions that set and change marks, which answer otherwise in part. */
const MARKS = [
  ['emaj_set_mark_group', 'set_mark', 'text, text', 'bigint'],
  ['emaj_rename_mark_group', 'rename_mark', 'text, text, text', 'void'],
  ['emaj_comment_mark_group', 'comment_mark', 'text, text, text', 'void'],
  ['emaj_delete_mark_group', 'delete_mark', 'text, text', 'void'],
] as const;

/** Those that E-Maj's two forms may leave out: the bounds. */
const defaultsOf = (name: string, types: readonly string[]): readonly string[] =>
  name.startsWith('log_stat_table') || name.startsWith('log_stat_sequence')
    ? types.map((_, i) => (i >= types.length - 2 ? ' DEFAULT NULL' : ''))
    : types.map(() => '');

function wrapper(own: string, name: string, parameters: string, returns: string): string {
  const types = parameters.split(', ');
  const defaults = defaultsOf(own, types);
  const declared = types.map((type, i) => `p_${i + 1} ${type}${defaults[i] ?? ''}`).join(', ');
  const passed = types.map((_, i) => `$${i + 1}`).join(', ');
  return `CREATE OR REPLACE FUNCTION emaj.${name}(${declared}) RETURNS ${returns}
    LANGUAGE sql AS $f$ SELECT * FROM imat.${own}(${passed}) $f$`;
}

/**
 * Makes the schema `emaj`, if there is none, with the functions that imat has too.
 *
 * @throws ImatError `already_exists` if there is a schema `emaj` that imat has not made
 */
export async function createEmajNames(db: Db): Promise<void> {
  await db.transaction('read committed', async () => {
    // Another session may be making the same.
    db.defer(`SELECT pg_advisory_xact_lock(${LOCK_CLASS}, -3)`);
    const [schema] = await db.query<{ ours: boolean | null }>(
      `SELECT obj_description(n.oid, 'pg_namespace') LIKE 'imat: %' AS ours
       FROM pg_namespace n WHERE n.nspname = 'emaj'`,
    );
    if (schema !== undefined && schema.ours !== true)
      throw new ImatError('already_exists', {
        message: 'schema "emaj" exists and imat has not made it',
        hint: "imat's functions have the same names without emaj_, in the schema imat.",
      });
    await db.execute(
      `CREATE SCHEMA IF NOT EXISTS emaj;
       COMMENT ON SCHEMA emaj IS 'imat: the names of E-Maj for statistics';
       GRANT USAGE ON SCHEMA emaj TO PUBLIC`,
    );
    for (const [name, parameters] of STATISTICS) {
      const [result] = await db.query<{ columns: string }>(
        'SELECT pg_get_function_result($1::regprocedure) AS columns',
        [`imat.${name}(${parameters})`],
      );
      await db.execute(wrapper(name, `emaj_${name}`, parameters, result?.columns ?? ''));
    }
    for (const [name, own, parameters, returns] of MARKS)
      await db.execute(wrapper(own, name, parameters, returns));
  });
}
