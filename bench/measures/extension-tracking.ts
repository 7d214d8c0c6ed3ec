/**
 * One-row writes to a tracked table, against a server that has not loaded the extension; the
 * servers run side by side.
 */
import { createSales } from '../dataset.ts';
import {
  createExtension,
  createPredecessor,
  type ExtensionServers,
  type Place,
  PREDECESSOR_ABSENT,
} from '../extension-servers.ts';
import type { Bench, Script } from '../measure.ts';
import { atLeast, ratioResult } from '../result.ts';
import { ratioOf } from '../statistics.ts';
import { perCpuSecond, race } from '../throughput.ts';
import { insertScript, updateScript } from './writes.ts';

const BAR = atLeast(0.97);

type Contender = 'plain' | 'tracked' | 'predecessor';

export async function measureTracking(bench: Bench, servers: ExtensionServers): Promise<void> {
  const scale = { ...bench.scale, rows: bench.scale.bulkRows };
  const places = await createTables(servers, scale.rows, scale.groups);
  for (const clients of [1, 8]) {
    const scripts = { inserts: insertScript(scale.groups), updates: updateScript(scale) };
    for (const [what, script] of Object.entries(scripts)) {
      const name = `tracked: 1-row ${what}, ${clients} client${clients === 1 ? '' : 's'}`;
      await measureWrites(bench, places, name, { script, clients, durable: false });
      for (const { db } of Object.values(places)) await db.execute('VACUUM public.sales');
    }
  }
}

async function createTables(
  servers: ExtensionServers,
  rows: number,
  groups: number,
): Promise<Readonly<Record<string, Place>>> {
  const plain = await servers.createDatabase(servers.without[0], 'plain');
  const tracked = await servers.createDatabase(servers.with, 'tracked');
  const predecessor =
    servers.predecessor === null
      ? null
      : await servers.createDatabase(servers.predecessor, 'tracked');
  const places = { plain, tracked, ...(predecessor === null ? {} : { predecessor }) };
  for (const { db } of Object.values(places)) await createSales(db, rows, groups);
  await createExtension(tracked.db);
  if (predecessor !== null) await createPredecessor(predecessor.db);
  for (const { db } of [tracked, ...(predecessor === null ? [] : [predecessor])])
    await db.execute("SELECT public.enable_table_tracking('public.sales')");
  return places;
}

/**
 * Judged by the server's CPU time where that is known: it leaves out the client, which makes the
 * clock's ratio look better.
 */
async function measureWrites(
  bench: Bench,
  places: Readonly<Record<string, Place>>,
  name: string,
  script: Script,
): Promise<void> {
  const outcome = await race(bench, places, script, 'together');
  const byClock = (who: Contender): number[] => outcome.transactionsPerSecond[who] ?? [];
  const cpu = outcome.cpuMicroseconds;
  const values = (who: Contender): number[] =>
    cpu === null ? byClock(who) : perCpuSecond(cpu[who] ?? []);
  const share = (who: Contender): string => {
    const clock = ratioOf(byClock(who), byClock('plain')).median.toFixed(3);
    return cpu === null
      ? clock
      : `${ratioOf(values(who), values('plain')).median.toFixed(3)}, by the clock ${clock}`;
  };
  bench.report(
    ratioResult({
      name,
      unit: cpu === null ? 'tps' : 'tx/CPU s',
      baseline: { label: 'without', values: values('plain') },
      imat: { label: 'tracked', values: values('tracked') },
      bar: BAR,
      notes: [
        'the least disturbed runs: ' +
          (Math.max(...values('tracked')) / Math.max(...values('plain'))).toFixed(3),
        ...(cpu === null
          ? []
          : [`by the clock ${ratioOf(byClock('tracked'), byClock('plain')).median.toFixed(3)}`]),
        'predecessor' in places ? `predecessor: ${share('predecessor')}` : PREDECESSOR_ABSENT,
      ],
    }),
  );
}
