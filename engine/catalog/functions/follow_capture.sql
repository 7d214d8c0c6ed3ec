-- For commands that no event trigger has seen, or only with an older snapshot. What is locked is
-- left to the next call.
CREATE OR REPLACE FUNCTION imat_catalog.follow_capture() RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  unshared oid;
BEGIN
  FOR unshared IN
    SELECT DISTINCT t.tgrelid
    FROM imat_catalog.counted c, unnest(ARRAY['insert', 'delete']) e(event), pg_trigger t
    WHERE t.tgrelid = c.relation AND t.tgname = imat_catalog.counting_trigger(e.event)
      AND t.tgqual IS NOT NULL AND NOT imat_catalog.can_share_counting(c.relation, e.event)
    ORDER BY 1
  LOOP
    BEGIN
      PERFORM imat_catalog.lock_tables(ARRAY[unshared], 'SHARE ROW EXCLUSIVE');
      PERFORM imat_catalog.share_counting(unshared, false);
    EXCEPTION WHEN lock_not_available THEN
      CONTINUE;
    END;
  END LOOP;
END $$;

COMMENT ON FUNCTION imat_catalog.follow_capture() IS
  'Has the counting triggers count again where capture cannot any more.';
