import { expect, test } from 'vitest';
import { provideExtension } from '../../tools/extension.ts';

test('the extension builds without a warning for every version that can be had here', () => {
  const { servers, missing } = provideExtension();
  for (const { major, reason } of missing) process.stderr.write(`the extension is not tested on PostgreSQL ${major}: ${reason}\n`);
  for (const { major, warnings } of servers) expect(warnings, `PostgreSQL ${major}`).toBe('');
  expect(servers.length).toBeGreaterThan(0);
}, 300_000);
