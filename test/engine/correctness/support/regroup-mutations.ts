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
export type RegroupDefinition = typeof LEFT | typeof NULLABLE | typeof HELD;

const TOUCHED = /^the keys that pending rows touch$/;
const REGROUPED = /^stored rows, and those of touched keys now$/;
const FOLDS = /^fold: /;

export const REGROUP_MUTATIONS: readonly Mutation[] = [
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
    wrong: [[/WHERE \(d\.k = ANY/, 'WHERE t.k IS NOT NULL AND (d.k = ANY']],
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
    wrong: [['WHERE NOT imat_stays', 'WHERE TRUE']],
  },
];
