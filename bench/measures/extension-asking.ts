/** What it costs to ask which of many tables have changed, as whoever maintains many imats does. */
import type { Db } from '../../engine/db/db.ts';
import { createExtension, type ExtensionServers } from '../extension-servers.ts';
import { type Bench, timed } from '../measure.ts';
import { absoluteResult, atMost } from '../result.ts';

const TABLES = 1000;
const CALLS = 20;
const BAR = atMost(1);

const ASK =
  'SELECT tables_changed_since(frontier.tables, frontier.snapshots) AS changed FROM frontier';

export async function measureAsking(bench: Bench, servers: ExtensionServers): Promise<void> {
  const { db } = await servers.createDatabase(servers.with, 'asking');
  await createTables(db);
  await checkAnswers(db);
  const [frontier] = await db.query<{ tables: string; snapshots: string }>(
    'SELECT tables::oid[]::text AS tables, snapshots::text AS snapshots FROM frontier',
  );
  const parameters = [frontier?.tables, frontier?.snapshots];
  const inServer: number[] = [];
  const byClient: number[] = [];
  for (let round = 0; round <= bench.scale.rounds; round += 1) {
    const [row] = await db.query<{ ms: string }>('SELECT ask_ms($1) AS ms', [CALLS]);
    const ms = await timed(async () => {
      for (let call = 0; call < CALLS; call += 1)
        await db.query(
          'SELECT public.tables_changed_since($1::oid[]::regclass[], $2::pg_snapshot[]) AS changed',
          parameters,
        );
    });
    // The first round warms up.
    if (round === 0) continue;
    inServer.push(Number(row?.ms));
    byClient.push(ms / CALLS);
  }
  const name = `tables_changed_since of ${TABLES} tables`;
  bench.report(
    absoluteResult({ name, unit: 'ms', imat: { label: 'a call', values: inServer }, bar: BAR }),
  );
  bench.report(
    absoluteResult({
      name: `${name}, asked by a client`,
      unit: 'ms',
      imat: { label: 'a query and its arrays', values: byClient },
    }),
  );
}

async function createTables(db: Db): Promise<void> {
  await createExtension(db);
  // In several transactions: each holds a lock on every table that it makes.
  await db.execute(`DO $$ BEGIN
  FOR i IN 1..${TABLES} LOOP
    EXECUTE format('CREATE TABLE public.t%s (id integer)', i);
    PERFORM public.enable_table_tracking(format('public.t%s', i)::regclass);
    IF i % 100 = 0 THEN COMMIT; END IF;
  END LOOP;
END $$`);
  await db.execute(`SET search_path = public, pg_catalog;
CREATE TABLE frontier AS
SELECT array_agg(oid::regclass) AS tables, array_agg(pg_current_snapshot()) AS snapshots
FROM pg_class WHERE relname ~ '^t[0-9]+$';
CREATE FUNCTION ask_ms(calls integer) RETURNS float8 LANGUAGE plpgsql AS $$ DECLARE
  asked frontier;
  began timestamptz;
  changed boolean[];
BEGIN
  SELECT * INTO asked FROM frontier;
  began := clock_timestamp();
  FOR number IN 1..calls LOOP
    changed := tables_changed_since(asked.tables, asked.snapshots);
  END LOOP;
  RETURN extract(epoch FROM clock_timestamp() - began) * 1000 / calls;
END $$`);
}

/** One table has changed since; the others are what most of them are when they are asked about. */
async function checkAnswers(db: Db): Promise<void> {
  await db.execute('INSERT INTO t1 VALUES (1)');
  const [row] = await db.query<{ count: number }>(
    `SELECT count(*)::integer AS count FROM unnest((${ASK})) AS one (changed) WHERE changed`,
  );
  if (row?.count !== 1) throw new Error(`one table was changed, and ${row?.count} are said to be`);
}
