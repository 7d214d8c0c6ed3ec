-- extremes: min and max are merged; a function derives again what may have gone
--
-- SELECT sale.region,
--     count(*) AS sales,
--     min(sale.amount) AS "least",
--     max(sale.amount) FILTER (WHERE sale.shipped) AS most
--    FROM public.sale
--   GROUP BY sale.region
--
-- strategy delta, freshness live
-- reads public.sale (region, amount, shipped)
-- project region, sales, least, most: computed when read, stores nothing
--   group by sale.region: stored, one row per group, stores region
--       sale.region: group key, stores region
--       rows of the group: additive part, stores rows
--       min of sale.amount: merged; derived again where it may have gone, stores min_amount
--       max of sale.amount, if sale.shipped: merged; derived again where it may have gone, stores max_amount_if_shipped
--     scan public.sale AS sale (region, amount, shipped): linear, stores nothing

-- the definition, as a view
CREATE VIEW imat_store.definition_extremes AS
SELECT sale.region,
    count(*) AS sales,
    min(sale.amount) AS "least",
    max(sale.amount) FILTER (WHERE sale.shipped) AS most
   FROM public.sale
  GROUP BY sale.region;

-- the change log of public.sale, if it is not there yet
CREATE TABLE imat_store.log_public_sale (
  xid xid8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id(),
  weight integer NOT NULL,
  c4 text,
  c5 numeric,
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_sale', '{4,5,10}', ARRAY['region', 'amount', 'shipped']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_sale (weight, c4, c5, c10)
      SELECT 1, n.region, n.amount, n.shipped FROM new_rows AS n
      LIMIT 100000;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed OPERATOR(pg_catalog.=) 100000 THEN
      changed := (SELECT pg_catalog.count(*) FROM new_rows);
      IF imat_store.is_loggable('1'::pg_catalog.regclass, changed) THEN
        INSERT INTO imat_store.log_public_sale (weight, c4, c5, c10)
          SELECT 1, n.region, n.amount, n.shipped FROM new_rows AS n
          OFFSET 100000;
      ELSE
        INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);
      END IF;
    END IF;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_sale', '{4,5,10}', TG_OP);
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_sale', '{4,5,10}', ARRAY['region', 'amount', 'shipped']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_sale (weight, c4, c5, c10)
      SELECT pg_catalog.sum(u.weight), u.c4, u.c5, u.c10
      FROM (
        SELECT -1 AS weight, o.region AS c4, o.amount AS c5, o.shipped AS c10 FROM old_rows AS o
        UNION ALL
        SELECT 1, n.region AS c4, n.amount AS c5, n.shipped AS c10 FROM new_rows AS n
      ) AS u
      GROUP BY u.c4, u.c5, pg_catalog.numeric_send(u.c5), u.c10
      HAVING pg_catalog.sum(u.weight) OPERATOR(pg_catalog.<>) 0;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_sale', '{4,5,10}', TG_OP);
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_sale', '{4,5,10}', ARRAY['region', 'amount', 'shipped']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_sale (weight, c4, c5, c10)
      SELECT -1, o.region, o.amount, o.shipped FROM old_rows AS o
      LIMIT 100000;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed OPERATOR(pg_catalog.=) 100000 THEN
      changed := (SELECT pg_catalog.count(*) FROM old_rows);
      IF imat_store.is_loggable('1'::pg_catalog.regclass, changed) THEN
        INSERT INTO imat_store.log_public_sale (weight, c4, c5, c10)
          SELECT -1, o.region, o.amount, o.shipped FROM old_rows AS o
          OFFSET 100000;
      ELSE
        INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);
      END IF;
    END IF;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_sale', '{4,5,10}', TG_OP);
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
CREATE TABLE imat_store.state_extremes WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02) AS
SELECT
  r1.region AS region,
  pg_catalog.count(*) AS rows,
  pg_catalog.min(r1.amount) AS min_amount,
  pg_catalog.max(r1.amount) FILTER (WHERE r1.shipped) AS max_amount_if_shipped
FROM
  public.sale AS r1
GROUP BY 1;

-- what publications of all tables need
ALTER TABLE imat_store.state_extremes REPLICA IDENTITY FULL;

