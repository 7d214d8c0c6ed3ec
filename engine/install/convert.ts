/**
 * Convert: from a materialized view (or a query) to an imat.
 *
 *   analyse    nothing is changed
 *   register   one transaction: the imat's row, its sources, the definition view
 *   capture    one short transaction per source: log and triggers
 *   load       one REPEATABLE READ transaction: state, frontier, view, grants
 *   replace    with --replace: one short transaction
 *
 * A failure undoes what is there; a crash leaves an imat in the state `installing`, which the next convert of that name
 * and `imat revert` remove, and which `imat doctor` names.
 */
import { ImatError } from '../../parser/errors.ts';
import type { ConvertOptions, ConvertResult, Freshness, Strategy } from '../api.ts';
import { initialize, LOCK_CLASS } from '../catalog/migrate.ts';
import type { Db } from '../db/db.ts';
import { ServerError } from '../db/db.ts';
import { invalidDefinition } from '../errors.ts';
import type { ImatNames } from '../sql/names.ts';
import { imatNames, logName } from '../sql/names.ts';
import type { Sql } from '../sql/sql.ts';
import { fragment, literal, sql } from '../sql/sql.ts';
import type { Analysis } from './analyse.ts';
import { analyse, rolledBack } from './analyse.ts';
import type { Building } from './bodies.ts';
import { definitionView, deltaFold, deltaState, deltaViewBody, swapSql } from './bodies.ts';
import { attnumArray, ensureCapture, withShortLock } from './capture-install.ts';
import { carryIndexes } from './indexes.ts';
import { checkReplaceable, replaceOriginal } from './replace.ts';
import { resolveMaterializedView } from './resolve.ts';
import { revertImat } from './revert.ts';
import { PINNED_SETTINGS } from './volatility.ts';

type Request = ConvertOptions & { readonly name: string; readonly original: number | null };

export type Prepared = {
  readonly analysis: Analysis;
  readonly strategy: Strategy;
  readonly freshness: Freshness;
  readonly notes: readonly string[];
  /** Tables whose logs are watched, with the columns that count; imats among the sources stand for their own. */
  readonly watched: readonly { readonly oid: number; readonly schema: string; readonly name: string; readonly columns: readonly number[] | null }[];
};

export async function convertView(db: Db, serverMajor: number, view: string, options: ConvertOptions): Promise<ConvertResult> {
  const named = await db.transaction('read committed', async () => {
    const found = await resolveMaterializedView(db, view);
    if (options.replace === true) await checkReplaceable(db, found);
    return found;
  });
  const request: Request = { ...options, name: options.name ?? named.name, original: named.oid };
  return convert(db, serverMajor, request, async () => named.oid);
}

export async function convertQuery(db: Db, serverMajor: number, name: string, query: string, options: ConvertOptions): Promise<ConvertResult> {
  return convert(db, serverMajor, { ...options, name, original: null }, () => temporaryView(db, query));
}

/** A temporary view of the user's query, under the user's search_path. Inside a transaction that is rolled back. */
export async function temporaryView(db: Db, query: string): Promise<number> {
  const text = query.trim().replace(/;\s*$/, '');
  const prefix = 'CREATE TEMPORARY VIEW imat_query AS\n';
  await db.query(`SELECT set_config('search_path', $1, true)`, [db.userSearchPath]);
  try {
    await db.query(`${prefix}${text}`);
  } catch (error) {
    throw error instanceof ServerError ? invalidDefinition(error, text, prefix.length) : error;
  }
  await db.query(`SELECT pg_catalog.set_config('search_path', 'pg_catalog', true)`);
  const [row] = await db.query<{ oid: number }>(`SELECT 'pg_temp.imat_query'::regclass::oid AS oid`);
  return row?.oid ?? 0;
}

async function convert(db: Db, serverMajor: number, request: Request, viewOid: () => Promise<number>): Promise<ConvertResult> {
  const progress = (step: number, label: string): void => request.onProgress?.({ step, steps: 4, label });
  checkName(request.name);
  progress(1, 'reading the definition');
  const prepared = await db.transaction('read committed', () => rolledBack(db, async () => prepare(db, await viewOid(), serverMajor, request)));
  const result: ConvertResult = {
    name: request.name,
    relation: imatNames(request.name).view.text.replaceAll('"', ''),
    strategy: prepared.strategy,
    freshness: prepared.freshness,
    reasons: prepared.strategy === 'delta' ? [] : prepared.analysis.reasons,
    notes: prepared.notes,
    dryRun: request.dryRun === true,
  };
  if (request.dryRun === true) return result;

  await initialize(db, false);
  await removeInterrupted(db, request.name);
  const id = await register(db, request, prepared);
  try {
    progress(2, 'installing capture');
    for (const source of prepared.watched) {
      await ensureCapture(db, source, () => progress(2, `installing capture: waiting for writers of ${source.schema}.${source.name}`));
    }
    progress(3, 'loading');
    await load(db, request, prepared, id);
  } catch (error) {
    await revertImat(db, id, () => undefined).catch(() => undefined);
    throw error;
  }
  if (request.replace === true && request.original !== null) {
    progress(4, 'putting the view in place of the materialized view');
    await withShortLock(db, () => replaceOriginal(db, id), () => progress(4, 'waiting for readers of the materialized view'));
  }
  return result;
}

