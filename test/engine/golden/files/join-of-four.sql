-- join-of-four: four tables: joined in the order that is written, planned only if anything is pending
--
-- SELECT b.country,
--     sum(s.amount) AS total
--    FROM public.customer c
--      JOIN public.customer b ON b.id = c.boss
--      JOIN public.sale s ON s.customer_id = c.id
--      JOIN public.product p ON p.id = s.product_id
--   WHERE p.price > 0::numeric
--   GROUP BY b.country
--
-- strategy delta, freshness live
-- reads public.customer (id, country, boss)
-- reads public.product (id, price)
-- reads public.sale (customer_id, product_id, amount)
-- project country, total: computed when read, stores nothing
--   group by b.country: stored, one row per group, stores country
--       b.country: group key, stores country
--       rows of the group: additive part, stores rows
--       rows where s.amount is not null: additive part, stores count_amount
--       rows where s.amount is NaN: additive part, stores nan_amount
--       rows where s.amount is Infinity: additive part, stores plus_infinity_amount
--       rows where s.amount is -Infinity: additive part, stores minus_infinity_amount
--       sum of s.amount: additive part, stores sum_amount
--       rows by display scale of s.amount: sum of 10^(12 * scale): additive part, stores scales_amount
--       sum(s.amount): finished aggregate, stores total
--     join on (b.id = c.boss) AND (s.customer_id = c.id) AND (p.id = s.product_id) AND (p.price > (0)::numeric): multilinear, stores nothing
--       scan public.customer AS c (id, boss): linear, stores nothing
--       scan public.customer AS b (id, country): linear, stores nothing
--       scan public.sale AS s (customer_id, product_id, amount): linear, stores nothing
--       scan public.product AS p (id, price): linear, stores nothing

-- the definition, as a view
CREATE VIEW imat_store.definition_join_of_four AS
SELECT b.country,
    sum(s.amount) AS total
   FROM public.customer c
     JOIN public.customer b ON b.id = c.boss
     JOIN public.sale s ON s.customer_id = c.id
     JOIN public.product p ON p.id = s.product_id
  WHERE p.price > 0::numeric
  GROUP BY b.country;

-- the change log of public.customer, if it is not there yet
CREATE TABLE imat_store.log_public_customer (
  xid xid8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id(),
  weight integer NOT NULL,
  c1 integer,
  c3 text,
  c4 integer
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000, autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 50000, vacuum_truncate = false);
ALTER TABLE imat_store.log_public_customer REPLICA IDENTITY FULL;

-- capture on public.customer
CREATE OR REPLACE FUNCTION imat_store.capture_insert_public_customer() RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
AS $imat$
DECLARE
  changed pg_catalog.int8;
BEGIN
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_customer', '{1,3,4}', ARRAY['id', 'country', 'boss']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_customer (weight, c1, c3, c4)
      SELECT 1, n.id, n.country, n.boss FROM new_rows AS n
      LIMIT 100000;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed OPERATOR(pg_catalog.=) 100000 THEN
      changed := (SELECT pg_catalog.count(*) FROM new_rows);
      IF imat_store.is_loggable('1'::pg_catalog.regclass, changed) THEN
        INSERT INTO imat_store.log_public_customer (weight, c1, c3, c4)
          SELECT 1, n.id, n.country, n.boss FROM new_rows AS n
          OFFSET 100000;
      ELSE
        INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);
      END IF;
    END IF;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_customer', '{1,3,4}', TG_OP);
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

-- capture on public.customer
REVOKE ALL ON FUNCTION imat_store.capture_insert_public_customer() FROM PUBLIC;

-- capture on public.customer
CREATE OR REPLACE FUNCTION imat_store.capture_update_public_customer() RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
AS $imat$
DECLARE
  changed pg_catalog.int8;
BEGIN
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_customer', '{1,3,4}', ARRAY['id', 'country', 'boss']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_customer (weight, c1, c3, c4)
      SELECT pg_catalog.sum(u.weight), u.c1, u.c3, u.c4
      FROM (
        SELECT -1 AS weight, o.id AS c1, o.country AS c3, o.boss AS c4 FROM old_rows AS o
        UNION ALL
        SELECT 1, n.id AS c1, n.country AS c3, n.boss AS c4 FROM new_rows AS n
      ) AS u
      GROUP BY u.c1, u.c3, u.c4
      HAVING pg_catalog.sum(u.weight) OPERATOR(pg_catalog.<>) 0;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_customer', '{1,3,4}', TG_OP);
  END IF;
  RETURN NULL;
END$imat$;

-- capture on public.customer
REVOKE ALL ON FUNCTION imat_store.capture_update_public_customer() FROM PUBLIC;

-- capture on public.customer
CREATE OR REPLACE FUNCTION imat_store.capture_delete_public_customer() RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
AS $imat$
DECLARE
  changed pg_catalog.int8;
BEGIN
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_customer', '{1,3,4}', ARRAY['id', 'country', 'boss']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_customer (weight, c1, c3, c4)
      SELECT -1, o.id, o.country, o.boss FROM old_rows AS o
      LIMIT 100000;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed OPERATOR(pg_catalog.=) 100000 THEN
      changed := (SELECT pg_catalog.count(*) FROM old_rows);
      IF imat_store.is_loggable('1'::pg_catalog.regclass, changed) THEN
        INSERT INTO imat_store.log_public_customer (weight, c1, c3, c4)
          SELECT -1, o.id, o.country, o.boss FROM old_rows AS o
          OFFSET 100000;
      ELSE
        INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);
      END IF;
    END IF;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_customer', '{1,3,4}', TG_OP);
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

-- capture on public.customer
REVOKE ALL ON FUNCTION imat_store.capture_delete_public_customer() FROM PUBLIC;

-- capture on public.customer
CREATE OR REPLACE FUNCTION imat_store.capture_truncate_public_customer() RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
AS $imat$
DECLARE
  changed pg_catalog.int8;
BEGIN
  INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);
  INSERT INTO imat_store.log_public_customer (weight) VALUES (0);
  RETURN NULL;
END$imat$;

-- capture on public.customer
REVOKE ALL ON FUNCTION imat_store.capture_truncate_public_customer() FROM PUBLIC;

-- trigger on public.customer
CREATE OR REPLACE TRIGGER "!imat_insert" AFTER INSERT ON public.customer REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION imat_store.capture_insert_public_customer();

-- trigger on public.customer
CREATE OR REPLACE TRIGGER "!imat_update" AFTER UPDATE ON public.customer REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION imat_store.capture_update_public_customer();

-- trigger on public.customer
CREATE OR REPLACE TRIGGER "!imat_delete" AFTER DELETE ON public.customer REFERENCING OLD TABLE AS old_rows
FOR EACH STATEMENT EXECUTE FUNCTION imat_store.capture_delete_public_customer();

-- trigger on public.customer
CREATE OR REPLACE TRIGGER "~imat_truncate" BEFORE TRUNCATE ON public.customer
FOR EACH STATEMENT EXECUTE FUNCTION imat_store.capture_truncate_public_customer();

-- trigger on public.customer
ALTER TABLE public.customer ENABLE ALWAYS TRIGGER "!imat_insert", ENABLE ALWAYS TRIGGER "!imat_update", ENABLE ALWAYS TRIGGER "!imat_delete", ENABLE ALWAYS TRIGGER "~imat_truncate";

-- trigger on public.customer
COMMENT ON TRIGGER "!imat_insert" ON public.customer IS 'imat: captures changes for the views in the schema imat that read this table. See imat status; imat revert removes it with the last of them.';

-- trigger on public.customer
COMMENT ON TRIGGER "!imat_update" ON public.customer IS 'imat: captures changes for the views in the schema imat that read this table. See imat status; imat revert removes it with the last of them.';

-- trigger on public.customer
COMMENT ON TRIGGER "!imat_delete" ON public.customer IS 'imat: captures changes for the views in the schema imat that read this table. See imat status; imat revert removes it with the last of them.';

-- trigger on public.customer
COMMENT ON TRIGGER "~imat_truncate" ON public.customer IS 'imat: captures changes for the views in the schema imat that read this table. See imat status; imat revert removes it with the last of them.';

-- the change log of public.product, if it is not there yet
CREATE TABLE imat_store.log_public_product (
  xid xid8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id(),
  weight integer NOT NULL,
  c1 integer,
  c3 numeric
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_product', '{1,3}', ARRAY['id', 'price']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_product (weight, c1, c3)
      SELECT 1, n.id, n.price FROM new_rows AS n
      LIMIT 100000;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed OPERATOR(pg_catalog.=) 100000 THEN
      changed := (SELECT pg_catalog.count(*) FROM new_rows);
      IF imat_store.is_loggable('1'::pg_catalog.regclass, changed) THEN
        INSERT INTO imat_store.log_public_product (weight, c1, c3)
          SELECT 1, n.id, n.price FROM new_rows AS n
          OFFSET 100000;
      ELSE
        INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);
      END IF;
    END IF;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_product', '{1,3}', TG_OP);
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_product', '{1,3}', ARRAY['id', 'price']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_product (weight, c1, c3)
      SELECT pg_catalog.sum(u.weight), u.c1, u.c3
      FROM (
        SELECT -1 AS weight, o.id AS c1, o.price AS c3 FROM old_rows AS o
        UNION ALL
        SELECT 1, n.id AS c1, n.price AS c3 FROM new_rows AS n
      ) AS u
      GROUP BY u.c1, u.c3
      HAVING pg_catalog.sum(u.weight) OPERATOR(pg_catalog.<>) 0;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_product', '{1,3}', TG_OP);
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_product', '{1,3}', ARRAY['id', 'price']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_product (weight, c1, c3)
      SELECT -1, o.id, o.price FROM old_rows AS o
      LIMIT 100000;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed OPERATOR(pg_catalog.=) 100000 THEN
      changed := (SELECT pg_catalog.count(*) FROM old_rows);
      IF imat_store.is_loggable('1'::pg_catalog.regclass, changed) THEN
        INSERT INTO imat_store.log_public_product (weight, c1, c3)
          SELECT -1, o.id, o.price FROM old_rows AS o
          OFFSET 100000;
      ELSE
        INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);
      END IF;
    END IF;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_product', '{1,3}', TG_OP);
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
  c5 numeric
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_sale', '{2,3,5}', ARRAY['customer_id', 'product_id', 'amount']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_sale (weight, c2, c3, c5)
      SELECT 1, n.customer_id, n.product_id, n.amount FROM new_rows AS n
      LIMIT 100000;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed OPERATOR(pg_catalog.=) 100000 THEN
      changed := (SELECT pg_catalog.count(*) FROM new_rows);
      IF imat_store.is_loggable('1'::pg_catalog.regclass, changed) THEN
        INSERT INTO imat_store.log_public_sale (weight, c2, c3, c5)
          SELECT 1, n.customer_id, n.product_id, n.amount FROM new_rows AS n
          OFFSET 100000;
      ELSE
        INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);
      END IF;
    END IF;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_sale', '{2,3,5}', TG_OP);
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_sale', '{2,3,5}', ARRAY['customer_id', 'product_id', 'amount']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_sale (weight, c2, c3, c5)
      SELECT pg_catalog.sum(u.weight), u.c2, u.c3, u.c5
      FROM (
        SELECT -1 AS weight, o.customer_id AS c2, o.product_id AS c3, o.amount AS c5 FROM old_rows AS o
        UNION ALL
        SELECT 1, n.customer_id AS c2, n.product_id AS c3, n.amount AS c5 FROM new_rows AS n
      ) AS u
      GROUP BY u.c2, u.c3, u.c5, pg_catalog.numeric_send(u.c5)
      HAVING pg_catalog.sum(u.weight) OPERATOR(pg_catalog.<>) 0;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_sale', '{2,3,5}', TG_OP);
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_sale', '{2,3,5}', ARRAY['customer_id', 'product_id', 'amount']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_sale (weight, c2, c3, c5)
      SELECT -1, o.customer_id, o.product_id, o.amount FROM old_rows AS o
      LIMIT 100000;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed OPERATOR(pg_catalog.=) 100000 THEN
      changed := (SELECT pg_catalog.count(*) FROM old_rows);
      IF imat_store.is_loggable('1'::pg_catalog.regclass, changed) THEN
        INSERT INTO imat_store.log_public_sale (weight, c2, c3, c5)
          SELECT -1, o.customer_id, o.product_id, o.amount FROM old_rows AS o
          OFFSET 100000;
      ELSE
        INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);
      END IF;
    END IF;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_sale', '{2,3,5}', TG_OP);
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
CREATE TABLE imat_store.state_join_of_four WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02) AS
SELECT
  r2.country AS country,
  pg_catalog.count(*) AS rows,
  pg_catalog.count(*) FILTER (WHERE r3.amount IS NOT NULL) AS count_amount,
  pg_catalog.count(*) FILTER (WHERE r3.amount = 'NaN'::numeric) AS nan_amount,
  pg_catalog.count(*) FILTER (WHERE r3.amount = 'Infinity'::numeric) AS plus_infinity_amount,
  pg_catalog.count(*) FILTER (WHERE r3.amount = '-Infinity'::numeric) AS minus_infinity_amount,
  COALESCE(pg_catalog.sum(r3.amount) FILTER (WHERE r3.amount > '-Infinity'::numeric AND r3.amount < 'Infinity'::numeric), 0)::numeric AS sum_amount,
  COALESCE(pg_catalog.sum(('1e' || 12 * LEAST(pg_catalog.scale(r3.amount), 10900))::numeric) FILTER (WHERE r3.amount > '-Infinity'::numeric AND r3.amount < 'Infinity'::numeric), 0)::numeric AS scales_amount
