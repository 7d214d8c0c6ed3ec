/**
 * The delta of an imat as a view, `imat_store.delta_<name>`: what is pending, as rows of state columns. The live view adds
 * it to the state when read, the fold adds it for good. Being a view, it follows its sources through renames.
 *
 * What its terms ask of the frontier and the logs is asked once, which also spares planning. Where an expression can fail
 * for a row, pending rows are cancelled against each other first. Where it is believed that none can, the fold has a
 * second view that does so, for values that prove the belief wrong.
 */
import { deltaRows } from '../operators/group.ts';
import type { Pending } from '../operators/join.ts';
import { anyPending } from '../operators/join.ts';
import type { DeltaPlan } from '../plan/plan.ts';
import type { Sql } from '../sql/sql.ts';
import { ident, lines, sql } from '../sql/sql.ts';

export function deltaBody(
  plan: DeltaPlan,
  imatId: number,
  logOf: Pending['logOf'],
  netted: boolean,
): Sql {
  const oids = [...new Set(plan.occurrences.map((occurrence) => occurrence.source.oid))];
  const flag = (oid: number): Sql => ident(`changed${oids.indexOf(oid) + 1}`);
  const inLog: Pending = { frontier: sql`f.snapshot`, logOf, changed: null, netted: false };
  const flags =
    plan.occurrences.length > 1
      ? oids.map((oid) => sql`${anyPending(inLog, [oid])} AS ${flag(oid)}`)
      : [];
  const pending: Pending = {
    frontier: sql`(SELECT p.snapshot FROM pending AS p)`,
    logOf,
    changed: (oid) => sql`(SELECT p.${flag(oid)} FROM pending AS p)`,
    netted,
  };
  return sql`WITH pending AS MATERIALIZED (
  SELECT
    ${lines([sql`f.snapshot`, ...flags])}
  FROM imat_catalog.frontier AS f
  WHERE f.imat_id = ${imatId}
)
${deltaRows(plan, pending)}`;
}
