/*
 * capture_net.c: logs an UPDATE net, so that rows whose logged columns stayed the same, to the last bit, cancel out.
 *
 * Two steps, each exact for itself, as either only ever leaves out rows whose weights add up to 0:
 * (1) The executor stores old and new rows in the same order. So the n-th old and the n-th new one are compared, without forming
 *     anything, and an UPDATE of other columns is done with that.
 * (2) What is left is counted in a hash table by image: values may have changed places between rows. A table that is full is logged
 *     and a new one begun. Images on both sides of such a boundary do not cancel, but their sum is the same.
 *
 * A table begins small enough for the processor's cache. One in which images met makes the next one twice as large, up to the memory
 * limit for hash tables (work_mem times hash_mem_multiplier). One in which none did, which is what a log with the table's key in it
 * comes to, tells that counting is in vain: then the next rows, FUTILE_FACTOR times as many, are logged as they come.
 *
 * Values are compared by their bytes, which is finer than any type's equality: numeric 1.0 and 1.00 are two images.
 */
#include "capture.h"

#include "common/hashfn.h"
#include "miscadmin.h"
#include "utils/datum.h"
#include "utils/memutils.h"

typedef struct ImageEntry
{
	HeapTuple	image;			/* with weight 0 */
	uint32		hash;
	int32		weight;
	char		status;
} ImageEntry;

/* Everything after the fixed part of the header: null bitmap and values. The fixed part holds transaction ids. */
#define IMAGE_BYTES(tuple)	((unsigned char *) (tuple)->t_data + SizeofHeapTupleHeader)
#define IMAGE_LENGTH(tuple) ((tuple)->t_len - SizeofHeapTupleHeader)

static inline bool
equal_images(HeapTuple a, HeapTuple b)
{
	return a->t_len == b->t_len && a->t_data->t_hoff == b->t_data->t_hoff &&
		memcmp(IMAGE_BYTES(a), IMAGE_BYTES(b), IMAGE_LENGTH(a)) == 0;
}

#define SH_PREFIX image
#define SH_ELEMENT_TYPE ImageEntry
#define SH_KEY_TYPE HeapTuple
#define SH_KEY image
#define SH_HASH_KEY(table, key) hash_bytes(IMAGE_BYTES(key), IMAGE_LENGTH(key))
#define SH_EQUAL(table, a, b) equal_images(a, b)
#define SH_STORE_HASH
#define SH_GET_HASH(table, entry) (entry)->hash
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

typedef struct Netting
{
	LogWriter  *writer;
	MemoryContext context;		/* of the table and of the images */
	image_hash *images;
	Size		bytes;
	Size		limit;			/* of this table */
	int64		counted;		/* rows put into this table, and how many of them met their image there */
	int64		met;
	int64		uncounted;		/* rows to log as they come */
} Netting;

#define FIRST_LIMIT		((Size) 512 * 1024)
#define FUTILE_FACTOR	15

static void count_image(Netting *net, TupleTableSlot *row, int32 weight);
static void log_images(Netting *net);
static void judge_table(Netting *net);

static inline bool
is_plain(Pointer value)
{
	return !VARATT_IS_EXTERNAL(value) && !VARATT_IS_COMPRESSED(value);
}

static inline bool
same_value(Datum a, Datum b, const FormData_pg_attribute *attribute)
{
	/* The same value out of line, or compressed, is the same bytes in both: no need to fetch it. */
	if (attribute->attlen == -1)
	{
		Pointer		x = DatumGetPointer(a);
		Pointer		y = DatumGetPointer(b);
		Size		length = VARSIZE_ANY(x);

		if (VARSIZE_ANY(y) == length && memcmp(x, y, length) == 0)
			return true;
		if (is_plain(x) && is_plain(y) && VARATT_IS_SHORT(x) == VARATT_IS_SHORT(y))
			return false;
	}
	return datum_image_eq(a, b, attribute->attbyval, attribute->attlen);
}

/* Whether all logged columns are the same in two rows of the source. */
bool
tct_same_images(const CaptureTarget *target, TupleTableSlot *old_row, TupleTableSlot *new_row)
{
	TupleDesc	desc = old_row->tts_tupleDescriptor;

	slot_getsomeattrs(old_row, target->last);
	slot_getsomeattrs(new_row, target->last);
	for (int i = LOG_FIXED; i < target->natts; i++)
	{
		int			from = target->from[i] - 1;

		if (from < 0)
			continue;
		if (old_row->tts_isnull[from] != new_row->tts_isnull[from])
			return false;
		if (!old_row->tts_isnull[from] &&
			!same_value(old_row->tts_values[from], new_row->tts_values[from], TupleDescAttr(desc, from)))
			return false;
	}
	return true;
}

