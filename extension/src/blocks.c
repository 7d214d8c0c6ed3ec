/*
 * blocks.c: which blocks of a table have changed since a position in the WAL, without triggers and without a cost for writers.
 *
 * Every change of a page of a permanent table is logged, and the page keeps the position of the end of its last record (its LSN). So
 * changed_blocks() reads all pages and reports the ranges that have one at or after `since`. changed_blocks_between() reads the
 * server's WAL summaries (PostgreSQL 17) instead, which name the blocks, but end at the last checkpoint.
 *
 * The lower bound. What matters is how `since` was come by. A page is changed before its change becomes visible, so a writer that had
 * not committed when a reader took its snapshot may have changed pages before any position read at that time. The position must be
 * older than all transactions that the reader did not see: docs/extension-blocks.md has the rule and its proof. Nothing here can
 * check it.
 *
 * What is reported can be too much (vacuum, hint bits with checksums, locks on rows), never too little:
 * - A page is read under its content lock, so that a change and its LSN are seen together.
 * - A page that holds something and has no LSN was filled without WAL (wal_level = minimal): it counts as changed.
 * - The relation's size is taken after the caller's snapshot: what this sees lies within.
 * - A new file (TRUNCATE, CLUSTER, VACUUM FULL, most of ALTER TABLE) has other blocks altogether: callers compare
 *   pg_relation_filenode(), under a lock taken before it is read.
 *
 * Locks: ACCESS SHARE on the table, kept until the transaction ends; one page's pin and share lock at a time.
 */
#include "compat.h"
#include "blocks.h"

#include "access/heapam.h"
#include "access/relation.h"
#include "access/tableam.h"
#include "access/xlog.h"
#include "access/xlogrecovery.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/pg_lsn.h"
#include "utils/rel.h"

PG_FUNCTION_INFO_V1(changed_blocks);
PG_FUNCTION_INFO_V1(changed_blocks_between);

/* The ranges of a table: which of them have changed. */
typedef struct Ranges
{
	BlockNumber blocks;			/* of the table */
	int			size;			/* blocks in each range but the last */
	int64		count;
	bool	   *changed;
} Ranges;

static Relation open_table(Oid relid);
static void start_ranges(Ranges *ranges, Relation table, int size);
static void mark_by_pages(Ranges *ranges, Relation table, XLogRecPtr since);
static void return_ranges(FunctionCallInfo fcinfo, const Ranges *ranges);

#define REQUIRE_ARGUMENTS(fcinfo) \
	do { \
		for (int i = 0; i < PG_NARGS(); i++) \
			if (PG_ARGISNULL(i)) \
				ereport(ERROR, \
						errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), \
						errmsg("arguments of %s must not be null", get_func_name((fcinfo)->flinfo->fn_oid))); \
	} while (0)

/* changed_blocks(relation, since, blocks_per_range) */
Datum
changed_blocks(PG_FUNCTION_ARGS)
{
	Relation	table;
	XLogRecPtr	since;
	Ranges		ranges;

	REQUIRE_ARGUMENTS(fcinfo);
	since = PG_GETARG_LSN(1);
	table = open_table(PG_GETARG_OID(0));
	tct_check_position(since);
	start_ranges(&ranges, table, PG_GETARG_INT32(2));
	mark_by_pages(&ranges, table, since);
	relation_close(table, NoLock);
	return_ranges(fcinfo, &ranges);
	return (Datum) 0;
}

/* Opens a table whose pages say when they were changed, and whose rows the caller may read. */
static Relation
open_table(Oid relid)
{
	Relation	table;
	AclResult	allowed = pg_class_aclcheck(relid, GetUserId(), ACL_SELECT);

	/* Before the lock: who may not read a table has no business in its lock queue. */
	if (allowed != ACLCHECK_OK)
		aclcheck_error(allowed, get_relkind_objtype(get_rel_relkind(relid)), get_rel_name(relid));
	table = relation_open(relid, AccessShareLock);
	if (table->rd_rel->relkind != RELKIND_RELATION && table->rd_rel->relkind != RELKIND_MATVIEW)
		ereport(ERROR,
				errcode(ERRCODE_WRONG_OBJECT_TYPE),
				errmsg("cannot tell changed blocks of \"%s\"", RelationGetRelationName(table)),
				errdetail("It is not a table with blocks of its own."),
				table->rd_rel->relkind == RELKIND_PARTITIONED_TABLE ? errhint("Ask for each of its partitions.") : 0);
	if (table->rd_rel->relpersistence != RELPERSISTENCE_PERMANENT)
		ereport(ERROR,
				errcode(ERRCODE_WRONG_OBJECT_TYPE),
				errmsg("cannot tell changed blocks of \"%s\"", RelationGetRelationName(table)),
				errdetail("It is temporary or unlogged, and so are its changes: its pages do not say when they were changed."));
	if (table->rd_tableam != GetHeapamTableAmRoutine())
		ereport(ERROR,
				errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				errmsg("cannot tell changed blocks of \"%s\"", RelationGetRelationName(table)),
				errdetail("Its access method is not heap."));
	return table;
}

