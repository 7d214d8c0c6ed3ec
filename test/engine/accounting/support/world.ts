/** A database with the catalog and what most tests of change accounting ask. */
import pg from 'pg';
import type { Sandbox, Session as WholeSession } from '../../commands/support/sandbox.ts';
import { until } from '../../commands/support/world.ts';

/** What is asked by SQL alone. */
type Session = Pick<WholeSession, 'rows'>;

export type Stat = readonly [table: string, rows: number];
export type DetailedStat = readonly [table: string, role: string, verb: string, rows: number];

/** A text as an SQL literal; NULL for null. */
export const literal = (text: string | null): string =>
  text === null ? 'NULL' : `'${text.replaceAll("'", "''")}'`;

/** Resolves when a session of this database waits for a lock. */
export async function untilOneWaits(sandbox: Sandbox): Promise<void> {
  const observer = await sandbox.session();
  await until('a session waits for a lock', async () => {
    const waiting = await observer.rows(
      `SELECT FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
       WHERE NOT l.granted AND a.datname = current_database()`,
    );
    return waiting.length > 0;
  });
}

/** Per table, summed over the times in which it was in the group. */
export async function stats(
  session: Session,
  group: string,
  first: string | null,
  last: string | null,
): Promise<Stat[]> {
  const rows = await session.rows<{ t: string; n: string }>(
    `SELECT stat_table AS t, stat_rows AS n
     FROM imat.log_stat_group(${literal(group)}, ${literal(first)}, ${literal(last)})`,
  );
  return rows.map(({ t, n }) => [t, Number(n)]);
}

export async function detailed(
  session: Session,
  group: string,
  first: string | null,
  last: string | null,
): Promise<DetailedStat[]> {
  const rows = await session.rows<{ t: string; role: string; verb: string; n: string }>(
    `SELECT stat_table AS t, stat_role AS role, stat_verb AS verb, stat_rows AS n
     FROM imat.detailed_log_stat_group(${literal(group)}, ${literal(first)}, ${literal(last)})`,
  );
  return rows.map(({ t, role, verb, n }) => [t, role, verb, Number(n)]);
}

/** Verb and rows of the only table and role. */
export const verbs = async (
  session: Session,
  group: string,
  first: string | null,
  last: string | null,
): Promise<string[]> =>
  (await detailed(session, group, first, last)).map(([, , verb, rows]) => `${verb} ${rows}`);

/** The warnings that a statement raises. */
export async function warnings(url: string, statement: string): Promise<string[]> {
  const client = new pg.Client(url);
  const raised: string[] = [];
  client.on('notice', ({ severity, message }) => {
    if (severity === 'WARNING') raised.push(message ?? '');
  });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
  return raised;
}
