-- Where imat captures a table in PL/pgSQL, one trigger that does both costs less than two. A
-- capture trigger counts if it has the id as its argument: the server reads that with the table,
-- whatever the snapshot of the writer is. The counting trigger stays, idle: DROP TRIGGER would wait
-- for readers.
--
-- The triggers tell who counts, no row does. Each change of both is under a lock on the table that
-- keeps writers out.
CREATE OR REPLACE FUNCTION imat_catalog.share_counting(relation oid, may_begin boolean)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '50ms'
AS $$
DECLARE
  maintaining text := coalesce(current_setting('imat.maintaining', true), '');
  event text;
  own pg_trigger;
  counted text;
  counting pg_trigger[];
  can_share boolean;
  is_intact boolean;
BEGIN
  FOREACH event IN ARRAY ARRAY['insert', 'delete'] LOOP
    SELECT t.* INTO own FROM pg_trigger t
    WHERE t.tgrelid = relation AND t.tgname = imat_catalog.counting_trigger(event);
    counted := substring(encode(own.tgargs, 'escape') FROM '^[0-9]+');
    counting := ARRAY(SELECT t FROM pg_trigger t
      WHERE t.tgrelid = relation AND t.tgnargs = 1 AND imat_catalog.counts_too(t.tgfoid)
        AND CASE event WHEN 'insert' THEN t.tgnewtable ELSE t.tgoldtable END IS NOT NULL);
    can_share := counted IS NOT NULL AND imat_catalog.can_share_counting(relation, event);
    CONTINUE WHEN counting = '{}' AND own.tgqual IS NULL AND NOT (can_share AND may_begin)
      -- It is shared.
      OR can_share AND own.tgqual IS NOT NULL AND cardinality(counting) = 1
        AND (counting[1]).tgname = concat('!imat_', event) AND (counting[1]).tgargs = own.tgargs;
    -- Commands of imat lock this row before they lock the table.
    IF is_intact IS NULL THEN
      PERFORM FROM imat_catalog.source s
      WHERE s.relation = share_counting.relation AND s.here
        AND s.triggers @> imat_catalog.triggers_of(share_counting.relation)
      FOR NO KEY UPDATE NOWAIT;
      is_intact := FOUND;
    END IF;
    -- Event triggers leave alone what imat itself does.
    PERFORM set_config('imat.maintaining', 'on', true);
    IF can_share AND may_begin AND is_intact AND (own.tgqual IS NOT NULL OR own.tgenabled = 'A')
    THEN
      PERFORM imat_catalog.put_capture(relation, concat('!imat_', event), counted);
      PERFORM imat_catalog.put_counting(relation, event, counted, own.tgfoid, true, 'D');
    ELSE
      PERFORM imat_catalog.put_capture(relation, c.tgname, NULL) FROM unnest(counting) c;
      IF own.tgqual IS NOT NULL THEN
        -- Who has disabled all triggers of the table has disabled this one, too.
        PERFORM imat_catalog.put_counting(relation, event, counted, own.tgfoid, false, coalesce((
            SELECT CASE WHEN count(DISTINCT t.tgenabled) = 1 THEN min(t.tgenabled::text) END
            FROM pg_trigger t
            WHERE t.tgrelid = relation AND t.tgname IN (imat_catalog.counting_trigger('update'),
              imat_catalog.counting_trigger('truncate'))), 'A'));
      END IF;
    END IF;
    PERFORM set_config('imat.maintaining', maintaining, true);
  END LOOP;
  IF is_intact THEN PERFORM imat_catalog.note_triggers(relation, relation); END IF;
END $$;

COMMENT ON FUNCTION imat_catalog.share_counting(oid, boolean) IS
  'Makes the triggers that capture a table count its inserts and deletes where they can, and the '
  'counting triggers elsewhere. may_begin: false if only the latter, where it is necessary. The '
  'caller has locked the table against writers if it has changed its triggers.';
