CREATE OR REPLACE FUNCTION imat_catalog.interval_bounds(start_group text, start_mark text,
  end_group text, end_mark text, OUT first_id bigint, OUT last_id bigint)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  first_id := (imat_catalog.find_mark(imat_catalog.find_group(start_group, false), start_mark)).id;
  IF end_group IS NULL AND coalesce(end_mark, '') = '' THEN RETURN; END IF;
  last_id := (imat_catalog.find_mark(imat_catalog.find_group(coalesce(end_group, start_group),
    false), end_mark)).id;
  IF first_id > last_id THEN
    RAISE EXCEPTION
      USING ERRCODE = 'invalid_parameter_value',
        MESSAGE = format('mark "%s" is later than mark "%s"', start_mark, end_mark),
        HINT = 'Give the earlier mark first.';
  END IF;
END $$;

COMMENT ON FUNCTION imat_catalog.interval_bounds(text, text, text, text) IS
  'Returns the moments of two marks, of two groups perhaps; NULL for the end is now.';
