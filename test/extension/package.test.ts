/**
 * The package that npm makes has the extension's sources, all of them, and not what only this
 * repository needs.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..');

test('the sources of the extension are in the package, its tests and builds are not', () => {
  const printed = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [{ files }] = JSON.parse(printed) as [
    { readonly files: readonly { readonly path: string }[] },
  ];
  const packed = files.map(({ path }) => path).filter((path) => path.startsWith('extension/'));
  const sources = [
    'Makefile',
    'README.md',
    'table_change_tracker.control',
    ...readdirSync(join(ROOT, 'extension/src'))
      .filter((file) => /\.[ch]$/.test(file))
      .map((file) => `src/${file}`),
    ...readdirSync(join(ROOT, 'extension/sql')).map((file) => `sql/${file}`),
  ];
  expect(packed.toSorted()).toEqual(sources.map((file) => `extension/${file}`).toSorted());
});
