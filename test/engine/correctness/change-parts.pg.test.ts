/**
 * What a live read takes of the change of a join: the parts of those tables alone that have
 * pending rows, and the whole where many are pending. Both give the definition's rows, whichever
 * tables have changed, in the writer's own transaction and in a snapshot that is older.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createWorld, expectExact, type World } from '../commands/support/world.ts';
import { foldAll } from '../../setup/fold-all.ts';

/** With a table that is read twice, rows of a function, groups, NULL, and a type without `=`. */
const PARTED = {
  three: `SELECT d.name, count(*) AS n, sum(l.qty) AS qty FROM public.line l
    JOIN public.purchase p ON p.id = l.purchase JOIN public.land d ON d.id = p.land
    GROUP BY d.name`,
  four: `SELECT d.name, b.note::text AS note, sum(l.qty) AS qty
    FROM public.line l, public.purchase p, public.land d, public.buyer b
    WHERE p.id = l.purchase AND d.id = p.land AND b.id = p.buyer GROUP BY d.name, b.note::text`,
  twice: `SELECT d.name AS from_land, e.name AS to_land, count(*) AS n FROM public.purchase p,
    public.land d, public.buyer b, public.land e
    WHERE d.id = p.land AND b.id = p.buyer AND e.id = b.land GROUP BY d.name, e.name`,
  rows: `SELECT p.id, l.number, d.name, b.id AS buyer FROM public.purchase p
    JOIN public.line l ON l.purchase = p.id JOIN public.land d ON d.id = p.land
    JOIN public.buyer b ON b.id = p.buyer WHERE l.qty > 1`,
  unnested: `SELECT d.name, t.tag, count(*) AS n FROM public.purchase p
    JOIN public.land d ON d.id = p.land JOIN public.buyer b ON b.id = p.buyer,
    LATERAL unnest(p.tags) AS t(tag) GROUP BY d.name, t.tag`,
} as const;
/** A column of a domain; an expression that can fail; the time; a table that a subquery groups. */
const WHOLE = {
  domain: `SELECT b.size, count(*) AS n FROM public.purchase p JOIN public.buyer b ON b.id = p.buyer
    JOIN public.land d ON d.id = p.land GROUP BY b.size`,
  failing: `SELECT d.name, sum(10 / l.qty) AS s FROM public.line l
    JOIN public.purchase p ON p.id = l.purchase JOIN public.land d ON d.id = p.land
    WHERE l.qty <> 0 GROUP BY d.name`,
  timed: `SELECT d.name, count(*) AS n FROM public.purchase p JOIN public.land d ON d.id = p.land
    JOIN public.buyer b ON b.id = p.buyer WHERE p.placed > now() - interval '1 day'
    GROUP BY d.name`,
} as const;
const ALL = { ...PARTED, ...WHOLE };

const TABLES = ['line', 'purchase', 'land', 'buyer'] as const;
const WRITES: Readonly<Record<(typeof TABLES)[number], string>> = {
  line: `UPDATE line SET qty = qty % 4 + 1 WHERE purchase % 7 = 1;
    DELETE FROM line WHERE purchase % 31 = 2 AND number = 1; INSERT INTO line VALUES (1, 99, 2)`,
  purchase: `UPDATE purchase SET buyer = buyer % 20 + 1, land = land % 5 + 1 WHERE id % 9 = 2;
    DELETE FROM purchase WHERE id % 37 = 3;
    INSERT INTO purchase (id, buyer, land, tags)
    VALUES (900, 3, 2, '{a,b,a}'), (901, NULL, 1, NULL)`,
  land: `UPDATE land SET name = name || '+' WHERE id = 2; DELETE FROM land WHERE id = 5;
    INSERT INTO land VALUES (6, NULL)`,
  buyer: `UPDATE buyer SET note = '{"v": 2}', size = 2, land = 1 WHERE id % 4 = 1;
    DELETE FROM buyer WHERE id = 7; INSERT INTO buyer VALUES (70, 3, NULL, 1)`,
};
/** What is not taken back. */
const KEPT: typeof WRITES = {
  line: 'UPDATE line SET qty = qty % 5 + 1 WHERE purchase % 50 = 3',
  purchase: 'UPDATE purchase SET land = land % 5 + 1 WHERE id % 40 = 4',
  land: `UPDATE land SET name = left(name, 6) || length(name) WHERE id < 4`,
  buyer: 'UPDATE buyer SET land = land % 5 + 1 WHERE id % 5 = 1',
};
const SUBSETS = Array.from({ length: 2 ** TABLES.length - 1 }, (_, index) =>
  TABLES.filter((_table, bit) => (((index + 1) >> bit) & 1) === 1),
);

