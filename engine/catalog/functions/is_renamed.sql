CREATE OR REPLACE FUNCTION imat_catalog.is_renamed(relations regclass[], noted text[])
RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT coalesce(bool_or(n.name IS DISTINCT FROM u.noted
    OR imat_catalog.relation_named(n.name) IS DISTINCT FROM u.relation), false)
  FROM unnest(relations, noted) u(relation, noted),
    LATERAL (SELECT imat_catalog.name_of(u.relation, u.noted) AS name) n
$$;

COMMENT ON FUNCTION imat_catalog.is_renamed(regclass[], text[]) IS
  'Returns whether any of these relations has another name than the noted one, or is another one '
  'than that name means now.';
