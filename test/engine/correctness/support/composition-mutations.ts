/** Known wrong ways to change groups by what comes and goes in a store below them. */
import type { Mutation } from './mutations.ts';

const DIFFERENT = `SELECT t.k, count(DISTINCT t.y) AS n, sum(DISTINCT t.y) AS s, count(*) AS c
  FROM t
  GROUP BY t.k`;
const GROUPS = `SELECT g.n, count(*) AS c, sum(g.s) AS s
  FROM (SELECT k, count(*) AS n, sum(y) AS s FROM t GROUP BY k) AS g
  GROUP BY g.n`;
const COARSE = `SELECT count(*) AS c, count(d.label) AS l, sum(t.y) AS s
  FROM t LEFT JOIN d ON d.k = t.k`;
const COUNTED = `SELECT g.n, count(*) AS c
  FROM (SELECT t.k, count(d.label) AS n FROM t LEFT JOIN d ON d.k = t.k GROUP BY t.k) AS g
  GROUP BY g.n`;
export type CompositionDefinition =
  | typeof DIFFERENT
  | typeof GROUPS
  | typeof COARSE
  | typeof COUNTED;

const DELTA = /^what is pending, as rows of the state$/;
const MERGED = /^what pending changes concern, with them$/;
const CURRENT = /^the answer computed now$/;
const FOLDS = /^fold: /;

export const COMPOSITION_MUTATIONS: readonly Mutation[] = [
  {
    name: 'values that go count as values that come',
    definition: DIFFERENT,
    at: DELTA,
    wrong: [[/CASE WHEN [^\n]* > 0 THEN 1 ELSE -1 END/, '1']],
  },
  {
    name: 'a value that was there already comes again',
    definition: DIFFERENT,
    at: DELTA,
    wrong: [[/HAVING \(pg_catalog\.sum\(u\.rows\) > 0\) <> [^\n]*/, 'HAVING TRUE']],
  },
  {
    name: 'what is stored of the values is forgotten',
    definition: DIFFERENT,
    at: DELTA,
    wrong: [['rows AS before', '0 AS before']],
  },
  {
    name: 'values of no key are looked up by equality',
    definition: DIFFERENT,
    at: DELTA,
    wrong: [[/WHERE \((\w+ IS NULL OR \w+ IS NULL)\) AND EXISTS/, 'WHERE FALSE AND EXISTS']],
  },
  {
    name: 'the values are folded first, so that none comes or goes',
    definition: DIFFERENT,
    at: FOLDS,
    wrong: [[/(touched := [^\n]*fold1_[^\n]*)\n( *)(touched := [^\n]*fold2_[^\n]*)/, '$3\n$2$1']],
  },
  {
    name: 'the values are not folded',
    definition: DIFFERENT,
    at: FOLDS,
    wrong: [[/touched := [^\n]*fold2_[^\n]*/, '']],
  },
  {
    name: 'groups as they were stay',
    definition: GROUPS,
    at: DELTA,
    wrong: [['-1::bigint AS weight', '0::bigint AS weight']],
  },
  {
    name: 'groups that are gone are there now',
    definition: GROUPS,
    at: DELTA,
    wrong: [[/HAVING pg_catalog\.sum\(u\.rows\) <> 0/, 'HAVING TRUE']],
  },
  {
    name: 'of groups as they are now only what is pending counts',
    definition: GROUPS,
    at: DELTA,
    wrong: [[/SELECT [^\n]* FROM stored0\n *UNION ALL\n/, '']],
  },
  {
    name: 'groups keep what rows of touched keys were',
    definition: COARSE,
    at: FOLDS,
    wrong: [[/(rows of touched keys as they were stored\n[^\n]*)-1::bigint/, '$10::bigint']],
  },
  {
    name: 'groups do not get what rows of touched keys are now',
    definition: COARSE,
    at: FOLDS,
    wrong: [[/(rows of touched keys now\n[^\n]*) 1::bigint/, '$1 0::bigint']],
  },
  {
    name: 'rows of touched keys stay',
    definition: COARSE,
    at: FOLDS,
    wrong: [[/(DELETE FROM [^\n]*\n *WHERE) (s\.\w+ = ANY)/, '$1 FALSE AND $2']],
  },
  {
    name: 'stored rows without a key stay',
    definition: COARSE,
    at: FOLDS,
    wrong: [[/ OR \(\$2 AND s\.\w+ IS NULL\)/, '']],
  },
  {
    name: 'rows without a key now are forgotten',
    definition: COARSE,
    at: FOLDS,
    wrong: [[/AND \$2\n/, 'AND FALSE\n']],
  },
  {
    name: 'to a reader, rows of touched keys as they are stored stay',
    definition: COARSE,
    at: MERGED,
    wrong: [[/(rows of touched keys as they are stored\n[^\n]*)-1::bigint/, '$10::bigint']],
  },
  {
    name: 'to a reader, rows of touched keys now are forgotten',
    definition: COARSE,
    at: MERGED,
    wrong: [[/(rows of touched keys now\n[^\n]*)1::bigint/, '$10::bigint']],
  },
  {
    name: 'groups are computed anew though few keys are touched',
    definition: COARSE,
    at: MERGED,
    wrong: [[/WHERE NOT [^\n]*is_few[^\n]*$/, '']],
  },
  {
    name: 'to a reader, stored groups that pending changes concern stay',
    definition: COUNTED,
    at: CURRENT,
    wrong: [[/AND NOT EXISTS \(SELECT FROM merged AS d WHERE d\.n [^\n]*\)/, '']],
  },
  {
    name: 'to a reader, groups that are gone are there',
    definition: COUNTED,
    at: CURRENT,
    wrong: [[/WHERE s\.rows_now <> 0/, '']],
  },
  {
    name: 'to a reader, groups that are gone leave the stored ones',
    definition: COUNTED,
    at: MERGED,
    wrong: [
      [
        /WHERE \(SELECT t\.is_few AND [^\n]*\)(?=\nUNION ALL\nSELECT\n  s\.n)/,
        '$& AND s.rows <> 0',
      ],
    ],
  },
  {
    name: 'groups are computed anew from the former rows',
    definition: COARSE,
    at: FOLDS,
    wrong: [[/fold2_(\w+)\(true\)([\s\S]*)fold1_(\w+)\(true\)/, 'fold1_$3(true)$2fold2_$1(true)']],
  },
  {
    name: 'the rows are not folded',
    definition: COARSE,
    at: FOLDS,
    wrong: [[/touched := [^\n]*fold2_\w+\((?:true|false)\);/g, '']],
  },
];