FROM
  public.customer AS r1,
  public.customer AS r2,
  public.sale AS r3,
  public.product AS r4
WHERE (r2.id = r1.boss)
  AND (r3.customer_id = r1.id)
  AND (r4.id = r3.product_id)
  AND (r4.price > (0)::numeric)
GROUP BY 1;

-- what publications of all tables need
ALTER TABLE imat_store.state_join_of_four REPLICA IDENTITY FULL;

-- finished aggregates, computed once
ALTER TABLE imat_store.state_join_of_four
  ADD COLUMN total numeric GENERATED ALWAYS AS (CASE WHEN count_amount > 0 THEN CASE WHEN nan_amount > 0 THEN 'NaN'::numeric WHEN plus_infinity_amount > 0 AND minus_infinity_amount > 0 THEN 'NaN'::numeric WHEN plus_infinity_amount > 0 THEN 'Infinity'::numeric WHEN minus_infinity_amount > 0 THEN '-Infinity'::numeric ELSE (pg_catalog.round(sum_amount, CASE WHEN (pg_catalog.length(pg_catalog.trunc(scales_amount)::text) - 1) / 12 < 10900 THEN (pg_catalog.length(pg_catalog.trunc(scales_amount)::text) - 1) / 12 ELSE pg_catalog.scale(sum_amount) END))::numeric END END) STORED;

-- what finds a group, NULL keys being equal
CREATE UNIQUE INDEX ON imat_store.state_join_of_four (country) NULLS NOT DISTINCT;

-- what the column holds
COMMENT ON COLUMN imat_store.state_join_of_four.country IS 'b.country';

-- what the column holds
COMMENT ON COLUMN imat_store.state_join_of_four.rows IS 'rows of the group';

-- what the column holds
COMMENT ON COLUMN imat_store.state_join_of_four.count_amount IS 'rows where s.amount is not null';

-- what the column holds
COMMENT ON COLUMN imat_store.state_join_of_four.nan_amount IS 'rows where s.amount is NaN';

-- what the column holds
COMMENT ON COLUMN imat_store.state_join_of_four.plus_infinity_amount IS 'rows where s.amount is Infinity';

-- what the column holds
COMMENT ON COLUMN imat_store.state_join_of_four.minus_infinity_amount IS 'rows where s.amount is -Infinity';

-- what the column holds
COMMENT ON COLUMN imat_store.state_join_of_four.sum_amount IS 'sum of s.amount';

-- what the column holds
COMMENT ON COLUMN imat_store.state_join_of_four.scales_amount IS 'rows by display scale of s.amount: sum of 10^(12 * scale)';

-- what the column holds
COMMENT ON COLUMN imat_store.state_join_of_four.total IS 'sum(s.amount)';

-- statistics
ANALYZE imat_store.state_join_of_four;

-- what is pending, as rows of the state
CREATE VIEW imat_store.delta_join_of_four AS
WITH pending AS MATERIALIZED (
  SELECT
    f.snapshot
  FROM imat_catalog.frontier AS f
  WHERE f.imat_id = 1
), changes_r3 AS MATERIALIZED (
  SELECT r3.weight AS weight, r3.customer_id, r3.product_id, r3.amount
    FROM ((
      SELECT pg_catalog.sum(l.weight)::bigint AS weight, l.c2 AS customer_id, l.c3 AS product_id, l.c5 AS amount
      FROM imat_store.log_public_sale AS l
      WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
      GROUP BY l.c2, l.c3, l.c5, pg_catalog.numeric_send(l.c5)
      HAVING pg_catalog.sum(l.weight) <> 0
    )
      UNION ALL
      SELECT 0::bigint AS weight, (CASE WHEN g.n IS NULL THEN NULL END)::integer AS customer_id, (CASE WHEN g.n IS NULL THEN NULL END)::integer AS product_id, (CASE WHEN g.n IS NULL THEN NULL END)::numeric AS amount
      FROM pg_catalog.generate_series(1, imat_catalog.expected_rows(1, 'imat_store.log_public_sale'::regclass)) AS g(n)
      WHERE (SELECT FALSE)
    ) AS r3
), changes_r1 AS MATERIALIZED (
  SELECT r1.weight AS weight, r1.id, r1.boss
    FROM ((
      SELECT pg_catalog.sum(l.weight)::bigint AS weight, l.c1 AS id, l.c4 AS boss
      FROM imat_store.log_public_customer AS l
      WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
      GROUP BY l.c1, l.c4
      HAVING pg_catalog.sum(l.weight) <> 0
    )
      UNION ALL
      SELECT 0::bigint AS weight, (CASE WHEN g.n IS NULL THEN NULL END)::integer AS id, (CASE WHEN g.n IS NULL THEN NULL END)::integer AS boss
      FROM pg_catalog.generate_series(1, imat_catalog.expected_rows(1, 'imat_store.log_public_customer'::regclass)) AS g(n)
      WHERE (SELECT FALSE)
    ) AS r1
), changes_r2 AS MATERIALIZED (
  SELECT r2.weight AS weight, r2.id, r2.country
    FROM ((
      SELECT pg_catalog.sum(l.weight)::bigint AS weight, l.c1 AS id, l.c3 AS country
      FROM imat_store.log_public_customer AS l
      WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
      GROUP BY l.c1, l.c3
      HAVING pg_catalog.sum(l.weight) <> 0
    )
      UNION ALL
      SELECT 0::bigint AS weight, (CASE WHEN g.n IS NULL THEN NULL END)::integer AS id, (CASE WHEN g.n IS NULL THEN NULL END)::text AS country
      FROM pg_catalog.generate_series(1, imat_catalog.expected_rows(1, 'imat_store.log_public_customer'::regclass)) AS g(n)
      WHERE (SELECT FALSE)
    ) AS r2
), changes_r4 AS MATERIALIZED (
  SELECT r4.weight AS weight, r4.id, r4.price
    FROM ((
      SELECT r4.weight, r4.id, r4.price
      FROM (
      SELECT pg_catalog.sum(l.weight)::bigint AS weight, l.c1 AS id, l.c3::numeric(10,2) AS price
      FROM imat_store.log_public_product AS l
      WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
      GROUP BY l.c1, l.c3::numeric(10,2)
      HAVING pg_catalog.sum(l.weight) <> 0
    ) AS r4
    WHERE (r4.price > (0)::numeric)
    )
      UNION ALL
      SELECT 0::bigint AS weight, (CASE WHEN g.n IS NULL THEN NULL END)::integer AS id, (CASE WHEN g.n IS NULL THEN NULL END)::numeric(10,2) AS price
      FROM pg_catalog.generate_series(1, imat_catalog.expected_rows(1, 'imat_store.log_public_product'::regclass)) AS g(n)
      WHERE (SELECT FALSE)
    ) AS r4
)
-- plus changes of public.sale AS s
SELECT
  r2.country AS country,
  r3.weight AS rows,
  CASE WHEN r3.amount IS NOT NULL THEN r3.weight ELSE 0 END AS count_amount,
  CASE WHEN r3.amount = 'NaN'::numeric THEN r3.weight ELSE 0 END AS nan_amount,
  CASE WHEN r3.amount = 'Infinity'::numeric THEN r3.weight ELSE 0 END AS plus_infinity_amount,
  CASE WHEN r3.amount = '-Infinity'::numeric THEN r3.weight ELSE 0 END AS minus_infinity_amount,
  CASE WHEN r3.amount > '-Infinity'::numeric AND r3.amount < 'Infinity'::numeric THEN CASE r3.weight WHEN 1 THEN r3.amount WHEN -1 THEN -r3.amount ELSE r3.amount * r3.weight END ELSE 0 END AS sum_amount,
  CASE WHEN r3.amount > '-Infinity'::numeric AND r3.amount < 'Infinity'::numeric THEN (('1e' || 12 * LEAST(pg_catalog.scale(r3.amount), 10900))::numeric * r3.weight)::numeric ELSE 0 END AS scales_amount
FROM
  changes_r3 AS r3
    CROSS JOIN public.product AS r4
    CROSS JOIN public.customer AS r1
    CROSS JOIN public.customer AS r2
WHERE (SELECT EXISTS (SELECT FROM changes_r3))
  AND (r2.id = r1.boss)
  AND (r3.customer_id = r1.id)
  AND (r4.id = r3.product_id)
  AND (r4.price > (0)::numeric)
