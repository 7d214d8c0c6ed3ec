/** Definitions that are computed over stores when they are read, under random histories. */
import { describe, expect, test } from 'vitest';
import { FOLD, useBench } from '../correctness/support/bench.ts';
import { randomFor, randomHistory } from '../correctness/support/random.ts';
import { LOOSE_SHOP, RESET, WRITABLE_SHOP } from '../correctness/support/shop.ts';

const bench = useBench(LOOSE_SHOP);

/** One definition of each shape; orders are total. */
const SHAPES: Readonly<Record<string, string>> = {
  'LIMIT over groups': `SELECT region, sum(amount) AS s FROM orders GROUP BY region
    ORDER BY s DESC NULLS LAST, region LIMIT 2`,
  'LIMIT by what is not shown': `SELECT region FROM orders GROUP BY region
    ORDER BY count(*) DESC, region LIMIT 2 OFFSET 1`,
  'WITH TIES': `SELECT region, count(*) AS n FROM orders GROUP BY region
    ORDER BY count(*) DESC FETCH FIRST 1 ROWS WITH TIES`,
  'LIMIT over rows': `SELECT qty, note, customer FROM orders
    ORDER BY qty DESC, note, customer LIMIT 3`,
  'LIMIT over rows with a key': `SELECT id, qty, note FROM orders
    ORDER BY qty DESC NULLS LAST, id LIMIT 3 OFFSET 1`,
  'LIMIT over a join': `SELECT o.id, c.id AS c, o.qty FROM orders o JOIN customer c ON true
    ORDER BY o.qty, c.id DESC, o.id LIMIT 4`,
  'LIMIT over LEFT JOIN': `SELECT c.id, c.name, sum(o.amount) AS s FROM customer c
    LEFT JOIN orders o ON o.customer = c.id GROUP BY c.id, c.name
    ORDER BY s DESC NULLS LAST, c.id, c.name LIMIT 3`,
  'LIMIT of a UNION': `(SELECT region, id FROM customer UNION SELECT region, id FROM product)
    ORDER BY region NULLS FIRST, id DESC LIMIT 3`,
  'DISTINCT with LIMIT': `SELECT DISTINCT region, flag FROM orders ORDER BY region, flag LIMIT 3`,
  'rank over groups': `SELECT region, sum(qty) AS q, rank() OVER (ORDER BY sum(qty) DESC) AS r
    FROM orders GROUP BY region`,
  'share over a CTE': `WITH t AS (SELECT region, sum(amount) AS s FROM orders GROUP BY region)
    SELECT region, s, s / nullif(sum(s) OVER (), 0) AS share FROM t`,
  'running total over rows': `SELECT customer, qty, sum(qty) OVER (ORDER BY qty, customer, note
      RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS s FROM orders`,
  'HAVING with a query of its own': `SELECT region, sum(qty) AS q FROM orders GROUP BY region
    HAVING sum(qty) > (SELECT avg(qty) FROM orders)`,
  'scalar query over groups': `SELECT region, sum(qty) AS q,
      (SELECT max(score) FROM customer) AS m FROM orders GROUP BY region`,
  'rows above the average': `SELECT o.id, o.qty FROM orders o
    WHERE o.qty > (SELECT avg(qty) FROM orders) AND o.flag`,
  'scalar query beside rows': `SELECT o.id, o.qty - (SELECT avg(qty) FROM orders) AS more,
      (SELECT max(score) FROM customer) AS m FROM orders o WHERE o.flag`,
  'scalar query beside rows of an outer join': `SELECT c.name, o.qty,
      (SELECT count(*) FROM product WHERE price > 1) AS n
    FROM customer c LEFT JOIN orders o ON o.customer = c.id`,
  'the first of an order beside rows': `SELECT region, (SELECT name FROM customer
      ORDER BY score DESC NULLS LAST, id, name, region LIMIT 1) AS best FROM orders`,
  'IN beside rows': `SELECT id, customer IN (SELECT id FROM customer WHERE score > 5) AS known,
      qty > ALL (SELECT qty FROM orders WHERE NOT flag) AS most FROM orders`,
  'EXISTS beside rows without columns': `SELECT EXISTS (SELECT FROM customer WHERE score > 15) AS e
    FROM orders`,
  'EXISTS of everything': `SELECT id, EXISTS (SELECT DISTINCT * FROM customer WHERE score > 15
      ORDER BY id) AS e FROM orders WHERE NOT EXISTS (SELECT * FROM product WHERE price < 0)`,
  'EXISTS of what chooses': `SELECT id, EXISTS (SELECT FROM orders WHERE flag OFFSET 2) AS a,
      EXISTS (SELECT max(qty) FROM orders WHERE qty > 100) AS b,
      EXISTS (SELECT region FROM orders GROUP BY region HAVING sum(qty) > 8) AS c,
      EXISTS (SELECT generate_series(1, qty) FROM orders WHERE NOT flag) AS d,
      EXISTS (SELECT id FROM customer EXCEPT SELECT customer FROM orders) AS e
    FROM extra, customer`,
  'ARRAY in an order': `SELECT id, ARRAY(SELECT DISTINCT qty FROM orders ORDER BY qty DESC) AS a,
      ARRAY(SELECT name FROM customer ORDER BY score DESC NULLS LAST, id, name, region) AS b,
      ARRAY(SELECT id FROM customer UNION SELECT qty FROM orders ORDER BY 1 DESC) AS c,
      ARRAY(SELECT qty FROM orders ORDER BY qty, note, region LIMIT 3) AS d FROM product`,
  'ARRAY in an order beside groups': `SELECT region, count(*) AS n,
      ARRAY(SELECT sum(qty) FROM orders GROUP BY customer ORDER BY sum(qty) DESC, customer) AS a
    FROM orders GROUP BY region`,
  'DISTINCT scalar query': `SELECT DISTINCT (SELECT max(qty) FROM orders) AS m, region
    FROM customer`,
  'aggregate over aggregate': `SELECT n, count(*) AS customers
    FROM (SELECT customer, count(*) AS n FROM orders GROUP BY customer) t GROUP BY n`,
  'CTEs joined': `WITH a AS (SELECT region, count(*) AS n FROM orders GROUP BY region),
      b AS (SELECT region, avg(score) AS s FROM customer GROUP BY region)
    SELECT a.region, a.n, b.s, (SELECT sum(n) FROM a) AS all_of_them
    FROM a LEFT JOIN b ON a.region IS NOT DISTINCT FROM b.region`,
  ROLLUP: `SELECT region, flag, count(*) AS n, sum(qty) AS q, grouping(region, flag) AS g
    FROM orders GROUP BY ROLLUP (region, flag)`,
  CUBE: `SELECT region, day, sum(qty) AS q, count(*) AS n FROM orders GROUP BY CUBE (region, day)`,
  'GROUPING SETS with HAVING': `SELECT region, customer, sum(amount) AS s FROM orders
    GROUP BY GROUPING SETS ((region), (customer), ()) HAVING count(*) > 1`,
  'ROLLUP with LIMIT': `SELECT region, count(*) AS n FROM orders GROUP BY ROLLUP (region)
    ORDER BY n DESC, region LIMIT 2`,
  'a key of GROUPING SETS within another one': `SELECT qty + customer AS both, qty, count(*) AS n
    FROM orders GROUP BY GROUPING SETS ((qty + customer), (qty, customer))`,
  'LIMIT over a window': `SELECT region, sum(qty) AS q, rank() OVER (ORDER BY sum(qty)) AS r,
      count(*) OVER () AS n FROM orders GROUP BY region ORDER BY region LIMIT 2`,
  'LIMIT over a condition': `SELECT region, sum(qty) AS q FROM orders GROUP BY region
    HAVING sum(qty) > (SELECT avg(qty) FROM orders) ORDER BY region DESC LIMIT 1`,
  'LIMIT of half of the groups': `SELECT region, sum(qty) AS q FROM orders GROUP BY region
    ORDER BY region LIMIT (SELECT count(*) / 2 FROM
      (SELECT region, sum(qty) AS q FROM orders GROUP BY region) t)`,
  'the largest LIMIT': `SELECT region, sum(qty) AS q FROM orders GROUP BY region
    ORDER BY region LIMIT 9223372036854775807 OFFSET 1`,
  'UNION of groups': `SELECT region, count(*) AS n FROM orders GROUP BY region
    UNION SELECT region, count(*) FROM customer GROUP BY region`,
  'EXCEPT of aggregates': `SELECT count(*) AS n FROM orders EXCEPT SELECT count(*) FROM customer`,
  'aggregates of different values of all rows': `SELECT min(qty) AS a, max(note) AS b,
      count(DISTINCT customer) FILTER (WHERE flag) AS c, count(*) AS d, sum(DISTINCT qty) AS e
    FROM orders WHERE region IS NOT NULL`,
  'the latest of all rows': 'SELECT max(day) - min(day) AS days FROM orders HAVING max(qty) > 0',
  'DISTINCT ON over groups': `SELECT DISTINCT ON (region) region, day, sum(qty) AS q
    FROM orders GROUP BY region, day ORDER BY region, sum(qty) DESC NULLS LAST, day`,
  'windows in two orders': `SELECT customer, product, qty,
      row_number() OVER (PARTITION BY customer ORDER BY qty, product, note, id, region) AS a,
      count(*) OVER (PARTITION BY product) AS b FROM orders`,
  'GROUP BY a primary key': `SELECT k.id, k.name, count(o.id) AS n,
      row_number() OVER (ORDER BY count(o.id), k.id) AS r
    FROM keyed k LEFT JOIN orders o ON o.customer = k.id GROUP BY k.id`,
};

