/** Random definitions over the SQL that imat maintains, and one that only swap can maintain. */
import type { Chance } from '../tools/chance.ts';
import type { Column, Schema, Table } from './schema.ts';
import {
  type Parts,
  recursiveQuery,
  swappedQuery,
  TOUCHED,
  type Touched,
  touchedQuery,
} from './touched.ts';

export type Definition = {
  readonly name: string;
  /** Statements that make what it reads beside tables. */
  readonly before: readonly string[];
  readonly query: string;
  readonly freshness: string;
  /** Whether it is made by `imat convert` of a materialized view. */
  readonly converts: boolean;
};

type Relation = { readonly sql: string; readonly columns: readonly Column[] };

const SHAPES = [
  'bag',
  'bag',
  'join',
  'selfJoin',
  'group',
  'group',
  'groupJoin',
  'groupJoin',
  'having',
  'total',
  'distinct',
  'unionAll',
  'sets',
  'setsGrouped',
  'nested',
  'recursive',
  ...TOUCHED,
] as const;
type Shape = (typeof SHAPES)[number];

export function randomDefinitions(chance: Chance, { tables }: Schema, count: number): Definition[] {
  return Array.from({ length: count }, (_, index) => {
    // The first ones read the partitioned table, and are all live.
    const shape = chance.pick(SHAPES);
    const chosen = index % 3 === 0 ? tables.filter((one) => one.parts !== null) : tables;
    const table = chance.pick(chosen);
    const name = `i${index}`;
    const before =
      shape === 'nested'
        ? [
            `CREATE VIEW public.n${index} AS SELECT a.id, a.g, a.r FROM public.${table.name} a
              WHERE ${condition(chance, 'a')}`,
          ]
        : [];
    return {
      name,
      before,
      query: queryOf(chance, shape, table, chance.pick(tables), `public.n${index}`),
      freshness: index > 2 && chance.in100(20) ? chance.pick(['manual', '1s']) : 'live',
      converts: chance.in100(50),
    };
  });
}

function condition(chance: Chance, alias: string): string {
  return chance.pick([
    `${alias}.g > ${chance.int(0, 3)}`,
    `${alias}.id % ${chance.int(2, 4)} <> 0`,
    `${alias}.g IN (1, 2, 5)`,
    `${alias}.g IS DISTINCT FROM 2`,
    `${alias}.r IS NOT NULL AND ${alias}.id < ${chance.int(100, 280)}`,
    `(${alias}.g = 1 OR ${alias}.r > ${chance.int(20, 200)})`,
  ]);
}

const where = (chance: Chance, alias: string): string =>
  chance.in100(60) ? ` WHERE ${condition(chance, alias)}` : '';

const usable = (columns: readonly Column[]): readonly Column[] =>
  columns.filter((column) => column.name !== 'spare');

function aggregate(chance: Chance, alias: string, columns: readonly Column[]): string {
  const own = usable(columns);
  const numbers = own.filter((column) => column.isNumber);
  const column = chance.pick(numbers);
  const name = `${alias}.${column.name}`;
  const filter = chance.in100(20) ? ` FILTER (WHERE ${condition(chance, alias)})` : '';
  const inexact = (call: string): string =>
    column.type === 'float8' ? `round(${call}::numeric, 6)` : call;
  return chance.pick([
    `count(*)${filter}`,
    `count(${alias}.${chance.pick(own).name})${filter}`,
    `sum(${name})${filter}`,
    `sum(${name} * 2)${filter}`,
    inexact(`avg(${name})${filter}`),
    inexact(`stddev_samp(${name})${filter}`),
    inexact(`var_pop(${name})${filter}`),
    `bool_and(${alias}.g > 1)${filter}`,
    `bool_or(${alias}.id % 7 = 0)${filter}`,
    `round(corr(${alias}.id, ${alias}.g)::numeric, 6)`,
    `regr_count(${alias}.g, ${alias}.r)`,
  ]);
}

