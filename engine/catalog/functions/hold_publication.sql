-- The ids are taken in a fixed order, so that two publications do not wait for each other. A claim
-- never waits, and comes last: whoever changes a source may wait for the imat.
CREATE OR REPLACE FUNCTION imat_catalog.hold_publication(
  all_ids integer[], ids integer[], last_id integer
) RETURNS boolean
LANGUAGE plpgsql
AS $$
DECLARE
  id integer;
  held boolean := true;
BEGIN
  FOR id IN SELECT u.i FROM pg_catalog.unnest(ids) u(i) ORDER BY 1 LOOP
    held := held AND imat_catalog.hold_sources(id);
  END LOOP;
  IF held THEN
    FOR id IN SELECT u.i FROM pg_catalog.unnest(ids) u(i) ORDER BY 1 LOOP
      held := held AND imat_catalog.claim(id);
    END LOOP;
  END IF;
  -- An imat that was left out and has changed since would be older than the others. An imat that
  -- another session has published since would be published again in vain, with all that read it.
  RETURN held AND NOT EXISTS (
    SELECT FROM pg_catalog.unnest(all_ids) u(i)
    WHERE u.i OPERATOR(pg_catalog.<>) last_id
      AND imat_catalog.has_changed(u.i)
        OPERATOR(pg_catalog.<>) (u.i OPERATOR(pg_catalog.=) ANY (ids))
  );
END $$;

COMMENT ON FUNCTION imat_catalog.hold_publication(integer[], integer[], integer) IS
  'Claims the imats that a publication stores, and holds their sources. Returns false if one '
  'cannot be had, or if the list of those that have changed no longer holds.';
