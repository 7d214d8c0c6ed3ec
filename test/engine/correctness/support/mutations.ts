/** Known wrong rules: what each changes in the SQL that imat installs. */

import type { ChainDefinition } from './chain-mutations.ts';
import { CHAIN_MUTATIONS } from './chain-mutations.ts';
import type { CompositionDefinition } from './composition-mutations.ts';
import { COMPOSITION_MUTATIONS } from './composition-mutations.ts';
import type { ExtremeDefinition } from './extreme-mutations.ts';
import { EXTREME_MUTATIONS } from './extreme-mutations.ts';
import type { RecursionDefinition } from './recursion-mutations.ts';
import { RECURSION_MUTATIONS } from './recursion-mutations.ts';
import type { RegroupDefinition } from './regroup-mutations.ts';
import { REGROUP_MUTATIONS } from './regroup-mutations.ts';

export type Mutation = {
  readonly name: string;
  readonly definition: Definition;
  /** The label of the statement in `imat explain`, or a function of the catalog. */
  readonly at: RegExp | { readonly catalog: string };
  readonly wrong: readonly (readonly [from: RegExp | string, to: string])[];
};

const GROUPED = `SELECT t.k, count(*) AS n, sum(t.x) AS s, avg(t.x) AS a
  FROM t
  WHERE t.x IS NULL OR t.x <> 99
  GROUP BY t.k`;
const JOINED = `SELECT d.label, count(*) AS n, sum(t.x) AS s
  FROM t JOIN d ON d.k = t.k
  WHERE d.label IS NOT NULL
  GROUP BY d.label`;
const BAG = 'SELECT t.k, t.x FROM t';
const SINGLE = 'SELECT count(*) AS n, sum(x) AS s FROM t';
const FAILING = 'SELECT t.k, sum(1000 / t.y) AS s FROM t WHERE 7 / t.y >= 0 GROUP BY t.k';
const VARIANCE = 'SELECT k, stddev(y) AS d, bool_and(x > 0) AS b FROM t GROUP BY k';
export type Definition =
  | ExtremeDefinition
  | CompositionDefinition
  | ChainDefinition
  | RegroupDefinition
  | RecursionDefinition
  | typeof GROUPED
  | typeof JOINED
  | typeof BAG
  | typeof SINGLE
  | typeof FAILING
  | typeof VARIANCE;

const DELTA = /^what is pending, as rows of the state$/;
const FOLDS = /^fold: /;
export const CURRENT = /^state and pending changes, added up$/;
export const READERS = /^what readers use$/;
export const VALUES = /^finished aggregates/;
export const CAPTURES = /^capture on public\.t$/;

