-- xml-table: rows that XMLTABLE finds in documents
--
-- SELECT c.name,
--     r.tag,
--     count(*) AS found
--    FROM public.customer c,
--     LATERAL XMLTABLE(('/r/tag'::text) PASSING (XMLPARSE(CONTENT c.country STRIP WHITESPACE)) COLUMNS tag text PATH ('.'::text), place FOR ORDINALITY) r
--   GROUP BY c.name, r.tag
--
-- strategy delta, freshness live
-- note: stored under the settings of this session (TimeZone = UTC; DateStyle = ISO, MDY; IntervalStyle = postgres; lc_monetary = C; lc_numeric = C; lc_time = C; extra_float_digits = 1; bytea_output = hex; default_text_search_config = pg_catalog.english): a reader under other ones runs the definition
-- reads public.customer (name, country)
-- project name, tag, found: computed when read, stores nothing
--   group by c.name, tag: stored, one row per group, stores name, tag
--       c.name: group key, stores name
--       tag: group key, stores tag
--       rows of the group: additive part, stores rows
--     apply XMLTABLE((('/r/tag')::text) PASSING (XMLPARSE(CONTENT c.country STRIP WHITESPACE)) COLUMNS tag text PATH (('.')::text), place FOR ORDINALITY) AS r: linear, stores nothing
--       scan public.customer AS c (name, country): linear, stores nothing

-- the definition, as a view
CREATE VIEW imat_store.definition_xml_table AS
SELECT c.name,
    r.tag,
    count(*) AS found
   FROM public.customer c,
    LATERAL XMLTABLE(('/r/tag'::text) PASSING (XMLPARSE(CONTENT c.country STRIP WHITESPACE)) COLUMNS tag text PATH ('.'::text), place FOR ORDINALITY) r
  GROUP BY c.name, r.tag;

-- the change log of public.customer, if it is not there yet
CREATE TABLE imat_store.log_public_customer (
  xid xid8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id(),
  weight integer NOT NULL,
  c2 text,
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_customer', '{2,3}', ARRAY['name', 'country']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_customer (weight, c2, c3)
      SELECT 1, n.name, n.country FROM new_rows AS n
      LIMIT 100000;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed OPERATOR(pg_catalog.=) 100000 THEN
      changed := (SELECT pg_catalog.count(*) FROM new_rows);
      IF imat_store.is_loggable('1'::pg_catalog.regclass, changed) THEN
        INSERT INTO imat_store.log_public_customer (weight, c2, c3)
          SELECT 1, n.name, n.country FROM new_rows AS n
          OFFSET 100000;
      ELSE
        INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);
      END IF;
    END IF;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_customer', '{2,3}', TG_OP);
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_customer', '{2,3}', ARRAY['name', 'country']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_customer (weight, c2, c3)
      SELECT pg_catalog.sum(u.weight), u.c2, u.c3
      FROM (
        SELECT -1 AS weight, o.name AS c2, o.country AS c3 FROM old_rows AS o
        UNION ALL
        SELECT 1, n.name AS c2, n.country AS c3 FROM new_rows AS n
      ) AS u
      GROUP BY u.c2, u.c3
      HAVING pg_catalog.sum(u.weight) OPERATOR(pg_catalog.<>) 0;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_customer', '{2,3}', TG_OP);
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_customer', '{2,3}', ARRAY['name', 'country']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_customer (weight, c2, c3)
      SELECT -1, o.name, o.country FROM old_rows AS o
      LIMIT 100000;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed OPERATOR(pg_catalog.=) 100000 THEN
      changed := (SELECT pg_catalog.count(*) FROM old_rows);
      IF imat_store.is_loggable('1'::pg_catalog.regclass, changed) THEN
        INSERT INTO imat_store.log_public_customer (weight, c2, c3)
          SELECT -1, o.name, o.country FROM old_rows AS o
          OFFSET 100000;
      ELSE
        INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);
      END IF;
    END IF;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_customer', '{2,3}', TG_OP);
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

