CREATE OR REPLACE VIEW imat_catalog.status AS
SELECT i.name, c.oid::regclass AS relation, i.strategy, i.freshness,
  CASE WHEN p.broken THEN 'broken' ELSE i.state END AS state,
  n.pending AS pending_rows,
  ARRAY(SELECT z.relation::regclass FROM imat_catalog.imat_source z WHERE z.imat_id = i.id
    ORDER BY z.relation) AS sources,
  (SELECT o.oid::regclass FROM pg_class o WHERE o.oid = i.original) AS original,
  (SELECT coalesce(sum(pg_total_relation_size(t.stored)), 0)::bigint
   FROM (SELECT f.state_relation AS stored
     UNION ALL SELECT o.oid FROM pg_class o JOIN pg_namespace n ON n.oid = o.relnamespace
     WHERE n.nspname = 'imat_store' AND o.relname = ANY (i.further_stores)) t) AS state_bytes,
  (SELECT coalesce(sum(pg_total_relation_size(l.oid)), 0)::bigint
   FROM imat_catalog.imat_source z JOIN imat_catalog.source o USING (relation)
     JOIN pg_class l ON l.oid = o.log
   WHERE z.imat_id = i.id AND i.dependence <> 'moment') AS log_bytes,
  f.advanced_at AS frontier_at,
  h.last_action, h.last_reason, h.last_ended_at AS last_run_at, h.last_ms,
    h.attempts - (h.begun_at IS NOT NULL AND NOT a.cut_off)::integer AS failed_attempts,
  CASE WHEN a.failing THEN CASE WHEN a.cut_off THEN 'IM015' ELSE h.error_code END END AS error_code,
  CASE WHEN a.failing THEN CASE WHEN a.cut_off THEN imat_catalog.cut_off_message()
    ELSE h.error END END AS error,
  CASE WHEN a.failing AND NOT a.cut_off THEN h.error_hint END AS error_hint,
  CASE WHEN a.failing THEN h.next_attempt_at END AS next_attempt_at,
  CASE WHEN imat_catalog.is_leased(h.lease_until, h.worker) THEN h.worker END AS worker,
  p.problems,
  (SELECT coalesce(sum(pg_stat_get_live_tuples(o.log)), 0)::bigint
   FROM imat_catalog.imat_source z JOIN imat_catalog.source o USING (relation)
   WHERE z.imat_id = i.id AND i.dependence <> 'moment') AS log_rows,
  i.strategy = 'delta' AND f.here IS TRUE AND EXISTS (
    SELECT FROM imat_store.reset r JOIN imat_catalog.imat_source z USING (relation)
    WHERE z.imat_id = i.id AND NOT pg_visible_in_snapshot(r.xid, f.snapshot)) AS reset_pending
FROM imat_catalog.imat i
LEFT JOIN imat_catalog.frontier f ON f.imat_id = i.id
LEFT JOIN pg_class c ON c.oid = i.relation
LEFT JOIN imat_catalog.schedule h ON h.imat_id = i.id
CROSS JOIN LATERAL (
  SELECT NOT f.advanced_at > CASE WHEN c.cut_off THEN h.begun_at
    ELSE h.failed_at END AS failing, c.cut_off
  FROM (SELECT h.begun_at IS NOT NULL
    AND NOT coalesce(imat_catalog.is_leased(h.lease_until, h.worker), false) AS cut_off) c
) a
CROSS JOIN LATERAL (
  SELECT CASE WHEN i.state = 'active' AND f.here THEN imat_catalog.pending_rows(i.id)
    ELSE 0 END AS pending
) n
CROSS JOIN LATERAL (
  SELECT coalesce(bool_or(q.severity = 'broken'), false) AS broken,
    coalesce(jsonb_agg(to_jsonb(q)), '[]') AS problems
  FROM imat_catalog.problems(i.id, n.pending) q
) p
WHERE i.builds IS NULL;

COMMENT ON VIEW imat_catalog.status IS
  'One row for each imat: its strategy, state, pending rows, sizes, last run, last error and '
  'problems. The logs are those that it reads; log_rows is an estimate; reset_pending: reads use '
  'the sources until the state is computed anew.';
