/**
 * Aggregates without an order over subqueries that are sorted, by their columns or by something
 * else: the answer is that of the order written out, after every change.
 */
import { expect, test } from 'vitest';
import { expectEqual } from '../commands/support/oracle.ts';
import { inPreparedSandbox } from '../commands/support/sandbox.ts';

const SETUP = `CREATE TABLE item (id int PRIMARY KEY, kind text, place int, name text);
  INSERT INTO item SELECT n, 'k' || n % 4, n * 7 % 5, 'n' || n % 6 FROM generate_series(1, 60) n;
  ANALYZE`;

const CASES: readonly (readonly [what: string, query: string, byHand: string])[] = [
  [
    'by a column that it does not show',
    `SELECT kind, array_agg(id) AS ids
      FROM (SELECT kind, id FROM public.item ORDER BY place DESC, id) q GROUP BY kind`,
    `SELECT kind, array_agg(id ORDER BY place DESC, id) AS ids FROM public.item GROUP BY kind`,
  ],
  [
    'by an expression, with ties',
    `SELECT kind, string_agg(id::text, ',') AS ids, count(*) AS n
      FROM (SELECT * FROM public.item ORDER BY place % 3) q GROUP BY kind`,
    `SELECT kind, string_agg(id::text, ',' ORDER BY place % 3, id) AS ids, count(*) AS n
      FROM public.item GROUP BY kind`,
  ],
  [
    'of DISTINCT ON, whose other sorts choose',
    `SELECT q.kind, array_agg(q.id) AS ids FROM (SELECT DISTINCT ON (kind, name) kind, name, id
        FROM public.item ORDER BY kind, name, place DESC, id) q GROUP BY q.kind`,
    `SELECT q.kind, array_agg(q.id ORDER BY q.name) AS ids
      FROM (SELECT kind, name, id, row_number() OVER (PARTITION BY kind, name
        ORDER BY place DESC, id) AS n FROM public.item) q WHERE n = 1 GROUP BY q.kind`,
  ],
  [
    'of groups',
    `SELECT jsonb_agg(q.name) AS names FROM (SELECT name FROM public.item GROUP BY name
      ORDER BY sum(place) DESC, name) q`,
    `SELECT jsonb_agg(q.name ORDER BY q.s DESC, q.name) AS names
      FROM (SELECT name, sum(place) AS s FROM public.item GROUP BY name) q`,
  ],
  [
    'of each row',
    `SELECT k.kind, (SELECT array_agg(q.id) FROM (SELECT i.id FROM public.item i
        WHERE i.kind = k.kind ORDER BY i.name, i.id DESC) q) AS ids,
      ARRAY(SELECT q.id FROM (SELECT i.id FROM public.item i WHERE i.kind = k.kind
        ORDER BY i.place, i.id DESC) q) AS others
      FROM (SELECT DISTINCT kind FROM public.item) k`,
    `SELECT kind, array_agg(id ORDER BY name, id DESC) AS ids,
      array_agg(id ORDER BY place, id DESC) AS others FROM public.item GROUP BY kind`,
  ],
];

test.each(CASES)('%s', async (_what, query, byHand) => {
  await inPreparedSandbox(SETUP, async (sandbox) => {
    expect(await sandbox.imat.create('listed', query)).toMatchObject({
      notes: expect.arrayContaining([
        expect.stringMatching(/takes its rows in the order of|are broken by/),
      ]),
    });
    await expectEqual(sandbox.db, 'imat.listed', byHand, 'after convert');
    for (const change of [
      `INSERT INTO item SELECT n, 'k' || n % 5, n % 3, 'n' || n % 9 FROM generate_series(70, 90) n`,
      'UPDATE item SET place = place + id % 4 WHERE id % 3 = 0',
      `UPDATE item SET name = 'n1' WHERE id % 7 = 0`,
      'DELETE FROM item WHERE id % 5 = 0',
    ]) {
      await sandbox.sql(change);
      await expectEqual(sandbox.db, 'imat.listed', byHand, change);
      await sandbox.imat.fold('listed');
      await expectEqual(sandbox.db, 'imat.listed', byHand, `${change}, then fold`);
    }
  });
});

test('a whole row of the subquery keeps its columns', async () => {
  await inPreparedSandbox(SETUP, async (sandbox) => {
    const { strategy, reasons } = await sandbox.imat.explain(
      `SELECT array_agg(q.id) AS ids, max(to_jsonb(q)::text) AS most
        FROM (SELECT id FROM public.item ORDER BY place) q`,
      { query: true },
    );
    expect(strategy).toBe('swap');
    expect(reasons.map(({ kind }) => kind)).toContain('unspecified_order');
  });
});
