/** Which indexes are missing on the tables that are read when touched keys are computed again. */
import { quoteIdent, quoteQualified } from '../../parser/quote.ts';
import type { Prepared } from '../analysis/prepare.ts';
import { planOf } from '../analysis/prepare.ts';
import type { Db } from '../db/db.ts';
import type { Plan } from '../plan/plan.ts';
import { neededColumns } from '../regroup/needed-indexes.ts';
import { indexedColumns } from '../server/indexes.ts';

/** A column by which a table is read, and whether an index begins with it. */
export type IndexUse = {
  readonly relation: string;
  readonly column: string;
  readonly present: boolean;
};

export async function indexUses(db: Db, plan: Plan): Promise<readonly IndexUse[]> {
  const needed = plan.stores.flatMap((store) => {
    if (store.rule === 'add') return [];
    return neededColumns(store).flatMap(({ item, column }) => {
      const relation = store.outline.items.get(item)?.relation;
      return relation?.kind === 'table' ? [{ ...relation, column }] : [];
    });
  });
  if (needed.length === 0) return [];
  const indexed = await indexedColumns(db, [...new Set(needed.map(({ oid }) => oid))]);
  const uses = new Map<string, IndexUse>();
  for (const { oid, schema, name, column } of needed) {
    const relation = quoteQualified(schema, name);
    const present = indexed.get(oid)?.has(column) === true;
    uses.set(`${oid} ${column}`, { relation, column, present });
  }
  return [...uses.values()];
}

/** The statements that create what is missing. */
export const missingIndexes = (uses: readonly IndexUse[]): readonly string[] =>
  uses
    .filter(({ present }) => !present)
    .map(({ relation, column }) => `CREATE INDEX ON ${relation} (${quoteIdent(column)});`);

/** With a note for each index that is missing. */
export async function withIndexAdvice(db: Db, prepared: Prepared): Promise<Prepared> {
  const plan = planOf(prepared);
  if (plan === null) return prepared;
  const missing = missingIndexes(await indexUses(db, plan));
  const notes = missing.map((statement) => `an index would save reading the table: ${statement}`);
  return { ...prepared, notes: [...prepared.notes, ...notes] };
}
