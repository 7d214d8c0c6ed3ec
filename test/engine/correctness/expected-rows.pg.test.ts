/**
 * What the planner is told of pending rows and of keys: the numbers, to whom they are told, and
 * that pending rows of two tables are not compared one by one when statistics say there are none.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createPreparedWorld, expectExact, until, type World } from '../commands/support/world.ts';
import { foldAll } from '../../setup/fold-all.ts';

const SUMMARY = {
  name: 'summary',
  definition: `SELECT b.land, count(*) AS n, sum(l.qty) AS qty
    FROM public.buyer b, public.purchase p, public.line l, public.land d
    WHERE p.buyer = b.id AND l.purchase = p.id AND b.land = d.id GROUP BY b.land`,
};
const LATEST = {
  name: 'latest',
  definition: `SELECT DISTINCT ON (p.buyer) p.buyer, p.id FROM public.purchase p
    ORDER BY p.buyer, p.id DESC`,
};
const OPEN = {
  name: 'open',
  definition: `SELECT p.id, p.buyer FROM public.purchase p
    WHERE EXISTS (SELECT FROM public.line l WHERE l.purchase = p.id AND l.qty > 1)
      AND p.buyer IN (SELECT b.id FROM public.buyer b WHERE b.land <> 3)`,
};
const ALL = [SUMMARY, LATEST, OPEN];
const LOG = 'imat_store.log_public_purchase';

let world: World;
beforeAll(async () => {
  world = await createPreparedWorld(`
    CREATE TABLE land (id int PRIMARY KEY);
    CREATE TABLE buyer (id int PRIMARY KEY, land int);
    CREATE TABLE purchase (id int PRIMARY KEY, buyer int, note int DEFAULT 7);
    CREATE TABLE line (purchase int, number int, qty int, PRIMARY KEY (purchase, number));
    INSERT INTO land SELECT generate_series(1, 5);
    INSERT INTO buyer SELECT i, 1 + i % 5 FROM generate_series(1, 400) AS i;
    INSERT INTO purchase SELECT i, 1 + i % 400 FROM generate_series(1, 4000) AS i;
    INSERT INTO line SELECT i, n, 1 FROM generate_series(1, 4000) AS i, generate_series(1, 3) AS n;
    ANALYZE`);
  for (const { name, definition } of ALL) await world.imat.create(name, definition);
});
afterAll(() => world.drop());

const expectedOf = (name: string): Promise<number> =>
  world.value<number>(`SELECT imat_catalog.expected_rows(i.id, '${LOG}')
    FROM imat_catalog.imat i WHERE i.name = '${name}'`);

/** Changes purchases and lines, after a fold and VACUUM have left logs that look empty. */
async function changeMany(): Promise<void> {
  await world.sql(
    'UPDATE line SET qty = qty + 1; UPDATE purchase SET buyer = 1 + (buyer + 1) % 400',
  );
  await foldAll(world.imat);
  for (const table of ['purchase', 'line'])
    await world.sql(`VACUUM (ANALYZE) imat_store.log_public_${table}`);
  await world.sql(`UPDATE line SET qty = qty + 1 WHERE purchase % 2 = 0;
    UPDATE purchase SET buyer = 1 + (buyer + 1) % 400 WHERE id % 2 = 0`);
}

test('who may not read the imat learns no more than the size of the file', async () => {
  await foldAll(world.imat);
  await world.sql('UPDATE purchase SET buyer = 9 WHERE id = 1');
  const stranger = await world.role();
  const reader = await world.role();
  await world.sql(
    `GRANT USAGE ON SCHEMA imat, imat_catalog TO ${reader}, ${stranger};
     GRANT SELECT ON imat.latest TO ${reader}`,
  );
  const id = await world.value<number>(`SELECT id FROM imat_catalog.imat WHERE name = 'latest'`);
  const size = await world.value<number>(
    `SELECT least(pg_relation_size('${LOG}') / 44, 1000)::int`,
  );
  expect(size).toBeGreaterThan(2);
  for (const [role, expected, keys] of [
    [stranger, size, null],
    [reader, 2, 400],
  ] as const) {
    const session = await world.session(role);
    const log = await world.value<number>(`SELECT '${LOG}'::regclass::oid`);
    expect(
      await session.value<number>(
        `SELECT imat_catalog.expected_rows(${id}, ${log}::oid::regclass)`,
      ),
    ).toBe(expected);
    const distinct = await session.value<string | null>(
      `SELECT imat_catalog.distinct_values(${id}, 'public.purchase', 2)`,
    );
    expect(distinct === null ? null : Number(distinct)).toBe(keys);
  }
});

