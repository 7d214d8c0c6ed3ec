CREATE OR REPLACE FUNCTION imat_catalog.part_trigger(event text, source oid) RETURNS text
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog
AS $$
  SELECT format('%simat_%s_%s', CASE event WHEN 'truncate' THEN '~' ELSE '!' END, event, source)
$$;

COMMENT ON FUNCTION imat_catalog.part_trigger(text, oid) IS
  'Returns the name of the trigger on a partition that writes to the log of a partitioned source.';
