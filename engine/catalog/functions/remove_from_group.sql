CREATE OR REPLACE FUNCTION imat.remove_from_group(group_name text, tables regclass[],
  sequences regclass[] DEFAULT '{}', mark text DEFAULT 'REMOVE_%') RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  target imat_catalog.change_group := imat_catalog.own_group(group_name);
  one regclass;
  members integer[] := '{}';
BEGIN
  FOREACH one IN ARRAY coalesce(tables, '{}') || coalesce(sequences, '{}') LOOP
    members := members || (SELECT m.id FROM imat_catalog.member m
      WHERE m.group_id = target.id AND m.relation = one AND m.to_id IS NULL
        AND (m.kind = 'table') = (one = ANY (tables)));
    IF members[cardinality(members)] IS NULL THEN
      RAISE EXCEPTION
        USING ERRCODE = 'undefined_object',
          MESSAGE = format('"%s" is not in group "%s"', coalesce(one::text, 'NULL'), group_name),
          HINT = 'Tables are the second argument, sequences the third. A stopped group has none.';
    END IF;
  END LOOP;
  PERFORM imat_catalog.end_members(target, members, mark, false);
END $$;

COMMENT ON FUNCTION imat.remove_from_group(text, regclass[], regclass[], text) IS
  'Takes tables and sequences out of a group and sets a mark, up to which their changes count. It '
  'waits for the transactions that use the tables.';
