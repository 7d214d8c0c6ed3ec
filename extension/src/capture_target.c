/*
 * capture_target.c: which log the rows of a source go to.
 *
 * Registrations are rows of the extension's table capture_targets, made by enable_capture(): it takes an owner of both tables, so
 * capture gives nobody a way to write where he could not write anyway. Each backend keeps what it has looked up, with the columns
 * resolved, until an invalidation message says that either table has changed; a registration sends one for the source.
 *
 * A dump carries registrations along (they are configuration of the extension). But column numbers change where a table with dropped
 * columns is restored, and a log's transaction ids mean nothing in another cluster. So a registration also holds the OIDs of both tables
 * as they were. Where these differ, only marks are logged, with a warning, until the log's reader has begun anew.
 *
 * Locks: capture_targets itself, SHARE ROW EXCLUSIVE to change it and ACCESS SHARE to read it; see capture.c for the rest.
 */
#include "capture.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/catalog.h"
#include "catalog/dependency.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_class.h"
#include "catalog/pg_proc.h"
#include "commands/extension.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

PG_FUNCTION_INFO_V1(enable_capture);
PG_FUNCTION_INFO_V1(disable_capture);
PG_FUNCTION_INFO_V1(capture_log);

#define EXTENSION		"table_change_tracker"
#define TARGETS_SCHEMA	"table_change_tracker"
#define TARGETS_TABLE	"capture_targets"

/* Its columns. */
enum
{
	TARGET_SOURCE = 1,
	TARGET_LOG,
	TARGET_NUMBERED_BY,
	TARGET_SOURCE_OID,
	TARGET_LOG_OID,
	TARGET_COLUMNS = TARGET_LOG_OID
};

static HTAB *targets = NULL;

static Relation open_targets(LOCKMODE lock);
static HeapTuple find_target(Relation targets_table, Oid source, SysScanDesc *scan);
static bool load_target(CaptureTarget *target, Relation source, Oid *numbered_by);
static void warn_once(CaptureTarget *target, Relation source, bool registered);
static void forget_targets(Datum arg, Oid relation);
static void remove_dropped(Relation targets_table);
static void check_owner(Oid relation);
static void check_not_captured(Relation source, const char *detail);
static Oid	log_in_use(HeapTuple known, Relation targets_table);

/*
 * The target of a source whose trigger fired, its log opened and locked. NULL where the log was dropped: whatever read it went with it.
 * NULL where there is no registration, too: the table came from a dump without the extension's data (pg_dump -t, -n), so nothing reads
 * its changes yet. Nothing is lost by that, and a writer must not suffer for it.
 */
