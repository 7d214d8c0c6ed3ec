-- self-join: three occurrences of two tables
--
-- SELECT b.name AS boss,
--     count(*) AS sales
--    FROM public.customer c
--      JOIN public.customer b ON b.id = c.boss
--      JOIN public.sale s ON s.customer_id = c.id
--   GROUP BY b.name
--
-- strategy delta, freshness live
-- reads public.customer (id, name, boss)
-- reads public.sale (customer_id)
-- project boss, sales: computed when read, stores nothing
--   group by b.name: stored, one row per group, stores boss
--       b.name: group key, stores boss
--       rows of the group: additive part, stores rows
--     join on (b.id = c.boss) AND (s.customer_id = c.id): multilinear, stores nothing
--       scan public.customer AS c (id, boss): linear, stores nothing
--       scan public.customer AS b (id, name): linear, stores nothing
--       scan public.sale AS s (customer_id): linear, stores nothing

-- the definition, as a view
CREATE VIEW imat_store.definition_self_join AS
SELECT b.name AS boss,
    count(*) AS sales
   FROM public.customer c
     JOIN public.customer b ON b.id = c.boss
     JOIN public.sale s ON s.customer_id = c.id
  GROUP BY b.name;

-- the change log of public.customer, if it is not there yet
CREATE TABLE imat_store.log_public_customer (
  xid xid8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id(),
  weight integer NOT NULL,
  c1 integer,
  c2 text,
  c4 integer
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_customer', '{1,2,4}', ARRAY['id', 'name', 'boss']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_customer (weight, c1, c2, c4)
      SELECT 1, n.id, n.name, n.boss FROM new_rows AS n
      LIMIT 100000;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed OPERATOR(pg_catalog.=) 100000 THEN
      changed := (SELECT pg_catalog.count(*) FROM new_rows);
      IF imat_store.is_loggable('1'::pg_catalog.regclass, changed) THEN
        INSERT INTO imat_store.log_public_customer (weight, c1, c2, c4)
          SELECT 1, n.id, n.name, n.boss FROM new_rows AS n
          OFFSET 100000;
      ELSE
        INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);
      END IF;
    END IF;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_customer', '{1,2,4}', TG_OP);
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_customer', '{1,2,4}', ARRAY['id', 'name', 'boss']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_customer (weight, c1, c2, c4)
      SELECT pg_catalog.sum(u.weight), u.c1, u.c2, u.c4
      FROM (
        SELECT -1 AS weight, o.id AS c1, o.name AS c2, o.boss AS c4 FROM old_rows AS o
        UNION ALL
        SELECT 1, n.id AS c1, n.name AS c2, n.boss AS c4 FROM new_rows AS n
      ) AS u
      GROUP BY u.c1, u.c2, u.c4
      HAVING pg_catalog.sum(u.weight) OPERATOR(pg_catalog.<>) 0;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_customer', '{1,2,4}', TG_OP);
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_customer', '{1,2,4}', ARRAY['id', 'name', 'boss']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_customer (weight, c1, c2, c4)
      SELECT -1, o.id, o.name, o.boss FROM old_rows AS o
      LIMIT 100000;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed OPERATOR(pg_catalog.=) 100000 THEN
      changed := (SELECT pg_catalog.count(*) FROM old_rows);
      IF imat_store.is_loggable('1'::pg_catalog.regclass, changed) THEN
        INSERT INTO imat_store.log_public_customer (weight, c1, c2, c4)
          SELECT -1, o.id, o.name, o.boss FROM old_rows AS o
          OFFSET 100000;
      ELSE
        INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);
      END IF;
    END IF;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_customer', '{1,2,4}', TG_OP);
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

-- the change log of public.sale, if it is not there yet
CREATE TABLE imat_store.log_public_sale (
  xid xid8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id(),
  weight integer NOT NULL,
  c2 integer
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_sale', '{2}', ARRAY['customer_id']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_sale (weight, c2)
      SELECT 1, n.customer_id FROM new_rows AS n
      LIMIT 100000;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed OPERATOR(pg_catalog.=) 100000 THEN
      changed := (SELECT pg_catalog.count(*) FROM new_rows);
      IF imat_store.is_loggable('1'::pg_catalog.regclass, changed) THEN
        INSERT INTO imat_store.log_public_sale (weight, c2)
          SELECT 1, n.customer_id FROM new_rows AS n
          OFFSET 100000;
      ELSE
        INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);
      END IF;
    END IF;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_sale', '{2}', TG_OP);
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_sale', '{2}', ARRAY['customer_id']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_sale (weight, c2)
      SELECT pg_catalog.sum(u.weight), u.c2
      FROM (
        SELECT -1 AS weight, o.customer_id AS c2 FROM old_rows AS o
        UNION ALL
        SELECT 1, n.customer_id AS c2 FROM new_rows AS n
      ) AS u
      GROUP BY u.c2
      HAVING pg_catalog.sum(u.weight) OPERATOR(pg_catalog.<>) 0;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_sale', '{2}', TG_OP);
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_sale', '{2}', ARRAY['customer_id']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_sale (weight, c2)
      SELECT -1, o.customer_id FROM old_rows AS o
      LIMIT 100000;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed OPERATOR(pg_catalog.=) 100000 THEN
      changed := (SELECT pg_catalog.count(*) FROM old_rows);
      IF imat_store.is_loggable('1'::pg_catalog.regclass, changed) THEN
        INSERT INTO imat_store.log_public_sale (weight, c2)
          SELECT -1, o.customer_id FROM old_rows AS o
          OFFSET 100000;
      ELSE
        INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);
      END IF;
    END IF;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_sale', '{2}', TG_OP);
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
CREATE TABLE imat_store.state_self_join WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02) AS
SELECT
  r2.name AS boss,
  pg_catalog.count(*) AS rows
