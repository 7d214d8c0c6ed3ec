/** Expressions that fail for some rows: the imat fails then, as the definition does. */
import type { Definitions } from './definition.ts';

export const FAILING: Definitions = {
  fails_division: 'SELECT o.id, 10 / o.qty AS part FROM orders o',
  fails_division_grouped: 'SELECT o.customer, sum(10 / o.qty) AS parts FROM orders o GROUP BY 1',
  fails_division_guarded: 'SELECT o.id, 10 / o.qty AS part FROM orders o WHERE o.qty > 0',
  fails_division_case: `SELECT o.id, CASE WHEN o.qty = 0 THEN 0 ELSE 10 / o.qty END AS part
    FROM orders o`,
  fails_division_of_sums: `SELECT o.customer, sum(o.amount) / sum(o.qty) AS mean FROM orders o
    GROUP BY o.customer`,
  fails_division_having: `SELECT o.customer, count(*) AS n FROM orders o
    GROUP BY o.customer HAVING sum(o.amount) / sum(o.qty) > 1`,
  fails_cast: 'SELECT o.id, o.note::int AS number FROM orders o',
  fails_cast_filtered: `SELECT o.customer, sum(o.note::int) FILTER (WHERE o.note ~ '^[0-9]+$') AS s
    FROM orders o GROUP BY o.customer`,
  fails_cast_grouped: 'SELECT o.product, max(o.note::int) AS most FROM orders o GROUP BY o.product',
  fails_enum: 'SELECT c.id, c.name::tier AS tier FROM customer c',
  fails_left: `SELECT c.id, 10 / o.qty AS part
    FROM customer c LEFT JOIN orders o ON o.customer = c.id`,
  fails_join_condition: `SELECT c.id, o.id AS order_id
    FROM customer c JOIN orders o ON o.customer = 10 / c.id`,
  fails_scalar: `SELECT c.id, (SELECT o.amount FROM orders o WHERE o.customer = c.id) AS only_one
    FROM customer c`,
  fails_exists: `SELECT c.id FROM customer c
    WHERE EXISTS (SELECT FROM orders o WHERE o.customer = c.id AND 10 / o.qty > 3)`,
  fails_window: `SELECT o.id, sum(10 / o.qty) OVER (PARTITION BY o.customer) AS parts
    FROM orders o`,
  fails_window_after: `SELECT o.id, 100 / sum(o.qty) OVER (PARTITION BY o.customer) AS parts
    FROM orders o`,
  fails_union: `SELECT o.id, 10 / o.qty AS part FROM orders o UNION SELECT n.id, n.val FROM node n`,
  fails_overflow: `SELECT n.grp, sum(n.val * 1000000000) AS total FROM node n GROUP BY n.grp`,
  fails_root: 'SELECT r.id, sqrt(r.value) AS root FROM reading r',
  fails_log_grouped: 'SELECT r.sensor, sum(ln(r.value)) AS logs FROM reading r GROUP BY r.sensor',
  fails_array: `SELECT p.id, p.category, (p.sizes || 1)[p.id] AS size FROM product p`,
  fails_date: `SELECT o.id, make_date(2024, o.qty, 1) AS month FROM orders o`,
  fails_substring: `SELECT c.id, substring(c.name FROM 1 FOR c.referrer - 3) AS part
    FROM customer c`,
  fails_json: `SELECT c.id, (c.profile ->> 'a')::int AS a, (c.profile ->> 'b')::int AS b
    FROM customer c`,
};
