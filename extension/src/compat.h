/*
 * compat.h: the only place that knows about differences between PostgreSQL 15, 16, 17 and 18.
 */
#ifndef TCT_COMPAT_H
#define TCT_COMPAT_H

#include "postgres.h"

#if PG_VERSION_NUM < 150000
#error "table_change_tracker needs PostgreSQL 15 or newer"
#endif

#endif							/* TCT_COMPAT_H */
