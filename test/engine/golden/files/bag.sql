-- bag: select, project, join: duplicates count
--
-- SELECT s.region,
--     p.label,
--     s.quantity::numeric * p.price AS value
--    FROM public.sale s,
--     public.product p
--   WHERE s.product_id = p.id AND p.price > 0::numeric
--
-- strategy delta, freshness live
-- reads public.product (id, label, price)
-- reads public.sale (product_id, region, quantity)
-- project region, label, value: stored, each row once, stores row_digest, region, label, value
--     s.region: column, stores region
--     p.label: column, stores label
--     ((s.quantity)::numeric * p.price): column, stores value
--     copies of the row: additive part, stores rows
--   join on (s.product_id = p.id) AND (p.price > (0)::numeric): multilinear, stores nothing
--     scan public.sale AS s (product_id, region, quantity): linear, stores nothing
--     scan public.product AS p (id, label, price): linear, stores nothing

-- the definition, as a view
CREATE VIEW imat_store.definition_bag AS
SELECT s.region,
    p.label,
    s.quantity::numeric * p.price AS value
   FROM public.sale s,
    public.product p
  WHERE s.product_id = p.id AND p.price > 0::numeric;

-- the change log of public.product, if it is not there yet
CREATE TABLE imat_store.log_public_product (
  xid xid8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id(),
  weight integer NOT NULL,
  c1 integer,
  c2 character varying,
  c3 numeric
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_product', '{1,2,3}', ARRAY['id', 'label', 'price']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_product (weight, c1, c2, c3)
      SELECT 1, n.id, n.label, n.price FROM new_rows AS n
      LIMIT 100000;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed OPERATOR(pg_catalog.=) 100000 THEN
      changed := (SELECT pg_catalog.count(*) FROM new_rows);
      IF imat_store.is_loggable('1'::pg_catalog.regclass, changed) THEN
        INSERT INTO imat_store.log_public_product (weight, c1, c2, c3)
          SELECT 1, n.id, n.label, n.price FROM new_rows AS n
          OFFSET 100000;
      ELSE
        INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);
      END IF;
    END IF;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_product', '{1,2,3}', TG_OP);
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_product', '{1,2,3}', ARRAY['id', 'label', 'price']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_product (weight, c1, c2, c3)
      SELECT pg_catalog.sum(u.weight), u.c1, u.c2, u.c3
      FROM (
        SELECT -1 AS weight, o.id AS c1, o.label AS c2, o.price AS c3 FROM old_rows AS o
        UNION ALL
        SELECT 1, n.id AS c1, n.label AS c2, n.price AS c3 FROM new_rows AS n
      ) AS u
      GROUP BY u.c1, u.c2, u.c3
      HAVING pg_catalog.sum(u.weight) OPERATOR(pg_catalog.<>) 0;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_product', '{1,2,3}', TG_OP);
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_product', '{1,2,3}', ARRAY['id', 'label', 'price']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_product (weight, c1, c2, c3)
      SELECT -1, o.id, o.label, o.price FROM old_rows AS o
      LIMIT 100000;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed OPERATOR(pg_catalog.=) 100000 THEN
      changed := (SELECT pg_catalog.count(*) FROM old_rows);
      IF imat_store.is_loggable('1'::pg_catalog.regclass, changed) THEN
        INSERT INTO imat_store.log_public_product (weight, c1, c2, c3)
          SELECT -1, o.id, o.label, o.price FROM old_rows AS o
          OFFSET 100000;
      ELSE
        INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);
      END IF;
    END IF;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_product', '{1,2,3}', TG_OP);
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
  c3 integer,
  c4 text,
  c6 integer
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_sale', '{3,4,6}', ARRAY['product_id', 'region', 'quantity']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_sale (weight, c3, c4, c6)
      SELECT 1, n.product_id, n.region, n.quantity FROM new_rows AS n
      LIMIT 100000;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed OPERATOR(pg_catalog.=) 100000 THEN
      changed := (SELECT pg_catalog.count(*) FROM new_rows);
      IF imat_store.is_loggable('1'::pg_catalog.regclass, changed) THEN
        INSERT INTO imat_store.log_public_sale (weight, c3, c4, c6)
          SELECT 1, n.product_id, n.region, n.quantity FROM new_rows AS n
          OFFSET 100000;
      ELSE
        INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);
      END IF;
    END IF;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_sale', '{3,4,6}', TG_OP);
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_sale', '{3,4,6}', ARRAY['product_id', 'region', 'quantity']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_sale (weight, c3, c4, c6)
      SELECT pg_catalog.sum(u.weight), u.c3, u.c4, u.c6
      FROM (
        SELECT -1 AS weight, o.product_id AS c3, o.region AS c4, o.quantity AS c6 FROM old_rows AS o
        UNION ALL
        SELECT 1, n.product_id AS c3, n.region AS c4, n.quantity AS c6 FROM new_rows AS n
      ) AS u
      GROUP BY u.c3, u.c4, u.c6
      HAVING pg_catalog.sum(u.weight) OPERATOR(pg_catalog.<>) 0;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_sale', '{3,4,6}', TG_OP);
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_sale', '{3,4,6}', ARRAY['product_id', 'region', 'quantity']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_sale (weight, c3, c4, c6)
      SELECT -1, o.product_id, o.region, o.quantity FROM old_rows AS o
      LIMIT 100000;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed OPERATOR(pg_catalog.=) 100000 THEN
      changed := (SELECT pg_catalog.count(*) FROM old_rows);
      IF imat_store.is_loggable('1'::pg_catalog.regclass, changed) THEN
        INSERT INTO imat_store.log_public_sale (weight, c3, c4, c6)
          SELECT -1, o.product_id, o.region, o.quantity FROM old_rows AS o
          OFFSET 100000;
      ELSE
        INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);
      END IF;
    END IF;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_sale', '{3,4,6}', TG_OP);
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
CREATE TABLE imat_store.state_bag WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02) AS
SELECT
  pg_catalog.sha256(pg_catalog.record_send(ROW(pg_catalog.convert_to(CAST(q.region AS pg_catalog.text), pg_catalog.getdatabaseencoding()), pg_catalog.convert_to(CAST(q.label AS pg_catalog.text), pg_catalog.getdatabaseencoding()), q.value))) AS row_digest,
  q.region AS region,
  q.label AS label,
  q.value AS value,
  pg_catalog.count(*) AS rows