test('it is how many are pending for the imat, up to a bound', async () => {
  await foldAll(world.imat);
  expect(await expectedOf('summary')).toBe(1);
  await world.sql('UPDATE purchase SET buyer = 7 WHERE id = 1');
  expect(await expectedOf('summary')).toBe(2);
  await world.imat.fold('latest');
  expect(await expectedOf('latest')).toBe(1);
  expect(await expectedOf('summary')).toBe(2);
  await changeMany();
  expect(await expectedOf('summary')).toBe(1000);
  await expectExact(world, ALL);
});

type PlanNode = {
  readonly 'Node Type': string;
  readonly 'Plan Rows': number;
  readonly 'Subplan Name'?: string;
  readonly 'CTE Name'?: string;
  readonly 'Index Cond'?: string;
  readonly 'Relation Name'?: string;
  readonly Plans?: readonly PlanNode[];
};

const nodesOf = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)];
const readsChanges = (node: PlanNode): boolean => node['CTE Name']?.startsWith('changes_') === true;

test('pending rows of two tables are hashed, whatever statistics say of their logs', async () => {
  await changeMany();
  await world.sql('SET join_collapse_limit = 1; SET enable_mergejoin = off');
  const [row] = await world.rows<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(
    'EXPLAIN (FORMAT json) SELECT * FROM imat_store.delta_summary',
  );
  await world.sql('RESET join_collapse_limit; RESET enable_mergejoin');
  const nodes = nodesOf(row?.['QUERY PLAN'][0].Plan ?? expect.fail('no plan'));
  const changes = nodes.filter((node) => node['Subplan Name']?.startsWith('CTE changes_') === true);
  const rows = changes.map((node) => [node['Subplan Name'], node['Plan Rows']] as const);
  expect(new Set(rows.map(([name]) => name))).toEqual(
    new Set(['r1', 'r2', 'r3', 'r4'].map((alias) => `CTE changes_${alias}`)),
  );
  for (const [name, count] of rows)
    if (name === 'CTE changes_r2' || name === 'CTE changes_r3')
      expect(count, name).toBeGreaterThanOrEqual(1000);
  // Both inputs of a nested loop that compares them one by one would be such scans.
  const compared = nodes.filter(
    (node) =>
      node['Node Type'] === 'Nested Loop' &&
      (node.Plans ?? []).filter((input) => nodesOf(input).some(readsChanges)).length > 1,
  );
  expect(compared).toEqual([]);
  expect(nodes.filter(readsChanges).length).toBeGreaterThan(4);
});

test('rows from before of a table in the midst of a join are looked up by its index', async () => {
  await foldAll(world.imat);
  await world.sql(`CREATE INDEX by_buyer ON purchase (buyer);
    UPDATE buyer SET land = 4 WHERE id = 9;
    SET join_collapse_limit = 1; SET enable_mergejoin = off; SET enable_seqscan = off;
    SET enable_bitmapscan = off; SET enable_hashjoin = off`);
  // An index over rows that were updated before is of no use to a snapshot that is older than some
  // transaction, in any database, that was open when it was created (pg_index.indcheckxmin).
  await until('the index is used', async () => {
    const [row] = await world.rows<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(
      'EXPLAIN (FORMAT json) SELECT * FROM imat_store.delta_summary',
    );
    return nodesOf(row?.['QUERY PLAN'][0].Plan ?? expect.fail('no plan'))
      .filter((node) => node['Node Type'] === 'Append')
      .map((node) => (node.Plans ?? []).find((half) => half['Relation Name'] === 'purchase'))
      .some((half) => half?.['Index Cond']?.includes('buyer =') === true);
  });
  await world.sql(`RESET join_collapse_limit; RESET enable_mergejoin; RESET enable_seqscan;
    RESET enable_bitmapscan; RESET enable_hashjoin`);
  await expectExact(world, ALL);
  await world.sql('DROP INDEX by_buyer');
});

test('keys are a condition of one index, and never beside the one that joins', async () => {
  await changeMany();
  const [row] = await world.rows<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(
    'EXPLAIN (FORMAT json) SELECT * FROM imat_store.current_open',
  );
  const conditions = nodesOf(row?.['QUERY PLAN'][0].Plan ?? expect.fail('no plan')).flatMap(
    (node) => node['Index Cond'] ?? [],
  );
  expect(conditions.filter((one) => one.includes('= ANY'))).not.toEqual([]);
  expect(conditions.filter((one) => / AND .*= ANY|= ANY.* AND /.test(one))).toEqual([]);
  await expectExact(world, ALL);
});

