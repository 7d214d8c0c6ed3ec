/** What one command has read of an imat, another one changes before the first acts on it. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LOCK_CLASS } from '../../../engine/catalog/migrate.ts';
import { rebuild } from '../../../engine/commands/rebuild.ts';
import { revertUnfinished } from '../../../engine/commands/revert.ts';
import { createImat } from '../../../engine/index.ts';
import { before } from './support/before.ts';
import {
  createPreparedWorld,
  createWorld,
  expectExact,
  outcomeOf,
  type Session,
  sqlstateOf,
  until,
  untilBlocked,
  type World,
} from './support/world.ts';

const SUMS = 'SELECT g, sum(v) AS s FROM public.t GROUP BY g';
const JOINED = 'SELECT t.g, sum(t.v) AS s FROM public.t JOIN public.u ON u.g = t.g GROUP BY t.g';
const OTHER = 'SELECT g, sum(v) AS s FROM public.u GROUP BY g';

const SETUP = `
CREATE TABLE t (g int, v int);
INSERT INTO t SELECT i % 3, i FROM generate_series(1, 30) AS i;
CREATE TABLE u (g int, v int);
INSERT INTO u SELECT i, i FROM generate_series(1, 3) AS i;
CREATE MATERIALIZED VIEW sums AS ${SUMS}`;

let world: World;
beforeEach(async () => {
  world = await createPreparedWorld(SETUP);
});
afterEach(() => world.drop());

/** For what removes the catalog with the last imat, or a role's own catalog. */
async function beginEmpty(): Promise<void> {
  await world.drop();
  world = await createWorld(SETUP);
}

const isWritten = (): Promise<void> => world.sql('INSERT INTO t VALUES (1, 7), (9, 9)');
const idOf = (name: string): Promise<number> =>
  world.value<number>(`SELECT id FROM imat_catalog.imat WHERE name = '${name}'`);

/** A switch takes this lock first. */
async function holdSwitch(name: string): Promise<Session> {
  const holder = await world.session();
  await holder.sql(`BEGIN; SELECT pg_advisory_xact_lock(${LOCK_CLASS}, ${await idOf(name)})`);
  return holder;
}

test('a repair puts another table in place before a rebuild stores', async () => {
  await world.imat.convert('sums');
  await isWritten();
  const session = before((await world.session()).db, 'imat_catalog.hold_sources', () =>
    world.imat.repair('sums'),
  );
  expect(await rebuild(session, 'sums')).toMatchObject({ name: 'sums' });
  await isWritten();
  await expectExact(world, { name: 'sums', definition: SUMS });
});

describe('while a repair is about to switch', () => {
  test('another freshness', async () => {
    await world.imat.convert('sums', { freshness: 'manual' });
    const [repairer, holder] = [await world.program(), await holdSwitch('sums')];
    const repaired = outcomeOf<unknown>(repairer.imat.repair('sums'));
    await untilBlocked(world, repairer.pid);
    await world.imat.convert('sums', { freshness: 'live' });
    await holder.sql('COMMIT');
    expect(await repaired).toMatchObject({ condition: 'contention' });
    await isWritten();
    await expectExact(world, { name: 'sums', definition: SUMS });
    expect(await world.imat.repair('sums')).toMatchObject([{ error: null }]);
    await isWritten();
    await expectExact(world, { name: 'sums', definition: SUMS });
  });

  test('an imat that it reads breaks', async () => {
    await world.imat.convert('sums');
    await world.imat.create('above', 'SELECT count(*) AS n, sum(s) AS s FROM imat.sums');
    const [repairer, holder] = [await world.program(), await holdSwitch('above')];
    const repaired = outcomeOf<unknown>(repairer.imat.repair('above'));
    await untilBlocked(world, repairer.pid);
    await world.value(`SELECT imat_catalog.break_imat(${await idOf('sums')}, 'a test')`);
    await holder.sql('COMMIT');
    expect(await repaired).toMatchObject({ condition: 'contention' });
    expect(await sqlstateOf(world.rows('SELECT FROM imat.above'))).toBe('IM024');
    expect((await world.imat.repair()).map(({ error }) => error)).toEqual([null, null]);
    await isWritten();
    await expectExact(world, { name: 'sums', definition: SUMS });
    await expectExact(world, {
      name: 'above',
      definition: `SELECT count(*) AS n, sum(s) AS s FROM (${SUMS}) AS q`,
    });
  });
});

