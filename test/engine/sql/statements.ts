/** Random statements that write: what they do depends on the seed and on the tables' rows alone. */
import type { Random } from '../../../tools/random.ts';
import type { WritableColumn, WritableTable } from './columns.ts';
import { valueOf } from './schema.ts';

const KINDS = [
  ...Array<'insert'>(30).fill('insert'),
  ...Array<'copy'>(7).fill('copy'),
  ...Array<'upsert'>(5).fill('upsert'),
  ...Array<'update'>(26).fill('update'),
  ...Array<'clear'>(6).fill('clear'),
  ...Array<'rekey'>(6).fill('rekey'),
  ...Array<'delete'>(12).fill('delete'),
  ...Array<'thin'>(3).fill('thin'),
  ...Array<'empty'>(1).fill('empty'),
  ...Array<'fail'>(4).fill('fail'),
] as const;

export function randomStatement(random: Random, tables: readonly WritableTable[]): string {
  const table = random.pick(tables);
  switch (random.pick(KINDS)) {
    case 'insert':
      return insert(random, table, 1 + random.below(5));
    case 'copy':
      return copy(random, table);
    case 'upsert':
      return upsert(random, table);
    case 'update':
      return update(random, table);
    case 'clear':
      return clear(random, table);
    case 'rekey':
      return rekey(random, table);
    case 'delete':
      return `DELETE FROM ${table.name} WHERE ${condition(random, table)}`;
    case 'thin':
      return thin(random, table);
    case 'empty':
      return `DELETE FROM ${table.name}`;
    case 'fail':
      return failing(random, table);
  }
}

const isKey = (table: WritableTable, column: WritableColumn): boolean =>
  table.key.includes(column.name);
const hasKey = (table: WritableTable): boolean => table.key.length > 0;
const valuesOf = (table: WritableTable): WritableColumn[] =>
  table.columns.filter((column) => !isKey(table, column));

const row = (random: Random, table: WritableTable): string =>
  `(${table.columns.map((column) => valueOf(random, column)).join(', ')})`;

function insert(random: Random, table: WritableTable, count: number): string {
  const rows = Array.from({ length: count }, () => row(random, table)).join(', ');
  const conflict = hasKey(table) && random.chance(0.7) ? ' ON CONFLICT DO NOTHING' : '';
  return `INSERT INTO ${table.name} VALUES ${rows}${conflict}`;
}

/** Duplicates; with a key, the same rows under other keys. */
function copy(random: Random, table: WritableTable): string {
  const shift = 1 + random.below(20);
  const [first] = table.key;
  const columns = table.columns.map(({ name, values }) =>
    name === first ? `(${name} + ${shift}) % ${values.length} + 1` : name,
  );
  return (
    `INSERT INTO ${table.name} SELECT ${columns.join(', ')} FROM ${table.name} ` +
    `WHERE ${condition(random, table)}${hasKey(table) ? ' ON CONFLICT DO NOTHING' : ''}`
  );
}

function upsert(random: Random, table: WritableTable): string {
  if (!hasKey(table)) return insert(random, table, 2);
  const set = someOf(random, valuesOf(table)).map(({ name }) => `${name} = EXCLUDED.${name}`);
  return (
    `INSERT INTO ${table.name} VALUES ${row(random, table)} ` +
    `ON CONFLICT (${table.key.join(', ')}) DO UPDATE SET ${set.join(', ')}`
  );
}

function update(random: Random, table: WritableTable): string {
  const set = someOf(random, valuesOf(table)).map(
    (column) => `${column.name} = ${valueOf(random, column)}`,
  );
  return `UPDATE ${table.name} SET ${set.join(', ')} WHERE ${condition(random, table)}`;
}

const clear = (random: Random, table: WritableTable): string =>
  `UPDATE ${table.name} SET ${random.pick(valuesOf(table)).name} = NULL ` +
  `WHERE ${condition(random, table)}`;

/** Another key for one row, or keys moved by a distance; that can meet a key which is taken. */
function rekey(random: Random, table: WritableTable): string {
  if (!hasKey(table)) return update(random, table);
  const name = random.pick(table.key);
  const column = table.columns.find((one) => one.name === name);
  if (column === undefined) throw new Error(`${table.name} has no column ${name}`);
  return random.chance(0.6)
    ? `UPDATE ${table.name} SET ${name} = ${valueOf(random, column)} ` +
        `WHERE ${name} = ${valueOf(random, column)}`
    : `UPDATE ${table.name} SET ${name} = ${name} + 1 WHERE ${condition(random, table)}`;
}

/** One of several equal rows; with a key, some rows. */
function thin(random: Random, table: WritableTable): string {
  if (hasKey(table))
    return `DELETE FROM ${table.name} WHERE ${table.key[0] ?? ''} % 4 = ${random.below(4)}`;
  const names = table.columns.map(({ name }) => name).join(', ');
  return (
    `DELETE FROM ${table.name} WHERE ctid IN (SELECT min(ctid) FROM ${table.name} ` +
    `GROUP BY ${names} HAVING count(*) > 1)`
  );
}

function failing(random: Random, table: WritableTable): string {
  const [first] = table.key;
  return first !== undefined && random.chance(0.5)
    ? `UPDATE ${table.name} SET ${first} = 1`
    : `INSERT INTO ${table.name} SELECT * FROM ${table.name} WHERE 1 / (random() * 0)::int = 1`;
}

function someOf(random: Random, columns: readonly WritableColumn[]): WritableColumn[] {
  const chosen = new Set(Array.from({ length: 1 + random.below(2) }, () => random.pick(columns)));
  return [...chosen];
}

function condition(random: Random, table: WritableTable): string {
  const [first] = table.key;
  const column = random.pick(table.columns);
  const value = random.pick(column.values);
  const equal = `${column.name} = ${value}`;
  const dice = random.below(10);
  if (first !== undefined && dice < 5) {
    const from = random.below(60);
    return dice < 3
      ? `${first} BETWEEN ${from} AND ${from + random.below(6)}`
      : `${first} % ${5 + random.below(5)} = ${random.below(5)}`;
  }
  return dice === 9 ? `${column.name} IS NULL` : equal;
}
