-- One part a transaction, so that no two are locked together for long. A lock that is not free is
-- tried again by the next call: other sessions would queue behind it.
--
-- What goes is taken with all that is below it: a statement that names a parent which is not
-- captured any more changes those as well, and nothing logs that. The parent is locked first, as by
-- such a statement.
CREATE OR REPLACE FUNCTION imat_catalog.follow_part(source oid) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '50ms'
AS $$
DECLARE
  known imat_catalog.source;
  part oid;
  going oid[];
BEGIN
  -- What is read after a lock must be what is committed by then.
  IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
    RETURN false;
  END IF;
  SELECT * INTO known FROM imat_catalog.source s
    WHERE s.relation = source AND s.here AND s.parts IS NOT NULL FOR UPDATE;
  IF NOT FOUND OR NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = source)
    OR NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = known.log) THEN
    RETURN false;
  END IF;
  -- Event triggers leave alone what imat itself does.
  PERFORM set_config('imat.maintaining', 'on', true);
  going := ARRAY(SELECT u.p FROM unnest(known.parts) u(p)
    WHERE u.p NOT IN (SELECT t.part FROM imat_store.part_tree(source) t));
  SELECT u.p INTO part FROM unnest(going) u(p)
    ORDER BY EXISTS (SELECT FROM pg_inherits i
      WHERE i.inhrelid = u.p AND i.inhparent = ANY (going)), u.p LIMIT 1;
  -- Statements that began before still write to a partition that is being detached concurrently.
  IF FOUND AND NOT imat_store.is_detaching(source || known.parts, '{}') THEN
    going := ARRAY(SELECT DISTINCT t.part FROM imat_store.inheritors(part) t
      WHERE t.part = ANY (going));
    going := part || going;
    IF pg_partition_root(source) IS NULL THEN
      PERFORM imat_catalog.outlast_writers(ARRAY(
        SELECT u.p FROM unnest(known.parents) u(p) WHERE u.p <> ALL (going)));
    END IF;
    FOREACH part IN ARRAY going LOOP
      PERFORM imat_catalog.take_part(source, part, false, true, going);
    END LOOP;
    RETURN true;
  END IF;
  -- Parents first.
  SELECT t.part INTO part FROM imat_store.part_tree(source) t
    WHERE t.part <> ALL (known.parts) AND t.parent = ANY (known.parents)
    ORDER BY 1 LIMIT 1;
  IF NOT FOUND THEN RETURN false; END IF;
  IF NOT imat_catalog.is_capturable(source, part) THEN
    RAISE EXCEPTION
      USING ERRCODE = 'feature_not_supported',
        MESSAGE = format('table %s, a part of source %s, cannot be captured', part::regclass,
          source::regclass),
        DETAIL = 'It is a foreign table, temporary, unlogged, filled by a logical replication '
          'subscription, or inherits from another table as well.',
        HINT = 'Detach it, or revert the imats on this source. Until then, live reads use the '
          'definition.';
  END IF;
  -- It may have left another parent, whose late writers its triggers do not notice. The columns
  -- that NO INHERIT leaves are the table's own.
  IF pg_partition_root(source) IS NULL AND EXISTS (SELECT FROM pg_attribute a
      WHERE a.attrelid = part AND a.attnum > 0 AND a.attislocal) THEN
    PERFORM imat_catalog.outlast_writers(ARRAY(SELECT c.oid FROM pg_class c
      WHERE c.relkind = 'r' AND c.relhassubclass AND c.oid <> ALL (known.parents)));
  END IF;
  PERFORM imat_catalog.take_part(source, part, true, true);
  RETURN true;
EXCEPTION WHEN lock_not_available OR deadlock_detected OR serialization_failure OR undefined_table
  OR invalid_schema_name THEN
  RETURN false;
END $$;

COMMENT ON FUNCTION imat_catalog.follow_part(oid) IS
  'Takes in one change of the parts of a source: one that is new, or one that has gone with all '
  'below it. '
  'Returns false if there is none, or if a lock is not free.';
