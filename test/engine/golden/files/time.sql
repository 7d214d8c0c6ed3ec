-- time: time that passes, as pending rows: added up by a scan that has the moment as a column
--
-- SELECT sale.region,
--     count(*) AS recent,
--     sum(sale.amount) AS total
--    FROM public.sale
--   WHERE sale.sold_at > (now() - '24:00:00'::interval)
--   GROUP BY sale.region
--
-- strategy delta, freshness live
-- reads public.sale (region, amount, sold_at)
-- project region, recent, total: computed when read, stores nothing
--   group by sale.region: stored, one row per group, stores region
--       sale.region: group key, stores region
--       rows of the group: additive part, stores rows
--       rows where sale.amount is not null: additive part, stores count_amount
--       rows where sale.amount is NaN: additive part, stores nan_amount
--       rows where sale.amount is Infinity: additive part, stores plus_infinity_amount
--       rows where sale.amount is -Infinity: additive part, stores minus_infinity_amount
--       sum of sale.amount: additive part, stores sum_amount
--       rows by display scale of sale.amount: sum of 10^(12 * scale): additive part, stores scales_amount
--       sum(sale.amount): finished aggregate, stores total
--     filter (sale.sold_at > (now() - ('24:00:00')::interval)): linear, stores nothing
--       scan public.sale AS sale (region, amount, sold_at, now()): linear, stores nothing

-- the definition, as a view
CREATE VIEW imat_store.definition_time AS
SELECT sale.region,
    count(*) AS recent,
    sum(sale.amount) AS total
   FROM public.sale
  WHERE sale.sold_at > (now() - '24:00:00'::interval)
  GROUP BY sale.region;

-- the change log of public.sale, if it is not there yet
CREATE TABLE imat_store.log_public_sale (
  xid xid8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id(),
  weight integer NOT NULL,
  c4 text,
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_sale', '{4,5,7}', ARRAY['region', 'amount', 'sold_at']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_sale (weight, c4, c5, c7)
      SELECT 1, n.region, n.amount, n.sold_at FROM new_rows AS n
      LIMIT 100000;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed OPERATOR(pg_catalog.=) 100000 THEN
      changed := (SELECT pg_catalog.count(*) FROM new_rows);
      IF imat_store.is_loggable('1'::pg_catalog.regclass, changed) THEN
        INSERT INTO imat_store.log_public_sale (weight, c4, c5, c7)
          SELECT 1, n.region, n.amount, n.sold_at FROM new_rows AS n
          OFFSET 100000;
      ELSE
        INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);
      END IF;
    END IF;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_sale', '{4,5,7}', TG_OP);
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_sale', '{4,5,7}', ARRAY['region', 'amount', 'sold_at']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_sale (weight, c4, c5, c7)
      SELECT pg_catalog.sum(u.weight), u.c4, u.c5, u.c7
      FROM (
        SELECT -1 AS weight, o.region AS c4, o.amount AS c5, o.sold_at AS c7 FROM old_rows AS o
        UNION ALL
        SELECT 1, n.region AS c4, n.amount AS c5, n.sold_at AS c7 FROM new_rows AS n
      ) AS u
      GROUP BY u.c4, u.c5, pg_catalog.numeric_send(u.c5), u.c7
      HAVING pg_catalog.sum(u.weight) OPERATOR(pg_catalog.<>) 0;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_sale', '{4,5,7}', TG_OP);
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_sale', '{4,5,7}', ARRAY['region', 'amount', 'sold_at']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_sale (weight, c4, c5, c7)
      SELECT -1, o.region, o.amount, o.sold_at FROM old_rows AS o
      LIMIT 100000;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed OPERATOR(pg_catalog.=) 100000 THEN
      changed := (SELECT pg_catalog.count(*) FROM old_rows);
      IF imat_store.is_loggable('1'::pg_catalog.regclass, changed) THEN
        INSERT INTO imat_store.log_public_sale (weight, c4, c5, c7)
          SELECT -1, o.region, o.amount, o.sold_at FROM old_rows AS o
          OFFSET 100000;
      ELSE
        INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);
      END IF;
    END IF;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_sale', '{4,5,7}', TG_OP);
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
CREATE TABLE imat_store.state_time WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02) AS
SELECT
  r1.region AS region,
  pg_catalog.count(*) AS rows,
  pg_catalog.count(*) FILTER (WHERE r1.amount IS NOT NULL) AS count_amount,
  pg_catalog.count(*) FILTER (WHERE r1.amount = 'NaN'::numeric) AS nan_amount,
  pg_catalog.count(*) FILTER (WHERE r1.amount = 'Infinity'::numeric) AS plus_infinity_amount,
  pg_catalog.count(*) FILTER (WHERE r1.amount = '-Infinity'::numeric) AS minus_infinity_amount,
  COALESCE(pg_catalog.sum(r1.amount) FILTER (WHERE r1.amount > '-Infinity'::numeric AND r1.amount < 'Infinity'::numeric), 0)::numeric AS sum_amount,
  COALESCE(pg_catalog.sum(('1e' || 12 * LEAST(pg_catalog.scale(r1.amount), 10900))::numeric) FILTER (WHERE r1.amount > '-Infinity'::numeric AND r1.amount < 'Infinity'::numeric), 0)::numeric AS scales_amount
