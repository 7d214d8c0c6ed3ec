/** Parts of a source that belong to another role than the imats on it. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { expectEqual } from '../commands/support/oracle.ts';
import { createRole, createSandbox, type Sandbox } from '../commands/support/sandbox.ts';
import { outcomeOf } from '../commands/support/world.ts';

const SUMS = 'SELECT k, sum(v) AS s FROM public.p GROUP BY k';
const RANKED = 'SELECT k, rank() OVER (ORDER BY v) AS r FROM public.p';

type Owner = Awaited<ReturnType<Sandbox['session']>>;
let sandbox: Sandbox;
let owner: Owner;
let name: string;
let other: string;

beforeEach(async () => {
  sandbox = await createSandbox();
  [name, other] = [await createRole(sandbox), await createRole(sandbox)];
  const database = await sandbox.value<string>('SELECT current_database()');
  await sandbox.sql(`ALTER DATABASE ${database} OWNER TO ${name};
    GRANT CREATE ON SCHEMA public TO ${name}, ${other}`);
  owner = await sandbox.session(name);
});
afterEach(async () => {
  await owner.db.close();
  const database = await sandbox.value<string>('SELECT current_database()');
  await sandbox.sql(`ALTER DATABASE ${database} OWNER TO CURRENT_USER`);
  await sandbox.drop();
});

const TABLES: readonly [kind: string, setup: string, add: string, remove: string][] = [
  [
    'partitions',
    `CREATE TABLE p (k int, v int) PARTITION BY LIST (k);
     CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1)`,
    'ALTER TABLE p ATTACH PARTITION p2 FOR VALUES IN (2)',
    'ALTER TABLE p DETACH PARTITION p2',
  ],
  [
    'tables that inherit',
    'CREATE TABLE p (k int, v int); CREATE TABLE p1 () INHERITS (p)',
    'ALTER TABLE p2 INHERIT p',
    'ALTER TABLE p2 NO INHERIT p',
  ],
];

const problems = async () =>
  (await owner.imat.status('sums')).imats.flatMap((imat) => imat.problems);

async function expectExact(): Promise<void> {
  await expectEqual(owner.db, 'imat.sums', SUMS);
  await expectEqual(owner.db, 'imat.ranked', RANKED);
}

async function expectRefused(message: RegExp): Promise<void> {
  const hint = `Run ALTER TABLE public.p2 OWNER TO ${name}, or GRANT ${other} TO ${name}.`;
  const refused = { condition: 'insufficient_privilege', message: expect.stringMatching(message) };
  for (const call of [() => owner.imat.fold('sums'), () => owner.imat.swap('ranked')])
    expect(await outcomeOf<unknown>(call())).toMatchObject({
      ...refused,
      detail: expect.stringContaining(`Table public.p2 belongs to role "${other}"`),
      hint,
    });
  expect(await problems()).toEqual([
    { severity: 'warning', message: expect.stringContaining(`belongs to role "${other}"`), hint },
  ]);
  expect((await owner.imat.doctor()).checks).toContainEqual(
    expect.objectContaining({ check: 'imat sums', status: 'warning', hint }),
  );
}

test.each(TABLES)('%s: folds say which right is missing', async (_kind, setup, add, remove) => {
  await owner.sql(`${setup}; INSERT INTO p1 VALUES (1, 1)`);
  await owner.imat.create('sums', SUMS);
  await owner.imat.create('ranked', RANKED, { strategy: 'swap' });
  await sandbox.sql(`CREATE TABLE p2 (k int, v int); ${add}; ALTER TABLE p2 OWNER TO ${other};
    INSERT INTO p2 VALUES (2, 5); INSERT INTO p1 VALUES (1, 3)`);
  await expectExact();
  await expectRefused(/may not capture table public\.p2, a part of source public\.p$/);
  await sandbox.sql(`GRANT ${other} TO ${name}`);
  expect(await problems()).toEqual([]);
  await owner.imat.fold('sums');
  await owner.imat.swap('ranked');
  await sandbox.sql('INSERT INTO p2 VALUES (2, 6)');
  await expectExact();
  await sandbox.sql(`REVOKE ${other} FROM ${name}; ${remove}`);
  await expectExact();
  await expectRefused(/may not end the capture of table public\.p2, once a part of/);
  await sandbox.sql(`ALTER TABLE p2 OWNER TO ${name}`);
  await owner.imat.fold('sums');
  await owner.imat.swap('ranked');
  await expectExact();
  expect(await problems()).toEqual([]);
});

test('a conversion says so as well', async () => {
  await owner.sql(TABLES[0]?.[1] ?? '');
  await sandbox.sql(`ALTER TABLE p1 OWNER TO ${other}`);
  expect(await outcomeOf<unknown>(owner.imat.create('sums', SUMS))).toMatchObject({
    condition: 'insufficient_privilege',
    hint: `Run ALTER TABLE public.p1 OWNER TO ${name}, or GRANT ${other} TO ${name}.`,
  });
});
