/*
 * xact.c: collects what a transaction changed, and tells the slots.
 *
 * The order of a commit in PostgreSQL 15 to 18: deferred triggers, XACT_EVENT_PRE_COMMIT, commit record, the transaction becomes visible
 * (ProcArrayEndTransaction), XACT_EVENT_COMMIT, release of locks, NOTIFY, answer to the client.
 *
 *   PRE_COMMIT   collects (this may fail), then raises max_xid and adds to begun in each slot (this cannot).
 *   COMMIT       statistics, a timestamp later than the moment of becoming visible, then adds to done. An error here would be a PANIC, so
 *                it takes no lock, allocates nothing and reads no catalog.
 *   ABORT        adds to done where begun was added to.
 *   PREPARE      the same as a commit, except that nothing is visible yet: COMMIT PREPARED raises no event for what was prepared. Hence
 *                max_prepared_xid.
 */
#include "tracker.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/pgstat_internal.h"

/* A table that has counts in this transaction, and its slots: a range of `places`. */
typedef struct Written
{
	PgStat_TableXactStatus *counts;
	int			first;
	int			count;
	bool		told;			/* its slots are in `touched` */
} Written;

/* What PRE_COMMIT collected. It lives in the transaction's memory. */
static struct
{
	bool		begun;			/* max_xid and begun were raised in all of `touched` */
	uint64		xid;
	PgStat_SubXactStatus *level;
	PgStat_TableXactStatus *head;	/* of the list when it was collected */
	Written    *written;
	int			nwritten;
	TctBag		places;
	TctBag		touched;
	TctBag		altered;
}			xact;

static bool
has_counts(const PgStat_TableXactStatus *counts)
{
	return counts->tuples_inserted != 0 || counts->tuples_updated != 0 || counts->tuples_deleted != 0 || counts->truncdropped;
}

/* Catalogs have low ids, cannot be tracked and are what most entries are about. */
static bool
may_concern(const PgStat_TableXactStatus *counts)
{
	return TCT_COUNTS_RELID(counts->parent) >= FirstNormalObjectId;
}

static void
collect_written(void)
{
	int			entries = 0;

	/* At this point only the outermost level is left. Where it has none yet, this makes an empty one. */
	xact.level = pgstat_get_xact_stack_level(1);
	xact.head = xact.level->first;
	for (PgStat_TableXactStatus *counts = xact.head; counts != NULL; counts = counts->next)
		entries += may_concern(counts) ? 1 : 0;
	if (entries == 0)
		return;

	xact.written = MemoryContextAlloc(TopTransactionContext, sizeof(Written) * entries);
	for (PgStat_TableXactStatus *counts = xact.head; counts != NULL; counts = counts->next)
	{
		const int  *slots;
		int			count;
		Written    *written;

		if (!may_concern(counts))
			continue;
		slots = tct_slots_of(TCT_COUNTS_RELID(counts->parent), &count);
		if (count == 0)
			continue;
		written = &xact.written[xact.nwritten++];
		*written = (Written) {counts, xact.places.count, count, has_counts(counts)};
		for (int i = 0; i < count; i++)
		{
			tct_bag_add(&xact.places, slots[i]);
			if (written->told)
				tct_bag_add(&xact.touched, slots[i]);
		}
	}
}

/* Marks the slots of a table that has got parts whose changes cannot be seen. For good: the table may be enabled anew. */
static void
check_countable(Oid relid)
{
	const int  *slots;
	int			count;

	slots = tct_slots_of(relid, &count);
	if (count == 0 || tct_all_countable(relid))
		return;
	for (int i = 0; i < count; i++)
		pg_atomic_write_u64(&tct_slot(slots[i])->uncertain, 1);
}

