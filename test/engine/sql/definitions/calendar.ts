/** Series, lists and arrays to which tables are joined: every day has a row, whatever happened. */
import type { Definitions } from './definition.ts';

const DAYS = `generate_series('2024-01-01'::timestamp, '2024-03-05'::timestamp,
  interval '1 day')`;
const DAY_LIST = `(SELECT ${DAYS}::date AS day)`;
/** Of times with time zone, over a change of the clock. */
const ZONED = `generate_series('2024-01-25'::date, '2024-03-15'::date, interval '1 day')`;
const STATES = `(VALUES ('new', 'open'), ('paid', 'open'), ('void', 'closed'), ('x', NULL),
  (NULL, 'none')) AS s(status, stage)`;

export const CALENDAR: Definitions = {
  days_left: `SELECT d::date AS day, count(o.id) AS n, coalesce(sum(o.amount), 0) AS total
    FROM ${DAYS} d LEFT JOIN orders o ON o.due = d::date GROUP BY 1`,
  days_subquery: `SELECT d.day, count(o.id) AS n, max(o.amount) AS most
    FROM ${DAY_LIST} d LEFT JOIN orders o ON o.due = d.day GROUP BY d.day`,
  days_cte: `WITH days AS ${DAY_LIST}
    SELECT days.day, count(o.id) AS n FROM days LEFT JOIN orders o ON o.due = days.day
    GROUP BY days.day`,
  days_cte_of_function: `WITH days AS (
      SELECT d::date AS day, extract(isodow FROM d) < 6 AS works, to_char(d, 'YYYY-MM') AS month
      FROM ${DAYS} d)
    SELECT days.day, days.works, count(o.id) AS n
    FROM days LEFT JOIN orders o ON o.due = days.day
    GROUP BY days.day, days.works`,
  days_by_month: `WITH days AS (
      SELECT d::date AS day, to_char(d, 'YYYY-MM') AS month FROM ${DAYS} d)
    SELECT days.month, count(o.id) AS n, count(DISTINCT days.day) AS days
    FROM days LEFT JOIN orders o ON o.due = days.day GROUP BY days.month`,
  days_list: `SELECT d.day, o.id, o.amount
    FROM ${DAY_LIST} d LEFT JOIN orders o ON o.due = d.day`,
  days_using: `SELECT due, count(o.id) AS n
    FROM (SELECT ${DAYS}::date AS due) d LEFT JOIN orders o USING (due) GROUP BY due`,
  days_right: `SELECT d.day, count(o.id) AS n
    FROM orders o RIGHT JOIN ${DAY_LIST} d ON o.due = d.day GROUP BY d.day`,
  days_preserved_other: `SELECT o.due, d.day, count(*) AS n
    FROM orders o LEFT JOIN ${DAY_LIST} d ON o.due = d.day GROUP BY o.due, d.day`,
  days_full: `SELECT coalesce(d.day, o.due) AS day, count(o.id) AS n, count(d.day) AS in_range
    FROM ${DAY_LIST} d FULL JOIN orders o ON o.due = d.day GROUP BY 1`,
  days_full_using: `SELECT due, count(o.id) AS n
    FROM (SELECT ${DAYS}::date AS due) d FULL JOIN orders o USING (due) GROUP BY due`,
  days_full_nullable_key: `SELECT d.day, count(o.id) AS n
    FROM ${DAY_LIST} d FULL JOIN orders o ON o.due = d.day GROUP BY d.day`,
  days_inner: `SELECT d.day, max(o.amount) AS most, count(*) AS n
    FROM ${DAY_LIST} d JOIN orders o ON o.due = d.day GROUP BY d.day`,
  days_where: `SELECT d.day, count(o.id) AS n
    FROM ${DAY_LIST} d LEFT JOIN orders o ON o.due = d.day
    WHERE extract(isodow FROM d.day) < 6 AND (o.qty > 1 OR o.qty IS NULL) GROUP BY d.day`,
  days_having: `SELECT d.day FROM ${DAY_LIST} d LEFT JOIN orders o ON o.due = d.day
    GROUP BY d.day HAVING count(o.id) = 0`,
  days_missing: `SELECT d.day FROM ${DAY_LIST} d
    WHERE NOT EXISTS (SELECT FROM orders o WHERE o.due = d.day)`,
  days_not_in: `SELECT d.day FROM ${DAY_LIST} d
    WHERE d.day NOT IN (SELECT o.due FROM orders o WHERE o.due IS NOT NULL)`,
  days_in: `SELECT d.day FROM ${DAY_LIST} d WHERE d.day IN (SELECT o.due FROM orders o)`,
  days_except: `SELECT d.day FROM ${DAY_LIST} d EXCEPT SELECT o.due FROM orders o`,
  days_except_from: `SELECT o.due FROM orders o EXCEPT SELECT d.day FROM ${DAY_LIST} d`,
  days_union: `SELECT d.day FROM ${DAY_LIST} d UNION SELECT c.joined FROM customer c`,
  days_recent: `SELECT d.day, count(o.id) AS n FROM ${DAY_LIST} d
    LEFT JOIN orders o ON o.due = d.day AND o.placed > now() - interval '30 days' GROUP BY d.day`,
  days_recent_until: `SELECT d.day, count(o.id) AS n FROM ${DAY_LIST} d
    LEFT JOIN orders o ON o.due <= d.day AND o.placed > now() - interval '30 days'
    GROUP BY d.day`,
  days_rollup: `SELECT d.day, count(o.id) AS n
    FROM ${DAY_LIST} d LEFT JOIN orders o ON o.due = d.day GROUP BY ROLLUP (d.day)`,
  days_aliased: `SELECT j.day, count(j.id) AS n
    FROM (${DAY_LIST} d LEFT JOIN orders o ON o.due = d.day) AS j GROUP BY j.day`,
  days_row: `SELECT d.day, count(d) AS rows, count(o) AS orders
    FROM ${DAY_LIST} d LEFT JOIN orders o ON o.due = d.day GROUP BY d.day`,
  days_scalar: `SELECT d.day, (SELECT sum(o.amount) FROM orders o WHERE o.due = d.day) AS total
    FROM ${DAY_LIST} d`,
  days_scalar_range: `SELECT d.day, (SELECT count(*) FROM orders o
      WHERE o.due <= d.day AND (o.shipped IS NULL OR o.shipped::date >= d.day)) AS n
    FROM ${DAY_LIST} d`,
  days_month_of_day: `SELECT date_trunc('month', d)::date AS month, count(o.id) AS n
    FROM ${DAYS} d LEFT JOIN orders o ON o.due = d::date GROUP BY 1`,
  days_of_group: `SELECT d.day, coalesce(g.n, 0) AS n
    FROM ${DAY_LIST} d
      LEFT JOIN (SELECT r.at::date AS day, count(*) AS n FROM reading r GROUP BY 1) g
        ON g.day = d.day`,
  days_of_two_groups: `SELECT d.day, coalesce(g.n, 0) AS n, coalesce(v.total, 0) AS total
    FROM ${DAY_LIST} d
      LEFT JOIN (SELECT date_trunc('day', r.at) AS day, count(*) AS n FROM reading r GROUP BY 1) g
        ON g.day = d.day
      LEFT JOIN (SELECT o.due, sum(o.amount) AS total FROM orders o GROUP BY 1) v ON v.due = d.day`,
  days_two_tables: `SELECT d.day, count(DISTINCT o.id) AS due, count(DISTINCT c.id) AS joined
    FROM ${DAY_LIST} d LEFT JOIN orders o ON o.due = d.day LEFT JOIN customer c ON c.joined = d.day
    GROUP BY d.day`,
  days_chain: `SELECT d.day, count(DISTINCT o.id) AS n, sum(i.qty) AS qty, max(p.category) AS most
    FROM ${DAY_LIST} d
      LEFT JOIN orders o ON o.due = d.day
      LEFT JOIN item i ON i.order_id = o.id
      LEFT JOIN product p ON p.id = i.product
    GROUP BY d.day`,
  days_cast: `SELECT d.day, count(r.id) AS n, min(r.value) AS least
    FROM ${DAY_LIST} d LEFT JOIN reading r ON r.at::date = d.day GROUP BY d.day`,
  days_trunc: `SELECT d.d AS day, count(r.id) AS n
    FROM ${DAYS} d(d) LEFT JOIN reading r ON date_trunc('day', r.at) = d.d GROUP BY d.d`,
  days_zoned: `SELECT d.day, count(o.id) AS n FROM ${DAY_LIST} d
    LEFT JOIN orders o ON (o.placed AT TIME ZONE 'Europe/Berlin')::date = d.day GROUP BY d.day`,
  days_range: `SELECT d.d::date AS day, count(r.id) AS n
    FROM ${DAYS} d(d) LEFT JOIN reading r ON r.at >= d.d AND r.at < d.d + interval '1 day'
    GROUP BY 1`,
  days_between: `SELECT d.day, count(o.id) AS active
    FROM ${DAY_LIST} d
      LEFT JOIN orders o ON d.day BETWEEN o.due AND coalesce(o.shipped::date, 'infinity')
    GROUP BY d.day`,
  days_until: `SELECT d.day, sum(o.amount) AS total_so_far
    FROM ${DAY_LIST} d LEFT JOIN orders o ON o.due <= d.day GROUP BY d.day`,
  days_overlap: `SELECT m.first, count(o.id) AS n
    FROM (SELECT d::date AS first, (d + interval '1 month')::date AS next
      FROM generate_series('2024-01-01'::timestamp, '2025-06-01', '1 month') d) m
      LEFT JOIN orders o ON o.due < m.next AND (o.shipped >= m.first OR o.shipped IS NULL)
    GROUP BY m.first`,
  days_running: `SELECT d.day, sum(count(o.id)) OVER (ORDER BY d.day) AS so_far
    FROM ${DAY_LIST} d LEFT JOIN orders o ON o.due = d.day GROUP BY d.day`,
  days_twice: `SELECT d.day, count(o.id) AS n
    FROM (SELECT * FROM ${DAY_LIST} a UNION ALL SELECT * FROM ${DAY_LIST} b) d
      LEFT JOIN orders o ON o.due = d.day GROUP BY d.day`,
  days_repeated_list: `SELECT d.day, o.id
    FROM (VALUES ('2024-01-31'::date), ('2024-01-31'), (NULL), ('2024-03-01')) d(day)
      LEFT JOIN orders o ON o.due = d.day`,
  days_null_safe: `SELECT d.day, count(o.id) AS n
    FROM (VALUES ('2024-01-31'::date), (NULL), ('2024-03-01')) d(day)
      LEFT JOIN orders o ON o.due IS NOT DISTINCT FROM d.day GROUP BY d.day`,
  days_lateral: `SELECT d.day, x.id, x.amount
    FROM ${DAY_LIST} d
      LEFT JOIN LATERAL (SELECT o.id, o.amount FROM orders o WHERE o.due = d.day
        ORDER BY o.amount DESC NULLS LAST, o.id LIMIT 1) x ON true`,
  days_of_inner: `SELECT d.day, count(*) AS n, count(o.id) AS orders
    FROM ${DAY_LIST} d LEFT JOIN (orders o JOIN customer c ON c.id = o.customer AND c.active)
      ON o.due = d.day GROUP BY d.day`,
  days_limited: `SELECT d.day, count(o.id) AS n
    FROM (SELECT a.day FROM ${DAY_LIST} a ORDER BY a.day DESC LIMIT 20) d
      LEFT JOIN orders o ON o.due = d.day GROUP BY d.day`,
  days_volatile: `SELECT d.day, count(o.id) AS n
    FROM (SELECT a.day FROM ${DAY_LIST} a WHERE random() >= 0) d
      LEFT JOIN orders o ON o.due = d.day GROUP BY d.day`,
  days_moving: `SELECT d::date AS day, count(o.id) AS n
    FROM generate_series(current_date::timestamp - interval '3 days', current_date::timestamp,
      interval '1 day') d LEFT JOIN orders o ON o.shipped::date = d::date GROUP BY 1`,
  days_of_table: `SELECT d::date AS day, count(o.id) AS n
    FROM (SELECT min(due)::timestamp AS a, max(due)::timestamp AS b FROM orders) m,
      generate_series(m.a, m.b, interval '1 month') d LEFT JOIN orders o ON o.due = d::date
    GROUP BY 1`,
  zone_days: `SELECT d::date AS day, count(o.id) AS n FROM ${ZONED} d
    LEFT JOIN orders o ON o.due = d::date GROUP BY 1`,
  zone_days_placed: `SELECT d::date AS day, count(o.id) AS n, sum(o.amount) AS total
    FROM ${ZONED} d LEFT JOIN orders o ON o.placed::date = d::date GROUP BY 1`,
  zone_days_trunc: `SELECT d AS day, count(v.ms) AS n
    FROM ${ZONED} d LEFT JOIN visit v ON date_trunc('day', v.at) = d GROUP BY d`,
  zone_days_range: `SELECT d::date AS day, count(o.id) AS n
    FROM ${ZONED} d LEFT JOIN orders o ON o.placed >= d AND o.placed < d + interval '1 day'
    GROUP BY 1`,
  zone_months: `SELECT to_char(m, 'YYYY-MM') AS month, count(o.id) AS n
    FROM generate_series('2024-01-01', '2024-12-01', interval '1 month') m
      LEFT JOIN orders o ON date_trunc('month', o.placed) = m GROUP BY 1`,
  zone_days_cte: `WITH days AS (SELECT ${ZONED}::date AS day)
    SELECT days.day, coalesce(g.n, 0) AS n
    FROM days LEFT JOIN (SELECT o.placed::date AS day, count(*) AS n FROM orders o GROUP BY 1) g
      USING (day)`,
  list_status: `SELECT s.status, s.stage, count(o.id) AS n
    FROM ${STATES} LEFT JOIN orders o ON o.status::text = s.status GROUP BY s.status, s.stage`,
  list_enum: `SELECT s.status::text AS status, count(o.id) AS n
    FROM unnest(ARRAY['new', 'paid', 'void']::status[]) s(status)
      LEFT JOIN orders o ON o.status = s.status GROUP BY s.status`,
  list_unnamed: `SELECT "*VALUES*".column1 AS n, count(o.id) AS orders
    FROM (VALUES (1), (2), (9)) "*VALUES*" LEFT JOIN orders o ON o.qty = "*VALUES*".column1
    GROUP BY "*VALUES*".column1`,
  list_rows_from: `SELECT r.a, r.b, count(o.id) AS n
    FROM ROWS FROM (generate_series(1, 3), unnest(ARRAY['new', 'paid'])) AS r(a, b)
      LEFT JOIN orders o ON o.qty = r.a AND o.status::text = r.b GROUP BY r.a, r.b`,
  list_labels: `SELECT s.stage, count(o.id) AS n, max(o.amount) AS most
    FROM ${STATES} LEFT JOIN orders o ON o.status::text = s.status GROUP BY s.stage`,
  list_nullable: `SELECT s.stage, count(*) AS n, max(o.amount) AS most
    FROM orders o LEFT JOIN ${STATES} ON o.status::text = s.status GROUP BY s.stage`,
  list_rows: `SELECT o.id, o.qty, s.stage
    FROM orders o LEFT JOIN ${STATES} ON o.status::text = s.status`,
  list_unnest: `SELECT r.region, count(c.id) AS n, sum(c.credit) AS credit
    FROM (SELECT unnest(ARRAY['north', 'south', NULL, 'north', 'mars']) AS region) r
      LEFT JOIN customer c ON c.region = r.region GROUP BY r.region`,
  list_ordinality: `SELECT r.place, r.region, count(c.id) AS n
    FROM unnest(ARRAY['north', 'south', 'mars']) WITH ORDINALITY AS r(region, place)
      LEFT JOIN customer c ON c.region = r.region GROUP BY r.place, r.region`,
  list_through: `SELECT p.category, count(s.status) AS n
    FROM product p LEFT JOIN (VALUES (1, 'new'), (2, 'paid'), (2, 'sent')) w(id, status)
        ON w.id = p.id
      LEFT JOIN (SELECT DISTINCT status::text AS status FROM orders) s ON s.status = w.status
    GROUP BY p.category`,
  list_thresholds: `SELECT b.low, count(o.id) AS n
    FROM (VALUES (0, 5), (5, 20), (20, NULL)) b(low, high)
      LEFT JOIN orders o ON o.amount >= b.low AND (o.amount < b.high OR b.high IS NULL)
    GROUP BY b.low`,
  list_division: `SELECT d.share, count(o.id) AS n
    FROM (SELECT n, 60 / n AS share FROM generate_series(-2, 3) n) d
      LEFT JOIN orders o ON o.qty = d.n WHERE d.n <> 0 GROUP BY d.share`,
  months_crossed: `SELECT m.m, c.id, count(o.id) AS n
    FROM generate_series(1, 12) m(m) CROSS JOIN customer c
      LEFT JOIN orders o ON o.customer = c.id AND extract(month FROM o.due)::int = m.m
    GROUP BY m.m, c.id`,
  months_crossed_region: `SELECT m, c.region, count(v.ms) AS n
    FROM generate_series(0, 7) m CROSS JOIN customer c
      LEFT JOIN visit v ON v.customer = c.id AND v.ms = m GROUP BY m, c.region`,
  series_by_product: `SELECT p.id, d, count(o.id) AS n, sum(o.amount) AS total
    FROM product p CROSS JOIN ${DAYS} d
      LEFT JOIN orders o ON o.product = p.id AND o.due = d::date GROUP BY p.id, d`,
  series_numbers: `SELECT n, count(o.id) AS orders
    FROM generate_series(-1, 7) n LEFT JOIN orders o ON o.qty = n GROUP BY n`,
  series_other_type: `SELECT n, count(v.ms) AS visits
    FROM generate_series(1, 7) n LEFT JOIN visit v ON v.customer = n GROUP BY n`,
  series_sum: `SELECT n, count(o.id) AS orders
    FROM generate_series(-1, 7) n LEFT JOIN orders o ON o.qty + o.product = n GROUP BY n`,
  series_hours: `SELECT h.hour, count(r.id) AS n FROM generate_series(0, 23) h(hour)
    LEFT JOIN reading r ON extract(hour FROM r.at) = h.hour GROUP BY h.hour`,
  series_of_view: `SELECT n, count(p.id) AS paid
    FROM generate_series(1, 25) n LEFT JOIN paid p ON p.customer = n GROUP BY n`,
};
