/** Partitioned sources: every write, and every change of the partitions. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { expectExact, type World } from '../commands/support/world.ts';
import {
  ALL,
  maintain,
  NEW_ROWS,
  putBack,
  usePartitionedWorlds,
  readsDefinition,
} from './support/partitioned.ts';
import {
  describeTreeChanges,
  resets,
  testWhatGoes,
  type TreeChange,
} from './support/tree-changes.ts';

const makeWorld = usePartitionedWorlds();
let world: World;

describe('writes', () => {
  beforeAll(async () => {
    world = await makeWorld();
  });
  afterEach(() => putBack(world));
  afterAll(() => world.drop());

  test.each([
    ['a row into the root', `INSERT INTO sale VALUES (1, 'a', 7), (101, 'a', 8), (103, NULL, 9)`],
    ['a row into a leaf', `INSERT INTO sale_1 (id, kind, amount) VALUES (1, 'b', 7)`],
    ['a row into a sub-partitioned partition', `INSERT INTO sale_2 VALUES (101, 'q', 7)`],
    ['a row into a leaf below', `INSERT INTO sale_2a VALUES (101, 'a', 7)`],
    ['an update of the root', `UPDATE sale SET amount = amount + 1 WHERE id % 4 = 0`],
    ['rows that move to another partition', `UPDATE sale SET id = id + 150 WHERE id < 20`],
    ['rows that move to a sub-partition', `UPDATE sale SET kind = 'a' WHERE id > 100`],
    ['an update of a leaf', `UPDATE sale_1 SET amount = 0, kind = 'b' WHERE id < 50`],
    ['rows that move below', `UPDATE sale_2 SET kind = 'z' WHERE kind = 'a'`],
    ['a delete', `DELETE FROM sale WHERE id % 5 = 0`],
    ['a delete from a leaf', `DELETE FROM sale_2a`],
    // PostgreSQL puts the inserted row into the transition table of the update after it.
    [
      'a MERGE that inserts before it updates',
      `MERGE INTO sale s USING (VALUES (1), (2), (103), (104)) n(i) ON n.i = s.id
       WHEN MATCHED THEN UPDATE SET amount = 77
       WHEN NOT MATCHED THEN INSERT (id, kind, amount) VALUES (n.i, 'b', 5)`,
    ],
    [
      'a MERGE into a partition that is partitioned',
      `MERGE INTO sale_2 s USING (VALUES (101), (102), (103), (104)) n(i) ON n.i = s.id
       WHEN MATCHED THEN UPDATE SET amount = 77
       WHEN NOT MATCHED THEN INSERT (id, kind, amount) VALUES (n.i, 'b', 5)`,
    ],
    [
      'a MERGE',
      `MERGE INTO sale s USING (SELECT i, 'b' AS k FROM generate_series(90, 110) i) n ON n.i = s.id
       WHEN MATCHED AND s.id < 95 THEN DELETE WHEN MATCHED THEN UPDATE SET amount = 1
       WHEN NOT MATCHED THEN INSERT VALUES (n.i, n.k, 5)`,
    ],
    ['TRUNCATE of a leaf', `TRUNCATE sale_1; INSERT INTO sale VALUES (5, 'a', 1)`],
    ['TRUNCATE of a part', `TRUNCATE sale_2`],
    ['TRUNCATE of the root', `TRUNCATE sale; INSERT INTO sale VALUES (5, 'a', 1)`],
    ['a transaction that is rolled back', `BEGIN; DELETE FROM sale; TRUNCATE sale_1; ROLLBACK`],
  ])('%s', async (_what, statement) => {
    await world.sql(statement);
    await expectExact(world, ALL);
    await maintain(world);
    await expectExact(world, ALL);
    expect(await readsDefinition(world, 'joined')).toBe(false);
    await world.sql(`INSERT INTO sale VALUES (3, 'b', 2.50)`);
    await expectExact(world, ALL);
  });
});

describe('writes that leave more than rows', () => {
  beforeEach(async () => {
    world = await makeWorld();
  });
  afterEach(() => world.drop());

  test('COPY and ON CONFLICT', async () => {
    await world.sql('ALTER TABLE sale_1 ADD PRIMARY KEY (id)');
    await world.sql(`INSERT INTO sale_1 (id, kind, amount) VALUES (2, 'z', 1), (3, 'z', 1)
      ON CONFLICT (id) DO UPDATE SET kind = excluded.kind`);
    await world.sql(`COPY sale FROM PROGRAM 'echo 7,a,3; echo 150,b,4' (FORMAT csv)`);
    await world.sql(`COPY sale_1 (id, kind) FROM PROGRAM 'echo 9,a' (FORMAT csv)`);
    await expectExact(world, ALL);
    await maintain(world);
    await expectExact(world, ALL);
  });

  test('an insert of more rows than are logged one by one', async () => {
    await world.sql(`INSERT INTO sale SELECT 1, 'a', 1 FROM generate_series(1, 100500)`);
    expect(await resets(world)).toBe('1');
    await expectExact(world, ALL);
    const isLoggable = (rows: number): Promise<boolean> =>
      world.value(`SELECT imat_store.is_loggable('public.sale', ${rows})`);
    expect([await isLoggable(5000), await isLoggable(20_000)]).toEqual([true, false]);
  });
});

const BY_ROOT = `INSERT INTO sale SELECT i, 'b', i FROM generate_series(190, 260, 2) AS i`;

const DDL: readonly TreeChange[] = [
  {
    what: 'CREATE TABLE ... PARTITION OF',
    ddl: 'CREATE TABLE sale_3 PARTITION OF sale FOR VALUES FROM (200) TO (300)',
    between: [NEW_ROWS, BY_ROOT, 'UPDATE sale SET id = id + 120 WHERE id BETWEEN 90 AND 99'],
    rows: 200,
  },
  {
    what: 'ATTACH of a table with rows',
    ddl: `CREATE TABLE sale_3 (amount numeric(10,2), id int, kind text);
      INSERT INTO sale_3 (id, kind, amount) SELECT 200 + i, 'a', i FROM generate_series(0, 9) AS i;
      ALTER TABLE sale ATTACH PARTITION sale_3 FOR VALUES FROM (200) TO (300)`,
    between: [
      `INSERT INTO sale_3 (id, kind, amount) VALUES (250, 'a', 1)`,
      BY_ROOT,
      'DELETE FROM sale WHERE id IN (201, 202, 9)',
      'DELETE FROM sale_3 WHERE id = 203',
      'UPDATE sale SET id = 300 - id WHERE id > 195',
    ],
    rows: 300,
  },
  {
    what: 'a partition with sub-partitions',
    ddl: `CREATE TABLE sale_3 PARTITION OF sale FOR VALUES FROM (200) TO (300)
        PARTITION BY HASH (id);
      CREATE TABLE sale_3a PARTITION OF sale_3 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
      CREATE TABLE sale_3b PARTITION OF sale_3 FOR VALUES WITH (MODULUS 2, REMAINDER 1)`,
    between: [NEW_ROWS, BY_ROOT, 'DELETE FROM sale_3a'],
    rows: 200,
  },
  {
    what: 'a sub-partition below one that is captured',
    ddl: `CREATE TABLE sale_2n PARTITION OF sale_2 FOR VALUES IN ('n')`,
    between: [
      `INSERT INTO sale_2n VALUES (150, 'n', 1)`,
      `INSERT INTO sale VALUES (151, 'n', 1), (151, 'a', 2)`,
      `INSERT INTO sale_2 VALUES (152, 'n', 1), (152, 'b', 2)`,
      `UPDATE sale_2 SET kind = 'n' WHERE id < 120`,
    ],
    rows: 200,
  },
  {
    what: 'a default partition',
    ddl: 'CREATE TABLE sale_x PARTITION OF sale DEFAULT',
    between: [`INSERT INTO sale VALUES (NULL, 'a', 1), (1000, 'a', 1), (5, 'a', 2)`],
    rows: 20,
  },
  {
    what: 'DETACH',
    ddl: 'ALTER TABLE sale DETACH PARTITION sale_1',
    between: [
      `INSERT INTO sale_1 (id, kind, amount) VALUES (1, 'a', 5)`,
      'DELETE FROM sale_1 WHERE id < 50',
      BY_ROOT.replace('260', '198'),
    ],
    rows: 150,
  },
  {
    what: 'DETACH of a table that is changed then',
    ddl: 'ALTER TABLE sale DETACH PARTITION sale_1; ALTER TABLE sale_1 RENAME COLUMN kind TO sort',
    between: [`INSERT INTO sale_1 (id, sort, amount) VALUES (1, 'a', 5)`, 'DELETE FROM sale_1'],
    reset: true,
    rows: 10,
  },
  {
    what: 'DETACH of a table that is rewritten then',
    ddl: `ALTER TABLE sale DETACH PARTITION sale_1;
      ALTER TABLE sale_1 ALTER amount TYPE numeric(10,2) USING amount * 2,
        ALTER kind TYPE text USING kind || 'x', ALTER id TYPE int USING id + 1`,
    between: ['DELETE FROM sale_1 WHERE id < 50'],
    reset: true,
    rows: 60,
  },
  {
    what: 'DETACH of a table with a column that is dropped and added then',
    ddl: `ALTER TABLE sale DETACH PARTITION sale_1; ALTER TABLE sale_1 DROP COLUMN amount,
        ADD COLUMN amount numeric(10,2) DEFAULT 3`,
    between: ['DELETE FROM sale_1 WHERE id < 50'],
    reset: true,
    rows: 60,
  },
  {
    what: 'DETACH CONCURRENTLY',
    ddl: 'ALTER TABLE sale DETACH PARTITION sale_1 CONCURRENTLY',
    between: ['DELETE FROM sale_1 WHERE id < 50', 'DELETE FROM sale WHERE id > 150'],
    rows: 150,
  },
  {
    what: 'DETACH of a part with partitions',
    ddl: 'ALTER TABLE sale DETACH PARTITION sale_2',
    between: [`INSERT INTO sale_2 VALUES (150, 'n', 1)`, 'DELETE FROM sale_2a'],
    rows: 150,
  },
  {
    what: 'DETACH of a part that gets another partition then',
    ddl: `ALTER TABLE sale DETACH PARTITION sale_2;
      CREATE TABLE sale_2n PARTITION OF sale_2 FOR VALUES IN ('n')`,
    between: [
      `INSERT INTO sale_2 VALUES (150, 'n', 1), (151, 'a', 1)`,
      `UPDATE sale_2 SET kind = 'n' WHERE id < 120`,
      'DELETE FROM sale_2a',
    ],
    reset: true,
    rows: 150,
  },
  {
    what: 'DETACH of a part that another table gets then',
    ddl: `ALTER TABLE sale DETACH PARTITION sale_1;
      CREATE TABLE other (LIKE sale) PARTITION BY RANGE (id);
      ALTER TABLE other ATTACH PARTITION sale_1 FOR VALUES FROM (0) TO (100)`,
    between: ['UPDATE other SET amount = -1 WHERE id < 50', 'DELETE FROM other WHERE id > 60'],
    reset: true,
    rows: 10,
  },
  {
    what: 'DROP TABLE',
    ddl: 'DROP TABLE sale_1',
    between: ['DELETE FROM sale WHERE id > 150'],
    reset: true,
    rows: 30,
  },
  {
    what: 'ATTACH of a table that was detached before',
    ddl: `ALTER TABLE sale DETACH PARTITION sale_1; DELETE FROM sale_1 WHERE id < 10;
      ALTER TABLE sale ATTACH PARTITION sale_1 FOR VALUES FROM (0) TO (100)`,
    between: [`INSERT INTO sale VALUES (1, 'a', 5)`],
    rows: 10,
  },
];

describe('changes of the partitions', () => {
  beforeEach(async () => {
    world = await makeWorld();
  });
  afterEach(() => world.drop());

  describeTreeChanges(() => world, DDL, {
    before: `INSERT INTO sale VALUES (77, 'a', 1)`,
    after: [`INSERT INTO sale SELECT id, 'b', 1 FROM sale`, 'DELETE FROM sale WHERE id % 7 = 0'],
  });

  testWhatGoes(() => world, 'ALTER TABLE sale DETACH PARTITION sale_2');
});
