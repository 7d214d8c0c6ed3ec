-- rows-over-groups: rows that are computed again from stored groups of many rows, two stores
--
-- SELECT c.id,
--     c.name,
--     v.visits,
--     v.longest
--    FROM public.customer c
--      LEFT JOIN ( SELECT visit.customer_id,
--             count(*) AS visits,
--             max(visit.seconds) AS longest
--            FROM public.visit
--           GROUP BY visit.customer_id) v ON v.customer_id = c.id
--
-- strategy delta, freshness live
-- reads public.customer (id, name)
-- reads public.visit (customer_id, seconds)
-- rows by c.id: stored, those of touched keys computed again, stores id, name, visits, longest
--   scan public.customer AS c: touches the key of its own row; read by the key, stores nothing
--   scan public.visit AS visit: touches the key of its own row, stores nothing
--   project customer_id, visits, longest: computed when read, stores nothing
--     group by visit.customer_id: stored, one row per group; the rows are computed from it, stores customer_id
--         visit.customer_id: group key, stores customer_id
--         rows of the group: additive part, stores rows
--         max of visit.seconds: merged; derived again where it may have gone, stores max_seconds
--       scan public.visit AS visit (customer_id, seconds): linear, stores nothing

-- the definition, as a view
CREATE VIEW imat_store.definition_rows_over_groups AS
SELECT c.id,
    c.name,
    v.visits,
    v.longest
   FROM public.customer c
     LEFT JOIN ( SELECT visit.customer_id,
            count(*) AS visits,
            max(visit.seconds) AS longest
           FROM public.visit
          GROUP BY visit.customer_id) v ON v.customer_id = c.id;

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

-- the change log of public.visit, if it is not there yet
CREATE TABLE imat_store.log_public_visit (
  xid xid8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id(),
  weight integer NOT NULL,
  c2 integer,
  c3 integer
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000, autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 50000, vacuum_truncate = false);
ALTER TABLE imat_store.log_public_visit REPLICA IDENTITY FULL;

-- capture on public.visit
CREATE OR REPLACE FUNCTION imat_store.capture_insert_public_visit() RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
AS $imat$
DECLARE
  changed pg_catalog.int8;
BEGIN
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_visit', '{2,3}', ARRAY['customer_id', 'seconds']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_visit (weight, c2, c3)
      SELECT 1, n.customer_id, n.seconds FROM new_rows AS n
      LIMIT 100000;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed OPERATOR(pg_catalog.=) 100000 THEN
      changed := (SELECT pg_catalog.count(*) FROM new_rows);
      IF imat_store.is_loggable('1'::pg_catalog.regclass, changed) THEN
        INSERT INTO imat_store.log_public_visit (weight, c2, c3)
          SELECT 1, n.customer_id, n.seconds FROM new_rows AS n
          OFFSET 100000;
      ELSE
        INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);
      END IF;
    END IF;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_visit', '{2,3}', TG_OP);
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

-- capture on public.visit
REVOKE ALL ON FUNCTION imat_store.capture_insert_public_visit() FROM PUBLIC;

-- capture on public.visit
CREATE OR REPLACE FUNCTION imat_store.capture_update_public_visit() RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
AS $imat$
DECLARE
  changed pg_catalog.int8;
BEGIN
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_visit', '{2,3}', ARRAY['customer_id', 'seconds']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_visit (weight, c2, c3)
      SELECT pg_catalog.sum(u.weight), u.c2, u.c3
      FROM (
        SELECT -1 AS weight, o.customer_id AS c2, o.seconds AS c3 FROM old_rows AS o
        UNION ALL
        SELECT 1, n.customer_id AS c2, n.seconds AS c3 FROM new_rows AS n
      ) AS u
      GROUP BY u.c2, u.c3
      HAVING pg_catalog.sum(u.weight) OPERATOR(pg_catalog.<>) 0;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_visit', '{2,3}', TG_OP);
  END IF;
  RETURN NULL;
END$imat$;

-- capture on public.visit
REVOKE ALL ON FUNCTION imat_store.capture_update_public_visit() FROM PUBLIC;

-- capture on public.visit
CREATE OR REPLACE FUNCTION imat_store.capture_delete_public_visit() RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
AS $imat$
DECLARE
  changed pg_catalog.int8;
BEGIN
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_visit', '{2,3}', ARRAY['customer_id', 'seconds']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_visit (weight, c2, c3)
      SELECT -1, o.customer_id, o.seconds FROM old_rows AS o
      LIMIT 100000;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed OPERATOR(pg_catalog.=) 100000 THEN
      changed := (SELECT pg_catalog.count(*) FROM old_rows);
      IF imat_store.is_loggable('1'::pg_catalog.regclass, changed) THEN
        INSERT INTO imat_store.log_public_visit (weight, c2, c3)
          SELECT -1, o.customer_id, o.seconds FROM old_rows AS o
          OFFSET 100000;
      ELSE
        INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);
      END IF;
    END IF;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_visit', '{2,3}', TG_OP);
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

-- capture on public.visit
REVOKE ALL ON FUNCTION imat_store.capture_delete_public_visit() FROM PUBLIC;

-- capture on public.visit
CREATE OR REPLACE FUNCTION imat_store.capture_truncate_public_visit() RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
AS $imat$
DECLARE
  changed pg_catalog.int8;
BEGIN
  INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);
  INSERT INTO imat_store.log_public_visit (weight) VALUES (0);
  RETURN NULL;
END$imat$;

-- capture on public.visit
REVOKE ALL ON FUNCTION imat_store.capture_truncate_public_visit() FROM PUBLIC;

