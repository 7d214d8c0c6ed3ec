-- The caller has a REPEATABLE READ transaction that has locked the views, claimed the imat and
-- holds its sources. In place, older snapshots still see the old rows, as with any deleted rows.
-- The functions of the definition run here, so this function keeps the search_path of the session.
CREATE OR REPLACE FUNCTION imat_catalog.fill_slot(imat integer, in_place boolean) RETURNS bigint
LANGUAGE plpgsql
AS $$
DECLARE
  target imat_catalog.imat;
  active pg_catalog.oid;
  idle integer;
  place pg_catalog.text;
  bytes bigint;
  rows bigint;
BEGIN
  SELECT * INTO target FROM imat_catalog.imat i WHERE i.id OPERATOR(pg_catalog.=) imat;
  SELECT f.state_relation INTO active FROM imat_catalog.frontier f
    WHERE f.imat_id OPERATOR(pg_catalog.=) imat;
  idle := imat_catalog.idle_slot(target.swap, active);
  PERFORM imat_catalog.check_definition(imat);
  PERFORM imat_catalog.take_labels(imat);
  -- What depends on session settings is stored under those that convert found; the view compares
  -- them.
  PERFORM pg_catalog.set_config(s.key, s.value, true)
    FROM pg_catalog.jsonb_each_text(target.swap OPERATOR(pg_catalog.->) 'settings') s;
  IF in_place THEN
    bytes := COALESCE(target.swap_bytes, pg_catalog.pg_relation_size(active));
    IF pg_catalog.pg_relation_size(active)
      OPERATOR(pg_catalog.>) (5 OPERATOR(pg_catalog.*) GREATEST(bytes, 65536))
      AND pg_catalog.pg_stat_get_dead_tuples(active)
        OPERATOR(pg_catalog.>) pg_catalog.pg_stat_get_live_tuples(active) THEN
      RAISE EXCEPTION
        USING ERRCODE = 'lock_not_available',
          MESSAGE = pg_catalog.format('the previous rows of imat "%s" cannot be removed',
            target.name),
        DETAIL = 'Transactions that are still open may read them, and the stored table has '
          'grown by several times its size.',
        HINT = 'Try again when these have ended and the table has been vacuumed; imat status names '
          'those that are open for long.';
    END IF;
    place := target.swap OPERATOR(pg_catalog.->) 'slots'
      OPERATOR(pg_catalog.->>) (1 OPERATOR(pg_catalog.-) idle);
    EXECUTE pg_catalog.format('DELETE FROM %s', place);
  ELSE
    place := target.swap OPERATOR(pg_catalog.->) 'slots' OPERATOR(pg_catalog.->>) idle;
    IF COALESCE(target.swap_phase, '') OPERATOR(pg_catalog.<>) 'filling'
      OR pg_catalog.to_regclass(place) IS NULL
      THEN PERFORM imat_catalog.swapped_elsewhere(target.name); END IF;
  END IF;
  -- The snapshot may be older than that; there is no name then.
  IF target.definition_view::pg_catalog.text
    OPERATOR(pg_catalog.=) target.definition_view::pg_catalog.oid::pg_catalog.text THEN
    RAISE EXCEPTION
      USING ERRCODE = 'serialization_failure',
        MESSAGE = pg_catalog.format('the definition of imat "%s" was dropped at the same time',
          target.name),
        HINT = 'Try again.';
  END IF;
  EXECUTE pg_catalog.format('INSERT INTO %s SELECT * FROM %s', place, target.definition_view);
  GET DIAGNOSTICS rows = ROW_COUNT;
  EXECUTE pg_catalog.format('ANALYZE %s', place);
  PERFORM imat_catalog.advance(imat, pg_catalog.to_regclass(place));
  UPDATE imat_catalog.imat i SET
    swap_phase = CASE WHEN in_place THEN i.swap_phase ELSE 'switched' END,
    swap_bytes = CASE WHEN in_place THEN bytes ELSE pg_catalog.pg_relation_size(place) END
  WHERE i.id OPERATOR(pg_catalog.=) imat;
  RETURN rows;
END $$;

COMMENT ON FUNCTION imat_catalog.fill_slot(integer, boolean) IS
  'Fills a slot of a swap imat with the rows of its definition and makes that slot active: the '
  'slot that open_slot prepared, or with in_place the active slot. Returns the number of rows.';
