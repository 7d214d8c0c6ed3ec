-- different-values: aggregates with DISTINCT are added up over stores of their different values
--
-- SELECT sale.region,
--     sum(sale.amount) AS total,
--     count(DISTINCT sale.customer_id) AS customers,
--     avg(DISTINCT sale.quantity) FILTER (WHERE sale.shipped) AS mean
--    FROM public.sale
--   GROUP BY sale.region
--
-- strategy delta, freshness live
-- reads public.sale (customer_id, region, amount, quantity, shipped)
-- project region, total, customers, mean: computed when read, stores nothing
--   group by sale.region: stored, one row per group, stores region
--       sale.region: group key, stores region
--       rows of the group: additive part, stores rows
--       rows where sale.amount is not null: additive part, stores count_amount
--       rows where sale.amount is NaN: additive part, stores nan_amount
--       rows where sale.amount is Infinity: additive part, stores plus_infinity_amount
--       rows where sale.amount is -Infinity: additive part, stores minus_infinity_amount
--       sum of sale.amount: additive part, stores sum_amount
--       rows by display scale of sale.amount: sum of 10^(12 * scale): additive part, stores scales_amount
--       rows where sale.customer_id is not null, each value once: additive part, stores count_customer_id_distinct
--       rows where sale.quantity is not null, each value once, if sale.shipped: additive part, stores count_quantity_distinct_if_shipped
--       sum of sale.quantity, each value once, if sale.shipped: additive part, stores sum_quantity_distinct_if_shipped
--       sum(sale.amount): finished aggregate, stores total
--       avg(DISTINCT sale.quantity) FILTER (WHERE sale.shipped): finished aggregate, stores mean
--     scan public.sale AS sale (customer_id, region, amount, quantity, shipped): linear, stores nothing
--     group by sale.region, sale.customer_id: stored; rows that come and go change the groups above, stores region, customer_id
--         sale.region: group key, stores region
--         sale.customer_id: group key, stores customer_id
--         rows of the group: additive part, stores rows
--       scan public.sale AS sale (customer_id, region, amount, quantity, shipped): linear, stores nothing
--     group by sale.region, sale.quantity: stored; rows that come and go change the groups above, stores region, quantity
--         sale.region: group key, stores region
--         sale.quantity: group key, stores quantity
--         rows of the group: additive part, stores rows
--       filter sale.shipped: linear, stores nothing
--         scan public.sale AS sale (customer_id, region, amount, quantity, shipped): linear, stores nothing

-- the definition, as a view
CREATE VIEW imat_store.definition_different_values AS
SELECT sale.region,
    sum(sale.amount) AS total,
    count(DISTINCT sale.customer_id) AS customers,
    avg(DISTINCT sale.quantity) FILTER (WHERE sale.shipped) AS mean
   FROM public.sale
  GROUP BY sale.region;

-- the change log of public.sale, if it is not there yet
CREATE TABLE imat_store.log_public_sale (
  xid xid8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id(),
  weight integer NOT NULL,
  c2 integer,
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
DECLARE
  changed pg_catalog.int8;
BEGIN
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_sale', '{2,4,5,6,10}', ARRAY['customer_id', 'region', 'amount', 'quantity', 'shipped']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_sale (weight, c2, c4, c5, c6, c10)
      SELECT 1, n.customer_id, n.region, n.amount, n.quantity, n.shipped FROM new_rows AS n
      LIMIT 100000;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed OPERATOR(pg_catalog.=) 100000 THEN
      changed := (SELECT pg_catalog.count(*) FROM new_rows);
      IF imat_store.is_loggable('1'::pg_catalog.regclass, changed) THEN
        INSERT INTO imat_store.log_public_sale (weight, c2, c4, c5, c6, c10)
          SELECT 1, n.customer_id, n.region, n.amount, n.quantity, n.shipped FROM new_rows AS n
          OFFSET 100000;
      ELSE
        INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);
      END IF;
    END IF;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_sale', '{2,4,5,6,10}', TG_OP);
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_sale', '{2,4,5,6,10}', ARRAY['customer_id', 'region', 'amount', 'quantity', 'shipped']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_sale (weight, c2, c4, c5, c6, c10)
      SELECT pg_catalog.sum(u.weight), u.c2, u.c4, u.c5, u.c6, u.c10
      FROM (
        SELECT -1 AS weight, o.customer_id AS c2, o.region AS c4, o.amount AS c5, o.quantity AS c6, o.shipped AS c10 FROM old_rows AS o
        UNION ALL
        SELECT 1, n.customer_id AS c2, n.region AS c4, n.amount AS c5, n.quantity AS c6, n.shipped AS c10 FROM new_rows AS n
      ) AS u
      GROUP BY u.c2, u.c4, u.c5, pg_catalog.numeric_send(u.c5), u.c6, u.c10
      HAVING pg_catalog.sum(u.weight) OPERATOR(pg_catalog.<>) 0;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_sale', '{2,4,5,6,10}', TG_OP);
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_sale', '{2,4,5,6,10}', ARRAY['customer_id', 'region', 'amount', 'quantity', 'shipped']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_sale (weight, c2, c4, c5, c6, c10)
      SELECT -1, o.customer_id, o.region, o.amount, o.quantity, o.shipped FROM old_rows AS o
      LIMIT 100000;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed OPERATOR(pg_catalog.=) 100000 THEN
      changed := (SELECT pg_catalog.count(*) FROM old_rows);
      IF imat_store.is_loggable('1'::pg_catalog.regclass, changed) THEN
        INSERT INTO imat_store.log_public_sale (weight, c2, c4, c5, c6, c10)
          SELECT -1, o.customer_id, o.region, o.amount, o.quantity, o.shipped FROM old_rows AS o
          OFFSET 100000;
      ELSE
        INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);
      END IF;
    END IF;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_sale', '{2,4,5,6,10}', TG_OP);
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
CREATE TABLE imat_store.state3_different_values WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02) AS
SELECT
  r1.region AS region,
  r1.quantity AS quantity,
  pg_catalog.count(*) AS rows
FROM
  public.sale AS r1
WHERE r1.shipped
GROUP BY 1, 2;

-- what publications of all tables need
ALTER TABLE imat_store.state3_different_values REPLICA IDENTITY FULL;

-- what finds a group, NULL keys being equal
CREATE UNIQUE INDEX ON imat_store.state3_different_values (region, quantity) NULLS NOT DISTINCT;

-- what finds the rows with NULL in a key
CREATE INDEX ON imat_store.state3_different_values ((1)) WHERE region IS NULL OR quantity IS NULL;

-- what the column holds
COMMENT ON COLUMN imat_store.state3_different_values.region IS 'sale.region';

-- what the column holds
COMMENT ON COLUMN imat_store.state3_different_values.quantity IS 'sale.quantity';

-- what the column holds
COMMENT ON COLUMN imat_store.state3_different_values.rows IS 'rows of the group';

-- statistics
ANALYZE imat_store.state3_different_values;

-- the state: one row per group, with what each aggregate needs
CREATE TABLE imat_store.state2_different_values WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02) AS
SELECT
  r1.region AS region,
  r1.customer_id AS customer_id,
  pg_catalog.count(*) AS rows
