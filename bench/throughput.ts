/**
 * Races the same load over databases that differ in what keeps the summary, and gives the
 * throughput of each.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Kind } from './databases.ts';
import type { Bench, Script } from './measure.ts';
import { interleave, sideBySide } from './statistics.ts';

/** A database; with its server where that is not the one that is measured otherwise. */
export type Racer = {
  readonly url: string;
  readonly server?: { readonly cpuSeconds: () => number | null };
};

export type Race<K extends string> = {
  readonly transactionsPerSecond: Record<K, number[]>;
  readonly failed: Record<K, number>;
  /** Of the server, a transaction of each round; null where that is not known. */
  readonly cpuMicroseconds: Record<K, number[]> | null;
};

const MICROSECONDS = 1e6;
const SETTLE_MS = 200;
const WARM_UP_SECONDS = 1;

/**
 * `in turn` gives throughput by the clock; `together`, with a server for each, the steadier ratios.
 */
export async function race<K extends string>(
  bench: Bench,
  racers: Readonly<Record<K, Racer>>,
  script: Script,
  order: 'in turn' | 'together' = 'in turn',
): Promise<Race<K>> {
  const names = Object.keys(racers) as K[];
  const failed = Object.fromEntries(names.map((name) => [name, 0])) as Record<K, number>;
  const cpu = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<
    K,
    number[]
  >;
  const runOnce = async (name: K, seconds: number): Promise<number> => {
    const { url, server = bench } = racers[name];
    const before = server.cpuSeconds();
    const outcome = await bench.generator.run(url, { ...script, seconds });
    // The server counts a backend's time when it has ended, shortly after its client.
    if (before !== null) await sleep(SETTLE_MS);
    const after = server.cpuSeconds();
    failed[name] += outcome.failed;
    if (before !== null && after !== null)
      cpu[name].push(((after - before) * MICROSECONDS) / outcome.transactions);
    return outcome.transactionsPerSecond;
  };
  // Without a record of it: the first run of each finds cold caches.
  for (const name of names) await runOnce(name, Math.min(WARM_UP_SECONDS, bench.scale.seconds));
  for (const name of names) cpu[name] = [];
  const contenders = Object.fromEntries(
    names.map((name) => [name, () => runOnce(name, bench.scale.seconds)]),
  );
  const runRounds = order === 'in turn' ? interleave : sideBySide;
  const transactionsPerSecond = await runRounds(
    bench.scale.rounds,
    contenders as Record<K, () => Promise<number>>,
  );
  const known = names.every((name) => cpu[name].length > 0);
  return { transactionsPerSecond, failed, cpuMicroseconds: known ? cpu : null };
}

/** Who writes are raced between: pg_ivm only where the server has it. */
export const contendersOf = (bench: Bench): Readonly<Record<string, Kind>> => ({
  plain: 'plain',
  imat: 'imat',
  ...(bench.databases.hasPgIvm ? { pg_ivm: 'pg_ivm' } : {}),
});

/** Transactions that a second of the server's CPU time is enough for. */
export const perCpuSecond = (cpuMicroseconds: readonly number[]): number[] =>
  cpuMicroseconds.map((each) => MICROSECONDS / each);
