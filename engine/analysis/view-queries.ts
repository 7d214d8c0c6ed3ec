/** The queries of a definition and of the views that it reads, as they are planned. */
import type { Query } from '../../parser/tree.ts';
import { momentsApart } from '../algebra/query-rewrites/moments-apart.ts';
import { rowValues } from '../algebra/query-rewrites/row-values.ts';
import { inlineRowlessSublinks } from '../algebra/query-rewrites/rowless-sublinks.ts';
import type { PlanReason } from '../algebra/reason.ts';
import type { Db } from '../db/db.ts';
import { rolledBack } from '../db/rolled-back.ts';
import type { FunctionFacts } from '../server/function-facts.ts';
import { searchPathOf } from '../server/operators.ts';
import type { Inspection } from '../server/relations.ts';
import { inspectView } from '../server/relations.ts';
import { openOrders } from './completed.ts';
import { implicitOperators, readGated } from './gate.ts';

export const asPlanned = (query: Query): Query =>
  momentsApart(inlineRowlessSublinks(rowValues(query)));

type Reasons = { readonly reasons: readonly PlanReason[] };

export type Views = ReadonlyMap<number, { readonly name: string; readonly query: Query }>;

/** The queries of the ordinary views that the definition reads, by OID. */
export async function viewQueries(
  db: Db,
  inspection: Inspection,
  functions: FunctionFacts,
): Promise<{ readonly queries: Views } | Reasons> {
  const queries = new Map<number, { readonly name: string; readonly query: Query }>();
  for (const { oid, name } of inspection.all.filter((one) => one.kind === 'view')) {
    const inner = await inspectView(db, oid);
    const reading = await readGated(db, inner.definition, inner.direct, functions);
    const searchPath = await rolledBack(db, () => searchPathOf(db, oid, inner.definition));
    const against = [
      ...('reasons' in reading
        ? reading.reasons
        : await openOrders(
            db,
            { inspection: inner, searchPath: searchPath ?? null },
            reading.query,
          )),
      ...(searchPath === null ? [] : [implicitOperators(searchPath ?? '')]),
    ];
    if ('reasons' in reading || against.length > 0)
      return { reasons: against.map((reason) => inView(name, reason)) };
    queries.set(oid, {
      name,
      query: asPlanned(reading.query),
    });
  }
  return { queries };
}

export const inView = (name: string, reason: PlanReason): PlanReason => ({
  ...reason,
  message: `in view "${name}": ${reason.message}`,
  span: null,
});
