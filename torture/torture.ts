/** One run of a world, or one repetition of a case: what is done, said and written. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runKiller, runMaintainer, settle, Worker } from './maintainers.ts';
import { type Case, prepareDatabase, replay, withDatabase } from './replay.ts';
import { type Failure, Run, type Server, type World } from './run.ts';
import { shrink, shrinkCase } from './shrink.ts';
import {
  runAlterer,
  runCommitter,
  runPartitioner,
  runReader,
  runSaboteur,
  runWriter,
} from './users.ts';

/** Who takes part. */
export type Crew = {
  readonly writers: number;
  readonly readers: number;
  readonly maintainers: number;
  /** Whether tables and partitions are changed meanwhile. */
  readonly alters: boolean;
  /** Whether a worker process takes part, and workers, backends and the server are killed. */
  readonly kills: boolean;
};

export const EVERYBODY: Crew = {
  writers: 8,
  readers: 3,
  maintainers: 2,
  alters: true,
  kills: true,
};

export type Plan = {
  readonly forMs: number;
  readonly shrinkMs: number;
  readonly crew: Crew;
  /** SQL that somebody runs behind imat's back: a fault that must be found. */
  readonly fault: string | null;
  /** Where a case goes. */
  readonly file: string;
  readonly say: (text: string) => void;
};

export type Outcome = {
  readonly figures: ReadonlyMap<string, number>;
  /** What went wrong, and the steps that it comes from. */
  readonly failure: Failure | null;
  readonly found: Case | null;
};

const SETTLE_MS = 45_000;

/** Uses imat at random in a database of its own. A failure is shrunk and written into the file. */
export async function torture(server: Server, world: World, plan: Plan): Promise<Outcome> {
  return withDatabase(server.url, 'torture', async (url) => {
    const setup = world.schema.statements;
    await prepareDatabase(url, { setup, definitions: world.definitions });
    const run = new Run(world, server, url);
    await act(run, plan);
    const { failure, figures } = run;
    if (failure === null) return { figures, failure, found: null };
    plan.say(`${failure.kind} in ${failure.session}\n${failure.text}`);
    const found = await shrink(run, failure, plan.shrinkMs, plan.say);
    writeCase(plan.file, found);
    return { figures, failure, found };
  });
}

/** Repeats a case, and shrinks it further if it fails. @returns what is wrong; null: nothing */
export async function repeat(
  server: Pick<Server, 'url'>,
  file: string,
  shrinkMs: number | null,
): Promise<string | null> {
  const one = JSON.parse(readFileSync(file, 'utf8')) as Case;
  const found = await replay(server.url, one);
  if (found !== null && shrinkMs !== null)
    writeCase(file, await shrinkCase(server.url, one, Date.now() + shrinkMs));
  return found;
}

function writeCase(file: string, one: Case): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(one, null, 1)}\n`);
}

async function act(run: Run, { forMs, crew, fault }: Plan): Promise<void> {
  const worker = new Worker(run);
  if (crew.kills) worker.start();
  const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
  const actors = [
    ...numbers(crew.writers).map((index) => runWriter(run, index)),
    ...numbers(crew.readers).map((index) => runReader(run, index)),
    ...numbers(crew.maintainers).map((index) => runMaintainer(run, index)),
    ...(crew.alters ? [runAlterer(run), runPartitioner(run)] : []),
    runCommitter(run),
    ...(crew.kills ? [runKiller(run, worker)] : []),
    ...(fault === null ? [] : [runSaboteur(run, fault)]),
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
