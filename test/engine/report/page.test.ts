/** The page from data alone: limits, equal labels, ranges without a length, negative numbers. */
import { parseHTML } from 'linkedom';
import { expect, test } from 'vitest';
import type { GroupReport, ReportData } from '../../../engine/accounting-api.ts';
import { reportPage } from '../../../engine/report/page.ts';
import { rowsOf } from './support.ts';

const at = (second: number) => ({
  at: `2026-11-26T08:00:${String(second).padStart(2, '0')}.000000Z`,
  ms: Date.UTC(2026, 10, 26, 8, 0, second),
});

const EMPTY: GroupReport = {
  group: 'g',
  owner: 'ann',
  isCounting: true,
  from: at(0),
  to: at(10),
  marks: [{ name: 'start', ...at(0), isStop: false, comment: null }],
  intervals: [{ firstMark: 'start', lastMark: null, from: at(0), to: at(10), joined: 1 }],
  tables: [],
  changes: [],
  sequences: [],
  increments: [],
  schemaChanges: [],
  schemaChangesLeftOut: 0,
  runs: [],
};

const page = (...groups: readonly Partial<GroupReport>[]): string => {
  const data: ReportData = {
    database: 'd & <d>',
    madeAt: at(10).at,
    groups: groups.map((group) => ({ ...EMPTY, ...group })),
  };
  return reportPage(data);
};

const parsed = (html: string) => parseHTML(html).document;
const plots = (html: string) => [...parsed(html).querySelectorAll('.plot svg')];

/** A change of each of these tables, all by one role. */
function changed(names: readonly string[], role = 'ann'): Partial<GroupReport> {
  const changes = names.map((table, i) => ({
    interval: 0,
    schema: 'public',
    table,
    role,
    verb: 'INSERT',
    rows: names.length - i,
  }));
  return { tables: changes.map(({ schema, table, rows }) => ({ schema, table, rows })), changes };
}

test('a group without tables has no plot, and says so', () => {
  const html = page({});
  expect(plots(html)).toEqual([]);
  expect(html).toContain('No table or sequence was in the group in this range.');
  expect(parsed(html).querySelector('title')?.textContent).toBe('Changes of d & <d>');
});

test('several groups have a list of links, each with a place', () => {
  const document = parsed(page({ group: '<b>' }, { group: '"' }));
  const links = [...document.querySelectorAll('nav a')];
  expect(links.map((link) => link.textContent)).toEqual(['<b>', '"']);
  for (const link of links)
    expect(document.querySelector(`h2${link.getAttribute('href') ?? ''}`)).not.toBeNull();
});

test('more tables than colours share the last one, and all are in the table', () => {
  const names = Array.from({ length: 40 }, (_, i) => `t${i}`);
  const html = page(changed(names));
  const legend = [...parsed(html).querySelectorAll('.legend')][0];
  expect(legend?.querySelectorAll('li')).toHaveLength(8);
  expect(legend?.textContent).toContain('33 other tables');
  expect(rowsOf(html, 'tables').map((row) => row[1])).toEqual(names);
  const heights = [...(plots(html)[0]?.querySelectorAll('[aria-label="rect"] rect') ?? [])];
  expect(heights).toHaveLength(8);
});

test('of very many rows the first are there, and the page says so', () => {
  const html = page(changed(Array.from({ length: 6000 }, (_, i) => `t${i}`)));
  expect(rowsOf(html, 'tables')).toHaveLength(5000);
  expect(html).toContain('The first 5,000 of 6,000 rows.');
  expect(html.length).toBeLessThan(3_000_000);
});

test('roles with equal beginnings stay apart', () => {
  const roles = ['a', 'b'].map((end) => 'x'.repeat(60) + end);
  const html = page({
    ...changed(['t']),
    changes: roles.flatMap((role) => changed(['t'], role).changes ?? []),
  });
  const bars = plots(html)[2]?.querySelectorAll('[aria-label="bar"] rect');
  expect([...(bars ?? [])].map((bar) => bar.querySelector('title')?.textContent)).toEqual(
    roles.map((role) => `${role} INSERT: 1`),
  );
});

test('a range without a length, and a sequence that went back, are drawn with numbers', () => {
  const html = page({
    to: at(0),
    intervals: [{ firstMark: 'start', lastMark: null, from: at(0), to: at(0), joined: 1 }],
    sequences: [{ schema: 'public', sequence: 's', increments: -7, structureChanged: true }],
    increments: [{ interval: 0, schema: 'public', sequence: 's', increments: -7 }],
  });
  expect(rowsOf(html, 'sequences')).toEqual([['public', 's', '-7', 'yes']]);
  expect(html).not.toMatch(/NaN|undefined|Infinity/);
});

test('no more rows of runs are drawn than have room, and all are in the table', () => {
  const runs = Array.from({ length: 60 }, (_, i) => ({
    imat: `imat ${i}`,
    action: i % 2 === 0 ? 'fold' : 'skip',
    from: at(1),
    to: at(2),
    runs: 3,
    rows: 4,
    ms: 5.4,
    failures: i === 0 ? 1 : 0,
  }));
  const idle = { imat: 'idle', action: null, from: null, to: null };
  const html = page({ runs: [...runs, { ...idle, runs: 0, rows: 0, ms: 0, failures: 0 }] });
  expect(plots(html)[0]?.querySelectorAll('[aria-label="rule"] line')).toHaveLength(24);
  expect(rowsOf(html, 'runs')).toHaveLength(61);
  expect(rowsOf(html, 'runs')[0]).toEqual([
    'imat 0',
    'fold',
    '3',
    '1',
    '4',
    '5',
    '2026-11-26 08:00:02',
  ]);
  expect(rowsOf(html, 'runs').at(-1)?.slice(0, 3)).toEqual(['idle', 'nothing', '0']);
});

test('a stop is a grey area up to the next mark', () => {
  const marks = [
    { name: 'start', ...at(0), isStop: false, comment: null },
    { name: 'stop', ...at(3), isStop: true, comment: 'why <b>' },
    { name: 'again', ...at(6), isStop: false, comment: null },
  ];
  const html = page({ ...changed(['t']), marks });
  expect(plots(html)[0]?.querySelectorAll('[fill="var(--stop)"] rect')).toHaveLength(1);
  expect(rowsOf(html, 'marks')[1]).toEqual([
    'stop',
    '2026-11-26 08:00:03',
    'why <b>',
    'stopped here',
  ]);
});

test('schema changes that are left out are counted', () => {
  const change = {
    ...at(5),
    notBefore: at(4).at,
    notBeforeMs: at(4).ms,
    xid: null,
    printedXid: null,
    role: null,
    command: null,
    object: 'public.t',
    type: 'column',
    part: '</td>',
    kind: 'alter' as const,
    before: { type: 'integer' },
    after: { type: '<b>' },
    source: 'fingerprint' as const,
    imats: [],
  };
  const html = page({ schemaChanges: [change], schemaChangesLeftOut: 1234 });
  expect(html).toContain('1,234 older schema changes are left out.');
  expect(rowsOf(html, 'schema')[0]?.slice(2, 5)).toEqual([
    'public.t',
    'column </td>',
    'alter: type "integer" → "<b>"',
  ]);
});
