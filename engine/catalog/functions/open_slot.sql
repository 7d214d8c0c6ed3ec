-- Readers that prevent it are transactions that have read the view, and those that began before the
-- last swap and may still read the slot. The caller commits what finish_swap notes about such
-- transactions.
CREATE OR REPLACE FUNCTION imat_catalog.open_slot(name text) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  target imat_catalog.imat := imat_catalog.find(name);
  active oid;
  fresh text;
BEGIN
  PERFORM FROM imat_catalog.imat i WHERE i.id = target.id FOR NO KEY UPDATE;
  target := imat_catalog.find(name);
  SELECT f.state_relation INTO active FROM imat_catalog.frontier f
    JOIN pg_class c ON c.oid = f.state_relation WHERE f.imat_id = target.id AND f.here;
  IF active IS NULL THEN PERFORM imat_catalog.no_frontier(name); END IF;
  IF NOT imat_catalog.finish_swap(target.id, '1.5 s') THEN RETURN false; END IF;
  fresh := target.swap->'slots'->>imat_catalog.idle_slot(target.swap, active);
  EXECUTE format(
    'CREATE TABLE %1$s (LIKE %2$s INCLUDING ALL); ALTER TABLE %1$s REPLICA IDENTITY FULL', fresh,
      active::regclass);
  PERFORM imat_catalog.copy_grants(active, to_regclass(fresh));
  PERFORM imat_catalog.show_rows(to_regclass(fresh));
  -- To take locks has shown this session what was dropped before it had the imat's row.
  PERFORM imat_catalog.require_intact(target.id);
  PERFORM imat_catalog.with_short_locks(format('view %s', target.relation),
    format('CREATE OR REPLACE VIEW %s AS %s', target.relation, target.swap->>'both'), '1.5 s',
    'A transaction that has read it is still open.');
  UPDATE imat_catalog.imat i SET swap_phase = 'filling', swap_waits_for = NULL
    WHERE i.id = target.id;
  RETURN true;
EXCEPTION WHEN lock_not_available THEN
  RETURN false;
END $$;

COMMENT ON FUNCTION imat_catalog.open_slot(text) IS
  'Prepares the idle slot of a swap imat: an empty table, and a view that reads the slot that '
  'is active. Returns false if readers prevent it; the caller then fills the active slot in '
  'place.';
