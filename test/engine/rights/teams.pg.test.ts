/** One role that converts for several teams, as docs/rights.md describes it. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectEqual } from '../commands/support/oracle.ts';
import { createRole, createSandbox } from '../commands/support/sandbox.ts';
import type { Sandbox, Session } from '../commands/support/sandbox.ts';
import { foldAll } from '../../setup/fold-all.ts';

type Team = { readonly role: string; readonly schema: string; readonly session: Session };

let sandbox: Sandbox;
let owner: Session;
let teams: Team[];
const roles: string[] = [];

const definitionOf = ({ schema }: Team): string =>
  `SELECT k, sum(v) AS s, count(*) AS n FROM ${schema}.t GROUP BY k`;

async function createTeam(schema: string): Promise<Team> {
  const role = await createRole(sandbox);
  roles.push(role);
  await sandbox.sql(`CREATE SCHEMA ${schema} AUTHORIZATION ${role}`);
  const session = await sandbox.session(role);
  const team = { role, schema, session };
  await session.sql(`
    CREATE TABLE ${schema}.t (k int, v int);
    INSERT INTO ${schema}.t SELECT i % 5, i FROM generate_series(1, 100) AS i;
    CREATE MATERIALIZED VIEW ${schema}.of_${schema} AS ${definitionOf(team)}`);
  return team;
}

beforeAll(async () => {
  sandbox = await createSandbox();
  teams = [await createTeam('one'), await createTeam('two')];
  const role = await createRole(sandbox, `IN ROLE ${teams.map((team) => team.role).join(', ')}`);
  roles.push(role);
  await sandbox.sql(
    `GRANT CREATE, TEMPORARY ON DATABASE ${new URL(sandbox.url).pathname.slice(1)} TO ${role}`,
  );
  owner = await sandbox.session(role);
});
afterAll(async () => {
  for (const role of roles.toReversed())
    await sandbox.sql(`DROP OWNED BY ${role} CASCADE; DROP ROLE ${role}`);
  await sandbox.drop();
});

test('each team writes and reads its own, and a revert gives its view back', async () => {
  for (const { schema } of teams)
    await owner.imat.convert(`${schema}.of_${schema}`, { replace: true });
  for (const team of teams) {
    const { schema, session } = team;
    await session.sql(`INSERT INTO ${schema}.t VALUES (1, 1000), (9, NULL)`);
    await session.sql(`DELETE FROM ${schema}.t WHERE v < 10`);
    await expectEqual(session.db, `${schema}.of_${schema}`, definitionOf(team));
  }
  await foldAll(owner.imat);
  for (const team of teams) {
    const { schema, session } = team;
    await expectEqual(session.db, `imat.of_${schema}`, definitionOf(team));
    const other = schema === 'one' ? 'two' : 'one';
    for (const relation of [`imat.of_${other}`, `${other}.of_${other}`])
      await expect(session.sql(`TABLE ${relation}`)).rejects.toThrow(/permission denied/);
  }
  for (const { schema, role } of teams) {
    await owner.imat.revert(`of_${schema}`);
    expect(
      await sandbox.rows(
        `SELECT relkind::text AS kind, pg_get_userbyid(relowner)::text AS owner
         FROM pg_class WHERE oid = '${schema}.of_${schema}'::regclass`,
      ),
    ).toEqual([{ kind: 'm', owner: role }]);
  }
});

test('what is merged by a function is converted by a role that is no superuser', async () => {
  const shapes = [
    `SELECT b.v, count(*) AS n, sum(a.v) AS s
     FROM one.t a LEFT JOIN one.t b ON b.v = a.k GROUP BY b.v`,
    'SELECT a.k, b.v, c.v AS w FROM one.t a JOIN one.t b ON b.v = a.k JOIN one.t c ON c.v = b.k',
    `SELECT x.n, count(*) AS m
     FROM (SELECT k, count(*) AS n FROM one.t GROUP BY k) x GROUP BY x.n`,
  ];
  const [one] = teams;
  for (const definition of shapes) {
    await owner.imat.create('merged', definition);
    const functions = await sandbox.rows(
      `SELECT proname FROM pg_proc WHERE pronamespace = 'imat_store'::regnamespace
         AND proname ~ '^merged[0-9]*_merged$'`,
    );
    expect(functions, definition).toHaveLength(1);
    await one?.session.sql('UPDATE one.t SET v = v + 1 WHERE k < 3');
    await expectEqual(owner.db, 'imat.merged', definition);
    await owner.imat.fold('merged');
    await expectEqual(owner.db, 'imat.merged', definition);
    await owner.imat.revert('merged');
  }
});

test('a team sees the status of imats, and the statistics of its tables', async () => {
  await owner.imat.create('shared', 'SELECT k, count(*) AS n FROM one.t GROUP BY k');
  const [one, two] = teams;
  if (one === undefined || two === undefined) throw new Error('there are two teams');
  await owner.imat.grantMonitor(one.role);
  expect((await one.session.imat.status()).imats).toMatchObject([{ name: 'shared' }]);
  expect(await one.session.imat.list()).toHaveLength(1);
  await one.session.imat.accounting.createGroup('of_one', ['one.t']);
  await one.session.sql('INSERT INTO one.t VALUES (1, 1)');
  const { rows } = await one.session.imat.accounting.statistics('of_one', {
    from: null,
    to: null,
    by: 'table',
  });
  expect(rows).toMatchObject([{ table: 't', rows: 1 }]);
  expect(await two.session.imat.accounting.listGroups()).toEqual([]);
  // A role that the owner of the catalog cannot become does not run what is in it.
  const stranger = await createRole(sandbox);
  const session = await sandbox.session(stranger);
  await expect(session.imat.accounting.listGroups()).rejects.toMatchObject({
    message: expect.stringContaining('whose code would run with your rights'),
  });
  const hasSet = await sandbox.value<boolean>(
    `SELECT current_setting('server_version_num')::int >= 160000`,
  );
  if (hasSet) {
    await sandbox.sql(`GRANT ${stranger} TO ${roles[2]} WITH SET FALSE`);
    await expect(session.imat.accounting.listGroups()).rejects.toMatchObject({
      condition: 'insufficient_privilege',
    });
  }
  await sandbox.sql(`GRANT ${stranger} TO ${roles[2]}${hasSet ? ' WITH SET TRUE' : ''}`);
  expect(await session.imat.accounting.listGroups()).toEqual([]);
  await session.db.close();
  await one.session.imat.accounting.dropGroup('of_one');
  await owner.imat.grantMonitor(one.role, { revoke: true });
  await owner.imat.revert('shared');
  await sandbox.sql(`DROP ROLE ${stranger}`);
});

test('a team that converts by itself is told what would let that role do so', async () => {
  await owner.imat.create('shared', 'SELECT k, count(*) AS n FROM one.t GROUP BY k');
  const [, two] = teams;
  await expect(two?.session.imat.convert('two.of_two')).rejects.toMatchObject({
    condition: 'insufficient_privilege',
    hint: expect.stringContaining(`GRANT ${two?.role ?? ''} TO`),
  });
  await owner.imat.revert('shared');
});
