/**
 * The shapes of the queries of TPC-H, in words and tables of our own, with orders made total: the
 * definitions that the bench measures and that the tests of the corpus prove.
 */

/** What depends on the size of the data. */
export type Limits = {
  /** The quantity above which an order is large. */
  readonly largeOrder: number;
  /** The share of a land's stock above which a part is important. */
  readonly largeShare: number;
};

const REVENUE = 'sum(l.price * (1 - l.discount))';

const QUERIES = {
  tpch_1: `SELECT l.returned, l.state, sum(l.qty) AS qty, sum(l.price) AS base, ${REVENUE} AS net,
      sum(l.price * (1 - l.discount) * (1 + l.tax)) AS charge, avg(l.qty) AS avg_qty,
      avg(l.discount) AS avg_discount, count(*) AS n
    FROM line l WHERE l.shipped <= DATE '1995-12-01' - INTERVAL '90 days'
    GROUP BY l.returned, l.state ORDER BY l.returned, l.state`,
  tpch_2: `SELECT s.balance, s.name, n.name AS land, p.id, p.maker
    FROM part p, supplier s, supply ps, land n, zone z
    WHERE p.id = ps.part AND s.id = ps.supplier AND p.size < 12 AND p.kind LIKE '%STEEL'
      AND s.land = n.id AND n.zone = z.id AND z.name = 'EUROPE'
      AND ps.cost = (
        SELECT min(x.cost) FROM supply x, supplier y, land m, zone w
        WHERE p.id = x.part AND y.id = x.supplier AND y.land = m.id AND m.zone = w.id
          AND w.name = 'EUROPE')
    ORDER BY s.balance DESC, n.name, s.name, p.id, p.maker LIMIT 100`,
  tpch_3: `SELECT o.id, ${REVENUE} AS revenue, o.placed
    FROM buyer b, purchase o, line l
    WHERE b.segment = 'BUILDING' AND b.id = o.buyer AND l.purchase = o.id
      AND o.placed < DATE '1995-09-01' AND l.shipped > DATE '1994-01-01'
    GROUP BY o.id, o.placed ORDER BY revenue DESC, o.placed, o.id LIMIT 10`,
  tpch_4: `SELECT o.priority, count(*) AS n FROM purchase o
    WHERE o.placed >= DATE '1994-01-01' AND o.placed < DATE '1994-01-01' + INTERVAL '18 months'
      AND EXISTS (SELECT FROM line l WHERE l.purchase = o.id AND l.promised < l.received)
    GROUP BY o.priority ORDER BY o.priority`,
  tpch_5: `SELECT n.name, ${REVENUE} AS revenue
    FROM buyer b, purchase o, line l, supplier s, land n, zone z
    WHERE b.id = o.buyer AND l.purchase = o.id AND l.supplier = s.id AND b.land = s.land
      AND s.land = n.id AND n.zone = z.id AND z.name = 'ASIA'
    GROUP BY n.name ORDER BY revenue DESC, n.name`,
  tpch_6: `SELECT sum(l.price * l.discount) AS revenue FROM line l
    WHERE l.shipped >= DATE '1994-01-01' AND l.shipped < DATE '1995-01-01'
      AND l.discount BETWEEN 0.05 AND 0.07 AND l.qty < 24`,
  tpch_7: `SELECT v.seller, v.buying, v.year, sum(v.volume) AS revenue
    FROM (
      SELECT n1.name AS seller, n2.name AS buying, extract(year FROM l.shipped) AS year,
        l.price * (1 - l.discount) AS volume
      FROM supplier s, line l, purchase o, buyer b, land n1, land n2
      WHERE s.id = l.supplier AND o.id = l.purchase AND b.id = o.buyer AND s.land = n1.id
        AND b.land = n2.id
        AND ((n1.name = 'FRANCE' AND n2.name = 'GERMANY')
          OR (n1.name = 'GERMANY' AND n2.name = 'FRANCE'))
    ) v
    GROUP BY v.seller, v.buying, v.year ORDER BY v.seller, v.buying, v.year`,
  tpch_8: `SELECT v.year,
      sum(CASE WHEN v.land = 'PERU' THEN v.volume ELSE 0 END) / nullif(sum(v.volume), 0) AS share
    FROM (
      SELECT extract(year FROM o.placed) AS year, l.price * (1 - l.discount) AS volume,
        n2.name AS land
      FROM part p, supplier s, line l, purchase o, buyer b, land n1, land n2, zone z
      WHERE p.id = l.part AND s.id = l.supplier AND l.purchase = o.id AND o.buyer = b.id
        AND b.land = n1.id AND n1.zone = z.id AND s.land = n2.id AND p.kind LIKE '%STEEL'
    ) v
    GROUP BY v.year ORDER BY v.year`,
  tpch_9: `SELECT v.land, v.year, sum(v.profit) AS profit
    FROM (
      SELECT n.name AS land, extract(year FROM o.placed) AS year,
        l.price * (1 - l.discount) - ps.cost * l.qty AS profit
      FROM part p, supplier s, line l, supply ps, purchase o, land n
      WHERE s.id = l.supplier AND ps.supplier = l.supplier AND ps.part = l.part AND p.id = l.part
        AND o.id = l.purchase AND s.land = n.id AND p.name LIKE '%green%'
    ) v
    GROUP BY v.land, v.year ORDER BY v.land, v.year DESC`,
  tpch_10: `SELECT b.id, b.name, ${REVENUE} AS revenue, b.balance, n.name AS land
    FROM buyer b, purchase o, line l, land n
    WHERE b.id = o.buyer AND l.purchase = o.id AND l.returned = 'R' AND b.land = n.id
    GROUP BY b.id, b.name, b.balance, n.name ORDER BY revenue DESC, b.id LIMIT 20`,
  tpch_12: `SELECT l.mode,
      sum(CASE WHEN o.priority IN ('1-URGENT', '2-HIGH') THEN 1 ELSE 0 END) AS high,
      sum(CASE WHEN o.priority NOT IN ('1-URGENT', '2-HIGH') THEN 1 ELSE 0 END) AS low
    FROM purchase o, line l
    WHERE o.id = l.purchase AND l.mode IN ('MAIL', 'SHIP') AND l.promised < l.received
      AND l.shipped < l.promised
    GROUP BY l.mode ORDER BY l.mode`,
  tpch_13: `SELECT c.n, count(*) AS buyers
    FROM (
      SELECT b.id, count(o.id) AS n
      FROM buyer b LEFT JOIN purchase o ON b.id = o.buyer AND o.remark NOT LIKE '%special%'
      GROUP BY b.id
    ) c
    GROUP BY c.n ORDER BY buyers DESC, c.n DESC`,
  tpch_14: `SELECT 100.00
      * sum(CASE WHEN p.kind LIKE 'PROMO%' THEN l.price * (1 - l.discount) ELSE 0 END)
      / nullif(${REVENUE}, 0) AS promo
    FROM line l, part p WHERE l.part = p.id AND l.shipped >= DATE '1994-06-01'`,
  tpch_15: `WITH revenue AS (
      SELECT l.supplier, ${REVENUE} AS total FROM line l
      WHERE l.shipped >= DATE '1994-01-01' GROUP BY l.supplier
    )
    SELECT s.id, s.name, r.total FROM supplier s, revenue r
    WHERE s.id = r.supplier AND r.total = (SELECT max(x.total) FROM revenue x) ORDER BY s.id`,
  tpch_16: `SELECT p.brand, p.kind, p.size, count(DISTINCT ps.supplier) AS suppliers
    FROM supply ps, part p
    WHERE p.id = ps.part AND p.brand <> 'B1' AND p.kind NOT LIKE 'SMALL%'
    AND p.size IN (1, 3, 5, 7, 9)
      AND ps.supplier NOT IN (SELECT s.id
      FROM supplier s WHERE s.remark LIKE '%Customer%Complaints%')
    GROUP BY p.brand, p.kind, p.size ORDER BY suppliers DESC, p.brand, p.kind, p.size`,
  tpch_17: `SELECT sum(l.price) / 7.0 AS yearly FROM line l, part p
    WHERE p.id = l.part AND p.brand = 'B2'
      AND l.qty < (SELECT 0.8 * avg(x.qty) FROM line x WHERE x.part = p.id)`,
  tpch_19: `SELECT ${REVENUE} AS revenue FROM line l, part p
    WHERE (p.id = l.part AND p.brand = 'B1' AND p.box = 'SM CASE' AND l.qty BETWEEN 1 AND 11)
      OR (p.id = l.part AND p.brand = 'B2' AND p.box = 'MED BAG' AND l.qty BETWEEN 5 AND 20)
      OR (p.id = l.part AND p.brand = 'B3' AND l.mode = 'AIR' AND l.qty > 20)`,
  tpch_20: `SELECT s.name, s.id FROM supplier s, land n
    WHERE s.id IN (
        SELECT ps.supplier FROM supply ps
        WHERE ps.part IN (SELECT p.id FROM part p WHERE p.name LIKE 'forest%')
          AND ps.available > (
            SELECT 0.5 * sum(l.qty) FROM line l
            WHERE l.part = ps.part AND l.supplier = ps.supplier))
      AND s.land = n.id
    ORDER BY s.name, s.id`,
  tpch_21: `SELECT s.name, count(*) AS waits
    FROM supplier s, line l1, purchase o, land n
    WHERE s.id = l1.supplier AND o.id = l1.purchase AND o.state = 'F' AND l1.received > l1.promised
      AND EXISTS (
        SELECT FROM line l2 WHERE l2.purchase = l1.purchase AND l2.supplier <> l1.supplier)
      AND NOT EXISTS (
        SELECT FROM line l3 WHERE l3.purchase = l1.purchase AND l3.supplier <> l1.supplier
          AND l3.received > l3.promised)
      AND s.land = n.id
    GROUP BY s.name ORDER BY waits DESC, s.name LIMIT 100`,
  tpch_22: `SELECT v.code, count(*) AS n, sum(v.balance) AS total
    FROM (
      SELECT substring(b.phone FROM 1 FOR 2) AS code, b.balance FROM buyer b
      WHERE substring(b.phone FROM 1 FOR 2) IN ('13', '31', '29')
        AND b.balance > (SELECT avg(x.balance) FROM buyer x WHERE x.balance > 0)
        AND NOT EXISTS (SELECT FROM purchase o WHERE o.buyer = b.id)
    ) v
    GROUP BY v.code ORDER BY v.code`,
};

