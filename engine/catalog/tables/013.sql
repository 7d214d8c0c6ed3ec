-- The labels of enums under which an answer was stored: ALTER TYPE ... RENAME VALUE writes no row.

ALTER TABLE imat_catalog.imat
  -- the table that has them; NULL if the answer depends on no label
  ADD COLUMN labels_text text,
  ADD COLUMN labels regclass
    GENERATED ALWAYS AS (imat_catalog.relation_named(labels_text)) STORED;
