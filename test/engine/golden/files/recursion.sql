-- recursion: groups of a join with the rows of a recursive CTE, which are a store by a key that moves
--
-- WITH RECURSIVE team AS (
--          SELECT c.id,
--             c.id AS head,
--             0 AS depth
--            FROM public.customer c
--           WHERE c.boss IS NULL
--         UNION ALL
--          SELECT c.id,
--             t_1.head,
--             t_1.depth + 1
--            FROM public.customer c
--              JOIN team t_1 ON c.boss = t_1.id
--         )
--  SELECT t.head,
--     sum(s.amount) AS total
--    FROM team t
--      JOIN public.sale s ON s.customer_id = t.id
--   GROUP BY t.head
--
-- strategy delta, freshness live
-- reads public.customer (id, boss)
-- reads public.sale (customer_id, amount)
-- project head, total: computed when read, stores nothing
--   group by team.head: stored, one row per group, stores head
--       team.head: group key, stores head
--       rows of the group: additive part, stores rows
--       rows where s.amount is not null: additive part, stores count_amount
--       rows where s.amount is NaN: additive part, stores nan_amount
--       rows where s.amount is Infinity: additive part, stores plus_infinity_amount
--       rows where s.amount is -Infinity: additive part, stores minus_infinity_amount
--       sum of s.amount: additive part, stores sum_amount
--       rows by display scale of s.amount: sum of 10^(12 * scale): additive part, stores scales_amount
--       sum(s.amount): finished aggregate, stores total
--     join on (s.customer_id = team.id): multilinear, stores nothing
--       rows of recursive CTE "team" by team.id: stored, those of touched keys, and of all keys to which steps lead from them, computed again, stores id, head, depth
--         scan public.customer AS c: touches the key of its own row where (c.boss IS NULL); read by the key, stores nothing
--         scan public.customer AS c: touches keys through t_1; read by the key, stores nothing
--       scan public.sale AS s (customer_id, amount): linear, stores nothing

-- the definition, as a view
CREATE VIEW imat_store.definition_recursion AS
WITH RECURSIVE team AS (
         SELECT c.id,
            c.id AS head,
            0 AS depth
           FROM public.customer c
          WHERE c.boss IS NULL
        UNION ALL
         SELECT c.id,
            t_1.head,
            t_1.depth + 1
           FROM public.customer c
             JOIN team t_1 ON c.boss = t_1.id
        )
 SELECT t.head,
    sum(s.amount) AS total
   FROM team t
     JOIN public.sale s ON s.customer_id = t.id
  GROUP BY t.head;

-- the change log of public.customer, if it is not there yet
CREATE TABLE imat_store.log_public_customer (
  xid xid8 NOT NULL DEFAULT pg_catalog.pg_current_xact_id(),
  weight integer NOT NULL,
  c1 integer,
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_customer', '{1,4}', ARRAY['id', 'boss']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_customer (weight, c1, c4)
      SELECT 1, n.id, n.boss FROM new_rows AS n
      LIMIT 100000;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed OPERATOR(pg_catalog.=) 100000 THEN
      changed := (SELECT pg_catalog.count(*) FROM new_rows);
      IF imat_store.is_loggable('1'::pg_catalog.regclass, changed) THEN
        INSERT INTO imat_store.log_public_customer (weight, c1, c4)
          SELECT 1, n.id, n.boss FROM new_rows AS n
          OFFSET 100000;
      ELSE
        INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);
      END IF;
    END IF;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_customer', '{1,4}', TG_OP);
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_customer', '{1,4}', ARRAY['id', 'boss']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_customer (weight, c1, c4)
      SELECT pg_catalog.sum(u.weight), u.c1, u.c4
      FROM (
        SELECT -1 AS weight, o.id AS c1, o.boss AS c4 FROM old_rows AS o
        UNION ALL
        SELECT 1, n.id AS c1, n.boss AS c4 FROM new_rows AS n
      ) AS u
      GROUP BY u.c1, u.c4
      HAVING pg_catalog.sum(u.weight) OPERATOR(pg_catalog.<>) 0;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_customer', '{1,4}', TG_OP);
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
  IF imat_store.has_columns('1'::pg_catalog.regclass, 'imat_store.log_public_customer', '{1,4}', ARRAY['id', 'boss']::pg_catalog.text[]) THEN
    INSERT INTO imat_store.log_public_customer (weight, c1, c4)
      SELECT -1, o.id, o.boss FROM old_rows AS o
      LIMIT 100000;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed OPERATOR(pg_catalog.=) 100000 THEN
      changed := (SELECT pg_catalog.count(*) FROM old_rows);
      IF imat_store.is_loggable('1'::pg_catalog.regclass, changed) THEN
        INSERT INTO imat_store.log_public_customer (weight, c1, c4)
          SELECT -1, o.id, o.boss FROM old_rows AS o
          OFFSET 100000;
      ELSE
        INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);
      END IF;
    END IF;
  ELSE
    EXECUTE imat_store.capture_command(TG_RELID, 'imat_store.log_public_customer', '{1,4}', TG_OP);
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

-- the rows of the definition
CREATE TABLE imat_store.state2_recursion WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02) AS
WITH RECURSIVE team AS ((SELECT c.id AS id, c.id AS head, 0 AS depth
FROM public.customer AS c
WHERE (c.boss IS NULL))
UNION ALL
(SELECT c.id AS id, t_1.head AS head, (t_1.depth + 1) AS "?column?"
FROM public.customer AS c JOIN team AS t_1 ON (c.boss = t_1.id)))
SELECT team.id AS id, team.head AS head, team.depth AS depth
FROM team;

-- what publications of all tables need
ALTER TABLE imat_store.state2_recursion REPLICA IDENTITY FULL;

-- what finds the rows of a key
CREATE INDEX ON imat_store.state2_recursion (id);

-- what the column holds
COMMENT ON COLUMN imat_store.state2_recursion.id IS 'team.id';

-- statistics
ANALYZE imat_store.state2_recursion;

-- the state: one row per group, with what each aggregate needs
CREATE TABLE imat_store.state1_recursion WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02) AS
SELECT
  s1.c2 AS head,
  pg_catalog.count(*) AS rows,
  pg_catalog.count(*) FILTER (WHERE r2.amount IS NOT NULL) AS count_amount,
  pg_catalog.count(*) FILTER (WHERE r2.amount = 'NaN'::numeric) AS nan_amount,
  pg_catalog.count(*) FILTER (WHERE r2.amount = 'Infinity'::numeric) AS plus_infinity_amount,
  pg_catalog.count(*) FILTER (WHERE r2.amount = '-Infinity'::numeric) AS minus_infinity_amount,
  COALESCE(pg_catalog.sum(r2.amount) FILTER (WHERE r2.amount > '-Infinity'::numeric AND r2.amount < 'Infinity'::numeric), 0)::numeric AS sum_amount,
  COALESCE(pg_catalog.sum(('1e' || 12 * LEAST(pg_catalog.scale(r2.amount), 10900))::numeric) FILTER (WHERE r2.amount > '-Infinity'::numeric AND r2.amount < 'Infinity'::numeric), 0)::numeric AS scales_amount
