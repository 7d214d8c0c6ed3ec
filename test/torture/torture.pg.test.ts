/** The torture program itself: that it finds what is wrong, and nothing where nothing is. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { Case } from '../../torture/replay.ts';
import { type World, worldOf } from '../../torture/run.ts';
import { shrinkCase } from '../../torture/shrink.ts';
import type { Step } from '../../torture/trace.ts';
import { type Outcome, repeat, torture } from '../../torture/torture.ts';

let directory: string;
let file: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'imat-torture-'));
  file = join(directory, 'case.json');
});
afterAll(() => rmSync(directory, { recursive: true }));

const server = (): { url: string; restart: () => Promise<never> } => ({
  url: inject('postgresUrl'),
  restart: () => Promise.reject(new Error('it serves other tests as well')),
});

/** One table and one imat, so that cases are short. */
const WORLD: World = {
  seed: 1,
  schema: {
    tables: worldOf(1).schema.tables.slice(0, 1),
    statements: worldOf(1).schema.statements.filter((sql) => !/public\.t[1-9]/.test(sql)),
  },
  definitions: [
    {
      name: 'i0',
      before: [],
      query: 'SELECT g, count(*) AS n, sum(id) AS s FROM public.t0 GROUP BY g',
      freshness: 'live',
      converts: false,
    },
  ],
};

const run = (fault: string | null, forMs: number): Promise<Outcome> =>
  torture(server(), WORLD, {
    forMs,
    // A late difference takes several replays, of ever more steps.
    shrinkMs: 10_000,
    crew: { writers: 2, readers: 1, maintainers: 0, alters: false, kills: false },
    fault,
    file,
    say: () => undefined,
  });

test('where nothing is wrong, nothing is found', async () => {
  const { failure, figures } = await run(null, 1_500);
  expect(failure).toBeNull();
  for (const what of ['comparisons', 'comparisons at rest', 'transactions: COMMIT'])
    expect(figures.get(what) ?? 0, what).toBeGreaterThan(0);
});

const WRONG_ROW = 'UPDATE imat_store.state_i0 SET rows = rows + 1';
const noCapture = (event: 'delete' | 'truncate'): string =>
  `CREATE OR REPLACE FUNCTION imat_store.capture_${event}_public_t0() RETURNS trigger
   LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'`;
const NO_DELETES = noCapture('delete');
/** Nobody folds: while a TRUNCATE is pending, reads run the definition, and are right. */
const NO_CAPTURE = `${NO_DELETES}; ${noCapture('truncate')}; DELETE FROM imat_store.reset`;

test('where capture is disabled, the difference is found and repeated', async () => {
  const { failure, found } = await run(NO_CAPTURE, 30_000);
  expect(failure).toMatchObject({ kind: 'difference', imat: 'i0' });
  expect(failure?.evidence).toContain('log imat_store.log_public_t0');
  expect(found).toMatchObject({ replays: true, seed: 1 });
  expect(found?.steps.filter(({ sql }) => sql === NO_CAPTURE)).toHaveLength(1);
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(found);
  expect(await repeat(server(), file, null)).toMatch(/^difference\ni0\n/);
});

const shrunk = (definitions: World['definitions'], steps: readonly Step[]): Promise<Case> =>
  shrinkCase(
    server().url,
    {
      seed: 1,
      failure: 'difference: ',
      replays: true,
      setup: WORLD.schema.statements,
      definitions,
      steps,
    },
    Date.now() + 120_000,
  );

test('a case is shrunk to the steps that it takes', async () => {
  const insert = (id: number): Step => ({
    session: `writer ${id % 2}`,
    sql: `INSERT INTO public.t0 (id, g) VALUES (${id}, 1)`,
  });
  const steps = [insert(1001), insert(1002), { session: 'saboteur', sql: WRONG_ROW }, insert(1003)];
  const found = await shrunk(WORLD.definitions, steps);
  expect(found.steps).toEqual([{ session: 'one', sql: WRONG_ROW }]);
});

test('its definition is shrunk as well', async () => {
  const query = 'SELECT max(a.id) AS m FROM (SELECT t.id FROM public.t0 t WHERE t.id > 0) a';
  const found = await shrunk(
    WORLD.definitions.map((one) => ({ ...one, query })),
    [
      { session: 'writer', sql: 'INSERT INTO public.t0 (id, g) VALUES (1001, 1)' },
      { session: 'saboteur', sql: NO_DELETES },
      { session: 'writer', sql: 'DELETE FROM public.t0 WHERE id = 1001' },
    ],
  );
  expect(found.steps).toHaveLength(3);
  expect(found.definitions.map((one) => one.query)).toEqual(['SELECT FROM t0']);
});
