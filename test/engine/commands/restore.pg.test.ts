/**
 * A database with imats, dumped and restored. Transaction ids mean nothing there, and a log that
 * came along is nobody's: what was restored says so instead of answering, and works once it is
 * reverted and converted anew, one imat after the other.
 */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EXTENSION } from '../../../engine/sql/names.ts';
import { type PostgresServer, startPostgres } from '../../../tools/postgres.ts';
import { findWithPrograms, runProgram } from '../../setup/client-programs.ts';
import { type Checked, expectExact, openWorld, sqlstateOf, type World } from './support/world.ts';
import { WITH_EXTENSION } from '../../setup/database.ts';
import { expectImatError } from './support/expect-imat-error.ts';
import { REBUILT } from '../../setup/rebuilt.ts';
import { foldAll } from '../../setup/fold-all.ts';

const TOTALS = `SELECT s.region, p.kind, count(*) AS n, sum(s.amount) AS total
  FROM public.sale s JOIN public.product p ON p.id = s.product_id GROUP BY s.region, p.kind`;
const SUMMARY: Checked = { name: 'summary', definition: TOTALS };
const TWIN: Checked = { name: 'twin', definition: TOTALS };
const BAG: Checked = {
  name: 'bag',
  definition: 'SELECT region, amount FROM public.sale WHERE amount > 20',
};
const RANKED: Checked = {
  name: 'ranked',
  definition: `${REBUILT} SELECT id, rank() OVER (ORDER BY price, id) AS place FROM public.product`,
};
const PARTS: Checked = {
  name: 'parts',
  definition: 'SELECT n, count(*) AS c FROM public.parted GROUP BY n',
};
const REGROUPED: Checked = {
  name: 'regrouped',
  definition: `SELECT p.kind, max(s.amount) AS top, count(DISTINCT s.region) AS regions
    FROM public.product p LEFT JOIN public.sale s ON s.product_id = p.id GROUP BY p.kind`,
};
const STORES: Checked = {
  name: 'stores',
  definition: `WITH sold AS (SELECT region, sum(amount) AS total FROM public.sale GROUP BY region),
      best AS (SELECT region, max(amount) AS top FROM public.sale GROUP BY region)
    SELECT s.region, s.total, b.top, (SELECT sum(total) FROM sold) AS whole
    FROM sold s JOIN best b ON b.region = s.region`,
};
const IMATS = [SUMMARY, TWIN, BAG, RANKED, PARTS, REGROUPED, STORES];

const SETUP = `
${WITH_EXTENSION ? `CREATE EXTENSION ${EXTENSION};` : ''}
CREATE TABLE product (id int PRIMARY KEY, kind text NOT NULL, price numeric(10,2));
-- A restore gives its columns other numbers.
CREATE TABLE sale (
  gone int, id bigint PRIMARY KEY, region text, gone_too text, product_id int, amount numeric(10,2)
);
ALTER TABLE sale DROP COLUMN gone, DROP COLUMN gone_too;
CREATE TABLE parted (gone int, id int, n int) PARTITION BY RANGE (id);
ALTER TABLE parted DROP COLUMN gone;
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (100);
CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM (100) TO (200);
INSERT INTO product SELECT i, 'k' || i % 3, i % 7 FROM generate_series(1, 20) AS i;
INSERT INTO sale SELECT i, 'r' || i % 5, 1 + i % 20, i % 50 FROM generate_series(1, 500) AS i;
${IMATS.map(({ name, definition }) => `CREATE MATERIALIZED VIEW ${name} AS ${definition}`).join(
  ';\n',
)}`;

/** Both sources, both sides of the predicates; to be run again and again. */
const WRITES = `
INSERT INTO sale
SELECT coalesce(max(id), 0) + i, 'r' || i % 6, 1 + i % 20, i % 40
FROM sale, generate_series(1, 60) AS i
GROUP BY i;
TRUNCATE parted;
INSERT INTO parted SELECT i, i % 3 FROM generate_series(0, 199) AS i;
TRUNCATE parted_1;
INSERT INTO parted_1 VALUES (7, 1);
UPDATE product SET price = price + 1, kind = 'k' || (id + price::int) % 4 WHERE id % 3 = 0;
UPDATE sale SET amount = 41 - amount WHERE id % 5 = 2 AND amount < 41;
DELETE FROM sale WHERE id % 11 = 3`;

const binaries = findWithPrograms(WITH_EXTENSION);
const settings = WITH_EXTENSION ? { shared_preload_libraries: EXTENSION } : {};

