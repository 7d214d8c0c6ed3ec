-- Each attempt takes all of its locks or gives up all of them. named: the tables and sequences that
-- the caller has named. Who waits for them must not get others if the names change hands.
CREATE OR REPLACE FUNCTION imat_catalog.change_members(what text, named regclass[], commands text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  maintaining text := coalesce(current_setting('imat.maintaining', true), '');
  patience integer := (SELECT s.setting FROM pg_catalog.pg_settings s
    WHERE s.name = 'lock_timeout');
BEGIN
  PERFORM imat_catalog.require_read_committed();
  -- Event triggers leave alone what imat itself does.
  PERFORM set_config('imat.maintaining', 'on', true);
  PERFORM imat_catalog.with_short_locks(what,
    format('SELECT imat_catalog.require_names(%L, %L); ', named::oid[], named::text[]) || commands,
    CASE patience WHEN 0 THEN interval '30 s' ELSE patience * interval '1 ms' END,
    'A transaction that has changed a group with these tables, or its marks, is still open.');
  PERFORM set_config('imat.maintaining', maintaining, true);
END $$;

COMMENT ON FUNCTION imat_catalog.change_members(text, regclass[], text) IS
  'Runs commands that lock the tables of groups. It goes on trying for lock_timeout, or for 30 s '
  'if that is not set, and no writer waits for longer than 50 ms meanwhile.';
