/**
 * Small tables that the query tests read, and a history that crosses every boundary of a definition
 * over them.
 */
import type { Step } from './bench.ts';
import { FOLD } from './bench.ts';
import type { Writable } from './random.ts';
import { oneOf } from './random.ts';

export const SHOP = `
  CREATE TABLE customer (id int PRIMARY KEY, name text, region text, boss int, score numeric(8,2));
  CREATE TABLE orders (
    id int PRIMARY KEY, customer int, product int, region text, amount numeric(10,2), qty int,
    at timestamp, day date, flag bool, note text
  );
  CREATE TABLE product (id int PRIMARY KEY, category text, price numeric, region text);
  CREATE TABLE extra (k int, region text, label text);
  CREATE VIEW open_orders AS SELECT * FROM orders WHERE flag;
  CREATE VIEW priced AS
  SELECT o.id, o.customer AS buyer, o.qty * p.price AS total, p.category
  FROM open_orders o JOIN product p ON p.id = o.product;
  CREATE VIEW regions (place, who) AS SELECT region, id FROM customer WHERE region IS NOT NULL;
`;

export const RESET: Step = `
  TRUNCATE customer, orders, product, extra;
  INSERT INTO customer
  VALUES (1, 'ada', 'north', NULL, 10.5), (2, 'bob', 'south', 1, 20), (3, 'cy', NULL, 1, NULL),
    (4, 'dee', 'north', 2, 0);
  INSERT INTO product
  VALUES (1, 'tea', 1.50, 'north'), (2, 'pie', 2.5, 'south'), (3, NULL, NULL, NULL);
  INSERT INTO orders VALUES
    (1, 1, 1, 'north', 10.00, 1, '2024-01-31 23:59:59', '2024-01-31', true, 'a'),
    (2, 1, 2, 'south', 20.50, 2, '2024-02-01', '2024-02-01', false, 'b'),
    (3, 2, 1, 'south', NULL, 3, '2024-02-15 12:00', '2024-02-15', true, NULL),
    (4, 3, 3, NULL, 5.25, NULL, NULL, NULL, NULL, 'it''s'),
    (5, 9, 1, 'north', 7.00, 5, '2023-12-31', '2023-12-31', true, 'a');
  INSERT INTO extra
  VALUES (1, 'north', 'x'), (1, 'north', 'x'), (2, 'south', 'y'), (2, NULL, 'z'),
    (NULL, 'west', NULL)`;

export const HISTORY: readonly Step[] = [
  "INSERT INTO orders VALUES (10, 2, 2, 'north', 1.25, 4, '2024-03-01', '2024-03-01', true, 'n')",
  FOLD,
  // across predicates and keys, one at a time
  "UPDATE orders SET region = 'south' WHERE id = 1",
  'UPDATE orders SET region = NULL, qty = qty + 1 WHERE id IN (2, 3)',
  'UPDATE orders SET flag = NOT flag',
  'UPDATE orders SET amount = amount * 10, note = note',
  "UPDATE orders SET day = day + 31, at = at + interval '31 days'",
  FOLD,
  'UPDATE orders SET customer = customer + 1, product = 4 - product',
  'UPDATE customer SET boss = id % 3, name = upper(name)',
  "UPDATE product SET price = price / 3, category = coalesce(category, 'new')",
  // both sides of a join at once, with readers on the way
  'BEGIN',
  "INSERT INTO customer VALUES (6, 'eve', 'west', 6, 1), (7, 'fay', 'north', 6, 2)",
  `INSERT INTO orders
   VALUES (11, 6, 4, 'west', 3, 3, '2024-05-05', '2024-05-05', true, 'j'),
     (12, 7, 4, 'west', 4, 4, NULL, NULL, false, NULL)`,
  'SAVEPOINT a',
  "INSERT INTO product VALUES (4, 'jam', 0.333333333333333333, 'west')",
  'DELETE FROM customer WHERE id = 1',
  'ROLLBACK TO a',
  "INSERT INTO product VALUES (4, 'jam', 0.25, 'west')",
  FOLD,
  'UPDATE extra SET k = k + 1',
  'COMMIT',
  'BEGIN',
  'DELETE FROM orders',
  'UPDATE customer SET region = NULL',
  'ROLLBACK',
  // duplicates, then half of them
  'INSERT INTO extra SELECT * FROM extra',
  FOLD,
  'DELETE FROM extra WHERE (ctid::text::point)[1]::int % 2 = 0',
  `COPY extra FROM PROGRAM 'printf "7\\twest\\tcopied\\n7\\twest\\tcopied\\n` +
    `\\\\\\\\N\\t\\\\\\\\N\\t\\\\\\\\N\\n"'`,
  // all gone, all back
  'BEGIN',
  'TRUNCATE orders',
  `INSERT INTO orders
   SELECT n, 1 + n % 4, 1 + n % 4, (ARRAY['north', 'south', NULL])[1 + n % 3], n * 1.5, n % 5,
     '2024-01-01'::timestamp + n * interval '7 hours', '2024-01-01'::date + n, n % 2 = 0, 'b'
   FROM generate_series(20, 40) n`,
  'COMMIT',
  FOLD,
  'DELETE FROM customer',
  'DELETE FROM product WHERE id < 3',
  FOLD,
  `INSERT INTO customer
   SELECT n, 'c' || n, (ARRAY['north', 'south', NULL])[1 + n % 3], n / 2, n
   FROM generate_series(1, 5) n`,
  'TRUNCATE orders, product, extra, customer',
  FOLD,
  "INSERT INTO orders VALUES (1, 1, 1, 'north', 1, 1, '2024-01-01', '2024-01-01', true, 'a')",
];

