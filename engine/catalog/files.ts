/** The SQL files of the catalog, whose rules README.md states, and the version of this imat. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export type CatalogFiles = {
  /** Run once each, in this order; the length is the version of the catalog. */
  readonly tables: readonly string[];
  /** Run all together at each upgrade, in this order: routines, then views. */
  readonly functions: readonly string[];
  /** The names of the routines in the schema imat. */
  readonly api: readonly string[];
  /** Schema and name of each routine and view of functions/; overloads occur more than once. */
  readonly made: readonly { readonly schema: string; readonly name: string }[];
  /** Changes with each change of a file in functions/. */
  readonly functionsHash: string;
  /** From package.json. */
  readonly imatVersion: string;
};

let files: CatalogFiles | null = null;

/** The files that this program brings; they are read once. */
export function catalogFiles(): CatalogFiles {
  files ??= readFiles();
  return files;
}

function readFiles(): CatalogFiles {
  const named = readSqlFiles('functions');
  const views = named.filter(isView);
  const functions = [...named.filter((text) => !isView(text)), ...views];
  return {
    tables: readSqlFiles('tables'),
    functions,
    api: named.flatMap((text) => /^CREATE OR REPLACE \w+ imat\.(\w+)\(/m.exec(text)?.[1] ?? []),
    made: named.flatMap((text) => {
      const [, schema, name] = /^CREATE OR REPLACE \w+ (imat\w*)\.(\w+)/m.exec(text) ?? [];
      return schema === undefined || name === undefined ? [] : [{ schema, name }];
    }),
    functionsHash: createHash('sha256').update(functions.join('\0')).digest('hex'),
    imatVersion: readImatVersion(),
  };
}

/** At the start of a line: routines run such commands, too. */
const isView = (text: string): boolean => /^CREATE OR REPLACE VIEW /m.test(text);

/** By name. */
function readSqlFiles(folder: string): string[] {
  const path = fileURLToPath(new URL(`${folder}/`, import.meta.url));
  return readdirSync(path)
    .filter((name) => name.endsWith('.sql'))
    .toSorted()
    .map((name) => readFileSync(`${path}${name}`, 'utf8'));
}

function readImatVersion(): string {
  // Two folders up from the source, three from dist/engine/catalog.
  const path = ['../../package.json', '../../../package.json']
    .map((name) => fileURLToPath(new URL(name, import.meta.url)))
    .find((name) => existsSync(name));
  if (path === undefined) throw new Error('package.json is missing from the installation');
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
}

/** Whether version `a` is newer than version `b`; what follows a hyphen is not compared. */
export function isNewer(a: string, b: string): boolean {
  const numbers = (version: string): number[] =>
    (version.split('-')[0] ?? '').split('.').map(Number);
  const [left, right] = [numbers(a), numbers(b)];
  const at = left.findIndex((part, index) => part !== (right[index] ?? 0));
  return at >= 0 && (left[at] ?? 0) > (right[at] ?? 0);
}
