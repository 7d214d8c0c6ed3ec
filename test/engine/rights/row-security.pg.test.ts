/**
 * Row-level security: on what a definition reads, by whosever rights it does, and on imat's own
 * tables, where somebody has enabled it for all tables of a database.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { expectImatError } from '../commands/support/expect-imat-error.ts';
import {
  createRole,
  createSandbox,
  type Sandbox,
  type Session,
} from '../commands/support/sandbox.ts';
import { expectEqual } from '../commands/support/oracle.ts';
import { REBUILT } from '../../setup/rebuilt.ts';
import { foldAll } from '../../setup/fold-all.ts';

let sandbox: Sandbox;
/** Owns the tables; owns a view over them; is a member of the first; reads; writes. */
let tables: Session;
let viewer: Session;
let member: Session;
let reader: Session;
let writer: Session;
let roles: Record<'tables' | 'viewer' | 'member' | 'reader' | 'writer', string>;

beforeEach(async () => {
  sandbox = await createSandbox();
  roles = {
    tables: await createRole(sandbox),
    viewer: await createRole(sandbox),
    member: await createRole(sandbox),
    reader: await createRole(sandbox),
    writer: await createRole(sandbox),
  };
  const database = await sandbox.value<string>('SELECT current_database()');
  await sandbox.sql(`GRANT ${roles.tables} TO ${roles.member};
    GRANT ALL ON SCHEMA public TO ${roles.tables}, ${roles.viewer}, ${roles.member};
    GRANT USAGE ON SCHEMA public TO ${roles.reader}, ${roles.writer};
    GRANT CREATE, TEMPORARY ON DATABASE ${database} TO ${roles.tables}, ${roles.member}`);
  tables = await sandbox.session(roles.tables);
  viewer = await sandbox.session(roles.viewer);
  member = await sandbox.session(roles.member);
  reader = await sandbox.session(roles.reader);
  writer = await sandbox.session(roles.writer);
  await tables.sql(`CREATE TABLE t (g int, v int);
    INSERT INTO t SELECT i % 3, i FROM generate_series(1, 10) AS i;
    CREATE TABLE p (g int, v int) PARTITION BY LIST (g);
    CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);
    CREATE TABLE p2 PARTITION OF p DEFAULT;
    INSERT INTO p TABLE t;
    GRANT SELECT ON t TO ${roles.viewer};
    GRANT ALL ON t, p, p1 TO ${roles.writer}`);
  await viewer.sql(
    'CREATE VIEW filtered AS SELECT g, v FROM t; GRANT SELECT ON filtered TO PUBLIC',
  );
});
afterEach(async () => {
  for (const role of Object.values(roles))
    await sandbox.sql(`DROP OWNED BY ${role} CASCADE; DROP ROLE ${role}`);
  await sandbox.drop();
});

const secure = (condition: string): Promise<void> =>
  tables.sql(`ALTER TABLE t ENABLE ROW LEVEL SECURITY; DROP POLICY IF EXISTS shown ON t;
    CREATE POLICY shown ON t USING (${condition})`);
const broken = (session: Session, name = 'a'): Promise<unknown> =>
  expect(session.rows(`SELECT * FROM imat.${name}`)).rejects.toMatchObject({ sqlstate: 'IM024' });

const SUMS = 'SELECT g, sum(v) AS s FROM public.filtered GROUP BY g';
const DEFINITIONS = { delta: SUMS, swap: `${REBUILT} ${SUMS}` };

describe.each(['delta', 'swap'] as const)('%s', (strategy) => {
  const definition = DEFINITIONS[strategy];

  test.each(['a superuser', 'an ordinary role'])(
    'policies that come to apply to the owner of a view break the imat of %s',
    async (who) => {
      const converter = who === 'a superuser' ? sandbox : member;
      await converter.sql(`CREATE MATERIALIZED VIEW a AS ${definition}`);
      expect(await converter.imat.convert('a')).toMatchObject({ strategy });
      await secure('v > 5');
      // An ordinary role has no event triggers.
      if (converter === member) await (strategy === 'delta' ? foldAll(member.imat) : poll(member));
      await broken(converter);
      expect((await converter.imat.status()).imats).toMatchObject([
        { problems: [{ message: expect.stringContaining('from the owner of public.filtered') }] },
      ]);
      await converter.imat.repair('a');
      await expectEqual(converter.db, 'imat.a', definition, 'repaired');
      await secure('v > 8');
      await tables.sql('INSERT INTO t VALUES (1, 20), (5, 30), (5, 1)').catch(() => undefined);
      await expectEqual(converter.db, 'imat.a', definition, 'other policies');
      await converter.imat.swap('a');
      await secure('v < 8');
      await expectEqual(converter.db, 'imat.a', definition, 'after a swap');
    },
  );
});

const poll = (session: Session): Promise<void> =>
  session.sql('SELECT imat_catalog.break_differing(NULL, false)');

