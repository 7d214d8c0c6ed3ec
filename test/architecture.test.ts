/**
 * The architecture, held by the imports themselves. Each room imports only rooms that stand above
 * it in this table, so that no arrow goes up and no circle of rooms exists; what is pure stays
 * pure; one room speaks to drivers; one file is a barrel.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  circles,
  filesIn,
  type Import,
  importsOf,
  ROOT,
  roomOf,
  withoutComments,
} from '../tools/imports.mjs';
import { ARCHITECTURE_DOC, withRooms } from '../tools/rooms-doc.mjs';

const PURE = [
  'parser',
  'engine/sql',
  'engine/algebra',
  'engine/aggregates',
  'engine/operators',
  'engine/regroup',
  'engine/plan',
  'engine/generate',
];

/** What each room may import besides itself, from the ground up. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'engine/errors': [],
  'engine/durations.ts': [],
  'engine/accounting-api.ts': [],
  'engine/environment-api.ts': [],
  'engine/explanation-api.ts': [],
  'engine/report': ['engine/accounting-api.ts'],
  'engine/api.ts': [
    'engine/accounting-api.ts',
    'engine/environment-api.ts',
    'engine/explanation-api.ts',
  ],
  parser: [],
  'engine/sql': ['parser'],
  'engine/algebra': ['parser'],
  'engine/aggregates': PURE.slice(0, 3),
  'engine/operators': PURE.slice(0, 4),
  'engine/regroup': PURE.slice(0, 3),
  'engine/plan': PURE.slice(0, 6),
  'engine/generate': PURE.slice(0, 7),
  // From here on PostgreSQL is asked.
  'engine/db': ['engine/errors'],
  'engine/catalog': ['engine/errors', 'engine/db'],
  'engine/server': [
    'engine/errors',
    'parser',
    'engine/sql',
    'engine/algebra',
    'engine/db',
    'engine/catalog',
  ],
  'engine/analysis': [
    'engine/errors',
    'engine/durations.ts',
    'engine/api.ts',
    ...PURE.slice(0, 7),
    'engine/db',
    'engine/server',
  ],
  'engine/extension': [
    'engine/errors',
    'engine/api.ts',
    'engine/environment-api.ts',
    'engine/sql',
    'engine/db',
  ],
  'engine/capture': [
    'engine/errors',
    'engine/sql',
    'engine/algebra',
    'engine/generate',
    'engine/db',
    'engine/catalog',
    'engine/server',
    'engine/extension',
  ],
  'engine/commands': [
    'engine/errors',
    'engine/durations.ts',
    'engine/environment-api.ts',
    'engine/explanation-api.ts',
    'engine/api.ts',
    ...PURE,
    'engine/db',
    'engine/catalog',
    'engine/server',
    'engine/analysis',
    'engine/extension',
    'engine/capture',
  ],
  'engine/accounting': [
    'engine/errors',
    'engine/accounting-api.ts',
    'engine/report',
    'engine/db',
    'engine/catalog',
  ],
  'engine/imat.ts': [
    'engine/api.ts',
    'engine/accounting',
    'engine/db',
    'engine/catalog',
    'engine/server',
    'engine/extension',
    'engine/commands',
  ],
  'engine/index.ts': [
    'engine/errors',
    'engine/accounting-api.ts',
    'engine/environment-api.ts',
    'engine/explanation-api.ts',
    'engine/api.ts',
    'engine/db',
    'engine/imat.ts',
  ],
  workers: [
    'engine/errors',
    'engine/api.ts',
    'engine/db',
    'engine/catalog',
    'engine/capture',
    'engine/index.ts',
  ],
  cli: [
    'engine/durations.ts',
    'engine/errors',
    'engine/accounting-api.ts',
    'engine/environment-api.ts',
    'engine/explanation-api.ts',
    'engine/api.ts',
    'parser',
    'engine/db',
    'engine/index.ts',
    'workers',
  ],
  tools: ['engine/db'],
  bench: ['engine/api.ts', 'engine/db', 'engine/index.ts', 'workers', 'tools'],
  torture: ['engine/index.ts', 'tools'],
  extension: [],
};

/** Packages of pure rooms; Node's own modules count as packages. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  parser: ['pgsql-ast-parser', 'libpg-query'],
  // A hash of a name is as pure as the name.
  'engine/sql': ['node:crypto'],
  // Draws into a DOM of its own, which stands for nothing outside.
  'engine/report': ['@observablehq/plot', 'linkedom'],
};

/** They load PostgreSQL's grammar, or wait for those who do: it comes as WebAssembly. */
const MAY_WAIT = [
  'parser/read.ts',
  'parser/statement.ts',
  'parser/libpg/read.ts',
  'parser/libpg/load.ts',
  'parser/libpg/substitute.ts',
];
const WAITING = /\b(?:async|await|Promise)\b/g;

const DRIVERS = /^(?:pg|pg-.*|@electric-sql\/.*)$/;
const MAX_LINES = 400;
const MAX_COLUMNS = 100;

const files = filesIn(
  ['parser', 'engine', 'workers', 'cli', 'bench', 'torture', 'tools'],
  /\.(?:ts|mjs)$/,
);
const cFiles = filesIn(['extension'], /\.[ch]$/);
const tests = filesIn(['test'], /\.ts$/);
const code = new Map(
  files.map((file) => [file, withoutComments(readFileSync(join(ROOT, file), 'utf8'))]),
);
const imports = files.flatMap(importsOf);
const fileImports = [...imports, ...cFiles.flatMap(importsOf)].filter((one) => one.isFile);
const arrows = fileImports.filter(({ from, to }) => roomOf(from) !== roomOf(to));

