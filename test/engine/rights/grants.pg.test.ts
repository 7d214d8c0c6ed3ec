/** Grants after the conversion, roles that only watch, and several teams on one database. */
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startCli, useBuiltCli } from '../../cli/built-cli.ts';
import { expectImatError } from '../commands/support/expect-imat-error.ts';
import { expectEqual } from '../commands/support/oracle.ts';
import {
  createRole,
  createPreparedSandbox,
  createSandbox,
  type Sandbox,
  type Session,
} from '../commands/support/sandbox.ts';
import { outcomeOf } from '../commands/support/world.ts';
import { untilOneWaits } from '../accounting/support/world.ts';
import { REBUILT } from '../../setup/rebuilt.ts';
import { foldAll } from '../../setup/fold-all.ts';

useBuiltCli();

const SALES = `
CREATE TABLE sales (id int PRIMARY KEY, region text, amount int);
INSERT INTO sales SELECT i, 'r' || i % 3, i FROM generate_series(1, 9) AS i;
CREATE MATERIALIZED VIEW summary AS SELECT region, sum(amount) AS total FROM sales GROUP BY region;
CREATE MATERIALIZED VIEW placed AS SELECT region, count(*) AS n FROM sales GROUP BY region;
CREATE MATERIALIZED VIEW ranks AS
${REBUILT} SELECT region, rank() OVER (ORDER BY sum(amount)) AS place FROM sales GROUP BY region;`;
const SUMMARY = 'SELECT region, sum(amount) AS total FROM public.sales GROUP BY region';

let sandbox: Sandbox;
const roles: string[] = [];
let early: string;
let late: string;
let watcher: string;
let watching: Session;

async function newRole(): Promise<string> {
  const role = await createRole(sandbox);
  roles.push(role);
  return role;
}

const may = (role: string, relation: string, column?: string): Promise<boolean> =>
  sandbox.value<boolean>(
    column === undefined
      ? `SELECT has_table_privilege('${role}', '${relation}', 'SELECT')`
      : `SELECT has_column_privilege('${role}', '${relation}', '${column}', 'SELECT')`,
  );

const warnings = async (): Promise<string[]> =>
  (await sandbox.imat.doctor()).checks
    .filter((check) => check.status !== 'ok')
    .map((check) => `${check.check}: ${check.hint ?? ''}`);

