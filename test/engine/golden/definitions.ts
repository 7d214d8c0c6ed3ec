/**
 * Representative definitions, over one small schema; each has a golden file with everything that is
 * made of it.
 */

export const GOLDEN_SCHEMA = `
CREATE TABLE customer (id int PRIMARY KEY, name text NOT NULL, country text, boss int);
CREATE TABLE product (
  id int PRIMARY KEY, label varchar(40), price numeric(10,2) NOT NULL, weight float8
);
CREATE TABLE sale (
  id int PRIMARY KEY, customer_id int NOT NULL, product_id int, region text,
  amount numeric NOT NULL, quantity int, sold_at timestamptz NOT NULL, took interval, paid money,
  shipped boolean
);
CREATE VIEW big_sale AS SELECT id, customer_id, amount AS much FROM sale WHERE amount > 1000;
CREATE SCHEMA "Odd ""schema";
CREATE TABLE "Odd ""schema"."it's; a \\ table" (
  "select" text, "na""me" int, "weight" int, "$imat$" numeric(6,2),
  "line
break" text, "%I" text COLLATE "C"
);
CREATE TABLE visit (id int PRIMARY KEY, customer_id int, seconds int);
INSERT INTO visit SELECT i, i % 3, i FROM generate_series(1, 60) AS i;
ANALYZE visit;
-- For the planner it has 60,000 rows.
UPDATE pg_class SET reltuples = 60000, relpages = 1 WHERE oid = 'visit'::regclass;`;

export type GoldenDefinition = {
  /** The file's name. */
  readonly name: string;
  readonly shows: string;
  readonly query: string;
  readonly imat?: string;
  readonly freshness?: string;
};

