CREATE OR REPLACE FUNCTION imat_catalog.resume_members(target imat_catalog.change_group, mark text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  former regclass[];
BEGIN
  former := ARRAY(SELECT m.relation FROM imat_catalog.member m
      JOIN pg_catalog.pg_class c ON c.oid = m.relation
      JOIN imat_catalog.moment o ON o.id = m.to_id AND o.is_stop
    WHERE m.group_id = target.id AND m.to_id = target.last_moment_id);
  PERFORM imat_catalog.add_members(target,
    ARRAY(SELECT c.oid::regclass FROM pg_catalog.pg_class c
      WHERE c.oid = ANY (former) AND c.relkind <> 'S'),
    ARRAY(SELECT c.oid::regclass FROM pg_catalog.pg_class c
      WHERE c.oid = ANY (former) AND c.relkind = 'S'), mark);
END $$;

COMMENT ON FUNCTION imat_catalog.resume_members(imat_catalog.change_group, text) IS
  'Counts again, from a mark on, what the group counted when it was stopped.';
