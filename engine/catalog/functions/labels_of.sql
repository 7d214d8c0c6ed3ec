-- A value that is added later is nothing that a body has.
CREATE OR REPLACE FUNCTION imat_catalog.labels_of(enum oid, known jsonb) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT jsonb_object_agg(e.oid, e.enumlabel) FROM pg_enum e
  WHERE e.enumtypid = enum AND (known IS NULL OR known ? e.oid::text)
$$;

COMMENT ON FUNCTION imat_catalog.labels_of(oid, jsonb) IS
  'Returns the labels of an enum by the OIDs of its values, of those that are known, if any are.';
