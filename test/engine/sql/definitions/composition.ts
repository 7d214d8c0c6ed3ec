/** Aggregates over aggregates, CTEs that aggregate and are joined, HAVING with subqueries. */
import type { Definitions } from './definition.ts';

export const COMPOSITION: Definitions = {
  group_of_group: `SELECT s.n, count(*) AS customers
    FROM (SELECT customer, count(*) AS n FROM orders GROUP BY customer) s
    GROUP BY s.n`,
  group_of_left_group: `SELECT s.n, count(*) AS customers
    FROM (
      SELECT c.id, count(o.id) AS n FROM customer c LEFT JOIN orders o ON o.customer = c.id
      GROUP BY c.id
    ) s
    GROUP BY s.n`,
  average_of_sums: `SELECT round(avg(s.total), 4) AS mean, max(s.total) AS most
    FROM (SELECT customer, sum(amount) AS total FROM orders GROUP BY customer) s`,
  max_of_counts: `SELECT s.region, max(s.n) AS most
    FROM (
      SELECT c.region, o.product, count(*) AS n
      FROM customer c JOIN orders o ON o.customer = c.id
      GROUP BY c.region, o.product
    ) s
    GROUP BY s.region`,
  three_levels: `SELECT t.n, count(*) AS c
    FROM (
      SELECT s.product, count(*) AS n
      FROM (SELECT customer, product FROM orders GROUP BY customer, product) s
      GROUP BY s.product
    ) t
    GROUP BY t.n`,
  group_of_having: `SELECT count(*) AS regulars, sum(s.total) AS total
    FROM (
      SELECT customer, sum(amount) AS total FROM orders GROUP BY customer HAVING count(*) > 1
    ) s`,
  group_of_distinct: `SELECT d.product, count(*) AS customers
    FROM (SELECT DISTINCT customer, product FROM orders) d
    GROUP BY d.product`,
  group_joined: `SELECT c.name, s.n, s.total
    FROM customer c
      JOIN (SELECT customer, count(*) AS n, sum(amount) AS total FROM orders GROUP BY customer) s
        ON s.customer = c.id`,
  group_joined_and_grouped: `SELECT c.region, count(*) AS buyers, sum(s.total) AS total
    FROM customer c
      JOIN (SELECT customer, sum(amount) AS total FROM orders GROUP BY customer) s
        ON s.customer = c.id
    GROUP BY c.region`,
  two_groups_joined: `WITH sold AS (
      SELECT product, sum(qty) AS qty FROM orders GROUP BY product
    ), packed AS (
      SELECT product, sum(qty) AS qty FROM item GROUP BY product
    )
    SELECT s.product, s.qty AS sold, p.qty AS packed
    FROM sold s JOIN packed p ON p.product = s.product`,
  three_groups_joined: `WITH a AS (SELECT customer AS id, count(*) AS n FROM orders
    GROUP BY customer),
      b AS (SELECT customer AS id, count(*) AS n FROM visit GROUP BY customer),
      c AS (SELECT parent AS id, count(*) AS n FROM node GROUP BY parent)
    SELECT a.id, a.n AS orders, b.n AS visits, c.n AS nodes
    FROM a JOIN b ON b.id = a.id LEFT JOIN c ON c.id = a.id`,
  group_twice: `WITH s AS (SELECT customer, sum(amount) AS total FROM orders GROUP BY customer)
    SELECT a.customer AS a, b.customer AS b
    FROM s a JOIN s b ON b.total = a.total AND b.customer > a.customer`,
  group_against_its_average: `WITH s AS (
      SELECT customer, sum(amount) AS total FROM orders GROUP BY customer
    )
    SELECT s.customer, s.total FROM s WHERE s.total > (SELECT avg(t.total) FROM s t)`,
  groups_in_chain: `WITH daily AS (
      SELECT r.at::date AS day, r.sensor, avg(r.value) AS mean FROM reading r GROUP BY 1, 2
    ), worst AS (
      SELECT day, max(mean) AS top FROM daily GROUP BY day
    )
    SELECT d.day, d.sensor, d.mean FROM daily d JOIN worst w ON w.day = d.day AND w.top = d.mean`,
  group_cross_total: `SELECT s.product, s.n, t.n AS all_orders
    FROM (SELECT product, count(*) AS n FROM orders GROUP BY product) s,
      (SELECT count(*) AS n FROM orders) t`,
  having_in: `SELECT o.customer, count(*) AS n FROM orders o
    GROUP BY o.customer HAVING o.customer IN (SELECT c.id FROM customer c WHERE c.active)`,
  having_exists: `SELECT o.product, count(*) AS n FROM orders o
    GROUP BY o.product
    HAVING EXISTS (SELECT FROM product p WHERE p.id = o.product AND p.category = 'food')`,
  having_most: `SELECT o.product, count(*) AS n FROM orders o
    GROUP BY o.product
    HAVING count(*) >= ALL (SELECT count(*) FROM orders x GROUP BY x.product)`,
  having_share: `SELECT o.product, sum(o.amount) AS total FROM orders o
    GROUP BY o.product
    HAVING sum(o.amount) > (SELECT sum(x.amount) * 0.1 FROM orders x)`,
  having_without_group: `SELECT count(*) AS n FROM orders o HAVING count(*) > 20`,
  group_of_semi_join: `SELECT s.n, count(*) AS c
    FROM (
      SELECT c.region, count(*) AS n FROM customer c
      WHERE EXISTS (SELECT FROM orders o WHERE o.customer = c.id)
      GROUP BY c.region
    ) s
    GROUP BY s.n`,
  group_filtered_after: `SELECT s.region, s.n
    FROM (SELECT region, count(*) AS n FROM customer GROUP BY region) s
    WHERE s.n > 2`,
  group_expression_after: `SELECT s.region, s.total / nullif(s.n, 0) AS mean
    FROM (
      SELECT region, count(credit) AS n, sum(id) AS total FROM customer GROUP BY region
    ) s`,
  cte_materialized: `WITH s AS MATERIALIZED (
      SELECT customer, max(amount) AS most FROM orders GROUP BY customer
    )
    SELECT c.region, s.most FROM customer c JOIN s ON s.customer = c.id`,
  cte_of_filter: `WITH good AS (SELECT * FROM orders WHERE status <> 'void'),
      big AS (SELECT * FROM good WHERE amount > 1)
    SELECT b.customer, count(*) AS n, sum(b.amount) AS total FROM big b GROUP BY b.customer`,
};
