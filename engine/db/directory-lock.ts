/**
 * At most one process per embedded database: PGlite itself takes no lock, and two processes on one
 * directory lose rows.
 *
 * The lock is a file beside the directory, made with O_EXCL, that names its holder. A holder that
 * was killed leaves it behind, so a lock whose process is gone is taken over. Taking over is itself
 * under a lock of the same kind (`.takeover`): without that, a second process that saw the same
 * stale file could remove the first one's new lock.
 */
import { randomUUID } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { ImatError } from '../errors/imat-error.ts';
import {
  identifyProcess,
  mayBeRunning,
  type ProcessIdentity,
  readIdentity,
} from './process-identity.ts';

type Holder = ProcessIdentity & { readonly token: string };

/**
 * Locks a data directory and gives the function that unlocks it. @throws ImatError
 * `embedded_locked`
 */
export function lockDirectory(directory: string): () => void {
  const path = `${resolve(directory)}.lock`;
  mkdirSync(dirname(path), { recursive: true });
  const release = acquire(path);
  if (release !== null) return release;
  const holder = readIdentity<Holder>(path);
  throw new ImatError('embedded_locked', {
    message: `embedded database "${directory}" is in use by another process`,
    ...(holder === null ? {} : { detail: `Process ${holder.pid} on ${holder.host} has it open.` }),
    hint: `Wait for it to end. If no such process exists, remove ${path}.`,
  });
}

function acquire(path: string): (() => void) | null {
  const token = randomUUID();
  if (!create(path, token) && !(removeStale(path) && create(path, token))) return null;
  const release = (): void => {
    process.off('exit', release);
    if (readIdentity<Holder>(path)?.token === token) rmSync(path, { force: true });
  };
  process.once('exit', release);
  return release;
}

function create(path: string, token: string): boolean {
  const holder: Holder = { ...identifyProcess(process.pid), token };
  try {
    writeFileSync(path, JSON.stringify(holder), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Removes the lock of a process that is gone. False where it is held, or another process is just
 * taking it over.
 */
function removeStale(path: string): boolean {
  if (isHeld(path)) return false;
  const done = acquire(`${path}.takeover`);
  if (done === null) return false;
  try {
    // Looked at again: only now can nobody else be replacing it.
    if (isHeld(path)) return false;
    rmSync(path, { force: true });
    return true;
  } finally {
    done();
  }
}

function isHeld(path: string): boolean {
  const holder = readIdentity<Holder>(path);
  // Unreadable: being written at this moment, or not ours. Either way it is not for us to remove.
  return holder === null || mayBeRunning(holder);
}