test('policies that come to apply to the owner of the materialized view break it', async () => {
  const definition = 'SELECT g, sum(v) AS s FROM public.t GROUP BY g';
  await viewer.sql(`CREATE MATERIALIZED VIEW a AS ${definition}`);
  await sandbox.imat.convert('a');
  await secure('v > 5');
  await broken(sandbox);
  await expectImatError('insufficient_privilege', async () => {
    const [{ error } = { error: null }] = await sandbox.imat.repair('a');
    if (error !== null) throw error;
  });
});

test('explain runs no condition of a policy, neither to plan nor to read a sample', async () => {
  await tables.sql(`CREATE SEQUENCE asked; GRANT USAGE ON asked TO PUBLIC;
    CREATE FUNCTION noted(int) RETURNS bool LANGUAGE plpgsql VOLATILE AS
      'BEGIN RETURN pg_catalog.nextval(''public.asked'') > 0; END';
    ANALYZE t`);
  await secure('public.noted(1)');
  const definition = `SELECT a.v / 2 AS h, array_agg(a.v ORDER BY a.v) AS vs
    FROM public.t a GROUP BY a.v / 2`;
  for (const volatility of ['VOLATILE', 'IMMUTABLE']) {
    await tables.sql(`ALTER FUNCTION noted ${volatility}`);
    expect((await viewer.imat.explain(definition, { query: true })).strategy).toBe('swap');
    expect(await sandbox.value('SELECT is_called FROM public.asked'), volatility).toBe(false);
  }
});

test('a fold of all marks what differs, though nothing is wrong with capture', async () => {
  await member.sql('CREATE FUNCTION twice(int) RETURNS int IMMUTABLE LANGUAGE sql RETURN $1 * 2');
  await member.imat.create('a', 'SELECT g, sum(public.twice(v)) AS s FROM public.t GROUP BY g');
  await member.sql(`CREATE OR REPLACE FUNCTION twice(int) RETURNS int IMMUTABLE
    LANGUAGE sql RETURN $1 * 3`);
  const folds = await foldAll(member.imat);
  expect(folds.map(({ name, rows, error }) => [name, rows, error?.code])).toEqual([
    ['a', 0, 'IM024'],
  ]);
  await broken(member);
});

test('a materialized view of another role is not read by the rights of who converts', async () => {
  await viewer.sql('CREATE VIEW own AS SELECT g, v FROM t');
  await secure('v > 5');
  await viewer.sql(`CREATE MATERIALIZED VIEW below AS SELECT g, v FROM t;
    GRANT SELECT ON below TO ${roles.member}`);
  const definition = 'SELECT g, sum(v) AS s FROM public.below GROUP BY g';
  await member.imat.create('a', definition);
  await expectEqual(member.db, 'imat.a', definition);
});

test('a repair keeps no text that shows what the view of another role hides', async () => {
  await viewer.sql(
    'CREATE MATERIALIZED VIEW below AS SELECT g, v FROM t; GRANT ALL ON below TO PUBLIC',
  );
  const definition = 'SELECT g, sum(v) AS s FROM public.below GROUP BY g';
  await tables.imat.create('a', definition);
  await secure('v > 5');
  await foldAll(tables.imat);
  await broken(tables);
  const refused = await tables.imat.repair('a').then(
    ([one]) => one?.error,
    (error: unknown) => error,
  );
  expect(refused).toMatchObject({ message: expect.stringContaining('from the owner of') });
  await tables.imat.alter('a', definition);
  await sandbox.sql('REFRESH MATERIALIZED VIEW below');
  await expectEqual(tables.db, 'imat.a', definition);
});

describe('a view with security_invoker', () => {
  beforeEach(() =>
    tables.sql(`CREATE VIEW invoker WITH (security_invoker) AS SELECT g, v FROM t WHERE v > 2;
      CREATE VIEW over AS SELECT * FROM invoker`),
  );

  test.each([
    ['swap', `${REBUILT} SELECT g, rank() OVER (ORDER BY v) AS r FROM public.invoker`],
    ['swap', 'SELECT g, sum(v) + (random() * 0)::int AS s FROM public.over GROUP BY g'],
    ['delta', 'SELECT g, sum(v) AS s FROM public.over GROUP BY g'],
    ['delta', 'SELECT g, rank() OVER (ORDER BY v) AS r FROM public.invoker'],
  ])('is read by the rights of the imat’s owner: %s %s', async (strategy, definition) => {
    await tables.sql(`CREATE MATERIALIZED VIEW a AS ${definition};
      GRANT SELECT ON a TO ${roles.reader}`);
    expect(await tables.imat.convert('a')).toMatchObject({ strategy });
    const expectSame = async (what: string): Promise<void> => {
      await expectEqual(tables.db, 'imat.a', definition, what);
      const rows = 'SELECT g::text FROM imat.a ORDER BY 1';
      expect(await reader.rows(rows), what).toEqual(await tables.rows(rows));
    };
    await expectSame('converted');
    await writer.sql('INSERT INTO t VALUES (1, 50), (7, 60); DELETE FROM t WHERE v = 3');
    await expectSame('pending');
    await writer.sql('TRUNCATE t; INSERT INTO t VALUES (9, 9)');
    await expectSame('truncated');
  });

  test('shows a reader what policies show to the owner', async () => {
    await tables.sql(`ALTER TABLE t FORCE ROW LEVEL SECURITY; GRANT SELECT ON t TO PUBLIC`);
    await secure(`v > 5 OR '${roles.reader}' = current_user`);
    const definition = 'SELECT g, sum(v) AS s FROM public.over GROUP BY g';
    await tables.sql(`CREATE MATERIALIZED VIEW a AS ${definition};
      GRANT SELECT ON a TO ${roles.reader}`);
    await tables.imat.convert('a');
    await secure('v > 7');
    await expectEqual(tables.db, 'imat.a', definition);
    const rows = 'SELECT g, s FROM imat.a ORDER BY 1';
    expect(await reader.rows(rows)).toEqual(await tables.rows(rows));
  });
});

