/*
 * files_wal.c: changed blocks from WAL, PostgreSQL 17 and later: from the summaries, and from where they end by reading the WAL itself.
 *
 * The server keeps the WAL that has not been summarized, so the two meet. Where the summaries do not reach back to the position
 * without a gap, pages have to tell (files_pages.c): an answer from less WAL would be too little.
 */
#include "files.h"

#if PG_VERSION_NUM >= 170000

#include <sys/stat.h>

#include "access/xlog.h"
#include "access/xlog_internal.h"
#include "access/xlogreader.h"
#include "access/xlogrecord.h"
#include "access/xlogutils.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_type.h"
#include "catalog/storage_xlog.h"
#include "commands/dbcommands_xlog.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/guc.h"
#include "utils/pg_lsn.h"

#define ROWS_AT_ONCE	10000

/* PostgreSQL does not install the header of its summaries, so they are read by its SQL functions, every name qualified. */
static const char *const CHAIN =
"SELECT s.start_lsn, s.end_lsn FROM pg_catalog.pg_available_wal_summaries() AS s"
" WHERE s.tli OPERATOR(pg_catalog.=) $1"
" ORDER BY s.start_lsn USING OPERATOR(pg_catalog.<)";

/* A limit block: the file was cut off there, or made (0), or all of the database was (relfilenode 0). */
static const char *const TOUCHED =
"SELECT c.reltablespace, c.reldatabase, c.relfilenode, c.relblocknumber, c.is_limit_block"
" FROM pg_catalog.pg_available_wal_summaries() AS s"
" CROSS JOIN LATERAL pg_catalog.pg_wal_summary_contents(s.tli, s.start_lsn, s.end_lsn) AS c"
" WHERE s.tli OPERATOR(pg_catalog.=) $1 AND s.end_lsn OPERATOR(pg_catalog.>) $2 AND s.start_lsn OPERATOR(pg_catalog.<) $3"
" AND c.relforknumber OPERATOR(pg_catalog.=) 0::pg_catalog.int2"
" AND (c.reldatabase OPERATOR(pg_catalog.=) $4 OR c.reldatabase OPERATOR(pg_catalog.=) 0::pg_catalog.oid)";

static Datum
column(uint64 row, int number)
{
	bool		null;
	Datum		value = SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, number, &null);

	if (null)
		elog(ERROR, "a WAL summary has an unexpected null");
	return value;
}