FROM (
  SELECT
    r1.region AS region,
    r2.label AS label,
    ((r1.quantity)::numeric * r2.price) AS value
  FROM
    public.sale AS r1,
    public.product AS r2
  WHERE (r1.product_id = r2.id)
    AND (r2.price > (0)::numeric)
) AS q
GROUP BY pg_catalog.sha256(pg_catalog.record_send(ROW(pg_catalog.convert_to(CAST(q.region AS pg_catalog.text), pg_catalog.getdatabaseencoding()), pg_catalog.convert_to(CAST(q.label AS pg_catalog.text), pg_catalog.getdatabaseencoding()), q.value))), q.region, q.label, q.value;

-- what publications of all tables need
ALTER TABLE imat_store.state_bag REPLICA IDENTITY FULL;

-- what finds a group, NULL keys being equal
CREATE UNIQUE INDEX ON imat_store.state_bag (row_digest) NULLS NOT DISTINCT;

-- what finds rows that occur more than once
CREATE INDEX ON imat_store.state_bag ((1)) WHERE rows > 1;

-- what the column holds
COMMENT ON COLUMN imat_store.state_bag.region IS 's.region';

-- what the column holds
COMMENT ON COLUMN imat_store.state_bag.label IS 'p.label';

-- what the column holds
COMMENT ON COLUMN imat_store.state_bag.value IS '((s.quantity)::numeric * p.price)';

-- what the column holds
COMMENT ON COLUMN imat_store.state_bag.rows IS 'copies of the row';

-- statistics
ANALYZE imat_store.state_bag;

