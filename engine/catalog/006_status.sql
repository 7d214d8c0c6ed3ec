-- What there is, how it goes, and what is in the way.

-- Logs with what a worker decides their upkeep by.
CREATE VIEW imat_catalog.log_upkeep AS
SELECT s.relation::oid AS source, s.log, n.nspname AS schema, c.relname AS name,
  pg_stat_get_live_tuples(c.oid) AS rows, pg_stat_get_dead_tuples(c.oid) AS dead_rows,
  x.indexrelid::regclass AS xid_index, x.indisvalid AS is_valid
FROM imat_catalog.source s JOIN pg_class c ON c.oid = s.log JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_index x ON x.indrelid = s.log AND x.indnkeyatts = 1
  AND x.indkey[0] = (SELECT a.attnum FROM pg_attribute a WHERE a.attrelid = s.log AND a.attname = 'xid');

-- What keeps log rows from being deleted, or deleted ones from being vacuumed.
CREATE VIEW imat_catalog.held_back AS
SELECT s.relation::regclass AS source, i.name AS imat,
  format('imat "%s" (%s) has not taken in rows of the log of %s, which keeps %s rows', i.name,
    CASE WHEN h.next_attempt_at IS NOT NULL THEN 'failing' ELSE i.freshness END, s.relation::regclass, pg_stat_get_live_tuples(s.log)) AS reason
FROM imat_catalog.source s JOIN imat_catalog.imat_source z USING (relation) JOIN imat_catalog.imat i ON i.id = z.imat_id AND i.state = 'active'
  JOIN imat_catalog.frontier f ON f.imat_id = i.id LEFT JOIN imat_catalog.schedule h ON h.imat_id = i.id
WHERE EXISTS (SELECT FROM pg_class c WHERE c.oid = s.log) AND pg_stat_get_live_tuples(s.log) > 10000
  AND pg_snapshot_xmax(f.snapshot) = (SELECT min(pg_snapshot_xmax(g.snapshot)) FROM imat_catalog.imat_source o JOIN imat_catalog.frontier g USING (imat_id) WHERE o.relation = s.relation)
  -- Somebody else is ahead of it, or nobody else is there. By xmax: a long transaction anywhere keeps all their xmin the same.
  AND coalesce((SELECT bool_or(pg_snapshot_xmax(g.snapshot) > pg_snapshot_xmax(f.snapshot)) FROM imat_catalog.imat_source o JOIN imat_catalog.frontier g USING (imat_id)
    WHERE o.relation = s.relation AND g.imat_id <> f.imat_id), true)
UNION ALL
SELECT NULL, NULL, format('a transaction of process %s (%s, role %s) has been open for %s: deleted log rows cannot be vacuumed', a.pid,
  coalesce(nullif(a.application_name, ''), 'no application name'), a.usename, date_trunc('second', clock_timestamp() - a.xact_start))
FROM pg_stat_activity a
WHERE a.backend_xmin IS NOT NULL AND a.xact_start < clock_timestamp() - interval '1 minute' AND a.datname = current_database() AND a.backend_type = 'client backend'
UNION ALL
SELECT NULL, NULL, format('the prepared transaction "%s" has been waiting for %s: deleted log rows cannot be vacuumed', p.gid, date_trunc('second', clock_timestamp() - p.prepared))
FROM pg_prepared_xacts p WHERE p.database = current_database() AND p.prepared < clock_timestamp() - interval '1 minute'
UNION ALL
SELECT NULL, NULL, format('replication slot "%s" keeps old rows: deleted log rows cannot be vacuumed', r.slot_name)
FROM pg_replication_slots r WHERE r.xmin IS NOT NULL AND age(r.xmin) > 1000000;

-- What people and programs read.
CREATE VIEW imat_catalog.status AS
SELECT i.name, c.oid::regclass AS relation, i.strategy, i.freshness,
  CASE WHEN i.state = 'active' AND (c.oid IS NULL OR d.oid IS NULL OR f.here IS NOT TRUE OR s.oid IS NULL) THEN 'broken' ELSE i.state END AS state,
  CASE WHEN i.state = 'active' AND f.here THEN imat_catalog.pending_rows(i.id) ELSE 0 END AS pending_rows,
  ARRAY(SELECT z.relation::regclass FROM imat_catalog.imat_source z WHERE z.imat_id = i.id ORDER BY z.relation) AS sources,
  (SELECT o.oid::regclass FROM pg_class o WHERE o.oid = i.original) AS original,
  coalesce(pg_total_relation_size(s.oid), 0) AS state_bytes,
  (SELECT coalesce(sum(pg_total_relation_size(l.oid)), 0)::bigint
   FROM imat_catalog.imat_source z JOIN imat_catalog.source o USING (relation) JOIN pg_class l ON l.oid = o.log
   WHERE z.imat_id = i.id) AS log_bytes,
  f.advanced_at AS frontier_at,
  h.last_action, h.last_reason, h.last_ended_at AS last_run_at, h.last_ms, h.attempts - (h.begun_at IS NOT NULL AND NOT a.cut_off)::integer AS failed_attempts,
  CASE WHEN a.failing THEN CASE WHEN a.cut_off THEN 'IM015' ELSE h.error_code END END AS error_code,
  CASE WHEN a.failing THEN CASE WHEN a.cut_off THEN imat_catalog.cut_off_message() ELSE h.error END END AS error,
  CASE WHEN a.failing AND NOT a.cut_off THEN h.error_hint END AS error_hint,
  CASE WHEN a.failing THEN h.next_attempt_at END AS next_attempt_at,
  CASE WHEN imat_catalog.is_leased(h.lease_until, h.worker) THEN h.worker END AS worker
FROM imat_catalog.imat i
LEFT JOIN imat_catalog.frontier f ON f.imat_id = i.id
LEFT JOIN pg_class c ON c.oid = i.relation
LEFT JOIN pg_class d ON d.oid = i.definition_view
LEFT JOIN pg_class s ON s.oid = f.state_relation
LEFT JOIN imat_catalog.schedule h ON h.imat_id = i.id
CROSS JOIN LATERAL (
  SELECT NOT f.advanced_at > CASE WHEN c.cut_off THEN h.begun_at ELSE h.failed_at END AS failing, c.cut_off
  FROM (SELECT h.begun_at IS NOT NULL AND NOT coalesce(imat_catalog.is_leased(h.lease_until, h.worker), false) AS cut_off) c
) a;
