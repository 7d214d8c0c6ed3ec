CREATE OR REPLACE FUNCTION imat_catalog.store_sequence(member integer, moment bigint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  now_at imat_catalog.sequence_state := imat_catalog.read_sequence(member);
BEGIN
  IF now_at.member_id IS NULL THEN RETURN; END IF;
  INSERT INTO imat_catalog.sequence_state
    VALUES (member, moment, now_at.last_value, now_at.is_called, now_at.increment,
      now_at.structure)
    ON CONFLICT DO NOTHING;
END $$;

COMMENT ON FUNCTION imat_catalog.store_sequence(integer, bigint) IS
  'Stores the state of a sequence at a moment.';
