CREATE OR REPLACE FUNCTION imat_catalog.fact_difference(class oid, object oid, before jsonb,
  now jsonb) RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  what text := CASE class WHEN 'pg_class'::regclass THEN object::regclass::text
    ELSE imat_catalog.called_name(class, object) END;
  key text;
BEGIN
  IF now IS NULL THEN
    RETURN CASE class
      WHEN 'pg_operator'::regclass THEN
        format('operator %s, which the body of a function uses, was dropped', before->>'called')
      WHEN 'pg_type'::regclass THEN
        format('type %s, which the body of a function names, was dropped', before->>'called')
      WHEN 'pg_cast'::regclass THEN 'a cast that the body of a function may use was dropped'
      ELSE 'a table, view or function that it uses was dropped' END;
  END IF;
  SELECT k.key INTO key FROM jsonb_object_keys(before || now) k(key)
    WHERE before->k.key IS DISTINCT FROM now->k.key ORDER BY k.key LIMIT 1;
  RETURN CASE key
    WHEN 'body' THEN format('function %s was replaced', what)
    WHEN 'called' THEN format(CASE class
        WHEN 'pg_proc'::regclass THEN 'function %s, which the body of another calls, was %s before'
        WHEN 'pg_type'::regclass THEN 'type %s, which the body of a function names, was %s before'
        ELSE 'operator %s, which the body of a function uses, was %s before' END,
      what, before->>'called')
    WHEN 'labels' THEN
      format('labels of enum %s, which the body of a function may have, were renamed', what)
    WHEN 'rule' THEN format('view %s was replaced', what)
    WHEN 'persistence' THEN CASE now->>'persistence'
      WHEN 'u' THEN format('table %s has become unlogged: a crash empties it without notice', what)
      ELSE format('table %s has become logged', what) END
    WHEN 'relatives' THEN
      format('table %s takes part in inheritance or partitioning in another way', what)
    WHEN 'subscribed' THEN CASE WHEN (now->>'subscribed')::boolean
      THEN format('a logical replication subscription fills table %s, '
        'which fires no statement triggers', what)
      ELSE format('table %s is filled by no subscription any more', what) END
    WHEN 'hides_rows' THEN format(CASE WHEN before ? 'rule' OR before->>'kind' = 'm'
        THEN 'row-level security hides other rows from the owner of %s, which it reads'
        ELSE 'row-level security of table %s hides other rows' END, what)
    WHEN 'generated' THEN
      format('the expression of a generated column of table %s was changed', what)
    WHEN 'row' THEN format('whole rows of %s, which it reads, have other columns', what)
    WHEN 'written' THEN
      format('a column of table %s, whose whole rows it reads, was written anew', what)
    WHEN 'kind' THEN format('%s is another kind of relation', what)
    ELSE format('%s was replaced', what) END;
END $$;

COMMENT ON FUNCTION imat_catalog.fact_difference(oid, oid, jsonb, jsonb) IS
  'Returns as text how an object that an imat uses differs from what it was at the conversion.';
