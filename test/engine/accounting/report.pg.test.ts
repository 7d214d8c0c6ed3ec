/** The data and the page of a report, against counts that the writers keep themselves. */
import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import type { GroupReport } from '../../../engine/accounting-api.ts';
import type { Sandbox } from '../commands/support/sandbox.ts';
import { createRole, inPreparedSandbox } from '../commands/support/sandbox.ts';
import { expectImatError } from '../commands/support/expect-imat-error.ts';
import { numberIn, rowsOf } from '../report/support.ts';
import { newWorker } from '../../workers/support/passes.ts';
import { literal } from './support/world.ts';

const HOSTILE = [
  '<script>alert(1)</script>',
  `Grö"ße 'x' & <b>`,
  'a\nb\u202e',
  "'; DROP TABLE t; --",
];
const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
const SETUP = `CREATE TABLE t (id int, v int); CREATE SEQUENCE s; CREATE SEQUENCE down INCREMENT -2;
  ${HOSTILE.map((name) => `CREATE TABLE ${quoted(name)} (id int, v int);`).join('\n')}`;

type Counts = Map<string, number>;
const add = (counts: Counts, key: readonly unknown[], rows: number): void => {
  const text = JSON.stringify(key);
  if (rows > 0) counts.set(text, (counts.get(text) ?? 0) + rows);
};

/** Writes of two roles with marks between them, counted as they are made. */
async function write(world: Sandbox, role: string): Promise<Counts> {
  const counts: Counts = new Map();
  const other = await world.session(role);
  const own = await world.value<string>('SELECT session_user::text');
  const tables = ['t', ...HOSTILE];
  const held = new Map(tables.map((table) => [table, 0]));
  for (let interval = 0; interval < 7; interval++) {
    for (const [i, table] of tables.entries()) {
      const name = quoted(table);
      const [session, who] = (interval + i) % 3 === 0 ? [other, role] : [world, own];
      const rows = (interval * 5 + i * 7) % 11;
      await session.sql(
        `INSERT INTO ${name} SELECT g, ${interval} FROM generate_series(1, ${rows}) g`,
      );
      add(counts, [interval, table, who, 'INSERT'], rows);
      await session.sql(`BEGIN; DELETE FROM ${name}; ROLLBACK`);
      const all = (held.get(table) ?? 0) + rows;
      if (interval % 3 === 1) {
        await session.sql(`UPDATE ${name} SET v = v`);
        add(counts, [interval, table, who, 'UPDATE'], all);
      }
      if (interval === 4) {
        await world.sql(`TRUNCATE ${name}`);
        add(counts, [interval, table, own, 'TRUNCATE'], all);
      }
      held.set(table, interval === 4 ? 0 : all);
    }
    await world.sql(
      `SELECT nextval('s') FROM generate_series(1, ${interval}); SELECT nextval('down')`,
    );
    if (interval === 2) await world.imat.accounting.foldCounts();
    if (interval < 6) await world.imat.accounting.setMark('g', `m${interval + 1}`);
  }
  return counts;
}

const found = ({ changes }: GroupReport): Counts =>
  new Map(
    changes.map(({ interval, table, role, verb, rows }) => [
      JSON.stringify([interval, table, role, verb]),
      rows,
    ]),
  );

/** The counts without some parts of their keys. */
function summedBy(counts: Counts, of: (key: readonly unknown[]) => readonly unknown[]): Counts {
  const sums: Counts = new Map();
  for (const [key, rows] of counts) add(sums, of(JSON.parse(key) as unknown[]), rows);
  return sums;
}

const shown = (name: unknown): string =>
  String(name).replace('\n', '\\u000a').replace('\u202e', '\\u202e');

test('each number is the one that the writers counted, whatever names there are', async () => {
  await inPreparedSandbox(SETUP, async (world) => {
    const { accounting } = world.imat;
    const role = `<i>"r'ö_${randomBytes(4).toString('hex')}`;
    await world.sql(`CREATE ROLE ${quoted(role)} LOGIN;
      GRANT ALL ON ALL TABLES IN SCHEMA public TO ${quoted(role)}`);
    await accounting.createGroup('g', ['t', 's', 'down', ...HOSTILE.map(quoted)]);
    const counts = await write(world, role);
    const { data, html } = await accounting.report();
    const [report] = data.groups;
    if (report === undefined) throw new Error('there is one group');
    expect(found(report)).toEqual(counts);
    expect(report.intervals.map(({ lastMark }) => lastMark)).toEqual([
      'm1',
      'm2',
      'm3',
      'm4',
      'm5',
      'm6',
      null,
    ]);
    const totals = summedBy(counts, ([, table]) => [shown(table)]);
    expect(pageCounts(html, 'tables', [1])).toEqual(totals);
    expect(pageCounts(html, 'roles', [3, 0, 1])).toEqual(
      summedBy(counts, ([, table, who, verb]) => [shown(table), who, verb]),
    );
    const starts = report.intervals.map(({ firstMark }) => firstMark);
    expect(pageCounts(html, 'intervals', [0, 4])).toEqual(
      summedBy(counts, ([interval, table]) => [starts[Number(interval)], shown(table)]),
    );
    const sql = await world.rows<{ t: string; n: string }>(
      `SELECT stat_table AS t, stat_rows AS n FROM imat.log_stat_group('g', NULL, NULL)`,
    );
    expect(new Map(sql.map(({ t, n }) => [JSON.stringify([shown(t)]), Number(n)]))).toEqual(totals);
    expect(rowsOf(html, 'sequences').map((row) => row.slice(1, 3))).toEqual([
      ['s', '21'],
      ['down', '7'],
    ]);
    expectSafe(html);
    const part = await accounting.report({ group: 'g', from: 'm2', to: 'm5' });
    expect(pageCounts(part.html, 'tables', [1])).toEqual(
      summedBy(
        new Map([...counts].filter(([key]) => [2, 3, 4].includes(JSON.parse(key)[0] as number))),
        ([, table]) => [shown(table)],
      ),
    );
    await world.sql(`DROP OWNED BY ${quoted(role)}`);
  });
});