beforeAll(async () => {
  sandbox = await createPreparedSandbox(SALES);
  [early, late, watcher] = [await newRole(), await newRole(), await newRole()];
  watching = await sandbox.session(watcher);
  await sandbox.sql(`GRANT SELECT ON summary, placed TO ${early}`);
  await sandbox.imat.convert('summary');
  await sandbox.imat.convert('placed', { replace: true });
  await sandbox.imat.convert('ranks');
});
afterAll(async () => {
  await sandbox.revertAll();
  await watching.db.close();
  for (const role of roles) await sandbox.sql(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
  await sandbox.drop();
});

describe('what is granted and revoked on a materialized view after its conversion', () => {
  test('is told by doctor, and passed on by imat grant', async () => {
    expect(await warnings()).toEqual([]);
    await sandbox.sql(`REVOKE SELECT ON summary FROM ${early};
      GRANT SELECT ON summary TO ${late} WITH GRANT OPTION;
      GRANT SELECT (total) ON summary TO ${watcher}`);
    expect(await warnings()).toEqual([
      'imat summary: imat grant summary passes on what was granted and revoked since.',
    ]);
    expect(await may(early, 'imat.summary')).toBe(true);
    expect(await sandbox.imat.grant('summary')).toEqual([
      { name: 'summary', changes: 3, error: null },
    ]);
    expect([await may(early, 'imat.summary'), await may(late, 'imat.summary')]).toEqual([
      false,
      true,
    ]);
    expect([
      await may(watcher, 'imat.summary', 'total'),
      await may(watcher, 'imat.summary', 'region'),
    ]).toEqual([true, false]);
    expect(await warnings()).toEqual([]);
    expect(await sandbox.imat.grant()).toEqual(
      ['placed', 'ranks', 'summary'].map((name) => ({ name, changes: 0, error: null })),
    );
    await sandbox.sql(`REVOKE SELECT (total) ON summary FROM ${watcher}`);
    expect(await sandbox.imat.grant('summary')).toEqual([
      { name: 'summary', changes: 1, error: null },
    ]);
    expect(await may(watcher, 'imat.summary', 'total')).toBe(false);
  });

  test('on the view in its place likewise', async () => {
    await sandbox.sql(`REVOKE SELECT ON placed FROM ${early}; GRANT SELECT ON placed TO ${late}`);
    expect(await warnings()).toHaveLength(1);
    expect(await sandbox.imat.grant('placed')).toEqual([
      { name: 'placed', changes: 2, error: null },
    ]);
    expect([await may(early, 'imat.placed'), await may(late, 'imat.placed')]).toEqual([
      false,
      true,
    ]);
  });

  test('leaves alone what was granted on the imat itself', async () => {
    await sandbox.sql(`GRANT SELECT ON imat.ranks TO ${late}; GRANT SELECT ON ranks TO PUBLIC`);
    expect(await sandbox.imat.grant()).toEqual([
      { name: 'placed', changes: 0, error: null },
      { name: 'ranks', changes: 1, error: null },
      { name: 'summary', changes: 0, error: null },
    ]);
    await sandbox.sql('REVOKE SELECT ON ranks FROM PUBLIC');
    await sandbox.imat.grant('ranks');
    expect([await may(late, 'imat.ranks'), await may(early, 'imat.ranks')]).toEqual([true, false]);
  });

  test('one that fails does not keep the others from it', async () => {
    await sandbox.sql(`GRANT SELECT ON ranks, summary TO ${early}`);
    const holder = await sandbox.session();
    await holder.sql(`BEGIN; GRANT SELECT ON imat.ranks TO ${late}`);
    expect(await sandbox.imat.grant()).toMatchObject([
      { name: 'placed', error: null },
      { name: 'ranks', changes: 0, error: { code: 'IM016' } },
      { name: 'summary', changes: 1, error: null },
    ]);
    await holder.sql('ROLLBACK');
    expect(await sandbox.imat.grant()).toMatchObject([{}, { name: 'ranks', changes: 1 }, {}]);
    await sandbox.sql(`REVOKE SELECT ON ranks, summary FROM ${early}`);
    await sandbox.imat.grant();
  });

  test('is no matter for a role that has been dropped since', async () => {
    const gone = await createRole(sandbox);
    await sandbox.sql(`GRANT SELECT ON ranks TO ${gone}`);
    await sandbox.imat.grant('ranks');
    await sandbox.sql(`DROP OWNED BY ${gone}; DROP ROLE ${gone}`);
    expect(await warnings()).toHaveLength(1);
    expect(await sandbox.imat.grant('ranks')).toEqual([{ name: 'ranks', changes: 0, error: null }]);
    expect(await warnings()).toEqual([]);
  });

  test('is passed on by the command line as well', async () => {
    await sandbox.sql(`GRANT SELECT ON ranks TO ${early}`);
    const ran = await startCli(['grant', '--all', '--database-url', sandbox.url]).ended;
    expect(ran).toMatchObject({ status: 0, stderr: '' });
    expect(ran.stdout).toMatch(/ranks +1\n/);
    for (const [argv, message] of [
      [['grant', '--revoke'], '--revoke needs --monitor'],
      [['grant', 'ranks', '--monitor', 'x'], '--monitor is about all imats'],
      [['grant', '--monitor', 'no_such_role'], 'role "no_such_role" does not exist'],
    ] as const) {
      const refused = await startCli([...argv, '--database-url', sandbox.url]).ended;
      expect(refused.status).toBe(2);
      expect(refused.stderr).toContain(message);
    }
  });
});

describe('somebody else changes rights on the same objects, and has not committed', () => {
  /** What a command comes to that must wait for `held`. */
  async function beside(held: string, command: () => Promise<unknown>): Promise<unknown> {
    const holder = await sandbox.session();
    await holder.sql(`BEGIN; ${held}`);
    const outcome = outcomeOf(command());
    await untilOneWaits(sandbox);
    await holder.sql('COMMIT');
    return outcome;
  }

  test('imat grant waits for another one, and for a GRANT on the view', async () => {
    await sandbox.sql(`GRANT SELECT ON summary TO ${early}`);
    const same = `SELECT imat_catalog.sync_grants(i.id) FROM imat_catalog.imat i
      WHERE i.name = 'summary'`;
    expect(await beside(same, () => sandbox.imat.grant('summary'))).toEqual([
      { name: 'summary', changes: 0, error: null },
    ]);
    expect(await may(early, 'imat.summary')).toBe(true);
    await sandbox.sql(`REVOKE SELECT ON summary FROM ${early}`);
    const by = `GRANT SELECT ON imat.summary TO ${watcher}`;
    expect(await beside(by, () => sandbox.imat.grant('summary'))).toEqual([
      { name: 'summary', changes: 1, error: null },
    ]);
    expect([await may(early, 'imat.summary'), await may(watcher, 'imat.summary')]).toEqual([
      false,
      true,
    ]);
    await sandbox.sql(`REVOKE SELECT ON imat.summary FROM ${watcher}`);
  });

  test('imat grant --monitor waits for a GRANT on the catalog', async () => {
    const by = `GRANT USAGE ON SCHEMA imat_catalog TO ${early}`;
    expect(await beside(by, () => sandbox.imat.grantMonitor(late))).toBeUndefined();
    expect(
      await sandbox.value(`SELECT has_schema_privilege('${late}', 'imat_catalog', 'USAGE')`),
    ).toBe(true);
    await sandbox.sql(`REVOKE USAGE ON SCHEMA imat_catalog FROM ${early}`);
    await sandbox.imat.grantMonitor(late, { revoke: true });
  });
});

/** Sizes and estimates change when autovacuum comes in between: then it is looked at again. */
async function expectAlike(look: (session: Session) => Promise<unknown>): Promise<void> {
  for (;;) {
    const before = await look(sandbox);
    const seen = await look(watching);
    if (!isDeepStrictEqual(before, await look(sandbox))) continue;
    expect(seen).toEqual(before);
    return;
  }
}

describe('a role that monitors', () => {
  test('sees what the owner sees of imats, and nothing else', async () => {
    await expectImatError('insufficient_privilege', () => watching.imat.list());
    await sandbox.imat.grantMonitor(watcher);
    await sandbox.sql(`INSERT INTO sales VALUES (100, 'new', 1)`);
    await expectAlike(({ imat }) => imat.list());
    await expectAlike(async ({ imat }) => (await imat.status()).imats);
    expect((await watching.imat.status('summary')).imats[0]?.pendingRows).toBe(1);
    expect(await watching.rows('SELECT name, state FROM imat_catalog.status')).toHaveLength(3);
    await watching.rows('SELECT * FROM imat_catalog.history');
    for (const statement of [
      'SELECT * FROM imat.summary',
      'SELECT * FROM imat_store.log_public_sales',
      'SELECT definition FROM imat_catalog.imat',
      'SELECT * FROM imat_catalog.frontier',
      `UPDATE imat_catalog.imat SET name = 'x'`,
      `INSERT INTO imat_catalog.request (name) VALUES ('x')`,
      `SELECT imat.create_imat('summary')`,
      `CALL imat.fold('summary')`,
      `SELECT imat_catalog.clean_log('sales'::regclass)`,
      'SELECT imat_catalog.advance(1, 1)',
    ])
      await expect(watching.sql(statement), statement).rejects.toMatchObject({ sqlstate: '42501' });
    for (const command of [
      () => foldAll(watching.imat),
      () => watching.imat.convert('summary', { name: 'other' }),
      () => watching.imat.revert('summary'),
      () => watching.imat.verify(),
    ])
      expect((await expectImatError('insufficient_privilege', command)).hint).toMatch(
        /^The imats of this database belong to role "\w+", .*: connect as that role\. docs\/rights/,
      );
    await expectImatError('insufficient_privilege', () => watching.imat.grantMonitor(late));
    expect((await sandbox.imat.list()).map(({ state }) => state)).toEqual([
      'active',
      'active',
      'active',
    ]);
  });

  test('that a worker connects with is told whose the imats are', async () => {
    const url = new URL(sandbox.url);
    url.username = watcher;
    const worker = await startCli(['worker', '--once', '--database-url', url.href]).ended;
    const { hint } = await expectImatError('insufficient_privilege', () => foldAll(watching.imat));
    expect(hint).toMatch(/^The imats of this database belong to role/);
    expect(worker.status).toBe(2);
    expect(worker.stdout).toMatch(/: failed\n {2}imat: permission denied .*\n {2}HINT: {2}.*\n$/);
    expect(worker.stdout).toContain(`  HINT:  ${hint}\n`);
    expect(JSON.parse(worker.stderr)).toMatchObject({ level: 'error', code: 'IM006', hint });
  });

  test('no longer, once that is revoked', async () => {
    await sandbox.imat.grantMonitor(watcher, { revoke: true });
    await expectImatError('insufficient_privilege', () => watching.imat.list());
    await sandbox.sql(`DO $$
        BEGIN PERFORM 1 FROM pg_shdepend d JOIN pg_roles r ON r.oid = d.refobjid
      WHERE r.rolname = '${watcher}'; IF FOUND THEN RAISE 'something is left'; END IF; END $$`);
  });
});

describe('a second team on the same database', () => {
  test('explains its own views without any catalog, and is told whose the imats are', async () => {
    const team = await newRole();
    await sandbox.sql(`CREATE SCHEMA team AUTHORIZATION ${team}`);
    const session = await sandbox.session(team);
    await session.sql(`CREATE TABLE team.t (a int); INSERT INTO team.t VALUES (1);
      CREATE MATERIALIZED VIEW team.m2 AS SELECT a, count(*) AS n FROM team.t GROUP BY a`);
    expect(await session.imat.explain('team.m2')).toMatchObject({ strategy: 'delta', reasons: [] });
    expect(
      await session.imat.explain('SELECT max(a) AS a FROM team.t', { query: true }),
    ).toMatchObject({ strategy: 'delta' });
    const error = await expectImatError('insufficient_privilege', () =>
      session.imat.convert('team.m2'),
    );
    expect(error.message).toContain('the imats of this database belong to role');
    expect(error.hint).toContain('what was granted on it is passed on');
    // The owner of the catalog converts it; the team owns the view, and so reads the imat.
    await sandbox.imat.convert('team.m2');
    await session.sql('INSERT INTO team.t VALUES (2)');
    expect(await session.rows('SELECT * FROM imat.m2 ORDER BY a')).toEqual([
      { a: 1, n: '1' },
      { a: 2, n: '1' },
    ]);
    await sandbox.imat.revert('m2');
    await session.db.close();
    await sandbox.sql('DROP SCHEMA team CASCADE');
  });

  test('an ordinary owner of a database runs its worker', async () => {
    const owner = await newRole();
    const own = await createSandbox();
    const database = await own.value<string>('SELECT current_database()');
    await own.sql(`ALTER DATABASE ${database} OWNER TO ${owner}`);
    const session = await own.session(owner);
    await session.sql(SALES);
    await session.imat.convert('summary');
    await session.imat.convert('ranks', { freshness: '1s' });
    await session.sql(`INSERT INTO sales VALUES (1000, 'new', 1)`);
    const url = new URL(own.url);
    url.username = owner;
    const worker = await startCli([
      'worker',
      '--once',
      '--max-pending-age',
      '10ms',
      '--database-url',
      url.href,
    ]).ended;
    expect(worker.status, worker.stderr).toBe(0);
    expect((await session.imat.status('summary')).imats[0]).toMatchObject({
      pendingRows: 0,
      failure: null,
      lastRun: { action: 'fold' },
    });
    await expectEqual(session.db, 'imat.summary', SUMMARY);
    expect((await session.imat.doctor()).checks.filter(({ status }) => status !== 'ok')).toEqual(
      [],
    );
    await session.db.close();
    await own.sql(`ALTER DATABASE ${database} OWNER TO CURRENT_USER`);
    await own.drop();
  });
});