FROM
  public.customer AS r1,
  public.customer AS r2,
  public.sale AS r3
WHERE (r2.id = r1.boss)
  AND (r3.customer_id = r1.id)
GROUP BY 1;

-- what publications of all tables need
ALTER TABLE imat_store.state_self_join REPLICA IDENTITY FULL;

-- what finds a group, NULL keys being equal
CREATE UNIQUE INDEX ON imat_store.state_self_join (boss) NULLS NOT DISTINCT;

-- what the column holds
COMMENT ON COLUMN imat_store.state_self_join.boss IS 'b.name';

-- what the column holds
COMMENT ON COLUMN imat_store.state_self_join.rows IS 'rows of the group';

-- statistics
ANALYZE imat_store.state_self_join;

-- what is pending, as rows of the state
CREATE VIEW imat_store.delta_self_join AS
WITH pending AS MATERIALIZED (
  SELECT
    f.snapshot
  FROM imat_catalog.frontier AS f
  WHERE f.imat_id = 1
), changes_r1 AS MATERIALIZED (
  SELECT r1.weight AS weight, r1.id, r1.boss
    FROM ((
      SELECT pg_catalog.sum(l.weight)::bigint AS weight, l.c1 AS id, l.c4 AS boss
      FROM imat_store.log_public_customer AS l
      WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
      GROUP BY l.c1, l.c4
      HAVING pg_catalog.sum(l.weight) <> 0
    )
      UNION ALL
      SELECT 0::bigint AS weight, (CASE WHEN g.n IS NULL THEN NULL END)::integer AS id, (CASE WHEN g.n IS NULL THEN NULL END)::integer AS boss
      FROM pg_catalog.generate_series(1, imat_catalog.expected_rows(1, 'imat_store.log_public_customer'::regclass)) AS g(n)
      WHERE (SELECT FALSE)
    ) AS r1
), changes_r2 AS MATERIALIZED (
  SELECT r2.weight AS weight, r2.id, r2.name
    FROM ((
      SELECT pg_catalog.sum(l.weight)::bigint AS weight, l.c1 AS id, l.c2 AS name
      FROM imat_store.log_public_customer AS l
      WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
      GROUP BY l.c1, l.c2
      HAVING pg_catalog.sum(l.weight) <> 0
    )
      UNION ALL
      SELECT 0::bigint AS weight, (CASE WHEN g.n IS NULL THEN NULL END)::integer AS id, (CASE WHEN g.n IS NULL THEN NULL END)::text AS name
      FROM pg_catalog.generate_series(1, imat_catalog.expected_rows(1, 'imat_store.log_public_customer'::regclass)) AS g(n)
      WHERE (SELECT FALSE)
    ) AS r2
), changes_r3 AS MATERIALIZED (
  SELECT r3.weight AS weight, r3.customer_id
    FROM ((
      SELECT pg_catalog.sum(l.weight)::bigint AS weight, l.c2 AS customer_id
      FROM imat_store.log_public_sale AS l
      WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
      GROUP BY l.c2
      HAVING pg_catalog.sum(l.weight) <> 0
    )
      UNION ALL
      SELECT 0::bigint AS weight, (CASE WHEN g.n IS NULL THEN NULL END)::integer AS customer_id
      FROM pg_catalog.generate_series(1, imat_catalog.expected_rows(1, 'imat_store.log_public_sale'::regclass)) AS g(n)
      WHERE (SELECT FALSE)
    ) AS r3
)
-- plus changes of public.customer AS c
SELECT
  r2.name AS boss,
  r1.weight AS rows
FROM
  changes_r1 AS r1,
  public.customer AS r2,
  public.sale AS r3
WHERE (SELECT EXISTS (SELECT FROM changes_r1))
  AND (r2.id = r1.boss)
  AND (r3.customer_id = r1.id)
UNION ALL
-- plus changes of public.customer AS b
SELECT
  r2.name AS boss,
  r2.weight AS rows
FROM
  public.customer AS r1,
  changes_r2 AS r2,
  public.sale AS r3
