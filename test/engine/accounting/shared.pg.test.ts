/**
 * A table that is counted and captured in PL/pgSQL: one trigger does both for INSERT and DELETE.
 * Each row is counted once whatever happens to capture, and capture is as whole as without that.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WITH_EXTENSION } from '../../setup/database.ts';
import { REBUILT } from '../../setup/rebuilt.ts';
import {
  type Checked,
  createPreparedWorld,
  expectExact,
  outcomeOf,
  type Session,
  until,
  type World,
} from '../commands/support/world.ts';
import { verbs } from './support/world.ts';
import { foldAll } from '../../setup/fold-all.ts';

const SUMMED: Checked = {
  name: 'summed',
  definition: 'SELECT g, count(*) AS n, sum(v) AS s FROM public.t GROUP BY g',
};
const RANKED: Checked = {
  name: 'ranked',
  definition: `${REBUILT} SELECT g, rank() OVER (ORDER BY v) AS place FROM public.t`,
};
const GROUP = `SELECT imat.create_group('g', ARRAY['t']::regclass[], '{}', 'start')`;

let world: World;
beforeEach(async () => {
  world = await createPreparedWorld(`CREATE TABLE t (g int, v int);
    CREATE TABLE other (g int, v int);
    INSERT INTO t SELECT i % 5, i FROM generate_series(1, 50) i`);
});
afterEach(() => world.drop());

const summed = (): Promise<unknown> => world.imat.create(SUMMED.name, SUMMED.definition);
const both = async (): Promise<void> => {
  await summed();
  await world.sql(GROUP);
};

/** Which triggers count INSERT and DELETE, as the server would fire them. */
const counters = (table = 't'): Promise<string[]> =>
  world.value<string[]>(
    `SELECT coalesce(json_agg(c ORDER BY c COLLATE "C"), '[]')
     FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid, concat(
       CASE WHEN tgname ~ 'count' THEN 'own ' ELSE 'capture ' END,
       CASE WHEN tgoldtable IS NULL THEN 'insert' ELSE 'delete' END) c
     WHERE tgrelid = '${table}'::regclass AND tgenabled <> 'D' AND tgqual IS NULL
       AND tgname !~ 'update|truncate'
       AND (tgname ~ 'count' OR regexp_replace(prosrc, '/[*].*?[*]/', '', 'g') ~ 'change_count')`,
  );
const SHARED = ['capture delete', 'capture insert'];
const OWN = ['own delete', 'own insert'];

/** Each of three kinds of statements is counted once. */
async function expectCounted(session: Session = world, context = ''): Promise<void> {
  await world.sql(`SELECT imat.set_mark('g', 'm%')`);
  await session.sql(`INSERT INTO public.t (g) VALUES (1), (2), (3);
    INSERT INTO public.t (g) SELECT 1 WHERE false; UPDATE public.t SET g = g WHERE g = 1;
    DELETE FROM public.t WHERE ctid IN (SELECT ctid FROM public.t ORDER BY ctid DESC LIMIT 2)`);
  const counted = await verbs(world, 'g', 'LAST_MARK', null);
  expect(
    counted.filter((verb) => !verb.startsWith('UPDATE')),
    context,
  ).toEqual(['DELETE 2', 'INSERT 3']);
}
const isBroken = (): Promise<boolean> =>
  world.value('SELECT bool_or(broken IS NOT NULL) FROM imat_catalog.imat');

