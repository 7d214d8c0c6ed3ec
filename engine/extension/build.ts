/**
 * Builds the extension from the sources that come with imat, in a temporary directory, and installs
 * it into a server of this machine.
 */
import { spawn } from 'node:child_process';
import { constants, existsSync, readFileSync } from 'node:fs';
import { access, cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ImatError } from '../errors/imat-error.ts';
import { shellWord } from '../errors/shell-word.ts';
import { EXTENSION } from '../sql/names.ts';
import { keepingFiles } from './files.ts';
import type { PgConfig } from './pg-config.ts';

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

/**
 * How the extension describes itself: what tells it from others of its name before it is created.
 */
export function shippedComment(): string {
  const control = readFileSync(join(sources(), `${EXTENSION}.control`), 'utf8');
  return /^comment = '(.*)'$/m.exec(control)?.[1] ?? '';
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

/**
 * For a shell; the directory's name is made by the shell, so that nobody else can have put
 * something there.
 */
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

/**
 * Builds the extension and installs its files, which stay only if `check`, called afterwards, does
 * not throw.
 * @throws ImatError `extension_unavailable` with what the compiler said, `interrupted` where
 *   `signal` came
 */
export async function buildAndInstall(
  pgConfig: PgConfig,
  signal: AbortSignal,
  onStep: (step: number, label: string) => void,
  check: () => Promise<void>,
): Promise<void> {
  const { path } = pgConfig;
  const directory = await mkdtemp(join(tmpdir(), 'imat-extension-'));
  try {
    await cp(sources(), directory, {
      recursive: true,
      filter: (file) => !/\.(?:o|so|bc|dylib)$|--[\d.]+\.sql$|\/(?:test|results)$/.test(file),
    });
    onStep(1, 'compiling the extension');
    await make(['-C', directory, '-j2', `PG_CONFIG=${path}`], signal);
    onStep(2, 'installing it on the server');
    await keepingFiles(pgConfig, async () => {
      // Not to be stopped: half of the files would be worse than none or all of them.
      await make(['-C', directory, `PG_CONFIG=${path}`, 'install'], null);
      await check();
    });
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
        : `make ${args.at(-1) === 'install' ? 'could not install' : 'could not build'} the ` +
          'extension',
    detail:
      status instanceof Error
        ? `${status.message}.`
        : `It ended so:\n${output.trim().split('\n').slice(-OUTPUT_LINES).join('\n')}\n(exit ` +
          `status ${String(status)})`,
    hint: 'Building needs make and the C compiler that PostgreSQL was built with.',
    cause: status instanceof Error ? status : undefined,
  });
}
