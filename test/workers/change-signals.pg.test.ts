/** How a worker sees that something has changed. */
import { describe, expect, inject, test } from 'vitest';
import { until, type World } from '../engine/commands/support/world.ts';
import { summaries, usePasses } from './support/passes.ts';

let world: World;
const { pass } = usePasses((created) => {
  world = created;
});

describe('change signals', () => {
  test('a source that cannot be captured is told by its statistics and its file', async () => {
    await world.sql(`CREATE UNLOGGED TABLE u (a int); INSERT INTO u VALUES (1)`);
    await world.imat.create('over_unlogged', 'SELECT count(*) AS n, max(a) AS m FROM public.u', {
      freshness: '1ms',
    });
    await pass();
    expect(await pass()).toEqual([]);
    await world.sql('INSERT INTO u VALUES (7)');
    await until('the change is seen', async () =>
      summaries(await pass()).includes('swap over_unlogged (source_changed)'),
    );
    expect(await world.rows('SELECT * FROM imat.over_unlogged')).toEqual([{ n: '2', m: 7 }]);
    await world.sql('TRUNCATE u');
    await until('the truncation is seen', async () =>
      summaries(await pass()).includes('swap over_unlogged (source_changed)'),
    );
    expect(await world.rows('SELECT * FROM imat.over_unlogged')).toEqual([{ n: '0', m: null }]);
  });

  test('an answer that depends on the moment is swapped when its interval has passed', async () => {
    await world.imat.create('recent', `SELECT count(*) AS n, max(now()) AS at FROM public.t`, {
      freshness: '1ms',
    });
    expect(summaries(await pass())).toContain('swap recent (may_have_changed)');
  });

  test('the extension’s answer spares a look into the logs, which are the fallback', async () => {
    await world.imat.convert('sums');
    await world.sql('INSERT INTO t VALUES (1, 1)');
    // Stands for the extension: what is asked of it, and what it may do.
    const stand = (body: string) =>
      `CREATE OR REPLACE FUNCTION imat_catalog.unchanged_pairs() RETURNS text[]
       LANGUAGE plpgsql
       AS $$ BEGIN ${body} END $$`;
    await world.sql(
      stand(
        `RETURN (
           SELECT array_agg(z.imat_id || ':' || z.relation::oid) FROM imat_catalog.imat_source z
         );`,
      ),
    );
    expect(await pass()).toEqual([]);
    await world.sql(stand('RETURN NULL;'));
    expect(summaries(await pass())).toEqual(['fold sums (age_bound)']);
  });

  test('a look tells in no more than its snapshot that nothing has changed', async () => {
    await world.imat.convert('sums');
    const first = await world.value<{ snapshot: string; imats: unknown[] }>(
      'SELECT imat_catalog.look(NULL, 10, NULL)',
    );
    expect(first.imats).toHaveLength(1);
    const again = `SELECT imat_catalog.look('${first.snapshot}', 10, NULL)`;
    if (new URL(inject('postgresUrl')).pathname !== '') {
      // Other tests on the server begin and end transactions: then the answer is whole, and right
      // as well.
      const second = await world.value<{ snapshot: string; imats?: unknown[] }>(again);
      expect(second.imats === undefined || second.snapshot !== first.snapshot).toBe(true);
    }
    await world.sql('INSERT INTO t VALUES (1, 1)');
    expect(await world.value(again)).toMatchObject({ imats: [{ name: 'sums', pendingRows: 1 }] });
  });
});