CaptureTarget *
tct_capture_target(Relation source, Relation *log)
{
	Oid			relid = RelationGetRelid(source);
	Oid			numbered_oid = InvalidOid;
	Relation	numbered_by;
	CaptureTarget *target;
	bool		found;

	if (targets == NULL)
	{
		HASHCTL		control = {.keysize = sizeof(Oid), .entrysize = sizeof(CaptureTarget), .hcxt = CacheMemoryContext};

		targets = hash_create("captured tables", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
		CacheRegisterRelcacheCallback(forget_targets, (Datum) 0);
	}
	target = hash_search(targets, &relid, HASH_ENTER, &found);
	if (!found)
		memset((char *) target + sizeof(Oid), 0, sizeof(CaptureTarget) - sizeof(Oid));

	if (!target->valid && !load_target(target, source, &numbered_oid))
	{
		warn_once(target, source, false);
		return NULL;
	}
	*log = try_table_open(target->log, RowExclusiveLock);
	if (*log == NULL)
	{
		warn_once(target, source, true);
		return NULL;
	}
	target->warned = false;
	if (target->valid)
		return target;

	/* Waiting for the log's lock can have brought the message, after what was known of it had been taken for good. */
	if (!OidIsValid(numbered_oid) && !load_target(target, source, &numbered_oid))
		elog(ERROR, "the change log of table \"%s\" was unregistered under a lock", RelationGetRelationName(source));
	numbered_by = numbered_oid == relid ? source : table_open(numbered_oid, AccessShareLock);
	tct_capture_map(target, source, *log, numbered_by, CacheMemoryContext, false);
	if (numbered_by != source)
		table_close(numbered_by, NoLock);
	if (target->carried_over)
		ereport(WARNING,
				(errmsg("changes of table \"%s\" are not logged, only that there were some", RelationGetRelationName(source)),
				 errdetail("The registration of its change log comes from a dump of another database."),
				 errhint("Make what reads the log anew, then register the log with enable_capture().")));
	/* Both tables are locked: nothing about them can have changed meanwhile. */
	target->valid = true;
	return target;
}

/* Reads a registration, with the table whose column numbers the log has; false if there is none. */
static bool
load_target(CaptureTarget *target, Relation source, Oid *numbered_by)
{
	Relation	table = open_targets(AccessShareLock);
	SysScanDesc scan;
	HeapTuple	tuple = find_target(table, RelationGetRelid(source), &scan);
	bool		found = HeapTupleIsValid(tuple);

	if (found)
	{
		Datum		values[TARGET_COLUMNS];
		bool		nulls[TARGET_COLUMNS];

		heap_deform_tuple(tuple, RelationGetDescr(table), values, nulls);
		target->log = DatumGetObjectId(values[TARGET_LOG - 1]);
		target->carried_over = DatumGetObjectId(values[TARGET_SOURCE_OID - 1]) != RelationGetRelid(source) ||
			DatumGetObjectId(values[TARGET_LOG_OID - 1]) != target->log;
		*numbered_by = DatumGetObjectId(values[TARGET_NUMBERED_BY - 1]);
	}
	systable_endscan(scan);
	table_close(table, AccessShareLock);
	return found;
}

/* One warning per session and table, until its changes are logged again: a load of single rows would drown in them. */
static void
warn_once(CaptureTarget *target, Relation source, bool registered)
{
	if (target->warned)
		return;
	target->warned = true;
	ereport(WARNING,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg(registered ? "the change log of table \"%s\" does not exist any more" : "table \"%s\" has no change log",
					RelationGetRelationName(source)),
			 errdetail("Its changes are not captured."),
			 errhint("Register a log with enable_capture(), or drop the triggers that capture its changes.")));
}

/* A message that a table has changed, or (0) that some may have. Entries stay where they are: one may be in use. */
static void
forget_targets(Datum arg, Oid relation)
{
	HASH_SEQ_STATUS status;
	CaptureTarget *target;

	hash_seq_init(&status, targets);
	while ((target = hash_seq_search(&status)) != NULL)
	{
		if (!OidIsValid(relation) || target->source == relation || target->log == relation)
			target->valid = false;
	}
}

/* Only the table that belongs to the extension is ever used: another of that name is anybody's. */
static Relation
open_targets(LOCKMODE lock)
{
	Oid			extension = get_extension_oid(EXTENSION, true);
	Oid			schema = get_namespace_oid(TARGETS_SCHEMA, true);
	Oid			table = OidIsValid(schema) ? get_relname_relid(TARGETS_TABLE, schema) : InvalidOid;

	if (!OidIsValid(extension) || !OidIsValid(table) || getExtensionOfObject(RelationRelationId, table) != extension)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table \"%s.%s\" of extension \"%s\" does not exist", TARGETS_SCHEMA, TARGETS_TABLE, EXTENSION),
				 errhint("Drop the extension and create it again.")));
	return table_open(table, lock);
}

static HeapTuple
find_target(Relation targets_table, Oid source, SysScanDesc *scan)
{
	ScanKeyData key;
	List	   *indexes = RelationGetIndexList(targets_table);
	Oid			index = indexes == NIL ? InvalidOid : linitial_oid(indexes);	/* the primary key is the only one */

	list_free(indexes);
	ScanKeyInit(&key, TARGET_SOURCE, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(source));
	*scan = systable_beginscan(targets_table, index, OidIsValid(index), NULL, 1, &key);
	return systable_getnext(*scan);
}

