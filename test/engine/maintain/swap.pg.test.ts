/**
 * Swaps: what readers of every age see, who waits for whom, and what is left when one is cut off.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { expectImatError } from '../commands/support/expect-imat-error.ts';
import {
  type Checked,
  createWorld,
  expectExact,
  outcomeOf,
  type Session,
  until,
  untilBlocked,
  type World,
} from './support/world.ts';

/**
 * A generation's rows are all of that generation: an empty or mixed answer shows. `gate()` stops
 * whoever computes the definition.
 */
const STORED = 'SELECT item, generation FROM public.stock WHERE gate()';
const RANKED: Checked = {
  name: 'ranked',
  definition: 'SELECT item, generation, rank() OVER (ORDER BY item) AS place FROM public.stock',
};
const ITEMS = 50;
const GATE = 42;

let world: World;
beforeAll(async () => {
  world = await createWorld(`
    CREATE TABLE stock (item int PRIMARY KEY, generation int);
    INSERT INTO stock SELECT i, 0 FROM generate_series(1, ${ITEMS}) AS i;
    CREATE FUNCTION gate() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_xact_lock_shared(${GATE}, 0); RETURN true; END $$;
    CREATE MATERIALIZED VIEW stored AS ${STORED};
    CREATE MATERIALIZED VIEW ranked AS ${RANKED.definition};
    COMMENT ON MATERIALIZED VIEW stored IS 'what is stored'; COMMENT ON COLUMN stored.item IS 'an item';
    CREATE UNIQUE INDEX ON stored (item); CREATE INDEX ON stored (generation, item DESC) WHERE generation > 0; CREATE INDEX ON stored (lower(item::text))`);
  await world.sql(
    `GRANT SELECT ON stored TO ${await world.role()} WITH GRANT OPTION; GRANT SELECT (item) ON stored TO PUBLIC`,
  );
  expect(await world.imat.convert('stored', { freshness: 'manual' })).toMatchObject({
    strategy: 'swap',
  });
  expect(await world.imat.convert('ranked')).toMatchObject({ strategy: 'swap' });
});
afterAll(() => world.drop());

/** Everything of the stored imat that a swap must not change. */
const furniture = (): Promise<unknown> =>
  world.value(`SELECT jsonb_build_object(
    'oid', 'imat.stored'::regclass::oid,
    'grants', (SELECT c.relacl::text FROM pg_class c WHERE c.oid = 'imat.stored'::regclass),
    'column grants', (SELECT array_agg(a.attacl::text ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = 'imat.stored'::regclass),
    'comments', (SELECT array_agg(d.description ORDER BY d.objsubid) FROM pg_description d WHERE d.objoid = 'imat.stored'::regclass),
    'indexes', (SELECT array_agg(regexp_replace(i.indexdef, '^CREATE (UNIQUE )?INDEX \\S+ ON \\S+ ', '\\1') ORDER BY i.indexdef ~ 'UNIQUE', i.indexdef ~ 'lower')
       FROM pg_indexes i WHERE i.schemaname = 'imat_store' AND i.tablename ~ '^slot_._stored$' AND i.tablename::text = (SELECT f.state_relation::regclass::text FROM imat_catalog.frontier f JOIN imat_catalog.imat m ON m.id = f.imat_id WHERE m.name = 'stored' LIMIT 1)::regclass::text),
    'slot columns', (SELECT array_agg(format_type(a.atttypid, a.atttypmod) ORDER BY a.attnum) FROM pg_attribute a WHERE a.attnum > 0 AND a.attrelid = (SELECT f.state_relation FROM imat_catalog.frontier f JOIN imat_catalog.imat m ON m.id = f.imat_id WHERE m.name = 'stored')))`);
const phase = (name = 'stored'): Promise<string | null> =>
  world.value(`SELECT swap_phase FROM imat_catalog.imat WHERE name = '${name}'`);
const slots = (name = 'stored'): Promise<number> =>
  world.value(
    `SELECT count(*)::int FROM pg_class WHERE relname ~ '^slot_._${name}$' AND relkind = 'r'`,
  );
