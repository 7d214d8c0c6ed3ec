/** The catalogue of errors: documented as it is, and each of its conditions thrown by some test. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { ERROR_CATALOGUE } from '../../../engine/errors/catalogue.ts';
import { ERRORS_DOC, errorsDoc } from '../../../tools/errors-doc.mjs';

const TESTS = join(dirname(fileURLToPath(import.meta.url)), '../..');

const tests = readdirSync(TESTS, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.ts'))
  .map((file) => readFileSync(join(TESTS, file), 'utf8'));

test('docs/errors.md is what the catalogue says', () => {
  expect(readFileSync(ERRORS_DOC, 'utf8'), 'node tools/errors-doc.mjs writes it anew').toBe(
    errorsDoc(ERROR_CATALOGUE),
  );
});

describe('the catalogue', () => {
  const entries = Object.entries(ERROR_CATALOGUE);

  test('gives each condition a code of its own, and says what it means in a sentence', () => {
    expect(new Set(entries.map(([, { code }]) => code)).size).toBe(entries.length);
    for (const [condition, { code, meaning }] of entries) {
      expect(condition).toMatch(/^[a-z]+(?:_[a-z]+)*$/);
      expect(code).toMatch(/^IM\d{3}$/);
      expect(meaning).toMatch(/^[A-Z].*\.$/);
      expect(meaning).not.toContain('|');
    }
  });

  // expectImatError runs what it is given, and fails where nothing or another error is thrown: a
  // call with the name is a proof.
  test.each(entries.map(([condition]) => [condition]))('%s is thrown by a test', (condition) => {
    const call = new RegExp(`\\bexpectImatError\\(\\s*'${condition}'`);
    expect(tests.filter((text) => call.test(text))).not.toEqual([]);
  });
});
