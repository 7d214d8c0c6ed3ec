import { expect, test } from 'vitest';
import { provideExtension } from '../../tools/extension.ts';

const { servers, missing } = provideExtension();
for (const { major, reason } of missing)
  process.stderr.write(`the extension is not tested on PostgreSQL ${major}: ${reason}\n`);

test.each(servers.map(({ major, warnings }) => [major, warnings] as const))(
  'it builds without a warning for PostgreSQL %i',
  (_major, warnings) => {
    expect(warnings).toBe('');
  },
);
test.skipIf(servers.length > 0)('there is a version that the extension can be built for');
