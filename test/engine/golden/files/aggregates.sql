-- aggregates: what is stored of each aggregate that can be subtracted
--
-- SELECT s.customer_id,
--     stddev(s.amount) AS sd,
--     var_pop(p.weight) AS vp,
--     covar_samp(p.weight, s.quantity::double precision) AS cs,
--     corr(p.weight, s.quantity::double precision) AS co,
--     regr_slope(p.weight, s.quantity::double precision) AS slope,
--     bool_and(s.shipped) AS all_shipped,
--     every(s.shipped) AS every_shipped,
--     bool_or(s.shipped) FILTER (WHERE s.amount > 5::numeric) AS any_shipped,
--     sum(p.weight) AS weight,
--     avg(s.took) AS took,
--     sum(s.paid) AS paid,
--     avg(p.price) AS price
--    FROM public.sale s
--      JOIN public.product p ON p.id = s.product_id
--   GROUP BY s.customer_id
--
-- strategy delta, freshness live
-- reads public.product (id, price, weight)
-- reads public.sale (customer_id, product_id, amount, quantity, took, paid, shipped)
-- FROM public.sale AS s: join, stores nothing
-- FROM public.product AS p: join, stores nothing
-- 1 conditions of WHERE, ON and USING: filter, stores nothing
-- s.customer_id: group key, stores key1
-- rows of the group: additive part, stores row_count
-- rows where s.amount is not null: additive part, stores count1
-- rows where s.amount is NaN: additive part, stores nan1
-- rows where s.amount is Infinity: additive part, stores plus_infinity1
-- rows where s.amount is -Infinity: additive part, stores minus_infinity1
-- sum of s.amount: additive part, stores total1
-- sum of squares of s.amount: additive part, stores squares1
-- rows by display scale of s.amount: sum of 10^(12 * scale): additive part, stores scales1
-- rows where p.weight is not null: additive part, stores count2
-- rows where p.weight is NaN: additive part, stores nan2
-- rows where p.weight is Infinity: additive part, stores plus_infinity2
-- rows where p.weight is -Infinity: additive part, stores minus_infinity2
-- sum of p.weight: additive part, stores total2
-- sum of squares of p.weight: additive part, stores squares2
-- pairs (p.weight, (s.quantity)::double precision) without a null: additive part, stores count3
-- rows where (s.quantity)::double precision is NaN: additive part, stores nan3
-- rows where (s.quantity)::double precision is Infinity: additive part, stores plus_infinity3
-- rows where (s.quantity)::double precision is -Infinity: additive part, stores minus_infinity3
-- rows where p.weight is NaN: additive part, stores nan4
-- rows where p.weight is Infinity: additive part, stores plus_infinity4
-- rows where p.weight is -Infinity: additive part, stores minus_infinity4
-- sum of x over pairs (p.weight, (s.quantity)::double precision): additive part, stores sum_x1
-- sum of y over pairs (p.weight, (s.quantity)::double precision): additive part, stores sum_y1
-- sum of x squared over pairs (p.weight, (s.quantity)::double precision): additive part, stores sum_xx1
-- sum of y squared over pairs (p.weight, (s.quantity)::double precision): additive part, stores sum_yy1
-- sum of x times y over pairs (p.weight, (s.quantity)::double precision): additive part, stores sum_xy1
-- rows where s.shipped: additive part, stores true1
-- rows where not s.shipped: additive part, stores false1
-- rows where s.shipped: additive part, stores true2
-- rows where not s.shipped: additive part, stores false2
-- rows where s.took is not null: additive part, stores count4
-- sum of s.took: additive part, stores sum1
-- rows where s.paid is not null: additive part, stores count5
-- sum of s.paid: additive part, stores sum2
-- rows where p.price is not null: additive part, stores count6
-- rows where p.price is NaN: additive part, stores nan5
-- sum of p.price: additive part, stores sum3
-- pg_catalog.stddev(s.amount): finished aggregate, stores value1
-- pg_catalog.var_pop(p.weight): computed when read, stores nothing
-- pg_catalog.covar_samp(p.weight, (s.quantity)::double precision): computed when read, stores nothing
-- pg_catalog.corr(p.weight, (s.quantity)::double precision): computed when read, stores nothing
-- pg_catalog.regr_slope(p.weight, (s.quantity)::double precision): computed when read, stores nothing
-- pg_catalog.bool_and(s.shipped): finished aggregate, stores value6
-- pg_catalog.every(s.shipped): finished aggregate, stores value7
-- pg_catalog.bool_or(s.shipped) FILTER (WHERE (s.amount > (5)::numeric)): finished aggregate, stores value8
-- pg_catalog.sum(p.weight): computed when read, stores nothing
-- pg_catalog.avg(s.took): computed when read, stores nothing
-- pg_catalog.sum(s.paid): finished aggregate, stores value11
-- pg_catalog.avg(p.price): finished aggregate, stores value12

-- the definition, as a view
CREATE VIEW imat_store.definition_aggregates AS
SELECT s.customer_id,
    stddev(s.amount) AS sd,
    var_pop(p.weight) AS vp,
    covar_samp(p.weight, s.quantity::double precision) AS cs,
    corr(p.weight, s.quantity::double precision) AS co,
    regr_slope(p.weight, s.quantity::double precision) AS slope,
    bool_and(s.shipped) AS all_shipped,
    every(s.shipped) AS every_shipped,
    bool_or(s.shipped) FILTER (WHERE s.amount > 5::numeric) AS any_shipped,
    sum(p.weight) AS weight,
    avg(s.took) AS took,
    sum(s.paid) AS paid,
    avg(p.price) AS price
   FROM public.sale s
     JOIN public.product p ON p.id = s.product_id
  GROUP BY s.customer_id;

-- the change log of public.product, if it is not there yet
CREATE TABLE imat_store.log_public_product (
  xid xid8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id(),
  weight integer NOT NULL,
  c1 integer,
  c3 numeric(10,2),
  c4 double precision
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000, autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 50000, vacuum_truncate = false);
ALTER TABLE imat_store.log_public_product REPLICA IDENTITY FULL;

-- capture on public.product
CREATE OR REPLACE FUNCTION imat_store.capture_insert_public_product() RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
AS $imat$
BEGIN
  INSERT INTO imat_store.log_public_product (weight, c1, c3, c4)
    SELECT 1, n.id, n.price, n.weight FROM new_rows AS n;
  RETURN NULL;
END$imat$;

-- capture on public.product
REVOKE ALL ON FUNCTION imat_store.capture_insert_public_product() FROM PUBLIC;

-- capture on public.product
CREATE OR REPLACE FUNCTION imat_store.capture_update_public_product() RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
AS $imat$
BEGIN
  INSERT INTO imat_store.log_public_product (weight, c1, c3, c4)
    SELECT pg_catalog.sum(u.weight), u.c1, u.c3, u.c4
        FROM (
          SELECT -1 AS weight, o.id AS c1, o.price AS c3, o.weight AS c4 FROM old_rows AS o
          UNION ALL
          SELECT 1, n.id AS c1, n.price AS c3, n.weight AS c4 FROM new_rows AS n
        ) AS u
        GROUP BY u.c1, u.c3, u.c4, pg_catalog.float8send(u.c4)
        HAVING pg_catalog.sum(u.weight) OPERATOR(pg_catalog.<>) 0;
  RETURN NULL;
END$imat$;

-- capture on public.product
REVOKE ALL ON FUNCTION imat_store.capture_update_public_product() FROM PUBLIC;

-- capture on public.product
CREATE OR REPLACE FUNCTION imat_store.capture_delete_public_product() RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
AS $imat$
BEGIN
  INSERT INTO imat_store.log_public_product (weight, c1, c3, c4)
    SELECT -1, o.id, o.price, o.weight FROM old_rows AS o;
  RETURN NULL;
END$imat$;

-- capture on public.product
REVOKE ALL ON FUNCTION imat_store.capture_delete_public_product() FROM PUBLIC;

-- capture on public.product
CREATE OR REPLACE FUNCTION imat_store.capture_truncate_public_product() RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
AS $imat$
BEGIN
  IF pg_catalog.current_setting('transaction_isolation') OPERATOR(pg_catalog.<>) 'read committed' THEN
      RAISE EXCEPTION USING
        ERRCODE = 'feature_not_supported',
        MESSAGE = 'a table with imats can be truncated in READ COMMITTED transactions only',
        DETAIL = 'TRUNCATE also removes rows that this transaction cannot see, and which could so not be captured.',
        HINT = 'Use DELETE, or BEGIN ISOLATION LEVEL READ COMMITTED.';
    END IF;
    EXECUTE (
      SELECT pg_catalog.format(
        'INSERT INTO imat_store.log_public_product (weight, c1, c3, c4) SELECT -1%s FROM ONLY %s AS t',
        pg_catalog.string_agg(pg_catalog.format(', t.%I', a.attname), '' ORDER BY a.attnum),
        TG_RELID::pg_catalog.regclass
      )
      FROM pg_catalog.pg_attribute AS a
      WHERE a.attrelid OPERATOR(pg_catalog.=) TG_RELID AND a.attnum OPERATOR(pg_catalog.=) ANY ('{1,3,4}'::pg_catalog.int2[])
    );
  RETURN NULL;
END$imat$;

-- capture on public.product
REVOKE ALL ON FUNCTION imat_store.capture_truncate_public_product() FROM PUBLIC;

-- trigger on public.product
CREATE OR REPLACE TRIGGER "!imat_insert" AFTER INSERT ON public.product REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION imat_store.capture_insert_public_product();

-- trigger on public.product
CREATE OR REPLACE TRIGGER "!imat_update" AFTER UPDATE ON public.product REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION imat_store.capture_update_public_product();

-- trigger on public.product
CREATE OR REPLACE TRIGGER "!imat_delete" AFTER DELETE ON public.product REFERENCING OLD TABLE AS old_rows
FOR EACH STATEMENT EXECUTE FUNCTION imat_store.capture_delete_public_product();

-- trigger on public.product
CREATE OR REPLACE TRIGGER "~imat_truncate" BEFORE TRUNCATE ON public.product
FOR EACH STATEMENT EXECUTE FUNCTION imat_store.capture_truncate_public_product();

-- trigger on public.product
ALTER TABLE public.product ENABLE ALWAYS TRIGGER "!imat_insert", ENABLE ALWAYS TRIGGER "!imat_update", ENABLE ALWAYS TRIGGER "!imat_delete", ENABLE ALWAYS TRIGGER "~imat_truncate";

-- the change log of public.sale, if it is not there yet
CREATE TABLE imat_store.log_public_sale (
  xid xid8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id(),
  weight integer NOT NULL,
  c2 integer,
  c3 integer,
  c5 numeric,
  c6 integer,
  c8 interval,
  c9 money,
  c10 boolean
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000, autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 50000, vacuum_truncate = false);
ALTER TABLE imat_store.log_public_sale REPLICA IDENTITY FULL;

-- capture on public.sale
CREATE OR REPLACE FUNCTION imat_store.capture_insert_public_sale() RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
AS $imat$
BEGIN
  INSERT INTO imat_store.log_public_sale (weight, c2, c3, c5, c6, c8, c9, c10)
    SELECT 1, n.customer_id, n.product_id, n.amount, n.quantity, n.took, n.paid, n.shipped FROM new_rows AS n;
  RETURN NULL;
END$imat$;

-- capture on public.sale
REVOKE ALL ON FUNCTION imat_store.capture_insert_public_sale() FROM PUBLIC;

-- capture on public.sale
CREATE OR REPLACE FUNCTION imat_store.capture_update_public_sale() RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
AS $imat$
BEGIN
  INSERT INTO imat_store.log_public_sale (weight, c2, c3, c5, c6, c8, c9, c10)
    SELECT pg_catalog.sum(u.weight), u.c2, u.c3, u.c5, u.c6, u.c8, u.c9, u.c10
        FROM (
          SELECT -1 AS weight, o.customer_id AS c2, o.product_id AS c3, o.amount AS c5, o.quantity AS c6, o.took AS c8, o.paid AS c9, o.shipped AS c10 FROM old_rows AS o
          UNION ALL
          SELECT 1, n.customer_id AS c2, n.product_id AS c3, n.amount AS c5, n.quantity AS c6, n.took AS c8, n.paid AS c9, n.shipped AS c10 FROM new_rows AS n
        ) AS u
        GROUP BY u.c2, u.c3, u.c5, pg_catalog.numeric_send(u.c5), u.c6, u.c8, pg_catalog.interval_send(u.c8), u.c9, u.c10
        HAVING pg_catalog.sum(u.weight) OPERATOR(pg_catalog.<>) 0;
  RETURN NULL;
