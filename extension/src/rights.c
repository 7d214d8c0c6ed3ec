/*
 * rights.c: who may call what, and when there is an answer at all.
 *
 * Everybody may execute the functions: they check the rights themselves, as the current user (so within a SECURITY DEFINER function, its
 * owner). Owners of a table say whether it is tracked; who may read it, or a column of it, may ask whether it has changed.
 */
#include "tracker.h"

#include "access/xlog.h"
#include "catalog/objectaddress.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"

/* Raises an error where this server cannot know of changes. */
void
tct_check_ready(void)
{
	if (tct_shared == NULL)
		ereport(ERROR,
				errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				errmsg("library \"table_change_tracker\" is not preloaded"),
				errdetail("Changes can be seen only by a library that every process of the server has loaded from its start."),
				errhint("Add it to postgresql.conf and restart the server: shared_preload_libraries = 'table_change_tracker'"));
	if (RecoveryInProgress())
		ereport(ERROR,
				errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				errmsg("cannot tell changes of tables during recovery"),
				errdetail("The tracker's memory is that of the server on which transactions commit; it is not replicated."),
				errhint("Ask the primary server."));
}

static char *
table_name(Oid relid)
{
	char	   *name = get_rel_name(relid);

	return name != NULL ? name : psprintf("%u", relid);
}

void
tct_check_owner(Oid relid)
{
	if (get_rel_relkind(relid) == '\0')
		ereport(ERROR,
				errcode(ERRCODE_UNDEFINED_TABLE),
				errmsg("relation with OID %u does not exist", relid));
	if (!tct_owns_table(relid, GetUserId()))
		aclcheck_error(ACLCHECK_NOT_OWNER, get_relkind_objtype(get_rel_relkind(relid)), table_name(relid));
}

/* Returns false where there is no such table. */
bool
tct_check_reader(Oid relid)
{
	bool		missing = false;

	if (pg_class_aclcheck_ext(relid, GetUserId(), ACL_SELECT, &missing) == ACLCHECK_OK)
		return true;
	if (missing)
		return false;
	if (pg_attribute_aclcheck_all(relid, GetUserId(), ACL_SELECT, ACLMASK_ANY) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, get_relkind_objtype(get_rel_relkind(relid)), table_name(relid));
	return true;
}

/*
 * The slot of a table that the caller may read; -1 where it is not tracked, does not exist or has no room. A table that is tracked and has
 * no slot gets one: after a crash, and in a database that was made from a template.
 */
int
tct_slot_to_read(Oid relid)
{
	int			slot;
	bool		made;

	if (!tct_check_reader(relid))
		return -1;
	slot = tct_find_slot(MyDatabaseId, relid);
	if (slot < 0 && tct_catalog_has(relid))
		slot = tct_make_slot(relid, !tct_all_countable(relid), &made);
	return slot;
}

/* The same where there has to be an answer that "changed" is not. */
int
tct_slot_or_error(Oid relid)
{
	int			slot = tct_slot_to_read(relid);

	if (slot >= 0)
		return slot;
	if (get_rel_relkind(relid) == '\0')
		ereport(ERROR,
				errcode(ERRCODE_UNDEFINED_TABLE),
				errmsg("relation with OID %u does not exist", relid));
	if (tct_catalog_has(relid))
		ereport(ERROR,
				errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
				errmsg("no room to track table \"%s\"", table_name(relid)),
				errdetail("table_change_tracker.max_tables is %d, and as many tables are tracked.", tct_max_tables),
				errhint("Raise table_change_tracker.max_tables in postgresql.conf and restart the server."));
	ereport(ERROR,
			errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			errmsg("table \"%s\" is not tracked", table_name(relid)),
			errhint("Its owner can have it tracked with enable_table_tracking."));
	return -1;					/* not reached */
}
