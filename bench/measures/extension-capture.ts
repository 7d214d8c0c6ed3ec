/**
 * Capture by the extension against capture by plpgsql and no capture: server CPU time of the same
 * writes.
 */
import { createImat } from '../../engine/index.ts';
import { backendMs } from '../backend-cpu.ts';
import { createSales, createView, salesRows, VIEW } from '../dataset.ts';
import { createExtension, type ExtensionServers, type Place } from '../extension-servers.ts';
import type { Bench } from '../measure.ts';
import { atMost, type Bar, ratioResult } from '../result.ts';
import { ratioOf, sideBySide } from '../statistics.ts';
import { race } from '../throughput.ts';
import { insertScript } from './writes.ts';

const CONTENDERS = ['none', 'plpgsql', 'c'] as const;

type Contender = (typeof CONTENDERS)[number];
type Times = Record<Contender, number[]>;
type Places = Readonly<Record<Contender, Place>>;

const MICROSECONDS = 1000;

export async function measureCapture(bench: Bench, servers: ExtensionServers): Promise<void> {
  const places: Places = {
    none: await servers.createDatabase(servers.without[0], 'no_view'),
    plpgsql: await servers.createDatabase(servers.without[1], 'by_plpgsql'),
    c: await servers.createDatabase(servers.with, 'by_extension'),
  };
  await createExtension(places.c.db);
  for (const { db } of Object.values(places))
    await createSales(db, bench.scale.bulkRows, bench.scale.groups);
  for (const who of ['plpgsql', 'c'] as const) await convert(who, places[who]);
  await measureSmall(bench, places);
  await measureLarge(bench, places);
}

async function convert(who: Contender, { db }: Place): Promise<void> {
  await createView(db);
  await createImat(db).convert(`public.${VIEW}`);
  const [source] = await db.query<{ by_extension: boolean }>(
    'SELECT by_extension FROM imat_catalog.source',
  );
  if (source?.by_extension !== (who === 'c')) throw new Error(`changes are not captured by ${who}`);
}

async function measureSmall(bench: Bench, places: Places): Promise<void> {
  const bar = atMost(1.25);
  const script = { script: insertScript(bench.scale.groups), clients: 1, durable: false };
  const outcome = await race(bench, places, script, 'together');
  // Without the server's CPU time: the time that a transaction takes its one client.
  const latency = (who: Contender): number[] =>
    outcome.transactionsPerSecond[who].map((tps) => (MICROSECONDS * MICROSECONDS) / tps);
  const times = outcome.cpuMicroseconds ?? {
    none: latency('none'),
    plpgsql: latency('plpgsql'),
    c: latency('c'),
  };
  report(bench, { name: 'captured: 1-row inserts, 1 client', unit: 'us', bar, times });
  for (const who of CONTENDERS) await tidyUp(who, places[who]);
  const { commits, groups } = bench.scale;
  const inserts = `DO $$ BEGIN
  FOR i IN 1..${commits} LOOP
    INSERT INTO public.sales (product, region, amount)
    VALUES (1 + i * 7919 % ${groups}, 'north', 12.34);
    COMMIT;
  END LOOP;
END $$`;
  const [alone] = await runTogether(bench, places, [inserts]);
  if (alone === undefined) return;
  const each = (values: readonly number[]): number[] =>
    values.map((ms) => (ms * MICROSECONDS) / commits);
  const perCommit = { none: each(alone.none), plpgsql: each(alone.plpgsql), c: each(alone.c) };
  report(bench, {
    name: 'captured: 1-row inserts in the server, each with its commit',
    unit: 'us',
    bar,
    times: perCommit,
  });
}

/**
 * Each statement finds what the one before has left, so that the table is as large in every round.
 */
async function measureLarge(bench: Bench, places: Places): Promise<void> {
  const { bulkRows, groups } = bench.scale;
  const file = await writeFile(places.none, salesRows(bulkRows, groups));
  const rows = `${bulkRows.toLocaleString('en').replaceAll(',', ' ')} rows`;
  const statements = [
    {
      name: `captured: COPY of ${rows}`,
      bar: atMost(2.2),
      sql: `COPY public.sales (product, region, amount) FROM '${file}'`,
    },
    {
      name: `captured: update of ${rows}`,
      bar: atMost(1.6),
      sql: 'UPDATE public.sales SET amount = amount + 1',
    },
    { name: `captured: delete of ${rows}`, bar: atMost(1.6), sql: 'DELETE FROM public.sales' },
  ];
  for (const who of CONTENDERS) {
    await places[who].db.execute('TRUNCATE public.sales');
    await tidyUp(who, places[who]);
  }
  const times = await runTogether(
    bench,
    places,
    statements.map(({ sql }) => sql),
  );
  for (const [index, { name, bar }] of statements.entries()) {
    const found = times[index];
    if (found !== undefined) report(bench, { name, unit: 'ms', bar, times: found });
  }
}

/**
 * Runs each statement, by all contenders at once, and gives their milliseconds. The first round
 * warms up.
 */
async function runTogether(
  bench: Bench,
  places: Places,
  statements: readonly string[],
): Promise<Times[]> {
  const run = (who: Contender, sql: string) => (): Promise<number> =>
    backendMs(places[who].db, sql);
  const all = statements.map((): Times => ({ none: [], plpgsql: [], c: [] }));
  for (let round = 0; round <= bench.scale.rounds; round += 1) {
    for (const [index, sql] of statements.entries()) {
      const one = { none: run('none', sql), plpgsql: run('plpgsql', sql), c: run('c', sql) };
      const times = await sideBySide(1, one);
      for (const who of CONTENDERS) {
        await tidyUp(who, places[who]);
        if (round > 0) all[index]?.[who].push(...times[who]);
      }
    }
  }
  return all;
}

/** What a worker and autovacuum would do between two such statements. */
async function tidyUp(who: Contender, { db }: Place): Promise<void> {
  if (who !== 'none') await db.query('CALL imat.fold($1)', [VIEW]);
  await db.execute('VACUUM (ANALYZE)');
}

/** A file that the servers can read, in the data directory of the one that writes it. */
async function writeFile({ db }: Place, query: string): Promise<string> {
  const [row] = await db.query<{ file: string }>(
    "SELECT current_setting('data_directory') || '/sales.txt' AS file",
  );
  if (row === undefined) throw new Error('the server does not say where its data is');
  await db.execute(`COPY (${query}) TO '${row.file}'`);
  return row.file;
}

function report(
  bench: Bench,
  { name, unit, bar, times }: { name: string; unit: string; bar: Bar; times: Times },
): void {
  const plpgsql = ratioOf(times.plpgsql, times.none).median.toFixed(2);
  bench.report(
    ratioResult({
      name,
      unit,
      baseline: { label: 'no capture', values: times.none },
      imat: { label: 'C', values: times.c },
      bar,
      notes: [`plpgsql: ${plpgsql}`],
    }),
  );
}
