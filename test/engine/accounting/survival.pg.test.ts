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
});
