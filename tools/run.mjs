// @ts-check
/**
 * What `npm run demo`, `npm test`, `npm run bench` and `npm run torture` call: sets up what is
 * missing, then does it, so that a fresh clone needs Node and nothing else.
 *
 *   node tools/run.mjs demo [options of imat demo]
 *   node tools/run.mjs test [--server <major>] [--extension] [options of vitest]
 *   node tools/run.mjs bench [options of the benchmark]
 *   node tools/run.mjs torture [options of the torture]
 *   node tools/run.mjs build | install
 */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildIfOutdated } from './build.mjs';
import { findInstalledPostgres } from './find-postgres.mjs';
import { installIfOutdated } from './install.mjs';
import { provideServerBinaries } from './install-postgres.mjs';
import { findPackagedPostgres } from './packaged-servers.mjs';
import { provideTestNeeds } from './test-needs.mjs';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** @type {Record<string, (args: string[]) => Promise<number>>} */
const COMMANDS = {
  install: async () => 0,
  build: async () => build(),
  demo: async (args) => build() || run('dist/cli/main.js', ['demo', ...args]),
  bench: async (args) => build() || bench(args),
  torture: async (args) => build() || torture(args),
  test: async (args) => build() || test(args),
};

const [name = '', ...args] = process.argv.slice(2);
const command = COMMANDS[name];
if (command === undefined) {
  console.error(`usage: node tools/run.mjs ${Object.keys(COMMANDS).join('|')} [options]`);
  process.exit(2);
}
try {
  checkNode();
  installIfOutdated(ROOT);
  process.exitCode = await command(args);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19))
    throw new Error(`imat needs Node 20.19 or newer; this is ${process.version}`);
}

function build() {
  return buildIfOutdated(ROOT) ? 0 : 1;
}

/** @param {string[]} args */
async function bench(args) {
  if (!args.some((arg) => arg.startsWith('--database-url'))) await provideServerBinaries();
  return run('dist/bench/main.js', args);
}

/** @param {string[]} args */
async function torture(args) {
  await provideServerBinaries();
  return run('dist/torture/main.js', args);
}

/** @param {string[]} args */
async function test(args) {
  const withExtension = takeFlag(args, '--extension');
  const at = args.indexOf('--server');
  await provideTestNeeds();
  if (at < 0 && !withExtension) return run('node_modules/vitest/vitest.mjs', ['run', ...args]);
  const wanted = at < 0 ? '15' : (args.splice(at, 2)[1] ?? '');
  // Only the server tests: the others do not depend on the server.
  const vitest = ['run', '--project', 'pg', ...args];
  if (withExtension) {
    // The extension's own tests start servers of their own, in the other run.
    return run('node_modules/vitest/vitest.mjs', [...vitest, '--exclude', 'test/extension/**'], {
      IMAT_TEST_EXTENSION: wanted,
    });
  }
  const binaries = [...findPackagedPostgres(), ...findInstalledPostgres()].find(
    ({ major }) => major === Number(wanted),
  );
  if (binaries === undefined) throw new Error(`no binaries of PostgreSQL ${wanted} were found`);
  return run('node_modules/vitest/vitest.mjs', vitest, {
    IMAT_TEST_PG_URL: '',
    IMAT_PG_BIN: binaries.bin,
  });
}

/** @param {string[]} args @param {string} flag */
function takeFlag(args, flag) {
  const at = args.indexOf(flag);
  if (at >= 0) args.splice(at, 1);
  return at >= 0;
}

/**
 * Runs a script as a child process and gives its exit status.
 * @param {string} script @param {string[]} args @param {Record<string, string>} [environment]
 *   @returns {Promise<number>}
 */
function run(script, args, environment = {}) {
  const child = spawn(process.execPath, [join(ROOT, script), ...args], {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, ...environment },
  });
  // The terminal sends SIGINT to both: the child decides when to end, and this process waits for
  // it.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (status, signal) =>
      resolve(signal === null ? (status ?? 1) : 128 + constants.signals[signal]),
    );
  });
}