static void
collect_altered(void)
{
	for (int i = 0; i < tct_npending; i++)
	{
		TctPending *entry = &tct_pending[i];
		int			slot;

		if (entry->kind == TCT_CHECK)
			check_countable(entry->oid);
		if (entry->kind != TCT_TOUCH)
			continue;
		/* The ancestors have entries of their own. */
		slot = tct_find_slot(MyDatabaseId, entry->oid);
		if (slot < 0)
			continue;
		tct_bag_add(&xact.touched, slot);
		tct_bag_add(&xact.altered, slot);
	}
}

static void
tell_begun(int number, bool prepare)
{
	TctSlot    *slot = tct_slot(number);

	tct_raise(&slot->max_xid, xact.xid);
	if (prepare)
		tct_raise(&slot->max_prepared_xid, xact.xid);
	pg_atomic_fetch_add_u64(&slot->begun, 1);
}

static void
before_end(bool prepare)
{
	FullTransactionId xid = GetTopFullTransactionIdIfAny();

	memset(&xact, 0, sizeof(xact));
	xact.places.context = xact.touched.context = xact.altered.context = TopTransactionContext;
	/* Nothing is written without an id. What is enabled later takes all ids up to then for writers. */
	if (!FullTransactionIdIsValid(xid) || pg_atomic_read_u64(&tct_shared->used) == 0 || !OidIsValid(MyDatabaseId))
		return;
	xact.xid = U64FromFullTransactionId(xid);
	collect_written();
	collect_altered();
	if (tct_counts_doubtful())
		tct_bag_add(&xact.touched, tct_everything);
	tct_bag_unique(&xact.touched);
	tct_bag_unique(&xact.altered);

	for (int i = 0; i < xact.touched.count; i++)
		tell_begun(xact.touched.items[i], prepare);
	xact.begun = true;
}

/*
 * Other modules may write in their own callbacks after PRE_COMMIT. Their tables were not told: those that were collected, without counts
 * then, are told now; for one that was not, everything is.
 */
static void
tell_late_writes(bool prepare)
{
	bool		late = false;

	for (int i = 0; i < xact.nwritten; i++)
	{
		Written    *written = &xact.written[i];

		if (written->told || !has_counts(written->counts))
			continue;
		for (int j = 0; j < written->count; j++)
		{
			int			place = xact.places.items[written->first + j];

			tell_begun(place, prepare);
			tct_stamp(tct_slot(place));
			pg_atomic_fetch_add_u64(&tct_slot(place)->done, 1);
		}
	}
	for (PgStat_TableXactStatus *counts = xact.level->first; counts != xact.head; counts = counts->next)
		late |= may_concern(counts);
	if (!late)
		return;
	tell_begun(tct_everything, prepare);
	tct_stamp(tct_slot(tct_everything));
	pg_atomic_fetch_add_u64(&tct_slot(tct_everything)->done, 1);
}

static void
add(TctSlot *slot, TctStat stat, uint64 number)
{
	if (number != 0)
		pg_atomic_fetch_add_u64(&slot->stats[stat], number);
}

/* A TRUNCATE sets the counts of before aside. */
static void
add_rows(const Written *written)
{
	const PgStat_TableXactStatus *counts = written->counts;
	bool		truncated = counts->truncdropped;

	for (int i = 0; i < written->count; i++)
	{
		TctSlot    *slot = tct_slot(xact.places.items[written->first + i]);

		add(slot, TCT_ROWS_INSERTED, counts->tuples_inserted + (truncated ? counts->inserted_pre_truncdrop : 0));
		add(slot, TCT_ROWS_UPDATED, counts->tuples_updated + (truncated ? counts->updated_pre_truncdrop : 0));
		add(slot, TCT_ROWS_DELETED, counts->tuples_deleted + (truncated ? counts->deleted_pre_truncdrop : 0));
		add(slot, TCT_TRUNCATES, truncated ? 1 : 0);
	}
}