FROM
  (
  WITH RECURSIVE team AS ((SELECT c.id AS id, c.id AS head, 0 AS depth
  FROM public.customer AS c
  WHERE (c.boss IS NULL))
  UNION ALL
  (SELECT c.id AS id, t_1.head AS head, (t_1.depth + 1) AS "?column?"
  FROM public.customer AS c JOIN team AS t_1 ON (c.boss = t_1.id)))
  SELECT team.id AS id, team.head AS head, team.depth AS depth
  FROM team
  ) AS s1 (c1, c2, c3),
  public.sale AS r2
WHERE (r2.customer_id = s1.c1)
GROUP BY 1;

-- what publications of all tables need
ALTER TABLE imat_store.state1_recursion REPLICA IDENTITY FULL;

-- finished aggregates, computed once
ALTER TABLE imat_store.state1_recursion
  ADD COLUMN total numeric GENERATED ALWAYS AS (CASE WHEN count_amount > 0 THEN CASE WHEN nan_amount > 0 THEN 'NaN'::numeric WHEN plus_infinity_amount > 0 AND minus_infinity_amount > 0 THEN 'NaN'::numeric WHEN plus_infinity_amount > 0 THEN 'Infinity'::numeric WHEN minus_infinity_amount > 0 THEN '-Infinity'::numeric ELSE (pg_catalog.round(sum_amount, CASE WHEN (pg_catalog.length(pg_catalog.trunc(scales_amount)::text) - 1) / 12 < 10900 THEN (pg_catalog.length(pg_catalog.trunc(scales_amount)::text) - 1) / 12 ELSE pg_catalog.scale(sum_amount) END))::numeric END END) STORED;

-- what finds a group, NULL keys being equal
CREATE UNIQUE INDEX ON imat_store.state1_recursion (head) NULLS NOT DISTINCT;

-- what the column holds
COMMENT ON COLUMN imat_store.state1_recursion.head IS 'team.head';

-- what the column holds
COMMENT ON COLUMN imat_store.state1_recursion.rows IS 'rows of the group';

-- what the column holds
COMMENT ON COLUMN imat_store.state1_recursion.count_amount IS 'rows where s.amount is not null';

-- what the column holds
COMMENT ON COLUMN imat_store.state1_recursion.nan_amount IS 'rows where s.amount is NaN';

-- what the column holds
COMMENT ON COLUMN imat_store.state1_recursion.plus_infinity_amount IS 'rows where s.amount is Infinity';

-- what the column holds
COMMENT ON COLUMN imat_store.state1_recursion.minus_infinity_amount IS 'rows where s.amount is -Infinity';

-- what the column holds
COMMENT ON COLUMN imat_store.state1_recursion.sum_amount IS 'sum of s.amount';

-- what the column holds
COMMENT ON COLUMN imat_store.state1_recursion.scales_amount IS 'rows by display scale of s.amount: sum of 10^(12 * scale)';

-- what the column holds
COMMENT ON COLUMN imat_store.state1_recursion.total IS 'sum(s.amount)';

-- statistics
ANALYZE imat_store.state1_recursion;

-- the keys that pending rows touch
CREATE VIEW imat_store.touched2_recursion AS
WITH RECURSIVE pending AS MATERIALIZED (
  SELECT
    f.snapshot,
    COALESCE(pg_catalog.substring(
          pg_catalog.current_setting('imat.few', true), '^[0-9]{1,18}$'
        )::bigint, k.surely) AS surely,
    COALESCE(pg_catalog.substring(
          pg_catalog.current_setting('imat.few', true), '^[0-9]{1,18}$'
        )::bigint, GREATEST(k.surely, k.sometimes)) AS few,
    EXISTS (SELECT FROM imat_store.log_public_customer AS l WHERE l.xid <= '18446744073709551615'::pg_catalog.xid8 AND l.xid >= pg_catalog.pg_snapshot_xmin(f.snapshot) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, f.snapshot)) AS changed1
  FROM imat_catalog.frontier AS f, (
    SELECT
          LEAST(
            GREATEST(
              10,
              COALESCE(e.keys / 16, GREATEST(1000, (
                          SELECT c.reltuples::bigint
                          FROM pg_catalog.pg_class AS c
                          WHERE c.oid = 'imat_store.state2_recursion'::regclass
                        ) / 16))
            ),
            e.most
          ) AS surely,
          CASE WHEN e.most IS NULL THEN LEAST(e.keys / 4, 10000) END
            AS sometimes
        FROM (
          SELECT
            LEAST(imat_catalog.distinct_values(1, '1'::pg_catalog.regclass, 1), imat_catalog.distinct_values(1, '1'::pg_catalog.regclass, 1)) AS keys,
            CASE WHEN NOT (EXISTS (
                SELECT FROM pg_catalog.pg_index AS i
                WHERE i.indrelid = '1'::pg_catalog.regclass AND i.indisvalid
                  AND i.indpred IS NULL AND i.indkey[0] = 1
              ) AND EXISTS (
                SELECT FROM pg_catalog.pg_index AS i
                WHERE i.indrelid = '1'::pg_catalog.regclass AND i.indisvalid
                  AND i.indpred IS NULL AND i.indkey[0] = 1
              )) THEN 2000 END AS most
          OFFSET 0
        ) AS e
        OFFSET 0
  ) AS k
  WHERE f.imat_id = 1
), kept_rows AS NOT MATERIALIZED (
  SELECT id, head, depth FROM imat_store.state2_recursion AS s
), keys (key) AS (
  SELECT u.key
  FROM (
    -- touched by changes of public.customer AS c
    SELECT (r7.id)::integer AS key
    FROM
      (
        SELECT l.weight::bigint AS weight, l.c1 AS id, l.c4 AS boss
        FROM imat_store.log_public_customer AS l
        WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
      ) AS r7
    WHERE (SELECT p.changed1 FROM pending AS p)
      AND (r7.boss IS NULL)
    UNION ALL
    -- touched by changes of public.customer AS c
    SELECT (r8.id)::integer AS key
    FROM
      (
        SELECT l.weight::bigint AS weight, l.c1 AS id, l.c4 AS boss
        FROM imat_store.log_public_customer AS l
        WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
      ) AS r8,
      kept_rows AS r9
    WHERE (SELECT p.changed1 FROM pending AS p)
      AND (r8.boss = r9.id)
  ) AS u
UNION
-- keys to which a step leads
SELECT (r8.id)::integer
FROM keys AS r9 (id),
  public.customer AS r8
WHERE (r8.boss = r9.id)
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
  SELECT u.key
  FROM keys AS u
  LIMIT (SELECT p.few + 1 FROM pending AS p)
) AS t;

-- the definition, with its key
CREATE VIEW imat_store.content2_recursion AS
WITH RECURSIVE team AS ((SELECT c.id AS id, c.id AS head, 0 AS depth
FROM public.customer AS c
WHERE (c.boss IS NULL))
UNION ALL
(SELECT c.id AS id, t_1.head AS head, (t_1.depth + 1) AS "?column?"
FROM public.customer AS c JOIN team AS t_1 ON (c.boss = t_1.id)))
SELECT team.id AS id, team.head AS head, team.depth AS depth
FROM team;

-- the same as a function, which is planned when it runs
CREATE OR REPLACE FUNCTION imat_store.computed2_recursion(access_key uuid) RETURNS SETOF imat_store.content2_recursion
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
      MESSAGE = 'only the view of the imat may call imat_store.computed2_recursion';
  END IF;
  RETURN QUERY EXECUTE 'SELECT * FROM imat_store.content2_recursion';
  IF imat_catalog.is_rewritten_meanwhile(36) THEN
    RAISE EXCEPTION USING
      ERRCODE = 'serialization_failure',
      MESSAGE = 'a table was truncated or rewritten after this statement began',
      HINT = 'Run the statement again.';
  END IF;
