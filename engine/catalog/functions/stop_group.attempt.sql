CREATE OR REPLACE FUNCTION imat_catalog.stop_group(group_name text, mark text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  target imat_catalog.change_group := imat_catalog.own_group(group_name);
BEGIN
  PERFORM imat_catalog.require_counting(target);
  PERFORM imat_catalog.end_members(target, ARRAY(SELECT m.id FROM imat_catalog.member m
    WHERE m.group_id = target.id AND m.to_id IS NULL), mark, true);
END $$;

COMMENT ON FUNCTION imat_catalog.stop_group(text, text) IS
  'What imat.stop_group tries. change_members runs it.';