UNION ALL
-- plus changes of public.customer AS c
SELECT
  r2.country AS country,
  r1.weight AS rows,
  CASE WHEN r3.amount IS NOT NULL THEN r1.weight ELSE 0 END AS count_amount,
  CASE WHEN r3.amount = 'NaN'::numeric THEN r1.weight ELSE 0 END AS nan_amount,
  CASE WHEN r3.amount = 'Infinity'::numeric THEN r1.weight ELSE 0 END AS plus_infinity_amount,
  CASE WHEN r3.amount = '-Infinity'::numeric THEN r1.weight ELSE 0 END AS minus_infinity_amount,
  CASE WHEN r3.amount > '-Infinity'::numeric AND r3.amount < 'Infinity'::numeric THEN CASE r1.weight WHEN 1 THEN r3.amount WHEN -1 THEN -r3.amount ELSE r3.amount * r1.weight END ELSE 0 END AS sum_amount,
  CASE WHEN r3.amount > '-Infinity'::numeric AND r3.amount < 'Infinity'::numeric THEN (('1e' || 12 * LEAST(pg_catalog.scale(r3.amount), 10900))::numeric * r1.weight)::numeric ELSE 0 END AS scales_amount
FROM
  changes_r1 AS r1
    CROSS JOIN public.customer AS r2
    CROSS JOIN public.sale AS r3
    CROSS JOIN public.product AS r4
WHERE (SELECT EXISTS (SELECT FROM changes_r1))
  AND (r2.id = r1.boss)
  AND (r3.customer_id = r1.id)
  AND (r4.id = r3.product_id)
  AND (r4.price > (0)::numeric)
UNION ALL
-- minus changes of public.customer AS c with changes of public.sale AS s
SELECT
  r2.country AS country,
  (-r1.weight * r3.weight) AS rows,
  CASE WHEN r3.amount IS NOT NULL THEN (-r1.weight * r3.weight) ELSE 0 END AS count_amount,
  CASE WHEN r3.amount = 'NaN'::numeric THEN (-r1.weight * r3.weight) ELSE 0 END AS nan_amount,
  CASE WHEN r3.amount = 'Infinity'::numeric THEN (-r1.weight * r3.weight) ELSE 0 END AS plus_infinity_amount,
  CASE WHEN r3.amount = '-Infinity'::numeric THEN (-r1.weight * r3.weight) ELSE 0 END AS minus_infinity_amount,
  CASE WHEN r3.amount > '-Infinity'::numeric AND r3.amount < 'Infinity'::numeric THEN CASE (-r1.weight * r3.weight) WHEN 1 THEN r3.amount WHEN -1 THEN -r3.amount ELSE r3.amount * (-r1.weight * r3.weight) END ELSE 0 END AS sum_amount,
  CASE WHEN r3.amount > '-Infinity'::numeric AND r3.amount < 'Infinity'::numeric THEN (('1e' || 12 * LEAST(pg_catalog.scale(r3.amount), 10900))::numeric * (-r1.weight * r3.weight))::numeric ELSE 0 END AS scales_amount
FROM
  changes_r1 AS r1
    CROSS JOIN public.customer AS r2
    CROSS JOIN changes_r3 AS r3
    CROSS JOIN public.product AS r4
WHERE (SELECT EXISTS (SELECT FROM changes_r1))
  AND (SELECT EXISTS (SELECT FROM changes_r3))
  AND (r2.id = r1.boss)
  AND (r3.customer_id = r1.id)
  AND (r4.id = r3.product_id)
  AND (r4.price > (0)::numeric)
UNION ALL
-- plus changes of public.customer AS b
SELECT
  r2.country AS country,
  (r1.weight * r2.weight) AS rows,
  CASE WHEN r3.amount IS NOT NULL THEN (r1.weight * r2.weight) ELSE 0 END AS count_amount,
  CASE WHEN r3.amount = 'NaN'::numeric THEN (r1.weight * r2.weight) ELSE 0 END AS nan_amount,
  CASE WHEN r3.amount = 'Infinity'::numeric THEN (r1.weight * r2.weight) ELSE 0 END AS plus_infinity_amount,
  CASE WHEN r3.amount = '-Infinity'::numeric THEN (r1.weight * r2.weight) ELSE 0 END AS minus_infinity_amount,
  CASE WHEN r3.amount > '-Infinity'::numeric AND r3.amount < 'Infinity'::numeric THEN CASE (r1.weight * r2.weight) WHEN 1 THEN r3.amount WHEN -1 THEN -r3.amount ELSE r3.amount * (r1.weight * r2.weight) END ELSE 0 END AS sum_amount,
  CASE WHEN r3.amount > '-Infinity'::numeric AND r3.amount < 'Infinity'::numeric THEN (('1e' || 12 * LEAST(pg_catalog.scale(r3.amount), 10900))::numeric * (r1.weight * r2.weight))::numeric ELSE 0 END AS scales_amount
FROM
  changes_r2 AS r2
    CROSS JOIN (
    SELECT 1::bigint AS weight, r1.id, r1.boss
    FROM public.customer AS r1
    UNION ALL
      (SELECT -r1.weight, r1.id, r1.boss
      FROM changes_r1 AS r1
      OFFSET 0)
  ) AS r1
    CROSS JOIN public.sale AS r3
    CROSS JOIN public.product AS r4
WHERE (SELECT EXISTS (SELECT FROM changes_r2))
  AND (r2.id = r1.boss)
  AND (r3.customer_id = r1.id)
  AND (r4.id = r3.product_id)
  AND (r4.price > (0)::numeric)
UNION ALL
-- minus changes of public.customer AS b with changes of public.sale AS s
SELECT
  r2.country AS country,
  (-r1.weight * r2.weight * r3.weight) AS rows,
  CASE WHEN r3.amount IS NOT NULL THEN (-r1.weight * r2.weight * r3.weight) ELSE 0 END AS count_amount,
  CASE WHEN r3.amount = 'NaN'::numeric THEN (-r1.weight * r2.weight * r3.weight) ELSE 0 END AS nan_amount,
  CASE WHEN r3.amount = 'Infinity'::numeric THEN (-r1.weight * r2.weight * r3.weight) ELSE 0 END AS plus_infinity_amount,
  CASE WHEN r3.amount = '-Infinity'::numeric THEN (-r1.weight * r2.weight * r3.weight) ELSE 0 END AS minus_infinity_amount,
  CASE WHEN r3.amount > '-Infinity'::numeric AND r3.amount < 'Infinity'::numeric THEN CASE (-r1.weight * r2.weight * r3.weight) WHEN 1 THEN r3.amount WHEN -1 THEN -r3.amount ELSE r3.amount * (-r1.weight * r2.weight * r3.weight) END ELSE 0 END AS sum_amount,
  CASE WHEN r3.amount > '-Infinity'::numeric AND r3.amount < 'Infinity'::numeric THEN (('1e' || 12 * LEAST(pg_catalog.scale(r3.amount), 10900))::numeric * (-r1.weight * r2.weight * r3.weight))::numeric ELSE 0 END AS scales_amount
FROM
  changes_r2 AS r2
    CROSS JOIN (
    SELECT 1::bigint AS weight, r1.id, r1.boss
    FROM public.customer AS r1
    UNION ALL
      (SELECT -r1.weight, r1.id, r1.boss
      FROM changes_r1 AS r1
      OFFSET 0)
  ) AS r1
    CROSS JOIN changes_r3 AS r3
    CROSS JOIN public.product AS r4
WHERE (SELECT EXISTS (SELECT FROM changes_r2))
  AND (SELECT EXISTS (SELECT FROM changes_r3))
  AND (r2.id = r1.boss)
  AND (r3.customer_id = r1.id)
  AND (r4.id = r3.product_id)
  AND (r4.price > (0)::numeric)
UNION ALL
-- plus changes of public.product AS p
SELECT
  r2.country AS country,
  (r1.weight * r2.weight * r4.weight) AS rows,
  CASE WHEN r3.amount IS NOT NULL THEN (r1.weight * r2.weight * r4.weight) ELSE 0 END AS count_amount,
  CASE WHEN r3.amount = 'NaN'::numeric THEN (r1.weight * r2.weight * r4.weight) ELSE 0 END AS nan_amount,
  CASE WHEN r3.amount = 'Infinity'::numeric THEN (r1.weight * r2.weight * r4.weight) ELSE 0 END AS plus_infinity_amount,
  CASE WHEN r3.amount = '-Infinity'::numeric THEN (r1.weight * r2.weight * r4.weight) ELSE 0 END AS minus_infinity_amount,
  CASE WHEN r3.amount > '-Infinity'::numeric AND r3.amount < 'Infinity'::numeric THEN CASE (r1.weight * r2.weight * r4.weight) WHEN 1 THEN r3.amount WHEN -1 THEN -r3.amount ELSE r3.amount * (r1.weight * r2.weight * r4.weight) END ELSE 0 END AS sum_amount,
  CASE WHEN r3.amount > '-Infinity'::numeric AND r3.amount < 'Infinity'::numeric THEN (('1e' || 12 * LEAST(pg_catalog.scale(r3.amount), 10900))::numeric * (r1.weight * r2.weight * r4.weight))::numeric ELSE 0 END AS scales_amount
FROM
  changes_r4 AS r4
    CROSS JOIN public.sale AS r3
    CROSS JOIN (
    SELECT 1::bigint AS weight, r1.id, r1.boss
    FROM public.customer AS r1
    UNION ALL
      (SELECT -r1.weight, r1.id, r1.boss
      FROM changes_r1 AS r1
      OFFSET 0)
  ) AS r1
    CROSS JOIN (
    SELECT 1::bigint AS weight, r2.id, r2.country
    FROM public.customer AS r2
    UNION ALL
      (SELECT -r2.weight, r2.id, r2.country
      FROM changes_r2 AS r2
      OFFSET 0)
  ) AS r2
WHERE (SELECT EXISTS (SELECT FROM changes_r4))
  AND (r2.id = r1.boss)
  AND (r3.customer_id = r1.id)
  AND (r4.id = r3.product_id)
  AND (r4.price > (0)::numeric)
UNION ALL
-- minus changes of public.sale AS s with changes of public.product AS p
SELECT
  r2.country AS country,
  (-r1.weight * r2.weight * r3.weight * r4.weight) AS rows,
  CASE WHEN r3.amount IS NOT NULL THEN (-r1.weight * r2.weight * r3.weight * r4.weight) ELSE 0 END AS count_amount,
  CASE WHEN r3.amount = 'NaN'::numeric THEN (-r1.weight * r2.weight * r3.weight * r4.weight) ELSE 0 END AS nan_amount,
  CASE WHEN r3.amount = 'Infinity'::numeric THEN (-r1.weight * r2.weight * r3.weight * r4.weight) ELSE 0 END AS plus_infinity_amount,
  CASE WHEN r3.amount = '-Infinity'::numeric THEN (-r1.weight * r2.weight * r3.weight * r4.weight) ELSE 0 END AS minus_infinity_amount,
  CASE WHEN r3.amount > '-Infinity'::numeric AND r3.amount < 'Infinity'::numeric THEN CASE (-r1.weight * r2.weight * r3.weight * r4.weight) WHEN 1 THEN r3.amount WHEN -1 THEN -r3.amount ELSE r3.amount * (-r1.weight * r2.weight * r3.weight * r4.weight) END ELSE 0 END AS sum_amount,
  CASE WHEN r3.amount > '-Infinity'::numeric AND r3.amount < 'Infinity'::numeric THEN (('1e' || 12 * LEAST(pg_catalog.scale(r3.amount), 10900))::numeric * (-r1.weight * r2.weight * r3.weight * r4.weight))::numeric ELSE 0 END AS scales_amount