describe.skipIf(WITH_EXTENSION)('capture counts', () => {
  test('from whichever comes second until whichever goes first', async () => {
    await both();
    expect(await counters()).toEqual(SHARED);
    await expectCounted();
    await world.sql(`SELECT imat.create_group('h', ARRAY['t']::regclass[], '{}', 'start')`);
    await world.sql(`SELECT imat.drop_group('g')`);
    expect(await counters()).toEqual(SHARED);
    await world.sql(`SELECT imat.drop_group('h')`);
    expect(await counters()).toEqual([]);
    await world.sql(`INSERT INTO t VALUES (1, 1); ${GROUP}`);
    await expectCounted();
    await expectExact(world, SUMMED);
    expect(await isBroken()).toBe(false);
    await world.imat.revert('summed');
    expect(await counters()).toEqual(OWN);
    await expectCounted();
    await summed();
    expect(await counters()).toEqual(SHARED);
    await expectCounted();
    await foldAll(world.imat);
    await expectExact(world, SUMMED);
    expect((await world.imat.doctor()).checks.filter(({ status }) => status === 'error')).toEqual(
      [],
    );
    expect(await world.value('SELECT count(*)::int FROM imat_catalog.change_count')).toBeLessThan(
      20,
    );
  });

  test('while rows are logged, not while a mark is enough', async () => {
    await world.imat.create(RANKED.name, RANKED.definition);
    await world.sql(GROUP);
    expect(await counters()).toEqual(OWN);
    await summed();
    expect(await counters()).toEqual(SHARED);
    await expectCounted();
    await world.imat.revert('summed');
    expect(await counters()).toEqual(OWN);
    await expectCounted();
    expect(await isBroken()).toBe(false);
  });

  test('after a repair, and with other columns', async () => {
    await both();
    await world.sql('ALTER TABLE t DISABLE TRIGGER "!imat_delete"');
    expect(await counters()).toEqual(['capture insert', 'own delete']);
    await world.imat.repair('summed');
    expect(await counters()).toEqual(SHARED);
    await world.sql('ALTER TABLE t ADD COLUMN w int; ALTER TABLE t RENAME v TO x');
    await expectCounted();
    await world.imat.create('wide', 'SELECT w, count(*) FROM public.t GROUP BY w');
    expect(await counters()).toEqual(SHARED);
    await expectCounted();
    await world.imat.revert('wide');
    expect(await counters()).toEqual(SHARED);
    await expectCounted();
    expect(await isBroken()).toBe(false);
  });

  test('more rows than are logged', async () => {
    await both();
    await world.sql(`TRUNCATE t; SELECT imat.set_mark('g', 'm')`);
    await world.sql('INSERT INTO t SELECT i % 5, i FROM generate_series(1, 100001) i');
    await world.sql('DELETE FROM t');
    expect(await world.value('SELECT count(*)::int FROM imat_store.reset')).toBeGreaterThan(0);
    expect(await verbs(world, 'g', 'm', null)).toEqual(['DELETE 100001', 'INSERT 100001']);
    await expectExact(world, SUMMED);
  });

  test('columns with any names', async () => {
    const columns = ['/*counting', 'VALUES (7, counting*/ RETURN NULL; END', '/*counting*/'];
    await world.sql(`DROP TABLE t; CREATE TABLE t (g int, v int,
      ${columns.map((column) => `"${column}" int`).join(', ')})`);
    await both();
    await world.imat.create('listed', 'SELECT t, count(*) AS n FROM public.t GROUP BY t');
    expect(await counters()).toEqual(SHARED);
    await world.sql('INSERT INTO t VALUES (1, 2, 3, 4, 5), (1, 2, 3, 4, 5)');
    await expectCounted();
    await world.sql(`SELECT imat.drop_group('g')`);
    expect(await counters()).toEqual([]);
    await expectExact(world, {
      name: 'listed',
      definition: 'SELECT t, count(*) AS n FROM public.t GROUP BY t',
      by: 'q::text',
    });
  });

  test('in a transaction whose snapshot is older than the group and the imat', async () => {
    const older = await world.session();
    const oldest = await world.session();
    await oldest.sql('BEGIN ISOLATION LEVEL SERIALIZABLE; TABLE other');
    await world.sql(GROUP);
    await older.sql('BEGIN ISOLATION LEVEL REPEATABLE READ; TABLE other');
    await summed();
    expect(await counters()).toEqual(SHARED);
    await world.sql(`SELECT imat.set_mark('g', 'm')`);
    for (const [i, session] of [oldest, older].entries())
      await session.sql(`INSERT INTO t VALUES (1, 100), (1, 20${i});
        DELETE FROM t WHERE v = 20${i}; COMMIT`);
    expect(await verbs(world, 'g', 'm', null)).toEqual(['DELETE 2', 'INSERT 4']);
    await expectExact(world, SUMMED);
  });

  test('with plans from before: what sessions have run counts in the other way', async () => {
    const writer = await world.session();
    await world.sql(GROUP);
    for (const change of [
      summed,
      () => world.imat.revert('summed'),
      summed,
      () => world.sql('ALTER TABLE t ADD COLUMN a int'),
      () => world.sql(`SELECT imat.create_group('h', ARRAY['t']::regclass[], '{}', 's')`),
      () => world.sql('ALTER TABLE t DISABLE TRIGGER "!imat_insert"'),
      () => world.imat.repair('summed'),
      () => world.sql('DROP SCHEMA imat_store CASCADE'),
    ]) {
      await expectCounted(writer);
      await change();
    }
    await expectCounted(writer);
  });
});

