/** Loads by PostgreSQL's own pgbench. */
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import type { Load, LoadOutcome } from './load-outcome.ts';

const MOST_THREADS = 2;

/** @throws Error where pgbench fails for another reason than failed transactions */
export async function runPgbench(pgbench: string, url: string, load: Load): Promise<LoadOutcome> {
  const args = [
    '--no-vacuum',
    `--protocol=${load.protocol ?? 'prepared'}`,
    '--file=-',
    `--client=${load.clients}`,
  ];
  args.push(
    `--jobs=${Math.min(load.clients, MOST_THREADS)}`,
    `--time=${Math.ceil(load.seconds)}`,
    url,
  );
  if (load.rate !== undefined) args.unshift(`--rate=${load.rate}`);
  const child = spawn(pgbench, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, PGOPTIONS: `-c synchronous_commit=${load.durable ? 'on' : 'off'}` },
  });
  child.stdin.end(load.script);
  const status = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  const [output, complaints, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    status,
  ]);
  if (code !== 0)
    throw new Error(
      `pgbench ended with status ${code}:\n${complaints.trim().split('\n').slice(-5).join('\n')}`,
    );
  return readReport(output);
}

/** @throws Error where the report is not pgbench's */
export function readReport(report: string): LoadOutcome {
  const number = (pattern: RegExp): number | null => {
    const found = pattern.exec(report)?.[1];
    return found === undefined ? null : Number(found);
  };
  const transactionsPerSecond = number(/^tps = ([\d.]+) \(without initial connection time\)/m);
  const transactions = number(/^number of transactions actually processed: (\d+)/m);
  if (transactionsPerSecond === null || transactions === null)
    throw new Error(`not a report of pgbench:\n${report}`);
  return {
    transactionsPerSecond,
    transactions,
    failed: number(/^number of failed transactions: (\d+)/m) ?? 0,
  };
}
