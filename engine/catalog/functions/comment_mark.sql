CREATE OR REPLACE FUNCTION imat.comment_mark(group_name text, mark text, comment text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  target imat_catalog.change_group := imat_catalog.own_group(group_name);
  noted bigint := (imat_catalog.find_mark(target, mark)).id;
BEGIN
  UPDATE imat_catalog.moment o SET comment = comment_mark.comment WHERE o.id = noted;
END $$;

COMMENT ON FUNCTION imat.comment_mark(text, text, text) IS
  'Sets the comment of a mark; NULL removes it.';
