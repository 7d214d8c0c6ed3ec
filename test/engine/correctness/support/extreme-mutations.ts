/** Known wrong ways to merge extremes. */
import type { Mutation } from './mutations.ts';

const EXTREMES = `SELECT t.k, count(*) AS n, min(t.y) AS low, max(t.y) AS high
  FROM t
  GROUP BY t.k`;
const FILTERED = `SELECT d.label, max(t.y) FILTER (WHERE t.x > 1) AS high
  FROM t JOIN d ON d.k = t.k
  GROUP BY d.label`;
export type ExtremeDefinition = typeof EXTREMES | typeof FILTERED;

const DELTA = /^what is pending, as rows of the state$/;
const MERGED = /^state and pending changes, added up$/;
const DERIVED = /^the extremes of a group from the tables/;
const FOLDS = /^fold: /;

export const EXTREME_MUTATIONS: readonly Mutation[] = [
  {
    name: 'a deleted value that ties with the stored one does not reach it',
    definition: EXTREMES,
    at: MERGED,
    wrong: [[/(b\.imat_went2 OPERATOR\(pg_catalog\.)>=\) b\.max_y/, '$1>) b.max_y']],
  },
  {
    name: 'what came stands for what went, wherever it is',
    definition: EXTREMES,
    at: MERGED,
    wrong: [[/\(b\.imat_came2 [^\n]*? b\.imat_went2\)/, '(b.imat_came2 IS NOT NULL)']],
  },
  {
    name: 'an extreme that went stays',
    definition: EXTREMES,
    at: MERGED,
    wrong: [[/WHEN b\.imat_again1 THEN/, 'WHEN FALSE THEN']],
  },
  {
    name: 'a value that came and went counts as one that came',
    definition: EXTREMES,
    at: MERGED,
    wrong: [
      [/\n +HAVING pg_catalog\.sum\(u\.rows\) <> 0\n( +\) AS n)/, '\n$1'],
      ['n.imat_weight > 0', 'n.imat_weight >= 0'],
    ],
  },
  {
    name: 'what came replaces the stored extreme',
    definition: EXTREMES,
    at: MERGED,
    wrong: [[/b\.imat_came2 OPERATOR\(pg_catalog\.>=\) b\.max_y THEN/, 'TRUE THEN']],
  },
  {
    name: 'what came is forgotten',
    definition: EXTREMES,
    at: MERGED,
    wrong: [[/b\.imat_came1 OPERATOR\(pg_catalog\.<=\) b\.min_y THEN/, 'FALSE THEN']],
  },
  {
    name: 'a reader sees nothing where too many groups must be derived',
    definition: EXTREMES,
    at: MERGED,
    wrong: [['WHERE NOT (SELECT f.is_few FROM few AS f)', 'WHERE FALSE']],
  },
  {
    name: 'the extreme of all groups',
    definition: EXTREMES,
    at: DERIVED,
    wrong: [[/r1\.k OPERATOR\(pg_catalog\.=\) \$3/g, 'TRUE']],
  },
  {
    name: 'the group without a key has no rows',
    definition: EXTREMES,
    at: DERIVED,
    wrong: [[/r1\.k IS NULL/g, 'FALSE']],
  },
  {
    name: 'a fold keeps the stored extreme',
    definition: EXTREMES,
    at: FOLDS,
    wrong: [['max_y = EXCLUDED.max_y', 'max_y = s.max_y']],
  },
  {
    name: 'a fold skips what changes an extreme only',
    definition: EXTREMES,
    at: FOLDS,
    wrong: [[/ OR d\.imat_stored1 [^\n]*/, '']],
  },
  {
    name: 'a fold stores nothing where too many groups must be derived',
    definition: EXTREMES,
    at: FOLDS,
    wrong: [['IF NOT few THEN', 'IF FALSE THEN']],
  },
  {
    name: 'the filter of an extreme is forgotten in what is pending',
    definition: FILTERED,
    at: DELTA,
    wrong: [[/CASE WHEN \(\(r1\.x > [^\n]*? THEN (\(r1\.y\)::integer) END/g, '$1']],
  },
  {
    name: 'the filter of an extreme is forgotten in the tables',
    definition: FILTERED,
    at: DERIVED,
    wrong: [[/\n +AND \(\(r1\.x > [^\n]*/g, '']],
  },
];
