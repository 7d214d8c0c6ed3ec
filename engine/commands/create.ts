/** Create: from a query to an imat. */
import { temporaryView } from '../analysis/query-text.ts';
import type { ConvertOptions, ConvertResult } from '../api.ts';
import type { Db } from '../db/db.ts';
import { convert } from './convert.ts';

export async function convertQuery(
  db: Db,
  serverMajor: number,
  name: string,
  query: string,
  options: ConvertOptions,
): Promise<ConvertResult> {
  return convert(db, serverMajor, { ...options, name, original: null, calledAs: [name] }, () =>
    temporaryView(db, query),
  );
}
