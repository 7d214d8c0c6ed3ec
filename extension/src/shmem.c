/*
 * shmem.c: the array of slots in shared memory. tracker.h says who may write what.
 */
#include "tracker.h"

#include "access/twophase.h"
#include "catalog/pg_database.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "storage/ipc.h"
#include "storage/shmem.h"
#include "utils/syscache.h"

#define TRANCHE "table_change_tracker"

TctShared  *tct_shared = NULL;
int			tct_max_tables = 4096;
int			tct_capacity = 0;

static LWLock *tct_lock = NULL;
static shmem_request_hook_type previous_shmem_request = NULL;
static shmem_startup_hook_type previous_shmem_startup = NULL;

/* Half of the slots stay empty, so that look-ups are short. */
static Size
shared_size(void)
{
	tct_capacity = (int) pg_nextpower2_32((uint32) tct_max_tables * 2);
	return add_size(offsetof(TctShared, slots), mul_size(sizeof(TctSlot), (Size) tct_capacity + 1));
}

static void
request_shmem(void)
{
	if (previous_shmem_request)
		previous_shmem_request();
	RequestAddinShmemSpace(shared_size());
	RequestNamedLWLockTranche(TRANCHE, 1);
}

static void
init_slot(TctSlot *slot)
{
	pg_atomic_uint64 *members = (pg_atomic_uint64 *) slot;

	for (Size i = 0; i < sizeof(TctSlot) / sizeof(pg_atomic_uint64); i++)
		pg_atomic_init_u64(&members[i], 0);
}

static void
startup_shmem(void)
{
	bool		found;

	if (previous_shmem_startup)
		previous_shmem_startup();

	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	tct_shared = ShmemInitStruct(TRANCHE, shared_size(), &found);
	tct_lock = &GetNamedLWLockTranche(TRANCHE)->lock;
	if (!found)
	{
		uint64		epoch;

		if (!pg_strong_random(&epoch, sizeof(epoch)))
			epoch = (uint64) GetCurrentTimestamp() ^ ((uint64) MyProcPid << 48);
		pg_atomic_init_u64(&tct_shared->epoch, epoch);
		pg_atomic_init_u64(&tct_shared->used, 0);
		pg_atomic_init_u64(&tct_shared->incarnations, 0);
		pg_atomic_init_u64(&tct_shared->registry, 1);
		for (int i = 0; i <= tct_capacity; i++)
			init_slot(tct_slot(i));
		pg_atomic_write_u64(&tct_slot(tct_everything)->incarnation, 1);
	}
	LWLockRelease(AddinShmemInitLock);

	/* The postmaster, or a single-user server: at its start, and again after a crash of one of its children. */
	if (!IsUnderPostmaster)
	{
		tct_persist_load();
		on_shmem_exit(tct_persist_dump, (Datum) 0);
	}
}

void
tct_shmem_init(void)
{
	DefineCustomIntVariable("table_change_tracker.max_tables",
							"Sets how many tables can be tracked, over all databases.",
							NULL, &tct_max_tables, 4096, 16, 1 << 20,
							PGC_POSTMASTER, 0, NULL, NULL, NULL);
	MarkGUCPrefixReserved("table_change_tracker");

	previous_shmem_request = shmem_request_hook;
	shmem_request_hook = request_shmem;
	previous_shmem_startup = shmem_startup_hook;
	shmem_startup_hook = startup_shmem;
}

static int
first_place(uint64 key)
{
	return (int) (hash_combine(murmurhash32((uint32) (key >> 32)), murmurhash32((uint32) key)) & (uint32) (tct_capacity - 1));
}

static int
find_key(uint64 key)
{
	int			place = first_place(key);

	for (int tries = 0; tries < tct_capacity; tries++)
	{
		uint64		found = pg_atomic_read_u64(&tct_slot(place)->key);

		if (found == key)
		{
			pg_read_barrier();
			return place;
		}
		if (found == TCT_KEY_EMPTY)
			return -1;
		place = (place + 1) & (tct_capacity - 1);
	}
	return -1;
}

/* The table's slot, or -1. Takes no lock, so that commit callbacks may call it. */
int
tct_find_slot(Oid database, Oid relid)
{
	return find_key(tct_key(database, relid));
}

/* Raises a value that only goes up. */
void
tct_raise(pg_atomic_uint64 *value, uint64 to)
{
	uint64		now = pg_atomic_read_u64(value);

	while (now < to && !pg_atomic_compare_exchange_u64(value, &now, to))
		 /* another one raised it: look again */ ;
}

/* Gives the slot a timestamp later than any before. */
void
tct_stamp(TctSlot *slot)
{
	uint64		clock = (uint64) GetCurrentTimestamp();
	uint64		last = pg_atomic_read_u64(&slot->stamp);

	while (!pg_atomic_compare_exchange_u64(&slot->stamp, &last, Max(last + 1, clock)))
		 /* another one stamped it: later than that one */ ;
}

/*
 * Gives a slot back that still has this key. Needs no lock. What it knows stays, for a look-up that has just found it.
 */
