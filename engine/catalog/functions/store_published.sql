CREATE OR REPLACE FUNCTION imat_catalog.store_published(imat_name text, in_place boolean)
RETURNS bigint
LANGUAGE plpgsql
AS $$
DECLARE
  target imat_catalog.imat := imat_catalog.find(imat_name);
  rows bigint;
  detail pg_catalog.text;
  hint pg_catalog.text;
BEGIN
  IF target.strategy OPERATOR(pg_catalog.<>) 'delta' THEN
    RETURN imat_catalog.fill_slot(target.id, in_place);
  END IF;
  PERFORM imat_catalog.require_whole(target.id);
  IF NOT EXISTS (
    SELECT FROM imat_catalog.frontier f
    WHERE f.imat_id OPERATOR(pg_catalog.=) target.id
      AND f.state_relation OPERATOR(pg_catalog.=) target.stored::pg_catalog.oid AND f.here
  ) THEN
    PERFORM imat_catalog.no_frontier(imat_name);
  END IF;
  rows := imat_catalog.run_fold(target.id, imat_catalog.take_labels(target.id));
  PERFORM imat_catalog.advance(target.id, target.stored);
  RETURN rows;
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
  RAISE EXCEPTION USING ERRCODE = SQLSTATE, MESSAGE = SQLERRM, DETAIL = detail, HINT = hint,
    SCHEMA = 'imat', TABLE = imat_name;
END $$;

COMMENT ON FUNCTION imat_catalog.store_published(text, boolean) IS
  'Folds or fills one imat of a publication and returns the number of rows. An error carries the '
  'name of the imat as the error''s table, in the schema imat.';
