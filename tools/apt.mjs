// @ts-check
/** Debian's and Ubuntu's packages, installed if this process may do so. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const OPTIONS = ['-q', '-y', '-o', 'DPkg::Lock::Timeout=120', '-o', 'Acquire::Retries=2'];

/**
 * Installs the first of `choices` that the distribution has.
 * @param {string} what as a person calls it
 * @param {readonly string[]} choices each one package, or several that belong together, separated
 *   by spaces; `name=version` asks for that version
 * @param {{ before?: readonly string[], after?: readonly string[] }} [around] lines of shell that
 *   run before and after the installation
 * @returns {string | null} why it is not installed, or null if it is
 */
export function installWithApt(what, choices, { before = [], after = [] } = {}) {
  if (!existsSync('/usr/bin/apt-get')) return 'this system has no apt-get to install it with';
  const root = process.getuid?.() === 0;
  if (!root && spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status !== 0)
    return 'installing it needs root or sudo without a password';
  console.error(`installing ${what} (apt-get)`);
  const options = OPTIONS.join(' ');
  const script = [
    'set -e',
    ...(after.length === 0 ? [] : [`trap '${after.join('; ')}' EXIT`]),
    ...before,
    `apt-get update ${options}`,
    'chosen=',
    ...choices.map(
      (choice) =>
        `[ -n "$chosen" ] || ` +
        `{ apt-cache show ${choice} >/dev/null 2>&1 && chosen='${choice}'; } || :`,
    ),
    'if [ -z "$chosen" ]; then',
    `  echo 'this system has no package ${choices.join(' or ')}'; exit 1`,
    'fi',
    `apt-get install ${options} --no-install-recommends $chosen`,
  ].join('\n');
  const shell = ['env', 'DEBIAN_FRONTEND=noninteractive', 'sh', '-c', script];
  const [file = '', ...args] = root ? shell : ['sudo', '-n', ...shell];
  const apt = spawnSync(file, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  if (apt.status === 0) return null;
  const lines = `${apt.stdout}${apt.stderr}`.trim().split('\n').slice(-5);
  return `apt-get could not install it (${lines.join(' / ')})`;
}
