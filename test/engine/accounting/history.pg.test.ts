/** Schema history by event triggers and comparisons: what changed, and what leaves no entry. */
import { expect, test } from 'vitest';
import type { SchemaChange } from '../../../engine/accounting-api.ts';
import { expectImatError } from '../commands/support/expect-imat-error.ts';
import type { Sandbox, Session } from '../commands/support/sandbox.ts';
import { createRole, inPreparedSandbox } from '../commands/support/sandbox.ts';

const SETUP = `CREATE TABLE sale (id int PRIMARY KEY, region text, amount int);
  CREATE FUNCTION tax(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 / 5';
  CREATE VIEW big AS SELECT * FROM sale WHERE amount > 10;
  CREATE MATERIALIZED VIEW mv AS SELECT region, sum(tax(amount)) AS t FROM big GROUP BY region`;

/** `kind type part`, oldest first, of what is recorded. */
async function recorded(session: Session, where = 'true'): Promise<string[]> {
  const rows = await session.rows<{ text: string }>(
    `SELECT concat_ws(' ', kind, type, coalesce(part, object)) AS text FROM (
       SELECT row_number() OVER () AS n, * FROM imat.schema_changes WHERE ${where}) s
     ORDER BY n DESC`,
  );
  return rows.map(({ text }) => text);
}

/** With event triggers, or without. */
async function inHistory(
  eventTriggers: boolean,
  body: (world: Sandbox) => Promise<void>,
): Promise<void> {
  await inPreparedSandbox(SETUP, async (world) => {
    if (eventTriggers) expect(await world.imat.accounting.recordCommands()).toBe(true);
    await world.imat.convert('mv');
    await world.imat.accounting.createGroup('g', ['sale']);
    await world.imat.accounting.compareSchema();
    await body(world);
  });
}

/** Each statement, and what is recorded of it by both sources. */
const STATEMENTS: readonly (readonly [statement: string, recorded: readonly string[]])[] = [
  ['ALTER TABLE sale ADD COLUMN note text', ['create column note']],
  ['ALTER TABLE sale ALTER note SET DEFAULT 1', ['alter column note']],
  ['ALTER TABLE sale ALTER note SET NOT NULL', ['alter column note']],
  ['ALTER TABLE sale RENAME note TO remark', ['rename column remark']],
  ['CREATE INDEX by_remark ON sale (remark)', ['create index by_remark']],
  ['DROP INDEX by_remark', ['drop index by_remark']],
  ['ALTER TABLE sale ADD CONSTRAINT positive CHECK (id > 0)', ['create constraint positive']],
  ['ALTER TABLE sale DROP CONSTRAINT positive', ['drop constraint positive']],
  ['ALTER TABLE sale DROP COLUMN remark', ['drop column remark']],
  ['ALTER TABLE sale SET (fillfactor = 50)', ['alter table public.sale']],
  ['CREATE OR REPLACE VIEW big AS SELECT * FROM sale WHERE amount > 20', ['alter view public.big']],
  [
    `CREATE OR REPLACE FUNCTION tax(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1'`,
    ['alter function public.tax(integer)'],
  ],
  ['CREATE TABLE other (id int)', []],
  ['CREATE TEMPORARY TABLE sale_2 (id int)', []],
  ['ANALYZE sale', []],
  ['GRANT SELECT ON sale TO PUBLIC', []],
  ['ALTER TABLE sale RENAME TO sales', ['rename table public.sales']],
];

test.each([
  [true, 'event trigger'],
  [false, 'fingerprint'],
] as const)('event triggers %s: each change is recorded once, by the %s', async (on, source) => {
  await inHistory(on, async (world) => {
    for (const [statement, expected] of STATEMENTS) {
      await world.sql(statement);
      const found = on ? 0 : expected.length;
      // A new name is also in the texts of views and indexes.
      const where = statement.includes('RENAME TO') ? `type = 'table'` : 'true';
      const compared = await world.imat.accounting.compareSchema();
      if (where === 'true') expect([statement, compared]).toEqual([statement, found]);
      expect([statement, ...(await recorded(world, where))]).toEqual([statement, ...expected]);
      await world.sql(`DELETE FROM imat_catalog.schema_change`);
    }
    await world.sql('ALTER TABLE sales ADD x int');
    await world.imat.accounting.compareSchema();
    const { changes } = await world.imat.accounting.schemaHistory('sales');
    const role = await world.value<string>('SELECT session_user::text');
    expect(changes.filter((change) => change.source === source)).toMatchObject([
      {
        role: on ? role : null,
        command: on ? 'ALTER TABLE' : null,
        object: 'public.sales',
        part: 'x',
        kind: 'create',
        before: null,
        after: { name: 'x', type: 'integer' },
        imats: ['mv'],
      } satisfies Partial<SchemaChange>,
    ]);
    const [change] = changes.filter((one) => one.source === source);
    expect(change?.notBefore === null).toBe(on);
  });
});

