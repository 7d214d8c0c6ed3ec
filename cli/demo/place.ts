/** The schema in which the demo runs, and how the demo cleans up. */
import { type ConnectTarget, type Db, ServerError } from '../../engine/db/db.ts';
import { ImatError } from '../../engine/errors/imat-error.ts';
import type { Session } from '../context.ts';
import { isInMemory } from '../target.ts';
import { VIEW_NAME } from './sales.ts';

const SCHEMA = 'imat_demo';
const OTHER_NAME = 'imat_demo_summary';
const IMAT_SCHEMAS = ['imat', 'imat_catalog', 'imat_store'] as const;

/** What the clean-up needs; `takePlace` returns it before anything else is created. */
export type Place = {
  readonly schema: string;
  /** The imat's name: the view's, unless an imat of that name already exists. */
  readonly name: string;
  /** What the demo must remove: these did not exist before it. */
  readonly remove: { readonly schema: boolean; readonly catalog: boolean };
};

/**
 * A database in memory belongs to the demo, so the demo uses its schema public. In any other
 * database the demo creates a schema.
 */
export async function takePlace(db: Db, target: ConnectTarget): Promise<Place> {
  if (isInMemory(target))
    return { schema: 'public', name: VIEW_NAME, remove: { schema: false, catalog: false } };
  const existing = await existingSchemas(db);
  if (existing.includes(SCHEMA)) throw schemaExists();
  const [taken] = await db.query<{ taken: boolean }>(
    `SELECT pg_catalog.to_regclass('imat.${VIEW_NAME}') IS NOT NULL AS taken`,
  );
  await createSchema(db);
  return {
    schema: SCHEMA,
    name: taken?.taken === true ? OTHER_NAME : VIEW_NAME,
    remove: { schema: true, catalog: existing.length === 0 },
  };
}

/**
 * Removes the imat and the schema, and also imat's own schemas if the demo created them and no
 * other imat uses them.
 */
export async function leavePlace({ db, imat }: Session, place: Place): Promise<void> {
  if (!place.remove.schema) return;
  const existing = await existingSchemas(db);
  const names = existing.includes('imat_catalog')
    ? (await imat.list()).map((status) => status.name)
    : [];
  if (names.includes(place.name)) await imat.revert(place.name);
  await db.execute(`DROP SCHEMA IF EXISTS ${SCHEMA} CASCADE`);
  const othersLeft = names.some((name) => name !== place.name);
  if (place.remove.catalog && !othersLeft)
    await db.execute(`DROP SCHEMA IF EXISTS ${IMAT_SCHEMAS.join(', ')} CASCADE`);
}

/** The hint for users who must finish the clean-up by hand. */
export function leavingHint(place: Place): string {
  const catalog = place.remove.catalog
    ? `, then DROP SCHEMA ${IMAT_SCHEMAS.join(', ')} CASCADE`
    : '';
  return (
    `To remove them, run imat revert ${place.name}, then DROP SCHEMA ${SCHEMA} ` +
    `CASCADE${catalog}.`
  );
}

async function existingSchemas(db: Db): Promise<string[]> {
  const names = [SCHEMA, ...IMAT_SCHEMAS].map((name) => `'${name}'`).join(', ');
  const rows = await db.query<{ name: string }>(
    `SELECT nspname::text AS name FROM pg_catalog.pg_namespace WHERE nspname IN (${names})`,
  );
  return rows.map((row) => row.name);
}

async function createSchema(db: Db): Promise<void> {
  try {
    await db.execute(`CREATE SCHEMA ${SCHEMA}`);
  } catch (error) {
    if (!(error instanceof ServerError)) throw error;
    if (error.sqlstate === '42P06') throw schemaExists();
    if (error.sqlstate !== '42501') throw error;
    throw new ImatError('insufficient_privilege', {
      message: `cannot create the schema "${SCHEMA}"`,
      detail: `PostgreSQL says: ${error.message}.`,
      hint:
        'The role needs CREATE on the database. Without --database-url the demo runs in an ' +
        'embedded database.',
      cause: error,
    });
  }
}

function schemaExists(): ImatError {
  return new ImatError('already_exists', {
    message: `schema "${SCHEMA}" already exists`,
    detail: 'Another demo is running in this database, or an earlier one was killed.',
    hint:
      `If none is running, run imat revert ${VIEW_NAME} if imat list shows it as converted ` +
      `from ${SCHEMA}, then DROP SCHEMA ${SCHEMA} CASCADE.`,
  });
}
