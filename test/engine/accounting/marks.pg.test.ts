/** Marks: every transaction is on one side, nobody waits, and they can be renamed and deleted. */
import { inPreparedSandbox } from '../commands/support/sandbox.ts';
import { expect, test } from 'vitest';
import { stats, verbs } from './support/world.ts';

const SETUP = 'CREATE TABLE t (id int)';
const CREATE = `SELECT imat.create_group('g', ARRAY['t']::regclass[], '{}', 'start')`;

test('a transaction that is open at a mark lands behind it, whatever it did before', async () => {
  await inPreparedSandbox(SETUP, async (world) => {
    await world.sql(CREATE);
    const [early, late] = [await world.session(), await world.session()];
    await early.sql('BEGIN; INSERT INTO t VALUES (1)');
    await late.sql('BEGIN; SELECT 1');
    await world.sql('INSERT INTO t VALUES (2), (3)');
    await world.sql(`SELECT imat.set_mark('g', 'm')`);
    await late.sql('INSERT INTO t SELECT 1 FROM generate_series(1, 4)');
    await late.sql('COMMIT');
    await early.sql('INSERT INTO t SELECT 1 FROM generate_series(1, 7); COMMIT');
    expect(await verbs(world, 'g', 'start', 'm')).toEqual(['INSERT 2']);
    expect(await verbs(world, 'g', 'm', null)).toEqual(['INSERT 12']);
    await world.sql('SELECT imat.fold_counts()');
    expect(await verbs(world, 'g', 'start', 'm')).toEqual(['INSERT 2']);
    expect(await verbs(world, 'g', 'm', null)).toEqual(['INSERT 12']);
  });
});

test('a transaction that sets marks itself is before those that follow its changes', async () => {
  await inPreparedSandbox(SETUP, async (world) => {
    await world.sql(CREATE);
    const other = await world.session();
    await other.sql('BEGIN; INSERT INTO t VALUES (0)');
    await world.sql(`BEGIN; SELECT imat.set_mark('g', 'm1'); INSERT INTO t VALUES (1), (2);
      SELECT imat.set_mark('g', 'm2'); INSERT INTO t VALUES (3);
      SELECT imat.set_mark('g', 'm3'); COMMIT`);
    await other.sql('COMMIT');
    await world.sql('INSERT INTO t VALUES (4)');
    for (let round = 0; round < 2; round += 1) {
      expect(await verbs(world, 'g', 'start', 'm1')).toEqual([]);
      expect(await verbs(world, 'g', 'm1', 'm2')).toEqual(['INSERT 3']);
      expect(await verbs(world, 'g', 'm2', 'm3')).toEqual([]);
      expect(await verbs(world, 'g', 'm3', null)).toEqual(['INSERT 2']);
      await world.sql('SELECT imat.fold_counts()');
    }
  });
});

test('setting a mark waits for no writer and lets all of them go on', async () => {
  await inPreparedSandbox(SETUP, async (world) => {
    await world.sql(CREATE);
    const [writer, marker] = [await world.session(), await world.session()];
    await writer.sql('BEGIN; INSERT INTO t VALUES (1); LOCK TABLE t IN ACCESS EXCLUSIVE MODE');
    await marker.sql(`BEGIN; SELECT imat.set_mark('g', 'm')`);
    const relations = await world.rows<{ relation: string }>(
      `SELECT DISTINCT relation::regclass::text AS relation FROM pg_locks
       WHERE pid = ${await marker.value<number>('SELECT pg_backend_pid()')}
         AND locktype = 'relation'
         AND relation::regclass::text IN ('t', 'imat_catalog.change_count')`,
    );
    expect(relations).toEqual([]);
    await writer.sql(`INSERT INTO t VALUES (2); COMMIT`);
    await writer.sql(`INSERT INTO t VALUES (3)`);
    await marker.sql('COMMIT');
    expect(await verbs(world, 'g', 'm', null)).toEqual(['INSERT 3']);
  });
});

test('a mark waits for no compaction, and a second compaction does nothing', async () => {
  await inPreparedSandbox(SETUP, async (world) => {
    await world.sql(CREATE);
    await world.sql('INSERT INTO t VALUES (1)');
    await world.sql(`SELECT imat.set_mark('g', 'm1')`);
    const folder = await world.session();
    await folder.sql('BEGIN; SELECT imat.fold_counts()');
    await world.sql(`SELECT imat.set_mark('g', 'm2')`);
    expect(await world.value('SELECT imat.fold_counts()')).toBe('0');
    await world.sql('INSERT INTO t VALUES (1), (2)');
    expect(await verbs(world, 'g', 'start', 'm2')).toEqual(['INSERT 1']);
    await folder.sql('COMMIT');
    expect(await verbs(world, 'g', 'start', 'm2')).toEqual(['INSERT 1']);
    expect(await verbs(world, 'g', 'm2', null)).toEqual(['INSERT 2']);
  });
});