/** Of each, the conditions of indexes that its touched keys are. */
const LOOKED_UP: readonly (readonly [string, string, readonly string[]])[] = [
  [
    'both sides of a FULL JOIN',
    'SELECT id, p.buyer, b.land FROM public.purchase p FULL JOIN public.buyer b USING (id)',
    ['buyer', 'purchase'],
  ],
  [
    'a FULL JOIN of subqueries',
    `SELECT id, p.buyer, b.land FROM (SELECT * FROM public.purchase WHERE buyer > 0) p
       FULL JOIN (SELECT * FROM public.buyer WHERE land > 0) b USING (id)`,
    ['buyer', 'purchase'],
  ],
  [
    'a table beside a series',
    `SELECT s.n, max(p.buyer) AS buyer FROM pg_catalog.generate_series(1, 4000) AS s(n)
       LEFT JOIN public.purchase p ON p.id = s.n GROUP BY s.n`,
    ['purchase'],
  ],
  [
    'the side that is kept',
    'SELECT b.id, p.buyer FROM public.purchase p RIGHT JOIN public.buyer b ON b.id = p.id',
    ['buyer'],
  ],
];

test.each(LOOKED_UP)('what keys are looked up in: %s', async (_, definition, tables) => {
  const one = { name: 'looked_up', definition };
  await world.imat.create(one.name, definition);
  try {
    await world.sql('UPDATE purchase SET buyer = 1 + (buyer + 1) % 400 WHERE id = 7');
    await world.sql('SET enable_seqscan = off; SET enable_bitmapscan = off');
    const [row] = await world.rows<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(
      'EXPLAIN (FORMAT json) SELECT * FROM imat_store.current_looked_up WHERE NOT imat_stays',
    );
    await world.sql('RESET enable_seqscan; RESET enable_bitmapscan');
    const found = nodesOf(row?.['QUERY PLAN'][0].Plan ?? expect.fail('no plan'))
      .filter((node) => node['Index Cond']?.includes('= ANY') === true)
      .map((node) => node['Relation Name'] ?? '');
    expect(found.filter((table) => !table.startsWith('state')).toSorted()).toEqual(tables);
    await expectExact(world, one);
    await world.imat.fold(one.name);
    await expectExact(world, one);
  } finally {
    await world.imat.revert(one.name).catch(() => undefined);
    await world.sql('DROP VIEW IF EXISTS public.looked_up');
  }
});

test('how many keys there are is what statistics say of their column', async () => {
  const keys = (column: number): Promise<string | null> =>
    world.value(`SELECT imat_catalog.distinct_values(i.id, 'public.purchase', ${column})
      FROM imat_catalog.imat i WHERE name = 'latest'`);
  expect(Number(await keys(1))).toBe(4000);
  expect(Number(await keys(2))).toBe(400);
  // A table that is no source of the imat, and a column that is none.
  expect(
    await world.value(`SELECT imat_catalog.distinct_values(i.id, 'public.land', 1)
    FROM imat_catalog.imat i WHERE name = 'latest'`),
  ).toBeNull();
  expect(await keys(9)).toBeNull();
  // One that no imat reads.
  expect(
    await world.value(`SELECT n_distinct FROM pg_stats
      WHERE tablename = 'purchase' AND attname = 'note'`),
  ).toBe('1');
  expect(await keys(3)).toBeNull();
  await world.sql(`DELETE FROM pg_statistic WHERE starelid = 'purchase'::regclass`);
  expect(await keys(2)).toBeNull();
});

test('what a user sets imat.few to fails no read and no fold', async () => {
  for (const few of ['abc', '-5', '0', '', '1e9', ' 7 ', '9223372036854775807', '9'.repeat(30)]) {
    await world.sql(`SET imat.few = '${few}';
      UPDATE purchase SET buyer = 1 + (buyer + 1) % 400 WHERE id < 20`);
    await expectExact(world, ALL, few);
  }
  await world.sql('RESET imat.few');
});

