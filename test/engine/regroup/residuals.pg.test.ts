/** Definitions that are computed over stores when they are read, under random histories. */
import { describe, expect, test } from 'vitest';
import { useBench } from '../correctness/support/bench.ts';
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
