/**
 * Grant: what was granted and revoked on materialized views since their conversion reaches
 * `imat.<name>`, and a role may watch how imats are doing.
 */
import type { GrantResult } from '../api.ts';
import { requireCatalog } from '../catalog/migrate.ts';
import type { Db } from '../db/db.ts';
import { ImatError } from '../errors/imat-error.ts';
import { checkLoaded, resolveImat } from '../server/names.ts';
import { ident, join, type Sql, sql } from '../sql/sql.ts';
import { resultError } from './result-error.ts';

/**
 * One imat; or all, each with its own outcome.
 * @throws ImatError `not_initialized`, `not_found`, and for one imat `frontier_missing`,
 *   `insufficient_privilege`, `contention`
 */
export async function grantLikeOriginal(
  db: Db,
  name: string | null,
  stop: AbortSignal,
): Promise<GrantResult[]> {
  await requireCatalog(db);
  if (name !== null) {
    const imat = await resolveImat(db, name);
    checkLoaded(imat);
    return syncGrants(db, imat);
  }
  const imats = await db.query<{ id: number; name: string }>(
    `SELECT i.id, i.name FROM imat_catalog.imat i WHERE i.state = 'active' ORDER BY i.name`,
  );
  const results: GrantResult[] = [];
  for (const imat of imats)
    results.push(
      ...(await syncGrants(db, imat).catch((error: unknown) => [
        { name: imat.name, changes: 0, error: resultError(error, stop) },
      ])),
    );
  return results;
}

/** None where the view is gone, which a repair makes again with its grants. */
const syncGrants = async (
  db: Db,
  { id, name }: { readonly id: number; readonly name: string },
): Promise<GrantResult[]> =>
  (
    await db.query<{ changes: number }>(
      `SELECT imat_catalog.sync_grants(i.id) AS changes FROM imat_catalog.imat i
       WHERE i.id = $1 AND i.state = 'active'
         AND EXISTS (SELECT FROM pg_class c WHERE c.oid = i.relation)`,
      [id],
    )
  ).map(({ changes }) => ({ name, changes, error: null }));

/** What `imat list` and `imat status` read, and the history. */
const MONITOR: readonly Sql[] = [
  sql`USAGE ON SCHEMA imat_catalog`,
  sql`SELECT ON imat_catalog.status, imat_catalog.held_back, imat_catalog.worker,
      imat_catalog.history, imat_catalog.migration`,
  sql`SELECT (id, name, state, strategy) ON imat_catalog.imat`,
  sql`SELECT (imat_id, relation) ON imat_catalog.imat_source`,
  sql`EXECUTE ON FUNCTION imat_catalog.pending_rows(integer),
      imat_catalog.problems(integer, bigint)`,
];

/**
 * Lets a role run `imat list` and `imat status`, and read the views and tables behind them; or no
 * more, with `revoke`.
 * @throws ImatError `not_initialized`, `not_found`, `insufficient_privilege`
 */
export async function grantMonitor(db: Db, role: string, revoke: boolean): Promise<void> {
  await requireCatalog(db);
  // GRANT by a role that may not grant is a mere warning.
  const [catalog] = await db.query<{ owner: string; own: boolean }>(
    `SELECT pg_get_userbyid(n.nspowner)::text AS owner, pg_has_role(n.nspowner, 'USAGE') AS own
     FROM pg_namespace n WHERE n.nspname = 'imat_catalog'`,
  );
  if (catalog?.own !== true)
    throw new ImatError('insufficient_privilege', {
      message: 'only the owner of the imat catalog lets other roles monitor',
      hint: `Connect as "${catalog?.owner ?? ''}".`,
    });
  const [known] = await db.query('SELECT FROM pg_roles WHERE rolname = $1', [role]);
  if (known === undefined)
    throw new ImatError('not_found', {
      message: `role "${role}" does not exist`,
      hint: `Write the name as in pg_roles: in lower case, unless it was created in quotes.`,
    });
  const commands = MONITOR.map((right) =>
    revoke ? sql`REVOKE ${right} FROM ${ident(role)}` : sql`GRANT ${right} TO ${ident(role)}`,
  );
  // Another session may be granting the same to another role.
  await db.query(
    `SELECT imat_catalog.with_short_locks('the imat catalog', $1, '1.5 s',
       'Another session changes its rights.')`,
    [join(commands, '; ').text],
  );
}
