/**
 * Code of a role that is not trusted must never run with the rights of a role that uses imat:
 * neither in a catalog that somebody else made, nor in types, indexes and casts.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startCli, useBuiltCli } from '../../cli/built-cli.ts';
import { holdCatalog } from '../../../engine/catalog/migrate.ts';
import { SessionPool } from '../../../workers/session-pool.ts';
import { WITH_EXTENSION } from '../../setup/database.ts';
import { expectImatError } from '../commands/support/expect-imat-error.ts';
import { expectEqual } from '../commands/support/oracle.ts';
import {
  createRole,
  createSandbox,
  inSandbox,
  type Sandbox,
  type Session,
} from '../commands/support/sandbox.ts';
import { foldAll } from '../../setup/fold-all.ts';

useBuiltCli();

type Stage = {
  readonly sandbox: Sandbox;
  readonly mallory: Session;
  readonly role: string;
};

/** A database in which an ordinary role may create schemas. */
async function onStage(body: (stage: Stage) => Promise<void>): Promise<void> {
  await inSandbox(
    `CREATE TABLE a (i int, g text);
     CREATE MATERIALIZED VIEW m AS SELECT g, count(*) AS n FROM a GROUP BY g`,
    async (sandbox) => {
      const role = await createRole(sandbox);
      const database = await sandbox.value<string>('SELECT current_database()');
      await sandbox.sql(`GRANT CREATE ON DATABASE ${database} TO ${role}`);
      const mallory = await sandbox.session(role);
      try {
        await body({ sandbox, mallory, role });
        expect(await isSuperuser(sandbox, role)).toBe(false);
      } finally {
        await mallory.db.close();
        await sandbox.sql(`ALTER ROLE ${role} NOSUPERUSER; DROP OWNED BY ${role} CASCADE;
          DROP ROLE ${role}`);
      }
    },
  );
}

const isSuperuser = (sandbox: Sandbox, role: string): Promise<boolean> =>
  sandbox.value<boolean>(`SELECT rolsuper FROM pg_roles WHERE rolname = '${role}'`);

/** A function that takes what it can get. */
const pwn = (name: string, role: string, args = '', returns = 'text', value = `'x'`): string =>
  `CREATE FUNCTION ${name}(${args}) RETURNS ${returns} LANGUAGE plpgsql AS $$
   BEGIN
     IF current_user <> '${role}' THEN
       ALTER ROLE ${role} SUPERUSER;
     END IF;
     RETURN ${value};
   END $$;`;

/** What imat reads of a catalog, with a trap in every column. */
const trapped = (role: string): string => `
  CREATE SCHEMA imat_catalog; ${pwn('imat_catalog.pwn', role)}
  CREATE VIEW imat_catalog.migration AS
    SELECT length(imat_catalog.pwn()) AS version, imat_catalog.pwn() AS functions_hash,
      imat_catalog.pwn() AS imat_version, true AS explicitly;
  CREATE VIEW imat_catalog.imat AS
    SELECT length(imat_catalog.pwn()) AS id, imat_catalog.pwn() AS name, 'active'::text AS state,
      'delta'::text AS strategy, 'a'::regclass AS relation;
  CREATE VIEW imat_catalog.source AS SELECT imat_catalog.pwn() AS log, 'a'::regclass AS relation;
  CREATE VIEW imat_catalog.status AS SELECT imat_catalog.pwn() AS name;
  GRANT USAGE ON SCHEMA imat_catalog TO PUBLIC;
  GRANT ALL ON ALL TABLES IN SCHEMA imat_catalog TO PUBLIC;`;

