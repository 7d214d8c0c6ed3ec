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
-- project customer_id, sd, vp, cs, co, slope, all_shipped, every_shipped, any_shipped, weight, took, paid, price: computed when read, stores nothing
--   group by s.customer_id: stored, one row per group, stores customer_id
--       s.customer_id: group key, stores customer_id
--       rows of the group: additive part, stores rows
--       rows where s.amount is not null: additive part, stores count_amount
--       rows where s.amount is NaN: additive part, stores nan_amount
--       rows where s.amount is Infinity: additive part, stores plus_infinity_amount
--       rows where s.amount is -Infinity: additive part, stores minus_infinity_amount
--       sum of s.amount: additive part, stores sum_amount
--       sum of squares of s.amount: additive part, stores squares_amount
--       rows by display scale of s.amount: sum of 10^(12 * scale): additive part, stores scales_amount
--       rows where p.weight is not null: additive part, stores count_weight
--       rows where p.weight is NaN: additive part, stores nan_weight
--       rows where p.weight is Infinity: additive part, stores plus_infinity_weight
--       rows where p.weight is -Infinity: additive part, stores minus_infinity_weight
--       sum of p.weight: additive part, stores sum_weight
--       sum of squares of p.weight: additive part, stores squares_weight
--       pairs (p.weight, (s.quantity)::double precision) without a null: additive part, stores pairs_weight_quantity
--       rows where (s.quantity)::double precision is NaN: additive part, stores nan_quantity
--       rows where (s.quantity)::double precision is Infinity: additive part, stores plus_infinity_quantity
--       rows where (s.quantity)::double precision is -Infinity: additive part, stores minus_infinity_quantity
--       rows where p.weight is NaN: additive part, stores nan_weight_2
--       rows where p.weight is Infinity: additive part, stores plus_infinity_weight_2
--       rows where p.weight is -Infinity: additive part, stores minus_infinity_weight_2
--       sum of x over pairs (p.weight, (s.quantity)::double precision): additive part, stores pairs_sum_quantity
--       sum of y over pairs (p.weight, (s.quantity)::double precision): additive part, stores pairs_sum_weight
--       sum of x squared over pairs (p.weight, (s.quantity)::double precision): additive part, stores pairs_squares_quantity
--       sum of y squared over pairs (p.weight, (s.quantity)::double precision): additive part, stores pairs_squares_weight
--       sum of x times y over pairs (p.weight, (s.quantity)::double precision): additive part, stores pairs_products_weight_quantity
--       rows where s.shipped: additive part, stores true_shipped
--       rows where not s.shipped: additive part, stores false_shipped
--       rows where s.shipped, if (s.amount > (5)::numeric): additive part, stores true_shipped_if_amount
--       rows where not s.shipped, if (s.amount > (5)::numeric): additive part, stores false_shipped_if_amount
--       rows where s.took is not null: additive part, stores count_took
--       sum of s.took: additive part, stores sum_took
--       rows where s.paid is not null: additive part, stores count_paid
--       sum of s.paid: additive part, stores sum_paid
--       rows where p.price is not null: additive part, stores count_price
--       rows where p.price is NaN: additive part, stores nan_price
--       sum of p.price: additive part, stores sum_price
--       stddev(s.amount): finished aggregate, stores sd
--       var_pop(p.weight): computed when read, stores nothing
--       covar_samp(p.weight, (s.quantity)::double precision): computed when read, stores nothing
--       corr(p.weight, (s.quantity)::double precision): computed when read, stores nothing
--       regr_slope(p.weight, (s.quantity)::double precision): computed when read, stores nothing
--       bool_and(s.shipped): finished aggregate, stores all_shipped
--       every(s.shipped): finished aggregate, stores every_shipped
--       bool_or(s.shipped) FILTER (WHERE (s.amount > (5)::numeric)): finished aggregate, stores any_shipped
--       sum(p.weight): computed when read, stores nothing
--       avg(s.took): computed when read, stores nothing
--       sum(s.paid): finished aggregate, stores paid
--       avg(p.price): finished aggregate, stores price
--     join on (p.id = s.product_id): multilinear, stores nothing
--       scan public.sale AS s (customer_id, product_id, amount, quantity, took, paid, shipped): linear, stores nothing
--       scan public.product AS p (id, price, weight): linear, stores nothing

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
  c3 numeric,
  c4 double precision
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000, autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 50000, vacuum_truncate = false);
ALTER TABLE imat_store.log_public_product REPLICA IDENTITY FULL;

-- capture on public.product
CREATE OR REPLACE FUNCTION imat_store.capture_insert_public_product() RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
AS $imat$
DECLARE
  changed pg_catalog.int8;
BEGIN
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_product', '{1,3,4}', ARRAY['id', 'price', 'weight']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_product (weight, c1, c3, c4)
      SELECT 1, n.id, n.price, n.weight FROM new_rows AS n
      LIMIT 100000;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed OPERATOR(pg_catalog.=) 100000 THEN
      changed := (SELECT pg_catalog.count(*) FROM new_rows);
      IF imat_store.is_loggable('1'::pg_catalog.regclass, changed) THEN
        INSERT INTO imat_store.log_public_product (weight, c1, c3, c4)
          SELECT 1, n.id, n.price, n.weight FROM new_rows AS n
          OFFSET 100000;
      ELSE
        INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);
      END IF;
    END IF;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_product', '{1,3,4}', TG_OP);
    changed := (SELECT pg_catalog.count(*) FROM new_rows);
  END IF;
  /*counting
  IF changed OPERATOR(pg_catalog.<>) 0
    AND pg_catalog.to_regclass('imat_catalog.change_count') IS NOT NULL THEN
    INSERT INTO imat_catalog.change_count (counted_id, xid, role, verb, rows)
    VALUES (0, pg_catalog.pg_current_xact_id(), session_user, TG_OP, changed);
  END IF;
  counting*/
  RETURN NULL;
END$imat$;

-- capture on public.product
REVOKE ALL ON FUNCTION imat_store.capture_insert_public_product() FROM PUBLIC;

-- capture on public.product
CREATE OR REPLACE FUNCTION imat_store.capture_update_public_product() RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
AS $imat$
DECLARE
  changed pg_catalog.int8;
BEGIN
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_product', '{1,3,4}', ARRAY['id', 'price', 'weight']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_product (weight, c1, c3, c4)
      SELECT pg_catalog.sum(u.weight), u.c1, u.c3, u.c4
      FROM (
        SELECT -1 AS weight, o.id AS c1, o.price AS c3, o.weight AS c4 FROM old_rows AS o
        UNION ALL
        SELECT 1, n.id AS c1, n.price AS c3, n.weight AS c4 FROM new_rows AS n
      ) AS u
      GROUP BY u.c1, u.c3, u.c4, pg_catalog.float8send(u.c4)
      HAVING pg_catalog.sum(u.weight) OPERATOR(pg_catalog.<>) 0;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_product', '{1,3,4}', TG_OP);
  END IF;
  RETURN NULL;
END$imat$;

-- capture on public.product
REVOKE ALL ON FUNCTION imat_store.capture_update_public_product() FROM PUBLIC;

-- capture on public.product
CREATE OR REPLACE FUNCTION imat_store.capture_delete_public_product() RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
AS $imat$
DECLARE
  changed pg_catalog.int8;
BEGIN
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_product', '{1,3,4}', ARRAY['id', 'price', 'weight']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_product (weight, c1, c3, c4)
      SELECT -1, o.id, o.price, o.weight FROM old_rows AS o
      LIMIT 100000;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed OPERATOR(pg_catalog.=) 100000 THEN
      changed := (SELECT pg_catalog.count(*) FROM old_rows);
      IF imat_store.is_loggable('1'::pg_catalog.regclass, changed) THEN
        INSERT INTO imat_store.log_public_product (weight, c1, c3, c4)
          SELECT -1, o.id, o.price, o.weight FROM old_rows AS o
          OFFSET 100000;
      ELSE
        INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);
      END IF;
    END IF;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_product', '{1,3,4}', TG_OP);
    changed := (SELECT pg_catalog.count(*) FROM old_rows);
  END IF;
  /*counting
  IF changed OPERATOR(pg_catalog.<>) 0
    AND pg_catalog.to_regclass('imat_catalog.change_count') IS NOT NULL THEN
    INSERT INTO imat_catalog.change_count (counted_id, xid, role, verb, rows)
    VALUES (0, pg_catalog.pg_current_xact_id(), session_user, TG_OP, changed);
  END IF;
  counting*/
  RETURN NULL;
END$imat$;

-- capture on public.product
REVOKE ALL ON FUNCTION imat_store.capture_delete_public_product() FROM PUBLIC;

-- capture on public.product
CREATE OR REPLACE FUNCTION imat_store.capture_truncate_public_product() RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
AS $imat$
DECLARE
  changed pg_catalog.int8;
BEGIN
  INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);
  INSERT INTO imat_store.log_public_product (weight) VALUES (0);
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

-- trigger on public.product
COMMENT ON TRIGGER "!imat_insert" ON public.product IS 'imat: captures changes for the views in the schema imat that read this table. See imat status; imat revert removes it with the last of them.';

-- trigger on public.product
COMMENT ON TRIGGER "!imat_update" ON public.product IS 'imat: captures changes for the views in the schema imat that read this table. See imat status; imat revert removes it with the last of them.';

-- trigger on public.product
COMMENT ON TRIGGER "!imat_delete" ON public.product IS 'imat: captures changes for the views in the schema imat that read this table. See imat status; imat revert removes it with the last of them.';

-- trigger on public.product
COMMENT ON TRIGGER "~imat_truncate" ON public.product IS 'imat: captures changes for the views in the schema imat that read this table. See imat status; imat revert removes it with the last of them.';

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
DECLARE
  changed pg_catalog.int8;
BEGIN
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_sale', '{2,3,5,6,8,9,10}', ARRAY['customer_id', 'product_id', 'amount', 'quantity', 'took', 'paid', 'shipped']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_sale (weight, c2, c3, c5, c6, c8, c9, c10)
      SELECT 1, n.customer_id, n.product_id, n.amount, n.quantity, n.took, n.paid, n.shipped FROM new_rows AS n
      LIMIT 100000;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed OPERATOR(pg_catalog.=) 100000 THEN
      changed := (SELECT pg_catalog.count(*) FROM new_rows);
      IF imat_store.is_loggable('1'::pg_catalog.regclass, changed) THEN
        INSERT INTO imat_store.log_public_sale (weight, c2, c3, c5, c6, c8, c9, c10)
          SELECT 1, n.customer_id, n.product_id, n.amount, n.quantity, n.took, n.paid, n.shipped FROM new_rows AS n
          OFFSET 100000;
      ELSE
        INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);
      END IF;
    END IF;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_sale', '{2,3,5,6,8,9,10}', TG_OP);
    changed := (SELECT pg_catalog.count(*) FROM new_rows);
  END IF;
  /*counting
  IF changed OPERATOR(pg_catalog.<>) 0
    AND pg_catalog.to_regclass('imat_catalog.change_count') IS NOT NULL THEN
    INSERT INTO imat_catalog.change_count (counted_id, xid, role, verb, rows)
    VALUES (0, pg_catalog.pg_current_xact_id(), session_user, TG_OP, changed);
  END IF;
  counting*/
  RETURN NULL;
END$imat$;

-- capture on public.sale
REVOKE ALL ON FUNCTION imat_store.capture_insert_public_sale() FROM PUBLIC;

-- capture on public.sale
CREATE OR REPLACE FUNCTION imat_store.capture_update_public_sale() RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
AS $imat$
DECLARE
  changed pg_catalog.int8;
BEGIN
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_sale', '{2,3,5,6,8,9,10}', ARRAY['customer_id', 'product_id', 'amount', 'quantity', 'took', 'paid', 'shipped']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_sale (weight, c2, c3, c5, c6, c8, c9, c10)
      SELECT pg_catalog.sum(u.weight), u.c2, u.c3, u.c5, u.c6, u.c8, u.c9, u.c10
      FROM (
        SELECT -1 AS weight, o.customer_id AS c2, o.product_id AS c3, o.amount AS c5, o.quantity AS c6, o.took AS c8, o.paid AS c9, o.shipped AS c10 FROM old_rows AS o
        UNION ALL
        SELECT 1, n.customer_id AS c2, n.product_id AS c3, n.amount AS c5, n.quantity AS c6, n.took AS c8, n.paid AS c9, n.shipped AS c10 FROM new_rows AS n
      ) AS u
      GROUP BY u.c2, u.c3, u.c5, pg_catalog.numeric_send(u.c5), u.c6, u.c8, pg_catalog.interval_send(u.c8), u.c9, u.c10
      HAVING pg_catalog.sum(u.weight) OPERATOR(pg_catalog.<>) 0;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_sale', '{2,3,5,6,8,9,10}', TG_OP);
  END IF;
  RETURN NULL;
END$imat$;

-- capture on public.sale
REVOKE ALL ON FUNCTION imat_store.capture_update_public_sale() FROM PUBLIC;

-- capture on public.sale
CREATE OR REPLACE FUNCTION imat_store.capture_delete_public_sale() RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
AS $imat$
DECLARE
  changed pg_catalog.int8;
BEGIN
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_sale', '{2,3,5,6,8,9,10}', ARRAY['customer_id', 'product_id', 'amount', 'quantity', 'took', 'paid', 'shipped']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_sale (weight, c2, c3, c5, c6, c8, c9, c10)
      SELECT -1, o.customer_id, o.product_id, o.amount, o.quantity, o.took, o.paid, o.shipped FROM old_rows AS o
      LIMIT 100000;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed OPERATOR(pg_catalog.=) 100000 THEN
      changed := (SELECT pg_catalog.count(*) FROM old_rows);
      IF imat_store.is_loggable('1'::pg_catalog.regclass, changed) THEN
        INSERT INTO imat_store.log_public_sale (weight, c2, c3, c5, c6, c8, c9, c10)
          SELECT -1, o.customer_id, o.product_id, o.amount, o.quantity, o.took, o.paid, o.shipped FROM old_rows AS o
          OFFSET 100000;
      ELSE
        INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);
      END IF;
    END IF;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_sale', '{2,3,5,6,8,9,10}', TG_OP);
    changed := (SELECT pg_catalog.count(*) FROM old_rows);
  END IF;
  /*counting
  IF changed OPERATOR(pg_catalog.<>) 0
    AND pg_catalog.to_regclass('imat_catalog.change_count') IS NOT NULL THEN
    INSERT INTO imat_catalog.change_count (counted_id, xid, role, verb, rows)
    VALUES (0, pg_catalog.pg_current_xact_id(), session_user, TG_OP, changed);
  END IF;
  counting*/
  RETURN NULL;
END$imat$;

-- capture on public.sale
REVOKE ALL ON FUNCTION imat_store.capture_delete_public_sale() FROM PUBLIC;

-- capture on public.sale
CREATE OR REPLACE FUNCTION imat_store.capture_truncate_public_sale() RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
AS $imat$
DECLARE
  changed pg_catalog.int8;
BEGIN
  INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);
  INSERT INTO imat_store.log_public_sale (weight) VALUES (0);
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

-- trigger on public.sale
COMMENT ON TRIGGER "!imat_insert" ON public.sale IS 'imat: captures changes for the views in the schema imat that read this table. See imat status; imat revert removes it with the last of them.';

-- trigger on public.sale
COMMENT ON TRIGGER "!imat_update" ON public.sale IS 'imat: captures changes for the views in the schema imat that read this table. See imat status; imat revert removes it with the last of them.';

-- trigger on public.sale
COMMENT ON TRIGGER "!imat_delete" ON public.sale IS 'imat: captures changes for the views in the schema imat that read this table. See imat status; imat revert removes it with the last of them.';

-- trigger on public.sale
COMMENT ON TRIGGER "~imat_truncate" ON public.sale IS 'imat: captures changes for the views in the schema imat that read this table. See imat status; imat revert removes it with the last of them.';

