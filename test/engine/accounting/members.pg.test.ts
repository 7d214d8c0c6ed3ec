/** Tables and sequences that come, go and come back; stopped groups; sequences; E-Maj's columns. */
import { inPreparedSandbox } from '../commands/support/sandbox.ts';
import { expect, test } from 'vitest';
import type { Session } from '../commands/support/sandbox.ts';
import { stats, warnings } from './support/world.ts';

const SETUP = `CREATE TABLE t (id int); CREATE TABLE u (id int); CREATE SEQUENCE s;
  CREATE SEQUENCE down INCREMENT -5 MAXVALUE 1000 START 1000`;
const CREATE = `SELECT imat.create_group(
    'g', ARRAY['t']::regclass[], ARRAY['s', 'down']::regclass[],
  'start')`;

const intervals = (session: Session, call: string): Promise<Record<string, unknown>[]> =>
  session.rows(`SELECT stat_group AS g, stat_first_mark AS a, stat_is_log_start AS sa,
    stat_last_mark AS z, stat_is_log_stop AS sz, stat_changes AS n
    FROM imat.log_stat_table(${call})`);

/** The clock of the server between two marks, as a literal. */
const now = (session: Session): Promise<string> =>
  session.value<string>(`SELECT quote_literal(clock_timestamp()::text) || '::timestamptz'`);

test('a table that left and came back gives a row for each time', async () => {
  await inPreparedSandbox(SETUP, async (world) => {
    await world.sql(CREATE);
    await world.sql('INSERT INTO t VALUES (1); INSERT INTO u VALUES (1)');
    await world.sql(`SELECT imat.add_to_group('g', ARRAY['u']::regclass[], '{}', 'with u')`);
    await world.sql('INSERT INTO u VALUES (1), (2)');
    await world.sql(`SELECT imat.remove_from_group('g', ARRAY['t']::regclass[], '{}', 'no t')`);
    await world.sql('INSERT INTO t VALUES (7)');
    await world.sql(`SELECT imat.add_to_group('g', ARRAY['t']::regclass[], '{}', 't again')`);
    await world.sql('DELETE FROM t');
    const rows = (): Promise<Record<string, unknown>[]> =>
      world.rows(`SELECT stat_schema AS s, stat_table AS t, stat_first_mark AS a,
        stat_last_mark AS z, stat_rows AS n FROM imat.log_stat_group('g', 'start', NULL)`);
    const expected = [
      { s: 'public', t: 't', a: 'start', z: 'no t', n: '1' },
      { s: 'public', t: 't', a: 't again', z: null, n: '2' },
      { s: 'public', t: 'u', a: 'with u', z: null, n: '2' },
    ];
    expect(await rows()).toEqual(expected);
    await world.sql('SELECT imat.fold_counts()');
    expect(await rows()).toEqual(expected);
    const slices = await intervals(world, `'public', 't'`);
    expect(slices).toEqual([
      { g: 'g', a: 'start', sa: true, z: 'with u', sz: false, n: '1' },
      { g: 'g', a: 'with u', sa: false, z: 'no t', sz: true, n: '0' },
      { g: 'g', a: 't again', sa: true, z: null, sz: false, n: '2' },
    ]);
    expect(await intervals(world, `'public', 't', 'g', 'with u', 'g', 'no t'`)).toEqual([
      slices[1],
    ]);
    expect(await intervals(world, `'public', 't', 'g', 'no t'`)).toEqual([slices[2]]);
  });
});

test('intervals of a table surround the given times', async () => {
  await inPreparedSandbox(SETUP, async (world) => {
    await world.sql(CREATE);
    const times = [await now(world)];
    for (const mark of ['m1', 'm2', 'm3']) {
      await world.sql('INSERT INTO t VALUES (1)');
      await world.sql(`SELECT imat.set_mark('g', '${mark}')`);
      times.push(await now(world));
    }
    const marks = async (...bounds: string[]): Promise<unknown[]> =>
      (await intervals(world, [`'public'`, `'t'`, ...bounds].join(', '))).map(({ a }) => a);
    expect(await marks()).toEqual(['start', 'm1', 'm2', 'm3']);
    expect(await marks(times[1] ?? '')).toEqual(['m1', 'm2', 'm3']);
    expect(await marks(times[1] ?? '', times[2] ?? '')).toEqual(['m1', 'm2']);
    expect(await marks('NULL', times[0] ?? '')).toEqual(['start']);
  });
});