describe('imat’s own tables', () => {
  const ENABLE_ALL = `
    CREATE FUNCTION secure() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    DECLARE made record;
    BEGIN
      FOR made IN SELECT * FROM pg_event_trigger_ddl_commands()
        WHERE command_tag = 'CREATE TABLE' AND schema_name LIKE 'imat%'
      LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', made.object_identity);
      END LOOP;
    END $$;
    CREATE EVENT TRIGGER secure ON ddl_command_end WHEN TAG IN ('CREATE TABLE')
      EXECUTE FUNCTION secure()`;
  const NAMES = ['sums', 'ranks', 'parts'];
  const definitions = [
    'SELECT g, sum(v) AS s FROM public.t GROUP BY g',
    `${REBUILT} SELECT g, rank() OVER (ORDER BY v) AS r FROM public.t`,
    'SELECT g, sum(v) AS s FROM public.p GROUP BY g',
  ];

  async function expectAllEqual(what: string): Promise<void> {
    for (const [index, name] of NAMES.entries())
      await expectEqual(sandbox.db, `imat.${name}`, definitions[index] ?? '', what);
  }

  async function write(): Promise<void> {
    for (const statement of [
      'INSERT INTO t VALUES (1, 50), (7, 3)',
      'UPDATE t SET v = v + 1 WHERE g = 1',
      'INSERT INTO p VALUES (1, 5), (2, 9)',
      'UPDATE p SET g = 0 WHERE v % 3 = 0',
      'DELETE FROM p1 WHERE v = 1',
      'TRUNCATE p1',
      'TRUNCATE t',
      'INSERT INTO t VALUES (2, 2)',
    ]) {
      await writer.sql(statement);
      await expectAllEqual(statement);
    }
  }

  const secured = (): Promise<number> =>
    sandbox.value<number>(`SELECT count(*)::int FROM pg_class
      WHERE relnamespace IN ('imat_store'::regnamespace, 'imat_catalog'::regnamespace)
        AND (relrowsecurity OR relforcerowsecurity)`);

  test.each(['a superuser', 'an ordinary role'])(
    'have none where an event trigger enables it on all tables; %s converts',
    async (who) => {
      await sandbox.sql(ENABLE_ALL);
      const converter = who === 'a superuser' ? sandbox : tables;
      for (const [index, name] of NAMES.entries())
        await converter.imat.create(name, definitions[index] ?? '');
      expect(await secured()).toBe(0);
      await write();
      await converter.imat.swap('ranks');
      expect(await secured()).toBe(0);
      await foldAll(converter.imat);
      await write();
    },
  );

  test('on a log, it stops no writer, and a fold ends it', async () => {
    for (const [index, name] of NAMES.entries())
      await sandbox.imat.create(name, definitions[index] ?? '');
    await write();
    await foldAll(sandbox.imat);
    await sandbox.sql(`ALTER TABLE imat_store.log_public_t ENABLE ROW LEVEL SECURITY;
      ALTER TABLE imat_store.log_public_p ENABLE ROW LEVEL SECURITY;
      ALTER TABLE imat_store.reset ENABLE ROW LEVEL SECURITY`);
    await write();
    expect(
      (await sandbox.imat.doctor()).checks.filter(({ status }) => status !== 'ok'),
    ).toMatchObject(
      Array.from({ length: 2 }, () => ({
        message: expect.stringContaining('cannot write to its log'),
      })),
    );
    await foldAll(sandbox.imat);
    expect(await secured()).toBe(0);
    await foldAll(sandbox.imat);
    await write();
    expect((await sandbox.imat.doctor()).checks.filter(({ status }) => status !== 'ok')).toEqual(
      [],
    );
  });
});
