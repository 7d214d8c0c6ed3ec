/*
 * tracker.c: sets up the change tracker.
 */
#include "table_change_tracker.h"
#include "tracker.h"

#include "miscadmin.h"

/*
 * The tracker must be in every process from the start: a session without its callbacks would write unseen. So where the library is
 * loaded any later than by shared_preload_libraries nothing is set up, and its functions say so.
 */
void
tct_tracker_init(void)
{
	if (!process_shared_preload_libraries_in_progress)
		return;
	tct_shmem_init();
	tct_counts_init();
	tct_pending_init();
	tct_xact_init();
	tct_ddl_init();
}
