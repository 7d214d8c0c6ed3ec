/**
 * A superuser's capture on the table of an ordinary role runs as that role. REASSIGN OWNED gives it
 * to another role without its rights on the log: no event trigger sees that, and writers go on.
 */
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  type Checked,
  createPreparedWorld,
  expectExact,
  outcomeOf,
  untilBlocked,
  type World,
} from '../commands/support/world.ts';
import { REBUILT } from '../../setup/rebuilt.ts';
import { foldAll } from '../../setup/fold-all.ts';

const summed = (name: string, table: string): Checked => ({
  name,
  definition: `SELECT g, sum(v) AS s FROM public.${table} GROUP BY g`,
});
const RANKED: Checked = {
  name: 'ranked',
  definition: `${REBUILT} SELECT g, rank() OVER (ORDER BY v) AS place FROM public.plain`,
};
const MARKED: Checked = {
  name: 'marked',
  definition: `${REBUILT} SELECT v, rank() OVER (ORDER BY g) AS place FROM public.watched`,
};
const COUNTED: Checked = { name: 'counted', definition: 'SELECT count(*) FROM public.numbered' };
const ALL = [summed('one', 'plain'), summed('parts', 'parted'), RANKED, MARKED, COUNTED];
const TABLES = ['plain', 'parted', 'watched', 'numbered'];

const eachOf = (tables: readonly string[], command: (table: string) => string): string =>
  tables.map(command).join(';');

let world: World;
let before: string;
let after: string;
beforeEach(async () => {
  world = await createPreparedWorld(`
    CREATE TEMPORARY VIEW numbers AS SELECT i FROM generate_series(1, 30) AS i;
    CREATE TABLE plain (g int, v int);
    CREATE TABLE k (i int);
    CREATE TABLE watched (g int, v int);
    CREATE TABLE numbered (g int, v int);
    CREATE TABLE parted (g int, v int) PARTITION BY LIST (g);
    CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1, 2);
    CREATE TABLE parted_2 PARTITION OF parted DEFAULT;
    ${eachOf(TABLES, (one) => `INSERT INTO ${one} SELECT i % 3, i FROM numbers`)}`);
  [before, after] = [await world.role(), await world.role()];
  await world.sql(
    eachOf([...TABLES, 'parted_1'], (one) => `ALTER TABLE ${one} OWNER TO ${before}`),
  );
  for (const { name, definition } of ALL) await world.imat.create(name, definition);
  await world.sql(`GRANT USAGE ON SCHEMA public TO ${before}, ${after}`);
});
afterEach(() => world.drop());

async function write(writer: { sql(text: string): Promise<unknown> }): Promise<void> {
  for (const table of TABLES)
    for (const statement of [
      `INSERT INTO public.${table} VALUES (1, 7), (3, NULL)`,
      `UPDATE public.${table} SET g = g + 1 WHERE v % 2 = 0`,
      `DELETE FROM public.${table} WHERE v = 7`,
      `TRUNCATE public.${table}`,
      `INSERT INTO public.${table} VALUES (4, 7)`,
    ]) {
      await writer.sql(statement);
      await expectExact(world, ALL);
    }
}

const resets = (): Promise<number> =>
  world.value<number>('SELECT count(*)::int FROM imat_store.reset');
const doctor = async (): Promise<string[]> =>
  (await world.imat.doctor()).checks
    .filter(({ status }) => status !== 'ok')
    .map(({ message }) => message);

