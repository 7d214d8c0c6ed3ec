/**
 * The driver for the embedded database: PGlite (PostgreSQL compiled to WebAssembly) in its own
 * thread.
 */
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import { ImatError } from '../errors/imat-error.ts';
import type { Db } from './db.ts';
import { lockDirectory } from './directory-lock.ts';
import { dropInitdbDump, readInitdbDump, writeInitdbDump } from './initdb-cache.ts';
import type { WorkerOutput, WorkerStart } from './pglite-protocol.ts';
import { PgliteStream } from './pglite-stream.ts';
import { Session, TEXT_TYPES } from './session.ts';

/**
 * Opens the database in a directory, or creates it there; null opens one in memory.
 * @throws ImatError `embedded_locked`, `connection_failed`, or `invalid_argument` if the directory
 *   contains other files
 */
export async function connectEmbedded(directory: string | null): Promise<Db> {
  if (directory === null) return openSession(await startFresh(null), () => undefined);
  const path = resolve(directory);
  const unlock = lockDirectory(path);
  try {
    return await openSession(await startInDirectory(path), unlock);
  } catch (error) {
    unlock();
    throw error;
  }
}

/**
 * While a cluster is being created, a file beside the directory says so, because a run that is
 * killed meanwhile leaves an incomplete one.
 */
async function startInDirectory(directory: string): Promise<Worker> {
  const unfinished = `${directory}.unfinished`;
  mkdirSync(directory, { recursive: true });
  if (existsSync(unfinished)) empty(directory);
  if (existsSync(join(directory, 'PG_VERSION')))
    return start({ directory, initdbDump: null, wantsDump: false });
  if (readdirSync(directory).length > 0) {
    throw new ImatError('invalid_argument', {
      message: `directory "${directory}" is not an embedded database`,
      detail: 'The directory contains other files.',
      hint: 'Use a new or empty directory.',
    });
  }
  writeFileSync(unfinished, '');
  const worker = await startFresh(directory);
  rmSync(unfinished);
  return worker;
}

/** Starts with a new cluster: a copy of the cached one, otherwise by initdb. */
async function startFresh(directory: string | null): Promise<Worker> {
  const dump = readInitdbDump();
  if (dump === null) return start({ directory, initdbDump: null, wantsDump: true });
  try {
    return await start({ directory, initdbDump: dump, wantsDump: false });
  } catch {
    // The dump is damaged, and what it left behind would stop initdb.
    dropInitdbDump();
    if (directory !== null) empty(directory);
    return start({ directory, initdbDump: null, wantsDump: true });
  }
}

function empty(directory: string): void {
  for (const name of readdirSync(directory)) rmSync(join(directory, name), { recursive: true });
}

async function openSession(worker: Worker, unlock: () => void): Promise<Db> {
  const { default: pg } = await import('pg');
  const stream = new PgliteStream(worker);
  const client = new pg.Client({
    user: 'postgres',
    database: 'postgres',
    password: '',
    ssl: false,
    stream: () => stream,
    types: TEXT_TYPES,
    pipeline: true,
  });
  await client.connect();
  return Session.open({
    client,
    driver: 'pglite',
    cancel: async () => void (await worker.terminate()),
    release: async () => {
      await worker.terminate();
      unlock();
    },
  });
}

function start(workerData: WorkerStart): Promise<Worker> {
  const worker = new Worker(new URL('./pglite-worker.mjs', import.meta.url), { workerData });
  return new Promise((resolve, reject) => {
    const fail = (error: unknown): void =>
      reject(
        new ImatError('connection_failed', {
          message: 'could not start the embedded database',
          detail:
            error instanceof Error
              ? error.message
              : `Its thread ended with status ${String(error)}.`,
          cause: error,
        }),
      );
    worker.once('error', fail);
    worker.once('exit', fail);
    worker.once('message', (message: WorkerOutput) => {
      worker.off('error', fail);
      worker.off('exit', fail);
      if (message.kind === 'ready' && message.dump !== null) writeInitdbDump(message.dump);
      resolve(worker);
    });
  });
}
