/** Times in what commands print for people. */
import { expect, test } from 'vitest';
import type { SchemaChange } from '../../engine/accounting-api.ts';
import { time } from '../../cli/output.ts';
import { runFake } from './fake-host.ts';
import { STATUS, WHOLE_STATUS } from './samples.ts';

test('a time has one form, whatever the zone and precision it was read in', () => {
  const shown = '2026-11-21 00:19:00.123Z';
  expect(time('2026-11-21T00:19:00.123456Z')).toBe(shown);
  expect(time('2026-11-21T01:19:00.123456+01:00')).toBe(shown);
  expect(time('2026-11-21T00:19:00Z')).toBe('2026-11-21 00:19:00.000Z');
  expect(time('infinity')).toBe('infinity');
});

test('no text has a time in the form of JSON', async () => {
  const at = '2026-11-21T01:19:00.123456+01:00';
  const mark = { name: 'm', timeId: 1, isStop: false, setAt: at, comment: null };
  const group = { name: 'g', owner: 'me', isCounting: true, createdAt: at };
  const sizes = { tables: 1, sequences: 0, marks: 1 };
  const change = { ...CHANGE, at, notBefore: at };
  const history = { object: 't', eventTriggers: true, commitTimestamps: true, comparedAt: at };
  const imat = { list: async () => [STATUS], status: async () => WHOLE_STATUS };
  const accounting = {
    listMarks: async () => [mark],
    listGroups: async () => [{ ...group, ...sizes }],
    schemaHistory: async () => ({ ...history, changes: [change] }),
  };
  for (const words of [
    ['status'],
    ['status', 'x'],
    ['mark', 'list', 'g'],
    ['group', 'list'],
    ['history', 't'],
  ]) {
    const { status, stdout } = await runFake(words, { imat, accounting });
    expect(status, words.join(' ')).toBe(0);
    expect(stdout).toContain('2026-11-21 00:19:00.123Z');
    expect(stdout).not.toMatch(/\d{4}-\d\d-\d\dT/);
  }
});

const CHANGE: SchemaChange = {
  xid: '7',
  printedXid: '7',
  role: 'me',
  command: 'ALTER TABLE',
  object: 't',
  type: 'table',
  part: null,
  kind: null,
  before: null,
  after: null,
  source: 'event trigger',
  imats: [],
  at: '',
  notBefore: null,
};
