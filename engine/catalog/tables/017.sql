-- What an imat is made of, so that what somebody has dropped is found.

ALTER TABLE imat_catalog.imat
  -- names in imat_store of its views, functions and further tables; empty: not looked for
  ADD COLUMN objects name[] NOT NULL DEFAULT '{}',
  -- those of its stored tables that have a unique index, which folds need
  ADD COLUMN keyed_tables name[] NOT NULL DEFAULT '{}';
