/** A crash in the middle of writing, and a dump that is restored into another cluster. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Db } from '../../../engine/db/db.ts';
import { connectDb } from '../../../engine/db/connect-db.ts';
import { createImat } from '../../../engine/index.ts';
import { type PostgresServer, startPostgres } from '../../../tools/postgres.ts';
import { findWithPrograms, runProgram } from '../../setup/client-programs.ts';
import { warnings } from './support/world.ts';

const binaries = findWithPrograms(false);

describe.skipIf(binaries === undefined)('counters', () => {
  const program = (name: string, args: readonly string[]): Promise<string> =>
    runProgram(binaries, name, args);
  let [home, abroad]: (PostgresServer | null)[] = [null, null];
  const sessions: Db[] = [];
  const serverOf = (one: PostgresServer | null | undefined): PostgresServer =>
    one ?? expect.fail('it is not running');

  async function open(server: PostgresServer, name: string): Promise<Db> {
    const db = await connectDb({ kind: 'url', url: server.url.replace(/postgres$/, name) });
    sessions.push(db);
    await db.execute('SET search_path = public');
    return db;
  }
  async function create(server: PostgresServer, name: string): Promise<Db> {
    await program('createdb', ['--maintenance-db', server.url, '-T', 'template0', name]);
    const db = await open(server, name);
    await createImat(db).init();
    await db.execute('SET search_path = public');
    return db;
  }
  async function counted(db: Db, first: string, last: string | null): Promise<string[]> {
    const rows = await db.query<{ verb: string; n: string }>(
      `SELECT stat_verb AS verb, sum(stat_rows) AS n
       FROM imat.detailed_log_stat_group('g', $1, $2) GROUP BY 1 ORDER BY 1`,
      [first, last],
    );
    return rows.map(({ verb, n }) => `${verb} ${n}`);
  }

  beforeAll(async () => {
    if (binaries !== undefined)
      [home, abroad] = await Promise.all([
        startPostgres({ binaries }),
        startPostgres({ binaries }),
      ]);
  });
  afterAll(async () => {
    await Promise.all(sessions.map((db) => db.close().catch(() => undefined)));
    await Promise.all([home?.stop(), abroad?.stop()]);
  });

  test('a crash loses what was not committed and nothing else', async () => {
    const db = await create(serverOf(home), 'crash');
    await db.execute(`CREATE TABLE t (id int);
      SELECT imat.create_group('g', ARRAY['t']::regclass[], '{}', 'start')`);
    await db.execute('INSERT INTO t SELECT generate_series(1, 3)');
    await db.execute(`SELECT imat.set_mark('g', 'm')`);
    await db.execute('INSERT INTO t SELECT generate_series(1, 4)');
    const [folder, writer] = [
      await open(serverOf(home), 'crash'),
      await open(serverOf(home), 'crash'),
    ];
    await folder.execute('BEGIN; SELECT imat.fold_counts()');
    await writer.execute('BEGIN; INSERT INTO t VALUES (1)');
    await serverOf(home).restart('immediate');
    const after = await open(serverOf(home), 'crash');
    expect(await counted(after, 'start', 'm')).toEqual(['INSERT 3']);
    expect(await counted(after, 'm', null)).toEqual(['INSERT 4']);
    await after.execute(`INSERT INTO t VALUES (1)`);
    await after.execute('SELECT imat.fold_counts()');
    expect(await counted(after, 'start', 'm')).toEqual(['INSERT 3']);
    expect(await counted(after, 'm', null)).toEqual(['INSERT 5']);
  });

  test.each([
    ['shop', false],
    ['captured', true],
  ])('a restore keeps closed intervals and restarts the open one: %s', async (shop, captured) => {
    const db = await create(serverOf(home), shop);
    await db.execute(`CREATE TABLE t (id int); CREATE TABLE p (id int) PARTITION BY LIST (id);
      CREATE TABLE p1 PARTITION OF p DEFAULT;
      SELECT imat.create_group('g', ARRAY['t', 'p']::regclass[], '{}', 'start')`);
    if (captured) await createImat(db).create('of_t', 'SELECT id, count(*) FROM t GROUP BY id');
    await db.execute('SET search_path = public; INSERT INTO t SELECT generate_series(1, 3)');
    await db.execute(`SELECT imat.set_mark('g', 'folded')`);
    await db.execute('SELECT imat.fold_counts()');
    await db.execute('INSERT INTO p1 VALUES (1); DELETE FROM t WHERE id = 1');
    await db.execute(`SELECT imat.set_mark('g', 'not folded')`);
    await db.execute('INSERT INTO t SELECT generate_series(1, 100)');
    const file = join(serverOf(home).directory, `${shop}.dump`);
    const url = (name: string): string => serverOf(abroad).url.replace(/postgres$/, name);
    await program('pg_dump', [
      '-Fc',
      '-f',
      file,
      '-d',
      serverOf(home).url.replace(/postgres$/, shop),
    ]);
    // Transaction ids of the future and of the past.
    for (const burnt of [0, 3000]) {
      const name = `${shop}_${burnt}`;
      const other = await open(serverOf(abroad), 'postgres');
      await other.execute(
        `DO $$
           BEGIN
             FOR i IN 1..${burnt} LOOP
               PERFORM pg_current_xact_id();
               COMMIT;
             END LOOP;
           END
         $$`,
      );
      await program('createdb', [
        '--maintenance-db',
        serverOf(abroad).url,
        '-T',
        'template0',
        name,
      ]);
      await program('pg_restore', ['--exit-on-error', '-d', url(name), file]);
      const restored = await open(serverOf(abroad), name);
      const closed = async (): Promise<void> => {
        expect(await counted(restored, 'start', 'folded')).toEqual(['INSERT 3']);
        expect(await counted(restored, 'folded', 'not folded')).toEqual(['DELETE 1', 'INSERT 1']);
      };
      await restored.execute('INSERT INTO t SELECT generate_series(1, 50)');
      await closed();
      expect(await counted(restored, 'not folded', null)).toEqual([]);
      const whole = `SELECT * FROM imat.log_stat_group('g', 'start', NULL)`;
      const unknown = ['group "g" was restored from another cluster'];
      expect(await warnings(url(name), whole)).toEqual(unknown);
      expect(await warnings(url(name), `SELECT imat.set_mark('g', 'here')`)).toEqual(unknown);
      await restored.execute(
        'INSERT INTO t SELECT generate_series(1, 7); INSERT INTO p1 VALUES (8)',
      );
      expect(await counted(restored, 'here', null)).toEqual(['INSERT 8']);
      await closed();
      await restored.execute('SELECT imat.fold_counts()');
      await closed();
      expect(await counted(restored, 'not folded', 'here')).toEqual([]);
      expect(await counted(restored, 'here', null)).toEqual(['INSERT 8']);
      expect(await warnings(url(name), whole)).toEqual([
        'changes of group "g" were not counted at all times of the range',
      ]);
      if (captured) await createImat(restored).repair('of_t');
      await restored.execute(
        'SET search_path = public; INSERT INTO t VALUES (8), (999); DELETE FROM t WHERE id = 999',
      );
      expect(await counted(restored, 'here', null)).toEqual(['DELETE 1', 'INSERT 10']);
      await restored.execute(`SELECT imat.drop_group('g')`);
    }
  });

  test('a restore keeps the schema history, takes new images, and prints no error', async () => {
    const db = await create(serverOf(home), 'kept');
    await db.execute(`CREATE TABLE t (id int); SELECT imat_catalog.record_commands_from_now_on();
      SELECT imat.create_group('g', ARRAY['t']::regclass[], '{}', 'start');
      ALTER TABLE t ADD x int`);
    const file = join(serverOf(home).directory, 'kept.dump');
    const from = serverOf(home).url.replace(/postgres$/, 'kept');
    await program('pg_dump', ['-Fc', '-f', file, '-d', from]);
    const server = serverOf(abroad);
    await program('createdb', ['--maintenance-db', server.url, '-T', 'template0', 'kept']);
    await program('pg_restore', [
      '--exit-on-error',
      '-d',
      server.url.replace(/postgres$/, 'kept'),
      file,
    ]);
    const restored = await open(server, 'kept');
    const history = `SELECT part, kind, source FROM imat.history('t')`;
    const came = { part: 'x', kind: 'create', source: 'event trigger' };
    expect(await restored.query(history)).toEqual([came]);
    expect(await restored.query('SELECT imat.compare_schema() AS found')).toEqual([{ found: '0' }]);
    await restored.execute('ALTER TABLE t DROP COLUMN x');
    expect(await restored.query(history)).toEqual([{ ...came, kind: 'drop' }, came]);
  });

  test('a restore of groups of several owners, with tables renamed or dropped', async () => {
    const db = await create(serverOf(home), 'owners');
    for (const server of [home, abroad])
      await (await open(serverOf(server), 'postgres')).execute(
        `CREATE ROLE ann LOGIN; CREATE ROLE bob LOGIN`,
      );
    await db.execute(`CREATE ROLE only_here;
      CREATE TABLE t (id int); CREATE TABLE gone (id int); CREATE TABLE former (id int);
      CREATE TABLE u (id int); CREATE TABLE v (id int);
      ALTER TABLE t OWNER TO ann; ALTER TABLE gone OWNER TO ann; ALTER TABLE former OWNER TO ann;
      ALTER TABLE u OWNER TO bob; ALTER TABLE v OWNER TO only_here;
      SET ROLE ann;
      SELECT imat.create_group('g', ARRAY['t', 'gone', 'former']::regclass[], '{}', 'start');
      SET ROLE bob; SELECT imat.create_group('h', ARRAY['u']::regclass[], '{}', 'start');
      SET ROLE only_here; SELECT imat.create_group('i', ARRAY['v']::regclass[], '{}', 'start');
      RESET ROLE; INSERT INTO t VALUES (1); INSERT INTO gone VALUES (1), (2);
      INSERT INTO former VALUES (1), (2), (3);
      ALTER TABLE t RENAME TO renamed; DROP TABLE gone, former; ALTER TABLE u SET UNLOGGED;
      CREATE TABLE gone (id int); SELECT imat.set_mark('g', 'm'); SELECT imat.fold_counts()`);
    const file = join(serverOf(home).directory, 'owners.dump');
    const url = (server: PostgresServer | null | undefined): string =>
      serverOf(server).url.replace(/postgres$/, 'owners');
    // Of an OID of this cluster, the other one knows another table.
    await program('pg_dump', ['-Fc', '-f', file, '-d', url(home)]);
    const { url: other } = serverOf(abroad);
    await program('createdb', ['--maintenance-db', other, '-T', 'template0', 'owners']);
    await program('pg_restore', ['--exit-on-error', '-O', '-x', '-d', url(abroad), file]);
    const restored = await open(serverOf(abroad), 'owners');
    await restored.execute(
      `ALTER TABLE renamed OWNER TO ann; ALTER TABLE u OWNER TO bob;
       GRANT USAGE ON SCHEMA imat TO PUBLIC`,
    );
    const names = 'SELECT relation::text AS name FROM imat_catalog.member ORDER BY id';
    expect(await restored.query(names)).toEqual(
      ['renamed', null, null, 'u', 'v'].map((name) => ({ name })),
    );
    expect(
      await restored.query(
        'SELECT group_name AS name, group_owner AS owner FROM imat.list_groups()',
      ),
    ).toEqual([
      { name: 'g', owner: 'ann' },
      { name: 'h', owner: 'bob' },
      { name: 'i', owner: 'postgres' },
    ]);
    const ann = new URL(url(abroad));
    ann.username = 'ann';
    expect(await warnings(ann.href, `SELECT imat.set_mark('g', 'here')`)).toEqual([
      'group "g" was restored from another cluster',
      '"public.u" is in group "h" no more: "public.u" cannot be in a group: it is unlogged',
      'group "h" was restored from another cluster',
      'group "i" was restored from another cluster',
    ]);
    await restored.execute('INSERT INTO renamed VALUES (1); INSERT INTO gone VALUES (1)');
    expect(
      await restored.query(`SELECT stat_table AS t, sum(stat_rows) AS n
        FROM imat.log_stat_group('g', 'start', NULL) GROUP BY 1 ORDER BY 1`),
    ).toEqual([
      { t: 'former', n: '3' },
      { t: 'gone', n: '2' },
      { t: 'renamed', n: '2' },
    ]);
  });
});
