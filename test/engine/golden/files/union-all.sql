-- union-all: UNION ALL below a grouping: the changes of each branch, in the types of the whole
--
-- SELECT u.region,
--     count(*) AS n,
--     sum(u.value) AS total
--    FROM ( SELECT sale.region,
--             sale.quantity AS value
--            FROM public.sale
--         UNION ALL
--          SELECT customer.country,
--             0.5 AS value
--            FROM public.customer
--         UNION ALL
--          SELECT 'none'::text AS region,
--             0 AS value) u
--   GROUP BY u.region
--
-- strategy delta, freshness live
-- reads public.customer (country)
-- reads public.sale (region, quantity)
-- project region, n, total: computed when read, stores nothing
--   group by region: stored, one row per group, stores region
--       region: group key, stores region
--       rows of the group: additive part, stores rows
--       rows where value is not null: additive part, stores count_value
--       rows where value is NaN: additive part, stores nan_value
--       rows where value is Infinity: additive part, stores plus_infinity_value
--       rows where value is -Infinity: additive part, stores minus_infinity_value
--       sum of value: additive part, stores sum_value
--       rows by display scale of value: sum of 10^(12 * scale): additive part, stores scales_value
--       sum(value): finished aggregate, stores total
--     union all: linear, stores nothing
--       project region, value: linear, stores nothing
--         union all: linear, stores nothing
--           project region, value: linear, stores nothing
--             scan public.sale AS sale (region, quantity): linear, stores nothing
--           project country, value: linear, stores nothing
--             scan public.customer AS customer (country): linear, stores nothing
--       project region, value: linear, stores nothing
--         cross join: multilinear, stores nothing

-- the definition, as a view
CREATE VIEW imat_store.definition_union_all AS
SELECT u.region,
    count(*) AS n,
    sum(u.value) AS total
   FROM ( SELECT sale.region,
            sale.quantity AS value
           FROM public.sale
        UNION ALL
         SELECT customer.country,
            0.5 AS value
           FROM public.customer
        UNION ALL
         SELECT 'none'::text AS region,
            0 AS value) u
  GROUP BY u.region;

-- the change log of public.customer, if it is not there yet
CREATE TABLE imat_store.log_public_customer (
  xid xid8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id(),
  weight integer NOT NULL,
  c3 text
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_customer', '{3}', ARRAY['country']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_customer (weight, c3)
      SELECT 1, n.country FROM new_rows AS n
      LIMIT 100000;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed OPERATOR(pg_catalog.=) 100000 THEN
      changed := (SELECT pg_catalog.count(*) FROM new_rows);
      IF imat_store.is_loggable('1'::pg_catalog.regclass, changed) THEN
        INSERT INTO imat_store.log_public_customer (weight, c3)
          SELECT 1, n.country FROM new_rows AS n
          OFFSET 100000;
      ELSE
        INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);
      END IF;
    END IF;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_customer', '{3}', TG_OP);
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_customer', '{3}', ARRAY['country']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_customer (weight, c3)
      SELECT pg_catalog.sum(u.weight), u.c3
      FROM (
        SELECT -1 AS weight, o.country AS c3 FROM old_rows AS o
        UNION ALL
        SELECT 1, n.country AS c3 FROM new_rows AS n
      ) AS u
      GROUP BY u.c3
      HAVING pg_catalog.sum(u.weight) OPERATOR(pg_catalog.<>) 0;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_customer', '{3}', TG_OP);
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_customer', '{3}', ARRAY['country']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_customer (weight, c3)
      SELECT -1, o.country FROM old_rows AS o
      LIMIT 100000;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed OPERATOR(pg_catalog.=) 100000 THEN
      changed := (SELECT pg_catalog.count(*) FROM old_rows);
      IF imat_store.is_loggable('1'::pg_catalog.regclass, changed) THEN
        INSERT INTO imat_store.log_public_customer (weight, c3)
          SELECT -1, o.country FROM old_rows AS o
          OFFSET 100000;
      ELSE
        INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);
      END IF;
    END IF;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_customer', '{3}', TG_OP);
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