const aggregates = (chance: Chance, alias: string, columns: readonly Column[]): string =>
  Array.from(
    { length: chance.int(1, 3) },
    (_, index) => `${aggregate(chance, alias, columns)} AS a${index}`,
  ).join(', ');

function keysOf(chance: Chance, alias: string, columns: readonly Column[]): string[] {
  const keys = usable(columns).filter((column) => column.isKey && column.name !== 'id');
  return [...new Set([chance.pick(keys), chance.pick(keys)])].map(
    (column) => `${alias}.${column.name}`,
  );
}

const named = (items: readonly string[], prefix: string): string =>
  items.map((item, index) => `${item} AS ${prefix}${index}`).join(', ');

function someColumns(chance: Chance, alias: string, columns: readonly Column[]): string {
  const own = usable(columns);
  return named(
    Array.from({ length: chance.int(1, 4) }, () => `${alias}.${chance.pick(own).name}`),
    'o',
  );
}

function grouped(chance: Chance, alias: string, relation: Relation, rest: string): string {
  const keys = keysOf(chance, alias, relation.columns);
  return `SELECT ${named(keys, 'k')}, ${aggregates(chance, alias, relation.columns)}
    FROM ${relation.sql}${rest} GROUP BY ${keys.join(', ')}`;
}

function queryOf(chance: Chance, shape: Shape, table: Table, other: Table, view: string): string {
  const a: Relation = { sql: `public.${table.name} a`, columns: table.columns };
  const on = chance.pick(['b.id = a.r', 'b.id = a.id', 'b.id = a.r AND b.g = a.g']);
  const joined: Relation = {
    sql: `${a.sql} JOIN public.${other.name} b ON ${on}`,
    columns: table.columns,
  };
  const own = (): string => someColumns(chance, 'a', a.columns);
  switch (shape) {
    case 'bag':
      return `SELECT ${own()} FROM ${a.sql}${where(chance, 'a')}`;
    case 'join':
      return `SELECT ${own()}, b.g AS bg FROM ${joined.sql}${where(chance, 'b')}`;
    case 'selfJoin':
      return `SELECT a.id, a.g, b.g AS bg FROM ${a.sql} JOIN ${a.sql.replace(/a$/, 'b')}
        ON b.id = a.r${where(chance, 'a')}`;
    case 'group':
      return grouped(chance, 'a', a, where(chance, 'a'));
    case 'groupJoin':
      return grouped(chance, chance.pick(['a']), joined, where(chance, 'b'));
    case 'having':
      return `${grouped(chance, 'a', a, where(chance, 'a'))} HAVING count(*) > 3`;
    case 'total':
      return `SELECT ${aggregates(chance, 'a', a.columns)} FROM ${a.sql}${where(chance, 'a')}`;
    case 'distinct':
      return `SELECT DISTINCT ${named(keysOf(chance, 'a', a.columns), 'o')} FROM ${a.sql}`;
    case 'unionAll':
      return `SELECT a.id, a.g FROM ${a.sql}${where(chance, 'a')}
        UNION ALL SELECT b.r, b.g FROM public.${other.name} b${where(chance, 'b')}`;
    case 'nested':
      return `SELECT n.g, count(*) AS n, sum(n.r) AS s FROM ${view} n GROUP BY n.g`;
    case 'sets':
      return chance.pick([
        `SELECT a.id, s.n FROM ${a.sql}, generate_series(1, a.g) AS s(n)`,
        `SELECT a.g, unnest(ARRAY[a.id, a.r]) AS u FROM ${a.sql}`,
      ]);
    case 'setsGrouped':
      return `SELECT s.n, count(*) AS c, sum(a.id) AS t
        FROM ${a.sql}, generate_series(1, a.g) AS s(n) GROUP BY s.n`;
    default:
      return otherQuery(chance, shape, { a: a.sql, table, other, where: where(chance, 'a') });
  }
}

const otherQuery = (chance: Chance, shape: 'recursive' | Touched, parts: Parts): string =>
  shape === 'recursive'
    ? chance.pick([recursiveQuery, swappedQuery])(parts)
    : touchedQuery(chance, shape, parts);
