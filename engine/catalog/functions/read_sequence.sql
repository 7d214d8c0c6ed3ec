CREATE OR REPLACE FUNCTION imat_catalog.read_sequence(member integer)
RETURNS imat_catalog.sequence_state
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  source regclass := (SELECT c.oid FROM imat_catalog.member m
    JOIN pg_catalog.pg_class c ON c.oid = m.relation AND c.relkind = 'S' WHERE m.id = member);
  result imat_catalog.sequence_state;
BEGIN
  IF source IS NULL THEN RETURN NULL; END IF;
  EXECUTE format('SELECT %s, 0, q.last_value, q.is_called, s.seqincrement,
    concat_ws('','', s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcycle)
    FROM %s q, pg_catalog.pg_sequence s WHERE s.seqrelid = %L::oid', member, source, source::oid)
    INTO result;
  RETURN result;
END $$;

COMMENT ON FUNCTION imat_catalog.read_sequence(integer) IS
  'Returns the state of a sequence of a group as it is now; NULL if it has been dropped.';