FROM
  (
    SELECT t.region AS region, t.amount AS amount, t.sold_at AS sold_at, pg_catalog.now() AS moment
    FROM public.sale AS t
  ) AS r1
WHERE (r1.sold_at > (r1.moment - ('24:00:00')::interval))
GROUP BY 1;

-- what publications of all tables need
ALTER TABLE imat_store.state_time REPLICA IDENTITY FULL;

-- finished aggregates, computed once
ALTER TABLE imat_store.state_time
  ADD COLUMN total numeric GENERATED ALWAYS AS (CASE WHEN count_amount > 0 THEN CASE WHEN nan_amount > 0 THEN 'NaN'::numeric WHEN plus_infinity_amount > 0 AND minus_infinity_amount > 0 THEN 'NaN'::numeric WHEN plus_infinity_amount > 0 THEN 'Infinity'::numeric WHEN minus_infinity_amount > 0 THEN '-Infinity'::numeric ELSE (pg_catalog.round(sum_amount, CASE WHEN (pg_catalog.length(pg_catalog.trunc(scales_amount)::text) - 1) / 12 < 10900 THEN (pg_catalog.length(pg_catalog.trunc(scales_amount)::text) - 1) / 12 ELSE pg_catalog.scale(sum_amount) END))::numeric END END) STORED;

-- what finds a group, NULL keys being equal
CREATE UNIQUE INDEX ON imat_store.state_time (region) NULLS NOT DISTINCT;

-- what the column holds
COMMENT ON COLUMN imat_store.state_time.region IS 'sale.region';

-- what the column holds
COMMENT ON COLUMN imat_store.state_time.rows IS 'rows of the group';

-- what the column holds
COMMENT ON COLUMN imat_store.state_time.count_amount IS 'rows where sale.amount is not null';

-- what the column holds
COMMENT ON COLUMN imat_store.state_time.nan_amount IS 'rows where sale.amount is NaN';

-- what the column holds
COMMENT ON COLUMN imat_store.state_time.plus_infinity_amount IS 'rows where sale.amount is Infinity';

-- what the column holds
COMMENT ON COLUMN imat_store.state_time.minus_infinity_amount IS 'rows where sale.amount is -Infinity';

-- what the column holds
COMMENT ON COLUMN imat_store.state_time.sum_amount IS 'sum of sale.amount';

-- what the column holds
COMMENT ON COLUMN imat_store.state_time.scales_amount IS 'rows by display scale of sale.amount: sum of 10^(12 * scale)';

-- what the column holds
COMMENT ON COLUMN imat_store.state_time.total IS 'sum(sale.amount)';

-- statistics
ANALYZE imat_store.state_time;

-- what is pending, as rows of the state
CREATE VIEW imat_store.delta_time AS
WITH pending AS MATERIALIZED (
  SELECT
    f.snapshot,
    f.moment
  FROM imat_catalog.frontier AS f
  WHERE f.imat_id = 1
)
-- plus changes of public.sale AS sale
SELECT
  r1.region AS region,
  r1.weight AS rows,
  CASE WHEN r1.amount IS NOT NULL THEN r1.weight ELSE 0 END AS count_amount,
  CASE WHEN r1.amount = 'NaN'::numeric THEN r1.weight ELSE 0 END AS nan_amount,
  CASE WHEN r1.amount = 'Infinity'::numeric THEN r1.weight ELSE 0 END AS plus_infinity_amount,
  CASE WHEN r1.amount = '-Infinity'::numeric THEN r1.weight ELSE 0 END AS minus_infinity_amount,
  CASE WHEN r1.amount > '-Infinity'::numeric AND r1.amount < 'Infinity'::numeric THEN CASE r1.weight WHEN 1 THEN r1.amount WHEN -1 THEN -r1.amount ELSE r1.amount * r1.weight END ELSE 0 END AS sum_amount,
  CASE WHEN r1.amount > '-Infinity'::numeric AND r1.amount < 'Infinity'::numeric THEN (('1e' || 12 * LEAST(pg_catalog.scale(r1.amount), 10900))::numeric * r1.weight)::numeric ELSE 0 END AS scales_amount
