/*
 * capture_check.c: which column of a log takes which column of the source, and whether the table can be a log at all.
 *
 * Rows reach a log below the executor, so whatever the executor would do for them has to be absent: constraints, triggers, rules,
 * generated columns and defaults, and indexes that run functions or can refuse a row. This is checked again whenever the
 * definition of either table has changed.
 */
#include "capture.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/tableam.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#define REFUSE_LOG(log, ...) \
	ereport(ERROR, \
			(errcode(ERRCODE_INVALID_TABLE_DEFINITION), \
			 errmsg("table \"%s\" cannot be a change log", RelationGetRelationName(log)), \
			 errdetail(__VA_ARGS__), \
			 errhint("A change log is an ordinary table (xid xid8, weight integer, c<N> ...) with nothing on it but plain indexes.")))

static void check_log(Relation log);
static void check_indexes(Relation log);
static AttrNumber parse_column_number(const char *name);
static AttrNumber find_column(Relation source, Relation log, Relation numbered_by, Form_pg_attribute column, bool registering);

/*
 * Fills in the columns of a target, in memory of `context`. The columns of the log carry the column numbers of `numbered_by`.
 * `registering`: a column of another type is refused. For a writer it stays NULL, as a dropped one does: who wanted it lost it when
 * the type was changed, and a writer must not suffer for it.
 */
void
tct_capture_map(CaptureTarget *target, Relation source, Relation log, Relation numbered_by, MemoryContext context, bool registering)
{
	TupleDesc	desc = RelationGetDescr(log);
	AttrNumber *from;
	AttrNumber	last = 0;

	if (RelationGetRelid(source) == RelationGetRelid(log))
		REFUSE_LOG(log, "It would be the change log of itself.");
	check_log(log);
	from = palloc0(desc->natts * sizeof(AttrNumber));
	for (int i = LOG_FIXED; i < desc->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(desc, i);

		/* Where only marks are logged, the numbers need not be right: in a restored table they often are not. */
		if (column->attisdropped || target->carried_over)
			continue;
		from[i] = find_column(source, log, numbered_by, column, registering);
		last = Max(last, from[i]);
	}
	if (target->from != NULL)
		pfree(target->from);
	target->from = NULL;
	target->from = MemoryContextAlloc(context, desc->natts * sizeof(AttrNumber));
	memcpy(target->from, from, desc->natts * sizeof(AttrNumber));
	target->natts = desc->natts;
	target->last = last;
	pfree(from);
}

static void
check_log(Relation log)
{
	TupleDesc	desc = RelationGetDescr(log);
	Form_pg_attribute xid = desc->natts < LOG_FIXED ? NULL : TupleDescAttr(desc, LOG_XID - 1);
	Form_pg_attribute weight = desc->natts < LOG_FIXED ? NULL : TupleDescAttr(desc, LOG_WEIGHT - 1);

	if (log->rd_rel->relkind != RELKIND_RELATION || log->rd_rel->relispartition)
		REFUSE_LOG(log, "It is not an ordinary table.");
	if (log->rd_rel->relpersistence != RELPERSISTENCE_PERMANENT)
		REFUSE_LOG(log, "It is temporary or unlogged.");
	if (log->rd_tableam != GetHeapamTableAmRoutine())
		REFUSE_LOG(log, "Its access method is not heap.");
	if (xid == NULL || strcmp(NameStr(xid->attname), "xid") != 0 || xid->atttypid != XID8OID ||
		strcmp(NameStr(weight->attname), "weight") != 0 || weight->atttypid != INT4OID)
		REFUSE_LOG(log, "Its first two columns are not xid xid8 and weight integer.");
	if (log->rd_rel->relhastriggers && log->trigdesc != NULL)
		REFUSE_LOG(log, "It has triggers.");
	if (log->rd_rel->relhasrules)
		REFUSE_LOG(log, "It has rules.");
	if (desc->constr != NULL && desc->constr->num_check > 0)
		REFUSE_LOG(log, "It has CHECK constraints.");
	for (int i = LOG_FIXED; i < desc->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(desc, i);

		if (column->attisdropped)
			continue;
		if (column->attnotnull)
			REFUSE_LOG(log, "Its column \"%s\" is NOT NULL.", NameStr(column->attname));
		if (column->attgenerated != '\0' || column->attidentity != '\0' || column->atthasdef)
			REFUSE_LOG(log, "Its column \"%s\" is generated or has a default.", NameStr(column->attname));
	}
	if (log->rd_rel->relhasindex)
		check_indexes(log);
}

static void
check_indexes(Relation log)
{
	List	   *indexes = RelationGetIndexList(log);
	ListCell   *cell;

	foreach(cell, indexes)
	{
		Relation	index = index_open(lfirst_oid(cell), AccessShareLock);

		if (index->rd_index->indisunique || index->rd_index->indisexclusion)
			REFUSE_LOG(log, "Its index \"%s\" is unique or an exclusion constraint.", RelationGetRelationName(index));
		if (!heap_attisnull(index->rd_indextuple, Anum_pg_index_indexprs, NULL) ||
			!heap_attisnull(index->rd_indextuple, Anum_pg_index_indpred, NULL))
			REFUSE_LOG(log, "Its index \"%s\" has an expression or a condition.", RelationGetRelationName(index));
		index_close(index, AccessShareLock);
	}
	list_free(indexes);
}

/* The N of c<N>, 0 for any other name. */
static AttrNumber
parse_column_number(const char *name)
{
	int			number = 0;

	if (name[0] != 'c' || name[1] < '1' || name[1] > '9')
		return 0;
	for (const char *digit = name + 1; *digit != '\0'; digit++)
	{
		if (*digit < '0' || *digit > '9')
			return 0;
		number = number * 10 + (*digit - '0');
		if (number > MaxHeapAttributeNumber)
			return 0;
	}
	return number;
}

/* The source's column for a column of the log; 0 for one that was dropped, which no reader can want any more. */
static AttrNumber
find_column(Relation source, Relation log, Relation numbered_by, Form_pg_attribute column, bool registering)
{
	AttrNumber	number = parse_column_number(NameStr(column->attname));
	Form_pg_attribute found;

	if (number == 0 || number > RelationGetDescr(numbered_by)->natts)
		REFUSE_LOG(log, "Its column \"%s\" is no column number of table \"%s\".",
				   NameStr(column->attname), RelationGetRelationName(numbered_by));
	found = TupleDescAttr(RelationGetDescr(numbered_by), number - 1);
	if (found->attisdropped)
		return 0;
	if (numbered_by != source)
	{
		const char *name = NameStr(found->attname);

		number = get_attnum(RelationGetRelid(source), name);
		if (number <= 0)
			REFUSE_LOG(log, "Table \"%s\" has no column \"%s\" for its column \"%s\".",
					   RelationGetRelationName(source), name, NameStr(column->attname));
		found = TupleDescAttr(RelationGetDescr(source), number - 1);
	}
	if (getBaseType(found->atttypid) != column->atttypid && !registering)
		return 0;
	if (getBaseType(found->atttypid) != column->atttypid)
		REFUSE_LOG(log, "Its column \"%s\" has type %s, and column \"%s\" of table \"%s\" has %s.",
				   NameStr(column->attname), format_type_be(column->atttypid), NameStr(found->attname),
				   RelationGetRelationName(source), format_type_be(getBaseType(found->atttypid)));
	if (TCT_IS_VIRTUAL(found))
		REFUSE_LOG(log, "Column \"%s\" of table \"%s\" is computed when it is read, so no row holds it.",
				   NameStr(found->attname), RelationGetRelationName(source));
	return number;
}