FROM
  public.sale AS r1
GROUP BY 1, 2;

-- what publications of all tables need
ALTER TABLE imat_store.state2_different_values REPLICA IDENTITY FULL;

-- what finds a group, NULL keys being equal
CREATE UNIQUE INDEX ON imat_store.state2_different_values (region, customer_id) NULLS NOT DISTINCT;

-- what finds the rows with NULL in a key
CREATE INDEX ON imat_store.state2_different_values ((1)) WHERE region IS NULL OR customer_id IS NULL;

-- what the column holds
COMMENT ON COLUMN imat_store.state2_different_values.region IS 'sale.region';

-- what the column holds
COMMENT ON COLUMN imat_store.state2_different_values.customer_id IS 'sale.customer_id';

-- what the column holds
COMMENT ON COLUMN imat_store.state2_different_values.rows IS 'rows of the group';

-- statistics
ANALYZE imat_store.state2_different_values;

-- the state: one row per group, with what each aggregate needs
CREATE TABLE imat_store.state1_different_values WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02) AS
SELECT
  u.region,
  COALESCE(pg_catalog.sum(u.rows), 0)::bigint AS rows,
  COALESCE(pg_catalog.sum(u.count_amount), 0)::bigint AS count_amount,
  COALESCE(pg_catalog.sum(u.nan_amount), 0)::bigint AS nan_amount,
  COALESCE(pg_catalog.sum(u.plus_infinity_amount), 0)::bigint AS plus_infinity_amount,
  COALESCE(pg_catalog.sum(u.minus_infinity_amount), 0)::bigint AS minus_infinity_amount,
  COALESCE(pg_catalog.sum(u.sum_amount), 0)::numeric AS sum_amount,
  COALESCE(pg_catalog.sum(u.scales_amount), 0)::numeric AS scales_amount,
  COALESCE(pg_catalog.sum(u.count_customer_id_distinct), 0)::bigint AS count_customer_id_distinct,
  COALESCE(pg_catalog.sum(u.count_quantity_distinct_if_shipped), 0)::bigint AS count_quantity_distinct_if_shipped,
  COALESCE(pg_catalog.sum(u.sum_quantity_distinct_if_shipped), 0)::bigint AS sum_quantity_distinct_if_shipped
FROM (
  SELECT
    r1.region AS region,
    pg_catalog.count(*) AS rows,
    pg_catalog.count(*) FILTER (WHERE r1.amount IS NOT NULL) AS count_amount,
    pg_catalog.count(*) FILTER (WHERE r1.amount = 'NaN'::numeric) AS nan_amount,
    pg_catalog.count(*) FILTER (WHERE r1.amount = 'Infinity'::numeric) AS plus_infinity_amount,
    pg_catalog.count(*) FILTER (WHERE r1.amount = '-Infinity'::numeric) AS minus_infinity_amount,
    COALESCE(pg_catalog.sum(r1.amount) FILTER (WHERE r1.amount > '-Infinity'::numeric AND r1.amount < 'Infinity'::numeric), 0)::numeric AS sum_amount,
    COALESCE(pg_catalog.sum(('1e' || 12 * LEAST(pg_catalog.scale(r1.amount), 10900))::numeric) FILTER (WHERE r1.amount > '-Infinity'::numeric AND r1.amount < 'Infinity'::numeric), 0)::numeric AS scales_amount,
    0 AS count_customer_id_distinct,
    0 AS count_quantity_distinct_if_shipped,
    0 AS sum_quantity_distinct_if_shipped
  FROM
    public.sale AS r1
  GROUP BY 1
  UNION ALL
  SELECT
    g.c11 AS region,
    0 AS rows,
    0 AS count_amount,
    0 AS nan_amount,
    0 AS plus_infinity_amount,
    0 AS minus_infinity_amount,
    0 AS sum_amount,
    0 AS scales_amount,
    pg_catalog.count(*) FILTER (WHERE g.c15 IS NOT NULL) AS count_customer_id_distinct,
    0 AS count_quantity_distinct_if_shipped,
    0 AS sum_quantity_distinct_if_shipped
  FROM
    (
      SELECT r1.region AS c11, r1.customer_id AS c15
      FROM public.sale AS r1
      GROUP BY 1, 2
    ) AS g
  GROUP BY 1
  UNION ALL
  SELECT
    g.c11 AS region,
    0 AS rows,
    0 AS count_amount,
    0 AS nan_amount,
    0 AS plus_infinity_amount,
    0 AS minus_infinity_amount,
    0 AS sum_amount,
    0 AS scales_amount,
    0 AS count_customer_id_distinct,
    pg_catalog.count(*) FILTER (WHERE g.c17 IS NOT NULL) AS count_quantity_distinct_if_shipped,
    COALESCE(pg_catalog.sum((g.c17)::bigint) FILTER (WHERE g.c17 IS NOT NULL), 0)::bigint AS sum_quantity_distinct_if_shipped
  FROM
    (
      SELECT r1.region AS c11, r1.quantity AS c17
      FROM public.sale AS r1
    WHERE r1.shipped
      GROUP BY 1, 2
    ) AS g
  GROUP BY 1
) AS u
GROUP BY u.region;

-- what publications of all tables need
ALTER TABLE imat_store.state1_different_values REPLICA IDENTITY FULL;

-- finished aggregates, computed once
ALTER TABLE imat_store.state1_different_values
  ADD COLUMN total numeric GENERATED ALWAYS AS (CASE WHEN count_amount > 0 THEN CASE WHEN nan_amount > 0 THEN 'NaN'::numeric WHEN plus_infinity_amount > 0 AND minus_infinity_amount > 0 THEN 'NaN'::numeric WHEN plus_infinity_amount > 0 THEN 'Infinity'::numeric WHEN minus_infinity_amount > 0 THEN '-Infinity'::numeric ELSE (pg_catalog.round(sum_amount, CASE WHEN (pg_catalog.length(pg_catalog.trunc(scales_amount)::text) - 1) / 12 < 10900 THEN (pg_catalog.length(pg_catalog.trunc(scales_amount)::text) - 1) / 12 ELSE pg_catalog.scale(sum_amount) END))::numeric END END) STORED,
  ADD COLUMN mean numeric GENERATED ALWAYS AS (CASE WHEN count_quantity_distinct_if_shipped > 0 THEN ((sum_quantity_distinct_if_shipped)::numeric / count_quantity_distinct_if_shipped)::numeric END) STORED;

-- what finds a group, NULL keys being equal
CREATE UNIQUE INDEX ON imat_store.state1_different_values (region) NULLS NOT DISTINCT;

-- what the column holds
COMMENT ON COLUMN imat_store.state1_different_values.region IS 'sale.region';

-- what the column holds
COMMENT ON COLUMN imat_store.state1_different_values.rows IS 'rows of the group';

-- what the column holds
COMMENT ON COLUMN imat_store.state1_different_values.count_amount IS 'rows where sale.amount is not null';

-- what the column holds
COMMENT ON COLUMN imat_store.state1_different_values.nan_amount IS 'rows where sale.amount is NaN';

