import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockDirectory } from '../../../engine/db/directory-lock.ts';
import { identifyProcess } from '../../../engine/db/process-identity.ts';
import { ImatError } from '../../../engine/errors/imat-error.ts';

let parent: string;
let directory: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'imat-lock-'));
  directory = join(parent, 'data');
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

const isLocked = expect.objectContaining({ name: 'ImatError', condition: 'embedded_locked' });

test('a directory is locked once, until it is released', () => {
  const release = lockDirectory(directory);
  expect(() => lockDirectory(directory)).toThrow(isLocked);
  release();
  lockDirectory(directory)();
  expect(readdirSync(parent)).toEqual([]);
});

test('the error names the holder and the file', () => {
  const release = lockDirectory(directory);
  try {
    lockDirectory(directory);
    expect.fail('it should have been locked');
  } catch (error) {
    expect((error as ImatError).detail).toContain(`Process ${process.pid} `);
    expect((error as ImatError).hint).toContain(`${directory}.lock`);
  }
  release();
});

test('the lock of a process that was killed is taken over', async () => {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  const holder = identifyProcess(child.pid ?? 0);
  writeFileSync(`${directory}.lock`, JSON.stringify({ ...holder, token: 'x' }));
  expect(() => lockDirectory(directory)).toThrow(isLocked);
  child.kill('SIGKILL');
  await once(child, 'exit');
  lockDirectory(directory)();
  expect(existsSync(`${directory}.lock`)).toBe(false);
});

test.runIf(process.platform === 'linux')(
  'the lock of an earlier process with the same number is taken over',
  () => {
    writeFileSync(
      `${directory}.lock`,
      JSON.stringify({ ...identifyProcess(process.pid), started: '1', token: 'x' }),
    );
    lockDirectory(directory)();
  },
);

test('the lock of another machine is left alone, and so is a file that is no lock', () => {
  writeFileSync(
    `${directory}.lock`,
    JSON.stringify({ pid: 1, host: 'elsewhere', started: null, token: 'x' }),
  );
  expect(() => lockDirectory(directory)).toThrow(isLocked);
  writeFileSync(`${directory}.lock`, 'precious');
  expect(() => lockDirectory(directory)).toThrow(isLocked);
});

test('while one process takes a stale lock over, another waits its turn', () => {
  const gone = { ...identifyProcess(process.pid), pid: 2 ** 22 + 1, started: '1', token: 'x' };
  writeFileSync(`${directory}.lock`, JSON.stringify(gone));
  writeFileSync(
    `${directory}.lock.takeover`,
    JSON.stringify({ ...identifyProcess(process.pid), token: 'y' }),
  );
  expect(() => lockDirectory(directory)).toThrow(isLocked);
  // The one that was taking over is killed as well.
  writeFileSync(`${directory}.lock.takeover`, JSON.stringify(gone));
  lockDirectory(directory)();
  expect(readdirSync(parent)).toEqual([]);
});
