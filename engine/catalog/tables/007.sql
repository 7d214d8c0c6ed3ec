-- Sources with parts, which are partitions or tables that inherit: the parts, at every level, whose
-- triggers write to the log of the root.

ALTER TABLE imat_catalog.source
  -- the root and the parts that can have parts themselves; NULL for a table without parts
  ADD COLUMN parents oid[],
  -- all parts that are captured, in order. The log and the states stand for the rows of these;
  -- oid, because a regclass would be restored by name.
  ADD COLUMN parts oid[],
  -- of each of them the file that it had when its capture began
  ADD COLUMN files jsonb NOT NULL DEFAULT '{}',
  -- those of the root and of each captured partition, by its OID
  ALTER COLUMN triggers TYPE jsonb
    USING jsonb_build_object(coalesce(relation::oid, 0::oid), triggers);
