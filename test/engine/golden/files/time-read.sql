-- time-read: what reads the time above stores; rows of a day, found once the day has passed
--
-- SELECT c.name,
--     (now() AT TIME ZONE 'UTC'::text)::date - (max(s.sold_at) AT TIME ZONE 'UTC'::text)::date AS days,
--     now() AS computed
--    FROM public.customer c
--      JOIN public.sale s ON s.customer_id = c.id
--   WHERE (s.sold_at AT TIME ZONE 'UTC'::text)::date <= (now() AT TIME ZONE 'UTC'::text)::date
--   GROUP BY c.name
--
-- strategy delta, freshness live
-- note: computed under TimeZone = UTC
-- reads public.customer (id, name)
-- reads public.sale (customer_id, sold_at)
-- query over a store: computed when read, stores nothing
--   project name, max: computed when read, stores nothing
--     group by c.name: stored, one row per group, stores name
--         c.name: group key, stores name
--         rows of the group: additive part, stores rows
--         max of s.sold_at: merged; derived again where it may have gone, stores max_sold_at
--       join on (s.customer_id = c.id) AND (((s.sold_at AT TIME ZONE ('UTC')::text))::date <= ((now() AT TIME ZONE ('UTC')::text))::date): multilinear, stores nothing
--         scan public.customer AS c (id, name): linear, stores nothing
--         scan public.sale AS s (customer_id, sold_at, now()): linear, stores nothing

-- the definition, as a view
CREATE VIEW imat_store.definition_time_read AS
SELECT c.name,
    (now() AT TIME ZONE 'UTC'::text)::date - (max(s.sold_at) AT TIME ZONE 'UTC'::text)::date AS days,
    now() AS computed
   FROM public.customer c
     JOIN public.sale s ON s.customer_id = c.id
  WHERE (s.sold_at AT TIME ZONE 'UTC'::text)::date <= (now() AT TIME ZONE 'UTC'::text)::date
  GROUP BY c.name;

-- the change log of public.customer, if it is not there yet
CREATE TABLE imat_store.log_public_customer (
  xid xid8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id(),
  weight integer NOT NULL,
  c1 integer,
  c2 text
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_customer', '{1,2}', ARRAY['id', 'name']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_customer (weight, c1, c2)
      SELECT 1, n.id, n.name FROM new_rows AS n
      LIMIT 100000;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed OPERATOR(pg_catalog.=) 100000 THEN
      changed := (SELECT pg_catalog.count(*) FROM new_rows);
      IF imat_store.is_loggable('1'::pg_catalog.regclass, changed) THEN
        INSERT INTO imat_store.log_public_customer (weight, c1, c2)
          SELECT 1, n.id, n.name FROM new_rows AS n
          OFFSET 100000;
      ELSE
        INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);
      END IF;
    END IF;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_customer', '{1,2}', TG_OP);
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_customer', '{1,2}', ARRAY['id', 'name']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_customer (weight, c1, c2)
      SELECT pg_catalog.sum(u.weight), u.c1, u.c2
      FROM (
        SELECT -1 AS weight, o.id AS c1, o.name AS c2 FROM old_rows AS o
        UNION ALL
        SELECT 1, n.id AS c1, n.name AS c2 FROM new_rows AS n
      ) AS u
      GROUP BY u.c1, u.c2
      HAVING pg_catalog.sum(u.weight) OPERATOR(pg_catalog.<>) 0;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_customer', '{1,2}', TG_OP);
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_customer', '{1,2}', ARRAY['id', 'name']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_customer (weight, c1, c2)
      SELECT -1, o.id, o.name FROM old_rows AS o
      LIMIT 100000;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed OPERATOR(pg_catalog.=) 100000 THEN
      changed := (SELECT pg_catalog.count(*) FROM old_rows);
      IF imat_store.is_loggable('1'::pg_catalog.regclass, changed) THEN
        INSERT INTO imat_store.log_public_customer (weight, c1, c2)
          SELECT -1, o.id, o.name FROM old_rows AS o
          OFFSET 100000;
      ELSE
        INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);
      END IF;
    END IF;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_customer', '{1,2}', TG_OP);
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
  c2 integer,
  c7 timestamp with time zone
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_sale', '{2,7}', ARRAY['customer_id', 'sold_at']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_sale (weight, c2, c7)
      SELECT 1, n.customer_id, n.sold_at FROM new_rows AS n
      LIMIT 100000;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed OPERATOR(pg_catalog.=) 100000 THEN
      changed := (SELECT pg_catalog.count(*) FROM new_rows);
      IF imat_store.is_loggable('1'::pg_catalog.regclass, changed) THEN
        INSERT INTO imat_store.log_public_sale (weight, c2, c7)
          SELECT 1, n.customer_id, n.sold_at FROM new_rows AS n
          OFFSET 100000;
      ELSE
        INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);
      END IF;
    END IF;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_sale', '{2,7}', TG_OP);
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_sale', '{2,7}', ARRAY['customer_id', 'sold_at']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_sale (weight, c2, c7)
      SELECT pg_catalog.sum(u.weight), u.c2, u.c7
      FROM (
        SELECT -1 AS weight, o.customer_id AS c2, o.sold_at AS c7 FROM old_rows AS o
        UNION ALL
        SELECT 1, n.customer_id AS c2, n.sold_at AS c7 FROM new_rows AS n
      ) AS u
      GROUP BY u.c2, u.c7
      HAVING pg_catalog.sum(u.weight) OPERATOR(pg_catalog.<>) 0;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_sale', '{2,7}', TG_OP);
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_sale', '{2,7}', ARRAY['customer_id', 'sold_at']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_sale (weight, c2, c7)
      SELECT -1, o.customer_id, o.sold_at FROM old_rows AS o
      LIMIT 100000;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed OPERATOR(pg_catalog.=) 100000 THEN
      changed := (SELECT pg_catalog.count(*) FROM old_rows);
      IF imat_store.is_loggable('1'::pg_catalog.regclass, changed) THEN
        INSERT INTO imat_store.log_public_sale (weight, c2, c7)
          SELECT -1, o.customer_id, o.sold_at FROM old_rows AS o
          OFFSET 100000;
      ELSE
        INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);
      END IF;
    END IF;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_sale', '{2,7}', TG_OP);
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
CREATE TABLE imat_store.state_time_read WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02) AS
SELECT
  r1.name AS name,
  pg_catalog.count(*) AS rows,
  pg_catalog.max(r2.sold_at) AS max_sold_at
