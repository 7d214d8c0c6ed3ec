-- coarse-total: a total over rows that are computed again by their own key, two stores
--
-- SELECT count(*) AS customers,
--     sum(s.quantity) AS pieces
--    FROM public.customer c
--      LEFT JOIN public.sale s ON s.customer_id = c.id AND s.shipped
--
-- strategy delta, freshness live
-- reads public.customer (id)
-- reads public.sale (customer_id, quantity, shipped)
-- project customers, pieces: computed when read, stores nothing
--   group all rows: stored, one row per group, stores only_row
--       rows of the group: additive part, stores rows
--       rows where quantity is not null: additive part, stores count_quantity
--       sum of quantity: additive part, stores sum_quantity
--       sum(quantity): finished aggregate, stores pieces
--     rows by c.id: stored, those of touched keys computed again, stores quantity, id
--       scan public.customer AS c: touches the key of its own row; read by the key, stores nothing
--       scan public.sale AS s: touches the key of its own row where s.shipped; read by the key, stores nothing

-- the definition, as a view
CREATE VIEW imat_store.definition_coarse_total AS
SELECT count(*) AS customers,
    sum(s.quantity) AS pieces
   FROM public.customer c
     LEFT JOIN public.sale s ON s.customer_id = c.id AND s.shipped;

-- the change log of public.customer, if it is not there yet
CREATE TABLE imat_store.log_public_customer (
  xid xid8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id(),
  weight integer NOT NULL,
  c1 integer
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_customer', '{1}', ARRAY['id']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_customer (weight, c1)
      SELECT 1, n.id FROM new_rows AS n
      LIMIT 100000;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed OPERATOR(pg_catalog.=) 100000 THEN
      changed := (SELECT pg_catalog.count(*) FROM new_rows);
      IF imat_store.is_loggable('1'::pg_catalog.regclass, changed) THEN
        INSERT INTO imat_store.log_public_customer (weight, c1)
          SELECT 1, n.id FROM new_rows AS n
          OFFSET 100000;
      ELSE
        INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);
      END IF;
    END IF;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_customer', '{1}', TG_OP);
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_customer', '{1}', ARRAY['id']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_customer (weight, c1)
      SELECT pg_catalog.sum(u.weight), u.c1
      FROM (
        SELECT -1 AS weight, o.id AS c1 FROM old_rows AS o
        UNION ALL
        SELECT 1, n.id AS c1 FROM new_rows AS n
      ) AS u
      GROUP BY u.c1
      HAVING pg_catalog.sum(u.weight) OPERATOR(pg_catalog.<>) 0;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_customer', '{1}', TG_OP);
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_customer', '{1}', ARRAY['id']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_customer (weight, c1)
      SELECT -1, o.id FROM old_rows AS o
      LIMIT 100000;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed OPERATOR(pg_catalog.=) 100000 THEN
      changed := (SELECT pg_catalog.count(*) FROM old_rows);
      IF imat_store.is_loggable('1'::pg_catalog.regclass, changed) THEN
        INSERT INTO imat_store.log_public_customer (weight, c1)
          SELECT -1, o.id FROM old_rows AS o
          OFFSET 100000;
      ELSE
        INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);
      END IF;
    END IF;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_customer', '{1}', TG_OP);
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
  c2 integer,
  c6 integer,
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_sale', '{2,6,10}', ARRAY['customer_id', 'quantity', 'shipped']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_sale (weight, c2, c6, c10)
      SELECT 1, n.customer_id, n.quantity, n.shipped FROM new_rows AS n
      LIMIT 100000;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed OPERATOR(pg_catalog.=) 100000 THEN
      changed := (SELECT pg_catalog.count(*) FROM new_rows);
      IF imat_store.is_loggable('1'::pg_catalog.regclass, changed) THEN
        INSERT INTO imat_store.log_public_sale (weight, c2, c6, c10)
          SELECT 1, n.customer_id, n.quantity, n.shipped FROM new_rows AS n
          OFFSET 100000;
      ELSE
        INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);
      END IF;
    END IF;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_sale', '{2,6,10}', TG_OP);
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_sale', '{2,6,10}', ARRAY['customer_id', 'quantity', 'shipped']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_sale (weight, c2, c6, c10)
      SELECT pg_catalog.sum(u.weight), u.c2, u.c6, u.c10
      FROM (
        SELECT -1 AS weight, o.customer_id AS c2, o.quantity AS c6, o.shipped AS c10 FROM old_rows AS o
        UNION ALL
        SELECT 1, n.customer_id AS c2, n.quantity AS c6, n.shipped AS c10 FROM new_rows AS n
      ) AS u
      GROUP BY u.c2, u.c6, u.c10
      HAVING pg_catalog.sum(u.weight) OPERATOR(pg_catalog.<>) 0;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_sale', '{2,6,10}', TG_OP);
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_sale', '{2,6,10}', ARRAY['customer_id', 'quantity', 'shipped']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_sale (weight, c2, c6, c10)
      SELECT -1, o.customer_id, o.quantity, o.shipped FROM old_rows AS o
      LIMIT 100000;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed OPERATOR(pg_catalog.=) 100000 THEN
      changed := (SELECT pg_catalog.count(*) FROM old_rows);
      IF imat_store.is_loggable('1'::pg_catalog.regclass, changed) THEN
        INSERT INTO imat_store.log_public_sale (weight, c2, c6, c10)
          SELECT -1, o.customer_id, o.quantity, o.shipped FROM old_rows AS o
          OFFSET 100000;
      ELSE
        INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);
      END IF;
    END IF;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_sale', '{2,6,10}', TG_OP);
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

