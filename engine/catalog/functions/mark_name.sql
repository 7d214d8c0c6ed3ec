CREATE OR REPLACE FUNCTION imat_catalog.mark_name(of_group integer, named text) RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  full_name text := replace(named, '%', to_char(clock_timestamp(), 'YYYY-MM-DD HH24.MI.SS.US'));
BEGIN
  IF full_name IN ('', 'LAST_MARK', 'EMAJ_LAST_MARK') THEN
    RAISE EXCEPTION
      USING ERRCODE = 'invalid_name',
        MESSAGE = format('a mark cannot have the name "%s"', full_name),
        HINT = 'The empty name stands for now, LAST_MARK and EMAJ_LAST_MARK for the last mark.';
  END IF;
  IF EXISTS (SELECT FROM imat_catalog.moment o
    WHERE o.group_id = of_group AND o.mark = full_name) THEN
    RAISE EXCEPTION
      USING ERRCODE = 'duplicate_object',
        MESSAGE = format('the group has a mark "%s" already', full_name),
        HINT = 'Take another name; a % in it becomes the time.';
  END IF;
  RETURN full_name;
END $$;

COMMENT ON FUNCTION imat_catalog.mark_name(integer, text) IS
  'Returns the name of a new mark, with the time of the clock for each %. Raises an error if the '
  'group has a mark of that name.';
