-- The lock waits for everybody who writes to the part, directly or by its root, and whoever
-- writes later runs what is put in place here. What is read after the lock are so the rows of all
-- transactions that were not captured (captured, of a part that goes), whatever their
-- isolation, and a snapshot that sees this transaction sees all of those.
CREATE OR REPLACE FUNCTION imat_catalog.take_part(source oid, part oid, is_new boolean,
  with_rows boolean, beside oid[] DEFAULT '{}') RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  kind "char" := (SELECT c.relkind FROM pg_class c WHERE c.oid = part);
  has_rows boolean;
BEGIN
  -- What follows looks at the root. Whoever has locked that may wait for this lock.
  IF with_rows AND imat_store.is_locked(source, true) THEN
    RAISE lock_not_available
      USING MESSAGE = format('another session has locked %s', source::regclass);
  END IF;
  IF kind IS NOT NULL THEN
    PERFORM imat_catalog.require_part_owner(source, part, is_new);
    -- ALTER TABLE ... ENABLE TRIGGER needs no more; DROP TRIGGER does.
    PERFORM imat_catalog.lock_relation(part, CASE WHEN is_new THEN 'SHARE ROW EXCLUSIVE'
      ELSE 'ACCESS EXCLUSIVE' END);
  END IF;
  -- If triggers were disabled for a time, the rows that are there are not those that were captured.
  IF with_rows THEN
    PERFORM imat_catalog.break_differing(ARRAY(
      SELECT z.imat_id FROM imat_catalog.imat_source z WHERE z.relation = source), true);
  END IF;
  -- One that goes could be written through a parent that is not captured, as all below it could.
  has_rows := kind IS NOT NULL AND (is_new OR imat_catalog.is_unaltered(source, part)
    AND NOT EXISTS (SELECT FROM pg_inherits i
      WHERE i.inhrelid = ANY (beside) AND i.inhparent <> ALL (beside)));
  UPDATE imat_catalog.source s SET triggers = s.triggers - part::text,
    files = CASE WHEN is_new
      THEN s.files || jsonb_build_object(part, imat_catalog.part_file(source, part))
      ELSE s.files - part::text END,
    parts = ARRAY(SELECT u.p FROM unnest(CASE WHEN is_new THEN s.parts || part
      ELSE array_remove(s.parts, part) END) u(p) ORDER BY 1)
  WHERE s.relation = source;
  IF is_new THEN
    PERFORM imat_catalog.capture_part(source, part);
  ELSIF kind IS NOT NULL THEN
    PERFORM imat_catalog.release_part(source, part);
  END IF;
  PERFORM imat_catalog.write_parts(source);
  -- A partition that is partitioned has no rows of its own.
  IF with_rows AND kind IS DISTINCT FROM 'p' THEN
    PERFORM imat_catalog.log_part(source, CASE WHEN has_rows THEN part::regclass END,
      CASE WHEN is_new THEN 1 ELSE -1 END);
  END IF;
END $$;

COMMENT ON FUNCTION imat_catalog.take_part(oid, oid, boolean, boolean, oid[]) IS
  'Begins or ends the capture of one part of a source, and logs its rows as inserted or deleted. '
  'beside: the parts whose capture the same transaction ends.';