-- what is pending, as rows of the state
CREATE VIEW imat_store.delta_bag AS
WITH pending AS MATERIALIZED (
  SELECT
    f.snapshot
  FROM imat_catalog.frontier AS f
  WHERE f.imat_id = 1
), changes_r1 AS MATERIALIZED (
  SELECT r1.weight AS weight, r1.product_id, r1.region, r1.quantity
    FROM ((
      SELECT pg_catalog.sum(l.weight)::bigint AS weight, l.c3 AS product_id, l.c4 AS region, l.c6 AS quantity
      FROM imat_store.log_public_sale AS l
      WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
      GROUP BY l.c3, l.c4, l.c6
      HAVING pg_catalog.sum(l.weight) <> 0
    )
      UNION ALL
      SELECT 0::bigint AS weight, (CASE WHEN g.n IS NULL THEN NULL END)::integer AS product_id, (CASE WHEN g.n IS NULL THEN NULL END)::text AS region, (CASE WHEN g.n IS NULL THEN NULL END)::integer AS quantity
      FROM pg_catalog.generate_series(1, imat_catalog.expected_rows(1, 'imat_store.log_public_sale'::regclass)) AS g(n)
      WHERE (SELECT FALSE)
    ) AS r1
), changes_r2 AS MATERIALIZED (
  SELECT r2.weight AS weight, r2.id, r2.label, r2.price
    FROM ((
      SELECT r2.weight, r2.id, r2.label, r2.price
      FROM (
      SELECT pg_catalog.sum(l.weight)::bigint AS weight, l.c1 AS id, l.c2::character varying(40) AS label, l.c3::numeric(10,2) AS price
      FROM imat_store.log_public_product AS l
      WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
      GROUP BY l.c1, l.c2::character varying(40), l.c3::numeric(10,2)
      HAVING pg_catalog.sum(l.weight) <> 0
    ) AS r2
    WHERE (r2.price > (0)::numeric)
    )
      UNION ALL
      SELECT 0::bigint AS weight, (CASE WHEN g.n IS NULL THEN NULL END)::integer AS id, (CASE WHEN g.n IS NULL THEN NULL END)::character varying(40) AS label, (CASE WHEN g.n IS NULL THEN NULL END)::numeric(10,2) AS price
      FROM pg_catalog.generate_series(1, imat_catalog.expected_rows(1, 'imat_store.log_public_product'::regclass)) AS g(n)
      WHERE (SELECT FALSE)
    ) AS r2
)
SELECT
  pg_catalog.sha256(pg_catalog.record_send(ROW(pg_catalog.convert_to(CAST(q.region AS pg_catalog.text), pg_catalog.getdatabaseencoding()), pg_catalog.convert_to(CAST(q.label AS pg_catalog.text), pg_catalog.getdatabaseencoding()), q.value))) AS row_digest,
  q.*
FROM (
  -- plus changes of public.sale AS s
  SELECT
    r1.region AS region,
    r2.label AS label,
    ((r1.quantity)::numeric * r2.price) AS value,
    r1.weight AS rows
  FROM
    changes_r1 AS r1,
    public.product AS r2
  WHERE (SELECT EXISTS (SELECT FROM changes_r1))
    AND (r1.product_id = r2.id)
    AND (r2.price > (0)::numeric)
  UNION ALL
  -- plus changes of public.product AS p
  SELECT
    r1.region AS region,
    r2.label AS label,
    ((r1.quantity)::numeric * r2.price) AS value,
    r2.weight AS rows
  FROM
    public.sale AS r1,
    changes_r2 AS r2
  WHERE (SELECT EXISTS (SELECT FROM changes_r2))
    AND (r1.product_id = r2.id)
    AND (r2.price > (0)::numeric)
  UNION ALL
  -- minus changes of public.sale AS s with changes of public.product AS p
  SELECT
    r1.region AS region,
    r2.label AS label,
    ((r1.quantity)::numeric * r2.price) AS value,
    (-r1.weight * r2.weight) AS rows
  FROM
    changes_r1 AS r1,
    changes_r2 AS r2
  WHERE (SELECT EXISTS (SELECT FROM changes_r1))
    AND (SELECT EXISTS (SELECT FROM changes_r2))
    AND (r1.product_id = r2.id)
    AND (r2.price > (0)::numeric)
) AS q;

