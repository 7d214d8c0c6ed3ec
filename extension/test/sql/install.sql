-- The extension installs, and its library loads.
SELECT extname, extversion FROM pg_extension WHERE extname = 'table_change_tracker';
LOAD 'table_change_tracker';
