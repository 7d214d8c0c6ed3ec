CREATE OR REPLACE FUNCTION imat_catalog.adopt_facts(wanted integer[]) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  this_cluster bigint := imat_catalog.cluster();
  found_one integer;
BEGIN
  FOR found_one IN
    SELECT i.id FROM imat_catalog.imat i JOIN imat_catalog.frontier f ON f.imat_id = i.id
    WHERE i.state = 'active' AND i.broken IS NULL AND f.here
      AND i.facts_cluster IS DISTINCT FROM this_cluster AND (wanted IS NULL OR i.id = ANY (wanted))
  LOOP
    UPDATE imat_catalog.source s SET triggers = imat_catalog.triggers_of(s.relation)
      WHERE s.relation IN (SELECT z.relation FROM imat_catalog.imat_source z
        WHERE z.imat_id = found_one);
    PERFORM imat_catalog.note_facts(found_one);
  END LOOP;
END $$;

COMMENT ON FUNCTION imat_catalog.adopt_facts(integer[]) IS
  'Notes the facts of imats anew whose cluster is another one, because pg_upgrade has written '
  'PostgreSQL''s catalogs anew. wanted: ids of imats, or NULL for all.';
