/** What imat fold prints of imats that it could not fold. */
import { expect, test, vi } from 'vitest';
import { runFake } from './fake-host.ts';

test('fold says what it could not fold, and ends with 2', async () => {
  const error = {
    code: 'IM024',
    category: 'integrity' as const,
    message: 'imat "b" is broken',
    detail: null,
    hint: 'Run imat repair b.',
  };
  const broken = { name: 'b', rows: 0, ms: 0, error };
  const fold = vi.fn(async () => [{ name: 'a', rows: 1, ms: 5, error: null }, broken]);
  const { status, stdout } = await runFake(['fold'], { imat: { fold } });
  expect(status).toBe(2);
  const left = 'b: not folded\n  imat: imat "b" is broken\n  HINT:  Run imat repair b.\n';
  expect(stdout).toMatch(/^a +1 +5 ms$/m);
  expect(stdout.endsWith(`\n${left}`)).toBe(true);
  const alone = await runFake(['fold'], { imat: { fold: async () => [broken] } });
  expect([alone.status, alone.stdout]).toEqual([2, left]);
});