void
tct_capture_update(LogWriter *writer, Relation source, Tuplestorestate *old_rows, Tuplestorestate *new_rows)
{
	TupleTableSlot *old_row = MakeSingleTupleTableSlot(RelationGetDescr(source), &TTSOpsMinimalTuple);
	TupleTableSlot *new_row = MakeSingleTupleTableSlot(RelationGetDescr(source), &TTSOpsMinimalTuple);
	Netting		net = {.writer = writer, .limit = FIRST_LIMIT};
	bool		pair = tuplestore_tuple_count(old_rows) == 1 && tuplestore_tuple_count(new_rows) == 1;
	int			pointer;

	tct_rewind(old_rows, &pointer);
	tct_rewind(new_rows, &pointer);
	for (;;)
	{
		/* A row that moved to another partition can have been refused there: then there are fewer new rows than old ones. */
		bool		has_old = tuplestore_gettupleslot(old_rows, true, false, old_row);
		bool		has_new = tuplestore_gettupleslot(new_rows, true, false, new_row);

		if (!has_old && !has_new)
			break;
		if (has_old && has_new && tct_same_images(writer->target, old_row, new_row))
			continue;
		if (pair)
		{
			tct_writer_put_only(writer, tct_writer_form(writer, old_row, -1));
			tct_writer_put_only(writer, tct_writer_form(writer, new_row, 1));
			continue;
		}
		if (net.uncounted > 0)
		{
			net.uncounted--;
			if (has_old)
				tct_writer_put(writer, tct_writer_form(writer, old_row, -1));
			if (has_new)
				tct_writer_put(writer, tct_writer_form(writer, new_row, 1));
			continue;
		}
		if (has_old)
			count_image(&net, old_row, -1);
		if (has_new)
			count_image(&net, new_row, 1);
		if (net.bytes > net.limit)
		{
			log_images(&net);
			judge_table(&net);
		}
	}
	log_images(&net);
	if (net.context != NULL)
		MemoryContextDelete(net.context);
	ExecDropSingleTupleTableSlot(old_row);
	ExecDropSingleTupleTableSlot(new_row);
}

static void
count_image(Netting *net, TupleTableSlot *row, int32 weight)
{
	MemoryContext old;
	HeapTuple	image;
	ImageEntry *entry;
	bool		found;

	if (net->context == NULL)
		net->context = AllocSetContextCreate(CurrentMemoryContext, "captured images", ALLOCSET_DEFAULT_SIZES);
	if (net->images == NULL)
		net->images = image_create(net->context, 256, NULL);
	old = MemoryContextSwitchTo(net->context);
	image = tct_writer_form_image(net->writer, row);
	MemoryContextSwitchTo(old);
	entry = image_insert(net->images, image, &found);
	net->counted++;
	if (found)
	{
		net->met++;
		heap_freetuple(image);
		entry->weight += weight;
		return;
	}
	entry->weight = weight;
	net->bytes += image->t_len + HEAPTUPLESIZE + 2 * sizeof(ImageEntry);
}

/* Whether counting was worth it, and how much to count next. */
static void
judge_table(Netting *net)
{
	if (net->met == 0)
		net->uncounted = net->counted * FUTILE_FACTOR / 2;
	else
		net->limit = Min(net->limit * 2, Max(get_hash_memory_limit(), FIRST_LIMIT));
	net->counted = net->met = 0;
}

/* Logs what is left of the images counted so far, and forgets them. */
static void
log_images(Netting *net)
{
	image_iterator iterator;
	ImageEntry *entry;

	if (net->images == NULL)
		return;
	image_start_iterate(net->images, &iterator);
	while ((entry = image_iterate(net->images, &iterator)) != NULL)
	{
		HeapTuple	tuple = entry->image;

		if (entry->weight == 0)
			continue;
		/* The two fixed columns are never NULL, so the weight is always in the same place. */
		memcpy((char *) tuple->t_data + tuple->t_data->t_hoff + sizeof(FullTransactionId), &entry->weight, sizeof(int32));
		tct_writer_put(net->writer, tuple);
	}
	tct_writer_flush(net->writer);
	net->images = NULL;
	net->bytes = 0;
	MemoryContextReset(net->context);
}
