-- A parameter that returns the number of rows could not be left out in PL/pgSQL; so a setting
-- returns it.
--
-- A fold waits for another fold of the same imat outside of the transaction whose snapshot counts,
-- together with all others that wait.
CREATE OR REPLACE PROCEDURE imat.fold(name text)
LANGUAGE plpgsql
AS $$
DECLARE
  target imat_catalog.imat;
  rows bigint;
  emptied integer := 0;
  differing integer;
  sources pg_catalog.oid[];
  source pg_catalog.oid;
  corruption pg_catalog.text;
BEGIN
  CALL imat_catalog.require_no_transaction('imat.fold');
  LOOP
    COMMIT;
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
    target := imat_catalog.find(name);
    IF target.strategy OPERATOR(pg_catalog.<>) 'delta' THEN
      RAISE EXCEPTION
        USING ERRCODE = 'wrong_object_type',
          MESSAGE = pg_catalog.format('imat "%s" has the strategy swap', name),
        HINT = pg_catalog.format('CALL imat.swap(%L) stores its definition anew.', name);
    END IF;
    PERFORM imat_catalog.require_intact(target.id);
    WHILE imat_catalog.follow_parts_of(target.id) LOOP
      COMMIT;
      SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
    END LOOP;
    PERFORM FROM imat_catalog.imat i WHERE i.id OPERATOR(pg_catalog.=) target.id FOR SHARE;
    COMMIT;
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
    differing := imat_catalog.break_differing(ARRAY[target.id], false);
    COMMIT;
    IF differing OPERATOR(pg_catalog.>) 0 THEN
      PERFORM imat_catalog.require_whole(target.id);
    END IF;
    COMMIT;

    SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;
    target := imat_catalog.find(name);
    IF NOT EXISTS (
      SELECT FROM imat_catalog.frontier f
      WHERE f.imat_id OPERATOR(pg_catalog.=) target.id
        AND f.state_relation OPERATOR(pg_catalog.=) target.stored::pg_catalog.oid AND f.here
    ) THEN
      PERFORM imat_catalog.no_frontier(name);
    END IF;
    sources := ARRAY(SELECT i.relation FROM imat_catalog.imat_source i
      WHERE i.imat_id OPERATOR(pg_catalog.=) target.id ORDER BY 1);
    rows := 0;
    EXIT WHEN NOT imat_catalog.has_pending(target.id);
    IF NOT imat_catalog.hold_sources(target.id)
      OR imat_catalog.check_imat(target.id) IS NOT NULL THEN
      emptied := emptied OPERATOR(pg_catalog.+) 1;
      IF emptied OPERATOR(pg_catalog.>) 300 THEN
        RAISE EXCEPTION
          USING ERRCODE = 'serialization_failure',
            MESSAGE = pg_catalog.format('the sources of imat "%s" kept being locked, truncated, '
              'rewritten or partitioned', name);
      END IF;
    ELSIF imat_catalog.claim(target.id) THEN
      BEGIN
        rows := imat_catalog.run_fold(target.id, imat_catalog.take_labels(target.id));
        PERFORM imat_catalog.advance(target.id, target.stored);
      EXCEPTION WHEN data_corrupted THEN
        corruption := SQLERRM;
      END;
      EXIT;
    END IF;
    ROLLBACK;
    IF emptied OPERATOR(pg_catalog.>) 0
      AND NOT imat_catalog.await_sources(ARRAY[target.id]) THEN
      PERFORM pg_catalog.pg_sleep(0.05);
    END IF;
  END LOOP;
  IF corruption IS NOT NULL THEN
    CALL imat_catalog.break_corrupted(target.id, corruption);
  END IF;
  PERFORM pg_catalog.set_config('imat.rows', rows::pg_catalog.text, false);
  FOREACH source IN ARRAY sources LOOP
    COMMIT;
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
    PERFORM imat_catalog.clean_log(source);
  END LOOP;
  COMMIT;
END $$;

COMMENT ON PROCEDURE imat.fold(text) IS
  'Folds the pending changes of an imat with the strategy delta into its state, in one '
  'transaction. CALL it outside of a transaction block. The setting imat.rows then holds the '
  'number of stored rows that it touched.';
