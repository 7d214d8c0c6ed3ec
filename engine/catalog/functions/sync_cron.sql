-- With one job for each imat, an imat that fails stops no other. A job of its own calls this
-- function. The job for upkeep is brought up to date where an earlier release has created it.
CREATE OR REPLACE FUNCTION imat_catalog.sync_cron(schedule text) RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  job record;
  changes integer := 0;
BEGIN
  FOR job IN EXECUTE format($sql$
    SELECT coalesce(i.job, c.jobname) AS name, i.command, c.jobname IS NOT NULL AS known,
      i.job IS NOT NULL AS wanted, c.command IS NOT DISTINCT FROM i.command
        AND c.schedule = %1$L AS same
    FROM (SELECT ('imat maintain ' || m.id || ' ' || m.name)::name::text AS job,
      format('CALL imat_catalog.maintain(%%L)', m.name) AS command
          FROM imat_catalog.imat m WHERE m.state = 'active' AND m.freshness <> 'manual') i
    FULL JOIN (SELECT j.jobname, j.command, j.schedule FROM cron.job j
               WHERE j.jobname LIKE 'imat maintain %%' AND j.database = current_database()
                 AND j.username = current_user) c ON c.jobname = i.job
  $sql$, schedule) LOOP
    IF job.wanted AND NOT (job.known AND job.same) THEN
      EXECUTE 'SELECT cron.schedule($1, $2, $3)' USING job.name, schedule, job.command;
      changes := changes + 1;
    ELSIF NOT job.wanted THEN
      EXECUTE 'SELECT cron.unschedule($1)' USING job.name;
      changes := changes + 1;
    END IF;
  END LOOP;
  FOR job IN EXECUTE $sql$
    SELECT j.jobname AS name, j.schedule FROM cron.job j
    WHERE j.jobname = 'imat upkeep' AND j.command <> 'CALL imat_catalog.upkeep()'
      AND j.database = current_database() AND j.username = current_user
  $sql$ LOOP
    EXECUTE 'SELECT cron.schedule($1, $2, $3)'
      USING job.name, job.schedule, 'CALL imat_catalog.upkeep()';
    changes := changes + 1;
  END LOOP;
  RETURN changes;
END $$;

COMMENT ON FUNCTION imat_catalog.sync_cron(text) IS
  'Creates and removes the jobs of pg_cron so that there is one for each imat, and returns the '
  'number of changes.';
