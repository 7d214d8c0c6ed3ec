/*
 * persist.c: keeps the state over a clean restart.
 *
 * The postmaster writes the file when everything else has ended, and only if the control file says that the server was shut down cleanly.
 * At the next start it is believed only if the control file still says the same: same cluster, same last checkpoint, still shut down, and
 * no sign of a recovery to come. It is removed before anything is believed: a file is good for one start. On any doubt all slots are
 * empty, and a table that is asked about counts as changed.
 */
#include "tracker.h"

#include <sys/stat.h>
#include <unistd.h>

#include "access/xlog.h"
#include "catalog/pg_control.h"
#include "common/controldata_utils.h"
#include "miscadmin.h"
#include "port/pg_crc32c.h"
#include "storage/fd.h"

#define STATE_FILE "pg_stat/table_change_tracker.stat"
#define STATE_FILE_NEW STATE_FILE ".tmp"

#define MAGIC UINT64CONST(0x7463740100000001)	/* goes up with the format */

typedef struct Header
{
	uint64		magic;
	uint64		version_number;	/* of PostgreSQL */
	uint64		system_identifier;
	uint64		checkpoint;
	uint64		slot_size;
	uint64		slot_count;
	uint64		epoch;
	uint64		incarnations;
} Header;

/* One table; first the pseudo-table "everything", with the key 0. */
typedef struct Record
{
	uint64		members[sizeof(TctSlot) / sizeof(pg_atomic_uint64)];
} Record;

/* Fills in what must be the same on the way back. Returns false where the server was not shut down cleanly. */
static bool
describe_cluster(Header *header)
{
	bool		intact;
	ControlFileData *control = get_controlfile(DataDir, &intact);
	bool		clean = intact && control->state == DB_SHUTDOWNED;

	memset(header, 0, sizeof(*header));
	header->magic = MAGIC;
	header->version_number = PG_VERSION_NUM / 100;
	header->system_identifier = control->system_identifier;
	header->checkpoint = control->checkPoint;
	header->slot_size = sizeof(TctSlot);
	pfree(control);
	return clean;
}

static bool
recovery_ahead(void)
{
	static const char *const signs[] = {"backup_label", "recovery.signal", "standby.signal"};
	struct stat status;

	for (int i = 0; i < lengthof(signs); i++)
		if (stat(signs[i], &status) == 0)
			return true;
	return false;
}

static Record
record_of(TctSlot *slot)
{
	pg_atomic_uint64 *members = (pg_atomic_uint64 *) slot;
	Record		record;

	for (int i = 0; i < lengthof(record.members); i++)
		record.members[i] = pg_atomic_read_u64(&members[i]);
	return record;
}

/* All members but the key, which is the first. */
static void
restore(TctSlot *slot, const Record *record)
{
	pg_atomic_uint64 *members = (pg_atomic_uint64 *) slot;

	for (int i = 1; i < lengthof(record->members); i++)
		pg_atomic_write_u64(&members[i], record->members[i]);
}

static bool
put(FILE *file, const void *data, size_t size, pg_crc32c *crc)
{
	COMP_CRC32C(*crc, data, size);
	return fwrite(data, 1, size, file) == size;
}

static bool
get(FILE *file, void *data, size_t size, pg_crc32c *crc)
{
	if (fread(data, 1, size, file) != size)
		return false;
	COMP_CRC32C(*crc, data, size);
	return true;
}

static bool
write_state(FILE *file, Header *header)
{
	pg_crc32c	crc;
	Record		record = record_of(tct_slot(tct_everything));
	bool		good;

	INIT_CRC32C(crc);
	good = put(file, header, sizeof(*header), &crc) && put(file, &record, sizeof(record), &crc);
	for (int i = 0; good && i < tct_capacity; i++)
	{
		record = record_of(tct_slot(i));
		if (record.members[0] > TCT_KEY_FREED)
			good = put(file, &record, sizeof(record), &crc);
	}
	FIN_CRC32C(crc);
	return good && fwrite(&crc, 1, sizeof(crc), file) == sizeof(crc);
}

