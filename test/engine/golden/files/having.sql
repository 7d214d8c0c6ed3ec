-- having: expressions over aggregates and HAVING are computed at read time
--
-- SELECT upper(sale.region) AS region,
--     round(sum(sale.amount) / NULLIF(count(sale.quantity), 0)::numeric, 2) AS per_item,
--         CASE
--             WHEN bool_and(sale.shipped) THEN 'done'::text
--             ELSE 'open'::text
--         END AS state
--    FROM public.sale
--   GROUP BY (upper(sale.region))
--  HAVING sum(sale.amount) > 100::numeric AND count(*) > 1
--
-- strategy delta, freshness live
-- reads public.sale (region, amount, quantity, shipped)
-- FROM public.sale AS sale: scan, stores nothing
-- pg_catalog.upper(sale.region): group key, stores key1
-- rows of the group: additive part, stores row_count
-- rows where sale.amount is not null: additive part, stores count1
-- rows where sale.amount is NaN: additive part, stores nan1
-- rows where sale.amount is Infinity: additive part, stores plus_infinity1
-- rows where sale.amount is -Infinity: additive part, stores minus_infinity1
-- sum of sale.amount: additive part, stores sum1
-- rows by display scale of sale.amount: sum of 10^(12 * scale): additive part, stores scales1
-- rows where sale.quantity is not null: additive part, stores count2
-- rows where sale.shipped: additive part, stores true1
-- rows where not sale.shipped: additive part, stores false1
-- pg_catalog.sum(sale.amount): finished aggregate, stores value1
-- pg_catalog.bool_and(sale.shipped): finished aggregate, stores value2
-- pg_catalog.round((pg_catalog.sum(sale.amount) / (NULLIF(pg_catalog.count(sale.quantity), 0))::numeric), 2) AS per_item: computed when read, stores nothing
-- CASE WHEN pg_catalog.bool_and(sale.shipped) THEN ('done')::text ELSE ('open')::text END AS state: computed when read, stores nothing
-- HAVING: filter when read, stores nothing

-- the definition, as a view
CREATE VIEW imat_store.definition_having AS
SELECT upper(sale.region) AS region,
    round(sum(sale.amount) / NULLIF(count(sale.quantity), 0)::numeric, 2) AS per_item,
        CASE
            WHEN bool_and(sale.shipped) THEN 'done'::text
            ELSE 'open'::text
        END AS state
   FROM public.sale
  GROUP BY (upper(sale.region))
 HAVING sum(sale.amount) > 100::numeric AND count(*) > 1;

-- the change log of public.sale, if it is not there yet
CREATE TABLE imat_store.log_public_sale (
  xid xid8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id(),
  weight integer NOT NULL,
  c4 text,
  c5 numeric,
  c6 integer,
  c10 boolean
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000, autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 50000, vacuum_truncate = false);
ALTER TABLE imat_store.log_public_sale REPLICA IDENTITY FULL;

-- capture on public.sale
CREATE OR REPLACE FUNCTION imat_store.capture_insert_public_sale() RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
AS $imat$
BEGIN
  INSERT INTO imat_store.log_public_sale (weight, c4, c5, c6, c10)
    SELECT 1, n.region, n.amount, n.quantity, n.shipped FROM new_rows AS n;
  RETURN NULL;
END$imat$;

-- capture on public.sale
REVOKE ALL ON FUNCTION imat_store.capture_insert_public_sale() FROM PUBLIC;

-- capture on public.sale
CREATE OR REPLACE FUNCTION imat_store.capture_update_public_sale() RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
AS $imat$
BEGIN
  INSERT INTO imat_store.log_public_sale (weight, c4, c5, c6, c10)
    SELECT pg_catalog.sum(u.weight), u.c4, u.c5, u.c6, u.c10
        FROM (
          SELECT -1 AS weight, o.region AS c4, o.amount AS c5, o.quantity AS c6, o.shipped AS c10 FROM old_rows AS o
          UNION ALL
          SELECT 1, n.region AS c4, n.amount AS c5, n.quantity AS c6, n.shipped AS c10 FROM new_rows AS n
        ) AS u
        GROUP BY u.c4, u.c5, pg_catalog.numeric_send(u.c5), u.c6, u.c10
        HAVING pg_catalog.sum(u.weight) OPERATOR(pg_catalog.<>) 0;
  RETURN NULL;
