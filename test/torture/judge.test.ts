/** Whose fault an error is. */
import { expect, test } from 'vitest';
import { ImatError } from '../../engine/index.ts';
import { judgeCommand } from '../../torture/commands.ts';
import { judgeReader, judgeWriter } from '../../torture/judge.ts';
import { asTestResults } from '../../torture/results.ts';
import type { ServerFault } from '../../torture/session.ts';

const fault = (given: Partial<ServerFault>): ServerFault => ({
  code: '',
  message: '',
  detail: '',
  where: '',
  schema: '',
  table: '',
  ...given,
});

const DEADLOCK = {
  code: '40P01',
  detail:
    'Process 1 waits for ShareLock; blocked by process 2.\nProcess 2 waits; blocked by process 1.',
};

test.each<[string, Partial<ServerFault>, string]>([
  ['a key that is there already', { code: '23505' }, 'allowed'],
  ['an error inside of capture', { code: '42703', where: 'function imat_store.f()' }, 'imat'],
  ['an error of a log', { code: '23502', schema: 'imat_store', table: 'log' }, 'imat'],
  ['a code of imat', { code: 'IM024' }, 'imat'],
  ['an internal error', { code: 'XX000' }, 'imat'],
  [
    'an index that was detached',
    { code: 'XX000', message: 'invalid arbiter index list' },
    'allowed',
  ],
  [
    'an index that was detached, inside of capture',
    { code: 'XX000', message: 'invalid arbiter index list', where: 'function imat_store.f()' },
    'imat',
  ],
  [
    'a partition that was dropped before TRUNCATE CASCADE came to it',
    { code: 'XX000', message: 'could not open relation with OID 20487' },
    'allowed',
  ],
  [
    'a relation that was dropped, inside of capture',
    {
      code: 'XX000',
      message: 'could not open relation with OID 20487',
      where: 'function imat_store.f()',
    },
    'imat',
  ],
  ['a deadlock of users', DEADLOCK, 'allowed'],
  ['a deadlock inside of capture', { ...DEADLOCK, where: 'function imat_store.f()' }, 'imat'],
  [
    'a deadlock with somebody else',
    { ...DEADLOCK, detail: DEADLOCK.detail.replaceAll('2', '3') },
    'imat',
  ],
  ['a serialization failure', { code: '40001' }, 'allowed'],
  ['the server has ended', { code: '57P01' }, 'lost'],
  ['the connection has ended', { message: 'Connection terminated unexpectedly' }, 'lost'],
])('of a writer: %s', (_what, given, verdict) => {
  expect(judgeWriter(fault(given), new Set([1, 2]))).toBe(verdict);
});

test.each([
  ['IM024', 'broken'],
  ['40001', 'retry'],
  ['42P01', 'absent'],
  ['57P01', 'lost'],
  ['22012', 'imat'],
  ['XX000', 'imat'],
])('of a reader: %s is %s', (code, verdict) => {
  expect(judgeReader(fault({ code }))).toBe(verdict);
});

test('of a command', () => {
  const of = (condition: ConstructorParameters<typeof ImatError>[0]): string =>
    judgeCommand(new ImatError(condition, { message: 'x' }));
  expect(of('contention')).toBe('allowed');
  expect(of('not_found')).toBe('allowed');
  expect(of('source_changed')).toBe('broken');
  expect(of('internal')).toBe('imat');
  expect(of('state_corrupted')).toBe('imat');
  expect(judgeCommand(new TypeError('x'))).toBe('imat');
});

test('the outcome of seeds counts as tests', () => {
  const failure = { kind: 'difference', imat: 'i0', session: 'reader 0', text: 'rows' } as const;
  expect(
    asTestResults('torture', [
      { seed: 1, failure: null },
      { seed: 2, failure },
    ]),
  ).toMatchObject({
    numPassedTests: 1,
    numFailedTests: 1,
    success: false,
    testResults: [{ assertionResults: [{ status: 'passed' }, { fullName: 'seed 2' }] }],
  });
});
