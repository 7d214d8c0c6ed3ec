import type { Definitions } from './definition.ts';

export const SET_OPERATIONS: Definitions = {
  union_columns: 'SELECT o.customer AS id FROM orders o UNION SELECT c.id FROM customer c',
  union_all: `SELECT o.customer AS id, 'order' AS kind FROM orders o
    UNION ALL SELECT v.customer, 'visit' FROM visit v`,
  union_pairs: `SELECT o.customer, o.product FROM orders o
    UNION SELECT l.k, l.k2 FROM label l`,
  union_of_same: 'SELECT n.grp FROM node n WHERE n.val > 0 UNION SELECT n.grp FROM node n',
  union_mixed_types: 'SELECT n.id AS k FROM node n UNION SELECT l.k2 FROM label l',
  union_three: `SELECT c.region FROM customer c UNION SELECT l.region FROM label l
    UNION SELECT p.category FROM product p`,
  union_then_all: `(SELECT c.region FROM customer c UNION SELECT l.region FROM label l)
    UNION ALL SELECT p.category FROM product p`,
  union_all_then_union: `(SELECT c.region FROM customer c UNION ALL SELECT l.region FROM label l)
    UNION SELECT p.category FROM product p`,
  union_of_groups: `SELECT 'customer' AS kind, o.customer AS id, count(*) AS n FROM orders o
      GROUP BY o.customer
    UNION ALL
    SELECT 'product', o.product, count(*) FROM orders o GROUP BY o.product`,
  union_grouped: `SELECT u.id, count(*) AS n
    FROM (SELECT customer AS id FROM orders UNION ALL SELECT customer FROM visit) u
    GROUP BY u.id`,
  union_distinct_grouped: `SELECT u.region, count(*) AS n
    FROM (SELECT id, region FROM customer UNION SELECT k, region FROM label) u
    GROUP BY u.region`,
  union_joined: `SELECT u.id, c.name
    FROM (SELECT customer::bigint AS id FROM orders UNION SELECT customer FROM visit) u
      JOIN customer c ON c.id = u.id`,
  union_with_nulls: `SELECT c.referrer AS a, c.region AS b FROM customer c
    UNION SELECT n.parent, n.grp FROM node n`,
  union_all_bag: `SELECT v.page, v.ms FROM visit v UNION ALL SELECT v.page, v.ms FROM visit v
    WHERE v.ok`,
  union_of_joins: `SELECT c.name, o.id FROM customer c JOIN orders o ON o.customer = c.id
    UNION SELECT p.name, i.order_id FROM product p JOIN item i ON i.product = p.id`,
  intersect_ids: 'SELECT c.id FROM customer c INTERSECT SELECT o.customer FROM orders o',
  intersect_all: 'SELECT v.customer FROM visit v INTERSECT ALL SELECT o.customer FROM orders o',
  intersect_pairs: `SELECT o.product, o.qty FROM orders o
    INTERSECT SELECT i.product, i.qty FROM item i`,
  except_ids: 'SELECT c.id FROM customer c EXCEPT SELECT o.customer FROM orders o',
  except_all: 'SELECT v.customer FROM visit v EXCEPT ALL SELECT o.customer FROM orders o',
  except_nulls: 'SELECT n.grp FROM node n EXCEPT SELECT c.region FROM customer c',
  except_self: `SELECT v.page, v.ms FROM visit v
    EXCEPT ALL SELECT v.page, v.ms FROM visit v WHERE v.ok`,
  except_of_union: `(SELECT o.customer FROM orders o UNION SELECT v.customer FROM visit v)
    EXCEPT SELECT c.id FROM customer c WHERE c.active`,
  except_grouped: `SELECT count(*) AS n, min(e.id) AS first
    FROM (SELECT id FROM customer EXCEPT SELECT customer FROM orders) e`,
  intersect_of_groups: `SELECT o.customer, count(*) AS n FROM orders o GROUP BY o.customer
    INTERSECT SELECT v.customer, count(*) FROM visit v GROUP BY v.customer`,
  union_order_limit: `SELECT o.id AS id, o.qty FROM orders o UNION SELECT i.order_id, i.qty
    FROM item i
    ORDER BY 2 DESC NULLS LAST, 1 LIMIT 7`,
  union_of_outer_join: `SELECT c.id, o.qty FROM customer c LEFT JOIN orders o ON o.customer = c.id
    UNION SELECT p.id, i.qty FROM product p LEFT JOIN item i ON i.product = p.id`,
  union_values: `SELECT c.region FROM customer c UNION VALUES ('north'), ('moon'), (NULL)`,
};