export const GOLDEN_DEFINITIONS: readonly GoldenDefinition[] = [
  {
    name: 'group-by',
    shows: 'one table, a nullable key, count, sum and avg',
    query: `SELECT region, count(*) AS sales, sum(amount) AS total, avg(quantity) AS mean
      FROM sale
      GROUP BY region`,
  },
  {
    name: 'group-by-5s',
    shows: 'the same, read as it is stored',
    query: `SELECT region, count(*) AS sales, sum(amount) AS total, avg(quantity) AS mean
      FROM sale
      GROUP BY region`,
    freshness: '5s',
  },
  {
    name: 'no-group-by',
    shows: 'exactly one row, with a filter',
    query: `SELECT count(*) AS sales, sum(amount) AS total,
        count(*) FILTER (WHERE shipped) AS shipped
      FROM sale
      WHERE region = 'north' OR region IS NULL`,
  },
  {
    name: 'join',
    shows: 'two tables: two terms, one for the changes of each',
    query: `SELECT c.country, sum(s.amount) AS total
      FROM sale s JOIN customer c ON c.id = s.customer_id
      WHERE c.country IS NOT NULL
      GROUP BY c.country`,
  },
  {
    name: 'join-of-four',
    shows: 'four tables: joined in the order that is written, planned only if anything is pending',
    query: `SELECT b.country, sum(s.amount) AS total
      FROM customer c JOIN customer b ON b.id = c.boss JOIN sale s ON s.customer_id = c.id
        JOIN product p ON p.id = s.product_id
      WHERE p.price > 0
      GROUP BY b.country`,
  },
  {
    name: 'coarse-total',
    shows: 'a total over rows that are computed again by their own key, two stores',
    query: `SELECT count(*) AS customers, sum(s.quantity) AS pieces
      FROM customer c LEFT JOIN sale s ON s.customer_id = c.id AND s.shipped`,
  },
  {
    name: 'first-rows',
    shows: 'the largest rows of a table, found by an index also while changes are pending',
    query: 'SELECT id, amount FROM sale ORDER BY amount DESC, id LIMIT 10',
  },
  {
    name: 'rows-over-groups',
    shows: 'rows that are computed again from stored groups of many rows, two stores',
    query: `SELECT c.id, c.name, v.visits, v.longest
      FROM customer c LEFT JOIN (
        SELECT customer_id, count(*) AS visits, max(seconds) AS longest
        FROM visit GROUP BY customer_id) v ON v.customer_id = c.id`,
  },
  {
    name: 'self-join',
    shows: 'three occurrences of two tables',
    query: `SELECT b.name AS boss, count(*) AS sales
      FROM customer c JOIN customer b ON b.id = c.boss JOIN sale s ON s.customer_id = c.id
      GROUP BY b.name`,
  },
  {
    name: 'bag',
    shows: 'select, project, join: duplicates count',
    query: `SELECT s.region, p.label, s.quantity * p.price AS value
      FROM sale s, product p
      WHERE s.product_id = p.id AND p.price > 0`,
  },
  {
    name: 'distinct',
    shows: 'DISTINCT is a grouping by all columns',
    query: 'SELECT DISTINCT region, shipped FROM sale',
  },
  {
    name: 'having',
    shows: 'expressions over aggregates and HAVING are computed at read time',
    query: `SELECT upper(region) AS region,
        round(sum(amount) / NULLIF(count(quantity), 0), 2) AS per_item,
        CASE WHEN bool_and(shipped) THEN 'done' ELSE 'open' END AS state
      FROM sale GROUP BY upper(region) HAVING sum(amount) > 100 AND count(*) > 1`,
  },
  {
    name: 'aggregates',
    shows: 'what is stored of each aggregate that can be subtracted',
    query: `SELECT s.customer_id, stddev(s.amount) AS sd, var_pop(p.weight) AS vp,
        covar_samp(p.weight, s.quantity::float8) AS cs,
        corr(p.weight, s.quantity::float8) AS co,
        regr_slope(p.weight, s.quantity::float8) AS slope,
      bool_and(s.shipped) AS all_shipped, every(s.shipped) AS every_shipped,
      bool_or(s.shipped) FILTER (WHERE s.amount > 5) AS any_shipped, sum(p.weight) AS weight,
      avg(s.took) AS took, sum(s.paid) AS paid, avg(p.price) AS price
      FROM sale s JOIN product p ON p.id = s.product_id GROUP BY s.customer_id`,
  },
  {
    name: 'view-as-source',
    shows: 'an ordinary view is followed to its table',
    query: 'SELECT customer_id, sum(much) AS total FROM big_sale GROUP BY customer_id',
  },
  {
    name: 'union-all',
    shows: 'UNION ALL below a grouping: the changes of each branch, in the types of the whole',
    query: `SELECT u.region, count(*) AS n, sum(u.value) AS total
      FROM (
        SELECT region, quantity AS value FROM sale
        UNION ALL SELECT country, 0.5 AS value FROM customer
        UNION ALL SELECT 'none' AS region, 0 AS value
      ) u
      GROUP BY u.region`,
  },
  {
    name: 'values',
    shows: 'VALUES: rows of constants have no changes',
    query: `SELECT s.id, v.label
      FROM sale s
        JOIN (VALUES (1, 'one'), (2, 'two')) v (quantity, label) ON v.quantity = s.quantity`,
  },
  {
    name: 'function-in-from',
    shows: 'a function of each row, with its place, beside a join',
    query: `SELECT c.name, w.word, w.place
      FROM sale s
        JOIN customer c ON c.id = s.customer_id,
          regexp_split_to_table(s.region, ' ') WITH ORDINALITY w (word, place)
      WHERE w.word <> ''`,
  },
  {
    name: 'sets-in-select',
    shows: 'set-returning functions in SELECT, in step, and grouped by',
    query: `SELECT string_to_table(region, ' ') AS word, generate_series(1, quantity) AS n,
        count(*) AS sales
      FROM sale
      WHERE shipped
      GROUP BY 1, 2`,
  },
  {
    name: 'hostile-names',
    shows: 'nothing in a name can leave its quotes',
    imat: `Robert'); DROP TABLE sale; --`,
    query:
      'SELECT t."select", t."line\n' +
      'break", t."%I", sum(t."$imat$") AS "sum""med", count(t."na""me") AS "weight" FROM ' +
      `"Odd ""schema"."it's; a \\ table" t WHERE t."select" <> E'$imat$ \\\\ ''%' GROUP BY ` +
      't."select", t."line\nbreak", t."%I"',
  },
  {
    name: 'extremes',
    shows: 'min and max are merged; a function derives again what may have gone',
    query: `SELECT region, count(*) AS sales, min(amount) AS least,
        max(amount) FILTER (WHERE shipped) AS most
      FROM sale
      GROUP BY region`,
  },
  {
    name: 'regroup',
    shows: 'touched keys are computed again, from the rows that have them; NULL has an arm',
    query: `SELECT c.country, max(s.amount) AS top, count(DISTINCT s.region) AS regions
      FROM customer c LEFT JOIN sale s ON s.customer_id = c.id
      GROUP BY c.country`,
  },
  {
    name: 'regroup-met',
    shows: 'changed rows that meet no row of another table touch no key',
    query: `SELECT s.region, array_agg(s.quantity ORDER BY s.quantity) AS quantities
      FROM sale s JOIN product p ON p.id = s.product_id
      WHERE p.label = 'tea' AND s.shipped
      GROUP BY s.region`,
  },
  {
    name: 'different-values',
    shows: 'aggregates with DISTINCT are added up over stores of their different values',
    query: `SELECT region, sum(amount) AS total, count(DISTINCT customer_id) AS customers,
        avg(DISTINCT quantity) FILTER (WHERE shipped) AS mean
      FROM sale
      GROUP BY region`,
  },
  {
    name: 'residual',
    shows: 'what stands above a grouping is computed when it is read',
    query: `SELECT region, sum(amount) AS total, rank() OVER (ORDER BY sum(amount) DESC) AS place
      FROM sale
      GROUP BY region
      ORDER BY total DESC, region
      LIMIT 10`,
  },
  {
    name: 'residual-stores',
    shows: 'two stores, one of each kind, with numbers in their names',
    query: `WITH sold AS (SELECT customer_id, sum(amount) AS total FROM sale GROUP BY customer_id),
        best AS (
          SELECT customer_id, percentile_disc(1) WITHIN GROUP (ORDER BY amount) AS top
          FROM sale
          GROUP BY customer_id
        )
      SELECT s.customer_id, s.total, b.top, s.total / (SELECT sum(total) FROM sold) AS share
      FROM sold s JOIN best b ON b.customer_id = s.customer_id
      ORDER BY s.total DESC, s.customer_id
      LIMIT 10`,
  },
  {
    name: 'swap',
    shows:
      'what delta cannot maintain, each with its place; the two tables and the views over them',
    query: `SELECT string_agg(s.region, ', ' ORDER BY s.id) AS regions, max(s.amount) AS top
      FROM customer c LEFT JOIN sale s ON s.customer_id = c.id`,
  },
  {
    name: 'constant',
    shows: 'a definition that reads no table: rows that are stored once',
    query: `SELECT d::date AS day
      FROM generate_series(TIMESTAMP '2024-01-01', TIMESTAMP '2024-12-31', INTERVAL '1 day') AS d`,
  },
  {
    name: 'settings',
    shows: 'an answer that depends on session settings: the view compares them, folds set them',
    query: `SELECT sold_at::text AS sold, sum(amount) AS total FROM sale GROUP BY 1`,
  },
  {
    name: 'swap-settings',
    shows: 'the same where delta cannot maintain it',
    query: `SELECT string_agg(s.sold_at::text, ', ' ORDER BY s.id) AS sold
      FROM customer c LEFT JOIN sale s ON s.customer_id = c.id`,
  },
  {
    name: 'swap-moment',
    shows: 'an answer that depends on the time: a live read runs the definition',
    query: `SELECT region, max(clock_timestamp() - sold_at) AS age FROM sale GROUP BY region`,
  },
  {
    name: 'time',
    shows: 'time that passes, as pending rows: added up by a scan that has the moment as a column',
    query: `SELECT region, count(*) AS recent, sum(amount) AS total FROM sale
      WHERE sold_at > now() - interval '24 hours' GROUP BY region`,
  },
  {
    name: 'time-read',
    shows: 'what reads the time above stores; rows of a day, found once the day has passed',
    query: `SELECT c.name, CURRENT_DATE - max(s.sold_at)::date AS days, now() AS computed
      FROM customer c JOIN sale s ON s.customer_id = c.id WHERE s.sold_at::date <= CURRENT_DATE
      GROUP BY c.name`,
  },
  {
    name: 'time-touched',
    shows: 'time that passes touches keys',
    query: `SELECT c.id, max(s.amount) AS top
      FROM customer c LEFT JOIN sale s ON s.customer_id = c.id AND s.sold_at >= CURRENT_DATE - 30
      GROUP BY c.id`,
  },
  {
    name: 'time-values',
    shows: 'days up to today within an aggregate: a row has changed if its value has',
    query: `SELECT region, avg(CURRENT_DATE - sold_at::date) AS age FROM sale GROUP BY region`,
  },
  {
    name: 'time-calendar',
    shows: 'a calendar that moves with the day: the days that come and go touch their keys',
    query: `SELECT d::date AS day, CURRENT_DATE AS today, count(s.id) AS n, max(s.amount) AS top
      FROM generate_series(CURRENT_DATE - 29, CURRENT_DATE, interval '1 day') d
        LEFT JOIN sale s ON s.sold_at::date = d::date
      GROUP BY d, CURRENT_DATE`,
  },
  {
    name: 'recursion',
    shows:
      'groups of a join with the rows of a recursive CTE, which are a store by a key that moves',
    query: `WITH RECURSIVE team AS (
        SELECT c.id, c.id AS head, 0 AS depth FROM customer c WHERE c.boss IS NULL
        UNION ALL
        SELECT c.id, t.head, t.depth + 1 FROM customer c JOIN team t ON c.boss = t.id
      )
      SELECT t.head, sum(s.amount) AS total
      FROM team t JOIN sale s ON s.customer_id = t.id
      GROUP BY t.head`,
  },
  {
    name: 'window-beside-query',
    shows: 'a window over stored rows that have what a correlated subquery finds for them',
    query: `SELECT c.id, (SELECT count(*) FROM sale s WHERE s.customer_id = c.id) AS sales,
        rank() OVER (ORDER BY c.name) AS place
      FROM customer c`,
  },
  {
    name: 'xml-table',
    shows: 'rows that XMLTABLE finds in documents',
    query: `SELECT c.name, r.tag, count(*) AS found
      FROM customer c, XMLTABLE('/r/tag' PASSING (XMLPARSE(CONTENT c.country))
        COLUMNS tag text PATH '.', place FOR ORDINALITY) r
      GROUP BY c.name, r.tag`,
  },
];