WHERE (SELECT EXISTS (SELECT FROM changes_r2))
  AND (r2.id = r1.boss)
  AND (r3.customer_id = r1.id)
UNION ALL
-- plus changes of public.sale AS s
SELECT
  r2.name AS boss,
  r3.weight AS rows
FROM
  public.customer AS r1,
  public.customer AS r2,
  changes_r3 AS r3
WHERE (SELECT EXISTS (SELECT FROM changes_r3))
  AND (r2.id = r1.boss)
  AND (r3.customer_id = r1.id)
UNION ALL
-- minus changes of public.customer AS c with changes of public.customer AS b
SELECT
  r2.name AS boss,
  (-r1.weight * r2.weight) AS rows
FROM
  changes_r1 AS r1,
  changes_r2 AS r2,
  public.sale AS r3
WHERE (SELECT EXISTS (SELECT FROM changes_r1))
  AND (SELECT EXISTS (SELECT FROM changes_r2))
  AND (r2.id = r1.boss)
  AND (r3.customer_id = r1.id)
UNION ALL
-- minus changes of public.customer AS c with changes of public.sale AS s
SELECT
  r2.name AS boss,
  (-r1.weight * r3.weight) AS rows
FROM
  changes_r1 AS r1,
  public.customer AS r2,
  changes_r3 AS r3
WHERE (SELECT EXISTS (SELECT FROM changes_r1))
  AND (SELECT EXISTS (SELECT FROM changes_r3))
  AND (r2.id = r1.boss)
  AND (r3.customer_id = r1.id)
UNION ALL
-- minus changes of public.customer AS b with changes of public.sale AS s
SELECT
  r2.name AS boss,
  (-r2.weight * r3.weight) AS rows
FROM
  public.customer AS r1,
  changes_r2 AS r2,
  changes_r3 AS r3
WHERE (SELECT EXISTS (SELECT FROM changes_r2))
  AND (SELECT EXISTS (SELECT FROM changes_r3))
  AND (r2.id = r1.boss)
  AND (r3.customer_id = r1.id)
UNION ALL
-- plus changes of public.customer AS c with changes of public.customer AS b with changes of public.sale AS s
SELECT
  r2.name AS boss,
  (r1.weight * r2.weight * r3.weight) AS rows
FROM
  changes_r1 AS r1,
  changes_r2 AS r2,
  changes_r3 AS r3
WHERE (SELECT EXISTS (SELECT FROM changes_r1))
  AND (SELECT EXISTS (SELECT FROM changes_r2))
  AND (SELECT EXISTS (SELECT FROM changes_r3))
  AND (r2.id = r1.boss)
  AND (r3.customer_id = r1.id);

-- the same, with pending rows cancelled against each other first
CREATE VIEW imat_store.netted_self_join AS
WITH pending AS MATERIALIZED (
  SELECT
    f.snapshot
  FROM imat_catalog.frontier AS f
  WHERE f.imat_id = 1
), changes_r1 AS MATERIALIZED (
  SELECT r1.weight AS weight, r1.id, r1.boss
    FROM ((
      SELECT pg_catalog.sum(l.weight)::bigint AS weight, l.c1 AS id, l.c4 AS boss
      FROM imat_store.log_public_customer AS l
      WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
      GROUP BY l.c1, l.c4
      HAVING pg_catalog.sum(l.weight) <> 0
      OFFSET 0
    )
      UNION ALL
      SELECT 0::bigint AS weight, (CASE WHEN g.n IS NULL THEN NULL END)::integer AS id, (CASE WHEN g.n IS NULL THEN NULL END)::integer AS boss
      FROM pg_catalog.generate_series(1, imat_catalog.expected_rows(1, 'imat_store.log_public_customer'::regclass)) AS g(n)
      WHERE (SELECT FALSE)
    ) AS r1
), changes_r2 AS MATERIALIZED (
  SELECT r2.weight AS weight, r2.id, r2.name
    FROM ((
      SELECT pg_catalog.sum(l.weight)::bigint AS weight, l.c1 AS id, l.c2 AS name
      FROM imat_store.log_public_customer AS l
      WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
      GROUP BY l.c1, l.c2
      HAVING pg_catalog.sum(l.weight) <> 0
      OFFSET 0
    )
      UNION ALL
      SELECT 0::bigint AS weight, (CASE WHEN g.n IS NULL THEN NULL END)::integer AS id, (CASE WHEN g.n IS NULL THEN NULL END)::text AS name
      FROM pg_catalog.generate_series(1, imat_catalog.expected_rows(1, 'imat_store.log_public_customer'::regclass)) AS g(n)
      WHERE (SELECT FALSE)
    ) AS r2
), changes_r3 AS MATERIALIZED (
  SELECT r3.weight AS weight, r3.customer_id
    FROM ((
      SELECT pg_catalog.sum(l.weight)::bigint AS weight, l.c2 AS customer_id
      FROM imat_store.log_public_sale AS l
      WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
      GROUP BY l.c2
      HAVING pg_catalog.sum(l.weight) <> 0
      OFFSET 0
    )
      UNION ALL
      SELECT 0::bigint AS weight, (CASE WHEN g.n IS NULL THEN NULL END)::integer AS customer_id
      FROM pg_catalog.generate_series(1, imat_catalog.expected_rows(1, 'imat_store.log_public_sale'::regclass)) AS g(n)
      WHERE (SELECT FALSE)
    ) AS r3
)
-- all changes, cancelled against each other
SELECT
  r2.name AS boss,
  p.weight AS rows
