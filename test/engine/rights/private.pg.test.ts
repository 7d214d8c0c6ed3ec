/** What imat makes for itself is its owner's alone, whatever the default privileges say. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  createRole,
  createPreparedSandbox,
  type Sandbox,
  type Session,
} from '../commands/support/sandbox.ts';
import { REBUILT } from '../../setup/rebuilt.ts';
import { foldAll } from '../../setup/fold-all.ts';

/**
 * Rights of anybody but the owner on anything in imat's own schemas, and on the schemas. Functions
 * that return rows are for views, and ask for a key (test/engine/capture/truncate.pg.test.ts).
 */
const FOREIGN_RIGHTS = `
SELECT o.what || ': ' || a.privilege_type || ' for ' || CASE a.grantee
  WHEN 0 THEN 'PUBLIC'
  ELSE pg_get_userbyid(a.grantee)::text END AS foreign_right
FROM (
  SELECT c.oid::regclass::text AS what, c.relowner AS owner, c.relacl AS acl FROM pg_class c
  WHERE c.relnamespace IN ('imat_catalog'::regnamespace, 'imat_store'::regnamespace)
    AND c.relkind IN ('r', 'v', 'S')
  UNION ALL
  SELECT 'schema ' || n.nspname, n.nspowner, n.nspacl
  FROM pg_namespace n
  WHERE n.nspname LIKE 'imat%'
  UNION ALL
  SELECT p.oid::regprocedure::text, p.proowner, coalesce(p.proacl, acldefault('f', p.proowner))
  FROM pg_proc p
  WHERE p.pronamespace = 'imat_store'::regnamespace AND NOT p.proretset
    OR p.pronamespace = 'imat_catalog'::regnamespace
    AND p.prosecdef
) o, aclexplode(o.acl) a WHERE a.grantee <> o.owner ORDER BY 1`;

/**
 * What everybody may do: see the schema imat, and let a view ask for its frontier. What capture
 * asks can be asked by those only who may use the schema imat_store.
 */
const PUBLIC_RIGHTS = [
  'imat_catalog.arm_without_frontier(text,integer): EXECUTE for PUBLIC',
  'imat_catalog.distinct_values(integer,regclass,integer): EXECUTE for PUBLIC',
  'imat_catalog.expected_rows(integer,regclass): EXECUTE for PUBLIC',
  'imat_catalog.is_outgrown(integer,pg_snapshot,integer): EXECUTE for PUBLIC',
  'imat_catalog.is_stored(integer,oid,text): EXECUTE for PUBLIC',
  'imat_catalog.no_frontier(text): EXECUTE for PUBLIC',
  'imat_store.append_reset(regclass): EXECUTE for PUBLIC',
  'imat_store.capture_command(regclass,text,smallint[],text,oid[],regclass): EXECUTE for PUBLIC',
  'imat_store.captured_rows(regclass,oid[]): EXECUTE for PUBLIC',
  'imat_store.estimated_rows(regclass): EXECUTE for PUBLIC',
  'imat_store.has_column(regclass,text): EXECUTE for PUBLIC',
  'imat_store.has_columns(regclass,text,smallint[],text[]): EXECUTE for PUBLIC',
  'imat_store.has_parts(regclass[],oid[]): EXECUTE for PUBLIC',
  'imat_store.is_detaching(oid[],oid[]): EXECUTE for PUBLIC',
  'imat_store.is_locked(regclass,boolean): EXECUTE for PUBLIC',
  'imat_store.is_loggable(regclass,bigint): EXECUTE for PUBLIC',
  'imat_store.is_root(regclass,regclass): EXECUTE for PUBLIC',
  'imat_store.may_append(text): EXECUTE for PUBLIC',
  'imat_store.planned_parts(regclass): EXECUTE for PUBLIC',
  'imat_store.same_type(text,smallint): EXECUTE for PUBLIC',
  'schema imat: USAGE for PUBLIC',
];

let sandbox: Sandbox;
let named: Session;
let role: string;

