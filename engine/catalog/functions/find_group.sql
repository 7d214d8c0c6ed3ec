CREATE OR REPLACE FUNCTION imat_catalog.find_group(group_name text, to_write boolean)
RETURNS imat_catalog.change_group
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  result imat_catalog.change_group;
BEGIN
  SELECT * INTO result FROM imat_catalog.change_group g WHERE g.name = group_name;
  IF NOT FOUND THEN
    RAISE EXCEPTION
      USING ERRCODE = 'undefined_object',
        MESSAGE = format('group "%s" does not exist', group_name),
        HINT = 'SELECT * FROM imat.list_groups() shows the groups; imat.create_group makes one.';
  END IF;
  IF to_write AND NOT imat_catalog.owns(imat_catalog.caller(), result.owner) THEN
    RAISE EXCEPTION
      USING ERRCODE = 'insufficient_privilege',
        MESSAGE = format('must be owner of group "%s"', group_name),
        HINT = format('Its owner is %s.', result.owner);
  END IF;
  IF NOT to_write AND NOT imat_catalog.may_read_group(imat_catalog.caller(), result.id) THEN
    RAISE EXCEPTION
      USING ERRCODE = 'insufficient_privilege',
        MESSAGE = format('permission denied for group "%s"', group_name),
        HINT = 'Statistics of a group need the SELECT privilege on all its tables and sequences.';
  END IF;
  RETURN result;
END $$;

COMMENT ON FUNCTION imat_catalog.find_group(text, boolean) IS
  'Returns the group of that name. Raises an error if there is none, or if the caller must not '
  'change it (to_write) or read it.';
