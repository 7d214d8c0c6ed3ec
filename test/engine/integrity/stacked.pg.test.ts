/** Materialized views over materialized views: the answer is what the tables say. */
import { expect, test } from 'vitest';
import { expectImatError } from '../commands/support/expect-imat-error.ts';
import { expectEqual } from '../commands/support/oracle.ts';
import type { Sandbox } from '../commands/support/sandbox.ts';
import { inPreparedSandbox } from '../commands/support/sandbox.ts';
import { REBUILT } from '../../setup/rebuilt.ts';

const LOWER = 'SELECT team, day, sum(secs) AS secs FROM public.daily GROUP BY team, day';
const UPPER = `SELECT team, sum(secs) AS secs FROM (${LOWER}) AS l GROUP BY team`;
/** It is rebuilt, so it reads an imat where there is one. */
const LISTED = `${REBUILT} SELECT team, max(secs) AS most FROM (${LOWER}) AS l GROUP BY team`;
const LISTING = `CREATE MATERIALIZED VIEW listed AS
  ${REBUILT} SELECT team, max(secs) AS most FROM lower_mv GROUP BY team`;
const FLAT = 'SELECT team, secs * 2 AS twice FROM public.daily WHERE secs > 10';
const OVER = `SELECT twice, count(*) AS n FROM (${FLAT}) AS f GROUP BY twice`;
const VIEWED = `SELECT q.team, x.day FROM (SELECT team FROM (${UPPER}) u WHERE secs > 30) q
    JOIN (${LOWER}) x ON x.team = q.team`;

const SETUP = `
CREATE SCHEMA "s""1;";
CREATE TABLE daily (team int, day date, secs int);
INSERT INTO daily SELECT i % 5, date '2026-01-01' + i % 3, i FROM generate_series(1, 50) AS i;
CREATE MATERIALIZED VIEW lower_mv AS ${LOWER};
CREATE MATERIALIZED VIEW "s""1;"."up""per 🐘" AS SELECT team, sum(secs) AS secs FROM lower_mv
  GROUP BY team;
CREATE MATERIALIZED VIEW flat AS ${FLAT};
CREATE MATERIALIZED VIEW over AS SELECT f.twice, count(*) AS n, '🐘' <> '' AS e FROM flat f
  GROUP BY twice;
CREATE VIEW between AS SELECT team FROM "s""1;"."up""per 🐘" WHERE secs > 30;
CREATE MATERIALIZED VIEW viewed AS SELECT team, day FROM between JOIN lower_mv USING (team);`;

const CHANGES = [
  `INSERT INTO daily VALUES (1, '2026-01-05', 1000000)`,
  'UPDATE daily SET secs = secs + 1 WHERE team = 2',
  'DELETE FROM daily WHERE team = 4',
  `BEGIN; INSERT INTO daily VALUES (9, '2026-01-05', 77); DELETE FROM daily WHERE team = 0; COMMIT`,
];
const TRUE: Readonly<Record<string, string>> = {
  'imat.upper': UPPER,
  'imat.over': OVER.replace('count(*) AS n', 'count(*) AS n, true AS e'),
  'imat.viewed': VIEWED,
};

async function expectTrue(
  sandbox: Sandbox,
  views: Readonly<Record<string, string>>,
): Promise<void> {
  for (const change of CHANGES) {
    await sandbox.sql(change);
    for (const [view, definition] of Object.entries(views))
      await expectEqual(sandbox.db, view, definition, change);
  }
}

test('a materialized view that is not converted is read through its query', async () => {
  await inPreparedSandbox(SETUP, async (sandbox) => {
    const upper = await sandbox.imat.convert('"s""1;"."up""per 🐘"', { name: 'upper' });
    expect(upper).toMatchObject({ strategy: 'delta' });
    expect(upper.notes).toContain(
      'reads its query in place of materialized view public.lower_mv, not what that holds',
    );
    expect(await sandbox.imat.convert('over')).toMatchObject({ strategy: 'delta' });
    const viewed = await sandbox.imat.convert('viewed');
    expect(
      viewed.notes.filter((note) => note.includes('in place of materialized view')),
    ).toHaveLength(2);
    await expectTrue(sandbox, TRUE);
    await sandbox.imat.fold('over');
    await sandbox.imat.fold('upper');
    await expectTrue(sandbox, TRUE);
    expect((await sandbox.imat.explain('over')).plan[0]?.rule).not.toBe('swap');
    const { results } = await sandbox.imat.verify();
    expect(results.map(({ equal }) => equal)).toEqual([true, true, true]);
  });
});

