/** Bad input gets an error with a hint and leaves nothing behind; rights are checked. */
import { expect, test } from 'vitest';
import { ServerError } from '../../../engine/db/db.ts';
import type { Session } from '../commands/support/sandbox.ts';
import { createRole, inSandbox, inPreparedSandbox } from '../commands/support/sandbox.ts';
import { stats, untilOneWaits } from './support/world.ts';

const SETUP = `CREATE TABLE t (id int); CREATE TABLE u (id int); CREATE SEQUENCE s;
  CREATE UNLOGGED TABLE unlogged (id int); CREATE TEMP TABLE temporary (id int);
  CREATE VIEW v AS SELECT * FROM t; CREATE MATERIALIZED VIEW mv AS SELECT * FROM t;
  CREATE FOREIGN DATA WRAPPER w; CREATE SERVER far FOREIGN DATA WRAPPER w;
  CREATE FOREIGN TABLE f (id int) SERVER far;
  CREATE TABLE p (id int) PARTITION BY LIST (id); CREATE TABLE p1 PARTITION OF p DEFAULT`;

async function refused(session: Session, statement: string): Promise<string> {
  const error: unknown = await session.rows(`SELECT ${statement}`).then(
    () => 'no error',
    (caught: unknown) => caught,
  );
  if (!(error instanceof ServerError)) throw error;
  expect(error.hint, error.message).toMatch(/\.$|\)$/);
  return error.message;
}

const groups = (session: Session, name: string, members: string): Promise<string> =>
  refused(session, `imat.create_group('${name}', ${members})`);

test('what cannot be in a group is refused, and nothing is half made', async () => {
  await inPreparedSandbox(SETUP, async (world) => {
    for (const [table, why] of [
      ['public.unlogged', 'is unlogged'],
      ['temporary', 'is temporary'],
      ['public.v', 'is a view'],
      ['public.mv', 'is a materialized view'],
      ['public.f', 'is a foreign table'],
      ['public.s', 'is a sequence'],
      ['public.p1', 'is a partition'],
      ['pg_class', 'is in the schema pg_catalog'],
      ['imat_catalog.moment', 'is in the schema imat_catalog'],
    ])
      expect(
        (await groups(world, 'g', `ARRAY['t', '${table}']::regclass[]`)).replace(
          /pg_temp_\d+\./,
          '',
        ),
      ).toBe(`"${table}" cannot be in a group: it ${why}`);
    expect(await groups(world, 'g', `'{}', ARRAY['t']::regclass[]`)).toBe(
      '"public.t" cannot be in a group: it is not a sequence',
    );
    expect(await groups(world, 'g', `ARRAY['t', 't']::regclass[]`)).toBe(
      '"public.t" is in group "g" already',
    );
    expect(await groups(world, 'g', `ARRAY[0]::regclass[]`)).toBe('relation - does not exist');
    expect(await groups(world, 'g', `ARRAY[NULL]::regclass[]`)).toBe(
      'relation NULL does not exist',
    );
    expect(await groups(world, '', `ARRAY['t']::regclass[]`)).toBe('a group needs a name');
    expect(
      await world.value(`SELECT (SELECT count(*) FROM pg_trigger WHERE tgname LIKE '%imat_count%')
        + (SELECT count(*) FROM imat_catalog.change_group)
        + (SELECT count(*) FROM imat_catalog.counted)`),
    ).toBe('0');
  });
});

test('a group is unknown where there are no groups at all', async () => {
  await inPreparedSandbox(SETUP, async (world) => {
    for (const statistics of [
      'log_stat_groups',
      'detailed_log_stat_groups',
      'sequence_stat_groups',
    ])
      expect(await refused(world, `imat.${statistics}('{x}', NULL, NULL)`), statistics).toBe(
        'group "x" does not exist',
      );
  });
});

