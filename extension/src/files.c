/*
 * files.c: which blocks of all files of a database have changed since a position in the WAL, for copies that are brought up to date.
 *
 *	changed_files()			walks the directories			this file
 *	from WAL				summaries, then the WAL itself	files_wal.c
 *	from pages				dirty buffers, then the files	files_pages.c
 *
 * Main forks only. The answer covers what was written before the call; docs/extension-blocks.md has the rules for its callers: how
 * `since` may be come by, and what else a copy needs (lengths, other forks, files that are not of relations).
 *
 * What is reported can be too much, never too little:
 * - A file of an unlogged relation is reported whole: its changes are in no WAL, and its pages do not say when they were changed.
 * - From WAL, what was cut off or made since is reported whole from there on.
 * - Files appear and go meanwhile. A file that is gone is left out. One that comes too late is made by a transaction that has not
 *   committed, or that began after the call.
 *
 * Locks: none on relations; a buffer's header for a moment. Relations can be dropped, truncated and moved meanwhile.
 */
#include "files.h"

#include <sys/stat.h>

#include "access/xlog.h"
#include "blocks.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_tablespace.h"
#include "common/relpath.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "storage/fd.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/pg_lsn.h"

PG_FUNCTION_INFO_V1(changed_files);
PG_FUNCTION_INFO_V1(changed_files_start);

static void require_right(void);
static XLogRecPtr first_position(void);
static void walk_all(FunctionCallInfo fcinfo, ChangedFiles *files);
static void walk(FunctionCallInfo fcinfo, ChangedFiles *files, const char *directory, Oid tablespace, Oid database);
static bool parse_name(const char *name, FileKey *key);
static bytea *changed_in(ChangedFiles *files, const FileKey *key, const char *directory, const char *path, int64 *count);
static void add_known(ChangedFiles *files, const FileKey *key, uint8 *bits, BlockNumber blocks);
static void set_from(uint8 *bits, BlockNumber blocks, int64 from);

/* changed_files(since) */
Datum
changed_files(PG_FUNCTION_ARGS)
{
	HASHCTL		control = {.keysize = sizeof(FileKey), .entrysize = sizeof(FileChanges), .hcxt = CurrentMemoryContext};
	ChangedFiles files = {.since = PG_GETARG_LSN(0), .context = CurrentMemoryContext};

	require_right();
	tct_check_position(files.since);
	if (files.since < first_position())
		ereport(ERROR,
				errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("cannot tell changes since WAL position %X/%X", LSN_FORMAT_ARGS(files.since)),
				errdetail("The WAL of a server begins at %X/%X.", LSN_FORMAT_ARGS(first_position())),
				errhint("Copy all files, and ask with a position that was read before the copy."));

	InitMaterializedSRF(fcinfo, 0);
	files.known = hash_create("changed files", 256, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	if (!tct_look_at_wal(&files))
	{
		files.by_pages = true;
		tct_look_at_buffers(&files);
	}

	walk_all(fcinfo, &files);
	if (TransactionIdIsValid(files.database_xid))
	{
		/* No page has shown that the files of this database are older. */
		files.new_database = true;
		tuplestore_clear(((ReturnSetInfo *) fcinfo->resultinfo)->setResult);
		walk_all(fcinfo, &files);
	}
	hash_destroy(files.known);
	return (Datum) 0;
}

/* changed_files_start(): the oldest position that changed_files() answers for. */
Datum
changed_files_start(PG_FUNCTION_ARGS)
{
	require_right();
	PG_RETURN_LSN(first_position());
}

static void
require_right(void)
{
	if (!has_privs_of_role(GetUserId(), ROLE_PG_READ_SERVER_FILES))
		ereport(ERROR,
				errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				errmsg("permission denied to read the files of the server"),
				errhint("A superuser may, and a member of pg_read_server_files."));
}

/* initdb writes the second segment first: no change of any cluster lies before it. */
static XLogRecPtr
first_position(void)
{
	return (XLogRecPtr) wal_segment_size;
}

/* What is known of a file; made where nothing was. */
FileChanges *
tct_file_changes(ChangedFiles *files, Oid tablespace, Oid database, Oid relation, uint32 segment)
{
	FileKey		key = {tablespace, database, relation, segment};
	bool		found;
	FileChanges *changes = hash_search(files->known, &key, HASH_ENTER, &found);

	if (!found)
	{
		changes->from = InvalidBlockNumber;
		changes->size = 0;
		changes->bits = NULL;
	}
	return changes;
}

void
tct_block_changed(ChangedFiles *files, Oid tablespace, Oid database, Oid relation, BlockNumber block)
{
	FileChanges *changes = tct_file_changes(files, tablespace, database, relation, block / RELSEG_SIZE);
	uint32		byte = (block % RELSEG_SIZE) / BITS_PER_BYTE;

	if (byte >= changes->size)
	{
		uint32		size = Min(pg_nextpower2_32(byte + 16), Max(RELSEG_SIZE / BITS_PER_BYTE, byte + 1));
		uint8	   *bits = MemoryContextAllocZero(files->context, size);

		if (changes->bits != NULL)
		{
			memcpy(bits, changes->bits, changes->size);
			pfree(changes->bits);
		}
		changes->bits = bits;
		changes->size = size;
	}
	changes->bits[byte] |= 1 << (block % BITS_PER_BYTE);
}

void
tct_changed_from(ChangedFiles *files, Oid tablespace, Oid database, Oid relation, BlockNumber block)
{
	FileChanges *changes = tct_file_changes(files, tablespace, database, relation, WHOLE_RELATION);

	changes->from = Min(changes->from, block);
}

/* The shared files, and those of this database in all tablespaces. */
static void
walk_all(FunctionCallInfo fcinfo, ChangedFiles *files)
{
	char		directory[MAXPGPATH];
	DIR		   *tablespaces;
	struct dirent *entry;

	walk(fcinfo, files, "global", GLOBALTABLESPACE_OID, InvalidOid);
	snprintf(directory, sizeof(directory), "base/%u", MyDatabaseId);
	walk(fcinfo, files, directory, DEFAULTTABLESPACE_OID, MyDatabaseId);
	tablespaces = AllocateDir("pg_tblspc");
	while ((entry = ReadDir(tablespaces, "pg_tblspc")) != NULL)
	{
		if (strspn(entry->d_name, "0123456789") != strlen(entry->d_name))
			continue;
		snprintf(directory, sizeof(directory), "pg_tblspc/%s/%s/%u", entry->d_name, TABLESPACE_VERSION_DIRECTORY, MyDatabaseId);
		walk(fcinfo, files, directory, (Oid) strtoul(entry->d_name, NULL, 10), MyDatabaseId);
	}
	FreeDir(tablespaces);
}

/* Returns a row for each changed file of a directory. */
static void
walk(FunctionCallInfo fcinfo, ChangedFiles *files, const char *directory, Oid tablespace, Oid database)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	DIR		   *open = AllocateDir(directory);
	MemoryContext scratch;
	struct dirent *entry;

	/* A tablespace need not have files of this database. */
	if (open == NULL && errno == ENOENT)
		return;
	scratch = AllocSetContextCreate(CurrentMemoryContext, "changed file", ALLOCSET_DEFAULT_SIZES);
	while ((entry = ReadDir(open, directory)) != NULL)
	{
		FileKey		key = {tablespace, database};
		char		path[MAXPGPATH];
		Datum		values[3];
		bool		nulls[3] = {false, false, false};
		int64		count;
		bytea	   *bits;
		MemoryContext old;

		CHECK_FOR_INTERRUPTS();
		if (!parse_name(entry->d_name, &key))
			continue;
		snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name);
		old = MemoryContextSwitchTo(scratch);
		bits = changed_in(files, &key, directory, path, &count);
		if (bits != NULL)
		{
			values[0] = CStringGetTextDatum(path);
			values[1] = Int64GetDatum(count);
			values[2] = PointerGetDatum(bits);
			tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		}
		MemoryContextSwitchTo(old);
		MemoryContextReset(scratch);
	}
	FreeDir(open);
	MemoryContextDelete(scratch);
}