-- the change log of public.sale, if it is not there yet
CREATE TABLE imat_store.log_public_sale (
  xid xid8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id(),
  weight integer NOT NULL,
  c4 text,
  c6 integer
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_sale', '{4,6}', ARRAY['region', 'quantity']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_sale (weight, c4, c6)
      SELECT 1, n.region, n.quantity FROM new_rows AS n
      LIMIT 100000;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed OPERATOR(pg_catalog.=) 100000 THEN
      changed := (SELECT pg_catalog.count(*) FROM new_rows);
      IF imat_store.is_loggable('1'::pg_catalog.regclass, changed) THEN
        INSERT INTO imat_store.log_public_sale (weight, c4, c6)
          SELECT 1, n.region, n.quantity FROM new_rows AS n
          OFFSET 100000;
      ELSE
        INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);
      END IF;
    END IF;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_sale', '{4,6}', TG_OP);
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_sale', '{4,6}', ARRAY['region', 'quantity']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_sale (weight, c4, c6)
      SELECT pg_catalog.sum(u.weight), u.c4, u.c6
      FROM (
        SELECT -1 AS weight, o.region AS c4, o.quantity AS c6 FROM old_rows AS o
        UNION ALL
        SELECT 1, n.region AS c4, n.quantity AS c6 FROM new_rows AS n
      ) AS u
      GROUP BY u.c4, u.c6
      HAVING pg_catalog.sum(u.weight) OPERATOR(pg_catalog.<>) 0;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_sale', '{4,6}', TG_OP);
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_sale', '{4,6}', ARRAY['region', 'quantity']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_sale (weight, c4, c6)
      SELECT -1, o.region, o.quantity FROM old_rows AS o
      LIMIT 100000;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed OPERATOR(pg_catalog.=) 100000 THEN
      changed := (SELECT pg_catalog.count(*) FROM old_rows);
      IF imat_store.is_loggable('1'::pg_catalog.regclass, changed) THEN
        INSERT INTO imat_store.log_public_sale (weight, c4, c6)
          SELECT -1, o.region, o.quantity FROM old_rows AS o
          OFFSET 100000;
      ELSE
        INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);
      END IF;
    END IF;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_sale', '{4,6}', TG_OP);
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
CREATE TABLE imat_store.state_union_all WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02) AS
SELECT
  u4.c25 AS region,
  pg_catalog.count(*) AS rows,
  pg_catalog.count(*) FILTER (WHERE u4.c26 IS NOT NULL) AS count_value,
  pg_catalog.count(*) FILTER (WHERE u4.c26 = 'NaN'::numeric) AS nan_value,
  pg_catalog.count(*) FILTER (WHERE u4.c26 = 'Infinity'::numeric) AS plus_infinity_value,
  pg_catalog.count(*) FILTER (WHERE u4.c26 = '-Infinity'::numeric) AS minus_infinity_value,
  COALESCE(pg_catalog.sum(u4.c26) FILTER (WHERE u4.c26 > '-Infinity'::numeric AND u4.c26 < 'Infinity'::numeric), 0)::numeric AS sum_value,
  COALESCE(pg_catalog.sum(('1e' || 12 * LEAST(pg_catalog.scale(u4.c26), 10900))::numeric) FILTER (WHERE u4.c26 > '-Infinity'::numeric AND u4.c26 < 'Infinity'::numeric), 0)::numeric AS scales_value
FROM
  (SELECT (u3.c19)::text AS c25, (u3.c20)::numeric AS c26
  FROM (SELECT (r1.region)::text AS c19, (r1.quantity)::numeric AS c20
  FROM public.sale AS r1
  UNION ALL
  SELECT (r2.country)::text AS c19, (0.5)::numeric AS c20
  FROM public.customer AS r2) AS u3
  UNION ALL
  SELECT (('none')::text)::text AS c25, (0)::numeric AS c26) AS u4
GROUP BY 1;

