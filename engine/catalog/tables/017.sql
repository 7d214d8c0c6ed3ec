-- Which tables of an imat are joined with each other.

ALTER TABLE imat_catalog.imat_source
  -- a number as of the conversion, which did not follow the tables
  DROP COLUMN IF EXISTS fan_out,
  -- the joins in which changes of the source are added up, as numbers of this imat's; sources that
  -- have one in common are joined with each other
  ADD COLUMN joins smallint[] NOT NULL DEFAULT '{}';
