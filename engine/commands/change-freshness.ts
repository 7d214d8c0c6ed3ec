/**
 * Another freshness for an imat that is there: only its view's body changes, so dependents and
 * grants stay.
 */
import { ImatError } from '../errors/imat-error.ts';
import type { Db } from '../db/db.ts';
import { fragment, sql } from '../sql/sql.ts';
import { readersOptions } from '../generate/live-view.ts';
import { liveViews, viewBody } from '../generate/script.ts';
import { swapJson, swapViews } from '../generate/swap-view.ts';
import { withShortLock } from '../db/short-lock.ts';
import { installedPlan, storedOtherwise, subjectOf } from './subject.ts';
import type { Settings } from './session-settings.ts';
import type { Prepared } from '../analysis/prepare.ts';
import { planOf } from '../analysis/prepare.ts';
import type { Completion } from '../analysis/completed.ts';

export type Installed = {
  readonly id: number;
  readonly strategy: string;
  readonly freshness: string;
  readonly replaced: boolean;
  readonly definition: string;
  /** The OID of the view; null if it is gone. */
  readonly definitionView: number | null;
  /** What convert completed in its definition. */
  readonly completed: Completion;
  /** The session settings that its definition names, and those under which it is stored. */
  readonly settings: Settings;
};

/**
 * The active imat that a convert of this name and materialized view would make again; null if there
 * is none. A query has no materialized view: it can be that of any imat.
 */
export async function sameImat(
  db: Db,
  name: string,
  original: number | null,
): Promise<Installed | null> {
  const [row] = await db.query<Installed>(
    `SELECT id, strategy, freshness, replacement IS NOT NULL AS replaced, definition,
       (SELECT c.oid FROM pg_class c WHERE c.oid = i.definition_view) AS "definitionView",
       coalesce(to_jsonb(i)->'completed', '{"settings": {}, "notes": []}') AS completed,
       coalesce(swap->'settings', '{}')
         || coalesce(to_jsonb(i)->'completed'->'settings', '{}') AS settings
     FROM imat_catalog.imat i
     WHERE name = $1 AND state = 'active' AND ($2::oid IS NULL OR original::oid = $2)`,
    [name, original],
  );
  return row ?? null;
}

export async function changeFreshness(
  db: Db,
  installed: Installed,
  name: string,
  prepared: Prepared,
  onWait: () => void,
): Promise<void> {
  const { id } = installed;
  await withShortLock(
    db,
    async () => {
      await lockUnchanged(db, installed, name);
      await checkReaders(db, id, name);
      const subject = await subjectOf(db, id, name, prepared, true);
      const planned = planOf(prepared);
      const plan = planned === null ? null : await installedPlan(db, id, planned);
      if (planned !== null && plan === null) return storedOtherwise(name, 'changed');
      const body = plan === null ? await swapBody() : viewBody(subject, plan);
      for (const { sql: view } of plan === null ? [] : liveViews(subject, plan))
        db.defer(view.text);
      // By whatever name it has now.
      const [view] = await db.query<{ name: string }>(
        'SELECT relation::text AS name FROM imat_catalog.imat WHERE id = $1',
        [id],
      );
      await db.execute(
        sql`CREATE OR REPLACE VIEW ${fragment(view?.name ?? '')}${readersOptions(plan)} AS\n${body}`
          .text,
      );
      // A reader that was registered since would not be noticed either; the next one waits for the
      // view, and then finds another one.
      await checkReaders(db, id, name);
      await db.query(
        'UPDATE imat_catalog.imat SET freshness = $2, notes = $3::jsonb WHERE id = $1',
        [id, prepared.freshness, JSON.stringify(prepared.notes)],
      );

      async function swapBody() {
        await db.query('UPDATE imat_catalog.imat SET swap = $2::jsonb WHERE id = $1', [
          id,
          swapJson(subject),
        ]);
        const bodies = swapViews(subject);
        // While a swap is unfinished both slots may be read.
        const [row] = await db.query<{ unfinished: boolean; active: number }>(
          `SELECT i.swap_phase IS NOT NULL AS unfinished,
             CASE WHEN f.state_relation = to_regclass(i.swap->'slots'->>0) THEN 0 ELSE 1 END
               AS active
           FROM imat_catalog.imat i JOIN imat_catalog.frontier f ON f.imat_id = i.id
           WHERE i.id = $1`,
          [id],
        );
        return row?.unfinished === true ? bodies.both : bodies.views[row?.active === 0 ? 0 : 1];
      }
    },
    onWait,
  );
}

async function lockUnchanged(
  db: Db,
  { id, strategy, definition }: Installed,
  name: string,
): Promise<void> {
  const [same] = await db.query(
    `SELECT FROM imat_catalog.imat
     WHERE id = $1 AND state = 'active' AND strategy = $2 AND definition = $3 FOR NO KEY UPDATE`,
    [id, strategy, definition],
  );
  if (same !== undefined) return;
  throw new ImatError('contention', {
    message: `imat "${name}" was changed by another session`,
    hint: 'Try again.',
  });
}

/** An imat that reads this one was planned on its being live: it would not notice a fold. */
async function checkReaders(db: Db, id: number, name: string): Promise<void> {
  const readers = await db.query<{ name: string }>(
    `SELECT DISTINCT o.name
     FROM imat_catalog.imat i
       JOIN pg_depend d ON d.refobjid = i.relation
       JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
       JOIN imat_catalog.imat o ON o.definition_view = r.ev_class
     WHERE i.id = $1 AND d.refclassid = 'pg_class'::regclass
     ORDER BY 1`,
    [id],
  );
  if (readers.length === 0) return;
  const names = readers.map((reader) => reader.name).join(', ');
  throw new ImatError('has_dependents', {
    message: `the freshness of imat "${name}" cannot be changed, because other imats read it`,
    detail: `${names} would not notice when it is folded.`,
    hint: 'Revert these first, and convert them again afterwards.',
  });
}
