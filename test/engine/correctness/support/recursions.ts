/** Definitions with WITH RECURSIVE over small trees and graphs, and random writes to these. */
import type { Random } from './random.ts';

/**
 * `category` is a forest, with duplicates and NULLs: a parent has a smaller id, so that UNION ALL
 * ends. `link` is any graph. The two sides of its equalities have different types.
 */
export const FOREST = `
CREATE TABLE category (id int, parent_id int, name text, active boolean NOT NULL DEFAULT true);
CREATE TABLE link (parent bigint, child int, qty int);
CREATE TABLE sale (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, category_id int, amount int);
CREATE TABLE root_list (id int, note text);
CREATE INDEX ON category (parent_id);
INSERT INTO category (id, parent_id, name)
  SELECT i, nullif(i / 3, 0), 'c' || i % 7 FROM generate_series(1, 40) i;
INSERT INTO link SELECT 1 + i % 5, 2 + i % 6, i % 3 + 1 FROM generate_series(1, 7) i;
INSERT INTO sale (category_id, amount) SELECT 1 + i % 45, i FROM generate_series(1, 200) i;
INSERT INTO root_list VALUES (1, 'one'), (2, NULL), (1, 'again'), (NULL, 'none');
ANALYZE category, link, root_list`;

const TREE = `WITH RECURSIVE tree AS (
  SELECT c.id, c.parent_id, c.name, c.id AS root, 1 AS depth, ARRAY[c.id] AS path
  FROM public.category c WHERE c.parent_id IS NULL
  UNION ALL
  SELECT c.id, c.parent_id, c.name, t.root, t.depth + 1, t.path || c.id
  FROM public.category c JOIN tree t ON c.parent_id = t.id
)`;

