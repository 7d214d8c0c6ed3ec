CREATE OR REPLACE FUNCTION imat_catalog.may_read_group(role oid, group_id integer) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT coalesce((SELECT r.rolsuper FROM pg_catalog.pg_roles r WHERE r.oid = role), false)
    OR NOT EXISTS (
      SELECT FROM imat_catalog.member m
      WHERE m.group_id = may_read_group.group_id AND NOT CASE
        -- NULL if it has been dropped: then nobody can be asked for a right on it
        WHEN m.kind = 'table' THEN coalesce(has_table_privilege(role, m.relation, 'SELECT'), is_own)
        ELSE coalesce(has_sequence_privilege(role, m.relation, 'SELECT'), is_own) END)
  FROM (SELECT imat_catalog.owns(role, g.owner) AS is_own FROM imat_catalog.change_group g
    WHERE g.id = group_id) o
$$;

COMMENT ON FUNCTION imat_catalog.may_read_group(oid, integer) IS
  'Returns true if the role has SELECT on all tables and sequences that are or were in the group. '
  'If one of them has been dropped, the role must have the rights of the group''s owner.';
