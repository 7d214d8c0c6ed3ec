/** Partitioned tables: each change once, whatever table the statement names. */
import { inPreparedSandbox } from '../commands/support/sandbox.ts';
import { expect, test } from 'vitest';
import { stats, untilOneWaits, verbs } from './support/world.ts';

const SETUP = `CREATE TABLE p (id int, v int) PARTITION BY RANGE (id);
  CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (100);
  CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (100) TO (200) PARTITION BY LIST (v);
  CREATE TABLE p2a PARTITION OF p2 FOR VALUES IN (0, 1);
  CREATE TABLE p2b PARTITION OF p2 DEFAULT`;
const CREATE = `SELECT imat.create_group('g', ARRAY['p']::regclass[], '{}', 'start')`;

test('statements on the parent, on a leaf and between count each row once', async () => {
  await inPreparedSandbox(SETUP, async (world) => {
    await world.sql(CREATE);
    const since = async (statement: string): Promise<string[]> => {
      await world.sql(`SELECT imat.set_mark('g', 'm%')`);
      await world.sql(statement);
      return verbs(world, 'g', 'LAST_MARK', null);
    };
    expect(await since('INSERT INTO p SELECT i, i % 4 FROM generate_series(98, 105) i')).toEqual([
      'INSERT 8',
    ]);
    expect(await since('INSERT INTO p1 VALUES (1, 1), (2, 1)')).toEqual(['INSERT 2']);
    expect(await since('INSERT INTO p2 VALUES (120, 1), (121, 9), (122, 0)')).toEqual(['INSERT 3']);
    expect(await since('INSERT INTO p2a VALUES (130, 1)')).toEqual(['INSERT 1']);
    expect(
      await since(`COPY p FROM PROGRAM 'printf "7,1\\n150,1\\n151,1\\n"' (FORMAT csv)`),
    ).toEqual(['INSERT 3']);
    // Rows that change their partition are still updated rows.
    expect(await since('UPDATE p SET id = id + 100 WHERE id IN (1, 2)')).toEqual(['UPDATE 2']);
    expect(await since('UPDATE p2 SET v = 9 WHERE id = 120')).toEqual(['UPDATE 1']);
    expect(await since('UPDATE p2b SET id = id WHERE id = 120')).toEqual(['UPDATE 1']);
    expect(
      await since(`MERGE INTO p USING (VALUES (7), (8), (150)) s(id) ON p.id = s.id
        WHEN MATCHED AND s.id = 7 THEN DELETE WHEN MATCHED THEN UPDATE SET v = 0
        WHEN NOT MATCHED THEN INSERT VALUES (s.id, 0)`),
    ).toEqual(['DELETE 1', 'INSERT 1', 'UPDATE 1']);
    expect(await since('DELETE FROM p WHERE id IN (98, 120)')).toEqual(['DELETE 2']);
    const left = await world.value<string>('SELECT count(*) FROM p2a');
    expect(await since('TRUNCATE p2a')).toEqual([`TRUNCATE ${left}`]);
    const rest = await world.value<string>('SELECT count(*) FROM p');
    expect(await since('TRUNCATE p')).toEqual([`TRUNCATE ${rest}`]);
    await world.sql('SELECT imat.fold_counts()');
    expect(await stats(world, 'g', 'start', null)).toHaveLength(1);
  });
});

// The transition tables of a MERGE have such a row as deleted and inserted, and the triggers for
// these verbs fire only if the MERGE has such actions. docs/statistics.md tells of it.
test('a row that MERGE moves to another partition is not an update for PostgreSQL', async () => {
  await inPreparedSandbox(SETUP, async (world) => {
    await world.sql('INSERT INTO p VALUES (150, 1)');
    await world.sql(CREATE);
    const merge = (v: number, more: string): string =>
      `MERGE INTO p USING (VALUES (150)) s(id) ON p.id = s.id
       WHEN MATCHED AND s.id > 0 THEN UPDATE SET v = ${v} ${more}`;
    await world.sql(merge(5, ''));
    expect(await verbs(world, 'g', 'start', null)).toEqual([]);
    const all = 'WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (s.id, 0)';
    await world.sql(merge(0, all));
    expect(await verbs(world, 'g', 'start', null)).toEqual(['DELETE 1', 'INSERT 1']);
  });
});

