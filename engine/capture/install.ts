/**
 * Puts capture on a source and extends it.
 *
 * Each source is one short transaction of its own, so that no two sources are ever locked together.
 * Its lock (SHARE ROW EXCLUSIVE) waits for the writers that are inside: when it returns, every
 * transaction that wrote without being captured has ended, and a snapshot taken later sees all of
 * them as done.
 */
import { makeStorePrivate } from '../catalog/private.ts';
import type { Db } from '../db/db.ts';
import { LOCK_TIMEOUT_MS, withShortLock } from '../db/short-lock.ts';
import { ImatError } from '../errors/imat-error.ts';
import { findExtension } from '../extension/find.ts';
import {
  captureFunctions,
  createTriggers,
  dropTriggers,
  logColumnOf,
  ownEvents,
  registration,
} from '../generate/capture.ts';
import { captureScript } from '../generate/script.ts';
import type { ColumnFacts } from '../algebra/facts.ts';
import { loadColumns } from '../server/columns.ts';
import { partsOf } from '../server/parts.ts';
import type { CaptureEvent } from '../sql/names.ts';
import { captureName, logColumn, logName } from '../sql/names.ts';
import type { Sql } from '../sql/sql.ts';
import { fragment, ident, join, qualified, sql } from '../sql/sql.ts';
import { captureParts, dropFunctions, followParts, hasFirstParts, rewriteParts } from './parts.ts';
import type { SourceRow } from './source-row.ts';
import { capturedBy, isLogged, sourceRow } from './source-row.ts';
import { setAside } from './set-aside.ts';
import type { SourceName } from './tracking.ts';
import { breakDiffering, checkTriggers, dropCopies, noteTriggers } from './triggers.ts';

/**
 * The columns that the imats on a source need; null where all of them are swap imats, for which a
 * mark per statement is enough.
 */
export async function neededColumns(
  db: Db,
  oid: number,
  all: readonly ColumnFacts[],
): Promise<ColumnFacts[] | null> {
  const uses = await db.query<{ strategy: string; columns: string | null }>(
    `SELECT i.strategy, z.columns::text AS columns
     FROM imat_catalog.imat_source z JOIN imat_catalog.imat i ON i.id = z.imat_id
     WHERE z.relation = $1 AND i.state <> 'reverting' AND i.dependence <> 'moment'`,
    [oid],
  );
  if (uses.every((use) => use.strategy === 'swap')) return null;
  const attnums = new Set(uses.flatMap((use) => parseAttnums(use.columns ?? '{}')));
  const read = all.filter(
    (column) => attnums.has(column.attnum) || uses.some((use) => use.columns === null),
  );
  // What is generated when read changes with other columns, which a swap imat that reads it does
  // not name.
  return read.some((column) => column.isVirtual) ? all.filter((column) => !column.isVirtual) : read;
}

const parseAttnums = (array: string): number[] => [...array.matchAll(/\d+/g)].map(Number);

export const attnumArray = (attnums: readonly number[]): string => `{${attnums.join(',')}}`;

/** Makes the log and the triggers of a source what the imats in the catalog need. */
export async function ensureCapture(db: Db, source: SourceName, onWait: () => void): Promise<void> {
  await withShortLock(
    db,
    async () => {
      db.defer(`SELECT pg_advisory_xact_lock(${SOURCE_LOCK_CLASS}, ${source.oid | 0})`);
      // Event triggers leave alone what imat itself does.
      db.defer('SET LOCAL imat.maintaining = on');
      await db.query('SELECT imat_catalog.take_arrival()');
      const all = (await loadColumns(db, [source.oid])).get(source.oid) ?? [];
      const needed = await neededColumns(db, source.oid, all);
      const known = await sourceRow(db, source.oid);
      if (known === null) await createCapture(db, source, needed);
      else if (!known.here || !known.hasLog) await replaceLog(db, source, known, needed);
      else if (await hasFirstParts(db, known)) {
        await breakDiffering(db, source.oid);
        await replaceLog(db, source, known, needed);
      } else await extendCapture(db, source, known, needed, all);
    },
    onWait,
  );
  await followParts(db, source.oid);
}

/** Beside imat's class of locks on imats: locks on sources, by the table's OID. */
export const SOURCE_LOCK_CLASS = 1768776053;

/**
 * Before the capture functions of a source are written: folds that follow its partitions and
 * workers that grant what is missing write them as well, and know no advisory locks. After
 * `allow_capture`, which locks something else first.
 */
export function lockCapture(db: Db, oid: number): void {
  db.defer(`SELECT FROM imat_catalog.source WHERE relation = ${oid} FOR NO KEY UPDATE`);
}

