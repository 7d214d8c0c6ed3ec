/** Definitions that are added up over other stores. */
import { LOOSE_SHOP } from '../../correctness/support/shop.ts';

export const TABLES = `${LOOSE_SHOP}
  CREATE VIEW totals AS SELECT customer, region, sum(amount) AS total, count(*) AS n
  FROM orders GROUP BY customer, region`;

/** `below`: how many stores it has that only other stores are computed from. */
export type Shape = readonly [name: string, definition: string, below: number];

/** Each has the number of stores below. */
export const DISTINCT_SHAPES: readonly Shape[] = [
  [
    'one argument beside other aggregates',
    `SELECT region, count(DISTINCT customer) AS c, sum(amount) AS s, avg(qty) AS a, count(*) AS n
     FROM orders GROUP BY region`,
    1,
  ],
  ['no other aggregate', 'SELECT count(DISTINCT qty) AS q FROM orders GROUP BY region', 1],
  [
    'several aggregates of one argument',
    `SELECT region, count(DISTINCT qty) AS c, sum(DISTINCT qty) AS s, avg(DISTINCT qty) AS a,
       stddev(DISTINCT qty) AS d
     FROM orders GROUP BY region`,
    1,
  ],
  [
    'several arguments',
    `SELECT flag, count(DISTINCT customer) AS c, sum(DISTINCT amount) AS s,
       avg(DISTINCT amount) AS a, count(DISTINCT note) AS n
     FROM orders GROUP BY flag`,
    3,
  ],
  [
    'all rows',
    'SELECT count(DISTINCT customer) AS c, sum(DISTINCT qty) AS q, count(note) AS n FROM orders',
    2,
  ],
  [
    'FILTER',
    `SELECT region, count(DISTINCT qty) FILTER (WHERE flag) AS a, count(DISTINCT qty) AS b,
       sum(DISTINCT qty) FILTER (WHERE flag) AS c, count(*) FILTER (WHERE flag) AS d
     FROM orders GROUP BY region`,
    2,
  ],
  [
    'rows of several columns',
    `SELECT region, count(DISTINCT (customer, product)) AS c, count(DISTINCT (qty, note)) AS d
     FROM orders GROUP BY region`,
    2,
  ],
  [
    'two arguments',
    'SELECT region, regr_slope(DISTINCT qty, customer) AS s FROM orders GROUP BY region',
    1,
  ],
  [
    'values that are keys',
    `SELECT region, qty, count(DISTINCT region) AS r, count(DISTINCT qty) AS q
     FROM orders GROUP BY region, qty`,
    2,
  ],
  [
    'HAVING and expressions above',
    `SELECT region, count(DISTINCT qty) * 2 AS c, count(*) - count(DISTINCT customer) AS d
     FROM orders GROUP BY region HAVING count(DISTINCT qty) > 1`,
    2,
  ],
  [
    'a join',
    `SELECT c.region, count(DISTINCT p.category) AS n, count(DISTINCT o.customer) AS m,
       sum(o.amount) AS s
     FROM customer c JOIN orders o ON o.customer = c.id JOIN product p ON p.id = o.product
     GROUP BY c.region`,
    2,
  ],
  [
    'extremes beside them',
    `SELECT region, count(DISTINCT customer) AS c, max(amount) AS top, min(day) AS first,
       max(qty) FILTER (WHERE flag) AS f, sum(DISTINCT qty) AS s
     FROM orders GROUP BY region`,
    2,
  ],
  [
    'extremes of all rows beside them',
    'SELECT count(DISTINCT customer) AS c, max(amount) AS top, min(qty) AS least FROM orders',
    1,
  ],
  [
    'a join of four tables',
    `SELECT c.region, count(DISTINCT p.category) AS n, max(o.amount) AS top, sum(d.id) AS s
     FROM customer c JOIN orders o ON o.customer = c.id JOIN product p ON p.id = o.product
       JOIN customer d ON d.id = c.id
     GROUP BY c.region`,
    1,
  ],
  [
    'UNION ALL',
    `SELECT u.region, count(DISTINCT u.id) AS n, count(*) AS m FROM (
       SELECT region, id FROM customer UNION ALL SELECT region, id FROM product) u
     GROUP BY u.region`,
    1,
  ],
  [
    'a key and a value that are computed',
    `SELECT date_trunc('month', day::timestamp) AS m, count(DISTINCT qty % 3) AS n,
       count(DISTINCT lower(note)) AS l
     FROM orders GROUP BY 1`,
    2,
  ],
  [
    'numbers of every kind',
    `SELECT region, count(DISTINCT score) AS c, sum(DISTINCT score) AS s, avg(DISTINCT score) AS a,
       sum(DISTINCT score::float8) AS f, avg(DISTINCT id::bigint) AS i
     FROM customer GROUP BY region`,
    3,
  ],
  [
    'values that can be equal and differ, counted',
    'SELECT category, count(DISTINCT price) AS n FROM product GROUP BY category',
    1,
  ],
  [
    'expressions that fail for some rows',
    `SELECT region, count(DISTINCT 100 / nullif(qty, 0)) AS n FROM orders
     WHERE qty > 0 GROUP BY region`,
    1,
  ],
];