FROM
  (
    SELECT pg_catalog.sum(u.weight)::bigint AS weight, u.r1_c1 AS r1_c1, u.r1_c4 AS r1_c4, u.r2_c1 AS r2_c1, u.r2_c2 AS r2_c2, u.r3_c2 AS r3_c2
    FROM (
      -- plus changes of public.customer AS c
      SELECT r1.weight AS weight, r1.id AS r1_c1, r1.boss AS r1_c4, r2.id AS r2_c1, r2.name AS r2_c2, r3.customer_id AS r3_c2
      FROM
        changes_r1 AS r1,
        public.customer AS r2,
        public.sale AS r3
      WHERE (SELECT EXISTS (SELECT FROM changes_r1))
        AND (r2.id = r1.boss)
        AND (r3.customer_id = r1.id)
      UNION ALL
      -- plus changes of public.customer AS b
      SELECT r2.weight AS weight, r1.id AS r1_c1, r1.boss AS r1_c4, r2.id AS r2_c1, r2.name AS r2_c2, r3.customer_id AS r3_c2
      FROM
        public.customer AS r1,
        changes_r2 AS r2,
        public.sale AS r3
      WHERE (SELECT EXISTS (SELECT FROM changes_r2))
        AND (r2.id = r1.boss)
        AND (r3.customer_id = r1.id)
      UNION ALL
      -- plus changes of public.sale AS s
      SELECT r3.weight AS weight, r1.id AS r1_c1, r1.boss AS r1_c4, r2.id AS r2_c1, r2.name AS r2_c2, r3.customer_id AS r3_c2
      FROM
        public.customer AS r1,
        public.customer AS r2,
        changes_r3 AS r3
      WHERE (SELECT EXISTS (SELECT FROM changes_r3))
        AND (r2.id = r1.boss)
        AND (r3.customer_id = r1.id)
      UNION ALL
      -- minus changes of public.customer AS c with changes of public.customer AS b
      SELECT (-r1.weight * r2.weight) AS weight, r1.id AS r1_c1, r1.boss AS r1_c4, r2.id AS r2_c1, r2.name AS r2_c2, r3.customer_id AS r3_c2
      FROM
        changes_r1 AS r1,
        changes_r2 AS r2,
        public.sale AS r3
      WHERE (SELECT EXISTS (SELECT FROM changes_r1))
        AND (SELECT EXISTS (SELECT FROM changes_r2))
        AND (r2.id = r1.boss)
        AND (r3.customer_id = r1.id)
      UNION ALL
      -- minus changes of public.customer AS c with changes of public.sale AS s
      SELECT (-r1.weight * r3.weight) AS weight, r1.id AS r1_c1, r1.boss AS r1_c4, r2.id AS r2_c1, r2.name AS r2_c2, r3.customer_id AS r3_c2
      FROM
        changes_r1 AS r1,
        public.customer AS r2,
        changes_r3 AS r3
      WHERE (SELECT EXISTS (SELECT FROM changes_r1))
        AND (SELECT EXISTS (SELECT FROM changes_r3))
        AND (r2.id = r1.boss)
        AND (r3.customer_id = r1.id)
      UNION ALL
      -- minus changes of public.customer AS b with changes of public.sale AS s
      SELECT (-r2.weight * r3.weight) AS weight, r1.id AS r1_c1, r1.boss AS r1_c4, r2.id AS r2_c1, r2.name AS r2_c2, r3.customer_id AS r3_c2
      FROM
        public.customer AS r1,
        changes_r2 AS r2,
        changes_r3 AS r3
      WHERE (SELECT EXISTS (SELECT FROM changes_r2))
        AND (SELECT EXISTS (SELECT FROM changes_r3))
        AND (r2.id = r1.boss)
        AND (r3.customer_id = r1.id)
      UNION ALL
      -- plus changes of public.customer AS c with changes of public.customer AS b with changes of public.sale AS s
      SELECT (r1.weight * r2.weight * r3.weight) AS weight, r1.id AS r1_c1, r1.boss AS r1_c4, r2.id AS r2_c1, r2.name AS r2_c2, r3.customer_id AS r3_c2
      FROM
        changes_r1 AS r1,
        changes_r2 AS r2,
        changes_r3 AS r3
      WHERE (SELECT EXISTS (SELECT FROM changes_r1))
        AND (SELECT EXISTS (SELECT FROM changes_r2))
        AND (SELECT EXISTS (SELECT FROM changes_r3))
        AND (r2.id = r1.boss)
        AND (r3.customer_id = r1.id)
    ) AS u
    GROUP BY u.r1_c1, u.r1_c4, u.r2_c1, u.r2_c2, u.r3_c2
    HAVING pg_catalog.sum(u.weight) <> 0
    OFFSET 0
  ) AS p,
  LATERAL (SELECT p.r1_c1 AS id, p.r1_c4 AS boss) AS r1,
  LATERAL (SELECT p.r2_c1 AS id, p.r2_c2 AS name) AS r2,
  LATERAL (SELECT p.r3_c2 AS customer_id) AS r3;

