/** Ways of writing and reading that snapshots, caches and parallel plans could get wrong. */
import { beforeEach, describe, expect, test } from 'vitest';
import type { Db } from '../../../engine/db/db.ts';
import type { Subject } from './support/bench.ts';
import { FOLD, useBench } from './support/bench.ts';
import { columnsOf, differences } from './support/oracle.ts';
import { HISTORY, LOOSE_SHOP, RESET, SAMPLES } from './support/shop.ts';
import { REBUILT } from '../../setup/rebuilt.ts';

const bench = useBench(LOOSE_SHOP);

beforeEach(() => bench.user.execute(RESET));

async function samples(): Promise<Subject[]> {
  const subjects: Subject[] = [];
  for (const definition of SAMPLES) subjects.push(await bench.convert(definition));
  return subjects;
}

async function checkAll(subjects: readonly Subject[], db: Db): Promise<void> {
  for (const subject of subjects) await bench.check(subject, db);
}

describe('readers', () => {
  test('an old snapshot goes on reading its content, across folds and cleaned logs', async () => {
    const subjects = await samples();
    const readers: Db[] = [];
    for (const [index, step] of HISTORY.filter((one) => !/TRUNCATE|COPY/.test(one)).entries()) {
      if (step === FOLD) await bench.fold();
      else await bench.user.execute(step);
      if (index % 6 === 0 && readers.length < 4) {
        const reader = await bench.connect();
        await reader.execute('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1');
        readers.push(reader);
      }
      if (index % 5 === 0) for (const reader of readers) await checkAll(subjects, reader);
    }
    for (const reader of readers) {
      await checkAll(subjects, reader);
      await reader.execute('ROLLBACK');
    }
  });

  test('an old snapshot that reads a swapped imat first after several swaps', async () => {
    const subject = await bench.convert(
      `${REBUILT} SELECT region, max(amount) AS top FROM orders GROUP BY region`,
      { strategy: 'swap' },
    );
    const reader = await bench.connect();
    await reader.execute('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM customer');
    await bench.run(["UPDATE orders SET amount = amount + 1, region = 'moved' WHERE id < 3", FOLD]);
    await bench.check(subject, reader);
    await reader.execute(
      'ROLLBACK; BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM customer',
    );
    await bench.run(['DELETE FROM orders']);
    await bench.check(subject, reader);
    await reader.execute('ROLLBACK');
    await bench.run([FOLD]);
  });

  test('conditions, orders, limits, joins and aggregates over an imat', async () => {
    const subjects = await samples();
    const over = (subject: Subject): string[] => {
      const [first, second] = subject.columns.map((column) => `"${column.name}"`);
      const pick = (condition: string): string => `SELECT * FROM $ AS q WHERE ${condition}`;
      return [
        pick(`${first}::text = 'north'`),
        pick(`${first} IS NULL`),
        pick(`${first} IS NOT NULL AND ${second ?? first} IS NOT NULL`),
        pick(`${first}::text IN ('north', '1', '2') OR ${second ?? first} IS NULL`),
        pick(`coalesce(${first}::text, '') < 'o'`),
        pick('false'),
        pick(`${first} = (SELECT min(${first}) FROM $ AS m)`),
        pick(`EXISTS (SELECT FROM customer c WHERE c.region = ${first}::text)`),
        `SELECT count(*) AS n, count(DISTINCT q.*) AS d FROM $ AS q`,
        `SELECT ${first}, count(*) AS n FROM $ AS q GROUP BY ${first} HAVING count(*) > 0`,
        `SELECT count(*) AS n FROM $ AS a JOIN $ AS b ON a.${first} = b.${first}`,
        `SELECT c.name AS customer_name, q.*
         FROM customer c LEFT JOIN $ AS q ON q.${first}::text = c.region`,
        `SELECT * FROM (SELECT * FROM $ AS q ORDER BY q.*::text LIMIT 2) AS z`,
      ];
    };
    const queries = subjects.flatMap((subject) =>
      over(subject).map((query) => ({ subject, query })),
    );
    const check = async (): Promise<void> => {
      for (const { subject, query } of queries) {
        const imat = query.replaceAll('$', subject.relation);
        await bench.user.execute(
          `DROP VIEW IF EXISTS asked; CREATE TEMPORARY VIEW asked AS ${imat}`,
        );
        const found = await differences(bench.user, {
          relation: 'asked',
          definition: query.replaceAll('$', `(${subject.definition})`),
          columns: await columnsOf(bench.user, 'asked'),
          ambiguous: [],
        });
        expect(found, imat).toEqual([]);
      }
      await bench.user.execute('DROP VIEW asked');
    };
    await check();
    await bench.user.execute(
      `INSERT INTO orders
       SELECT id, customer, product, 'north', 3, 1, at, day, flag, note FROM orders;
       UPDATE customer SET region = NULL, boss = 1 WHERE id = 2;
       INSERT INTO extra VALUES (2, 'north', NULL);
       DELETE FROM orders WHERE amount = 7`,
    );
    await check();
  });

  test('prepared statements whose plans are kept', async () => {
    const [subject] = [
      await bench.convert(
        'SELECT region, count(*) AS n, sum(amount) AS s FROM orders GROUP BY region',
      ),
    ];
    await bench.user.execute(
      `SET plan_cache_mode = force_generic_plan;
       PREPARE one(text) AS SELECT n FROM ${subject.relation} WHERE region = $1;
       PREPARE every AS SELECT sum(n)::int AS n FROM ${subject.relation}`,
    );
    const ask = async (): Promise<unknown> => [
      await bench.user.query("EXECUTE one('north')"),
      await bench.user.query('EXECUTE every'),
    ];
    expect(await ask()).toEqual([[{ n: '2' }], [{ n: 5 }]]);
    await bench.user.execute("INSERT INTO orders (id, region) VALUES (50, 'north')");
    expect(await ask()).toEqual([[{ n: '3' }], [{ n: 6 }]]);
    await bench.imat.fold(subject.name);
    expect(await ask()).toEqual([[{ n: '3' }], [{ n: 6 }]]);
    await bench.user.execute("DELETE FROM orders WHERE region = 'north'");
    expect(await ask()).toEqual([[], [{ n: 3 }]]);
    await bench.user.execute('DEALLOCATE ALL; RESET plan_cache_mode');
  });

  test('parallel workers see the changes of their own transaction', async () => {
    const subjects = await samples();
    const reader = await bench.connect();
    const [row] = await reader.query<{ major: number }>(
      `SELECT current_setting('server_version_num')::int / 10000 AS major`,
    );
    const force = (row?.major ?? 0) >= 16 ? 'debug_parallel_query' : 'force_parallel_mode';
    await reader.execute(
      `SET ${force} = on;
       SET max_parallel_workers_per_gather = 2;
       SET parallel_setup_cost = 0;
       SET parallel_tuple_cost = 0;
       SET min_parallel_table_scan_size = 0`,
    );
    await checkAll(subjects, reader);
    await reader.execute(
      `BEGIN;
       INSERT INTO orders
       SELECT id + 20, customer, product, region, amount, qty, at, day, flag, note FROM orders;
       SAVEPOINT a;
       UPDATE customer SET region = 'south';
       DELETE FROM extra WHERE k = 1;
       SAVEPOINT b;
       UPDATE product SET price = 7`,
    );
    await checkAll(subjects, reader);
    await reader.execute('ROLLBACK TO b');
    await checkAll(subjects, reader);
    await reader.execute('ROLLBACK TO a');
    await checkAll(subjects, reader);
    await reader.execute('COMMIT');
    await checkAll(subjects, reader);
  });

  test('a cursor goes on reading what it was opened on', async () => {
    const subject = await bench.convert('SELECT region, count(*) AS n FROM orders GROUP BY region');
    await bench.user.execute(
      `BEGIN;
       DECLARE held CURSOR WITH HOLD FOR SELECT * FROM ${subject.relation} ORDER BY region;
       DECLARE open CURSOR FOR SELECT * FROM ${subject.relation} ORDER BY region`,
    );
    const first = await bench.user.query('FETCH 1 FROM open');
    await bench.user.execute('DELETE FROM orders');
    expect([...first, ...(await bench.user.query('FETCH ALL FROM open'))]).toEqual([
      { region: 'north', n: '2' },
      { region: 'south', n: '2' },
      { region: null, n: '1' },
    ]);
    await bench.check(subject);
    await bench.user.execute('COMMIT');
    await bench.imat.fold(subject.name);
    expect(await bench.user.query('FETCH ALL FROM held')).toHaveLength(3);
    await bench.user.execute('CLOSE held');
  });
});

