/** min and max, merged with what is pending, and derived again where they may have gone. */
import { describe, expect, test } from 'vitest';

import { loadReaches } from '../../../engine/server/extremes.ts';
import type { Step } from './support/bench.ts';
import { FOLD, quote, useBench } from './support/bench.ts';
import { randomFor, randomHistory } from './support/random.ts';
import { LOOSE_SHOP, RESET, WRITABLE_SHOP } from './support/shop.ts';

const bench = useBench(LOOSE_SHOP);

async function tableOf(columns: string): Promise<void> {
  await bench.user.execute(`DROP TABLE IF EXISTS v; CREATE TABLE v (${columns})`);
}

const GROUPS = `SELECT g, count(*) AS n, sum(x) AS s, min(x) AS low, max(x) AS high
  FROM v GROUP BY g`;

describe('an extreme that goes', () => {
  const BEGINS: readonly Step[] = [
    'INSERT INTO v SELECT i, i % 3, i FROM generate_series(1, 12) i',
    'INSERT INTO v VALUES (20, NULL, 1), (21, NULL, 2), (30, 7, NULL), (31, 7, 5)',
    FOLD,
  ];
  const cases: Readonly<Record<string, readonly Step[]>> = {
    'is deleted': ['DELETE FROM v WHERE id = 12', FOLD, 'DELETE FROM v WHERE id = 3', FOLD],
    'is one of several': [
      'INSERT INTO v VALUES (40, 0, 12)',
      'DELETE FROM v WHERE id = 12',
      FOLD,
      'DELETE FROM v WHERE id = 40',
      FOLD,
    ],
    'is moved to another group': ['UPDATE v SET g = 1 WHERE id IN (12, 3)', FOLD],
    'is changed to a value within': ['UPDATE v SET x = 5 WHERE id = 12', FOLD],
    'is changed to one beyond': ['UPDATE v SET x = x * 100', FOLD, 'UPDATE v SET x = -x', FOLD],
    'is replaced by an equal one': [
      'BEGIN',
      'DELETE FROM v WHERE id = 12',
      'INSERT INTO v VALUES (50, 0, 12)',
      'COMMIT',
      FOLD,
    ],
    'stays in an update of another column': ['UPDATE v SET id = id + 100 WHERE x = 12', FOLD],
    'came after the last fold': [
      'INSERT INTO v VALUES (60, 0, 99), (61, 0, -99)',
      'DELETE FROM v WHERE id IN (60, 61)',
      FOLD,
      'INSERT INTO v VALUES (60, 0, 99), (61, 0, -99), (62, 0, 98)',
      'DELETE FROM v WHERE id IN (60, 61)',
      FOLD,
    ],
    'is the only value': [
      'DELETE FROM v WHERE id = 31',
      FOLD,
      'INSERT INTO v VALUES (32, 7, 6)',
      FOLD,
      'UPDATE v SET x = NULL WHERE g = 7',
      FOLD,
    ],
    'goes with its group': ['DELETE FROM v WHERE g = 1', FOLD, 'DELETE FROM v', FOLD],
    'goes with its group, which comes back': [
      'BEGIN',
      'DELETE FROM v WHERE g = 0',
      'INSERT INTO v VALUES (70, 0, 4)',
      'COMMIT',
      FOLD,
    ],
    'is in the group without a key': ['DELETE FROM v WHERE id = 21', FOLD],
    'is undone': [
      'BEGIN',
      'SAVEPOINT a',
      'DELETE FROM v WHERE id = 12',
      'ROLLBACK TO a',
      'SAVEPOINT b',
      'DELETE FROM v WHERE id = 11',
      FOLD,
      'RELEASE b',
      'COMMIT',
      FOLD,
      'BEGIN',
      'DELETE FROM v WHERE g = 2',
      'ROLLBACK',
    ],
    'is truncated': ['TRUNCATE v', 'INSERT INTO v VALUES (1, 1, 1)', FOLD],
    'is lost in more groups than are looked up one by one': [
      'INSERT INTO v SELECT 100 + i, i, i FROM generate_series(10, 29) i',
      'INSERT INTO v SELECT 200 + i, i, 2 * i FROM generate_series(10, 29) i',
      FOLD,
      'DELETE FROM v WHERE x = 2 * g AND g >= 10',
      FOLD,
    ],
  };
  const all = Object.entries(cases);
  test.each([
    ['without an index', all.filter(([name]) => name.length % 2 === 1)],
    ['that an index finds again', all.filter(([name]) => name.length % 2 === 0)],
  ])('%s', async (title, own) => {
    await tableOf('id int PRIMARY KEY, g int, x int');
    await bench.convert(GROUPS);
    await bench.convert(`SELECT min(x) AS low, max(x) AS high, count(*) AS n FROM v`);
    await bench.convert(`SELECT g, max(x) FILTER (WHERE x % 2 = 0) AS even FROM v GROUP BY g`);
    if (title !== 'without an index') await bench.user.execute('CREATE INDEX ON v (g, x)');
    expect(own.length).toBeGreaterThan(5);
    for (const [name, steps] of own) {
      await bench.run([`/* an extreme that ${name} */ TRUNCATE v`, FOLD, ...BEGINS, ...steps]);
    }
  });
});

