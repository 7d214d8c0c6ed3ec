/**
 * Arguments that a call leaves to their defaults. The stored tree of the call has the written ones
 * alone: PostgreSQL adds the defaults when it plans, and these can depend on more than tables,
 * `since date DEFAULT CURRENT_DATE`, although the function depends on its arguments alone.
 */
import type { Db } from '../db/db.ts';
import type { TreeValue } from './stored-tree.ts';
import { isNode, parseNodeTree } from './stored-tree.ts';
import type { Use } from './tree-findings.ts';

type Row = { readonly oid: number; readonly arguments: number; readonly defaults: string };

/** The defaults that some call leaves out, by the function's OID. */
export async function omittedDefaults(
  db: Db,
  uses: readonly Use[],
): Promise<ReadonlyMap<number, readonly TreeValue[]>> {
  // PostgreSQL's own functions have constants as defaults.
  const rows = await db.query<Row>(
    `SELECT p.oid, p.pronargs AS arguments, p.proargdefaults::text AS defaults
     FROM pg_proc p
     WHERE p.oid = ANY ($1::oid[]) AND p.oid >= 16384 AND p.proargdefaults IS NOT NULL`,
    [`{${[...new Set(uses.map(({ oid }) => oid))].join(',')}}`],
  );
  const found = new Map<number, readonly TreeValue[]>();
  for (const row of rows) {
    const tree = parseNodeTree(row.defaults);
    const defaults = typeof tree === 'string' || isNode(tree) ? [tree] : tree;
    const left = uses.filter(({ oid }) => oid === row.oid).map(({ args }) => leftOut(row, args));
    const most = Math.max(...left);
    if (most > 0) found.set(row.oid, defaults.slice(-most));
  }
  return found;
}

/** How many of the last arguments; with names any of them can be left out. */
function leftOut(row: Row, args: Use['args']): number {
  const isNamed = args.some(({ node }) => node === 'NAMEDARGEXPR');
  return isNamed && args.length < row.arguments ? row.arguments : row.arguments - args.length;
}
