/**
 * The law of aggregates that are taken before a LEFT JOIN: the query over their groups gives what
 * the definition gives, for definitions put together at random and tables with NULLs, duplicates
 * and rows that meet none.
 */
import { beforeAll, expect, test } from 'vitest';
import { deparse } from '../../../parser/deparse-query.ts';
import { eagerQuery } from '../../../engine/analysis/eager.ts';
import { PRINTING } from '../../../engine/analysis/gate.ts';
import { readView } from '../../../engine/analysis/read-view.ts';
import type { Db } from '../../../engine/db/db.ts';
import { type Random, randomFor } from '../correctness/support/random.ts';
import { lacks, useDatabase } from '../../setup/database.ts';

const LOOSE = `CREATE COLLATION loose (
  provider = icu, locale = 'und-u-ks-level2', deterministic = false);`;

const database = useDatabase();
let db: Db;

beforeAll(async () => {
  db = await database.connect();
  await db.execute(`SET search_path = public;
    ${lacks('icu') ? '' : LOOSE}
    CREATE TYPE mood AS ENUM ('ok', 'sad');
    CREATE TYPE moods AS (one mood, two mood);
    CREATE TABLE c (id int, k int, region text, name varchar(8), v int, moods moods, code text);
    CREATE TABLE o (id int, c int, region text, n int, big bigint, amount numeric,
      price numeric(6,2), day date, flag boolean, word varchar(8), moods moods,
      code text${lacks('icu') ? '' : ' COLLATE loose'});
    CREATE TABLE p (id int, k int, label text)`);
});

/** Small, with values that repeat and rows without a partner; now and then empty. */
const data = (r: Random): string => {
  const value = (...values: readonly string[]): string => r.pick([...values, 'NULL']);
  const rows = (most: number, row: () => string): string =>
    Array.from({ length: r.int(most) + 1 }, () => `(${row()})`).join(', ');
  const number = (): string => value('0', '1', '2', '3');
  const region = (): string => value(`'n'`, `'s'`, `''`);
  const more = (): string[] => [value(`'(,)'`, `'(ok,)'`, `'(ok,sad)'`), value(`'a'`, `'A'`)];
  const fill = (table: string, most: number, row: () => string): string =>
    r.chance(8) ? '' : `INSERT INTO ${table} VALUES ${rows(most, row)};`;
  return `TRUNCATE c, o, p;
    ${fill('c', 8, () =>
      [number(), number(), region(), value(`'x'`, `'y'`), number(), ...more()].join(', '),
    )}
    ${fill('p', 6, () => [number(), number(), value(`'l'`, `'m'`)].join(', '))}
    ${fill('o', 25, () => {
      const numbers = [value('7', '-4000000000'), value('1.5', '1.50', '-2.125', '0')];
      const rest = [value('9.5', '0.25'), value(`'2026-01-01'`, `'2026-02-28'`)];
      const values = [String(r.int(9)), number(), region(), number(), ...numbers, ...rest];
      return [...values, value('true', 'false'), value(`'a'`, `'b'`), ...more()].join(', ');
    })}`;
};

/** Of values that are equal and differ, min and max may show any (docs/limits.md). */
const DEFINITE = 'o.n|o.big|o.price|o.id|o.day|o.word|o.region|COALESCE(o.n, 2)'.split('|');
const NUMBERS = `o.n|o.big|o.amount|o.price|COALESCE(o.n, 2)|COALESCE(o.amount, 0)|-o.price|
  o.amount * o.price`.split('|');
const ANY = [...NUMBERS, ...DEFINITE];
const CONDITIONS = [
  'o.flag',
  'o.n > 1',
  'o.id IS NULL',
  'o.flag IS NOT TRUE',
  `o.region IN ('n', 's')`,
  'o.n = 1 OR o.amount > 0',
  'COALESCE(o.n, 1) = 1',
  'o.n NOT IN (0, 1)',
  `o.n <> ALL ('{}'::int[])`,
  `o.n = ANY ('{}'::int[])`,
  `o.region NOT LIKE ALL ('{n}'::text[])`,
] as const;

