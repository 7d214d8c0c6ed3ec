/** The torture program itself: that it finds what is wrong, and nothing where nothing is. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { type World, worldOf } from '../../torture/run.ts';
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
    shrinkMs: 6_000,
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

test.each([
  [
    'capture is disabled',
    'SET imat.maintaining = on; ALTER TABLE public.t0 DISABLE TRIGGER "~imat_insert"',
  ],
  ['a wrong row is stored', 'UPDATE imat_store.state_i0 SET rows = rows + 1'],
  ['a row of a log is lost', 'DELETE FROM imat_store.log_public_t0'],
])('%s: it is found, shrunk and repeated', async (_what, fault) => {
  const { failure, found } = await run(fault, 30_000);
  expect(failure).toMatchObject({ kind: 'difference', imat: 'i0' });
  expect(found).toMatchObject({ replays: true, seed: 1 });
  const steps = found?.steps ?? [];
  expect(steps.filter(({ sql }) => sql === fault)).toHaveLength(1);
  expect(steps.length).toBeLessThan(20);
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(found);
  expect(await repeat(server(), file, null)).toMatch(/^difference\ni0\n/);
});
