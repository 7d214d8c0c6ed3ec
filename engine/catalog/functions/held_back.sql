CREATE OR REPLACE VIEW imat_catalog.held_back AS
SELECT s.relation::regclass AS source, i.name AS imat,
  format('imat "%s" (%s) has not taken in rows of the log of %s, which keeps %s rows', i.name,
    CASE WHEN h.next_attempt_at IS NOT NULL THEN 'failing'
      ELSE i.freshness END, s.relation::regclass, pg_stat_get_live_tuples(s.log)) AS reason
FROM imat_catalog.source s JOIN imat_catalog.imat_source z USING (relation)
  JOIN imat_catalog.imat i ON i.id = z.imat_id AND i.state = 'active' AND i.broken IS NULL
    AND i.dependence <> 'moment'
  JOIN imat_catalog.frontier f ON f.imat_id = i.id
    LEFT JOIN imat_catalog.schedule h ON h.imat_id = i.id
WHERE EXISTS (SELECT FROM pg_class c WHERE c.oid = s.log) AND pg_stat_get_live_tuples(s.log) > 10000
  AND pg_snapshot_xmax(f.snapshot) = (SELECT min(pg_snapshot_xmax(g.snapshot))
    FROM imat_catalog.imat_source o JOIN imat_catalog.frontier g USING (imat_id)
      JOIN imat_catalog.imat m ON m.id = o.imat_id AND m.dependence <> 'moment'
      WHERE o.relation = s.relation AND g.state_relation <> 0)
  -- Somebody else is ahead of it, or nobody else is there. By xmax: a long transaction anywhere
  -- keeps all their xmin the same.
  AND coalesce((SELECT bool_or(pg_snapshot_xmax(g.snapshot) > pg_snapshot_xmax(f.snapshot))
    FROM imat_catalog.imat_source o JOIN imat_catalog.frontier g USING (imat_id)
    WHERE o.relation = s.relation AND g.imat_id <> f.imat_id), true)
UNION ALL
SELECT NULL, NULL,
  format('a transaction of process %s (%s, role %s) has been open for %s: '
    'deleted log rows cannot be vacuumed', a.pid,
  coalesce(nullif(a.application_name, ''), 'no application name'), a.usename,
    date_trunc('second', clock_timestamp() - a.xact_start))
FROM pg_stat_activity a
WHERE a.backend_xmin IS NOT NULL AND a.xact_start < clock_timestamp() - interval '1 minute'
  AND a.datname = current_database() AND a.backend_type = 'client backend'
UNION ALL
SELECT NULL, NULL,
  format('the prepared transaction "%s" has been waiting for %s: '
    'deleted log rows cannot be vacuumed', p.gid,
    date_trunc('second', clock_timestamp() - p.prepared))
FROM pg_prepared_xacts p WHERE p.database = current_database()
  AND p.prepared < clock_timestamp() - interval '1 minute'
UNION ALL
SELECT NULL, NULL,
  format('replication slot "%s" keeps old rows: deleted log rows cannot be vacuumed', r.slot_name)
FROM pg_replication_slots r WHERE r.xmin IS NOT NULL AND age(r.xmin) > 1000000;

COMMENT ON VIEW imat_catalog.held_back IS
  'What prevents log rows from being deleted, or deleted log rows from being vacuumed, one '
  'reason in each row.';
