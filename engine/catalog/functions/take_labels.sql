-- Called before anything is computed: a rename that comes meanwhile is found by advance.
CREATE OR REPLACE FUNCTION imat_catalog.take_labels(imat integer) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  held regclass;
  columns text;
  enums text;
  changed boolean;
BEGIN
  SELECT i.labels INTO held FROM imat_catalog.imat i WHERE i.id = imat;
  SELECT string_agg(a.attname, ', ' ORDER BY a.attnum),
      string_agg(format('enum_range(NULL::%s) AS %s', format_type(t.typelem, NULL), a.attname),
        ', ' ORDER BY a.attnum)
    INTO columns, enums
    FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
    WHERE a.attrelid = held AND a.attname LIKE 'values%' AND NOT a.attisdropped;
  IF columns IS NULL THEN RETURN false; END IF;
  changed := imat_catalog.labels_changed(held);
  EXECUTE format(
    $sql$
      WITH n AS (
        SELECT e.*, ROW(%1$s)::text AS labels FROM (SELECT %2$s) e
      ), gone AS (
        DELETE FROM %3$s l USING n WHERE l.labels <> n.labels RETURNING l.labels
      )
      INSERT INTO %3$s (%1$s, labels) SELECT n.* FROM n, gone
    $sql$,
    columns, enums, held);
  RETURN changed;
END $$;

COMMENT ON FUNCTION imat_catalog.take_labels(integer) IS
  'Takes down the labels of the enums that an imat reads. Returns true if one of them was renamed: '
  'then what is stored must be computed anew.';