END$imat$;

-- a view calls functions with the rights of its readers
GRANT EXECUTE ON FUNCTION imat_store.computed2_recursion(uuid) TO PUBLIC;

-- stored rows, and those of touched keys now
CREATE VIEW imat_store.current2_recursion WITH (security_barrier) AS
WITH touched AS MATERIALIZED (
  TABLE imat_store.touched2_recursion
)
SELECT
  s.id,
  s.head,
  s.depth,
  s.imat_stays
FROM (
  -- stored rows of other keys
  SELECT
    s.id,
    s.head,
    s.depth,
    TRUE AS imat_stays
  FROM imat_store.state2_recursion AS s
  WHERE (SELECT t.is_few FROM touched AS t)
    AND NOT EXISTS (SELECT FROM pg_catalog.unnest(((SELECT t.keys FROM touched AS t))::integer[]) AS k(key) WHERE k.key = s.id)
    AND (s.id IS NOT NULL OR NOT (SELECT t.has_null FROM touched AS t))
  UNION ALL
  -- rows of touched keys now
  SELECT
    s.id,
    s.head,
    s.depth,
    FALSE AS imat_stays
  FROM (
  WITH RECURSIVE kept_rows AS NOT MATERIALIZED (
    SELECT id, head, depth FROM imat_store.state2_recursion AS s
    WHERE (s.id IN (
        SELECT pg_catalog.unnest(((SELECT t.keys FROM touched AS t))::integer[])
      )) IS NOT TRUE
  ),
  derived_rows (id, head, depth) AS (
    (
      (SELECT c.id AS id, c.id AS head, 0 AS depth
      FROM public.customer AS c
      WHERE ((c.boss IS NULL) AND ((c.id = ANY (((SELECT t.keys FROM touched AS t))::integer[])) AND ((c.id = ANY (SELECT pg_catalog.unnest(((SELECT t.keys FROM touched AS t))::integer[]) AS key)) IS TRUE))))
      UNION ALL
      (SELECT c.id AS id, t_1.head AS head, (t_1.depth + 1) AS "?column?"
      FROM public.customer AS c JOIN kept_rows AS t_1 ON (c.boss = t_1.id)
      WHERE ((c.id = ANY (((SELECT t.keys FROM touched AS t))::integer[])) AND ((c.id = ANY (SELECT pg_catalog.unnest(((SELECT t.keys FROM touched AS t))::integer[]) AS key)) IS TRUE)))
      UNION ALL
      SELECT n.* FROM (
        (SELECT c.id AS id, c.id AS head, 0 AS depth
        FROM public.customer AS c
        WHERE ((c.boss IS NULL) AND (c.id IS NULL)))
        UNION ALL
        (SELECT c.id AS id, t_1.head AS head, (t_1.depth + 1) AS "?column?"
        FROM public.customer AS c JOIN kept_rows AS t_1 ON (c.boss = t_1.id)
        WHERE (c.id IS NULL))
      ) AS n
      WHERE (SELECT t.has_null FROM touched AS t)
    )
    UNION ALL
    (
      SELECT c.id AS id, t_1.head AS head, (t_1.depth + 1) AS "?column?"
      FROM public.customer AS c JOIN derived_rows AS t_1 ON (c.boss = t_1.id)
    )
  )
  SELECT id, head, depth FROM derived_rows
  ) AS s
  WHERE (SELECT t.is_few FROM touched AS t)
  UNION ALL
  -- all rows now
  SELECT
    s.id,
    s.head,
    s.depth,
    FALSE AS imat_stays
  FROM imat_store.computed2_recursion((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1)) AS s
  WHERE NOT (SELECT t.is_few FROM touched AS t)
) AS s;

-- what is pending, as rows of the state
CREATE VIEW imat_store.delta1_recursion AS
WITH pending AS MATERIALIZED (
  SELECT
    f.snapshot,
    EXISTS (SELECT FROM imat_store.log_public_customer AS l WHERE l.xid <= '18446744073709551615'::pg_catalog.xid8 AND l.xid >= pg_catalog.pg_snapshot_xmin(f.snapshot) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, f.snapshot)) AS changed1,
    EXISTS (SELECT FROM imat_store.log_public_sale AS l WHERE l.xid <= '18446744073709551615'::pg_catalog.xid8 AND l.xid >= pg_catalog.pg_snapshot_xmin(f.snapshot) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, f.snapshot)) AS changed2
  FROM imat_catalog.frontier AS f
  WHERE f.imat_id = 1
), touched0 AS MATERIALIZED (
  TABLE imat_store.touched2_recursion
), rows0 AS MATERIALIZED (
  SELECT u.c1 AS c1, u.c2 AS c2, u.c3 AS c3, pg_catalog.sum(u.weight)::bigint AS weight
    FROM (
    -- rows of touched keys as they are stored
      SELECT s.id AS c1, s.head AS c2, s.depth AS c3, -1::bigint AS weight
      FROM imat_store.state2_recursion AS s
      WHERE (SELECT t.is_few FROM touched0 AS t)
        AND s.id = ANY (((SELECT t.keys FROM touched0 AS t))::integer[])
      UNION ALL
      -- those without a key
      SELECT s.id AS c1, s.head AS c2, s.depth AS c3, -1::bigint AS weight
      FROM imat_store.state2_recursion AS s
      WHERE (SELECT t.is_few FROM touched0 AS t)
        AND (SELECT t.has_null FROM touched0 AS t)
        AND s.id IS NULL
      UNION ALL
      -- all rows as they are stored
      SELECT s.id AS c1, s.head AS c2, s.depth AS c3, -1::bigint AS weight
      FROM imat_store.state2_recursion AS s
      WHERE NOT (SELECT t.is_few FROM touched0 AS t)
      UNION ALL
      -- rows of touched keys now
      SELECT s.id AS c1, s.head AS c2, s.depth AS c3, 1::bigint AS weight
      FROM (
      WITH RECURSIVE kept_rows AS NOT MATERIALIZED (
        SELECT id, head, depth FROM imat_store.state2_recursion AS s
        WHERE (s.id IN (
            SELECT pg_catalog.unnest(((SELECT t.keys FROM touched0 AS t))::integer[])
          )) IS NOT TRUE
      ),
      derived_rows (id, head, depth) AS (
        (
          (SELECT c.id AS id, c.id AS head, 0 AS depth
          FROM public.customer AS c
          WHERE ((c.boss IS NULL) AND ((c.id = ANY (((SELECT t.keys FROM touched0 AS t))::integer[])) AND ((c.id = ANY (SELECT pg_catalog.unnest(((SELECT t.keys FROM touched0 AS t))::integer[]) AS key)) IS TRUE))))
          UNION ALL
          (SELECT c.id AS id, t_1.head AS head, (t_1.depth + 1) AS "?column?"
          FROM public.customer AS c JOIN kept_rows AS t_1 ON (c.boss = t_1.id)
          WHERE ((c.id = ANY (((SELECT t.keys FROM touched0 AS t))::integer[])) AND ((c.id = ANY (SELECT pg_catalog.unnest(((SELECT t.keys FROM touched0 AS t))::integer[]) AS key)) IS TRUE)))
          UNION ALL
          SELECT n.* FROM (
            (SELECT c.id AS id, c.id AS head, 0 AS depth
            FROM public.customer AS c
            WHERE ((c.boss IS NULL) AND (c.id IS NULL)))
            UNION ALL
            (SELECT c.id AS id, t_1.head AS head, (t_1.depth + 1) AS "?column?"
            FROM public.customer AS c JOIN kept_rows AS t_1 ON (c.boss = t_1.id)
            WHERE (c.id IS NULL))
          ) AS n
          WHERE (SELECT t.has_null FROM touched0 AS t)
        )
        UNION ALL
        (
          SELECT c.id AS id, t_1.head AS head, (t_1.depth + 1) AS "?column?"
          FROM public.customer AS c JOIN derived_rows AS t_1 ON (c.boss = t_1.id)
        )
      )
      SELECT id, head, depth FROM derived_rows
      ) AS s
      WHERE (SELECT t.is_few FROM touched0 AS t)
      UNION ALL
      -- all rows now
      SELECT s.id AS c1, s.head AS c2, s.depth AS c3, 1::bigint AS weight
      FROM imat_store.computed2_recursion((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1)) AS s
      WHERE NOT (SELECT t.is_few FROM touched0 AS t)
    ) AS u
    GROUP BY u.c1, u.c2, u.c3
    HAVING pg_catalog.sum(u.weight) <> 0
), changes_s1 AS MATERIALIZED (
  SELECT s1.weight AS weight, s1.c1, s1.c2, s1.c3
    FROM rows0 AS s1
), changes_r2 AS MATERIALIZED (
  SELECT r2.weight AS weight, r2.customer_id, r2.amount
    FROM ((
      SELECT pg_catalog.sum(l.weight)::bigint AS weight, l.c2 AS customer_id, l.c5 AS amount
      FROM imat_store.log_public_sale AS l
      WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
      GROUP BY l.c2, l.c5, pg_catalog.numeric_send(l.c5)
      HAVING pg_catalog.sum(l.weight) <> 0
    )
      UNION ALL
      SELECT 0::bigint AS weight, (CASE WHEN g.n IS NULL THEN NULL END)::integer AS customer_id, (CASE WHEN g.n IS NULL THEN NULL END)::numeric AS amount
      FROM pg_catalog.generate_series(1, imat_catalog.expected_rows(1, 'imat_store.log_public_sale'::regclass)) AS g(n)
      WHERE (SELECT FALSE)
    ) AS r2
)
-- changes of the rows stored below
SELECT
  s1.c2 AS head,
  s1.weight AS rows,
  CASE WHEN r2.amount IS NOT NULL THEN s1.weight ELSE 0 END AS count_amount,
  CASE WHEN r2.amount = 'NaN'::numeric THEN s1.weight ELSE 0 END AS nan_amount,
  CASE WHEN r2.amount = 'Infinity'::numeric THEN s1.weight ELSE 0 END AS plus_infinity_amount,
  CASE WHEN r2.amount = '-Infinity'::numeric THEN s1.weight ELSE 0 END AS minus_infinity_amount,
  CASE WHEN r2.amount > '-Infinity'::numeric AND r2.amount < 'Infinity'::numeric THEN CASE s1.weight WHEN 1 THEN r2.amount WHEN -1 THEN -r2.amount ELSE r2.amount * s1.weight END ELSE 0 END AS sum_amount,
  CASE WHEN r2.amount > '-Infinity'::numeric AND r2.amount < 'Infinity'::numeric THEN (('1e' || 12 * LEAST(pg_catalog.scale(r2.amount), 10900))::numeric * s1.weight)::numeric ELSE 0 END AS scales_amount
