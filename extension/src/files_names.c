/*
 * files_names.c: the names that ptrack has for what changed_files() answers, for scripts that were written for it.
 */
#include "compat.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

PG_FUNCTION_INFO_V1(create_ptrack_names);

static void check_free(Oid schema);
static void create(const char *statement, const char *schema, const char *ours);

/* The version of ptrack whose functions have these names, arguments and columns. */
static const char *const VERSION =
"CREATE FUNCTION %s.ptrack_version() RETURNS pg_catalog.text LANGUAGE sql IMMUTABLE RETURN '2.4'::pg_catalog.text";

static const char *const INIT_LSN =
"CREATE FUNCTION %s.ptrack_init_lsn() RETURNS pg_catalog.pg_lsn LANGUAGE sql VOLATILE RETURN %s.changed_files_start()";

static const char *const PAGEMAPSET =
"CREATE FUNCTION %s.ptrack_get_pagemapset(start_lsn pg_catalog.pg_lsn)"
" RETURNS TABLE (path pg_catalog.text, pagecount pg_catalog.int8, pagemap pg_catalog.bytea) LANGUAGE sql STRICT VOLATILE"
" BEGIN ATOMIC SELECT c.path, c.pagecount, c.pagemap FROM %s.changed_files(start_lsn) AS c; END";

/* create_ptrack_names(schema): as the caller, who needs CREATE on the schema. */
Datum
create_ptrack_names(PG_FUNCTION_ARGS)
{
	Oid			schema = PG_GETARG_OID(0);
	char	   *name = get_namespace_name(schema);
	char	   *ours = get_namespace_name(get_func_namespace(fcinfo->flinfo->fn_oid));

	if (name == NULL)
		ereport(ERROR, errcode(ERRCODE_UNDEFINED_SCHEMA), errmsg("schema with OID %u does not exist", schema));
	SPI_connect();
	check_free(schema);
	create(VERSION, name, ours);
	create(INIT_LSN, name, ours);
	create(PAGEMAPSET, name, ours);
	SPI_finish();
	PG_RETURN_VOID();
}

/* None of the names may be taken, whatever its arguments: ptrack itself may be there. */
static void
check_free(Oid schema)
{
	Oid			types[] = {OIDOID};
	Datum		arguments[] = {ObjectIdGetDatum(schema)};

	if (SPI_execute_with_args("SELECT p.oid::pg_catalog.regprocedure::pg_catalog.text FROM pg_catalog.pg_proc AS p"
							  " WHERE p.pronamespace OPERATOR(pg_catalog.=) $1 AND p.proname OPERATOR(pg_catalog.=)"
							  " ANY ('{ptrack_version,ptrack_init_lsn,ptrack_get_pagemapset}'::pg_catalog.name[])"
							  " ORDER BY p.proname USING OPERATOR(pg_catalog.<) LIMIT 1",
							  1, types, arguments, NULL, false, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not look for functions of ptrack");
	if (SPI_processed > 0)
		ereport(ERROR,
				errcode(ERRCODE_DUPLICATE_FUNCTION),
				errmsg("function %s exists", SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1)),
				errdetail("The functions of ptrack are created in a schema that has none of these names."),
				errhint("Name another schema."));
}

static void
create(const char *statement, const char *schema, const char *ours)
{
	StringInfoData command;

	initStringInfo(&command);
	appendStringInfo(&command, statement, quote_identifier(schema), quote_identifier(ours));
	if (SPI_execute(command.data, false, 0) != SPI_OK_UTILITY)
		elog(ERROR, "could not create a function of ptrack");
}
