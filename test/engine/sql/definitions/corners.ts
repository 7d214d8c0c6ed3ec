/** Where a rule that is nearly right is wrong. */
import type { Definitions } from './definition.ts';

export const CORNERS_OF_JOINS: Definitions = {
  corner_key_of_both_sides: `SELECT c.tier::text AS tier, o.status::text AS status, o.product,
      count(*) AS n, count(o.id) AS m
    FROM customer c LEFT JOIN orders o ON o.customer = c.id AND o.product = c.referrer
    GROUP BY c.tier, o.status, o.product`,
  corner_nullable_key: `SELECT l.region, count(*) AS n, count(l.k) AS labels
    FROM customer c LEFT JOIN label l ON l.k = c.id
    GROUP BY l.region`,
  corner_coalesced_key: `SELECT coalesce(o.product, i.product) AS product, count(*) AS n
    FROM orders o FULL JOIN item i ON i.product = o.product AND i.line = 1
    GROUP BY coalesce(o.product, i.product)`,
  corner_preserved_condition: `SELECT c.id, c.region, count(o.id) AS n
    FROM customer c LEFT JOIN orders o ON o.customer = c.id AND c.region = 'north'
    GROUP BY c.id, c.region`,
  corner_dependent_columns: `SELECT c.id, c.name, c.tags, count(o.id) AS orders
    FROM customer c LEFT JOIN orders o ON o.customer = c.id
    GROUP BY c.id`,
  corner_on_false: `SELECT c.id, o.id AS order_id FROM customer c LEFT JOIN orders o ON false`,
  corner_on_null: `SELECT c.id, o.id AS order_id FROM customer c LEFT JOIN orders o
    ON NULL::boolean`,
  corner_null_safe_on: `SELECT n.id, c.id AS customer
    FROM node n LEFT JOIN customer c ON c.referrer IS NOT DISTINCT FROM n.parent`,
  corner_on_or: `SELECT c.id, o.id AS order_id
    FROM customer c LEFT JOIN orders o ON o.customer = c.id OR o.customer IS NULL`,
  corner_on_is_null: `SELECT c.id, o.id AS order_id
    FROM customer c LEFT JOIN orders o ON o.customer = c.id AND o.note IS NULL`,
  corner_whole_row_null: `SELECT c.id, o IS NULL AS missing, to_jsonb(o) AS row
    FROM customer c LEFT JOIN orders o ON o.customer = c.id`,
  corner_count_row: `SELECT c.region, count(o.*) AS rows, count(*) AS n
    FROM customer c LEFT JOIN orders o ON o.customer = c.id
    GROUP BY c.region`,
  corner_chain_back: `SELECT c.id, o.id AS order_id, p.id AS product
    FROM customer c
      LEFT JOIN orders o ON o.customer = c.id
      LEFT JOIN product p ON p.id = coalesce(o.product, c.referrer)`,
  corner_strict_above: `SELECT c.id, o.id AS order_id, p.name
    FROM customer c
      LEFT JOIN (orders o LEFT JOIN product p ON p.id = o.product) ON o.customer = c.id
    WHERE p.price > 1 OR p.price IS NULL`,
  corner_three_full: `SELECT c.id AS c, l.k AS l, n.id AS n
    FROM customer c FULL JOIN label l ON l.k = c.id FULL JOIN node n ON n.id = l.k2`,
  corner_natural_left: `SELECT * FROM (SELECT id, region FROM customer) c
    NATURAL LEFT JOIN (SELECT id, val FROM node) n`,
  corner_left_of_union: `SELECT c.id, u.kind
    FROM customer c
      LEFT JOIN (
        SELECT customer::bigint AS id, 'order' AS kind FROM orders
        UNION SELECT customer, 'visit' FROM visit
      ) u ON u.id = c.id`,
  corner_left_of_window: `SELECT c.id, w.id AS order_id, w.place
    FROM customer c
      LEFT JOIN (
        SELECT o.id, o.customer,
          row_number() OVER (PARTITION BY o.customer ORDER BY o.id) AS place
        FROM orders o
      ) w ON w.customer = c.id AND w.place < 3`,
  corner_left_of_limit: `SELECT c.id, o.id AS order_id
    FROM customer c
      LEFT JOIN (SELECT id, customer FROM orders ORDER BY id LIMIT 12) o ON o.customer = c.id`,
  corner_self_twice: `SELECT a.id, b.id AS b, d.id AS d
    FROM node a LEFT JOIN node b ON b.parent = a.id LEFT JOIN node d ON d.parent = b.id`,
  corner_scales_joined: {
    sql: `SELECT o.id, l.factor FROM orders o LEFT JOIN label l ON l.factor = o.discount`,
  },
  corner_types_joined: `SELECT o.id AS order_id, v.page
    FROM orders o LEFT JOIN visit v ON v.customer = o.customer AND v.ms = o.qty`,
  corner_negative_zero: {
    sql: `SELECT v.score, count(*) AS n, count(p.id) AS m
      FROM visit v LEFT JOIN product p ON p.weight = v.score GROUP BY v.score`,
    ambiguous: ['score'],
  },
  corner_statistics_left: `SELECT c.region, stddev_pop(o.amount) AS s, avg(o.qty) AS a
    FROM customer c LEFT JOIN orders o ON o.customer = c.id
    GROUP BY c.region`,
};