function checkName(name: string): void {
  if (name === '' || name.includes('\0') || Buffer.byteLength(name) > 63) {
    throw new ImatError('invalid_argument', { message: `"${name}" cannot be the name of an imat`, detail: 'A name has 1 to 63 bytes.' });
  }
}

/** Analyses the view and decides; inside a transaction, changes nothing. */
export async function prepare(db: Db, oid: number, serverMajor: number, options: Pick<ConvertOptions, 'strategy' | 'freshness'>): Promise<Prepared> {
  const analysis = await analyse(db, oid, serverMajor);
  const freshness = await checkedFreshness(db, options.freshness ?? 'live');
  const wanted = options.strategy ?? 'auto';
  if (wanted === 'delta' && analysis.plan === null) {
    const [first] = analysis.reasons;
    throw new ImatError('strategy_unavailable', {
      message: 'this definition cannot be maintained by delta',
      detail: analysis.reasons.map((reason) => reason.message).join('; '),
      hint: first?.hint ?? 'Leave --strategy out: imat then uses swap, which maintains any definition.',
    });
  }
  const strategy = wanted === 'swap' || analysis.plan === null ? 'swap' : 'delta';
  const { watched, unwatchable } = await watchedSources(db, analysis, strategy);
  const complete = { ...analysis, unwatchable: [...analysis.unwatchable, ...unwatchable] };
  return { analysis: complete, strategy, freshness, notes: notesOn(complete, strategy, freshness), watched };
}

async function checkedFreshness(db: Db, freshness: string): Promise<string> {
  if (freshness === 'live' || freshness === 'manual') return freshness;
  const [row] = await rolledBack(db, () => db.query<{ valid: boolean }>(`SELECT $1::interval > '0'::interval AS valid`, [freshness])).catch(() => []);
  if (row?.valid === true) return freshness;
  throw new ImatError('invalid_argument', { message: `"${freshness}" is not a freshness`, hint: 'Use live, manual, or an interval such as 5s, 1 minute or 2h.' });
}

async function watchedSources(db: Db, analysis: Analysis, strategy: Strategy): Promise<{ watched: Prepared['watched']; unwatchable: string[] }> {
  const own = analysis.sources.filter((source) => source.unwatchable === null && source.kind === 'table');
  const watched = own.map((source) => ({ oid: source.oid, schema: source.schema, name: source.name, columns: strategy === 'swap' ? source.used : planColumns(analysis, source.oid) }));
  const unwatchable: string[] = [];
  for (const imat of analysis.imats) {
    const [row] = await db.query<{ name: string; freshness: string; watchable: boolean }>('SELECT name, freshness, watchable FROM imat_catalog.imat WHERE id = $1', [imat.imatId]);
    if (row?.freshness !== 'live' || !row.watchable) unwatchable.push(`imat "${row?.name ?? imat.name}", which it reads, can change without a change of its sources`);
    const inner = await db.query<{ oid: number; schema: string; name: string; columns: string | null }>(
      `SELECT z.relation AS oid, n.nspname::text AS schema, c.relname::text AS name, z.columns::text AS columns
       FROM imat_catalog.imat_source z JOIN pg_class c ON c.oid = z.relation JOIN pg_namespace n ON n.oid = c.relnamespace WHERE z.imat_id = $1`,
      [imat.imatId],
    );
    for (const source of inner) {
      if (!watched.some((known) => known.oid === source.oid)) watched.push({ ...source, columns: source.columns === null ? null : [...source.columns.matchAll(/\d+/g)].map(Number) });
    }
  }
  return { watched: watched.sort((a, b) => a.oid - b.oid), unwatchable };
}

function planColumns(analysis: Analysis, oid: number): number[] {
  const attnums = (analysis.plan?.occurrences ?? []).filter((one) => one.source.oid === oid).flatMap((one) => one.columns.map((column) => column.attnum));
  return [...new Set(attnums)].sort((a, b) => a - b);
}

