-- Only superusers can create event triggers. The function must belong to one as well: it runs in
-- the commands of all roles.
CREATE OR REPLACE FUNCTION imat_catalog.watch_commands() RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF EXISTS (SELECT FROM pg_roles r
      WHERE NOT r.rolsuper AND (r.rolname = current_user OR r.oid = (SELECT p.proowner
        FROM pg_proc p WHERE p.oid = 'imat_catalog.watch_ddl()'::regprocedure))) THEN
    RETURN false;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_event_trigger e WHERE e.evtname = 'imat_ddl') THEN
    CREATE EVENT TRIGGER imat_ddl ON ddl_command_end
      WHEN TAG IN ('ALTER TABLE', 'CREATE TABLE', 'CREATE SCHEMA', 'ALTER SCHEMA',
        'CREATE TABLE AS', 'SELECT INTO', 'CREATE MATERIALIZED VIEW', 'ALTER MATERIALIZED VIEW',
        'CREATE FOREIGN TABLE', 'ALTER FOREIGN TABLE', 'CREATE VIEW', 'ALTER VIEW', 'CREATE RULE',
        'ALTER RULE', 'CREATE FUNCTION', 'ALTER FUNCTION', 'ALTER ROUTINE', 'CREATE AGGREGATE',
        'ALTER AGGREGATE', 'CREATE TRIGGER', 'ALTER TRIGGER', 'CREATE SUBSCRIPTION',
        'ALTER SUBSCRIPTION', 'ALTER TYPE', 'ALTER OPERATOR', 'ALTER DOMAIN', 'CREATE TYPE',
        'CREATE DOMAIN', 'CREATE OPERATOR', 'CREATE CAST', 'CREATE PROCEDURE', 'ALTER PROCEDURE',
        'CREATE EXTENSION', 'ALTER EXTENSION', 'IMPORT FOREIGN SCHEMA', 'CREATE COLLATION',
        'ALTER COLLATION', 'CREATE TEXT SEARCH CONFIGURATION', 'ALTER TEXT SEARCH CONFIGURATION')
      EXECUTE FUNCTION imat_catalog.watch_ddl();
    ALTER EVENT TRIGGER imat_ddl ENABLE ALWAYS;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_event_trigger e WHERE e.evtname = 'imat_drop') THEN
    CREATE EVENT TRIGGER imat_drop ON sql_drop EXECUTE FUNCTION imat_catalog.watch_ddl();
    ALTER EVENT TRIGGER imat_drop ENABLE ALWAYS;
  END IF;
  RETURN true;
EXCEPTION WHEN unique_violation OR duplicate_object OR undefined_object THEN
  -- Another session has created them meanwhile.
  RETURN true;
END $$;

COMMENT ON FUNCTION imat_catalog.watch_commands() IS
  'Creates the event triggers that notice commands which break imats, if the current role may. '
  'Returns false if it may not: then workers, folds and swaps notice them.';
