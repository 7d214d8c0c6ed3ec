/**
 * Builds the C extension and installs it into private copies of the servers on this machine, so
 * that the system stays as it is. What a server loads is compiled with headers that are not newer
 * than the server: those of a packaged server come with it, and those of an installed one are
 * compared with it (findHeaders).
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { type Binaries, findHeaders, findInstalledPostgres } from './find-postgres.mjs';
import { cacheDirectory, findPackagedPostgres, ROOT } from './packaged-servers.mjs';

const SOURCES = join(ROOT, 'extension');
const NAME = 'table_change_tracker';
const MAJORS = [15, 16, 17, 18];
const DAY_MS = 86_400_000;

/**
 * PostgreSQL's own, spelled out: a packaged server remembers those of the compiler that built it,
 * which this machine's compiler may not know.
 */
const COMPILER_OPTIONS =
  '-O2 -Wall -Wmissing-prototypes -Wdeclaration-after-statement -Werror=vla ' +
  '-Wimplicit-fallthrough=3 -fno-strict-aliasing -fwrapv';

export type ExtensionServer = {
  readonly major: number;
  /** A server that has the extension. */
  readonly binaries: Binaries;
  /** What the compiler had to say; empty if all is well. */
  readonly warnings: string;
  /** The directory with pg_regress and pg_isolation_regress, if the server comes with one. */
  readonly testPrograms: string | null;
  /** The directory with the server's own psql, pg_dump and pg_restore. */
  readonly programs: string;
};

export type Missing = { readonly major: number; readonly reason: string };

/**
 * All servers that the extension can be tested on, and why the others cannot be had. Building for
 * them takes some seconds each the first time.
 */
export function provideExtension(): {
  readonly servers: readonly ExtensionServer[];
  readonly missing: readonly Missing[];
} {
  const servers: ExtensionServer[] = [];
  const missing: Missing[] = [];
  for (const major of MAJORS) {
    try {
      servers.push(provideFor(major));
    } catch (error) {
      missing.push({ major, reason: (error as Error).message });
    }
  }
  return { servers, missing };
}

/** @throws Error that says why there is none */
export function provideFor(major: number): ExtensionServer {
  if (spawnSync('gcc', ['--version'], { stdio: 'ignore' }).status !== 0)
    throw new Error('there is no gcc');
  const packaged = findPackagedPostgres().find((found) => found.major === major);
  const installed = findInstalledPostgres().find(
    (found) => found.major === major && findHeaders(found.bin) !== null,
  );
  if (packaged !== undefined) return providePackaged(packaged);
  if (installed !== undefined) return provideInstalled(installed);
  throw new Error(`there is no server of version ${major} with headers that are not newer`);
}

function ask(bin: string, what: string): string {
  return execFileSync(join(bin, 'pg_config'), [what], { encoding: 'utf8' }).trim();
}

/**
 * Installs below a directory in which the server's files lie as they do below the root of the
 * system.
 */
function provideInstalled({ bin, major }: Binaries): ExtensionServer {
  const place = placeFor(major, ask(bin, '--version'));
  build(place, (work, target) => {
    for (const directory of [bin, ask(bin, '--pkglibdir'), ask(bin, '--sharedir')])
      cpSync(directory, join(target, directory), {
        recursive: true,
        filter: (file) => !/\/(bitcode|pgxs|locale)$/.test(file),
      });
    return make(work, join(bin, 'pg_config'), [`DESTDIR=${target}`]);
  });
  return describe(major, place, join(place, bin), bin);
}

/** Installs into a copy of the package. */
function providePackaged({ bin, major }: Binaries): ExtensionServer {
  const prefix = dirname(bin);
  const unpacked = dirname(dirname(prefix));
  const place = placeFor(major, basename(unpacked));
  build(place, (work, target) => {
    cpSync(unpacked, target, { recursive: true, verbatimSymlinks: true });
    return make(work, join(target, relative(unpacked, bin), 'pg_config'));
  });
  const copy = join(place, relative(unpacked, bin));
  return describe(major, place, copy, copy);
}