FROM
  changes_r3 AS r3
    CROSS JOIN changes_r4 AS r4
    CROSS JOIN (
    SELECT 1::bigint AS weight, r1.id, r1.boss
    FROM public.customer AS r1
    UNION ALL
      (SELECT -r1.weight, r1.id, r1.boss
      FROM changes_r1 AS r1
      OFFSET 0)
  ) AS r1
    CROSS JOIN (
    SELECT 1::bigint AS weight, r2.id, r2.country
    FROM public.customer AS r2
    UNION ALL
      (SELECT -r2.weight, r2.id, r2.country
      FROM changes_r2 AS r2
      OFFSET 0)
  ) AS r2
WHERE (SELECT EXISTS (SELECT FROM changes_r3))
  AND (SELECT EXISTS (SELECT FROM changes_r4))
  AND (r2.id = r1.boss)
  AND (r3.customer_id = r1.id)
  AND (r4.id = r3.product_id)
  AND (r4.price > (0)::numeric);

-- the same, with pending rows cancelled against each other first
CREATE VIEW imat_store.netted_join_of_four AS
WITH pending AS MATERIALIZED (
  SELECT
    f.snapshot
  FROM imat_catalog.frontier AS f
  WHERE f.imat_id = 1
), changes_r3 AS MATERIALIZED (
  SELECT r3.weight AS weight, r3.customer_id, r3.product_id, r3.amount
    FROM ((
      SELECT pg_catalog.sum(l.weight)::bigint AS weight, l.c2 AS customer_id, l.c3 AS product_id, l.c5 AS amount
      FROM imat_store.log_public_sale AS l
      WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
      GROUP BY l.c2, l.c3, l.c5, pg_catalog.numeric_send(l.c5)
      HAVING pg_catalog.sum(l.weight) <> 0
      OFFSET 0
    )
      UNION ALL
      SELECT 0::bigint AS weight, (CASE WHEN g.n IS NULL THEN NULL END)::integer AS customer_id, (CASE WHEN g.n IS NULL THEN NULL END)::integer AS product_id, (CASE WHEN g.n IS NULL THEN NULL END)::numeric AS amount
      FROM pg_catalog.generate_series(1, imat_catalog.expected_rows(1, 'imat_store.log_public_sale'::regclass)) AS g(n)
      WHERE (SELECT FALSE)
    ) AS r3
), changes_r1 AS MATERIALIZED (
  SELECT r1.weight AS weight, r1.id, r1.boss
    FROM ((
      SELECT pg_catalog.sum(l.weight)::bigint AS weight, l.c1 AS id, l.c4 AS boss
      FROM imat_store.log_public_customer AS l
      WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
      GROUP BY l.c1, l.c4
      HAVING pg_catalog.sum(l.weight) <> 0
      OFFSET 0
    )
      UNION ALL
      SELECT 0::bigint AS weight, (CASE WHEN g.n IS NULL THEN NULL END)::integer AS id, (CASE WHEN g.n IS NULL THEN NULL END)::integer AS boss
      FROM pg_catalog.generate_series(1, imat_catalog.expected_rows(1, 'imat_store.log_public_customer'::regclass)) AS g(n)
      WHERE (SELECT FALSE)
    ) AS r1
), changes_r2 AS MATERIALIZED (
  SELECT r2.weight AS weight, r2.id, r2.country
    FROM ((
      SELECT pg_catalog.sum(l.weight)::bigint AS weight, l.c1 AS id, l.c3 AS country
      FROM imat_store.log_public_customer AS l
      WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
      GROUP BY l.c1, l.c3
      HAVING pg_catalog.sum(l.weight) <> 0
      OFFSET 0
    )
      UNION ALL
      SELECT 0::bigint AS weight, (CASE WHEN g.n IS NULL THEN NULL END)::integer AS id, (CASE WHEN g.n IS NULL THEN NULL END)::text AS country
      FROM pg_catalog.generate_series(1, imat_catalog.expected_rows(1, 'imat_store.log_public_customer'::regclass)) AS g(n)
      WHERE (SELECT FALSE)
    ) AS r2
), changes_r4 AS MATERIALIZED (
  SELECT r4.weight AS weight, r4.id, r4.price
    FROM ((
      SELECT r4.weight, r4.id, r4.price
      FROM (
      SELECT pg_catalog.sum(l.weight)::bigint AS weight, l.c1 AS id, l.c3::numeric(10,2) AS price
      FROM imat_store.log_public_product AS l
      WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
      GROUP BY l.c1, l.c3::numeric(10,2)
      HAVING pg_catalog.sum(l.weight) <> 0
      OFFSET 0
    ) AS r4
    WHERE (r4.price > (0)::numeric)
    )
      UNION ALL
      SELECT 0::bigint AS weight, (CASE WHEN g.n IS NULL THEN NULL END)::integer AS id, (CASE WHEN g.n IS NULL THEN NULL END)::numeric(10,2) AS price
      FROM pg_catalog.generate_series(1, imat_catalog.expected_rows(1, 'imat_store.log_public_product'::regclass)) AS g(n)
      WHERE (SELECT FALSE)
    ) AS r4
)
-- all changes, cancelled against each other
SELECT
  r2.country AS country,
  p.weight AS rows,
  CASE WHEN r3.amount IS NOT NULL THEN p.weight ELSE 0 END AS count_amount,
  CASE WHEN r3.amount = 'NaN'::numeric THEN p.weight ELSE 0 END AS nan_amount,
  CASE WHEN r3.amount = 'Infinity'::numeric THEN p.weight ELSE 0 END AS plus_infinity_amount,
  CASE WHEN r3.amount = '-Infinity'::numeric THEN p.weight ELSE 0 END AS minus_infinity_amount,
  CASE WHEN r3.amount > '-Infinity'::numeric AND r3.amount < 'Infinity'::numeric THEN CASE p.weight WHEN 1 THEN r3.amount WHEN -1 THEN -r3.amount ELSE r3.amount * p.weight END ELSE 0 END AS sum_amount,
  CASE WHEN r3.amount > '-Infinity'::numeric AND r3.amount < 'Infinity'::numeric THEN (('1e' || 12 * LEAST(pg_catalog.scale(r3.amount), 10900))::numeric * p.weight)::numeric ELSE 0 END AS scales_amount
FROM
  (
    SELECT pg_catalog.sum(u.weight)::bigint AS weight, u.r1_c1 AS r1_c1, u.r1_c4 AS r1_c4, u.r2_c1 AS r2_c1, u.r2_c3 AS r2_c3, u.r3_c2 AS r3_c2, u.r3_c3 AS r3_c3, u.r3_c5 AS r3_c5, u.r4_c1 AS r4_c1, u.r4_c3 AS r4_c3
    FROM (
      -- plus changes of public.sale AS s
      SELECT r3.weight AS weight, r1.id AS r1_c1, r1.boss AS r1_c4, r2.id AS r2_c1, r2.country AS r2_c3, r3.customer_id AS r3_c2, r3.product_id AS r3_c3, r3.amount AS r3_c5, r4.id AS r4_c1, r4.price AS r4_c3
      FROM
        changes_r3 AS r3
          CROSS JOIN public.product AS r4
          CROSS JOIN public.customer AS r1
          CROSS JOIN public.customer AS r2
      WHERE (SELECT EXISTS (SELECT FROM changes_r3))
        AND (r2.id = r1.boss)
        AND (r3.customer_id = r1.id)
        AND (r4.id = r3.product_id)
        AND (r4.price > (0)::numeric)
      UNION ALL
      -- plus changes of public.customer AS c
      SELECT r1.weight AS weight, r1.id AS r1_c1, r1.boss AS r1_c4, r2.id AS r2_c1, r2.country AS r2_c3, r3.customer_id AS r3_c2, r3.product_id AS r3_c3, r3.amount AS r3_c5, r4.id AS r4_c1, r4.price AS r4_c3
      FROM
        changes_r1 AS r1
          CROSS JOIN public.customer AS r2
          CROSS JOIN public.sale AS r3
          CROSS JOIN public.product AS r4
      WHERE (SELECT EXISTS (SELECT FROM changes_r1))
        AND (r2.id = r1.boss)
        AND (r3.customer_id = r1.id)
        AND (r4.id = r3.product_id)
        AND (r4.price > (0)::numeric)
      UNION ALL
      -- minus changes of public.customer AS c with changes of public.sale AS s
      SELECT (-r1.weight * r3.weight) AS weight, r1.id AS r1_c1, r1.boss AS r1_c4, r2.id AS r2_c1, r2.country AS r2_c3, r3.customer_id AS r3_c2, r3.product_id AS r3_c3, r3.amount AS r3_c5, r4.id AS r4_c1, r4.price AS r4_c3
      FROM
        changes_r1 AS r1
          CROSS JOIN public.customer AS r2
          CROSS JOIN changes_r3 AS r3
          CROSS JOIN public.product AS r4
      WHERE (SELECT EXISTS (SELECT FROM changes_r1))
        AND (SELECT EXISTS (SELECT FROM changes_r3))
        AND (r2.id = r1.boss)
        AND (r3.customer_id = r1.id)
        AND (r4.id = r3.product_id)
        AND (r4.price > (0)::numeric)
      UNION ALL
      -- plus changes of public.customer AS b
      SELECT (r1.weight * r2.weight) AS weight, r1.id AS r1_c1, r1.boss AS r1_c4, r2.id AS r2_c1, r2.country AS r2_c3, r3.customer_id AS r3_c2, r3.product_id AS r3_c3, r3.amount AS r3_c5, r4.id AS r4_c1, r4.price AS r4_c3
      FROM
        changes_r2 AS r2
          CROSS JOIN (
          SELECT 1::bigint AS weight, r1.id, r1.boss
          FROM public.customer AS r1
          UNION ALL
            (SELECT -r1.weight, r1.id, r1.boss
            FROM changes_r1 AS r1
            OFFSET 0)
        ) AS r1
          CROSS JOIN public.sale AS r3
          CROSS JOIN public.product AS r4
      WHERE (SELECT EXISTS (SELECT FROM changes_r2))
        AND (r2.id = r1.boss)
        AND (r3.customer_id = r1.id)
        AND (r4.id = r3.product_id)
        AND (r4.price > (0)::numeric)
      UNION ALL
      -- minus changes of public.customer AS b with changes of public.sale AS s
      SELECT (-r1.weight * r2.weight * r3.weight) AS weight, r1.id AS r1_c1, r1.boss AS r1_c4, r2.id AS r2_c1, r2.country AS r2_c3, r3.customer_id AS r3_c2, r3.product_id AS r3_c3, r3.amount AS r3_c5, r4.id AS r4_c1, r4.price AS r4_c3
      FROM
        changes_r2 AS r2
          CROSS JOIN (
          SELECT 1::bigint AS weight, r1.id, r1.boss
          FROM public.customer AS r1
          UNION ALL
            (SELECT -r1.weight, r1.id, r1.boss
            FROM changes_r1 AS r1
            OFFSET 0)
        ) AS r1
          CROSS JOIN changes_r3 AS r3
          CROSS JOIN public.product AS r4
      WHERE (SELECT EXISTS (SELECT FROM changes_r2))
        AND (SELECT EXISTS (SELECT FROM changes_r3))
        AND (r2.id = r1.boss)
        AND (r3.customer_id = r1.id)
        AND (r4.id = r3.product_id)
        AND (r4.price > (0)::numeric)
      UNION ALL
      -- plus changes of public.product AS p
      SELECT (r1.weight * r2.weight * r4.weight) AS weight, r1.id AS r1_c1, r1.boss AS r1_c4, r2.id AS r2_c1, r2.country AS r2_c3, r3.customer_id AS r3_c2, r3.product_id AS r3_c3, r3.amount AS r3_c5, r4.id AS r4_c1, r4.price AS r4_c3
      FROM
        changes_r4 AS r4
          CROSS JOIN public.sale AS r3
          CROSS JOIN (
          SELECT 1::bigint AS weight, r1.id, r1.boss
          FROM public.customer AS r1
          UNION ALL
            (SELECT -r1.weight, r1.id, r1.boss
            FROM changes_r1 AS r1
            OFFSET 0)
        ) AS r1
          CROSS JOIN (
          SELECT 1::bigint AS weight, r2.id, r2.country
          FROM public.customer AS r2
          UNION ALL
            (SELECT -r2.weight, r2.id, r2.country
            FROM changes_r2 AS r2
            OFFSET 0)
        ) AS r2
      WHERE (SELECT EXISTS (SELECT FROM changes_r4))
        AND (r2.id = r1.boss)
        AND (r3.customer_id = r1.id)
        AND (r4.id = r3.product_id)
        AND (r4.price > (0)::numeric)
      UNION ALL
      -- minus changes of public.sale AS s with changes of public.product AS p
      SELECT (-r1.weight * r2.weight * r3.weight * r4.weight) AS weight, r1.id AS r1_c1, r1.boss AS r1_c4, r2.id AS r2_c1, r2.country AS r2_c3, r3.customer_id AS r3_c2, r3.product_id AS r3_c3, r3.amount AS r3_c5, r4.id AS r4_c1, r4.price AS r4_c3
      FROM
        changes_r3 AS r3
          CROSS JOIN changes_r4 AS r4
          CROSS JOIN (
          SELECT 1::bigint AS weight, r1.id, r1.boss
          FROM public.customer AS r1
          UNION ALL
            (SELECT -r1.weight, r1.id, r1.boss
            FROM changes_r1 AS r1
            OFFSET 0)
        ) AS r1
          CROSS JOIN (
          SELECT 1::bigint AS weight, r2.id, r2.country
          FROM public.customer AS r2
          UNION ALL
            (SELECT -r2.weight, r2.id, r2.country
            FROM changes_r2 AS r2
            OFFSET 0)
        ) AS r2
      WHERE (SELECT EXISTS (SELECT FROM changes_r3))
        AND (SELECT EXISTS (SELECT FROM changes_r4))
        AND (r2.id = r1.boss)
        AND (r3.customer_id = r1.id)
        AND (r4.id = r3.product_id)
        AND (r4.price > (0)::numeric)
    ) AS u
    GROUP BY u.r1_c1, u.r1_c4, u.r2_c1, u.r2_c3, u.r3_c2, u.r3_c3, u.r3_c5, pg_catalog.numeric_send(u.r3_c5), u.r4_c1, u.r4_c3
    HAVING pg_catalog.sum(u.weight) <> 0
    OFFSET 0
  ) AS p,
  LATERAL (SELECT p.r1_c1 AS id, p.r1_c4 AS boss) AS r1,
  LATERAL (SELECT p.r2_c1 AS id, p.r2_c3 AS country) AS r2,
  LATERAL (SELECT p.r3_c2 AS customer_id, p.r3_c3 AS product_id, p.r3_c5 AS amount) AS r3,
  LATERAL (SELECT p.r4_c1 AS id, p.r4_c3 AS price) AS r4;

