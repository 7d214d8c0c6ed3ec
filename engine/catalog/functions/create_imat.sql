-- Users of the PL/pgSQL predecessor know this call. SQL alone cannot parse a definition, so it only
-- records a request. A request that failed can be repeated a minute later.
CREATE OR REPLACE FUNCTION imat.create_imat(name text) RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  last record;
  made text;
  by_hand text := format('imat convert %s', CASE WHEN name ~ '^[A-Za-z0-9_.]+$' THEN name
    ELSE '''' || replace(name, '''', E'''\\''''') || '''' END);
BEGIN
  IF name IS NULL THEN
    RAISE EXCEPTION
      USING ERRCODE = 'null_value_not_allowed',
        MESSAGE = 'imat.create_imat needs the name of a materialized view';
  END IF;
  IF NOT (has_schema_privilege('imat_catalog', 'USAGE')
    AND has_table_privilege('imat_catalog.request', 'SELECT, INSERT')) THEN
    RAISE EXCEPTION
      USING ERRCODE = 'insufficient_privilege',
        MESSAGE = format('role "%s" may not ask for imats', current_user),
      HINT = format('The owner of the schema imat_catalog can: %s.',
        (SELECT pg_get_userbyid(n.nspowner) FROM pg_namespace n WHERE n.nspname = 'imat_catalog'));
  END IF;
  SELECT * INTO last FROM imat_catalog.request r WHERE r.name = create_imat.name
    ORDER BY r.id DESC LIMIT 1;
  -- A view may be called by other names than its imat.
  SELECT i.name INTO made FROM imat_catalog.imat i WHERE i.state = 'active'
    AND (i.id = last.imat_id OR i.name = create_imat.name)
  ORDER BY i.id = last.imat_id DESC NULLS LAST LIMIT 1;
  IF FOUND THEN
    RETURN format('imat "%s" already exists: read imat.%I', made, made);
  END IF;
  IF last.carried_out_at > clock_timestamp() - interval '1 minute' THEN
    RETURN format('failed: %s (%s). To ask again, call this a minute later; or run: %s', last.error,
      last.error_code, by_hand);
  END IF;
  IF last.id IS NULL OR last.carried_out_at IS NOT NULL THEN
    INSERT INTO imat_catalog.request (name) VALUES (name);
  END IF;
  RETURN format('recorded: a running imat worker will carry this out; or do it now with: %s',
    by_hand)
    || CASE WHEN last.lease_until < clock_timestamp()
      THEN format('. The last attempt failed: %s (IM015)', imat_catalog.cut_off_message())
         WHEN last.error IS NULL THEN ''
           ELSE format('. The last attempt failed: %s (%s)', last.error, last.error_code) END;
END $$;

COMMENT ON FUNCTION imat.create_imat(text) IS
  'Asks for an imat of a materialized view and returns a text that says how the request stands. '
  'A running worker carries requests out; calling it again tells the outcome.';
