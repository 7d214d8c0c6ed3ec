-- regroup-met: changed rows that meet no row of another table touch no key
--
-- SELECT s.region,
--     array_agg(s.quantity ORDER BY s.quantity, s.id) AS quantities
--    FROM public.sale s
--      JOIN public.product p ON p.id = s.product_id
--   WHERE p.label::text = 'tea'::text AND s.shipped
--   GROUP BY s.region
--
-- strategy delta, freshness live
-- note: ties in ORDER BY s.quantity are broken by s.id
-- reads public.product (id, label)
-- reads public.sale (id, product_id, region, quantity, shipped)
-- rows by s.region: stored, those of touched keys computed again, stores region, quantities
--   scan public.sale AS s: touches the key of its own row where s.shipped AND ((p.label)::text = ('tea')::text); read by the key, stores nothing
--   scan public.product AS p: touches keys through s where ((p.label)::text = ('tea')::text) AND s.shipped, stores nothing

-- the definition, as a view
CREATE VIEW imat_store.definition_regroup_met AS
SELECT s.region,
    array_agg(s.quantity ORDER BY s.quantity, s.id) AS quantities
   FROM public.sale s
     JOIN public.product p ON p.id = s.product_id
  WHERE p.label::text = 'tea'::text AND s.shipped
  GROUP BY s.region;

-- the change log of public.product, if it is not there yet
CREATE TABLE imat_store.log_public_product (
  xid xid8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id(),
  weight integer NOT NULL,
  c1 integer,
  c2 character varying
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000, autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 50000, vacuum_truncate = false);
ALTER TABLE imat_store.log_public_product REPLICA IDENTITY FULL;

-- capture on public.product
CREATE OR REPLACE FUNCTION imat_store.capture_insert_public_product() RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
AS $imat$
DECLARE
  changed pg_catalog.int8;
BEGIN
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_product', '{1,2}', ARRAY['id', 'label']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_product (weight, c1, c2)
      SELECT 1, n.id, n.label FROM new_rows AS n
      LIMIT 100000;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed OPERATOR(pg_catalog.=) 100000 THEN
      changed := (SELECT pg_catalog.count(*) FROM new_rows);
      IF imat_store.is_loggable('1'::pg_catalog.regclass, changed) THEN
        INSERT INTO imat_store.log_public_product (weight, c1, c2)
          SELECT 1, n.id, n.label FROM new_rows AS n
          OFFSET 100000;
      ELSE
        INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);
      END IF;
    END IF;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_product', '{1,2}', TG_OP);
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

-- capture on public.product
REVOKE ALL ON FUNCTION imat_store.capture_insert_public_product() FROM PUBLIC;

-- capture on public.product
CREATE OR REPLACE FUNCTION imat_store.capture_update_public_product() RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
AS $imat$
DECLARE
  changed pg_catalog.int8;
BEGIN
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_product', '{1,2}', ARRAY['id', 'label']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_product (weight, c1, c2)
      SELECT pg_catalog.sum(u.weight), u.c1, u.c2
      FROM (
        SELECT -1 AS weight, o.id AS c1, o.label AS c2 FROM old_rows AS o
        UNION ALL
        SELECT 1, n.id AS c1, n.label AS c2 FROM new_rows AS n
      ) AS u
      GROUP BY u.c1, u.c2
      HAVING pg_catalog.sum(u.weight) OPERATOR(pg_catalog.<>) 0;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_product', '{1,2}', TG_OP);
  END IF;
  RETURN NULL;
END$imat$;

-- capture on public.product
REVOKE ALL ON FUNCTION imat_store.capture_update_public_product() FROM PUBLIC;

-- capture on public.product
CREATE OR REPLACE FUNCTION imat_store.capture_delete_public_product() RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
AS $imat$
DECLARE
  changed pg_catalog.int8;