END$imat$;

-- capture on public.sale
REVOKE ALL ON FUNCTION imat_store.capture_update_public_sale() FROM PUBLIC;

-- capture on public.sale
CREATE OR REPLACE FUNCTION imat_store.capture_delete_public_sale() RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
AS $imat$
BEGIN
  INSERT INTO imat_store.log_public_sale (weight, c2, c3, c5, c6, c8, c9, c10)
    SELECT -1, o.customer_id, o.product_id, o.amount, o.quantity, o.took, o.paid, o.shipped FROM old_rows AS o;
  RETURN NULL;
END$imat$;

-- capture on public.sale
REVOKE ALL ON FUNCTION imat_store.capture_delete_public_sale() FROM PUBLIC;

-- capture on public.sale
CREATE OR REPLACE FUNCTION imat_store.capture_truncate_public_sale() RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
AS $imat$
BEGIN
  IF pg_catalog.current_setting('transaction_isolation') OPERATOR(pg_catalog.<>) 'read committed' THEN
      RAISE EXCEPTION USING
        ERRCODE = 'feature_not_supported',
        MESSAGE = 'a table with imats can be truncated in READ COMMITTED transactions only',
        DETAIL = 'TRUNCATE also removes rows that this transaction cannot see, and which could so not be captured.',
        HINT = 'Use DELETE, or BEGIN ISOLATION LEVEL READ COMMITTED.';
    END IF;
    EXECUTE (
      SELECT pg_catalog.format(
        'INSERT INTO imat_store.log_public_sale (weight, c2, c3, c5, c6, c8, c9, c10) SELECT -1%s FROM ONLY %s AS t',
        pg_catalog.string_agg(pg_catalog.format(', t.%I', a.attname), '' ORDER BY a.attnum),
        TG_RELID::pg_catalog.regclass
      )
      FROM pg_catalog.pg_attribute AS a
      WHERE a.attrelid OPERATOR(pg_catalog.=) TG_RELID AND a.attnum OPERATOR(pg_catalog.=) ANY ('{2,3,5,6,8,9,10}'::pg_catalog.int2[])
    );
  RETURN NULL;
END$imat$;

-- capture on public.sale
REVOKE ALL ON FUNCTION imat_store.capture_truncate_public_sale() FROM PUBLIC;

-- trigger on public.sale
CREATE OR REPLACE TRIGGER "!imat_insert" AFTER INSERT ON public.sale REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION imat_store.capture_insert_public_sale();

-- trigger on public.sale
CREATE OR REPLACE TRIGGER "!imat_update" AFTER UPDATE ON public.sale REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION imat_store.capture_update_public_sale();

-- trigger on public.sale
CREATE OR REPLACE TRIGGER "!imat_delete" AFTER DELETE ON public.sale REFERENCING OLD TABLE AS old_rows
FOR EACH STATEMENT EXECUTE FUNCTION imat_store.capture_delete_public_sale();

-- trigger on public.sale
CREATE OR REPLACE TRIGGER "~imat_truncate" BEFORE TRUNCATE ON public.sale
FOR EACH STATEMENT EXECUTE FUNCTION imat_store.capture_truncate_public_sale();

-- trigger on public.sale
ALTER TABLE public.sale ENABLE ALWAYS TRIGGER "!imat_insert", ENABLE ALWAYS TRIGGER "!imat_update", ENABLE ALWAYS TRIGGER "!imat_delete", ENABLE ALWAYS TRIGGER "~imat_truncate";

-- the state: one row per group, with what each aggregate needs
CREATE TABLE imat_store.state_aggregates WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02) AS
SELECT
  r1.customer_id AS key1,
  pg_catalog.count(*) AS row_count,
  pg_catalog.count(*) FILTER (WHERE r1.amount IS NOT NULL) AS count1,
  pg_catalog.count(*) FILTER (WHERE r1.amount = 'NaN'::numeric) AS nan1,
  pg_catalog.count(*) FILTER (WHERE r1.amount = 'Infinity'::numeric) AS plus_infinity1,
  pg_catalog.count(*) FILTER (WHERE r1.amount = '-Infinity'::numeric) AS minus_infinity1,
  COALESCE(pg_catalog.sum(r1.amount) FILTER (WHERE r1.amount > '-Infinity'::numeric AND r1.amount < 'Infinity'::numeric), 0)::numeric AS total1,
  COALESCE(pg_catalog.sum((r1.amount * r1.amount)) FILTER (WHERE r1.amount > '-Infinity'::numeric AND r1.amount < 'Infinity'::numeric), 0)::numeric AS squares1,
  COALESCE(pg_catalog.sum(('1e' || 12 * LEAST(pg_catalog.scale(r1.amount), 10900))::numeric) FILTER (WHERE r1.amount > '-Infinity'::numeric AND r1.amount < 'Infinity'::numeric), 0)::numeric AS scales1,
  pg_catalog.count(*) FILTER (WHERE r2.weight IS NOT NULL) AS count2,
  pg_catalog.count(*) FILTER (WHERE r2.weight = 'NaN'::float8) AS nan2,
  pg_catalog.count(*) FILTER (WHERE r2.weight = 'Infinity'::float8) AS plus_infinity2,
  pg_catalog.count(*) FILTER (WHERE r2.weight = '-Infinity'::float8) AS minus_infinity2,
  COALESCE(pg_catalog.sum((r2.weight)::float8::numeric) FILTER (WHERE r2.weight > '-Infinity'::float8 AND r2.weight < 'Infinity'::float8), 0)::numeric AS total2,
  COALESCE(pg_catalog.sum(((r2.weight)::float8::numeric * (r2.weight)::float8::numeric)) FILTER (WHERE r2.weight > '-Infinity'::float8 AND r2.weight < 'Infinity'::float8), 0)::numeric AS squares2,
  pg_catalog.count(*) FILTER (WHERE r2.weight IS NOT NULL AND ((r1.quantity)::double precision) IS NOT NULL) AS count3,
  pg_catalog.count(*) FILTER (WHERE r2.weight IS NOT NULL AND ((r1.quantity)::double precision) IS NOT NULL AND ((r1.quantity)::double precision) = 'NaN'::float8) AS nan3,
  pg_catalog.count(*) FILTER (WHERE r2.weight IS NOT NULL AND ((r1.quantity)::double precision) IS NOT NULL AND ((r1.quantity)::double precision) = 'Infinity'::float8) AS plus_infinity3,
  pg_catalog.count(*) FILTER (WHERE r2.weight IS NOT NULL AND ((r1.quantity)::double precision) IS NOT NULL AND ((r1.quantity)::double precision) = '-Infinity'::float8) AS minus_infinity3,
  pg_catalog.count(*) FILTER (WHERE r2.weight IS NOT NULL AND ((r1.quantity)::double precision) IS NOT NULL AND r2.weight = 'NaN'::float8) AS nan4,
  pg_catalog.count(*) FILTER (WHERE r2.weight IS NOT NULL AND ((r1.quantity)::double precision) IS NOT NULL AND r2.weight = 'Infinity'::float8) AS plus_infinity4,
  pg_catalog.count(*) FILTER (WHERE r2.weight IS NOT NULL AND ((r1.quantity)::double precision) IS NOT NULL AND r2.weight = '-Infinity'::float8) AS minus_infinity4,
  COALESCE(pg_catalog.sum((((r1.quantity)::double precision))::float8::numeric) FILTER (WHERE r2.weight IS NOT NULL AND ((r1.quantity)::double precision) IS NOT NULL AND ((r1.quantity)::double precision) > '-Infinity'::float8 AND ((r1.quantity)::double precision) < 'Infinity'::float8), 0)::numeric AS sum_x1,
  COALESCE(pg_catalog.sum((r2.weight)::float8::numeric) FILTER (WHERE r2.weight IS NOT NULL AND ((r1.quantity)::double precision) IS NOT NULL AND r2.weight > '-Infinity'::float8 AND r2.weight < 'Infinity'::float8), 0)::numeric AS sum_y1,
  COALESCE(pg_catalog.sum(((((r1.quantity)::double precision))::float8::numeric * (((r1.quantity)::double precision))::float8::numeric)) FILTER (WHERE r2.weight IS NOT NULL AND ((r1.quantity)::double precision) IS NOT NULL AND ((r1.quantity)::double precision) > '-Infinity'::float8 AND ((r1.quantity)::double precision) < 'Infinity'::float8), 0)::numeric AS sum_xx1,
  COALESCE(pg_catalog.sum(((r2.weight)::float8::numeric * (r2.weight)::float8::numeric)) FILTER (WHERE r2.weight IS NOT NULL AND ((r1.quantity)::double precision) IS NOT NULL AND r2.weight > '-Infinity'::float8 AND r2.weight < 'Infinity'::float8), 0)::numeric AS sum_yy1,
  COALESCE(pg_catalog.sum(((((r1.quantity)::double precision))::float8::numeric * (r2.weight)::float8::numeric)) FILTER (WHERE r2.weight IS NOT NULL AND ((r1.quantity)::double precision) IS NOT NULL AND ((r1.quantity)::double precision) > '-Infinity'::float8 AND ((r1.quantity)::double precision) < 'Infinity'::float8 AND r2.weight IS NOT NULL AND ((r1.quantity)::double precision) IS NOT NULL AND r2.weight > '-Infinity'::float8 AND r2.weight < 'Infinity'::float8), 0)::numeric AS sum_xy1,
  pg_catalog.count(*) FILTER (WHERE r1.shipped) AS true1,
  pg_catalog.count(*) FILTER (WHERE NOT r1.shipped) AS false1,
  pg_catalog.count(*) FILTER (WHERE ((r1.amount > (5)::numeric)) AND r1.shipped) AS true2,
  pg_catalog.count(*) FILTER (WHERE ((r1.amount > (5)::numeric)) AND NOT r1.shipped) AS false2,
  pg_catalog.count(*) FILTER (WHERE r1.took IS NOT NULL) AS count4,
  COALESCE(pg_catalog.sum(r1.took) FILTER (WHERE r1.took IS NOT NULL), '0'::interval)::interval AS sum1,
  pg_catalog.count(*) FILTER (WHERE r1.paid IS NOT NULL) AS count5,
  COALESCE(pg_catalog.sum(r1.paid) FILTER (WHERE r1.paid IS NOT NULL), '0'::money)::money AS sum2,
  pg_catalog.count(*) FILTER (WHERE r2.price IS NOT NULL) AS count6,
  pg_catalog.count(*) FILTER (WHERE r2.price = 'NaN'::numeric) AS nan5,
  COALESCE(pg_catalog.sum(r2.price) FILTER (WHERE r2.price <> 'NaN'::numeric), 0)::numeric AS sum3
FROM
  public.sale AS r1,
  public.product AS r2
WHERE (r2.id = r1.product_id)
GROUP BY 1;

-- what publications of all tables need
ALTER TABLE imat_store.state_aggregates REPLICA IDENTITY FULL;

