/*
 * capture.c: the trigger function that appends the rows a statement changed to a change log.
 *
 *	capture_changes()		AFTER STATEMENT trigger		this file
 *	where rows go			registration and its cache	capture_target.c
 *	which column goes where	and what a log may be		capture_check.c
 *	an UPDATE, net			pairs, then a hash table	capture_net.c
 *	writing					heap_multi_insert			capture_write.c
 *
 * A log is a table (xid xid8, weight integer, c<N> ...). Each row says: in the transaction xid, weight rows with these values came
 * (weight > 0) or went (weight < 0); c<N> holds the column number N of the source. A trigger without transition tables logs only a
 * mark: one row of weight 0. What matters is the sum of the weights of each image, not the rows that make it up.
 *
 * Rights. A writer needs none on the log: rows are put there below the executor, past rights, row security, constraints, triggers
 * and rules. So the log is never named by the trigger. It comes from a registration that only an owner of both tables can make, and a
 * log that has any of those things is refused. No code of users runs here: not in index expressions (refused), not in casts (types
 * must be the same), not in comparisons (images are compared byte by byte).
 *
 * Locks. The source is locked by the statement that fired the trigger. The log gets ROW EXCLUSIVE, as for any INSERT, kept until the
 * transaction ends. A registration is made and removed under SHARE ROW EXCLUSIVE on the source, so no statement is inside meanwhile.
 *
 * Alternatives that lost are in docs/extension-capture.md, with figures.
 */
#include "capture.h"

#include "access/table.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "fmgr.h"
#include "miscadmin.h"

PG_FUNCTION_INFO_V1(capture_changes);

static void check_call(FunctionCallInfo fcinfo);
static void log_mark(LogWriter *writer);
static void log_rows(LogWriter *writer, Relation source, Tuplestorestate *rows, int32 weight);

Datum
capture_changes(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	Relation	source;
	Relation	log;
	CaptureTarget *target;
	LogWriter	writer;
	bool		mark;
	bool		update;

	check_call(fcinfo);
	source = trigger->tg_relation;
	update = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event);
	mark = trigger->tg_trigger->tgoldtable == NULL && trigger->tg_trigger->tgnewtable == NULL;

	/* A statement that changed no row costs nothing, not even a transaction id. */
	if (!mark &&
		(trigger->tg_oldtable == NULL || tuplestore_tuple_count(trigger->tg_oldtable) == 0) &&
		(trigger->tg_newtable == NULL || tuplestore_tuple_count(trigger->tg_newtable) == 0))
		return PointerGetDatum(NULL);

	target = tct_capture_target(source, &log);
	if (target == NULL)
		return PointerGetDatum(NULL);
	if (update && !mark && target->last == 0 && !target->carried_over)
	{
		/* Rows without columns are all the same, so an UPDATE cancels out. */
		table_close(log, NoLock);
		return PointerGetDatum(NULL);
	}

	tct_writer_begin(&writer, target, log);
	if (mark || target->carried_over)
		log_mark(&writer);
	else if (update)
		tct_capture_update(&writer, source, trigger->tg_oldtable, trigger->tg_newtable);
	else if (TRIGGER_FIRED_BY_INSERT(trigger->tg_event))
		log_rows(&writer, source, trigger->tg_newtable, 1);
	else
		log_rows(&writer, source, trigger->tg_oldtable, -1);
	tct_writer_end(&writer);

	table_close(log, NoLock);
	return PointerGetDatum(NULL);
}

/* Refuses any call but that of an AFTER STATEMENT trigger with all of its event's transition tables, or none. */
static void
check_call(FunctionCallInfo fcinfo)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	TriggerEvent event;
	bool		old_rows;
	bool		new_rows;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" can be called as a trigger only", "capture_changes")));
	event = trigger->tg_event;
	if (!TRIGGER_FIRED_AFTER(event) || !TRIGGER_FIRED_FOR_STATEMENT(event) || TRIGGER_FIRED_BY_TRUNCATE(event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("trigger \"%s\" cannot capture changes", trigger->tg_trigger->tgname),
				 errdetail("Changes are captured by AFTER triggers FOR EACH STATEMENT of INSERT, UPDATE or DELETE."),
				 errhint("Drop the trigger. A TRUNCATE needs a trigger function of its own.")));

	old_rows = trigger->tg_trigger->tgoldtable != NULL;
	new_rows = trigger->tg_trigger->tgnewtable != NULL;
	if ((old_rows || new_rows) &&
		(old_rows != !TRIGGER_FIRED_BY_INSERT(event) || new_rows != !TRIGGER_FIRED_BY_DELETE(event)))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("trigger \"%s\" cannot capture changes", trigger->tg_trigger->tgname),
				 errdetail("It has one of the transition tables of its event and lacks the other."),
				 errhint("Name all of them after REFERENCING to log rows, or none to log a mark.")));
	if ((old_rows && trigger->tg_oldtable == NULL) || (new_rows && trigger->tg_newtable == NULL))
		elog(ERROR, "trigger \"%s\" was given no transition table", trigger->tg_trigger->tgname);
}

/* Says that something was written, not what. */
static void
log_mark(LogWriter *writer)
{
	tct_writer_put_only(writer, tct_writer_form(writer, NULL, 0));
}

/* Logs all rows of a transition table. */
static void
log_rows(LogWriter *writer, Relation source, Tuplestorestate *rows, int32 weight)
{
	TupleTableSlot *row = MakeSingleTupleTableSlot(RelationGetDescr(source), &TTSOpsMinimalTuple);
	bool		only = tuplestore_tuple_count(rows) == 1;
	int			pointer;

	tct_rewind(rows, &pointer);
	while (tuplestore_gettupleslot(rows, true, false, row))
	{
		HeapTuple	tuple = tct_writer_form(writer, row, weight);

		if (only)
			tct_writer_put_only(writer, tuple);
		else
			tct_writer_put(writer, tuple);
	}
	ExecDropSingleTupleTableSlot(row);
}

/*
 * Begins to read a transition table. All triggers of a statement share it, so each reads through a pointer of its own; that it is the
 * selected one lasts until somebody else selects another, so who reads two tables in turn is safe, as they are two stores.
 */
void
tct_rewind(Tuplestorestate *rows, int *pointer)
{
	*pointer = tuplestore_alloc_read_pointer(rows, EXEC_FLAG_REWIND);
	tuplestore_select_read_pointer(rows, *pointer);
	tuplestore_rescan(rows);
}
