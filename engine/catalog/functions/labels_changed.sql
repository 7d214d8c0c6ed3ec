-- The view of an imat asks the same (generate/labels.ts).
CREATE OR REPLACE FUNCTION imat_catalog.labels_changed(held regclass) RETURNS boolean
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  columns text;
  changed boolean;
BEGIN
  SELECT string_agg(
      CASE
        WHEN a.attname LIKE E'%\\_listed'
          THEN format('enum_range(NULL::%s)', format_type(t.typelem, NULL))
        ELSE a.attname
      END,
      ', ' ORDER BY a.attnum)
    INTO columns
    FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
    WHERE a.attrelid = held AND a.attname LIKE 'values%' AND NOT a.attisdropped;
  IF columns IS NULL THEN RETURN false; END IF;
  EXECUTE format('SELECT l.labels <> ROW(%s)::text FROM %s l', columns,
    imat_catalog.required_name(held)) INTO changed;
  RETURN changed;
EXCEPTION WHEN undefined_table THEN
  -- The imat was reverted at the same time.
  RETURN false;
END $$;

COMMENT ON FUNCTION imat_catalog.labels_changed(regclass) IS
  'Returns true if a label of an enum was renamed since the values of these enums were taken down '
  'in this table, or a value was added to one that the definition lists. NULL: an imat that '
  'depends on no label.';