-- the same, with pending rows cancelled against each other first
CREATE VIEW imat_store.netted_bag AS
WITH pending AS MATERIALIZED (
  SELECT
    f.snapshot
  FROM imat_catalog.frontier AS f
  WHERE f.imat_id = 1
), changes_r1 AS MATERIALIZED (
  SELECT r1.weight AS weight, r1.product_id, r1.region, r1.quantity
    FROM ((
      SELECT pg_catalog.sum(l.weight)::bigint AS weight, l.c3 AS product_id, l.c4 AS region, l.c6 AS quantity
      FROM imat_store.log_public_sale AS l
      WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
      GROUP BY l.c3, l.c4, l.c6
      HAVING pg_catalog.sum(l.weight) <> 0
      OFFSET 0
    )
      UNION ALL
      SELECT 0::bigint AS weight, (CASE WHEN g.n IS NULL THEN NULL END)::integer AS product_id, (CASE WHEN g.n IS NULL THEN NULL END)::text AS region, (CASE WHEN g.n IS NULL THEN NULL END)::integer AS quantity
      FROM pg_catalog.generate_series(1, imat_catalog.expected_rows(1, 'imat_store.log_public_sale'::regclass)) AS g(n)
      WHERE (SELECT FALSE)
    ) AS r1
), changes_r2 AS MATERIALIZED (
  SELECT r2.weight AS weight, r2.id, r2.label, r2.price
    FROM ((
      SELECT r2.weight, r2.id, r2.label, r2.price
      FROM (
      SELECT pg_catalog.sum(l.weight)::bigint AS weight, l.c1 AS id, l.c2::character varying(40) AS label, l.c3::numeric(10,2) AS price
      FROM imat_store.log_public_product AS l
      WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
      GROUP BY l.c1, l.c2::character varying(40), l.c3::numeric(10,2)
      HAVING pg_catalog.sum(l.weight) <> 0
      OFFSET 0
    ) AS r2
    WHERE (r2.price > (0)::numeric)
    )
      UNION ALL
      SELECT 0::bigint AS weight, (CASE WHEN g.n IS NULL THEN NULL END)::integer AS id, (CASE WHEN g.n IS NULL THEN NULL END)::character varying(40) AS label, (CASE WHEN g.n IS NULL THEN NULL END)::numeric(10,2) AS price
      FROM pg_catalog.generate_series(1, imat_catalog.expected_rows(1, 'imat_store.log_public_product'::regclass)) AS g(n)
      WHERE (SELECT FALSE)
    ) AS r2
)
SELECT
  pg_catalog.sha256(pg_catalog.record_send(ROW(pg_catalog.convert_to(CAST(q.region AS pg_catalog.text), pg_catalog.getdatabaseencoding()), pg_catalog.convert_to(CAST(q.label AS pg_catalog.text), pg_catalog.getdatabaseencoding()), q.value))) AS row_digest,
  q.*
