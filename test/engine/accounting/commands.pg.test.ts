/** The commands over the SQL API: names as users write them, errors, E-Maj's names, what stays. */
import { createRole, inPreparedSandbox } from '../commands/support/sandbox.ts';
import { expect, test } from 'vitest';
import { expectImatError } from '../commands/support/expect-imat-error.ts';
import type { Session } from '../commands/support/sandbox.ts';

const SETUP = `CREATE TABLE t (id int); CREATE SEQUENCE s; CREATE SCHEMA "My";
  CREATE TABLE "My"."Orders" (id int); CREATE MATERIALIZED VIEW mv AS SELECT count(*) FROM t`;

const left = (session: Session): Promise<string> =>
  session.value(`SELECT (SELECT count(*) FROM pg_namespace WHERE nspname ~ '^(imat|emaj)')
    + (SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal)
    + (SELECT count(*) FROM pg_event_trigger)`);

test('a session makes groups, sets marks and reads statistics', async () => {
  await inPreparedSandbox(SETUP, async (world) => {
    const { accounting } = world.imat;
    await accounting.createGroup('g', ['t', 's']);
    await accounting.addToGroup('g', ['"My"."Orders"']);
    await world.sql(`INSERT INTO t VALUES (1), (2); UPDATE t SET id = 3;
      INSERT INTO "My"."Orders" VALUES (1)`);
    const mark = await accounting.setMark('g', 'm');
    expect(mark).toMatchObject({ name: 'm', isStop: false, comment: null });
    await world.sql('DELETE FROM t');
    expect(await accounting.foldCounts()).toBe(3);
    const rows = async (
      by: 'table' | 'role' | 'verb' | 'mark',
      from: string | null = null,
    ): Promise<unknown[]> =>
      (await accounting.statistics('g', { from, to: null, by })).rows.map((row) => [
        row.table,
        row.firstMark.replace(/_.*/, ''),
        row.lastMark?.replace(/_.*/, '') ?? null,
        row.role ?? row.verb,
        row.rows,
      ]);
    expect(await rows('table')).toEqual([
      ['Orders', 'ADD', null, null, 1],
      ['t', 'START', null, null, 6],
    ]);
    const role = await world.value<string>('SELECT session_user::text');
    expect(await rows('role', 'm')).toEqual([['t', 'm', null, role, 2]]);
    expect(await rows('verb')).toEqual([
      ['Orders', 'ADD', null, 'INSERT', 1],
      ['t', 'START', null, 'DELETE', 2],
      ['t', 'START', null, 'INSERT', 2],
      ['t', 'START', null, 'UPDATE', 2],
    ]);
    expect(await rows('mark')).toEqual([
      [null, 'START', 'ADD', null, 0],
      [null, 'ADD', 'm', null, 5],
      [null, 'm', null, null, 2],
    ]);
    expect(await rows('mark', 'LAST_MARK')).toEqual([[null, 'm', null, null, 2]]);
    expect(
      (await accounting.statistics('g', { from: null, to: 'm', by: 'mark' })).rows,
    ).toHaveLength(2);
    expect(await accounting.listGroups()).toMatchObject([
      { name: 'g', owner: role, isCounting: true, tables: 2, sequences: 1, marks: 3 },
    ]);
    await accounting.renameMark('g', 'm', 'n');
    await accounting.commentMark('g', 'n', 'why');
    expect((await accounting.listMarks('g')).at(-1)).toEqual({
      ...mark,
      name: 'n',
      comment: 'why',
    });
    await accounting.deleteMark('g', 'n');
    await accounting.removeFromGroup('g', ['s']);
    await accounting.stopGroup('g');
    await accounting.startGroup('g');
    await accounting.dropGroup('g');
    expect(await accounting.listGroups()).toEqual([]);
  });
});

test('errors have the conditions that they have elsewhere, and hints', async () => {
  await inPreparedSandbox(SETUP, async (world) => {
    const { accounting } = world.imat;
    await accounting.createGroup('g', ['t']);
    const known = 'imat group list shows the groups; imat group create makes one.';
    for (const [condition, hint, call] of [
      ['not_found', 'Write it as in SQL', () => accounting.createGroup('h', ['no_such'])],
      ['not_found', known, () => accounting.setMark('h')],
      [
        'not_found',
        'imat mark list g shows its marks.',
        () => accounting.statistics('g', { from: 'no', to: null, by: 'mark' }),
      ],
      [
        'already_exists',
        'imat group add adds tables to it.',
        () => accounting.createGroup('g', []),
      ],
      ['already_exists', 'once', () => accounting.addToGroup('g', ['t'])],
      ['invalid_argument', 'Add the tables', () => accounting.createGroup('h', ['mv'])],
      ['invalid_argument', 'imat mark set sets a mark.', () => accounting.startGroup('g')],
      ['invalid_argument', 'The empty name', () => accounting.setMark('g', 'LAST_MARK')],
      [
        'invalid_argument',
        'imat group start g counts its changes again.',
        async () => {
          await accounting.stopGroup('g');
          await accounting.addToGroup('g', ['t']);
        },
      ],
    ] as const)
      expect((await expectImatError(condition, call)).hint).toContain(hint);
    // In SQL, hints are SQL.
    await expect(world.rows(`SELECT imat.set_mark('h', 'm')`)).rejects.toMatchObject({
      hint: 'SELECT * FROM imat.list_groups() shows the groups; imat.create_group makes one.',
    });
  });
});

