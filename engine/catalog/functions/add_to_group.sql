CREATE OR REPLACE FUNCTION imat.add_to_group(group_name text, tables regclass[],
  sequences regclass[] DEFAULT '{}', mark text DEFAULT 'ADD_%') RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  tables := coalesce(tables, '{}');
  sequences := coalesce(sequences, '{}');
  PERFORM imat_catalog.change_members(format('the tables of group "%s"', group_name),
    tables || sequences, format('SELECT imat_catalog.add_to_group(%L, %L, %L, %L)', group_name,
      tables::oid[], sequences::oid[], mark));
END $$;

COMMENT ON FUNCTION imat.add_to_group(text, regclass[], regclass[], text) IS
  'Adds tables and sequences to a group and sets a mark, from which on their changes count. It '
  'waits as create_group does.';
