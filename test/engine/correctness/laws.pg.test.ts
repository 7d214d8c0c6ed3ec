/**
 * Laws that hold whatever the definition: batching, retraction, exactly once, determinism, no work
 * without a change, no leak.
 */
import { afterAll, describe, expect, test } from 'vitest';
import type { Db } from '../../../engine/db/db.ts';
import { connectDb } from '../../../engine/db/connect-db.ts';
import type { Imat } from '../../../engine/index.ts';
import { createImat } from '../../../engine/index.ts';
import type { TestDatabase } from '../../setup/database.ts';
import { createDatabase } from '../../setup/database.ts';
import type { Subject } from './support/bench.ts';
import { FOLD, useBench } from './support/bench.ts';
import { randomFor, randomHistory } from './support/random.ts';
import { LOOSE_SHOP, RESET, SAMPLES, WRITABLE_SHOP } from './support/shop.ts';
import { REBUILT } from '../../setup/rebuilt.ts';
import { foldAll } from '../../setup/fold-all.ts';

const TABLES = ['customer', 'orders', 'product', 'extra'];
const bench = useBench(LOOSE_SHOP);

const stateOf = (subject: Subject): string => `imat_store.state_${subject.name}`;

/** What only one of two stored tables has. */
async function differing(left: string, right: string): Promise<unknown[]> {
  return bench.user.query(
    `(
       SELECT 'left', to_json(l)::text
       FROM (SELECT * FROM ${left} EXCEPT ALL SELECT * FROM ${right}) l
     )
     UNION ALL (
       SELECT 'right', to_json(r)::text
       FROM (SELECT * FROM ${right} EXCEPT ALL SELECT * FROM ${left}) r
     )`,
  );
}

/** Where each stored row lies and who wrote it: changes whenever a row is touched. */
const places = (subject: Subject): Promise<unknown[]> =>
  bench.user.query(`SELECT s.ctid::text, s.xmin::text FROM ${stateOf(subject)} s ORDER BY s.ctid`);

describe.each(SAMPLES)('%s', (definition) => {
  test('batching: folding after every step, folding once and loading store the same', async () => {
    await bench.user.execute(RESET);
    const each = await bench.convert(definition);
    const once = await bench.convert(definition);
    for (const step of randomHistory(randomFor(`batching ${definition}`), WRITABLE_SHOP, 20).filter(
      (one) => one !== FOLD,
    )) {
      await bench.user.execute(step);
      if (!/TRUNCATE/.test(step)) await bench.imat.fold(each.name);
    }
    await bench.user.execute('ROLLBACK');
    await bench.fold();
    const loaded = await bench.convert(definition);
    expect(await differing(stateOf(each), stateOf(once))).toEqual([]);
    expect(await differing(stateOf(each), stateOf(loaded))).toEqual([]);
  });

  test('retraction: what was changed and changed back leaves the state as it was', async () => {
    await bench.user.execute(RESET);
    const subject = await bench.convert(definition);
    const copies = TABLES.map(
      (table) => `DROP TABLE IF EXISTS ${table}_before;
       CREATE TABLE ${table}_before AS SELECT * FROM ${table}`,
    );
    await bench.user.execute(
      `DROP TABLE IF EXISTS before;
       CREATE TABLE before AS SELECT * FROM ${stateOf(subject)};
       ${copies.join('; ')}`,
    );
    const refilled = TABLES.map(
      (table) => `DELETE FROM ${table}; INSERT INTO ${table} SELECT * FROM ${table}_before`,
    );
    const restore = `BEGIN; ${refilled.join('; ')}; COMMIT`;
    const untouched = await places(subject);
    await bench.user.execute(
      `UPDATE orders SET amount = amount + 1, region = 'x'; DELETE FROM customer; ${restore}`,
    );
    await bench.run([FOLD]);
    // It never came to a difference in the state, so no stored row was touched.
    expect(await places(subject)).toEqual(untouched);

    await bench.run([
      ...randomHistory(randomFor(`retraction ${definition}`), WRITABLE_SHOP, 12),
      'ROLLBACK',
      restore,
      FOLD,
    ]);
    expect(await differing(stateOf(subject), 'before')).toEqual([]);
    await bench.user.execute(
      `DROP TABLE before, ${TABLES.map((table) => `${table}_before`).join(', ')}`,
    );
  });

  test('no work: a fold with nothing pending, or with what is not asked for', async () => {
    await bench.user.execute(RESET);
    const subject = await bench.convert(definition);
    await bench.run([
      `INSERT INTO orders
       SELECT id + 100, customer, product, region, amount, qty, at, day, flag, note FROM orders`,
      FOLD,
    ]);
    const before = await places(subject);
    const frontier = await bench.user.query('SELECT snapshot::text FROM imat_catalog.frontier');
    await bench.imat.fold(subject.name);
    await bench.imat.fold(subject.name);
    expect(await places(subject)).toEqual(before);
    expect(await bench.user.query('SELECT snapshot::text FROM imat_catalog.frontier')).toEqual(
      frontier,
    );
    // Nobody reads this column; nothing is logged.
    await bench.user.execute('UPDATE orders SET at = now(), day = now()');
    expect((await bench.imat.status(subject.name)).imats).toMatchObject([{ pendingRows: 0 }]);
    await bench.user.execute(
      'UPDATE orders SET qty = qty, note = note; UPDATE customer SET region = region',
    );
    expect((await bench.imat.status(subject.name)).imats).toMatchObject([{ pendingRows: 0 }]);
    await bench.imat.fold(subject.name);
    expect(await places(subject)).toEqual(before);
  });

  test('exactly once: two sessions fold at once while others write', async () => {
    await bench.user.execute(RESET);
    const subject = await bench.convert(definition);
    const second = createImat(await bench.connect());
    const history = randomHistory(randomFor(`once ${definition}`), WRITABLE_SHOP, 20).filter(
      (step) => step !== FOLD && !/TRUNCATE/.test(step),
    );
    let done = false;
    const folds = [bench.imat, second].map(async (imat) => {
      while (!done) await imat.fold(subject.name);
    });
    for (const step of [...history, 'ROLLBACK']) {
      await bench.user.execute(step);
      await bench.check(subject);
    }
    done = true;
    await Promise.all(folds);
    await bench.imat.fold(subject.name);
    await bench.check(subject);
    expect(
      await bench.user.query(`SELECT count(*)::int AS n FROM ${stateOf(subject)} WHERE rows < 0`),
    ).toEqual([{ n: 0 }]);
    const loaded = await bench.convert(definition);
    expect(await differing(stateOf(subject), stateOf(loaded))).toEqual([]);
  });
});

