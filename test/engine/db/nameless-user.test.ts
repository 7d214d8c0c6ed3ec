/** A user of the operating system that is a number alone, as in many containers. */
import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { resolveServer } from '../../../engine/db/environment.ts';

// Test files share their modules, so a mocked module would not be seen, or be seen by others.
beforeAll(() => {
  const unknown = (): never => {
    throw new Error('uv_os_get_passwd returned ENOENT');
  };
  vi.spyOn(os, 'userInfo').mockImplementation(unknown);
  vi.spyOn(os, 'homedir').mockImplementation(unknown);
  syncBuiltinESMExports();
});
afterAll(() => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
});

test('it needs no home where a role is given', () => {
  expect(resolveServer('postgresql://me@far/d', {})).toMatchObject({ user: 'me', database: 'd' });
});

test('otherwise it is told to name one', () => {
  expect(() => resolveServer('postgresql://far/d', {})).toThrow(
    'no role is given, and the user of the operating system has no name',
  );
});