-- the rows of the definition
CREATE TABLE imat_store.state2_coarse_total WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02) AS
SELECT s.quantity AS quantity, c.id AS id
FROM public.customer AS c LEFT JOIN public.sale AS s ON ((s.customer_id = c.id) AND s.shipped);

-- what publications of all tables need
ALTER TABLE imat_store.state2_coarse_total REPLICA IDENTITY FULL;

-- what finds the rows of a key
CREATE INDEX ON imat_store.state2_coarse_total (id);

-- what the column holds
COMMENT ON COLUMN imat_store.state2_coarse_total.id IS 'c.id';

-- statistics
ANALYZE imat_store.state2_coarse_total;

-- the state: one row per group, with what each aggregate needs
CREATE TABLE imat_store.state1_coarse_total WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02) AS
SELECT
  TRUE AS only_row,
  pg_catalog.count(*) AS rows,
  pg_catalog.count(*) FILTER (WHERE s1.c1 IS NOT NULL) AS count_quantity,
  COALESCE(pg_catalog.sum((s1.c1)::bigint) FILTER (WHERE s1.c1 IS NOT NULL), 0)::bigint AS sum_quantity
FROM
  (
  SELECT s.quantity AS quantity
  FROM public.customer AS c LEFT JOIN public.sale AS s ON ((s.customer_id = c.id) AND s.shipped)
  ) AS s1 (c1);

-- what publications of all tables need
ALTER TABLE imat_store.state1_coarse_total REPLICA IDENTITY FULL;

-- finished aggregates, computed once
ALTER TABLE imat_store.state1_coarse_total
  ADD COLUMN pieces bigint GENERATED ALWAYS AS (CASE WHEN count_quantity > 0 THEN (sum_quantity)::bigint END) STORED;

-- what finds a group, NULL keys being equal
CREATE UNIQUE INDEX ON imat_store.state1_coarse_total (only_row) NULLS NOT DISTINCT;

-- what the column holds
COMMENT ON COLUMN imat_store.state1_coarse_total.rows IS 'rows of the group';

-- what the column holds
COMMENT ON COLUMN imat_store.state1_coarse_total.count_quantity IS 'rows where quantity is not null';

-- what the column holds
COMMENT ON COLUMN imat_store.state1_coarse_total.sum_quantity IS 'sum of quantity';

-- what the column holds
COMMENT ON COLUMN imat_store.state1_coarse_total.pieces IS 'sum(quantity)';

-- statistics
ANALYZE imat_store.state1_coarse_total;

