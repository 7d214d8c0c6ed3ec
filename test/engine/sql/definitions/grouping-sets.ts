import type { Definitions } from './definition.ts';

export const GROUPING_SETS: Definitions = {
  rollup_two: `SELECT c.region, c.tier::text AS tier, count(*) AS n
    FROM customer c GROUP BY ROLLUP (c.region, c.tier::text)`,
  rollup_grouping: `SELECT c.region, o.product, sum(o.amount) AS total,
      grouping(c.region, o.product) AS level
    FROM customer c JOIN orders o ON o.customer = c.id
    GROUP BY ROLLUP (c.region, o.product)`,
  cube_two: `SELECT o.status::text AS status, o.product, count(*) AS n, sum(o.qty) AS qty
    FROM orders o GROUP BY CUBE (o.status::text, o.product)`,
  cube_three: `SELECT v.page, v.device, v.ok, count(*) AS n
    FROM visit v GROUP BY CUBE (v.page, v.device, v.ok)`,
  sets_three: `SELECT o.customer, o.product, count(*) AS n
    FROM orders o GROUP BY GROUPING SETS ((o.customer), (o.product), ())`,
  sets_no_total: `SELECT o.customer, o.status::text AS status, max(o.amount) AS most
    FROM orders o GROUP BY GROUPING SETS ((o.customer), (o.customer, o.status::text))`,
  sets_and_key: `SELECT c.region, c.active, c.tier::text AS tier, count(*) AS n
    FROM customer c GROUP BY c.region, GROUPING SETS ((c.active), (c.tier::text))`,
  sets_twice: `SELECT n.grp, count(*) AS n, sum(n.val) AS total
    FROM node n GROUP BY GROUPING SETS ((n.grp), (n.grp), ())`,
  sets_having: `SELECT o.customer, o.product, sum(o.qty) AS qty
    FROM orders o GROUP BY CUBE (o.customer, o.product) HAVING sum(o.qty) > 2`,
  sets_distinct: `SELECT v.page, v.device, count(DISTINCT v.customer) AS customers
    FROM visit v GROUP BY ROLLUP (v.page, v.device)`,
  sets_empty_only: 'SELECT count(*) AS n, sum(o.qty) AS qty FROM orders o GROUP BY ()',
  sets_left: `SELECT c.region, p.category, count(o.id) AS orders
    FROM customer c
      LEFT JOIN orders o ON o.customer = c.id
      LEFT JOIN product p ON p.id = o.product
    GROUP BY ROLLUP (c.region, p.category)`,
  sets_average: `SELECT o.product, o.customer, avg(o.amount) AS mean, count(*) AS n
    FROM orders o GROUP BY ROLLUP (o.product, o.customer)`,
};
