-- A block with an exception handler refuses COMMIT in any case, with another message. So the
-- message tells the two cases apart, and as it is translated, it is compared with the refusal that
-- a function gets.
CREATE OR REPLACE PROCEDURE imat_catalog.require_no_transaction(caller text)
LANGUAGE plpgsql
AS $$
DECLARE
  refusal pg_catalog.text;
BEGIN
  BEGIN
    COMMIT;
  EXCEPTION WHEN invalid_transaction_termination THEN
    refusal := SQLERRM;
  END;
  IF refusal OPERATOR(pg_catalog.=) imat_catalog.commit_refusal() THEN
    RAISE EXCEPTION
      USING ERRCODE = 'active_sql_transaction',
        MESSAGE = pg_catalog.format('%s cannot run inside a transaction block or a function',
          caller),
      DETAIL = 'It begins and ends transactions of its own.',
        HINT = 'Call it by itself, with autocommit on.';
  END IF;
END $$;

COMMENT ON PROCEDURE imat_catalog.require_no_transaction(text) IS
  'Raises an error if the caller, a procedure, runs inside a transaction block or a function. '
  'Call it before anything is locked.';
