/**
 * Death at known moments: of the program (kill -9), of its backend (kill -9, after which the server
 * recovers), of the whole server (an immediate stop). Nothing that is read afterwards is wrong,
 * doctor names what is half-done, the next command takes it up, and in the end nothing is left.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findPostgres } from '../../../tools/find-postgres.mjs';
import { type PostgresServer, startPostgres } from '../../../tools/postgres.ts';
import { startCli, useBuiltCli } from '../../cli/built-cli.ts';
import { runInProcess } from '../../cli/in-process.ts';
import { copyDatabase, createDatabase, type TestDatabase } from '../../setup/database.ts';
import { catalogListing } from './support/listing.ts';
import { chanceOf } from '../../../tools/chance.ts';
import {
  BOTH,
  MOMENTS,
  RANKED,
  SETUP,
  WRITES,
  type Death,
  type Moment,
} from './support/crash-moments.ts';
import {
  type Checked,
  expectExact,
  openWorld,
  outcomeOf,
  type Session,
  until,
  type World,
} from './support/world.ts';
import { foldAll } from '../../setup/fold-all.ts';

const VICTIM = 'imat crash test';

type Prepared = { readonly moment: Moment; readonly holder: Session; world: World };

/** A command on its way, of which the moment has come. */
type Ongoing = Prepared & {
  readonly victim: number;
  readonly ended: Promise<{ status: number | null }>;
  readonly kill: () => void;
};

/**
 * A server that can be killed must be one of local binaries; with Docker or a server of one's own,
 * the machine may have none.
 */
