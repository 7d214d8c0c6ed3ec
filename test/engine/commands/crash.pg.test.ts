/**
 * Death at known moments: of the program (kill -9), of its backend (kill -9, after which the server
 * recovers), of the whole server (an immediate stop). Nothing that is read afterwards is wrong,
 * doctor names what is half-done, the next command takes it up, and in the end nothing is left.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { findPostgres } from '../../../tools/find-postgres.mjs';
import { type PostgresServer, startPostgres } from '../../../tools/postgres.ts';
import { type Running, runCli, startCli, useBuiltCli } from '../../cli/built-cli.ts';
import { catalogListing } from './support/listing.ts';
import { chanceOf } from './support/chance.ts';
import {
  type Checked,
  expectExact,
  openWorld,
  outcomeOf,
  type Session,
  until,
  type World,
} from './support/world.ts';

const SUMMARY: Checked = {
  name: 'summary',
  definition:
    'SELECT s.region, p.kind, count(*) AS n, sum(s.amount) AS total FROM public.sale s JOIN public.product p ON p.id = s.product_id GROUP BY s.region, p.kind',
};
const RANKED: Checked = {
  name: 'ranked',
  definition: 'SELECT id, rank() OVER (ORDER BY price, id) AS place FROM public.product',
};
const BOTH = [SUMMARY, RANKED];

/** `stop_loads` is where a test stops a load: whoever holds the advisory lock 77 does. */
const SETUP = `
CREATE TABLE product (id int PRIMARY KEY, kind text NOT NULL, price numeric(10,2));
CREATE TABLE sale (id bigint PRIMARY KEY, region text, product_id int, amount numeric(10,2));
INSERT INTO product SELECT i, 'k' || i % 3, i % 7 FROM generate_series(1, 20) AS i;
INSERT INTO sale SELECT i, 'r' || i % 5, 1 + i % 20, i % 50 FROM generate_series(1, 2000) AS i;
CREATE MATERIALIZED VIEW summary AS ${SUMMARY.definition};
CREATE MATERIALIZED VIEW ranked AS ${RANKED.definition};
CREATE FUNCTION stop_loads() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_xact_lock_shared(77, 0); END $$;
CREATE EVENT TRIGGER stop_loads ON ddl_command_start WHEN TAG IN ('CREATE TABLE AS') EXECUTE FUNCTION stop_loads()`;

const WRITES = `INSERT INTO sale SELECT i, 'r' || i % 6, 1 + i % 20, i % 40 FROM generate_series(10000, 10300) AS i ON CONFLICT (id) DO UPDATE SET amount = sale.amount + 1;
  UPDATE product SET price = price + 1, kind = 'k' || (id + price::int) % 4 WHERE id % 3 = 0;
  DELETE FROM sale WHERE id % 7 = 3 AND id > 10000`;

type Death = 'the program' | 'its backend' | 'the server';

type Moment = {
  readonly what: string;
  /** What is installed before. */
  readonly installed: readonly Checked[];
  readonly command: readonly string[];
  /** Keeps the command at this moment, until its transaction ends. */
  readonly hold: string;
  /** Whether the command is there, beside that it waits for a lock. */
  readonly reached?: string;
  /** What doctor then says of which imat; a server's procedure goes on when the program is gone. */
  readonly found: Readonly<Record<Death, string | null>>;
  readonly repair: readonly string[];
  /** What is there after the repair. */
  readonly left: readonly Checked[];
};

const always = (found: string | null): Moment['found'] => ({
  'the program': found,
  'its backend': found,
  'the server': found,
});