test('folding removes the counters of intervals that have ended, and no others', async () => {
  await inPreparedSandbox(SETUP, async (world) => {
    await world.sql(CREATE);
    for (let i = 0; i < 5; i += 1) await world.sql(`INSERT INTO t VALUES (${i})`);
    await world.sql(`SELECT imat.set_mark('g', 'm')`);
    await world.sql('DELETE FROM t WHERE id = 1');
    expect(await world.value('SELECT imat.fold_counts()')).toBe('5');
    expect(await world.value('SELECT count(*) FROM imat_catalog.change_count')).toBe('1');
    expect(
      await world.rows('SELECT verb, rows FROM imat_catalog.folded_count WHERE span = 0'),
    ).toEqual([{ verb: 'INSERT', rows: '5' }]);
  });
});

// After VACUUM of the emptied table the planner expects none. By nested loops they took minutes.
test('many counters are folded in seconds, whatever the planner expects', async () => {
  await inPreparedSandbox(SETUP, async (world) => {
    await world.sql(CREATE);
    await world.sql(`INSERT INTO t VALUES (0); SELECT imat.set_mark('g', 'a')`);
    await world.sql('SELECT imat.fold_counts()');
    await world.sql('VACUUM imat_catalog.change_count');
    await world.sql(`DO $$ BEGIN FOR i IN 1 .. 20000 LOOP INSERT INTO t VALUES (i); COMMIT;
      END LOOP; END $$`);
    await world.sql(`SELECT imat.set_mark('g', 'b')`);
    await world.sql(`SET statement_timeout = '10s'`);
    expect(await world.value('SELECT imat.fold_counts()')).toBe('20000');
    expect(await verbs(world, 'g', 'a', 'b')).toEqual(['INSERT 20000']);
  });
});

test('a group without marks is folded all the same once it has many counters', async () => {
  await inPreparedSandbox(SETUP, async (world) => {
    await world.sql(CREATE);
    await world.sql(
      `DO $$ BEGIN FOR i IN 1 .. 10001 LOOP INSERT INTO t VALUES (i); END LOOP; END $$`,
    );
    expect(await world.value('SELECT imat.fold_counts()')).toBe('0');
    await world.sql('INSERT INTO t VALUES (0)');
    expect(await world.value('SELECT imat.fold_counts()')).toBe('10001');
    expect(await verbs(world, 'g', 'start', null)).toEqual(['INSERT 10002']);
    expect(await world.value(`SELECT count(*) FROM imat.list_marks('g')`)).toBe('1');
    await world.sql(`SELECT imat.set_mark('g', 'm')`);
    expect(await verbs(world, 'g', 'start', 'm')).toEqual(['INSERT 10002']);
    expect(
      await world.rows(`SELECT stat_first_mark AS a, stat_last_mark AS z, stat_changes AS n
        FROM imat.log_stat_table('public', 't')`),
    ).toEqual([
      { a: 'start', z: 'm', n: '10002' },
      { a: 'm', z: null, n: '0' },
    ]);
  });
});

test('deleting a mark merges what it kept apart, folded or not', async () => {
  await inPreparedSandbox(SETUP, async (world) => {
    await world.sql(CREATE);
    for (const mark of ['m1', 'm2', 'm3']) {
      await world.sql('INSERT INTO t VALUES (1)');
      await world.sql(`SELECT imat.set_mark('g', '${mark}')`);
      if (mark === 'm2') await world.sql('SELECT imat.fold_counts()');
    }
    await world.sql(`SELECT imat.delete_mark('g', 'm1')`);
    expect(await verbs(world, 'g', 'start', 'm2')).toEqual(['INSERT 2']);
    await world.sql(`SELECT imat.delete_mark('g', 'LAST_MARK')`);
    await world.sql('SELECT imat.fold_counts()');
    expect(await verbs(world, 'g', 'm2', null)).toEqual(['INSERT 1']);
    await world.sql(`SELECT imat.set_mark('g', 'm4')`);
    await world.sql(`SELECT imat.delete_mark('g', 'start')`);
    await world.sql('SELECT imat.fold_counts()');
    expect(await verbs(world, 'g', 'm2', 'm4')).toEqual(['INSERT 1']);
    expect(
      await world.rows(`SELECT stat_first_mark AS a, stat_is_log_start AS s, stat_last_mark AS z,
        stat_changes AS n FROM imat.log_stat_table('public', 't')`),
    ).toEqual([
      { a: '[deleted mark]', s: true, z: 'm2', n: '2' },
      { a: 'm2', s: false, z: 'm4', n: '1' },
      { a: 'm4', s: false, z: null, n: '0' },
    ]);
  });
});