-- trigger on public.visit
CREATE OR REPLACE TRIGGER "!imat_insert" AFTER INSERT ON public.visit REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION imat_store.capture_insert_public_visit();

-- trigger on public.visit
CREATE OR REPLACE TRIGGER "!imat_update" AFTER UPDATE ON public.visit REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION imat_store.capture_update_public_visit();

-- trigger on public.visit
CREATE OR REPLACE TRIGGER "!imat_delete" AFTER DELETE ON public.visit REFERENCING OLD TABLE AS old_rows
FOR EACH STATEMENT EXECUTE FUNCTION imat_store.capture_delete_public_visit();

-- trigger on public.visit
CREATE OR REPLACE TRIGGER "~imat_truncate" BEFORE TRUNCATE ON public.visit
FOR EACH STATEMENT EXECUTE FUNCTION imat_store.capture_truncate_public_visit();

-- trigger on public.visit
ALTER TABLE public.visit ENABLE ALWAYS TRIGGER "!imat_insert", ENABLE ALWAYS TRIGGER "!imat_update", ENABLE ALWAYS TRIGGER "!imat_delete", ENABLE ALWAYS TRIGGER "~imat_truncate";

-- trigger on public.visit
COMMENT ON TRIGGER "!imat_insert" ON public.visit IS 'imat: captures changes for the views in the schema imat that read this table. See imat status; imat revert removes it with the last of them.';

-- trigger on public.visit
COMMENT ON TRIGGER "!imat_update" ON public.visit IS 'imat: captures changes for the views in the schema imat that read this table. See imat status; imat revert removes it with the last of them.';

-- trigger on public.visit
COMMENT ON TRIGGER "!imat_delete" ON public.visit IS 'imat: captures changes for the views in the schema imat that read this table. See imat status; imat revert removes it with the last of them.';

-- trigger on public.visit
COMMENT ON TRIGGER "~imat_truncate" ON public.visit IS 'imat: captures changes for the views in the schema imat that read this table. See imat status; imat revert removes it with the last of them.';

-- the state: one row per group, with what each aggregate needs
CREATE TABLE imat_store.state2_rows_over_groups WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02) AS
SELECT
  r1.customer_id AS customer_id,
  pg_catalog.count(*) AS rows,
  pg_catalog.max(r1.seconds) AS max_seconds
FROM
  public.visit AS r1
GROUP BY 1;

-- what publications of all tables need
ALTER TABLE imat_store.state2_rows_over_groups REPLICA IDENTITY FULL;

-- what finds a group, NULL keys being equal
CREATE UNIQUE INDEX ON imat_store.state2_rows_over_groups (customer_id) NULLS NOT DISTINCT;

-- what the column holds
COMMENT ON COLUMN imat_store.state2_rows_over_groups.customer_id IS 'visit.customer_id';

-- what the column holds
COMMENT ON COLUMN imat_store.state2_rows_over_groups.rows IS 'rows of the group';

-- what the column holds
COMMENT ON COLUMN imat_store.state2_rows_over_groups.max_seconds IS 'max of visit.seconds';

-- statistics
ANALYZE imat_store.state2_rows_over_groups;

-- what the store holds as it is stored, for rows that are stored after it
CREATE VIEW imat_store.kept2_rows_over_groups AS
SELECT
  s.customer_id AS customer_id,
  s.rows AS visits,
  s.max_seconds AS longest
FROM (
  -- what is stored
  SELECT
    s.customer_id,
    s.rows,
    s.max_seconds
  FROM imat_store.state2_rows_over_groups AS s
) AS s;

-- the definition, from what is stored of its groups
CREATE VIEW imat_store.contentkept1_rows_over_groups AS
SELECT c.id AS id, c.name AS name, v.visits AS visits, v.longest AS longest
FROM public.customer AS c LEFT JOIN imat_store.kept2_rows_over_groups AS v ON (v.customer_id = c.id);

-- the rows of the definition
CREATE TABLE imat_store.state1_rows_over_groups WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02) AS
TABLE imat_store.contentkept1_rows_over_groups;

-- what publications of all tables need
ALTER TABLE imat_store.state1_rows_over_groups REPLICA IDENTITY FULL;

-- what finds the rows of a key
CREATE INDEX ON imat_store.state1_rows_over_groups (id);

-- what the column holds
COMMENT ON COLUMN imat_store.state1_rows_over_groups.id IS 'c.id';

-- statistics
ANALYZE imat_store.state1_rows_over_groups;

-- what is pending, as rows of the state
CREATE VIEW imat_store.delta2_rows_over_groups AS
WITH pending AS MATERIALIZED (
  SELECT
    f.snapshot
  FROM imat_catalog.frontier AS f
  WHERE f.imat_id = 1
)
-- plus changes of public.visit AS visit
SELECT
  r1.customer_id AS customer_id,
  r1.weight AS rows,
  (r1.seconds)::integer AS max_seconds
FROM
  (
    SELECT l.weight::bigint AS weight, l.c2 AS customer_id, l.c3 AS seconds
    FROM imat_store.log_public_visit AS l
    WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
  ) AS r1;

-- the same, with pending rows cancelled against each other first
CREATE VIEW imat_store.netted2_rows_over_groups AS
WITH pending AS MATERIALIZED (
  SELECT
    f.snapshot
  FROM imat_catalog.frontier AS f
  WHERE f.imat_id = 1
)
-- plus changes of public.visit AS visit
SELECT
  r1.customer_id AS customer_id,
  r1.weight AS rows,
  (r1.seconds)::integer AS max_seconds
