-- The list is in the functions, not read from a table: a writer must see it as it is now, whatever
-- its snapshot is. The functions are replaced while the partition is locked, so whoever writes to
-- it later runs them as they are then.
CREATE OR REPLACE FUNCTION imat_catalog.write_parts(source oid) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  known imat_catalog.source;
  name text;
  body text;
  condition text;
BEGIN
  UPDATE imat_catalog.source s SET parents = ARRAY[source] || ARRAY(
    SELECT c.oid FROM pg_class c
    WHERE c.oid = ANY (s.parts)
      AND (c.relkind = 'p' OR pg_partition_root(s.relation) IS NULL) ORDER BY 1)
  WHERE s.relation = source RETURNING * INTO known;
  IF known.columns IS NULL THEN RETURN; END IF;
  FOR name IN SELECT c.value FROM jsonb_each_text(known.capture) c WHERE c.key <> 'truncate' LOOP
    SELECT p.prosrc INTO body FROM pg_proc p WHERE p.oid = to_regprocedure(name || '()');
    condition := substring(body FROM 'has_parts[(].*?END IF;');
    EXECUTE format(
      'CREATE OR REPLACE FUNCTION %s() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS %L',
      name, replace(body, condition,
        format('has_parts(ARRAY[%s], %L::pg_catalog.oid[]) THEN parts := %L; END IF;',
          (SELECT string_agg(quote_literal(u.p) || '::pg_catalog.regclass', ', ' ORDER BY u.o)
            FROM unnest(known.parents) WITH ORDINALITY u(p, o)), known.parts, known.parts)));
  END LOOP;
END $$;

COMMENT ON FUNCTION imat_catalog.write_parts(oid) IS
  'Writes the partitions that are captured into the capture functions of a partitioned source.';
