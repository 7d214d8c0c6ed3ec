/** Partitions that come and go beside writers, readers and folds; rights, names, refusals. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type Checked,
  expectExact,
  outcomeOf,
  type Session,
  sqlstateOf,
  until,
  untilBlocked,
  type World,
} from '../commands/support/world.ts';
import { poll } from '../../../workers/catalog.ts';
import {
  ALL,
  COUNTED,
  JOINED,
  maintain,
  NEW_ROWS,
  usePartitionedWorlds,
  RANKED,
  readsDefinition,
  SUMMED,
} from './support/partitioned.ts';
import { foldAll } from '../../setup/fold-all.ts';

const makeWorld = usePartitionedWorlds();
let world: World;
beforeEach(async () => {
  world = await makeWorld();
});
afterEach(() => world.drop());

describe('beside others', () => {
  const attach = async (): Promise<void> => {
    await world.sql(`CREATE TABLE sale_3 (id int, kind text, amount numeric(10,2));
      INSERT INTO sale_3 SELECT 200 + i, 'a', i FROM generate_series(0, 9) AS i;
      ALTER TABLE sale ATTACH PARTITION sale_3 FOR VALUES FROM (200) TO (300)`);
  };
  /** Whether it took in a partition. */
  const follow = (session: Session): Promise<boolean> =>
    session.value('SELECT imat_catalog.follow_any_part()');

  test.each(['READ COMMITTED', 'REPEATABLE READ'])(
    'writers before, while and after a partition is taken in: %s',
    async (isolation) => {
      const [before, early, late] = [
        await world.session(),
        await world.session(),
        await world.session(),
      ];
      // Its snapshot and its plans are older than the partition.
      await early.sql('INSERT INTO sale VALUES (9, $$a$$, 1)');
      await early.sql(`BEGIN ISOLATION LEVEL ${isolation}; SELECT FROM product`);
      await early.sql('INSERT INTO product VALUES ($$c$$, $$C$$)');
      await attach();
      await before.sql(`BEGIN ISOLATION LEVEL ${isolation}`);
      await before.sql(`INSERT INTO sale_3 VALUES (220, 'b', 1); DELETE FROM sale WHERE id = 201`);
      expect(await follow(world)).toBe(false);
      await expectExact(before, ALL);
      await expectExact(world, ALL);
      await before.sql('COMMIT');
      await expectExact(world, ALL);
      // Writers wait for this one.
      const taker = await world.session();
      await taker.sql('BEGIN');
      expect(await follow(taker)).toBe(true);
      const inserted = outcomeOf(late.sql(`INSERT INTO sale VALUES (230, 'b', 1), (8, 'b', 2)`));
      await untilBlocked(world, late.pid);
      await expectExact(world, ALL);
      await expectExact(taker, ALL);
      await taker.sql('COMMIT');
      expect(await inserted).not.toBeInstanceOf(Error);
      await expectExact(world, ALL);
      await early.sql(
        `INSERT INTO sale VALUES (240, 'a', 3); INSERT INTO sale_3 VALUES (241, 'b', 4)`,
      );
      await early.sql(
        `UPDATE sale SET id = id + 20 WHERE id = 205; DELETE FROM sale_3 WHERE id = 206`,
      );
      await expectExact(early, ALL);
      await expectExact(world, ALL);
      await maintain(world);
      await expectExact(early, ALL);
      await early.sql('COMMIT');
      await expectExact(world, ALL);
      await maintain(world);
      await expectExact(world, ALL);
    },
  );

  test('a reader that is older than the partition, and than its detachment', async () => {
    const open = async (): Promise<Session> => {
      const reader = await world.session();
      await reader.sql('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM product');
      return reader;
    };
    const first = await open();
    await attach();
    const second = await open();
    await follow(world);
    const third = await open();
    await world.sql('ALTER TABLE sale DETACH PARTITION sale_3');
    const fourth = await open();
    await world.sql('DELETE FROM sale_3 WHERE id < 205');
    await follow(world);
    await world.sql('DELETE FROM sale_3 WHERE id > 205');
    const readers = [first, second, third, fourth, world];
    await maintain(world);
    for (const [index, reader] of readers.entries())
      await expectExact(reader, ALL, `reader ${index}`);
  });

  test('a partition that comes while a fold reads', async () => {
    await world.sql(`INSERT INTO sale VALUES (9, 'a', 1)`);
    const holder = await world.session();
    await holder.sql('BEGIN; LOCK TABLE imat_store.log_public_product IN ACCESS EXCLUSIVE MODE');
    const folder = await world.program();
    const folded = outcomeOf(folder.imat.fold('joined'));
    await untilBlocked(world, folder.pid);
    await world.sql(`CREATE TABLE sale_3 (id int, kind text, amount numeric(10,2));
      INSERT INTO sale_3 VALUES (200, 'b', 1)`);
    await world.sql('ALTER TABLE sale ATTACH PARTITION sale_3 FOR VALUES FROM (200) TO (300)');
    await holder.sql('COMMIT');
    await folded;
    await expectExact(world, ALL);
    await maintain(world);
    await expectExact(world, ALL);
  });

  test('partitions are made and dropped under load, as pg_partman does', async () => {
    let isOver = false;
    const failures: unknown[] = [];
    const writer = async (number: number): Promise<void> => {
      const session = await world.session();
      for (let round = 0; !isOver; round++) {
        const id = 200 + ((round * 37 + number * 11) % 500);
        const statements = [
          `INSERT INTO sale VALUES (${id}, 'a', ${round})`,
          `UPDATE sale SET id = ${id}, kind = 'b' WHERE id = ${id + 37}`,
          `DELETE FROM sale WHERE id = ${id + 5}`,
          `INSERT INTO sale_x VALUES (-${id}, 'c', 1)`,
        ];
        await session.sql(statements[round % 4] ?? '').catch((error: unknown) => {
          // The row belongs to no partition any more, or a deadlock with the DDL.
          if (!/23514|40P01/.test(String((error as { sqlstate?: string }).sqlstate)))
            failures.push(error);
        });
      }
    };
    await world.sql('CREATE TABLE sale_x PARTITION OF sale DEFAULT');
    const keeper = await world.program();
    const folds = async (): Promise<void> => {
      const session = await world.session();
      while (!isOver) {
        await follow(session).catch((error: unknown) => failures.push(error));
        await outcomeOf(keeper.imat.fold('summed'));
        await outcomeOf(keeper.imat.fold('joined'));
      }
    };
    const running = [writer(1), writer(2), folds()];
    const partman = await world.session();
    for (let from = 200; from < 600; from += 50) {
      const statement =
        `CREATE TABLE sale_${from} PARTITION OF sale ` +
        `FOR VALUES FROM (${from}) TO (${from + 50})`;
      const isMoved = `id >= ${from} AND id < ${from + 50}`;
      // Rows are in the default partition already: pg_partman moves them.
      await until('the partition is made', async () => {
        const made = await outcomeOf(
          partman.sql(`BEGIN; SET LOCAL lock_timeout = '2s';
            LOCK TABLE sale IN ACCESS EXCLUSIVE MODE;
            CREATE TEMPORARY TABLE moved ON COMMIT DROP AS SELECT * FROM sale_x WHERE ${isMoved};
            DELETE FROM sale_x WHERE ${isMoved};
            ${statement}; INSERT INTO sale SELECT * FROM moved; COMMIT`),
        );
        if (made instanceof Error) await partman.sql('ROLLBACK');
        return !(made instanceof Error);
      });
      await expectExact(world, ALL, statement);
      if (from < 350) continue;
      const old = `sale_${from - 150}`;
      await until(
        'the partition is dropped',
        async () =>
          !(
            (await outcomeOf(partman.sql(`SET lock_timeout = '2s'; DROP TABLE ${old}`))) instanceof
            Error
          ),
      );
      await expectExact(world, ALL, `DROP TABLE ${old}`);
    }
    isOver = true;
    await Promise.all(running);
    expect(failures).toEqual([]);
    await expectExact(world, ALL);
    await maintain(world);
    await expectExact(world, ALL);
    expect(await readsDefinition(world, 'joined')).toBe(false);
  });
});

