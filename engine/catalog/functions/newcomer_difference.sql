CREATE OR REPLACE FUNCTION imat_catalog.newcomer_difference(class oid, object oid) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE class
    WHEN 'pg_proc'::regclass THEN
      format('function %s is new, and the body of a function may call it', object::regprocedure)
    WHEN 'pg_operator'::regclass THEN
      format('operator %s is new, and the body of a function may use it', object::regoperator)
    WHEN 'pg_type'::regclass THEN
      format('type %s is new, and the body of a function may name it', object::regtype)
    WHEN 'pg_collation'::regclass THEN
      format('collation %s is new, and the body of a function may name it', object::regcollation)
    WHEN 'pg_ts_config'::regclass THEN
      format('text search configuration %s is new, and the body of a function may name it',
        object::regconfig)
    ELSE (
      SELECT format('the cast from %s to %s is new, and what it computes may use it',
        c.castsource::regtype, c.casttarget::regtype)
      FROM pg_cast c WHERE c.oid = object) END
$$;

COMMENT ON FUNCTION imat_catalog.newcomer_difference(oid, oid) IS
  'Returns as text what is new since the conversion (newcomers).';
