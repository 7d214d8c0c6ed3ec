/** One statement that changes several sources, or one of them in several ways, counts once. */
import { afterAll, beforeAll, test } from 'vitest';
import { createPreparedWorld, expectExact, type World } from '../commands/support/world.ts';
import { foldAll } from '../../setup/fold-all.ts';

const IMATS = [
  {
    name: 'ab',
    definition: `SELECT a.k, count(*) AS n, sum(a.v * b.w) AS s
      FROM public.a JOIN public.b USING (k) GROUP BY 1`,
  },
  { name: 'aa', definition: 'SELECT x.k, y.v FROM public.a x JOIN public.a y ON x.v = y.k' },
  {
    name: 'cc',
    definition: `SELECT p.id, count(*) AS n, sum(ch.v) AS s
      FROM public.c p JOIN public.c ch ON ch.parent = p.id GROUP BY 1`,
  },
  {
    name: 'abc',
    definition: `SELECT a.k, b.w, c.v FROM public.a, public.b, public.c
      WHERE a.k = b.k AND c.id = a.v`,
  },
];

let world: World;
beforeAll(async () => {
  world = await createPreparedWorld(`CREATE TABLE a (k int, v int); CREATE TABLE b (k int, w int);
    CREATE TABLE c (id int PRIMARY KEY, v int,
      parent int REFERENCES c ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED)`);
  for (const { name, definition } of IMATS) await world.imat.create(name, definition);
});
afterAll(() => world.drop());

const STEPS: readonly (readonly [what: string, statements: string])[] = [
  [
    'data-modifying CTEs over three tables',
    `WITH x AS (INSERT INTO a VALUES (1, 1), (2, 2), (1, 2) RETURNING k),
        y AS (INSERT INTO b SELECT k, 10 FROM x RETURNING *)
      INSERT INTO c (id, v) SELECT k * 10 + row_number() OVER (), k FROM y`,
  ],
  [
    'a table deleted from and inserted into, its partner inserted into and updated',
    `WITH x AS (DELETE FROM a WHERE k = 1 RETURNING *), y AS (INSERT INTO b SELECT k, v FROM x),
        z AS (UPDATE b SET w = w + 1 WHERE k = 2)
      INSERT INTO a SELECT k + 1, v FROM x`,
  ],
  [
    'rows that refer to each other',
    `INSERT INTO c SELECT i, i, NULL FROM generate_series(1, 5) AS i;
      INSERT INTO c SELECT i, i, i % 5 + 1 FROM generate_series(100, 120) AS i`,
  ],
  [
    'deferred constraints',
    'BEGIN; INSERT INTO c VALUES (500, 1, 501); INSERT INTO c VALUES (501, 1, NULL); COMMIT',
  ],
  ['an update that changes nothing', 'UPDATE c SET id = id'],
  ['a delete that cascades', 'DELETE FROM c WHERE id IN (1, 2)'],
  [
    'row triggers that write to the other table and to their own',
    `CREATE FUNCTION tr() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
        INSERT INTO b VALUES (NEW.k, 7); UPDATE a SET v = v + 1 WHERE k = NEW.k AND v < 3;
        RETURN NULL; END$$;
      CREATE TRIGGER t1 AFTER INSERT ON a FOR EACH ROW EXECUTE FUNCTION tr();
      INSERT INTO a VALUES (1, 1), (3, 1)`,
  ],
  [
    'MERGE',
    `MERGE INTO a USING (VALUES (1), (9)) AS m (k) ON a.k = m.k
      WHEN MATCHED AND a.v > 2 THEN DELETE WHEN MATCHED THEN UPDATE SET v = 9
      WHEN NOT MATCHED THEN INSERT VALUES (m.k, 1)`,
  ],
  [
    'savepoints',
    `BEGIN; SAVEPOINT s; INSERT INTO a VALUES (1, 2); ROLLBACK TO s;
      INSERT INTO b VALUES (9, 9); RELEASE s; COMMIT`,
  ],
  [
    'TRUNCATE of two tables',
    'TRUNCATE a, b; INSERT INTO a VALUES (5, 5); INSERT INTO b VALUES (5, 5)',
  ],
];

test.each(STEPS)('%s', async (what, statements) => {
  await world.sql(statements);
  await expectExact(world, IMATS, what);
  await foldAll(world.imat);
  await expectExact(world, IMATS, `${what}, folded`);
});
