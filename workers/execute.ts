/**
 * Executes one decision in a session, by the engine's own procedures under the engine's own locks.
 */
import type { Db } from '../engine/db/db.ts';
import { maintained, translated } from '../engine/db/server-errors.ts';
import type { Decision } from './decide.ts';
import type { ImatSignals } from './poll-result.ts';
import type { Session } from './session-pool.ts';

export type Due = Exclude<Decision, { action: 'skip' }>;

export type Done = {
  /** `publish` if inputs were published with it. */
  readonly action: Due['action'] | 'publish';
  /** The state of sources that are not captured, for the next comparison. */
  readonly signature: string | null;
  /** False if somebody still reads the previous table of a swap. */
  readonly finished: boolean;
};

/** `inputs`: names of the stored imats to publish together with it, in order. */
export async function execute(
  { db, imat }: Session,
  due: Due,
  signals: ImatSignals,
  inputs: readonly string[],
): Promise<Done> {
  switch (due.action) {
    case 'fold':
      await maintained(signals.name, 'fold', () => db.query('CALL imat.fold($1)', [signals.name]));
      return done('fold');
    case 'rebuild': {
      const { rows } = await imat.rebuild(signals.name);
      await translated(() => db.query(`SELECT set_config('imat.rows', $1, false)`, [String(rows)]));
      return done('rebuild');
    }
    case 'repair':
      await imat.repair(signals.name);
      return done('repair');
    case 'swap':
      if (inputs.length > 0) return publish(db, signals, inputs);
      await maintained(signals.name, 'swap', () => db.query('CALL imat.swap($1)', [signals.name]));
      // It was read before the snapshot of the swap, so a change in between costs one needless swap
      // at most.
      return { ...done('swap'), signature: signals.signature };
    case 'finish': {
      const [row] = await translated(() =>
        db.query<{ finished: boolean }>('SELECT imat_catalog.try_finish_swap($1) AS finished', [
          signals.id,
        ]),
      );
      return { ...done('finish'), finished: row?.finished === true };
    }
  }
}

const done = (action: Done['action']): Done => ({ action, signature: null, finished: true });

async function publish(db: Db, signals: ImatSignals, inputs: readonly string[]): Promise<Done> {
  const names = [...inputs, signals.name].map(
    (name) => `"${name.replace(/["\\]/g, String.raw`\$&`)}"`,
  );
  await maintained(signals.name, 'swap', () =>
    db.query('CALL imat_catalog.publish($1::text[])', [`{${names.join(',')}}`]),
  );
  if (signals.signature === null) return done('publish');
  // Tables count as of before the snapshot; imats count as of the snapshot, because publishing has
  // moved their frontiers too.
  const [row] = await translated(() =>
    db.query<{ read: string }>(`SELECT current_setting('imat.frontiers_read') AS read`),
  );
  return {
    ...done('publish'),
    signature: `${signals.signature.split('/')[0] ?? ''}/${row?.read ?? ''}`,
  };
}