const commands = ({ imat }: Session): readonly (readonly [string, () => Promise<unknown>])[] => [
  ['init', () => imat.init()],
  ['convert', () => imat.convert('m')],
  ['convert --dry-run', () => imat.convert('m', { dryRun: true })],
  ['create', () => imat.create('c', 'SELECT count(*) AS n FROM a')],
  ['list', () => imat.list()],
  ['status', () => imat.status()],
  ['status of one', () => imat.status('m')],
  ['fold', () => foldAll(imat)],
  ['swap', () => imat.swap('m')],
  ['rebuild', () => imat.rebuild('m')],
  ['verify', () => imat.verify()],
  ['revert', () => imat.revert('m')],
  ['grant', () => imat.grant()],
  ['grant --monitor', () => imat.grantMonitor('postgres')],
  ['schedule', () => imat.schedule({ everySeconds: null, remove: false, dryRun: true })],
];

describe('a catalog that somebody else made', () => {
  test('is used by no command, and nothing of it runs', async () => {
    await onStage(async ({ sandbox, mallory, role }) => {
      await sandbox.sql(`GRANT SELECT ON a TO ${role}`);
      await mallory.sql(trapped(role));
      for (const [name, command] of commands(sandbox)) {
        const error = await expectImatError('insufficient_privilege', command);
        expect(error.message, name).toContain(`schema imat_catalog belongs to role "${role}"`);
        expect(await isSuperuser(sandbox, role), name).toBe(false);
      }
      expect((await sandbox.imat.explain('m')).strategy).toBe('delta');
      expect((await sandbox.imat.doctor()).checks).toContainEqual({
        check: 'catalog',
        status: 'error',
        message: expect.stringContaining(`belongs to role "${role}"`),
        hint: expect.stringContaining(`Connect as "${role}"`),
      });
      const worker = await startCli(['worker', '--once', '--database-url', sandbox.url]).ended;
      expect(worker.status).toBe(2);
      expect(worker.stderr).toContain('schema imat_catalog belongs to role');
    });
  });

  test.each(['imat', 'imat_catalog', 'imat_store'])(
    'an empty schema %s of somebody else’s is not built upon',
    async (schema) => {
      await onStage(async ({ sandbox, mallory, role }) => {
        await mallory.sql(`CREATE SCHEMA ${schema}`);
        for (const command of [
          () => sandbox.imat.init(),
          () => sandbox.imat.convert('m'),
          () => sandbox.imat.create('c', 'SELECT count(*) AS n FROM a'),
        ]) {
          const error = await expectImatError('insufficient_privilege', command);
          expect(error.message).toContain(`schema ${schema} belongs to role "${role}"`);
        }
        await sandbox.sql(`DROP SCHEMA ${schema}`);
        await sandbox.imat.convert('m');
        await sandbox.imat.revert('m');
      });
    },
  );

  test('neither is a routine in the schema imat that would be replaced, or called', async () => {
    await onStage(async ({ sandbox, mallory, role }) => {
      await sandbox.sql(`CREATE SCHEMA imat; GRANT CREATE, USAGE ON SCHEMA imat TO ${role}`);
      await mallory.sql(`CREATE PROCEDURE imat.fold(name text) LANGUAGE plpgsql AS 'BEGIN END'`);
      const error = await expectImatError('insufficient_privilege', () => sandbox.imat.init());
      expect(error.message).toContain('imat.fold(text)');
      expect(await sandbox.value(`SELECT to_regnamespace('imat_catalog') IS NULL`)).toBe(true);
    });
  });

  test('nor is one that an object of somebody else’s has come into', async () => {
    await onStage(async ({ sandbox, role }) => {
      await sandbox.imat.convert('m');
      await sandbox.sql(`GRANT CREATE ON SCHEMA imat_catalog TO ${role};
        ALTER FUNCTION imat_catalog.has_pending(integer) OWNER TO ${role}`);
      for (const [name, command] of commands(sandbox)) {
        const error = await expectImatError('insufficient_privilege', command);
        expect(error.message, name).toContain('imat_catalog.has_pending(integer)');
      }
      await sandbox.sql(`ALTER FUNCTION imat_catalog.has_pending(integer) OWNER TO CURRENT_USER;
        REVOKE CREATE ON SCHEMA imat_catalog FROM ${role}`);
      await sandbox.imat.revert('m');
    });
  });

  test('nor is one that took the place of another: by a worker, a command under way', async () => {
    await onStage(async ({ sandbox, mallory, role }) => {
      await sandbox.imat.convert('m');
      const target = { kind: 'url', url: sandbox.url } as const;
      const pool = new SessionPool(target, { most: 1, statementTimeoutMs: 0, lockTimeoutMs: 1000 });
      const look = (): Promise<unknown> =>
        pool.with(({ db }) => db.query('SELECT name FROM imat_catalog.status'));
      const hold = (): Promise<void> =>
        sandbox.db.transaction('read committed', () => holdCatalog(sandbox.db));
      try {
        expect(await look()).toEqual([{ name: 'm' }]);
        await hold();
        await (await sandbox.session()).imat.revert('m');
        await mallory.sql(trapped(role));
        for (const use of [look, hold]) {
          const error = await expectImatError('insufficient_privilege', use);
          expect(error.message).toContain(`schema imat_catalog belongs to role "${role}"`);
        }
        expect(await isSuperuser(sandbox, role)).toBe(false);
      } finally {
        await pool.close();
      }
    });
  });

  test('a superuser does not use that of an ordinary owner, also after SET ROLE', async () => {
    await onStage(async ({ sandbox, mallory, role }) => {
      const database = await sandbox.value<string>('SELECT current_database()');
      await sandbox.sql(`ALTER DATABASE ${database} OWNER TO ${role}`);
      await mallory.sql('CREATE SCHEMA own; CREATE TABLE own.t (i int)');
      await mallory.imat.create('own', 'SELECT i, count(*) AS n FROM own.t GROUP BY i');
      await expectImatError('insufficient_privilege', () => sandbox.imat.list());
      await sandbox.db.execute(`SET ROLE ${role}`);
      await expectImatError('insufficient_privilege', () => foldAll(sandbox.imat));
      await sandbox.db.execute('RESET ROLE');
      // Other ordinary roles trust the owner of the database.
      const other = await createRole(sandbox);
      await mallory.imat.grantMonitor(other);
      const session = await sandbox.session(other);
      expect((await session.imat.list()).map(({ name }) => name)).toEqual(['own']);
      await session.db.close();
      await mallory.imat.grantMonitor(other, { revoke: true });
      await sandbox.sql(`DROP ROLE ${other}`);
      await mallory.imat.revert('own');
      await sandbox.sql(`ALTER DATABASE ${database} OWNER TO CURRENT_USER`);
    });
  });
});

