-- A column whose expression was dropped keeps its values, and is captured as any other, so nothing
-- that is stored is wrong by that. Whether an expression was changed before it was dropped, the
-- files tell, which that would have written anew.
CREATE OR REPLACE FUNCTION imat_catalog.expressions_kept(former jsonb, present jsonb)
RETURNS boolean
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT coalesce(former->>'generated' = present->>'generated'
    OR former->'generated_files' = present->'generated_files'
      AND string_to_array(present->>'generated', ' ')
        <@ string_to_array(former->>'generated', ' '), false)
$$;

COMMENT ON FUNCTION imat_catalog.expressions_kept(jsonb, jsonb) IS
  'Returns true if no expression of a generated column was changed between two answers of '
  'generated_columns, other than that it was dropped.';