const made: { db: Db; imat: Imat; database: TestDatabase }[] = [];
afterAll(async () => {
  for (const { db, database } of made) {
    await db.close();
    await database.drop();
  }
});

async function freshDatabase(setup: string): Promise<{ db: Db; imat: Imat }> {
  const database = await createDatabase();
  const db = await connectDb({ kind: 'url', url: database.url });
  const one = { db, imat: createImat(db), database };
  made.push(one);
  await db.execute(`SET search_path = public; ${setup}; SET search_path = pg_catalog`);
  return one;
}

const views = SAMPLES.map(
  (definition, index) => `CREATE MATERIALIZED VIEW m${index} AS ${definition}`,
).join('; ');
const OTHERS = ['swapped', 'regrouped', 'stores'];
const OTHER_VIEWS = `CREATE MATERIALIZED VIEW swapped AS
  ${REBUILT} SELECT region, max(amount) AS top FROM orders GROUP BY region;
  CREATE MATERIALIZED VIEW regrouped AS
  SELECT c.region, max(o.amount) AS top FROM customer c LEFT JOIN orders o ON o.customer = c.id
  GROUP BY c.region;
  CREATE MATERIALIZED VIEW stores AS
  SELECT o.region, count(*) AS n, (SELECT max(score) FROM customer) AS best FROM orders o
  GROUP BY o.region`;

/** Every object of a database that somebody could have left behind, by name. */
async function objectsOf(db: Db): Promise<string[]> {
  const rows = await db.query<{ object: string }>(`
    SELECT 'relation ' || n.nspname || '.' || c.relname || ' ' || c.relkind::text
      || coalesce(' ' || c.relacl::text, '') || coalesce(' ' || c.reloptions::text, '') AS object
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname <> 'pg_toast'
    UNION ALL
    SELECT 'column ' || a.attrelid::regclass || '.' || a.attname
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    WHERE c.relnamespace = 'public'::regnamespace
    UNION ALL SELECT 'schema ' || nspname FROM pg_namespace WHERE nspname !~ '^pg_(toast_)?temp'
    UNION ALL SELECT 'function ' || p.oid::regprocedure FROM pg_proc p WHERE p.oid >= 16384
    UNION ALL
    SELECT 'trigger ' || t.tgname || ' on ' || t.tgrelid::regclass
    FROM pg_trigger t
    WHERE NOT t.tgisinternal
    UNION ALL
    SELECT 'rule ' || r.rulename || ' on ' || r.ev_class::regclass
    FROM pg_rewrite r
    WHERE r.oid >= 16384
    UNION ALL
    SELECT 'type ' || n.nspname || '.' || t.typname
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
    WHERE t.oid >= 16384 AND n.nspname <> 'pg_toast'
    UNION ALL SELECT 'constraint ' || conname FROM pg_constraint WHERE oid >= 16384
    UNION ALL SELECT 'default privileges ' || oid FROM pg_default_acl
    UNION ALL SELECT 'event trigger ' || evtname FROM pg_event_trigger
    UNION ALL
    SELECT 'comment ' || pg_describe_object(classoid, objoid, objsubid) || ': ' || description
    FROM pg_description
    WHERE objoid >= 16384
    UNION ALL
    SELECT 'setting ' || setconfig::text
    FROM pg_db_role_setting s
    WHERE s.setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
    UNION ALL
    SELECT 'lock ' || locktype || ' ' || coalesce(objid, 0)
    FROM pg_locks
    WHERE locktype = 'advisory'
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    ORDER BY 1`);
  return rows.map((row) => row.object);
}

