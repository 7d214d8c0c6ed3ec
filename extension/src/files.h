/*
 * files.h: what the parts of changed_files() share. files.c says how they work together.
 */
#ifndef TCT_FILES_H
#define TCT_FILES_H

#include "compat.h"

#include "access/xlogdefs.h"
#include "storage/block.h"
#include "utils/hsearch.h"

/* A segment of a main fork, or all of a relation (WHOLE_RELATION), or all of a database in a tablespace (and relation 0). */
typedef struct FileKey
{
	Oid			tablespace;
	Oid			database;		/* 0 for shared relations */
	Oid			relation;		/* the number in the name of the file */
	uint32		segment;
} FileKey;

#define WHOLE_RELATION	PG_UINT32_MAX

/* What is known to have changed. */
typedef struct FileChanges
{
	FileKey		key;
	BlockNumber from;			/* all blocks from here on; InvalidBlockNumber for none */
	uint32		size;			/* of bits, in bytes */
	uint8	   *bits;			/* of single blocks of a segment, the lowest bit of a byte first */
} FileChanges;

typedef struct ChangedFiles
{
	XLogRecPtr	since;
	HTAB	   *known;			/* of FileChanges */
	MemoryContext context;		/* of the bits */
	bool		by_pages;		/* the files must be read */
	TransactionId database_xid; /* wrote the row of this database, perhaps since; invalid where it did so before */
	bool		new_database;	/* the files of this database may have come from elsewhere */
} ChangedFiles;

/* files.c */
extern FileChanges *tct_file_changes(ChangedFiles *files, Oid tablespace, Oid database, Oid relation, uint32 segment);
extern void tct_block_changed(ChangedFiles *files, Oid tablespace, Oid database, Oid relation, BlockNumber block);
extern void tct_changed_from(ChangedFiles *files, Oid tablespace, Oid database, Oid relation, BlockNumber block);

/* files_pages.c */
extern void tct_look_at_buffers(ChangedFiles *files);
extern void tct_look_at_pages(ChangedFiles *files, const FileKey *key, const char *path, uint8 *bits, BlockNumber blocks);

/* files_wal.c */
extern bool tct_look_at_wal(ChangedFiles *files);

#endif							/* TCT_FILES_H */
