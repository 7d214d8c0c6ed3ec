-- Whether the OIDs in the schema history are those of this cluster: pg_upgrade keeps those of
-- tables, and gives functions and constraints others.

ALTER TABLE imat_catalog.schema_comparison
  -- the cluster in which the images were taken
  ADD COLUMN cluster bigint;
UPDATE imat_catalog.schema_comparison SET cluster = (SELECT c.system_identifier
  FROM pg_control_system() c);
