CREATE OR REPLACE FUNCTION imat_catalog.set_counting(capture oid, counted text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  parts text[];
  code text;
BEGIN
  SELECT regexp_match(p.prosrc,
      E'^(.*)/[*]counting[*]?/?([^*/]*)/?[*]?counting[*]/(\\s+RETURN NULL;\\s+END)$')
    INTO STRICT parts
  FROM pg_proc p WHERE p.oid = capture;
  code := regexp_replace(parts[2], E'VALUES [(]\\d+', 'VALUES (' || counted);
  EXECUTE format(
    'CREATE OR REPLACE FUNCTION %s() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS %L',
    capture::regproc, parts[1] || CASE counted WHEN '0' THEN '/*counting' || code || 'counting*/'
      ELSE '/*counting*/' || code || '/*counting*/' END || parts[3]);
END $$;

COMMENT ON FUNCTION imat_catalog.set_counting(oid, text) IS
  'Has a function that captures changes count them for an id; not any more, if that is 0.';
