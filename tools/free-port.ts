/** A port of 127.0.0.1 for a server of a test. */
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Below the ports that systems give to clients (Linux from 32768 on, others from 49152): a server
 * that restarts would find its port taken by somebody's connection.
 */
const [FIRST, LAST] = [20_000, 32_767];
const ATTEMPTS = 100;

/** Finds a port that nobody listens on now. */
export async function freePort(): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    const port = randomInt(FIRST, LAST + 1);
    try {
      await probe(port);
      return port;
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
    }
  }
}

function probe(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => server.close(() => resolve()));
  });
}
