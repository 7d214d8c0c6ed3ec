/**
 * Many writers, and dependants that refresh and ask at the same time: an answer "unchanged" must
 * mean that the dependant's result is what the table says in the asking statement's own snapshot.
 */
import { describe, expect, test } from 'vitest';
import type { Db } from '../../engine/db/db.ts';
import { provideExtension } from '../../tools/extension.ts';
import { changedSince, runAll, snapshot, useExtensionServer, value } from './server.ts';

const { servers, missing } = provideExtension();
for (const { major, reason } of missing)
  process.stderr.write(`the extension's races are not run on PostgreSQL ${major}: ${reason}\n`);

/** IMAT_TEST_RACE_MS makes the run longer: for a night, say. */
const RACE_MS = Number(process.env['IMAT_TEST_RACE_MS'] ?? 3000);

const PROCEDURES = [
  'CREATE TABLE t (k int PRIMARY KEY, v bigint) PARTITION BY HASH (k)',
  'CREATE TABLE t0 PARTITION OF t FOR VALUES WITH (MODULUS 2, REMAINDER 0)',
  'CREATE TABLE t1 PARTITION OF t FOR VALUES WITH (MODULUS 2, REMAINDER 1)',
  'INSERT INTO t SELECT i, 0 FROM generate_series(1, 40) i',
  'CREATE TABLE results (kind text, stale bigint, unchanged bigint, asked bigint)',
  // Updates single rows, in long and short transactions, with savepoints, some rolled back. Only
  // the second row of a transaction can wait in a circle, so its block handles the deadlock; the
  // row is chosen before the statement, since random() in its WHERE chooses several at times.
  `CREATE PROCEDURE write(until timestamptz) LANGUAGE plpgsql AS $$
   DECLARE chosen int;
   BEGIN
     WHILE clock_timestamp() < until LOOP
       chosen := 1 + floor(random() * 40);
       UPDATE t SET v = v + 1 WHERE k = chosen;
       IF random() < 0.2 THEN
         BEGIN
           chosen := 1 + floor(random() * 40);
           UPDATE t SET v = v + 1000 WHERE k = chosen;
           IF random() < 0.5 THEN RAISE 'no'; END IF;
         EXCEPTION WHEN raise_exception OR deadlock_detected THEN NULL;
         END;
       END IF;
       IF random() < 0.3 THEN PERFORM pg_sleep(random() * 0.003); END IF;
       IF random() < 0.2 THEN ROLLBACK; ELSE COMMIT; END IF;
       IF random() < 0.7 THEN PERFORM pg_sleep(random() * 0.004); END IF;
     END LOOP;
   END $$`,
  // Keeps a transaction id open for a while.
  `CREATE PROCEDURE hold(until timestamptz) LANGUAGE plpgsql AS $$
   BEGIN
     WHILE clock_timestamp() < until LOOP
       PERFORM pg_current_xact_id(), pg_sleep(random() * 0.2);
       COMMIT;
     END LOOP;
   END $$`,
  // One of several kinds of dependants: refreshes where it is told to, and asks a few times in
  // between.
  `CREATE PROCEDURE depend(kind text, until timestamptz) LANGUAGE plpgsql AS $$
   DECLARE
     s pg_snapshot; version text; stamp timestamptz; result numeric; answer record; changed boolean;
     stale bigint := 0; unchanged bigint := 0; asked bigint := 0;
   BEGIN
     WHILE clock_timestamp() < until LOOP
       version := table_version('t');
       stamp := get_last_timestamp('t');
       PERFORM pg_current_xact_id();
       IF kind = 'old snapshot' THEN
         COMMIT;
         SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;
         PERFORM 1 FROM t LIMIT 1;
         PERFORM pg_sleep(0.002);
       ELSE
         COMMIT;
       END IF;
       SELECT sum(v), pg_current_snapshot() INTO result, s FROM t;
       IF kind = 'late version' THEN version := table_version('t'); END IF;
       COMMIT;
       FOR i IN 1..4 LOOP
         SELECT table_changed_since('t', s) AS by_xmin,
           table_changed_since('t', s, version) AS by_version,
           get_last_timestamp('t') <> stamp AS by_stamp, sum(v) <> result AS differs INTO answer
           FROM t;
         COMMIT;
         asked := asked + 1;
         changed := CASE kind
           WHEN 'timestamp' THEN answer.by_stamp
           WHEN 'xmin' THEN answer.by_xmin
           ELSE answer.by_version END;
         IF NOT changed THEN
           unchanged := unchanged + 1;
           IF answer.differs THEN stale := stale + 1; END IF;
         END IF;
         IF NOT answer.by_xmin AND answer.differs THEN stale := stale + 1; END IF;
         PERFORM pg_sleep(random() * 0.002);
       END LOOP;
     END LOOP;
     INSERT INTO results VALUES (kind, stale, unchanged, asked);
   END $$`,
];

