/**
 * Known wrong rules for what changes an answer without a write, the time and the labels of enums,
 * put into the SQL that imat installed: the oracle must find every one of them.
 */
import { describe, expect, test } from 'vitest';
import { ImatError } from '../../../engine/index.ts';
import { FOLD, useBench } from './support/bench.ts';
import type { Subject } from './support/bench.ts';
import { differences } from './support/oracle.ts';

const bench = useBench(`CREATE TYPE mood AS ENUM ('low', 'high', 'odd');
  CREATE TABLE e (k int, at timestamptz, m mood);
  CREATE TABLE d (k int PRIMARY KEY, name text)`);

/** Of two tables, so that each has a flag of its own. */
const ADDED = `SELECT d.name, count(*) AS n FROM e JOIN d ON d.k = e.k
  WHERE e.at > now() - interval '300 ms' AND e.at <= now() + interval '300 ms' GROUP BY d.name`;
const ALONE = `SELECT k, count(*) AS n FROM e WHERE at > now() - interval '300 ms' GROUP BY k`;
/** No index finds the rows that time changes. */
const AGED = `SELECT k, count(*) AS n FROM e WHERE now() - at < interval '300 ms' GROUP BY k`;
const TOUCHED = `SELECT d.k, d.name, min(e.at) AS first FROM d
  LEFT JOIN e ON e.k = d.k AND e.at > now() - interval '300 ms' GROUP BY d.k, d.name`;
/** The seconds here are a tenth of one. */
const SECOND = `date_trunc('second', timestamp '2026-01-01'
  + (LOCALTIMESTAMP - timestamp '2026-01-01') * 10)`;
/** Values that change each of them. */
const AGE = `${SECOND} - (at AT TIME ZONE 'UTC')`;
const VALUES = `SELECT k, sum(extract(epoch FROM ${AGE})) AS age FROM e GROUP BY k`;
const TOUCHED_VALUES = `SELECT k, percentile_disc(0.5) WITHIN GROUP (ORDER BY ${AGE}) AS middle
  FROM e GROUP BY k`;
/** Two numbers, others each of them. */
const NUMBER = `(extract(epoch FROM ${SECOND})::bigint % 3)::int`;
const CALENDAR = `SELECT s.k, count(e.k) AS n, max(e.at) AS last
  FROM generate_series(${NUMBER}, ${NUMBER} + 1) AS s(k) LEFT JOIN e ON e.k = s.k GROUP BY s.k`;
const LABELS = 'SELECT m::text AS m, count(*) AS n FROM e GROUP BY m::text';

type Mutation = {
  readonly name: string;
  readonly definition: string;
  readonly at: RegExp | { readonly catalog: string };
  readonly wrong: readonly [from: RegExp | string, to: string];
};

const DELTA = /^what is pending, as rows of the state$/;
const KEYS = /^the keys that pending rows touch$/;
const READERS = /^what readers use$/;
/** A bound of the state, and one of now. */
const BOUNDS = /LEAST\((\(.*?\)), (\(pg_catalog\.now.*?\))\)/g;

