-- hostile-names: nothing in a name can leave its quotes
--
-- SELECT t."select",
--     t."line
-- break",
--     t."%I",
--     sum(t."$imat$") AS "sum""med",
--     count(t."na""me") AS weight
--    FROM "Odd ""schema"."it's; a \ table" t
--   WHERE t."select" <> '$imat$ \ ''%'::text
--   GROUP BY t."select", t."line
-- break", t."%I"
--
-- strategy delta, freshness live
-- reads Odd "schema.it's; a \ table (select, na"me, $imat$, line
-- break, %I)
-- project select, line
-- break, %I, sum"med, weight: computed when read, stores nothing
--   group by t.select, t.line
-- break, t.%I: stored, one row per group, stores select, line
-- break, %I
--       t.select: group key, stores select
--       t.line
-- break: group key, stores line
-- break
--       t.%I: group key, stores %I
--       rows of the group: additive part, stores rows
--       rows where t.$imat$ is not null: additive part, stores count_$imat$
--       rows where t.$imat$ is NaN: additive part, stores nan_$imat$
--       sum of t.$imat$: additive part, stores sum_$imat$
--       rows where t.name is not null: additive part, stores count_na"me
--       sum(t.$imat$): finished aggregate, stores sum"med
--     filter (t.select <> ('$imat$ \ ''%')::text): linear, stores nothing
--       scan Odd "schema.it's; a \ table AS t (select, na"me, $imat$, line
-- break, %I): linear, stores nothing

-- the definition, as a view
CREATE VIEW imat_store."definition_Robert'); DROP TABLE sale; --" AS
SELECT t."select",
    t."line
break",
    t."%I",
    sum(t."$imat$") AS "sum""med",
    count(t."na""me") AS weight
   FROM "Odd ""schema"."it's; a \ table" t
  WHERE t."select" <> '$imat$ \ ''%'::text
  GROUP BY t."select", t."line
break", t."%I";

-- the change log of Odd "schema.it's; a \ table, if it is not there yet
CREATE TABLE imat_store."log_Odd ""schema_it's; a \ table" (
  xid xid8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id(),
  weight integer NOT NULL,
  c1 text,
  c2 integer,
  c4 numeric,
  c5 text,
  c6 text COLLATE pg_catalog."C"
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000, autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 50000, vacuum_truncate = false);
ALTER TABLE imat_store."log_Odd ""schema_it's; a \ table" REPLICA IDENTITY FULL;

-- capture on Odd "schema.it's; a \ table
CREATE OR REPLACE FUNCTION imat_store."capture_insert_Odd ""schema_it's; a \ table"() RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
AS $imat_$
DECLARE
  changed pg_catalog.int8;
