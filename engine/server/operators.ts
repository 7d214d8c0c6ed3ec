/**
 * What operators a view's text stands for. PostgreSQL prints `USING`, `NULLIF`, `IS DISTINCT FROM`,
 * `CASE x WHEN` and row comparisons without the operator they use, so that over a type with
 * operators of its own (citext, hstore ...) the same text means something else under a search_path
 * without that type's schema. The stored parse tree has the operators by OID.
 */
import { quoteIdent } from '../../parser/quote.ts';
import type { Db } from '../db/db.ts';
import { FIRST_NORMAL_OID } from './type-output.ts';

const TREES = 'SELECT r.ev_action::text AS tree, r.ev_class AS view FROM pg_rewrite r';

type Tree = { readonly tree: string; readonly view: number };

/**
 * The functions of users in the queries of a view, among them those of casts, by OID. A view keeps
 * those that it was created with; its text can fit others better that were created since.
 */
const functionsIn = (rows: readonly Tree[]): readonly string[] =>
  rows
    .flatMap(({ tree }) => [...tree.matchAll(/:(?:funcid|aggfnoid|winfnoid) (\d+)/g)])
    .map((match) => match[1] ?? '')
    .filter((oid) => Number(oid) >= FIRST_NORMAL_OID)
    .sort();

/** The operators in the queries of a view, by OID, each as often as it is used. */
function operatorsIn(rows: readonly Tree[]): readonly string[] {
  const trees = rows.map((row) => row.tree).join('\n');
  const single = [...trees.matchAll(/:opno (\d+)/g)].map((match) => match[1] ?? '');
  const lists = [...trees.matchAll(/:opnos \(o ([\d ]+)\)/g)].flatMap((match) =>
    (match[1] ?? '').split(' '),
  );
  return [...single, ...lists].sort();
}

/**
 * Whether `text`, made into a view under `searchPath`, uses the same operators and functions as the
 * view. Inside a transaction, to be rolled back.
 */
async function meansTheSame(
  db: Db,
  view: number,
  text: string,
  searchPath: string,
): Promise<boolean> {
  db.defer(
    `SET LOCAL search_path = ${searchPath};
     CREATE TEMPORARY VIEW imat_operators AS ${text};
     SET LOCAL search_path = pg_catalog`,
  );
  const rows = await db.query<Tree>(
    `${TREES} WHERE r.ev_class IN ($1, 'pg_temp.imat_operators'::regclass)`,
    [view],
  );
  db.defer('DROP VIEW pg_temp.imat_operators');
  const [theirs, ours] = [true, false].map((own) =>
    [operatorsIn, functionsIn]
      .map((found) => found(rows.filter((row) => (row.view === view) === own)).join())
      .join(';'),
  );
  return theirs === ours;
}

/**
 * The search_path under which a view's text means what the view means: null where `pg_catalog`
 * alone does, undefined where none was found. Inside a transaction, to be rolled back.
 */
export async function searchPathOf(
  db: Db,
  view: number,
  text: string,
): Promise<string | null | undefined> {
  if (await meansTheSame(db, view, text, 'pg_catalog')) return null;
  const schemas = await db.query<{ schema: string }>(
    `SELECT DISTINCT n.nspname::text AS schema
     FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace
     WHERE o.oid = ANY ($1::oid[]) AND n.nspname <> 'pg_catalog' ORDER BY 1`,
    [`{${operatorsIn(await db.query<Tree>(`${TREES} WHERE r.ev_class = $1`, [view])).join(',')}}`],
  );
  const searchPath = ['pg_catalog', ...schemas.map((row) => quoteIdent(row.schema))].join(', ');
  return (await meansTheSame(db, view, text, searchPath)) ? searchPath : undefined;
}
