/**
 * Makes what readers use like the materialized view: who may read it, its comments, its indexes.
 */
import type { Db } from '../db/db.ts';
import type { Plan } from '../plan/plan.ts';
import type { Sql } from '../sql/sql.ts';
import { fragment, ident, literal, sql } from '../sql/sql.ts';
import type { Statement } from '../generate/statement.ts';
import { carriedIndexes } from './carried-indexes.ts';

/** For the imat's own view and its stored table. */
export async function carriedAttributes(
  db: Db,
  original: number,
  view: Sql,
  stored: Sql,
  plan: Plan | null,
): Promise<Statement[]> {
  const { statements } = await carriedIndexes(db, original, stored, plan);
  return [
    ...(await rightsOf(db, original, view)),
    ...(await commentsOf(db, original, view)),
    ...statements.map((index) => ({ label: 'an index of the materialized view', sql: index })),
  ];
}

/** For a view that takes its place and gets its owner. */
export async function carriedAttributesInPlace(
  db: Db,
  original: number,
  view: Sql,
): Promise<Statement[]> {
  const [owner] = await ownersBut(db, original);
  const change =
    owner === undefined
      ? []
      : [{ label: 'its owner', sql: sql`ALTER VIEW ${view} OWNER TO ${owner}` }];
  return [
    ...(await grantsOf(db, original, view)),
    ...(await commentsOf(db, original, view)),
    ...change,
  ];
}

/** What has been passed on by now: later, `imat grant` passes on the difference. */
export async function noteGrants(db: Db, imatId: number): Promise<void> {
  await db.query(
    `UPDATE imat_catalog.imat
     SET grants = imat_catalog.grants_on(imat_catalog.granted_like(id)) WHERE id = $1`,
    [imatId],
  );
}

async function rightsOf(db: Db, original: number, view: Sql): Promise<Statement[]> {
  // What belongs to somebody else was read by its owner without any grant.
  const owners = await ownersBut(db, original);
  return [
    ...(await grantsOf(db, original, view)),
    ...owners.map((owner) => ({
      label: 'its owner may read it',
      sql: sql`GRANT SELECT ON ${view} TO ${owner}`,
    })),
  ];
}

/**
 * Only the right to read, whatever else was granted: a view could pass writes on to what it reads,
 * a materialized view never does.
 */
async function grantsOf(db: Db, original: number, view: Sql): Promise<Statement[]> {
  const [row] = await db.query<{ name: string }>('SELECT $1::oid::regclass::text AS name', [
    original,
  ]);
  return [
    {
      label: 'who may read the materialized view may read it',
      sql: sql`SELECT imat_catalog.copy_grants(${literal(row?.name ?? '')}, ${literal(view.text)})`,
    },
  ];
}

export async function commentsOf(db: Db, original: number, view: Sql): Promise<Statement[]> {
  const comments = await db.query<{ column: string | null; comment: string }>(
    `SELECT a.attname::text AS column, d.description AS comment
     FROM pg_description d
       LEFT JOIN pg_attribute a
         ON a.attrelid = d.objoid AND a.attnum = d.objsubid AND d.objsubid > 0
     WHERE d.objoid = $1 AND d.classoid = 'pg_class'::regclass ORDER BY d.objsubid`,
    [original],
  );
  return comments.map(({ column, comment }) => {
    const object = column === null ? sql`VIEW ${view}` : sql`COLUMN ${view}.${ident(column)}`;
    return {
      label: 'a comment of the materialized view',
      sql: sql`COMMENT ON ${object} IS ${literal(comment)}`,
    };
  });
}

/** The owner, unless it is the role that asks. */
export async function ownersBut(db: Db, relation: number): Promise<Sql[]> {
  const rows = await db.query<{ name: string }>(
    `SELECT quote_ident(pg_get_userbyid(c.relowner)) AS name
     FROM pg_class c
     WHERE c.oid = $1 AND pg_get_userbyid(c.relowner) <> current_user`,
    [relation],
  );
  return rows.map((row) => fragment(row.name));
}
