/** The text of a user's query, made into a temporary view. */
import type { Db } from '../db/db.ts';
import { isRejected } from '../db/db.ts';
import { invalidDefinition } from '../db/server-errors.ts';
import { ImatError, positionAt } from '../errors/imat-error.ts';

/**
 * A temporary view of the user's query, under the user's search_path. Inside a transaction that is
 * rolled back. `columns`: a list of their names in parentheses, or nothing.
 */
export async function temporaryView(db: Db, query: string, columns = ''): Promise<number> {
  const text = query.trim().replace(/;\s*$/, '');
  const prefix = `CREATE TEMPORARY VIEW imat_query ${columns} AS\n`;
  await db.query(`SELECT set_config('search_path', $1, true)`, [db.userSearchPath]);
  try {
    await db.query(`${prefix}${text}`);
  } catch (error) {
    if (!isRejected(error)) throw error;
    const second =
      error.sqlstate === '42601' && error.position === null ? secondStatement(text) : null;
    if (second === null) throw invalidDefinition(error, text, [...prefix].length);
    throw new ImatError('invalid_definition', {
      message: 'the query holds more than one statement',
      position: positionAt(text, second),
      cause: error,
    });
  }
  await db.query(`SELECT pg_catalog.set_config('search_path', 'pg_catalog', true)`);
  const [row] = await db.query<{ oid: number }>(
    `SELECT 'pg_temp.imat_query'::regclass::oid AS oid`,
  );
  return row?.oid ?? 0;
}

/** Where the text goes on behind its first statement. */
function secondStatement(text: string): number | null {
  const scan = new RegExp(
    [
      /[eE]'(?:[^'\\]|\\[\s\S]|'')*'/,
      /'(?:[^']|'')*'/,
      /"(?:[^"]|"")*"/,
      /\$([A-Za-z_]\w*|)\$[\s\S]*?\$\1\$/,
      /--[^\n]*/,
      /\/\*[\s\S]*?\*\//,
      /;/,
      /\S/,
    ]
      .map(({ source }) => source)
      .join('|'),
    'g',
  );
  let ended = false;
  for (const match of text.matchAll(scan)) {
    if (match[0] === ';') ended = true;
    else if (ended && !/^(?:--|\/\*)/.test(match[0])) return match.index;
  }
  return null;
}
