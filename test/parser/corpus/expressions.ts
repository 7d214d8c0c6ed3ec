/** Expressions of every kind that PostgreSQL prints in a way of its own. */
import { list } from './definition.ts';

export const expressions = list(
  `SELECT CASE WHEN total > 100 THEN 'big' WHEN total > 10 THEN 'middle' ELSE 'small' END AS size,
     count(*)
   FROM orders
   GROUP BY 1`,
  "SELECT CASE status WHEN 'Paid' THEN 1 WHEN 'it''s' THEN 2 END AS s FROM orders",
  'SELECT CASE customer_id WHEN 1 THEN total ELSE NULL END FROM orders',
  "SELECT sum(CASE WHEN status = 'Paid' THEN total ELSE 0 END) FROM orders",
  "SELECT count(*) FROM orders WHERE status IN ('Paid', 'Open')",
  "SELECT count(*) FROM orders WHERE notes IN ('a', 'b', 'it''s')",
  'SELECT count(*) FROM orders WHERE customer_id NOT IN (1, 2, 3)',
  `SELECT count(*)
   FROM customers
   WHERE country IN ('DE', 'FR') AND initials IN ('abc', 'de') AND phone NOT IN ('1')`,
  'SELECT count(*) FROM orders WHERE priority = ANY (ARRAY[1, 2]::smallint[])',
  "SELECT count(*) FROM customers WHERE 'x' = ANY (tags) AND 3 < ALL (ARRAY[id, 4])",
  `SELECT count(*)
   FROM customers
   WHERE name LIKE 'A%' AND name NOT LIKE '%b' AND name ILIKE 'c_' AND country NOT ILIKE 'd'`,
  `SELECT count(*)
   FROM customers
   WHERE name LIKE 'A!%' ESCAPE '!'
     AND name SIMILAR TO '(a|b)%'
     AND name ~ '^x'
     AND name !~* 'y$'
     AND name ^@ 'z'`,
  "SELECT count(*) FROM customers WHERE name LIKE ANY (ARRAY['a%', 'b%'])",
  `SELECT count(*)
   FROM orders
   WHERE order_date BETWEEN '2024-01-01' AND DATE '2024-12-31' AND total NOT BETWEEN 1 AND 2`,
  'SELECT count(*) FROM orders WHERE total BETWEEN SYMMETRIC 2 AND 1',
  `SELECT count(*)
   FROM customers
   WHERE active IS TRUE
     OR active IS NOT FALSE
     OR active IS UNKNOWN
     OR active IS NOT UNKNOWN
     OR NOT active`,
  `SELECT count(*)
   FROM customers
   WHERE country IS DISTINCT FROM name AND country IS NOT DISTINCT FROM name`,
  `SELECT count(*)
   FROM orders
   WHERE NOT (total > 1 OR total IS NULL) AND (total IS NULL) = (notes IS NOT NULL)`,
  'SELECT -total, +total, -(-total), - (total + 1), 1 - -2, -1, -1.50, total - -1 FROM orders',
  `SELECT total * 1.0000, total * 0.00, total + 12345678901234567890.12345678901234567890,
     total ^ 2, total % 7, 1e10 * total, 1e-5
   FROM orders`,
  'SELECT total * 10000000000, total - (1 - 2) - 3, total / (2 / 3.0), (total * 2) % 3 FROM orders',
  `SELECT 'NaN'::numeric, 'Infinity'::float8, 1.5::float4, 1::bigint, 2::smallint, 'x'::"char" AS c
   FROM orders`,
  `SELECT total::numeric(20,4), notes::varchar(5), notes::char(3), total::int, id::text,
     total::text::varchar, shipped::timestamp(0), shipped::timestamptz(6), window_start::time(3),
     window_start::timetz
   FROM orders`,
  `SELECT CAST(total AS double precision), flags::bit varying(2), B'0101' & flags, flags | B'1111',
     order_date::timestamp AT TIME ZONE 'UTC', shipped::date
   FROM orders`,
  `SELECT lead_time + '3 days'::interval, lead_time + interval '1' month,
     lead_time + INTERVAL '90' DAY, '1 day 02:03:04'::interval(2), '1'::interval second(3),
     interval '1-2' year to month
   FROM orders`,
  `SELECT count(*)
   FROM orders
   WHERE lead_time > interval '1 day'
     AND shipped < '2024-05-05 10:00'::timestamp + '1 mon'::interval * 2`,
  `SELECT at AT TIME ZONE 'Europe/Berlin' AS local, date_trunc('day', at AT TIME ZONE 'UTC') AS day,
     (at AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'
   FROM events`,
  `SELECT timezone('UTC', at), date_part('hour', at), extract(dow FROM at),
     extract(timezone_hour FROM at)
   FROM events`,
  `SELECT age(order_date), to_char(order_date, 'YYYY-MM'), to_date('2024', 'YYYY'),
     make_date(2024, 1, 2), date_bin('15 min', shipped, '2001-01-01')
   FROM orders`,
  `SELECT trim(name), trim(both 'x' FROM name), trim(leading FROM name),
     trim(trailing 'yz' FROM name), btrim(name), ltrim(name, ' '), trim(from name)
   FROM customers`,
  `SELECT substring(name FROM 2 FOR 3), substring(name FROM 2), substring(name FOR 2),
     substring(name, 1, 2), substring(name FROM 'a.c'), substr(name, 1)
   FROM customers`,
  `SELECT position('a' IN name), strpos(name, 'a'), overlay(name PLACING 'x' FROM 2),
     overlay(name PLACING 'x' FROM 2 FOR 1), overlay(name, 'y', 1)
   FROM customers`,
  `SELECT position('a' || name IN substring(name FROM 1 FOR position('b' IN name))),
     trim(substring(country FROM 1) || name)
   FROM customers`,
  `SELECT upper(name) || ' ' || lower(country), concat(name, '-', id),
     concat_ws(',', name, country), left(name, 2), right(name, 2),
     format('%s of %s', name, country), replace(name, 'a', '')
   FROM customers`,
  "SELECT E'a\\\\b\\n''c', 'multi\n" +
    `line', '', 'semi;colon', '-- no comment', '/* none */', '$1', '"q"', 'ünï' FROM customers`,
  `SELECT attributes -> 'a' AS a, attributes ->> 'b' AS b, attributes #> '{a,b}' AS c,
     attributes #>> '{a,0}' AS d, attributes -> 0, (attributes ->> 'n')::int AS n
   FROM customers`,
  `SELECT attributes -> 'a' -> 'b' ->> 'c', (attributes -> 'a')::text,
     (attributes ->> 'x')::numeric(10,2) * 2, attributes -> name, attributes['k'],
     attributes['k']['l']
   FROM customers`,
  `SELECT count(*)
   FROM customers
   WHERE attributes @> '{"a": 1}'
     AND attributes ? 'k'
     AND attributes ?| ARRAY['x', 'y']
     AND attributes ?& '{z}'
     AND attributes <@ '{}'
     AND (attributes ->> 'a') = 'b'`,
  `SELECT attributes - 'k', attributes #- '{a}', attributes || '{"z": 1}',
     jsonb_build_object('id', id, 'n', name), jsonb_array_length(attributes -> 'l'),
     attributes @? '$.a', attributes @@ '$.a == 1'
   FROM customers`,
  `SELECT meta ->> 'k' AS k, meta -> 'a' ->> 1 AS l, sum((meta ->> 'n')::numeric)
   FROM orders
   GROUP BY 1, 2`,
  `SELECT tags[1], tags[id], sizes[1], matrix[1][2], (ARRAY[1, 2])[1],
     (string_to_array(p.name, ','))[2], ARRAY[ARRAY[1, 2], ARRAY[3, 4]]
   FROM customers c, products p`,
  `SELECT ARRAY[id, 1], ARRAY[]::text[], '{1,2}'::int[], tags || 'x'::text, tags && ARRAY['a'],
     tags @> ARRAY['b'], array_length(tags, 1), cardinality(tags)
   FROM customers`,
  `SELECT matrix = ARRAY[[1, 2], [3, 4]], ROW(product_id, name) = ROW(1, 'x'),
     (product_id, name) < (2, 'y'), ROW(1, NULL) IS NULL
   FROM products`,
  `SELECT ip << '10.0.0.0/8', ip >>= '10.0.0.1', host(ip), span @> 5, span -|- '[1,2)',
     span && int4range(1, 2), lower(span), upper(span)
   FROM events`,
  `SELECT ~ priority, @ total, |/ freight, ||/ freight, priority << 2, priority # 3::smallint,
     priority & 1::smallint, priority | 1::smallint
   FROM orders`,
  "SELECT code || '\\x00'::bytea, encode(code, 'hex'), get_byte(code, 0) FROM products",
  `SELECT id OPERATOR(shop.<~>) 3, OPERATOR(shop.@@@) id, id OPERATOR(pg_catalog.+) 1
   FROM customers
   WHERE id OPERATOR(shop.<~>) 4`,
  'SELECT count(*) FROM customers WHERE id OPERATOR(shop.<~>) ANY (ARRAY[1, 2])',
  `SELECT shop.tax(total), shop.tax(total, 0.07), shop."weird "" Name"(customer_id),
     shop.glue(notes, 'x')
   FROM orders`,
  `SELECT shop."substring"(customer_id, 1), "position", "user", "order", year, events.name, count,
     at
   FROM events, orders`,
  `SELECT mood, mood = 'ok', mood::text, status = 'it''s', status::text, email, lower(email)
   FROM customers, orders`,
  `SELECT pg_catalog.abs(customer_id), int4(total), float8(total), "left"(notes, 1), text(notes),
     date(shipped)
   FROM orders`,
  `SELECT token = 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', fee * 2, fee::numeric, '12.34'::money,
     flags::text
   FROM orders`,
  `SELECT coalesce(nullif(notes, ''), 'none') AS n, coalesce(total, 0)::int,
     greatest(order_date, shipped::date)
   FROM orders`,
  `SELECT true AS t, false AS f, NULL AS n, NULL::int AS i, NULL::shop.mood AS m, 1 AS one
   FROM orders`,
  `SELECT total > 1 AND total < 5 OR NOT total = 3 AND total <> 4 AS x,
     (total > 1) = (total < 5) AS y, total > 1 IS TRUE AS z
   FROM orders`,
  'SELECT now() - shipped, random(), clock_timestamp(), pg_typeof(total) FROM orders',
  `SELECT width_bucket(total, 0, 100, 10) AS bucket, count(*)
   FROM orders
   GROUP BY width_bucket(total, 0, 100, 10)`,
  `SELECT count(*)
   FROM orders
   WHERE (customer_id % 2) = 0
     AND ((total + 1) * 2) / 3 > 4
     AND total * (1 - coalesce(discount, 0)::numeric) > 5`,
);