-- what the column holds
COMMENT ON COLUMN imat_store.state1_different_values.plus_infinity_amount IS 'rows where sale.amount is Infinity';

-- what the column holds
COMMENT ON COLUMN imat_store.state1_different_values.minus_infinity_amount IS 'rows where sale.amount is -Infinity';

-- what the column holds
COMMENT ON COLUMN imat_store.state1_different_values.sum_amount IS 'sum of sale.amount';

-- what the column holds
COMMENT ON COLUMN imat_store.state1_different_values.scales_amount IS 'rows by display scale of sale.amount: sum of 10^(12 * scale)';

-- what the column holds
COMMENT ON COLUMN imat_store.state1_different_values.count_customer_id_distinct IS 'rows where sale.customer_id is not null, each value once';

-- what the column holds
COMMENT ON COLUMN imat_store.state1_different_values.count_quantity_distinct_if_shipped IS 'rows where sale.quantity is not null, each value once, if sale.shipped';

-- what the column holds
COMMENT ON COLUMN imat_store.state1_different_values.sum_quantity_distinct_if_shipped IS 'sum of sale.quantity, each value once, if sale.shipped';

-- what the column holds
COMMENT ON COLUMN imat_store.state1_different_values.total IS 'sum(sale.amount)';

-- what the column holds
COMMENT ON COLUMN imat_store.state1_different_values.mean IS 'avg(DISTINCT sale.quantity) FILTER (WHERE sale.shipped)';

-- statistics
ANALYZE imat_store.state1_different_values;

-- what is pending, as rows of the state
CREATE VIEW imat_store.delta3_different_values AS
WITH pending AS MATERIALIZED (
  SELECT
    f.snapshot
  FROM imat_catalog.frontier AS f
  WHERE f.imat_id = 1
)
-- plus changes of public.sale AS sale
SELECT
  r1.region AS region,
  r1.quantity AS quantity,
  r1.weight AS rows
FROM
  (
    SELECT l.weight::bigint AS weight, l.c2 AS customer_id, l.c4 AS region, l.c5 AS amount, l.c6 AS quantity, l.c10 AS shipped
    FROM imat_store.log_public_sale AS l
    WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
  ) AS r1
WHERE r1.shipped;

-- the same, with pending rows cancelled against each other first
CREATE VIEW imat_store.netted3_different_values AS
WITH pending AS MATERIALIZED (
  SELECT
    f.snapshot
  FROM imat_catalog.frontier AS f
  WHERE f.imat_id = 1
)
-- plus changes of public.sale AS sale
SELECT
  r1.region AS region,
  r1.quantity AS quantity,
  r1.weight AS rows
FROM
  (
    SELECT pg_catalog.sum(l.weight)::bigint AS weight, l.c2 AS customer_id, l.c4 AS region, l.c5 AS amount, l.c6 AS quantity, l.c10 AS shipped
    FROM imat_store.log_public_sale AS l
    WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
    GROUP BY l.c2, l.c4, l.c5, pg_catalog.numeric_send(l.c5), l.c6, l.c10
    HAVING pg_catalog.sum(l.weight) <> 0
    OFFSET 0
  ) AS r1
WHERE r1.shipped;

-- the state computed anew
CREATE VIEW imat_store.content3_different_values AS
SELECT
  r1.region AS region,
  r1.quantity AS quantity,
  pg_catalog.count(*) AS rows
FROM
  public.sale AS r1
WHERE r1.shipped
GROUP BY 1, 2;

-- the same as a function, which is planned when it runs
CREATE OR REPLACE FUNCTION imat_store.computed3_different_values(access_key uuid) RETURNS SETOF imat_store.content3_different_values
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
      MESSAGE = 'only the view of the imat may call imat_store.computed3_different_values';
  END IF;
  RETURN QUERY EXECUTE 'SELECT * FROM imat_store.content3_different_values';
  IF imat_catalog.is_rewritten_meanwhile(23) THEN
    RAISE EXCEPTION USING
      ERRCODE = 'serialization_failure',
      MESSAGE = 'a table was truncated or rewritten after this statement began',
      HINT = 'Run the statement again.';
  END IF;
END$imat$;

-- a view calls functions with the rights of its readers
GRANT EXECUTE ON FUNCTION imat_store.computed3_different_values(uuid) TO PUBLIC;

-- the answer as the sources have it
CREATE VIEW imat_store.answer3_different_values AS
SELECT
  (g.c11)::text AS region,
  (g.c17)::integer AS quantity
FROM
  (
    SELECT r1.region AS c11, r1.quantity AS c17
    FROM public.sale AS r1
  WHERE r1.shipped
    GROUP BY 1, 2
  ) AS g;

-- the same as a function, for reads while too much or a reset is pending
CREATE OR REPLACE FUNCTION imat_store.answered3_different_values(access_key uuid) RETURNS SETOF imat_store.answer3_different_values
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
      MESSAGE = 'only the view of the imat may call imat_store.answered3_different_values';
  END IF;
  RETURN QUERY EXECUTE 'SELECT * FROM imat_store.answer3_different_values';
  IF imat_catalog.is_rewritten_meanwhile(23) THEN
    RAISE EXCEPTION USING
      ERRCODE = 'serialization_failure',
      MESSAGE = 'a table was truncated or rewritten after this statement began',
      HINT = 'Run the statement again.';
  END IF;
END$imat$;

-- a view calls functions with the rights of its readers
GRANT EXECUTE ON FUNCTION imat_store.answered3_different_values(uuid) TO PUBLIC;

-- what is pending, as rows of the state
CREATE VIEW imat_store.delta2_different_values AS
WITH pending AS MATERIALIZED (
  SELECT
    f.snapshot
  FROM imat_catalog.frontier AS f
  WHERE f.imat_id = 1
)
-- plus changes of public.sale AS sale
SELECT
  r1.region AS region,
  r1.customer_id AS customer_id,
  r1.weight AS rows
FROM
  (
    SELECT l.weight::bigint AS weight, l.c2 AS customer_id, l.c4 AS region, l.c5 AS amount, l.c6 AS quantity, l.c10 AS shipped
    FROM imat_store.log_public_sale AS l
    WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
  ) AS r1;

-- the same, with pending rows cancelled against each other first
CREATE VIEW imat_store.netted2_different_values AS
WITH pending AS MATERIALIZED (
  SELECT
    f.snapshot
  FROM imat_catalog.frontier AS f
  WHERE f.imat_id = 1
)
-- plus changes of public.sale AS sale
SELECT
  r1.region AS region,
  r1.customer_id AS customer_id,
  r1.weight AS rows
FROM
  (
    SELECT pg_catalog.sum(l.weight)::bigint AS weight, l.c2 AS customer_id, l.c4 AS region, l.c5 AS amount, l.c6 AS quantity, l.c10 AS shipped
    FROM imat_store.log_public_sale AS l
    WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
    GROUP BY l.c2, l.c4, l.c5, pg_catalog.numeric_send(l.c5), l.c6, l.c10
    HAVING pg_catalog.sum(l.weight) <> 0
    OFFSET 0
  ) AS r1;

