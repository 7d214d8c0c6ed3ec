/**
 * A materialized view is a barrier by nature: a reader's function meets the rows of the answer and
 * no others. So must an imat be, whatever is pending.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  createRole,
  createPreparedSandbox,
  type Sandbox,
  type Session,
} from '../commands/support/sandbox.ts';
import { expectEqual } from '../commands/support/oracle.ts';
import { REBUILT } from '../../setup/rebuilt.ts';

const PEOPLE = `
CREATE TABLE grp (id int PRIMARY KEY, label text NOT NULL);
INSERT INTO grp SELECT i, 'group ' || i FROM generate_series(0, 3) AS i;
CREATE TABLE people (id int, name text, secret int, grp int, at timestamptz DEFAULT '2026-01-01');
INSERT INTO people SELECT i, 'public ' || i % 4, 0, i % 3 FROM generate_series(1, 12) AS i;
INSERT INTO people SELECT 100 + i, 'SECRET stored ' || i, 1, 3 FROM generate_series(1, 3) AS i;`;

type Kind = {
  readonly name: string;
  readonly query: string;
  readonly strategy: 'delta' | 'swap';
  readonly freshness?: string;
};

/** Column \`name\` is what the reader's function looks at. */
const KINDS: readonly Kind[] = [
  {
    name: 'grouped',
    query: 'SELECT name, count(*) AS n FROM public.people WHERE secret = 0 GROUP BY name',
    strategy: 'delta',
  },
  {
    name: 'filtered',
    query: `SELECT name, count(*) AS n, sum(secret) AS s
      FROM public.people
      GROUP BY name
      HAVING sum(secret) = 0`,
    strategy: 'delta',
  },
  {
    name: 'filtered_5s',
    query: `SELECT name, count(*) AS n, sum(secret) AS s
      FROM public.people
      GROUP BY name
      HAVING sum(secret) = 0`,
    strategy: 'delta',
    freshness: '5s',
  },
  {
    name: 'bag',
    query: 'SELECT id, name FROM public.people WHERE secret = 0',
    strategy: 'delta',
  },
  {
    name: 'repeated',
    query: 'SELECT name FROM public.people WHERE secret = 0',
    strategy: 'delta',
  },
  {
    // Stored rows stay or are added up by each of the keys.
    name: 'by_two_keys',
    query: 'SELECT name, grp, count(*) AS n FROM public.people WHERE secret = 0 GROUP BY name, grp',
    strategy: 'delta',
  },
  {
    name: 'filtered_by_two_keys',
    query: `SELECT name, grp, sum(secret) AS s FROM public.people GROUP BY name, grp
          HAVING sum(secret) = 0`,
    strategy: 'delta',
  },
  {
    name: 'joined_rows',
    query: `SELECT g.id, p.name FROM public.people p JOIN public.grp g ON g.id = p.grp
          WHERE p.secret = 0`,
    strategy: 'delta',
  },
  {
    name: 'is_distinct',
    query: 'SELECT DISTINCT name FROM public.people WHERE secret = 0',
    strategy: 'delta',
  },
  {
    name: 'joined',
    query: `SELECT p.name, g.label, count(*) AS n
      FROM public.people p JOIN public.grp g ON g.id = p.grp
      WHERE p.secret = 0
      GROUP BY p.name, g.label`,
    strategy: 'delta',
  },
  {
    name: 'bag_5s',
    query: 'SELECT id, name FROM public.people WHERE secret = 0',
    strategy: 'delta',
    freshness: '5s',
  },
  {
    name: 'swapped',
    query: `${REBUILT}
      SELECT name, max(id) AS id FROM public.people WHERE secret = 0 GROUP BY name`,
    strategy: 'swap',
  },
  {
    name: 'swapped_rows',
    query: 'SELECT id, name FROM public.people WHERE secret = 0 ORDER BY id',
    strategy: 'swap',
  },
  {
    // PostgreSQL flattens a UNION ALL even where it is a view with security_barrier.
    name: 'united',
    query: `SELECT id, name FROM public.people WHERE secret = 0 AND id < 6
      UNION ALL SELECT id, name FROM public.people WHERE secret = 0 AND id >= 6`,
    strategy: 'swap',
  },
  {
    name: 'at_the_moment',
    query: 'SELECT id, name FROM public.people WHERE secret = 0 AND at < now()',
    strategy: 'swap',
  },
  {
    name: 'swapped_5s',
    query: 'SELECT id, name FROM public.people WHERE secret = 0 ORDER BY id',
    strategy: 'swap',
    freshness: '5s',
  },
];

