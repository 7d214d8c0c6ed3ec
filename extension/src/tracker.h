/*
 * tracker.h: the change tracker's shared state, and what its files call of each other.
 *
 * The rule that everything here serves. A table's `max_xid` is raised to the id of every transaction that changed it, before that
 * transaction becomes visible. For a snapshot S, each transaction that S does not see has an id >= xmin(S). So if max_xid < xmin(S),
 * S has seen every change of the table that anybody could see by now. (answer.c has the finer rule with the counters.)
 *
 * Locking. All members of a slot are atomics, and none is ever read or written under a lock:
 *
 *   key               0 = never used, 1 = freed, else database and table. Made (0 or 1 -> key) and cleared (1 -> 0) under tct_lock, held
 *                     exclusively; freed (key -> 1) by compare-and-swap, without it, because that happens in commit callbacks.
 *   max_xid, max_prepared_xid, settled_xid, stamp
 *                     only ever go up, over the reuse of the slot too.
 *   begun, done       only ever go up. A transaction adds to both in the same slot, whoever owns that by then, so done <= begun always,
 *                     and begun = done only where no commit is under way.
 *   incarnation       0 while the slot is being made, then a number that was never used before. Written under tct_lock.
 *   uncertain         set where the table has parts whose changes cannot be seen; cleared when the slot is made.
 *   stats             for information. Reset while the slot is being made; writers add to them.
 *
 * Slots are found by open addressing, without a lock: a look-up goes on over freed slots and stops at one that was never used. That a
 * slot can change hands between a look-up and its use does no harm: what only goes up can then only say "changed" once too often.
 */
#ifndef TCT_TRACKER_H
#define TCT_TRACKER_H

#include "compat.h"

#include "access/transam.h"
#include "port/atomics.h"
#include "storage/lwlock.h"
#include "utils/timestamp.h"

typedef enum TctStat
{
	TCT_ROWS_INSERTED,
	TCT_ROWS_UPDATED,
	TCT_ROWS_DELETED,
	TCT_TRUNCATES,
	TCT_COMMITS,
	TCT_PREPARED,
	TCT_LAST_XID,
	TCT_LAST_LSN,
	TCT_LAST_COMMIT,
	TCT_DDL_COUNT,
	TCT_LAST_DDL,
	TCT_SINCE,
	TCT_NSTATS
} TctStat;

/* Three cache lines; the first has what a question reads. */
typedef struct TctSlot
{
	pg_atomic_uint64 key;
	pg_atomic_uint64 max_xid;
	pg_atomic_uint64 max_prepared_xid;
	pg_atomic_uint64 begun;
	pg_atomic_uint64 done;
	pg_atomic_uint64 stamp;
	pg_atomic_uint64 incarnation;
	pg_atomic_uint64 uncertain;
	pg_atomic_uint64 settled_xid;
	pg_atomic_uint64 stats[TCT_NSTATS];
	pg_atomic_uint64 spare[3];
} TctSlot;

typedef struct TctShared
{
	pg_atomic_uint64 epoch;		/* another number whenever state was lost; written by the postmaster only */
	pg_atomic_uint64 used;		/* slots that have a key */
	pg_atomic_uint64 incarnations;	/* the last number that was given to a slot */
	pg_atomic_uint64 registry;	/* goes up whenever a slot gets or loses its key */
	pg_atomic_uint64 spare[4];
	TctSlot		slots[FLEXIBLE_ARRAY_MEMBER];	/* capacity of them, and the one for "everything" */
} TctShared;

#define TCT_KEY_EMPTY UINT64CONST(0)
#define TCT_KEY_FREED UINT64CONST(1)

/* A growing array of slot numbers, in this memory context; all other members start as 0. */
typedef struct TctBag
{
	MemoryContext context;
	int		   *items;
	int			count;
	int			room;
} TctBag;

/* shmem.c. Without shared memory (not preloaded) tct_shared is NULL. */
extern TctShared *tct_shared;
extern int	tct_max_tables;
extern int	tct_capacity;
extern void tct_shmem_init(void);
extern int	tct_find_slot(Oid database, Oid relid);
extern int	tct_make_slot(Oid relid, bool uncertain, bool *made);
extern void tct_free_slot(int slot, uint64 key);
extern void tct_free_table(Oid relid);
extern void tct_free_database(Oid database);
extern void tct_free_lost(void);
extern void tct_raise(pg_atomic_uint64 *value, uint64 to);
extern void tct_stamp(TctSlot *slot);
extern int	tct_insert_slot(uint64 key);

/* The slot that stands for every table: raised where a transaction may have written anything. */
#define tct_everything tct_capacity

static inline uint64
tct_key(Oid database, Oid relid)
{
	return ((uint64) database) << 32 | relid;
}

static inline TctSlot *
tct_slot(int number)
{
	return &tct_shared->slots[number];
}

/* ancestors.c */
extern void tct_bag_add(TctBag *bag, int item);
extern void tct_bag_unique(TctBag *bag);
extern List *tct_ancestors(Oid relid);
extern const int *tct_slots_of(Oid relid, int *count);
extern bool tct_all_countable(Oid relid);

/* xact.c */
extern void tct_xact_init(void);
extern bool tct_own_slots(TctBag *slots);

/* counts.c */
extern void tct_counts_init(void);
extern bool tct_counts_doubtful(void);
extern void tct_counts_end(void);

/* pending.c: what a transaction does apart from writing rows */
typedef enum TctPendingKind
{
	TCT_TOUCH,					/* changed by DDL */
	TCT_CHECK,					/* became part of something, or got another access method: may be uncountable */
	TCT_FREE_TABLE,				/* at commit */
	TCT_FREE_DATABASE,			/* at commit */
	TCT_MADE					/* slot to be freed at rollback */
} TctPendingKind;

typedef struct TctPending
{
	TctPendingKind kind;
	Oid			oid;
	int			level;			/* of the subtransaction */
} TctPending;

extern TctPending *tct_pending;
extern int	tct_npending;
extern void tct_pending_init(void);
extern void tct_pending_add(TctPendingKind kind, Oid oid);
extern void tct_pending_end(bool commit);

/* ddl.c */
extern void tct_ddl_init(void);

/* catalog.c */
extern bool tct_catalog_has(Oid relid);
extern bool tct_catalog_add(Oid relid);
extern bool tct_catalog_remove(Oid relid);
extern Oid	tct_extension(void);

/* persist.c */
extern bool tct_persist_load(void);
extern void tct_persist_dump(int code, Datum arg);

/* rights.c */
extern void tct_check_ready(void);
extern void tct_check_owner(Oid relid);
extern bool tct_check_reader(Oid relid);
extern int	tct_slot_to_read(Oid relid);
extern int	tct_slot_or_error(Oid relid);

#endif							/* TCT_TRACKER_H */