let world: World;
beforeAll(async () => {
  world = await createWorld(`
CREATE DOMAIN size AS int CHECK (value > 0);
CREATE TABLE land (id int PRIMARY KEY, name text);
CREATE TABLE buyer (id int PRIMARY KEY, land int, note json, size size);
CREATE TABLE purchase (id int PRIMARY KEY, buyer int, land int, tags text[],
  placed timestamptz DEFAULT now());
CREATE TABLE line (purchase int, number int, qty int, PRIMARY KEY (purchase, number));
INSERT INTO land SELECT i, 'land ' || i FROM generate_series(1, 5) AS i;
INSERT INTO buyer SELECT i, i % 5 + 1, '{"v": 1}', 1 FROM generate_series(1, 20) AS i;
INSERT INTO purchase SELECT i, i % 20 + 1, i % 5 + 1, ARRAY['a', 'b']
  FROM generate_series(1, 200) AS i;
INSERT INTO line SELECT i, n, i % 3 FROM generate_series(1, 200) AS i, generate_series(1, 2) AS n;
ANALYZE`);
  for (const [name, definition] of Object.entries(ALL)) {
    const { strategy } = await world.imat.create(name, definition);
    expect(strategy, name).toBe('delta');
  }
});
afterAll(() => world.drop());

const CHECKED = Object.entries(ALL).map(([name, definition]) => ({ name, definition }));
const expectAll = (when: string): Promise<void> => expectExact(world, CHECKED, when);

const partsOf = (name: string): Promise<number> =>
  world.value<number>(`SELECT count(*)::int FROM pg_class
    WHERE relname ~ '^part\\d+of_${name}$' AND relnamespace = 'imat_store'::regnamespace`);

test('there is a part for each table', async () => {
  const counts = await Promise.all(Object.keys(ALL).map(partsOf));
  expect(Object.fromEntries(Object.keys(ALL).map((name, index) => [name, counts[index]]))).toEqual({
    three: 3,
    four: 4,
    twice: 3,
    rows: 4,
    unnested: 3,
    domain: 0,
    failing: 0,
    timed: 0,
  });
});

describe.each(SUBSETS.map((tables) => [tables.join(' and '), tables] as const))(
  '%s',
  (name, tables) => {
    test('in the transaction, after it, and after a fold', async () => {
      await world.sql('BEGIN');
      for (const table of tables) {
        await world.sql(WRITES[table]);
        await expectAll(`after writes to ${table}, of ${name}`);
      }
      await world.sql('ROLLBACK');
      await expectAll(`after the rollback of writes to ${name}`);
      await world.sql(tables.map((table) => KEPT[table]).join(';'));
      await expectAll(`after ${name}`);
      await foldAll(world.imat);
      await expectAll(`after a fold of ${name}`);
    });
  },
);

/** Which views a read of `three` plans: it waits for those that another session has locked. */
async function viewsRead(): Promise<string[]> {
  const holder = await world.session();
  const witness = await world.session();
  const read: string[] = [];
  await world.sql('SELECT * FROM imat.three');
  for (const view of ['part1of_three', 'part2of_three', 'part3of_three', 'delta_three']) {
    const oid = await world.value<number>(`SELECT 'imat_store.${view}'::regclass::oid`);
    const waits = async (): Promise<boolean> =>
      (await witness.value(`SELECT EXISTS (
        SELECT FROM pg_locks WHERE NOT granted AND relation = ${oid})`)) === true;
    await holder.sql(`BEGIN; ALTER VIEW imat_store.${view} RENAME TO held`);
    let hasRead = false;
    const reading = world.sql('SELECT * FROM imat.three').finally(() => {
      hasRead = true;
    });
    while (!hasRead && !(await waits())) await delay(5);
    if (!hasRead) read.push(view);
    await holder.sql('ROLLBACK');
    await reading;
  }
  return read;
}

test('a read of few pending rows plans their tables alone, one of many all as one', async () => {
  await foldAll(world.imat);
  await world.sql(`INSERT INTO land VALUES (50, 'other')`);
  expect(await viewsRead()).toEqual(['part3of_three']);
  await world.sql('INSERT INTO line VALUES (150, 50, 1)');
  expect(await viewsRead()).toEqual(['part1of_three', 'part3of_three']);
  await world.sql('INSERT INTO line SELECT 1, n, 1 FROM generate_series(1000, 2000) AS n');
  expect(await viewsRead()).toEqual(['delta_three']);
  await expectAll('with many pending rows');
  await foldAll(world.imat);
  await expectAll('after a fold of many rows');
});

test('a snapshot that is older, and a repair', async () => {
  await world.sql('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM land');
  const other = await world.session();
  try {
    await other.sql(`${WRITES.purchase}; ${WRITES.land}`);
    await expectAll('before writes of others');
    await other.sql(`CALL imat.fold('three')`);
    await expectAll('before a fold of others');
  } finally {
    await world.sql('COMMIT');
  }
  await expectAll('after writes of others');
  for (const name of ['three', 'twice']) await world.imat.repair(name);
  expect(await partsOf('three')).toBe(3);
  await world.sql(WRITES.buyer);
  await expectAll('after a repair');
  for (const name of Object.keys(ALL)) await world.imat.revert(name);
  expect(
    await world.value(`SELECT count(*)::int FROM pg_class
      WHERE relnamespace = to_regnamespace('imat_store')`),
  ).toBe(0);
});
