import stringWidth from 'string-width';
import { describe, expect, test } from 'vitest';
import { bytes, counted, duration, table, value } from '../../cli/output.ts';
import { explanationSql, explanationText } from '../../cli/explanation.ts';
import { convertText, imatFields, imatsTable } from '../../cli/render.ts';
import { CONVERTED, EXPLANATION, STATUS } from './samples.ts';

describe('tables', () => {
  test('columns are aligned, figures to the right, without trailing spaces', () => {
    const text = table(
      [{ title: 'name' }, { title: 'rows', align: 'right' }, { title: 'note' }],
      [
        ['a', '1', 'x'],
        ['longer', '12345', ''],
      ],
    );
    expect(text.split('\n')).toEqual([
      'name     rows  note',
      '------  -----  ----',
      'a           1  x',
      'longer  12345',
    ]);
  });

  test('wide characters count for two columns, combining marks for none', () => {
    expect(stringWidth('東京')).toBe(4);
    expect(stringWidth('e\u0301')).toBe(1);
    expect(stringWidth('🦆')).toBe(2);
    const [, , tokyo, paris] = table(
      [{ title: 'city' }, { title: 'n' }],
      [
        ['東京', '1'],
        ['Paris', '2'],
      ],
    ).split('\n');
    expect(stringWidth(tokyo ?? '')).toBe(stringWidth(paris ?? ''));
  });

  test('a value of the database cannot break the line or reach the terminal as an escape', () => {
    const text = table([{ title: 'v' }], [['a\nb\t\u001b[31mred\u0000']]);
    expect(text).toContain('a\\nb\\t\\x1b[31mred\\x00');
  });

  test('NULL is a word, and text is not quoted', () => {
    expect([value(null), value('NULL'), value(12), value(true), value({ a: 1 })]).toEqual([
      'NULL',
      'NULL',
      '12',
      'true',
      '{"a":1}',
    ]);
  });
});

describe('figures', () => {
  test('bytes are in the units of pg_size_pretty', () => {
    expect([0, 1023, 1024, 3_355_443, 5 * 1024 ** 4].map(bytes)).toEqual([
      '0 bytes',
      '1023 bytes',
      '1.0 kB',
      '3.2 MB',
      '5.0 TB',
    ]);
  });

  test('times keep three figures, and no more than were measured', () => {
    expect([0.123, 12.34, 123.4, 5, 1234, 12_345].map(duration)).toEqual([
      '0.12 ms',
      '12.3 ms',
      '123 ms',
      '5 ms',
      '1.23 s',
      '12.3 s',
    ]);
  });

  test('one is not many', () => {
    expect([counted(1, 'row'), counted(0, 'row'), counted(1234, 'row')]).toEqual([
      '1 row',
      '0 rows',
      '1,234 rows',
    ]);
  });
});

describe('results for people', () => {
  test('what was converted is one sentence and how to read it', () => {
    expect(convertText(CONVERTED)).toBe(
      'imat.my_sales_summary is ready: strategy delta, freshness live.\n\n' +
        'Read it with: SELECT * FROM imat.my_sales_summary;',
    );
  });

  test('a dry run says that nothing was changed, and not how to read what is not there', () => {
    const text = convertText({ ...CONVERTED, dryRun: true });
    expect(text).toBe(
      'imat.my_sales_summary would be created: ' +
        'strategy delta, freshness live. ' +
        'Nothing was changed.',
    );
  });

  test('reasons come with their place, hints and notes', () => {
    const text = convertText({
      ...CONVERTED,
      strategy: 'swap',
      reasons: EXPLANATION.reasons,
      notes: EXPLANATION.notes,
    });
    expect(text).toContain(
      '- window function "rank" cannot be maintained incrementally (line 2, column 2 of the ' +
        'definition)\n  HINT:  Compute',
    );
    expect(text).toContain('- something without a place\n');
    expect(text).toContain('NOTE:  A live read runs the definition');
  });

  test('what a swap imat costs is told, with a freshness that is cheaper', () => {
    const costly = { ...CONVERTED, strategy: 'swap', loadMs: 3300.4, proposedFreshness: '1min' };
    expect(convertText({ ...costly, strategy: 'swap' })).toContain(
      '\n\nA read after a write runs the definition, which took 3.30 s. ' +
        'With --freshness 1min it reads what is stored, at most 1min old.\n\nRead it with',
    );
    expect(convertText({ ...costly, strategy: 'swap', freshness: '5s' })).toContain(
      'Computing it anew every 5s takes 3.30 s each time. ' +
        'With --freshness 1min it costs the server less, at most 1min old.',
    );
  });

  test('an explanation shows each reason below its line of the definition', () => {
    const text = explanationText(EXPLANATION);
    expect(text).toContain('  LINE 2:  rank() OVER (ORDER BY amount)\n           ^\n  HINT:');
    expect(text).toContain(
      'group by region        stored, one row per group  region\n' +
        '    rows of the group  additive part              rows',
    );
    expect(text).toContain('public.sales  region, amount');
  });

  test('predicted costs are shares of the definition, or there is a reason against them', () => {
    const text = explanationText(EXPLANATION);
    expect(text).toContain(
      "as a share of the definition's:\n" +
        '  definition: 4,322, giving 10 rows\n' +
        '  read of all rows while nothing is pending: 1.10 (< 0.1 %)\n' +
        'changes of    log                     fold of 1 % of its rows    ' +
        'read with 100 pending  read with 10,000 pending\n',
    );
    expect(text).toMatch(
      /^public\.sales {2}40 bytes per statement {2}2,000 rows: 43\.21 \(1\.0 %\)/m,
    );
    expect(text).toMatch(/ {2}8\.64 \(0\.2 %\) +4,322 \(100 %\)$/m);
    const noCosts = 'ANALYZE is missing: public.sales';
    expect(explanationText({ ...EXPLANATION, costs: null, noCosts })).toContain(
      '\n\nPredicted costs: unknown. ANALYZE is missing: public.sales\n\n',
    );
  });

  test('the SQL of an explanation is a script: plan and labels are comments', () => {
    expect(explanationSql(EXPLANATION)).toBe(
      '-- group by region: stored, one row per group, stores region\n' +
        '--     rows of the group: additive part, stores rows\n\n' +
        '-- the change log of public.sales\nCREATE TABLE a ();\n\n-- two\nSELECT 1;\n\n-- three\n' +
        'SELECT 1 -- one\n;',
    );
  });

  test('the status of many is a table and of one a list; an empty database says what to do', () => {
    const row = imatsTable([STATUS]).split('\n')[2];
    expect(row?.split(/ {2,}/)).toEqual([
      'my_sales_summary',
      'delta',
      '5s',
      'active',
      '12,345',
      '8.0 kB',
      '3.2 MB',
      '2026-11-21 00:19:00.123Z',
    ]);
    expect(imatFields(STATUS)).toContain('sources         public.sales, public.products');
    expect(imatFields({ ...STATUS, frontierAt: null, original: null })).toContain(
      'folded up to    never',
    );
    expect(imatsTable([])).toContain('imat convert');
  });
});
