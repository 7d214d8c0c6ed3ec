/** Whether so much is pending that it is cheaper to compute the answer anew. */
import type { Sql } from '../sql/sql.ts';
import { join, regclass, sql } from '../sql/sql.ts';
import { GUARDED_SNAPSHOT } from './frontier.ts';
import type { Subject } from './subject.ts';

/** Smaller logs have fewer than 10,000 rows, which are always added up. */
const COUNT_FROM_BYTES = 440_000;

/** How many rows are computed anew in the time that a pending one takes (is_outgrown.sql). */
const FOR_ONE = { read: 8, fold: 2, foldOfJoin: 5 } as const;

/** What a fold writes: groups or single rows, to which changes are added, or the rows of keys. */
export type Folded = 'groups' | 'bag' | 'keys';

/**
 * The same for a fold. All rows of a join that is stored row by row take much longer to write than
 * to compute, so that changes are worth adding up for longer.
 */
export const isOutgrownInFold = (
  subject: Subject,
  sources: readonly number[],
  folded: Folded,
): Sql => {
  const isJoin = sources.length > 1;
  const forOne = isJoin && folded !== 'bag' ? FOR_ONE.foldOfJoin : FOR_ONE.fold;
  return isOutgrown(subject, sources, isJoin && folded !== 'keys', forOne);
};

/**
 * Does not depend on any row. `isJoin`: whether changes of joined tables are added up, of which one
 * row can make many.
 */
export function isOutgrown(
  { id, logOf }: Subject,
  sources: readonly number[],
  isJoin: boolean,
  forOne: number = FOR_ONE.read,
): Sql {
  const counted = sql`imat_catalog.is_outgrown(${id}, ${GUARDED_SNAPSHOT}, ${forOne})`;
  if (isJoin) return counted;
  const bytes = sources.map((oid) => sql`pg_catalog.pg_relation_size(${regclass(logOf(oid))})`);
  return sql`GREATEST(${join(bytes, ', ')}) >= ${COUNT_FROM_BYTES} AND ${counted}`;
}
