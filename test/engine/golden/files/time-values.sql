-- time-values: days up to today within an aggregate: a row has changed if its value has
--
-- SELECT sale.region,
--     avg((now() AT TIME ZONE 'UTC'::text)::date - (sale.sold_at AT TIME ZONE 'UTC'::text)::date) AS age
--    FROM public.sale
--   GROUP BY sale.region
--
-- strategy delta, freshness live
-- note: computed under TimeZone = UTC
-- reads public.sale (region, sold_at)
-- project region, age: computed when read, stores nothing
--   group by sale.region: stored, one row per group, stores region
--       sale.region: group key, stores region
--       rows of the group: additive part, stores rows
--       rows where (((now() AT TIME ZONE ('UTC')::text))::date - ((sale.sold_at AT TIME ZONE ('UTC')::text))::date) is not null: additive part, stores count_now()_sold_at
--       sum of (((now() AT TIME ZONE ('UTC')::text))::date - ((sale.sold_at AT TIME ZONE ('UTC')::text))::date): additive part, stores sum_now()_sold_at
--       avg((((now() AT TIME ZONE ('UTC')::text))::date - ((sale.sold_at AT TIME ZONE ('UTC')::text))::date)): finished aggregate, stores age
--     scan public.sale AS sale (region, sold_at, now()): linear, stores nothing

-- the definition, as a view
CREATE VIEW imat_store.definition_time_values AS
SELECT sale.region,
    avg((now() AT TIME ZONE 'UTC'::text)::date - (sale.sold_at AT TIME ZONE 'UTC'::text)::date) AS age
   FROM public.sale
  GROUP BY sale.region;

-- the change log of public.sale, if it is not there yet
CREATE TABLE imat_store.log_public_sale (
  xid xid8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id(),
  weight integer NOT NULL,
  c4 text,
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_sale', '{4,7}', ARRAY['region', 'sold_at']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_sale (weight, c4, c7)
      SELECT 1, n.region, n.sold_at FROM new_rows AS n
      LIMIT 100000;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed OPERATOR(pg_catalog.=) 100000 THEN
      changed := (SELECT pg_catalog.count(*) FROM new_rows);
      IF imat_store.is_loggable('1'::pg_catalog.regclass, changed) THEN
        INSERT INTO imat_store.log_public_sale (weight, c4, c7)
          SELECT 1, n.region, n.sold_at FROM new_rows AS n
          OFFSET 100000;
      ELSE
        INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);
      END IF;
    END IF;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_sale', '{4,7}', TG_OP);
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_sale', '{4,7}', ARRAY['region', 'sold_at']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_sale (weight, c4, c7)
      SELECT pg_catalog.sum(u.weight), u.c4, u.c7
      FROM (
        SELECT -1 AS weight, o.region AS c4, o.sold_at AS c7 FROM old_rows AS o
        UNION ALL
        SELECT 1, n.region AS c4, n.sold_at AS c7 FROM new_rows AS n
      ) AS u
      GROUP BY u.c4, u.c7
      HAVING pg_catalog.sum(u.weight) OPERATOR(pg_catalog.<>) 0;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_sale', '{4,7}', TG_OP);
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_sale', '{4,7}', ARRAY['region', 'sold_at']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_sale (weight, c4, c7)
      SELECT -1, o.region, o.sold_at FROM old_rows AS o
      LIMIT 100000;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed OPERATOR(pg_catalog.=) 100000 THEN
      changed := (SELECT pg_catalog.count(*) FROM old_rows);
      IF imat_store.is_loggable('1'::pg_catalog.regclass, changed) THEN
        INSERT INTO imat_store.log_public_sale (weight, c4, c7)
          SELECT -1, o.region, o.sold_at FROM old_rows AS o
          OFFSET 100000;
      ELSE
        INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);
      END IF;
    END IF;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_sale', '{4,7}', TG_OP);
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
CREATE TABLE imat_store.state_time_values WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02) AS
SELECT
  v.region,
  pg_catalog.count(*) AS rows,
  pg_catalog.count(*) FILTER (WHERE v."now()_sold_at" IS NOT NULL) AS "count_now()_sold_at",
  COALESCE(pg_catalog.sum((v."now()_sold_at")::bigint) FILTER (WHERE v."now()_sold_at" IS NOT NULL), 0)::bigint AS "sum_now()_sold_at"
