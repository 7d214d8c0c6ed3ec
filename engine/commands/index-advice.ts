/**
 * Which indexes are missing on the tables that are read when touched keys are computed again or
 * extremes derived again, and where rows are looked for that the passing of time has changed.
 */
import { quoteIdent, quoteQualified } from '../../parser/quote.ts';
import type { Prepared } from '../analysis/prepare.ts';
import { planOf } from '../analysis/prepare.ts';
import type { Db } from '../db/db.ts';
import { neededIndexes } from '../plan/group-columns.ts';
import type { Plan, StorePlan } from '../plan/plan.ts';
import { neededColumns } from '../regroup/needed-indexes.ts';
import { beginsWith, loadIndexes } from '../server/indexes.ts';

/** The columns by which a table is read, and whether an index begins with them. */
export type IndexUse = {
  readonly relation: string;
  readonly columns: readonly string[];
  readonly present: boolean;
};

type Needed = {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly string[];
};

export async function indexUses(db: Db, plan: Plan): Promise<readonly IndexUse[]> {
  const needed = plan.stores.flatMap(neededBy);
  if (needed.length === 0) return [];
  const indexes = await loadIndexes(db, [...new Set(needed.map(({ oid }) => oid))]);
  const uses = new Map<string, IndexUse>();
  for (const { oid, schema, name, columns } of needed) {
    const relation = quoteQualified(schema, name);
    const present = indexes.get(oid)?.some((index) => beginsWith(index, columns)) === true;
    uses.set(JSON.stringify([oid, columns]), { relation, columns, present });
  }
  return [...uses.values()];
}

function neededBy(store: StorePlan): readonly Needed[] {
  if (store.rule === 'add')
    return neededIndexes(store).map(({ source, columns }) => ({ ...source, columns }));
  return neededColumns(store).flatMap(({ item, column }) => {
    const relation = store.outline.items.get(item)?.relation;
    return relation?.kind === 'table' ? [{ ...relation, columns: [column] }] : [];
  });
}

/** The statements that create what is missing. */
export const missingIndexes = (uses: readonly IndexUse[]): readonly string[] =>
  uses
    .filter(({ present }) => !present)
    .map(
      ({ relation, columns }) =>
        `CREATE INDEX ON ${relation} (${columns.map(quoteIdent).join(', ')});`,
    );

/** With a note for each index that is missing. */
export async function withIndexAdvice(db: Db, prepared: Prepared): Promise<Prepared> {
  const plan = planOf(prepared);
  if (plan === null) return prepared;
  const missing = missingIndexes(await indexUses(db, plan));
  const notes = missing.map((statement) => `an index would save reading the table: ${statement}`);
  return { ...prepared, notes: [...prepared.notes, ...notes] };
}