END$imat$;

-- capture on public.sale
REVOKE ALL ON FUNCTION imat_store.capture_update_public_sale() FROM PUBLIC;

-- capture on public.sale
CREATE OR REPLACE FUNCTION imat_store.capture_delete_public_sale() RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
AS $imat$
BEGIN
  INSERT INTO imat_store.log_public_sale (weight, c4, c5, c6, c10)
    SELECT -1, o.region, o.amount, o.quantity, o.shipped FROM old_rows AS o;
  RETURN NULL;
END$imat$;

-- capture on public.sale
REVOKE ALL ON FUNCTION imat_store.capture_delete_public_sale() FROM PUBLIC;

-- capture on public.sale
CREATE OR REPLACE FUNCTION imat_store.capture_truncate_public_sale() RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
AS $imat$
BEGIN
  IF pg_catalog.current_setting('transaction_isolation') OPERATOR(pg_catalog.<>) 'read committed' THEN
      RAISE EXCEPTION USING
        ERRCODE = 'feature_not_supported',
        MESSAGE = 'a table with imats can be truncated in READ COMMITTED transactions only',
        DETAIL = 'TRUNCATE also removes rows that this transaction cannot see, and which could so not be captured.',
        HINT = 'Use DELETE, or BEGIN ISOLATION LEVEL READ COMMITTED.';
    END IF;
    EXECUTE (
      SELECT pg_catalog.format(
        'INSERT INTO imat_store.log_public_sale (weight, c4, c5, c6, c10) SELECT -1%s FROM ONLY %s AS t',
        pg_catalog.string_agg(pg_catalog.format(', t.%I', a.attname), '' ORDER BY a.attnum),
        TG_RELID::pg_catalog.regclass
      )
      FROM pg_catalog.pg_attribute AS a
      WHERE a.attrelid OPERATOR(pg_catalog.=) TG_RELID AND a.attnum OPERATOR(pg_catalog.=) ANY ('{4,5,6,10}'::pg_catalog.int2[])
    );
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

-- the state: one row per group, with what each aggregate needs
CREATE TABLE imat_store.state_having WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02) AS
SELECT
  pg_catalog.upper(r1.region) AS key1,
  pg_catalog.count(*) AS row_count,
  pg_catalog.count(*) FILTER (WHERE r1.amount IS NOT NULL) AS count1,
  pg_catalog.count(*) FILTER (WHERE r1.amount = 'NaN'::numeric) AS nan1,
  pg_catalog.count(*) FILTER (WHERE r1.amount = 'Infinity'::numeric) AS plus_infinity1,
  pg_catalog.count(*) FILTER (WHERE r1.amount = '-Infinity'::numeric) AS minus_infinity1,
  COALESCE(pg_catalog.sum(r1.amount) FILTER (WHERE r1.amount > '-Infinity'::numeric AND r1.amount < 'Infinity'::numeric), 0)::numeric AS sum1,
  COALESCE(pg_catalog.sum(('1e' || 12 * LEAST(pg_catalog.scale(r1.amount), 10900))::numeric) FILTER (WHERE r1.amount > '-Infinity'::numeric AND r1.amount < 'Infinity'::numeric), 0)::numeric AS scales1,
  pg_catalog.count(*) FILTER (WHERE r1.quantity IS NOT NULL) AS count2,
  pg_catalog.count(*) FILTER (WHERE r1.shipped) AS true1,
  pg_catalog.count(*) FILTER (WHERE NOT r1.shipped) AS false1
FROM
  public.sale AS r1
