
-- Counting: how many rows each statement changed (docs/statistics.md), into the counters of imat's catalog.

-- Who may make triggers of it can write counters, so it is for the owner of imat's catalog.
CREATE FUNCTION count_changes() RETURNS trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'count_changes';
REVOKE ALL ON FUNCTION count_changes() FROM PUBLIC;
COMMENT ON FUNCTION count_changes IS 'adds a row to imat_catalog.change_count: how many rows a statement has changed';
