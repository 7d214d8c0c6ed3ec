/** imat report: what reaches the engine, and what becomes of the file. */
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Accounting, Report } from '../../engine/accounting-api.ts';
import { ImatError } from '../../engine/errors/imat-error.ts';
import { type Ran, runFake } from './fake-host.ts';

const MADE: Report = {
  data: { database: 'd', madeAt: '2026-11-26T08:00:00.000000Z', groups: [] },
  html: '<!doctype html>ü',
};
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'imat-out-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

const report = vi.fn<Accounting['report']>(async () => MADE);
const run = (...argv: string[]): Promise<Ran> =>
  runFake(['report', ...argv], { accounting: { report } });

test('it passes the range on, writes the page and says where', async () => {
  const out = join(directory, 'changes.html');
  const people = await run('--out', out);
  expect([people.status, people.stdout]).toEqual([0, `Wrote ${out}: 0 groups, 17 bytes.\n`]);
  expect(report).toHaveBeenLastCalledWith({ group: null, from: null, to: null });
  expect(readFileSync(out, 'utf8')).toBe(MADE.html);
  writeFileSync(out, 'old');
  const program = await run('--out', out, '--group', 'g', '--from', 'a', '--to', 'b', '--json');
  expect(report).toHaveBeenLastCalledWith({ group: 'g', from: 'a', to: 'b' });
  expect(JSON.parse(program.stdout)).toEqual({ file: out, bytes: 17, groups: [] });
  expect(readFileSync(out, 'utf8')).toBe(MADE.html);
  expect(readdirSync(directory)).toEqual(['changes.html']);
});

test('a symbolic link stays, and its file is replaced', async () => {
  const [file, link] = [join(directory, 'file.html'), join(directory, 'link.html')];
  writeFileSync(file, 'old');
  symlinkSync(file, link);
  expect((await run('--out', link)).status).toBe(0);
  expect(readlinkSync(link)).toBe(file);
  expect(readFileSync(file, 'utf8')).toBe(MADE.html);
});

test('without --out it says what is missing', async () => {
  const { status, stderr } = await run();
  expect([status, stderr]).toEqual([2, expect.stringContaining('--out')]);
});

test.each([
  ['a directory', (at: string) => at, 'It is a directory.'],
  ['a missing directory', (at: string) => join(at, 'no', 'x.html'), 'does not exist.'],
  ['a file as directory', (at: string) => join(at, 'kept', 'x.html'), 'is not a directory.'],
  ['a device', () => '/dev/null', 'It is not a regular file.'],
  ['nothing', () => '', 'The path is empty.'],
  ['a long name', (at: string) => join(at, 'x'.repeat(300)), 'The name is too long.'],
])('%s is refused before any work', async (_, pathIn, detail) => {
  report.mockClear();
  writeFileSync(join(directory, 'kept'), 'kept');
  const { status, stderr } = await run('--out', pathIn(directory));
  expect([status, stderr]).toEqual([2, expect.stringContaining('could not write the file')]);
  expect(stderr).toMatch(new RegExp(`DETAIL: .*${detail}\nHINT: .*\\.\n$`));
  expect(report).not.toHaveBeenCalled();
  expect(readdirSync(directory)).toEqual(['kept']);
});

// Nobody can make a file there, not even a superuser.
test.runIf(process.platform === 'linux')('a directory that takes no file', async () => {
  const { status, stderr } = await run('--out', '/proc/self/x.html');
  expect([status, stderr]).toEqual([2, expect.stringContaining('could not write the file')]);
  expect(stderr).toMatch(/DETAIL: .*\nHINT: .*\n$/);
});

test('if the report fails, the file is as it was', async () => {
  const out = join(directory, 'changes.html');
  writeFileSync(out, 'old');
  report.mockRejectedValueOnce(new ImatError('not_found', { message: 'group "g" does not exist' }));
  expect((await run('--out', out, '--group', 'g')).status).toBe(2);
  expect(readFileSync(out, 'utf8')).toBe('old');
  expect(readdirSync(directory)).toEqual(['changes.html']);
});