FROM
  (
    SELECT l.weight::bigint AS weight, l.c4 AS region, l.c5 AS amount, l.c7 AS sold_at, (SELECT p.moment FROM pending AS p) AS moment
    FROM imat_store.log_public_sale AS l
    WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
  ) AS r1
WHERE (r1.sold_at > (r1.moment - ('24:00:00')::interval))
UNION ALL
-- time passed for public.sale AS sale
SELECT
  r1.region AS region,
  r1.weight AS rows,
  CASE WHEN r1.amount IS NOT NULL THEN r1.weight ELSE 0 END AS count_amount,
  CASE WHEN r1.amount = 'NaN'::numeric THEN r1.weight ELSE 0 END AS nan_amount,
  CASE WHEN r1.amount = 'Infinity'::numeric THEN r1.weight ELSE 0 END AS plus_infinity_amount,
  CASE WHEN r1.amount = '-Infinity'::numeric THEN r1.weight ELSE 0 END AS minus_infinity_amount,
  CASE WHEN r1.amount > '-Infinity'::numeric AND r1.amount < 'Infinity'::numeric THEN CASE r1.weight WHEN 1 THEN r1.amount WHEN -1 THEN -r1.amount ELSE r1.amount * r1.weight END ELSE 0 END AS sum_amount,
  CASE WHEN r1.amount > '-Infinity'::numeric AND r1.amount < 'Infinity'::numeric THEN (('1e' || 12 * LEAST(pg_catalog.scale(r1.amount), 10900))::numeric * r1.weight)::numeric ELSE 0 END AS scales_amount
FROM
  (
    SELECT m.weight AS weight, t.region AS region, t.amount AS amount, t.sold_at AS sold_at, m.moment AS moment
    FROM public.sale AS t CROSS JOIN LATERAL (VALUES (1::bigint, pg_catalog.now()), (-1, (SELECT p.moment FROM pending AS p))) AS m(weight, moment)
  WHERE (
      (((SELECT p.moment FROM pending AS p) - ('24:00:00')::interval) IS DISTINCT FROM (pg_catalog.now() - ('24:00:00')::interval))
          AND t.sold_at >= (SELECT LEAST(((SELECT p.moment FROM pending AS p) - ('24:00:00')::interval), (pg_catalog.now() - ('24:00:00')::interval)))
          AND t.sold_at <= (SELECT GREATEST(((SELECT p.moment FROM pending AS p) - ('24:00:00')::interval), (pg_catalog.now() - ('24:00:00')::interval)))
          AND (t.sold_at > ((SELECT p.moment FROM pending AS p) - ('24:00:00')::interval)) IS DISTINCT FROM (t.sold_at > (pg_catalog.now() - ('24:00:00')::interval))
    )
  ) AS r1
WHERE (r1.sold_at > (r1.moment - ('24:00:00')::interval));

-- the same, with pending rows cancelled against each other first
CREATE VIEW imat_store.netted_time AS
WITH pending AS MATERIALIZED (
  SELECT
    f.snapshot,
    f.moment
  FROM imat_catalog.frontier AS f
  WHERE f.imat_id = 1
)
-- plus changes of public.sale AS sale
SELECT
  r1.region AS region,
  r1.weight AS rows,
  CASE WHEN r1.amount IS NOT NULL THEN r1.weight ELSE 0 END AS count_amount,
  CASE WHEN r1.amount = 'NaN'::numeric THEN r1.weight ELSE 0 END AS nan_amount,
  CASE WHEN r1.amount = 'Infinity'::numeric THEN r1.weight ELSE 0 END AS plus_infinity_amount,
  CASE WHEN r1.amount = '-Infinity'::numeric THEN r1.weight ELSE 0 END AS minus_infinity_amount,
  CASE WHEN r1.amount > '-Infinity'::numeric AND r1.amount < 'Infinity'::numeric THEN CASE r1.weight WHEN 1 THEN r1.amount WHEN -1 THEN -r1.amount ELSE r1.amount * r1.weight END ELSE 0 END AS sum_amount,
  CASE WHEN r1.amount > '-Infinity'::numeric AND r1.amount < 'Infinity'::numeric THEN (('1e' || 12 * LEAST(pg_catalog.scale(r1.amount), 10900))::numeric * r1.weight)::numeric ELSE 0 END AS scales_amount