/** The last column of a table by some of the others. */
function pageCounts(html: string, name: string, key: readonly number[]): Counts {
  return new Map(
    rowsOf(html, name).map((row) => [
      JSON.stringify(key.map((column) => row[column])),
      numberIn(row.at(-1)),
    ]),
  );
}

/** Nothing to run, nothing to load. */
function expectSafe(html: string): void {
  expect(html).not.toMatch(/<(?:script|img|iframe|link|object|embed|use|image|a href="(?!#))/i);
  expect(html).not.toMatch(/@import|url\(|\u202e/i);
  expect(html).toContain('content="default-src &#39;none&#39;;');
}

test('groups that are empty, have one mark, or were stopped', async () => {
  await inPreparedSandbox(SETUP, async (world) => {
    const { accounting } = world.imat;
    await accounting.createGroup('empty', []);
    await accounting.createGroup('one', ['t']);
    await accounting.createGroup('stopped', ['t', 's']);
    await world.sql('INSERT INTO t VALUES (1), (2)');
    await accounting.stopGroup('stopped');
    await world.sql('INSERT INTO t VALUES (3)');
    const { data, html } = await accounting.report();
    expect(data.groups.map(({ group, intervals }) => [group, intervals.length])).toEqual([
      ['empty', 1],
      ['one', 1],
      ['stopped', 2],
    ]);
    expect(rowsOf(html, 'tables', 0)).toEqual([]);
    expect(rowsOf(html, 'tables', 1)).toEqual([['public', 't', '3']]);
    expect(rowsOf(html, 'tables', 2)).toEqual([['public', 't', '2']]);
    expect(html).toContain('No table or sequence was in the group in this range.');
    expect(html).toContain('The group is stopped.');
    expect(html).toContain('nothing was counted in grey areas');
    await world.sql(`SELECT imat.delete_mark('one', mark_name) FROM imat.list_marks('one')`);
    const unmarked = (await accounting.report({ group: 'one', from: '', to: '' })).html;
    expect(rowsOf(unmarked, 'intervals').map((row) => [row[0], row[1], row[5]])).toEqual([
      ['the beginning', 'now', '3'],
    ]);
    await accounting.setMark('one', 'm');
    const last = { group: 'one', from: 'LAST_MARK', to: 'EMAJ_LAST_MARK' };
    const nothing = await accounting.report(last);
    expect(nothing.data.groups[0]?.intervals).toEqual([]);
    expect(nothing.html).toContain('The range ends at the mark at which it begins.');
    expect(rowsOf(nothing.html, 'tables')).toEqual([['public', 't', '0']]);
  });
});

test('under writers, all numbers of a page are of one snapshot', async () => {
  await inPreparedSandbox(SETUP, async (world) => {
    const { accounting } = world.imat;
    await accounting.createGroup('g', ['t']);
    const [writer, marker] = [await world.session(), await world.session()];
    let stop = false;
    const writing = (async () => {
      while (!stop) await writer.sql('INSERT INTO t VALUES (1); DELETE FROM t');
    })();
    const marking = (async () => {
      while (!stop) await marker.sql(`SELECT imat.set_mark('g', '%'); SELECT imat.fold_counts()`);
    })();
    try {
      let last = 0;
      for (let i = 0; i < 8; i++) {
        const { html } = await accounting.report({ group: 'g' });
        const sums = ['tables', 'roles', 'intervals'].map((name) =>
          rowsOf(html, name).reduce((sum, row) => sum + numberIn(row.at(-1)), 0),
        );
        expect(new Set(sums).size).toBe(1);
        expect(sums[0]).toBeGreaterThanOrEqual(last);
        last = sums[0] ?? 0;
      }
      expect(last).toBeGreaterThan(0);
    } finally {
      stop = true;
      await Promise.all([writing, marking]);
    }
  });
});

test('thousands of intervals are joined, with exact sums, on a small page', async () => {
  const tables = Array.from({ length: 40 }, (_, i) => `t${i}`);
  const setup = tables.map((table) => `CREATE TABLE ${table} (id int);`).join('');
  await inPreparedSandbox(setup, async (world) => {
    await world.imat.accounting.createGroup('g', tables);
    const one = tables.map((table) => `INSERT INTO ${table} VALUES (1);`).join('');
    for (let part = 0; part < 20; part++)
      await world.sql(
        Array.from(
          { length: 150 },
          (_, i) =>
            `${i % 15 === 0 ? one : ''} SELECT imat.set_mark('g', 'm ${part} ${i}'); COMMIT;`,
        ).join('\n'),
      );
    await world.imat.accounting.foldCounts();
    const { data, html } = await world.imat.accounting.report({ group: 'g' });
    const [report] = data.groups;
    expect(report?.marks).toHaveLength(3001);
    expect(report?.intervals).toHaveLength(116);
    expect(report?.intervals.reduce((sum, { joined }) => sum + joined, 0)).toBe(3001);
    expect(html).toContain('The 3,001 intervals between marks are joined to');
    expect(rowsOf(html, 'tables').map((row) => row[2])).toEqual(tables.map(() => '200'));
    expect(rowsOf(html, 'intervals').reduce((sum, row) => sum + numberIn(row.at(-1)), 0)).toBe(
      8000,
    );
    expect(html.length).toBeLessThan(3_000_000);
  });
});

test('schema changes and runs of imats are beside the changes', async () => {
  await inPreparedSandbox(SETUP, async (world) => {
    const { accounting } = world.imat;
    await world.sql(
      `CREATE MATERIALIZED VIEW "sum <b>" AS SELECT v, count(*) AS n FROM t GROUP BY v`,
    );
    await world.imat.convert('"sum <b>"', { freshness: '1s' });
    await accounting.createGroup('g', ['t']);
    await world.sql('INSERT INTO t VALUES (1, 1)');
    await world.sql('ALTER TABLE t ADD COLUMN "<u>" int');
    expect(await accounting.compareSchema()).toBeGreaterThan(0);
    const worker = newWorker(world.url, {});
    await worker.once();
    await worker.stop();
    const { data, html } = await accounting.report();
    const schema = rowsOf(html, 'schema').map((row) => row.slice(2, 5));
    expect(schema).toContainEqual(['public.t', 'column <u>', expect.stringMatching(/^create/)]);
    expect(schema).toHaveLength(
      Number(
        await world.value(`SELECT count(*) FROM imat.schema_changes
        WHERE at >= ${literal(data.groups[0]?.from.at ?? '')}`),
      ),
    );
    const since = literal(data.groups[0]?.from.at ?? '');
    const runs = await world.rows<{ name: string; action: string; n: string; r: string }>(
      `SELECT name, action, sum(times) AS n, coalesce(sum(rows), 0) AS r
       FROM imat_catalog.history WHERE ended_at >= ${since} GROUP BY 1, 2
       ORDER BY 1, min(started_at)`,
    );
    expect(runs).not.toEqual([]);
    expect(rowsOf(html, 'runs').map((row) => [row[0], row[1], row[2], row[4]])).toEqual(
      runs.map(({ name, action, n, r }) => [name, action, n, r]),
    );
    expectSafe(html);
  });
});

test('a role sees its groups, and is told what it may not read', async () => {
  await inPreparedSandbox(SETUP, async (world) => {
    const role = await createRole(world);
    await world.imat.accounting.createGroup('g', ['t']);
    const { imat } = await world.session(role);
    const none = await expectImatError('not_found', () => imat.accounting.report());
    expect(none.message).toBe('there is no group to report on');
    await expect(imat.accounting.report({ group: 'g' })).rejects.toThrow('permission denied');
    await world.sql(`GRANT SELECT ON t TO ${role}; INSERT INTO t VALUES (1)`);
    const { data, html } = await imat.accounting.report();
    expect(data.groups[0]?.runs).toBeNull();
    expect(html).toContain('This role may not read the runs of workers');
    expect(rowsOf(html, 'tables')).toEqual([['public', 't', '1']]);
    await world.imat.grantMonitor(role);
    expect((await imat.accounting.report()).data.groups[0]?.runs).toEqual([]);
  });
});

test('what does not exist, and marks in the wrong order, are refused with a hint', async () => {
  await inPreparedSandbox(SETUP, async (world) => {
    const { accounting } = world.imat;
    const empty = await expectImatError('not_found', () => accounting.report());
    expect([empty.detail, empty.hint]).toEqual([expect.any(String), expect.any(String)]);
    await accounting.createGroup('g', ['t']);
    await accounting.setMark('g', 'a');
    await accounting.setMark('g', 'b');
    for (const [condition, options] of [
      ['not_found', { group: 'no <b>' }],
      ['not_found', { group: 'g', from: 'no' }],
      ['not_found', { to: 'no' }],
      ['invalid_argument', { group: 'g', from: 'b', to: 'a' }],
    ] as const)
      expect((await expectImatError(condition, () => accounting.report(options))).hint).toMatch(
        /\S/,
      );
  });
});
