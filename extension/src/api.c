/*
 * api.c: what is tracked, and timestamps of changes.
 */
#include "tracker.h"

#include "access/relation.h"
#include "access/xact.h"
#include "catalog/catalog.h"
#include "catalog/pg_am.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/array.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

PG_FUNCTION_INFO_V1(enable_table_tracking);
PG_FUNCTION_INFO_V1(disable_table_tracking);
PG_FUNCTION_INFO_V1(is_table_tracked);
PG_FUNCTION_INFO_V1(get_last_timestamp);
PG_FUNCTION_INFO_V1(get_last_timestamps);
PG_FUNCTION_INFO_V1(set_last_timestamp);

static void
refuse(Relation relation, const char *kind, const char *detail)
{
	ereport(ERROR,
			errcode(ERRCODE_WRONG_OBJECT_TYPE),
			errmsg("cannot track %s \"%s\"", kind, RelationGetRelationName(relation)),
			errdetail("%s", detail));
}

static void
check_trackable(Relation relation)
{
	Form_pg_class class = relation->rd_rel;

	if (class->relkind == RELKIND_FOREIGN_TABLE)
		refuse(relation, "foreign table", "Its rows are changed on another server.");
	if (class->relkind != RELKIND_RELATION && class->relkind != RELKIND_PARTITIONED_TABLE && class->relkind != RELKIND_MATVIEW)
		refuse(relation, "relation", "Only tables, partitioned tables and materialized views can be tracked.");
	if (IsCatalogRelation(relation))
		refuse(relation, "system catalog", "Catalogs are also changed in ways that are not counted.");
	if (class->relpersistence == RELPERSISTENCE_TEMP)
		refuse(relation, "temporary table", "It exists in one session only.");
	if (class->relkind != RELKIND_PARTITIONED_TABLE && class->relam != HEAP_TABLE_AM_OID)
		refuse(relation, "table", "Its access method is not heap, and need not count what it writes.");
	if (!tct_all_countable(RelationGetRelid(relation)))
		refuse(relation, "table", "A partition or child of it is a foreign table or has an access method other than heap.");
}

/*
 * enable_table_tracking(regclass) -> boolean: false where it was tracked already.
 */
Datum
enable_table_tracking(PG_FUNCTION_ARGS)
{
	Oid			relid = PG_GETARG_OID(0);
	Relation	relation;
	bool		added;
	bool		made;
	int			slot;

	tct_check_ready();
	tct_check_owner(relid);
	/* Against another session that does the same, or drops the table. It lets everybody read and write. */
	relation = relation_open(relid, ShareUpdateExclusiveLock);
	tct_check_owner(relid);
	check_trackable(relation);
	if (tct_counts_doubtful())
		ereport(WARNING,
				errmsg("track_counts is off"),
				errdetail("While a session has it off, its writes count as changes of every table."));

	added = tct_catalog_add(relid);
	/* The entry comes first: it can fail, and a slot without it would stay. */
	if (tct_find_slot(MyDatabaseId, relid) < 0)
		tct_pending_add(TCT_MADE, relid);
	slot = tct_make_slot(relid, false, &made);
	if (slot < 0)
	{
		tct_free_lost();
		slot = tct_make_slot(relid, false, &made);
	}
	if (slot < 0)
		ereport(ERROR,
				errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
				errmsg("no room to track table \"%s\"", RelationGetRelationName(relation)),
				errdetail("table_change_tracker.max_tables is %d, and as many tables are tracked.", tct_max_tables),
				errhint("Raise table_change_tracker.max_tables in postgresql.conf and restart the server."));
	relation_close(relation, NoLock);
	PG_RETURN_BOOL(added);
}

/*
 * disable_table_tracking(regclass) -> boolean: false where it was not tracked.
 */
Datum
disable_table_tracking(PG_FUNCTION_ARGS)
{
	Oid			relid = PG_GETARG_OID(0);
	bool		removed;

	tct_check_ready();
	tct_check_owner(relid);
	LockRelationOid(relid, ShareUpdateExclusiveLock);
	tct_check_owner(relid);
	removed = tct_catalog_remove(relid);
	if (removed)
		tct_pending_add(TCT_FREE_TABLE, relid);
	PG_RETURN_BOOL(removed);
}

/*
 * is_table_tracked(regclass) -> boolean
 */
Datum
is_table_tracked(PG_FUNCTION_ARGS)
{
	Oid			relid = PG_GETARG_OID(0);

	tct_check_ready();
	PG_RETURN_BOOL(tct_check_reader(relid) && tct_catalog_has(relid));
}

