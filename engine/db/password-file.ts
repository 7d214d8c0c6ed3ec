import { readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

export type PasswordKey = {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
};

/**
 * Finds the password for a connection in the text of a libpq password file. The first matching line
 * counts.
 */
export function findPassword(text: string, key: PasswordKey): string | undefined {
  // libpq looks up a Unix socket under the name localhost.
  const wanted = [
    key.host.startsWith('/') ? 'localhost' : key.host,
    String(key.port),
    key.database,
    key.user,
  ];
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith('#')) continue;
    const fields = splitFields(line);
    const password = fields[4];
    if (
      password !== undefined &&
      wanted.every((value, i) => fields[i] === '*' || fields[i] === value)
    )
      return password;
  }
  return undefined;
}

/**
 * Reads the password from the given file or ~/.pgpass. Like libpq, it ignores a file that others
 * can read, and one that this user cannot. docs/decisions/0013-libraries.md says why this is not
 * pgpass.
 */
export function readPassword(key: PasswordKey, path?: string): string | undefined {
  const text = privateText(path);
  return text === undefined ? undefined : findPassword(text, key);
}

function privateText(given: string | undefined): string | undefined {
  try {
    // A user without a name may have no home either.
    const path = given ?? join(homedir(), '.pgpass');
    const stats = statSync(path);
    if (!stats.isFile() || (process.platform !== 'win32' && (stats.mode & 0o077) !== 0))
      return undefined;
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** Splits a line at its colons; a backslash escapes the next character. */
function splitFields(line: string): string[] {
  const fields = [''];
  for (let i = 0; i < line.length; i += 1) {
    const character = line.charAt(i);
    if (character === ':' && fields.length < 5) fields.push('');
    else if (character === '\\' && i + 1 < line.length)
      fields.push(fields.pop() + line.charAt((i += 1)));
    else fields.push(fields.pop() + character);
  }
  return fields;
}
