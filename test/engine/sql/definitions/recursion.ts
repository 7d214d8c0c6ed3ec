/** Recursive CTEs, and what only a swap can maintain. */
import type { Definitions } from './definition.ts';

export const RECURSION: Definitions = {
  recursive_tree: `WITH RECURSIVE t AS (
      SELECT n.id, n.id AS root FROM node n WHERE n.parent IS NULL
      UNION
      SELECT n.id, t.root FROM node n JOIN t ON n.parent = t.id
    )
    SELECT t.root, count(*) AS nodes FROM t GROUP BY t.root`,
  recursive_paths: `WITH RECURSIVE t AS (
      SELECT n.parent AS top, n.id FROM node n
      UNION
      SELECT t.top, n.id FROM t JOIN node n ON n.parent = t.id
    )
    SELECT t.top, t.id FROM t`,
  recursive_depth: `WITH RECURSIVE t AS (
      SELECT n.id, 0 AS depth FROM node n WHERE n.parent IS NULL
      UNION ALL
      SELECT n.id, t.depth + 1 FROM node n JOIN t ON n.parent = t.id WHERE t.depth < 5
    )
    SELECT t.depth, count(*) AS n FROM t GROUP BY t.depth`,
  recursive_referrers: `WITH RECURSIVE chain AS (
      SELECT c.id, c.referrer FROM customer c
      UNION
      SELECT chain.id, c.referrer FROM chain JOIN customer c ON c.id = chain.referrer
    )
    SELECT chain.id, count(chain.referrer) AS referrers FROM chain GROUP BY chain.id`,
  recursive_series: `WITH RECURSIVE days AS (
      SELECT DATE '2024-01-01' AS day UNION ALL SELECT day + 31 FROM days WHERE day < '2024-06-01'
    )
    SELECT d.day, count(r.id) AS readings
    FROM days d LEFT JOIN reading r ON r.at::date >= d.day AND r.at::date < d.day + 31
    GROUP BY d.day`,
  sample_all: 'SELECT count(*) AS n FROM orders o TABLESAMPLE BERNOULLI (100) REPEATABLE (1)',
  sample_rows: 'SELECT n.id, n.grp FROM node n TABLESAMPLE SYSTEM (100) REPEATABLE (7)',
};