FROM
  (
    SELECT pg_catalog.sum(l.weight)::bigint AS weight, l.c4 AS region, l.c5 AS amount, l.c7 AS sold_at, (SELECT p.moment FROM pending AS p) AS moment
    FROM imat_store.log_public_sale AS l
    WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
    GROUP BY l.c4, l.c5, pg_catalog.numeric_send(l.c5), l.c7
    HAVING pg_catalog.sum(l.weight) <> 0
    OFFSET 0
  ) AS r1
WHERE (r1.sold_at > (r1.moment - ('24:00:00')::interval))
UNION ALL
-- time passed for public.sale AS sale
SELECT
  r1.region AS region,
  r1.weight AS rows,
  CASE WHEN r1.amount IS NOT NULL THEN r1.weight ELSE 0 END AS count_amount,
  CASE WHEN r1.amount = 'NaN'::numeric THEN r1.weight ELSE 0 END AS nan_amount,
  CASE WHEN r1.amount = 'Infinity'::numeric THEN r1.weight ELSE 0 END AS plus_infinity_amount,
  CASE WHEN r1.amount = '-Infinity'::numeric THEN r1.weight ELSE 0 END AS minus_infinity_amount,
  CASE WHEN r1.amount > '-Infinity'::numeric AND r1.amount < 'Infinity'::numeric THEN CASE r1.weight WHEN 1 THEN r1.amount WHEN -1 THEN -r1.amount ELSE r1.amount * r1.weight END ELSE 0 END AS sum_amount,
  CASE WHEN r1.amount > '-Infinity'::numeric AND r1.amount < 'Infinity'::numeric THEN (('1e' || 12 * LEAST(pg_catalog.scale(r1.amount), 10900))::numeric * r1.weight)::numeric ELSE 0 END AS scales_amount
FROM
  (
    SELECT m.weight AS weight, t.region AS region, t.amount AS amount, t.sold_at AS sold_at, m.moment AS moment
    FROM public.sale AS t CROSS JOIN LATERAL (VALUES (1::bigint, pg_catalog.now()), (-1, (SELECT p.moment FROM pending AS p))) AS m(weight, moment)
  WHERE (
      (((SELECT p.moment FROM pending AS p) - ('24:00:00')::interval) IS DISTINCT FROM (pg_catalog.now() - ('24:00:00')::interval))
          AND t.sold_at >= (SELECT LEAST(((SELECT p.moment FROM pending AS p) - ('24:00:00')::interval), (pg_catalog.now() - ('24:00:00')::interval)))
          AND t.sold_at <= (SELECT GREATEST(((SELECT p.moment FROM pending AS p) - ('24:00:00')::interval), (pg_catalog.now() - ('24:00:00')::interval)))
          AND (t.sold_at > ((SELECT p.moment FROM pending AS p) - ('24:00:00')::interval)) IS DISTINCT FROM (t.sold_at > (pg_catalog.now() - ('24:00:00')::interval))
    )
  ) AS r1
WHERE (r1.sold_at > (r1.moment - ('24:00:00')::interval));

-- the state computed anew
CREATE VIEW imat_store.content_time AS
SELECT
  r1.region AS region,
  pg_catalog.count(*) AS rows,
  pg_catalog.count(*) FILTER (WHERE r1.amount IS NOT NULL) AS count_amount,
  pg_catalog.count(*) FILTER (WHERE r1.amount = 'NaN'::numeric) AS nan_amount,
  pg_catalog.count(*) FILTER (WHERE r1.amount = 'Infinity'::numeric) AS plus_infinity_amount,
  pg_catalog.count(*) FILTER (WHERE r1.amount = '-Infinity'::numeric) AS minus_infinity_amount,
  COALESCE(pg_catalog.sum(r1.amount) FILTER (WHERE r1.amount > '-Infinity'::numeric AND r1.amount < 'Infinity'::numeric), 0)::numeric AS sum_amount,
  COALESCE(pg_catalog.sum(('1e' || 12 * LEAST(pg_catalog.scale(r1.amount), 10900))::numeric) FILTER (WHERE r1.amount > '-Infinity'::numeric AND r1.amount < 'Infinity'::numeric), 0)::numeric AS scales_amount