void
tct_free_slot(int slot, uint64 key)
{
	if (!pg_atomic_compare_exchange_u64(&tct_slot(slot)->key, &key, TCT_KEY_FREED))
		return;
	pg_atomic_fetch_sub_u64(&tct_shared->used, 1);
	pg_atomic_fetch_add_u64(&tct_shared->registry, 1);
}

void
tct_free_table(Oid relid)
{
	int			slot = tct_find_slot(MyDatabaseId, relid);

	if (slot >= 0)
		tct_free_slot(slot, tct_key(MyDatabaseId, relid));
}

void
tct_free_database(Oid database)
{
	for (int i = 0; i < tct_capacity; i++)
	{
		uint64		key = pg_atomic_read_u64(&tct_slot(i)->key);

		if (key > TCT_KEY_FREED && (Oid) (key >> 32) == database)
			tct_free_slot(i, key);
	}
}

/* Freed slots before one that was never used stop no look-up: nobody's way leads over them. Called under tct_lock. */
static void
clear_freed_slots(void)
{
	/* Twice around, because the run of freed slots at the start goes on at the end. */
	for (int i = 2 * tct_capacity - 1; i >= 0; i--)
	{
		TctSlot    *slot = tct_slot(i & (tct_capacity - 1));
		TctSlot    *next = tct_slot((i + 1) & (tct_capacity - 1));

		if (pg_atomic_read_u64(&slot->key) == TCT_KEY_FREED && pg_atomic_read_u64(&next->key) == TCT_KEY_EMPTY)
			pg_atomic_write_u64(&slot->key, TCT_KEY_EMPTY);
	}
}

/* A place for a key that has none, marked as being made; -1 where the array is full. Called under tct_lock, or alone. */
int
tct_insert_slot(uint64 key)
{
	int			place = first_place(key);
	TctSlot    *slot;

	if (pg_atomic_read_u64(&tct_shared->used) >= (uint64) tct_max_tables)
		return -1;
	while (pg_atomic_read_u64(&tct_slot(place)->key) > TCT_KEY_FREED)
		place = (place + 1) & (tct_capacity - 1);

	slot = tct_slot(place);
	pg_atomic_write_u64(&slot->incarnation, 0);
	pg_atomic_write_u64(&slot->uncertain, 0);
	for (int i = 0; i < TCT_NSTATS; i++)
		pg_atomic_write_u64(&slot->stats[i], 0);
	pg_atomic_fetch_add_u64(&tct_shared->used, 1);
	/* An exchange is a barrier: who sees the key sees what was written before. */
	pg_atomic_exchange_u64(&slot->key, key);
	pg_atomic_fetch_add_u64(&tct_shared->registry, 1);
	return place;
}

/*
 * Frees what is in the array for nothing: tables of this database that are not in the catalog, and of databases that are gone. That is left
 * by prepared transactions, whose end nobody is told of, and by sessions that ended between their commit and its callback. It takes a look
 * at each, so it is done only when a table is enabled and there is no room.
 */
void
tct_free_lost(void)
{
	for (int i = 0; i < tct_capacity; i++)
	{
		uint64		key = pg_atomic_read_u64(&tct_slot(i)->key);
		Oid			database = (Oid) (key >> 32);

		if (key <= TCT_KEY_FREED)
			continue;
		if (database == MyDatabaseId
			? !tct_catalog_has((Oid) key)
			: !SearchSysCacheExists1(DATABASEOID, ObjectIdGetDatum(database)))
			tct_free_slot(i, key);
	}
}

/*
 * The table's slot, made where there is none; -1 where the array is full.
 *
 * Nothing is known of the time before, so all transactions up to now count as writers. The order matters: a transaction that did not
 * find the key has its id already, which the id read afterwards is above; one that found it raises max_xid itself.
 */
int
tct_make_slot(Oid relid, bool uncertain, bool *made)
{
	uint64		key = tct_key(MyDatabaseId, relid);
	int			place = find_key(key);

	*made = false;
	if (place >= 0)
		return place;

	LWLockAcquire(tct_lock, LW_EXCLUSIVE);
	place = find_key(key);
	if (place < 0)
	{
		clear_freed_slots();
		place = tct_insert_slot(key);
		*made = place >= 0;
	}
	if (*made)
	{
		TctSlot    *slot = tct_slot(place);
		uint64		last_xid = U64FromFullTransactionId(ReadNextFullTransactionId()) - 1;

		tct_raise(&slot->max_xid, last_xid);
		/*
		 * A transaction that is prepared now, or that is past its PRE_COMMIT without having found this slot, becomes visible at any time, and
		 * nobody is told.
		 */
		tct_raise(&slot->max_prepared_xid, last_xid);
		tct_stamp(slot);
		pg_atomic_write_u64(&slot->uncertain, uncertain ? 1 : 0);
		pg_atomic_write_u64(&slot->stats[TCT_SINCE], (uint64) GetCurrentTimestamp());
		pg_write_barrier();
		pg_atomic_write_u64(&slot->incarnation, pg_atomic_add_fetch_u64(&tct_shared->incarnations, 1));
	}
	LWLockRelease(tct_lock);
	return place;
}
