-- The capture function for TRUNCATE reads the table, with the rights of the table's owner or with
-- those of the imat's owner.
CREATE OR REPLACE FUNCTION imat_catalog.hides_rows(imat integer, relation oid) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT coalesce(bool_or(NOT r.rolsuper AND NOT r.rolbypassrls
    AND (c.relforcerowsecurity OR NOT pg_has_role(r.oid, c.relowner, 'USAGE'))), false)
  FROM pg_class c
    JOIN pg_roles r ON r.oid IN (c.relowner, (SELECT v.relowner FROM imat_catalog.imat i
      JOIN pg_class v ON v.oid = i.definition_view WHERE i.id = imat))
  WHERE c.oid = relation AND c.relrowsecurity
$$;

COMMENT ON FUNCTION imat_catalog.hides_rows(integer, oid) IS
  'Returns true if the policies of a table with row-level security apply to the role that owns '
  'the imat, or to the owner of the table.';
