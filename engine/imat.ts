/** An imat session: every command of the API over one connection. */
import { accounting } from './accounting/accounting.ts';
import type { Imat } from './api.ts';
import { initialize } from './catalog/migrate.ts';
import { convertView } from './commands/convert.ts';
import { convertQuery } from './commands/create.ts';
import { examine } from './commands/doctor.ts';
import { explainTarget } from './commands/explain.ts';
import { fold } from './commands/fold.ts';
import { rebuild } from './commands/rebuild.ts';
import { revert } from './commands/revert.ts';
import { schedule } from './commands/schedule.ts';
import { statusOf, wholeStatus } from './commands/status.ts';
import { swap } from './commands/swap.ts';
import { verify } from './commands/verify.ts';
import { connectDb } from './db/connect-db.ts';
import type { ConnectTarget, Db } from './db/db.ts';
import { translated } from './db/server-errors.ts';
import { installExtension } from './extension/install.ts';
import { majorOf, supportedMajor } from './server/version.ts';

/**
 * Connects to a database. @throws ImatError `connection_failed`, `unsupported_server`,
 * `embedded_locked`
 */
export async function connect(target: ConnectTarget | string): Promise<Imat> {
  return createImat(
    await connectDb(typeof target === 'string' ? { kind: 'url', url: target } : target),
  );
}

/** imat over a session that is open already; `close` closes it. */
export function createImat(db: Db): Imat {
  let major: Promise<number> | null = null;
  let extensionBuild: AbortController | null = null;
  const serverMajor = (): Promise<number> => (major ??= supportedMajor(db));
  return {
    accounting: accounting(db),
    init: () => translated(async () => (await serverMajor(), initialize(db, true))),
    convert: (view, options = {}) =>
      translated(async () => convertView(db, await serverMajor(), view, options)),
    create: (name, query, options = {}) =>
      translated(async () => convertQuery(db, await serverMajor(), name, query, options)),
    list: () => translated(async () => statusOf(db, null)),
    status: (name) => translated(() => wholeStatus(db, name ?? null)),
    explain: (target, options = {}) =>
      translated(async () =>
        explainTarget(db, await serverMajor(), target, options.query === true),
      ),
    fold: (name) => translated(() => fold(db, name ?? null)),
    swap: (name) => translated(() => swap(db, name)),
    rebuild: (name) => translated(async () => rebuild(db, await serverMajor(), name)),
    schedule: (options) => translated(() => schedule(db, options)),
    verify: (name) => translated(async () => ({ results: await verify(db, name ?? null) })),
    revert: (name, options = {}) => translated(() => revert(db, name, options)),
    doctor: () => translated(async () => ({ checks: await examine(db, await majorOf(db)) })),
    installExtension: (options = {}) =>
      translated(async () => {
        extensionBuild = new AbortController();
        return installExtension(db, await serverMajor(), options, extensionBuild.signal);
      }),
    cancel: () => {
      extensionBuild?.abort();
      return db.cancel();
    },
    close: () => db.close(),
  };
}
