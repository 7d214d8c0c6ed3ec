/**
 * The laws of reading over what the other tests maintain: golden definitions, those of the
 * correctness tests, Northwind's reports. Every one is read, the server confirms it, and where both
 * readers read it their trees are equal.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Db } from '../../engine/db/db.ts';
import { deparse } from '../../parser/deparse-query.ts';
import { readFully, readPlain } from '../../parser/read.ts';
import { QUERIES } from '../engine/correctness/support/queries.ts';
import { SHOP } from '../engine/correctness/support/shop.ts';
import { GOLDEN_DEFINITIONS, GOLDEN_SCHEMA } from '../engine/golden/definitions.ts';
import { useDatabase } from '../setup/database.ts';
import { withoutSpans } from './support/catalog.ts';
import { loadCatalog } from './support/load-catalog.ts';

const fixture = (name: string): string =>
  readFileSync(join(import.meta.dirname, 'corpus', name), 'utf8');

const reports = [
  ...fixture('northwind-views.sql').matchAll(/CREATE MATERIALIZED VIEW \w+ AS\s([^;]*);/g),
].map((match) => match[1] ?? '');

const database = useDatabase();

const SETS: Readonly<Record<string, readonly [schema: string, queries: readonly string[]]>> = {
  golden: [GOLDEN_SCHEMA, GOLDEN_DEFINITIONS.map(({ query }) => query)],
  correctness: [SHOP, Object.values(QUERIES).flat()],
  northwind: [fixture('northwind.sql'), reports],
};

async function printed(db: Db, query: string, searchPath: string): Promise<string> {
  await db.execute(
    `SAVEPOINT law;
     SET LOCAL search_path = ${searchPath};
     CREATE TEMPORARY VIEW law AS ${query};
     SET LOCAL search_path = pg_catalog`,
  );
  const [row] = await db.query<{ text: string }>(
    "SELECT pg_get_viewdef('pg_temp.law'::regclass, true) AS text",
  );
  await db.execute('ROLLBACK TO law');
  return row?.text ?? '';
}

describe.each(Object.entries(SETS))('%s', (_, [schema, queries]) => {
  test('is read, confirmed, and the same by both readers', async () => {
    expect(queries.length).toBeGreaterThan(5);
    const db = await database.connect();
    await db.execute(`BEGIN; CREATE SCHEMA law; SET LOCAL search_path = law; ${schema}`);
    const catalog = await loadCatalog(db);
    let plainly = 0;
    for (const query of queries) {
      const text = await printed(db, query, 'law');
      const full = await readFully(text, catalog);
      if ('unreadable' in full) throw new Error(JSON.stringify(full));
      expect(await printed(db, deparse(full.query), 'pg_catalog')).toBe(text);
      const plain = readPlain(text, catalog);
      if (plain === null) continue;
      const ours = await printed(db, deparse(plain), 'pg_catalog').catch(() => null);
      if (ours === null) await db.execute('ROLLBACK TO law');
      if (ours !== text) continue;
      plainly += 1;
      expect(withoutSpans(plain)).toEqual(withoutSpans(full.query));
    }
    expect(plainly).toBeGreaterThan(queries.length / 3);
    await db.execute('ROLLBACK');
  });
});