-- the state: one row per group, with what each aggregate needs
CREATE TABLE imat_store.state_aggregates WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02) AS
SELECT
  v.customer_id,
  pg_catalog.count(*) AS rows,
  pg_catalog.count(*) FILTER (WHERE v.amount IS NOT NULL) AS count_amount,
  pg_catalog.count(*) FILTER (WHERE v.amount = 'NaN'::numeric) AS nan_amount,
  pg_catalog.count(*) FILTER (WHERE v.amount = 'Infinity'::numeric) AS plus_infinity_amount,
  pg_catalog.count(*) FILTER (WHERE v.amount = '-Infinity'::numeric) AS minus_infinity_amount,
  COALESCE(pg_catalog.sum(v.amount) FILTER (WHERE v.amount > '-Infinity'::numeric AND v.amount < 'Infinity'::numeric), 0)::numeric AS sum_amount,
  COALESCE(pg_catalog.sum((v.amount * v.amount)) FILTER (WHERE v.amount > '-Infinity'::numeric AND v.amount < 'Infinity'::numeric), 0)::numeric AS squares_amount,
  COALESCE(pg_catalog.sum(('1e' || 12 * LEAST(pg_catalog.scale(v.amount), 10900))::numeric) FILTER (WHERE v.amount > '-Infinity'::numeric AND v.amount < 'Infinity'::numeric), 0)::numeric AS scales_amount,
  pg_catalog.count(*) FILTER (WHERE v.weight IS NOT NULL) AS count_weight,
  pg_catalog.count(*) FILTER (WHERE v.weight = 'NaN'::float8) AS nan_weight,
  pg_catalog.count(*) FILTER (WHERE v.weight = 'Infinity'::float8) AS plus_infinity_weight,
  pg_catalog.count(*) FILTER (WHERE v.weight = '-Infinity'::float8) AS minus_infinity_weight,
  COALESCE(pg_catalog.sum((v.weight)::float8::numeric) FILTER (WHERE v.weight > '-Infinity'::float8 AND v.weight < 'Infinity'::float8), 0)::numeric AS sum_weight,
  COALESCE(pg_catalog.sum(((v.weight)::float8::numeric * (v.weight)::float8::numeric)) FILTER (WHERE v.weight > '-Infinity'::float8 AND v.weight < 'Infinity'::float8), 0)::numeric AS squares_weight,
  pg_catalog.count(*) FILTER (WHERE v.weight IS NOT NULL AND v.quantity IS NOT NULL) AS pairs_weight_quantity,
  pg_catalog.count(*) FILTER (WHERE v.weight IS NOT NULL AND v.quantity IS NOT NULL AND v.quantity = 'NaN'::float8) AS nan_quantity,
  pg_catalog.count(*) FILTER (WHERE v.weight IS NOT NULL AND v.quantity IS NOT NULL AND v.quantity = 'Infinity'::float8) AS plus_infinity_quantity,
  pg_catalog.count(*) FILTER (WHERE v.weight IS NOT NULL AND v.quantity IS NOT NULL AND v.quantity = '-Infinity'::float8) AS minus_infinity_quantity,
  pg_catalog.count(*) FILTER (WHERE v.weight IS NOT NULL AND v.quantity IS NOT NULL AND v.weight = 'NaN'::float8) AS nan_weight_2,
  pg_catalog.count(*) FILTER (WHERE v.weight IS NOT NULL AND v.quantity IS NOT NULL AND v.weight = 'Infinity'::float8) AS plus_infinity_weight_2,
  pg_catalog.count(*) FILTER (WHERE v.weight IS NOT NULL AND v.quantity IS NOT NULL AND v.weight = '-Infinity'::float8) AS minus_infinity_weight_2,
  COALESCE(pg_catalog.sum((v.quantity)::float8::numeric) FILTER (WHERE v.weight IS NOT NULL AND v.quantity IS NOT NULL AND v.quantity > '-Infinity'::float8 AND v.quantity < 'Infinity'::float8), 0)::numeric AS pairs_sum_quantity,
  COALESCE(pg_catalog.sum((v.weight)::float8::numeric) FILTER (WHERE v.weight IS NOT NULL AND v.quantity IS NOT NULL AND v.weight > '-Infinity'::float8 AND v.weight < 'Infinity'::float8), 0)::numeric AS pairs_sum_weight,
  COALESCE(pg_catalog.sum(((v.quantity)::float8::numeric * (v.quantity)::float8::numeric)) FILTER (WHERE v.weight IS NOT NULL AND v.quantity IS NOT NULL AND v.quantity > '-Infinity'::float8 AND v.quantity < 'Infinity'::float8), 0)::numeric AS pairs_squares_quantity,
  COALESCE(pg_catalog.sum(((v.weight)::float8::numeric * (v.weight)::float8::numeric)) FILTER (WHERE v.weight IS NOT NULL AND v.quantity IS NOT NULL AND v.weight > '-Infinity'::float8 AND v.weight < 'Infinity'::float8), 0)::numeric AS pairs_squares_weight,
  COALESCE(pg_catalog.sum(((v.quantity)::float8::numeric * (v.weight)::float8::numeric)) FILTER (WHERE v.weight IS NOT NULL AND v.quantity IS NOT NULL AND v.quantity > '-Infinity'::float8 AND v.quantity < 'Infinity'::float8 AND v.weight IS NOT NULL AND v.quantity IS NOT NULL AND v.weight > '-Infinity'::float8 AND v.weight < 'Infinity'::float8), 0)::numeric AS pairs_products_weight_quantity,
  pg_catalog.count(*) FILTER (WHERE v.shipped) AS true_shipped,
  pg_catalog.count(*) FILTER (WHERE NOT v.shipped) AS false_shipped,
  pg_catalog.count(*) FILTER (WHERE v.if_amount AND v.shipped) AS true_shipped_if_amount,
  pg_catalog.count(*) FILTER (WHERE v.if_amount AND NOT v.shipped) AS false_shipped_if_amount,
  pg_catalog.count(*) FILTER (WHERE v.took IS NOT NULL) AS count_took,
  COALESCE(pg_catalog.sum(v.took) FILTER (WHERE v.took IS NOT NULL), '0'::interval)::interval AS sum_took,
  pg_catalog.count(*) FILTER (WHERE v.paid IS NOT NULL) AS count_paid,
  COALESCE(pg_catalog.sum(v.paid) FILTER (WHERE v.paid IS NOT NULL), '0'::money)::money AS sum_paid,
  pg_catalog.count(*) FILTER (WHERE v.price IS NOT NULL) AS count_price,
  pg_catalog.count(*) FILTER (WHERE v.price = 'NaN'::numeric) AS nan_price,
  COALESCE(pg_catalog.sum(v.price) FILTER (WHERE v.price <> 'NaN'::numeric), 0)::numeric AS sum_price
FROM (
  SELECT
    r1.customer_id AS customer_id,
    r1.amount AS amount,
    r2.weight AS weight,
    ((r1.quantity)::double precision) AS quantity,
    r1.shipped AS shipped,
    ((r1.amount > (5)::numeric)) AS if_amount,
    r1.took AS took,
    r1.paid AS paid,
    r2.price AS price
  FROM
    public.sale AS r1,
    public.product AS r2
  WHERE (r2.id = r1.product_id)
  -- Computes each value once. As a bigint it does not keep PostgreSQL from reading in parallel.
  OFFSET '0'::bigint
) AS v
GROUP BY 1;

-- what publications of all tables need
ALTER TABLE imat_store.state_aggregates REPLICA IDENTITY FULL;

-- finished aggregates, computed once
ALTER TABLE imat_store.state_aggregates
  ADD COLUMN sd numeric GENERATED ALWAYS AS (CASE WHEN count_amount < 2 THEN NULL WHEN nan_amount > 0 OR plus_infinity_amount > 0 OR minus_infinity_amount > 0 THEN 'NaN'::numeric WHEN (count_amount * pg_catalog.round(squares_amount, CASE WHEN (pg_catalog.length(pg_catalog.trunc(scales_amount)::text) - 1) / 12 < 10900 THEN 2 * ((pg_catalog.length(pg_catalog.trunc(scales_amount)::text) - 1) / 12) ELSE pg_catalog.scale(squares_amount) END) - pg_catalog.round(sum_amount, CASE WHEN (pg_catalog.length(pg_catalog.trunc(scales_amount)::text) - 1) / 12 < 10900 THEN (pg_catalog.length(pg_catalog.trunc(scales_amount)::text) - 1) / 12 ELSE pg_catalog.scale(sum_amount) END) * pg_catalog.round(sum_amount, CASE WHEN (pg_catalog.length(pg_catalog.trunc(scales_amount)::text) - 1) / 12 < 10900 THEN (pg_catalog.length(pg_catalog.trunc(scales_amount)::text) - 1) / 12 ELSE pg_catalog.scale(sum_amount) END)) <= 0 THEN 0 ELSE pg_catalog.round(pg_catalog.sqrt(pg_catalog.round(((count_amount * pg_catalog.round(squares_amount, CASE WHEN (pg_catalog.length(pg_catalog.trunc(scales_amount)::text) - 1) / 12 < 10900 THEN 2 * ((pg_catalog.length(pg_catalog.trunc(scales_amount)::text) - 1) / 12) ELSE pg_catalog.scale(squares_amount) END) - pg_catalog.round(sum_amount, CASE WHEN (pg_catalog.length(pg_catalog.trunc(scales_amount)::text) - 1) / 12 < 10900 THEN (pg_catalog.length(pg_catalog.trunc(scales_amount)::text) - 1) / 12 ELSE pg_catalog.scale(sum_amount) END) * pg_catalog.round(sum_amount, CASE WHEN (pg_catalog.length(pg_catalog.trunc(scales_amount)::text) - 1) / 12 < 10900 THEN (pg_catalog.length(pg_catalog.trunc(scales_amount)::text) - 1) / 12 ELSE pg_catalog.scale(sum_amount) END)) / (count_amount::numeric * (count_amount - 1))), 2 * pg_catalog.scale(((count_amount * pg_catalog.round(squares_amount, CASE WHEN (pg_catalog.length(pg_catalog.trunc(scales_amount)::text) - 1) / 12 < 10900 THEN 2 * ((pg_catalog.length(pg_catalog.trunc(scales_amount)::text) - 1) / 12) ELSE pg_catalog.scale(squares_amount) END) - pg_catalog.round(sum_amount, CASE WHEN (pg_catalog.length(pg_catalog.trunc(scales_amount)::text) - 1) / 12 < 10900 THEN (pg_catalog.length(pg_catalog.trunc(scales_amount)::text) - 1) / 12 ELSE pg_catalog.scale(sum_amount) END) * pg_catalog.round(sum_amount, CASE WHEN (pg_catalog.length(pg_catalog.trunc(scales_amount)::text) - 1) / 12 < 10900 THEN (pg_catalog.length(pg_catalog.trunc(scales_amount)::text) - 1) / 12 ELSE pg_catalog.scale(sum_amount) END)) / (count_amount::numeric * (count_amount - 1)))) + pg_catalog.length(pg_catalog.trunc(((count_amount * pg_catalog.round(squares_amount, CASE WHEN (pg_catalog.length(pg_catalog.trunc(scales_amount)::text) - 1) / 12 < 10900 THEN 2 * ((pg_catalog.length(pg_catalog.trunc(scales_amount)::text) - 1) / 12) ELSE pg_catalog.scale(squares_amount) END) - pg_catalog.round(sum_amount, CASE WHEN (pg_catalog.length(pg_catalog.trunc(scales_amount)::text) - 1) / 12 < 10900 THEN (pg_catalog.length(pg_catalog.trunc(scales_amount)::text) - 1) / 12 ELSE pg_catalog.scale(sum_amount) END) * pg_catalog.round(sum_amount, CASE WHEN (pg_catalog.length(pg_catalog.trunc(scales_amount)::text) - 1) / 12 < 10900 THEN (pg_catalog.length(pg_catalog.trunc(scales_amount)::text) - 1) / 12 ELSE pg_catalog.scale(sum_amount) END)) / (count_amount::numeric * (count_amount - 1))))::text) / 2 + 3)), pg_catalog.scale(((count_amount * pg_catalog.round(squares_amount, CASE WHEN (pg_catalog.length(pg_catalog.trunc(scales_amount)::text) - 1) / 12 < 10900 THEN 2 * ((pg_catalog.length(pg_catalog.trunc(scales_amount)::text) - 1) / 12) ELSE pg_catalog.scale(squares_amount) END) - pg_catalog.round(sum_amount, CASE WHEN (pg_catalog.length(pg_catalog.trunc(scales_amount)::text) - 1) / 12 < 10900 THEN (pg_catalog.length(pg_catalog.trunc(scales_amount)::text) - 1) / 12 ELSE pg_catalog.scale(sum_amount) END) * pg_catalog.round(sum_amount, CASE WHEN (pg_catalog.length(pg_catalog.trunc(scales_amount)::text) - 1) / 12 < 10900 THEN (pg_catalog.length(pg_catalog.trunc(scales_amount)::text) - 1) / 12 ELSE pg_catalog.scale(sum_amount) END)) / (count_amount::numeric * (count_amount - 1))))) END::numeric) STORED,
  ADD COLUMN all_shipped boolean GENERATED ALWAYS AS (CASE WHEN true_shipped + false_shipped > 0 THEN false_shipped = 0 END) STORED,
  ADD COLUMN every_shipped boolean GENERATED ALWAYS AS (CASE WHEN true_shipped + false_shipped > 0 THEN false_shipped = 0 END) STORED,
  ADD COLUMN any_shipped boolean GENERATED ALWAYS AS (CASE WHEN true_shipped_if_amount + false_shipped_if_amount > 0 THEN true_shipped_if_amount > 0 END) STORED,
  ADD COLUMN paid money GENERATED ALWAYS AS (CASE WHEN count_paid > 0 THEN (sum_paid)::money END) STORED,
  ADD COLUMN price numeric GENERATED ALWAYS AS (CASE WHEN count_price > 0 THEN CASE WHEN nan_price > 0 THEN 'NaN'::numeric ELSE ((sum_price)::numeric / count_price)::numeric END END) STORED;

-- what finds a group, NULL keys being equal
CREATE UNIQUE INDEX ON imat_store.state_aggregates (customer_id) NULLS NOT DISTINCT;

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.customer_id IS 's.customer_id';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.rows IS 'rows of the group';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.count_amount IS 'rows where s.amount is not null';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.nan_amount IS 'rows where s.amount is NaN';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.plus_infinity_amount IS 'rows where s.amount is Infinity';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.minus_infinity_amount IS 'rows where s.amount is -Infinity';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.sum_amount IS 'sum of s.amount';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.squares_amount IS 'sum of squares of s.amount';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.scales_amount IS 'rows by display scale of s.amount: sum of 10^(12 * scale)';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.count_weight IS 'rows where p.weight is not null';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.nan_weight IS 'rows where p.weight is NaN';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.plus_infinity_weight IS 'rows where p.weight is Infinity';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.minus_infinity_weight IS 'rows where p.weight is -Infinity';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.sum_weight IS 'sum of p.weight';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.squares_weight IS 'sum of squares of p.weight';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.pairs_weight_quantity IS 'pairs (p.weight, (s.quantity)::double precision) without a null';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.nan_quantity IS 'rows where (s.quantity)::double precision is NaN';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.plus_infinity_quantity IS 'rows where (s.quantity)::double precision is Infinity';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.minus_infinity_quantity IS 'rows where (s.quantity)::double precision is -Infinity';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.nan_weight_2 IS 'rows where p.weight is NaN';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.plus_infinity_weight_2 IS 'rows where p.weight is Infinity';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.minus_infinity_weight_2 IS 'rows where p.weight is -Infinity';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.pairs_sum_quantity IS 'sum of x over pairs (p.weight, (s.quantity)::double precision)';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.pairs_sum_weight IS 'sum of y over pairs (p.weight, (s.quantity)::double precision)';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.pairs_squares_quantity IS 'sum of x squared over pairs (p.weight, (s.quantity)::double precision)';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.pairs_squares_weight IS 'sum of y squared over pairs (p.weight, (s.quantity)::double precision)';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.pairs_products_weight_quantity IS 'sum of x times y over pairs (p.weight, (s.quantity)::double precision)';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.true_shipped IS 'rows where s.shipped';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.false_shipped IS 'rows where not s.shipped';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.true_shipped_if_amount IS 'rows where s.shipped, if (s.amount > (5)::numeric)';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.false_shipped_if_amount IS 'rows where not s.shipped, if (s.amount > (5)::numeric)';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.count_took IS 'rows where s.took is not null';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.sum_took IS 'sum of s.took';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.count_paid IS 'rows where s.paid is not null';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.sum_paid IS 'sum of s.paid';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.count_price IS 'rows where p.price is not null';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.nan_price IS 'rows where p.price is NaN';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.sum_price IS 'sum of p.price';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.sd IS 'stddev(s.amount)';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.all_shipped IS 'bool_and(s.shipped)';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.every_shipped IS 'every(s.shipped)';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.any_shipped IS 'bool_or(s.shipped) FILTER (WHERE (s.amount > (5)::numeric))';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.paid IS 'sum(s.paid)';

