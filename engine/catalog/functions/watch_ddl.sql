-- It runs in the transaction of the command, so that no reader sees what the command makes wrong.
-- The command itself must not fail by it: what cannot be done here, for example because a swap is
-- under way for longer, the next check does. Only imat's own schemas keep their names: writers call
-- what is in them.
CREATE OR REPLACE FUNCTION imat_catalog.watch_ddl() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '2s'
AS $$
DECLARE
  changed oid[];
  related oid[];
  concerned integer[];
  source oid;
BEGIN
  -- What imat itself does. Not by is_maintaining, which is immutable: its value would be kept.
  IF coalesce(current_setting('imat.maintaining', true), '') = 'on' THEN RETURN; END IF;
  IF tg_tag = 'ALTER SCHEMA' AND EXISTS (
    SELECT FROM pg_event_trigger_ddl_commands() c JOIN pg_namespace n ON n.oid = c.objid
    WHERE n.nspname NOT IN ('imat', 'imat_catalog', 'imat_store')
      -- As the catalog's first tables say of them. Schema emaj may get another name.
      AND obj_description(n.oid, 'pg_namespace') ~ '^imat: (incrementally|metadata|change logs)'
  ) THEN
    RAISE EXCEPTION
      USING ERRCODE = 'IM010', MESSAGE = 'the schemas of imat cannot be renamed',
        DETAIL = 'The triggers that capture changes find them by their names.',
        HINT = 'imat revert gives back the materialized views; after the last one, or with '
          'DROP SCHEMA, the schemas go.';
  END IF;
  IF tg_event = 'sql_drop' THEN
    PERFORM imat_catalog.keep_counting(ARRAY(
      SELECT to_regclass(format('%I.%I', o.address_names[1], o.address_names[2]))::oid
      FROM pg_event_trigger_dropped_objects() o
      WHERE o.object_type = 'trigger' AND o.address_names[3] ~ '^[!~]imat_'));
    concerned := ARRAY(
      SELECT DISTINCT z.imat_id
      FROM pg_event_trigger_dropped_objects() o JOIN imat_catalog.source s
          ON to_regclass(format('%I.%I', o.address_names[1], o.address_names[2]))
            = ANY (s.relation::oid || s.parts)
        JOIN imat_catalog.imat_source z ON z.relation = s.relation
      WHERE o.object_type = 'trigger' AND o.address_names[3] ~ '^[!~]imat_'
      UNION
      SELECT i.id
      FROM pg_event_trigger_dropped_objects() o JOIN imat_catalog.imat i
        ON o.address_names[1] = 'imat_store' AND o.address_names[2] = ANY (i.objects)
      UNION
      -- What only the body of a function uses can be dropped, and a view whose query a definition
      -- has, when another one has its name already.
      SELECT f.imat_id
      FROM pg_event_trigger_dropped_objects() o JOIN imat_catalog.fact f
        ON f.class = o.classid AND f.object = o.objid
          AND f.facts ?| ARRAY['called', 'inlined', 'row', 'labels']);
  ELSIF tg_tag IN ('CREATE SUBSCRIPTION', 'ALTER SUBSCRIPTION') THEN
    concerned := ARRAY(SELECT i.id FROM imat_catalog.imat i WHERE i.state = 'active');
  ELSE
    -- Applications create temporary tables all the time. No imat reads them, unless they inherit.
    changed := ARRAY(
      SELECT coalesce((
        SELECT t.tgrelid FROM pg_trigger t
        WHERE c.classid = 'pg_trigger'::regclass AND t.oid = c.objid), c.objid)
      FROM pg_event_trigger_ddl_commands() c
      WHERE c.classid <> 'pg_class'::regclass OR c.schema_name IS DISTINCT FROM 'pg_temp'
        OR EXISTS (SELECT FROM pg_inherits h WHERE h.inhrelid = c.objid));
    IF changed = '{}' THEN RETURN; END IF;
    -- A dump has the counting triggers before those that capture, and disables the idle ones after
    -- it has created them.
    IF NOT EXISTS (
      SELECT FROM pg_event_trigger_ddl_commands() c JOIN pg_trigger t ON t.oid = c.objid
      WHERE c.classid = 'pg_trigger'::regclass AND c.command_tag = 'CREATE TRIGGER'
        AND t.tgname LIKE E'!imat\\_count\\_%'
    ) THEN
      PERFORM imat_catalog.keep_counting(changed);
    END IF;
    -- Arrays: all that follows is found by indexes, and no catalog is read as a whole.
    related := ARRAY(
      SELECT c.object FROM unnest(changed) c(object)
      UNION
      SELECT h.inhrelid FROM pg_inherits h WHERE h.inhparent = ANY (changed)
      UNION
      SELECT h.inhparent FROM pg_inherits h WHERE h.inhrelid = ANY (changed)
      UNION
      SELECT s.relation FROM imat_catalog.source s WHERE s.parts && changed
      UNION
      -- Tables OF a composite type have its attributes.
      SELECT c.oid FROM pg_type y JOIN pg_class c ON c.reloftype = y.oid
      WHERE tg_tag = 'ALTER TYPE' AND y.typrelid = ANY (changed));
    concerned := ARRAY(
      SELECT f.imat_id FROM imat_catalog.fact f WHERE f.object = ANY (related)
      UNION
      SELECT z.imat_id FROM imat_catalog.imat_source z
      WHERE z.relation = ANY (related::regclass[])
      UNION
      -- A view that is created anew, whose former query a definition has.
      SELECT f.imat_id FROM imat_catalog.fact f
      WHERE f.facts ? 'inlined' AND imat_catalog.names_inlined(f.facts)
        && ARRAY(SELECT c.oid::regclass::text FROM pg_class c WHERE c.oid = ANY (changed))
    ) || imat_catalog.imats_naming(changed);
    -- By its name a body finds what it uses, and a view whose query a definition has is known.
    IF tg_tag = 'ALTER SCHEMA' THEN
      concerned := concerned || ARRAY(
        SELECT f.imat_id FROM pg_proc p JOIN imat_catalog.fact f ON f.object = p.oid
        WHERE p.pronamespace = ANY (changed) AND f.facts ? 'called'
        UNION
        SELECT f.imat_id FROM pg_operator o JOIN imat_catalog.fact f ON f.object = o.oid
        WHERE o.oprnamespace = ANY (changed) AND f.facts ? 'called'
        UNION
        SELECT f.imat_id FROM pg_type y JOIN imat_catalog.fact f ON f.object = y.oid
        WHERE y.typnamespace = ANY (changed) AND f.facts ? 'called'
        UNION
        SELECT f.imat_id FROM pg_class c JOIN imat_catalog.fact f ON f.object = c.oid
        WHERE c.relnamespace = ANY (changed) AND f.facts ? 'inlined');
    END IF;
    -- The data of a dump comes, or has come, with all triggers disabled.
    IF tg_tag = 'ALTER TABLE' AND 'imat_catalog.arrival'::regclass = ANY (changed) AND EXISTS (
      SELECT FROM pg_trigger t WHERE t.tgrelid = 'imat_catalog.arrival'::regclass
        AND t.tgname = 'arrival' AND t.tgenabled <> 'A'
    ) THEN
      PERFORM imat_catalog.mark_arrived();
    END IF;
  END IF;
  IF concerned <> '{}' THEN PERFORM imat_catalog.break_differing(concerned, true); END IF;
  IF tg_tag <> 'ALTER TABLE' OR tg_event = 'sql_drop' THEN RETURN; END IF;
  FOR source IN
    SELECT s.relation FROM imat_catalog.source s
    WHERE s.parts && (changed || ARRAY(
      SELECT h.inhrelid FROM pg_inherits h WHERE h.inhparent = ANY (changed)))
    ORDER BY 1
  LOOP
    BEGIN
      PERFORM imat_catalog.note_moved(source);
    EXCEPTION WHEN OTHERS THEN
      -- The row of the source is locked for longer, for example. No later check would notice.
      PERFORM imat_catalog.break_imat(z.imat_id, format(
          'a part of %s moved to another table and could not be noted', source::regclass))
        FROM imat_catalog.imat_source z WHERE z.relation = source ORDER BY z.imat_id;
    END;
  END LOOP;
EXCEPTION
  WHEN SQLSTATE 'IM010' THEN RAISE;
  WHEN OTHERS THEN NULL;
END $$;

COMMENT ON FUNCTION imat_catalog.watch_ddl() IS
  'The event triggers imat_ddl and imat_drop call it: it marks imats as broken whose tables, '
  'triggers, views, functions, operators, casts or types a '
  'command changes, or whose functions may take by a name what it makes.';

REVOKE ALL ON FUNCTION imat_catalog.watch_ddl() FROM PUBLIC;
