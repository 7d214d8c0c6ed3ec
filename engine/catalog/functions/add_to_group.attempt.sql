CREATE OR REPLACE FUNCTION imat_catalog.add_to_group(group_name text, tables regclass[],
  sequences regclass[], mark text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  target imat_catalog.change_group := imat_catalog.own_group(group_name);
BEGIN
  PERFORM imat_catalog.require_counting(target);
  PERFORM imat_catalog.add_members(target, tables, sequences, mark, imat_catalog.caller());
END $$;

COMMENT ON FUNCTION imat_catalog.add_to_group(text, regclass[], regclass[], text) IS
  'What imat.add_to_group tries. change_members runs it.';
