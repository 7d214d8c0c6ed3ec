-- The snapshot is taken before anything is read, so a change that comes meanwhile is seen in the
-- next answer.
CREATE OR REPLACE FUNCTION imat_catalog.look(since text, count_up_to integer,
  wanted integer[]) RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  snap text := pg_current_snapshot()::text;
  imats integer[];
  pending bigint[];
BEGIN
  IF snap = since
    AND NOT EXISTS (SELECT FROM imat_catalog.imat i
      WHERE (NOT i.watchable OR i.elapsed IS NOT NULL) AND i.freshness <> 'manual') THEN
    RETURN jsonb_build_object('snapshot', snap);
  END IF;
  IF since IS NULL THEN
    PERFORM imat_catalog.allow_capture(s.relation) FROM imat_catalog.source s;
    PERFORM imat_catalog.break_differing(wanted, false);
  END IF;
  SELECT array_agg(c.imat), array_agg(c.n) INTO imats, pending
  FROM imat_catalog.count_pending(count_up_to, wanted) c;
  RETURN (
    SELECT jsonb_build_object('snapshot', snap, 'imats', coalesce(jsonb_agg(to_jsonb(x)), '[]'),
      'requests', (SELECT count(*) FROM imat_catalog.request q WHERE q.carried_out_at IS NULL
        AND coalesce(q.next_attempt_at <= clock_timestamp(), true)
        AND imat_catalog.is_leased(q.lease_until, q.worker) IS NOT TRUE))
    FROM (
      SELECT i.id, i.name, i.strategy, i.freshness, i.watchable, i.dependence,
        i.untrusted
          AND (SELECT pg_get_userbyid(c.relowner) FROM pg_class c
            WHERE c.oid = i.definition_view) IS DISTINCT FROM current_user AS untrusted,
        CASE WHEN i.freshness NOT IN ('live', 'manual')
          THEN extract(epoch FROM i.freshness::interval) * 1000 END AS "freshnessMs",
        i.swap_phase AS "swapPhase",
        f.here IS TRUE AND EXISTS (SELECT FROM pg_class c WHERE c.oid = i.relation)
          AND EXISTS (SELECT FROM pg_class c WHERE c.oid = i.definition_view)
          AND EXISTS (SELECT FROM pg_class c WHERE c.oid = f.state_relation) AS intact,
        coalesce(p.n, 0) AS "pendingRows",
        coalesce(p.n, 0) > 0 AND i.strategy = 'delta' 
          AND (imat_catalog.has_reset(i.id) OR imat_catalog.labels_changed(i.labels))
          AS "resetPending",
        CASE WHEN i.strategy = 'swap' AND NOT i.watchable AND i.dependence = 'tables'
          THEN imat_catalog.signature(i.id) END AS signature,
        s.signature AS "lastSignature",
        imat_catalog.age_ms(f.advanced_at) AS "frontierMs",
        imat_catalog.age_ms(s.stored_at) AS "storedMs",
        imat_catalog.age_ms(s.finish_tried_at) AS "finishTriedMs",
        imat_catalog.age_ms(s.last_ended_at) AS "endedMs",
        s.last_action AS "lastAction", s.last_ms AS "lastMs", s.fold_ms AS "foldMs",
          s.fold_ms_per_row AS "foldMsPerRow", s.rebuild_ms AS "rebuildMs",
        -- A fold, swap or conversion by hand since then clears the error.
        CASE WHEN a.lifted THEN 0 ELSE s.attempts END AS attempts,
        CASE WHEN NOT a.lifted THEN CASE WHEN s.begun_at IS NOT NULL AND NOT a.leased THEN 'IM015'
          ELSE s.error_code END END AS "errorCode",
        CASE WHEN s.next_attempt_at > clock_timestamp()
          AND NOT (s.begun_at IS NOT NULL AND a.leased) AND NOT a.lifted
          AND (s.next_attempt_at = 'infinity'
            OR imat_catalog.age_ms(GREATEST(s.failed_at, s.begun_at)) IS NOT NULL) THEN
          CASE WHEN s.next_attempt_at = 'infinity' THEN -1
            ELSE extract(epoch FROM s.next_attempt_at - clock_timestamp()) * 1000 END
        END AS "blockedMs",
        CASE WHEN a.leased THEN s.worker END AS "leasedBy"
      FROM imat_catalog.imat i LEFT JOIN imat_catalog.frontier f ON f.imat_id = i.id
        LEFT JOIN imat_catalog.schedule s ON s.imat_id = i.id
        CROSS JOIN LATERAL (SELECT coalesce(imat_catalog.is_leased(s.lease_until, s.worker),
          false) AS leased,
            coalesce(f.advanced_at > GREATEST(s.failed_at, s.begun_at), false) AS lifted) a
        LEFT JOIN (
          SELECT u.imat, sum(u.n)::bigint AS n FROM unnest(imats, pending) u(imat, n)
          GROUP BY u.imat
        ) p ON p.imat = i.id
      WHERE i.state = 'active' AND (wanted IS NULL OR i.id = ANY (wanted))
      ORDER BY i.id
    ) x
  );
END $$;

COMMENT ON FUNCTION imat_catalog.look(text, integer, integer[]) IS
  'Returns everything that a worker bases its decisions on, as one document. since: the '
  'snapshot of the previous answer; if nothing has ended since, the rest is left out; if NULL, '
  'imats that do not pass their checks are marked as broken first. '
  'count_up_to: where the count of pending rows stops. wanted: ids of imats, or NULL for all.';
