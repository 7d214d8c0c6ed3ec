-- In PL/pgSQL, as all that it calls: its plans are kept, and each fold asks.
CREATE OR REPLACE FUNCTION imat_catalog.check_imat(imat integer) RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RETURN coalesce(
    (SELECT i.broken FROM imat_catalog.imat i WHERE i.id = imat),
    (SELECT string_agg(DISTINCT d.message, '; ')
      FROM imat_catalog.differences(ARRAY[imat]) d));
END $$;

COMMENT ON FUNCTION imat_catalog.check_imat(integer) IS
  'Returns why what is stored of an imat may be wrong, as text; NULL if it is whole.';