test('a view whose query is in the definition is watched', async () => {
  await inPreparedSandbox(SETUP, async (sandbox) => {
    await sandbox.imat.convert('viewed', { replace: true });
    await sandbox.imat.convert('over');
    for (const least of [40, 50]) {
      await sandbox.sql(
        `CREATE OR REPLACE VIEW between AS
         SELECT team FROM "s""1;"."up""per 🐘" WHERE secs > ${least}`,
      );
      await expect(sandbox.rows('SELECT * FROM imat.viewed')).rejects.toThrow(
        'imat "viewed" is broken: view public."between" was replaced',
      );
      // Its definition is as before; only alter gives it another one.
      await sandbox.imat.repair('viewed');
      await expectEqual(sandbox.db, 'imat.viewed', VIEWED);
    }
    // Whoever has locked the view keeps no fold waiting.
    const other = await sandbox.session();
    await other.sql('BEGIN; ALTER VIEW between ALTER COLUMN team SET DEFAULT 1');
    await sandbox.db.execute(`SET lock_timeout = '5s'`);
    await sandbox.sql('DELETE FROM daily WHERE secs % 11 = 3');
    await sandbox.imat.fold('viewed');
    await sandbox.db.execute('RESET lock_timeout');
    await other.sql('ROLLBACK');
    await sandbox.sql('DROP VIEW between CASCADE');
    await sandbox.imat.fold('viewed');
    await expectEqual(sandbox.db, 'imat.viewed', VIEWED);
    await sandbox.rows('SELECT * FROM imat.over');
    const created = (least: number): string =>
      `CREATE VIEW between AS SELECT team FROM "s""1;"."up""per 🐘" WHERE secs > ${least}`;
    // The same query as it was last breaks nothing, another one does.
    await sandbox.sql(created(50));
    await expectEqual(sandbox.db, 'imat.viewed', VIEWED);
    await sandbox.sql(`DROP VIEW between; ${created(60)}`);
    await expect(sandbox.rows('SELECT * FROM imat.viewed')).rejects.toThrow(
      'imat "viewed" is broken: view public."between" was created anew with another query; ' +
        'the definition has its former query',
    );
    await sandbox.imat.repair('viewed');
    await expectEqual(sandbox.db, 'imat.viewed', VIEWED);
    await sandbox.rows('SELECT * FROM imat.over');
  });
});

test('a materialized view whose query is in the definition is watched as well', async () => {
  await inPreparedSandbox(SETUP, async (sandbox) => {
    await sandbox.sql('DROP MATERIALIZED VIEW viewed; DROP VIEW between');
    await sandbox.imat.convert('"s""1;"."up""per 🐘"', { name: 'upper' });
    await sandbox.sql('DROP MATERIALIZED VIEW over');
    const query = 'SELECT twice, count(*) AS n FROM flat GROUP BY twice';
    await sandbox.imat.create('over', query);
    await sandbox.sql('REFRESH MATERIALIZED VIEW flat; DROP MATERIALIZED VIEW flat');
    await sandbox.imat.fold('over');
    await expectEqual(sandbox.db, 'imat.over', OVER);
    await sandbox.sql(`CREATE MATERIALIZED VIEW flat AS ${FLAT}`);
    await sandbox.imat.fold('over');
    await expectEqual(sandbox.db, 'imat.over', OVER);
    await sandbox.sql(`DROP MATERIALIZED VIEW flat;
      CREATE MATERIALIZED VIEW flat AS ${FLAT.replace('> 10', '> 20')}`);
    await expect(sandbox.rows('SELECT * FROM imat.over')).rejects.toThrow(
      'imat "over" is broken: materialized view public.flat was created anew with another ' +
        'query; the definition has its former query',
    );
    await sandbox.imat.alter('over', query);
    await sandbox.sql('DELETE FROM daily WHERE secs % 11 = 3');
    await expectEqual(sandbox.db, 'imat.over', OVER.replace('> 10', '> 20'));
    await sandbox.rows('SELECT * FROM imat.upper');
  });
});

test.each([
  ['a view', 'CREATE VIEW other AS SELECT 1 AS team', 'VIEW'],
  ['a table', 'CREATE TABLE other (team int)', 'TABLE'],
])('%s that comes into the place of a view is noticed', async (_, create, kind) => {
  await inPreparedSandbox(SETUP, async (sandbox) => {
    await sandbox.sql('DROP MATERIALIZED VIEW viewed');
    await sandbox.imat.create('viewed', 'SELECT team FROM between');
    await sandbox.sql(`${create}; ALTER VIEW between RENAME TO former`);
    await sandbox.sql(`ALTER ${kind} other RENAME TO between`);
    await expectEqual(sandbox.db, 'imat.viewed', `SELECT team FROM (${UPPER}) u WHERE secs > 30`);
    await sandbox.sql('DROP VIEW former');
    await expect(sandbox.rows('SELECT * FROM imat.viewed')).rejects.toThrow(
      'view public."between" was created anew with another query',
    );
  });
});