-- finished aggregates, computed once
ALTER TABLE imat_store.state_aggregates
  ADD COLUMN value1 numeric GENERATED ALWAYS AS (CASE WHEN count1 < 2 THEN NULL WHEN nan1 > 0 OR plus_infinity1 > 0 OR minus_infinity1 > 0 THEN 'NaN'::numeric WHEN (count1 * pg_catalog.round(squares1, CASE WHEN (pg_catalog.length(pg_catalog.trunc(scales1)::text) - 1) / 12 < 10900 THEN 2 * ((pg_catalog.length(pg_catalog.trunc(scales1)::text) - 1) / 12) ELSE pg_catalog.scale(squares1) END) - pg_catalog.round(total1, CASE WHEN (pg_catalog.length(pg_catalog.trunc(scales1)::text) - 1) / 12 < 10900 THEN (pg_catalog.length(pg_catalog.trunc(scales1)::text) - 1) / 12 ELSE pg_catalog.scale(total1) END) * pg_catalog.round(total1, CASE WHEN (pg_catalog.length(pg_catalog.trunc(scales1)::text) - 1) / 12 < 10900 THEN (pg_catalog.length(pg_catalog.trunc(scales1)::text) - 1) / 12 ELSE pg_catalog.scale(total1) END)) <= 0 THEN 0 ELSE pg_catalog.round(pg_catalog.sqrt(pg_catalog.round(((count1 * pg_catalog.round(squares1, CASE WHEN (pg_catalog.length(pg_catalog.trunc(scales1)::text) - 1) / 12 < 10900 THEN 2 * ((pg_catalog.length(pg_catalog.trunc(scales1)::text) - 1) / 12) ELSE pg_catalog.scale(squares1) END) - pg_catalog.round(total1, CASE WHEN (pg_catalog.length(pg_catalog.trunc(scales1)::text) - 1) / 12 < 10900 THEN (pg_catalog.length(pg_catalog.trunc(scales1)::text) - 1) / 12 ELSE pg_catalog.scale(total1) END) * pg_catalog.round(total1, CASE WHEN (pg_catalog.length(pg_catalog.trunc(scales1)::text) - 1) / 12 < 10900 THEN (pg_catalog.length(pg_catalog.trunc(scales1)::text) - 1) / 12 ELSE pg_catalog.scale(total1) END)) / (count1::numeric * (count1 - 1))), 2 * pg_catalog.scale(((count1 * pg_catalog.round(squares1, CASE WHEN (pg_catalog.length(pg_catalog.trunc(scales1)::text) - 1) / 12 < 10900 THEN 2 * ((pg_catalog.length(pg_catalog.trunc(scales1)::text) - 1) / 12) ELSE pg_catalog.scale(squares1) END) - pg_catalog.round(total1, CASE WHEN (pg_catalog.length(pg_catalog.trunc(scales1)::text) - 1) / 12 < 10900 THEN (pg_catalog.length(pg_catalog.trunc(scales1)::text) - 1) / 12 ELSE pg_catalog.scale(total1) END) * pg_catalog.round(total1, CASE WHEN (pg_catalog.length(pg_catalog.trunc(scales1)::text) - 1) / 12 < 10900 THEN (pg_catalog.length(pg_catalog.trunc(scales1)::text) - 1) / 12 ELSE pg_catalog.scale(total1) END)) / (count1::numeric * (count1 - 1)))) + pg_catalog.length(pg_catalog.trunc(((count1 * pg_catalog.round(squares1, CASE WHEN (pg_catalog.length(pg_catalog.trunc(scales1)::text) - 1) / 12 < 10900 THEN 2 * ((pg_catalog.length(pg_catalog.trunc(scales1)::text) - 1) / 12) ELSE pg_catalog.scale(squares1) END) - pg_catalog.round(total1, CASE WHEN (pg_catalog.length(pg_catalog.trunc(scales1)::text) - 1) / 12 < 10900 THEN (pg_catalog.length(pg_catalog.trunc(scales1)::text) - 1) / 12 ELSE pg_catalog.scale(total1) END) * pg_catalog.round(total1, CASE WHEN (pg_catalog.length(pg_catalog.trunc(scales1)::text) - 1) / 12 < 10900 THEN (pg_catalog.length(pg_catalog.trunc(scales1)::text) - 1) / 12 ELSE pg_catalog.scale(total1) END)) / (count1::numeric * (count1 - 1))))::text) / 2 + 3)), pg_catalog.scale(((count1 * pg_catalog.round(squares1, CASE WHEN (pg_catalog.length(pg_catalog.trunc(scales1)::text) - 1) / 12 < 10900 THEN 2 * ((pg_catalog.length(pg_catalog.trunc(scales1)::text) - 1) / 12) ELSE pg_catalog.scale(squares1) END) - pg_catalog.round(total1, CASE WHEN (pg_catalog.length(pg_catalog.trunc(scales1)::text) - 1) / 12 < 10900 THEN (pg_catalog.length(pg_catalog.trunc(scales1)::text) - 1) / 12 ELSE pg_catalog.scale(total1) END) * pg_catalog.round(total1, CASE WHEN (pg_catalog.length(pg_catalog.trunc(scales1)::text) - 1) / 12 < 10900 THEN (pg_catalog.length(pg_catalog.trunc(scales1)::text) - 1) / 12 ELSE pg_catalog.scale(total1) END)) / (count1::numeric * (count1 - 1))))) END::numeric) STORED,
  ADD COLUMN value6 boolean GENERATED ALWAYS AS (CASE WHEN true1 + false1 > 0 THEN false1 = 0 END) STORED,
  ADD COLUMN value7 boolean GENERATED ALWAYS AS (CASE WHEN true1 + false1 > 0 THEN false1 = 0 END) STORED,
  ADD COLUMN value8 boolean GENERATED ALWAYS AS (CASE WHEN true2 + false2 > 0 THEN true2 > 0 END) STORED,
  ADD COLUMN value11 money GENERATED ALWAYS AS (CASE WHEN count5 > 0 THEN (sum2)::money END) STORED,
  ADD COLUMN value12 numeric GENERATED ALWAYS AS (CASE WHEN count6 > 0 THEN CASE WHEN nan5 > 0 THEN 'NaN'::numeric ELSE ((sum3)::numeric / count6)::numeric END END) STORED;

-- what finds a group, NULL keys being equal
CREATE UNIQUE INDEX ON imat_store.state_aggregates (key1) NULLS NOT DISTINCT;

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.key1 IS 's.customer_id';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.row_count IS 'rows of the group';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.count1 IS 'rows where s.amount is not null';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.nan1 IS 'rows where s.amount is NaN';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.plus_infinity1 IS 'rows where s.amount is Infinity';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.minus_infinity1 IS 'rows where s.amount is -Infinity';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.total1 IS 'sum of s.amount';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.squares1 IS 'sum of squares of s.amount';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.scales1 IS 'rows by display scale of s.amount: sum of 10^(12 * scale)';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.count2 IS 'rows where p.weight is not null';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.nan2 IS 'rows where p.weight is NaN';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.plus_infinity2 IS 'rows where p.weight is Infinity';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.minus_infinity2 IS 'rows where p.weight is -Infinity';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.total2 IS 'sum of p.weight';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.squares2 IS 'sum of squares of p.weight';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.count3 IS 'pairs (p.weight, (s.quantity)::double precision) without a null';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.nan3 IS 'rows where (s.quantity)::double precision is NaN';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.plus_infinity3 IS 'rows where (s.quantity)::double precision is Infinity';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.minus_infinity3 IS 'rows where (s.quantity)::double precision is -Infinity';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.nan4 IS 'rows where p.weight is NaN';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.plus_infinity4 IS 'rows where p.weight is Infinity';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.minus_infinity4 IS 'rows where p.weight is -Infinity';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.sum_x1 IS 'sum of x over pairs (p.weight, (s.quantity)::double precision)';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.sum_y1 IS 'sum of y over pairs (p.weight, (s.quantity)::double precision)';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.sum_xx1 IS 'sum of x squared over pairs (p.weight, (s.quantity)::double precision)';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.sum_yy1 IS 'sum of y squared over pairs (p.weight, (s.quantity)::double precision)';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.sum_xy1 IS 'sum of x times y over pairs (p.weight, (s.quantity)::double precision)';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.true1 IS 'rows where s.shipped';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.false1 IS 'rows where not s.shipped';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.true2 IS 'rows where s.shipped';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.false2 IS 'rows where not s.shipped';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.count4 IS 'rows where s.took is not null';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.sum1 IS 'sum of s.took';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.count5 IS 'rows where s.paid is not null';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.sum2 IS 'sum of s.paid';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.count6 IS 'rows where p.price is not null';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.nan5 IS 'rows where p.price is NaN';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.sum3 IS 'sum of p.price';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.value1 IS 'pg_catalog.stddev(s.amount)';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.value6 IS 'pg_catalog.bool_and(s.shipped)';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.value7 IS 'pg_catalog.every(s.shipped)';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.value8 IS 'pg_catalog.bool_or(s.shipped) FILTER (WHERE (s.amount > (5)::numeric))';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.value11 IS 'pg_catalog.sum(s.paid)';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.value12 IS 'pg_catalog.avg(p.price)';

-- statistics
ANALYZE imat_store.state_aggregates;

-- what is pending, as rows of the state
CREATE VIEW imat_store.delta_aggregates AS
WITH pending AS MATERIALIZED (
  SELECT
    f.snapshot,
    EXISTS (SELECT FROM imat_store.log_public_sale AS l WHERE l.xid <= '18446744073709551615'::pg_catalog.xid8 AND l.xid >= pg_catalog.pg_snapshot_xmin(f.snapshot) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, f.snapshot)) AS changed1,
    EXISTS (SELECT FROM imat_store.log_public_product AS l WHERE l.xid <= '18446744073709551615'::pg_catalog.xid8 AND l.xid >= pg_catalog.pg_snapshot_xmin(f.snapshot) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, f.snapshot)) AS changed2
  FROM imat_catalog.frontier AS f
  WHERE f.imat_id = 1
)
-- all changes, cancelled against each other
SELECT
  r1.customer_id AS key1,
  p.weight AS row_count,
  CASE WHEN r1.amount IS NOT NULL THEN p.weight ELSE 0 END AS count1,
  CASE WHEN r1.amount = 'NaN'::numeric THEN p.weight ELSE 0 END AS nan1,
  CASE WHEN r1.amount = 'Infinity'::numeric THEN p.weight ELSE 0 END AS plus_infinity1,
  CASE WHEN r1.amount = '-Infinity'::numeric THEN p.weight ELSE 0 END AS minus_infinity1,
  CASE WHEN r1.amount > '-Infinity'::numeric AND r1.amount < 'Infinity'::numeric THEN (r1.amount * p.weight)::numeric ELSE 0 END AS total1,
  CASE WHEN r1.amount > '-Infinity'::numeric AND r1.amount < 'Infinity'::numeric THEN ((r1.amount * r1.amount) * p.weight)::numeric ELSE 0 END AS squares1,
  CASE WHEN r1.amount > '-Infinity'::numeric AND r1.amount < 'Infinity'::numeric THEN (('1e' || 12 * LEAST(pg_catalog.scale(r1.amount), 10900))::numeric * p.weight)::numeric ELSE 0 END AS scales1,
  CASE WHEN r2.weight IS NOT NULL THEN p.weight ELSE 0 END AS count2,
  CASE WHEN r2.weight = 'NaN'::float8 THEN p.weight ELSE 0 END AS nan2,
  CASE WHEN r2.weight = 'Infinity'::float8 THEN p.weight ELSE 0 END AS plus_infinity2,
  CASE WHEN r2.weight = '-Infinity'::float8 THEN p.weight ELSE 0 END AS minus_infinity2,
  CASE WHEN r2.weight > '-Infinity'::float8 AND r2.weight < 'Infinity'::float8 THEN ((r2.weight)::float8::numeric * p.weight)::numeric ELSE 0 END AS total2,
  CASE WHEN r2.weight > '-Infinity'::float8 AND r2.weight < 'Infinity'::float8 THEN (((r2.weight)::float8::numeric * (r2.weight)::float8::numeric) * p.weight)::numeric ELSE 0 END AS squares2,
  CASE WHEN r2.weight IS NOT NULL AND ((r1.quantity)::double precision) IS NOT NULL THEN p.weight ELSE 0 END AS count3,
  CASE WHEN r2.weight IS NOT NULL AND ((r1.quantity)::double precision) IS NOT NULL AND ((r1.quantity)::double precision) = 'NaN'::float8 THEN p.weight ELSE 0 END AS nan3,
  CASE WHEN r2.weight IS NOT NULL AND ((r1.quantity)::double precision) IS NOT NULL AND ((r1.quantity)::double precision) = 'Infinity'::float8 THEN p.weight ELSE 0 END AS plus_infinity3,
  CASE WHEN r2.weight IS NOT NULL AND ((r1.quantity)::double precision) IS NOT NULL AND ((r1.quantity)::double precision) = '-Infinity'::float8 THEN p.weight ELSE 0 END AS minus_infinity3,
  CASE WHEN r2.weight IS NOT NULL AND ((r1.quantity)::double precision) IS NOT NULL AND r2.weight = 'NaN'::float8 THEN p.weight ELSE 0 END AS nan4,
  CASE WHEN r2.weight IS NOT NULL AND ((r1.quantity)::double precision) IS NOT NULL AND r2.weight = 'Infinity'::float8 THEN p.weight ELSE 0 END AS plus_infinity4,
  CASE WHEN r2.weight IS NOT NULL AND ((r1.quantity)::double precision) IS NOT NULL AND r2.weight = '-Infinity'::float8 THEN p.weight ELSE 0 END AS minus_infinity4,
  CASE WHEN r2.weight IS NOT NULL AND ((r1.quantity)::double precision) IS NOT NULL AND ((r1.quantity)::double precision) > '-Infinity'::float8 AND ((r1.quantity)::double precision) < 'Infinity'::float8 THEN ((((r1.quantity)::double precision))::float8::numeric * p.weight)::numeric ELSE 0 END AS sum_x1,
  CASE WHEN r2.weight IS NOT NULL AND ((r1.quantity)::double precision) IS NOT NULL AND r2.weight > '-Infinity'::float8 AND r2.weight < 'Infinity'::float8 THEN ((r2.weight)::float8::numeric * p.weight)::numeric ELSE 0 END AS sum_y1,
  CASE WHEN r2.weight IS NOT NULL AND ((r1.quantity)::double precision) IS NOT NULL AND ((r1.quantity)::double precision) > '-Infinity'::float8 AND ((r1.quantity)::double precision) < 'Infinity'::float8 THEN (((((r1.quantity)::double precision))::float8::numeric * (((r1.quantity)::double precision))::float8::numeric) * p.weight)::numeric ELSE 0 END AS sum_xx1,
  CASE WHEN r2.weight IS NOT NULL AND ((r1.quantity)::double precision) IS NOT NULL AND r2.weight > '-Infinity'::float8 AND r2.weight < 'Infinity'::float8 THEN (((r2.weight)::float8::numeric * (r2.weight)::float8::numeric) * p.weight)::numeric ELSE 0 END AS sum_yy1,
  CASE WHEN r2.weight IS NOT NULL AND ((r1.quantity)::double precision) IS NOT NULL AND ((r1.quantity)::double precision) > '-Infinity'::float8 AND ((r1.quantity)::double precision) < 'Infinity'::float8 AND r2.weight IS NOT NULL AND ((r1.quantity)::double precision) IS NOT NULL AND r2.weight > '-Infinity'::float8 AND r2.weight < 'Infinity'::float8 THEN (((((r1.quantity)::double precision))::float8::numeric * (r2.weight)::float8::numeric) * p.weight)::numeric ELSE 0 END AS sum_xy1,
  CASE WHEN r1.shipped THEN p.weight ELSE 0 END AS true1,
  CASE WHEN NOT r1.shipped THEN p.weight ELSE 0 END AS false1,
  CASE WHEN ((r1.amount > (5)::numeric)) AND r1.shipped THEN p.weight ELSE 0 END AS true2,
  CASE WHEN ((r1.amount > (5)::numeric)) AND NOT r1.shipped THEN p.weight ELSE 0 END AS false2,
  CASE WHEN r1.took IS NOT NULL THEN p.weight ELSE 0 END AS count4,
  CASE WHEN r1.took IS NOT NULL THEN CASE p.weight WHEN 1 THEN r1.took WHEN -1 THEN -r1.took ELSE pg_catalog.date_trunc('hour', r1.took) * p.weight + (r1.took - pg_catalog.date_trunc('hour', r1.took)) * p.weight END ELSE '0'::interval END AS sum1,
  CASE WHEN r1.paid IS NOT NULL THEN p.weight ELSE 0 END AS count5,
  CASE WHEN r1.paid IS NOT NULL THEN (r1.paid * p.weight)::money ELSE '0'::money END AS sum2,
  CASE WHEN r2.price IS NOT NULL THEN p.weight ELSE 0 END AS count6,
  CASE WHEN r2.price = 'NaN'::numeric THEN p.weight ELSE 0 END AS nan5,
  CASE WHEN r2.price <> 'NaN'::numeric THEN (r2.price * p.weight)::numeric ELSE 0 END AS sum3
