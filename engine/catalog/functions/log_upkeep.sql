CREATE OR REPLACE VIEW imat_catalog.log_upkeep AS
SELECT s.relation::oid AS source, s.log, n.nspname AS schema, c.relname AS name,
  pg_stat_get_live_tuples(c.oid) AS rows, pg_stat_get_dead_tuples(c.oid) AS dead_rows,
  x.indexrelid::regclass AS xid_index, x.indisvalid AS is_valid,
  pg_relation_size(c.oid) / current_setting('block_size')::bigint AS pages,
  pg_total_relation_size(c.oid) AS bytes
FROM imat_catalog.source s JOIN pg_class c ON c.oid = s.log
  JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_index x ON x.indrelid = s.log AND x.indnkeyatts = 1
  AND x.indkey[0] = (SELECT a.attnum FROM pg_attribute a WHERE a.attrelid = s.log
    AND a.attname = 'xid');

COMMENT ON VIEW imat_catalog.log_upkeep IS
  'The logs, with what a worker bases their upkeep on.';
