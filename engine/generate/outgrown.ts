/** Whether so much is pending that it is cheaper to compute the answer anew. */
import type { Sql } from '../sql/sql.ts';
import { join, regclass, sql } from '../sql/sql.ts';
import { GUARDED_SNAPSHOT } from './frontier.ts';
import type { Subject } from './subject.ts';

/**
 * Smaller logs have fewer than 10,000 rows, which are always added up; of joined tables, of which a
 * row can make many, fewer than 500.
 */
const COUNT_FROM_BYTES = { alone: 440_000, joined: 22_000 } as const;

/** How many rows are computed anew in the time that a pending one takes (is_outgrown.sql). */
const FOR_ONE = { read: 8, fold: 2, foldOfJoin: 5 } as const;

export const forOneInFold = (sources: readonly number[]): number =>
  sources.length > 1 ? FOR_ONE.foldOfJoin : FOR_ONE.fold;

/** Does not depend on any row. `isJoin`: whether changes of joined tables are added up. */
export function isOutgrown(
  { id, logOf }: Subject,
  sources: readonly number[],
  isJoin: boolean,
  forOne: number = FOR_ONE.read,
): Sql {
  const bytes = sources.map((oid) => sql`pg_catalog.pg_relation_size(${regclass(logOf(oid))})`);
  const counted = sql`imat_catalog.is_outgrown(${id}, ${GUARDED_SNAPSHOT}, ${forOne})`;
  const least = COUNT_FROM_BYTES[isJoin ? 'joined' : 'alone'];
  return sql`GREATEST(${join(bytes, ', ')}) >= ${least} AND ${counted}`;
}
