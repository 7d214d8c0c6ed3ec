-- residual-stores: two stores, one of each kind, with numbers in their names
--
-- WITH sold AS (
--          SELECT sale.customer_id,
--             sum(sale.amount) AS total
--            FROM public.sale
--           GROUP BY sale.customer_id
--         ), best AS (
--          SELECT sale.customer_id,
--             percentile_disc(1::double precision) WITHIN GROUP (ORDER BY sale.amount) AS top
--            FROM public.sale
--           GROUP BY sale.customer_id
--         )
--  SELECT s.customer_id,
--     s.total,
--     b.top,
--     s.total / (( SELECT sum(sold.total) AS sum
--            FROM sold)) AS share
--    FROM sold s
--      JOIN best b ON b.customer_id = s.customer_id
--   ORDER BY s.total DESC, s.customer_id, b.customer_id
--  LIMIT 10
--
-- strategy delta, freshness live
-- note: ties in ORDER BY s.total DESC, s.customer_id are broken by b.customer_id
-- reads public.sale (customer_id, amount)
-- query over 3 stores: computed when read, stores nothing
--   project customer_id, total: computed when read, stores nothing
--     group by sale.customer_id: stored, one row per group, stores customer_id
--         sale.customer_id: group key, stores customer_id
--         rows of the group: additive part, stores rows
--         rows where sale.amount is not null: additive part, stores count_amount
--         rows where sale.amount is NaN: additive part, stores nan_amount
--         rows where sale.amount is Infinity: additive part, stores plus_infinity_amount
--         rows where sale.amount is -Infinity: additive part, stores minus_infinity_amount
--         sum of sale.amount: additive part, stores sum_amount
--         rows by display scale of sale.amount: sum of 10^(12 * scale): additive part, stores scales_amount
--         sum(sale.amount): finished aggregate, stores total
--       scan public.sale AS sale (customer_id, amount): linear, stores nothing
--   rows by sale.customer_id: stored, those of touched keys computed again, stores customer_id, top
--     scan public.sale AS sale: touches the key of its own row; read by the key, stores nothing
--   project sum: computed when read, stores nothing
--     group all rows: stored, one row per group, stores only_row
--         rows of the group: additive part, stores rows
--         rows where sum(sale.amount) is not null: additive part, stores count_sum
--         rows where sum(sale.amount) is NaN: additive part, stores nan_sum
--         rows where sum(sale.amount) is Infinity: additive part, stores plus_infinity_sum
--         rows where sum(sale.amount) is -Infinity: additive part, stores minus_infinity_sum
--         sum of sum(sale.amount): additive part, stores sum_sum
--         rows by display scale of sum(sale.amount): sum of 10^(12 * scale): additive part, stores scales_sum
--         sum(sum(sale.amount)): finished aggregate, stores sum
--       group by sale.customer_id: stored; its changes change the groups above, stores customer_id
--           sale.customer_id: group key, stores customer_id
--           rows of the group: additive part, stores rows
--           rows where sale.amount is not null: additive part, stores count_amount
--           rows where sale.amount is NaN: additive part, stores nan_amount
--           rows where sale.amount is Infinity: additive part, stores plus_infinity_amount
--           rows where sale.amount is -Infinity: additive part, stores minus_infinity_amount
--           sum of sale.amount: additive part, stores sum_amount
--           rows by display scale of sale.amount: sum of 10^(12 * scale): additive part, stores scales_amount
--           sum(sale.amount): finished aggregate, stores result_sum_amount
--         scan public.sale AS sale (customer_id, amount): linear, stores nothing

-- the definition, as a view
CREATE VIEW imat_store.definition_residual_stores AS
WITH sold AS (
         SELECT sale.customer_id,
            sum(sale.amount) AS total
           FROM public.sale
          GROUP BY sale.customer_id
        ), best AS (
         SELECT sale.customer_id,
            percentile_disc(1::double precision) WITHIN GROUP (ORDER BY sale.amount) AS top
           FROM public.sale
          GROUP BY sale.customer_id
        )
 SELECT s.customer_id,
    s.total,
    b.top,
    s.total / (( SELECT sum(sold.total) AS sum
           FROM sold)) AS share
   FROM sold s
     JOIN best b ON b.customer_id = s.customer_id
  ORDER BY s.total DESC, s.customer_id, b.customer_id
 LIMIT 10;

-- the change log of public.sale, if it is not there yet
CREATE TABLE imat_store.log_public_sale (
  xid xid8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id(),
  weight integer NOT NULL,
  c2 integer,
  c5 numeric
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_sale', '{2,5}', ARRAY['customer_id', 'amount']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_sale (weight, c2, c5)
      SELECT 1, n.customer_id, n.amount FROM new_rows AS n
      LIMIT 100000;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed OPERATOR(pg_catalog.=) 100000 THEN
      changed := (SELECT pg_catalog.count(*) FROM new_rows);
      IF imat_store.is_loggable('1'::pg_catalog.regclass, changed) THEN
        INSERT INTO imat_store.log_public_sale (weight, c2, c5)
          SELECT 1, n.customer_id, n.amount FROM new_rows AS n
          OFFSET 100000;
      ELSE
        INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);
      END IF;
    END IF;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_sale', '{2,5}', TG_OP);
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_sale', '{2,5}', ARRAY['customer_id', 'amount']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_sale (weight, c2, c5)
      SELECT pg_catalog.sum(u.weight), u.c2, u.c5
      FROM (
        SELECT -1 AS weight, o.customer_id AS c2, o.amount AS c5 FROM old_rows AS o
        UNION ALL
        SELECT 1, n.customer_id AS c2, n.amount AS c5 FROM new_rows AS n
      ) AS u
      GROUP BY u.c2, u.c5, pg_catalog.numeric_send(u.c5)
      HAVING pg_catalog.sum(u.weight) OPERATOR(pg_catalog.<>) 0;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_sale', '{2,5}', TG_OP);
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_sale', '{2,5}', ARRAY['customer_id', 'amount']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_sale (weight, c2, c5)
      SELECT -1, o.customer_id, o.amount FROM old_rows AS o
      LIMIT 100000;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed OPERATOR(pg_catalog.=) 100000 THEN
      changed := (SELECT pg_catalog.count(*) FROM old_rows);
      IF imat_store.is_loggable('1'::pg_catalog.regclass, changed) THEN
        INSERT INTO imat_store.log_public_sale (weight, c2, c5)
          SELECT -1, o.customer_id, o.amount FROM old_rows AS o
          OFFSET 100000;
      ELSE
        INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);
      END IF;
    END IF;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_sale', '{2,5}', TG_OP);
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
CREATE TABLE imat_store.state4_residual_stores WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02) AS
SELECT
  r1.customer_id AS customer_id,
  pg_catalog.count(*) AS rows,
  pg_catalog.count(*) FILTER (WHERE r1.amount IS NOT NULL) AS count_amount,
  pg_catalog.count(*) FILTER (WHERE r1.amount = 'NaN'::numeric) AS nan_amount,
  pg_catalog.count(*) FILTER (WHERE r1.amount = 'Infinity'::numeric) AS plus_infinity_amount,
  pg_catalog.count(*) FILTER (WHERE r1.amount = '-Infinity'::numeric) AS minus_infinity_amount,
  COALESCE(pg_catalog.sum(r1.amount) FILTER (WHERE r1.amount > '-Infinity'::numeric AND r1.amount < 'Infinity'::numeric), 0)::numeric AS sum_amount,
  COALESCE(pg_catalog.sum(('1e' || 12 * LEAST(pg_catalog.scale(r1.amount), 10900))::numeric) FILTER (WHERE r1.amount > '-Infinity'::numeric AND r1.amount < 'Infinity'::numeric), 0)::numeric AS scales_amount
FROM
  public.sale AS r1
GROUP BY 1;

-- what publications of all tables need
ALTER TABLE imat_store.state4_residual_stores REPLICA IDENTITY FULL;

-- finished aggregates, computed once
ALTER TABLE imat_store.state4_residual_stores
  ADD COLUMN result_sum_amount numeric GENERATED ALWAYS AS (CASE WHEN count_amount > 0 THEN CASE WHEN nan_amount > 0 THEN 'NaN'::numeric WHEN plus_infinity_amount > 0 AND minus_infinity_amount > 0 THEN 'NaN'::numeric WHEN plus_infinity_amount > 0 THEN 'Infinity'::numeric WHEN minus_infinity_amount > 0 THEN '-Infinity'::numeric ELSE (pg_catalog.round(sum_amount, CASE WHEN (pg_catalog.length(pg_catalog.trunc(scales_amount)::text) - 1) / 12 < 10900 THEN (pg_catalog.length(pg_catalog.trunc(scales_amount)::text) - 1) / 12 ELSE pg_catalog.scale(sum_amount) END))::numeric END END) STORED;

-- what finds a group, NULL keys being equal
CREATE UNIQUE INDEX ON imat_store.state4_residual_stores (customer_id) NULLS NOT DISTINCT;

-- what the column holds
COMMENT ON COLUMN imat_store.state4_residual_stores.customer_id IS 'sale.customer_id';

-- what the column holds
COMMENT ON COLUMN imat_store.state4_residual_stores.rows IS 'rows of the group';

-- what the column holds
COMMENT ON COLUMN imat_store.state4_residual_stores.count_amount IS 'rows where sale.amount is not null';

-- what the column holds
COMMENT ON COLUMN imat_store.state4_residual_stores.nan_amount IS 'rows where sale.amount is NaN';

-- what the column holds
COMMENT ON COLUMN imat_store.state4_residual_stores.plus_infinity_amount IS 'rows where sale.amount is Infinity';

-- what the column holds
COMMENT ON COLUMN imat_store.state4_residual_stores.minus_infinity_amount IS 'rows where sale.amount is -Infinity';

-- what the column holds
COMMENT ON COLUMN imat_store.state4_residual_stores.sum_amount IS 'sum of sale.amount';

-- what the column holds
COMMENT ON COLUMN imat_store.state4_residual_stores.scales_amount IS 'rows by display scale of sale.amount: sum of 10^(12 * scale)';

-- what the column holds
COMMENT ON COLUMN imat_store.state4_residual_stores.result_sum_amount IS 'sum(sale.amount)';

