/** An imat session: every command of the API over one connection. */
import { accounting } from './accounting/accounting.ts';
import type { Imat } from './api.ts';
import { initialize } from './catalog/migrate.ts';
import { requireTrustedCatalog } from './catalog/trust.ts';
import { alter } from './commands/alter.ts';
import { convertView } from './commands/convert.ts';
import { convertQuery } from './commands/create.ts';
import { examine } from './commands/doctor.ts';
import { explainTarget } from './commands/explain.ts';
import { fold } from './commands/fold.ts';
import { grantLikeOriginal, grantMonitor } from './commands/grant.ts';
import { rebuild } from './commands/rebuild.ts';
import { repair } from './commands/repair.ts';
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
  const serverMajor = (): Promise<number> =>
    (major ??= supportedMajor(db).catch((error: unknown) => {
      major = null;
      throw error;
    }));
  const command = <T>(body: () => Promise<T>): Promise<T> =>
    translated(async () => {
      await serverMajor();
      await requireTrustedCatalog(db);
      return body();
    });
  return {
    accounting: accounting(db, command),
    init: () => command(async () => (await serverMajor(), initialize(db, true))),
    convert: (view, options = {}) =>
      command(async () => convertView(db, await serverMajor(), view, options)),
    create: (name, query, options = {}) =>
      command(async () => convertQuery(db, await serverMajor(), name, query, options)),
    list: () => command(async () => statusOf(db, null)),
    status: (name) => command(() => wholeStatus(db, name ?? null)),
    explain: (target, options = {}) =>
      translated(async () =>
        explainTarget(db, await serverMajor(), target, options.query === true),
      ),
    fold: (name) => command(() => fold(db, name ?? null)),
    swap: (name) => command(() => swap(db, name)),
    rebuild: (name) => command(async () => rebuild(db, await serverMajor(), name)),
    grant: (name) => command(() => grantLikeOriginal(db, name ?? null)),
    grantMonitor: (role, options = {}) =>
      command(() => grantMonitor(db, role, options.revoke === true)),
    schedule: (options) => command(() => schedule(db, options)),
    verify: (name) => command(async () => ({ results: await verify(db, name ?? null) })),
    repair: (name, options = {}) =>
      command(async () => repair(db, await serverMajor(), name ?? null, options)),
    alter: (name, query, options = {}) =>
      command(async () => alter(db, await serverMajor(), name, query, options)),
    revert: (name, options = {}) => command(() => revert(db, name, options)),
    doctor: () => translated(async () => ({ checks: await examine(db, await majorOf(db)) })),
    installExtension: (options = {}) =>
      command(async () => {
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