BEGIN
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_product', '{1,2}', ARRAY['id', 'label']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_product (weight, c1, c2)
      SELECT -1, o.id, o.label FROM old_rows AS o
      LIMIT 100000;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed OPERATOR(pg_catalog.=) 100000 THEN
      changed := (SELECT pg_catalog.count(*) FROM old_rows);
      IF imat_store.is_loggable('1'::pg_catalog.regclass, changed) THEN
        INSERT INTO imat_store.log_public_product (weight, c1, c2)
          SELECT -1, o.id, o.label FROM old_rows AS o
          OFFSET 100000;
      ELSE
        INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);
      END IF;
    END IF;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_product', '{1,2}', TG_OP);
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

-- capture on public.product
REVOKE ALL ON FUNCTION imat_store.capture_delete_public_product() FROM PUBLIC;

-- capture on public.product
CREATE OR REPLACE FUNCTION imat_store.capture_truncate_public_product() RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
AS $imat$
DECLARE
  changed pg_catalog.int8;
BEGIN
  INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);
  INSERT INTO imat_store.log_public_product (weight) VALUES (0);
  RETURN NULL;
END$imat$;

-- capture on public.product
REVOKE ALL ON FUNCTION imat_store.capture_truncate_public_product() FROM PUBLIC;

-- trigger on public.product
CREATE OR REPLACE TRIGGER "!imat_insert" AFTER INSERT ON public.product REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION imat_store.capture_insert_public_product();

-- trigger on public.product
CREATE OR REPLACE TRIGGER "!imat_update" AFTER UPDATE ON public.product REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION imat_store.capture_update_public_product();

-- trigger on public.product
CREATE OR REPLACE TRIGGER "!imat_delete" AFTER DELETE ON public.product REFERENCING OLD TABLE AS old_rows
FOR EACH STATEMENT EXECUTE FUNCTION imat_store.capture_delete_public_product();

-- trigger on public.product
CREATE OR REPLACE TRIGGER "~imat_truncate" BEFORE TRUNCATE ON public.product
FOR EACH STATEMENT EXECUTE FUNCTION imat_store.capture_truncate_public_product();

-- trigger on public.product
ALTER TABLE public.product ENABLE ALWAYS TRIGGER "!imat_insert", ENABLE ALWAYS TRIGGER "!imat_update", ENABLE ALWAYS TRIGGER "!imat_delete", ENABLE ALWAYS TRIGGER "~imat_truncate";

-- trigger on public.product
COMMENT ON TRIGGER "!imat_insert" ON public.product IS 'imat: captures changes for the views in the schema imat that read this table. See imat status; imat revert removes it with the last of them.';

-- trigger on public.product
COMMENT ON TRIGGER "!imat_update" ON public.product IS 'imat: captures changes for the views in the schema imat that read this table. See imat status; imat revert removes it with the last of them.';

-- trigger on public.product
COMMENT ON TRIGGER "!imat_delete" ON public.product IS 'imat: captures changes for the views in the schema imat that read this table. See imat status; imat revert removes it with the last of them.';

-- trigger on public.product
COMMENT ON TRIGGER "~imat_truncate" ON public.product IS 'imat: captures changes for the views in the schema imat that read this table. See imat status; imat revert removes it with the last of them.';