-- what is pending of one table, with the others
CREATE VIEW imat_store.part1of_self_join AS
WITH pending AS MATERIALIZED (
  SELECT
    f.snapshot
  FROM imat_catalog.frontier AS f
  WHERE f.imat_id = 1
), changes_r1 AS MATERIALIZED (
  SELECT r1.weight AS weight, r1.id, r1.boss
    FROM ((
      SELECT pg_catalog.sum(l.weight)::bigint AS weight, l.c1 AS id, l.c4 AS boss
      FROM imat_store.log_public_customer AS l
      WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
      GROUP BY l.c1, l.c4
      HAVING pg_catalog.sum(l.weight) <> 0
    )
      UNION ALL
      SELECT 0::bigint AS weight, (CASE WHEN g.n IS NULL THEN NULL END)::integer AS id, (CASE WHEN g.n IS NULL THEN NULL END)::integer AS boss
      FROM pg_catalog.generate_series(1, imat_catalog.expected_rows(1, 'imat_store.log_public_customer'::regclass)) AS g(n)
      WHERE (SELECT FALSE)
    ) AS r1
), changes_r2 AS MATERIALIZED (
  SELECT r2.weight AS weight, r2.id, r2.name
    FROM ((
      SELECT pg_catalog.sum(l.weight)::bigint AS weight, l.c1 AS id, l.c2 AS name
      FROM imat_store.log_public_customer AS l
      WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
      GROUP BY l.c1, l.c2
      HAVING pg_catalog.sum(l.weight) <> 0
    )
      UNION ALL
      SELECT 0::bigint AS weight, (CASE WHEN g.n IS NULL THEN NULL END)::integer AS id, (CASE WHEN g.n IS NULL THEN NULL END)::text AS name
      FROM pg_catalog.generate_series(1, imat_catalog.expected_rows(1, 'imat_store.log_public_customer'::regclass)) AS g(n)
      WHERE (SELECT FALSE)
    ) AS r2
), changes_r3 AS MATERIALIZED (
  SELECT r3.weight AS weight, r3.customer_id
    FROM ((
      SELECT pg_catalog.sum(l.weight)::bigint AS weight, l.c2 AS customer_id
      FROM imat_store.log_public_sale AS l
      WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
      GROUP BY l.c2
      HAVING pg_catalog.sum(l.weight) <> 0
    )
      UNION ALL
      SELECT 0::bigint AS weight, (CASE WHEN g.n IS NULL THEN NULL END)::integer AS customer_id
      FROM pg_catalog.generate_series(1, imat_catalog.expected_rows(1, 'imat_store.log_public_sale'::regclass)) AS g(n)
      WHERE (SELECT FALSE)
    ) AS r3
)
-- plus changes of public.customer AS c
SELECT
  r2.name AS boss,
  r1.weight AS rows
FROM
  changes_r1 AS r1,
  public.customer AS r2,
  public.sale AS r3
WHERE (SELECT EXISTS (SELECT FROM changes_r1))
  AND (r2.id = r1.boss)
  AND (r3.customer_id = r1.id)
UNION ALL
-- plus changes of public.customer AS b
SELECT
  r2.name AS boss,
  r2.weight AS rows
FROM
  public.customer AS r1,
  changes_r2 AS r2,
  public.sale AS r3
WHERE (SELECT EXISTS (SELECT FROM changes_r2))
  AND (r2.id = r1.boss)
  AND (r3.customer_id = r1.id)
UNION ALL
-- minus changes of public.customer AS c with changes of public.customer AS b
SELECT
  r2.name AS boss,
  (-r1.weight * r2.weight) AS rows
FROM
  changes_r1 AS r1,
  changes_r2 AS r2,
  public.sale AS r3
WHERE (SELECT EXISTS (SELECT FROM changes_r1))
  AND (SELECT EXISTS (SELECT FROM changes_r2))
  AND (r2.id = r1.boss)
  AND (r3.customer_id = r1.id)
UNION ALL
-- minus changes of public.customer AS c with changes of public.sale AS s
SELECT
  r2.name AS boss,
  (-r1.weight * r3.weight) AS rows