FROM
  (
    SELECT pg_catalog.sum(u.weight)::bigint AS weight, u.r1_c2 AS r1_c2, u.r1_c3 AS r1_c3, u.r1_c5 AS r1_c5, u.r1_c6 AS r1_c6, u.r1_c8 AS r1_c8, u.r1_c9 AS r1_c9, u.r1_c10 AS r1_c10, u.r2_c1 AS r2_c1, u.r2_c3 AS r2_c3, u.r2_c4 AS r2_c4
    FROM (
      -- plus changes of public.sale AS s
      SELECT r1._weight AS weight, r1.customer_id AS r1_c2, r1.product_id AS r1_c3, r1.amount AS r1_c5, r1.quantity AS r1_c6, r1.took AS r1_c8, r1.paid AS r1_c9, r1.shipped AS r1_c10, r2.id AS r2_c1, r2.price AS r2_c3, r2.weight AS r2_c4
      FROM
        (
          SELECT pg_catalog.sum(l.weight)::bigint AS _weight, l.c2 AS customer_id, l.c3 AS product_id, l.c5 AS amount, l.c6 AS quantity, l.c8 AS took, l.c9 AS paid, l.c10 AS shipped
          FROM imat_store.log_public_sale AS l
          WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
          GROUP BY l.c2, l.c3, l.c5, pg_catalog.numeric_send(l.c5), l.c6, l.c8, pg_catalog.interval_send(l.c8), l.c9, l.c10
          HAVING pg_catalog.sum(l.weight) <> 0
          OFFSET 0
        ) AS r1,
        public.product AS r2
      WHERE (SELECT p.changed1 FROM pending AS p)
        AND (r2.id = r1.product_id)
      UNION ALL
      -- plus changes of public.product AS p
      SELECT r2._weight AS weight, r1.customer_id AS r1_c2, r1.product_id AS r1_c3, r1.amount AS r1_c5, r1.quantity AS r1_c6, r1.took AS r1_c8, r1.paid AS r1_c9, r1.shipped AS r1_c10, r2.id AS r2_c1, r2.price AS r2_c3, r2.weight AS r2_c4
      FROM
        public.sale AS r1,
        (
          SELECT pg_catalog.sum(l.weight)::bigint AS _weight, l.c1 AS id, l.c3 AS price, l.c4 AS weight
          FROM imat_store.log_public_product AS l
          WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
          GROUP BY l.c1, l.c3, l.c4, pg_catalog.float8send(l.c4)
          HAVING pg_catalog.sum(l.weight) <> 0
          OFFSET 0
        ) AS r2
      WHERE (SELECT p.changed2 FROM pending AS p)
        AND (r2.id = r1.product_id)
      UNION ALL
      -- minus changes of public.sale AS s with changes of public.product AS p
      SELECT (-r1._weight * r2._weight) AS weight, r1.customer_id AS r1_c2, r1.product_id AS r1_c3, r1.amount AS r1_c5, r1.quantity AS r1_c6, r1.took AS r1_c8, r1.paid AS r1_c9, r1.shipped AS r1_c10, r2.id AS r2_c1, r2.price AS r2_c3, r2.weight AS r2_c4
      FROM
        (
          SELECT pg_catalog.sum(l.weight)::bigint AS _weight, l.c2 AS customer_id, l.c3 AS product_id, l.c5 AS amount, l.c6 AS quantity, l.c8 AS took, l.c9 AS paid, l.c10 AS shipped
          FROM imat_store.log_public_sale AS l
          WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
          GROUP BY l.c2, l.c3, l.c5, pg_catalog.numeric_send(l.c5), l.c6, l.c8, pg_catalog.interval_send(l.c8), l.c9, l.c10
          HAVING pg_catalog.sum(l.weight) <> 0
          OFFSET 0
        ) AS r1,
        (
          SELECT pg_catalog.sum(l.weight)::bigint AS _weight, l.c1 AS id, l.c3 AS price, l.c4 AS weight
          FROM imat_store.log_public_product AS l
          WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
          GROUP BY l.c1, l.c3, l.c4, pg_catalog.float8send(l.c4)
          HAVING pg_catalog.sum(l.weight) <> 0
          OFFSET 0
        ) AS r2
      WHERE (SELECT p.changed1 FROM pending AS p)
        AND (SELECT p.changed2 FROM pending AS p)
        AND (r2.id = r1.product_id)
    ) AS u
    GROUP BY u.r1_c2, u.r1_c3, u.r1_c5, pg_catalog.numeric_send(u.r1_c5), u.r1_c6, u.r1_c8, pg_catalog.interval_send(u.r1_c8), u.r1_c9, u.r1_c10, u.r2_c1, u.r2_c3, u.r2_c4, pg_catalog.float8send(u.r2_c4)
    HAVING pg_catalog.sum(u.weight) <> 0
    OFFSET 0
  ) AS p,
  LATERAL (SELECT p.r1_c2 AS customer_id, p.r1_c3 AS product_id, p.r1_c5 AS amount, p.r1_c6 AS quantity, p.r1_c8 AS took, p.r1_c9 AS paid, p.r1_c10 AS shipped) AS r1,
  LATERAL (SELECT p.r2_c1 AS id, p.r2_c3 AS price, p.r2_c4 AS weight) AS r2;

-- fold: adds what is pending to the state
CREATE OR REPLACE FUNCTION imat_store.fold_aggregates() RETURNS bigint
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog
SET jit = off
SET standard_conforming_strings = on
AS $imat_$
DECLARE
  touched bigint;
  emptied tid[];
  negative boolean;
