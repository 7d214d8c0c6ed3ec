-- Logical replication brings rows and no sequences.
CREATE OR REPLACE FUNCTION imat_catalog.follow_identities() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  id record;
  greatest_used bigint;
BEGIN
  FOR id IN
    SELECT a.attrelid::regclass AS relation, a.attname AS name,
      pg_get_serial_sequence(a.attrelid::regclass::text, a.attname)::regclass AS sequence
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    WHERE c.relnamespace = 'imat_catalog'::regnamespace AND c.relkind = 'r'
      AND a.attidentity <> '' AND NOT a.attisdropped
  LOOP
    EXECUTE format('SELECT max(%I) FROM %s', id.name, id.relation) INTO greatest_used;
    IF greatest_used > coalesce(pg_sequence_last_value(id.sequence), 0) THEN
      PERFORM setval(id.sequence, greatest_used);
    END IF;
  END LOOP;
END $$;

COMMENT ON FUNCTION imat_catalog.follow_identities() IS
  'Makes the identity columns of the catalog go on behind the values that are in use.';

REVOKE ALL ON FUNCTION imat_catalog.follow_identities() FROM PUBLIC;