-- what the column holds
COMMENT ON COLUMN imat_store.state_aggregates.price IS 'avg(p.price)';

-- statistics
ANALYZE imat_store.state_aggregates;

-- what is pending, as rows of the state
CREATE VIEW imat_store.delta_aggregates AS
WITH pending AS MATERIALIZED (
  SELECT
    f.snapshot
  FROM imat_catalog.frontier AS f
  WHERE f.imat_id = 1
), changes_r1 AS MATERIALIZED (
  SELECT r1.weight AS weight, r1.customer_id, r1.product_id, r1.amount, r1.quantity, r1.took, r1.paid, r1.shipped
    FROM ((
      SELECT pg_catalog.sum(l.weight)::bigint AS weight, l.c2 AS customer_id, l.c3 AS product_id, l.c5 AS amount, l.c6 AS quantity, l.c8 AS took, l.c9 AS paid, l.c10 AS shipped
      FROM imat_store.log_public_sale AS l
      WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
      GROUP BY l.c2, l.c3, l.c5, pg_catalog.numeric_send(l.c5), l.c6, l.c8, pg_catalog.interval_send(l.c8), l.c9, l.c10
      HAVING pg_catalog.sum(l.weight) <> 0
      OFFSET 0
    )
      UNION ALL
      SELECT 0::bigint AS weight, (CASE WHEN g.n IS NULL THEN NULL END)::integer AS customer_id, (CASE WHEN g.n IS NULL THEN NULL END)::integer AS product_id, (CASE WHEN g.n IS NULL THEN NULL END)::numeric AS amount, (CASE WHEN g.n IS NULL THEN NULL END)::integer AS quantity, (CASE WHEN g.n IS NULL THEN NULL END)::interval AS took, (CASE WHEN g.n IS NULL THEN NULL END)::money AS paid, (CASE WHEN g.n IS NULL THEN NULL END)::boolean AS shipped
      FROM pg_catalog.generate_series(1, imat_catalog.expected_rows(1, 'imat_store.log_public_sale'::regclass)) AS g(n)
      WHERE (SELECT FALSE)
    ) AS r1
), changes_r2 AS MATERIALIZED (
  SELECT r2._weight AS _weight, r2.id, r2.price, r2.weight
    FROM ((
      SELECT pg_catalog.sum(l.weight)::bigint AS _weight, l.c1 AS id, l.c3::numeric(10,2) AS price, l.c4 AS weight
      FROM imat_store.log_public_product AS l
      WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
      GROUP BY l.c1, l.c3::numeric(10,2), l.c4, pg_catalog.float8send(l.c4)
      HAVING pg_catalog.sum(l.weight) <> 0
      OFFSET 0
    )
      UNION ALL
      SELECT 0::bigint AS _weight, (CASE WHEN g.n IS NULL THEN NULL END)::integer AS id, (CASE WHEN g.n IS NULL THEN NULL END)::numeric(10,2) AS price, (CASE WHEN g.n IS NULL THEN NULL END)::double precision AS weight
      FROM pg_catalog.generate_series(1, imat_catalog.expected_rows(1, 'imat_store.log_public_product'::regclass)) AS g(n)
      WHERE (SELECT FALSE)
    ) AS r2
)
SELECT
  v.customer_id,
  v.rows AS rows,
  CASE WHEN v.amount IS NOT NULL THEN v.rows ELSE 0 END AS count_amount,
  CASE WHEN v.amount = 'NaN'::numeric THEN v.rows ELSE 0 END AS nan_amount,
  CASE WHEN v.amount = 'Infinity'::numeric THEN v.rows ELSE 0 END AS plus_infinity_amount,
  CASE WHEN v.amount = '-Infinity'::numeric THEN v.rows ELSE 0 END AS minus_infinity_amount,
  CASE WHEN v.amount > '-Infinity'::numeric AND v.amount < 'Infinity'::numeric THEN CASE v.rows WHEN 1 THEN v.amount WHEN -1 THEN -v.amount ELSE v.amount * v.rows END ELSE 0 END AS sum_amount,
  CASE WHEN v.amount > '-Infinity'::numeric AND v.amount < 'Infinity'::numeric THEN ((v.amount * v.amount) * v.rows)::numeric ELSE 0 END AS squares_amount,
  CASE WHEN v.amount > '-Infinity'::numeric AND v.amount < 'Infinity'::numeric THEN (('1e' || 12 * LEAST(pg_catalog.scale(v.amount), 10900))::numeric * v.rows)::numeric ELSE 0 END AS scales_amount,
  CASE WHEN v.weight IS NOT NULL THEN v.rows ELSE 0 END AS count_weight,
  CASE WHEN v.weight = 'NaN'::float8 THEN v.rows ELSE 0 END AS nan_weight,
  CASE WHEN v.weight = 'Infinity'::float8 THEN v.rows ELSE 0 END AS plus_infinity_weight,
  CASE WHEN v.weight = '-Infinity'::float8 THEN v.rows ELSE 0 END AS minus_infinity_weight,
  CASE WHEN v.weight > '-Infinity'::float8 AND v.weight < 'Infinity'::float8 THEN ((v.weight)::float8::numeric * v.rows)::numeric ELSE 0 END AS sum_weight,
  CASE WHEN v.weight > '-Infinity'::float8 AND v.weight < 'Infinity'::float8 THEN (((v.weight)::float8::numeric * (v.weight)::float8::numeric) * v.rows)::numeric ELSE 0 END AS squares_weight,
  CASE WHEN v.weight IS NOT NULL AND v.quantity IS NOT NULL THEN v.rows ELSE 0 END AS pairs_weight_quantity,
  CASE WHEN v.weight IS NOT NULL AND v.quantity IS NOT NULL AND v.quantity = 'NaN'::float8 THEN v.rows ELSE 0 END AS nan_quantity,
  CASE WHEN v.weight IS NOT NULL AND v.quantity IS NOT NULL AND v.quantity = 'Infinity'::float8 THEN v.rows ELSE 0 END AS plus_infinity_quantity,
  CASE WHEN v.weight IS NOT NULL AND v.quantity IS NOT NULL AND v.quantity = '-Infinity'::float8 THEN v.rows ELSE 0 END AS minus_infinity_quantity,
  CASE WHEN v.weight IS NOT NULL AND v.quantity IS NOT NULL AND v.weight = 'NaN'::float8 THEN v.rows ELSE 0 END AS nan_weight_2,
  CASE WHEN v.weight IS NOT NULL AND v.quantity IS NOT NULL AND v.weight = 'Infinity'::float8 THEN v.rows ELSE 0 END AS plus_infinity_weight_2,
  CASE WHEN v.weight IS NOT NULL AND v.quantity IS NOT NULL AND v.weight = '-Infinity'::float8 THEN v.rows ELSE 0 END AS minus_infinity_weight_2,
  CASE WHEN v.weight IS NOT NULL AND v.quantity IS NOT NULL AND v.quantity > '-Infinity'::float8 AND v.quantity < 'Infinity'::float8 THEN ((v.quantity)::float8::numeric * v.rows)::numeric ELSE 0 END AS pairs_sum_quantity,
  CASE WHEN v.weight IS NOT NULL AND v.quantity IS NOT NULL AND v.weight > '-Infinity'::float8 AND v.weight < 'Infinity'::float8 THEN ((v.weight)::float8::numeric * v.rows)::numeric ELSE 0 END AS pairs_sum_weight,
  CASE WHEN v.weight IS NOT NULL AND v.quantity IS NOT NULL AND v.quantity > '-Infinity'::float8 AND v.quantity < 'Infinity'::float8 THEN (((v.quantity)::float8::numeric * (v.quantity)::float8::numeric) * v.rows)::numeric ELSE 0 END AS pairs_squares_quantity,
  CASE WHEN v.weight IS NOT NULL AND v.quantity IS NOT NULL AND v.weight > '-Infinity'::float8 AND v.weight < 'Infinity'::float8 THEN (((v.weight)::float8::numeric * (v.weight)::float8::numeric) * v.rows)::numeric ELSE 0 END AS pairs_squares_weight,
  CASE WHEN v.weight IS NOT NULL AND v.quantity IS NOT NULL AND v.quantity > '-Infinity'::float8 AND v.quantity < 'Infinity'::float8 AND v.weight IS NOT NULL AND v.quantity IS NOT NULL AND v.weight > '-Infinity'::float8 AND v.weight < 'Infinity'::float8 THEN (((v.quantity)::float8::numeric * (v.weight)::float8::numeric) * v.rows)::numeric ELSE 0 END AS pairs_products_weight_quantity,
  CASE WHEN v.shipped THEN v.rows ELSE 0 END AS true_shipped,
  CASE WHEN NOT v.shipped THEN v.rows ELSE 0 END AS false_shipped,
  CASE WHEN v.if_amount AND v.shipped THEN v.rows ELSE 0 END AS true_shipped_if_amount,
  CASE WHEN v.if_amount AND NOT v.shipped THEN v.rows ELSE 0 END AS false_shipped_if_amount,
  CASE WHEN v.took IS NOT NULL THEN v.rows ELSE 0 END AS count_took,
  CASE WHEN v.took IS NOT NULL THEN CASE v.rows WHEN 1 THEN v.took WHEN -1 THEN -v.took ELSE pg_catalog.date_trunc('hour', v.took) * v.rows + (v.took - pg_catalog.date_trunc('hour', v.took)) * v.rows END ELSE '0'::interval END AS sum_took,
  CASE WHEN v.paid IS NOT NULL THEN v.rows ELSE 0 END AS count_paid,
  CASE WHEN v.paid IS NOT NULL THEN (v.paid * v.rows)::money ELSE '0'::money END AS sum_paid,
  CASE WHEN v.price IS NOT NULL THEN v.rows ELSE 0 END AS count_price,
  CASE WHEN v.price = 'NaN'::numeric THEN v.rows ELSE 0 END AS nan_price,
  CASE WHEN v.price <> 'NaN'::numeric THEN CASE v.rows WHEN 1 THEN v.price WHEN -1 THEN -v.price ELSE v.price * v.rows END ELSE 0 END AS sum_price
FROM (
  -- all changes, cancelled against each other
  SELECT
    r1.customer_id AS customer_id,
    r1.amount AS amount,
    r2.weight AS weight,
    ((r1.quantity)::double precision) AS quantity,
    r1.shipped AS shipped,
    ((r1.amount > (5)::numeric)) AS if_amount,
    r1.took AS took,
    r1.paid AS paid,
    r2.price AS price,
    p.weight AS rows
  FROM
    (
      SELECT pg_catalog.sum(u.weight)::bigint AS weight, u.r1_c2 AS r1_c2, u.r1_c3 AS r1_c3, u.r1_c5 AS r1_c5, u.r1_c6 AS r1_c6, u.r1_c8 AS r1_c8, u.r1_c9 AS r1_c9, u.r1_c10 AS r1_c10, u.r2_c1 AS r2_c1, u.r2_c3 AS r2_c3, u.r2_c4 AS r2_c4
      FROM (
        -- plus changes of public.sale AS s
        SELECT r1.weight AS weight, r1.customer_id AS r1_c2, r1.product_id AS r1_c3, r1.amount AS r1_c5, r1.quantity AS r1_c6, r1.took AS r1_c8, r1.paid AS r1_c9, r1.shipped AS r1_c10, r2.id AS r2_c1, r2.price AS r2_c3, r2.weight AS r2_c4
        FROM
          changes_r1 AS r1,
          public.product AS r2
        WHERE (SELECT EXISTS (SELECT FROM changes_r1))
          AND (r2.id = r1.product_id)
        UNION ALL
        -- plus changes of public.product AS p
        SELECT r2._weight AS weight, r1.customer_id AS r1_c2, r1.product_id AS r1_c3, r1.amount AS r1_c5, r1.quantity AS r1_c6, r1.took AS r1_c8, r1.paid AS r1_c9, r1.shipped AS r1_c10, r2.id AS r2_c1, r2.price AS r2_c3, r2.weight AS r2_c4
        FROM
          public.sale AS r1,
          changes_r2 AS r2
        WHERE (SELECT EXISTS (SELECT FROM changes_r2))
          AND (r2.id = r1.product_id)
        UNION ALL
        -- minus changes of public.sale AS s with changes of public.product AS p
        SELECT (-r1.weight * r2._weight) AS weight, r1.customer_id AS r1_c2, r1.product_id AS r1_c3, r1.amount AS r1_c5, r1.quantity AS r1_c6, r1.took AS r1_c8, r1.paid AS r1_c9, r1.shipped AS r1_c10, r2.id AS r2_c1, r2.price AS r2_c3, r2.weight AS r2_c4
        FROM
          changes_r1 AS r1,
          changes_r2 AS r2
        WHERE (SELECT EXISTS (SELECT FROM changes_r1))
          AND (SELECT EXISTS (SELECT FROM changes_r2))
          AND (r2.id = r1.product_id)
      ) AS u
      GROUP BY u.r1_c2, u.r1_c3, u.r1_c5, pg_catalog.numeric_send(u.r1_c5), u.r1_c6, u.r1_c8, pg_catalog.interval_send(u.r1_c8), u.r1_c9, u.r1_c10, u.r2_c1, u.r2_c3, u.r2_c4, pg_catalog.float8send(u.r2_c4)
      HAVING pg_catalog.sum(u.weight) <> 0
      OFFSET 0
    ) AS p,
    LATERAL (SELECT p.r1_c2 AS customer_id, p.r1_c3 AS product_id, p.r1_c5 AS amount, p.r1_c6 AS quantity, p.r1_c8 AS took, p.r1_c9 AS paid, p.r1_c10 AS shipped) AS r1,
    LATERAL (SELECT p.r2_c1 AS id, p.r2_c3 AS price, p.r2_c4 AS weight) AS r2
UNION ALL
-- never a row: so that each value is computed once
SELECT NULL::integer, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL WHERE FALSE
) AS v;

