/*
 * ancestors.c: which slots a table's change concerns: its own, and those of the tables that it is a partition or child of.
 *
 * Each session remembers what it found out. Everything is forgotten at any invalidation of a relation, whichever: a table gets an ancestor
 * only under a lock that keeps its writers out (see ddl.c for the one case where PostgreSQL takes none), so that whoever writes to it
 * afterwards has taken in the invalidation before.
 */
#include "tracker.h"

#include "access/genam.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/pg_am.h"
#include "catalog/pg_inherits.h"
#include "miscadmin.h"
#include "utils/fmgroids.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

typedef struct Known
{
	Oid			relid;			/* the key */
	int			count;
	int		   *slots;
} Known;

static MemoryContext known_context = NULL;
static HTAB *known = NULL;
static uint64 known_registry = 0;
static bool known_stale = true;

void
tct_bag_add(TctBag *bag, int item)
{
	if (bag->count == bag->room)
	{
		bag->room = bag->room == 0 ? 16 : 2 * bag->room;
		bag->items = bag->items == NULL
			? MemoryContextAlloc(bag->context, sizeof(int) * bag->room)
			: repalloc(bag->items, sizeof(int) * bag->room);
	}
	bag->items[bag->count++] = item;
}

static int
compare_items(const void *a, const void *b)
{
	int			left = *(const int *) a;
	int			right = *(const int *) b;

	return (left > right) - (left < right);
}

/* Sorts the bag and leaves each item once. */
void
tct_bag_unique(TctBag *bag)
{
	int			kept = 1;

	if (bag->count < 2)
		return;
	qsort(bag->items, bag->count, sizeof(int), compare_items);
	for (int i = 1; i < bag->count; i++)
		if (bag->items[i] != bag->items[kept - 1])
			bag->items[kept++] = bag->items[i];
	bag->count = kept;
}

/* All that the table is a partition or child of, however far up, without itself; also while it is being detached. */
List *
tct_ancestors(Oid relid)
{
	List	   *ancestors = NIL;
	Relation	inherits = table_open(InheritsRelationId, AccessShareLock);
	Oid			from = relid;

	for (int next = 0;; next++)
	{
		ScanKeyData key;
		SysScanDesc scan;
		HeapTuple	tuple;

		ScanKeyInit(&key, Anum_pg_inherits_inhrelid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(from));
		scan = systable_beginscan(inherits, InheritsRelidSeqnoIndexId, true, NULL, 1, &key);
		while (HeapTupleIsValid(tuple = systable_getnext(scan)))
			ancestors = list_append_unique_oid(ancestors, ((Form_pg_inherits) GETSTRUCT(tuple))->inhparent);
		systable_endscan(scan);
		if (next >= list_length(ancestors))
			break;
		from = list_nth_oid(ancestors, next);
	}
	table_close(inherits, AccessShareLock);
	return ancestors;
}

static void
forget(Datum arg, Oid relid)
{
	known_stale = true;
}

static void
start_afresh(uint64 registry)
{
	HASHCTL		control = {.keysize = sizeof(Oid), .entrysize = sizeof(Known)};
	static bool listening = false;

	if (!listening)
	{
		CacheRegisterRelcacheCallback(forget, (Datum) 0);
		listening = true;
	}
	known = NULL;
	if (known_context != NULL)
		MemoryContextReset(known_context);
	else
		known_context = AllocSetContextCreate(CacheMemoryContext, "table_change_tracker", ALLOCSET_SMALL_SIZES);
	control.hcxt = known_context;
	known = hash_create("table_change_tracker", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	known_registry = registry;
	/* Before the catalogs are read: what is invalidated meanwhile counts. */
	known_stale = false;
}

/*
 * The slots of a table and of its ancestors; the result holds until the next call. Looks into the catalogs where it must, so it is for
 * transactions that still run.
 */
const int *
tct_slots_of(Oid relid, int *count)
{
	/* Before any slot is looked up: tct_make_slot relies on it. */
	uint64		registry = pg_atomic_read_u64(&tct_shared->registry);
	TctBag		found = {CurrentMemoryContext, NULL, 0, 0};
	Known	   *entry;
	List	   *ancestors;
	ListCell   *cell;
	int			slot;

	pg_read_barrier();
	if (known == NULL || known_stale || known_registry != registry)
		start_afresh(registry);
	entry = hash_search(known, &relid, HASH_FIND, NULL);
	if (entry != NULL)
	{
		*count = entry->count;
		return entry->slots;
	}

	if ((slot = tct_find_slot(MyDatabaseId, relid)) >= 0)
		tct_bag_add(&found, slot);
	ancestors = tct_ancestors(relid);
	foreach(cell, ancestors)
		if ((slot = tct_find_slot(MyDatabaseId, lfirst_oid(cell))) >= 0)
			tct_bag_add(&found, slot);
	list_free(ancestors);

	/* Everything that can fail before the entry is made, so that none is left half made. */
	if (found.count > 0)
	{
		int		   *slots = MemoryContextAlloc(known_context, sizeof(int) * found.count);

		memcpy(slots, found.items, sizeof(int) * found.count);
		pfree(found.items);
		found.items = slots;
	}
	entry = hash_search(known, &relid, HASH_ENTER, NULL);
	entry->count = found.count;
	entry->slots = found.items;
	*count = entry->count;
	return entry->slots;
}

/* Heap counts what is done to its rows, for the statistics; other access methods and foreign tables need not. */
static bool
is_countable(Oid relid)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Form_pg_class class;
	bool		countable;

	if (!HeapTupleIsValid(tuple))
		return true;			/* dropped: nothing left to be seen */
	class = (Form_pg_class) GETSTRUCT(tuple);
	countable = class->relkind == RELKIND_PARTITIONED_TABLE || (class->relkind != RELKIND_FOREIGN_TABLE && class->relam == HEAP_TABLE_AM_OID);
	ReleaseSysCache(tuple);
	return countable;
}

/* True where the changes of the table and of all its parts can be seen. */
bool
tct_all_countable(Oid relid)
{
	List	   *parts;
	ListCell   *cell;

	if (!is_countable(relid))
		return false;
	parts = find_all_inheritors(relid, NoLock, NULL);
	foreach(cell, parts)
		if (!is_countable(lfirst_oid(cell)))
			return false;
	return true;
}
