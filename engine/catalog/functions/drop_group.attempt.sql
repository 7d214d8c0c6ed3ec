CREATE OR REPLACE FUNCTION imat_catalog.drop_group(group_name text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  target imat_catalog.change_group := imat_catalog.own_group(group_name);
BEGIN
  PERFORM imat_catalog.end_members(target, ARRAY(SELECT m.id FROM imat_catalog.member m
    WHERE m.group_id = target.id AND m.to_id IS NULL), NULL, false);
  DELETE FROM imat_catalog.change_group g WHERE g.id = target.id;
  PERFORM imat_catalog.follow_partitions_no_more();
  PERFORM imat_catalog.end_history();
END $$;

COMMENT ON FUNCTION imat_catalog.drop_group(text) IS
  'What imat.drop_group tries. change_members runs it.';
