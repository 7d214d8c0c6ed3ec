CREATE OR REPLACE FUNCTION imat.drop_group(group_name text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM imat_catalog.change_members(format('the tables of group "%s"', group_name), '{}',
    format('SELECT imat_catalog.drop_group(%L)', group_name));
END $$;

COMMENT ON FUNCTION imat.drop_group(text) IS
  'Removes a group with its marks and statistics. Tables that no other group has lose their '
  'counting triggers. It waits as remove_from_group does.';