BEGIN
  BEGIN
    EXECUTE $imat$
    WITH delta AS (
      SELECT
        u.key1,
        COALESCE(pg_catalog.sum(u.row_count), 0)::bigint AS row_count,
        COALESCE(pg_catalog.sum(u.count1), 0)::bigint AS count1,
        COALESCE(pg_catalog.sum(u.nan1), 0)::bigint AS nan1,
        COALESCE(pg_catalog.sum(u.plus_infinity1), 0)::bigint AS plus_infinity1,
        COALESCE(pg_catalog.sum(u.minus_infinity1), 0)::bigint AS minus_infinity1,
        COALESCE(pg_catalog.sum(u.total1), 0)::numeric AS total1,
        COALESCE(pg_catalog.sum(u.squares1), 0)::numeric AS squares1,
        COALESCE(pg_catalog.sum(u.scales1), 0)::numeric AS scales1,
        COALESCE(pg_catalog.sum(u.count2), 0)::bigint AS count2,
        COALESCE(pg_catalog.sum(u.nan2), 0)::bigint AS nan2,
        COALESCE(pg_catalog.sum(u.plus_infinity2), 0)::bigint AS plus_infinity2,
        COALESCE(pg_catalog.sum(u.minus_infinity2), 0)::bigint AS minus_infinity2,
        COALESCE(pg_catalog.sum(u.total2), 0)::numeric AS total2,
        COALESCE(pg_catalog.sum(u.squares2), 0)::numeric AS squares2,
        COALESCE(pg_catalog.sum(u.count3), 0)::bigint AS count3,
        COALESCE(pg_catalog.sum(u.nan3), 0)::bigint AS nan3,
        COALESCE(pg_catalog.sum(u.plus_infinity3), 0)::bigint AS plus_infinity3,
        COALESCE(pg_catalog.sum(u.minus_infinity3), 0)::bigint AS minus_infinity3,
        COALESCE(pg_catalog.sum(u.nan4), 0)::bigint AS nan4,
        COALESCE(pg_catalog.sum(u.plus_infinity4), 0)::bigint AS plus_infinity4,
        COALESCE(pg_catalog.sum(u.minus_infinity4), 0)::bigint AS minus_infinity4,
        COALESCE(pg_catalog.sum(u.sum_x1), 0)::numeric AS sum_x1,
        COALESCE(pg_catalog.sum(u.sum_y1), 0)::numeric AS sum_y1,
        COALESCE(pg_catalog.sum(u.sum_xx1), 0)::numeric AS sum_xx1,
        COALESCE(pg_catalog.sum(u.sum_yy1), 0)::numeric AS sum_yy1,
        COALESCE(pg_catalog.sum(u.sum_xy1), 0)::numeric AS sum_xy1,
        COALESCE(pg_catalog.sum(u.true1), 0)::bigint AS true1,
        COALESCE(pg_catalog.sum(u.false1), 0)::bigint AS false1,
        COALESCE(pg_catalog.sum(u.true2), 0)::bigint AS true2,
        COALESCE(pg_catalog.sum(u.false2), 0)::bigint AS false2,
        COALESCE(pg_catalog.sum(u.count4), 0)::bigint AS count4,
        COALESCE(pg_catalog.sum(u.sum1), '0'::interval)::interval AS sum1,
        COALESCE(pg_catalog.sum(u.count5), 0)::bigint AS count5,
        COALESCE(pg_catalog.sum(u.sum2), '0'::money)::money AS sum2,
        COALESCE(pg_catalog.sum(u.count6), 0)::bigint AS count6,
        COALESCE(pg_catalog.sum(u.nan5), 0)::bigint AS nan5,
        COALESCE(pg_catalog.sum(u.sum3), 0)::numeric AS sum3
      FROM (
        SELECT key1, row_count, count1, nan1, plus_infinity1, minus_infinity1, total1, squares1, scales1, count2, nan2, plus_infinity2, minus_infinity2, total2, squares2, count3, nan3, plus_infinity3, minus_infinity3, nan4, plus_infinity4, minus_infinity4, sum_x1, sum_y1, sum_xx1, sum_yy1, sum_xy1, true1, false1, true2, false2, count4, sum1, count5, sum2, count6, nan5, sum3 FROM imat_store.delta_aggregates
      ) AS u
      GROUP BY u.key1
    ), merged AS (
      INSERT INTO imat_store.state_aggregates AS s (key1, row_count, count1, nan1, plus_infinity1, minus_infinity1, total1, squares1, scales1, count2, nan2, plus_infinity2, minus_infinity2, total2, squares2, count3, nan3, plus_infinity3, minus_infinity3, nan4, plus_infinity4, minus_infinity4, sum_x1, sum_y1, sum_xx1, sum_yy1, sum_xy1, true1, false1, true2, false2, count4, sum1, count5, sum2, count6, nan5, sum3)
      SELECT key1, row_count, count1, nan1, plus_infinity1, minus_infinity1, total1, squares1, scales1, count2, nan2, plus_infinity2, minus_infinity2, total2, squares2, count3, nan3, plus_infinity3, minus_infinity3, nan4, plus_infinity4, minus_infinity4, sum_x1, sum_y1, sum_xx1, sum_yy1, sum_xy1, true1, false1, true2, false2, count4, sum1, count5, sum2, count6, nan5, sum3
      FROM delta AS d
      WHERE d.row_count <> 0 OR d.count1 <> 0 OR d.nan1 <> 0 OR d.plus_infinity1 <> 0 OR d.minus_infinity1 <> 0 OR d.total1 <> 0 OR d.squares1 <> 0 OR d.scales1 <> 0 OR d.count2 <> 0 OR d.nan2 <> 0 OR d.plus_infinity2 <> 0 OR d.minus_infinity2 <> 0 OR d.total2 <> 0 OR d.squares2 <> 0 OR d.count3 <> 0 OR d.nan3 <> 0 OR d.plus_infinity3 <> 0 OR d.minus_infinity3 <> 0 OR d.nan4 <> 0 OR d.plus_infinity4 <> 0 OR d.minus_infinity4 <> 0 OR d.sum_x1 <> 0 OR d.sum_y1 <> 0 OR d.sum_xx1 <> 0 OR d.sum_yy1 <> 0 OR d.sum_xy1 <> 0 OR d.true1 <> 0 OR d.false1 <> 0 OR d.true2 <> 0 OR d.false2 <> 0 OR d.count4 <> 0 OR pg_catalog.interval_send(d.sum1) <> pg_catalog.interval_send('0'::interval) OR d.count5 <> 0 OR d.sum2 <> '0'::money OR d.count6 <> 0 OR d.nan5 <> 0 OR d.sum3 <> 0
      ON CONFLICT (key1) DO UPDATE SET
        row_count = s.row_count + EXCLUDED.row_count,
        count1 = s.count1 + EXCLUDED.count1,
        nan1 = s.nan1 + EXCLUDED.nan1,
        plus_infinity1 = s.plus_infinity1 + EXCLUDED.plus_infinity1,
        minus_infinity1 = s.minus_infinity1 + EXCLUDED.minus_infinity1,
        total1 = s.total1 + EXCLUDED.total1,
        squares1 = s.squares1 + EXCLUDED.squares1,
        scales1 = s.scales1 + EXCLUDED.scales1,
        count2 = s.count2 + EXCLUDED.count2,
        nan2 = s.nan2 + EXCLUDED.nan2,
        plus_infinity2 = s.plus_infinity2 + EXCLUDED.plus_infinity2,
        minus_infinity2 = s.minus_infinity2 + EXCLUDED.minus_infinity2,
        total2 = s.total2 + EXCLUDED.total2,
        squares2 = s.squares2 + EXCLUDED.squares2,
        count3 = s.count3 + EXCLUDED.count3,
        nan3 = s.nan3 + EXCLUDED.nan3,
        plus_infinity3 = s.plus_infinity3 + EXCLUDED.plus_infinity3,
        minus_infinity3 = s.minus_infinity3 + EXCLUDED.minus_infinity3,
        nan4 = s.nan4 + EXCLUDED.nan4,
        plus_infinity4 = s.plus_infinity4 + EXCLUDED.plus_infinity4,
        minus_infinity4 = s.minus_infinity4 + EXCLUDED.minus_infinity4,
        sum_x1 = s.sum_x1 + EXCLUDED.sum_x1,
        sum_y1 = s.sum_y1 + EXCLUDED.sum_y1,
        sum_xx1 = s.sum_xx1 + EXCLUDED.sum_xx1,
        sum_yy1 = s.sum_yy1 + EXCLUDED.sum_yy1,
        sum_xy1 = s.sum_xy1 + EXCLUDED.sum_xy1,
        true1 = s.true1 + EXCLUDED.true1,
        false1 = s.false1 + EXCLUDED.false1,
        true2 = s.true2 + EXCLUDED.true2,
        false2 = s.false2 + EXCLUDED.false2,
        count4 = s.count4 + EXCLUDED.count4,
        sum1 = s.sum1 + EXCLUDED.sum1,
        count5 = s.count5 + EXCLUDED.count5,
        sum2 = s.sum2 + EXCLUDED.sum2,
        count6 = s.count6 + EXCLUDED.count6,
        nan5 = s.nan5 + EXCLUDED.nan5,
        sum3 = s.sum3 + EXCLUDED.sum3
      RETURNING s.ctid, s.row_count
    )
    SELECT
      pg_catalog.count(*),
      pg_catalog.array_agg(m.ctid) FILTER (WHERE m.row_count = 0),
      pg_catalog.bool_or(m.row_count < 0)
    FROM merged AS m
    $imat$
    INTO touched, emptied, negative;
  EXCEPTION WHEN program_limit_exceeded THEN
    RAISE EXCEPTION USING
      ERRCODE = 'program_limit_exceeded',
      MESSAGE = 'a group key is too long to be stored',
      DETAIL = SQLERRM,
      HINT = 'Keys can have some 2700 bytes. Readers still get the right answer. Run imat revert, then imat convert with --strategy swap.';
  END;
  IF negative THEN
    RAISE EXCEPTION USING
      ERRCODE = 'data_corrupted',
      MESSAGE = 'a row of imat_store.state_aggregates would have a negative count',
      DETAIL = 'A change of a source was not captured, for example because a trigger of imat was disabled.',
      HINT = 'Run imat verify, then imat revert and imat convert.';
  END IF;
  DELETE FROM imat_store.state_aggregates WHERE ctid = ANY (emptied);
    RETURN touched;
END$imat_$;

-- only imat.fold calls it
REVOKE ALL ON FUNCTION imat_store.fold_aggregates() FROM PUBLIC;

-- state and pending changes, added up
CREATE VIEW imat_store.current_aggregates WITH (security_barrier) AS
SELECT
  u.key1,
  COALESCE(pg_catalog.sum(u.row_count), 0)::bigint AS row_count,
  COALESCE(pg_catalog.sum(u.count1), 0)::bigint AS count1,
  COALESCE(pg_catalog.sum(u.nan1), 0)::bigint AS nan1,
  COALESCE(pg_catalog.sum(u.plus_infinity1), 0)::bigint AS plus_infinity1,
  COALESCE(pg_catalog.sum(u.minus_infinity1), 0)::bigint AS minus_infinity1,
  COALESCE(pg_catalog.sum(u.total1), 0)::numeric AS total1,
  COALESCE(pg_catalog.sum(u.squares1), 0)::numeric AS squares1,
  COALESCE(pg_catalog.sum(u.scales1), 0)::numeric AS scales1,
  COALESCE(pg_catalog.sum(u.count2), 0)::bigint AS count2,
  COALESCE(pg_catalog.sum(u.nan2), 0)::bigint AS nan2,
  COALESCE(pg_catalog.sum(u.plus_infinity2), 0)::bigint AS plus_infinity2,
  COALESCE(pg_catalog.sum(u.minus_infinity2), 0)::bigint AS minus_infinity2,
  COALESCE(pg_catalog.sum(u.total2), 0)::numeric AS total2,
  COALESCE(pg_catalog.sum(u.squares2), 0)::numeric AS squares2,
  COALESCE(pg_catalog.sum(u.count3), 0)::bigint AS count3,
  COALESCE(pg_catalog.sum(u.nan3), 0)::bigint AS nan3,
  COALESCE(pg_catalog.sum(u.plus_infinity3), 0)::bigint AS plus_infinity3,
  COALESCE(pg_catalog.sum(u.minus_infinity3), 0)::bigint AS minus_infinity3,
  COALESCE(pg_catalog.sum(u.nan4), 0)::bigint AS nan4,
  COALESCE(pg_catalog.sum(u.plus_infinity4), 0)::bigint AS plus_infinity4,
  COALESCE(pg_catalog.sum(u.minus_infinity4), 0)::bigint AS minus_infinity4,
  COALESCE(pg_catalog.sum(u.sum_x1), 0)::numeric AS sum_x1,
  COALESCE(pg_catalog.sum(u.sum_y1), 0)::numeric AS sum_y1,
  COALESCE(pg_catalog.sum(u.sum_xx1), 0)::numeric AS sum_xx1,
  COALESCE(pg_catalog.sum(u.sum_yy1), 0)::numeric AS sum_yy1,
  COALESCE(pg_catalog.sum(u.sum_xy1), 0)::numeric AS sum_xy1,
  COALESCE(pg_catalog.sum(u.true1), 0)::bigint AS true1,
  COALESCE(pg_catalog.sum(u.false1), 0)::bigint AS false1,
  COALESCE(pg_catalog.sum(u.true2), 0)::bigint AS true2,
  COALESCE(pg_catalog.sum(u.false2), 0)::bigint AS false2,
  COALESCE(pg_catalog.sum(u.count4), 0)::bigint AS count4,
  COALESCE(pg_catalog.sum(u.sum1), '0'::interval)::interval AS sum1,
  COALESCE(pg_catalog.sum(u.count5), 0)::bigint AS count5,
  COALESCE(pg_catalog.sum(u.sum2), '0'::money)::money AS sum2,
  COALESCE(pg_catalog.sum(u.count6), 0)::bigint AS count6,
  COALESCE(pg_catalog.sum(u.nan5), 0)::bigint AS nan5,
  COALESCE(pg_catalog.sum(u.sum3), 0)::numeric AS sum3
FROM (
  SELECT key1, row_count, count1, nan1, plus_infinity1, minus_infinity1, total1, squares1, scales1, count2, nan2, plus_infinity2, minus_infinity2, total2, squares2, count3, nan3, plus_infinity3, minus_infinity3, nan4, plus_infinity4, minus_infinity4, sum_x1, sum_y1, sum_xx1, sum_yy1, sum_xy1, true1, false1, true2, false2, count4, sum1, count5, sum2, count6, nan5, sum3 FROM imat_store.state_aggregates
  UNION ALL
  SELECT key1, row_count, count1, nan1, plus_infinity1, minus_infinity1, total1, squares1, scales1, count2, nan2, plus_infinity2, minus_infinity2, total2, squares2, count3, nan3, plus_infinity3, minus_infinity3, nan4, plus_infinity4, minus_infinity4, sum_x1, sum_y1, sum_xx1, sum_yy1, sum_xy1, true1, false1, true2, false2, count4, sum1, count5, sum2, count6, nan5, sum3 FROM imat_store.delta_aggregates
) AS u
GROUP BY u.key1
HAVING pg_catalog.sum(u.row_count) <> 0;

-- what readers use
CREATE VIEW imat.aggregates AS
-- nothing pending: the state is the answer
SELECT
  s.key1 AS customer_id,
  s.value1 AS sd,
  s.value2 AS vp,
  s.value3 AS cs,
  s.value4 AS co,
  s.value5 AS slope,
  s.value6 AS all_shipped,
  s.value7 AS every_shipped,
  s.value8 AS any_shipped,
  s.value9 AS weight,
  s.value10 AS took,
  s.value11 AS paid,
  s.value12 AS price
