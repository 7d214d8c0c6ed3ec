/** What only PostgreSQL's own grammar reads, mostly several things in one definition. */
import { list } from './definition.ts';

export const wholeGrammar = list(
  `SELECT customer_id, rank() OVER (ORDER BY sum(total) DESC) AS r, sum(sum(total)) OVER w AS s
   FROM orders
   GROUP BY customer_id
   WINDOW w AS (
     PARTITION BY customer_id ORDER BY count(*) ROWS BETWEEN 1 PRECEDING AND CURRENT ROW
   )`,
  'SELECT id, row_number() OVER (PARTITION BY customer_id ORDER BY order_date) FROM orders',
  `SELECT id, sum(total) FILTER (WHERE total > 0) OVER (ORDER BY id RANGE UNBOUNDED PRECEDING)
   FROM orders`,
  'SELECT DISTINCT ON (customer_id) customer_id, total FROM orders ORDER BY customer_id, total',
  'SELECT customer_id FROM orders ORDER BY total LIMIT 3',
  'SELECT customer_id FROM orders OFFSET 2',
  'SELECT customer_id FROM orders ORDER BY total FETCH FIRST 3 ROWS WITH TIES',
  'SELECT customer_id, status, count(*) FROM orders GROUP BY ROLLUP (customer_id, status)',
  `SELECT customer_id, grouping(customer_id), count(*)
   FROM orders
   GROUP BY GROUPING SETS ((customer_id), ())`,
  'SELECT customer_id, count(*) FROM orders GROUP BY CUBE (customer_id, status)',
  'SELECT count(DISTINCT customer_id), sum(DISTINCT total), count(*) FROM orders',
  "SELECT string_agg(notes, ',' ORDER BY id), array_agg(DISTINCT id ORDER BY id) FROM orders",
  `SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY total),
     mode() WITHIN GROUP (ORDER BY status) FILTER (WHERE total > 1)
   FROM orders`,
  `SELECT (SELECT max(o.total) FROM orders o WHERE o.customer_id = c.id) AS top,
     ARRAY(SELECT 1) AS a
   FROM customers c
   WHERE EXISTS (SELECT 1 FROM orders)
     AND c.id IN (SELECT customer_id FROM orders)
     AND c.id > ALL (SELECT id FROM orders)`,
  'SELECT t.n FROM (SELECT count(*) AS n FROM orders) t',
  'WITH a AS (SELECT 1 AS x), b AS MATERIALIZED (SELECT 2 AS y) SELECT a.x FROM a, b',
  'WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT n FROM r',
  'SELECT id FROM orders UNION ALL SELECT id FROM customers',
  'SELECT id FROM orders INTERSECT SELECT id FROM customers EXCEPT SELECT 1 ORDER BY 1',
  '(SELECT id FROM orders ORDER BY id LIMIT 1) UNION (SELECT id FROM customers)',
  'VALUES (1, 2), (3, 4)',
  'SELECT v.a FROM (VALUES (1), (2)) v(a)',
  'SELECT generate_series(1, 3), shop.series(2), unnest(sizes) FROM products',
  `SELECT count(*)
   FROM orders
   WHERE order_date > CURRENT_DATE - 30 AND shipped < LOCALTIMESTAMP(3) AND notes <> CURRENT_USER`,
  'SELECT c, row_to_json(c.*), count(c.*) FROM customers c GROUP BY c',
  'SELECT ctid FROM orders',
  `SELECT name COLLATE "C", max(name COLLATE pg_catalog."POSIX")
   FROM customers
   GROUP BY name COLLATE "C"`,
  'SELECT sizes[1:2], sizes[:2] FROM products',
  'SELECT concat(VARIADIC tags) FROM customers',
  'SELECT make_interval(days => 3) FROM customers',
  'SELECT id FROM orders FOR UPDATE',
  'SELECT xmlelement(name foo, notes) FROM orders',
  `SELECT o.id, x."a b", x.n, x.place FROM orders o, XMLTABLE(XMLNAMESPACES('http://a' AS p),
     '/p:r (1)' PASSING (XMLPARSE(DOCUMENT o.notes)) COLUMNS "a b" numeric(5, 2) PATH '@a' NOT NULL,
     n text DEFAULT o.notes || ')' PATH 'n', place FOR ORDINALITY) x`,
  'SELECT (order_date, order_date) OVERLAPS (order_date, order_date) FROM orders',
  'SELECT notes IS NORMALIZED FROM orders',
  'SELECT 1 AS x',
  'SELECT 1 AS x FROM orders ORDER BY count(*)',
  'SELECT id FROM orders ORDER BY generate_series(1, 2)',
  `SELECT CURRENT_DATE, sum(total) OVER (), c.id
   FROM customers c LEFT JOIN orders o ON o.customer_id = c.id
   WHERE EXISTS (SELECT 1) AND c.name COLLATE "C" > 'a'
   LIMIT 1`,
);
