/**
 * The data of a dump is loaded over imats: reads raise an error at once, and one repair makes
 * everything new, whatever names the tables have had since they were converted.
 */
import { afterEach, expect, test } from 'vitest';
import {
  type Checked,
  createPreparedWorld,
  expectExact,
  sqlstateOf,
  type World,
} from './support/world.ts';
import { foldAll } from '../../setup/fold-all.ts';

const SETUP = `
  CREATE TABLE one (g int, v int);
  CREATE TABLE two (g int, v int);
  INSERT INTO one SELECT i % 3, i FROM generate_series(1, 30) AS i;
  INSERT INTO two SELECT i % 4, i FROM generate_series(1, 40) AS i`;
const of = (table: string): string => `SELECT g, sum(v) AS s FROM public.${table} GROUP BY g`;
const ARRIVAL = 'INSERT INTO imat_catalog.arrival DEFAULT VALUES';
const names = ['one', 'two'];

let world: World;
afterEach(() => world.drop());

async function open(): Promise<void> {
  world = await createPreparedWorld(SETUP);
  for (const name of names) await world.imat.create(name, of(name));
}

/** `tables`: what the tables of the imats are called now. */
async function expectRepaired(tables: readonly string[]): Promise<void> {
  for (const name of names)
    expect(await sqlstateOf(world.rows(`SELECT FROM imat.${name}`))).toBe('IM024');
  expect((await world.imat.repair()).map(({ name, error }) => ({ name, error }))).toEqual(
    names.map((name) => ({ name, error: null })),
  );
  const imats = names.map((name, n): Checked => ({ name, definition: of(tables[n] ?? '') }));
  await expectExact(world, imats, 'repaired');
  for (const table of tables)
    await world.sql(`UPDATE ${table} SET v = v + 1; DELETE FROM ${table} WHERE v % 5 = 0`);
  await expectExact(world, imats, 'written to');
  await foldAll(world.imat);
  await expectExact(world, imats, 'folded');
  expect(
    await world.rows('SELECT relation::text AS relation FROM imat_catalog.source ORDER BY 1'),
  ).toEqual(tables.toSorted().map((name) => ({ relation: name })));
  expect((await world.imat.doctor()).checks.filter(({ status }) => status !== 'ok')).toEqual([]);
}

test('of tables that were renamed', async () => {
  await open();
  await world.sql('ALTER TABLE one RENAME TO former');
  await world.sql(ARRIVAL);
  await expectRepaired(['former', 'two']);
});

test('of tables that have exchanged their names', async () => {
  await open();
  await world.sql(`ALTER TABLE one RENAME TO other; ALTER TABLE two RENAME TO one;
    ALTER TABLE other RENAME TO two`);
  await world.sql(ARRIVAL);
  await expectRepaired(['two', 'one']);
});

test('of a table whose former name another one has', async () => {
  await open();
  await world.sql('ALTER TABLE one RENAME TO former; CREATE TABLE one (g int, v int)');
  await world.sql(ARRIVAL);
  await expectRepaired(['former', 'two']);
});

test('with all triggers disabled', async () => {
  await open();
  await world.sql('INSERT INTO one VALUES (1, 100)');
  const log = await world.value<string>(
    `SELECT log_text FROM imat_catalog.source WHERE relation = 'one'::regclass`,
  );
  await world.sql(`ALTER TABLE imat_catalog.arrival DISABLE TRIGGER ALL; ${ARRIVAL};
    ALTER TABLE imat_catalog.arrival ENABLE TRIGGER ALL; INSERT INTO ${log} TABLE ${log}`);
  await expectRepaired(names);
});