describe('what cannot be captured', () => {
  beforeEach(() =>
    world.sql(`CREATE EXTENSION IF NOT EXISTS postgres_fdw;
      CREATE SERVER elsewhere FOREIGN DATA WRAPPER postgres_fdw OPTIONS (dbname 'postgres')`),
  );

  test.each([
    ['UNLOGGED', 'CREATE UNLOGGED TABLE sale_3 (id int, kind text, amount numeric(10,2))'],
    [
      'foreign',
      'CREATE FOREIGN TABLE sale_3 (id int, kind text, amount numeric(10,2)) SERVER elsewhere',
    ],
  ])('%s', async (what, create) => {
    await world.sql(create);
    await world.sql('ALTER TABLE sale ATTACH PARTITION sale_3 FOR VALUES FROM (200) TO (300)');
    await world.sql(`INSERT INTO sale VALUES (9, 'a', 1)`);
    expect(await sqlstateOf(world.sql('CALL imat.fold($$summed$$)'))).toBe('0A000');
    if (what === 'UNLOGGED') {
      await world.sql(
        `INSERT INTO sale VALUES (201, 'a', 1); INSERT INTO sale_3 VALUES (202, 'b')`,
      );
      await expectExact(world, ALL);
    }
    const { checks } = await world.imat.doctor();
    expect(checks.find((check) => check.check === 'source public.sale')).toMatchObject({
      status: 'error',
      message: expect.stringContaining('sale_3'),
    });
    await world.sql('ALTER TABLE sale DETACH PARTITION sale_3');
    await maintain(world);
    await expectExact(world, ALL);
    expect(await readsDefinition(world, 'joined')).toBe(false);
  });
});

