/** Imats over a table from which others inherit, and a plain one. */
import { useWorlds, type World } from '../../commands/support/world.ts';
import { ALL } from './partitioned.ts';

/** The root has rows itself, and some ids are in several tables. */
export const ROWS = `
  INSERT INTO sale SELECT i, 'a', i FROM generate_series(0, 9) AS i;
  INSERT INTO sale_1 (id, kind, amount)
  SELECT i * 2, CASE i % 3 WHEN 0 THEN 'a' WHEN 1 THEN 'b' END, i FROM generate_series(0, 49) AS i;
  INSERT INTO sale_2 SELECT i, 'b', i FROM generate_series(100, 109) AS i;
  INSERT INTO sale_2a SELECT i, 'a', i FROM generate_series(110, 119) AS i;
  INSERT INTO sale_2b (id, kind, amount) VALUES (7, 'a', 70), (120, NULL, 120);`;

/**
 * `sale_1` has its columns in another order, one of its own and a dropped one; `sale_2` has tables
 * below it, of which `sale_2b` inherits from `sale_1` too.
 */
const TABLES = `
  CREATE TABLE product (kind text, label text);
  INSERT INTO product VALUES ('a', 'A'), ('b', 'B'), ('b', 'B2');
  CREATE TABLE sale (gone int, id int PRIMARY KEY, kind text, amount numeric(10,2));
  ALTER TABLE sale DROP COLUMN gone;
  CREATE TABLE sale_1 (kind text, more int, own text DEFAULT 'x', amount numeric(10,2), id int);
  ALTER TABLE sale_1 DROP COLUMN more;
  ALTER TABLE sale_1 ALTER id SET NOT NULL, INHERIT sale;
  CREATE TABLE sale_2 () INHERITS (sale);
  CREATE TABLE sale_2a (CHECK (kind <> 'zz')) INHERITS (sale_2);
  CREATE TABLE sale_2b () INHERITS (sale_2, sale_1);
${ROWS}`;

/** `server` is asked before the first test. */
export const useInheritedWorlds = (server?: () => string): (() => Promise<World>) =>
  useWorlds(TABLES, ALL, server);
