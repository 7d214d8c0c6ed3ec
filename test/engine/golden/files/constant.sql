-- constant: a definition that reads no table: rows that are stored once
--
-- SELECT d.d::date AS day
--    FROM generate_series('2024-01-01 00:00:00'::timestamp without time zone, '2024-12-31 00:00:00'::timestamp without time zone, '1 day'::interval) d(d)
--
-- strategy delta, freshness live
-- project day: stored, each row once, stores row_digest, day
--     (d)::date: column, stores day
--     copies of the row: additive part, stores rows
--   apply generate_series(('2024-01-01 00:00:00')::timestamp without time zone, ('2024-12-31 00:00:00')::timestamp without time zone, ('1 day')::interval) AS d: linear, stores nothing
--     cross join: multilinear, stores nothing

-- the definition, as a view
CREATE VIEW imat_store.definition_constant AS
SELECT d.d::date AS day
   FROM generate_series('2024-01-01 00:00:00'::timestamp without time zone, '2024-12-31 00:00:00'::timestamp without time zone, '1 day'::interval) d(d);

-- the state: one row per group, with what each aggregate needs
CREATE TABLE imat_store.state_constant WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02) AS
SELECT
  pg_catalog.sha256(pg_catalog.record_send(ROW(q.day))) AS row_digest,
  q.day AS day,
  pg_catalog.count(*) AS rows
FROM (
  SELECT
    (f1.c1)::date AS day
  FROM
    LATERAL ROWS FROM (pg_catalog.generate_series(('2024-01-01 00:00:00')::timestamp without time zone, ('2024-12-31 00:00:00')::timestamp without time zone, ('1 day')::interval)) AS f1(c1)
) AS q
GROUP BY pg_catalog.sha256(pg_catalog.record_send(ROW(q.day))), q.day;

-- what publications of all tables need
ALTER TABLE imat_store.state_constant REPLICA IDENTITY FULL;

-- what finds a group, NULL keys being equal
CREATE UNIQUE INDEX ON imat_store.state_constant (row_digest) NULLS NOT DISTINCT;

-- what finds rows that occur more than once
CREATE INDEX ON imat_store.state_constant ((1)) WHERE rows > 1;

-- what the column holds
COMMENT ON COLUMN imat_store.state_constant.day IS '(d)::date';

-- what the column holds
COMMENT ON COLUMN imat_store.state_constant.rows IS 'copies of the row';

-- statistics
ANALYZE imat_store.state_constant;

-- what is pending, as rows of the state
CREATE VIEW imat_store.delta_constant AS
WITH pending AS MATERIALIZED (
  SELECT
    f.snapshot
  FROM imat_catalog.frontier AS f
  WHERE f.imat_id = 1
)
SELECT
  pg_catalog.sha256(pg_catalog.record_send(ROW(q.day))) AS row_digest,
  q.*
FROM (
  -- no table changes
  SELECT
    (f1.c1)::date AS day,
    0::bigint AS rows
  FROM
    LATERAL ROWS FROM (pg_catalog.generate_series(('2024-01-01 00:00:00')::timestamp without time zone, ('2024-12-31 00:00:00')::timestamp without time zone, ('1 day')::interval)) AS f1(c1)
  WHERE false
) AS q;

-- the state computed anew
CREATE VIEW imat_store.content_constant AS
SELECT
  pg_catalog.sha256(pg_catalog.record_send(ROW(q.day))) AS row_digest,
  q.day AS day,
  pg_catalog.count(*) AS rows
FROM (
  SELECT
    (f1.c1)::date AS day
  FROM
    LATERAL ROWS FROM (pg_catalog.generate_series(('2024-01-01 00:00:00')::timestamp without time zone, ('2024-12-31 00:00:00')::timestamp without time zone, ('1 day')::interval)) AS f1(c1)
) AS q
GROUP BY pg_catalog.sha256(pg_catalog.record_send(ROW(q.day))), q.day;

-- the same as a function, which is planned when it runs
CREATE OR REPLACE FUNCTION imat_store.computed_constant(access_key uuid) RETURNS SETOF imat_store.content_constant
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
      MESSAGE = 'only the view of the imat may call imat_store.computed_constant';
  END IF;
  RETURN QUERY EXECUTE 'SELECT * FROM imat_store.content_constant';
  IF imat_catalog.is_rewritten_meanwhile(27) THEN
    RAISE EXCEPTION USING
      ERRCODE = 'serialization_failure',
      MESSAGE = 'a table was truncated or rewritten after this statement began',
      HINT = 'Run the statement again.';
  END IF;
END$imat$;

-- a view calls functions with the rights of its readers
GRANT EXECUTE ON FUNCTION imat_store.computed_constant(uuid) TO PUBLIC;

-- the answer as the sources have it
CREATE VIEW imat_store.answer_constant AS
SELECT
  ((f1.c1)::date)::date AS day
FROM
  LATERAL ROWS FROM (pg_catalog.generate_series(('2024-01-01 00:00:00')::timestamp without time zone, ('2024-12-31 00:00:00')::timestamp without time zone, ('1 day')::interval)) AS f1(c1);