test('sequences: increments by the step at the start, is_called too, negative too', async () => {
  await inPreparedSandbox(SETUP, async (world) => {
    await world.sql(CREATE);
    const since = (first: string, last: string): Promise<Record<string, unknown>[]> =>
      world.rows(`SELECT stat_sequence AS s, stat_increments AS n, stat_has_structure_changed AS c
        FROM imat.sequence_stat_group('g', '${first}', ${last}) ORDER BY 1 DESC`);
    await world.sql(`SELECT nextval('s'), nextval('s'), nextval('s'), nextval('down')`);
    await world.sql(`SELECT imat.set_mark('g', 'm1')`);
    await world.sql(`SELECT nextval('s'), nextval('down'), nextval('down')`);
    await world.sql(`SELECT imat.set_mark('g', 'm2')`);
    await world.sql(`SELECT setval('s', 1); ALTER SEQUENCE down MAXVALUE 2000`);
    expect(await since('start', `'m1'`)).toEqual([
      { s: 's', n: '3', c: false },
      { s: 'down', n: '1', c: false },
    ]);
    expect(await since('m1', `'m2'`)).toEqual([
      { s: 's', n: '1', c: false },
      { s: 'down', n: '2', c: false },
    ]);
    expect(await since('m2', 'NULL')).toEqual([
      { s: 's', n: '-3', c: false },
      { s: 'down', n: '0', c: true },
    ]);
    expect(
      await world.rows(`SELECT stat_last_mark AS z, stat_increments AS n, stat_rollbacks AS r
        FROM imat.log_stat_sequence('public', 's', 'g', 'start', 'g', 'm2')`),
    ).toEqual([
      { z: 'm1', n: '3', r: 0 },
      { z: 'm2', n: '1', r: 0 },
    ]);
    // More steps than a bigint holds must not hide the other sequences.
    await world.sql(`ALTER SEQUENCE s INCREMENT 1 MINVALUE ${-(2n ** 63n)}`);
    await world.sql(`SELECT setval('s', ${-(2n ** 63n)})`);
    await world.sql(`SELECT imat.set_mark('g', 'm3')`);
    await world.sql(`SELECT setval('s', ${2n ** 63n - 1n})`);
    expect(await since('m3', 'NULL')).toEqual([
      { s: 's', n: null, c: false },
      { s: 'down', n: '0', c: false },
    ]);
  });
});

test('a stopped group counts nothing, and a range over the gap warns', async () => {
  await inPreparedSandbox(SETUP, async (world) => {
    await world.sql(CREATE);
    await world.sql('INSERT INTO t VALUES (1)');
    await world.sql(`SELECT imat.stop_group('g', 'stop')`);
    await world.sql('INSERT INTO t VALUES (1), (2)');
    await world.sql(`SELECT imat.start_group('g', 'again')`);
    await world.sql("INSERT INTO t VALUES (1), (2), (3); SELECT nextval('s')");
    expect(await stats(world, 'g', 'start', null)).toEqual([
      ['t', 1],
      ['t', 3],
    ]);
    expect(await stats(world, 'g', 'start', 'stop')).toEqual([['t', 1]]);
    expect(await stats(world, 'g', 'again', null)).toEqual([['t', 3]]);
    const call = (marks: string): string => `SELECT * FROM imat.log_stat_group('g', ${marks})`;
    expect(await warnings(world.url, call(`'start', NULL`))).toEqual([
      'changes of group "g" were not counted at all times of the range',
    ]);
    expect(await warnings(world.url, call(`'start', 'stop'`))).toEqual([]);
    expect(await warnings(world.url, call(`'again', NULL`))).toEqual([]);
  });
});

test('a table that was dropped or renamed keeps its numbers', async () => {
  await inPreparedSandbox(SETUP, async (world) => {
    await world.sql(CREATE);
    await world.sql(`SELECT imat.add_to_group('g', ARRAY['u']::regclass[])`);
    await world.sql('INSERT INTO t VALUES (1); INSERT INTO u VALUES (1), (2)');
    await world.sql('ALTER TABLE u RENAME TO v; DROP TABLE t');
    await world.sql(`SELECT imat.set_mark('g', 'm')`);
    await world.sql('SELECT imat.fold_counts()');
    expect(await stats(world, 'g', 'start', 'm')).toEqual([
      ['t', 1],
      ['v', 2],
    ]);
    await world.sql('INSERT INTO v VALUES (1)');
    expect(await stats(world, 'g', 'm', null)).toEqual([
      ['t', 0],
      ['v', 1],
    ]);
    await world.sql(`SELECT imat.drop_group('g')`);
  });
});

test('the columns are those of E-Maj, in its order and of its types', async () => {
  await inPreparedSandbox(SETUP, async (world) => {
    const columns = async (name: string): Promise<string[]> =>
      world.value(`SELECT json_agg(pg_get_function_result(p.oid) ORDER BY p.oid) FROM pg_proc p
        WHERE p.pronamespace = 'imat'::regnamespace AND p.proname = '${name}'`);
    const marks = (separator: string): string =>
      'stat_first_mark text, stat_first_mark_datetime timestamp with time zone, ' +
      `stat_first_time_id bigint${separator}, stat_last_mark text, ` +
      'stat_last_mark_datetime timestamp with time zone, stat_last_time_id bigint';
    const head = (object: string): string =>
      `TABLE(stat_group text, stat_schema text, ${object} text, ${marks('')}`;
    const interval =
      `TABLE(stat_group text, ${marks(', stat_is_log_start boolean')}, ` +
      'stat_is_log_stop boolean';
    const sequence = 'stat_increments bigint, stat_has_structure_changed boolean';
    for (const [name, expected] of [
      ['log_stat_group', `${head('stat_table')}, stat_rows bigint)`],
      [
        'detailed_log_stat_group',
        `${head('stat_table')}, stat_role text, stat_verb text, stat_rows bigint)`,
      ],
      ['sequence_stat_group', `${head('stat_sequence')}, ${sequence})`],
    ] as const)
      for (const one of [name, `${name}s`]) expect(await columns(one)).toEqual([expected]);
    const table = `${interval}, stat_changes bigint, stat_rollbacks integer)`;
    expect(await columns('log_stat_table')).toEqual([table, table]);
    const steps = `${interval}, ${sequence}, stat_rollbacks integer)`;
    expect(await columns('log_stat_sequence')).toEqual([steps, steps]);
  });
});