/* Called when the postmaster, or a single-user server, gives up its shared memory. */
void
tct_persist_dump(int code, Datum arg)
{
	Header		header;
	FILE	   *file;
	bool		good;

	if (code != 0 || tct_shared == NULL || IsUnderPostmaster || !describe_cluster(&header))
		return;
	header.epoch = pg_atomic_read_u64(&tct_shared->epoch);
	header.incarnations = pg_atomic_read_u64(&tct_shared->incarnations);
	for (int i = 0; i < tct_capacity; i++)
		header.slot_count += pg_atomic_read_u64(&tct_slot(i)->key) > TCT_KEY_FREED ? 1 : 0;

	file = AllocateFile(STATE_FILE_NEW, PG_BINARY_W);
	good = file != NULL && write_state(file, &header);
	if (file != NULL && FreeFile(file) != 0)
		good = false;
	if (good && durable_rename(STATE_FILE_NEW, STATE_FILE, LOG) == 0)
		return;
	ereport(LOG,
			errcode_for_file_access(),
			errmsg("could not write file \"%s\": %m", STATE_FILE),
			errdetail("After the next start all tracked tables count as changed."));
	unlink(STATE_FILE_NEW);
}

/* Reads all of the file. Returns NULL where it is not whole, not of this cluster, or not the last word of it. */
static Record *
read_state(FILE *file, Header *header, const Header *wanted)
{
	pg_crc32c	crc;
	pg_crc32c	stored;
	Record	   *records;
	size_t		size;
	char		more;

	INIT_CRC32C(crc);
	if (!get(file, header, sizeof(*header), &crc))
		return NULL;
	if (header->magic != wanted->magic || header->version_number != wanted->version_number ||
		header->system_identifier != wanted->system_identifier || header->checkpoint != wanted->checkpoint ||
		header->slot_size != wanted->slot_size || header->slot_count > (1 << 20))
		return NULL;
	size = sizeof(Record) * (header->slot_count + 1);
	records = malloc(size);
	if (records == NULL)
		return NULL;
	if (get(file, records, size, &crc))
	{
		FIN_CRC32C(crc);
		if (fread(&stored, 1, sizeof(stored), file) == sizeof(stored) && EQ_CRC32C(crc, stored) && fread(&more, 1, 1, file) == 0)
			return records;
	}
	free(records);
	return NULL;
}

static void
take_over(const Header *header, const Record *records)
{
	pg_atomic_write_u64(&tct_shared->epoch, header->epoch);
	pg_atomic_write_u64(&tct_shared->incarnations, header->incarnations);
	restore(tct_slot(tct_everything), &records[0]);
	for (uint64 i = 1; i <= header->slot_count; i++)
	{
		/* Where max_tables is smaller now, some find no place; they get one, as changed, when there is room and they are asked about. */
		int			place = tct_insert_slot(records[i].members[0]);

		if (place >= 0)
			restore(tct_slot(place), &records[i]);
	}
}

/* At the start, before recovery. Returns whether there was a state to be believed. */
bool
tct_persist_load(void)
{
	Header		wanted;
	Header		header;
	FILE	   *file = AllocateFile(STATE_FILE, PG_BINARY_R);
	Record	   *records = NULL;

	if (file == NULL)
		return false;
	if (describe_cluster(&wanted) && !recovery_ahead())
		records = read_state(file, &header, &wanted);
	FreeFile(file);
	if (durable_unlink(STATE_FILE, LOG) != 0 && records != NULL)
	{
		free(records);
		records = NULL;
	}
	if (records == NULL)
	{
		ereport(LOG,
				errmsg("file \"%s\" is not the state at the last shutdown of this server", STATE_FILE),
				errdetail("All tracked tables count as changed."));
		return false;
	}
	take_over(&header, records);
	free(records);
	return true;
}
