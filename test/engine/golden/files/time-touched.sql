-- time-touched: time that passes touches keys
--
-- SELECT c.id,
--     max(s.amount) AS top
--    FROM public.customer c
--      LEFT JOIN public.sale s ON s.customer_id = c.id AND s.sold_at >= (((now() AT TIME ZONE 'UTC'::text)::date - 30)::timestamp without time zone AT TIME ZONE 'UTC'::text)
--   GROUP BY c.id
--
-- strategy delta, freshness live
-- note: computed under TimeZone = UTC
-- reads public.customer (id)
-- reads public.sale (customer_id, amount, sold_at)
-- rows by c.id: stored, those of touched keys computed again, stores id, top
--   scan public.customer AS c: touches the key of its own row; read by the key, stores nothing
--   scan public.sale AS s: touches the key of its own row; read by the key, stores nothing

-- the definition, as a view
CREATE VIEW imat_store.definition_time_touched AS
SELECT c.id,
    max(s.amount) AS top
   FROM public.customer c
     LEFT JOIN public.sale s ON s.customer_id = c.id AND s.sold_at >= (((now() AT TIME ZONE 'UTC'::text)::date - 30)::timestamp without time zone AT TIME ZONE 'UTC'::text)
  GROUP BY c.id;

-- the change log of public.customer, if it is not there yet
CREATE TABLE imat_store.log_public_customer (
  xid xid8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id(),
  weight integer NOT NULL,
  c1 integer
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_customer', '{1}', ARRAY['id']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_customer (weight, c1)
      SELECT 1, n.id FROM new_rows AS n
      LIMIT 100000;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed OPERATOR(pg_catalog.=) 100000 THEN
      changed := (SELECT pg_catalog.count(*) FROM new_rows);
      IF imat_store.is_loggable('1'::pg_catalog.regclass, changed) THEN
        INSERT INTO imat_store.log_public_customer (weight, c1)
          SELECT 1, n.id FROM new_rows AS n
          OFFSET 100000;
      ELSE
        INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);
      END IF;
    END IF;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_customer', '{1}', TG_OP);
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_customer', '{1}', ARRAY['id']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_customer (weight, c1)
      SELECT pg_catalog.sum(u.weight), u.c1
      FROM (
        SELECT -1 AS weight, o.id AS c1 FROM old_rows AS o
        UNION ALL
        SELECT 1, n.id AS c1 FROM new_rows AS n
      ) AS u
      GROUP BY u.c1
      HAVING pg_catalog.sum(u.weight) OPERATOR(pg_catalog.<>) 0;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_customer', '{1}', TG_OP);
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_customer', '{1}', ARRAY['id']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_customer (weight, c1)
      SELECT -1, o.id FROM old_rows AS o
      LIMIT 100000;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed OPERATOR(pg_catalog.=) 100000 THEN
      changed := (SELECT pg_catalog.count(*) FROM old_rows);
      IF imat_store.is_loggable('1'::pg_catalog.regclass, changed) THEN
        INSERT INTO imat_store.log_public_customer (weight, c1)
          SELECT -1, o.id FROM old_rows AS o
          OFFSET 100000;
      ELSE
        INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);
      END IF;
    END IF;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_customer', '{1}', TG_OP);
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
  c5 numeric,
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_sale', '{2,5,7}', ARRAY['customer_id', 'amount', 'sold_at']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_sale (weight, c2, c5, c7)
      SELECT 1, n.customer_id, n.amount, n.sold_at FROM new_rows AS n
      LIMIT 100000;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed OPERATOR(pg_catalog.=) 100000 THEN
      changed := (SELECT pg_catalog.count(*) FROM new_rows);
      IF imat_store.is_loggable('1'::pg_catalog.regclass, changed) THEN
        INSERT INTO imat_store.log_public_sale (weight, c2, c5, c7)
          SELECT 1, n.customer_id, n.amount, n.sold_at FROM new_rows AS n
          OFFSET 100000;
      ELSE
        INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);
      END IF;
    END IF;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_sale', '{2,5,7}', TG_OP);
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_sale', '{2,5,7}', ARRAY['customer_id', 'amount', 'sold_at']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_sale (weight, c2, c5, c7)
      SELECT pg_catalog.sum(u.weight), u.c2, u.c5, u.c7
      FROM (
        SELECT -1 AS weight, o.customer_id AS c2, o.amount AS c5, o.sold_at AS c7 FROM old_rows AS o
        UNION ALL
        SELECT 1, n.customer_id AS c2, n.amount AS c5, n.sold_at AS c7 FROM new_rows AS n
      ) AS u
      GROUP BY u.c2, u.c5, pg_catalog.numeric_send(u.c5), u.c7
      HAVING pg_catalog.sum(u.weight) OPERATOR(pg_catalog.<>) 0;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_sale', '{2,5,7}', TG_OP);
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_sale', '{2,5,7}', ARRAY['customer_id', 'amount', 'sold_at']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_sale (weight, c2, c5, c7)
      SELECT -1, o.customer_id, o.amount, o.sold_at FROM old_rows AS o
      LIMIT 100000;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed OPERATOR(pg_catalog.=) 100000 THEN
      changed := (SELECT pg_catalog.count(*) FROM old_rows);
      IF imat_store.is_loggable('1'::pg_catalog.regclass, changed) THEN
        INSERT INTO imat_store.log_public_sale (weight, c2, c5, c7)
          SELECT -1, o.customer_id, o.amount, o.sold_at FROM old_rows AS o
          OFFSET 100000;
      ELSE
        INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);
      END IF;
    END IF;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_sale', '{2,5,7}', TG_OP);
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