/** Compiles and installs; returns what the compiler wrote. */
function make(sources: string, config: string, options: readonly string[] = []): string {
  const common = [
    '-s',
    '-C',
    sources,
    'CC=gcc',
    `PG_CONFIG=${config}`,
    `CFLAGS=${COMPILER_OPTIONS}`,
  ];
  const output = run('make', common);
  run('make', [...common, 'install', ...options]);
  return output;
}

function describe(major: number, place: string, bin: string, programs: string): ExtensionServer {
  const makefiles = dirname(ask(programs, '--pgxs'));
  const testPrograms = join(makefiles, '..', '..', 'src', 'test');
  return {
    major,
    binaries: { bin, major },
    warnings: readFileSync(join(place, 'warnings'), 'utf8'),
    testPrograms: existsSync(join(testPrograms, 'regress', 'pg_regress')) ? testPrograms : null,
    programs,
  };
}

/**
 * Copies an installed server, without the extension and with all that building one needs, below a
 * directory that every user may reach. Gives null if no server with headers is installed.
 */
export function copyInstalled(
  place: string,
): (Binaries & { readonly library: string; readonly share: string }) | null {
  const installed = findInstalledPostgres().find((found) => findHeaders(found.bin) !== null);
  if (installed === undefined) return null;
  const { bin, major } = installed;
  const [library, share, headers] = ['--pkglibdir', '--sharedir', '--includedir-server'].map(
    (what) => ask(bin, what),
  ) as [string, string, string];
  for (const directory of [bin, library, share])
    cpSync(directory, join(place, directory), {
      recursive: true,
      filter: (file) => !/\/(bitcode|locale)$/.test(file) && !file.includes(NAME),
    });
  mkdirSync(dirname(join(place, headers)), { recursive: true });
  symlinkSync(headers, join(place, headers));
  return { bin: join(place, bin), major, library: join(place, library), share: join(place, share) };
}

/**
 * Makes `place` whole or not at all. `work` builds in a copy of the sources, installs into `target`
 * and returns the compiler's output.
 */
function build(place: string, work: (sources: string, target: string) => string): void {
  if (existsSync(place)) return;
  const target = `${place}.${process.pid}`;
  const sources = join(target, 'build');
  mkdirSync(target, { recursive: true });
  cpSync(SOURCES, sources, {
    recursive: true,
    filter: (file) => !/\.(o|so|bc)$|--[\d.]+\.sql$/.test(file),
  });
  try {
    const warnings = work(sources, target);
    writeFileSync(join(target, 'warnings'), warnings);
    rmSync(sources, { recursive: true });
    renameSync(target, place);
  } catch (error) {
    // A place that exists now was built by another process, which was faster.
    if (!existsSync(place)) throw error;
  } finally {
    rmSync(target, { recursive: true, force: true });
  }
}

/**
 * The directory of a build, named by what went into it. Others of the same version that are a day
 * old are removed.
 */
function placeFor(major: number, server: string): string {
  const hash = createHash('sha256').update(server);
  for (const folder of ['', 'src', 'sql'])
    for (const file of readdirSync(join(SOURCES, folder), { withFileTypes: true }).toSorted(
      (a, b) => (a.name < b.name ? -1 : 1),
    ))
      if (
        file.isFile() &&
        /\.(c|h|sql|control)$|^Makefile$/.test(file.name) &&
        !/--[\d.]+\.sql$/.test(file.name)
      )
        hash.update(file.name).update(readFileSync(join(SOURCES, folder, file.name)));
  const base = cacheDirectory('extension');
  const name = `pg${major}-${hash.digest('hex').slice(0, 12)}`;
  for (const other of readdirSync(base).filter(
    (entry) => entry.startsWith(`pg${major}-`) && entry !== name,
  ))
    if (
      Date.now() - (statSync(join(base, other), { throwIfNoEntry: false })?.mtimeMs ?? Date.now()) >
      DAY_MS
    )
      rmSync(join(base, other), { recursive: true, force: true });
  return join(base, name);
}

/**
 * Returns what the program wrote to its standard error.
 * @throws Error with the end of what it wrote if it fails
 */
function run(program: string, args: readonly string[], cwd: string = ROOT): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd, encoding: 'utf8' });
  if (error !== undefined) throw error;
  if (status !== 0)
    throw new Error(
      `${program} failed: ${`${stdout}${stderr}`.trim().split('\n').slice(-8).join('\n')}`,
    );
  return stderr;
}