test('unknown groups, marks and tables, and marks in the wrong order, are refused', async () => {
  await inPreparedSandbox(SETUP, async (world) => {
    await world.sql(`SELECT imat.create_group('g', ARRAY['t']::regclass[], '{}', 'start')`);
    await world.sql(`SELECT imat.set_mark('g', 'm')`);
    const message = (statement: string): Promise<string> => refused(world, statement);
    expect(await message(`imat.set_mark('x')`)).toBe('group "x" does not exist');
    expect(await message(`imat.drop_group('x')`)).toBe('group "x" does not exist');
    expect(await message(`imat.log_stat_group('x', 'a', 'b')`)).toBe('group "x" does not exist');
    expect(await message(`imat.log_stat_groups('{g,x}', 'm', NULL)`)).toBe(
      'group "x" does not exist',
    );
    expect(await message(`imat.log_stat_group('g', 'no', NULL)`)).toBe(
      'group "g" has no mark "no"',
    );
    expect(await message(`imat.log_stat_group('g', 'm', 'start')`)).toBe(
      'mark "m" of group "g" is later than mark "start"',
    );
    expect(await message(`imat.log_stat_table('public', 't', 'g', 'm', 'g', 'start')`)).toBe(
      'mark "m" is later than mark "start"',
    );
    expect(await message(`imat.log_stat_table('public', 'u')`)).toBe(
      'table "public.u" is in no group',
    );
    expect(await message(`imat.log_stat_sequence('public', 's')`)).toBe(
      'sequence "public.s" is in no group',
    );
    expect(await message(`imat.set_mark('g', 'm')`)).toBe('the group has a mark "m" already');
    expect(await message(`imat.rename_mark('g', 'm', 'start')`)).toBe(
      'the group has a mark "start" already',
    );
    expect(await message(`imat.set_mark('g', 'LAST_MARK')`)).toBe(
      'a mark cannot have the name "LAST_MARK"',
    );
    expect(await message(`imat.delete_mark('g', 'no')`)).toBe('group "g" has no mark "no"');
    expect(await message(`imat.create_group('g')`)).toBe('group "g" already exists');
    expect(await message(`imat.add_to_group('g', ARRAY['t']::regclass[])`)).toBe(
      '"public.t" is in group "g" already',
    );
    expect(await message(`imat.remove_from_group('g', ARRAY['u']::regclass[])`)).toBe(
      '"public.u" is not in group "g"',
    );
    expect(await message(`imat.start_group('g')`)).toBe('group "g" is not stopped');
    await world.sql(`SELECT imat.stop_group('g')`);
    expect(await message(`imat.stop_group('g')`)).toBe('group "g" is stopped');
    expect(await message(`imat.set_mark('g')`)).toBe('group "g" is stopped');
    await world.sql('SET default_transaction_isolation = serializable');
    expect(await message(`imat.start_group('g')`)).toBe(
      'groups and marks change in READ COMMITTED transactions only',
    );
  });
});

test('owners write, readers of all tables read, others do neither', async () => {
  await inPreparedSandbox(SETUP, async (world) => {
    const roles = [await createRole(world), await createRole(world), await createRole(world)];
    const [owner = '', reader = '', other = ''] = roles;
    await world.sql(`ALTER TABLE t OWNER TO ${owner}; GRANT SELECT ON t, u TO ${reader};
      GRANT SELECT, INSERT ON t TO ${other}`);
    const [asOwner, asReader, asOther] = await Promise.all(roles.map((one) => world.session(one)));
    if (asOwner === undefined || asReader === undefined || asOther === undefined) throw new Error();
    expect(await groups(asOwner, 'g', `ARRAY['t', 'u']::regclass[]`)).toBe(
      'must be owner of "public.u"',
    );
    expect(await groups(asReader, 'g', `ARRAY['t']::regclass[]`)).toBe(
      'must be owner of "public.t"',
    );
    await asOwner.sql(`SELECT imat.create_group('g', ARRAY['t']::regclass[], '{}', 'start')`);
    await asOther.sql('INSERT INTO t VALUES (1)');
    expect(await stats(asReader, 'g', 'start', null)).toEqual([['t', 1]]);
    expect(await stats(asOther, 'g', 'start', null)).toEqual([['t', 1]]);
    // One table that a role may not read takes it the whole group.
    await world.sql(`ALTER TABLE u OWNER TO ${owner}`);
    await asOwner.sql(`SELECT imat.add_to_group('g', ARRAY['u']::regclass[])`);
    expect(await refused(asOther, `imat.log_stat_group('g', 'start', NULL)`)).toBe(
      'permission denied for group "g"',
    );
    expect(await refused(asOther, `imat.log_stat_table('public', 't')`)).toBe(
      'permission denied for the groups of table "public.t"',
    );
    expect(await refused(asOther, `imat.list_marks('g')`)).toBe('permission denied for group "g"');
    expect(await asOther.rows('SELECT * FROM imat.list_groups()')).toEqual([]);
    expect(await stats(asReader, 'g', 'start', null)).toEqual([
      ['t', 1],
      ['u', 0],
    ]);
    for (const session of [asReader, asOther])
      for (const call of [
        `set_mark('g')`,
        `delete_mark('g', 'start')`,
        `rename_mark('g', 'start', 'x')`,
        `comment_mark('g', 'start', 'x')`,
        `add_to_group('g', '{}')`,
        `remove_from_group('g', '{}')`,
        `stop_group('g')`,
        `drop_group('g')`,
      ])
        expect(await refused(session, `imat.${call}`)).toBe('must be owner of group "g"');
    expect(await refused(asReader, 'imat.fold_counts()')).toBe(
      'only owners of groups may fold counters',
    );
    await asOwner.sql(`SELECT imat.set_mark('g', 'm'); SELECT imat.fold_counts()`);
    await world.sql(`SELECT imat.set_mark('g', 'm2')`);
    // A superuser who has become another role has that role's rights.
    await world.sql(`SET ROLE ${other}`);
    expect(await refused(world, `imat.set_mark('g')`)).toBe('must be owner of group "g"');
    await world.sql('RESET ROLE');
    await expect(asOther.sql('SELECT * FROM imat_catalog.change_count')).rejects.toThrow(
      'permission denied',
    );
    await asOwner.sql(`SELECT imat.drop_group('g')`);
    await world.sql(
      `DROP VIEW v;
       DROP MATERIALIZED VIEW mv;
       DROP OWNED BY ${roles.join(', ')};
       DROP ROLE ${roles.join(', ')}`,
    );
  });
});