/** Each with who counts then. */
const BREAKS: readonly (readonly [command: string, counters: readonly string[]])[] = [
  ['ALTER TABLE t DISABLE TRIGGER "!imat_insert"', ['capture delete', 'own insert']],
  ['ALTER TABLE t ENABLE TRIGGER "!imat_delete"', ['capture insert', 'own delete']],
  ['ALTER TABLE t ENABLE REPLICA TRIGGER "!imat_insert"', ['capture delete', 'own insert']],
  ['ALTER TRIGGER "!imat_insert" ON t RENAME TO x', ['capture delete', 'own insert']],
  [
    `CREATE TRIGGER x AFTER INSERT ON t REFERENCING NEW TABLE AS new_rows
     FOR EACH STATEMENT EXECUTE FUNCTION imat_store.capture_insert_public_t()`,
    ['capture delete', 'own insert'],
  ],
  ['DROP TRIGGER "!imat_insert" ON t', ['capture delete', 'own insert']],
  ['DROP FUNCTION imat_store.capture_delete_public_t CASCADE', ['capture insert', 'own delete']],
  ['DROP SCHEMA imat_store CASCADE', OWN],
  ['DROP TABLE imat_store.log_public_t CASCADE', SHARED],
  ['ALTER TABLE t DROP COLUMN v CASCADE', SHARED],
  ['ALTER TABLE t RENAME v TO x', SHARED],
  ['ALTER TABLE t ENABLE TRIGGER "!imat_count_insert"', SHARED],
  ['CREATE TABLE child () INHERITS (t)', SHARED],
  ['ALTER TABLE t DISABLE TRIGGER USER; ALTER TABLE t ENABLE TRIGGER USER', OWN],
  ['ALTER TABLE t DISABLE TRIGGER ALL; ALTER TABLE t ENABLE TRIGGER ALL', OWN],
  [
    'ALTER TABLE t DISABLE TRIGGER "!imat_count_update", DISABLE TRIGGER "!imat_insert"',
    ['capture delete', 'own insert'],
  ],
];

describe.skipIf(WITH_EXTENSION)('what happens to capture leaves the table counted', () => {
  test.each(BREAKS)('%s', async (command, who) => {
    await both();
    await world.sql(command);
    expect(await counters()).toEqual(who);
    await expectCounted();
    await expectCounted(await world.session(), 'another session');
    await world.sql(`SELECT imat.drop_group('g')`);
    expect(await counters()).toEqual([]);
    await world.sql('INSERT INTO t (g) VALUES (1)');
  });

  test.each(BREAKS)('%s, and a repair', async (command) => {
    await both();
    await world.sql(command);
    await outcomeOf(world.imat.repair('summed'));
    await expectCounted();
    await outcomeOf(world.imat.revert('summed'));
    await expectCounted();
  });

  test('all triggers disabled: nothing is counted, as without an imat', async () => {
    await both();
    await world.sql(`ALTER TABLE t DISABLE TRIGGER ALL; SELECT imat.set_mark('g', 'm');
      INSERT INTO t VALUES (1); DELETE FROM t`);
    expect(await verbs(world, 'g', 'm', null)).toEqual([]);
  });

  test('a counting trigger that is dropped counts no more, and the imat stays whole', async () => {
    await both();
    await world.sql(`DROP TRIGGER "!imat_count_insert" ON t; SELECT imat.set_mark('g', 'm');
      INSERT INTO t VALUES (1, 1); DELETE FROM t WHERE v = 1`);
    expect(await counters()).toEqual(['capture delete']);
    expect(await verbs(world, 'g', 'm', null)).toEqual(['DELETE 2']);
    expect(await isBroken()).toBe(false);
    await expectExact(world, SUMMED);
  });
});

test('the catalog dropped: writers go on, in sessions that have counted, too', async () => {
  await both();
  const writer = await world.session();
  await expectCounted(writer);
  await world.sql('DROP SCHEMA imat_catalog CASCADE');
  for (const session of [writer, await world.session()])
    await session.sql('INSERT INTO t VALUES (1, 1); UPDATE t SET v = 2; DELETE FROM t');
});

