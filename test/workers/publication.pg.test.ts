/** Imats that read stored imats: they are published together at one snapshot. */
import { describe, expect, test } from 'vitest';
import { expectExact, until, type World } from '../engine/commands/support/world.ts';
import { summaries, usePasses } from './support/passes.ts';

let world: World;
const { pass, rested } = usePasses((created) => {
  world = created;
});

describe('imats that read imats', () => {
  const LOW = 'SELECT k, sum(v) AS s FROM public.t GROUP BY k';
  const EVEN = 'SELECT k, count(*) AS n FROM public.t GROUP BY k';
  const TOP = `SELECT low.k, low.s, even.n, rank() OVER (ORDER BY low.s) AS r
    FROM imat.low JOIN imat.even USING (k)`;

  const consistent = async (): Promise<void> => {
    // What `top` stores is its definition over `low` and `even` as of one moment, so it agrees with
    // them at every snapshot.
    expect(
      await world.rows(
        '(SELECT k, s FROM imat.top EXCEPT ALL SELECT k, s FROM imat.low) UNION ALL ' +
          '(SELECT k, n FROM imat.top EXCEPT ALL SELECT k, n FROM imat.even)',
      ),
    ).toEqual([]);
  };

  test('a diamond over stored imats is published at one snapshot, and once', async () => {
    await world.imat.create('low', LOW, { freshness: '1ms' });
    await world.imat.create('even', EVEN, { freshness: '1ms' });
    await world.imat.create('top', TOP, { freshness: '1ms' });
    await pass();
    await rested();
    await world.sql('INSERT INTO t SELECT 77, g FROM generate_series(1, 5) g');
    const runs = await pass();
    expect(summaries(runs)).toContain('publish top (source_changed)');
    const frontiers = await world.rows(
      `SELECT DISTINCT f.snapshot::text FROM imat_catalog.frontier f`,
    );
    expect(frontiers).toHaveLength(1);
    await consistent();
    expect(await world.rows('SELECT k, s, n FROM imat.top WHERE k = 77')).toEqual([
      { k: 77, s: '15', n: '5' },
    ]);
    expect(await pass()).toEqual([]);
  });

  test('under a writer, the top of the diamond never mixes two moments', async () => {
    // Each row counts 1, so sum and count of a key agree at any one snapshot.
    await world.sql(
      `CREATE TABLE ones (k int, one int);
       INSERT INTO ones SELECT g % 10, 1 FROM generate_series(1, 200) g`,
    );
    await world.imat.create('low', 'SELECT k, sum(one) AS s FROM public.ones GROUP BY k', {
      freshness: '1ms',
    });
    await world.imat.create('even', 'SELECT k, count(*) AS n FROM public.ones GROUP BY k', {
      freshness: '1ms',
    });
    await world.imat.create('top', TOP, { freshness: '1ms' });
    const writer = await world.session();
    let stopping = false;
    const writing = (async () => {
      for (let n = 0; !stopping; n++) await writer.sql(`INSERT INTO ones VALUES (${n % 13}, 1)`);
    })();
    for (let round = 0; round < 8; round++) {
      expect((await pass()).filter((run) => run.error !== null)).toEqual([]);
      expect(await world.rows('SELECT * FROM imat.top WHERE s <> n')).toEqual([]);
    }
    stopping = true;
    await writing;
    await pass();
    await consistent();
    expect(
      await world.rows(`SELECT relname FROM pg_class WHERE relname LIKE 'slot%' AND relkind = 'r'`),
    ).toHaveLength(1);
  });

  test('a member that fails does not hold the others back', async () => {
    await world.imat.create('low', LOW, { freshness: '1ms' });
    await world.imat.create('even', EVEN, { freshness: '1ms' });
    await world.sql(
      `CREATE FUNCTION breaks(n bigint) RETURNS bigint
       LANGUAGE plpgsql STABLE
       AS $$ BEGIN IF n > 1000000 THEN RAISE EXCEPTION $m$too much$m$; END IF; RETURN n; END $$`,
    );
    await world.imat.create(
      'top',
      'SELECT k, public.breaks(s) AS s, rank() OVER (ORDER BY s) AS r FROM imat.low',
      { freshness: '1ms' },
    );
    await pass();
    await world.sql('INSERT INTO t VALUES (5, 2000000)');
    const runs = await pass();
    expect(summaries(runs)).toContain('publish top (may_have_changed) IM012');
    expect(
      await world.rows(
        'SELECT name FROM imat_catalog.imat WHERE ' +
          "imat_catalog.pending_rows(id) > 0 AND name <> 'top'",
      ),
    ).toEqual([]);
    expect((await world.imat.status('top')).imats[0]?.failure).toMatchObject({
      code: 'IM012',
      message: 'too much',
    });
    expect((await world.imat.status('even')).imats[0]?.failure).toBeNull();
  });

  test('a stored imat that fails is read as it is stored, and its error is its own', async () => {
    await world.sql('CREATE TABLE weights (k int, w int); INSERT INTO weights VALUES (1, 1)');
    await world.imat.create('low', 'SELECT k, sum(1000 / v) AS s FROM public.t GROUP BY k', {
      freshness: '1ms',
    });
    const top = `SELECT weights.k, w, s, rank() OVER (ORDER BY w) AS r
      FROM public.weights LEFT JOIN imat.low USING (k)`;
    await world.imat.create('top', top, { freshness: '1ms' });
    await pass();
    await world.sql('INSERT INTO t VALUES (2, 0); INSERT INTO weights VALUES (2, 2)');
    expect(summaries(await pass())).toContain('publish top (source_changed) IM012');
    const failureOf = async (name: string): Promise<unknown> =>
      (await world.imat.status(name)).imats[0]?.failure;
    expect(await failureOf('low')).toMatchObject({ code: 'IM012', message: 'division by zero' });
    await until('top is tried again, without it', async () =>
      summaries(await pass()).includes('swap top (source_changed)'),
    );
    await expectExact(world, { name: 'top', definition: top });
    expect(await failureOf('top')).toBeNull();
    expect(await failureOf('low')).toMatchObject({ code: 'IM012' });
    await world.sql('UPDATE t SET v = 1 WHERE v = 0');
    await world.imat.fold('low');
    await until('top follows', async () => (await pass()).length === 0);
    await expectExact(world, { name: 'top', definition: top });
    expect(await failureOf('low')).toBeNull();
  });

  // The end of a swap waits for transactions that were open then, whosever they were: one
  // publication may still run when the swap of another imat is to end. Later passes end that swap.
  const published = async (): Promise<string[]> =>
    summaries(await pass())
      .filter((run) => !run.startsWith('finish'))
      .toSorted();
  const finished = (): Promise<void> =>
    until('the swaps are finished', async () => {
      const owed = await world.rows(
        'SELECT name FROM imat_catalog.imat WHERE swap_phase IS NOT NULL',
      );
      if (owed.length === 0) return true;
      expect(await published()).toEqual([]);
      return false;
    });

  test('two that share what they read are published once each, then nothing is done', async () => {
    await world.imat.create('low', LOW, { freshness: '1ms' });
    for (const [name, order] of [
      ['up', 'ASC'],
      ['down', 'DESC'],
    ] as const)
      await world.imat.create(
        name,
        `SELECT k, s, rank() OVER (ORDER BY s ${order}) AS r FROM imat.low`,
        { freshness: '1ms' },
      );
    await pass();
    for (let round = 0; round < 3; round++) {
      await finished();
      expect(await pass()).toEqual([]);
      await rested();
      await world.sql(`INSERT INTO t VALUES (5, ${round})`);
      expect(await published()).toEqual([
        'publish down (source_changed)',
        'publish up (source_changed)',
      ]);
      for (const name of ['up', 'down'])
        expect(
          await world.rows(
            `(SELECT k, s FROM imat.${name} EXCEPT ALL ${LOW}) UNION ALL ` +
              `(${LOW} EXCEPT ALL SELECT k, s FROM imat.${name})`,
          ),
        ).toEqual([]);
    }
  });

  test('what only its interval can tell is swapped by it, whoever reads it', async () => {
    await world.imat.create(
      'moment',
      "SELECT k, sum(v) AS s, now() + random() * interval '0 s' AS at FROM public.t GROUP BY k",
      {
        freshness: '1 hour',
      },
    );
    for (const name of ['one', 'two'])
      await world.imat.create(
        name,
        'SELECT k, rank() OVER (ORDER BY s) AS r, at FROM imat.moment',
        { freshness: '1ms' },
      );
    await pass();
    const at = (): Promise<unknown> => world.value('SELECT min(at)::text FROM imat.moment');
    const stored = await at();
    for (let round = 0; round < 3; round++) expect(await pass()).toEqual([]);
    expect(await at()).toBe(stored);
    await world.sql(
      `UPDATE imat_catalog.schedule
       SET stored_at = stored_at - interval '2 hours',
         last_ended_at = last_ended_at - interval '1 minute'
       WHERE imat_id = (SELECT id FROM imat_catalog.imat WHERE name = 'moment')`,
    );
    expect(summaries(await pass())[0]).toBe('swap moment (may_have_changed)');
    expect(await at()).not.toBe(stored);
    expect(
      await world.rows(
        'SELECT DISTINCT at FROM imat.one UNION SELECT DISTINCT at FROM ' +
          'imat.two UNION SELECT DISTINCT at FROM imat.moment',
      ),
    ).toHaveLength(1);
    await finished();
    expect(await pass()).toEqual([]);
  });

  test('an answer that reads the time is folded at its interval', async () => {
    const definition = 'SELECT k, sum(v) AS s, now() AS at FROM public.t GROUP BY k';
    await world.imat.create('seldom', definition, { freshness: '1 hour' });
    await world.imat.create('often', definition, { freshness: '1ms' });
    await world.imat.create('always', definition);
    const at = (): Promise<unknown> => world.value('SELECT min(at)::text FROM imat.often');
    const before = await at();
    // Nobody has written.
    expect(new Set(summaries(await pass()))).toEqual(new Set(['fold often (freshness)']));
    expect(await at()).not.toBe(before);
  });

  test('a live imat that is read comes first', async () => {
    await world.imat.create('low', LOW);
    await world.imat.create('top', 'SELECT k, rank() OVER (ORDER BY s) AS r FROM imat.low');
    await world.sql('INSERT INTO t VALUES (5, 9)');
    expect(summaries(await pass({ concurrency: 1 }))).toEqual([
      'fold low (age_bound)',
      'swap top (source_changed)',
    ]);
  });
});