FROM (
  SELECT
    m.*,
    CASE WHEN m.count2 < 1 THEN NULL WHEN m.nan2 > 0 OR m.plus_infinity2 > 0 OR m.minus_infinity2 > 0 THEN 'NaN'::double precision WHEN (m.count2 * m.squares2 - m.total2 * m.total2) <= 0 THEN 0 ELSE CASE WHEN pg_catalog.abs(((m.count2 * m.squares2 - m.total2 * m.total2) / (m.count2::numeric * m.count2))) < 2.5e-324 THEN 0 ELSE (((m.count2 * m.squares2 - m.total2 * m.total2) / (m.count2::numeric * m.count2)))::double precision END END::double precision AS value2,
    CASE WHEN m.count3 > 1 THEN (CASE WHEN ((m.nan3 > 0 OR m.plus_infinity3 > 0 OR m.minus_infinity3 > 0) OR (m.nan4 > 0 OR m.plus_infinity4 > 0 OR m.minus_infinity4 > 0)) THEN 'NaN'::float8 WHEN m.count3 > 0 THEN CASE WHEN pg_catalog.abs(((m.count3 * m.sum_xy1 - m.sum_x1 * m.sum_y1) / m.count3)) < 2.5e-324 THEN 0 ELSE (((m.count3 * m.sum_xy1 - m.sum_x1 * m.sum_y1) / m.count3))::double precision END END) / (m.count3 - 1) END AS value3,
    CASE WHEN m.count3 > 0 AND (CASE WHEN (m.nan3 > 0 OR m.plus_infinity3 > 0 OR m.minus_infinity3 > 0) THEN 'NaN'::float8 WHEN m.count3 > 0 THEN CASE WHEN pg_catalog.abs(((m.count3 * m.sum_xx1 - m.sum_x1 * m.sum_x1) / m.count3)) < 2.5e-324 THEN 0 ELSE (((m.count3 * m.sum_xx1 - m.sum_x1 * m.sum_x1) / m.count3))::double precision END END) <> 0 AND (CASE WHEN (m.nan4 > 0 OR m.plus_infinity4 > 0 OR m.minus_infinity4 > 0) THEN 'NaN'::float8 WHEN m.count3 > 0 THEN CASE WHEN pg_catalog.abs(((m.count3 * m.sum_yy1 - m.sum_y1 * m.sum_y1) / m.count3)) < 2.5e-324 THEN 0 ELSE (((m.count3 * m.sum_yy1 - m.sum_y1 * m.sum_y1) / m.count3))::double precision END END) <> 0 THEN CASE WHEN pg_catalog.sqrt(CASE WHEN (((CASE WHEN (m.nan3 > 0 OR m.plus_infinity3 > 0 OR m.minus_infinity3 > 0) THEN 'NaN'::float8 WHEN m.count3 > 0 THEN CASE WHEN pg_catalog.abs(((m.count3 * m.sum_xx1 - m.sum_x1 * m.sum_x1) / m.count3)) < 2.5e-324 THEN 0 ELSE (((m.count3 * m.sum_xx1 - m.sum_x1 * m.sum_x1) / m.count3))::double precision END END))::numeric * ((CASE WHEN (m.nan4 > 0 OR m.plus_infinity4 > 0 OR m.minus_infinity4 > 0) THEN 'NaN'::float8 WHEN m.count3 > 0 THEN CASE WHEN pg_catalog.abs(((m.count3 * m.sum_yy1 - m.sum_y1 * m.sum_y1) / m.count3)) < 2.5e-324 THEN 0 ELSE (((m.count3 * m.sum_yy1 - m.sum_y1 * m.sum_y1) / m.count3))::double precision END END))::numeric) = 'NaN' THEN 'NaN' WHEN (((CASE WHEN (m.nan3 > 0 OR m.plus_infinity3 > 0 OR m.minus_infinity3 > 0) THEN 'NaN'::float8 WHEN m.count3 > 0 THEN CASE WHEN pg_catalog.abs(((m.count3 * m.sum_xx1 - m.sum_x1 * m.sum_x1) / m.count3)) < 2.5e-324 THEN 0 ELSE (((m.count3 * m.sum_xx1 - m.sum_x1 * m.sum_x1) / m.count3))::double precision END END))::numeric * ((CASE WHEN (m.nan4 > 0 OR m.plus_infinity4 > 0 OR m.minus_infinity4 > 0) THEN 'NaN'::float8 WHEN m.count3 > 0 THEN CASE WHEN pg_catalog.abs(((m.count3 * m.sum_yy1 - m.sum_y1 * m.sum_y1) / m.count3)) < 2.5e-324 THEN 0 ELSE (((m.count3 * m.sum_yy1 - m.sum_y1 * m.sum_y1) / m.count3))::double precision END END))::numeric) > 1.797e308 THEN 'Infinity' ELSE CASE WHEN pg_catalog.abs((((CASE WHEN (m.nan3 > 0 OR m.plus_infinity3 > 0 OR m.minus_infinity3 > 0) THEN 'NaN'::float8 WHEN m.count3 > 0 THEN CASE WHEN pg_catalog.abs(((m.count3 * m.sum_xx1 - m.sum_x1 * m.sum_x1) / m.count3)) < 2.5e-324 THEN 0 ELSE (((m.count3 * m.sum_xx1 - m.sum_x1 * m.sum_x1) / m.count3))::double precision END END))::numeric * ((CASE WHEN (m.nan4 > 0 OR m.plus_infinity4 > 0 OR m.minus_infinity4 > 0) THEN 'NaN'::float8 WHEN m.count3 > 0 THEN CASE WHEN pg_catalog.abs(((m.count3 * m.sum_yy1 - m.sum_y1 * m.sum_y1) / m.count3)) < 2.5e-324 THEN 0 ELSE (((m.count3 * m.sum_yy1 - m.sum_y1 * m.sum_y1) / m.count3))::double precision END END))::numeric)) < 2.5e-324 THEN 0 ELSE ((((CASE WHEN (m.nan3 > 0 OR m.plus_infinity3 > 0 OR m.minus_infinity3 > 0) THEN 'NaN'::float8 WHEN m.count3 > 0 THEN CASE WHEN pg_catalog.abs(((m.count3 * m.sum_xx1 - m.sum_x1 * m.sum_x1) / m.count3)) < 2.5e-324 THEN 0 ELSE (((m.count3 * m.sum_xx1 - m.sum_x1 * m.sum_x1) / m.count3))::double precision END END))::numeric * ((CASE WHEN (m.nan4 > 0 OR m.plus_infinity4 > 0 OR m.minus_infinity4 > 0) THEN 'NaN'::float8 WHEN m.count3 > 0 THEN CASE WHEN pg_catalog.abs(((m.count3 * m.sum_yy1 - m.sum_y1 * m.sum_y1) / m.count3)) < 2.5e-324 THEN 0 ELSE (((m.count3 * m.sum_yy1 - m.sum_y1 * m.sum_y1) / m.count3))::double precision END END))::numeric))::double precision END END) = 0 THEN (CASE WHEN ((m.nan3 > 0 OR m.plus_infinity3 > 0 OR m.minus_infinity3 > 0) OR (m.nan4 > 0 OR m.plus_infinity4 > 0 OR m.minus_infinity4 > 0)) THEN 'NaN'::float8 WHEN m.count3 > 0 THEN CASE WHEN pg_catalog.abs(((m.count3 * m.sum_xy1 - m.sum_x1 * m.sum_y1) / m.count3)) < 2.5e-324 THEN 0 ELSE (((m.count3 * m.sum_xy1 - m.sum_x1 * m.sum_y1) / m.count3))::double precision END END) * 'Infinity'::float8 ELSE (CASE WHEN ((m.nan3 > 0 OR m.plus_infinity3 > 0 OR m.minus_infinity3 > 0) OR (m.nan4 > 0 OR m.plus_infinity4 > 0 OR m.minus_infinity4 > 0)) THEN 'NaN'::float8 WHEN m.count3 > 0 THEN CASE WHEN pg_catalog.abs(((m.count3 * m.sum_xy1 - m.sum_x1 * m.sum_y1) / m.count3)) < 2.5e-324 THEN 0 ELSE (((m.count3 * m.sum_xy1 - m.sum_x1 * m.sum_y1) / m.count3))::double precision END END) / pg_catalog.sqrt(CASE WHEN (((CASE WHEN (m.nan3 > 0 OR m.plus_infinity3 > 0 OR m.minus_infinity3 > 0) THEN 'NaN'::float8 WHEN m.count3 > 0 THEN CASE WHEN pg_catalog.abs(((m.count3 * m.sum_xx1 - m.sum_x1 * m.sum_x1) / m.count3)) < 2.5e-324 THEN 0 ELSE (((m.count3 * m.sum_xx1 - m.sum_x1 * m.sum_x1) / m.count3))::double precision END END))::numeric * ((CASE WHEN (m.nan4 > 0 OR m.plus_infinity4 > 0 OR m.minus_infinity4 > 0) THEN 'NaN'::float8 WHEN m.count3 > 0 THEN CASE WHEN pg_catalog.abs(((m.count3 * m.sum_yy1 - m.sum_y1 * m.sum_y1) / m.count3)) < 2.5e-324 THEN 0 ELSE (((m.count3 * m.sum_yy1 - m.sum_y1 * m.sum_y1) / m.count3))::double precision END END))::numeric) = 'NaN' THEN 'NaN' WHEN (((CASE WHEN (m.nan3 > 0 OR m.plus_infinity3 > 0 OR m.minus_infinity3 > 0) THEN 'NaN'::float8 WHEN m.count3 > 0 THEN CASE WHEN pg_catalog.abs(((m.count3 * m.sum_xx1 - m.sum_x1 * m.sum_x1) / m.count3)) < 2.5e-324 THEN 0 ELSE (((m.count3 * m.sum_xx1 - m.sum_x1 * m.sum_x1) / m.count3))::double precision END END))::numeric * ((CASE WHEN (m.nan4 > 0 OR m.plus_infinity4 > 0 OR m.minus_infinity4 > 0) THEN 'NaN'::float8 WHEN m.count3 > 0 THEN CASE WHEN pg_catalog.abs(((m.count3 * m.sum_yy1 - m.sum_y1 * m.sum_y1) / m.count3)) < 2.5e-324 THEN 0 ELSE (((m.count3 * m.sum_yy1 - m.sum_y1 * m.sum_y1) / m.count3))::double precision END END))::numeric) > 1.797e308 THEN 'Infinity' ELSE CASE WHEN pg_catalog.abs((((CASE WHEN (m.nan3 > 0 OR m.plus_infinity3 > 0 OR m.minus_infinity3 > 0) THEN 'NaN'::float8 WHEN m.count3 > 0 THEN CASE WHEN pg_catalog.abs(((m.count3 * m.sum_xx1 - m.sum_x1 * m.sum_x1) / m.count3)) < 2.5e-324 THEN 0 ELSE (((m.count3 * m.sum_xx1 - m.sum_x1 * m.sum_x1) / m.count3))::double precision END END))::numeric * ((CASE WHEN (m.nan4 > 0 OR m.plus_infinity4 > 0 OR m.minus_infinity4 > 0) THEN 'NaN'::float8 WHEN m.count3 > 0 THEN CASE WHEN pg_catalog.abs(((m.count3 * m.sum_yy1 - m.sum_y1 * m.sum_y1) / m.count3)) < 2.5e-324 THEN 0 ELSE (((m.count3 * m.sum_yy1 - m.sum_y1 * m.sum_y1) / m.count3))::double precision END END))::numeric)) < 2.5e-324 THEN 0 ELSE ((((CASE WHEN (m.nan3 > 0 OR m.plus_infinity3 > 0 OR m.minus_infinity3 > 0) THEN 'NaN'::float8 WHEN m.count3 > 0 THEN CASE WHEN pg_catalog.abs(((m.count3 * m.sum_xx1 - m.sum_x1 * m.sum_x1) / m.count3)) < 2.5e-324 THEN 0 ELSE (((m.count3 * m.sum_xx1 - m.sum_x1 * m.sum_x1) / m.count3))::double precision END END))::numeric * ((CASE WHEN (m.nan4 > 0 OR m.plus_infinity4 > 0 OR m.minus_infinity4 > 0) THEN 'NaN'::float8 WHEN m.count3 > 0 THEN CASE WHEN pg_catalog.abs(((m.count3 * m.sum_yy1 - m.sum_y1 * m.sum_y1) / m.count3)) < 2.5e-324 THEN 0 ELSE (((m.count3 * m.sum_yy1 - m.sum_y1 * m.sum_y1) / m.count3))::double precision END END))::numeric))::double precision END END) END END AS value4,
    CASE WHEN m.count3 > 0 AND (CASE WHEN (m.nan3 > 0 OR m.plus_infinity3 > 0 OR m.minus_infinity3 > 0) THEN 'NaN'::float8 WHEN m.count3 > 0 THEN CASE WHEN pg_catalog.abs(((m.count3 * m.sum_xx1 - m.sum_x1 * m.sum_x1) / m.count3)) < 2.5e-324 THEN 0 ELSE (((m.count3 * m.sum_xx1 - m.sum_x1 * m.sum_x1) / m.count3))::double precision END END) <> 0 THEN (CASE WHEN ((m.nan3 > 0 OR m.plus_infinity3 > 0 OR m.minus_infinity3 > 0) OR (m.nan4 > 0 OR m.plus_infinity4 > 0 OR m.minus_infinity4 > 0)) THEN 'NaN'::float8 WHEN m.count3 > 0 THEN CASE WHEN pg_catalog.abs(((m.count3 * m.sum_xy1 - m.sum_x1 * m.sum_y1) / m.count3)) < 2.5e-324 THEN 0 ELSE (((m.count3 * m.sum_xy1 - m.sum_x1 * m.sum_y1) / m.count3))::double precision END END) / (CASE WHEN (m.nan3 > 0 OR m.plus_infinity3 > 0 OR m.minus_infinity3 > 0) THEN 'NaN'::float8 WHEN m.count3 > 0 THEN CASE WHEN pg_catalog.abs(((m.count3 * m.sum_xx1 - m.sum_x1 * m.sum_x1) / m.count3)) < 2.5e-324 THEN 0 ELSE (((m.count3 * m.sum_xx1 - m.sum_x1 * m.sum_x1) / m.count3))::double precision END END) END AS value5,
    CASE WHEN m.count2 > 0 THEN CASE WHEN m.nan2 > 0 THEN 'NaN'::double precision WHEN m.plus_infinity2 > 0 AND m.minus_infinity2 > 0 THEN 'NaN'::double precision WHEN m.plus_infinity2 > 0 THEN 'Infinity'::double precision WHEN m.minus_infinity2 > 0 THEN '-Infinity'::double precision ELSE CASE WHEN pg_catalog.abs(m.total2) < 2.5e-324 THEN 0 ELSE (m.total2)::double precision END END END AS value9,
    CASE WHEN m.count4 > 0 THEN (m.sum1 / m.count4)::interval END AS value10
  FROM imat_store.state_aggregates AS m
) AS s
WHERE NOT (
  SELECT COALESCE(
    (SELECT EXISTS (SELECT FROM imat_store.log_public_sale AS l WHERE l.xid <= '18446744073709551615'::pg_catalog.xid8 AND l.xid >= pg_catalog.pg_snapshot_xmin(f.snapshot) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, f.snapshot)) OR EXISTS (SELECT FROM imat_store.log_public_product AS l WHERE l.xid <= '18446744073709551615'::pg_catalog.xid8 AND l.xid >= pg_catalog.pg_snapshot_xmin(f.snapshot) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, f.snapshot)) FROM imat_catalog.frontier AS f WHERE f.imat_id = 1 AND f.state_relation IN ('imat_store.state_aggregates'::regclass) AND f.here AND 'imat_store.definition_aggregates'::regclass IS NOT NULL),
    imat_catalog.no_frontier('aggregates')
  )
)
UNION ALL
-- otherwise: the state and the pending changes, added up
SELECT
  s.key1 AS customer_id,
  s.value1 AS sd,
  s.value2 AS vp,
  s.value3 AS cs,
  s.value4 AS co,
  s.value5 AS slope,
  s.value6 AS all_shipped,
  s.value7 AS every_shipped,
  s.value8 AS any_shipped,
  s.value9 AS weight,
  s.value10 AS took,
  s.value11 AS paid,
  s.value12 AS price
