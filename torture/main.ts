/**
 * `npm run torture`: random writers, schema changes, maintenance and deaths on a random schema,
 * while readers compare every imat with its definition. Ends with status 1 if an imat answered
 * wrong, or if imat caused an error of a writer.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type PostgresServer, startPostgres } from '../tools/postgres.ts';
import { type Options, readOptions } from './options.ts';
import { asTestResults, type SeedResult } from './results.ts';
import { worldOf } from './run.ts';
import { EVERYBODY, repeat, torture } from './torture.ts';

const FOLDER = '.cache/torture';
const SHRINK_MINUTES = 5;

const say = (text: string): void => void process.stderr.write(`${text}\n`);

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  const server = await startPostgres({ settings: { deadlock_timeout: '300ms' } });
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => process.exit(130));
  try {
    process.exitCode =
      options.replay === null
        ? await tortureAll(server, options)
        : await replayFile(server, options.replay, options.shrinkMinutes);
  } finally {
    await server.stop();
  }
}

async function replayFile(
  server: PostgresServer,
  file: string,
  shrinkMinutes: number | null,
): Promise<number> {
  const shrinkMs = shrinkMinutes === null ? null : shrinkMinutes * 60_000;
  const found = await repeat(server, file, shrinkMs);
  console.log(found ?? 'nothing is wrong');
  return found === null ? 0 : 1;
}

async function tortureAll(server: PostgresServer, options: Options): Promise<number> {
  const results: SeedResult[] = [];
  for (const seed of options.seeds) results.push(await tortureOne(server, options, seed));
  if (options.output !== null)
    writeFileSync(options.output, JSON.stringify(asTestResults('torture', results)));
  return results.some(({ failure }) => failure !== null) ? 1 : 0;
}

async function tortureOne(
  server: PostgresServer,
  options: Options,
  seed: number,
): Promise<SeedResult> {
  say(`seed ${seed}, PostgreSQL ${server.major}, ${options.minutes} minutes`);
  const file = `${FOLDER}/seed-${seed}.json`;
  const { figures, failure, found } = await torture(server, worldOf(seed), {
    forMs: options.minutes * 60_000,
    shrinkMs: (options.shrinkMinutes ?? SHRINK_MINUTES) * 60_000,
    crew: EVERYBODY,
    fault: options.fault,
    file,
    say,
  });
  if (failure !== null) say(failure.evidence ?? endOfLog(server));
  for (const [what, count] of [...figures].toSorted(([a], [b]) => a.localeCompare(b)))
    console.log(`${String(count).padStart(8)}  ${what}`);
  if (found !== null)
    console.log(
      found.replays
        ? `${found.steps.length} steps repeat it: npm run torture -- --replay ${file}`
        : `it needs concurrency that cannot be repeated; the trace with times: ${file}`,
    );
  return { seed, failure };
}

/** Of a deadlock, only the log has the statements of both sides. */
function endOfLog({ directory }: PostgresServer): string {
  const text = readFileSync(join(directory, 'log'), 'utf8');
  const at = text.lastIndexOf('deadlock detected', text.length - 1);
  return at < 0 ? text.slice(-2000) : text.slice(at, at + 3000);
}

await main();
