CREATE OR REPLACE FUNCTION imat.stop_group(group_name text, mark text DEFAULT 'STOP_%')
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM imat_catalog.change_members(format('the tables of group "%s"', group_name), '{}',
    format('SELECT imat_catalog.stop_group(%L, %L)', group_name, mark));
END $$;

COMMENT ON FUNCTION imat.stop_group(text, text) IS
  'Sets a mark and counts the changes of the group''s tables no more. What is counted stays. It '
  'waits as remove_from_group does.';
