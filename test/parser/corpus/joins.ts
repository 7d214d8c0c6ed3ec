/** FROM: joins, aliases, USING and what it merges, and the items of FROM that are refused. */
import { list } from './definition.ts';

export const joins = list(
  `SELECT c.country, sum(o.total)
   FROM customers c JOIN orders o ON o.customer_id = c.id
   GROUP BY c.country`,
  `SELECT c.country, sum(o.total)
   FROM customers c, orders o
   WHERE o.customer_id = c.id
   GROUP BY c.country`,
  `SELECT c.country, p.name, sum(l.quantity * l.unit_price)
   FROM customers c
     JOIN orders o ON o.customer_id = c.id
     JOIN lines l ON l.order_id = o.id
     JOIN products p USING (product_id)
   GROUP BY c.country, p.name`,
  `SELECT categories.name, count(*)
   FROM products JOIN categories USING (category_id)
   GROUP BY categories.name`,
  `SELECT category_id, count(*)
   FROM products JOIN categories USING (category_id)
   GROUP BY category_id`,
  `SELECT category_id, count(*)
   FROM products p INNER JOIN categories c USING (category_id)
   WHERE category_id > 1
   GROUP BY category_id
   ORDER BY category_id`,
  'SELECT product_id, sum(quantity) FROM products NATURAL JOIN lines GROUP BY product_id',
  'SELECT p.name FROM products p CROSS JOIN lines',
  'SELECT count(*) FROM customers CROSS JOIN products',
  'SELECT count(*) FROM customers, products, categories',
  `SELECT count(*)
   FROM customers c JOIN orders o ON true, products p CROSS JOIN categories g
   WHERE p.price > o.total`,
  'SELECT a.name, b.name AS parent FROM categories a JOIN categories b ON a.parent = b.category_id',
  'SELECT count(*) FROM categories, categories AS c2 WHERE categories.parent = c2.category_id',
  `SELECT a.category_id, count(*)
   FROM categories a, categories b, categories c
   WHERE a.parent = b.category_id AND b.parent = c.category_id
   GROUP BY a.category_id`,
  'SELECT count(*) FROM categories a JOIN categories b USING (category_id, name)',
  'SELECT count(*) FROM small_left JOIN big_right USING (k)',
  'SELECT k, count(*) FROM small_left JOIN big_right USING (k) GROUP BY k',
  'SELECT k, sum(a + b) FROM wide_left JOIN wide_right USING (k) GROUP BY k',
  'SELECT word, count(*) FROM short_words JOIN long_words USING (word) GROUP BY word',
  `SELECT short_words.word, count(*)
   FROM short_words JOIN long_words USING (word)
   GROUP BY short_words.word`,
  'SELECT sum(a + b) FROM wide_left JOIN wide_right USING (k)',
  'SELECT count(*) FROM small_left JOIN big_right USING (k) JOIN wide_left USING (k)',
  `SELECT orders.id
   FROM shop.orders AS orders JOIN shop.customers ON customers.id = orders.customer_id`,
  'SELECT orders.id FROM orders orders WHERE orders.total > 1',
  `SELECT customers.id
   FROM orders AS customers JOIN customers AS orders ON orders.id = customers.customer_id`,
  `SELECT c.country, count(*)
   FROM customers c
     JOIN orders o ON o.customer_id = c.id
       AND o.total > 10
       AND (o.status = 'Paid' OR o.priority > 2)
   GROUP BY c.country`,
  'SELECT count(*) FROM customers c LEFT JOIN orders o ON o.customer_id = c.id',
  `SELECT count(*)
   FROM customers c
     RIGHT OUTER JOIN orders o ON o.customer_id = c.id
     FULL JOIN lines l ON l.order_id = o.id`,
  `SELECT count(*)
   FROM customers c JOIN (orders o JOIN lines l ON l.order_id = o.id) ON o.customer_id = c.id`,
  'SELECT x.a FROM small_left AS x (key, a)',
  'SELECT count(*) FROM ONLY orders',
  'SELECT count(*) FROM orders TABLESAMPLE bernoulli (10) REPEATABLE (1)',
  'SELECT sum(g.x) FROM orders o, generate_series(1, 3) AS g(x)',
  `SELECT o.id, u.tag
   FROM orders o
     JOIN customers c ON c.id = o.customer_id
     CROSS JOIN LATERAL unnest(c.tags) WITH ORDINALITY AS u(tag, place)`,
  `SELECT c.id, t.n
   FROM customers c, LATERAL (SELECT count(*) AS n FROM orders o WHERE o.customer_id = c.id) t`,
  'SELECT j.a FROM (small_left JOIN big_right USING (k)) AS j',
);
