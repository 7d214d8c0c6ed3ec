/**
 * Writes the capture functions of a source again after ALTER TABLE has changed its columns, and
 * grants what they lack after REASSIGN OWNED.
 */
import { sharesCatalog } from '../catalog/migrate.ts';
import type { ColumnFacts } from '../algebra/facts.ts';
import type { Db } from '../db/db.ts';
import { isRefused } from '../db/db.ts';
import { withShortLock } from '../db/short-lock.ts';
import { captureFunctions, namesColumns } from '../generate/capture.ts';
import { loadColumns } from '../server/columns.ts';
import { fragment } from '../sql/sql.ts';
import { attnumArray, lockCapture, SOURCE_LOCK_CLASS } from './install.ts';
import { rewriteParts } from './parts.ts';
import { capturedBy, loggedColumns, type SourceRow, sourceRow, sourceRows } from './source-row.ts';
import { checkTriggers, noteTriggers } from './triggers.ts';

const ATTEMPTS = 3;

/**
 * Capture goes on meanwhile, but makes its command anew for each statement. Where this role must
 * not write the functions, it stays so.
 */
export const renewCapture = (db: Db, oid: number): Promise<void> =>
  unlessRefused(() =>
    withShortLock(
      db,
      () => renew(db, oid),
      () => undefined,
      { attempts: ATTEMPTS },
    ),
  );

/** The same for those of these sources that need it, which a look without locks tells. */
export async function renewOutdated(db: Db, oids: readonly number[]): Promise<void> {
  await unlessRefused(async () => {
    const [sources, columns] = [await sourceRows(db, oids), await loadColumns(db, oids)];
    for (const source of sources)
      if (!source.mayAppend || !isCurrent(source, columns.get(source.oid) ?? []))
        await renewCapture(db, source.oid);
  });
}

async function unlessRefused(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isRefused(error)) throw error;
  }
}

/** The same for the sources of these imats. */
export async function renewSources(db: Db, imats: readonly string[]): Promise<void> {
  const sources = await db.query<{ oid: number }>(
    `SELECT DISTINCT z.relation::oid AS oid
     FROM imat_catalog.imat_source z JOIN imat_catalog.imat i ON i.id = z.imat_id
     WHERE i.name IN (SELECT jsonb_array_elements_text($1::jsonb))`,
    [JSON.stringify(imats)],
  );
  await renewOutdated(
    db,
    sources.map(({ oid }) => oid),
  );
}

/** Whether the functions name the columns that are there, or need not. */
const isCurrent = (source: SourceRow, all: readonly ColumnFacts[]): boolean =>
  source.marks ||
  !source.here ||
  source.body === null ||
  namesColumns(source.body, loggedColumns(source, all));

async function renew(db: Db, oid: number): Promise<void> {
  if (!(await sharesCatalog(db))) return;
  db.defer(`SELECT pg_advisory_xact_lock(${SOURCE_LOCK_CLASS}, ${oid | 0})`);
  await db.query('SELECT imat_catalog.allow_capture($1)', [oid]);
  lockCapture(db, oid);
  const known = await sourceRow(db, oid);
  const all = (await loadColumns(db, [oid])).get(oid) ?? [];
  if (known === null || isCurrent(known, all)) return;
  const columns = loggedColumns(known, all);
  // Event triggers leave alone what imat itself does.
  db.defer('SET LOCAL imat.maintaining = on');
  const [table] = await db.query<{ name: string }>('SELECT $1::regclass::text AS name', [oid]);
  const target = {
    oid,
    source: fragment(table?.name ?? ''),
    hasParts: known.hasParts,
    isGiven: known.given,
    log: fragment(known.log),
    functions: capturedBy(known.capture),
    extension: null,
    columns,
  };
  // Nobody can change the triggers between the comparison and the note.
  db.defer(`LOCK TABLE ${target.source.text} IN SHARE UPDATE EXCLUSIVE MODE`);
  if (!(await checkTriggers(db, oid))) return;
  for (const statement of captureFunctions(target)) db.defer(statement.text);
  await db.query('UPDATE imat_catalog.source SET columns = $2::smallint[] WHERE relation = $1', [
    oid,
    attnumArray(columns.map((column) => column.attnum)),
  ]);
  if (known.hasParts) await rewriteParts(db, oid, false);
  noteTriggers(db, oid, false);
}
