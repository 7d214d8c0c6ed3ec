/*
 * blocks.h: what blocks.c and files.c share.
 */
#ifndef TCT_BLOCKS_H
#define TCT_BLOCKS_H

#include "access/xlogdefs.h"

extern XLogRecPtr tct_written_so_far(void);
extern void tct_check_position(XLogRecPtr position);

#endif							/* TCT_BLOCKS_H */
