// @ts-check
/**
 * Who imports whom: what the architecture test checks and tools/rooms-doc.mjs draws. A room is a
 * folder of `engine/`, a file directly in it, or another folder at the top.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * @typedef {object} Import
 * @property {string} from the importing file, from the root
 * @property {string} to a file from the root, or the name of a package
 * @property {number} line
 * @property {boolean} isFile whether `to` is a file of the project
 */

/**
 * The files below folders, from the root, sorted.
 *
 * @param {readonly string[]} folders
 * @param {RegExp} name
 * @returns {string[]}
 */
export function filesIn(folders, name) {
  return folders
    .flatMap((folder) => readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && name.test(entry.name))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    .filter((file) => !/(?:^|\/)(?:node_modules|dist)\//.test(file))
    .toSorted();
}

/**
 * Comments become blanks of the same length; strings and templates stay.
 *
 * @param {string} text
 */
export function withoutComments(text) {
  return text.replaceAll(
    /'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\[\s\S])*`|\/\/[^\n]*|\/\*[\s\S]*?\*\//g,
    (match) =>
      match.startsWith('//') || match.startsWith('/*') ? match.replaceAll(/[^\n]/g, ' ') : match,
  );
}

const IMPORT = new RegExp(
  [
    /^(?:import|export)\b[^'";]*?\bfrom '([^']+)'/,
    /^import '([^']+)'/,
    /\bimport\('([^']+)'\)/,
    /\bnew URL\('(\.[^']+\.(?:ts|mjs))'/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'gm',
);
const INCLUDE = /^#include "([^"]+)"/gm;

/**
 * Static, type-only, re-exporting and dynamic imports alike; of a C file its includes of files
 * beside it.
 *
 * @param {string} from
 * @returns {Import[]}
 */
export function importsOf(from) {
  const whole = readFileSync(join(ROOT, from), 'utf8');
  const isC = /\.[ch]$/.test(from);
  const text = isC ? whole : withoutComments(whole);
  return [...text.matchAll(isC ? INCLUDE : IMPORT)].flatMap((match) => {
    const named = match.slice(1).find((group) => group !== undefined) ?? '';
    const path = relative(ROOT, join(ROOT, dirname(from), named));
    const isFile = isC ? existsSync(join(ROOT, path)) : named.startsWith('.');
    const line = text.slice(0, match.index).split('\n').length;
    return [{ from, to: isFile ? path : named, line, isFile }];
  });
}

/**
 * `engine/plan`, `engine/index.ts`, `cli`, `tools`.
 *
 * @param {string} file
 */
export function roomOf(file) {
  const [top = '', second = ''] = file.split('/');
  return top === 'engine' ? `${top}/${second}` : top;
}

/**
 * Every circle, as the files around it.
 *
 * @param {readonly Import[]} imports
 * @returns {string[]}
 */
export function circles(imports) {
  /** @type {Map<string, string[]>} */
  const next = new Map();
  for (const { from, to } of imports) next.set(from, [...(next.get(from) ?? []), to]);
  /** @type {Set<string>} */
  const done = new Set();
  /** @type {string[]} */
  const found = [];
  /** @type {(file: string, path: readonly string[]) => void} */
  const visit = (file, path) => {
    const at = path.indexOf(file);
    if (at >= 0) found.push([...path.slice(at), file].join(' -> '));
    if (at >= 0 || done.has(file)) return;
    for (const to of next.get(file) ?? []) visit(to, [...path, file]);
    done.add(file);
  };
  for (const file of next.keys()) visit(file, []);
  return found;
}
