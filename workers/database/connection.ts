/** Connecting to one database and to its queue. */
import { catalogVersion, initialize } from '../../engine/catalog/migrate.ts';
import { forgetTrust, requireTrustedCatalog } from '../../engine/catalog/trust.ts';
import { ImatError } from '../../engine/errors/imat-error.ts';
import { identify } from '../catalog.ts';
import { type DatabaseContext, onControl } from './context.ts';

/**
 * @throws ImatError if the database cannot be reached, or another address of this worker names it
 */
export async function connect(context: DatabaseContext): Promise<void> {
  const { options, status, dispatcher } = context;
  const { policy, queue, log } = options;
  const { key, database } = await onControl(context, identify);
  claimDatabase(context, key);
  status.rename(database);
  await dispatcher.open(queue, {
    key,
    lockMs: 2 * policy.leaseMs,
    onDown: (error) => {
      const known = error instanceof ImatError ? { code: error.code, hint: error.hint } : {};
      log.warn(
        { database: status.name, queue: queue?.kind, error: error.message, ...known },
        'the queue cannot be used; sweeps go on',
      );
    },
    onUp: () => log.info({ database: status.name, queue: queue?.kind }, 'the queue answers again'),
  });
}

/** Under two addresses a database would be worked on twice, by workers with the same id. */
function claimDatabase({ options, status }: DatabaseContext, key: string): void {
  const { claimed } = options;
  const owner = claimed.get(key) ?? status;
  claimed.set(key, owner);
  if (owner === status) return;
  throw new ImatError('invalid_argument', {
    message: 'two of the given databases are the same',
    detail: `This worker already maintains database "${status.name}".`,
    hint: 'Name it once.',
  });
}

/**
 * Whether the database has imat's catalog, which is upgraded if it is older.
 * @throws ImatError `catalog_newer`
 */
export function upgradeCatalog(context: DatabaseContext): Promise<boolean> {
  return onControl(context, async (db) => {
    forgetTrust(db);
    if (!(await requireTrustedCatalog(db)) || (await catalogVersion(db)) === 0) return false;
    await initialize(db, false);
    return true;
  });
}