static void
tell_committed(int number, uint64 committed_at)
{
	TctSlot    *slot = tct_slot(number);

	add(slot, TCT_COMMITS, 1);
	tct_raise(&slot->stats[TCT_LAST_XID], xact.xid);
	tct_raise(&slot->stats[TCT_LAST_LSN], XactLastCommitEnd);
	tct_raise(&slot->stats[TCT_LAST_COMMIT], committed_at);
	tct_stamp(slot);
}

static void
after_commit(void)
{
	uint64		committed_at = (uint64) GetCurrentTransactionStopTimestamp();

	for (int i = 0; i < xact.nwritten; i++)
		add_rows(&xact.written[i]);
	for (int i = 0; i < xact.altered.count; i++)
	{
		TctSlot    *slot = tct_slot(xact.altered.items[i]);

		add(slot, TCT_DDL_COUNT, 1);
		tct_raise(&slot->stats[TCT_LAST_DDL], committed_at);
	}
	for (int i = 0; i < xact.touched.count; i++)
		tell_committed(xact.touched.items[i], committed_at);
}

static void
after_end(XactEvent event)
{
	if (xact.begun)
	{
		if (event != XACT_EVENT_ABORT)
			tell_late_writes(event == XACT_EVENT_PREPARE);
		if (event == XACT_EVENT_COMMIT)
			after_commit();
		for (int i = 0; i < xact.touched.count; i++)
		{
			TctSlot    *slot = tct_slot(xact.touched.items[i]);

			if (event == XACT_EVENT_PREPARE)
				add(slot, TCT_PREPARED, 1);
			pg_atomic_fetch_add_u64(&slot->done, 1);
		}
	}
	memset(&xact, 0, sizeof(xact));
	/* What was prepared and enables or drops a table leaves its slot: too many are found out by tct_make_slot. */
	tct_pending_end(event != XACT_EVENT_ABORT);
	tct_counts_end();
}

static void
on_xact_event(XactEvent event, void *arg)
{
	if (tct_shared == NULL)
		return;
	switch (event)
	{
		case XACT_EVENT_PRE_COMMIT:
		case XACT_EVENT_PRE_PREPARE:
			before_end(event == XACT_EVENT_PRE_PREPARE);
			break;
		case XACT_EVENT_COMMIT:
		case XACT_EVENT_ABORT:
		case XACT_EVENT_PREPARE:
			after_end(event);
			break;
		case XACT_EVENT_PARALLEL_PRE_COMMIT:
		case XACT_EVENT_PARALLEL_COMMIT:
		case XACT_EVENT_PARALLEL_ABORT:
			break;				/* parallel workers do not write */
	}
}

void
tct_xact_init(void)
{
	RegisterXactCallback(on_xact_event, NULL);
}

/*
 * The slots of what this transaction itself has changed so far, at any level of subtransactions that is not rolled back. Returns false
 * where it may have changed anything.
 */
bool
tct_own_slots(TctBag *slots)
{
	if (!FullTransactionIdIsValid(GetTopFullTransactionIdIfAny()))
		return true;
	if (tct_counts_doubtful())
		return false;
	for (PgStat_SubXactStatus *level = pgstat_get_xact_stack_level(GetCurrentTransactionNestLevel()); level != NULL; level = level->prev)
		for (PgStat_TableXactStatus *counts = level->first; counts != NULL; counts = counts->next)
		{
			const int  *places;
			int			count;

			if (!may_concern(counts) || !has_counts(counts))
				continue;
			places = tct_slots_of(TCT_COUNTS_RELID(counts->parent), &count);
			for (int i = 0; i < count; i++)
				tct_bag_add(slots, places[i]);
		}
	for (int i = 0; i < tct_npending; i++)
	{
		int			slot = tct_pending[i].kind == TCT_TOUCH ? tct_find_slot(MyDatabaseId, tct_pending[i].oid) : -1;

		if (slot >= 0)
			tct_bag_add(slots, slot);
	}
	tct_bag_unique(slots);
	return true;
}
