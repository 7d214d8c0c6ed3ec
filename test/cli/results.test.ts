/** What reaches the engine, and what its results and failures look like. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import type { Imat, RepairResult, VerifyResult } from '../../engine/api.ts';
import type { ExtensionResult } from '../../engine/environment-api.ts';
import { ImatError } from '../../engine/errors/imat-error.ts';
import { runFake } from './fake-host.ts';
import { CONVERTED, EXPLANATION, EXTENDED, STATUS, WHOLE_STATUS } from './samples.ts';

describe('what reaches the engine', () => {
  test('convert passes on what was given and nothing else', async () => {
    const convert = vi.fn(async () => CONVERTED);
    await runFake(['convert', 'my_sales_summary'], { imat: { convert } });
    expect(convert).toHaveBeenLastCalledWith('my_sales_summary', {
      onProgress: expect.any(Function),
    });
    await runFake(
      [
        'convert',
        'v',
        '--freshness',
        '5s',
        '--strategy',
        'swap',
        '--name',
        'n',
        '--replace',
        '--dry-run',
        '--json',
      ],
      {
        imat: { convert },
      },
    );
    const options = {
      freshness: '5s',
      strategy: 'swap',
      name: 'n',
      replace: true,
      dryRun: true,
      onProgress: expect.any(Function),
    };
    expect(convert).toHaveBeenLastCalledWith('v', options);
  });

  test('a query comes from the argument, a file or standard input', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'imat-cli-')), 'query.sql');
    writeFileSync(file, '\ufeffSELECT 2\n');
    const create = vi.fn(async () => CONVERTED);
    const explain = vi.fn(async () => EXPLANATION);
    await runFake(['create', 'n', '--query', 'SELECT 1'], { imat: { create } });
    expect(create).toHaveBeenLastCalledWith('n', 'SELECT 1', { onProgress: expect.any(Function) });
    await runFake(['create', 'n', '--query', '-- a comment\nSELECT 1', '--strategy', 'auto'], {
      imat: { create },
    });
    expect(create).toHaveBeenLastCalledWith('n', '-- a comment\nSELECT 1', {
      strategy: 'auto',
      onProgress: expect.any(Function),
    });
    await runFake(['create', 'n', '--query', `@${file}`], { imat: { create } });
    expect(create).toHaveBeenLastCalledWith('n', 'SELECT 2\n', expect.anything());
    await runFake(['explain', '@-'], { imat: { explain }, stdin: 'SELECT 3' });
    const empty = await runFake(['explain', '@-'], { imat: { explain }, stdin: '\n' });
    expect(empty.stderr).toMatch(/^imat: standard input contains no query\n/);
    expect(explain).toHaveBeenLastCalledWith('SELECT 3', { query: true });
    for (const query of ['SELECT 4', 'with t as (select 5) table t', '(VALUES (6))', 'TABLE t']) {
      await runFake(['explain', query], { imat: { explain } });
      expect(explain).toHaveBeenLastCalledWith(query, { query: true });
    }
    for (const name of ['my_view', 'selected', '"select 1"', 'with.values']) {
      await runFake(['explain', name], { imat: { explain } });
      expect(explain).toHaveBeenLastCalledWith(name, {});
    }
  });

  test('--set can be given several times', async () => {
    const settings = { TimeZone: 'Europe/Berlin', DateStyle: 'ISO, DMY' };
    const set = ['--set', 'TimeZone=Europe/Berlin', '--set', 'DateStyle=ISO, DMY'];
    const convert = vi.fn(async () => CONVERTED);
    await runFake(['convert', 'my_view', ...set], { imat: { convert } });
    expect(convert).toHaveBeenLastCalledWith('my_view', {
      settings,
      onProgress: expect.any(Function),
    });
    const explain = vi.fn(async () => EXPLANATION);
    await runFake(['explain', 'my_view', ...set], { imat: { explain } });
    expect(explain).toHaveBeenLastCalledWith('my_view', { settings });
    const wrong = await runFake(['convert', 'my_view', '--set', 'TimeZone'], { imat: {} });
    expect(wrong.stderr).toContain('"TimeZone" is not a setting with its value');
  });

  test('extension install passes on where to put it and what to build with', async () => {
    const installExtension = vi.fn(async () => EXTENDED);
    await runFake(['extension', 'install'], { imat: { installExtension } });
    expect(installExtension).toHaveBeenLastCalledWith({ onProgress: expect.any(Function) });
    await runFake(
      ['extension', 'install', '--schema', 's', '--pg-config', '/p/pg_config', '--json'],
      { imat: { installExtension } },
    );
    expect(installExtension).toHaveBeenLastCalledWith({
      schema: 's',
      pgConfig: '/p/pg_config',
      onProgress: expect.any(Function),
    });
  });

  test.each([
    [['fold'], []],
    [['fold', '--all'], []],
    [['fold', 'x'], ['x']],
  ])('%j folds %j', async (argv, expected) => {
    const fold = vi.fn(async () => [{ name: 'x', rows: 1234, ms: 5, error: null }]);
    const { stdout } = await runFake(argv, { imat: { fold } });
    expect(fold).toHaveBeenCalledWith(...expected);
    expect(stdout).toMatch(/^x +1,234 +5 ms$/m);
  });
});

describe('results', () => {
  const different = {
    name: 'b',
    equal: false,
    differences: 2,
    rows: 5,
    sample: [
      { side: 'imat' as const, row: { region: 'north', total: '12.50' } },
      { side: 'definition' as const, row: { region: null, total: '13.50' } },
    ],
    behind: null,
    error: null,
  };

  const results: VerifyResult[] = [
    { name: 'a', equal: true, differences: 0, sample: [], rows: 1, behind: null, error: null },
    different,
  ];
  const verify = vi.fn(async () => ({ results }));

  test('verify ends with 3 where a row differs, and shows such rows', async () => {
    const people = await runFake(['verify'], { imat: { verify } });
    expect(people.status).toBe(3);
    expect(people.stdout).toContain(
      'a: equal to its definition (1 row)\n' +
        'b: DIFFERENT from its definition in 2 rows, for example\n',
    );
    expect(people.stdout).toMatch(/^ {2}definition {2}NULL {4}13\.50$/m);
    const program = await runFake(['verify', '--json'], { imat: { verify } });
    expect([program.status, program.stderr]).toEqual([3, '']);
    expect(JSON.parse(program.stdout)).toEqual({ results });
  });

  test('verify says where a difference may be what is pending', async () => {
    const behind = { freshness: 'manual', strategy: 'delta' as const };
    const verifyLate = vi.fn(async () => ({ results: [{ ...different, behind }] }));
    const { status, stdout } = await runFake(['verify'], { imat: { verify: verifyLate } });
    expect(status).toBe(3);
    expect(stdout).toContain('b: DIFFERENT from its definition in 2 rows, for example\n');
    expect(stdout).toContain(
      '\n  HINT:  Its freshness is manual: it shows the rows of its last fold, and changes are ' +
        'pending. Run imat fold b, then imat verify b.\n',
    );
  });

  test('repair ends with the status of the worst failure', async () => {
    const failure = (category: 'user' | 'transient') => ({
      name: category,
      strategy: null,
      ms: 0,
      error: { code: 'IM011', category, message: 'no', detail: null, hint: 'mend it' },
    });
    const repaired = { name: 'a', strategy: 'delta' as const, ms: 1, error: null };
    const status = async (...found: readonly RepairResult[]): Promise<number> =>
      (await runFake(['repair'], { imat: { repair: async () => found } })).status;
    expect(await status(repaired)).toBe(0);
    expect(await status(repaired, failure('transient'))).toBe(4);
    expect(await status(failure('transient'), failure('user'), repaired)).toBe(2);
  });

  test('verify tells of those that could not be compared, and goes on', async () => {
    const error = {
      code: 'IM012',
      category: 'user' as const,
      message: 'division by zero',
      detail: null,
      hint: 'mend it',
    };
    const failed = {
      name: 'c',
      equal: false,
      differences: 0,
      sample: [],
      rows: 0,
      behind: null,
      error,
    };
    const some = async (...found: VerifyResult[]): Promise<{ results: VerifyResult[] }> => ({
      results: found,
    });
    const people = await runFake(['verify'], { imat: { verify: () => some(failed, ...results) } });
    expect(people.status).toBe(3);
    expect(people.stdout).toContain(
      'c: could not be compared\n  imat: division by zero\n  HINT:  mend it\na: equal',
    );
    const program = await runFake(['verify', '--json'], { imat: { verify: () => some(failed) } });
    expect(program.status).toBe(2);
    expect(JSON.parse(program.stdout)).toEqual({ results: [failed] });
  });

  test('doctor ends with 2 where a check is an error, not where it is a warning', async () => {
    const checks = [
      { check: 'server', status: 'warning' as const, message: 'old', hint: 'Upgrade it.' },
    ];
    const warned = await runFake(['doctor'], { imat: { doctor: async () => ({ checks }) } });
    expect([warned.status, warned.stdout]).toEqual([
      0,
      'warning  server: old\n         HINT:  Upgrade it.\n',
    ]);
    const failed = [{ check: 'catalog', status: 'error' as const, message: 'gone', hint: null }];
    expect(
      (await runFake(['doctor'], { imat: { doctor: async () => ({ checks: failed }) } })).status,
    ).toBe(2);
  });

  describe('of extension install', () => {
    const shown = async (result: Partial<ExtensionResult>) =>
      await runFake(['extension', 'install'], {
        imat: { installExtension: async () => ({ ...EXTENDED, ...result }) },
      });

    test('say what was made, what is active and which line is missing', async () => {
      const { status, stdout } = await shown({});
      expect(status).toBe(0);
      expect(stdout).toContain(
        'table_change_tracker 1.0 is now installed in this database, in schema public.\n',
      );
      expect(stdout).toMatch(
        /^captures changes +yes; .*GRANT EXECUTE ON FUNCTION public\.capture_changes\(\) TO /m,
      );
      expect(stdout).toMatch(/^tracks changed tables +no: the server has not loaded it$/m);
      expect(stdout).toContain(
        'add this line to /etc/postgresql.conf and restart the ' +
          'server. imat does not change that file.\n',
      );
      expect(stdout).toMatch(
        /\n\n {2}shared_preload_libraries = 'pg_stat_statements, table_change_tracker'\n$/,
      );
      expect((await shown({ built: true })).stdout).toMatch(
        /^table_change_tracker 1\.0 was built and is now installed /,
      );
    });

    test('say that all is there, or waits for a restart', async () => {
      const loaded = await shown({
        outcome: 'present',
        tracks: true,
        preload: { ...EXTENDED.preload, state: 'loaded' },
      });
      expect(loaded.stdout).toMatch(
        /^table_change_tracker 1\.0 is already installed in this database, in schema public\.\n/,
      );
      expect(loaded.stdout).toMatch(/^tracks changed tables +yes$/m);
      expect(loaded.stdout).toMatch(
        /\nThe server has loaded it; \/etc\/postgresql\.conf needs no change\.\n$/,
      );
      const waiting = await shown({
        captures: false,
        preload: { ...EXTENDED.preload, state: 'restart' },
      });
      expect(waiting.stdout).toMatch(/^captures changes +not for this role; run GRANT /m);
      expect(waiting.stdout).toContain(
        '/etc/postgresql.conf has this line, and the server needs a restart:',
      );
    });

    test('give the commands, status 2 and the note where nothing could be written', async () => {
      const preload = { ...EXTENDED.preload, file: null, note: 'Mind this.' };
      const { status, stdout } = await shown({
        outcome: 'manual',
        version: null,
        schema: null,
        commands: ['one', 'sudo two'],
        preload,
      });
      expect(status).toBe(2);
      expect(stdout).toMatch(
        new RegExp(
          '^Nothing was changed: .*Run these commands, then run imat extension install again:' +
            '\n\n {2}one\n {2}sudo two\n\n',
        ),
      );
      expect(stdout).not.toContain('captures changes');
      expect(stdout).toMatch(
        /add this line to postgresql\.conf and.*\n\n.*change_tracker'\n\nNOTE: {2}Mind this\.\n$/s,
      );
    });
  });

  test.each([
    [['convert', 'v'], { convert: async () => CONVERTED }, CONVERTED],
    [['list'], { list: async () => [STATUS] }, { imats: [STATUS] }],
    [['status'], { status: async () => WHOLE_STATUS }, WHOLE_STATUS],
    [['explain', 'v'], { explain: async () => EXPLANATION }, EXPLANATION],
    [['explain', 'v', '--sql'], { explain: async () => EXPLANATION }, EXPLANATION],
    [
      ['swap', 'x'],
      { swap: async () => ({ name: 'x', rows: 3, ms: 1.5 }) },
      { name: 'x', rows: 3, ms: 1.5 },
    ],
    [
      ['revert', 'x'],
      { revert: async () => ({ name: 'x', original: 'public.x' }) },
      { name: 'x', original: 'public.x' },
    ],
    [['extension', 'install'], { installExtension: async () => EXTENDED }, EXTENDED],
    [
      ['init'],
      { init: async () => ({ version: 1, created: true }) },
      { version: 1, created: true },
    ],
  ] satisfies [string[], Partial<Imat>, unknown][])(
    '%j with --json prints the result of the API and nothing else',
    async (argv, imat, expected) => {
      const people = await runFake(argv, { imat });
      expect([people.status, people.stderr, people.closed]).toEqual([0, '', true]);
      expect(people.stdout).toMatch(/\n$/);
      expect(() => JSON.parse(people.stdout)).toThrow(SyntaxError);
      const program = await runFake([...argv, '--json'], { imat, terminal: true });
      expect([program.status, program.stderr]).toEqual([0, '']);
      expect(JSON.parse(program.stdout)).toEqual(expected);
    },
  );
});

describe('failures', () => {
  const contention = new ImatError('contention', {
    message: 'could not lock "sales"',
    hint: 'Try again.',
  });

  test('an error of the engine goes to stderr with its status, the connection ends', async () => {
    const { status, stdout, stderr, closed } = await runFake(['fold'], {
      imat: { fold: async () => Promise.reject(contention) },
    });
    expect([status, stdout, stderr, closed]).toEqual([
      4,
      '',
      'imat: could not lock "sales"\nHINT:  Try again.\n',
      true,
    ]);
  });

  test('with --json it is the document on stdout, with the same status', async () => {
    const { status, stdout, stderr } = await runFake(['fold', '--json'], {
      imat: { fold: async () => Promise.reject(contention) },
    });
    expect([status, stderr]).toEqual([4, '']);
    expect(JSON.parse(stdout)).toEqual({
      error: {
        code: 'IM016',
        message: 'could not lock "sales"',
        detail: null,
        hint: 'Try again.',
        position: null,
      },
    });
  });

  test('a connection that cannot be closed does not undo a result', async () => {
    const { status, stdout } = await runFake(['list'], {
      imat: { list: async () => [STATUS], close: async () => Promise.reject(new Error('lost')) },
    });
    expect(status).toBe(0);
    expect(stdout).toContain('imat.my_sales_summary');
  });

  test('IMAT_DEBUG=1 adds the stack, on stderr', async () => {
    const environment = { DATABASE_URL: 'postgres://a/b', IMAT_DEBUG: '1' };
    const { status, stderr } = await runFake(['list'], {
      environment,
      imat: { list: async () => Promise.reject(new TypeError('oops')) },
    });
    expect(status).toBe(1);
    expect(stderr).toMatch(/This is a bug in imat[\s\S]*TypeError: oops\n\s+at /);
  });
});