FROM (
  -- all changes, cancelled against each other
  SELECT
    r1.region AS region,
    r2.label AS label,
    ((r1.quantity)::numeric * r2.price) AS value,
    p.weight AS rows
  FROM
    (
      SELECT pg_catalog.sum(u.weight)::bigint AS weight, u.r1_c3 AS r1_c3, u.r1_c4 AS r1_c4, u.r1_c6 AS r1_c6, u.r2_c1 AS r2_c1, u.r2_c2 AS r2_c2, u.r2_c3 AS r2_c3
      FROM (
        -- plus changes of public.sale AS s
        SELECT r1.weight AS weight, r1.product_id AS r1_c3, r1.region AS r1_c4, r1.quantity AS r1_c6, r2.id AS r2_c1, r2.label AS r2_c2, r2.price AS r2_c3
        FROM
          changes_r1 AS r1,
          public.product AS r2
        WHERE (SELECT EXISTS (SELECT FROM changes_r1))
          AND (r1.product_id = r2.id)
          AND (r2.price > (0)::numeric)
        UNION ALL
        -- plus changes of public.product AS p
        SELECT r2.weight AS weight, r1.product_id AS r1_c3, r1.region AS r1_c4, r1.quantity AS r1_c6, r2.id AS r2_c1, r2.label AS r2_c2, r2.price AS r2_c3
        FROM
          public.sale AS r1,
          changes_r2 AS r2
        WHERE (SELECT EXISTS (SELECT FROM changes_r2))
          AND (r1.product_id = r2.id)
          AND (r2.price > (0)::numeric)
        UNION ALL
        -- minus changes of public.sale AS s with changes of public.product AS p
        SELECT (-r1.weight * r2.weight) AS weight, r1.product_id AS r1_c3, r1.region AS r1_c4, r1.quantity AS r1_c6, r2.id AS r2_c1, r2.label AS r2_c2, r2.price AS r2_c3
        FROM
          changes_r1 AS r1,
          changes_r2 AS r2
        WHERE (SELECT EXISTS (SELECT FROM changes_r1))
          AND (SELECT EXISTS (SELECT FROM changes_r2))
          AND (r1.product_id = r2.id)
          AND (r2.price > (0)::numeric)
      ) AS u
      GROUP BY u.r1_c3, u.r1_c4, u.r1_c6, u.r2_c1, u.r2_c2, u.r2_c3
      HAVING pg_catalog.sum(u.weight) <> 0
      OFFSET 0
    ) AS p,
    LATERAL (SELECT p.r1_c3 AS product_id, p.r1_c4 AS region, p.r1_c6 AS quantity) AS r1,
    LATERAL (SELECT p.r2_c1 AS id, p.r2_c2 AS label, p.r2_c3 AS price) AS r2
) AS q;

-- the state computed anew
CREATE VIEW imat_store.content_bag AS
SELECT
  pg_catalog.sha256(pg_catalog.record_send(ROW(pg_catalog.convert_to(CAST(q.region AS pg_catalog.text), pg_catalog.getdatabaseencoding()), pg_catalog.convert_to(CAST(q.label AS pg_catalog.text), pg_catalog.getdatabaseencoding()), q.value))) AS row_digest,
  q.region AS region,
  q.label AS label,
  q.value AS value,
  pg_catalog.count(*) AS rows
FROM (
  SELECT
    r1.region AS region,
    r2.label AS label,
    ((r1.quantity)::numeric * r2.price) AS value
  FROM
    public.sale AS r1,
    public.product AS r2
  WHERE (r1.product_id = r2.id)
    AND (r2.price > (0)::numeric)
) AS q
GROUP BY pg_catalog.sha256(pg_catalog.record_send(ROW(pg_catalog.convert_to(CAST(q.region AS pg_catalog.text), pg_catalog.getdatabaseencoding()), pg_catalog.convert_to(CAST(q.label AS pg_catalog.text), pg_catalog.getdatabaseencoding()), q.value))), q.region, q.label, q.value;

-- the same as a function, which is planned when it runs
CREATE OR REPLACE FUNCTION imat_store.computed_bag(access_key uuid) RETURNS SETOF imat_store.content_bag
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
      MESSAGE = 'only the view of the imat may call imat_store.computed_bag';
  END IF;
  RETURN QUERY EXECUTE 'SELECT * FROM imat_store.content_bag';
  IF imat_catalog.is_rewritten_meanwhile(10) THEN
    RAISE EXCEPTION USING
      ERRCODE = 'serialization_failure',
      MESSAGE = 'a table was truncated or rewritten after this statement began',
      HINT = 'Run the statement again.';
  END IF;
END$imat$;

-- a view calls functions with the rights of its readers
GRANT EXECUTE ON FUNCTION imat_store.computed_bag(uuid) TO PUBLIC;

-- the answer as the sources have it
CREATE VIEW imat_store.answer_bag AS
SELECT
  (r1.region)::text AS region,
  (r2.label)::character varying(40) AS label,
  (((r1.quantity)::numeric * r2.price))::numeric AS value