describe('transactions', () => {
  test('a prepared transaction that deletes extremes', async () => {
    await tableOf('id int PRIMARY KEY, g int, x int');
    const subject = await bench.convert(GROUPS);
    await bench.run([
      'INSERT INTO v SELECT i, i % 2, i FROM generate_series(1, 10) i',
      FOLD,
      'BEGIN',
      'DELETE FROM v WHERE id IN (10, 1)',
      "PREPARE TRANSACTION 'merged_extremes'",
      FOLD,
      'INSERT INTO v VALUES (20, 0, 7)',
      FOLD,
      "COMMIT PREPARED 'merged_extremes'",
      FOLD,
    ]);
    await bench.check(subject);
  });

  test('a reader keeps its snapshot while extremes go and are folded', async () => {
    await tableOf('id int PRIMARY KEY, g int, x int');
    const subject = await bench.convert(GROUPS);
    await bench.run(['INSERT INTO v SELECT i, i % 2, i FROM generate_series(1, 10) i', FOLD]);
    await bench.user.execute('DELETE FROM v WHERE id = 10');
    await bench.observer.execute('BEGIN ISOLATION LEVEL REPEATABLE READ');
    await bench.check(subject, bench.observer);
    for (const step of ['DELETE FROM v WHERE id IN (8, 9)', FOLD, 'DELETE FROM v WHERE g = 0']) {
      if (step === FOLD) await bench.fold();
      else await bench.user.execute(step);
      await bench.check(subject, bench.observer);
      await bench.check(subject);
    }
    await bench.observer.execute('COMMIT');
    await bench.check(subject, bench.observer);
  });
});

describe('around it', () => {
  const BEGINS = [
    'INSERT INTO v SELECT i, i % 2, i FROM generate_series(1, 10) i',
    FOLD,
    'DELETE FROM v WHERE id IN (10, 1)',
  ];

  test('a role that may read nothing but the imat sees what was derived again', async () => {
    await tableOf('id int PRIMARY KEY, g int, x int');
    await bench.convert(GROUPS, { name: 'readable' });
    await bench.run(BEGINS);
    const role = `extremes_reader_${process.pid}`;
    await bench.user.execute(`CREATE ROLE ${role}; GRANT USAGE ON SCHEMA imat TO ${role};
      GRANT SELECT ON imat.readable TO ${role}; SET ROLE ${role}`);
    try {
      expect(await bench.user.query('SELECT g, low, high FROM imat.readable ORDER BY g')).toEqual([
        { g: 0, low: 2, high: 8 },
        { g: 1, low: 3, high: 9 },
      ]);
    } finally {
      await bench.user.execute(`RESET ROLE; DROP OWNED BY ${role}; DROP ROLE ${role}`);
    }
  });

  test('it goes on after renames and a repair', async () => {
    await tableOf('id int PRIMARY KEY, g int, x int');
    const { name, relation } = await bench.convert(GROUPS, { name: 'renamed' });
    await bench.run(BEGINS);
    const shown = (): Promise<unknown> =>
      bench.user.query(`SELECT g, low, high FROM ${relation} ORDER BY g`);
    await bench.user.execute('ALTER TABLE v RENAME x TO y; DELETE FROM v WHERE id = 8');
    expect(await shown()).toEqual([
      { g: 0, low: 2, high: 6 },
      { g: 1, low: 3, high: 9 },
    ]);
    await bench.imat.repair(name);
    await bench.user.execute('DELETE FROM v WHERE id = 3');
    expect(await shown()).toEqual([
      { g: 0, low: 2, high: 6 },
      { g: 1, low: 5, high: 9 },
    ]);
    await bench.user.execute('ALTER TABLE v RENAME y TO x');
  });

  test('the catalog names the order of every min and max', async () => {
    const rows = await bench.user.query<{ name: string; type: number; is_any: boolean }>(
      `SELECT p.proname::text AS name, p.prorettype::oid AS type,
         p.prorettype::regtype::text LIKE 'any%' AS is_any
       FROM pg_catalog.pg_proc p
       WHERE p.proname IN ('min', 'max') AND p.pronamespace = 'pg_catalog'::regnamespace`,
    );
    const calls = rows.filter((row) => !row.is_any);
    const found = await loadReaches(bench.user, calls);
    expect(calls.filter(({ name, type }) => !found.has(`${name} ${type}`))).toEqual([]);
    expect(found.get('max 23')).toBe('OPERATOR(pg_catalog.>=)');
    expect(found.get('min 23')).toBe('OPERATOR(pg_catalog.<=)');
  });
});

