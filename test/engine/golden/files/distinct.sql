-- distinct: DISTINCT is a grouping by all columns
--
-- SELECT DISTINCT sale.region,
--     sale.shipped
--    FROM public.sale
--
-- strategy delta, freshness live
-- reads public.sale (region, shipped)
-- project region, shipped: computed when read, stores nothing
--   group by sale.region, sale.shipped: stored, one row per group, stores region, shipped
--       sale.region: group key, stores region
--       sale.shipped: group key, stores shipped
--       rows of the group: additive part, stores rows
--     scan public.sale AS sale (region, shipped): linear, stores nothing

-- the definition, as a view
CREATE VIEW imat_store.definition_distinct AS
SELECT DISTINCT sale.region,
    sale.shipped
   FROM public.sale;

-- the change log of public.sale, if it is not there yet
CREATE TABLE imat_store.log_public_sale (
  xid xid8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id(),
  weight integer NOT NULL,
  c4 text,
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_sale', '{4,10}', ARRAY['region', 'shipped']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_sale (weight, c4, c10)
      SELECT 1, n.region, n.shipped FROM new_rows AS n
      LIMIT 100000;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed OPERATOR(pg_catalog.=) 100000 THEN
      changed := (SELECT pg_catalog.count(*) FROM new_rows);
      IF imat_store.is_loggable('1'::pg_catalog.regclass, changed) THEN
        INSERT INTO imat_store.log_public_sale (weight, c4, c10)
          SELECT 1, n.region, n.shipped FROM new_rows AS n
          OFFSET 100000;
      ELSE
        INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);
      END IF;
    END IF;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_sale', '{4,10}', TG_OP);
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_sale', '{4,10}', ARRAY['region', 'shipped']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_sale (weight, c4, c10)
      SELECT pg_catalog.sum(u.weight), u.c4, u.c10
      FROM (
        SELECT -1 AS weight, o.region AS c4, o.shipped AS c10 FROM old_rows AS o
        UNION ALL
        SELECT 1, n.region AS c4, n.shipped AS c10 FROM new_rows AS n
      ) AS u
      GROUP BY u.c4, u.c10
      HAVING pg_catalog.sum(u.weight) OPERATOR(pg_catalog.<>) 0;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_sale', '{4,10}', TG_OP);
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_sale', '{4,10}', ARRAY['region', 'shipped']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_sale (weight, c4, c10)
      SELECT -1, o.region, o.shipped FROM old_rows AS o
      LIMIT 100000;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed OPERATOR(pg_catalog.=) 100000 THEN
      changed := (SELECT pg_catalog.count(*) FROM old_rows);
      IF imat_store.is_loggable('1'::pg_catalog.regclass, changed) THEN
        INSERT INTO imat_store.log_public_sale (weight, c4, c10)
          SELECT -1, o.region, o.shipped FROM old_rows AS o
          OFFSET 100000;
      ELSE
        INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);
      END IF;
    END IF;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_sale', '{4,10}', TG_OP);
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
CREATE TABLE imat_store.state_distinct WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02) AS
SELECT
  r1.region AS region,
  r1.shipped AS shipped,
  pg_catalog.count(*) AS rows
FROM
  public.sale AS r1
GROUP BY 1, 2;

-- what publications of all tables need
ALTER TABLE imat_store.state_distinct REPLICA IDENTITY FULL;

-- what finds a group, NULL keys being equal
CREATE UNIQUE INDEX ON imat_store.state_distinct (region, shipped) NULLS NOT DISTINCT;

-- what finds the rows with NULL in a key
CREATE INDEX ON imat_store.state_distinct ((1)) WHERE region IS NULL OR shipped IS NULL;

-- what the column holds
COMMENT ON COLUMN imat_store.state_distinct.region IS 'sale.region';

-- what the column holds
COMMENT ON COLUMN imat_store.state_distinct.shipped IS 'sale.shipped';

-- what the column holds
COMMENT ON COLUMN imat_store.state_distinct.rows IS 'rows of the group';

-- statistics
ANALYZE imat_store.state_distinct;

-- what is pending, as rows of the state
CREATE VIEW imat_store.delta_distinct AS
WITH pending AS MATERIALIZED (
  SELECT
    f.snapshot
  FROM imat_catalog.frontier AS f
  WHERE f.imat_id = 1
)
-- plus changes of public.sale AS sale
SELECT
  r1.region AS region,
  r1.shipped AS shipped,
  r1.weight AS rows