-- the state: one row per group, with what each aggregate needs
CREATE TABLE imat_store.state_xml_table WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02) AS
SELECT
  r1.name AS name,
  f2.c5 AS tag,
  pg_catalog.count(*) AS rows
FROM
  public.customer AS r1,
  LATERAL XMLTABLE((('/r/tag')::text) PASSING (XMLPARSE(CONTENT r1.country STRIP WHITESPACE)) COLUMNS tag text PATH (('.')::text), place FOR ORDINALITY) AS f2(c5, c6)
GROUP BY 1, 2;

-- what publications of all tables need
ALTER TABLE imat_store.state_xml_table REPLICA IDENTITY FULL;

-- what finds a group, NULL keys being equal
CREATE UNIQUE INDEX ON imat_store.state_xml_table (name, tag) NULLS NOT DISTINCT;

-- what finds the rows with NULL in a key
CREATE INDEX ON imat_store.state_xml_table ((1)) WHERE name IS NULL OR tag IS NULL;

-- what the column holds
COMMENT ON COLUMN imat_store.state_xml_table.name IS 'c.name';

-- what the column holds
COMMENT ON COLUMN imat_store.state_xml_table.tag IS 'tag';

-- what the column holds
COMMENT ON COLUMN imat_store.state_xml_table.rows IS 'rows of the group';

-- statistics
ANALYZE imat_store.state_xml_table;

-- what is pending, as rows of the state
CREATE VIEW imat_store.delta_xml_table AS
WITH pending AS MATERIALIZED (
  SELECT
    f.snapshot
  FROM imat_catalog.frontier AS f
  WHERE f.imat_id = 1
)
-- plus changes of public.customer AS c
SELECT
  r1.name AS name,
  f2.c5 AS tag,
  r1.weight AS rows
FROM
  (
    SELECT pg_catalog.sum(l.weight)::bigint AS weight, l.c2 AS name, l.c3 AS country
    FROM imat_store.log_public_customer AS l
    WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
    GROUP BY l.c2, l.c3
    HAVING pg_catalog.sum(l.weight) <> 0
    OFFSET 0
  ) AS r1,
  LATERAL XMLTABLE((('/r/tag')::text) PASSING (XMLPARSE(CONTENT r1.country STRIP WHITESPACE)) COLUMNS tag text PATH (('.')::text), place FOR ORDINALITY) AS f2(c5, c6);

-- the state computed anew
CREATE VIEW imat_store.content_xml_table AS
SELECT
  r1.name AS name,
  f2.c5 AS tag,
  pg_catalog.count(*) AS rows
FROM
  public.customer AS r1,
  LATERAL XMLTABLE((('/r/tag')::text) PASSING (XMLPARSE(CONTENT r1.country STRIP WHITESPACE)) COLUMNS tag text PATH (('.')::text), place FOR ORDINALITY) AS f2(c5, c6)
GROUP BY 1, 2;

-- the same as a function, which is planned when it runs
CREATE OR REPLACE FUNCTION imat_store.computed_xml_table(access_key uuid) RETURNS SETOF imat_store.content_xml_table
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
      MESSAGE = 'only the view of the imat may call imat_store.computed_xml_table';
  END IF;
  RETURN QUERY EXECUTE 'SELECT * FROM imat_store.content_xml_table';
  IF imat_catalog.is_rewritten_meanwhile(38) THEN
    RAISE EXCEPTION USING
      ERRCODE = 'serialization_failure',
      MESSAGE = 'a table was truncated or rewritten after this statement began',
      HINT = 'Run the statement again.';
  END IF;
END$imat$;

-- a view calls functions with the rights of its readers
GRANT EXECUTE ON FUNCTION imat_store.computed_xml_table(uuid) TO PUBLIC;

-- the answer as the sources have it
CREATE VIEW imat_store.answer_xml_table AS
SELECT
  (g.c7)::text AS name,
  (g.c8)::text AS tag,
  (g.c9)::bigint AS rows
