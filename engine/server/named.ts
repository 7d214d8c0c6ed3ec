/**
 * The names that a definition's text and its plan go by. Text that was made before a rename means
 * something else afterwards, or nothing: then the command begins again.
 */
import type { Db } from '../db/db.ts';
import { isRefused } from '../db/db.ts';
import { rolledBack } from '../db/rolled-back.ts';
import { withShortLock } from '../db/short-lock.ts';
import { ImatError } from '../errors/imat-error.ts';
import type { ReadRelation } from './relations.ts';

/** Relations with the columns that are read of them, and what they were called. */
export type Named = {
  readonly relations: readonly Pick<ReadRelation, 'oid' | 'used'>[];
  readonly names: string;
};

/** Names are as they are now, whatever the snapshot: they come from the catalogs' caches. */
const NAMES_SQL = `
SELECT coalesce(string_agg(concat_ws(' ', r.oid::regclass::text,
    CASE WHEN c.relkind = 'v' THEN pg_get_viewdef(c.oid, true) END, a.names),
  chr(10) ORDER BY r.oid), '') AS names
FROM jsonb_to_recordset($1) AS r (oid oid, used integer[])
  LEFT JOIN pg_class c ON c.oid = r.oid
  LEFT JOIN LATERAL (
    SELECT string_agg(concat_ws(' ',
      (pg_identify_object_as_address('pg_class'::regclass, r.oid, a.attnum)).object_names[3],
      format_type(a.atttypid, a.atttypmod), a.attcollation), ', ' ORDER BY a.attnum) AS names
    FROM pg_attribute a
    WHERE a.attrelid = r.oid AND a.attnum > 0 AND (r.used IS NULL OR a.attnum = ANY (r.used))
  ) a ON true`;

const namesOf = (db: Db, relations: Named['relations']): Promise<string> =>
  rolledBack(db, async () => {
    // Names and views are printed by the session's path.
    db.defer('SET LOCAL search_path = pg_catalog');
    const own = relations.map(({ oid, used }) => ({ oid, used }));
    const [row] = await db.query<{ names: string }>(NAMES_SQL, [JSON.stringify(own)]);
    return row?.names ?? '';
  });

/** Inside a transaction. */
export async function named(db: Db, relations: Named['relations']): Promise<Named> {
  return { relations, names: await namesOf(db, relations) };
}

/** Inside a transaction. @throws ImatError `contention` if something has another name now */
export async function checkNamed(db: Db, { relations, names }: Named): Promise<void> {
  if ((await namesOf(db, relations)) !== names) throw renamed(undefined);
}

/**
 * Outside of a transaction: what an error means that the server raised for text which was made
 * from these names.
 */
export async function blameNamed(db: Db, { relations, names }: Named, error: unknown) {
  const refused = error instanceof ImatError ? error.cause : error;
  if (!isRefused(refused)) return error;
  const now = await withShortLock(db, () => namesOf(db, relations)).catch(() => names);
  return now === names ? error : renamed(error);
}

const renamed = (cause: unknown): ImatError =>
  new ImatError('contention', {
    message: 'a relation that the definition reads was changed while the definition was prepared',
    detail: 'It has other names or types now.',
    hint: 'Try again.',
    cause,
  });