FROM
  changes_r1 AS r1,
  public.customer AS r2,
  changes_r3 AS r3
WHERE (SELECT EXISTS (SELECT FROM changes_r1))
  AND (SELECT EXISTS (SELECT FROM changes_r3))
  AND (r2.id = r1.boss)
  AND (r3.customer_id = r1.id)
UNION ALL
-- minus changes of public.customer AS b with changes of public.sale AS s
SELECT
  r2.name AS boss,
  (-r2.weight * r3.weight) AS rows
FROM
  public.customer AS r1,
  changes_r2 AS r2,
  changes_r3 AS r3
WHERE (SELECT EXISTS (SELECT FROM changes_r2))
  AND (SELECT EXISTS (SELECT FROM changes_r3))
  AND (r2.id = r1.boss)
  AND (r3.customer_id = r1.id)
UNION ALL
-- plus changes of public.customer AS c with changes of public.customer AS b with changes of public.sale AS s
SELECT
  r2.name AS boss,
  (r1.weight * r2.weight * r3.weight) AS rows
FROM
  changes_r1 AS r1,
  changes_r2 AS r2,
  changes_r3 AS r3
WHERE (SELECT EXISTS (SELECT FROM changes_r1))
  AND (SELECT EXISTS (SELECT FROM changes_r2))
  AND (SELECT EXISTS (SELECT FROM changes_r3))
  AND (r2.id = r1.boss)
  AND (r3.customer_id = r1.id);

-- what is pending of one table, with the others
CREATE VIEW imat_store.part2of_self_join AS
WITH pending AS MATERIALIZED (
  SELECT
    f.snapshot
  FROM imat_catalog.frontier AS f
  WHERE f.imat_id = 1
), changes_r3 AS MATERIALIZED (
  SELECT r3.weight AS weight, r3.customer_id
    FROM ((
      SELECT pg_catalog.sum(l.weight)::bigint AS weight, l.c2 AS customer_id
      FROM imat_store.log_public_sale AS l
      WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
      GROUP BY l.c2
      HAVING pg_catalog.sum(l.weight) <> 0
    )
      UNION ALL
      SELECT 0::bigint AS weight, (CASE WHEN g.n IS NULL THEN NULL END)::integer AS customer_id
      FROM pg_catalog.generate_series(1, imat_catalog.expected_rows(1, 'imat_store.log_public_sale'::regclass)) AS g(n)
      WHERE (SELECT FALSE)
    ) AS r3
)
-- plus changes of public.sale AS s
SELECT
  r2.name AS boss,
  r3.weight AS rows
FROM
  public.customer AS r1,
  public.customer AS r2,
  changes_r3 AS r3
WHERE (SELECT EXISTS (SELECT FROM changes_r3))
  AND (r2.id = r1.boss)
  AND (r3.customer_id = r1.id);

-- how much of each table is pending
CREATE VIEW imat_store.pending_self_join AS
SELECT 1 AS part, (
    SELECT pg_catalog.count(*)
    FROM (SELECT FROM imat_store.log_public_customer AS l WHERE l.xid >= pg_catalog.pg_snapshot_xmin(f.snapshot) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, f.snapshot) LIMIT 1001) AS p
  ) AS rows
  FROM imat_catalog.frontier AS f
  WHERE f.imat_id = 1
UNION ALL
SELECT 2 AS part, (
    SELECT pg_catalog.count(*)
    FROM (SELECT FROM imat_store.log_public_sale AS l WHERE l.xid >= pg_catalog.pg_snapshot_xmin(f.snapshot) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, f.snapshot) LIMIT 1001) AS p
  ) AS rows
  FROM imat_catalog.frontier AS f
  WHERE f.imat_id = 1;

-- the same as a function, planned only if anything is pending
CREATE OR REPLACE FUNCTION imat_store.changes_self_join(access_key uuid) RETURNS SETOF imat_store.delta_self_join
LANGUAGE plpgsql
STABLE SECURITY DEFINER PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
SET row_security = off
SET jit = off
SET random_page_cost = 1.1
AS $imat$
BEGIN
  IF NOT EXISTS (
    SELECT FROM imat_catalog.frontier AS f WHERE f.imat_id = 1 AND f.access_key = $1
  ) THEN
    RAISE EXCEPTION USING
      ERRCODE = 'insufficient_privilege',
      MESSAGE = 'only the view of the imat may call imat_store.changes_self_join';
  END IF;
  RETURN QUERY EXECUTE (
      SELECT CASE WHEN pg_catalog.sum(p.rows) BETWEEN 1 AND 1000
        THEN pg_catalog.string_agg(
          (ARRAY[
            'SELECT * FROM imat_store.part1of_self_join',
            'SELECT * FROM imat_store.part2of_self_join'
          ])[p.part], ' UNION ALL ' ORDER BY p.part) FILTER (WHERE p.rows > 0)
        ELSE 'SELECT * FROM imat_store.delta_self_join' END
      FROM imat_store.pending_self_join AS p
    );
