/**
 * A fresh cluster, kept between runs: initdb takes the embedded database four seconds, loading its
 * result less than one.
 */
import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/** The cached dump, or null. */
export function readInitdbDump(): Uint8Array | null {
  try {
    return readFileSync(dumpPath());
  } catch {
    return null;
  }
}

/** Keeps a dump. Failing is harmless: a cache that cannot be written only costs time. */
export function writeInitdbDump(dump: Uint8Array): void {
  const path = dumpPath();
  const unfinished = `${path}.${randomUUID()}`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(unfinished, dump);
    renameSync(unfinished, path);
  } catch {
    rmSync(unfinished, { force: true });
  }
}

/** Removes a dump that could not be loaded. */
export function dropInitdbDump(): void {
  try {
    rmSync(dumpPath(), { force: true });
  } catch {
    // The next start tries it once more, finds it unusable and goes on without it again.
  }
}

/** One file for each PGlite version: a cluster belongs to the PostgreSQL that made it. */
function dumpPath(): string {
  const cache = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  return join(cache, 'imat', `pglite-${pgliteVersion()}.tar.gz`);
}

function pgliteVersion(): string {
  const entry = createRequire(import.meta.url).resolve('@electric-sql/pglite');
  const manifest = JSON.parse(readFileSync(join(dirname(entry), '..', 'package.json'), 'utf8')) as {
    version: string;
  };
  return manifest.version;
}
