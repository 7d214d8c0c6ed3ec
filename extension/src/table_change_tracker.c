/*
 * table_change_tracker.c: loading of the module.
 *
 * Each part has one init function, called here, in the postmaster where the library is in shared_preload_libraries and in a backend
 * otherwise. Whether that is enough is for the part to decide.
 */
#include "table_change_tracker.h"

#include "fmgr.h"

PG_MODULE_MAGIC;

PGDLLEXPORT void _PG_init(void);

void
_PG_init(void)
{
	tct_tracker_init();
}
