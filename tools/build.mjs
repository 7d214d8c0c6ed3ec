// @ts-check
/** Compiles the sources into dist/ where they have changed since the last time. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';

const SOURCES = [
  'parser',
  'engine',
  'workers',
  'cli',
  'bench',
  'torture',
  'tools',
  'tsconfig.json',
  'tsconfig.build.json',
  'package-lock.json',
];
const STAMP = '.sources.json';

/**
 * @param {string} root @returns {boolean} false where the compiler reports an error; it has printed
 * it
 */
export function buildIfOutdated(root) {
  const files = SOURCES.flatMap((source) => listFiles(join(root, source)));
  // Names as well as times: a removed source must leave dist/ too.
  const signature = JSON.stringify(
    files.map((path) => [relative(root, path), statSync(path).mtimeMs]),
  );
  const dist = join(root, 'dist');
  if (existsSync(join(dist, STAMP)) && readFileSync(join(dist, STAMP), 'utf8') === signature)
    return true;

  // Built aside and then put in place, so that a program that runs from dist/ meanwhile never finds
  // it half there.
  const fresh = join(root, '.cache', `build-${process.pid}`);
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const tsc = spawnSync(
    process.execPath,
    [compiler, '-p', join(root, 'tsconfig.build.json'), '--outDir', fresh],
    {
      cwd: root,
      stdio: 'inherit',
    },
  );
  if (tsc.status === 0) {
    for (const path of files.filter((name) => name.endsWith('.sql'))) copyInto(fresh, root, path);
    const main = join(fresh, 'cli', 'main.js');
    if (existsSync(main)) chmodSync(main, 0o755);
    writeFileSync(join(fresh, STAMP), signature);
    rmSync(dist, { recursive: true, force: true });
    renameSync(fresh, dist);
  }
  rmSync(fresh, { recursive: true, force: true });
  return tsc.status === 0;
}

/** @param {string} fresh @param {string} root @param {string} path */
function copyInto(fresh, root, path) {
  const target = join(fresh, relative(root, path));
  mkdirSync(dirname(target), { recursive: true });
  copyFileSync(path, target);
}

/**
 * @param {string} path @returns {string[]} the files below a directory, or the file itself, in a
 * fixed order
 */
function listFiles(path) {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return [];
  if (!stats.isDirectory()) return [path];
  return readdirSync(path)
    .filter((name) => name !== 'node_modules')
    .toSorted()
    .flatMap((name) => listFiles(join(path, name)));
}
