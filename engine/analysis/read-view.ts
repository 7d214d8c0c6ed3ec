/** What is known of a view before it is planned: its text, what it reads and calls, its tree. */
import type { Db } from '../db/db.ts';
import { rolledBack } from '../db/rolled-back.ts';
import { ImatError } from '../errors/imat-error.ts';
import type { FunctionFacts } from '../server/function-facts.ts';
import { loadFunctionFacts } from '../server/functions.ts';
import { searchPathOf } from '../server/operators.ts';
import type { Inspection } from '../server/relations.ts';
import { inspectView } from '../server/relations.ts';
import type { Reading } from './gate.ts';
import { readGated } from './gate.ts';

export type ReadView = {
  readonly oid: number;
  readonly inspection: Inspection;
  readonly functions: FunctionFacts;
  readonly reading: Reading;
  /** The search_path under which the text means what it says; null where pg_catalog does. */
  readonly searchPath: string | null;
};

/** Inside a transaction, under the settings of `PRINTING`; leaves nothing behind. */
export async function readView(db: Db, oid: number): Promise<ReadView> {
  const inspection = await inspectView(db, oid);
  const functions = await loadFunctionFacts(db, inspection.views);
  const reading = await readGated(db, inspection.definition, inspection.direct, functions);
  const searchPath = await rolledBack(db, () => searchPathOf(db, oid, inspection.definition));
  if (searchPath === undefined)
    throw new ImatError('definition_failed', {
      message: 'the query of the view, as PostgreSQL prints it, has another meaning now',
      detail:
        'A function, an operator or a cast was created or dropped since, and the query would use ' +
        'others than the view does.',
      hint: 'Create the view anew, or drop what was created.',
    });
  return { oid, inspection, functions, reading, searchPath };
}
