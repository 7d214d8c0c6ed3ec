CREATE OR REPLACE FUNCTION imat_catalog.find_range(group_name text, first_mark text,
  last_mark text, OUT target imat_catalog.change_group, OUT first_id bigint, OUT last_id bigint)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  target := imat_catalog.find_group(group_name, false);
  first_id := CASE WHEN coalesce(first_mark, '') = ''
    THEN coalesce((SELECT min(o.id) FROM imat_catalog.moment o
      WHERE o.group_id = target.id AND o.mark IS NOT NULL), 0)
    ELSE (imat_catalog.find_mark(target, first_mark)).id END;
  IF coalesce(last_mark, '') <> '' THEN
    last_id := (imat_catalog.find_mark(target, last_mark)).id;
    IF first_id > last_id THEN
      RAISE EXCEPTION
        USING ERRCODE = 'invalid_parameter_value',
          MESSAGE = format('mark "%s" of group "%s" is later than mark "%s"', first_mark,
            group_name, last_mark),
          HINT = 'Give the earlier mark first.';
    END IF;
  END IF;
  IF EXISTS (SELECT FROM imat_catalog.moment o WHERE o.group_id = target.id AND o.is_stop
    AND o.id >= first_id AND (last_id IS NULL OR o.id < last_id)) THEN
    RAISE WARNING
      USING MESSAGE = format('changes of group "%s" were not counted at all times of the range',
        group_name),
        HINT = 'imat.list_marks shows from which marks on the group was stopped.';
  END IF;
  IF NOT target.here AND last_id IS NULL THEN
    RAISE WARNING
      USING MESSAGE = format('group "%s" was restored from another cluster', group_name),
        DETAIL = 'What was changed after its last mark is not known.',
        HINT = 'imat.set_mark begins to count anew.';
  END IF;
END $$;

COMMENT ON FUNCTION imat_catalog.find_range(text, text, text) IS
  'Returns a group that the caller may read, and the moments between two of its marks; NULL for '
  'the last one is now. Warns of times in the range when nothing was counted.';
