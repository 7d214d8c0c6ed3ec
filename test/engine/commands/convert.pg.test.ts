/** What convert takes over, takes as options, and leaves behind when it fails. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ConvertOptions } from '../../../engine/api.ts';
import { expectImatError } from './support/expect-imat-error.ts';
import { catalogListing } from './support/listing.ts';
import { expectEqual } from './support/oracle.ts';
import { createPreparedSandbox, type Sandbox } from './support/sandbox.ts';
import { REBUILT } from '../../setup/rebuilt.ts';

const SUMMARY =
  'SELECT region, sum(amount) AS total, count(*) AS n FROM public.sales GROUP BY region';
const RANKS = `${REBUILT}
  SELECT region, product, rank() OVER (ORDER BY amount) AS place FROM public.sales`;
const SALES = `
CREATE TABLE sales (id int PRIMARY KEY, region text, product int, amount numeric(10,2) NOT NULL);
INSERT INTO sales SELECT i, 'r' || i % 5, i % 7, i FROM generate_series(1, 100) AS i;
CREATE MATERIALIZED VIEW summary AS ${SUMMARY};
CREATE MATERIALIZED VIEW ranks AS ${RANKS};`;

let sandbox: Sandbox;
let before: string[];
beforeAll(async () => {
  sandbox = await createPreparedSandbox(SALES);
});
afterEach(() => sandbox.revertAll());
afterAll(() => sandbox.drop());
beforeEach(async () => {
  before = await catalogListing(sandbox.db);
});

/** Converts, looks, reverts, and finds everything as before. */
async function converted(
  view: string,
  options: ConvertOptions,
  look: () => Promise<void>,
): Promise<void> {
  await sandbox.imat.convert(view, options);
  await look();
  await sandbox.imat.revert(options.name ?? view);
  expect(await catalogListing(sandbox.db)).toEqual(before);
}