describe('own triggers count', () => {
  test.skipIf(WITH_EXTENSION)(
    'where event triggers do not fire, from the next fold on',
    async () => {
      await both();
      await world.sql(`ALTER EVENT TRIGGER imat_drop DISABLE; DROP SCHEMA imat_store CASCADE;
      SELECT imat.fold_counts()`);
      expect(await counters()).toEqual(OWN);
      await expectCounted();
    },
  );

  test.skipIf(WITH_EXTENSION)('where they do not fire, from a revert on', async () => {
    await both();
    await world.sql('ALTER EVENT TRIGGER imat_drop DISABLE');
    await world.imat.revert('summed');
    expect(await counters()).toEqual(OWN);
    await expectCounted();
  });

  test.skipIf(WITH_EXTENSION)('where they have an older snapshot, the same', async () => {
    const [older, writer] = [await world.session(), await world.session()];
    await older.sql('BEGIN ISOLATION LEVEL REPEATABLE READ; TABLE other');
    await both();
    await older.sql('ALTER TABLE t DISABLE TRIGGER "!imat_insert"; COMMIT');
    await writer.sql('BEGIN; DELETE FROM t WHERE v = 1');
    expect(await outcomeOf(world.sql('SELECT imat.fold_counts()'))).toBeUndefined();
    await writer.sql('COMMIT');
    await world.sql('SELECT imat.fold_counts()');
    expect(await counters()).toEqual(['capture delete', 'own insert']);
    await expectCounted();
  });

  test('where event triggers do not watch, and where they do no longer', async () => {
    await world.sql('DROP EVENT TRIGGER imat_drop');
    await both();
    expect(await counters()).toEqual(OWN);
    await world.sql('DROP SCHEMA imat_store CASCADE');
    await expectCounted();
  });

  test('where another role captures: nobody gets a right on the counters', async () => {
    const owner = await world.role();
    await world.sql(`ALTER TABLE t OWNER TO ${owner}; GRANT USAGE ON SCHEMA public TO ${owner}`);
    await both();
    expect(await counters()).toEqual(OWN);
    await expectCounted(await world.session(owner));
    expect(
      await world.value(
        `SELECT has_schema_privilege('${owner}', 'imat_catalog', 'USAGE')
           OR has_table_privilege('${owner}', 'imat_catalog.change_count', 'INSERT')`,
      ),
    ).toBe(false);
  });

  test.skipIf(WITH_EXTENSION)('where capture has got another owner', async () => {
    await both();
    const other = await world.role();
    await world.sql(`ALTER FUNCTION imat_store.capture_insert_public_t() OWNER TO ${other};
      SELECT imat_catalog.look(NULL, 1, NULL)`);
    expect(await counters()).toEqual(['capture delete', 'own insert']);
    await expectCounted();
  });

  test.skipIf(WITH_EXTENSION)('until a repair, where capture is not whole', async () => {
    await summed();
    await world.sql(`ALTER TABLE t DISABLE TRIGGER "!imat_insert";
      ALTER TABLE t ENABLE ALWAYS TRIGGER "!imat_insert"; ${GROUP}`);
    expect(await counters()).toEqual(OWN);
    await world.imat.repair('summed');
    expect(await counters()).toEqual(SHARED);
    await expectCounted();
  });

  test.skipIf(WITH_EXTENSION)('where an older imat has written capture', async () => {
    await summed();
    await world.sql(`DO $$ BEGIN EXECUTE (SELECT replace(pg_get_functiondef(p.oid), 'counting', '')
      FROM pg_proc p WHERE p.proname = 'capture_insert_public_t'); END $$;
      SELECT imat_catalog.note_triggers('t'::regclass, 't'::regclass); ${GROUP}`);
    expect(await counters()).toEqual(['capture delete', 'own insert']);
    await expectCounted();
  });

  test.runIf(WITH_EXTENSION)('in C, where capture is older than the extension', async () => {
    await world.sql('DROP EXTENSION IF EXISTS table_change_tracker');
    await summed();
    await world.sql(`CREATE EXTENSION table_change_tracker; ${GROUP}`);
    expect(await counters()).toEqual(OWN);
    await expectCounted();
    await world.imat.revert('summed');
    await expectCounted();
  });

  test('of parts, and of tables that have parts', async () => {
    await world.sql(`CREATE TABLE p (g int, v int) PARTITION BY LIST (g);
      CREATE TABLE p1 PARTITION OF p DEFAULT; CREATE TABLE child () INHERITS (t)`);
    await world.imat.create('parted', 'SELECT g, count(*) FROM public.p GROUP BY g');
    await both();
    await world.sql(`SELECT imat.add_to_group('g', ARRAY['p']::regclass[])`);
    for (const table of ['t', 'p', 'p1']) expect(await counters(table), table).toEqual(OWN);
    await expectCounted();
  });
});

describe.skipIf(WITH_EXTENSION)('nobody waits', () => {
  test('a group waits for a command that has the source, and writers for neither', async () => {
    await summed();
    const [command, writer] = [await world.session(), await world.session()];
    await command.sql(`BEGIN; SELECT FROM imat_catalog.source FOR UPDATE`);
    const grouped = outcomeOf((await world.session()).sql(GROUP));
    await until('the group has been tried', async () => {
      await writer.sql(`SET lock_timeout = '1s'; INSERT INTO t VALUES (1, 1)`);
      return (
        (
          await world.rows(`SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep'
          AND datname = current_database()`)
        ).length > 0
      );
    });
    await command.sql('COMMIT');
    expect(await grouped).toBeUndefined();
    await expectCounted();
    await expectExact(world, SUMMED);
  });
});