test('an alter ends before a repair with the former definition is registered', async () => {
  await world.imat.convert('sums');
  const session = before((await world.session()).db, 'INSERT INTO imat_catalog.imat (', () =>
    world.imat.alter('sums', OTHER),
  );
  await expect(createImat(session).repair('sums')).rejects.toMatchObject({
    condition: 'contention',
  });
  await world.sql('INSERT INTO u VALUES (1, 70)');
  await expectExact(world, { name: 'sums', definition: OTHER });
});

test.each(['live', 'manual'])('%s freshness after an alter', async (freshness) => {
  const having = `${SUMS} HAVING sum(v) > 150`;
  await world.imat.convert('sums', { freshness: freshness === 'live' ? 'manual' : 'live' });
  await world.imat.alter('sums', having);
  await world.imat.convert('sums', { freshness });
  await expectExact(world, { name: 'sums', definition: having });
  await world.imat.alter('sums', JOINED);
  await world.imat.convert('sums', { freshness: '1 hour' });
  await world.imat.convert('sums', { freshness: 'live' });
  await world.sql('INSERT INTO u VALUES (1, 1)');
  await expectExact(world, { name: 'sums', definition: JOINED });
});

/** One more definition over both tables, whose answer can change without a write. */
const RANDOM = 'SELECT t.g FROM public.t JOIN public.u ON u.g = t.g WHERE random() < 2';

test.each([
  ['revert', SUMS],
  ['repair', SUMS],
  ['repair', RANDOM],
])(
  'an alter that is killed after its switch leaves capture for %s (%s)',
  async (remedy, definition) => {
    await beginEmpty();
    await world.imat.create('joined', JOINED);
    const [alterer, writer] = [await world.program(), await world.session()];
    await writer.sql('BEGIN; INSERT INTO u VALUES (1, 1)');
    const altered = outcomeOf<unknown>(alterer.imat.alter('joined', definition));
    await until(
      'it has the other definition',
      async () =>
        (
          await world.rows(
            `SELECT FROM imat_catalog.imat i WHERE i.name = 'joined' AND i.state = 'active'
             AND (i.dependence = 'moment' OR i.definition NOT LIKE '%public.u%')`,
          )
        ).length > 0,
    );
    await world.value(`SELECT pg_terminate_backend(${alterer.pid})`);
    expect(await altered).toBeInstanceOf(Error);
    // What is left does not keep others from being reverted while somebody writes to it.
    await world.imat.create('beside', SUMS);
    expect(await world.imat.revert('beside')).toMatchObject({ name: 'beside' });
    await writer.sql('COMMIT');
    const triggers = () => world.rows(`SELECT FROM pg_trigger WHERE tgrelid = 'u'::regclass`);
    expect(await triggers()).not.toEqual([]);
    await expectExact(world, { name: 'joined', definition });
    const { checks } = await world.imat.doctor();
    expect(checks.filter((check) => check.status !== 'ok')).toEqual([
      {
        check: 'source public.u',
        status: 'warning',
        message: expect.stringMatching(
          /^no imat needs its changes, .* its log has \d+ \w+, and grows$/,
        ),
        hint: expect.stringMatching(/^imat repair, /),
      },
    ]);
    if (remedy === 'repair') {
      expect(await world.imat.repair()).toEqual([]);
      expect(await triggers()).toEqual([]);
      expect((await world.imat.doctor()).checks.every((check) => check.status === 'ok')).toBe(true);
    }
    await world.imat.revert('joined');
    expect(await world.rows('SELECT FROM pg_trigger WHERE NOT tgisinternal')).toEqual([]);
    expect(await world.rows(`SELECT FROM pg_namespace WHERE nspname LIKE 'imat%'`)).toEqual([]);
  },
);