END$imat$;

-- a view calls functions with the rights of its readers
GRANT EXECUTE ON FUNCTION imat_store.changes_self_join(uuid) TO PUBLIC;

-- the state computed anew
CREATE VIEW imat_store.content_self_join AS
SELECT
  r2.name AS boss,
  pg_catalog.count(*) AS rows
FROM
  public.customer AS r1,
  public.customer AS r2,
  public.sale AS r3
WHERE (r2.id = r1.boss)
  AND (r3.customer_id = r1.id)
GROUP BY 1;

-- the same as a function, which is planned when it runs
CREATE OR REPLACE FUNCTION imat_store.computed_self_join(access_key uuid) RETURNS SETOF imat_store.content_self_join
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
      MESSAGE = 'only the view of the imat may call imat_store.computed_self_join';
  END IF;
  RETURN QUERY EXECUTE 'SELECT * FROM imat_store.content_self_join';
  IF imat_catalog.is_rewritten_meanwhile(9) THEN
    RAISE EXCEPTION USING
      ERRCODE = 'serialization_failure',
      MESSAGE = 'a table was truncated or rewritten after this statement began',
      HINT = 'Run the statement again.';
  END IF;
END$imat$;

-- a view calls functions with the rights of its readers
GRANT EXECUTE ON FUNCTION imat_store.computed_self_join(uuid) TO PUBLIC;

-- the answer as the sources have it
CREATE VIEW imat_store.answer_self_join AS
SELECT
  (g.c19)::text AS boss,
  (g.c20)::bigint AS rows
FROM
  (
    SELECT r2.name AS c19, pg_catalog.count(*) AS c20
    FROM public.customer AS r1, public.customer AS r2, public.sale AS r3
  WHERE (r2.id = r1.boss)
    AND (r3.customer_id = r1.id)
    GROUP BY 1
  ) AS g;

-- the same as a function, for reads while too much or a reset is pending
CREATE OR REPLACE FUNCTION imat_store.answered_self_join(access_key uuid) RETURNS SETOF imat_store.answer_self_join
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
      MESSAGE = 'only the view of the imat may call imat_store.answered_self_join';
  END IF;
  RETURN QUERY EXECUTE 'SELECT * FROM imat_store.answer_self_join';
  IF imat_catalog.is_rewritten_meanwhile(9) THEN
    RAISE EXCEPTION USING
      ERRCODE = 'serialization_failure',
      MESSAGE = 'a table was truncated or rewritten after this statement began',
      HINT = 'Run the statement again.';
  END IF;
END$imat$;

-- a view calls functions with the rights of its readers
GRANT EXECUTE ON FUNCTION imat_store.answered_self_join(uuid) TO PUBLIC;

-- what pending changes concern, with them
CREATE VIEW imat_store.merge_self_join AS
WITH changes AS MATERIALIZED (
  SELECT * FROM imat_store.changes_self_join((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1))
)
SELECT
  s.boss,
  s.rows,
  s.rows AS rows_now,
  false AS is_anew
FROM (
  SELECT
    u.boss,
    COALESCE(pg_catalog.sum(u.rows), 0)::bigint AS rows
  FROM (
    SELECT boss, rows FROM imat_store.state_self_join AS s WHERE EXISTS (SELECT FROM changes AS d WHERE d.boss OPERATOR(pg_catalog.=) s.boss)
    UNION ALL
    SELECT boss, rows FROM imat_store.state_self_join AS s WHERE boss IS NULL
    UNION ALL
    SELECT boss, rows FROM changes
  ) AS u
  GROUP BY u.boss
) AS s;

-- the same as a function, planned only if anything is pending
CREATE OR REPLACE FUNCTION imat_store.merged_self_join(access_key uuid) RETURNS SETOF imat_store.merge_self_join
LANGUAGE plpgsql
STABLE SECURITY DEFINER PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
SET row_security = off
SET jit = off
SET random_page_cost = 1.1
AS $imat$
BEGIN
  IF NOT EXISTS (
    SELECT FROM imat_catalog.frontier AS f WHERE f.imat_id = 1 AND f.access_key = $1
  ) THEN
    RAISE EXCEPTION USING
      ERRCODE = 'insufficient_privilege',
      MESSAGE = 'only the view of the imat may call imat_store.merged_self_join';
  END IF;
  RETURN QUERY EXECUTE 'SELECT * FROM imat_store.merge_self_join';
END$imat$;

-- a view calls functions with the rights of its readers
GRANT EXECUTE ON FUNCTION imat_store.merged_self_join(uuid) TO PUBLIC;

-- the answer computed now
CREATE VIEW imat_store.current_self_join WITH (security_barrier) AS
WITH merged AS MATERIALIZED (
  SELECT * FROM imat_store.merged_self_join((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1))
)
SELECT
  s.boss,
  s.rows
