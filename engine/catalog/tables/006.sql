-- What names relations survives a restore, and an imat can be built beside another one.

-- A dump writes a regclass as a name, and its restore fails if there is no such relation yet: views
-- that group by a primary key are restored after all tables. Therefore names are stored as text,
-- and a generated column, which no dump contains, holds the OID. A rename changes neither.
--
-- relation_named (tables/002.sql) is declared IMMUTABLE only because generated columns require it.

DROP VIEW IF EXISTS imat_catalog.status, imat_catalog.held_back, imat_catalog.reading,
  imat_catalog.log_upkeep;

ALTER TABLE imat_catalog.imat
  ALTER definition_view TYPE text, ALTER relation TYPE text, ALTER original TYPE text,
  ALTER replacement TYPE text, ALTER stored TYPE text;
ALTER TABLE imat_catalog.imat RENAME definition_view TO definition_view_text;
ALTER TABLE imat_catalog.imat RENAME relation TO relation_text;
ALTER TABLE imat_catalog.imat RENAME original TO original_text;
ALTER TABLE imat_catalog.imat RENAME replacement TO replacement_text;
ALTER TABLE imat_catalog.imat RENAME stored TO stored_text;
ALTER TABLE imat_catalog.imat
  ADD definition_view regclass
    GENERATED ALWAYS AS (imat_catalog.relation_named(definition_view_text)) STORED,
  ADD relation regclass GENERATED ALWAYS AS (imat_catalog.relation_named(relation_text)) STORED,
  ADD original regclass GENERATED ALWAYS AS (imat_catalog.relation_named(original_text)) STORED,
  ADD replacement regclass
    GENERATED ALWAYS AS (imat_catalog.relation_named(replacement_text)) STORED,
  ADD stored regclass GENERATED ALWAYS AS (imat_catalog.relation_named(stored_text)) STORED,
  -- the imat whose place it takes when it is loaded
  ADD builds integer UNIQUE REFERENCES imat_catalog.imat ON DELETE CASCADE;

ALTER TABLE imat_catalog.source
  DROP CONSTRAINT source_pkey,
  ALTER relation TYPE text, ALTER log TYPE text,
  ALTER former_logs DROP DEFAULT, ALTER former_logs TYPE text[];
ALTER TABLE imat_catalog.source RENAME relation TO relation_text;
ALTER TABLE imat_catalog.source RENAME log TO log_text;
ALTER TABLE imat_catalog.source
  ALTER former_logs SET DEFAULT '{}',
  ADD relation regclass UNIQUE
    GENERATED ALWAYS AS (imat_catalog.relation_named(relation_text)) STORED,
  ADD log regclass GENERATED ALWAYS AS (imat_catalog.relation_named(log_text)) STORED,
  REPLICA IDENTITY FULL;

ALTER TABLE imat_catalog.imat_source DROP CONSTRAINT imat_source_pkey;
DROP INDEX imat_catalog.imat_source_relation_idx;
ALTER TABLE imat_catalog.imat_source ALTER relation TYPE text;
ALTER TABLE imat_catalog.imat_source RENAME relation TO relation_text;
ALTER TABLE imat_catalog.imat_source
  ADD relation regclass GENERATED ALWAYS AS (imat_catalog.relation_named(relation_text)) STORED,
  ADD UNIQUE (imat_id, relation),
  REPLICA IDENTITY FULL;
CREATE INDEX ON imat_catalog.imat_source (relation);

-- The worker repairs, too.
ALTER TABLE imat_catalog.history
  DROP CONSTRAINT history_action_check,
  ADD CHECK (action IN ('skip', 'fold', 'swap', 'rebuild', 'finish', 'publish', 'load', 'request',
    'repair'));