-- what publications of all tables need
ALTER TABLE imat_store.state_union_all REPLICA IDENTITY FULL;

-- finished aggregates, computed once
ALTER TABLE imat_store.state_union_all
  ADD COLUMN total numeric GENERATED ALWAYS AS (CASE WHEN count_value > 0 THEN CASE WHEN nan_value > 0 THEN 'NaN'::numeric WHEN plus_infinity_value > 0 AND minus_infinity_value > 0 THEN 'NaN'::numeric WHEN plus_infinity_value > 0 THEN 'Infinity'::numeric WHEN minus_infinity_value > 0 THEN '-Infinity'::numeric ELSE (pg_catalog.round(sum_value, CASE WHEN (pg_catalog.length(pg_catalog.trunc(scales_value)::text) - 1) / 12 < 10900 THEN (pg_catalog.length(pg_catalog.trunc(scales_value)::text) - 1) / 12 ELSE pg_catalog.scale(sum_value) END))::numeric END END) STORED;

-- what finds a group, NULL keys being equal
CREATE UNIQUE INDEX ON imat_store.state_union_all (region) NULLS NOT DISTINCT;

-- what the column holds
COMMENT ON COLUMN imat_store.state_union_all.region IS 'region';

-- what the column holds
COMMENT ON COLUMN imat_store.state_union_all.rows IS 'rows of the group';

-- what the column holds
COMMENT ON COLUMN imat_store.state_union_all.count_value IS 'rows where value is not null';

-- what the column holds
COMMENT ON COLUMN imat_store.state_union_all.nan_value IS 'rows where value is NaN';

-- what the column holds
COMMENT ON COLUMN imat_store.state_union_all.plus_infinity_value IS 'rows where value is Infinity';

-- what the column holds
COMMENT ON COLUMN imat_store.state_union_all.minus_infinity_value IS 'rows where value is -Infinity';

-- what the column holds
COMMENT ON COLUMN imat_store.state_union_all.sum_value IS 'sum of value';

-- what the column holds
COMMENT ON COLUMN imat_store.state_union_all.scales_value IS 'rows by display scale of value: sum of 10^(12 * scale)';

-- what the column holds
COMMENT ON COLUMN imat_store.state_union_all.total IS 'sum(value)';

-- statistics
ANALYZE imat_store.state_union_all;

-- what is pending, as rows of the state
CREATE VIEW imat_store.delta_union_all AS
WITH pending AS MATERIALIZED (
  SELECT
    f.snapshot
  FROM imat_catalog.frontier AS f
  WHERE f.imat_id = 1
)
-- plus changes of public.sale AS sale
SELECT
  u4.c25 AS region,
  u4.weight AS rows,
  CASE WHEN u4.c26 IS NOT NULL THEN u4.weight ELSE 0 END AS count_value,
  CASE WHEN u4.c26 = 'NaN'::numeric THEN u4.weight ELSE 0 END AS nan_value,
  CASE WHEN u4.c26 = 'Infinity'::numeric THEN u4.weight ELSE 0 END AS plus_infinity_value,
  CASE WHEN u4.c26 = '-Infinity'::numeric THEN u4.weight ELSE 0 END AS minus_infinity_value,
  CASE WHEN u4.c26 > '-Infinity'::numeric AND u4.c26 < 'Infinity'::numeric THEN CASE u4.weight WHEN 1 THEN u4.c26 WHEN -1 THEN -u4.c26 ELSE u4.c26 * u4.weight END ELSE 0 END AS sum_value,
  CASE WHEN u4.c26 > '-Infinity'::numeric AND u4.c26 < 'Infinity'::numeric THEN (('1e' || 12 * LEAST(pg_catalog.scale(u4.c26), 10900))::numeric * u4.weight)::numeric ELSE 0 END AS scales_value
FROM
  (SELECT u3.weight AS weight, (u3.c19)::text AS c25, (u3.c20)::numeric AS c26
  FROM (SELECT r1.weight AS weight, (r1.region)::text AS c19, (r1.quantity)::numeric AS c20
  FROM (
    SELECT l.weight::bigint AS weight, l.c4 AS region, l.c6 AS quantity
    FROM imat_store.log_public_sale AS l
    WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
  ) AS r1) AS u3) AS u4