/** For random histories: the same tables, without the keys, which random rows would hit twice. */
export const LOOSE_SHOP = SHOP.replaceAll(' PRIMARY KEY', '');

const regions = oneOf("'north'", "'south'", "'west'", "''");
const ids = oneOf('1', '2', '3', '4');

export const WRITABLE_SHOP: readonly Writable[] = [
  {
    table: 'customer',
    columns: {
      id: ids,
      name: oneOf("'ada'", "'bob'"),
      region: regions,
      boss: ids,
      score: oneOf('0', '1.5', '-2.25'),
    },
  },
  {
    table: 'orders',
    columns: {
      id: ids,
      customer: ids,
      product: ids,
      region: regions,
      amount: oneOf('0', '1.10', '-7.25', '100'),
      qty: ids,
      at: oneOf("'2024-01-31 23:59:59.999999'", "'2024-02-01'"),
      day: oneOf("'2024-01-31'", "'2024-02-01'"),
      flag: oneOf('true', 'false'),
      note: oneOf("'a'", "'b'", "'it''s'"),
    },
  },
  {
    table: 'product',
    columns: {
      id: ids,
      category: oneOf("'tea'", "'pie'"),
      price: oneOf('1', '1.50', '0.333', '1e3'),
      region: regions,
    },
  },
  { table: 'extra', columns: { k: ids, region: regions, label: oneOf("'x'", "'y'") } },
];

/** A query of each shape, over tables without keys. */
export const SAMPLES: readonly string[] = [
  `SELECT region, flag, count(*) AS n, sum(amount) AS s, avg(amount * qty) AS a, stddev(qty) AS d,
     bool_or(flag) AS f
   FROM orders
   WHERE amount > 0 OR note IS NULL
   GROUP BY region, flag`,
  `SELECT c.region, count(*) AS n, sum(o.qty * p.price) AS s
   FROM orders o JOIN customer c ON c.id = o.customer JOIN product p ON p.id = o.product
   GROUP BY c.region
   HAVING count(*) > 1`,
  `SELECT a.region, b.boss, count(*) AS n, sum(a.score - b.score) AS s
   FROM customer a JOIN customer b ON a.id = b.boss
   GROUP BY a.region, b.boss`,
  `SELECT o.id, e.label, c.name
   FROM orders o
     JOIN extra e ON e.region = o.region
     JOIN customer c ON c.id = o.customer
     JOIN product p ON p.id = e.k
   WHERE p.category IS NOT NULL`,
  'SELECT DISTINCT e.label, o.note FROM extra e, orders o WHERE e.k = o.qty',
  `SELECT sum(o.amount) AS s, count(*) AS n, regr_slope(o.qty, o.amount) AS r
   FROM orders o
   WHERE o.flag`,
  'SELECT x.k, x.region, x.label FROM extra x',
  `SELECT category, count(*) AS n, sum(total) AS s, sum(10 / nullif(buyer, 2)) AS q
   FROM priced
   GROUP BY category`,
];