test('a poll of a worker takes everything in', async () => {
  await world.sql('CREATE TABLE sale_3 PARTITION OF sale FOR VALUES FROM (200) TO (300)');
  await world.sql(`ALTER TABLE sale DETACH PARTITION sale_1; ${NEW_ROWS}`);
  expect((await world.imat.doctor()).checks).toContainEqual(
    expect.objectContaining({ check: 'source public.sale', status: 'warning' }),
  );
  const { imats } = await poll(world.db, null, 1000);
  expect(imats?.find((imat) => imat.name === 'summed')).toMatchObject({
    pendingRows: 52,
    resetPending: false,
  });
  expect(await readsDefinition(world, 'summed')).toBe(false);
  await expectExact(world, ALL);
});

describe('rights and names', () => {
  test.each(['READ COMMITTED', 'REPEATABLE READ'])(
    'a reader needs no right but that on the imat: %s',
    async (isolation) => {
      const role = await world.role();
      await world.sql(`GRANT SELECT ON imat.summed, imat.joined, imat.ranked TO ${role}`);
      const reader = await world.session(role);
      await reader.sql(`BEGIN ISOLATION LEVEL ${isolation}`);
      const read = async (): Promise<void> => {
        for (const name of ['summed', 'joined', 'ranked'])
          expect(await reader.rows(`SELECT * FROM imat.${name}`)).not.toEqual([]);
      };
      await read();
      await world.sql(`CREATE TABLE sale_3 (id int, kind text, amount numeric(10,2))`);
      await world.sql('ALTER TABLE sale ATTACH PARTITION sale_3 FOR VALUES FROM (200) TO (300)');
      await read();
    },
  );

  test('an ordinary owner, whose tables a superuser converted', async () => {
    const owner = await world.role();
    for (const { name } of ALL) await world.imat.revert(name);
    await world.sql(`GRANT USAGE, CREATE ON SCHEMA public TO ${owner}`);
    for (const table of ['product', 'sale', 'sale_1', 'sale_2', 'sale_2a', 'sale_2x'])
      await world.sql(`ALTER TABLE ${table} OWNER TO ${owner}`);
    for (const { name } of ALL) await world.imat.convert(name);
    const session = await world.session(owner);
    await session.sql(`INSERT INTO sale VALUES (1, 'a', 7); TRUNCATE sale_2a; DELETE FROM sale_1`);
    await expectExact(world, ALL);
    await session.sql('CREATE TABLE sale_3 PARTITION OF sale FOR VALUES FROM (200) TO (300)');
    // A search_path of the writer's reaches nothing that runs in a trigger.
    await world.sql(
      `CREATE SCHEMA mine;
       CREATE FUNCTION mine.ge(int, int) RETURNS boolean LANGUAGE sql AS 'SELECT 1 / 0 > 0';
       CREATE OPERATOR mine.>= (FUNCTION = mine.ge, LEFTARG = int, RIGHTARG = int);
       GRANT USAGE ON SCHEMA mine TO ${owner}`,
    );
    await session.sql('SET search_path = mine, pg_catalog');
    await session.sql(`INSERT INTO public.sale VALUES (250, 'a', 7), (251, 'b', 8), (3, 'b', 1)`);
    await session.sql('INSERT INTO public.sale_3 VALUES (252, $$a$$, 9)');
    await expectExact(world, ALL);
    await maintain(world);
    await session.sql('DELETE FROM public.sale_3 WHERE id = 250; TRUNCATE public.sale_1');
    await expectExact(world, ALL);
    await maintain(world);
    await expectExact(world, ALL);
  });

  test('names that need quotes', async () => {
    const definition =
      'SELECT "a b", count(*) AS n, sum("END IF;") AS t FROM public."has_parts(" GROUP BY 1';
    await world.sql(`CREATE TABLE "has_parts(" ("a b" text, "END IF;" int, "parts" int)
        PARTITION BY LIST ("a b");
      CREATE TABLE "p'1" ("parts" int, "END IF;" int, "a b" text);
      ALTER TABLE "has_parts(" ATTACH PARTITION "p'1" FOR VALUES IN ('x''y');
      CREATE MATERIALIZED VIEW odd AS ${definition}`);
    await world.imat.convert('odd');
    const odd: Checked = { name: 'odd', definition };
    await world.sql(
      `INSERT INTO "has_parts(" VALUES ('x''y', 1); INSERT INTO "p'1" VALUES (1, 2, 'x''y')`,
    );
    await expectExact(world, odd);
    await world.sql(`CREATE TABLE "%I" PARTITION OF "has_parts(" FOR VALUES IN ('%s', NULL);
      INSERT INTO "has_parts(" VALUES ('%s', 5), ('x''y', 6), (NULL, 7);
      INSERT INTO "%I" VALUES ('%s', 6)`);
    await expectExact(world, odd);
    await world.imat.fold('odd');
    await expectExact(world, odd);
    await world.sql(
      `UPDATE "has_parts(" SET "a b" = '%s'; ALTER TABLE "has_parts(" RENAME "a b" TO c`,
    );
    await world.sql(`INSERT INTO "has_parts(" VALUES ('%s', 5), ('x''y', 6)`);
    await expectExact(world, { ...odd, definition: definition.replace('"a b"', 'c AS "a b"') });
    await world.imat.fold('odd');
    await expectExact(world, { ...odd, definition: definition.replace('"a b"', 'c AS "a b"') });
  });

  test('a source that swap imats alone read, then others, then not', async () => {
    for (const { name } of [SUMMED, JOINED, COUNTED]) await world.imat.revert(name);
    const writes = `INSERT INTO sale_1 (id, kind, amount) VALUES (1, 'b', 7);
      INSERT INTO sale VALUES (150, 'a', 1)`;
    await world.sql(writes);
    await expectExact(world, RANKED);
    await world.sql('CREATE TABLE sale_3 PARTITION OF sale FOR VALUES FROM (200) TO (300)');
    await world.sql(NEW_ROWS);
    await expectExact(world, RANKED);
    await world.imat.swap('ranked');
    await expectExact(world, RANKED);
    await world.imat.convert('summed');
    await world.sql(`${writes}; ${NEW_ROWS}`);
    await expectExact(world, [RANKED, SUMMED]);
    await foldAll(world.imat);
    await world.imat.revert('summed');
    await world.sql(`${writes}; ${NEW_ROWS}`);
    await expectExact(world, RANKED);
  });

  test('revert takes every trigger away', async () => {
    await world.sql('ALTER TABLE sale DETACH PARTITION sale_1');
    for (const { name } of ALL) await world.imat.revert(name);
    expect(await world.rows('SELECT tgname FROM pg_trigger WHERE NOT tgisinternal')).toEqual([]);
    await world.sql(`INSERT INTO sale_1 VALUES ('a', 1, 2); DELETE FROM sale`);
  });

  test('ONLY', async () => {
    const definition = 'SELECT kind, count(*) AS n FROM ONLY public.sale GROUP BY kind';
    await world.sql(`CREATE MATERIALIZED VIEW none AS ${definition}`);
    await world.imat.convert('none');
    await world.sql(`INSERT INTO sale VALUES (1, 'a', 1)`);
    await expectExact(world, { name: 'none', definition });
  });
});