-- what finds a group, NULL keys being equal
CREATE UNIQUE INDEX ON imat_store.state_extremes (region) NULLS NOT DISTINCT;

-- what the column holds
COMMENT ON COLUMN imat_store.state_extremes.region IS 'sale.region';

-- what the column holds
COMMENT ON COLUMN imat_store.state_extremes.rows IS 'rows of the group';

-- what the column holds
COMMENT ON COLUMN imat_store.state_extremes.min_amount IS 'min of sale.amount';

-- what the column holds
COMMENT ON COLUMN imat_store.state_extremes.max_amount_if_shipped IS 'max of sale.amount, if sale.shipped';

-- statistics
ANALYZE imat_store.state_extremes;

-- what is pending, as rows of the state
CREATE VIEW imat_store.delta_extremes AS
WITH pending AS MATERIALIZED (
  SELECT
    f.snapshot
  FROM imat_catalog.frontier AS f
  WHERE f.imat_id = 1
)
-- plus changes of public.sale AS sale
SELECT
  r1.region AS region,
  r1.weight AS rows,
  (r1.amount)::numeric AS min_amount,
  CASE WHEN r1.shipped THEN (r1.amount)::numeric END AS max_amount_if_shipped
FROM
  (
    SELECT l.weight::bigint AS weight, l.c4 AS region, l.c5 AS amount, l.c10 AS shipped
    FROM imat_store.log_public_sale AS l
    WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
  ) AS r1;

-- the same, with pending rows cancelled against each other first
CREATE VIEW imat_store.netted_extremes AS
WITH pending AS MATERIALIZED (
  SELECT
    f.snapshot
  FROM imat_catalog.frontier AS f
  WHERE f.imat_id = 1
)
-- plus changes of public.sale AS sale
SELECT
  r1.region AS region,
  r1.weight AS rows,
  (r1.amount)::numeric AS min_amount,
  CASE WHEN r1.shipped THEN (r1.amount)::numeric END AS max_amount_if_shipped
FROM
  (
    SELECT pg_catalog.sum(l.weight)::bigint AS weight, l.c4 AS region, l.c5 AS amount, l.c10 AS shipped
    FROM imat_store.log_public_sale AS l
    WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
    GROUP BY l.c4, l.c5, pg_catalog.numeric_send(l.c5), l.c10
    HAVING pg_catalog.sum(l.weight) <> 0
    OFFSET 0
  ) AS r1;

-- the state computed anew
CREATE VIEW imat_store.content_extremes AS
SELECT
  r1.region AS region,
  pg_catalog.count(*) AS rows,
  pg_catalog.min(r1.amount) AS min_amount,
  pg_catalog.max(r1.amount) FILTER (WHERE r1.shipped) AS max_amount_if_shipped
FROM
  public.sale AS r1
GROUP BY 1;

-- the same as a function, which is planned when it runs
CREATE OR REPLACE FUNCTION imat_store.computed_extremes(access_key uuid) RETURNS SETOF imat_store.content_extremes
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
      MESSAGE = 'only the view of the imat may call imat_store.computed_extremes';
  END IF;
  RETURN QUERY EXECUTE 'SELECT * FROM imat_store.content_extremes';
  IF imat_catalog.is_rewritten_meanwhile(20) THEN
    RAISE EXCEPTION USING
      ERRCODE = 'serialization_failure',
      MESSAGE = 'a table was truncated or rewritten after this statement began',
      HINT = 'Run the statement again.';
  END IF;
END$imat$;

-- a view calls functions with the rights of its readers
GRANT EXECUTE ON FUNCTION imat_store.computed_extremes(uuid) TO PUBLIC;

-- the answer as the sources have it
CREATE VIEW imat_store.answer_extremes AS
SELECT
  (g.c11)::text AS region,
  (g.c12)::bigint AS rows,
  (g.c13)::numeric AS min_amount,
  (g.c15)::numeric AS max_amount_if_shipped
FROM
  (
    SELECT r1.region AS c11, pg_catalog.count(*) AS c12, pg_catalog.min(r1.amount) AS c13, pg_catalog.max(r1.amount) FILTER (WHERE r1.shipped) AS c15
    FROM public.sale AS r1
    GROUP BY 1
  ) AS g;

