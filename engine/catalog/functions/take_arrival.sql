-- The trigger is ENABLE ALWAYS; a load that disables and enables all triggers leaves it as an
-- ordinary one. Whoever captures asks, and only the owner can alter the table.
CREATE OR REPLACE FUNCTION imat_catalog.take_arrival() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = 'imat_catalog.arrival'::regclass
      AND t.tgname = 'arrival' AND t.tgenabled = 'A') THEN
    RETURN;
  END IF;
  PERFORM imat_catalog.mark_arrived();
  ALTER TABLE imat_catalog.arrival ENABLE ALWAYS TRIGGER arrival;
END $$;

COMMENT ON FUNCTION imat_catalog.take_arrival() IS
  'Does what the trigger of imat_catalog.arrival would have done, if the data of a dump was loaded '
  'while all triggers were disabled.';

REVOKE ALL ON FUNCTION imat_catalog.take_arrival() FROM PUBLIC;
