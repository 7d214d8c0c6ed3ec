-- A table that was a partition can have lost columns, or have them under other names.
CREATE OR REPLACE FUNCTION imat_catalog.log_part(source oid, part regclass, sign integer)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
-- Where a policy would hide rows there is an error.
SET row_security = off
AS $$
DECLARE
  known imat_catalog.source;
  targets text;
  columns text;
BEGIN
  SELECT * INTO known FROM imat_catalog.source s WHERE s.relation = source;
  IF known.columns IS NULL THEN
    EXECUTE format('INSERT INTO %s (weight) VALUES (0)', known.log);
    RETURN;
  END IF;
  IF part IS NOT NULL AND NOT EXISTS (
    SELECT FROM pg_attribute r LEFT JOIN pg_attribute a
      ON a.attrelid = part AND a.attname = r.attname AND NOT a.attisdropped
      AND a.atttypid = r.atttypid
    WHERE r.attrelid = source AND r.attnum = ANY (known.columns) AND NOT r.attisdropped
      AND a.attname IS NULL
  ) THEN
    SELECT string_agg(format(', c%s', r.attnum), '' ORDER BY r.attnum),
      string_agg(format(', p.%I', r.attname), '' ORDER BY r.attnum)
      INTO targets, columns
    FROM pg_attribute r
    WHERE r.attrelid = source AND r.attnum = ANY (known.columns) AND NOT r.attisdropped;
    EXECUTE format('INSERT INTO %s (weight%s) SELECT %s%s FROM ONLY %s p', known.log, targets, sign,
      columns, part);
  ELSE
    INSERT INTO imat_store.reset (relation) VALUES (source);
    EXECUTE format('INSERT INTO %s (weight) VALUES (0)', known.log);
  END IF;
END $$;

COMMENT ON FUNCTION imat_catalog.log_part(oid, regclass, integer) IS
  'Logs the rows of a table that has become a partition of a source (sign 1) or is none any more '
  '(sign -1). If there is no table to read (part is NULL), or it has other columns now, it writes '
  'a reset mark.';