test('long ranges are the sums of their intervals, also when marks have been deleted', async () => {
  await inPreparedSandbox(SETUP, async (world) => {
    await world.sql(CREATE);
    // Some of them not folded yet.
    await world.sql(`DO $$ BEGIN
      FOR m IN 1..300 LOOP
        INSERT INTO t SELECT m FROM generate_series(1, m); COMMIT;
        PERFORM imat.set_mark('g', 'm' || m); COMMIT;
        IF m = 290 THEN PERFORM imat.fold_counts(); COMMIT; END IF;
      END LOOP;
    END $$`);
    const wrong = (marks: string): Promise<unknown[]> =>
      world.rows(`SELECT a.m, z.m, r.n, s.n FROM ${marks} a(m) JOIN ${marks} z(m) ON a.m <= z.m,
        LATERAL (SELECT sum(stat_rows) AS n
          FROM imat.log_stat_group('g', 'm' || a.m, 'm' || z.m)) r,
        LATERAL (SELECT coalesce(sum(v), 0) AS n FROM generate_series(a.m + 1, z.m) v) s
        WHERE r.n <> s.n`);
    const some = 'generate_series(1, 300, 7)';
    expect(await wrong(some)).toEqual([]);
    await world.sql(`SELECT imat.delete_mark('g', 'm' || m) FROM generate_series(1, 300) m
      WHERE m % 7 <> 1`);
    await world.sql('SELECT imat.fold_counts()');
    expect(await wrong(some)).toEqual([]);
    const behind = [296, 297, 298, 299, 300].reduce((sum, rows) => sum + rows);
    expect(await verbs(world, 'g', 'm295', null)).toEqual([`INSERT ${behind}`]);
  });
});

test('marks are renamed, commented and listed in their order', async () => {
  await inPreparedSandbox(SETUP, async (world) => {
    await world.sql(CREATE);
    await world.sql(`SELECT imat.set_mark('g', 'm'); SELECT imat.rename_mark('g', 'm', 'n');
      SELECT imat.comment_mark('g', 'EMAJ_LAST_MARK', 'it''s it')`);
    expect(
      await world.rows(`SELECT mark_name AS m, mark_comment AS c FROM imat.list_marks('g')`),
    ).toEqual([
      { m: 'start', c: null },
      { m: 'n', c: "it's it" },
    ]);
    await world.sql(`SELECT imat.set_mark('g')`);
    expect(
      await world.value(`SELECT mark_name FROM imat.list_marks('g') ORDER BY mark_time_id DESC
        LIMIT 1`),
    ).toMatch(/^MARK_\d{4}-\d\d-\d\d \d\d\.\d\d\.\d\d\.\d{6}$/);
  });
});

test('a table in two groups counts in each by the marks of that group', async () => {
  await inPreparedSandbox(SETUP, async (world) => {
    await world.sql(CREATE);
    await world.sql('INSERT INTO t VALUES (1)');
    await world.sql(`SELECT imat.create_group('h', ARRAY['t']::regclass[], '{}', 'start')`);
    await world.sql('INSERT INTO t VALUES (1), (2)');
    await world.sql(`SELECT imat.set_mark('g', 'm')`);
    await world.sql('SELECT imat.fold_counts()');
    await world.sql('INSERT INTO t SELECT 1 FROM generate_series(1, 4)');
    const expected = async (): Promise<void> => {
      expect(await stats(world, 'g', 'start', 'm')).toEqual([['t', 3]]);
      expect(await stats(world, 'g', 'm', null)).toEqual([['t', 4]]);
      expect(await stats(world, 'h', 'start', null)).toEqual([['t', 6]]);
    };
    await expected();
    await world.sql(`SELECT imat.set_mark('h', 'm')`);
    await world.sql('SELECT imat.fold_counts()');
    await expected();
    await world.sql(`SELECT imat.drop_group('g')`);
    await world.sql('INSERT INTO t VALUES (1)');
    expect(await stats(world, 'h', 'm', null)).toEqual([['t', 1]]);
    expect(await stats(world, 'h', 'start', 'm')).toEqual([['t', 6]]);
    await world.sql(`SELECT imat.drop_group('h')`);
    expect(
      await world.value(`SELECT count(*) FROM pg_trigger WHERE tgname LIKE '%imat_count%'`),
    ).toBe('0');
  });
});
