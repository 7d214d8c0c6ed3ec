CREATE OR REPLACE FUNCTION imat_catalog.add_members(target imat_catalog.change_group,
  tables regclass[], sequences regclass[], mark text, by_role oid) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  one record;
  begun bigint;
  made integer;
BEGIN
  -- One of the tables may have a name that another one had.
  PERFORM imat_catalog.note_members();
  FOR one IN
    SELECT t.relation, 'table' AS kind FROM unnest(tables) t(relation)
    UNION ALL
    SELECT q.relation, 'sequence' FROM unnest(sequences) q(relation)
  LOOP
    PERFORM imat_catalog.check_member(one.relation, one.kind, by_role);
    IF EXISTS (SELECT FROM imat_catalog.member m
      WHERE m.group_id = target.id AND m.relation = one.relation AND m.to_id IS NULL)
      OR (SELECT count(*) > 1 FROM unnest(tables || sequences) u(relation)
        WHERE u.relation = one.relation)
    THEN
      RAISE EXCEPTION
        USING ERRCODE = 'duplicate_object',
          MESSAGE = format('"%s" is in group "%s" already', one.relation, target.name),
          HINT = 'Name each table and sequence once.';
    END IF;
  END LOOP;
  -- A table that was a partition until now is counted for its former parent no longer.
  FOR made IN
    SELECT m.id FROM imat_catalog.member m
    WHERE m.to_id IS NULL AND EXISTS (
      SELECT FROM imat_catalog.member_part p JOIN imat_catalog.counted c ON c.id = p.counted_id
      WHERE p.member_id = m.id AND c.relation = ANY (tables) AND c.relation <> m.relation)
    ORDER BY m.id FOR SHARE
  LOOP
    PERFORM imat_catalog.sync_member(made);
  END LOOP;
  -- Before the snapshot: who wrote uncounted has ended by then.
  PERFORM imat_catalog.count_trees(tables::oid[]);
  begun := imat_catalog.add_moment(target.id, mark, false);
  FOR one IN
    SELECT c.oid AS relation, CASE c.relkind WHEN 'S' THEN 'sequence' ELSE 'table' END AS kind,
      n.nspname, c.relname
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.oid = ANY (tables || sequences)
    ORDER BY c.oid
  LOOP
    INSERT INTO imat_catalog.member (group_id, relation_text, kind, schema_name, relation_name,
      from_id)
      VALUES (target.id, one.relation::regclass, one.kind, one.nspname, one.relname, begun)
      RETURNING id INTO made;
    IF one.kind = 'sequence' THEN PERFORM imat_catalog.store_sequence(made, begun);
    ELSE PERFORM imat_catalog.sync_member(made);
    END IF;
  END LOOP;
  PERFORM imat_catalog.follow_partitions_from_now_on();
  PERFORM imat_catalog.begin_history();
END $$;

COMMENT ON FUNCTION imat_catalog.add_members(imat_catalog.change_group, regclass[], regclass[],
  text, oid) IS
  'Begins to count tables and sequences for a group, from a mark on. by_role: who must own them; '
  'NULL for anybody.';
