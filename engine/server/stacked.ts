/**
 * Definitions that read materialized views. A materialized view holds what was true when somebody
 * refreshed it last, so an imat reads the query behind it, or the imat that was made from it. The
 * queries of ordinary views can be put into the text as well, so that they are completed with it.
 */
import { substituteRelations } from '../../parser/libpg/substitute.ts';
import { quoteQualified } from '../../parser/quote.ts';
import type { Db } from '../db/db.ts';
import { isRejected } from '../db/db.ts';
import { rolledBack } from '../db/rolled-back.ts';
import { catalogIsReadable } from '../catalog/trust.ts';
import { loadColumns } from './columns.ts';
import { searchPathOf } from './operators.ts';
import { isSecurityInvoker } from './row-security.ts';
import { viewText } from './view-text.ts';

/**
 * What stands for a materialized view or an imat:
 *   queries   for a materialized view its query
 *   imats     the live imat that was made from it, if there is one
 *   truth     for an imat its definition, and queries as above
 */
export type Instead = 'queries' | 'imats' | 'truth';

/**
 * Which ordinary views are queries in the text: those that read materialized views, also those with
 * security_invoker, or all.
 */
export type InText = 'stacked' | 'invokers' | 'all';

export type Unstacked = {
  readonly query: string;
  /** The materialized views that are read otherwise, with what is read instead. */
  readonly instead: ReadonlyMap<string, string>;
  /** Views and materialized views whose queries are in the query. */
  readonly views: readonly number[];
  /** Imats whose definitions are in the query. */
  readonly imats: readonly number[];
  /** All views, materialized views and definitions whose texts are in the query. */
  readonly texts: readonly number[];
};

/**
 * Characters of a definition with the queries of ordinary views in it: views that are read twice by
 * views that are read twice would take minutes to analyse.
 */
const LONGEST = 100_000;

type Read = {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly kind: 'm' | 'v';
  /** The imat that it is, or null. */
  readonly imat: number | null;
  readonly definition: number | null;
  /** The live imat that was made from it, or null. */
  readonly converted: string | null;
  /** Whether it has security_invoker. */
  readonly invoker: boolean;
  /** Whether it reads a table with row-level security by the rights of another role. */
  readonly secured: boolean;
};

const readsSql = (hasCatalog: boolean): string => `
SELECT DISTINCT c.oid, n.nspname::text AS schema, c.relname::text AS name, c.relkind::text AS kind,
  o.invoker, NOT o.invoker AND pg_get_userbyid(c.relowner) <> current_user AND EXISTS (
    SELECT FROM pg_rewrite w JOIN pg_depend e ON e.classid = 'pg_rewrite'::regclass
      AND e.objid = w.oid AND e.refclassid = 'pg_class'::regclass
      JOIN pg_class t ON t.oid = e.refobjid AND t.relrowsecurity
    WHERE w.ev_class = c.oid) AS secured,
  ${
    hasCatalog
      ? `(SELECT i.id FROM imat_catalog.imat i WHERE i.relation = c.oid) AS imat,
  (SELECT i.definition_view::oid FROM imat_catalog.imat i WHERE i.relation = c.oid) AS definition,
  (SELECT i.name FROM imat_catalog.imat i WHERE i.original = c.oid AND i.state = 'active'
     AND i.freshness = 'live' AND i.follows_tables AND i.broken IS NULL
   ORDER BY i.id LIMIT 1) AS converted`
      : 'NULL::int AS imat, NULL::oid AS definition, NULL AS converted'
  }
FROM pg_rewrite r JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
  JOIN pg_class c ON d.refclassid = 'pg_class'::regclass AND c.oid = d.refobjid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  CROSS JOIN LATERAL (SELECT ${isSecurityInvoker('c')} AS invoker) o
WHERE r.ev_class = $1 AND c.oid <> $1 AND c.relkind IN ('m', 'v') ORDER BY 1`;

/**
 * The query of a view with something else in the place of materialized views, those included that
 * its views read, and with the queries of ordinary views. Null if it reads none of these. In the
 * text, tables are read with the rights of the role that converts: what a view reads by other
 * policies is no text. Inside a transaction, under search_path = pg_catalog.
 */
export async function unstacked(
  db: Db,
  view: number,
  how: Instead,
  inText: InText = 'stacked',
): Promise<Unstacked | null> {
  const instead = new Map<string, string>();
  const views = new Set<number>();
  const texts = new Set<number>();
  const imats: number[] = [];
  let isTooLong = false;
  const sql = readsSql(await catalogIsReadable(db));

  async function queryOf(oid: number): Promise<{ text: string; changed: boolean }> {
    const others = new Map<string, string>();
    for (const read of await db.query<Read>(sql, [oid])) {
      const other = await otherThan(read);
      if (other !== null) others.set(quoteQualified(read.schema, read.name), other);
    }
    const text = await viewText(db, oid);
    if (others.size === 0) return { text, changed: false };
    const changed = await substituteRelations(
      text,
      (schema, name) => others.get(quoteQualified(schema, name)) ?? null,
    );
    isTooLong ||= inText === 'all' && changed.length > LONGEST;
    // What is too long is not copied any further.
    return isTooLong ? { text, changed: false } : { text: changed, changed: true };
  }

  async function otherThan(read: Read): Promise<string | null> {
    const name = quoteQualified(read.schema, read.name);
    if (read.imat !== null) {
      if (how !== 'truth' || read.definition === null) return null;
      imats.push(read.imat);
      texts.add(read.definition);
      return `(${(await queryOf(read.definition)).text})`;
    }
    if (read.kind === 'm' && how === 'imats' && read.converted !== null) {
      instead.set(name, `imat "${read.converted}"`);
      return quoteQualified('imat', read.converted);
    }
    if (read.secured) return null;
    const { text, changed } = await queryOf(read.oid);
    if (read.kind === 'v') {
      const isText = inText === 'all' || (inText === 'invokers' && read.invoker);
      if (!changed && !isText) return null;
      views.add(read.oid);
      texts.add(read.oid);
      return `(${text})`;
    }
    views.add(read.oid);
    texts.add(read.oid);
    instead.set(name, 'its query');
    return `(${text})`;
  }

  const { text, changed } = await queryOf(view);
  return changed ? { query: text, instead, views: [...views], imats, texts: [...texts] } : null;
}

/**
 * A temporary view of the query, in place of `view`; null if the query has other columns, or one of
 * the texts that it is made of does not mean the same as text. Inside a transaction that is
 * rolled back.
 */
export async function unstackedView(
  db: Db,
  view: number,
  { query, texts }: Unstacked,
): Promise<number | null> {
  const create = `CREATE TEMPORARY VIEW imat_unstacked AS ${query}`;
  const mine = (await loadColumns(db, [view])).get(view) ?? [];
  const isSame = await rolledBack(db, async () => {
    try {
      for (const one of [view, ...texts])
        if ((await searchPathOf(db, one, await viewText(db, one))) !== null) return false;
      await db.execute(create);
    } catch (error) {
      if (!isRejected(error)) throw error;
      return false;
    }
    const oid = await temporary(db);
    const other = (await loadColumns(db, [oid])).get(oid) ?? [];
    return (
      other.length === mine.length &&
      other.every(({ name, type }, at) => name === mine[at]?.name && type === mine[at]?.type)
    );
  });
  if (!isSame) return null;
  await db.execute(create);
  return temporary(db);
}

async function temporary(db: Db): Promise<number> {
  const [made] = await db.query<{ oid: number }>(
    `SELECT 'pg_temp.imat_unstacked'::regclass::oid AS oid`,
  );
  return made?.oid ?? 0;
}
