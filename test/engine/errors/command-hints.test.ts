/** On the command line, hints name its commands. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { forCommandLine } from '../../../engine/errors/command-hints.ts';

test.each([
  [
    'SELECT * FROM imat.list_groups() shows the groups; imat.create_group makes one.',
    'imat group list shows the groups; imat group create makes one.',
  ],
  [
    `SELECT imat.create_group('sales', ARRAY['public.orders'::regclass])`,
    'imat group create sales public.orders',
  ],
  [
    `SELECT imat.start_group('my (old) group''s') counts its changes again.`,
    String.raw`imat group start 'my (old) group'\''s' counts its changes again.`,
  ],
  [
    String.raw`SELECT * FROM imat.list_marks(E'a\\b') shows its marks.`,
    String.raw`imat mark list 'a\b' shows its marks.`,
  ],
  [
    'It has sales. In SQL, tables are the second argument and sequences the third.',
    'It has sales.',
  ],
  ["CALL imat.swap('v') stores its definition anew.", 'imat swap v stores its definition anew.'],
  ['Its owner is imat.', 'Its owner is imat.'],
])('%s', (sql, shown) => {
  expect(forCommandLine(sql)).toBe(shown);
});

test('no hint of an error names a function', () => {
  const folder = new URL('../../../engine/catalog/functions/', import.meta.url);
  const hints = readdirSync(folder).flatMap((file) => {
    const text = readFileSync(new URL(file, folder), 'utf8');
    // What warns is for the session that asked in SQL.
    return [...text.matchAll(/RAISE (?!WARNING)[^;]*?HINT = ([^;]*);/g)]
      .map(([, hint = '']) => hint.replaceAll("''", "'"))
      .filter((hint) => /\bimat\.\w+/.test(hint));
  });
  expect(hints.length).toBeGreaterThan(7);
  for (const hint of hints) expect(forCommandLine(hint)).not.toMatch(/\bimat\.\w/);
});
