/** The views that somebody new writes first. */
import type { Definitions } from './definition.ts';

export const REPORTS: Definitions = {
  report_monthly_revenue: `SELECT date_trunc('month', o.placed) AS month, count(*) AS orders,
      count(DISTINCT o.customer) AS customers, sum(o.amount) AS revenue
    FROM orders o
    WHERE o.status <> 'void'
    GROUP BY 1`,
  report_top_customers: `SELECT c.id, c.name, sum(o.amount) AS revenue
    FROM customer c JOIN orders o ON o.customer = c.id
    GROUP BY c.id, c.name
    ORDER BY revenue DESC NULLS LAST, c.id
    LIMIT 10`,
  report_customers: `SELECT c.id, c.name, count(o.id) AS orders, coalesce(sum(o.amount),
    0) AS spent,
      max(o.amount) AS biggest, min(o.placed) AS first_order, max(o.placed) AS last_order
    FROM customer c LEFT JOIN orders o ON o.customer = c.id
    GROUP BY c.id, c.name`,
  report_category_share: `WITH sold AS (
      SELECT p.category, sum(i.qty * i.price) AS revenue
      FROM item i JOIN product p ON p.id = i.product
      GROUP BY p.category
    )
    SELECT s.category, s.revenue,
      round(100 * s.revenue / nullif(sum(s.revenue) OVER (), 0), 2) AS percent
    FROM sold s`,
  report_last_30_days: `SELECT o.status::text AS status, count(*) AS n, sum(o.amount) AS total
    FROM orders o
    WHERE o.placed >= now() - INTERVAL '30 days'
    GROUP BY o.status::text`,
  report_view_over_view: `SELECT c.tier::text AS tier, count(*) AS customers, sum(p.total) AS total
    FROM paid_by_customer p JOIN customer c ON c.id = p.customer
    GROUP BY c.tier::text`,
  report_json: `SELECT p.details ->> 'color' AS color, count(*) AS products,
      jsonb_agg(jsonb_build_object('id', p.id, 'name', p.name) ORDER BY p.id) AS list
    FROM product p
    GROUP BY 1`,
  report_enums: `SELECT o.status::text AS status, c.tier::text AS tier, count(*) AS n
    FROM orders o LEFT JOIN customer c ON c.id = o.customer
    GROUP BY o.status, c.tier`,
  report_daily_visits: `SELECT v.at::date AS day, count(*) AS visits,
      count(DISTINCT v.customer) AS visitors, round(avg(v.ms), 2) AS ms
    FROM visit v
    GROUP BY v.at::date`,
  report_cohorts: `SELECT f.month, count(*) AS customers, sum(f.orders) AS orders
    FROM (
      SELECT o.customer, date_trunc('month', min(o.shipped)) AS month, count(*) AS orders
      FROM orders o
      GROUP BY o.customer
    ) f
    GROUP BY f.month`,
  report_stock: `SELECT p.id, p.name, coalesce(i.packed, 0) AS packed, coalesce(o.sold, 0) AS sold
    FROM product p
      LEFT JOIN (SELECT product, sum(qty) AS packed FROM item GROUP BY product) i
        ON i.product = p.id
      LEFT JOIN (SELECT product, sum(qty) AS sold FROM orders GROUP BY product) o
        ON o.product = p.id`,
  report_best_product: `SELECT s.region, s.category, s.revenue
    FROM (
      SELECT c.region, p.category, sum(o.amount) AS revenue,
        row_number() OVER (
          PARTITION BY c.region ORDER BY sum(o.amount) DESC NULLS LAST, p.category
        ) AS place
      FROM orders o
        JOIN customer c ON c.id = o.customer
        JOIN product p ON p.id = o.product
      GROUP BY c.region, p.category
    ) s
    WHERE s.place = 1`,
  report_funnel: `SELECT count(DISTINCT v.customer) AS visitors,
      count(DISTINCT o.customer) AS buyers,
      count(DISTINCT o.customer) FILTER (WHERE o.status = 'sent') AS served
    FROM visit v LEFT JOIN orders o ON o.customer = v.customer`,
  report_running_revenue: `SELECT m.month, m.revenue,
    sum(m.revenue) OVER (ORDER BY m.month) AS so_far
    FROM (
      SELECT date_trunc('month', o.shipped) AS month, sum(o.amount) AS revenue
      FROM orders o
      GROUP BY 1
    ) m`,
  report_overdue: `SELECT c.id, c.name, o.id AS order_id, o.due
    FROM orders o JOIN customer c ON c.id = o.customer
    WHERE o.due < current_date AND o.status NOT IN ('sent', 'void')`,
  report_pivot: `SELECT o.customer,
      sum(o.amount) FILTER (WHERE o.due < '2024-02-01') AS january,
      sum(o.amount) FILTER (WHERE o.due >= '2024-02-01' AND o.due < '2024-03-01') AS february,
      sum(o.amount) FILTER (WHERE o.due >= '2024-03-01') AS later
    FROM orders o
    GROUP BY o.customer`,
  report_inactive: `SELECT c.id, c.name FROM customer c
    WHERE NOT EXISTS (
      SELECT FROM orders o
      WHERE o.customer = c.id AND o.placed > now() - INTERVAL '30 days')`,
};
