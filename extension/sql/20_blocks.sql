
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

-- Changed blocks of all files (docs/extension-blocks.md): for superusers and members of pg_read_server_files, which the functions check.

CREATE FUNCTION changed_files(
  since pg_lsn,
  OUT path text,
  OUT pagecount bigint,
  OUT pagemap bytea
) RETURNS SETOF record
LANGUAGE c STRICT VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 1000 AS 'MODULE_PATHNAME', 'changed_files';
COMMENT ON FUNCTION changed_files IS
  'the main-fork files of this database, and the shared ones, that hold a block changed at or after a WAL position, with a bitmap of these';

CREATE FUNCTION changed_files_start() RETURNS pg_lsn
LANGUAGE c VOLATILE PARALLEL SAFE AS 'MODULE_PATHNAME', 'changed_files_start';
COMMENT ON FUNCTION changed_files_start IS 'the oldest WAL position that changed_files() answers for';

CREATE FUNCTION create_ptrack_names(schema regnamespace) RETURNS void
LANGUAGE c STRICT VOLATILE AS 'MODULE_PATHNAME', 'create_ptrack_names';
COMMENT ON FUNCTION create_ptrack_names IS
  'creates ptrack_version(), ptrack_init_lsn() and ptrack_get_pagemapset(pg_lsn) over changed_files() in a schema';
