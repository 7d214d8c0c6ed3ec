/**
 * Random histories that replay: the same seed gives the same history. A failing run prints the
 * whole history as SQL and the name of its seed; IMAT_TEST_SEED=<number> runs every random history
 * with that seed.
 */
import { randomOf } from '../../../../tools/random.ts';
import type { Step } from './bench.ts';
import { FOLD } from './bench.ts';

export type Random = {
  /** An integer from 0 to `below` - 1. */
  readonly int: (below: number) => number;
  readonly pick: <T>(values: readonly T[]) => T;
  readonly chance: (percent: number) => boolean;
};

/** The generator of a test: seeded by IMAT_TEST_SEED, or by the test's name so that runs repeat. */
export function randomFor(name: string): Random {
  const wanted = process.env['IMAT_TEST_SEED'];
  return random(wanted === undefined ? hash(name) : Number(wanted));
}

export function random(seed: number): Random {
  const { below, pick, chance } = randomOf(seed);
  return { int: below, pick, chance: (percent) => chance(percent / 100) };
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const char of text) value = Math.imul(value ^ (char.codePointAt(0) ?? 0), 0x01000193);
  return value >>> 0;
}

/** A table to write to, and how to make a value for each of its columns as an SQL expression. */
export type Writable = {
  readonly table: string;
  readonly columns: Readonly<Record<string, (random: Random) => string>>;
};

/** Values of a small domain, so that groups and joins meet. NULL now and then. */
export const oneOf =
  (...values: readonly string[]) =>
  (r: Random): string =>
    r.chance(12) ? 'NULL' : r.pick(values);

/** A decimal with up to `digits` digits before and `scale` behind the point. */
export const decimal =
  (digits: number, scale: number) =>
  (r: Random): string => {
    if (r.chance(8)) return 'NULL';
    const whole = Array.from({ length: 1 + r.int(digits) }, () => r.int(10)).join('');
    const part = Array.from({ length: scale }, () => r.int(10)).join('');
    return `${r.chance(30) ? '-' : ''}${whole}${scale > 0 ? `.${part}` : ''}`;
  };

/** A decimal whose scale differs from row to row. */
export const mixedDecimal = (r: Random): string => decimal(6, r.int(7))(r);

export function randomHistory(r: Random, tables: readonly Writable[], length: number): Step[] {
  const steps: Step[] = [];
  while (steps.length < length) steps.push(...randomSteps(r, tables));
  return steps;
}

/** A statement, a fold, or a whole transaction. */
export function randomSteps(r: Random, tables: readonly Writable[]): Step[] {
  const kind = r.int(100);
  if (kind < 15) return [FOLD];
  return kind < 30 ? randomTransaction(r, tables) : [randomStatement(r, tables)];
}

function randomTransaction(r: Random, tables: readonly Writable[]): Step[] {
  const some = (): Step[] => Array.from({ length: 1 + r.int(2) }, () => randomStatement(r, tables));
  const undone = r.chance(50)
    ? ['SAVEPOINT a', ...some(), r.pick(['ROLLBACK TO a', 'RELEASE a'])]
    : [];
  return [
    'BEGIN',
    ...some(),
    ...undone,
    ...(r.chance(20) ? [FOLD] : []),
    ...(r.chance(40) ? some() : []),
    r.pick(['COMMIT', 'COMMIT', 'ROLLBACK']),
  ];
}

function randomStatement(r: Random, tables: readonly Writable[]): Step {
  const { table, columns } = r.pick(tables);
  const names = Object.keys(columns);
  const value = (name: string): string => columns[name]?.(r) ?? 'NULL';
  const kind = r.int(100);
  if (kind < 45) {
    const rows = Array.from({ length: 1 + r.int(4) }, () => `(${names.map(value).join(', ')})`);
    return `INSERT INTO ${table} (${names.join(', ')}) VALUES ${rows.join(', ')}`;
  }
  if (kind < 50)
    return `INSERT INTO ${table} (${names.join(', ')})
      SELECT ${names.join(', ')} FROM ${table} LIMIT 3`;
  // ctid has no modulo; its place in the page does: some rows, without needing a key.
  const some = `(ctid::text::point)[1]::int % ${1 + r.int(4)} = 0`;
  if (kind < 76) {
    const changed = names.filter(() => r.chance(40));
    const set = (changed.length === 0 ? names.slice(-1) : changed).map(
      (name) => `${name} = ${value(name)}`,
    );
    return `UPDATE ${table} SET ${set.join(', ')} WHERE ${some}`;
  }
  if (kind < 94) return `DELETE FROM ${table} WHERE ${some}`;
  return kind < 97 ? `DELETE FROM ${table}` : `TRUNCATE ${table}`;
}
