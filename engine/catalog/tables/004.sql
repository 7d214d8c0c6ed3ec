-- What convert checked, to be compared with what is there later.

ALTER TABLE imat_catalog.imat
  -- now among the facts
  DROP COLUMN rules_read,
  -- why its stored rows may be wrong; NULL while it is whole
  ADD COLUMN broken text,
  ADD COLUMN broken_at timestamptz,
  -- the cluster in which its facts were read: pg_upgrade makes another one
  ADD COLUMN facts_cluster bigint,
  -- names in imat_store of its views, functions and further tables; empty: not looked for
  ADD COLUMN objects name[] NOT NULL DEFAULT '{}',
  -- those of its stored tables that have a unique index, which folds need
  ADD COLUMN keyed_tables name[] NOT NULL DEFAULT '{}';

ALTER TABLE imat_catalog.source
  -- its capture triggers as imat left them: see triggers_of
  ADD COLUMN triggers text;

CREATE TABLE imat_catalog.fact (
  imat_id integer NOT NULL REFERENCES imat_catalog.imat ON DELETE CASCADE,
  -- a table, a view or a function, as in pg_depend
  class oid NOT NULL,
  object oid NOT NULL,
  -- of the object's row in PostgreSQL's catalog: if it is the same, so are the facts; NULL if they
  -- depend on more rows
  version text,
  facts jsonb NOT NULL,
  PRIMARY KEY (imat_id, class, object)
);
COMMENT ON TABLE imat_catalog.fact IS
  'The tables, views and functions that each imat uses, as they were at the conversion.';
CREATE INDEX ON imat_catalog.fact (object);

-- Whoever reads an imat must be able to call the function that computes its definition, and that
-- runs with the rights of the imat's owner. The view passes this key, so nobody else can use it.
ALTER TABLE imat_catalog.frontier ADD COLUMN access_key uuid NOT NULL DEFAULT gen_random_uuid();
