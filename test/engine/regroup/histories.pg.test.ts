/** Definitions whose touched keys are computed again, under random histories. */
import { describe, expect, test } from 'vitest';
import { useBench } from '../correctness/support/bench.ts';
import { randomFor, randomHistory } from '../correctness/support/random.ts';
import { LOOSE_SHOP, RESET, WRITABLE_SHOP } from '../correctness/support/shop.ts';

const bench = useBench(LOOSE_SHOP);

/** One definition of each shape. */
const SHAPES: Readonly<Record<string, string>> = {
  'LEFT JOIN, rows': `SELECT c.id, c.name, o.id AS o, o.qty
    FROM customer c LEFT JOIN orders o ON o.customer = c.id`,
  'LEFT JOIN, grouped by the preserved side': `SELECT c.id, count(o.id) AS n, max(o.amount) AS m
    FROM customer c LEFT JOIN orders o ON o.customer = c.id AND o.flag GROUP BY c.id`,
  'LEFT JOIN, grouped by the other side': `SELECT p.category, count(*) AS n, min(o.qty) AS q
    FROM orders o LEFT JOIN product p ON p.id = o.product GROUP BY p.category`,
  'LEFT JOIN with a condition that asks for no partner': `SELECT c.id, c.region
    FROM customer c LEFT JOIN orders o ON o.customer = c.id WHERE o.id IS NULL`,
  'LEFT JOIN of a join': `SELECT c.id, p.category, o.qty
    FROM customer c LEFT JOIN (orders o JOIN product p ON p.id = o.product) ON o.customer = c.id`,
  'two LEFT JOINs': `SELECT c.id, o.qty, e.label FROM customer c
    LEFT JOIN orders o ON o.customer = c.id
    LEFT JOIN extra e ON e.k = c.id AND e.region = c.region`,
  'LEFT JOIN after LEFT JOIN': `SELECT c.id, o.id AS o, p.category FROM customer c
    LEFT JOIN orders o ON o.customer = c.id LEFT JOIN product p ON p.id = o.product`,
  'RIGHT JOIN': `SELECT c.id, o.qty FROM orders o RIGHT JOIN customer c ON o.customer = c.id`,
  'FULL JOIN with USING': `SELECT id, c.name, p.category
    FROM customer c FULL JOIN product p USING (id)`,
  'FULL JOIN of groups': `SELECT coalesce(a.region, b.region) AS region, a.n, b.m
    FROM (SELECT region, count(*) AS n FROM orders GROUP BY region) a
    FULL JOIN (SELECT region, max(score) AS m FROM customer GROUP BY region) b
      ON a.region = b.region`,
  'LEFT JOIN of groups': `SELECT c.id, c.name, s.n, s.q FROM customer c LEFT JOIN
    (SELECT customer, count(*) AS n, max(qty) AS q FROM orders GROUP BY customer) s
    ON s.customer = c.id`,
  EXISTS: `SELECT c.id, c.name FROM customer c
    WHERE EXISTS (SELECT FROM orders o WHERE o.customer = c.id AND o.flag)`,
  'NOT EXISTS': `SELECT c.id, c.region FROM customer c
    WHERE NOT EXISTS (SELECT FROM orders o WHERE o.customer = c.id AND o.qty > 1)`,
  'EXISTS over a join': `SELECT c.id FROM customer c WHERE EXISTS (SELECT FROM orders o
    JOIN product p ON p.id = o.product WHERE o.customer = c.id AND p.category = 'tea')`,
  'EXISTS grouped': `SELECT c.region, count(*) AS n FROM customer c
    WHERE EXISTS (SELECT FROM orders o WHERE o.customer = c.id) GROUP BY c.region`,
  IN: 'SELECT c.id, c.name FROM customer c WHERE c.id IN (SELECT o.customer FROM orders o)',
  'NOT IN': `SELECT c.id, c.name FROM customer c
    WHERE c.id NOT IN (SELECT o.customer FROM orders o WHERE o.customer = c.id OR o.flag)`,
  'scalar subqueries in SELECT': `SELECT c.id,
      (SELECT max(o.amount) FROM orders o WHERE o.customer = c.id) AS m,
      (SELECT count(*) FROM orders o WHERE o.customer = c.id) AS n FROM customer c`,
  'scalar subquery in WHERE': `SELECT o.id, o.customer, o.qty FROM orders o
    WHERE o.qty > (SELECT avg(i.qty) FROM orders i WHERE i.customer = o.customer)`,
  'DISTINCT ON': `SELECT DISTINCT ON (o.customer) o.customer, o.qty, o.note, o.region
    FROM orders o
    ORDER BY o.customer, o.qty DESC, o.note, o.region`,
  LATERAL: `SELECT c.id, x.qty, x.note FROM customer c CROSS JOIN LATERAL
    (SELECT o.qty, o.note FROM orders o WHERE o.customer = c.id
     ORDER BY o.qty DESC, o.note LIMIT 2) x`,
  'window by partition': `SELECT o.customer, o.qty, rank() OVER w AS r, sum(o.qty) OVER w AS s
    FROM orders o WINDOW w AS (PARTITION BY o.customer ORDER BY o.qty)`,
  'window over groups': `SELECT region, day, count(*) AS n,
      sum(count(*)) OVER (PARTITION BY region ORDER BY day) AS s
    FROM orders GROUP BY region, day`,
  UNION: 'SELECT region, id FROM customer UNION SELECT region, id FROM product',
  INTERSECT: 'SELECT region, id FROM customer INTERSECT SELECT region, id FROM product',
  'EXCEPT ALL': 'SELECT region FROM customer EXCEPT ALL SELECT region FROM product',
  'aggregates that cannot be added up': `SELECT region, min(qty) AS a, max(note) AS b,
      string_agg(note, ',' ORDER BY note) AS c, count(DISTINCT customer) AS d,
      percentile_cont(0.5) WITHIN GROUP (ORDER BY qty) AS e, array_agg(qty ORDER BY qty) AS f
    FROM orders GROUP BY region`,
  'ordered values over a join': `SELECT c.region, array_agg(o.amount ORDER BY o.amount) AS m,
      string_agg(DISTINCT p.category, ',') AS n
    FROM customer c JOIN orders o ON o.customer = c.id JOIN product p ON p.id = o.product
    GROUP BY c.region`,
  'a key that is computed': `SELECT date_trunc('month', day::timestamp) AS m, bit_or(qty) AS q
    FROM orders GROUP BY 1`,
  'HAVING with a subquery': `SELECT o.region, max(o.qty) AS q FROM orders o GROUP BY o.region
    HAVING max(o.qty) > (SELECT min(c.id) FROM customer c WHERE c.region = o.region)`,
  'self-join': `SELECT a.id, count(b.id) AS n FROM customer a LEFT JOIN customer b ON b.boss = a.id
    GROUP BY a.id`,
  views: `SELECT r.place, max(p.total) AS t FROM regions r LEFT JOIN priced p ON p.buyer = r.who
    GROUP BY r.place`,
  'CTEs read twice': `WITH t AS (SELECT customer, max(qty) AS q FROM orders GROUP BY customer)
    SELECT a.customer, a.q, b.q AS p FROM t a JOIN t b ON a.customer = b.customer`,
  'a table that no path leads from': `SELECT c.id, c.score > (SELECT avg(score) FROM customer) AS b,
      max(o.qty) AS q
    FROM customer c LEFT JOIN orders o ON o.customer = c.id GROUP BY c.id, c.score`,
  'an inequality on the path': `SELECT c.id, count(p.id) AS n FROM customer c
    LEFT JOIN product p ON p.price < c.score GROUP BY c.id`,
  'UNION ALL of groups': `SELECT region, max(qty) AS m FROM orders GROUP BY region
    UNION ALL SELECT region, max(id) FROM customer GROUP BY region`,
  'two holders of the key': `SELECT c.region, p.region AS other, bit_or(o.qty) AS q
    FROM orders o JOIN customer c ON c.id = o.customer JOIN product p ON p.id = o.product
    GROUP BY c.region, p.region`,
  'six tables in a chain': `SELECT c.region, count(*) AS n, sum(d.score) AS s, bit_or(o.qty) AS q
    FROM customer c LEFT JOIN orders o ON o.id = c.boss LEFT JOIN product p ON p.id = o.product
      LEFT JOIN extra e ON e.k = p.id AND e.region = p.region LEFT JOIN customer d ON d.id = e.k
      LEFT JOIN orders t ON t.id = d.boss AND t.qty > d.id
    GROUP BY c.region`,
  'EXISTS in EXISTS': `SELECT c.id, c.name FROM customer c WHERE EXISTS (SELECT FROM orders o
    WHERE o.customer = c.id AND EXISTS (SELECT FROM product p WHERE p.id = o.product
      AND NOT EXISTS (SELECT FROM extra e WHERE e.k = p.id AND EXISTS (SELECT FROM customer d
        WHERE d.id = e.k AND d.region = e.region AND d.score < p.price))))`,
  'a series in a chain': `SELECT d.n AS d, count(t.id) AS n FROM generate_series(1, 9) d(n)
      LEFT JOIN orders o ON o.qty = d.n LEFT JOIN product p ON p.id = o.product
      LEFT JOIN extra e ON e.k = p.id LEFT JOIN customer c ON c.id = e.k
      LEFT JOIN orders t ON t.customer = c.id AND t.qty < c.id
    GROUP BY d.n`,
  'set-returning function': `SELECT o.customer, g.n, bit_or(o.qty) AS q
    FROM orders o CROSS JOIN LATERAL generate_series(1, o.qty) g(n) GROUP BY o.customer, g.n`,
};