export const CORNERS_OF_SUBQUERIES: Definitions = {
  corner_outer_aggregate: `SELECT c.region, (SELECT max(c.id)) AS most, (SELECT count(o.id)
      FROM orders o WHERE o.customer = max(c.id)) AS orders
    FROM customer c GROUP BY c.region`,
  corner_not_in_row: `SELECT o.id FROM orders o
    WHERE (o.customer, o.product) NOT IN (SELECT l.k, l.k2 FROM label l WHERE l.factor > 1)`,
  corner_not_of_in: `SELECT n.id FROM node n
    WHERE NOT (n.val IN (SELECT v.ms FROM visit v)) IS TRUE`,
  corner_in_is_null: `SELECT n.id FROM node n WHERE (n.val IN (SELECT v.ms FROM visit v)) IS NULL`,
  corner_exists_in_on: `SELECT c.id, o.id AS order_id
    FROM customer c LEFT JOIN orders o ON o.customer = c.id
      AND EXISTS (SELECT FROM item i WHERE i.order_id = o.id)`,
  corner_exists_in_case: `SELECT c.id,
      CASE WHEN EXISTS (SELECT FROM orders o WHERE o.customer = c.id AND o.qty > 2) THEN 'many'
        WHEN EXISTS (SELECT FROM orders o WHERE o.customer = c.id) THEN 'few' END AS buys
    FROM customer c`,
  corner_exists_union: `SELECT c.id FROM customer c
    WHERE EXISTS (
      SELECT 1 FROM orders o WHERE o.customer = c.id
      UNION ALL SELECT 1 FROM visit v WHERE v.customer = c.id AND v.ok)`,
  corner_exists_offset: `SELECT c.id FROM customer c
    WHERE EXISTS (SELECT FROM orders o WHERE o.customer = c.id ORDER BY o.id OFFSET 1)`,
  corner_exists_aggregate: `SELECT c.id FROM customer c
    WHERE EXISTS (SELECT count(*) FROM orders o WHERE o.customer = c.id)`,
  corner_exists_having: `SELECT c.id FROM customer c
    WHERE EXISTS (SELECT FROM orders o WHERE o.customer = c.id HAVING sum(o.qty) > 3)`,
  corner_two_levels: `SELECT p.id, (SELECT count(*) FROM orders o WHERE o.product = p.id
        AND o.customer IN (SELECT c.id FROM customer c WHERE c.referrer = p.id)) AS n
    FROM product p`,
  corner_correlated_twice: `SELECT o.id,
      (SELECT count(*) FROM item i WHERE i.order_id = o.id AND i.product = o.product) AS n
    FROM orders o`,
  corner_correlated_or: `SELECT c.id,
      (SELECT count(*) FROM orders o WHERE o.customer = c.id OR o.customer = c.referrer) AS n
    FROM customer c`,
  corner_correlated_null_safe: `SELECT n.id,
      (SELECT count(*) FROM node m WHERE m.parent IS NOT DISTINCT FROM n.parent) AS siblings
    FROM node n`,
  corner_correlated_expression: `SELECT n.id,
      (SELECT count(*) FROM orders o WHERE doubled(o.qty) = n.val) AS n
    FROM node n`,
  corner_correlated_group_by: `SELECT c.id,
      (SELECT max(s.n) FROM (
        SELECT count(*) AS n FROM orders o WHERE o.customer = c.id GROUP BY o.product) s) AS most
    FROM customer c`,
  corner_correlated_distinct: `SELECT c.id,
      (SELECT count(DISTINCT o.product) FROM orders o WHERE o.customer = c.id) AS products
    FROM customer c`,
  corner_correlated_union: `SELECT c.id, (SELECT string_agg(u.k::text, ',' ORDER BY u.k) FROM (
        SELECT o.product AS k FROM orders o WHERE o.customer = c.id
        UNION SELECT l.k FROM label l WHERE l.region = c.region) u) AS ks
    FROM customer c`,
  corner_scalar_order: `SELECT c.id FROM customer c
    ORDER BY (SELECT count(*) FROM orders o WHERE o.customer = c.id) DESC, c.id LIMIT 5`,
  corner_scalar_row: `SELECT o.id FROM orders o
    WHERE (o.customer, o.product) = (SELECT l.k, l.k2 FROM label l ORDER BY l.k, l.k2 LIMIT 1)`,
  corner_scalar_null: `SELECT o.id FROM orders o
    WHERE o.amount > (SELECT max(x.amount) FROM orders x WHERE x.product = -1) IS NOT TRUE`,
  corner_equal_all: `SELECT c.id FROM customer c
    WHERE 'paid' = ALL (SELECT o.status FROM orders o WHERE o.customer = c.id)`,
  corner_lateral_two: `SELECT c.id, p.id AS product, l.n
    FROM customer c JOIN product p ON p.id = c.referrer
      CROSS JOIN LATERAL (
        SELECT count(*) AS n FROM orders o WHERE o.customer = c.id AND o.product = p.id) l`,
  corner_limit_of_subquery: `SELECT n.id FROM node n
    ORDER BY n.id LIMIT (SELECT count(*) / 2 FROM label l)`,
  corner_array_contains: `SELECT c.id FROM customer c
    WHERE c.id = ANY (ARRAY(SELECT o.customer FROM orders o WHERE o.qty > 1))`,
  corner_cte_twice: `WITH b AS (SELECT customer, sum(qty) AS qty FROM orders GROUP BY customer)
    SELECT c.id, b.qty FROM customer c LEFT JOIN b ON b.customer = c.id
    WHERE NOT EXISTS (SELECT FROM b x WHERE x.qty > b.qty)`,
};