/** Names that the generated SQL uses itself, and rows of one field. */
export const NAMED_SHAPES: readonly string[] = [
  'SELECT qty AS before, count(DISTINCT region) AS n FROM orders GROUP BY qty',
  'SELECT qty AS value, max(amount) AS weight FROM orders GROUP BY qty',
  `SELECT value, weight, images, max(s) AS top, min(s) AS low, count(DISTINCT value) AS before
   FROM (SELECT qty AS value, customer AS weight, product AS images, amount AS s FROM orders) t
   GROUP BY value, weight, images`,
  `SELECT found, few, touched, sum(n) AS negative, max(n) AS anew FROM (SELECT flag AS found,
     region AS few, note AS touched, qty AS n FROM orders) t GROUP BY found, few, touched`,
  `SELECT region, count(DISTINCT ROW(qty)) AS n, count(DISTINCT qty) AS m
   FROM orders GROUP BY region`,
];

/** DISTINCT over groups, below groups. */
export const DISTINCT_GROUPS: readonly string[] = [
  `SELECT count(*) AS n FROM (SELECT DISTINCT count(*) AS n FROM orders GROUP BY region) s`,
  `SELECT customer, count(*) AS n
   FROM (SELECT DISTINCT customer FROM orders GROUP BY customer, product) s GROUP BY customer`,
];

export const GROUP_SHAPES: readonly Shape[] = [
  [
    'sums of sums',
    `SELECT region, sum(total) AS s, avg(total) AS a, count(*) AS n, count(total) AS m
     FROM (SELECT customer, region, sum(amount) AS total FROM orders GROUP BY customer, region) t
     GROUP BY region`,
    1,
  ],
  [
    'groups by an aggregate',
    `SELECT n, count(*) AS customers, sum(customer) AS s
     FROM (SELECT customer, count(*) AS n FROM orders GROUP BY customer) t GROUP BY n`,
    1,
  ],
  [
    'HAVING and WHERE between',
    `SELECT region, sum(total + n) AS s, bool_or(total > 10) AS b
     FROM (SELECT customer, region, sum(amount) AS total, count(*) AS n FROM orders
       GROUP BY customer, region HAVING count(*) > 1) t
     WHERE total > 0 GROUP BY region HAVING count(*) > 0`,
    1,
  ],
  [
    'all groups, of a join',
    `SELECT count(*) AS n, sum(total) AS s, max_n > 0 AS b FROM (
       SELECT c.region, sum(o.amount) AS total, count(p.id) AS max_n
       FROM customer c JOIN orders o ON o.customer = c.id JOIN product p ON p.id = o.product
       GROUP BY c.region) t GROUP BY b`,
    1,
  ],
  [
    'averages to the last digit',
    `SELECT region, sum(a) AS s, avg(a) AS m, sum(d) AS d FROM (
       SELECT region, category, avg(price) AS a, stddev(id) AS d FROM product
       GROUP BY region, category) t
     GROUP BY region`,
    1,
  ],
  [
    'three levels',
    `SELECT n, sum(m) AS s, count(*) AS c FROM (
       SELECT region, count(*) AS n, sum(total) AS m FROM (
         SELECT region, customer, sum(qty) AS total FROM orders GROUP BY region, customer) a
       GROUP BY region) b
     GROUP BY n`,
    2,
  ],
  [
    'different values of groups',
    `SELECT region, count(DISTINCT n) AS n, sum(DISTINCT customer) AS s, count(*) AS c
     FROM (SELECT region, customer, count(*) AS n FROM orders GROUP BY region, customer) t
     GROUP BY region`,
    3,
  ],
  [
    'groups of different values',
    `SELECT n, count(*) AS regions
     FROM (SELECT region, count(DISTINCT customer) AS n FROM orders GROUP BY region) t GROUP BY n`,
    2,
  ],
  [
    'groups of one row',
    `SELECT count(*) AS n, sum(total) AS s
     FROM (SELECT sum(qty) AS total FROM orders WHERE flag) t`,
    1,
  ],
  [
    'a CTE',
    `WITH t AS (SELECT customer, region, count(*) AS n FROM orders GROUP BY customer, region)
     SELECT region, sum(n) AS n FROM t GROUP BY region`,
    1,
  ],
  ['a view', 'SELECT region, sum(total) AS s, sum(n) AS n FROM totals GROUP BY region', 1],
  [
    'different rows',
    `SELECT region, count(*) AS n FROM (SELECT DISTINCT region, note, flag FROM orders) t
     GROUP BY region`,
    1,
  ],
];

/** A few at a time, for a test each. */
export const groupsOfFour = (
  shapes: readonly Shape[],
): readonly { readonly title: string; readonly own: readonly Shape[] }[] =>
  Array.from({ length: Math.ceil(shapes.length / 4) }, (_, at) => {
    const own = shapes.slice(at * 4, at * 4 + 4);
    return { own, title: own.map(([name]) => name).join(', ') };
  });

const GROUPED = ['customer', 'product', 'region', 'flag', 'qty', 'day'];

/** Statistics by which each table has many rows and each column few values. */
export const LARGE_GROUPS = `
  ${GROUPED.map((name) => `ALTER TABLE orders ALTER ${name} SET (n_distinct = 0.0001)`).join(';')};
  ALTER TABLE customer ALTER region SET (n_distinct = 0.0001);
  ANALYZE orders, customer, product;
  UPDATE pg_class SET reltuples = 1000000, relpages = 1
  WHERE oid IN ('orders'::regclass, 'customer'::regclass)`;
