/**
 * The architecture, held by the imports themselves: `cli -> workers -> engine -> parser`, what is pure stays pure, one folder
 * speaks to drivers, no file imports itself in a circle.
 *
 *   parser                                  SQL as a language
 *   engine/sql                              SQL as values, names
 *   engine/plan <-> engine/aggregates       a plan asks the aggregates' rules, these speak of parts and facts: one layer of two folders
 *   engine/operators                        delta rules over plans
 *   ------------------------------------    above this line nothing touches a database, a clock or a file
 *   engine/db, engine/api.ts                the only folder with drivers; the public types
 *   engine/errors.ts, engine/catalog        what the server's errors mean; migrations and what the catalog says of columns
 *   engine/maintain                         capture, fold, views, verify, doctor
 *   engine/install                          convert, explain, revert
 *   engine/index.ts                         the public API, the only barrel
 *   workers                                 when to fold and swap; decide.ts, units.ts, retry.ts and seen.ts are pure
 *   cli, bench
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..');

/** What each part may import besides itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  parser: [],
  'engine/sql': ['parser'],
  'engine/plan': ['parser', 'engine/sql', 'engine/aggregates'],
  'engine/aggregates': ['engine/sql', 'engine/plan'],
  'engine/operators': ['engine/sql', 'engine/plan'],
  'engine/api.ts': [],
  'engine/db': ['parser'],
  'engine/errors.ts': ['parser', 'engine/db'],
  'engine/catalog': ['parser', 'engine/sql', 'engine/plan', 'engine/db'],
  'engine/maintain': [
    'engine/sql',
    'engine/plan',
    'engine/operators',
    'engine/api.ts',
    'engine/db',
    'engine/errors.ts',
    'engine/catalog',
  ],
  'engine/install': [
    'parser',
    'engine/sql',
    'engine/plan',
    'engine/aggregates',
    'engine/operators',
    'engine/api.ts',
    'engine/db',
    'engine/errors.ts',
    'engine/catalog',
    'engine/maintain',
  ],
  'engine/index.ts': [
    'parser',
    'engine/api.ts',
    'engine/db',
    'engine/errors.ts',
    'engine/catalog',
    'engine/maintain',
    'engine/install',
  ],
  workers: [
    'parser',
    'engine/api.ts',
    'engine/index.ts',
    'engine/db',
    'engine/errors.ts',
    'engine/catalog',
  ],
  cli: ['parser', 'engine/api.ts', 'engine/index.ts', 'engine/db', 'workers'],
  bench: ['engine/api.ts', 'engine/index.ts', 'engine/db', 'workers', 'tools'],
};

const PURE = ['parser', 'engine/sql', 'engine/plan', 'engine/aggregates', 'engine/operators'];

/** Packages by part; Node's own modules count as packages. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  parser: ['pgsql-ast-parser', 'libpg-query'],
  // A hash of a name is as pure as the name.
  'engine/sql': ['node:crypto'],
  'engine/plan': [],
  'engine/aggregates': [],
  'engine/operators': [],
};

/** PostgreSQL's grammar is loaded when it is needed, and the server is asked between two readings. */
const MAY_WAIT = ['parser/read.ts', 'parser/libpg/read.ts', 'parser/libpg/load.ts'];
const WAITING = /\b(?:async|await|Promise)\b/g;

const DRIVERS = /^(?:pg|pg-.*|@electric-sql\/.*)$/;
const MAX_LINES = 400;

type Import = {
  readonly from: string;
  readonly to: string;
  readonly line: number;
  readonly isType: boolean;
};

const files = ['parser', 'engine', 'cli', 'workers', 'bench'].flatMap((folder) =>
  listSources(join(ROOT, folder)),
);
const code = new Map(
  files.map((file) => [file, withoutComments(readFileSync(join(ROOT, file), 'utf8'))]),
);
const imports = files.flatMap(importsOf);
const relativeImports = imports
  .filter((one) => one.to.startsWith('.'))
  .map((one) => ({ ...one, to: relative(ROOT, join(ROOT, dirname(one.from), one.to)) }));

function listSources(directory: string): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { withFileTypes: true })
    .flatMap((entry) =>
      entry.isDirectory()
        ? listSources(join(directory, entry.name))
        : /\.m?ts$|\.mjs$/.test(entry.name)
          ? [relative(ROOT, join(directory, entry.name))]
          : [],
    )
    .sort();
}

/** Comments become blanks of the same length; strings and templates stay. */
function withoutComments(text: string): string {
  return text.replaceAll(
    /'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\[\s\S])*`|\/\/[^\n]*|\/\*[\s\S]*?\*\//g,
    (match) =>
      match.startsWith('//') || match.startsWith('/*') ? match.replaceAll(/[^\n]/g, ' ') : match,
  );
}

