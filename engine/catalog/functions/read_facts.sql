-- The parse trees of PostgreSQL before 17 say at which character of a command each part stood,
-- which is no difference.
CREATE OR REPLACE FUNCTION imat_catalog.read_facts(imat integer, class oid, object oid)
RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  places CONSTANT text := E':(location|stmt_location|stmt_len) -?\\d+';
  -- The names that it had, and its query by that (note_inlined).
  inlined CONSTANT jsonb := coalesce((
    SELECT jsonb_strip_nulls(jsonb_build_object('inlined', f.facts->'inlined',
      'renamed', f.facts->'renamed', 'query', f.facts->'query'))
    FROM imat_catalog.fact f
    WHERE f.imat_id = imat AND f.class = read_facts.class AND f.object = read_facts.object
      AND f.facts ? 'inlined'), '{}');
  -- Of what it has whole rows of (note_rows).
  whole CONSTANT jsonb := coalesce((
    SELECT jsonb_strip_nulls(jsonb_build_object('row', imat_catalog.row_columns(f.object),
      'written', (
        SELECT CASE WHEN w->'columns' = f.facts->'written'->'columns'
            OR w->'files' = f.facts->'written'->'files' OR NOT f.facts ? 'written'
          THEN f.facts->'written' ELSE w END
        FROM imat_catalog.written_columns(f.object) w)))
    FROM imat_catalog.fact f
    WHERE f.imat_id = imat AND f.class = read_facts.class AND f.object = read_facts.object
      AND f.facts ? 'row'), '{}');
  relation pg_class;
  has_parts boolean;
  generated jsonb;
BEGIN
  IF class = 'pg_proc'::regclass THEN
    RETURN (
      SELECT jsonb_build_object('body', md5(concat_ws('|', p.prosrc, p.probin,
        regexp_replace(p.prosqlbody::text, places, '', 'g'), p.proconfig, p.prosecdef,
        p.provolatile, p.proisstrict, p.proowner, p.prolang, p.prokind,
        (SELECT a::text FROM pg_aggregate a WHERE a.aggfnoid = p.oid),
        -- A call has the arguments alone that are written.
        regexp_replace(p.proargdefaults::text, places, '', 'g'))))
        -- The name, or the OID, of one that is called (note_called).
        || coalesce((
          SELECT jsonb_build_object('called', CASE WHEN f.facts->>'called' = p.oid::text
            THEN p.oid::text ELSE imat_catalog.called_name(f.class, p.oid) END)
          FROM imat_catalog.fact f
          WHERE f.imat_id = imat AND f.class = read_facts.class AND f.object = p.oid
            AND f.facts ? 'called'), '{}')
      FROM pg_proc p WHERE p.oid = read_facts.object);
  END IF;
  IF class = 'pg_type'::regclass THEN
    RETURN (
      SELECT jsonb_strip_nulls(jsonb_build_object(
        'called', CASE WHEN f.facts ? 'called' THEN imat_catalog.called_name(f.class, y.oid) END,
        'labels', CASE WHEN f.facts ? 'labels'
          THEN imat_catalog.labels_of(y.oid, f.facts->'labels') END))
      FROM pg_type y LEFT JOIN imat_catalog.fact f
        ON f.imat_id = imat AND f.class = read_facts.class AND f.object = y.oid
      WHERE y.oid = read_facts.object);
  END IF;
  IF class <> 'pg_class'::regclass THEN
    RETURN (
      SELECT jsonb_build_object('called', imat_catalog.called_name(class, object))
      WHERE CASE class WHEN 'pg_operator'::regclass
        THEN EXISTS (SELECT FROM pg_operator o WHERE o.oid = object)
        ELSE EXISTS (SELECT FROM pg_cast c WHERE c.oid = object) END);
  END IF;
  SELECT * INTO relation FROM pg_class c WHERE c.oid = object;
  IF relation.relkind = 'v' THEN
    RETURN (
      SELECT jsonb_build_object('rule', md5(concat_ws('|', relation.relowner, relation.reloptions,
        regexp_replace(r.ev_action::text, places, '', 'g')))) || whole || inlined
        || imat_catalog.hidden_rows(object)
      FROM pg_rewrite r WHERE r.ev_class = object AND r.rulename = '_RETURN');
  END IF;
  IF relation.relkind = 'c' THEN RETURN whole; END IF;
  has_parts := relation.relkind = 'p'
    OR EXISTS (SELECT FROM pg_inherits h WHERE h.inhparent = object)
    OR EXISTS (SELECT FROM imat_catalog.source s WHERE s.relation = object AND s.parts IS NOT NULL);
  -- What was noted stands where nothing but that was done which leaves all values as they are.
  generated := imat_catalog.generated_columns(imat, object);
  generated := coalesce((
    SELECT jsonb_strip_nulls(jsonb_build_object('generated', f.facts->'generated',
      'generated_files', f.facts->'generated_files'))
    FROM imat_catalog.fact f
    WHERE f.imat_id = imat AND f.class = read_facts.class AND f.object = read_facts.object
      AND imat_catalog.expressions_kept(f.facts, generated)),
    CASE generated->>'generated' WHEN '' THEN generated - 'generated_files' ELSE generated END);
  RETURN (
    SELECT jsonb_build_object(
      'kind', relation.relkind, 'persistence', relation.relpersistence,
      -- Parts are followed (follow_part): only whether there are any is noted. Parents are not.
      'relatives', (
        SELECT concat_ws(' ', CASE WHEN has_parts THEN 'parts' END,
          string_agg(h.inhparent::text, ' ' ORDER BY h.inhparent))
        FROM pg_inherits h WHERE h.inhrelid = object),
      'subscribed', CASE WHEN has_table_privilege('pg_subscription_rel', 'SELECT')
        THEN EXISTS (SELECT FROM pg_subscription_rel s WHERE s.srrelid = object) ELSE false END,
      'hides_rows', relation.relrowsecurity AND imat_catalog.hides_rows(imat, object)
    ) || generated || whole || inlined
      || CASE WHEN relation.relkind = 'm' THEN imat_catalog.hidden_rows(object) ELSE '{}' END
    WHERE relation.oid IS NOT NULL);
END $$;

COMMENT ON FUNCTION imat_catalog.read_facts(integer, oid, oid) IS
  'Returns what an imat depends on of a table, view, function, operator, cast or type, as it '
  'is now; NULL if there is no such object.';
