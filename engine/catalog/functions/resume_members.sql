-- After a restore, one table that cannot be counted any more must not keep all others from it.
CREATE OR REPLACE FUNCTION imat_catalog.resume_members(target imat_catalog.change_group, mark text,
  by_role oid) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  former record;
  tables regclass[] := '{}';
  sequences regclass[] := '{}';
  hint text;
BEGIN
  FOR former IN
    SELECT c.oid::regclass AS relation, m.kind FROM imat_catalog.member m
      JOIN pg_catalog.pg_class c ON c.oid = m.relation
      JOIN imat_catalog.moment o ON o.id = m.to_id AND o.is_stop
    WHERE m.group_id = target.id AND m.to_id = target.last_moment_id
    ORDER BY c.oid
  LOOP
    IF by_role IS NULL THEN
      BEGIN
        PERFORM imat_catalog.check_member(former.relation, former.kind, NULL);
      EXCEPTION WHEN wrong_object_type OR insufficient_privilege THEN
        GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
        RAISE WARNING
          USING MESSAGE = format('"%s" is in group "%s" no more: %s', former.relation, target.name,
            SQLERRM), HINT = hint || ' Then imat.add_to_group.';
        CONTINUE;
      END;
    END IF;
    IF former.kind = 'table' THEN tables := tables || former.relation;
    ELSE sequences := sequences || former.relation;
    END IF;
  END LOOP;
  PERFORM imat_catalog.add_members(target, tables, sequences, mark, by_role);
END $$;

COMMENT ON FUNCTION imat_catalog.resume_members(imat_catalog.change_group, text, oid) IS
  'Counts again, from a mark on, what the group counted when it was stopped. by_role: who must own '
  'it; NULL after a restore, where what cannot be counted is left out with a warning.';
