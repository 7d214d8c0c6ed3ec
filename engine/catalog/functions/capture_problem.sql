-- The triggers of another cluster (pg_upgrade) have other versions.
CREATE OR REPLACE FUNCTION imat_catalog.capture_problem(source oid, same_cluster boolean)
RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  known imat_catalog.source;
  triggers jsonb := imat_catalog.triggers_of(source);
  has_log boolean;
  registered boolean;
  concerned regclass;
BEGIN
  SELECT * INTO known FROM imat_catalog.source s WHERE s.relation = source;
  has_log := EXISTS (SELECT FROM pg_class c WHERE c.oid = known.log);
  registered := NOT known.by_extension OR imat_catalog.is_registered(source, known.log);
  IF same_cluster AND known.triggers @> triggers AND has_log AND registered THEN
    RETURN NULL;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = source) THEN
    RETURN 'a source table was dropped';
  END IF;
  SELECT c.oid INTO concerned FROM pg_class c
  WHERE c.oid = ANY (source || known.parts) AND (NOT has_log OR NOT registered OR (
    SELECT count(*) FROM pg_trigger t JOIN imat_catalog.capture_triggers(source, c.oid) n
      ON t.tgname = n.name WHERE t.tgrelid = c.oid AND t.tgenabled = 'A') < 4)
  ORDER BY c.oid <> source, c.oid LIMIT 1;
  IF FOUND THEN
    RETURN format('capture on %s is disabled or gone: changes were lost', concerned);
  END IF;
  SELECT c.oid INTO concerned FROM pg_class c
  WHERE c.oid = ANY (known.parts) AND imat_catalog.is_unfit(source, c.oid)
  ORDER BY 1 LIMIT 1;
  IF FOUND THEN
    RETURN format('%s has become unlogged, is filled by a logical replication subscription, or '
      'inherits from another table as well: its changes may be lost', concerned);
  END IF;
  SELECT k.key::oid INTO concerned FROM jsonb_each(triggers) k
  WHERE same_cluster AND known.triggers->k.key <> k.value ORDER BY 1 LIMIT 1;
  IF FOUND THEN
    RETURN format('capture on %s was disabled or replaced for a time: changes may have been lost',
      concerned);
  END IF;
  RETURN NULL;
END $$;

COMMENT ON FUNCTION imat_catalog.capture_problem(oid, boolean) IS
  'Returns what is wrong with the capture of a source, as text; NULL if nothing is.';