FROM
  (
    SELECT l.weight::bigint AS weight, l.c4 AS region, l.c10 AS shipped
    FROM imat_store.log_public_sale AS l
    WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
  ) AS r1;

-- the same, with pending rows cancelled against each other first
CREATE VIEW imat_store.netted_distinct AS
WITH pending AS MATERIALIZED (
  SELECT
    f.snapshot
  FROM imat_catalog.frontier AS f
  WHERE f.imat_id = 1
)
-- plus changes of public.sale AS sale
SELECT
  r1.region AS region,
  r1.shipped AS shipped,
  r1.weight AS rows
FROM
  (
    SELECT pg_catalog.sum(l.weight)::bigint AS weight, l.c4 AS region, l.c10 AS shipped
    FROM imat_store.log_public_sale AS l
    WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
    GROUP BY l.c4, l.c10
    HAVING pg_catalog.sum(l.weight) <> 0
    OFFSET 0
  ) AS r1;

-- the state computed anew
CREATE VIEW imat_store.content_distinct AS
SELECT
  r1.region AS region,
  r1.shipped AS shipped,
  pg_catalog.count(*) AS rows
FROM
  public.sale AS r1
GROUP BY 1, 2;

-- the same as a function, which is planned when it runs
CREATE OR REPLACE FUNCTION imat_store.computed_distinct(access_key uuid) RETURNS SETOF imat_store.content_distinct
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
      MESSAGE = 'only the view of the imat may call imat_store.computed_distinct';
  END IF;
  RETURN QUERY EXECUTE 'SELECT * FROM imat_store.content_distinct';
  IF imat_catalog.is_rewritten_meanwhile(11) THEN
    RAISE EXCEPTION USING
      ERRCODE = 'serialization_failure',
      MESSAGE = 'a table was truncated or rewritten after this statement began',
      HINT = 'Run the statement again.';
  END IF;
END$imat$;

-- a view calls functions with the rights of its readers
GRANT EXECUTE ON FUNCTION imat_store.computed_distinct(uuid) TO PUBLIC;

-- the answer as the sources have it
CREATE VIEW imat_store.answer_distinct AS
SELECT
  (g.c11)::text AS region,
  (g.c12)::boolean AS shipped
FROM
  (
    SELECT r1.region AS c11, r1.shipped AS c12
    FROM public.sale AS r1
    GROUP BY 1, 2
  ) AS g;

-- the same as a function, for reads while too much or a reset is pending
CREATE OR REPLACE FUNCTION imat_store.answered_distinct(access_key uuid) RETURNS SETOF imat_store.answer_distinct
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
      MESSAGE = 'only the view of the imat may call imat_store.answered_distinct';
  END IF;
  RETURN QUERY EXECUTE 'SELECT * FROM imat_store.answer_distinct';
  IF imat_catalog.is_rewritten_meanwhile(11) THEN
    RAISE EXCEPTION USING
      ERRCODE = 'serialization_failure',
      MESSAGE = 'a table was truncated or rewritten after this statement began',
      HINT = 'Run the statement again.';
  END IF;
END$imat$;

-- a view calls functions with the rights of its readers
GRANT EXECUTE ON FUNCTION imat_store.answered_distinct(uuid) TO PUBLIC;

-- state and pending changes, added up
CREATE VIEW imat_store.current_distinct WITH (security_barrier) AS
SELECT
  s.region,
  s.shipped
FROM (
  -- what is stored and stays
  SELECT
    s.region,
    s.shipped
  FROM imat_store.state_distinct AS s
  WHERE s.region IS NOT NULL
    AND s.shipped IS NOT NULL
    AND NOT EXISTS (SELECT FROM imat_store.delta_distinct AS d WHERE d.region OPERATOR(pg_catalog.=) s.region AND d.shipped OPERATOR(pg_catalog.=) s.shipped)
  UNION ALL
  -- what is stored and what is pending, added up
  SELECT
    s.region,
    s.shipped
  FROM (
    SELECT
      u.region,
      u.shipped,
      COALESCE(pg_catalog.sum(u.rows), 0)::bigint AS rows
    FROM (
      SELECT region, shipped, rows FROM imat_store.state_distinct AS s WHERE EXISTS (SELECT FROM imat_store.delta_distinct AS d WHERE d.region OPERATOR(pg_catalog.=) s.region AND d.shipped OPERATOR(pg_catalog.=) s.shipped)
      UNION ALL
      SELECT region, shipped, rows FROM imat_store.state_distinct AS s WHERE region IS NULL OR shipped IS NULL
      UNION ALL
      SELECT region, shipped, rows FROM imat_store.delta_distinct
    ) AS u
    GROUP BY u.region, u.shipped
  HAVING pg_catalog.sum(u.rows) <> 0
  ) AS s
) AS s;

