-- Of letters, those of ASCII alone are folded where a character can have several bytes.
CREATE OR REPLACE FUNCTION imat_catalog.as_identifier(word text) RETURNS name
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT (CASE
    WHEN word LIKE '"%' THEN replace(substr(word, 2, length(word) - 2), '""', '"')
    WHEN pg_encoding_max_length(pg_char_to_encoding(getdatabaseencoding())) = 1 THEN lower(word)
    ELSE lower(word COLLATE "C") END)::name
$$;

COMMENT ON FUNCTION imat_catalog.as_identifier(text) IS
  'Returns the name that PostgreSQL takes a word of a command for: without its quotes, or folded, '
  'and cut to the length of a name.';
