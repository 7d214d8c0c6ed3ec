/**
 * Computes the state of a delta imat anew: for a fold that would cost more than that, and where a
 * reset is pending. The fold function does it, in the fold's own kind of transaction.
 */
import { ImatError } from '../errors/imat-error.ts';
import type { RebuildResult } from '../api.ts';
import { followPartsOf } from '../capture/parts.ts';
import { requireCatalog } from '../catalog/migrate.ts';
import type { Db } from '../db/db.ts';
import { shellWord } from '../errors/shell-word.ts';
import { checkIntact, resolveImat } from '../server/names.ts';
import { awaitSources } from './load.ts';

const ATTEMPTS = 300;

/** @throws ImatError `not_initialized`, `not_found`, `strategy_unavailable`, `contention` */
export async function rebuild(db: Db, name: string): Promise<RebuildResult> {
  await requireCatalog(db);
  const imat = await resolveImat(db, name);
  await checkIntact(db, imat.id);
  const start = performance.now();
  const rows = await whenFree(db, imat, () => fillAnew(db, imat));
  await db.query(
    `SELECT imat_catalog.clean_log(z.relation)
     FROM imat_catalog.imat_source z
     WHERE z.imat_id = $1`,
    [imat.id],
  );
  return {
    name: imat.name,
    rows,
    ms: Math.round((performance.now() - start) * 100) / 100,
  };
}

/** Null if a source was rewritten, or another session folded the imat, after the snapshot. */
async function fillAnew(
  db: Db,
  { id, name }: { readonly id: number; readonly name: string },
): Promise<number | null> {
  await followPartsOf(db, id);
  return db.transaction('repeatable read', async () => {
    const [sources] = await db.query<{ held: boolean }>(
      'SELECT imat_catalog.hold_sources($1) AS held',
      [id],
    );
    if (sources?.held !== true) return null;
    // A repair or alter puts another table in the place of the one that was stored before.
    const [row] = await db.query<{ strategy: string; stored: number }>(
      `SELECT strategy, stored::oid AS stored
       FROM imat_catalog.imat
       WHERE id = $1 AND state = 'active'`,
      [id],
    );
    if (row?.strategy !== 'delta') {
      throw new ImatError('strategy_unavailable', {
        message: `imat "${name}" has no state to rebuild`,
        hint: `imat swap ${shellWord(name)} stores its definition anew.`,
      });
    }
    // At this snapshot: whoever marks the imat as broken after it makes the claim fail.
    await db.query('SELECT imat_catalog.check_definition($1)', [id]);
    const [own] = await db.query<{ claimed: boolean }>('SELECT imat_catalog.claim($1) AS claimed', [
      id,
    ]);
    if (own?.claimed !== true) return null;
    await db.query('SELECT imat_catalog.take_labels($1)', [id]);
    const [filled] = await db.query<{ rows: string }>(
      'SELECT imat_catalog.run_fold($1, true) AS rows',
      [id],
    );
    await db.query('SELECT imat_catalog.advance($1, $2)', [id, row.stored]);
    return Number(filled?.rows ?? 0);
  });
}

async function whenFree(
  db: Db,
  { id, name }: { readonly id: number; readonly name: string },
  attemptOnce: () => Promise<number | null>,
): Promise<number> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const rows = await attemptOnce();
    if (rows !== null) return rows;
    await awaitSources(db, id);
  }
  throw new ImatError('contention', {
    message: `imat "${name}" kept being folded, or its sources locked, by other sessions`,
    hint: 'Try again later.',
  });
}