/* Where the summaries end; invalid where they do not begin at `since` or before, or have a gap behind it. */
static XLogRecPtr
end_of_summaries(Datum *arguments, XLogRecPtr since)
{
	Oid			types[] = {INT8OID};
	XLogRecPtr	begun = InvalidXLogRecPtr;
	XLogRecPtr	covered = InvalidXLogRecPtr;

	if (SPI_execute_with_args(CHAIN, 1, types, arguments, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read the list of WAL summaries");
	for (uint64 row = 0; row < SPI_processed; row++)
	{
		XLogRecPtr	start = DatumGetLSN(column(row, 1));

		if (start > covered)
		{
			if (covered > since)
				return InvalidXLogRecPtr;
			begun = start;
		}
		covered = Max(covered, DatumGetLSN(column(row, 2)));
	}
	return begun <= since ? covered : InvalidXLogRecPtr;
}

static void
read_summaries(ChangedFiles *files, Datum *arguments)
{
	Oid			types[] = {INT8OID, PG_LSNOID, PG_LSNOID, OIDOID};
	Portal		portal = SPI_cursor_open_with_args(NULL, TOUCHED, 4, types, arguments, NULL, true, CURSOR_OPT_NO_SCROLL);

	for (;;)
	{
		SPI_cursor_fetch(portal, true, ROWS_AT_ONCE);
		if (SPI_processed == 0)
			break;
		for (uint64 row = 0; row < SPI_processed; row++)
		{
			Oid			tablespace = DatumGetObjectId(column(row, 1));
			Oid			database = DatumGetObjectId(column(row, 2));
			Oid			relation = DatumGetObjectId(column(row, 3));
			BlockNumber block = (BlockNumber) DatumGetInt64(column(row, 4));

			if (DatumGetBool(column(row, 5)))
				tct_changed_from(files, tablespace, database, relation, block);
			else
				tct_block_changed(files, tablespace, database, relation, block);
		}
		SPI_freetuptable(SPI_tuptable);
	}
	SPI_cursor_close(portal);
}

static bool
concerns_us(Oid database)
{
	return database == MyDatabaseId || !OidIsValid(database);
}

/* What a record does to files as a whole. */
static void
look_at_kind(ChangedFiles *files, XLogReaderState *reader)
{
	uint8		info = XLogRecGetInfo(reader) & ~XLR_INFO_MASK;
	char	   *data = XLogRecGetData(reader);

	if (XLogRecGetRmid(reader) == RM_SMGR_ID && info == XLOG_SMGR_CREATE)
	{
		xl_smgr_create *made = (xl_smgr_create *) data;

		if (made->forkNum == MAIN_FORKNUM && concerns_us(made->rlocator.dbOid))
			tct_changed_from(files, made->rlocator.spcOid, made->rlocator.dbOid, made->rlocator.relNumber, 0);
	}
	else if (XLogRecGetRmid(reader) == RM_SMGR_ID && info == XLOG_SMGR_TRUNCATE)
	{
		xl_smgr_truncate *cut = (xl_smgr_truncate *) data;

		if ((cut->flags & SMGR_TRUNCATE_HEAP) != 0 && concerns_us(cut->rlocator.dbOid))
			tct_changed_from(files, cut->rlocator.spcOid, cut->rlocator.dbOid, cut->rlocator.relNumber, cut->blkno);
	}
	else if (XLogRecGetRmid(reader) == RM_DBASE_ID && info == XLOG_DBASE_CREATE_FILE_COPY)
	{
		xl_dbase_create_file_copy_rec *made = (xl_dbase_create_file_copy_rec *) data;

		if (made->db_id == MyDatabaseId)
			tct_changed_from(files, made->tablespace_id, made->db_id, InvalidOid, 0);
	}
}

static void
look_at_record(ChangedFiles *files, XLogReaderState *reader)
{
	look_at_kind(files, reader);
	for (int id = 0; id <= XLogRecMaxBlockId(reader); id++)
	{
		RelFileLocator place;
		ForkNumber	fork;
		BlockNumber block;

		if (XLogRecGetBlockTagExtended(reader, id, &place, &fork, &block, NULL) &&
			fork == MAIN_FORKNUM && concerns_us(place.dbOid))
			tct_block_changed(files, place.spcOid, place.dbOid, place.relNumber, block);
	}
}

/* Where the last record ends; the insert position lies behind the header of a page where a record ends with a page. */
static XLogRecPtr
end_of_wal(void)
{
	XLogRecPtr	end = GetXLogInsertRecPtr();

	if (XLogSegmentOffset(end, wal_segment_size) == SizeOfXLogLongPHD)
		return end - SizeOfXLogLongPHD;
	if (end % XLOG_BLCKSZ == SizeOfXLogShortPHD)
		return end - SizeOfXLogShortPHD;
	return end;
}

static void
read_wal(ChangedFiles *files, XLogRecPtr from, XLogRecPtr to)
{
	ReadLocalXLogPageNoWaitPrivate private = {0};
	XLogReaderState *reader;
	char	   *problem = NULL;

	XLogFlush(to);
	reader = XLogReaderAllocate(wal_segment_size, NULL,
								XL_ROUTINE(.page_read = &read_local_xlog_page_no_wait,
										   .segment_open = &wal_segment_open,
										   .segment_close = &wal_segment_close),
								&private);
	if (reader == NULL)
		ereport(ERROR, errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory"));
	if (from < to && XLogFindNextRecord(reader, from) != InvalidXLogRecPtr)
	{
		while (reader->EndRecPtr < to && XLogReadRecord(reader, &problem) != NULL)
		{
			CHECK_FOR_INTERRUPTS();
			look_at_record(files, reader);
		}
	}
	if (from < to && reader->EndRecPtr < to)
		ereport(ERROR,
				errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				errmsg("could not read WAL from %X/%X to %X/%X", LSN_FORMAT_ARGS(from), LSN_FORMAT_ARGS(to)),
				problem == NULL ? 0 : errdetail("%s", problem));
	XLogReaderFree(reader);
}

/* The first segment of what has to be read is there, and so are those behind it. */
static bool
has_wal(XLogRecPtr from)
{
	XLogSegNo	segment;
	char		path[MAXPGPATH];
	struct stat status;

	XLByteToSeg(from, segment, wal_segment_size);
	XLogFilePath(path, GetWALInsertionTimeLine(), segment, wal_segment_size);
	return stat(path, &status) == 0;
}

/* False where WAL cannot tell. */
bool
tct_look_at_wal(ChangedFiles *files)
{
	Datum		arguments[4];
	XLogRecPtr	end;
	XLogRecPtr	summarized;
	Oid			caller;
	int			context;
	bool		covered;

	if (RecoveryInProgress() || strcmp(GetConfigOption("summarize_wal", false, false), "on") != 0)
		return false;
	end = end_of_wal();
	arguments[0] = Int64GetDatum(GetWALInsertionTimeLine());
	arguments[1] = LSNGetDatum(files->since);
	arguments[3] = ObjectIdGetDatum(MyDatabaseId);

	/* Who may read the files may read what the server says of them. */
	GetUserIdAndSecContext(&caller, &context);
	SetUserIdAndSecContext(BOOTSTRAP_SUPERUSERID, context | SECURITY_LOCAL_USERID_CHANGE | SECURITY_NOFORCE_RLS);
	SPI_connect();
	summarized = end_of_summaries(arguments, files->since);
	arguments[2] = LSNGetDatum(summarized);
	covered = summarized != InvalidXLogRecPtr && has_wal(Max(summarized, files->since));
	if (covered && files->since < summarized)
	{
		read_summaries(files, arguments);
		/* Old summaries are removed at checkpoints. Those that are still there were there all the time. */
		covered = end_of_summaries(arguments, files->since) != InvalidXLogRecPtr;
	}
	SPI_finish();
	SetUserIdAndSecContext(caller, context);
	if (covered)
		read_wal(files, Max(summarized, files->since), end);
	return covered;
}

#else

bool
tct_look_at_wal(ChangedFiles *files)
{
	return false;
}

#endif
