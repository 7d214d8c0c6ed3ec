CREATE OR REPLACE FUNCTION imat.add_to_group(group_name text, tables regclass[],
  sequences regclass[] DEFAULT '{}', mark text DEFAULT 'ADD_%') RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  target imat_catalog.change_group := imat_catalog.own_group(group_name);
BEGIN
  PERFORM imat_catalog.require_counting(target);
  PERFORM imat_catalog.add_members(target, coalesce(tables, '{}'), coalesce(sequences, '{}'),
    mark);
END $$;

COMMENT ON FUNCTION imat.add_to_group(text, regclass[], regclass[], text) IS
  'Adds tables and sequences to a group and sets a mark, from which on their changes count.';
