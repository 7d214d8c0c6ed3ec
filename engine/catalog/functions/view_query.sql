-- What the server keeps of a view has its OID up to PostgreSQL 15.
CREATE OR REPLACE FUNCTION imat_catalog.view_query(view oid) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT md5(concat_ws('|', c.relowner, c.reloptions, pg_get_viewdef(c.oid)))
  FROM pg_class c WHERE c.oid = view AND c.relkind IN ('v', 'm')
$$;

COMMENT ON FUNCTION imat_catalog.view_query(oid) IS
  'Returns a hash of the query, owner and options of a view or a materialized view, which is the '
  'same for one that is created anew alike; NULL for anything else.';
