#!/usr/bin/env node
/**
 * The program `imat`: connects the command line with the process. Large modules are imported only
 * when a command needs them.
 */
import { existsSync, readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import type { Host, Terminal } from './context.ts';
import { run } from './run.ts';

const DEFAULT_COLUMNS = 80;

const host: Host = {
  stdout: terminal(process.stdout),
  stderr: terminal(process.stderr),
  stdin: async () => await text(process.stdin),
  environment: process.env,
  signals: process,
  exit: (status) => process.exit(status),
  connect: async (target) => {
    const { connect } = await import('../engine/index.ts');
    return await connect(target);
  },
  openSession: async (target) => {
    const [{ createImat }, { connectDb }] = await Promise.all([
      import('../engine/index.ts'),
      import('../engine/db/connect-db.ts'),
    ]);
    const db = await connectDb(target);
    return { db, imat: createImat(db) };
  },
};

/**
 * `imat list | head -1` closes the pipe early. That is not an error, and the command must still
 * finish its work.
 */
function terminal(stream: NodeJS.WriteStream): Terminal {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  return {
    write: (chunk) => void stream.write(chunk),
    isTTY: stream.isTTY,
    get columns() {
      // 0 if the terminal does not know its size.
      return stream.columns > 0 ? stream.columns : DEFAULT_COLUMNS;
    },
  };
}

/**
 * Reads the package's own package.json: one folder above the sources, two above dist/cli.
 */
function packageVersion(): string {
  const file = ['../package.json', '../../package.json']
    .map((path) => new URL(path, import.meta.url))
    .find((url) => existsSync(url));
  if (file === undefined) throw new Error('package.json is missing from the installation');
  const content: { readonly version: string } = JSON.parse(readFileSync(file, 'utf8'));
  return content.version;
}

async function flushed(stream: NodeJS.WriteStream): Promise<void> {
  await new Promise<void>((resolve) => stream.write('', () => resolve()));
}

const status = await run(process.argv.slice(2), host, packageVersion());
await flushed(process.stdout);
await flushed(process.stderr);
// An interrupted connection attempt would keep the event loop alive for minutes.
process.exit(status);
