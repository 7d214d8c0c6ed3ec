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
  moment_aged: `SELECT o.customer, count(*) AS n FROM orders o
    WHERE now() - o.placed < INTERVAL '30 days' GROUP BY o.customer`,
  moment_buckets: `SELECT o.customer,
      sum(o.amount) FILTER (WHERE current_date - o.due BETWEEN 1 AND 30) AS month,
      sum(o.amount) FILTER (WHERE current_date - o.due > 30) AS older
    FROM orders o WHERE o.due < current_date GROUP BY o.customer`,
  moment_same_day: 'SELECT count(*) AS n FROM orders o WHERE o.placed::date = current_date',
  moment_same_month: `SELECT c.region, sum(o.amount) AS total
    FROM customer c JOIN orders o ON o.customer = c.id
    WHERE date_trunc('month', o.placed) = date_trunc('month', now()) GROUP BY c.region`,
  moment_same_year: `SELECT o.customer, count(*) AS n FROM orders o
    WHERE extract(year FROM o.due) = extract(year FROM current_date) GROUP BY o.customer`,
  moment_open_end: `SELECT o.customer, count(*) AS n FROM orders o
    WHERE coalesce(o.shipped, 'infinity') > now() - INTERVAL '30 days' GROUP BY o.customer`,
  moment_overdue: `SELECT o.id, c.name, o.amount, current_date - o.due AS days
    FROM orders o JOIN customer c ON c.id = o.customer WHERE o.due < current_date`,
  moment_days_since: `SELECT c.id, c.name, current_date - max(o.due) AS days,
      CASE WHEN max(o.placed) > now() - INTERVAL '30 days' THEN 'active' ELSE 'gone' END AS state
    FROM customer c LEFT JOIN orders o ON o.customer = c.id GROUP BY c.id, c.name`,
  moment_stamped: 'SELECT c.region, count(*) AS n, now() AS computed FROM customer c GROUP BY 1',
  moment_idle: `SELECT o.customer, max(o.placed) AS last FROM orders o GROUP BY o.customer
    HAVING max(o.placed) < now() - INTERVAL '30 days'`,
  moment_score: `SELECT o.id, o.amount + (current_date - o.due) AS score FROM orders o
    WHERE o.due IS NOT NULL ORDER BY score DESC, o.id LIMIT 5`,
  moment_left_aged: `SELECT c.id, count(o.id) AS n FROM customer c
    LEFT JOIN orders o ON o.customer = c.id AND now() - o.placed < INTERVAL '30 days'
    GROUP BY c.id`,
  moment_sum: `SELECT o.customer, sum(now() - o.placed) AS age FROM orders o GROUP BY o.customer`,
  moment_case: `SELECT c.region, count(*) FILTER (WHERE c.joined > current_date - 365) AS newcomers
    FROM customer c GROUP BY c.region`,
  moment_random: 'SELECT count(*) AS n FROM orders o WHERE random() >= 0',
};
