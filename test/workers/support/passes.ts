/** Passes of a worker over a database with the table t, a fresh one for each test. */
import { afterEach, beforeEach, expect } from 'vitest';
import { createImat, type Imat } from '../../../engine/index.ts';
import { DEFAULT_POLICY, type Policy } from '../../../workers/policy.ts';
import { ImatWorker, type Pass, type RunReport } from '../../../workers/worker.ts';
import {
  createPreparedWorld,
  createWorld,
  type Session,
  type World,
} from '../../engine/commands/support/world.ts';

const QUICK: Policy = { ...DEFAULT_POLICY, tickMs: 20, liveSwapMs: 0 };

export type Owner = Session & { readonly imat: Imat; readonly url: string };

export type Passes = {
  /** One pass without failures of databases; by default with the rights of a superuser. */
  readonly wholePass: (changes?: Partial<Policy>, url?: string) => Promise<Pass>;
  /** What it ran. */
  readonly pass: (changes?: Partial<Policy>, url?: string) => Promise<readonly RunReport[]>;
  /** Puts the last runs into the past, so that no imat rests. */
  readonly rested: () => Promise<void>;
  /** Makes a role without superuser rights that owns the database and t. */
  readonly makeOwner: (options?: string) => Promise<Owner>;
  /** Makes the database again, without imat's catalog, before anything is done in it. */
  readonly makeEmpty: () => Promise<void>;
};

export function newWorker(
  url: string,
  changes: Partial<Policy>,
  writeLog: ((line: string) => void) | null = null,
): ImatWorker {
  return new ImatWorker({
    targets: [{ kind: 'url', url }],
    queue: null,
    policy: { ...QUICK, ...changes },
    version: 'test',
    logLevel: writeLog === null ? 'silent' : 'info',
    writeLog: writeLog ?? (() => undefined),
    http: null,
  });
}

const SETUP = `
CREATE TABLE t (k int, v int); INSERT INTO t SELECT g % 10, g FROM generate_series(1, 1000) g;
CREATE MATERIALIZED VIEW sums AS SELECT k, sum(v) AS s, count(*) AS n FROM t GROUP BY k`;

/** `use` receives the database before each test. It has imat's catalog and no imats. */
export function usePasses(use: (world: World) => void): Passes {
  let world: World;
  const begin = (made: World): void => {
    world = made;
    use(world);
  };
  beforeEach(async () => begin(await createPreparedWorld(SETUP)));
  afterEach(async () => {
    await world.sql(`ALTER DATABASE ${databaseOf(world)} OWNER TO CURRENT_USER`);
    await world.drop();
  });
  const wholePass: Passes['wholePass'] = async (changes = {}, url = world.url) => {
    const worker = newWorker(url, changes);
    try {
      const result = await worker.once();
      expect(result.failures).toEqual([]);
      return result;
    } finally {
      await worker.stop();
    }
  };
  return {
    wholePass,
    pass: async (changes, url) => (await wholePass(changes, url)).runs,
    rested: () =>
      world.sql(
        `UPDATE imat_catalog.schedule SET last_ended_at = last_ended_at - interval '1 minute'`,
      ),
    makeOwner: (options) => makeOwner(world, options),
    makeEmpty: async () => {
      await world.drop();
      begin(await createWorld(SETUP));
    },
  };
}

const databaseOf = (world: World): string => new URL(world.url).pathname.slice(1);

async function makeOwner(world: World, options = ''): Promise<Owner> {
  const role = await world.role(options);
  await world.sql(
    `ALTER DATABASE ${databaseOf(world)} OWNER TO ${role}; GRANT CREATE ON SCHEMA public TO ${role};
     ALTER TABLE t OWNER TO ${role}`,
  );
  const address = new URL(world.url);
  address.username = role;
  const session = await world.session(role);
  return { ...session, imat: createImat(session.db), url: address.href };
}

/** One line for each run: what was done, to which imat, why, and with which error. */
export const summaries = (runs: readonly RunReport[]): string[] =>
  runs.map(
    ({ action, imat, reason, error }) =>
      `${action} ${imat} (${reason})${error === null ? '' : ` ${error.code}`}`,
  );
