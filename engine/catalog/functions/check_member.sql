CREATE OR REPLACE FUNCTION imat_catalog.check_member(relation regclass, wanted text,
  by_role oid) RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  source pg_catalog.pg_class;
  schema name;
  wrong text;
  hint text;
BEGIN
  SELECT c.* INTO source FROM pg_catalog.pg_class c WHERE c.oid = relation;
  IF NOT FOUND THEN
    RAISE EXCEPTION
      USING ERRCODE = 'undefined_table',
        MESSAGE = format('relation %s does not exist', coalesce(relation::text, 'NULL')),
        HINT = 'Name tables as regclass, for example ARRAY[''public.sales''::regclass].';
  END IF;
  SELECT n.nspname INTO schema FROM pg_catalog.pg_namespace n WHERE n.oid = source.relnamespace;
  IF schema IN ('pg_catalog', 'information_schema', 'imat_catalog', 'imat_store') THEN
    wrong := format('is in the schema %s', schema);
    hint := 'Groups are for the tables of users.';
  ELSIF wanted = 'sequence' AND source.relkind <> 'S' THEN
    wrong := 'is not a sequence';
    hint := 'Tables are the second argument.';
  ELSIF wanted = 'table' AND source.relkind = 'S' THEN
    wrong := 'is a sequence';
    hint := 'Sequences are the third argument.';
  ELSIF wanted = 'table' AND source.relkind IN ('v', 'm') THEN
    wrong := format('is a %s', CASE source.relkind WHEN 'v' THEN 'view'
      ELSE 'materialized view' END);
    hint := 'Add the tables that it reads.';
  ELSIF wanted = 'table' AND source.relkind = 'f' THEN
    wrong := 'is a foreign table';
    hint := 'Count its changes on the server that has it.';
  ELSIF wanted = 'table' AND source.relkind NOT IN ('r', 'p') THEN
    wrong := 'is not a table';
    hint := 'Only tables can be counted.';
  ELSIF source.relpersistence = 't' THEN
    wrong := 'is temporary';
    hint := 'Only tables that other sessions can see are counted.';
  ELSIF source.relpersistence = 'u' THEN
    wrong := 'is unlogged';
    hint := format('A crash empties it uncounted. ALTER TABLE %s SET LOGGED first.', relation);
  ELSIF source.relispartition THEN
    wrong := 'is a partition';
    hint := format('Add %s: its statements fire no triggers of partitions.',
      (SELECT a.relid FROM pg_partition_ancestors(relation) WITH ORDINALITY a(relid, place)
        ORDER BY a.place DESC LIMIT 1));
  END IF;
  -- TRUNCATE could not count the rows that a policy hides.
  IF wrong IS NULL AND wanted = 'table' AND row_security_active(relation) THEN
    wrong := format('hides rows from role "%s", who owns the imat catalog', current_user);
    hint := format('ALTER ROLE %I BYPASSRLS.', current_user);
  END IF;
  IF wrong IS NOT NULL THEN
    RAISE EXCEPTION
      USING ERRCODE = 'wrong_object_type',
        MESSAGE = format('"%s" cannot be in a group: it %s', relation, wrong), HINT = hint;
  END IF;
  IF by_role IS NOT NULL AND NOT imat_catalog.owns(by_role, source.relowner) THEN
    RAISE EXCEPTION
      USING ERRCODE = 'insufficient_privilege',
        MESSAGE = format('must be owner of "%s"', relation),
        HINT = format('Its owner is %s.', source.relowner::regrole);
  END IF;
  IF NOT imat_catalog.owns((SELECT r.oid FROM pg_catalog.pg_roles r WHERE r.rolname = current_user),
    source.relowner) THEN
    RAISE EXCEPTION
      USING ERRCODE = 'insufficient_privilege',
        MESSAGE = format('role "%s", who owns the imat catalog, may not count "%s"', current_user,
          relation),
        HINT = format('GRANT %s TO %I, or let a superuser run imat init.',
          source.relowner::regrole, current_user);
  END IF;
END $$;

COMMENT ON FUNCTION imat_catalog.check_member(regclass, text, oid) IS
  'Raises an error if the relation cannot be in a group as a table or a sequence, or if a role '
  'does not own it. by_role NULL: whoever owns it.';