/** Values of a type in its order, some of them equal and not the same. */
const TYPES: Readonly<Record<string, readonly string[]>> = {
  'numeric(6, 2)': ['-1', '0', '2.50', "'NaN'"],
  'double precision': ["'-Infinity'", '-1', '0', '1.5', "'Infinity'", "'NaN'"],
  'text COLLATE "C"': ["'B'", "'a'", "''", "'b'"],
  text: ["'B'", "'a'", "''", "'b'"],
  'char(4)': ["'a'", "'b '", "'c'", "''"],
  'timestamp with time zone': ["'2024-01-01 00:00+00'", "'-infinity'", "'2025-01-01 00:00+02'"],
  'integer[]': ["'{1,2}'", "'{1}'", "'{1,NULL}'", "'{}'"],
  inet: ["'10.0.0.1'", "'10.0.0.0/8'", "'::1'"],
  mood: ["'bad'", "'good'", "'fine'"],
  posint: ['1', '2', '30'],
  'varchar(3)': ["'a'", "'ab'", "'b'"],
};

describe('types', () => {
  test('of every kind, side by side', async () => {
    await bench.user.execute(`
      DROP TABLE IF EXISTS v; DROP TYPE IF EXISTS mood; DROP DOMAIN IF EXISTS posint;
      CREATE TYPE mood AS ENUM ('good', 'bad', 'fine'); CREATE DOMAIN posint AS int`);
    const columns = Object.entries(TYPES).map(([type, values], n) => ({
      x: `x${n}`,
      type,
      values,
    }));
    await tableOf(
      `id int PRIMARY KEY, g text, ${columns.map((c) => `${c.x} ${c.type}`).join(', ')}`,
    );
    const extremes = columns.map(
      ({ x, type }) =>
        `min(${x}) AS ${quote(`low of ${type}`)}, max(${x}) AS ${quote(`high of ${type}`)}`,
    );
    await bench.convert(`SELECT g, ${extremes.join(', ')} FROM v GROUP BY g`);
    const most = Math.max(...columns.map(({ values }) => values.length));
    const ids = Array.from({ length: most + 1 }, (_, at) => at);
    const rows = ids.flatMap((at) => {
      const own = columns.map(({ values }) => values[at] ?? 'NULL').join(', ');
      return [`(${at}, 'a', ${own})`, `(${at + 50}, 'b', ${own})`];
    });
    await bench.run([
      `INSERT INTO v VALUES ${rows.join(', ')}`,
      FOLD,
      ...ids.flatMap((at) => [`DELETE FROM v WHERE id = ${at}`, ...(at % 2 === 0 ? [FOLD] : [])]),
      FOLD,
      ...ids.flatMap((at) => [`UPDATE v SET g = 'a' WHERE id = ${at + 50}`]),
      FOLD,
    ]);
  });

  test.each([
    ['numeric', ['1', '1.0', '1.00', '0.9', '2', '2.0']],
    ['interval', ["'1 day'", "'24 hours'", "'1 month'", "'30 days'"]],
    ['double precision', ['0', "'-0'", '1']],
    ['bpchar', ["'a'", "'a '", "'b'"]],
  ])('of equal values of %s, one that is there', async (type, values) => {
    await tableOf(`id int PRIMARY KEY, g int, x ${type}`);
    await bench.convert('SELECT g, min(x) AS low, max(x) AS high FROM v GROUP BY g', {
      name: 'equal_values',
      ambiguous: ['low', 'high'],
    });
    const present = `SELECT count(*)::int AS n FROM imat.equal_values q WHERE NOT EXISTS (
        SELECT FROM v WHERE v.g = q.g AND v.x::text = q.low::text)
      OR NOT EXISTS (SELECT FROM v WHERE v.g = q.g AND v.x::text = q.high::text)`;
    const rows = values.map((value, at) => `(${at}, 1, ${value})`);
    const r = randomFor(type);
    const steps = Array.from({ length: 60 }, (): Step => {
      const id = r.int(values.length);
      const value = values[r.int(values.length)] ?? 'NULL';
      if (r.chance(20)) return FOLD;
      if (r.chance(40)) return `DELETE FROM v WHERE id = ${id}`;
      return `INSERT INTO v VALUES (${id}, 1, ${value})
        ON CONFLICT (id) DO UPDATE SET x = excluded.x`;
    });
    await bench.run([`INSERT INTO v VALUES ${rows.join(', ')}`]);
    for (const step of steps) {
      await bench.run([step]);
      expect(await bench.user.query(present), step).toEqual([{ n: 0 }]);
    }
  });
});

