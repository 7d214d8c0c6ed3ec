/**
 * The server gate: a view created from the original text and one created from our own deparse must
 * print the same definition. They are compared with each other, because PostgreSQL's printing is
 * not a fixed point. This happens on temporary views in a transaction that is rolled back.
 */
import { deparse } from '../../parser/deparse.ts';
import { readDefinition } from '../../parser/read.ts';
import type { Catalog, Query } from '../../parser/tree.ts';
import type { Db } from '../db/db.ts';
import { rolledBack } from '../db/rolled-back.ts';
import type { PlanReason } from '../algebra/reason.ts';
import type { FunctionFacts } from '../server/functions.ts';
import type { ReadRelation } from '../server/relations.ts';

/** How PostgreSQL prints what is analysed: the same in every session, and with every digit. */
export const PRINTING = `SET LOCAL DateStyle = 'ISO, YMD'; SET LOCAL IntervalStyle = 'postgres'; SET LOCAL extra_float_digits = 1; SET LOCAL bytea_output = 'hex'; SET LOCAL TimeZone = 'UTC'; SET LOCAL quote_all_identifiers = off`;

type Reading = { readonly query: Query } | { readonly reasons: readonly PlanReason[] };

export async function readGated(
  db: Db,
  definition: string,
  relations: readonly ReadRelation[],
  functions: FunctionFacts,
): Promise<Reading> {
  const catalog: Catalog = { relations, functions: functions.called };
  const reading = readDefinition(definition, catalog);
  if ('refusals' in reading)
    return { reasons: reading.refusals.map((refusal) => ({ ...refusal, hint: null })) };
  const ours = deparse(reading.query);
  const same = await rolledBack(db, async () => {
    // ORDER BY does not change a relation's content: the tree does not have it.
    const original = await printedAs(db, reading.gateText);
    return original !== null && original === (await printedAs(db, ours));
  });
  if (same) return reading;
  return {
    reasons: [
      {
        kind: 'reading_not_proved',
        message: "imat's reading of the definition could not be confirmed by the server",
        hint: 'Please report this definition as a bug: imat should read it or say what it cannot read.',
        span: null,
      },
    ],
  };
}

export const implicitOperators = (searchPath: string): PlanReason => ({
  kind: 'implicit_operator',
  message: `the definition uses operators of ${searchPath.replace('pg_catalog, ', 'schema ')} that its text does not name`,
  hint: 'Compare with an operator: ON a.k = b.k instead of USING (k) or NATURAL, CASE WHEN x = y instead of CASE x WHEN y or NULLIF.',
  span: null,
});

/** How PostgreSQL prints a query as a view; null where it does not accept it. */
async function printedAs(db: Db, query: string): Promise<string | null> {
  return rolledBack(db, async () => {
    try {
      await db.execute(`CREATE TEMPORARY VIEW imat_gate AS ${query}`);
    } catch {
      return null;
    }
    const [row] = await db.query<{ text: string }>(
      `SELECT pg_get_viewdef('pg_temp.imat_gate'::regclass, true) AS text`,
    );
    return row?.text ?? null;
  });
}