const MOMENTS: readonly Moment[] = [
  {
    what: 'convert waits for a writer of a source',
    installed: [RANKED],
    command: ['convert', 'summary'],
    hold: 'UPDATE sale SET amount = amount WHERE id = 1',
    reached: `SELECT FROM imat_catalog.imat WHERE state = 'installing'`,
    found: always('its installation was interrupted'),
    repair: ['convert', 'summary'],
    left: BOTH,
  },
  {
    what: 'convert loads',
    installed: [RANKED],
    command: ['convert', 'summary'],
    hold: 'SELECT pg_advisory_xact_lock(77, 0)',
    reached: `SELECT FROM imat_catalog.source WHERE relation = 'sale'::regclass`,
    found: always('its installation was interrupted'),
    repair: ['convert', 'summary'],
    left: BOTH,
  },
  {
    what: 'convert of a definition that cannot be maintained by delta loads, and is reverted then',
    installed: [SUMMARY],
    command: ['convert', 'ranked'],
    hold: 'SELECT pg_advisory_xact_lock(77, 0)',
    found: always('its installation was interrupted'),
    repair: ['revert', 'ranked'],
    left: [SUMMARY],
  },
  {
    what: 'convert puts the view in place of the materialized view',
    installed: [],
    command: ['convert', 'summary', '--replace'],
    hold: 'SELECT count(*) FROM summary',
    reached: `SELECT FROM imat_catalog.imat WHERE state = 'active'`,
    found: always(null),
    repair: ['convert', 'summary', '--replace'],
    left: [SUMMARY],
  },
  {
    what: 'fold adds to the state',
    installed: BOTH,
    command: ['fold', 'summary'],
    hold: 'LOCK TABLE imat_store.state_summary IN SHARE MODE',
    found: always(null),
    repair: ['fold', 'summary'],
    left: BOTH,
  },
  {
    what: 'fold cleans the log',
    installed: BOTH,
    command: ['fold', 'summary'],
    hold: 'LOCK TABLE imat_store.log_public_sale IN SHARE MODE',
    found: always(null),
    repair: ['fold', 'summary'],
    left: BOTH,
  },
  {
    what: 'swap waits for a reader of the view',
    installed: BOTH,
    command: ['swap', 'ranked'],
    hold: 'SELECT count(*) FROM imat.ranked',
    found: always(null),
    repair: ['swap', 'ranked'],
    left: BOTH,
  },
  {
    what: 'swap fills the other slot',
    installed: BOTH,
    command: ['swap', 'ranked'],
    hold: 'LOCK TABLE product IN ACCESS EXCLUSIVE MODE',
    reached: `SELECT FROM imat_catalog.imat WHERE swap_phase = 'filling'`,
    found: { ...always('a swap is unfinished (filling)'), 'the program': null },
    repair: ['swap', 'ranked'],
    left: BOTH,
  },
  {
    // The previous slot stays because of the same transaction, which may have read it.
    what: 'swap has switched and cleans the log',
    installed: BOTH,
    command: ['swap', 'ranked'],
    hold: 'LOCK TABLE imat_store.log_public_product IN SHARE MODE',
    reached: `SELECT FROM imat_catalog.imat WHERE swap_phase = 'switched'`,
    found: always('a swap is unfinished (switched)'),
    repair: ['swap', 'ranked'],
    left: BOTH,
  },
  {
    what: 'revert waits for a reader of the view',
    installed: BOTH,
    command: ['revert', 'summary'],
    hold: 'SELECT count(*) FROM imat.summary',
    found: always(null),
    repair: ['revert', 'summary'],
    left: [RANKED],
  },
  {
    what: 'revert takes capture off a source',
    installed: BOTH,
    command: ['revert', 'summary'],
    hold: 'SELECT count(*) FROM sale',
    reached: `SELECT FROM imat_catalog.imat WHERE state = 'reverting'`,
    found: always('its revert was interrupted'),
    repair: ['revert', 'summary'],
    left: [RANKED],
  },
];

const VICTIM = 'imat crash test';

/**
 * A server that can be killed must be one of local binaries; with Docker or a server of one's own,
 * the machine may have none.
 */
