CREATE OR REPLACE VIEW imat.schema_changes AS
SELECT c.not_before, c.at, c.xid, c.role, c.command, c.object, c.type, c.part, c.kind, c.before,
  c.after, c.source, c.imats
FROM imat_catalog.schema_change c
-- Of what has been dropped, and after a restore, only those may know who may read the catalog.
WHERE has_table_privilege('imat_catalog.schema_change'::regclass, 'SELECT') OR c.here AND CASE
  WHEN c.class_id = 'pg_proc'::regclass THEN has_function_privilege(c.object_id, 'EXECUTE')
  WHEN c.type = 'sequence' THEN has_sequence_privilege(c.object_id, 'SELECT')
  ELSE has_table_privilege(c.object_id, 'SELECT') END
ORDER BY c.id DESC;

COMMENT ON VIEW imat.schema_changes IS
  'The recorded changes of tables, columns, constraints, indexes, views and functions that imats '
  'read, and of members of groups; newest first.';

GRANT SELECT ON imat.schema_changes TO PUBLIC;
