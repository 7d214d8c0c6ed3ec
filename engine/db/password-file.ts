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
 * The password for a connection in the text of a libpq password file; the first line that matches
 * wins.
 */
export function findPassword(text: string, key: PasswordKey): string | undefined {
  // libpq looks a Unix socket up under the name localhost.
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

/** The password in PGPASSFILE or ~/.pgpass. Like libpq, ignores a file that others can read. */
export function readPassword(key: PasswordKey, env: NodeJS.ProcessEnv): string | undefined {
  const path = env['PGPASSFILE'] ?? join(homedir(), '.pgpass');
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats?.isFile() || (process.platform !== 'win32' && (stats.mode & 0o077) !== 0))
    return undefined;
  return findPassword(readFileSync(path, 'utf8'), key);
}

/** Fields end at colons; a backslash takes the next character as it is. */
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