-- the rows of the definition
CREATE TABLE imat_store.state_time_touched WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02) AS
SELECT c.id AS id, pg_catalog.max(s.amount) AS top
FROM public.customer AS c LEFT JOIN public.sale AS s ON ((s.customer_id = c.id) AND (s.sold_at >= (((((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date - 30))::timestamp without time zone AT TIME ZONE ('UTC')::text)))
GROUP BY c.id;

-- what publications of all tables need
ALTER TABLE imat_store.state_time_touched REPLICA IDENTITY FULL;

-- what finds the rows of a key
CREATE INDEX ON imat_store.state_time_touched (id);

-- what the column holds
COMMENT ON COLUMN imat_store.state_time_touched.id IS 'c.id';

-- statistics
ANALYZE imat_store.state_time_touched;

-- the keys that pending rows touch
CREATE VIEW imat_store.touched_time_touched AS
WITH pending AS MATERIALIZED (
  SELECT
    f.snapshot,
    COALESCE(pg_catalog.substring(
          pg_catalog.current_setting('imat.few', true), '^[0-9]{1,18}$'
        )::bigint, k.surely) AS surely,
    COALESCE(pg_catalog.substring(
          pg_catalog.current_setting('imat.few', true), '^[0-9]{1,18}$'
        )::bigint, GREATEST(k.surely, k.sometimes)) AS few,
    EXISTS (SELECT FROM imat_store.log_public_customer AS l WHERE l.xid <= '18446744073709551615'::pg_catalog.xid8 AND l.xid >= pg_catalog.pg_snapshot_xmin(f.snapshot) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, f.snapshot)) AS changed1,
    EXISTS (SELECT FROM imat_store.log_public_sale AS l WHERE l.xid <= '18446744073709551615'::pg_catalog.xid8 AND l.xid >= pg_catalog.pg_snapshot_xmin(f.snapshot) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, f.snapshot)) AS changed2,
    f.moment
  FROM imat_catalog.frontier AS f, (
    SELECT
          LEAST(
            GREATEST(
              10,
              COALESCE(e.keys / 16, GREATEST(1000, (
                          SELECT c.reltuples::bigint
                          FROM pg_catalog.pg_class AS c
                          WHERE c.oid = 'imat_store.state_time_touched'::regclass
                        ) / 16))
            ),
            e.most
          ) AS surely,
          CASE WHEN e.most IS NULL THEN LEAST(e.keys / 4, 10000) END
            AS sometimes
        FROM (
          SELECT
            LEAST(imat_catalog.distinct_values(1, '1'::pg_catalog.regclass, 1), imat_catalog.distinct_values(1, '1'::pg_catalog.regclass, 2)) AS keys,
            CASE WHEN NOT (EXISTS (
                SELECT FROM pg_catalog.pg_index AS i
                WHERE i.indrelid = '1'::pg_catalog.regclass AND i.indisvalid
                  AND i.indpred IS NULL AND i.indkey[0] = 1
              )) THEN 2000 END AS most
          OFFSET 0
        ) AS e
        OFFSET 0
  ) AS k
  WHERE f.imat_id = 1
)
SELECT
  pg_catalog.array_agg(t.key) FILTER (WHERE t.key IS NOT NULL) AS keys,
  COALESCE(pg_catalog.bool_or(t.key IS NULL), FALSE) AS has_null,
  CASE
      WHEN pg_catalog.count(*) <= (SELECT p.surely FROM pending AS p) THEN TRUE
      WHEN pg_catalog.count(*) > (SELECT p.few FROM pending AS p) THEN FALSE
      ELSE NOT imat_catalog.is_outgrown(1, (SELECT p.snapshot FROM pending AS p), 16)
    END AS is_few,
  pg_catalog.count(*) <= (SELECT p.surely FROM pending AS p) AS is_cheap, (SELECT p.few FROM pending AS p) AS few