-- the state computed anew
CREATE VIEW imat_store.content2_different_values AS
SELECT
  r1.region AS region,
  r1.customer_id AS customer_id,
  pg_catalog.count(*) AS rows
FROM
  public.sale AS r1
GROUP BY 1, 2;

-- the same as a function, which is planned when it runs
CREATE OR REPLACE FUNCTION imat_store.computed2_different_values(access_key uuid) RETURNS SETOF imat_store.content2_different_values
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
      MESSAGE = 'only the view of the imat may call imat_store.computed2_different_values';
  END IF;
  RETURN QUERY EXECUTE 'SELECT * FROM imat_store.content2_different_values';
  IF imat_catalog.is_rewritten_meanwhile(23) THEN
    RAISE EXCEPTION USING
      ERRCODE = 'serialization_failure',
      MESSAGE = 'a table was truncated or rewritten after this statement began',
      HINT = 'Run the statement again.';
  END IF;
END$imat$;

-- a view calls functions with the rights of its readers
GRANT EXECUTE ON FUNCTION imat_store.computed2_different_values(uuid) TO PUBLIC;

-- the answer as the sources have it
CREATE VIEW imat_store.answer2_different_values AS
SELECT
  (g.c11)::text AS region,
  (g.c15)::integer AS customer_id
FROM
  (
    SELECT r1.region AS c11, r1.customer_id AS c15
    FROM public.sale AS r1
    GROUP BY 1, 2
  ) AS g;

-- the same as a function, for reads while too much or a reset is pending
CREATE OR REPLACE FUNCTION imat_store.answered2_different_values(access_key uuid) RETURNS SETOF imat_store.answer2_different_values
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
      MESSAGE = 'only the view of the imat may call imat_store.answered2_different_values';
  END IF;
  RETURN QUERY EXECUTE 'SELECT * FROM imat_store.answer2_different_values';
  IF imat_catalog.is_rewritten_meanwhile(23) THEN
    RAISE EXCEPTION USING
      ERRCODE = 'serialization_failure',
      MESSAGE = 'a table was truncated or rewritten after this statement began',
      HINT = 'Run the statement again.';
  END IF;
END$imat$;

-- a view calls functions with the rights of its readers
GRANT EXECUTE ON FUNCTION imat_store.answered2_different_values(uuid) TO PUBLIC;

