/** The history of a schema: what is known of the changes of a table, view or function. */
import type { SchemaHistory } from '../accounting-api.ts';
import type { Db } from '../db/db.ts';
import { withShortLock } from '../db/short-lock.ts';
import { ImatError } from '../errors/imat-error.ts';
import { call } from './call.ts';

type Found = SchemaHistory['changes'][number];

const timestamp = (column: string): string => `to_json(${column}) #>> '{}'`;

const COLUMNS = `${timestamp('h.not_before')} AS "notBefore", ${timestamp('h.at')} AS at,
  h.xid::text AS xid, h.xid::xid::text AS "printedXid", h.role, h.command, h.object, h.type, h.part,
  h.kind, h.before, h.after, h.source, to_jsonb(h.imats) AS imats`;

/** Compares the schema with its images; gives how many changes were recorded. */
export async function compareSchema(db: Db): Promise<number> {
  const [row] = await call<{ recorded: string }>(
    db,
    'SELECT imat.compare_schema() AS recorded',
    [],
  );
  return Number(row?.recorded);
}

/**
 * Newest first. What has been dropped is found by its qualified name, as the history prints it.
 *
 * @throws ImatError `not_found`
 */
export async function schemaHistory(db: Db, name: string): Promise<SchemaHistory> {
  const relation = await relationNamed(db, name);
  const changes =
    relation === null
      ? await call<Found>(db, `SELECT ${COLUMNS} FROM imat.schema_changes h WHERE h.object = $1`, [
          name,
        ])
      : await withShortLock(db, () =>
          call<Found>(db, `SELECT ${COLUMNS} FROM imat.history($1::oid::regclass) h`, [relation]),
        );
  if (relation === null && changes.length === 0)
    throw new ImatError('not_found', {
      message: `nothing is known of "${name}"`,
      detail: 'No table or view has this name, and no change of such an object is recorded.',
      hint:
        'Write a dropped table or a function with its schema, as in ' +
        'SELECT object FROM imat.schema_changes.',
    });
  return { object: name, ...(await sources(db)), ...(await kept(db, relation)), changes };
}

async function relationNamed(db: Db, name: string): Promise<number | null> {
  return db.transaction('read committed', async () => {
    await db.query(`SELECT set_config('search_path', $1, true)`, [db.userSearchPath]);
    const [found] = await db.query<{ oid: number | null }>(
      // What is no name of a relation, such as f(integer), is one of a function.
      `SELECT CASE WHEN $1 !~ '[(]' THEN pg_catalog.to_regclass($1) END::pg_catalog.oid AS oid`,
      [name],
    );
    return found?.oid ?? null;
  });
}

/** Which sources of knowledge there are here. */
async function sources(db: Db): Promise<Pick<SchemaHistory, 'eventTriggers' | 'commitTimestamps'>> {
  const [row] = await db.query<Pick<SchemaHistory, 'eventTriggers' | 'commitTimestamps'>>(
    `SELECT (SELECT count(*) = 3 FROM pg_event_trigger t
         WHERE t.evtname IN ('imat_history', 'imat_history_drop', 'imat_history_rewrite')
           AND t.evtenabled <> 'D')
         AS "eventTriggers",
       current_setting('track_commit_timestamp') = 'on' AS "commitTimestamps"`,
  );
  if (row === undefined) throw new Error('a query without FROM gives one row');
  return row;
}

/** What comparisons know; nothing where this role may not read the catalog. */
async function kept(
  db: Db,
  relation: number | null,
): Promise<Pick<SchemaHistory, 'comparedAt' | 'isKept'>> {
  const [right] = await db.query<{ may: boolean }>(
    `SELECT has_schema_privilege('imat_catalog', 'USAGE') AND (
       SELECT bool_and(has_table_privilege(c.oid, 'SELECT')) FROM pg_class c
       WHERE c.relnamespace = (SELECT n.oid FROM pg_namespace n WHERE n.nspname = 'imat_catalog')
         AND c.relname IN ('schema_comparison', 'schema_image')) AS may`,
  );
  if (right?.may !== true) return {};
  const [row] = await db.query<{ comparedAt: string | null; isKept: boolean }>(
    `SELECT (SELECT ${timestamp('c.compared_at')} FROM imat_catalog.schema_comparison c)
         AS "comparedAt",
       $1::oid IS NULL OR NOT imat_catalog.has_images() OR EXISTS (
         SELECT FROM imat_catalog.schema_image i
         WHERE i.class_id = 'pg_class'::regclass AND i.object_id = $1::oid AND i.here)
         AS "isKept"`,
    [relation],
  );
  return row ?? {};
}

/** Creates the event triggers that record each command; false if this role may not. */
export async function recordCommands(db: Db): Promise<boolean> {
  const [row] = await call<{ created: boolean }>(
    db,
    'SELECT imat_catalog.record_commands_from_now_on() AS created',
    [],
  );
  return row?.created === true;
}
