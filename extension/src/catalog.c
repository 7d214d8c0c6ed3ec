/*
 * catalog.c: table_change_tracker.tracked_tables, which says what is tracked, over crashes and dumps.
 *
 * It is read and written here as system catalogs are, without SQL: so it needs no rights of the caller, looks nothing up by search path and
 * works in hooks. Only the table that belongs to the extension is ever used: another of that name is anybody's.
 */
#include "tracker.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#define EXTENSION "table_change_tracker"
#define CATALOG_SCHEMA "table_change_tracker"
#define CATALOG_TABLE "tracked_tables"

/* The extension in this database, or InvalidOid. */
Oid
tct_extension(void)
{
	return get_extension_oid(EXTENSION, true);
}

static Oid
catalog_table(void)
{
	Oid			extension = tct_extension();
	Oid			schema = OidIsValid(extension) ? get_namespace_oid(CATALOG_SCHEMA, true) : InvalidOid;
	Oid			relid = OidIsValid(schema) ? get_relname_relid(CATALOG_TABLE, schema) : InvalidOid;

	if (!OidIsValid(relid) || getExtensionOfObject(RelationRelationId, relid) != extension)
		return InvalidOid;
	return relid;
}

static Relation
open_catalog(LOCKMODE lock)
{
	Oid			relid = catalog_table();
	Relation	catalog = OidIsValid(relid) ? try_table_open(relid, lock) : NULL;

	if (catalog == NULL)
		return NULL;
	if (RelationGetNumberOfAttributes(catalog) != 1 || TupleDescAttr(RelationGetDescr(catalog), 0)->atttypid != REGCLASSOID)
		ereport(ERROR,
				errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				errmsg("table \"%s.%s\" was altered", CATALOG_SCHEMA, CATALOG_TABLE),
				errhint("Drop the extension and create it again."));
	return catalog;
}

/* A table of at most some thousand short rows; its only index is the primary key. */
static SysScanDesc
find_row(Relation catalog, Oid relid)
{
	ScanKeyData key;
	List	   *indexes = RelationGetIndexList(catalog);
	Oid			index = indexes == NIL ? InvalidOid : linitial_oid(indexes);

	list_free(indexes);
	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relid));
	return systable_beginscan(catalog, index, OidIsValid(index), NULL, 1, &key);
}

bool
tct_catalog_has(Oid relid)
{
	Relation	catalog = open_catalog(AccessShareLock);
	SysScanDesc scan;
	bool		found;

	if (catalog == NULL)
		return false;
	scan = find_row(catalog, relid);
	found = HeapTupleIsValid(systable_getnext(scan));
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return found;
}

/* Returns false where it is there already. The caller's lock on the table keeps others from doing the same. */
bool
tct_catalog_add(Oid relid)
{
	Relation	catalog;
	Datum		value = ObjectIdGetDatum(relid);
	bool		null = false;
	HeapTuple	tuple;

	if (tct_catalog_has(relid))
		return false;
	catalog = open_catalog(RowExclusiveLock);
	if (catalog == NULL)
		ereport(ERROR,
				errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				errmsg("extension \"%s\" is not installed in this database", EXTENSION),
				errhint("Run CREATE EXTENSION %s.", EXTENSION));
	tuple = heap_form_tuple(RelationGetDescr(catalog), &value, &null);
	CatalogTupleInsert(catalog, tuple);
	heap_freetuple(tuple);
	table_close(catalog, RowExclusiveLock);
	CommandCounterIncrement();
	return true;
}

/* Returns false where it was not there. */
bool
tct_catalog_remove(Oid relid)
{
	Relation	catalog = open_catalog(RowExclusiveLock);
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		found;

	if (catalog == NULL)
		return false;
	/* The extension is being dropped. */
	if (RelationGetRelid(catalog) == relid)
	{
		table_close(catalog, RowExclusiveLock);
		return false;
	}
	scan = find_row(catalog, relid);
	tuple = systable_getnext(scan);
	found = HeapTupleIsValid(tuple);
	if (found)
		CatalogTupleDelete(catalog, &tuple->t_self);
	systable_endscan(scan);
	table_close(catalog, RowExclusiveLock);
	if (found)
		CommandCounterIncrement();
	return found;
}
