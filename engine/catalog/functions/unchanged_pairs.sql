CREATE OR REPLACE FUNCTION imat_catalog.unchanged_pairs() RETURNS text[]
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  asked regproc := imat_catalog.extension_function(
    'tables_changed_since(regclass[], pg_snapshot[])');
  pairs text[];
BEGIN
  IF asked IS NULL THEN RETURN NULL; END IF;
  EXECUTE format($sql$
    WITH pairs AS (
      SELECT z.imat_id, z.relation::regclass AS relation, f.snapshot, row_number() OVER () AS n
      FROM imat_catalog.imat_source z JOIN imat_catalog.frontier f USING (imat_id) WHERE f.here
        AND EXISTS (SELECT FROM pg_class c WHERE c.oid = z.relation)
    ), answer AS (
      SELECT u.changed, u.n
      FROM unnest(%s((SELECT array_agg(p.relation ORDER BY p.n) FROM pairs p),
        (SELECT array_agg(p.snapshot ORDER BY p.n) FROM pairs p)))
        WITH ORDINALITY u(changed, n)
    )
    SELECT coalesce(
      array_agg(p.imat_id || ':' || p.relation::oid) FILTER (WHERE a.changed IS FALSE), '{}')
        FROM pairs p JOIN answer a USING (n)
  $sql$, asked) INTO pairs;
  RETURN pairs;
EXCEPTION WHEN OTHERS THEN
  -- Not preloaded, no right to ask, a version that is not ours: pending rows tell as well.
  IF left(SQLSTATE, 2) IN ('57', '53', '40') THEN RAISE; END IF;
  RETURN NULL;
END $$;

COMMENT ON FUNCTION imat_catalog.unchanged_pairs() IS
  'Returns the pairs imat:source that the extension table_change_tracker knows to be unchanged '
  'since the imat''s frontier; NULL if the extension is missing or does not work.';