const isDirect = async (name = 'stored'): Promise<boolean> =>
  !/slot_a.*slot_b/s.test(
    await world.value<string>(`SELECT pg_get_viewdef('imat.${name}'::regclass)`),
  );

const generationSeenBy = async (session: Session): Promise<number> => {
  const [row] = await session.rows<{ n: number; low: number; high: number }>(
    'SELECT count(*)::int AS n, min(generation) AS low, max(generation) AS high FROM imat.stored',
  );
  expect(row).toEqual({ n: ITEMS, low: row?.low, high: row?.low });
  return row?.low ?? -1;
};

let generation = 0;
/** Brings a new generation into the table, of which what is stored knows nothing yet. */
const write = async (by: Session = world): Promise<number> => {
  generation += 1;
  await by.sql(`UPDATE stock SET generation = ${generation}`);
  return generation;
};
const swap = (name = 'stored'): Promise<void> => world.sql(`CALL imat.swap('${name}')`);

let before: unknown;
beforeEach(async () => {
  before = await furniture();
});
async function expectSettled(current: number): Promise<void> {
  expect(await phase()).toBeNull();
  expect(await slots()).toBe(1);
  expect(await isDirect()).toBe(true);
  expect(await furniture()).toEqual(before);
  expect(await generationSeenBy(world)).toBe(current);
  expect(
    (await world.imat.doctor()).checks.filter((check) => check.check === 'imat stored'),
  ).toMatchObject([{ status: 'ok' }]);
}

/** Stops swaps while they fill the new slot. */
async function closeGate(): Promise<{ open: () => Promise<void> }> {
  const keeper = await world.session();
  await keeper.sql(`SELECT pg_advisory_lock(${GATE}, 0)`);
  return { open: () => keeper.sql(`SELECT pg_advisory_unlock(${GATE}, 0)`) };
}

test('a swap stores the new content and leaves everything else as it was', async () => {
  for (let round = 0; round < 3; round++) {
    const current = await write();
    expect(await generationSeenBy(world)).toBe(current - 1);
    await swap();
    await expectSettled(current);
  }
});

describe('a REPEATABLE READ reader that began before', () => {
  test.each([true, false])(
    'sees the old content as long as it lives, new readers the new one (it has read before: %s)',
    async (hasRead) => {
      const old = generation;
      const reader = await world.session();
      await reader.sql('BEGIN ISOLATION LEVEL REPEATABLE READ');
      if (hasRead) expect(await generationSeenBy(reader)).toBe(old);
      else await reader.value('SELECT 1');
      // What it may still read is left alone: whoever has read the view holds a lock on it, the
      // others may read the previous slot.
      for (let round = 0; round < 3; round++) {
        const current = await write();
        await swap();
        expect(await phase()).toBe(hasRead ? null : 'switched');
        expect(await slots()).toBe(hasRead ? 1 : 2);
        expect(await generationSeenBy(reader)).toBe(old);
        expect(await generationSeenBy(world)).toBe(current);
      }
      await reader.sql('COMMIT');
      expect(await generationSeenBy(reader)).toBe(generation);
      await swap();
      await expectSettled(generation);
    },
  );

  test('that begins while the new slot is filled', async () => {
    const old = generation;
    const current = await write();
    const gate = await closeGate();
    const swapper = await world.session();
    const swapped = outcomeOf(swapper.sql(`CALL imat.swap('stored')`));
    await untilBlocked(world, swapper.pid);
    const [reader, silent] = [await world.session(), await world.session()];
    for (const session of [reader, silent])
      await session.sql('BEGIN ISOLATION LEVEL REPEATABLE READ');
    expect(await generationSeenBy(reader)).toBe(old);
    await silent.value('SELECT 1');
    await gate.open();
    expect(await swapped).toBeUndefined();
    for (const session of [reader, silent]) expect(await generationSeenBy(session)).toBe(old);
    expect(await generationSeenBy(world)).toBe(current);
    for (const session of [reader, silent]) await session.sql('COMMIT');
    await swap();
    await expectSettled(current);
  });
});

