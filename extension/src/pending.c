/*
 * pending.c: what the running transaction has done apart from writing rows: DDL, tables enabled, disabled and dropped.
 *
 * Entries carry the level of the subtransaction that made them, and go with it when it is rolled back.
 */
#include "tracker.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "utils/memutils.h"

TctPending *tct_pending = NULL;
int			tct_npending = 0;
static int	room = 0;

void
tct_pending_add(TctPendingKind kind, Oid oid)
{
	int			level = GetCurrentTransactionNestLevel();

	/* The same from this level or one around it lasts at least as long. Only the last ones, so that many tables take no longer each. */
	for (int i = Max(0, tct_npending - 64); i < tct_npending; i++)
		if (tct_pending[i].kind == kind && tct_pending[i].oid == oid)
			return;
	if (tct_npending == room)
	{
		room = room == 0 ? 8 : 2 * room;
		tct_pending = tct_pending == NULL
			? MemoryContextAlloc(TopTransactionContext, sizeof(TctPending) * room)
			: repalloc(tct_pending, sizeof(TctPending) * room);
	}
	tct_pending[tct_npending++] = (TctPending) {kind, oid, level};
}

/* Does what was put off to the end of the transaction. In a commit callback: no errors, no catalogs. */
void
tct_pending_end(bool commit)
{
	for (int i = 0; i < tct_npending; i++)
		switch (tct_pending[i].kind)
		{
			case TCT_FREE_TABLE:
				if (commit)
					tct_free_table(tct_pending[i].oid);
				break;
			case TCT_FREE_DATABASE:
				if (commit)
					tct_free_database(tct_pending[i].oid);
				break;
			case TCT_MADE:
				if (!commit)
					tct_free_table(tct_pending[i].oid);
				break;
			case TCT_TOUCH:
			case TCT_CHECK:
				break;
		}
	/* The memory goes with the transaction. */
	tct_pending = NULL;
	tct_npending = 0;
	room = 0;
}

static void
end_subtransaction(SubXactEvent event, SubTransactionId id, SubTransactionId parent, void *arg)
{
	int			level = GetCurrentTransactionNestLevel();
	int			kept = 0;

	if (tct_npending == 0 || (event != SUBXACT_EVENT_COMMIT_SUB && event != SUBXACT_EVENT_ABORT_SUB))
		return;
	for (int i = 0; i < tct_npending; i++)
	{
		TctPending	entry = tct_pending[i];

		if (entry.level >= level)
		{
			if (event == SUBXACT_EVENT_ABORT_SUB)
			{
				if (entry.kind == TCT_MADE)
					tct_free_table(entry.oid);
				continue;
			}
			entry.level = level - 1;
		}
		tct_pending[kept++] = entry;
	}
	tct_npending = kept;
}

void
tct_pending_init(void)
{
	RegisterSubXactCallback(end_subtransaction, NULL);
}
