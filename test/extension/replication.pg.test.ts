/**
 * A subscriber: what the apply worker does are changes like any other, although no statement runs.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Db } from '../../engine/db/db.ts';
import { provideExtension } from '../../tools/extension.ts';
import { until } from '../engine/commands/support/world.ts';
import { changedSince, runAll, snapshot, useExtensionServer, value } from './server.ts';

const { servers, missing } = provideExtension();
for (const { major, reason } of missing)
  process.stderr.write(
    `replication to the extension is not tested on PostgreSQL ${major}: ${reason}\n`,
  );

describe.each(servers.map((server) => [server.major, server] as const))(
  'PostgreSQL %i',
  (major, server) => {
    const publisher = useExtensionServer(() => server, {
      settings: { logical_decoding_work_mem: '64kB', wal_sender_timeout: 0 },
    });
    const subscriber = useExtensionServer(() => server, {
      settings: { max_logical_replication_workers: 8, max_worker_processes: 16 },
    });
    let there: Db;
    let here: Db;

    const TABLES = [
      'CREATE TABLE t (a int PRIMARY KEY, b text)',
      'CREATE TABLE u (a int PRIMARY KEY)',
      'CREATE TABLE p (a int PRIMARY KEY) PARTITION BY RANGE (a)',
      'CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (100)',
    ];

    beforeAll(async () => {
      there = await publisher.connect();
      here = await subscriber.connect();
      await runAll(there, [
        ...TABLES,
        'CREATE PUBLICATION pub FOR TABLE t, u, p WITH (publish_via_partition_root = true)',
      ]);
      await runAll(here, ['CREATE EXTENSION table_change_tracker', ...TABLES]);
      await here.execute("SELECT enable_table_tracking(n) FROM unnest('{t,u,p,p1}'::regclass[]) n");
      const streaming = major >= 16 ? 'parallel' : 'on';
      await here.execute(subscribe('sub', 'pub', `streaming = ${streaming}, two_phase = true`));
      await until(
        'the tables are copied',
        async () =>
          (await value(
            here,
            "SELECT count(*) FROM pg_subscription_rel WHERE srsubstate <> 'r'",
          )) === '0',
      );
      // The worker that keeps track of the initial copy has transactions of its own.
      await until(
        'the workers of the first copy have ended',
        async () =>
          (await value(
            here,
            'SELECT count(*) FROM pg_stat_subscription WHERE relid IS NOT NULL',
          )) === '0',
      );
    });

    afterAll(async () => {
      for (const name of ['sub', 'more'])
        await runAll(here, [
          `ALTER SUBSCRIPTION ${name} DISABLE`,
          `ALTER SUBSCRIPTION ${name} SET (slot_name = NONE)`,
          `DROP SUBSCRIPTION ${name}`,
        ]);
    });

    const subscribe = (name: string, publication: string, options: string): string =>
      `CREATE SUBSCRIPTION ${name} CONNECTION
         'host=127.0.0.1 port=${new URL(publisher.server.url).port} user=postgres dbname=postgres'
     PUBLICATION ${publication} WITH (${options})`;

    async function expectChanges(
      write: string | readonly string[],
      arrived: string,
      changes: readonly string[],
    ): Promise<void> {
      const since = await snapshot(here);
      await runAll(there, write);
      await until(arrived, () => value<boolean>(here, arrived));
      for (const table of ['t', 'u', 'p', 'p1'])
        expect(await changedSince(here, table, since), table).toBe(changes.includes(table));
    }

    test('INSERT, UPDATE, DELETE and TRUNCATE that arrive from a publisher', async () => {
      await expectChanges(
        "INSERT INTO t VALUES (1, 'x')",
        'SELECT EXISTS (SELECT FROM t WHERE a = 1)',
        ['t'],
      );
      await expectChanges(
        "UPDATE t SET b = 'y' WHERE a = 1",
        "SELECT EXISTS (SELECT FROM t WHERE b = 'y')",
        ['t'],
      );
      await expectChanges('DELETE FROM t WHERE a = 1', 'SELECT NOT EXISTS (SELECT FROM t)', ['t']);
      await expectChanges('INSERT INTO u VALUES (1)', 'SELECT EXISTS (SELECT FROM u)', ['u']);
      await expectChanges('TRUNCATE u', 'SELECT NOT EXISTS (SELECT FROM u)', ['u']);
      await expectChanges('INSERT INTO p VALUES (1)', 'SELECT EXISTS (SELECT FROM p)', ['p', 'p1']);
    });

    test('a transaction that is streamed while it runs', async () => {
      await expectChanges(
        "INSERT INTO t SELECT i, repeat('x', 100) FROM generate_series(1000, 8000) i",
        'SELECT count(*) = 7001 FROM t WHERE a >= 1000',
        ['t'],
      );
    });

    test('a transaction that is prepared at the publisher', async () => {
      await expectChanges(
        [
          "BEGIN; INSERT INTO t VALUES (9999, 'two'); PREPARE TRANSACTION 'two'",
          "COMMIT PREPARED 'two'",
        ],
        'SELECT EXISTS (SELECT FROM t WHERE a = 9999)',
        ['t'],
      );
    });

    test('the initial copy of a table', async () => {
      await runAll(there, [
        'CREATE TABLE late (a int)',
        'INSERT INTO late VALUES (1)',
        'CREATE PUBLICATION more FOR TABLE late',
      ]);
      await runAll(here, ['CREATE TABLE late (a int)', "SELECT enable_table_tracking('late')"]);
      const since = await snapshot(here);
      await here.execute(subscribe('more', 'more', 'streaming = off'));
      await until('a row arrives in late', () =>
        value<boolean>(here, 'SELECT EXISTS (SELECT FROM late)'),
      );
      expect(await changedSince(here, 'late', since)).toBe(true);
    });
  },
);