test('leaves that come and go are counted while they are there', async () => {
  await inPreparedSandbox(SETUP, async (world) => {
    await world.sql(CREATE);
    await world.sql('CREATE TABLE p3 PARTITION OF p FOR VALUES FROM (200) TO (300)');
    await world.sql('INSERT INTO p3 VALUES (200, 0), (201, 0)');
    await world.sql('CREATE TABLE p4 (id int, v int); INSERT INTO p4 VALUES (300, 0)');
    await world.sql('ALTER TABLE p ATTACH PARTITION p4 FOR VALUES FROM (300) TO (400)');
    await world.sql('INSERT INTO p4 VALUES (301, 0); INSERT INTO p VALUES (302, 0)');
    expect(await verbs(world, 'g', 'start', null)).toEqual(['INSERT 4']);
    await world.sql('ALTER TABLE p DETACH PARTITION p3');
    await world.sql('INSERT INTO p3 VALUES (203, 0); TRUNCATE p3');
    expect(await verbs(world, 'g', 'start', null)).toEqual(['INSERT 4']);
    await world.sql(`SELECT imat.create_group('h', ARRAY['p3']::regclass[], '{}', 'start')`);
    await world.sql('INSERT INTO p3 VALUES (204, 0); DROP TABLE p4');
    expect(await verbs(world, 'g', 'start', null)).toEqual(['INSERT 4']);
    expect(await verbs(world, 'h', 'start', null)).toEqual(['INSERT 1']);
    await world.sql(`SELECT imat.drop_group('g'); SELECT imat.drop_group('h')`);
    expect(
      await world.value(`SELECT (SELECT count(*) FROM pg_trigger WHERE tgname LIKE '%imat_count%')
        + (SELECT count(*) FROM pg_event_trigger WHERE evtname NOT IN ('imat_ddl', 'imat_drop'))`),
    ).toBe('0');
  });
});

test.each([
  ['by the command', ''],
  ['by a compaction', 'DROP EVENT TRIGGER imat_partitions'],
])(
  'what a table of a group has counted stays its own when it becomes a partition: %s',
  async (_, without) => {
    const setup = `${SETUP}; CREATE TABLE p3 (id int, v int)`;
    await inPreparedSandbox(setup, async (world) => {
      await world.sql(CREATE);
      await world.sql(`SELECT imat.create_group('h', ARRAY['p3', 'p']::regclass[], '{}', 'start');
        SELECT imat.create_group('of_p3', ARRAY['p3']::regclass[], '{}', 'start')`);
      await world.sql(`INSERT INTO p3 VALUES (200, 0), (201, 0); ${without}`);
      await world.sql('ALTER TABLE p ATTACH PARTITION p3 FOR VALUES FROM (200) TO (300)');
      await world.sql('SELECT imat.fold_counts()');
      await world.sql('DELETE FROM p3 WHERE id = 200; INSERT INTO p VALUES (1, 0)');
      const both = [
        ['DELETE 1', 'INSERT 1'],
        ['DELETE 1', 'INSERT 2'],
      ] as const;
      const check = async (): Promise<void> => {
        expect(await verbs(world, 'g', 'start', null)).toEqual(both[0]);
        expect(await verbs(world, 'of_p3', 'start', null)).toEqual(both[1]);
        expect(await stats(world, 'h', 'start', null)).toEqual([
          ['p', 2],
          ['p3', 3],
        ]);
      };
      await check();
      await world.sql(`SELECT imat.set_mark('g'), imat.set_mark('h'), imat.set_mark('of_p3')`);
      await world.sql('SELECT imat.fold_counts()');
      await check();
      await world.sql('ALTER TABLE p DETACH PARTITION p3; SELECT imat.fold_counts()');
      await world.sql('INSERT INTO p3 VALUES (1, 0)');
      expect(await verbs(world, 'g', 'start', null)).toEqual(both[0]);
      expect(await verbs(world, 'of_p3', 'start', null)).toEqual(['DELETE 1', 'INSERT 3']);
    });
  },
);

test('without the event trigger, a compaction finds new leaves', async () => {
  await inPreparedSandbox(SETUP, async (world) => {
    await world.sql(CREATE);
    await world.sql('DROP EVENT TRIGGER imat_partitions');
    await world.sql('CREATE TABLE p3 PARTITION OF p FOR VALUES FROM (200) TO (300)');
    await world.sql('SELECT imat.fold_counts()');
    await world.sql('INSERT INTO p3 VALUES (200, 0)');
    await world.sql('ALTER TABLE p DETACH PARTITION p3');
    await world.sql('SELECT imat.fold_counts()');
    await world.sql('INSERT INTO p3 VALUES (201, 0)');
    expect(await verbs(world, 'g', 'start', null)).toEqual(['INSERT 1']);
  });
});

