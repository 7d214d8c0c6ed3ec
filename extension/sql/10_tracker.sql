\echo Use "CREATE EXTENSION table_change_tracker" to load this file. \quit

-- What is tracked. Nobody needs rights on it: the functions read and write it themselves.
CREATE SCHEMA table_change_tracker;
CREATE TABLE table_change_tracker.tracked_tables (relation regclass PRIMARY KEY);
SELECT pg_catalog.pg_extension_config_dump('table_change_tracker.tracked_tables', '');

-- Everybody may call these functions; they check the caller's rights on the table. What only reads may be asked while a query runs in
-- parallel, by its leader: it alone knows what the transaction has written.

CREATE FUNCTION enable_table_tracking(table_name regclass) RETURNS boolean
AS 'MODULE_PATHNAME', 'enable_table_tracking' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION enable_table_tracking(regclass) IS 'tracks a table from now on; false where it was tracked already; for its owner';

CREATE FUNCTION disable_table_tracking(table_name regclass) RETURNS boolean
AS 'MODULE_PATHNAME', 'disable_table_tracking' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION disable_table_tracking(regclass) IS 'ceases to track a table; false where it was not tracked; for its owner';

CREATE FUNCTION is_table_tracked(table_name regclass) RETURNS boolean
AS 'MODULE_PATHNAME', 'is_table_tracked' LANGUAGE C STRICT VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION is_table_tracked(regclass) IS 'whether a table is tracked';

CREATE FUNCTION get_last_timestamp(table_name regclass) RETURNS timestamptz
AS 'MODULE_PATHNAME', 'get_last_timestamp' LANGUAGE C STRICT VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION get_last_timestamp(regclass) IS 'when the last change of a table became visible; strictly increasing';

CREATE FUNCTION get_last_timestamps(tables_names regclass[]) RETURNS timestamptz[]
AS 'MODULE_PATHNAME', 'get_last_timestamps' LANGUAGE C STRICT VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION get_last_timestamps(regclass[]) IS 'the same for several tables, in the order asked, NULL for NULL';

CREATE FUNCTION set_last_timestamp(table_name regclass, last_timestamp timestamptz) RETURNS boolean
AS 'MODULE_PATHNAME', 'set_last_timestamp' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION set_last_timestamp(regclass, timestamptz) IS 'marks a table as changed; forward only; for its owner';

CREATE FUNCTION table_changed_since(table_name regclass, since pg_snapshot) RETURNS boolean
AS 'MODULE_PATHNAME', 'table_changed_since' LANGUAGE C VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION table_changed_since(regclass, pg_snapshot) IS
  'false only where everything that changed the table is visible in the snapshot, and this transaction has not changed it; never NULL';

CREATE FUNCTION table_changed_since(table_name regclass, since pg_snapshot, version text) RETURNS boolean
AS 'MODULE_PATHNAME', 'table_changed_since' LANGUAGE C VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION table_changed_since(regclass, pg_snapshot, text) IS
  'the same, and not held back by long transactions where a version was read before the snapshot was taken';

CREATE FUNCTION tables_changed_since(tables_names regclass[], since pg_snapshot[]) RETURNS boolean[]
AS 'MODULE_PATHNAME', 'tables_changed_since' LANGUAGE C VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION tables_changed_since(regclass[], pg_snapshot[]) IS 'the same for several tables, in the order asked';

CREATE FUNCTION tables_changed_since(tables_names regclass[], since pg_snapshot[], versions text[]) RETURNS boolean[]
AS 'MODULE_PATHNAME', 'tables_changed_since' LANGUAGE C VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION tables_changed_since(regclass[], pg_snapshot[], text[]) IS 'the same for several tables, in the order asked';

CREATE FUNCTION table_version(table_name regclass) RETURNS text
AS 'MODULE_PATHNAME', 'table_version' LANGUAGE C STRICT VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION table_version(regclass) IS 'the version to be stored with a snapshot that is taken afterwards';

CREATE FUNCTION table_versions(tables_names regclass[]) RETURNS text[]
AS 'MODULE_PATHNAME', 'table_versions' LANGUAGE C STRICT VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION table_versions(regclass[]) IS 'the same for several tables, in the order asked, NULL for NULL';

CREATE FUNCTION table_stats(
  table_name regclass,
  OUT rows_inserted bigint,
  OUT rows_updated bigint,
  OUT rows_deleted bigint,
  OUT truncates bigint,
  OUT commits bigint,
  OUT prepared bigint,
  OUT last_xid xid8,
  OUT last_commit_lsn pg_lsn,
  OUT last_commit_time timestamptz,
  OUT ddl_count bigint,
  OUT last_ddl_time timestamptz,
  OUT counted_since timestamptz
)
AS 'MODULE_PATHNAME', 'table_stats' LANGUAGE C STRICT VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION table_stats(regclass) IS 'committed changes of a table since it is tracked, or since the server lost count';
