/** ALTER TABLE and DROP on a source: writers never notice, and no read is wrong. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WITH_EXTENSION } from '../../setup/database.ts';
import {
  type Checked,
  createPreparedWorld,
  expectExact,
  type Session,
  type World,
} from '../commands/support/world.ts';
import { REBUILT } from '../../setup/rebuilt.ts';
import { foldAll } from '../../setup/fold-all.ts';

let world: World;
beforeEach(async () => {
  world = await createPreparedWorld(`
    CREATE TYPE mood AS ENUM ('good', 'bad');
    CREATE DOMAIN short AS varchar(8) CHECK (value <> '');
    CREATE TABLE item (id int PRIMARY KEY, kind text, amount numeric(8,2), note varchar(10),
      mood mood, code short);
    INSERT INTO item
      SELECT i, 'k' || i % 3, i, 'n' || i,
        CASE WHEN i % 2 = 0 THEN 'good' ELSE 'bad' END::mood, 'c' || i % 4
      FROM generate_series(1, 60) AS i`);
});
afterEach(() => world.drop());

const convert = async (all: readonly Checked[]): Promise<void> => {
  for (const { name, definition } of all) await world.imat.create(name, definition);
};
const troubles = async (): Promise<string[]> =>
  (await world.imat.doctor()).checks
    .filter((check) => check.status !== 'ok')
    .map((check) => check.message);

const SUMS: Checked = {
  name: 'sums',
  definition: `SELECT kind, code, sum(amount) AS total, count(note) AS notes FROM public.item
        GROUP BY kind, code`,
};
const BAG: Checked = { name: 'bag', definition: 'SELECT kind, amount FROM public.item' };
const RANKED: Checked = {
  name: 'ranked',
  definition: `${REBUILT} SELECT id, rank() OVER (ORDER BY amount) AS place FROM public.item`,
};
const MOODS: Checked = {
  name: 'moods',
  definition: `SELECT kind, count(*) FILTER (WHERE mood = 'good') AS good FROM public.item
      GROUP BY kind`,
};

describe('renamed columns', () => {
  const renamed = (all: readonly Checked[]): Checked[] =>
    all.map(({ name, definition }) => ({
      name,
      definition: definition
        .replaceAll(/\bkind\b/g, 'sort')
        .replaceAll(/\bamount\b/g, 'value')
        .replaceAll('SELECT sort,', 'SELECT sort AS kind,')
        .replace('AS kind, value FROM', 'AS kind, value AS amount FROM'),
    }));

  const write = async (
    writer: Session,
    n: number,
    value: string,
    rows = 'id < 9',
  ): Promise<void> => {
    await writer.sql(
      `INSERT INTO item
          VALUES (${n}, 'k9', ${n}, 'x', 'good', 'c9'), (${n + 1}, NULL, NULL, NULL, NULL, NULL)`,
    );
    await writer.sql(`UPDATE item SET ${value} = ${value} + 1 WHERE ${rows}`);
    await writer.sql(
      `UPDATE item SET id = id WHERE ${rows}; DELETE FROM item WHERE id = ${n - 90}`,
    );
  };

  test('are captured in open transactions, in prepared statements and afterwards', async () => {
    const all = [SUMS, BAG, RANKED];
    await convert(all);
    const [writer, old] = [await world.session(), await world.session()];
    await writer.sql(
      `PREPARE ins AS INSERT INTO item VALUES ($1, 'p', 1, 'p', 'bad', 'p'); EXECUTE ins(500)`,
    );
    await write(writer, 100, 'amount');
    await old.sql('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM pg_class');
    await world.sql(
      'ALTER TABLE item RENAME kind TO sort; ALTER TABLE item RENAME amount TO value',
    );
    const now = renamed(all);
    await writer.sql('EXECUTE ins(501)');
    await write(writer, 110, 'value');
    await expectExact(world, now);
    await write(old, 120, 'value', 'id BETWEEN 40 AND 45');
    await expectExact(old, now);
    await old.sql('COMMIT');
    await expectExact(world, now);
    await writer.sql('BEGIN; TRUNCATE item');
    await expectExact(writer, now);
    await writer.sql('ROLLBACK');
    if (!WITH_EXTENSION)
      expect(await troubles()).toEqual([expect.stringContaining('was renamed or dropped')]);
    await foldAll(world.imat);
    await expectExact(world, now);
    expect(await troubles()).toEqual([]);
    await writer.sql('EXECUTE ins(502)');
    await write(writer, 130, 'value');
    await expectExact(world, now);
    // Names can change places.
    await world.sql(
      `ALTER TABLE item RENAME sort TO s;
        ALTER TABLE item RENAME note TO sort;
        ALTER TABLE item RENAME s TO note`,
    );
    await world.sql(`INSERT INTO item VALUES (900, 'k1', 5, 'x', 'good', 'c9')`);
    const swapped = now.map(({ name, definition }) => ({
      name,
      definition: definition
        .replaceAll(/\bnote\b/g, '@')
        .replaceAll(/\bsort\b/g, 'note')
        .replaceAll('@', 'sort'),
    }));
    await expectExact(world, swapped);
    await foldAll(world.imat);
    await world.sql(`UPDATE item SET note = 'k2' WHERE id = 900`);
    await expectExact(world, swapped);
  });

  test('and the table itself, in the transaction that renames', async () => {
    await convert([SUMS]);
    const writer = await world.session();
    await writer.sql(`INSERT INTO item VALUES (100, 'k', 1);
      BEGIN;
      ALTER TABLE item RENAME kind TO sort;
      INSERT INTO item VALUES (101, 'k', 1); SAVEPOINT s; ALTER TABLE item RENAME TO thing;
      CREATE SCHEMA other;
      ALTER TABLE thing SET SCHEMA other;
      INSERT INTO other.thing VALUES (102, 'k', 1)`);
    const definition = SUMS.definition
      .replace('SELECT kind,', 'SELECT sort AS kind,')
      .replace('BY kind', 'BY sort');
    await expectExact(writer, {
      name: 'sums',
      definition: definition.replace('public.item', 'other.thing'),
    });
    await writer.sql(`ROLLBACK TO s; INSERT INTO item VALUES (103, 'k', 1)`);
    await expectExact(writer, { name: 'sums', definition });
    await writer.sql('ROLLBACK');
    await world.sql(`INSERT INTO item VALUES (104, 'k', 1)`);
    await writer.sql(`INSERT INTO item VALUES (105, 'k', 1)`);
    await expectExact(world, SUMS);
  });
});

const CHANGES = [
  `INSERT INTO item (id, kind) VALUES (200, 'k1'), (201, NULL)`,
  `UPDATE item SET kind = 'k2' WHERE id < 10`,
  'UPDATE item SET id = id WHERE id < 10',
  'DELETE FROM item WHERE id = 11',
  'BEGIN ISOLATION LEVEL REPEATABLE READ; TRUNCATE item; ROLLBACK',
  `COPY item (id, kind) FROM PROGRAM 'echo 300,k1' WITH (FORMAT csv)`,
];

describe.each([
  ['DROP COLUMN CASCADE', 'ALTER TABLE item DROP COLUMN amount CASCADE', ['sums', 'bag', 'ranked']],
  ['DROP TYPE CASCADE', 'DROP TYPE mood CASCADE', ['moods']],
  ['DROP DOMAIN CASCADE', 'DROP DOMAIN short CASCADE', ['sums']],
  [
    'DROP VIEW CASCADE and another type',
    `DROP VIEW imat_store.definition_sums, imat_store.content_sums, imat_store.answer_sums CASCADE;
      ALTER TABLE item ALTER code TYPE int USING 1, ALTER note TYPE varchar(200)`,
    ['sums'],
  ],
])('%s', (_what, command, broken) => {
  test('writers go on, the imats that need it raise, and the others are exact', async () => {
    const all = [SUMS, BAG, RANKED, MOODS];
    await convert(all);
    const [writer, old] = [await world.session(), await world.session()];
    await writer.sql(`INSERT INTO item (id, kind) VALUES (100, 'k1')`);
    await old.sql('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM pg_class');
    await world.sql(command);
    const intact = all.filter(({ name }) => !broken.includes(name));
    await old.sql(`INSERT INTO item (id, kind) VALUES (101, 'k1'); COMMIT`);
    for (const change of CHANGES) {
      await writer.sql(change);
      await expectExact(world, intact);
    }
    for (const name of broken)
      await expect(world.rows(`SELECT * FROM imat.${name}`)).rejects.toThrow(/does not exist/);
    const status = await world.imat.status();
    expect(status.imats.filter((imat) => imat.state === 'broken').map((imat) => imat.name)).toEqual(
      [...broken].sort(),
    );
    for (const { name } of intact) if (name !== 'ranked') await world.imat.fold(name);
    await expectExact(world, intact);
    for (const name of broken) await world.imat.revert(name);
    const again: Checked = {
      name: 'again',
      definition: `SELECT i.kind, count(*) AS n, max(i.id) IS NULL AS none FROM public.item i
            GROUP BY i.kind`,
    };
    await world.imat.create('again', again.definition);
    for (const change of CHANGES)
      await writer.sql(change.replaceAll(/\b([23])0(\d)\b/g, '4$1$2').replace('300', '400'));
    await expectExact(world, [...intact, again]);
    expect(await troubles()).toEqual([]);
  });
});

test('a longer value fits into the log of a column that has become longer', async () => {
  await convert([
    RANKED,
    { name: 'kinds', definition: 'SELECT kind, count(*) AS n FROM public.item GROUP BY kind' },
  ]);
  await world.sql('ALTER TABLE item ALTER note TYPE varchar(100), ALTER amount SET NOT NULL');
  await world.sql(`INSERT INTO item VALUES (100, 'k', 1, repeat('x', 100))`);
  await expectExact(world, RANKED);
});

describe('a statement that changes a great part of a large table', () => {
  const MANY: Checked = {
    name: 'many',
    definition: 'SELECT kind, count(*) AS n, sum(amount) AS total FROM public.item GROUP BY kind',
  };
  const logRows = (): Promise<number> =>
    world.value('SELECT count(*)::int FROM imat_store.log_public_item');
  const resets = (): Promise<number> => world.value('SELECT count(*)::int FROM imat_store.reset');
  const insert = (from: number, to: number): string =>
    `INSERT INTO item SELECT i, 'k' || i % 7, i % 100 FROM generate_series(${from}, ${to}) AS i`;

  test.skipIf(WITH_EXTENSION)('is a reset mark, within the transaction and after it', async () => {
    await convert([MANY, RANKED]);
    const writer = await world.session();
    await writer.sql(`BEGIN; ${insert(1001, 131_000)}`);
    await expectExact(writer, MANY);
    expect(await writer.value('SELECT count(*)::int FROM imat_store.log_public_item')).toBe(
      100_000,
    );
    await writer.sql(
      `SAVEPOINT s;
        DELETE FROM item WHERE id > 1000;
        ROLLBACK TO s;
        INSERT INTO item VALUES (1, 'k', 1) ON CONFLICT (id) DO UPDATE SET amount = 5`,
    );
    await expectExact(writer, MANY);
    await writer.sql('COMMIT');
    expect(await resets()).toBe(1);
    await expectExact(world, [MANY, RANKED]);
    await world.imat.fold('many');
    await world.imat.swap('ranked');
    await expectExact(world, [MANY, RANKED]);
    expect(await resets()).toBe(0);
    await world.sql('DELETE FROM item WHERE id > 20000');
    expect(await resets()).toBe(1);
    await expectExact(world, MANY);
    await world.imat.fold('many');
    await expectExact(world, MANY);
  });

  test('a small part of it is logged, however many rows that is', async () => {
    await world.sql(`${insert(1001, 1_100_000)}; ANALYZE item`);
    await convert([MANY]);
    const before = await logRows();
    await world.sql(insert(2_000_001, 2_120_000));
    expect((await logRows()) - before).toBe(120_000);
    expect(await resets()).toBe(0);
    await expectExact(world, MANY);
    await world.sql('DELETE FROM item WHERE id > 2000000');
    expect(await resets()).toBe(0);
    await world.imat.fold('many');
    await expectExact(world, MANY);
  });
});
