/** PostgreSQL's client programs (pg_dump, psql, ...), which the packaged servers come without. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { provideExtension } from '../../tools/extension.ts';
import { findInstalledPostgres, findPostgres } from '../../tools/find-postgres.mjs';

type Binaries = NonNullable<ReturnType<typeof findPostgres>>;

/** A server with client programs beside it: one with the extension, or any. */
export function findWithPrograms(withExtension: boolean): Binaries | undefined {
  const servers: readonly Binaries[] = withExtension
    ? provideExtension().servers.map((one) => one.binaries)
    : [findPostgres() ?? [], findInstalledPostgres()].flat();
  return servers.find((found) => existsSync(join(found.bin, 'pg_dump')));
}

/** Runs one of them to its end; gives what it has written to stderr. */
export async function runProgram(
  binaries: Binaries | undefined,
  name: string,
  args: readonly string[],
): Promise<string> {
  const { stderr } = await promisify(execFile)(join(binaries?.bin ?? '', name), args);
  return stderr;
}
