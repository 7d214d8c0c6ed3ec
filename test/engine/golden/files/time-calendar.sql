-- time-calendar: a calendar that moves with the day: the days that come and go touch their keys
--
-- SELECT (d.d AT TIME ZONE 'UTC'::text)::date AS day,
--     (now() AT TIME ZONE 'UTC'::text)::date AS today,
--     count(s.id) AS n,
--     max(s.amount) AS top
--    FROM ( SELECT (generate_series(((now() AT TIME ZONE 'UTC'::text)::date - 29)::timestamp without time zone, (now() AT TIME ZONE 'UTC'::text)::date::timestamp without time zone, '1 day'::interval) AT TIME ZONE 'UTC'::text) AS d) d
--      LEFT JOIN public.sale s ON (s.sold_at AT TIME ZONE 'UTC'::text)::date = (d.d AT TIME ZONE 'UTC'::text)::date
--   GROUP BY d.d, ((now() AT TIME ZONE 'UTC'::text)::date)
--
-- strategy delta, freshness live
-- note: computed under TimeZone = UTC
-- reads public.sale (id, amount, sold_at)
-- query over a store: computed when read, stores nothing
--   rows by d.d: stored, those of touched keys computed again, stores d, count, max
--     scan public.sale AS s: touches keys through d, stores nothing

-- the definition, as a view
CREATE VIEW imat_store.definition_time_calendar AS
SELECT (d.d AT TIME ZONE 'UTC'::text)::date AS day,
    (now() AT TIME ZONE 'UTC'::text)::date AS today,
    count(s.id) AS n,
    max(s.amount) AS top
   FROM ( SELECT (generate_series(((now() AT TIME ZONE 'UTC'::text)::date - 29)::timestamp without time zone, (now() AT TIME ZONE 'UTC'::text)::date::timestamp without time zone, '1 day'::interval) AT TIME ZONE 'UTC'::text) AS d) d
     LEFT JOIN public.sale s ON (s.sold_at AT TIME ZONE 'UTC'::text)::date = (d.d AT TIME ZONE 'UTC'::text)::date
  GROUP BY d.d, ((now() AT TIME ZONE 'UTC'::text)::date);