-- statistics
ANALYZE imat_store.state4_residual_stores;

-- the state: one row per group, with what each aggregate needs
CREATE TABLE imat_store.state1_residual_stores WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02) AS
SELECT
  r1.customer_id AS customer_id,
  pg_catalog.count(*) AS rows,
  pg_catalog.count(*) FILTER (WHERE r1.amount IS NOT NULL) AS count_amount,
  pg_catalog.count(*) FILTER (WHERE r1.amount = 'NaN'::numeric) AS nan_amount,
  pg_catalog.count(*) FILTER (WHERE r1.amount = 'Infinity'::numeric) AS plus_infinity_amount,
  pg_catalog.count(*) FILTER (WHERE r1.amount = '-Infinity'::numeric) AS minus_infinity_amount,
  COALESCE(pg_catalog.sum(r1.amount) FILTER (WHERE r1.amount > '-Infinity'::numeric AND r1.amount < 'Infinity'::numeric), 0)::numeric AS sum_amount,
  COALESCE(pg_catalog.sum(('1e' || 12 * LEAST(pg_catalog.scale(r1.amount), 10900))::numeric) FILTER (WHERE r1.amount > '-Infinity'::numeric AND r1.amount < 'Infinity'::numeric), 0)::numeric AS scales_amount
FROM
  public.sale AS r1
GROUP BY 1;

-- what publications of all tables need
ALTER TABLE imat_store.state1_residual_stores REPLICA IDENTITY FULL;

-- finished aggregates, computed once
ALTER TABLE imat_store.state1_residual_stores
  ADD COLUMN total numeric GENERATED ALWAYS AS (CASE WHEN count_amount > 0 THEN CASE WHEN nan_amount > 0 THEN 'NaN'::numeric WHEN plus_infinity_amount > 0 AND minus_infinity_amount > 0 THEN 'NaN'::numeric WHEN plus_infinity_amount > 0 THEN 'Infinity'::numeric WHEN minus_infinity_amount > 0 THEN '-Infinity'::numeric ELSE (pg_catalog.round(sum_amount, CASE WHEN (pg_catalog.length(pg_catalog.trunc(scales_amount)::text) - 1) / 12 < 10900 THEN (pg_catalog.length(pg_catalog.trunc(scales_amount)::text) - 1) / 12 ELSE pg_catalog.scale(sum_amount) END))::numeric END END) STORED;

-- what finds a group, NULL keys being equal
CREATE UNIQUE INDEX ON imat_store.state1_residual_stores (customer_id) NULLS NOT DISTINCT;

-- what the column holds
COMMENT ON COLUMN imat_store.state1_residual_stores.customer_id IS 'sale.customer_id';

-- what the column holds
COMMENT ON COLUMN imat_store.state1_residual_stores.rows IS 'rows of the group';

-- what the column holds
COMMENT ON COLUMN imat_store.state1_residual_stores.count_amount IS 'rows where sale.amount is not null';

-- what the column holds
COMMENT ON COLUMN imat_store.state1_residual_stores.nan_amount IS 'rows where sale.amount is NaN';

-- what the column holds
COMMENT ON COLUMN imat_store.state1_residual_stores.plus_infinity_amount IS 'rows where sale.amount is Infinity';

-- what the column holds
COMMENT ON COLUMN imat_store.state1_residual_stores.minus_infinity_amount IS 'rows where sale.amount is -Infinity';

-- what the column holds
COMMENT ON COLUMN imat_store.state1_residual_stores.sum_amount IS 'sum of sale.amount';

-- what the column holds
COMMENT ON COLUMN imat_store.state1_residual_stores.scales_amount IS 'rows by display scale of sale.amount: sum of 10^(12 * scale)';

-- what the column holds
COMMENT ON COLUMN imat_store.state1_residual_stores.total IS 'sum(sale.amount)';

-- statistics
ANALYZE imat_store.state1_residual_stores;

-- the rows of the definition
CREATE TABLE imat_store.state2_residual_stores WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02) AS
SELECT sale.customer_id AS customer_id, pg_catalog.percentile_disc((1)::double precision) WITHIN GROUP (ORDER BY sale.amount) AS top
FROM public.sale
GROUP BY sale.customer_id;

-- what publications of all tables need
ALTER TABLE imat_store.state2_residual_stores REPLICA IDENTITY FULL;

-- what finds the rows of a key
CREATE INDEX ON imat_store.state2_residual_stores (customer_id);

-- what the column holds
COMMENT ON COLUMN imat_store.state2_residual_stores.customer_id IS 'sale.customer_id';

-- statistics
ANALYZE imat_store.state2_residual_stores;

-- the state: one row per group, with what each aggregate needs
CREATE TABLE imat_store.state3_residual_stores WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02) AS
SELECT
  TRUE AS only_row,
  pg_catalog.count(*) AS rows,
  pg_catalog.count(*) FILTER (WHERE g.c12 IS NOT NULL) AS count_sum,
  pg_catalog.count(*) FILTER (WHERE g.c12 = 'NaN'::numeric) AS nan_sum,
  pg_catalog.count(*) FILTER (WHERE g.c12 = 'Infinity'::numeric) AS plus_infinity_sum,
  pg_catalog.count(*) FILTER (WHERE g.c12 = '-Infinity'::numeric) AS minus_infinity_sum,
  COALESCE(pg_catalog.sum(g.c12) FILTER (WHERE g.c12 > '-Infinity'::numeric AND g.c12 < 'Infinity'::numeric), 0)::numeric AS sum_sum,
  COALESCE(pg_catalog.sum(('1e' || 12 * LEAST(pg_catalog.scale(g.c12), 10900))::numeric) FILTER (WHERE g.c12 > '-Infinity'::numeric AND g.c12 < 'Infinity'::numeric), 0)::numeric AS scales_sum
FROM
  (
    SELECT r1.customer_id AS c11, pg_catalog.sum(r1.amount) AS c12
    FROM public.sale AS r1
    GROUP BY 1
  ) AS g;

-- what publications of all tables need
ALTER TABLE imat_store.state3_residual_stores REPLICA IDENTITY FULL;

-- finished aggregates, computed once
ALTER TABLE imat_store.state3_residual_stores
  ADD COLUMN sum numeric GENERATED ALWAYS AS (CASE WHEN count_sum > 0 THEN CASE WHEN nan_sum > 0 THEN 'NaN'::numeric WHEN plus_infinity_sum > 0 AND minus_infinity_sum > 0 THEN 'NaN'::numeric WHEN plus_infinity_sum > 0 THEN 'Infinity'::numeric WHEN minus_infinity_sum > 0 THEN '-Infinity'::numeric ELSE (pg_catalog.round(sum_sum, CASE WHEN (pg_catalog.length(pg_catalog.trunc(scales_sum)::text) - 1) / 12 < 10900 THEN (pg_catalog.length(pg_catalog.trunc(scales_sum)::text) - 1) / 12 ELSE pg_catalog.scale(sum_sum) END))::numeric END END) STORED;

-- what finds a group, NULL keys being equal
CREATE UNIQUE INDEX ON imat_store.state3_residual_stores (only_row) NULLS NOT DISTINCT;

-- what the column holds
COMMENT ON COLUMN imat_store.state3_residual_stores.rows IS 'rows of the group';

-- what the column holds
COMMENT ON COLUMN imat_store.state3_residual_stores.count_sum IS 'rows where sum(sale.amount) is not null';

-- what the column holds
COMMENT ON COLUMN imat_store.state3_residual_stores.nan_sum IS 'rows where sum(sale.amount) is NaN';

-- what the column holds
COMMENT ON COLUMN imat_store.state3_residual_stores.plus_infinity_sum IS 'rows where sum(sale.amount) is Infinity';

-- what the column holds
COMMENT ON COLUMN imat_store.state3_residual_stores.minus_infinity_sum IS 'rows where sum(sale.amount) is -Infinity';

-- what the column holds
COMMENT ON COLUMN imat_store.state3_residual_stores.sum_sum IS 'sum of sum(sale.amount)';

-- what the column holds
COMMENT ON COLUMN imat_store.state3_residual_stores.scales_sum IS 'rows by display scale of sum(sale.amount): sum of 10^(12 * scale)';

-- what the column holds
COMMENT ON COLUMN imat_store.state3_residual_stores.sum IS 'sum(sum(sale.amount))';

-- statistics
ANALYZE imat_store.state3_residual_stores;

-- what is pending, as rows of the state
CREATE VIEW imat_store.delta4_residual_stores AS
WITH pending AS MATERIALIZED (
  SELECT
    f.snapshot
  FROM imat_catalog.frontier AS f
  WHERE f.imat_id = 1
)
-- plus changes of public.sale AS sale
SELECT
  r1.customer_id AS customer_id,
  r1.weight AS rows,
  CASE WHEN r1.amount IS NOT NULL THEN r1.weight ELSE 0 END AS count_amount,
  CASE WHEN r1.amount = 'NaN'::numeric THEN r1.weight ELSE 0 END AS nan_amount,
  CASE WHEN r1.amount = 'Infinity'::numeric THEN r1.weight ELSE 0 END AS plus_infinity_amount,
  CASE WHEN r1.amount = '-Infinity'::numeric THEN r1.weight ELSE 0 END AS minus_infinity_amount,
  CASE WHEN r1.amount > '-Infinity'::numeric AND r1.amount < 'Infinity'::numeric THEN CASE r1.weight WHEN 1 THEN r1.amount WHEN -1 THEN -r1.amount ELSE r1.amount * r1.weight END ELSE 0 END AS sum_amount,
  CASE WHEN r1.amount > '-Infinity'::numeric AND r1.amount < 'Infinity'::numeric THEN (('1e' || 12 * LEAST(pg_catalog.scale(r1.amount), 10900))::numeric * r1.weight)::numeric ELSE 0 END AS scales_amount
FROM
  (
    SELECT l.weight::bigint AS weight, l.c2 AS customer_id, l.c5 AS amount
    FROM imat_store.log_public_sale AS l
    WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
  ) AS r1;