-- the same as a function, for reads while too much or a reset is pending
CREATE OR REPLACE FUNCTION imat_store.answered_extremes(access_key uuid) RETURNS SETOF imat_store.answer_extremes
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
      MESSAGE = 'only the view of the imat may call imat_store.answered_extremes';
  END IF;
  RETURN QUERY EXECUTE 'SELECT * FROM imat_store.answer_extremes';
  IF imat_catalog.is_rewritten_meanwhile(20) THEN
    RAISE EXCEPTION USING
      ERRCODE = 'serialization_failure',
      MESSAGE = 'a table was truncated or rewritten after this statement began',
      HINT = 'Run the statement again.';
  END IF;
END$imat$;

-- a view calls functions with the rights of its readers
GRANT EXECUTE ON FUNCTION imat_store.answered_extremes(uuid) TO PUBLIC;

-- the extremes of a group from the tables, where the stored ones may have gone
CREATE OR REPLACE FUNCTION imat_store.derived_extremes(imat_1 uuid, imat_2 integer, imat_3 text)
RETURNS TABLE (min_amount numeric, max_amount_if_shipped numeric)
LANGUAGE sql
ROWS 1
STABLE SECURITY DEFINER PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
SET row_security = off
SET jit = off
BEGIN ATOMIC
SELECT
  CASE WHEN $2 = 1 THEN CASE WHEN $3 IS NOT NULL THEN (
    SELECT pg_catalog.min(r1.amount)
    FROM
      public.sale AS r1
    WHERE r1.region OPERATOR(pg_catalog.=) $3
  ) ELSE (
    SELECT pg_catalog.min(r1.amount)
    FROM
      public.sale AS r1
    WHERE r1.region IS NULL
  ) END END,
  CASE WHEN $2 = 2 THEN CASE WHEN $3 IS NOT NULL THEN (
    SELECT pg_catalog.max(r1.amount)
    FROM
      public.sale AS r1
    WHERE r1.shipped
      AND r1.region OPERATOR(pg_catalog.=) $3
  ) ELSE (
    SELECT pg_catalog.max(r1.amount)
    FROM
      public.sale AS r1
    WHERE r1.shipped
      AND r1.region IS NULL
  ) END END
WHERE EXISTS (
  SELECT FROM imat_catalog.frontier AS f WHERE f.imat_id = 1 AND f.access_key = $1
);
END;

-- a view calls functions with the rights of its readers
GRANT EXECUTE ON FUNCTION imat_store.derived_extremes(imat_1 uuid, imat_2 integer, imat_3 text) TO PUBLIC;

