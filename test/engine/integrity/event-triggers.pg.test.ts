/**
 * The event triggers: who gets them, what they cost others, and that they go with the catalog. A
 * command of a user never fails by them, unless it renames a schema of imat.
 */
import { expect, test } from 'vitest';
import { expectEqual } from '../commands/support/oracle.ts';
import type { Sandbox } from '../commands/support/sandbox.ts';
import { createRole, inPreparedSandbox, inSandbox } from '../commands/support/sandbox.ts';
import { outcomeOf } from '../commands/support/world.ts';

const SUM = 'SELECT g, sum(v) AS s FROM public.t GROUP BY g';
const SETUP = `CREATE TABLE t (g int, v int);
  INSERT INTO t SELECT i % 3, i FROM generate_series(1, 9) AS i;
  CREATE MATERIALIZED VIEW mv AS ${SUM}`;

const triggers = (sandbox: Sandbox): Promise<string[]> =>
  sandbox
    .rows<{ evtname: string }>('SELECT evtname FROM pg_event_trigger ORDER BY 1')
    .then((rows) => rows.map(({ evtname }) => evtname));

test('a superuser gets them with the catalog, and loses them with it', async () => {
  await inSandbox(SETUP, async (sandbox) => {
    await sandbox.imat.convert('mv');
    expect(await triggers(sandbox)).toEqual(['imat_ddl', 'imat_drop']);
    await sandbox.imat.revert('mv');
    expect(await triggers(sandbox)).toEqual([]);
    await sandbox.imat.init();
    expect(await triggers(sandbox)).toEqual(['imat_ddl', 'imat_drop']);
    await sandbox.sql('DROP SCHEMA imat, imat_store CASCADE; DROP SCHEMA imat_catalog CASCADE');
    expect(await triggers(sandbox)).toEqual([]);
    await sandbox.sql('ALTER TABLE t SET UNLOGGED; DROP TABLE t CASCADE');
  });
});

test('the schemas of imat keep their names, on which writers depend', async () => {
  await inPreparedSandbox(SETUP, async (sandbox) => {
    await sandbox.imat.convert('mv');
    for (const schema of ['imat', 'imat_catalog', 'imat_store'])
      await expect(
        sandbox.sql(`ALTER SCHEMA ${schema} RENAME TO another`),
        schema,
      ).rejects.toMatchObject({
        sqlstate: 'IM010',
        message: expect.stringContaining('the schemas of imat cannot be renamed'),
      });
    await sandbox.sql(`CREATE SCHEMA mine; ALTER SCHEMA mine RENAME TO another;
      INSERT INTO t VALUES (1, 1)`);
    await expectEqual(sandbox.db, 'imat.mv', SUM);
  });
});

test('an ordinary role has none; its folds and workers notice all the same', async () => {
  await inSandbox('', async (sandbox) => {
    const role = await createRole(sandbox);
    const database = await sandbox.value<string>('SELECT current_database()');
    await sandbox.sql(
      `GRANT CREATE, TEMPORARY ON DATABASE ${database} TO ${role};
        GRANT ALL ON SCHEMA public TO ${role}`,
    );
    const owner = await sandbox.session(role);
    await owner.sql(SETUP);
    await owner.imat.convert('mv');
    await owner.imat.convert('mv', { name: 'other', strategy: 'swap' });
    expect(await triggers(sandbox)).toEqual([]);
    await owner.sql('ALTER TABLE t ENABLE ROW LEVEL SECURITY');
    expect(await owner.rows('SELECT * FROM imat_catalog.differences(NULL)')).toEqual([]);
    await owner.sql('ALTER TABLE t FORCE ROW LEVEL SECURITY');
    await sandbox.sql('INSERT INTO t VALUES (1, 1)');
    expect(await owner.rows('SELECT message FROM imat_catalog.differences(NULL)')).toEqual([
      { message: 'row-level security of table public.t hides other rows' },
      { message: 'row-level security of table public.t hides other rows' },
    ]);
    expect((await owner.imat.status()).imats.map(({ state }) => state)).toEqual([
      'broken',
      'broken',
    ]);
    expect(
      (await owner.imat.doctor()).checks.filter(({ status }) => status === 'error'),
    ).toMatchObject([{ check: 'imat mv', hint: 'Run imat repair mv.' }, { check: 'imat other' }]);
    for (const call of [`CALL imat.fold('mv')`, `CALL imat.swap('other')`])
      await expect(owner.rows(call)).rejects.toMatchObject({ sqlstate: 'IM024' });
    for (const view of ['imat.mv', 'imat.other'])
      await expect(owner.rows(`SELECT * FROM ${view}`)).rejects.toMatchObject({
        sqlstate: 'IM024',
      });
    await sandbox.sql(`DROP OWNED BY ${role} CASCADE; DROP ROLE ${role}`);
  });
});