const immutable = (script: string): string => script.replace('plpgsql', 'plpgsql IMMUTABLE');

test('an IMMUTABLE function is not run by planning a query of its groups', async () => {
  await onStage(async ({ sandbox, mallory, role }) => {
    await sandbox.sql(`CREATE SCHEMA mal AUTHORIZATION ${role}`);
    await mallory.sql(`${immutable(pwn('mal.one', role, '', 'int', '1'))}
      CREATE TABLE mal.t (k int, v int); CREATE TABLE mal.d (id int PRIMARY KEY);
      INSERT INTO mal.t SELECT i % 4, i FROM generate_series(1, 20000) AS i; ANALYZE mal.t;
      CREATE VIEW mal.v AS SELECT d.id, s.n FROM mal.d LEFT JOIN (SELECT k, count(*) AS n
        FROM mal.t WHERE v > mal.one() GROUP BY k) AS s ON s.k = d.id`);
    const { plan } = await sandbox.imat.explain('SELECT * FROM mal.v', { query: true });
    expect(plan.map(({ clause }) => clause)).toContain('rows by v.id');
  });
});

describe('types, indexes and casts of an ordinary role', () => {
  let sandbox: Sandbox;
  let mallory: Session;
  let role: string;
  beforeAll(async () => {
    sandbox = await createSandbox();
    role = await createRole(sandbox);
    await sandbox.sql(`CREATE SCHEMA mal AUTHORIZATION ${role}`);
    mallory = await sandbox.session(role);
    await mallory.sql(`
      ${immutable(pwn('mal.diff', role, 'a int, b int', 'float8', 'a - b'))}
      ${pwn('mal.fine', role, 'a int', 'bool', 'true')}
      ${immutable(pwn('mal.indexed', role, 'a text', 'text', 'a'))}
      CREATE TYPE mal.range AS RANGE (SUBTYPE = int, SUBTYPE_DIFF = mal.diff);
      CREATE DOMAIN mal.domain AS int CHECK (mal.fine(VALUE));
      CREATE TYPE mal.row AS (x int, r mal.range);
      CREATE TYPE mal.mood AS ENUM ('sad', 'ok');
      CREATE DOMAIN mal.short AS text CHECK (length(VALUE) < 10)`);
  });
  beforeEach(async () => {
    await sandbox.revertAll();
    await sandbox.sql('DROP TABLE IF EXISTS mal.t CASCADE');
  });
  afterAll(async () => {
    await sandbox.revertAll();
    await mallory.db.close();
    await sandbox.sql(`DROP OWNED BY ${role} CASCADE; DROP ROLE ${role}`);
    await sandbox.drop();
  });

  test.each(['mal.range', 'mal.range[]', 'mal.row', 'mal.domain', 'mal.domain[]'])(
    'a column of type %s is neither logged nor stored for a superuser',
    async (type) => {
      await mallory.sql(`CREATE TABLE mal.t (id int, g text, x ${type});
        CREATE MATERIALIZED VIEW mal.filtered AS
        SELECT g, count(*) AS n FROM mal.t WHERE x IS NOT NULL GROUP BY g;
        CREATE MATERIALIZED VIEW mal.shown AS SELECT id, x FROM mal.t ORDER BY id;
        CREATE MATERIALIZED VIEW mal.unread AS SELECT g, count(*) AS n FROM mal.t GROUP BY g`);
      for (const [view, strategy] of [
        ['mal.filtered', 'auto'],
        ['mal.filtered', 'swap'],
        ['mal.shown', 'auto'],
      ] as const) {
        const error = await expectImatError('insufficient_privilege', () =>
          sandbox.imat.convert(view, { strategy }),
        );
        expect(error.message).toMatch(/whose function mal\.(diff|fine) would run with your rights/);
        expect(error.hint).toContain(`"${role}"`);
      }
      await expectImatError('insufficient_privilege', () =>
        sandbox.imat.create('made', 'SELECT x, count(*) AS n FROM mal.t GROUP BY x'),
      );
      // A column that is not read is not kept.
      await sandbox.imat.convert('mal.unread');
      await mallory.sql(`INSERT INTO mal.t (id, g) VALUES (1, 'a')`);
      await expectEqual(sandbox.db, 'imat.unread', 'SELECT g, count(*) AS n FROM mal.t GROUP BY g');
    },
  );

  test('types without code of their own are taken', async () => {
    await mallory.sql(`CREATE TABLE mal.t (id int, m mal.mood, s mal.short);
      CREATE MATERIALIZED VIEW mal.moods AS
      SELECT m, count(*) AS n FROM mal.t WHERE s <> '' GROUP BY m`);
    await sandbox.imat.convert('mal.moods');
    await mallory.sql(`INSERT INTO mal.t VALUES (1, 'ok', 'x'), (2, 'sad', 'y')`);
    await foldAll(sandbox.imat);
    await expectEqual(
      sandbox.db,
      'imat.moods',
      `SELECT m, count(*) AS n FROM mal.t WHERE s <> '' GROUP BY m`,
    );
  });

  test('an index with a function of its own is not carried over by a superuser', async () => {
    await mallory.sql(`CREATE TABLE mal.t (id int, g text);
      CREATE MATERIALIZED VIEW mal.indexed AS SELECT id, g FROM mal.t ORDER BY id;
      CREATE INDEX ON mal.indexed (mal.indexed(g))`);
    const error = await expectImatError('insufficient_privilege', () =>
      sandbox.imat.convert('mal.indexed'),
    );
    expect(error.message).toBe(
      'an index of mal.indexed calls function mal.indexed, which would run with your rights',
    );
  });

  test('a column that changes its type brings its casts into no superuser’s capture', async () => {
    await mallory.sql(`CREATE TABLE mal.t (id int, g text);
      CREATE MATERIALIZED VIEW mal.m AS SELECT g, count(*) AS n FROM mal.t GROUP BY g`);
    await sandbox.imat.convert('mal.m');
    await mallory.sql(`INSERT INTO mal.t VALUES (1, 'a'), (2, 'b');
      UPDATE mal.t SET g = 'c' WHERE id = 1;
      DELETE FROM mal.t WHERE id = 2`);
    await expectEqual(sandbox.db, 'imat.m', 'SELECT g, count(*) AS n FROM mal.t GROUP BY g');
    await mallory.sql('TRUNCATE mal.t');
    await expectEqual(sandbox.db, 'imat.m', 'SELECT g, count(*) AS n FROM mal.t GROUP BY g');
    if (!WITH_EXTENSION) {
      const owners = await sandbox.rows<{ owner: string }>(
        `SELECT DISTINCT pg_get_userbyid(p.proowner) AS owner
         FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
         WHERE t.tgrelid = 'mal.t'::regclass`,
      );
      expect(owners).toEqual([{ owner: role }]);
    }
    // All that the owner of the table gets is to add rows to the log.
    for (const statement of [
      'SELECT * FROM imat_store.log_mal_t',
      'DELETE FROM imat_store.log_mal_t',
      'CREATE TABLE imat_store.x ()',
    ])
      await expect(mallory.sql(statement)).rejects.toMatchObject({ sqlstate: '42501' });
    await mallory.sql(`CREATE TYPE mal.evil AS (x int);
      ${pwn('mal.evil_to_text', role, 'mal.evil')}
      CREATE CAST (mal.evil AS text) WITH FUNCTION mal.evil_to_text(mal.evil) AS ASSIGNMENT;
      ALTER TABLE mal.t DROP COLUMN g CASCADE; ALTER TABLE mal.t ADD COLUMN g mal.evil`);
    await mallory.sql('INSERT INTO mal.t VALUES (3, ROW(1)::mal.evil)').catch(() => undefined);
    expect(await isSuperuser(sandbox, role)).toBe(false);
  });

  test('their owner converts all of that', async () => {
    await inSandbox('', async (own) => {
      const database = await own.value<string>('SELECT current_database()');
      await own.sql(`ALTER DATABASE ${database} OWNER TO ${role}`);
      const owner = await own.session(role);
      await owner.sql(`CREATE SCHEMA mal;
        ${immutable(pwn('mal.diff', role, 'a int, b int', 'float8', 'a - b'))}
        CREATE TYPE mal.range AS RANGE (SUBTYPE = int, SUBTYPE_DIFF = mal.diff);
        CREATE TABLE mal.t (id int, x mal.range);
        CREATE MATERIALIZED VIEW mal.m AS SELECT x, count(*) AS n FROM mal.t GROUP BY x`);
      await owner.imat.convert('mal.m');
      await owner.sql(`INSERT INTO mal.t VALUES (1, '[1,2)'), (2, '[1,2)')`);
      await foldAll(owner.imat);
      await expectEqual(owner.db, 'imat.m', 'SELECT x, count(*) AS n FROM mal.t GROUP BY x');
      await owner.imat.revert('m');
      await owner.db.close();
      await own.sql(
        `ALTER DATABASE ${database} OWNER TO CURRENT_USER; DROP OWNED BY ${role} CASCADE`,
      );
    });
  });
});
