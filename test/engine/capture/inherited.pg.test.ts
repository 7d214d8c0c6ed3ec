/** Sources from which tables inherit: every write, and every change of the tree. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { expectExact, type World } from '../commands/support/world.ts';
import { ROWS, useInheritedWorlds } from './support/inherited.ts';
import { ALL, maintain, putBack, readsDefinition } from './support/partitioned.ts';
import {
  describeTreeChanges,
  resets,
  testWhatGoes,
  type TreeChange,
} from './support/tree-changes.ts';

const makeWorld = useInheritedWorlds();
let world: World;

describe('writes', () => {
  beforeAll(async () => {
    world = await makeWorld();
  });
  afterEach(() => putBack(world, ROWS));
  afterAll(() => world.drop());

  test.each([
    ['a row into the root', `INSERT INTO sale VALUES (301, 'a', 7), (302, NULL, 9)`],
    ['a row into a table below', `INSERT INTO sale_1 (id, kind, amount) VALUES (1, 'b', 7)`],
    ['a row into one that has tables below it', `INSERT INTO sale_2 VALUES (101, 'q', 7)`],
    ['a row into one with two parents', `INSERT INTO sale_2b (id, kind) VALUES (101, 'a')`],
    ['an update by the root', `UPDATE sale SET amount = amount + 1 WHERE id % 4 = 0`],
    ['an update of the root alone', `UPDATE ONLY sale SET amount = amount + 1, kind = 'b'`],
    ['an update by a parent below', `UPDATE sale_2 SET kind = 'a' WHERE id > 105`],
    ['an update of a table below', `UPDATE sale_1 SET amount = 0, kind = 'b' WHERE id < 50`],
    ['an update of what only one table has', `UPDATE sale_1 SET own = 'y'`],
    ['a delete by the root', `DELETE FROM sale WHERE id % 5 = 0`],
    ['a delete from the root alone', `DELETE FROM ONLY sale`],
    ['a delete from a table below', `DELETE FROM sale_2a`],
    [
      'a MERGE by the root',
      `MERGE INTO sale s USING (VALUES (1), (2), (303), (104)) n(i) ON n.i = s.id
       WHEN MATCHED AND s.kind = 'a' THEN UPDATE SET amount = 77
       WHEN MATCHED THEN DELETE
       WHEN NOT MATCHED THEN INSERT (id, kind, amount) VALUES (n.i, 'b', 5)`,
    ],
    ['TRUNCATE of a table below', `TRUNCATE sale_1; INSERT INTO sale VALUES (305, 'a', 1)`],
    ['TRUNCATE of the root alone', `TRUNCATE ONLY sale`],
    ['TRUNCATE by the root', `TRUNCATE sale; INSERT INTO sale_2 VALUES (5, 'a', 1)`],
    ['a transaction that is rolled back', `BEGIN; DELETE FROM sale; TRUNCATE sale_1; ROLLBACK`],
  ])('%s', async (_what, statement) => {
    await world.sql(statement);
    await expectExact(world, ALL);
    await maintain(world);
    await expectExact(world, ALL);
    expect(await readsDefinition(world, 'joined')).toBe(false);
    await world.sql(`INSERT INTO sale_1 (id, kind, amount) VALUES (3, 'b', 2.50)`);
    await expectExact(world, ALL);
  });
});

describe('writes that leave more than rows', () => {
  beforeEach(async () => {
    world = await makeWorld();
  });
  afterEach(() => world.drop());

  test('COPY, ON CONFLICT, and a trigger that moves rows below', async () => {
    await world.sql(`INSERT INTO sale VALUES (2, 'z', 1), (303, 'z', 1)
      ON CONFLICT (id) DO UPDATE SET kind = excluded.kind`);
    await world.sql(`COPY sale FROM PROGRAM 'echo 307,a,3; echo 350,b,4' (FORMAT csv)`);
    await world.sql(`COPY sale_1 (id, kind) FROM PROGRAM 'echo 9,a' (FORMAT csv)`);
    await world.sql(`
      CREATE FUNCTION move() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO sale_2 VALUES (NEW.*); RETURN NULL; END $$;
      CREATE TRIGGER move BEFORE INSERT ON sale FOR EACH ROW EXECUTE FUNCTION move();
      INSERT INTO sale VALUES (401, 'a', 5), (402, 'b', 6)`);
    await expectExact(world, ALL);
    await maintain(world);
    await expectExact(world, ALL);
    expect(await resets(world)).toBe('0');
  });

  test('columns that are renamed, added, and dropped by the root', async () => {
    const renamed = ALL.map(({ name, definition }) => ({
      name,
      definition: definition
        .replace('s.kind', 's.sort')
        .replace('SELECT kind,', 'SELECT sort AS kind,')
        .replace('GROUP BY kind', 'GROUP BY sort'),
    }));
    for (const statement of [
      'ALTER TABLE sale RENAME COLUMN kind TO sort',
      'ALTER TABLE sale ADD COLUMN note text DEFAULT 5',
      `UPDATE sale SET sort = 'b' WHERE id % 3 = 0`,
      'ALTER TABLE sale DROP COLUMN note',
      `INSERT INTO sale_2b (id, sort, amount) VALUES (500, 'a', 1)`,
      'DELETE FROM sale_1 WHERE id < 20',
    ]) {
      await world.sql(statement);
      await expectExact(world, renamed, statement);
    }
    await maintain(world);
    await expectExact(world, renamed);
  });
});

const BY_ROOT = 'UPDATE sale SET amount = amount + 1 WHERE id % 2 = 0';

const DDL: readonly TreeChange[] = [
  {
    what: 'CREATE TABLE ... INHERITS',
    ddl: 'CREATE TABLE sale_3 () INHERITS (sale)',
    between: [
      `INSERT INTO sale_3 VALUES (250, 'a', 1), (251, 'b', 2)`,
      `INSERT INTO sale VALUES (252, 'a', 1)`,
      'DELETE FROM sale_3 WHERE id = 251',
      'DELETE FROM sale_1 WHERE id = 2',
    ],
    rows: 10,
  },
  {
    what: 'CREATE TABLE ... INHERITS, and updates by the root',
    ddl: 'CREATE TABLE sale_3 () INHERITS (sale)',
    between: [`INSERT INTO sale_3 VALUES (250, 'a', 1), (251, 'b', 2)`, BY_ROOT, BY_ROOT],
    reset: true,
    rows: 10,
  },
  {
    what: 'INHERIT of a table with rows',
    ddl: `CREATE TABLE sale_3 (amount numeric(10,2), id int NOT NULL, kind text);
      INSERT INTO sale_3 (id, kind, amount) SELECT 200 + i, 'a', i FROM generate_series(0, 9) AS i;
      ALTER TABLE sale_3 INHERIT sale`,
    between: [
      `INSERT INTO sale_3 (id, kind, amount) VALUES (250, 'a', 1)`,
      'UPDATE sale_3 SET id = id + 1',
      'UPDATE sale_1 SET amount = 3',
    ],
    rows: 150,
  },
  {
    what: 'a table below one that is captured',
    ddl: 'CREATE TABLE sale_2n () INHERITS (sale_2a)',
    between: [`INSERT INTO sale_2n VALUES (150, 'a', 1)`, `DELETE FROM sale_2a WHERE id = 110`],
    reset: true,
    rows: 10,
  },
  {
    what: 'NO INHERIT',
    ddl: 'ALTER TABLE sale_2a NO INHERIT sale_2',
    between: [
      `INSERT INTO sale_2a VALUES (150, 'a', 1)`,
      'DELETE FROM sale_2a WHERE id < 115',
      'UPDATE sale_2 SET amount = 0',
      BY_ROOT,
    ],
    rows: 250,
  },
  {
    what: 'NO INHERIT of one that has two parents',
    ddl: 'ALTER TABLE sale_2b NO INHERIT sale_1',
    between: ['UPDATE sale_1 SET amount = 1', BY_ROOT, 'DELETE FROM sale_2b'],
    rows: 250,
  },
  {
    what: 'NO INHERIT of a table that is changed then',
    ddl: `ALTER TABLE sale_2a NO INHERIT sale_2;
      ALTER TABLE sale_2a DROP CONSTRAINT sale_2a_kind_check;
      ALTER TABLE sale_2a RENAME COLUMN kind TO sort`,
    between: [`INSERT INTO sale_2a (id, sort, amount) VALUES (1, 'a', 5)`, 'DELETE FROM sale_2a'],
    reset: true,
    rows: 10,
  },
  {
    what: 'NO INHERIT of a table that is rewritten then',
    ddl: `ALTER TABLE sale_2a NO INHERIT sale_2; ALTER TABLE sale_2a
        ALTER amount TYPE numeric(10,2) USING amount * 2, ALTER id TYPE int USING id + 1`,
    between: ['DELETE FROM sale_2a WHERE id < 115'],
    reset: true,
    rows: 60,
  },
  {
    what: 'NO INHERIT of a table with a column that is dropped and added then',
    ddl: `ALTER TABLE sale_2a NO INHERIT sale_2; ALTER TABLE sale_2a DROP COLUMN amount,
        ADD COLUMN amount numeric(10,2) DEFAULT 3`,
    between: ['DELETE FROM sale_2a WHERE id < 115'],
    reset: true,
    rows: 60,
  },
  {
    what: 'NO INHERIT of a table with others below it',
    ddl: 'ALTER TABLE sale_2b NO INHERIT sale_1; ALTER TABLE sale_2 NO INHERIT sale',
    between: [`INSERT INTO sale_2 VALUES (150, 'n', 1)`, 'DELETE FROM sale_2a', BY_ROOT],
    rows: 250,
  },
  {
    what: 'a table that inherits from another one then',
    ddl: `ALTER TABLE sale_2a NO INHERIT sale_2; CREATE TABLE other (LIKE sale_2a);
      ALTER TABLE sale_2a INHERIT other`,
    between: ['UPDATE other SET amount = 0', 'DELETE FROM other WHERE id < 115'],
    reset: true,
    rows: 60,
  },
  {
    what: 'DROP TABLE',
    ddl: 'DROP TABLE sale_2a',
    between: ['DELETE FROM sale WHERE id > 105'],
    reset: true,
    rows: 30,
  },
  {
    what: 'INHERIT of a table that was taken out before',
    ddl: `ALTER TABLE sale_2a NO INHERIT sale_2; DELETE FROM sale_2a WHERE id < 115;
      ALTER TABLE sale_2a INHERIT sale_2`,
    between: [`INSERT INTO sale VALUES (601, 'a', 5)`, BY_ROOT],
    rows: 150,
  },
];

describe('changes of the tree', () => {
  beforeEach(async () => {
    world = await makeWorld();
  });
  afterEach(() => world.drop());

  describeTreeChanges(() => world, DDL, {
    before: `INSERT INTO sale VALUES (777, 'a', 1)`,
    after: [
      'UPDATE sale SET amount = amount + 1 WHERE id % 3 = 0',
      'DELETE FROM sale WHERE id % 7 = 0',
      `INSERT INTO sale_2 VALUES (901, 'b', 1)`,
      'TRUNCATE sale',
    ],
  });

  testWhatGoes(
    () => world,
    'ALTER TABLE sale_2b NO INHERIT sale_1; ALTER TABLE sale_2 NO INHERIT sale',
  );

  test('a writer whose snapshot is older than a table that inherits', async () => {
    const writer = await world.session();
    await writer.sql('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM product');
    await world.sql(`CREATE TABLE sale_3 (LIKE sale); INSERT INTO sale_3 VALUES (900, 'a', 1)`);
    await world.sql('ALTER TABLE sale_3 INHERIT sale');
    await world.sql(`INSERT INTO sale_3 VALUES (901, 'a', 1)`);
    await writer.sql('UPDATE sale SET amount = amount + 100 WHERE id > 2');
    await expectExact(writer, ALL);
    await writer.sql('COMMIT');
    await expectExact(world, ALL);
    await maintain(world);
    await expectExact(world, ALL);
    await world.sql(BY_ROOT);
    await expectExact(world, ALL);
    expect(await resets(world)).toBe('0');
  });

  test('a writer whose transaction keeps its snapshot leaves no reset mark', async () => {
    for (const statement of [
      BY_ROOT,
      'DELETE FROM sale_2 WHERE id < 105',
      'UPDATE sale_1 SET id = 5',
    ])
      await world.sql(`BEGIN ISOLATION LEVEL SERIALIZABLE; ${statement}; COMMIT`);
    expect(await resets(world)).toBe('0');
    await expectExact(world, ALL);
  });
});