-- the state computed anew
CREATE VIEW imat_store.content_aggregates AS
SELECT
  v.customer_id,
  pg_catalog.count(*) AS rows,
  pg_catalog.count(*) FILTER (WHERE v.amount IS NOT NULL) AS count_amount,
  pg_catalog.count(*) FILTER (WHERE v.amount = 'NaN'::numeric) AS nan_amount,
  pg_catalog.count(*) FILTER (WHERE v.amount = 'Infinity'::numeric) AS plus_infinity_amount,
  pg_catalog.count(*) FILTER (WHERE v.amount = '-Infinity'::numeric) AS minus_infinity_amount,
  COALESCE(pg_catalog.sum(v.amount) FILTER (WHERE v.amount > '-Infinity'::numeric AND v.amount < 'Infinity'::numeric), 0)::numeric AS sum_amount,
  COALESCE(pg_catalog.sum((v.amount * v.amount)) FILTER (WHERE v.amount > '-Infinity'::numeric AND v.amount < 'Infinity'::numeric), 0)::numeric AS squares_amount,
  COALESCE(pg_catalog.sum(('1e' || 12 * LEAST(pg_catalog.scale(v.amount), 10900))::numeric) FILTER (WHERE v.amount > '-Infinity'::numeric AND v.amount < 'Infinity'::numeric), 0)::numeric AS scales_amount,
  pg_catalog.count(*) FILTER (WHERE v.weight IS NOT NULL) AS count_weight,
  pg_catalog.count(*) FILTER (WHERE v.weight = 'NaN'::float8) AS nan_weight,
  pg_catalog.count(*) FILTER (WHERE v.weight = 'Infinity'::float8) AS plus_infinity_weight,
  pg_catalog.count(*) FILTER (WHERE v.weight = '-Infinity'::float8) AS minus_infinity_weight,
  COALESCE(pg_catalog.sum((v.weight)::float8::numeric) FILTER (WHERE v.weight > '-Infinity'::float8 AND v.weight < 'Infinity'::float8), 0)::numeric AS sum_weight,
  COALESCE(pg_catalog.sum(((v.weight)::float8::numeric * (v.weight)::float8::numeric)) FILTER (WHERE v.weight > '-Infinity'::float8 AND v.weight < 'Infinity'::float8), 0)::numeric AS squares_weight,
  pg_catalog.count(*) FILTER (WHERE v.weight IS NOT NULL AND v.quantity IS NOT NULL) AS pairs_weight_quantity,
  pg_catalog.count(*) FILTER (WHERE v.weight IS NOT NULL AND v.quantity IS NOT NULL AND v.quantity = 'NaN'::float8) AS nan_quantity,
  pg_catalog.count(*) FILTER (WHERE v.weight IS NOT NULL AND v.quantity IS NOT NULL AND v.quantity = 'Infinity'::float8) AS plus_infinity_quantity,
  pg_catalog.count(*) FILTER (WHERE v.weight IS NOT NULL AND v.quantity IS NOT NULL AND v.quantity = '-Infinity'::float8) AS minus_infinity_quantity,
  pg_catalog.count(*) FILTER (WHERE v.weight IS NOT NULL AND v.quantity IS NOT NULL AND v.weight = 'NaN'::float8) AS nan_weight_2,
  pg_catalog.count(*) FILTER (WHERE v.weight IS NOT NULL AND v.quantity IS NOT NULL AND v.weight = 'Infinity'::float8) AS plus_infinity_weight_2,
  pg_catalog.count(*) FILTER (WHERE v.weight IS NOT NULL AND v.quantity IS NOT NULL AND v.weight = '-Infinity'::float8) AS minus_infinity_weight_2,
  COALESCE(pg_catalog.sum((v.quantity)::float8::numeric) FILTER (WHERE v.weight IS NOT NULL AND v.quantity IS NOT NULL AND v.quantity > '-Infinity'::float8 AND v.quantity < 'Infinity'::float8), 0)::numeric AS pairs_sum_quantity,
  COALESCE(pg_catalog.sum((v.weight)::float8::numeric) FILTER (WHERE v.weight IS NOT NULL AND v.quantity IS NOT NULL AND v.weight > '-Infinity'::float8 AND v.weight < 'Infinity'::float8), 0)::numeric AS pairs_sum_weight,
  COALESCE(pg_catalog.sum(((v.quantity)::float8::numeric * (v.quantity)::float8::numeric)) FILTER (WHERE v.weight IS NOT NULL AND v.quantity IS NOT NULL AND v.quantity > '-Infinity'::float8 AND v.quantity < 'Infinity'::float8), 0)::numeric AS pairs_squares_quantity,
  COALESCE(pg_catalog.sum(((v.weight)::float8::numeric * (v.weight)::float8::numeric)) FILTER (WHERE v.weight IS NOT NULL AND v.quantity IS NOT NULL AND v.weight > '-Infinity'::float8 AND v.weight < 'Infinity'::float8), 0)::numeric AS pairs_squares_weight,
  COALESCE(pg_catalog.sum(((v.quantity)::float8::numeric * (v.weight)::float8::numeric)) FILTER (WHERE v.weight IS NOT NULL AND v.quantity IS NOT NULL AND v.quantity > '-Infinity'::float8 AND v.quantity < 'Infinity'::float8 AND v.weight IS NOT NULL AND v.quantity IS NOT NULL AND v.weight > '-Infinity'::float8 AND v.weight < 'Infinity'::float8), 0)::numeric AS pairs_products_weight_quantity,
  pg_catalog.count(*) FILTER (WHERE v.shipped) AS true_shipped,
  pg_catalog.count(*) FILTER (WHERE NOT v.shipped) AS false_shipped,
  pg_catalog.count(*) FILTER (WHERE v.if_amount AND v.shipped) AS true_shipped_if_amount,
  pg_catalog.count(*) FILTER (WHERE v.if_amount AND NOT v.shipped) AS false_shipped_if_amount,
  pg_catalog.count(*) FILTER (WHERE v.took IS NOT NULL) AS count_took,
  COALESCE(pg_catalog.sum(v.took) FILTER (WHERE v.took IS NOT NULL), '0'::interval)::interval AS sum_took,
  pg_catalog.count(*) FILTER (WHERE v.paid IS NOT NULL) AS count_paid,
  COALESCE(pg_catalog.sum(v.paid) FILTER (WHERE v.paid IS NOT NULL), '0'::money)::money AS sum_paid,
  pg_catalog.count(*) FILTER (WHERE v.price IS NOT NULL) AS count_price,
  pg_catalog.count(*) FILTER (WHERE v.price = 'NaN'::numeric) AS nan_price,
  COALESCE(pg_catalog.sum(v.price) FILTER (WHERE v.price <> 'NaN'::numeric), 0)::numeric AS sum_price
FROM (
  SELECT
    r1.customer_id AS customer_id,
    r1.amount AS amount,
    r2.weight AS weight,
    ((r1.quantity)::double precision) AS quantity,
    r1.shipped AS shipped,
    ((r1.amount > (5)::numeric)) AS if_amount,
    r1.took AS took,
    r1.paid AS paid,
    r2.price AS price
  FROM
    public.sale AS r1,
    public.product AS r2
  WHERE (r2.id = r1.product_id)
  -- Computes each value once. As a bigint it does not keep PostgreSQL from reading in parallel.
  OFFSET '0'::bigint
) AS v
GROUP BY 1;

-- the same as a function, which is planned when it runs
CREATE OR REPLACE FUNCTION imat_store.computed_aggregates(access_key uuid) RETURNS SETOF imat_store.content_aggregates
LANGUAGE plpgsql
STABLE SECURITY DEFINER PARALLEL RESTRICTED ROWS 1
SET search_path = pg_catalog, pg_temp
SET row_security = off
AS $imat$
BEGIN
  IF NOT EXISTS (
    SELECT FROM imat_catalog.frontier AS f WHERE f.imat_id = 1 AND f.access_key = $1
  ) THEN
    RAISE EXCEPTION USING
      ERRCODE = 'insufficient_privilege',
      MESSAGE = 'only the view of the imat may call imat_store.computed_aggregates';
  END IF;
  RETURN QUERY EXECUTE 'SELECT * FROM imat_store.content_aggregates';
  IF imat_catalog.is_rewritten_meanwhile(13) THEN
    RAISE EXCEPTION USING
      ERRCODE = 'serialization_failure',
      MESSAGE = 'a table was truncated or rewritten after this statement began',
      HINT = 'Run the statement again.';
  END IF;
END$imat$;

-- a view calls functions with the rights of its readers
GRANT EXECUTE ON FUNCTION imat_store.computed_aggregates(uuid) TO PUBLIC;

-- the answer as the sources have it
CREATE VIEW imat_store.answer_aggregates AS
SELECT
  (g.c15)::integer AS customer_id,
  (g.c16)::numeric AS sd,
  (g.c18)::double precision AS vp,
  (g.c20)::double precision AS cs,
  (g.c23)::double precision AS co,
  (g.c26)::double precision AS slope,
  (g.c29)::boolean AS all_shipped,
  (g.c31)::boolean AS every_shipped,
  (g.c33)::boolean AS any_shipped,
  (g.c35)::double precision AS weight,
  (g.c37)::interval AS took,
  (g.c39)::money AS paid,
  (g.c41)::numeric AS price
FROM
  (
    SELECT r1.customer_id AS c15, pg_catalog.stddev(r1.amount) AS c16, pg_catalog.var_pop(r2.weight) AS c18, pg_catalog.covar_samp(r2.weight, (r1.quantity)::double precision) AS c20, pg_catalog.corr(r2.weight, (r1.quantity)::double precision) AS c23, pg_catalog.regr_slope(r2.weight, (r1.quantity)::double precision) AS c26, pg_catalog.bool_and(r1.shipped) AS c29, pg_catalog.every(r1.shipped) AS c31, pg_catalog.bool_or(r1.shipped) FILTER (WHERE (r1.amount > (5)::numeric)) AS c33, pg_catalog.sum(r2.weight) AS c35, pg_catalog.avg(r1.took) AS c37, pg_catalog.sum(r1.paid) AS c39, pg_catalog.avg(r2.price) AS c41
    FROM public.sale AS r1, public.product AS r2
  WHERE (r2.id = r1.product_id)
    GROUP BY 1
  ) AS g;

-- the same as a function, for reads while too much or a reset is pending
CREATE OR REPLACE FUNCTION imat_store.answered_aggregates(access_key uuid) RETURNS SETOF imat_store.answer_aggregates
LANGUAGE plpgsql
STABLE SECURITY DEFINER PARALLEL RESTRICTED ROWS 1
SET search_path = pg_catalog, pg_temp
SET row_security = off
AS $imat$
BEGIN
  IF NOT EXISTS (
    SELECT FROM imat_catalog.frontier AS f WHERE f.imat_id = 1 AND f.access_key = $1
  ) THEN
    RAISE EXCEPTION USING
      ERRCODE = 'insufficient_privilege',
      MESSAGE = 'only the view of the imat may call imat_store.answered_aggregates';
  END IF;
  RETURN QUERY EXECUTE 'SELECT * FROM imat_store.answer_aggregates';
  IF imat_catalog.is_rewritten_meanwhile(13) THEN
    RAISE EXCEPTION USING
      ERRCODE = 'serialization_failure',
      MESSAGE = 'a table was truncated or rewritten after this statement began',
      HINT = 'Run the statement again.';
  END IF;
END$imat$;

-- a view calls functions with the rights of its readers
GRANT EXECUTE ON FUNCTION imat_store.answered_aggregates(uuid) TO PUBLIC;

-- state and pending changes, added up
CREATE VIEW imat_store.current_aggregates WITH (security_barrier) AS
WITH changes AS MATERIALIZED (
  TABLE imat_store.delta_aggregates
)
SELECT
  s.customer_id,
  s.sd,
  s.vp,
  s.cs,
  s.co,
  s.slope,
  s.all_shipped,
  s.every_shipped,
  s.any_shipped,
  s.weight,
  s.took,
  s.paid,
  s.price