-- the change log of public.sale, if it is not there yet
CREATE TABLE imat_store.log_public_sale (
  xid xid8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id(),
  weight integer NOT NULL,
  c1 integer,
  c3 integer,
  c4 text,
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_sale', '{1,3,4,6,10}', ARRAY['id', 'product_id', 'region', 'quantity', 'shipped']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_sale (weight, c1, c3, c4, c6, c10)
      SELECT 1, n.id, n.product_id, n.region, n.quantity, n.shipped FROM new_rows AS n
      LIMIT 100000;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed OPERATOR(pg_catalog.=) 100000 THEN
      changed := (SELECT pg_catalog.count(*) FROM new_rows);
      IF imat_store.is_loggable('1'::pg_catalog.regclass, changed) THEN
        INSERT INTO imat_store.log_public_sale (weight, c1, c3, c4, c6, c10)
          SELECT 1, n.id, n.product_id, n.region, n.quantity, n.shipped FROM new_rows AS n
          OFFSET 100000;
      ELSE
        INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);
      END IF;
    END IF;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_sale', '{1,3,4,6,10}', TG_OP);
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_sale', '{1,3,4,6,10}', ARRAY['id', 'product_id', 'region', 'quantity', 'shipped']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_sale (weight, c1, c3, c4, c6, c10)
      SELECT pg_catalog.sum(u.weight), u.c1, u.c3, u.c4, u.c6, u.c10
      FROM (
        SELECT -1 AS weight, o.id AS c1, o.product_id AS c3, o.region AS c4, o.quantity AS c6, o.shipped AS c10 FROM old_rows AS o
        UNION ALL
        SELECT 1, n.id AS c1, n.product_id AS c3, n.region AS c4, n.quantity AS c6, n.shipped AS c10 FROM new_rows AS n
      ) AS u
      GROUP BY u.c1, u.c3, u.c4, u.c6, u.c10
      HAVING pg_catalog.sum(u.weight) OPERATOR(pg_catalog.<>) 0;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_sale', '{1,3,4,6,10}', TG_OP);
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_sale', '{1,3,4,6,10}', ARRAY['id', 'product_id', 'region', 'quantity', 'shipped']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_sale (weight, c1, c3, c4, c6, c10)
      SELECT -1, o.id, o.product_id, o.region, o.quantity, o.shipped FROM old_rows AS o
      LIMIT 100000;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed OPERATOR(pg_catalog.=) 100000 THEN
      changed := (SELECT pg_catalog.count(*) FROM old_rows);
      IF imat_store.is_loggable('1'::pg_catalog.regclass, changed) THEN
        INSERT INTO imat_store.log_public_sale (weight, c1, c3, c4, c6, c10)
          SELECT -1, o.id, o.product_id, o.region, o.quantity, o.shipped FROM old_rows AS o
          OFFSET 100000;
      ELSE
        INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);
      END IF;
    END IF;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_sale', '{1,3,4,6,10}', TG_OP);
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
CREATE TABLE imat_store.state_regroup_met WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02) AS
SELECT s.region AS region, pg_catalog.array_agg(s.quantity ORDER BY s.quantity, s.id) AS quantities
FROM public.sale AS s JOIN public.product AS p ON (p.id = s.product_id)
WHERE (((p.label)::text = ('tea')::text) AND s.shipped)
GROUP BY s.region;

-- what publications of all tables need
ALTER TABLE imat_store.state_regroup_met REPLICA IDENTITY FULL;

-- what finds the rows of a key
CREATE INDEX ON imat_store.state_regroup_met (region);

-- what the column holds
COMMENT ON COLUMN imat_store.state_regroup_met.region IS 's.region';

-- statistics
ANALYZE imat_store.state_regroup_met;

