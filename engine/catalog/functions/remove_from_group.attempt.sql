CREATE OR REPLACE FUNCTION imat_catalog.remove_from_group(group_name text, tables regclass[],
  sequences regclass[], mark text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  target imat_catalog.change_group := imat_catalog.own_group(group_name);
  one regclass;
  members integer[] := '{}';
BEGIN
  FOREACH one IN ARRAY tables || sequences LOOP
    members := members || (SELECT m.id FROM imat_catalog.member m
      WHERE m.group_id = target.id AND m.relation = one AND m.to_id IS NULL
        AND (m.kind = 'table') = (one = ANY (tables)));
    IF members[cardinality(members)] IS NULL THEN
      RAISE EXCEPTION
        USING ERRCODE = 'undefined_object',
          MESSAGE = format('"%s" is not in group "%s"', coalesce(one::text, 'NULL'), group_name),
          HINT = CASE
              WHEN (SELECT o.is_stop FROM imat_catalog.moment o WHERE o.id = target.last_moment_id)
              THEN format('The group is stopped: SELECT imat.start_group(%L) comes first.',
                group_name)
              ELSE (SELECT format('It has %s.', coalesce(string_agg(n.name, ', '), 'no tables'))
                FROM (SELECT m.relation::text AS name FROM imat_catalog.member m
                  WHERE m.group_id = target.id AND m.to_id IS NULL
                  ORDER BY m.relation::text LIMIT 5) n)
            END || ' In SQL, tables are the second argument and sequences the third.';
    END IF;
  END LOOP;
  PERFORM imat_catalog.end_members(target, members, mark, false);
END $$;

COMMENT ON FUNCTION imat_catalog.remove_from_group(text, regclass[], regclass[], text) IS
  'What imat.remove_from_group tries. change_members runs it.';
