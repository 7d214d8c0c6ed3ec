CREATE OR REPLACE FUNCTION imat_catalog.unescaped(name text, escape text) RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET standard_conforming_strings = on
AS $$
DECLARE
  found text;
BEGIN
  EXECUTE format($f$SELECT U&'%s' UESCAPE '%s'$f$,
    replace(name, '''', ''''''), replace(escape, '''', '''''')) INTO found;
  RETURN found;
EXCEPTION WHEN syntax_error OR untranslatable_character OR character_not_in_repertoire
  OR feature_not_supported THEN
  RETURN NULL;
END $$;

COMMENT ON FUNCTION imat_catalog.unescaped(text, text) IS
  'Returns a name that is written as U&"..." as it is, or NULL if it is none.';
