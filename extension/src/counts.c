/*
 * counts.c: whether the statistics' counts of this transaction can be trusted.
 *
 * What a transaction wrote is read from the counts that PostgreSQL keeps for its statistics. A superuser can switch them off
 * (track_counts), also for a part of a transaction, by SET, set_config or a SET clause of a function. Looking at the setting at commit
 * misses the latter two, so the setting's assign hook remembers that it was off.
 */
#include "tracker.h"

static bool was_off = false;
static GucBoolAssignHook previous_assign = NULL;

static void
assign_track_counts(bool value, void *extra)
{
	if (previous_assign)
		previous_assign(value, extra);
	/* The variable still has the old value: a transaction that switches them on wrote without them until then. */
	if (!value || !pgstat_track_counts)
		was_off = true;
}

void
tct_counts_init(void)
{
	struct config_generic *setting = tct_find_setting("track_counts");

	if (setting == NULL || setting->vartype != PGC_BOOL)
		elog(ERROR, "table_change_tracker: there is no setting track_counts");
	previous_assign = ((struct config_bool *) setting)->assign_hook;
	((struct config_bool *) setting)->assign_hook = assign_track_counts;
}

/* True where this transaction may have written something that was not counted. */
bool
tct_counts_doubtful(void)
{
	return was_off || !pgstat_track_counts;
}

/* At the end of a transaction. */
void
tct_counts_end(void)
{
	was_off = false;
}