test('before and after hold what differs', async () => {
  await inHistory(true, async (world) => {
    await world.sql('ALTER TABLE sale ADD x int; ALTER TABLE sale ALTER x TYPE text');
    expect(
      await world.rows(`SELECT before, after FROM imat.schema_changes WHERE part = 'x' LIMIT 1`),
    ).toEqual([
      {
        before: { type: 'integer', storage: 'p', collation: null },
        after: { type: 'text', storage: 'x', collation: 'pg_catalog."default"' },
      },
    ]);
  });
});

test('DDL that was rolled back leaves no entry, to a savepoint or as a whole', async () => {
  await inHistory(true, async (world) => {
    await world.sql('BEGIN; ALTER TABLE sale ADD a int; ROLLBACK');
    await world.sql(`BEGIN; SAVEPOINT s; ALTER TABLE sale ADD b int; ROLLBACK TO s;
      SAVEPOINT t; ALTER TABLE sale ADD c int; RELEASE t; COMMIT`);
    expect(await recorded(world)).toEqual(['create column c']);
    expect(await world.value(`SELECT source FROM imat.schema_changes`)).toBe('event trigger');
    expect(await world.imat.accounting.compareSchema()).toBe(0);
  });
});

test('a rewrite that no event trigger sees is found by the comparison', async () => {
  await inHistory(true, async (world) => {
    await world.sql('VACUUM FULL sale');
    // The next command does not claim it.
    await world.sql('ALTER TABLE sale ADD x int');
    expect(
      await world.rows(`SELECT kind, coalesce(part, object) AS what, source, not_before IS NULL AS
        exact FROM imat.schema_changes ORDER BY kind`),
    ).toEqual([
      { kind: 'create', what: 'x', source: 'event trigger', exact: true },
      { kind: 'rewrite', what: 'public.sale', source: 'fingerprint', exact: false },
    ]);
    expect(await world.rows(`SELECT part FROM imat.last_schema_change('sale')`)).toEqual([
      { part: 'x' },
    ]);
  });
});

test('a command that rewrites the table says so', async () => {
  await inHistory(true, async (world) => {
    await world.sql('ALTER TABLE sale ADD x int; ALTER TABLE sale ALTER x TYPE text');
    expect(await recorded(world)).toEqual([
      'create column x',
      'rewrite table public.sale',
      'alter column x',
    ]);
    expect(await world.rows('SELECT DISTINCT source FROM imat.schema_changes')).toEqual([
      { source: 'event trigger' },
    ]);
  });
});

test('a dropped table keeps its history under its name', async () => {
  await inPreparedSandbox('CREATE TABLE gone (id int)', async (world) => {
    await world.imat.accounting.recordCommands();
    await world.imat.accounting.createGroup('g', ['gone']);
    await world.sql('DROP TABLE gone');
    const { changes } = await world.imat.accounting.schemaHistory('public.gone');
    expect(changes).toMatchObject([
      { kind: 'drop', type: 'table', command: 'DROP TABLE', source: 'event trigger' },
    ]);
    expect(await world.imat.accounting.compareSchema()).toBe(0);
    const error = await expectImatError('not_found', () =>
      world.imat.accounting.schemaHistory('public.never'),
    );
    expect(error.hint).toMatch(/\S/);
  });
});

test('a history that fails does not fail the command, and is made up for later', async () => {
  await inHistory(true, async (world) => {
    await world.sql('ALTER TABLE imat_catalog.schema_change RENAME TO elsewhere');
    await world.sql('ALTER TABLE sale ADD x int; ALTER TABLE sale DROP COLUMN region CASCADE');
    await world.sql('ALTER TABLE imat_catalog.elsewhere RENAME TO schema_change');
    await world.imat.accounting.compareSchema();
    const found = await recorded(world, `type = 'column' AND object = 'public.sale'`);
    expect(found.toSorted()).toEqual(['create column x', 'drop column region']);
  });
});

