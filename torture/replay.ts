/** Repeats a list of steps in a database of its own, and says what is wrong then. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Commander, describeError, judgeCommand } from './commands.ts';
import { compare, oracleOf } from './compare.ts';
import type { Definition } from './definitions.ts';
import { judgeReader, judgeWriter } from './judge.ts';
import { asFault, Session } from './session.ts';
import type { Step } from './trace.ts';

export type Case = {
  readonly seed: number;
  readonly failure: string;
  /** Whether the steps alone make it fail, in any order of the server's choosing. */
  readonly replays: boolean;
  readonly setup: readonly string[];
  readonly definitions: readonly Definition[];
  readonly steps: readonly Step[];
};

/** After this time, other sessions go on while one waits for a lock. */
const WAIT_MS = 400;

export async function prepareDatabase(
  url: string,
  { setup, definitions }: Pick<Case, 'setup' | 'definitions'>,
): Promise<void> {
  const session = new Session('setup', url, null);
  const commander = new Commander(url);
  try {
    for (const statement of setup) await session.sql(statement);
    await session.sql('CREATE SCHEMA oracle');
    for (const definition of definitions) {
      for (const statement of definition.before) await session.sql(statement);
      await session.sql(oracleOf(definition));
      await commander.run(['convert', definition.name], definitions, session);
    }
  } finally {
    await commander.close();
    await session.close();
  }
}

/** Makes a database, and drops it afterwards. */
export async function withDatabase<T>(
  server: string,
  name: string,
  body: (url: string) => Promise<T>,
): Promise<T> {
  const url = new URL(server);
  url.pathname = `/${name}`;
  // The server may have been restarted since the last statement.
  const onServer = async (sql: string): Promise<void> => {
    const admin = new Session('admin', server, null);
    try {
      await admin.sql(sql);
    } finally {
      await admin.close();
    }
  };
  const drop = async (): Promise<void> => {
    const inside = new Session('admin', url.href, null);
    try {
      for (const { gid } of await inside.sql(
        'SELECT gid FROM pg_prepared_xacts WHERE database = current_database()',
      ))
        await inside.sql(`ROLLBACK PREPARED '${gid}'`);
    } catch {
      // There is no such database.
    }
    await inside.close();
    await onServer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  };
  try {
    await drop();
    await onServer(`CREATE DATABASE ${name} TEMPLATE template0`);
    return await body(url.href);
  } finally {
    await drop();
  }
}

/** What went wrong; null where nothing did. */
export const replay = (server: string, one: Case): Promise<string | null> =>
  withDatabase(server, 'replay', async (url) => {
    await prepareDatabase(url, one);
    const replaying = new Replay(url, one.definitions);
    try {
      return await replaying.run(one.steps);
    } finally {
      await replaying.close();
    }
  });

class Replay {
  readonly #url: string;
  readonly #definitions: readonly Definition[];
  readonly #users = new Set<number>();
  readonly #sessions = new Map<
    string,
    { session: Session; commander: Commander; last: Promise<void> }
  >();
  #found: string | null = null;

  constructor(url: string, definitions: readonly Definition[]) {
    this.#url = url;
    this.#definitions = definitions;
  }

  async run(steps: readonly Step[]): Promise<string | null> {
    for (const step of steps) {
      const one = this.#session(step.session);
      one.last = one.last.then(() => this.#take(step, one.session, one.commander));
      await Promise.race([one.last, sleep(WAIT_MS)]);
      if (this.#found !== null) return this.#found;
    }
    await Promise.all([...this.#sessions.values()].map(({ last }) => last));
    // Steps that end open transactions may be missing.
    for (const { session } of this.#sessions.values())
      await session.sql('ROLLBACK').catch(() => undefined);
    const observer = this.#session('observer').session;
    for (const definition of this.#definitions)
      if (definition.freshness === 'live') await this.#compare(observer, definition);
    return this.#found;
  }

  async close(): Promise<void> {
    for (const { session, commander } of this.#sessions.values()) {
      await session.close();
      await commander.close();
    }
  }

  #session(name: string): { session: Session; commander: Commander; last: Promise<void> } {
    const known = this.#sessions.get(name);
    if (known !== undefined) return known;
    const users = /^(?:maintainer|settler)/.test(name) ? null : this.#users;
    const made = {
      session: new Session(name, this.#url, null, users),
      commander: new Commander(this.#url),
      last: Promise.resolve(),
    };
    this.#sessions.set(name, made);
    return made;
  }

  async #take(step: Step, session: Session, commander: Commander): Promise<void> {
    const [verb, name] = step.command ?? [];
    const definition = this.#definitions.find((one) => one.name === name);
    if (step.sql !== undefined) {
      await session.sql(step.sql).catch((error: unknown) => {
        const fault = asFault(error);
        if (judgeWriter(fault, this.#users) === 'imat')
          this.#found ??= `writer error\n${step.sql}\n${fault.code} ${fault.message}`;
      });
    } else if (verb === 'compare' && definition !== undefined)
      await this.#compare(session, definition);
    else if (step.command !== undefined && definition !== undefined)
      await commander.run(step.command, this.#definitions, session).catch((error: unknown) => {
        if (judgeCommand(error) === 'imat')
          this.#found ??= `command error\n${step.command?.join(' ')}\n${describeError(error)}`;
      });
  }

  async #compare(session: Session, definition: Definition): Promise<void> {
    const { name } = definition;
    try {
      const difference = await compare(session, definition);
      if (difference !== null) this.#found ??= `difference\n${name}\n${difference.rows.join('\n')}`;
    } catch (error) {
      const fault = asFault(error);
      if (judgeReader(fault) === 'imat')
        this.#found ??= `read error\n${name}\n${fault.code} ${fault.message}`;
    }
  }
}
