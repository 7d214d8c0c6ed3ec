/** Known wrong rules, put into the SQL that imat installed: the oracle must find every one of them. */
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Db } from '../../../engine/db/db.ts';
import { WITH_EXTENSION } from '../../setup/database.ts';
import type { Subject } from './support/bench.ts';
import { failureOf, FOLD, useBench } from './support/bench.ts';
import { differences } from './support/oracle.ts';

type Mutation = {
  readonly name: string;
  readonly definition: Definition;
  /** The label of the statement in `imat explain`, or a function of the catalog. */
  readonly at: RegExp | { readonly catalog: string };
  readonly wrong: readonly (readonly [from: RegExp | string, to: string])[];
};

const GROUPED =
  'SELECT t.k, count(*) AS n, sum(t.x) AS s, avg(t.x) AS a FROM t WHERE t.x IS NULL OR t.x <> 99 GROUP BY t.k';
const JOINED =
  'SELECT d.label, count(*) AS n, sum(t.x) AS s FROM t JOIN d ON d.k = t.k WHERE d.label IS NOT NULL GROUP BY d.label';
const BAG = 'SELECT t.k, t.x FROM t';
const CHAIN =
  'SELECT a.label, count(*) AS n, sum(t.x) AS s FROM t, d a, d b, d c WHERE a.k = t.k AND b.k = t.k AND c.k = t.k GROUP BY a.label';
const SINGLE = 'SELECT count(*) AS n, sum(x) AS s FROM t';
const FAILING = 'SELECT t.k, sum(1000 / t.y) AS s FROM t WHERE 7 / t.y >= 0 GROUP BY t.k';
const VARIANCE = 'SELECT k, stddev(y) AS d, bool_and(x > 0) AS b FROM t GROUP BY k';
type Definition =
  | typeof GROUPED
  | typeof JOINED
  | typeof BAG
  | typeof CHAIN
  | typeof SINGLE
  | typeof FAILING
  | typeof VARIANCE;

const DELTA = /^what is pending, as rows of the state$/;
const FOLDS = /^fold: /;
const READERS = /^what readers use$/;
const VALUES = /^finished aggregates/;
const CAPTURES = /^capture on public\.t$/;