export const RECURSIONS: Readonly<Record<string, string>> = {
  whole: `${TREE} SELECT id, parent_id, name, root, depth, path FROM tree`,
  ranked: `${TREE} SELECT t.id, t.name, rank() OVER (PARTITION BY t.root ORDER BY t.depth) AS place
    FROM tree t WHERE t.depth < 4`,
  by_root: `${TREE} SELECT root, count(*) AS n, max(depth) AS depth FROM tree GROUP BY root`,
  counted: `${TREE} SELECT root, depth, count(*) AS n FROM tree GROUP BY root, depth`,
  sales_by_root: `${TREE} SELECT t.root, sum(s.amount) AS total, count(*) AS n
    FROM tree t JOIN public.sale s ON s.category_id = t.id GROUP BY t.root`,
  sales_by_path: `${TREE} SELECT t.path[1:2] AS path, avg(s.amount) AS mean,
      count(DISTINCT s.amount) AS n
    FROM public.sale s JOIN tree t ON t.id = s.category_id WHERE t.depth > 1 GROUP BY t.path[1:2]`,
  sale_rows: `${TREE} SELECT s.id, s.amount, t.name, t.path
    FROM public.sale s, tree t WHERE s.category_id = t.id AND t.depth = 2`,
  of_four: `${TREE} SELECT t.name, r.note, count(*) AS n
    FROM tree t JOIN public.sale s ON s.category_id = t.id
      JOIN public.root_list r ON r.id = t.root JOIN public.link l ON l.child = t.depth
    GROUP BY t.name, r.note`,
  with_sales: `${TREE} SELECT t.root, t.depth, count(*) AS n, count(s.id) AS sales,
      sum(coalesce(s.amount, 0)) AS total, max(s.amount) AS most
    FROM tree t LEFT JOIN public.sale s ON s.category_id = t.id AND s.amount > 20
    GROUP BY t.root, t.depth`,
  with_totals: `${TREE}, totals AS (
      SELECT category_id, sum(amount) AS total FROM public.sale GROUP BY category_id
    )
    SELECT t.id, t.name, x.total FROM tree t LEFT JOIN totals x ON x.category_id = t.id`,
  below: `WITH RECURSIVE a (top, id) AS (
      SELECT c.id, c.id FROM public.category c
      UNION ALL
      SELECT a.top, c.id FROM public.category c, a WHERE c.parent_id = a.id AND c.active
    )
    SELECT a.top, sum(s.amount) AS total FROM a JOIN public.sale s ON s.category_id = a.id
    GROUP BY a.top`,
  above: `WITH RECURSIVE a AS (
      SELECT id AS start, id, parent_id, 0 AS steps FROM public.category
      UNION ALL
      SELECT a.start, c.id, c.parent_id, a.steps + 1
      FROM a JOIN public.category c ON c.id = a.parent_id
    )
    SELECT a.id, count(*) AS n, sum(a.steps) AS steps FROM a GROUP BY a.id`,
  renamed: `${TREE} SELECT t.b, s.amount
    FROM tree AS t (a, b) JOIN public.sale s ON s.category_id = t.a`,
  from_list: `WITH RECURSIVE t AS (
      SELECT r.id, r.note FROM public.root_list r
      UNION ALL
      SELECT c.id, t.note FROM public.category c JOIN t ON c.parent_id = t.id
    )
    SELECT id, note FROM t`,
  noted: `WITH RECURSIVE t AS (
      SELECT c.id, r.note FROM public.category c LEFT JOIN public.root_list r ON r.id = c.id
      WHERE c.parent_id IS NULL OR c.active IS NOT TRUE
      UNION ALL
      SELECT c.id, coalesce(r.note, t.note)
      FROM t JOIN public.category c ON c.parent_id = t.id
        LEFT JOIN public.root_list r ON r.id = c.id
    )
    SELECT id, note FROM t`,
  reached: `WITH RECURSIVE r AS (
      SELECT l.child FROM public.link l WHERE l.parent = 1
      UNION
      SELECT l.child FROM public.link l JOIN r ON l.parent = r.child
    )
    SELECT count(*) AS n FROM r`,
  reached_sales: `WITH RECURSIVE r AS (
      SELECT l.child FROM public.link l WHERE l.parent = 1
      UNION
      SELECT l.child FROM public.link l JOIN r ON l.parent = r.child
    )
    SELECT r.child, sum(s.amount) AS total FROM r JOIN public.sale s ON s.category_id = r.child
    GROUP BY r.child`,
  acyclic: `WITH RECURSIVE r AS (
      SELECT l.child, ARRAY[l.child] AS path FROM public.link l WHERE l.parent < 3
      UNION ALL
      SELECT l.child, r.path || l.child FROM r JOIN public.link l ON l.parent = r.child
      WHERE NOT l.child = ANY (r.path)
    )
    SELECT child, path FROM r`,
  parts: `WITH RECURSIVE b AS (
      SELECT l.child, l.qty, 1 AS depth FROM public.link l WHERE l.parent = 1
      UNION ALL
      SELECT l.child, l.qty * b.qty, b.depth + 1 FROM b, public.link l
      WHERE l.parent = b.child AND b.depth < 4
    )
    SELECT b.child, sum(b.qty) AS qty FROM b GROUP BY b.child`,
  through_two: `WITH RECURSIVE t AS (
      SELECT c.id, c.name FROM public.category c WHERE c.id = 1
      UNION
      SELECT c.id, c.name FROM t JOIN public.link l ON l.parent = t.id
        JOIN public.category c ON c.id = l.child WHERE c.active
    )
    SELECT id, name FROM t`,
  key_stays: `WITH RECURSIVE r AS (
      SELECT l.parent AS start, l.child + 0 AS child FROM public.link l
      UNION
      SELECT r.start, abs(l.child) FROM r JOIN public.link l ON l.parent = r.child
    )
    SELECT start, child FROM r`,
  key_stays_in_groups: `WITH RECURSIVE r AS (
      SELECT l.parent AS start, l.child + 0 AS child FROM public.link l
      UNION
      SELECT r.start, abs(l.child) FROM r JOIN public.link l ON l.parent = r.child
    )
    SELECT r.start, count(*) AS n, sum(s.amount) AS total
    FROM r JOIN public.sale s ON s.category_id = r.child GROUP BY r.start`,
  no_key: `WITH RECURSIVE t AS (
      SELECT c.id + 0 AS id, 1 AS depth FROM public.category c WHERE c.parent_id IS NULL
      UNION ALL
      SELECT c.id + 0, t.depth + 1 FROM public.category c JOIN t ON c.parent_id = t.id
    )
    SELECT t.depth, sum(s.amount) AS total FROM t JOIN public.sale s ON s.category_id = t.id
    GROUP BY t.depth`,
};