test('readers of all kinds, all the time, through ten swaps: never empty, never mixed, never backwards', {
  timeout: 60_000,
}, async () => {
  let running = true;
  let reads = 0;
  const loop = async (begin: string, end: string, prepared: boolean): Promise<void> => {
    const session = await world.session();
    if (prepared)
      await session.sql(
        'PREPARE p AS SELECT count(*)::int AS n, min(generation) AS low, max(generation) AS high FROM imat.stored; SET plan_cache_mode = force_generic_plan',
      );
    let last = 0;
    while (running) {
      if (begin !== '') await session.sql(begin);
      const seen: number[] = [];
      for (let read = 0; read < 3; read++) {
        if (prepared) {
          const [row] = await session.rows<{ n: number; low: number; high: number }>('EXECUTE p');
          expect(row).toEqual({ n: ITEMS, low: row?.low, high: row?.low });
          seen.push(row?.low ?? -1);
        } else seen.push(await generationSeenBy(session));
        reads += 1;
        await sleep(Math.random() * 4);
      }
      if (begin.includes('REPEATABLE') || begin.includes('SERIALIZABLE'))
        expect(new Set(seen).size).toBe(1);
      expect(seen).toEqual(seen.toSorted((a, b) => a - b));
      expect(seen[0]).toBeGreaterThanOrEqual(last);
      last = seen.at(-1) ?? last;
      if (end !== '') await session.sql(end);
    }
  };
  const readers = [
    loop('', '', false),
    loop('', '', true),
    loop('BEGIN', 'COMMIT', false),
    loop('BEGIN ISOLATION LEVEL REPEATABLE READ', 'COMMIT', false),
    loop('BEGIN ISOLATION LEVEL REPEATABLE READ', 'COMMIT', true),
    loop('BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY', 'COMMIT', false),
  ];
  for (let round = 0; round < 10; round++) {
    await write();
    await until(
      'a swap gets in between',
      async () => !((await outcomeOf(swap())) instanceof Error),
    );
  }
  running = false;
  await Promise.all(readers);
  expect(reads).toBeGreaterThan(60);
  await swap();
  await expectSettled(generation);
});

describe('writers', () => {
  test('never wait: not while the view changes, not while a slot is filled, not while the old one is dropped', async () => {
    await write();
    const gate = await closeGate();
    const swapper = await world.session();
    const swapped = outcomeOf(swapper.sql(`CALL imat.swap('stored')`));
    await untilBlocked(world, swapper.pid);
    const writer = await world.session();
    await writer.sql(`SET lock_timeout = '1ms'; INSERT INTO stock VALUES (1000, 1)`);
    await writer.sql(
      'BEGIN; DELETE FROM stock WHERE item = 1000; UPDATE stock SET generation = generation WHERE item = 1',
    );
    await gate.open();
    expect(await swapped).toBeUndefined();
    await writer.sql('COMMIT');
    await write();
    await swap();
    await expectSettled(generation);
  });

  test('a TRUNCATE waits for the fill that reads its table, and comes after it', async () => {
    const gate = await closeGate();
    const swapper = await world.session();
    const current = await write();
    const swapped = outcomeOf(swapper.sql(`CALL imat.swap('stored')`));
    await untilBlocked(world, swapper.pid);
    const writer = await world.session();
    const truncated = outcomeOf(writer.sql('TRUNCATE stock'));
    await untilBlocked(world, writer.pid);
    await gate.open();
    expect(await swapped).toBeUndefined();
    expect(await truncated).toBeUndefined();
    expect(await generationSeenBy(world)).toBe(current);
    await expectExact(world, RANKED);
    await world.sql(
      `INSERT INTO stock SELECT i, ${generation} FROM generate_series(1, ${ITEMS}) AS i`,
    );
    await swap();
    await expectSettled(current);
  });
});

