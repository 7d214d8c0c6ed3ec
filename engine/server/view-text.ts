/** The definition of a view as PostgreSQL prints it. */
import type { Db } from '../db/db.ts';
import { ImatError } from '../errors/imat-error.ts';

/**
 * Without the semicolon.
 * @throws ImatError `contention` if the view was dropped since its OID was found
 */
export async function viewText(db: Db, oid: number): Promise<string> {
  const [row] = await db.query<{ text: string | null }>(
    'SELECT pg_get_viewdef($1::oid, true) AS text',
    [oid],
  );
  const text = (row?.text ?? '').trim().replace(/;$/, '');
  if (text !== '') return text;
  throw new ImatError('contention', {
    message: 'a view was dropped while the definition was prepared',
    hint: 'Try again.',
  });
}
