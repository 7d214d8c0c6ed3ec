/**
 * Builds the C extension and installs it into private copies of the servers on this machine, so that neither the system nor
 * node_modules is touched.
 *
 * A server needs its headers: those of the installed ones come with postgresql-server-dev-<major>. For the ones from npm, which have none,
 * Debian's packages of the same major are downloaded and unpacked beside them; the C interface is the same within a major version.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  type Binaries,
  findInstalledPostgres,
  findPackagedPostgres,
  ROOT,
} from './find-postgres.mjs';

const SOURCES = join(ROOT, 'extension');
const NAME = 'table_change_tracker';
const MAJORS = [15, 16, 17, 18];

/** Where the headers of a major version are to be had: Debian never had 16, Ubuntu's release of 2024 has it. */
const SUITES: Readonly<
  Record<number, { readonly mirror: string; readonly suite: string; readonly keyring: string }>
> = {
  16: {
    mirror: 'http://archive.ubuntu.com/ubuntu',
    suite: 'noble universe',
    keyring: 'ubuntu-archive-keyring.gpg',
  },
  17: {
    mirror: 'http://deb.debian.org/debian',
    suite: 'trixie main',
    keyring: 'debian-archive-keyring.gpg',
  },
  18: {
    mirror: 'http://deb.debian.org/debian',
    suite: 'sid main',
    keyring: 'debian-archive-keyring.gpg',
  },
};
const DAY_MS = 86_400_000;
const KEYRINGS = '/usr/share/keyrings';

/** What PGXS would give, and the Makefile. */
const COMPILER_OPTIONS = (
  '-O2 -g -fPIC -shared -fvisibility=hidden -fno-strict-aliasing -fwrapv -D_GNU_SOURCE ' +
  '-Wall -Wextra -Wmissing-prototypes -Wdeclaration-after-statement -Werror=vla -Wimplicit-fallthrough=3 ' +
  '-Wno-unused-parameter -Wno-sign-compare -Wno-missing-field-initializers'
).split(' ');

export type ExtensionServer = {
  readonly major: number;
  /** A server that has the extension. */
  readonly binaries: Binaries;
  /** What the compiler had to say; empty where all is well. */
  readonly warnings: string;
  /** The directory with pg_regress and pg_isolation_regress, where there is one. */
  readonly testPrograms: string | null;
  /** The directory with psql, which they need. */
  readonly psql: string;
};

export type Missing = { readonly major: number; readonly reason: string };

/** All servers that the extension can be tested on, and why the others cannot. Building them the first time takes some seconds each. */
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
  const installed = findInstalledPostgres().find(
    (found) => found.major === major && hasHeaders(found.bin),
  );
  if (installed !== undefined) return provideInstalled(installed);
  const packaged = findPackagedPostgres().find((found) => found.major === major);
  if (packaged !== undefined) return providePackaged(packaged);
  throw new Error(
    `there are no server binaries of version ${major} with headers, and none from npm`,
  );
}

function hasHeaders(bin: string): boolean {
  return (
    existsSync(join(bin, 'pg_config')) &&
    existsSync(join(ask(bin, '--includedir-server'), 'postgres.h'))
  );
}

function ask(bin: string, what: string): string {
  return execFileSync(join(bin, 'pg_config'), [what], { encoding: 'utf8' }).trim();
}

/** PGXS builds and installs it, below a directory in which the server's files lie as they do below the root of the system. */
function provideInstalled({ bin, major }: Binaries): ExtensionServer {
  const place = placeFor(major, ask(bin, '--version'));
  const copy = join(place, bin);
  const testPrograms = join(dirname(dirname(ask(bin, '--pgxs'))), '..', 'src', 'test');
  if (!existsSync(join(place, 'warnings'))) {
    build(place, (work, target) => {
      for (const directory of [bin, ask(bin, '--pkglibdir'), ask(bin, '--sharedir')])
        cpSync(directory, join(target, directory), {
          recursive: true,
          filter: (file) => !/\/(bitcode|pgxs|locale)$/.test(file),
        });
      const make = ['-s', '-C', work, `PG_CONFIG=${join(bin, 'pg_config')}`];
      const output = run('make', make);
      run('make', [...make, 'install', `DESTDIR=${target}`]);
      return output;
    });
  }
  return {
    major,
    binaries: { bin: copy, major },
    warnings: readFileSync(join(place, 'warnings'), 'utf8'),
    testPrograms: existsSync(join(testPrograms, 'regress', 'pg_regress')) ? testPrograms : null,
    psql: bin,
  };
}

