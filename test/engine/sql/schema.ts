/**
 * The tables that the definitions read: NULLs in join columns, duplicates, tables without a key,
 * domains so small that rows meet, keys that get updated, and no foreign keys, so that every
 * reference can lead nowhere.
 */
import type { Random } from '../../../tools/random.ts';
import {
  column,
  key,
  numbers,
  type Schema,
  texts,
  type WritableColumn,
  type WritableTable,
} from './columns.ts';

const REGIONS = texts('north', 'south', 'east', 'west', 'South', '');
/** Months, a leap day, both changes of the clock in New York, midnights in UTC. */
const MOMENTS = texts(
  '2024-01-31 23:30:00-05',
  '2024-02-01 04:30:00+00',
  '2024-02-29 12:00:00+00',
  '2024-03-10 06:59:59+00',
  '2024-03-10 07:00:00+00',
  '2024-11-03 05:30:00+00',
  '2024-11-03 06:30:00+00',
  '2023-12-31 23:59:59.999999+00',
);
/** Bounds of the definitions that look back 30 days lie among them. */
const RECENT = [
  "now() - interval '1 day'",
  "now() - interval '29 days 23:59:58'",
  "now() - interval '30 days 1 second'",
  "now() + interval '2 seconds'",
];
const TIMES = texts(
  '2024-01-01 00:00:00',
  '2024-01-01 08:15:00',
  '2024-01-02 00:00:00',
  '2024-02-29 23:59:59',
  '2024-03-10 02:30:00',
  '2024-06-30 12:00:00.5',
  '2025-01-01 00:00:00',
);
const DATES = texts('2024-01-01', '2024-01-31', '2024-02-29', '2024-03-01', '2025-01-01');
const MONEY = ['0', '0.05', '1', '2.50', '10', '19.99', '100', '-5.25'];
/** Equal values with several scales. */
const SCALES = ['0', '0.1', '0.10', '1', '1.0', '1.000', '2.5', '-3', '100.00'];
const FLOATS = ['0', `'-0'`, '0.1', '0.2', '1.5', '-2.25', '1e6', '1e-3'];

const SETUP = `
CREATE TYPE tier AS ENUM ('bronze', 'silver', 'gold');
CREATE TYPE status AS ENUM ('new', 'paid', 'sent', 'void');
CREATE TABLE customer (
  id int PRIMARY KEY, name text, region text, tier tier, referrer int, credit numeric,
  joined date, active boolean, tags text[], profile jsonb
);
CREATE TABLE product (
  id int PRIMARY KEY, category text, name text, price numeric(10, 2), weight float8,
  sizes int[], details jsonb
);
CREATE TABLE orders (
  id bigint PRIMARY KEY, customer int, product int, qty int, amount numeric(12, 2),
  discount numeric, status status, placed timestamptz, shipped timestamp, due date, note text
);
CREATE INDEX ON orders (customer);
CREATE TABLE item (
  order_id bigint, line int, product int, qty int, price numeric(10, 2), rebate numeric,
  PRIMARY KEY (order_id, line)
);
CREATE TABLE visit (
  customer bigint, page text, at timestamptz, ms int, score float8, device text, ok boolean
);
CREATE TABLE node (id int PRIMARY KEY, parent int, grp text, val int, part real);
CREATE TABLE reading (
  id int PRIMARY KEY, sensor int, at timestamp, value numeric(8, 3), ok boolean
);
CREATE INDEX ON reading (sensor, at);
CREATE TABLE label (k int, region text, k2 bigint, factor numeric);
CREATE FUNCTION keep_last(state int, value int) RETURNS int IMMUTABLE
  LANGUAGE sql RETURN CASE WHEN value % 2 = 0 THEN state ELSE coalesce(value, state) END;
CREATE AGGREGATE last_odd (int) (SFUNC = keep_last, STYPE = int);
CREATE FUNCTION doubled(value int) RETURNS int IMMUTABLE LANGUAGE sql RETURN value * 2;
CREATE VIEW paid AS
  SELECT id, customer, product, amount, placed FROM orders WHERE status IN ('paid', 'sent');
CREATE VIEW paid_by_customer AS
  SELECT customer, count(*) AS orders, sum(amount) AS total FROM paid GROUP BY customer;
CREATE VIEW customer_orders AS
  SELECT c.id, c.region, c.name, o.id AS order_id, o.amount, o.placed
  FROM customer c LEFT JOIN orders o ON o.customer = c.id;
`;