FROM
  (
    SELECT pg_catalog.sum(l.weight)::bigint AS weight, l.c2 AS customer_id, l.c3 AS seconds
    FROM imat_store.log_public_visit AS l
    WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
    GROUP BY l.c2, l.c3
    HAVING pg_catalog.sum(l.weight) <> 0
    OFFSET 0
  ) AS r1;

-- the state computed anew
CREATE VIEW imat_store.content2_rows_over_groups AS
SELECT
  r1.customer_id AS customer_id,
  pg_catalog.count(*) AS rows,
  pg_catalog.max(r1.seconds) AS max_seconds
FROM
  public.visit AS r1
GROUP BY 1;

-- the same as a function, which is planned when it runs
CREATE OR REPLACE FUNCTION imat_store.computed2_rows_over_groups(access_key uuid) RETURNS SETOF imat_store.content2_rows_over_groups
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
      MESSAGE = 'only the view of the imat may call imat_store.computed2_rows_over_groups';
  END IF;
  RETURN QUERY EXECUTE 'SELECT * FROM imat_store.content2_rows_over_groups';
  IF imat_catalog.is_rewritten_meanwhile(8) THEN
    RAISE EXCEPTION USING
      ERRCODE = 'serialization_failure',
      MESSAGE = 'a table was truncated or rewritten after this statement began',
      HINT = 'Run the statement again.';
  END IF;
END$imat$;

-- a view calls functions with the rights of its readers
GRANT EXECUTE ON FUNCTION imat_store.computed2_rows_over_groups(uuid) TO PUBLIC;

-- the answer as the sources have it
CREATE VIEW imat_store.answer2_rows_over_groups AS
SELECT
  (g.c4)::integer AS customer_id,
  (g.c5)::bigint AS rows,
  (g.c6)::integer AS max_seconds
FROM
  (
    SELECT r1.customer_id AS c4, pg_catalog.count(*) AS c5, pg_catalog.max(r1.seconds) AS c6
    FROM public.visit AS r1
    GROUP BY 1
  ) AS g;

-- the same as a function, for reads while too much or a reset is pending
CREATE OR REPLACE FUNCTION imat_store.answered2_rows_over_groups(access_key uuid) RETURNS SETOF imat_store.answer2_rows_over_groups
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
      MESSAGE = 'only the view of the imat may call imat_store.answered2_rows_over_groups';
  END IF;
  RETURN QUERY EXECUTE 'SELECT * FROM imat_store.answer2_rows_over_groups';
  IF imat_catalog.is_rewritten_meanwhile(8) THEN
    RAISE EXCEPTION USING
      ERRCODE = 'serialization_failure',
      MESSAGE = 'a table was truncated or rewritten after this statement began',
      HINT = 'Run the statement again.';
  END IF;
END$imat$;

-- a view calls functions with the rights of its readers
GRANT EXECUTE ON FUNCTION imat_store.answered2_rows_over_groups(uuid) TO PUBLIC;

-- the extremes of a group from the tables, where the stored ones may have gone
CREATE OR REPLACE FUNCTION imat_store.derived2_rows_over_groups(imat_1 uuid, imat_2 integer, imat_3 integer)
RETURNS TABLE (max_seconds integer)
LANGUAGE sql
ROWS 1
STABLE SECURITY DEFINER PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
SET row_security = off
SET jit = off
BEGIN ATOMIC
SELECT
  CASE WHEN $2 = 1 THEN CASE WHEN $3 IS NOT NULL THEN (
    SELECT pg_catalog.max(r1.seconds)
    FROM
      public.visit AS r1
    WHERE r1.customer_id OPERATOR(pg_catalog.=) $3
  ) ELSE (
    SELECT pg_catalog.max(r1.seconds)
    FROM
      public.visit AS r1
    WHERE r1.customer_id IS NULL
  ) END END
WHERE EXISTS (
  SELECT FROM imat_catalog.frontier AS f WHERE f.imat_id = 1 AND f.access_key = $1
);
END;

-- a view calls functions with the rights of its readers
GRANT EXECUTE ON FUNCTION imat_store.derived2_rows_over_groups(imat_1 uuid, imat_2 integer, imat_3 integer) TO PUBLIC;