describe.skipIf(findPostgres() === null)('death', () => {
  useBuiltCli();
  let server: PostgresServer;
  let world: World;
  let before: string[];
  const models = new Map<string, TestDatabase>();
  const copies: TestDatabase[] = [];
  const open = (url: string, setup = ''): Promise<World> =>
    openWorld(url, setup, async () => undefined);
  const installedIn = (imats: readonly Checked[]): string => imats.map(({ name }) => name).join();

  /** A database in which these are converted, which is done once. */
  async function copyWith(imats: readonly Checked[]): Promise<World> {
    const model = models.get(installedIn(imats)) ?? expect.fail('there is no such model');
    const copy = await copyDatabase(model.name, server.url);
    copies.push(copy);
    return open(copy.url);
  }
  const dropCopies = async (): Promise<void> => {
    for (const copy of copies.splice(0)) await copy.drop();
  };

  beforeAll(async () => {
    server = await startPostgres();
    const bare = await createDatabase(server.url);
    world = await open(bare.url, SETUP);
    await world.imat.init();
    before = await catalogListing(world.db);
    await world.drop();
    models.set('', bare);
    for (const imats of MOMENTS.map(({ installed }) => installed)) {
      if (models.has(installedIn(imats))) continue;
      const model = await copyDatabase(bare.name, server.url);
      world = await open(model.url);
      for (const { name } of imats) await world.imat.convert(`public.${name}`);
      await world.drop();
      models.set(installedIn(imats), model);
    }
  });
  afterAll(() => server.stop());

  /** The victim is told from others by its name. */
  const urlOf = ({ url }: World): string => {
    const victim = new URL(url);
    victim.searchParams.set('application_name', VICTIM);
    return victim.href;
  };
  /** By the API: a process of its own for each takes longer than what it does. */
  const run = async ([command, name = '', option]: readonly string[]): Promise<unknown> => {
    const { imat } = world;
    if (command === 'convert') return imat.convert(name, { replace: option === '--replace' });
    if (command === 'fold') return imat.fold(name);
    return command === 'swap' ? imat.swap(name) : imat.revert(name);
  };
  const victims = (of: World, waiting = ''): Promise<{ pid: number }[]> =>
    of.rows(
      `SELECT pid
       FROM pg_stat_activity
       WHERE application_name = '${VICTIM}' AND datname = current_database() ${waiting}`,
    );

  /** In a database of its own, with what keeps the command at its moment. */
  async function prepare(moment: Moment): Promise<Prepared> {
    const own = await copyWith(moment.installed);
    await own.sql(WRITES);
    const holder = await own.session();
    await holder.sql(`BEGIN; ${moment.hold}`);
    return { moment, holder, world: own };
  }

  /** What does not kill the program needs no process of its own. */
  async function begin({ moment, holder, world: own }: Prepared, death: Death): Promise<Ongoing> {
    const environment = { DATABASE_URL: urlOf(own) };
    const program = death === 'the program' ? startCli(moment.command, { environment }) : null;
    const ended = program?.ended ?? runInProcess(moment.command, urlOf(own));
    let victim = 0;
    // It may give up and try again, so the backend is told by the same look.
    await until(moment.what, async () => {
      if (moment.reached !== undefined && (await own.rows(moment.reached)).length === 0)
        return false;
      [{ pid: victim } = { pid: 0 }] = await victims(own, `AND wait_event_type = 'Lock'`);
      return victim !== 0;
    });
    return {
      moment,
      holder,
      victim,
      ended,
      world: own,
      kill: () => program?.signal('SIGKILL'),
    };
  }

  /** The victims die; what they waited for is let go on, where that outlives them. */
  async function die(death: Death, all: readonly Ongoing[]): Promise<void> {
    const there = await all[0]?.world.rows<{ pid: number }>('SELECT pid FROM pg_stat_activity');
    for (const { moment, victim } of all)
      expect(
        there?.map(({ pid }) => pid),
        `${moment.what}: until it dies`,
      ).toContain(victim);
    if (death === 'the program') {
      for (const { kill } of all) kill();
      await Promise.all(all.map(({ ended }) => ended));
      await Promise.all(all.map(({ holder }) => holder.sql('COMMIT')));
      for (const one of all)
        await until('its backend is gone', async () => (await victims(one.world)).length === 0);
      return;
    }
    if (death === 'its backend') killAtOnce(all.map(({ victim }) => victim));
    else await server.restart('immediate');
    for (const { moment, ended } of all) expect((await ended).status, moment.what).toBe(4);
    // All sessions are gone with it, and the server may be recovering.
    for (const one of all) {
      await one.world.drop();
      await until('the server is back', async () => {
        const opened = await outcomeOf(open(one.world.url));
        if (opened instanceof Error) return false;
        one.world = opened;
        return true;
      });
    }
  }

  /** Before the server's main process notices the first death, and ends the others itself. */
  function killAtOnce(backends: readonly number[]): void {
    const file = readFileSync(join(server.directory, 'data', 'postmaster.pid'), 'utf8');
    const main = Number(file.split('\n')[0]);
    process.kill(main, 'SIGSTOP');
    for (const backend of backends) process.kill(backend, 'SIGKILL');
    process.kill(main, 'SIGCONT');
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
    await foldAll(world.imat);
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
    const ongoing: Ongoing[] = [];
    beforeAll(async () => {
      const prepared: Prepared[] = [];
      for (const moment of MOMENTS) prepared.push(await prepare(moment));
      for (const isShort of [false, true]) {
        const some = prepared.filter(({ moment }) => (moment.isShort ?? false) === isShort);
        ongoing.push(...(await Promise.all(some.map((one) => begin(one, death)))));
      }
      await die(death, ongoing);
    });
    afterAll(async () => {
      for (const one of ongoing) await one.world.drop();
      await dropCopies();
    });

    test.each(MOMENTS)('while $what', async (moment) => {
      const own = ongoing.find((one) => one.moment === moment);
      world = own?.world ?? expect.fail('it has not begun');
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
    world = await copyWith([]);
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
      const program = startCli(command, { environment: { DATABASE_URL: urlOf(world) } });
      await sleep(delayMs);
      program.signal('SIGKILL');
      await program.ended;
      await until('its backend is gone', async () => (await victims(world)).length === 0);
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
    await world.drop();
  });

  test('of the server under writers and folds, at any moment', async () => {
    const seed = Date.now() % 1_000_000;
    const chance = chanceOf(seed);
    world = await copyWith(BOTH);
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
      world = await open(world.url);
      await expectExact(world, BOTH, `seed ${seed}, crash ${round}`);
      await foldAll(world.imat);
      await world.imat.swap('ranked');
      await expectExact(world, BOTH, `seed ${seed}, crash ${round}, stored anew`);
    }
    await expectSound(BOTH);
    await world.drop();
  });
});
