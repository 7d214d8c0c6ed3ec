/** Known wrong ways to compute touched keys again. */
import type { Mutation } from './mutations.ts';

const LEFT = `SELECT d.label, count(t.k) AS n, max(t.y) AS m
  FROM d LEFT JOIN t ON t.k = d.k
  GROUP BY d.label`;
const NULLABLE = `SELECT d.label, count(*) AS n, max(t.y) AS m
  FROM t LEFT JOIN d ON d.k = t.k
  GROUP BY d.label`;
const HELD = `SELECT d.k, d.label, count(t.k) AS n, max(t.y) AS m
  FROM d LEFT JOIN t ON t.k = d.k
  GROUP BY d.k, d.label`;
/** Every value of a list has a row; it holds the key, and so does the table. */
const LIST = `SELECT s.v AS k, count(t.k) AS n, max(t.y) AS m
  FROM (VALUES ('a'), ('b'), ('z'), (NULL)) s(v) LEFT JOIN t ON t.k = s.v
  GROUP BY s.v`;
/** The series alone holds the key. */
const SERIES = `SELECT s.n, count(t.x) AS c, max(t.y) AS m
  FROM generate_series(0, 5) s(n) LEFT JOIN t ON t.x >= s.n AND t.x < s.n + 2.5
  GROUP BY s.n`;
/** Changes touch keys only if they meet a row of the other table, by its primary key. */
const MEETING = `SELECT t.k, array_agg(t.x ORDER BY t.x) AS a
  FROM t JOIN p ON p.id = t.y
  WHERE p.kind = 'a' AND t.x < 90
  GROUP BY t.k`;
export type RegroupDefinition =
  | typeof LEFT
  | typeof NULLABLE
  | typeof HELD
  | typeof LIST
  | typeof SERIES
  | typeof MEETING;

const TOUCHED = /^the keys that pending rows touch$/;
const REGROUPED = /^stored rows, and those of touched keys now$/;
const FOLDS = /^fold: /;

export const REGROUP_MUTATIONS: readonly Mutation[] = [
  {
    name: 'touched keys: a row that has gone was never met',
    definition: MEETING,
    at: TOUCHED,
    wrong: [[/OR \(SELECT p\.changed2 FROM pending AS p\)/, 'OR FALSE']],
  },
  {
    name: 'touched keys: only rows that have gone are met',
    definition: MEETING,
    at: TOUCHED,
    wrong: [[/EXISTS \(SELECT FROM public\.p AS r2 .*? OFFSET 0\)/, 'FALSE']],
  },
  {
    name: 'touched keys: other rows are met than the condition lets',
    definition: MEETING,
    at: TOUCHED,
    wrong: [["(r2.kind = ('a')::text) OFFSET 0", "(r2.kind = 'b') OFFSET 0"]],
  },
  {
    name: 'touched keys: a condition on the changed row leaves out too many',
    definition: MEETING,
    at: TOUCHED,
    wrong: [[/r1\.x < \(90\)/g, 'r1.x < (4)']],
  },
  {
    name: 'touched keys: a condition on the rows of a path leaves out too many',
    definition: MEETING,
    at: TOUCHED,
    wrong: [[/(changes of public\.p AS p\n[\s\S]*?)r2\.kind = \('a'\)::text/, "$1r2.kind = 'b'"]],
  },
  {
    name: 'touched keys: changes of the table with the key are forgotten',
    definition: LEFT,
    at: TOUCHED,
    wrong: [['WHERE (SELECT p.changed1 FROM pending AS p)', 'WHERE FALSE']],
  },
  {
    name: 'touched keys: changes of the other table are forgotten',
    definition: LEFT,
    at: TOUCHED,
    wrong: [['WHERE (SELECT p.changed2 FROM pending AS p)', 'WHERE FALSE']],
  },
  {
    name: 'touched keys: only rows that came count',
    definition: HELD,
    at: TOUCHED,
    wrong: [[/WHERE l\.xid/g, 'WHERE l.weight > 0 AND l.xid']],
  },
  {
    name: 'touched keys: rows without a partner are forgotten',
    definition: NULLABLE,
    at: TOUCHED,
    wrong: [['WHERE p.changed1 OR p.changed2', 'WHERE FALSE']],
  },
  {
    name: 'touched keys: folded rows count, pending ones do not',
    definition: HELD,
    at: TOUCHED,
    wrong: [[/AND NOT pg_catalog\.pg_visible/g, 'AND pg_catalog.pg_visible']],
  },
  {
    name: 'stored rows of touched keys stay',
    definition: LEFT,
    at: REGROUPED,
    wrong: [[/AND NOT EXISTS \([^\n]*\)/, '']],
  },
  {
    name: 'stored rows without a key stay',
    definition: LEFT,
    at: REGROUPED,
    wrong: [[/AND \(s\.label IS NOT NULL OR NOT [^\n]*\)/, '']],
  },
  {
    name: 'rows without a key are not computed again',
    definition: LEFT,
    at: REGROUPED,
    wrong: [['AND s.label IS NULL', 'AND FALSE']],
  },
  {
    name: 'rows without a partner are looked for where the key is NULL',
    definition: NULLABLE,
    at: REGROUPED,
    wrong: [
      [
        /FROM public\.t LEFT JOIN public\.d ON \(d\.k = t\.k\)\n(?= *GROUP BY)/,
        '$&WHERE d.k IS NOT NULL\n',
      ],
    ],
  },
  {
    name: 'a condition on the other side of an outer join takes rows away',
    definition: HELD,
    at: REGROUPED,
    wrong: [[/WHERE \(\(d\.k = ANY/, 'WHERE t.k IS NOT NULL AND ((d.k = ANY']],
  },
  {
    name: 'a fold keeps the rows without a key',
    definition: LEFT,
    at: FOLDS,
    wrong: [[/ OR \(\$2 AND label IS NULL\)/, '']],
  },
  {
    name: 'a fold stores the rows of other keys again',
    definition: LEFT,
    at: FOLDS,
    wrong: [[/WHERE \(\(d\.label = ANY \(\$1\)\)[^\n]*/, 'WHERE TRUE']],
  },
  {
    name: 'a fold stores the rows without a key again though none is touched',
    definition: LEFT,
    at: FOLDS,
    wrong: [[/AND \$2\s+(?=AND s\.label IS NULL)/, '']],
  },
  {
    name: 'a fold stores no rows without a key',
    definition: LEFT,
    at: FOLDS,
    wrong: [['AND s.label IS NULL', 'AND FALSE']],
  },
  {
    name: 'touched keys: a row meets fewer rows of a series than its condition lets it',
    definition: SERIES,
    at: TOUCHED,
    wrong: [['(r2.x < ((r1.n)::numeric + 2.5))', '(r2.x < ((r1.n)::numeric + 1))']],
  },
  {
    name: 'touched keys: rows that have gone met no row of a series',
    definition: SERIES,
    at: TOUCHED,
    wrong: [[/WHERE l\.xid/g, 'WHERE l.weight > 0 AND l.xid']],
  },
  {
    name: 'a series is confined to the rows that meet another one',
    definition: SERIES,
    at: REGROUPED,
    wrong: [[/WHERE (\(+)s\.n (= ANY|IN)/, 'WHERE t.x IS NOT NULL AND $1s.n $2']],
  },
  {
    name: 'a list is left whole where the table is confined',
    definition: LIST,
    at: REGROUPED,
    wrong: [[/WHERE \(+s\.v (?:= ANY|IN) [^;]*?IS TRUE\)/, '']],
  },
];
