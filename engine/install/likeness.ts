/** Makes what readers use like the materialized view: who may read it, its comments, its indexes. */
import type { Db } from '../db/db.ts';
import type { DeltaPlan } from '../plan/plan.ts';
import type { Sql } from '../sql/sql.ts';
import { ident, literal, sql } from '../sql/sql.ts';
import { carryIndexes } from './indexes.ts';

/** `view` is the imat's own, `stored` its table. */
export async function makeLike(db: Db, original: number, view: Sql, stored: Sql, plan: DeltaPlan | null): Promise<void> {
  await copyRights(db, original, view);
  // What belongs to somebody else was read by its owner without any grant.
  const [owner] = await db.query<{ name: string }>(
    'SELECT quote_ident(pg_get_userbyid(c.relowner)) AS name FROM pg_class c WHERE c.oid = $1 AND pg_get_userbyid(c.relowner) <> current_user',
    [original],
  );
  if (owner !== undefined) await db.execute(`GRANT SELECT ON ${view.text} TO ${owner.name}`);
  await copyComments(db, original, view);
  await carryIndexes(db, original, stored, plan);
}

/** Only the right to read, whatever else was granted: a view could pass writes on to what it reads, a materialized view never does. */
export async function copyRights(db: Db, from: number, to: Sql): Promise<void> {
  await db.query('SELECT imat_catalog.copy_grants($1::oid::regclass, $2::regclass)', [from, to.text]);
}

export async function copyComments(db: Db, from: number, to: Sql): Promise<void> {
  const comments = await db.query<{ column: string | null; comment: string }>(
    `SELECT a.attname::text AS column, d.description AS comment
     FROM pg_description d LEFT JOIN pg_attribute a ON a.attrelid = d.objoid AND a.attnum = d.objsubid AND d.objsubid > 0
     WHERE d.objoid = $1 AND d.classoid = 'pg_class'::regclass ORDER BY d.objsubid`,
    [from],
  );
  for (const { column, comment } of comments) {
    await db.execute(sql`COMMENT ON ${column === null ? sql`VIEW ${to}` : sql`COLUMN ${to}.${ident(column)}`} IS ${literal(comment)}`.text);
  }
}
