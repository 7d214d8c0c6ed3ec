/**
 * Random definitions of which touched keys are computed again, or which are computed over stores.
 * Their order is complete in what they select, so that PostgreSQL has one answer.
 */
import type { Chance } from '../tools/chance.ts';
import type { Table } from './schema.ts';

export const TOUCHED = [
  'window',
  'running',
  'extremes',
  'exists',
  'notExists',
  'leftJoin',
  'leftJoinGrouped',
  'leftJoinTotal',
  'existsTotal',
  'fullJoin',
  'limit',
  'ties',
  'distinctOn',
  'havingQuery',
  'groupOfGroup',
  'ordered',
  'setOperation',
  'scalar',
  'groupingSets',
  'lateral',
  'joinGroups',
  'joinGroups',
] as const;
export type Touched = (typeof TOUCHED)[number];

/** What a definition is made of: its own table with an alias, another one, and a condition. */
export type Parts = {
  readonly a: string;
  readonly table: Table;
  readonly other: Table;
  readonly where: string;
};

const ON = ['b.id = a.r', 'b.id = a.id', 'b.id = a.r AND b.g = a.g', 'b.id = a.r AND b.g > 1'];

export function touchedQuery(chance: Chance, shape: Touched, parts: Parts): string {
  const { a, table, other, where } = parts;
  const b = `public.${other.name} b`;
  const key = chance.pick(table.columns.filter(({ isKey, name }) => isKey && name !== 'id')).name;
  switch (shape) {
    case 'window':
      return `SELECT a.id, a.${key} AS k, rank() OVER (PARTITION BY a.${key} ORDER BY a.r) AS place,
          count(*) OVER (PARTITION BY a.${key}) AS n
        FROM ${a}${where}`;
    case 'running':
      return `SELECT a.g, a.r, a.id, row_number() OVER w AS n, lag(a.id) OVER w AS before,
          sum(a.id) OVER (PARTITION BY a.g ORDER BY a.r) AS s
        FROM ${a}${where} WINDOW w AS (PARTITION BY a.g ORDER BY a.r, a.id)`;
    case 'extremes':
      return `SELECT a.${key} AS k, max(a.id) AS hi, min(a.r) AS lo, count(DISTINCT a.g) AS n
        FROM ${a}${where} GROUP BY a.${key}`;
    case 'joinGroups':
      return joinGroups(chance, { a, b, where });
    case 'ordered':
      return `SELECT a.${key} AS k, array_agg(a.id ORDER BY a.id, a.r) AS ids,
          string_agg(a.g::text, ',' ORDER BY a.g) AS gs,
          percentile_disc(0.5) WITHIN GROUP (ORDER BY a.r) AS mid
        FROM ${a}${where} GROUP BY a.${key}`;
    case 'groupOfGroup':
      return `SELECT x.n, count(*) AS c, max(x.s) AS s
        FROM (SELECT a.${key} AS k, count(*) AS n, sum(a.id) AS s FROM ${a}${where}
          GROUP BY a.${key}) x
        GROUP BY x.n`;
    case 'groupingSets':
      return `SELECT a.g, a.${key} AS k, count(*) AS n, sum(a.r) AS s
        FROM ${a}${where} GROUP BY ${chance.pick(['ROLLUP', 'CUBE'])} (a.g, a.${key})`;
    case 'setOperation':
      return `SELECT a.g, a.r FROM ${a}${where}
        ${chance.pick(['UNION', 'EXCEPT', 'EXCEPT ALL', 'INTERSECT'])} SELECT b.g, b.r FROM ${b}`;
    case 'distinctOn':
      return `SELECT DISTINCT ON (a.g) a.g, a.r, a.id FROM ${a}${where}
        ORDER BY a.g, a.r ${chance.pick(['DESC', 'ASC NULLS FIRST'])}, a.id`;
    case 'limit':
      return `SELECT a.id, a.g, a.r FROM ${a}${where} ORDER BY a.id, a.g, a.r LIMIT 10`;
    case 'ties':
      return `SELECT a.id, a.g FROM ${a}${where}
        ORDER BY a.g DESC NULLS LAST FETCH FIRST ${chance.int(1, 20)} ROWS WITH TIES`;
    default:
      return joinedQuery(chance, shape, parts, b);
  }
}

