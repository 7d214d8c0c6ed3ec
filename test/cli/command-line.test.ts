/** Help, what is typed wrongly, and the global options. */
import { describe, expect, test, vi } from 'vitest';
import { runFake } from './fake-host.ts';
import { STATUS, WHOLE_STATUS } from './samples.ts';

const COMMANDS = [
  'convert',
  'create',
  'list',
  'status',
  'explain',
  'check',
  'fold',
  'swap',
  'verify',
  'revert',
  'init',
  'demo',
  'doctor',
  'extension',
  'group',
  'mark',
  'stats',
  'report',
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

  test.each([
    ['group', 'create'],
    ['mark', 'set'],
    ['extension', 'install'],
  ])('of %s %s is that of the subcommand', async (group, name) => {
    const { status, stdout } = await runFake(['help', group, name]);
    expect([status, stdout]).toEqual([0, (await runFake([group, name, '--help'])).stdout]);
    expect(stdout).toContain(`Usage: imat ${group} ${name} `);
  });

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
    [['help', 'convret'], 'unknown command "convret"', 'Run imat --help'],
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
    [['convert'], 'missing required argument "view"', 'Run imat help convert'],
    [
      ['create', 'x'],
      'required option "--query <sql|@file>" not specified',
      'Run imat help create',
    ],
    [
      ['convert', 'v', '--name'],
      'option "--name <name>" argument missing',
      'Run imat help convert',
    ],
    [
      ['convert', 'v', '--strategy', 'dleta'],
      '"dleta" is not a valid value for --strategy',
      'Did you mean "delta"?',
    ],
    [['list', 'x'], 'too many arguments for "list"', 'Run imat help list'],
    [['fold', 'x', '--all'], 'a name and --all cannot be used together', '"imat fold"'],
    [['verify', 'x', '--all'], 'a name and --all cannot be used together', '"imat verify"'],
    [['demo', '--rows', '20k'], '"20k" is not a valid value for --rows', null],
    [['demo', '--rows', '0'], '"0" is not a valid value for --rows', null],
    [['demo', '--rows', '-5'], '"-5" is not a valid value for --rows', null],
    [['demo', '--rows', '1e3'], '"1e3" is not a valid value for --rows', null],
    [
      ['convert', '--embedded', 'my_view'],
      'missing required argument "view"',
      '--embedded took "my_view"',
    ],
    [['extension'], '"imat extension" needs a subcommand', 'imat extension install'],
    [['extension', 'instal'], 'unknown command "instal"', 'Did you mean "install"?'],
    [
      ['extension', 'install', '--schem', 'x'],
      'unknown option "--schem"',
      'Did you mean "--schema"?',
    ],
    [['group'], '"imat group" needs a subcommand', 'imat group create'],
    [['group', 'creat'], 'unknown command "creat"', 'Did you mean "create"?'],
    [
      ['group', 'create', 'g'],
      'missing required argument "tables"',
      'Run imat group create --help',
    ],
    [['mark', 'set'], 'missing required argument "group"', 'Run imat mark set --help'],
    [
      ['stats', 'g', '--by', 'tabel'],
      '"tabel" is not a valid value for --by',
      'Did you mean "table"?',
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
    expect(stderr).toContain('imat: no database given\nHINT:  Use --database-url');
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
    expect(lost.stderr).toContain('in memory and is lost');
  });

  test('--json after "--" is an argument', async () => {
    const status = vi.fn(async () => WHOLE_STATUS);
    const { stdout } = await runFake(['status', '--', '--json'], { imat: { status } });
    expect(status).toHaveBeenCalledWith('--json');
    expect(stdout).toContain('name ');
  });
});