/** What is pending: rows that no answer has ever had, or that it has no more. */
const WRITES = `
INSERT INTO people VALUES (201, 'SECRET new', 1, 1);
BEGIN;
INSERT INTO people VALUES (202, 'SECRET came and went', 0, 1);
UPDATE people SET secret = 1 WHERE id = 202;
COMMIT;
INSERT INTO people VALUES (203, 'public 0', 0, 1), (204, 'public new', 0, 2);`;

let sandbox: Sandbox;
let reader: Session;
let readerName: string;

beforeAll(async () => {
  sandbox = await createPreparedSandbox(PEOPLE);
  readerName = await createRole(sandbox);
  reader = await sandbox.session(readerName);
  await sandbox.sql(`CREATE SCHEMA tools AUTHORIZATION ${readerName}`);
  await reader.sql(`
    CREATE FUNCTION tools.peek(t text) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE COST 0.0000001
    AS $$
    BEGIN
      PERFORM set_config('tools.seen', current_setting('tools.seen', true) || t || ';', false);
      RETURN true;
    END $$;
    CREATE FUNCTION tools.peek(t text, u text) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE COST 0.0000001
    AS $$
    BEGIN PERFORM tools.peek(t), tools.peek(u); RETURN true; END $$;
    CREATE OPERATOR tools.=== (
      LEFTARG = text, RIGHTARG = text, FUNCTION = tools.peek, RESTRICT = eqsel
    )`);
  for (const { name, query, strategy, freshness } of KINDS) {
    await sandbox.sql(`CREATE MATERIALIZED VIEW ${name} AS ${query};
      GRANT SELECT ON ${name} TO ${readerName}`);
    await sandbox.imat.convert(name, {
      strategy,
      ...(freshness === undefined ? {} : { freshness }),
    });
  }
  await sandbox.sql('ANALYZE people');
});
afterAll(async () => {
  await reader.db.close();
  await sandbox.sql(`DROP OWNED BY ${readerName} CASCADE; DROP ROLE ${readerName}`);
  await sandbox.drop();
});

/** What the reader's functions have met while the statement ran. */
async function seenBy(statement: string): Promise<string[]> {
  await reader.db.execute(`SET tools.seen = ''`);
  await reader.rows(statement);
  const seen = await reader.value<string>(`SELECT current_setting('tools.seen')`);
  return seen.split(';').slice(0, -1);
}

async function expectBarrier({ name }: Kind, relation = `imat.${name}`): Promise<void> {
  const shown = (await reader.rows<{ name: string }>(`SELECT name FROM ${relation}`)).map(
    (row) => row.name,
  );
  for (const statement of [
    `SELECT * FROM ${relation} WHERE tools.peek(name)`,
    `SELECT count(*) FROM ${relation} r WHERE tools.peek(r.name) AND r.name > ''`,
    `SELECT * FROM ${relation} a JOIN ${relation} b USING (name) WHERE tools.peek(a.name)`,
    `SELECT EXISTS (SELECT FROM ${relation} WHERE tools.peek(name) AND name = 'no such name')`,
    `SELECT * FROM ${relation} WHERE name LIKE '%e%' AND tools.peek(name) ORDER BY name LIMIT 100`,
    `SELECT name, count(*) FROM ${relation} WHERE tools.peek(name) GROUP BY name`,
  ]) {
    const seen = await seenBy(statement);
    expect(
      [...new Set(seen)].filter((value) => !shown.includes(value)),
      statement,
    ).toEqual([]);
  }
  // The function is there, and is called for what is shown.
  expect(new Set(await seenBy(`SELECT * FROM ${relation} WHERE tools.peek(name)`))).toEqual(
    new Set(shown),
  );
  // The planner asks an operator about the most common values that it knows.
  const estimated = await seenBy(
    `EXPLAIN SELECT * FROM ${relation} WHERE name OPERATOR(tools.===) 'x'`,
  );
  expect(estimated.filter((value) => value.includes('SECRET'))).toEqual([]);
}