FROM
  (
    SELECT t.region AS region, t.amount AS amount, t.sold_at AS sold_at, pg_catalog.now() AS moment
    FROM public.sale AS t
  ) AS r1
WHERE (r1.sold_at > (r1.moment - ('24:00:00')::interval))
GROUP BY 1;

-- the same as a function, which is planned when it runs
CREATE OR REPLACE FUNCTION imat_store.computed_time(access_key uuid) RETURNS SETOF imat_store.content_time
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
      MESSAGE = 'only the view of the imat may call imat_store.computed_time';
  END IF;
  RETURN QUERY EXECUTE 'SELECT * FROM imat_store.content_time';
  IF imat_catalog.is_rewritten_meanwhile(31) THEN
    RAISE EXCEPTION USING
      ERRCODE = 'serialization_failure',
      MESSAGE = 'a table was truncated or rewritten after this statement began',
      HINT = 'Run the statement again.';
  END IF;
END$imat$;

-- a view calls functions with the rights of its readers
GRANT EXECUTE ON FUNCTION imat_store.computed_time(uuid) TO PUBLIC;

-- the answer as the sources have it
CREATE VIEW imat_store.answer_time AS
SELECT
  (g.c11)::text AS region,
  (g.c12)::bigint AS rows,
  (g.c13)::numeric AS total
FROM
  (
    SELECT r1.region AS c11, pg_catalog.count(*) AS c12, pg_catalog.sum(r1.amount) AS c13
    FROM (
      SELECT t.region AS region, t.amount AS amount, t.sold_at AS sold_at, pg_catalog.now() AS moment
      FROM public.sale AS t
    ) AS r1
  WHERE (r1.sold_at > (r1.moment - ('24:00:00')::interval))
    GROUP BY 1
  ) AS g;

-- the same as a function, for reads while too much or a reset is pending
CREATE OR REPLACE FUNCTION imat_store.answered_time(access_key uuid) RETURNS SETOF imat_store.answer_time
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
      MESSAGE = 'only the view of the imat may call imat_store.answered_time';
  END IF;
  RETURN QUERY EXECUTE 'SELECT * FROM imat_store.answer_time';
  IF imat_catalog.is_rewritten_meanwhile(31) THEN
    RAISE EXCEPTION USING
      ERRCODE = 'serialization_failure',
      MESSAGE = 'a table was truncated or rewritten after this statement began',
      HINT = 'Run the statement again.';
  END IF;
END$imat$;

-- a view calls functions with the rights of its readers
GRANT EXECUTE ON FUNCTION imat_store.answered_time(uuid) TO PUBLIC;

