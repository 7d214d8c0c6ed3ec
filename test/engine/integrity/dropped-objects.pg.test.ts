/**
 * Whatever somebody drops of what imat has made for an imat is found, with the hint to repair, and
 * a repair makes it whole: by event triggers at once, and without them by the next fold.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectEqual } from '../commands/support/oracle.ts';
import { createPreparedSandbox, type Sandbox } from '../commands/support/sandbox.ts';
import { outcomeOf } from '../commands/support/world.ts';

const SETUP = `
CREATE TABLE buyer (id int PRIMARY KEY, city text);
CREATE TABLE sale (id int PRIMARY KEY, buyer int, amount numeric(10,2));
CREATE TABLE place (city text PRIMARY KEY);
CREATE INDEX ON sale (buyer);
INSERT INTO buyer SELECT i, 'c' || i % 20 FROM generate_series(1, 2000) i;
INSERT INTO sale SELECT i, 1 + i % 2000, i % 9 FROM generate_series(1, 4000) i;
INSERT INTO place SELECT 'c' || i FROM generate_series(0, 19) i;
ANALYZE`;

const DEFINITIONS: Readonly<Record<string, string>> = {
  joined: `SELECT b.city, sum(s.amount) AS amount, max(s.amount) AS most
    FROM public.sale s JOIN public.buyer b ON b.id = s.buyer
      JOIN public.place p ON p.city = b.city GROUP BY b.city`,
  of_cities: `SELECT b.city, count(s.id) AS sales FROM public.buyer b
    LEFT JOIN public.sale s ON s.buyer = b.id GROUP BY b.city`,
  ranked: `SELECT buyer, n, rank() OVER (ORDER BY n) AS r
    FROM (SELECT buyer, count(*) AS n FROM public.sale GROUP BY buyer) g WHERE n > 2`,
};

/** What folds alone need: reads go on without it. */
const OF_FOLDS = /^(?:FUNCTION imat_store\.(?:re)?fold\d*_|INDEX )/;

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await createPreparedSandbox(SETUP);
});
afterAll(() => sandbox.drop());

/** What an imat is made of, as DROP names it. */
const objectsOf = async (name: string): Promise<string[]> =>
  (
    await sandbox.rows<{ object: string }>(
      `SELECT CASE c.relkind WHEN 'r' THEN 'TABLE ' WHEN 'v' THEN 'VIEW ' ELSE 'INDEX ' END
         || c.oid::regclass AS object
       FROM pg_class c LEFT JOIN pg_index x ON x.indexrelid = c.oid
       WHERE c.relnamespace = 'imat_store'::regnamespace AND c.relname ~ '_${name}(_|$)'
         AND c.relkind IN ('r', 'v', 'i') AND (x.indexrelid IS NULL OR x.indisunique)
       UNION ALL
       SELECT 'FUNCTION ' || p.oid::regprocedure FROM pg_proc p
       WHERE p.pronamespace = 'imat_store'::regnamespace AND p.proname ~ '_${name}$'
       ORDER BY 1`,
    )
  ).map(({ object }) => object);

const change = (): Promise<void> =>
  sandbox.sql(`INSERT INTO sale SELECT max(id) + 1, 1 + max(id) % 2000, 7 FROM sale;
    UPDATE buyer SET city = 'c' || (id + 1) % 20 WHERE id % 500 = 3;
    DELETE FROM sale WHERE id < 3`);

/** What a fold says: repair, and nothing else. */
async function expectRefused(name: string, object: string): Promise<void> {
  const hint = `Run imat repair ${name}.`;
  const failed = await outcomeOf(sandbox.imat.fold(name));
  expect(failed, object).toMatchObject({ code: expect.stringMatching(/^IM02[14]$/), hint });
  const { imats } = await sandbox.imat.status(name);
  expect(imats[0]?.problems[0], object).toMatchObject({
    severity: OF_FOLDS.test(object) ? 'error' : 'broken',
    hint,
  });
}

async function expectRepaired(name: string, definition: string): Promise<void> {
  expect(await sandbox.imat.repair()).toMatchObject([{ name, error: null }]);
  await change();
  await expectEqual(sandbox.db, `imat.${name}`, definition);
  await sandbox.imat.fold(name);
  await expectEqual(sandbox.db, `imat.${name}`, definition);
  expect((await sandbox.imat.status(name)).imats[0]?.problems).toEqual([]);
}

describe.each(Object.entries(DEFINITIONS))('of imat %s', (name, definition) => {
  beforeAll(async () => {
    await sandbox.imat.create(name, definition);
  });
  afterAll(async () => {
    await sandbox.imat.revert(name);
  });

  test('with event triggers: a read of the view raises no error of PostgreSQL', async () => {
    for (const object of await objectsOf(name)) {
      await sandbox.sql(`DROP ${object} CASCADE`);
      await change();
      const [view] = await sandbox.rows(
        `SELECT FROM pg_class WHERE oid = to_regclass('imat.${name}')`,
      );
      if (OF_FOLDS.test(object)) await expectEqual(sandbox.db, `imat.${name}`, definition);
      else if (view !== undefined)
        expect(await outcomeOf(sandbox.rows(`SELECT * FROM imat.${name}`)), object).toMatchObject({
          sqlstate: 'IM024',
          message: expect.stringContaining('what it is made of was dropped or renamed'),
        });
      await expectRefused(name, object);
      await expectRepaired(name, definition);
    }
  });

  test('without them a fold finds it, and a name that is another one now', async () => {
    await sandbox.sql(
      `ALTER EVENT TRIGGER imat_drop DISABLE; ALTER EVENT TRIGGER imat_ddl DISABLE`,
    );
    for (const object of (await objectsOf(name)).filter((one) => one.startsWith('FUNCTION'))) {
      await sandbox.sql(`ALTER ${object} RENAME TO another`);
      await change();
      await expectRefused(name, object);
      await sandbox.sql('DROP FUNCTION imat_store.another CASCADE');
      await expectRepaired(name, definition);
    }
    await sandbox.sql(`ALTER EVENT TRIGGER imat_drop ENABLE; ALTER EVENT TRIGGER imat_ddl ENABLE`);
  });
});

test('a function of the catalog: what needs it says so, and imat init makes it again', async () => {
  await sandbox.imat.create('joined', DEFINITIONS['joined'] ?? '');
  await change();
  await sandbox.sql('DROP FUNCTION imat_store.planned_parts');
  expect(await outcomeOf(sandbox.imat.fold('joined'))).toMatchObject({
    condition: 'source_changed',
    message: expect.stringMatching(/^something that imat has made is gone: .*planned_parts/),
    hint: expect.stringContaining('Run imat init'),
  });
  await sandbox.imat.init();
  await sandbox.imat.fold('joined');
  await expectEqual(sandbox.db, 'imat.joined', DEFINITIONS['joined'] ?? '');
});