GROUP BY 1;

-- what publications of all tables need
ALTER TABLE imat_store.state_having REPLICA IDENTITY FULL;

-- finished aggregates, computed once
ALTER TABLE imat_store.state_having
  ADD COLUMN value1 numeric GENERATED ALWAYS AS (CASE WHEN count1 > 0 THEN CASE WHEN nan1 > 0 THEN 'NaN'::numeric WHEN plus_infinity1 > 0 AND minus_infinity1 > 0 THEN 'NaN'::numeric WHEN plus_infinity1 > 0 THEN 'Infinity'::numeric WHEN minus_infinity1 > 0 THEN '-Infinity'::numeric ELSE (pg_catalog.round(sum1, CASE WHEN (pg_catalog.length(pg_catalog.trunc(scales1)::text) - 1) / 12 < 10900 THEN (pg_catalog.length(pg_catalog.trunc(scales1)::text) - 1) / 12 ELSE pg_catalog.scale(sum1) END))::numeric END END) STORED,
  ADD COLUMN value2 boolean GENERATED ALWAYS AS (CASE WHEN true1 + false1 > 0 THEN false1 = 0 END) STORED;

-- what finds a group, NULL keys being equal
CREATE UNIQUE INDEX ON imat_store.state_having (key1) NULLS NOT DISTINCT;

-- what the column holds
COMMENT ON COLUMN imat_store.state_having.key1 IS 'pg_catalog.upper(sale.region)';

-- what the column holds
COMMENT ON COLUMN imat_store.state_having.row_count IS 'rows of the group';

-- what the column holds
COMMENT ON COLUMN imat_store.state_having.count1 IS 'rows where sale.amount is not null';

-- what the column holds
COMMENT ON COLUMN imat_store.state_having.nan1 IS 'rows where sale.amount is NaN';

-- what the column holds
COMMENT ON COLUMN imat_store.state_having.plus_infinity1 IS 'rows where sale.amount is Infinity';

-- what the column holds
COMMENT ON COLUMN imat_store.state_having.minus_infinity1 IS 'rows where sale.amount is -Infinity';

-- what the column holds
COMMENT ON COLUMN imat_store.state_having.sum1 IS 'sum of sale.amount';

-- what the column holds
COMMENT ON COLUMN imat_store.state_having.scales1 IS 'rows by display scale of sale.amount: sum of 10^(12 * scale)';

-- what the column holds
COMMENT ON COLUMN imat_store.state_having.count2 IS 'rows where sale.quantity is not null';

-- what the column holds
COMMENT ON COLUMN imat_store.state_having.true1 IS 'rows where sale.shipped';

-- what the column holds
COMMENT ON COLUMN imat_store.state_having.false1 IS 'rows where not sale.shipped';

-- what the column holds
COMMENT ON COLUMN imat_store.state_having.value1 IS 'pg_catalog.sum(sale.amount)';

-- what the column holds
COMMENT ON COLUMN imat_store.state_having.value2 IS 'pg_catalog.bool_and(sale.shipped)';

-- statistics
ANALYZE imat_store.state_having;

-- what is pending, as rows of the state
CREATE VIEW imat_store.delta_having AS
WITH pending AS MATERIALIZED (
  SELECT
    f.snapshot
  FROM imat_catalog.frontier AS f
  WHERE f.imat_id = 1
)
-- plus changes of public.sale AS sale
SELECT
  pg_catalog.upper(r1.region) AS key1,
  r1.weight AS row_count,
  CASE WHEN r1.amount IS NOT NULL THEN r1.weight ELSE 0 END AS count1,
  CASE WHEN r1.amount = 'NaN'::numeric THEN r1.weight ELSE 0 END AS nan1,
  CASE WHEN r1.amount = 'Infinity'::numeric THEN r1.weight ELSE 0 END AS plus_infinity1,
  CASE WHEN r1.amount = '-Infinity'::numeric THEN r1.weight ELSE 0 END AS minus_infinity1,
  CASE WHEN r1.amount > '-Infinity'::numeric AND r1.amount < 'Infinity'::numeric THEN (r1.amount * r1.weight)::numeric ELSE 0 END AS sum1,
  CASE WHEN r1.amount > '-Infinity'::numeric AND r1.amount < 'Infinity'::numeric THEN (('1e' || 12 * LEAST(pg_catalog.scale(r1.amount), 10900))::numeric * r1.weight)::numeric ELSE 0 END AS scales1,
  CASE WHEN r1.quantity IS NOT NULL THEN r1.weight ELSE 0 END AS count2,
  CASE WHEN r1.shipped THEN r1.weight ELSE 0 END AS true1,
  CASE WHEN NOT r1.shipped THEN r1.weight ELSE 0 END AS false1
