import type { Definitions } from './definition.ts';

export const LATERALS: Definitions = {
  lateral_top_one: `SELECT c.id, l.order_id, l.amount
    FROM customer c
      CROSS JOIN LATERAL (
        SELECT o.id AS order_id, o.amount FROM orders o WHERE o.customer = c.id
        ORDER BY o.amount DESC NULLS LAST, o.id LIMIT 1
      ) l`,
  lateral_top_three: `SELECT c.id, l.order_id, l.qty
    FROM customer c,
      LATERAL (
        SELECT o.id AS order_id, o.qty FROM orders o WHERE o.customer = c.id
        ORDER BY o.qty DESC, o.id LIMIT 3
      ) l`,
  lateral_offset: `SELECT c.id, l.order_id
    FROM customer c
      CROSS JOIN LATERAL (
        SELECT o.id AS order_id FROM orders o WHERE o.customer = c.id
        ORDER BY o.id LIMIT 2 OFFSET 1
      ) l`,
  lateral_with_ties: `SELECT c.id, l.order_id, l.qty
    FROM customer c
      CROSS JOIN LATERAL (
        SELECT o.id AS order_id, o.qty FROM orders o WHERE o.customer = c.id
        ORDER BY o.qty DESC NULLS LAST FETCH FIRST 1 ROW WITH TIES
      ) l`,
  lateral_left_top: `SELECT p.id, p.category, l.customer, l.amount
    FROM product p
      LEFT JOIN LATERAL (
        SELECT o.customer, o.amount FROM orders o WHERE o.product = p.id
        ORDER BY o.amount DESC NULLS LAST, o.id LIMIT 2
      ) l ON true`,
  lateral_aggregate: `SELECT c.id, c.name, l.n, l.total
    FROM customer c
      CROSS JOIN LATERAL (
        SELECT count(*) AS n, sum(o.amount) AS total FROM orders o WHERE o.customer = c.id
      ) l`,
  lateral_aggregate_filtered: `SELECT c.id, l.n
    FROM customer c
      CROSS JOIN LATERAL (SELECT count(*) AS n FROM orders o WHERE o.customer = c.id) l
    WHERE l.n > 1`,
  lateral_group: `SELECT c.id, l.status, l.n
    FROM customer c
      CROSS JOIN LATERAL (
        SELECT o.status::text AS status, count(*) AS n FROM orders o WHERE o.customer = c.id
        GROUP BY o.status
      ) l`,
  lateral_chain: `SELECT c.id, o.order_id, i.line
    FROM customer c
      CROSS JOIN LATERAL (
        SELECT o.id AS order_id FROM orders o WHERE o.customer = c.id
        ORDER BY o.id DESC LIMIT 1
      ) o
      CROSS JOIN LATERAL (
        SELECT i.line FROM item i WHERE i.order_id = o.order_id ORDER BY i.line LIMIT 2
      ) i`,
  lateral_inequality: `SELECT r.id, l.id AS next
    FROM reading r
      LEFT JOIN LATERAL (
        SELECT s.id FROM reading s WHERE s.sensor = r.sensor AND s.at > r.at
        ORDER BY s.at, s.id LIMIT 1
      ) l ON true`,
  lateral_expression: `SELECT o.id, l.net
    FROM orders o CROSS JOIN LATERAL (SELECT o.amount * (1 - 0.1) AS net) l
    WHERE l.net > 1`,
  lateral_union: `SELECT c.id, l.kind, l.n
    FROM customer c
      CROSS JOIN LATERAL (
        SELECT 'order' AS kind, count(*) AS n FROM orders o WHERE o.customer = c.id
        UNION ALL
        SELECT 'visit', count(*) FROM visit v WHERE v.customer = c.id
      ) l`,
  lateral_then_group: `SELECT c.region, count(*) AS n, sum(l.amount) AS best
    FROM customer c
      CROSS JOIN LATERAL (
        SELECT o.amount FROM orders o WHERE o.customer = c.id
        ORDER BY o.amount DESC NULLS LAST, o.id LIMIT 1
      ) l
    GROUP BY c.region`,
  lateral_of_group: `SELECT g.category, g.n, l.id AS dearest
    FROM (SELECT p.category, count(*) AS n FROM product p GROUP BY p.category) g
      CROSS JOIN LATERAL (
        SELECT p.id FROM product p WHERE p.category = g.category
        ORDER BY p.price DESC NULLS LAST, p.id LIMIT 1
      ) l`,
  lateral_window: `SELECT c.id, l.order_id, l.running
    FROM customer c
      CROSS JOIN LATERAL (
        SELECT o.id AS order_id, sum(o.qty) OVER (ORDER BY o.id) AS running
        FROM orders o WHERE o.customer = c.id
      ) l`,
  lateral_uncorrelated: `SELECT l.k, s.n
    FROM label l CROSS JOIN LATERAL (SELECT count(*) AS n FROM node) s`,
  lateral_distinct: `SELECT c.id, l.page
    FROM customer c
      CROSS JOIN LATERAL (SELECT DISTINCT v.page FROM visit v WHERE v.customer = c.id) l`,
};
