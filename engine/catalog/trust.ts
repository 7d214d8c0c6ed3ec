/**
 * Whose code the catalog is. Its routines, views and triggers run with the rights of whoever uses
 * them, so that whoever owns them could do what that role may do. A role trusts itself, superusers,
 * the owner of the database, and roles that can become it by SET ROLE, which can do all that
 * without imat; a superuser trusts superusers alone, also after SET ROLE, which code can undo.
 */
import type { Db } from '../db/db.ts';
import { RIGHTS_HINT } from '../db/server-errors.ts';
import { ImatError } from '../errors/imat-error.ts';

/** Reads PostgreSQL's own catalogs alone: nothing of anybody else's runs. */
const STRANGER_SQL = `
WITH me AS (
  SELECT bool_or(r.rolsuper) AS super, array_agg(r.oid) AS roles,
    -- Membership alone may be without SET from PostgreSQL 16 on.
    CASE WHEN current_setting('server_version_num')::int < 160000 THEN 'MEMBER' ELSE 'SET' END
      AS becoming
  FROM pg_roles r
  WHERE r.rolname IN (current_user, session_user)
), catalog AS (
  SELECT n.oid FROM pg_namespace n WHERE n.nspname = 'imat_catalog'
), api AS (
  SELECT n.oid FROM pg_namespace n WHERE n.nspname = 'imat'
), owned AS (
  SELECT n.nspowner AS owner, 'pg_namespace'::regclass AS class, n.oid, 1 AS place
  FROM pg_namespace n WHERE n.nspname IN ('imat', 'imat_catalog', 'imat_store')
  UNION ALL
  SELECT c.relowner, 'pg_class'::regclass, c.oid, 2
  FROM pg_class c
  WHERE c.relnamespace = (SELECT oid FROM catalog)
    OR c.relnamespace = (SELECT oid FROM api) AND c.relname = 'schema_changes'
  UNION ALL
  SELECT p.proowner, 'pg_proc'::regclass, p.oid, 3
  FROM pg_proc p
  WHERE p.pronamespace = (SELECT oid FROM catalog)
    OR p.pronamespace = (SELECT oid FROM api) AND p.proname IN ('fold', 'swap', 'create_imat')
)
SELECT pg_describe_object(o.class, o.oid, 0) AS what, s.rolname::text AS owner,
  quote_ident(current_user) AS role, me.super AS "isSuperuser"
FROM owned o JOIN pg_roles s ON s.oid = o.owner, me
WHERE NOT s.rolsuper AND (me.super OR s.rolname <> current_user AND s.oid <> (
  SELECT d.datdba FROM pg_database d WHERE d.datname = current_database()
) AND EXISTS (SELECT FROM unnest(me.roles) r WHERE NOT pg_has_role(s.oid, r, me.becoming)))
ORDER BY o.place, what LIMIT 1`;

export type Stranger = {
  readonly what: string;
  readonly owner: string;
  /** The current role, as SQL. */
  readonly role: string;
  readonly isSuperuser: boolean;
};

/** Something of imat's schemas that belongs to a role which the current role does not trust. */
async function findStranger(db: Db): Promise<Stranger | null> {
  const [found] = await db.query<Stranger>(STRANGER_SQL);
  return found ?? null;
}

type CatalogSchema = {
  /** The schema and its owner. */
  readonly identity: string;
  /** Whether this role may read what an analysis asks of it. */
  readonly isReadable: boolean;
};

/**
 * Null without a catalog. Looks into pg_namespace: a name that was looked up before may be cached
 * as missing.
 */
async function catalogSchema(db: Db): Promise<CatalogSchema | null> {
  const [schema] = await db.query<CatalogSchema>(
    `SELECT concat_ws(' ', n.oid, n.nspowner) AS identity,
       has_schema_privilege(n.oid, 'USAGE') AND (
         SELECT coalesce(bool_and(has_table_privilege(c.oid, 'SELECT')), false) FROM pg_class c
         WHERE c.relnamespace = n.oid
           AND c.relname IN ('imat', 'imat_source', 'source', 'migration')
       ) AS "isReadable"
     FROM pg_namespace n WHERE n.nspname = 'imat_catalog'`,
  );
  return schema ?? null;
}

export const strangerMessage = ({ what, owner }: Stranger): string =>
  `${what} belongs to role "${owner}", whose code would run with your rights`;

export const strangerHint = ({ owner, role, isSuperuser }: Stranger): string =>
  isSuperuser
    ? `Connect as "${owner}" (SET ROLE is not enough), or have a ` +
      "superuser own imat's schemas and what is in them."
    : `Connect as "${owner}", which can convert your views once it is a member of your role ` +
      `(GRANT ${role} TO "${owner}"); or let a superuser or the owner of the database own imat's ` +
      'schemas and what is in them.';

