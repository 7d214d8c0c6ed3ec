/*
 * answer.c: has a table changed since a snapshot?
 *
 * Two rules, each of which alone proves "unchanged"; what neither proves is "changed". W is a transaction that changed the table, is not
 * visible in the snapshot S and is visible by now.
 *
 * 1. max_xid < xmin(S). Then there is no W: its id would be >= xmin(S), and it raised max_xid before it became visible.
 *
 * 2. begun = D, where D was read from `done` before S was taken. Then there is no W: it added to `done` after it became visible, so after
 *    S was taken and after D was read; and it added to `begun` before it became visible, so by now. So D counts some of the transactions
 *    that `begun` counts, and not W.
 *    A version is D and what makes the premises sure: the epoch and incarnation that D belongs to, and the next transaction id N at the
 *    time. xmax(S) > N proves that S was taken after D was read: it says that a transaction with an id of at least N had ended.
 *    Prepared transactions add to `done` before they become visible, so the rule holds only where none of them can be W:
 *    max_prepared_xid < xmin(S).
 *
 * The second rule spares refreshes while a long transaction holds xmin(S) back.
 */
#include "tracker.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/xid8.h"

PG_FUNCTION_INFO_V1(table_changed_since);
PG_FUNCTION_INFO_V1(tables_changed_since);
PG_FUNCTION_INFO_V1(table_version);
PG_FUNCTION_INFO_V1(table_versions);

/* Set for one call: what is the same for all tables asked about. */
typedef struct Question
{
	uint64		next_xid;
	bool		own_known;		/* false: this transaction may have changed anything */
	TctBag		own;			/* slots that this transaction has changed */
} Question;

typedef struct Version
{
	uint64		epoch;
	uint64		incarnation;
	uint64		done;
	uint64		next_xid;
} Version;

static Question
begin_question(void)
{
	Question	question = {0, true, {CurrentMemoryContext, NULL, 0, 0}};

	tct_check_ready();
	question.next_xid = U64FromFullTransactionId(ReadNextFullTransactionId());
	question.own_known = tct_own_slots(&question.own);
	/* What the caller has learnt of, by whichever way, had raised its slots before. */
	pg_memory_barrier();
	return question;
}

static int
compare_slots(const void *a, const void *b)
{
	return *(const int *) a - *(const int *) b;
}

static bool
changed_by_me(const Question *question, int slot)
{
	if (!question->own_known)
		return true;
	return question->own.count > 0 &&
		bsearch(&slot, question->own.items, question->own.count, sizeof(int), compare_slots) != NULL;
}

static bool
read_version(const char *text, Version *version)
{
	char		rest;

	return sscanf(text, UINT64_FORMAT "-" UINT64_FORMAT "-" UINT64_FORMAT "-" UINT64_FORMAT "%c",
				  &version->epoch, &version->incarnation, &version->done, &version->next_xid, &rest) == 4;
}

/* Rule 2. */
static bool
same_version(TctSlot *slot, const char *text, uint64 xmin, Datum snapshot)
{
	Version		version;
	uint64		xmax = U64FromFullTransactionId(DatumGetFullTransactionId(DirectFunctionCall1(pg_snapshot_xmax, snapshot)));

	if (!read_version(text, &version))
		ereport(ERROR,
				errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				errmsg("invalid version of a table: \"%s\"", text),
				errhint("Use what table_version returned."));
	return version.epoch == pg_atomic_read_u64(&tct_shared->epoch) &&
		version.incarnation == pg_atomic_read_u64(&slot->incarnation) &&
		xmax > version.next_xid &&
		pg_atomic_read_u64(&slot->max_prepared_xid) < xmin &&
		pg_atomic_read_u64(&slot->begun) == version.done;
}

static bool
has_changed(const Question *question, Oid relid, Datum snapshot, const char *version)
{
	int			number = tct_slot_to_read(relid);
	TctSlot    *slot;
	uint64		xmin;
	bool		unchanged;

	if (number < 0 || changed_by_me(question, number))
		return true;
	slot = tct_slot(number);
	xmin = U64FromFullTransactionId(DatumGetFullTransactionId(DirectFunctionCall1(pg_snapshot_xmin, snapshot)));
	/* A snapshot from another cluster, or from before a crash that lost transactions. */
	if (xmin > question->next_xid)
		return true;
	if (pg_atomic_read_u64(&slot->incarnation) == 0 || pg_atomic_read_u64(&slot->uncertain) != 0)
		return true;
	if (pg_atomic_read_u64(&tct_slot(tct_everything)->max_xid) >= xmin)
		return true;
	unchanged = pg_atomic_read_u64(&slot->max_xid) < xmin || (version != NULL && same_version(slot, version, xmin, snapshot));
	/* It may have been freed, and made for another table, after it was found. */
	pg_read_barrier();
	return !unchanged || pg_atomic_read_u64(&slot->key) != tct_key(MyDatabaseId, relid);
}

