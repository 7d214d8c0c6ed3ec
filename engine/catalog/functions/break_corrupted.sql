-- A fold found that a row would have a negative count. Its own transaction is rolled back, so this
-- one keeps the mark.
CREATE OR REPLACE PROCEDURE imat_catalog.break_corrupted(imat integer, corruption text)
LANGUAGE plpgsql
AS $$
BEGIN
  ROLLBACK;
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  PERFORM imat_catalog.break_imat(imat, corruption);
  COMMIT;
  RAISE EXCEPTION USING
    ERRCODE = 'data_corrupted',
    MESSAGE = corruption,
    DETAIL = 'A change of a source was not captured, for example because a trigger of imat '
      'was disabled.',
    HINT = pg_catalog.format('Run imat repair %s.', imat_catalog.shell_word(
      (SELECT i.name FROM imat_catalog.imat i WHERE i.id OPERATOR(pg_catalog.=) imat)));
END $$;

COMMENT ON PROCEDURE imat_catalog.break_corrupted(integer, text) IS
  'Rolls back, marks an imat as broken whose stored rows are inconsistent, and raises the error.';