export const MUTATIONS: readonly Mutation[] = [
  ...EXTREME_MUTATIONS,
  ...REGROUP_MUTATIONS,
  ...COMPOSITION_MUTATIONS,
  ...CHAIN_MUTATIONS,
  ...RECURSION_MUTATIONS,
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
    name: 'changes of one side are forgotten',
    definition: JOINED,
    at: DELTA,
    wrong: [['WHERE (SELECT EXISTS (SELECT FROM changes_r2))', 'WHERE FALSE']],
  },
  {
    name: 'changes of the other side are forgotten',
    definition: JOINED,
    at: DELTA,
    wrong: [['WHERE (SELECT EXISTS (SELECT FROM changes_r1))', 'WHERE FALSE']],
  },
  {
    name: 'a filter is forgotten in one term',
    definition: JOINED,
    at: DELTA,
    wrong: [[/\n +AND \(d?r?2?\.?[^\n]*label IS NOT NULL\)/, '']],
  },
  {
    name: 'changed rows are left out that fulfil a filter',
    definition: JOINED,
    at: DELTA,
    wrong: [[/(\n +WHERE \([^\n]*label IS) NOT NULL\)/, '$1 NULL)']],
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
    wrong: [['WHEN -1 THEN -r1.x', 'WHEN -1 THEN r1.x']],
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
        'WHERE l.xid >= pg_catalog.pg_snapshot_xmin((SELECT p.snapshot FROM pending AS p)) ' +
          'AND NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))',
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
        'NOT pg_catalog.pg_visible_in_snapshot(l.xid, (SELECT p.snapshot FROM pending AS p))',
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
        'FROM (SELECT * FROM imat_store.log_public_t AS o WHERE o.xid IS DISTINCT ' +
          'FROM pg_catalog.pg_current_xact_id_if_assigned()) AS l\n',
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
      [/ WHERE l\.ctid > \(SELECT max\(h\.ctid\)[^\n]* h\)'/, " WHERE TRUE'"],
      [/' AND %2\$s AND l\.xid < \$2'/, "' OR %2$s AND l.xid < $2'"],
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
    at: CURRENT,
    wrong: [[/HAVING pg_catalog\.sum\(u\.rows\) <> 0/, '']],
  },
  {
    name: 'a reader does not see what is pending',
    definition: GROUPED,
    at: CURRENT,
    wrong: [[/UNION ALL\n +SELECT [^\n]* FROM imat_store\.delta_mutant/, '']],
  },
  {
    name: 'a reader sees the state while something is pending',
    definition: GROUPED,
    at: READERS,
    wrong: [['THEN 3 ELSE 2 END ELSE 0 END', 'THEN 3 ELSE 0 END ELSE 0 END']],
  },
  {
    name: 'a reader does not know of a truncation',
    definition: GROUPED,
    at: READERS,
    wrong: [['THEN 3 ELSE 2 END', 'THEN 2 ELSE 2 END']],
  },
  {
    name: 'a fold does not know of a truncation',
    definition: GROUPED,
    at: FOLDS,
    wrong: [['IF anew OR imat_catalog.has_reset(', 'IF anew AND imat_catalog.has_reset(']],
  },
  {
    name: 'stored rows that a change concerns are shown as well',
    definition: GROUPED,
    at: CURRENT,
    wrong: [[/\n +AND NOT EXISTS \([^\n]*delta_mutant[^\n]*/, '']],
  },
  {
    name: 'stored rows that a change concerns are not added up',
    definition: GROUPED,
    at: CURRENT,
    wrong: [[/WHERE EXISTS \([^\n]*delta_mutant[^\n]*/, 'WHERE FALSE']],
  },
  {
    name: 'stored rows with a NULL key are not added up',
    definition: GROUPED,
    at: CURRENT,
    wrong: [['AS s WHERE k IS NULL', 'AS s WHERE FALSE']],
  },
  {
    name: 'the sum of nothing is 0',
    definition: GROUPED,
    at: CURRENT,
    wrong: [[/CASE WHEN s\.count_x > 0 THEN/g, 'CASE WHEN TRUE THEN']],
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
    at: CURRENT,
    wrong: [[/\/ 12 < 10900 THEN/g, '/ 12 < 0 THEN']],
  },
  {
    name: 'NaN is forgotten',
    definition: GROUPED,
    at: CURRENT,
    wrong: [[/WHEN s\.nan_x > 0 THEN 'NaN'::numeric/g, '']],
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
        "CASE WHEN r1.x > '-Infinity'::numeric AND r1.x < 'Infinity'::numeric " +
          'THEN CASE r1.weight WHEN 1 THEN r1.x WHEN -1 THEN -r1.x ELSE r1.x * r1.weight END ' +
          'ELSE 0 END AS sum_x',
        'COALESCE((r1.x * r1.weight)::numeric, 0) AS sum_x',
      ],
    ],
  },
  {
    name: 'duplicates are shown once',
    definition: BAG,
    at: READERS,
    wrong: [['ARRAY[(s.rows - 1)::integer]', 'ARRAY[0]']],
  },
  {
    name: 'duplicates that a change concerns are shown once',
    definition: BAG,
    at: CURRENT,
    wrong: [['ARRAY[(s.rows)::integer]', 'ARRAY[1]']],
  },
  {
    name: 'a standard deviation over the population',
    definition: VARIANCE,
    at: CURRENT,
    wrong: [[/\(s\.count_y - 1\)/g, 's.count_y']],
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
    at: CURRENT,
    wrong: [
      [/2 \* pg_catalog\.scale\(/g, '0 * pg_catalog.scale('],
      [/::text\) \/ 2 \+ 3/g, '::text) * 0'],
    ],
  },
  {
    name: 'bool_and of no rows',
    definition: VARIANCE,
    at: CURRENT,
    wrong: [[/CASE WHEN s\.true_x \+ s\.false_x > 0 THEN/g, 'CASE WHEN TRUE THEN']],
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
    wrong: [['INSERT INTO imat_store.reset (relation) VALUES (TG_RELID);', '']],
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