-- the same, with pending rows cancelled against each other first
CREATE VIEW imat_store.netted4_residual_stores AS
WITH pending AS MATERIALIZED (
  SELECT
    f.snapshot
  FROM imat_catalog.frontier AS f
  WHERE f.imat_id = 1
)
-- plus changes of public.sale AS sale
SELECT
  r1.customer_id AS customer_id,
  r1.weight AS rows,
  CASE WHEN r1.amount IS NOT NULL THEN r1.weight ELSE 0 END AS count_amount,
  CASE WHEN r1.amount = 'NaN'::numeric THEN r1.weight ELSE 0 END AS nan_amount,
  CASE WHEN r1.amount = 'Infinity'::numeric THEN r1.weight ELSE 0 END AS plus_infinity_amount,
  CASE WHEN r1.amount = '-Infinity'::numeric THEN r1.weight ELSE 0 END AS minus_infinity_amount,
  CASE WHEN r1.amount > '-Infinity'::numeric AND r1.amount < 'Infinity'::numeric THEN CASE r1.weight WHEN 1 THEN r1.amount WHEN -1 THEN -r1.amount ELSE r1.amount * r1.weight END ELSE 0 END AS sum_amount,
  CASE WHEN r1.amount > '-Infinity'::numeric AND r1.amount < 'Infinity'::numeric THEN (('1e' || 12 * LEAST(pg_catalog.scale(r1.amount), 10900))::numeric * r1.weight)::numeric ELSE 0 END AS scales_amount
FROM
  (
    SELECT pg_catalog.sum(l.weight)::bigint AS weight, l.c2 AS customer_id, l.c5 AS amount
    FROM imat_store.log_public_sale AS l
    WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
    GROUP BY l.c2, l.c5, pg_catalog.numeric_send(l.c5)
    HAVING pg_catalog.sum(l.weight) <> 0
    OFFSET 0
  ) AS r1;

-- the state computed anew
CREATE VIEW imat_store.content4_residual_stores AS
SELECT
  r1.customer_id AS customer_id,
  pg_catalog.count(*) AS rows,
  pg_catalog.count(*) FILTER (WHERE r1.amount IS NOT NULL) AS count_amount,
  pg_catalog.count(*) FILTER (WHERE r1.amount = 'NaN'::numeric) AS nan_amount,
  pg_catalog.count(*) FILTER (WHERE r1.amount = 'Infinity'::numeric) AS plus_infinity_amount,
  pg_catalog.count(*) FILTER (WHERE r1.amount = '-Infinity'::numeric) AS minus_infinity_amount,
  COALESCE(pg_catalog.sum(r1.amount) FILTER (WHERE r1.amount > '-Infinity'::numeric AND r1.amount < 'Infinity'::numeric), 0)::numeric AS sum_amount,
  COALESCE(pg_catalog.sum(('1e' || 12 * LEAST(pg_catalog.scale(r1.amount), 10900))::numeric) FILTER (WHERE r1.amount > '-Infinity'::numeric AND r1.amount < 'Infinity'::numeric), 0)::numeric AS scales_amount
FROM
  public.sale AS r1
GROUP BY 1;

-- the same as a function, which is planned when it runs
CREATE OR REPLACE FUNCTION imat_store.computed4_residual_stores(access_key uuid) RETURNS SETOF imat_store.content4_residual_stores
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
      MESSAGE = 'only the view of the imat may call imat_store.computed4_residual_stores';
  END IF;
  RETURN QUERY EXECUTE 'SELECT * FROM imat_store.content4_residual_stores';
  IF imat_catalog.is_rewritten_meanwhile(25) THEN
    RAISE EXCEPTION USING
      ERRCODE = 'serialization_failure',
      MESSAGE = 'a table was truncated or rewritten after this statement began',
      HINT = 'Run the statement again.';
  END IF;
END$imat$;

-- a view calls functions with the rights of its readers
GRANT EXECUTE ON FUNCTION imat_store.computed4_residual_stores(uuid) TO PUBLIC;

-- the answer as the sources have it
CREATE VIEW imat_store.answer4_residual_stores AS
SELECT
  (g.c11)::integer AS customer_id,
  (g.c12)::numeric AS result_sum_amount
FROM
  (
    SELECT r1.customer_id AS c11, pg_catalog.sum(r1.amount) AS c12
    FROM public.sale AS r1
    GROUP BY 1
  ) AS g;

-- the same as a function, for reads while too much or a reset is pending
CREATE OR REPLACE FUNCTION imat_store.answered4_residual_stores(access_key uuid) RETURNS SETOF imat_store.answer4_residual_stores
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
      MESSAGE = 'only the view of the imat may call imat_store.answered4_residual_stores';
  END IF;
  RETURN QUERY EXECUTE 'SELECT * FROM imat_store.answer4_residual_stores';
  IF imat_catalog.is_rewritten_meanwhile(25) THEN
    RAISE EXCEPTION USING
      ERRCODE = 'serialization_failure',
      MESSAGE = 'a table was truncated or rewritten after this statement began',
      HINT = 'Run the statement again.';
  END IF;
END$imat$;

-- a view calls functions with the rights of its readers
GRANT EXECUTE ON FUNCTION imat_store.answered4_residual_stores(uuid) TO PUBLIC;

-- what is pending, as rows of the state
CREATE VIEW imat_store.delta1_residual_stores AS
WITH pending AS MATERIALIZED (
  SELECT
    f.snapshot
  FROM imat_catalog.frontier AS f
  WHERE f.imat_id = 1
)
-- plus changes of public.sale AS sale
SELECT
  r1.customer_id AS customer_id,
  r1.weight AS rows,
  CASE WHEN r1.amount IS NOT NULL THEN r1.weight ELSE 0 END AS count_amount,
  CASE WHEN r1.amount = 'NaN'::numeric THEN r1.weight ELSE 0 END AS nan_amount,
  CASE WHEN r1.amount = 'Infinity'::numeric THEN r1.weight ELSE 0 END AS plus_infinity_amount,
  CASE WHEN r1.amount = '-Infinity'::numeric THEN r1.weight ELSE 0 END AS minus_infinity_amount,
  CASE WHEN r1.amount > '-Infinity'::numeric AND r1.amount < 'Infinity'::numeric THEN CASE r1.weight WHEN 1 THEN r1.amount WHEN -1 THEN -r1.amount ELSE r1.amount * r1.weight END ELSE 0 END AS sum_amount,
  CASE WHEN r1.amount > '-Infinity'::numeric AND r1.amount < 'Infinity'::numeric THEN (('1e' || 12 * LEAST(pg_catalog.scale(r1.amount), 10900))::numeric * r1.weight)::numeric ELSE 0 END AS scales_amount
FROM
  (
    SELECT l.weight::bigint AS weight, l.c2 AS customer_id, l.c5 AS amount
    FROM imat_store.log_public_sale AS l
    WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
  ) AS r1;

-- the same, with pending rows cancelled against each other first
CREATE VIEW imat_store.netted1_residual_stores AS
WITH pending AS MATERIALIZED (
  SELECT
    f.snapshot
  FROM imat_catalog.frontier AS f
  WHERE f.imat_id = 1
)
-- plus changes of public.sale AS sale
SELECT
  r1.customer_id AS customer_id,
  r1.weight AS rows,
  CASE WHEN r1.amount IS NOT NULL THEN r1.weight ELSE 0 END AS count_amount,
  CASE WHEN r1.amount = 'NaN'::numeric THEN r1.weight ELSE 0 END AS nan_amount,
  CASE WHEN r1.amount = 'Infinity'::numeric THEN r1.weight ELSE 0 END AS plus_infinity_amount,
  CASE WHEN r1.amount = '-Infinity'::numeric THEN r1.weight ELSE 0 END AS minus_infinity_amount,
  CASE WHEN r1.amount > '-Infinity'::numeric AND r1.amount < 'Infinity'::numeric THEN CASE r1.weight WHEN 1 THEN r1.amount WHEN -1 THEN -r1.amount ELSE r1.amount * r1.weight END ELSE 0 END AS sum_amount,
  CASE WHEN r1.amount > '-Infinity'::numeric AND r1.amount < 'Infinity'::numeric THEN (('1e' || 12 * LEAST(pg_catalog.scale(r1.amount), 10900))::numeric * r1.weight)::numeric ELSE 0 END AS scales_amount
FROM
  (
    SELECT pg_catalog.sum(l.weight)::bigint AS weight, l.c2 AS customer_id, l.c5 AS amount
    FROM imat_store.log_public_sale AS l
    WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
    GROUP BY l.c2, l.c5, pg_catalog.numeric_send(l.c5)
    HAVING pg_catalog.sum(l.weight) <> 0
    OFFSET 0
  ) AS r1;

-- the state computed anew
CREATE VIEW imat_store.content1_residual_stores AS
SELECT
  r1.customer_id AS customer_id,
  pg_catalog.count(*) AS rows,
  pg_catalog.count(*) FILTER (WHERE r1.amount IS NOT NULL) AS count_amount,
  pg_catalog.count(*) FILTER (WHERE r1.amount = 'NaN'::numeric) AS nan_amount,
  pg_catalog.count(*) FILTER (WHERE r1.amount = 'Infinity'::numeric) AS plus_infinity_amount,
  pg_catalog.count(*) FILTER (WHERE r1.amount = '-Infinity'::numeric) AS minus_infinity_amount,
  COALESCE(pg_catalog.sum(r1.amount) FILTER (WHERE r1.amount > '-Infinity'::numeric AND r1.amount < 'Infinity'::numeric), 0)::numeric AS sum_amount,
  COALESCE(pg_catalog.sum(('1e' || 12 * LEAST(pg_catalog.scale(r1.amount), 10900))::numeric) FILTER (WHERE r1.amount > '-Infinity'::numeric AND r1.amount < 'Infinity'::numeric), 0)::numeric AS scales_amount
FROM
  public.sale AS r1
GROUP BY 1;

-- the same as a function, which is planned when it runs
CREATE OR REPLACE FUNCTION imat_store.computed1_residual_stores(access_key uuid) RETURNS SETOF imat_store.content1_residual_stores
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
      MESSAGE = 'only the view of the imat may call imat_store.computed1_residual_stores';
  END IF;
  RETURN QUERY EXECUTE 'SELECT * FROM imat_store.content1_residual_stores';
  IF imat_catalog.is_rewritten_meanwhile(25) THEN
    RAISE EXCEPTION USING
      ERRCODE = 'serialization_failure',
      MESSAGE = 'a table was truncated or rewritten after this statement began',
      HINT = 'Run the statement again.';
  END IF;
