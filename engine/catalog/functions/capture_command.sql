-- A column that is gone or has another type stays NULL in the log. No imat that can be read needs
-- it: its definition view depends on the column, so PostgreSQL drops that view first.
--
-- parts: the partitions that are captured, if the table may have others now. Rows of a partition
-- that is not captured yet are left out, by its constraint: they are logged when its capture
-- begins. A table that has been detached writes here as long as it is captured; if it has lost a
-- column, a reset mark stands for its rows. So it does while a partition is being detached
-- concurrently that is not captured: statements that began before still put rows there, and to ask
-- for its constraint would wait for the session that detaches it.
--
-- A table that inherits has no such constraint. An INSERT puts rows into the table alone that it
-- names; a reset mark stands for other statements that reach a table that is not captured yet, and
-- for those that reach a new partition of a table that has been detached.
--
-- A snapshot can be older than a table, and than a change of its row in pg_class: after a TRUNCATE
-- of its own, a transaction then sees two rows of one table.
--
-- Whoever writes to a table has a lock on that table alone, and must not wait for another one. So
-- types are those of the table that is written to, the partitions are asked for only if its rows
-- can be in one of them, and a reset mark is the answer if that would wait.
CREATE OR REPLACE FUNCTION imat_store.capture_command(source regclass, log text,
  numbers smallint[], event text, parts oid[] DEFAULT NULL, fired regclass DEFAULT NULL)
RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  written regclass := coalesce(fired, source);
  path text[];
  column_name text;
  same boolean;
  targets text := '';
  old_values text := '';
  new_values text := '';
  condition text := '';
  number smallint;
  reset text := format('WITH r AS (INSERT INTO imat_store.reset (relation) VALUES (%s)) '
    'INSERT INTO %s (weight) VALUES (0)', source::oid, log);
BEGIN
  -- Without a log there is no imat that could be read.
  IF to_regclass(log) IS NULL THEN RETURN 'SELECT'; END IF;
  -- After a restore the root has another OID, and nothing that was restored can be read.
  IF NOT imat_store.is_root(source, fired) THEN RETURN 'SELECT'; END IF;
  IF parts IS NOT NULL AND imat_store.is_detaching(source || parts, parts) THEN
    RETURN reset;
  END IF;
  path := (pg_identify_object_as_address('pg_class'::regclass, written, 0)).object_names;
  FOREACH number IN ARRAY numbers LOOP
    column_name :=
      (pg_identify_object_as_address('pg_class'::regclass, source, number)).object_names[3];
    CONTINUE WHEN column_name IS NULL;
    same := NULL;
    BEGIN
      EXECUTE format('SELECT %s FROM (SELECT (NULL::%I.%I).*) s, (SELECT (NULL::%s).*) l',
        imat_store.same_type(column_name, number), path[1], path[2], log) INTO same;
    EXCEPTION WHEN undefined_column THEN
      IF written <> source AND NOT imat_store.has_column(written, column_name) THEN
        RETURN reset;
      END IF;
    END;
    CONTINUE WHEN same IS NOT TRUE;
    targets := targets || format(', c%s', number);
    old_values := old_values || format(', o.%I', column_name);
    new_values := new_values || format(', n.%I', column_name);
  END LOOP;
  IF parts IS NOT NULL
    AND (pg_partition_root(source) IS NULL AND event <> 'INSERT'
      OR pg_partition_root(written) <> source)
    AND EXISTS (SELECT FROM imat_store.part_tree(written) t WHERE t.part <> ALL (parts)) THEN
    RETURN reset;
  END IF;
  IF parts IS NOT NULL AND pg_partition_root(source) IS NOT NULL
    AND NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = written AND c.relkind <> 'p') THEN
    condition := imat_store.captured_rows(source, parts);
    -- One that began to be detached after the first question is not in that list.
    IF imat_store.is_detaching(source || parts, parts) THEN RETURN reset; END IF;
  END IF;
  RETURN format('INSERT INTO %s (weight%s) ', log, targets) || CASE event
    WHEN 'INSERT' THEN format('SELECT 1%s FROM new_rows n', new_values) || condition
    WHEN 'DELETE' THEN format('SELECT -1%s FROM old_rows o', old_values) || condition
    ELSE format('SELECT -1%s FROM old_rows o%s UNION ALL SELECT 1%s FROM new_rows n%s', old_values,
      condition, new_values, condition) END;
EXCEPTION WHEN lock_not_available THEN
  RETURN reset;
END $$;

COMMENT ON FUNCTION imat_store.capture_command(regclass, text, smallint[], text, oid[], regclass) IS
  'Returns the command that appends the rows of a statement to the log of its table, with the '
  'names that the columns have now. The function of a trigger runs it.';

-- Capture on the table of an ordinary role runs as that role.
GRANT EXECUTE ON FUNCTION
  imat_store.capture_command(regclass, text, smallint[], text, oid[], regclass) TO PUBLIC;
