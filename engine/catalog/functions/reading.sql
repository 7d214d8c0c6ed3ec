CREATE OR REPLACE VIEW imat_catalog.reading AS
WITH RECURSIVE reads AS (
  SELECT i.id AS imat_id, d.refobjid AS relation
  FROM imat_catalog.imat i JOIN pg_rewrite r ON r.ev_class = i.definition_view
    JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
      AND d.refclassid = 'pg_class'::regclass
  WHERE d.refobjid <> r.ev_class
  UNION
  SELECT s.imat_id, d.refobjid
  FROM reads s JOIN pg_class c ON c.oid = s.relation AND c.relkind = 'v'
    JOIN pg_rewrite r ON r.ev_class = c.oid
    JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
      AND d.refclassid = 'pg_class'::regclass
  WHERE d.refobjid <> r.ev_class
    AND NOT EXISTS (SELECT FROM imat_catalog.imat o WHERE o.relation = s.relation)
)
SELECT DISTINCT s.imat_id, s.relation, o.id AS reads_imat, o.freshness <> 'live' AS stored
FROM reads s LEFT JOIN imat_catalog.imat o ON o.relation = s.relation;

COMMENT ON VIEW imat_catalog.reading IS
  'Which relations the definition of each imat reads, ordinary views followed. reads_imat: the '
  'imat that the relation is, if any; stored: whether that imat is not live, so that only folds '
  'and swaps change it.';
