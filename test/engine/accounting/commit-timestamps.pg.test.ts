/** Schema history from the commit timestamps of PostgreSQL's catalog, with the traps of that. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectDb } from '../../../engine/db/connect-db.ts';
import type { Db } from '../../../engine/db/db.ts';
import { createImat } from '../../../engine/index.ts';
import { startPostgres, type PostgresServer } from '../../../tools/postgres.ts';

let server: PostgresServer;
let db: Db;

beforeAll(async () => {
  server = await startPostgres({ settings: { track_commit_timestamp: 'on' } });
  db = await connectDb({ kind: 'url', url: server.url });
  await createImat(db).init();
});

afterAll(async () => {
  await db.close();
  await server.stop();
});

type Last = { at: string; part: string | null; kind: string | null; source: string };

const last = async (table: string): Promise<Last | undefined> => {
  const [row] = await db.query<Last>(
    `SELECT to_json(at) #>> '{}' AS at, part, kind, source
        FROM imat.last_schema_change('${table}')`,
  );
  return row;
};

/** When the transaction that ran the statement committed. */
async function committed(statement: string): Promise<string> {
  const id = await db.transaction('read committed', async () => {
    await db.execute(statement);
    const [row] = await db.query<{ id: string }>('SELECT pg_current_xact_id()::xid::text AS id');
    return row?.id;
  });
  const [found] = await db.query<{ at: string }>(
    `SELECT to_json(pg_xact_commit_timestamp($1::xid)) #>> '{}' AS at`,
    [id],
  );
  return found?.at ?? '';
}

test('the last change of a table is the commit time of its last DDL', async () => {
  const created = await committed('CREATE TABLE public.t (a int, b int)');
  expect(await last('public.t')).toMatchObject({ at: created, source: 'commit timestamp' });
  const added = await committed('ALTER TABLE public.t ADD c int');
  expect(await last('public.t')).toMatchObject({ at: added });
  const times = await db.query(
    `SELECT name, to_json(at) #>> '{}' AS at, is_dropped AS dropped, source,
       xid = printed_xid::text::xid8 AS same
     FROM imat.column_changes('public.t')`,
  );
  const column = { dropped: false, source: 'commit timestamp', same: true };
  expect(times).toEqual([
    { name: 'a', at: created, ...column },
    { name: 'b', at: created, ...column },
    { name: 'c', at: added, ...column },
  ]);
});

test('a dropped column shows as its tombstone, with the time', async () => {
  await db.execute('CREATE TABLE public.dropped (a int, b int)');
  const at = await committed('ALTER TABLE public.dropped DROP COLUMN b');
  expect(
    await db.query(
      `SELECT name, is_dropped, kind, to_json(at) #>> '{}' AS at
       FROM imat.column_changes('public.dropped') WHERE is_dropped`,
    ),
  ).toEqual([{ name: '........pg.dropped.2........', is_dropped: true, kind: 'drop', at }]);
});

test('what a savepoint or a block with EXCEPTION did is known once', async () => {
  await db.execute(`CREATE TABLE public.nested (a int, gone int);
    SELECT imat_catalog.record_commands_from_now_on();
    SELECT imat.create_group('nested', ARRAY['public.nested']::regclass[])`);
  const recorded = { kind: 'create', source: 'event trigger', command: 'ALTER TABLE' };
  await db.execute('BEGIN; SAVEPOINT s; ALTER TABLE public.nested ADD b int; COMMIT');
  await db.execute(`DO $$ BEGIN ALTER TABLE public.nested DROP gone, ADD c int;
    EXCEPTION WHEN division_by_zero THEN NULL; END $$`);
  expect(
    await db.query(`SELECT name, kind, command, source FROM imat.column_changes('public.nested')`),
  ).toEqual([
    { name: 'a', kind: null, command: null, source: 'commit timestamp' },
    { ...recorded, name: 'gone', kind: 'drop' },
    { ...recorded, name: 'b' },
    { ...recorded, name: 'c' },
  ]);
  expect(
    await db.query(`SELECT part, count(*)::int AS n FROM imat.history('public.nested')
      WHERE type = 'column' GROUP BY part ORDER BY part`),
  ).toEqual(['a', 'b', 'c', 'gone'].map((part) => ({ part, n: 1 })));
  await db.execute(`SELECT imat.drop_group('nested')`);
});

test.each(['ANALYZE public.same', 'VACUUM public.same', 'VACUUM FREEZE public.same'])(
  '%s changes neither the table nor its columns',
  async (statement) => {
    await db.execute('CREATE TABLE IF NOT EXISTS public.same (a int PRIMARY KEY)');
    await db.execute('INSERT INTO public.same SELECT 1 ON CONFLICT DO NOTHING');
    const before = await db.query(`SELECT * FROM imat.history('public.same')`);
    await db.execute(statement);
    expect(await db.query(`SELECT * FROM imat.history('public.same')`)).toEqual(before);
  },
);

test.each(['VACUUM FULL public.moved', 'CLUSTER public.moved USING moved_pkey'])(
  '%s is a rewrite, not a change of the schema',
  async (statement) => {
    await db.execute('DROP TABLE IF EXISTS public.moved');
    const at = await committed('CREATE TABLE public.moved (a int PRIMARY KEY)');
    await db.execute(statement);
    expect(await last('public.moved')).toMatchObject({ at, part: 'a' });
    expect(
      await db.query(`SELECT kind FROM imat.history('public.moved') WHERE type = 'table'`),
    ).toEqual([{ kind: 'rewrite' }]);
  },
);

test('of a known table: triggers and grants are no changes, and a new name is one', async () => {
  await db.execute('CREATE TABLE public.known (a int)');
  await createImat(db).accounting.createGroup('g', ['public.known']);
  const kinds = async (): Promise<unknown> =>
    db.query(`SELECT kind, source FROM imat.history('public.known') WHERE type = 'table'`);
  await db.execute('GRANT SELECT ON public.known TO PUBLIC');
  expect(await kinds()).toEqual([]);
  await db.execute('VACUUM FULL public.known');
  expect(await kinds()).toEqual([{ kind: 'rewrite', source: 'commit timestamp' }]);
  await createImat(db).accounting.compareSchema();
  expect(await kinds()).toEqual([{ kind: 'rewrite', source: 'fingerprint' }]);
  const at = await committed('ALTER TABLE public.known RENAME TO renamed');
  expect(await last('public.renamed')).toMatchObject({ at, part: null });
});

test('transaction ids that are frozen, too old or of no transaction are unknown', async () => {
  await db.execute('VACUUM FREEZE pg_class');
  await db.execute('VACUUM FREEZE pg_attribute');
  for (const table of ['pg_catalog.pg_class', 'information_schema.sql_parts']) {
    expect(
      await db.query(`SELECT DISTINCT at, source FROM imat.column_changes('${table}')`),
    ).toEqual([{ at: null, source: 'unknown' }]);
    expect(await last(table)).toBeUndefined();
  }
});

test('ids beyond 32 bits are found from those that the catalog prints', async () => {
  expect(
    await db.query(
      `SELECT imat_catalog.full_xid('0') AS none, imat_catalog.full_xid('2') AS frozen,
         imat_catalog.full_xid(pg_current_xact_id()::xid) = pg_current_xact_id() AS own,
         imat_catalog.full_xid('4294967295') AS before_the_first`,
    ),
  ).toEqual([{ none: null, frozen: null, own: true, before_the_first: null }]);
});
