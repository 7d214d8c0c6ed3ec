SELECT jobname, schedule, command FROM cron.job WHERE jobname LIKE 'imat %' ORDER BY jobname;
SELECT name, state, pending_rows FROM imat_catalog.status ORDER BY name;
SELECT jobid, status, return_message, start_time FROM cron.job_run_details
ORDER BY start_time DESC LIMIT 20;