-- what is pending of one table, with the others
CREATE VIEW imat_store.part1of_join_of_four AS
WITH pending AS MATERIALIZED (
  SELECT
    f.snapshot
  FROM imat_catalog.frontier AS f
  WHERE f.imat_id = 1
), changes_r1 AS MATERIALIZED (
  SELECT r1.weight AS weight, r1.id, r1.boss
    FROM ((
      SELECT pg_catalog.sum(l.weight)::bigint AS weight, l.c1 AS id, l.c4 AS boss
      FROM imat_store.log_public_customer AS l
      WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
      GROUP BY l.c1, l.c4
      HAVING pg_catalog.sum(l.weight) <> 0
    )
      UNION ALL
      SELECT 0::bigint AS weight, (CASE WHEN g.n IS NULL THEN NULL END)::integer AS id, (CASE WHEN g.n IS NULL THEN NULL END)::integer AS boss
      FROM pg_catalog.generate_series(1, imat_catalog.expected_rows(1, 'imat_store.log_public_customer'::regclass)) AS g(n)
      WHERE (SELECT FALSE)
    ) AS r1
), changes_r3 AS MATERIALIZED (
  SELECT r3.weight AS weight, r3.customer_id, r3.product_id, r3.amount
    FROM ((
      SELECT pg_catalog.sum(l.weight)::bigint AS weight, l.c2 AS customer_id, l.c3 AS product_id, l.c5 AS amount
      FROM imat_store.log_public_sale AS l
      WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
      GROUP BY l.c2, l.c3, l.c5, pg_catalog.numeric_send(l.c5)
      HAVING pg_catalog.sum(l.weight) <> 0
    )
      UNION ALL
      SELECT 0::bigint AS weight, (CASE WHEN g.n IS NULL THEN NULL END)::integer AS customer_id, (CASE WHEN g.n IS NULL THEN NULL END)::integer AS product_id, (CASE WHEN g.n IS NULL THEN NULL END)::numeric AS amount
      FROM pg_catalog.generate_series(1, imat_catalog.expected_rows(1, 'imat_store.log_public_sale'::regclass)) AS g(n)
      WHERE (SELECT FALSE)
    ) AS r3
), changes_r2 AS MATERIALIZED (
  SELECT r2.weight AS weight, r2.id, r2.country
    FROM ((
      SELECT pg_catalog.sum(l.weight)::bigint AS weight, l.c1 AS id, l.c3 AS country
      FROM imat_store.log_public_customer AS l
      WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
      GROUP BY l.c1, l.c3
      HAVING pg_catalog.sum(l.weight) <> 0
    )
      UNION ALL
      SELECT 0::bigint AS weight, (CASE WHEN g.n IS NULL THEN NULL END)::integer AS id, (CASE WHEN g.n IS NULL THEN NULL END)::text AS country
      FROM pg_catalog.generate_series(1, imat_catalog.expected_rows(1, 'imat_store.log_public_customer'::regclass)) AS g(n)
      WHERE (SELECT FALSE)
    ) AS r2
)
-- plus changes of public.customer AS c
SELECT
  r2.country AS country,
  r1.weight AS rows,
  CASE WHEN r3.amount IS NOT NULL THEN r1.weight ELSE 0 END AS count_amount,
  CASE WHEN r3.amount = 'NaN'::numeric THEN r1.weight ELSE 0 END AS nan_amount,
  CASE WHEN r3.amount = 'Infinity'::numeric THEN r1.weight ELSE 0 END AS plus_infinity_amount,
  CASE WHEN r3.amount = '-Infinity'::numeric THEN r1.weight ELSE 0 END AS minus_infinity_amount,
  CASE WHEN r3.amount > '-Infinity'::numeric AND r3.amount < 'Infinity'::numeric THEN CASE r1.weight WHEN 1 THEN r3.amount WHEN -1 THEN -r3.amount ELSE r3.amount * r1.weight END ELSE 0 END AS sum_amount,
  CASE WHEN r3.amount > '-Infinity'::numeric AND r3.amount < 'Infinity'::numeric THEN (('1e' || 12 * LEAST(pg_catalog.scale(r3.amount), 10900))::numeric * r1.weight)::numeric ELSE 0 END AS scales_amount
FROM
  changes_r1 AS r1
    CROSS JOIN public.customer AS r2
    CROSS JOIN public.sale AS r3
    CROSS JOIN public.product AS r4
WHERE (SELECT EXISTS (SELECT FROM changes_r1))
  AND (r2.id = r1.boss)
  AND (r3.customer_id = r1.id)
  AND (r4.id = r3.product_id)
  AND (r4.price > (0)::numeric)
UNION ALL
-- minus changes of public.customer AS c with changes of public.sale AS s
SELECT
  r2.country AS country,
  (-r1.weight * r3.weight) AS rows,
  CASE WHEN r3.amount IS NOT NULL THEN (-r1.weight * r3.weight) ELSE 0 END AS count_amount,
  CASE WHEN r3.amount = 'NaN'::numeric THEN (-r1.weight * r3.weight) ELSE 0 END AS nan_amount,
  CASE WHEN r3.amount = 'Infinity'::numeric THEN (-r1.weight * r3.weight) ELSE 0 END AS plus_infinity_amount,
  CASE WHEN r3.amount = '-Infinity'::numeric THEN (-r1.weight * r3.weight) ELSE 0 END AS minus_infinity_amount,
  CASE WHEN r3.amount > '-Infinity'::numeric AND r3.amount < 'Infinity'::numeric THEN CASE (-r1.weight * r3.weight) WHEN 1 THEN r3.amount WHEN -1 THEN -r3.amount ELSE r3.amount * (-r1.weight * r3.weight) END ELSE 0 END AS sum_amount,
  CASE WHEN r3.amount > '-Infinity'::numeric AND r3.amount < 'Infinity'::numeric THEN (('1e' || 12 * LEAST(pg_catalog.scale(r3.amount), 10900))::numeric * (-r1.weight * r3.weight))::numeric ELSE 0 END AS scales_amount
FROM
  changes_r1 AS r1
    CROSS JOIN public.customer AS r2
    CROSS JOIN changes_r3 AS r3
    CROSS JOIN public.product AS r4
WHERE (SELECT EXISTS (SELECT FROM changes_r1))
  AND (SELECT EXISTS (SELECT FROM changes_r3))
  AND (r2.id = r1.boss)
  AND (r3.customer_id = r1.id)
  AND (r4.id = r3.product_id)
  AND (r4.price > (0)::numeric)
UNION ALL
-- plus changes of public.customer AS b
SELECT
  r2.country AS country,
  (r1.weight * r2.weight) AS rows,
  CASE WHEN r3.amount IS NOT NULL THEN (r1.weight * r2.weight) ELSE 0 END AS count_amount,
  CASE WHEN r3.amount = 'NaN'::numeric THEN (r1.weight * r2.weight) ELSE 0 END AS nan_amount,
  CASE WHEN r3.amount = 'Infinity'::numeric THEN (r1.weight * r2.weight) ELSE 0 END AS plus_infinity_amount,
  CASE WHEN r3.amount = '-Infinity'::numeric THEN (r1.weight * r2.weight) ELSE 0 END AS minus_infinity_amount,
  CASE WHEN r3.amount > '-Infinity'::numeric AND r3.amount < 'Infinity'::numeric THEN CASE (r1.weight * r2.weight) WHEN 1 THEN r3.amount WHEN -1 THEN -r3.amount ELSE r3.amount * (r1.weight * r2.weight) END ELSE 0 END AS sum_amount,
  CASE WHEN r3.amount > '-Infinity'::numeric AND r3.amount < 'Infinity'::numeric THEN (('1e' || 12 * LEAST(pg_catalog.scale(r3.amount), 10900))::numeric * (r1.weight * r2.weight))::numeric ELSE 0 END AS scales_amount