function notesOn(analysis: Analysis, strategy: Strategy, freshness: Freshness): string[] {
  if (strategy === 'delta' || freshness !== 'live') return [];
  if (analysis.unwatchable.length > 0) return [...analysis.unwatchable.map((why) => `${why}: a live read runs the definition`)];
  if (analysis.dependence === 'moment') return ['the answer can change although no table does: a live read runs the definition; --freshness manual or an interval reads what is stored'];
  return ['a live read runs the definition while a source has changed since the last swap'];
}

/** An imat of that name whose convert was interrupted is removed; a finished one is in the way. */
async function removeInterrupted(db: Db, name: string): Promise<void> {
  const [known] = await db.query<{ id: number; state: string }>('SELECT id, state FROM imat_catalog.imat WHERE name = $1', [name]);
  if (known === undefined) return;
  const [busy] = await db.query<{ free: boolean }>('SELECT pg_try_advisory_lock($1, $2) AS free', [LOCK_CLASS, known.id]);
  if (known.state === 'active' || busy?.free !== true) {
    if (busy?.free === true) await db.query('SELECT pg_advisory_unlock($1, $2)', [LOCK_CLASS, known.id]);
    throw new ImatError('already_exists', {
      message: `imat "${name}" ${known.state === 'active' ? 'exists already' : 'is being installed by another session'}`,
      hint: `Choose another name with --name, or run imat revert ${name} first.`,
    });
  }
  await db.query('SELECT pg_advisory_unlock($1, $2)', [LOCK_CLASS, known.id]);
  await revertImat(db, known.id, () => undefined);
}

async function register(db: Db, request: Request, prepared: Prepared): Promise<number> {
  const names = imatNames(request.name);
  const { analysis } = prepared;
  return db.transaction('read committed', async () => {
    const [existing] = await db.query<{ exists: boolean }>(`SELECT EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = 'imat'::regnamespace AND c.relname = $1) AS exists`, [request.name]);
    if (existing?.exists === true) {
      throw new ImatError('already_exists', { message: `relation imat."${request.name}" exists already and is not an imat`, hint: 'Choose another name with --name.' });
    }
    const [row] = await db.query<{ id: number }>(
      `INSERT INTO imat_catalog.imat (name, strategy, freshness, state, definition, original, watchable, reasons, notes)
       VALUES ($1, $2, $3, 'installing', $4, $5, $6, $7::jsonb, $8::jsonb) ON CONFLICT (name) DO NOTHING RETURNING id`,
      [
        request.name,
        prepared.strategy,
        prepared.freshness,
        analysis.definition,
        request.original,
        analysis.unwatchable.length === 0 && analysis.dependence === 'tables',
        JSON.stringify(prepared.strategy === 'delta' ? [] : analysis.reasons),
        JSON.stringify(prepared.notes),
      ],
    );
    if (row === undefined) throw new ImatError('already_exists', { message: `imat "${request.name}" is being installed by another session` });
    // Held until the session ends or the load is done: it tells an install under way from an interrupted one.
    await db.query('SELECT pg_advisory_lock($1, $2)', [LOCK_CLASS, row.id]);
    for (const source of prepared.watched) {
      await db.query('INSERT INTO imat_catalog.imat_source (imat_id, relation, columns) VALUES ($1, $2, $3::smallint[])', [
        row.id,
        source.oid,
        source.columns === null ? null : attnumArray(source.columns),
      ]);
    }
    await db.execute(definitionView(names, analysis.definition).text);
    await db.query('UPDATE imat_catalog.imat SET definition_view = $2::regclass WHERE id = $1', [row.id, names.definition.sql.text]);
    return row.id;
  });
}

/** Where the logs of sources are, by OID: those in the catalog, or the names they would get. */
export async function logsOf(db: Db, watched: Prepared['watched'], hasCatalog: boolean): Promise<(oid: number) => Sql> {
  const rows = hasCatalog ? await db.query<{ relation: number; log: string }>('SELECT relation, log::text AS log FROM imat_catalog.source') : [];
  const known = new Map(rows.map((row) => [row.relation, fragment(row.log)]));
  const planned = new Map(watched.map((source) => [source.oid, logName(source.schema, source.name).sql]));
  return (oid) => {
    const log = known.get(oid) ?? planned.get(oid);
    if (log === undefined) throw new Error(`no change log for relation ${oid}`);
    return log;
  };
}

export async function currentSettings(db: Db): Promise<Record<string, string>> {
  const rows = await db.query<{ name: string; value: string }>('SELECT s.name, current_setting(s.name) AS value FROM unnest($1::text[]) WITH ORDINALITY s(name, n) ORDER BY s.n', [
    `{${PINNED_SETTINGS.join(',')}}`,
  ]);
  return Object.fromEntries(rows.map((row) => [row.name, row.value]));
}