FROM
  changes_s1 AS s1,
  public.sale AS r2
WHERE (SELECT p.changed1 FROM pending AS p)
  AND (r2.customer_id = s1.c1)
UNION ALL
-- plus changes of public.sale AS s
SELECT
  s1.c2 AS head,
  r2.weight AS rows,
  CASE WHEN r2.amount IS NOT NULL THEN r2.weight ELSE 0 END AS count_amount,
  CASE WHEN r2.amount = 'NaN'::numeric THEN r2.weight ELSE 0 END AS nan_amount,
  CASE WHEN r2.amount = 'Infinity'::numeric THEN r2.weight ELSE 0 END AS plus_infinity_amount,
  CASE WHEN r2.amount = '-Infinity'::numeric THEN r2.weight ELSE 0 END AS minus_infinity_amount,
  CASE WHEN r2.amount > '-Infinity'::numeric AND r2.amount < 'Infinity'::numeric THEN CASE r2.weight WHEN 1 THEN r2.amount WHEN -1 THEN -r2.amount ELSE r2.amount * r2.weight END ELSE 0 END AS sum_amount,
  CASE WHEN r2.amount > '-Infinity'::numeric AND r2.amount < 'Infinity'::numeric THEN (('1e' || 12 * LEAST(pg_catalog.scale(r2.amount), 10900))::numeric * r2.weight)::numeric ELSE 0 END AS scales_amount
FROM
  (SELECT s.id AS c1, s.head AS c2, s.depth AS c3 FROM imat_store.state2_recursion AS s) AS s1,
  changes_r2 AS r2
WHERE (SELECT p.changed2 FROM pending AS p)
  AND (r2.customer_id = s1.c1)
UNION ALL
-- changes of the rows stored below with changes of public.sale AS s
SELECT
  s1.c2 AS head,
  (s1.weight * r2.weight) AS rows,
  CASE WHEN r2.amount IS NOT NULL THEN (s1.weight * r2.weight) ELSE 0 END AS count_amount,
  CASE WHEN r2.amount = 'NaN'::numeric THEN (s1.weight * r2.weight) ELSE 0 END AS nan_amount,
  CASE WHEN r2.amount = 'Infinity'::numeric THEN (s1.weight * r2.weight) ELSE 0 END AS plus_infinity_amount,
  CASE WHEN r2.amount = '-Infinity'::numeric THEN (s1.weight * r2.weight) ELSE 0 END AS minus_infinity_amount,
  CASE WHEN r2.amount > '-Infinity'::numeric AND r2.amount < 'Infinity'::numeric THEN CASE (s1.weight * r2.weight) WHEN 1 THEN r2.amount WHEN -1 THEN -r2.amount ELSE r2.amount * (s1.weight * r2.weight) END ELSE 0 END AS sum_amount,
  CASE WHEN r2.amount > '-Infinity'::numeric AND r2.amount < 'Infinity'::numeric THEN (('1e' || 12 * LEAST(pg_catalog.scale(r2.amount), 10900))::numeric * (s1.weight * r2.weight))::numeric ELSE 0 END AS scales_amount
FROM
  changes_s1 AS s1,
  changes_r2 AS r2
WHERE (SELECT p.changed2 FROM pending AS p)
  AND (r2.customer_id = s1.c1)
