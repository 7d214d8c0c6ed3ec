/**
 * A Redis for a test file: the one that IMAT_TEST_REDIS_URL names, one in Docker, or one from a
 * local binary, whichever comes first.
 */
import { dockerAnswers } from '../../tools/find-postgres.mjs';
import { findRedis } from '../../tools/install-services.mjs';
import { startRedis } from '../../tools/redis.ts';

export type TestRedis = { readonly url: string; stop(): Promise<void> };

export async function provideRedis(): Promise<TestRedis> {
  const url = process.env['IMAT_TEST_REDIS_URL'];
  if (url) return { url, stop: async () => undefined };
  if (await dockerAnswers()) {
    try {
      const { GenericContainer } = await import('testcontainers');
      const container = await new GenericContainer('redis:7').withExposedPorts(6379).start();
      return {
        url: `redis://${container.getHost()}:${container.getMappedPort(6379)}`,
        stop: async () => void (await container.stop()),
      };
    } catch (error) {
      process.stderr.write(
        `Docker is there but gave no Redis (${(error as Error).message}); trying a local binary\n`,
      );
    }
  }
  return startRedis();
}

/** Tests that kill and restart Redis need a binary of their own. */
export const HAS_REDIS_BINARY = findRedis() !== null;
if (!HAS_REDIS_BINARY)
  process.stderr.write(
    'NOT RUN: the tests that kill and restart Redis, as there is no redis-server on this machine\n',
  );