END$imat$;

-- a view calls functions with the rights of its readers
GRANT EXECUTE ON FUNCTION imat_store.computed1_residual_stores(uuid) TO PUBLIC;

-- the answer as the sources have it
CREATE VIEW imat_store.answer1_residual_stores AS
SELECT
  (g.c11)::integer AS customer_id,
  (g.c12)::numeric AS total
FROM
  (
    SELECT r1.customer_id AS c11, pg_catalog.sum(r1.amount) AS c12
    FROM public.sale AS r1
    GROUP BY 1
  ) AS g;

-- the same as a function, for reads while too much or a reset is pending
CREATE OR REPLACE FUNCTION imat_store.answered1_residual_stores(access_key uuid) RETURNS SETOF imat_store.answer1_residual_stores
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
      MESSAGE = 'only the view of the imat may call imat_store.answered1_residual_stores';
  END IF;
  RETURN QUERY EXECUTE 'SELECT * FROM imat_store.answer1_residual_stores';
  IF imat_catalog.is_rewritten_meanwhile(25) THEN
    RAISE EXCEPTION USING
      ERRCODE = 'serialization_failure',
      MESSAGE = 'a table was truncated or rewritten after this statement began',
      HINT = 'Run the statement again.';
  END IF;
END$imat$;

-- a view calls functions with the rights of its readers
GRANT EXECUTE ON FUNCTION imat_store.answered1_residual_stores(uuid) TO PUBLIC;

-- state and pending changes, added up
CREATE VIEW imat_store.current1_residual_stores WITH (security_barrier) AS
SELECT
  s.customer_id,
  s.total
FROM (
  -- what is stored and stays
  SELECT
    s.customer_id,
    s.total
  FROM imat_store.state1_residual_stores AS s
  WHERE s.customer_id IS NOT NULL
    AND NOT EXISTS (SELECT FROM imat_store.delta1_residual_stores AS d WHERE d.customer_id OPERATOR(pg_catalog.=) s.customer_id)
  UNION ALL
  -- what is stored and what is pending, added up
  SELECT
    s.customer_id,
    (CASE WHEN s.count_amount > 0 THEN CASE WHEN s.nan_amount > 0 THEN 'NaN'::numeric WHEN s.plus_infinity_amount > 0 AND s.minus_infinity_amount > 0 THEN 'NaN'::numeric WHEN s.plus_infinity_amount > 0 THEN 'Infinity'::numeric WHEN s.minus_infinity_amount > 0 THEN '-Infinity'::numeric ELSE (pg_catalog.round(s.sum_amount, CASE WHEN (pg_catalog.length(pg_catalog.trunc(s.scales_amount)::text) - 1) / 12 < 10900 THEN (pg_catalog.length(pg_catalog.trunc(s.scales_amount)::text) - 1) / 12 ELSE pg_catalog.scale(s.sum_amount) END))::numeric END END)::numeric AS total
  FROM (
    SELECT
      u.customer_id,
      COALESCE(pg_catalog.sum(u.rows), 0)::bigint AS rows,
      COALESCE(pg_catalog.sum(u.count_amount), 0)::bigint AS count_amount,
      COALESCE(pg_catalog.sum(u.nan_amount), 0)::bigint AS nan_amount,
      COALESCE(pg_catalog.sum(u.plus_infinity_amount), 0)::bigint AS plus_infinity_amount,
      COALESCE(pg_catalog.sum(u.minus_infinity_amount), 0)::bigint AS minus_infinity_amount,
      COALESCE(pg_catalog.sum(u.sum_amount), 0)::numeric AS sum_amount,
      COALESCE(pg_catalog.sum(u.scales_amount), 0)::numeric AS scales_amount
    FROM (
      SELECT customer_id, rows, count_amount, nan_amount, plus_infinity_amount, minus_infinity_amount, sum_amount, scales_amount FROM imat_store.state1_residual_stores AS s WHERE EXISTS (SELECT FROM imat_store.delta1_residual_stores AS d WHERE d.customer_id OPERATOR(pg_catalog.=) s.customer_id)
      UNION ALL
      SELECT customer_id, rows, count_amount, nan_amount, plus_infinity_amount, minus_infinity_amount, sum_amount, scales_amount FROM imat_store.state1_residual_stores AS s WHERE customer_id IS NULL
      UNION ALL
      SELECT customer_id, rows, count_amount, nan_amount, plus_infinity_amount, minus_infinity_amount, sum_amount, scales_amount FROM imat_store.delta1_residual_stores
    ) AS u
    GROUP BY u.customer_id
  HAVING pg_catalog.sum(u.rows) <> 0
  ) AS s
) AS s;