UNION ALL
-- changes of the rows stored below with changes of public.sale AS s
SELECT
  s1.c2 AS head,
  (-s1.weight * r2.weight) AS rows,
  CASE WHEN r2.amount IS NOT NULL THEN (-s1.weight * r2.weight) ELSE 0 END AS count_amount,
  CASE WHEN r2.amount = 'NaN'::numeric THEN (-s1.weight * r2.weight) ELSE 0 END AS nan_amount,
  CASE WHEN r2.amount = 'Infinity'::numeric THEN (-s1.weight * r2.weight) ELSE 0 END AS plus_infinity_amount,
  CASE WHEN r2.amount = '-Infinity'::numeric THEN (-s1.weight * r2.weight) ELSE 0 END AS minus_infinity_amount,
  CASE WHEN r2.amount > '-Infinity'::numeric AND r2.amount < 'Infinity'::numeric THEN CASE (-s1.weight * r2.weight) WHEN 1 THEN r2.amount WHEN -1 THEN -r2.amount ELSE r2.amount * (-s1.weight * r2.weight) END ELSE 0 END AS sum_amount,
  CASE WHEN r2.amount > '-Infinity'::numeric AND r2.amount < 'Infinity'::numeric THEN (('1e' || 12 * LEAST(pg_catalog.scale(r2.amount), 10900))::numeric * (-s1.weight * r2.weight))::numeric ELSE 0 END AS scales_amount
FROM
  changes_s1 AS s1,
  changes_r2 AS r2
WHERE (SELECT p.changed1 FROM pending AS p)
  AND (SELECT p.changed2 FROM pending AS p)
  AND (r2.customer_id = s1.c1);

-- the same, with pending rows cancelled against each other first
CREATE VIEW imat_store.netted1_recursion AS
WITH pending AS MATERIALIZED (
  SELECT
    f.snapshot,
    EXISTS (SELECT FROM imat_store.log_public_customer AS l WHERE l.xid <= '18446744073709551615'::pg_catalog.xid8 AND l.xid >= pg_catalog.pg_snapshot_xmin(f.snapshot) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, f.snapshot)) AS changed1,
    EXISTS (SELECT FROM imat_store.log_public_sale AS l WHERE l.xid <= '18446744073709551615'::pg_catalog.xid8 AND l.xid >= pg_catalog.pg_snapshot_xmin(f.snapshot) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, f.snapshot)) AS changed2
  FROM imat_catalog.frontier AS f
  WHERE f.imat_id = 1
), touched0 AS MATERIALIZED (
  TABLE imat_store.touched2_recursion
), rows0 AS MATERIALIZED (
  SELECT u.c1 AS c1, u.c2 AS c2, u.c3 AS c3, pg_catalog.sum(u.weight)::bigint AS weight
    FROM (
    -- rows of touched keys as they are stored
      SELECT s.id AS c1, s.head AS c2, s.depth AS c3, -1::bigint AS weight
      FROM imat_store.state2_recursion AS s
      WHERE (SELECT t.is_few FROM touched0 AS t)
        AND s.id = ANY (((SELECT t.keys FROM touched0 AS t))::integer[])
      UNION ALL
      -- those without a key
      SELECT s.id AS c1, s.head AS c2, s.depth AS c3, -1::bigint AS weight
      FROM imat_store.state2_recursion AS s
      WHERE (SELECT t.is_few FROM touched0 AS t)
        AND (SELECT t.has_null FROM touched0 AS t)
        AND s.id IS NULL
      UNION ALL
      -- all rows as they are stored
      SELECT s.id AS c1, s.head AS c2, s.depth AS c3, -1::bigint AS weight
      FROM imat_store.state2_recursion AS s
      WHERE NOT (SELECT t.is_few FROM touched0 AS t)
      UNION ALL
      -- rows of touched keys now
      SELECT s.id AS c1, s.head AS c2, s.depth AS c3, 1::bigint AS weight
      FROM (
      WITH RECURSIVE kept_rows AS NOT MATERIALIZED (
        SELECT id, head, depth FROM imat_store.state2_recursion AS s
        WHERE (s.id IN (
            SELECT pg_catalog.unnest(((SELECT t.keys FROM touched0 AS t))::integer[])
          )) IS NOT TRUE
      ),
      derived_rows (id, head, depth) AS (
        (
          (SELECT c.id AS id, c.id AS head, 0 AS depth
          FROM public.customer AS c
          WHERE ((c.boss IS NULL) AND ((c.id = ANY (((SELECT t.keys FROM touched0 AS t))::integer[])) AND ((c.id = ANY (SELECT pg_catalog.unnest(((SELECT t.keys FROM touched0 AS t))::integer[]) AS key)) IS TRUE))))
          UNION ALL
          (SELECT c.id AS id, t_1.head AS head, (t_1.depth + 1) AS "?column?"
          FROM public.customer AS c JOIN kept_rows AS t_1 ON (c.boss = t_1.id)
          WHERE ((c.id = ANY (((SELECT t.keys FROM touched0 AS t))::integer[])) AND ((c.id = ANY (SELECT pg_catalog.unnest(((SELECT t.keys FROM touched0 AS t))::integer[]) AS key)) IS TRUE)))
          UNION ALL
          SELECT n.* FROM (
            (SELECT c.id AS id, c.id AS head, 0 AS depth
            FROM public.customer AS c
            WHERE ((c.boss IS NULL) AND (c.id IS NULL)))
            UNION ALL
            (SELECT c.id AS id, t_1.head AS head, (t_1.depth + 1) AS "?column?"
            FROM public.customer AS c JOIN kept_rows AS t_1 ON (c.boss = t_1.id)
            WHERE (c.id IS NULL))
          ) AS n
          WHERE (SELECT t.has_null FROM touched0 AS t)
        )
        UNION ALL
        (
          SELECT c.id AS id, t_1.head AS head, (t_1.depth + 1) AS "?column?"
          FROM public.customer AS c JOIN derived_rows AS t_1 ON (c.boss = t_1.id)
        )
      )
      SELECT id, head, depth FROM derived_rows
      ) AS s
      WHERE (SELECT t.is_few FROM touched0 AS t)
      UNION ALL
      -- all rows now
      SELECT s.id AS c1, s.head AS c2, s.depth AS c3, 1::bigint AS weight
      FROM imat_store.computed2_recursion((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1)) AS s
      WHERE NOT (SELECT t.is_few FROM touched0 AS t)
    ) AS u
    GROUP BY u.c1, u.c2, u.c3
    HAVING pg_catalog.sum(u.weight) <> 0
), changes_s1 AS MATERIALIZED (
  SELECT s1.weight AS weight, s1.c1, s1.c2, s1.c3
    FROM rows0 AS s1
), changes_r2 AS MATERIALIZED (
  SELECT r2.weight AS weight, r2.customer_id, r2.amount
    FROM ((
      SELECT pg_catalog.sum(l.weight)::bigint AS weight, l.c2 AS customer_id, l.c5 AS amount
      FROM imat_store.log_public_sale AS l
      WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))
      GROUP BY l.c2, l.c5, pg_catalog.numeric_send(l.c5)
      HAVING pg_catalog.sum(l.weight) <> 0
      OFFSET 0
    )
      UNION ALL
      SELECT 0::bigint AS weight, (CASE WHEN g.n IS NULL THEN NULL END)::integer AS customer_id, (CASE WHEN g.n IS NULL THEN NULL END)::numeric AS amount
      FROM pg_catalog.generate_series(1, imat_catalog.expected_rows(1, 'imat_store.log_public_sale'::regclass)) AS g(n)
      WHERE (SELECT FALSE)
    ) AS r2
)
-- all changes, cancelled against each other
SELECT
  s1.c2 AS head,
  p.weight AS rows,
  CASE WHEN r2.amount IS NOT NULL THEN p.weight ELSE 0 END AS count_amount,
  CASE WHEN r2.amount = 'NaN'::numeric THEN p.weight ELSE 0 END AS nan_amount,
  CASE WHEN r2.amount = 'Infinity'::numeric THEN p.weight ELSE 0 END AS plus_infinity_amount,
  CASE WHEN r2.amount = '-Infinity'::numeric THEN p.weight ELSE 0 END AS minus_infinity_amount,
  CASE WHEN r2.amount > '-Infinity'::numeric AND r2.amount < 'Infinity'::numeric THEN CASE p.weight WHEN 1 THEN r2.amount WHEN -1 THEN -r2.amount ELSE r2.amount * p.weight END ELSE 0 END AS sum_amount,
  CASE WHEN r2.amount > '-Infinity'::numeric AND r2.amount < 'Infinity'::numeric THEN (('1e' || 12 * LEAST(pg_catalog.scale(r2.amount), 10900))::numeric * p.weight)::numeric ELSE 0 END AS scales_amount