beforeAll(async () => {
  sandbox = await createPreparedSandbox();
  role = await createRole(sandbox);
  named = await sandbox.session(role);
  for (const grantee of ['PUBLIC', role])
    await sandbox.sql(`ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO ${grantee};
      ALTER DEFAULT PRIVILEGES GRANT ALL ON SEQUENCES TO ${grantee};
      ALTER DEFAULT PRIVILEGES GRANT ALL ON ROUTINES TO ${grantee};
      ALTER DEFAULT PRIVILEGES GRANT ALL ON SCHEMAS TO ${grantee}`);
  await sandbox.sql(`
    CREATE TABLE a (i int, g text, secret text);
    CREATE MATERIALIZED VIEW grouped AS
    SELECT g, count(*) AS n FROM a WHERE secret IS NOT NULL GROUP BY g;
    CREATE MATERIALIZED VIEW swapped AS ${REBUILT} SELECT g, max(i) AS i FROM a GROUP BY g;
    CREATE MATERIALIZED VIEW regrouped AS SELECT g, bit_or(i) AS i FROM a GROUP BY g;
    CREATE MATERIALIZED VIEW stores AS
    SELECT g, count(*) AS n, (SELECT max(i) FROM a) AS i FROM a GROUP BY g;
    REVOKE ALL ON a, grouped, swapped, regrouped, stores FROM PUBLIC, ${role}`);
});
afterAll(async () => {
  await named.db.close();
  await sandbox.sql(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
  await sandbox.drop();
});

async function expectPrivate(): Promise<void> {
  const rows = await sandbox.rows<{ foreign_right: string }>(FOREIGN_RIGHTS);
  expect(rows.map((row) => row.foreign_right)).toEqual(PUBLIC_RIGHTS);
}

describe('with default privileges that give everything to everybody', () => {
  test('nothing is anybody else’s, after init, convert, a wider log and a swap', async () => {
    await sandbox.imat.init();
    await expectPrivate();
    await sandbox.imat.convert('grouped');
    await expectPrivate();
    await sandbox.imat.convert('swapped');
    await sandbox.imat.convert('regrouped', { strategy: 'delta' });
    await sandbox.imat.convert('stores', { strategy: 'delta' });
    await expectPrivate();
    await sandbox.imat.create('wider', 'SELECT secret, i, count(*) AS n FROM a GROUP BY secret, i');
    await sandbox.sql(`INSERT INTO a VALUES (1, 'g', 'password')`);
    await foldAll(sandbox.imat);
    await sandbox.imat.swap('swapped');
    const reader = await sandbox.session();
    await reader.sql('BEGIN ISOLATION LEVEL REPEATABLE READ');
    await reader.rows('SELECT * FROM imat.swapped');
    await sandbox.imat.swap('swapped');
    await expectPrivate();
    await reader.sql('COMMIT');
    await sandbox.imat.swap('swapped');
    for (const name of ['grouped', 'regrouped', 'stores'])
      await sandbox.imat.convert(name, { freshness: '5s' });
    await expectPrivate();
  });

  test('so a role that may read nothing reads and changes nothing', async () => {
    for (const statement of [
      'SELECT * FROM a',
      'SELECT * FROM imat.grouped',
      'SELECT * FROM imat.swapped',
      'SELECT * FROM imat_store.log_public_a',
      'SELECT * FROM imat_store.state_grouped',
      'SELECT * FROM imat_store.definition_grouped',
      'SELECT * FROM imat_store.current_grouped',
      'SELECT * FROM imat_store.touched_regrouped',
      'SELECT * FROM imat_store.state2_stores',
      'SELECT * FROM imat_store.live1_stores',
      'INSERT INTO imat_store.log_public_a (weight) VALUES (5)',
      `UPDATE imat_catalog.imat SET fold_function = 'x'`,
      'SELECT imat_store.fold_grouped()',
      'SELECT imat_store.fold2_stores()',
      'SELECT imat_catalog.pending_rows(1)',
      'CREATE TABLE imat.x ()',
      'CREATE TABLE imat_store.x ()',
      'CREATE TABLE imat_catalog.x ()',
    ])
      await expect(named.sql(statement), statement).rejects.toMatchObject({ sqlstate: '42501' });
  });

  test('an upgrade leaves it so, and leaves what was granted on purpose', async () => {
    await sandbox.imat.grantMonitor(role);
    await sandbox.sql(`UPDATE imat_catalog.migration SET functions_hash = 'former';
      DROP VIEW imat_catalog.log_upkeep`);
    await sandbox.imat.init();
    expect((await named.imat.list()).map(({ name }) => name)).toEqual([
      'grouped',
      'regrouped',
      'stores',
      'swapped',
      'wider',
    ]);
    await sandbox.imat.grantMonitor(role, { revoke: true });
    await expectPrivate();
  });
});