/* enable_capture(source, log, numbered_by): registers the log of a source. */
Datum
enable_capture(PG_FUNCTION_ARGS)
{
	Oid			source_oid = PG_GETARG_OID(0);
	Oid			log_oid = PG_GETARG_OID(1);
	Oid			numbered_oid = PG_ARGISNULL(2) ? source_oid : PG_GETARG_OID(2);
	CaptureTarget checked = {.source = source_oid};
	Datum		values[TARGET_COLUMNS];
	bool		nulls[TARGET_COLUMNS] = {0};
	Relation	source;
	Relation	log;
	Relation	numbered_by;
	Relation	table;
	SysScanDesc scan;
	HeapTuple	tuple;
	HeapTuple	known;
	Oid			in_use;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("source and log must not be null")));

	/* Rights before locks: who owns nothing here must not be able to stop writers. */
	check_owner(source_oid);
	check_owner(log_oid);
	check_owner(numbered_oid);
	source = table_open(source_oid, ShareRowExclusiveLock);
	log = table_open(log_oid, AccessShareLock);
	numbered_by = numbered_oid == source_oid ? source : table_open(numbered_oid, AccessShareLock);
	check_owner(source_oid);
	check_owner(log_oid);
	if (IsSystemRelation(source) || IsSystemRelation(log))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("changes of system tables cannot be captured")));
	if (source->rd_rel->relkind != RELKIND_RELATION && source->rd_rel->relkind != RELKIND_PARTITIONED_TABLE &&
		source->rd_rel->relkind != RELKIND_FOREIGN_TABLE)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("changes of \"%s\" cannot be captured", RelationGetRelationName(source)),
				 errdetail("It is not a table.")));
	tct_capture_map(&checked, source, log, numbered_by, CurrentMemoryContext, true);

	values[TARGET_SOURCE - 1] = values[TARGET_SOURCE_OID - 1] = ObjectIdGetDatum(source_oid);
	values[TARGET_LOG - 1] = values[TARGET_LOG_OID - 1] = ObjectIdGetDatum(log_oid);
	values[TARGET_NUMBERED_BY - 1] = ObjectIdGetDatum(numbered_oid);
	table = open_targets(ShareRowExclusiveLock);
	remove_dropped(table);
	tuple = heap_form_tuple(RelationGetDescr(table), values, nulls);
	known = find_target(table, source_oid, &scan);
	in_use = HeapTupleIsValid(known) ? log_in_use(known, table) : InvalidOid;
	if (OidIsValid(in_use) && in_use != log_oid)
		check_not_captured(source, "Its present log would miss changes.");
	if (HeapTupleIsValid(known))
		CatalogTupleUpdate(table, &known->t_self, tuple);
	else
		CatalogTupleInsert(table, tuple);
	systable_endscan(scan);
	CacheInvalidateRelcache(source);
	CommandCounterIncrement();

	table_close(table, NoLock);
	if (numbered_by != source)
		table_close(numbered_by, NoLock);
	table_close(log, NoLock);
	table_close(source, NoLock);
	PG_RETURN_VOID();
}

/* disable_capture(source): forgets the log of a source; its triggers must be gone before, or changes would be lost. True if it had one. */
Datum
disable_capture(PG_FUNCTION_ARGS)
{
	Oid			source_oid = PG_GETARG_OID(0);
	Relation	source;
	Relation	table;
	SysScanDesc scan;
	HeapTuple	known;
	bool		found;

	check_owner(source_oid);
	source = table_open(source_oid, ShareRowExclusiveLock);
	check_owner(source_oid);
	check_not_captured(source, "Without a log its changes would be lost.");
	table = open_targets(ShareRowExclusiveLock);
	known = find_target(table, source_oid, &scan);
	found = HeapTupleIsValid(known);
	if (found)
		CatalogTupleDelete(table, &known->t_self);
	systable_endscan(scan);
	CacheInvalidateRelcache(source);
	CommandCounterIncrement();
	remove_dropped(table);
	table_close(table, NoLock);
	table_close(source, NoLock);
	PG_RETURN_BOOL(found);
}

