CREATE OR REPLACE FUNCTION imat_catalog.put_capture(relation regclass, name text, counted text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  known pg_trigger;
BEGIN
  SELECT t.* INTO STRICT known FROM pg_trigger t WHERE t.tgrelid = relation AND t.tgname = name;
  EXECUTE format('CREATE OR REPLACE TRIGGER %I AFTER %s ON %s REFERENCING %s FOR EACH STATEMENT
    EXECUTE FUNCTION %s(%s)', name,
    CASE WHEN known.tgnewtable IS NULL THEN 'DELETE' ELSE 'INSERT' END, relation,
    CASE WHEN known.tgnewtable IS NULL THEN format('OLD TABLE AS %I', known.tgoldtable)
      ELSE format('NEW TABLE AS %I', known.tgnewtable) END,
    known.tgfoid::regproc, quote_literal(counted));
  PERFORM imat_catalog.enable_trigger(relation, name, known.tgenabled::text);
END $$;

COMMENT ON FUNCTION imat_catalog.put_capture(regclass, text, text) IS
  'Replaces a trigger that captures INSERT or DELETE by one that counts for the given id as well, '
  'or, if that is NULL, does not.';