test('groups over rows are folded where much is pending for few keys', async () => {
  const total = {
    name: 'total',
    definition: `SELECT count(*) AS n, sum(b.land) AS land FROM public.buyer b
      WHERE EXISTS (SELECT FROM public.purchase p WHERE p.buyer = b.id AND p.id % 7 = 1)`,
  };
  await world.imat.create(total.name, total.definition);
  await world.sql(`DELETE FROM purchase WHERE buyer <= 5;
    INSERT INTO purchase SELECT 10000 + 7 * i, 1 + i % 5 FROM generate_series(1, 20000) AS i`);
  const touched = await world.value<number>(
    `SELECT cardinality(keys) FROM imat_store.touched2_total WHERE is_few`,
  );
  expect(touched).toBe(5);
  await world.imat.fold(total.name);
  await expectExact(world, total);
});

test('a function that fails for NULL sees none of the rows that never come', async () => {
  await world.sql(`CREATE FUNCTION strictly(i int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
    BEGIN IF i IS NULL THEN RAISE EXCEPTION 'no value'; END IF; RETURN i; END $$`);
  const both = {
    name: 'both',
    definition: `SELECT p.buyer FROM public.purchase p WHERE public.strictly(p.buyer) > 3
      UNION ALL SELECT b.land FROM public.buyer b WHERE public.strictly(b.land) > 1`,
  };
  await world.imat.create(both.name, both.definition);
  await world.sql(`UPDATE purchase SET buyer = 1 + (buyer + 1) % 400 WHERE id < 20;
    UPDATE buyer SET land = 2 WHERE id = 8`);
  await expectExact(world, both);
  await world.imat.fold(both.name);
  await expectExact(world, both);
});

test('twelve tables with one key', { timeout: 60_000 }, async () => {
  const numbers = Array.from({ length: 12 }, (_, index) => index + 1);
  for (const n of numbers)
    await world.sql(`CREATE TABLE part${n} (id int PRIMARY KEY, value int);
      INSERT INTO part${n} SELECT i, i FROM generate_series(1, 20) AS i`);
  const joined = {
    name: 'joined',
    definition: `SELECT part1.id, ${numbers.map((n) => `part${n}.value AS v${n}`).join(', ')}
      FROM ${numbers.map((n) => `public.part${n}`).join(', ')}
      WHERE ${numbers
        .slice(1)
        .map((n) => `part${n}.id = part${n - 1}.id`)
        .join(' AND ')}`,
  };
  await world.imat.create(joined.name, joined.definition);
  await world.sql(`UPDATE part3 SET value = 9 WHERE id = 3; DELETE FROM part5 WHERE id = 4;
    UPDATE part12 SET value = 1 WHERE id = 3`);
  await expectExact(world, joined);
  await world.imat.fold(joined.name);
  await expectExact(world, joined);
});

test('columns keep their collation and the length of their type', async () => {
  await world.sql(`
    CREATE TABLE left_side (id int PRIMARY KEY, k varchar(3) COLLATE "C", n numeric(8,2));
    CREATE TABLE right_side (id int PRIMARY KEY, k varchar(3) COLLATE "C", b bit(3));
    INSERT INTO left_side VALUES (1, 'a', 1), (2, 'B', 2);
    INSERT INTO right_side VALUES (1, 'b', '101'), (2, 'A', '011')`);
  const compared = {
    name: 'compared',
    definition: `SELECT l.k, upper(r.k) AS u, r.b, l.n FROM public.left_side l, public.right_side r
      WHERE l.k < r.k AND r.k > 'A'`,
  };
  await world.imat.create(compared.name, compared.definition);
  const types = `SELECT format_type(atttypid, atttypmod) AS type FROM pg_attribute
    WHERE attrelid = 'imat.compared'::regclass AND attnum > 0 ORDER BY attnum`;
  expect((await world.rows<{ type: string }>(types)).map(({ type }) => type)).toEqual([
    'character varying(3)',
    'text',
    'bit(3)',
    'numeric(8,2)',
  ]);
  await world.sql(`INSERT INTO left_side VALUES (3, 'a', 3), (4, NULL, 4);
    INSERT INTO right_side VALUES (3, 'c', '111'); UPDATE left_side SET k = 'AA' WHERE id = 2`);
  await expectExact(world, compared);
  await world.imat.fold('compared');
  await expectExact(world, compared);
});

test('the planner does not expect a thousand rows of an arm that is a function', async () => {
  const definition = 'SELECT p.note, p.buyer % 9 AS b FROM public.purchase p GROUP BY 1, 2';
  await world.imat.create('notes', definition);
  const [plan] = await world.rows<{ 'QUERY PLAN': [{ Plan: { 'Plan Rows': number } }] }>(
    'EXPLAIN (FORMAT JSON) SELECT * FROM imat.notes',
  );
  expect(plan?.['QUERY PLAN'][0].Plan['Plan Rows']).toBeLessThan(1000);
});
