-- A string in a body can be a command, and a quotation mark in it can stand alone. So plain words
-- count wherever they are, and whatever is between two quotation marks. A comment can stand before
-- a parenthesis. A tag of dollar quotes can stand before a word, and a name can have a dollar.
CREATE OR REPLACE FUNCTION imat_catalog.words_in(code text)
RETURNS TABLE (word name, is_called boolean)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH plain AS MATERIALIZED (
    SELECT m[1] AS word, bool_or(m[2] IS NOT NULL) AS is_called
    -- ASCII characters that no name begins with, and that none goes on with.
    FROM regexp_matches(code, E'([^\\x01-\\x40\\x5b-\\x5e\\x60\\x7b-\\x7f]'
      '[^\\x01-\\x23\\x25-\\x2f\\x3a-\\x40\\x5b-\\x5e\\x60\\x7b-\\x7f]*)\\s*(\\(|--|/\\*)?', 'g') m
    GROUP BY 1
  ), quoted AS MATERIALIZED (
    SELECT m[1] AS word FROM regexp_matches(code, '"(?:[^"]|"")+"', 'g') m
    UNION
    SELECT '"' || replace(p.part, E'\x01', '""') || '"'
    FROM regexp_split_to_table(replace(code, '""', E'\x01'), '"') p(part)
    WHERE strpos(code, '"') > 0
  ), words AS MATERIALIZED (
    SELECT p.word, p.is_called FROM plain p
    UNION
    SELECT s.word, p.is_called FROM plain p, regexp_split_to_table(p.word, E'\\$') s(word)
    WHERE strpos(p.word, '$') > 0
    UNION
    SELECT q.word, true FROM quoted q
    UNION
    SELECT '"' || replace(u.name, '"', '""') || '"', true
    FROM quoted q, (
      SELECT E'\\' AS mark
      UNION
      SELECT m[1] FROM regexp_matches(code, E'uescape\\s*''(.)''', 'gi') m
    ) e, LATERAL (SELECT imat_catalog.unescaped(
      replace(substr(q.word, 2, length(q.word) - 2), '""', '"'), e.mark)) u(name)
    WHERE code ~* 'u&"' AND strpos(q.word, e.mark) > 0 AND u.name IS NOT NULL
  )
  SELECT imat_catalog.as_identifier(w.word), bool_or(w.is_called) FROM words w GROUP BY 1
$$;

COMMENT ON FUNCTION imat_catalog.words_in(text) IS
  'Returns the names that a body in quotes may have, and whether one may be called as a function.';
