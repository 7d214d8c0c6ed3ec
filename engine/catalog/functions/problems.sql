-- Its caller may be a role that only monitors.
CREATE OR REPLACE FUNCTION imat_catalog.problems(imat integer, pending bigint)
RETURNS TABLE (severity text, message text, hint text)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  target imat_catalog.imat;
  word text;
  reason text;
  missing text[];
BEGIN
  SELECT * INTO target FROM imat_catalog.imat i WHERE i.id = imat AND i.state = 'active';
  IF NOT FOUND THEN RETURN; END IF;
  word := imat_catalog.shell_word(target.name);
  reason := imat_catalog.check_imat(imat);
  IF NOT EXISTS (
    SELECT FROM imat_catalog.frontier f LEFT JOIN pg_class s ON s.oid = f.state_relation
      JOIN pg_class v ON v.oid = target.relation JOIN pg_class d ON d.oid = target.definition_view
    WHERE f.imat_id = imat AND (f.here AND s.oid IS NOT NULL AND NOT EXISTS (
        SELECT FROM unnest(target.further_stores) u(name) WHERE NOT EXISTS (
          SELECT FROM pg_class o JOIN pg_namespace n ON n.oid = o.relnamespace
          WHERE n.nspname = 'imat_store' AND o.relname = u.name))
      OR reason IS NOT NULL)
  ) THEN
    RETURN QUERY SELECT 'broken',
      'something it is built on is gone, or it was restored from a dump',
      format('Run imat repair %s.', word);
    RETURN;
  END IF;
  IF reason IS NOT NULL THEN
    RETURN QUERY SELECT 'broken', reason, format('Run imat repair %s.', word);
  END IF;
  missing := array_remove(ARRAY[CASE
      WHEN to_regproc(target.fold_function) IS NULL AND target.fold_function IS NOT NULL
        THEN 'its fold function' END], NULL)
    || ARRAY(SELECT o.what FROM imat_catalog.missing_objects(imat) o WHERE o.folds);
  IF missing <> '{}' THEN
    RETURN QUERY SELECT 'error', format('%s is gone: reads are right, but get slower and slower',
      array_to_string(missing, ', ')), format('Run imat repair %s.', word);
  END IF;
  RETURN QUERY SELECT * FROM imat_catalog.lost_rights(imat);
  RETURN QUERY SELECT * FROM imat_catalog.parts_of_others(imat);
  IF imat_catalog.granted_like(imat) IS NOT NULL
    AND imat_catalog.grants_on(imat_catalog.granted_like(imat)) <> target.grants THEN
    RETURN QUERY SELECT 'warning', 'who may read its materialized view has changed, and not who '
      'may read the imat', format('imat grant %s passes on what was granted and revoked since.',
        word);
  END IF;
  IF target.swap_phase IS NOT NULL THEN
    RETURN QUERY SELECT 'warning', format('a swap is unfinished (%s): reads are right, but cost '
      'more', target.swap_phase), format('imat swap %s finishes it.', word);
  END IF;
  IF target.strategy = 'delta' AND reason IS NULL AND pending > 10000 THEN
    RETURN QUERY SELECT 'warning', format(CASE target.freshness
        WHEN 'live' THEN '%s rows are pending: reads are right, but slow'
        ELSE '%s rows are pending, which reads do not show before the next fold' END,
      pending), format('imat fold %s', word);
  END IF;
  IF target.strategy = 'swap' AND target.freshness = 'manual' AND reason IS NULL
    AND pending > 10000 THEN
    RETURN QUERY SELECT 'warning', format('%s rows are pending, and the logs, which have %s, keep '
      'them until somebody swaps it', pending,
      pg_size_pretty((SELECT sum(pg_total_relation_size(c.oid))
        FROM imat_catalog.imat_source z JOIN imat_catalog.source s ON s.relation = z.relation
          JOIN pg_class c ON c.oid = s.log
        WHERE z.imat_id = imat))), format('imat swap %s', word);
  END IF;
  IF target.original_name IS NOT NULL
    AND NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = target.replacement) THEN
    IF to_regnamespace(quote_ident(target.original_schema)) IS NULL THEN
      -- No repair brings the schema back.
      RETURN QUERY SELECT 'warning', format('the view in the place of the original was dropped '
        'with its schema %I', target.original_schema),
        format('Create the schema, then run imat repair %s.', word);
    ELSE
      RETURN QUERY SELECT 'error', 'the view in the place of the original was dropped',
        format('imat repair %1$s creates it again; imat revert %1$s brings the materialized view '
          'back.', word);
    END IF;
  END IF;
  IF EXISTS (SELECT FROM imat_catalog.imat b WHERE b.builds = imat
      AND NOT imat_catalog.is_built(b.id)) THEN
    RETURN QUERY SELECT 'error', 'a repair of it was interrupted, and keeps rows in the logs',
      format('Run imat repair %s.', word);
  END IF;
END $$;

COMMENT ON FUNCTION imat_catalog.problems(integer, bigint) IS
  'Returns everything that is wrong with an imat, worst first: each problem with what to do. '
  'severity: broken, error or warning. An imat that is broken does not answer. pending: its '
  'pending rows.';

REVOKE ALL ON FUNCTION imat_catalog.problems(integer, bigint) FROM PUBLIC;