/** One definition of each shape over which extremes are merged. */
const SHAPES: Readonly<Record<string, string>> = {
  grouped: `SELECT region, count(*) AS n, sum(qty) AS s, min(amount) AS a, max(amount) AS b,
      min(day) AS c, max(note) AS d
    FROM orders GROUP BY region`,
  'two keys': `SELECT region, flag, max(qty) AS q, min(note) AS n FROM orders GROUP BY 1, 2`,
  'three keys': `SELECT region, flag, day, max(qty) AS q FROM orders GROUP BY 1, 2, 3`,
  'a computed key': `SELECT customer % 2 AS k, max(qty) AS q FROM orders GROUP BY 1`,
  'no key': 'SELECT min(qty) AS a, max(amount) AS b, avg(qty) AS c FROM orders',
  filtered: `SELECT region, max(qty) FILTER (WHERE flag) AS q, min(qty) FILTER (WHERE NOT flag) AS r
    FROM orders WHERE note IS NOT NULL GROUP BY region`,
  joined: `SELECT c.region, min(o.qty) AS q, max(c.score) AS s, count(*) AS n
    FROM customer c JOIN orders o ON o.customer = c.id GROUP BY c.region`,
  'three tables': `SELECT p.category, max(o.qty) AS q, max(c.score) AS s
    FROM orders o JOIN customer c ON c.id = o.customer JOIN product p ON p.id = o.product
    GROUP BY p.category`,
  'four tables': `SELECT p.category, max(o.qty) AS q, min(e.label) AS l
    FROM orders o JOIN customer c ON c.id = o.customer JOIN product p ON p.id = o.product
      JOIN extra e ON e.region = c.region
    GROUP BY p.category`,
  'a table with itself': `SELECT a.region, max(b.score) AS s FROM customer a
    JOIN customer b ON b.boss = a.id GROUP BY a.region`,
  'UNION ALL': `SELECT region, max(n) AS n, min(n) AS m FROM (
      SELECT region, qty AS n FROM orders UNION ALL SELECT region, id FROM customer) u
    GROUP BY region`,
  'set-returning function': `SELECT o.region, max(g.n) AS n FROM orders o
    CROSS JOIN LATERAL generate_series(1, o.qty) g(n) GROUP BY o.region`,
  HAVING: `SELECT region, max(qty) AS q FROM orders GROUP BY region HAVING max(qty) > 2`,
  'computed from extremes': `SELECT region, max(qty) - min(qty) AS spread FROM orders
    GROUP BY region`,
  'computed before': `SELECT region, max(qty * 2) AS q, min(coalesce(note, '')) AS n FROM orders
    GROUP BY region`,
  'a limit over it': `SELECT customer, max(qty) AS q FROM orders GROUP BY customer
    ORDER BY q DESC NULLS LAST, customer LIMIT 3`,
  'a window over it': `SELECT region, max(qty) AS q, rank() OVER (ORDER BY max(qty)) AS r
    FROM orders GROUP BY region`,
  'an extreme of groups': `SELECT max(n) AS n FROM
    (SELECT region, max(qty) AS n FROM orders GROUP BY region) g`,
  failing: 'SELECT region, max(100 / nullif(qty, 0)) AS q FROM orders GROUP BY region',
  views:
    'SELECT r.place, max(p.total) AS t FROM regions r JOIN priced p ON p.buyer = r.who GROUP BY 1',
};