/**
 * The catalog that a session has found to be one that it trusts. The owner of all that is in it is
 * asked for once; but another one may take its place: a revert in another session removes it, and
 * then anybody who may create schemas can make one of that name.
 */
const trusted = new WeakMap<Db, string>();

/** To be called where a call begins: it asks for all owners again. */
export const forgetTrust = (db: Db): boolean => trusted.delete(db);

/** Null where the catalog may be used, or where there is none. */
export async function untrustedCatalog(db: Db): Promise<Stranger | null> {
  return (await lookAtCatalog(db)).stranger;
}

type Looked = {
  readonly exists: boolean;
  readonly isReadable: boolean;
  readonly stranger: Stranger | null;
};

async function lookAtCatalog(db: Db): Promise<Looked> {
  const schema = await catalogSchema(db);
  if (schema === null) return { exists: false, isReadable: false, stranger: null };
  const { identity, isReadable } = schema;
  if (trusted.get(db) === identity) return { exists: true, isReadable, stranger: null };
  const stranger = await findStranger(db);
  if (stranger === null) trusted.set(db, identity);
  return { exists: true, isReadable, stranger };
}

/**
 * Whether there is a catalog that may be used, and of which this role may read what an analysis
 * asks it.
 */
export async function catalogIsReadable(db: Db): Promise<boolean> {
  const { isReadable, stranger } = await lookAtCatalog(db);
  return isReadable && stranger === null;
}

/**
 * To be called before anything of the catalog is read or run. Whether there is a catalog.
 * @throws ImatError `insufficient_privilege`
 */
export async function requireTrustedCatalog(db: Db): Promise<boolean> {
  const { exists, stranger } = await lookAtCatalog(db);
  refuse(stranger);
  return exists;
}

/**
 * The same for whoever is about to create something in imat's schemas, all three of them.
 * @throws ImatError `insufficient_privilege`
 */
export async function requireTrustedSchemas(db: Db): Promise<void> {
  refuse(await findStranger(db));
}

/**
 * @throws ImatError `insufficient_privilege` where another role has initialized imat here and lets
 * this one read nothing of it
 */
export async function requireUsableCatalog(db: Db): Promise<void> {
  const [row] = await db.query<{ owner: string; role: string }>(
    `SELECT pg_get_userbyid(n.nspowner)::text AS owner, quote_ident(current_user) AS role
     FROM pg_namespace n
     WHERE n.nspname = 'imat_catalog' AND NOT has_schema_privilege(n.oid, 'USAGE')`,
  );
  if (row === undefined) return;
  throw new ImatError('insufficient_privilege', {
    message:
      `the imats of this database belong to role "${row.owner}", ` +
      `and role ${row.role} may not use them`,
    detail: 'A database has one imat catalog; its owner converts views, and maintains imats.',
    hint:
      `Connect as "${row.owner}", or have that role convert the view: ` +
      `what was granted on it is passed on. If it is no superuser, it must be a member of ` +
      `your role: GRANT ${row.role} TO "${row.owner}". ` +
      `imat grant --monitor ${row.role}, run by ` +
      `"${row.owner}", lets this role run imat list and imat status.`,
  });
}

/**
 * What PostgreSQL refused, with the role that maintains the imats if this is another one: a role
 * that may see the status of imats gets no further than the first table of the catalog.
 */
export async function withCatalogOwner(db: Db, error: unknown): Promise<unknown> {
  if (!(error instanceof ImatError) || error.hint !== RIGHTS_HINT) return error;
  const found = await db
    .query<{ owner: string }>(
      `SELECT pg_get_userbyid(n.nspowner)::text AS owner FROM pg_namespace n
       WHERE n.nspname = 'imat_catalog' AND NOT pg_has_role(n.nspowner, 'USAGE')`,
    )
    .catch(() => []);
  const [row] = found;
  if (row === undefined) return error;
  const { condition, message, detail, position } = error;
  return new ImatError(condition, {
    message,
    detail: detail ?? undefined,
    position: position ?? undefined,
    cause: error,
    hint:
      `The imats of this database belong to role "${row.owner}", which maintains them: ` +
      `connect as that role. ${RIGHTS_HINT}`,
  });
}

function refuse(stranger: Stranger | null): void {
  if (stranger === null) return;
  throw new ImatError('insufficient_privilege', {
    message: strangerMessage(stranger),
    hint: strangerHint(stranger),
  });
}
