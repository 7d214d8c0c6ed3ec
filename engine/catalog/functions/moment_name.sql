CREATE OR REPLACE VIEW imat_catalog.moment_name AS
SELECT o.id, coalesce(o.mark, '[deleted mark]') AS mark, o.at FROM imat_catalog.moment o;

COMMENT ON VIEW imat_catalog.moment_name IS
  'The moments of groups, with their marks or what E-Maj shows for a deleted one.';