-- the keys that pending rows touch
CREATE VIEW imat_store.touched_regroup_met AS
WITH pending AS MATERIALIZED (
  SELECT
    f.snapshot,
    COALESCE(pg_catalog.substring(
          pg_catalog.current_setting('imat.few', true), '^[0-9]{1,18}$'
        )::bigint, k.surely) AS surely,
    COALESCE(pg_catalog.substring(
          pg_catalog.current_setting('imat.few', true), '^[0-9]{1,18}$'
        )::bigint, GREATEST(k.surely, k.sometimes)) AS few,
    EXISTS (SELECT FROM imat_store.log_public_sale AS l WHERE l.xid <= '18446744073709551615'::pg_catalog.xid8 AND l.xid >= pg_catalog.pg_snapshot_xmin(f.snapshot) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, f.snapshot)) AS changed1,
    EXISTS (SELECT FROM imat_store.log_public_product AS l WHERE l.xid <= '18446744073709551615'::pg_catalog.xid8 AND l.xid >= pg_catalog.pg_snapshot_xmin(f.snapshot) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, f.snapshot)) AS changed2,
    (
      SELECT pg_catalog.count(*) > 1000
      FROM (
        SELECT 1
        FROM
          (
            SELECT l.weight::bigint AS weight
            FROM imat_store.log_public_sale AS l
            WHERE l.xid >= pg_catalog.pg_snapshot_xmin(f.snapshot) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, f.snapshot)
          ) AS r1
        LIMIT 1001
      ) AS n
    ) AS many1
  FROM imat_catalog.frontier AS f, (
    SELECT
          LEAST(
            GREATEST(
              10,
              COALESCE(e.keys / 16, GREATEST(1000, (
                          SELECT c.reltuples::bigint
                          FROM pg_catalog.pg_class AS c
                          WHERE c.oid = 'imat_store.state_regroup_met'::regclass
                        ) / 16))
            ),
            e.most
          ) AS surely,
          CASE WHEN e.most IS NULL THEN LEAST(e.keys / 4, 10000) END
            AS sometimes
        FROM (
          SELECT
            LEAST(imat_catalog.distinct_values(1, '1'::pg_catalog.regclass, 4)) AS keys,
            CASE WHEN NOT (EXISTS (
                SELECT FROM pg_catalog.pg_index AS i
                WHERE i.indrelid = '1'::pg_catalog.regclass AND i.indisvalid
                  AND i.indpred IS NULL AND i.indkey[0] = 4
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
    -- touched by changes of public.sale AS s
    SELECT (r1.region)::text AS key
    FROM
      (
      SELECT r1.*
      FROM
        (
          SELECT l.weight::bigint AS weight, l.c3 AS product_id, l.c4 AS region, l.c10 AS shipped
          FROM imat_store.log_public_sale AS l
          WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
        ) AS r1
      WHERE (SELECT p.many1 FROM pending AS p)
      UNION ALL
      SELECT r1.*
      FROM
        (
          SELECT r1.*
          FROM
            (
              SELECT l.weight::bigint AS weight, l.c3 AS product_id, l.c4 AS region, l.c10 AS shipped
              FROM imat_store.log_public_sale AS l
              WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
            ) AS r1
          LIMIT 1000
        ) AS r1
      WHERE NOT (SELECT p.many1 FROM pending AS p)
        AND (EXISTS (SELECT FROM public.product AS r2 WHERE (r2.id = r1.product_id) AND ((r2.label)::text = ('tea')::text) OFFSET 0)
        OR (SELECT p.changed2 FROM pending AS p)
        AND (r1.product_id) IN (
          SELECT r2.id
          FROM
            (
              SELECT l.weight::bigint AS weight, l.c1 AS id, l.c2::character varying(40) AS label
              FROM imat_store.log_public_product AS l
              WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
            ) AS r2
        WHERE ((r2.label)::text = ('tea')::text)
        ))
      ) AS r1
    WHERE (SELECT p.changed1 FROM pending AS p)
      AND r1.shipped
    UNION ALL
    -- touched by changes of public.product AS p
    SELECT (r1.region)::text AS key
    FROM
      (
        SELECT l.weight::bigint AS weight, l.c1 AS id, l.c2::character varying(40) AS label
        FROM imat_store.log_public_product AS l
        WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
      ) AS r2,
      public.sale AS r1
    WHERE (SELECT p.changed2 FROM pending AS p)
      AND ((r2.label)::text = ('tea')::text)
      AND (r2.id = r1.product_id)
      AND r1.shipped
  ) AS u
  LIMIT (SELECT p.few + 1 FROM pending AS p)
) AS t;

-- the same for a fold, which looks up all changed rows
CREATE VIEW imat_store.touchedmet_regroup_met AS
WITH pending AS MATERIALIZED (
  SELECT
    f.snapshot,
    COALESCE(pg_catalog.substring(
          pg_catalog.current_setting('imat.few', true), '^[0-9]{1,18}$'
        )::bigint, k.surely) AS surely,
    COALESCE(pg_catalog.substring(
          pg_catalog.current_setting('imat.few', true), '^[0-9]{1,18}$'
        )::bigint, GREATEST(k.surely, k.sometimes)) AS few,
    EXISTS (SELECT FROM imat_store.log_public_sale AS l WHERE l.xid <= '18446744073709551615'::pg_catalog.xid8 AND l.xid >= pg_catalog.pg_snapshot_xmin(f.snapshot) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, f.snapshot)) AS changed1,
    EXISTS (SELECT FROM imat_store.log_public_product AS l WHERE l.xid <= '18446744073709551615'::pg_catalog.xid8 AND l.xid >= pg_catalog.pg_snapshot_xmin(f.snapshot) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, f.snapshot)) AS changed2,
    (
      SELECT pg_catalog.count(*) > 1000
      FROM (
        SELECT 1
        FROM
          (
            SELECT l.weight::bigint AS weight
            FROM imat_store.log_public_sale AS l
            WHERE l.xid >= pg_catalog.pg_snapshot_xmin(f.snapshot) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, f.snapshot)
          ) AS r1
        LIMIT 1001
      ) AS n
    ) AS many1
  FROM imat_catalog.frontier AS f, (
    SELECT
          LEAST(
            GREATEST(
              10,
              COALESCE(e.keys / 16, GREATEST(1000, (
                          SELECT c.reltuples::bigint
                          FROM pg_catalog.pg_class AS c
                          WHERE c.oid = 'imat_store.state_regroup_met'::regclass
                        ) / 16))
            ),
            e.most
          ) AS surely,
          CASE WHEN e.most IS NULL THEN LEAST(e.keys / 4, 10000) END
            AS sometimes
        FROM (
          SELECT
            LEAST(imat_catalog.distinct_values(1, '1'::pg_catalog.regclass, 4)) AS keys,
            CASE WHEN NOT (EXISTS (
                SELECT FROM pg_catalog.pg_index AS i
                WHERE i.indrelid = '1'::pg_catalog.regclass AND i.indisvalid
                  AND i.indpred IS NULL AND i.indkey[0] = 4
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
    -- touched by changes of public.sale AS s
    SELECT (r1.region)::text AS key
    FROM
      (
      SELECT r1.*
      FROM
        (
          SELECT l.weight::bigint AS weight, l.c3 AS product_id, l.c4 AS region, l.c10 AS shipped
          FROM imat_store.log_public_sale AS l
          WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
        ) AS r1
      WHERE (SELECT p.many1 FROM pending AS p)
        AND (EXISTS (SELECT FROM public.product AS r2 WHERE (r2.id = r1.product_id) AND ((r2.label)::text = ('tea')::text))
        OR (SELECT p.changed2 FROM pending AS p)
        AND (r1.product_id) IN (
          SELECT r2.id
          FROM
            (
              SELECT l.weight::bigint AS weight, l.c1 AS id, l.c2::character varying(40) AS label
              FROM imat_store.log_public_product AS l
              WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
            ) AS r2
        WHERE ((r2.label)::text = ('tea')::text)
        ))
      UNION ALL
      SELECT r1.*
      FROM
        (
          SELECT r1.*
          FROM
            (
              SELECT l.weight::bigint AS weight, l.c3 AS product_id, l.c4 AS region, l.c10 AS shipped
              FROM imat_store.log_public_sale AS l
              WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
            ) AS r1
          LIMIT 1000
        ) AS r1
      WHERE NOT (SELECT p.many1 FROM pending AS p)
        AND (EXISTS (SELECT FROM public.product AS r2 WHERE (r2.id = r1.product_id) AND ((r2.label)::text = ('tea')::text) OFFSET 0)
        OR (SELECT p.changed2 FROM pending AS p)
        AND (r1.product_id) IN (
          SELECT r2.id
          FROM
            (
              SELECT l.weight::bigint AS weight, l.c1 AS id, l.c2::character varying(40) AS label
              FROM imat_store.log_public_product AS l
              WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
            ) AS r2
        WHERE ((r2.label)::text = ('tea')::text)
        ))
      ) AS r1
    WHERE (SELECT p.changed1 FROM pending AS p)
      AND r1.shipped
    UNION ALL
    -- touched by changes of public.product AS p
    SELECT (r1.region)::text AS key
    FROM
      (
        SELECT l.weight::bigint AS weight, l.c1 AS id, l.c2::character varying(40) AS label
        FROM imat_store.log_public_product AS l
        WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
      ) AS r2,
      public.sale AS r1
    WHERE (SELECT p.changed2 FROM pending AS p)
      AND ((r2.label)::text = ('tea')::text)
      AND (r2.id = r1.product_id)
      AND r1.shipped
  ) AS u
  LIMIT (SELECT p.few + 1 FROM pending AS p)
) AS t;

-- the definition, with its key
CREATE VIEW imat_store.content_regroup_met AS
SELECT s.region AS region, pg_catalog.array_agg(s.quantity ORDER BY s.quantity, s.id) AS quantities
FROM public.sale AS s JOIN public.product AS p ON (p.id = s.product_id)
WHERE (((p.label)::text = ('tea')::text) AND s.shipped)
GROUP BY s.region;

-- the same as a function, which is planned when it runs
CREATE OR REPLACE FUNCTION imat_store.computed_regroup_met(access_key uuid) RETURNS SETOF imat_store.content_regroup_met
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
      MESSAGE = 'only the view of the imat may call imat_store.computed_regroup_met';
  END IF;
  RETURN QUERY EXECUTE 'SELECT * FROM imat_store.content_regroup_met';
  IF imat_catalog.is_rewritten_meanwhile(22) THEN
    RAISE EXCEPTION USING
      ERRCODE = 'serialization_failure',
      MESSAGE = 'a table was truncated or rewritten after this statement began',
      HINT = 'Run the statement again.';
  END IF;
END$imat$;

-- a view calls functions with the rights of its readers
GRANT EXECUTE ON FUNCTION imat_store.computed_regroup_met(uuid) TO PUBLIC;

-- stored rows, and those of touched keys now
CREATE VIEW imat_store.current_regroup_met WITH (security_barrier) AS
WITH touched AS MATERIALIZED (
  TABLE imat_store.touched_regroup_met
)
SELECT
  s.region,
  s.quantities,
  s.imat_stays
FROM (
  -- stored rows of other keys
  SELECT
    s.region,
    s.quantities,
    TRUE AS imat_stays
  FROM imat_store.state_regroup_met AS s
  WHERE (SELECT t.is_few FROM touched AS t)
    AND NOT EXISTS (SELECT FROM pg_catalog.unnest(((SELECT t.keys FROM touched AS t))::text[]) AS k(key) WHERE k.key = s.region)
    AND (s.region IS NOT NULL OR NOT (SELECT t.has_null FROM touched AS t))
  UNION ALL
  -- rows of touched keys now
  SELECT
    s.region,
    s.quantities,
    FALSE AS imat_stays
  FROM (
  SELECT s.region AS region, pg_catalog.array_agg(s.quantity ORDER BY s.quantity, s.id) AS quantities
  FROM public.sale AS s JOIN public.product AS p ON (p.id = s.product_id)
  WHERE ((((p.label)::text = ('tea')::text) AND s.shipped) AND ((s.region = ANY (((SELECT t.keys FROM touched AS t))::text[])) AND ((s.region = ANY (SELECT pg_catalog.unnest(((SELECT t.keys FROM touched AS t))::text[]) AS key)) IS TRUE)))
  GROUP BY s.region
  ) AS s
  WHERE (SELECT t.is_few FROM touched AS t)
  UNION ALL
  -- rows without a key now
  SELECT
    s.region,
    s.quantities,
    FALSE AS imat_stays
  FROM (
  SELECT s.region AS region, pg_catalog.array_agg(s.quantity ORDER BY s.quantity, s.id) AS quantities
  FROM public.sale AS s JOIN public.product AS p ON (p.id = s.product_id)
  WHERE ((((p.label)::text = ('tea')::text) AND s.shipped) AND (s.region IS NULL))
  GROUP BY s.region
  ) AS s
  WHERE (SELECT t.is_few FROM touched AS t)
    AND (SELECT t.has_null FROM touched AS t)
    AND s.region IS NULL
  UNION ALL
  -- all rows now
  SELECT
    s.region,
    s.quantities,
    FALSE AS imat_stays
  FROM imat_store.computed_regroup_met((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1)) AS s
  WHERE NOT (SELECT t.is_few FROM touched AS t)
) AS s;

-- fold: stores the rows of touched keys
CREATE OR REPLACE FUNCTION imat_store.refold_regroup_met(keys text[], has_null boolean)
RETURNS bigint
LANGUAGE sql
BEGIN ATOMIC
  WITH stored AS (
    INSERT INTO imat_store.state_regroup_met (region, quantities)
    -- rows of touched keys now
        SELECT s.region, s.quantities
        FROM (
        SELECT s.region AS region, pg_catalog.array_agg(s.quantity ORDER BY s.quantity, s.id) AS quantities
        FROM public.sale AS s JOIN public.product AS p ON (p.id = s.product_id)
        WHERE ((((p.label)::text = ('tea')::text) AND s.shipped) AND ((s.region = ANY ($1)) AND ((s.region = ANY (SELECT pg_catalog.unnest($1) AS key)) IS TRUE)))
        GROUP BY s.region
        ) AS s
        WHERE TRUE
        UNION ALL
        -- rows without a key now
        SELECT s.region, s.quantities
        FROM (
        SELECT s.region AS region, pg_catalog.array_agg(s.quantity ORDER BY s.quantity, s.id) AS quantities
        FROM public.sale AS s JOIN public.product AS p ON (p.id = s.product_id)
        WHERE ((((p.label)::text = ('tea')::text) AND s.shipped) AND (s.region IS NULL))
        GROUP BY s.region
        ) AS s
        WHERE TRUE
          AND $2
          AND s.region IS NULL
    RETURNING 1
  )
  SELECT pg_catalog.count(*) FROM stored;
END;

-- only the fold calls it
REVOKE ALL ON FUNCTION imat_store.refold_regroup_met(text[], boolean) FROM PUBLIC;

-- fold: computes the rows of touched keys again
CREATE OR REPLACE FUNCTION imat_store.fold_regroup_met(anew boolean DEFAULT false) RETURNS bigint
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
    SELECT GREATEST(pg_catalog.pg_relation_size('imat_store.log_public_sale'::regclass), pg_catalog.pg_relation_size('imat_store.log_public_product'::regclass)) >= 440000 AND imat_catalog.is_outgrown(1, f.snapshot, 5)
    FROM imat_catalog.frontier AS f
    WHERE f.imat_id = 1
  ) THEN
    DELETE FROM imat_store.state_regroup_met;
    INSERT INTO imat_store.state_regroup_met (region, quantities)
    SELECT region, quantities FROM imat_store.computed_regroup_met((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1));
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
  END IF;
  PERFORM pg_catalog.set_config('imat.few', COALESCE((
      SELECT LEAST(e.keys / 4, 100000)::text
      FROM (
        SELECT LEAST(imat_catalog.distinct_values(1, '1'::pg_catalog.regclass, 4)) AS keys OFFSET 0
      ) AS e
      WHERE (
        SELECT c.reltuples FROM pg_catalog.pg_class AS c
        WHERE c.oid = 'imat_store.state_regroup_met'::regclass
      ) BETWEEN 0.5 * e.keys AND 1.5 * e.keys
        AND EXISTS (
            SELECT FROM pg_catalog.pg_index AS i
            WHERE i.indrelid = '1'::pg_catalog.regclass AND i.indisvalid
              AND i.indpred IS NULL AND i.indkey[0] = 4
          )
    ), ''), true);
  EXECUTE 'SELECT t.* FROM imat_store.touchedmet_regroup_met AS t' INTO touched;
  PERFORM pg_catalog.set_config('imat.few', '', true);
  IF NOT touched.is_few THEN
    DELETE FROM imat_store.state_regroup_met;
    INSERT INTO imat_store.state_regroup_met (region, quantities)
    SELECT region, quantities FROM imat_store.computed_regroup_met((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1));
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
  END IF;
  EXECUTE $imat$DELETE FROM imat_store.state_regroup_met
  WHERE region = ANY ($1) OR ($2 AND region IS NULL)$imat$
  USING touched.keys, touched.has_null;
  GET DIAGNOSTICS removed = ROW_COUNT;
  changed := imat_store.refold_regroup_met(touched.keys, touched.has_null);
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
REVOKE ALL ON FUNCTION imat_store.fold_regroup_met(boolean) FROM PUBLIC;

-- what readers use
CREATE VIEW imat.regroup_met AS
SELECT
  s.region,
  s.quantities
FROM (
  -- what is stored
  SELECT
    s.region,
    s.quantities,
    0 AS arm
  FROM imat_store.state_regroup_met AS s
  UNION ALL
  -- the answer computed now
  SELECT
    s.region,
    s.quantities,
    2 AS arm
  FROM imat_store.current_regroup_met AS s
  UNION ALL
  -- what the sources have
  SELECT
    s.region,
    s.quantities,
    3 AS arm
  FROM imat_store.computed_regroup_met((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1)) AS s
) AS s
WHERE s.arm = (
  SELECT COALESCE(
    (SELECT CASE WHEN EXISTS (SELECT FROM imat_store.log_public_sale AS l WHERE l.xid <= '18446744073709551615'::pg_catalog.xid8 AND l.xid >= pg_catalog.pg_snapshot_xmin(f.snapshot) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, f.snapshot)) OR EXISTS (SELECT FROM imat_store.log_public_product AS l WHERE l.xid <= '18446744073709551615'::pg_catalog.xid8 AND l.xid >= pg_catalog.pg_snapshot_xmin(f.snapshot) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, f.snapshot)) THEN CASE WHEN EXISTS (SELECT FROM imat_store.reset AS r WHERE r.relation IN ('1'::pg_catalog.regclass, '1'::pg_catalog.regclass) AND NOT pg_catalog.pg_visible_in_snapshot(r.xid, f.snapshot)) OR imat_catalog.is_rewritten(ARRAY['1'::pg_catalog.regclass, '1'::pg_catalog.regclass]) OR GREATEST(pg_catalog.pg_relation_size('imat_store.log_public_sale'::regclass), pg_catalog.pg_relation_size('imat_store.log_public_product'::regclass)) >= 440000 AND imat_catalog.is_outgrown(1, f.snapshot, 8) THEN 3 ELSE 2 END ELSE 0 END FROM imat_catalog.frontier AS f WHERE f.imat_id = 1 AND f.state_relation IN ('imat_store.state_regroup_met'::regclass) AND f.here AND 'imat_store.definition_regroup_met'::regclass IS NOT NULL AND (TRUE OR EXISTS (SELECT FROM public.sale, public.product))),
    imat_catalog.arm_without_frontier('regroup_met', 3)
  )
);

-- what a colleague finds
COMMENT ON VIEW imat.regroup_met IS 'imat: answers as its query would now. See imat explain; imat revert removes it.';

-- who may read the materialized view may read it
SELECT imat_catalog.copy_grants('public.regroup_met', 'imat.regroup_met');

-- a comment of the materialized view
COMMENT ON VIEW imat.regroup_met IS 'shows regroup-met';

-- an index of the materialized view
CREATE INDEX ON imat_store.state_regroup_met USING btree ((1));
