CREATE OR REPLACE FUNCTION imat_catalog.cut_off_message() RETURNS text
LANGUAGE sql IMMUTABLE
AS $$ SELECT 'the attempt was cut off' $$;

COMMENT ON FUNCTION imat_catalog.cut_off_message() IS
  'Returns the error text of an attempt that neither succeeded nor failed, because its worker '
  'or its session ended.';
