/*
 * table_change_tracker.h: what the parts of the module call of each other.
 */
#ifndef TABLE_CHANGE_TRACKER_H
#define TABLE_CHANGE_TRACKER_H

#include "compat.h"

extern void tct_tracker_init(void);

#endif							/* TABLE_CHANGE_TRACKER_H */
