/*
 * capture.h: what the parts of capture share. capture.c says how they work together.
 */
#ifndef TCT_CAPTURE_H
#define TCT_CAPTURE_H

#include "compat.h"

#include "access/heapam.h"
#include "access/transam.h"
#include "executor/tuptable.h"
#include "nodes/execnodes.h"
#include "utils/rel.h"
#include "utils/tuplestore.h"

/* The first two columns of every log; those that follow are copies of columns of the source. */
#define LOG_XID		1
#define LOG_WEIGHT	2
#define LOG_FIXED	2

/* Where the rows of one source go. Filled by capture_target.c, read by all. */
typedef struct CaptureTarget
{
	Oid			source;			/* hash key */
	Oid			log;
	bool		valid;			/* false once something about either table has changed */
	bool		carried_over;	/* registered in another cluster or database, and restored here */
	bool		warned;			/* that its changes are not captured */
	int			natts;			/* columns of the log */
	AttrNumber	last;			/* the highest column of the source that is logged, 0 for none */
	AttrNumber *from;			/* for each column of the log, the source's; 0 for one that stays NULL */
} CaptureTarget;

/* At most this many rows, or bytes, in one call of heap_multi_insert(): the limits that COPY has. */
#define BATCH_ROWS	1000
#define BATCH_BYTES	65535

/* One statement's writing to one log. */
typedef struct LogWriter
{
	const CaptureTarget *target;
	Relation	log;
	FullTransactionId xid;
	CommandId	cid;
	Datum	   *values;
	bool	   *nulls;
	int			count;			/* rows that wait in slots */
	int			made;			/* slots that were made */
	Size		bytes;			/* of the waiting rows */
	TupleDesc	desc;
	TupleTableSlot **slots;
	MemoryContext scratch;		/* for what inserting leaks; reset after each batch */
	EState	   *estate;			/* NULL where the log has no index */
	ResultRelInfo *result;
} LogWriter;

/* capture_target.c */
extern CaptureTarget *tct_capture_target(Relation source, Relation *log);

/* capture_check.c */
extern void tct_capture_map(CaptureTarget *target, Relation source, Relation log, Relation numbered_by, MemoryContext context,
							bool registering);

/* capture_write.c */
extern void tct_writer_begin(LogWriter *writer, const CaptureTarget *target, Relation log);
extern HeapTuple tct_writer_form(LogWriter *writer, TupleTableSlot *row, int32 weight);
extern HeapTuple tct_writer_form_image(LogWriter *writer, TupleTableSlot *row);
extern void tct_writer_put(LogWriter *writer, HeapTuple tuple);
extern void tct_writer_put_only(LogWriter *writer, HeapTuple tuple);
extern void tct_writer_flush(LogWriter *writer);
extern void tct_writer_end(LogWriter *writer);

/* capture_net.c */
extern bool tct_same_images(const CaptureTarget *target, TupleTableSlot *old_row, TupleTableSlot *new_row);
extern void tct_capture_update(LogWriter *writer, Relation source, Tuplestorestate *old_rows, Tuplestorestate *new_rows);

/* capture.c */
extern void tct_rewind(Tuplestorestate *rows, int *pointer);

#endif							/* TCT_CAPTURE_H */