describe('a swap that is cut off', () => {
  const terminate = async (session: Session, outcome: Promise<unknown>): Promise<void> => {
    await world.value(`SELECT pg_terminate_backend(${session.pid}, 5000)`);
    expect(await outcome).toMatchObject({ condition: 'connection_failed' });
  };

  test('before the view is changed: nothing has happened', async () => {
    const old = generation;
    const current = await write();
    const reader = await world.session();
    await reader.sql('BEGIN');
    expect(await generationSeenBy(reader)).toBe(old);
    const swapper = await world.session();
    const outcome = outcomeOf(swapper.sql(`CALL imat.swap('stored')`));
    await untilBlocked(world, swapper.pid);
    await terminate(swapper, outcome);
    expect(await phase()).toBeNull();
    expect(await slots()).toBe(1);
    expect(await generationSeenBy(reader)).toBe(old);
    await reader.sql('COMMIT');
    await swap();
    await expectSettled(current);
  });

  test.each(['terminated', 'cancelled', 'timed out', 'failing'] as const)(
    '%s while the slot is filled: the old content is read, the next swap goes on',
    async (how) => {
      const old = generation;
      const current = await write();
      const gate = await closeGate();
      const swapper = await world.session();
      if (how === 'timed out') await swapper.sql(`SET statement_timeout = '300ms'`);
      if (how === 'failing')
        await world.sql(
          `CREATE OR REPLACE FUNCTION gate() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_xact_lock_shared(${GATE}, 0); RETURN 1 / (random() * 0)::int = 1; END $$`,
        );
      const outcome = outcomeOf(swapper.sql(`CALL imat.swap('stored')`));
      await untilBlocked(world, swapper.pid);
      if (how === 'terminated') await terminate(swapper, outcome);
      if (how === 'cancelled') await world.value(`SELECT pg_cancel_backend(${swapper.pid})`);
      if (how === 'timed out') await outcome;
      await gate.open();
      if (how !== 'terminated')
        expect(await outcome).toMatchObject({ sqlstate: how === 'failing' ? '22012' : '57014' });
      await world.sql(
        `CREATE OR REPLACE FUNCTION gate() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_xact_lock_shared(${GATE}, 0); RETURN true; END $$`,
      );
      expect(await phase()).toBe('filling');
      expect(await isDirect()).toBe(false);
      expect(await generationSeenBy(world)).toBe(old);
      expect(
        (await world.imat.doctor()).checks.filter((check) => check.check === 'imat stored'),
      ).toMatchObject([{ status: 'warning', hint: expect.stringContaining('imat swap stored') }]);
      expect((await world.imat.list()).find((imat) => imat.name === 'stored')).toMatchObject({
        state: 'active',
      });
      // The session that was only cancelled holds nothing that others would wait for.
      await world.sql(`SET statement_timeout = '10s'`);
      await swap();
      await world.sql('RESET statement_timeout');
      await expectSettled(current);
    },
  );

  test('after the switch: the new content is read, the old slot goes when nobody can read it any more', async () => {
    const old = generation;
    const reader = await world.session();
    await reader.sql('BEGIN ISOLATION LEVEL REPEATABLE READ');
    await reader.value('SELECT 1');
    const current = await write();
    const swapper = await world.session();
    const outcome = outcomeOf(swapper.sql(`CALL imat.swap('stored')`));
    await until('it has switched', async () => (await phase()) === 'switched');
    await terminate(swapper, outcome);
    expect(await generationSeenBy(world)).toBe(current);
    expect(await generationSeenBy(reader)).toBe(old);
    const next = await write();
    await swap();
    expect(await phase()).toBe('switched');
    expect(await generationSeenBy(world)).toBe(next);
    expect(await generationSeenBy(reader)).toBe(old);
    await reader.sql('COMMIT');
    await swap();
    await expectSettled(next);
  });

  test('by a kill at random moments, twenty times', { timeout: 60_000 }, async () => {
    let stored = generation;
    let cut = 0;
    for (let round = 0; round < 20; round++) {
      const current = await write();
      const swapper = await world.session();
      const outcome = outcomeOf(swapper.sql(`CALL imat.swap('stored')`));
      await sleep(round * 1.5);
      await world.value(`SELECT pg_terminate_backend(${swapper.pid}, 5000)`);
      if ((await outcome) instanceof Error) cut += 1;
      const seen = await generationSeenBy(world);
      expect([stored, current]).toContain(seen);
      stored = seen;
    }
    expect(cut).toBeGreaterThan(3);
    await swap();
    await expectSettled(generation);
  });
});

