import type { Definitions } from './definition.ts';

export const SEMI_JOINS: Definitions = {
  exists_list: `SELECT c.id, c.name FROM customer c
    WHERE EXISTS (SELECT FROM orders o WHERE o.customer = c.id)`,
  exists_condition: `SELECT c.id, c.region FROM customer c
    WHERE EXISTS (SELECT 1 FROM orders o WHERE o.customer = c.id AND o.amount > 5)`,
  exists_group: `SELECT c.region, count(*) AS n FROM customer c
    WHERE EXISTS (SELECT FROM orders o WHERE o.customer = c.id)
    GROUP BY c.region`,
  exists_inequality: `SELECT r.id, r.sensor FROM reading r
    WHERE EXISTS (SELECT FROM reading s WHERE s.sensor = r.sensor AND s.at > r.at)`,
  exists_no_equality: `SELECT n.id FROM node n
    WHERE EXISTS (SELECT FROM label l WHERE l.k > n.val)`,
  exists_uncorrelated: `SELECT l.k, l.region FROM label l
    WHERE EXISTS (SELECT FROM orders o WHERE o.status = 'void' AND o.qty > 3)`,
  exists_join_inside: `SELECT c.id, c.name FROM customer c
    WHERE EXISTS (
      SELECT FROM orders o JOIN product p ON p.id = o.product
      WHERE o.customer = c.id AND p.category = 'toys')`,
  exists_nested: `SELECT c.id FROM customer c
    WHERE EXISTS (
      SELECT FROM orders o WHERE o.customer = c.id
        AND EXISTS (SELECT FROM item i WHERE i.order_id = o.id AND i.qty > 2))`,
  exists_nested_reaching_out: `SELECT c.id, c.region FROM customer c
    WHERE EXISTS (
      SELECT FROM orders o WHERE o.customer = c.id
        AND EXISTS (SELECT FROM label l WHERE l.region = c.region AND l.k = o.product))`,
  exists_group_inside: `SELECT c.id FROM customer c
    WHERE EXISTS (
      SELECT o.product FROM orders o WHERE o.customer = c.id
      GROUP BY o.product HAVING count(*) > 1)`,
  exists_two: `SELECT c.id FROM customer c
    WHERE EXISTS (SELECT FROM orders o WHERE o.customer = c.id)
      AND EXISTS (SELECT FROM visit v WHERE v.customer = c.id AND v.ok)`,
  exists_or: `SELECT c.id, c.active FROM customer c
    WHERE c.active OR EXISTS (SELECT FROM orders o WHERE o.customer = c.id AND o.qty > 3)`,
  exists_selected: `SELECT c.id, EXISTS (SELECT FROM orders o WHERE o.customer = c.id) AS buys
    FROM customer c`,
  exists_aggregated: `SELECT c.region,
      count(*) FILTER (WHERE EXISTS (SELECT FROM orders o WHERE o.customer = c.id)) AS buyers
    FROM customer c
    GROUP BY c.region`,
  exists_no_key: `SELECT v.page, v.device FROM visit v
    WHERE EXISTS (SELECT FROM label l WHERE l.k = v.customer)`,
  not_exists_list: `SELECT c.id, c.name FROM customer c
    WHERE NOT EXISTS (SELECT FROM orders o WHERE o.customer = c.id)`,
  not_exists_condition: `SELECT o.id, o.qty FROM orders o
    WHERE NOT EXISTS (SELECT FROM item i WHERE i.order_id = o.id AND i.qty > o.qty)`,
  not_exists_group: `SELECT c.tier::text AS tier, count(*) AS n FROM customer c
    WHERE NOT EXISTS (SELECT FROM visit v WHERE v.customer = c.id)
    GROUP BY c.tier`,
  not_exists_self: `SELECT n.id, n.grp FROM node n
    WHERE NOT EXISTS (SELECT FROM node m WHERE m.parent = n.id)`,
  not_exists_and_exists: `SELECT c.id FROM customer c
    WHERE EXISTS (SELECT FROM orders o WHERE o.customer = c.id AND o.status = 'paid')
      AND NOT EXISTS (SELECT FROM orders o WHERE o.customer = c.id AND o.status = 'void')`,
  not_exists_not_exists: `SELECT c.id FROM customer c
    WHERE NOT EXISTS (
      SELECT FROM label l WHERE l.region = c.region
        AND NOT EXISTS (SELECT FROM orders o WHERE o.customer = c.id AND o.product = l.k))`,
  in_list: `SELECT c.id, c.name FROM customer c
    WHERE c.id IN (SELECT o.customer FROM orders o)`,
  in_correlated: `SELECT c.id FROM customer c
    WHERE c.region IN (SELECT l.region FROM label l WHERE l.k = c.id)`,
  in_pair: `SELECT o.id, o.customer, o.product FROM orders o
    WHERE (o.customer, o.product) IN (SELECT l.k, l.k2 FROM label l)`,
  in_group: `SELECT c.id, c.region FROM customer c
    WHERE c.id IN (SELECT o.customer FROM orders o GROUP BY o.customer HAVING sum(o.qty) > 3)`,
  in_selected: `SELECT l.k, l.k IN (SELECT c.id FROM customer c WHERE c.active) AS known
    FROM label l`,
  in_with_nulls_selected: `SELECT n.id, n.val IN (SELECT o.qty FROM orders o) AS known FROM node n`,
  in_union: `SELECT p.id, p.name FROM product p
    WHERE p.id IN (SELECT o.product FROM orders o UNION SELECT i.product FROM item i)`,
  not_in_list: `SELECT c.id FROM customer c
    WHERE c.id NOT IN (SELECT o.customer FROM orders o WHERE o.customer IS NOT NULL)`,
  not_in_with_nulls: `SELECT c.id FROM customer c
    WHERE c.id NOT IN (SELECT o.customer FROM orders o WHERE o.qty > 2)`,
  not_in_nullable_left: `SELECT n.id, n.val FROM node n
    WHERE n.val NOT IN (SELECT v.ms FROM visit v WHERE v.device = 'phone')`,
  not_in_correlated: `SELECT p.id FROM product p
    WHERE p.category NOT IN (SELECT l.region FROM label l WHERE l.k = p.id)`,
  not_in_group: `SELECT p.category, count(*) AS n FROM product p
    WHERE p.id NOT IN (SELECT i.product FROM item i WHERE i.qty > 4)
    GROUP BY p.category`,
  any_equal: `SELECT c.id FROM customer c
    WHERE c.id = ANY (SELECT v.customer FROM visit v)`,
  any_less: `SELECT n.id, n.val FROM node n
    WHERE n.val < ANY (SELECT v.ms FROM visit v WHERE v.ok)`,
  all_greater: `SELECT p.id, p.price FROM product p
    WHERE p.price >= ALL (SELECT o.amount FROM orders o WHERE o.product = p.id)`,
  all_unequal: `SELECT n.id FROM node n
    WHERE n.id <> ALL (SELECT l.k FROM label l)`,
  some_correlated: `SELECT c.id FROM customer c
    WHERE 2 < SOME (SELECT o.qty FROM orders o WHERE o.customer = c.id)`,
  any_of_array: `SELECT c.id, c.tags FROM customer c WHERE 'a' = ANY (c.tags)`,
  semi_over_left: `SELECT c.id, o.id AS order_id
    FROM customer c LEFT JOIN orders o ON o.customer = c.id
    WHERE EXISTS (SELECT FROM visit v WHERE v.customer = c.id)`,
};