FROM (
  -- what is stored and stays
  SELECT
    s.customer_id,
    s.sd,
    (CASE WHEN s.count_weight < 1 THEN NULL WHEN s.nan_weight > 0 OR s.plus_infinity_weight > 0 OR s.minus_infinity_weight > 0 THEN 'NaN'::double precision WHEN (s.count_weight * s.squares_weight - s.sum_weight * s.sum_weight) <= 0 THEN 0 ELSE CASE WHEN pg_catalog.abs(((s.count_weight * s.squares_weight - s.sum_weight * s.sum_weight) / (s.count_weight::numeric * s.count_weight))) < 2.5e-324 THEN 0 ELSE (((s.count_weight * s.squares_weight - s.sum_weight * s.sum_weight) / (s.count_weight::numeric * s.count_weight)))::double precision END END::double precision)::double precision AS vp,
    (CASE WHEN s.pairs_weight_quantity > 1 THEN (CASE WHEN ((s.nan_quantity > 0 OR s.plus_infinity_quantity > 0 OR s.minus_infinity_quantity > 0) OR (s.nan_weight_2 > 0 OR s.plus_infinity_weight_2 > 0 OR s.minus_infinity_weight_2 > 0)) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_products_weight_quantity - s.pairs_sum_quantity * s.pairs_sum_weight) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_products_weight_quantity - s.pairs_sum_quantity * s.pairs_sum_weight) / s.pairs_weight_quantity))::double precision END END) / (s.pairs_weight_quantity - 1) END)::double precision AS cs,
    (CASE WHEN s.pairs_weight_quantity > 0 AND (CASE WHEN (s.nan_quantity > 0 OR s.plus_infinity_quantity > 0 OR s.minus_infinity_quantity > 0) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_squares_quantity - s.pairs_sum_quantity * s.pairs_sum_quantity) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_squares_quantity - s.pairs_sum_quantity * s.pairs_sum_quantity) / s.pairs_weight_quantity))::double precision END END) <> 0 AND (CASE WHEN (s.nan_weight_2 > 0 OR s.plus_infinity_weight_2 > 0 OR s.minus_infinity_weight_2 > 0) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_squares_weight - s.pairs_sum_weight * s.pairs_sum_weight) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_squares_weight - s.pairs_sum_weight * s.pairs_sum_weight) / s.pairs_weight_quantity))::double precision END END) <> 0 THEN CASE WHEN pg_catalog.sqrt(CASE WHEN (((CASE WHEN (s.nan_quantity > 0 OR s.plus_infinity_quantity > 0 OR s.minus_infinity_quantity > 0) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_squares_quantity - s.pairs_sum_quantity * s.pairs_sum_quantity) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_squares_quantity - s.pairs_sum_quantity * s.pairs_sum_quantity) / s.pairs_weight_quantity))::double precision END END))::numeric * ((CASE WHEN (s.nan_weight_2 > 0 OR s.plus_infinity_weight_2 > 0 OR s.minus_infinity_weight_2 > 0) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_squares_weight - s.pairs_sum_weight * s.pairs_sum_weight) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_squares_weight - s.pairs_sum_weight * s.pairs_sum_weight) / s.pairs_weight_quantity))::double precision END END))::numeric) = 'NaN' THEN 'NaN' WHEN (((CASE WHEN (s.nan_quantity > 0 OR s.plus_infinity_quantity > 0 OR s.minus_infinity_quantity > 0) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_squares_quantity - s.pairs_sum_quantity * s.pairs_sum_quantity) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_squares_quantity - s.pairs_sum_quantity * s.pairs_sum_quantity) / s.pairs_weight_quantity))::double precision END END))::numeric * ((CASE WHEN (s.nan_weight_2 > 0 OR s.plus_infinity_weight_2 > 0 OR s.minus_infinity_weight_2 > 0) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_squares_weight - s.pairs_sum_weight * s.pairs_sum_weight) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_squares_weight - s.pairs_sum_weight * s.pairs_sum_weight) / s.pairs_weight_quantity))::double precision END END))::numeric) > 1.797e308 THEN 'Infinity' ELSE CASE WHEN pg_catalog.abs((((CASE WHEN (s.nan_quantity > 0 OR s.plus_infinity_quantity > 0 OR s.minus_infinity_quantity > 0) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_squares_quantity - s.pairs_sum_quantity * s.pairs_sum_quantity) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_squares_quantity - s.pairs_sum_quantity * s.pairs_sum_quantity) / s.pairs_weight_quantity))::double precision END END))::numeric * ((CASE WHEN (s.nan_weight_2 > 0 OR s.plus_infinity_weight_2 > 0 OR s.minus_infinity_weight_2 > 0) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_squares_weight - s.pairs_sum_weight * s.pairs_sum_weight) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_squares_weight - s.pairs_sum_weight * s.pairs_sum_weight) / s.pairs_weight_quantity))::double precision END END))::numeric)) < 2.5e-324 THEN 0 ELSE ((((CASE WHEN (s.nan_quantity > 0 OR s.plus_infinity_quantity > 0 OR s.minus_infinity_quantity > 0) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_squares_quantity - s.pairs_sum_quantity * s.pairs_sum_quantity) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_squares_quantity - s.pairs_sum_quantity * s.pairs_sum_quantity) / s.pairs_weight_quantity))::double precision END END))::numeric * ((CASE WHEN (s.nan_weight_2 > 0 OR s.plus_infinity_weight_2 > 0 OR s.minus_infinity_weight_2 > 0) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_squares_weight - s.pairs_sum_weight * s.pairs_sum_weight) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_squares_weight - s.pairs_sum_weight * s.pairs_sum_weight) / s.pairs_weight_quantity))::double precision END END))::numeric))::double precision END END) = 0 THEN (CASE WHEN ((s.nan_quantity > 0 OR s.plus_infinity_quantity > 0 OR s.minus_infinity_quantity > 0) OR (s.nan_weight_2 > 0 OR s.plus_infinity_weight_2 > 0 OR s.minus_infinity_weight_2 > 0)) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_products_weight_quantity - s.pairs_sum_quantity * s.pairs_sum_weight) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_products_weight_quantity - s.pairs_sum_quantity * s.pairs_sum_weight) / s.pairs_weight_quantity))::double precision END END) * 'Infinity'::float8 ELSE (CASE WHEN ((s.nan_quantity > 0 OR s.plus_infinity_quantity > 0 OR s.minus_infinity_quantity > 0) OR (s.nan_weight_2 > 0 OR s.plus_infinity_weight_2 > 0 OR s.minus_infinity_weight_2 > 0)) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_products_weight_quantity - s.pairs_sum_quantity * s.pairs_sum_weight) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_products_weight_quantity - s.pairs_sum_quantity * s.pairs_sum_weight) / s.pairs_weight_quantity))::double precision END END) / pg_catalog.sqrt(CASE WHEN (((CASE WHEN (s.nan_quantity > 0 OR s.plus_infinity_quantity > 0 OR s.minus_infinity_quantity > 0) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_squares_quantity - s.pairs_sum_quantity * s.pairs_sum_quantity) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_squares_quantity - s.pairs_sum_quantity * s.pairs_sum_quantity) / s.pairs_weight_quantity))::double precision END END))::numeric * ((CASE WHEN (s.nan_weight_2 > 0 OR s.plus_infinity_weight_2 > 0 OR s.minus_infinity_weight_2 > 0) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_squares_weight - s.pairs_sum_weight * s.pairs_sum_weight) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_squares_weight - s.pairs_sum_weight * s.pairs_sum_weight) / s.pairs_weight_quantity))::double precision END END))::numeric) = 'NaN' THEN 'NaN' WHEN (((CASE WHEN (s.nan_quantity > 0 OR s.plus_infinity_quantity > 0 OR s.minus_infinity_quantity > 0) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_squares_quantity - s.pairs_sum_quantity * s.pairs_sum_quantity) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_squares_quantity - s.pairs_sum_quantity * s.pairs_sum_quantity) / s.pairs_weight_quantity))::double precision END END))::numeric * ((CASE WHEN (s.nan_weight_2 > 0 OR s.plus_infinity_weight_2 > 0 OR s.minus_infinity_weight_2 > 0) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_squares_weight - s.pairs_sum_weight * s.pairs_sum_weight) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_squares_weight - s.pairs_sum_weight * s.pairs_sum_weight) / s.pairs_weight_quantity))::double precision END END))::numeric) > 1.797e308 THEN 'Infinity' ELSE CASE WHEN pg_catalog.abs((((CASE WHEN (s.nan_quantity > 0 OR s.plus_infinity_quantity > 0 OR s.minus_infinity_quantity > 0) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_squares_quantity - s.pairs_sum_quantity * s.pairs_sum_quantity) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_squares_quantity - s.pairs_sum_quantity * s.pairs_sum_quantity) / s.pairs_weight_quantity))::double precision END END))::numeric * ((CASE WHEN (s.nan_weight_2 > 0 OR s.plus_infinity_weight_2 > 0 OR s.minus_infinity_weight_2 > 0) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_squares_weight - s.pairs_sum_weight * s.pairs_sum_weight) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_squares_weight - s.pairs_sum_weight * s.pairs_sum_weight) / s.pairs_weight_quantity))::double precision END END))::numeric)) < 2.5e-324 THEN 0 ELSE ((((CASE WHEN (s.nan_quantity > 0 OR s.plus_infinity_quantity > 0 OR s.minus_infinity_quantity > 0) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_squares_quantity - s.pairs_sum_quantity * s.pairs_sum_quantity) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_squares_quantity - s.pairs_sum_quantity * s.pairs_sum_quantity) / s.pairs_weight_quantity))::double precision END END))::numeric * ((CASE WHEN (s.nan_weight_2 > 0 OR s.plus_infinity_weight_2 > 0 OR s.minus_infinity_weight_2 > 0) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_squares_weight - s.pairs_sum_weight * s.pairs_sum_weight) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_squares_weight - s.pairs_sum_weight * s.pairs_sum_weight) / s.pairs_weight_quantity))::double precision END END))::numeric))::double precision END END) END END)::double precision AS co,
    (CASE WHEN s.pairs_weight_quantity > 0 AND (CASE WHEN (s.nan_quantity > 0 OR s.plus_infinity_quantity > 0 OR s.minus_infinity_quantity > 0) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_squares_quantity - s.pairs_sum_quantity * s.pairs_sum_quantity) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_squares_quantity - s.pairs_sum_quantity * s.pairs_sum_quantity) / s.pairs_weight_quantity))::double precision END END) <> 0 THEN (CASE WHEN ((s.nan_quantity > 0 OR s.plus_infinity_quantity > 0 OR s.minus_infinity_quantity > 0) OR (s.nan_weight_2 > 0 OR s.plus_infinity_weight_2 > 0 OR s.minus_infinity_weight_2 > 0)) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_products_weight_quantity - s.pairs_sum_quantity * s.pairs_sum_weight) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_products_weight_quantity - s.pairs_sum_quantity * s.pairs_sum_weight) / s.pairs_weight_quantity))::double precision END END) / (CASE WHEN (s.nan_quantity > 0 OR s.plus_infinity_quantity > 0 OR s.minus_infinity_quantity > 0) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_squares_quantity - s.pairs_sum_quantity * s.pairs_sum_quantity) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_squares_quantity - s.pairs_sum_quantity * s.pairs_sum_quantity) / s.pairs_weight_quantity))::double precision END END) END)::double precision AS slope,
    s.all_shipped,
    s.every_shipped,
    s.any_shipped,
    (CASE WHEN s.count_weight > 0 THEN CASE WHEN s.nan_weight > 0 THEN 'NaN'::double precision WHEN s.plus_infinity_weight > 0 AND s.minus_infinity_weight > 0 THEN 'NaN'::double precision WHEN s.plus_infinity_weight > 0 THEN 'Infinity'::double precision WHEN s.minus_infinity_weight > 0 THEN '-Infinity'::double precision ELSE CASE WHEN pg_catalog.abs(s.sum_weight) < 2.5e-324 THEN 0 ELSE (s.sum_weight)::double precision END END END)::double precision AS weight,
    (CASE WHEN s.count_took > 0 THEN (s.sum_took / s.count_took)::interval END)::interval AS took,
    s.paid,
    s.price
  FROM imat_store.state_aggregates AS s
  WHERE s.customer_id IS NOT NULL
    AND NOT EXISTS (SELECT FROM changes AS d WHERE d.customer_id OPERATOR(pg_catalog.=) s.customer_id)
  UNION ALL
  -- what is stored and what is pending, added up
  SELECT
    s.customer_id,
    (CASE WHEN s.count_amount < 2 THEN NULL WHEN s.nan_amount > 0 OR s.plus_infinity_amount > 0 OR s.minus_infinity_amount > 0 THEN 'NaN'::numeric WHEN (s.count_amount * pg_catalog.round(s.squares_amount, CASE WHEN (pg_catalog.length(pg_catalog.trunc(s.scales_amount)::text) - 1) / 12 < 10900 THEN 2 * ((pg_catalog.length(pg_catalog.trunc(s.scales_amount)::text) - 1) / 12) ELSE pg_catalog.scale(s.squares_amount) END) - pg_catalog.round(s.sum_amount, CASE WHEN (pg_catalog.length(pg_catalog.trunc(s.scales_amount)::text) - 1) / 12 < 10900 THEN (pg_catalog.length(pg_catalog.trunc(s.scales_amount)::text) - 1) / 12 ELSE pg_catalog.scale(s.sum_amount) END) * pg_catalog.round(s.sum_amount, CASE WHEN (pg_catalog.length(pg_catalog.trunc(s.scales_amount)::text) - 1) / 12 < 10900 THEN (pg_catalog.length(pg_catalog.trunc(s.scales_amount)::text) - 1) / 12 ELSE pg_catalog.scale(s.sum_amount) END)) <= 0 THEN 0 ELSE pg_catalog.round(pg_catalog.sqrt(pg_catalog.round(((s.count_amount * pg_catalog.round(s.squares_amount, CASE WHEN (pg_catalog.length(pg_catalog.trunc(s.scales_amount)::text) - 1) / 12 < 10900 THEN 2 * ((pg_catalog.length(pg_catalog.trunc(s.scales_amount)::text) - 1) / 12) ELSE pg_catalog.scale(s.squares_amount) END) - pg_catalog.round(s.sum_amount, CASE WHEN (pg_catalog.length(pg_catalog.trunc(s.scales_amount)::text) - 1) / 12 < 10900 THEN (pg_catalog.length(pg_catalog.trunc(s.scales_amount)::text) - 1) / 12 ELSE pg_catalog.scale(s.sum_amount) END) * pg_catalog.round(s.sum_amount, CASE WHEN (pg_catalog.length(pg_catalog.trunc(s.scales_amount)::text) - 1) / 12 < 10900 THEN (pg_catalog.length(pg_catalog.trunc(s.scales_amount)::text) - 1) / 12 ELSE pg_catalog.scale(s.sum_amount) END)) / (s.count_amount::numeric * (s.count_amount - 1))), 2 * pg_catalog.scale(((s.count_amount * pg_catalog.round(s.squares_amount, CASE WHEN (pg_catalog.length(pg_catalog.trunc(s.scales_amount)::text) - 1) / 12 < 10900 THEN 2 * ((pg_catalog.length(pg_catalog.trunc(s.scales_amount)::text) - 1) / 12) ELSE pg_catalog.scale(s.squares_amount) END) - pg_catalog.round(s.sum_amount, CASE WHEN (pg_catalog.length(pg_catalog.trunc(s.scales_amount)::text) - 1) / 12 < 10900 THEN (pg_catalog.length(pg_catalog.trunc(s.scales_amount)::text) - 1) / 12 ELSE pg_catalog.scale(s.sum_amount) END) * pg_catalog.round(s.sum_amount, CASE WHEN (pg_catalog.length(pg_catalog.trunc(s.scales_amount)::text) - 1) / 12 < 10900 THEN (pg_catalog.length(pg_catalog.trunc(s.scales_amount)::text) - 1) / 12 ELSE pg_catalog.scale(s.sum_amount) END)) / (s.count_amount::numeric * (s.count_amount - 1)))) + pg_catalog.length(pg_catalog.trunc(((s.count_amount * pg_catalog.round(s.squares_amount, CASE WHEN (pg_catalog.length(pg_catalog.trunc(s.scales_amount)::text) - 1) / 12 < 10900 THEN 2 * ((pg_catalog.length(pg_catalog.trunc(s.scales_amount)::text) - 1) / 12) ELSE pg_catalog.scale(s.squares_amount) END) - pg_catalog.round(s.sum_amount, CASE WHEN (pg_catalog.length(pg_catalog.trunc(s.scales_amount)::text) - 1) / 12 < 10900 THEN (pg_catalog.length(pg_catalog.trunc(s.scales_amount)::text) - 1) / 12 ELSE pg_catalog.scale(s.sum_amount) END) * pg_catalog.round(s.sum_amount, CASE WHEN (pg_catalog.length(pg_catalog.trunc(s.scales_amount)::text) - 1) / 12 < 10900 THEN (pg_catalog.length(pg_catalog.trunc(s.scales_amount)::text) - 1) / 12 ELSE pg_catalog.scale(s.sum_amount) END)) / (s.count_amount::numeric * (s.count_amount - 1))))::text) / 2 + 3)), pg_catalog.scale(((s.count_amount * pg_catalog.round(s.squares_amount, CASE WHEN (pg_catalog.length(pg_catalog.trunc(s.scales_amount)::text) - 1) / 12 < 10900 THEN 2 * ((pg_catalog.length(pg_catalog.trunc(s.scales_amount)::text) - 1) / 12) ELSE pg_catalog.scale(s.squares_amount) END) - pg_catalog.round(s.sum_amount, CASE WHEN (pg_catalog.length(pg_catalog.trunc(s.scales_amount)::text) - 1) / 12 < 10900 THEN (pg_catalog.length(pg_catalog.trunc(s.scales_amount)::text) - 1) / 12 ELSE pg_catalog.scale(s.sum_amount) END) * pg_catalog.round(s.sum_amount, CASE WHEN (pg_catalog.length(pg_catalog.trunc(s.scales_amount)::text) - 1) / 12 < 10900 THEN (pg_catalog.length(pg_catalog.trunc(s.scales_amount)::text) - 1) / 12 ELSE pg_catalog.scale(s.sum_amount) END)) / (s.count_amount::numeric * (s.count_amount - 1))))) END::numeric)::numeric AS sd,
    (CASE WHEN s.count_weight < 1 THEN NULL WHEN s.nan_weight > 0 OR s.plus_infinity_weight > 0 OR s.minus_infinity_weight > 0 THEN 'NaN'::double precision WHEN (s.count_weight * s.squares_weight - s.sum_weight * s.sum_weight) <= 0 THEN 0 ELSE CASE WHEN pg_catalog.abs(((s.count_weight * s.squares_weight - s.sum_weight * s.sum_weight) / (s.count_weight::numeric * s.count_weight))) < 2.5e-324 THEN 0 ELSE (((s.count_weight * s.squares_weight - s.sum_weight * s.sum_weight) / (s.count_weight::numeric * s.count_weight)))::double precision END END::double precision)::double precision AS vp,
    (CASE WHEN s.pairs_weight_quantity > 1 THEN (CASE WHEN ((s.nan_quantity > 0 OR s.plus_infinity_quantity > 0 OR s.minus_infinity_quantity > 0) OR (s.nan_weight_2 > 0 OR s.plus_infinity_weight_2 > 0 OR s.minus_infinity_weight_2 > 0)) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_products_weight_quantity - s.pairs_sum_quantity * s.pairs_sum_weight) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_products_weight_quantity - s.pairs_sum_quantity * s.pairs_sum_weight) / s.pairs_weight_quantity))::double precision END END) / (s.pairs_weight_quantity - 1) END)::double precision AS cs,
    (CASE WHEN s.pairs_weight_quantity > 0 AND (CASE WHEN (s.nan_quantity > 0 OR s.plus_infinity_quantity > 0 OR s.minus_infinity_quantity > 0) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_squares_quantity - s.pairs_sum_quantity * s.pairs_sum_quantity) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_squares_quantity - s.pairs_sum_quantity * s.pairs_sum_quantity) / s.pairs_weight_quantity))::double precision END END) <> 0 AND (CASE WHEN (s.nan_weight_2 > 0 OR s.plus_infinity_weight_2 > 0 OR s.minus_infinity_weight_2 > 0) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_squares_weight - s.pairs_sum_weight * s.pairs_sum_weight) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_squares_weight - s.pairs_sum_weight * s.pairs_sum_weight) / s.pairs_weight_quantity))::double precision END END) <> 0 THEN CASE WHEN pg_catalog.sqrt(CASE WHEN (((CASE WHEN (s.nan_quantity > 0 OR s.plus_infinity_quantity > 0 OR s.minus_infinity_quantity > 0) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_squares_quantity - s.pairs_sum_quantity * s.pairs_sum_quantity) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_squares_quantity - s.pairs_sum_quantity * s.pairs_sum_quantity) / s.pairs_weight_quantity))::double precision END END))::numeric * ((CASE WHEN (s.nan_weight_2 > 0 OR s.plus_infinity_weight_2 > 0 OR s.minus_infinity_weight_2 > 0) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_squares_weight - s.pairs_sum_weight * s.pairs_sum_weight) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_squares_weight - s.pairs_sum_weight * s.pairs_sum_weight) / s.pairs_weight_quantity))::double precision END END))::numeric) = 'NaN' THEN 'NaN' WHEN (((CASE WHEN (s.nan_quantity > 0 OR s.plus_infinity_quantity > 0 OR s.minus_infinity_quantity > 0) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_squares_quantity - s.pairs_sum_quantity * s.pairs_sum_quantity) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_squares_quantity - s.pairs_sum_quantity * s.pairs_sum_quantity) / s.pairs_weight_quantity))::double precision END END))::numeric * ((CASE WHEN (s.nan_weight_2 > 0 OR s.plus_infinity_weight_2 > 0 OR s.minus_infinity_weight_2 > 0) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_squares_weight - s.pairs_sum_weight * s.pairs_sum_weight) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_squares_weight - s.pairs_sum_weight * s.pairs_sum_weight) / s.pairs_weight_quantity))::double precision END END))::numeric) > 1.797e308 THEN 'Infinity' ELSE CASE WHEN pg_catalog.abs((((CASE WHEN (s.nan_quantity > 0 OR s.plus_infinity_quantity > 0 OR s.minus_infinity_quantity > 0) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_squares_quantity - s.pairs_sum_quantity * s.pairs_sum_quantity) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_squares_quantity - s.pairs_sum_quantity * s.pairs_sum_quantity) / s.pairs_weight_quantity))::double precision END END))::numeric * ((CASE WHEN (s.nan_weight_2 > 0 OR s.plus_infinity_weight_2 > 0 OR s.minus_infinity_weight_2 > 0) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_squares_weight - s.pairs_sum_weight * s.pairs_sum_weight) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_squares_weight - s.pairs_sum_weight * s.pairs_sum_weight) / s.pairs_weight_quantity))::double precision END END))::numeric)) < 2.5e-324 THEN 0 ELSE ((((CASE WHEN (s.nan_quantity > 0 OR s.plus_infinity_quantity > 0 OR s.minus_infinity_quantity > 0) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_squares_quantity - s.pairs_sum_quantity * s.pairs_sum_quantity) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_squares_quantity - s.pairs_sum_quantity * s.pairs_sum_quantity) / s.pairs_weight_quantity))::double precision END END))::numeric * ((CASE WHEN (s.nan_weight_2 > 0 OR s.plus_infinity_weight_2 > 0 OR s.minus_infinity_weight_2 > 0) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_squares_weight - s.pairs_sum_weight * s.pairs_sum_weight) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_squares_weight - s.pairs_sum_weight * s.pairs_sum_weight) / s.pairs_weight_quantity))::double precision END END))::numeric))::double precision END END) = 0 THEN (CASE WHEN ((s.nan_quantity > 0 OR s.plus_infinity_quantity > 0 OR s.minus_infinity_quantity > 0) OR (s.nan_weight_2 > 0 OR s.plus_infinity_weight_2 > 0 OR s.minus_infinity_weight_2 > 0)) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_products_weight_quantity - s.pairs_sum_quantity * s.pairs_sum_weight) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_products_weight_quantity - s.pairs_sum_quantity * s.pairs_sum_weight) / s.pairs_weight_quantity))::double precision END END) * 'Infinity'::float8 ELSE (CASE WHEN ((s.nan_quantity > 0 OR s.plus_infinity_quantity > 0 OR s.minus_infinity_quantity > 0) OR (s.nan_weight_2 > 0 OR s.plus_infinity_weight_2 > 0 OR s.minus_infinity_weight_2 > 0)) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_products_weight_quantity - s.pairs_sum_quantity * s.pairs_sum_weight) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_products_weight_quantity - s.pairs_sum_quantity * s.pairs_sum_weight) / s.pairs_weight_quantity))::double precision END END) / pg_catalog.sqrt(CASE WHEN (((CASE WHEN (s.nan_quantity > 0 OR s.plus_infinity_quantity > 0 OR s.minus_infinity_quantity > 0) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_squares_quantity - s.pairs_sum_quantity * s.pairs_sum_quantity) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_squares_quantity - s.pairs_sum_quantity * s.pairs_sum_quantity) / s.pairs_weight_quantity))::double precision END END))::numeric * ((CASE WHEN (s.nan_weight_2 > 0 OR s.plus_infinity_weight_2 > 0 OR s.minus_infinity_weight_2 > 0) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_squares_weight - s.pairs_sum_weight * s.pairs_sum_weight) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_squares_weight - s.pairs_sum_weight * s.pairs_sum_weight) / s.pairs_weight_quantity))::double precision END END))::numeric) = 'NaN' THEN 'NaN' WHEN (((CASE WHEN (s.nan_quantity > 0 OR s.plus_infinity_quantity > 0 OR s.minus_infinity_quantity > 0) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_squares_quantity - s.pairs_sum_quantity * s.pairs_sum_quantity) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_squares_quantity - s.pairs_sum_quantity * s.pairs_sum_quantity) / s.pairs_weight_quantity))::double precision END END))::numeric * ((CASE WHEN (s.nan_weight_2 > 0 OR s.plus_infinity_weight_2 > 0 OR s.minus_infinity_weight_2 > 0) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_squares_weight - s.pairs_sum_weight * s.pairs_sum_weight) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_squares_weight - s.pairs_sum_weight * s.pairs_sum_weight) / s.pairs_weight_quantity))::double precision END END))::numeric) > 1.797e308 THEN 'Infinity' ELSE CASE WHEN pg_catalog.abs((((CASE WHEN (s.nan_quantity > 0 OR s.plus_infinity_quantity > 0 OR s.minus_infinity_quantity > 0) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_squares_quantity - s.pairs_sum_quantity * s.pairs_sum_quantity) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_squares_quantity - s.pairs_sum_quantity * s.pairs_sum_quantity) / s.pairs_weight_quantity))::double precision END END))::numeric * ((CASE WHEN (s.nan_weight_2 > 0 OR s.plus_infinity_weight_2 > 0 OR s.minus_infinity_weight_2 > 0) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_squares_weight - s.pairs_sum_weight * s.pairs_sum_weight) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_squares_weight - s.pairs_sum_weight * s.pairs_sum_weight) / s.pairs_weight_quantity))::double precision END END))::numeric)) < 2.5e-324 THEN 0 ELSE ((((CASE WHEN (s.nan_quantity > 0 OR s.plus_infinity_quantity > 0 OR s.minus_infinity_quantity > 0) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_squares_quantity - s.pairs_sum_quantity * s.pairs_sum_quantity) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_squares_quantity - s.pairs_sum_quantity * s.pairs_sum_quantity) / s.pairs_weight_quantity))::double precision END END))::numeric * ((CASE WHEN (s.nan_weight_2 > 0 OR s.plus_infinity_weight_2 > 0 OR s.minus_infinity_weight_2 > 0) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_squares_weight - s.pairs_sum_weight * s.pairs_sum_weight) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_squares_weight - s.pairs_sum_weight * s.pairs_sum_weight) / s.pairs_weight_quantity))::double precision END END))::numeric))::double precision END END) END END)::double precision AS co,
    (CASE WHEN s.pairs_weight_quantity > 0 AND (CASE WHEN (s.nan_quantity > 0 OR s.plus_infinity_quantity > 0 OR s.minus_infinity_quantity > 0) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_squares_quantity - s.pairs_sum_quantity * s.pairs_sum_quantity) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_squares_quantity - s.pairs_sum_quantity * s.pairs_sum_quantity) / s.pairs_weight_quantity))::double precision END END) <> 0 THEN (CASE WHEN ((s.nan_quantity > 0 OR s.plus_infinity_quantity > 0 OR s.minus_infinity_quantity > 0) OR (s.nan_weight_2 > 0 OR s.plus_infinity_weight_2 > 0 OR s.minus_infinity_weight_2 > 0)) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_products_weight_quantity - s.pairs_sum_quantity * s.pairs_sum_weight) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_products_weight_quantity - s.pairs_sum_quantity * s.pairs_sum_weight) / s.pairs_weight_quantity))::double precision END END) / (CASE WHEN (s.nan_quantity > 0 OR s.plus_infinity_quantity > 0 OR s.minus_infinity_quantity > 0) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_squares_quantity - s.pairs_sum_quantity * s.pairs_sum_quantity) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_squares_quantity - s.pairs_sum_quantity * s.pairs_sum_quantity) / s.pairs_weight_quantity))::double precision END END) END)::double precision AS slope,
    (CASE WHEN s.true_shipped + s.false_shipped > 0 THEN s.false_shipped = 0 END)::boolean AS all_shipped,
    (CASE WHEN s.true_shipped + s.false_shipped > 0 THEN s.false_shipped = 0 END)::boolean AS every_shipped,
    (CASE WHEN s.true_shipped_if_amount + s.false_shipped_if_amount > 0 THEN s.true_shipped_if_amount > 0 END)::boolean AS any_shipped,
    (CASE WHEN s.count_weight > 0 THEN CASE WHEN s.nan_weight > 0 THEN 'NaN'::double precision WHEN s.plus_infinity_weight > 0 AND s.minus_infinity_weight > 0 THEN 'NaN'::double precision WHEN s.plus_infinity_weight > 0 THEN 'Infinity'::double precision WHEN s.minus_infinity_weight > 0 THEN '-Infinity'::double precision ELSE CASE WHEN pg_catalog.abs(s.sum_weight) < 2.5e-324 THEN 0 ELSE (s.sum_weight)::double precision END END END)::double precision AS weight,
    (CASE WHEN s.count_took > 0 THEN (s.sum_took / s.count_took)::interval END)::interval AS took,
    (CASE WHEN s.count_paid > 0 THEN (s.sum_paid)::money END)::money AS paid,
    (CASE WHEN s.count_price > 0 THEN CASE WHEN s.nan_price > 0 THEN 'NaN'::numeric ELSE ((s.sum_price)::numeric / s.count_price)::numeric END END)::numeric AS price
  FROM (
    SELECT
      u.customer_id,
      COALESCE(pg_catalog.sum(u.rows), 0)::bigint AS rows,
      COALESCE(pg_catalog.sum(u.count_amount), 0)::bigint AS count_amount,
      COALESCE(pg_catalog.sum(u.nan_amount), 0)::bigint AS nan_amount,
      COALESCE(pg_catalog.sum(u.plus_infinity_amount), 0)::bigint AS plus_infinity_amount,
      COALESCE(pg_catalog.sum(u.minus_infinity_amount), 0)::bigint AS minus_infinity_amount,
      COALESCE(pg_catalog.sum(u.sum_amount), 0)::numeric AS sum_amount,
      COALESCE(pg_catalog.sum(u.squares_amount), 0)::numeric AS squares_amount,
      COALESCE(pg_catalog.sum(u.scales_amount), 0)::numeric AS scales_amount,
      COALESCE(pg_catalog.sum(u.count_weight), 0)::bigint AS count_weight,
      COALESCE(pg_catalog.sum(u.nan_weight), 0)::bigint AS nan_weight,
      COALESCE(pg_catalog.sum(u.plus_infinity_weight), 0)::bigint AS plus_infinity_weight,
      COALESCE(pg_catalog.sum(u.minus_infinity_weight), 0)::bigint AS minus_infinity_weight,
      COALESCE(pg_catalog.sum(u.sum_weight), 0)::numeric AS sum_weight,
      COALESCE(pg_catalog.sum(u.squares_weight), 0)::numeric AS squares_weight,
      COALESCE(pg_catalog.sum(u.pairs_weight_quantity), 0)::bigint AS pairs_weight_quantity,
      COALESCE(pg_catalog.sum(u.nan_quantity), 0)::bigint AS nan_quantity,
      COALESCE(pg_catalog.sum(u.plus_infinity_quantity), 0)::bigint AS plus_infinity_quantity,
      COALESCE(pg_catalog.sum(u.minus_infinity_quantity), 0)::bigint AS minus_infinity_quantity,
      COALESCE(pg_catalog.sum(u.nan_weight_2), 0)::bigint AS nan_weight_2,
      COALESCE(pg_catalog.sum(u.plus_infinity_weight_2), 0)::bigint AS plus_infinity_weight_2,
      COALESCE(pg_catalog.sum(u.minus_infinity_weight_2), 0)::bigint AS minus_infinity_weight_2,
      COALESCE(pg_catalog.sum(u.pairs_sum_quantity), 0)::numeric AS pairs_sum_quantity,
      COALESCE(pg_catalog.sum(u.pairs_sum_weight), 0)::numeric AS pairs_sum_weight,
      COALESCE(pg_catalog.sum(u.pairs_squares_quantity), 0)::numeric AS pairs_squares_quantity,
      COALESCE(pg_catalog.sum(u.pairs_squares_weight), 0)::numeric AS pairs_squares_weight,
      COALESCE(pg_catalog.sum(u.pairs_products_weight_quantity), 0)::numeric AS pairs_products_weight_quantity,
      COALESCE(pg_catalog.sum(u.true_shipped), 0)::bigint AS true_shipped,
      COALESCE(pg_catalog.sum(u.false_shipped), 0)::bigint AS false_shipped,
      COALESCE(pg_catalog.sum(u.true_shipped_if_amount), 0)::bigint AS true_shipped_if_amount,
      COALESCE(pg_catalog.sum(u.false_shipped_if_amount), 0)::bigint AS false_shipped_if_amount,
      COALESCE(pg_catalog.sum(u.count_took), 0)::bigint AS count_took,
      COALESCE(pg_catalog.sum(u.sum_took), '0'::interval)::interval AS sum_took,
      COALESCE(pg_catalog.sum(u.count_paid), 0)::bigint AS count_paid,
      COALESCE(pg_catalog.sum(u.sum_paid), '0'::money)::money AS sum_paid,
      COALESCE(pg_catalog.sum(u.count_price), 0)::bigint AS count_price,
      COALESCE(pg_catalog.sum(u.nan_price), 0)::bigint AS nan_price,
      COALESCE(pg_catalog.sum(u.sum_price), 0)::numeric AS sum_price
    FROM (
      SELECT customer_id, rows, count_amount, nan_amount, plus_infinity_amount, minus_infinity_amount, sum_amount, squares_amount, scales_amount, count_weight, nan_weight, plus_infinity_weight, minus_infinity_weight, sum_weight, squares_weight, pairs_weight_quantity, nan_quantity, plus_infinity_quantity, minus_infinity_quantity, nan_weight_2, plus_infinity_weight_2, minus_infinity_weight_2, pairs_sum_quantity, pairs_sum_weight, pairs_squares_quantity, pairs_squares_weight, pairs_products_weight_quantity, true_shipped, false_shipped, true_shipped_if_amount, false_shipped_if_amount, count_took, sum_took, count_paid, sum_paid, count_price, nan_price, sum_price FROM imat_store.state_aggregates AS s WHERE EXISTS (SELECT FROM changes AS d WHERE d.customer_id OPERATOR(pg_catalog.=) s.customer_id)
      UNION ALL
      SELECT customer_id, rows, count_amount, nan_amount, plus_infinity_amount, minus_infinity_amount, sum_amount, squares_amount, scales_amount, count_weight, nan_weight, plus_infinity_weight, minus_infinity_weight, sum_weight, squares_weight, pairs_weight_quantity, nan_quantity, plus_infinity_quantity, minus_infinity_quantity, nan_weight_2, plus_infinity_weight_2, minus_infinity_weight_2, pairs_sum_quantity, pairs_sum_weight, pairs_squares_quantity, pairs_squares_weight, pairs_products_weight_quantity, true_shipped, false_shipped, true_shipped_if_amount, false_shipped_if_amount, count_took, sum_took, count_paid, sum_paid, count_price, nan_price, sum_price FROM imat_store.state_aggregates AS s WHERE customer_id IS NULL
      UNION ALL
      SELECT customer_id, rows, count_amount, nan_amount, plus_infinity_amount, minus_infinity_amount, sum_amount, squares_amount, scales_amount, count_weight, nan_weight, plus_infinity_weight, minus_infinity_weight, sum_weight, squares_weight, pairs_weight_quantity, nan_quantity, plus_infinity_quantity, minus_infinity_quantity, nan_weight_2, plus_infinity_weight_2, minus_infinity_weight_2, pairs_sum_quantity, pairs_sum_weight, pairs_squares_quantity, pairs_squares_weight, pairs_products_weight_quantity, true_shipped, false_shipped, true_shipped_if_amount, false_shipped_if_amount, count_took, sum_took, count_paid, sum_paid, count_price, nan_price, sum_price FROM changes
    ) AS u
    GROUP BY u.customer_id
  HAVING pg_catalog.sum(u.rows) <> 0
  ) AS s
) AS s;

