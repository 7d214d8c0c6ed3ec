/*
 * compat.h: the only place that knows about differences between PostgreSQL 15, 16, 17 and 18.
 */
#ifndef TCT_COMPAT_H
#define TCT_COMPAT_H

#include "postgres.h"

#if PG_VERSION_NUM < 150000
#error "table_change_tracker needs PostgreSQL 15 or newer"
#endif

/* 16 checks the ownership of all kinds of objects in one function. */
#if PG_VERSION_NUM >= 160000
#define TCT_OWNS_RELATION(relation, role) object_ownercheck(RelationRelationId, relation, role)
#else
#define TCT_OWNS_RELATION(relation, role) pg_class_ownercheck(relation, role)
#endif

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

#endif							/* TCT_COMPAT_H */