-- the keys that pending rows touch
CREATE VIEW imat_store.touched2_coarse_total AS
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
    EXISTS (SELECT FROM imat_store.log_public_sale AS l WHERE l.xid <= '18446744073709551615'::pg_catalog.xid8 AND l.xid >= pg_catalog.pg_snapshot_xmin(f.snapshot) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, f.snapshot)) AS changed2
  FROM imat_catalog.frontier AS f, (
    SELECT
          LEAST(
            GREATEST(
              10,
              COALESCE(e.keys / 16, GREATEST(1000, (
                          SELECT c.reltuples::bigint
                          FROM pg_catalog.pg_class AS c
                          WHERE c.oid = 'imat_store.state2_coarse_total'::regclass
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
    -- touched by changes of public.sale AS s
    SELECT (r2.customer_id)::integer AS key
    FROM
      (
        SELECT l.weight::bigint AS weight, l.c2 AS customer_id, l.c10 AS shipped
        FROM imat_store.log_public_sale AS l
        WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
      ) AS r2
    WHERE (SELECT p.changed2 FROM pending AS p)
      AND r2.shipped
  ) AS u
  LIMIT (SELECT p.few + 1 FROM pending AS p)
) AS t;

-- the definition, with its key
CREATE VIEW imat_store.content2_coarse_total AS
SELECT s.quantity AS quantity, c.id AS id
FROM public.customer AS c LEFT JOIN public.sale AS s ON ((s.customer_id = c.id) AND s.shipped);

-- the same as a function, which is planned when it runs
CREATE OR REPLACE FUNCTION imat_store.computed2_coarse_total(access_key uuid) RETURNS SETOF imat_store.content2_coarse_total
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
      MESSAGE = 'only the view of the imat may call imat_store.computed2_coarse_total';
  END IF;
  RETURN QUERY EXECUTE 'SELECT * FROM imat_store.content2_coarse_total';
  IF imat_catalog.is_rewritten_meanwhile(6) THEN
    RAISE EXCEPTION USING
      ERRCODE = 'serialization_failure',
      MESSAGE = 'a table was truncated or rewritten after this statement began',
      HINT = 'Run the statement again.';
  END IF;
END$imat$;

-- a view calls functions with the rights of its readers
GRANT EXECUTE ON FUNCTION imat_store.computed2_coarse_total(uuid) TO PUBLIC;

-- stored rows, and those of touched keys now
CREATE VIEW imat_store.current2_coarse_total WITH (security_barrier) AS
WITH touched AS MATERIALIZED (
  TABLE imat_store.touched2_coarse_total
)
SELECT
  s.quantity,
  s.id,
  s.imat_stays
FROM (
  -- stored rows of other keys
  SELECT
    s.quantity,
    s.id,
    TRUE AS imat_stays
  FROM imat_store.state2_coarse_total AS s
  WHERE (SELECT t.is_few FROM touched AS t)
    AND NOT EXISTS (SELECT FROM pg_catalog.unnest(((SELECT t.keys FROM touched AS t))::integer[]) AS k(key) WHERE k.key = s.id)
    AND (s.id IS NOT NULL OR NOT (SELECT t.has_null FROM touched AS t))
  UNION ALL
  -- rows of touched keys now
  SELECT
    s.quantity,
    s.id,
    FALSE AS imat_stays
  FROM (
  SELECT s.quantity AS quantity, c.id AS id
  FROM public.customer AS c LEFT JOIN (SELECT s.customer_id AS customer_id, s.quantity AS quantity, s.shipped AS shipped
  FROM public.sale AS s
  WHERE ((s.customer_id = ANY (SELECT pg_catalog.unnest(((SELECT t.keys FROM touched AS t))::integer[]) AS key)) IS TRUE)) AS s ON ((s.customer_id = c.id) AND s.shipped)
  WHERE ((c.id = ANY (((SELECT t.keys FROM touched AS t))::integer[])) AND ((c.id = ANY (SELECT pg_catalog.unnest(((SELECT t.keys FROM touched AS t))::integer[]) AS key)) IS TRUE))
  ) AS s
  WHERE (SELECT t.is_few FROM touched AS t)
  UNION ALL
  -- rows without a key now
  SELECT
    s.quantity,
    s.id,
    FALSE AS imat_stays
  FROM (
  SELECT s.quantity AS quantity, c.id AS id
  FROM public.customer AS c LEFT JOIN (SELECT s.customer_id AS customer_id, s.quantity AS quantity, s.shipped AS shipped
  FROM public.sale AS s
  WHERE (s.customer_id IS NULL)) AS s ON ((s.customer_id = c.id) AND s.shipped)
  WHERE (c.id IS NULL)
  ) AS s
  WHERE (SELECT t.is_few FROM touched AS t)
    AND (SELECT t.has_null FROM touched AS t)
    AND s.id IS NULL
  UNION ALL
  -- all rows now
  SELECT
    s.quantity,
    s.id,
    FALSE AS imat_stays
  FROM imat_store.computed2_coarse_total((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1)) AS s
  WHERE NOT (SELECT t.is_few FROM touched AS t)
) AS s;

-- the state computed anew
CREATE VIEW imat_store.content1_coarse_total AS
SELECT
  TRUE AS only_row,
  pg_catalog.count(*) AS rows,
  pg_catalog.count(*) FILTER (WHERE s1.c1 IS NOT NULL) AS count_quantity,
  COALESCE(pg_catalog.sum((s1.c1)::bigint) FILTER (WHERE s1.c1 IS NOT NULL), 0)::bigint AS sum_quantity
FROM
  (
  SELECT s.quantity AS quantity
  FROM public.customer AS c LEFT JOIN public.sale AS s ON ((s.customer_id = c.id) AND s.shipped)
  ) AS s1 (c1);

-- the same as a function, which is planned when it runs
CREATE OR REPLACE FUNCTION imat_store.computed1_coarse_total(access_key uuid) RETURNS SETOF imat_store.content1_coarse_total
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
      MESSAGE = 'only the view of the imat may call imat_store.computed1_coarse_total';
  END IF;
  RETURN QUERY EXECUTE 'SELECT * FROM imat_store.content1_coarse_total';
  IF imat_catalog.is_rewritten_meanwhile(6) THEN
    RAISE EXCEPTION USING
      ERRCODE = 'serialization_failure',
      MESSAGE = 'a table was truncated or rewritten after this statement began',
      HINT = 'Run the statement again.';
  END IF;
END$imat$;

-- a view calls functions with the rights of its readers
GRANT EXECUTE ON FUNCTION imat_store.computed1_coarse_total(uuid) TO PUBLIC;

-- the answer as the sources have it
CREATE VIEW imat_store.answer1_coarse_total AS
SELECT
  (g.c2)::bigint AS rows,
  (g.c3)::bigint AS pieces
FROM
  (
    SELECT pg_catalog.count(*) AS c2, pg_catalog.sum(s1.c1) AS c3
    FROM (
    SELECT s.quantity AS quantity
    FROM public.customer AS c LEFT JOIN public.sale AS s ON ((s.customer_id = c.id) AND s.shipped)
    ) AS s1 (c1)
  ) AS g;

-- the same as a function, for reads while too much or a reset is pending
CREATE OR REPLACE FUNCTION imat_store.answered1_coarse_total(access_key uuid) RETURNS SETOF imat_store.answer1_coarse_total
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
      MESSAGE = 'only the view of the imat may call imat_store.answered1_coarse_total';
  END IF;
  RETURN QUERY EXECUTE 'SELECT * FROM imat_store.answer1_coarse_total';
  IF imat_catalog.is_rewritten_meanwhile(6) THEN
    RAISE EXCEPTION USING
      ERRCODE = 'serialization_failure',
      MESSAGE = 'a table was truncated or rewritten after this statement began',
      HINT = 'Run the statement again.';
  END IF;
END$imat$;

-- a view calls functions with the rights of its readers
GRANT EXECUTE ON FUNCTION imat_store.answered1_coarse_total(uuid) TO PUBLIC;

-- the state computed from the rows that were stored before it
CREATE VIEW imat_store.regrouped1_coarse_total AS
SELECT
  TRUE AS only_row,
  pg_catalog.count(*) AS rows,
  pg_catalog.count(*) FILTER (WHERE s1.c1 IS NOT NULL) AS count_quantity,
  COALESCE(pg_catalog.sum((s1.c1)::bigint) FILTER (WHERE s1.c1 IS NOT NULL), 0)::bigint AS sum_quantity
FROM
  (SELECT s.quantity AS c1 FROM imat_store.state2_coarse_total AS s) AS s1;

-- what pending changes concern, with them
CREATE VIEW imat_store.merge1_coarse_total AS
WITH touched0 AS MATERIALIZED (
  TABLE imat_store.touched2_coarse_total
), changes AS MATERIALIZED (
WITH pending AS MATERIALIZED (
  SELECT
    f.snapshot
  FROM imat_catalog.frontier AS f
  WHERE f.imat_id = 1
), rows0 AS MATERIALIZED (
  -- rows of touched keys as they are stored
    SELECT s.quantity AS c1, -1::bigint AS weight
    FROM imat_store.state2_coarse_total AS s
    WHERE (SELECT t.is_few FROM touched0 AS t)
      AND s.id = ANY (((SELECT t.keys FROM touched0 AS t))::integer[])
    UNION ALL
    -- those without a key
    SELECT s.quantity AS c1, -1::bigint AS weight
    FROM imat_store.state2_coarse_total AS s
    WHERE (SELECT t.is_few FROM touched0 AS t)
      AND (SELECT t.has_null FROM touched0 AS t)
      AND s.id IS NULL
    UNION ALL
    -- all rows as they are stored
    SELECT s.quantity AS c1, -1::bigint AS weight
    FROM imat_store.state2_coarse_total AS s
    WHERE NOT (SELECT t.is_few FROM touched0 AS t)
    UNION ALL
    -- rows of touched keys now
    SELECT s.quantity AS c1, 1::bigint AS weight
    FROM (
    SELECT s.quantity AS quantity, c.id AS id
    FROM public.customer AS c LEFT JOIN (SELECT s.customer_id AS customer_id, s.quantity AS quantity, s.shipped AS shipped
    FROM public.sale AS s
    WHERE ((s.customer_id = ANY (SELECT pg_catalog.unnest(((SELECT t.keys FROM touched0 AS t))::integer[]) AS key)) IS TRUE)) AS s ON ((s.customer_id = c.id) AND s.shipped)
    WHERE ((c.id = ANY (((SELECT t.keys FROM touched0 AS t))::integer[])) AND ((c.id = ANY (SELECT pg_catalog.unnest(((SELECT t.keys FROM touched0 AS t))::integer[]) AS key)) IS TRUE))
    ) AS s
    WHERE (SELECT t.is_few FROM touched0 AS t)
    UNION ALL
    -- rows without a key now
    SELECT s.quantity AS c1, 1::bigint AS weight
    FROM (
    SELECT s.quantity AS quantity, c.id AS id
    FROM public.customer AS c LEFT JOIN (SELECT s.customer_id AS customer_id, s.quantity AS quantity, s.shipped AS shipped
    FROM public.sale AS s
    WHERE (s.customer_id IS NULL)) AS s ON ((s.customer_id = c.id) AND s.shipped)
    WHERE (c.id IS NULL)
    ) AS s
    WHERE (SELECT t.is_few FROM touched0 AS t)
      AND (SELECT t.has_null FROM touched0 AS t)
      AND s.id IS NULL
    UNION ALL
    -- all rows now
    SELECT s.quantity AS c1, 1::bigint AS weight
    FROM imat_store.computed2_coarse_total((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1)) AS s
    WHERE NOT (SELECT t.is_few FROM touched0 AS t)
)
-- changes of the rows stored below
SELECT
  TRUE AS only_row,
  s1.weight AS rows,
  CASE WHEN s1.c1 IS NOT NULL THEN s1.weight ELSE 0 END AS count_quantity,
  CASE WHEN s1.c1 IS NOT NULL THEN ((s1.c1)::bigint * s1.weight)::bigint ELSE 0 END AS sum_quantity
FROM
  rows0 AS s1
)
SELECT
  s.rows,
  (CASE WHEN s.count_quantity > 0 THEN (s.sum_quantity)::bigint END)::bigint AS pieces,
  s.rows AS rows_now,
  false AS is_anew
FROM (
  SELECT
    TRUE AS only_row,
    COALESCE(pg_catalog.sum(u.rows), 0)::bigint AS rows,
    COALESCE(pg_catalog.sum(u.count_quantity), 0)::bigint AS count_quantity,
    COALESCE(pg_catalog.sum(u.sum_quantity), 0)::bigint AS sum_quantity
  FROM (
    SELECT only_row, rows, count_quantity, sum_quantity FROM imat_store.state1_coarse_total AS s
    UNION ALL
    SELECT only_row, rows, count_quantity, sum_quantity FROM changes
  ) AS u
) AS s
WHERE (SELECT t.is_few AND t.is_cheap FROM touched0 AS t)
UNION ALL
SELECT
  s.rows,
  s.pieces,
  COALESCE(s.rows_now, 0) AS rows_now,
  true AS is_anew
FROM (SELECT) AS one
LEFT JOIN (
  SELECT s.*, 1::bigint AS rows_now FROM imat_store.answered1_coarse_total((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1)) AS s
) AS s ON TRUE
WHERE NOT (SELECT t.is_few AND t.is_cheap FROM touched0 AS t);

-- the same as a function, planned only if anything is pending
CREATE OR REPLACE FUNCTION imat_store.merged1_coarse_total(access_key uuid) RETURNS SETOF imat_store.merge1_coarse_total
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
      MESSAGE = 'only the view of the imat may call imat_store.merged1_coarse_total';
  END IF;
  RETURN QUERY EXECUTE 'SELECT * FROM imat_store.merge1_coarse_total';
END$imat$;

-- a view calls functions with the rights of its readers
GRANT EXECUTE ON FUNCTION imat_store.merged1_coarse_total(uuid) TO PUBLIC;

-- the answer computed now
CREATE VIEW imat_store.current1_coarse_total WITH (security_barrier) AS
WITH merged AS MATERIALIZED (
  SELECT * FROM imat_store.merged1_coarse_total((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1))
)
SELECT
  s.rows,
  s.pieces
FROM (
  -- what pending changes concern, with them
  SELECT
    s.rows,
    s.pieces
  FROM merged AS s
) AS s;

-- fold: replaces rows, and changes the groups on them
CREATE OR REPLACE FUNCTION imat_store.refold1_coarse_total(
  keys integer[], has_null boolean,
  OUT changed bigint, OUT emptied tid[], OUT negative boolean, OUT replaced bigint
)
LANGUAGE sql
BEGIN ATOMIC
  WITH removed AS (
    DELETE FROM imat_store.state2_coarse_total AS s
    WHERE s.id = ANY ($1) OR ($2 AND s.id IS NULL)
    RETURNING s.quantity, s.id
  ), stored AS (
    INSERT INTO imat_store.state2_coarse_total AS s (quantity, id)
    -- rows of touched keys now
        SELECT s.quantity, s.id
        FROM (
        SELECT s.quantity AS quantity, c.id AS id
        FROM public.customer AS c LEFT JOIN (SELECT s.customer_id AS customer_id, s.quantity AS quantity, s.shipped AS shipped
        FROM public.sale AS s
        WHERE ((s.customer_id = ANY (SELECT pg_catalog.unnest($1) AS key)) IS TRUE)) AS s ON ((s.customer_id = c.id) AND s.shipped)
        WHERE ((c.id = ANY ($1)) AND ((c.id = ANY (SELECT pg_catalog.unnest($1) AS key)) IS TRUE))
        ) AS s
        WHERE TRUE
        UNION ALL
        -- rows without a key now
        SELECT s.quantity, s.id
        FROM (
        SELECT s.quantity AS quantity, c.id AS id
        FROM public.customer AS c LEFT JOIN (SELECT s.customer_id AS customer_id, s.quantity AS quantity, s.shipped AS shipped
        FROM public.sale AS s
        WHERE (s.customer_id IS NULL)) AS s ON ((s.customer_id = c.id) AND s.shipped)
        WHERE (c.id IS NULL)
        ) AS s
        WHERE TRUE
          AND $2
          AND s.id IS NULL
    RETURNING s.quantity, s.id
  ), changes AS (
    WITH pending AS MATERIALIZED (
      SELECT
        f.snapshot
      FROM imat_catalog.frontier AS f
      WHERE f.imat_id = 1
    ), rows0 AS MATERIALIZED (
      -- rows of touched keys as they were stored
        SELECT s.quantity AS c1, -1::bigint AS weight
        FROM removed AS s
        UNION ALL
        -- rows of touched keys now
        SELECT s.quantity AS c1, 1::bigint AS weight
        FROM stored AS s
    )
    -- changes of the rows stored below
    SELECT
      TRUE AS only_row,
      s1.weight AS rows,
      CASE WHEN s1.c1 IS NOT NULL THEN s1.weight ELSE 0 END AS count_quantity,
      CASE WHEN s1.c1 IS NOT NULL THEN ((s1.c1)::bigint * s1.weight)::bigint ELSE 0 END AS sum_quantity
    FROM
      rows0 AS s1
  ), delta AS (
    SELECT
      TRUE AS only_row,
      COALESCE(pg_catalog.sum(u.rows), 0)::bigint AS rows,
      COALESCE(pg_catalog.sum(u.count_quantity), 0)::bigint AS count_quantity,
      COALESCE(pg_catalog.sum(u.sum_quantity), 0)::bigint AS sum_quantity
    FROM (
      SELECT only_row, rows, count_quantity, sum_quantity FROM changes
    ) AS u
  ), merged AS (
    INSERT INTO imat_store.state1_coarse_total AS s (only_row, rows, count_quantity, sum_quantity)
    SELECT only_row, rows, count_quantity, sum_quantity
    FROM delta AS d
    WHERE d.rows <> 0 OR d.count_quantity <> 0 OR d.sum_quantity <> 0
    ON CONFLICT (only_row) DO UPDATE SET
      rows = s.rows + EXCLUDED.rows,
      count_quantity = s.count_quantity + EXCLUDED.count_quantity,
      sum_quantity = s.sum_quantity + EXCLUDED.sum_quantity
    RETURNING s.ctid, s.rows
  )
  SELECT
    pg_catalog.count(*),
    pg_catalog.array_agg(m.ctid) FILTER (WHERE m.rows = 0),
    pg_catalog.bool_or(m.rows < 0),
    (SELECT pg_catalog.count(*) FROM removed) + (SELECT pg_catalog.count(*) FROM stored)
  FROM merged AS m;
END;

-- only the fold calls it
REVOKE ALL ON FUNCTION imat_store.refold1_coarse_total(integer[], boolean) FROM PUBLIC;

-- fold: adds what is pending to the state
CREATE OR REPLACE FUNCTION imat_store.fold1_coarse_total(anew boolean DEFAULT false) RETURNS bigint
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET row_security = off
SET jit = off
SET random_page_cost = 1.1
SET plan_cache_mode = force_custom_plan
SET standard_conforming_strings = on
AS $imat$
#variable_conflict use_column
DECLARE
  touched record;
  replaced bigint;
  changed bigint;
  emptied tid[];
  negative boolean;
BEGIN
  IF anew THEN
    DELETE FROM imat_store.state1_coarse_total;
    INSERT INTO imat_store.state1_coarse_total (only_row, rows, count_quantity, sum_quantity)
    SELECT only_row, rows, count_quantity, sum_quantity FROM imat_store.regrouped1_coarse_total;
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
  END IF;
  PERFORM pg_catalog.set_config('imat.few', COALESCE((
      SELECT LEAST(e.keys / 4, 100000)::text
      FROM (
        SELECT LEAST(imat_catalog.distinct_values(1, '1'::pg_catalog.regclass, 1), imat_catalog.distinct_values(1, '1'::pg_catalog.regclass, 2)) AS keys OFFSET 0
      ) AS e
      WHERE (
        SELECT c.reltuples FROM pg_catalog.pg_class AS c
        WHERE c.oid = 'imat_store.state2_coarse_total'::regclass
      ) BETWEEN 0.5 * e.keys AND 1.5 * e.keys
        AND EXISTS (
            SELECT FROM pg_catalog.pg_index AS i
            WHERE i.indrelid = '1'::pg_catalog.regclass AND i.indisvalid
              AND i.indpred IS NULL AND i.indkey[0] = 1
          )
    ), ''), true);
  EXECUTE 'SELECT t.* FROM imat_store.touched2_coarse_total AS t' INTO touched;
  PERFORM pg_catalog.set_config('imat.few', '', true);
  IF NOT touched.is_few THEN
    RETURN imat_store.fold2_coarse_total(true) + imat_store.fold1_coarse_total(true);
  END IF;
  BEGIN
    SELECT r.* INTO changed, emptied, negative, replaced
    FROM imat_store.refold1_coarse_total(touched.keys, touched.has_null) AS r;
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
      MESSAGE = 'a row of imat_store.state1_coarse_total would have a negative count',
      DETAIL = 'A change of a source was not captured, for example because a trigger of imat was disabled.',
      HINT = 'Run imat repair.';
  END IF;
  RETURN changed + replaced;
END$imat$;

-- only imat.fold calls it
REVOKE ALL ON FUNCTION imat_store.fold1_coarse_total(boolean) FROM PUBLIC;

-- fold: computes all rows again
CREATE OR REPLACE FUNCTION imat_store.fold2_coarse_total(anew boolean DEFAULT false) RETURNS bigint
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET row_security = off
SET jit = off
SET random_page_cost = 1.1
SET standard_conforming_strings = on
AS $imat$
#variable_conflict use_column
DECLARE
  changed bigint;
BEGIN
  DELETE FROM imat_store.state2_coarse_total;
  INSERT INTO imat_store.state2_coarse_total (quantity, id)
  SELECT quantity, id FROM imat_store.computed2_coarse_total((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1));
  GET DIAGNOSTICS changed = ROW_COUNT;
  RETURN changed;
EXCEPTION
  WHEN program_limit_exceeded THEN
    RAISE EXCEPTION USING
      ERRCODE = 'program_limit_exceeded',
      MESSAGE = 'a group key is too long to be stored',
      DETAIL = SQLERRM,
      HINT = 'Keys are limited to about 2700 bytes. Reads are still correct. Run imat repair, which then chooses the strategy swap.';
END$imat$;

-- only imat.fold calls it
REVOKE ALL ON FUNCTION imat_store.fold2_coarse_total(boolean) FROM PUBLIC;

-- fold: all stores
CREATE OR REPLACE FUNCTION imat_store.fold_coarse_total(anew boolean DEFAULT false) RETURNS bigint
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $imat$
DECLARE
  anew_2 CONSTANT boolean :=
      anew OR imat_catalog.has_reset(imat => 1) OR (
        SELECT GREATEST(pg_catalog.pg_relation_size('imat_store.log_public_customer'::regclass), pg_catalog.pg_relation_size('imat_store.log_public_sale'::regclass)) >= 440000 AND imat_catalog.is_outgrown(1, f.snapshot, 5)
        FROM imat_catalog.frontier AS f
        WHERE f.imat_id = 1
      );
  touched bigint := 0;
BEGIN
  IF NOT anew_2 THEN
    touched := touched + imat_store.fold1_coarse_total(false);
  END IF;
  IF anew_2 THEN
    touched := touched + imat_store.fold2_coarse_total(true);
    touched := touched + imat_store.fold1_coarse_total(true);
  END IF;
  RETURN touched;
END$imat$;

-- only imat.fold calls it
REVOKE ALL ON FUNCTION imat_store.fold_coarse_total(boolean) FROM PUBLIC;

-- what readers use
CREATE VIEW imat.coarse_total AS
SELECT
  s.rows AS customers,
  s.pieces AS pieces
FROM (
  -- what is stored
  SELECT
    s.rows,
    s.pieces,
    0 AS arm
  FROM imat_store.state1_coarse_total AS s
  UNION ALL
  -- the answer computed now
  SELECT
    s.rows,
    s.pieces,
    2 AS arm
  FROM imat_store.current1_coarse_total AS s
  UNION ALL
  -- what the sources have
  SELECT
    s.rows,
    s.pieces,
    3 AS arm
  FROM imat_store.answered1_coarse_total((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1)) AS s
) AS s
WHERE s.arm = (
  SELECT COALESCE(
    (SELECT CASE WHEN EXISTS (SELECT FROM imat_store.log_public_customer AS l WHERE l.xid <= '18446744073709551615'::pg_catalog.xid8 AND l.xid >= pg_catalog.pg_snapshot_xmin(f.snapshot) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, f.snapshot)) OR EXISTS (SELECT FROM imat_store.log_public_sale AS l WHERE l.xid <= '18446744073709551615'::pg_catalog.xid8 AND l.xid >= pg_catalog.pg_snapshot_xmin(f.snapshot) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, f.snapshot)) THEN CASE WHEN EXISTS (SELECT FROM imat_store.reset AS r WHERE r.relation IN ('1'::pg_catalog.regclass, '1'::pg_catalog.regclass) AND NOT pg_catalog.pg_visible_in_snapshot(r.xid, f.snapshot)) OR imat_catalog.is_rewritten(ARRAY['1'::pg_catalog.regclass, '1'::pg_catalog.regclass]) OR imat_catalog.is_outgrown(1, f.snapshot, 8) THEN 3 ELSE 2 END ELSE 0 END FROM imat_catalog.frontier AS f WHERE f.imat_id = 1 AND f.state_relation IN ('imat_store.state1_coarse_total'::regclass) AND f.here AND 'imat_store.definition_coarse_total'::regclass IS NOT NULL AND (TRUE OR EXISTS (SELECT FROM public.customer, public.sale))),
    imat_catalog.arm_without_frontier('coarse_total', 3)
  )
);

-- what a colleague finds
COMMENT ON VIEW imat.coarse_total IS 'imat: answers as its query would now. See imat explain; imat revert removes it.';

-- who may read the materialized view may read it
SELECT imat_catalog.copy_grants('public.coarse_total', 'imat.coarse_total');

-- a comment of the materialized view
COMMENT ON VIEW imat.coarse_total IS 'shows coarse-total';

-- an index of the materialized view
CREATE INDEX ON imat_store.state1_coarse_total USING btree ((1));