describe('nobody waits for a swap that cannot finish', () => {
  test('an idle reader of the two-slot view: the swap returns, other readers go on', async () => {
    const gate = await closeGate();
    const swapper = await world.session();
    const current = await write();
    const swapped = outcomeOf(swapper.sql(`CALL imat.swap('stored')`));
    await untilBlocked(world, swapper.pid);
    const idle = await world.session();
    await idle.sql('BEGIN');
    await generationSeenBy(idle);
    await gate.open();
    let slowest = 0;
    let ended = false;
    void swapped.then(() => (ended = true));
    const reader = await world.session();
    while (!ended) {
      const asked = performance.now();
      await generationSeenBy(reader);
      slowest = Math.max(slowest, performance.now() - asked);
      await sleep(1);
    }
    expect(await swapped).toBeUndefined();
    expect(slowest).toBeLessThan(1000);
    expect(await phase()).toBe('switched');
    expect(await generationSeenBy(idle)).toBe(current);
    await idle.sql('COMMIT');
    await swap();
    await expectSettled(current);
  });

  test('readers that overlap without a pause: every swap stores what is new, none of them waits for long', {
    timeout: 60_000,
  }, async () => {
    let running = true;
    let slowest = 0;
    const loop = async (): Promise<void> => {
      const reader = await world.session();
      let last = 0;
      while (running) {
        const asked = performance.now();
        const [row] = await reader.rows<{ n: number; low: number; high: number }>(
          'SELECT count(*)::int AS n, min(generation) AS low, max(generation) AS high, pg_sleep(0.15) FROM imat.stored',
        );
        slowest = Math.max(slowest, performance.now() - asked - 150);
        expect(row).toMatchObject({ n: ITEMS, low: row?.low, high: row?.low });
        expect(row?.low).toBeGreaterThanOrEqual(last);
        last = row?.low ?? 0;
      }
    };
    const readers = Promise.all([
      loop(),
      sleep(40).then(loop),
      sleep(80).then(loop),
      sleep(120).then(loop),
    ]);
    for (let round = 0; round < 5; round++) {
      const current = await write();
      await swap();
      expect(await generationSeenBy(world)).toBe(current);
    }
    running = false;
    await readers;
    expect(slowest).toBeLessThan(1000);
    await swap();
    await expectSettled(generation);
  });

  test('a table that would grow and grow under an old transaction: the swap fails, and works again when that has ended', async () => {
    await world.sql('CREATE TABLE version (v int); INSERT INTO version VALUES (0)');
    await world.imat.create(
      'grown',
      'SELECT g, v, count(*) OVER () AS n FROM public.version, generate_series(1, 10000) AS g',
      {
        freshness: 'manual',
      },
    );
    const content = (session: Session): Promise<{ n: number; v: number }[]> =>
      session.rows('SELECT count(*)::int AS n, v FROM imat.grown GROUP BY v');
    const reader = await world.session();
    await reader.sql('BEGIN ISOLATION LEVEL REPEATABLE READ');
    expect(await content(reader)).toEqual([{ n: 10_000, v: 0 }]);
    let stored = 0;
    const swapNext = async (): Promise<void> => {
      await world.sql(`UPDATE version SET v = ${stored + 1}`);
      await swap('grown');
      stored += 1;
    };
    await expect(
      (async () => {
        for (let round = 0; round < 10; round++) await swapNext();
      })(),
    ).rejects.toMatchObject({
      sqlstate: '55P03',
      message: 'the previous rows of imat "grown" cannot be removed',
    });
    expect(stored).toBeGreaterThan(3);
    expect(await expectImatError('contention', () => world.imat.swap('grown'))).toMatchObject({
      category: 'transient',
    });
    expect(await content(reader)).toEqual([{ n: 10_000, v: 0 }]);
    expect(await content(world)).toEqual([{ n: 10_000, v: stored }]);
    await reader.sql('COMMIT');
    await swapNext();
    expect(await content(world)).toEqual([{ n: 10_000, v: stored }]);
    await world.imat.revert('grown');
    await world.sql('DROP TABLE version');
  });

  test('another imat’s long swap: it reads nothing of this one, whose previous slot goes meanwhile', async () => {
    const definition =
      'SELECT item, rank() OVER (ORDER BY item) AS place FROM public.stock WHERE gate()';
    await world.imat.create('slow', definition, { freshness: 'manual' });
    const gate = await closeGate();
    const other = await world.session();
    const swapped = outcomeOf(other.sql(`CALL imat.swap('slow')`));
    await untilBlocked(world, other.pid);
    await swap('ranked');
    expect(await phase('ranked')).toBeNull();
    expect(await slots('ranked')).toBe(1);
    await gate.open();
    expect(await swapped).toBeUndefined();
    await world.imat.revert('slow');
  });

  test('a lock on the old slot alone: the view is not locked meanwhile', async () => {
    const current = await write();
    const holder = await world.session();
    // What vacuum and ANALYZE of a big table hold for long.
    const slot = await world.value<string>(
      `SELECT f.state_relation::regclass::text FROM imat_catalog.frontier f JOIN imat_catalog.imat i ON i.id = f.imat_id WHERE i.name = 'stored'`,
    );
    const gate = await closeGate();
    const swapper = await world.session();
    const swapped = outcomeOf(swapper.sql(`CALL imat.swap('stored')`));
    await untilBlocked(world, swapper.pid);
    await holder.sql(`BEGIN; LOCK TABLE ${slot} IN SHARE UPDATE EXCLUSIVE MODE`);
    await gate.open();
    let slowest = 0;
    let ended = false;
    void swapped.then(() => (ended = true));
    const reader = await world.session();
    while (!ended) {
      const asked = performance.now();
      await generationSeenBy(reader);
      slowest = Math.max(slowest, performance.now() - asked);
      await sleep(1);
    }
    expect(await swapped).toBeUndefined();
    expect(slowest).toBeLessThan(1000);
    expect(await phase()).toBe('switched');
    expect(await isDirect()).toBe(false);
    await holder.sql('COMMIT');
    await swap();
    await expectSettled(current);
  });
});