describe('computed over stores when read', () => {
  const names = Object.keys(SHAPES);
  test.each(
    Array.from({ length: Math.ceil(names.length / 8) }, (_, at) => [
      names.slice(at * 8, at * 8 + 8),
    ]),
  )('%s', async (own) => {
    await bench.user.execute(`${RESET}; CREATE TABLE IF NOT EXISTS
      keyed (id int PRIMARY KEY, name text);
      INSERT INTO keyed VALUES (1, 'a'), (2, 'b'), (3, NULL) ON CONFLICT DO NOTHING`);
    for (const name of own) await bench.convert(SHAPES[name] ?? '');
    const r = randomFor(own.join());
    await bench.run(randomHistory(r, WRITABLE_SHOP, Number(process.env['IMAT_STEPS'] ?? 40)));
    expect(own.length).toBeGreaterThan(0);
  });
});

test.each([
  'SELECT id, (SELECT avg(score) FROM customer) AS m FROM orders',
  'SELECT EXISTS (SELECT * FROM customer) AS e FROM orders',
  'SELECT id, customer IN (SELECT id FROM customer) AS known FROM orders',
])('no change computes all rows of %s', async (query) => {
  const { strategy, stores } = await bench.imat.explain(query, { query: true });
  const effects = stores.flatMap(({ tables }) => tables.map(({ effect }) => effect));
  expect({ strategy, effects }).toEqual({ strategy: 'delta', effects: ['adds', 'adds'] });
});

