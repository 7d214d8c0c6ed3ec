/** What the SQL of one imat is built from: its analysis, its names, where its logs are. */
import { findExtension } from '../extension/find.ts';
import type { Db } from '../db/db.ts';
import { imatNames, logName } from '../sql/names.ts';
import type { Sql } from '../sql/sql.ts';
import { fragment } from '../sql/sql.ts';
import type { Building } from './bodies.ts';
import type { Prepared } from '../analysis/prepare.ts';
import { PINNED_SETTINGS } from '../server/functions.ts';

/** Where the logs of sources are, by OID: those in the catalog, or the names they would get. */
export async function logsOf(
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

export async function currentSettings(db: Db): Promise<Record<string, string>> {
  const rows = await db.query<{ name: string; value: string }>(
    'SELECT s.name, current_setting(s.name) AS value FROM unnest($1::text[]) WITH ORDINALITY s(name, n) ORDER BY s.n',
    [`{${PINNED_SETTINGS.join(',')}}`],
  );
  return Object.fromEntries(rows.map((row) => [row.name, row.value]));
}

export async function buildingOf(
  db: Db,
  id: number,
  name: string,
  prepared: Prepared,
  hasCatalog: boolean,
): Promise<Building> {
  return {
    id,
    name,
    names: imatNames(name),
    live: prepared.freshness === 'live',
    logOf: await logsOf(db, prepared.watched, hasCatalog),
    extension: await capturingExtension(db, prepared.watched, hasCatalog),
    analysis: prepared.analysis,
    watched: prepared.watched.map((source) => source.oid),
    settings: await currentSettings(db),
  };
}
