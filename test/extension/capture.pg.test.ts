/** C capture logs what plpgsql capture logs, whatever is written and however. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Db } from '../../engine/db/db.ts';
import {
  type CaptureServer,
  captureTwice,
  compareLogs,
  cTriggers,
  randomFrom,
  startWithExtension,
  type Twice,
} from './support/capture-world.ts';
import { seedOfRun } from '../setup/seed.ts';

let server: CaptureServer;
let db: Db;
beforeAll(async () => {
  server = await startWithExtension();
  db = await server.connect();
  await db.execute(
    `CREATE DOMAIN price AS numeric CHECK (VALUE >= 0); CREATE TYPE pair AS (a int, b text)`,
  );
});
afterAll(() => server?.stop());

const TABLE =
  '(gone int, id int PRIMARY KEY, k text, p price, gone2 text, a int[], d jsonb, big ' +
  'text, g int GENERATED ALWAYS AS (id % 7) STORED, r pair, other int)';
const LOGGED = ['id', 'k', 'p', 'a', 'd', 'big', 'g', 'r'];
const values = (rows: string): string =>
  `(id, k, p, a, d, big, r, other)
   SELECT i, 'k' || i % 5, (i % 4)::numeric(10, 2), ARRAY[i % 3, NULL],
     jsonb_build_object('x', i % 3),
    CASE i % 4
      WHEN 0 THEN NULL
      WHEN 1 THEN repeat('b', i)
      WHEN 2 THEN repeat(md5(i::text), 200)
      ELSE (SELECT string_agg(md5((i * j)::text), '') FROM generate_series(1, 150) j) END,
    ROW(i % 2, 'r')::pair, i FROM ${rows}`;

async function makeTable(name: string, definition = TABLE): Promise<void> {
  await db.execute(`CREATE TABLE ${name} ${definition};
    ALTER TABLE ${name} ALTER big SET STORAGE EXTERNAL;
    ALTER TABLE ${name} DROP COLUMN gone, DROP COLUMN gone2;
    INSERT INTO ${name} ${values('generate_series(1, 40) i')}`);
}

/** A statement, or several in one string, which the server runs as one transaction. */
function statementOf(t: string, random: (n: number) => number): string {
  const id = (): number => 1 + random(60);
  const some = `id BETWEEN ${id()} AND ${id() + random(30)}`;
  const one = (): string => {
    const i = id();
    return (
      [
        `INSERT INTO ${t} ${values(`generate_series(${i}, ${i + random(6)}) i`)}
         ON CONFLICT (id) DO UPDATE SET k = EXCLUDED.k || '!', other = ${t}.other + 1`,
        `INSERT INTO ${t} ${values(`generate_series(${i}, ${i}) i`)} ON CONFLICT DO NOTHING`,
        `UPDATE ${t} SET k = 'new${random(3)}' WHERE ${some}`,
        `UPDATE ${t} SET other = other + 1 WHERE ${some}`,
        `UPDATE ${t} SET k = k, p = p + 0, a = a || '{}', big = big || '', d = d WHERE ${some}`,
        `UPDATE ${t} SET p = CASE WHEN p = 1 THEN 1.00 ELSE 1.0 END WHERE ${some}`,
        `UPDATE ${t}
         SET (k, big) = (SELECT o.k, o.big FROM ${t} o WHERE o.id = (${t}.id % 40) + 1)
         WHERE ${some}`,
        `UPDATE ${t}
         SET id = 101 - id
         WHERE id = ${41 + random(20)}
           AND NOT EXISTS (SELECT FROM ${t} o WHERE o.id = 101 - ${t}.id)`,
        `UPDATE ${t} SET big = NULL, a = NULL, d = 'null', r = NULL WHERE id = ${i}`,
        `DELETE FROM ${t} WHERE id = ${i}`,
        `DELETE FROM ${t} WHERE ${some} AND id % 3 = 0`,
        `MERGE INTO ${t} USING generate_series(${i}, ${i + 5}) AS s(i) ON id = i
         WHEN MATCHED AND i % 2 = 0 THEN DELETE
         WHEN MATCHED THEN UPDATE SET p = 3.50
         WHEN NOT MATCHED THEN INSERT (id, k) VALUES (i, 'm')`,
        `WITH x AS (DELETE FROM ${t} WHERE id = ${i} RETURNING id),
           y AS (
             INSERT INTO ${t} (id, k)
             SELECT 200 + n, 'y' FROM generate_series(1, 3) n
             ON CONFLICT DO NOTHING
           ),
           z AS (UPDATE ${t} SET k = 'z' WHERE id = ${i + 1})
         SELECT * FROM x`,
        `DO $$
           BEGIN
             UPDATE ${t} SET k = 'lost' WHERE ${some};
             INSERT INTO ${t} (id) VALUES (300);
             RAISE 'back';
           EXCEPTION WHEN raise_exception THEN
             UPDATE ${t} SET k = 'kept' WHERE id = ${i};
           END
         $$`,
        `COPY ${t} (id, k) FROM PROGRAM 'printf "${1000 + random(1e6)}\\tcopied\\n` +
          `${2000000 + random(1e6)}\\t\\\\N\\n"'`,
        `DELETE FROM ${t} WHERE id > 100`,
      ][random(16)] ?? ''
    );
  };
  if (random(4) > 0) return one();
  return `BEGIN;
    ${one()};
    SAVEPOINT a;
    ${one()};
    ${one()};
    ROLLBACK TO a;
    ${one()};
    SAVEPOINT b;
    ${one()};
    RELEASE b;
    ${random(4) === 0 ? 'ROLLBACK' : 'COMMIT'}`;
}