UNION ALL
-- plus changes of public.customer AS customer
SELECT
  u4.c25 AS region,
  u4.weight AS rows,
  CASE WHEN u4.c26 IS NOT NULL THEN u4.weight ELSE 0 END AS count_value,
  CASE WHEN u4.c26 = 'NaN'::numeric THEN u4.weight ELSE 0 END AS nan_value,
  CASE WHEN u4.c26 = 'Infinity'::numeric THEN u4.weight ELSE 0 END AS plus_infinity_value,
  CASE WHEN u4.c26 = '-Infinity'::numeric THEN u4.weight ELSE 0 END AS minus_infinity_value,
  CASE WHEN u4.c26 > '-Infinity'::numeric AND u4.c26 < 'Infinity'::numeric THEN CASE u4.weight WHEN 1 THEN u4.c26 WHEN -1 THEN -u4.c26 ELSE u4.c26 * u4.weight END ELSE 0 END AS sum_value,
  CASE WHEN u4.c26 > '-Infinity'::numeric AND u4.c26 < 'Infinity'::numeric THEN (('1e' || 12 * LEAST(pg_catalog.scale(u4.c26), 10900))::numeric * u4.weight)::numeric ELSE 0 END AS scales_value
FROM
  (SELECT u3.weight AS weight, (u3.c19)::text AS c25, (u3.c20)::numeric AS c26
  FROM (SELECT r2.weight AS weight, (r2.country)::text AS c19, (0.5)::numeric AS c20
  FROM (
    SELECT l.weight::bigint AS weight, l.c3 AS country
    FROM imat_store.log_public_customer AS l
    WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
  ) AS r2) AS u3) AS u4;

-- the same, with pending rows cancelled against each other first
CREATE VIEW imat_store.netted_union_all AS
WITH pending AS MATERIALIZED (
  SELECT
    f.snapshot
  FROM imat_catalog.frontier AS f
  WHERE f.imat_id = 1
)
-- plus changes of public.sale AS sale
SELECT
  u4.c25 AS region,
  u4.weight AS rows,
  CASE WHEN u4.c26 IS NOT NULL THEN u4.weight ELSE 0 END AS count_value,
  CASE WHEN u4.c26 = 'NaN'::numeric THEN u4.weight ELSE 0 END AS nan_value,
  CASE WHEN u4.c26 = 'Infinity'::numeric THEN u4.weight ELSE 0 END AS plus_infinity_value,
  CASE WHEN u4.c26 = '-Infinity'::numeric THEN u4.weight ELSE 0 END AS minus_infinity_value,
  CASE WHEN u4.c26 > '-Infinity'::numeric AND u4.c26 < 'Infinity'::numeric THEN CASE u4.weight WHEN 1 THEN u4.c26 WHEN -1 THEN -u4.c26 ELSE u4.c26 * u4.weight END ELSE 0 END AS sum_value,
  CASE WHEN u4.c26 > '-Infinity'::numeric AND u4.c26 < 'Infinity'::numeric THEN (('1e' || 12 * LEAST(pg_catalog.scale(u4.c26), 10900))::numeric * u4.weight)::numeric ELSE 0 END AS scales_value
FROM
  (SELECT u3.weight AS weight, (u3.c19)::text AS c25, (u3.c20)::numeric AS c26
  FROM (SELECT r1.weight AS weight, (r1.region)::text AS c19, (r1.quantity)::numeric AS c20
  FROM ((
    SELECT pg_catalog.sum(l.weight)::bigint AS weight, l.c4 AS region, l.c6 AS quantity
    FROM imat_store.log_public_sale AS l
    WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
    GROUP BY l.c4, l.c6
    HAVING pg_catalog.sum(l.weight) <> 0
    OFFSET 0
  )
    UNION ALL
    SELECT 0::bigint AS weight, (CASE WHEN g.n IS NULL THEN NULL END)::text AS region, (CASE WHEN g.n IS NULL THEN NULL END)::integer AS quantity
    FROM pg_catalog.generate_series(1, imat_catalog.expected_rows(1, 'imat_store.log_public_sale'::regclass)) AS g(n)
    WHERE (SELECT FALSE)
  ) AS r1) AS u3) AS u4