FROM
  public.sale AS r1,
  public.product AS r2
WHERE (r1.product_id = r2.id)
  AND (r2.price > (0)::numeric);

-- the same as a function, for reads while too much or a reset is pending
CREATE OR REPLACE FUNCTION imat_store.answered_bag(access_key uuid) RETURNS SETOF imat_store.answer_bag
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
      MESSAGE = 'only the view of the imat may call imat_store.answered_bag';
  END IF;
  RETURN QUERY EXECUTE 'SELECT * FROM imat_store.answer_bag';
  IF imat_catalog.is_rewritten_meanwhile(10) THEN
    RAISE EXCEPTION USING
      ERRCODE = 'serialization_failure',
      MESSAGE = 'a table was truncated or rewritten after this statement began',
      HINT = 'Run the statement again.';
  END IF;
END$imat$;

-- a view calls functions with the rights of its readers
GRANT EXECUTE ON FUNCTION imat_store.answered_bag(uuid) TO PUBLIC;

-- state and pending changes, added up
CREATE VIEW imat_store.current_bag WITH (security_barrier) AS
WITH changes AS MATERIALIZED (
  TABLE imat_store.delta_bag
)
SELECT
  s.region,
  s.label,
  s.value
FROM (
  -- what is stored and stays
  SELECT
    s.region,
    s.label,
    s.value
  FROM imat_store.state_bag AS s
  WHERE NOT EXISTS (SELECT FROM changes AS d WHERE d.row_digest OPERATOR(pg_catalog.=) s.row_digest)
  UNION ALL
  -- the other copies of rows that occur more than once
  SELECT
    s.region,
    s.label,
    s.value
  FROM imat_store.state_bag AS s
  CROSS JOIN LATERAL pg_catalog.unnest(pg_catalog.array_fill(NULL::"char", ARRAY[(s.rows - 1)::integer]))
  WHERE s.rows > 1
    AND NOT EXISTS (SELECT FROM changes AS d WHERE d.row_digest OPERATOR(pg_catalog.=) s.row_digest)
  UNION ALL
  -- what is stored and what is pending, added up
  SELECT
    s.region,
    s.label,
    s.value
  FROM (
    SELECT
      u.row_digest AS row_digest,
      u.region AS region,
      u.label AS label,
      u.value AS value,
      COALESCE(pg_catalog.sum(u.rows), 0)::bigint AS rows
    FROM (
      SELECT row_digest, region, label, value, rows FROM imat_store.state_bag AS s WHERE EXISTS (SELECT FROM changes AS d WHERE d.row_digest OPERATOR(pg_catalog.=) s.row_digest)
      UNION ALL
      SELECT row_digest, region, label, value, rows FROM changes
    ) AS u
    GROUP BY u.row_digest, u.region, u.label, u.value
  HAVING pg_catalog.sum(u.rows) > 0
  ) AS s
  CROSS JOIN LATERAL pg_catalog.unnest(pg_catalog.array_fill(NULL::"char", ARRAY[(s.rows)::integer]))
) AS s;