-- fold: adds what is pending to the state
CREATE OR REPLACE FUNCTION imat_store.fold_distinct(anew boolean DEFAULT false) RETURNS bigint
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
        u.shipped,
        COALESCE(pg_catalog.sum(u.rows), 0)::bigint AS rows
      FROM (
        SELECT region, shipped, rows FROM changes
      ) AS u
      GROUP BY u.region, u.shipped
    ), merged AS (
      INSERT INTO imat_store.state_distinct AS s (region, shipped, rows)
      SELECT region, shipped, rows
      FROM delta AS d
      WHERE d.rows <> 0
      ON CONFLICT (region, shipped) DO UPDATE SET
        rows = s.rows + EXCLUDED.rows
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
  ) THEN
    DELETE FROM imat_store.state_distinct;
    INSERT INTO imat_store.state_distinct (region, shipped, rows)
    SELECT region, shipped, rows FROM imat_store.computed_distinct((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1));
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
  END IF;
  BEGIN
    EXECUTE pg_catalog.format(upsert, 'imat_store.delta_distinct')
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
      EXECUTE pg_catalog.format(upsert, 'imat_store.netted_distinct')
      INTO changed, emptied, negative;
  END;
  IF negative THEN
    RAISE EXCEPTION USING
      ERRCODE = 'data_corrupted',
      MESSAGE = 'a row of imat_store.state_distinct would have a negative count',
      DETAIL = 'A change of a source was not captured, for example because a trigger of imat was disabled.',
      HINT = 'Run imat repair.';
  END IF;
  DELETE FROM imat_store.state_distinct WHERE ctid = ANY (emptied);
  RETURN changed;
END$imat_$;

-- only imat.fold calls it
REVOKE ALL ON FUNCTION imat_store.fold_distinct(boolean) FROM PUBLIC;

-- what readers use
CREATE VIEW imat."distinct" AS
SELECT
  s.region AS region,
  s.shipped AS shipped
FROM (
  -- what is stored
  SELECT
    s.region,
    s.shipped,
    0 AS arm
  FROM imat_store.state_distinct AS s
  UNION ALL
  -- the answer computed now
  SELECT
    s.region,
    s.shipped,
    2 AS arm
  FROM imat_store.current_distinct AS s
  UNION ALL
  -- what the sources have
  SELECT
    s.region,
    s.shipped,
    3 AS arm
  FROM imat_store.answered_distinct((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1)) AS s
) AS s
WHERE s.arm = (
  SELECT COALESCE(
    (SELECT CASE WHEN EXISTS (SELECT FROM imat_store.log_public_sale AS l WHERE l.xid <= '18446744073709551615'::pg_catalog.xid8 AND l.xid >= pg_catalog.pg_snapshot_xmin(f.snapshot) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, f.snapshot)) THEN CASE WHEN EXISTS (SELECT FROM imat_store.reset AS r WHERE r.relation IN ('1'::pg_catalog.regclass) AND NOT pg_catalog.pg_visible_in_snapshot(r.xid, f.snapshot)) OR GREATEST(pg_catalog.pg_relation_size('imat_store.log_public_sale'::regclass)) >= 440000 AND imat_catalog.is_outgrown(1, f.snapshot, 8) THEN 3 ELSE 2 END ELSE 0 END FROM imat_catalog.frontier AS f WHERE f.imat_id = 1 AND f.state_relation IN ('imat_store.state_distinct'::regclass) AND f.here AND 'imat_store.definition_distinct'::regclass IS NOT NULL),
    imat_catalog.arm_without_frontier('distinct', 3)
  )
);

-- what a colleague finds
COMMENT ON VIEW imat."distinct" IS 'imat: answers as its query would now. See imat explain; imat revert removes it.';

-- who may read the materialized view may read it
SELECT imat_catalog.copy_grants('public."distinct"', 'imat."distinct"');

-- a comment of the materialized view
COMMENT ON VIEW imat."distinct" IS 'shows distinct';

-- an index of the materialized view
CREATE INDEX ON imat_store.state_distinct USING btree ((1));