const place = ({ from, line, to }: Import): string => `${from}:${line} imports ${to}`;
const linesOf = (file: string): string[] => readFileSync(join(ROOT, file), 'utf8').split('\n');

test('the walk sees the code', () => {
  expect(files.length).toBeGreaterThan(150);
  expect(cFiles.length).toBeGreaterThan(15);
  expect(fileImports.length).toBeGreaterThan(600);
  for (const { to } of fileImports)
    expect(files.includes(to) || existsSync(join(ROOT, to)), to).toBe(true);
  for (const [from, to] of [
    ['engine/commands/convert.ts', 'engine/analysis/prepare.ts'],
    ['engine/db/connect-db.ts', 'engine/db/pglite.ts'],
    ['extension/src/capture.c', 'extension/src/capture.h'],
  ])
    expect(fileImports).toContainEqual(expect.objectContaining({ from, to }));
});

test('every room is one that this test knows, and has files', () => {
  const known = Object.keys(MAY_IMPORT);
  expect([...new Set([...files, ...cFiles].map(roomOf))].toSorted()).toEqual(known.toSorted());
});

test('the table itself has no arrow up', () => {
  const order = Object.keys(MAY_IMPORT);
  for (const [room, below] of Object.entries(MAY_IMPORT))
    for (const one of below) expect(order.indexOf(one), one).toBeLessThan(order.indexOf(room));
});

test('each room imports only what lies below it', () => {
  const wrong = arrows.filter(
    ({ from, to }) => MAY_IMPORT[roomOf(from)]?.includes(roomOf(to)) !== true,
  );
  expect(wrong.map(place)).toEqual([]);
});

test('no file imports itself, however far around: types, tools and C headers included', () => {
  expect(circles(fileImports)).toEqual([]);
  const rooms = arrows.map((one) => ({ ...one, from: roomOf(one.from), to: roomOf(one.to) }));
  expect(circles(rooms)).toEqual([]);
});

test('the walk finds a circle', () => {
  const one = { line: 1, isFile: true };
  expect(
    circles([
      { from: 'a', to: 'b', ...one },
      { from: 'b', to: 'c', ...one },
      { from: 'c', to: 'b', ...one },
    ]),
  ).toEqual(['b -> c -> b']);
});

/** It gives BullMQ's own sessions a listener for errors, which takes a subclass of the driver's. */
const QUEUE_CLIENT = 'workers/queue/postgres-client.ts';

test('only engine/db imports a driver, and the queue for its sessions', () => {
  const wrong = imports.filter(
    ({ from, to }) =>
      DRIVERS.test(to) &&
      !['engine/db', 'bench', 'torture', 'tools'].includes(roomOf(from)) &&
      from !== QUEUE_CLIENT,
  );
  expect(wrong.map(place)).toEqual([]);
});

test('there is one barrel, and it is nothing else', () => {
  const barrels = files.filter((file) =>
    /^export (?:type )?(?:\*|\{[^}]*\}) from /m.test(code.get(file) ?? ''),
  );
  expect(barrels).toEqual(['engine/index.ts']);
  expect(
    (code.get('engine/index.ts') ?? '').replaceAll(/^export [^;]* from '[^']+';$/gm, '').trim(),
  ).toBe('');
});

describe.each([...PURE, 'engine/report'])('%s is pure', (room) => {
  const own = files.filter((file) => roomOf(file) === room);

  test('it imports no package but its own', () => {
    const wrong = imports.filter(
      ({ from, to, isFile }) =>
        own.includes(from) && !isFile && PACKAGES[room]?.includes(to) !== true,
    );
    expect(wrong.map(place)).toEqual([]);
  });

  test('it does not wait, look at the clock, the environment or a file, or roll dice', () => {
    const impure = new RegExp(
      String.raw`\b(?:async|await|Promise|process|Date|performance|setTimeout|setInterval|` +
        String.raw`setImmediate|queueMicrotask|fetch|console|globalThis|Math\.random|crypto\.|` +
        String.raw`randomBytes|randomUUID|require)\b`,
    );
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

test('the engine knows nothing of terminals', () => {
  const wrong = files
    .filter((file) => file.startsWith('engine/') || file.startsWith('parser/'))
    .filter((file) =>
      /\bconsole\.|process\.(?:stdout|stderr|exit|argv)/.test(code.get(file) ?? ''),
    );
  expect(wrong).toEqual([]);
});

test(`no file is longer than ${MAX_LINES} lines`, () => {
  const long = [...files, ...cFiles, ...tests].filter(
    (file) => linesOf(file).length > MAX_LINES + 1,
  );
  expect(long).toEqual([]);
});

test(`no line is longer than ${MAX_COLUMNS} characters`, () => {
  const long = [...files, ...tests].flatMap((file) =>
    linesOf(file).flatMap((line, index) =>
      line.length > MAX_COLUMNS ? [`${file}:${index + 1}`] : [],
    ),
  );
  expect(long).toEqual([]);
});

test('docs/architecture.md shows the rooms as they are', () => {
  const page = readFileSync(ARCHITECTURE_DOC, 'utf8');
  expect(page, 'node tools/rooms-doc.mjs writes the diagram anew').toBe(withRooms(page));
});
