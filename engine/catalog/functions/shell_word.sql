CREATE OR REPLACE FUNCTION imat_catalog.shell_word(word text) RETURNS text
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE WHEN word ~ '^[A-Za-z0-9_./:-]+$' THEN word
    ELSE '''' || replace(word, '''', '''' || chr(92) || '''''') || '''' END
$$;

COMMENT ON FUNCTION imat_catalog.shell_word(text) IS
  'Returns a word as a shell reads it.';
