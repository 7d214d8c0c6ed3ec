-- Schema history: what tables, columns, views and functions looked like last, and what has changed.

CREATE TABLE imat_catalog.schema_image (
  -- pg_class or pg_proc
  class_id oid NOT NULL,
  object_id oid NOT NULL,
  -- of the object itself its type, such as table; of its parts column, constraint or index
  type text NOT NULL,
  -- the number of a column, the OID of a constraint or index; 0 of the object itself
  part_id oid NOT NULL,
  -- the qualified name of the object, and the name of the part
  object text NOT NULL,
  part text,
  image jsonb NOT NULL,
  -- the transaction that wrote the row of PostgreSQL's catalog
  made_by xid NOT NULL,
  taken_at timestamptz NOT NULL DEFAULT now(),
  -- false after a restore: OIDs of another database mean nothing here
  here boolean GENERATED ALWAYS AS (imat_catalog.is_maintaining()) STORED,
  PRIMARY KEY (class_id, object_id, type, part_id)
);
COMMENT ON TABLE imat_catalog.schema_image IS
  'What PostgreSQL''s catalog said last of each object whose schema history is kept.';

CREATE TABLE imat_catalog.schema_comparison (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  -- when the images were compared with PostgreSQL's catalog the last time
  compared_at timestamptz
);
COMMENT ON TABLE imat_catalog.schema_comparison IS
  'The time of the last comparison: what it did not find has happened since.';
INSERT INTO imat_catalog.schema_comparison DEFAULT VALUES;

CREATE TABLE imat_catalog.schema_change (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- it happened between the two; not_before is NULL if the time is exact
  not_before timestamptz,
  at timestamptz NOT NULL,
  -- NULL where the source does not tell
  xid xid8,
  role text,
  command text,
  class_id oid NOT NULL,
  object_id oid NOT NULL,
  type text NOT NULL,
  part_id oid NOT NULL,
  object text NOT NULL,
  part text,
  kind text NOT NULL CHECK (kind IN ('create', 'alter', 'rename', 'rewrite', 'drop')),
  before jsonb,
  after jsonb,
  source text NOT NULL CHECK (source IN ('event trigger', 'fingerprint')),
  -- the imats that read the object at that time
  imats text[] NOT NULL,
  here boolean GENERATED ALWAYS AS (imat_catalog.is_maintaining()) STORED
);
COMMENT ON TABLE imat_catalog.schema_change IS
  'What has changed in the schema; the view imat.schema_changes shows it.';
CREATE INDEX ON imat_catalog.schema_change (object_id, id);
CREATE INDEX ON imat_catalog.schema_change (object, id);