export async function buildingOf(db: Db, id: number, name: string, prepared: Prepared, hasCatalog: boolean): Promise<Building> {
  return {
    id,
    name,
    names: imatNames(name),
    live: prepared.freshness === 'live',
    logOf: await logsOf(db, prepared.watched, hasCatalog),
    analysis: prepared.analysis,
    watched: prepared.watched.map((source) => source.oid),
    settings: await currentSettings(db),
  };
}

async function load(db: Db, request: Request, prepared: Prepared, id: number): Promise<void> {
  const building = await buildingOf(db, id, request.name, prepared, true);
  const { names } = building;
  await db.transaction('repeatable read', async () => {
    await db.query('SELECT pg_advisory_xact_lock($1, $2), pg_advisory_unlock($1, $2)', [LOCK_CLASS, id]);
    await db.execute('SET LOCAL jit = off');
    const body = prepared.strategy === 'delta' ? await loadDelta(db, building) : await loadSwap(db, building);
    await db.query('INSERT INTO imat_catalog.frontier (imat_id, state_relation, snapshot) VALUES ($1, $2::regclass, pg_current_snapshot())', [id, body.stored.text]);
    await db.execute(sql`CREATE VIEW ${names.view} AS\n${body.view}`.text);
    await db.query('UPDATE imat_catalog.imat SET relation = $2::regclass, state = $3 WHERE id = $1', [id, names.view.text, 'active']);
    if (request.original !== null) await describeLike(db, request.original, names, body.stored, prepared);
    await db.query('UPDATE imat_catalog.request SET carried_out_at = now() WHERE name = $1 AND carried_out_at IS NULL', [request.name]);
  });
}

type Loaded = { readonly view: Sql; readonly stored: Sql };

async function loadDelta(db: Db, building: Building): Promise<Loaded> {
  const plan = building.analysis.plan;
  if (plan === null) throw new Error('a delta imat has a plan');
  for (const statement of deltaState(plan, building.names)) await db.execute(statement.sql.text);
  await db.execute(deltaFold(building, plan).text);
  await db.query('UPDATE imat_catalog.imat SET stored = $2::regclass, fold_function = $3 WHERE id = $1', [building.id, building.names.state.sql.text, building.names.fold.sql.text]);
  // The frontier row's table must be there before a view can name it.
  return { view: deltaViewBody(building, plan), stored: building.names.state.sql };
}

async function loadSwap(db: Db, building: Building): Promise<Loaded> {
  const body = swapSql(building);
  await db.execute(sql`CREATE TABLE ${body.slots[0]} AS SELECT * FROM ${building.names.definition.sql}`.text);
  await db.execute(sql`ANALYZE ${body.slots[0]}`.text);
  await db.query('UPDATE imat_catalog.imat SET swap = $2::jsonb WHERE id = $1', [building.id, swapJson(building)]);
  return { view: body.views[0], stored: body.slots[0] };
}

export function swapJson(building: Building): string {
  const body = swapSql(building);
  return JSON.stringify({ slots: body.slots.map((slot) => slot.text), views: body.views.map((view) => view.text), both: body.both.text, settings: building.settings });
}

/** Grants, comments and indexes as the original has them. */
async function describeLike(db: Db, original: number, names: ImatNames, stored: Sql, prepared: Prepared): Promise<void> {
  await db.query('SELECT imat_catalog.copy_grants($1::oid::regclass, $2::regclass)', [original, names.view.text]);
  const [owner] = await db.query<{ owner: string; other: boolean }>(
    'SELECT quote_ident(pg_get_userbyid(c.relowner)) AS owner, NOT pg_has_role(c.relowner, $2) OR c.relowner <> (SELECT r.oid FROM pg_roles r WHERE r.rolname = current_user) AS other FROM pg_class c WHERE c.oid = $1',
    [original, 'USAGE'],
  );
  if (owner?.other === true) await db.execute(`GRANT SELECT ON ${names.view.text} TO ${owner.owner}`);
  const comments = await db.query<{ column: string | null; comment: string }>(
    `SELECT a.attname::text AS column, d.description AS comment
     FROM pg_description d LEFT JOIN pg_attribute a ON a.attrelid = d.objoid AND a.attnum = d.objsubid AND d.objsubid > 0
     WHERE d.objoid = $1 AND d.classoid = 'pg_class'::regclass`,
    [original],
  );
  for (const { column, comment } of comments) {
    const target = column === null ? sql`VIEW ${names.view}` : sql`COLUMN ${names.view}.${fragment(`"${column.replaceAll('"', '""')}"`)}`;
    await db.execute(sql`COMMENT ON ${target} IS ${literal(comment)}`.text);
  }
  await carryIndexes(db, original, stored, prepared.strategy === 'delta' ? prepared.analysis.plan : null);
}