export const CORNERS_OF_GROUPS: Definitions = {
  corner_user_aggregate: `SELECT o.customer, last_odd(o.qty ORDER BY o.id) AS odd FROM orders o
    GROUP BY o.customer`,
  corner_user_function: `SELECT doubled(o.qty) AS twice, max(o.amount) AS most FROM orders o
    GROUP BY doubled(o.qty)`,
  corner_scales_key: {
    sql: `SELECT o.discount, max(o.amount) AS most, array_agg(o.id ORDER BY o.id) AS ids
      FROM orders o GROUP BY o.discount`,
    ambiguous: ['discount'],
  },
  corner_scales_partition: `SELECT o.id, count(*) OVER (PARTITION BY o.discount) AS n
    FROM orders o`,
  corner_zero_partition: `SELECT v.customer, v.page, count(*) OVER (PARTITION BY v.score) AS n
    FROM visit v`,
  corner_case_key: `SELECT upper(c.region) AS region, max(c.name COLLATE "C") AS last
    FROM customer c GROUP BY upper(c.region)`,
  corner_constant_key: `SELECT 'all' AS kind, max(o.amount) AS most, min(o.id) AS first
    FROM orders o GROUP BY 1`,
  corner_total_of_nothing: `SELECT max(o.amount) AS most, array_agg(o.id ORDER BY o.id) AS ids,
      count(DISTINCT o.product) AS products
    FROM orders o WHERE o.status = 'void' AND o.qty > 4`,
  corner_total_having: `SELECT max(v.ms) AS most FROM visit v HAVING max(v.ms) > 6`,
  corner_array_of_rows: `SELECT o.customer, array_agg(ROW(o.id, o.qty)::text ORDER BY o.id) AS rows
    FROM orders o GROUP BY o.customer`,
  corner_string_null: `SELECT n.grp, string_agg(n.val::text, NULL ORDER BY n.id) AS vals FROM node n
    GROUP BY n.grp`,
  corner_sum_distinct_filter: `SELECT o.product,
      sum(DISTINCT o.qty) FILTER (WHERE o.amount IS NOT NULL) AS qty
    FROM orders o GROUP BY o.product`,
  corner_json_filter: `SELECT o.customer,
      jsonb_agg(o.note ORDER BY o.id) FILTER (WHERE o.note <> '') AS notes
    FROM orders o GROUP BY o.customer`,
  corner_window_of_union: `SELECT u.id, u.kind, count(*) OVER (PARTITION BY u.id) AS n
    FROM (SELECT customer AS id, 'o' AS kind FROM orders
      UNION ALL SELECT referrer, 'r' FROM customer) u`,
  corner_window_of_distinct: `SELECT d.customer, d.product,
      count(*) OVER (PARTITION BY d.product) AS customers
    FROM (SELECT DISTINCT customer, product FROM orders) d`,
  corner_window_of_exists: `SELECT c.id,
      row_number() OVER (PARTITION BY c.region ORDER BY c.id) AS p
    FROM customer c WHERE EXISTS (SELECT FROM orders o WHERE o.customer = c.id)`,
  corner_window_two_levels: `SELECT s.id, s.place, max(s.place) OVER (PARTITION BY s.status) AS last
    FROM (
      SELECT o.id, o.status, row_number() OVER (PARTITION BY o.customer ORDER BY o.id) AS place
      FROM orders o
    ) s`,
  corner_window_key_of_two: `SELECT o.id, c.region, p.category,
      count(*) OVER (PARTITION BY c.region, p.category) AS n
    FROM orders o
      LEFT JOIN customer c ON c.id = o.customer
      LEFT JOIN product p ON p.id = o.product`,
  corner_distinct_group: `SELECT DISTINCT count(*) AS n FROM orders o GROUP BY o.customer`,
  corner_distinct_on_left: `SELECT DISTINCT ON (o.product) o.product, c.id, o.id AS order_id
    FROM customer c LEFT JOIN orders o ON o.customer = c.id
    ORDER BY o.product, c.id, o.id`,
  corner_grouping_having: `SELECT o.customer, o.product, max(o.qty) AS most
    FROM orders o GROUP BY ROLLUP (o.customer, o.product)
    HAVING grouping(o.product) = 0 OR max(o.qty) > 2`,
  corner_group_of_full: `SELECT s.n, count(*) AS c
    FROM (
      SELECT coalesce(o.product, i.product) AS product, count(*) AS n
      FROM orders o FULL JOIN item i ON i.order_id = o.id
      GROUP BY 1
    ) s
    GROUP BY s.n`,
  corner_max_of_group_max: `SELECT s.region, max(s.most) AS most, min(s.n) AS least
    FROM (
      SELECT c.region, c.tier, max(o.amount) AS most, count(DISTINCT o.product) AS n
      FROM customer c LEFT JOIN orders o ON o.customer = c.id
      GROUP BY c.region, c.tier
    ) s
    GROUP BY s.region`,
  corner_union_of_limits: `(
      SELECT o.id, o.qty FROM orders o ORDER BY o.qty DESC NULLS LAST, o.id LIMIT 3)
    UNION ALL (SELECT o.id, o.qty FROM orders o ORDER BY o.qty, o.id LIMIT 3)`,
  corner_except_of_group: `SELECT c.region FROM customer c GROUP BY c.region HAVING count(*) > 1
    EXCEPT SELECT l.region FROM label l`,
  corner_union_types: `SELECT o.amount AS x FROM orders o WHERE o.id < 20
    UNION ALL SELECT n.val FROM node n`,
};
