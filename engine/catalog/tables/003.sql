-- Reset marks: what a transaction did to a source that its log does not have as rows. This file
-- makes objects in imat_store only, since it is run again where that schema was dropped.

-- It is in imat_store, because capture names it: each of the two schemas can be dropped without the
-- other, and capture goes with this one.
CREATE TABLE imat_store.reset (
  relation regclass NOT NULL,
  xid xid8 NOT NULL DEFAULT pg_current_xact_id()
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 50,
  vacuum_truncate = false);
COMMENT ON TABLE imat_store.reset IS
  'Transactions that changed a source in a way that its log does not have as rows: until the state '
  'of an imat is computed anew, only its definition is right. The xid is that of the top-level '
  'transaction, and the log has a row of the same transaction.';
ALTER TABLE imat_store.reset REPLICA IDENTITY FULL;
