import { defineConfig } from 'vitest/config';

// Three projects, so that the pure tests (`*.test.ts`) start no server and the server tests
// (`*.pg.test.ts`) share one. They run in the order of their names: the embedded database has the
// longest files, which would keep one core alone at the end.
const EMBEDDED = 'test/engine/**/embedded.test.ts';

const shared = {
  pool: 'forks',
  // Of 3,300 s of a whole run on two cores, files that load all modules anew take 120.
  isolate: false,
  maxWorkers: 4,
  testTimeout: 300_000,
  hookTimeout: 300_000,
} as const;

export default defineConfig({
  test: {
    maxWorkers: 4,
    projects: [
      { test: { ...shared, name: 'embedded', include: [EMBEDDED] } },
      {
        test: {
          ...shared,
          name: 'pure',
          include: ['test/**/*.test.ts'],
          exclude: ['test/**/*.pg.test.ts', EMBEDDED],
        },
      },
      {
        test: {
          ...shared,
          name: 'pg',
          include: ['test/**/*.pg.test.ts'],
          globalSetup: ['test/setup/services.ts'],
        },
      },
    ],
  },
});
