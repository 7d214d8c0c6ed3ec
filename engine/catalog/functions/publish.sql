-- Each imat is treated as in imat.fold and imat.swap. An imat that is read and has not changed
-- stays as it is.
CREATE OR REPLACE PROCEDURE imat_catalog.publish(names text[])
LANGUAGE plpgsql
AS $$
DECLARE
  name pg_catalog.text;
  target imat_catalog.imat;
  last_id integer := (imat_catalog.find(names[pg_catalog.cardinality(names)])).id;
  all_ids integer[];
  ids integer[];
  in_place integer[];
  signatures pg_catalog.jsonb;
  locks pg_catalog.text;
  id integer;
  source pg_catalog.oid;
  started pg_catalog.timestamptz;
  rows bigint;
  total bigint := 0;
  corruption pg_catalog.text;
BEGIN
  CALL imat_catalog.require_no_transaction('imat_catalog.publish');
  FOR attempt IN 1..300 LOOP
    -- (1) The imats that have changed, and a slot for each that is filled.
    all_ids := '{}'; ids := '{}'; in_place := '{}'; signatures := '{}'; locks := '';
    started := pg_catalog.clock_timestamp();
    FOREACH name IN ARRAY names LOOP
      COMMIT;
      SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
      target := imat_catalog.find(name);
      PERFORM imat_catalog.require_intact(target.id);
      PERFORM imat_catalog.break_differing(ARRAY[target.id], false);
      COMMIT;
      SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
      WHILE imat_catalog.follow_parts_of(target.id) LOOP
        COMMIT;
        SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
      END LOOP;
      PERFORM imat_catalog.check_definition(target.id);
      locks := locks OPERATOR(pg_catalog.||) imat_catalog.view_locks(target.id);
      all_ids := all_ids OPERATOR(pg_catalog.||) target.id;
      CONTINUE WHEN target.id OPERATOR(pg_catalog.<>) last_id
        AND NOT imat_catalog.has_changed(target.id);
      ids := ids OPERATOR(pg_catalog.||) target.id;
      IF target.strategy OPERATOR(pg_catalog.=) 'swap' THEN
        signatures := signatures OPERATOR(pg_catalog.||) pg_catalog.jsonb_build_object(target.id,
          imat_catalog.signature(target.id));
        IF NOT imat_catalog.open_slot(name)
          THEN in_place := in_place OPERATOR(pg_catalog.||) target.id; END IF;
      END IF;
    END LOOP;

    -- (2) All of them, at one snapshot.
    COMMIT;
    SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;
    IF imat_catalog.hold_views(locks) THEN
      EXIT WHEN imat_catalog.hold_publication(all_ids, ids, last_id);
    END IF;
    ROLLBACK;
    IF attempt OPERATOR(pg_catalog.=) 300 THEN
      RAISE EXCEPTION
        USING ERRCODE = 'serialization_failure',
          MESSAGE = pg_catalog.format(
            'imats %s kept being folded, or their sources locked or truncated',
              pg_catalog.array_to_string(names, ', '));
    END IF;
    IF NOT imat_catalog.await_sources(ids) THEN PERFORM pg_catalog.pg_sleep(0.05); END IF;
  END LOOP;
  FOREACH name IN ARRAY names LOOP
    target := imat_catalog.find(name);
    CONTINUE WHEN target.id OPERATOR(pg_catalog.<>) ALL (ids);
    BEGIN
      rows := imat_catalog.store_published(name, target.id OPERATOR(pg_catalog.=) ANY (in_place));
    EXCEPTION WHEN data_corrupted THEN
      corruption := SQLERRM;
      EXIT;
    END;
    total := total OPERATOR(pg_catalog.+) rows;
    -- The caller records the run of the last one.
    IF target.id OPERATOR(pg_catalog.<>) last_id THEN
      BEGIN
        UPDATE imat_catalog.schedule s
          SET stored_at = started,
            signature = signatures OPERATOR(pg_catalog.->>) target.id::pg_catalog.text
        WHERE s.imat_id OPERATOR(pg_catalog.=) target.id;
      EXCEPTION WHEN serialization_failure THEN
        -- A worker has recorded an attempt on it since the snapshot. Its record stands; what is
        -- stored is right, and is stored once more at worst.
        NULL;
      END;
    END IF;
  END LOOP;
  IF corruption IS NOT NULL THEN
    CALL imat_catalog.break_corrupted(target.id, corruption);
  END IF;
  PERFORM pg_catalog.set_config('imat.rows', total::pg_catalog.text, false);
  -- At this snapshot: the caller compares it to tell whether the last imat is up to date.
  PERFORM pg_catalog.set_config('imat.frontiers_read', imat_catalog.frontiers_read(last_id), false);
  COMMIT;

  -- (3) A slot that cannot be dropped now is dropped later.
  FOREACH id IN ARRAY ids LOOP
    COMMIT;
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
    PERFORM imat_catalog.try_finish_swap(id);
  END LOOP;
  FOR source IN SELECT DISTINCT i.relation::pg_catalog.oid FROM imat_catalog.imat_source i
    WHERE i.imat_id OPERATOR(pg_catalog.=) ANY (ids) LOOP
    PERFORM imat_catalog.clean_log(source);
  END LOOP;
  COMMIT;
END $$;

COMMENT ON PROCEDURE imat_catalog.publish(text[]) IS
  'Publishes an imat, the last one named, and the stored imats that it reads, in the order '
  'given, at one snapshot: it folds and fills them in one REPEATABLE READ transaction.';
