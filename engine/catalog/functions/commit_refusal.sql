CREATE OR REPLACE FUNCTION imat_catalog.commit_refusal() RETURNS text
LANGUAGE plpgsql
AS $$
BEGIN
  COMMIT;
EXCEPTION WHEN invalid_transaction_termination THEN
  RETURN SQLERRM;
END $$;

COMMENT ON FUNCTION imat_catalog.commit_refusal() IS
  'Returns the message with which this server refuses a COMMIT inside a function, in the '
  'language of the session.';