XLogRecPtr
tct_written_so_far(void)
{
	return RecoveryInProgress() ? GetXLogReplayRecPtr(NULL) : GetXLogInsertRecPtr();
}

/* A position of the future comes from another cluster, or from before a restore: taken for true, it would hide every change. */
void
tct_check_position(XLogRecPtr position)
{
	if (position > tct_written_so_far())
		ereport(ERROR,
				errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("WAL position %X/%X lies in the future", LSN_FORMAT_ARGS(position)),
				errdetail("The WAL of this server ends at %X/%X.", LSN_FORMAT_ARGS(tct_written_so_far())),
				errhint("Positions of another server, or of this one before it was restored, mean nothing here: begin anew."));
}

static void
start_ranges(Ranges *ranges, Relation table, int size)
{
	if (size < 1)
		ereport(ERROR,
				errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("blocks_per_range must be positive"));
	ranges->blocks = RelationGetNumberOfBlocks(table);
	ranges->size = size;
	ranges->count = ((int64) ranges->blocks + size - 1) / size;
	ranges->changed = MemoryContextAllocExtended(CurrentMemoryContext, Max(ranges->count, 1) * sizeof(bool),
												 MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
}

static bool
page_changed(Relation table, BlockNumber block, XLogRecPtr since, BufferAccessStrategy strategy)
{
	Buffer		buffer = ReadBufferExtended(table, MAIN_FORKNUM, block, RBM_NORMAL, strategy);
	Page		page;
	XLogRecPtr	lsn;
	bool		empty;

	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	page = BufferGetPage(buffer);
	empty = PageIsNew(page);
	lsn = PageGetLSN(page);
	UnlockReleaseBuffer(buffer);
	return !empty && (lsn >= since || XLogRecPtrIsInvalid(lsn));
}

static void
mark_by_pages(Ranges *ranges, Relation table, XLogRecPtr since)
{
	BufferAccessStrategy strategy = GetAccessStrategy(BAS_BULKREAD);

	for (int64 range = 0; range < ranges->count; range++)
	{
		int64		end = Min((range + 1) * ranges->size, (int64) ranges->blocks);

		/* The first changed page settles its range. */
		for (int64 block = range * ranges->size; block < end && !ranges->changed[range]; block++)
		{
			CHECK_FOR_INTERRUPTS();
			ranges->changed[range] = page_changed(table, (BlockNumber) block, since, strategy);
		}
	}
	FreeAccessStrategy(strategy);
}

static void
return_ranges(FunctionCallInfo fcinfo, const Ranges *ranges)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	for (int64 range = 0; range < ranges->count; range++)
	{
		Datum		values[2];
		bool		nulls[2] = {false, false};

		if (!ranges->changed[range])
			continue;
		values[0] = Int64GetDatum(range * ranges->size);
		values[1] = Int64GetDatum(Min((range + 1) * ranges->size, (int64) ranges->blocks) - 1);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

#if PG_VERSION_NUM >= 170000

/* PostgreSQL does not install the header of its summaries, so they are read by its SQL functions, every name qualified. */
static const char *const COVERAGE =
"SELECT s.start_lsn, s.end_lsn FROM pg_catalog.pg_available_wal_summaries() AS s"
" WHERE s.tli OPERATOR(pg_catalog.=) $1 AND s.end_lsn OPERATOR(pg_catalog.>) $2 AND s.start_lsn OPERATOR(pg_catalog.<) $3"
" ORDER BY s.start_lsn USING OPERATOR(pg_catalog.<)";

static const char *const TOUCHED =
"SELECT c.relblocknumber, c.is_limit_block FROM pg_catalog.pg_available_wal_summaries() AS s"
" CROSS JOIN LATERAL pg_catalog.pg_wal_summary_contents(s.tli, s.start_lsn, s.end_lsn) AS c"
" WHERE s.tli OPERATOR(pg_catalog.=) $1 AND s.end_lsn OPERATOR(pg_catalog.>) $2 AND s.start_lsn OPERATOR(pg_catalog.<) $3"
" AND c.relforknumber OPERATOR(pg_catalog.=) 0::pg_catalog.int2 AND c.relfilenode OPERATOR(pg_catalog.=) $4"
" AND c.reltablespace OPERATOR(pg_catalog.=) $5 AND c.reldatabase OPERATOR(pg_catalog.=) $6";

static void
read_summaries(const char *query, const Datum *arguments, int count)
{
	Oid			types[] = {INT8OID, PG_LSNOID, PG_LSNOID, OIDOID, OIDOID, OIDOID};

	if (SPI_execute_with_args(query, count, types, (Datum *) arguments, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read the WAL summaries");
}

static Datum
summary_value(uint64 row, int column)
{
	bool		null;
	Datum		value = SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, &null);

	if (null)
		elog(ERROR, "a WAL summary has an unexpected null");
	return value;
}

/* Whether the summaries cover the WAL between two positions without a gap. */
static void
check_coverage(XLogRecPtr since, XLogRecPtr until)
{
	XLogRecPtr	covered = since;

	for (uint64 row = 0; row < SPI_processed; row++)
	{
		if (DatumGetLSN(summary_value(row, 1)) > covered)
			break;
		covered = Max(covered, DatumGetLSN(summary_value(row, 2)));
	}
	if (covered < until)
		ereport(ERROR,
				errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				errmsg("the WAL summaries do not reach from %X/%X to %X/%X", LSN_FORMAT_ARGS(since), LSN_FORMAT_ARGS(until)),
				errdetail("They end, or have their first gap, at %X/%X.", LSN_FORMAT_ARGS(covered)),
				errhint("They are written at checkpoints where summarize_wal is on. Ask again after the next one, or use changed_blocks()."));
}

static void
mark_by_summaries(Ranges *ranges)
{
	for (uint64 row = 0; row < SPI_processed; row++)
	{
		int64		block = DatumGetInt64(summary_value(row, 1));
		bool		limit = DatumGetBool(summary_value(row, 2));

		/* From the limit block on, the file was cut off or made in between: whatever is there now is new. */
		for (int64 range = block / ranges->size; range < ranges->count; range++)
		{
			ranges->changed[range] = true;
			if (!limit)
				break;
		}
	}
}

/* changed_blocks_between(relation, since, until, blocks_per_range) */
Datum
changed_blocks_between(PG_FUNCTION_ARGS)
{
	Relation	table;
	XLogRecPtr	since;
	XLogRecPtr	until;
	Ranges		ranges;
	Datum		arguments[6];

	REQUIRE_ARGUMENTS(fcinfo);
	since = PG_GETARG_LSN(1);
	until = PG_GETARG_LSN(2);
	if (RecoveryInProgress())
		ereport(ERROR,
				errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				errmsg("cannot read WAL summaries during recovery"),
				errhint("Use changed_blocks(), or ask the primary server."));
	table = open_table(PG_GETARG_OID(0));
	tct_check_position(since);
	tct_check_position(until);
	start_ranges(&ranges, table, PG_GETARG_INT32(3));
	arguments[0] = Int64GetDatum(GetWALInsertionTimeLine());
	arguments[1] = LSNGetDatum(since);
	arguments[2] = LSNGetDatum(until);
	arguments[3] = ObjectIdGetDatum(table->rd_locator.relNumber);
	arguments[4] = ObjectIdGetDatum(table->rd_locator.spcOid);
	arguments[5] = ObjectIdGetDatum(table->rd_locator.dbOid);

	SPI_connect();
	read_summaries(COVERAGE, arguments, 3);
	check_coverage(since, until);
	read_summaries(TOUCHED, arguments, 6);
	mark_by_summaries(&ranges);
	SPI_finish();

	relation_close(table, NoLock);
	return_ranges(fcinfo, &ranges);
	return (Datum) 0;
}

#else

Datum
changed_blocks_between(PG_FUNCTION_ARGS)
{
	ereport(ERROR,
			errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			errmsg("PostgreSQL has WAL summaries since version 17"),
			errhint("Use changed_blocks()."));
}

#endif
