-- pg_class is read by the snapshot, these functions look at what is there now: a transaction that
-- keeps its snapshot and has locked the sources asks what was dropped before it had the locks.
CREATE OR REPLACE FUNCTION imat_catalog.require_intact(imat integer) RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  target imat_catalog.imat;
  missing text[];
BEGIN
  SELECT * INTO target FROM imat_catalog.imat i WHERE i.id = imat AND i.state = 'active';
  IF NOT FOUND THEN RETURN; END IF;
  missing := array_remove(ARRAY[
    CASE WHEN pg_table_is_visible(target.definition_view::oid) IS NULL THEN 'its definition' END,
    CASE WHEN pg_table_is_visible(target.relation::oid) IS NULL THEN 'its view' END,
    CASE WHEN target.strategy = 'delta' AND pg_table_is_visible(target.stored::oid) IS NULL
      THEN 'its stored table' END,
    CASE WHEN target.fold_function IS NOT NULL AND to_regproc(target.fold_function) IS NULL
      THEN 'its fold function' END
  ], NULL) || ARRAY(
    -- Without other objects reads fail as well: differences tells of them.
    SELECT o.what FROM imat_catalog.missing_objects(imat) o WHERE o.folds);
  IF missing = '{}' THEN RETURN; END IF;
  RAISE EXCEPTION
    USING ERRCODE = 'IM021',
      MESSAGE = format('imat "%s" is broken: objects it depends on are missing', target.name),
      DETAIL = format('Gone: %s. A source was dropped or changed with CASCADE, or somebody dropped '
        'what imat had made.', array_to_string(missing, ', ')),
      HINT = format('Run imat repair %s.', imat_catalog.shell_word(target.name));
END $$;

COMMENT ON FUNCTION imat_catalog.require_intact(integer) IS
  'Raises an error if objects that an imat is made of were dropped.';
