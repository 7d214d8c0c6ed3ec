/** Another freshness for an imat that is there: only its view's body changes, so dependents and grants stay. */
import { LOCK_CLASS } from '../catalog/migrate.ts';
import type { Db } from '../db/db.ts';
import { sql } from '../sql/sql.ts';
import { deltaViewBody, swapJson, swapSql } from './bodies.ts';
import { withShortLock } from './capture-install.ts';
import { buildingOf } from './building.ts';
import type { Prepared } from './prepare.ts';

export type Installed = { readonly id: number; readonly freshness: string; readonly replaced: boolean };

/** The active imat that a convert of this name, materialized view and strategy would make again; null where there is none. */
export async function sameImat(db: Db, name: string, original: number | null, strategy: string): Promise<Installed | null> {
  const [row] = await db.query<Installed>(
    `SELECT id, freshness, replacement IS NOT NULL AS replaced FROM imat_catalog.imat WHERE name = $1 AND state = 'active' AND original::oid = $2 AND strategy = $3`,
    [name, original, strategy],
  );
  return row ?? null;
}

export async function changeFreshness(db: Db, id: number, name: string, prepared: Prepared, onWait: () => void): Promise<void> {
  await withShortLock(
    db,
    async () => {
      await db.query('SELECT pg_advisory_xact_lock($1, $2)', [LOCK_CLASS, id]);
      const building = await buildingOf(db, id, name, prepared, true);
      const plan = prepared.strategy === 'delta' ? prepared.analysis.plan : null;
      const body = plan === null ? await swapBody() : deltaViewBody(building, plan);
      await db.execute(sql`CREATE OR REPLACE VIEW ${building.names.view} AS\n${body}`.text);
      await db.query('UPDATE imat_catalog.imat SET freshness = $2, notes = $3::jsonb WHERE id = $1', [id, prepared.freshness, JSON.stringify(prepared.notes)]);

      async function swapBody() {
        await db.query('UPDATE imat_catalog.imat SET swap = $2::jsonb WHERE id = $1', [id, swapJson(building)]);
        const bodies = swapSql(building);
        // While a swap is unfinished both slots may be read.
        const [row] = await db.query<{ unfinished: boolean; active: number }>(
          `SELECT i.swap_phase IS NOT NULL AS unfinished, CASE WHEN f.state_relation = to_regclass(i.swap->'slots'->>0) THEN 0 ELSE 1 END AS active
           FROM imat_catalog.imat i JOIN imat_catalog.frontier f ON f.imat_id = i.id WHERE i.id = $1`,
          [id],
        );
        return row?.unfinished === true ? bodies.both : bodies.views[row?.active === 0 ? 0 : 1];
      }
    },
    onWait,
  );
}