/* 16384 and 16384.1, but not 16384_vm, and not t3_16384 of temporary tables. */
static bool
parse_name(const char *name, FileKey *key)
{
	char	   *end;

	if (*name < '1' || *name > '9')
		return false;
	key->relation = (Oid) strtoul(name, &end, 10);
	key->segment = 0;
	if (*end == '.' && end[1] >= '1' && end[1] <= '9')
		key->segment = (uint32) strtoul(end + 1, &end, 10);
	return *end == '\0';
}

/* The bitmap of a file and the number of its bits; NULL if nothing has changed or the file is gone. */
static bytea *
changed_in(ChangedFiles *files, const FileKey *key, const char *directory, const char *path, int64 *count)
{
	struct stat status;
	char		init[MAXPGPATH];
	BlockNumber blocks;
	Size		size;
	bytea	   *result;
	uint8	   *bits;

	if (stat(path, &status) != 0)
	{
		if (errno == ENOENT)
			return NULL;
		ereport(ERROR, errcode_for_file_access(), errmsg("could not stat file \"%s\": %m", path));
	}
	/* A page that is being added counts. */
	blocks = (BlockNumber) ((status.st_size + BLCKSZ - 1) / BLCKSZ);
	size = (blocks + BITS_PER_BYTE - 1) / BITS_PER_BYTE;
	result = palloc0(VARHDRSZ + size);
	SET_VARSIZE(result, VARHDRSZ + size);
	bits = (uint8 *) VARDATA(result);

	add_known(files, key, bits, blocks);
	snprintf(init, sizeof(init), "%s/%u_init", directory, key->relation);
	if ((files->new_database && OidIsValid(key->database)) || stat(init, &status) == 0)
		set_from(bits, blocks, 0);
	else if (files->by_pages)
		tct_look_at_pages(files, key, path, bits, blocks);
	*count = (int64) pg_popcount((const char *) bits, (int) size);
	return *count == 0 ? NULL : result;
}

static void
add_known(ChangedFiles *files, const FileKey *key, uint8 *bits, BlockNumber blocks)
{
	FileKey		wider = *key;
	FileChanges *changes = hash_search(files->known, key, HASH_FIND, NULL);
	int64		before = (int64) key->segment * RELSEG_SIZE;

	/* The file may have become shorter, and longer again. */
	for (BlockNumber block = 0; changes != NULL && block < Min(blocks, changes->size * BITS_PER_BYTE); block++)
		bits[block / BITS_PER_BYTE] |= changes->bits[block / BITS_PER_BYTE] & (1 << (block % BITS_PER_BYTE));

	wider.segment = WHOLE_RELATION;
	changes = hash_search(files->known, &wider, HASH_FIND, NULL);
	if (changes != NULL)
		set_from(bits, blocks, Max((int64) changes->from - before, 0));
	wider.relation = InvalidOid;
	if (hash_search(files->known, &wider, HASH_FIND, NULL) != NULL)
		set_from(bits, blocks, 0);
}

static void
set_from(uint8 *bits, BlockNumber blocks, int64 from)
{
	for (int64 block = from; block < blocks; block++)
		bits[block / BITS_PER_BYTE] |= 1 << (block % BITS_PER_BYTE);
}