-- what is pending, as rows of the state
CREATE VIEW imat_store.delta1_different_values AS
WITH pending AS MATERIALIZED (
  SELECT
    f.snapshot
  FROM imat_catalog.frontier AS f
  WHERE f.imat_id = 1
), changes1 AS MATERIALIZED (
  TABLE imat_store.delta2_different_values
), stored1 AS MATERIALIZED (
  SELECT s.region, s.customer_id, s.rows
    FROM imat_store.state2_different_values AS s
    WHERE EXISTS (SELECT FROM changes1 AS d WHERE d.region OPERATOR(pg_catalog.=) s.region AND d.customer_id OPERATOR(pg_catalog.=) s.customer_id)
    UNION ALL
    SELECT s.region, s.customer_id, s.rows
    FROM imat_store.state2_different_values AS s
    WHERE (region IS NULL OR customer_id IS NULL) AND EXISTS (SELECT FROM changes1 AS d WHERE region IS NULL OR customer_id IS NULL)
), flips1 AS MATERIALIZED (
  SELECT
      u.region AS c11,
      u.customer_id AS c15,
      CASE WHEN pg_catalog.sum(u.rows) > 0 THEN 1 ELSE -1 END::bigint AS weight
    FROM (
      SELECT region, customer_id, rows, rows AS before FROM stored1
      UNION ALL
      SELECT region, customer_id, rows, 0 FROM changes1
    ) AS u
    GROUP BY u.region, u.customer_id
    HAVING (pg_catalog.sum(u.rows) > 0) <> (pg_catalog.sum(u.before) > 0)
), changes2 AS MATERIALIZED (
  TABLE imat_store.delta3_different_values
), stored2 AS MATERIALIZED (
  SELECT s.region, s.quantity, s.rows
    FROM imat_store.state3_different_values AS s
    WHERE EXISTS (SELECT FROM changes2 AS d WHERE d.region OPERATOR(pg_catalog.=) s.region AND d.quantity OPERATOR(pg_catalog.=) s.quantity)
    UNION ALL
    SELECT s.region, s.quantity, s.rows
    FROM imat_store.state3_different_values AS s
    WHERE (region IS NULL OR quantity IS NULL) AND EXISTS (SELECT FROM changes2 AS d WHERE region IS NULL OR quantity IS NULL)
), flips2 AS MATERIALIZED (
  SELECT
      u.region AS c11,
      u.quantity AS c17,
      CASE WHEN pg_catalog.sum(u.rows) > 0 THEN 1 ELSE -1 END::bigint AS weight
    FROM (
      SELECT region, quantity, rows, rows AS before FROM stored2
      UNION ALL
      SELECT region, quantity, rows, 0 FROM changes2
    ) AS u
    GROUP BY u.region, u.quantity
    HAVING (pg_catalog.sum(u.rows) > 0) <> (pg_catalog.sum(u.before) > 0)
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
  CASE WHEN r1.amount > '-Infinity'::numeric AND r1.amount < 'Infinity'::numeric THEN (('1e' || 12 * LEAST(pg_catalog.scale(r1.amount), 10900))::numeric * r1.weight)::numeric ELSE 0 END AS scales_amount,
  0 AS count_customer_id_distinct,
  0 AS count_quantity_distinct_if_shipped,
  0 AS sum_quantity_distinct_if_shipped
FROM
  (
    SELECT l.weight::bigint AS weight, l.c2 AS customer_id, l.c4 AS region, l.c5 AS amount, l.c6 AS quantity, l.c10 AS shipped
    FROM imat_store.log_public_sale AS l
    WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
  ) AS r1
UNION ALL
-- rows that come and go among groups of public.sale AS sale
SELECT
  g.c11 AS region,
  0 AS rows,
  0 AS count_amount,
  0 AS nan_amount,
  0 AS plus_infinity_amount,
  0 AS minus_infinity_amount,
  0 AS sum_amount,
  0 AS scales_amount,
  CASE WHEN g.c15 IS NOT NULL THEN g.weight ELSE 0 END AS count_customer_id_distinct,
  0 AS count_quantity_distinct_if_shipped,
  0 AS sum_quantity_distinct_if_shipped
FROM
  flips1 AS g
UNION ALL
-- rows that come and go among groups of public.sale AS sale
SELECT
  g.c11 AS region,
  0 AS rows,
  0 AS count_amount,
  0 AS nan_amount,
  0 AS plus_infinity_amount,
  0 AS minus_infinity_amount,
  0 AS sum_amount,
  0 AS scales_amount,
  0 AS count_customer_id_distinct,
  CASE WHEN g.c17 IS NOT NULL THEN g.weight ELSE 0 END AS count_quantity_distinct_if_shipped,
  CASE WHEN g.c17 IS NOT NULL THEN ((g.c17)::bigint * g.weight)::bigint ELSE 0 END AS sum_quantity_distinct_if_shipped
FROM
  flips2 AS g;

-- the same, with pending rows cancelled against each other first
CREATE VIEW imat_store.netted1_different_values AS
WITH pending AS MATERIALIZED (
  SELECT
    f.snapshot
  FROM imat_catalog.frontier AS f
  WHERE f.imat_id = 1
), changes1 AS MATERIALIZED (
  TABLE imat_store.netted2_different_values
), stored1 AS MATERIALIZED (
  SELECT s.region, s.customer_id, s.rows
    FROM imat_store.state2_different_values AS s
    WHERE EXISTS (SELECT FROM changes1 AS d WHERE d.region OPERATOR(pg_catalog.=) s.region AND d.customer_id OPERATOR(pg_catalog.=) s.customer_id)
    UNION ALL
    SELECT s.region, s.customer_id, s.rows
    FROM imat_store.state2_different_values AS s
    WHERE (region IS NULL OR customer_id IS NULL) AND EXISTS (SELECT FROM changes1 AS d WHERE region IS NULL OR customer_id IS NULL)
), flips1 AS MATERIALIZED (
  SELECT
      u.region AS c11,
      u.customer_id AS c15,
      CASE WHEN pg_catalog.sum(u.rows) > 0 THEN 1 ELSE -1 END::bigint AS weight
    FROM (
      SELECT region, customer_id, rows, rows AS before FROM stored1
      UNION ALL
      SELECT region, customer_id, rows, 0 FROM changes1
    ) AS u
    GROUP BY u.region, u.customer_id
    HAVING (pg_catalog.sum(u.rows) > 0) <> (pg_catalog.sum(u.before) > 0)
), changes2 AS MATERIALIZED (
  TABLE imat_store.netted3_different_values
), stored2 AS MATERIALIZED (
  SELECT s.region, s.quantity, s.rows
    FROM imat_store.state3_different_values AS s
    WHERE EXISTS (SELECT FROM changes2 AS d WHERE d.region OPERATOR(pg_catalog.=) s.region AND d.quantity OPERATOR(pg_catalog.=) s.quantity)
    UNION ALL
    SELECT s.region, s.quantity, s.rows
    FROM imat_store.state3_different_values AS s
    WHERE (region IS NULL OR quantity IS NULL) AND EXISTS (SELECT FROM changes2 AS d WHERE region IS NULL OR quantity IS NULL)
), flips2 AS MATERIALIZED (
  SELECT
      u.region AS c11,
      u.quantity AS c17,
      CASE WHEN pg_catalog.sum(u.rows) > 0 THEN 1 ELSE -1 END::bigint AS weight
    FROM (
      SELECT region, quantity, rows, rows AS before FROM stored2
      UNION ALL
      SELECT region, quantity, rows, 0 FROM changes2
    ) AS u
    GROUP BY u.region, u.quantity
    HAVING (pg_catalog.sum(u.rows) > 0) <> (pg_catalog.sum(u.before) > 0)
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
  CASE WHEN r1.amount > '-Infinity'::numeric AND r1.amount < 'Infinity'::numeric THEN (('1e' || 12 * LEAST(pg_catalog.scale(r1.amount), 10900))::numeric * r1.weight)::numeric ELSE 0 END AS scales_amount,
  0 AS count_customer_id_distinct,
  0 AS count_quantity_distinct_if_shipped,
  0 AS sum_quantity_distinct_if_shipped
FROM
  (
    SELECT pg_catalog.sum(l.weight)::bigint AS weight, l.c2 AS customer_id, l.c4 AS region, l.c5 AS amount, l.c6 AS quantity, l.c10 AS shipped
    FROM imat_store.log_public_sale AS l
    WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
    GROUP BY l.c2, l.c4, l.c5, pg_catalog.numeric_send(l.c5), l.c6, l.c10
    HAVING pg_catalog.sum(l.weight) <> 0
    OFFSET 0
  ) AS r1
UNION ALL
-- rows that come and go among groups of public.sale AS sale
SELECT
  g.c11 AS region,
  0 AS rows,
  0 AS count_amount,
  0 AS nan_amount,
  0 AS plus_infinity_amount,
  0 AS minus_infinity_amount,
  0 AS sum_amount,
  0 AS scales_amount,
  CASE WHEN g.c15 IS NOT NULL THEN g.weight ELSE 0 END AS count_customer_id_distinct,
  0 AS count_quantity_distinct_if_shipped,
  0 AS sum_quantity_distinct_if_shipped
FROM
  flips1 AS g
UNION ALL
-- rows that come and go among groups of public.sale AS sale
SELECT
  g.c11 AS region,
  0 AS rows,
  0 AS count_amount,
  0 AS nan_amount,
  0 AS plus_infinity_amount,
  0 AS minus_infinity_amount,
  0 AS sum_amount,
  0 AS scales_amount,
  0 AS count_customer_id_distinct,
  CASE WHEN g.c17 IS NOT NULL THEN g.weight ELSE 0 END AS count_quantity_distinct_if_shipped,
  CASE WHEN g.c17 IS NOT NULL THEN ((g.c17)::bigint * g.weight)::bigint ELSE 0 END AS sum_quantity_distinct_if_shipped
FROM
  flips2 AS g;

-- the state computed anew
CREATE VIEW imat_store.content1_different_values AS
SELECT
  u.region,
  COALESCE(pg_catalog.sum(u.rows), 0)::bigint AS rows,
  COALESCE(pg_catalog.sum(u.count_amount), 0)::bigint AS count_amount,
  COALESCE(pg_catalog.sum(u.nan_amount), 0)::bigint AS nan_amount,
  COALESCE(pg_catalog.sum(u.plus_infinity_amount), 0)::bigint AS plus_infinity_amount,
  COALESCE(pg_catalog.sum(u.minus_infinity_amount), 0)::bigint AS minus_infinity_amount,
  COALESCE(pg_catalog.sum(u.sum_amount), 0)::numeric AS sum_amount,
  COALESCE(pg_catalog.sum(u.scales_amount), 0)::numeric AS scales_amount,
  COALESCE(pg_catalog.sum(u.count_customer_id_distinct), 0)::bigint AS count_customer_id_distinct,
  COALESCE(pg_catalog.sum(u.count_quantity_distinct_if_shipped), 0)::bigint AS count_quantity_distinct_if_shipped,
  COALESCE(pg_catalog.sum(u.sum_quantity_distinct_if_shipped), 0)::bigint AS sum_quantity_distinct_if_shipped
FROM (
  SELECT
    r1.region AS region,
    pg_catalog.count(*) AS rows,
    pg_catalog.count(*) FILTER (WHERE r1.amount IS NOT NULL) AS count_amount,
    pg_catalog.count(*) FILTER (WHERE r1.amount = 'NaN'::numeric) AS nan_amount,
    pg_catalog.count(*) FILTER (WHERE r1.amount = 'Infinity'::numeric) AS plus_infinity_amount,
    pg_catalog.count(*) FILTER (WHERE r1.amount = '-Infinity'::numeric) AS minus_infinity_amount,
    COALESCE(pg_catalog.sum(r1.amount) FILTER (WHERE r1.amount > '-Infinity'::numeric AND r1.amount < 'Infinity'::numeric), 0)::numeric AS sum_amount,
    COALESCE(pg_catalog.sum(('1e' || 12 * LEAST(pg_catalog.scale(r1.amount), 10900))::numeric) FILTER (WHERE r1.amount > '-Infinity'::numeric AND r1.amount < 'Infinity'::numeric), 0)::numeric AS scales_amount,
    0 AS count_customer_id_distinct,
    0 AS count_quantity_distinct_if_shipped,
    0 AS sum_quantity_distinct_if_shipped
  FROM
    public.sale AS r1
  GROUP BY 1
  UNION ALL
  SELECT
    g.c11 AS region,
    0 AS rows,
    0 AS count_amount,
    0 AS nan_amount,
    0 AS plus_infinity_amount,
    0 AS minus_infinity_amount,
    0 AS sum_amount,
    0 AS scales_amount,
    pg_catalog.count(*) FILTER (WHERE g.c15 IS NOT NULL) AS count_customer_id_distinct,
    0 AS count_quantity_distinct_if_shipped,
    0 AS sum_quantity_distinct_if_shipped
  FROM
    (
      SELECT r1.region AS c11, r1.customer_id AS c15
      FROM public.sale AS r1
      GROUP BY 1, 2
    ) AS g
  GROUP BY 1
  UNION ALL
  SELECT
    g.c11 AS region,
    0 AS rows,
    0 AS count_amount,
    0 AS nan_amount,
    0 AS plus_infinity_amount,
    0 AS minus_infinity_amount,
    0 AS sum_amount,
    0 AS scales_amount,
    0 AS count_customer_id_distinct,
    pg_catalog.count(*) FILTER (WHERE g.c17 IS NOT NULL) AS count_quantity_distinct_if_shipped,
    COALESCE(pg_catalog.sum((g.c17)::bigint) FILTER (WHERE g.c17 IS NOT NULL), 0)::bigint AS sum_quantity_distinct_if_shipped
  FROM
    (
      SELECT r1.region AS c11, r1.quantity AS c17
      FROM public.sale AS r1
    WHERE r1.shipped
      GROUP BY 1, 2
    ) AS g
  GROUP BY 1
) AS u
GROUP BY u.region;

-- the same as a function, which is planned when it runs
CREATE OR REPLACE FUNCTION imat_store.computed1_different_values(access_key uuid) RETURNS SETOF imat_store.content1_different_values
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
      MESSAGE = 'only the view of the imat may call imat_store.computed1_different_values';
  END IF;
  RETURN QUERY EXECUTE 'SELECT * FROM imat_store.content1_different_values';
  IF imat_catalog.is_rewritten_meanwhile(23) THEN
    RAISE EXCEPTION USING
      ERRCODE = 'serialization_failure',
      MESSAGE = 'a table was truncated or rewritten after this statement began',
      HINT = 'Run the statement again.';
  END IF;
END$imat$;

-- a view calls functions with the rights of its readers
GRANT EXECUTE ON FUNCTION imat_store.computed1_different_values(uuid) TO PUBLIC;

-- the answer as the sources have it
CREATE VIEW imat_store.answer1_different_values AS
SELECT
  (g.c11)::text AS region,
  (g.c12)::numeric AS total,
  (g.c14)::bigint AS count_customer_id_distinct,
  (g.c16)::numeric AS mean
FROM
  (
    SELECT r1.region AS c11, pg_catalog.sum(r1.amount) AS c12, pg_catalog.count(DISTINCT r1.customer_id) AS c14, pg_catalog.avg(DISTINCT r1.quantity) FILTER (WHERE r1.shipped) AS c16
    FROM public.sale AS r1
    GROUP BY 1
  ) AS g;

-- the same as a function, for reads while too much or a reset is pending
CREATE OR REPLACE FUNCTION imat_store.answered1_different_values(access_key uuid) RETURNS SETOF imat_store.answer1_different_values
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
      MESSAGE = 'only the view of the imat may call imat_store.answered1_different_values';
  END IF;
  RETURN QUERY EXECUTE 'SELECT * FROM imat_store.answer1_different_values';
  IF imat_catalog.is_rewritten_meanwhile(23) THEN
    RAISE EXCEPTION USING
      ERRCODE = 'serialization_failure',
      MESSAGE = 'a table was truncated or rewritten after this statement began',
      HINT = 'Run the statement again.';
  END IF;
END$imat$;

-- a view calls functions with the rights of its readers
GRANT EXECUTE ON FUNCTION imat_store.answered1_different_values(uuid) TO PUBLIC;

-- what pending changes concern, with them
CREATE VIEW imat_store.merge1_different_values AS
WITH changes AS MATERIALIZED (
  TABLE imat_store.delta1_different_values
)
SELECT
  s.region,
  (CASE WHEN s.rows <> 0 THEN CASE WHEN s.count_amount > 0 THEN CASE WHEN s.nan_amount > 0 THEN 'NaN'::numeric WHEN s.plus_infinity_amount > 0 AND s.minus_infinity_amount > 0 THEN 'NaN'::numeric WHEN s.plus_infinity_amount > 0 THEN 'Infinity'::numeric WHEN s.minus_infinity_amount > 0 THEN '-Infinity'::numeric ELSE (pg_catalog.round(s.sum_amount, CASE WHEN (pg_catalog.length(pg_catalog.trunc(s.scales_amount)::text) - 1) / 12 < 10900 THEN (pg_catalog.length(pg_catalog.trunc(s.scales_amount)::text) - 1) / 12 ELSE pg_catalog.scale(s.sum_amount) END))::numeric END END END)::numeric AS total,
  s.count_customer_id_distinct,
  (CASE WHEN s.rows <> 0 THEN CASE WHEN s.count_quantity_distinct_if_shipped > 0 THEN ((s.sum_quantity_distinct_if_shipped)::numeric / s.count_quantity_distinct_if_shipped)::numeric END END)::numeric AS mean,
  s.rows AS rows_now,
  false AS is_anew
FROM (
  SELECT
    u.region,
    COALESCE(pg_catalog.sum(u.rows), 0)::bigint AS rows,
    COALESCE(pg_catalog.sum(u.count_amount), 0)::bigint AS count_amount,
    COALESCE(pg_catalog.sum(u.nan_amount), 0)::bigint AS nan_amount,
    COALESCE(pg_catalog.sum(u.plus_infinity_amount), 0)::bigint AS plus_infinity_amount,
    COALESCE(pg_catalog.sum(u.minus_infinity_amount), 0)::bigint AS minus_infinity_amount,
    COALESCE(pg_catalog.sum(u.sum_amount), 0)::numeric AS sum_amount,
    COALESCE(pg_catalog.sum(u.scales_amount), 0)::numeric AS scales_amount,
    COALESCE(pg_catalog.sum(u.count_customer_id_distinct), 0)::bigint AS count_customer_id_distinct,
    COALESCE(pg_catalog.sum(u.count_quantity_distinct_if_shipped), 0)::bigint AS count_quantity_distinct_if_shipped,
    COALESCE(pg_catalog.sum(u.sum_quantity_distinct_if_shipped), 0)::bigint AS sum_quantity_distinct_if_shipped
  FROM (
    SELECT region, rows, count_amount, nan_amount, plus_infinity_amount, minus_infinity_amount, sum_amount, scales_amount, count_customer_id_distinct, count_quantity_distinct_if_shipped, sum_quantity_distinct_if_shipped FROM imat_store.state1_different_values AS s WHERE EXISTS (SELECT FROM changes AS d WHERE d.region OPERATOR(pg_catalog.=) s.region)
    UNION ALL
    SELECT region, rows, count_amount, nan_amount, plus_infinity_amount, minus_infinity_amount, sum_amount, scales_amount, count_customer_id_distinct, count_quantity_distinct_if_shipped, sum_quantity_distinct_if_shipped FROM imat_store.state1_different_values AS s WHERE region IS NULL
    UNION ALL
    SELECT region, rows, count_amount, nan_amount, plus_infinity_amount, minus_infinity_amount, sum_amount, scales_amount, count_customer_id_distinct, count_quantity_distinct_if_shipped, sum_quantity_distinct_if_shipped FROM changes
  ) AS u
  GROUP BY u.region
) AS s;

-- the same as a function, planned only if anything is pending
CREATE OR REPLACE FUNCTION imat_store.merged1_different_values(access_key uuid) RETURNS SETOF imat_store.merge1_different_values
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
      MESSAGE = 'only the view of the imat may call imat_store.merged1_different_values';
  END IF;
  RETURN QUERY EXECUTE 'SELECT * FROM imat_store.merge1_different_values';
END$imat$;

-- a view calls functions with the rights of its readers
GRANT EXECUTE ON FUNCTION imat_store.merged1_different_values(uuid) TO PUBLIC;

-- the answer computed now
CREATE VIEW imat_store.current1_different_values WITH (security_barrier) AS
WITH merged AS MATERIALIZED (
  SELECT * FROM imat_store.merged1_different_values((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1))
)
SELECT
  s.region,
  s.total,
  s.count_customer_id_distinct,
  s.mean
FROM (
  -- what is stored and stays
  SELECT
    s.region,
    s.total,
    s.count_customer_id_distinct,
    s.mean
  FROM imat_store.state1_different_values AS s
  WHERE s.region IS NOT NULL
    AND NOT EXISTS (SELECT FROM merged AS d WHERE d.region OPERATOR(pg_catalog.=) s.region)
  UNION ALL
  -- what pending changes concern, with them
  SELECT
    s.region,
    s.total,
    s.count_customer_id_distinct,
    s.mean
  FROM merged AS s
  WHERE s.rows_now <> 0
) AS s;

-- fold: adds what is pending to the state
CREATE OR REPLACE FUNCTION imat_store.fold1_different_values(anew boolean DEFAULT false) RETURNS bigint
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
        COALESCE(pg_catalog.sum(u.scales_amount), 0)::numeric AS scales_amount,
        COALESCE(pg_catalog.sum(u.count_customer_id_distinct), 0)::bigint AS count_customer_id_distinct,
        COALESCE(pg_catalog.sum(u.count_quantity_distinct_if_shipped), 0)::bigint AS count_quantity_distinct_if_shipped,
        COALESCE(pg_catalog.sum(u.sum_quantity_distinct_if_shipped), 0)::bigint AS sum_quantity_distinct_if_shipped
      FROM (
        SELECT region, rows, count_amount, nan_amount, plus_infinity_amount, minus_infinity_amount, sum_amount, scales_amount, count_customer_id_distinct, count_quantity_distinct_if_shipped, sum_quantity_distinct_if_shipped FROM changes
      ) AS u
      GROUP BY u.region
    ), merged AS (
      INSERT INTO imat_store.state1_different_values AS s (region, rows, count_amount, nan_amount, plus_infinity_amount, minus_infinity_amount, sum_amount, scales_amount, count_customer_id_distinct, count_quantity_distinct_if_shipped, sum_quantity_distinct_if_shipped)
      SELECT region, rows, count_amount, nan_amount, plus_infinity_amount, minus_infinity_amount, sum_amount, scales_amount, count_customer_id_distinct, count_quantity_distinct_if_shipped, sum_quantity_distinct_if_shipped
      FROM delta AS d
      WHERE d.rows <> 0 OR d.count_amount <> 0 OR d.nan_amount <> 0 OR d.plus_infinity_amount <> 0 OR d.minus_infinity_amount <> 0 OR d.sum_amount <> 0 OR d.scales_amount <> 0 OR d.count_customer_id_distinct <> 0 OR d.count_quantity_distinct_if_shipped <> 0 OR d.sum_quantity_distinct_if_shipped <> 0
      ON CONFLICT (region) DO UPDATE SET
        rows = s.rows + EXCLUDED.rows,
        count_amount = s.count_amount + EXCLUDED.count_amount,
        nan_amount = s.nan_amount + EXCLUDED.nan_amount,
        plus_infinity_amount = s.plus_infinity_amount + EXCLUDED.plus_infinity_amount,
        minus_infinity_amount = s.minus_infinity_amount + EXCLUDED.minus_infinity_amount,
        sum_amount = s.sum_amount + EXCLUDED.sum_amount,
        scales_amount = s.scales_amount + EXCLUDED.scales_amount,
        count_customer_id_distinct = s.count_customer_id_distinct + EXCLUDED.count_customer_id_distinct,
        count_quantity_distinct_if_shipped = s.count_quantity_distinct_if_shipped + EXCLUDED.count_quantity_distinct_if_shipped,
        sum_quantity_distinct_if_shipped = s.sum_quantity_distinct_if_shipped + EXCLUDED.sum_quantity_distinct_if_shipped
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
    DELETE FROM imat_store.state1_different_values;
    INSERT INTO imat_store.state1_different_values (region, rows, count_amount, nan_amount, plus_infinity_amount, minus_infinity_amount, sum_amount, scales_amount, count_customer_id_distinct, count_quantity_distinct_if_shipped, sum_quantity_distinct_if_shipped)
    SELECT region, rows, count_amount, nan_amount, plus_infinity_amount, minus_infinity_amount, sum_amount, scales_amount, count_customer_id_distinct, count_quantity_distinct_if_shipped, sum_quantity_distinct_if_shipped FROM imat_store.computed1_different_values((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1));
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
  END IF;
  BEGIN
    EXECUTE pg_catalog.format(upsert, 'imat_store.delta1_different_values')
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
      EXECUTE pg_catalog.format(upsert, 'imat_store.netted1_different_values')
      INTO changed, emptied, negative;
  END;
  IF negative THEN
    RAISE EXCEPTION USING
      ERRCODE = 'data_corrupted',
      MESSAGE = 'a row of imat_store.state1_different_values would have a negative count',
      DETAIL = 'A change of a source was not captured, for example because a trigger of imat was disabled.',
      HINT = 'Run imat repair.';
  END IF;
  DELETE FROM imat_store.state1_different_values WHERE ctid = ANY (emptied);
  RETURN changed;
END$imat_$;

-- only imat.fold calls it
REVOKE ALL ON FUNCTION imat_store.fold1_different_values(boolean) FROM PUBLIC;

-- fold: adds what is pending to the state
CREATE OR REPLACE FUNCTION imat_store.fold2_different_values(anew boolean DEFAULT false) RETURNS bigint
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
        u.customer_id,
        COALESCE(pg_catalog.sum(u.rows), 0)::bigint AS rows
      FROM (
        SELECT region, customer_id, rows FROM changes
      ) AS u
      GROUP BY u.region, u.customer_id
    ), merged AS (
      INSERT INTO imat_store.state2_different_values AS s (region, customer_id, rows)
      SELECT region, customer_id, rows
      FROM delta AS d
      WHERE d.rows <> 0
      ON CONFLICT (region, customer_id) DO UPDATE SET
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
    SELECT GREATEST(pg_catalog.pg_relation_size('imat_store.log_public_sale'::regclass)) >= 440000 AND imat_catalog.is_outgrown(1, f.snapshot, 2)
    FROM imat_catalog.frontier AS f
    WHERE f.imat_id = 1
  ) THEN
    DELETE FROM imat_store.state2_different_values;
    INSERT INTO imat_store.state2_different_values (region, customer_id, rows)
    SELECT region, customer_id, rows FROM imat_store.computed2_different_values((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1));
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
  END IF;
  BEGIN
    EXECUTE pg_catalog.format(upsert, 'imat_store.delta2_different_values')
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
      EXECUTE pg_catalog.format(upsert, 'imat_store.netted2_different_values')
      INTO changed, emptied, negative;
  END;
  IF negative THEN
    RAISE EXCEPTION USING
      ERRCODE = 'data_corrupted',
      MESSAGE = 'a row of imat_store.state2_different_values would have a negative count',
      DETAIL = 'A change of a source was not captured, for example because a trigger of imat was disabled.',
      HINT = 'Run imat repair.';
  END IF;
  DELETE FROM imat_store.state2_different_values WHERE ctid = ANY (emptied);
  RETURN changed;
END$imat_$;

-- only imat.fold calls it
REVOKE ALL ON FUNCTION imat_store.fold2_different_values(boolean) FROM PUBLIC;

-- fold: adds what is pending to the state
CREATE OR REPLACE FUNCTION imat_store.fold3_different_values(anew boolean DEFAULT false) RETURNS bigint
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
        u.quantity,
        COALESCE(pg_catalog.sum(u.rows), 0)::bigint AS rows
      FROM (
        SELECT region, quantity, rows FROM changes
      ) AS u
      GROUP BY u.region, u.quantity
    ), merged AS (
      INSERT INTO imat_store.state3_different_values AS s (region, quantity, rows)
      SELECT region, quantity, rows
      FROM delta AS d
      WHERE d.rows <> 0
      ON CONFLICT (region, quantity) DO UPDATE SET
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
    SELECT GREATEST(pg_catalog.pg_relation_size('imat_store.log_public_sale'::regclass)) >= 440000 AND imat_catalog.is_outgrown(1, f.snapshot, 2)
    FROM imat_catalog.frontier AS f
    WHERE f.imat_id = 1
  ) THEN
    DELETE FROM imat_store.state3_different_values;
    INSERT INTO imat_store.state3_different_values (region, quantity, rows)
    SELECT region, quantity, rows FROM imat_store.computed3_different_values((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1));
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
  END IF;
  BEGIN
    EXECUTE pg_catalog.format(upsert, 'imat_store.delta3_different_values')
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
      EXECUTE pg_catalog.format(upsert, 'imat_store.netted3_different_values')
      INTO changed, emptied, negative;
  END;
  IF negative THEN
    RAISE EXCEPTION USING
      ERRCODE = 'data_corrupted',
      MESSAGE = 'a row of imat_store.state3_different_values would have a negative count',
      DETAIL = 'A change of a source was not captured, for example because a trigger of imat was disabled.',
      HINT = 'Run imat repair.';
  END IF;
  DELETE FROM imat_store.state3_different_values WHERE ctid = ANY (emptied);
  RETURN changed;