FROM
  (
    SELECT r1.name AS c7, f2.c5 AS c8, pg_catalog.count(*) AS c9
    FROM public.customer AS r1, LATERAL XMLTABLE((('/r/tag')::text) PASSING (XMLPARSE(CONTENT r1.country STRIP WHITESPACE)) COLUMNS tag text PATH (('.')::text), place FOR ORDINALITY) AS f2(c5, c6)
    GROUP BY 1, 2
  ) AS g;

-- the same as a function, for reads while too much or a reset is pending
CREATE OR REPLACE FUNCTION imat_store.answered_xml_table(access_key uuid) RETURNS SETOF imat_store.answer_xml_table
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
      MESSAGE = 'only the view of the imat may call imat_store.answered_xml_table';
  END IF;
  RETURN QUERY EXECUTE 'SELECT * FROM imat_store.answer_xml_table';
  IF imat_catalog.is_rewritten_meanwhile(38) THEN
    RAISE EXCEPTION USING
      ERRCODE = 'serialization_failure',
      MESSAGE = 'a table was truncated or rewritten after this statement began',
      HINT = 'Run the statement again.';
  END IF;
END$imat$;

-- a view calls functions with the rights of its readers
GRANT EXECUTE ON FUNCTION imat_store.answered_xml_table(uuid) TO PUBLIC;

-- state and pending changes, added up
CREATE VIEW imat_store.current_xml_table WITH (security_barrier) AS
SELECT
  s.name,
  s.tag,
  s.rows
FROM (
  -- what is stored and stays
  SELECT
    s.name,
    s.tag,
    s.rows
  FROM imat_store.state_xml_table AS s
  WHERE s.name IS NOT NULL
    AND s.tag IS NOT NULL
    AND NOT EXISTS (SELECT FROM imat_store.delta_xml_table AS d WHERE d.name OPERATOR(pg_catalog.=) s.name AND d.tag OPERATOR(pg_catalog.=) s.tag)
  UNION ALL
  -- what is stored and what is pending, added up
  SELECT
    s.name,
    s.tag,
    s.rows
  FROM (
    SELECT
      u.name,
      u.tag,
      COALESCE(pg_catalog.sum(u.rows), 0)::bigint AS rows
    FROM (
      SELECT name, tag, rows FROM imat_store.state_xml_table AS s WHERE EXISTS (SELECT FROM imat_store.delta_xml_table AS d WHERE d.name OPERATOR(pg_catalog.=) s.name AND d.tag OPERATOR(pg_catalog.=) s.tag)
      UNION ALL
      SELECT name, tag, rows FROM imat_store.state_xml_table AS s WHERE name IS NULL OR tag IS NULL
      UNION ALL
      SELECT name, tag, rows FROM imat_store.delta_xml_table
    ) AS u
    GROUP BY u.name, u.tag
  HAVING pg_catalog.sum(u.rows) <> 0
  ) AS s
) AS s;

-- fold: adds what is pending to the state
CREATE OR REPLACE FUNCTION imat_store.fold_xml_table(anew boolean DEFAULT false) RETURNS bigint
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET row_security = off
SET jit = off
SET random_page_cost = 1.1
SET TimeZone = 'UTC'
SET DateStyle = 'ISO, MDY'
SET IntervalStyle = 'postgres'
SET lc_monetary = 'C'
SET lc_numeric = 'C'
SET lc_time = 'C'
SET extra_float_digits = '1'
SET bytea_output = 'hex'
SET default_text_search_config = 'pg_catalog.english'
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
        u.name,
        u.tag,
        COALESCE(pg_catalog.sum(u.rows), 0)::bigint AS rows
      FROM (
        SELECT name, tag, rows FROM changes
      ) AS u
      GROUP BY u.name, u.tag
    ), merged AS (
      INSERT INTO imat_store.state_xml_table AS s (name, tag, rows)
      SELECT name, tag, rows
      FROM delta AS d
      WHERE d.rows <> 0
      ON CONFLICT (name, tag) DO UPDATE SET
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
    SELECT GREATEST(pg_catalog.pg_relation_size('imat_store.log_public_customer'::regclass)) >= 440000 AND imat_catalog.is_outgrown(1, f.snapshot, 2)
    FROM imat_catalog.frontier AS f
    WHERE f.imat_id = 1
  ) THEN
    DELETE FROM imat_store.state_xml_table;
    INSERT INTO imat_store.state_xml_table (name, tag, rows)
    SELECT name, tag, rows FROM imat_store.computed_xml_table((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1));
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
  END IF;
  BEGIN
    EXECUTE pg_catalog.format(upsert, 'imat_store.delta_xml_table')
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
      MESSAGE = 'a row of imat_store.state_xml_table would have a negative count',
      DETAIL = 'A change of a source was not captured, for example because a trigger of imat was disabled.',
      HINT = 'Run imat repair.';
  END IF;
  DELETE FROM imat_store.state_xml_table WHERE ctid = ANY (emptied);
  RETURN changed;
