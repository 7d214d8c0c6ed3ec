CREATE OR REPLACE FUNCTION imat.create_group(name text, tables regclass[] DEFAULT '{}',
  sequences regclass[] DEFAULT '{}', mark text DEFAULT 'START_%') RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM imat_catalog.require_read_committed();
  IF coalesce(name, '') = '' THEN
    RAISE EXCEPTION
      USING ERRCODE = 'invalid_name', MESSAGE = 'a group needs a name',
        HINT = 'SELECT imat.create_group(''sales'', ARRAY[''public.orders''::regclass])';
  END IF;
  tables := coalesce(tables, '{}');
  sequences := coalesce(sequences, '{}');
  PERFORM imat_catalog.change_members(format('the tables of group "%s"', name),
    tables || sequences, format('SELECT imat_catalog.create_group(%L, %L, %L, %L)', name,
      tables::oid[], sequences::oid[], mark));
END $$;

COMMENT ON FUNCTION imat.create_group(text, regclass[], regclass[], text) IS
  'Makes a group of tables and sequences, sets its first mark and counts the changes from there '
  'on. The caller must own the tables. It waits for the transactions that write them, for '
  'lock_timeout or 30 s; writers do not wait for it meanwhile.';