-- the keys that pending rows touch
CREATE VIEW imat_store.touched2_residual_stores AS
WITH pending AS MATERIALIZED (
  SELECT
    f.snapshot,
    COALESCE(pg_catalog.substring(
          pg_catalog.current_setting('imat.few', true), '^[0-9]{1,18}$'
        )::bigint, k.surely) AS surely,
    COALESCE(pg_catalog.substring(
          pg_catalog.current_setting('imat.few', true), '^[0-9]{1,18}$'
        )::bigint, GREATEST(k.surely, k.sometimes)) AS few,
    EXISTS (SELECT FROM imat_store.log_public_sale AS l WHERE l.xid <= '18446744073709551615'::pg_catalog.xid8 AND l.xid >= pg_catalog.pg_snapshot_xmin(f.snapshot) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, f.snapshot)) AS changed1
  FROM imat_catalog.frontier AS f, (
    SELECT
          LEAST(
            GREATEST(
              10,
              COALESCE(e.keys / 16, GREATEST(1000, (
                          SELECT c.reltuples::bigint
                          FROM pg_catalog.pg_class AS c
                          WHERE c.oid = 'imat_store.state2_residual_stores'::regclass
                        ) / 16))
            ),
            e.most
          ) AS surely,
          CASE WHEN e.most IS NULL THEN LEAST(e.keys / 4, 10000) END
            AS sometimes
        FROM (
          SELECT
            LEAST(imat_catalog.distinct_values(1, '1'::pg_catalog.regclass, 2)) AS keys,
            CASE WHEN NOT (EXISTS (
                SELECT FROM pg_catalog.pg_index AS i
                WHERE i.indrelid = '1'::pg_catalog.regclass AND i.indisvalid
                  AND i.indpred IS NULL AND i.indkey[0] = 2
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
    -- touched by changes of public.sale AS sale
    SELECT (r8.customer_id)::integer AS key
    FROM
      (
        SELECT l.weight::bigint AS weight, l.c2 AS customer_id
        FROM imat_store.log_public_sale AS l
        WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
      ) AS r8
    WHERE (SELECT p.changed1 FROM pending AS p)
  ) AS u
  LIMIT (SELECT p.few + 1 FROM pending AS p)
) AS t;

-- the definition, with its key
CREATE VIEW imat_store.content2_residual_stores AS
SELECT sale.customer_id AS customer_id, pg_catalog.percentile_disc((1)::double precision) WITHIN GROUP (ORDER BY sale.amount) AS top
FROM public.sale
GROUP BY sale.customer_id;

-- the same as a function, which is planned when it runs
CREATE OR REPLACE FUNCTION imat_store.computed2_residual_stores(access_key uuid) RETURNS SETOF imat_store.content2_residual_stores
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
      MESSAGE = 'only the view of the imat may call imat_store.computed2_residual_stores';
  END IF;
  RETURN QUERY EXECUTE 'SELECT * FROM imat_store.content2_residual_stores';
  IF imat_catalog.is_rewritten_meanwhile(25) THEN
    RAISE EXCEPTION USING
      ERRCODE = 'serialization_failure',
      MESSAGE = 'a table was truncated or rewritten after this statement began',
      HINT = 'Run the statement again.';
  END IF;
END$imat$;

-- a view calls functions with the rights of its readers
GRANT EXECUTE ON FUNCTION imat_store.computed2_residual_stores(uuid) TO PUBLIC;

-- stored rows, and those of touched keys now
CREATE VIEW imat_store.current2_residual_stores WITH (security_barrier) AS
WITH touched AS MATERIALIZED (
  TABLE imat_store.touched2_residual_stores
)
SELECT
  s.customer_id,
  s.top,
  s.imat_stays
FROM (
  -- stored rows of other keys
  SELECT
    s.customer_id,
    s.top,
    TRUE AS imat_stays
  FROM imat_store.state2_residual_stores AS s
  WHERE (SELECT t.is_few FROM touched AS t)
    AND NOT EXISTS (SELECT FROM pg_catalog.unnest(((SELECT t.keys FROM touched AS t))::integer[]) AS k(key) WHERE k.key = s.customer_id)
    AND (s.customer_id IS NOT NULL OR NOT (SELECT t.has_null FROM touched AS t))
  UNION ALL
  -- rows of touched keys now
  SELECT
    s.customer_id,
    s.top,
    FALSE AS imat_stays
  FROM (
  SELECT sale.customer_id AS customer_id, pg_catalog.percentile_disc((1)::double precision) WITHIN GROUP (ORDER BY sale.amount) AS top
  FROM public.sale
  WHERE ((sale.customer_id = ANY (((SELECT t.keys FROM touched AS t))::integer[])) AND ((sale.customer_id = ANY (SELECT pg_catalog.unnest(((SELECT t.keys FROM touched AS t))::integer[]) AS key)) IS TRUE))
  GROUP BY sale.customer_id
  ) AS s
  WHERE (SELECT t.is_few FROM touched AS t)
  UNION ALL
  -- rows without a key now
  SELECT
    s.customer_id,
    s.top,
    FALSE AS imat_stays
  FROM (
  SELECT sale.customer_id AS customer_id, pg_catalog.percentile_disc((1)::double precision) WITHIN GROUP (ORDER BY sale.amount) AS top
  FROM public.sale
  WHERE (sale.customer_id IS NULL)
  GROUP BY sale.customer_id
  ) AS s
  WHERE (SELECT t.is_few FROM touched AS t)
    AND (SELECT t.has_null FROM touched AS t)
    AND s.customer_id IS NULL
  UNION ALL
  -- all rows now
  SELECT
    s.customer_id,
    s.top,
    FALSE AS imat_stays
  FROM imat_store.computed2_residual_stores((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1)) AS s
  WHERE NOT (SELECT t.is_few FROM touched AS t)
) AS s;

-- what is pending, as rows of the state
CREATE VIEW imat_store.delta3_residual_stores AS
WITH pending AS MATERIALIZED (
  SELECT
    f.snapshot
  FROM imat_catalog.frontier AS f
  WHERE f.imat_id = 1
), changes0 AS MATERIALIZED (
  TABLE imat_store.delta4_residual_stores
), stored0 AS MATERIALIZED (
  SELECT s.customer_id, s.rows, s.count_amount, s.nan_amount, s.plus_infinity_amount, s.minus_infinity_amount, s.sum_amount, s.scales_amount
    FROM imat_store.state4_residual_stores AS s
    WHERE EXISTS (SELECT FROM changes0 AS d WHERE d.customer_id OPERATOR(pg_catalog.=) s.customer_id)
    UNION ALL
    SELECT s.customer_id, s.rows, s.count_amount, s.nan_amount, s.plus_infinity_amount, s.minus_infinity_amount, s.sum_amount, s.scales_amount
    FROM imat_store.state4_residual_stores AS s
    WHERE (customer_id IS NULL) AND EXISTS (SELECT FROM changes0 AS d WHERE customer_id IS NULL)
), groups0 AS MATERIALIZED (
  -- minus groups as they are stored
  SELECT
      s.customer_id AS c11,
      s.result_sum_amount AS c12,
      -1::bigint AS weight
    FROM (
      SELECT
        s.customer_id,
        (CASE WHEN s.count_amount > 0 THEN CASE WHEN s.nan_amount > 0 THEN 'NaN'::numeric WHEN s.plus_infinity_amount > 0 AND s.minus_infinity_amount > 0 THEN 'NaN'::numeric WHEN s.plus_infinity_amount > 0 THEN 'Infinity'::numeric WHEN s.minus_infinity_amount > 0 THEN '-Infinity'::numeric ELSE (pg_catalog.round(s.sum_amount, CASE WHEN (pg_catalog.length(pg_catalog.trunc(s.scales_amount)::text) - 1) / 12 < 10900 THEN (pg_catalog.length(pg_catalog.trunc(s.scales_amount)::text) - 1) / 12 ELSE pg_catalog.scale(s.sum_amount) END))::numeric END END)::numeric AS result_sum_amount
      FROM stored0 AS s
    ) AS s
  UNION ALL
  -- plus groups as they are now
  SELECT
      s.customer_id AS c11,
      s.result_sum_amount AS c12,
      1::bigint AS weight
    FROM (
      SELECT
        s.customer_id,
        (CASE WHEN s.count_amount > 0 THEN CASE WHEN s.nan_amount > 0 THEN 'NaN'::numeric WHEN s.plus_infinity_amount > 0 AND s.minus_infinity_amount > 0 THEN 'NaN'::numeric WHEN s.plus_infinity_amount > 0 THEN 'Infinity'::numeric WHEN s.minus_infinity_amount > 0 THEN '-Infinity'::numeric ELSE (pg_catalog.round(s.sum_amount, CASE WHEN (pg_catalog.length(pg_catalog.trunc(s.scales_amount)::text) - 1) / 12 < 10900 THEN (pg_catalog.length(pg_catalog.trunc(s.scales_amount)::text) - 1) / 12 ELSE pg_catalog.scale(s.sum_amount) END))::numeric END END)::numeric AS result_sum_amount
      FROM (
        SELECT
          u.customer_id,
          COALESCE(pg_catalog.sum(u.rows), 0)::bigint AS rows,
          COALESCE(pg_catalog.sum(u.count_amount), 0)::bigint AS count_amount,
          COALESCE(pg_catalog.sum(u.nan_amount), 0)::bigint AS nan_amount,
          COALESCE(pg_catalog.sum(u.plus_infinity_amount), 0)::bigint AS plus_infinity_amount,
          COALESCE(pg_catalog.sum(u.minus_infinity_amount), 0)::bigint AS minus_infinity_amount,
          COALESCE(pg_catalog.sum(u.sum_amount), 0)::numeric AS sum_amount,
          COALESCE(pg_catalog.sum(u.scales_amount), 0)::numeric AS scales_amount
        FROM (
          SELECT customer_id, rows, count_amount, nan_amount, plus_infinity_amount, minus_infinity_amount, sum_amount, scales_amount FROM stored0
            UNION ALL
            SELECT customer_id, rows, count_amount, nan_amount, plus_infinity_amount, minus_infinity_amount, sum_amount, scales_amount FROM changes0
        ) AS u
        GROUP BY u.customer_id
      HAVING pg_catalog.sum(u.rows) <> 0
      ) AS s
    ) AS s
)
-- changes of groups of public.sale AS sale
SELECT
  TRUE AS only_row,
  g.weight AS rows,
  CASE WHEN g.c12 IS NOT NULL THEN g.weight ELSE 0 END AS count_sum,
  CASE WHEN g.c12 = 'NaN'::numeric THEN g.weight ELSE 0 END AS nan_sum,
  CASE WHEN g.c12 = 'Infinity'::numeric THEN g.weight ELSE 0 END AS plus_infinity_sum,
  CASE WHEN g.c12 = '-Infinity'::numeric THEN g.weight ELSE 0 END AS minus_infinity_sum,
  CASE WHEN g.c12 > '-Infinity'::numeric AND g.c12 < 'Infinity'::numeric THEN CASE g.weight WHEN 1 THEN g.c12 WHEN -1 THEN -g.c12 ELSE g.c12 * g.weight END ELSE 0 END AS sum_sum,
  CASE WHEN g.c12 > '-Infinity'::numeric AND g.c12 < 'Infinity'::numeric THEN (('1e' || 12 * LEAST(pg_catalog.scale(g.c12), 10900))::numeric * g.weight)::numeric ELSE 0 END AS scales_sum
FROM
  groups0 AS g;

-- the same, with pending rows cancelled against each other first
CREATE VIEW imat_store.netted3_residual_stores AS
WITH pending AS MATERIALIZED (
  SELECT
    f.snapshot
  FROM imat_catalog.frontier AS f
  WHERE f.imat_id = 1
), changes0 AS MATERIALIZED (
  TABLE imat_store.netted4_residual_stores
), stored0 AS MATERIALIZED (
  SELECT s.customer_id, s.rows, s.count_amount, s.nan_amount, s.plus_infinity_amount, s.minus_infinity_amount, s.sum_amount, s.scales_amount
    FROM imat_store.state4_residual_stores AS s
    WHERE EXISTS (SELECT FROM changes0 AS d WHERE d.customer_id OPERATOR(pg_catalog.=) s.customer_id)
    UNION ALL
    SELECT s.customer_id, s.rows, s.count_amount, s.nan_amount, s.plus_infinity_amount, s.minus_infinity_amount, s.sum_amount, s.scales_amount
    FROM imat_store.state4_residual_stores AS s
    WHERE (customer_id IS NULL) AND EXISTS (SELECT FROM changes0 AS d WHERE customer_id IS NULL)
), groups0 AS MATERIALIZED (
  -- minus groups as they are stored
  SELECT
      s.customer_id AS c11,
      s.result_sum_amount AS c12,
      -1::bigint AS weight
    FROM (
      SELECT
        s.customer_id,
        (CASE WHEN s.count_amount > 0 THEN CASE WHEN s.nan_amount > 0 THEN 'NaN'::numeric WHEN s.plus_infinity_amount > 0 AND s.minus_infinity_amount > 0 THEN 'NaN'::numeric WHEN s.plus_infinity_amount > 0 THEN 'Infinity'::numeric WHEN s.minus_infinity_amount > 0 THEN '-Infinity'::numeric ELSE (pg_catalog.round(s.sum_amount, CASE WHEN (pg_catalog.length(pg_catalog.trunc(s.scales_amount)::text) - 1) / 12 < 10900 THEN (pg_catalog.length(pg_catalog.trunc(s.scales_amount)::text) - 1) / 12 ELSE pg_catalog.scale(s.sum_amount) END))::numeric END END)::numeric AS result_sum_amount
      FROM stored0 AS s
    ) AS s
  UNION ALL
  -- plus groups as they are now
  SELECT
      s.customer_id AS c11,
      s.result_sum_amount AS c12,
      1::bigint AS weight
    FROM (
      SELECT
        s.customer_id,
        (CASE WHEN s.count_amount > 0 THEN CASE WHEN s.nan_amount > 0 THEN 'NaN'::numeric WHEN s.plus_infinity_amount > 0 AND s.minus_infinity_amount > 0 THEN 'NaN'::numeric WHEN s.plus_infinity_amount > 0 THEN 'Infinity'::numeric WHEN s.minus_infinity_amount > 0 THEN '-Infinity'::numeric ELSE (pg_catalog.round(s.sum_amount, CASE WHEN (pg_catalog.length(pg_catalog.trunc(s.scales_amount)::text) - 1) / 12 < 10900 THEN (pg_catalog.length(pg_catalog.trunc(s.scales_amount)::text) - 1) / 12 ELSE pg_catalog.scale(s.sum_amount) END))::numeric END END)::numeric AS result_sum_amount
      FROM (
        SELECT
          u.customer_id,
          COALESCE(pg_catalog.sum(u.rows), 0)::bigint AS rows,
          COALESCE(pg_catalog.sum(u.count_amount), 0)::bigint AS count_amount,
          COALESCE(pg_catalog.sum(u.nan_amount), 0)::bigint AS nan_amount,
          COALESCE(pg_catalog.sum(u.plus_infinity_amount), 0)::bigint AS plus_infinity_amount,
          COALESCE(pg_catalog.sum(u.minus_infinity_amount), 0)::bigint AS minus_infinity_amount,
          COALESCE(pg_catalog.sum(u.sum_amount), 0)::numeric AS sum_amount,
          COALESCE(pg_catalog.sum(u.scales_amount), 0)::numeric AS scales_amount
        FROM (
          SELECT customer_id, rows, count_amount, nan_amount, plus_infinity_amount, minus_infinity_amount, sum_amount, scales_amount FROM stored0
            UNION ALL
            SELECT customer_id, rows, count_amount, nan_amount, plus_infinity_amount, minus_infinity_amount, sum_amount, scales_amount FROM changes0
        ) AS u
        GROUP BY u.customer_id
      HAVING pg_catalog.sum(u.rows) <> 0
      ) AS s
    ) AS s
)
-- changes of groups of public.sale AS sale
SELECT
  TRUE AS only_row,
  g.weight AS rows,
  CASE WHEN g.c12 IS NOT NULL THEN g.weight ELSE 0 END AS count_sum,
  CASE WHEN g.c12 = 'NaN'::numeric THEN g.weight ELSE 0 END AS nan_sum,
  CASE WHEN g.c12 = 'Infinity'::numeric THEN g.weight ELSE 0 END AS plus_infinity_sum,
  CASE WHEN g.c12 = '-Infinity'::numeric THEN g.weight ELSE 0 END AS minus_infinity_sum,
  CASE WHEN g.c12 > '-Infinity'::numeric AND g.c12 < 'Infinity'::numeric THEN CASE g.weight WHEN 1 THEN g.c12 WHEN -1 THEN -g.c12 ELSE g.c12 * g.weight END ELSE 0 END AS sum_sum,
  CASE WHEN g.c12 > '-Infinity'::numeric AND g.c12 < 'Infinity'::numeric THEN (('1e' || 12 * LEAST(pg_catalog.scale(g.c12), 10900))::numeric * g.weight)::numeric ELSE 0 END AS scales_sum
FROM
  groups0 AS g;

-- the state computed anew
CREATE VIEW imat_store.content3_residual_stores AS
SELECT
  TRUE AS only_row,
  pg_catalog.count(*) AS rows,
  pg_catalog.count(*) FILTER (WHERE g.c12 IS NOT NULL) AS count_sum,
  pg_catalog.count(*) FILTER (WHERE g.c12 = 'NaN'::numeric) AS nan_sum,
  pg_catalog.count(*) FILTER (WHERE g.c12 = 'Infinity'::numeric) AS plus_infinity_sum,
  pg_catalog.count(*) FILTER (WHERE g.c12 = '-Infinity'::numeric) AS minus_infinity_sum,
  COALESCE(pg_catalog.sum(g.c12) FILTER (WHERE g.c12 > '-Infinity'::numeric AND g.c12 < 'Infinity'::numeric), 0)::numeric AS sum_sum,
  COALESCE(pg_catalog.sum(('1e' || 12 * LEAST(pg_catalog.scale(g.c12), 10900))::numeric) FILTER (WHERE g.c12 > '-Infinity'::numeric AND g.c12 < 'Infinity'::numeric), 0)::numeric AS scales_sum
FROM
  (
    SELECT r1.customer_id AS c11, pg_catalog.sum(r1.amount) AS c12
    FROM public.sale AS r1
    GROUP BY 1
  ) AS g;

-- the same as a function, which is planned when it runs
CREATE OR REPLACE FUNCTION imat_store.computed3_residual_stores(access_key uuid) RETURNS SETOF imat_store.content3_residual_stores
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
      MESSAGE = 'only the view of the imat may call imat_store.computed3_residual_stores';
  END IF;
  RETURN QUERY EXECUTE 'SELECT * FROM imat_store.content3_residual_stores';
  IF imat_catalog.is_rewritten_meanwhile(25) THEN
    RAISE EXCEPTION USING
      ERRCODE = 'serialization_failure',
      MESSAGE = 'a table was truncated or rewritten after this statement began',
      HINT = 'Run the statement again.';
  END IF;
END$imat$;

-- a view calls functions with the rights of its readers
GRANT EXECUTE ON FUNCTION imat_store.computed3_residual_stores(uuid) TO PUBLIC;

-- the answer as the sources have it
CREATE VIEW imat_store.answer3_residual_stores AS
SELECT
  (g.c18)::numeric AS sum
FROM
  (
    SELECT pg_catalog.sum(g.c12) AS c18
    FROM (
      SELECT r1.customer_id AS c11, pg_catalog.sum(r1.amount) AS c12
      FROM public.sale AS r1
      GROUP BY 1
    ) AS g
  ) AS g;

-- the same as a function, for reads while too much or a reset is pending
CREATE OR REPLACE FUNCTION imat_store.answered3_residual_stores(access_key uuid) RETURNS SETOF imat_store.answer3_residual_stores
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
      MESSAGE = 'only the view of the imat may call imat_store.answered3_residual_stores';
  END IF;
  RETURN QUERY EXECUTE 'SELECT * FROM imat_store.answer3_residual_stores';
  IF imat_catalog.is_rewritten_meanwhile(25) THEN
    RAISE EXCEPTION USING
      ERRCODE = 'serialization_failure',
      MESSAGE = 'a table was truncated or rewritten after this statement began',
      HINT = 'Run the statement again.';
  END IF;
END$imat$;

-- a view calls functions with the rights of its readers
GRANT EXECUTE ON FUNCTION imat_store.answered3_residual_stores(uuid) TO PUBLIC;

-- what pending changes concern, with them
CREATE VIEW imat_store.merge3_residual_stores AS
WITH changes AS MATERIALIZED (
  TABLE imat_store.delta3_residual_stores
)
SELECT
  (CASE WHEN s.count_sum > 0 THEN CASE WHEN s.nan_sum > 0 THEN 'NaN'::numeric WHEN s.plus_infinity_sum > 0 AND s.minus_infinity_sum > 0 THEN 'NaN'::numeric WHEN s.plus_infinity_sum > 0 THEN 'Infinity'::numeric WHEN s.minus_infinity_sum > 0 THEN '-Infinity'::numeric ELSE (pg_catalog.round(s.sum_sum, CASE WHEN (pg_catalog.length(pg_catalog.trunc(s.scales_sum)::text) - 1) / 12 < 10900 THEN (pg_catalog.length(pg_catalog.trunc(s.scales_sum)::text) - 1) / 12 ELSE pg_catalog.scale(s.sum_sum) END))::numeric END END)::numeric AS sum,
  s.rows AS rows_now,
  false AS is_anew
FROM (
  SELECT
    TRUE AS only_row,
    COALESCE(pg_catalog.sum(u.rows), 0)::bigint AS rows,
    COALESCE(pg_catalog.sum(u.count_sum), 0)::bigint AS count_sum,
    COALESCE(pg_catalog.sum(u.nan_sum), 0)::bigint AS nan_sum,
    COALESCE(pg_catalog.sum(u.plus_infinity_sum), 0)::bigint AS plus_infinity_sum,
    COALESCE(pg_catalog.sum(u.minus_infinity_sum), 0)::bigint AS minus_infinity_sum,
    COALESCE(pg_catalog.sum(u.sum_sum), 0)::numeric AS sum_sum,
    COALESCE(pg_catalog.sum(u.scales_sum), 0)::numeric AS scales_sum
  FROM (
    SELECT only_row, rows, count_sum, nan_sum, plus_infinity_sum, minus_infinity_sum, sum_sum, scales_sum FROM imat_store.state3_residual_stores AS s
    UNION ALL
    SELECT only_row, rows, count_sum, nan_sum, plus_infinity_sum, minus_infinity_sum, sum_sum, scales_sum FROM changes
  ) AS u
) AS s;

-- the same as a function, planned only if anything is pending
CREATE OR REPLACE FUNCTION imat_store.merged3_residual_stores(access_key uuid) RETURNS SETOF imat_store.merge3_residual_stores
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
      MESSAGE = 'only the view of the imat may call imat_store.merged3_residual_stores';
  END IF;
  RETURN QUERY EXECUTE 'SELECT * FROM imat_store.merge3_residual_stores';
END$imat$;

-- a view calls functions with the rights of its readers
GRANT EXECUTE ON FUNCTION imat_store.merged3_residual_stores(uuid) TO PUBLIC;

-- the answer computed now
CREATE VIEW imat_store.current3_residual_stores WITH (security_barrier) AS
WITH merged AS MATERIALIZED (
  SELECT * FROM imat_store.merged3_residual_stores((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1))
)
SELECT
  s.sum
FROM (
  -- what pending changes concern, with them
  SELECT
    s.sum
  FROM merged AS s
) AS s;

-- fold: adds what is pending to the state
CREATE OR REPLACE FUNCTION imat_store.fold1_residual_stores(anew boolean DEFAULT false) RETURNS bigint
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
        u.customer_id,
        COALESCE(pg_catalog.sum(u.rows), 0)::bigint AS rows,
        COALESCE(pg_catalog.sum(u.count_amount), 0)::bigint AS count_amount,
        COALESCE(pg_catalog.sum(u.nan_amount), 0)::bigint AS nan_amount,
        COALESCE(pg_catalog.sum(u.plus_infinity_amount), 0)::bigint AS plus_infinity_amount,
        COALESCE(pg_catalog.sum(u.minus_infinity_amount), 0)::bigint AS minus_infinity_amount,
        COALESCE(pg_catalog.sum(u.sum_amount), 0)::numeric AS sum_amount,
        COALESCE(pg_catalog.sum(u.scales_amount), 0)::numeric AS scales_amount
      FROM (
        SELECT customer_id, rows, count_amount, nan_amount, plus_infinity_amount, minus_infinity_amount, sum_amount, scales_amount FROM changes
      ) AS u
      GROUP BY u.customer_id
    ), merged AS (
      INSERT INTO imat_store.state1_residual_stores AS s (customer_id, rows, count_amount, nan_amount, plus_infinity_amount, minus_infinity_amount, sum_amount, scales_amount)
      SELECT customer_id, rows, count_amount, nan_amount, plus_infinity_amount, minus_infinity_amount, sum_amount, scales_amount
      FROM delta AS d
      WHERE d.rows <> 0 OR d.count_amount <> 0 OR d.nan_amount <> 0 OR d.plus_infinity_amount <> 0 OR d.minus_infinity_amount <> 0 OR d.sum_amount <> 0 OR d.scales_amount <> 0
      ON CONFLICT (customer_id) DO UPDATE SET
        rows = s.rows + EXCLUDED.rows,
        count_amount = s.count_amount + EXCLUDED.count_amount,
        nan_amount = s.nan_amount + EXCLUDED.nan_amount,
        plus_infinity_amount = s.plus_infinity_amount + EXCLUDED.plus_infinity_amount,
        minus_infinity_amount = s.minus_infinity_amount + EXCLUDED.minus_infinity_amount,
        sum_amount = s.sum_amount + EXCLUDED.sum_amount,
        scales_amount = s.scales_amount + EXCLUDED.scales_amount
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
    DELETE FROM imat_store.state1_residual_stores;
    INSERT INTO imat_store.state1_residual_stores (customer_id, rows, count_amount, nan_amount, plus_infinity_amount, minus_infinity_amount, sum_amount, scales_amount)
    SELECT customer_id, rows, count_amount, nan_amount, plus_infinity_amount, minus_infinity_amount, sum_amount, scales_amount FROM imat_store.computed1_residual_stores((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1));
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
  END IF;
  BEGIN
    EXECUTE pg_catalog.format(upsert, 'imat_store.delta1_residual_stores')
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
      EXECUTE pg_catalog.format(upsert, 'imat_store.netted1_residual_stores')
      INTO changed, emptied, negative;
  END;
  IF negative THEN
    RAISE EXCEPTION USING
      ERRCODE = 'data_corrupted',
      MESSAGE = 'a row of imat_store.state1_residual_stores would have a negative count',
      DETAIL = 'A change of a source was not captured, for example because a trigger of imat was disabled.',
      HINT = 'Run imat repair.';
  END IF;
  DELETE FROM imat_store.state1_residual_stores WHERE ctid = ANY (emptied);
  RETURN changed;
END$imat_$;

-- only imat.fold calls it
REVOKE ALL ON FUNCTION imat_store.fold1_residual_stores(boolean) FROM PUBLIC;

-- fold: stores the rows of touched keys
CREATE OR REPLACE FUNCTION imat_store.refold2_residual_stores(keys integer[], has_null boolean)
RETURNS bigint
LANGUAGE sql
BEGIN ATOMIC
  WITH stored AS (
    INSERT INTO imat_store.state2_residual_stores (customer_id, top)
    -- rows of touched keys now
        SELECT s.customer_id, s.top
        FROM (
        SELECT sale.customer_id AS customer_id, pg_catalog.percentile_disc((1)::double precision) WITHIN GROUP (ORDER BY sale.amount) AS top
        FROM public.sale
        WHERE ((sale.customer_id = ANY ($1)) AND ((sale.customer_id = ANY (SELECT pg_catalog.unnest($1) AS key)) IS TRUE))
        GROUP BY sale.customer_id
        ) AS s
        WHERE TRUE
        UNION ALL
        -- rows without a key now
        SELECT s.customer_id, s.top
        FROM (
        SELECT sale.customer_id AS customer_id, pg_catalog.percentile_disc((1)::double precision) WITHIN GROUP (ORDER BY sale.amount) AS top
        FROM public.sale
        WHERE (sale.customer_id IS NULL)
        GROUP BY sale.customer_id
        ) AS s
        WHERE TRUE
          AND $2
          AND s.customer_id IS NULL
    RETURNING 1
  )
  SELECT pg_catalog.count(*) FROM stored;
END;

-- only the fold calls it
REVOKE ALL ON FUNCTION imat_store.refold2_residual_stores(integer[], boolean) FROM PUBLIC;

-- fold: computes the rows of touched keys again
CREATE OR REPLACE FUNCTION imat_store.fold2_residual_stores(anew boolean DEFAULT false) RETURNS bigint
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
    SELECT GREATEST(pg_catalog.pg_relation_size('imat_store.log_public_sale'::regclass)) >= 440000 AND imat_catalog.is_outgrown(1, f.snapshot, 2)
    FROM imat_catalog.frontier AS f
    WHERE f.imat_id = 1
  ) THEN
    DELETE FROM imat_store.state2_residual_stores;
    INSERT INTO imat_store.state2_residual_stores (customer_id, top)
    SELECT customer_id, top FROM imat_store.computed2_residual_stores((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1));
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
  END IF;
  PERFORM pg_catalog.set_config('imat.few', COALESCE((
      SELECT LEAST(e.keys / 4, 100000)::text
      FROM (
        SELECT LEAST(imat_catalog.distinct_values(1, '1'::pg_catalog.regclass, 2)) AS keys OFFSET 0
      ) AS e
      WHERE (
        SELECT c.reltuples FROM pg_catalog.pg_class AS c
        WHERE c.oid = 'imat_store.state2_residual_stores'::regclass
      ) BETWEEN 0.5 * e.keys AND 1.5 * e.keys
        AND EXISTS (
            SELECT FROM pg_catalog.pg_index AS i
            WHERE i.indrelid = '1'::pg_catalog.regclass AND i.indisvalid
              AND i.indpred IS NULL AND i.indkey[0] = 2
          )
    ), ''), true);
  EXECUTE 'SELECT t.* FROM imat_store.touched2_residual_stores AS t' INTO touched;
  PERFORM pg_catalog.set_config('imat.few', '', true);
  IF NOT touched.is_few THEN
    DELETE FROM imat_store.state2_residual_stores;
    INSERT INTO imat_store.state2_residual_stores (customer_id, top)
    SELECT customer_id, top FROM imat_store.computed2_residual_stores((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1));
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
  END IF;
  EXECUTE $imat$DELETE FROM imat_store.state2_residual_stores
  WHERE customer_id = ANY ($1) OR ($2 AND customer_id IS NULL)$imat$
  USING touched.keys, touched.has_null;
  GET DIAGNOSTICS removed = ROW_COUNT;
  changed := imat_store.refold2_residual_stores(touched.keys, touched.has_null);
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
REVOKE ALL ON FUNCTION imat_store.fold2_residual_stores(boolean) FROM PUBLIC;

-- fold: adds what is pending to the state
CREATE OR REPLACE FUNCTION imat_store.fold3_residual_stores(anew boolean DEFAULT false) RETURNS bigint
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
        TRUE AS only_row,
        COALESCE(pg_catalog.sum(u.rows), 0)::bigint AS rows,
        COALESCE(pg_catalog.sum(u.count_sum), 0)::bigint AS count_sum,
        COALESCE(pg_catalog.sum(u.nan_sum), 0)::bigint AS nan_sum,
        COALESCE(pg_catalog.sum(u.plus_infinity_sum), 0)::bigint AS plus_infinity_sum,
        COALESCE(pg_catalog.sum(u.minus_infinity_sum), 0)::bigint AS minus_infinity_sum,
        COALESCE(pg_catalog.sum(u.sum_sum), 0)::numeric AS sum_sum,
        COALESCE(pg_catalog.sum(u.scales_sum), 0)::numeric AS scales_sum
      FROM (
        SELECT only_row, rows, count_sum, nan_sum, plus_infinity_sum, minus_infinity_sum, sum_sum, scales_sum FROM changes
      ) AS u
    ), merged AS (
      INSERT INTO imat_store.state3_residual_stores AS s (only_row, rows, count_sum, nan_sum, plus_infinity_sum, minus_infinity_sum, sum_sum, scales_sum)
      SELECT only_row, rows, count_sum, nan_sum, plus_infinity_sum, minus_infinity_sum, sum_sum, scales_sum
      FROM delta AS d
      WHERE d.rows <> 0 OR d.count_sum <> 0 OR d.nan_sum <> 0 OR d.plus_infinity_sum <> 0 OR d.minus_infinity_sum <> 0 OR d.sum_sum <> 0 OR d.scales_sum <> 0
      ON CONFLICT (only_row) DO UPDATE SET
        rows = s.rows + EXCLUDED.rows,
        count_sum = s.count_sum + EXCLUDED.count_sum,
        nan_sum = s.nan_sum + EXCLUDED.nan_sum,
        plus_infinity_sum = s.plus_infinity_sum + EXCLUDED.plus_infinity_sum,
        minus_infinity_sum = s.minus_infinity_sum + EXCLUDED.minus_infinity_sum,
        sum_sum = s.sum_sum + EXCLUDED.sum_sum,
        scales_sum = s.scales_sum + EXCLUDED.scales_sum
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
    DELETE FROM imat_store.state3_residual_stores;
    INSERT INTO imat_store.state3_residual_stores (only_row, rows, count_sum, nan_sum, plus_infinity_sum, minus_infinity_sum, sum_sum, scales_sum)
    SELECT only_row, rows, count_sum, nan_sum, plus_infinity_sum, minus_infinity_sum, sum_sum, scales_sum FROM imat_store.computed3_residual_stores((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1));
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
  END IF;
  BEGIN
    EXECUTE pg_catalog.format(upsert, 'imat_store.delta3_residual_stores')
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
      EXECUTE pg_catalog.format(upsert, 'imat_store.netted3_residual_stores')
      INTO changed, emptied, negative;
  END;
  IF negative THEN
    RAISE EXCEPTION USING
      ERRCODE = 'data_corrupted',
      MESSAGE = 'a row of imat_store.state3_residual_stores would have a negative count',
      DETAIL = 'A change of a source was not captured, for example because a trigger of imat was disabled.',
      HINT = 'Run imat repair.';
  END IF;
  RETURN changed;
END$imat_$;

-- only imat.fold calls it
REVOKE ALL ON FUNCTION imat_store.fold3_residual_stores(boolean) FROM PUBLIC;

-- fold: adds what is pending to the state
CREATE OR REPLACE FUNCTION imat_store.fold4_residual_stores(anew boolean DEFAULT false) RETURNS bigint
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
        u.customer_id,
        COALESCE(pg_catalog.sum(u.rows), 0)::bigint AS rows,
        COALESCE(pg_catalog.sum(u.count_amount), 0)::bigint AS count_amount,
        COALESCE(pg_catalog.sum(u.nan_amount), 0)::bigint AS nan_amount,
        COALESCE(pg_catalog.sum(u.plus_infinity_amount), 0)::bigint AS plus_infinity_amount,
        COALESCE(pg_catalog.sum(u.minus_infinity_amount), 0)::bigint AS minus_infinity_amount,
        COALESCE(pg_catalog.sum(u.sum_amount), 0)::numeric AS sum_amount,
        COALESCE(pg_catalog.sum(u.scales_amount), 0)::numeric AS scales_amount
      FROM (
        SELECT customer_id, rows, count_amount, nan_amount, plus_infinity_amount, minus_infinity_amount, sum_amount, scales_amount FROM changes
      ) AS u
      GROUP BY u.customer_id
    ), merged AS (
      INSERT INTO imat_store.state4_residual_stores AS s (customer_id, rows, count_amount, nan_amount, plus_infinity_amount, minus_infinity_amount, sum_amount, scales_amount)
      SELECT customer_id, rows, count_amount, nan_amount, plus_infinity_amount, minus_infinity_amount, sum_amount, scales_amount
      FROM delta AS d
      WHERE d.rows <> 0 OR d.count_amount <> 0 OR d.nan_amount <> 0 OR d.plus_infinity_amount <> 0 OR d.minus_infinity_amount <> 0 OR d.sum_amount <> 0 OR d.scales_amount <> 0
      ON CONFLICT (customer_id) DO UPDATE SET
        rows = s.rows + EXCLUDED.rows,
        count_amount = s.count_amount + EXCLUDED.count_amount,
        nan_amount = s.nan_amount + EXCLUDED.nan_amount,
        plus_infinity_amount = s.plus_infinity_amount + EXCLUDED.plus_infinity_amount,
        minus_infinity_amount = s.minus_infinity_amount + EXCLUDED.minus_infinity_amount,
        sum_amount = s.sum_amount + EXCLUDED.sum_amount,
        scales_amount = s.scales_amount + EXCLUDED.scales_amount
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
    DELETE FROM imat_store.state4_residual_stores;
    INSERT INTO imat_store.state4_residual_stores (customer_id, rows, count_amount, nan_amount, plus_infinity_amount, minus_infinity_amount, sum_amount, scales_amount)
    SELECT customer_id, rows, count_amount, nan_amount, plus_infinity_amount, minus_infinity_amount, sum_amount, scales_amount FROM imat_store.computed4_residual_stores((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1));
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
  END IF;
  BEGIN
    EXECUTE pg_catalog.format(upsert, 'imat_store.delta4_residual_stores')
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
      EXECUTE pg_catalog.format(upsert, 'imat_store.netted4_residual_stores')
      INTO changed, emptied, negative;
  END;
  IF negative THEN
    RAISE EXCEPTION USING
      ERRCODE = 'data_corrupted',
      MESSAGE = 'a row of imat_store.state4_residual_stores would have a negative count',
      DETAIL = 'A change of a source was not captured, for example because a trigger of imat was disabled.',
      HINT = 'Run imat repair.';
  END IF;
  DELETE FROM imat_store.state4_residual_stores WHERE ctid = ANY (emptied);
  RETURN changed;
END$imat_$;

-- only imat.fold calls it
REVOKE ALL ON FUNCTION imat_store.fold4_residual_stores(boolean) FROM PUBLIC;

-- fold: all stores
CREATE OR REPLACE FUNCTION imat_store.fold_residual_stores(anew boolean DEFAULT false) RETURNS bigint
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $imat$
DECLARE
  touched bigint := 0;
BEGIN
  touched := touched + imat_store.fold1_residual_stores(anew);
  touched := touched + imat_store.fold2_residual_stores(anew);
  touched := touched + imat_store.fold3_residual_stores(anew);
  touched := touched + imat_store.fold4_residual_stores(anew);
  RETURN touched;
END$imat$;

-- only imat.fold calls it
REVOKE ALL ON FUNCTION imat_store.fold_residual_stores(boolean) FROM PUBLIC;

-- what the store holds now
CREATE OR REPLACE VIEW imat_store.live1_residual_stores AS
SELECT
  s.customer_id AS customer_id,
  s.total AS total
FROM (
  -- what is stored
  SELECT
    s.customer_id,
    s.total,
    0 AS arm
  FROM imat_store.state1_residual_stores AS s
  UNION ALL
  -- the answer computed now
  SELECT
    s.customer_id,
    s.total,
    2 AS arm
  FROM imat_store.current1_residual_stores AS s
  UNION ALL
  -- what the sources have
  SELECT
    s.customer_id,
    s.total,
    3 AS arm
  FROM imat_store.answered1_residual_stores((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1)) AS s
) AS s
WHERE s.arm = (
  SELECT COALESCE(
    (SELECT CASE WHEN EXISTS (SELECT FROM imat_store.log_public_sale AS l WHERE l.xid <= '18446744073709551615'::pg_catalog.xid8 AND l.xid >= pg_catalog.pg_snapshot_xmin(f.snapshot) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, f.snapshot)) THEN CASE WHEN EXISTS (SELECT FROM imat_store.reset AS r WHERE r.relation IN ('1'::pg_catalog.regclass) AND NOT pg_catalog.pg_visible_in_snapshot(r.xid, f.snapshot)) OR GREATEST(pg_catalog.pg_relation_size('imat_store.log_public_sale'::regclass)) >= 440000 AND imat_catalog.is_outgrown(1, f.snapshot, 8) THEN 3 ELSE 2 END ELSE 0 END FROM imat_catalog.frontier AS f WHERE f.imat_id = 1 AND f.state_relation IN ('imat_store.state1_residual_stores'::regclass) AND f.here AND 'imat_store.definition_residual_stores'::regclass IS NOT NULL),
    imat_catalog.arm_without_frontier('residual_stores', 3)
  )
);

