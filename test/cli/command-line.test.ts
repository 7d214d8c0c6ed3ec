import { EventEmitter, once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { Interrupt } from '../../cli/interrupt.ts';
import type { ExtensionResult, Imat, VerifyResult } from '../../engine/api.ts';
import { ImatError } from '../../engine/errors/imat-error.ts';
import { runFake } from './fake-host.ts';
import { CONVERTED, EXPLANATION, EXTENDED, STATUS, WHOLE_STATUS } from './samples.ts';

const COMMANDS = [
  'convert',
  'create',
  'list',
  'status',
  'explain',
  'fold',
  'swap',
  'verify',
  'revert',
  'init',
  'demo',
  'doctor',
  'extension',
];

describe('help', () => {
  test('names every command, where the database comes from and the exit statuses', async () => {
    const { status, stdout, stderr } = await runFake(['--help']);
    expect([status, stderr]).toEqual([0, '']);
    for (const word of [...COMMANDS, 'DATABASE_URL', 'PGHOST', 'Exit status', 'Examples:'])
      expect(stdout).toContain(word);
  });

  test.each(COMMANDS)(
    'of %s has a description, examples and the global options',
    async (command) => {
      const { status, stdout } = await runFake(['help', command]);
      expect(status).toBe(0);
      expect(stdout).toMatch(new RegExp(`\\$ imat ${command}`));
      expect(stdout).toContain('--database-url');
      expect(stdout.split('\n\n')[1]?.length).toBeGreaterThan(60);
      expect((await runFake([command, '--help'])).stdout).toBe(stdout);
    },
  );

  test('without a command the help goes to stderr, as an error', async () => {
    const { status, stdout, stderr } = await runFake([]);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain('Usage: imat');
    expect(stderr).toContain('imat: no command given');
  });

  test('with --json help and version are documents as well', async () => {
    expect(JSON.parse((await runFake(['--help', '--json'])).stdout)).toHaveProperty('help');
    expect(JSON.parse((await runFake(['--version', '--json'])).stdout)).toEqual({
      version: '1.2.3',
    });
    expect((await runFake(['--version'])).stdout).toBe('1.2.3\n');
  });
});

describe('what is typed wrongly', () => {
  test.each([
    [['convret', 'v'], 'unknown command "convret"', 'Did you mean "convert"?'],
    [['help', 'convret'], 'unknown command "convret"', '"imat --help"'],
    [
      ['convert', 'v', '--freshnes', '5s'],
      'unknown option "--freshnes"',
      'Did you mean "--freshness"?',
    ],
    [
      ['list', '--databse-url', 'x'],
      'unknown option "--databse-url"',
      'Did you mean "--database-url"?',
    ],
    [['convert'], 'missing required argument "view"', '"imat help convert"'],
    [['create', 'x'], 'required option "--query <sql|@file>" not specified', '"imat help create"'],
    [['convert', 'v', '--name'], 'option "--name <name>" argument missing', '"imat help convert"'],
    [
      ['convert', 'v', '--strategy', 'dleta'],
      '"dleta" is not a value of --strategy',
      'Did you mean "delta"?',
    ],
    [['list', 'x'], 'too many arguments for "list"', '"imat help list"'],
    [['fold', 'x', '--all'], 'a name and --all cannot be used together', '"imat fold"'],
    [['verify', 'x', '--all'], 'a name and --all cannot be used together', '"imat verify"'],
    [['demo', '--rows', '20k'], '"20k" is not a value of --rows', null],
    [['demo', '--rows', '0'], '"0" is not a value of --rows', null],
    [['demo', '--rows', '-5'], '"-5" is not a value of --rows', null],
    [['demo', '--rows', '1e3'], '"1e3" is not a value of --rows', null],
    [
      ['convert', '--embedded', 'my_view'],
      'missing required argument "view"',
      '--embedded took "my_view"',
    ],
    [['extension'], '"extension" needs a command of its own', 'imat extension install'],
    [['extension', 'instal'], 'unknown command "instal"', 'Did you mean "install"?'],
    [
      ['extension', 'install', '--schem', 'x'],
      'unknown option "--schem"',
      'Did you mean "--schema"?',
    ],
    [['--embedded', 'list'], 'no command given', '--embedded took "list"'],
    [
      ['create', 'x', '--query', '@no/such/file.sql'],
      'could not read the file "no/such/file.sql"',
      '"@"',
    ],
    [['explain', '@.'], 'could not read the file "."', '"@"'],
    [['create', 'x', '--query', '  '], 'the query is empty', 'SELECT'],
  ])('%j is a user error with a hint, for people and programs', async (argv, message, hint) => {
    const people = await runFake(argv);
    expect([people.status, people.stdout]).toEqual([2, '']);
    expect(people.stderr).toContain(`imat: ${message}\n`);
    const program = await runFake([...argv, '--json']);
    expect([program.status, program.stderr]).toEqual([2, '']);
    const { error }: { error: Record<string, unknown> } = JSON.parse(program.stdout);
    expect(error).toMatchObject({ code: 'IM001', message, position: null });
    if (hint === null) expect(error['detail']).toContain('whole number');
    else expect(error['hint']).toContain(hint);
    expect(program.targets).toEqual([]);
  });

  test('without a database the error comes before any connection', async () => {
    const { status, stderr, targets } = await runFake(['list'], { environment: {} });
    expect([status, targets]).toEqual([2, []]);
    expect(stderr).toContain('imat: no database given\nHINT:  Give --database-url');
  });
});

describe('global options', () => {
  const url = 'postgres://a@b/c';

  test.each([
    [['--database-url', url, '--json', 'list']],
    [['list', '--database-url', url, '--json']],
    [['--json', 'list', `--database-url=${url}`]],
  ])('%j: they may stand before and after the command', async (argv) => {
    const { stdout, targets } = await runFake(argv, { imat: { list: async () => [STATUS] } });
    expect(targets).toEqual([{ kind: 'url', url }]);
    expect(JSON.parse(stdout)).toEqual({ imats: [STATUS] });
  });

  test('--embedded takes a directory or none; in memory it says that nothing is kept', async () => {
    const imat = { list: async () => [] };
    const kept = await runFake(['list', '--embedded', 'dir'], { imat });
    expect([kept.targets, kept.stderr]).toEqual([[{ kind: 'embedded', directory: 'dir' }], '']);
    const lost = await runFake(['list', '--embedded', '--json'], { imat });
    expect(lost.targets).toEqual([{ kind: 'embedded', directory: null }]);
    expect(lost.stderr).toContain('in memory and is gone now');
  });

  test('--json after "--" is an argument', async () => {
    const status = vi.fn(async () => WHOLE_STATUS);
    const { stdout } = await runFake(['status', '--', '--json'], { imat: { status } });
    expect(status).toHaveBeenCalledWith('--json');
    expect(stdout).toContain('name ');
  });
});

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
    expect(explain).toHaveBeenLastCalledWith('SELECT 3', { query: true });
    await runFake(['explain', 'my_view'], { imat: { explain } });
    expect(explain).toHaveBeenLastCalledWith('my_view');
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
    const fold = vi.fn(async () => [{ name: 'x', rows: 1234, ms: 5 }]);
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
    error: null,
  };

  const results: VerifyResult[] = [
    { name: 'a', equal: true, differences: 0, sample: [], rows: 1, error: null },
    different,
  ];
  const verify = vi.fn(async () => ({ results }));

  test('verify ends with 3 where a row differs, and shows such rows', async () => {
    const people = await runFake(['verify'], { imat: { verify } });
    expect(people.status).toBe(3);
    expect(people.stdout).toContain(
      'a: equal to its definition (1 row)\nb: DIFFERENT from its definition in 2 rows, for example\n',
    );
    expect(people.stdout).toMatch(/^ {2}definition {2}NULL {4}13\.50$/m);
    const program = await runFake(['verify', '--json'], { imat: { verify } });
    expect([program.status, program.stderr]).toEqual([3, '']);
    expect(JSON.parse(program.stdout)).toEqual({ results });
  });

  test('verify tells of those that could not be compared, and goes on', async () => {
    const error = {
      code: 'IM012',
      category: 'user' as const,
      message: 'division by zero',
      detail: null,
      hint: 'mend it',
    };
    const failed = { name: 'c', equal: false, differences: 0, sample: [], rows: 0, error };
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
        /^captures changes +yes; .*GRANT EXECUTE ON FUNCTION public\.capture_changes\(\) TO <role>$/m,
      );
      expect(stdout).toMatch(
        /^knows which tables have changed +no: the server has not loaded it$/m,
      );
      expect(stdout).toContain(
        '/etc/postgresql.conf needs this line, and the server a restart. imat does not change that file.\n',
      );
      expect(stdout).toMatch(
        /\n\n {2}shared_preload_libraries = 'pg_stat_statements, table_change_tracker'\n$/,
      );
      expect((await shown({ built: true })).stdout).toMatch(
        /^table_change_tracker 1\.0 was built, and is now installed /,
      );
    });

    test('say that all is there, or waits for a restart', async () => {
      const loaded = await shown({
        outcome: 'present',
        tracks: true,
        preload: { ...EXTENDED.preload, state: 'loaded' },
      });
      expect(loaded.stdout).toMatch(
        /^table_change_tracker 1\.0 is installed in this database already, in schema public\.\n/,
      );
      expect(loaded.stdout).toMatch(/^knows which tables have changed +yes$/m);
      expect(loaded.stdout).toMatch(
        /\nThe server has loaded it; \/etc\/postgresql\.conf lacks nothing\.\n$/,
      );
      const waiting = await shown({
        captures: false,
        preload: { ...EXTENDED.preload, state: 'restart' },
      });
      expect(waiting.stdout).toMatch(/^captures changes +not for this role: GRANT /m);
      expect(waiting.stdout).toContain(
        '/etc/postgresql.conf has the line, and the server needs a restart:',
      );
    });

    test('give the commands and status 2 where nothing could be written, and the note on the line', async () => {
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
        /^Nothing was changed: .*Run these commands, then this one again:\n\n {2}one\n {2}sudo two\n\n/,
      );
      expect(stdout).not.toContain('captures changes');
      expect(stdout).toMatch(
        /, postgresql\.conf needs this line.*\n\n.*table_change_tracker'\n\nNOTE: {2}Mind this\.\n$/s,
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

  test('an error of the engine goes to stderr with its status, and the connection is closed', async () => {
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

async function forever(): Promise<never> {
  return await new Promise(() => undefined);
}

/**
 * A call that signals come into, and that ends only when `stop` is called, as a statement does when
 * it is cancelled.
 */
function interruptedCall(...sent: NodeJS.Signals[]) {
  const signals = new EventEmitter();
  const stopped = new EventEmitter();
  const call = async (): Promise<never> => {
    setImmediate(() => sent.forEach((signal) => signals.emit(signal, signal)));
    const [error] = await once(stopped, 'stop');
    throw error;
  };
  return { signals, call, stop: (error: Error) => void stopped.emit('stop', error) };
}

describe('Ctrl-C', () => {
  test('the first asks the engine to stop, and the command ends as interrupted', async () => {
    const { signals, call, stop } = interruptedCall('SIGINT');
    const cancel = async (): Promise<void> =>
      stop(new Error('canceling statement due to user request'));
    const { status, stdout, stderr, closed } = await runFake(['convert', 'v'], {
      signals,
      imat: { convert: call, cancel },
    });
    expect([status, stdout, closed]).toEqual([130, '', true]);
    expect(stderr).toContain('imat: interrupted, undoing what was begun');
    expect(stderr).toContain('imat: interrupted\nDETAIL:  What was begun was rolled back.');
    expect(signals.listenerCount('SIGINT')).toBe(0);
  });

  test("the engine's own account of the interruption is kept, and SIGTERM has its own status", async () => {
    const { signals, call, stop } = interruptedCall('SIGTERM');
    const account = new ImatError('interrupted', {
      message: 'the load was interrupted',
      detail: 'It can be resumed.',
    });
    const cancel = async (): Promise<void> => stop(account);
    const { status, stdout } = await runFake(['convert', 'v', '--json'], {
      signals,
      imat: { convert: call, cancel },
    });
    expect(status).toBe(143);
    expect(JSON.parse(stdout)).toMatchObject({
      error: { code: 'IM019', message: 'the load was interrupted', detail: 'It can be resumed.' },
    });
  });

  test('the second leaves at once', async () => {
    const { signals, call, stop } = interruptedCall('SIGINT', 'SIGINT');
    const exit = vi.fn(() => stop(new Error('the process would be gone here')));
    await runFake(['fold'], { signals, exit, imat: { fold: call, cancel: forever } });
    expect(exit).toHaveBeenCalledExactlyOnceWith(130);
  });

  test('the second may have something to abandon first; a third does not wait for that', async () => {
    const signals = new EventEmitter();
    const exit = vi.fn();
    const warn = vi.fn();
    const interrupt = new Interrupt({ signals, exit, warn });
    let end = (): void => undefined;
    const abandon = () => new Promise<void>((resolve) => (end = resolve));
    interrupt.cancelWith(async () => undefined, { notice: null, abandon });
    signals.emit('SIGTERM', 'SIGTERM');
    signals.emit('SIGTERM', 'SIGTERM');
    await new Promise(setImmediate);
    expect(exit).not.toHaveBeenCalled();
    signals.emit('SIGINT', 'SIGINT');
    expect(exit).toHaveBeenCalledExactlyOnceWith(130);
    end();
    await new Promise(setImmediate);
    expect(exit).toHaveBeenLastCalledWith(143);
    expect(warn).not.toHaveBeenCalled();
    interrupt.dispose();
  });

  test('a connection that is not answered is left', async () => {
    const signals = new EventEmitter();
    const connect = async (): Promise<Imat> => {
      setImmediate(() => signals.emit('SIGINT', 'SIGINT'));
      return await forever();
    };
    const { status, stderr } = await runFake(['list'], { signals, connect });
    expect([status, stderr]).toEqual([
      130,
      'imat: interrupted\nDETAIL:  Nothing had been begun.\n',
    ]);
  });

  test('a command that ended in spite of it has its result', async () => {
    const signals = new EventEmitter();
    const list: Imat['list'] = async () => {
      signals.emit('SIGINT', 'SIGINT');
      return [STATUS];
    };
    const { status, stdout } = await runFake(['list'], { signals, imat: { list } });
    expect(status).toBe(0);
    expect(stdout).toContain('imat.my_sales_summary');
  });
});

describe('progress', () => {
  const convert = vi.fn<Imat['convert']>(async (_view, options) => {
    options?.onProgress?.({ step: 2, steps: 5, label: 'loading' });
    return CONVERTED;
  });

  test('on a terminal it is one line that is gone at the end', async () => {
    const { stdout, stderr } = await runFake(['convert', 'v'], {
      imat: { convert },
      terminal: true,
    });
    expect(stderr).toBe('\r\x1b[K[2/5] loading  0.0 s\r\x1b[K');
    expect(stdout).toContain('is ready');
  });

  test('elsewhere, and with --json, there is none', async () => {
    expect((await runFake(['convert', 'v'], { imat: { convert } })).stderr).toBe('');
    expect(
      (await runFake(['convert', 'v', '--json'], { imat: { convert }, terminal: true })).stderr,
    ).toBe('');
  });
});
