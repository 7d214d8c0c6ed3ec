
-- Changed blocks (docs/extension-blocks.md). How `since` may be come by is a rule that the functions cannot check.

CREATE FUNCTION changed_blocks(
  relation regclass,
  since pg_lsn,
  blocks_per_range integer DEFAULT 128,
  OUT first_block bigint,
  OUT last_block bigint
) RETURNS SETOF record
LANGUAGE c VOLATILE PARALLEL SAFE COST 100000 ROWS 100 AS 'MODULE_PATHNAME', 'changed_blocks';
COMMENT ON FUNCTION changed_blocks IS 'the ranges of blocks that hold a page changed at or after a WAL position; for who may read the table';

CREATE FUNCTION changed_blocks_between(
  relation regclass,
  since pg_lsn,
  until pg_lsn,
  blocks_per_range integer DEFAULT 128,
  OUT first_block bigint,
  OUT last_block bigint
) RETURNS SETOF record
LANGUAGE c VOLATILE PARALLEL UNSAFE COST 10000 ROWS 100 AS 'MODULE_PATHNAME', 'changed_blocks_between';
COMMENT ON FUNCTION changed_blocks_between IS 'the same between two WAL positions, from WAL summaries (PostgreSQL 17), where they reach that far';
