-- An idle trigger counts nothing, even if somebody enables all triggers of the table.
CREATE OR REPLACE FUNCTION imat_catalog.put_counting(relation regclass, event text, counted text,
  counting regproc, is_idle boolean, state text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  EXECUTE format('CREATE OR REPLACE TRIGGER %I %s %s ON %s %s FOR EACH STATEMENT %s
    EXECUTE FUNCTION %s(%L)', imat_catalog.counting_trigger(event),
    CASE event WHEN 'truncate' THEN 'BEFORE' ELSE 'AFTER' END, event, relation,
    CASE WHEN is_idle OR event = 'truncate' THEN ''
      WHEN event = 'delete' THEN 'REFERENCING OLD TABLE AS changed'
      ELSE 'REFERENCING NEW TABLE AS changed' END,
    CASE WHEN is_idle THEN 'WHEN (false)' END, counting, counted);
  PERFORM imat_catalog.enable_trigger(relation, imat_catalog.counting_trigger(event), state);
END $$;

COMMENT ON FUNCTION imat_catalog.put_counting(regclass, text, text, regproc, boolean, text) IS
  'Creates or replaces the trigger on a table that counts insert, update, delete or truncate. '
  'is_idle: the trigger that captures counts in its place. state: see enable_trigger.';