describe('writers', () => {
  test('subtransactions within subtransactions, some of them rolled back', async () => {
    await samples();
    await bench.run([
      'BEGIN',
      "INSERT INTO orders (id, region, amount) VALUES (60, 'west', 1)",
      'SAVEPOINT a',
      "UPDATE orders SET region = 'x' WHERE id = 60",
      'SAVEPOINT b',
      'DELETE FROM orders WHERE id < 3',
      'ROLLBACK TO b',
      "INSERT INTO customer (id, region) VALUES (60, 'x')",
      'RELEASE b',
      FOLD,
      'SAVEPOINT c',
      'UPDATE product SET price = price + 1',
      'ROLLBACK TO a',
      'UPDATE customer SET boss = 4 WHERE id = 1',
      'COMMIT',
      FOLD,
    ]);
  });

  test('blocks that catch what failed half-way', async () => {
    await samples();
    await bench.run([
      `DO $$ BEGIN
        INSERT INTO orders (id, region, amount) VALUES (61, 'west', 1);
        BEGIN
          DELETE FROM orders;
          UPDATE customer SET region = 'gone';
          PERFORM 1 / 0;
        EXCEPTION WHEN division_by_zero THEN
          NULL;
        END;
        FOR n IN 1..20 LOOP
          BEGIN
            INSERT INTO extra VALUES (n, 'loop', 'l');
            IF n % 3 = 0 THEN
              RAISE EXCEPTION 'odd';
            END IF;
          EXCEPTION WHEN raise_exception THEN
            NULL;
          END;
        END LOOP;
      END $$`,
      FOLD,
      `WITH gone AS (DELETE FROM orders WHERE id = 61 RETURNING *)
       INSERT INTO orders (id, region, amount) SELECT id + 1, 'north', 2 FROM gone`,
      `WITH a AS (UPDATE customer SET boss = 2 RETURNING id),
         b AS (INSERT INTO extra SELECT id, 'cte', 'c' FROM a RETURNING k)
       DELETE FROM product WHERE id IN (SELECT k FROM b)`,
    ]);
  });

  test('transactions that are in progress while others fold', async () => {
    const subjects = await samples();
    const writers = await Promise.all([bench.connect(), bench.connect(), bench.connect()]);
    for (const [index, writer] of writers.entries())
      await writer.execute(
        `BEGIN;
         INSERT INTO orders (id, region, amount, qty, product, customer)
         VALUES (${70 + index}, 'w', ${index}, 1, 1, 1);
         UPDATE extra SET label = 'w${index}' WHERE region = 'south' AND ${index} = 0`,
      );
    for (const writer of writers.toReversed()) {
      await bench.fold();
      await checkAll(subjects, bench.user);
      for (const one of writers) await checkAll(subjects, one);
      await writer.execute('COMMIT');
      await checkAll(subjects, bench.user);
    }
    await bench.fold();
    await checkAll(subjects, bench.user);
  });

  test('prepared transactions, committed and rolled back after folds', async () => {
    const subjects = await samples();
    for (const end of ['COMMIT', 'ROLLBACK']) {
      const id = `correctness_${end}_${process.pid}`;
      await bench.user.execute(
        `BEGIN;
         INSERT INTO orders (id, region, amount) VALUES (80, 'p', 1);
         UPDATE customer SET region = 'p${end}' WHERE id = 1;
         PREPARE TRANSACTION '${id}'`,
      );
      await checkAll(subjects, bench.user);
      await bench.fold();
      await bench.user.execute("INSERT INTO orders (id, region, amount) VALUES (81, 'q', 1)");
      await bench.fold();
      await checkAll(subjects, bench.user);
      await bench.user.execute(`${end} PREPARED '${id}'`);
      await checkAll(subjects, bench.user);
      await bench.fold();
      await checkAll(subjects, bench.user);
    }
  });

  test('MERGE, ON CONFLICT and triggers that write further', async () => {
    await bench.user.execute(`
      CREATE FUNCTION echo() RETURNS trigger
      LANGUAGE plpgsql
      AS $$
        BEGIN
          INSERT INTO orders (id, region, amount) VALUES (NEW.k, NEW.region, 1);
          NEW.region := upper(NEW.region);
          RETURN NEW;
        END
      $$;
      DELETE FROM extra;
      CREATE UNIQUE INDEX merged ON extra (k, label);
      CREATE TRIGGER echo BEFORE INSERT OR UPDATE ON extra FOR EACH ROW EXECUTE FUNCTION echo()`);
    try {
      await samples();
      await bench.run([
        "INSERT INTO extra VALUES (1, 'north', 'x'), (2, 'south', 'y')",
        `INSERT INTO extra
         VALUES (1, 'west', 'x'), (3, 'west', 'z')
         ON CONFLICT (k, label) DO UPDATE SET region = excluded.region`,
        "INSERT INTO extra VALUES (1, 'east', 'x') ON CONFLICT DO NOTHING",
        FOLD,
        `MERGE INTO extra e USING customer c ON e.k = c.id
         WHEN MATCHED AND c.id = 1 THEN DELETE
         WHEN MATCHED THEN UPDATE SET region = c.region
         WHEN NOT MATCHED THEN INSERT VALUES (c.id, c.region, 'm')`,
        FOLD,
      ]);
    } finally {
      await bench.clear();
      await bench.user.execute('DROP TRIGGER echo ON extra; DROP FUNCTION echo; DROP INDEX merged');
    }
  });
});

describe('freshness', () => {
  test.each(['manual', '5 seconds'])(
    '%s: the answer as of the last fold, and no other',
    async (freshness) => {
      const subjects: Subject[] = [];
      for (const definition of SAMPLES)
        subjects.push(await bench.convert(definition, { freshness }));
      await checkAll(subjects, bench.user);
      await bench.user.execute('CREATE TEMPORARY TABLE stale AS SELECT * FROM imat.subject_1');
      await bench.user.execute(
        "INSERT INTO orders (id, region, amount, flag) VALUES (90, 'fresh', 1, true)",
      );
      expect(
        await bench.user.query('SELECT * FROM imat.subject_1 EXCEPT ALL SELECT * FROM stale'),
      ).toEqual([]);
      await bench.fold();
      await checkAll(subjects, bench.user);
      await bench.user.execute('DROP TABLE stale');
    },
  );
});
