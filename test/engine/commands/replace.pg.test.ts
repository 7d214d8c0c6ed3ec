/**
 * --replace: an ordinary view takes the materialized view's place, applications change nothing, and
 * revert brings back all there was.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { expectImatError } from './support/expect-imat-error.ts';
import { catalogListing } from './support/listing.ts';
import { expectEqual } from './support/oracle.ts';
import {
  createRole,
  createPreparedSandbox,
  inPreparedSandbox,
  inSandbox,
  type Sandbox,
} from './support/sandbox.ts';
import { REBUILT } from '../../setup/rebuilt.ts';

const SUMMARY =
  'SELECT region, sum(amount) AS total, count(*) AS n FROM public.sales GROUP BY region';
const RANKS = `${REBUILT}
  SELECT region, rank() OVER (ORDER BY sum(amount)) AS place FROM public.sales GROUP BY region`;
const SALES = `
CREATE TABLE sales (id int PRIMARY KEY, region text, amount numeric(10,2) NOT NULL);
INSERT INTO sales SELECT i, 'r' || i % 5, i FROM generate_series(1, 100) AS i;
CREATE MATERIALIZED VIEW summary AS ${SUMMARY};
CREATE MATERIALIZED VIEW ranks AS ${RANKS};
CREATE UNIQUE INDEX summary_region ON summary (region);
CREATE STATISTICS summary_stats ON region, n FROM summary;`;

let sandbox: Sandbox;
let before: string[];
const roles = { owner: '', reader: '', other: '' };
beforeAll(async () => {
  sandbox = await createPreparedSandbox(SALES);
  for (const role of Object.keys(roles) as (keyof typeof roles)[])
    roles[role] = await createRole(sandbox);
  await sandbox.sql(`GRANT CREATE ON SCHEMA public TO ${roles.owner};
    GRANT SELECT ON sales TO ${roles.owner};
    ALTER MATERIALIZED VIEW summary OWNER TO ${roles.owner};
    GRANT SELECT ON summary TO ${roles.reader};
    GRANT SELECT (region) ON summary TO ${roles.other};
    COMMENT ON MATERIALIZED VIEW summary IS 'what it is';
    COMMENT ON COLUMN summary.n IS 'how many'`);
});
afterAll(async () => {
  for (const role of Object.values(roles))
    await sandbox.sql(`DROP OWNED BY ${role} CASCADE; DROP ROLE ${role}`);
  await sandbox.drop();
});
afterEach(() => sandbox.revertAll());
beforeEach(async () => {
  before = await catalogListing(sandbox.db);
});

const change = (n: number): string => `INSERT INTO sales VALUES (${1000 + n}, 'new', ${n})`;

describe.each([
  ['summary', SUMMARY, 'delta'],
  ['summary', SUMMARY, 'swap'],
  ['ranks', RANKS, 'swap'],
] as const)('%s (%s), by %s', (view, definition, strategy) => {
  test('queries give fresh rows under the old name, and the original comes back', async () => {
    const data = await sandbox.rows(`SELECT * FROM ${view} ORDER BY 1`);
    expect(await sandbox.imat.convert(view, { replace: true, strategy })).toMatchObject({
      name: view,
      strategy,
    });
    for (const n of [1, 2]) {
      await sandbox.sql(change(n));
      await expectEqual(sandbox.db, `public.${view}`, definition);
      await expectEqual(sandbox.db, `imat.${view}`, definition);
      await (strategy === 'delta' ? sandbox.imat.fold(view) : sandbox.imat.swap(view));
      await expectEqual(sandbox.db, `public.${view}`, definition);
    }
    expect((await sandbox.imat.doctor()).checks.filter((check) => check.status !== 'ok')).toEqual(
      [],
    );
    expect(await sandbox.imat.revert(view)).toEqual({ name: view, original: `public.${view}` });
    await sandbox.sql('DELETE FROM sales WHERE id > 1000');
    expect(await catalogListing(sandbox.db)).toEqual(before);
    expect(await sandbox.rows(`SELECT * FROM ${view} ORDER BY 1`)).toEqual(data);
    await sandbox.sql(`REFRESH MATERIALIZED VIEW ${view}`);
  });
});

test('owner, rights and comments are those of the materialized view', async () => {
  await sandbox.imat.convert('summary', { replace: true });
  expect(
    await sandbox.rows(
      'SELECT relkind::text AS kind, pg_get_userbyid(relowner)::text AS ' +
        "owner FROM pg_class WHERE oid = 'summary'::regclass",
    ),
  ).toEqual([{ kind: 'v', owner: roles.owner }]);
  expect(
    await sandbox.rows(
      'SELECT objsubid, description FROM pg_description WHERE ' +
        "objoid = 'summary'::regclass ORDER BY 1",
    ),
  ).toEqual([
    { objsubid: 0, description: 'what it is' },
    { objsubid: 3, description: 'how many' },
  ]);
  const expected = await sandbox.rows(`SELECT * FROM (${SUMMARY}) q ORDER BY 1`);
  for (const role of [roles.owner, roles.reader])
    expect(await (await sandbox.session(role)).rows('SELECT * FROM summary ORDER BY 1')).toEqual(
      expected,
    );
  const other = await sandbox.session(roles.other);
  expect(await other.rows('SELECT region FROM summary ORDER BY 1')).toEqual(
    expected.map(({ region }) => ({ region })),
  );
  await expect(other.rows('SELECT n FROM summary')).rejects.toMatchObject({ sqlstate: '42501' });
  await sandbox.imat.revert('summary');
  expect(await catalogListing(sandbox.db)).toEqual(before);
});

test('without it first, with it later: the imat that is there gets the place', async () => {
  await sandbox.imat.convert('summary', { freshness: '5s' });
  expect(await sandbox.imat.convert('summary', { replace: true, dryRun: true })).toMatchObject({
    freshness: '5s',
    dryRun: true,
  });
  expect(await sandbox.value(`SELECT relkind FROM pg_class WHERE oid = 'summary'::regclass`)).toBe(
    'm',
  );
  expect(await sandbox.imat.convert('summary', { replace: true })).toMatchObject({
    freshness: '5s',
    dryRun: false,
  });
  expect(await sandbox.value(`SELECT relkind FROM pg_class WHERE oid = 'summary'::regclass`)).toBe(
    'v',
  );
  await sandbox.imat.revert('summary');
  expect(await catalogListing(sandbox.db)).toEqual(before);
});

test('under another name for the imat', async () => {
  await sandbox.imat.convert('summary', { replace: true, name: 'elsewhere' });
  await sandbox.sql(change(1));
  await expectEqual(sandbox.db, 'public.summary', SUMMARY);
  expect(await sandbox.imat.revert('elsewhere')).toEqual({
    name: 'elsewhere',
    original: 'public.summary',
  });
  await sandbox.sql('DELETE FROM sales WHERE id > 1000');
  expect(await catalogListing(sandbox.db)).toEqual(before);
});

test('two of the same name, with indexes of the same name, in two schemas', async () => {
  await inPreparedSandbox(
    `${SALES} CREATE SCHEMA other; CREATE MATERIALIZED VIEW other.summary AS ` +
      `${SUMMARY}; CREATE INDEX summary_region ON other.summary (region)`,
    async (own) => {
      const listing = await catalogListing(own.db);
      await own.imat.convert('summary', { replace: true });
      await own.imat.convert('other.summary', { replace: true, name: 'other' });
      await own.sql(change(1));
      for (const relation of ['public.summary', 'other.summary'])
        await expectEqual(own.db, relation, SUMMARY);
      await own.imat.revert('other');
      await own.imat.revert('summary');
      expect(await catalogListing(own.db)).toEqual(listing);
    },
  );
});

describe('ordinary views on the materialized view', () => {
  test('read fresh data, keep options, rights, comments and OIDs, and come back', async () => {
    await sandbox.sql(`CREATE VIEW direct WITH (security_barrier = true) AS
      SELECT s.*, 'x'::text AS x FROM summary s WHERE s.n > 0;
      CREATE VIEW above AS SELECT count(*) AS n FROM direct;
      CREATE VIEW "odd ""name" AS
      SELECT total FROM public.summary
      UNION ALL
      SELECT total FROM summary;
      CREATE SCHEMA elsewhere;
      CREATE VIEW elsewhere.checked AS
      SELECT region
      FROM sales
      WHERE region IN (SELECT region FROM summary) WITH CASCADED CHECK OPTION;
      GRANT SELECT ON direct TO ${roles.reader};
      COMMENT ON VIEW direct IS 'direct';
      ALTER VIEW direct ALTER COLUMN x SET DEFAULT 'y'`);
    const listing = await catalogListing(sandbox.db);
    await sandbox.imat.convert('summary', { replace: true });
    await sandbox.sql(change(1));
    await expectEqual(
      sandbox.db,
      'public.direct',
      `SELECT s.*, 'x'::text AS x FROM (${SUMMARY}) s WHERE s.n > 0`,
    );
    expect(await sandbox.value('SELECT n FROM above')).toBe('6');
    expect(
      await sandbox.rows(`SELECT region FROM elsewhere.checked WHERE region = 'new'`),
    ).toHaveLength(1);
    expect(await sandbox.value(`SELECT count(*) FROM "odd ""name"`)).toBe('12');
    expect(
      await (await sandbox.session(roles.reader)).rows(`SELECT * FROM direct WHERE region = 'new'`),
    ).toHaveLength(1);
    await sandbox.imat.revert('summary');
    await sandbox.sql('DELETE FROM sales WHERE id > 1000');
    expect(await catalogListing(sandbox.db)).toEqual(listing);
    expect(await sandbox.value('SELECT n FROM above')).toBe('5');
    await sandbox.sql('DROP VIEW above, direct, "odd ""name"; DROP SCHEMA elsewhere CASCADE');
  });

  test('made afterwards on the view, they read the materialized view after revert', async () => {
    await sandbox.imat.convert('summary', { replace: true });
    await sandbox.sql('CREATE VIEW later AS SELECT sum(n) AS n FROM summary');
    await sandbox.sql(change(1));
    expect(await sandbox.value('SELECT n FROM later')).toBe('101');
    await sandbox.imat.revert('summary');
    expect(await sandbox.value('SELECT n FROM later')).toBe('100');
    await sandbox.sql('DROP VIEW later; DELETE FROM sales WHERE id > 1000');
    expect(await catalogListing(sandbox.db)).toEqual(before);
  });

  test('that belong to somebody else cannot be changed: refused, nothing is left', async () => {
    await inSandbox('', async (own) => {
      const [mine, theirs] = [await createRole(own), await createRole(own)];
      const database = await own.value<string>('SELECT current_database()');
      await own.sql(
        `ALTER DATABASE ${database} OWNER TO ${mine}; GRANT CREATE ON SCHEMA public TO ${theirs}`,
      );
      const me = await own.session(mine);
      await me.sql(`${SALES} GRANT SELECT ON summary TO ${theirs}`);
      await (await own.session(theirs)).sql('CREATE VIEW not_mine AS SELECT * FROM summary');
      const listing = await catalogListing(own.db);
      expect(
        await expectImatError('insufficient_privilege', () =>
          me.imat.convert('summary', { replace: true }),
        ),
      ).toMatchObject({
        message: 'must be owner of view not_mine',
      });
      expect(await catalogListing(own.db)).toEqual(listing);
      await own.sql(
        `ALTER DATABASE ${database} OWNER TO CURRENT_USER;
         DROP OWNED BY ${mine}, ${theirs} CASCADE;
         DROP ROLE ${mine}, ${theirs}`,
      );
    });
  });
});

describe('revert', () => {
  test('after the view in its place was dropped, brings the materialized view back', async () => {
    await sandbox.imat.convert('summary', { replace: true });
    await sandbox.sql('DROP VIEW summary');
    expect((await sandbox.imat.doctor()).checks).toContainEqual(
      expect.objectContaining({
        check: 'imat summary',
        status: 'error',
        hint: expect.stringContaining('imat revert summary'),
      }),
    );
    await sandbox.imat.revert('summary');
    expect(await catalogListing(sandbox.db)).toEqual(before);
  });

  test('where something else has the name says so, and works once that is gone', async () => {
    await sandbox.imat.convert('summary', { replace: true });
    await sandbox.sql('DROP VIEW summary; CREATE TABLE summary (mine int)');
    expect(
      await expectImatError('already_exists', () => sandbox.imat.revert('summary')),
    ).toMatchObject({
      message: 'relation "summary" already exists',
      hint: expect.stringContaining('Rename or drop'),
    });
    await sandbox.sql('DROP TABLE summary');
    await sandbox.imat.revert('summary');
    expect(await catalogListing(sandbox.db)).toEqual(before);
  });

  test('with the view in its place renamed or moved', async () => {
    await sandbox.imat.convert('summary', { replace: true });
    await sandbox.sql(
      `CREATE SCHEMA moved;
       ALTER VIEW summary RENAME TO renamed;
       ALTER VIEW renamed SET SCHEMA moved`,
    );
    await expectEqual(sandbox.db, 'moved.renamed', SUMMARY);
    await sandbox.sql(
      `CREATE VIEW follows AS SELECT count(*) AS n FROM moved.renamed;
       ALTER MATERIALIZED VIEW summary_before_imat SET SCHEMA moved`,
    );
    await sandbox.imat.revert('summary');
    expect(
      await sandbox.rows(
        'SELECT FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid WHERE r.ev_class ' +
          "= 'follows'::regclass AND d.refobjid = 'summary'::regclass",
      ),
    ).not.toEqual([]);
    await sandbox.sql('DROP VIEW follows; DROP SCHEMA moved');
    expect(await catalogListing(sandbox.db)).toEqual(before);
  });

  test('refuses while others read the imat itself, and says who', async () => {
    await sandbox.imat.convert('summary', { replace: true });
    await sandbox.sql('CREATE VIEW uses AS SELECT * FROM imat.summary');
    expect(
      await expectImatError('has_dependents', () => sandbox.imat.revert('summary')),
    ).toMatchObject({
      detail: 'public.uses reads imat.summary.',
    });
    await expectEqual(sandbox.db, 'public.summary', SUMMARY);
    await sandbox.sql('DROP VIEW uses');
    await sandbox.imat.revert('summary');
    expect(await catalogListing(sandbox.db)).toEqual(before);
  });

  test('where the original was dropped: the view in its place is in the way, by name', async () => {
    await inSandbox(SALES, async (own) => {
      await own.imat.convert('summary', { replace: true });
      await own.sql('DROP MATERIALIZED VIEW summary_before_imat');
      expect((await own.imat.status('summary')).imats).toMatchObject([
        { original: null, state: 'active' },
      ]);
      expect(
        (await expectImatError('has_dependents', () => own.imat.revert('summary'))).detail,
      ).toContain('public.summary');
      await own.sql('DROP VIEW summary');
      expect(await own.imat.revert('summary')).toEqual({ name: 'summary', original: null });
      expect(await own.rows(`SELECT FROM pg_namespace WHERE nspname LIKE 'imat%'`)).toEqual([]);
    });
  });

  test('of an imat whose materialized view was dropped, or renamed, or refreshed', async () => {
    await inPreparedSandbox(SALES, async (own) => {
      await own.imat.convert('summary');
      await own.sql(
        'ALTER MATERIALIZED VIEW summary RENAME TO renamed; REFRESH MATERIALIZED VIEW renamed',
      );
      expect((await own.imat.status('summary')).imats).toMatchObject([
        { original: 'public.renamed' },
      ]);
      await own.sql('DROP MATERIALIZED VIEW renamed');
      expect((await own.imat.status('summary')).imats).toMatchObject([
        { original: null, state: 'active' },
      ]);
      await own.sql(change(1));
      await expectEqual(own.db, 'imat.summary', SUMMARY);
      expect((await own.imat.explain('summary')).strategy).toBe('delta');
      expect((await own.imat.doctor()).checks.filter((check) => check.status === 'error')).toEqual(
        [],
      );
      expect(await own.imat.revert('summary')).toEqual({ name: 'summary', original: null });
    });
  });
});