describe.each(servers.map((server) => [server.major, server] as const))(
  'PostgreSQL %i',
  (_major, server) => {
    const under = useExtensionServer(() => server);

    test(
      'an answer "unchanged" is never wrong',
      async () => {
        const db = await under.connect();
        await runAll(db, [
          'CREATE EXTENSION table_change_tracker',
          ...PROCEDURES,
          "SELECT enable_table_tracking('t')",
        ]);
        const until = await value(
          db,
          `SELECT (clock_timestamp() + ${RACE_MS} * interval '1 ms')::text`,
        );
        const kinds = ['xmin', 'version', 'late version', 'old snapshot', 'timestamp'];
        const calls = [
          ...kinds.map((kind) => `CALL depend('${kind}', '${until}')`),
          ...[1, 2, 3].map(() => `CALL write('${until}')`),
          `CALL hold('${until}')`,
        ];
        const prepared = async (session: Db): Promise<void> => {
          for (
            let i = 0;
            await value<boolean>(session, `SELECT clock_timestamp() < '${until}'`);
            i++
          ) {
            await session.execute(
              `BEGIN; UPDATE t SET v = v + 1 WHERE k = 1 + ${i % 40}; PREPARE TRANSACTION 'race'`,
            );
            await session.execute(`SELECT pg_sleep(random() * 0.02)`);
            await session.execute(
              i % 3 === 0 ? "ROLLBACK PREPARED 'race'" : "COMMIT PREPARED 'race'",
            );
            await session.execute('SELECT pg_sleep(random() * 0.1)');
          }
        };
        const sessions = await Promise.all(calls.map(() => under.connect()));
        await Promise.all([
          ...calls.map((call, i) => sessions[i]?.execute(call)),
          prepared(await under.connect()),
        ]);
        const results = await db.query<{
          kind: string;
          stale: string;
          unchanged: string;
          asked: string;
        }>('SELECT * FROM results ORDER BY kind');
        expect(results.map(({ kind, stale }) => [kind, stale])).toEqual(
          kinds.toSorted().map((kind) => [kind, '0']),
        );
        // The dependants were told both, so that the test has tested something; the version's rule
        // is the one that is of use here.
        const of = (kind: string): number =>
          Number(results.find((row) => row.kind === kind)?.unchanged);
        expect(of('version')).toBeGreaterThan(0);
        if (process.env['IMAT_TEST_RACE_MS'] !== undefined)
          process.stderr.write(`${JSON.stringify(results)}\n`);
      },
      RACE_MS + 60_000,
    );

    test('a commit that is recorded and not yet visible, and one that overtakes it', async () => {
      const db = await under.connect();
      await runAll(db, [
        'CREATE TABLE w (a int)',
        "SELECT enable_table_tracking('w')",
        "ALTER SYSTEM SET synchronous_standby_names = 'nobody'",
      ]);
      await runAll(db, [
        'SELECT pg_reload_conf()',
        'SET synchronous_commit = local',
        'SELECT pg_sleep(0.2)',
      ]);
      const [slow, fast] = [await under.connect(), await under.connect()];
      await fast.execute('SET synchronous_commit = local');
      const pid = await value(slow, 'SELECT pg_backend_pid()');
      const committing = slow.execute('INSERT INTO w VALUES (1)');
      for (
        let tries = 0;
        (await value(db, `SELECT wait_event FROM pg_stat_activity WHERE pid = ${pid}`)) !==
        'SyncRep';
        tries++
      )
        if (tries > 1000) throw new Error('it does not wait');
      await fast.execute('INSERT INTO w VALUES (2)');
      const version = await value(db, "SELECT table_version('w')");
      const stamp = await value(db, "SELECT get_last_timestamp('w')::text");
      await db.execute('SELECT pg_current_xact_id()');
      const since = await snapshot(db);
      expect(await value(db, 'SELECT count(*) FROM w')).toBe('1');
      await db.execute(`SELECT pg_cancel_backend(${pid})`);
      await committing;
      expect(await value(db, 'SELECT count(*) FROM w')).toBe('2');
      expect(await changedSince(db, 'w', since)).toBe(true);
      expect(await changedSince(db, 'w', since, version)).toBe(true);
      expect(await value(db, "SELECT get_last_timestamp('w') > $1::timestamptz", [stamp])).toBe(
        true,
      );
      await runAll(db, ['ALTER SYSTEM RESET synchronous_standby_names', 'SELECT pg_reload_conf()']);
    });
  },
);
