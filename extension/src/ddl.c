/*
 * ddl.c: changes that write no rows: columns, rewrites, partitions and children, dropped tables and databases.
 *
 * PostgreSQL tells object_access_hook of them. VACUUM FULL and CLUSTER replace a table's file too, without changing what is in it; that is
 * masked while such a command runs. Both hooks call the one that was there before, exactly once and before anything of their own.
 */
#include "tracker.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/objectaccess.h"
#include "catalog/pg_database.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_inherits.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "tcop/utility.h"
#include "utils/lsyscache.h"

static object_access_hook_type previous_object_access = NULL;
static ProcessUtility_hook_type previous_utility = NULL;

/* Commands under way that move a table's rows and leave them as they are. */
static int	moving = 0;

static bool
is_table(Oid relid)
{
	switch (get_rel_relkind(relid))
	{
		case RELKIND_RELATION:
		case RELKIND_PARTITIONED_TABLE:
		case RELKIND_MATVIEW:
		case RELKIND_FOREIGN_TABLE:
			return true;
		default:
			return false;
	}
}

static void
touch_ancestors(Oid relid)
{
	List	   *ancestors = tct_ancestors(relid);
	ListCell   *cell;

	foreach(cell, ancestors)
		tct_pending_add(TCT_TOUCH, lfirst_oid(cell));
	list_free(ancestors);
}

static void
touch(Oid relid)
{
	tct_pending_add(TCT_TOUCH, relid);
	touch_ancestors(relid);
}

/*
 * A table became a partition or child of another, or ceased to be one.
 *
 * Writers find out at commit what their table is a part of, so no ancestor may come in between. Attaching a partition locks all that is
 * below it against writers. INHERIT does so with the child alone: what is below it is locked here. What is seen of pg_inherits is from
 * before the command, so where the parent is an ancestor already, there is nothing to wait for.
 */
static void
inheritance_changed(Oid child, Oid parent)
{
	List	   *ancestors = tct_ancestors(child);

	touch(parent);
	tct_pending_add(TCT_CHECK, child);
	if (!list_member_oid(ancestors, parent) && get_rel_relkind(child) != RELKIND_PARTITIONED_TABLE)
		list_free(find_all_inheritors(child, ShareLock, NULL));
	list_free(ancestors);
}

static void
relation_dropped(Oid relid)
{
	if (!is_table(relid))
		return;
	touch_ancestors(relid);
	tct_pending_add(TCT_FREE_TABLE, relid);
	tct_catalog_remove(relid);
}

static void
relation_accessed(ObjectAccessType access, Oid relid, int column)
{
	switch (access)
	{
		case OAT_POST_ALTER:
			if (moving > 0 && column == 0)
				return;
			if (!is_table(relid))
				return;
			touch(relid);
			/* It may have another access method now. */
			if (column == 0)
				tct_pending_add(TCT_CHECK, relid);
			break;
		case OAT_POST_CREATE:
			if (column != 0)
				touch(relid);
			break;
		case OAT_DROP:
			if (column != 0)
				touch(relid);
			else
				relation_dropped(relid);
			break;
		default:
			break;
	}
}

static void
on_object_access(ObjectAccessType access, Oid class, Oid object, int column, void *arg)
{
	if (previous_object_access)
		previous_object_access(access, class, object, column, arg);
	if (tct_shared == NULL || object < FirstNormalObjectId || !IsNormalProcessingMode())
		return;

	if (class == RelationRelationId)
		relation_accessed(access, object, column);
	else if (class == InheritsRelationId && access == OAT_POST_ALTER)
		inheritance_changed(object, ((ObjectAccessPostAlter *) arg)->auxiliary_id);
	else if (class == DatabaseRelationId && access == OAT_DROP)
		tct_pending_add(TCT_FREE_DATABASE, object);
	else if (class == ExtensionRelationId && access == OAT_DROP && object == tct_extension())
		tct_pending_add(TCT_FREE_DATABASE, MyDatabaseId);
}

static void
run_utility(PlannedStmt *statement, const char *text, bool read_only_tree, ProcessUtilityContext context,
			ParamListInfo params, QueryEnvironment *environment, DestReceiver *receiver, QueryCompletion *completion)
{
	if (previous_utility)
		previous_utility(statement, text, read_only_tree, context, params, environment, receiver, completion);
	else
		standard_ProcessUtility(statement, text, read_only_tree, context, params, environment, receiver, completion);
}

/*
 * DETACH PARTITION ... CONCURRENTLY hides the partition with the first of its two transactions, and tells nobody of that one. Where the
 * command then fails, a table was marked as changed for nothing.
 */
static void
detach_concurrently(const AlterTableStmt *statement)
{
	ListCell   *cell;

	foreach(cell, statement->cmds)
	{
		const AlterTableCmd *command = lfirst_node(AlterTableCmd, cell);
		Oid			parent;

		if (command->subtype != AT_DetachPartition || !castNode(PartitionCmd, command->def)->concurrent)
			continue;
		parent = RangeVarGetRelid(statement->relation, NoLock, true);
		if (OidIsValid(parent))
			touch(parent);
	}
}

static void
on_utility(PlannedStmt *statement, const char *text, bool read_only_tree, ProcessUtilityContext context,
		   ParamListInfo params, QueryEnvironment *environment, DestReceiver *receiver, QueryCompletion *completion)
{
	if (tct_shared != NULL && IsA(statement->utilityStmt, AlterTableStmt))
		detach_concurrently((const AlterTableStmt *) statement->utilityStmt);
	if (!IsA(statement->utilityStmt, VacuumStmt) && !IsA(statement->utilityStmt, ClusterStmt))
	{
		run_utility(statement, text, read_only_tree, context, params, environment, receiver, completion);
		return;
	}
	moving++;
	PG_TRY();
	{
		run_utility(statement, text, read_only_tree, context, params, environment, receiver, completion);
	}
	PG_FINALLY();
	{
		moving--;
	}
	PG_END_TRY();
}

void
tct_ddl_init(void)
{
	previous_object_access = object_access_hook;
	object_access_hook = on_object_access;
	previous_utility = ProcessUtility_hook;
	ProcessUtility_hook = on_utility;
}
