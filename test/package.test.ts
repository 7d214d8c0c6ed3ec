/** What the npm package contains: every file that its documentation links to. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

// Without scripts: `prepack` builds, and other tests use dist/ meanwhile.
const packed = JSON.parse(
  execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }),
) as readonly { readonly files: readonly { readonly path: string }[] }[];
const files = packed.flatMap((one) => one.files.map((file) => file.path));
const pages = files.filter((file) => file.endsWith('.md'));

/** The relative links of a page, as paths from the root of the package. */
function linksOf(page: string): string[] {
  const text = readFileSync(join(ROOT, page), 'utf8').replace(/^```.*?^```/gms, '');
  return [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
    .map(([, target]) => target ?? '')
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => normalize(join(dirname(page), target)));
}

test('the package contains the documentation', () => {
  expect(pages).toEqual(
    expect.arrayContaining([
      'README.md',
      'CONTRIBUTING.md',
      'CHANGELOG.md',
      'docs/limits.md',
      'docs/operations.md',
      'docs/decisions/README.md',
      'examples/README.md',
      'extension/README.md',
    ]),
  );
  expect(linksOf('README.md').length).toBeGreaterThan(10);
});

test('every relative link of a page leads to a file in the package', () => {
  const broken = pages.flatMap((page) =>
    linksOf(page)
      .filter((target) => !files.some((file) => file === target || file.startsWith(target)))
      .map((target) => `${page} -> ${target}`),
  );
  expect(broken).toEqual([]);
});

test('every anchor of a link is a heading of its page', () => {
  const broken = pages.flatMap((page) =>
    [...readFileSync(join(ROOT, page), 'utf8').matchAll(/\]\(([^)#\s:]*)#([^)]*)\)/g)]
      .filter(([, target = '', anchor = '']) => {
        const file = target === '' ? page : join(dirname(page), target);
        return !headingsOf(file).includes(anchor);
      })
      .map(([link]) => `${page} -> ${link}`),
  );
  expect(broken).toEqual([]);
});

/** The anchors of a page's headings, as GitHub forms them. */
function headingsOf(page: string): string[] {
  return [...readFileSync(join(ROOT, page), 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    (heading ?? '')
      .toLowerCase()
      .replace(/[^\w -]/g, '')
      .replaceAll(' ', '-'),
  );
}

test('every entry of the lock file has its integrity and names no registry', () => {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { integrity?: string; resolved?: string }>;
  };
  const entries = Object.entries(packages).filter(([name]) => name !== '');
  expect(entries.length).toBeGreaterThan(100);
  expect(entries.filter(([, entry]) => entry.integrity === undefined)).toEqual([]);
  expect(entries.filter(([, entry]) => entry.resolved !== undefined)).toEqual([]);
});
