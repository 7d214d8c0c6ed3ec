/**
 * What survives a restart, and that what does not counts as changed: never as unchanged, never as
 * untracked.
 */
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { Db } from '../../engine/db/db.ts';
import { flipByte } from './support/flip-byte.ts';
import { expectKept, expectLost, prepare } from './support/tracked-pair.ts';
import { provideExtension } from '../../tools/extension.ts';
import { startPostgres } from '../../tools/postgres.ts';
import {
  changedSince,
  connectTo,
  PRELOADED,
  runAll,
  snapshot,
  useExtensionServer,
  value,
} from './server.ts';

const { servers, missing } = provideExtension();
for (const { major, reason } of missing)
  process.stderr.write(
    `restarts of the extension are not tested on PostgreSQL ${major}: ${reason}\n`,
  );

/** Relative to the data directory. */
const STATE = 'pg_stat/table_change_tracker.stat';

describe.each(servers.map((server) => [server.major, server] as const))(
  'PostgreSQL %i',
  (_major, server) => {
    const under = useExtensionServer(() => server);

    test('a clean restart loses nothing', async () => {
      const before = await prepare(under);
      await under.server.restart('fast', {
        between: (data) => expect(existsSync(join(data, STATE))).toBe(true),
      });
      expect(existsSync(join(under.server.directory, 'data', STATE))).toBe(false);
      const db = await under.connect();
      await expectKept(db, before);
      // The counters go on from where they were: a version from before is still good, and is so no
      // longer after a change.
      const holder = await under.connect();
      await runAll(holder, ['BEGIN', 'SELECT pg_current_xact_id()']);
      await db.execute("SELECT set_last_timestamp('u', clock_timestamp())");
      const version = await value(db, "SELECT table_version('u')");
      await db.execute('SELECT pg_current_xact_id()');
      const since = await snapshot(db);
      expect(await changedSince(db, 'u', since)).toBe(true);
      expect(await changedSince(db, 'u', since, version)).toBe(false);
      await holder.execute('COMMIT');
      await under.server.restart('fast');
      const again = await under.connect();
      expect(await changedSince(again, 'u', since, version)).toBe(false);
      await again.execute('INSERT INTO u VALUES (9)');
      expect(await changedSince(again, 'u', since, version)).toBe(true);
    });

    test.each(['immediate', 'kill'] as const)(
      'after a crash (%s) everything counts as changed, once',
      async (how) => {
        const before = await prepare(under);
        await under.server.restart(how);
        await expectLost(await under.connect(), before);
      },
    );

    test('after the crash of one backend everything counts as changed, once', async () => {
      const before = await prepare(under);
      const victim = await under.connect();
      process.kill(Number(await value(victim, 'SELECT pg_backend_pid()')), 'SIGKILL');
      await expectLost(await reconnect(), before);
    });

    /**
     * A server that recovers from a crash of a backend by itself is there again after some moments.
     */
    async function reconnect(): Promise<Db> {
      for (const deadline = Date.now() + 90_000; ; ) {
        await sleep(100);
        try {
          const db = await under.connect();
          await db.execute('SELECT 1');
          return db;
        } catch (error) {
          if (Date.now() > deadline) throw error;
        }
      }
    }

    test.each(['fast', 'kill'] as const)(
      'a transaction prepared over a restart (%s) is a change until a snapshot has seen its end',
      async (how) => {
        await prepare(under);
        const first = await under.connect();
        await runAll(first, ["BEGIN; INSERT INTO u VALUES (9); PREPARE TRANSACTION 'over'"]);
        const open = await snapshot(first);
        await under.server.restart(how);
        const db = await under.connect();
        const version = await value(db, "SELECT table_version('u')");
        const stamp = await value(db, "SELECT get_last_timestamp('u')::text");
        await db.execute('SELECT pg_current_xact_id()');
        const since = await snapshot(db);
        for (const one of [open, since]) expect(await changedSince(db, 'u', one)).toBe(true);
        await db.execute("COMMIT PREPARED 'over'");
        for (const one of [open, since]) expect(await changedSince(db, 'u', one)).toBe(true);
        expect(await changedSince(db, 'u', since, version)).toBe(true);
        expect(await value(db, "SELECT get_last_timestamp('u') > $1::timestamptz", [stamp])).toBe(
          true,
        );
        expect(await changedSince(db, 'u', await snapshot(db))).toBe(false);
      },
    );

    test('a server that is not preloaded with the library says what to do', async () => {
      const before = await prepare(under);
      await under.server.restart('fast', { settings: { shared_preload_libraries: '' } });
      const db = await under.connect();
      for (const call of [
        "enable_table_tracking('u')",
        "disable_table_tracking('u')",
        "is_table_tracked('u')",
        "get_last_timestamp('u')",
        "get_last_timestamps('{u}')",
        "set_last_timestamp('u', now())",
        `table_changed_since('u', '${before.since}')`,
        `table_changed_since('u', '${before.since}', '${before.version}')`,
        `tables_changed_since('{u}', ARRAY['${before.since}']::pg_snapshot[])`,
        "table_version('u')",
        "table_versions('{u}')",
        "table_stats('u')",
      ])
        await expect(db.query(`SELECT ${call}`), call).rejects.toMatchObject({
          sqlstate: '55000',
          message: expect.stringContaining('library "table_change_tracker" is not preloaded'),
          hint: expect.stringContaining("shared_preload_libraries = 'table_change_tracker'"),
        });
      // Loaded into one session it is of no use either, and harmless.
      await db.execute("LOAD 'table_change_tracker'");
      await db.execute('INSERT INTO u VALUES (9)');
      await expect(db.query("SELECT get_last_timestamp('u')")).rejects.toMatchObject({
        sqlstate: '55000',
      });
      await under.server.restart('fast');
      await expectLost(await under.connect(), before);
    });

    test('a file of an earlier shutdown is not believed', async () => {
      const before = await prepare(under);
      const copy = join(under.server.directory, 'copy');
      await under.server.restart('fast', {
        between: (data) => copyFileSync(join(data, STATE), copy),
      });
      const db = await under.connect();
      await db.execute('INSERT INTO u VALUES (9)');
      await under.server.restart('fast', {
        between: (data) => writeFileSync(join(data, STATE), readFileSync(copy)),
      });
      await expectLost(await under.connect(), before);
      // Nor is it after a crash, which leaves none behind.
      await under.server.restart('kill', {
        between: (data) => writeFileSync(join(data, STATE), readFileSync(copy)),
      });
      expect(await changedSince(await under.connect(), 'u', before.since)).toBe(true);
    });

    test.each<readonly [string, (file: string) => void]>([
      ['a byte of it is another', (file) => flipByte(file, Math.floor(statSync(file).size / 2))],
      ['a byte of its header is another', (file) => flipByte(file, 9)],
      ['it is cut off', (file) => truncateSync(file, statSync(file).size - 5)],
      ['something follows', (file) => writeFileSync(file, 'x', { flag: 'a' })],
      ['it is empty', (file) => truncateSync(file, 0)],
      ['it is gone', (file) => rmSync(file)],
    ])('a damaged file is not believed: %s', async (_what, damage) => {
      const before = await prepare(under);
      await under.server.restart('fast', { between: (data) => damage(join(data, STATE)) });
      await expectLost(await under.connect(), before);
    });

    test('a file is not believed where a recovery follows', async () => {
      const before = await prepare(under);
      await under.server.restart('fast', {
        settings: { restore_command: '/bin/false' },
        between: (data) => writeFileSync(join(data, 'recovery.signal'), ''),
      });
      await expectLost(await reconnect(), before);
    });

    test('with room for fewer tables than before, those without room are changed', async () => {
      await prepare(under);
      const db = await under.connect();
      await db.execute(
        `DO $$
           BEGIN
             FOR i IN 1..30 LOOP
               EXECUTE format('CREATE TABLE n%s (a int)', i);
               PERFORM enable_table_tracking(format('n%s', i)::regclass);
             END LOOP;
           END
         $$`,
      );
      const since = await snapshot(db);
      await under.server.restart('fast', { settings: { 'table_change_tracker.max_tables': 16 } });
      const few = await under.connect();
      const changed = await few.query<{ n: number; changed: boolean }>(
        `SELECT i AS n, table_changed_since(format('n%s', i)::regclass, $1::pg_snapshot) AS changed
         FROM generate_series(1, 30) i`,
        [since],
      );
      expect(changed.filter((row) => row.changed).length).toBeGreaterThanOrEqual(14);
      const full = changed.find((row) => row.changed)?.n;
      await few.execute('CREATE TABLE one_more (a int)');
      await expect(few.query("SELECT enable_table_tracking('one_more')")).rejects.toMatchObject({
        sqlstate: '53400',
        hint: expect.stringContaining('table_change_tracker.max_tables'),
      });
      expect(await value(few, "SELECT is_table_tracked('one_more')")).toBe(false);
      await expect(few.query(`SELECT get_last_timestamp('n${full}')`)).rejects.toMatchObject({
        sqlstate: '53400',
      });
      // Room that is given back is used again, however often.
      await few.execute(
        "DO $$ BEGIN FOR i IN 1..30 LOOP EXECUTE format('DROP TABLE n%s', i); END LOOP; END $$",
      );
      await few.execute(
        `DO $$
           BEGIN
             FOR i IN 1..300 LOOP
               CREATE TABLE once (a int);
               PERFORM enable_table_tracking('once');
               COMMIT;
               DROP TABLE once;
               COMMIT;
             END LOOP;
           END
         $$`,
      );
      // Also what a prepared transaction left, whose end nobody is told of.
      for (let round = 0; round < 20; round++)
        await runAll(few, [
          `BEGIN;
           CREATE TABLE never (a int);
           SELECT enable_table_tracking('never');
           PREPARE TRANSACTION 'never'`,
          "ROLLBACK PREPARED 'never'",
        ]);
      expect(await value(few, "SELECT enable_table_tracking('one_more')")).toBe(true);
      expect(await value(few, "SELECT table_changed_since('u', pg_current_snapshot())")).toBe(
        false,
      );
    });

    test('a dump says what is tracked (with the programs of the same version)', async () => {
      await prepare(under);
      const db = await under.connect();
      await runAll(db, [
        'CREATE TABLE "Odd name" (a int)',
        `SELECT enable_table_tracking('"Odd name"')`,
        'CREATE DATABASE restored',
      ]);
      const url = new URL(under.server.url);
      const dump = execFileSync(join(server.programs, 'pg_dump'), ['-Fc', '-d', url.href]);
      url.pathname = '/restored';
      execFileSync(join(server.programs, 'pg_restore'), ['--exit-on-error', '-d', url.href], {
        input: dump,
      });
      const restored = await under.connect('restored');
      expect(
        await restored.query(
          'SELECT relation::text FROM table_change_tracker.tracked_tables ORDER BY 1',
        ),
      ).toEqual([{ relation: '"Odd name"' }, { relation: 't' }, { relation: 'u' }]);
      const since = await snapshot(restored);
      expect(await value(restored, "SELECT is_table_tracked('t')")).toBe(true);
      await changedSince(restored, 't', since);
      const next = await snapshot(restored);
      await restored.execute('INSERT INTO t VALUES (1)');
      expect(await changedSince(restored, 't', next)).toBe(true);
      expect(await changedSince(restored, 'u', await snapshot(restored))).toBe(false);
      await restored.close();
      await db.execute('DROP DATABASE restored');
    });

    test('a database from a template tracks alone; a dropped one gives its room back', async () => {
      await prepare(under);
      await under.server.restart('fast', { settings: { 'table_change_tracker.max_tables': 16 } });
      const db = await under.connect();
      await runAll(db, ['CREATE DATABASE model']);
      const model = await under.connect('model');
      await model.execute('CREATE EXTENSION table_change_tracker');
      await model.execute(
        `DO $$
           BEGIN
             FOR i IN 1..10 LOOP
               EXECUTE format('CREATE TABLE n%s (a int)', i);
               PERFORM enable_table_tracking(format('n%s', i)::regclass);
             END LOOP;
           END
         $$`,
      );
      const since = await snapshot(model);
      await model.close();
      for (let round = 0; round < 3; round++) {
        await db.execute('CREATE DATABASE copy TEMPLATE model');
        const copy = await under.connect('copy');
        expect(await value(copy, "SELECT is_table_tracked('n1')")).toBe(true);
        expect(await changedSince(copy, 'n1', since)).toBe(true);
        await copy.execute('INSERT INTO n1 VALUES (1)');
        await copy.close();
        const original = await under.connect('model');
        expect(await changedSince(original, 'n1', since)).toBe(false);
        await original.close();
        await db.execute('DROP DATABASE copy');
      }
      await db.execute('DROP DATABASE model');
      const used =
        "SELECT enable_table_tracking(format('m%s', i)::regclass) FROM generate_series(1, 14) i";
      await db.execute(
        `DO $$
           BEGIN
             FOR i IN 1..14 LOOP
               EXECUTE format('CREATE TABLE m%s (a int)', i);
             END LOOP;
           END
         $$`,
      );
      expect((await db.query(used)).length).toBe(14);
    });

    test('a standby says that it cannot know; promoted, everything counts as changed', async () => {
      const before = await prepare(under);
      await under.server.restart('fast');
      let standby: Awaited<ReturnType<typeof startPostgres>> | null = null;
      try {
        // The file goes along, as in any cold copy.
        await under.server.restart('fast', {
          between: async (data) => {
            standby = await startPostgres({
              binaries: server.binaries,
              settings: { ...PRELOADED, primary_conninfo: '' },
              makeData: (copy) => {
                cpSync(data, copy, { recursive: true, preserveTimestamps: true });
                writeFileSync(join(copy, 'standby.signal'), '');
              },
            });
          },
        });
        if (standby === null) throw new Error('no standby');
        const db = await connectTo(standby);
        expect(await value(db, 'SELECT pg_is_in_recovery()')).toBe(true);
        for (const call of [
          `table_changed_since('u', '${before.since}')`,
          "get_last_timestamp('u')",
          "is_table_tracked('u')",
          "table_version('u')",
          "table_stats('u')",
          "enable_table_tracking('u')",
        ])
          await expect(db.query(`SELECT ${call}`), call).rejects.toMatchObject({
            sqlstate: '55000',
            message: expect.stringContaining('during recovery'),
            hint: expect.stringContaining('primary'),
          });
        await db.execute('SELECT pg_promote()');
        await expectLost(db, before);
        await db.close();
      } finally {
        await (standby as { stop(): Promise<void> } | null)?.stop();
      }
    });
  },
);
