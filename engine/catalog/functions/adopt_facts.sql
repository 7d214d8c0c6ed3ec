-- Evidence is noted only for an imat that nobody else works on, and what is noted is compared
-- afterwards: what a command changes before that comparison breaks the imat, and what it changes
-- later differs from what was noted. The triggers of a source that another imat has noted in this
-- cluster are evidence for that one.
CREATE OR REPLACE FUNCTION imat_catalog.adopt_facts(wanted integer[]) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  this_cluster bigint := imat_catalog.cluster();
  found_one integer;
  reason text;
BEGIN
  FOR found_one IN
    SELECT i.id FROM imat_catalog.imat i JOIN imat_catalog.frontier f ON f.imat_id = i.id
    WHERE i.state = 'active' AND i.broken IS NULL AND f.here
      AND i.facts_cluster IS DISTINCT FROM this_cluster AND (wanted IS NULL OR i.id = ANY (wanted))
    ORDER BY i.id
  LOOP
    BEGIN
      PERFORM FROM imat_catalog.imat i
      WHERE i.id = found_one AND i.state = 'active' AND i.broken IS NULL
        AND i.facts_cluster IS DISTINCT FROM this_cluster
      FOR NO KEY UPDATE SKIP LOCKED;
      CONTINUE WHEN NOT FOUND;
      UPDATE imat_catalog.source s SET triggers = imat_catalog.triggers_of(s.relation)
        WHERE s.relation IN (SELECT z.relation FROM imat_catalog.imat_source z
          WHERE z.imat_id = found_one)
          AND NOT EXISTS (SELECT FROM imat_catalog.imat_source o
              JOIN imat_catalog.imat i ON i.id = o.imat_id
            WHERE o.relation = s.relation AND i.state = 'active' AND i.broken IS NULL
              AND i.dependence <> 'moment' AND i.facts_cluster = this_cluster);
      PERFORM imat_catalog.note_facts(found_one, imat_catalog.watched_enums(found_one));
      SELECT string_agg(DISTINCT p.problem, '; ') INTO reason
      FROM imat_catalog.imat_source z JOIN imat_catalog.imat i ON i.id = z.imat_id,
        LATERAL (SELECT imat_catalog.capture_problem(z.relation::oid, false) AS problem) p
      WHERE z.imat_id = found_one AND i.dependence <> 'moment';
      IF reason IS NOT NULL THEN PERFORM imat_catalog.break_imat(found_one, reason); END IF;
    EXCEPTION WHEN lock_not_available THEN
      -- The next check tries it again.
      CONTINUE;
    END;
  END LOOP;
END $$;

COMMENT ON FUNCTION imat_catalog.adopt_facts(integer[]) IS
  'Notes the facts of imats anew whose cluster is another one, because pg_upgrade has written '
  'PostgreSQL''s catalogs anew; imats whose capture has a problem are marked as broken. wanted: '
  'ids of imats, or NULL for all.';
