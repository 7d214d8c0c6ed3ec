/** Aggregates, GROUP BY, HAVING, DISTINCT, plain selections. */
import { list } from './definition.ts';

export const grouping = list(
  'SELECT count(*) FROM orders',
  'SELECT count(*) AS n, sum(total) AS total, avg(total) FROM orders',
  'SELECT customer_id, count(*) FROM orders GROUP BY customer_id',
  'SELECT customer_id AS c, sum(total), min(order_date), max(order_date) FROM orders GROUP BY 1',
  `SELECT o.customer_id, o.status, count(*)
   FROM orders o
   GROUP BY o.customer_id, o.status
   ORDER BY count(*) DESC, 1`,
  'SELECT count(total), count(DISTINCT total) IS NULL FROM orders GROUP BY ()',
  `SELECT customer_id
   FROM orders
   GROUP BY customer_id
   HAVING count(*) > 3 AND sum(total) >= 100.00`,
  'SELECT sum(total) FROM orders HAVING sum(total) > 0',
  'SELECT 1 AS one FROM orders HAVING count(*) > 0 OR bool_or(total IS NULL)',
  'SELECT sum(total) FROM orders HAVING sum(total) > 0 ORDER BY sum(total)',
  `SELECT date_trunc('month', order_date) AS month, sum(total)
   FROM orders
   GROUP BY date_trunc('month', order_date)`,
  "SELECT date_trunc('month', order_date::timestamp) AS month, count(*) FROM orders GROUP BY 1",
  `SELECT extract(year FROM order_date) AS y, extract(quarter FROM order_date) AS q, sum(total)
   FROM orders
   GROUP BY 1, 2`,
  "SELECT extract('epoch' FROM shipped) FROM orders",
  'SELECT total / 100 AS bucket, count(*) FROM orders GROUP BY total / 100',
  'SELECT DISTINCT country FROM customers',
  'SELECT DISTINCT country, active FROM customers WHERE active ORDER BY country',
  'SELECT DISTINCT count(*) FROM orders GROUP BY customer_id',
  'SELECT ALL country FROM customers',
  'SELECT country, name FROM customers',
  'SELECT country, country AS again, name || country FROM customers',
  `SELECT count(*) FILTER (WHERE total > 10) AS big,
     sum(total) FILTER (WHERE status = 'Paid' AND total IS NOT NULL)
   FROM orders`,
  `SELECT stddev(total), stddev_pop(total), var_samp(total), variance(total), corr(total, freight),
     covar_pop(freight, discount), regr_slope(freight, discount)
   FROM orders`,
  'SELECT bool_and(active), bool_or(active), every(active) FROM customers',
  `SELECT sum(fee), sum(lead_time), avg(lead_time), max(priority), sum(discount), avg(freight),
     bit_or(priority)
   FROM orders`,
  `SELECT sum(total) / NULLIF(count(*), 0) AS mean, round(avg(total), 2) AS rounded
   FROM orders
   GROUP BY customer_id`,
  `SELECT coalesce(sum(total), 0), greatest(max(total), 1, 2.50), least(min(total), 0.0)
   FROM orders`,
  'SELECT shop.product(total), shop."Total"(customer_id) FROM orders',
  "SELECT 'all' AS what, count(*) FROM orders GROUP BY 'all'::text",
  'SELECT customer_id, sum(total) FROM orders GROUP BY customer_id',
  `SELECT (customer_id + 1) * 2 AS x, count(*)
   FROM orders
   GROUP BY (customer_id + 1) * 2
   HAVING (customer_id + 1) * 2 > 4`,
  'SELECT count(*) FROM orders GROUP BY row(customer_id, status)',
  'SELECT max(total) FROM paid_orders',
  'SELECT id, count(*) FROM orders GROUP BY orders.id',
);
