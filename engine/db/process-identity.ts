/** Names a process so that a later one with the same number is not taken for it. */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

export type ProcessIdentity = {
  readonly pid: number;
  readonly host: string;
  /** The start time in clock ticks since boot; null where the system does not say. */
  readonly started: string | null;
};

export function identifyProcess(pid: number): ProcessIdentity {
  return { pid, host: hostname(), started: startOf(pid) };
}

/**
 * True where the process is running, or cannot be asked because it is on another machine or in
 * another container.
 */
export function mayBeRunning(identity: ProcessIdentity): boolean {
  if (identity.host !== hostname()) return true;
  return isAlive(identity.pid) && identity.started === startOf(identity.pid);
}

/**
 * Reads an identity that was written as JSON, alone or among other fields; null where the text is
 * none.
 */
export function readIdentity<T extends ProcessIdentity>(path: string): T | null {
  try {
    const value = JSON.parse(readFileSync(path, 'utf8')) as T;
    return Number.isInteger(value.pid) && typeof value.host === 'string' ? value : null;
  } catch {
    return null;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives and belongs to somebody else.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * The 22nd field of Linux's stat line, counted after the name, which stands in parentheses and may
 * hold blanks.
 */
function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}
