/** Joins under one grouping at most, and every type. */
import type { Definitions } from './definition.ts';

export const PLAIN: Definitions = {
  plain_columns: 'SELECT o.id, o.customer, o.amount, o.note FROM orders o',
  plain_filter: `SELECT o.id, o.amount FROM orders o WHERE o.status = 'paid' AND o.amount > 1`,
  plain_no_key: 'SELECT v.page, v.ms, v.device FROM visit v WHERE v.ok',
  plain_every_type: `SELECT c.id, c.tier, c.joined, c.active, c.tags, c.profile, p.price,
    p.weight, p.sizes
    FROM customer c JOIN product p ON p.id = c.id`,
  plain_join: `SELECT c.name, o.id, o.amount FROM customer c JOIN orders o ON o.customer = c.id`,
  plain_join_three: `SELECT c.region, p.category, o.id
    FROM customer c JOIN orders o ON o.customer = c.id JOIN product p ON p.id = o.product`,
  plain_join_four: `SELECT c.region, i.line, i.qty, p.name
    FROM customer c
      JOIN orders o ON o.customer = c.id
      JOIN item i ON i.order_id = o.id
      JOIN product p ON p.id = i.product`,
  plain_join_inequality: `SELECT p.id, o.id AS order_id FROM product p
    JOIN orders o ON o.product = p.id AND o.amount > p.price`,
  plain_join_no_equality: 'SELECT l.k, n.id FROM label l JOIN node n ON n.val > l.k',
  plain_join_or: `SELECT c.id, o.id AS order_id
    FROM customer c JOIN orders o ON o.customer = c.id OR o.product = c.referrer`,
  plain_join_nulls: `SELECT n.id, c.id AS customer
    FROM node n JOIN customer c ON c.referrer IS NOT DISTINCT FROM n.parent`,
  plain_self: 'SELECT n.id, p.val FROM node n JOIN node p ON p.id = n.parent',
  plain_natural:
    'SELECT * FROM (SELECT id, region FROM customer) c NATURAL JOIN (SELECT id, grp FROM node) n',
  plain_cross: 'SELECT count(*) AS n FROM product p CROSS JOIN label l',
  plain_group:
    'SELECT c.region, count(*) AS n, count(c.credit) AS known FROM customer c GROUP BY c.region',
  plain_group_sums: `SELECT o.customer, count(*) AS n, sum(o.qty) AS qty, sum(o.amount) AS total,
      avg(o.amount) AS mean
    FROM orders o GROUP BY o.customer`,
  plain_group_scales:
    'SELECT o.product, sum(o.discount) AS s, avg(o.discount) AS a FROM orders o GROUP BY 1',
  plain_group_floats: `SELECT v.page, sum(v.score) AS s, avg(v.score) AS a, count(v.score) AS n
    FROM visit v GROUP BY v.page`,
  plain_group_statistics: `SELECT o.product, stddev_samp(o.amount) AS deviation,
    var_pop(o.qty) AS variance,
      corr(o.qty, o.id) AS correlation, regr_slope(o.qty, o.id) AS slope
    FROM orders o GROUP BY o.product`,
  plain_group_reals: 'SELECT n.grp, sum(n.part) AS s, avg(n.part) AS a FROM node n GROUP BY n.grp',
  plain_group_intervals: `SELECT r.sensor, sum(r.at - TIMESTAMP '2024-01-01') AS age FROM reading r
    GROUP BY r.sensor`,
  plain_group_booleans: `SELECT c.region, bool_and(c.active) AS a, bool_or(c.active) AS o
    FROM customer c GROUP BY c.region`,
  plain_group_filter: `SELECT o.customer, count(*) FILTER (WHERE o.status = 'void') AS voided,
      sum(o.amount) FILTER (WHERE o.qty > 2) AS big
    FROM orders o GROUP BY o.customer`,
  plain_group_case: `SELECT o.product,
      sum(CASE WHEN o.status = 'paid' THEN o.amount ELSE 0 END) AS paid
    FROM orders o GROUP BY o.product`,
  plain_group_keys:
    'SELECT v.page, v.device, v.ok, count(*) AS n FROM visit v GROUP BY v.page, v.device, v.ok',
  plain_group_enum_key: 'SELECT c.tier, count(*) AS n FROM customer c GROUP BY c.tier',
  plain_group_array_key: 'SELECT c.tags, count(*) AS n FROM customer c GROUP BY c.tags',
  plain_group_expression: `SELECT lower(c.region) AS region, count(*) AS n FROM customer c
    GROUP BY lower(c.region)`,
  plain_group_date:
    'SELECT o.due, count(*) AS n, sum(o.amount) AS total FROM orders o GROUP BY o.due',
  plain_group_month: `SELECT date_trunc('month', o.shipped) AS month, count(*) AS n,
    sum(o.qty) AS qty
    FROM orders o GROUP BY 1`,
  plain_group_numeric_key: {
    sql: 'SELECT o.discount, count(*) AS n FROM orders o GROUP BY o.discount',
    ambiguous: ['discount'],
  },
  plain_group_joined: `SELECT c.region, p.category, count(*) AS n, sum(o.amount) AS total
    FROM customer c JOIN orders o ON o.customer = c.id JOIN product p ON p.id = o.product
    GROUP BY c.region, p.category`,
  plain_group_having: `SELECT o.customer, sum(o.amount) AS total FROM orders o
    GROUP BY o.customer HAVING sum(o.amount) > 10 AND count(*) > 1`,
  plain_group_ratio: `SELECT o.customer, sum(o.amount) / nullif(sum(o.qty), 0) AS price
    FROM orders o
    GROUP BY o.customer`,
  plain_total: 'SELECT count(*) AS n, sum(o.amount) AS total, avg(o.qty) AS mean FROM orders o',
  plain_total_empty: `SELECT count(*) AS n, sum(o.qty) AS qty
    FROM orders o WHERE o.note = 'nothing'`,
  plain_json: `SELECT c.profile ->> 'b' AS b, count(*) AS n, sum((c.profile -> 'a')::int) AS a
    FROM customer c WHERE c.profile @> '{"a": 1}' OR c.profile ? 'b' GROUP BY 1`,
  plain_json_path: `SELECT c.id, c.profile #>> '{list,0}' AS first, c.profile -> 'list' AS list
    FROM customer c`,
  plain_enum_text: `SELECT o.status::text AS status, count(*) AS n FROM orders o
    GROUP BY o.status::text`,
  plain_enum_order: `SELECT c.id, c.tier > 'bronze' AS better FROM customer c`,
  plain_any_array: 'SELECT c.id FROM customer c WHERE c.tags && ARRAY[$$a$$, $$c$$]',
  plain_like: `SELECT c.id, c.name FROM customer c WHERE c.name ILIKE '%e%' OR c.region LIKE 's%'`,
  plain_view:
    'SELECT p.customer, count(*) AS n, sum(p.amount) AS total FROM paid p GROUP BY p.customer',
  plain_view_of_group:
    'SELECT c.name, p.orders, p.total FROM paid_by_customer p JOIN customer c ON c.id = p.customer',
  plain_view_of_left: `SELECT v.region, count(v.order_id) AS orders, sum(v.amount) AS total
    FROM customer_orders v GROUP BY v.region`,
  plain_whole_row: 'SELECT l.k, to_jsonb(l) AS row FROM label l',
  plain_same_column_twice: 'SELECT o.id, o.id AS again, o.qty + o.qty AS twice FROM orders o',
};