FROM
  (
    SELECT l.weight::bigint AS weight, l.c4 AS region, l.c5 AS amount, l.c6 AS quantity, l.c10 AS shipped
    FROM imat_store.log_public_sale AS l
    WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
  ) AS r1;

-- the same, with pending rows cancelled against each other first
CREATE VIEW imat_store.netted_having AS
WITH pending AS MATERIALIZED (
  SELECT
    f.snapshot
  FROM imat_catalog.frontier AS f
  WHERE f.imat_id = 1
)
-- plus changes of public.sale AS sale
SELECT
  pg_catalog.upper(r1.region) AS key1,
  r1.weight AS row_count,
  CASE WHEN r1.amount IS NOT NULL THEN r1.weight ELSE 0 END AS count1,
  CASE WHEN r1.amount = 'NaN'::numeric THEN r1.weight ELSE 0 END AS nan1,
  CASE WHEN r1.amount = 'Infinity'::numeric THEN r1.weight ELSE 0 END AS plus_infinity1,
  CASE WHEN r1.amount = '-Infinity'::numeric THEN r1.weight ELSE 0 END AS minus_infinity1,
  CASE WHEN r1.amount > '-Infinity'::numeric AND r1.amount < 'Infinity'::numeric THEN (r1.amount * r1.weight)::numeric ELSE 0 END AS sum1,
  CASE WHEN r1.amount > '-Infinity'::numeric AND r1.amount < 'Infinity'::numeric THEN (('1e' || 12 * LEAST(pg_catalog.scale(r1.amount), 10900))::numeric * r1.weight)::numeric ELSE 0 END AS scales1,
  CASE WHEN r1.quantity IS NOT NULL THEN r1.weight ELSE 0 END AS count2,
  CASE WHEN r1.shipped THEN r1.weight ELSE 0 END AS true1,
  CASE WHEN NOT r1.shipped THEN r1.weight ELSE 0 END AS false1
FROM
  (
    SELECT pg_catalog.sum(l.weight)::bigint AS weight, l.c4 AS region, l.c5 AS amount, l.c6 AS quantity, l.c10 AS shipped
    FROM imat_store.log_public_sale AS l
    WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
    GROUP BY l.c4, l.c5, pg_catalog.numeric_send(l.c5), l.c6, l.c10
    HAVING pg_catalog.sum(l.weight) <> 0
    OFFSET 0
  ) AS r1;

-- fold: adds what is pending to the state
CREATE OR REPLACE FUNCTION imat_store.fold_having() RETURNS bigint
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog
SET jit = off
SET standard_conforming_strings = on
AS $imat_$
DECLARE
  touched bigint;
  emptied tid[];
  negative boolean;
