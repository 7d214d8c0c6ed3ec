/**
 * What the server and the catalog say of one imat that its script is made from: where its logs are,
 * the settings.
 */
import { findExtension } from '../extension/find.ts';
import { ImatError } from '../errors/imat-error.ts';
import type { Db } from '../db/db.ts';
import { shellWord } from '../errors/shell-word.ts';
import type { Subject } from '../generate/subject.ts';
import type { InstalledColumn } from '../operators/store.ts';
import { asInstalled } from '../operators/store.ts';
import { namesOfStores } from '../generate/stores.ts';
import type { AddPlan, Plan, RowsPlan, StorePlan } from '../plan/plan.ts';
import { allStores } from '../plan/plan.ts';
import { imatNames, logName } from '../sql/names.ts';
import type { Sql } from '../sql/sql.ts';
import { fragment } from '../sql/sql.ts';
import type { Prepared } from '../analysis/prepare.ts';
import { capturedSources } from '../analysis/prepare.ts';
import { currentSettings } from '../server/current-settings.ts';
import { partsOf } from '../server/parts.ts';

/** Where the logs of sources are, by OID: those in the catalog, or the names they would get. */
async function logsOf(
  db: Db,
  watched: Prepared['watched'],
  hasCatalog: boolean,
): Promise<(oid: number) => Sql> {
  const rows = hasCatalog
    ? await db.query<{ relation: number; log: string }>(
        'SELECT relation::oid AS relation, log::text AS log FROM imat_catalog.source',
      )
    : [];
  const known = new Map(rows.map((row) => [row.relation, fragment(row.log)]));
  const planned = new Map(
    watched.map((source) => [source.oid, logName(source.schema, source.name).sql]),
  );
  return (oid) => {
    const log = known.get(oid) ?? planned.get(oid);
    if (log === undefined) throw new Error(`no change log for relation ${oid}`);
    return log;
  };
}

/** The extension's schema, where it captures or would capture one of these sources. */
async function capturingExtension(
  db: Db,
  watched: Prepared['watched'],
  hasCatalog: boolean,
): Promise<Sql | null> {
  const extension = await findExtension(db);
  if (extension === null) return null;
  const rows = hasCatalog
    ? await db.query<{ relation: number; by_extension: boolean }>(
        'SELECT relation::oid AS relation, by_extension FROM imat_catalog.source',
      )
    : [];
  const known = new Map(rows.map((row) => [row.relation, row.by_extension]));
  return watched.some((source) => known.get(source.oid) ?? extension.captures)
    ? extension.schema
    : null;
}

export async function subjectOf(
  db: Db,
  id: number,
  name: string,
  prepared: Prepared,
  hasCatalog: boolean,
): Promise<Subject> {
  const { analysis } = prepared;
  const withParts = await partsOf(
    db,
    prepared.watched.map(({ oid }) => oid),
  );
  const cannotTell = analysis.unwatchable.length > 0 || analysis.dependence === 'moment';
  return {
    id,
    name,
    names: imatNames(name),
    live: prepared.freshness === 'live',
    logOf: await logsOf(db, prepared.watched, hasCatalog),
    extension: await capturingExtension(db, capturedSources(prepared), hasCatalog),
    definition: analysis.definition,
    searchPath: analysis.searchPath,
    columns: analysis.columns.map((column) => column.name),
    watched: cannotTell ? null : prepared.watched.map((source) => source.oid),
    withParts: [...withParts.keys()],
    settings: await currentSettings(db),
    enums: analysis.enums,
    listedEnums: analysis.listedEnums,
    dependsOnSettings: analysis.dependsOnSettings,
    isParallelUnsafe: analysis.isParallelUnsafe,
  };
}

/**
 * The plan with the names that the stored columns of an imat have; null if they were made by
 * another plan, for example of another version of imat.
 */
export async function installedPlan(db: Db, imatId: number, plan: Plan): Promise<Plan | null> {
  const [imat] = await db.query<{ name: string }>(
    'SELECT name FROM imat_catalog.imat WHERE id = $1',
    [imatId],
  );
  const tables = namesOfStores(imatNames(imat?.name ?? ''), plan);
  const below = allStores(plan).slice(plan.stores.length);
  const renamed = new Map<StorePlan, StorePlan>();
  for (const [index, store] of allStores(plan).entries()) {
    const installed = installedStore(
      store,
      await columnsOf(db, tables[index]?.state.sql.text ?? ''),
      below.includes(store),
    );
    if (installed === null) return null;
    renamed.set(store, installed);
  }
  return { ...plan, stores: plan.stores.map(inPlace(renamed)) };
}

/** Stores in their places again, one that stands at two places once. */
function inPlace(renamed: ReadonlyMap<StorePlan, StorePlan>): (store: StorePlan) => StorePlan {
  const added = once((store: AddPlan): AddPlan => {
    const own = renamed.get(store);
    return {
      ...(own?.rule === 'add' ? own : store),
      different: store.different.map(added),
      inner: store.inner === null ? null : any(store.inner),
    };
  });
  const rows = once((store: RowsPlan): RowsPlan => {
    const groups = store.groups && { ...store.groups, stores: store.groups.stores.map(added) };
    return { ...store, groups };
  });
  const any = (store: StorePlan): StorePlan => (store.rule === 'add' ? added(store) : rows(store));
  return any;
}

/** The function, which makes one thing of each. */
function once<T extends object>(make: (of: T) => T): (of: T) => T {
  const made = new Map<T, T>();
  return (of) => {
    const known = made.get(of) ?? make(of);
    made.set(of, known);
    return known;
  };
}

const columnsOf = (db: Db, table: string): Promise<InstalledColumn[]> =>
  db.query<InstalledColumn>(
    `SELECT a.attname::text AS name, format_type(a.atttypid, a.atttypmod) AS type,
       a.attgenerated <> '' AS "isGenerated"
     FROM pg_attribute a
     WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped
     ORDER BY a.attnum`,
    [table],
  );

/** Rows below are called as the columns of sources are, which may have other names now. */
function installedStore(
  plan: StorePlan,
  columns: readonly InstalledColumn[],
  isBelow: boolean,
): StorePlan | null {
  if (plan.rule === 'regroup') {
    const stored = [...new Set([...plan.columns, plan.key.name])];
    const same = isBelow || stored.every((name, index) => columns[index]?.name === name);
    return same && stored.length === columns.length ? plan : null;
  }
  const store = asInstalled(plan.store, columns);
  return store === null ? null : { ...plan, store };
}

/** @throws ImatError `source_changed` */
export function storedOtherwise(name: string, what: string): never {
  throw new ImatError('source_changed', {
    message: `imat "${name}" cannot be ${what} in place`,
    detail: 'Its definition would be stored in another way now than when it was converted.',
    hint: `Run imat repair ${shellWord(name)}.`,
  });
}
