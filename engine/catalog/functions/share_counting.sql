-- Where imat captures a table in PL/pgSQL, one trigger that does both costs less than two. The
-- counting trigger stays then, idle: DROP TRIGGER would wait for readers.
--
-- The triggers and their functions tell who counts, no row does. Each change of that is under a
-- lock on the table that keeps writers out, and who writes later runs them as they are then,
-- whatever its snapshot is.
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
  is_idle boolean;
  counted text;
  capture oid;
  counting oid[];
  is_wanted boolean;
  is_intact boolean;
BEGIN
  FOREACH event IN ARRAY ARRAY['insert', 'delete'] LOOP
    SELECT t.* INTO own FROM pg_trigger t
    WHERE t.tgrelid = relation AND t.tgname = imat_catalog.counting_trigger(event);
    is_idle := own.tgqual IS NOT NULL;
    counted := substring(encode(own.tgargs, 'escape') FROM '^[0-9]+');
    capture := (SELECT t.tgfoid FROM pg_trigger t
      WHERE t.tgrelid = relation AND t.tgname = concat('!imat_', event));
    counting := ARRAY(SELECT DISTINCT t.tgfoid FROM pg_trigger t
      WHERE t.tgrelid = relation AND imat_catalog.counts_as(t.tgfoid) <> '0'
        AND CASE event WHEN 'insert' THEN t.tgnewtable ELSE t.tgoldtable END IS NOT NULL);
    is_wanted := counted IS NOT NULL AND (is_idle OR may_begin AND own.tgenabled = 'A')
      AND imat_catalog.can_share_counting(relation, event);
    CONTINUE WHEN CASE WHEN is_wanted
      THEN is_idle AND counting = ARRAY[capture] AND imat_catalog.counts_as(capture) = counted
      ELSE NOT is_idle AND counting = '{}' END;
    -- Commands of imat lock this row before they lock the table.
    IF is_intact IS NULL THEN
      PERFORM FROM imat_catalog.source s
      WHERE s.relation = share_counting.relation AND s.here
        AND s.triggers @> imat_catalog.triggers_of(share_counting.relation)
      FOR NO KEY UPDATE NOWAIT;
      is_intact := FOUND;
    END IF;
    is_wanted := is_wanted AND is_intact;
    -- Event triggers leave alone what imat itself does.
    PERFORM set_config('imat.maintaining', 'on', true);
    PERFORM imat_catalog.set_counting(c, '0') FROM unnest(counting) c;
    IF is_wanted THEN PERFORM imat_catalog.set_counting(capture, counted); END IF;
    IF is_idle <> is_wanted THEN
      PERFORM imat_catalog.put_counting(relation, event, counted, own.tgfoid, is_wanted,
        CASE WHEN is_wanted THEN 'D' ELSE coalesce((
          -- Who has disabled all triggers of the table has disabled this one, too.
          SELECT CASE WHEN count(DISTINCT t.tgenabled) = 1 THEN min(t.tgenabled::text) END
          FROM pg_trigger t
          WHERE t.tgrelid = relation AND t.tgname IN (imat_catalog.counting_trigger('update'),
            imat_catalog.counting_trigger('truncate'))), 'A') END);
    END IF;
    PERFORM set_config('imat.maintaining', maintaining, true);
  END LOOP;
  IF is_intact THEN PERFORM imat_catalog.note_triggers(relation, relation); END IF;
END $$;

COMMENT ON FUNCTION imat_catalog.share_counting(oid, boolean) IS
  'Has the triggers that capture a table count its inserts and deletes where they can, and the '
  'counting triggers elsewhere. may_begin: false if only the latter, where it is necessary. The '
  'caller has locked the table, against writers if that may begin.';
