-- Another session may have stored the same difference: then this one changes no row.
CREATE OR REPLACE FUNCTION imat_catalog.store_image(former imat_catalog.schema_image,
  present imat_catalog.schema_image) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF present.image IS NULL THEN
    DELETE FROM imat_catalog.schema_image i WHERE i.class_id = former.class_id
      AND i.object_id = former.object_id AND i.type = former.type AND i.part_id = former.part_id;
  ELSIF former.image IS NULL THEN
    INSERT INTO imat_catalog.schema_image (class_id, object_id, type, part_id, object, part, image,
      made_by)
    VALUES (present.class_id, present.object_id, present.type, present.part_id, present.object,
      present.part, present.image, present.made_by)
    ON CONFLICT DO NOTHING;
  ELSE
    UPDATE imat_catalog.schema_image i
    SET object = present.object, part = present.part, image = present.image,
      made_by = present.made_by, taken_at = now()
    WHERE i.class_id = former.class_id AND i.object_id = former.object_id AND i.type = former.type
      AND i.part_id = former.part_id AND i.image <> present.image;
  END IF;
  RETURN FOUND;
END $$;

COMMENT ON FUNCTION imat_catalog.store_image(imat_catalog.schema_image,
  imat_catalog.schema_image) IS
  'Replaces an image by what PostgreSQL''s catalog says now; returns false if that was done '
  'before.';
