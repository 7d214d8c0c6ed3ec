/**
 * Changing a group waits for the transactions that use its tables; nobody waits for that. A call
 * takes all of its locks or none, and what gives up leaves nothing.
 */
import { inPreparedSandbox } from '../commands/support/sandbox.ts';
import { describe, expect, test } from 'vitest';
import { ServerError } from '../../../engine/db/db.ts';
import type { Sandbox, Session } from '../commands/support/sandbox.ts';
import { outcomeOf, until } from '../commands/support/world.ts';
import { untilOneWaits, verbs } from './support/world.ts';

/** In the order of their locks: `a` is locked when a call waits for `b`. */
const SETUP = `CREATE TABLE a (id int); CREATE TABLE b (id int);
  CREATE TABLE p (id int) PARTITION BY LIST (id); CREATE TABLE p1 PARTITION OF p DEFAULT`;

const tables = (...names: string[]): string => `ARRAY['${names.join("', '")}']::regclass[]`;
const create = (name: string, ...members: string[]): string =>
  `SELECT imat.create_group('${name}', ${tables(...members)}, '{}', 'start')`;

/** Each with what it needs to be there. */
const CALLS = [
  ['create_group', '', create('g', 'a', 'b')],
  ['add_to_group', create('g', 'p'), `SELECT imat.add_to_group('g', ${tables('a', 'b')})`],
  [
    'remove_from_group',
    create('g', 'a', 'b', 'p'),
    `SELECT imat.remove_from_group('g', ${tables('a', 'b')})`,
  ],
  ['stop_group', create('g', 'a', 'b'), `SELECT imat.stop_group('g')`],
  [
    'start_group',
    `${create('g', 'a', 'b')}; SELECT imat.stop_group('g')`,
    `SELECT imat.start_group('g')`,
  ],
  ['drop_group', create('g', 'a', 'b'), `SELECT imat.drop_group('g')`],
] as const;

/** What a call could leave half made. */
const made = (session: Session): Promise<unknown> =>
  session.value(`SELECT json_build_array(
    (SELECT json_agg(concat(tgrelid::regclass, ' ', tgname) ORDER BY tgrelid, tgname)
      FROM pg_trigger WHERE tgname LIKE '%imat_count%'),
    (SELECT json_agg(g ORDER BY id) FROM imat_catalog.change_group g),
    (SELECT json_agg(m ORDER BY id) FROM imat_catalog.member m),
    (SELECT json_agg(c ORDER BY id) FROM imat_catalog.counted c),
    (SELECT json_agg(o ORDER BY id) FROM imat_catalog.moment o),
    (SELECT json_agg(e.evtname ORDER BY e.evtname) FROM pg_event_trigger e))`);