-- fold: adds what is pending to the state
CREATE OR REPLACE FUNCTION imat_store.fold_aggregates(anew boolean DEFAULT false) RETURNS bigint
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET row_security = off
SET jit = off
SET random_page_cost = 1.1
SET standard_conforming_strings = on
AS $imat_$
#variable_conflict use_column
DECLARE
  -- Reads what is pending from the view that it is formatted with.
  upsert CONSTANT text := $imat$
    WITH changes AS (
      TABLE %s
    ), delta AS (
      SELECT
        u.customer_id,
        COALESCE(pg_catalog.sum(u.rows), 0)::bigint AS rows,
        COALESCE(pg_catalog.sum(u.count_amount), 0)::bigint AS count_amount,
        COALESCE(pg_catalog.sum(u.nan_amount), 0)::bigint AS nan_amount,
        COALESCE(pg_catalog.sum(u.plus_infinity_amount), 0)::bigint AS plus_infinity_amount,
        COALESCE(pg_catalog.sum(u.minus_infinity_amount), 0)::bigint AS minus_infinity_amount,
        COALESCE(pg_catalog.sum(u.sum_amount), 0)::numeric AS sum_amount,
        COALESCE(pg_catalog.sum(u.squares_amount), 0)::numeric AS squares_amount,
        COALESCE(pg_catalog.sum(u.scales_amount), 0)::numeric AS scales_amount,
        COALESCE(pg_catalog.sum(u.count_weight), 0)::bigint AS count_weight,
        COALESCE(pg_catalog.sum(u.nan_weight), 0)::bigint AS nan_weight,
        COALESCE(pg_catalog.sum(u.plus_infinity_weight), 0)::bigint AS plus_infinity_weight,
        COALESCE(pg_catalog.sum(u.minus_infinity_weight), 0)::bigint AS minus_infinity_weight,
        COALESCE(pg_catalog.sum(u.sum_weight), 0)::numeric AS sum_weight,
        COALESCE(pg_catalog.sum(u.squares_weight), 0)::numeric AS squares_weight,
        COALESCE(pg_catalog.sum(u.pairs_weight_quantity), 0)::bigint AS pairs_weight_quantity,
        COALESCE(pg_catalog.sum(u.nan_quantity), 0)::bigint AS nan_quantity,
        COALESCE(pg_catalog.sum(u.plus_infinity_quantity), 0)::bigint AS plus_infinity_quantity,
        COALESCE(pg_catalog.sum(u.minus_infinity_quantity), 0)::bigint AS minus_infinity_quantity,
        COALESCE(pg_catalog.sum(u.nan_weight_2), 0)::bigint AS nan_weight_2,
        COALESCE(pg_catalog.sum(u.plus_infinity_weight_2), 0)::bigint AS plus_infinity_weight_2,
        COALESCE(pg_catalog.sum(u.minus_infinity_weight_2), 0)::bigint AS minus_infinity_weight_2,
        COALESCE(pg_catalog.sum(u.pairs_sum_quantity), 0)::numeric AS pairs_sum_quantity,
        COALESCE(pg_catalog.sum(u.pairs_sum_weight), 0)::numeric AS pairs_sum_weight,
        COALESCE(pg_catalog.sum(u.pairs_squares_quantity), 0)::numeric AS pairs_squares_quantity,
        COALESCE(pg_catalog.sum(u.pairs_squares_weight), 0)::numeric AS pairs_squares_weight,
        COALESCE(pg_catalog.sum(u.pairs_products_weight_quantity), 0)::numeric AS pairs_products_weight_quantity,
        COALESCE(pg_catalog.sum(u.true_shipped), 0)::bigint AS true_shipped,
        COALESCE(pg_catalog.sum(u.false_shipped), 0)::bigint AS false_shipped,
        COALESCE(pg_catalog.sum(u.true_shipped_if_amount), 0)::bigint AS true_shipped_if_amount,
        COALESCE(pg_catalog.sum(u.false_shipped_if_amount), 0)::bigint AS false_shipped_if_amount,
        COALESCE(pg_catalog.sum(u.count_took), 0)::bigint AS count_took,
        COALESCE(pg_catalog.sum(u.sum_took), '0'::interval)::interval AS sum_took,
        COALESCE(pg_catalog.sum(u.count_paid), 0)::bigint AS count_paid,
        COALESCE(pg_catalog.sum(u.sum_paid), '0'::money)::money AS sum_paid,
        COALESCE(pg_catalog.sum(u.count_price), 0)::bigint AS count_price,
        COALESCE(pg_catalog.sum(u.nan_price), 0)::bigint AS nan_price,
        COALESCE(pg_catalog.sum(u.sum_price), 0)::numeric AS sum_price
      FROM (
        SELECT customer_id, rows, count_amount, nan_amount, plus_infinity_amount, minus_infinity_amount, sum_amount, squares_amount, scales_amount, count_weight, nan_weight, plus_infinity_weight, minus_infinity_weight, sum_weight, squares_weight, pairs_weight_quantity, nan_quantity, plus_infinity_quantity, minus_infinity_quantity, nan_weight_2, plus_infinity_weight_2, minus_infinity_weight_2, pairs_sum_quantity, pairs_sum_weight, pairs_squares_quantity, pairs_squares_weight, pairs_products_weight_quantity, true_shipped, false_shipped, true_shipped_if_amount, false_shipped_if_amount, count_took, sum_took, count_paid, sum_paid, count_price, nan_price, sum_price FROM changes
      ) AS u
      GROUP BY u.customer_id
    ), merged AS (
      INSERT INTO imat_store.state_aggregates AS s (customer_id, rows, count_amount, nan_amount, plus_infinity_amount, minus_infinity_amount, sum_amount, squares_amount, scales_amount, count_weight, nan_weight, plus_infinity_weight, minus_infinity_weight, sum_weight, squares_weight, pairs_weight_quantity, nan_quantity, plus_infinity_quantity, minus_infinity_quantity, nan_weight_2, plus_infinity_weight_2, minus_infinity_weight_2, pairs_sum_quantity, pairs_sum_weight, pairs_squares_quantity, pairs_squares_weight, pairs_products_weight_quantity, true_shipped, false_shipped, true_shipped_if_amount, false_shipped_if_amount, count_took, sum_took, count_paid, sum_paid, count_price, nan_price, sum_price)
      SELECT customer_id, rows, count_amount, nan_amount, plus_infinity_amount, minus_infinity_amount, sum_amount, squares_amount, scales_amount, count_weight, nan_weight, plus_infinity_weight, minus_infinity_weight, sum_weight, squares_weight, pairs_weight_quantity, nan_quantity, plus_infinity_quantity, minus_infinity_quantity, nan_weight_2, plus_infinity_weight_2, minus_infinity_weight_2, pairs_sum_quantity, pairs_sum_weight, pairs_squares_quantity, pairs_squares_weight, pairs_products_weight_quantity, true_shipped, false_shipped, true_shipped_if_amount, false_shipped_if_amount, count_took, sum_took, count_paid, sum_paid, count_price, nan_price, sum_price
      FROM delta AS d
      WHERE d.rows <> 0 OR d.count_amount <> 0 OR d.nan_amount <> 0 OR d.plus_infinity_amount <> 0 OR d.minus_infinity_amount <> 0 OR d.sum_amount <> 0 OR d.squares_amount <> 0 OR d.scales_amount <> 0 OR d.count_weight <> 0 OR d.nan_weight <> 0 OR d.plus_infinity_weight <> 0 OR d.minus_infinity_weight <> 0 OR d.sum_weight <> 0 OR d.squares_weight <> 0 OR d.pairs_weight_quantity <> 0 OR d.nan_quantity <> 0 OR d.plus_infinity_quantity <> 0 OR d.minus_infinity_quantity <> 0 OR d.nan_weight_2 <> 0 OR d.plus_infinity_weight_2 <> 0 OR d.minus_infinity_weight_2 <> 0 OR d.pairs_sum_quantity <> 0 OR d.pairs_sum_weight <> 0 OR d.pairs_squares_quantity <> 0 OR d.pairs_squares_weight <> 0 OR d.pairs_products_weight_quantity <> 0 OR d.true_shipped <> 0 OR d.false_shipped <> 0 OR d.true_shipped_if_amount <> 0 OR d.false_shipped_if_amount <> 0 OR d.count_took <> 0 OR pg_catalog.interval_send(d.sum_took) <> pg_catalog.interval_send('0'::interval) OR d.count_paid <> 0 OR d.sum_paid <> '0'::money OR d.count_price <> 0 OR d.nan_price <> 0 OR d.sum_price <> 0
      ON CONFLICT (customer_id) DO UPDATE SET
        rows = s.rows + EXCLUDED.rows,
        count_amount = s.count_amount + EXCLUDED.count_amount,
        nan_amount = s.nan_amount + EXCLUDED.nan_amount,
        plus_infinity_amount = s.plus_infinity_amount + EXCLUDED.plus_infinity_amount,
        minus_infinity_amount = s.minus_infinity_amount + EXCLUDED.minus_infinity_amount,
        sum_amount = s.sum_amount + EXCLUDED.sum_amount,
        squares_amount = s.squares_amount + EXCLUDED.squares_amount,
        scales_amount = s.scales_amount + EXCLUDED.scales_amount,
        count_weight = s.count_weight + EXCLUDED.count_weight,
        nan_weight = s.nan_weight + EXCLUDED.nan_weight,
        plus_infinity_weight = s.plus_infinity_weight + EXCLUDED.plus_infinity_weight,
        minus_infinity_weight = s.minus_infinity_weight + EXCLUDED.minus_infinity_weight,
        sum_weight = s.sum_weight + EXCLUDED.sum_weight,
        squares_weight = s.squares_weight + EXCLUDED.squares_weight,
        pairs_weight_quantity = s.pairs_weight_quantity + EXCLUDED.pairs_weight_quantity,
        nan_quantity = s.nan_quantity + EXCLUDED.nan_quantity,
        plus_infinity_quantity = s.plus_infinity_quantity + EXCLUDED.plus_infinity_quantity,
        minus_infinity_quantity = s.minus_infinity_quantity + EXCLUDED.minus_infinity_quantity,
        nan_weight_2 = s.nan_weight_2 + EXCLUDED.nan_weight_2,
        plus_infinity_weight_2 = s.plus_infinity_weight_2 + EXCLUDED.plus_infinity_weight_2,
        minus_infinity_weight_2 = s.minus_infinity_weight_2 + EXCLUDED.minus_infinity_weight_2,
        pairs_sum_quantity = s.pairs_sum_quantity + EXCLUDED.pairs_sum_quantity,
        pairs_sum_weight = s.pairs_sum_weight + EXCLUDED.pairs_sum_weight,
        pairs_squares_quantity = s.pairs_squares_quantity + EXCLUDED.pairs_squares_quantity,
        pairs_squares_weight = s.pairs_squares_weight + EXCLUDED.pairs_squares_weight,
        pairs_products_weight_quantity = s.pairs_products_weight_quantity + EXCLUDED.pairs_products_weight_quantity,
        true_shipped = s.true_shipped + EXCLUDED.true_shipped,
        false_shipped = s.false_shipped + EXCLUDED.false_shipped,
        true_shipped_if_amount = s.true_shipped_if_amount + EXCLUDED.true_shipped_if_amount,
        false_shipped_if_amount = s.false_shipped_if_amount + EXCLUDED.false_shipped_if_amount,
        count_took = s.count_took + EXCLUDED.count_took,
        sum_took = s.sum_took + EXCLUDED.sum_took,
        count_paid = s.count_paid + EXCLUDED.count_paid,
        sum_paid = s.sum_paid + EXCLUDED.sum_paid,
        count_price = s.count_price + EXCLUDED.count_price,
        nan_price = s.nan_price + EXCLUDED.nan_price,
        sum_price = s.sum_price + EXCLUDED.sum_price
      RETURNING s.ctid, s.rows
    )
    SELECT
      pg_catalog.count(*),
      pg_catalog.array_agg(m.ctid) FILTER (WHERE m.rows = 0),
      pg_catalog.bool_or(m.rows < 0)
    FROM merged AS m
  $imat$;
  changed bigint;
  emptied tid[];
  negative boolean;