describe('random histories', () => {
  const names = Object.keys(SHAPES);
  const batches = Array.from({ length: Math.ceil(names.length / 7) }, (_, at) => [
    names.slice(at * 7, at * 7 + 7),
  ]);
  test.each(batches)('%s', async (own) => {
    await bench.user.execute(RESET);
    for (const name of own) await bench.convert(SHAPES[name] ?? '', ambiguousIn(name));
    const r = randomFor(own.join());
    await bench.run(randomHistory(r, WRITABLE_SHOP, Number(process.env['IMAT_STEPS'] ?? 40)));
    expect(own.length).toBeGreaterThan(0);
  });
});

/** The product of a price without a scale. */
const ambiguousIn = (name: string) => (name === 'views' ? { ambiguous: ['t'] } : {});

describe('many of them', () => {
  test('of types and collations that differ', async () => {
    await tableOf(`id int PRIMARY KEY, g int, x int, y int, t text, u text, c text COLLATE "C",
      n numeric, p numeric(10,2), v varchar(3)`);
    const columns = ['x', 'y', 't', 'u', 'c', 'n', 'p', 'v'];
    await bench.convert(
      `SELECT g, ${columns
        .map((name) => `min(${name}) AS low_${name}, max(${name}) AS high_${name}`)
        .join(', ')}, max(t) FILTER (WHERE x > 3) AS some FROM v GROUP BY g`,
    );
    const values = `i, i % 3, i, 20 - i, chr(65 + i % 7), chr(97 + i % 5),
      chr(CASE i % 2 WHEN 0 THEN 65 ELSE 97 END + i % 11), i / 4.0, i / 8.0, i::text`;
    await bench.run([
      `INSERT INTO v SELECT ${values} FROM generate_series(1, 20) i`,
      FOLD,
      'DELETE FROM v WHERE id IN (18, 19, 20)',
      `INSERT INTO v SELECT ${values} FROM generate_series(21, 23) i`,
      FOLD,
      "UPDATE v SET t = c, u = NULL, c = t, n = n + 0.00, v = 'z' WHERE id % 4 = 0",
      'UPDATE v SET x = y, y = x WHERE g = 1',
      FOLD,
      'DELETE FROM v WHERE t = (SELECT max(t) FROM v) OR n = (SELECT min(n) FROM v)',
      'DELETE FROM v WHERE g = 2',
    ]);
    expect.hasAssertions();
  });

  test('are read without a plan that PostgreSQL would compile', async () => {
    const columns = Array.from({ length: 80 }, (_, n) => `x${n}`);
    await tableOf(`id int PRIMARY KEY, g int, ${columns.map((name) => `${name} int`).join(', ')}`);
    await bench.user.execute('INSERT INTO v SELECT i, i % 5, i FROM generate_series(1, 50) i');
    const { relation } = await bench.convert(
      `SELECT g, ${columns.map((name) => `max(${name}) AS ${name}`).join(', ')} FROM v GROUP BY g`,
    );
    await bench.run(['DELETE FROM v WHERE id IN (49, 50)', 'INSERT INTO v VALUES (51, 5, 1, 2)']);
    const [plan] = await bench.user.query<{ 'QUERY PLAN': [{ Plan: { 'Total Cost': number } }] }>(
      `EXPLAIN (FORMAT json) SELECT * FROM ${relation}`,
    );
    expect(plan?.['QUERY PLAN'][0].Plan['Total Cost']).toBeLessThan(50_000);
    const [view] = await bench.user.query<{ length: number }>(
      `SELECT max(length(pg_get_viewdef(c.oid))) AS length FROM pg_class AS c
       WHERE c.relnamespace = 'imat_store'::regnamespace AND c.relname ~ '^current_'`,
    );
    expect(view?.length).toBeLessThan(400_000);
  });
});