UNION ALL
-- plus changes of public.customer AS customer
SELECT
  u4.c25 AS region,
  u4.weight AS rows,
  CASE WHEN u4.c26 IS NOT NULL THEN u4.weight ELSE 0 END AS count_value,
  CASE WHEN u4.c26 = 'NaN'::numeric THEN u4.weight ELSE 0 END AS nan_value,
  CASE WHEN u4.c26 = 'Infinity'::numeric THEN u4.weight ELSE 0 END AS plus_infinity_value,
  CASE WHEN u4.c26 = '-Infinity'::numeric THEN u4.weight ELSE 0 END AS minus_infinity_value,
  CASE WHEN u4.c26 > '-Infinity'::numeric AND u4.c26 < 'Infinity'::numeric THEN CASE u4.weight WHEN 1 THEN u4.c26 WHEN -1 THEN -u4.c26 ELSE u4.c26 * u4.weight END ELSE 0 END AS sum_value,
  CASE WHEN u4.c26 > '-Infinity'::numeric AND u4.c26 < 'Infinity'::numeric THEN (('1e' || 12 * LEAST(pg_catalog.scale(u4.c26), 10900))::numeric * u4.weight)::numeric ELSE 0 END AS scales_value
FROM
  (SELECT u3.weight AS weight, (u3.c19)::text AS c25, (u3.c20)::numeric AS c26
  FROM (SELECT r2.weight AS weight, (r2.country)::text AS c19, (0.5)::numeric AS c20
  FROM ((
    SELECT pg_catalog.sum(l.weight)::bigint AS weight, l.c3 AS country
    FROM imat_store.log_public_customer AS l
    WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
    GROUP BY l.c3
    HAVING pg_catalog.sum(l.weight) <> 0
    OFFSET 0
  )
    UNION ALL
    SELECT 0::bigint AS weight, (CASE WHEN g.n IS NULL THEN NULL END)::text AS country
    FROM pg_catalog.generate_series(1, imat_catalog.expected_rows(1, 'imat_store.log_public_customer'::regclass)) AS g(n)
    WHERE (SELECT FALSE)
  ) AS r2) AS u3) AS u4;

-- the state computed anew
CREATE VIEW imat_store.content_union_all AS
SELECT
  u4.c25 AS region,
  pg_catalog.count(*) AS rows,
  pg_catalog.count(*) FILTER (WHERE u4.c26 IS NOT NULL) AS count_value,
  pg_catalog.count(*) FILTER (WHERE u4.c26 = 'NaN'::numeric) AS nan_value,
  pg_catalog.count(*) FILTER (WHERE u4.c26 = 'Infinity'::numeric) AS plus_infinity_value,
  pg_catalog.count(*) FILTER (WHERE u4.c26 = '-Infinity'::numeric) AS minus_infinity_value,
  COALESCE(pg_catalog.sum(u4.c26) FILTER (WHERE u4.c26 > '-Infinity'::numeric AND u4.c26 < 'Infinity'::numeric), 0)::numeric AS sum_value,
  COALESCE(pg_catalog.sum(('1e' || 12 * LEAST(pg_catalog.scale(u4.c26), 10900))::numeric) FILTER (WHERE u4.c26 > '-Infinity'::numeric AND u4.c26 < 'Infinity'::numeric), 0)::numeric AS scales_value
FROM
  (SELECT (u3.c19)::text AS c25, (u3.c20)::numeric AS c26
  FROM (SELECT (r1.region)::text AS c19, (r1.quantity)::numeric AS c20
  FROM public.sale AS r1
  UNION ALL
  SELECT (r2.country)::text AS c19, (0.5)::numeric AS c20
  FROM public.customer AS r2) AS u3
  UNION ALL
  SELECT (('none')::text)::text AS c25, (0)::numeric AS c26) AS u4
