/**
 * The server gate: a view created from the original text and one created from our own deparse must
 * print the same definition. They are compared with each other, because PostgreSQL's printing is
 * not a fixed point. This happens on temporary views in a transaction that is rolled back.
 */
import type { Catalog } from '../../parser/catalog.ts';
import { deparse } from '../../parser/deparse-query.ts';
import { readDefinition } from '../../parser/read.ts';
import type { Query } from '../../parser/tree.ts';
import type { Db } from '../db/db.ts';
import { isRejected } from '../db/db.ts';
import { rolledBack } from '../db/rolled-back.ts';
import type { PlanReason } from '../algebra/reason.ts';
import type { FunctionFacts } from '../server/function-facts.ts';
import type { ReadRelation } from '../server/relations.ts';

/** How PostgreSQL prints what is analysed: the same in every session, and with every digit. */
export const PRINTING = `SET LOCAL DateStyle = 'ISO, YMD';
  SET LOCAL IntervalStyle = 'postgres';
  SET LOCAL extra_float_digits = 1;
  SET LOCAL bytea_output = 'hex';
  SET LOCAL TimeZone = 'UTC';
  SET LOCAL quote_all_identifiers = off`;

export type Reading = { readonly query: Query } | { readonly reasons: readonly PlanReason[] };

export async function readGated(
  db: Db,
  definition: string,
  relations: readonly ReadRelation[],
  functions: FunctionFacts,
): Promise<Reading> {
  const catalog: Catalog = { relations, functions: functions.called };
  const reading = await readDefinition(definition, catalog, (query) =>
    printsAs(db, definition, query),
  );
  if ('query' in reading) return reading;
  if ('unreadable' in reading)
    return { reasons: reading.unreadable.map((one) => ({ ...one, hint: null })) };
  return {
    reasons: [
      {
        kind: 'reading_not_proved',
        message: "imat's reading of the definition could not be confirmed by the server",
        hint:
          'Please report this definition as a bug: ' +
          'imat should read it or say what it cannot read.',
        span: null,
      },
    ],
  };
}

/** Whether a view made from our deparse of a reading prints like one made from the definition. */
async function printsAs(db: Db, definition: string, query: Query): Promise<boolean> {
  return rolledBack(db, async () => {
    const original = await printedAs(db, definition);
    return original !== null && original === (await printedAs(db, deparse(query)));
  });
}

export const implicitOperators = (searchPath: string): PlanReason => ({
  kind: 'implicit_operator',
  message:
    `the definition uses operators of ${searchPath.replace('pg_catalog, ', 'schema ')} ` +
    'that its text does not name',
  hint:
    'Compare with an operator: ON a.k = b.k instead of USING (k) or NATURAL, ' +
    'CASE WHEN x = y instead of CASE x WHEN y or NULLIF.',
  span: null,
});

/** How PostgreSQL prints a query as a view; null where it does not accept it. */
async function printedAs(db: Db, query: string): Promise<string | null> {
  return rolledBack(db, async () => {
    db.defer(`CREATE TEMPORARY VIEW imat_gate AS ${query}`);
    try {
      const [row] = await db.query<{ text: string }>(
        `SELECT pg_get_viewdef('pg_temp.imat_gate'::regclass, true) AS text`,
      );
      return row?.text ?? null;
    } catch (error) {
      if (!isRejected(error)) throw error;
      return null;
    }
  });
}
