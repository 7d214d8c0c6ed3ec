/** Aggregates that a deleted row cannot be subtracted from, and all forms of a call. */
import type { Definitions } from './definition.ts';

export const AGGREGATES: Definitions = {
  agg_total_array: 'SELECT array_agg(o.id ORDER BY o.placed, o.id DESC) AS ids FROM orders o',
  agg_total_ties: {
    sql: `SELECT string_agg(o.status::text, ',' ORDER BY o.qty DESC) AS states, count(*) AS n,
        max(o.amount) AS most, percentile_disc(0.5) WITHIN GROUP (ORDER BY o.qty) AS middle
      FROM orders o WHERE o.amount IS NOT NULL`,
    ties: true,
  },
  agg_total_filter: `SELECT jsonb_agg(o.id ORDER BY o.id) FILTER (WHERE o.qty > 2) AS ids,
      string_agg(DISTINCT o.note, ',' ORDER BY o.note) AS notes
    FROM orders o JOIN customer c ON c.id = o.customer HAVING count(*) > 1`,
  agg_total_of_groups: `SELECT json_agg(q.n ORDER BY q.n, q.product) AS counts
    FROM (SELECT o.product, count(*) AS n FROM orders o GROUP BY o.product) q`,
  agg_total_left_join: `SELECT array_agg(o.id ORDER BY c.id, o.id) AS ids
    FROM customer c LEFT JOIN orders o ON o.customer = c.id`,
  agg_total_beside: `SELECT c.id, a.ids FROM customer c
    CROSS JOIN (SELECT array_agg(o.id ORDER BY o.id) AS ids FROM orders o) a`,
  agg_max: 'SELECT o.customer, max(o.amount) AS most FROM orders o GROUP BY o.customer',
  agg_min_max_count: `SELECT r.sensor, min(r.value) AS low, max(r.value) AS high, count(*) AS n
    FROM reading r GROUP BY r.sensor`,
  agg_max_text:
    'SELECT n.grp, max(c.name) AS last FROM node n JOIN customer c USING (id) GROUP BY 1',
  agg_max_enum: 'SELECT c.region, max(c.tier) AS best FROM customer c GROUP BY c.region',
  agg_max_dates: `SELECT o.product, min(o.due) AS first, max(o.placed) AS last,
    max(o.shipped) AS sent
    FROM orders o GROUP BY o.product`,
  agg_max_array: 'SELECT c.region, max(c.tags) AS tags FROM customer c GROUP BY c.region',
  agg_max_total: 'SELECT min(v.ms) AS low, max(v.ms) AS high, count(v.ms) AS n FROM visit v',
  agg_max_scales: {
    sql: 'SELECT o.status, max(o.discount) AS most FROM orders o GROUP BY o.status',
    ambiguous: ['most'],
  },
  agg_max_float: 'SELECT v.page, max(v.score) AS most FROM visit v GROUP BY v.page',
  agg_max_filter: `SELECT o.customer, max(o.amount) FILTER (WHERE o.status = 'paid') AS most_paid
    FROM orders o GROUP BY o.customer`,
  agg_max_having: `SELECT o.customer, max(o.amount) AS most FROM orders o
    GROUP BY o.customer HAVING max(o.amount) > 5`,
  agg_max_joined: `SELECT c.region, max(o.amount) AS most, min(o.qty) AS least
    FROM customer c JOIN orders o ON o.customer = c.id GROUP BY c.region`,
  agg_max_interval: `SELECT r.sensor, max(r.at - TIMESTAMP '2024-01-01') AS latest FROM reading r
    GROUP BY r.sensor`,
  agg_array: `SELECT o.customer, array_agg(o.id ORDER BY o.id) AS orders FROM orders o
    GROUP BY o.customer`,
  agg_array_nulls: `SELECT n.parent, array_agg(n.val ORDER BY n.val NULLS FIRST) AS vals FROM node n
    GROUP BY n.parent`,
  agg_array_distinct: `SELECT o.customer, array_agg(DISTINCT o.product) AS products FROM orders o
    GROUP BY o.customer`,
  agg_array_filter: `SELECT o.customer,
      array_agg(o.id ORDER BY o.id DESC) FILTER (WHERE o.qty > 1) AS big
    FROM orders o GROUP BY o.customer`,
  agg_string: `SELECT c.region, string_agg(c.name, ', ' ORDER BY c.name, c.id) AS names
    FROM customer c GROUP BY c.region`,
  agg_string_distinct: `SELECT v.device, string_agg(DISTINCT v.page, ' ') AS pages FROM visit v
    GROUP BY v.device`,
  agg_string_bytea: `SELECT n.grp, string_agg(convert_to(n.id::text, 'UTF8'), '\\x2c'
    ORDER BY n.id) AS b
    FROM node n GROUP BY n.grp`,
  agg_json: `SELECT o.customer, json_agg(o.note ORDER BY o.id) AS notes FROM orders o
    GROUP BY o.customer`,
  agg_jsonb: `SELECT c.region, jsonb_agg(c.profile ORDER BY c.id) AS profiles FROM customer c
    GROUP BY c.region`,
  agg_json_object: `SELECT o.customer, jsonb_object_agg(o.id, o.qty) AS qty FROM orders o
    GROUP BY o.customer`,
  agg_json_build: `SELECT o.customer,
      jsonb_agg(jsonb_build_object('id', o.id, 'amount', o.amount) ORDER BY o.id) AS orders
    FROM orders o GROUP BY o.customer`,
  agg_percentile: `SELECT r.sensor,
      percentile_cont(0.5) WITHIN GROUP (ORDER BY r.value) AS median,
      percentile_disc(0.9) WITHIN GROUP (ORDER BY r.value) AS p90
    FROM reading r GROUP BY r.sensor`,
  agg_percentiles: `SELECT o.product,
      percentile_disc(ARRAY[0.25, 0.75]) WITHIN GROUP (ORDER BY o.qty) AS quartiles
    FROM orders o GROUP BY o.product`,
  agg_percentile_total: `SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY v.ms) AS median
    FROM visit v`,
  agg_percentile_filter: `SELECT v.page,
      percentile_disc(0.5) WITHIN GROUP (ORDER BY v.ms) FILTER (WHERE v.ok) AS median
    FROM visit v GROUP BY v.page`,
  agg_mode: `SELECT o.customer, mode() WITHIN GROUP (ORDER BY o.product) AS favourite FROM orders o
    GROUP BY o.customer`,
  agg_hypothetical: `SELECT o.product, rank(3) WITHIN GROUP (ORDER BY o.qty) AS place FROM orders o
    GROUP BY o.product`,
  agg_bits: `SELECT o.customer, bit_and(o.qty) AS every_bit, bit_or(o.qty) AS any_bit,
      bit_xor(o.qty) AS odd_bits
    FROM orders o GROUP BY o.customer`,
  agg_ranges: `SELECT r.sensor, range_agg(int4range(r.id, r.id + 3)) AS ids FROM reading r
    GROUP BY r.sensor`,
  agg_count_distinct: `SELECT o.customer, count(DISTINCT o.product) AS products FROM orders o
    GROUP BY o.customer`,
  agg_count_distinct_coarse: `SELECT v.device, count(DISTINCT v.customer) AS customers,
    count(*) AS n
    FROM visit v GROUP BY v.device`,
  agg_count_distinct_total: 'SELECT count(DISTINCT o.product) AS products FROM orders o',
  agg_count_distinct_two: `SELECT o.status, count(DISTINCT o.product) AS products,
      count(DISTINCT o.customer) AS customers
    FROM orders o GROUP BY o.status`,
  agg_count_distinct_row: `SELECT o.status, count(DISTINCT (o.product, o.customer)) AS pairs
    FROM orders o GROUP BY o.status`,
  agg_sum_distinct: `SELECT o.customer, sum(DISTINCT o.qty) AS qty, avg(DISTINCT o.qty) AS mean
    FROM orders o GROUP BY o.customer`,
  agg_distinct_filter: `SELECT o.customer,
      count(DISTINCT o.product) FILTER (WHERE o.amount > 1) AS products
    FROM orders o GROUP BY o.customer`,
  agg_distinct_joined: `SELECT c.region, count(DISTINCT p.category) AS categories
    FROM customer c JOIN orders o ON o.customer = c.id JOIN product p ON p.id = o.product
    GROUP BY c.region`,
  agg_mixed: `SELECT o.customer, count(*) AS n, sum(o.amount) AS total, max(o.amount) AS most,
      array_agg(o.id ORDER BY o.id) AS ids, count(DISTINCT o.product) AS products
    FROM orders o GROUP BY o.customer`,
  agg_any_all: `SELECT v.customer, bool_and(v.ok) AS always, bool_or(v.ok) AS ever,
    every(v.ms > 0) AS e
    FROM visit v GROUP BY v.customer`,
  agg_ordered_expression: `SELECT o.customer,
      (array_agg(o.note ORDER BY o.amount DESC NULLS LAST, o.id))[1] AS note_of_biggest
    FROM orders o GROUP BY o.customer`,
  agg_key_nullable:
    'SELECT n.parent, max(n.val) AS most, min(n.id) AS first FROM node n GROUP BY 1',
  agg_key_expression: `SELECT o.qty % 3 AS bucket, max(o.amount) AS most,
      string_agg(o.id::text, '+' ORDER BY o.id) AS ids
    FROM orders o GROUP BY 1`,
  agg_json_object_ordered: `SELECT n.grp, json_object_agg(n.id, n.val
    ORDER BY n.id) AS vals FROM node n GROUP BY n.grp`,
};