FROM
  public.customer AS r1,
  (
    SELECT t.customer_id AS customer_id, t.sold_at AS sold_at, pg_catalog.now() AS moment
    FROM public.sale AS t
  ) AS r2
WHERE (r2.customer_id = r1.id)
  AND (((r2.sold_at AT TIME ZONE ('UTC')::text))::date <= ((r2.moment AT TIME ZONE ('UTC')::text))::date)
GROUP BY 1;

-- what publications of all tables need
ALTER TABLE imat_store.state_time_read REPLICA IDENTITY FULL;

-- what finds a group, NULL keys being equal
CREATE UNIQUE INDEX ON imat_store.state_time_read (name) NULLS NOT DISTINCT;

-- what the column holds
COMMENT ON COLUMN imat_store.state_time_read.name IS 'c.name';

-- what the column holds
COMMENT ON COLUMN imat_store.state_time_read.rows IS 'rows of the group';

-- what the column holds
COMMENT ON COLUMN imat_store.state_time_read.max_sold_at IS 'max of s.sold_at';

-- statistics
ANALYZE imat_store.state_time_read;

-- what is pending, as rows of the state
CREATE VIEW imat_store.delta_time_read AS
WITH pending AS MATERIALIZED (
  SELECT
    f.snapshot,
    f.moment
  FROM imat_catalog.frontier AS f
  WHERE f.imat_id = 1
), changes_r1 AS MATERIALIZED (
  SELECT r1.weight AS weight, r1.id, r1.name
    FROM ((
      SELECT pg_catalog.sum(l.weight)::bigint AS weight, l.c1 AS id, l.c2 AS name
      FROM imat_store.log_public_customer AS l
      WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
      GROUP BY l.c1, l.c2
      HAVING pg_catalog.sum(l.weight) <> 0
    )
      UNION ALL
      SELECT 0::bigint AS weight, (CASE WHEN g.n IS NULL THEN NULL END)::integer AS id, (CASE WHEN g.n IS NULL THEN NULL END)::text AS name
      FROM pg_catalog.generate_series(1, imat_catalog.expected_rows(1, 'imat_store.log_public_customer'::regclass)) AS g(n)
      WHERE (SELECT FALSE)
    ) AS r1
), changes_r2 AS MATERIALIZED (
  SELECT r2.weight AS weight, r2.customer_id, r2.sold_at, r2.moment
    FROM ((
      SELECT r2.weight, r2.customer_id, r2.sold_at, r2.moment
      FROM (
      SELECT pg_catalog.sum(l.weight)::bigint AS weight, l.c2 AS customer_id, l.c7 AS sold_at, (SELECT p.moment FROM pending AS p) AS moment
      FROM imat_store.log_public_sale AS l
      WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
      GROUP BY l.c2, l.c7
      HAVING pg_catalog.sum(l.weight) <> 0
    ) AS r2
    WHERE (((r2.sold_at AT TIME ZONE ('UTC')::text))::date <= ((r2.moment AT TIME ZONE ('UTC')::text))::date)
    )
      UNION ALL
      SELECT 0::bigint AS weight, (CASE WHEN g.n IS NULL THEN NULL END)::integer AS customer_id, (CASE WHEN g.n IS NULL THEN NULL END)::timestamp with time zone AS sold_at, (CASE WHEN g.n IS NULL THEN NULL END)::timestamp with time zone AS moment
      FROM pg_catalog.generate_series(1, imat_catalog.expected_rows(1, 'imat_store.log_public_sale'::regclass)) AS g(n)
      WHERE (SELECT FALSE)
    ) AS r2
), changes_r2_2 AS MATERIALIZED (
  SELECT r2.weight AS weight, r2.customer_id, r2.sold_at, r2.moment
    FROM (
      SELECT m.weight AS weight, t.customer_id AS customer_id, t.sold_at AS sold_at, m.moment AS moment
      FROM public.sale AS t CROSS JOIN LATERAL (VALUES (1::bigint, pg_catalog.now()), (-1, (SELECT p.moment FROM pending AS p))) AS m(weight, moment)
    WHERE (
        ((((SELECT p.moment FROM pending AS p) AT TIME ZONE ('UTC')::text))::date IS DISTINCT FROM ((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date)
            AND ((t.sold_at AT TIME ZONE ('UTC')::text))::date >= (SELECT LEAST((((SELECT p.moment FROM pending AS p) AT TIME ZONE ('UTC')::text))::date, ((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date))
            AND ((t.sold_at AT TIME ZONE ('UTC')::text))::date <= (SELECT GREATEST((((SELECT p.moment FROM pending AS p) AT TIME ZONE ('UTC')::text))::date, ((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date))
            AND (((t.sold_at AT TIME ZONE ('UTC')::text))::date <= (((SELECT p.moment FROM pending AS p) AT TIME ZONE ('UTC')::text))::date) IS DISTINCT FROM (((t.sold_at AT TIME ZONE ('UTC')::text))::date <= ((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date)
      )
    ) AS r2
)
-- plus changes of public.customer AS c
SELECT
  r1.name AS name,
  r1.weight AS rows,
  (r2.sold_at)::timestamp with time zone AS max_sold_at
FROM
  changes_r1 AS r1,
  (
    SELECT t.customer_id AS customer_id, t.sold_at AS sold_at, pg_catalog.now() AS moment
    FROM public.sale AS t
  ) AS r2
WHERE (SELECT EXISTS (SELECT FROM changes_r1))
  AND (r2.customer_id = r1.id)
  AND (((r2.sold_at AT TIME ZONE ('UTC')::text))::date <= ((r2.moment AT TIME ZONE ('UTC')::text))::date)
UNION ALL
-- plus changes of public.sale AS s
SELECT
  r1.name AS name,
  r2.weight AS rows,
  (r2.sold_at)::timestamp with time zone AS max_sold_at
FROM
  public.customer AS r1,
  changes_r2 AS r2
WHERE (SELECT EXISTS (SELECT FROM changes_r2) OR EXISTS (SELECT FROM changes_r2_2))
  AND (r2.customer_id = r1.id)
  AND (((r2.sold_at AT TIME ZONE ('UTC')::text))::date <= ((r2.moment AT TIME ZONE ('UTC')::text))::date)
UNION ALL
-- time passed for public.sale AS s
SELECT
  r1.name AS name,
  r2.weight AS rows,
  (r2.sold_at)::timestamp with time zone AS max_sold_at
FROM
  public.customer AS r1,
  changes_r2_2 AS r2
WHERE (SELECT EXISTS (SELECT FROM changes_r2) OR EXISTS (SELECT FROM changes_r2_2))
  AND (r2.customer_id = r1.id)
  AND (((r2.sold_at AT TIME ZONE ('UTC')::text))::date <= ((r2.moment AT TIME ZONE ('UTC')::text))::date)
UNION ALL
-- minus changes of public.customer AS c with changes of public.sale AS s
SELECT
  r1.name AS name,
  (-r1.weight * r2.weight) AS rows,
  (r2.sold_at)::timestamp with time zone AS max_sold_at
FROM
  changes_r1 AS r1,
  changes_r2 AS r2
WHERE (SELECT EXISTS (SELECT FROM changes_r1))
  AND (SELECT EXISTS (SELECT FROM changes_r2) OR EXISTS (SELECT FROM changes_r2_2))
  AND (r2.customer_id = r1.id)
  AND (((r2.sold_at AT TIME ZONE ('UTC')::text))::date <= ((r2.moment AT TIME ZONE ('UTC')::text))::date)
UNION ALL
-- changes of public.customer AS c with time passed for public.sale AS s
SELECT
  r1.name AS name,
  (-r1.weight * r2.weight) AS rows,
  (r2.sold_at)::timestamp with time zone AS max_sold_at
FROM
  changes_r1 AS r1,
  changes_r2_2 AS r2
WHERE (SELECT EXISTS (SELECT FROM changes_r1))
  AND (SELECT EXISTS (SELECT FROM changes_r2) OR EXISTS (SELECT FROM changes_r2_2))
  AND (r2.customer_id = r1.id)
  AND (((r2.sold_at AT TIME ZONE ('UTC')::text))::date <= ((r2.moment AT TIME ZONE ('UTC')::text))::date);

-- the same, with pending rows cancelled against each other first
CREATE VIEW imat_store.netted_time_read AS
WITH pending AS MATERIALIZED (
  SELECT
    f.snapshot,
    f.moment
  FROM imat_catalog.frontier AS f
  WHERE f.imat_id = 1
), changes_r1 AS MATERIALIZED (
  SELECT r1.weight AS weight, r1.id, r1.name
    FROM ((
      SELECT pg_catalog.sum(l.weight)::bigint AS weight, l.c1 AS id, l.c2 AS name
      FROM imat_store.log_public_customer AS l
      WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
      GROUP BY l.c1, l.c2
      HAVING pg_catalog.sum(l.weight) <> 0
      OFFSET 0
    )
      UNION ALL
      SELECT 0::bigint AS weight, (CASE WHEN g.n IS NULL THEN NULL END)::integer AS id, (CASE WHEN g.n IS NULL THEN NULL END)::text AS name
      FROM pg_catalog.generate_series(1, imat_catalog.expected_rows(1, 'imat_store.log_public_customer'::regclass)) AS g(n)
      WHERE (SELECT FALSE)
    ) AS r1
), changes_r2 AS MATERIALIZED (
  SELECT r2.weight AS weight, r2.customer_id, r2.sold_at, r2.moment
    FROM ((
      SELECT r2.weight, r2.customer_id, r2.sold_at, r2.moment
      FROM (
      SELECT pg_catalog.sum(l.weight)::bigint AS weight, l.c2 AS customer_id, l.c7 AS sold_at, (SELECT p.moment FROM pending AS p) AS moment
      FROM imat_store.log_public_sale AS l
      WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
      GROUP BY l.c2, l.c7
      HAVING pg_catalog.sum(l.weight) <> 0
      OFFSET 0
    ) AS r2
    WHERE (((r2.sold_at AT TIME ZONE ('UTC')::text))::date <= ((r2.moment AT TIME ZONE ('UTC')::text))::date)
    )
      UNION ALL
      SELECT 0::bigint AS weight, (CASE WHEN g.n IS NULL THEN NULL END)::integer AS customer_id, (CASE WHEN g.n IS NULL THEN NULL END)::timestamp with time zone AS sold_at, (CASE WHEN g.n IS NULL THEN NULL END)::timestamp with time zone AS moment
      FROM pg_catalog.generate_series(1, imat_catalog.expected_rows(1, 'imat_store.log_public_sale'::regclass)) AS g(n)
      WHERE (SELECT FALSE)
    ) AS r2
), changes_r2_2 AS MATERIALIZED (
  SELECT r2.weight AS weight, r2.customer_id, r2.sold_at, r2.moment
    FROM (
      SELECT m.weight AS weight, t.customer_id AS customer_id, t.sold_at AS sold_at, m.moment AS moment
      FROM public.sale AS t CROSS JOIN LATERAL (VALUES (1::bigint, pg_catalog.now()), (-1, (SELECT p.moment FROM pending AS p))) AS m(weight, moment)
    WHERE (
        ((((SELECT p.moment FROM pending AS p) AT TIME ZONE ('UTC')::text))::date IS DISTINCT FROM ((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date)
            AND ((t.sold_at AT TIME ZONE ('UTC')::text))::date >= (SELECT LEAST((((SELECT p.moment FROM pending AS p) AT TIME ZONE ('UTC')::text))::date, ((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date))
            AND ((t.sold_at AT TIME ZONE ('UTC')::text))::date <= (SELECT GREATEST((((SELECT p.moment FROM pending AS p) AT TIME ZONE ('UTC')::text))::date, ((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date))
            AND (((t.sold_at AT TIME ZONE ('UTC')::text))::date <= (((SELECT p.moment FROM pending AS p) AT TIME ZONE ('UTC')::text))::date) IS DISTINCT FROM (((t.sold_at AT TIME ZONE ('UTC')::text))::date <= ((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date)
      )
    ) AS r2
)
-- all changes, cancelled against each other
SELECT
  r1.name AS name,
  p.weight AS rows,
  (r2.sold_at)::timestamp with time zone AS max_sold_at
FROM
  (
    SELECT pg_catalog.sum(u.weight)::bigint AS weight, u.r1_c1 AS r1_c1, u.r1_c2 AS r1_c2, u.r2_c2 AS r2_c2, u.r2_c7 AS r2_c7, u.r2_c0 AS r2_c0
    FROM (
      -- plus changes of public.customer AS c
      SELECT r1.weight AS weight, r1.id AS r1_c1, r1.name AS r1_c2, r2.customer_id AS r2_c2, r2.sold_at AS r2_c7, r2.moment AS r2_c0
      FROM
        changes_r1 AS r1,
        (
          SELECT t.customer_id AS customer_id, t.sold_at AS sold_at, pg_catalog.now() AS moment
          FROM public.sale AS t
        ) AS r2
      WHERE (SELECT EXISTS (SELECT FROM changes_r1))
        AND (r2.customer_id = r1.id)
        AND (((r2.sold_at AT TIME ZONE ('UTC')::text))::date <= ((r2.moment AT TIME ZONE ('UTC')::text))::date)
      UNION ALL
      -- plus changes of public.sale AS s
      SELECT r2.weight AS weight, r1.id AS r1_c1, r1.name AS r1_c2, r2.customer_id AS r2_c2, r2.sold_at AS r2_c7, r2.moment AS r2_c0
      FROM
        public.customer AS r1,
        changes_r2 AS r2
      WHERE (SELECT EXISTS (SELECT FROM changes_r2) OR EXISTS (SELECT FROM changes_r2_2))
        AND (r2.customer_id = r1.id)
        AND (((r2.sold_at AT TIME ZONE ('UTC')::text))::date <= ((r2.moment AT TIME ZONE ('UTC')::text))::date)
      UNION ALL
      -- time passed for public.sale AS s
      SELECT r2.weight AS weight, r1.id AS r1_c1, r1.name AS r1_c2, r2.customer_id AS r2_c2, r2.sold_at AS r2_c7, r2.moment AS r2_c0
      FROM
        public.customer AS r1,
        changes_r2_2 AS r2
      WHERE (SELECT EXISTS (SELECT FROM changes_r2) OR EXISTS (SELECT FROM changes_r2_2))
        AND (r2.customer_id = r1.id)
        AND (((r2.sold_at AT TIME ZONE ('UTC')::text))::date <= ((r2.moment AT TIME ZONE ('UTC')::text))::date)
      UNION ALL
      -- minus changes of public.customer AS c with changes of public.sale AS s
      SELECT (-r1.weight * r2.weight) AS weight, r1.id AS r1_c1, r1.name AS r1_c2, r2.customer_id AS r2_c2, r2.sold_at AS r2_c7, r2.moment AS r2_c0
      FROM
        changes_r1 AS r1,
        changes_r2 AS r2
      WHERE (SELECT EXISTS (SELECT FROM changes_r1))
        AND (SELECT EXISTS (SELECT FROM changes_r2) OR EXISTS (SELECT FROM changes_r2_2))
        AND (r2.customer_id = r1.id)
        AND (((r2.sold_at AT TIME ZONE ('UTC')::text))::date <= ((r2.moment AT TIME ZONE ('UTC')::text))::date)
      UNION ALL
      -- changes of public.customer AS c with time passed for public.sale AS s
      SELECT (-r1.weight * r2.weight) AS weight, r1.id AS r1_c1, r1.name AS r1_c2, r2.customer_id AS r2_c2, r2.sold_at AS r2_c7, r2.moment AS r2_c0
      FROM
        changes_r1 AS r1,
        changes_r2_2 AS r2
      WHERE (SELECT EXISTS (SELECT FROM changes_r1))
        AND (SELECT EXISTS (SELECT FROM changes_r2) OR EXISTS (SELECT FROM changes_r2_2))
        AND (r2.customer_id = r1.id)
        AND (((r2.sold_at AT TIME ZONE ('UTC')::text))::date <= ((r2.moment AT TIME ZONE ('UTC')::text))::date)
    ) AS u
    GROUP BY u.r1_c1, u.r1_c2, u.r2_c2, u.r2_c7, u.r2_c0
    HAVING pg_catalog.sum(u.weight) <> 0
    OFFSET 0
  ) AS p,
  LATERAL (SELECT p.r1_c1 AS id, p.r1_c2 AS name) AS r1,
  LATERAL (SELECT p.r2_c2 AS customer_id, p.r2_c7 AS sold_at, p.r2_c0 AS moment) AS r2;

-- the state computed anew
CREATE VIEW imat_store.content_time_read AS
SELECT
  r1.name AS name,
  pg_catalog.count(*) AS rows,
  pg_catalog.max(r2.sold_at) AS max_sold_at
FROM
  public.customer AS r1,
  (
    SELECT t.customer_id AS customer_id, t.sold_at AS sold_at, pg_catalog.now() AS moment
    FROM public.sale AS t
  ) AS r2
WHERE (r2.customer_id = r1.id)
  AND (((r2.sold_at AT TIME ZONE ('UTC')::text))::date <= ((r2.moment AT TIME ZONE ('UTC')::text))::date)
GROUP BY 1;

-- the same as a function, which is planned when it runs
CREATE OR REPLACE FUNCTION imat_store.computed_time_read(access_key uuid) RETURNS SETOF imat_store.content_time_read
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
      MESSAGE = 'only the view of the imat may call imat_store.computed_time_read';
  END IF;
  RETURN QUERY EXECUTE 'SELECT * FROM imat_store.content_time_read';
  IF imat_catalog.is_rewritten_meanwhile(32) THEN
    RAISE EXCEPTION USING
      ERRCODE = 'serialization_failure',
      MESSAGE = 'a table was truncated or rewritten after this statement began',
      HINT = 'Run the statement again.';
  END IF;
END$imat$;

-- a view calls functions with the rights of its readers
GRANT EXECUTE ON FUNCTION imat_store.computed_time_read(uuid) TO PUBLIC;

-- the answer as the sources have it
CREATE VIEW imat_store.answer_time_read AS
SELECT
  (g.c15)::text AS name,
  (g.c16)::timestamp with time zone AS max_sold_at
FROM
  (
    SELECT r1.name AS c15, pg_catalog.max(r2.sold_at) AS c16
    FROM public.customer AS r1, (
      SELECT t.customer_id AS customer_id, t.sold_at AS sold_at, pg_catalog.now() AS moment
      FROM public.sale AS t
    ) AS r2
  WHERE (r2.customer_id = r1.id)
    AND (((r2.sold_at AT TIME ZONE ('UTC')::text))::date <= ((r2.moment AT TIME ZONE ('UTC')::text))::date)
    GROUP BY 1
  ) AS g;

-- the same as a function, for reads while too much or a reset is pending
CREATE OR REPLACE FUNCTION imat_store.answered_time_read(access_key uuid) RETURNS SETOF imat_store.answer_time_read
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
      MESSAGE = 'only the view of the imat may call imat_store.answered_time_read';
  END IF;
  RETURN QUERY EXECUTE 'SELECT * FROM imat_store.answer_time_read';
  IF imat_catalog.is_rewritten_meanwhile(32) THEN
    RAISE EXCEPTION USING
      ERRCODE = 'serialization_failure',
      MESSAGE = 'a table was truncated or rewritten after this statement began',
      HINT = 'Run the statement again.';
  END IF;
END$imat$;

-- a view calls functions with the rights of its readers
GRANT EXECUTE ON FUNCTION imat_store.answered_time_read(uuid) TO PUBLIC;

-- the extremes of a group from the tables, where the stored ones may have gone
CREATE OR REPLACE FUNCTION imat_store.derived_time_read(imat_1 uuid, imat_2 integer, imat_3 text)
RETURNS TABLE (max_sold_at timestamp with time zone)
LANGUAGE sql
ROWS 1
STABLE SECURITY DEFINER PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
SET row_security = off
SET jit = off
BEGIN ATOMIC
SELECT
  CASE WHEN $2 = 1 THEN CASE WHEN $3 IS NOT NULL THEN (
    SELECT pg_catalog.max(r2.sold_at)
    FROM
      public.customer AS r1,
      (
        SELECT t.customer_id AS customer_id, t.sold_at AS sold_at, pg_catalog.now() AS moment
        FROM public.sale AS t
      ) AS r2
    WHERE (r2.customer_id = r1.id)
      AND (((r2.sold_at AT TIME ZONE ('UTC')::text))::date <= ((r2.moment AT TIME ZONE ('UTC')::text))::date)
      AND r1.name OPERATOR(pg_catalog.=) $3
  ) ELSE (
    SELECT pg_catalog.max(r2.sold_at)
    FROM
      public.customer AS r1,
      (
        SELECT t.customer_id AS customer_id, t.sold_at AS sold_at, pg_catalog.now() AS moment
        FROM public.sale AS t
      ) AS r2
    WHERE (r2.customer_id = r1.id)
      AND (((r2.sold_at AT TIME ZONE ('UTC')::text))::date <= ((r2.moment AT TIME ZONE ('UTC')::text))::date)
      AND r1.name IS NULL
  ) END END
WHERE EXISTS (
  SELECT FROM imat_catalog.frontier AS f WHERE f.imat_id = 1 AND f.access_key = $1
);
END;

-- a view calls functions with the rights of its readers
GRANT EXECUTE ON FUNCTION imat_store.derived_time_read(imat_1 uuid, imat_2 integer, imat_3 text) TO PUBLIC;

-- state and pending changes, added up
CREATE VIEW imat_store.current_time_read WITH (security_barrier) AS
WITH changes AS MATERIALIZED (
  TABLE imat_store.delta_time_read
), bounds AS MATERIALIZED (
  SELECT
    b.*,
    (SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1) AS imat_access,
    b.imat_total <> 0 AND b.imat_went1 IS NOT NULL AND (b.max_sold_at IS NULL OR b.imat_went1 OPERATOR(pg_catalog.>=) b.max_sold_at) AND (b.imat_came1 OPERATOR(pg_catalog.>=) b.imat_went1) IS NOT TRUE AS imat_again1
  FROM (
    SELECT
      u.name,
      COALESCE(pg_catalog.sum(u.rows), 0)::bigint AS rows,
      pg_catalog.max(u.max_sold_at) AS max_sold_at,
      pg_catalog.max(CASE WHEN u.imat_argument = 1 THEN u.imat_came1 END) AS imat_came1,
      pg_catalog.max(CASE WHEN u.imat_argument = 1 THEN u.imat_went1 END) AS imat_went1,
      COALESCE(pg_catalog.sum(u.rows), 0)::bigint AS imat_total
    FROM (
      SELECT
        s.name,
        s.rows,
        s.max_sold_at,
        NULL::integer,
        (NULL::imat_store.state_time_read).max_sold_at,
        (NULL::imat_store.state_time_read).max_sold_at,
        TRUE
      FROM imat_store.state_time_read AS s
      WHERE EXISTS (SELECT FROM changes AS d WHERE d.name OPERATOR(pg_catalog.=) s.name)
      UNION ALL
      SELECT
        s.name,
        s.rows,
        s.max_sold_at,
        NULL::integer,
        (NULL::imat_store.state_time_read).max_sold_at,
        (NULL::imat_store.state_time_read).max_sold_at,
        TRUE
      FROM imat_store.state_time_read AS s
      WHERE name IS NULL
      UNION ALL
      SELECT
        c.name,
        c.rows,
        (NULL::imat_store.state_time_read).max_sold_at,
        NULL::integer,
        (NULL::imat_store.state_time_read).max_sold_at,
        (NULL::imat_store.state_time_read).max_sold_at,
        FALSE
      FROM changes AS c
      UNION ALL
      SELECT
        n.name,
        NULL::bigint,
        (NULL::imat_store.state_time_read).max_sold_at,
        n.imat_argument,
        n.imat_came1,
        n.imat_went1,
        FALSE
      FROM (
        SELECT
          n.name,
          1,
          CASE WHEN n.imat_weight > 0 THEN n.imat_value END,
          CASE WHEN n.imat_weight < 0 THEN n.imat_value END
        FROM (
          SELECT
            u.name,
            u.max_sold_at AS imat_value,
            pg_catalog.sum(u.rows) AS imat_weight
          FROM changes AS u
          WHERE u.max_sold_at IS NOT NULL
          GROUP BY u.name, u.max_sold_at
          HAVING pg_catalog.sum(u.rows) <> 0
        ) AS n
      ) AS n(
        name,
        imat_argument,
        imat_came1,
        imat_went1
      )
    ) AS u(
      name,
      rows,
      max_sold_at,
      imat_argument,
      imat_came1,
      imat_went1,
      imat_stored
    )
  GROUP BY u.name
  ) AS b
), few AS MATERIALIZED (
  SELECT
    CASE WHEN pg_catalog.count(*) <= 4 THEN TRUE ELSE pg_catalog.count(*) <= CASE WHEN EXISTS (
        SELECT FROM pg_catalog.pg_index AS i
        WHERE i.indrelid = '1'::pg_catalog.regclass AND i.indisvalid
          AND i.indpred IS NULL AND i.indkey[0] = 2
      ) AND EXISTS (
        SELECT FROM pg_catalog.pg_index AS i
        WHERE i.indrelid = '1'::pg_catalog.regclass AND i.indisvalid
          AND i.indpred IS NULL AND i.indkey[0] = 2
      ) AND EXISTS (
        SELECT FROM pg_catalog.pg_index AS i
        WHERE i.indrelid = '1'::pg_catalog.regclass AND i.indisvalid
          AND i.indpred IS NULL AND i.indkey[0] = 1
      ) THEN (SELECT GREATEST(4, imat_store.estimated_rows('imat_store.state_time_read'::regclass) / 16)) ELSE 4 END END AS is_few
  FROM bounds AS b
  WHERE b.imat_again1
)
SELECT
  s.name,
  s.max_sold_at
FROM (
  -- what is stored and stays
  SELECT
    s.name,
    s.max_sold_at
  FROM imat_store.state_time_read AS s
  WHERE (SELECT f.is_few FROM few AS f)
    AND s.name IS NOT NULL
    AND NOT EXISTS (SELECT FROM changes AS d WHERE d.name OPERATOR(pg_catalog.=) s.name)
  UNION ALL
  -- what is stored and what is pending, merged
  SELECT
    s.name,
    s.max_sold_at
  FROM (
    SELECT
      b.name,
      b.rows,
      CASE
        WHEN b.imat_total = 0 THEN NULL
        WHEN b.imat_again1 THEN (SELECT e.max_sold_at FROM imat_store.derived_time_read(b.imat_access, 1, b.name) AS e(max_sold_at))
        WHEN b.imat_came1 IS NULL THEN b.max_sold_at
        WHEN b.max_sold_at IS NULL OR b.imat_came1 OPERATOR(pg_catalog.>=) b.max_sold_at THEN b.imat_came1
        ELSE b.max_sold_at
      END AS max_sold_at
    FROM bounds AS b
    WHERE (SELECT f.is_few FROM few AS f) AND b.imat_total <> 0
  ) AS s
  UNION ALL
  -- what the sources have
  SELECT
    s.name,
    s.max_sold_at
  FROM imat_store.answered_time_read((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1)) AS s
  WHERE NOT (SELECT f.is_few FROM few AS f)
) AS s;

-- rows that the passing of time has changed
CREATE VIEW imat_store.elapsed_time_read AS
SELECT FROM imat_catalog.frontier AS f, LATERAL (
    SELECT FROM public.sale AS t WHERE (
        (((f.moment AT TIME ZONE ('UTC')::text))::date IS DISTINCT FROM ((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date)
            AND ((t.sold_at AT TIME ZONE ('UTC')::text))::date >= (SELECT LEAST(((f.moment AT TIME ZONE ('UTC')::text))::date, ((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date))
            AND ((t.sold_at AT TIME ZONE ('UTC')::text))::date <= (SELECT GREATEST(((f.moment AT TIME ZONE ('UTC')::text))::date, ((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date))
            AND (((t.sold_at AT TIME ZONE ('UTC')::text))::date <= ((f.moment AT TIME ZONE ('UTC')::text))::date) IS DISTINCT FROM (((t.sold_at AT TIME ZONE ('UTC')::text))::date <= ((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date)
      )
    OFFSET 0
  ) AS t
WHERE f.imat_id = 1
UNION ALL
SELECT FROM imat_catalog.frontier AS f JOIN imat_catalog.imat AS i ON i.id = f.imat_id
WHERE f.imat_id = 1 AND i.freshness <> 'live' AND f.moment <> pg_catalog.now();

-- fold: adds what is pending to the state
CREATE OR REPLACE FUNCTION imat_store.fold_time_read(anew boolean DEFAULT false) RETURNS bigint
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
    ), bounds AS MATERIALIZED (
      SELECT
        b.*,
        (SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1) AS imat_access,
        b.imat_total <> 0 AND b.imat_went1 IS NOT NULL AND (b.max_sold_at IS NULL OR b.imat_went1 OPERATOR(pg_catalog.>=) b.max_sold_at) AND (b.imat_came1 OPERATOR(pg_catalog.>=) b.imat_went1) IS NOT TRUE AS imat_again1
      FROM (
        SELECT
          u.name,
          COALESCE(pg_catalog.sum(CASE WHEN NOT u.imat_stored THEN u.rows END), 0)::bigint AS rows,
          pg_catalog.max(u.max_sold_at) AS max_sold_at,
          pg_catalog.max(CASE WHEN u.imat_argument = 1 THEN u.imat_came1 END) AS imat_came1,
          pg_catalog.max(CASE WHEN u.imat_argument = 1 THEN u.imat_went1 END) AS imat_went1,
          COALESCE(pg_catalog.sum(u.rows), 0)::bigint AS imat_total
        FROM (
          SELECT
            s.name,
            s.rows,
            s.max_sold_at,
            NULL::integer,
            (NULL::imat_store.state_time_read).max_sold_at,
            (NULL::imat_store.state_time_read).max_sold_at,
            TRUE
          FROM imat_store.state_time_read AS s
          WHERE EXISTS (SELECT FROM changes AS d WHERE d.name OPERATOR(pg_catalog.=) s.name)
          UNION ALL
          SELECT
            s.name,
            s.rows,
            s.max_sold_at,
            NULL::integer,
            (NULL::imat_store.state_time_read).max_sold_at,
            (NULL::imat_store.state_time_read).max_sold_at,
            TRUE
          FROM imat_store.state_time_read AS s
          WHERE name IS NULL
          UNION ALL
          SELECT
            c.name,
            c.rows,
            (NULL::imat_store.state_time_read).max_sold_at,
            NULL::integer,
            (NULL::imat_store.state_time_read).max_sold_at,
            (NULL::imat_store.state_time_read).max_sold_at,
            FALSE
          FROM changes AS c
          UNION ALL
          SELECT
            n.name,
            NULL::bigint,
            (NULL::imat_store.state_time_read).max_sold_at,
            n.imat_argument,
            n.imat_came1,
            n.imat_went1,
            FALSE
          FROM (
            SELECT
              n.name,
              1,
              CASE WHEN n.imat_weight > 0 THEN n.imat_value END,
              CASE WHEN n.imat_weight < 0 THEN n.imat_value END
            FROM (
              SELECT
                u.name,
                u.max_sold_at AS imat_value,
                pg_catalog.sum(u.rows) AS imat_weight
              FROM changes AS u
              WHERE u.max_sold_at IS NOT NULL
              GROUP BY u.name, u.max_sold_at
              HAVING pg_catalog.sum(u.rows) <> 0
            ) AS n
          ) AS n(
            name,
            imat_argument,
            imat_came1,
            imat_went1
          )
        ) AS u(
          name,
          rows,
          max_sold_at,
          imat_argument,
          imat_came1,
          imat_went1,
          imat_stored
        )
      GROUP BY u.name
      ) AS b
    ), few AS MATERIALIZED (
      SELECT
        CASE WHEN pg_catalog.count(*) <= 4 THEN TRUE ELSE pg_catalog.count(*) <= CASE WHEN EXISTS (
            SELECT FROM pg_catalog.pg_index AS i
            WHERE i.indrelid = '1'::pg_catalog.regclass AND i.indisvalid
              AND i.indpred IS NULL AND i.indkey[0] = 2
          ) AND EXISTS (
            SELECT FROM pg_catalog.pg_index AS i
            WHERE i.indrelid = '1'::pg_catalog.regclass AND i.indisvalid
              AND i.indpred IS NULL AND i.indkey[0] = 2
          ) AND EXISTS (
            SELECT FROM pg_catalog.pg_index AS i
            WHERE i.indrelid = '1'::pg_catalog.regclass AND i.indisvalid
              AND i.indpred IS NULL AND i.indkey[0] = 1
          ) THEN (SELECT GREATEST(4, imat_store.estimated_rows('imat_store.state_time_read'::regclass) / 16)) ELSE 4 END END AS is_few
      FROM bounds AS b
      WHERE b.imat_again1
    ), delta AS MATERIALIZED (
      SELECT
        b.name,
        b.rows,
        CASE
          WHEN b.imat_total = 0 THEN NULL
          WHEN b.imat_again1 THEN (SELECT e.max_sold_at FROM imat_store.derived_time_read(b.imat_access, 1, b.name) AS e(max_sold_at))
          WHEN b.imat_came1 IS NULL THEN b.max_sold_at
          WHEN b.max_sold_at IS NULL OR b.imat_came1 OPERATOR(pg_catalog.>=) b.max_sold_at THEN b.imat_came1
          ELSE b.max_sold_at
        END AS max_sold_at,
        b.max_sold_at AS imat_stored1
      FROM bounds AS b
      WHERE (SELECT f.is_few FROM few AS f)
    ), merged AS (
      INSERT INTO imat_store.state_time_read AS s (name, rows, max_sold_at)
      SELECT name, rows, max_sold_at
      FROM delta AS d
      WHERE d.rows <> 0 OR d.imat_stored1 IS DISTINCT FROM d.max_sold_at
      ON CONFLICT (name) DO UPDATE SET
        rows = s.rows + EXCLUDED.rows,
        max_sold_at = EXCLUDED.max_sold_at
      RETURNING s.ctid, s.rows
    )
    SELECT
      pg_catalog.count(*),
      pg_catalog.array_agg(m.ctid) FILTER (WHERE m.rows = 0),
      pg_catalog.bool_or(m.rows < 0),
      (SELECT f.is_few FROM few AS f)
    FROM merged AS m
  $imat$;
  changed bigint;
  emptied tid[];
  negative boolean;
  few boolean;
BEGIN
  IF anew OR imat_catalog.has_reset(imat => 1) OR (
    SELECT imat_catalog.is_outgrown(1, f.snapshot, 5)
    FROM imat_catalog.frontier AS f
    WHERE f.imat_id = 1
  ) THEN
    DELETE FROM imat_store.state_time_read;
    INSERT INTO imat_store.state_time_read (name, rows, max_sold_at)
    SELECT name, rows, max_sold_at FROM imat_store.computed_time_read((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1));
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
  END IF;
  BEGIN
    EXECUTE pg_catalog.format(upsert, 'imat_store.delta_time_read')
    INTO changed, emptied, negative, few;
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
      EXECUTE pg_catalog.format(upsert, 'imat_store.netted_time_read')
      INTO changed, emptied, negative, few;
  END;
  -- Too many groups would have to be derived again.
  IF NOT few THEN
    DELETE FROM imat_store.state_time_read;
    INSERT INTO imat_store.state_time_read (name, rows, max_sold_at)
    SELECT name, rows, max_sold_at FROM imat_store.computed_time_read((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1));
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
  END IF;
  IF negative THEN
    RAISE EXCEPTION USING
      ERRCODE = 'data_corrupted',
      MESSAGE = 'a row of imat_store.state_time_read would have a negative count',
      DETAIL = 'A change of a source was not captured, for example because a trigger of imat was disabled.',
      HINT = 'Run imat repair.';
  END IF;
  DELETE FROM imat_store.state_time_read WHERE ctid = ANY (emptied);
  RETURN changed;
END$imat_$;

-- only imat.fold calls it
REVOKE ALL ON FUNCTION imat_store.fold_time_read(boolean) FROM PUBLIC;

-- what the store holds now
CREATE OR REPLACE VIEW imat_store.live_time_read AS
SELECT
  s.name AS name,
  s.max_sold_at AS max
FROM (
  -- what is stored
  SELECT
    s.name,
    s.max_sold_at,
    0 AS arm
  FROM imat_store.state_time_read AS s
  UNION ALL
  -- the answer computed now
  SELECT
    s.name,
    s.max_sold_at,
    2 AS arm
  FROM imat_store.current_time_read AS s
  UNION ALL
  -- what the sources have
  SELECT
    s.name,
    s.max_sold_at,
    3 AS arm
  FROM imat_store.answered_time_read((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1)) AS s
) AS s
WHERE s.arm = (
  SELECT COALESCE(
    (SELECT CASE WHEN imat_catalog.is_rewritten(ARRAY['1'::pg_catalog.regclass]) THEN 3 WHEN EXISTS (SELECT FROM imat_store.log_public_customer AS l WHERE l.xid <= '18446744073709551615'::pg_catalog.xid8 AND l.xid >= pg_catalog.pg_snapshot_xmin(f.snapshot) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, f.snapshot)) OR EXISTS (SELECT FROM imat_store.log_public_sale AS l WHERE l.xid <= '18446744073709551615'::pg_catalog.xid8 AND l.xid >= pg_catalog.pg_snapshot_xmin(f.snapshot) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, f.snapshot)) OR EXISTS (SELECT FROM public.sale AS t WHERE (
        (((f.moment AT TIME ZONE ('UTC')::text))::date IS DISTINCT FROM ((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date)
            AND ((t.sold_at AT TIME ZONE ('UTC')::text))::date >= (SELECT LEAST(((f.moment AT TIME ZONE ('UTC')::text))::date, ((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date))
            AND ((t.sold_at AT TIME ZONE ('UTC')::text))::date <= (SELECT GREATEST(((f.moment AT TIME ZONE ('UTC')::text))::date, ((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date))
            AND (((t.sold_at AT TIME ZONE ('UTC')::text))::date <= ((f.moment AT TIME ZONE ('UTC')::text))::date) IS DISTINCT FROM (((t.sold_at AT TIME ZONE ('UTC')::text))::date <= ((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date)
      )) THEN CASE WHEN EXISTS (SELECT FROM imat_store.reset AS r WHERE r.relation IN ('1'::pg_catalog.regclass, '1'::pg_catalog.regclass) AND NOT pg_catalog.pg_visible_in_snapshot(r.xid, f.snapshot)) OR imat_catalog.is_rewritten(ARRAY['1'::pg_catalog.regclass, '1'::pg_catalog.regclass]) OR imat_catalog.is_outgrown(1, f.snapshot, 8) THEN 3 ELSE 2 END ELSE 0 END FROM imat_catalog.frontier AS f WHERE f.imat_id = 1 AND f.state_relation IN ('imat_store.state_time_read'::regclass) AND f.here AND 'imat_store.definition_time_read'::regclass IS NOT NULL AND (TRUE OR EXISTS (SELECT FROM public.customer, public.sale))),
    imat_catalog.arm_without_frontier('time_read', 3)
  )
);

-- what readers use
CREATE VIEW imat.time_read AS
SELECT grouped.name AS name, (((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date - ((grouped.max AT TIME ZONE ('UTC')::text))::date) AS days, pg_catalog.now() AS computed
FROM imat_store.live_time_read AS grouped;

-- what a colleague finds
COMMENT ON VIEW imat.time_read IS 'imat: answers as its query would now. See imat explain; imat revert removes it.';

-- who may read the materialized view may read it
SELECT imat_catalog.copy_grants('public.time_read', 'imat.time_read');

-- a comment of the materialized view
COMMENT ON VIEW imat.time_read IS 'shows time-read';

-- an index of the materialized view
CREATE INDEX ON imat_store.state_time_read USING btree ((1));
