-- What an answer depends on besides rows: the labels of enums, which ALTER TYPE ... RENAME VALUE
-- changes, and the time. Answers from several stores.

ALTER TABLE imat_catalog.imat
  -- the table that has them; NULL if the answer depends on no label
  ADD COLUMN labels_text text,
  ADD COLUMN labels regclass
    GENERATED ALWAYS AS (imat_catalog.relation_named(labels_text)) STORED,
  -- the view of rows that the passing of time has changed; NULL if it changes none
  ADD COLUMN elapsed_text text,
  ADD COLUMN elapsed regclass
    GENERATED ALWAYS AS (imat_catalog.relation_named(elapsed_text)) STORED,
  -- the names of the stored tables beside the one of stored_text
  ADD COLUMN further_stores name[] NOT NULL DEFAULT '{}',
  -- what statistics decided when it was planned, in the order in which they were asked: whether the
  -- rows of a key are many, and whether rows below have finer keys
  ADD COLUMN over_rows boolean[] NOT NULL DEFAULT '{}',
  -- whether its answer changes only where a table that it captures does
  ADD COLUMN follows_tables boolean
    GENERATED ALWAYS AS (watchable AND labels_text IS NULL AND elapsed_text IS NULL) STORED;

ALTER TABLE imat_catalog.frontier
  -- now() of the transaction that computed the state
  ADD COLUMN moment timestamptz NOT NULL DEFAULT now();
