/** Builds the extension from the sources that come with imat, in a temporary directory, and installs it into a server of this machine. */
import { execFile, spawn } from 'node:child_process';
import { constants, existsSync, readFileSync } from 'node:fs';
import { access, cp, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ImatError } from '../errors/imat-error.ts';
import { shellWord } from '../errors/shell-word.ts';
import { EXTENSION } from '../sql/names.ts';
import type { ServerDirectories } from './server.ts';

/** One that prints the directories of the server. */
export type PgConfig = {
  readonly path: string;
  readonly major: number;
  readonly library: string;
  readonly share: string;
};

type Printed = PgConfig & { readonly headers: string; readonly pgxs: string };

const OUTPUT_LINES = 12;

/** The folder is two up from the source and three from dist/engine/extension. */
function sources(): string {
  const folder = ['../../extension/', '../../../extension/']
    .map((path) => fileURLToPath(new URL(path, import.meta.url)))
    .find((path) => existsSync(join(path, 'Makefile')));
  if (folder === undefined)
    throw new ImatError('internal', {
      message: 'the sources of the extension are missing from the installation',
    });
  return folder;
}

/** How the extension describes itself: what tells it from others of its name before it is created. */
export function shippedComment(): string {
  const control = readFileSync(join(sources(), `${EXTENSION}.control`), 'utf8');
  return /^comment = '(.*)'$/m.exec(control)?.[1] ?? '';
}

/**
 * The pg_config that goes with a server: of its version, with its directories, and with all that a build needs.
 * @throws ImatError `invalid_argument` where `given` is not that, `extension_unavailable` where there is none
 */
export async function findPgConfig(
  major: number,
  directories: ServerDirectories,
  given: string | null,
): Promise<PgConfig> {
  const reasons: string[] = [];
  for (const path of given === null
    ? candidates(major, directories.bin)
    : [given.includes('/') ? resolve(given) : given]) {
    const printed = await ask(path);
    const reason =
      printed === null ? `${path} does not run` : await unfit(printed, major, directories);
    if (printed !== null && reason === null) return printed;
    reasons.push(reason ?? '');
  }
  const detail = reasons.length === 0 ? undefined : `${reasons.join('; ')}.`;
  if (given !== null)
    throw new ImatError('invalid_argument', {
      message: `"${given}" is not a pg_config that the extension can be built with`,
      detail,
      hint: `It must be that of the running server, whose programs are in ${directories.bin}.`,
    });
  throw new ImatError('extension_unavailable', {
    message: `there is no pg_config of PostgreSQL ${major} with the server's headers`,
    detail,
    hint: `Install them with make and a C compiler (Debian and Ubuntu: sudo apt-get install postgresql-server-dev-${major} make gcc; Red Hat: postgresql${major}-devel make gcc), or name one with --pg-config <path>.`,
  });
}

function candidates(major: number, bin: string): string[] {
  const path = (process.env['PATH'] ?? '').split(delimiter).filter((directory) => directory !== '');
  const places = [bin, ...path, `/usr/lib/postgresql/${major}/bin`, `/usr/pgsql-${major}/bin`];
  return [...new Set(places.map((directory) => join(directory, 'pg_config')))].filter((file) =>
    existsSync(file),
  );
}

async function ask(path: string): Promise<Printed | null> {
  try {
    const { stdout } = await promisify(execFile)(path, [
      '--version',
      '--pkglibdir',
      '--sharedir',
      '--includedir-server',
      '--pgxs',
    ]);
    const [version = '', library = '', share = '', headers = '', pgxs = ''] = stdout.split('\n');
    return {
      path,
      major: Number(/^PostgreSQL (\d+)/.exec(version)?.[1]),
      library,
      share,
      headers,
      pgxs,
    };
  } catch {
    return null;
  }
}