/* capture_log(source): the log that a source is registered with, NULL where it has none. For everybody, as names of tables are. */
Datum
capture_log(PG_FUNCTION_ARGS)
{
	Relation	table = open_targets(AccessShareLock);
	SysScanDesc scan;
	HeapTuple	known = find_target(table, PG_GETARG_OID(0), &scan);
	bool		null = true;
	Datum		log = (Datum) 0;

	if (HeapTupleIsValid(known))
		log = heap_getattr(known, TARGET_LOG, RelationGetDescr(table), &null);
	systable_endscan(scan);
	table_close(table, AccessShareLock);
	if (null)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(log);
}

/* Registrations of tables that were dropped: their OIDs could be given out again. */
static void
remove_dropped(Relation targets_table)
{
	SysScanDesc scan = systable_beginscan(targets_table, InvalidOid, false, NULL, 0, NULL);
	HeapTuple	tuple;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		bool		null;
		Oid			source = DatumGetObjectId(heap_getattr(tuple, TARGET_SOURCE, RelationGetDescr(targets_table), &null));
		Oid			log = DatumGetObjectId(heap_getattr(tuple, TARGET_LOG, RelationGetDescr(targets_table), &null));

		if (!SearchSysCacheExists1(RELOID, ObjectIdGetDatum(source)) || !SearchSysCacheExists1(RELOID, ObjectIdGetDatum(log)))
			CatalogTupleDelete(targets_table, &tuple->t_self);
	}
	systable_endscan(scan);
	CommandCounterIncrement();
}

static void
check_owner(Oid relation)
{
	if (!SearchSysCacheExists1(RELOID, ObjectIdGetDatum(relation)))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("table with OID %u does not exist", relation)));
	if (!tct_owns_table(relation, GetUserId()))
		aclcheck_error(ACLCHECK_NOT_OWNER, get_relkind_objtype(get_rel_relkind(relation)), get_rel_name(relation));
}

/* The log of a registration that was made in this database and whose log is there, InvalidOid otherwise. */
static Oid
log_in_use(HeapTuple known, Relation targets_table)
{
	Datum		values[TARGET_COLUMNS];
	bool		nulls[TARGET_COLUMNS];
	Oid			log;

	heap_deform_tuple(known, RelationGetDescr(targets_table), values, nulls);
	log = DatumGetObjectId(values[TARGET_LOG - 1]);
	if (DatumGetObjectId(values[TARGET_SOURCE_OID - 1]) != DatumGetObjectId(values[TARGET_SOURCE - 1]) ||
		DatumGetObjectId(values[TARGET_LOG_OID - 1]) != log || !SearchSysCacheExists1(RELOID, ObjectIdGetDatum(log)))
		return InvalidOid;
	return log;
}

/* Refuses to change where the rows of a table go that a trigger captures. */
static void
check_not_captured(Relation source, const char *detail)
{
	TriggerDesc *triggers = source->trigdesc;
	Oid			extension = get_extension_oid(EXTENSION, true);
	int			i;

	for (i = 0; triggers != NULL && i < triggers->numtriggers; i++)
	{
		Oid			function = triggers->triggers[i].tgfoid;
		char	   *name = get_func_name(function);

		if (name != NULL && strcmp(name, "capture_changes") == 0 && OidIsValid(extension) &&
			getExtensionOfObject(ProcedureRelationId, function) == extension)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("trigger \"%s\" captures the changes of table \"%s\"", triggers->triggers[i].tgname,
							RelationGetRelationName(source)),
					 errdetail("%s", detail),
					 errhint("Drop the trigger first.")));
	}
}