FROM
  changes_r2 AS r2
    CROSS JOIN (
    SELECT 1::bigint AS weight, r1.id, r1.boss
    FROM public.customer AS r1
    UNION ALL
      (SELECT -r1.weight, r1.id, r1.boss
      FROM changes_r1 AS r1
      OFFSET 0)
  ) AS r1
    CROSS JOIN public.sale AS r3
    CROSS JOIN public.product AS r4
WHERE (SELECT EXISTS (SELECT FROM changes_r2))
  AND (r2.id = r1.boss)
  AND (r3.customer_id = r1.id)
  AND (r4.id = r3.product_id)
  AND (r4.price > (0)::numeric)
UNION ALL
-- minus changes of public.customer AS b with changes of public.sale AS s
SELECT
  r2.country AS country,
  (-r1.weight * r2.weight * r3.weight) AS rows,
  CASE WHEN r3.amount IS NOT NULL THEN (-r1.weight * r2.weight * r3.weight) ELSE 0 END AS count_amount,
  CASE WHEN r3.amount = 'NaN'::numeric THEN (-r1.weight * r2.weight * r3.weight) ELSE 0 END AS nan_amount,
  CASE WHEN r3.amount = 'Infinity'::numeric THEN (-r1.weight * r2.weight * r3.weight) ELSE 0 END AS plus_infinity_amount,
  CASE WHEN r3.amount = '-Infinity'::numeric THEN (-r1.weight * r2.weight * r3.weight) ELSE 0 END AS minus_infinity_amount,
  CASE WHEN r3.amount > '-Infinity'::numeric AND r3.amount < 'Infinity'::numeric THEN CASE (-r1.weight * r2.weight * r3.weight) WHEN 1 THEN r3.amount WHEN -1 THEN -r3.amount ELSE r3.amount * (-r1.weight * r2.weight * r3.weight) END ELSE 0 END AS sum_amount,
  CASE WHEN r3.amount > '-Infinity'::numeric AND r3.amount < 'Infinity'::numeric THEN (('1e' || 12 * LEAST(pg_catalog.scale(r3.amount), 10900))::numeric * (-r1.weight * r2.weight * r3.weight))::numeric ELSE 0 END AS scales_amount
FROM
  changes_r2 AS r2
    CROSS JOIN (
    SELECT 1::bigint AS weight, r1.id, r1.boss
    FROM public.customer AS r1
    UNION ALL
      (SELECT -r1.weight, r1.id, r1.boss
      FROM changes_r1 AS r1
      OFFSET 0)
  ) AS r1
    CROSS JOIN changes_r3 AS r3
    CROSS JOIN public.product AS r4
WHERE (SELECT EXISTS (SELECT FROM changes_r2))
  AND (SELECT EXISTS (SELECT FROM changes_r3))
  AND (r2.id = r1.boss)
  AND (r3.customer_id = r1.id)
  AND (r4.id = r3.product_id)
  AND (r4.price > (0)::numeric);

-- what is pending of one table, with the others
CREATE VIEW imat_store.part2of_join_of_four AS
WITH pending AS MATERIALIZED (
  SELECT
    f.snapshot
  FROM imat_catalog.frontier AS f
  WHERE f.imat_id = 1
), changes_r3 AS MATERIALIZED (
  SELECT r3.weight AS weight, r3.customer_id, r3.product_id, r3.amount
    FROM ((
      SELECT pg_catalog.sum(l.weight)::bigint AS weight, l.c2 AS customer_id, l.c3 AS product_id, l.c5 AS amount
      FROM imat_store.log_public_sale AS l
      WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
      GROUP BY l.c2, l.c3, l.c5, pg_catalog.numeric_send(l.c5)
      HAVING pg_catalog.sum(l.weight) <> 0
    )
      UNION ALL
      SELECT 0::bigint AS weight, (CASE WHEN g.n IS NULL THEN NULL END)::integer AS customer_id, (CASE WHEN g.n IS NULL THEN NULL END)::integer AS product_id, (CASE WHEN g.n IS NULL THEN NULL END)::numeric AS amount
      FROM pg_catalog.generate_series(1, imat_catalog.expected_rows(1, 'imat_store.log_public_sale'::regclass)) AS g(n)
      WHERE (SELECT FALSE)
    ) AS r3
)
-- plus changes of public.sale AS s
SELECT
  r2.country AS country,
  r3.weight AS rows,
  CASE WHEN r3.amount IS NOT NULL THEN r3.weight ELSE 0 END AS count_amount,
  CASE WHEN r3.amount = 'NaN'::numeric THEN r3.weight ELSE 0 END AS nan_amount,
  CASE WHEN r3.amount = 'Infinity'::numeric THEN r3.weight ELSE 0 END AS plus_infinity_amount,
  CASE WHEN r3.amount = '-Infinity'::numeric THEN r3.weight ELSE 0 END AS minus_infinity_amount,
  CASE WHEN r3.amount > '-Infinity'::numeric AND r3.amount < 'Infinity'::numeric THEN CASE r3.weight WHEN 1 THEN r3.amount WHEN -1 THEN -r3.amount ELSE r3.amount * r3.weight END ELSE 0 END AS sum_amount,
  CASE WHEN r3.amount > '-Infinity'::numeric AND r3.amount < 'Infinity'::numeric THEN (('1e' || 12 * LEAST(pg_catalog.scale(r3.amount), 10900))::numeric * r3.weight)::numeric ELSE 0 END AS scales_amount
FROM
  changes_r3 AS r3
    CROSS JOIN public.product AS r4
    CROSS JOIN public.customer AS r1
    CROSS JOIN public.customer AS r2
WHERE (SELECT EXISTS (SELECT FROM changes_r3))
  AND (r2.id = r1.boss)
  AND (r3.customer_id = r1.id)
  AND (r4.id = r3.product_id)
  AND (r4.price > (0)::numeric);

-- what is pending of one table, with the others
CREATE VIEW imat_store.part3of_join_of_four AS
WITH pending AS MATERIALIZED (
  SELECT
    f.snapshot
  FROM imat_catalog.frontier AS f
  WHERE f.imat_id = 1
), changes_r1 AS MATERIALIZED (
  SELECT r1.weight AS weight, r1.id, r1.boss
    FROM ((
      SELECT pg_catalog.sum(l.weight)::bigint AS weight, l.c1 AS id, l.c4 AS boss
      FROM imat_store.log_public_customer AS l
      WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
      GROUP BY l.c1, l.c4
      HAVING pg_catalog.sum(l.weight) <> 0
    )
      UNION ALL
      SELECT 0::bigint AS weight, (CASE WHEN g.n IS NULL THEN NULL END)::integer AS id, (CASE WHEN g.n IS NULL THEN NULL END)::integer AS boss
      FROM pg_catalog.generate_series(1, imat_catalog.expected_rows(1, 'imat_store.log_public_customer'::regclass)) AS g(n)
      WHERE (SELECT FALSE)
    ) AS r1
), changes_r2 AS MATERIALIZED (
  SELECT r2.weight AS weight, r2.id, r2.country
    FROM ((
      SELECT pg_catalog.sum(l.weight)::bigint AS weight, l.c1 AS id, l.c3 AS country
      FROM imat_store.log_public_customer AS l
      WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
      GROUP BY l.c1, l.c3
      HAVING pg_catalog.sum(l.weight) <> 0
    )
      UNION ALL
      SELECT 0::bigint AS weight, (CASE WHEN g.n IS NULL THEN NULL END)::integer AS id, (CASE WHEN g.n IS NULL THEN NULL END)::text AS country
      FROM pg_catalog.generate_series(1, imat_catalog.expected_rows(1, 'imat_store.log_public_customer'::regclass)) AS g(n)
      WHERE (SELECT FALSE)
    ) AS r2
), changes_r4 AS MATERIALIZED (
  SELECT r4.weight AS weight, r4.id, r4.price
    FROM ((
      SELECT r4.weight, r4.id, r4.price
      FROM (
      SELECT pg_catalog.sum(l.weight)::bigint AS weight, l.c1 AS id, l.c3::numeric(10,2) AS price
      FROM imat_store.log_public_product AS l
      WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
      GROUP BY l.c1, l.c3::numeric(10,2)
      HAVING pg_catalog.sum(l.weight) <> 0
    ) AS r4
    WHERE (r4.price > (0)::numeric)
    )
      UNION ALL
      SELECT 0::bigint AS weight, (CASE WHEN g.n IS NULL THEN NULL END)::integer AS id, (CASE WHEN g.n IS NULL THEN NULL END)::numeric(10,2) AS price
      FROM pg_catalog.generate_series(1, imat_catalog.expected_rows(1, 'imat_store.log_public_product'::regclass)) AS g(n)
      WHERE (SELECT FALSE)
    ) AS r4
), changes_r3 AS MATERIALIZED (
  SELECT r3.weight AS weight, r3.customer_id, r3.product_id, r3.amount
    FROM ((
      SELECT pg_catalog.sum(l.weight)::bigint AS weight, l.c2 AS customer_id, l.c3 AS product_id, l.c5 AS amount
      FROM imat_store.log_public_sale AS l
      WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
      GROUP BY l.c2, l.c3, l.c5, pg_catalog.numeric_send(l.c5)
      HAVING pg_catalog.sum(l.weight) <> 0
    )
      UNION ALL
      SELECT 0::bigint AS weight, (CASE WHEN g.n IS NULL THEN NULL END)::integer AS customer_id, (CASE WHEN g.n IS NULL THEN NULL END)::integer AS product_id, (CASE WHEN g.n IS NULL THEN NULL END)::numeric AS amount
      FROM pg_catalog.generate_series(1, imat_catalog.expected_rows(1, 'imat_store.log_public_sale'::regclass)) AS g(n)
      WHERE (SELECT FALSE)
    ) AS r3
)
-- plus changes of public.product AS p
SELECT
  r2.country AS country,
  (r1.weight * r2.weight * r4.weight) AS rows,
  CASE WHEN r3.amount IS NOT NULL THEN (r1.weight * r2.weight * r4.weight) ELSE 0 END AS count_amount,
  CASE WHEN r3.amount = 'NaN'::numeric THEN (r1.weight * r2.weight * r4.weight) ELSE 0 END AS nan_amount,
  CASE WHEN r3.amount = 'Infinity'::numeric THEN (r1.weight * r2.weight * r4.weight) ELSE 0 END AS plus_infinity_amount,
  CASE WHEN r3.amount = '-Infinity'::numeric THEN (r1.weight * r2.weight * r4.weight) ELSE 0 END AS minus_infinity_amount,
  CASE WHEN r3.amount > '-Infinity'::numeric AND r3.amount < 'Infinity'::numeric THEN CASE (r1.weight * r2.weight * r4.weight) WHEN 1 THEN r3.amount WHEN -1 THEN -r3.amount ELSE r3.amount * (r1.weight * r2.weight * r4.weight) END ELSE 0 END AS sum_amount,
  CASE WHEN r3.amount > '-Infinity'::numeric AND r3.amount < 'Infinity'::numeric THEN (('1e' || 12 * LEAST(pg_catalog.scale(r3.amount), 10900))::numeric * (r1.weight * r2.weight * r4.weight))::numeric ELSE 0 END AS scales_amount