-- state and pending changes, added up
CREATE VIEW imat_store."current_time" WITH (security_barrier) AS
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
  FROM imat_store.state_time AS s
  WHERE s.region IS NOT NULL
    AND NOT EXISTS (SELECT FROM imat_store.delta_time AS d WHERE d.region OPERATOR(pg_catalog.=) s.region)
  UNION ALL
  -- what is stored and what is pending, added up
  SELECT
    s.region,
    s.rows,
    (CASE WHEN s.count_amount > 0 THEN CASE WHEN s.nan_amount > 0 THEN 'NaN'::numeric WHEN s.plus_infinity_amount > 0 AND s.minus_infinity_amount > 0 THEN 'NaN'::numeric WHEN s.plus_infinity_amount > 0 THEN 'Infinity'::numeric WHEN s.minus_infinity_amount > 0 THEN '-Infinity'::numeric ELSE (pg_catalog.round(s.sum_amount, CASE WHEN (pg_catalog.length(pg_catalog.trunc(s.scales_amount)::text) - 1) / 12 < 10900 THEN (pg_catalog.length(pg_catalog.trunc(s.scales_amount)::text) - 1) / 12 ELSE pg_catalog.scale(s.sum_amount) END))::numeric END END)::numeric AS total
  FROM (
    SELECT
      u.region,
      COALESCE(pg_catalog.sum(u.rows), 0)::bigint AS rows,
      COALESCE(pg_catalog.sum(u.count_amount), 0)::bigint AS count_amount,
      COALESCE(pg_catalog.sum(u.nan_amount), 0)::bigint AS nan_amount,
      COALESCE(pg_catalog.sum(u.plus_infinity_amount), 0)::bigint AS plus_infinity_amount,
      COALESCE(pg_catalog.sum(u.minus_infinity_amount), 0)::bigint AS minus_infinity_amount,
      COALESCE(pg_catalog.sum(u.sum_amount), 0)::numeric AS sum_amount,
      COALESCE(pg_catalog.sum(u.scales_amount), 0)::numeric AS scales_amount
    FROM (
      SELECT region, rows, count_amount, nan_amount, plus_infinity_amount, minus_infinity_amount, sum_amount, scales_amount FROM imat_store.state_time AS s WHERE EXISTS (SELECT FROM imat_store.delta_time AS d WHERE d.region OPERATOR(pg_catalog.=) s.region)
      UNION ALL
      SELECT region, rows, count_amount, nan_amount, plus_infinity_amount, minus_infinity_amount, sum_amount, scales_amount FROM imat_store.state_time AS s WHERE region IS NULL
      UNION ALL
      SELECT region, rows, count_amount, nan_amount, plus_infinity_amount, minus_infinity_amount, sum_amount, scales_amount FROM imat_store.delta_time
    ) AS u
    GROUP BY u.region
  HAVING pg_catalog.sum(u.rows) <> 0
  ) AS s
) AS s;

-- rows that the passing of time has changed
CREATE VIEW imat_store.elapsed_time AS
SELECT FROM imat_catalog.frontier AS f, LATERAL (
    SELECT FROM public.sale AS t WHERE (
        ((f.moment - ('24:00:00')::interval) IS DISTINCT FROM (pg_catalog.now() - ('24:00:00')::interval))
            AND t.sold_at >= (SELECT LEAST((f.moment - ('24:00:00')::interval), (pg_catalog.now() - ('24:00:00')::interval)))
            AND t.sold_at <= (SELECT GREATEST((f.moment - ('24:00:00')::interval), (pg_catalog.now() - ('24:00:00')::interval)))
            AND (t.sold_at > (f.moment - ('24:00:00')::interval)) IS DISTINCT FROM (t.sold_at > (pg_catalog.now() - ('24:00:00')::interval))
      )
    OFFSET 0
  ) AS t
WHERE f.imat_id = 1;

-- fold: adds what is pending to the state
CREATE OR REPLACE FUNCTION imat_store.fold_time(anew boolean DEFAULT false) RETURNS bigint
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
        COALESCE(pg_catalog.sum(u.count_amount), 0)::bigint AS count_amount,
        COALESCE(pg_catalog.sum(u.nan_amount), 0)::bigint AS nan_amount,
        COALESCE(pg_catalog.sum(u.plus_infinity_amount), 0)::bigint AS plus_infinity_amount,
        COALESCE(pg_catalog.sum(u.minus_infinity_amount), 0)::bigint AS minus_infinity_amount,
        COALESCE(pg_catalog.sum(u.sum_amount), 0)::numeric AS sum_amount,
        COALESCE(pg_catalog.sum(u.scales_amount), 0)::numeric AS scales_amount
      FROM (
        SELECT region, rows, count_amount, nan_amount, plus_infinity_amount, minus_infinity_amount, sum_amount, scales_amount FROM changes
      ) AS u
      GROUP BY u.region
    ), merged AS (
      INSERT INTO imat_store.state_time AS s (region, rows, count_amount, nan_amount, plus_infinity_amount, minus_infinity_amount, sum_amount, scales_amount)
      SELECT region, rows, count_amount, nan_amount, plus_infinity_amount, minus_infinity_amount, sum_amount, scales_amount
      FROM delta AS d
      WHERE d.rows <> 0 OR d.count_amount <> 0 OR d.nan_amount <> 0 OR d.plus_infinity_amount <> 0 OR d.minus_infinity_amount <> 0 OR d.sum_amount <> 0 OR d.scales_amount <> 0
      ON CONFLICT (region) DO UPDATE SET
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
    SELECT GREATEST(pg_catalog.pg_relation_size('imat_store.log_public_sale'::regclass)) >= 440000 AND imat_catalog.is_outgrown(1, f.snapshot, 2)
    FROM imat_catalog.frontier AS f
    WHERE f.imat_id = 1
  ) THEN
    DELETE FROM imat_store.state_time;
    INSERT INTO imat_store.state_time (region, rows, count_amount, nan_amount, plus_infinity_amount, minus_infinity_amount, sum_amount, scales_amount)
    SELECT region, rows, count_amount, nan_amount, plus_infinity_amount, minus_infinity_amount, sum_amount, scales_amount FROM imat_store.computed_time((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1));
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
  END IF;
  BEGIN
    EXECUTE pg_catalog.format(upsert, 'imat_store.delta_time')
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
      EXECUTE pg_catalog.format(upsert, 'imat_store.netted_time')
      INTO changed, emptied, negative;
  END;
  IF negative THEN
    RAISE EXCEPTION USING
      ERRCODE = 'data_corrupted',
      MESSAGE = 'a row of imat_store.state_time would have a negative count',
      DETAIL = 'A change of a source was not captured, for example because a trigger of imat was disabled.',
      HINT = 'Run imat repair.';
  END IF;
  DELETE FROM imat_store.state_time WHERE ctid = ANY (emptied);
  RETURN changed;
