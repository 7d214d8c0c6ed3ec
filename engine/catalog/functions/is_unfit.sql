-- A table that is no part any more has the rows that were captured until then.
CREATE OR REPLACE FUNCTION imat_catalog.is_unfit(source oid, part oid) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = part)
    AND NOT imat_catalog.is_capturable(source, part)
$$;

COMMENT ON FUNCTION imat_catalog.is_unfit(oid, oid) IS
  'Returns true if a part of a source can change without firing the triggers of capture.';
