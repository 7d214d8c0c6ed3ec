/** Queries of every kind that delta maintains over the shop, by theme. */
export const QUERIES: Readonly<Record<string, readonly string[]>> = {
  'filters and expressions': [
    'SELECT region, count(*) AS n, sum(amount) AS total FROM orders WHERE flag GROUP BY region',
    `SELECT region, count(*) AS n
     FROM orders
     WHERE amount > 5 AND (qty BETWEEN 1 AND 3 OR note IS NULL) AND note IS DISTINCT FROM 'b'
     GROUP BY region`,
    `SELECT count(*) AS n, sum(qty) AS q
     FROM orders
     WHERE region IN ('north', 'west') AND day >= '2024-02-01' AND NOT coalesce(flag, false)`,
    `SELECT region, sum(amount * qty) AS a, avg(amount / nullif(qty, 0)) AS b,
       sum(CASE WHEN flag THEN amount ELSE -amount END) AS c
     FROM orders
     WHERE note LIKE 'a%' OR note = 'it''s'
     GROUP BY region`,
    'SELECT region, count(*) FROM orders WHERE false GROUP BY region',
    'SELECT sum(qty) AS q FROM orders WHERE true',
  ],
  'GROUP BY expressions': [
    `SELECT date_trunc('month', at) AS month, count(*) AS n, sum(amount) AS total
     FROM orders
     GROUP BY date_trunc('month', at)`,
    `SELECT extract(year FROM day) AS year, extract(month FROM day) AS month, count(*) AS n
     FROM orders
     GROUP BY 1, 2`,
    `SELECT CASE WHEN amount < 10 THEN 'small' WHEN amount >= 10 THEN 'big' END AS size,
       count(*) AS n, count(amount) AS m
     FROM orders
     GROUP BY 1`,
    `SELECT lower(region) || note AS k, qty % 2 AS parity, count(*) AS n
     FROM orders
     GROUP BY lower(region) || note, qty % 2`,
    'SELECT count(*) AS n, sum(amount) AS total FROM orders GROUP BY region, flag',
    "SELECT region || '!' AS r, qty + qty AS twice, count(*) AS n FROM orders GROUP BY region, qty",
    "SELECT 'all' AS label, 1 AS one, count(*) AS n FROM orders GROUP BY 1, 2",
    `SELECT flag, region IS NULL AS nowhere, count(*) AS n
     FROM orders
     GROUP BY flag, region IS NULL`,
    `SELECT region, day, qty, note, flag, count(*) AS n
     FROM orders
     GROUP BY region, day, qty, note, flag`,
  ],
  'without GROUP BY there is always one row': [
    `SELECT count(*) AS n, sum(amount) AS total, avg(qty) AS a, bool_and(flag) AS f,
       stddev(qty) AS s
     FROM orders`,
    'SELECT count(*) AS n FROM orders o, customer c',
    `SELECT 1 AS one, sum(o.amount) * 2 AS twice
     FROM orders o JOIN customer c ON c.id = o.customer
     WHERE c.score > 5`,
    `SELECT coalesce(sum(qty), 0) AS q, coalesce(avg(amount), -1.5) AS a
     FROM orders
     WHERE region = $$north$$`,
  ],
  HAVING: [
    'SELECT region, count(*) AS n FROM orders GROUP BY region HAVING count(*) > 1',
    `SELECT region, sum(amount) AS total
     FROM orders
     GROUP BY region
     HAVING sum(qty) > 3 OR region IS NULL`,
    'SELECT region FROM orders GROUP BY region HAVING bool_or(flag) AND avg(amount) < 50',
    'SELECT sum(amount) AS total FROM orders HAVING count(*) > 3',
    'SELECT 1 AS one FROM orders HAVING true',
  ],
  DISTINCT: [
    'SELECT DISTINCT region FROM orders',
    'SELECT DISTINCT region, flag, qty % 2 AS parity FROM orders WHERE amount IS NOT NULL',
    'SELECT DISTINCT c.region, o.flag FROM orders o JOIN customer c ON c.id = o.customer',
    'SELECT DISTINCT count(*) AS n FROM orders GROUP BY region',
    'SELECT DISTINCT flag, sum(qty) AS q FROM orders GROUP BY flag, region HAVING count(*) < 4',
    'SELECT DISTINCT count(*) AS n FROM orders',
  ],
  'expressions over aggregates': [
    `SELECT region, round(avg(amount), 2) AS a, sum(amount) / nullif(count(*), 0) AS b,
       coalesce(sum(qty), 0) AS c, count(*) * 100 AS d
     FROM orders
     GROUP BY region`,
    `SELECT CASE WHEN count(*) > 2 THEN 'many' ELSE 'few' END AS size, upper(region) AS r,
       sum(amount)::numeric(12,1) AS t, avg(qty)::int AS i
     FROM orders
     GROUP BY region`,
    `SELECT region, sum(amount) FILTER (WHERE flag) - sum(amount) FILTER (WHERE NOT flag) AS net,
       count(*) FILTER (WHERE amount IS NULL) AS unknown
     FROM orders
     GROUP BY region`,
    `SELECT greatest(sum(qty), count(*)) AS g, ARRAY[count(*), sum(qty)] AS both,
       sum(qty) > 10 AS many, (sum(amount), count(*)) IS NULL AS nothing
     FROM orders`,
    `SELECT region, stddev_pop(amount) / nullif(avg(amount), 0) AS variation, corr(amount, qty) AS r
     FROM orders
     GROUP BY region`,
    `SELECT flag, sum(amount) AS a, sum(amount) AS b, sum(amount) + 1 AS c, flag AS again
     FROM orders
     GROUP BY flag`,
  ],
  'plain joins keep duplicates': [
    'SELECT region, qty, flag FROM orders',
    'SELECT e.region, e.label FROM extra e',
    `SELECT o.id, c.name, p.category
     FROM orders o JOIN customer c ON c.id = o.customer JOIN product p ON p.id = o.product`,
    'SELECT e.label, f.label AS other FROM extra e JOIN extra f ON e.k = f.k',
    'SELECT 1 AS one FROM extra',
    `SELECT e.k + 1 AS k, c.name
     FROM extra e, customer c
     WHERE e.region = c.region AND c.score > 0`,
  ],
  'inner joins': [
    `SELECT c.region, count(*) AS n, sum(o.amount) AS total, avg(o.amount) AS a
     FROM orders o JOIN customer c ON c.id = o.customer
     GROUP BY c.region`,
    `SELECT region, count(*) AS n, sum(qty) AS q
     FROM orders JOIN extra USING (region)
     GROUP BY region`,
    'SELECT region, label, count(*) AS n FROM orders NATURAL JOIN extra GROUP BY region, label',
    `SELECT c.name, count(*) AS n
     FROM orders o, customer c
     WHERE o.customer = c.id AND o.region = c.region
     GROUP BY c.name`,
    `SELECT count(*) AS n, sum(c.score * p.price) AS s
     FROM customer c CROSS JOIN product p
     WHERE c.region <> p.region`,
    `SELECT o.region, count(*) AS n
     FROM orders o
       JOIN customer c ON o.amount > c.score AND (o.region = c.region OR c.region IS NULL)
     GROUP BY o.region`,
    `SELECT p.category, sum(o.qty * p.price) AS total
     FROM (orders o JOIN product p ON p.id = o.product) JOIN customer c ON c.id = o.customer
     WHERE c.score IS NOT NULL
     GROUP BY p.category`,
    `SELECT e.label, count(*) AS n
     FROM orders o
       JOIN customer c ON c.id = o.customer
       JOIN product p ON p.id = o.product
       JOIN extra e ON e.region = p.region
     GROUP BY e.label`,
    `SELECT count(*) AS n, sum(o.amount) AS t
     FROM orders o, customer c, product p, extra e
     WHERE c.id = o.customer AND p.id = o.product AND e.k = c.boss`,
  ],
  'self-joins': [
    `SELECT m.name, count(*) AS reports, sum(c.score) AS score
     FROM customer c JOIN customer m ON m.id = c.boss
     GROUP BY m.name`,
    `SELECT a.region, count(*) AS n
     FROM orders a JOIN orders b ON a.region = b.region AND a.amount < b.amount
     GROUP BY a.region`,
    'SELECT count(*) AS n FROM extra a, extra b, extra c WHERE a.k = b.k AND b.label = c.label',
    'SELECT a.k, b.k AS other, count(*) AS n FROM extra a CROSS JOIN extra b GROUP BY a.k, b.k',
    `SELECT m.name, count(*) AS n
     FROM customer c
       JOIN customer m ON m.id = c.boss
       JOIN customer t ON t.id = m.boss
       JOIN orders o ON o.customer = c.id
     GROUP BY m.name`,
  ],
  'ordinary views as sources': [
    'SELECT region, count(*) AS n, sum(amount) AS total FROM open_orders GROUP BY region',
    'SELECT category, sum(total) AS total, count(*) AS n FROM priced GROUP BY category',
    `SELECT p.category, r.place, count(*) AS n
     FROM priced p JOIN regions r ON r.who = p.buyer
     GROUP BY p.category, r.place`,
    'SELECT a.id, b.total FROM open_orders a JOIN priced b USING (id)',
    'SELECT DISTINCT place FROM regions',
  ],
  'columns that a primary key determines': [
    `SELECT c.id, c.name, c.region, count(*) AS n, sum(o.amount) AS total
     FROM customer c JOIN orders o ON o.customer = c.id
     GROUP BY c.id`,
    `SELECT upper(c.name) AS name, c.score + 1 AS score, count(*) AS n
     FROM customer c JOIN orders o ON o.customer = c.id
     GROUP BY c.id
     HAVING c.score >= 0`,
    'SELECT p.*, count(*) AS n FROM product p JOIN orders o ON o.product = p.id GROUP BY p.id',
  ],
};
