/**
 * Fills the state of a delta imat anew, from its definition: for a fold that would cost more than
 * that. One REPEATABLE READ transaction under the fold's own lock; rows are deleted and inserted,
 * so every snapshot reads the state that belongs to it.
 */
import { ImatError } from '../errors/imat-error.ts';
import type { RebuildResult } from '../api.ts';
import { requireCatalog } from '../catalog/migrate.ts';
import type { Db } from '../db/db.ts';
import { stateContent } from '../generate/state.ts';
import { stateColumns } from '../operators/store.ts';
import { imatNames } from '../sql/names.ts';
import type { Sql } from '../sql/sql.ts';
import { ident, join, sql } from '../sql/sql.ts';
import { rolledBack } from '../db/rolled-back.ts';
import { prepare } from '../analysis/prepare.ts';
import { checkIntact, resolveImat } from '../server/names.ts';
import { shellWord } from '../errors/shell-word.ts';
import { installedPlan, storedOtherwise } from './subject.ts';

const ATTEMPTS = 20;

/**
 * @throws ImatError `not_initialized`, `not_found`, `strategy_unavailable`, `contention`,
 * `source_changed`
 */
export async function rebuild(db: Db, serverMajor: number, name: string): Promise<RebuildResult> {
  await requireCatalog(db);
  const imat = await resolveImat(db, name);
  await checkIntact(db, imat.id);
  const start = performance.now();
  const [row] = await db.query<{ strategy: string; freshness: string; view: number }>(
    `SELECT strategy, freshness, definition_view::oid AS view
     FROM imat_catalog.imat
     WHERE id = $1 AND state = 'active'`,
    [imat.id],
  );
  if (row?.strategy !== 'delta') {
    throw new ImatError('strategy_unavailable', {
      message: `imat "${imat.name}" has no state to rebuild`,
      hint: `imat swap ${shellWord(imat.name)} stores its definition anew.`,
    });
  }
  const { analysis } = await db.transaction('read committed', () =>
    rolledBack(db, () => prepare(db, row.view, serverMajor, { freshness: row.freshness })),
  );
  // After that: the rows are computed by what has been prepared.
  await db.query('SELECT imat_catalog.check_definition($1)', [imat.id]);
  const plan = analysis.plan === null ? null : await installedPlan(db, imat.id, analysis.plan);
  if (plan === null) return storedOtherwise(imat.name, 'rebuilt');
  const state = imatNames(imat.name).state.sql;
  const columns = join(stateColumns(plan.store).map(ident), ', ');
  const fill = sql`INSERT INTO ${state} (${columns})
SELECT ${columns} FROM (
${stateContent(plan)}
) AS q`;
  await whenFree(imat.name, () => fillAnew(db, imat.id, state, fill));
  const [count] = await db.query<{ rows: string }>(sql`SELECT count(*) AS rows FROM ${state}`.text);
  for (const source of analysis.sources)
    await db.query('SELECT imat_catalog.clean_log($1)', [source.oid]);
  return {
    name: imat.name,
    rows: Number(count?.rows ?? 0),
    ms: Math.round((performance.now() - start) * 100) / 100,
  };
}

/** False if a source was rewritten, or another session folded the imat, after the snapshot. */
async function fillAnew(db: Db, id: number, state: Sql, fill: Sql): Promise<boolean> {
  return db.transaction('repeatable read', async () => {
    const [own] = await db.query<{ ready: boolean }>(
      'SELECT imat_catalog.hold_sources($1) AND imat_catalog.claim($1) AS ready',
      [id],
    );
    if (own?.ready !== true) return false;
    await db.execute('SET LOCAL jit = off');
    await db.execute(sql`DELETE FROM ${state}`.text);
    await db.execute(fill.text);
    await db.query('SELECT imat_catalog.advance($1, $2::regclass)', [id, state.text]);
    return true;
  });
}

async function whenFree(name: string, attemptOnce: () => Promise<boolean>): Promise<void> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    if (await attemptOnce()) return;
    await new Promise((resolve) => setTimeout(resolve, 50 * attempt));
  }
  throw new ImatError('contention', {
    message: `other sessions kept folding imat "${name}"`,
    hint: 'Try again later.',
  });
}
