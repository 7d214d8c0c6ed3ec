import type { Definitions } from './definition.ts';

export const LIMITS: Definitions = {
  limit_rows: 'SELECT o.id, o.amount FROM orders o ORDER BY o.amount DESC NULLS LAST, o.id LIMIT 5',
  limit_nulls_first: 'SELECT o.id, o.qty FROM orders o ORDER BY o.qty DESC, o.id LIMIT 6',
  limit_offset: 'SELECT o.id, o.qty FROM orders o ORDER BY o.id LIMIT 4 OFFSET 3',
  limit_offset_only: 'SELECT n.id FROM node n ORDER BY n.id DESC OFFSET 10',
  limit_zero: 'SELECT n.id FROM node n ORDER BY n.id LIMIT 0',
  limit_with_ties: `SELECT o.id, o.amount FROM orders o
    ORDER BY o.amount DESC NULLS LAST FETCH FIRST 3 ROWS WITH TIES`,
  limit_groups: `SELECT o.customer, sum(o.amount) AS total FROM orders o
    GROUP BY o.customer ORDER BY total DESC NULLS LAST, o.customer LIMIT 3`,
  limit_groups_by_count: `SELECT v.page, count(*) AS n FROM visit v
    GROUP BY v.page ORDER BY count(*) DESC, v.page LIMIT 2`,
  limit_groups_offset: `SELECT o.product, count(*) AS n FROM orders o
    GROUP BY o.product ORDER BY n DESC, o.product LIMIT 3 OFFSET 2`,
  limit_groups_with_ties: `SELECT o.product, count(*) AS n FROM orders o
    GROUP BY o.product ORDER BY n DESC FETCH FIRST 2 ROWS WITH TIES`,
  limit_groups_having: `SELECT o.customer, count(*) AS n FROM orders o
    GROUP BY o.customer HAVING count(*) > 1 ORDER BY n, o.customer DESC LIMIT 4`,
  limit_joined: `SELECT c.name, o.id, o.amount FROM customer c JOIN orders o ON o.customer = c.id
    ORDER BY o.amount DESC NULLS LAST, o.id LIMIT 5`,
  limit_left_groups: `SELECT c.id, count(o.id) AS n
    FROM customer c LEFT JOIN orders o ON o.customer = c.id
    GROUP BY c.id ORDER BY n DESC, c.id LIMIT 5`,
  limit_distinct:
    'SELECT DISTINCT o.product FROM orders o ORDER BY o.product DESC NULLS LAST LIMIT 4',
  limit_inside: `SELECT s.status, count(*) AS n
    FROM (
      SELECT o.status::text AS status FROM orders o ORDER BY o.amount DESC NULLS LAST, o.id LIMIT 10
    ) s
    GROUP BY s.status`,
  limit_inside_joined: `SELECT c.name, s.id
    FROM (SELECT o.id, o.customer FROM orders o ORDER BY o.id DESC LIMIT 8) s
      LEFT JOIN customer c ON c.id = s.customer`,
  limit_of_expression: 'SELECT o.id FROM orders o ORDER BY abs(o.amount - 10), o.id LIMIT 5',
  limit_no_key: `SELECT v.page, v.ms FROM visit v
    ORDER BY v.ms DESC NULLS LAST, v.page NULLS LAST LIMIT 6`,
  order_only: 'SELECT c.id, c.name FROM customer c ORDER BY c.name, c.id',
  order_group: `SELECT c.region, count(*) AS n FROM customer c GROUP BY c.region ORDER BY n DESC`,
};

/** Their orders are not total: several answers are right until the imat completes the order. */
export const TIES: Definitions = {
  ties_limit: {
    sql: 'SELECT o.id, o.amount FROM orders o ORDER BY o.amount DESC LIMIT 5',
    ties: true,
  },
  ties_limit_groups: {
    sql: `SELECT v.page, count(*) AS n FROM visit v GROUP BY v.page
      ORDER BY count(*) DESC LIMIT 2`,
    ties: true,
  },
  ties_distinct_on: {
    sql: `SELECT DISTINCT ON (o.customer) o.customer, o.id FROM orders o
      ORDER BY o.customer, o.amount DESC`,
    ties: true,
  },
  ties_distinct_on_no_key: {
    sql: `SELECT DISTINCT ON (v.customer) v.customer, v.page, v.ms, v.at FROM visit v
      ORDER BY v.customer`,
    ties: true,
  },
  ties_row_number: {
    sql: `SELECT o.id, row_number() OVER (PARTITION BY o.customer ORDER BY o.qty) AS place
      FROM orders o`,
    ties: true,
  },
  ties_lag: {
    sql: `SELECT r.id, lag(r.value) OVER (PARTITION BY r.sensor ORDER BY r.at) AS earlier
      FROM reading r`,
    ties: true,
  },
  ties_first_value: {
    sql: `SELECT o.id, first_value(o.id) OVER (PARTITION BY o.product ORDER BY o.amount) AS first
      FROM orders o`,
    ties: true,
  },
  ties_rows_frame: {
    sql: `SELECT o.id, sum(o.amount) OVER (
        PARTITION BY o.customer ORDER BY o.qty ROWS UNBOUNDED PRECEDING) AS running
      FROM orders o`,
    ties: true,
  },
  ties_ntile: {
    sql: `SELECT o.id, ntile(2) OVER (PARTITION BY o.customer ORDER BY o.qty) AS half
      FROM orders o`,
    ties: true,
  },
  ties_array: {
    sql: `SELECT o.customer, array_agg(o.id ORDER BY o.qty) AS ids FROM orders o
      GROUP BY o.customer`,
    ties: true,
  },
  ties_array_unordered: {
    sql: 'SELECT o.customer, array_agg(o.id) AS ids FROM orders o GROUP BY o.customer',
    ties: true,
  },
  ties_string: {
    sql: `SELECT c.region, string_agg(c.name, ',' ORDER BY c.tier) AS names FROM customer c
      GROUP BY c.region`,
    ties: true,
  },
  ties_lateral: {
    sql: `SELECT c.id, l.order_id
      FROM customer c CROSS JOIN LATERAL (
        SELECT o.id AS order_id FROM orders o WHERE o.customer = c.id ORDER BY o.qty LIMIT 1) l`,
    ties: true,
  },
  ties_scalar: {
    sql: `SELECT c.id, (SELECT o.note FROM orders o WHERE o.customer = c.id
        ORDER BY o.due DESC LIMIT 1) AS note
      FROM customer c`,
    ties: true,
  },
};