-- the change log of public.sale, if it is not there yet
CREATE TABLE imat_store.log_public_sale (
  xid xid8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id(),
  weight integer NOT NULL,
  c1 integer,
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_sale', '{1,5,7}', ARRAY['id', 'amount', 'sold_at']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_sale (weight, c1, c5, c7)
      SELECT 1, n.id, n.amount, n.sold_at FROM new_rows AS n
      LIMIT 100000;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed OPERATOR(pg_catalog.=) 100000 THEN
      changed := (SELECT pg_catalog.count(*) FROM new_rows);
      IF imat_store.is_loggable('1'::pg_catalog.regclass, changed) THEN
        INSERT INTO imat_store.log_public_sale (weight, c1, c5, c7)
          SELECT 1, n.id, n.amount, n.sold_at FROM new_rows AS n
          OFFSET 100000;
      ELSE
        INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);
      END IF;
    END IF;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_sale', '{1,5,7}', TG_OP);
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_sale', '{1,5,7}', ARRAY['id', 'amount', 'sold_at']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_sale (weight, c1, c5, c7)
      SELECT pg_catalog.sum(u.weight), u.c1, u.c5, u.c7
      FROM (
        SELECT -1 AS weight, o.id AS c1, o.amount AS c5, o.sold_at AS c7 FROM old_rows AS o
        UNION ALL
        SELECT 1, n.id AS c1, n.amount AS c5, n.sold_at AS c7 FROM new_rows AS n
      ) AS u
      GROUP BY u.c1, u.c5, pg_catalog.numeric_send(u.c5), u.c7
      HAVING pg_catalog.sum(u.weight) OPERATOR(pg_catalog.<>) 0;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_sale', '{1,5,7}', TG_OP);
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_sale', '{1,5,7}', ARRAY['id', 'amount', 'sold_at']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_sale (weight, c1, c5, c7)
      SELECT -1, o.id, o.amount, o.sold_at FROM old_rows AS o
      LIMIT 100000;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed OPERATOR(pg_catalog.=) 100000 THEN
      changed := (SELECT pg_catalog.count(*) FROM old_rows);
      IF imat_store.is_loggable('1'::pg_catalog.regclass, changed) THEN
        INSERT INTO imat_store.log_public_sale (weight, c1, c5, c7)
          SELECT -1, o.id, o.amount, o.sold_at FROM old_rows AS o
          OFFSET 100000;
      ELSE
        INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);
      END IF;
    END IF;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_sale', '{1,5,7}', TG_OP);
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
CREATE TABLE imat_store.state_time_calendar WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02) AS
SELECT d.d AS d, pg_catalog.count(s.id) AS count, pg_catalog.max(s.amount) AS max
FROM (SELECT (pg_catalog.generate_series(((((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date - 29))::timestamp without time zone, (((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date)::timestamp without time zone, ('1 day')::interval) AT TIME ZONE ('UTC')::text) AS d) AS d LEFT JOIN public.sale AS s ON (((s.sold_at AT TIME ZONE ('UTC')::text))::date = ((d.d AT TIME ZONE ('UTC')::text))::date)
GROUP BY d.d;

-- what publications of all tables need
ALTER TABLE imat_store.state_time_calendar REPLICA IDENTITY FULL;

-- what finds the rows of a key
CREATE INDEX ON imat_store.state_time_calendar (d);

-- what the column holds
COMMENT ON COLUMN imat_store.state_time_calendar.d IS 'd.d';

-- statistics
ANALYZE imat_store.state_time_calendar;

-- the keys that pending rows touch
CREATE VIEW imat_store.touched_time_calendar AS
WITH pending AS MATERIALIZED (
  SELECT
    f.snapshot,
    COALESCE(pg_catalog.substring(
          pg_catalog.current_setting('imat.few', true), '^[0-9]{1,18}$'
        )::bigint, k.surely) AS surely,
    COALESCE(pg_catalog.substring(
          pg_catalog.current_setting('imat.few', true), '^[0-9]{1,18}$'
        )::bigint, GREATEST(k.surely, k.sometimes)) AS few,
    EXISTS (SELECT FROM imat_store.log_public_sale AS l WHERE l.xid <= '18446744073709551615'::pg_catalog.xid8 AND l.xid >= pg_catalog.pg_snapshot_xmin(f.snapshot) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, f.snapshot)) AS changed1,
    f.moment,
    (((((f.moment AT TIME ZONE ('UTC')::text))::date - 29))::timestamp without time zone IS DISTINCT FROM ((((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date - 29))::timestamp without time zone OR (((f.moment AT TIME ZONE ('UTC')::text))::date)::timestamp without time zone IS DISTINCT FROM (((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date)::timestamp without time zone) AS elapsed
  FROM imat_catalog.frontier AS f, (
    SELECT
          LEAST(
            GREATEST(
              10,
              COALESCE(e.keys / 16, GREATEST(1000, (
                          SELECT c.reltuples::bigint
                          FROM pg_catalog.pg_class AS c
                          WHERE c.oid = 'imat_store.state_time_calendar'::regclass
                        ) / 16))
            ),
            e.most
          ) AS surely,
          CASE WHEN e.most IS NULL THEN LEAST(e.keys / 4, 10000) END
            AS sometimes
        FROM (
          SELECT
            NULL::bigint AS keys,
            NULL::bigint AS most
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
    -- touched by changes of public.sale AS s
    SELECT (r1.d)::timestamp with time zone AS key
    FROM
      (
        SELECT DISTINCT
          r2.sold_at
        FROM
          (
            SELECT l.weight::bigint AS weight, l.c7 AS sold_at
            FROM imat_store.log_public_sale AS l
            WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
          ) AS r2
      ) AS r2,
      (
      SELECT d.d AS d
      FROM (SELECT (pg_catalog.generate_series(((((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date - 29))::timestamp without time zone, (((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date)::timestamp without time zone, ('1 day')::interval) AT TIME ZONE ('UTC')::text) AS d) AS d
      ) AS r1
    WHERE (SELECT p.changed1 FROM pending AS p)
      AND (((r2.sold_at AT TIME ZONE ('UTC')::text))::date = ((r1.d AT TIME ZONE ('UTC')::text))::date)
    UNION ALL
    -- touched by time that has passed for d
    SELECT (r1.d)::timestamp with time zone AS key
    FROM
      (
        (
      (SELECT d.d AS d
      FROM (SELECT (pg_catalog.generate_series((((((SELECT p.moment FROM pending AS p) AT TIME ZONE ('UTC')::text))::date - 29))::timestamp without time zone, ((((SELECT p.moment FROM pending AS p) AT TIME ZONE ('UTC')::text))::date)::timestamp without time zone, ('1 day')::interval) AT TIME ZONE ('UTC')::text) AS d) AS d)
          EXCEPT ALL
      (SELECT d.d AS d
      FROM (SELECT (pg_catalog.generate_series(((((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date - 29))::timestamp without time zone, (((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date)::timestamp without time zone, ('1 day')::interval) AT TIME ZONE ('UTC')::text) AS d) AS d)
        )
        UNION ALL
        (
      (SELECT d.d AS d
      FROM (SELECT (pg_catalog.generate_series(((((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date - 29))::timestamp without time zone, (((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date)::timestamp without time zone, ('1 day')::interval) AT TIME ZONE ('UTC')::text) AS d) AS d)
          EXCEPT ALL
      (SELECT d.d AS d
      FROM (SELECT (pg_catalog.generate_series((((((SELECT p.moment FROM pending AS p) AT TIME ZONE ('UTC')::text))::date - 29))::timestamp without time zone, ((((SELECT p.moment FROM pending AS p) AT TIME ZONE ('UTC')::text))::date)::timestamp without time zone, ('1 day')::interval) AT TIME ZONE ('UTC')::text) AS d) AS d)
        )
      ) AS r1
    WHERE (SELECT p.elapsed FROM pending AS p)
  ) AS u
  LIMIT (SELECT p.few + 1 FROM pending AS p)
) AS t;

-- the definition, with its key
CREATE VIEW imat_store.content_time_calendar AS
SELECT d.d AS d, pg_catalog.count(s.id) AS count, pg_catalog.max(s.amount) AS max
FROM (SELECT (pg_catalog.generate_series(((((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date - 29))::timestamp without time zone, (((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date)::timestamp without time zone, ('1 day')::interval) AT TIME ZONE ('UTC')::text) AS d) AS d LEFT JOIN public.sale AS s ON (((s.sold_at AT TIME ZONE ('UTC')::text))::date = ((d.d AT TIME ZONE ('UTC')::text))::date)
GROUP BY d.d;

-- the same as a function, which is planned when it runs
CREATE OR REPLACE FUNCTION imat_store.computed_time_calendar(access_key uuid) RETURNS SETOF imat_store.content_time_calendar
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
      MESSAGE = 'only the view of the imat may call imat_store.computed_time_calendar';
  END IF;
  RETURN QUERY EXECUTE 'SELECT * FROM imat_store.content_time_calendar';
  IF imat_catalog.is_rewritten_meanwhile(35) THEN
    RAISE EXCEPTION USING
      ERRCODE = 'serialization_failure',
      MESSAGE = 'a table was truncated or rewritten after this statement began',
      HINT = 'Run the statement again.';
  END IF;
END$imat$;

-- a view calls functions with the rights of its readers
GRANT EXECUTE ON FUNCTION imat_store.computed_time_calendar(uuid) TO PUBLIC;

-- stored rows, and those of touched keys now
CREATE VIEW imat_store.current_time_calendar WITH (security_barrier) AS
WITH touched AS MATERIALIZED (
  TABLE imat_store.touched_time_calendar
)
SELECT
  s.d,
  s.count,
  s.max,
  s.imat_stays
FROM (
  -- stored rows of other keys
  SELECT
    s.d,
    s.count,
    s.max,
    TRUE AS imat_stays
  FROM imat_store.state_time_calendar AS s
  WHERE (SELECT t.is_few FROM touched AS t)
    AND NOT EXISTS (SELECT FROM pg_catalog.unnest(((SELECT t.keys FROM touched AS t))::timestamp with time zone[]) AS k(key) WHERE k.key = s.d)
    AND (s.d IS NOT NULL OR NOT (SELECT t.has_null FROM touched AS t))
  UNION ALL
  -- rows of touched keys now
  SELECT
    s.d,
    s.count,
    s.max,
    FALSE AS imat_stays
  FROM (
  SELECT d.d AS d, pg_catalog.count(s.id) AS count, pg_catalog.max(s.amount) AS max
  FROM (SELECT (pg_catalog.generate_series(((((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date - 29))::timestamp without time zone, (((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date)::timestamp without time zone, ('1 day')::interval) AT TIME ZONE ('UTC')::text) AS d) AS d LEFT JOIN public.sale AS s ON (((s.sold_at AT TIME ZONE ('UTC')::text))::date = ((d.d AT TIME ZONE ('UTC')::text))::date)
  WHERE ((d.d = ANY (SELECT pg_catalog.unnest(((SELECT t.keys FROM touched AS t))::timestamp with time zone[]) AS key)) IS TRUE)
  GROUP BY d.d
  ) AS s
  WHERE (SELECT t.is_few FROM touched AS t)
  UNION ALL
  -- rows without a key now
  SELECT
    s.d,
    s.count,
    s.max,
    FALSE AS imat_stays
  FROM (
  SELECT d.d AS d, pg_catalog.count(s.id) AS count, pg_catalog.max(s.amount) AS max
  FROM (SELECT (pg_catalog.generate_series(((((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date - 29))::timestamp without time zone, (((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date)::timestamp without time zone, ('1 day')::interval) AT TIME ZONE ('UTC')::text) AS d) AS d LEFT JOIN public.sale AS s ON (((s.sold_at AT TIME ZONE ('UTC')::text))::date = ((d.d AT TIME ZONE ('UTC')::text))::date)
  WHERE (d.d IS NULL)
  GROUP BY d.d
  ) AS s
  WHERE (SELECT t.is_few FROM touched AS t)
    AND (SELECT t.has_null FROM touched AS t)
    AND s.d IS NULL
  UNION ALL
  -- all rows now
  SELECT
    s.d,
    s.count,
    s.max,
    FALSE AS imat_stays
  FROM imat_store.computed_time_calendar((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1)) AS s
  WHERE NOT (SELECT t.is_few FROM touched AS t)
) AS s;

-- rows that the passing of time has changed
CREATE VIEW imat_store.elapsed_time_calendar AS
SELECT FROM imat_catalog.frontier AS f
WHERE f.imat_id = 1 AND (((((f.moment AT TIME ZONE ('UTC')::text))::date - 29))::timestamp without time zone IS DISTINCT FROM ((((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date - 29))::timestamp without time zone OR (((f.moment AT TIME ZONE ('UTC')::text))::date)::timestamp without time zone IS DISTINCT FROM (((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date)::timestamp without time zone)
UNION ALL
SELECT FROM imat_catalog.frontier AS f JOIN imat_catalog.imat AS i ON i.id = f.imat_id
WHERE f.imat_id = 1 AND i.freshness <> 'live' AND f.moment <> pg_catalog.now();

-- fold: stores the rows of touched keys
CREATE OR REPLACE FUNCTION imat_store.refold_time_calendar(keys timestamp with time zone[], has_null boolean)
RETURNS bigint
LANGUAGE sql
BEGIN ATOMIC
  WITH stored AS (
    INSERT INTO imat_store.state_time_calendar (d, count, max)
    -- rows of touched keys now
        SELECT s.d, s.count, s.max
        FROM (
        SELECT d.d AS d, pg_catalog.count(s.id) AS count, pg_catalog.max(s.amount) AS max
        FROM (SELECT (pg_catalog.generate_series(((((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date - 29))::timestamp without time zone, (((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date)::timestamp without time zone, ('1 day')::interval) AT TIME ZONE ('UTC')::text) AS d) AS d LEFT JOIN public.sale AS s ON (((s.sold_at AT TIME ZONE ('UTC')::text))::date = ((d.d AT TIME ZONE ('UTC')::text))::date)
        WHERE ((d.d = ANY (SELECT pg_catalog.unnest($1) AS key)) IS TRUE)
        GROUP BY d.d
        ) AS s
        WHERE TRUE
        UNION ALL
        -- rows without a key now
        SELECT s.d, s.count, s.max
        FROM (
        SELECT d.d AS d, pg_catalog.count(s.id) AS count, pg_catalog.max(s.amount) AS max
        FROM (SELECT (pg_catalog.generate_series(((((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date - 29))::timestamp without time zone, (((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date)::timestamp without time zone, ('1 day')::interval) AT TIME ZONE ('UTC')::text) AS d) AS d LEFT JOIN public.sale AS s ON (((s.sold_at AT TIME ZONE ('UTC')::text))::date = ((d.d AT TIME ZONE ('UTC')::text))::date)
        WHERE (d.d IS NULL)
        GROUP BY d.d
        ) AS s
        WHERE TRUE
          AND $2
          AND s.d IS NULL
    RETURNING 1
  )
  SELECT pg_catalog.count(*) FROM stored;
END;

-- only the fold calls it
REVOKE ALL ON FUNCTION imat_store.refold_time_calendar(timestamp with time zone[], boolean) FROM PUBLIC;

-- fold: computes the rows of touched keys again
CREATE OR REPLACE FUNCTION imat_store.fold_time_calendar(anew boolean DEFAULT false) RETURNS bigint
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
    SELECT GREATEST(pg_catalog.pg_relation_size('imat_store.log_public_sale'::regclass)) >= 440000 AND imat_catalog.is_outgrown(1, f.snapshot, 2)
    FROM imat_catalog.frontier AS f
    WHERE f.imat_id = 1
  ) THEN
    DELETE FROM imat_store.state_time_calendar;
    INSERT INTO imat_store.state_time_calendar (d, count, max)
    SELECT d, count, max FROM imat_store.computed_time_calendar((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1));
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
  END IF;
  EXECUTE 'SELECT t.* FROM imat_store.touched_time_calendar AS t' INTO touched;
  IF NOT touched.is_few THEN
    DELETE FROM imat_store.state_time_calendar;
    INSERT INTO imat_store.state_time_calendar (d, count, max)
    SELECT d, count, max FROM imat_store.computed_time_calendar((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1));
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
  END IF;
  EXECUTE $imat$DELETE FROM imat_store.state_time_calendar
  WHERE d = ANY ($1) OR ($2 AND d IS NULL)$imat$
  USING touched.keys, touched.has_null;
  GET DIAGNOSTICS removed = ROW_COUNT;
  changed := imat_store.refold_time_calendar(touched.keys, touched.has_null);
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
REVOKE ALL ON FUNCTION imat_store.fold_time_calendar(boolean) FROM PUBLIC;

-- what the store holds now
CREATE OR REPLACE VIEW imat_store.live_time_calendar AS
SELECT
  s.d,
  s.count,
  s.max
FROM (
  -- what is stored
  SELECT
    s.d,
    s.count,
    s.max,
    0 AS arm
  FROM imat_store.state_time_calendar AS s
  UNION ALL
  -- the answer computed now
  SELECT
    s.d,
    s.count,
    s.max,
    2 AS arm
  FROM imat_store.current_time_calendar AS s
  UNION ALL
  -- what the sources have
  SELECT
    s.d,
    s.count,
    s.max,
    3 AS arm
  FROM imat_store.computed_time_calendar((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1)) AS s
) AS s
WHERE s.arm = (
  SELECT COALESCE(
    (SELECT CASE WHEN EXISTS (SELECT FROM imat_store.log_public_sale AS l WHERE l.xid <= '18446744073709551615'::pg_catalog.xid8 AND l.xid >= pg_catalog.pg_snapshot_xmin(f.snapshot) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, f.snapshot)) OR (((((f.moment AT TIME ZONE ('UTC')::text))::date - 29))::timestamp without time zone IS DISTINCT FROM ((((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date - 29))::timestamp without time zone OR (((f.moment AT TIME ZONE ('UTC')::text))::date)::timestamp without time zone IS DISTINCT FROM (((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date)::timestamp without time zone) THEN CASE WHEN EXISTS (SELECT FROM imat_store.reset AS r WHERE r.relation IN ('1'::pg_catalog.regclass) AND NOT pg_catalog.pg_visible_in_snapshot(r.xid, f.snapshot)) OR imat_catalog.is_rewritten(ARRAY['1'::pg_catalog.regclass]) OR GREATEST(pg_catalog.pg_relation_size('imat_store.log_public_sale'::regclass)) >= 440000 AND imat_catalog.is_outgrown(1, f.snapshot, 8) THEN 3 ELSE 2 END ELSE 0 END FROM imat_catalog.frontier AS f WHERE f.imat_id = 1 AND f.state_relation IN ('imat_store.state_time_calendar'::regclass) AND f.here AND 'imat_store.definition_time_calendar'::regclass IS NOT NULL AND (TRUE OR EXISTS (SELECT FROM public.sale))),
    imat_catalog.arm_without_frontier('time_calendar', 3)
  )
);

-- what readers use
CREATE VIEW imat.time_calendar AS
SELECT ((grouped.d AT TIME ZONE ('UTC')::text))::date AS day, ((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date AS today, grouped.count AS n, grouped.max AS top
FROM imat_store.live_time_calendar AS grouped;

-- what a colleague finds
COMMENT ON VIEW imat.time_calendar IS 'imat: answers as its query would now. See imat explain; imat revert removes it.';

-- who may read the materialized view may read it
SELECT imat_catalog.copy_grants('public.time_calendar', 'imat.time_calendar');

-- a comment of the materialized view
COMMENT ON VIEW imat.time_calendar IS 'shows time-calendar';

-- an index of the materialized view
CREATE INDEX ON imat_store.state_time_calendar USING btree ((1));