test('two swaps at once: one stores, the other says to try again', async () => {
  const current = await write();
  const gate = await closeGate();
  const [first, second] = [await world.session(), await world.session()];
  const outcome = outcomeOf(first.sql(`CALL imat.swap('stored')`));
  await untilBlocked(world, first.pid);
  await second.sql(`SET statement_timeout = '20s'`);
  const other = outcomeOf(second.sql(`CALL imat.swap('stored')`));
  await untilBlocked(world, second.pid);
  await gate.open();
  const outcomes = await Promise.all([outcome, other]);
  expect(outcomes).toContain(undefined);
  for (const one of outcomes)
    if (one !== undefined)
      expect(one).toMatchObject({ sqlstate: '55P03', hint: expect.stringMatching(/^Try again/) });
  await swap();
  await expectSettled(current);
});

test('another freshness while a swap is unfinished is the one that stays', async () => {
  const reader = await world.session();
  await reader.sql('BEGIN ISOLATION LEVEL REPEATABLE READ');
  await reader.value('SELECT 1');
  await world.sql('UPDATE stock SET generation = generation');
  await swap('ranked');
  expect(await phase('ranked')).toBe('switched');
  await world.imat.convert('ranked', { freshness: 'manual' });
  await reader.sql('COMMIT');
  await swap('ranked');
  expect(await isDirect('ranked')).toBe(true);
  await world.sql('INSERT INTO stock VALUES (5000, 1)');
  expect(await world.rows('SELECT FROM imat.ranked WHERE item = 5000')).toHaveLength(0);
  await world.imat.convert('ranked', { freshness: 'live' });
  await expectExact(world, RANKED);
  await world.sql('DELETE FROM stock WHERE item = 5000');
  await swap('ranked');
  await expectExact(world, RANKED);
});

