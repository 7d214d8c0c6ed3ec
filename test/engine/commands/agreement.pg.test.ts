/**
 * Explain, a dry run and a convert decide the same, and fail with the same error: each asks on its
 * own what the others are held to.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Explanation } from '../../../engine/api.ts';
import type { ImatError } from '../../../engine/errors/imat-error.ts';
import { GOLDEN_DEFINITIONS, GOLDEN_SCHEMA } from '../golden/definitions.ts';
import { createPreparedSandbox, type Sandbox } from './support/sandbox.ts';

const MORE = `
CREATE FUNCTION unqualified() RETURNS SETOF sale LANGUAGE sql STABLE AS 'SELECT * FROM sale';
CREATE TABLE parted (region text, amount int) PARTITION BY LIST (region);
CREATE UNLOGGED TABLE scratch (region text, amount int);`;

/** What convert refuses, and what it maintains only by swap. */
const OTHERS: Readonly<Record<string, string>> = {
  unqualified_name: 'SELECT region, count(*) AS n FROM unqualified() GROUP BY region',
  partitioned: 'SELECT region, sum(amount) AS total FROM parted GROUP BY region',
  unlogged: 'SELECT region, sum(amount) AS total FROM scratch GROUP BY region',
  moment: 'SELECT count(*) AS n FROM sale WHERE sold_at > clock_timestamp()',
  ordered: 'SELECT region, amount FROM sale ORDER BY amount DESC LIMIT 3',
  ranked: 'SELECT region, rank() OVER (ORDER BY amount) AS place FROM sale',
  failing: 'SELECT 1 / (0 * max(quantity)) AS never FROM sale HAVING false',
  constant_failure: 'SELECT region, 1 / 0 AS never FROM sale GROUP BY region',
  constant: 'SELECT 1 AS one',
  constant_total:
    'SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY x) AS p FROM generate_series(1, 5) AS x',
};

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await createPreparedSandbox(GOLDEN_SCHEMA + MORE);
});
afterAll(() => sandbox.drop());

type Decision = Pick<Explanation, 'strategy' | 'reasons' | 'notes'> &
  Partial<Pick<Explanation, 'missingIndexes'>>;

/** What was decided, or the error. */
const outcomeOf = (call: Promise<Decision>): Promise<unknown> =>
  call.then(
    ({ strategy, reasons, notes, missingIndexes = [] }) => ({
      strategy,
      reasons,
      // Explain has these apart.
      notes: [
        ...notes,
        ...missingIndexes.map((statement) =>
          statement.startsWith('ANALYZE ')
            ? `an index on an expression is used once it has statistics: ${statement}`
            : `an index would save reading the table: ${statement}`,
        ),
      ],
    }),
    ({ condition, message, detail, hint }: ImatError) => ({ condition, message, detail, hint }),
  );

test.each([
  ...GOLDEN_DEFINITIONS.filter(({ freshness }) => freshness === undefined).map(
    ({ name, query }) => [`golden_${name.replaceAll('-', '_')}`, query] as const,
  ),
  ...Object.entries(OTHERS),
])('%s', async (name, query) => {
  await sandbox.sql(`CREATE MATERIALIZED VIEW ${name} AS ${query} WITH NO DATA`);
  const explained = await outcomeOf(sandbox.imat.explain(name));
  expect(await outcomeOf(sandbox.imat.convert(name, { dryRun: true }))).toEqual(explained);
  expect(await outcomeOf(sandbox.imat.convert(name))).toEqual(explained);
});

test('the cases cover both strategies and errors', async () => {
  const strategies = (await sandbox.imat.list()).map(({ strategy }) => strategy);
  expect(new Set(strategies)).toEqual(new Set(['delta', 'swap']));
  expect(strategies.length).toBeLessThan(
    GOLDEN_DEFINITIONS.length + Object.keys(OTHERS).length - 2,
  );
});
