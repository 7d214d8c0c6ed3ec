/** Known wrong changes of a join of several tables. */
import type { Mutation } from './mutations.ts';

const CHAIN = `SELECT a.label, count(*) AS n, sum(t.x) AS s
  FROM t, d a, d b, d c
  WHERE a.k = t.k AND b.k = t.k AND c.k = t.k
  GROUP BY a.label`;
export type ChainDefinition = typeof CHAIN;

const DELTA = /^what is pending, as rows of the state$/;
const PARTS = /^what is pending of one table, with the others$/;
const COUNTS = /^how much of each table is pending$/;
const CHANGES = /^the same as a function, planned only if anything is pending$/;

export const CHAIN_MUTATIONS: readonly Mutation[] = [
  {
    name: 'new for old in the telescoped delta',
    definition: CHAIN,
    at: DELTA,
    wrong: [[/SELECT -(r\d\.weight)/g, 'SELECT 0 * $1']],
  },
  {
    name: 'new for old in a part of the delta',
    definition: CHAIN,
    at: PARTS,
    wrong: [[/SELECT -(r\d\.weight)/g, 'SELECT 0 * $1']],
  },
  {
    name: 'a table whose pending rows are not counted',
    definition: CHAIN,
    at: COUNTS,
    wrong: [[/(SELECT 1 AS part, )/, '$1 0 * ']],
  },
  {
    name: 'the parts of two tables are taken for each other',
    definition: CHAIN,
    at: CHANGES,
    wrong: [['ORDER BY p.part) FILTER (WHERE p.rows > 0)', ') FILTER (WHERE p.rows = 0)']],
  },
];
