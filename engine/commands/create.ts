/** Create: from a query to an imat. */
import { temporaryView } from '../analysis/query-text.ts';
import type { ConvertOptions, ConvertResult } from '../api.ts';
import type { Db } from '../db/db.ts';
import { convertUnderSettings } from './convert.ts';

export async function convertQuery(
  db: Db,
  serverMajor: number,
  name: string,
  query: string,
  options: ConvertOptions,
): Promise<ConvertResult> {
  const request = { ...options, name, original: null, calledAs: [name] };
  return convertUnderSettings(db, serverMajor, request, () => temporaryView(db, query));
}