-- the same as a function, for reads while too much or a reset is pending
CREATE OR REPLACE FUNCTION imat_store.answered_constant(access_key uuid) RETURNS SETOF imat_store.answer_constant
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
      MESSAGE = 'only the view of the imat may call imat_store.answered_constant';
  END IF;
  RETURN QUERY EXECUTE 'SELECT * FROM imat_store.answer_constant';
  IF imat_catalog.is_rewritten_meanwhile(27) THEN
    RAISE EXCEPTION USING
      ERRCODE = 'serialization_failure',
      MESSAGE = 'a table was truncated or rewritten after this statement began',
      HINT = 'Run the statement again.';
  END IF;
END$imat$;

-- a view calls functions with the rights of its readers
GRANT EXECUTE ON FUNCTION imat_store.answered_constant(uuid) TO PUBLIC;

-- state and pending changes, added up
CREATE VIEW imat_store.current_constant WITH (security_barrier) AS
SELECT
  s.day
FROM (
  -- what is stored and stays
  SELECT
    s.day
  FROM imat_store.state_constant AS s
  WHERE NOT EXISTS (SELECT FROM imat_store.delta_constant AS d WHERE d.row_digest OPERATOR(pg_catalog.=) s.row_digest)
  UNION ALL
  -- the other copies of rows that occur more than once
  SELECT
    s.day
  FROM imat_store.state_constant AS s
  CROSS JOIN LATERAL pg_catalog.unnest(pg_catalog.array_fill(NULL::"char", ARRAY[(s.rows - 1)::integer]))
  WHERE s.rows > 1
    AND NOT EXISTS (SELECT FROM imat_store.delta_constant AS d WHERE d.row_digest OPERATOR(pg_catalog.=) s.row_digest)
  UNION ALL
  -- what is stored and what is pending, added up
  SELECT
    s.day
  FROM (
    SELECT
      u.row_digest AS row_digest,
      u.day AS day,
      COALESCE(pg_catalog.sum(u.rows), 0)::bigint AS rows
    FROM (
      SELECT row_digest, day, rows FROM imat_store.state_constant AS s WHERE EXISTS (SELECT FROM imat_store.delta_constant AS d WHERE d.row_digest OPERATOR(pg_catalog.=) s.row_digest)
      UNION ALL
      SELECT row_digest, day, rows FROM imat_store.delta_constant
    ) AS u
    GROUP BY u.row_digest, u.day
  HAVING pg_catalog.sum(u.rows) > 0
  ) AS s
  CROSS JOIN LATERAL pg_catalog.unnest(pg_catalog.array_fill(NULL::"char", ARRAY[(s.rows)::integer]))
) AS s;

-- fold: adds what is pending to the state
CREATE OR REPLACE FUNCTION imat_store.fold_constant(anew boolean DEFAULT false) RETURNS bigint
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
        u.row_digest AS row_digest,
        u.day AS day,
        COALESCE(pg_catalog.sum(u.rows), 0)::bigint AS rows
      FROM (
        SELECT row_digest, day, rows FROM changes
      ) AS u
      GROUP BY u.row_digest, u.day
    ), merged AS (
      INSERT INTO imat_store.state_constant AS s (row_digest, day, rows)
      SELECT row_digest, day, rows
      FROM delta AS d
      WHERE d.rows <> 0
      ON CONFLICT (row_digest) DO UPDATE SET
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
  IF anew OR imat_catalog.has_reset(imat => 1) THEN
    DELETE FROM imat_store.state_constant;
    INSERT INTO imat_store.state_constant (row_digest, day, rows)
    SELECT row_digest, day, rows FROM imat_store.computed_constant((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1));
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
  END IF;
  BEGIN
    EXECUTE pg_catalog.format(upsert, 'imat_store.delta_constant')
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
      MESSAGE = 'a row of imat_store.state_constant would have a negative count',
      DETAIL = 'A change of a source was not captured, for example because a trigger of imat was disabled.',
      HINT = 'Run imat repair.';
  END IF;
  DELETE FROM imat_store.state_constant WHERE ctid = ANY (emptied);
  RETURN changed;
END$imat_$;

-- only imat.fold calls it
REVOKE ALL ON FUNCTION imat_store.fold_constant(boolean) FROM PUBLIC;

-- what readers use
CREATE VIEW imat.constant AS
SELECT
  s.day AS day
FROM (
  -- what is stored
  SELECT
    s.day
  FROM imat_store.state_constant AS s
  UNION ALL
  -- the other copies of rows that occur more than once
  SELECT
    s.day
  FROM imat_store.state_constant AS s
  CROSS JOIN LATERAL pg_catalog.unnest(pg_catalog.array_fill(NULL::"char", ARRAY[(s.rows - 1)::integer]))
  WHERE s.rows > 1
) AS s
WHERE 'imat_store.definition_constant'::regclass IS NOT NULL AND imat_catalog.is_stored(27, 'imat_store.state_constant'::regclass, 'constant');

-- what a colleague finds
COMMENT ON VIEW imat.constant IS 'imat: answers as its query would now. See imat explain; imat revert removes it.';

-- who may read the materialized view may read it
SELECT imat_catalog.copy_grants('public.constant', 'imat.constant');

-- a comment of the materialized view
COMMENT ON VIEW imat.constant IS 'shows constant';

-- an index of the materialized view
CREATE INDEX ON imat_store.state_constant USING btree ((1));
