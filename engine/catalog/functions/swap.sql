-- A row switches, not a command, so that every snapshot reads the table that belongs to it:
-- (1) the view reads the slot that is active;
-- (2) one REPEATABLE READ transaction fills the idle slot and makes it active;
-- (3) when no transaction can read the previous slot any more, it is dropped.
-- If readers prevent (1), then (2) fills the active slot in place. After an interruption, the next
-- call continues from what the catalog says.
CREATE OR REPLACE PROCEDURE imat.swap(name text)
LANGUAGE plpgsql
AS $$
DECLARE
  target imat_catalog.imat;
  rows bigint;
  sources pg_catalog.oid[];
  source pg_catalog.oid;
  in_place boolean;
  locks pg_catalog.text;
  finished boolean;
  refusals integer := 0;
BEGIN
  CALL imat_catalog.require_no_transaction('imat.swap');

  -- (1)
  COMMIT;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  target := imat_catalog.find(name);
  IF target.strategy OPERATOR(pg_catalog.<>) 'swap' THEN
    RAISE EXCEPTION
      USING ERRCODE = 'wrong_object_type',
        MESSAGE = pg_catalog.format('imat "%s" has the strategy delta', name),
      HINT = pg_catalog.format('CALL imat.fold(%L) brings its stored table up to date.', name);
  END IF;
  PERFORM imat_catalog.require_intact(target.id);
  PERFORM imat_catalog.break_differing(ARRAY[target.id], false);
  COMMIT;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  PERFORM imat_catalog.check_definition(target.id);
  in_place := NOT imat_catalog.open_slot(name);
  sources := ARRAY(SELECT i.relation FROM imat_catalog.imat_source i
    WHERE i.imat_id OPERATOR(pg_catalog.=) target.id ORDER BY 1);
  locks := imat_catalog.view_locks(target.id);
  COMMIT;

  -- (2)
  FOR attempt IN 1..300 LOOP
    COMMIT;
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
    PERFORM imat_catalog.require_intact(target.id);
    WHILE imat_catalog.follow_parts_of(target.id) LOOP
      COMMIT;
      SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
    END LOOP;
    COMMIT;
    SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;
    IF imat_catalog.hold_views(locks) THEN
      IF imat_catalog.claim(target.id) THEN
        EXIT WHEN imat_catalog.hold_sources(target.id);
      ELSE
        -- Whoever has its row may be marking it as broken, which only a later snapshot shows.
        ROLLBACK;
        PERFORM imat_catalog.require_whole(target.id);
        refusals := refusals OPERATOR(pg_catalog.+) 1;
        IF refusals OPERATOR(pg_catalog.=) 10
          THEN PERFORM imat_catalog.swapped_elsewhere(name); END IF;
      END IF;
    END IF;
    ROLLBACK;
    IF NOT imat_catalog.await_sources(ARRAY[target.id]) THEN
      PERFORM pg_catalog.pg_sleep(0.05);
    END IF;
    IF attempt OPERATOR(pg_catalog.=) 300 THEN
      RAISE EXCEPTION
        USING ERRCODE = 'serialization_failure',
          MESSAGE = pg_catalog.format(
            'the sources of imat "%s" kept being locked, truncated, rewritten or partitioned',
              name);
    END IF;
  END LOOP;
  rows := imat_catalog.fill_slot(target.id, in_place);
  PERFORM pg_catalog.set_config('imat.rows', rows::pg_catalog.text, false);
  COMMIT;

  -- (3) Nobody waits for this: what cannot be dropped now is dropped by the next swap.
  FOR attempt IN 1..10 LOOP
    COMMIT;
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
    finished := imat_catalog.try_finish_swap(target.id);
    COMMIT;
    EXIT WHEN finished;
    PERFORM pg_catalog.pg_sleep(0.1);
  END LOOP;
  FOREACH source IN ARRAY sources LOOP
    COMMIT;
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
    PERFORM imat_catalog.clean_log(source);
  END LOOP;
  COMMIT;
END $$;

COMMENT ON PROCEDURE imat.swap(text) IS
  'Stores the definition of an imat with the strategy swap anew and switches readers to it. '
  'CALL it outside of a transaction block. The setting imat.rows then holds the number of '
  'stored rows.';