async function history(t: string, twice: Twice, seed: number, steps: number): Promise<void> {
  const random = randomFrom(seed);
  for (let step = 0; step < steps; step++) {
    const statement = statementOf(t, random);
    await db.execute(statement);
    const { different, rows } = await compareLogs(db, twice);
    expect(different, `seed ${seed}, step ${step}: ${statement}`).toEqual([]);
    expect(rows[1], `seed ${seed}, step ${step}: ${statement}`).toBe(rows[0]);
    if (step % 20 === 19) await db.execute(`TRUNCATE ${twice.sql}, ${twice.c}`);
  }
}

const SEED = seedOfRun();

describe('random histories', () => {
  test('of a table with all kinds of columns', async () => {
    await makeTable('plain');
    await history('plain', await captureTwice(db, 'plain', LOGGED), SEED, 120);
  });

  test('of columns that tell rows apart less', async () => {
    await makeTable('few');
    await history('few', await captureTwice(db, 'few', ['k', 'p']), SEED + 1, 80);
  });

  test('of no column at all', async () => {
    await makeTable('none');
    const twice = await captureTwice(db, 'none', []);
    await history('none', { ...twice, columns: ['1'] }, SEED + 2, 40);
  });

  test('of a partitioned table whose partitions have their columns in another order', async () => {
    await db.execute(`CREATE TABLE parted (
        gone int, id int PRIMARY KEY, k text, p price, a int[], d jsonb, big text,
        g int, r pair, other int
      ) PARTITION BY RANGE (id);
      ALTER TABLE parted DROP COLUMN gone;
      CREATE TABLE low (
        other int, r pair, g int, big text, d jsonb, a int[], p price, k text, id int NOT NULL
      );
      ALTER TABLE parted ATTACH PARTITION low FOR VALUES FROM (MINVALUE) TO (30);
      CREATE TABLE high PARTITION OF parted DEFAULT;
      INSERT INTO parted ${values('generate_series(1, 40) i')}`);
    await history('parted', await captureTwice(db, 'parted', LOGGED), SEED + 3, 80);
  });
});

