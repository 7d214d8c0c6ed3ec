// @ts-check
/** Debian's and Ubuntu's packages, where this process may install them. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const OPTIONS = [
  '-q',
  '-y',
  '-o',
  'DPkg::Lock::Timeout=120',
  '-o',
  'Acquire::Retries=2',
  '-o',
  'Acquire::http::Timeout=20',
];

/**
 * Installs the first of `packages` that the distribution has.
 * @param {string} what as a person calls it
 * @param {readonly string[]} packages
 * @param {{ before?: readonly string[], after?: readonly string[] }} [around] lines of shell
 *   around the installation
 * @returns {string | null} why it is not installed, where it is not
 */
export function installWithApt(what, packages, { before = [], after = [] } = {}) {
  if (!existsSync('/usr/bin/apt-get')) return 'this system has no apt-get to install one with';
  const root = process.getuid?.() === 0;
  if (!root && spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status !== 0)
    return 'installing one needs root or sudo without a password';
  console.error(`installing ${what} (apt-get)`);
  const script = [
    'set -e',
    ...(after.length === 0 ? [] : [`trap '${after.join('; ')}' EXIT`]),
    ...before,
    `apt-get update ${OPTIONS.join(' ')}`,
    'chosen=',
    `for package in ${packages.join(' ')}; do if [ -z "$chosen" ] && apt-cache show "$package" >/dev/null 2>&1; then chosen=$package; fi; done`,
    `if [ -z "$chosen" ]; then echo 'this distribution has no package ${packages.join(' or ')}' >&2; exit 1; fi`,
    `apt-get install ${OPTIONS.join(' ')} --no-install-recommends "$chosen"`,
  ].join('\n');
  const shell = ['env', 'DEBIAN_FRONTEND=noninteractive', 'sh', '-c', script];
  const [file = '', ...args] = root ? shell : ['sudo', '-n', ...shell];
  const apt = spawnSync(file, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  if (apt.status === 0) return null;
  const lines = `${apt.stdout}${apt.stderr}`.trim().split('\n').slice(-5);
  return `apt-get could not install one (${lines.join(' / ')})`;
}
