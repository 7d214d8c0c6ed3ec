CREATE OR REPLACE FUNCTION imat_catalog.find_mark(target imat_catalog.change_group, named text)
RETURNS imat_catalog.moment
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  result imat_catalog.moment;
BEGIN
  SELECT * INTO result FROM imat_catalog.moment o
  WHERE o.group_id = target.id AND o.mark IS NOT NULL
    AND (o.mark = named OR named IN ('LAST_MARK', 'EMAJ_LAST_MARK'))
  ORDER BY o.id DESC LIMIT 1;
  IF NOT FOUND THEN
    RAISE EXCEPTION
      USING ERRCODE = 'undefined_object',
        MESSAGE = format('group "%s" has no mark "%s"', target.name, named),
        HINT = format('SELECT * FROM imat.list_marks(%L) shows its marks.', target.name);
  END IF;
  RETURN result;
END $$;

COMMENT ON FUNCTION imat_catalog.find_mark(imat_catalog.change_group, text) IS
  'Returns a mark of a group by its name, or the last one for LAST_MARK and EMAJ_LAST_MARK.';
