/** Bars and sparklines of imat stats: only on a terminal, within its width, as NO_COLOR asks. */
import stringWidth from 'string-width';
import { describe, expect, test } from 'vitest';
import type { ChangeStatistics, StatisticsOptions } from '../../engine/accounting-api.ts';
import { runFake, type Setting } from './fake-host.ts';

const PLAIN = { DATABASE_URL: 'postgres://somebody@somewhere/something', NO_COLOR: '1' };

function found(by: StatisticsOptions['by'], values: readonly number[]): ChangeStatistics {
  const rows = values.map((rows, i) => ({
    schema: by === 'mark' ? null : 'public',
    table: by === 'mark' ? null : `t${i}`,
    firstMark: `m${i}`,
    lastMark: null,
    role: by === 'role' ? 'ann' : null,
    verb: by === 'verb' ? 'INSERT' : null,
    rows,
  }));
  return { group: 'g', from: null, to: null, by, rows };
}

async function printed(
  by: StatisticsOptions['by'],
  values: readonly number[],
  setting: Setting = {},
  ...flags: string[]
): Promise<string> {
  const statistics = async (): Promise<ChangeStatistics> => found(by, values);
  const ran = await runFake(['stats', 'g', '--by', by, ...flags], {
    environment: PLAIN,
    terminal: true,
    accounting: { statistics },
    ...setting,
  });
  expect([ran.status, ran.stderr]).toEqual([0, '']);
  return ran.stdout;
}

const CHART = /[▁-▏]/;

describe.each(['table', 'role', 'verb'] as const)('by %s', (by) => {
  test('a bar is in proportion, nothing for 0 and never less than the thinnest', async () => {
    const lines = (await printed(by, [8000, 4000, 1, 0])).trimEnd().split('\n').slice(2);
    const bars = lines.map((line) => /[█-▏]*$/.exec(line)?.[0] ?? '');
    expect(bars[0]).toMatch(/^█{8,40}$/);
    expect((bars[1] ?? '').length * 2).toBeGreaterThanOrEqual((bars[0] ?? '').length);
    expect((bars[1] ?? '').length * 2).toBeLessThanOrEqual((bars[0] ?? '').length + 2);
    expect(bars.slice(2)).toEqual(['▏', '']);
  });

  test('no line is wider than the terminal; a narrow one has the bars below', async () => {
    for (const columns of [60, 80, 200]) {
      const lines = (await printed(by, [8000, 4000], { columns })).split('\n');
      expect(Math.max(...lines.map((line) => stringWidth(line)))).toBeLessThan(columns);
    }
    const narrow = await printed(by, [8000, 4000], { columns: 40 });
    const [table = '', below = ''] = narrow.trimEnd().split('\n\n');
    expect(table).not.toMatch(CHART);
    expect(below).toMatch(/^public t0.*  █{8,}\npublic t1.*  █+▌?$/);
    expect(await printed(by, [8000, 4000], { columns: 18 })).not.toMatch(CHART);
  });
});

test('by mark there is a sparkline over the intervals', async () => {
  const text = await printed('mark', [0, 1, 4, 8]);
  expect(text).toContain('\nOver marks: ▁▁▄█\nThe highest is 8 rows in an interval.\n');
});

test('more intervals than columns are added up', async () => {
  const text = await printed(
    'mark',
    Array.from({ length: 1000 }, () => 3),
    { columns: 60 },
  );
  expect(text).toContain('The highest is 66 rows in 22 intervals.');
  const line = /^Over marks: .*$/m.exec(text)?.[0] ?? '';
  expect(stringWidth(line)).toBeLessThan(60);
});

test('one interval, and nothing but zeros, are no reason to fail', async () => {
  expect(await printed('mark', [5])).not.toMatch(CHART);
  expect(await printed('mark', [0, 0])).toContain('Over marks: ▁▁\n');
  expect(await printed('table', [0, 0])).not.toMatch(CHART);
});

test.each(['table', 'mark'] as const)(
  'by %s: none without a terminal, nor as CSV or JSON',
  async (by) => {
    expect(await printed(by, [1, 2])).toMatch(CHART);
    expect(await printed(by, [1, 2], { terminal: false })).not.toMatch(CHART);
    for (const flag of ['--csv', '--json'])
      expect(await printed(by, [1, 2], {}, flag)).not.toMatch(CHART);
  },
);

test('they have a colour, unless NO_COLOR or TERM=dumb says otherwise', async () => {
  const environment = { DATABASE_URL: PLAIN.DATABASE_URL };
  const escape = '\u001b[36m';
  for (const by of ['table', 'mark'] as const) {
    expect(await printed(by, [1, 2], { environment })).toContain(escape);
    const empty = { ...environment, NO_COLOR: '' };
    expect(await printed(by, [1, 2], { environment: empty })).toContain(escape);
    expect(await printed(by, [1, 2])).not.toContain(escape);
    const dumb = { ...environment, TERM: 'dumb' };
    expect(await printed(by, [1, 2], { environment: dumb })).not.toContain(escape);
  }
});
