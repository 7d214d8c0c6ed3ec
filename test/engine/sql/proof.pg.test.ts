/** The proof finds what is wrong with an imat, and says how to see it again. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Db } from '../../../engine/db/db.ts';
import { useDatabase } from '../../setup/database.ts';
import { openProof, type Proof } from './proof.ts';
import { SHOP } from './schema.ts';

const GROUP = {
  name: 'by_group',
  sql: 'SELECT n.grp, count(*) AS n, sum(n.val) AS total FROM node n GROUP BY n.grp',
};
const LIST = { name: 'list', sql: 'SELECT n.id, n.grp, n.val FROM node n' };

const database = useDatabase();
let proof: Proof;
let db: Db;

beforeEach(async () => {
  db = await database.connect();
  await db.execute('DROP SCHEMA IF EXISTS public CASCADE; CREATE SCHEMA public');
  await db.execute('DROP SCHEMA IF EXISTS imat, imat_store, imat_catalog CASCADE');
  proof = await openProof(() => database.connect(), SHOP, 1);
  await proof.fill();
  await proof.add('grouping', GROUP);
  await proof.add('bag', LIST);
});
afterEach(() => proof.end());

const storedTable = async (name: string): Promise<string> => {
  const [row] = await db.query<{ stored: string }>(
    'SELECT stored::text AS stored FROM imat_catalog.imat WHERE name = $1',
    [name],
  );
  return row?.stored ?? '';
};

test('nothing, where everything is right', async () => {
  expect(await proof.run(40)).toEqual([]);
  expect(proof.figures()).toMatchObject({ raising: 0, swaps: 0, definitions: { length: 2 } });
  expect(proof.figures().folds).toBeGreaterThan(0);
});

test('a stored row that is gone', async () => {
  await db.execute(`DELETE FROM ${await storedTable('by_group')} WHERE grp = 'a'`);
  const faults = await proof.run(20);
  expect(faults).toHaveLength(1);
  expect(faults[0]).toContain('imat.by_group (delta), after step');
  expect(faults[0]).toContain('definition {"shown":"(a,');
  expect(proof.replay()).toContain('IMAT_SQL_SEED=1 ');
  expect(proof.replay()).toMatch(/^1\. /m);
});

test('a change that is missing in the log', async () => {
  await db.execute(`INSERT INTO public.node VALUES (90, NULL, 'z', 1, 0)`);
  const [row] = await db.query<{ log: string }>(
    `SELECT log::text AS log FROM imat_catalog.source WHERE relation = 'public.node'::regclass`,
  );
  await db.execute(`DELETE FROM ${row?.log ?? ''}`);
  const faults = await proof.run(5);
  const names = new Set(faults.map((fault) => fault.split(' ')[0]));
  expect(names).toEqual(new Set(['imat.by_group', 'imat.list']));
});