const TABLES: readonly WritableTable[] = [
  {
    name: 'customer',
    key: ['id'],
    rows: 20,
    columns: [
      key('id', 25),
      column('name', texts('ada', 'bob', 'cy', 'Dee', 'eve', '')),
      column('region', REGIONS),
      column('tier', texts('bronze', 'silver', 'gold')),
      column('referrer', numbers(1, 25)),
      column('credit', SCALES),
      column('joined', DATES),
      column('active', ['true', 'false']),
      column('tags', texts('{}', '{a}', '{a,b}', '{b,b,c}', '{a,NULL,c}')),
      column('profile', [
        `'{"a": 1, "b": "x", "list": [1, 2]}'`,
        `'{"a": 2, "list": []}'`,
        `'{"b": null, "a": 1}'`,
        `'{}'`,
        `'[1, 2]'`,
      ]),
    ],
  },
  {
    name: 'product',
    key: ['id'],
    rows: 10,
    columns: [
      key('id', 12),
      column('category', texts('food', 'toys', 'books', 'tools')),
      column('name', texts('pin', 'pen', 'pan', 'pot', 'Pin')),
      column('price', MONEY),
      column('weight', FLOATS),
      column('sizes', texts('{}', '{1,2,3}', '{3,3}', '{5,NULL}', '{1}')),
      column('details', [`'{"color": "red"}'`, `'{"color": "blue", "size": 3}'`, `'{}'`]),
    ],
  },
  {
    name: 'orders',
    key: ['id'],
    rows: 32,
    columns: [
      key('id', 60),
      column('customer', numbers(1, 25)),
      column('product', numbers(1, 12)),
      column('qty', numbers(-1, 6)),
      column('amount', MONEY),
      column('discount', SCALES),
      column('status', texts('new', 'paid', 'sent', 'void')),
      column('placed', [...MOMENTS, ...RECENT]),
      column('shipped', TIMES),
      column('due', DATES),
      column('note', texts('x', 'y', '7', '12', 'n/a', '')),
    ],
  },
  {
    name: 'item',
    key: ['order_id', 'line'],
    rows: 36,
    columns: [
      key('order_id', 60),
      key('line', 3),
      column('product', numbers(1, 12)),
      column('qty', numbers(0, 6)),
      column('price', MONEY),
      column('rebate', SCALES),
    ],
  },
  {
    name: 'visit',
    key: [],
    rows: 30,
    columns: [
      column('customer', numbers(1, 25)),
      column('page', texts('/', '/a', '/b', '/c')),
      column('at', MOMENTS),
      column('ms', numbers(0, 7)),
      column('score', [...FLOATS, `'NaN'`, `'Infinity'`]),
      column('device', texts('phone', 'desk')),
      column('ok', ['true', 'false']),
    ],
  },
  {
    name: 'node',
    key: ['id'],
    rows: 20,
    columns: [
      key('id', 25),
      column('parent', numbers(1, 25)),
      column('grp', texts('a', 'b', 'c')),
      column('val', numbers(-3, 6)),
      column('part', ['0.5', '1.25', '-2', '0.1']),
    ],
  },
  {
    name: 'reading',
    key: ['id'],
    rows: 30,
    columns: [
      key('id', 60),
      column('sensor', numbers(1, 7)),
      column('at', TIMES),
      column('value', ['0', '0.125', '1.5', '20', '-7.75', '3']),
      column('ok', ['true', 'false']),
    ],
  },
  {
    name: 'label',
    key: [],
    rows: 14,
    columns: [
      column('k', numbers(1, 12)),
      column('region', REGIONS),
      column('k2', numbers(1, 12)),
      column('factor', SCALES),
    ],
  },
];

export const SHOP: Schema = { setup: SETUP, tables: TABLES };

export function valueOf(random: Random, one: WritableColumn): string {
  return random.chance(one.nulls / 100) ? 'NULL' : random.pick(one.values);
}

/** The rows that every history begins with. */
export function firstRows(random: Random, { tables }: Schema): string[] {
  return tables.map((table) => {
    const rows = Array.from(
      { length: table.rows },
      () => `(${table.columns.map((one) => valueOf(random, one)).join(', ')})`,
    );
    return `INSERT INTO ${table.name} VALUES ${rows.join(', ')} ON CONFLICT DO NOTHING`;
  });
}
