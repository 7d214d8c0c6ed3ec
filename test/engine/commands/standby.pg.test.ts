/** Imats on a physical standby: as exact as on the primary, and whole after a promotion. */
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type PostgresServer, startPostgres } from '../../../tools/postgres.ts';
import {
  type Checked,
  differencesSql,
  expectExact,
  openWorld,
  outcomeOf,
  type Session,
  until,
  type World,
} from './support/world.ts';
import { REBUILT } from '../../setup/rebuilt.ts';
import { foldAll } from '../../setup/fold-all.ts';

const ALL: readonly Checked[] = [
  { name: 'summed', definition: 'SELECT g, sum(v) AS s FROM public.t GROUP BY g' },
  { name: 'rows', definition: 'SELECT g, v FROM public.t WHERE v > 3' },
  {
    name: 'joined',
    definition:
      'SELECT k.name, count(*) AS n FROM public.t JOIN public.k USING (g) GROUP BY k.name',
  },
  {
    name: 'ranked',
    definition: `${REBUILT} SELECT v, rank() OVER (ORDER BY v) AS place FROM public.t`,
  },
  { name: 'parted', definition: 'SELECT g, count(*) AS n FROM public.p GROUP BY g' },
];

let primary: PostgresServer;
let standby: PostgresServer;
let world: World;
let copy: World;
beforeAll(async () => {
  primary = await startPostgres();
  world = await openWorld(
    primary.url,
    `CREATE TABLE t (g int, v int);
     CREATE TABLE k (g int, name text);
     CREATE TABLE p (g int) PARTITION BY LIST (g);
     CREATE TABLE p_1 PARTITION OF p FOR VALUES IN (1);
     INSERT INTO t SELECT i % 4, i FROM generate_series(1, 40) AS i;
     INSERT INTO k SELECT i, 'k' || i % 3 FROM generate_series(0, 3) AS i;
     INSERT INTO p SELECT 1 FROM generate_series(1, 9)`,
    () => Promise.resolve(),
  );
  for (const { name, definition } of ALL) await world.imat.create(name, definition);
  const { port } = new URL(primary.url);
  await primary.restart('fast', {
    between: async (data) => {
      standby = await startPostgres({
        settings: {
          primary_conninfo: `host=127.0.0.1 port=${port} user=postgres`,
          // A reader of the standby is not cancelled, and not waited for longer than a test takes.
          max_standby_streaming_delay: '2s',
        },
        makeData: (target) => {
          cpSync(data, target, { recursive: true, preserveTimestamps: true });
          writeFileSync(join(target, 'standby.signal'), '');
        },
      });
    },
  });
  world = await openWorld(primary.url, 'SELECT', () => Promise.resolve());
  copy = await openWorld(standby.url, 'SELECT', () => Promise.resolve());
});
afterAll(async () => {
  for (const one of [world, copy]) await one?.drop();
  for (const one of [standby, primary]) await one?.stop();
});

async function replayed(): Promise<void> {
  const written = await world.value<string>('SELECT pg_current_wal_insert_lsn()::text');
  await until('the standby has replayed', () =>
    copy.value<boolean>(`SELECT pg_last_wal_replay_lsn() >= '${written}'::pg_lsn`),
  );
}

/**
 * A reader with an older snapshot is exact, or has an error: that what is stored is newer (40001),
 * or PostgreSQL's own, which ends whoever holds a lock that replay needs.
 */
async function expectNotWrong(session: Session, context: string): Promise<void> {
  for (const one of ALL) {
    const outcome = await outcomeOf(session.rows(differencesSql(one)));
    if (outcome instanceof Error) {
      const { condition, sqlstate } = outcome as { condition?: string; sqlstate?: string };
      expect([condition, sqlstate], String(outcome)).toEqual(
        expect.arrayContaining([expect.stringMatching(/^(connection_failed|40001)$/)]),
      );
      return;
    }
    expect(outcome, `${one.name}, ${context}`).toEqual([]);
  }
}

const STEPS: readonly [string, () => Promise<unknown>][] = [
  [
    'writes',
    () => world.sql('INSERT INTO t VALUES (1, 7), (NULL, NULL); DELETE FROM t WHERE v = 9'),
  ],
  ['a write of a join', () => world.sql("UPDATE k SET name = 'other' WHERE g = 1")],
  ['an unfinished transaction', () => world.sql('BEGIN; UPDATE t SET v = v + 1; SAVEPOINT s')],
  ['one that is rolled back', () => world.sql('ROLLBACK')],
  ['a fold', () => foldAll(world.imat)],
  ['a swap', () => world.imat.swap('ranked')],
  [
    'a partition',
    () => world.sql('CREATE TABLE p_2 PARTITION OF p DEFAULT; INSERT INTO p VALUES (5)'),
  ],
  ['a fold that follows it', () => world.imat.fold('parted')],
  ['a truncation', () => world.sql('TRUNCATE t; INSERT INTO t VALUES (3, 3), (3, 4)')],
  ['a fold after it', () => foldAll(world.imat)],
  ['a repair', () => world.imat.repair('summed')],
  [
    'a column',
    () => world.sql('ALTER TABLE t ADD COLUMN more int; INSERT INTO t VALUES (2, 1, 1)'),
  ],
];

test('a standby answers exactly after each step, by the snapshot of its own', async () => {
  for (const [what, step] of STEPS) {
    const before = await copy.session();
    await before.sql('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM k LIMIT 1');
    await step();
    await replayed();
    await expectExact(copy, ALL, what);
    // An older snapshot reads the truncated table itself as empty.
    if (what !== 'a truncation') await expectNotWrong(before, `${what}, an older snapshot`);
    await before.db.close().catch(() => undefined);
  }
});

test('a standby refuses what writes, and says so', async () => {
  await expect(copy.imat.fold('summed')).rejects.toThrow(/recovery|read-only/);
  await expect(copy.imat.create('more', 'SELECT g FROM public.t')).rejects.toThrow(
    /recovery|read-only/,
  );
  expect(await copy.imat.status('summed')).toMatchObject({ imats: [{ name: 'summed' }] });
});

test('promoted, it captures, folds and swaps', async () => {
  await world.sql('INSERT INTO t VALUES (1, 100)');
  await replayed();
  await primary.stop();
  await copy.sql('SELECT pg_promote()');
  await copy.sql('UPDATE t SET v = v + 1; INSERT INTO p VALUES (1), (7)');
  await expectExact(copy, ALL, 'promoted');
  await foldAll(copy.imat);
  await copy.imat.swap('ranked');
  await expectExact(copy, ALL, 'folded');
  await copy.sql('TRUNCATE t');
  await expectExact(copy, ALL, 'truncated');
  for (const { name } of ALL) await copy.imat.revert(name);
});
