/**
 * FOR UPDATE and the like are left out: they choose no rows, and whoever reads an imat changes none
 * of them. A reader would lock rows of tables that others write, and could not read in a read-only
 * transaction.
 *
 * Right because in one snapshot the rows are the same with and without the locks. Counter-example,
 * which stays: SKIP LOCKED, which leaves out the rows that somebody else has locked.
 */
import type { Query } from '../../../parser/tree.ts';
import { mapQueries } from './relations.ts';

/** What was left out, as it is written. */
export type WithoutLocks = { readonly query: Query; readonly locks: readonly string[] };

/** The same object where nothing locks rows. */
export function withoutLocks(query: Query): WithoutLocks {
  const locks: string[] = [];
  const unlocked = mapQueries(query, (one) => {
    if (one.locking.length === 0 || one.locking.some(skipsRows)) return one;
    locks.push(...one.locking);
    return { ...one, locking: [] };
  });
  return { query: locks.length === 0 ? query : unlocked, locks };
}

const skipsRows = (lock: string): boolean => lock.endsWith(' SKIP LOCKED');