function aggregate(r: Random): string {
  const filter = r.chance(30) ? ` FILTER (WHERE ${r.pick(CONDITIONS)})` : '';
  const others = r.chance(20) ? ` FILTER (WHERE c.v > 0)` : '';
  return r.pick([
    () => `count(*)${filter}`,
    () => `count(${r.pick(ANY)})${filter}`,
    () => `sum(${r.pick(NUMBERS)})${filter}`,
    () => `sum(${r.pick(NUMBERS)})${filter}`,
    () => `avg(${r.pick(NUMBERS)})${filter}`,
    () => `max(${r.pick(DEFINITE)})${filter}`,
    () => `min(${r.pick(DEFINITE)})${filter}`,
    () => `bool_or(${r.pick(CONDITIONS)})${filter}`,
    () => `every(o.flag)${filter}`,
    () => `count(*)${others}`,
    () => `count(${r.pick(['c.name', 'c.moods', 'ROW(c.k, c.v)'])})${others}`,
    () => `count(COALESCE(o.moods, '(ok,)'))${filter}`,
    () => `(SELECT count(${r.pick(['c.v', '*) FILTER (WHERE c.v > 0'])}))`,
    () => `(SELECT count(*) FROM p WHERE p.id = count(o.id))`,
    () => `max(c.name)${others}`,
    () => `count(DISTINCT c.v)${others}`,
    // of both sides
    () => r.pick([`sum(c.v + o.price)`, `count(*) FILTER (WHERE o.n > c.v)`]),
    () => `COALESCE(sum(${r.pick(NUMBERS)})${filter}, 0) + count(${r.pick(ANY)})`,
  ])();
}

const JOINS = [
  'c LEFT JOIN o ON o.c = c.id',
  'o RIGHT JOIN c ON c.id = o.c AND o.flag',
  `c LEFT JOIN o ON o.c = c.id AND o.region = c.region AND o.n > 0 AND c.v IS NOT NULL`,
  'c LEFT JOIN o USING (region)',
  'c LEFT JOIN o ON o.c + 1 = c.id - 1',
  'c LEFT JOIN o ON o.word::text = c.name',
  'c JOIN p ON p.id = c.id LEFT JOIN o ON o.c = p.k',
  'p LEFT JOIN c ON c.id = p.id LEFT JOIN o ON o.c = c.k',
  'c LEFT JOIN o ON o.c = c.id LEFT JOIN p ON p.id = c.k AND p.k > 0',
  'p FULL JOIN (c LEFT JOIN o ON o.c = c.id) ON p.id = c.id',
  'c LEFT JOIN o ON o.moods = c.moods',
  'c LEFT JOIN o ON o.code = c.code COLLATE "C"',
  `c LEFT JOIN (SELECT o.* FROM o WHERE o.n IS DISTINCT FROM 3) o ON o.c = c.id`,
] as const;

function randomDefinition(r: Random): string {
  const from = r.pick(JOINS);
  const keys = [r.pick(['c.id', 'c.k', 'c.region', 'c.name']), ...(r.chance(30) ? ['c.v'] : [])];
  const having = r.chance(20) ? ` HAVING count(${r.pick(ANY)}) <> 1` : '';
  const where = r.chance(30) ? ' WHERE c.v IS DISTINCT FROM 2' : '';
  const aggregates = Array.from({ length: 1 + r.int(4) }, (_, at) => `${aggregate(r)} AS a${at}`);
  const columns = keys.map((key, at) => `${key} AS k${at}`);
  return `SELECT ${[...columns, ...aggregates].join(', ')} FROM ${from}${where}
    GROUP BY ${keys.join(', ')}${having}`;
}

/** The query over groups; null where the definition stays as it is. */
async function eagerText(definition: string): Promise<string | null> {
  return db.transaction('read committed', async () => {
    await db.execute(`CREATE TEMPORARY VIEW eager AS ${definition}; ${PRINTING}`);
    await db.execute('SET LOCAL search_path = pg_catalog');
    const [row] = await db.query<{ view: number }>(`SELECT 'pg_temp.eager'::regclass::oid AS view`);
    const { inspection, reading } = await readView(db, row?.view ?? 0);
    await db.execute('DROP VIEW pg_temp.eager');
    if ('reasons' in reading) throw new Error(`${definition}: ${JSON.stringify(reading.reasons)}`);
    const sources = new Map(inspection.all.map((relation) => [relation.oid, relation]));
    const eager = await eagerQuery(db, reading.query, sources, inspection.columns);
    return eager && deparse(eager);
  });
}

/** By their texts: every digit counts. */
const differing = (left: string, right: string): string =>
  `SELECT q::text FROM (${left}) AS q EXCEPT ALL SELECT q::text FROM (${right}) AS q`;

const COUNT = Number(process.env['IMAT_STEPS'] ?? 40);

test.each(Array.from({ length: 10 }, (_, seed) => seed))('definitions of seed %i', async (seed) => {
  const r = randomFor(`eager ${seed}`);
  let eager = 0;
  for (let number = 0; number < COUNT; number++) {
    const definition = randomDefinition(r);
    const text = await eagerText(definition);
    if (text === null) continue;
    eager += 1;
    for (let round = 0; round < 3; round++) {
      await db.execute(data(r));
      const found = await db.query(
        `${differing(definition, text)} UNION ALL ${differing(text, definition)}`,
      );
      expect(found, `${definition}\n\n${text}`).toEqual([]);
    }
  }
  expect(eager).toBeGreaterThan(COUNT / 4);
});