/** Whether the bounds of a comparison have moved. */
const MOVED = /\(\n *\(.* IS DISTINCT FROM .*\)(?=\n *AND t\.at >=)/g;

const MUTATIONS: readonly Mutation[] = [
  {
    name: 'rows that time has changed are not taken back',
    definition: ADDED,
    at: DELTA,
    wrong: [/\(-1, /g, '(0, '],
  },
  {
    name: 'rows that time has changed are not added',
    definition: ALONE,
    at: DELTA,
    wrong: [/\(1::bigint, pg_catalog\.now\(\)\)/g, '(0::bigint, pg_catalog.now())'],
  },
  {
    name: 'pending rows are read as of now',
    definition: ALONE,
    at: DELTA,
    wrong: [/\(SELECT p\.moment FROM pending AS p\) AS moment/g, 'pg_catalog.now() AS moment'],
  },
  {
    name: 'only time that goes forward counts',
    definition: ALONE,
    at: DELTA,
    wrong: [BOUNDS, '$1'],
  },
  {
    name: 'reads do not notice that time has passed',
    definition: ALONE,
    at: READERS,
    wrong: [/ OR EXISTS \(SELECT FROM public\.e AS t WHERE/g, '$& FALSE AND'],
  },
  {
    name: 'a table whose rows time has changed counts as unchanged',
    definition: ADDED,
    at: DELTA,
    wrong: [/ OR EXISTS \(SELECT FROM changes_\w+_2\)/g, ''],
  },
  {
    name: 'time touches no key',
    definition: TOUCHED,
    at: KEYS,
    wrong: [/touched by time[^;]*?WHERE /, '$&FALSE AND '],
  },
  {
    name: 'bounds count as if they had not moved',
    definition: AGED,
    at: DELTA,
    wrong: [MOVED, '((FALSE)'],
  },
  {
    name: 'reads do not notice that bounds have moved',
    definition: AGED,
    at: READERS,
    wrong: [MOVED, '((FALSE)'],
  },
  {
    name: 'bounds that have moved are where they were',
    definition: AGED,
    at: DELTA,
    wrong: [
      /\(1::bigint, pg_catalog\.now\(\)\)/g,
      '(1::bigint, (SELECT p.moment FROM pending AS p))',
    ],
  },
  {
    name: 'values count as if they had not changed',
    definition: TOUCHED_VALUES,
    at: KEYS,
    wrong: [/record_image_ne\(/g, 'record_image_eq('],
  },
  {
    name: 'reads do not notice that values have changed',
    definition: VALUES,
    at: READERS,
    wrong: [/ OR EXISTS \(SELECT FROM public\.e AS t WHERE/g, '$& FALSE AND'],
  },
  {
    name: 'days that come touch no key',
    definition: CALENDAR,
    at: KEYS,
    wrong: [/(EXCEPT ALL[^]*?)EXCEPT ALL/, '$1INTERSECT ALL'],
  },
  {
    name: 'days that go touch no key',
    definition: CALENDAR,
    at: KEYS,
    wrong: [/EXCEPT ALL/, 'INTERSECT ALL'],
  },
  {
    name: 'reads do not notice that a calendar has moved',
    definition: CALENDAR,
    at: READERS,
    wrong: [/ OR (?=\(+EXTRACT)/gi, ' OR FALSE AND '],
  },
  {
    name: 'keys are touched as if a calendar had not moved',
    definition: CALENDAR,
    at: KEYS,
    wrong: [/AS elapsed/, 'AND FALSE AS elapsed'],
  },
  {
    name: 'a fold keeps the moment of the state before',
    definition: ALONE,
    at: { catalog: 'imat_catalog.advance(integer, oid)' },
    wrong: ['moment = now(), ', ''],
  },
  {
    name: 'a fold does not take the rows that time has changed for work',
    definition: ALONE,
    at: { catalog: 'imat_catalog.advance(integer, oid)' },
    wrong: ['moment = now(), ', "moment = now() + interval '1 s', "],
  },
  {
    name: 'reads do not notice a label that was renamed',
    definition: LABELS,
    at: READERS,
    wrong: ['l.labels <> ROW', 'FALSE AND l.labels <> ROW'],
  },
  {
    name: 'a fold after a rename adds to what is stored',
    definition: LABELS,
    at: { catalog: 'imat_catalog.take_labels(integer)' },
    wrong: ['RETURN changed', 'RETURN false'],
  },
  {
    name: 'a fold does not take the labels down',
    definition: LABELS,
    at: { catalog: 'imat_catalog.take_labels(integer)' },
    wrong: ['columns, enums, held);', "columns, enums, held) || ' WHERE FALSE';"],
  },
];

/**
 * Rows that come into the bounds and go, for transactions that began before folds as well. There is
 * one for every 60 ms of the next half minute, so that some pass a bound in each step, however long
 * a busy machine takes.
 */
const HISTORY: readonly string[] = [
  "INSERT INTO d SELECT i, 'd' || i FROM generate_series(1, 3) AS i",
  `INSERT INTO e SELECT i % 3 + 1, clock_timestamp() + i * interval '60 ms', 'low'
   FROM generate_series(-8, 500) AS i`,
  FOLD,
  'SELECT pg_sleep(0.1)',
  `INSERT INTO e SELECT i % 3 + 1, clock_timestamp() + i * interval '70 ms', 'high'
   FROM generate_series(-6, 430) AS i`,
  'SELECT pg_sleep(0.1)',
  FOLD,
  'BEGIN',
  'SELECT pg_sleep(0.1)',
  FOLD,
  'UPDATE e SET k = k % 3 + 1 WHERE k < 3',
  'COMMIT',
  'SELECT pg_sleep(0.1)',
  "ALTER TYPE mood RENAME VALUE 'low' TO 'lower'",
  "UPDATE e SET m = 'odd' WHERE k = 1",
  FOLD,
  'DELETE FROM e WHERE k = 2',
  "ALTER TYPE mood RENAME VALUE 'lower' TO 'low'",
  FOLD,
  'SELECT pg_sleep(0.2)',
  FOLD,
  'SELECT pg_sleep(0.3)',
];

async function firstFinding(subject: Subject): Promise<string | null> {
  try {
    for (const step of HISTORY) {
      if (step === FOLD) await bench.imat.fold(subject.name);
      else await bench.user.execute(step);
      if ((await differences(bench.user, subject)).length > 0) return step;
    }
    return null;
  } catch (error) {
    // imat itself finds something wrong.
    if (error instanceof ImatError) return error.message;
    throw error;
  } finally {
    await bench.user.execute('ROLLBACK');
  }
}

async function prepare(definition: string): Promise<Subject> {
  await bench.user.execute('TRUNCATE e, d');
  await bench.user.execute(`DO $$ BEGIN
    EXECUTE format('ALTER TYPE mood RENAME VALUE %L TO %L', enum_first(NULL::mood), 'low');
  EXCEPTION WHEN duplicate_object THEN NULL; END $$`);
  return bench.convert(definition, { name: 'mutant' });
}

const functionText = async (name: string): Promise<string> => {
  const [row] = await bench.user.query<{ text: string }>(
    'SELECT pg_get_functiondef($1::regprocedure) AS text',
    [name],
  );
  return row?.text ?? '';
};

describe('the oracle finds', () => {
  test.each(MUTATIONS.map((mutation) => [mutation.name, mutation] as const))(
    '%s',
    async (_name, { definition, at, wrong: [from, to] }) => {
      const subject = await prepare(definition);
      const original =
        'catalog' in at
          ? await functionText(at.catalog)
          : ((await bench.imat.explain('mutant')).sql.find(({ label }) => at.test(label))?.sql ??
            '');
      const mutated = original.replace(from, to);
      expect(mutated, 'the mutation changes the SQL').not.toBe(original);
      await bench.user.execute(mutated.replace(/^CREATE VIEW/, 'CREATE OR REPLACE VIEW'));
      try {
        expect(await firstFinding(subject)).not.toBeNull();
      } finally {
        if ('catalog' in at) await bench.user.execute(original);
      }
    },
  );

  test.each([ADDED, ALONE, AGED, TOUCHED, VALUES, TOUCHED_VALUES, CALENDAR, LABELS])(
    'nothing where nothing is wrong: %s',
    async (text) => {
      expect(await firstFinding(await prepare(text))).toBeNull();
    },
  );
});
