import type { Definitions } from './definition.ts';

export const WINDOWS: Definitions = {
  window_row_number: `SELECT o.id, o.customer,
      row_number() OVER (PARTITION BY o.customer ORDER BY o.placed, o.id) AS place
    FROM orders o`,
  window_rank: `SELECT o.id, o.customer, rank() OVER w AS rank, dense_rank() OVER w AS dense
    FROM orders o
    WINDOW w AS (PARTITION BY o.customer ORDER BY o.amount DESC)`,
  window_count: `SELECT o.id, count(*) OVER (PARTITION BY o.customer) AS orders FROM orders o`,
  window_share: `SELECT o.id, o.amount,
      round(o.amount / nullif(sum(o.amount) OVER (PARTITION BY o.product), 0), 4) AS share
    FROM orders o`,
  window_running: `SELECT o.id, o.customer,
      sum(o.amount) OVER (PARTITION BY o.customer ORDER BY o.placed, o.id) AS running
    FROM orders o`,
  window_lag: `SELECT r.id, r.sensor,
      r.value - lag(r.value) OVER (PARTITION BY r.sensor ORDER BY r.at, r.id) AS change
    FROM reading r`,
  window_lead: `SELECT r.id, lead(r.at) OVER (PARTITION BY r.sensor ORDER BY r.at, r.id) AS until
    FROM reading r`,
  window_lag_default: `SELECT r.id,
      lag(r.value, 2, 0::numeric(8, 3)) OVER (PARTITION BY r.sensor ORDER BY r.at, r.id) AS earlier
    FROM reading r`,
  window_first_last: `SELECT o.id,
      first_value(o.id) OVER w AS first,
      last_value(o.id) OVER (w ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS last
    FROM orders o
    WINDOW w AS (PARTITION BY o.product ORDER BY o.placed, o.id)`,
  window_nth: `SELECT o.id, nth_value(o.qty, 2) OVER (PARTITION BY o.customer
    ORDER BY o.id) AS second
    FROM orders o`,
  window_ntile: `SELECT o.id, ntile(3) OVER (PARTITION BY o.status ORDER BY o.amount, o.id) AS third
    FROM orders o`,
  window_percent_rank: `SELECT o.id,
      percent_rank() OVER (PARTITION BY o.product ORDER BY o.amount) AS percent,
      cume_dist() OVER (PARTITION BY o.product ORDER BY o.amount) AS below
    FROM orders o`,
  window_rows_frame: `SELECT r.id,
      avg(r.value) OVER (
        PARTITION BY r.sensor ORDER BY r.at, r.id ROWS BETWEEN 2 PRECEDING AND CURRENT ROW
      ) AS smooth
    FROM reading r`,
  window_range_frame: `SELECT r.id,
      count(*) OVER (
        PARTITION BY r.sensor ORDER BY r.at
        RANGE BETWEEN INTERVAL '30 days' PRECEDING AND CURRENT ROW
      ) AS month
    FROM reading r`,
  window_groups_frame: `SELECT o.id,
      sum(o.qty) OVER (
        PARTITION BY o.customer ORDER BY o.amount
        GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE CURRENT ROW
      ) AS around
    FROM orders o`,
  window_exclude_ties: `SELECT o.id,
      count(*) OVER (
        PARTITION BY o.product ORDER BY o.qty
        RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW EXCLUDE TIES
      ) AS n
    FROM orders o`,
  window_filter: `SELECT o.id,
      count(*) FILTER (WHERE o.status = 'paid') OVER (PARTITION BY o.customer) AS paid
    FROM orders o`,
  window_two_partitions: `SELECT o.id,
      count(*) OVER (PARTITION BY o.customer) AS by_customer,
      count(*) OVER (PARTITION BY o.product) AS by_product
    FROM orders o`,
  window_nested_partitions: `SELECT o.id,
      sum(o.qty) OVER (PARTITION BY o.customer, o.product) AS inner_sum,
      sum(o.qty) OVER (PARTITION BY o.customer) AS outer_sum
    FROM orders o`,
  window_expression_key: `SELECT o.id, max(o.amount) OVER (PARTITION BY o.id % 4) AS most
    FROM orders o`,
  window_joined: `SELECT o.id, c.region,
      rank() OVER (PARTITION BY c.region ORDER BY o.amount DESC NULLS LAST) AS rank
    FROM orders o JOIN customer c ON c.id = o.customer`,
  window_left_joined: `SELECT c.id, o.id AS order_id,
      count(o.id) OVER (PARTITION BY c.id) AS orders
    FROM customer c LEFT JOIN orders o ON o.customer = c.id`,
  window_where_before: `SELECT o.id, row_number() OVER (PARTITION BY o.customer
    ORDER BY o.id) AS place
    FROM orders o
    WHERE o.status <> 'void'`,
  window_filtered_after: `SELECT s.id, s.customer, s.place
    FROM (
      SELECT o.id, o.customer,
        row_number() OVER (PARTITION BY o.customer ORDER BY o.amount DESC NULLS LAST, o.id) AS place
      FROM orders o
    ) s
    WHERE s.place <= 2`,
  window_deduplicated: `SELECT s.customer, s.page, s.ms
    FROM (
      SELECT v.*, row_number() OVER (PARTITION BY v.customer, v.page ORDER BY v.ms DESC) AS place
      FROM visit v
    ) s
    WHERE s.place = 1`,
  window_then_group: `SELECT s.place, count(*) AS n, sum(s.amount) AS total
    FROM (
      SELECT o.amount, row_number() OVER (PARTITION BY o.customer ORDER BY o.placed, o.id) AS place
      FROM orders o
    ) s
    GROUP BY s.place`,
  window_no_partition_total: `SELECT o.id, count(*) OVER () AS all_orders FROM orders o`,
  window_no_partition_running: `SELECT o.id, sum(o.amount) OVER (ORDER BY o.id) AS running
    FROM orders o`,
  window_no_partition_rank: `SELECT p.id, rank() OVER (ORDER BY p.price DESC NULLS LAST) AS rank
    FROM product p`,
  window_over_group: `SELECT o.customer, sum(o.amount) AS total,
      rank() OVER (ORDER BY sum(o.amount) DESC NULLS LAST) AS rank
    FROM orders o
    GROUP BY o.customer`,
  window_share_of_total: `SELECT o.product, sum(o.amount) AS total,
      round(sum(o.amount) / nullif(sum(sum(o.amount)) OVER (), 0), 4) AS share
    FROM orders o
    GROUP BY o.product`,
  window_lag_over_group: `SELECT r.at::date AS day, count(*) AS n,
      count(*) - lag(count(*)) OVER (ORDER BY r.at::date) AS change
    FROM reading r
    GROUP BY 1`,
  window_partition_over_group: `SELECT c.region, o.product, count(*) AS n,
      dense_rank() OVER (PARTITION BY c.region ORDER BY count(*) DESC) AS place
    FROM customer c JOIN orders o ON o.customer = c.id
    GROUP BY c.region, o.product`,
  window_gaps: `SELECT s.sensor, s.run, min(s.at) AS since, max(s.at) AS until, count(*) AS n
    FROM (
      SELECT t.*, sum(t.starts) OVER (PARTITION BY t.sensor ORDER BY t.at, t.id) AS run
      FROM (
        SELECT r.*, CASE WHEN r.at - lag(r.at) OVER (PARTITION BY r.sensor ORDER BY r.at, r.id)
          < INTERVAL '40 days' THEN 0 ELSE 1 END AS starts
        FROM reading r
      ) t
    ) s
    GROUP BY s.sensor, s.run`,
  window_array: `SELECT o.id, array_agg(o.id) OVER (PARTITION BY o.customer ORDER BY o.id) AS so_far
    FROM orders o`,
  window_no_key: `SELECT v.customer, v.page, count(*) OVER (PARTITION BY v.customer) AS n,
      max(v.ms) OVER (PARTITION BY v.customer, v.page) AS most
    FROM visit v`,
  window_node_tree: `SELECT n.id, n.parent, rank() OVER (PARTITION BY n.parent
    ORDER BY n.val) AS rank,
      sum(n.val) OVER (PARTITION BY n.parent) AS total
    FROM node n`,
  window_beside_query: `SELECT c.id, (SELECT count(*) FROM orders o WHERE o.customer = c.id) AS n,
      rank() OVER (ORDER BY c.joined) AS place
    FROM customer c`,
  window_beside_query_joined: `SELECT o.id, o.customer,
      coalesce((SELECT sum(i.qty * i.price) FROM item i WHERE i.order_id = o.id), 0) AS worth,
      (SELECT p.name FROM product p WHERE p.id = o.product) AS product,
      row_number() OVER (PARTITION BY c.region ORDER BY o.amount DESC, o.id) AS place
    FROM orders o JOIN customer c ON c.id = o.customer
    WHERE o.qty > 0`,
  window_by_query: `SELECT c.id, c.region,
      rank() OVER (
        PARTITION BY c.region
        ORDER BY (SELECT count(*) FROM orders o WHERE o.customer = c.id) DESC
      ) AS place
    FROM customer c`,
  window_of_query_in_cte: `WITH t AS (
      SELECT c.id, c.region, (SELECT count(*) FROM orders o WHERE o.customer = c.id) AS n
      FROM customer c
    )
    SELECT t.id, t.n, t.n - lag(t.n) OVER (PARTITION BY t.region ORDER BY t.id) AS change FROM t`,
  window_beside_two_queries: `SELECT c.id,
      (SELECT count(*) FROM orders o WHERE o.customer = c.id) AS n,
      (SELECT max(o.placed) FROM orders o) AS latest,
      ntile(3) OVER (ORDER BY c.joined, c.id) AS third
    FROM customer c
    WHERE c.joined > (SELECT min(o.due) FROM orders o)`,
  window_beside_query_of_groups: `SELECT c.region, count(*) AS n,
      (SELECT count(*) FROM label l WHERE l.region = c.region) AS labels,
      rank() OVER (ORDER BY count(*) DESC) AS place
    FROM customer c
    GROUP BY c.region
    HAVING count(*) > 1`,
  window_beside_query_of_keys: `SELECT p.id, p.name, sum(o.amount) AS total,
      (SELECT string_agg(i.qty::text, ',' ORDER BY i.qty) FROM item i
        WHERE i.product = p.id) AS qtys,
      sum(sum(o.amount)) OVER (PARTITION BY p.category) AS of_category
    FROM product p JOIN orders o ON o.product = p.id
    GROUP BY p.id`,
  window_beside_array: `SELECT c.id,
      ARRAY(SELECT o.id FROM orders o WHERE o.customer = c.id ORDER BY o.id) AS orders,
      EXISTS (SELECT FROM visit v WHERE v.customer = c.id AND v.ok) AS came,
      count(*) OVER (PARTITION BY c.tier) AS alike
    FROM customer c`,
  window_around_query: `SELECT c.id,
      CASE WHEN rank() OVER (ORDER BY c.joined) < 3
        THEN (SELECT count(*) FROM orders o WHERE o.customer = c.id) END AS n
    FROM customer c`,
  latest_beside_query: `SELECT DISTINCT ON (c.region) c.region, c.id,
      (SELECT count(*) FROM orders o WHERE o.customer = c.id) AS n
    FROM customer c
    ORDER BY c.region, c.joined DESC, c.id`,
};
