-- The capture function for TRUNCATE reads the table, with the rights of the table's owner or with
-- those of the imat's owner. REFRESH reads it with those of the materialized view's owner.
CREATE OR REPLACE FUNCTION imat_catalog.hides_rows(imat integer, relation oid) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT coalesce(bool_or(imat_catalog.policies_apply(o.relowner, relation)), false)
  FROM pg_class o
  WHERE o.oid = relation OR o.oid IN (
    SELECT unnest(ARRAY[i.definition_view::oid, i.original::oid, b.original::oid])
    FROM imat_catalog.imat i LEFT JOIN imat_catalog.imat b ON b.id = i.builds WHERE i.id = imat)
$$;

COMMENT ON FUNCTION imat_catalog.hides_rows(integer, oid) IS
  'Returns true if the policies of a table with row-level security apply to the role that owns '
  'the imat, to the owner of its materialized view, or to the owner of the table.';