END$imat_$;

-- only imat.fold calls it
REVOKE ALL ON FUNCTION imat_store.fold_time(boolean) FROM PUBLIC;

-- what readers use
CREATE VIEW imat."time" AS
SELECT
  s.region AS region,
  s.rows AS recent,
  s.total AS total
FROM (
  -- what is stored
  SELECT
    s.region,
    s.rows,
    s.total,
    0 AS arm
  FROM imat_store.state_time AS s
  UNION ALL
  -- the answer computed now
  SELECT
    s.region,
    s.rows,
    s.total,
    2 AS arm
  FROM imat_store."current_time" AS s
  UNION ALL
  -- what the sources have
  SELECT
    s.region,
    s.rows,
    s.total,
    3 AS arm
  FROM imat_store.answered_time((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1)) AS s
) AS s
WHERE s.arm = (
  SELECT COALESCE(
    (SELECT CASE WHEN imat_catalog.is_rewritten(ARRAY['1'::pg_catalog.regclass]) THEN 3 WHEN EXISTS (SELECT FROM imat_store.log_public_sale AS l WHERE l.xid <= '18446744073709551615'::pg_catalog.xid8 AND l.xid >= pg_catalog.pg_snapshot_xmin(f.snapshot) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, f.snapshot)) OR EXISTS (SELECT FROM public.sale AS t WHERE (
        ((f.moment - ('24:00:00')::interval) IS DISTINCT FROM (pg_catalog.now() - ('24:00:00')::interval))
            AND t.sold_at >= (SELECT LEAST((f.moment - ('24:00:00')::interval), (pg_catalog.now() - ('24:00:00')::interval)))
            AND t.sold_at <= (SELECT GREATEST((f.moment - ('24:00:00')::interval), (pg_catalog.now() - ('24:00:00')::interval)))
            AND (t.sold_at > (f.moment - ('24:00:00')::interval)) IS DISTINCT FROM (t.sold_at > (pg_catalog.now() - ('24:00:00')::interval))
      )) THEN CASE WHEN EXISTS (SELECT FROM imat_store.reset AS r WHERE r.relation IN ('1'::pg_catalog.regclass) AND NOT pg_catalog.pg_visible_in_snapshot(r.xid, f.snapshot)) OR imat_catalog.is_rewritten(ARRAY['1'::pg_catalog.regclass]) OR GREATEST(pg_catalog.pg_relation_size('imat_store.log_public_sale'::regclass)) >= 440000 AND imat_catalog.is_outgrown(1, f.snapshot, 8) THEN 3 ELSE 2 END ELSE 0 END FROM imat_catalog.frontier AS f WHERE f.imat_id = 1 AND f.state_relation IN ('imat_store.state_time'::regclass) AND f.here AND 'imat_store.definition_time'::regclass IS NOT NULL),
    imat_catalog.arm_without_frontier('time', 3)
  )
);

-- what a colleague finds
COMMENT ON VIEW imat."time" IS 'imat: answers as its query would now. See imat explain; imat revert removes it.';

-- who may read the materialized view may read it
SELECT imat_catalog.copy_grants('public."time"', 'imat."time"');

-- a comment of the materialized view
COMMENT ON VIEW imat."time" IS 'shows time';

-- an index of the materialized view
CREATE INDEX ON imat_store.state_time USING btree ((1));
