/** An imat that is to be built anew: what the catalog has of it, and what is left of it. */
import type { Completion } from '../analysis/completed.ts';
import type { Prepared } from '../analysis/prepare.ts';
import type { Strategy } from '../api.ts';
import { dropLeftCapture, hasLeftCapture } from '../capture/release.ts';
import { requireCatalog, restoreSchemas } from '../catalog/migrate.ts';
import type { Db } from '../db/db.ts';
import { ImatError } from '../errors/imat-error.ts';
import type { Subject } from '../generate/subject.ts';
import { revertImat } from './revert.ts';

/** An imat as the catalog has it, and what is left of it. */
export type Target = {
  readonly id: number;
  readonly name: string;
  readonly state: 'installing' | 'active' | 'reverting';
  readonly strategy: Strategy;
  readonly freshness: string;
  readonly definition: string;
  /** OIDs of what is there. */
  readonly definitionView: number | null;
  readonly original: number | null;
  /** Who owns what is there; null if nothing is. */
  readonly owner: string | null;
  readonly owned: boolean;
  /** Whether it is a swap imat because its definition cannot be maintained by delta. */
  readonly forced: boolean;
  /** The session settings under which a swap imat is stored. */
  readonly settings: Readonly<Record<string, string>> | null;
  /** What convert completed in its definition. */
  readonly completed: Completion;
};

const TARGET_SQL = `
SELECT i.id, i.name, i.state, i.strategy, i.freshness, i.definition, d.oid AS "definitionView",
  o.oid AS original, r.rolname::text AS owner, coalesce(r.rolname = current_user, true) AS owned,
  i.reasons <> '[]' AS forced, i.swap->'settings' AS settings, i.completed
FROM imat_catalog.imat i LEFT JOIN pg_class d ON d.oid = i.definition_view
  LEFT JOIN pg_class o ON o.oid = i.original AND o.relkind = 'm'
  LEFT JOIN pg_class v ON v.oid = i.relation
  LEFT JOIN pg_roles r ON r.oid = coalesce(v.relowner, d.relowner)
WHERE i.id = $1`;

/** Brings the catalog to where a build can begin. @throws ImatError `not_initialized` */
export async function prepareCatalog(db: Db): Promise<void> {
  await requireCatalog(db);
  await restoreSchemas(db);
  await db.query('SELECT imat_catalog.note_names()');
  // A dump of schemas has no event triggers, and replication no sequences.
  await db.query('SELECT imat_catalog.watch_commands(), imat_catalog.follow_identities()');
  if (await hasLeftCapture(db)) await dropLeftCapture(db);
}

/** An imat keeps the strategy swap where it was chosen for it. */
export const sameStrategy = ({ strategy, forced }: Target): 'auto' | 'swap' =>
  strategy === 'swap' && !forced ? 'swap' : 'auto';

/** @throws ImatError `not_found`, `insufficient_privilege`, `contention` */
export async function targetOf(db: Db, id: number): Promise<Target> {
  const [target] = await db.query<Target>(TARGET_SQL, [id]);
  if (target === undefined)
    throw new ImatError('not_found', { message: 'the imat was reverted by another session' });
  if (!target.owned)
    throw new ImatError('insufficient_privilege', {
      message: `imat "${target.name}" belongs to role "${target.owner ?? ''}"`,
      hint: `Connect as "${target.owner ?? ''}".`,
    });
  await removeUnfinished(db, target);
  return target;
}

/** Removes what an interrupted build left. @throws ImatError `contention` */
async function removeUnfinished(db: Db, target: Target): Promise<void> {
  const rows = await db.query<{ id: number; builds: boolean; busy: boolean }>(
    `SELECT i.id, i.builds IS NOT NULL AS builds, imat_catalog.is_built(i.id) AS busy
     FROM imat_catalog.imat i WHERE i.builds = $1 OR i.id = $1 AND i.state = 'installing'`,
    [target.id],
  );
  if (rows.some((row) => row.busy)) throw builtElsewhere(target);
  for (const row of rows) if (row.builds) await revertImat(db, row.id, () => undefined);
}

export const builtElsewhere = ({ name }: Target): ImatError =>
  new ImatError('contention', {
    message: `imat "${name}" is being built by another session`,
    hint: 'Try again when that has ended.',
  });

export const revertedElsewhere = (name: string): ImatError =>
  new ImatError('not_found', { message: `imat "${name}" was reverted by another session` });

/** An imat that is being built beside another one. */
export type Build = {
  readonly id: number;
  readonly target: Target;
  readonly prepared: Prepared;
  /** With the imat's id and name, and names of its own for all that is made. */
  readonly subject: Subject;
};