FROM (
  SELECT
    m.*,
    CASE WHEN m.count1 < 2 THEN NULL WHEN m.nan1 > 0 OR m.plus_infinity1 > 0 OR m.minus_infinity1 > 0 THEN 'NaN'::numeric WHEN (m.count1 * pg_catalog.round(m.squares1, CASE WHEN (pg_catalog.length(pg_catalog.trunc(m.scales1)::text) - 1) / 12 < 10900 THEN 2 * ((pg_catalog.length(pg_catalog.trunc(m.scales1)::text) - 1) / 12) ELSE pg_catalog.scale(m.squares1) END) - pg_catalog.round(m.total1, CASE WHEN (pg_catalog.length(pg_catalog.trunc(m.scales1)::text) - 1) / 12 < 10900 THEN (pg_catalog.length(pg_catalog.trunc(m.scales1)::text) - 1) / 12 ELSE pg_catalog.scale(m.total1) END) * pg_catalog.round(m.total1, CASE WHEN (pg_catalog.length(pg_catalog.trunc(m.scales1)::text) - 1) / 12 < 10900 THEN (pg_catalog.length(pg_catalog.trunc(m.scales1)::text) - 1) / 12 ELSE pg_catalog.scale(m.total1) END)) <= 0 THEN 0 ELSE pg_catalog.round(pg_catalog.sqrt(pg_catalog.round(((m.count1 * pg_catalog.round(m.squares1, CASE WHEN (pg_catalog.length(pg_catalog.trunc(m.scales1)::text) - 1) / 12 < 10900 THEN 2 * ((pg_catalog.length(pg_catalog.trunc(m.scales1)::text) - 1) / 12) ELSE pg_catalog.scale(m.squares1) END) - pg_catalog.round(m.total1, CASE WHEN (pg_catalog.length(pg_catalog.trunc(m.scales1)::text) - 1) / 12 < 10900 THEN (pg_catalog.length(pg_catalog.trunc(m.scales1)::text) - 1) / 12 ELSE pg_catalog.scale(m.total1) END) * pg_catalog.round(m.total1, CASE WHEN (pg_catalog.length(pg_catalog.trunc(m.scales1)::text) - 1) / 12 < 10900 THEN (pg_catalog.length(pg_catalog.trunc(m.scales1)::text) - 1) / 12 ELSE pg_catalog.scale(m.total1) END)) / (m.count1::numeric * (m.count1 - 1))), 2 * pg_catalog.scale(((m.count1 * pg_catalog.round(m.squares1, CASE WHEN (pg_catalog.length(pg_catalog.trunc(m.scales1)::text) - 1) / 12 < 10900 THEN 2 * ((pg_catalog.length(pg_catalog.trunc(m.scales1)::text) - 1) / 12) ELSE pg_catalog.scale(m.squares1) END) - pg_catalog.round(m.total1, CASE WHEN (pg_catalog.length(pg_catalog.trunc(m.scales1)::text) - 1) / 12 < 10900 THEN (pg_catalog.length(pg_catalog.trunc(m.scales1)::text) - 1) / 12 ELSE pg_catalog.scale(m.total1) END) * pg_catalog.round(m.total1, CASE WHEN (pg_catalog.length(pg_catalog.trunc(m.scales1)::text) - 1) / 12 < 10900 THEN (pg_catalog.length(pg_catalog.trunc(m.scales1)::text) - 1) / 12 ELSE pg_catalog.scale(m.total1) END)) / (m.count1::numeric * (m.count1 - 1)))) + pg_catalog.length(pg_catalog.trunc(((m.count1 * pg_catalog.round(m.squares1, CASE WHEN (pg_catalog.length(pg_catalog.trunc(m.scales1)::text) - 1) / 12 < 10900 THEN 2 * ((pg_catalog.length(pg_catalog.trunc(m.scales1)::text) - 1) / 12) ELSE pg_catalog.scale(m.squares1) END) - pg_catalog.round(m.total1, CASE WHEN (pg_catalog.length(pg_catalog.trunc(m.scales1)::text) - 1) / 12 < 10900 THEN (pg_catalog.length(pg_catalog.trunc(m.scales1)::text) - 1) / 12 ELSE pg_catalog.scale(m.total1) END) * pg_catalog.round(m.total1, CASE WHEN (pg_catalog.length(pg_catalog.trunc(m.scales1)::text) - 1) / 12 < 10900 THEN (pg_catalog.length(pg_catalog.trunc(m.scales1)::text) - 1) / 12 ELSE pg_catalog.scale(m.total1) END)) / (m.count1::numeric * (m.count1 - 1))))::text) / 2 + 3)), pg_catalog.scale(((m.count1 * pg_catalog.round(m.squares1, CASE WHEN (pg_catalog.length(pg_catalog.trunc(m.scales1)::text) - 1) / 12 < 10900 THEN 2 * ((pg_catalog.length(pg_catalog.trunc(m.scales1)::text) - 1) / 12) ELSE pg_catalog.scale(m.squares1) END) - pg_catalog.round(m.total1, CASE WHEN (pg_catalog.length(pg_catalog.trunc(m.scales1)::text) - 1) / 12 < 10900 THEN (pg_catalog.length(pg_catalog.trunc(m.scales1)::text) - 1) / 12 ELSE pg_catalog.scale(m.total1) END) * pg_catalog.round(m.total1, CASE WHEN (pg_catalog.length(pg_catalog.trunc(m.scales1)::text) - 1) / 12 < 10900 THEN (pg_catalog.length(pg_catalog.trunc(m.scales1)::text) - 1) / 12 ELSE pg_catalog.scale(m.total1) END)) / (m.count1::numeric * (m.count1 - 1))))) END::numeric AS value1,
    CASE WHEN m.count2 < 1 THEN NULL WHEN m.nan2 > 0 OR m.plus_infinity2 > 0 OR m.minus_infinity2 > 0 THEN 'NaN'::double precision WHEN (m.count2 * m.squares2 - m.total2 * m.total2) <= 0 THEN 0 ELSE CASE WHEN pg_catalog.abs(((m.count2 * m.squares2 - m.total2 * m.total2) / (m.count2::numeric * m.count2))) < 2.5e-324 THEN 0 ELSE (((m.count2 * m.squares2 - m.total2 * m.total2) / (m.count2::numeric * m.count2)))::double precision END END::double precision AS value2,
    CASE WHEN m.count3 > 1 THEN (CASE WHEN ((m.nan3 > 0 OR m.plus_infinity3 > 0 OR m.minus_infinity3 > 0) OR (m.nan4 > 0 OR m.plus_infinity4 > 0 OR m.minus_infinity4 > 0)) THEN 'NaN'::float8 WHEN m.count3 > 0 THEN CASE WHEN pg_catalog.abs(((m.count3 * m.sum_xy1 - m.sum_x1 * m.sum_y1) / m.count3)) < 2.5e-324 THEN 0 ELSE (((m.count3 * m.sum_xy1 - m.sum_x1 * m.sum_y1) / m.count3))::double precision END END) / (m.count3 - 1) END AS value3,
    CASE WHEN m.count3 > 0 AND (CASE WHEN (m.nan3 > 0 OR m.plus_infinity3 > 0 OR m.minus_infinity3 > 0) THEN 'NaN'::float8 WHEN m.count3 > 0 THEN CASE WHEN pg_catalog.abs(((m.count3 * m.sum_xx1 - m.sum_x1 * m.sum_x1) / m.count3)) < 2.5e-324 THEN 0 ELSE (((m.count3 * m.sum_xx1 - m.sum_x1 * m.sum_x1) / m.count3))::double precision END END) <> 0 AND (CASE WHEN (m.nan4 > 0 OR m.plus_infinity4 > 0 OR m.minus_infinity4 > 0) THEN 'NaN'::float8 WHEN m.count3 > 0 THEN CASE WHEN pg_catalog.abs(((m.count3 * m.sum_yy1 - m.sum_y1 * m.sum_y1) / m.count3)) < 2.5e-324 THEN 0 ELSE (((m.count3 * m.sum_yy1 - m.sum_y1 * m.sum_y1) / m.count3))::double precision END END) <> 0 THEN CASE WHEN pg_catalog.sqrt(CASE WHEN (((CASE WHEN (m.nan3 > 0 OR m.plus_infinity3 > 0 OR m.minus_infinity3 > 0) THEN 'NaN'::float8 WHEN m.count3 > 0 THEN CASE WHEN pg_catalog.abs(((m.count3 * m.sum_xx1 - m.sum_x1 * m.sum_x1) / m.count3)) < 2.5e-324 THEN 0 ELSE (((m.count3 * m.sum_xx1 - m.sum_x1 * m.sum_x1) / m.count3))::double precision END END))::numeric * ((CASE WHEN (m.nan4 > 0 OR m.plus_infinity4 > 0 OR m.minus_infinity4 > 0) THEN 'NaN'::float8 WHEN m.count3 > 0 THEN CASE WHEN pg_catalog.abs(((m.count3 * m.sum_yy1 - m.sum_y1 * m.sum_y1) / m.count3)) < 2.5e-324 THEN 0 ELSE (((m.count3 * m.sum_yy1 - m.sum_y1 * m.sum_y1) / m.count3))::double precision END END))::numeric) = 'NaN' THEN 'NaN' WHEN (((CASE WHEN (m.nan3 > 0 OR m.plus_infinity3 > 0 OR m.minus_infinity3 > 0) THEN 'NaN'::float8 WHEN m.count3 > 0 THEN CASE WHEN pg_catalog.abs(((m.count3 * m.sum_xx1 - m.sum_x1 * m.sum_x1) / m.count3)) < 2.5e-324 THEN 0 ELSE (((m.count3 * m.sum_xx1 - m.sum_x1 * m.sum_x1) / m.count3))::double precision END END))::numeric * ((CASE WHEN (m.nan4 > 0 OR m.plus_infinity4 > 0 OR m.minus_infinity4 > 0) THEN 'NaN'::float8 WHEN m.count3 > 0 THEN CASE WHEN pg_catalog.abs(((m.count3 * m.sum_yy1 - m.sum_y1 * m.sum_y1) / m.count3)) < 2.5e-324 THEN 0 ELSE (((m.count3 * m.sum_yy1 - m.sum_y1 * m.sum_y1) / m.count3))::double precision END END))::numeric) > 1.797e308 THEN 'Infinity' ELSE CASE WHEN pg_catalog.abs((((CASE WHEN (m.nan3 > 0 OR m.plus_infinity3 > 0 OR m.minus_infinity3 > 0) THEN 'NaN'::float8 WHEN m.count3 > 0 THEN CASE WHEN pg_catalog.abs(((m.count3 * m.sum_xx1 - m.sum_x1 * m.sum_x1) / m.count3)) < 2.5e-324 THEN 0 ELSE (((m.count3 * m.sum_xx1 - m.sum_x1 * m.sum_x1) / m.count3))::double precision END END))::numeric * ((CASE WHEN (m.nan4 > 0 OR m.plus_infinity4 > 0 OR m.minus_infinity4 > 0) THEN 'NaN'::float8 WHEN m.count3 > 0 THEN CASE WHEN pg_catalog.abs(((m.count3 * m.sum_yy1 - m.sum_y1 * m.sum_y1) / m.count3)) < 2.5e-324 THEN 0 ELSE (((m.count3 * m.sum_yy1 - m.sum_y1 * m.sum_y1) / m.count3))::double precision END END))::numeric)) < 2.5e-324 THEN 0 ELSE ((((CASE WHEN (m.nan3 > 0 OR m.plus_infinity3 > 0 OR m.minus_infinity3 > 0) THEN 'NaN'::float8 WHEN m.count3 > 0 THEN CASE WHEN pg_catalog.abs(((m.count3 * m.sum_xx1 - m.sum_x1 * m.sum_x1) / m.count3)) < 2.5e-324 THEN 0 ELSE (((m.count3 * m.sum_xx1 - m.sum_x1 * m.sum_x1) / m.count3))::double precision END END))::numeric * ((CASE WHEN (m.nan4 > 0 OR m.plus_infinity4 > 0 OR m.minus_infinity4 > 0) THEN 'NaN'::float8 WHEN m.count3 > 0 THEN CASE WHEN pg_catalog.abs(((m.count3 * m.sum_yy1 - m.sum_y1 * m.sum_y1) / m.count3)) < 2.5e-324 THEN 0 ELSE (((m.count3 * m.sum_yy1 - m.sum_y1 * m.sum_y1) / m.count3))::double precision END END))::numeric))::double precision END END) = 0 THEN (CASE WHEN ((m.nan3 > 0 OR m.plus_infinity3 > 0 OR m.minus_infinity3 > 0) OR (m.nan4 > 0 OR m.plus_infinity4 > 0 OR m.minus_infinity4 > 0)) THEN 'NaN'::float8 WHEN m.count3 > 0 THEN CASE WHEN pg_catalog.abs(((m.count3 * m.sum_xy1 - m.sum_x1 * m.sum_y1) / m.count3)) < 2.5e-324 THEN 0 ELSE (((m.count3 * m.sum_xy1 - m.sum_x1 * m.sum_y1) / m.count3))::double precision END END) * 'Infinity'::float8 ELSE (CASE WHEN ((m.nan3 > 0 OR m.plus_infinity3 > 0 OR m.minus_infinity3 > 0) OR (m.nan4 > 0 OR m.plus_infinity4 > 0 OR m.minus_infinity4 > 0)) THEN 'NaN'::float8 WHEN m.count3 > 0 THEN CASE WHEN pg_catalog.abs(((m.count3 * m.sum_xy1 - m.sum_x1 * m.sum_y1) / m.count3)) < 2.5e-324 THEN 0 ELSE (((m.count3 * m.sum_xy1 - m.sum_x1 * m.sum_y1) / m.count3))::double precision END END) / pg_catalog.sqrt(CASE WHEN (((CASE WHEN (m.nan3 > 0 OR m.plus_infinity3 > 0 OR m.minus_infinity3 > 0) THEN 'NaN'::float8 WHEN m.count3 > 0 THEN CASE WHEN pg_catalog.abs(((m.count3 * m.sum_xx1 - m.sum_x1 * m.sum_x1) / m.count3)) < 2.5e-324 THEN 0 ELSE (((m.count3 * m.sum_xx1 - m.sum_x1 * m.sum_x1) / m.count3))::double precision END END))::numeric * ((CASE WHEN (m.nan4 > 0 OR m.plus_infinity4 > 0 OR m.minus_infinity4 > 0) THEN 'NaN'::float8 WHEN m.count3 > 0 THEN CASE WHEN pg_catalog.abs(((m.count3 * m.sum_yy1 - m.sum_y1 * m.sum_y1) / m.count3)) < 2.5e-324 THEN 0 ELSE (((m.count3 * m.sum_yy1 - m.sum_y1 * m.sum_y1) / m.count3))::double precision END END))::numeric) = 'NaN' THEN 'NaN' WHEN (((CASE WHEN (m.nan3 > 0 OR m.plus_infinity3 > 0 OR m.minus_infinity3 > 0) THEN 'NaN'::float8 WHEN m.count3 > 0 THEN CASE WHEN pg_catalog.abs(((m.count3 * m.sum_xx1 - m.sum_x1 * m.sum_x1) / m.count3)) < 2.5e-324 THEN 0 ELSE (((m.count3 * m.sum_xx1 - m.sum_x1 * m.sum_x1) / m.count3))::double precision END END))::numeric * ((CASE WHEN (m.nan4 > 0 OR m.plus_infinity4 > 0 OR m.minus_infinity4 > 0) THEN 'NaN'::float8 WHEN m.count3 > 0 THEN CASE WHEN pg_catalog.abs(((m.count3 * m.sum_yy1 - m.sum_y1 * m.sum_y1) / m.count3)) < 2.5e-324 THEN 0 ELSE (((m.count3 * m.sum_yy1 - m.sum_y1 * m.sum_y1) / m.count3))::double precision END END))::numeric) > 1.797e308 THEN 'Infinity' ELSE CASE WHEN pg_catalog.abs((((CASE WHEN (m.nan3 > 0 OR m.plus_infinity3 > 0 OR m.minus_infinity3 > 0) THEN 'NaN'::float8 WHEN m.count3 > 0 THEN CASE WHEN pg_catalog.abs(((m.count3 * m.sum_xx1 - m.sum_x1 * m.sum_x1) / m.count3)) < 2.5e-324 THEN 0 ELSE (((m.count3 * m.sum_xx1 - m.sum_x1 * m.sum_x1) / m.count3))::double precision END END))::numeric * ((CASE WHEN (m.nan4 > 0 OR m.plus_infinity4 > 0 OR m.minus_infinity4 > 0) THEN 'NaN'::float8 WHEN m.count3 > 0 THEN CASE WHEN pg_catalog.abs(((m.count3 * m.sum_yy1 - m.sum_y1 * m.sum_y1) / m.count3)) < 2.5e-324 THEN 0 ELSE (((m.count3 * m.sum_yy1 - m.sum_y1 * m.sum_y1) / m.count3))::double precision END END))::numeric)) < 2.5e-324 THEN 0 ELSE ((((CASE WHEN (m.nan3 > 0 OR m.plus_infinity3 > 0 OR m.minus_infinity3 > 0) THEN 'NaN'::float8 WHEN m.count3 > 0 THEN CASE WHEN pg_catalog.abs(((m.count3 * m.sum_xx1 - m.sum_x1 * m.sum_x1) / m.count3)) < 2.5e-324 THEN 0 ELSE (((m.count3 * m.sum_xx1 - m.sum_x1 * m.sum_x1) / m.count3))::double precision END END))::numeric * ((CASE WHEN (m.nan4 > 0 OR m.plus_infinity4 > 0 OR m.minus_infinity4 > 0) THEN 'NaN'::float8 WHEN m.count3 > 0 THEN CASE WHEN pg_catalog.abs(((m.count3 * m.sum_yy1 - m.sum_y1 * m.sum_y1) / m.count3)) < 2.5e-324 THEN 0 ELSE (((m.count3 * m.sum_yy1 - m.sum_y1 * m.sum_y1) / m.count3))::double precision END END))::numeric))::double precision END END) END END AS value4,
    CASE WHEN m.count3 > 0 AND (CASE WHEN (m.nan3 > 0 OR m.plus_infinity3 > 0 OR m.minus_infinity3 > 0) THEN 'NaN'::float8 WHEN m.count3 > 0 THEN CASE WHEN pg_catalog.abs(((m.count3 * m.sum_xx1 - m.sum_x1 * m.sum_x1) / m.count3)) < 2.5e-324 THEN 0 ELSE (((m.count3 * m.sum_xx1 - m.sum_x1 * m.sum_x1) / m.count3))::double precision END END) <> 0 THEN (CASE WHEN ((m.nan3 > 0 OR m.plus_infinity3 > 0 OR m.minus_infinity3 > 0) OR (m.nan4 > 0 OR m.plus_infinity4 > 0 OR m.minus_infinity4 > 0)) THEN 'NaN'::float8 WHEN m.count3 > 0 THEN CASE WHEN pg_catalog.abs(((m.count3 * m.sum_xy1 - m.sum_x1 * m.sum_y1) / m.count3)) < 2.5e-324 THEN 0 ELSE (((m.count3 * m.sum_xy1 - m.sum_x1 * m.sum_y1) / m.count3))::double precision END END) / (CASE WHEN (m.nan3 > 0 OR m.plus_infinity3 > 0 OR m.minus_infinity3 > 0) THEN 'NaN'::float8 WHEN m.count3 > 0 THEN CASE WHEN pg_catalog.abs(((m.count3 * m.sum_xx1 - m.sum_x1 * m.sum_x1) / m.count3)) < 2.5e-324 THEN 0 ELSE (((m.count3 * m.sum_xx1 - m.sum_x1 * m.sum_x1) / m.count3))::double precision END END) END AS value5,
    CASE WHEN m.true1 + m.false1 > 0 THEN m.false1 = 0 END AS value6,
    CASE WHEN m.true1 + m.false1 > 0 THEN m.false1 = 0 END AS value7,
    CASE WHEN m.true2 + m.false2 > 0 THEN m.true2 > 0 END AS value8,
    CASE WHEN m.count2 > 0 THEN CASE WHEN m.nan2 > 0 THEN 'NaN'::double precision WHEN m.plus_infinity2 > 0 AND m.minus_infinity2 > 0 THEN 'NaN'::double precision WHEN m.plus_infinity2 > 0 THEN 'Infinity'::double precision WHEN m.minus_infinity2 > 0 THEN '-Infinity'::double precision ELSE CASE WHEN pg_catalog.abs(m.total2) < 2.5e-324 THEN 0 ELSE (m.total2)::double precision END END END AS value9,
    CASE WHEN m.count4 > 0 THEN (m.sum1 / m.count4)::interval END AS value10,
    CASE WHEN m.count5 > 0 THEN (m.sum2)::money END AS value11,
    CASE WHEN m.count6 > 0 THEN CASE WHEN m.nan5 > 0 THEN 'NaN'::numeric ELSE ((m.sum3)::numeric / m.count6)::numeric END END AS value12
  FROM imat_store.current_aggregates AS m
) AS s
WHERE (
  SELECT COALESCE(
    (SELECT EXISTS (SELECT FROM imat_store.log_public_sale AS l WHERE l.xid <= '18446744073709551615'::pg_catalog.xid8 AND l.xid >= pg_catalog.pg_snapshot_xmin(f.snapshot) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, f.snapshot)) OR EXISTS (SELECT FROM imat_store.log_public_product AS l WHERE l.xid <= '18446744073709551615'::pg_catalog.xid8 AND l.xid >= pg_catalog.pg_snapshot_xmin(f.snapshot) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, f.snapshot)) FROM imat_catalog.frontier AS f WHERE f.imat_id = 1 AND f.state_relation IN ('imat_store.state_aggregates'::regclass) AND f.here AND 'imat_store.definition_aggregates'::regclass IS NOT NULL),
    imat_catalog.no_frontier('aggregates')
  )
);

-- who may read the materialized view may read it
SELECT imat_catalog.copy_grants('public.aggregates', 'imat.aggregates');

-- a comment of the materialized view
COMMENT ON VIEW imat.aggregates IS 'shows aggregates';
