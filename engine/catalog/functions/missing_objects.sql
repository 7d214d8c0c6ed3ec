-- By their names, as the bodies of functions find them. The lookups see what is there now, also in
-- a transaction that keeps its snapshot.
CREATE OR REPLACE FUNCTION imat_catalog.missing_objects(imat integer)
RETURNS TABLE (what text, folds boolean)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN QUERY
  SELECT format('imat_store.%I', o.name), o.name ~ E'^(re)?fold\\d*_'
  FROM imat_catalog.imat i, unnest(i.objects) o(name)
  WHERE i.id = imat AND to_regclass(format('imat_store.%I', o.name)) IS NULL
    AND to_regproc(format('imat_store.%I', o.name)) IS NULL
  UNION ALL
  SELECT format('the unique index of imat_store.%I', k.name), true
  FROM imat_catalog.imat i, unnest(i.keyed_tables) k(name)
  WHERE i.id = imat AND to_regclass(format('imat_store.%I', k.name)) IS NOT NULL
    AND NOT EXISTS (
      SELECT FROM pg_index x
      WHERE x.indrelid = to_regclass(format('imat_store.%I', k.name)) AND x.indisunique
        AND x.indisvalid AND x.indpred IS NULL);
END $$;

COMMENT ON FUNCTION imat_catalog.missing_objects(integer) IS
  'Returns what an imat is made of and is gone, besides its view, its definition, its first stored '
  'table and its fold function. folds: only folds need it, so reads are right without it.';
