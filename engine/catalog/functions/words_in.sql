-- A string in a body can be a command, and a quotation mark in it can stand alone. So plain words
-- count wherever they are, and whatever is between two quotation marks. A comment can stand before
-- a parenthesis. Tags of dollar quotes end before the dollar, names can have one.
CREATE OR REPLACE FUNCTION imat_catalog.words_in(code text)
RETURNS TABLE (word name, is_called boolean)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT imat_catalog.as_identifier(w.word), bool_or(w.is_called)
  FROM (
    SELECT m[1], m[2] IS NOT NULL
    FROM unnest(ARRAY[code, translate(code, '$', ' ')]) c(code),
      -- ASCII characters that no name begins with, and that none goes on with.
      regexp_matches(c.code, '([^\x01-\x40\x5b-\x5e\x60\x7b-\x7f]'
        '[^\x01-\x23\x25-\x2f\x3a-\x40\x5b-\x5e\x60\x7b-\x7f]*)\s*(\(|--|/\*)?', 'g') m
    UNION ALL
    SELECT m[1], true FROM regexp_matches(code, '"(?:[^"]|"")+"', 'g') m
    UNION ALL
    SELECT '"' || replace(p.part, E'\x01', '""') || '"', true
    FROM regexp_split_to_table(replace(code, '""', E'\x01'), '"') p(part)
  ) w(word, is_called)
  GROUP BY 1
$$;

COMMENT ON FUNCTION imat_catalog.words_in(text) IS
  'Returns the names that a body in quotes may have, and whether one may be called as a function.';
