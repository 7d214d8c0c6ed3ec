/** The rules of engine/catalog/README.md, checked on the text of the files. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { catalogFiles, isNewer } from '../../../engine/catalog/files.ts';

const FOLDER = 'engine/catalog/functions';
const FILES = readdirSync(FOLDER).map((file) => {
  const text = readFileSync(`${FOLDER}/${file}`, 'utf8');
  return { file, text, code: withoutComments(text) };
});

const ROUTINE =
  /^CREATE OR REPLACE (FUNCTION|PROCEDURE|VIEW) (imat|imat_catalog|imat_store)\.([a-z_]+)/gm;
const names = (kinds: RegExp): string[] =>
  FILES.flatMap(({ code }) =>
    [...code.matchAll(ROUTINE)].flatMap((found) =>
      kinds.test(found[1] ?? '') ? [found[3] ?? ''] : [],
    ),
  );
const VIEWS = names(/VIEW/);
const ROUTINES = names(/FUNCTION|PROCEDURE/);
const isView = (code: string): boolean => /^CREATE OR REPLACE VIEW /m.test(code);
const bodyOf = (code: string): string | null => code.match(/\bAS \$\$([\s\S]*)\$\$;/)?.[1] ?? null;
/** The caller's temporary tables come last. */
const setsPath = (code: string): boolean =>
  code.includes('\nSET search_path = pg_catalog, pg_temp\n');

function withoutComments(text: string): string {
  return text.replaceAll(/^ *--.*\n/gm, '');
}

/** Whether `code` uses one of the objects, other than in its own header. */
function uses(code: string, objects: readonly string[]): string[] {
  const body = code.slice(code.indexOf('\n'));
  const content = body.replaceAll(/^(COMMENT|GRANT) ON [\s\S]*$/gm, '');
  return objects.filter((name) =>
    new RegExp(`\\bimat(_catalog|_store)?\\.${name}\\b`).test(content),
  );
}

