/** `imat check` and `imat explain --all` as a fake engine lets them be seen. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import type { CheckResult, Maintenance, ViewSummary } from '../../engine/api.ts';
import { runFake } from './fake-host.ts';

const ADDED: Maintenance = {
  strategy: 'delta',
  rule: 'add',
  stores: ['add'],
  residual: false,
  changes: [{ relation: 'public.sales', effect: 'adds' }],
};
const SWAPPED: Maintenance = {
  strategy: 'swap',
  rule: 'swap',
  stores: [],
  residual: false,
  changes: [{ relation: 'public.sales', effect: 'all rows' }],
};
const PASSED: CheckResult = {
  name: 'public.totals',
  isFile: false,
  passed: true,
  maintenance: ADDED,
  reasons: [],
  place: null,
  error: null,
};
const FAILED: CheckResult = {
  name: 'views/a,b.sql',
  isFile: true,
  passed: false,
  maintenance: SWAPPED,
  reasons: [
    {
      kind: 'moment_dependent',
      message: '"now" is 100% new\nalways',
      hint: 'Leave it out.',
      position: { line: 1, column: 8, offset: 7 },
    },
  ],
  place: { line: 3, column: 5, offset: 30 },
  error: null,
};
const WRONG: CheckResult = {
  ...FAILED,
  name: 'public.gone',
  isFile: false,
  maintenance: null,
  reasons: [],
  place: null,
  error: {
    code: 'IM002',
    category: 'user',
    message: 'it is not there',
    detail: null,
    hint: null,
  },
};

const checks = (...results: CheckResult[]) => ({ check: vi.fn(async () => ({ results })) });
const GITHUB = { DATABASE_URL: 'postgres://somebody@somewhere/something', GITHUB_ACTIONS: 'true' };

describe('check', () => {
  test('exits with 0 where everything is maintained as required, else with 3', async () => {
    expect(await runFake(['check'], { imat: checks(PASSED) })).toMatchObject({
      status: 0,
      stdout: 'ok      public.totals: add\n',
    });
    const { status, stdout } = await runFake(['check'], { imat: checks(PASSED, FAILED, WRONG) });
    expect(status).toBe(3);
    expect(stdout).toMatch(
      /^FAILED {2}views\/a,b\.sql:3:5: it needs swap, and regroup is required: "now" /m,
    );
    expect(stdout).toContain('  HINT:  Leave it out.\n');
    expect(stdout).toMatch(/^FAILED {2}public\.gone: it is not there$/m);
    expect(stdout).not.toContain('::error');
    expect((await runFake(['check'], { imat: checks() })).stdout).toMatch(/^No materialized views/);
  });

  test('passes on names, files and what is required', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'imat-check-')), 'v.sql');
    writeFileSync(file, 'SELECT 1');
    const imat = checks(PASSED);
    await runFake(['check', 'totals', `@${file}`, '--require', 'add'], { imat });
    expect(imat.check).toHaveBeenLastCalledWith({
      targets: [{ name: 'totals' }, { file, text: 'SELECT 1' }],
      require: 'add',
    });
    await runFake(['check'], { imat });
    expect(imat.check).toHaveBeenLastCalledWith({ require: 'regroup' });
  });

  test('writes annotations in GitHub Actions', async () => {
    const environment = GITHUB;
    const { stdout } = await runFake(['check'], { imat: checks(FAILED, WRONG), environment });
    expect(stdout.split('\n').filter((line) => line.startsWith('::'))).toEqual([
      '::error file=views/a%2Cb.sql,line=3,col=5::it needs swap, and regroup is required: ' +
        '"now" is 100%25 new%0Aalways',
      '::error::public.gone: it is not there',
    ]);
    const asJson = await runFake(['check', '--json'], {
      imat: checks(PASSED, FAILED),
      environment,
    });
    expect(JSON.parse(asJson.stdout)).toEqual({
      require: 'regroup',
      passed: false,
      results: [PASSED, FAILED],
    });
    expect(asJson.stderr).toMatch(/^::error file=/);
    expect(asJson.status).toBe(3);
  });

  test.each([
    [['check', '--require', 'regrup'], 'Did you mean "regroup"?'],
    [['check', '--requires', 'add'], '--require'],
    [['check', '@/nowhere/v.sql'], 'could not read the file'],
  ])('%s is refused', async (argv, said) => {
    const { status, stderr } = await runFake(argv);
    expect(status).toBe(2);
    expect(stderr).toContain(said);
  });
});

const VIEW: ViewSummary = {
  name: 'public.totals',
  rows: 1234,
  bytes: 8192,
  ms: null,
  refreshMs: null,
  notMeasured: null,
  maintenance: { ...ADDED, stores: ['add', 'regroup'], rule: 'regroup', residual: true },
  reason: null,
  error: null,
};
const VIEWS: ViewSummary[] = [
  VIEW,
  {
    ...VIEW,
    name: 'public.now',
    rows: null,
    maintenance: SWAPPED,
    reason: FAILED.reasons[0] ?? null,
  },
  { ...VIEW, name: 'public.gone', maintenance: null, error: WRONG.error },
];

describe('explain --all', () => {
  test('shows a line for each view', async () => {
    const explainAll = vi.fn(async () => ({ views: VIEWS }));
    const { status, stdout } = await runFake(['explain', '--all'], { imat: { explainAll } });
    expect(status).toBe(0);
    expect(explainAll).toHaveBeenLastCalledWith({});
    expect(stdout).toMatch(
      /^public\.totals +1,234 +8\.0 kB +delta +residual over 2 stores \(add, regroup\) +adds: pu/m,
    );
    expect(stdout).toMatch(
      /^public\.now +unknown .* swap +swap +all rows: public\.sales +"now" is/m,
    );
    expect(stdout).toMatch(/^public\.gone .* ERROR: it is not there$/m);
    expect(stdout).not.toContain('NOTE');
    const asJson = await runFake(['explain', '--all', '--json'], { imat: { explainAll } });
    expect(JSON.parse(asJson.stdout)).toEqual({ views: VIEWS });
  });

  test('--measure runs the definitions, and says so', async () => {
    const views = [
      { ...VIEW, ms: 12.5, refreshMs: 34.5 },
      { ...VIEW, name: 'public.slow', notMeasured: 'why' },
    ];
    const explainAll = vi.fn(async () => ({ views }));
    const argv = ['explain', '--all', '--measure'];
    const { stdout } = await runFake(argv, { imat: { explainAll } });
    expect(explainAll).toHaveBeenLastCalledWith({ measure: 30_000 });
    expect(stdout).toMatch(/^public\.totals .* 12\.5 ms +34\.5 ms +delta/m);
    expect(stdout).toMatch(/^NOTE: {2}each definition was run once with EXPLAIN ANALYZE/m);
    expect(stdout).toMatch(/^NOTE: {2}refresh: the definition, and writing/m);
    expect(stdout).toMatch(/^NOTE: {2}public\.slow was not measured: why$/m);
    await runFake([...argv, '--timeout', '2s'], { imat: { explainAll } });
    expect(explainAll).toHaveBeenLastCalledWith({ measure: 2000 });
  });

  test.each([
    [['explain', 'v', '--all'], 'cannot be used together'],
    [['explain', '--all', '--sql'], 'cannot be used together'],
    [['explain', '--all', '--set', 'TimeZone=UTC'], 'cannot be used together'],
    [['explain', 'v', '--measure'], '--measure needs --all'],
    [['explain', '--all', '--timeout', '2s'], '--timeout needs --measure'],
    [['explain'], 'missing required argument'],
  ])('%s is refused', async (argv, said) => {
    const { status, stderr } = await runFake(argv);
    expect(status).toBe(2);
    expect(stderr).toContain(said);
  });
});

test('a query that is no file is refused, and it is said where to write it', async () => {
  const check = vi.fn();
  const { status, stderr } = await runFake(['check', 'SELECT 1'], { imat: { check } });
  expect([status, check.mock.calls]).toEqual([2, []]);
  expect(stderr).toMatch(/^imat: imat check takes names and files.*\nHINT: .*"@-"/);
});
