-- Who may create event triggers, the server says: a superuser, and on some services other roles.
CREATE OR REPLACE FUNCTION imat_catalog.record_commands_from_now_on() RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  one record;
BEGIN
  FOR one IN
    SELECT * FROM (VALUES ('imat_history', 'ddl_command_end', 'record_command'),
      ('imat_history_drop', 'sql_drop', 'record_drop'),
      ('imat_history_rewrite', 'table_rewrite', 'note_rewrite')) t(name, event, routine)
    WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_event_trigger e WHERE e.evtname = t.name)
  LOOP
    EXECUTE format('CREATE EVENT TRIGGER %I ON %s EXECUTE FUNCTION imat_catalog.%I()', one.name,
      one.event, one.routine);
  END LOOP;
  RETURN true;
EXCEPTION WHEN insufficient_privilege THEN
  RETURN false;
WHEN unique_violation OR duplicate_object THEN
  -- Another session has created them meanwhile.
  RETURN true;
END $$;

COMMENT ON FUNCTION imat_catalog.record_commands_from_now_on() IS
  'Creates the event triggers of the schema history; returns false if the role may not.';
