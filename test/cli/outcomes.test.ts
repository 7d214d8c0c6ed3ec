/** What commands over several imats print of those that failed. */
import { describe, expect, test } from 'vitest';
import type { Imat, ResultError } from '../../engine/api.ts';
import { runFake } from './fake-host.ts';

const broken: ResultError = {
  code: 'IM024',
  category: 'drift',
  message: 'imat "b" is broken',
  detail: null,
  hint: 'Run imat repair b.',
};
const refused: ResultError = {
  code: 'IM006',
  category: 'user',
  message: 'permission denied for table t',
  detail: 'The role is "me".',
  hint: 'Ask its owner.',
};
const bug: ResultError = { ...refused, code: 'IM099', category: 'internal', detail: null };

const BROKEN = '  imat: imat "b" is broken\n  HINT:  Run imat repair b.\n';
const REFUSED =
  '  imat: permission denied for table t\n  DETAIL:  The role is "me".\n  HINT:  Ask its owner.\n';

describe.each<[string, string, (name: string, error: ResultError | null) => Partial<Imat>]>([
  [
    'fold',
    'not folded',
    (name, error) => ({
      fold: async () => [
        { name: 'a', rows: 1, ms: 5, error: null },
        { name: 'b', rows: 0, ms: 0, error: broken },
        { name, rows: 0, ms: 0, error },
      ],
    }),
  ],
  [
    'repair',
    'not repaired',
    (name, error) => ({
      repair: async () => [
        { name: 'a', strategy: 'delta', ms: 5, error: null },
        { name: 'b', strategy: null, ms: 0, error: broken },
        { name, strategy: null, ms: 0, error },
      ],
    }),
  ],
  [
    'grant',
    'grants not passed on',
    (name, error) => ({
      grant: async () => [
        { name: 'a', changes: 1, error: null },
        { name: 'b', changes: 0, error: broken },
        { name, changes: 0, error },
      ],
    }),
  ],
])('%s of all', (command, not, imatWith) => {
  test('prints what was done and every failure, and ends with the worst status', async () => {
    const { status, stdout } = await runFake([command], { imat: imatWith('c', refused) });
    expect(status).toBe(2);
    expect(stdout).toMatch(/^a .* (5 ms|1)$/m);
    expect(stdout.endsWith(`\nb: ${not}\n${BROKEN}c: ${not}\n${REFUSED}`)).toBe(true);
  });

  test('says of a bug that it is one', async () => {
    const { status, stdout } = await runFake([command], { imat: imatWith('c', bug) });
    expect(status).toBe(1);
    expect(stdout).toContain('  DETAIL:  This is a bug in imat (IM099).\n');
  });
});

test('without anything that was done, no table is shown', async () => {
  const alone = await runFake(['fold'], {
    imat: { fold: async () => [{ name: 'b', rows: 0, ms: 0, error: broken }] },
  });
  expect([alone.status, alone.stdout]).toEqual([2, `b: not folded\n${BROKEN}`]);
});
