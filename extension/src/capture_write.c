/*
 * capture_write.c: forms log rows and puts them into the log.
 *
 * A single row is inserted at once; more of them go through heap_multi_insert() in batches, which writes one WAL record a page. A
 * BulkInsertState made no difference to that.
 * Tuples handed to tct_writer_put() belong to the writer and are freed when their slot is used again.
 */
#include "capture.h"

#include "access/detoast.h"
#include "access/heapam.h"
#include "access/xact.h"
#include "executor/executor.h"
#include "nodes/makefuncs.h"
#include "utils/memutils.h"
#include "utils/xid8.h"

static void open_indexes(LogWriter *writer);
static void insert_index_entries(LogWriter *writer, TupleTableSlot *slot);
static TupleTableSlot *next_slot(LogWriter *writer);

void
tct_writer_begin(LogWriter *writer, const CaptureTarget *target, Relation log)
{
	memset(writer, 0, sizeof(LogWriter));
	writer->target = target;
	writer->log = log;
	writer->desc = RelationGetDescr(log);
	/* The top transaction's: a savepoint's rows become visible with it, or go with the savepoint. */
	writer->xid = GetTopFullTransactionId();
	writer->cid = GetCurrentCommandId(true);
	writer->values = palloc(target->natts * sizeof(Datum));
	writer->nulls = palloc(target->natts * sizeof(bool));
	writer->values[LOG_XID - 1] = FullTransactionIdGetDatum(writer->xid);
	writer->nulls[LOG_XID - 1] = false;
	writer->nulls[LOG_WEIGHT - 1] = false;
	if (log->rd_rel->relhasindex)
		open_indexes(writer);
}

/* A log row of a row of the source, or of none (all columns NULL). */
HeapTuple
tct_writer_form(LogWriter *writer, TupleTableSlot *row, int32 weight)
{
	const CaptureTarget *target = writer->target;

	if (row != NULL && target->last > 0)
		slot_getsomeattrs(row, target->last);
	writer->values[LOG_WEIGHT - 1] = Int32GetDatum(weight);
	for (int i = LOG_FIXED; i < target->natts; i++)
	{
		AttrNumber	from = row == NULL ? 0 : target->from[i];

		writer->values[i] = from == 0 ? (Datum) 0 : row->tts_values[from - 1];
		writer->nulls[i] = from == 0 ? true : row->tts_isnull[from - 1];
	}
	return heap_form_tuple(writer->desc, writer->values, writer->nulls);
}

/*
 * The same with weight 0 and with all values in their plain form, so that the same values give the same bytes. Otherwise one value
 * could be stored in line in one row, compressed in another, and out of line in a third.
 */
HeapTuple
tct_writer_form_image(LogWriter *writer, TupleTableSlot *row)
{
	const CaptureTarget *target = writer->target;
	HeapTuple	tuple;
	int			detoasted = 0;
	struct varlena **freed = NULL;

	slot_getsomeattrs(row, target->last);
	writer->values[LOG_WEIGHT - 1] = Int32GetDatum(0);
	for (int i = LOG_FIXED; i < target->natts; i++)
	{
		AttrNumber	from = target->from[i];
		Datum		value = from == 0 ? (Datum) 0 : row->tts_values[from - 1];
		bool		null = from == 0 ? true : row->tts_isnull[from - 1];

		if (!null && TupleDescAttr(writer->desc, i)->attlen == -1 &&
			(VARATT_IS_EXTERNAL(DatumGetPointer(value)) || VARATT_IS_COMPRESSED(DatumGetPointer(value))))
		{
			if (freed == NULL)
				freed = palloc(target->natts * sizeof(struct varlena *));
			freed[detoasted] = detoast_attr((struct varlena *) DatumGetPointer(value));
			value = PointerGetDatum(freed[detoasted++]);
		}
		writer->values[i] = value;
		writer->nulls[i] = null;
	}
	tuple = heap_form_tuple(writer->desc, writer->values, writer->nulls);
	while (detoasted > 0)
		pfree(freed[--detoasted]);
	if (freed != NULL)
		pfree(freed);
	return tuple;
}

/* Inserts a row of a statement that has one row only, or an old and a new one. */
void
tct_writer_put_only(LogWriter *writer, HeapTuple tuple)
{
	if (writer->estate != NULL)
	{
		tct_writer_put(writer, tuple);
		return;
	}
	heap_insert(writer->log, tuple, writer->cid, 0, NULL);
}

void
tct_writer_put(LogWriter *writer, HeapTuple tuple)
{
	ExecStoreHeapTuple(tuple, next_slot(writer), true);
	writer->count++;
	writer->bytes += tuple->t_len;
	if (writer->count == BATCH_ROWS || writer->bytes > BATCH_BYTES)
		tct_writer_flush(writer);
}

static TupleTableSlot *
next_slot(LogWriter *writer)
{
	if (writer->slots == NULL)
	{
		/* A copy counts no references, so that a thousand slots need not take and give back one each. */
		writer->desc = CreateTupleDescCopy(writer->desc);
		writer->slots = palloc(BATCH_ROWS * sizeof(TupleTableSlot *));
		writer->scratch = AllocSetContextCreate(CurrentMemoryContext, "captured batch", ALLOCSET_DEFAULT_SIZES);
	}
	if (writer->count == writer->made)
		writer->slots[writer->made++] = MakeSingleTupleTableSlot(writer->desc, &TTSOpsHeapTuple);
	return writer->slots[writer->count];
}

/* Inserts what waits. */
void
tct_writer_flush(LogWriter *writer)
{
	MemoryContext old;

	if (writer->count == 0)
		return;
	old = MemoryContextSwitchTo(writer->scratch);
	heap_multi_insert(writer->log, writer->slots, writer->count, writer->cid, 0, NULL);
	for (int i = 0; i < writer->count; i++)
	{
		if (writer->estate != NULL)
			insert_index_entries(writer, writer->slots[i]);
	}
	MemoryContextSwitchTo(old);
	MemoryContextReset(writer->scratch);
	for (int i = 0; i < writer->count; i++)
		ExecClearTuple(writer->slots[i]);
	writer->count = 0;
	writer->bytes = 0;
}

void
tct_writer_end(LogWriter *writer)
{
	tct_writer_flush(writer);
	for (int i = 0; i < writer->made; i++)
		ExecDropSingleTupleTableSlot(writer->slots[i]);
	if (writer->scratch != NULL)
		MemoryContextDelete(writer->scratch);
	if (writer->estate != NULL)
	{
		ExecCloseIndices(writer->result);
		FreeExecutorState(writer->estate);
	}
}

/* Indexes are maintained by the executor's own code. Only plain ones get here: capture_check.c refuses the others. */
static void
open_indexes(LogWriter *writer)
{
	writer->estate = CreateExecutorState();
	writer->result = makeNode(ResultRelInfo);
	InitResultRelInfo(writer->result, writer->log, 1, NULL, 0);
	ExecOpenIndices(writer->result, false);
}

static void
insert_index_entries(LogWriter *writer, TupleTableSlot *slot)
{
	if (writer->result->ri_NumIndices == 0)
		return;
	ResetPerTupleExprContext(writer->estate);
	list_free(TCT_EXEC_INSERT_INDEX_TUPLES(writer->result, slot, writer->estate));
}