describe('live', () => {
  const isStored = async (session: Session = world): Promise<boolean> => {
    const [plan] = await session.rows<{ 'QUERY PLAN': unknown }>(
      'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, FORMAT JSON) SELECT * FROM imat.ranked',
    );
    const text = JSON.stringify(plan);
    return !/"Relation Name":"stock"[^}]*"Actual Loops":1/.test(text);
  };

  test('the transaction that asks sees its own uncommitted changes, others do not', async () => {
    await swap('ranked');
    expect(await isStored()).toBe(true);
    const [writer, other] = [await world.session(), await world.session()];
    for (const begin of [
      'BEGIN',
      'BEGIN ISOLATION LEVEL REPEATABLE READ',
      'BEGIN ISOLATION LEVEL SERIALIZABLE',
    ]) {
      await writer.sql(begin);
      await expectExact(writer, RANKED);
      await writer.sql('INSERT INTO stock VALUES (2000, 1)');
      await expectExact(writer, RANKED);
      expect(await writer.rows('SELECT FROM imat.ranked WHERE item = 2000')).toHaveLength(1);
      expect(await isStored(writer)).toBe(false);
      await expectExact(other, RANKED);
      expect(await other.rows('SELECT FROM imat.ranked WHERE item = 2000')).toHaveLength(0);
      expect(await isStored(other)).toBe(true);
      await writer.sql('SAVEPOINT a; DELETE FROM stock WHERE item < 10');
      await expectExact(writer, RANKED);
      await writer.sql('ROLLBACK TO a');
      await expectExact(writer, RANKED);
      await writer.sql('ROLLBACK');
      await expectExact(writer, RANKED);
      expect(await isStored(writer)).toBe(true);
    }
  });

  test('a swap while writers are open stores what it sees, and knows what it does not', async () => {
    const writer = await world.session();
    await writer.sql('BEGIN; INSERT INTO stock VALUES (2000, 1)');
    await world.sql('DELETE FROM stock WHERE item = 3');
    await swap('ranked');
    expect(await isStored()).toBe(true);
    await expectExact(world, RANKED);
    await expectExact(writer, RANKED);
    await writer.sql('COMMIT');
    await expectExact(world, RANKED);
    expect(await isStored()).toBe(false);
    await swap('ranked');
    await expectExact(world, RANKED);
    expect(await isStored()).toBe(true);
    await world.sql(
      `DELETE FROM stock WHERE item = 2000; INSERT INTO stock VALUES (3, ${generation})`,
    );
  });

  test('a swap imat over a delta imat, and one over that', async () => {
    const summed: Checked = {
      name: 'summed',
      definition: 'SELECT generation, count(*) AS n FROM public.stock GROUP BY generation',
    };
    const above: Checked = {
      name: 'above',
      definition: 'SELECT generation, n, rank() OVER (ORDER BY n) AS place FROM imat.summed',
    };
    const top: Checked = { name: 'top', definition: 'SELECT max(place) AS places FROM imat.above' };
    const truth = {
      ...above,
      definition: above.definition.replace('imat.summed', `(${summed.definition}) AS summed`),
    };
    const trueTop = {
      ...top,
      definition: top.definition.replace('imat.above', `(${truth.definition}) AS above`),
    };
    await world.imat.create('summed', summed.definition);
    for (const one of [above, top])
      expect((await world.imat.create(one.name, one.definition)).strategy).toBe('swap');
    const all = [summed, above, truth, top, trueTop];
    await expectExact(world, all);
    const writer = await world.session();
    await writer.sql('BEGIN; UPDATE stock SET generation = item % 3');
    await expectExact(writer, all, 'own changes');
    await expectExact(world, all, 'not committed');
    // Who has read the view keeps it from being changed: the swaps below run beside a writer who
    // has not.
    await writer.sql('ROLLBACK; BEGIN; UPDATE stock SET generation = item % 4');
    for (const name of ['above', 'top']) await swap(name);
    await expectExact(world, all, 'swapped beside an open writer');
    await writer.sql('COMMIT');
    await expectExact(world, all, 'committed');
    await world.imat.fold('summed');
    await expectExact(world, all, 'folded below');
    for (const name of ['top', 'above']) await swap(name);
    await expectExact(world, all, 'swapped');
    await world.sql('DELETE FROM stock WHERE item % 2 = 0');
    await swap('above');
    await expectExact(world, all, 'swapped below');
    await world.imat.fold('summed');
    await swap('top');
    await expectExact(world, all, 'all');
    for (const name of ['top', 'above', 'summed']) await world.imat.revert(name);
    await world.sql(
      `INSERT INTO stock SELECT i, 0 FROM generate_series(1, ${ITEMS}) AS i ON CONFLICT DO NOTHING; UPDATE stock SET generation = ${generation}`,
    );
  });
});