-- state and pending changes, added up
CREATE VIEW imat_store.current_extremes WITH (security_barrier) AS
WITH changes AS MATERIALIZED (
  TABLE imat_store.delta_extremes
), bounds AS MATERIALIZED (
  SELECT
    b.*,
    (SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1) AS imat_access,
    b.imat_total <> 0 AND (b.imat_went1 IS NOT NULL AND (b.min_amount IS NULL OR b.imat_went1 OPERATOR(pg_catalog.<=) b.min_amount) AND (NOT b.imat_went1 OPERATOR(pg_catalog.<=) b.imat_came1) IS NOT TRUE OR COALESCE((b.imat_came1 OPERATOR(pg_catalog.<=) b.min_amount) IS TRUE AND (b.min_amount OPERATOR(pg_catalog.<=) b.imat_came1) IS TRUE AND pg_catalog.numeric_send(b.imat_came1) <> pg_catalog.numeric_send(b.min_amount), FALSE)) AS imat_again1,
    b.imat_total <> 0 AND (b.imat_went2 IS NOT NULL AND (b.max_amount_if_shipped IS NULL OR b.imat_went2 OPERATOR(pg_catalog.>=) b.max_amount_if_shipped) AND (NOT b.imat_went2 OPERATOR(pg_catalog.>=) b.imat_came2) IS NOT TRUE OR COALESCE((b.imat_came2 OPERATOR(pg_catalog.>=) b.max_amount_if_shipped) IS TRUE AND (b.max_amount_if_shipped OPERATOR(pg_catalog.>=) b.imat_came2) IS TRUE AND pg_catalog.numeric_send(b.imat_came2) <> pg_catalog.numeric_send(b.max_amount_if_shipped), FALSE)) AS imat_again2
  FROM (
    SELECT
      u.region,
      COALESCE(pg_catalog.sum(u.rows), 0)::bigint AS rows,
      pg_catalog.min(u.min_amount) AS min_amount,
      pg_catalog.min(CASE WHEN u.imat_argument = 1 THEN u.imat_came1 END) AS imat_came1,
      pg_catalog.min(CASE WHEN u.imat_argument = 1 THEN u.imat_went1 END) AS imat_went1,
      pg_catalog.max(u.max_amount_if_shipped) AS max_amount_if_shipped,
      pg_catalog.max(CASE WHEN u.imat_argument = 2 THEN u.imat_came1 END) AS imat_came2,
      pg_catalog.max(CASE WHEN u.imat_argument = 2 THEN u.imat_went1 END) AS imat_went2,
      COALESCE(pg_catalog.sum(u.rows), 0)::bigint AS imat_total
    FROM (
      SELECT
        s.region,
        s.rows,
        s.min_amount,
        s.max_amount_if_shipped,
        NULL::integer,
        (NULL::imat_store.state_extremes).min_amount,
        (NULL::imat_store.state_extremes).min_amount,
        TRUE
      FROM imat_store.state_extremes AS s
      WHERE EXISTS (SELECT FROM changes AS d WHERE d.region OPERATOR(pg_catalog.=) s.region)
      UNION ALL
      SELECT
        s.region,
        s.rows,
        s.min_amount,
        s.max_amount_if_shipped,
        NULL::integer,
        (NULL::imat_store.state_extremes).min_amount,
        (NULL::imat_store.state_extremes).min_amount,
        TRUE
      FROM imat_store.state_extremes AS s
      WHERE region IS NULL
      UNION ALL
      SELECT
        c.region,
        c.rows,
        (NULL::imat_store.state_extremes).min_amount,
        (NULL::imat_store.state_extremes).max_amount_if_shipped,
        NULL::integer,
        (NULL::imat_store.state_extremes).min_amount,
        (NULL::imat_store.state_extremes).min_amount,
        FALSE
      FROM changes AS c
      UNION ALL
      SELECT
        n.region,
        NULL::bigint,
        (NULL::imat_store.state_extremes).min_amount,
        (NULL::imat_store.state_extremes).max_amount_if_shipped,
        n.imat_argument,
        n.imat_came1,
        n.imat_went1,
        FALSE
      FROM (
        SELECT
          n.region,
          1,
          CASE WHEN n.imat_weight > 0 THEN n.imat_value END,
          CASE WHEN n.imat_weight < 0 OR n.imat_images > 1 THEN n.imat_value END
        FROM (
          SELECT
            u.region,
            u.min_amount AS imat_value,
            pg_catalog.sum(u.rows) AS imat_weight,
            pg_catalog.count(*) OVER (PARTITION BY u.region, u.min_amount) AS imat_images
          FROM changes AS u
          WHERE u.min_amount IS NOT NULL
          GROUP BY u.region, u.min_amount, pg_catalog.numeric_send(u.min_amount)
          HAVING pg_catalog.sum(u.rows) <> 0
        ) AS n
        UNION ALL
        SELECT
          n.region,
          2,
          CASE WHEN n.imat_weight > 0 THEN n.imat_value END,
          CASE WHEN n.imat_weight < 0 OR n.imat_images > 1 THEN n.imat_value END
        FROM (
          SELECT
            u.region,
            u.max_amount_if_shipped AS imat_value,
            pg_catalog.sum(u.rows) AS imat_weight,
            pg_catalog.count(*) OVER (PARTITION BY u.region, u.max_amount_if_shipped) AS imat_images
          FROM changes AS u
          WHERE u.max_amount_if_shipped IS NOT NULL
          GROUP BY u.region, u.max_amount_if_shipped, pg_catalog.numeric_send(u.max_amount_if_shipped)
          HAVING pg_catalog.sum(u.rows) <> 0
        ) AS n
      ) AS n(
        region,
        imat_argument,
        imat_came1,
        imat_went1
      )
    ) AS u(
      region,
      rows,
      min_amount,
      max_amount_if_shipped,
      imat_argument,
      imat_came1,
      imat_went1,
      imat_stored
    )
  GROUP BY u.region
  ) AS b
), few AS MATERIALIZED (
  SELECT
    CASE WHEN pg_catalog.count(*) <= 4 THEN TRUE ELSE pg_catalog.count(*) <= CASE WHEN EXISTS (
        SELECT FROM pg_catalog.pg_index AS i
        WHERE i.indrelid = '1'::pg_catalog.regclass AND i.indisvalid
          AND i.indpred IS NULL AND i.indkey[0] = 4
      ) THEN (SELECT GREATEST(1000, imat_store.estimated_rows('imat_store.state_extremes'::regclass) / 16)) ELSE 4 END END AS is_few
  FROM bounds AS b
  WHERE b.imat_again1 OR b.imat_again2
)
SELECT
  s.region,
  s.rows,
  s.min_amount,
  s.max_amount_if_shipped