/* The oldest transaction that the current snapshot takes for running. */
static uint64
snapshot_xmin(void)
{
	uint64		next = U64FromFullTransactionId(ReadNextFullTransactionId());
	TransactionId xmin = GetActiveSnapshot()->xmin;
	uint64		full = (next & ~UINT64CONST(0xFFFFFFFF)) | xmin;

	return full > next ? full - (UINT64CONST(1) << 32) : full;
}

/*
 * The timestamp of the last change that anybody can see by now.
 *
 * A commit that is under way may be visible and have no timestamp yet, and a prepared transaction becomes visible without a word. As long
 * as there may be such a one, each question gets a timestamp later than the one before, which says "changed".
 */
static TimestampTz
read_stamp(TctSlot *slot)
{
	uint64		prepared = pg_atomic_read_u64(&slot->max_prepared_xid);
	bool		settled = pg_atomic_read_u64(&slot->settled_xid) >= prepared;
	uint64		done;

	if (!settled)
	{
		/* Finished for this snapshot means that it was finished before now: the timestamp that follows is later. */
		bool		finished = snapshot_xmin() > prepared;

		tct_stamp(slot);
		if (finished)
			tct_raise(&slot->settled_xid, prepared);
	}
	/* In this order: where they are equal, whatever had begun by the second look had got its timestamp by the first. */
	done = pg_atomic_read_u64(&slot->done);
	pg_read_barrier();
	if (pg_atomic_read_u64(&slot->begun) != done)
		tct_stamp(slot);
	pg_read_barrier();
	return (TimestampTz) pg_atomic_read_u64(&slot->stamp);
}

static TimestampTz
last_timestamp(Oid relid)
{
	TctSlot    *slot = tct_slot(tct_slot_or_error(relid));
	TimestampTz everything = read_stamp(tct_slot(tct_everything));
	TimestampTz stamp;

	pg_memory_barrier();
	if (pg_atomic_read_u64(&slot->incarnation) == 0 || pg_atomic_read_u64(&slot->uncertain) != 0)
		tct_stamp(slot);
	stamp = read_stamp(slot);
	return Max(stamp, everything);
}

/*
 * get_last_timestamp(regclass) -> timestamptz
 */
Datum
get_last_timestamp(PG_FUNCTION_ARGS)
{
	tct_check_ready();
	PG_RETURN_TIMESTAMPTZ(last_timestamp(PG_GETARG_OID(0)));
}

/*
 * get_last_timestamps(regclass[]) -> timestamptz[]: in the same order, NULL for NULL.
 */
Datum
get_last_timestamps(PG_FUNCTION_ARGS)
{
	ArrayType  *tables = PG_GETARG_ARRAYTYPE_P(0);
	Datum	   *values;
	bool	   *nulls;
	int			count;

	tct_check_ready();
	deconstruct_array(tables, REGCLASSOID, sizeof(Oid), true, TYPALIGN_INT, &values, &nulls, &count);
	for (int i = 0; i < count; i++)
		if (!nulls[i])
			values[i] = TimestampTzGetDatum(last_timestamp(DatumGetObjectId(values[i])));
	PG_RETURN_ARRAYTYPE_P(construct_md_array(values, nulls, ARR_NDIM(tables), ARR_DIMS(tables), ARR_LBOUND(tables),
											 TIMESTAMPTZOID, sizeof(TimestampTz), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/*
 * set_last_timestamp(regclass, timestamptz) -> boolean: marks the table as changed. At once, whatever becomes of the transaction.
 */
Datum
set_last_timestamp(PG_FUNCTION_ARGS)
{
	Oid			relid = PG_GETARG_OID(0);
	TimestampTz to = PG_GETARG_TIMESTAMPTZ(1);
	TctSlot    *slot;
	uint64		last;

	tct_check_ready();
	tct_check_owner(relid);
	if (TIMESTAMP_NOT_FINITE(to))
		ereport(ERROR,
				errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				errmsg("the timestamp must be finite"));
	slot = tct_slot(tct_slot_or_error(relid));
	last = pg_atomic_read_u64(&slot->stamp);
	do
	{
		if ((TimestampTz) last > to)
			ereport(ERROR,
					errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("the timestamp of table \"%s\" can only be set forward", get_rel_name(relid)),
					errdetail("An earlier one would hide changes."));
		if ((TimestampTz) last == to)
			PG_RETURN_BOOL(true);
	} while (!pg_atomic_compare_exchange_u64(&slot->stamp, &last, (uint64) to));
	/* An id of its own: every snapshot up to now has it ahead, and one that is taken after this transaction has it behind. */
	tct_raise(&slot->max_xid, U64FromFullTransactionId(GetTopFullTransactionId()));
	pg_atomic_fetch_add_u64(&slot->begun, 1);
	pg_atomic_fetch_add_u64(&slot->done, 1);
	PG_RETURN_BOOL(true);
}