const MUTATIONS: readonly Mutation[] = [
  {
    name: 'both sides changed: their product is not taken back',
    definition: JOINED,
    at: DELTA,
    wrong: [[/\(-r1\.weight \* r2\.weight\)/g, '(0 * r1.weight * r2.weight)']],
  },
  {
    name: 'both sides changed: their product is added',
    definition: JOINED,
    at: DELTA,
    wrong: [[/\(-r1\.weight \* r2\.weight\)/g, '(r1.weight * r2.weight)']],
  },
  {
    name: 'new for old in the telescoped delta',
    definition: CHAIN,
    at: DELTA,
    wrong: [[/SELECT -(r\d\.weight)/g, 'SELECT 0 * $1']],
  },
  {
    name: 'changes of one side are forgotten',
    definition: JOINED,
    at: DELTA,
    wrong: [['WHERE (SELECT p.changed2 FROM pending AS p)', 'WHERE FALSE']],
  },
  {
    name: 'changes of the other side are forgotten',
    definition: JOINED,
    at: DELTA,
    wrong: [['WHERE (SELECT p.changed1 FROM pending AS p)', 'WHERE FALSE']],
  },
  {
    name: 'a filter is forgotten in one term',
    definition: JOINED,
    at: DELTA,
    wrong: [[/\n +AND \(d?r?2?\.?[^\n]*label IS NOT NULL\)/, '']],
  },
  {
    name: 'a filter is forgotten',
    definition: GROUPED,
    at: DELTA,
    wrong: [[/WHERE \([^\n]*99[^\n]*\)/, '']],
  },
  {
    name: 'a dropped weight in a sum',
    definition: GROUPED,
    at: DELTA,
    wrong: [[/\(r1\.x \* r1\.weight\)/, '(r1.x)']],
  },
  {
    name: 'a dropped weight in the row count',
    definition: GROUPED,
    at: DELTA,
    wrong: [['r1.weight AS rows', '1::bigint AS rows']],
  },
  {
    name: 'the absolute weight',
    definition: SINGLE,
    at: DELTA,
    wrong: [['r1.weight AS rows', 'pg_catalog.abs(r1.weight) AS rows']],
  },
  {
    name: 'the wrong sign',
    definition: GROUPED,
    at: DELTA,
    wrong: [['SELECT l.weight::bigint', 'SELECT -l.weight::bigint']],
  },
  {
    name: 'the frontier is ignored: folded rows count again',
    definition: GROUPED,
    at: DELTA,
    wrong: [
      [
        /WHERE l\.xid >= pg_catalog\.pg_snapshot_xmin\(\(SELECT p\.snapshot FROM pending AS p\)\) AND NOT pg_catalog\.pg_visible_in_snapshot\(l\.xid, \(SELECT p\.snapshot FROM pending AS p\)\)/,
        'WHERE TRUE',
      ],
    ],
  },
  {
    name: 'rows of transactions in progress at the frontier count as folded',
    definition: GROUPED,
    at: DELTA,
    wrong: [
      [
        /NOT pg_catalog\.pg_visible_in_snapshot\(l\.xid, \(SELECT p\.snapshot FROM pending AS p\)\)/,
        'l.xid >= pg_catalog.pg_snapshot_xmax((SELECT p.snapshot FROM pending AS p))',
      ],
    ],
  },
  {
    name: 'own uncommitted changes are not seen',
    definition: GROUPED,
    at: DELTA,
    wrong: [
      [
        /FROM imat_store\.log_public_t AS l\n/,
        'FROM (SELECT * FROM imat_store.log_public_t AS o WHERE o.xid IS DISTINCT FROM pg_catalog.pg_current_xact_id_if_assigned()) AS l\n',
      ],
    ],
  },
  {
    name: 'the frontier is not advanced',
    definition: GROUPED,
    at: { catalog: 'imat_catalog.advance' },
    wrong: [['snapshot = pg_current_snapshot()', 'snapshot = f.snapshot']],
  },
  {
    name: 'the log is cleaned of what is still pending',
    definition: GROUPED,
    at: { catalog: 'imat_catalog.clean_log' },
    wrong: [
      [
        /l\.ctid > \(SELECT max\(h\.ctid\) FROM \(SELECT k\.ctid FROM %1\$s k LIMIT 100\) h\) AND %2\$s/,
        'TRUE OR %2$s',
      ],
    ],
  },
  {
    name: 'a fold replaces instead of adding',
    definition: GROUPED,
    at: FOLDS,
    wrong: [[/= s\.sum_x \+ EXCLUDED\.sum_x/g, '= EXCLUDED.sum_x']],
  },
  {
    name: 'a fold subtracts',
    definition: GROUPED,
    at: FOLDS,
    wrong: [[/= s\.count_x \+ EXCLUDED\.count_x/g, '= s.count_x - EXCLUDED.count_x']],
  },
  {
    name: 'a fold keeps emptied groups',
    definition: GROUPED,
    at: FOLDS,
    wrong: [['WHERE ctid = ANY (emptied)', 'WHERE FALSE']],
  },
  {
    name: 'a fold drops groups whose sum is 0',
    definition: GROUPED,
    at: FOLDS,
    wrong: [[/FILTER \(WHERE m\.rows = 0\)/g, 'FILTER (WHERE m.rows <= 1)']],
  },
  {
    name: 'a fold skips what changes the sum only',
    definition: GROUPED,
    at: FOLDS,
    wrong: [[/ OR d\.sum_x <> 0/g, '']],
  },
  {
    name: '`=` on NULL keys',
    definition: GROUPED,
    at: /^what finds a group/,
    wrong: [['NULLS NOT DISTINCT', 'NULLS DISTINCT']],
  },
  {
    name: 'a reader sees emptied groups',
    definition: GROUPED,
    at: READERS,
    wrong: [[/HAVING pg_catalog\.sum\(u\.rows\) <> 0/, '']],
  },
  {
    name: 'a reader does not see what is pending',
    definition: GROUPED,
    at: READERS,
    wrong: [[/UNION ALL\n +SELECT [^\n]* FROM imat_store\.delta_mutant/, '']],
  },
  {
    name: 'a reader sees the state while something is pending',
    definition: GROUPED,
    at: READERS,
    wrong: [['WHERE NOT (', 'WHERE TRUE OR NOT (']],
  },
  {
    name: 'the sum of nothing is 0',
    definition: GROUPED,
    at: READERS,
    wrong: [[/CASE WHEN m\.count_x > 0 THEN/g, 'CASE WHEN TRUE THEN']],
  },
  {
    name: 'the stored sum of nothing is 0',
    definition: GROUPED,
    at: VALUES,
    wrong: [[/CASE WHEN count_x > 0 THEN/g, 'CASE WHEN TRUE THEN']],
  },
  {
    name: 'a sum keeps the digits of rows that have gone',
    definition: GROUPED,
    at: READERS,
    wrong: [[/\/ 12 < 10900 THEN/g, '/ 12 < 0 THEN']],
  },
  {
    name: 'NaN is forgotten',
    definition: GROUPED,
    at: READERS,
    wrong: [[/WHEN m\.nan_x > 0 THEN 'NaN'::numeric/g, '']],
  },
  {
    name: 'NaN is forgotten in what is stored',
    definition: GROUPED,
    at: VALUES,
    wrong: [[/WHEN nan_x > 0 THEN 'NaN'::numeric/g, '']],
  },
  {
    name: 'NaN is summed up',
    definition: GROUPED,
    at: DELTA,
    wrong: [
      [
        /CASE WHEN r1\.x > '-Infinity'::numeric AND r1\.x < 'Infinity'::numeric THEN \(r1\.x \* r1\.weight\)::numeric ELSE 0 END AS sum_x/,
        'COALESCE((r1.x * r1.weight)::numeric, 0) AS sum_x',
      ],
    ],
  },
  {
    name: 'duplicates are shown once',
    definition: BAG,
    at: READERS,
    wrong: [[/generate_series\(1, s\.rows\)/g, 'generate_series(1, 1)']],
  },
  {
    name: 'rows that occur several times are left out',
    definition: BAG,
    at: READERS,
    wrong: [
      ['AND s.rows > 1', 'AND s.rows > 2'],
      ['AND s.rows > 2', 'AND s.rows > 1000'],
    ],
  },
  {
    name: 'a standard deviation over the population',
    definition: VARIANCE,
    at: READERS,
    wrong: [[/\(m\.count_y - 1\)/g, 'm.count_y']],
  },
  {
    name: 'a stored standard deviation over the population',
    definition: VARIANCE,
    at: VALUES,
    wrong: [[/\(count_y - 1\)/g, 'count_y']],
  },
  {
    name: 'a standard deviation rounded twice',
    definition: VARIANCE,
    at: READERS,
    wrong: [
      [/2 \* pg_catalog\.scale\(/g, '0 * pg_catalog.scale('],
      [/::text\) \/ 2 \+ 3/g, '::text) * 0'],
    ],
  },
  {
    name: 'bool_and of no rows',
    definition: VARIANCE,
    at: READERS,
    wrong: [[/CASE WHEN m\.true_x \+ m\.false_x > 0 THEN/g, 'CASE WHEN TRUE THEN']],
  },
  {
    name: 'an update logs no old rows',
    definition: GROUPED,
    at: CAPTURES,
    wrong: [['SELECT -1 AS weight', 'SELECT 0 AS weight']],
  },
  {
    name: 'a delete is logged as an insert',
    definition: GROUPED,
    at: CAPTURES,
    wrong: [['SELECT -1, o.', 'SELECT 1, o.']],
  },
  {
    name: 'an insert logs distinct rows',
    definition: BAG,
    at: CAPTURES,
    wrong: [['SELECT 1, n.', 'SELECT DISTINCT 1, n.']],
  },
  {
    name: 'updates are netted by `=`',
    definition: BAG,
    at: CAPTURES,
    wrong: [[/, pg_catalog\.numeric_send\(u\.c\d\)/, '']],
  },
  {
    name: 'a truncation is not logged',
    definition: GROUPED,
    at: CAPTURES,
    wrong: [['FROM ONLY %s AS t', 'FROM ONLY %s AS t WHERE FALSE']],
  },
  {
    name: 'rows are logged under a transaction long past',
    definition: GROUPED,
    at: CAPTURES,
    wrong: [
      [
        /\(weight, ([^)]*)\)\n( +)SELECT 1, /,
        "(xid, weight, $1)\n$2SELECT '3'::pg_catalog.xid8, 1, ",
      ],
    ],
  },
  {
    name: 'pending rows are not cancelled before an expression that fails',
    definition: FAILING,
    at: DELTA,
    wrong: [
      [/\n +GROUP BY l\.c[^\n]*\n +HAVING [^\n]*\n +OFFSET 0/, ''],
      ['pg_catalog.sum(l.weight)::bigint', 'l.weight::bigint'],
    ],
  },
  {
    name: 'the planner may filter before it cancels',
    definition: FAILING,
    at: DELTA,
    wrong: [[/\n +OFFSET 0/, '']],
  },
];