BEGIN
  BEGIN
    EXECUTE $imat$
    WITH delta AS (
      SELECT
        u.key1,
        COALESCE(pg_catalog.sum(u.row_count), 0)::bigint AS row_count,
        COALESCE(pg_catalog.sum(u.count1), 0)::bigint AS count1,
        COALESCE(pg_catalog.sum(u.nan1), 0)::bigint AS nan1,
        COALESCE(pg_catalog.sum(u.plus_infinity1), 0)::bigint AS plus_infinity1,
        COALESCE(pg_catalog.sum(u.minus_infinity1), 0)::bigint AS minus_infinity1,
        COALESCE(pg_catalog.sum(u.sum1), 0)::numeric AS sum1,
        COALESCE(pg_catalog.sum(u.scales1), 0)::numeric AS scales1,
        COALESCE(pg_catalog.sum(u.count2), 0)::bigint AS count2,
        COALESCE(pg_catalog.sum(u.true1), 0)::bigint AS true1,
        COALESCE(pg_catalog.sum(u.false1), 0)::bigint AS false1
      FROM (
        SELECT key1, row_count, count1, nan1, plus_infinity1, minus_infinity1, sum1, scales1, count2, true1, false1 FROM imat_store.delta_having
      ) AS u
      GROUP BY u.key1
    ), merged AS (
      INSERT INTO imat_store.state_having AS s (key1, row_count, count1, nan1, plus_infinity1, minus_infinity1, sum1, scales1, count2, true1, false1)
      SELECT key1, row_count, count1, nan1, plus_infinity1, minus_infinity1, sum1, scales1, count2, true1, false1
      FROM delta AS d
      WHERE d.row_count <> 0 OR d.count1 <> 0 OR d.nan1 <> 0 OR d.plus_infinity1 <> 0 OR d.minus_infinity1 <> 0 OR d.sum1 <> 0 OR d.scales1 <> 0 OR d.count2 <> 0 OR d.true1 <> 0 OR d.false1 <> 0
      ON CONFLICT (key1) DO UPDATE SET
        row_count = s.row_count + EXCLUDED.row_count,
        count1 = s.count1 + EXCLUDED.count1,
        nan1 = s.nan1 + EXCLUDED.nan1,
        plus_infinity1 = s.plus_infinity1 + EXCLUDED.plus_infinity1,
        minus_infinity1 = s.minus_infinity1 + EXCLUDED.minus_infinity1,
        sum1 = s.sum1 + EXCLUDED.sum1,
        scales1 = s.scales1 + EXCLUDED.scales1,
        count2 = s.count2 + EXCLUDED.count2,
        true1 = s.true1 + EXCLUDED.true1,
        false1 = s.false1 + EXCLUDED.false1
      RETURNING s.ctid, s.row_count
    )
    SELECT
      pg_catalog.count(*),
      pg_catalog.array_agg(m.ctid) FILTER (WHERE m.row_count = 0),
      pg_catalog.bool_or(m.row_count < 0)
    FROM merged AS m
    $imat$
    INTO touched, emptied, negative;
  EXCEPTION WHEN program_limit_exceeded THEN
    RAISE EXCEPTION USING
      ERRCODE = 'program_limit_exceeded',
      MESSAGE = 'a group key is too long to be stored',
      DETAIL = SQLERRM,
      HINT = 'Keys can have some 2700 bytes. Readers still get the right answer. Run imat revert, then imat convert with --strategy swap.';
  WHEN OTHERS THEN
      -- Locks, resources, cancelling and the like are not a matter of rows.
      IF pg_catalog.left(SQLSTATE, 2) IN ('40', '53', '55', '57', '58', 'XX') THEN RAISE; END IF;
      EXECUTE $imat$
      WITH delta AS (
        SELECT
          u.key1,
          COALESCE(pg_catalog.sum(u.row_count), 0)::bigint AS row_count,
          COALESCE(pg_catalog.sum(u.count1), 0)::bigint AS count1,
          COALESCE(pg_catalog.sum(u.nan1), 0)::bigint AS nan1,
          COALESCE(pg_catalog.sum(u.plus_infinity1), 0)::bigint AS plus_infinity1,
          COALESCE(pg_catalog.sum(u.minus_infinity1), 0)::bigint AS minus_infinity1,
          COALESCE(pg_catalog.sum(u.sum1), 0)::numeric AS sum1,
          COALESCE(pg_catalog.sum(u.scales1), 0)::numeric AS scales1,
          COALESCE(pg_catalog.sum(u.count2), 0)::bigint AS count2,
          COALESCE(pg_catalog.sum(u.true1), 0)::bigint AS true1,
          COALESCE(pg_catalog.sum(u.false1), 0)::bigint AS false1
        FROM (
          SELECT key1, row_count, count1, nan1, plus_infinity1, minus_infinity1, sum1, scales1, count2, true1, false1 FROM imat_store.netted_having
        ) AS u
        GROUP BY u.key1
      ), merged AS (
        INSERT INTO imat_store.state_having AS s (key1, row_count, count1, nan1, plus_infinity1, minus_infinity1, sum1, scales1, count2, true1, false1)
        SELECT key1, row_count, count1, nan1, plus_infinity1, minus_infinity1, sum1, scales1, count2, true1, false1
        FROM delta AS d
        WHERE d.row_count <> 0 OR d.count1 <> 0 OR d.nan1 <> 0 OR d.plus_infinity1 <> 0 OR d.minus_infinity1 <> 0 OR d.sum1 <> 0 OR d.scales1 <> 0 OR d.count2 <> 0 OR d.true1 <> 0 OR d.false1 <> 0
        ON CONFLICT (key1) DO UPDATE SET
          row_count = s.row_count + EXCLUDED.row_count,
          count1 = s.count1 + EXCLUDED.count1,
          nan1 = s.nan1 + EXCLUDED.nan1,
          plus_infinity1 = s.plus_infinity1 + EXCLUDED.plus_infinity1,
          minus_infinity1 = s.minus_infinity1 + EXCLUDED.minus_infinity1,
          sum1 = s.sum1 + EXCLUDED.sum1,
          scales1 = s.scales1 + EXCLUDED.scales1,
          count2 = s.count2 + EXCLUDED.count2,
          true1 = s.true1 + EXCLUDED.true1,
          false1 = s.false1 + EXCLUDED.false1
        RETURNING s.ctid, s.row_count
      )
      SELECT
        pg_catalog.count(*),
        pg_catalog.array_agg(m.ctid) FILTER (WHERE m.row_count = 0),
        pg_catalog.bool_or(m.row_count < 0)
      FROM merged AS m
      $imat$
      INTO touched, emptied, negative;
    END;
  IF negative THEN
    RAISE EXCEPTION USING
      ERRCODE = 'data_corrupted',
      MESSAGE = 'a row of imat_store.state_having would have a negative count',
      DETAIL = 'A change of a source was not captured, for example because a trigger of imat was disabled.',
      HINT = 'Run imat verify, then imat revert and imat convert.';
  END IF;
  DELETE FROM imat_store.state_having WHERE ctid = ANY (emptied);
    RETURN touched;