/** A session that writes to `table` again and again, and never waits for as long as a second. */
async function writes(world: Sandbox, table: string, times: number): Promise<void> {
  const writer = await world.session();
  await writer.sql(`SET lock_timeout = '1s'`);
  for (let i = 0; i < times; i += 1) {
    await writer.sql(`INSERT INTO ${table} VALUES (${i})`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function refusal(call: Promise<unknown>): Promise<ServerError> {
  const error = await outcomeOf(call);
  if (error instanceof ServerError) return error;
  return expect.fail(`it should have been refused by the server: ${String(error)}`);
}

const pidOf = (session: Session): Promise<number> => session.value('SELECT pg_backend_pid()');

describe.each(CALLS)('%s', (_, before, call) => {
  test('waits for an open transaction while others write, and succeeds when it ends', async () => {
    await inPreparedSandbox(SETUP, async (world) => {
      await world.sql(before === '' ? 'SELECT' : before);
      const [holder, caller] = [await world.session(), await world.session()];
      await holder.sql('BEGIN; INSERT INTO b VALUES (-1)');
      let ended = false;
      const called = outcomeOf(caller.sql(call)).finally(() => {
        ended = true;
      });
      await untilOneWaits(world);
      await Promise.all([writes(world, 'a', 60), writes(world, 'b', 60)]);
      expect(ended).toBe(false);
      await holder.sql('COMMIT');
      expect(await called).toBeUndefined();
      const groups = await world.rows(`SELECT FROM imat.list_groups() WHERE group_is_counting`);
      await world.sql('INSERT INTO a VALUES (1); INSERT INTO b VALUES (2), (3)');
      if (groups.length > 0)
        expect(await verbs(world, 'g', 'LAST_MARK', null)).toEqual(
          /remove/.test(call) ? [] : ['INSERT 1', 'INSERT 2'],
        );
    });
  });

  test('gives up after lock_timeout, names who has the lock, and leaves nothing', async () => {
    await inPreparedSandbox(SETUP, async (world) => {
      await world.sql(before === '' ? 'SELECT' : before);
      const [holder, caller] = [await world.session(), await world.session()];
      await holder.sql('BEGIN; INSERT INTO b VALUES (-1)');
      const present = await made(world);
      await caller.sql(`SET lock_timeout = '400ms'; BEGIN; SAVEPOINT s`);
      const error = await refusal(caller.sql(call));
      expect(error.sqlstate).toBe('55P03');
      expect(error.message).toBe('could not lock table "public.b" in time');
      const role = await holder.value<string>('SELECT current_user');
      expect(error.detail).toBe(
        `Process ${await pidOf(holder)} (role ${role}) has locked it in mode RowExclusiveLock.`,
      );
      expect(error.hint).toContain('set lock_timeout');
      await caller.db.execute('ROLLBACK TO s');
      expect(await caller.value('SHOW lock_timeout')).toBe('400ms');
      expect(await made(caller)).toEqual(present);
      // The transaction goes on, and has no lock that a writer would wait for.
      await writes(world, 'a', 1);
      await caller.sql('COMMIT');
      expect(await made(world)).toEqual(present);
    });
  });
});

test('a prepared transaction is named; statement_timeout ends the call', async () => {
  await inPreparedSandbox(SETUP, async (world) => {
    const holder = await world.session();
    await holder.sql(`BEGIN; INSERT INTO b VALUES (-1); PREPARE TRANSACTION 'two phases'`);
    try {
      const present = await made(world);
      await world.sql(`SET lock_timeout = '200ms'`);
      expect((await refusal(world.sql(create('g', 'a', 'b')))).detail).toBe(
        'Prepared transaction "two phases" has locked it in mode RowExclusiveLock.',
      );
      await world.sql(`SET lock_timeout = 0; SET statement_timeout = '300ms'`);
      expect((await refusal(world.sql(create('g', 'a', 'b')))).sqlstate).toBe('57014');
      await world.sql('RESET statement_timeout');
      expect(await made(world)).toEqual(present);
    } finally {
      // A database is dropped only without one.
      await holder.sql(`COMMIT PREPARED 'two phases'`);
    }
    await world.sql(create('g', 'a', 'b'));
  });
});

test('calls on the same tables in another order both succeed, and count all of them', async () => {
  await inPreparedSandbox(SETUP, async (world) => {
    const [holder, one, other] = await Promise.all([1, 2, 3].map(() => world.session()));
    if (holder === undefined || one === undefined || other === undefined) throw new Error();
    await holder.sql('BEGIN; INSERT INTO p VALUES (-1)');
    const calls = Promise.all([
      one.sql(create('g', 'a', 'b', 'p')),
      other.sql(create('h', 'p', 'b', 'a')),
    ]);
    await untilOneWaits(world);
    await writes(world, 'b', 10);
    await holder.sql('COMMIT');
    await calls;
    await world.sql('INSERT INTO a VALUES (1); INSERT INTO b VALUES (1); INSERT INTO p VALUES (1)');
    for (const name of ['g', 'h'])
      expect(await verbs(world, name, 'start', null)).toEqual(['INSERT 1', 'INSERT 1', 'INSERT 1']);
  });
});

test('another change of groups that is not committed makes no writer wait', async () => {
  await inPreparedSandbox(SETUP, async (world) => {
    await world.sql(`${create('g', 'b')}; ${create('h', 'b')}`);
    const [holder, caller] = [await world.session(), await world.session()];
    // It has locked no table, because another group has it as well.
    await holder.sql(`BEGIN; SELECT imat.remove_from_group('g', ${tables('b')})`);
    await caller.sql(`SET lock_timeout = '300ms'`);
    const error = await refusal(caller.sql(create('k', 'a', 'b')));
    expect(error.sqlstate).toBe('55P03');
    expect(error.message).toBe('could not lock the tables of group "k" in time');
    await caller.sql('RESET lock_timeout');
    const called = outcomeOf(caller.sql(create('k', 'a', 'b')));
    await untilOneWaits(world);
    await Promise.all([writes(world, 'a', 40), writes(world, 'b', 40)]);
    await holder.sql('COMMIT');
    expect(await called).toBeUndefined();
    await world.sql('INSERT INTO a VALUES (1); INSERT INTO b VALUES (1)');
    expect(await verbs(world, 'k', 'start', null)).toEqual(['INSERT 1', 'INSERT 1']);
  });
});

test('a table that is dropped or renamed meanwhile', async () => {
  await inPreparedSandbox(SETUP, async (world) => {
    const [holder, caller] = [await world.session(), await world.session()];
    const beside = async (ddl: string, call: string): Promise<unknown> => {
      await holder.sql(`BEGIN; ${ddl}`);
      const called = outcomeOf(caller.sql(call));
      await untilOneWaits(world);
      await holder.sql('COMMIT');
      return called;
    };
    await world.sql(create('g', 'a', 'b'));
    expect(await beside('ALTER TABLE b RENAME TO c', `SELECT imat.stop_group('g')`)).toBe(
      undefined,
    );
    expect(await beside('ALTER TABLE c RENAME TO b', `SELECT imat.start_group('g')`)).toBe(
      undefined,
    );
    expect(await beside('DROP TABLE b', `SELECT imat.drop_group('g')`)).toBe(undefined);
    await world.sql('CREATE TABLE b (id int)');
    const present = await made(world);
    const renamed = await beside('ALTER TABLE b RENAME TO c', create('g', 'a', 'b'));
    expect(renamed).toMatchObject({ message: '"public.b" was renamed at the same time' });
    const dropped = await beside('DROP TABLE c', create('g', 'a', 'c'));
    expect(String(dropped)).toMatch(/relation \d+ does not exist/);
    expect(await made(world)).toEqual(present);
  });
});

test('a partition that comes or goes while a call waits', async () => {
  await inPreparedSandbox(SETUP, async (world) => {
    const [holder, caller] = [await world.session(), await world.session()];
    await holder.sql('BEGIN; CREATE TABLE p2 PARTITION OF p FOR VALUES IN (2)');
    const creating = outcomeOf(caller.sql(create('g', 'a', 'p')));
    await untilOneWaits(world);
    await writes(world, 'a', 5);
    await holder.sql('COMMIT');
    expect(await creating).toBeUndefined();
    await world.sql('INSERT INTO p2 VALUES (2); INSERT INTO p VALUES (2), (3)');
    expect(await verbs(world, 'g', 'start', null)).toEqual(['INSERT 3']);
    await holder.sql('BEGIN; ALTER TABLE p DETACH PARTITION p2');
    const dropping = outcomeOf(caller.sql(`SELECT imat.drop_group('g')`));
    await untilOneWaits(world);
    await writes(world, 'a', 5);
    await holder.sql('COMMIT');
    expect(await dropping).toBeUndefined();
    expect(
      await world.value(`SELECT count(*) FROM pg_trigger WHERE tgname LIKE '%imat_count%'`),
    ).toBe('0');
  });
});

test('children by inheritance are neither locked nor counted', async () => {
  await inPreparedSandbox(`${SETUP}; CREATE TABLE child () INHERITS (a)`, async (world) => {
    const holder = await world.session();
    await holder.sql('BEGIN; INSERT INTO child VALUES (1)');
    await world.sql(`SET lock_timeout = '200ms'; ${create('g', 'a')}`);
    await holder.sql('COMMIT');
    await world.sql(`INSERT INTO child VALUES (1); UPDATE a SET id = 2; INSERT INTO a VALUES (1)`);
    expect(await verbs(world, 'g', 'start', null)).toEqual(['INSERT 1', 'UPDATE 2']);
  });
});

test('a command locks no partitions but those of its own tables', async () => {
  await inPreparedSandbox(SETUP, async (world) => {
    await world.sql(create('g', 'p'));
    // As where the event trigger could not have the lock.
    await world.sql(`BEGIN; SET LOCAL imat.maintaining = on;
      CREATE TABLE p2 PARTITION OF p FOR VALUES IN (0); COMMIT`);
    const open = await world.session();
    await open.sql('BEGIN; CREATE TABLE unrelated (id int)');
    await writes(world, 'p2', 1);
    await open.sql('COMMIT');
    await world.sql('SELECT imat.fold_counts(); INSERT INTO p2 VALUES (0)');
    expect(await verbs(world, 'g', 'start', null)).toEqual(['INSERT 1']);
  });
});

test('fold_counts waits for marks before it locks a new partition', async () => {
  await inPreparedSandbox(SETUP, async (world) => {
    await world.sql(create('g', 'p'));
    await world.sql(
      `DO $$ BEGIN FOR i IN 1 .. 10001 LOOP INSERT INTO p VALUES (i); END LOOP; END $$`,
    );
    await world.sql(`BEGIN; SET LOCAL imat.maintaining = on;
      CREATE TABLE p2 PARTITION OF p FOR VALUES IN (-2); COMMIT`);
    const [marker, folder] = [await world.session(), await world.session()];
    await marker.sql(`BEGIN; SELECT imat.set_mark('g', 'm')`);
    const folded = outcomeOf(folder.sql('SELECT imat.fold_counts()'));
    await untilOneWaits(world);
    const writer = await world.session();
    await writer.sql(`SET lock_timeout = '1s'; INSERT INTO p2 VALUES (-2)`);
    await marker.sql('COMMIT');
    expect(await folded).toBeUndefined();
    await until('the new partition is counted', async () =>
      world.value(`SELECT EXISTS (SELECT FROM imat_catalog.counted
        WHERE relation = 'p2'::regclass)`),
    );
  });
});

test('two sessions that make the names of E-Maj wait for each other', async () => {
  await inPreparedSandbox(SETUP, async (world) => {
    const holder = await world.session();
    await holder.sql(`BEGIN; SELECT pg_advisory_xact_lock(imat_catalog.lock_class(), -3);
      CREATE SCHEMA emaj; COMMENT ON SCHEMA emaj IS 'imat: the names of E-Maj for statistics'`);
    const making = outcomeOf(world.imat.accounting.createGroup('g', ['a'], { emajNames: true }));
    await untilOneWaits(world);
    await holder.sql('COMMIT');
    expect(await making).toBeUndefined();
  });
});

test('a GRANT on a table at the same moment makes a call try again', async () => {
  await inPreparedSandbox(SETUP, async (world) => {
    const [holder, caller] = [await world.session(), await world.session()];
    await holder.sql('BEGIN; GRANT SELECT ON b TO PUBLIC');
    const called = outcomeOf(caller.sql(create('g', 'a', 'b', 'p')));
    await untilOneWaits(world);
    await Promise.all([writes(world, 'a', 10), writes(world, 'b', 10)]);
    await holder.sql('COMMIT');
    expect(await called).toBeUndefined();
    for (let id = 0; id < 5; id += 1) {
      await world.sql(`BEGIN; SET LOCAL imat.maintaining = on;
        CREATE TABLE q${id} PARTITION OF p FOR VALUES IN (${id}); COMMIT`);
      await holder.sql(`BEGIN; GRANT SELECT ON q${id} TO PUBLIC`);
      const folded = outcomeOf(caller.sql('SELECT imat.fold_counts()'));
      // It waits for 50 ms.
      await new Promise((resolve) => setTimeout(resolve, 20));
      await holder.sql('COMMIT');
      expect(await folded).toBeUndefined();
      await caller.sql('SELECT imat.fold_counts()');
      await world.sql(`INSERT INTO q${id} VALUES (${id})`);
      expect(await verbs(world, 'g', 'start', null)).toEqual([`INSERT ${id + 1}`]);
    }
  });
});