const bench = useBench(
  'CREATE TABLE t (k text, x numeric, y int); CREATE TABLE d (k text, label text)',
);

const HISTORY: readonly string[] = [
  "INSERT INTO t VALUES ('a', 1.5, 3), ('a', 2, 1), ('b', 99, 1), (NULL, 7, 1), ('c', NULL, 2)",
  FOLD,
  "INSERT INTO t VALUES (NULL, 8.25, 2), ('a', 2, 1), ('a', 2.0, 4), ('a', 2.0, 4)",
  "UPDATE t SET x = x + 1 WHERE k = 'a'",
  FOLD,
  "UPDATE t SET x = x + 1 WHERE k = 'a'",
  FOLD,
  "UPDATE t SET x = x - 1 WHERE k = 'a'",
  FOLD,
  "UPDATE t SET x = 3.000 WHERE k = 'a' AND x = 3",
  'DELETE FROM t WHERE x = 8.25',
  "UPDATE t SET k = 'b' WHERE k = 'c'",
  'BEGIN',
  "INSERT INTO t VALUES ('d', 4, 2)",
  "INSERT INTO d VALUES ('d', 'delta'), ('a', 'alpha'), ('a', NULL), ('b', 'beta')",
  'COMMIT',
  FOLD,
  'BEGIN',
  "UPDATE d SET label = upper(label) WHERE k IN ('a', 'd')",
  "DELETE FROM t WHERE k = 'd'",
  "INSERT INTO t VALUES ('a', 5, 2), ('a', 5, 2)",
  'COMMIT',
  FOLD,
  "INSERT INTO t VALUES ('a', 'NaN', 2), ('e', 12345, 20001), ('e', 1, 98), ('e', 1, 40321), ('e', 2, 7), ('f', 1, 0)",
  'DELETE FROM t WHERE y = 0',
  FOLD,
  "DELETE FROM t WHERE x = 'NaN'",
  FOLD,
  "UPDATE t SET y = y * 37 + 11 WHERE k = 'e'",
  "UPDATE t SET y = y * 7 + 1 WHERE k = 'e'",
  "UPDATE t SET y = y * 3 + 5 WHERE k = 'e'",
  "DELETE FROM t WHERE k = 'e' AND y > 100000",
  FOLD,
  'DELETE FROM t WHERE k IS NULL',
  'TRUNCATE t',
  FOLD,
  "INSERT INTO t VALUES ('a', 1, 1)",
];