test('a role without rights changes what an imat uses, and the mark is made', async () => {
  await inPreparedSandbox(SETUP, async (sandbox) => {
    await sandbox.imat.convert('mv');
    const role = await createRole(sandbox);
    await sandbox.sql(`ALTER TABLE t OWNER TO ${role}`);
    const owner = await sandbox.session(role);
    await owner.sql('ALTER TABLE public.t DISABLE TRIGGER "!imat_insert"');
    await expect(sandbox.rows('SELECT * FROM imat.mv')).rejects.toMatchObject({
      sqlstate: 'IM024',
    });
    await sandbox.sql(`REASSIGN OWNED BY ${role} TO CURRENT_USER; DROP ROLE ${role}`);
  });
});

test('a command that is rolled back leaves no mark, and readers see nothing of it', async () => {
  await inPreparedSandbox(SETUP, async (sandbox) => {
    await sandbox.imat.convert('mv');
    const [changer, reader] = [await sandbox.session(), await sandbox.session()];
    await changer.db.execute('BEGIN; ALTER TABLE public.t DISABLE TRIGGER "!imat_insert"');
    await changer.db.execute('INSERT INTO public.t VALUES (1, 100)');
    await expectEqual(reader.db, 'imat.mv', SUM, 'not committed');
    await changer.db.execute('ROLLBACK');
    await expectEqual(reader.db, 'imat.mv', SUM, 'rolled back');
    await sandbox.sql('INSERT INTO t VALUES (2, 5)');
    await sandbox.imat.fold('mv');
    await changer.db.execute('BEGIN; ALTER TABLE public.t DISABLE TRIGGER "!imat_insert"');
    await changer.db.execute('INSERT INTO public.t VALUES (1, 100)');
    await reader.db.execute('BEGIN ISOLATION LEVEL REPEATABLE READ');
    await expectEqual(reader.db, 'imat.mv', SUM, 'before the commit', true);
    await changer.db.execute('COMMIT');
    await expectEqual(reader.db, 'imat.mv', SUM, 'the same snapshot', true);
    await reader.db.execute('COMMIT');
    await expect(reader.rows('SELECT * FROM imat.mv')).rejects.toMatchObject({ sqlstate: 'IM024' });
  });
});

test('a command does not fail while an imat is locked: the next poll marks it', async () => {
  await inPreparedSandbox(SETUP, async (sandbox) => {
    await sandbox.imat.convert('mv');
    const keeper = await sandbox.session();
    await keeper.db.execute('BEGIN; SELECT FROM imat_catalog.imat FOR UPDATE');
    await sandbox.sql('ALTER TABLE t DISABLE TRIGGER "!imat_insert"');
    // In a transaction that can not even lock.
    await sandbox.sql(`SET lock_timeout = '10ms'; ALTER TABLE t DISABLE TRIGGER "!imat_update"`);
    await keeper.db.execute('COMMIT');
    expect(await sandbox.value('SELECT broken IS NULL FROM imat_catalog.imat')).toBe(true);
    await sandbox.sql('SELECT imat_catalog.look(NULL, 10, NULL)');
    expect(await sandbox.value('SELECT broken FROM imat_catalog.imat')).toMatch(/disabled or gone/);
  });
});