BEGIN
  IF anew OR imat_catalog.has_reset(imat => 1) OR (
    SELECT imat_catalog.is_outgrown(1, f.snapshot, 5)
    FROM imat_catalog.frontier AS f
    WHERE f.imat_id = 1
  ) THEN
    DELETE FROM imat_store.state_aggregates;
    INSERT INTO imat_store.state_aggregates (customer_id, rows, count_amount, nan_amount, plus_infinity_amount, minus_infinity_amount, sum_amount, squares_amount, scales_amount, count_weight, nan_weight, plus_infinity_weight, minus_infinity_weight, sum_weight, squares_weight, pairs_weight_quantity, nan_quantity, plus_infinity_quantity, minus_infinity_quantity, nan_weight_2, plus_infinity_weight_2, minus_infinity_weight_2, pairs_sum_quantity, pairs_sum_weight, pairs_squares_quantity, pairs_squares_weight, pairs_products_weight_quantity, true_shipped, false_shipped, true_shipped_if_amount, false_shipped_if_amount, count_took, sum_took, count_paid, sum_paid, count_price, nan_price, sum_price)
    SELECT customer_id, rows, count_amount, nan_amount, plus_infinity_amount, minus_infinity_amount, sum_amount, squares_amount, scales_amount, count_weight, nan_weight, plus_infinity_weight, minus_infinity_weight, sum_weight, squares_weight, pairs_weight_quantity, nan_quantity, plus_infinity_quantity, minus_infinity_quantity, nan_weight_2, plus_infinity_weight_2, minus_infinity_weight_2, pairs_sum_quantity, pairs_sum_weight, pairs_squares_quantity, pairs_squares_weight, pairs_products_weight_quantity, true_shipped, false_shipped, true_shipped_if_amount, false_shipped_if_amount, count_took, sum_took, count_paid, sum_paid, count_price, nan_price, sum_price FROM imat_store.computed_aggregates((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1));
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
  END IF;
  BEGIN
    EXECUTE pg_catalog.format(upsert, 'imat_store.delta_aggregates')
    INTO changed, emptied, negative;
  EXCEPTION
    WHEN program_limit_exceeded THEN
      RAISE EXCEPTION USING
        ERRCODE = 'program_limit_exceeded',
        MESSAGE = 'a group key is too long to be stored',
        DETAIL = SQLERRM,
        HINT = 'Keys are limited to about 2700 bytes. Reads are still correct. Run imat repair, which then chooses the strategy swap.';
  END;
  IF negative THEN
    RAISE EXCEPTION USING
      ERRCODE = 'data_corrupted',
      MESSAGE = 'a row of imat_store.state_aggregates would have a negative count',
      DETAIL = 'A change of a source was not captured, for example because a trigger of imat was disabled.',
      HINT = 'Run imat repair.';
  END IF;
  DELETE FROM imat_store.state_aggregates WHERE ctid = ANY (emptied);
  RETURN changed;
