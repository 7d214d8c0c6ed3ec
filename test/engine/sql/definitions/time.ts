/** What depends on the time zone, on other settings, or on the moment. */
import type { Definitions } from './definition.ts';

export const TIME: Definitions = {
  zone_day: `SELECT date_trunc('day', o.placed) AS day, count(*) AS n FROM orders o GROUP BY 1`,
  zone_day_named: `SELECT date_trunc('day', o.placed, 'Europe/Berlin') AS day, count(*) AS n
    FROM orders o GROUP BY 1`,
  zone_date: 'SELECT o.placed::date AS day, sum(o.amount) AS total FROM orders o GROUP BY 1',
  zone_at_utc: `SELECT date_trunc('month', o.placed AT TIME ZONE 'UTC') AS month, count(*) AS n
    FROM orders o GROUP BY 1`,
  zone_extract: 'SELECT extract(hour FROM v.at) AS hour, count(*) AS n FROM visit v GROUP BY 1',
  zone_epoch: 'SELECT extract(epoch FROM v.at) AS seconds, count(*) AS n FROM visit v GROUP BY 1',
  zone_text: `SELECT to_char(o.placed, 'YYYY-MM') AS month, count(*) AS n FROM orders o GROUP BY 1`,
  zone_cast_text: 'SELECT v.at::text AS at, count(*) AS n FROM visit v GROUP BY 1',
  zone_plus_days: `SELECT o.id, o.placed + INTERVAL '1 day' AS next FROM orders o`,
  zone_plus_hours: `SELECT o.id, o.placed - INTERVAL '36 hours' AS before FROM orders o`,
  zone_compare: `SELECT o.id FROM orders o WHERE o.placed > o.shipped`,
  zone_compare_constant: `SELECT o.id FROM orders o WHERE o.placed >= '2024-02-01'`,
  zone_bin: `SELECT date_bin('1 hour', v.at, TIMESTAMPTZ '2024-01-01 00:00+00') AS slot,
    count(*) AS n
    FROM visit v GROUP BY 1`,
  date_text: 'SELECT o.due::text AS due, count(*) AS n FROM orders o GROUP BY 1',
  float_text: 'SELECT p.weight::text AS weight, count(*) AS n FROM product p GROUP BY 1',
  moment_recent: `SELECT o.id, o.amount FROM orders o WHERE o.placed > now() - INTERVAL '30 days'`,
  moment_recent_group: `SELECT o.customer, count(*) AS n, sum(o.amount) AS total FROM orders o
    WHERE o.placed > now() - INTERVAL '1 month' GROUP BY o.customer`,
  moment_between: `SELECT o.id FROM orders o
    WHERE o.placed BETWEEN now() - INTERVAL '30 days' AND now()`,
  moment_future: 'SELECT count(*) AS n FROM orders o WHERE o.placed > now()',
  moment_joined: `SELECT c.region, count(*) AS n
    FROM customer c JOIN orders o ON o.customer = c.id
    WHERE o.placed > now() - INTERVAL '30 days' GROUP BY c.region`,
  moment_left: `SELECT c.id, count(o.id) AS recent
    FROM customer c
      LEFT JOIN orders o ON o.customer = c.id AND o.placed > now() - INTERVAL '30 days'
    GROUP BY c.id`,
  moment_date: `SELECT o.id FROM orders o WHERE o.due < current_date - 30`,
  moment_age: `SELECT o.due, current_date - o.due AS days, count(*) AS n FROM orders o
    GROUP BY o.due`,
  moment_case: `SELECT c.region, count(*) FILTER (WHERE c.joined > current_date - 365) AS newcomers
    FROM customer c GROUP BY c.region`,
  moment_random: 'SELECT count(*) AS n FROM orders o WHERE random() >= 0',
};
