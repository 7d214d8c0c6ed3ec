CREATE OR REPLACE FUNCTION imat.remove_from_group(group_name text, tables regclass[],
  sequences regclass[] DEFAULT '{}', mark text DEFAULT 'REMOVE_%') RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM imat_catalog.change_members(format('the tables of group "%s"', group_name), '{}',
    format('SELECT imat_catalog.remove_from_group(%L, %L, %L, %L)', group_name,
      coalesce(tables, '{}')::oid[], coalesce(sequences, '{}')::oid[], mark));
END $$;

COMMENT ON FUNCTION imat.remove_from_group(text, regclass[], regclass[], text) IS
  'Takes tables and sequences out of a group and sets a mark, up to which their changes count. It '
  'waits for the transactions that use the tables, for lock_timeout or 30 s; nobody waits for it '
  'meanwhile.';