-- fold: adds what is pending to the state
CREATE OR REPLACE FUNCTION imat_store.fold_bag(anew boolean DEFAULT false) RETURNS bigint
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
        u.region AS region,
        u.label AS label,
        u.value AS value,
        COALESCE(pg_catalog.sum(u.rows), 0)::bigint AS rows
      FROM (
        SELECT row_digest, region, label, value, rows FROM changes
      ) AS u
      GROUP BY u.row_digest, u.region, u.label, u.value
    ), merged AS (
      INSERT INTO imat_store.state_bag AS s (row_digest, region, label, value, rows)
      SELECT row_digest, region, label, value, rows
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
  IF anew OR imat_catalog.has_reset(imat => 1) OR (
    SELECT imat_catalog.is_outgrown(1, f.snapshot, 2)
    FROM imat_catalog.frontier AS f
    WHERE f.imat_id = 1
  ) THEN
    DELETE FROM imat_store.state_bag;
    INSERT INTO imat_store.state_bag (row_digest, region, label, value, rows)
    SELECT row_digest, region, label, value, rows FROM imat_store.computed_bag((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1));
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
  END IF;
  BEGIN
    EXECUTE pg_catalog.format(upsert, 'imat_store.delta_bag')
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
      EXECUTE pg_catalog.format(upsert, 'imat_store.netted_bag')
      INTO changed, emptied, negative;
  END;
  IF negative THEN
    RAISE EXCEPTION USING
      ERRCODE = 'data_corrupted',
      MESSAGE = 'a row of imat_store.state_bag would have a negative count',
      DETAIL = 'A change of a source was not captured, for example because a trigger of imat was disabled.',
      HINT = 'Run imat repair.';
  END IF;
  DELETE FROM imat_store.state_bag WHERE ctid = ANY (emptied);
  RETURN changed;
END$imat_$;

-- only imat.fold calls it
REVOKE ALL ON FUNCTION imat_store.fold_bag(boolean) FROM PUBLIC;

-- what readers use
CREATE VIEW imat.bag AS
SELECT
  s.region AS region,
  s.label AS label,
  s.value AS value
FROM (
  -- what is stored
  SELECT
    s.region,
    s.label,
    s.value,
    0 AS arm
  FROM imat_store.state_bag AS s
  UNION ALL
  -- the other copies of rows that occur more than once
  SELECT
    s.region,
    s.label,
    s.value,
    0 AS arm
  FROM imat_store.state_bag AS s
  CROSS JOIN LATERAL pg_catalog.unnest(pg_catalog.array_fill(NULL::"char", ARRAY[(s.rows - 1)::integer]))
  WHERE s.rows > 1
  UNION ALL
  -- the answer computed now
  SELECT
    s.region,
    s.label,
    s.value,
    2 AS arm
  FROM imat_store.current_bag AS s
  UNION ALL
  -- what the sources have
  SELECT
    s.region,
    s.label,
    s.value,
    3 AS arm
  FROM imat_store.answered_bag((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1)) AS s
) AS s
WHERE s.arm = (
  SELECT COALESCE(
    (SELECT CASE WHEN EXISTS (SELECT FROM imat_store.log_public_sale AS l WHERE l.xid <= '18446744073709551615'::pg_catalog.xid8 AND l.xid >= pg_catalog.pg_snapshot_xmin(f.snapshot) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, f.snapshot)) OR EXISTS (SELECT FROM imat_store.log_public_product AS l WHERE l.xid <= '18446744073709551615'::pg_catalog.xid8 AND l.xid >= pg_catalog.pg_snapshot_xmin(f.snapshot) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, f.snapshot)) THEN CASE WHEN EXISTS (SELECT FROM imat_store.reset AS r WHERE r.relation IN ('1'::pg_catalog.regclass, '1'::pg_catalog.regclass) AND NOT pg_catalog.pg_visible_in_snapshot(r.xid, f.snapshot)) OR imat_catalog.is_rewritten(ARRAY['1'::pg_catalog.regclass, '1'::pg_catalog.regclass]) OR imat_catalog.is_outgrown(1, f.snapshot, 8) THEN 3 ELSE 2 END ELSE 0 END FROM imat_catalog.frontier AS f WHERE f.imat_id = 1 AND f.state_relation IN ('imat_store.state_bag'::regclass) AND f.here AND 'imat_store.definition_bag'::regclass IS NOT NULL AND (TRUE OR EXISTS (SELECT FROM public.sale, public.product))),
    imat_catalog.arm_without_frontier('bag', 3)
  )
);

-- what a colleague finds
COMMENT ON VIEW imat.bag IS 'imat: answers as its query would now. See imat explain; imat revert removes it.';

-- who may read the materialized view may read it
SELECT imat_catalog.copy_grants('public.bag', 'imat.bag');

-- a comment of the materialized view
COMMENT ON VIEW imat.bag IS 'shows bag';

-- an index of the materialized view
CREATE INDEX ON imat_store.state_bag USING btree ((1));
