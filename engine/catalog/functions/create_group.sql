CREATE OR REPLACE FUNCTION imat.create_group(name text, tables regclass[] DEFAULT '{}',
  sequences regclass[] DEFAULT '{}', mark text DEFAULT 'START_%') RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  target imat_catalog.change_group;
BEGIN
  PERFORM imat_catalog.require_read_committed();
  IF coalesce(name, '') = '' THEN
    RAISE EXCEPTION
      USING ERRCODE = 'invalid_name', MESSAGE = 'a group needs a name',
        HINT = 'SELECT imat.create_group(''sales'', ARRAY[''public.orders''::regclass])';
  END IF;
  IF EXISTS (SELECT FROM imat_catalog.change_group g WHERE g.name = create_group.name) THEN
    RAISE EXCEPTION
      USING ERRCODE = 'duplicate_object', MESSAGE = format('group "%s" already exists', name),
        HINT = 'imat.add_to_group adds tables to it.';
  END IF;
  IF EXISTS (SELECT FROM imat_catalog.change_group g WHERE NOT g.here) THEN
    PERFORM imat_catalog.begin_anew();
  END IF;
  PERFORM set_config('imat.maintaining', 'on', true);
  INSERT INTO imat_catalog.change_group (name, owner) VALUES (name, imat_catalog.caller())
    RETURNING * INTO target;
  PERFORM set_config('imat.maintaining', 'off', true);
  PERFORM imat_catalog.add_members(target, coalesce(tables, '{}'), coalesce(sequences, '{}'),
    mark);
END $$;

COMMENT ON FUNCTION imat.create_group(text, regclass[], regclass[], text) IS
  'Makes a group of tables and sequences, sets its first mark and counts the changes from there '
  'on. The caller must own the tables. It waits for the transactions that write them.';
