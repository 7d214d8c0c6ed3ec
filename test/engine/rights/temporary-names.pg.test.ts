/**
 * A role that may only read an imat creates temporary objects with the names of PostgreSQL's own.
 * Nothing that runs with the rights of the imat's owner looks them up.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createPreparedWorld, type Session, type World } from '../commands/support/world.ts';

const READ: Readonly<Record<string, string>> = {
  rows: `SELECT d.name, g.qty FROM public.land d LEFT JOIN (SELECT l.land, sum(l.qty) AS qty
    FROM public.line l JOIN public.land e ON e.id = l.land GROUP BY l.land) AS g ON g.land = d.id`,
  joined: `SELECT d.name, max(l.qty) AS most FROM public.land d JOIN public.line l ON l.land = d.id
    JOIN public.land e ON e.id = l.land GROUP BY d.name`,
  parted: 'SELECT b, max(n) AS most, count(*) AS n FROM public.part GROUP BY b',
};
const RELATIONS = ['pg_class', 'pg_inherits', 'pg_depend', 'pg_namespace'];

let world: World;
let reader: Session;
beforeAll(async () => {
  world = await createPreparedWorld(`
CREATE TABLE land (id int PRIMARY KEY, name text);
CREATE TABLE line (land int, qty int);
CREATE TABLE part (b int, n int) PARTITION BY LIST (b);
CREATE TABLE part1 PARTITION OF part DEFAULT;
INSERT INTO land SELECT i, 'land ' || i FROM generate_series(0, 399) AS i;
INSERT INTO line SELECT i % 400, i FROM generate_series(1, 20000) AS i;
INSERT INTO part SELECT i % 9, i FROM generate_series(1, 100) AS i; ANALYZE`);
  const role = await world.role();
  for (const [name, definition] of Object.entries(READ)) await world.imat.create(name, definition);
  await world.sql(`GRANT USAGE ON SCHEMA imat TO ${role};
    GRANT SELECT ON ALL TABLES IN SCHEMA imat TO ${role};
    GRANT CREATE ON SCHEMA public TO ${role};
    UPDATE line SET qty = qty + 1 WHERE land = 1; DELETE FROM part WHERE b = 1 AND n > 90`);
  reader = await world.session(role);
  await reader.sql(`CREATE FUNCTION public.mine() RETURNS bool LANGUAGE plpgsql COST 0.0001 AS $$
    BEGIN
      IF current_user <> session_user THEN RAISE 'this runs as %', current_user; END IF;
      RETURN true;
    END $$`);
});
afterAll(() => world.drop());

test.each(
  ['READ COMMITTED', 'REPEATABLE READ'].flatMap((level) =>
    RELATIONS.map((relation) => [level, relation] as const),
  ),
)('%s, a view called %s', async (level, relation) => {
  for (const name of Object.keys(READ)) {
    const answer = await world.rows(`SELECT * FROM imat.${name} AS q ORDER BY q::text`);
    try {
      await reader.sql(`BEGIN ISOLATION LEVEL ${level};
        CREATE TEMP VIEW ${relation} AS SELECT * FROM pg_catalog.${relation} WHERE public.mine()`);
      expect(await reader.rows(`SELECT * FROM imat.${name} AS q ORDER BY q::text`)).toEqual(answer);
    } finally {
      await reader.sql('ROLLBACK');
    }
  }
});
