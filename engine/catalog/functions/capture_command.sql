-- A column that is gone or has another type stays NULL in the log. No imat that can be read needs
-- it: its definition view depends on the column, so PostgreSQL drops that view first.
CREATE OR REPLACE FUNCTION imat_store.capture_command(source regclass, log text,
  numbers smallint[], event text) RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  path text[];
  same boolean;
  targets text := '';
  old_values text := '';
  new_values text := '';
  number smallint;
BEGIN
  -- Without a log there is no imat that could be read.
  IF to_regclass(log) IS NULL THEN RETURN 'SELECT'; END IF;
  FOREACH number IN ARRAY numbers LOOP
    path := (pg_identify_object_as_address('pg_class'::regclass, source, number)).object_names;
    CONTINUE WHEN path[3] IS NULL;
    BEGIN
      EXECUTE format('SELECT %s FROM (SELECT (NULL::%I.%I).*) s, (SELECT (NULL::%s).*) l',
        imat_store.same_type(path[3], number), path[1], path[2], log) INTO same;
    EXCEPTION WHEN undefined_column THEN
      same := false;
    END;
    CONTINUE WHEN same IS NOT TRUE;
    targets := targets || format(', c%s', number);
    old_values := old_values || format(', o.%I', path[3]);
    new_values := new_values || format(', n.%I', path[3]);
  END LOOP;
  RETURN format('INSERT INTO %s (weight%s) ', log, targets) || CASE event
    WHEN 'INSERT' THEN format('SELECT 1%s FROM new_rows n', new_values)
    WHEN 'DELETE' THEN format('SELECT -1%s FROM old_rows o', old_values)
    ELSE format('SELECT -1%s FROM old_rows o UNION ALL SELECT 1%s FROM new_rows n', old_values,
      new_values) END;
END $$;

COMMENT ON FUNCTION imat_store.capture_command(regclass, text, smallint[], text) IS
  'Returns the command that appends the rows of a statement to the log of its table, with the '
  'names that the columns have now. The function of a trigger runs it.';

-- Capture on the table of an ordinary role runs as that role.
GRANT EXECUTE ON FUNCTION imat_store.capture_command(regclass, text, smallint[], text) TO PUBLIC;