-- what the store holds now
CREATE OR REPLACE VIEW imat_store.live2_residual_stores AS
SELECT
  s.customer_id,
  s.top
FROM (
  -- what is stored
  SELECT
    s.customer_id,
    s.top,
    0 AS arm
  FROM imat_store.state2_residual_stores AS s
  UNION ALL
  -- the answer computed now
  SELECT
    s.customer_id,
    s.top,
    2 AS arm
  FROM imat_store.current2_residual_stores AS s
  UNION ALL
  -- what the sources have
  SELECT
    s.customer_id,
    s.top,
    3 AS arm
  FROM imat_store.computed2_residual_stores((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1)) AS s
) AS s
WHERE s.arm = (
  SELECT COALESCE(
    (SELECT CASE WHEN EXISTS (SELECT FROM imat_store.log_public_sale AS l WHERE l.xid <= '18446744073709551615'::pg_catalog.xid8 AND l.xid >= pg_catalog.pg_snapshot_xmin(f.snapshot) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, f.snapshot)) THEN CASE WHEN EXISTS (SELECT FROM imat_store.reset AS r WHERE r.relation IN ('1'::pg_catalog.regclass) AND NOT pg_catalog.pg_visible_in_snapshot(r.xid, f.snapshot)) OR imat_catalog.is_rewritten(ARRAY['1'::pg_catalog.regclass]) OR GREATEST(pg_catalog.pg_relation_size('imat_store.log_public_sale'::regclass)) >= 440000 AND imat_catalog.is_outgrown(1, f.snapshot, 8) THEN 3 ELSE 2 END ELSE 0 END FROM imat_catalog.frontier AS f WHERE f.imat_id = 1 AND f.state_relation IN ('imat_store.state1_residual_stores'::regclass) AND f.here AND 'imat_store.definition_residual_stores'::regclass IS NOT NULL AND (TRUE OR EXISTS (SELECT FROM public.sale))),
    imat_catalog.arm_without_frontier('residual_stores', 3)
  )
);