describe('a function of a reader sees no row that the imat does not show', () => {
  test.each([
    [
      'DISTINCT over a condition',
      `SELECT DISTINCT region FROM (SELECT region, sum(qty) AS q FROM orders GROUP BY region) t
       WHERE q > (SELECT avg(qty) FROM orders)`,
    ],
    [
      'DISTINCT over EXCEPT',
      'SELECT DISTINCT id FROM (SELECT id FROM orders EXCEPT SELECT id FROM customer) t',
    ],
    [
      'groups over a condition',
      `SELECT region, count(*) AS n FROM
         (SELECT region, sum(qty) AS q FROM orders GROUP BY region, flag
          HAVING sum(qty) > (SELECT avg(qty) FROM orders)) t GROUP BY region`,
    ],
  ])('%s', async (_, definition) => {
    await bench.user.execute(`${RESET};
      INSERT INTO orders (id, region, qty, flag) VALUES (1, 'hidden', 1, true), (2, 'a', 9, true),
        (3, 'b', 1, false), (4, 'a', 8, false);
      INSERT INTO customer (id) VALUES (1), (3)`);
    const { name } = await bench.convert(definition);
    await bench.user.execute(`CREATE OR REPLACE FUNCTION seen(value text) RETURNS boolean
      IMMUTABLE COST 0.00001 LANGUAGE plpgsql AS $$ BEGIN
        PERFORM set_config('test.seen', current_setting('test.seen') || value || ' ', false);
        RETURN true;
      END $$`);
    const look = async (): Promise<void> => {
      await bench.user.execute(`SET test.seen = ''`);
      const [first] = await bench.user.query<{ column: string }>(
        `SELECT attname::text AS column FROM pg_attribute
         WHERE attrelid = 'imat.${name}'::regclass AND attnum = 1`,
      );
      const column = first?.column ?? '';
      await bench.user.query(`SELECT * FROM imat.${name} WHERE seen(${column}::text)`);
      const hidden = await bench.user.query(
        `SELECT unnest(string_to_array(trim(current_setting('test.seen')), ' '))
         EXCEPT SELECT ${column}::text FROM imat.${name}`,
      );
      expect(hidden).toEqual([]);
    };
    await look();
    await bench.user.execute(`INSERT INTO orders (id, region, qty) VALUES (9, 'a', 5)`);
    await look();
  });
});