async function createCapture(
  db: Db,
  source: SourceName,
  columns: readonly ColumnFacts[] | null,
  before: Pick<SourceRow, 'former_logs' | 'tracked'> = { former_logs: [], tracked: false },
): Promise<void> {
  const table = qualified(source.schema, source.name);
  const hasParts = (await partsOf(db, [source.oid])).has(source.oid);
  const extension = hasParts ? null : await findExtension(db);
  const schema = extension?.captures === true ? extension.schema : null;
  const events = ownEvents(schema);
  const wanted = [
    logName(source.schema, source.name),
    ...events.map((event) => captureName(event, source.schema, source.name)),
  ];
  const [log, ...functions] = await freeNames(db, wanted, source.oid);
  if (log === undefined) throw new Error('a log without a name');
  const names: Partial<Record<CaptureEvent, string>> = Object.fromEntries(
    events.map((event, index) => [event, functions[index]?.text]),
  );
  db.defer(`LOCK TABLE ${table.text} IN SHARE ROW EXCLUSIVE MODE`);
  const role = await capturingRole(db, source.oid);
  const target = {
    oid: source.oid,
    source: table,
    hasParts,
    isGiven: role !== null,
    log,
    functions: capturedBy(names),
    extension: schema,
    columns,
  };
  for (const statement of captureScript({ target, name: `${source.schema}.${source.name}` }))
    db.defer(statement.sql.text);
  await makeStorePrivate(db);
  db.defer('SET LOCAL imat.maintaining = on');
  await db.query(
    `INSERT INTO imat_catalog.source (
       relation_text, log_text, capture, by_extension, columns, former_logs, tracked
     )
     VALUES ($1::oid::regclass::text, $2, $3::jsonb, $4, $5::smallint[],
       ARRAY(SELECT jsonb_array_elements_text($6::jsonb)), $7)`,
    [
      source.oid,
      log.text,
      JSON.stringify(names),
      schema !== null,
      columns === null ? null : attnumArray(columns.map((column) => column.attnum)),
      JSON.stringify(before.former_logs),
      before.tracked,
    ],
  );
  if (role !== null) await giveTo(db, role, source.oid, Object.values(names));
  await dropCopies(db, source.oid, table);
  if (hasParts) await captureParts(db, source.oid);
  noteTriggers(db, source.oid, true);
}

/**
 * A superuser's capture on the table of an ordinary role runs with the rights of that role: it
 * evaluates what belongs to the table, and its owner can put code there later, for example a column
 * of a type with a cast. All that the owner gets is that rows can be added to the log, and reset
 * marks of tables whose capture functions it owns (`imat_store.check_reset`). This is the role, as
 * SQL; null where capture belongs to the role that converts.
 */
export async function capturingRole(db: Db, table: number): Promise<string | null> {
  const [row] = await db.query<{ owner: string }>(
    `SELECT quote_ident(o.rolname) AS owner FROM pg_class c JOIN pg_roles o ON o.oid = c.relowner
       JOIN pg_roles m ON m.rolname = current_user
     WHERE c.oid = $1 AND m.rolsuper AND NOT o.rolsuper`,
    [table],
  );
  return row?.owner ?? null;
}

async function giveTo(
  db: Db,
  role: string,
  table: number,
  functions: readonly string[],
): Promise<void> {
  for (const name of functions) db.defer(`ALTER FUNCTION ${name}() OWNER TO ${role}`);
  await db.query('SELECT imat_catalog.allow_capture($1)', [table]);
}

/**
 * A log that a restore brought along: another cluster's transaction ids would make its rows look
 * pending to a new imat, and where the table had dropped columns its column numbers are others now.
 * So the source gets a new one. The imats that were restored with the old log read it no more, but
 * their views name it, so it stays until they have gone.
 */
async function replaceLog(
  db: Db,
  source: SourceName,
  known: SourceRow,
  columns: readonly ColumnFacts[] | null,
): Promise<void> {
  // Where its log was dropped, what is written meanwhile is lost to all imats on the source.
  await checkTriggers(db, source.oid);
  const table = qualified(source.schema, source.name);
  db.defer(`LOCK TABLE ${table.text} IN SHARE ROW EXCLUSIVE MODE`);
  // The extension takes no other log while triggers write to one that is there.
  if (known.by_extension) {
    for (const statement of dropTriggers(table, false)) db.defer(statement.text);
    await dropCopies(db, source.oid, table);
  }
  if (known.hasLog) db.defer(`DELETE FROM ${known.log}`);
  db.defer(
    `DELETE FROM imat_store.reset WHERE relation = ${source.oid};
     DELETE FROM imat_catalog.source WHERE relation = ${source.oid}`,
  );
  const former = await setAside(db, known);
  await createCapture(db, source, columns, {
    former_logs: [...known.former_logs, ...(former.log === null ? [] : [former.log])],
    tracked: known.tracked,
  });
  const made = await sourceRow(db, source.oid);
  const current = Object.values(made?.capture ?? {});
  dropFunctions(
    db,
    former.functions.filter((name) => !current.includes(name)),
  );
}

