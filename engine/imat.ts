/** An imat session: every command of the API over one connection. */
import { accounting } from './accounting/accounting.ts';
import type { CallOptions, Imat } from './api.ts';
import { initialize } from './catalog/migrate.ts';
import { forgetTrust, requireTrustedCatalog, withCatalogOwner } from './catalog/trust.ts';
import { alter } from './commands/alter.ts';
import { check } from './commands/check.ts';
import { convertView } from './commands/convert.ts';
import { convertQuery } from './commands/create.ts';
import { examine } from './commands/doctor.ts';
import { explainAll } from './commands/explain-all.ts';
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
import { Calls } from './db/calls.ts';
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
  const serverMajor = (): Promise<number> =>
    (major ??= supportedMajor(db).catch((error: unknown) => {
      major = null;
      throw error;
    }));
  const calls = new Calls(db);
  const run = <T>(body: (stop: AbortSignal) => Promise<T>, options: CallOptions = {}): Promise<T> =>
    calls.run((stop) => {
      forgetTrust(db);
      return translated(() => body(stop)).catch(async (error: unknown) => {
        throw await withCatalogOwner(db, error);
      });
    }, options.signal);
  const command = <T>(body: (stop: AbortSignal) => Promise<T>, options?: CallOptions): Promise<T> =>
    run(async (stop) => {
      await serverMajor();
      await requireTrustedCatalog(db);
      return body(stop);
    }, options);
  return {
    accounting: accounting(db, command),
    init: (options) => command(async () => (await serverMajor(), initialize(db, true)), options),
    convert: (view, options = {}) =>
      command(async () => convertView(db, await serverMajor(), view, options), options),
    create: (name, query, options = {}) =>
      command(async () => convertQuery(db, await serverMajor(), name, query, options), options),
    list: (options) => command(async () => statusOf(db, null), options),
    status: (name, options) => command(() => wholeStatus(db, name ?? null), options),
    ...explaining(db, run, serverMajor),
    fold: (name, options) => command((stop) => fold(db, name ?? null, stop), options),
    swap: (name, options) => command(() => swap(db, name), options),
    rebuild: (name, options) => command(async () => rebuild(db, name), options),
    grant: (name, options) => command((stop) => grantLikeOriginal(db, name ?? null, stop), options),
    grantMonitor: (role, options = {}) =>
      command(() => grantMonitor(db, role, options.revoke === true), options),
    schedule: (options) => command(() => schedule(db, options), options),
    verify: (name, options) =>
      command(async (stop) => ({ results: await verify(db, name ?? null, stop) }), options),
    repair: (name, options = {}) =>
      command(
        async (stop) => repair(db, await serverMajor(), name ?? null, { ...options, stop }),
        options,
      ),
    alter: (name, query, options = {}) =>
      command(async () => alter(db, await serverMajor(), name, query, options), options),
    revert: (name, options = {}) => command(() => revert(db, name, options), options),
    doctor: (options) =>
      run(async () => ({ checks: await examine(db, await majorOf(db)) }), options),
    installExtension: (options = {}) =>
      command(async (stop) => installExtension(db, await serverMajor(), options, stop), options),
    cancel: () => calls.cancel(),
    close: () => db.close(),
  };
}

type Run = <T>(body: (stop: AbortSignal) => Promise<T>, options?: CallOptions) => Promise<T>;

/** What needs no catalog and changes nothing. */
const explaining = (
  db: Db,
  run: Run,
  serverMajor: () => Promise<number>,
): Pick<Imat, 'explain' | 'explainAll' | 'check'> => ({
  explain: (target, options = {}) =>
    run(
      async () =>
        explainTarget(db, await serverMajor(), target, {
          isQuery: options.query === true,
          settings: options.settings ?? {},
        }),
      options,
    ),
  explainAll: (options = {}) =>
    run(
      async (stop) => explainAll(db, await serverMajor(), options.measure ?? null, stop),
      options,
    ),
  check: (options = {}) =>
    run(async (stop) => check(db, await serverMajor(), options, stop), options),
});
