import type { Definitions } from './definition.ts';

export const OUTER_JOINS: Definitions = {
  left_list: `SELECT c.id, c.name, o.id AS order_id, o.amount
    FROM customer c LEFT JOIN orders o ON o.customer = c.id`,
  left_list_no_key: `SELECT c.name, v.page, v.ms
    FROM customer c LEFT JOIN visit v ON v.customer = c.id`,
  left_from_no_key: `SELECT v.page, v.ms, c.region
    FROM visit v LEFT JOIN customer c ON c.id = v.customer`,
  left_group_by_key: `SELECT c.id, count(o.id) AS orders, sum(o.amount) AS total
    FROM customer c LEFT JOIN orders o ON o.customer = c.id
    GROUP BY c.id`,
  left_group_by_column: `SELECT c.region, count(*) AS n, count(o.id) AS orders, sum(o.qty) AS qty
    FROM customer c LEFT JOIN orders o ON o.customer = c.id
    GROUP BY c.region`,
  left_group_by_nullable_side: `SELECT o.status::text AS status, count(*) AS n
    FROM customer c LEFT JOIN orders o ON o.customer = c.id
    GROUP BY o.status`,
  left_group_by_both_sides: `SELECT c.region, o.product, count(*) AS n, sum(o.amount) AS total
    FROM customer c LEFT JOIN orders o ON o.customer = c.id
    GROUP BY c.region, o.product`,
  left_total: `SELECT count(*) AS n, count(o.id) AS m, sum(o.amount) AS total
    FROM customer c LEFT JOIN orders o ON o.customer = c.id`,
  left_condition_on_preserved: `SELECT c.id, c.active, o.id AS order_id
    FROM customer c LEFT JOIN orders o ON o.customer = c.id AND c.active`,
  left_condition_on_nullable: `SELECT c.id, count(o.id) AS paid
    FROM customer c LEFT JOIN orders o ON o.customer = c.id AND o.status = 'paid'
    GROUP BY c.id`,
  left_where_null: `SELECT c.id, c.name
    FROM customer c LEFT JOIN orders o ON o.customer = c.id
    WHERE o.id IS NULL`,
  left_where_strict: `SELECT c.id, o.id AS order_id
    FROM customer c LEFT JOIN orders o ON o.customer = c.id
    WHERE o.qty > 2`,
  left_where_coalesce: `SELECT c.id, coalesce(o.qty, -9) AS qty
    FROM customer c LEFT JOIN orders o ON o.customer = c.id
    WHERE coalesce(o.qty, 5) > 2`,
  left_inequality: `SELECT p.id, p.price, o.id AS order_id
    FROM product p LEFT JOIN orders o ON o.product = p.id AND o.amount > p.price`,
  left_no_equality: `SELECT l.k, l.region, n.id AS node
    FROM label l LEFT JOIN node n ON n.val > l.k`,
  left_mixed_types: `SELECT l.k2, c.id, c.name
    FROM label l LEFT JOIN customer c ON c.id = l.k2`,
  left_on_expression: `SELECT c.id, o.id AS order_id
    FROM customer c LEFT JOIN orders o ON o.customer + 1 = c.id`,
  left_two_siblings: `SELECT c.id, count(DISTINCT o.id) AS orders, count(DISTINCT v.page) AS pages
    FROM customer c
      LEFT JOIN orders o ON o.customer = c.id
      LEFT JOIN visit v ON v.customer = c.id
    GROUP BY c.id`,
  left_chain: `SELECT c.id, o.id AS order_id, i.line, i.qty
    FROM customer c
      LEFT JOIN orders o ON o.customer = c.id
      LEFT JOIN item i ON i.order_id = o.id`,
  left_of_inner: `SELECT c.id, o.id AS order_id, p.category
    FROM customer c
      LEFT JOIN (orders o JOIN product p ON p.id = o.product) ON o.customer = c.id`,
  inner_of_left: `SELECT c.region, p.category, count(*) AS n
    FROM customer c
      LEFT JOIN orders o ON o.customer = c.id
      JOIN product p ON p.id = o.product
    GROUP BY c.region, p.category`,
  inner_then_left: `SELECT o.id, c.name, p.category
    FROM orders o
      JOIN customer c ON c.id = o.customer
      LEFT JOIN product p ON p.id = o.product`,
  left_self: `SELECT n.id, n.val, p.id AS parent, p.val AS parent_val
    FROM node n LEFT JOIN node p ON p.id = n.parent`,
  left_self_group: `SELECT p.id, count(n.id) AS children, sum(n.val) AS total
    FROM node p LEFT JOIN node n ON n.parent = p.id
    GROUP BY p.id`,
  left_using: `SELECT region, count(*) AS n, count(l.k) AS labels
    FROM customer c LEFT JOIN label l USING (region)
    GROUP BY region`,
  right_list: `SELECT o.id, o.qty, c.name
    FROM customer c RIGHT JOIN orders o ON o.customer = c.id`,
  right_group: `SELECT p.category, sum(o.amount) AS total, count(*) AS n
    FROM orders o RIGHT JOIN product p ON p.id = o.product
    GROUP BY p.category`,
  full_list: `SELECT c.id, c.region, l.k, l.region AS label_region
    FROM customer c FULL JOIN label l ON l.k = c.id`,
  full_group: `SELECT coalesce(c.id, v.customer) AS id, count(v.ms) AS visits
    FROM customer c FULL JOIN visit v ON v.customer = c.id
    GROUP BY 1`,
  full_using: `SELECT id, c.name AS customer, n.grp
    FROM customer c FULL JOIN node n USING (id)`,
  full_two_groups: `SELECT a.customer AS a, b.customer AS b, a.n, b.m
    FROM (SELECT customer, count(*) AS n FROM orders GROUP BY customer) a
      FULL JOIN (SELECT customer, sum(ms) AS m FROM visit GROUP BY customer) b
        ON a.customer = b.customer`,
  full_nested: `SELECT c.id, o.id AS order_id, l.k
    FROM customer c
      FULL JOIN (orders o LEFT JOIN label l ON l.k = o.product) ON o.customer = c.id`,
  left_of_group: `SELECT c.id, c.name, s.orders, s.total
    FROM customer c
      LEFT JOIN (
        SELECT customer, count(*) AS orders, sum(amount) AS total FROM orders GROUP BY customer
      ) s ON s.customer = c.id`,
  left_of_two_groups: `SELECT c.id, coalesce(s.total, 0) AS total, coalesce(v.n, 0) AS visits
    FROM customer c
      LEFT JOIN (SELECT customer, sum(amount) AS total FROM orders GROUP BY customer) s
        ON s.customer = c.id
      LEFT JOIN (SELECT customer, count(*) AS n FROM visit WHERE ok GROUP BY customer) v
        ON v.customer = c.id`,
  left_of_distinct: `SELECT c.id, d.product
    FROM customer c
      LEFT JOIN (SELECT DISTINCT customer, product FROM orders) d ON d.customer = c.id`,
  group_of_left_of_group: `SELECT c.region, count(*) AS customers, sum(s.orders) AS orders
    FROM customer c
      LEFT JOIN (SELECT customer, count(*) AS orders FROM orders GROUP BY customer) s
        ON s.customer = c.id
    GROUP BY c.region`,
  left_constant_inside: `SELECT c.id, s.one
    FROM customer c LEFT JOIN (SELECT 1 AS one, customer FROM orders) s ON s.customer = c.id`,
  left_true: `SELECT c.id, n.id AS node
    FROM customer c LEFT JOIN node n ON n.grp = 'a' AND n.val = 3`,
  left_having: `SELECT c.region, count(o.id) AS orders
    FROM customer c LEFT JOIN orders o ON o.customer = c.id
    GROUP BY c.region
    HAVING count(o.id) > 1`,
  left_distinct: `SELECT DISTINCT c.region, o.product
    FROM customer c LEFT JOIN orders o ON o.customer = c.id`,
  left_max: `SELECT c.id, max(o.amount) AS most, min(o.placed) AS first
    FROM customer c LEFT JOIN orders o ON o.customer = c.id
    GROUP BY c.id`,
};
