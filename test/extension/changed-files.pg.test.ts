/**
 * A copy of a database's files, brought up to date by nothing but the bitmaps of changed_files(),
 * is the database.
 */
import { execFileSync } from 'node:child_process';
import {
  chownSync,
  closeSync,
  copyFileSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { connectDb } from '../../engine/db/connect-db.ts';
import type { Db } from '../../engine/db/db.ts';
import { provideExtension } from '../../tools/extension.ts';
import { type PostgresServer, startPostgres } from '../../tools/postgres.ts';
import { until } from '../engine/commands/support/world.ts';
import { copyDatabase } from '../setup/database.ts';
import { value } from './server.ts';
import { CHANGES, CONTENT, checkEverything, fingerprints } from './support/files-world.ts';

const BLOCK = 8192;
const WITH_SUMMARIES = 17;
const MAIN_FORK = /^[1-9][0-9]*(?:\.[1-9][0-9]*)?$/;

type Changed = { readonly path: string; readonly pagecount: string; readonly pagemap: string };

const { servers, missing } = provideExtension();
for (const one of missing)
  process.stderr.write(`changed files are not tested on ${one.major}: ${one.reason}\n`);

describe.each(servers.map((one) => [one.major, one.binaries] as const))(
  'PostgreSQL %i',
  (major, binaries) => {
    let server: PostgresServer;
    let db: Db;
    /** In memory, where the server is. */
    let copy = '';
    let database = 'postgres';
    const open: Db[] = [];
    const settings = {
      autovacuum: 'off',
      wal_level: 'replica',
      allow_in_place_tablespaces: 'on',
      ...(major >= WITH_SUMMARIES ? { summarize_wal: 'on' } : {}),
    };
    const connect = async (to: PostgresServer): Promise<Db> => {
      const url = new URL(to.url);
      url.pathname = `/${database}`;
      const session = await connectDb({ kind: 'url', url: url.href });
      open.push(session);
      await session.execute('SET search_path = public');
      return session;
    };
    const end = async (): Promise<void> => {
      for (const session of open.splice(0)) await session.close().catch(() => undefined);
    };
    afterEach(() => {
      if (copy !== '') rmSync(copy, { recursive: true, force: true });
      copy = '';
    });

    /** The position from which files that are copied now may be older. */
    async function checkpoint(): Promise<string> {
      await db.execute('CHECKPOINT');
      return value(db, 'SELECT redo_lsn FROM pg_control_checkpoint()');
    }
    async function copyFiles(): Promise<string> {
      const since = await checkpoint();
      copy = mkdtempSync(`${server.directory}-copy-`);
      copyAll(join(server.directory, 'data'), copy);
      return since;
    }
    const ask = (since: string): Promise<Changed[]> =>
      db.query<Changed>(
        `SELECT path, pagecount::text, encode(pagemap, 'hex') AS pagemap
         FROM changed_files($1::pg_lsn)`,
        [since],
      );
    const path = (table: string): Promise<string> =>
      value(db, 'SELECT pg_relation_filepath($1::regclass)', [table]);

    describe('a server of its own', () => {
      beforeEach(async () => {
        server = await startPostgres({ binaries, settings });
        db = await connect(server);
        await db.execute('CREATE EXTENSION table_change_tracker');
      });
      afterEach(async () => {
        await end();
        await server.stop();
      });

      test.each(['before', 'after'] as const)(
        'patches a copy that is the database, asked %s the checkpoint',
        async (when) => {
          for (const statement of CONTENT) await db.execute(statement);
          const since = await copyFiles();
          for (const statement of CHANGES) await db.execute(statement);
          if (when === 'after') await db.execute('CHECKPOINT');
          const answer = await ask(since);
          if (when === 'before') await db.execute('CHECKPOINT');

          const reported = new Map(answer.map((one) => [one.path, one]));
          expect(reported.has(await path('untouched'))).toBe(false);
          expect(reported.get(await path('one_row'))).toMatchObject({
            pagecount: '1',
            pagemap: expect.stringMatching(/^0008(?:00)*$/),
          });
          expect(Number(reported.get(await path('unlogged'))?.pagecount)).toBe(
            await value<number>(db, `SELECT (pg_relation_size('unlogged') / ${BLOCK})::int`),
          );
          expect(
            [...reported.keys()].filter((one) => !MAIN_FORK.test(one.split('/').at(-1) ?? '')),
          ).toEqual([]);

          const expected = await fingerprints(db);
          await Promise.all(open.splice(0).map((session) => session.close()));
          await server.restart('fast', { between: (data) => patch(copy, data, answer) });
          db = await connect(server);
          const patched = await startPostgres({
            binaries,
            settings,
            makeData: (data) => copyAll(copy, data),
          });
          try {
            const session = await connect(patched);
            await checkEverything(session);
            expect(await fingerprints(session)).toEqual(expected);
            await session.close();
          } finally {
            await patched.stop();
          }
        },
      );
    });

    describe('a database of its own', () => {
      beforeAll(async () => {
        server = await startPostgres({ binaries, settings });
      });
      afterAll(() => server.stop());
      beforeEach(async () => {
        const made = await copyDatabase('template0', server.url);
        database = made.name;
        db = await connect(server);
        await db.execute('CREATE EXTENSION table_change_tracker');
        return async () => {
          await end();
          await made.drop();
        };
      });

      test('reports a database whose files were copied as a whole', async () => {
        await db.execute('CREATE DATABASE model');
        const since = await checkpoint();
        await db.execute('CREATE DATABASE copied TEMPLATE model STRATEGY file_copy');
        const url = new URL(server.url);
        url.pathname = '/copied';
        const session = await connectDb({ kind: 'url', url: url.href });
        open.push(session);
        await session.execute('CREATE EXTENSION table_change_tracker');
        expect(
          await value<number>(
            session,
            `SELECT count(*)::int FROM pg_class c
             WHERE relfilenode <> 0 AND NOT relisshared AND pg_relation_size(oid) > 0
               AND NOT EXISTS (SELECT FROM changed_files($1::pg_lsn) f
                 WHERE f.path = pg_relation_filepath(c.oid)
                   AND f.pagecount = pg_relation_size(c.oid) / ${BLOCK})`,
            [since],
          ),
        ).toBe(0);
      });

      test('reports what only hint bits have changed with checksums, and not without', async () => {
        await db.execute('CREATE TABLE t (id int)');
        await db.execute('INSERT INTO t SELECT generate_series(1, 1000)');
        const since = await checkpoint();
        const file = await path('t');
        await db.query('SELECT sum(id) FROM t');
        expect((await ask(since)).some((one) => one.path === file)).toBe(
          (await value(db, 'SHOW data_checksums')) === 'on',
        );
        await db.execute('UPDATE t SET id = 0 WHERE id = 1000');
        expect((await ask(since)).some((one) => one.path === file)).toBe(true);
      });

      test('answers while tables are made, emptied and dropped', async () => {
        const since = await value(db, 'SELECT pg_current_wal_insert_lsn()::text');
        const other = await connect(server);
        let done = false;
        const writing = (async () => {
          for (let round = 0; round < 60; round += 1) {
            await other.execute('CREATE TABLE fleeting AS SELECT generate_series(1, 5000) i');
            await other.execute('CREATE INDEX ON fleeting (i)');
            await other.execute(round % 2 === 0 ? 'TRUNCATE fleeting' : 'VACUUM FULL fleeting');
            await other.execute('DROP TABLE fleeting');
            if (round % 20 === 0) await other.execute('CHECKPOINT');
          }
        })().finally(() => {
          done = true;
        });
        let asked = 0;
        while (!done) asked += (await ask(since)).length > 0 ? 1 : 0;
        await writing;
        expect(asked).toBeGreaterThan(0);
      });

      test('answers on a standby', async () => {
        await db.execute('CREATE TABLE t (id int); CREATE TABLE still (id int)');
        await db.execute('INSERT INTO t VALUES (1); INSERT INTO still VALUES (1)');
        const since = await copyFiles();
        const { port } = new URL(server.url);
        const standby = await startPostgres({
          binaries,
          settings: {
            ...settings,
            primary_conninfo: `host=127.0.0.1 port=${port} user=postgres`,
          },
          makeData: (data) => {
            copyAll(copy, data);
            rmSync(join(data, 'postmaster.pid'));
            writeFileSync(join(data, 'standby.signal'), '');
          },
        });
        try {
          await db.execute('INSERT INTO t VALUES (2)');
          const written = await value(db, 'SELECT pg_current_wal_insert_lsn()::text');
          const session = await connect(standby);
          await until('the change is there', () =>
            value<boolean>(session, 'SELECT pg_last_wal_replay_lsn() >= $1::pg_lsn', [written]),
          );
          const found = await session.query<{ path: string }>(
            'SELECT path FROM changed_files($1::pg_lsn)',
            [since],
          );
          const paths = found.map((one) => one.path);
          expect(paths).toContain(await path('t'));
          expect(paths).not.toContain(await path('still'));
          await session.close();
        } finally {
          await standby.stop();
        }
      });

      test('names segments beyond 1 GB', async ({ skip }) => {
        if ((await value(db, 'SHOW data_checksums')) === 'on')
          return skip('a page that is put elsewhere has a wrong checksum');
        await db.execute('CREATE TABLE t (id int)');
        await db.execute('INSERT INTO t VALUES (1), (2)');
        const file = await path('t');
        await Promise.all(open.splice(0).map((session) => session.close()));
        // Its only page becomes the first of the second segment, behind a gigabyte of zeros.
        await server.restart('fast', {
          between: (data) => {
            copyFileSync(join(data, file), join(data, `${file}.1`));
            chownLike(join(data, file), join(data, `${file}.1`));
            truncateSync(join(data, file), 0);
            truncateSync(join(data, file), 2 ** 30);
          },
        });
        db = await connect(server);
        const since = await checkpoint();
        const second = async (): Promise<Changed | undefined> =>
          (await ask(since)).find((one) => one.path === `${file}.1`);
        expect(await second()).toBe(undefined);
        await db.execute('DELETE FROM t WHERE id = 1');
        expect(await second()).toMatchObject({ pagecount: '1', pagemap: '01' });
      });

      test('refuses roles without the right, and positions that nobody can tell', async () => {
        const now = await value(db, 'SELECT pg_current_wal_insert_lsn()::text');
        await db.execute('CREATE ROLE reader; CREATE ROLE other');
        await db.execute('GRANT pg_read_server_files TO reader');
        await db.execute('SET ROLE reader');
        await expect(ask(now)).resolves.toEqual(expect.any(Array));
        await db.execute('SET ROLE other');
        await expect(ask(now)).rejects.toMatchObject({
          sqlstate: '42501',
          message: expect.stringContaining('permission denied to read the files of the server'),
        });
        await db.execute('RESET ROLE');
        await expect(ask('0/10')).rejects.toMatchObject({
          message: expect.stringContaining('cannot tell changes since WAL position 0/10'),
          hint: expect.stringContaining('Copy all files'),
        });
        await expect(ask('FFFF/0')).rejects.toThrow('lies in the future');
      });

      test('answers under the names of ptrack, where they are free', async () => {
        await db.execute('CREATE SCHEMA "a schema"');
        await db.execute(`SELECT create_ptrack_names('"a schema"')`);
        expect(await value(db, 'SELECT "a schema".ptrack_version()')).toBe('2.4');
        const start = await value(db, 'SELECT "a schema".ptrack_init_lsn()::text');
        expect(
          await value<boolean>(
            db,
            `SELECT sum(length(replace(right(pagemap::text, -1)::varbit::text, '0', '')))
               = sum(pagecount) AND count(*) > 100
             FROM "a schema".ptrack_get_pagemapset($1)`,
            [start],
          ),
        ).toBe(true);
        await expect(db.query(`SELECT create_ptrack_names('"a schema"')`)).rejects.toMatchObject({
          sqlstate: '42723',
          message: expect.stringMatching(/function .*ptrack_get_pagemapset\(pg_lsn\) exists/),
        });
        await db.execute('CREATE FUNCTION public.ptrack_version(int) RETURNS int RETURN 1');
        await expect(db.query(`SELECT create_ptrack_names('public')`)).rejects.toThrow(
          'function ptrack_version(integer) exists',
        );
        expect(await value(db, `SELECT to_regproc('public.ptrack_init_lsn')::text`)).toBe(null);
      });
    });
  },
);

function chownLike(model: string, file: string): void {
  const { uid, gid } = statSync(model);
  chownSync(file, uid, gid);
}

/** A fifth of the time that Node takes. */
function copyAll(from: string, to: string): void {
  mkdirSync(to, { recursive: true, mode: 0o700 });
  execFileSync('cp', ['-RP', `${from}/.`, to]);
}

/** Makes `copy` what `data` is: main forks by the bitmaps, everything else as it is there. */
function patch(copy: string, data: string, answer: readonly Changed[]): void {
  const old = `${copy}.old`;
  renameSync(copy, old);
  copyAll(data, copy);
  const maps = new Map(answer.map((one) => [one.path, Buffer.from(one.pagemap, 'hex')]));
  for (const name of readdirSync(copy, { recursive: true, encoding: 'utf8' })) {
    const file = name.split('/').at(-1) ?? '';
    if (!MAIN_FORK.test(file) || !/^(?:global\/|base\/5\/|pg_tblspc\/.*\/5\/)\d/.test(name))
      continue;
    const now = readFileSync(join(data, name));
    const handle = openSync(join(copy, name), 'w');
    if (existsSync(join(old, name))) writeSync(handle, readFileSync(join(old, name)));
    ftruncateSync(handle, now.length);
    (maps.get(name) ?? Buffer.alloc(0)).forEach((byte, index) => {
      for (let bit = 0; bit < 8; bit += 1) {
        const at = (index * 8 + bit) * BLOCK;
        if ((byte & (1 << bit)) !== 0 && at < now.length) writeSync(handle, now, at, BLOCK, at);
      }
    });
    closeSync(handle);
  }
  rmSync(old, { recursive: true });
}
