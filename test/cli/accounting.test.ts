/** imat group, mark and stats: what reaches the engine, and what is printed. */
import { expect, test, vi } from 'vitest';
import type { Accounting, ChangeStatistics, SchemaHistory } from '../../engine/accounting-api.ts';
import { ImatError } from '../../engine/errors/imat-error.ts';
import { runFake } from './fake-host.ts';

const ROWS: ChangeStatistics['rows'] = [
  {
    schema: 'public',
    table: 'orders',
    firstMark: 'a, b',
    lastMark: null,
    role: null,
    verb: null,
    rows: 1234,
  },
];
const FOUND: ChangeStatistics = { group: 'g', from: null, to: null, by: 'table', rows: ROWS };
const nothing = async (): Promise<void> => undefined;

test('group create prepares the database, then makes the group', async () => {
  const [init, createGroup] = [
    vi.fn(async () => ({ version: 2, created: true })),
    vi.fn<Accounting['createGroup']>(nothing),
  ];
  const setting = { imat: { init, accounting: { createGroup } as unknown as Accounting } };
  const people = await runFake(['group', 'create', 'g', 'a', 'public.b'], setting);
  expect(people.stdout).toBe('Group "g" counts the changes of a, public.b.\n');
  expect(createGroup).toHaveBeenLastCalledWith('g', ['a', 'public.b'], { emajNames: false });
  const program = await runFake(['group', 'create', 'g', 'a', '--emaj-names', '--json'], setting);
  expect(createGroup).toHaveBeenLastCalledWith('g', ['a'], { emajNames: true });
  expect(JSON.parse(program.stdout)).toEqual({ group: 'g', members: ['a'] });
  expect(init).toHaveBeenCalledTimes(2);
});

test('group create goes on where the role may not prepare the database, and it is', async () => {
  const refusal = new ImatError('insufficient_privilege', { message: 'not yours' });
  const init = async (): Promise<never> => {
    throw refusal;
  };
  const createGroup = vi.fn<Accounting['createGroup']>(nothing);
  const setting = { imat: { init, accounting: { createGroup } as unknown as Accounting } };
  expect((await runFake(['group', 'create', 'g', 'a'], setting)).status).toBe(0);
  createGroup.mockRejectedValue(new ImatError('not_initialized', { message: 'no imats yet' }));
  const refused = await runFake(['group', 'create', 'g', 'a'], setting);
  expect([refused.status, refused.stderr]).toEqual([2, 'imat: not yours\n']);
});

test.each([
  [['group', 'add', 'g', 'a', 'b'], 'addToGroup', ['g', ['a', 'b']], 'Group "g" now has a, b.'],
  [['group', 'remove', 'g', 'a'], 'removeFromGroup', ['g', ['a']], 'Group "g" no longer has a.'],
  [['group', 'stop', 'g'], 'stopGroup', ['g'], 'Group "g" counts nothing until it is started.'],
  [['group', 'start', 'g'], 'startGroup', ['g'], 'Group "g" counts again.'],
  [['group', 'drop', 'g'], 'dropGroup', ['g'], 'Group "g" is gone, with its marks and statistics.'],
  [['mark', 'rename', 'g', 'm', 'n'], 'renameMark', ['g', 'm', 'n'], 'Mark "m" is now "n".'],
  [['mark', 'comment', 'g', 'm', 'x y'], 'commentMark', ['g', 'm', 'x y'], 'The comment is set.'],
  [['mark', 'comment', 'g', 'm'], 'commentMark', ['g', 'm', null], 'The comment is set.'],
  [['mark', 'delete', 'g', 'm'], 'deleteMark', ['g', 'm'], 'Mark "m" is deleted.'],
])('%j calls %s', async (argv, method, expected, text) => {
  const called = vi.fn(nothing);
  const { status, stdout } = await runFake(argv, { accounting: { [method]: called } });
  expect([status, stdout]).toEqual([0, `${text}\n`]);
  expect(called).toHaveBeenCalledWith(...expected);
});

test('mark set tells the name that the mark got', async () => {
  const set = { name: 'MARK_now', timeId: 7, setAt: 'now', isStop: false, comment: null };
  const setMark = vi.fn(async () => set);
  const people = await runFake(['mark', 'set', 'g'], { accounting: { setMark } });
  expect(people.stdout).toBe('Mark "MARK_now" is set.\n');
  expect(setMark).toHaveBeenLastCalledWith('g');
  const program = await runFake(['mark', 'set', 'g', 'm', '--json'], { accounting: { setMark } });
  expect(setMark).toHaveBeenLastCalledWith('g', 'm');
  expect(JSON.parse(program.stdout)).toEqual({ group: 'g', ...set });
});

