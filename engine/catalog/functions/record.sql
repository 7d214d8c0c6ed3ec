-- Convert calls it too: its load is the first measurement of what a rebuild costs.
CREATE OR REPLACE FUNCTION imat_catalog.record(
  imat integer, worker_id text, action text, reason text, took_ms double precision,
  pending_count bigint DEFAULT NULL, count_ms double precision DEFAULT NULL,
  touched_rows bigint DEFAULT NULL, new_signature text DEFAULT NULL,
  code text DEFAULT NULL, message text DEFAULT NULL, detail text DEFAULT NULL,
  hint text DEFAULT NULL, retry_ms double precision DEFAULT NULL
) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  now_at timestamptz := clock_timestamp();
BEGIN
  INSERT INTO imat_catalog.history (imat_id, name, worker, action, reason, started_at, ended_at,
    pending_rows, pending_ms, ms, rows, error_code, error)
  SELECT imat, i.name, worker_id, record.action, record.reason, now_at - took_ms * interval '1 ms',
    now_at, pending_count, count_ms, took_ms, touched_rows, code, message
  FROM imat_catalog.imat i WHERE i.id = imat;
  IF NOT FOUND THEN RETURN; END IF;
  INSERT INTO imat_catalog.schedule (imat_id) VALUES (imat) ON CONFLICT DO NOTHING;
  -- The swap that is finished was recorded when it stored its rows. That it could be finished says
  -- nothing about the next swap, so errors stay.
  IF record.action = 'finish' AND code IS NULL THEN RETURN; END IF;
  UPDATE imat_catalog.schedule s SET
    last_action = record.action, last_reason = record.reason, last_ended_at = now_at,
    last_ms = took_ms, last_rows = touched_rows,
    stored_at = CASE WHEN code IS NULL THEN now_at - took_ms * interval '1 ms' ELSE s.stored_at END,
    finish_tried_at = CASE WHEN record.action = 'finish' THEN now_at ELSE s.finish_tried_at END,
    attempts = CASE WHEN code IS NULL THEN 0 ELSE s.attempts + (s.begun_at IS NULL)::integer END,
    begun_at = NULL,
    -- If the connection was lost (IM015), the statement may have succeeded. The failure gets the
    -- time at which the attempt began, so that anything stored since then clears the error.
    failed_at = CASE WHEN code = 'IM015' THEN coalesce(s.begun_at, now_at) WHEN code IS NOT NULL
      THEN now_at END,
    next_attempt_at = CASE WHEN code IS NULL THEN NULL WHEN retry_ms IS NULL THEN 'infinity'
      ELSE now_at + retry_ms * interval '1 ms' END,
    error_code = code, error = message, error_detail = detail, error_hint = hint,
    signature = CASE WHEN code IS NULL AND record.action IN ('swap', 'publish') THEN new_signature
      ELSE s.signature END,
    fold_ms = CASE WHEN code IS NULL AND record.action = 'fold'
      THEN coalesce(0.75 * s.fold_ms + 0.25 * took_ms, took_ms) ELSE s.fold_ms END,
    -- The time of a small fold is mostly overhead, so it says nothing about the time of a row.
    fold_ms_per_row = CASE WHEN code IS NULL AND record.action = 'fold' AND pending_count >= 1000
      THEN coalesce(0.75 * s.fold_ms_per_row + 0.25 * took_ms / pending_count,
        took_ms / pending_count)
        ELSE s.fold_ms_per_row END,
    rebuild_ms = CASE WHEN code IS NULL AND record.action IN ('swap', 'rebuild', 'load')
      THEN coalesce(0.75 * s.rebuild_ms + 0.25 * took_ms, took_ms) ELSE s.rebuild_ms END
  -- A worker that lost its lease to another one must not overwrite what that one records.
  WHERE s.imat_id = imat AND NOT coalesce(s.worker <> worker_id AND s.lease_until > now_at, false);
END $$;

COMMENT ON FUNCTION imat_catalog.record(
  integer, text, text, text, double precision, bigint, double precision, bigint, text, text,
  text, text, text, double precision
) IS
  'Records a run for an imat: how it ended, what it cost, and when the next attempt is due. '
  'Call it with named arguments; what is left out is NULL.';