END$imat_$;

-- only imat.fold calls it
REVOKE ALL ON FUNCTION imat_store.fold_xml_table(boolean) FROM PUBLIC;

-- what readers use
CREATE VIEW imat.xml_table AS
SELECT
  s.name AS name,
  s.tag AS tag,
  s.rows AS found
FROM (
  -- what is stored
  SELECT
    s.name,
    s.tag,
    s.rows,
    0 AS arm
  FROM imat_store.state_xml_table AS s
  UNION ALL
  -- the answer computed now
  SELECT
    s.name,
    s.tag,
    s.rows,
    2 AS arm
  FROM imat_store.current_xml_table AS s
  UNION ALL
  -- what the sources have
  SELECT
    s.name,
    s.tag,
    s.rows,
    3 AS arm
  FROM imat_store.answered_xml_table((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1)) AS s
) AS s
WHERE s.arm = (
  SELECT COALESCE(
    (SELECT CASE WHEN ROW(pg_catalog.current_setting('TimeZone'), pg_catalog.current_setting('DateStyle'), pg_catalog.current_setting('IntervalStyle'), pg_catalog.current_setting('lc_monetary'), pg_catalog.current_setting('lc_numeric'), pg_catalog.current_setting('lc_time'), LEAST(pg_catalog.current_setting('extra_float_digits')::integer, 1), pg_catalog.current_setting('bytea_output'), pg_catalog.current_setting('default_text_search_config')) <> ROW('UTC', 'ISO, MDY', 'postgres', 'C', 'C', 'C', 1, 'hex', 'pg_catalog.english') THEN 3 WHEN EXISTS (SELECT FROM imat_store.log_public_customer AS l WHERE l.xid <= '18446744073709551615'::pg_catalog.xid8 AND l.xid >= pg_catalog.pg_snapshot_xmin(f.snapshot) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, f.snapshot)) THEN CASE WHEN EXISTS (SELECT FROM imat_store.reset AS r WHERE r.relation IN ('1'::pg_catalog.regclass) AND NOT pg_catalog.pg_visible_in_snapshot(r.xid, f.snapshot)) OR GREATEST(pg_catalog.pg_relation_size('imat_store.log_public_customer'::regclass)) >= 440000 AND imat_catalog.is_outgrown(1, f.snapshot, 8) THEN 3 ELSE 2 END ELSE 0 END FROM imat_catalog.frontier AS f WHERE f.imat_id = 1 AND f.state_relation IN ('imat_store.state_xml_table'::regclass) AND f.here AND 'imat_store.definition_xml_table'::regclass IS NOT NULL),
    imat_catalog.arm_without_frontier('xml_table', 3)
  )
);

-- what a colleague finds
COMMENT ON VIEW imat.xml_table IS 'imat: answers as its query would now. See imat explain; imat revert removes it.';

-- who may read the materialized view may read it
SELECT imat_catalog.copy_grants('public.xml_table', 'imat.xml_table');

-- a comment of the materialized view
COMMENT ON VIEW imat.xml_table IS 'shows xml-table';

-- an index of the materialized view
CREATE INDEX ON imat_store.state_xml_table USING btree ((1));