/** Why it cannot be used; null where it can. */
async function unfit(
  printed: Printed,
  major: number,
  directories: ServerDirectories,
): Promise<string | null> {
  const { path, library, share, headers, pgxs } = printed;
  if (printed.major !== major) return `${path} is of version ${printed.major}`;
  if (!(await isSame(library, directories.library)) || !(await isSame(share, directories.share)))
    return `${path} is of another installation: its libraries are in ${library}, those of the server in ${directories.library}`;
  if (!existsSync(join(headers, 'postgres.h'))) return `${path} has no headers in ${headers}`;
  return existsSync(pgxs) ? null : `${path} has no build files in ${pgxs}`;
}

async function isSame(one: string, other: string): Promise<boolean> {
  const [first, second] = await Promise.all(
    [one, other].map((path) => realpath(path).catch(() => path)),
  );
  return first === second;
}

export async function mayInstall({ library, share }: PgConfig): Promise<boolean> {
  try {
    await Promise.all(
      [library, join(share, 'extension')].map((directory) => access(directory, constants.W_OK)),
    );
    return true;
  } catch {
    return false;
  }
}

/** For a shell; the directory's name is made by the shell, so that nobody else can have put something there. */
export function commandsByHand({ path }: PgConfig): readonly string[] {
  const make = `make -C "$build" PG_CONFIG=${shellPath(path)}`;
  return [
    `build=$(mktemp -d) && cp -R ${shellPath(resolve(sources()))}/. "$build"`,
    make,
    `sudo ${make} install`,
  ];
}

function shellPath(path: string): string {
  return /^[\w./+-]+$/.test(path) ? path : shellWord(path);
}

/** @throws ImatError `extension_unavailable` with what the compiler said, `interrupted` where `signal` came */
export async function buildAndInstall(
  { path }: PgConfig,
  signal: AbortSignal,
  onStep: (step: number, label: string) => void,
): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'imat-extension-'));
  try {
    await cp(sources(), directory, {
      recursive: true,
      filter: (file) => !/\.(?:o|so|bc|dylib)$|--[\d.]+\.sql$|\/(?:test|results)$/.test(file),
    });
    onStep(1, 'compiling the extension');
    await make(['-C', directory, '-j2', `PG_CONFIG=${path}`], signal);
    onStep(2, 'installing it on the server');
    // Not to be stopped: half of the files would be worse than none or all of them.
    await make(['-C', directory, `PG_CONFIG=${path}`, 'install'], null);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Variables that would change what is built or where it goes. */
const MISLEADING = new Set([
  'MAKEFLAGS',
  'MAKELEVEL',
  'MFLAGS',
  'MAKEFILES',
  'DESTDIR',
  'PGXS',
  'USE_PGXS',
]);

async function make(args: readonly string[], signal: AbortSignal | null): Promise<void> {
  const inherited = Object.entries(process.env).filter(([name]) => !MISLEADING.has(name));
  const child = spawn('make', args, {
    signal: signal ?? undefined,
    // What is not to be stopped must not hear the terminal's Ctrl-C either.
    detached: signal === null,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...Object.fromEntries(inherited), LC_ALL: 'C' },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  const status = await new Promise<number | Error | null>((resolve) => {
    // After an abort it is still ending: nothing may write any more when its directory is removed.
    child.once('error', (error) => {
      if (child.pid === undefined) resolve(error);
    });
    child.once('close', resolve);
  });
  if (status === 0) return;
  if (signal?.aborted === true)
    throw new ImatError('interrupted', {
      message: 'the command was stopped',
      detail: 'The build was removed.',
      cause: status ?? undefined,
    });
  throw new ImatError('extension_unavailable', {
    message:
      status instanceof Error
        ? 'could not run make'
        : `make ${args.at(-1) === 'install' ? 'could not install' : 'could not build'} the extension`,
    detail:
      status instanceof Error
        ? `${status.message}.`
        : `It ended so:\n${output.trim().split('\n').slice(-OUTPUT_LINES).join('\n')}\n(exit status ${String(status)})`,
    hint: 'Building needs make and the C compiler that PostgreSQL was built with.',
    cause: status instanceof Error ? status : undefined,
  });
}
