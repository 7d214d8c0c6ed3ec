/*
 * compat.h: the only place that knows about differences between PostgreSQL 15, 16, 17 and 18.
 */
#ifndef TCT_COMPAT_H
#define TCT_COMPAT_H

#include "postgres.h"

#include "catalog/pg_class.h"
#include "pgstat.h"
#include "utils/acl.h"
#include "utils/guc.h"
#include "utils/guc_tables.h"

#if PG_VERSION_NUM < 150000
#error "table_change_tracker needs PostgreSQL 15 or newer"
#endif

/* PostgreSQL 16 dropped the prefix of these members. */
#if PG_VERSION_NUM >= 160000
#define TCT_COUNTS_RELID(status) ((status)->id)
#else
#define TCT_COUNTS_RELID(status) ((status)->t_id)
#endif

/* PostgreSQL 16 has one function for the ownership of all kinds of objects. */
static inline bool
tct_owns_table(Oid relid, Oid role)
{
#if PG_VERSION_NUM >= 160000
	return object_ownercheck(RelationRelationId, relid, role);
#else
	return pg_class_ownercheck(relid, role);
#endif
}

/* PostgreSQL 16 keeps the settings in a hash table, with a function to look one up. */
static inline struct config_generic *
tct_find_setting(const char *name)
{
#if PG_VERSION_NUM >= 160000
	return find_option(name, false, true, 0);
#else
	struct config_generic **settings = get_guc_variables();

	for (int i = 0; i < GetNumConfigOptions(); i++)
		if (strcmp(settings[i]->name, name) == 0)
			return settings[i];
	return NULL;
#endif
}

/* 16 can insert into summarizing indexes alone; here every index gets its entry. */
#if PG_VERSION_NUM >= 160000
#define TCT_EXEC_INSERT_INDEX_TUPLES(result, slot, estate) ExecInsertIndexTuples(result, slot, estate, false, false, NULL, NIL, false)
#else
#define TCT_EXEC_INSERT_INDEX_TUPLES(result, slot, estate) ExecInsertIndexTuples(result, slot, estate, false, false, NULL, NIL)
#endif

/* 18 has generated columns that are not stored. */
#ifdef ATTRIBUTE_GENERATED_VIRTUAL
#define TCT_IS_VIRTUAL(attribute) ((attribute)->attgenerated == ATTRIBUTE_GENERATED_VIRTUAL)
#else
#define TCT_IS_VIRTUAL(attribute) false
#endif

/* 16 moved the macros of variable-length values out of postgres.h. */
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

/* 16 renamed the map from files to relations. */
#if PG_VERSION_NUM >= 160000
#include "utils/relfilenumbermap.h"
#define TCT_RELATION_OF_FILE(tablespace, file) RelidByRelfilenumber(tablespace, file)
#else
#include "utils/relfilenodemap.h"
#define TCT_RELATION_OF_FILE(tablespace, file) RelidByRelfilenode(tablespace, file)
#endif

/* 16 renamed the parts of a buffer's tag. */
#if PG_VERSION_NUM >= 160000
#define TCT_TAG_TABLESPACE(tag) ((tag).spcOid)
#define TCT_TAG_DATABASE(tag) ((tag).dbOid)
#define TCT_TAG_RELATION(tag) ((tag).relNumber)
#define TCT_READ_RECENT_BUFFER(tag, buffer) ReadRecentBuffer(BufTagGetRelFileLocator(&(tag)), (tag).forkNum, (tag).blockNum, buffer)
#else
#define TCT_TAG_TABLESPACE(tag) ((tag).rnode.spcNode)
#define TCT_TAG_DATABASE(tag) ((tag).rnode.dbNode)
#define TCT_TAG_RELATION(tag) ((tag).rnode.relNode)
#define TCT_READ_RECENT_BUFFER(tag, buffer) ReadRecentBuffer((tag).rnode, (tag).forkNum, (tag).blockNum, buffer)
#endif

#endif							/* TCT_COMPAT_H */