const id = (r: Random): string => (r.chance(6) ? 'NULL' : String(1 + r.int(45)));
const node = (r: Random): string => (r.chance(6) ? 'NULL' : String(1 + r.int(7)));

/** Edges are few, so that all paths through the graph are. */
const WRITES: readonly ((r: Random) => string)[] = [
  (r) => {
    const own = 2 + r.int(60);
    return `INSERT INTO category VALUES (${own}, ${r.chance(20) ? 'NULL' : r.int(own)},
      'c${r.int(7)}', ${r.chance(80)})`;
  },
  (r) => `INSERT INTO category VALUES (NULL, ${id(r)}, 'none', true)`,
  (r) => `UPDATE category SET parent_id = ${r.int(8)} WHERE id = ${8 + r.int(40)}`,
  (r) => `UPDATE category SET parent_id = id / 2 WHERE id = ${id(r)}`,
  (r) => `UPDATE category SET parent_id = NULL WHERE id = ${id(r)}`,
  (r) => `UPDATE category SET parent_id = 1 WHERE parent_id IS NULL AND id > ${1 + r.int(30)}`,
  (r) => `UPDATE category SET name = 'c${r.int(7)}', active = NOT active WHERE id = ${id(r)}`,
  (r) => `UPDATE category SET id = id + 1 WHERE id = ${id(r)}`,
  (r) => `DELETE FROM category WHERE id = ${id(r)}`,
  (r) => `DELETE FROM category WHERE id IS NULL OR id % 11 = ${r.int(11)}`,
  (r) => `INSERT INTO category SELECT * FROM category WHERE id = ${id(r)}`,
  (r) => `INSERT INTO category (id, parent_id, name)
    SELECT i, i / 2, 'new' FROM generate_series(${2 + r.int(9)}, 30) i WHERE i % 3 = 0`,
  (r) => `INSERT INTO link VALUES (${node(r)}, ${node(r)}, ${1 + r.int(3)})`,
  (r) => `INSERT INTO link VALUES (${node(r)}, ${node(r)}, ${1 + r.int(3)})`,
  (r) => `UPDATE link SET parent = ${node(r)} WHERE child = ${node(r)}`,
  (r) => `UPDATE link SET child = parent, parent = child WHERE child = ${node(r)}`,
  (r) => `DELETE FROM link WHERE ctid IN (SELECT ctid FROM link ORDER BY parent, child, qty
    LIMIT (SELECT greatest(count(*) - 10, 0) FROM link) + ${r.int(2)})`,
  (r) => `UPDATE root_list SET note = nullif('n${r.int(3)}', 'n0') WHERE id = ${1 + r.int(3)}`,
  (r) => `INSERT INTO root_list VALUES (${id(r)}, 'r${r.int(4)}')`,
  () =>
    'DELETE FROM root_list WHERE ctid IN (SELECT ctid FROM root_list ORDER BY id, note LIMIT 1)',
  (r) => `INSERT INTO sale (category_id, amount) VALUES (${id(r)}, ${r.int(90)})`,
  (r) => `UPDATE sale SET category_id = ${id(r)}, amount = amount + 1 WHERE id % 40 = ${r.int(40)}`,
  (r) => `DELETE FROM sale WHERE id % 60 = ${r.int(60)}`,
];

/** Keeps the graph small, after each statement. */
const FEW_LINKS = `DELETE FROM link WHERE ctid IN (
  SELECT ctid FROM link ORDER BY parent, child, qty OFFSET 11)`;

export function writeTo(r: Random): string {
  const rare = r.int(100);
  if (rare === 0) return 'TRUNCATE category';
  if (rare === 1) return 'TRUNCATE link';
  if (rare === 2)
    return 'TRUNCATE sale; INSERT INTO sale (category_id, amount) VALUES (1, 1), (9, 2)';
  if (rare === 3)
    return `INSERT INTO category (id, parent_id, name)
      SELECT i, nullif(i / 3, 0), 'c' || i % 7 FROM generate_series(1, 40) i`;
  if (rare === 4) return 'ANALYZE category, link';
  return `${r.pick(WRITES)(r)}; ${FEW_LINKS}`;
}