FROM
  (
    SELECT pg_catalog.sum(u.weight)::bigint AS weight, u.s1_c1 AS s1_c1, u.s1_c2 AS s1_c2, u.s1_c3 AS s1_c3, u.r2_c2 AS r2_c2, u.r2_c5 AS r2_c5
    FROM (
      -- changes of the rows stored below
      SELECT s1.weight AS weight, s1.c1 AS s1_c1, s1.c2 AS s1_c2, s1.c3 AS s1_c3, r2.customer_id AS r2_c2, r2.amount AS r2_c5
      FROM
        changes_s1 AS s1,
        public.sale AS r2
      WHERE (SELECT p.changed1 FROM pending AS p)
        AND (r2.customer_id = s1.c1)
      UNION ALL
      -- plus changes of public.sale AS s
      SELECT r2.weight AS weight, s1.c1 AS s1_c1, s1.c2 AS s1_c2, s1.c3 AS s1_c3, r2.customer_id AS r2_c2, r2.amount AS r2_c5
      FROM
        (SELECT s.id AS c1, s.head AS c2, s.depth AS c3 FROM imat_store.state2_recursion AS s) AS s1,
        changes_r2 AS r2
      WHERE (SELECT p.changed2 FROM pending AS p)
        AND (r2.customer_id = s1.c1)
      UNION ALL
      -- changes of the rows stored below with changes of public.sale AS s
      SELECT (s1.weight * r2.weight) AS weight, s1.c1 AS s1_c1, s1.c2 AS s1_c2, s1.c3 AS s1_c3, r2.customer_id AS r2_c2, r2.amount AS r2_c5
      FROM
        changes_s1 AS s1,
        changes_r2 AS r2
      WHERE (SELECT p.changed2 FROM pending AS p)
        AND (r2.customer_id = s1.c1)
      UNION ALL
      -- changes of the rows stored below with changes of public.sale AS s
      SELECT (-s1.weight * r2.weight) AS weight, s1.c1 AS s1_c1, s1.c2 AS s1_c2, s1.c3 AS s1_c3, r2.customer_id AS r2_c2, r2.amount AS r2_c5
      FROM
        changes_s1 AS s1,
        changes_r2 AS r2
      WHERE (SELECT p.changed1 FROM pending AS p)
        AND (SELECT p.changed2 FROM pending AS p)
        AND (r2.customer_id = s1.c1)
    ) AS u
    GROUP BY u.s1_c1, u.s1_c2, u.s1_c3, u.r2_c2, u.r2_c5, pg_catalog.numeric_send(u.r2_c5)
    HAVING pg_catalog.sum(u.weight) <> 0
    OFFSET 0
  ) AS p,
  LATERAL (SELECT p.s1_c1 AS c1, p.s1_c2 AS c2, p.s1_c3 AS c3) AS s1,
  LATERAL (SELECT p.r2_c2 AS customer_id, p.r2_c5 AS amount) AS r2;

-- the state computed anew
CREATE VIEW imat_store.content1_recursion AS
SELECT
  s1.c2 AS head,
  pg_catalog.count(*) AS rows,
  pg_catalog.count(*) FILTER (WHERE r2.amount IS NOT NULL) AS count_amount,
  pg_catalog.count(*) FILTER (WHERE r2.amount = 'NaN'::numeric) AS nan_amount,
  pg_catalog.count(*) FILTER (WHERE r2.amount = 'Infinity'::numeric) AS plus_infinity_amount,
  pg_catalog.count(*) FILTER (WHERE r2.amount = '-Infinity'::numeric) AS minus_infinity_amount,
  COALESCE(pg_catalog.sum(r2.amount) FILTER (WHERE r2.amount > '-Infinity'::numeric AND r2.amount < 'Infinity'::numeric), 0)::numeric AS sum_amount,
  COALESCE(pg_catalog.sum(('1e' || 12 * LEAST(pg_catalog.scale(r2.amount), 10900))::numeric) FILTER (WHERE r2.amount > '-Infinity'::numeric AND r2.amount < 'Infinity'::numeric), 0)::numeric AS scales_amount
FROM
  (
  WITH RECURSIVE team AS ((SELECT c.id AS id, c.id AS head, 0 AS depth
  FROM public.customer AS c
  WHERE (c.boss IS NULL))
  UNION ALL
  (SELECT c.id AS id, t_1.head AS head, (t_1.depth + 1) AS "?column?"
  FROM public.customer AS c JOIN team AS t_1 ON (c.boss = t_1.id)))
  SELECT team.id AS id, team.head AS head, team.depth AS depth
  FROM team
  ) AS s1 (c1, c2, c3),
  public.sale AS r2
WHERE (r2.customer_id = s1.c1)
GROUP BY 1;

-- the same as a function, which is planned when it runs
CREATE OR REPLACE FUNCTION imat_store.computed1_recursion(access_key uuid) RETURNS SETOF imat_store.content1_recursion
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
      MESSAGE = 'only the view of the imat may call imat_store.computed1_recursion';
  END IF;
  RETURN QUERY EXECUTE 'SELECT * FROM imat_store.content1_recursion';
  IF imat_catalog.is_rewritten_meanwhile(36) THEN
    RAISE EXCEPTION USING
      ERRCODE = 'serialization_failure',
      MESSAGE = 'a table was truncated or rewritten after this statement began',
      HINT = 'Run the statement again.';
  END IF;
END$imat$;

-- a view calls functions with the rights of its readers
GRANT EXECUTE ON FUNCTION imat_store.computed1_recursion(uuid) TO PUBLIC;

-- the answer as the sources have it
CREATE VIEW imat_store.answer1_recursion AS
SELECT
  (g.c14)::integer AS head,
  (g.c15)::numeric AS total
FROM
  (
    SELECT s1.c2 AS c14, pg_catalog.sum(r2.amount) AS c15
    FROM (
    WITH RECURSIVE team AS ((SELECT c.id AS id, c.id AS head, 0 AS depth
    FROM public.customer AS c
    WHERE (c.boss IS NULL))
    UNION ALL
    (SELECT c.id AS id, t_1.head AS head, (t_1.depth + 1) AS "?column?"
    FROM public.customer AS c JOIN team AS t_1 ON (c.boss = t_1.id)))
    SELECT team.id AS id, team.head AS head, team.depth AS depth
    FROM team
    ) AS s1 (c1, c2, c3), public.sale AS r2
  WHERE (r2.customer_id = s1.c1)
    GROUP BY 1
  ) AS g;

