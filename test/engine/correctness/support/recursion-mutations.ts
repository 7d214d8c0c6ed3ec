/** Known wrong ways to maintain the rows of a recursive CTE. */
import { FOLD } from './bench.ts';
import type { Mutation } from './mutations.ts';

/** The key moves with each step. */
const MOVES = `WITH RECURSIVE r AS (
    SELECT d.k AS root, d.label FROM d WHERE d.k IN ('q', 'r')
    UNION
    SELECT r.root, d.label FROM r JOIN d ON d.k = r.label
  )
  SELECT root, label FROM r`;
/** It stays, because the next label is an expression. */
const STAYS = `WITH RECURSIVE r AS (
    SELECT d.k AS root, d.label || '' AS label FROM d WHERE d.k IN ('q', 'r')
    UNION
    SELECT r.root, d.label || '' FROM r JOIN d ON d.k = r.label
  )
  SELECT root, label FROM r`;
const JOINED = `WITH RECURSIVE r AS (
    SELECT d.k AS root, d.label FROM d WHERE d.k IN ('q', 'r')
    UNION
    SELECT r.root, d.label FROM r JOIN d ON d.k = r.label
  )
  SELECT r.root, count(*) AS n, sum(t.y) AS s FROM r JOIN t ON t.k = r.label GROUP BY r.root`;
/** No column tells its rows apart, as all are expressions. */
const KEYLESS = `WITH RECURSIVE r AS (
    SELECT d.k || '' AS root, d.label || '' AS label FROM d WHERE d.k IN ('q', 'r')
    UNION
    SELECT r.root || '', d.label || '' FROM r JOIN d ON d.k = r.label
  )
  SELECT r.root, count(*) AS n, sum(t.y) AS s FROM r JOIN t ON t.k = r.label GROUP BY r.root`;
export type RecursionDefinition = typeof MOVES | typeof STAYS | typeof JOINED | typeof KEYLESS;

const TOUCHED = /^the keys that pending rows touch$/;
const REGROUPED = /^stored rows, and those of touched keys now$/;
const DELTA = /^what is pending, as rows of the state$/;
const FOLDS = /^fold: /;
const CALL = String.raw`touched := [^\n]*`;
const FOLDED_FIRST = new RegExp(
  String.raw`(${CALL}fold1_[^\n]*false[^\n]*)([\s\S]*?)(${CALL}fold2_[^\n]*false[^\n]*)`,
);

/** Trees that grow, are cut and joined again; the root `q` and a cycle come and go. */
export const RECURSION_HISTORY: readonly string[] = [
  `INSERT INTO d VALUES ('r', 's'), ('s', 'u'), ('u', 'v'), ('v', 'w'), ('v', 'x'), ('y', 'z')`,
  `INSERT INTO t SELECT k, 1, ascii(k) FROM unnest(ARRAY['s', 'u', 'v', 'w', 'x', 'z']) k`,
  FOLD,
  `UPDATE d SET label = 'y' WHERE k = 's'`,
  FOLD,
  `UPDATE d SET label = 'u' WHERE k = 's'; INSERT INTO t VALUES ('w', 1, 7), ('z', 1, 9)`,
  FOLD,
  `DELETE FROM d WHERE k = 'u'; UPDATE t SET y = y + 1 WHERE k IN ('v', 'u')`,
  FOLD,
  `INSERT INTO d VALUES ('u', 'v'), ('x', 's')`,
  FOLD,
  `INSERT INTO d VALUES ('q', 'v'), ('q', NULL), ('r', NULL)`,
  FOLD,
  `DELETE FROM d WHERE k = 'r' AND label IS NULL`,
  FOLD,
  `DELETE FROM d WHERE k = 'x'`,
  FOLD,
  `DELETE FROM d WHERE k = 'q'`,
  FOLD,
  `UPDATE d SET label = 'w2' WHERE label = 'w'; INSERT INTO t VALUES ('w2', 1, 1)`,
  `DELETE FROM d WHERE k = 's'`,
  FOLD,
];