describe('taken over from the materialized view', () => {
  test('comments on it and on its columns', async () => {
    await sandbox.sql(
      "COMMENT ON MATERIALIZED VIEW summary IS E'it''s\\n" +
        "a \\\\ summary'; COMMENT ON COLUMN summary.total IS 'in EUR'",
    );
    before = await catalogListing(sandbox.db);
    await converted('summary', {}, async () => {
      expect(
        await sandbox.rows(
          'SELECT objsubid, description FROM pg_description WHERE ' +
            "objoid = 'imat.summary'::regclass ORDER BY 1",
        ),
      ).toEqual(
        await sandbox.rows(
          'SELECT objsubid, description FROM pg_description WHERE ' +
            "objoid = 'summary'::regclass ORDER BY 1",
        ),
      );
    });
    await sandbox.sql(
      'COMMENT ON MATERIALIZED VIEW summary IS NULL; COMMENT ON COLUMN summary.total IS NULL',
    );
  });

  test('indexes, for a swap imat as they are', async () => {
    await sandbox.sql(`CREATE UNIQUE INDEX one ON ranks (region, product, place);
      CREATE INDEX two ON ranks (lower(region) DESC NULLS LAST) WHERE place > 3;
      CREATE INDEX three ON ranks USING hash (product);
      CREATE INDEX four ON ranks (place) INCLUDE (region) WITH (fillfactor = 70)`);
    before = await catalogListing(sandbox.db);
    const indexes = (table: string): Promise<unknown[]> =>
      sandbox.rows(
        `SELECT regexp_replace(indexdef, '^CREATE (UNIQUE )?INDEX \\S+ ON \\S+ ', '\\1') AS def
         FROM pg_indexes
         WHERE tablename = '${table}'
         ORDER BY 1`,
      );
    await converted('ranks', {}, async () => {
      expect(await indexes('slot_a_ranks')).toEqual(await indexes('ranks'));
      await sandbox.imat.swap('ranks');
      expect(await indexes('slot_b_ranks')).toEqual(await indexes('ranks'));
      await sandbox.imat.swap('ranks');
      expect(await indexes('slot_a_ranks')).toEqual(await indexes('ranks'));
    });
    await sandbox.sql('DROP INDEX one, two, three, four');
  });

  test('indexes of a delta imat over what is stored, unless its own key serves them', async () => {
    await sandbox.sql(`CREATE MATERIALIZED VIEW keyed AS
        SELECT region, product, product AS again, sum(amount) AS total, count(*) AS n,
          count(*) + 1 AS more
        FROM sales GROUP BY product, region;
      CREATE UNIQUE INDEX served ON keyed (product, region);
      CREATE INDEX ON keyed (region);
      CREATE INDEX ON keyed (lower(region)) WHERE product > 0;
      CREATE INDEX ON keyed (total DESC NULLS LAST, product)
        INCLUDE (region) WITH (fillfactor = 70);
      CREATE INDEX ON keyed USING brin (n, total numeric_minmax_multi_ops);
      CREATE INDEX lost_1 ON keyed (more);
      CREATE INDEX lost_2 ON keyed ((1 / n));
      CREATE INDEX "Lost 3" ON keyed (region) WHERE total > 1;
      CREATE INDEX lost_4 ON keyed ((keyed IS NULL))`);
    before = await catalogListing(sandbox.db);
    const lost = [
      'index lost_1 is not kept: column more is computed when it is read',
      'index lost_2 is not kept: its expression or condition reads n, which is no key',
      'index "Lost 3" is not kept: its expression or condition reads total, which is no key',
      'index lost_4 is not kept: it reads the whole row',
    ];
    expect((await sandbox.imat.explain('keyed')).notes).toEqual(lost);
    await converted('keyed', {}, async () => {
      const explained = (await sandbox.imat.explain('keyed')).sql
        .map((statement) => statement.sql)
        .filter((text) => text.startsWith('CREATE INDEX ON imat_store.state_keyed '));
      expect(explained.map((text) => text.replace(/^.* USING /, ''))).toEqual([
        'CREATE INDEX ON imat_store.state_keyed ((1)) WHERE product IS NULL OR region IS NULL',
        'btree (region)',
        'btree (lower(region)) WHERE (product > 0)',
        "btree (total DESC NULLS LAST, product) INCLUDE (region) WITH (fillfactor='70')",
        'brin (rows, total numeric_minmax_multi_ops)',
      ]);
      expect((await sandbox.imat.explain('keyed')).notes).toEqual(lost);
      await sandbox.sql('INSERT INTO sales SELECT id + 1000, region, product, amount FROM sales');
      await sandbox.imat.fold('keyed');
      await sandbox.sql('SET enable_seqscan = off; SET enable_sort = off');
      const plan = await sandbox.rows(
        `EXPLAIN (FORMAT JSON) SELECT * FROM imat.keyed ORDER BY total DESC NULLS LAST LIMIT 1`,
      );
      expect(JSON.stringify(plan)).toContain('state_keyed_total_product_region_idx');
      await sandbox.sql('RESET enable_seqscan; RESET enable_sort');
    });
    await sandbox.sql('DROP MATERIALIZED VIEW keyed');
  });

  test('names, types, order and collations of the columns', async () => {
    await sandbox.sql(`CREATE DOMAIN name_d AS varchar(30);
      CREATE TABLE typed (
        a varchar(10) COLLATE "C", b numeric(8,3), c name_d, d timestamptz,
        e char(4), f text[], g interval, h bit(3), i timestamp(2)
      );
      INSERT INTO typed VALUES ('x', 1.5, 'n', now(), 'c', '{a,b}', '1 day', B'101', '2026-01-01');
      CREATE MATERIALIZED VIEW grouped AS
      SELECT e, a, c AS "Name", b, d, f, h, i, sum(b) AS s, avg(b) AS m, count(*) AS n,
        (sum(b) / 3)::numeric(10,2) AS third, sum(g) AS g
      FROM typed
      GROUP BY a, b, c, d, e, f, h, i;
      CREATE MATERIALIZED VIEW listed AS
      ${REBUILT}
        SELECT i, e, a, c AS "Name", b, d, f, g, h, a || 'x' AS ax, row_number() OVER () AS n
      FROM typed;
      CREATE MATERIALIZED VIEW bag AS
      SELECT i, e, a, c AS "Name", b, d, f, g, h, a || 'x' AS ax FROM typed;
      CREATE MATERIALIZED VIEW regrouped AS
      SELECT t.i, t.e, t.a, t.c AS "Name", t.b, t.d, t.f, t.g, t.h, max(u.g) AS most
      FROM typed t LEFT JOIN typed u ON u.a = t.a
      GROUP BY t.i, t.e, t.a, t.c, t.b, t.d, t.f, t.g, t.h;
      CREATE MATERIALIZED VIEW stores AS
      SELECT i, e, a, c AS "Name", b, d, f, g, h, a || 'x' AS ax, count(*) OVER () AS n,
        (SELECT sum(b) FROM typed) AS s
      FROM typed;
      CREATE VIEW reads_all AS
      SELECT g.a, l.b, b.c
      FROM (SELECT a FROM grouped) g, (SELECT b FROM listed) l, (SELECT "Name" AS c FROM bag) b`);
    before = await catalogListing(sandbox.db);
    const columns = (relation: string): Promise<unknown[]> =>
      sandbox.rows(
        `SELECT attnum, attname, format_type(atttypid, atttypmod) AS type,
           attcollation::regcollation AS collation
         FROM pg_attribute
         WHERE attrelid = '${relation}'::regclass AND attnum > 0
         ORDER BY 1`,
      );
    for (const view of ['grouped', 'listed', 'bag', 'regrouped', 'stores']) {
      for (const freshness of ['live', 'manual']) {
        const expected = await columns(view);
        await converted(view, { freshness, replace: true }, async () => {
          expect(await columns(`imat.${view}`)).toEqual(expected);
          expect(await columns(view)).toEqual(expected);
          // The same value, on its way through the log, must still be the same.
          const [row] = await sandbox.db.query<{ definition: string }>(
            `SELECT rtrim(pg_get_viewdef('imat_store.definition_${view}'), ';') AS definition`,
          );
          for (const change of [
            'INSERT INTO typed SELECT * FROM typed',
            'DELETE FROM typed WHERE ctid = (SELECT min(ctid) FROM typed)',
          ]) {
            await sandbox.sql(change);
            if (freshness === 'live')
              await expectEqual(sandbox.db, `imat.${view}`, row?.definition ?? '', change);
          }
          await (view === 'listed' ? sandbox.imat.swap(view) : sandbox.imat.fold(view));
          await expectEqual(sandbox.db, `imat.${view}`, row?.definition ?? '', 'afterwards');
        });
      }
    }
    await sandbox.sql(
      `DROP VIEW reads_all;
       DROP MATERIALIZED VIEW grouped, listed, bag, regrouped, stores;
       DROP TABLE typed;
       DROP DOMAIN name_d`,
    );
  });

  test('nothing of its data: one that was never populated converts as well', async () => {
    await sandbox.sql(`CREATE MATERIALIZED VIEW empty AS ${SUMMARY} WITH NO DATA`);
    before = await catalogListing(sandbox.db);
    for (const options of [{}, { strategy: 'swap' }, { replace: true }] as const) {
      await converted('empty', options, async () => {
        await expectEqual(sandbox.db, 'imat.empty', SUMMARY);
        if ('replace' in options) await expectEqual(sandbox.db, 'public.empty', SUMMARY);
      });
    }
    await sandbox.sql('DROP MATERIALIZED VIEW empty');
  });
});

