/** A user of the operating system that is a number alone, as in many containers. */
import { expect, test, vi } from 'vitest';
import { resolveServer } from '../../../engine/db/environment.ts';

vi.mock('node:os', async (original) => {
  const unknown = (): never => {
    throw new Error('uv_os_get_passwd returned ENOENT');
  };
  return { ...(await original()), userInfo: unknown, homedir: unknown };
});

test('it needs no home where a role is given', () => {
  expect(resolveServer('postgresql://me@far/d', {})).toMatchObject({ user: 'me', database: 'd' });
});

test('otherwise it is told to name one', () => {
  expect(() => resolveServer('postgresql://far/d', {})).toThrow(
    'no role is given, and the user of the operating system has no name',
  );
});
