CREATE OR REPLACE FUNCTION imat_catalog.finish_swap(imat integer, patience interval) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  target imat_catalog.imat;
  active oid;
  slot integer;
BEGIN
  SELECT * INTO target FROM imat_catalog.imat i WHERE i.id = imat;
  IF target.swap_phase IS NULL THEN RETURN true; END IF;
  -- Which slot was active is not known then, and does not matter.
  IF target.broken IS NOT NULL THEN RETURN false; END IF;
  SELECT f.state_relation INTO active FROM imat_catalog.frontier f WHERE f.imat_id = imat;
  slot := 1 - imat_catalog.idle_slot(target.swap, active);
  IF target.swap_phase = 'switched' THEN
    IF target.swap_waits_for IS NULL THEN
      -- Only sessions with a role count. Autovacuum has none; it reads no view and may take hours.
      UPDATE imat_catalog.imat i
      SET swap_waits_for = ARRAY(
        SELECT l.virtualtransaction FROM pg_locks l JOIN pg_stat_activity a USING (pid)
        WHERE l.locktype = 'virtualxid' AND l.pid <> pg_backend_pid() AND a.usesysid IS NOT NULL
          AND a.datid = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
          AND NOT (l.pid = ANY (imat_catalog.fills_elsewhere(imat)))
      )
      WHERE i.id = imat RETURNING i.* INTO target;
    END IF;
    IF EXISTS (SELECT FROM pg_locks l WHERE l.locktype = 'virtualxid'
      AND l.virtualtransaction = ANY (target.swap_waits_for)) THEN
      RETURN false;
    END IF;
  END IF;
  -- In the phase 'filling' nobody has read the other slot yet, so it can be dropped at once. Both
  -- commands succeed or fail together: if one lock cannot be had, the other is given up too, and
  -- readers do not wait for it.
  PERFORM imat_catalog.with_short_locks(
    format('view %s', target.relation),
    format('CREATE OR REPLACE VIEW %s AS %s; DROP TABLE IF EXISTS %s', target.relation,
      target.swap->'views'->>slot, target.swap->'slots'->>(1 - slot)),
    patience, 'A transaction that has read it is still open.'
  );
  UPDATE imat_catalog.imat i SET swap_phase = NULL, swap_waits_for = NULL WHERE i.id = imat;
  RETURN true;
END $$;

COMMENT ON FUNCTION imat_catalog.finish_swap(integer, interval) IS
  'Ends a swap whose new table is in place: when no open transaction can read the previous '
  'slot, the view reads the active slot alone and the previous slot is dropped. Returns true if '
  'nothing is left to do; raises an error if it cannot have the locks.';