describe('a view of somebody else’s that the definition reads', () => {
  let joe: Session;
  const EVIL =
    'CREATE OR REPLACE VIEW joe.items AS SELECT item, joe.evil(generation) AS generation FROM public.stock';
  beforeEach(async () => {
    const role = await world.role();
    await world.sql(`CREATE SCHEMA joe AUTHORIZATION ${role}; GRANT SELECT ON stock TO ${role}`);
    joe = await world.session(role);
    await joe.sql(`CREATE VIEW joe.items AS SELECT item, generation FROM public.stock;
      CREATE FUNCTION joe.evil(n int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN ALTER ROLE ${role} SUPERUSER; RETURN n; END $$`);
    await world.imat.create(
      'borrowed',
      'SELECT item, generation, rank() OVER (ORDER BY item) AS place FROM joe.items',
      {
        freshness: 'manual',
      },
    );
  });
  afterEach(async () => {
    expect(await joe.value('SELECT rolsuper FROM pg_roles WHERE rolname = current_user')).toBe(
      false,
    );
    await world.imat.revert('borrowed');
    await world.sql('DROP SCHEMA joe CASCADE');
  });
  const REPLACED = {
    sqlstate: 'IM021',
    message: 'a view that imat "borrowed" reads was replaced: joe.items',
    hint: 'Run imat revert borrowed, then imat convert.',
  };

  test('replaced, is not run: not by swap, publish or verify, and doctor names it', async () => {
    await joe.sql(EVIL);
    await expect(swap('borrowed')).rejects.toMatchObject(REPLACED);
    await expect(world.sql(`CALL imat_catalog.publish('{borrowed}')`)).rejects.toMatchObject(
      REPLACED,
    );
    await expect(world.imat.verify('borrowed')).rejects.toMatchObject({
      condition: 'source_changed',
      message: REPLACED.message,
    });
    expect((await world.imat.doctor()).checks).toContainEqual(
      expect.objectContaining({
        check: 'imat borrowed',
        status: 'error',
        message: 'what it reads was replaced: joe.items',
      }),
    );
  });

  test.each(['swap', 'publish'])(
    'replaced while a %s is under way, is not run either',
    async (how) => {
      await joe.sql(`BEGIN; ${EVIL}`);
      const swapper = await world.session();
      const outcome = outcomeOf(
        swapper.sql(
          how === 'swap' ? `CALL imat.swap('borrowed')` : `CALL imat_catalog.publish('{borrowed}')`,
        ),
      );
      await untilBlocked(world, swapper.pid);
      await joe.sql('COMMIT');
      expect(await outcome).toMatchObject(REPLACED);
    },
  );

  test('renamed, is the same view', async () => {
    await joe.sql(
      'ALTER VIEW joe.items RENAME TO things; ALTER VIEW joe.things RENAME COLUMN generation TO made',
    );
    await swap('borrowed');
    await swap('borrowed');
    expect((await world.imat.verify('borrowed')).results).toMatchObject([{ equal: true }]);
  });
});