test('an owner who may not write to a table any more takes its capture away', async () => {
  await beginEmpty();
  const role = await world.role();
  await world.sql(`GRANT CREATE ON DATABASE ${new URL(world.url).pathname.slice(1)} TO ${role};
    ALTER TABLE t OWNER TO ${role}; ALTER MATERIALIZED VIEW sums OWNER TO ${role}`);
  const owner = await world.session(role);
  const imat = createImat(owner.db);
  await imat.convert('public.sums');
  await owner.sql(`REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON t FROM ${role}`);
  expect(await imat.revert('sums')).toMatchObject({ name: 'sums' });
  expect(await world.rows('SELECT FROM pg_trigger WHERE NOT tgisinternal')).toEqual([]);
});

test('two converts with --replace put one view in place', async () => {
  const [one, two, reader] = [await world.program(), await world.program(), await world.session()];
  await reader.sql('BEGIN; SELECT FROM sums');
  const first = outcomeOf<unknown>(one.imat.convert('sums', { replace: true }));
  await until(
    'it is loaded',
    async () =>
      (await world.rows(`SELECT FROM pg_class WHERE oid = to_regclass('imat.sums')`)).length > 0,
  );
  const second = outcomeOf<unknown>(two.imat.convert('sums', { replace: true }));
  await untilBlocked(world, two.pid);
  await reader.sql('COMMIT');
  expect(await first).toMatchObject({ name: 'sums' });
  const outcome = await second;
  // It may have come when the first had ended.
  if (outcome instanceof Error) expect(outcome).toMatchObject({ condition: 'already_exists' });
  const kinds = (): Promise<unknown[]> =>
    world.rows(
      `SELECT relname::text AS name, relkind::text AS kind FROM pg_class
       WHERE relnamespace = 'public'::regnamespace AND relkind IN ('v', 'm') ORDER BY 1`,
    );
  expect(await kinds()).toEqual([
    { name: 'sums', kind: 'v' },
    { name: 'sums_before_imat', kind: 'm' },
  ]);
  await world.imat.revert('sums');
  expect(await kinds()).toEqual([{ name: 'sums', kind: 'm' }]);
});

test('an imat that was installed meanwhile is not taken for an interrupted one', async () => {
  await world.imat.convert('sums');
  const { db } = await world.session();
  await db.execute('SET search_path = pg_catalog');
  const removed = revertUnfinished(db, await idOf('sums'), () => undefined);
  await expect(removed).rejects.toMatchObject({ condition: 'contention' });
  await isWritten();
  await expectExact(world, { name: 'sums', definition: SUMS });
});

test.each(['REPEATABLE READ', 'SERIALIZABLE'])(
  'TRUNCATE under %s, in a transaction older than the convert',
  async (level) => {
    const writer = await world.session();
    await writer.sql(`BEGIN ISOLATION LEVEL ${level}; SELECT FROM u`);
    await world.imat.convert('sums');
    await writer.sql('TRUNCATE t; INSERT INTO t VALUES (5, 5); COMMIT');
    await expectExact(world, { name: 'sums', definition: SUMS });
    await world.imat.fold('sums');
    await expectExact(world, { name: 'sums', definition: SUMS });
  },
);

