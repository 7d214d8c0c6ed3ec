-- pg_current_snapshot leaves the transaction's own id out: it may look done or not done, depending
-- on what other transactions have ended.
CREATE OR REPLACE FUNCTION imat_catalog.snapshot_with_own(taken pg_snapshot, own xid8,
  is_before boolean) RETURNS pg_snapshot
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH s AS (
    SELECT pg_snapshot_xmin(taken)::text::numeric AS xmin,
      pg_snapshot_xmax(taken)::text::numeric AS xmax, own::text::numeric AS own
  ), u AS (
    SELECT x::text::numeric AS xid FROM pg_snapshot_xip(taken) x
    UNION
    -- those that began before this one and have not ended
    SELECT g FROM s, generate_series(s.xmax, s.own - 1) g WHERE is_before
    UNION
    SELECT s.own FROM s WHERE NOT is_before AND s.own < s.xmax
    EXCEPT
    SELECT s.own FROM s WHERE is_before
  )
  SELECT ((SELECT least(s.xmin, min(u.xid)) FROM u)::text || ':'
    || (CASE WHEN is_before THEN greatest(s.xmax, s.own + 1) ELSE s.xmax END)::text || ':'
    || coalesce((SELECT string_agg(u.xid::text, ',' ORDER BY u.xid) FROM u), ''))::pg_snapshot
  FROM s
$$;

COMMENT ON FUNCTION imat_catalog.snapshot_with_own(pg_snapshot, xid8, boolean) IS
  'Returns the snapshot in which the transaction that took it is visible, or is not.';
