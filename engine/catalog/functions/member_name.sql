CREATE OR REPLACE VIEW imat_catalog.member_name AS
SELECT m.id AS member_id, coalesce(n.nspname, m.schema_name) AS schema_name,
  coalesce(c.relname, m.relation_name) AS relation_name
FROM imat_catalog.member m LEFT JOIN pg_class c ON c.oid = m.relation
  LEFT JOIN pg_namespace n ON n.oid = c.relnamespace;

COMMENT ON VIEW imat_catalog.member_name IS
  'The names of tables and sequences of groups: as they are, or as they were if dropped.';