describe.each(KINDS)('$name', (kind) => {
  test('with nothing pending', async () => {
    await expectBarrier(kind);
  });

  test('its materialized view is a barrier, which the function shows by being called', async () => {
    await expectBarrier(kind, kind.name);
  });
});

describe('with rows pending', () => {
  beforeAll(async () => {
    for (const statement of WRITES.split(';').filter((text) => text.trim() !== ''))
      await sandbox.sql(statement);
  });

  test.each(KINDS)('$name', async (kind) => {
    if (kind.freshness === undefined)
      await expectEqual(sandbox.db, `imat.${kind.name}`, kind.query);
    await expectBarrier(kind);
  });

  test.each(KINDS)('$name after a row has become secret', async (kind) => {
    await sandbox.sql(`UPDATE people SET secret = 1, name = 'SECRET now' WHERE id = 5`);
    await expectBarrier(kind);
  });

  test('after another freshness, a swap, and in the place of the materialized view', async () => {
    const of = (name: string): Kind => KINDS.find((kind) => kind.name === name) as Kind;
    await sandbox.imat.convert('filtered', { freshness: 'manual' });
    await expectBarrier(of('filtered'));
    await sandbox.imat.convert('filtered', { freshness: 'live', replace: true });
    await sandbox.imat.convert('united', { replace: true });
    await sandbox.imat.swap('united');
    await sandbox.sql(`INSERT INTO people VALUES (300, 'SECRET again', 1, 1)`);
    for (const name of ['filtered', 'united']) {
      await expectBarrier(of(name));
      await expectBarrier(of(name), name);
    }
  });
});

test('conditions on keys still reach indexes and logs', async () => {
  await sandbox.sql(`CREATE TABLE many (i int, t text, u uuid, z timestamptz);
    INSERT INTO many
    SELECT n, 'k' || n, md5(n::text)::uuid, '2026-01-01'::timestamptz + n * interval '1 min'
    FROM generate_series(1, 5000) AS n;`);
  const keys = {
    i: '500',
    t: `'k500'`,
    u: `md5('500')::uuid`,
    z: `'2026-01-01 08:20'::timestamptz`,
  };
  for (const key of Object.keys(keys)) {
    await sandbox.imat.create(
      `by_${key}`,
      `SELECT ${key}, count(*) AS n FROM many GROUP BY ${key}`,
    );
  }
  await sandbox.sql(
    `INSERT INTO many
     SELECT n, 'k' || n, md5(n::text)::uuid, '2026-01-01'::timestamptz + n * interval '1 min'
     FROM generate_series(1, 100) AS n`,
  );
  for (const [key, value] of Object.entries(keys)) {
    const plan = await sandbox.rows<Record<string, string>>(
      `EXPLAIN (COSTS OFF) SELECT * FROM imat.by_${key} WHERE ${key} = ${value}`,
    );
    const text = plan.map((row) => row['QUERY PLAN']).join('\n');
    // In the state alone, and in the state with what is pending.
    expect(text.match(/Index Cond/g)?.length, text).toBeGreaterThanOrEqual(2);
    expect(text).not.toMatch(/Seq Scan on state_/);
    expect(text).toMatch(/Scan on log_public_many l\n\s+Filter: .*c\d = /);
  }
});