test('following partitions never fails the DDL of a user', async () => {
  await inPreparedSandbox(SETUP, async (world) => {
    await world.sql(CREATE);
    await world.sql('ALTER FUNCTION imat_catalog.sync_member(integer) RENAME TO broken');
    await world.sql('CREATE TABLE p3 PARTITION OF p FOR VALUES FROM (200) TO (300)');
    expect(await world.value(`SELECT to_regclass('p3') IS NOT NULL`)).toBe(true);
  });
});

test('a table that leaves its group meanwhile does not get its triggers back', async () => {
  await inPreparedSandbox(SETUP, async (world) => {
    await world.sql(CREATE);
    const member = await world.value<number>('SELECT id FROM imat_catalog.member');
    const [leaving, following] = [await world.session(), await world.session()];
    await leaving.sql(`BEGIN; SELECT imat.remove_from_group('g', ARRAY['p']::regclass[])`);
    const followed = following.sql(`SELECT imat_catalog.sync_member(${member})`);
    await untilOneWaits(world);
    await leaving.sql('COMMIT');
    await followed;
    expect(
      await world.rows(
        `SELECT tgrelid::regclass::text AS name FROM pg_trigger WHERE tgname LIKE '!imat_count%'`,
      ),
    ).toEqual([]);
    expect(await world.rows('SELECT FROM imat_catalog.counted WHERE relation IS NOT NULL')).toEqual(
      [],
    );
  });
});

test('a command that is not committed keeps no other partition from being counted', async () => {
  const setup = `${SETUP}; CREATE TABLE q (id int) PARTITION BY RANGE (id)`;
  await inPreparedSandbox(setup, async (world) => {
    await world.sql(CREATE);
    await world.sql(`SELECT imat.create_group('h', ARRAY['q']::regclass[], '{}', 'start')`);
    const open = await world.session();
    await open.sql('BEGIN; CREATE TABLE unrelated (id int)');
    await world.sql('CREATE TABLE p3 PARTITION OF p FOR VALUES FROM (200) TO (300)');
    await world.sql('CREATE TABLE q1 PARTITION OF q FOR VALUES FROM (0) TO (100)');
    await world.sql('INSERT INTO p3 VALUES (200, 0); INSERT INTO q1 VALUES (1), (2)');
    await open.sql('COMMIT');
    expect(await verbs(world, 'g', 'start', null)).toEqual(['INSERT 1']);
    expect(await verbs(world, 'h', 'start', null)).toEqual(['INSERT 2']);
  });
});

test('a group that goes takes nothing from one that another session is creating', async () => {
  const setup = `${SETUP}; CREATE TABLE q (id int) PARTITION BY RANGE (id);
    CREATE TABLE r (id int) PARTITION BY RANGE (id)`;
  await inPreparedSandbox(setup, async (world) => {
    await world.sql(CREATE);
    const creating = await world.session();
    const create = (name: string) =>
      `SELECT imat.create_group('${name}', ARRAY['${name}']::regclass[], '{}', 'start')`;
    await creating.sql(`BEGIN; ${create('q')}`);
    await world.sql(`SELECT imat.drop_group('g')`);
    await creating.sql('COMMIT');
    await world.sql('CREATE TABLE q1 PARTITION OF q FOR VALUES FROM (0) TO (100)');
    await world.sql('INSERT INTO q1 VALUES (1), (2)');
    expect(await verbs(world, 'q', 'start', null)).toEqual(['INSERT 2']);
    await world.sql(`SELECT imat.drop_group('q')`);
    const triggers = () =>
      world.rows(`SELECT evtname FROM pg_event_trigger WHERE evtname = 'imat_partitions'`);
    expect(await triggers()).toEqual([]);
    // Two sessions create the first ones.
    await creating.sql(`BEGIN; ${create('q')}`);
    const second = world.sql(create('r'));
    await untilOneWaits(world);
    await creating.sql('COMMIT');
    await second;
    expect(await triggers()).toHaveLength(1);
  });
});
