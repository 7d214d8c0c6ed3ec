/**
 * The frontier as generated SQL reads it: the snapshot that belongs to the imat's state table, or a clear error.
 * The row names the state table by OID, which a restore into another cluster changes: old transaction ids, which mean
 * nothing there, are so never compared.
 */
import type { Sql } from '../sql/sql.ts';
import { join, literal, sql } from '../sql/sql.ts';

export type FrontierOf = { readonly imatId: number; readonly name: string; readonly states: readonly Sql[] };

export function frontierSnapshot({ imatId, name, states }: FrontierOf): Sql {
  return sql`(SELECT COALESCE((SELECT f.snapshot FROM imat_catalog.frontier AS f WHERE f.imat_id = ${imatId} AND f.state_relation IN (${join(states.map(regclass), ', ')})), imat_catalog.no_frontier(${literal(name)})))`;
}

/** A relation as a constant that dump and restore carry by name. */
export const regclass = (relation: Sql): Sql => sql`${literal(relation.text)}::regclass`;
