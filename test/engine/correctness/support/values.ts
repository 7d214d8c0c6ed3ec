/** What a query gives in a session with other settings. */
import type { World } from '../../commands/support/world.ts';

/** Of a session whose zone and formats are none that a test converts under. */
export const OTHERS = `SET TimeZone = 'America/Los_Angeles'; SET DateStyle = 'SQL, DMY';
  SET IntervalStyle = 'iso_8601'`;

export type Values = Readonly<Record<string, unknown>>;

/** The rows of a query that a session with these settings runs, however they print values. */
export async function valuesUnder(
  world: World,
  settings: string,
  query: string,
): Promise<readonly Values[]> {
  const session = await world.session();
  await session.sql(`SET jit = off; ${settings}; CREATE TEMPORARY TABLE found AS ${query};
    SET TimeZone = 'UTC'; SET DateStyle = 'ISO'; SET IntervalStyle = 'postgres'`);
  const rows = await session.rows<{ row: Values }>(
    'SELECT to_jsonb(f) AS row FROM found f ORDER BY f.id',
  );
  await session.db.close();
  return rows.map(({ row }) => row);
}