export const RECURSION_MUTATIONS: readonly Mutation[] = [
  {
    name: 'touched keys: those to which steps lead are forgotten',
    definition: MOVES,
    at: TOUCHED,
    wrong: [[/(-- keys to which a step leads[\s\S]*?\n *WHERE )[^\n]*/, '$1FALSE']],
  },
  {
    name: 'touched keys: only one step is gone',
    definition: MOVES,
    at: TOUCHED,
    wrong: [
      [
        /UNION\n( *-- keys to which a step leads\n *SELECT [^\n]*\n *FROM )"?keys"?( AS [^,]*),/,
        "UNION\n$1(SELECT k.key FROM keys AS k WHERE k.key = 'y')$2,",
      ],
    ],
  },
  {
    name: 'touched keys: rows that have gone are forgotten',
    definition: MOVES,
    at: TOUCHED,
    wrong: [[/WHERE l\.xid/g, 'WHERE l.weight > 0 AND l.xid']],
  },
  {
    name: 'touched keys: rows that have come are forgotten',
    definition: MOVES,
    at: TOUCHED,
    wrong: [[/WHERE l\.xid/g, 'WHERE l.weight < 0 AND l.xid']],
  },
  {
    name: 'touched keys: no stored row leads to a changed one',
    definition: MOVES,
    at: TOUCHED,
    wrong: [[/(kept_rows AS NOT MATERIALIZED \(\s*SELECT [^\n]* AS s)\n/, '$1 WHERE FALSE\n']],
  },
  {
    name: 'rows of touched keys are not derived from stored ones',
    definition: MOVES,
    at: REGROUPED,
    wrong: [['IS NOT TRUE\n', 'IS NOT TRUE AND FALSE\n']],
  },
  {
    name: 'rows of touched keys are derived from those that were stored',
    definition: MOVES,
    at: REGROUPED,
    wrong: [['IS NOT TRUE\n', 'IS NOT NULL\n']],
  },
  {
    name: 'rows of touched keys lead to no others',
    definition: MOVES,
    at: REGROUPED,
    wrong: [[/(JOIN|FROM) derived_rows AS/, '$1 (SELECT * FROM derived_rows WHERE FALSE) AS']],
  },
  {
    name: 'rows without a key are not computed again',
    definition: MOVES,
    at: REGROUPED,
    wrong: [[/(\) AS n\n *WHERE )[^\n]*/, '$1FALSE']],
  },
  {
    name: 'a fold keeps the rows of touched keys',
    definition: MOVES,
    at: FOLDS,
    wrong: [[/WHERE label = ANY \(\$1\)/, 'WHERE FALSE']],
  },
  {
    name: 'touched keys: what stored rows meet is forgotten',
    definition: STAYS,
    at: TOUCHED,
    wrong: [[/(kept_rows AS NOT MATERIALIZED \(\s*SELECT [^\n]* AS s)\n/, '$1 WHERE FALSE\n']],
  },
  {
    name: 'touched keys: the base is forgotten',
    definition: STAYS,
    at: TOUCHED,
    wrong: [['WHERE (SELECT p.changed1 FROM pending AS p)', 'WHERE FALSE']],
  },
  {
    name: 'rows that stay what they are count twice',
    definition: JOINED,
    at: DELTA,
    wrong: [
      ['pg_catalog.sum(u.weight)::bigint AS weight', '1::bigint AS weight'],
      [/HAVING pg_catalog\.sum\(u\.weight\) <> 0/, ''],
    ],
  },
  {
    name: 'rows of touched keys as they are stored stay',
    definition: JOINED,
    at: DELTA,
    wrong: [[/(rows of touched keys as they are stored\n[^\n]*)-1::bigint/, '$10::bigint']],
  },
  {
    name: 'both have changed: their product is not taken back',
    definition: JOINED,
    at: DELTA,
    wrong: [[/\(-(s\d)\.weight \* (r\d)\.weight\)/g, '(0 * $1.weight * $2.weight)']],
  },
  {
    name: 'changes of the other table meet only rows that were stored',
    definition: JOINED,
    at: DELTA,
    wrong: [[/\((s\d)\.weight \* (r\d)\.weight\)/g, '(0 * $1.weight * $2.weight)']],
  },
  {
    name: 'the rows are folded before the groups',
    definition: JOINED,
    at: FOLDS,
    wrong: [[FOLDED_FIRST, '$3$2$1']],
  },
  {
    name: 'a change of a table without a path to a key is forgotten',
    definition: KEYLESS,
    at: TOUCHED,
    wrong: [[/ AND NOT \(SELECT p\.changed1 FROM pending AS p\)/, '']],
  },
];
