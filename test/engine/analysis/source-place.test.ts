/** From a place in the printed definition to the place in the text that the user has written. */
import { expect, test } from 'vitest';
import { placeIn } from '../../../engine/analysis/source-place.ts';

const DEFINITION = ` SELECT sale.region,
    rank() OVER (ORDER BY sale.amount) AS rank,
    max(sale.amount) AS top
   FROM sale sale`;

test.each([
  ['rank() OVER', '-- rank()\nselect region, RANK() over (order by amount), max(amount)', 'RANK()'],
  ['max(', 'SELECT max(s.amount) AS top, rank() OVER () FROM sale s', 'max('],
  ['sale.region', 'SELECT region FROM sale', 'region'],
])('%s', (printed, text, written) => {
  expect(placeIn(text, DEFINITION, DEFINITION.indexOf(printed))).toBe(text.indexOf(written));
});

test('of several equal words, the one with the same number', () => {
  const text = 'SELECT max(a), max(b) FROM t';
  const definition = ' SELECT max(t.a) AS max,\n    max(t.b) AS max1\n   FROM t';
  expect(placeIn(text, definition, definition.lastIndexOf('max('))).toBe(text.lastIndexOf('max('));
});

test('a word that is not there equally often gives no place', () => {
  expect(placeIn('SELECT max(x)', ' SELECT max(a), max(b)', 8)).toBeNull();
  expect(placeIn('SELECT 1', 'x y z', 0)).toBeNull();
});
