/**
 * The tables that the corpus of definitions reads: everyday ones, and some with names that are hard
 * to quote.
 */
export const CORPUS_SCHEMA = `
CREATE SCHEMA shop;
CREATE SCHEMA "Odd ""names""; x";
SET search_path = shop, public;

CREATE TYPE shop.mood AS ENUM ('sad', 'ok', 'happy');
CREATE TYPE shop."Order Status" AS ENUM ('Open', 'Paid', 'it''s');
CREATE DOMAIN shop.email AS text CHECK (VALUE LIKE '%@%');

CREATE TABLE customers (
  id int PRIMARY KEY, name text NOT NULL, country text, email shop.email, created timestamptz,
  mood shop.mood, tags text[], attributes jsonb, credit numeric(12,2), active boolean,
  initials char(3), phone varchar(20)
);
CREATE TABLE orders (
  id bigint PRIMARY KEY, customer_id int, order_date date, shipped timestamp(3),
  status shop."Order Status", total numeric(12,2), discount real, freight double precision,
  notes varchar(100), meta json, lead_time interval, fee money, priority smallint, flags bit(4),
  window_start time, token uuid
);
CREATE TABLE lines (
  order_id bigint, product_id int, quantity int, unit_price numeric(10,4), discount numeric,
  note text
);
CREATE TABLE products (
  product_id int PRIMARY KEY, name text, category_id int, price numeric, sizes int[],
  matrix int[][], spec jsonb, code bytea
);
CREATE TABLE categories (category_id int, name text, parent int);
CREATE TABLE events (
  at timestamptz, kind text, payload jsonb, ip inet, value double precision, count bigint,
  "position" int, "user" text, "order" int, year int, "name" name, span int4range
);
CREATE TABLE wide_left (k bigint, a int);
CREATE TABLE wide_right (k real, b int);
CREATE TABLE short_words (word varchar(5));
CREATE TABLE long_words (word varchar(10));
CREATE TABLE small_left (k int, a int);
CREATE TABLE big_right (k bigint, b int);

CREATE TABLE "User" (
  id serial, "firstName" text, "lastName" text, "createdAt" timestamptz, "companyId" int,
  "isActive" boolean
);
CREATE TABLE "Company" (
  id serial, "displayName" text, "Select" int, "from" text, "a""b" int, "x;drop table t" int,
  "star*" int, "é" int, " " int, "--" int, "/*" int, "$1" int, "it's" int, "EXTRACT" int,
  "over" int, "filter" int
);
CREATE TABLE "Odd ""names""; x"."t""; DROP TABLE x; --" ("sum(" int, "a.b" text, "\\" int);

CREATE FUNCTION shop.tax(numeric, numeric DEFAULT 0.2) RETURNS numeric IMMUTABLE
LANGUAGE sql AS 'SELECT $1 * $2';
CREATE FUNCTION shop."weird "" Name"(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1';
CREATE FUNCTION shop.series(int) RETURNS SETOF int LANGUAGE sql AS 'SELECT generate_series(1, $1)';
CREATE FUNCTION shop.glue(text, text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT $1 || $2';
CREATE FUNCTION shop.near(int, int) RETURNS boolean IMMUTABLE
LANGUAGE sql AS 'SELECT abs($1 - $2) < 2';
CREATE FUNCTION shop.half(int) RETURNS numeric IMMUTABLE LANGUAGE sql AS 'SELECT $1 / 2.0';
CREATE FUNCTION shop."substring"(int, int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 + $2';
CREATE OPERATOR shop.<~> (LEFTARG = int, RIGHTARG = int, FUNCTION = shop.near);
CREATE OPERATOR shop.@@@ (RIGHTARG = int, FUNCTION = shop.half);
CREATE AGGREGATE shop.product(numeric) (SFUNC = numeric_mul, STYPE = numeric, INITCOND = '1');
CREATE AGGREGATE shop."Total"(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0');
CREATE VIEW shop.paid_orders AS SELECT * FROM shop.orders WHERE status = 'Paid';
`;
