
-- Capture: changed rows into change logs, by statement triggers (docs/extension-capture.md).

CREATE TABLE table_change_tracker.capture_targets (
  source regclass PRIMARY KEY,
  log regclass NOT NULL,
  -- the table whose column numbers the log's columns are named by: a partition's log may be that of its root
  numbered_by regclass NOT NULL,
  -- the OIDs when it was registered: they tell a registration that a dump brought here
  source_oid oid NOT NULL,
  log_oid oid NOT NULL
);
COMMENT ON TABLE table_change_tracker.capture_targets IS 'where capture_changes() writes to; changed by enable_capture() and disable_capture() only';
SELECT pg_catalog.pg_extension_config_dump('table_change_tracker.capture_targets', $$
  WHERE EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = source) AND EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = log)
    AND EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = numbered_by)$$);

CREATE FUNCTION enable_capture(source regclass, log regclass, numbered_by regclass DEFAULT NULL) RETURNS void
LANGUAGE c AS 'MODULE_PATHNAME', 'enable_capture';
COMMENT ON FUNCTION enable_capture IS 'registers the change log of a table; for an owner of both';

CREATE FUNCTION disable_capture(source regclass) RETURNS boolean
LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'disable_capture';
COMMENT ON FUNCTION disable_capture IS 'forgets the change log of a table; for its owner; false where it had none';

CREATE FUNCTION capture_log(source regclass) RETURNS regclass
LANGUAGE c STRICT STABLE AS 'MODULE_PATHNAME', 'capture_log';
COMMENT ON FUNCTION capture_log IS 'the change log that a table is registered with; NULL where there is none';

-- Rights on it are asked for when a trigger is created, and never again.
CREATE FUNCTION capture_changes() RETURNS trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'capture_changes';
REVOKE ALL ON FUNCTION capture_changes() FROM PUBLIC;
COMMENT ON FUNCTION capture_changes IS 'appends the rows that a statement changed to the change log of the table';
