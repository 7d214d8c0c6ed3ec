-- It is declared IMMUTABLE so that the planner folds its answer into the plan of a capture
-- function, where it costs nothing. The plan names the source by a regclass constant: any ALTER
-- TABLE of the source invalidates it, and the question is asked again.
--
-- What it looks at is as it is now: the catalogs' caches and the parser do not go by the snapshot,
-- which in a REPEATABLE READ transaction may be older than the ALTER TABLE.
--
-- The parser locks the source for a moment. Who writes to a partition, or to a table that inherits,
-- has no lock on the root, and must not wait for it: the answer is false then.
CREATE OR REPLACE FUNCTION imat_store.has_columns(source regclass, log text, numbers smallint[],
  names text[]) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '1ms'
AS $$
DECLARE
  path text[];
  same boolean;
BEGIN
  IF EXISTS (SELECT FROM pg_class c WHERE c.oid = source AND (c.relkind = 'p' OR c.relhassubclass))
    AND imat_store.is_locked(source, false) THEN
    RETURN false;
  END IF;
  FOR n IN 1..cardinality(numbers) LOOP
    path := (pg_identify_object_as_address('pg_class'::regclass, source, numbers[n])).object_names;
    IF path[3] IS DISTINCT FROM names[n] THEN RETURN false; END IF;
  END LOOP;
  EXECUTE (
    SELECT format('SELECT %s FROM (SELECT (NULL::%I.%I).*) s, (SELECT (NULL::%s).*) l',
      string_agg(imat_store.same_type(u.name, u.number), ' AND '), path[1], path[2], log)
    FROM unnest(names, numbers) u(name, number)
  ) INTO same;
  RETURN same;
EXCEPTION WHEN undefined_object OR undefined_table OR undefined_column OR invalid_schema_name
  OR lock_not_available THEN
  RETURN false;
END $$;

COMMENT ON FUNCTION imat_store.has_columns(regclass, text, smallint[], text[]) IS
  'Returns true if the columns of a source have these numbers and names and the types that its log '
  'has for them.';

-- Capture on the table of an ordinary role runs as that role.
GRANT EXECUTE ON FUNCTION imat_store.has_columns(regclass, text, smallint[], text[]) TO PUBLIC;
