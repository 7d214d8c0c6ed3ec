/*
 * files_pages.c: changed blocks from the LSNs of pages, without WAL.
 *
 * The files are read past shared buffers: reading another relation's page into a buffer without a lock on the relation could leave
 * there a page that its file no longer has. So a page that has changed and has not been written is missed by reading, and is looked
 * for among the buffers, before: a page that was changed before the call is dirty in its buffer then, or its file has it. A dirty
 * buffer is looked at under its content lock, so that a change and its LSN are seen together; it is never read in from a file.
 *
 * A page that says nothing counts as changed: one of zeros may stand where another was cut off, and one with an LSN of before all WAL
 * was filled without WAL (wal_level = minimal; GiST has the LSN 1 then).
 *
 * CREATE DATABASE with STRATEGY = FILE_COPY, and ALTER DATABASE SET TABLESPACE, copy files whose pages keep their LSNs. Both write the
 * row of the database. Where its page has changed, all files of the database are reported, unless a page that has not changed has the
 * id of a later transaction: then the row is older than `since`. (VACUUM changes that page often, and keeps the row.)
 */
#include "files.h"

#include <unistd.h>

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/transam.h"
#include "access/xlog.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_database.h"
#include "miscadmin.h"
#include "storage/buf_internals.h"
#include "storage/bufmgr.h"
#include "storage/bufpage.h"
#include "storage/fd.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#define BLOCKS_AT_ONCE	32

static bool
says_changed(const ChangedFiles *files, Page page)
{
	XLogRecPtr	lsn = PageGetLSN(page);

	return lsn >= files->since || lsn < (XLogRecPtr) wal_segment_size;
}

/* The transaction that wrote the row of this database, where that may have been since. */
static TransactionId
writer_of_database(const ChangedFiles *files)
{
	TransactionId writer;
	Relation	databases = table_open(DatabaseRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	Buffer		buffer;

	ScanKeyInit(&key, Anum_pg_database_oid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(MyDatabaseId));
	scan = systable_beginscan(databases, DatabaseOidIndexId, true, NULL, 1, &key);
	tuple = systable_getnext(scan);
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "could not find database with OID %u", MyDatabaseId);
	buffer = ReadBuffer(databases, ItemPointerGetBlockNumber(&tuple->t_self));
	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	writer = HeapTupleHeaderGetRawXmin(tuple->t_data);
	/* Rows of initdb have an id that is not one. */
	if (!TransactionIdIsNormal(writer) || !says_changed(files, BufferGetPage(buffer)))
		writer = InvalidTransactionId;
	UnlockReleaseBuffer(buffer);
	systable_endscan(scan);
	table_close(databases, AccessShareLock);
	return writer;
}

/* Whether a file is that of a heap. */
static bool
is_heap(const FileKey *key)
{
	Oid			relation = TCT_RELATION_OF_FILE(key->tablespace, key->relation);
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
	bool		heap = HeapTupleIsValid(tuple) && ((Form_pg_class) GETSTRUCT(tuple))->relam == HEAP_TABLE_AM_OID;

	if (HeapTupleIsValid(tuple))
		ReleaseSysCache(tuple);
	return heap;
}

/*
 * Whether a page of a heap has a row of a transaction that is not older. The id of a frozen row has an order as long as ids have not come
 * around.
 */
static bool
has_later_row(Page page, TransactionId xid)
{
	bool		ordered = U64FromFullTransactionId(ReadNextFullTransactionId()) < (UINT64CONST(1) << 31);

	for (OffsetNumber offset = FirstOffsetNumber; offset <= PageGetMaxOffsetNumber(page); offset++)
	{
		ItemId		item = PageGetItemId(page, offset);
		HeapTupleHeader row;

		if (!ItemIdIsNormal(item) || ItemIdGetOffset(item) + SizeofHeapTupleHeader > BLCKSZ)
			continue;
		row = (HeapTupleHeader) PageGetItem(page, item);
		if ((ordered || !HeapTupleHeaderXminFrozen(row)) && TransactionIdIsNormal(HeapTupleHeaderGetRawXmin(row)) &&
			TransactionIdFollowsOrEquals(HeapTupleHeaderGetRawXmin(row), xid))
			return true;
	}
	return false;
}

/* Whether the page in a dirty buffer has changed. A buffer that has another page by now has been written. */
static bool
buffer_changed(const ChangedFiles *files, BufferTag tag, int id)
{
	Buffer		buffer = id + 1;
	bool		changed;

	if (!TCT_READ_RECENT_BUFFER(tag, buffer))
		return false;
	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	changed = says_changed(files, BufferGetPage(buffer));
	UnlockReleaseBuffer(buffer);
	return changed;
}

void
tct_look_at_buffers(ChangedFiles *files)
{
	files->database_xid = writer_of_database(files);
	for (int i = 0; i < NBuffers; i++)
	{
		BufferDesc *header = GetBufferDescriptor(i);
		uint32		state = LockBufHdr(header);
		BufferTag	tag = header->tag;

		UnlockBufHdr(header, state);
		if (i % 1024 == 0)
			CHECK_FOR_INTERRUPTS();
		if ((state & BM_DIRTY) == 0 || (state & BM_TAG_VALID) == 0 || tag.forkNum != MAIN_FORKNUM)
			continue;
		if ((TCT_TAG_DATABASE(tag) == MyDatabaseId || !OidIsValid(TCT_TAG_DATABASE(tag))) && buffer_changed(files, tag, i))
			tct_block_changed(files, TCT_TAG_TABLESPACE(tag), TCT_TAG_DATABASE(tag), TCT_TAG_RELATION(tag), tag.blockNum);
	}
}

/* Sets the bits of the changed blocks of a file. */
void
tct_look_at_pages(ChangedFiles *files, const FileKey *key, const char *path, uint8 *bits, BlockNumber blocks)
{
	char	   *pages = palloc(BLOCKS_AT_ONCE * BLCKSZ);
	int			file = OpenTransientFile(path, O_RDONLY | PG_BINARY);
	BlockNumber block = 0;
	bool		heap = TransactionIdIsValid(files->database_xid) && OidIsValid(key->database) && is_heap(key);

	if (file < 0 && errno != ENOENT)
		ereport(ERROR, errcode_for_file_access(), errmsg("could not open file \"%s\": %m", path));
	while (file >= 0 && block < blocks)
	{
		ssize_t		got = pg_pread(file, pages, BLOCKS_AT_ONCE * BLCKSZ, (off_t) block * BLCKSZ);

		CHECK_FOR_INTERRUPTS();
		if (got < 0)
			ereport(ERROR, errcode_for_file_access(), errmsg("could not read file \"%s\": %m", path));
		for (ssize_t at = 0; at + BLCKSZ <= got && block < blocks; at += BLCKSZ, block++)
		{
			if (says_changed(files, pages + at))
				bits[block / BITS_PER_BYTE] |= 1 << (block % BITS_PER_BYTE);
			else if (heap && has_later_row(pages + at, files->database_xid))
			{
				files->database_xid = InvalidTransactionId;
				heap = false;
			}
		}
		/* The file ends here: what it had beyond was cut off, or is being written. */
		if (got < BLOCKS_AT_ONCE * BLCKSZ)
			break;
	}
	for (; block < blocks; block++)
		bits[block / BITS_PER_BYTE] |= 1 << (block % BITS_PER_BYTE);
	if (file >= 0 && CloseTransientFile(file) != 0)
		ereport(ERROR, errcode_for_file_access(), errmsg("could not close file \"%s\": %m", path));
	pfree(pages);
}
