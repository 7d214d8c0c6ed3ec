/**
 * Definitions with many columns. A rule that would store more columns than PostgreSQL allows in a
 * table is left for another one.
 */
import { expect, test } from 'vitest';
import { FOLD, useBench } from './support/bench.ts';

const bench = useBench('');

const names = (count: number): string[] => Array.from({ length: count }, (_, n) => `x${n}`);
const list = (count: number, of: (name: string) => string): string =>
  names(count).map(of).join(', ');

test.each<[string, number, 'delta' | 'swap', (count: number) => string]>([
  [
    'parts',
    801,
    'delta',
    (count) => `SELECT g, ${list(count, (x) => `sum(${x}) AS ${x}`)} FROM w GROUP BY g`,
  ],
  [
    'extremes',
    420,
    'delta',
    (count) => `SELECT g, ${list(count, (x) => `max(${x}) AS ${x}`)} FROM w GROUP BY g`,
  ],
  ['rows', 1598, 'swap', (count) => `SELECT id, ${list(count, (x) => x)} FROM w`],
])(
  '%s',
  async (_, count, strategy, definition) => {
    await bench.user.execute(`DROP TABLE IF EXISTS w CASCADE;
    CREATE TABLE w (id int, g int, ${list(count, (x) => `${x} smallint`)});
    INSERT INTO w SELECT i, i % 3, i FROM generate_series(1, 9) AS i`);
    await bench.convert(definition(count), { strategy });
    await bench.run([
      'INSERT INTO w VALUES (10, 1, 5, 6, 7)',
      'DELETE FROM w WHERE id = 9',
      ...(strategy === 'delta' ? [FOLD] : []),
      'UPDATE w SET x2 = 1, g = 2 WHERE id = 1',
    ]);
    expect.hasAssertions();
  },
  120_000,
);