END$imat_$;

-- only imat.fold calls it
REVOKE ALL ON FUNCTION imat_store.fold_having() FROM PUBLIC;

-- state and pending changes, added up
CREATE VIEW imat_store.current_having WITH (security_barrier) AS
SELECT
  u.key1,
  COALESCE(pg_catalog.sum(u.row_count), 0)::bigint AS row_count,
  COALESCE(pg_catalog.sum(u.count1), 0)::bigint AS count1,
  COALESCE(pg_catalog.sum(u.nan1), 0)::bigint AS nan1,
  COALESCE(pg_catalog.sum(u.plus_infinity1), 0)::bigint AS plus_infinity1,
  COALESCE(pg_catalog.sum(u.minus_infinity1), 0)::bigint AS minus_infinity1,
  COALESCE(pg_catalog.sum(u.sum1), 0)::numeric AS sum1,
  COALESCE(pg_catalog.sum(u.scales1), 0)::numeric AS scales1,
  COALESCE(pg_catalog.sum(u.count2), 0)::bigint AS count2,
  COALESCE(pg_catalog.sum(u.true1), 0)::bigint AS true1,
  COALESCE(pg_catalog.sum(u.false1), 0)::bigint AS false1
FROM (
  SELECT key1, row_count, count1, nan1, plus_infinity1, minus_infinity1, sum1, scales1, count2, true1, false1 FROM imat_store.state_having
  UNION ALL
  SELECT key1, row_count, count1, nan1, plus_infinity1, minus_infinity1, sum1, scales1, count2, true1, false1 FROM imat_store.delta_having
) AS u
GROUP BY u.key1
HAVING pg_catalog.sum(u.row_count) <> 0;

