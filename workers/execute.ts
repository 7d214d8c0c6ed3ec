/** Carries out one decision on a session. What runs are the engine's own procedures, under the engine's own locks. */
import type { Db } from '../engine/db/db.ts';
import { maintained, translated } from '../engine/errors.ts';
import type { Decision } from './decide.ts';
import type { Found } from './poll-result.ts';
import type { Session } from './session-pool.ts';

export type Due = Exclude<Decision, { action: 'skip' }>;

export type Done = {
  /** `publish` where inputs went with it. */
  readonly action: Due['action'] | 'publish';
  /** Of sources that are not captured, for the next comparison. */
  readonly signature: string | null;
  /** False where a swap's previous table is still read by somebody. */
  readonly finished: boolean;
};

/** `inputs`: names of the stored imats that are published with it, in order. */
export async function carryOut(
  { db, imat }: Session,
  due: Due,
  found: Found,
  inputs: readonly string[],
): Promise<Done> {
  switch (due.action) {
    case 'fold':
      await maintained(found.name, 'fold', () => db.query('CALL imat.fold($1)', [found.name]));
      return done('fold');
    case 'rebuild': {
      const { rows } = await imat.rebuild(found.name);
      await translated(() => db.query(`SELECT set_config('imat.rows', $1, false)`, [String(rows)]));
      return done('rebuild');
    }
    case 'swap':
      if (inputs.length > 0) return publish(db, found, inputs);
      await maintained(found.name, 'swap', () => db.query('CALL imat.swap($1)', [found.name]));
      // Read before the snapshot of the swap: a change in between is seen as one, and costs a swap too many at most.
      return { ...done('swap'), signature: found.signature };
    case 'finish': {
      const [row] = await translated(() =>
        db.query<{ finished: boolean }>('SELECT imat_catalog.try_finish_swap($1) AS finished', [
          found.id,
        ]),
      );
      return { ...done('finish'), finished: row?.finished === true };
    }
  }
}

const done = (action: Done['action']): Done => ({ action, signature: null, finished: true });

async function publish(db: Db, found: Found, inputs: readonly string[]): Promise<Done> {
  const names = [...inputs, found.name].map(
    (name) => `"${name.replace(/["\\]/g, String.raw`\$&`)}"`,
  );
  await maintained(found.name, 'swap', () =>
    db.query('CALL imat_catalog.publish($1::text[])', [`{${names.join(',')}}`]),
  );
  if (found.signature === null) return done('publish');
  // Tables as they were before the snapshot, imats as they are at it: their frontiers have moved with this one.
  const [row] = await translated(() =>
    db.query<{ read: string }>(`SELECT current_setting('imat.frontiers_read') AS read`),
  );
  return {
    ...done('publish'),
    signature: `${found.signature.split('/')[0] ?? ''}/${row?.read ?? ''}`,
  };
}
