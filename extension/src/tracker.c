/*
 * tracker.c: sets up the change tracker.
 */
#include "table_change_tracker.h"

void
tct_tracker_init(void)
{
}