test.each([
  ['VIEW', 'ALTER VIEW here.v RENAME TO w', 'here.w'],
  ['VIEW', 'ALTER SCHEMA here RENAME TO there', 'there.v'],
  ['MATERIALIZED VIEW', 'ALTER MATERIALIZED VIEW here.v SET SCHEMA public', 'public.v'],
])('a %s is noticed that is created anew after %s', async (kind, rename, name) => {
  const create = (place: string, least: number): string =>
    `CREATE ${kind} ${place} AS SELECT team FROM "s""1;"."up""per 🐘" WHERE secs > ${least}`;
  for (const isWatched of [true, false])
    await inPreparedSandbox(
      `${SETUP}; CREATE SCHEMA here; ${create('here.v', 30)}`,
      async (sandbox) => {
        await sandbox.sql('DROP MATERIALIZED VIEW viewed');
        await sandbox.imat.create('viewed', 'SELECT team FROM here.v');
        if (!isWatched) await sandbox.sql('DROP EVENT TRIGGER imat_ddl, imat_drop');
        await sandbox.sql(rename);
        await sandbox.imat.fold('viewed');
        await sandbox.sql(`DROP ${kind} ${name}; ${create(name, 30)}`);
        await sandbox.imat.fold('viewed');
        await expectEqual(
          sandbox.db,
          'imat.viewed',
          `SELECT team FROM (${UPPER}) u WHERE secs > 30`,
        );
        await sandbox.sql(`DROP ${kind} ${name}; ${create(name, 60)}`);
        const noticed = isWatched
          ? sandbox.rows('SELECT * FROM imat.viewed')
          : sandbox.imat.fold('viewed');
        await expect(noticed).rejects.toThrow(`${name} was created anew with another query`);
      },
    );
});

test('an imat goes on when a materialized view below is replaced, and comes back', async () => {
  const setup = `CREATE TABLE daily (team int, day date, secs int);
    INSERT INTO daily SELECT i % 5, date '2026-01-01' + i % 3, i FROM generate_series(1, 50) AS i;
    CREATE MATERIALIZED VIEW flat AS ${FLAT};
    CREATE VIEW few AS SELECT team, twice FROM flat WHERE twice < 90`;
  await inPreparedSandbox(setup, async (sandbox) => {
    await sandbox.imat.create('over', 'SELECT twice, count(*) AS n FROM few GROUP BY twice');
    const changed = `SELECT twice, count(*) AS n FROM (${FLAT}) f WHERE twice < 90 GROUP BY twice`;
    const goesOn = async (): Promise<void> => {
      await sandbox.sql('INSERT INTO daily VALUES (1, NULL, 15), (2, NULL, 44)');
      await expectEqual(sandbox.db, 'imat.over', changed);
      await sandbox.imat.fold('over');
      await expectEqual(sandbox.db, 'imat.over', changed);
    };
    await sandbox.imat.convert('flat', { replace: true });
    await expectEqual(
      sandbox.db,
      'public.few',
      `SELECT team, twice FROM (${FLAT}) f WHERE twice < 90`,
    );
    await goesOn();
    await sandbox.imat.revert('flat');
    await goesOn();
    // Nobody else may replace it.
    await sandbox.sql('CREATE OR REPLACE VIEW few AS SELECT team, twice FROM flat');
    await expect(sandbox.rows('SELECT * FROM imat.over')).rejects.toThrow(
      'imat "over" is broken: view public.few was replaced',
    );
    // One that is broken stays broken.
    await sandbox.imat.convert('flat', { replace: true });
    await expect(sandbox.rows('SELECT * FROM imat.over')).rejects.toThrow('was replaced');
  });
});

