-- A row that was replaced after this snapshot was taken shows that by its xmax.
CREATE OR REPLACE FUNCTION imat_catalog.fact_version(class oid, object oid) RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  version text;
  replaced_by xid[];
BEGIN
  IF class = 'pg_proc'::regclass THEN
    SELECT p.xmin::text, ARRAY[p.xmax] INTO version, replaced_by FROM pg_proc p
      WHERE p.oid = object;
  ELSIF class = 'pg_operator'::regclass THEN
    SELECT o.xmin::text, ARRAY[o.xmax] INTO version, replaced_by FROM pg_operator o
      WHERE o.oid = object;
  ELSIF class = 'pg_cast'::regclass THEN
    SELECT c.xmin::text, ARRAY[c.xmax] INTO version, replaced_by FROM pg_cast c
      WHERE c.oid = object;
  ELSIF class = 'pg_class'::regclass THEN
    SELECT c.xmin || '/' || r.xmin, ARRAY[c.xmax, r.xmax] INTO version, replaced_by
    FROM pg_class c JOIN pg_rewrite r ON r.ev_class = c.oid AND r.rulename = '_RETURN'
    WHERE c.oid = object AND c.relkind = 'v';
  END IF;
  IF EXISTS (SELECT FROM unnest(replaced_by) u(id)
      WHERE u.id <> '0'::xid AND imat_catalog.is_committed(u.id)) THEN
    RETURN version || ':' || replaced_by::text;
  END IF;
  RETURN version;
END $$;

COMMENT ON FUNCTION imat_catalog.fact_version(oid, oid) IS
  'Returns the version of a function, an operator, a cast or a view; NULL for anything else. It '
  'changes when the object is replaced.';