describe('a convert of an imat that reads it ends before', () => {
  beforeEach(async () => {
    await world.imat.convert('sums');
  });
  const convertsAbove = (): Promise<unknown> =>
    world.imat.create('above', 'SELECT count(*) AS n, sum(s) AS s FROM imat.sums');
  const staysExact = async (): Promise<void> => {
    await isWritten();
    await expectExact(world, { name: 'sums', definition: SUMS });
    await expectExact(world, {
      name: 'above',
      definition: `SELECT count(*) AS n, sum(s) AS s FROM (${SUMS}) AS q`,
    });
  };

  test('another freshness puts its view in place', async () => {
    const session = before(
      (await world.session()).db,
      'SELECT relation::text AS name FROM imat_catalog.imat',
      convertsAbove,
    );
    await expect(
      createImat(session).convert('sums', { freshness: 'manual' }),
    ).rejects.toMatchObject({ condition: 'has_dependents' });
    await staysExact();
  });

  test('an alter puts its view in place', async () => {
    const session = before(
      (await world.session()).db,
      'SELECT follows_tables AS follows FROM imat_catalog.imat',
      convertsAbove,
    );
    await expect(createImat(session).alter('sums', OTHER)).rejects.toMatchObject({
      condition: 'has_dependents',
    });
    await staysExact();
  });

  test('it is still loading when an alter puts its view in place', async () => {
    const program = await world.program();
    const holder = await world.session();
    const begun: Promise<unknown>[] = [];
    const session = before(
      (await world.session()).db,
      'SELECT follows_tables AS follows FROM imat_catalog.imat',
      async () => {
        await holder.sql('BEGIN; LOCK TABLE t IN ROW EXCLUSIVE MODE');
        begun.push(
          outcomeOf<unknown>(
            program.imat.create('above', 'SELECT count(*) AS n, sum(s) AS s FROM imat.sums'),
          ),
        );
        await until(
          'it is registered',
          async () =>
            (await world.rows(`SELECT FROM imat_catalog.imat WHERE name = 'above'`)).length > 0,
        );
      },
    );
    await expect(createImat(session).alter('sums', OTHER)).rejects.toMatchObject({
      condition: 'has_dependents',
    });
    await holder.sql('COMMIT');
    expect(await Promise.all(begun)).toMatchObject([{ name: 'above' }]);
    await staysExact();
  });
});

test('a repair does not wait for what stores another imat, nor does that wait for it', async () => {
  await world.imat.convert('sums');
  await world.imat.create('others', OTHER);
  await world.sql('ALTER VIEW imat.sums RENAME TO totals');
  const holder = await world.session();
  await holder.sql(`BEGIN; SELECT FROM imat_catalog.imat WHERE name = 'sums' FOR NO KEY UPDATE`);
  const repaired = outcomeOf<unknown>((await world.program()).imat.repair('others'));
  const late = new Promise((resolve) => setTimeout(resolve, 20_000, 'it waits'));
  const outcome = await Promise.race([repaired, late]);
  await holder.sql('COMMIT');
  expect(outcome).toMatchObject([{ error: null }]);
  await world.imat.repair('others');
  expect(await world.value(`SELECT relation_text FROM imat_catalog.imat WHERE name = 'sums'`)).toBe(
    'imat.totals',
  );
});

test.each(['the first imat', 'another one'])(
  'a transaction whose snapshot is older than %s is told to begin again',
  async (which) => {
    if (which === 'another one') await world.imat.create('others', OTHER);
    const reader = await world.session();
    await reader.sql('BEGIN ISOLATION LEVEL REPEATABLE READ');
    await reader.rows('SELECT pg_current_snapshot()');
    await world.imat.convert('sums');
    expect(await sqlstateOf(reader.rows('SELECT FROM imat.sums'))).toBe('40001');
    await reader.sql('ROLLBACK');
    await expectExact(reader, { name: 'sums', definition: SUMS });
  },
);

test('so is one whose snapshot was taken while the convert ran', async () => {
  const reader = await world.session();
  const session = before((await world.session()).db, 'imat_catalog.hold_sources', async () => {
    await reader.sql('BEGIN ISOLATION LEVEL REPEATABLE READ');
    await reader.rows('SELECT pg_current_snapshot()');
  });
  await createImat(session).convert('sums');
  expect(await sqlstateOf(reader.rows('SELECT FROM imat.sums'))).toBe('40001');
  await reader.sql('ROLLBACK');
  await expectExact(reader, { name: 'sums', definition: SUMS });
});