const importantParts = (
  largeShare: number,
): string => `SELECT ps.part, sum(ps.cost * ps.available) AS value
    FROM supply ps, supplier s, land n
    WHERE ps.supplier = s.id AND s.land = n.id AND n.name = 'GERMANY'
    GROUP BY ps.part
    HAVING sum(ps.cost * ps.available) > (
      SELECT sum(x.cost * x.available) * ${largeShare} FROM supply x, supplier y, land m
      WHERE x.supplier = y.id AND y.land = m.id AND m.name = 'GERMANY')
    ORDER BY value DESC, ps.part`;

const largeOrders = (
  largeOrder: number,
): string => `SELECT b.name, b.id, o.id AS purchase, o.placed, o.total, sum(l.qty) AS qty
    FROM buyer b, purchase o, line l
    WHERE o.id IN (
        SELECT x.purchase FROM line x GROUP BY x.purchase HAVING sum(x.qty) > ${largeOrder})
      AND b.id = o.buyer AND o.id = l.purchase
    GROUP BY b.name, b.id, o.id, o.placed, o.total ORDER BY o.total DESC, o.placed, o.id LIMIT 100`;

export const warehouseQueries = ({ largeOrder, largeShare }: Limits) => ({
  ...QUERIES,
  tpch_11: importantParts(largeShare),
  tpch_18: largeOrders(largeOrder),
});
