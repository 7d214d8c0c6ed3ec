/**
 * `npm run torture`: random writers, schema changes, maintenance and deaths on a random schema,
 * while readers compare every imat with its definition. Ends with status 1 if an imat answered
 * wrong, or if imat caused an error of a writer.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type PostgresServer, startPostgres } from '../tools/postgres.ts';
import { runKiller, runMaintainer, settle, Worker } from './maintainers.ts';
import { type Options, readOptions } from './options.ts';
import { type Case, prepareDatabase, replay, withDatabase } from './replay.ts';
import { Run, worldOf } from './run.ts';
import { shrink, shrinkCase } from './shrink.ts';
import { runAlterer, runCommitter, runPartitioner, runReader, runWriter } from './users.ts';

const SETTLE_MS = 45_000;
const FOLDER = '.cache/torture';

const say = (text: string): void => void process.stderr.write(`${text}\n`);

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  const server = await startPostgres({ settings: { deadlock_timeout: '300ms' } });
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => process.exit(130));
  try {
    process.exitCode =
      options.replay === null
        ? await torture(server, { ...options, shrinkMinutes: options.shrinkMinutes ?? 5 })
        : await repeat(server, options.replay, options.shrinkMinutes);
  } finally {
    await server.stop();
  }
}

async function repeat(
  server: PostgresServer,
  file: string,
  shrinkMinutes: number | null,
): Promise<number> {
  const one = JSON.parse(readFileSync(file, 'utf8')) as Case;
  const found = await replay(server.url, one);
  console.log(found ?? 'nothing is wrong');
  if (found !== null && shrinkMinutes !== null) {
    const few = await shrinkCase(server.url, one, Date.now() + shrinkMinutes * 60_000);
    writeFileSync(file, `${JSON.stringify(few, null, 1)}\n`);
    console.log(`${few.steps.length} steps repeat it`);
  }
  return found === null ? 0 : 1;
}

async function torture(
  server: PostgresServer,
  options: Options & { readonly shrinkMinutes: number },
): Promise<number> {
  const world = worldOf(options.seed);
  say(`seed ${options.seed}, PostgreSQL ${server.major}, ${options.minutes} minutes`);
  return withDatabase(server.url, 'torture', async (url) => {
    const setup = world.schema.statements;
    await prepareDatabase(url, { setup, definitions: world.definitions });
    const run = new Run(world, server, url);
    await act(run, options.minutes * 60_000);
    report(run);
    const { failure } = run;
    if (failure === null) return 0;
    console.log(`${failure.kind} in ${failure.session}\n${failure.text}`);
    const one = await shrink(run, failure, options.shrinkMinutes * 60_000, say);
    mkdirSync(FOLDER, { recursive: true });
    const file = `${FOLDER}/seed-${options.seed}.json`;
    writeFileSync(file, `${JSON.stringify(one, null, 1)}\n`);
    console.log(
      one.replays
        ? `${one.steps.length} steps repeat it: npm run torture -- --replay ${file}`
        : `it needs concurrency that cannot be repeated; the trace with times: ${file}`,
    );
    return 1;
  });
}

async function act(run: Run, forMs: number): Promise<void> {
  const worker = new Worker(run);
  worker.start();
  const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
  const actors = [
    ...numbers(8).map((index) => runWriter(run, index)),
    ...numbers(3).map((index) => runReader(run, index)),
    ...numbers(2).map((index) => runMaintainer(run, index)),
    runAlterer(run),
    runPartitioner(run),
    runCommitter(run),
    runKiller(run, worker),
  ];
  const end = Date.now() + forMs;
  for (let settled = Date.now(); run.running && Date.now() < end; ) {
    await sleep(100);
    if (Date.now() - settled < SETTLE_MS) continue;
    await settle(run);
    settled = Date.now();
  }
  if (run.running) await settle(run);
  run.running = false;
  await Promise.all(actors);
  await worker.end('SIGTERM');
}

function report(run: Run): void {
  for (const [what, count] of [...run.figures].toSorted(([a], [b]) => a.localeCompare(b)))
    console.log(`${String(count).padStart(8)}  ${what}`);
}

await main();