FROM (
  -- what is stored and stays
  SELECT
    s.region,
    s.rows,
    s.min_amount,
    s.max_amount_if_shipped
  FROM imat_store.state_extremes AS s
  WHERE (SELECT f.is_few FROM few AS f)
    AND s.region IS NOT NULL
    AND NOT EXISTS (SELECT FROM changes AS d WHERE d.region OPERATOR(pg_catalog.=) s.region)
  UNION ALL
  -- what is stored and what is pending, merged
  SELECT
    s.region,
    s.rows,
    s.min_amount,
    s.max_amount_if_shipped
  FROM (
    SELECT
      b.region,
      b.rows,
      CASE
        WHEN b.imat_total = 0 THEN NULL
        WHEN b.imat_again1 THEN (SELECT e.min_amount FROM imat_store.derived_extremes(b.imat_access, 1, b.region) AS e(min_amount, max_amount_if_shipped))
        WHEN b.imat_came1 IS NULL THEN b.min_amount
        WHEN b.min_amount IS NULL OR b.imat_came1 OPERATOR(pg_catalog.<=) b.min_amount THEN b.imat_came1
        ELSE b.min_amount
      END AS min_amount,
      CASE
        WHEN b.imat_total = 0 THEN NULL
        WHEN b.imat_again2 THEN (SELECT e.max_amount_if_shipped FROM imat_store.derived_extremes(b.imat_access, 2, b.region) AS e(min_amount, max_amount_if_shipped))
        WHEN b.imat_came2 IS NULL THEN b.max_amount_if_shipped
        WHEN b.max_amount_if_shipped IS NULL OR b.imat_came2 OPERATOR(pg_catalog.>=) b.max_amount_if_shipped THEN b.imat_came2
        ELSE b.max_amount_if_shipped
      END AS max_amount_if_shipped
    FROM bounds AS b
    WHERE (SELECT f.is_few FROM few AS f) AND b.imat_total <> 0
  ) AS s
  UNION ALL
  -- what the sources have
  SELECT
    s.region,
    s.rows,
    s.min_amount,
    s.max_amount_if_shipped
  FROM imat_store.answered_extremes((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1)) AS s
  WHERE NOT (SELECT f.is_few FROM few AS f)
) AS s;