test('rows that a limit orders may be too long for an index', async () => {
  const long = `(SELECT string_agg(md5(i::text), '') FROM generate_series(1, 400) AS i)`;
  await bench.user.execute(`${RESET};
    INSERT INTO orders (id, qty, note) VALUES (1, 1, ${long}), (2, 2, 'b')`);
  for (const order of ['note, id', 'qty, note, id', 'id, note'])
    await bench.convert(`SELECT id, qty, note FROM orders ORDER BY ${order} LIMIT 2`);
  await bench.run([
    `INSERT INTO orders (id, qty, note) VALUES (3, 1, 'x' || ${long}), (4, 1, ${long})`,
    FOLD,
    `UPDATE orders SET note = note || ${long}`,
    FOLD,
  ]);
});

test('rows computed again may be too long for an index, or have too many columns', async () => {
  const long = `(SELECT string_agg(md5(i::text), '') FROM generate_series(1, 400) AS i)`;
  const many = Array.from({ length: 40 }, (_, at) => `o.qty + ${at} AS c${at}`).join(', ');
  const order = Array.from({ length: 40 }, (_, at) => `c${at}`).join(', ');
  await bench.user.execute(`${RESET};
    INSERT INTO customer (id, name) VALUES (1, 'a'), (2, 'b');
    INSERT INTO orders (id, customer, qty, note) VALUES (1, 1, 1, 'a'), (2, 2, 2, 'b')`);
  for (const definition of [
    `SELECT customer, string_agg(note, ',' ORDER BY id) AS notes FROM orders GROUP BY customer
     ORDER BY notes, customer LIMIT 2`,
    `SELECT customer, max(note) AS last FROM orders GROUP BY customer
     ORDER BY last DESC, customer LIMIT 2`,
    `SELECT c.id, o.note, o.qty FROM customer c LEFT JOIN orders o ON o.customer = c.id
     ORDER BY o.qty, o.note, c.id LIMIT 2`,
    `SELECT c.id, ${many} FROM customer c LEFT JOIN orders o ON o.customer = c.id
     ORDER BY ${order}, c.id LIMIT 2`,
    `SELECT c.id, ${order.replaceAll(/c\d+/g, 'max(o.qty) AS $&')} FROM customer c
     JOIN orders o ON o.customer = c.id GROUP BY c.id ORDER BY ${order}, c.id LIMIT 2`,
  ])
    await bench.convert(definition, { strategy: 'delta' });
  await bench.run([
    `INSERT INTO orders (id, customer, qty, note) VALUES (3, 1, 1, 'x' || ${long})`,
    FOLD,
    `UPDATE orders SET note = note || ${long}, qty = qty + 1`,
    FOLD,
  ]);
});