/**
 * Two tables can have the same readable name for their logs (a_b.c and a.b_c): the second gets its
 * OID appended.
 */
async function freeNames(
  db: Db,
  wanted: readonly { readonly name: string; readonly sql: Sql }[],
  oid: number,
): Promise<Sql[]> {
  const rows = await db.query<{ taken: boolean }>(
    `SELECT EXISTS (
       SELECT FROM pg_class c WHERE c.relnamespace = n.oid AND c.relname = w.name
     ) OR EXISTS (
       SELECT FROM pg_proc p WHERE p.pronamespace = n.oid AND p.proname = w.name
     ) AS taken
     FROM jsonb_array_elements_text($1::jsonb) WITH ORDINALITY w(name, place)
       LEFT JOIN pg_namespace n ON n.nspname = 'imat_store'
     ORDER BY w.place`,
    [JSON.stringify(wanted.map(({ name }) => name))],
  );
  return wanted.map(({ name, sql }, index) =>
    rows[index]?.taken === true
      ? qualified('imat_store', `${[...name].slice(0, 40).join('')}_${oid}`)
      : sql,
  );
}

/**
 * Adds columns. Rows from before lack the new ones, but no imat that reads these will see such rows
 * as pending: the lock waits for their transactions, and the imat's frontier is taken after that.
 */
async function extendCapture(
  db: Db,
  source: SourceName,
  known: SourceRow,
  needed: readonly ColumnFacts[] | null,
  all: readonly ColumnFacts[],
): Promise<void> {
  await db.query('SELECT imat_catalog.allow_capture($1)', [source.oid]);
  lockCapture(db, source.oid);
  const isWhole = await checkTriggers(db, source.oid);
  if (needed === null && isWhole) return;
  const missing = (needed ?? []).filter((column) => !isLogged(known, column));
  if (isWhole && !known.marks && missing.length === 0) return;
  const table = qualified(source.schema, source.name);
  const log = fragment(known.log);
  db.defer(`LOCK TABLE ${table.text} IN SHARE ROW EXCLUSIVE MODE`);
  const intact = await checkTriggers(db, source.oid);
  // A column that has another type now was needed by no imat that can still be read.
  const retyped = all.filter(
    (column) => known.logged[String(column.attnum)] !== undefined && !isLogged(known, column),
  );
  await alterLog(db, log, [
    ...retyped.map((column) => sql`DROP COLUMN ${ident(logColumn(column.attnum))}`),
    ...missing.map((column) => sql`ADD COLUMN ${logColumnOf(column)}`),
  ]);
  const columns = all.filter((column) => isLogged(known, column) || missing.includes(column));
  const extension = await capturing(db, known, source);
  const asMarks = needed === null && known.marks;
  const target = {
    oid: source.oid,
    source: table,
    hasParts: known.hasParts,
    isGiven: known.given,
    log,
    functions: capturedBy(known.capture),
    extension,
    columns: asMarks ? null : columns,
  };
  for (const statement of captureFunctions(target)) db.defer(statement.text);
  for (const statement of known.marks || !intact ? createTriggers(target) : registration(target))
    db.defer(statement.text);
  if (!intact) await dropCopies(db, source.oid, table);
  if (!asMarks)
    await db.query('UPDATE imat_catalog.source SET columns = $2::smallint[] WHERE relation = $1', [
      source.oid,
      attnumArray(columns.map((column) => column.attnum)),
    ]);
  if (known.hasParts) await rewriteParts(db, source.oid, known.marks || !intact);
  noteTriggers(db, source.oid, true);
}

/**
 * Writers of the source wait meanwhile, and readers of a live imat hold the log until their
 * transaction ends: so it waits for them for a fraction of the time that the attempt has.
 */
export async function alterLog(db: Db, log: Sql, actions: readonly Sql[]): Promise<void> {
  if (actions.length === 0) return;
  db.defer(
    `SET LOCAL lock_timeout = '${LOCK_TIMEOUT_MS / 5}ms';
     LOCK TABLE ${log.text} IN ACCESS EXCLUSIVE MODE;
     SET LOCAL lock_timeout = '${LOCK_TIMEOUT_MS}ms'`,
  );
  await db.execute(sql`ALTER TABLE ${log} ${join(actions, ', ')}`.text);
}

/**
 * The schema of the extension, where that captures a source. @throws ImatError `source_changed`
 * where it has gone
 */
async function capturing(db: Db, known: SourceRow, source: SourceName): Promise<Sql | null> {
  if (!known.by_extension) return null;
  const extension = await findExtension(db);
  if (extension !== null) return extension.schema;
  throw new ImatError('source_changed', {
    message: `capture on ${source.schema}.${source.name} has gone with the extension`,
    hint: 'Revert the imats that read this table, then convert them again.',
  });
}
