CREATE OR REPLACE FUNCTION imat_catalog.frontiers_read(imat integer) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT coalesce(string_agg(f.imat_id || ':' || f.snapshot, ' ' ORDER BY f.imat_id), '')
  FROM imat_catalog.reading r JOIN imat_catalog.frontier f ON f.imat_id = r.reads_imat
    WHERE r.imat_id = imat AND r.stored
$$;

COMMENT ON FUNCTION imat_catalog.frontiers_read(integer) IS
  'Returns the frontiers of the stored imats that an imat reads, as one text to compare.';
