/**
 * A statement that meets a TRUNCATE or an ALTER TABLE under way reads the rows before it or after
 * it: it waits before it takes its snapshot, also for tables that a view reads by functions alone.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  createPreparedWorld,
  expectExact,
  outcomeOf,
  sqlstateOf,
  untilBlocked,
  type Checked,
  type Session,
  type World,
} from '../commands/support/world.ts';
import { foldAll } from '../../setup/fold-all.ts';

const READ: Readonly<Record<string, string>> = {
  join: `SELECT d.name, count(*) AS n, sum(l.qty) AS qty FROM public.line l
    JOIN public.purchase p ON p.id = l.purchase JOIN public.land d ON d.id = p.land
    GROUP BY d.name`,
  extreme: 'SELECT purchase, max(qty) AS most, count(*) AS n FROM public.line GROUP BY purchase',
  groups: `SELECT p.id, p.land, t.qty FROM public.purchase p
    LEFT JOIN (SELECT purchase, sum(qty) AS qty FROM public.line GROUP BY purchase) AS t
      ON t.purchase = p.id`,
};
const OTHERS: Readonly<Record<string, string>> = {
  alone: 'SELECT purchase, sum(qty) AS qty FROM public.line GROUP BY purchase',
  parted: `SELECT d.name, count(*) AS n FROM public.part t
    JOIN public.purchase p ON p.id = t.purchase JOIN public.land d ON d.id = p.land
    GROUP BY d.name`,
};
const CHECKED: readonly Checked[] = Object.entries({ ...READ, ...OTHERS }).map(
  ([name, definition]) => ({ name, definition }),
);
const FILL = `INSERT INTO line SELECT i % 20, n, i * n FROM generate_series(1, 400) AS i,
  generate_series(1, 2) AS n`;
/** What reads lines again: a land's name, and a maximum that is gone. */
const PENDING = `UPDATE land SET name = name || '+' WHERE id = 1;
  DELETE FROM line WHERE purchase = 3 AND qty > 600`;
const UNDER_WAY = {
  'a TRUNCATE of which the rows are loaded again': `TRUNCATE line; ${FILL}; DELETE FROM line
    WHERE purchase = 4`,
  'an ALTER TABLE that writes all rows again':
    'ALTER TABLE line ADD COLUMN seen timestamptz DEFAULT clock_timestamp()',
};

let world: World;
let writer: Session;
let reader: Session;
beforeAll(async () => {
  world = await createPreparedWorld(`
CREATE TABLE land (id int PRIMARY KEY, name text);
CREATE TABLE purchase (id int PRIMARY KEY, land int);
CREATE TABLE line (purchase int, number int, qty int);
CREATE TABLE part (purchase int, number int) PARTITION BY RANGE (number);
CREATE TABLE part1 PARTITION OF part DEFAULT;
INSERT INTO part SELECT i % 20, i FROM generate_series(1, 100) AS i;
INSERT INTO land SELECT i, 'land ' || i FROM generate_series(0, 4) AS i;
INSERT INTO purchase SELECT i, i % 5 FROM generate_series(0, 19) AS i;
${FILL}; ANALYZE`);
  for (const { name, definition } of CHECKED) {
    const { strategy } = await world.imat.create(name, definition);
    expect(strategy, name).toBe('delta');
  }
  [writer, reader] = [await world.session(), await world.session()];
});
afterAll(() => world.drop());
beforeEach(async () => {
  await world.sql(`ALTER TABLE line DROP COLUMN IF EXISTS seen; TRUNCATE line; ${FILL}`);
  await foldAll(world.imat);
  await world.sql(PENDING);
});

const rowsOf = (session: Session, query: string): Promise<string[]> =>
  session
    .rows<{ row: string }>(query)
    .then((rows) => rows.map((row) => JSON.stringify(row)).toSorted());

describe.each(Object.entries(UNDER_WAY))('%s', (_what, command) => {
  test.each(Object.keys(READ))('%s, in a query and in a prepared one', async (name) => {
    const query = `SELECT * FROM imat.${name}`;
    await reader.sql(`SET plan_cache_mode = force_generic_plan; PREPARE r AS ${query}; EXECUTE r`);
    try {
      for (const read of [query, 'EXECUTE r']) {
        const before = await rowsOf(world, query);
        await writer.sql(`BEGIN; ${command}`);
        const answer = rowsOf(reader, read);
        await untilBlocked(world, reader.pid);
        await writer.sql('COMMIT');
        const after = await rowsOf(world, query);
        expect([before, after]).toContainEqual(await answer);
        await world.sql(`ALTER TABLE line DROP COLUMN IF EXISTS seen; ${PENDING}`);
      }
    } finally {
      await writer.sql('ROLLBACK');
      await reader.sql('DEALLOCATE ALL; RESET plan_cache_mode');
    }
    await expectExact(world, CHECKED);
  });
});

test.each(Object.keys(READ))(
  'a cursor over %s keeps its tables before it is read',
  async (name) => {
    const before = await rowsOf(world, `SELECT * FROM imat.${name}`);
    await reader.sql(`BEGIN; DECLARE c CURSOR FOR SELECT * FROM imat.${name}`);
    try {
      await writer.sql(`SET lock_timeout = '100ms'`);
      expect(await sqlstateOf(writer.sql('TRUNCATE line'))).toBe('55P03');
      expect(await rowsOf(reader, 'FETCH ALL FROM c')).toEqual(before);
    } finally {
      await reader.sql('COMMIT');
      await writer.sql('RESET lock_timeout');
    }
  },
);

/** Before PostgreSQL has read the table, its snapshot is older than what the table has. */
const UNLOCKED = {
  'one table, computed anew': ['UPDATE line SET qty = qty + 1', 'alone', 'TRUNCATE line', FILL],
  'a partition': [PENDING, 'parted', 'TRUNCATE part1', 'INSERT INTO part VALUES (1, 2)'],
} as const;

test.each(Object.entries(UNLOCKED))('%s: an error instead of other rows', async (_what, steps) => {
  const [pending, name, truncate, fill] = steps;
  const query = `SELECT * FROM imat.${name}`;
  await world.sql(`INSERT INTO line SELECT i % 20, i, i FROM generate_series(1, 40000) AS i`);
  await foldAll(world.imat);
  await world.sql(pending);
  await writer.sql(`BEGIN; ${truncate}; ${fill}`);
  try {
    const answer = outcomeOf(reader.rows(query));
    await untilBlocked(world, reader.pid);
    await writer.sql('COMMIT');
    expect(await answer).toMatchObject({ sqlstate: '40001' });
  } finally {
    await writer.sql('ROLLBACK');
  }
  await expectExact(world, CHECKED);
});
