-- A capture function of another role than the catalog's may not write to the catalog. The event
-- triggers notice what keeps a capture trigger from firing (watch_ddl). A copy of one would count
-- again.
CREATE OR REPLACE FUNCTION imat_catalog.can_share_counting(relation oid, event text)
RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT EXISTS (
    SELECT FROM pg_trigger o, pg_trigger t
    WHERE o.tgrelid = relation AND o.tgname = imat_catalog.counting_trigger(event)
      AND o.tgfoid = 'imat_catalog.count_changes'::regproc
      AND t.tgrelid = relation AND t.tgname = concat('!imat_', event) AND t.tgenabled = 'A'
      AND imat_catalog.counts_as(t.tgfoid) IS NOT NULL
      AND NOT EXISTS (SELECT FROM pg_trigger c
        WHERE c.tgrelid = relation AND c.tgfoid = t.tgfoid AND c.oid <> t.oid)
      AND (SELECT p.proowner FROM pg_proc p WHERE p.oid = t.tgfoid)
        = (SELECT c.relowner FROM pg_class c WHERE c.oid = 'imat_catalog.change_count'::regclass)
  ) AND 2 = (
    SELECT count(*) FROM pg_event_trigger e
    WHERE e.evtname IN ('imat_ddl', 'imat_drop') AND e.evtenabled = 'A'
      AND e.evtfoid = 'imat_catalog.watch_ddl'::regproc)
$$;

COMMENT ON FUNCTION imat_catalog.can_share_counting(oid, text) IS
  'Returns true if the trigger that captures insert or delete on a table can count the rows.';
