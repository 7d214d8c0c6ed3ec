CREATE OR REPLACE FUNCTION imat_catalog.create_group(name text, tables regclass[],
  sequences regclass[], mark text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  target imat_catalog.change_group;
BEGIN
  IF EXISTS (SELECT FROM imat_catalog.change_group g WHERE g.name = create_group.name) THEN
    RAISE EXCEPTION
      USING ERRCODE = 'duplicate_object', MESSAGE = format('group "%s" already exists', name),
        HINT = 'imat.add_to_group adds tables to it.';
  END IF;
  IF EXISTS (SELECT FROM imat_catalog.change_group g WHERE NOT g.here) THEN
    PERFORM imat_catalog.begin_anew();
  END IF;
  INSERT INTO imat_catalog.change_group (name, owner_text)
    VALUES (name, imat_catalog.caller()::regrole)
    RETURNING * INTO target;
  PERFORM imat_catalog.add_members(target, tables, sequences, mark, imat_catalog.caller());
END $$;

COMMENT ON FUNCTION imat_catalog.create_group(text, regclass[], regclass[], text) IS
  'What imat.create_group tries. change_members runs it.';