FROM (
  -- what is stored and stays
  SELECT
    s.boss,
    s.rows
  FROM imat_store.state_self_join AS s
  WHERE s.boss IS NOT NULL
    AND NOT EXISTS (SELECT FROM merged AS d WHERE d.boss OPERATOR(pg_catalog.=) s.boss)
  UNION ALL
  -- what pending changes concern, with them
  SELECT
    s.boss,
    s.rows
  FROM merged AS s
  WHERE s.rows_now <> 0
) AS s;

-- fold: adds what is pending to the state
CREATE OR REPLACE FUNCTION imat_store.fold_self_join(anew boolean DEFAULT false) RETURNS bigint
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
        u.boss,
        COALESCE(pg_catalog.sum(u.rows), 0)::bigint AS rows
      FROM (
        SELECT boss, rows FROM changes
      ) AS u
      GROUP BY u.boss
    ), merged AS (
      INSERT INTO imat_store.state_self_join AS s (boss, rows)
      SELECT boss, rows
      FROM delta AS d
      WHERE d.rows <> 0
      ON CONFLICT (boss) DO UPDATE SET
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
    SELECT imat_catalog.is_outgrown(1, f.snapshot, 5)
    FROM imat_catalog.frontier AS f
    WHERE f.imat_id = 1
  ) THEN
    DELETE FROM imat_store.state_self_join;
    INSERT INTO imat_store.state_self_join (boss, rows)
    SELECT boss, rows FROM imat_store.computed_self_join((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1));
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
  END IF;
  BEGIN
    EXECUTE pg_catalog.format(upsert, 'imat_store.delta_self_join')
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
      EXECUTE pg_catalog.format(upsert, 'imat_store.netted_self_join')
      INTO changed, emptied, negative;
  END;
  IF negative THEN
    RAISE EXCEPTION USING
      ERRCODE = 'data_corrupted',
      MESSAGE = 'a row of imat_store.state_self_join would have a negative count',
      DETAIL = 'A change of a source was not captured, for example because a trigger of imat was disabled.',
      HINT = 'Run imat repair.';
  END IF;
  DELETE FROM imat_store.state_self_join WHERE ctid = ANY (emptied);
  RETURN changed;
END$imat_$;

-- only imat.fold calls it
REVOKE ALL ON FUNCTION imat_store.fold_self_join(boolean) FROM PUBLIC;

-- what readers use
CREATE VIEW imat.self_join AS
SELECT
  s.boss AS boss,
  s.rows AS sales
FROM (
  -- what is stored
  SELECT
    s.boss,
    s.rows,
    0 AS arm
  FROM imat_store.state_self_join AS s
  UNION ALL
  -- the answer computed now
  SELECT
    s.boss,
    s.rows,
    2 AS arm
  FROM imat_store.current_self_join AS s
  UNION ALL
  -- what the sources have
  SELECT
    s.boss,
    s.rows,
    3 AS arm
  FROM imat_store.answered_self_join((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1)) AS s
) AS s
WHERE s.arm = (
  SELECT COALESCE(
    (SELECT CASE WHEN EXISTS (SELECT FROM imat_store.log_public_customer AS l WHERE l.xid <= '18446744073709551615'::pg_catalog.xid8 AND l.xid >= pg_catalog.pg_snapshot_xmin(f.snapshot) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, f.snapshot)) OR EXISTS (SELECT FROM imat_store.log_public_sale AS l WHERE l.xid <= '18446744073709551615'::pg_catalog.xid8 AND l.xid >= pg_catalog.pg_snapshot_xmin(f.snapshot) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, f.snapshot)) THEN CASE WHEN EXISTS (SELECT FROM imat_store.reset AS r WHERE r.relation IN ('1'::pg_catalog.regclass, '1'::pg_catalog.regclass) AND NOT pg_catalog.pg_visible_in_snapshot(r.xid, f.snapshot)) OR imat_catalog.is_rewritten(ARRAY['1'::pg_catalog.regclass, '1'::pg_catalog.regclass]) OR imat_catalog.is_outgrown(1, f.snapshot, 8) THEN 3 ELSE 2 END ELSE 0 END FROM imat_catalog.frontier AS f WHERE f.imat_id = 1 AND f.state_relation IN ('imat_store.state_self_join'::regclass) AND f.here AND 'imat_store.definition_self_join'::regclass IS NOT NULL AND (TRUE OR EXISTS (SELECT FROM public.customer, public.sale))),
    imat_catalog.arm_without_frontier('self_join', 3)
  )
);

-- what a colleague finds
COMMENT ON VIEW imat.self_join IS 'imat: answers as its query would now. See imat explain; imat revert removes it.';

-- who may read the materialized view may read it
SELECT imat_catalog.copy_grants('public.self_join', 'imat.self_join');

-- a comment of the materialized view
COMMENT ON VIEW imat.self_join IS 'shows self-join';

-- an index of the materialized view
CREATE INDEX ON imat_store.state_self_join USING btree ((1));
