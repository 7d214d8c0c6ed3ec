/** The rows of WITH RECURSIVE as a store, against the definition, through random histories. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSandbox, type Sandbox } from '../commands/support/sandbox.ts';
import { random } from './support/random.ts';
import { FOREST, RECURSIONS, writeTo } from './support/recursions.ts';
import { seedsHere } from './support/seeds.ts';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await createSandbox(FOREST);
  for (const [name, query] of Object.entries(RECURSIONS))
    await sandbox.imat.create(name, query, { strategy: 'delta' });
});
afterAll(() => sandbox.drop());

/** All definitions in one statement, and so in one snapshot. */
const DIFFERENCES = Object.entries(RECURSIONS)
  .map(
    ([name, query]) => `SELECT '${name}' AS name, d.* FROM (
  WITH own AS MATERIALIZED (SELECT * FROM imat.${name}), other AS MATERIALIZED (${query})
  (SELECT 'too much' AS is, q::text AS row FROM (TABLE own EXCEPT ALL TABLE other) q LIMIT 3)
  UNION ALL
  (SELECT 'missing', q::text FROM (TABLE other EXCEPT ALL TABLE own) q LIMIT 3)
) d`,
  )
  .join('\nUNION ALL\n');

test.each(seedsHere(4))('seed %i', async (seed) => {
  const r = random(seed + 7000);
  const history: string[] = [];
  const run = async (text: string): Promise<void> => {
    history.push(text);
    await sandbox.sql(text);
  };
  const check = async (): Promise<void> =>
    expect(await sandbox.rows(DIFFERENCES), history.join(';\n')).toEqual([]);
  for (let step = 0; step < 24; step++) {
    if (r.chance(25)) {
      await run('BEGIN');
      await run(writeTo(r));
      await run(writeTo(r));
      await check();
      await run(r.chance(40) ? 'ROLLBACK' : 'COMMIT');
    } else {
      for (let more = r.int(4); more >= 0; more--) await run(writeTo(r));
    }
    await check();
    if (!r.chance(30)) continue;
    history.push('-- fold');
    await sandbox.imat.fold();
    await check();
  }
});

const TREE = `WITH RECURSIVE tree AS (
  SELECT c.id, c.parent_id FROM category c WHERE c.parent_id IS NULL
  UNION ALL
  SELECT c.id, c.parent_id FROM category c JOIN tree t ON c.parent_id = t.id
)`;
const stepped = (step: string, union = 'UNION'): string => `WITH RECURSIVE tree AS (
  SELECT c.id, c.parent_id FROM category c WHERE c.parent_id IS NULL
  ${union}
  ${step}
) SELECT id, parent_id FROM tree`;

test.each([
  [
    `${TREE} SELECT count(*) FROM sale WHERE category_id IN (SELECT id FROM tree)`,
    /"tree" is read by a LIMIT or an expression/,
  ],
  [
    `${TREE} SELECT s.id, t.parent_id FROM sale s LEFT JOIN tree t ON t.id = s.category_id`,
    /changes of recursive CTE "tree" lead only through inner joins/,
  ],
  [
    `${TREE} SELECT a.id, count(*) AS n FROM tree a JOIN tree b ON b.parent_id = a.id
      JOIN sale s ON s.category_id = b.id GROUP BY a.id`,
    /beside recursive CTE "tree", the definition reads it or another one again/,
  ],
  [
    `${TREE} SELECT count(*) AS n, min(t::text) AS first
      FROM tree t JOIN sale s ON s.category_id = t.id`,
    /changes of recursive CTE "tree" lead only/,
  ],
  [
    stepped('SELECT DISTINCT c.id, c.parent_id FROM category c JOIN tree ON c.parent_id = tree.id'),
    /a step of it may read several rows together/,
  ],
  [
    stepped('SELECT c.id + 0, abs(c.parent_id) FROM category c JOIN tree ON c.parent_id = tree.id'),
    /no column of recursive CTE "tree" tells which of its rows a changed row concerns/,
  ],
  [
    stepped(`SELECT c.id, tree.parent_id FROM category c JOIN tree ON c.parent_id = tree.id
      WHERE now() > '2024-01-01'`),
    /"now" can give another result/,
  ],
  [
    `WITH RECURSIVE n AS (SELECT 1.0 AS v UNION SELECT v + 1 FROM n WHERE v < 9) SELECT v FROM n`,
    /UNION tells apart by equality what is equal and not the same/,
  ],
  [
    `WITH RECURSIVE n AS (SELECT 1 AS v UNION ALL SELECT v + 1 FROM n WHERE v < 9) SELECT v FROM n`,
    /it reads no table/,
  ],
])('%s is swapped, and the reason says why', async (query, reason) => {
  const { strategy, reasons } = await sandbox.imat.explain(query, { query: true });
  expect(strategy).toBe('swap');
  expect(reasons.map(({ message }) => message).join('\n')).toMatch(reason);
});

test('explain says which keys are touched, and which index finds them', async () => {
  const { plan, missingIndexes } = await sandbox.imat.explain(
    `${TREE} SELECT id, parent_id FROM tree`,
    { query: true },
  );
  expect(plan[0]).toMatchObject({
    clause: 'rows of recursive CTE "tree" by tree.id',
    rule:
      'stored, those of touched keys, and of all keys to which steps lead from them, ' +
      'computed again',
  });
  expect(missingIndexes).toEqual([
    expect.stringMatching(/^CREATE INDEX CONCURRENTLY ON public\.category \(id\);$/),
  ]);
});