/*
 * table_changed_since(regclass, pg_snapshot [, version text]) -> boolean
 */
Datum
table_changed_since(PG_FUNCTION_ARGS)
{
	Question	question = begin_question();
	char	   *version = PG_NARGS() > 2 && !PG_ARGISNULL(2) ? text_to_cstring(PG_GETARG_TEXT_PP(2)) : NULL;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_BOOL(true);
	PG_RETURN_BOOL(has_changed(&question, PG_GETARG_OID(0), PG_GETARG_DATUM(1), version));
}

typedef struct Elements
{
	Datum	   *values;
	bool	   *nulls;
	int			count;
} Elements;

static Elements
read_array(FunctionCallInfo fcinfo, int argument, Oid type, const char *name)
{
	Elements	elements;
	int16		length;
	bool		by_value;
	char		align;

	if (PG_ARGISNULL(argument))
		ereport(ERROR,
				errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				errmsg("the array of %s must not be null", name));
	get_typlenbyvalalign(type, &length, &by_value, &align);
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(argument), type, length, by_value, align,
					  &elements.values, &elements.nulls, &elements.count);
	return elements;
}

static void
check_count(const Elements *tables, const Elements *others, const char *name)
{
	if (tables->count != others->count)
		ereport(ERROR,
				errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				errmsg("the arrays of tables and of %s must have the same length", name),
				errdetail("There are %d tables and %d %s.", tables->count, others->count, name));
}

/*
 * tables_changed_since(regclass[], pg_snapshot[] [, versions text[]]) -> boolean[]: in the same order, never NULL.
 */
Datum
tables_changed_since(PG_FUNCTION_ARGS)
{
	Question	question = begin_question();
	Elements	tables = read_array(fcinfo, 0, REGCLASSOID, "tables");
	Elements	snapshots = read_array(fcinfo, 1, PG_SNAPSHOTOID, "snapshots");
	Elements	versions = {NULL, NULL, 0};
	Datum	   *answers = palloc(sizeof(Datum) * Max(tables.count, 1));

	check_count(&tables, &snapshots, "snapshots");
	if (PG_NARGS() > 2)
	{
		versions = read_array(fcinfo, 2, TEXTOID, "versions");
		check_count(&tables, &versions, "versions");
	}
	for (int i = 0; i < tables.count; i++)
	{
		char	   *version = versions.values != NULL && !versions.nulls[i] ? TextDatumGetCString(versions.values[i]) : NULL;
		bool		changed = tables.nulls[i] || snapshots.nulls[i] ||
			has_changed(&question, DatumGetObjectId(tables.values[i]), snapshots.values[i], version);

		answers[i] = BoolGetDatum(changed);
	}
	PG_RETURN_ARRAYTYPE_P(construct_array(answers, tables.count, BOOLOID, sizeof(bool), true, TYPALIGN_CHAR));
}

static Datum
current_version(Oid relid)
{
	TctSlot    *slot = tct_slot(tct_slot_or_error(relid));
	Version		version;

	version.epoch = pg_atomic_read_u64(&tct_shared->epoch);
	version.incarnation = pg_atomic_read_u64(&slot->incarnation);
	version.done = pg_atomic_read_u64(&slot->done);
	/* After `done`, so that a snapshot that proves to be later than this is later than that. */
	pg_memory_barrier();
	version.next_xid = U64FromFullTransactionId(ReadNextFullTransactionId());
	return CStringGetTextDatum(psprintf(UINT64_FORMAT "-" UINT64_FORMAT "-" UINT64_FORMAT "-" UINT64_FORMAT,
										version.epoch, version.incarnation, version.done, version.next_xid));
}

/*
 * table_version(regclass) -> text
 */
Datum
table_version(PG_FUNCTION_ARGS)
{
	tct_check_ready();
	PG_RETURN_DATUM(current_version(PG_GETARG_OID(0)));
}

/*
 * table_versions(regclass[]) -> text[]: in the same order, NULL for NULL.
 */
Datum
table_versions(PG_FUNCTION_ARGS)
{
	ArrayType  *tables = PG_GETARG_ARRAYTYPE_P(0);
	Elements	elements = read_array(fcinfo, 0, REGCLASSOID, "tables");

	tct_check_ready();
	for (int i = 0; i < elements.count; i++)
		if (!elements.nulls[i])
			elements.values[i] = current_version(DatumGetObjectId(elements.values[i]));
	PG_RETURN_ARRAYTYPE_P(construct_md_array(elements.values, elements.nulls, ARR_NDIM(tables), ARR_DIMS(tables), ARR_LBOUND(tables),
											 TEXTOID, -1, false, TYPALIGN_INT));
}