FROM
  changes_r4 AS r4
    CROSS JOIN public.sale AS r3
    CROSS JOIN (
    SELECT 1::bigint AS weight, r1.id, r1.boss
    FROM public.customer AS r1
    UNION ALL
      (SELECT -r1.weight, r1.id, r1.boss
      FROM changes_r1 AS r1
      OFFSET 0)
  ) AS r1
    CROSS JOIN (
    SELECT 1::bigint AS weight, r2.id, r2.country
    FROM public.customer AS r2
    UNION ALL
      (SELECT -r2.weight, r2.id, r2.country
      FROM changes_r2 AS r2
      OFFSET 0)
  ) AS r2
WHERE (SELECT EXISTS (SELECT FROM changes_r4))
  AND (r2.id = r1.boss)
  AND (r3.customer_id = r1.id)
  AND (r4.id = r3.product_id)
  AND (r4.price > (0)::numeric)
UNION ALL
-- minus changes of public.sale AS s with changes of public.product AS p
SELECT
  r2.country AS country,
  (-r1.weight * r2.weight * r3.weight * r4.weight) AS rows,
  CASE WHEN r3.amount IS NOT NULL THEN (-r1.weight * r2.weight * r3.weight * r4.weight) ELSE 0 END AS count_amount,
  CASE WHEN r3.amount = 'NaN'::numeric THEN (-r1.weight * r2.weight * r3.weight * r4.weight) ELSE 0 END AS nan_amount,
  CASE WHEN r3.amount = 'Infinity'::numeric THEN (-r1.weight * r2.weight * r3.weight * r4.weight) ELSE 0 END AS plus_infinity_amount,
  CASE WHEN r3.amount = '-Infinity'::numeric THEN (-r1.weight * r2.weight * r3.weight * r4.weight) ELSE 0 END AS minus_infinity_amount,
  CASE WHEN r3.amount > '-Infinity'::numeric AND r3.amount < 'Infinity'::numeric THEN CASE (-r1.weight * r2.weight * r3.weight * r4.weight) WHEN 1 THEN r3.amount WHEN -1 THEN -r3.amount ELSE r3.amount * (-r1.weight * r2.weight * r3.weight * r4.weight) END ELSE 0 END AS sum_amount,
  CASE WHEN r3.amount > '-Infinity'::numeric AND r3.amount < 'Infinity'::numeric THEN (('1e' || 12 * LEAST(pg_catalog.scale(r3.amount), 10900))::numeric * (-r1.weight * r2.weight * r3.weight * r4.weight))::numeric ELSE 0 END AS scales_amount
FROM
  changes_r3 AS r3
    CROSS JOIN changes_r4 AS r4
    CROSS JOIN (
    SELECT 1::bigint AS weight, r1.id, r1.boss
    FROM public.customer AS r1
    UNION ALL
      (SELECT -r1.weight, r1.id, r1.boss
      FROM changes_r1 AS r1
      OFFSET 0)
  ) AS r1
    CROSS JOIN (
    SELECT 1::bigint AS weight, r2.id, r2.country
    FROM public.customer AS r2
    UNION ALL
      (SELECT -r2.weight, r2.id, r2.country
      FROM changes_r2 AS r2
      OFFSET 0)
  ) AS r2
WHERE (SELECT EXISTS (SELECT FROM changes_r3))
  AND (SELECT EXISTS (SELECT FROM changes_r4))
  AND (r2.id = r1.boss)
  AND (r3.customer_id = r1.id)
  AND (r4.id = r3.product_id)
  AND (r4.price > (0)::numeric);

-- how much of each table is pending
CREATE VIEW imat_store.pending_join_of_four AS
SELECT 1 AS part, (
    SELECT pg_catalog.count(*)
    FROM (SELECT FROM imat_store.log_public_customer AS l WHERE l.xid >= pg_catalog.pg_snapshot_xmin(f.snapshot) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, f.snapshot) LIMIT 1001) AS p
  ) AS rows
  FROM imat_catalog.frontier AS f
  WHERE f.imat_id = 1
UNION ALL
SELECT 2 AS part, (
    SELECT pg_catalog.count(*)
    FROM (SELECT FROM imat_store.log_public_sale AS l WHERE l.xid >= pg_catalog.pg_snapshot_xmin(f.snapshot) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, f.snapshot) LIMIT 1001) AS p
  ) AS rows
  FROM imat_catalog.frontier AS f
  WHERE f.imat_id = 1
UNION ALL
SELECT 3 AS part, (
    SELECT pg_catalog.count(*)
    FROM (SELECT FROM imat_store.log_public_product AS l WHERE l.xid >= pg_catalog.pg_snapshot_xmin(f.snapshot) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, f.snapshot) LIMIT 1001) AS p
  ) AS rows
  FROM imat_catalog.frontier AS f
  WHERE f.imat_id = 1;

-- the same as a function, planned only if anything is pending
CREATE OR REPLACE FUNCTION imat_store.changes_join_of_four(access_key uuid) RETURNS SETOF imat_store.delta_join_of_four
LANGUAGE plpgsql
STABLE SECURITY DEFINER PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
SET row_security = off
SET jit = off
SET random_page_cost = 1.1
SET join_collapse_limit = 1
SET enable_mergejoin = off
AS $imat$
BEGIN
  IF NOT EXISTS (
    SELECT FROM imat_catalog.frontier AS f WHERE f.imat_id = 1 AND f.access_key = $1
  ) THEN
    RAISE EXCEPTION USING
      ERRCODE = 'insufficient_privilege',
      MESSAGE = 'only the view of the imat may call imat_store.changes_join_of_four';
  END IF;
  RETURN QUERY EXECUTE (
      SELECT CASE WHEN pg_catalog.sum(p.rows) BETWEEN 1 AND 1000
        THEN pg_catalog.string_agg(
          (ARRAY[
            'SELECT * FROM imat_store.part1of_join_of_four',
            'SELECT * FROM imat_store.part2of_join_of_four',
            'SELECT * FROM imat_store.part3of_join_of_four'
          ])[p.part], ' UNION ALL ' ORDER BY p.part) FILTER (WHERE p.rows > 0)
        ELSE 'SELECT * FROM imat_store.delta_join_of_four' END
      FROM imat_store.pending_join_of_four AS p
    );
END$imat$;

-- a view calls functions with the rights of its readers
GRANT EXECUTE ON FUNCTION imat_store.changes_join_of_four(uuid) TO PUBLIC;

-- the state computed anew
CREATE VIEW imat_store.content_join_of_four AS
SELECT
  r2.country AS country,
  pg_catalog.count(*) AS rows,
  pg_catalog.count(*) FILTER (WHERE r3.amount IS NOT NULL) AS count_amount,
  pg_catalog.count(*) FILTER (WHERE r3.amount = 'NaN'::numeric) AS nan_amount,
  pg_catalog.count(*) FILTER (WHERE r3.amount = 'Infinity'::numeric) AS plus_infinity_amount,
  pg_catalog.count(*) FILTER (WHERE r3.amount = '-Infinity'::numeric) AS minus_infinity_amount,
  COALESCE(pg_catalog.sum(r3.amount) FILTER (WHERE r3.amount > '-Infinity'::numeric AND r3.amount < 'Infinity'::numeric), 0)::numeric AS sum_amount,
  COALESCE(pg_catalog.sum(('1e' || 12 * LEAST(pg_catalog.scale(r3.amount), 10900))::numeric) FILTER (WHERE r3.amount > '-Infinity'::numeric AND r3.amount < 'Infinity'::numeric), 0)::numeric AS scales_amount
FROM
  public.customer AS r1,
  public.customer AS r2,
  public.sale AS r3,
  public.product AS r4
WHERE (r2.id = r1.boss)
  AND (r3.customer_id = r1.id)
  AND (r4.id = r3.product_id)
  AND (r4.price > (0)::numeric)
GROUP BY 1;

-- the same as a function, which is planned when it runs
CREATE OR REPLACE FUNCTION imat_store.computed_join_of_four(access_key uuid) RETURNS SETOF imat_store.content_join_of_four
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
      MESSAGE = 'only the view of the imat may call imat_store.computed_join_of_four';
  END IF;
  RETURN QUERY EXECUTE 'SELECT * FROM imat_store.content_join_of_four';
  IF imat_catalog.is_rewritten_meanwhile(5) THEN
    RAISE EXCEPTION USING
      ERRCODE = 'serialization_failure',
      MESSAGE = 'a table was truncated or rewritten after this statement began',
      HINT = 'Run the statement again.';
  END IF;
END$imat$;

-- a view calls functions with the rights of its readers
GRANT EXECUTE ON FUNCTION imat_store.computed_join_of_four(uuid) TO PUBLIC;

-- the answer as the sources have it
CREATE VIEW imat_store.answer_join_of_four AS
SELECT
  (g.c23)::text AS country,
  (g.c24)::numeric AS total
FROM
  (
    SELECT r2.country AS c23, pg_catalog.sum(r3.amount) AS c24
    FROM public.customer AS r1, public.customer AS r2, public.sale AS r3, public.product AS r4
  WHERE (r2.id = r1.boss)
    AND (r3.customer_id = r1.id)
    AND (r4.id = r3.product_id)
    AND (r4.price > (0)::numeric)
    GROUP BY 1
  ) AS g;

-- the same as a function, for reads while too much or a reset is pending
CREATE OR REPLACE FUNCTION imat_store.answered_join_of_four(access_key uuid) RETURNS SETOF imat_store.answer_join_of_four
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
      MESSAGE = 'only the view of the imat may call imat_store.answered_join_of_four';
  END IF;
  RETURN QUERY EXECUTE 'SELECT * FROM imat_store.answer_join_of_four';
  IF imat_catalog.is_rewritten_meanwhile(5) THEN
    RAISE EXCEPTION USING
      ERRCODE = 'serialization_failure',
      MESSAGE = 'a table was truncated or rewritten after this statement began',
      HINT = 'Run the statement again.';
  END IF;
END$imat$;

-- a view calls functions with the rights of its readers
GRANT EXECUTE ON FUNCTION imat_store.answered_join_of_four(uuid) TO PUBLIC;

-- what pending changes concern, with them
CREATE VIEW imat_store.merge_join_of_four AS
WITH changes AS MATERIALIZED (
  SELECT * FROM imat_store.changes_join_of_four((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1))
)
SELECT
  s.country,
  (CASE WHEN s.rows <> 0 THEN CASE WHEN s.count_amount > 0 THEN CASE WHEN s.nan_amount > 0 THEN 'NaN'::numeric WHEN s.plus_infinity_amount > 0 AND s.minus_infinity_amount > 0 THEN 'NaN'::numeric WHEN s.plus_infinity_amount > 0 THEN 'Infinity'::numeric WHEN s.minus_infinity_amount > 0 THEN '-Infinity'::numeric ELSE (pg_catalog.round(s.sum_amount, CASE WHEN (pg_catalog.length(pg_catalog.trunc(s.scales_amount)::text) - 1) / 12 < 10900 THEN (pg_catalog.length(pg_catalog.trunc(s.scales_amount)::text) - 1) / 12 ELSE pg_catalog.scale(s.sum_amount) END))::numeric END END END)::numeric AS total,
  s.rows AS rows_now,
  false AS is_anew
