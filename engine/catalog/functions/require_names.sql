CREATE OR REPLACE FUNCTION imat_catalog.require_names(relations oid[], names text[]) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  renamed text;
BEGIN
  SELECT u.name INTO renamed FROM unnest(relations, names) u(relation, name)
  WHERE u.relation::regclass::text <> u.name
    AND EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = u.relation)
  LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION
      USING ERRCODE = 'serialization_failure',
        MESSAGE = format('"%s" was renamed at the same time', renamed), HINT = 'Try again.';
  END IF;
END $$;

COMMENT ON FUNCTION imat_catalog.require_names(oid[], text[]) IS
  'Raises an error if one of the relations that are there has another name now.';
