/** Upkeep of change logs and of the history. */
import { describe, expect, test } from 'vitest';
import {
  expectExact,
  outcomeOf,
  until,
  untilBlocked,
  type World,
} from '../engine/commands/support/world.ts';
import type { Policy } from '../../workers/policy.ts';
import { newWorker, usePasses } from './support/passes.ts';

let world: World;
const { pass, makeOwner, makeEmpty } = usePasses((created) => {
  world = created;
});

describe('logs', () => {
  const index = () =>
    world.rows<{ valid: boolean }>(
      `SELECT is_valid AS valid FROM imat_catalog.log_upkeep WHERE xid_index IS NOT NULL`,
    );
  // Statistics come late unless they are asked for.
  const bulk = `INSERT INTO t SELECT g % 10, g FROM generate_series(1, 3000) g;
    SELECT pg_stat_force_next_flush()`;
  const POLICY = { indexFromRows: 2000, upkeepMs: 1 };

  /** Statistics come late; each round asks anew. Gives what was logged. */
  const rounds = async (
    done: (lines: readonly string[]) => Promise<boolean>,
    url = world.url,
    policy: Partial<Policy> = POLICY,
  ): Promise<readonly string[]> => {
    const lines: string[] = [];
    const worker = newWorker(url, policy, (line) => lines.push(line));
    await worker.start();
    try {
      await until('upkeep does it', () => done(lines));
    } finally {
      await worker.stop();
    }
    return lines;
  };

  test('one that keeps folded rows gets an index, and loses it with them', async () => {
    await world.imat.convert('sums');
    await world.imat.create(
      'lags',
      'SELECT v % 3 AS m, count(*) AS n FROM public.t GROUP BY v % 3',
      { freshness: 'manual' },
    );
    await world.sql(bulk);
    await rounds(async () => (await index())[0]?.valid === true);
    const plan = await world.rows<{ 'QUERY PLAN': string }>('EXPLAIN SELECT * FROM imat.sums');
    expect(plan.map((row) => row['QUERY PLAN']).join('\n')).toMatch(
      /Index.* using log_public_t_xid_idx/,
    );
    expect((await world.imat.status()).heldBack.join()).not.toContain('sums');
    await world.imat.fold('lags');
    await world.sql('VACUUM ANALYZE imat_store.log_public_t');
    await rounds(async () => (await index()).length === 0);
    await expectExact(world, {
      name: 'sums',
      definition: 'SELECT k, sum(v) AS s, count(*) AS n FROM public.t GROUP BY k',
    });
  });

  test('capture is written again after a rename', async () => {
    await world.imat.convert('sums');
    const body = () =>
      world.value<string>(
        `SELECT prosrc FROM pg_proc p, imat_catalog.source s
         WHERE p.oid = to_regproc(s.capture->>'insert')`,
      );
    await world.sql('ALTER TABLE t RENAME v TO amount; ALTER TABLE t RENAME k TO v');
    expect(await body()).not.toContain('n.amount');
    await rounds(async () => (await body()).includes('n.amount'));
    await world.sql('INSERT INTO t SELECT g % 3, g FROM generate_series(1, 10) g');
    await expectExact(world, {
      name: 'sums',
      definition: 'SELECT v AS k, sum(amount) AS s, count(*) AS n FROM public.t GROUP BY v',
    });
    const troubles = (await world.imat.doctor()).checks.map((check) => check.message);
    expect(troubles.join('\n')).not.toContain('was renamed');
  });

  test('what was renamed is noted', async () => {
    await world.imat.convert('sums');
    await world.sql('ALTER VIEW imat.sums RENAME TO later; ALTER TABLE t RENAME TO other');
    const noted = () =>
      world.value<string>(`SELECT i.relation_text || ' ' || z.relation_text
        FROM imat_catalog.imat i JOIN imat_catalog.imat_source z ON z.imat_id = i.id`);
    await rounds(async () => (await noted()) === 'imat.later public.other');
    await world.sql('ALTER TABLE other RENAME TO t; ALTER VIEW imat.later RENAME TO sums');
  });

  test('one that a bulk load has made large gives its empty pages back', async () => {
    await world.imat.convert('sums');
    const pages = () => world.value<number>('SELECT pages::int FROM imat_catalog.log_upkeep');
    await world.sql('INSERT INTO t SELECT g % 10, g FROM generate_series(1, 30000) g');
    await world.imat.fold('sums');
    expect(await pages()).toBeGreaterThan(100);
    await rounds(async () => (await pages()) < 10);
    await world.sql('INSERT INTO t VALUES (1, 1)');
    await expectExact(world, {
      name: 'sums',
      definition: 'SELECT k, sum(v) AS s, count(*) AS n FROM public.t GROUP BY k',
    });
  });

  test('one whose file stays large gets an index, however few rows it has', async () => {
    await world.imat.convert('sums');
    await world.imat.create(
      'lags',
      'SELECT v % 3 AS m, count(*) AS n FROM public.t GROUP BY v % 3',
      { freshness: 'manual' },
    );
    await world.sql(bulk);
    await rounds(async () => (await index())[0]?.valid === true, world.url, {
      indexFromPages: 10,
      upkeepMs: 1,
    });
  });

  test('an index that was not finished is dropped and built again', async () => {
    await world.imat.convert('sums');
    await world.imat.create(
      'lags',
      'SELECT v % 3 AS m, count(*) AS n FROM public.t GROUP BY v % 3',
      { freshness: 'manual' },
    );
    await world.sql(bulk);
    const [open, builder] = [await world.session(), await world.session()];
    await open.sql('BEGIN; INSERT INTO t VALUES (1, 1)');
    const built = outcomeOf(
      builder.sql('CREATE INDEX CONCURRENTLY ON imat_store.log_public_t (xid)'),
    );
    await untilBlocked(world, builder.pid);
    await world.value(`SELECT pg_cancel_backend(${builder.pid})`);
    expect(await built).toMatchObject({ sqlstate: '57014' });
    expect(await index()).toEqual([{ valid: false }]);
    await open.sql('COMMIT');
    await rounds(async () => (await index())[0]?.valid === true);
    expect(await index()).toHaveLength(1);
  });

  test('an index waits for an open transaction of another role, and says so once', async () => {
    await makeEmpty();
    const { imat, url } = await makeOwner();
    await imat.create('by_k', 'SELECT k, sum(v) AS s FROM public.t GROUP BY k');
    await imat.create('lags', 'SELECT v % 3 AS m, count(*) AS n FROM public.t GROUP BY v % 3', {
      freshness: 'manual',
    });
    const reader = await world.session();
    await reader.sql('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1');
    await world.sql(bulk);
    const saying = (lines: readonly string[], step: string) =>
      lines.filter((line) => line.includes(`"step":"${step}"`)).length;
    // Each round begins with the deletion of expired history, so three more rounds begin and two
    // end.
    const expired = `INSERT INTO imat_catalog.history (
        name, worker, action, reason, started_at, ended_at
      )
      VALUES ('by_k', 'expired', 'fold', 'age_bound', '2000-01-01', '2000-01-01')`;
    const hasExpired = () =>
      world.value<boolean>(
        `SELECT EXISTS (SELECT FROM imat_catalog.history WHERE worker = 'expired')`,
      );
    let roundsLeft = 3;
    const lines = await rounds(async (logged) => {
      if (saying(logged, 'index waits') === 0 || (await hasExpired())) return false;
      if (roundsLeft === 0) return true;
      roundsLeft -= 1;
      await world.sql(expired);
      return false;
    }, url);
    expect([saying(lines, 'index waits'), saying(lines, 'index')]).toEqual([1, 0]);
    expect(await index()).toEqual([]);
    await reader.sql('COMMIT');
    await rounds(async () => (await index())[0]?.valid === true, url);
  });

  test('one that cannot be cleaned stops no other, and is named with its error', async () => {
    await world.sql(`CREATE TABLE u (k int, v int);
      CREATE FUNCTION refuse() RETURNS trigger
      LANGUAGE plpgsql
      AS $$ BEGIN RAISE EXCEPTION 'no'; END $$`);
    const rows = (table: string) =>
      world.value<number>(`SELECT count(*)::int FROM imat_store.log_public_${table}`);
    for (const table of ['t', 'u']) {
      await world.imat.create(
        `of_${table}`,
        `SELECT k, sum(v) AS s FROM public.${table} GROUP BY k`,
      );
      await world.sql(`INSERT INTO ${table} SELECT g % 10, g FROM generate_series(1, 3000) g;
        SELECT pg_stat_force_next_flush();
        CREATE TRIGGER refuse BEFORE DELETE ON imat_store.log_public_${table}
        FOR EACH STATEMENT
        EXECUTE FUNCTION refuse()`);
      expect(await outcomeOf(world.imat.fold(`of_${table}`))).toMatchObject({ message: 'no' });
      expect(await rows(table)).toBeGreaterThanOrEqual(1000);
    }
    await world.sql('DROP TRIGGER refuse ON imat_store.log_public_u');
    const lines = await rounds(async () => (await rows('u')) < 1000);
    expect(lines.find((line) => line.includes('upkeep failed'))).toMatch(
      /"code":"IM012".*upkeep failed \(clean of imat_store.log_public_t\)/,
    );
    expect(await rows('t')).toBeGreaterThanOrEqual(1000);
  });

  test('what holds cleaning back is named', async () => {
    await world.imat.convert('sums');
    await world.imat.create(
      'lags',
      'SELECT v % 3 AS m, count(*) AS n FROM public.t GROUP BY v % 3',
      { freshness: 'manual' },
    );
    await world.sql(
      `INSERT INTO t SELECT g % 10, g FROM generate_series(1, 11000) g;
       SELECT pg_stat_force_next_flush()`,
    );
    await world.imat.fold('sums');
    await until('statistics arrive', async () => (await world.imat.status()).heldBack.length > 0);
    expect((await world.imat.status()).heldBack).toEqual([
      expect.stringMatching(
        /^imat "lags" \(manual\) has not taken in rows of the log of (public\.)?t, which keeps \d/,
      ),
    ]);
  });

  test('the history is kept within its bounds', async () => {
    await world.imat.convert('sums');
    await world.sql(`INSERT INTO imat_catalog.history (
        imat_id, name, worker, action, reason, started_at, ended_at
      )
      SELECT 1, 'sums', 'w', 'fold', 'age_bound', now() - g * interval '1 hour',
        now() - g * interval '1 hour'
      FROM generate_series(1, 100) g`);
    await pass({ historyMs: 50.5 * 3_600_000 });
    expect(
      await world.value(`SELECT count(*)::int FROM imat_catalog.history WHERE worker = 'w'`),
    ).toBe(50);
    await pass({ historyRows: 10 });
    expect(await world.value(`SELECT count(*)::int <= 12 FROM imat_catalog.history`)).toBe(true);
  });
});
