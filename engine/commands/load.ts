/** The load of a convert: state, frontier and view, in one REPEATABLE READ transaction. */
import type { Prepared } from '../analysis/prepare.ts';
import { makeStorePrivate } from '../catalog/private.ts';
import type { Db } from '../db/db.ts';
import { ImatError } from '../errors/imat-error.ts';
import type { Building } from '../install/bodies.ts';
import {
  deltaMaintenance,
  deltaState,
  deltaViewBody,
  swapCurrent,
  swapJson,
  swapSql,
} from '../install/bodies.ts';
import { buildingOf } from '../install/building.ts';
import { identify } from '../maintain/capture.ts';
import { readersOptions } from '../maintain/live-view.ts';
import type { Sql } from '../sql/sql.ts';
import { sql } from '../sql/sql.ts';
import { carriedAttributes, noteGrants } from './carried-attributes.ts';
import type { Request } from './register.ts';

/**
 * A source that is truncated or rewritten between the snapshot and the first look at it would be
 * read as empty: then again.
 */
export async function load(
  db: Db,
  request: Request,
  prepared: Prepared,
  id: number,
): Promise<void> {
  const building = await buildingOf(db, id, request.name, prepared, true);
  for (let attempt = 1; attempt <= LOAD_ATTEMPTS; attempt++) {
    const loaded = await db.transaction('repeatable read', async () => {
      const [sources] = await db.query<{ held: boolean }>(
        'SELECT imat_catalog.hold_sources($1) AS held',
        [id],
      );
      if (sources?.held !== true) return false;
      const start = performance.now();
      await loadAt(db, request, prepared, building);
      await makeStorePrivate(db);
      // What a rebuild costs, measured for the first time: workers compare folds with it.
      await db.query(
        `SELECT imat_catalog.record(
           imat => $1, worker_id => 'convert', action => 'load', reason => 'converted', took_ms => $2)`,
        [id, performance.now() - start],
      );
      return true;
    });
    if (loaded) return;
  }
  throw new ImatError('contention', {
    message: 'the source tables kept being truncated or rewritten while they were read',
    hint: 'Try again later.',
  });
}

const LOAD_ATTEMPTS = 20;

/** The state, its frontier and the view, all at the transaction's snapshot. */
async function loadAt(
  db: Db,
  request: Request,
  prepared: Prepared,
  building: Building,
): Promise<void> {
  const { id, names } = building;
  await db.execute('SET LOCAL jit = off');
  const body =
    prepared.strategy === 'delta' ? await loadDelta(db, building) : await loadSwap(db, building);
  await db.execute('SET LOCAL imat.maintaining = on');
  await db.query(
    'INSERT INTO imat_catalog.frontier (imat_id, state_relation, snapshot) VALUES ($1, $2::regclass, pg_current_snapshot())',
    [id, body.stored.text],
  );
  const plan = prepared.strategy === 'delta' ? prepared.analysis.plan : null;
  await db.execute(sql`CREATE VIEW ${names.view}${readersOptions(plan)} AS\n${body.view}`.text);
  await db.query('UPDATE imat_catalog.imat SET relation = $2::regclass, state = $3 WHERE id = $1', [
    id,
    names.view.text,
    'active',
  ]);
  const like =
    request.original === null
      ? []
      : await carriedAttributes(db, request.original, names.view, body.stored, plan);
  for (const statement of like) await db.execute(statement.sql.text);
  await noteGrants(db, id);
  await db.query(
    'UPDATE imat_catalog.request SET carried_out_at = now() WHERE name = ANY ($1::text[]) AND carried_out_at IS NULL',
    [request.calledAs],
  );
}

type Loaded = { readonly view: Sql; readonly stored: Sql };

async function loadDelta(db: Db, building: Building): Promise<Loaded> {
  const plan = building.analysis.plan;
  if (plan === null) throw new Error('a delta imat has a plan');
  for (const statement of deltaState(plan, building.names)) await db.execute(statement.sql.text);
  for (const statement of deltaMaintenance(building, plan)) await db.execute(statement.sql.text);
  await db.query(
    'UPDATE imat_catalog.imat SET stored = $2::regclass, fold_function = $3 WHERE id = $1',
    [building.id, building.names.state.sql.text, building.names.fold.sql.text],
  );
  // The frontier row's table must be there before a view can name it.
  return { view: deltaViewBody(building, plan), stored: building.names.state.sql };
}

async function loadSwap(db: Db, building: Building): Promise<Loaded> {
  const body = swapSql(building);
  await db.execute(swapCurrent(building).sql.text);
  await db.execute(
    sql`CREATE TABLE ${body.slots[0]} AS SELECT * FROM ${building.names.definition.sql}`.text,
  );
  await db.execute(identify(body.slots[0]).text);
  await db.execute(sql`ANALYZE ${body.slots[0]}`.text);
  await db.query('UPDATE imat_catalog.imat SET swap = $2::jsonb WHERE id = $1', [
    building.id,
    swapJson(building),
  ]);
  return { view: body.views[0], stored: body.slots[0] };
}