test('a catalog that does not work does not stop commands', async () => {
  await inPreparedSandbox(SETUP, async (sandbox) => {
    await sandbox.imat.convert('mv');
    await sandbox.sql('ALTER TABLE imat_catalog.fact RENAME TO gone');
    await sandbox.sql(
      `CREATE TABLE kid () INHERITS (t);
        DROP TABLE kid;
        CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'`,
    );
    await sandbox.sql('ALTER TABLE imat_catalog.gone RENAME TO fact');
  });
});

test('a swap under way and a command on its table: both end, and nothing is wrong', async () => {
  await inPreparedSandbox(SETUP, async (sandbox) => {
    await sandbox.imat.convert('mv');
    await sandbox.imat.convert('mv', { name: 'other', strategy: 'swap' });
    const [folder, changer] = [await sandbox.session(), await sandbox.session()];
    for (let round = 0; round < 20; round++) {
      await sandbox.sql('INSERT INTO t SELECT i % 3, i FROM generate_series(1, 2000) AS i');
      const [folded, swapped, changed] = await Promise.all([
        outcomeOf(folder.sql(`CALL imat.fold('mv')`)),
        outcomeOf(sandbox.sql(`CALL imat.swap('other')`)),
        outcomeOf(
          changer.sql(
            round === 10
              ? 'ALTER TABLE t DISABLE TRIGGER "!imat_insert"'
              : 'ALTER TABLE t ALTER v SET STATISTICS 50',
          ),
        ),
      ]);
      expect(changed).toBeUndefined();
      if (round === 10) {
        for (const outcome of [folded, swapped])
          if (outcome instanceof Error) expect(outcome).toMatchObject({ sqlstate: 'IM024' });
        break;
      }
      expect([folded, swapped]).toEqual([undefined, undefined]);
      await expectEqual(sandbox.db, 'imat.mv', SUM);
    }
    await sandbox.sql('SELECT imat_catalog.look(NULL, 10, NULL)');
    expect((await sandbox.imat.list()).map(({ state }) => state)).toEqual(['broken', 'broken']);
  });
});

test('a session with other settings for literals and names notices the same', async () => {
  const definition = 'SELECT g, sum(public.outer_one(v)) AS s FROM public.seen GROUP BY g';
  const setup = `CREATE TABLE t (g int, v int);
    CREATE VIEW seen AS SELECT g, v FROM t WHERE v + 1 > 1 AND g IN (1, 2);
    CREATE FUNCTION inner_one(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 + 1';
    CREATE FUNCTION outer_one(int) RETURNS int IMMUTABLE LANGUAGE plpgsql
      AS 'BEGIN RETURN /* a */ public.inner_one($1); END';
    CREATE MATERIALIZED VIEW mv AS ${definition}`;
  await inPreparedSandbox(setup, async (sandbox) => {
    await sandbox.imat.convert('mv');
    await sandbox.sql(
      `SET standard_conforming_strings = off; SET escape_string_warning = off;
       SET backslash_quote = off; SET quote_all_identifiers = on; INSERT INTO t VALUES (1, 1)`,
    );
    await sandbox.rows("SELECT imat.create_imat('it''s')");
    const differing = 'SELECT message FROM imat_catalog.differences(NULL)';
    await sandbox.sql('CREATE TABLE unrelated (i int); ALTER TABLE t ADD COLUMN w int');
    expect(await sandbox.rows(differing)).toEqual([]);
    await sandbox.sql("CALL imat.fold('mv')");
    await expectEqual(sandbox.db, 'imat.mv', definition);
    await sandbox.sql(
      `CREATE OR REPLACE FUNCTION inner_one(int) RETURNS int IMMUTABLE LANGUAGE sql
         AS 'SELECT $1 + 2'`,
    );
    await expect(sandbox.rows('SELECT * FROM imat.mv')).rejects.toMatchObject({
      sqlstate: 'IM024',
    });
    // What it is converted with in such a session is what others see.
    await sandbox.imat.repair('mv');
    await sandbox.sql('RESET ALL; ALTER TABLE t ADD COLUMN x int');
    expect(await sandbox.rows(differing)).toEqual([]);
    await expectEqual(sandbox.db, 'imat.mv', definition);
  });
});