END$imat_$;

-- only imat.fold calls it
REVOKE ALL ON FUNCTION imat_store.fold_aggregates(boolean) FROM PUBLIC;

-- what readers use
CREATE VIEW imat.aggregates AS
SELECT
  s.customer_id AS customer_id,
  s.sd AS sd,
  s.vp AS vp,
  s.cs AS cs,
  s.co AS co,
  s.slope AS slope,
  s.all_shipped AS all_shipped,
  s.every_shipped AS every_shipped,
  s.any_shipped AS any_shipped,
  s.weight AS weight,
  s.took AS took,
  s.paid AS paid,
  s.price AS price
FROM (
  -- what is stored
  SELECT
    s.customer_id,
    s.sd,
    (CASE WHEN s.count_weight < 1 THEN NULL WHEN s.nan_weight > 0 OR s.plus_infinity_weight > 0 OR s.minus_infinity_weight > 0 THEN 'NaN'::double precision WHEN (s.count_weight * s.squares_weight - s.sum_weight * s.sum_weight) <= 0 THEN 0 ELSE CASE WHEN pg_catalog.abs(((s.count_weight * s.squares_weight - s.sum_weight * s.sum_weight) / (s.count_weight::numeric * s.count_weight))) < 2.5e-324 THEN 0 ELSE (((s.count_weight * s.squares_weight - s.sum_weight * s.sum_weight) / (s.count_weight::numeric * s.count_weight)))::double precision END END::double precision)::double precision AS vp,
    (CASE WHEN s.pairs_weight_quantity > 1 THEN (CASE WHEN ((s.nan_quantity > 0 OR s.plus_infinity_quantity > 0 OR s.minus_infinity_quantity > 0) OR (s.nan_weight_2 > 0 OR s.plus_infinity_weight_2 > 0 OR s.minus_infinity_weight_2 > 0)) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_products_weight_quantity - s.pairs_sum_quantity * s.pairs_sum_weight) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_products_weight_quantity - s.pairs_sum_quantity * s.pairs_sum_weight) / s.pairs_weight_quantity))::double precision END END) / (s.pairs_weight_quantity - 1) END)::double precision AS cs,
    (CASE WHEN s.pairs_weight_quantity > 0 AND (CASE WHEN (s.nan_quantity > 0 OR s.plus_infinity_quantity > 0 OR s.minus_infinity_quantity > 0) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_squares_quantity - s.pairs_sum_quantity * s.pairs_sum_quantity) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_squares_quantity - s.pairs_sum_quantity * s.pairs_sum_quantity) / s.pairs_weight_quantity))::double precision END END) <> 0 AND (CASE WHEN (s.nan_weight_2 > 0 OR s.plus_infinity_weight_2 > 0 OR s.minus_infinity_weight_2 > 0) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_squares_weight - s.pairs_sum_weight * s.pairs_sum_weight) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_squares_weight - s.pairs_sum_weight * s.pairs_sum_weight) / s.pairs_weight_quantity))::double precision END END) <> 0 THEN CASE WHEN pg_catalog.sqrt(CASE WHEN (((CASE WHEN (s.nan_quantity > 0 OR s.plus_infinity_quantity > 0 OR s.minus_infinity_quantity > 0) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_squares_quantity - s.pairs_sum_quantity * s.pairs_sum_quantity) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_squares_quantity - s.pairs_sum_quantity * s.pairs_sum_quantity) / s.pairs_weight_quantity))::double precision END END))::numeric * ((CASE WHEN (s.nan_weight_2 > 0 OR s.plus_infinity_weight_2 > 0 OR s.minus_infinity_weight_2 > 0) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_squares_weight - s.pairs_sum_weight * s.pairs_sum_weight) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_squares_weight - s.pairs_sum_weight * s.pairs_sum_weight) / s.pairs_weight_quantity))::double precision END END))::numeric) = 'NaN' THEN 'NaN' WHEN (((CASE WHEN (s.nan_quantity > 0 OR s.plus_infinity_quantity > 0 OR s.minus_infinity_quantity > 0) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_squares_quantity - s.pairs_sum_quantity * s.pairs_sum_quantity) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_squares_quantity - s.pairs_sum_quantity * s.pairs_sum_quantity) / s.pairs_weight_quantity))::double precision END END))::numeric * ((CASE WHEN (s.nan_weight_2 > 0 OR s.plus_infinity_weight_2 > 0 OR s.minus_infinity_weight_2 > 0) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_squares_weight - s.pairs_sum_weight * s.pairs_sum_weight) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_squares_weight - s.pairs_sum_weight * s.pairs_sum_weight) / s.pairs_weight_quantity))::double precision END END))::numeric) > 1.797e308 THEN 'Infinity' ELSE CASE WHEN pg_catalog.abs((((CASE WHEN (s.nan_quantity > 0 OR s.plus_infinity_quantity > 0 OR s.minus_infinity_quantity > 0) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_squares_quantity - s.pairs_sum_quantity * s.pairs_sum_quantity) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_squares_quantity - s.pairs_sum_quantity * s.pairs_sum_quantity) / s.pairs_weight_quantity))::double precision END END))::numeric * ((CASE WHEN (s.nan_weight_2 > 0 OR s.plus_infinity_weight_2 > 0 OR s.minus_infinity_weight_2 > 0) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_squares_weight - s.pairs_sum_weight * s.pairs_sum_weight) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_squares_weight - s.pairs_sum_weight * s.pairs_sum_weight) / s.pairs_weight_quantity))::double precision END END))::numeric)) < 2.5e-324 THEN 0 ELSE ((((CASE WHEN (s.nan_quantity > 0 OR s.plus_infinity_quantity > 0 OR s.minus_infinity_quantity > 0) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_squares_quantity - s.pairs_sum_quantity * s.pairs_sum_quantity) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_squares_quantity - s.pairs_sum_quantity * s.pairs_sum_quantity) / s.pairs_weight_quantity))::double precision END END))::numeric * ((CASE WHEN (s.nan_weight_2 > 0 OR s.plus_infinity_weight_2 > 0 OR s.minus_infinity_weight_2 > 0) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_squares_weight - s.pairs_sum_weight * s.pairs_sum_weight) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_squares_weight - s.pairs_sum_weight * s.pairs_sum_weight) / s.pairs_weight_quantity))::double precision END END))::numeric))::double precision END END) = 0 THEN (CASE WHEN ((s.nan_quantity > 0 OR s.plus_infinity_quantity > 0 OR s.minus_infinity_quantity > 0) OR (s.nan_weight_2 > 0 OR s.plus_infinity_weight_2 > 0 OR s.minus_infinity_weight_2 > 0)) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_products_weight_quantity - s.pairs_sum_quantity * s.pairs_sum_weight) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_products_weight_quantity - s.pairs_sum_quantity * s.pairs_sum_weight) / s.pairs_weight_quantity))::double precision END END) * 'Infinity'::float8 ELSE (CASE WHEN ((s.nan_quantity > 0 OR s.plus_infinity_quantity > 0 OR s.minus_infinity_quantity > 0) OR (s.nan_weight_2 > 0 OR s.plus_infinity_weight_2 > 0 OR s.minus_infinity_weight_2 > 0)) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_products_weight_quantity - s.pairs_sum_quantity * s.pairs_sum_weight) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_products_weight_quantity - s.pairs_sum_quantity * s.pairs_sum_weight) / s.pairs_weight_quantity))::double precision END END) / pg_catalog.sqrt(CASE WHEN (((CASE WHEN (s.nan_quantity > 0 OR s.plus_infinity_quantity > 0 OR s.minus_infinity_quantity > 0) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_squares_quantity - s.pairs_sum_quantity * s.pairs_sum_quantity) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_squares_quantity - s.pairs_sum_quantity * s.pairs_sum_quantity) / s.pairs_weight_quantity))::double precision END END))::numeric * ((CASE WHEN (s.nan_weight_2 > 0 OR s.plus_infinity_weight_2 > 0 OR s.minus_infinity_weight_2 > 0) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_squares_weight - s.pairs_sum_weight * s.pairs_sum_weight) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_squares_weight - s.pairs_sum_weight * s.pairs_sum_weight) / s.pairs_weight_quantity))::double precision END END))::numeric) = 'NaN' THEN 'NaN' WHEN (((CASE WHEN (s.nan_quantity > 0 OR s.plus_infinity_quantity > 0 OR s.minus_infinity_quantity > 0) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_squares_quantity - s.pairs_sum_quantity * s.pairs_sum_quantity) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_squares_quantity - s.pairs_sum_quantity * s.pairs_sum_quantity) / s.pairs_weight_quantity))::double precision END END))::numeric * ((CASE WHEN (s.nan_weight_2 > 0 OR s.plus_infinity_weight_2 > 0 OR s.minus_infinity_weight_2 > 0) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_squares_weight - s.pairs_sum_weight * s.pairs_sum_weight) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_squares_weight - s.pairs_sum_weight * s.pairs_sum_weight) / s.pairs_weight_quantity))::double precision END END))::numeric) > 1.797e308 THEN 'Infinity' ELSE CASE WHEN pg_catalog.abs((((CASE WHEN (s.nan_quantity > 0 OR s.plus_infinity_quantity > 0 OR s.minus_infinity_quantity > 0) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_squares_quantity - s.pairs_sum_quantity * s.pairs_sum_quantity) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_squares_quantity - s.pairs_sum_quantity * s.pairs_sum_quantity) / s.pairs_weight_quantity))::double precision END END))::numeric * ((CASE WHEN (s.nan_weight_2 > 0 OR s.plus_infinity_weight_2 > 0 OR s.minus_infinity_weight_2 > 0) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_squares_weight - s.pairs_sum_weight * s.pairs_sum_weight) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_squares_weight - s.pairs_sum_weight * s.pairs_sum_weight) / s.pairs_weight_quantity))::double precision END END))::numeric)) < 2.5e-324 THEN 0 ELSE ((((CASE WHEN (s.nan_quantity > 0 OR s.plus_infinity_quantity > 0 OR s.minus_infinity_quantity > 0) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_squares_quantity - s.pairs_sum_quantity * s.pairs_sum_quantity) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_squares_quantity - s.pairs_sum_quantity * s.pairs_sum_quantity) / s.pairs_weight_quantity))::double precision END END))::numeric * ((CASE WHEN (s.nan_weight_2 > 0 OR s.plus_infinity_weight_2 > 0 OR s.minus_infinity_weight_2 > 0) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_squares_weight - s.pairs_sum_weight * s.pairs_sum_weight) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_squares_weight - s.pairs_sum_weight * s.pairs_sum_weight) / s.pairs_weight_quantity))::double precision END END))::numeric))::double precision END END) END END)::double precision AS co,
    (CASE WHEN s.pairs_weight_quantity > 0 AND (CASE WHEN (s.nan_quantity > 0 OR s.plus_infinity_quantity > 0 OR s.minus_infinity_quantity > 0) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_squares_quantity - s.pairs_sum_quantity * s.pairs_sum_quantity) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_squares_quantity - s.pairs_sum_quantity * s.pairs_sum_quantity) / s.pairs_weight_quantity))::double precision END END) <> 0 THEN (CASE WHEN ((s.nan_quantity > 0 OR s.plus_infinity_quantity > 0 OR s.minus_infinity_quantity > 0) OR (s.nan_weight_2 > 0 OR s.plus_infinity_weight_2 > 0 OR s.minus_infinity_weight_2 > 0)) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_products_weight_quantity - s.pairs_sum_quantity * s.pairs_sum_weight) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_products_weight_quantity - s.pairs_sum_quantity * s.pairs_sum_weight) / s.pairs_weight_quantity))::double precision END END) / (CASE WHEN (s.nan_quantity > 0 OR s.plus_infinity_quantity > 0 OR s.minus_infinity_quantity > 0) THEN 'NaN'::float8 WHEN s.pairs_weight_quantity > 0 THEN CASE WHEN pg_catalog.abs(((s.pairs_weight_quantity * s.pairs_squares_quantity - s.pairs_sum_quantity * s.pairs_sum_quantity) / s.pairs_weight_quantity)) < 2.5e-324 THEN 0 ELSE (((s.pairs_weight_quantity * s.pairs_squares_quantity - s.pairs_sum_quantity * s.pairs_sum_quantity) / s.pairs_weight_quantity))::double precision END END) END)::double precision AS slope,
    s.all_shipped,
    s.every_shipped,
    s.any_shipped,
    (CASE WHEN s.count_weight > 0 THEN CASE WHEN s.nan_weight > 0 THEN 'NaN'::double precision WHEN s.plus_infinity_weight > 0 AND s.minus_infinity_weight > 0 THEN 'NaN'::double precision WHEN s.plus_infinity_weight > 0 THEN 'Infinity'::double precision WHEN s.minus_infinity_weight > 0 THEN '-Infinity'::double precision ELSE CASE WHEN pg_catalog.abs(s.sum_weight) < 2.5e-324 THEN 0 ELSE (s.sum_weight)::double precision END END END)::double precision AS weight,
    (CASE WHEN s.count_took > 0 THEN (s.sum_took / s.count_took)::interval END)::interval AS took,
    s.paid,
    s.price,
    0 AS arm
  FROM imat_store.state_aggregates AS s
  UNION ALL
  -- the answer computed now
  SELECT
    s.customer_id,
    s.sd,
    s.vp,
    s.cs,
    s.co,
    s.slope,
    s.all_shipped,
    s.every_shipped,
    s.any_shipped,
    s.weight,
    s.took,
    s.paid,
    s.price,
    2 AS arm
  FROM imat_store.current_aggregates AS s
  UNION ALL
  -- what the sources have
  SELECT
    s.customer_id,
    s.sd,
    s.vp,
    s.cs,
    s.co,
    s.slope,
    s.all_shipped,
    s.every_shipped,
    s.any_shipped,
    s.weight,
    s.took,
    s.paid,
    s.price,
    3 AS arm
  FROM imat_store.answered_aggregates((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1)) AS s
) AS s
WHERE s.arm = (
  SELECT COALESCE(
    (SELECT CASE WHEN EXISTS (SELECT FROM imat_store.log_public_sale AS l WHERE l.xid <= '18446744073709551615'::pg_catalog.xid8 AND l.xid >= pg_catalog.pg_snapshot_xmin(f.snapshot) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, f.snapshot)) OR EXISTS (SELECT FROM imat_store.log_public_product AS l WHERE l.xid <= '18446744073709551615'::pg_catalog.xid8 AND l.xid >= pg_catalog.pg_snapshot_xmin(f.snapshot) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, f.snapshot)) THEN CASE WHEN EXISTS (SELECT FROM imat_store.reset AS r WHERE r.relation IN ('1'::pg_catalog.regclass, '1'::pg_catalog.regclass) AND NOT pg_catalog.pg_visible_in_snapshot(r.xid, f.snapshot)) OR imat_catalog.is_rewritten(ARRAY['1'::pg_catalog.regclass, '1'::pg_catalog.regclass]) OR imat_catalog.is_outgrown(1, f.snapshot, 8) THEN 3 ELSE 2 END ELSE 0 END FROM imat_catalog.frontier AS f WHERE f.imat_id = 1 AND f.state_relation IN ('imat_store.state_aggregates'::regclass) AND f.here AND 'imat_store.definition_aggregates'::regclass IS NOT NULL AND (TRUE OR EXISTS (SELECT FROM public.sale, public.product))),
    imat_catalog.arm_without_frontier('aggregates', 3)
  )
);

-- what a colleague finds
COMMENT ON VIEW imat.aggregates IS 'imat: answers as its query would now. See imat explain; imat revert removes it.';

-- who may read the materialized view may read it
SELECT imat_catalog.copy_grants('public.aggregates', 'imat.aggregates');

-- a comment of the materialized view
COMMENT ON VIEW imat.aggregates IS 'shows aggregates';

-- an index of the materialized view
CREATE INDEX ON imat_store.state_aggregates USING btree ((1));
