/** Known wrong rules of the catalog's functions for partitions and reset marks: each is found. */
import { beforeEach, expect, test } from 'vitest';
import { differencesSql, type World } from '../commands/support/world.ts';
import { ALL, maintain, NEW_ROWS, usePartitionedWorlds } from './support/partitioned.ts';

const makeWorld = usePartitionedWorlds();
let world: World;
beforeEach(async () => {
  world = await makeWorld();
  return () => world.drop();
});

type Mutation = {
  readonly what: string;
  readonly at: string;
  readonly wrong: readonly (readonly [from: RegExp | string, to: string])[];
};

const MUTATIONS: readonly Mutation[] = [
  {
    what: 'readers take any partitions for those that are captured',
    at: 'imat_catalog.is_tree',
    wrong: [[/BEGIN\n/, 'BEGIN RETURN true;\n']],
  },
  {
    what: 'writers take any partitions for those that are captured',
    at: 'imat_store.has_parts',
    wrong: [[/BEGIN\n/, 'BEGIN RETURN true;\n']],
  },
  {
    what: 'the rows of a partition are not logged when it is taken in',
    at: 'imat_catalog.take_part',
    wrong: [['IF with_rows AND kind', 'IF false AND kind']],
  },
  {
    what: 'the rows of a partition are logged with the opposite sign',
    at: 'imat_catalog.take_part',
    wrong: [[/THEN 1 ELSE -1 END/, 'THEN -1 ELSE 1 END']],
  },
  {
    what: 'a partition has no triggers of its own',
    at: 'imat_catalog.take_part',
    wrong: [['PERFORM imat_catalog.capture_part(source, part);', 'NULL;']],
  },
  {
    what: 'a partition has no trigger for deletes',
    at: 'imat_catalog.capture_part',
    wrong: [['LOOP\n', `LOOP CONTINUE WHEN event = 'delete';\n`]],
  },
  {
    what: 'a partition has no trigger for TRUNCATE',
    at: 'imat_catalog.capture_part',
    wrong: [['LOOP\n', `LOOP CONTINUE WHEN event = 'truncate';\n`]],
  },
  {
    what: 'the list in the capture functions stays as it was',
    at: 'imat_catalog.write_parts',
    wrong: [['IF known.columns IS NULL THEN', 'IF true THEN']],
  },
  {
    what: 'a partition that was dropped leaves no reset mark',
    at: 'imat_catalog.log_part',
    wrong: [['INSERT INTO imat_store.reset (relation) VALUES (source);', '']],
  },
  {
    what: 'a detached partition that was rewritten is taken for unaltered',
    at: 'imat_catalog.is_unaltered',
    wrong: [[/SELECT EXISTS/, 'SELECT true OR EXISTS']],
  },
  {
    what: 'a partition that has gone keeps its triggers',
    at: 'imat_catalog.release_part',
    wrong: [[/BEGIN\n/, 'BEGIN RETURN;\n']],
  },
];

const CREATE = 'CREATE TABLE sale_3 PARTITION OF sale FOR VALUES FROM (200) TO (300)';
const FOLLOW = 'SELECT imat_catalog.follow_any_part()';
const FOLD = 'fold';
const HISTORY: readonly string[] = [
  `${CREATE}; ${NEW_ROWS}`,
  `INSERT INTO sale VALUES (260, 'a', 3), (7, 'b', 4)`,
  FOLLOW,
  'DELETE FROM sale_3 WHERE id = 250',
  `INSERT INTO sale_3 VALUES (270, 'b', 5)`,
  `INSERT INTO sale VALUES (271, 'a', 5), (8, 'b', 6)`,
  FOLD,
  'TRUNCATE sale_3',
  FOLD,
  NEW_ROWS,
  'ALTER TABLE sale DETACH PARTITION sale_3',
  'UPDATE sale_3 SET amount = 99',
  'ALTER TABLE sale_3 ALTER COLUMN amount TYPE numeric(14,3) USING amount * 2',
  'ALTER TABLE sale_3 ALTER COLUMN amount TYPE numeric(10,2)',
  FOLLOW,
  FOLD,
  `INSERT INTO sale_3 VALUES (280, 'a', 5)`,
  'DROP TABLE sale_3',
  `${CREATE}; ${NEW_ROWS}`,
  FOLD,
  'DROP TABLE sale_3',
  FOLD,
];

/** The first step after which an imat differs, or fails. */
async function firstFinding(): Promise<string | null> {
  for (const step of HISTORY) {
    try {
      if (step === FOLD) await maintain(world);
      else await world.sql(step);
      for (const imat of ALL) if ((await world.rows(differencesSql(imat))).length > 0) return step;
    } catch {
      return step;
    }
  }
  return null;
}

test.each(MUTATIONS)('$what', async ({ at, wrong }) => {
  const text = await world.value<string>(`SELECT pg_get_functiondef('${at}'::regproc)`);
  const mutated = wrong.reduce((from, [what, to]) => from.replace(what, to), text);
  expect(mutated, 'the mutation changes the function').not.toBe(text);
  await world.sql(mutated);
  expect(await firstFinding()).not.toBeNull();
});

test('nothing, if nothing is wrong', async () => {
  expect(await firstFinding()).toBeNull();
});
