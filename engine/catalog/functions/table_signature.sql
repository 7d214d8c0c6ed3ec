-- PostgreSQL reports statistics late and loses none: a change is noticed some seconds later, or
-- once too often. After a crash, or when somebody resets them, all counts begin anew and could come
-- to the same numbers again; the times of the last reset tell.
CREATE OR REPLACE FUNCTION imat_catalog.table_signature(imat integer) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE WHEN bool_or(x.sign IS NULL) THEN NULL
    ELSE md5(concat_ws(',', string_agg(x.sign, ',' ORDER BY x.relation),
      pg_stat_get_bgwriter_stat_reset_time(), pg_stat_get_db_stat_reset_time(
        (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())))) END
  FROM (
    SELECT r.relation,
      CASE WHEN c.relkind IN ('r', 'm')
          AND NOT EXISTS (SELECT FROM pg_inherits i WHERE i.inhparent = c.oid)
        THEN concat_ws(':', r.relation, c.relfilenode, pg_stat_get_tuples_inserted(c.oid),
        pg_stat_get_tuples_updated(c.oid), pg_stat_get_tuples_deleted(c.oid)) END AS sign
    FROM imat_catalog.reading r JOIN pg_class c ON c.oid = r.relation
      LEFT JOIN imat_catalog.imat o ON o.id = r.reads_imat
    -- A live imat is told by its sources' logs, unless it is told by nothing itself; a stored one
    -- by its frontier.
    WHERE r.imat_id = imat
      AND (o.id IS NULL AND c.relkind <> 'v' OR NOT r.stored AND NOT o.follows_tables)
      AND NOT EXISTS (SELECT FROM imat_catalog.imat_source z WHERE z.imat_id = imat
        AND z.relation = r.relation)
  ) x
$$;

COMMENT ON FUNCTION imat_catalog.table_signature(integer) IS
  'Returns a text that changes when a table that the imat reads and does not capture changes; '
  'NULL if one of these is of a kind that shows no changes, such as a foreign table or one from '
  'which others inherit.';