-- state and pending changes, added up
CREATE VIEW imat_store.current2_rows_over_groups WITH (security_barrier) AS
WITH changes AS MATERIALIZED (
  TABLE imat_store.delta2_rows_over_groups
), bounds AS MATERIALIZED (
  SELECT
    b.*,
    (SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1) AS imat_access,
    b.imat_total <> 0 AND b.imat_went1 IS NOT NULL AND (b.max_seconds IS NULL OR b.imat_went1 OPERATOR(pg_catalog.>=) b.max_seconds) AND (b.imat_came1 OPERATOR(pg_catalog.>=) b.imat_went1) IS NOT TRUE AS imat_again1
  FROM (
    SELECT
      u.customer_id,
      COALESCE(pg_catalog.sum(u.rows), 0)::bigint AS rows,
      pg_catalog.max(u.max_seconds) AS max_seconds,
      pg_catalog.max(CASE WHEN u.imat_argument = 1 THEN u.imat_came1 END) AS imat_came1,
      pg_catalog.max(CASE WHEN u.imat_argument = 1 THEN u.imat_went1 END) AS imat_went1,
      COALESCE(pg_catalog.sum(u.rows), 0)::bigint AS imat_total
    FROM (
      SELECT
        s.customer_id,
        s.rows,
        s.max_seconds,
        NULL::integer,
        (NULL::imat_store.state2_rows_over_groups).max_seconds,
        (NULL::imat_store.state2_rows_over_groups).max_seconds,
        TRUE
      FROM imat_store.state2_rows_over_groups AS s
      WHERE EXISTS (SELECT FROM changes AS d WHERE d.customer_id OPERATOR(pg_catalog.=) s.customer_id)
      UNION ALL
      SELECT
        s.customer_id,
        s.rows,
        s.max_seconds,
        NULL::integer,
        (NULL::imat_store.state2_rows_over_groups).max_seconds,
        (NULL::imat_store.state2_rows_over_groups).max_seconds,
        TRUE
      FROM imat_store.state2_rows_over_groups AS s
      WHERE customer_id IS NULL
      UNION ALL
      SELECT
        c.customer_id,
        c.rows,
        (NULL::imat_store.state2_rows_over_groups).max_seconds,
        NULL::integer,
        (NULL::imat_store.state2_rows_over_groups).max_seconds,
        (NULL::imat_store.state2_rows_over_groups).max_seconds,
        FALSE
      FROM changes AS c
      UNION ALL
      SELECT
        n.customer_id,
        NULL::bigint,
        (NULL::imat_store.state2_rows_over_groups).max_seconds,
        n.imat_argument,
        n.imat_came1,
        n.imat_went1,
        FALSE
      FROM (
        SELECT
          n.customer_id,
          1,
          CASE WHEN n.imat_weight > 0 THEN n.imat_value END,
          CASE WHEN n.imat_weight < 0 THEN n.imat_value END
        FROM (
          SELECT
            u.customer_id,
            u.max_seconds AS imat_value,
            pg_catalog.sum(u.rows) AS imat_weight
          FROM changes AS u
          WHERE u.max_seconds IS NOT NULL
          GROUP BY u.customer_id, u.max_seconds
          HAVING pg_catalog.sum(u.rows) <> 0
        ) AS n
      ) AS n(
        customer_id,
        imat_argument,
        imat_came1,
        imat_went1
      )
    ) AS u(
      customer_id,
      rows,
      max_seconds,
      imat_argument,
      imat_came1,
      imat_went1,
      imat_stored
    )
  GROUP BY u.customer_id
  ) AS b
), few AS MATERIALIZED (
  SELECT
    CASE WHEN pg_catalog.count(*) <= 4 THEN TRUE ELSE pg_catalog.count(*) <= CASE WHEN EXISTS (
        SELECT FROM pg_catalog.pg_index AS i
        WHERE i.indrelid = '1'::pg_catalog.regclass AND i.indisvalid
          AND i.indpred IS NULL AND i.indkey[0] = 2
      ) THEN (SELECT GREATEST(1000, imat_store.estimated_rows('imat_store.state2_rows_over_groups'::regclass) / 16)) ELSE 4 END END AS is_few
  FROM bounds AS b
  WHERE b.imat_again1
)
SELECT
  s.customer_id,
  s.rows,
  s.max_seconds
FROM (
  -- what is stored and stays
  SELECT
    s.customer_id,
    s.rows,
    s.max_seconds
  FROM imat_store.state2_rows_over_groups AS s
  WHERE (SELECT f.is_few FROM few AS f)
    AND s.customer_id IS NOT NULL
    AND NOT EXISTS (SELECT FROM changes AS d WHERE d.customer_id OPERATOR(pg_catalog.=) s.customer_id)
  UNION ALL
  -- what is stored and what is pending, merged
  SELECT
    s.customer_id,
    s.rows,
    s.max_seconds
  FROM (
    SELECT
      b.customer_id,
      b.rows,
      CASE
        WHEN b.imat_total = 0 THEN NULL
        WHEN b.imat_again1 THEN (SELECT e.max_seconds FROM imat_store.derived2_rows_over_groups(b.imat_access, 1, b.customer_id) AS e(max_seconds))
        WHEN b.imat_came1 IS NULL THEN b.max_seconds
        WHEN b.max_seconds IS NULL OR b.imat_came1 OPERATOR(pg_catalog.>=) b.max_seconds THEN b.imat_came1
        ELSE b.max_seconds
      END AS max_seconds
    FROM bounds AS b
    WHERE (SELECT f.is_few FROM few AS f) AND b.imat_total <> 0
  ) AS s
  UNION ALL
  -- what the sources have
  SELECT
    s.customer_id,
    s.rows,
    s.max_seconds
  FROM imat_store.answered2_rows_over_groups((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1)) AS s
  WHERE NOT (SELECT f.is_few FROM few AS f)
) AS s;

-- what the store holds now, for rows that are read
CREATE VIEW imat_store.now2_rows_over_groups AS
SELECT
  s.customer_id AS customer_id,
  s.rows AS visits,
  s.max_seconds AS longest
FROM (
  -- what is stored
  SELECT
    s.customer_id,
    s.rows,
    s.max_seconds,
    0 AS arm
  FROM imat_store.state2_rows_over_groups AS s
  UNION ALL
  -- the answer computed now
  SELECT
    s.customer_id,
    s.rows,
    s.max_seconds,
    2 AS arm
  FROM imat_store.current2_rows_over_groups AS s
  UNION ALL
  -- what the sources have
  SELECT
    s.customer_id,
    s.rows,
    s.max_seconds,
    3 AS arm
  FROM imat_store.answered2_rows_over_groups((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1)) AS s
) AS s
WHERE s.arm = (
  SELECT COALESCE(
    (SELECT CASE WHEN EXISTS (SELECT FROM imat_store.log_public_visit AS l WHERE l.xid <= '18446744073709551615'::pg_catalog.xid8 AND l.xid >= pg_catalog.pg_snapshot_xmin(f.snapshot) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, f.snapshot)) THEN CASE WHEN EXISTS (SELECT FROM imat_store.reset AS r WHERE r.relation IN ('1'::pg_catalog.regclass) AND NOT pg_catalog.pg_visible_in_snapshot(r.xid, f.snapshot)) OR imat_catalog.is_rewritten(ARRAY['1'::pg_catalog.regclass]) OR GREATEST(pg_catalog.pg_relation_size('imat_store.log_public_visit'::regclass)) >= 440000 AND imat_catalog.is_outgrown(1, f.snapshot, 8) THEN 3 ELSE 2 END ELSE 0 END FROM imat_catalog.frontier AS f WHERE f.imat_id = 1 AND f.state_relation IN ('imat_store.state1_rows_over_groups'::regclass) AND f.here AND 'imat_store.definition_rows_over_groups'::regclass IS NOT NULL AND (TRUE OR EXISTS (SELECT FROM public.visit))),
    imat_catalog.arm_without_frontier('rows_over_groups', 3)
  )
);