test('a catalog whose owner is no superuser counts only the tables of its owner', async () => {
  await inSandbox('CREATE TABLE foreign_one (id int)', async (world) => {
    const role = await createRole(world);
    await world.sql(`ALTER DATABASE ${new URL(world.url).pathname.slice(1)} OWNER TO ${role};
      GRANT CREATE ON SCHEMA public TO ${role}`);
    const owner = await world.session(role);
    await owner.imat.init();
    await owner.sql(`CREATE TABLE own (id int); CREATE TABLE p (id int) PARTITION BY LIST (id);
      CREATE TABLE hidden (id int); ALTER TABLE hidden ENABLE ROW LEVEL SECURITY;
      ALTER TABLE hidden FORCE ROW LEVEL SECURITY`);
    await owner.sql(`SELECT imat.create_group('g', ARRAY['own', 'p']::regclass[], '{}', 'start')`);
    await owner.sql('CREATE TABLE p1 PARTITION OF p DEFAULT; SELECT imat.fold_counts()');
    await world.sql('INSERT INTO own VALUES (1); INSERT INTO p1 VALUES (1); TRUNCATE own');
    expect(await stats(owner, 'g', 'start', null)).toEqual([
      ['own', 2],
      ['p', 1],
    ]);
    // A superuser asks, but the functions run as the owner of the catalog.
    expect(await groups(world, 'h', `ARRAY['foreign_one']::regclass[]`)).toBe(
      `role "${role}", who owns the imat catalog, may not count "public.foreign_one"`,
    );
    expect(await groups(owner, 'h', `ARRAY['hidden']::regclass[]`)).toBe(
      '"public.hidden" cannot be in a group: ' +
        `it hides rows from role "${role}", who owns the imat ` +
        'catalog',
    );
    await owner.sql(`SELECT imat.drop_group('g')`);
    await world.sql(`ALTER DATABASE ${new URL(world.url).pathname.slice(1)} OWNER TO CURRENT_USER;
      DROP OWNED BY ${role} CASCADE; DROP ROLE ${role}`);
  });
});

test('a table that gets its name at that moment is not counted for the owner\u2019s', async () => {
  await inPreparedSandbox(
    'CREATE TABLE own (id int); CREATE TABLE other (id int)',
    async (world) => {
      const maker = await world.session();
      await world.sql('BEGIN; ALTER TABLE own RENAME TO away; ALTER TABLE other RENAME TO own');
      const making = refused(maker, `imat.create_group('g', ARRAY['own']::regclass[])`);
      await untilOneWaits(world);
      await world.sql('COMMIT');
      expect(await making).toMatch(/^"public\.\w+" was renamed at the same time$/);
      expect(
        await world.value(`SELECT count(*) FROM pg_trigger WHERE tgname LIKE '%imat_count%'`),
      ).toBe('0');
    },
  );
});