-- what readers use
CREATE VIEW imat."having" WITH (security_barrier) AS
SELECT q.region, q.per_item, q.state
FROM (
  -- nothing pending: the state is the answer
  SELECT
    s.key1 AS region,
    (pg_catalog.round((s.value1 / (NULLIF(s.count2, 0))::numeric), 2))::numeric AS per_item,
    (CASE WHEN s.value2 THEN ('done')::text ELSE ('open')::text END)::text AS state
  FROM imat_store.state_having AS s
  WHERE NOT (
    SELECT COALESCE(
      (SELECT EXISTS (SELECT FROM imat_store.log_public_sale AS l WHERE l.xid <= '18446744073709551615'::pg_catalog.xid8 AND l.xid >= pg_catalog.pg_snapshot_xmin(f.snapshot) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, f.snapshot)) FROM imat_catalog.frontier AS f WHERE f.imat_id = 1 AND f.state_relation IN ('imat_store.state_having'::regclass) AND f.here AND 'imat_store.definition_having'::regclass IS NOT NULL),
      imat_catalog.no_frontier('having')
    )
  )
    AND ((s.value1 > (100)::numeric) AND (s.row_count > 1))
  UNION ALL
  -- otherwise: the state and the pending changes, added up
  SELECT
    s.key1 AS region,
    (pg_catalog.round((s.value1 / (NULLIF(s.count2, 0))::numeric), 2))::numeric AS per_item,
    (CASE WHEN s.value2 THEN ('done')::text ELSE ('open')::text END)::text AS state
  FROM (
    SELECT
      m.*,
      CASE WHEN m.count1 > 0 THEN CASE WHEN m.nan1 > 0 THEN 'NaN'::numeric WHEN m.plus_infinity1 > 0 AND m.minus_infinity1 > 0 THEN 'NaN'::numeric WHEN m.plus_infinity1 > 0 THEN 'Infinity'::numeric WHEN m.minus_infinity1 > 0 THEN '-Infinity'::numeric ELSE (pg_catalog.round(m.sum1, CASE WHEN (pg_catalog.length(pg_catalog.trunc(m.scales1)::text) - 1) / 12 < 10900 THEN (pg_catalog.length(pg_catalog.trunc(m.scales1)::text) - 1) / 12 ELSE pg_catalog.scale(m.sum1) END))::numeric END END AS value1,
      CASE WHEN m.true1 + m.false1 > 0 THEN m.false1 = 0 END AS value2
    FROM imat_store.current_having AS m
  ) AS s
  WHERE (
    SELECT COALESCE(
      (SELECT EXISTS (SELECT FROM imat_store.log_public_sale AS l WHERE l.xid <= '18446744073709551615'::pg_catalog.xid8 AND l.xid >= pg_catalog.pg_snapshot_xmin(f.snapshot) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, f.snapshot)) FROM imat_catalog.frontier AS f WHERE f.imat_id = 1 AND f.state_relation IN ('imat_store.state_having'::regclass) AND f.here AND 'imat_store.definition_having'::regclass IS NOT NULL),
      imat_catalog.no_frontier('having')
    )
  )
    AND ((s.value1 > (100)::numeric) AND (s.row_count > 1))
) AS q;

-- who may read the materialized view may read it
SELECT imat_catalog.copy_grants('public."having"', 'imat."having"');

-- a comment of the materialized view
COMMENT ON VIEW imat."having" IS 'shows having';
