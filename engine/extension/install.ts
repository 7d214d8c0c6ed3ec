/**
 * Installs the extension: in the database, and before that on the server, where it lacks the files,
 * runs on this machine and lets this process write. What must be set in postgresql.conf is named
 * and never set.
 */
import type { ExtensionOptions } from '../api.ts';
import type { ExtensionResult } from '../environment-api.ts';
import { BUILD_ANEW, type Extension, findExtension, loadFailure } from './find.ts';
import { type Db, isRefused, ServerError } from '../db/db.ts';
import { toImatError } from '../db/server-errors.ts';
import { ImatError } from '../errors/imat-error.ts';
import { EXTENSION } from '../sql/names.ts';
import { ident } from '../sql/sql.ts';
import { buildAndInstall, commandsByHand, mayInstall, shippedComment } from './build.ts';
import { findPgConfig, requireRuns } from './pg-config.ts';
import { askPreload, locateServer, type ServerPlace } from './server.ts';

const WITHOUT = 'imat does everything without it';
const RESTART = 'If the server has been upgraded since it was started, restart it';
const REBUILD =
  `${RESTART}, and try again; otherwise name the pg_config that it was built with: --pg-config ` +
  '<path>.';
const REMOVE =
  `${RESTART}; otherwise remove the extension's files from the server (${EXTENSION}.control, ` +
  'its scripts and its library), and try again.';

/**
 * @throws ImatError `extension_unavailable` where the server cannot have it or has another one of
 *   the name, `insufficient_privilege`, `not_found` for the schema, `invalid_argument` for a wrong
 *   pg_config, `read_only`, `interrupted`
 */
export async function installExtension(
  db: Db,
  serverMajor: number,
  options: ExtensionOptions,
  signal: AbortSignal,
): Promise<ExtensionResult> {
  if (db.driver === 'pglite')
    throw new ImatError('extension_unavailable', {
      message: `the embedded database cannot load extension "${EXTENSION}"`,
      detail: `It runs no C libraries; ${WITHOUT}.`,
    });
  if (options.pgConfig !== undefined) await requireRuns(options.pgConfig);
  const present = await findExtension(db);
  if (present !== null) {
    await refuseBroken(db, present);
    return await resultOf(db, 'present', present, { built: false });
  }
  await refuseAnotherInstalled(db);
  const built = !(await isAvailable(db));
  if (built) {
    const commands = await installFiles(db, serverMajor, options, signal);
    if (commands.length > 0) return await resultOf(db, 'manual', null, { built: false, commands });
  } else await load(db, { built: false });
  options.onProgress?.({
    ...(built ? { step: 3, steps: 3 } : { step: 1, steps: 1 }),
    label: 'creating the extension in the database',
  });
  return await resultOf(db, 'created', await create(db, options.schema ?? 'public'), { built });
}

async function resultOf(
  db: Db,
  outcome: ExtensionResult['outcome'],
  extension: Extension | null,
  { built, commands = [] }: { readonly built: boolean; readonly commands?: readonly string[] },
): Promise<ExtensionResult> {
  return {
    outcome,
    built,
    version: extension?.version ?? null,
    schema: extension?.schema.text ?? null,
    captures: extension?.captures ?? false,
    tracks: extension?.tracks ?? false,
    commands,
    preload: await askPreload(db, extension?.tracks ?? false),
  };
}

async function refuseAnotherInstalled(db: Db): Promise<void> {
  const [other] = await db.query<{ version: string }>(
    'SELECT extversion AS version FROM pg_extension WHERE extname = $1',
    [EXTENSION],
  );
  if (other === undefined) return;
  throw new ImatError('extension_unavailable', {
    message:
      `another extension "${EXTENSION}" (version ${other.version}) is installed in this ` +
      'database',
    detail:
      'It has no function capture_changes, so it is not the one that comes with imat. imat ' +
      `does not use it; ${WITHOUT}.`,
    hint:
      `Where nothing else needs it: DROP EXTENSION ${EXTENSION}, remove its files from the ` +
      'server, and try again.',
  });
}

/**
 * Whether the server has the files. They are told from another extension's of the same name by the
 * control file's comment.
 */
async function isAvailable(db: Db): Promise<boolean> {
  const [available] = await db.query<{ version: string; comment: string | null }>(
    'SELECT default_version AS version, comment FROM pg_available_extensions WHERE name = $1',
    [EXTENSION],
  );
  if (available === undefined) return false;
  if (available.comment === shippedComment()) return true;
  throw new ImatError('extension_unavailable', {
    message:
      `the server has the files of another extension "${EXTENSION}" (version ` +
      `${available.version})`,
    detail:
      `It describes itself as "${available.comment ?? ''}", so it is not the one that comes ` +
      `with imat. ${WITHOUT}.`,
    hint:
      'Drop it from the databases that use it, remove its files from the server ' +
      `(${EXTENSION}.control, its scripts and its library), and try again.`,
  });
}

/**
 * Builds and installs the files. Gives the commands for doing it by hand where this process may
 * not, and has changed nothing then.
 */
