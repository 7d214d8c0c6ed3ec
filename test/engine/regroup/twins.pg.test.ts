/**
 * The definition confined to keys beside its slow twin: the whole definition, filtered by each key.
 */
import { expect, test } from 'vitest';
import { deparse } from '../../../parser/deparse-query.ts';
import { analyse } from '../../../engine/analysis/analyse.ts';
import type { Db } from '../../../engine/db/db.ts';
import { confinedParts, partFrom } from '../../../engine/generate/touched-rows.ts';
import { allStores } from '../../../engine/plan/plan.ts';
import type { RegroupPlan } from '../../../engine/regroup/regroup-plan.ts';
import type { Sql } from '../../../engine/sql/sql.ts';
import { fragment, ident, join, sql } from '../../../engine/sql/sql.ts';
import { randomOf } from '../../../tools/random.ts';
import { useDatabase } from '../../setup/database.ts';
import { type Batch, BATCHES } from '../sql/definitions/all.ts';
import { named } from '../sql/definitions/definition.ts';
import { hash } from '../sql/hash.ts';
import { History } from '../sql/histories.ts';

const database = useDatabase();

/**
 * The stores of a definition that are computed again by keys. Those of a recursion are not
 * confined, but go on from what is stored (test/engine/correctness/recursion.pg.test.ts).
 */
async function regroupPlans(db: Db, definition: string): Promise<readonly RegroupPlan[]> {
  return db.transaction('read committed', async () => {
    await db.execute(`SET LOCAL search_path = public; CREATE TEMPORARY VIEW twin AS ${definition};
      SET LOCAL search_path = pg_catalog`);
    const [row] = await db.query<{ view: number; major: number }>(
      `SELECT 'pg_temp.twin'::regclass::oid AS view,
         current_setting('server_version_num')::int / 10000 AS major`,
    );
    const { plan } = await analyse(db, row?.view ?? 0, row?.major ?? 0);
    await db.execute('DROP VIEW pg_temp.twin');
    return allStores(plan ?? { stores: [] }).flatMap((one) =>
      one.rule === 'add' || one.recursion !== null ? [] : [one],
    );
  });
}

/** Rows that only one of the two has. */
const differing = (left: Sql, right: Sql): string =>
  sql`SELECT 'fast ' || x AS row
FROM (SELECT q::text FROM (${left}) AS q EXCEPT ALL SELECT q::text FROM (${right}) AS q) AS d(x)
UNION ALL
SELECT 'slow ' || x
FROM (SELECT q::text FROM (${right}) AS q EXCEPT ALL SELECT q::text FROM (${left}) AS q) AS d(x)
LIMIT 5`.text;

function fastTwin(plan: RegroupPlan, array: Sql): Sql {
  const touched = { array, hasNull: sql`TRUE`, isFew: sql`TRUE` };
  const parts = confinedParts(plan, plan.key, touched, (query) => query);
  return join(
    parts.map((part) => sql`SELECT s.* FROM ${partFrom(part)}`),
    '\nUNION ALL\n',
  );
}

function slowTwin({ query, key }: RegroupPlan, array: Sql): Sql {
  const rows = sql`(${fragment(deparse(query))}) AS d`;
  const own = sql`d.${ident(key.name)}`;
  return sql`SELECT r.*
FROM (SELECT DISTINCT k FROM unnest(${array}) AS k) AS t,
  LATERAL (SELECT * FROM ${rows} WHERE ${own} = t.k OFFSET 0) AS r
UNION ALL
SELECT * FROM ${rows} WHERE ${own} IS NULL`;
}

const shop = Object.entries<Batch>(BATCHES).filter(
  ([, { schema, isEmpty }]) => schema === BATCHES.plain.schema && isEmpty !== true,
);

test.each(shop)('%s', async (title, { schema, sets }) => {
  const db = await database.connect();
  const random = randomOf(hash(title));
  await db.execute(`SET search_path = public; DROP SCHEMA public CASCADE; CREATE SCHEMA public`);
  await db.execute(schema.setup);
  for (const row of new History(hash(title), schema, null).firstRows()) await db.execute(row);
  await db.execute('ANALYZE; SET search_path = pg_catalog');
  let compared = 0;
  for (const definitions of Object.values(sets))
    for (const { name, sql: definition } of named(definitions))
      for (const plan of await regroupPlans(db, definition)) {
        const { key, query } = plan;
        const keys = await db.query<{ key: string }>(
          `SELECT DISTINCT ${ident(key.name).text}::text AS key
           FROM (${deparse(query)}) AS d WHERE ${ident(key.name).text} IS NOT NULL ORDER BY 1`,
        );
        const chosen = keys.filter(() => random.chance(0.4)).map((one) => one.key);
        const array = sql`${fragment(`$keys$${JSON.stringify(chosen)}$keys$`)}`;
        const typed = sql`(ARRAY(SELECT one::${fragment(key.type)}
          FROM json_array_elements_text(${array}::json) AS chosen(one)))`;
        const rows = await db.query(differing(fastTwin(plan, typed), slowTwin(plan, typed)));
        expect(rows, `${name}\n${definition}`).toEqual([]);
        compared += chosen.length > 0 ? 1 : 0;
      }
  expect(compared).toBeGreaterThan(0);
});