/** Before this step ends a transaction that began before the first: it was in progress at two frontiers. */
const WRITER_ENDS = 12;

let writer: Db;
let laggard: Subject | null = null;
beforeAll(async () => {
  writer = await bench.connect();
});

const restore: string[] = [];
afterEach(async () => {
  for (const statement of restore.splice(0)) await bench.user.execute(statement);
});

/** Another imat on the same table that is never folded, so that the log keeps what it needs; and a transaction that is open for a while. */
async function prepare(definition: Definition): Promise<Subject> {
  await bench.user.execute('TRUNCATE t, d');
  const subject = await bench.convert(definition, { name: 'mutant' });
  laggard = await bench.convert('SELECT k, x, y FROM t', { name: 'laggard' });
  return subject;
}

/** The first step after which the oracle, or imat itself, finds something wrong; null where neither does. */
async function firstFinding(subject: Subject): Promise<string | null> {
  await writer.execute("BEGIN; INSERT INTO t VALUES ('w', 1, 1)");
  try {
    for (const [index, step] of HISTORY.entries()) {
      if (index === WRITER_ENDS) await writer.execute('COMMIT');
      if (await finds(subject, step)) return step;
    }
    return null;
  } finally {
    await writer.execute('ROLLBACK');
    await bench.user.execute('ROLLBACK');
  }
}

