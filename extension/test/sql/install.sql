-- The extension installs, and its library was there from the start.
SELECT extname, extversion FROM pg_extension WHERE extname = 'table_change_tracker';
SHOW table_change_tracker.max_tables;

-- Its functions are in the schema that was asked for, its catalog in one of its own.
SELECT nspname FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace WHERE extname = 'table_change_tracker';
SELECT nspname, relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE relname = 'tracked_tables';

-- Every function says whether it may run in parallel, and none is left to its default.
SELECT proname, pronargs, proparallel, provolatile, proisstrict, prosecdef
FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'table_change_tracker'
WHERE proname ~ '(table|timestamp)' AND proname !~ 'block|capture'
ORDER BY proname, pronargs;

-- It goes without a trace, and comes again.
CREATE TABLE kept (a int);
SELECT enable_table_tracking('kept');
DROP EXTENSION table_change_tracker;
SELECT count(*) FROM pg_namespace WHERE nspname = 'table_change_tracker';
INSERT INTO kept VALUES (1);
CREATE EXTENSION table_change_tracker;
SELECT is_table_tracked('kept');
DROP TABLE kept;