async function installFiles(
  db: Db,
  serverMajor: number,
  options: ExtensionOptions,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const place = await locateServer(db);
  refuseUnreachable(place);
  const { directories } = place;
  const version = await versionOf(db);
  const pgConfig = await findPgConfig(
    { major: serverMajor, version, directories },
    options.pgConfig ?? null,
  );
  if (place.where !== 'here' || !(await mayInstall(pgConfig))) return commandsByHand(pgConfig);
  await buildAndInstall(
    pgConfig,
    signal,
    (step, label) => options.onProgress?.({ step, steps: 3, label }),
    async () => {
      if (!(await isAvailable(db)))
        throw new ImatError('extension_unavailable', {
          message: `the server does not see extension "${EXTENSION}", although it was installed`,
          detail: 'What was installed has been removed.',
          hint:
            'Its own directories may be hidden from this machine: run imat extension install ' +
            'where the server runs.',
        });
      await load(db, { built: true });
    },
  );
  return [];
}

/**
 * The version of the server that runs, which is not the installed one between an upgrade and the
 * restart.
 */
async function versionOf(db: Db): Promise<string> {
  const [row] = await db.query<{ version: string }>(
    `SELECT current_setting('server_version') AS version`,
  );
  return row?.version ?? '';
}

/**
 * Loads the library into this session, before anything is created. That does not harm the session:
 * the library does nothing unless it is loaded at the server's start, and a library that lacks a
 * symbol is an ordinary error.
 * @throws ImatError `extension_unavailable` if it does not load, `insufficient_privilege`
 */
async function load(db: Db, { built }: { readonly built: boolean }): Promise<void> {
  try {
    await db.execute(`LOAD '$libdir/${EXTENSION}'`);
  } catch (error) {
    if (!isRefused(error)) throw error;
    if (error.sqlstate === '42501') throw superuserNeeded(error);
    throw await brokenLibrary(
      db,
      error,
      built ? 'What was installed has been removed, and nothing created.' : 'Nothing was created.',
      built ? REBUILD : REMOVE,
    );
  }
}

/**
 * @throws ImatError `extension_unavailable` if the database has the extension, and the server
 * cannot load what it calls
 */
async function refuseBroken(db: Db, extension: Extension): Promise<void> {
  const failure = await loadFailure(db, extension);
  if (failure !== null)
    throw await brokenLibrary(db, failure, 'The database has the extension.', BUILD_ANEW);
}

async function brokenLibrary(
  db: Db,
  error: ServerError,
  state: string,
  hint: string,
): Promise<ImatError> {
  const version = await versionOf(db);
  return new ImatError('extension_unavailable', {
    message: `PostgreSQL ${version} cannot load the library of extension "${EXTENSION}"`,
    detail: `It reported: ${error.message}. ${state}`,
    hint,
    cause: error,
  });
}

function refuseUnreachable(
  place: ServerPlace,
): asserts place is ServerPlace & { readonly where: 'here' | 'perhaps' } {
  switch (place.where) {
    case 'here':
    case 'perhaps':
      return;
    case 'unprivileged':
      throw superuserNeeded();
    case 'elsewhere':
      throw new ImatError('extension_unavailable', {
        message:
          `the server does not have extension "${EXTENSION}", and does not run on this ` +
          'machine',
        detail:
          "Its files go into the server's own directories. A managed PostgreSQL does not take " +
          `it; ${WITHOUT}.`,
        hint:
          'Where the server is a machine or a container of your own, run imat extension ' +
          'install in there.',
      });
  }
}

function superuserNeeded(cause?: ServerError): ImatError {
  return new ImatError('insufficient_privilege', {
    message: `only a superuser can install extension "${EXTENSION}"`,
    detail: cause === undefined ? undefined : `PostgreSQL reported: ${cause.message}.`,
    hint:
      'Connect as one, for example with --database-url postgres://postgres@host/database. ' +
      `${WITHOUT}.`,
    cause,
  });
}

/**
 * In one transaction with the look at what was made: should it be another extension after all,
 * nothing of it stays.
 */
async function create(db: Db, schema: string): Promise<Extension> {
  try {
    return await db.transaction('read committed', async () => {
      await db.execute(`CREATE EXTENSION ${EXTENSION} SCHEMA ${ident(schema).text}`);
      const extension = await findExtension(db);
      if (extension !== null) return extension;
      await refuseAnotherInstalled(db);
      throw new ImatError('internal', {
        message: `extension "${EXTENSION}" was created and is not there`,
      });
    });
  } catch (error) {
    throw creationFailure(error);
  }
}

function creationFailure(error: unknown): unknown {
  if (!(error instanceof ServerError)) return error;
  if (error.sqlstate === '42501') return superuserNeeded(error);
  const known = toImatError(error);
  if (known instanceof ImatError && known.condition === 'not_found')
    return new ImatError('not_found', {
      message: error.message,
      hint: 'Name a schema that is there: --schema <schema>.',
      cause: error,
    });
  if (!(known instanceof ImatError) || known.condition !== 'internal') return known;
  // The library is missing, belongs to another version, or lacks a function: the files do not
  // belong together.
  return new ImatError('extension_unavailable', {
    message: `PostgreSQL cannot create extension "${EXTENSION}": ${error.message}`,
    detail: error.detail ?? undefined,
    hint:
      `Remove its files from the server (${EXTENSION}.control, its scripts and its library), ` +
      'and try again.',
    cause: error,
  });
}
