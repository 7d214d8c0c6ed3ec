-- What convert completed in a definition.

ALTER TABLE imat_catalog.imat
  -- the session settings that the definition names in place of the session's, with their values;
  -- and what was completed, as sentences
  ADD COLUMN completed jsonb NOT NULL DEFAULT '{"settings": {}, "notes": []}';