/** What a body in quotes would look up by the caller's search_path. */
function unqualified(body: string): string[] {
  const code = body
    .replaceAll(/'(?:[^']|'')*'/g, "''")
    .replaceAll(/OPERATOR\(pg_catalog\.[^)]*\)/g, ' ')
    // Loops of PL/pgSQL, which compare nothing.
    .replaceAll(/\bFOR(EACH)? \w+ IN\b/g, 'LOOP');
  const operators = code
    .replaceAll(/:=|=>|::|\bcount\(\*\)|\*(?=\s+(INTO|FROM))|<<|>>/g, ' ')
    // What is assigned: options of RAISE, items of DIAGNOSTICS and the columns of UPDATE.
    .replaceAll(/\b(ERRCODE|MESSAGE|DETAIL|HINT|SCHEMA|TABLE|rows|detail|hint) = /gi, ' ')
    .replaceAll(/(\bSET|,)(\s+)(swap_phase|swap_bytes|stored_at|signature) = /g, ' ')
    .match(/[-+*/<>=~!@#%^&|?]+|\b(IN|LIKE|BETWEEN|IS (NOT )?DISTINCT) /g);
  const FORMS = new RegExp(
    '^(coalesce|greatest|least|extract|exists|array|any|all|and|or|not|in|values|from|when' +
      '|u|imat)$',
    'i',
  );
  const calls = [...code.matchAll(/(?<![.\w])([a-z_]\w*)\(/gi)]
    .map((call) => call[1] ?? '')
    .filter((name) => !FORMS.test(name));
  const types = [...code.matchAll(/(?:::|^\s+\w+ )([a-z]\w*)(?=[[\];,)\s]|$)(?!\.)/gm)]
    .map((type) => type[1] ?? '')
    .filter((name) => /^(text|jsonb|json|oid|name|timestamptz|regclass|int8|float8)$/.test(name));
  return [...(operators ?? []), ...calls, ...types];
}

test('there are files to check', () => {
  expect(VIEWS).toContain('status');
  expect(ROUTINES).toContain('fold');
});

describe.each(FILES)('$file', ({ file, text, code }) => {
  test('holds one routine or view, of the name of the file, with a comment', () => {
    const found = [...code.matchAll(ROUTINE)];
    expect(code.match(/^CREATE /gm)).toHaveLength(1);
    // One of several routines of a name has a word more: `name.word.sql`.
    expect(found[0]?.[3]).toBe(file.split('.')[0]);
    // With the argument list: the former routine of the same name is still there during an upgrade.
    const comment = `\nCOMMENT ON ${found[0]?.[1]} ${found[0]?.[2]}.${found[0]?.[3]}`;
    expect(code).toContain(isView(code) ? `${comment} IS` : `${comment}(`);
  });

  test('has short lines', () => {
    expect(text.split('\n').filter((line) => line.length > 100)).toEqual([]);
  });

  test('needs no other order than routines, then views', () => {
    if (isView(code)) expect(uses(code, VIEWS)).toEqual([]);
    else if (bodyOf(code) === null) expect(uses(code, [...VIEWS, ...ROUTINES])).toEqual([]);
  });

  test('names nothing of the catalog if everybody may call it', () => {
    // A reader of an imat, and a role that captures, cannot look up a name in imat_catalog.
    if (!/^GRANT EXECUTE [^;]* TO PUBLIC;/m.test(code) || code.includes('SECURITY DEFINER')) return;
    expect(bodyOf(code)).not.toContain('imat_catalog.');
    if (code.includes('FUNCTION imat_catalog.')) expect(bodyOf(code)).not.toContain('imat_store.');
  });

  test('looks nothing up by the search_path of the caller', () => {
    const body = bodyOf(code);
    if (body === null) {
      expect(isView(code) || /^RETURN /m.test(code)).toBe(true);
    } else if (setsPath(code)) {
      expect(body).not.toContain('OPERATOR(');
    } else {
      expect(unqualified(body)).toEqual([]);
    }
  });
});

test.each([
  ["IF a = 'b' THEN", '='],
  ['PERFORM format(x)', 'format'],
  ['x := y::text;', 'text'],
  ['  started timestamptz;', 'timestamptz'],
  ['IF a IS DISTINCT FROM b THEN', 'IS DISTINCT '],
  ['IF a IN (b, c) THEN', 'IN '],
])('the check of qualified names finds the fault in %s', (body, fault) => {
  expect(unqualified(body)).toEqual([fault]);
});

test('what goes to a server is ASCII: an encoding can lack any other character', () => {
  const { tables, functions } = catalogFiles();
  const folders = ['engine', 'workers'].flatMap((room) =>
    readdirSync(room, { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(?:ts|sql)$/.test(file) && !file.startsWith('report/'))
      .map((file) => readFileSync(`${room}/${file}`, 'utf8')),
  );
  const others = [...tables, ...functions, ...folders].flatMap(
    (text) => text.match(/.*[^\n\x20-\x7e].*/g) ?? [],
  );
  expect(others).toEqual([]);
});

test('a backslash stands in a literal with E, whatever standard_conforming_strings is', () => {
  const plain = FILES.flatMap(({ file, code }) =>
    [...code.matchAll(/--.*|(E?)'((?:[^']|'')*)'(?:\s*\n\s*'(?:[^']|'')*')*/g)]
      .filter(([text, escaped]) => escaped === '' && text.includes('\\'))
      .map(([text]) => `${file}: ${text}`),
  );
  expect(plain).toEqual([]);
});

test('the files run in the order of their kinds, and the hash covers the functions', () => {
  const { tables, functions, functionsHash } = catalogFiles();
  expect(functions).toHaveLength(FILES.length);
  const first = functions.findIndex((text) => isView(text));
  expect(functions).toHaveLength(first + VIEWS.length);
  expect(functions.slice(first).every((text) => isView(text))).toBe(true);
  expect(functionsHash).toMatch(/^[0-9a-f]{64}$/);
  const numbered = readdirSync('engine/catalog/tables').toSorted();
  expect(numbered).toHaveLength(tables.length);
  expect(numbered.filter((name) => !/^\d{3}\.sql$/.test(name))).toEqual([]);
});

test.each([
  ['0.1.0', '0.1.0', false],
  ['0.2.0', '0.1.9', true],
  ['0.1.9', '0.2.0', false],
  ['0.10.0', '0.9.0', true],
  ['1.0.0', '0', true],
  ['1.0.0-beta.1', '1.0.0', false],
])('version %s is newer than %s: %s', (a, b, newer) => {
  expect(isNewer(a, b)).toBe(newer);
});
