/**
 * The materialized view's indexes, made again on the stored table. A swap imat's table has the
 * view's own columns, so they are taken over as they are. A delta imat's state has those columns
 * that are stored as the view shows them, mostly under the same names:
 *
 *   plain        over any of these, by any access method, in any order
 *   expressions  and conditions over keys only: of a group that goes, or of a change alone, other
 *                values can be what no group ever had, and the expression fail
 *
 * None is unique there, because a fold can store a new row before it deletes the old one. One that
 * the state's own key serves is left out.
 */
import { quoteIdent } from '../../parser/quote.ts';
import type { Db } from '../db/db.ts';
import { identityOf } from '../operators/store.ts';
import type { AddPlan, Plan } from '../plan/plan.ts';
import { storedColumn } from '../plan/plan.ts';
import type { Sql } from '../sql/sql.ts';
import { fragment, sql } from '../sql/sql.ts';
import type { Prepared } from '../analysis/prepare.ts';
import { planOf } from '../analysis/prepare.ts';

type IndexRow = {
  name: string;
  definition: string;
  prefix: string;
  /** In the index's order, INCLUDE among them; null at the place of an expression. */
  columns: (string | null)[];
  /** What it reads, in expressions and conditions as well; null if that is the whole row. */
  reads: string[] | null;
  isPlain: boolean;
};

export type CarriedIndexes = {
  readonly statements: readonly Sql[];
  /** What is to be said of the indexes that cannot be kept. */
  readonly lost: readonly string[];
};

const NONE: CarriedIndexes = { statements: [], lost: [] };

export async function carriedIndexes(
  db: Db,
  original: number | null,
  stored: Sql,
  plan: Plan | null,
): Promise<CarriedIndexes> {
  if (original === null) return NONE;
  const indexes = await db.query<IndexRow>(
    `SELECT quote_ident(x.relname) AS name, pg_get_indexdef(i.indexrelid) AS definition,
       'CREATE ' || CASE WHEN i.indisunique THEN 'UNIQUE ' ELSE '' END
         || 'INDEX ' || quote_ident(x.relname)
         || ' ON ' || quote_ident(n.nspname) || '.' || quote_ident(t.relname) || ' ' AS prefix,
       (
         SELECT json_agg(a.attname ORDER BY k.n)
         FROM unnest(i.indkey::int2[]) WITH ORDINALITY k(attnum, n)
           LEFT JOIN pg_attribute a
             ON a.attrelid = i.indrelid AND a.attnum = k.attnum AND k.attnum > 0
       ) AS columns,
       CASE WHEN concat(i.indexprs, i.indpred) !~ ':varattno 0 ' THEN (
         SELECT coalesce(json_agg(DISTINCT a.attname), '[]')
         FROM pg_depend d
           JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
         WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
           AND d.refclassid = 'pg_class'::regclass AND d.refobjid = i.indrelid
       ) END AS reads,
       i.indexprs IS NULL AND i.indpred IS NULL AS "isPlain"
     FROM pg_index i
       JOIN pg_class x ON x.oid = i.indexrelid
       JOIN pg_class t ON t.oid = i.indrelid
       JOIN pg_namespace n ON n.oid = t.relnamespace
     WHERE i.indrelid = $1 ORDER BY i.indexrelid`,
    [original],
  );
  const found = indexes.map((index) => onStored(index, plan));
  return {
    statements: found.flatMap((one) =>
      'tail' in one
        ? [fragment(`CREATE ${one.unique ? 'UNIQUE ' : ''}INDEX ON ${stored.text} ${one.tail}`)]
        : [],
    ),
    lost: found.flatMap((one) => ('lost' in one ? [one.lost] : [])),
  };
}

/** With what is to be said of the indexes of the materialized view. */
export async function withIndexNotes(
  db: Db,
  original: number | null,
  prepared: Prepared,
): Promise<Prepared> {
  const { lost } = await carriedIndexes(db, original, sql``, planOf(prepared));
  return { ...prepared, notes: [...prepared.notes, ...lost] };
}

type OnStored =
  | { readonly tail: string; readonly unique: boolean }
  | { readonly lost: string }
  | { readonly served: true };

function onStored(index: IndexRow, plan: Plan | null): OnStored {
  const { definition, prefix, name } = index;
  const lost = (why: string): OnStored => ({ lost: `index ${name} is not kept: ${why}` });
  if (!definition.startsWith(prefix)) return lost('its definition could not be read');
  const tail = definition.slice(prefix.length);
  if (plan === null) return { tail, unique: prefix.startsWith('CREATE UNIQUE') };
  if (index.reads === null) return lost('it reads the whole row');
  const names = new Map(index.reads.map((column) => [column, storedColumn(plan, column)]));
  const computed = [...names].find(([, column]) => column === null)?.[0];
  if (computed !== undefined)
    return lost(`column ${quoteIdent(computed)} is computed when it is read`);
  const store = plan.stores.find(({ rule }) => rule === 'add');
  const keys = store?.rule === 'add' ? store.store.keys.map((key) => key.name) : null;
  const value = [...names].find(([, column]) => keys?.includes(column ?? '') === false)?.[0];
  if (!index.isPlain && value !== undefined)
    return lost(`its expression or condition reads ${quoteIdent(value)}, which is no key`);
  if (store?.rule === 'add' && isServed(index, tail, names, store)) return { served: true };
  if ([...names].every(([column, at]) => column === at)) return { tail, unique: false };
  const renamed = index.isPlain ? renamedColumns(index, tail, names) : null;
  return renamed === null
    ? lost('its columns have other names where they are stored')
    : { tail: renamed, unique: false };
}

/** Whether the state's own key, a B-tree, does the same. */
function isServed(
  index: IndexRow,
  tail: string,
  names: ReadonlyMap<string, string | null>,
  plan: AddPlan,
): boolean {
  const columns = index.columns.flatMap((column) => column ?? []);
  const identity = identityOf(plan.store);
  return (
    index.isPlain &&
    tail === `USING btree (${columns.map(quoteIdent).join(', ')})` &&
    columns.every((column, place) => names.get(column) === identity[place])
  );
}

/**
 * The columns in the list of a plain index under the names that they are stored by; null if the
 * list is not what it is thought to be.
 */
function renamedColumns(
  { columns }: IndexRow,
  tail: string,
  names: ReadonlyMap<string, string | null>,
): string | null {
  let at = tail.indexOf('(') + 1;
  let renamed = tail.slice(0, at);
  for (const column of columns) {
    const next = /, | INCLUDE \(/g;
    if (column !== columns[0]) {
      next.lastIndex = at;
      const found = next.exec(tail);
      if (found === null) return null;
      renamed += tail.slice(at, next.lastIndex);
      at = next.lastIndex;
    }
    const quoted = quoteIdent(column ?? '');
    const stored = names.get(column ?? '');
    if (!tail.startsWith(quoted, at) || stored === undefined || stored === null) return null;
    renamed += quoteIdent(stored);
    at += quoted.length;
  }
  return renamed + tail.slice(at);
}
