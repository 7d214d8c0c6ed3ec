/** One imat under proof: the statements that compare it with its definition. */
import { ImatError } from '../../../engine/errors/imat-error.ts';
import { type Db, ServerError } from '../../../engine/db/db.ts';
import type { ConvertResult, Imat } from '../../../engine/index.ts';
import {
  columnsOf,
  comparedAgain,
  type Difference,
  differencesSql,
} from '../correctness/support/oracle.ts';
import type { Named } from './definitions/definition.ts';

export type Subject = {
  readonly construct: string;
  readonly definition: Named;
  readonly converted: ConvertResult;
  /** Tables that it reads, by their names. */
  readonly tables: ReadonlySet<string>;
  /** The view of the definition that the imat keeps, with completed orders. */
  readonly definitionView: string;
  /** Gives the rows that only one side has, in one snapshot. */
  readonly comparison: string;
};

export async function convertSubject(
  imat: Imat,
  db: Db,
  construct: string,
  definition: Named,
): Promise<Subject> {
  const { name } = definition;
  const converted = await imat.create(name, definition.sql).catch((error: unknown) => {
    throw new Error(`${name} does not convert: ${messageOf(error)}\n${definition.sql}`, {
      cause: error,
    });
  });
  const [row] = await db.query<{ view: string; tables: string[] }>(
    `SELECT i.definition_view::text AS view, ARRAY(
       SELECT s.relation::text FROM imat_catalog.imat_source s WHERE s.imat_id = i.id
     ) AS tables
     FROM imat_catalog.imat i WHERE i.name = $1`,
    [name],
  );
  if (row === undefined) throw new Error(`${name} is not in the catalog`);
  return {
    construct,
    definition,
    converted,
    tables: new Set(row.tables),
    definitionView: row.view,
    comparison: await comparisonOf(db, definition, row.view),
  };
}

export async function comparisonOf(db: Db, definition: Named, view: string): Promise<string> {
  const relation = `imat.${definition.name}`;
  return differencesSql({
    relation,
    definition: `SELECT * FROM ${view}`,
    columns: await columnsOf(db, relation),
    ambiguous: definition.ambiguous ?? [],
  });
}

export type Verdict =
  | { readonly kind: 'equal' }
  /** The definition raises an error itself. */
  | { readonly kind: 'raises' }
  | { readonly kind: 'fault'; readonly text: string };

export type Compared = Pick<Subject, 'definition' | 'definitionView' | 'comparison'>;

/**
 * Inside of a transaction, which must have the savepoint `compared`, it goes on from there after an
 * error.
 */
export async function compare(db: Db, subject: Compared, isInside: boolean): Promise<Verdict> {
  const differences = await attempt(db, isInside, () => comparedAgain(db, subject.comparison));
  if (!(differences instanceof Error)) {
    return differences.length === 0
      ? { kind: 'equal' }
      : { kind: 'fault', text: differences.slice(0, 10).map(print).join('\n') };
  }
  if (await raises(db, subject, isInside)) return { kind: 'raises' };
  const reading = evaluation(`imat.${subject.definition.name}`);
  const read = await attempt(db, isInside, () => db.query(reading));
  return {
    kind: 'fault',
    text:
      read instanceof Error
        ? `the imat raises what the definition does not: ${messageOf(read)}`
        : `only the comparison raises: ${messageOf(differences)}`,
  };
}

/** Whether the definition raises an error. */
export async function raises(db: Db, subject: Compared, isInside: boolean): Promise<boolean> {
  const computed = await attempt(db, isInside, () => db.query(evaluation(subject.definitionView)));
  return computed instanceof Error;
}

/** Reads every column of every row. */
const evaluation = (relation: string): string =>
  `SELECT count((q.*)::text) AS n FROM ${relation} AS q`;

const print = ({ side, row }: Difference): string => `  ${side} ${row}`;

async function attempt<T>(db: Db, isInside: boolean, work: () => Promise<T>): Promise<T | Error> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (isInside) await db.execute('ROLLBACK TO SAVEPOINT compared');
    return error;
  }
}

export function messageOf(error: unknown): string {
  if (error instanceof ServerError)
    return [`${error.sqlstate} ${error.message}`, error.detail, error.context]
      .filter(Boolean)
      .join('\n');
  if (error instanceof ImatError)
    return [`${error.code} ${error.message}`, error.detail].filter(Boolean).join('\n');
  return String(error);
}