BEGIN
  IF imat_store.has_columns('1'::pg_catalog.regclass, E'imat_store."log_Odd ""schema_it''s; a \\ table"', '{1,2,4,5,6}', ARRAY['select', 'na"me', '$imat$', 'line
break', '%I']::pg_catalog.text[]) THEN
  INSERT INTO imat_store."log_Odd ""schema_it's; a \ table" (weight, c1, c2, c4, c5, c6)
  SELECT 1, n."select", n."na""me", n."$imat$", n."line
break", n."%I" FROM new_rows AS n
  LIMIT 100000;
GET DIAGNOSTICS changed = ROW_COUNT;
IF changed OPERATOR(pg_catalog.=) 100000 THEN
  changed := (SELECT pg_catalog.count(*) FROM new_rows);
  IF imat_store.is_loggable('1'::pg_catalog.regclass, changed) THEN
    INSERT INTO imat_store."log_Odd ""schema_it's; a \ table" (weight, c1, c2, c4, c5, c6)
  SELECT 1, n."select", n."na""me", n."$imat$", n."line
break", n."%I" FROM new_rows AS n
      OFFSET 100000;
  ELSE
    INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);
  END IF;
END IF;
ELSE
  EXECUTE imat_store.capture_command(TG_RELID, E'imat_store."log_Odd ""schema_it''s; a \\ table"', '{1,2,4,5,6}', TG_OP);
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
END$imat_$;

-- capture on Odd "schema.it's; a \ table
REVOKE ALL ON FUNCTION imat_store."capture_insert_Odd ""schema_it's; a \ table"() FROM PUBLIC;

-- capture on Odd "schema.it's; a \ table
CREATE OR REPLACE FUNCTION imat_store."capture_update_Odd ""schema_it's; a \ table"() RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
AS $imat_$
DECLARE
  changed pg_catalog.int8;
BEGIN
  IF imat_store.has_columns('1'::pg_catalog.regclass, E'imat_store."log_Odd ""schema_it''s; a \\ table"', '{1,2,4,5,6}', ARRAY['select', 'na"me', '$imat$', 'line
break', '%I']::pg_catalog.text[]) THEN
  INSERT INTO imat_store."log_Odd ""schema_it's; a \ table" (weight, c1, c2, c4, c5, c6)
  SELECT pg_catalog.sum(u.weight), u.c1, u.c2, u.c4, u.c5, u.c6
  FROM (
    SELECT -1 AS weight, o."select" AS c1, o."na""me" AS c2, o."$imat$" AS c4, o."line
break" AS c5, o."%I" AS c6 FROM old_rows AS o
    UNION ALL
    SELECT 1, n."select" AS c1, n."na""me" AS c2, n."$imat$" AS c4, n."line
break" AS c5, n."%I" AS c6 FROM new_rows AS n
  ) AS u
  GROUP BY u.c1, u.c2, u.c4, u.c5, u.c6
  HAVING pg_catalog.sum(u.weight) OPERATOR(pg_catalog.<>) 0;
ELSE
  EXECUTE imat_store.capture_command(TG_RELID, E'imat_store."log_Odd ""schema_it''s; a \\ table"', '{1,2,4,5,6}', TG_OP);
END IF;
  RETURN NULL;
END$imat_$;

-- capture on Odd "schema.it's; a \ table
REVOKE ALL ON FUNCTION imat_store."capture_update_Odd ""schema_it's; a \ table"() FROM PUBLIC;

-- capture on Odd "schema.it's; a \ table
CREATE OR REPLACE FUNCTION imat_store."capture_delete_Odd ""schema_it's; a \ table"() RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
AS $imat_$
DECLARE
  changed pg_catalog.int8;
BEGIN
  IF imat_store.has_columns('1'::pg_catalog.regclass, E'imat_store."log_Odd ""schema_it''s; a \\ table"', '{1,2,4,5,6}', ARRAY['select', 'na"me', '$imat$', 'line
break', '%I']::pg_catalog.text[]) THEN
  INSERT INTO imat_store."log_Odd ""schema_it's; a \ table" (weight, c1, c2, c4, c5, c6)
  SELECT -1, o."select", o."na""me", o."$imat$", o."line
break", o."%I" FROM old_rows AS o
  LIMIT 100000;
GET DIAGNOSTICS changed = ROW_COUNT;
IF changed OPERATOR(pg_catalog.=) 100000 THEN
  changed := (SELECT pg_catalog.count(*) FROM old_rows);
  IF imat_store.is_loggable('1'::pg_catalog.regclass, changed) THEN
    INSERT INTO imat_store."log_Odd ""schema_it's; a \ table" (weight, c1, c2, c4, c5, c6)
  SELECT -1, o."select", o."na""me", o."$imat$", o."line
break", o."%I" FROM old_rows AS o
      OFFSET 100000;
  ELSE
    INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);
  END IF;
END IF;
ELSE
  EXECUTE imat_store.capture_command(TG_RELID, E'imat_store."log_Odd ""schema_it''s; a \\ table"', '{1,2,4,5,6}', TG_OP);
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
END$imat_$;

-- capture on Odd "schema.it's; a \ table
REVOKE ALL ON FUNCTION imat_store."capture_delete_Odd ""schema_it's; a \ table"() FROM PUBLIC;

-- capture on Odd "schema.it's; a \ table
CREATE OR REPLACE FUNCTION imat_store."capture_truncate_Odd ""schema_it's; a \ table"() RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
AS $imat$
DECLARE
  changed pg_catalog.int8;
BEGIN
  INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);
INSERT INTO imat_store."log_Odd ""schema_it's; a \ table" (weight) VALUES (0);
  RETURN NULL;
END$imat$;

-- capture on Odd "schema.it's; a \ table
REVOKE ALL ON FUNCTION imat_store."capture_truncate_Odd ""schema_it's; a \ table"() FROM PUBLIC;

-- trigger on Odd "schema.it's; a \ table
CREATE OR REPLACE TRIGGER "!imat_insert" AFTER INSERT ON "Odd ""schema"."it's; a \ table" REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION imat_store."capture_insert_Odd ""schema_it's; a \ table"();

-- trigger on Odd "schema.it's; a \ table
CREATE OR REPLACE TRIGGER "!imat_update" AFTER UPDATE ON "Odd ""schema"."it's; a \ table" REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION imat_store."capture_update_Odd ""schema_it's; a \ table"();

-- trigger on Odd "schema.it's; a \ table
CREATE OR REPLACE TRIGGER "!imat_delete" AFTER DELETE ON "Odd ""schema"."it's; a \ table" REFERENCING OLD TABLE AS old_rows
FOR EACH STATEMENT EXECUTE FUNCTION imat_store."capture_delete_Odd ""schema_it's; a \ table"();

-- trigger on Odd "schema.it's; a \ table
CREATE OR REPLACE TRIGGER "~imat_truncate" BEFORE TRUNCATE ON "Odd ""schema"."it's; a \ table"
FOR EACH STATEMENT EXECUTE FUNCTION imat_store."capture_truncate_Odd ""schema_it's; a \ table"();

-- trigger on Odd "schema.it's; a \ table
ALTER TABLE "Odd ""schema"."it's; a \ table" ENABLE ALWAYS TRIGGER "!imat_insert", ENABLE ALWAYS TRIGGER "!imat_update", ENABLE ALWAYS TRIGGER "!imat_delete", ENABLE ALWAYS TRIGGER "~imat_truncate";

-- trigger on Odd "schema.it's; a \ table
COMMENT ON TRIGGER "!imat_insert" ON "Odd ""schema"."it's; a \ table" IS 'imat: captures changes for the views in the schema imat that read this table. See imat status; imat revert removes it with the last of them.';

-- trigger on Odd "schema.it's; a \ table
COMMENT ON TRIGGER "!imat_update" ON "Odd ""schema"."it's; a \ table" IS 'imat: captures changes for the views in the schema imat that read this table. See imat status; imat revert removes it with the last of them.';

-- trigger on Odd "schema.it's; a \ table
COMMENT ON TRIGGER "!imat_delete" ON "Odd ""schema"."it's; a \ table" IS 'imat: captures changes for the views in the schema imat that read this table. See imat status; imat revert removes it with the last of them.';

-- trigger on Odd "schema.it's; a \ table
COMMENT ON TRIGGER "~imat_truncate" ON "Odd ""schema"."it's; a \ table" IS 'imat: captures changes for the views in the schema imat that read this table. See imat status; imat revert removes it with the last of them.';

-- the state: one row per group, with what each aggregate needs
CREATE TABLE imat_store."state_Robert'); DROP TABLE sale; --" WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02) AS
SELECT
  r1."select" AS "select",
  r1."line
break" AS "line
break",
  r1."%I" AS "%I",
  pg_catalog.count(*) AS rows,
  pg_catalog.count(*) FILTER (WHERE r1."$imat$" IS NOT NULL) AS "count_$imat$",
  pg_catalog.count(*) FILTER (WHERE r1."$imat$" = 'NaN'::numeric) AS "nan_$imat$",
  COALESCE(pg_catalog.sum(r1."$imat$") FILTER (WHERE r1."$imat$" <> 'NaN'::numeric), 0)::numeric AS "sum_$imat$",
  pg_catalog.count(*) FILTER (WHERE r1."na""me" IS NOT NULL) AS "count_na""me"
FROM
  "Odd ""schema"."it's; a \ table" AS r1
WHERE (r1."select" <> ('$imat$ \ ''%')::text)
GROUP BY 1, 2, 3;

-- what publications of all tables need
ALTER TABLE imat_store."state_Robert'); DROP TABLE sale; --" REPLICA IDENTITY FULL;

-- finished aggregates, computed once
ALTER TABLE imat_store."state_Robert'); DROP TABLE sale; --"
  ADD COLUMN "sum""med" numeric GENERATED ALWAYS AS (CASE WHEN "count_$imat$" > 0 THEN CASE WHEN "nan_$imat$" > 0 THEN 'NaN'::numeric ELSE ("sum_$imat$")::numeric END END) STORED;

-- what finds a group, NULL keys being equal
CREATE UNIQUE INDEX ON imat_store."state_Robert'); DROP TABLE sale; --" ("select", "line
break", "%I") NULLS NOT DISTINCT;

-- what finds the rows with NULL in a key
CREATE INDEX ON imat_store."state_Robert'); DROP TABLE sale; --" ((1)) WHERE "select" IS NULL OR "line
break" IS NULL OR "%I" IS NULL;

-- what the column holds
COMMENT ON COLUMN imat_store."state_Robert'); DROP TABLE sale; --"."select" IS 't.select';

-- what the column holds
COMMENT ON COLUMN imat_store."state_Robert'); DROP TABLE sale; --"."line
break" IS 't.line
break';

-- what the column holds
COMMENT ON COLUMN imat_store."state_Robert'); DROP TABLE sale; --"."%I" IS 't.%I';

-- what the column holds
COMMENT ON COLUMN imat_store."state_Robert'); DROP TABLE sale; --".rows IS 'rows of the group';

-- what the column holds
COMMENT ON COLUMN imat_store."state_Robert'); DROP TABLE sale; --"."count_$imat$" IS 'rows where t.$imat$ is not null';

-- what the column holds
COMMENT ON COLUMN imat_store."state_Robert'); DROP TABLE sale; --"."nan_$imat$" IS 'rows where t.$imat$ is NaN';

-- what the column holds
COMMENT ON COLUMN imat_store."state_Robert'); DROP TABLE sale; --"."sum_$imat$" IS 'sum of t.$imat$';

-- what the column holds
COMMENT ON COLUMN imat_store."state_Robert'); DROP TABLE sale; --"."count_na""me" IS 'rows where t.name is not null';

-- what the column holds
COMMENT ON COLUMN imat_store."state_Robert'); DROP TABLE sale; --"."sum""med" IS 'sum(t.$imat$)';

-- statistics
ANALYZE imat_store."state_Robert'); DROP TABLE sale; --";

-- what is pending, as rows of the state
CREATE VIEW imat_store."delta_Robert'); DROP TABLE sale; --" AS
WITH pending AS MATERIALIZED (
  SELECT
    f.snapshot
  FROM imat_catalog.frontier AS f
  WHERE f.imat_id = 1
)
-- plus changes of Odd "schema.it's; a \ table AS t
SELECT
  r1."select" AS "select",
  r1."line
break" AS "line
break",
  r1."%I" AS "%I",
  r1.weight AS rows,
  CASE WHEN r1."$imat$" IS NOT NULL THEN r1.weight ELSE 0 END AS "count_$imat$",
  CASE WHEN r1."$imat$" = 'NaN'::numeric THEN r1.weight ELSE 0 END AS "nan_$imat$",
  CASE WHEN r1."$imat$" <> 'NaN'::numeric THEN CASE r1.weight WHEN 1 THEN r1."$imat$" WHEN -1 THEN -r1."$imat$" ELSE r1."$imat$" * r1.weight END ELSE 0 END AS "sum_$imat$",
  CASE WHEN r1."na""me" IS NOT NULL THEN r1.weight ELSE 0 END AS "count_na""me"
FROM
  (
  SELECT l.weight::bigint AS weight, l.c1 AS "select", l.c2 AS "na""me", l.c4::numeric(6,2) AS "$imat$", l.c5 AS "line
break", l.c6 AS "%I"
  FROM imat_store."log_Odd ""schema_it's; a \ table" AS l
  WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
) AS r1
WHERE (r1."select" <> ('$imat$ \ ''%')::text);

-- the same, with pending rows cancelled against each other first
CREATE VIEW imat_store."netted_Robert'); DROP TABLE sale; --" AS
WITH pending AS MATERIALIZED (
  SELECT
    f.snapshot
  FROM imat_catalog.frontier AS f
  WHERE f.imat_id = 1
)
-- plus changes of Odd "schema.it's; a \ table AS t
SELECT
  r1."select" AS "select",
  r1."line
break" AS "line
break",
  r1."%I" AS "%I",
  r1.weight AS rows,
  CASE WHEN r1."$imat$" IS NOT NULL THEN r1.weight ELSE 0 END AS "count_$imat$",
  CASE WHEN r1."$imat$" = 'NaN'::numeric THEN r1.weight ELSE 0 END AS "nan_$imat$",
  CASE WHEN r1."$imat$" <> 'NaN'::numeric THEN CASE r1.weight WHEN 1 THEN r1."$imat$" WHEN -1 THEN -r1."$imat$" ELSE r1."$imat$" * r1.weight END ELSE 0 END AS "sum_$imat$",
  CASE WHEN r1."na""me" IS NOT NULL THEN r1.weight ELSE 0 END AS "count_na""me"
FROM
  (
  SELECT pg_catalog.sum(l.weight)::bigint AS weight, l.c1 AS "select", l.c2 AS "na""me", l.c4::numeric(6,2) AS "$imat$", l.c5 AS "line
break", l.c6 AS "%I"
  FROM imat_store."log_Odd ""schema_it's; a \ table" AS l
  WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
  GROUP BY l.c1, l.c2, l.c4::numeric(6,2), l.c5, l.c6
  HAVING pg_catalog.sum(l.weight) <> 0
  OFFSET 0
) AS r1
WHERE (r1."select" <> ('$imat$ \ ''%')::text);

-- the state computed anew
CREATE VIEW imat_store."content_Robert'); DROP TABLE sale; --" AS
SELECT
  r1."select" AS "select",
  r1."line
break" AS "line
break",
  r1."%I" AS "%I",
  pg_catalog.count(*) AS rows,
  pg_catalog.count(*) FILTER (WHERE r1."$imat$" IS NOT NULL) AS "count_$imat$",
  pg_catalog.count(*) FILTER (WHERE r1."$imat$" = 'NaN'::numeric) AS "nan_$imat$",
  COALESCE(pg_catalog.sum(r1."$imat$") FILTER (WHERE r1."$imat$" <> 'NaN'::numeric), 0)::numeric AS "sum_$imat$",
  pg_catalog.count(*) FILTER (WHERE r1."na""me" IS NOT NULL) AS "count_na""me"
FROM
  "Odd ""schema"."it's; a \ table" AS r1
WHERE (r1."select" <> ('$imat$ \ ''%')::text)
GROUP BY 1, 2, 3;

-- the same as a function, which is planned when it runs
CREATE OR REPLACE FUNCTION imat_store."computed_Robert'); DROP TABLE sale; --"(access_key uuid) RETURNS SETOF imat_store."content_Robert'); DROP TABLE sale; --"
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
      MESSAGE = 'only the view of the imat may call imat_store."computed_Robert''); DROP TABLE sale; --"';
  END IF;
  RETURN QUERY EXECUTE 'SELECT * FROM imat_store."content_Robert''); DROP TABLE sale; --"';
  IF imat_catalog.is_rewritten_meanwhile(19) THEN
    RAISE EXCEPTION USING
      ERRCODE = 'serialization_failure',
      MESSAGE = 'a table was truncated or rewritten after this statement began',
      HINT = 'Run the statement again.';
  END IF;
END$imat$;

-- a view calls functions with the rights of its readers
GRANT EXECUTE ON FUNCTION imat_store."computed_Robert'); DROP TABLE sale; --"(uuid) TO PUBLIC;

-- the answer as the sources have it
CREATE VIEW imat_store."answer_Robert'); DROP TABLE sale; --" AS
SELECT
  (g.c7)::text AS "select",
  (g.c8)::text AS "line
break",
  (g.c9)::text AS "%I",
  (g.c10)::numeric AS "sum""med",
  (g.c12)::bigint AS "count_na""me"
FROM
  (
  SELECT r1."select" AS c7, r1."line
break" AS c8, r1."%I" AS c9, pg_catalog.sum(r1."$imat$") AS c10, pg_catalog.count(r1."na""me") AS c12
  FROM "Odd ""schema"."it's; a \ table" AS r1
WHERE (r1."select" <> ('$imat$ \ ''%')::text)
  GROUP BY 1, 2, 3
) AS g;

-- the same as a function, for reads while too much or a reset is pending
CREATE OR REPLACE FUNCTION imat_store."answered_Robert'); DROP TABLE sale; --"(access_key uuid) RETURNS SETOF imat_store."answer_Robert'); DROP TABLE sale; --"
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
      MESSAGE = 'only the view of the imat may call imat_store."answered_Robert''); DROP TABLE sale; --"';
  END IF;
  RETURN QUERY EXECUTE 'SELECT * FROM imat_store."answer_Robert''); DROP TABLE sale; --"';
  IF imat_catalog.is_rewritten_meanwhile(19) THEN
    RAISE EXCEPTION USING
      ERRCODE = 'serialization_failure',
      MESSAGE = 'a table was truncated or rewritten after this statement began',
      HINT = 'Run the statement again.';
  END IF;
END$imat$;

-- a view calls functions with the rights of its readers
GRANT EXECUTE ON FUNCTION imat_store."answered_Robert'); DROP TABLE sale; --"(uuid) TO PUBLIC;

-- state and pending changes, added up
CREATE VIEW imat_store."current_Robert'); DROP TABLE sale; --" WITH (security_barrier) AS
SELECT
  s."select",
  s."line
break",
  s."%I",
  s."sum""med",
  s."count_na""me"
FROM (
  -- what is stored and stays
  SELECT
    s."select",
    s."line
break",
    s."%I",
    s."sum""med",
    s."count_na""me"
  FROM imat_store."state_Robert'); DROP TABLE sale; --" AS s
  WHERE s."select" IS NOT NULL
    AND s."line
break" IS NOT NULL
    AND s."%I" IS NOT NULL
    AND NOT EXISTS (SELECT FROM imat_store."delta_Robert'); DROP TABLE sale; --" AS d WHERE d."select" OPERATOR(pg_catalog.=) s."select" AND d."line
break" OPERATOR(pg_catalog.=) s."line
break" AND d."%I" OPERATOR(pg_catalog.=) s."%I")
  UNION ALL
  -- what is stored and what is pending, added up
  SELECT
    s."select",
    s."line
break",
    s."%I",
    (CASE WHEN s."count_$imat$" > 0 THEN CASE WHEN s."nan_$imat$" > 0 THEN 'NaN'::numeric ELSE (s."sum_$imat$")::numeric END END)::numeric AS "sum""med",
    s."count_na""me"
  FROM (
    SELECT
      u."select",
      u."line
break",
      u."%I",
      COALESCE(pg_catalog.sum(u.rows), 0)::bigint AS rows,
      COALESCE(pg_catalog.sum(u."count_$imat$"), 0)::bigint AS "count_$imat$",
      COALESCE(pg_catalog.sum(u."nan_$imat$"), 0)::bigint AS "nan_$imat$",
      COALESCE(pg_catalog.sum(u."sum_$imat$"), 0)::numeric AS "sum_$imat$",
      COALESCE(pg_catalog.sum(u."count_na""me"), 0)::bigint AS "count_na""me"
    FROM (
      SELECT "select", "line
break", "%I", rows, "count_$imat$", "nan_$imat$", "sum_$imat$", "count_na""me" FROM imat_store."state_Robert'); DROP TABLE sale; --" AS s WHERE EXISTS (SELECT FROM imat_store."delta_Robert'); DROP TABLE sale; --" AS d WHERE d."select" OPERATOR(pg_catalog.=) s."select" AND d."line
break" OPERATOR(pg_catalog.=) s."line
break" AND d."%I" OPERATOR(pg_catalog.=) s."%I")
      UNION ALL
      SELECT "select", "line
break", "%I", rows, "count_$imat$", "nan_$imat$", "sum_$imat$", "count_na""me" FROM imat_store."state_Robert'); DROP TABLE sale; --" AS s WHERE "select" IS NULL OR "line
break" IS NULL OR "%I" IS NULL
      UNION ALL
      SELECT "select", "line
break", "%I", rows, "count_$imat$", "nan_$imat$", "sum_$imat$", "count_na""me" FROM imat_store."delta_Robert'); DROP TABLE sale; --"
    ) AS u
    GROUP BY u."select", u."line
break", u."%I"
  HAVING pg_catalog.sum(u.rows) <> 0
  ) AS s
) AS s;

-- fold: adds what is pending to the state
CREATE OR REPLACE FUNCTION imat_store."fold_Robert'); DROP TABLE sale; --"(anew boolean DEFAULT false) RETURNS bigint
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET row_security = off
SET jit = off
SET random_page_cost = 1.1
SET standard_conforming_strings = on
AS $imat__$
#variable_conflict use_column
DECLARE
  -- Reads what is pending from the view that it is formatted with.
  upsert CONSTANT text := $imat_$
    WITH changes AS (
      TABLE %s
    ), delta AS (
      SELECT
        u."select",
        u."line
break",
        u."%%I",
        COALESCE(pg_catalog.sum(u.rows), 0)::bigint AS rows,
        COALESCE(pg_catalog.sum(u."count_$imat$"), 0)::bigint AS "count_$imat$",
        COALESCE(pg_catalog.sum(u."nan_$imat$"), 0)::bigint AS "nan_$imat$",
        COALESCE(pg_catalog.sum(u."sum_$imat$"), 0)::numeric AS "sum_$imat$",
        COALESCE(pg_catalog.sum(u."count_na""me"), 0)::bigint AS "count_na""me"
      FROM (
        SELECT "select", "line
break", "%%I", rows, "count_$imat$", "nan_$imat$", "sum_$imat$", "count_na""me" FROM changes
      ) AS u
      GROUP BY u."select", u."line
break", u."%%I"
    ), merged AS (
      INSERT INTO imat_store."state_Robert'); DROP TABLE sale; --" AS s ("select", "line
break", "%%I", rows, "count_$imat$", "nan_$imat$", "sum_$imat$", "count_na""me")
      SELECT "select", "line
break", "%%I", rows, "count_$imat$", "nan_$imat$", "sum_$imat$", "count_na""me"
      FROM delta AS d
      WHERE d.rows <> 0 OR d."count_$imat$" <> 0 OR d."nan_$imat$" <> 0 OR d."sum_$imat$" <> 0 OR d."count_na""me" <> 0
      ON CONFLICT ("select", "line
break", "%%I") DO UPDATE SET
        rows = s.rows + EXCLUDED.rows,
        "count_$imat$" = s."count_$imat$" + EXCLUDED."count_$imat$",
        "nan_$imat$" = s."nan_$imat$" + EXCLUDED."nan_$imat$",
        "sum_$imat$" = s."sum_$imat$" + EXCLUDED."sum_$imat$",
        "count_na""me" = s."count_na""me" + EXCLUDED."count_na""me"
      RETURNING s.ctid, s.rows
    )
    SELECT
      pg_catalog.count(*),
      pg_catalog.array_agg(m.ctid) FILTER (WHERE m.rows = 0),
      pg_catalog.bool_or(m.rows < 0)
    FROM merged AS m
  $imat_$;
  changed bigint;
  emptied tid[];
  negative boolean;
BEGIN
  IF anew OR imat_catalog.has_reset(imat => 1) OR (
  SELECT GREATEST(pg_catalog.pg_relation_size(E'imat_store."log_Odd ""schema_it''s; a \\ table"'::regclass)) >= 440000 AND imat_catalog.is_outgrown(1, f.snapshot, 2)
  FROM imat_catalog.frontier AS f
  WHERE f.imat_id = 1
) THEN
  DELETE FROM imat_store."state_Robert'); DROP TABLE sale; --";
  INSERT INTO imat_store."state_Robert'); DROP TABLE sale; --" ("select", "line
break", "%I", rows, "count_$imat$", "nan_$imat$", "sum_$imat$", "count_na""me")
  SELECT "select", "line
break", "%I", rows, "count_$imat$", "nan_$imat$", "sum_$imat$", "count_na""me" FROM imat_store."computed_Robert'); DROP TABLE sale; --"((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1));
  GET DIAGNOSTICS changed = ROW_COUNT;
  RETURN changed;
END IF;
BEGIN
  EXECUTE pg_catalog.format(upsert, 'imat_store."delta_Robert''); DROP TABLE sale; --"')
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
    EXECUTE pg_catalog.format(upsert, 'imat_store."netted_Robert''); DROP TABLE sale; --"')
    INTO changed, emptied, negative;
END;
IF negative THEN
  RAISE EXCEPTION USING
    ERRCODE = 'data_corrupted',
    MESSAGE = 'a row of imat_store."state_Robert''); DROP TABLE sale; --" would have a negative count',
    DETAIL = 'A change of a source was not captured, for example because a trigger of imat was disabled.',
    HINT = 'Run imat repair.';
END IF;
DELETE FROM imat_store."state_Robert'); DROP TABLE sale; --" WHERE ctid = ANY (emptied);
RETURN changed;
END$imat__$;

-- only imat.fold calls it
REVOKE ALL ON FUNCTION imat_store."fold_Robert'); DROP TABLE sale; --"(boolean) FROM PUBLIC;

-- what readers use
CREATE VIEW imat."Robert'); DROP TABLE sale; --" AS
SELECT
  s."select" AS "select",
  s."line
break" AS "line
break",
  s."%I" AS "%I",
  s."sum""med" AS "sum""med",
  s."count_na""me" AS weight
FROM (
  -- what is stored
  SELECT
    s."select",
    s."line
break",
    s."%I",
    s."sum""med",
    s."count_na""me",
    0 AS arm
  FROM imat_store."state_Robert'); DROP TABLE sale; --" AS s
  UNION ALL
  -- the answer computed now
  SELECT
    s."select",
    s."line
break",
    s."%I",
    s."sum""med",
    s."count_na""me",
    2 AS arm
  FROM imat_store."current_Robert'); DROP TABLE sale; --" AS s
  UNION ALL
  -- what the sources have
  SELECT
    s."select",
    s."line
break",
    s."%I",
    s."sum""med",
    s."count_na""me",
    3 AS arm
  FROM imat_store."answered_Robert'); DROP TABLE sale; --"((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1)) AS s
) AS s
WHERE s.arm = (
  SELECT COALESCE(
    (SELECT CASE WHEN EXISTS (SELECT FROM imat_store."log_Odd ""schema_it's; a \ table" AS l WHERE l.xid <= '18446744073709551615'::pg_catalog.xid8 AND l.xid >= pg_catalog.pg_snapshot_xmin(f.snapshot) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, f.snapshot)) THEN CASE WHEN EXISTS (SELECT FROM imat_store.reset AS r WHERE r.relation IN ('1'::pg_catalog.regclass) AND NOT pg_catalog.pg_visible_in_snapshot(r.xid, f.snapshot)) OR GREATEST(pg_catalog.pg_relation_size(E'imat_store."log_Odd ""schema_it''s; a \\ table"'::regclass)) >= 440000 AND imat_catalog.is_outgrown(1, f.snapshot, 8) THEN 3 ELSE 2 END ELSE 0 END FROM imat_catalog.frontier AS f WHERE f.imat_id = 1 AND f.state_relation IN ('imat_store."state_Robert''); DROP TABLE sale; --"'::regclass) AND f.here AND 'imat_store."definition_Robert''); DROP TABLE sale; --"'::regclass IS NOT NULL),
    imat_catalog.arm_without_frontier('Robert''); DROP TABLE sale; --', 3)
  )
);

-- what a colleague finds
COMMENT ON VIEW imat."Robert'); DROP TABLE sale; --" IS 'imat: answers as its query would now. See imat explain; imat revert removes it.';

-- who may read the materialized view may read it
SELECT imat_catalog.copy_grants('public."Robert''); DROP TABLE sale; --"', 'imat."Robert''); DROP TABLE sale; --"');

-- a comment of the materialized view
COMMENT ON VIEW imat."Robert'); DROP TABLE sale; --" IS 'shows hostile-names';

-- an index of the materialized view
CREATE INDEX ON imat_store."state_Robert'); DROP TABLE sale; --" USING btree ((1));