FROM (
  SELECT DISTINCT u.key
  FROM (
    -- touched by changes of public.customer AS c
    SELECT (r1.id)::integer AS key
    FROM
      (
        SELECT l.weight::bigint AS weight, l.c1 AS id
        FROM imat_store.log_public_customer AS l
        WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
      ) AS r1
    WHERE (SELECT p.changed1 FROM pending AS p)
    UNION ALL
    -- touched by changes of public.sale AS s
    SELECT (r2.customer_id)::integer AS key
    FROM
      (
        SELECT l.weight::bigint AS weight, l.c2 AS customer_id
        FROM imat_store.log_public_sale AS l
        WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
      ) AS r2
    WHERE (SELECT p.changed2 FROM pending AS p)
    UNION ALL
    -- touched by time that has passed for public.sale AS s
    SELECT (r2.customer_id)::integer AS key
    FROM
      public.sale AS r2
    WHERE (
        (((((((SELECT p.moment FROM pending AS p) AT TIME ZONE ('UTC')::text))::date - 30))::timestamp without time zone AT TIME ZONE ('UTC')::text) IS DISTINCT FROM (((((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date - 30))::timestamp without time zone AT TIME ZONE ('UTC')::text))
            AND r2.sold_at >= (SELECT LEAST(((((((SELECT p.moment FROM pending AS p) AT TIME ZONE ('UTC')::text))::date - 30))::timestamp without time zone AT TIME ZONE ('UTC')::text), (((((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date - 30))::timestamp without time zone AT TIME ZONE ('UTC')::text)))
            AND r2.sold_at <= (SELECT GREATEST(((((((SELECT p.moment FROM pending AS p) AT TIME ZONE ('UTC')::text))::date - 30))::timestamp without time zone AT TIME ZONE ('UTC')::text), (((((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date - 30))::timestamp without time zone AT TIME ZONE ('UTC')::text)))
            AND (r2.sold_at >= ((((((SELECT p.moment FROM pending AS p) AT TIME ZONE ('UTC')::text))::date - 30))::timestamp without time zone AT TIME ZONE ('UTC')::text)) IS DISTINCT FROM (r2.sold_at >= (((((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date - 30))::timestamp without time zone AT TIME ZONE ('UTC')::text))
      )
  ) AS u
  LIMIT (SELECT p.few + 1 FROM pending AS p)
) AS t;

-- the definition, with its key
CREATE VIEW imat_store.content_time_touched AS
SELECT c.id AS id, pg_catalog.max(s.amount) AS top
FROM public.customer AS c LEFT JOIN public.sale AS s ON ((s.customer_id = c.id) AND (s.sold_at >= (((((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date - 30))::timestamp without time zone AT TIME ZONE ('UTC')::text)))
GROUP BY c.id;

-- the same as a function, which is planned when it runs
CREATE OR REPLACE FUNCTION imat_store.computed_time_touched(access_key uuid) RETURNS SETOF imat_store.content_time_touched
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
      MESSAGE = 'only the view of the imat may call imat_store.computed_time_touched';
  END IF;
  RETURN QUERY EXECUTE 'SELECT * FROM imat_store.content_time_touched';
  IF imat_catalog.is_rewritten_meanwhile(33) THEN
    RAISE EXCEPTION USING
      ERRCODE = 'serialization_failure',
      MESSAGE = 'a table was truncated or rewritten after this statement began',
      HINT = 'Run the statement again.';
  END IF;
END$imat$;

-- a view calls functions with the rights of its readers
GRANT EXECUTE ON FUNCTION imat_store.computed_time_touched(uuid) TO PUBLIC;

-- stored rows, and those of touched keys now
CREATE VIEW imat_store.current_time_touched WITH (security_barrier) AS
WITH touched AS MATERIALIZED (
  TABLE imat_store.touched_time_touched
)
SELECT
  s.id,
  s.top,
  s.imat_stays
FROM (
  -- stored rows of other keys
  SELECT
    s.id,
    s.top,
    TRUE AS imat_stays
  FROM imat_store.state_time_touched AS s
  WHERE (SELECT t.is_few FROM touched AS t)
    AND NOT EXISTS (SELECT FROM pg_catalog.unnest(((SELECT t.keys FROM touched AS t))::integer[]) AS k(key) WHERE k.key = s.id)
    AND (s.id IS NOT NULL OR NOT (SELECT t.has_null FROM touched AS t))
  UNION ALL
  -- rows of touched keys now
  SELECT
    s.id,
    s.top,
    FALSE AS imat_stays
  FROM (
  SELECT c.id AS id, pg_catalog.max(s.amount) AS top
  FROM public.customer AS c LEFT JOIN (SELECT s.customer_id AS customer_id, s.amount AS amount, s.sold_at AS sold_at
  FROM public.sale AS s
  WHERE ((s.customer_id = ANY (SELECT pg_catalog.unnest(((SELECT t.keys FROM touched AS t))::integer[]) AS key)) IS TRUE)) AS s ON ((s.customer_id = c.id) AND (s.sold_at >= (((((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date - 30))::timestamp without time zone AT TIME ZONE ('UTC')::text)))
  WHERE ((c.id = ANY (((SELECT t.keys FROM touched AS t))::integer[])) AND ((c.id = ANY (SELECT pg_catalog.unnest(((SELECT t.keys FROM touched AS t))::integer[]) AS key)) IS TRUE))
  GROUP BY c.id
  ) AS s
  WHERE (SELECT t.is_few FROM touched AS t)
  UNION ALL
  -- rows without a key now
  SELECT
    s.id,
    s.top,
    FALSE AS imat_stays
  FROM (
  SELECT c.id AS id, pg_catalog.max(s.amount) AS top
  FROM public.customer AS c LEFT JOIN (SELECT s.customer_id AS customer_id, s.amount AS amount, s.sold_at AS sold_at
  FROM public.sale AS s
  WHERE (s.customer_id IS NULL)) AS s ON ((s.customer_id = c.id) AND (s.sold_at >= (((((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date - 30))::timestamp without time zone AT TIME ZONE ('UTC')::text)))
  WHERE (c.id IS NULL)
  GROUP BY c.id
  ) AS s
  WHERE (SELECT t.is_few FROM touched AS t)
    AND (SELECT t.has_null FROM touched AS t)
    AND s.id IS NULL
  UNION ALL
  -- all rows now
  SELECT
    s.id,
    s.top,
    FALSE AS imat_stays
  FROM imat_store.computed_time_touched((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1)) AS s
  WHERE NOT (SELECT t.is_few FROM touched AS t)
) AS s;

-- rows that the passing of time has changed
CREATE VIEW imat_store.elapsed_time_touched AS
SELECT FROM imat_catalog.frontier AS f, LATERAL (
    SELECT FROM public.sale AS t WHERE (
        ((((((f.moment AT TIME ZONE ('UTC')::text))::date - 30))::timestamp without time zone AT TIME ZONE ('UTC')::text) IS DISTINCT FROM (((((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date - 30))::timestamp without time zone AT TIME ZONE ('UTC')::text))
            AND t.sold_at >= (SELECT LEAST((((((f.moment AT TIME ZONE ('UTC')::text))::date - 30))::timestamp without time zone AT TIME ZONE ('UTC')::text), (((((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date - 30))::timestamp without time zone AT TIME ZONE ('UTC')::text)))
            AND t.sold_at <= (SELECT GREATEST((((((f.moment AT TIME ZONE ('UTC')::text))::date - 30))::timestamp without time zone AT TIME ZONE ('UTC')::text), (((((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date - 30))::timestamp without time zone AT TIME ZONE ('UTC')::text)))
            AND (t.sold_at >= (((((f.moment AT TIME ZONE ('UTC')::text))::date - 30))::timestamp without time zone AT TIME ZONE ('UTC')::text)) IS DISTINCT FROM (t.sold_at >= (((((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date - 30))::timestamp without time zone AT TIME ZONE ('UTC')::text))
      )
    OFFSET 0
  ) AS t
WHERE f.imat_id = 1;

-- fold: stores the rows of touched keys
CREATE OR REPLACE FUNCTION imat_store.refold_time_touched(keys integer[], has_null boolean)
RETURNS bigint
LANGUAGE sql
BEGIN ATOMIC
  WITH stored AS (
    INSERT INTO imat_store.state_time_touched (id, top)
    -- rows of touched keys now
        SELECT s.id, s.top
        FROM (
        SELECT c.id AS id, pg_catalog.max(s.amount) AS top
        FROM public.customer AS c LEFT JOIN (SELECT s.customer_id AS customer_id, s.amount AS amount, s.sold_at AS sold_at
        FROM public.sale AS s
        WHERE ((s.customer_id = ANY (SELECT pg_catalog.unnest($1) AS key)) IS TRUE)) AS s ON ((s.customer_id = c.id) AND (s.sold_at >= (((((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date - 30))::timestamp without time zone AT TIME ZONE ('UTC')::text)))
        WHERE ((c.id = ANY ($1)) AND ((c.id = ANY (SELECT pg_catalog.unnest($1) AS key)) IS TRUE))
        GROUP BY c.id
        ) AS s
        WHERE TRUE
        UNION ALL
        -- rows without a key now
        SELECT s.id, s.top
        FROM (
        SELECT c.id AS id, pg_catalog.max(s.amount) AS top
        FROM public.customer AS c LEFT JOIN (SELECT s.customer_id AS customer_id, s.amount AS amount, s.sold_at AS sold_at
        FROM public.sale AS s
        WHERE (s.customer_id IS NULL)) AS s ON ((s.customer_id = c.id) AND (s.sold_at >= (((((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date - 30))::timestamp without time zone AT TIME ZONE ('UTC')::text)))
        WHERE (c.id IS NULL)
        GROUP BY c.id
        ) AS s
        WHERE TRUE
          AND $2
          AND s.id IS NULL
    RETURNING 1
  )
  SELECT pg_catalog.count(*) FROM stored;
END;

-- only the fold calls it
REVOKE ALL ON FUNCTION imat_store.refold_time_touched(integer[], boolean) FROM PUBLIC;

-- fold: computes the rows of touched keys again
CREATE OR REPLACE FUNCTION imat_store.fold_time_touched(anew boolean DEFAULT false) RETURNS bigint
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
  touched record;
  changed bigint;
  removed bigint;
BEGIN
  IF anew OR imat_catalog.has_reset(imat => 1) OR (
    SELECT GREATEST(pg_catalog.pg_relation_size('imat_store.log_public_customer'::regclass), pg_catalog.pg_relation_size('imat_store.log_public_sale'::regclass)) >= 440000 AND imat_catalog.is_outgrown(1, f.snapshot, 5)
    FROM imat_catalog.frontier AS f
    WHERE f.imat_id = 1
  ) THEN
    DELETE FROM imat_store.state_time_touched;
    INSERT INTO imat_store.state_time_touched (id, top)
    SELECT id, top FROM imat_store.computed_time_touched((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1));
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
  END IF;
  PERFORM pg_catalog.set_config('imat.few', COALESCE((
      SELECT LEAST(e.keys / 4, 100000)::text
      FROM (
        SELECT LEAST(imat_catalog.distinct_values(1, '1'::pg_catalog.regclass, 1), imat_catalog.distinct_values(1, '1'::pg_catalog.regclass, 2)) AS keys OFFSET 0
      ) AS e
      WHERE (
        SELECT c.reltuples FROM pg_catalog.pg_class AS c
        WHERE c.oid = 'imat_store.state_time_touched'::regclass
      ) BETWEEN 0.5 * e.keys AND 1.5 * e.keys
        AND EXISTS (
            SELECT FROM pg_catalog.pg_index AS i
            WHERE i.indrelid = '1'::pg_catalog.regclass AND i.indisvalid
              AND i.indpred IS NULL AND i.indkey[0] = 1
          )
    ), ''), true);
  EXECUTE 'SELECT t.* FROM imat_store.touched_time_touched AS t' INTO touched;
  PERFORM pg_catalog.set_config('imat.few', '', true);
  IF NOT touched.is_few THEN
    DELETE FROM imat_store.state_time_touched;
    INSERT INTO imat_store.state_time_touched (id, top)
    SELECT id, top FROM imat_store.computed_time_touched((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1));
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
  END IF;
  EXECUTE $imat$DELETE FROM imat_store.state_time_touched
  WHERE id = ANY ($1) OR ($2 AND id IS NULL)$imat$
  USING touched.keys, touched.has_null;
  GET DIAGNOSTICS removed = ROW_COUNT;
  changed := imat_store.refold_time_touched(touched.keys, touched.has_null);
  RETURN removed + changed;
EXCEPTION
  WHEN program_limit_exceeded THEN
    RAISE EXCEPTION USING
      ERRCODE = 'program_limit_exceeded',
      MESSAGE = 'a group key is too long to be stored',
      DETAIL = SQLERRM,
      HINT = 'Keys are limited to about 2700 bytes. Reads are still correct. Run imat repair, which then chooses the strategy swap.';
END$imat_$;

-- only imat.fold calls it
REVOKE ALL ON FUNCTION imat_store.fold_time_touched(boolean) FROM PUBLIC;

-- what readers use
CREATE VIEW imat.time_touched AS
SELECT
  s.id,
  s.top
FROM (
  -- what is stored
  SELECT
    s.id,
    s.top,
    0 AS arm
  FROM imat_store.state_time_touched AS s
  UNION ALL
  -- the answer computed now
  SELECT
    s.id,
    s.top,
    2 AS arm
  FROM imat_store.current_time_touched AS s
  UNION ALL
  -- what the sources have
  SELECT
    s.id,
    s.top,
    3 AS arm
  FROM imat_store.computed_time_touched((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1)) AS s
) AS s
WHERE s.arm = (
  SELECT COALESCE(
    (SELECT CASE WHEN imat_catalog.is_rewritten(ARRAY['1'::pg_catalog.regclass]) THEN 3 WHEN EXISTS (SELECT FROM imat_store.log_public_customer AS l WHERE l.xid <= '18446744073709551615'::pg_catalog.xid8 AND l.xid >= pg_catalog.pg_snapshot_xmin(f.snapshot) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, f.snapshot)) OR EXISTS (SELECT FROM imat_store.log_public_sale AS l WHERE l.xid <= '18446744073709551615'::pg_catalog.xid8 AND l.xid >= pg_catalog.pg_snapshot_xmin(f.snapshot) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, f.snapshot)) OR EXISTS (SELECT FROM public.sale AS t WHERE (
        ((((((f.moment AT TIME ZONE ('UTC')::text))::date - 30))::timestamp without time zone AT TIME ZONE ('UTC')::text) IS DISTINCT FROM (((((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date - 30))::timestamp without time zone AT TIME ZONE ('UTC')::text))
            AND t.sold_at >= (SELECT LEAST((((((f.moment AT TIME ZONE ('UTC')::text))::date - 30))::timestamp without time zone AT TIME ZONE ('UTC')::text), (((((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date - 30))::timestamp without time zone AT TIME ZONE ('UTC')::text)))
            AND t.sold_at <= (SELECT GREATEST((((((f.moment AT TIME ZONE ('UTC')::text))::date - 30))::timestamp without time zone AT TIME ZONE ('UTC')::text), (((((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date - 30))::timestamp without time zone AT TIME ZONE ('UTC')::text)))
            AND (t.sold_at >= (((((f.moment AT TIME ZONE ('UTC')::text))::date - 30))::timestamp without time zone AT TIME ZONE ('UTC')::text)) IS DISTINCT FROM (t.sold_at >= (((((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date - 30))::timestamp without time zone AT TIME ZONE ('UTC')::text))
      )) THEN CASE WHEN EXISTS (SELECT FROM imat_store.reset AS r WHERE r.relation IN ('1'::pg_catalog.regclass, '1'::pg_catalog.regclass) AND NOT pg_catalog.pg_visible_in_snapshot(r.xid, f.snapshot)) OR imat_catalog.is_rewritten(ARRAY['1'::pg_catalog.regclass, '1'::pg_catalog.regclass]) OR GREATEST(pg_catalog.pg_relation_size('imat_store.log_public_customer'::regclass), pg_catalog.pg_relation_size('imat_store.log_public_sale'::regclass)) >= 440000 AND imat_catalog.is_outgrown(1, f.snapshot, 8) THEN 3 ELSE 2 END ELSE 0 END FROM imat_catalog.frontier AS f WHERE f.imat_id = 1 AND f.state_relation IN ('imat_store.state_time_touched'::regclass) AND f.here AND 'imat_store.definition_time_touched'::regclass IS NOT NULL AND (TRUE OR EXISTS (SELECT FROM public.customer, public.sale))),
    imat_catalog.arm_without_frontier('time_touched', 3)
  )
);

-- what a colleague finds
COMMENT ON VIEW imat.time_touched IS 'imat: answers as its query would now. See imat explain; imat revert removes it.';

-- who may read the materialized view may read it
SELECT imat_catalog.copy_grants('public.time_touched', 'imat.time_touched');

-- a comment of the materialized view
COMMENT ON VIEW imat.time_touched IS 'shows time-touched';

-- an index of the materialized view
CREATE INDEX ON imat_store.state_time_touched USING btree ((1));
