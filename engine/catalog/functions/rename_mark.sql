CREATE OR REPLACE FUNCTION imat.rename_mark(group_name text, mark text, new_name text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  target imat_catalog.change_group := imat_catalog.own_group(group_name);
  renamed bigint := (imat_catalog.find_mark(target, mark)).id;
BEGIN
  UPDATE imat_catalog.moment o
    SET mark = imat_catalog.mark_name(target.id, coalesce(new_name, 'MARK_%'))
    WHERE o.id = renamed;
END $$;

COMMENT ON FUNCTION imat.rename_mark(text, text, text) IS 'Renames a mark.';
