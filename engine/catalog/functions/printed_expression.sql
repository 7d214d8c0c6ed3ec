-- PostgreSQL locks the table while it prints an expression of it. For the same reason as in
-- printed_view, this waits for nobody.
CREATE OR REPLACE FUNCTION imat_catalog.printed_expression(expression pg_node_tree, relation oid)
RETURNS text
LANGUAGE plpgsql STABLE STRICT
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '1ms'
AS $$
BEGIN
  RETURN pg_get_expr(expression, relation);
END $$;

COMMENT ON FUNCTION imat_catalog.printed_expression(pg_node_tree, oid) IS
  'Returns an expression of a table, such as the default of a column, as text. Raises '
  'lock_not_available if another session has locked the table.';
