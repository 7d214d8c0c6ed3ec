/** Reports as people run them: several clauses at work in one definition. */
import { list } from './definition.ts';

export const reports = list(
  `SELECT c.country, date_trunc('month', o.order_date::timestamp) AS month, count(*) AS orders,
     sum(o.total) AS revenue,
          round(avg(o.total), 2) AS average, count(*) FILTER (WHERE o.status = 'Open') AS open
   FROM customers c JOIN orders o ON o.customer_id = c.id
   WHERE o.order_date >= '2023-01-01' AND c.active
   GROUP BY 1, 2
   HAVING sum(o.total) > 1000
   ORDER BY revenue DESC`,
  `SELECT p.name, g.name AS category, sum(l.quantity) AS units,
     sum(l.quantity * l.unit_price * (1 - coalesce(l.discount, 0))) AS net
   FROM lines l JOIN products p USING (product_id) JOIN categories g USING (category_id)
   GROUP BY p.product_id, p.name, g.name`,
  `SELECT sum(l.unit_price * l.discount) AS revenue FROM lines l JOIN orders o ON o.id = l.order_id
   WHERE o.order_date >= date '1994-01-01' AND o.order_date < date '1994-01-01' + interval '1 year'
     AND l.discount BETWEEN 0.06 - 0.01 AND 0.06 + 0.01 AND l.quantity < 24`,
  `SELECT 100.00 * sum(
     CASE WHEN p.name LIKE 'PROMO%' THEN l.unit_price * (1 - l.discount) ELSE 0 END
   ) / NULLIF(sum(l.unit_price * (1 - l.discount)), 0) AS share
   FROM lines l, products p WHERE l.product_id = p.product_id`,
  `SELECT count(*) FROM lines l, products p
   WHERE (
     p.product_id = l.product_id AND p.name IN ('a', 'b') AND l.quantity >= 1 AND l.quantity <= 11
   )
      OR (p.product_id = l.product_id AND p.name IN ('c') AND l.quantity BETWEEN 10 AND 20)
      OR (p.product_id = l.product_id AND p.price > 3 AND NOT l.note LIKE '%x%')`,
  `SELECT o.status, sum(l.quantity) AS quantity, avg(l.quantity) AS avg_quantity,
     avg(l.unit_price) AS avg_price, avg(l.discount) AS avg_discount, count(*) AS lines
   FROM lines l JOIN orders o ON o.id = l.order_id
   WHERE o.order_date <= date '1998-12-01' - interval '90 days'
   GROUP BY o.status
   ORDER BY o.status`,
  `SELECT extract(year FROM o.order_date) AS year, c.country,
     sum(o.total - o.freight::numeric) AS profit
   FROM orders o, customers c
   WHERE c.id = o.customer_id AND c.country = ANY ('{DE,FR,US}')
   GROUP BY extract(year FROM o.order_date), c.country`,
  `SELECT to_char(o.order_date, 'YYYY-"Q"Q') AS quarter, o.customer_id % 10 AS shard,
     sum(o.total)::numeric(14,2) AS total
   FROM orders o
   GROUP BY 1, 2`,
  `SELECT e.kind, e.payload ->> 'page' AS page, count(*) AS hits,
     sum((e.payload ->> 'ms')::int) AS ms, avg(e.value) AS value
   FROM events e
   WHERE e.payload ? 'page' AND e.kind <> 'ping'
   GROUP BY e.kind, e.payload ->> 'page'`,
  `SELECT kind, date_trunc('hour', at AT TIME ZONE 'UTC') AS hour, count(*) AS n,
     sum(count) AS total, bool_or(value > 100) AS spike
   FROM events WHERE at >= '2024-01-01 00:00:00+00' GROUP BY 1, 2`,
  `SELECT lower(trim(c.country)) AS country, count(c.email) AS with_email,
     sum(CASE WHEN c.credit IS NULL THEN 1 ELSE 0 END) AS without_credit,
          sum(c.credit) FILTER (WHERE c.mood IN ('ok', 'happy')) AS credit
          FROM customers c
          GROUP BY lower(trim(c.country))`,
  `SELECT CASE WHEN o.total < 10 THEN '0-10'
     WHEN o.total < 100 THEN '10-100'
     ELSE '100+' END AS band,
     count(*), sum(o.total)
   FROM orders o
   GROUP BY CASE WHEN o.total < 10 THEN '0-10' WHEN o.total < 100 THEN '10-100' ELSE '100+' END`,
  `SELECT parent.name AS parent, child.name AS child, count(p.product_id) AS products,
     sum(p.price) AS value
   FROM categories parent
     JOIN categories child ON child.parent = parent.category_id
     JOIN products p ON p.category_id = child.category_id
   GROUP BY parent.name, child.name`,
  `SELECT DISTINCT c.country, p.name
   FROM customers c
     JOIN orders o ON o.customer_id = c.id
     JOIN lines l ON l.order_id = o.id
     JOIN products p USING (product_id)
   WHERE o.total > 0`,
  `SELECT o.id, c.name, o.total, o.total * 0.19 AS vat, o.shipped IS NULL AS pending
   FROM orders o JOIN customers c ON c.id = o.customer_id
   WHERE o.status <> 'Paid'`,
  `SELECT "Company"."displayName", count(*) AS "userCount",
     count(*) FILTER (WHERE "User"."isActive") AS "activeCount",
     max("User"."createdAt") AS "lastSeen"
   FROM "User" "User" INNER JOIN "Company" "Company" ON "User"."companyId" = "Company".id
   WHERE "User"."createdAt" > '2024-01-01T00:00:00Z' GROUP BY "Company"."displayName"`,
  `SELECT stddev_samp(o.total) / NULLIF(avg(o.total), 0) AS variation,
     corr(o.total::float8, o.freight) AS r, regr_intercept(o.freight, o.total::float8) AS b
   FROM orders o`,
  `SELECT c.country, sum(o.total) * 100 / sum(c.credit) AS ratio
   FROM customers c JOIN orders o ON o.customer_id = c.id
   GROUP BY c.country
   HAVING sum(c.credit) <> 0 AND (count(*) > 10 OR min(o.total) IS NOT NULL)`,
  `SELECT sum(total) AS total, count(*) AS n, sum(total) > 1000 AS many
   FROM orders
   WHERE notes !~~ '%test%' AND coalesce(discount, 0) = 0`,
  `SELECT width_bucket(total, 0, 1000, 20) AS bucket, min(total), max(total), count(*)
   FROM orders
   GROUP BY 1`,
);
