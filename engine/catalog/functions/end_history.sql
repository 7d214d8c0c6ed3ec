CREATE OR REPLACE FUNCTION imat_catalog.end_history() RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF EXISTS (SELECT FROM imat_catalog.imat) OR EXISTS (SELECT FROM imat_catalog.member) THEN
    RETURN;
  END IF;
  -- Another session may be adding the first one.
  LOCK TABLE imat_catalog.imat, imat_catalog.member IN SHARE ROW EXCLUSIVE MODE NOWAIT;
  IF EXISTS (SELECT FROM imat_catalog.imat) OR EXISTS (SELECT FROM imat_catalog.member) THEN
    RETURN;
  END IF;
  DELETE FROM imat_catalog.schema_image;
  EXECUTE 'DROP EVENT TRIGGER IF EXISTS imat_history';
  EXECUTE 'DROP EVENT TRIGGER IF EXISTS imat_history_drop';
  EXECUTE 'DROP EVENT TRIGGER IF EXISTS imat_history_rewrite';
EXCEPTION WHEN lock_not_available THEN
  NULL;
-- The catalog changed hands: then they find no image and do nothing.
WHEN insufficient_privilege THEN
  DELETE FROM imat_catalog.schema_image;
END $$;

COMMENT ON FUNCTION imat_catalog.end_history() IS
  'Drops the event triggers of the schema history if there is neither an imat nor a member of a '
  'group. What was recorded stays.';