FROM (
  SELECT
    u.country,
    COALESCE(pg_catalog.sum(u.rows), 0)::bigint AS rows,
    COALESCE(pg_catalog.sum(u.count_amount), 0)::bigint AS count_amount,
    COALESCE(pg_catalog.sum(u.nan_amount), 0)::bigint AS nan_amount,
    COALESCE(pg_catalog.sum(u.plus_infinity_amount), 0)::bigint AS plus_infinity_amount,
    COALESCE(pg_catalog.sum(u.minus_infinity_amount), 0)::bigint AS minus_infinity_amount,
    COALESCE(pg_catalog.sum(u.sum_amount), 0)::numeric AS sum_amount,
    COALESCE(pg_catalog.sum(u.scales_amount), 0)::numeric AS scales_amount
  FROM (
    SELECT country, rows, count_amount, nan_amount, plus_infinity_amount, minus_infinity_amount, sum_amount, scales_amount FROM imat_store.state_join_of_four AS s WHERE EXISTS (SELECT FROM changes AS d WHERE d.country OPERATOR(pg_catalog.=) s.country)
    UNION ALL
    SELECT country, rows, count_amount, nan_amount, plus_infinity_amount, minus_infinity_amount, sum_amount, scales_amount FROM imat_store.state_join_of_four AS s WHERE country IS NULL
    UNION ALL
    SELECT country, rows, count_amount, nan_amount, plus_infinity_amount, minus_infinity_amount, sum_amount, scales_amount FROM changes
  ) AS u
  GROUP BY u.country
) AS s;

-- the same as a function, planned only if anything is pending
CREATE OR REPLACE FUNCTION imat_store.merged_join_of_four(access_key uuid) RETURNS SETOF imat_store.merge_join_of_four
LANGUAGE plpgsql
STABLE SECURITY DEFINER PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
SET row_security = off
SET jit = off
SET random_page_cost = 1.1
SET join_collapse_limit = 1
SET enable_mergejoin = off
AS $imat$
BEGIN
  IF NOT EXISTS (
    SELECT FROM imat_catalog.frontier AS f WHERE f.imat_id = 1 AND f.access_key = $1
  ) THEN
    RAISE EXCEPTION USING
      ERRCODE = 'insufficient_privilege',
      MESSAGE = 'only the view of the imat may call imat_store.merged_join_of_four';
  END IF;
  RETURN QUERY EXECUTE 'SELECT * FROM imat_store.merge_join_of_four';
END$imat$;

-- a view calls functions with the rights of its readers
GRANT EXECUTE ON FUNCTION imat_store.merged_join_of_four(uuid) TO PUBLIC;

-- the answer computed now
CREATE VIEW imat_store.current_join_of_four WITH (security_barrier) AS
WITH merged AS MATERIALIZED (
  SELECT * FROM imat_store.merged_join_of_four((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1))
)
SELECT
  s.country,
  s.total
FROM (
  -- what is stored and stays
  SELECT
    s.country,
    s.total
  FROM imat_store.state_join_of_four AS s
  WHERE s.country IS NOT NULL
    AND NOT EXISTS (SELECT FROM merged AS d WHERE d.country OPERATOR(pg_catalog.=) s.country)
  UNION ALL
  -- what pending changes concern, with them
  SELECT
    s.country,
    s.total
  FROM merged AS s
  WHERE s.rows_now <> 0
) AS s;

-- fold: adds what is pending to the state
CREATE OR REPLACE FUNCTION imat_store.fold_join_of_four(anew boolean DEFAULT false) RETURNS bigint
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET row_security = off
SET jit = off
SET random_page_cost = 1.1
SET join_collapse_limit = 1
SET enable_mergejoin = off
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
        u.country,
        COALESCE(pg_catalog.sum(u.rows), 0)::bigint AS rows,
        COALESCE(pg_catalog.sum(u.count_amount), 0)::bigint AS count_amount,
        COALESCE(pg_catalog.sum(u.nan_amount), 0)::bigint AS nan_amount,
        COALESCE(pg_catalog.sum(u.plus_infinity_amount), 0)::bigint AS plus_infinity_amount,
        COALESCE(pg_catalog.sum(u.minus_infinity_amount), 0)::bigint AS minus_infinity_amount,
        COALESCE(pg_catalog.sum(u.sum_amount), 0)::numeric AS sum_amount,
        COALESCE(pg_catalog.sum(u.scales_amount), 0)::numeric AS scales_amount
      FROM (
        SELECT country, rows, count_amount, nan_amount, plus_infinity_amount, minus_infinity_amount, sum_amount, scales_amount FROM changes
      ) AS u
      GROUP BY u.country
    ), merged AS (
      INSERT INTO imat_store.state_join_of_four AS s (country, rows, count_amount, nan_amount, plus_infinity_amount, minus_infinity_amount, sum_amount, scales_amount)
      SELECT country, rows, count_amount, nan_amount, plus_infinity_amount, minus_infinity_amount, sum_amount, scales_amount
      FROM delta AS d
      WHERE d.rows <> 0 OR d.count_amount <> 0 OR d.nan_amount <> 0 OR d.plus_infinity_amount <> 0 OR d.minus_infinity_amount <> 0 OR d.sum_amount <> 0 OR d.scales_amount <> 0
      ON CONFLICT (country) DO UPDATE SET
        rows = s.rows + EXCLUDED.rows,
        count_amount = s.count_amount + EXCLUDED.count_amount,
        nan_amount = s.nan_amount + EXCLUDED.nan_amount,
        plus_infinity_amount = s.plus_infinity_amount + EXCLUDED.plus_infinity_amount,
        minus_infinity_amount = s.minus_infinity_amount + EXCLUDED.minus_infinity_amount,
        sum_amount = s.sum_amount + EXCLUDED.sum_amount,
        scales_amount = s.scales_amount + EXCLUDED.scales_amount
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
    DELETE FROM imat_store.state_join_of_four;
    INSERT INTO imat_store.state_join_of_four (country, rows, count_amount, nan_amount, plus_infinity_amount, minus_infinity_amount, sum_amount, scales_amount)
    SELECT country, rows, count_amount, nan_amount, plus_infinity_amount, minus_infinity_amount, sum_amount, scales_amount FROM imat_store.computed_join_of_four((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1));
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
  END IF;
  BEGIN
    EXECUTE pg_catalog.format(upsert, 'imat_store.delta_join_of_four')
    INTO changed, emptied, negative;
  EXCEPTION
    WHEN program_limit_exceeded THEN
      RAISE EXCEPTION USING
        ERRCODE = 'program_limit_exceeded',
        MESSAGE = 'a group key is too long to be stored',
        DETAIL = SQLERRM,
        HINT = 'Keys are limited to about 2700 bytes. Reads are still correct. Run imat repair, which then chooses the strategy swap.';
    WHEN OTHERS THEN
      -- Locks, resources, cancelling and the like are not a matter of rows.
      IF pg_catalog.left(SQLSTATE, 2) IN ('40', '53', '55', '57', '58', 'XX') THEN RAISE; END IF;
      EXECUTE pg_catalog.format(upsert, 'imat_store.netted_join_of_four')
      INTO changed, emptied, negative;
  END;
  IF negative THEN
    RAISE EXCEPTION USING
      ERRCODE = 'data_corrupted',
      MESSAGE = 'a row of imat_store.state_join_of_four would have a negative count',
      DETAIL = 'A change of a source was not captured, for example because a trigger of imat was disabled.',
      HINT = 'Run imat repair.';
  END IF;
  DELETE FROM imat_store.state_join_of_four WHERE ctid = ANY (emptied);
  RETURN changed;
END$imat_$;

-- only imat.fold calls it
REVOKE ALL ON FUNCTION imat_store.fold_join_of_four(boolean) FROM PUBLIC;

-- what readers use
CREATE VIEW imat.join_of_four AS
SELECT
  s.country AS country,
  s.total AS total
FROM (
  -- what is stored
  SELECT
    s.country,
    s.total,
    0 AS arm
  FROM imat_store.state_join_of_four AS s
  UNION ALL
  -- the answer computed now
  SELECT
    s.country,
    s.total,
    2 AS arm
  FROM imat_store.current_join_of_four AS s
  UNION ALL
  -- what the sources have
  SELECT
    s.country,
    s.total,
    3 AS arm
  FROM imat_store.answered_join_of_four((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1)) AS s
) AS s
WHERE s.arm = (
  SELECT COALESCE(
    (SELECT CASE WHEN EXISTS (SELECT FROM imat_store.log_public_customer AS l WHERE l.xid <= '18446744073709551615'::pg_catalog.xid8 AND l.xid >= pg_catalog.pg_snapshot_xmin(f.snapshot) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, f.snapshot)) OR EXISTS (SELECT FROM imat_store.log_public_sale AS l WHERE l.xid <= '18446744073709551615'::pg_catalog.xid8 AND l.xid >= pg_catalog.pg_snapshot_xmin(f.snapshot) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, f.snapshot)) OR EXISTS (SELECT FROM imat_store.log_public_product AS l WHERE l.xid <= '18446744073709551615'::pg_catalog.xid8 AND l.xid >= pg_catalog.pg_snapshot_xmin(f.snapshot) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, f.snapshot)) THEN CASE WHEN EXISTS (SELECT FROM imat_store.reset AS r WHERE r.relation IN ('1'::pg_catalog.regclass, '1'::pg_catalog.regclass, '1'::pg_catalog.regclass) AND NOT pg_catalog.pg_visible_in_snapshot(r.xid, f.snapshot)) OR imat_catalog.is_rewritten(ARRAY['1'::pg_catalog.regclass, '1'::pg_catalog.regclass, '1'::pg_catalog.regclass]) OR imat_catalog.is_outgrown(1, f.snapshot, 8) THEN 3 ELSE 2 END ELSE 0 END FROM imat_catalog.frontier AS f WHERE f.imat_id = 1 AND f.state_relation IN ('imat_store.state_join_of_four'::regclass) AND f.here AND 'imat_store.definition_join_of_four'::regclass IS NOT NULL AND (TRUE OR EXISTS (SELECT FROM public.customer, public.sale, public.product))),
    imat_catalog.arm_without_frontier('join_of_four', 3)
  )
);

-- what a colleague finds
COMMENT ON VIEW imat.join_of_four IS 'imat: answers as its query would now. See imat explain; imat revert removes it.';

-- who may read the materialized view may read it
SELECT imat_catalog.copy_grants('public.join_of_four', 'imat.join_of_four');

-- a comment of the materialized view
COMMENT ON VIEW imat.join_of_four IS 'shows join-of-four';

-- an index of the materialized view
CREATE INDEX ON imat_store.state_join_of_four USING btree ((1));
