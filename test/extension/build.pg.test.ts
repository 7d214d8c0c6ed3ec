import { expect, test } from 'vitest';
import { provideExtension } from '../../tools/extension.ts';
import { leftOut } from '../../tools/test-needs.mjs';

const { servers, missing } = provideExtension();

test.skipIf(leftOut().includes('extension'))('it builds for every supported version', () => {
  expect(missing).toEqual([]);
});

test.each(servers.map(({ major, warnings }) => [major, warnings] as const))(
  'it builds without a warning for PostgreSQL %i',
  (_major, warnings) => {
    expect(warnings).toBe('');
  },
);