describe('capture in C', () => {
  test('of rows with columns that were added later, and of a renamed one', async () => {
    await db.execute(
      `CREATE TABLE later (id int);
       INSERT INTO later SELECT generate_series(1, 5);
       ALTER TABLE later ADD COLUMN n int DEFAULT 7, ADD COLUMN t text DEFAULT 'seven'`,
    );
    const twice = await captureTwice(db, 'later', ['id', 'n', 't']);
    for (const write of [
      'UPDATE later SET id = id + 10 WHERE id < 3',
      'DELETE FROM later WHERE id > 3',
      'UPDATE later SET id = id',
    ]) {
      await db.execute(write);
      expect((await compareLogs(db, twice)).different, write).toEqual([]);
    }
    await db.execute(
      `DROP TRIGGER "!imat_insert" ON later;
       ALTER TABLE later RENAME n TO m;
       TRUNCATE later_log_c;
       INSERT INTO later VALUES (9, 8)`,
    );
    expect(await db.query('SELECT weight, c1, c2, c3 FROM later_log_c')).toEqual([
      { weight: 1, c1: 9, c2: 8, c3: 'seven' },
    ]);
  });

  test('of cascades, nested and deferred triggers, under session_replication_role', async () => {
    await db.execute(`CREATE TABLE up (id int PRIMARY KEY, k text);
      CREATE TABLE down (
        id int PRIMARY KEY,
        up int REFERENCES up ON DELETE CASCADE ON UPDATE CASCADE, k text
      );
      CREATE FUNCTION spread() RETURNS trigger
      LANGUAGE plpgsql
      AS $$
        BEGIN
          INSERT INTO down
          SELECT 1000 + id, id, 'nested' FROM up WHERE id = NEW.id
          ON CONFLICT DO NOTHING;
          UPDATE down SET k = k || '.' WHERE up = NEW.id;
          RETURN NULL;
        END
      $$;
      CREATE TRIGGER nested AFTER INSERT ON up FOR EACH ROW EXECUTE FUNCTION spread();
      CREATE CONSTRAINT TRIGGER deferred AFTER UPDATE ON up DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW
      EXECUTE FUNCTION spread()`);
    const twice = [
      await captureTwice(db, 'up', ['id', 'k']),
      await captureTwice(db, 'down', ['id', 'up', 'k']),
    ];
    for (const write of [
      `INSERT INTO up SELECT i, 'u' FROM generate_series(1, 6) i`,
      `INSERT INTO down SELECT i, i % 6 + 1, 'd' FROM generate_series(1, 20) i`,
      `UPDATE up SET id = id + 10 WHERE id > 4`,
      `BEGIN;
       UPDATE up SET k = 'v';
       SAVEPOINT a;
       DELETE FROM up WHERE id = 1;
       ROLLBACK TO a;
       DELETE FROM up WHERE id = 2;
       COMMIT`,
      `SET session_replication_role = replica;
       DELETE FROM up WHERE id = 3;
       INSERT INTO down VALUES (77, 1, 'x'), (78, 1, 'y');
       RESET session_replication_role`,
      `BEGIN ISOLATION LEVEL SERIALIZABLE; UPDATE down SET k = 's'; COMMIT`,
      [`BEGIN; DELETE FROM down WHERE id < 5; PREPARE TRANSACTION 'c'`, `COMMIT PREPARED 'c'`],
      `DELETE FROM up`,
    ]) {
      for (const statement of typeof write === 'string' ? [write] : write)
        await db.execute(statement);
      for (const one of twice)
        expect((await compareLogs(db, one)).different, String(write)).toEqual([]);
    }
  });

  test('of more rows than one batch and one hash table hold', async () => {
    await db.execute(`CREATE TABLE many (id int, n int, t text)`);
    const twice = await captureTwice(db, 'many', ['id', 'n', 't']);
    for (const write of [
      `INSERT INTO many SELECT i, i % 100, 'row ' || i FROM generate_series(1, 30000) i`,
      `UPDATE many SET n = n + 1`,
      `UPDATE many SET n = n`,
      `UPDATE many SET id = id + 1, n = 1, t = 'row'`,
      `DELETE FROM many WHERE id % 2 = 0`,
    ]) {
      await db.execute(`SET LOCAL work_mem = '64kB'; ${write}`);
      expect((await compareLogs(db, twice)).different, write).toEqual([]);
    }
    // Ranks that move on by one: nearly all images of the old rows are images of new ones.
    await db.execute(
      `CREATE TABLE ranks (place int); INSERT INTO ranks SELECT generate_series(1, 20000)`,
    );
    const ranks = await captureTwice(db, 'ranks', ['place']);
    await db.execute('UPDATE ranks SET place = place + 1');
    const { different, rows } = await compareLogs(db, ranks);
    expect(different).toEqual([]);
    expect(rows[0]).toBe(2);
    expect(rows[1]).toBeLessThan(20);
  });

  test('into a log with an index, which finds what was logged', async () => {
    await db.execute(`CREATE TABLE indexed (id int, k text)`);
    const twice = await captureTwice(db, 'indexed', ['id', 'k']);
    await db.execute(
      `CREATE INDEX ON ${twice.c} (xid); CREATE INDEX ON ${twice.c} USING hash (c2)`,
    );
    for (const write of [
      `INSERT INTO indexed VALUES (1, 'one')`,
      `INSERT INTO indexed SELECT i, 'k' || i FROM generate_series(2, 3000) i`,
      `UPDATE indexed SET k = 'z' WHERE id = 7`,
      'DELETE FROM indexed WHERE id < 500',
    ]) {
      await db.execute(write);
      expect((await compareLogs(db, twice)).different, write).toEqual([]);
    }
    await db.execute('SET enable_seqscan = off');
    expect(
      await db.query(`SELECT weight, c1 FROM ${twice.c} WHERE c2 = 'z' ORDER BY weight`),
    ).toEqual([
      { weight: -1, c1: 7 },
      { weight: 1, c1: 7 },
    ]);
    expect(
      await db.query(
        `SELECT count(*)::int AS n, count(DISTINCT xid)::int AS x FROM ${twice.c} WHERE xid > '0'`,
      ),
    ).toEqual([{ n: 1 + 2999 + 2 + 499, x: 4 }]);
    await db.execute('RESET enable_seqscan');
  });

  test('of a log that gains a column, while other sessions have it in their caches', async () => {
    await db.execute(
      `CREATE TABLE grows (id int, n int);
       CREATE TABLE grows_log (xid xid8 NOT NULL, weight integer NOT NULL, c1 int);
       SELECT enable_capture('grows', 'grows_log')`,
    );
    await db.execute(cTriggers('grows'));
    const other = await server.connect();
    await other.execute('INSERT INTO grows VALUES (1, 10)');
    await db.execute('ALTER TABLE grows_log ADD COLUMN c2 int');
    await other.execute('INSERT INTO grows VALUES (2, 20)');
    await db.execute(
      `BEGIN;
       ALTER TABLE grows_log DROP COLUMN c1;
       INSERT INTO grows VALUES (3, 30);
       ROLLBACK;
       INSERT INTO grows VALUES (4, 40)`,
    );
    expect(await db.query('SELECT c1, c2 FROM grows_log ORDER BY c1')).toEqual([
      { c1: 1, c2: null },
      { c1: 2, c2: 20 },
      { c1: 4, c2: 40 },
    ]);
  });

  test('of marks, where the trigger has no transition tables', async () => {
    await db.execute(`CREATE TABLE marked (id int);
      CREATE TABLE marked_log (xid xid8 NOT NULL, weight integer NOT NULL);
      SELECT enable_capture('marked', 'marked_log');
      CREATE TRIGGER m AFTER INSERT OR UPDATE OR DELETE ON marked
      FOR EACH STATEMENT
      EXECUTE FUNCTION capture_changes();
      INSERT INTO marked SELECT generate_series(1, 3);
      UPDATE marked SET id = 4;
      DELETE FROM marked`);
    expect(await db.query('SELECT weight FROM marked_log')).toEqual([
      { weight: 0 },
      { weight: 0 },
      { weight: 0 },
    ]);
  });

  test('of a partition into the log of its root', async () => {
    await db.execute(`CREATE TABLE root (gone int, id int, k text, n int) PARTITION BY LIST (id);
      ALTER TABLE root DROP COLUMN gone;
      CREATE TABLE leaf (n int, k text, id int); ALTER TABLE root ATTACH PARTITION leaf DEFAULT;
      CREATE TABLE root_log (xid xid8 NOT NULL, weight integer NOT NULL, c2 int, c4 int);
      SELECT enable_capture('root', 'root_log'),
        enable_capture('leaf', 'root_log', numbered_by => 'root')`);
    await db.execute(cTriggers('root') + cTriggers('leaf'));
    await db.execute(
      `INSERT INTO root VALUES (1, 'a', 10);
       INSERT INTO leaf VALUES (20, 'b', 2);
       UPDATE leaf SET n = 21 WHERE id = 2;
       DELETE FROM root WHERE id = 1`,
    );
    expect(
      await db.query(
        'SELECT c2, c4, sum(weight)::int AS weight FROM root_log ' +
          'GROUP BY 1, 2 HAVING sum(weight) <> 0',
      ),
    ).toEqual([{ c2: 2, c4: 21, weight: 1 }]);
    expect(await db.query(`SELECT capture_log('leaf')::text AS log`)).toEqual([
      { log: 'root_log' },
    ]);
  });
});