function joinedQuery(
  chance: Chance,
  shape: Touched,
  { a, table, where }: Parts,
  b: string,
): string {
  const on = chance.pick(ON);
  const and = where === '' ? ' WHERE' : `${where} AND`;
  switch (shape) {
    case 'exists':
      return `SELECT a.id, a.g FROM ${a}${and} ${chance.pick([
        `EXISTS (SELECT FROM ${b} WHERE ${on})`,
        `a.r IN (SELECT b.id FROM ${b} WHERE b.g > 1)`,
      ])}`;
    case 'notExists':
      return `SELECT a.id, a.g FROM ${a}${and} ${chance.pick([
        `NOT EXISTS (SELECT FROM ${b} WHERE ${on})`,
        `a.g NOT IN (SELECT b.g FROM ${b} WHERE b.id < 40)`,
      ])}`;
    case 'leftJoin':
      return `SELECT a.id, a.g, b.id AS bid, b.g AS bg FROM ${a} LEFT JOIN ${b} ON ${on}${where}`;
    case 'leftJoinGrouped':
      return `SELECT a.g, count(*) AS n, count(b.id) AS m, sum(b.g) AS s
        FROM ${a} LEFT JOIN ${b} ON ${on}${where} GROUP BY a.g`;
    case 'leftJoinTotal':
      return `SELECT count(*) AS n, count(b.id) AS m, sum(b.g) AS s, count(DISTINCT a.g) AS d
        FROM ${a} ${chance.pick(['LEFT', 'RIGHT', 'FULL'])} JOIN ${b} ON b.id = a.r${where}`;
    case 'existsTotal':
      return `SELECT count(*) AS n, sum(a.r) AS s FROM ${a}${and} ${chance.pick([
        `EXISTS (SELECT FROM ${b} WHERE ${on})`,
        `NOT EXISTS (SELECT FROM ${b} WHERE ${on})`,
        `a.g < (SELECT avg(b.g) FROM ${b} WHERE b.id = a.r)`,
      ])}`;
    case 'fullJoin':
      return `SELECT a.id, a.g, b.id AS bid, b.g AS bg FROM ${a} FULL JOIN ${b} ON b.id = a.r`;
    case 'havingQuery':
      return `SELECT a.g, count(*) AS n FROM ${a}${where} GROUP BY a.g
        HAVING count(*) > (SELECT count(*) / 8 FROM ${chance.pick([b, `public.${table.name} b`])})`;
    case 'scalar':
      return `SELECT a.id, a.r, (SELECT count(*) FROM ${b} WHERE ${on}) AS n,
          (SELECT max(b.g) FROM ${b} WHERE b.id = a.r) AS hi
        FROM ${a}${where}`;
    default:
      return `SELECT a.id, a.r, l.id AS bid
        FROM ${a} CROSS JOIN LATERAL (SELECT b.id, b.g FROM ${b} WHERE b.r = a.r
          ORDER BY b.id, b.g LIMIT 2) l${where}`;
  }
}

/** The rows of a recursive CTE, which are told by a key. */
export const recursiveQuery = (parts: Parts): string => reached(parts, '');

/** Of which no part is maintained: its answer is stored anew, or computed when it is read. */
export const swappedQuery = (parts: Parts): string => reached(parts, 'DISTINCT ');

function reached({ a, table, where }: Parts, distinct: string): string {
  return `WITH RECURSIVE reached(id) AS (
      SELECT a.id FROM ${a}${where === '' ? ' WHERE a.g = 0' : where}
      UNION SELECT ${distinct}a.id FROM reached JOIN public.${table.name} a ON a.r = reached.id
    ) SELECT reached.id FROM reached`;
}

/** A table joined with what is grouped before: of few values, the groups are stored. */
function joinGroups(chance: Chance, { a, b, where }: Record<'a' | 'b' | 'where', string>): string {
  const column = chance.pick(['g', 'r']);
  const groups = `SELECT b.${column} AS k, count(*) AS n, sum(b.id) AS s, max(b.r) AS m
    FROM ${b} GROUP BY b.${column}${chance.in100(30) ? ' HAVING count(*) > 2' : ''}`;
  return chance.pick([
    `SELECT a.id, a.r, t.n, t.s, t.m FROM ${a} JOIN (${groups}) t ON t.k = a.${column}${where}`,
    `SELECT a.id, a.g, t.n, t.s FROM ${a} LEFT JOIN (${groups}) t
      ON t.k = a.${column} AND t.n > 1${where}`,
    `SELECT t.k, t.n, a.id FROM (${groups}) t LEFT JOIN ${a} ON a.${column} = t.k`,
    `WITH t AS (${groups}) SELECT a.${column} AS k, a.id, t.s, u.m
      FROM ${a} JOIN t ON t.k = a.${column} LEFT JOIN t u ON u.k = a.${column} AND u.n > 3${where}`,
    `WITH t AS (${groups}) SELECT a.id, t.m FROM ${a} JOIN t ON t.k = a.${column}
      WHERE t.s < (SELECT max(o.s) FROM t o)`,
  ]);
}