test('stats passes the range on and prints a table, CSV or JSON', async () => {
  const statistics = vi.fn(async () => FOUND);
  const argv = ['stats', 'g', '--from', 'm', '--to', 'LAST_MARK', '--by', 'role'];
  await runFake(argv, { accounting: { statistics } });
  expect(statistics).toHaveBeenLastCalledWith('g', { from: 'm', to: 'LAST_MARK', by: 'role' });
  const people = await runFake(['stats', 'g'], { accounting: { statistics } });
  expect(statistics).toHaveBeenLastCalledWith('g', { from: null, to: null, by: 'table' });
  expect(people.stdout).toMatch(/^public +orders +a, b +now +1,234$/m);
  const csv = await runFake(['stats', 'g', '--csv'], { accounting: { statistics } });
  expect(csv.stdout).toBe('schema,table,from,to,rows\npublic,orders,"a, b",,1234\n');
  const program = await runFake(['stats', 'g', '--json'], { accounting: { statistics } });
  expect(JSON.parse(program.stdout)).toEqual(FOUND);
  const both = await runFake(['stats', 'g', '--csv', '--json'], { accounting: { statistics } });
  expect([both.status, JSON.parse(both.stdout)]).toMatchObject([
    2,
    { error: { message: '--csv and --json cannot be used together' } },
  ]);
});

test('empty lists say what to do', async () => {
  const listGroups = async (): Promise<[]> => [];
  expect((await runFake(['group', 'list'], { accounting: { listGroups } })).stdout).toContain(
    'imat group create',
  );
  const statistics = async (): Promise<ChangeStatistics> => ({ ...FOUND, rows: [] });
  expect((await runFake(['stats', 'g'], { accounting: { statistics } })).stdout).toBe(
    'No changes in group "g".\n',
  );
});

test.each([
  [{ comparedAt: 'now', isKept: true }, /^No change of "t" is known.\n.*Compared: now\n$/s],
  [{ comparedAt: 'now', isKept: false }, /^imat keeps no history of "t": .*Compared: now\n$/s],
  [{}, /^No change of "t" is known.\n.*Commit timestamps: off [^\n]*\n$/s],
])('history of a table without changes: %j', async (known, text) => {
  const found = { object: 't', eventTriggers: true, commitTimestamps: false, changes: [] };
  const schemaHistory = async (): Promise<SchemaHistory> => ({ ...found, ...known });
  expect((await runFake(['history', 't'], { accounting: { schemaHistory } })).stdout).toMatch(text);
});

test('history prints what changed, how that is known, and which sources there are', async () => {
  const schemaHistory = vi.fn<Accounting['schemaHistory']>(async (object) => ({
    object,
    eventTriggers: true,
    commitTimestamps: false,
    comparedAt: null,
    changes: [
      {
        notBefore: null,
        at: '2026-11-21T00:19:00Z',
        xid: '4294967300',
        printedXid: '4',
        role: 'ann',
        command: 'ALTER TABLE',
        object: 'public.sales',
        type: 'column',
        part: 'amount',
        kind: 'alter',
        before: { type: 'integer' },
        after: { type: 'numeric' },
        source: 'event trigger',
        imats: ['totals'],
      },
      {
        notBefore: '2026-11-20T00:00:00Z',
        at: '2026-11-20T12:00:00Z',
        xid: null,
        printedXid: null,
        role: null,
        command: null,
        object: 'public.sales',
        type: 'column',
        part: 'remark',
        kind: 'drop',
        before: { name: 'remark', type: 'text', default: null, not_null: false },
        after: { name: null, type: null, default: null, not_null: null },
        source: 'fingerprint',
        imats: [],
      },
    ],
  }));
  const compareSchema = vi.fn(async () => 0);
  const setting = { accounting: { schemaHistory, compareSchema } };
  const people = await runFake(['history', 'sales'], setting);
  expect(people.stdout).toContain('alter: type "integer" -> "numeric"  event trigger');
  expect(people.stdout).toMatch(/column remark +drop: text +fingerprint$/m);
  expect(people.stdout).toContain('Commit timestamps: off');
  expect(compareSchema).not.toHaveBeenCalled();
  const program = await runFake(['history', 'sales', '--now', '--json'], setting);
  expect(compareSchema).toHaveBeenCalledTimes(1);
  expect(JSON.parse(program.stdout)).toMatchObject({ object: 'sales', eventTriggers: true });
});

test.each([
  [true, 'Event triggers record the commands'],
  [false, 'Event triggers were not created'],
])('init --event-triggers tells whether the role may create them: %s', async (may, text) => {
  const init = vi.fn(async () => ({ version: 2, created: true }));
  const setting = { imat: { init }, accounting: { recordCommands: async () => may } };
  expect((await runFake(['init', '--event-triggers'], setting)).stdout).toContain(text);
  expect(
    JSON.parse((await runFake(['init', '--event-triggers', '--json'], setting)).stdout),
  ).toEqual({ version: 2, created: true, eventTriggers: may });
});