-- the same as a function, for reads while too much or a reset is pending
CREATE OR REPLACE FUNCTION imat_store.answered1_recursion(access_key uuid) RETURNS SETOF imat_store.answer1_recursion
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
      MESSAGE = 'only the view of the imat may call imat_store.answered1_recursion';
  END IF;
  RETURN QUERY EXECUTE 'SELECT * FROM imat_store.answer1_recursion';
  IF imat_catalog.is_rewritten_meanwhile(36) THEN
    RAISE EXCEPTION USING
      ERRCODE = 'serialization_failure',
      MESSAGE = 'a table was truncated or rewritten after this statement began',
      HINT = 'Run the statement again.';
  END IF;
END$imat$;

-- a view calls functions with the rights of its readers
GRANT EXECUTE ON FUNCTION imat_store.answered1_recursion(uuid) TO PUBLIC;

-- the state computed from the rows that were stored before it
CREATE VIEW imat_store.regrouped1_recursion AS
SELECT
  s1.c2 AS head,
  pg_catalog.count(*) AS rows,
  pg_catalog.count(*) FILTER (WHERE r2.amount IS NOT NULL) AS count_amount,
  pg_catalog.count(*) FILTER (WHERE r2.amount = 'NaN'::numeric) AS nan_amount,
  pg_catalog.count(*) FILTER (WHERE r2.amount = 'Infinity'::numeric) AS plus_infinity_amount,
  pg_catalog.count(*) FILTER (WHERE r2.amount = '-Infinity'::numeric) AS minus_infinity_amount,
  COALESCE(pg_catalog.sum(r2.amount) FILTER (WHERE r2.amount > '-Infinity'::numeric AND r2.amount < 'Infinity'::numeric), 0)::numeric AS sum_amount,
  COALESCE(pg_catalog.sum(('1e' || 12 * LEAST(pg_catalog.scale(r2.amount), 10900))::numeric) FILTER (WHERE r2.amount > '-Infinity'::numeric AND r2.amount < 'Infinity'::numeric), 0)::numeric AS scales_amount
FROM
  (SELECT s.id AS c1, s.head AS c2, s.depth AS c3 FROM imat_store.state2_recursion AS s) AS s1,
  public.sale AS r2
WHERE (r2.customer_id = s1.c1)
GROUP BY 1;

-- what pending changes concern, with them
CREATE VIEW imat_store.merge1_recursion AS
WITH changes AS MATERIALIZED (
  TABLE imat_store.delta1_recursion
)
SELECT
  s.head,
  (CASE WHEN s.rows <> 0 THEN CASE WHEN s.count_amount > 0 THEN CASE WHEN s.nan_amount > 0 THEN 'NaN'::numeric WHEN s.plus_infinity_amount > 0 AND s.minus_infinity_amount > 0 THEN 'NaN'::numeric WHEN s.plus_infinity_amount > 0 THEN 'Infinity'::numeric WHEN s.minus_infinity_amount > 0 THEN '-Infinity'::numeric ELSE (pg_catalog.round(s.sum_amount, CASE WHEN (pg_catalog.length(pg_catalog.trunc(s.scales_amount)::text) - 1) / 12 < 10900 THEN (pg_catalog.length(pg_catalog.trunc(s.scales_amount)::text) - 1) / 12 ELSE pg_catalog.scale(s.sum_amount) END))::numeric END END END)::numeric AS total,
  s.rows AS rows_now,
  false AS is_anew
FROM (
  SELECT
    u.head,
    COALESCE(pg_catalog.sum(u.rows), 0)::bigint AS rows,
    COALESCE(pg_catalog.sum(u.count_amount), 0)::bigint AS count_amount,
    COALESCE(pg_catalog.sum(u.nan_amount), 0)::bigint AS nan_amount,
    COALESCE(pg_catalog.sum(u.plus_infinity_amount), 0)::bigint AS plus_infinity_amount,
    COALESCE(pg_catalog.sum(u.minus_infinity_amount), 0)::bigint AS minus_infinity_amount,
    COALESCE(pg_catalog.sum(u.sum_amount), 0)::numeric AS sum_amount,
    COALESCE(pg_catalog.sum(u.scales_amount), 0)::numeric AS scales_amount
  FROM (
    SELECT head, rows, count_amount, nan_amount, plus_infinity_amount, minus_infinity_amount, sum_amount, scales_amount FROM imat_store.state1_recursion AS s WHERE EXISTS (SELECT FROM changes AS d WHERE d.head OPERATOR(pg_catalog.=) s.head)
    UNION ALL
    SELECT head, rows, count_amount, nan_amount, plus_infinity_amount, minus_infinity_amount, sum_amount, scales_amount FROM imat_store.state1_recursion AS s WHERE head IS NULL
    UNION ALL
    SELECT head, rows, count_amount, nan_amount, plus_infinity_amount, minus_infinity_amount, sum_amount, scales_amount FROM changes
  ) AS u
  GROUP BY u.head
) AS s;

-- the same as a function, planned only if anything is pending
CREATE OR REPLACE FUNCTION imat_store.merged1_recursion(access_key uuid) RETURNS SETOF imat_store.merge1_recursion
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
      MESSAGE = 'only the view of the imat may call imat_store.merged1_recursion';
  END IF;
  RETURN QUERY EXECUTE 'SELECT * FROM imat_store.merge1_recursion';
END$imat$;

-- a view calls functions with the rights of its readers
GRANT EXECUTE ON FUNCTION imat_store.merged1_recursion(uuid) TO PUBLIC;

-- the answer computed now
CREATE VIEW imat_store.current1_recursion WITH (security_barrier) AS
WITH merged AS MATERIALIZED (
  SELECT * FROM imat_store.merged1_recursion((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1))
)
SELECT
  s.head,
  s.total
FROM (
  -- what is stored and stays
  SELECT
    s.head,
    s.total
  FROM imat_store.state1_recursion AS s
  WHERE s.head IS NOT NULL
    AND NOT EXISTS (SELECT FROM merged AS d WHERE d.head OPERATOR(pg_catalog.=) s.head)
  UNION ALL
  -- what pending changes concern, with them
  SELECT
    s.head,
    s.total
  FROM merged AS s
  WHERE s.rows_now <> 0
) AS s;