describe('determinism', () => {
  test('the same definitions give the same SQL, before and after convert, anywhere', async () => {
    const [one, two] = [
      await freshDatabase(`${LOOSE_SHOP} ${views}; ${OTHER_VIEWS}`),
      await freshDatabase(
        `CREATE TABLE noise (a int); DROP TABLE noise; ${LOOSE_SHOP} ${views}; ${OTHER_VIEWS}`,
      ),
    ];
    const installed: unknown[] = [];
    for (const { imat, db } of [one, two]) {
      const all = [];
      for (const name of [...SAMPLES.map((_, index) => `m${index}`), ...OTHERS]) {
        const before = await imat.explain(name);
        expect(await imat.explain(name)).toEqual(before);
        await imat.convert(name);
        const after = await imat.explain(name);
        expect(after.sql.map((statement) => statement.sql)).toEqual(
          before.sql.map((statement) => statement.sql),
        );
        all.push(after);
      }
      const bodies = await db.query(
        `SELECT p.proname, p.prosrc FROM pg_proc p WHERE p.pronamespace = 'imat_store'::regnamespace
         UNION ALL
         SELECT c.relname, pg_get_viewdef(c.oid)
         FROM pg_class c
         WHERE c.relkind = 'v'
           AND c.relnamespace IN ('imat'::regnamespace, 'imat_store'::regnamespace)
         ORDER BY 1`,
      );
      installed.push({
        all,
        bodies,
        objects: (await objectsOf(db)).filter((object) => !object.startsWith('lock')),
      });
    }
    // Capture and reset marks name a source by its number.
    const plain = (one: unknown): unknown =>
      JSON.parse(
        JSON.stringify(one)
          .replaceAll(/'\d+'::(pg_catalog\.)?regclass/g, 'its number')
          .replaceAll(/'[a-z.]+'::regclass/g, 'its number'),
      );
    expect(plain(installed[1])).toEqual(plain(installed[0]));
  });
});

describe('no leak', () => {
  test('revert leaves no object behind, after convert, replace, swaps and failures', async () => {
    const { db, imat } = await freshDatabase(`${LOOSE_SHOP} ${RESET};
      INSERT INTO customer (id, region) VALUES (0, 'zero');
      ${views};
      ${OTHER_VIEWS};
      CREATE MATERIALIZED VIEW failing AS
      SELECT region, count(*) AS n FROM orders GROUP BY region, 1 / (qty + 1000);
      CREATE INDEX ON m0 (region);
      GRANT SELECT ON m0 TO PUBLIC;
      COMMENT ON MATERIALIZED VIEW m0 IS 'mine';
      CREATE VIEW reads_m0 AS SELECT * FROM m0`);
    const before = await objectsOf(db);
    await imat.explain('m0');
    await imat.convert('m1', { dryRun: true });
    expect(await objectsOf(db)).toEqual(before);

    await db.execute('UPDATE public.orders SET qty = -1000 WHERE id = 1');
    await expect(imat.convert('failing')).rejects.toMatchObject({ condition: 'definition_failed' });
    expect(await objectsOf(db)).toEqual(before);

    for (const name of ['m0', 'm2', 'm3', ...OTHERS])
      await imat.convert(name, name === 'm2' ? { replace: true } : {});
    await imat.create('made', 'SELECT count(*) AS n FROM public.orders', { freshness: '5s' });
    await db.execute("INSERT INTO public.orders (id, region) VALUES (77, 'north')");
    await foldAll(imat);
    await imat.swap('swapped');
    await imat.verify();
    for (const name of ['m2', 'made', ...OTHERS, 'm0', 'm3']) await imat.revert(name);
    expect(await objectsOf(db)).toEqual(before);
  });
});