-- the keys that pending rows touch
CREATE VIEW imat_store.touched1_rows_over_groups AS
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
    EXISTS (SELECT FROM imat_store.log_public_visit AS l WHERE l.xid <= '18446744073709551615'::pg_catalog.xid8 AND l.xid >= pg_catalog.pg_snapshot_xmin(f.snapshot) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, f.snapshot)) AS changed2
  FROM imat_catalog.frontier AS f, (
    SELECT
          LEAST(
            GREATEST(
              10,
              COALESCE(e.keys / 16, GREATEST(1000, (
                          SELECT c.reltuples::bigint
                          FROM pg_catalog.pg_class AS c
                          WHERE c.oid = 'imat_store.state1_rows_over_groups'::regclass
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
    -- touched by changes of public.visit AS visit
    SELECT (r3.customer_id)::integer AS key
    FROM
      (
        SELECT l.weight::bigint AS weight, l.c2 AS customer_id
        FROM imat_store.log_public_visit AS l
        WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
      ) AS r3
    WHERE (SELECT p.changed2 FROM pending AS p)
  ) AS u
  LIMIT (SELECT p.few + 1 FROM pending AS p)
) AS t;

-- the definition, with its key
CREATE VIEW imat_store.content1_rows_over_groups AS
SELECT c.id AS id, c.name AS name, v.visits AS visits, v.longest AS longest
FROM public.customer AS c LEFT JOIN imat_store.now2_rows_over_groups AS v ON (v.customer_id = c.id);

-- the same as a function, which is planned when it runs
CREATE OR REPLACE FUNCTION imat_store.computed1_rows_over_groups(access_key uuid) RETURNS SETOF imat_store.content1_rows_over_groups
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
      MESSAGE = 'only the view of the imat may call imat_store.computed1_rows_over_groups';
  END IF;
  RETURN QUERY EXECUTE 'SELECT * FROM imat_store.content1_rows_over_groups';
  IF imat_catalog.is_rewritten_meanwhile(8) THEN
    RAISE EXCEPTION USING
      ERRCODE = 'serialization_failure',
      MESSAGE = 'a table was truncated or rewritten after this statement began',
      HINT = 'Run the statement again.';
  END IF;
END$imat$;

-- a view calls functions with the rights of its readers
GRANT EXECUTE ON FUNCTION imat_store.computed1_rows_over_groups(uuid) TO PUBLIC;

-- the rows of touched keys, from what the groups hold now
CREATE VIEW imat_store.rowsnow1_rows_over_groups AS
WITH touched AS MATERIALIZED (
  TABLE imat_store.touched1_rows_over_groups
)
-- rows of touched keys now
SELECT s.* FROM (
SELECT c.id AS id, c.name AS name, v.visits AS visits, v.longest AS longest
FROM public.customer AS c LEFT JOIN (SELECT v.customer_id AS customer_id, v.visits AS visits, v.longest AS longest
FROM imat_store.now2_rows_over_groups AS v
WHERE ((v.customer_id = ANY (((SELECT t.keys FROM touched AS t))::integer[])) AND ((v.customer_id = ANY (SELECT pg_catalog.unnest(((SELECT t.keys FROM touched AS t))::integer[]) AS key)) IS TRUE))) AS v ON (v.customer_id = c.id)
WHERE ((c.id = ANY (((SELECT t.keys FROM touched AS t))::integer[])) AND ((c.id = ANY (SELECT pg_catalog.unnest(((SELECT t.keys FROM touched AS t))::integer[]) AS key)) IS TRUE))
) AS s
WHERE (SELECT t.is_few FROM touched AS t);

-- the same of rows without a key
CREATE VIEW imat_store.rowsnull1_rows_over_groups AS
WITH touched AS MATERIALIZED (
  TABLE imat_store.touched1_rows_over_groups
)
-- rows without a key now
SELECT s.* FROM (
SELECT c.id AS id, c.name AS name, v.visits AS visits, v.longest AS longest
FROM public.customer AS c LEFT JOIN (SELECT v.customer_id AS customer_id, v.visits AS visits, v.longest AS longest
FROM imat_store.now2_rows_over_groups AS v
WHERE (v.customer_id IS NULL)) AS v ON (v.customer_id = c.id)
WHERE (c.id IS NULL)
) AS s
WHERE (SELECT t.is_few FROM touched AS t)
  AND (SELECT t.has_null FROM touched AS t)
  AND s.id IS NULL;

-- the rows of touched keys as a function, for reads
CREATE OR REPLACE FUNCTION imat_store.recomputed1_rows_over_groups(access_key uuid, has_null boolean) RETURNS SETOF imat_store.rowsnow1_rows_over_groups
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
      MESSAGE = 'only the view of the imat may call imat_store.recomputed1_rows_over_groups';
  END IF;
  RETURN QUERY EXECUTE CASE WHEN $2 THEN 'SELECT * FROM imat_store.rowsnow1_rows_over_groups UNION ALL SELECT * FROM imat_store.rowsnull1_rows_over_groups' ELSE 'SELECT * FROM imat_store.rowsnow1_rows_over_groups' END;
END$imat$;

-- a view calls functions with the rights of its readers
GRANT EXECUTE ON FUNCTION imat_store.recomputed1_rows_over_groups(uuid, boolean) TO PUBLIC;

-- stored rows, and those of touched keys now
CREATE VIEW imat_store.current1_rows_over_groups WITH (security_barrier) AS
WITH touched AS MATERIALIZED (
  TABLE imat_store.touched1_rows_over_groups
)
SELECT
  s.id,
  s.name,
  s.visits,
  s.longest,
  s.imat_stays
FROM (
  -- stored rows of other keys
  SELECT
    s.id,
    s.name,
    s.visits,
    s.longest,
    TRUE AS imat_stays
  FROM imat_store.state1_rows_over_groups AS s
  WHERE (SELECT t.is_few FROM touched AS t)
    AND NOT EXISTS (SELECT FROM pg_catalog.unnest(((SELECT t.keys FROM touched AS t))::integer[]) AS k(key) WHERE k.key = s.id)
    AND (s.id IS NOT NULL OR NOT (SELECT t.has_null FROM touched AS t))
  UNION ALL
  -- rows of touched keys now
  SELECT
    s.id,
    s.name,
    s.visits,
    s.longest,
    FALSE AS imat_stays
  FROM imat_store.recomputed1_rows_over_groups((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1), (SELECT t.has_null FROM touched AS t)) AS s
  WHERE (SELECT t.is_few FROM touched AS t)
  UNION ALL
  -- all rows now
  SELECT
    s.id,
    s.name,
    s.visits,
    s.longest,
    FALSE AS imat_stays
  FROM imat_store.computed1_rows_over_groups((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1)) AS s
  WHERE NOT (SELECT t.is_few FROM touched AS t)
) AS s;

-- fold: stores the rows of touched keys
CREATE OR REPLACE FUNCTION imat_store.refold1_rows_over_groups(keys integer[], has_null boolean)
RETURNS bigint
LANGUAGE sql
BEGIN ATOMIC
  WITH stored AS (
    INSERT INTO imat_store.state1_rows_over_groups (id, name, visits, longest)
    -- rows of touched keys now
        SELECT s.id, s.name, s.visits, s.longest
        FROM (
        SELECT c.id AS id, c.name AS name, v.visits AS visits, v.longest AS longest
        FROM public.customer AS c LEFT JOIN (SELECT v.customer_id AS customer_id, v.visits AS visits, v.longest AS longest
        FROM imat_store.kept2_rows_over_groups AS v
        WHERE ((v.customer_id = ANY ($1)) AND ((v.customer_id = ANY (SELECT pg_catalog.unnest($1) AS key)) IS TRUE))) AS v ON (v.customer_id = c.id)
        WHERE ((c.id = ANY ($1)) AND ((c.id = ANY (SELECT pg_catalog.unnest($1) AS key)) IS TRUE))
        ) AS s
        WHERE TRUE
        UNION ALL
        -- rows without a key now
        SELECT s.id, s.name, s.visits, s.longest
        FROM (
        SELECT c.id AS id, c.name AS name, v.visits AS visits, v.longest AS longest
        FROM public.customer AS c LEFT JOIN (SELECT v.customer_id AS customer_id, v.visits AS visits, v.longest AS longest
        FROM imat_store.kept2_rows_over_groups AS v
        WHERE (v.customer_id IS NULL)) AS v ON (v.customer_id = c.id)
        WHERE (c.id IS NULL)
        ) AS s
        WHERE TRUE
          AND $2
          AND s.id IS NULL
    RETURNING 1
  )
  SELECT pg_catalog.count(*) FROM stored;
END;

-- only the fold calls it
REVOKE ALL ON FUNCTION imat_store.refold1_rows_over_groups(integer[], boolean) FROM PUBLIC;

-- fold: computes the rows of touched keys again
CREATE OR REPLACE FUNCTION imat_store.fold1_rows_over_groups(anew boolean DEFAULT false) RETURNS bigint
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
    SELECT GREATEST(pg_catalog.pg_relation_size('imat_store.log_public_customer'::regclass), pg_catalog.pg_relation_size('imat_store.log_public_visit'::regclass)) >= 440000 AND imat_catalog.is_outgrown(1, f.snapshot, 5)
    FROM imat_catalog.frontier AS f
    WHERE f.imat_id = 1
  ) THEN
    DELETE FROM imat_store.state1_rows_over_groups;
    INSERT INTO imat_store.state1_rows_over_groups (id, name, visits, longest)
    SELECT id, name, visits, longest FROM imat_store.contentkept1_rows_over_groups;
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
  END IF;
  EXECUTE 'SELECT t.* FROM imat_store.touched1_rows_over_groups AS t' INTO touched;
  IF NOT touched.is_few THEN
    DELETE FROM imat_store.state1_rows_over_groups;
    INSERT INTO imat_store.state1_rows_over_groups (id, name, visits, longest)
    SELECT id, name, visits, longest FROM imat_store.contentkept1_rows_over_groups;
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
  END IF;
  EXECUTE $imat$DELETE FROM imat_store.state1_rows_over_groups
  WHERE id = ANY ($1) OR ($2 AND id IS NULL)$imat$
  USING touched.keys, touched.has_null;
  GET DIAGNOSTICS removed = ROW_COUNT;
  changed := imat_store.refold1_rows_over_groups(touched.keys, touched.has_null);
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
REVOKE ALL ON FUNCTION imat_store.fold1_rows_over_groups(boolean) FROM PUBLIC;

-- fold: adds what is pending to the state
CREATE OR REPLACE FUNCTION imat_store.fold2_rows_over_groups(anew boolean DEFAULT false) RETURNS bigint
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
        b.imat_total <> 0 AND b.imat_went1 IS NOT NULL AND (b.max_seconds IS NULL OR b.imat_went1 OPERATOR(pg_catalog.>=) b.max_seconds) AND (b.imat_came1 OPERATOR(pg_catalog.>=) b.imat_went1) IS NOT TRUE AS imat_again1
      FROM (
        SELECT
          u.customer_id,
          COALESCE(pg_catalog.sum(CASE WHEN NOT u.imat_stored THEN u.rows END), 0)::bigint AS rows,
          pg_catalog.max(u.max_seconds) AS max_seconds,
          pg_catalog.max(CASE WHEN u.imat_argument = 1 THEN u.imat_came1 END) AS imat_came1,
          pg_catalog.max(CASE WHEN u.imat_argument = 1 THEN u.imat_went1 END) AS imat_went1,
          COALESCE(pg_catalog.sum(u.rows), 0)::bigint AS imat_total
        FROM (
          SELECT
            s.customer_id,
            s.rows,
            s.max_seconds,
            NULL::integer,
            (NULL::imat_store.state2_rows_over_groups).max_seconds,
            (NULL::imat_store.state2_rows_over_groups).max_seconds,
            TRUE
          FROM imat_store.state2_rows_over_groups AS s
          WHERE EXISTS (SELECT FROM changes AS d WHERE d.customer_id OPERATOR(pg_catalog.=) s.customer_id)
          UNION ALL
          SELECT
            s.customer_id,
            s.rows,
            s.max_seconds,
            NULL::integer,
            (NULL::imat_store.state2_rows_over_groups).max_seconds,
            (NULL::imat_store.state2_rows_over_groups).max_seconds,
            TRUE
          FROM imat_store.state2_rows_over_groups AS s
          WHERE customer_id IS NULL
          UNION ALL
          SELECT
            c.customer_id,
            c.rows,
            (NULL::imat_store.state2_rows_over_groups).max_seconds,
            NULL::integer,
            (NULL::imat_store.state2_rows_over_groups).max_seconds,
            (NULL::imat_store.state2_rows_over_groups).max_seconds,
            FALSE
          FROM changes AS c
          UNION ALL
          SELECT
            n.customer_id,
            NULL::bigint,
            (NULL::imat_store.state2_rows_over_groups).max_seconds,
            n.imat_argument,
            n.imat_came1,
            n.imat_went1,
            FALSE
          FROM (
            SELECT
              n.customer_id,
              1,
              CASE WHEN n.imat_weight > 0 THEN n.imat_value END,
              CASE WHEN n.imat_weight < 0 THEN n.imat_value END
            FROM (
              SELECT
                u.customer_id,
                u.max_seconds AS imat_value,
                pg_catalog.sum(u.rows) AS imat_weight
              FROM changes AS u
              WHERE u.max_seconds IS NOT NULL
              GROUP BY u.customer_id, u.max_seconds
              HAVING pg_catalog.sum(u.rows) <> 0
            ) AS n
          ) AS n(
            customer_id,
            imat_argument,
            imat_came1,
            imat_went1
          )
        ) AS u(
          customer_id,
          rows,
          max_seconds,
          imat_argument,
          imat_came1,
          imat_went1,
          imat_stored
        )
      GROUP BY u.customer_id
      ) AS b
    ), few AS MATERIALIZED (
      SELECT
        CASE WHEN pg_catalog.count(*) <= 4 THEN TRUE ELSE pg_catalog.count(*) <= CASE WHEN EXISTS (
            SELECT FROM pg_catalog.pg_index AS i
            WHERE i.indrelid = '1'::pg_catalog.regclass AND i.indisvalid
              AND i.indpred IS NULL AND i.indkey[0] = 2
          ) THEN (SELECT GREATEST(1000, imat_store.estimated_rows('imat_store.state2_rows_over_groups'::regclass) / 16)) ELSE 4 END END AS is_few
      FROM bounds AS b
      WHERE b.imat_again1
    ), delta AS MATERIALIZED (
      SELECT
        b.customer_id,
        b.rows,
        CASE
          WHEN b.imat_total = 0 THEN NULL
          WHEN b.imat_again1 THEN (SELECT e.max_seconds FROM imat_store.derived2_rows_over_groups(b.imat_access, 1, b.customer_id) AS e(max_seconds))
          WHEN b.imat_came1 IS NULL THEN b.max_seconds
          WHEN b.max_seconds IS NULL OR b.imat_came1 OPERATOR(pg_catalog.>=) b.max_seconds THEN b.imat_came1
          ELSE b.max_seconds
        END AS max_seconds,
        b.max_seconds AS imat_stored1
      FROM bounds AS b
      WHERE (SELECT f.is_few FROM few AS f)
    ), merged AS (
      INSERT INTO imat_store.state2_rows_over_groups AS s (customer_id, rows, max_seconds)
      SELECT customer_id, rows, max_seconds
      FROM delta AS d
      WHERE d.rows <> 0 OR d.imat_stored1 IS DISTINCT FROM d.max_seconds
      ON CONFLICT (customer_id) DO UPDATE SET
        rows = s.rows + EXCLUDED.rows,
        max_seconds = EXCLUDED.max_seconds
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
    SELECT GREATEST(pg_catalog.pg_relation_size('imat_store.log_public_visit'::regclass)) >= 440000 AND imat_catalog.is_outgrown(1, f.snapshot, 2)
    FROM imat_catalog.frontier AS f
    WHERE f.imat_id = 1
  ) THEN
    DELETE FROM imat_store.state2_rows_over_groups;
    INSERT INTO imat_store.state2_rows_over_groups (customer_id, rows, max_seconds)
    SELECT customer_id, rows, max_seconds FROM imat_store.computed2_rows_over_groups((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1));
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
  END IF;
  BEGIN
    EXECUTE pg_catalog.format(upsert, 'imat_store.delta2_rows_over_groups')
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
      EXECUTE pg_catalog.format(upsert, 'imat_store.netted2_rows_over_groups')
      INTO changed, emptied, negative, few;
  END;
  -- Too many groups would have to be derived again.
  IF NOT few THEN
    DELETE FROM imat_store.state2_rows_over_groups;
    INSERT INTO imat_store.state2_rows_over_groups (customer_id, rows, max_seconds)
    SELECT customer_id, rows, max_seconds FROM imat_store.computed2_rows_over_groups((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1));
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
  END IF;
  IF negative THEN
    RAISE EXCEPTION USING
      ERRCODE = 'data_corrupted',
      MESSAGE = 'a row of imat_store.state2_rows_over_groups would have a negative count',
      DETAIL = 'A change of a source was not captured, for example because a trigger of imat was disabled.',
      HINT = 'Run imat repair.';
  END IF;
  DELETE FROM imat_store.state2_rows_over_groups WHERE ctid = ANY (emptied);
  RETURN changed;
END$imat_$;

-- only imat.fold calls it
REVOKE ALL ON FUNCTION imat_store.fold2_rows_over_groups(boolean) FROM PUBLIC;

-- fold: all stores
CREATE OR REPLACE FUNCTION imat_store.fold_rows_over_groups(anew boolean DEFAULT false) RETURNS bigint
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $imat$
DECLARE
  touched bigint := 0;
BEGIN
  touched := touched + imat_store.fold2_rows_over_groups(anew);
  touched := touched + imat_store.fold1_rows_over_groups(anew);
  RETURN touched;
END$imat$;

-- only imat.fold calls it
REVOKE ALL ON FUNCTION imat_store.fold_rows_over_groups(boolean) FROM PUBLIC;

-- what readers use
CREATE VIEW imat.rows_over_groups AS
SELECT
  s.id,
  s.name,
  s.visits,
  s.longest
FROM (
  -- what is stored
  SELECT
    s.id,
    s.name,
    s.visits,
    s.longest,
    0 AS arm
  FROM imat_store.state1_rows_over_groups AS s
  UNION ALL
  -- the answer computed now
  SELECT
    s.id,
    s.name,
    s.visits,
    s.longest,
    2 AS arm
  FROM imat_store.current1_rows_over_groups AS s
  UNION ALL
  -- what the sources have
  SELECT
    s.id,
    s.name,
    s.visits,
    s.longest,
    3 AS arm
  FROM imat_store.computed1_rows_over_groups((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1)) AS s
) AS s
WHERE s.arm = (
  SELECT COALESCE(
    (SELECT CASE WHEN EXISTS (SELECT FROM imat_store.log_public_customer AS l WHERE l.xid <= '18446744073709551615'::pg_catalog.xid8 AND l.xid >= pg_catalog.pg_snapshot_xmin(f.snapshot) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, f.snapshot)) OR EXISTS (SELECT FROM imat_store.log_public_visit AS l WHERE l.xid <= '18446744073709551615'::pg_catalog.xid8 AND l.xid >= pg_catalog.pg_snapshot_xmin(f.snapshot) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, f.snapshot)) THEN CASE WHEN EXISTS (SELECT FROM imat_store.reset AS r WHERE r.relation IN ('1'::pg_catalog.regclass, '1'::pg_catalog.regclass) AND NOT pg_catalog.pg_visible_in_snapshot(r.xid, f.snapshot)) OR imat_catalog.is_rewritten(ARRAY['1'::pg_catalog.regclass, '1'::pg_catalog.regclass]) OR GREATEST(pg_catalog.pg_relation_size('imat_store.log_public_customer'::regclass), pg_catalog.pg_relation_size('imat_store.log_public_visit'::regclass)) >= 440000 AND imat_catalog.is_outgrown(1, f.snapshot, 8) THEN 3 ELSE 2 END ELSE 0 END FROM imat_catalog.frontier AS f WHERE f.imat_id = 1 AND f.state_relation IN ('imat_store.state1_rows_over_groups'::regclass) AND f.here AND 'imat_store.definition_rows_over_groups'::regclass IS NOT NULL AND (TRUE OR EXISTS (SELECT FROM public.customer, public.visit))),
    imat_catalog.arm_without_frontier('rows_over_groups', 3)
  )
);

-- what a colleague finds
COMMENT ON VIEW imat.rows_over_groups IS 'imat: answers as its query would now. See imat explain; imat revert removes it.';

-- who may read the materialized view may read it
SELECT imat_catalog.copy_grants('public.rows_over_groups', 'imat.rows_over_groups');

-- a comment of the materialized view
COMMENT ON VIEW imat.rows_over_groups IS 'shows rows-over-groups';

-- an index of the materialized view
CREATE INDEX ON imat_store.state1_rows_over_groups USING btree ((1));