/**
 * Copies an installed server, without the extension and with all that building one needs, below a directory that every user may reach.
 * Gives null where no server with headers is installed.
 */
export function copyInstalled(
  place: string,
): (Binaries & { readonly library: string; readonly share: string }) | null {
  const installed = findInstalledPostgres().find((found) => hasHeaders(found.bin));
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

/** There is no pg_config to go with these, so the compiler is called directly. */
function providePackaged({ bin, major }: Binaries): ExtensionServer {
  const headers = provideHeaders(major);
  const native = dirname(bin);
  const place = placeFor(major, readFileSync(join(dirname(native), 'package.json'), 'utf8'));
  if (!existsSync(join(place, 'warnings'))) {
    build(place, (work, target) => {
      cpSync(native, join(target, 'native'), { recursive: true, verbatimSymlinks: true });
      const sources = readdirSync(join(work, 'src')).filter((file) => file.endsWith('.c'));
      const output = run('gcc', [
        ...COMPILER_OPTIONS,
        `-I${join(work, 'src')}`,
        `-isystem${headers}`,
        '-o',
        join(target, 'native/lib/postgresql', `${NAME}.so`),
        ...sources.map((file) => join(work, 'src', file)),
      ]);
      const scripts = join(target, 'native/share/postgresql/extension');
      const parts = readdirSync(join(work, 'sql')).toSorted();
      writeFileSync(
        join(scripts, `${NAME}--1.0.sql`),
        parts.map((part) => readFileSync(join(work, 'sql', part), 'utf8')).join(''),
      );
      cpSync(join(work, `${NAME}.control`), join(scripts, `${NAME}.control`));
      return output;
    });
  }
  return {
    major,
    binaries: { bin: join(place, 'native/bin'), major },
    warnings: readFileSync(join(place, 'warnings'), 'utf8'),
    testPrograms: null,
    psql: '',
  };
}

/** Makes `place` whole or not at all. `work` builds in a copy of the sources, installs into `target` and returns the compiler's output. */
function build(place: string, work: (sources: string, target: string) => string): void {
  const target = `${place}.${process.pid}`;
  const sources = join(target, 'build');
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  cpSync(SOURCES, sources, {
    recursive: true,
    filter: (file) => !/\.(o|so|bc)$|--[\d.]+\.sql$/.test(file),
  });
  const warnings = work(sources, target);
  writeFileSync(join(target, 'warnings'), warnings);
  rmSync(sources, { recursive: true });
  try {
    renameSync(target, place);
  } catch (error) {
    // Another process was faster.
    rmSync(target, { recursive: true, force: true });
    if (!existsSync(place)) throw error;
  }
}

/** The directory of a build, named by what went into it. Others of the same version that are a day old are removed. */
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
  const base = cacheDirectory();
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

/** Below .cache, or in the system's temporary directory where the user that runs the servers cannot reach the repository. */
function cacheDirectory(): string {
  const inRepository = join(ROOT, '.cache', 'extension');
  const base =
    process.getuid?.() !== 0 || reachableByOthers(ROOT)
      ? inRepository
      : join(tmpdir(), `imat-extension-${hashOf(ROOT)}`);
  mkdirSync(base, { recursive: true });
  return base;
}

export function reachableByOthers(directory: string): boolean {
  return (
    spawnSync('setpriv', ['--reuid=65534', '--clear-groups', 'test', '-x', directory], {
      stdio: 'ignore',
    }).status === 0
  );
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}

/** The server's headers of a major version, downloaded once. @throws Error where they cannot be had */
function provideHeaders(major: number): string {
  const place = join(cacheDirectory(), `headers-${major}`);
  const headers = join(place, 'usr/include/postgresql', String(major), 'server');
  if (existsSync(headers)) return headers;
  const from = SUITES[major];
  if (from === undefined)
    throw new Error(`it is not known where to get headers of PostgreSQL ${major}`);
  try {
    const unpacked = downloadPackage(
      `postgresql-server-dev-${major}`,
      from.mirror,
      from.suite,
      keyring(from.keyring),
    );
    if (existsSync(place)) rmSync(unpacked, { recursive: true });
    else renameSync(unpacked, place);
  } catch (error) {
    throw new Error(
      `headers of PostgreSQL ${major} could not be fetched from ${from.mirror} (${(error as Error).message})`,
      {
        cause: error,
      },
    );
  }
  return headers;
}

/** The keys that a mirror's lists are signed with. Debian has Ubuntu's in a package. */
function keyring(name: string): string {
  const installed = join(KEYRINGS, name);
  if (existsSync(installed)) return installed;
  const kept = join(cacheDirectory(), name);
  if (!existsSync(kept)) {
    const unpacked = downloadPackage(
      'ubuntu-keyring',
      'http://deb.debian.org/debian',
      'trixie main',
      join(KEYRINGS, 'debian-archive-keyring.gpg'),
    );
    cpSync(join(unpacked, 'usr/share/keyrings', name), kept);
    rmSync(unpacked, { recursive: true });
  }
  return kept;
}

/** Downloads a package with apt, which checks its signature, and unpacks it into a new directory. Nothing is installed. */
function downloadPackage(name: string, mirror: string, suite: string, keys: string): string {
  for (const need of ['/usr/bin/apt-get', '/usr/bin/dpkg-deb', keys])
    if (!existsSync(need)) throw new Error(`there is no ${need}`);
  const apt = mkdtempSync(join(cacheDirectory(), 'apt-'));
  try {
    for (const directory of ['lists/partial', 'archives/partial'])
      mkdirSync(join(apt, directory), { recursive: true });
    writeFileSync(join(apt, 'sources.list'), `deb [signed-by=${keys}] ${mirror} ${suite}\n`);
    const options = [
      ['Dir::Etc::sourcelist', join(apt, 'sources.list')],
      ['Dir::Etc::sourceparts', '/dev/null'],
      ['Dir::State::lists', join(apt, 'lists')],
      ['Dir::Cache', apt],
      ['Acquire::Languages', 'none'],
      ['Acquire::Retries', '2'],
      ['Acquire::http::Timeout', '20'],
      ['APT::Sandbox::User', 'root'],
    ].flatMap(([option, setting]) => ['-o', `${option}=${setting}`]);
    run('apt-get', ['-q', ...options, 'update']);
    run('apt-get', ['-q', ...options, 'download', name], apt);
    const file = readdirSync(apt).find((entry) => entry.startsWith(`${name}_`));
    if (file === undefined) throw new Error(`apt-get brought no ${name}`);
    const unpacked = mkdtempSync(join(cacheDirectory(), `${name}-`));
    run('dpkg-deb', ['-x', join(apt, file), unpacked]);
    return unpacked;
  } finally {
    rmSync(apt, { recursive: true, force: true });
  }
}

/** Returns what the program wrote to its standard error. @throws Error with all that it wrote, where it fails */
function run(program: string, args: readonly string[], cwd: string = ROOT): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd, encoding: 'utf8' });
  if (error !== undefined) throw error;
  if (status !== 0)
    throw new Error(
      `${program} failed: ${`${stdout}${stderr}`.trim().split('\n').slice(-8).join('\n')}`,
    );
  return stderr;
}
