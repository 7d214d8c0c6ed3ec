/** The latest row of each key in the ways that people write it, and DISTINCT ON beside that. */
import type { Definitions } from './definition.ts';

export const LATEST_ROWS: Definitions = {
  latest_distinct_on: `SELECT DISTINCT ON (r.sensor) r.sensor, r.id, r.at, r.value
    FROM reading r
    ORDER BY r.sensor, r.at DESC, r.id DESC`,
  latest_row_number: `SELECT s.sensor, s.id, s.at, s.value
    FROM (
      SELECT r.*, row_number() OVER (PARTITION BY r.sensor ORDER BY r.at DESC, r.id DESC) AS place
      FROM reading r
    ) s
    WHERE s.place = 1`,
  latest_max_join: `SELECT r.sensor, r.id, r.at, r.value
    FROM reading r
      JOIN (SELECT sensor, max(at) AS at FROM reading GROUP BY sensor) m
        ON m.sensor = r.sensor AND m.at = r.at`,
  latest_lateral: `SELECT s.sensor, l.id, l.at, l.value
    FROM (SELECT DISTINCT sensor FROM reading) s
      CROSS JOIN LATERAL (
        SELECT r.id, r.at, r.value FROM reading r WHERE r.sensor = s.sensor
        ORDER BY r.at DESC, r.id DESC LIMIT 1
      ) l`,
  latest_not_exists: `SELECT r.sensor, r.id, r.at, r.value
    FROM reading r
    WHERE NOT EXISTS (SELECT FROM reading n WHERE n.sensor = r.sensor AND n.at > r.at)`,
  latest_equals_max: `SELECT r.sensor, r.id, r.at, r.value
    FROM reading r
    WHERE r.at = (SELECT max(n.at) FROM reading n WHERE n.sensor = r.sensor)`,
  latest_array: `SELECT r.sensor, (array_agg(r.value ORDER BY r.at DESC, r.id DESC))[1] AS value,
      (array_agg(r.id ORDER BY r.at DESC, r.id DESC))[1] AS id
    FROM reading r
    GROUP BY r.sensor`,
  latest_anti_join: `SELECT r.sensor, r.id, r.value
    FROM reading r LEFT JOIN reading n ON n.sensor = r.sensor AND n.at > r.at
    WHERE n.id IS NULL`,
  latest_first_value: `SELECT DISTINCT r.sensor,
      first_value(r.value) OVER (PARTITION BY r.sensor ORDER BY r.at DESC, r.id DESC) AS value
    FROM reading r`,
  latest_in_pairs: `SELECT r.sensor, r.id, r.value
    FROM reading r
    WHERE (r.sensor, r.at) IN (SELECT n.sensor, max(n.at) FROM reading n GROUP BY n.sensor)`,
  latest_left_lateral: `SELECT c.id, c.name, l.order_id, l.amount
    FROM customer c
      LEFT JOIN LATERAL (
        SELECT o.id AS order_id, o.amount FROM orders o WHERE o.customer = c.id
        ORDER BY o.placed DESC NULLS LAST, o.id LIMIT 1
      ) l ON true`,
  latest_of_good: `SELECT DISTINCT ON (r.sensor) r.sensor, r.value
    FROM reading r
    WHERE r.ok
    ORDER BY r.sensor, r.at DESC NULLS LAST, r.id`,
  latest_joined: `SELECT DISTINCT ON (c.id) c.id, c.name, o.id AS order_id, o.status::text AS status
    FROM customer c JOIN orders o ON o.customer = c.id
    ORDER BY c.id, o.placed DESC NULLS LAST, o.id`,
  distinct_on_pair: `SELECT DISTINCT ON (o.customer, o.product) o.customer, o.product, o.id, o.qty
    FROM orders o
    ORDER BY o.customer, o.product, o.amount DESC NULLS LAST, o.id`,
  distinct_on_expression: `SELECT DISTINCT ON (o.id % 5) o.id % 5 AS bucket, o.id, o.amount
    FROM orders o
    ORDER BY o.id % 5, o.amount, o.id`,
  distinct_on_group: `SELECT DISTINCT ON (s.region) s.region, s.id, s.n
    FROM (
      SELECT c.region, c.id, count(o.id) AS n
      FROM customer c LEFT JOIN orders o ON o.customer = c.id
      GROUP BY c.region, c.id
    ) s
    ORDER BY s.region, s.n DESC, s.id`,
  distinct_on_then_group: `SELECT s.status, count(*) AS n, sum(s.amount) AS total
    FROM (
      SELECT DISTINCT ON (o.customer) o.customer, o.status::text AS status, o.amount
      FROM orders o
      ORDER BY o.customer, o.placed DESC NULLS LAST, o.id
    ) s
    GROUP BY s.status`,
  distinct_on_no_key: `SELECT DISTINCT ON (v.customer) v.customer, v.page, v.ms, v.device
    FROM visit v
    ORDER BY v.customer, v.ms DESC, v.page, v.device`,
  distinct_plain: 'SELECT DISTINCT o.customer, o.product FROM orders o',
  distinct_of_window: `SELECT DISTINCT o.customer, count(*) OVER (PARTITION BY o.customer) AS n
    FROM orders o`,
};