GROUP BY 1;

-- the same as a function, which is planned when it runs
CREATE OR REPLACE FUNCTION imat_store.computed_union_all(access_key uuid) RETURNS SETOF imat_store.content_union_all
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
      MESSAGE = 'only the view of the imat may call imat_store.computed_union_all';
  END IF;
  RETURN QUERY EXECUTE 'SELECT * FROM imat_store.content_union_all';
  IF imat_catalog.is_rewritten_meanwhile(15) THEN
    RAISE EXCEPTION USING
      ERRCODE = 'serialization_failure',
      MESSAGE = 'a table was truncated or rewritten after this statement began',
      HINT = 'Run the statement again.';
  END IF;
END$imat$;

-- a view calls functions with the rights of its readers
GRANT EXECUTE ON FUNCTION imat_store.computed_union_all(uuid) TO PUBLIC;

-- the answer as the sources have it
CREATE VIEW imat_store.answer_union_all AS
SELECT
  (g.c31)::text AS region,
  (g.c32)::bigint AS rows,
  (g.c33)::numeric AS total
FROM
  (
    SELECT u4.c25 AS c31, pg_catalog.count(*) AS c32, pg_catalog.sum(u4.c26) AS c33
    FROM (SELECT (u3.c19)::text AS c25, (u3.c20)::numeric AS c26
    FROM (SELECT (r1.region)::text AS c19, (r1.quantity)::numeric AS c20
    FROM public.sale AS r1
    UNION ALL
    SELECT (r2.country)::text AS c19, (0.5)::numeric AS c20
    FROM public.customer AS r2) AS u3
    UNION ALL
    SELECT (('none')::text)::text AS c25, (0)::numeric AS c26) AS u4
    GROUP BY 1
  ) AS g;

-- the same as a function, for reads while too much or a reset is pending
CREATE OR REPLACE FUNCTION imat_store.answered_union_all(access_key uuid) RETURNS SETOF imat_store.answer_union_all
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
      MESSAGE = 'only the view of the imat may call imat_store.answered_union_all';
  END IF;
  RETURN QUERY EXECUTE 'SELECT * FROM imat_store.answer_union_all';
  IF imat_catalog.is_rewritten_meanwhile(15) THEN
    RAISE EXCEPTION USING
      ERRCODE = 'serialization_failure',
      MESSAGE = 'a table was truncated or rewritten after this statement began',
      HINT = 'Run the statement again.';
  END IF;
END$imat$;

-- a view calls functions with the rights of its readers
GRANT EXECUTE ON FUNCTION imat_store.answered_union_all(uuid) TO PUBLIC;

-- state and pending changes, added up
CREATE VIEW imat_store.current_union_all WITH (security_barrier) AS
WITH changes AS MATERIALIZED (
  TABLE imat_store.delta_union_all
)
SELECT
  s.region,
  s.rows,
  s.total
