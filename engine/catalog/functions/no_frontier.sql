-- It runs with the rights of its owner, because a view calls it for every reader and readers have
-- no rights on the catalog.
CREATE OR REPLACE FUNCTION imat_catalog.no_frontier(name text) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL SAFE SECURITY DEFINER
AS $$
DECLARE
  reason pg_catalog.text;
BEGIN
  SELECT i.broken INTO reason FROM imat_catalog.imat i
    WHERE i.name OPERATOR(pg_catalog.=) no_frontier.name;
  IF reason IS NOT NULL THEN
    RAISE EXCEPTION USING
      ERRCODE = 'IM024',
      MESSAGE = pg_catalog.format('imat "%s" is broken: %s', name, reason),
      DETAIL = 'What is stored may be wrong.',
      HINT = pg_catalog.format('Run imat repair %s.', imat_catalog.shell_word(name));
  END IF;
  -- To a snapshot that is older than the catalog, its tables are empty as well.
  IF NOT EXISTS (SELECT FROM imat_catalog.migration) AND EXISTS (
    SELECT FROM pg_catalog.pg_class c
    WHERE c.oid OPERATOR(pg_catalog.=) 'imat_catalog.migration'::pg_catalog.regclass
  ) THEN
    RAISE EXCEPTION USING
      ERRCODE = 'IM017',
      MESSAGE = pg_catalog.format('imat "%s" is not in the imat catalog', name),
      DETAIL = 'The tables of the catalog were restored without their data.',
      HINT = 'Load its data from the same database (pg_dump --data-only --schema imat_catalog), '
        'then run imat repair.';
  END IF;
  IF (pg_catalog.pg_is_in_recovery() OR pg_catalog.current_setting('transaction_isolation')
      OPERATOR(pg_catalog.<>) ALL ('{read committed,read uncommitted}'))
    AND NOT EXISTS (
      SELECT FROM imat_catalog.imat i
        LEFT JOIN imat_catalog.frontier f ON f.imat_id OPERATOR(pg_catalog.=) i.id
      WHERE i.name OPERATOR(pg_catalog.=) no_frontier.name AND f.here IS NOT TRUE
        -- A convert that had not ended then has made the view since.
        AND i.state OPERATOR(pg_catalog.<>) 'installing'
    ) THEN
    RAISE EXCEPTION
      USING ERRCODE = 'serialization_failure',
        MESSAGE = pg_catalog.format(
          'imat "%s" was stored anew after this transaction''s snapshot was taken', name),
      DETAIL = 'imat convert, imat repair and imat alter keep no table for older snapshots, and on '
        'a standby imat swap keeps none either.',
      HINT = 'Try again in a new transaction.';
  END IF;
  RAISE EXCEPTION USING
    ERRCODE = 'IM017',
    MESSAGE = pg_catalog.format('imat "%s" has no frontier for its stored table', name),
    DETAIL = 'The database was restored from a dump, or the imat was never loaded.',
    HINT = pg_catalog.format('Run imat repair %s.', imat_catalog.shell_word(name));
END $$;

COMMENT ON FUNCTION imat_catalog.no_frontier(text) IS
  'Raises the error of an imat whose stored table does not match its frontier: one that is '
  'broken, or restored into another cluster, or not loaded, or stored anew after the snapshot of '
  'the transaction.';

-- The views of imats call it, and a view runs a function with the rights of the reader.
GRANT EXECUTE ON FUNCTION imat_catalog.no_frontier(text) TO PUBLIC;