-- fold: adds what is pending to the state
CREATE OR REPLACE FUNCTION imat_store.fold_extremes(anew boolean DEFAULT false) RETURNS bigint
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
        b.imat_total <> 0 AND (b.imat_went1 IS NOT NULL AND (b.min_amount IS NULL OR b.imat_went1 OPERATOR(pg_catalog.<=) b.min_amount) AND (NOT b.imat_went1 OPERATOR(pg_catalog.<=) b.imat_came1) IS NOT TRUE OR COALESCE((b.imat_came1 OPERATOR(pg_catalog.<=) b.min_amount) IS TRUE AND (b.min_amount OPERATOR(pg_catalog.<=) b.imat_came1) IS TRUE AND pg_catalog.numeric_send(b.imat_came1) <> pg_catalog.numeric_send(b.min_amount), FALSE)) AS imat_again1,
        b.imat_total <> 0 AND (b.imat_went2 IS NOT NULL AND (b.max_amount_if_shipped IS NULL OR b.imat_went2 OPERATOR(pg_catalog.>=) b.max_amount_if_shipped) AND (NOT b.imat_went2 OPERATOR(pg_catalog.>=) b.imat_came2) IS NOT TRUE OR COALESCE((b.imat_came2 OPERATOR(pg_catalog.>=) b.max_amount_if_shipped) IS TRUE AND (b.max_amount_if_shipped OPERATOR(pg_catalog.>=) b.imat_came2) IS TRUE AND pg_catalog.numeric_send(b.imat_came2) <> pg_catalog.numeric_send(b.max_amount_if_shipped), FALSE)) AS imat_again2
      FROM (
        SELECT
          u.region,
          COALESCE(pg_catalog.sum(CASE WHEN NOT u.imat_stored THEN u.rows END), 0)::bigint AS rows,
          pg_catalog.min(u.min_amount) AS min_amount,
          pg_catalog.min(CASE WHEN u.imat_argument = 1 THEN u.imat_came1 END) AS imat_came1,
          pg_catalog.min(CASE WHEN u.imat_argument = 1 THEN u.imat_went1 END) AS imat_went1,
          pg_catalog.max(u.max_amount_if_shipped) AS max_amount_if_shipped,
          pg_catalog.max(CASE WHEN u.imat_argument = 2 THEN u.imat_came1 END) AS imat_came2,
          pg_catalog.max(CASE WHEN u.imat_argument = 2 THEN u.imat_went1 END) AS imat_went2,
          COALESCE(pg_catalog.sum(u.rows), 0)::bigint AS imat_total
        FROM (
          SELECT
            s.region,
            s.rows,
            s.min_amount,
            s.max_amount_if_shipped,
            NULL::integer,
            (NULL::imat_store.state_extremes).min_amount,
            (NULL::imat_store.state_extremes).min_amount,
            TRUE
          FROM imat_store.state_extremes AS s
          WHERE EXISTS (SELECT FROM changes AS d WHERE d.region OPERATOR(pg_catalog.=) s.region)
          UNION ALL
          SELECT
            s.region,
            s.rows,
            s.min_amount,
            s.max_amount_if_shipped,
            NULL::integer,
            (NULL::imat_store.state_extremes).min_amount,
            (NULL::imat_store.state_extremes).min_amount,
            TRUE
          FROM imat_store.state_extremes AS s
          WHERE region IS NULL
          UNION ALL
          SELECT
            c.region,
            c.rows,
            (NULL::imat_store.state_extremes).min_amount,
            (NULL::imat_store.state_extremes).max_amount_if_shipped,
            NULL::integer,
            (NULL::imat_store.state_extremes).min_amount,
            (NULL::imat_store.state_extremes).min_amount,
            FALSE
          FROM changes AS c
          UNION ALL
          SELECT
            n.region,
            NULL::bigint,
            (NULL::imat_store.state_extremes).min_amount,
            (NULL::imat_store.state_extremes).max_amount_if_shipped,
            n.imat_argument,
            n.imat_came1,
            n.imat_went1,
            FALSE
          FROM (
            SELECT
              n.region,
              1,
              CASE WHEN n.imat_weight > 0 THEN n.imat_value END,
              CASE WHEN n.imat_weight < 0 OR n.imat_images > 1 THEN n.imat_value END
            FROM (
              SELECT
                u.region,
                u.min_amount AS imat_value,
                pg_catalog.sum(u.rows) AS imat_weight,
                pg_catalog.count(*) OVER (PARTITION BY u.region, u.min_amount) AS imat_images
              FROM changes AS u
              WHERE u.min_amount IS NOT NULL
              GROUP BY u.region, u.min_amount, pg_catalog.numeric_send(u.min_amount)
              HAVING pg_catalog.sum(u.rows) <> 0
            ) AS n
            UNION ALL
            SELECT
              n.region,
              2,
              CASE WHEN n.imat_weight > 0 THEN n.imat_value END,
              CASE WHEN n.imat_weight < 0 OR n.imat_images > 1 THEN n.imat_value END
            FROM (
              SELECT
                u.region,
                u.max_amount_if_shipped AS imat_value,
                pg_catalog.sum(u.rows) AS imat_weight,
                pg_catalog.count(*) OVER (PARTITION BY u.region, u.max_amount_if_shipped) AS imat_images
              FROM changes AS u
              WHERE u.max_amount_if_shipped IS NOT NULL
              GROUP BY u.region, u.max_amount_if_shipped, pg_catalog.numeric_send(u.max_amount_if_shipped)
              HAVING pg_catalog.sum(u.rows) <> 0
            ) AS n
          ) AS n(
            region,
            imat_argument,
            imat_came1,
            imat_went1
          )
        ) AS u(
          region,
          rows,
          min_amount,
          max_amount_if_shipped,
          imat_argument,
          imat_came1,
          imat_went1,
          imat_stored
        )
      GROUP BY u.region
      ) AS b
    ), few AS MATERIALIZED (
      SELECT
        CASE WHEN pg_catalog.count(*) <= 4 THEN TRUE ELSE pg_catalog.count(*) <= CASE WHEN EXISTS (
            SELECT FROM pg_catalog.pg_index AS i
            WHERE i.indrelid = '1'::pg_catalog.regclass AND i.indisvalid
              AND i.indpred IS NULL AND i.indkey[0] = 4
          ) THEN (SELECT GREATEST(1000, imat_store.estimated_rows('imat_store.state_extremes'::regclass) / 16)) ELSE 4 END END AS is_few
      FROM bounds AS b
      WHERE b.imat_again1 OR b.imat_again2
    ), delta AS MATERIALIZED (
      SELECT
        b.region,
        b.rows,
        CASE
          WHEN b.imat_total = 0 THEN NULL
          WHEN b.imat_again1 THEN (SELECT e.min_amount FROM imat_store.derived_extremes(b.imat_access, 1, b.region) AS e(min_amount, max_amount_if_shipped))
          WHEN b.imat_came1 IS NULL THEN b.min_amount
          WHEN b.min_amount IS NULL OR b.imat_came1 OPERATOR(pg_catalog.<=) b.min_amount THEN b.imat_came1
          ELSE b.min_amount
        END AS min_amount,
        CASE
          WHEN b.imat_total = 0 THEN NULL
          WHEN b.imat_again2 THEN (SELECT e.max_amount_if_shipped FROM imat_store.derived_extremes(b.imat_access, 2, b.region) AS e(min_amount, max_amount_if_shipped))
          WHEN b.imat_came2 IS NULL THEN b.max_amount_if_shipped
          WHEN b.max_amount_if_shipped IS NULL OR b.imat_came2 OPERATOR(pg_catalog.>=) b.max_amount_if_shipped THEN b.imat_came2
          ELSE b.max_amount_if_shipped
        END AS max_amount_if_shipped,
        b.min_amount AS imat_stored1,
        b.max_amount_if_shipped AS imat_stored2
      FROM bounds AS b
      WHERE (SELECT f.is_few FROM few AS f)
    ), merged AS (
      INSERT INTO imat_store.state_extremes AS s (region, rows, min_amount, max_amount_if_shipped)
      SELECT region, rows, min_amount, max_amount_if_shipped
      FROM delta AS d
      WHERE d.rows <> 0 OR pg_catalog.numeric_send(d.imat_stored1) IS DISTINCT FROM pg_catalog.numeric_send(d.min_amount) OR pg_catalog.numeric_send(d.imat_stored2) IS DISTINCT FROM pg_catalog.numeric_send(d.max_amount_if_shipped)
      ON CONFLICT (region) DO UPDATE SET
        rows = s.rows + EXCLUDED.rows,
        min_amount = EXCLUDED.min_amount,
        max_amount_if_shipped = EXCLUDED.max_amount_if_shipped
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
    SELECT GREATEST(pg_catalog.pg_relation_size('imat_store.log_public_sale'::regclass)) >= 440000 AND imat_catalog.is_outgrown(1, f.snapshot, 2)
    FROM imat_catalog.frontier AS f
    WHERE f.imat_id = 1
  ) THEN
    DELETE FROM imat_store.state_extremes;
    INSERT INTO imat_store.state_extremes (region, rows, min_amount, max_amount_if_shipped)
    SELECT region, rows, min_amount, max_amount_if_shipped FROM imat_store.computed_extremes((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1));
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
  END IF;
  BEGIN
    EXECUTE pg_catalog.format(upsert, 'imat_store.delta_extremes')
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
      EXECUTE pg_catalog.format(upsert, 'imat_store.netted_extremes')
      INTO changed, emptied, negative, few;
  END;
  -- Too many groups would have to be derived again.
  IF NOT few THEN
    DELETE FROM imat_store.state_extremes;
    INSERT INTO imat_store.state_extremes (region, rows, min_amount, max_amount_if_shipped)
    SELECT region, rows, min_amount, max_amount_if_shipped FROM imat_store.computed_extremes((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1));
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
  END IF;
  IF negative THEN
    RAISE EXCEPTION USING
      ERRCODE = 'data_corrupted',
      MESSAGE = 'a row of imat_store.state_extremes would have a negative count',
      DETAIL = 'A change of a source was not captured, for example because a trigger of imat was disabled.',
      HINT = 'Run imat repair.';
  END IF;
  DELETE FROM imat_store.state_extremes WHERE ctid = ANY (emptied);
  RETURN changed;
