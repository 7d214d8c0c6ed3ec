/*
 * stats.c: what is known of a table's changes, for people.
 */
#include "tracker.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/pg_lsn.h"
#include "utils/xid8.h"

PG_FUNCTION_INFO_V1(table_stats);

/* The columns in the order of the SQL function, which is that of TctStat. */
static Datum
column(TctStat stat, uint64 value, bool *null)
{
	*null = false;
	switch (stat)
	{
		case TCT_LAST_XID:
			*null = value == 0;
			return FullTransactionIdGetDatum(FullTransactionIdFromU64(value));
		case TCT_LAST_LSN:
			*null = value == 0;
			return LSNGetDatum(value);
		case TCT_LAST_COMMIT:
		case TCT_LAST_DDL:
		case TCT_SINCE:
			*null = value == 0;
			return TimestampTzGetDatum((TimestampTz) value);
		default:
			return Int64GetDatum((int64) value);
	}
}

/*
 * table_stats(regclass) -> record
 */
Datum
table_stats(PG_FUNCTION_ARGS)
{
	TupleDesc	row;
	Datum		values[TCT_NSTATS];
	bool		nulls[TCT_NSTATS];
	TctSlot    *slot;

	tct_check_ready();
	if (get_call_result_type(fcinfo, NULL, &row) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "table_stats must return a row");
	slot = tct_slot(tct_slot_or_error(PG_GETARG_OID(0)));
	for (int i = 0; i < TCT_NSTATS; i++)
		values[i] = column((TctStat) i, pg_atomic_read_u64(&slot->stats[i]), &nulls[i]);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(row), values, nulls)));
}
