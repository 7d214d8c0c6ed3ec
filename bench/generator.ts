/**
 * Loads by this process: where there is no pgbench. It is slower than pgbench, so ratios come out
 * nearer to 1.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { connectDb } from '../engine/db/connect-db.ts';
import { type Db, ServerError } from '../engine/db/db.ts';
import type { Load, LoadOutcome } from './load-outcome.ts';

/** A line of a script. */
type Step =
  | { readonly kind: 'set'; readonly name: string; readonly from: number; readonly to: number }
  | { readonly kind: 'control'; readonly sql: string }
  | { readonly kind: 'statement'; readonly sql: string; readonly names: readonly string[] };

const MILLISECONDS = 1000;

/** @throws Error where a script has what only pgbench understands */
export function readScript(script: string): Step[] {
  const lines = script.split('\n').filter((line) => line.trim() !== '');
  return lines.map(readStep);
}

function readStep(line: string): Step {
  const set = /^\\set (\w+) random\((\d+), (\d+)\)$/.exec(line);
  if (set !== null)
    return { kind: 'set', name: set[1] ?? '', from: Number(set[2]), to: Number(set[3]) };
  if (line.startsWith('\\')) throw new Error(`this generator does not understand: ${line}`);
  if (/^(BEGIN|COMMIT);$/.test(line)) return { kind: 'control', sql: line };
  const names: string[] = [];
  const sql = line.replace(/:(\w+)/g, (_, name: string) => `$${names.push(name)}`);
  return { kind: 'statement', sql: sql.replace(/;$/, ''), names };
}

export async function runGenerator(url: string, load: Load): Promise<LoadOutcome> {
  const steps = readScript(load.script);
  const clients = await Promise.all(
    Array.from({ length: load.clients }, () => openClient(url, load)),
  );
  try {
    const start = performance.now();
    const end = start + load.seconds * MILLISECONDS;
    const counts = await Promise.all(clients.map((db) => runClient(db, steps, end, pauseMs(load))));
    const transactions = counts.reduce((sum, count) => sum + count.done, 0);
    const seconds = (performance.now() - start) / MILLISECONDS;
    return {
      transactions,
      transactionsPerSecond: transactions / seconds,
      failed: counts.reduce((sum, count) => sum + count.failed, 0),
    };
  } finally {
    await Promise.all(clients.map((db) => db.close()));
  }
}

async function openClient(url: string, load: Load): Promise<Db> {
  const db = await connectDb({ kind: 'url', url });
  await db.execute(`SET synchronous_commit = ${load.durable ? 'on' : 'off'}`);
  return db;
}

/** Between two transactions of one client, where a rate is asked for. */
const pauseMs = ({ clients, rate }: Load): number =>
  rate === undefined ? 0 : (clients * MILLISECONDS) / rate;

async function runClient(
  db: Db,
  steps: readonly Step[],
  end: number,
  everyMs: number,
): Promise<{ done: number; failed: number }> {
  let done = 0;
  let failed = 0;
  for (let next = performance.now(); performance.now() < end; next += everyMs) {
    if (everyMs > 0) await sleep(Math.max(0, next - performance.now()));
    try {
      await runOnce(db, steps);
      done += 1;
    } catch (error) {
      if (!(error instanceof ServerError)) throw error;
      failed += 1;
      await db.execute('ROLLBACK');
    }
  }
  return { done, failed };
}

async function runOnce(db: Db, steps: readonly Step[]): Promise<void> {
  const values = new Map<string, number>();
  for (const step of steps) {
    switch (step.kind) {
      case 'set':
        values.set(step.name, step.from + Math.floor(Math.random() * (step.to - step.from + 1)));
        break;
      case 'control':
        await db.execute(step.sql);
        break;
      case 'statement':
        await db.query(
          step.sql,
          step.names.map((name) => values.get(name)),
        );
        break;
    }
  }
}