-- what the store holds now
CREATE OR REPLACE VIEW imat_store.live3_residual_stores AS
SELECT
  s.sum AS sum
FROM (
  -- what is stored
  SELECT
    s.sum,
    0 AS arm
  FROM imat_store.state3_residual_stores AS s
  UNION ALL
  -- the answer computed now
  SELECT
    s.sum,
    2 AS arm
  FROM imat_store.current3_residual_stores AS s
  UNION ALL
  -- what the sources have
  SELECT
    s.sum,
    3 AS arm
  FROM imat_store.answered3_residual_stores((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1)) AS s
) AS s
WHERE s.arm = (
  SELECT COALESCE(
    (SELECT CASE WHEN EXISTS (SELECT FROM imat_store.log_public_sale AS l WHERE l.xid <= '18446744073709551615'::pg_catalog.xid8 AND l.xid >= pg_catalog.pg_snapshot_xmin(f.snapshot) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, f.snapshot)) THEN CASE WHEN EXISTS (SELECT FROM imat_store.reset AS r WHERE r.relation IN ('1'::pg_catalog.regclass) AND NOT pg_catalog.pg_visible_in_snapshot(r.xid, f.snapshot)) OR GREATEST(pg_catalog.pg_relation_size('imat_store.log_public_sale'::regclass)) >= 440000 AND imat_catalog.is_outgrown(1, f.snapshot, 8) THEN 3 ELSE 2 END ELSE 0 END FROM imat_catalog.frontier AS f WHERE f.imat_id = 1 AND f.state_relation IN ('imat_store.state1_residual_stores'::regclass) AND f.here AND 'imat_store.definition_residual_stores'::regclass IS NOT NULL),
    imat_catalog.arm_without_frontier('residual_stores', 3)
  )
);

-- what readers use
CREATE VIEW imat.residual_stores AS
SELECT all_rows.customer_id AS customer_id, all_rows.total AS total, all_rows.top AS top, all_rows.share AS share
FROM (SELECT s.customer_id AS customer_id, s.total AS total, b.top AS top, (s.total / (SELECT store3.sum AS sum
FROM imat_store.live3_residual_stores AS store3)) AS share, b.customer_id AS "order"
FROM imat_store.live1_residual_stores AS s JOIN imat_store.live2_residual_stores AS b ON (b.customer_id = s.customer_id)) AS all_rows
ORDER BY all_rows.total DESC, all_rows.customer_id, all_rows."order"
LIMIT 10;

-- what a colleague finds
COMMENT ON VIEW imat.residual_stores IS 'imat: answers as its query would now. See imat explain; imat revert removes it.';

-- who may read the materialized view may read it
SELECT imat_catalog.copy_grants('public.residual_stores', 'imat.residual_stores');

-- a comment of the materialized view
COMMENT ON VIEW imat.residual_stores IS 'shows residual-stores';

-- an index of the materialized view
CREATE INDEX ON imat_store.state1_residual_stores USING btree ((1));
