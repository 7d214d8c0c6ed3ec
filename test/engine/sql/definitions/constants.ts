/** What reads no table, and what has no columns. */
import type { Definitions } from './definition.ts';

export const CONSTANTS: Definitions = {
  constant_row: `SELECT 1 AS one, NULL::text AS none, ARRAY[1, 2] AS list`,
  constant_no_row: 'SELECT 1 AS one WHERE false',
  constant_values: `VALUES (1, 'a'), (2, 'b'), (2, 'b'), (NULL, NULL)`,
  constant_calendar: `SELECT d::date AS day, extract(isodow FROM d) AS weekday
    FROM generate_series(TIMESTAMP '2024-01-01', TIMESTAMP '2024-03-01', INTERVAL '1 day') AS d`,
  constant_groups: `SELECT x % 3 AS k, count(*) AS n, max(x) AS most, count(DISTINCT x % 2) AS d
    FROM generate_series(1, 10) AS x GROUP BY x % 3`,
  constant_total: 'SELECT count(*) AS n, sum(x) AS s, min(x) AS m FROM generate_series(1, 9) AS x',
  constant_union: 'SELECT 1 AS a UNION SELECT 2 UNION ALL SELECT 2',
  constant_window: `SELECT x, sum(x) OVER (ORDER BY x) AS so_far FROM generate_series(1, 5) AS x`,
  constant_limit: 'SELECT x FROM generate_series(1, 50) AS x ORDER BY x DESC LIMIT 3',
  constant_now: 'SELECT now() AS at',
  constant_today: "SELECT CURRENT_DATE AS today, now() > TIMESTAMPTZ '2024-01-01 00:00Z' AS late",
  constant_last_days: `SELECT d::date AS day
    FROM generate_series(CURRENT_DATE - 6, CURRENT_DATE, INTERVAL '1 day') AS d`,
  no_columns: 'SELECT FROM orders o WHERE o.qty > 1',
  no_columns_joined: 'SELECT FROM customer c JOIN orders o ON o.customer = c.id',
  no_columns_grouped: 'SELECT FROM orders o GROUP BY o.product',
};
