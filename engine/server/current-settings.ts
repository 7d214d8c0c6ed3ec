/** The session settings on which PostgreSQL's own functions depend, with their values. */
import type { Db } from '../db/db.ts';
import { PINNED_SETTINGS } from './functions.ts';

export async function currentSettings(db: Db): Promise<Record<string, string>> {
  const rows = await db.query<{ name: string; value: string }>(
    `SELECT s.name, current_setting(s.name) AS value
     FROM unnest($1::text[]) WITH ORDINALITY s(name, n)
     ORDER BY s.n`,
    [`{${PINNED_SETTINGS.join(',')}}`],
  );
  return Object.fromEntries(rows.map((row) => [row.name, row.value]));
}