describe('a dry run', () => {
  test.each([
    ['summary', 'delta'],
    ['ranks', 'swap'],
  ])('of %s says what convert would, and changes nothing at all', async (view, strategy) => {
    const labels: string[] = [];
    const result = await sandbox.imat.convert(view, {
      dryRun: true,
      freshness: '5s',
      onProgress: ({ label }) => labels.push(label),
    });
    expect(result).toMatchObject({
      name: view,
      relation: `imat.${view}`,
      strategy,
      freshness: '5s',
      dryRun: true,
    });
    expect(labels).toEqual(['reading the definition']);
    expect(await catalogListing(sandbox.db)).toEqual(before);
    const { loadMs, ...converted } = await sandbox.imat.convert(view, { freshness: '5s' });
    expect({ ...converted, loadMs: null }).toEqual({ ...result, dryRun: false });
    expect(loadMs).toBeGreaterThan(0);
    await sandbox.imat.revert(view);
  });

  test('of a query changes nothing at all either', async () => {
    await sandbox.imat.create('counted', 'SELECT count(*) FROM sales', { dryRun: true });
    expect(await catalogListing(sandbox.db)).toEqual(before);
  });
});

describe('freshness', () => {
  test('another way to write it is stored as the usual one', async () => {
    await converted('summary', {}, async () => {
      const stored: unknown[] = [];
      for (const freshness of ['5sec', '1m', '1 minute', '1h 30 minutes', '120 min']) {
        await sandbox.imat.convert('summary', { freshness });
        stored.push((await sandbox.imat.status('summary')).imats[0]?.freshness);
      }
      expect(stored).toEqual(['5s', '1min', '1min', '90min', '2h']);
    });
  });
  test.each(['live', '5s', 'manual'])('%s is stored as it is', async (freshness) => {
    await converted('summary', { freshness }, async () => {
      expect((await sandbox.imat.status('summary')).imats).toMatchObject([{ freshness }]);
      await sandbox.sql(`INSERT INTO sales VALUES (999, 'fresh', 1, 1)`);
      expect(
        await sandbox.rows(`SELECT region FROM imat.summary WHERE region = 'fresh'`),
      ).toHaveLength(freshness === 'live' ? 1 : 0);
      expect((await sandbox.imat.status('summary')).imats).toMatchObject([{ pendingRows: 1 }]);
      await sandbox.imat.fold('summary');
      await expectEqual(sandbox.db, 'imat.summary', SUMMARY);
      expect((await sandbox.imat.status('summary')).imats).toMatchObject([{ pendingRows: 0 }]);
      await sandbox.sql('DELETE FROM sales WHERE id = 999');
    });
  });

  test.each(['', 'LIVE', '5', '-5s', '0s', 'soon', '5 parsecs', "5s'; DROP TABLE sales; --"])(
    '%j is none',
    async (freshness) => {
      expect(
        (
          await expectImatError('invalid_argument', () =>
            sandbox.imat.convert('summary', { freshness }),
          )
        ).hint,
      ).toContain('live, manual, or an interval');
      expect(await catalogListing(sandbox.db)).toEqual(before);
    },
  );

  test('a second convert with another freshness changes the view in place', async () => {
    await sandbox.imat.convert('summary');
    const oid = await sandbox.value(`SELECT 'imat.summary'::regclass::oid`);
    expect(
      await sandbox.imat.convert('summary', { freshness: 'manual', dryRun: true }),
    ).toMatchObject({ freshness: 'manual' });
    expect((await sandbox.imat.status('summary')).imats).toMatchObject([{ freshness: 'live' }]);
    await sandbox.imat.convert('summary', { freshness: 'manual' });
    expect((await sandbox.imat.status('summary')).imats).toMatchObject([{ freshness: 'manual' }]);
    expect(await sandbox.value(`SELECT 'imat.summary'::regclass::oid`)).toBe(oid);
    await sandbox.imat.revert('summary');
  });
});