-- fold: adds what is pending to the state
CREATE OR REPLACE FUNCTION imat_store.fold1_recursion(anew boolean DEFAULT false) RETURNS bigint
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
        u.head,
        COALESCE(pg_catalog.sum(u.rows), 0)::bigint AS rows,
        COALESCE(pg_catalog.sum(u.count_amount), 0)::bigint AS count_amount,
        COALESCE(pg_catalog.sum(u.nan_amount), 0)::bigint AS nan_amount,
        COALESCE(pg_catalog.sum(u.plus_infinity_amount), 0)::bigint AS plus_infinity_amount,
        COALESCE(pg_catalog.sum(u.minus_infinity_amount), 0)::bigint AS minus_infinity_amount,
        COALESCE(pg_catalog.sum(u.sum_amount), 0)::numeric AS sum_amount,
        COALESCE(pg_catalog.sum(u.scales_amount), 0)::numeric AS scales_amount
      FROM (
        SELECT head, rows, count_amount, nan_amount, plus_infinity_amount, minus_infinity_amount, sum_amount, scales_amount FROM changes
      ) AS u
      GROUP BY u.head
    ), merged AS (
      INSERT INTO imat_store.state1_recursion AS s (head, rows, count_amount, nan_amount, plus_infinity_amount, minus_infinity_amount, sum_amount, scales_amount)
      SELECT head, rows, count_amount, nan_amount, plus_infinity_amount, minus_infinity_amount, sum_amount, scales_amount
      FROM delta AS d
      WHERE d.rows <> 0 OR d.count_amount <> 0 OR d.nan_amount <> 0 OR d.plus_infinity_amount <> 0 OR d.minus_infinity_amount <> 0 OR d.sum_amount <> 0 OR d.scales_amount <> 0
      ON CONFLICT (head) DO UPDATE SET
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
  IF anew THEN
    DELETE FROM imat_store.state1_recursion;
    INSERT INTO imat_store.state1_recursion (head, rows, count_amount, nan_amount, plus_infinity_amount, minus_infinity_amount, sum_amount, scales_amount)
    SELECT head, rows, count_amount, nan_amount, plus_infinity_amount, minus_infinity_amount, sum_amount, scales_amount FROM imat_store.regrouped1_recursion;
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
  END IF;
  BEGIN
    EXECUTE pg_catalog.format(upsert, 'imat_store.delta1_recursion')
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
      EXECUTE pg_catalog.format(upsert, 'imat_store.netted1_recursion')
      INTO changed, emptied, negative;
  END;
  IF negative THEN
    RAISE EXCEPTION USING
      ERRCODE = 'data_corrupted',
      MESSAGE = 'a row of imat_store.state1_recursion would have a negative count',
      DETAIL = 'A change of a source was not captured, for example because a trigger of imat was disabled.',
      HINT = 'Run imat repair.';
  END IF;
  DELETE FROM imat_store.state1_recursion WHERE ctid = ANY (emptied);
  RETURN changed;
END$imat_$;

-- only imat.fold calls it
REVOKE ALL ON FUNCTION imat_store.fold1_recursion(boolean) FROM PUBLIC;

-- fold: computes the rows of touched keys again
CREATE OR REPLACE FUNCTION imat_store.fold2_recursion(anew boolean DEFAULT false) RETURNS bigint
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
    SELECT GREATEST(pg_catalog.pg_relation_size('imat_store.log_public_customer'::regclass)) >= 440000 AND imat_catalog.is_outgrown(1, f.snapshot, 2)
    FROM imat_catalog.frontier AS f
    WHERE f.imat_id = 1
  ) THEN
    DELETE FROM imat_store.state2_recursion;
    INSERT INTO imat_store.state2_recursion (id, head, depth)
    SELECT id, head, depth FROM imat_store.computed2_recursion((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1));
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
  END IF;
  EXECUTE 'SELECT t.* FROM imat_store.touched2_recursion AS t' INTO touched;
  IF NOT touched.is_few THEN
    DELETE FROM imat_store.state2_recursion;
    INSERT INTO imat_store.state2_recursion (id, head, depth)
    SELECT id, head, depth FROM imat_store.computed2_recursion((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1));
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
  END IF;
  -- The view asks for the touched keys again.
  PERFORM pg_catalog.set_config('imat.few', touched.few::text, true);
  EXECUTE $imat$WITH removed AS (
  DELETE FROM imat_store.state2_recursion
  WHERE id = ANY ($1) OR ($2 AND id IS NULL)
  RETURNING 1
  ), stored AS (
  INSERT INTO imat_store.state2_recursion (id, head, depth)
  SELECT id, head, depth FROM imat_store.current2_recursion WHERE NOT imat_stays
  RETURNING 1
  )
  SELECT (SELECT pg_catalog.count(*) FROM removed), (SELECT pg_catalog.count(*) FROM stored)$imat$
  INTO removed, changed
  USING touched.keys, touched.has_null;
  PERFORM pg_catalog.set_config('imat.few', '', true);
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
REVOKE ALL ON FUNCTION imat_store.fold2_recursion(boolean) FROM PUBLIC;

-- fold: all stores
CREATE OR REPLACE FUNCTION imat_store.fold_recursion(anew boolean DEFAULT false) RETURNS bigint
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $imat$
DECLARE
  anew_2 CONSTANT boolean :=
      anew OR imat_catalog.has_reset(imat => 1) OR (
        SELECT GREATEST(pg_catalog.pg_relation_size('imat_store.log_public_customer'::regclass)) >= 440000 AND imat_catalog.is_outgrown(1, f.snapshot, 2)
        FROM imat_catalog.frontier AS f
        WHERE f.imat_id = 1
      );
  touched bigint := 0;
BEGIN
  IF NOT anew_2 THEN
    touched := touched + imat_store.fold1_recursion(false);
  END IF;
  IF anew_2 THEN
    touched := touched + imat_store.fold2_recursion(true);
    touched := touched + imat_store.fold1_recursion(true);
  ELSE
    touched := touched + imat_store.fold2_recursion(false);
  END IF;
  RETURN touched;
END$imat$;

-- only imat.fold calls it
REVOKE ALL ON FUNCTION imat_store.fold_recursion(boolean) FROM PUBLIC;

-- what readers use
CREATE VIEW imat.recursion AS
SELECT
  s.head AS head,
  s.total AS total
FROM (
  -- what is stored
  SELECT
    s.head,
    s.total,
    0 AS arm
  FROM imat_store.state1_recursion AS s
  UNION ALL
  -- the answer computed now
  SELECT
    s.head,
    s.total,
    2 AS arm
  FROM imat_store.current1_recursion AS s
  UNION ALL
  -- what the sources have
  SELECT
    s.head,
    s.total,
    3 AS arm
  FROM imat_store.answered1_recursion((SELECT f.access_key FROM imat_catalog.frontier AS f WHERE f.imat_id = 1)) AS s
) AS s
WHERE s.arm = (
  SELECT COALESCE(
    (SELECT CASE WHEN EXISTS (SELECT FROM imat_store.log_public_customer AS l WHERE l.xid <= '18446744073709551615'::pg_catalog.xid8 AND l.xid >= pg_catalog.pg_snapshot_xmin(f.snapshot) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, f.snapshot)) OR EXISTS (SELECT FROM imat_store.log_public_sale AS l WHERE l.xid <= '18446744073709551615'::pg_catalog.xid8 AND l.xid >= pg_catalog.pg_snapshot_xmin(f.snapshot) AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, f.snapshot)) THEN CASE WHEN EXISTS (SELECT FROM imat_store.reset AS r WHERE r.relation IN ('1'::pg_catalog.regclass, '1'::pg_catalog.regclass) AND NOT pg_catalog.pg_visible_in_snapshot(r.xid, f.snapshot)) OR imat_catalog.is_rewritten(ARRAY['1'::pg_catalog.regclass, '1'::pg_catalog.regclass]) OR imat_catalog.is_outgrown(1, f.snapshot, 8) THEN 3 ELSE 2 END ELSE 0 END FROM imat_catalog.frontier AS f WHERE f.imat_id = 1 AND f.state_relation IN ('imat_store.state1_recursion'::regclass) AND f.here AND 'imat_store.definition_recursion'::regclass IS NOT NULL AND (TRUE OR EXISTS (SELECT FROM public.sale, public.customer))),
    imat_catalog.arm_without_frontier('recursion', 3)
  )
);

-- what a colleague finds
COMMENT ON VIEW imat.recursion IS 'imat: answers as its query would now. See imat explain; imat revert removes it.';

-- who may read the materialized view may read it
SELECT imat_catalog.copy_grants('public.recursion', 'imat.recursion');

-- a comment of the materialized view
COMMENT ON VIEW imat.recursion IS 'shows recursion';

-- an index of the materialized view
CREATE INDEX ON imat_store.state1_recursion USING btree ((1));
