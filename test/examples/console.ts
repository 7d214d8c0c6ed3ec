/** Runs the commands of an example's README as a reader would type them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Db } from '../../engine/db/db.ts';
import { type Ended, runCli } from '../cli/built-cli.ts';

export const EXAMPLES = fileURLToPath(new URL('../../examples', import.meta.url));

export const exampleFile = (name: string, file: string): string =>
  readFileSync(join(EXAMPLES, name, file), 'utf8');

/** The lines after `$ ` in the console blocks of an example's README. */
export function consoleLines(name: string): string[] {
  return [...exampleFile(name, 'README.md').matchAll(/^\$ (.*)$/gm)].map(([, line]) => line ?? '');
}

/**
 * Runs `psql ... -f <file>` in a session, and `imat ...` with the built program.
 * @returns the output of `imat`; null for a line that only sets a variable
 * @throws Error if the line is of another kind
 */
export async function runLine(
  name: string,
  line: string,
  db: Db,
  url: string,
): Promise<Ended | null> {
  if (line.startsWith('export DATABASE_URL=')) return null;
  const file = /^psql .*-f (\S+)$/.exec(line)?.[1];
  if (file !== undefined) {
    await db.execute(exampleFile(name, file));
    return null;
  }
  if (!line.startsWith('imat ')) throw new Error(`the test cannot run "${line}"`);
  const environment = { DATABASE_URL: url };
  return await runCli(line.split(' ').slice(1), { environment });
}
