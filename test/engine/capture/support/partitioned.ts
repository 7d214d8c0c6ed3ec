/** Imats over a partitioned table and a plain one. */
import { type Checked, type Session, useWorlds, type World } from '../../commands/support/world.ts';
import { REBUILT } from '../../../setup/rebuilt.ts';
import { foldAll } from '../../../setup/fold-all.ts';

export const SUMMED: Checked = {
  name: 'summed',
  definition: 'SELECT kind, count(*) AS n, sum(amount) AS total FROM public.sale GROUP BY kind',
};
export const JOINED: Checked = {
  name: 'joined',
  definition:
    'SELECT p.label, s.id, s.amount FROM public.sale s JOIN public.product p ON p.kind = s.kind',
};
export const COUNTED: Checked = {
  name: 'counted',
  definition: 'SELECT count(*) AS n FROM public.sale',
};
export const RANKED: Checked = {
  name: 'ranked',
  definition: `${REBUILT} SELECT id, rank() OVER (ORDER BY amount) AS place FROM public.sale`,
};
export const REGROUPED: Checked = {
  name: 'regrouped',
  definition: `SELECT p.label, max(s.amount) AS top, count(s.id) AS n
    FROM public.product p LEFT JOIN public.sale s ON s.kind = p.kind GROUP BY p.label`,
};
export const STORES: Checked = {
  name: 'stores',
  definition: `SELECT kind, sum(amount) AS total, (SELECT max(id) FROM public.sale) AS last
    FROM public.sale GROUP BY kind`,
};
export const ALL = [SUMMED, JOINED, COUNTED, RANKED, REGROUPED, STORES];

const ROWS = `
  INSERT INTO sale SELECT i * 2, CASE i % 3 WHEN 0 THEN 'a' WHEN 1 THEN 'b' END, i
  FROM generate_series(0, 99) AS i;`;

/** Puts the first rows back, and the imats where they were. */
export async function putBack(world: World, rows = ROWS): Promise<void> {
  await world.sql(`TRUNCATE sale; ${rows}`);
  await maintain(world);
}

/** `sale_1` has its columns in another order and a dropped one; `sale_2` has partitions itself. */
const TABLES = `
  CREATE TABLE product (kind text, label text);
  INSERT INTO product VALUES ('a', 'A'), ('b', 'B'), ('b', 'B2');
  CREATE TABLE sale (gone int, id int, kind text, amount numeric(10,2)) PARTITION BY RANGE (id);
  ALTER TABLE sale DROP COLUMN gone;
  CREATE TABLE sale_1 (kind text, more int, amount numeric(10,2), id int);
  ALTER TABLE sale_1 DROP COLUMN more;
  ALTER TABLE sale ATTACH PARTITION sale_1 FOR VALUES FROM (0) TO (100);
  CREATE TABLE sale_2 PARTITION OF sale FOR VALUES FROM (100) TO (200) PARTITION BY LIST (kind);
  CREATE TABLE sale_2a PARTITION OF sale_2 FOR VALUES IN ('a');
  CREATE TABLE sale_2x PARTITION OF sale_2 DEFAULT;
${ROWS}`;

export const NEW_ROWS = `INSERT INTO sale_3 VALUES (250, 'a', 1), (251, 'b', 2)`;

/** `server` is asked before the first test. */
export const usePartitionedWorlds = (server?: () => string): (() => Promise<World>) =>
  useWorlds(TABLES, ALL, server);

export async function maintain(world: World): Promise<void> {
  await foldAll(world.imat);
  await world.imat.swap('ranked');
}

/** Whether a read runs the definition. */
export async function readsDefinition(session: Session, name: string): Promise<boolean> {
  const plan = await session.rows(
    `EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) SELECT * FROM imat.${name}`,
  );
  return JSON.stringify(plan)
    .split('Function Scan on computed_')
    .slice(1)
    .some((rest) => !rest.slice(0, 80).includes('never executed'));
}