test('a role that may not create event triggers is told so, and compares', async () => {
  await inPreparedSandbox('', async (world) => {
    const role = await createRole(world);
    await world.sql(`DROP SCHEMA imat_catalog, imat_store, imat CASCADE;
      DO $$ BEGIN EXECUTE format('ALTER DATABASE %I OWNER TO ${role}', current_database());
      END $$`);
    const owner = await world.session(role);
    await owner.imat.init();
    expect(await owner.imat.accounting.recordCommands()).toBe(false);
    await owner.sql('CREATE SCHEMA s; CREATE TABLE s.t (id int)');
    await owner.imat.accounting.createGroup('g', ['s.t']);
    await owner.sql('ALTER TABLE s.t ADD x int');
    expect(await owner.imat.accounting.compareSchema()).toBe(1);
    const { eventTriggers, changes } = await owner.imat.accounting.schemaHistory('s.t');
    expect(eventTriggers).toBe(false);
    expect(changes).toMatchObject([{ kind: 'create', part: 'x', source: 'fingerprint' }]);
    await owner.db.close();
    await world.sql(`DO $$ BEGIN EXECUTE format('ALTER DATABASE %I OWNER TO CURRENT_USER',
      current_database()); END $$; DROP OWNED BY ${role} CASCADE; DROP ROLE ${role}`);
  });
});

test('the history of a table needs SELECT on it', async () => {
  await inHistory(true, async (world) => {
    const role = await createRole(world);
    const reader = await world.session(role);
    const seen = async (): Promise<number[]> => [
      (await reader.rows('SELECT FROM imat.schema_changes')).length,
      (await reader.rows(`SELECT FROM imat.column_changes('sale')`)).length,
    ];
    await world.sql('ALTER TABLE sale ADD x int');
    expect(await seen()).toEqual([0, 0]);
    await world.sql(`GRANT SELECT ON sale TO ${role}`);
    expect(await seen()).toEqual([1, 4]);
    await expect(reader.sql('SELECT imat.compare_schema()')).rejects.toThrow(/only the owner/);
    await world.sql(`REVOKE SELECT ON sale FROM ${role}`);
    await reader.db.close();
    await world.sql(`DROP ROLE ${role}`);
  });
});

test('the last revert drops the event triggers and all of the history', async () => {
  await inHistory(true, async (world) => {
    const triggers = (): Promise<string> =>
      world.value(`SELECT count(*) FROM pg_event_trigger WHERE evtname ~ 'history'`);
    await world.imat.revert('mv');
    expect(await triggers()).toBe('3');
    await world.imat.accounting.dropGroup('g');
    expect(await triggers()).toBe('0');
    await world.sql('UPDATE imat_catalog.migration SET explicitly = false');
    await world.imat.accounting.recordCommands();
    await world.imat.convert('mv');
    await world.imat.revert('mv');
    expect(
      await world.value(`SELECT (SELECT count(*) FROM pg_namespace WHERE nspname ~ '^imat')
        + (SELECT count(*) FROM pg_event_trigger)`),
    ).toBe('0');
  });
});

test('a comparison ends no writer by a deadlock, and waits for nobody for long', async () => {
  await inHistory(false, async (world) => {
    await world.sql(`CREATE TABLE city (id int PRIMARY KEY, name text);
      CREATE MATERIALIZED VIEW sold AS SELECT c.name, sum(s.amount) AS t
      FROM sale s JOIN city c ON c.id = s.id GROUP BY c.name`);
    await world.imat.convert('sold');
    const [writer, compared] = [await world.session(), await world.session()];
    for (const [first, second] of [
      ['city', 'sale'],
      ['sale', 'city'],
    ]) {
      await writer.sql(`BEGIN; LOCK TABLE ${first} IN ACCESS EXCLUSIVE MODE`);
      const comparison = compared.rows('SELECT imat.compare_schema()').then(
        () => null,
        (error: unknown) => error,
      );
      await world.sql('SELECT pg_sleep(0.2)');
      await writer.sql(`TRUNCATE ${second}`);
      await writer.sql('COMMIT');
      expect(await comparison).toBeNull();
    }
    await writer.sql('BEGIN; LOCK TABLE city IN ACCESS EXCLUSIVE MODE');
    await expect(compared.rows('SELECT imat.compare_schema()')).rejects.toMatchObject({
      sqlstate: '55P03',
    });
    await writer.sql('COMMIT');
  });
});
