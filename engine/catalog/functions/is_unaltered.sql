-- A table that is rewritten has another file. Columns can be dropped and added without that: DETACH
-- writes the rows of all columns in pg_attribute, NO INHERIT those of the columns that the parent
-- has. So what was written later has another xmin than the oldest of these, or the one that a
-- dropped column has.
CREATE OR REPLACE FUNCTION imat_catalog.is_unaltered(source oid, part oid) RETURNS boolean
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  oldest xid := (SELECT a.xmin FROM pg_attribute a
    WHERE a.attrelid = part AND a.attnum > 0 AND NOT a.attisdropped AND EXISTS (
      SELECT FROM pg_attribute r
      WHERE r.attrelid = source AND r.attname = a.attname AND NOT r.attisdropped)
    ORDER BY age(a.xmin) DESC LIMIT 1);
BEGIN
  RETURN EXISTS (
    SELECT FROM imat_catalog.source s JOIN pg_class c ON c.oid = part
    WHERE s.relation = source AND s.files->>part::text = c.relfilenode::text
  ) AND NOT EXISTS (
    SELECT FROM imat_catalog.source s
      JOIN pg_attribute r ON r.attrelid = s.relation AND r.attnum = ANY (s.columns)
      JOIN pg_attribute a ON a.attrelid = part AND a.attname = r.attname
    WHERE s.relation = source AND a.xmin <> oldest
  ) AND NOT EXISTS (
    SELECT FROM pg_attribute a
    WHERE a.attrelid = part AND a.attnum > 0 AND a.attisdropped AND a.xmin = oldest);
END $$;

COMMENT ON FUNCTION imat_catalog.is_unaltered(oid, oid) IS
  'Returns true if no ALTER TABLE can have changed the rows of a table since it is no partition of '
  'a source any more.';