FROM (
  SELECT
    r1.region AS region,
    ((((r1.moment AT TIME ZONE ('UTC')::text))::date - ((r1.sold_at AT TIME ZONE ('UTC')::text))::date)) AS "now()_sold_at"
  FROM
    (
      SELECT t.region AS region, t.sold_at AS sold_at, pg_catalog.now() AS moment
      FROM public.sale AS t
    ) AS r1
  -- Computes each value once. As a bigint it does not keep PostgreSQL from reading in parallel.
  OFFSET '0'::bigint
) AS v
GROUP BY 1;

-- what publications of all tables need
ALTER TABLE imat_store.state_time_values REPLICA IDENTITY FULL;

-- finished aggregates, computed once
ALTER TABLE imat_store.state_time_values
  ADD COLUMN age numeric GENERATED ALWAYS AS (CASE WHEN "count_now()_sold_at" > 0 THEN (("sum_now()_sold_at")::numeric / "count_now()_sold_at")::numeric END) STORED;

-- what finds a group, NULL keys being equal
CREATE UNIQUE INDEX ON imat_store.state_time_values (region) NULLS NOT DISTINCT;

-- what the column holds
COMMENT ON COLUMN imat_store.state_time_values.region IS 'sale.region';

-- what the column holds
COMMENT ON COLUMN imat_store.state_time_values.rows IS 'rows of the group';

-- what the column holds
COMMENT ON COLUMN imat_store.state_time_values."count_now()_sold_at" IS 'rows where (((now() AT TIME ZONE (''UTC'')::text))::date - ((sale.sold_at AT TIME ZONE (''UTC'')::text))::date) is not null';

-- what the column holds
COMMENT ON COLUMN imat_store.state_time_values."sum_now()_sold_at" IS 'sum of (((now() AT TIME ZONE (''UTC'')::text))::date - ((sale.sold_at AT TIME ZONE (''UTC'')::text))::date)';

-- what the column holds
COMMENT ON COLUMN imat_store.state_time_values.age IS 'avg((((now() AT TIME ZONE (''UTC'')::text))::date - ((sale.sold_at AT TIME ZONE (''UTC'')::text))::date))';

-- statistics
ANALYZE imat_store.state_time_values;

-- what is pending, as rows of the state
CREATE VIEW imat_store.delta_time_values AS
WITH pending AS MATERIALIZED (
  SELECT
    f.snapshot,
    f.moment
  FROM imat_catalog.frontier AS f
  WHERE f.imat_id = 1
)
SELECT
  v.region,
  v.rows AS rows,
  CASE WHEN v."now()_sold_at" IS NOT NULL THEN v.rows ELSE 0 END AS "count_now()_sold_at",
  CASE WHEN v."now()_sold_at" IS NOT NULL THEN ((v."now()_sold_at")::bigint * v.rows)::bigint ELSE 0 END AS "sum_now()_sold_at"
