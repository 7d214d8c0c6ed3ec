CREATE OR REPLACE FUNCTION imat.start_group(group_name text, mark text DEFAULT 'START_%')
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM imat_catalog.change_members(format('the tables of group "%s"', group_name), '{}',
    format('SELECT imat_catalog.start_group(%L, %L)', group_name, mark));
END $$;

COMMENT ON FUNCTION imat.start_group(text, text) IS
  'Counts the changes of a stopped group''s tables again, from a mark on. It waits as create_group '
  'does.';