describe('strategy', () => {
  test('delta where the definition does not allow it: every reason, with its place', async () => {
    await sandbox.sql(`CREATE MATERIALIZED VIEW many AS
      SELECT array_agg(s.product ORDER BY s.id) AS products, max(s.amount) AS top,
        rank() OVER (ORDER BY count(*)) AS place
      FROM sales s LEFT JOIN sales t ON t.id = s.product`);
    const dry = await sandbox.imat.convert('many', { dryRun: true });
    expect(dry.strategy).toBe('swap');
    const error = await expectImatError('strategy_unavailable', () =>
      sandbox.imat.convert('many', { strategy: 'delta' }),
    );
    expect(error.message).toBe('this definition cannot be maintained by delta');
    for (const { message, position } of dry.reasons) {
      const place = position && ` (line ${position.line}, column ${position.column})`;
      expect(error.detail?.toLowerCase()).toContain(`${message.toLowerCase()}${place ?? ''}`);
    }
    // Not the window over the group: that would be computed when it is read.
    expect(dry.reasons.map(({ kind, position }) => [kind, position !== null])).toEqual([
      ['aggregate_order_by', true],
      ['outer_join', true],
      ['no_key', false],
    ]);
    expect(error.position).toMatchObject({
      line: dry.reasons[0]?.position?.line,
      text: expect.stringContaining('SELECT'),
    });
    await sandbox.sql('DROP MATERIALIZED VIEW many');
    expect(await catalogListing(sandbox.db)).toEqual(before);
  });

  test('swap says how long the definition took, and proposes an interval', async () => {
    await sandbox.sql(`CREATE MATERIALIZED VIEW sampled AS
      SELECT count(*) AS n FROM sales TABLESAMPLE SYSTEM (100)`);
    expect(await sandbox.imat.convert('sampled', { dryRun: true })).toMatchObject({
      loadMs: null,
      proposedFreshness: null,
    });
    const { loadMs, proposedFreshness } = await sandbox.imat.convert('sampled');
    const [recorded] = await sandbox.rows<{ ms: number }>(
      `SELECT last_ms AS ms FROM imat_catalog.status WHERE name = 'sampled'`,
    );
    expect(loadMs).toBeGreaterThan(0);
    expect(recorded?.ms).toBeCloseTo(loadMs ?? 0, 1);
    expect(proposedFreshness).toMatch(/^\d+(s|min)$/);
    const fresh = { freshness: proposedFreshness ?? '' };
    expect(await sandbox.imat.convert('sampled', fresh)).toMatchObject({
      freshness: proposedFreshness,
      loadMs: null,
      proposedFreshness: null,
    });
    await sandbox.imat.revert('sampled');
    await sandbox.sql('DROP MATERIALIZED VIEW sampled');
    expect(await catalogListing(sandbox.db)).toEqual(before);
  });

  test('whatever has a type that no column can have', async () => {
    const definition =
      'SELECT count(*) AS n, count(ROW(product, amount)) AS rows FROM public.sales';
    await sandbox.sql(`CREATE MATERIALIZED VIEW pseudo AS ${definition}`);
    before = await catalogListing(sandbox.db);
    expect(await sandbox.imat.convert('pseudo')).toMatchObject({
      strategy: 'swap',
      reasons: [{ kind: 'pseudo_type', position: { line: 2 } }],
    });
    await expectEqual(sandbox.db, 'imat.pseudo', definition);
    await sandbox.imat.revert('pseudo');
    await sandbox.sql('DROP MATERIALIZED VIEW pseudo');
  });

  test('swap where delta would do', async () => {
    await converted('summary', { strategy: 'swap' }, async () => {
      expect((await sandbox.imat.status('summary')).imats).toMatchObject([{ strategy: 'swap' }]);
      await sandbox.sql(`INSERT INTO sales VALUES (999, 'fresh', 1, 1)`);
      await expectEqual(sandbox.db, 'imat.summary', SUMMARY);
      await sandbox.imat.swap('summary');
      await sandbox.sql('DELETE FROM sales WHERE id = 999');
      await expectEqual(sandbox.db, 'imat.summary', SUMMARY);
      expect(
        await expectImatError('strategy_unavailable', () => sandbox.imat.fold('summary')),
      ).toMatchObject({
        message: 'imat "summary" has the strategy swap',
      });
    });
  });

  test('fold and swap say so where the other one is meant', async () => {
    await converted('summary', {}, async () => {
      expect(
        await expectImatError('strategy_unavailable', () => sandbox.imat.swap('summary')),
      ).toMatchObject({
        message: 'imat "summary" has the strategy delta',
      });
    });
  });
});
