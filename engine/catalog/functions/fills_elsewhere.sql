CREATE OR REPLACE FUNCTION imat_catalog.fills_elsewhere(imat integer) RETURNS integer[]
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH RECURSIVE above AS (
    SELECT imat AS id
    UNION
    SELECT r.imat_id FROM above a JOIN imat_catalog.reading r ON r.reads_imat = a.id
  )
  SELECT coalesce(array_agg(c.pid), '{}')
  FROM (
    SELECT l.pid, bool_and(EXISTS (SELECT FROM imat_catalog.imat i WHERE i.id::text = l.objid::text)
      AND NOT EXISTS (SELECT FROM above a WHERE a.id::text = l.objid::text)) AS elsewhere
    FROM pg_locks l
    WHERE l.locktype = 'advisory' AND l.classid = imat_catalog.lock_class()::oid AND l.objsubid = 2
      AND l.granted
      AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
    GROUP BY l.pid
  ) c WHERE c.elsewhere
$$;

COMMENT ON FUNCTION imat_catalog.fills_elsewhere(integer) IS
  'Returns the process ids of sessions that fold, fill or load only imats that do not read this '
  'one. Their transactions cannot read its previous slot.';