FROM (
  -- what is stored and stays
  SELECT
    s.region,
    s.rows,
    s.total
  FROM imat_store.state_union_all AS s
  WHERE s.region IS NOT NULL
    AND NOT EXISTS (SELECT FROM changes AS d WHERE d.region OPERATOR(pg_catalog.=) s.region)
  UNION ALL
  -- what is stored and what is pending, added up
  SELECT
    s.region,
    s.rows,
    (CASE WHEN s.count_value > 0 THEN CASE WHEN s.nan_value > 0 THEN 'NaN'::numeric WHEN s.plus_infinity_value > 0 AND s.minus_infinity_value > 0 THEN 'NaN'::numeric WHEN s.plus_infinity_value > 0 THEN 'Infinity'::numeric WHEN s.minus_infinity_value > 0 THEN '-Infinity'::numeric ELSE (pg_catalog.round(s.sum_value, CASE WHEN (pg_catalog.length(pg_catalog.trunc(s.scales_value)::text) - 1) / 12 < 10900 THEN (pg_catalog.length(pg_catalog.trunc(s.scales_value)::text) - 1) / 12 ELSE pg_catalog.scale(s.sum_value) END))::numeric END END)::numeric AS total
  FROM (
    SELECT
      u.region,
      COALESCE(pg_catalog.sum(u.rows), 0)::bigint AS rows,
      COALESCE(pg_catalog.sum(u.count_value), 0)::bigint AS count_value,
      COALESCE(pg_catalog.sum(u.nan_value), 0)::bigint AS nan_value,
      COALESCE(pg_catalog.sum(u.plus_infinity_value), 0)::bigint AS plus_infinity_value,
      COALESCE(pg_catalog.sum(u.minus_infinity_value), 0)::bigint AS minus_infinity_value,
      COALESCE(pg_catalog.sum(u.sum_value), 0)::numeric AS sum_value,
      COALESCE(pg_catalog.sum(u.scales_value), 0)::numeric AS scales_value
    FROM (
      SELECT region, rows, count_value, nan_value, plus_infinity_value, minus_infinity_value, sum_value, scales_value FROM imat_store.state_union_all AS s WHERE EXISTS (SELECT FROM changes AS d WHERE d.region OPERATOR(pg_catalog.=) s.region)
      UNION ALL
      SELECT region, rows, count_value, nan_value, plus_infinity_value, minus_infinity_value, sum_value, scales_value FROM imat_store.state_union_all AS s WHERE region IS NULL
      UNION ALL
      SELECT region, rows, count_value, nan_value, plus_infinity_value, minus_infinity_value, sum_value, scales_value FROM changes
    ) AS u
    GROUP BY u.region
  HAVING pg_catalog.sum(u.rows) <> 0
  ) AS s
) AS s;