FROM (
  -- plus changes of public.sale AS sale
  SELECT
    r1.region AS region,
    ((((r1.moment AT TIME ZONE ('UTC')::text))::date - ((r1.sold_at AT TIME ZONE ('UTC')::text))::date)) AS "now()_sold_at",
    r1.weight AS rows
  FROM
    (
      SELECT pg_catalog.sum(l.weight)::bigint AS weight, l.c4 AS region, l.c7 AS sold_at, (SELECT p.moment FROM pending AS p) AS moment
      FROM imat_store.log_public_sale AS l
      WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
      GROUP BY l.c4, l.c7
      HAVING pg_catalog.sum(l.weight) <> 0
      OFFSET 0
    ) AS r1
  UNION ALL
  -- time passed for public.sale AS sale
  SELECT
    r1.region AS region,
    ((((r1.moment AT TIME ZONE ('UTC')::text))::date - ((r1.sold_at AT TIME ZONE ('UTC')::text))::date)) AS "now()_sold_at",
    r1.weight AS rows
  FROM
    (
      SELECT m.weight AS weight, t.region AS region, t.sold_at AS sold_at, m.moment AS moment
      FROM public.sale AS t CROSS JOIN LATERAL (VALUES (1::bigint, pg_catalog.now()), (-1, (SELECT p.moment FROM pending AS p))) AS m(weight, moment)
    WHERE (
        ((((SELECT p.moment FROM pending AS p) AT TIME ZONE ('UTC')::text))::date IS DISTINCT FROM ((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date)
            AND pg_catalog.record_image_ne(ROW(CASE WHEN (pg_catalog.isfinite((((SELECT p.moment FROM pending AS p) AT TIME ZONE ('UTC')::text))::date) AND pg_catalog.isfinite(((t.sold_at AT TIME ZONE ('UTC')::text))::date)) THEN ((((SELECT p.moment FROM pending AS p) AT TIME ZONE ('UTC')::text))::date - ((t.sold_at AT TIME ZONE ('UTC')::text))::date) END), ROW(CASE WHEN (pg_catalog.isfinite(((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date) AND pg_catalog.isfinite(((t.sold_at AT TIME ZONE ('UTC')::text))::date)) THEN (((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date - ((t.sold_at AT TIME ZONE ('UTC')::text))::date) END))
      )
    ) AS r1
) AS v;

-- the state computed anew
CREATE VIEW imat_store.content_time_values AS
SELECT
  v.region,
  pg_catalog.count(*) AS rows,
  pg_catalog.count(*) FILTER (WHERE v."now()_sold_at" IS NOT NULL) AS "count_now()_sold_at",
  COALESCE(pg_catalog.sum((v."now()_sold_at")::bigint) FILTER (WHERE v."now()_sold_at" IS NOT NULL), 0)::bigint AS "sum_now()_sold_at"
FROM (
  SELECT
    r1.region AS region,
    ((((r1.moment AT TIME ZONE ('UTC')::text))::date - ((r1.sold_at AT TIME ZONE ('UTC')::text))::date)) AS "now()_sold_at"
  FROM
    (
      SELECT t.region AS region, t.sold_at AS sold_at, pg_catalog.now() AS moment
      FROM public.sale AS t
    ) AS r1
  -- Computes each value once. As a bigint it does not keep PostgreSQL from reading in parallel.
  OFFSET '0'::bigint
) AS v
GROUP BY 1;

-- the same as a function, which is planned when it runs
CREATE OR REPLACE FUNCTION imat_store.computed_time_values(access_key uuid) RETURNS SETOF imat_store.content_time_values
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
      MESSAGE = 'only the view of the imat may call imat_store.computed_time_values';
  END IF;
  RETURN QUERY EXECUTE 'SELECT * FROM imat_store.content_time_values';
  IF imat_catalog.is_rewritten_meanwhile(34) THEN
    RAISE EXCEPTION USING
      ERRCODE = 'serialization_failure',
      MESSAGE = 'a table was truncated or rewritten after this statement began',
      HINT = 'Run the statement again.';
  END IF;
END$imat$;

-- a view calls functions with the rights of its readers
GRANT EXECUTE ON FUNCTION imat_store.computed_time_values(uuid) TO PUBLIC;

-- the answer as the sources have it
CREATE VIEW imat_store.answer_time_values AS
SELECT
  (g.c11)::text AS region,
  (g.c12)::numeric AS age
FROM
  (
    SELECT r1.region AS c11, pg_catalog.avg((((r1.moment AT TIME ZONE ('UTC')::text))::date - ((r1.sold_at AT TIME ZONE ('UTC')::text))::date)) AS c12
    FROM (
      SELECT t.region AS region, t.sold_at AS sold_at, pg_catalog.now() AS moment
      FROM public.sale AS t
    ) AS r1
    GROUP BY 1
  ) AS g;

-- the same as a function, for reads while too much or a reset is pending
CREATE OR REPLACE FUNCTION imat_store.answered_time_values(access_key uuid) RETURNS SETOF imat_store.answer_time_values
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
      MESSAGE = 'only the view of the imat may call imat_store.answered_time_values';
  END IF;
  RETURN QUERY EXECUTE 'SELECT * FROM imat_store.answer_time_values';
  IF imat_catalog.is_rewritten_meanwhile(34) THEN
    RAISE EXCEPTION USING
      ERRCODE = 'serialization_failure',
      MESSAGE = 'a table was truncated or rewritten after this statement began',
      HINT = 'Run the statement again.';
  END IF;
END$imat$;

-- a view calls functions with the rights of its readers
GRANT EXECUTE ON FUNCTION imat_store.answered_time_values(uuid) TO PUBLIC;

-- state and pending changes, added up
CREATE VIEW imat_store.current_time_values WITH (security_barrier) AS
SELECT
  s.region,
  s.age
FROM (
  -- what is stored and stays
  SELECT
    s.region,
    s.age
  FROM imat_store.state_time_values AS s
  WHERE s.region IS NOT NULL
    AND NOT EXISTS (SELECT FROM imat_store.delta_time_values AS d WHERE d.region OPERATOR(pg_catalog.=) s.region)
  UNION ALL
  -- what is stored and what is pending, added up
  SELECT
    s.region,
    (CASE WHEN s."count_now()_sold_at" > 0 THEN ((s."sum_now()_sold_at")::numeric / s."count_now()_sold_at")::numeric END)::numeric AS age
  FROM (
    SELECT
      u.region,
      COALESCE(pg_catalog.sum(u.rows), 0)::bigint AS rows,
      COALESCE(pg_catalog.sum(u."count_now()_sold_at"), 0)::bigint AS "count_now()_sold_at",
      COALESCE(pg_catalog.sum(u."sum_now()_sold_at"), 0)::bigint AS "sum_now()_sold_at"
    FROM (
      SELECT region, rows, "count_now()_sold_at", "sum_now()_sold_at" FROM imat_store.state_time_values AS s WHERE EXISTS (SELECT FROM imat_store.delta_time_values AS d WHERE d.region OPERATOR(pg_catalog.=) s.region)
      UNION ALL
      SELECT region, rows, "count_now()_sold_at", "sum_now()_sold_at" FROM imat_store.state_time_values AS s WHERE region IS NULL
      UNION ALL
      SELECT region, rows, "count_now()_sold_at", "sum_now()_sold_at" FROM imat_store.delta_time_values
    ) AS u
    GROUP BY u.region
  HAVING pg_catalog.sum(u.rows) <> 0
  ) AS s
) AS s;

-- rows that the passing of time has changed
CREATE VIEW imat_store.elapsed_time_values AS
SELECT FROM imat_catalog.frontier AS f, LATERAL (
    SELECT FROM public.sale AS t WHERE (
        (((f.moment AT TIME ZONE ('UTC')::text))::date IS DISTINCT FROM ((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date)
            AND pg_catalog.record_image_ne(ROW(CASE WHEN (pg_catalog.isfinite(((f.moment AT TIME ZONE ('UTC')::text))::date) AND pg_catalog.isfinite(((t.sold_at AT TIME ZONE ('UTC')::text))::date)) THEN (((f.moment AT TIME ZONE ('UTC')::text))::date - ((t.sold_at AT TIME ZONE ('UTC')::text))::date) END), ROW(CASE WHEN (pg_catalog.isfinite(((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date) AND pg_catalog.isfinite(((t.sold_at AT TIME ZONE ('UTC')::text))::date)) THEN (((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date - ((t.sold_at AT TIME ZONE ('UTC')::text))::date) END))
      )
    OFFSET 0
  ) AS t
WHERE f.imat_id = 1;

-- fold: adds what is pending to the state
CREATE OR REPLACE FUNCTION imat_store.fold_time_values(anew boolean DEFAULT false) RETURNS bigint
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
        COALESCE(pg_catalog.sum(u."count_now()_sold_at"), 0)::bigint AS "count_now()_sold_at",
        COALESCE(pg_catalog.sum(u."sum_now()_sold_at"), 0)::bigint AS "sum_now()_sold_at"
      FROM (
        SELECT region, rows, "count_now()_sold_at", "sum_now()_sold_at" FROM changes
      ) AS u
      GROUP BY u.region
    ), merged AS (
      INSERT INTO imat_store.state_time_values AS s (region, rows, "count_now()_sold_at", "sum_now()_sold_at")
      SELECT region, rows, "count_now()_sold_at", "sum_now()_sold_at"
      FROM delta AS d
      WHERE d.rows <> 0 OR d."count_now()_sold_at" <> 0 OR d."sum_now()_sold_at" <> 0
      ON CONFLICT (region) DO UPDATE SET
        rows = s.rows + EXCLUDED.rows,
        "count_now()_sold_at" = s."count_now()_sold_at" + EXCLUDED."count_now()_sold_at",
        "sum_now()_sold_at" = s."sum_now()_sold_at" + EXCLUDED."sum_now()_sold_at"
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
    SELECT GREATEST(pg_catalog.pg_relation_size('imat_store.log_public_sale'::regclass)) >= 440000 AND imat_catalog.is_outgrown(1, f.snapshot, 2)
    FROM imat_catalog.frontier AS f
    WHERE f.imat_id = 1
  ) OR EXISTS (
    SELECT FROM imat_catalog.frontier AS f
    WHERE f.imat_id = 1 AND ((((f.moment AT TIME ZONE ('UTC')::text))::date IS DISTINCT FROM ((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date))
  ) THEN
    DELETE FROM imat_store.state_time_values;
    INSERT INTO imat_store.state_time_values (region, rows, "count_now()_sold_at", "sum_now()_sold_at")
    SELECT region, rows, "count_now()_sold_at", "sum_now()_sold_at" FROM imat_store.computed_time_values((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1));
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
  END IF;
  BEGIN
    EXECUTE pg_catalog.format(upsert, 'imat_store.delta_time_values')
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
      MESSAGE = 'a row of imat_store.state_time_values would have a negative count',
      DETAIL = 'A change of a source was not captured, for example because a trigger of imat was disabled.',
      HINT = 'Run imat repair.';
  END IF;
  DELETE FROM imat_store.state_time_values WHERE ctid = ANY (emptied);
  RETURN changed;
END$imat_$;

-- only imat.fold calls it
REVOKE ALL ON FUNCTION imat_store.fold_time_values(boolean) FROM PUBLIC;

-- what readers use
CREATE VIEW imat.time_values AS
SELECT
  s.region AS region,
  s.age AS age
FROM (
  -- what is stored
  SELECT
    s.region,
    s.age,
    0 AS arm
  FROM imat_store.state_time_values AS s
  UNION ALL
  -- the answer computed now
  SELECT
    s.region,
    s.age,
    2 AS arm
  FROM imat_store.current_time_values AS s
  UNION ALL
  -- what the sources have
  SELECT
    s.region,
    s.age,
    3 AS arm
  FROM imat_store.answered_time_values((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1)) AS s
) AS s
WHERE s.arm = (
  SELECT COALESCE(
    (SELECT CASE WHEN imat_catalog.is_rewritten(ARRAY['1'::pg_catalog.regclass]) THEN 3 WHEN EXISTS (SELECT FROM imat_store.log_public_sale AS l WHERE l.xid <= '18446744073709551615'::pg_catalog.xid8 AND l.xid >= pg_catalog.pg_snapshot_xmin(f.snapshot) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, f.snapshot)) OR EXISTS (SELECT FROM public.sale AS t WHERE (
        (((f.moment AT TIME ZONE ('UTC')::text))::date IS DISTINCT FROM ((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date)
            AND pg_catalog.record_image_ne(ROW(CASE WHEN (pg_catalog.isfinite(((f.moment AT TIME ZONE ('UTC')::text))::date) AND pg_catalog.isfinite(((t.sold_at AT TIME ZONE ('UTC')::text))::date)) THEN (((f.moment AT TIME ZONE ('UTC')::text))::date - ((t.sold_at AT TIME ZONE ('UTC')::text))::date) END), ROW(CASE WHEN (pg_catalog.isfinite(((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date) AND pg_catalog.isfinite(((t.sold_at AT TIME ZONE ('UTC')::text))::date)) THEN (((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date - ((t.sold_at AT TIME ZONE ('UTC')::text))::date) END))
      )) THEN CASE WHEN EXISTS (SELECT FROM imat_store.reset AS r WHERE r.relation IN ('1'::pg_catalog.regclass) AND NOT pg_catalog.pg_visible_in_snapshot(r.xid, f.snapshot)) OR imat_catalog.is_rewritten(ARRAY['1'::pg_catalog.regclass]) OR GREATEST(pg_catalog.pg_relation_size('imat_store.log_public_sale'::regclass)) >= 440000 AND imat_catalog.is_outgrown(1, f.snapshot, 8) OR (((f.moment AT TIME ZONE ('UTC')::text))::date IS DISTINCT FROM ((pg_catalog.now() AT TIME ZONE ('UTC')::text))::date) THEN 3 ELSE 2 END ELSE 0 END FROM imat_catalog.frontier AS f WHERE f.imat_id = 1 AND f.state_relation IN ('imat_store.state_time_values'::regclass) AND f.here AND 'imat_store.definition_time_values'::regclass IS NOT NULL),
    imat_catalog.arm_without_frontier('time_values', 3)
  )
);

-- what a colleague finds
COMMENT ON VIEW imat.time_values IS 'imat: answers as its query would now. See imat explain; imat revert removes it.';

-- who may read the materialized view may read it
SELECT imat_catalog.copy_grants('public.time_values', 'imat.time_values');

-- a comment of the materialized view
COMMENT ON VIEW imat.time_values IS 'shows time-values';

-- an index of the materialized view
CREATE INDEX ON imat_store.state_time_values USING btree ((1));
