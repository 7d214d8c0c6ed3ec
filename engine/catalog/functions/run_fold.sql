-- DROP ... CASCADE of a function or type takes what imat has made of it, and waits for no lock that
-- the fold has before it reads that. Without SET: the definition's own functions run here.
CREATE OR REPLACE FUNCTION imat_catalog.run_fold(imat integer, anew boolean) RETURNS bigint
LANGUAGE plpgsql
AS $$
DECLARE
  rows bigint;
BEGIN
  EXECUTE pg_catalog.format('SELECT %s($1)', (SELECT i.fold_function FROM imat_catalog.imat i
    WHERE i.id OPERATOR(pg_catalog.=) imat)) INTO rows USING anew;
  RETURN rows;
EXCEPTION WHEN undefined_table OR undefined_function OR undefined_column OR undefined_object
  OR internal_error THEN
  PERFORM imat_catalog.require_intact(imat);
  PERFORM imat_catalog.require_whole(imat);
  RAISE;
END $$;

COMMENT ON FUNCTION imat_catalog.run_fold(integer, boolean) IS
  'Runs the fold function of an imat and returns the number of stored rows that it touched. anew: '
  'computes all rows. Raises an error of imat if objects that it is made of were dropped '
  'meanwhile.';