END$imat_$;

-- only imat.fold calls it
REVOKE ALL ON FUNCTION imat_store.fold_extremes(boolean) FROM PUBLIC;

-- what readers use
CREATE VIEW imat.extremes AS
SELECT
  s.region AS region,
  s.rows AS sales,
  s.min_amount AS "least",
  s.max_amount_if_shipped AS most
FROM (
  -- what is stored
  SELECT
    s.region,
    s.rows,
    s.min_amount,
    s.max_amount_if_shipped,
    0 AS arm
  FROM imat_store.state_extremes AS s
  UNION ALL
  -- the answer computed now
  SELECT
    s.region,
    s.rows,
    s.min_amount,
    s.max_amount_if_shipped,
    2 AS arm
  FROM imat_store.current_extremes AS s
  UNION ALL
  -- what the sources have
  SELECT
    s.region,
    s.rows,
    s.min_amount,
    s.max_amount_if_shipped,
    3 AS arm
  FROM imat_store.answered_extremes((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1)) AS s
) AS s
WHERE s.arm = (
  SELECT COALESCE(
    (SELECT CASE WHEN EXISTS (SELECT FROM imat_store.log_public_sale AS l WHERE l.xid <= '18446744073709551615'::pg_catalog.xid8 AND l.xid >= pg_catalog.pg_snapshot_xmin(f.snapshot) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, f.snapshot)) THEN CASE WHEN EXISTS (SELECT FROM imat_store.reset AS r WHERE r.relation IN ('1'::pg_catalog.regclass) AND NOT pg_catalog.pg_visible_in_snapshot(r.xid, f.snapshot)) OR imat_catalog.is_rewritten(ARRAY['1'::pg_catalog.regclass]) OR GREATEST(pg_catalog.pg_relation_size('imat_store.log_public_sale'::regclass)) >= 440000 AND imat_catalog.is_outgrown(1, f.snapshot, 8) THEN 3 ELSE 2 END ELSE 0 END FROM imat_catalog.frontier AS f WHERE f.imat_id = 1 AND f.state_relation IN ('imat_store.state_extremes'::regclass) AND f.here AND 'imat_store.definition_extremes'::regclass IS NOT NULL AND (TRUE OR EXISTS (SELECT FROM public.sale))),
    imat_catalog.arm_without_frontier('extremes', 3)
  )
);

-- what a colleague finds
COMMENT ON VIEW imat.extremes IS 'imat: answers as its query would now. See imat explain; imat revert removes it.';

-- who may read the materialized view may read it
SELECT imat_catalog.copy_grants('public.extremes', 'imat.extremes');

-- a comment of the materialized view
COMMENT ON VIEW imat.extremes IS 'shows extremes';

-- an index of the materialized view
CREATE INDEX ON imat_store.state_extremes USING btree ((1));