async function finds(subject: Subject, step: string): Promise<boolean> {
  try {
    if (step === FOLD) await bench.imat.fold(subject.name);
    else await bench.user.execute(step);
    for (const one of [subject, laggard])
      if (one !== null && (await differences(bench.user, one)).length > 0) return true;
    return false;
  } catch {
    // Where the definition fails as well, that is right.
    return (await failureOf(bench.user, subject.definition)) === null;
  }
}

async function mutate({ at, wrong }: Mutation): Promise<number> {
  const installed = (await bench.imat.explain('mutant')).sql;
  const view = installed.find((one) => READERS.test(one.label))?.sql ?? '';
  const statements =
    'catalog' in at
      ? await catalogFunction(at.catalog)
      : installed.filter((one) => at.test(one.label)).map((one) => one.sql);
  let changed = 0;
  for (const statement of statements) {
    const mutated = wrong.reduce((text, [from, to]) => text.replace(from, to), statement);
    if (mutated === statement) continue;
    changed += 1;
    if ('catalog' in at) restore.push(statement);
    await bench.user.execute(at === VALUES ? replacingValues(mutated, view) : replacing(mutated));
  }
  return changed;
}

const catalogFunction = async (name: string): Promise<string[]> =>
  (
    await bench.user.query<{ text: string }>(
      'SELECT pg_catalog.pg_get_functiondef(p.oid) AS text FROM pg_catalog.pg_proc p WHERE p.oid = $1::pg_catalog.regproc',
      [name],
    )
  ).map((row) => row.text);

function replacing(statement: string): string {
  if (statement.startsWith('CREATE VIEW'))
    return statement.replace('CREATE VIEW', 'CREATE OR REPLACE VIEW');
  if (!statement.startsWith('CREATE UNIQUE INDEX')) return statement;
  return `${[...statement.matchAll(/\(([^)]*)\)/g)].length > 0 ? 'DROP INDEX imat_store.state_mutant_k_idx;' : ''} ${statement}`;
}

/** A generated column's expression cannot be changed in place. */
function replacingValues(statement: string, view: string): string {
  const drops = [...statement.matchAll(/ADD COLUMN (\w+)/g)].map(
    ([, column]) => `DROP COLUMN ${column}`,
  );
  return `DROP VIEW imat.mutant; ALTER TABLE imat_store.state_mutant ${drops.join(', ')}; ${statement}; ${view}; UPDATE imat_catalog.imat SET relation = 'imat.mutant'::regclass WHERE name = 'mutant'`;
}

describe('the oracle finds', () => {
  for (const mutation of MUTATIONS) {
    // Where the extension captures there is no SQL to put them into.
    test.skipIf(
      mutation.at === CAPTURES && WITH_EXTENSION && mutation.name !== 'a truncation is not logged',
    )(mutation.name, async () => {
      const subject = await prepare(mutation.definition);
      expect(await mutate(mutation), 'the mutation changes the SQL').toBeGreaterThan(0);
      expect(await firstFinding(subject)).not.toBeNull();
    });
  }

  test.each([...new Set(MUTATIONS.map((mutation) => mutation.definition))])(
    'nothing where nothing is wrong: %s',
    async (definition) => {
      expect(await firstFinding(await prepare(definition))).toBeNull();
    },
  );
});
