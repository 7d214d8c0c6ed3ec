-- What the names in bodies in quotes could mean later.

-- A body looks its names up when it runs. So an object that is new under one of them can be taken
-- instead, and is looked for by these names; the objects that were there are facts.
CREATE TABLE imat_catalog.name_use (
  imat_id integer NOT NULL REFERENCES imat_catalog.imat ON DELETE CASCADE,
  number integer NOT NULL,
  -- where the names are found; NULL for every schema
  schemas name[],
  -- what is called; NULL for the definition itself, which looks up casts alone when it runs
  functions name[],
  operators name[] NOT NULL,
  -- and relations, as types of their rows; for the definition itself, what is cast to
  types name[] NOT NULL,
  -- of the values, except PostgreSQL's own
  value_types oid[] NOT NULL,
  -- what was found by them (found_by_name), and extensions with their schemas
  known text[] NOT NULL,
  PRIMARY KEY (imat_id, number)
);
COMMENT ON TABLE imat_catalog.name_use IS
  'The names that bodies of functions in quotes look up, by body, and what had them at the '
  'conversion.';
