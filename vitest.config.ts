import { defineConfig } from 'vitest/config';

// Two projects, so that the pure tests (`*.test.ts`) start no server and the server tests (`*.pg.test.ts`) share one.
const shared = {
  pool: 'forks',
  // Of 3,300 s of a whole run on two cores, files that load all modules anew take 120.
  isolate: false,
  maxWorkers: 3,
  testTimeout: 300_000,
  hookTimeout: 300_000,
} as const;

export default defineConfig({
  test: {
    maxWorkers: 3,
    projects: [
      {
        test: {
          ...shared,
          name: 'pure',
          include: ['test/**/*.test.ts'],
          exclude: ['test/**/*.pg.test.ts'],
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