test('the commands need the rights that the functions need, and none on the catalog', async () => {
  await inPreparedSandbox(SETUP, async (world) => {
    const [owner, reader] = [await createRole(world), await createRole(world)];
    await world.imat.accounting.createGroup('g', ['t']);
    await world.sql(`INSERT INTO t VALUES (1), (2); GRANT SELECT ON t TO ${reader};
      ALTER TABLE "My"."Orders" OWNER TO ${owner}; GRANT USAGE ON SCHEMA "My" TO ${owner}`);
    const asReader = (await world.session(reader)).imat.accounting;
    const asOwner = (await world.session(owner)).imat.accounting;
    for (const by of ['table', 'role', 'verb', 'mark'] as const) {
      const { rows } = await asReader.statistics('g', { from: null, to: null, by });
      expect(rows.map((row) => row.rows)).toEqual([2]);
    }
    expect((await asReader.listGroups()).map(({ name }) => name)).toEqual(['g']);
    expect(await asReader.listMarks('g')).toEqual(await world.imat.accounting.listMarks('g'));
    await world.sql('ALTER TABLE t ADD x int');
    await world.imat.accounting.compareSchema();
    const known = await world.imat.accounting.schemaHistory('t');
    expect(known).toMatchObject({ isKept: true, comparedAt: expect.any(String) });
    const seen = await asReader.schemaHistory('t');
    expect(seen.changes).toEqual(known.changes);
    expect(seen).not.toHaveProperty('isKept');
    expect(seen).not.toHaveProperty('comparedAt');
    for (const change of [
      () => asReader.setMark('g', 'm'),
      () => asReader.dropGroup('g'),
      () => asReader.createGroup('h', ['t']),
      () => asReader.compareSchema(),
      () => asOwner.statistics('g', { from: null, to: null, by: 'table' }),
    ])
      await expectImatError('insufficient_privilege', change);
    // The owner of a table counts it without the owner of the catalog.
    await asOwner.createGroup('own', ['"My"."Orders"']);
    await world.sql('INSERT INTO "My"."Orders" VALUES (1)');
    await asOwner.setMark('own', 'm');
    const { rows } = await asOwner.statistics('own', { from: null, to: 'm', by: 'table' });
    expect(rows.map((row) => [row.table, row.rows])).toEqual([['Orders', 1]]);
    await asOwner.dropGroup('own');
  });
});

test('the history of what imat does not look at is said not to be kept', async () => {
  await inPreparedSandbox(SETUP, async (world) => {
    const { accounting } = world.imat;
    await accounting.createGroup('g', ['t']);
    await accounting.compareSchema();
    const isKept = async (name: string): Promise<boolean | undefined> =>
      (await accounting.schemaHistory(name)).isKept;
    expect([await isKept('t'), await isKept('"My"."Orders"')]).toEqual([true, false]);
    await accounting.addToGroup('g', ['"My"."Orders"']);
    expect(await isKept('"My"."Orders"')).toBe(true);
    await accounting.removeFromGroup('g', ['t']);
    const one = await expectImatError('not_found', () => accounting.removeFromGroup('g', ['t']));
    expect(one.hint).toBe('It has "My"."Orders".');
    await accounting.stopGroup('g');
    const two = await expectImatError('not_found', () => accounting.removeFromGroup('g', ['t']));
    expect(two.hint).toBe('The group is stopped: imat group start g comes first.');
  });
});

test("E-Maj's names answer as imat's own, and a schema emaj of somebody else stays", async () => {
  await inPreparedSandbox(SETUP, async (world) => {
    const { accounting } = world.imat;
    await accounting.createGroup('g', ['t'], { emajNames: true });
    await world.sql('INSERT INTO t VALUES (1)');
    await world.sql(`SELECT emaj.emaj_set_mark_group('g', 'm')`);
    for (const call of [
      `log_stat_group('g', '', 'EMAJ_LAST_MARK')`,
      `detailed_log_stat_group('g', NULL, 'm')`,
      `sequence_stat_groups('{g}', NULL, NULL)`,
      `log_stat_table('public', 't')`,
      `log_stat_table('public', 't', 'g', 'm')`,
    ])
      expect(await world.rows(`SELECT * FROM emaj.emaj_${call}`)).toEqual(
        await world.rows(`SELECT * FROM imat.${call}`),
      );
    await accounting.createGroup('h', ['t'], { emajNames: true });
    await world.sql('DROP SCHEMA emaj CASCADE; CREATE SCHEMA emaj');
    await expectImatError('already_exists', () =>
      accounting.createGroup('i', ['t'], { emajNames: true }),
    );
  });
});

test('a catalog with groups stays with the last imat, and goes with the last group', async () => {
  await inPreparedSandbox('', async (world) => {
    const before = await left(world);
    await world.sql('UPDATE imat_catalog.migration SET explicitly = false');
    await world.sql(SETUP);
    await world.imat.convert('mv');
    await world.imat.accounting.createGroup('g', ['t'], { emajNames: true });
    await world.imat.revert('mv');
    await world.sql('INSERT INTO t VALUES (1)');
    await world.imat.accounting.dropGroup('g');
    await world.imat.convert('mv');
    await world.imat.revert('mv');
    expect(before).not.toBe('0');
    expect(await left(world)).toBe('0');
    expect(
      await world.value(`SELECT count(*) FROM pg_proc WHERE pronamespace::regnamespace::text
        IN ('imat', 'imat_catalog', 'emaj')`),
    ).toBe('0');
  });
});
