/** The rows of WITH RECURSIVE as a store, against the definition, through random histories. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { lacks } from '../../setup/database.ts';
import { createPreparedSandbox, type Sandbox } from '../commands/support/sandbox.ts';
import { random } from './support/random.ts';
import { FOREST, RECURSIONS, writeTo } from './support/recursions.ts';
import { seedsHere } from './support/seeds.ts';
import { foldAll } from '../../setup/fold-all.ts';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await createPreparedSandbox(FOREST);
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
    await foldAll(sandbox.imat);
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
    `SELECT s.id, up.id AS of FROM sale s, LATERAL (
      WITH RECURSIVE up AS (
        SELECT c.id, c.parent_id FROM category c WHERE c.id = s.category_id
        UNION ALL
        SELECT c.id, c.parent_id FROM category c JOIN up ON c.id = up.parent_id
      ) SELECT * FROM up
    ) up`,
    /recursive CTE "up" cannot be maintained incrementally: it refers to rows around it/,
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

test('a change of rows that are not reached touches no key', async () => {
  await sandbox.sql(
    'TRUNCATE link; INSERT INTO link VALUES (1, 2, 1), (2, 3, 1), (6, 7, 1), (7, 6, 1)',
  );
  await foldAll(sandbox.imat);
  const touched = async (write: string): Promise<unknown> => {
    await sandbox.sql(write);
    const [row] = await sandbox.rows(`SELECT ARRAY(SELECT unnest(keys) ORDER BY 1)::text AS keys
      FROM imat_store.touched2_reached_sales`);
    await foldAll(sandbox.imat);
    return row;
  };
  expect(await touched('UPDATE link SET child = 5 WHERE parent = 7')).toEqual({ keys: '{}' });
  expect(await touched('UPDATE link SET child = 7 WHERE parent = 2')).toEqual({ keys: '{3,5,7}' });
});

/** A tree with keys of a type: the first and the fifth are roots, the others stand in a row. */
const ofType = (name: string, type: string, keys: readonly string[]): string => `
CREATE TABLE ${name} (id ${type}, parent_id ${type}, v int);
INSERT INTO ${name} VALUES
  ${keys.map((key, at) => `(${key}, ${at % 4 === 0 ? 'NULL' : keys[at - 1]}, 1)`).join(', ')};`;
const sums = (name: string, link: string, key = 'id'): string => `WITH RECURSIVE tree AS (
  SELECT c.id, c.v FROM public.${name} c WHERE c.parent_id IS NULL
  UNION ALL
  SELECT c.id, c.v + t.v FROM public.${name} c JOIN tree t ON ${link}
) SELECT ${key} AS id, v FROM tree`;
const texts = ['a', 'b', 'c', 'd', 'A'].map((one) => `'${one}'`);
const bits = ['001', '010', '011', '100', '101'].map((one) => `B'${one}'`);
const LINK = 'c.parent_id = t.id';
const IN_BYTES = 'c.parent_id COLLATE "C" = t.id';

const FOLDED = lacks('icu')
  ? ''
  : `CREATE COLLATION folded
  (provider = icu, locale = 'und-u-ks-level2', deterministic = false);`;

const OF_TYPES = [
  { type: 'varchar(3)', keys: texts, strategy: 'delta' },
  { type: 'public.positive', keys: ['1', '2', '3', '4', '5'], strategy: 'delta' },
  { type: 'numeric', keys: ['1.0', '2', '3', '4', '1.00'], strategy: 'delta' },
  { type: 'text COLLATE public.folded', keys: texts, strategy: 'delta' },
  // PostgreSQL has no hashes of these, which a recursion with UNION needs.
  { type: 'bit(3)', keys: bits, strategy: 'swap' },
  // Of keys that are equal, each leads to keys of its own.
  { type: 'text COLLATE public.folded', keys: texts, link: IN_BYTES, strategy: 'swap' },
];

test.each(OF_TYPES.filter(({ type }) => FOLDED !== '' || !type.includes('folded')))(
  'keys of type $type, $link',
  async ({ type, keys, link = LINK, strategy: expected }) => {
    const own = await createPreparedSandbox(`
${FOLDED}
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
${ofType('leaf', type, keys)}`);
    try {
      const query = sums('leaf', link, 'id::text COLLATE "C"');
      const { strategy } = await own.imat.create('leaves', query);
      expect(strategy).toBe(expected);
      const check = async (): Promise<void> =>
        expect(
          await own.rows(`(TABLE imat.leaves EXCEPT ALL (${query}))
          UNION ALL ((${query}) EXCEPT ALL TABLE imat.leaves)`),
        ).toEqual([]);
      for (const write of [
        `UPDATE leaf SET v = v + 1 WHERE id = ${keys[0]}`,
        `UPDATE leaf SET parent_id = NULL WHERE id = ${keys[2]}`,
        `INSERT INTO leaf VALUES (${keys[1]}, ${keys[0]}, 7)`,
        `DELETE FROM leaf WHERE id = ${keys[0]}`,
      ]) {
        await own.sql(write);
        await check();
        await foldAll(own.imat);
        await check();
      }
    } finally {
      await own.drop();
    }
  },
);