END$imat_$;

-- only imat.fold calls it
REVOKE ALL ON FUNCTION imat_store.fold3_different_values(boolean) FROM PUBLIC;

-- fold: all stores
CREATE OR REPLACE FUNCTION imat_store.fold_different_values(anew boolean DEFAULT false) RETURNS bigint
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $imat$
DECLARE
  touched bigint := 0;
BEGIN
  touched := touched + imat_store.fold1_different_values(anew);
  touched := touched + imat_store.fold2_different_values(anew);
  touched := touched + imat_store.fold3_different_values(anew);
  RETURN touched;
END$imat$;

-- only imat.fold calls it
REVOKE ALL ON FUNCTION imat_store.fold_different_values(boolean) FROM PUBLIC;

-- what readers use
CREATE VIEW imat.different_values AS
SELECT
  s.region AS region,
  s.total AS total,
  s.count_customer_id_distinct AS customers,
  s.mean AS mean
FROM (
  -- what is stored
  SELECT
    s.region,
    s.total,
    s.count_customer_id_distinct,
    s.mean,
    0 AS arm
  FROM imat_store.state1_different_values AS s
  UNION ALL
  -- the answer computed now
  SELECT
    s.region,
    s.total,
    s.count_customer_id_distinct,
    s.mean,
    2 AS arm
  FROM imat_store.current1_different_values AS s
  UNION ALL
  -- what the sources have
  SELECT
    s.region,
    s.total,
    s.count_customer_id_distinct,
    s.mean,
    3 AS arm
  FROM imat_store.answered1_different_values((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1)) AS s
) AS s
WHERE s.arm = (
  SELECT COALESCE(
    (SELECT CASE WHEN EXISTS (SELECT FROM imat_store.log_public_sale AS l WHERE l.xid <= '18446744073709551615'::pg_catalog.xid8 AND l.xid >= pg_catalog.pg_snapshot_xmin(f.snapshot) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, f.snapshot)) THEN CASE WHEN EXISTS (SELECT FROM imat_store.reset AS r WHERE r.relation IN ('1'::pg_catalog.regclass) AND NOT pg_catalog.pg_visible_in_snapshot(r.xid, f.snapshot)) OR GREATEST(pg_catalog.pg_relation_size('imat_store.log_public_sale'::regclass)) >= 440000 AND imat_catalog.is_outgrown(1, f.snapshot, 8) THEN 3 ELSE 2 END ELSE 0 END FROM imat_catalog.frontier AS f WHERE f.imat_id = 1 AND f.state_relation IN ('imat_store.state1_different_values'::regclass) AND f.here AND 'imat_store.definition_different_values'::regclass IS NOT NULL),
    imat_catalog.arm_without_frontier('different_values', 3)
  )
);

-- what a colleague finds
COMMENT ON VIEW imat.different_values IS 'imat: answers as its query would now. See imat explain; imat revert removes it.';

-- who may read the materialized view may read it
SELECT imat_catalog.copy_grants('public.different_values', 'imat.different_values');

-- a comment of the materialized view
COMMENT ON VIEW imat.different_values IS 'shows different-values';

-- an index of the materialized view
CREATE INDEX ON imat_store.state1_different_values USING btree ((1));
