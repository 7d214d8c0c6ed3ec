-- The names sort before those of users' triggers, for TRUNCATE behind them.
CREATE OR REPLACE FUNCTION imat_catalog.counting_trigger(event text) RETURNS text
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT CASE event WHEN 'truncate' THEN '~' ELSE '!' END || 'imat_count_' || event $$;

COMMENT ON FUNCTION imat_catalog.counting_trigger(text) IS
  'Returns the name of the trigger that counts insert, update, delete or truncate.';