/** Static, type-only, re-exporting and dynamic imports alike. */
function importsOf(from: string): Import[] {
  const text = code.get(from) ?? '';
  return [
    ...text.matchAll(
      /^(?:import|export)\b[^'";]*?\bfrom '([^']+)'|^import '([^']+)'|\bimport\('([^']+)'\)|\bnew URL\('(\.[^']+\.(?:ts|mjs))'/gm,
    ),
  ].map((match) => ({
    from,
    to: match[1] ?? match[2] ?? match[3] ?? match[4] ?? '',
    line: text.slice(0, match.index).split('\n').length,
    isType: /^(?:import|export) type\b/.test(match[0]),
  }));
}

/** `engine/plan`, `engine/index.ts`, `cli`, `tools`. */
function partOf(file: string): string {
  const [top = '', second = ''] = file.split('/');
  return top === 'engine' ? `${top}/${second}` : top;
}

const place = (one: Import): string => `${one.from}:${one.line} imports ${one.to}`;

test('the walk sees the code', () => {
  expect(files.length).toBeGreaterThan(90);
  expect(relativeImports.length).toBeGreaterThan(250);
  for (const { to } of relativeImports)
    expect(files.includes(to) || existsSync(join(ROOT, to)), to).toBe(true);
  expect(relativeImports).toContainEqual(
    expect.objectContaining({ from: 'engine/install/convert.ts', to: 'engine/install/prepare.ts' }),
  );
  expect(relativeImports).toContainEqual(
    expect.objectContaining({ from: 'engine/db/connect-db.ts', to: 'engine/db/pglite.ts' }),
  );
});

test('every part is one that this test knows', () => {
  expect(files.map(partOf).filter((part) => !(part in MAY_IMPORT))).toEqual([]);
});

test('each part imports only what lies below it', () => {
  const wrong = relativeImports.filter(
    ({ from, to }) =>
      partOf(from) !== partOf(to) && MAY_IMPORT[partOf(from)]?.includes(partOf(to)) !== true,
  );
  expect(wrong.map(place)).toEqual([]);
});

test('no file imports itself, however far around; in the parser and the engine types count as well', () => {
  const next = new Map<string, string[]>();
  for (const { from, to } of relativeImports.filter(
    (one) => !one.isType || /^(?:parser|engine)\//.test(one.from),
  ))
    next.set(from, [...(next.get(from) ?? []), to]);
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (file: string, path: readonly string[]): void => {
    const at = path.indexOf(file);
    if (at >= 0) cycles.push([...path.slice(at), file].join(' -> '));
    if (at >= 0 || done.has(file)) return;
    for (const to of next.get(file) ?? []) visit(to, [...path, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  expect(cycles).toEqual([]);
});

test('only engine/db imports a driver', () => {
  const wrong = imports.filter(
    ({ from, to }) => DRIVERS.test(to) && partOf(from) !== 'engine/db' && partOf(from) !== 'bench',
  );
  expect(wrong.map(place)).toEqual([]);
});

test('there is one barrel', () => {
  const barrels = files.filter((file) =>
    /^export (?:type )?(?:\*|\{[^}]*\}) from /m.test(code.get(file) ?? ''),
  );
  expect(barrels).toEqual(['engine/index.ts']);
});

describe.each(PURE)('%s is pure', (part) => {
  const own = files.filter((file) => partOf(file) === part);

  test('it has files, and imports no package but its own', () => {
    expect(own).not.toEqual([]);
    const wrong = imports.filter(
      ({ from, to }) =>
        own.includes(from) && !to.startsWith('.') && PACKAGES[part]?.includes(to) !== true,
    );
    expect(wrong.map(place)).toEqual([]);
  });

  test('it does not wait, look at the clock, the environment or a file, or roll dice', () => {
    const impure =
      /\b(?:async|await|Promise|process|Date|performance|setTimeout|setInterval|setImmediate|queueMicrotask|fetch|console|globalThis|Math\.random|crypto\.|randomBytes|randomUUID|require)\b/;
    const wrong = own.flatMap((file) =>
      withoutStrings(code.get(file) ?? '')
        .split('\n')
        .flatMap((line, index) =>
          impure.test(MAY_WAIT.includes(file) ? line.replaceAll(WAITING, '') : line)
            ? [`${file}:${index + 1}: ${line.trim()}`]
            : [],
        ),
    );
    expect(wrong).toEqual([]);
  });
});

/** Simple strings become blanks; what stands in the holes of a template is code. */
function withoutStrings(text: string): string {
  return text.replaceAll(/'(?:[^'\\\n]|\\.)*'|`[^`$]*`/g, (match) =>
    match.replaceAll(/[^\n]/g, ' '),
  );
}

test('engine knows nothing of terminals', () => {
  const wrong = files
    .filter((file) => file.startsWith('engine/') || file.startsWith('parser/'))
    .filter((file) =>
      /\bconsole\.|process\.(?:stdout|stderr|exit|argv)/.test(code.get(file) ?? ''),
    );
  expect(wrong).toEqual([]);
});

test(`no file of the product is longer than ${MAX_LINES} lines`, () => {
  const long = files.filter((file) => (code.get(file) ?? '').split('\n').length > MAX_LINES);
  expect(long).toEqual([]);
});