test.each([
  ['a fold and a swap', () => foldAll(world.imat).then(() => world.imat.swap('marked'))],
  ['a worker', () => world.sql('SELECT imat_catalog.look(NULL, 1, NULL)')],
  ['a repair', () => world.imat.repair('one')],
])('writers go on, reads are exact, and %s grants what is missing', async (way, grant) => {
  const old = await world.session(before);
  await write(old);
  await world.sql(`REASSIGN OWNED BY ${before} TO ${after}; DROP OWNED BY ${before}`);
  const owner = await world.session(after);
  expect(await doctor()).toEqual(
    TABLES.map(() => expect.stringContaining('cannot write to its log')),
  );
  await owner.sql(`BEGIN ISOLATION LEVEL SERIALIZABLE; INSERT INTO public.plain VALUES (5, 5);
    SAVEPOINT s; DELETE FROM public.plain; ROLLBACK TO s; COMMIT`);
  await write(owner);
  const made = await resets();
  await grant();
  if (way === 'a repair') return await expectExact(world, ALL);
  expect(await doctor()).toEqual([]);
  await foldAll(world.imat);
  await world.imat.swap('ranked');
  expect(await resets()).toBeLessThan(made);
  const left = await resets();
  await owner.sql('INSERT INTO public.plain VALUES (6, 6); UPDATE public.plain SET v = v + 1');
  expect(await resets()).toBe(left);
  await write(owner);
  for (const name of ['ranked', 'marked']) await world.imat.swap(name);
  await foldAll(world.imat);
  await expectExact(world, ALL);
});

test.each(['plain', 'parted', 'watched'])(
  'transactions that began before, and while the rights are granted: %s',
  async (table) => {
    const older = await world.session();
    await older.sql('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM k LIMIT 1');
    await world.sql(`REASSIGN OWNED BY ${before} TO ${after}`);
    await older.sql(`INSERT INTO public.${table} VALUES (1, 100)`);
    await world.sql('SELECT imat_catalog.look(NULL, 1, NULL)');
    await older.sql(`DELETE FROM public.${table} WHERE v = 100`);
    await older.sql(`INSERT INTO public.${table} VALUES (2, 100)`);
    await expectExact(older, ALL, 'inside');
    await older.sql('COMMIT');
    await expectExact(world, ALL, 'after');
  },
);

test.each(['plain', 'numbered'])(
  'sessions that grant at the same time wait for each other: plain and %s',
  async (table) => {
    await world.sql(`REASSIGN OWNED BY ${before} TO ${after}`);
    const [one, other] = [await world.session(), await world.session()];
    await one.sql(`BEGIN; SELECT imat_catalog.allow_capture('public.plain'::regclass)`);
    const granted = outcomeOf(
      other.sql(`SELECT imat_catalog.allow_capture('public.${table}'::regclass)`),
    );
    await untilBlocked(world, other.pid);
    await one.sql('COMMIT');
    expect(await granted).toBeUndefined();
    await world.sql('SELECT imat_catalog.look(NULL, 1, NULL)');
    expect(await doctor()).toEqual([]);
  },
);

test('who does not write to a table cannot mark it', async () => {
  await world.sql(`REASSIGN OWNED BY ${before} TO ${after}; CREATE SCHEMA theirs;
    GRANT ALL ON SCHEMA theirs TO ${before}; GRANT SELECT ON plain, parted TO ${before}`);
  const stranger = await world.session(before);
  await stranger.sql(`CREATE TABLE theirs.t (i int);
    CREATE FUNCTION theirs.mark() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN PERFORM imat_store.append_reset('public.parted'); RETURN NULL; END $$;
    CREATE TRIGGER mark AFTER INSERT ON theirs.t EXECUTE FUNCTION theirs.mark()`);
  for (const statement of [
    `SELECT imat_store.append_reset('public.plain')`,
    `SELECT imat_store.append_reset('public.plain') FROM public.plain`,
    'INSERT INTO theirs.t VALUES (1)',
  ])
    await expect(stranger.sql(statement), statement).rejects.toMatchObject({ sqlstate: '42501' });
  expect(await resets()).toBe(0);
});

test('without the catalog, or without its log, writers go on', async () => {
  await world.sql(`REASSIGN OWNED BY ${before} TO ${after}`);
  await world.sql('DROP TABLE imat_store.log_public_watched CASCADE');
  const owner = await world.session(after);
  await owner.sql('INSERT INTO public.watched VALUES (4, 7)');
  await world.sql('DROP SCHEMA imat_catalog CASCADE');
  const next = await world.session(after);
  for (const table of TABLES)
    await next.sql(`INSERT INTO public.${table} VALUES (4, 7); TRUNCATE public.${table}`);
});
