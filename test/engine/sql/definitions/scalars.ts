import type { Definitions } from './definition.ts';

export const SCALARS: Definitions = {
  scalar_count: `SELECT c.id, (SELECT count(*) FROM orders o WHERE o.customer = c.id) AS orders
    FROM customer c`,
  scalar_sum: `SELECT c.id, (SELECT sum(o.amount) FROM orders o WHERE o.customer = c.id) AS total
    FROM customer c`,
  scalar_max: `SELECT c.id, c.name,
      (SELECT max(o.placed) FROM orders o WHERE o.customer = c.id) AS last
    FROM customer c`,
  scalar_two: `SELECT c.id,
      (SELECT count(*) FROM orders o WHERE o.customer = c.id) AS orders,
      (SELECT avg(v.ms) FROM visit v WHERE v.customer = c.id) AS ms
    FROM customer c`,
  scalar_coalesced: `SELECT c.id,
      coalesce((SELECT sum(o.qty) FROM orders o WHERE o.customer = c.id), 0) AS qty
    FROM customer c`,
  scalar_by_key: `SELECT o.id, (SELECT c.name FROM customer c WHERE c.id = o.customer) AS name
    FROM orders o`,
  scalar_nested: `SELECT c.id,
      (SELECT count(*) FROM orders o WHERE o.customer = c.id
        AND o.amount > (SELECT p.price FROM product p WHERE p.id = o.product)) AS dear
    FROM customer c`,
  scalar_limit: `SELECT c.id,
      (SELECT o.id FROM orders o WHERE o.customer = c.id ORDER BY o.placed DESC NULLS LAST, o.id
        LIMIT 1) AS latest
    FROM customer c`,
  scalar_array: `SELECT c.id,
      ARRAY(SELECT o.id FROM orders o WHERE o.customer = c.id ORDER BY o.id) AS orders
    FROM customer c`,
  scalar_string: `SELECT n.id,
      (SELECT string_agg(m.grp, ',' ORDER BY m.id) FROM node m WHERE m.parent = n.id) AS children
    FROM node n`,
  scalar_uncorrelated: `SELECT o.id, o.amount - (SELECT min(p.price) FROM product p) AS above
    FROM orders o`,
  scalar_share: `SELECT o.id, round(o.amount / nullif((SELECT sum(x.amount) FROM orders x), 0), 4)
      AS share
    FROM orders o`,
  scalar_where: `SELECT o.id, o.amount FROM orders o
    WHERE o.amount > (SELECT avg(x.amount) FROM orders x WHERE x.product = o.product)`,
  scalar_where_uncorrelated: `SELECT o.id, o.amount FROM orders o
    WHERE o.amount > (SELECT avg(x.amount) FROM orders x)`,
  scalar_where_equal: `SELECT o.id, o.customer, o.amount FROM orders o
    WHERE o.amount = (SELECT max(x.amount) FROM orders x WHERE x.customer = o.customer)`,
  scalar_where_count: `SELECT c.id, c.name FROM customer c
    WHERE (SELECT count(*) FROM orders o WHERE o.customer = c.id) >= 2`,
  scalar_where_zero: `SELECT c.id FROM customer c
    WHERE 0 = (SELECT count(*) FROM visit v WHERE v.customer = c.id AND v.ok)`,
  scalar_having: `SELECT o.product, sum(o.amount) AS total FROM orders o
    GROUP BY o.product
    HAVING sum(o.amount) > (SELECT p.price FROM product p WHERE p.id = o.product)`,
  scalar_having_uncorrelated: `SELECT o.customer, sum(o.amount) AS total FROM orders o
    GROUP BY o.customer
    HAVING sum(o.amount) > (SELECT avg(x.amount) FROM orders x)`,
  scalar_over_group: `SELECT o.customer, count(*) AS n,
      (SELECT c.name FROM customer c WHERE c.id = o.customer) AS name
    FROM orders o
    GROUP BY o.customer`,
  scalar_in_aggregate: `SELECT c.region,
      sum((SELECT count(*) FROM orders o WHERE o.customer = c.id)) AS orders
    FROM customer c
    GROUP BY c.region`,
  scalar_in_case: `SELECT c.id,
      CASE WHEN (SELECT sum(o.amount) FROM orders o WHERE o.customer = c.id) > 20
        THEN 'big' ELSE 'small' END AS size
    FROM customer c`,
  scalar_in_join: `SELECT c.id, o.id AS order_id
    FROM customer c JOIN orders o ON o.customer = c.id
      AND o.placed = (SELECT max(x.placed) FROM orders x WHERE x.customer = c.id)`,
  scalar_inequality: `SELECT r.id, r.at,
      (SELECT count(*) FROM reading s WHERE s.sensor = r.sensor AND s.at < r.at) AS before
    FROM reading r`,
  scalar_group_key: `SELECT (SELECT p.category FROM product p WHERE p.id = o.product) AS category,
      count(*) AS n, sum(o.amount) AS total
    FROM orders o
    GROUP BY 1`,
  scalar_difference: `SELECT p.id,
      (SELECT coalesce(sum(o.qty), 0) FROM orders o WHERE o.product = p.id)
        - (SELECT coalesce(sum(i.qty), 0) FROM item i WHERE i.product = p.id) AS left_over
    FROM product p`,
};
