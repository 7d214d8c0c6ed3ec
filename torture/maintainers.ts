/** Who maintains imats: commands at random, a worker process, and who kills all of them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Commander, describeError, judgeCommand } from './commands.ts';
import { restoreOracles } from './commands.ts';
import { compare } from './compare.ts';
import type { Definition } from './definitions.ts';
import type { Run } from './run.ts';
import { asFault, Session } from './session.ts';
import { endDetachments, endPrepared } from './users.ts';

const VERBS = [
  'fold',
  'fold',
  'fold',
  'fold',
  'swap',
  'swap',
  'swap',
  'rebuild',
  'verify',
  'alter',
  'repair',
  'repair',
  'convert',
  'convert',
  'revert',
] as const;

/** Runs a command and counts its outcome. */
export async function command(
  run: Run,
  commander: Commander,
  session: Session,
  words: readonly string[],
): Promise<boolean> {
  const [verb = '', name = ''] = words;
  const step = run.trace.beginCommand(session.name, words);
  try {
    await commander.run(words, run.world.definitions, session);
    step.end('ok');
    run.count(`${verb}: done`);
    return true;
  } catch (error) {
    const text = describeError(error);
    step.end(text);
    const verdict = judgeCommand(error);
    run.count(`${verb}: ${verdict}`);
    if (verdict === 'imat')
      run.fail({ kind: 'command error', imat: name, session: session.name, text });
    await commander.close();
    return false;
  }
}

export async function runMaintainer(run: Run, index: number): Promise<void> {
  const chance = run.nextChance();
  // Of its own it runs what a user runs: CREATE MATERIALIZED VIEW before a conversion.
  const session = new Session(`maintainer ${index}`, run.url, null, run.users);
  const commander = new Commander(run.url);
  await run.act(session.name, async () => {
    const { name } = chance.pick(run.world.definitions);
    await command(run, commander, session, [chance.pick(VERBS), name]);
    await sleep(chance.int(0, 100));
  });
  await commander.close();
  await session.close();
}

const CLI = fileURLToPath(new URL('../cli/main.js', import.meta.url));
const WORKER = ['--tick', '200ms', '--sweep', '1s', '--lease', '1s', '--repair'];

const LINES_SAID = 3;

export class Worker {
  readonly #run: Run;
  #child: ChildProcess | null = null;
  /** The last lines: the message of an error stands before its code. */
  #said: readonly string[] = [];

  constructor(run: Run) {
    this.#run = run;
  }

  start(): void {
    const child = spawn(process.execPath, [CLI, 'worker', this.#run.url, ...WORKER], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let rest = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      const lines = `${rest}${text}`.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.#judge(line);
    });
    this.#child = child;
  }

  #judge(line: string): void {
    const text = [...this.#said, line].join('\n');
    this.#said = [...this.#said, line].slice(-LINES_SAID);
    if (!/IM022|IM099|"level":"fatal"/.test(line)) return;
    this.#run.fail({ kind: 'command error', imat: null, session: 'worker', text });
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  }
}

const WORKER_MS = 12_000;
const SERVER_MS = 35_000;

export async function runKiller(run: Run, worker: Worker): Promise<void> {
  const chance = run.nextChance();
  const session = new Session('killer', run.url, null);
  let [worked, served] = [Date.now(), Date.now()];
  let next = 0;
  await run.act(session.name, async () => {
    await sleep(100);
    if (Date.now() < next) return;
    next = Date.now() + chance.int(1000, 4000);
    if (Date.now() - served > SERVER_MS) {
      served = Date.now();
      run.trace.beginCommand('killer', ['restart']).end('ok');
      await run.server.restart('immediate');
      run.count('kills: server');
    } else if (Date.now() - worked > WORKER_MS) {
      worked = Date.now();
      await worker.end('SIGKILL');
      worker.start();
      run.count('kills: worker');
    } else await killBackend(run, session);
  });
  await session.close();
}

async function killBackend(run: Run, session: Session): Promise<void> {
  try {
    const found = await session.sql(
      `SELECT application_name AS name, pg_terminate_backend(pid)
       FROM (
         SELECT pid, application_name FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid()
           AND backend_type = 'client backend' AND state <> 'idle'
         ORDER BY random() LIMIT 1
       ) a`,
      false,
    );
    if (found.length > 0) run.count('kills: backend');
  } catch (error) {
    if (asFault(error).message === '') throw error;
  }
}

/**
 * While nobody writes: prepared transactions and detachments end, what is broken is repaired,
 * everything is stored anew and compared, imats that are not live among it.
 */
export async function settle(run: Run): Promise<void> {
  const session = new Session('settler', run.url, run.trace, run.users);
  const commander = new Commander(run.url);
  const chance = run.nextChance();
  const release = (): Promise<void> => endPrepared(run, session, chance);
  await run.quietly(release, async () => {
    await release();
    await endDetachments(run, session);
    await restoreOracles(run.world.definitions, session).catch((error: unknown) =>
      run.count(`oracles not restored: ${asFault(error).message}`),
    );
    for (const definition of run.world.definitions) {
      if (!run.running) return;
      await settleOne(run, commander, session, definition);
    }
  });
  await commander.close();
  await session.close();
}

async function settleOne(
  run: Run,
  commander: Commander,
  session: Session,
  definition: Definition,
): Promise<void> {
  const { name } = definition;
  const maintain = async (): Promise<boolean> =>
    (await command(run, commander, session, ['fold', name])) ||
    (await command(run, commander, session, ['swap', name]));
  let text = '';
  for (let round = 0; round < REST_ROUNDS && run.running; round++) {
    if (!(await maintain()) && !(await command(run, commander, session, ['repair', name])))
      await command(run, commander, session, ['convert', name]);
    try {
      const difference = await compare(session, definition);
      run.count('comparisons at rest');
      if (difference === null) return;
      run.fail({
        kind: 'difference',
        imat: name,
        session: session.name,
        text: `at rest\n${difference.rows.join('\n')}`,
      });
    } catch (error) {
      const fault = asFault(error);
      text = `at rest\n${fault.code} ${fault.message}`;
      run.count(`at rest, not read: ${fault.code} ${fault.message}`);
      await sleep(500);
    }
  }
  // Nobody is at work but the worker: sooner or later each can be read.
  if (run.running) run.fail({ kind: 'read error', imat: name, session: session.name, text });
}

const REST_ROUNDS = 12;