-- fold: adds what is pending to the state
CREATE OR REPLACE FUNCTION imat_store.fold_union_all(anew boolean DEFAULT false) RETURNS bigint
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
        u.region,
        COALESCE(pg_catalog.sum(u.rows), 0)::bigint AS rows,
        COALESCE(pg_catalog.sum(u.count_value), 0)::bigint AS count_value,
        COALESCE(pg_catalog.sum(u.nan_value), 0)::bigint AS nan_value,
        COALESCE(pg_catalog.sum(u.plus_infinity_value), 0)::bigint AS plus_infinity_value,
        COALESCE(pg_catalog.sum(u.minus_infinity_value), 0)::bigint AS minus_infinity_value,
        COALESCE(pg_catalog.sum(u.sum_value), 0)::numeric AS sum_value,
        COALESCE(pg_catalog.sum(u.scales_value), 0)::numeric AS scales_value
      FROM (
        SELECT region, rows, count_value, nan_value, plus_infinity_value, minus_infinity_value, sum_value, scales_value FROM changes
      ) AS u
      GROUP BY u.region
    ), merged AS (
      INSERT INTO imat_store.state_union_all AS s (region, rows, count_value, nan_value, plus_infinity_value, minus_infinity_value, sum_value, scales_value)
      SELECT region, rows, count_value, nan_value, plus_infinity_value, minus_infinity_value, sum_value, scales_value
      FROM delta AS d
      WHERE d.rows <> 0 OR d.count_value <> 0 OR d.nan_value <> 0 OR d.plus_infinity_value <> 0 OR d.minus_infinity_value <> 0 OR d.sum_value <> 0 OR d.scales_value <> 0
      ON CONFLICT (region) DO UPDATE SET
        rows = s.rows + EXCLUDED.rows,
        count_value = s.count_value + EXCLUDED.count_value,
        nan_value = s.nan_value + EXCLUDED.nan_value,
        plus_infinity_value = s.plus_infinity_value + EXCLUDED.plus_infinity_value,
        minus_infinity_value = s.minus_infinity_value + EXCLUDED.minus_infinity_value,
        sum_value = s.sum_value + EXCLUDED.sum_value,
        scales_value = s.scales_value + EXCLUDED.scales_value
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
    DELETE FROM imat_store.state_union_all;
    INSERT INTO imat_store.state_union_all (region, rows, count_value, nan_value, plus_infinity_value, minus_infinity_value, sum_value, scales_value)
    SELECT region, rows, count_value, nan_value, plus_infinity_value, minus_infinity_value, sum_value, scales_value FROM imat_store.computed_union_all((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1));
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
  END IF;
  BEGIN
    EXECUTE pg_catalog.format(upsert, 'imat_store.delta_union_all')
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
      EXECUTE pg_catalog.format(upsert, 'imat_store.netted_union_all')
      INTO changed, emptied, negative;
  END;
  IF negative THEN
    RAISE EXCEPTION USING
      ERRCODE = 'data_corrupted',
      MESSAGE = 'a row of imat_store.state_union_all would have a negative count',
      DETAIL = 'A change of a source was not captured, for example because a trigger of imat was disabled.',
      HINT = 'Run imat repair.';
  END IF;
  DELETE FROM imat_store.state_union_all WHERE ctid = ANY (emptied);
  RETURN changed;
END$imat_$;

-- only imat.fold calls it
REVOKE ALL ON FUNCTION imat_store.fold_union_all(boolean) FROM PUBLIC;

-- what readers use
CREATE VIEW imat.union_all AS
SELECT
  s.region AS region,
  s.rows AS n,
  s.total AS total
FROM (
  -- what is stored
  SELECT
    s.region,
    s.rows,
    s.total,
    0 AS arm
  FROM imat_store.state_union_all AS s
  UNION ALL
  -- the answer computed now
  SELECT
    s.region,
    s.rows,
    s.total,
    2 AS arm
  FROM imat_store.current_union_all AS s
  UNION ALL
  -- what the sources have
  SELECT
    s.region,
    s.rows,
    s.total,
    3 AS arm
  FROM imat_store.answered_union_all((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1)) AS s
) AS s
WHERE s.arm = (
  SELECT COALESCE(
    (SELECT CASE WHEN EXISTS (SELECT FROM imat_store.log_public_sale AS l WHERE l.xid <= '18446744073709551615'::pg_catalog.xid8 AND l.xid >= pg_catalog.pg_snapshot_xmin(f.snapshot) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, f.snapshot)) OR EXISTS (SELECT FROM imat_store.log_public_customer AS l WHERE l.xid <= '18446744073709551615'::pg_catalog.xid8 AND l.xid >= pg_catalog.pg_snapshot_xmin(f.snapshot) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, f.snapshot)) THEN CASE WHEN EXISTS (SELECT FROM imat_store.reset AS r WHERE r.relation IN ('1'::pg_catalog.regclass, '1'::pg_catalog.regclass) AND NOT pg_catalog.pg_visible_in_snapshot(r.xid, f.snapshot)) OR imat_catalog.is_rewritten(ARRAY['1'::pg_catalog.regclass, '1'::pg_catalog.regclass]) OR imat_catalog.is_outgrown(1, f.snapshot, 8) THEN 3 ELSE 2 END ELSE 0 END FROM imat_catalog.frontier AS f WHERE f.imat_id = 1 AND f.state_relation IN ('imat_store.state_union_all'::regclass) AND f.here AND 'imat_store.definition_union_all'::regclass IS NOT NULL AND (TRUE OR EXISTS (SELECT FROM public.sale, public.customer))),
    imat_catalog.arm_without_frontier('union_all', 3)
  )
);

-- what a colleague finds
COMMENT ON VIEW imat.union_all IS 'imat: answers as its query would now. See imat explain; imat revert removes it.';

-- who may read the materialized view may read it
SELECT imat_catalog.copy_grants('public.union_all', 'imat.union_all');

-- a comment of the materialized view
COMMENT ON VIEW imat.union_all IS 'shows union-all';

-- an index of the materialized view
CREATE INDEX ON imat_store.state_union_all USING btree ((1));