describe.skipIf(binaries === undefined)('a restored database', () => {
  const program = (name: string, args: readonly string[]): Promise<string> =>
    runProgram(binaries, name, args);
  let [home, abroad]: (PostgresServer | null)[] = [null, null];
  let original: World;
  const worlds: World[] = [];
  const serverOf = (where: string): PostgresServer =>
    (where === 'another cluster' ? abroad : home) ?? expect.fail('it is not running');

  const open = async (server: PostgresServer, name: string): Promise<World> => {
    const world = await openWorld(server.url.replace(/postgres$/, name), '', async () => undefined);
    worlds.push(world);
    return world;
  };
  const create = async (
    server: PostgresServer,
    name: string,
    like = 'template0',
  ): Promise<void> => {
    await program('createdb', ['--maintenance-db', server.url, '--template', like, name]);
  };

  beforeAll(async () => {
    if (binaries !== undefined)
      [home, abroad] = await Promise.all([
        startPostgres({ binaries, settings }),
        startPostgres({ binaries, settings }),
      ]);
    await create(serverOf('here'), 'shop');
    original = await open(serverOf('here'), 'shop');
    await original.sql(SETUP);
    // Transactions of the future, for the other cluster.
    await original.sql(
      'DO $$ BEGIN FOR i IN 1..2000 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$',
    );
    for (const { name } of IMATS) await original.imat.convert(name, { replace: name === 'bag' });
    // Folded rows stay in the log, others are pending; one imat has taken in more than the others.
    await original.sql(WRITES);
    await foldAll(original.imat);
    await original.imat.swap('ranked');
    await original.sql(WRITES);
    await original.imat.fold('twin');
    await expectExact(original, IMATS);
  });
  afterAll(async () => {
    for (const world of worlds) await world.drop();
    await Promise.all([home?.stop(), abroad?.stop()]);
  });

  async function restore(format: string, where: string): Promise<World> {
    const server = serverOf(where);
    const name = `${format}_${worlds.length}`;
    const file = join(server.directory, name);
    await create(server, name);
    await program('pg_dump', ['--dbname', original.url, '--format', format, '--file', file]);
    const target = server.url.replace(/postgres$/, name);
    if (format === 'custom')
      await program('pg_restore', ['--exit-on-error', '--dbname', target, file]);
    else
      await program('psql', [
        '--quiet',
        '--no-psqlrc',
        '--set',
        'ON_ERROR_STOP=1',
        '--output',
        '/dev/null',
        '--file',
        file,
        target,
      ]);
    return open(server, name);
  }

  async function expectRefused(world: World, { name }: Checked): Promise<void> {
    await expect(world.rows(`SELECT * FROM imat.${name}`)).rejects.toThrow(
      `imat "${name}" has no frontier for its stored table`,
    );
    expect(
      await sqlstateOf(world.rows(`SELECT count(*) FROM imat.${name} WHERE false OR random() < 2`)),
    ).toBe('IM017');
    expect(
      await sqlstateOf(world.sql(`CALL imat.${name === 'ranked' ? 'swap' : 'fold'}('${name}')`)),
    ).toBe('IM017');
    const found = (await world.imat.doctor()).checks.find(
      (check) => check.check === `imat ${name}`,
    );
    expect(found).toMatchObject({
      status: 'error',
      message: expect.stringContaining('restored from a dump'),
      hint: `Run imat repair ${name}.`,
    });
  }

  async function expectLives(world: World, imats: readonly Checked[]): Promise<void> {
    await expectExact(world, imats, 'converted anew');
    await world.sql(WRITES);
    await expectExact(world, imats, 'written to');
    for (const { name } of imats)
      await (name === 'ranked' ? world.imat.swap(name) : world.imat.fold(name));
    await expectExact(world, imats, 'stored anew');
    await world.sql(WRITES);
    await expectExact(world, imats, 'written to again');
  }

  describe.each(['another database', 'another cluster'])('%s', (where) => {
    test.each(['custom', 'plain'])('from a dump in the %s format', async (format) => {
      const world = await restore(format, where);
      for (const imat of IMATS) await expectRefused(world, imat);
      expect((await world.imat.status()).imats.map((imat) => imat.state)).toEqual(
        IMATS.map(() => 'broken'),
      );
      expect(await sqlstateOf(world.rows('SELECT * FROM bag'))).toBe('IM017');
      await expectImatError('already_exists', () =>
        world.imat.convert('twin', { strategy: 'swap' }),
      );
      // Writers are not held up by it, and what they write is not lost on those who come later.
      await world.sql(WRITES);
      const alive: Checked[] = [];
      for (const imat of [BAG, PARTS, SUMMARY, RANKED, STORES, REGROUPED, TWIN]) {
        expect(await world.imat.revert(imat.name)).toEqual({
          name: imat.name,
          original: `public.${imat.name}`,
        });
        await world.imat.convert(imat.name);
        alive.push(imat);
        await expectLives(world, alive);
        for (const other of IMATS) if (!alive.includes(other)) await expectRefused(world, other);
      }
      expect((await world.imat.doctor()).checks.filter((check) => check.status !== 'ok')).toEqual(
        [],
      );
      for (const { name } of IMATS) await world.imat.revert(name);
      expect(
        await world.rows(`SELECT nspname FROM pg_namespace WHERE nspname LIKE 'imat%'`),
      ).toEqual([]);
      expect(await world.rows(`SELECT tgname FROM pg_trigger WHERE NOT tgisinternal`)).toEqual([]);
      expect(
        await world.rows(
          "SELECT proname FROM pg_proc WHERE proname LIKE '%imat%' " +
            "OR proname LIKE 'capture%public%'",
        ),
      ).toEqual([]);
    });
  });

  test('a copy of the database by CREATE DATABASE needs nothing', async () => {
    await create(serverOf('here'), 'template_of_shop');
    const template = await open(serverOf('here'), 'template_of_shop');
    await template.sql(SETUP);
    for (const { name } of IMATS) await template.imat.convert(name);
    await template.sql(WRITES);
    await template.drop();
    await create(serverOf('here'), 'copy', 'template_of_shop');
    const copy = await open(serverOf('here'), 'copy');
    expect((await copy.imat.doctor()).checks.filter((check) => check.status !== 'ok')).toEqual([]);
    await expectLives(copy, IMATS);
  });
});
