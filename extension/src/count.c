/*
 * count.c: the trigger function that counts the rows a statement changed, as imat_catalog.count_changes() does in PL/pgSQL.
 *
 * Where rows go is no argument of the trigger: it is the one table of imat's catalog, so the function is no way to write anything else.
 * Writers need no right on it: rows are put there below the executor. For that the table must be a plain one of the columns below,
 * without indexes, constraints, triggers, rules and row security; anything else makes the statement fail, as a lost counter would make
 * the statistics wrong.
 *
 * Locks: ROW EXCLUSIVE on the counters, as for any INSERT, kept until the transaction ends.
 */
#include "compat.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/tuplestore.h"
#include "utils/xid8.h"

PG_FUNCTION_INFO_V1(count_changes);

#define COUNTERS_SCHEMA	"imat_catalog"
#define COUNTERS_TABLE	"change_count"

/* Its columns: counted_id, xid, role, verb, rows. */
static const Oid COUNTER_TYPES[] = {INT4OID, XID8OID, TEXTOID, TEXTOID, INT8OID};

static Tuplestorestate *changed_rows(FunctionCallInfo fcinfo);
static Relation open_counters(void);
static void add_counter(Relation counters, const char *counted, const char *verb, int64 rows);

Datum
count_changes(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	int64		rows = tuplestore_tuple_count(changed_rows(fcinfo));
	Relation	counters;

	/* A statement that changed no row costs nothing, not even a transaction id. */
	if (rows == 0)
		return PointerGetDatum(NULL);
	counters = open_counters();
	/* Where imat's catalog was dropped, nobody asks for counters. */
	if (counters == NULL)
		return PointerGetDatum(NULL);
	add_counter(counters, trigger->tg_trigger->tgargs[0],
				TRIGGER_FIRED_BY_INSERT(trigger->tg_event) ? "INSERT" :
				TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ? "UPDATE" : "DELETE", rows);
	table_close(counters, NoLock);
	return PointerGetDatum(NULL);
}

/* The transition table; refuses any call but that of an AFTER STATEMENT trigger that has one, and an argument. */
static Tuplestorestate *
changed_rows(FunctionCallInfo fcinfo)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	Tuplestorestate *rows = NULL;

	if (CALLED_AS_TRIGGER(fcinfo) && TRIGGER_FIRED_AFTER(trigger->tg_event) && TRIGGER_FIRED_FOR_STATEMENT(trigger->tg_event) &&
		trigger->tg_trigger->tgnargs == 1)
		rows = trigger->tg_newtable != NULL ? trigger->tg_newtable : trigger->tg_oldtable;
	if (rows == NULL)
		ereport(ERROR,
				errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				errmsg("function \"%s\" cannot count changes here", "count_changes"),
				errdetail("It is called by AFTER triggers FOR EACH STATEMENT that have a transition table and one argument."),
				errhint("imat.create_group() makes such triggers."));
	return rows;
}

/* NULL where the table does not exist. */
static Relation
open_counters(void)
{
	Oid			schema = get_namespace_oid(COUNTERS_SCHEMA, true);
	Oid			relid = OidIsValid(schema) ? get_relname_relid(COUNTERS_TABLE, schema) : InvalidOid;
	Relation	counters = OidIsValid(relid) ? try_table_open(relid, RowExclusiveLock) : NULL;
	bool		plain;

	if (counters == NULL)
		return NULL;
	plain = counters->rd_rel->relkind == RELKIND_RELATION &&
		counters->rd_rel->relpersistence == RELPERSISTENCE_PERMANENT && counters->rd_tableam == GetHeapamTableAmRoutine() &&
		(!counters->rd_rel->relhasindex || RelationGetIndexList(counters) == NIL) && counters->trigdesc == NULL && counters->rd_rules == NULL &&
		!counters->rd_rel->relrowsecurity && counters->rd_att->constr == NULL && counters->rd_att->natts == lengthof(COUNTER_TYPES);
	for (int i = 0; plain && i < lengthof(COUNTER_TYPES); i++)
		plain = TupleDescAttr(counters->rd_att, i)->atttypid == COUNTER_TYPES[i];
	if (!plain)
		ereport(ERROR,
				errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				errmsg("changes cannot be counted in table \"%s.%s\"", COUNTERS_SCHEMA, COUNTERS_TABLE),
				errdetail("It is not as imat has made it."),
				errhint("Take off what was added to it, or drop the triggers \"!imat_count_...\" of the table that is written."));
	return counters;
}

static void
add_counter(Relation counters, const char *counted, const char *verb, int64 rows)
{
	Datum		values[lengthof(COUNTER_TYPES)];
	bool		nulls[lengthof(COUNTER_TYPES)] = {0};

	values[0] = Int32GetDatum(pg_strtoint32(counted));
	/* The top transaction's: a savepoint's counters become visible with it, or go with the savepoint. */
	values[1] = FullTransactionIdGetDatum(GetTopFullTransactionId());
	values[2] = CStringGetTextDatum(GetUserNameFromId(GetSessionUserId(), false));
	values[3] = CStringGetTextDatum(verb);
	values[4] = Int64GetDatum(rows);
	heap_insert(counters, heap_form_tuple(RelationGetDescr(counters), values, nulls), GetCurrentCommandId(true), 0, NULL);
}