test('a view that only its query can complete is watched in the same way', async () => {
  const setup = `CREATE TABLE visit (id int PRIMARY KEY, team int, at timestamptz);
    INSERT INTO visit SELECT i, i % 5, timestamptz '2026-01-01' + i * interval '7 hours'
      FROM generate_series(1, 50) AS i;
    CREATE VIEW by_day AS SELECT team, date_trunc('day', at) AS day FROM visit;
    CREATE VIEW first_days AS SELECT DISTINCT ON (team) team, day FROM by_day ORDER BY team;
    CREATE MATERIALIZED VIEW days AS SELECT day, count(*) AS n FROM first_days GROUP BY day`;
  await inPreparedSandbox(setup, async (sandbox) => {
    expect(await sandbox.imat.convert('days')).toMatchObject({ strategy: 'delta' });
    const former = `SELECT day, count(*) AS n FROM (SELECT DISTINCT ON (team) team,
      date_trunc('day', at) AS day FROM public.visit ORDER BY team, id) d GROUP BY day`;
    await sandbox.sql('DELETE FROM visit WHERE id % 7 = 1');
    await expectEqual(sandbox.db, 'imat.days', former);
    await sandbox.sql(`CREATE OR REPLACE VIEW by_day AS
      SELECT team, date_trunc('month', at) AS day FROM visit`);
    await expect(sandbox.rows('SELECT * FROM imat.days')).rejects.toThrow(
      'imat "days" is broken: view public.by_day was replaced; the definition has its former query',
    );
    await sandbox.imat.repair('days');
    await expectEqual(sandbox.db, 'imat.days', former);
    const query = 'SELECT day, count(*) AS n FROM first_days GROUP BY day';
    await sandbox.imat.alter('days', query);
    await sandbox.sql('DELETE FROM visit WHERE id % 7 = 2');
    await expectEqual(sandbox.db, 'imat.days', former.replace("'day', at", "'month', at"));
  });
});

test('one that is converted is read as its imat', async () => {
  await inPreparedSandbox(`${SETUP}; ${LISTING}`, async (sandbox) => {
    await sandbox.imat.convert('lower_mv');
    const upper = await sandbox.imat.convert('listed', { name: 'upper' });
    expect(upper.notes).toContain(
      'reads imat "lower_mv" in place of materialized view public.lower_mv, not what that holds',
    );
    // What stands against it is in its query, not that it reads an imat.
    expect(upper.strategy).toBe('swap');
    expect(upper.reasons).not.toEqual([]);
    expect(upper.reasons.map(({ kind }) => kind)).not.toContain('reads_imat');
    const views = { 'imat.lower_mv': LOWER, 'imat.upper': LISTED };
    await expectTrue(sandbox, views);
    await sandbox.imat.swap('upper');
    await sandbox.imat.fold('lower_mv');
    await expectTrue(sandbox, views);
    // An imat below that is wrong does not make the one above it right.
    await sandbox.imat.fold('lower_mv');
    await sandbox
      .sql(`UPDATE imat_store.state_lower_mv SET sum_secs = sum_secs + 1`)
      .catch(() => sandbox.sql(`UPDATE imat_store.state_lower_mv SET secs = secs + 1`));
    await sandbox.imat.swap('upper');
    const { results } = await sandbox.imat.verify('upper');
    expect(results).toMatchObject([{ equal: false }]);
    // What breaks the lower one breaks the upper one.
    await sandbox.sql('ALTER TABLE daily DISABLE TRIGGER ALL');
    expect((await sandbox.imat.list()).map(({ state }) => state)).toEqual(['broken', 'broken']);
    await expectImatError('has_dependents', () => sandbox.imat.revert('lower_mv'));
  });
});

test('a stack is replaced by one command, the upper ones first, and comes back', async () => {
  await inPreparedSandbox(SETUP, async (sandbox) => {
    await sandbox.sql('DROP MATERIALIZED VIEW viewed');
    const before = await sandbox.rows(
      `SELECT relname FROM pg_class WHERE relkind = 'm' ORDER BY 1`,
    );
    const planned = await sandbox.imat.convert('lower_mv', { replace: true, dryRun: true });
    expect(planned.notes).toContainEqual(
      expect.stringContaining('is converted (delta) and replaced first'),
    );
    expect(await sandbox.imat.list().catch(() => [])).toEqual([]);
    const made = await sandbox.imat.convert('lower_mv', { replace: true });
    expect(made.notes).toContainEqual(
      expect.stringContaining('is converted (delta) and replaced first'),
    );
    expect((await sandbox.imat.list()).map(({ name }) => name)).toEqual(['lower_mv', 'up"per 🐘']);
    await expectTrue(sandbox, {
      'public.lower_mv': LOWER,
      '"s""1;"."up""per 🐘"': UPPER,
      'public.between': `SELECT team FROM (${UPPER}) u WHERE secs > 30`,
    });
    const { results } = await sandbox.imat.verify();
    expect(results.map(({ equal }) => equal)).toEqual([true, true]);
    for (const { name } of await sandbox.imat.list()) await sandbox.imat.revert(name);
    expect(
      await sandbox.rows(`SELECT relname FROM pg_class WHERE relkind = 'm' ORDER BY 1`),
    ).toEqual(before);
    await sandbox.sql(
      'REFRESH MATERIALIZED VIEW lower_mv; REFRESH MATERIALIZED VIEW "s""1;"."up""per 🐘"',
    );
    await expectEqual(sandbox.db, '"s""1;"."up""per 🐘"', UPPER);
  });
});