/** Those with paths of several steps (generate/path-keys.ts). */
const LONG_PATHS = new Set(['six tables in a chain', 'a series in a chain']);

async function touched(name: string): Promise<string> {
  const views = await bench.observer.query<{ text: string }>(
    `SELECT string_agg(pg_get_viewdef(oid), E'\n') AS text FROM pg_class
     WHERE relname ~ ('^touched[0-9]*_' || $1 || '$')`,
    [name],
  );
  return views[0]?.text ?? '';
}

describe('touched keys are computed again', () => {
  const names = Object.keys(SHAPES);
  test.each(
    Array.from({ length: Math.ceil(names.length / 10) }, (_, at) => [
      names.slice(at * 10, at * 10 + 10),
    ]),
  )('%s', async (own) => {
    await bench.user.execute(RESET);
    for (const name of own) {
      const subject = await bench.convert(SHAPES[name] ?? '');
      if (LONG_PATHS.has(name))
        expect(await touched(subject.name), name).toMatch(/FROM \( SELECT DISTINCT r\d/);
    }
    const r = randomFor(own.join());
    await bench.run(randomHistory(r, WRITABLE_SHOP, Number(process.env['IMAT_STEPS'] ?? 40)));
    expect(own.length).toBeGreaterThan(0);
  });
});
