/**
 * Death at known moments: of the program (kill -9), of its backend (kill -9, after which the server
 * recovers), of the whole server (an immediate stop). Nothing that is read afterwards is wrong,
 * doctor names what is half-done, the next command takes it up, and in the end nothing is left.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { findPostgres } from '../../../tools/find-postgres.mjs';
import { type PostgresServer, startPostgres } from '../../../tools/postgres.ts';
import { type Running, startCli, useBuiltCli } from '../../cli/built-cli.ts';
import { catalogListing } from './support/listing.ts';
import { chanceOf } from '../../../tools/chance.ts';
import { BOTH, MOMENTS, RANKED, SETUP, WRITES, type Death } from './support/crash-moments.ts';
import {
  type Checked,
  expectExact,
  openWorld,
  outcomeOf,
  type Session,
  until,
  type World,
} from './support/world.ts';

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
  /** By the API: a process of its own for each takes longer than what it does. */
  const run = async ([command, name = '', option]: readonly string[]): Promise<unknown> => {
    const { imat } = world;
    if (command === 'convert') return imat.convert(name, { replace: option === '--replace' });
    if (command === 'fold') return imat.fold(name);
    return command === 'swap' ? imat.swap(name) : imat.revert(name);
  };
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

  /** As it is, after more writes, stored anew; and nothing is left once everything is reverted. */
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
              return `INSERT INTO sale
                VALUES (
                  ${id}, 'r${chance.int(0, 5)}', ${chance.int(1, 22)}, ${chance.int(0, 90)}
                )
                ON CONFLICT (id) DO UPDATE SET amount = EXCLUDED.amount,
                region = EXCLUDED.region;
                UPDATE product SET price = price + 1 WHERE id = ${3 * chance.int(1, 6) - index};
                DELETE FROM sale WHERE id = ${base + chance.int(1, 40)}`;
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
