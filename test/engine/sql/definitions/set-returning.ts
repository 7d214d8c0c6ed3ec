import type { Definitions } from './definition.ts';

export const SET_RETURNING: Definitions = {
  srf_series: `SELECT o.id, g.n FROM orders o CROSS JOIN generate_series(1, o.qty) AS g(n)`,
  srf_series_grouped: `SELECT g.n, count(*) AS orders, sum(o.amount) AS total
    FROM orders o, generate_series(1, o.qty) AS g(n) GROUP BY g.n`,
  srf_left: `SELECT p.id, s.size FROM product p LEFT
    JOIN LATERAL unnest(p.sizes) AS s(size) ON true`,
  srf_unnest: 'SELECT p.id, s.size FROM product p CROSS JOIN unnest(p.sizes) AS s(size)',
  srf_unnest_grouped: `SELECT t.tag, count(*) AS customers FROM customer c, unnest(c.tags) AS t(tag)
    GROUP BY t.tag`,
  srf_ordinality: `SELECT p.id, s.size, s.place
    FROM product p, unnest(p.sizes) WITH ORDINALITY AS s(size, place)`,
  srf_selected: 'SELECT p.id, unnest(p.sizes) AS size FROM product p',
  srf_selected_grouped: `SELECT u.tag, count(DISTINCT u.id) AS customers
    FROM (SELECT c.id, unnest(c.tags) AS tag FROM customer c) u GROUP BY u.tag`,
  srf_json_each: `SELECT c.id, e.key, e.value FROM customer c, jsonb_each(
      CASE WHEN jsonb_typeof(c.profile) = 'object' THEN c.profile ELSE '{}' END) AS e`,
  srf_json_elements: `SELECT c.id, e.value AS element
    FROM customer c, jsonb_array_elements(
      CASE jsonb_typeof(c.profile -> 'list') WHEN 'array' THEN c.profile -> 'list' ELSE '[]' END
    ) AS e(value)`,
  srf_rows_from: `SELECT p.id, r.a, r.b
    FROM product p, ROWS FROM (unnest(p.sizes), generate_series(1, 2)) AS r(a, b)`,
  srf_regexp: `SELECT c.id, w.word FROM customer c, regexp_split_to_table(c.name, 'e') AS w(word)`,
  srf_values: `SELECT o.id, f.label
    FROM orders o JOIN (VALUES (1, 'one'), (2, 'two'), (2, 'deux')) AS f(n, label) ON f.n = o.qty`,
  srf_dates: `SELECT d.day::date AS day, count(r.id) AS readings
    FROM generate_series(TIMESTAMP '2024-01-01', TIMESTAMP '2024-01-05', INTERVAL '1 day') AS d(day)
      LEFT JOIN reading r ON r.at::date = d.day::date
    GROUP BY 1`,
  srf_subquery_array: `SELECT c.id, u.order_id
    FROM customer c
      CROSS JOIN unnest(ARRAY(
        SELECT o.id FROM orders o WHERE o.customer = c.id ORDER BY o.id)) AS u(order_id)`,
};