describe.skipIf(findPostgres() === null)('death', () => {
  useBuiltCli();
  let server: PostgresServer;
  let world: World;
  let before: string[];
  const reopen = async (setup = ''): Promise<void> => {
    world = await openWorld(server.url, setup, async () => undefined);
  };
  beforeAll(async () => {
    server = await startPostgres();
    await reopen(SETUP);
    await world.imat.init();
    before = await catalogListing(world.db);
    await world.drop();
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    await reopen();
    return async () => {
      for (const { name } of await world.imat.list()) await world.imat.revert(name);
      await world.drop();
    };
  });

  const environment = (): Record<string, string> => ({
    DATABASE_URL: server.url,
    PGAPPNAME: VICTIM,
  });
  async function run(command: readonly string[]): Promise<void> {
    const { status, stderr } = await runCli(command, { environment: environment() });
    expect(status, `imat ${command.join(' ')}: ${stderr}`).toBe(0);
  }
  const victims = (waiting = ''): Promise<{ pid: number }[]> =>
    world.rows(`SELECT pid FROM pg_stat_activity WHERE application_name = '${VICTIM}' ${waiting}`);

  /** The victim dies; `release` lets go on what it waited for, where that outlives it. */
  async function die(death: Death, program: Running, release: () => Promise<void>): Promise<void> {
    const [victim] = await victims();
    if (death === 'the program') {
      program.signal('SIGKILL');
      await program.ended;
      await release();
      return until('its backend is gone', async () => (await victims()).length === 0);
    }
    if (death === 'its backend')
      process.kill(victim?.pid ?? expect.fail('there is no backend'), 'SIGKILL');
    else await server.restart('immediate');
    expect((await program.ended).status).toBe(4);
    // All sessions are gone with it, and the server may be recovering.
    await world.drop();
    await until('the server is back', async () => !((await outcomeOf(reopen())) instanceof Error));
  }

  /** As it is, after more writes, stored anew; and all of it reverted leaves nothing. */
  async function expectSound(left: readonly Checked[]): Promise<void> {
    expect((await world.imat.doctor()).checks.filter((check) => check.status !== 'ok')).toEqual([]);
    expect((await world.imat.list()).map(({ name, state }) => ({ name, state }))).toEqual(
      left
        .map(({ name }) => name)
        .sort()
        .map((name) => ({ name, state: 'active' })),
    );
    await expectExact(world, left, 'repaired');
    await world.sql(WRITES);
    await expectExact(world, left, 'repaired and written to');
    await world.imat.fold();
    if (left.includes(RANKED)) await world.imat.swap('ranked');
    await expectExact(world, left, 'stored anew');
    for (const { log } of await world.rows<{ log: string }>(
      'SELECT log::text FROM imat_catalog.source',
    ))
      expect(await world.value<number>(`SELECT count(*)::int FROM ${log}`)).toBeLessThanOrEqual(
        100,
      );
    for (const { name } of await world.imat.list()) await world.imat.revert(name);
    expect(await catalogListing(world.db)).toEqual(before);
  }

  describe.each(['the program', 'its backend', 'the server'] as const)('of %s', (death) => {
    test.each(MOMENTS)('while $what', async (moment) => {
      for (const { name } of moment.installed) await world.imat.convert(`public.${name}`);
      await world.sql(WRITES);
      const holder = await world.session();
      await holder.sql(`BEGIN; ${moment.hold}`);
      const program = startCli(moment.command, { environment: environment() });
      await until(
        moment.what,
        async () =>
          (moment.reached === undefined || (await world.rows(moment.reached)).length > 0) &&
          (await victims(`AND wait_event_type = 'Lock'`)).length > 0,
      );
      await die(death, program, () => holder.sql('COMMIT'));
      await expectExact(
        world,
        moment.installed.filter(({ name }) => moment.left.some((one) => one.name === name)),
        'after the crash',
      );
      const problems = (await world.imat.doctor()).checks.filter((check) => check.status !== 'ok');
      const found = moment.found[death];
      expect(problems).toEqual(
        found === null
          ? []
          : [
              expect.objectContaining({
                check: `imat ${moment.command[1]}`,
                message: expect.stringContaining(found),
              }),
            ],
      );
      await world.sql(WRITES);
      await run(moment.repair);
      if (moment.command.includes('--replace'))
        expect(
          await world.value(
            `SELECT relkind::text FROM pg_class WHERE oid = 'public.summary'::regclass`,
          ),
        ).toBe('v');
      await expectSound(moment.left);
    });
  });

  test('of the program, at any moment', async () => {
    const seed = Date.now() % 1_000_000;
    const chance = chanceOf(seed);
    const commands = [
      ['convert', 'summary'],
      ['convert', 'ranked'],
      ['fold', 'summary'],
      ['swap', 'ranked'],
      ['revert', 'summary'],
      ['revert', 'ranked'],
    ];
    for (let round = 0; round < 20; round++) {
      const command = chance.pick(commands);
      const context = `seed ${seed}, round ${round}: imat ${command.join(' ')}`;
      const delayMs = chance.int(150, 600);
      const program = startCli(command, { environment: environment() });
      await sleep(delayMs);
      program.signal('SIGKILL');
      await program.ended;
      await until('its backend is gone', async () => (await victims()).length === 0);
      const imats = await world.imat.list();
      const problems = (await world.imat.doctor()).checks
        .filter((check) => check.status !== 'ok')
        .map((check) => check.check);
      for (const { name, state } of imats.filter((imat) => imat.state !== 'active'))
        expect(problems, `${context}: ${state}`).toContain(`imat ${name}`);
      await world.sql(WRITES);
      const active = imats.filter((imat) => imat.state === 'active').map((imat) => imat.name);
      await expectExact(
        world,
        BOTH.filter(({ name }) => active.includes(name)),
        context,
      );
      // Others go on from where it was left.
      if (chance.in100(50))
        for (const { name, state } of imats) if (state !== 'active') await world.imat.revert(name);
    }
    for (const { name, state } of await world.imat.list())
      if (state !== 'active') await world.imat.revert(name);
    const left = (await world.imat.list()).map((imat) => imat.name);
    await expectSound(BOTH.filter(({ name }) => left.includes(name)));
  });

  test('of the server under writers and folds, at any moment', async () => {
    const seed = Date.now() % 1_000_000;
    const chance = chanceOf(seed);
    for (const { name } of BOTH) await world.imat.convert(`public.${name}`);
    for (let round = 0; round < 4; round++) {
      const lost: Promise<unknown>[] = [];
      // A swap may be put off by a transaction that has read the view.
      const forever = async (session: Session, statement: () => string): Promise<void> => {
        for (;;) {
          const outcome = await outcomeOf(session.sql(statement()));
          if (outcome instanceof Error && !('sqlstate' in outcome && outcome.sqlstate === '55P03'))
            throw outcome;
        }
      };
      for (let index = 0; index < 3; index++) {
        const session = await world.session();
        const base = 100_000 * (index + 1);
        lost.push(
          outcomeOf(
            forever(session, () => {
              const id = base + chance.int(1, 40);
              return `INSERT INTO sale VALUES (${id}, 'r${chance.int(0, 5)}', ${chance.int(1, 22)}, ${chance.int(0, 90)}) ON CONFLICT (id) DO UPDATE SET amount = EXCLUDED.amount, region = EXCLUDED.region;
                UPDATE product SET price = price + 1 WHERE id = ${3 * chance.int(1, 6) - index}; DELETE FROM sale WHERE id = ${base + chance.int(1, 40)}`;
            }),
          ),
        );
      }
      lost.push(outcomeOf(forever(await world.session(), () => `CALL imat.fold('summary')`)));
      lost.push(outcomeOf(forever(await world.session(), () => `CALL imat.swap('ranked')`)));
      await sleep(chance.int(100, 900));
      await server.restart('immediate');
      // Nothing but the crash has ended them.
      for (const outcome of await Promise.all(lost))
        expect(outcome, `seed ${seed}`).toMatchObject({ condition: 'connection_failed' });
      await world.drop();
      await reopen();
      await expectExact(world, BOTH, `seed ${seed}, crash ${round}`);
      await world.imat.fold();
      await world.imat.swap('ranked');
      await expectExact(world, BOTH, `seed ${seed}, crash ${round}, stored anew`);
    }
    await expectSound(BOTH);
  });
});
