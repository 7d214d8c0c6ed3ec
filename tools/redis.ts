/**
 * Starts a throw-away Redis from a local binary; it can be killed and started again on the same
 * port.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port.ts';
import { findRedis } from './install-services.mjs';

export type RedisServer = {
  readonly url: string;
  /** Ends it as a crash does; what it held is gone. */
  kill(): Promise<void>;
  /** Starts it again, empty. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Sends one command; gives the answer as Redis wrote it. */
  command(...words: string[]): Promise<string>;
};

const START_TIMEOUT_MS = 10_000;

/** @throws Error where there is no redis-server or it does not start */
export async function startRedis(
  options: { readonly cluster?: boolean } = {},
): Promise<RedisServer> {
  const binary = findRedis();
  if (binary === null)
    throw new Error('no redis-server was found; `npm test` installs it where it may');
  const directory = mkdtempSync(join(tmpdir(), 'imat-redis-'));
  const port = await freePort();
  let server: ChildProcess | null = null;
  const kill = async (): Promise<void> => {
    if (server === null) return;
    const ended = once(server, 'exit');
    server.kill('SIGKILL');
    await ended;
    server = null;
  };
  const abandon = (): void => void server?.kill('SIGKILL');
  const command = (...words: string[]): Promise<string> => send(port, words);
  const start = async (): Promise<void> => {
    const log = join(directory, 'log');
    server = spawn(binary, settings(port, directory, log, options.cluster === true), {
      stdio: 'ignore',
    });
    for (const deadline = Date.now() + START_TIMEOUT_MS; Date.now() < deadline; await sleep(20)) {
      if (server.exitCode !== null)
        throw new Error(`redis-server ended:\n${readFileSync(log, 'utf8')}`);
      if ((await command('PING').catch(() => '')) === '+PONG') return;
    }
    throw new Error('redis-server was not ready in time');
  };
  process.once('exit', abandon);
  await start();
  if (options.cluster === true) {
    await command('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
    while (!(await command('CLUSTER', 'INFO')).includes('cluster_state:ok')) await sleep(20);
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    kill,
    start,
    command,
    stop: async () => {
      process.off('exit', abandon);
      await kill();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function settings(port: number, directory: string, log: string, cluster: boolean): string[] {
  const own = `--port ${port} --bind 127.0.0.1 --appendonly no`.split(' ');
  const files = ['--dir', directory, '--save', '', '--logfile', log];
  const inCluster = ['--cluster-enabled', 'yes', '--cluster-config-file', 'nodes.conf'];
  return [...own, ...files, ...(cluster ? inCluster : [])];
}

/** The protocol is simple enough for a test not to need a client. */
function send(port: number, words: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ port, host: '127.0.0.1' });
    socket.setTimeout(2000, () => socket.destroy(new Error('Redis did not answer')));
    socket.once('error', reject);
    socket.once('data', (data) => {
      resolve(data.toString().trim());
      socket.destroy();
    });
    socket.write(
      `*${words.length}\r\n` +
        words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join(''),
    );
  });
}
