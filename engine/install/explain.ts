/** Explain: how a definition is or would be maintained, why not better, and every statement that this takes. */
import type { Explanation } from '../api.ts';
import { catalogVersion } from '../catalog/migrate.ts';
import type { Db } from '../db/db.ts';
import type { CaptureTarget } from '../maintain/capture.ts';
import { captureFunctions, createLog, createTriggers } from '../maintain/capture.ts';
import { qualified, sql } from '../sql/sql.ts';
import { captureName } from '../sql/names.ts';
import { rolledBack } from './analyse.ts';
import type { Building, Labelled } from './bodies.ts';
import { definitionView, deltaFold, deltaState, deltaViewBody, swapSql } from './bodies.ts';
import { buildingOf } from './building.ts';
import type { Prepared } from './prepare.ts';
import { prepare, temporaryView } from './prepare.ts';
import { resolveImat, resolveMaterializedView } from './resolve.ts';
import { loadColumns } from '../catalog/columns.ts';
import { ImatError } from '../../parser/errors.ts';

export async function explainTarget(db: Db, serverMajor: number, target: string, isQuery: boolean): Promise<Explanation> {
  return db.transaction('read committed', () =>
    rolledBack(db, async () => {
      const hasCatalog = (await catalogVersion(db)) > 0;
      const subject = isQuery ? await ofQuery(db, target) : await ofName(db, target, hasCatalog);
      const prepared = await prepare(db, subject.view, serverMajor, subject.options);
      const building = await buildingOf(db, subject.id ?? (await nextId(db, hasCatalog)), subject.name, prepared, hasCatalog);
      return explanation(db, prepared, building);
    }),
  );
}

type Subject = { readonly view: number; readonly name: string; readonly id: number | null; readonly options: { strategy?: 'delta' | 'swap'; freshness?: string } };

async function ofQuery(db: Db, query: string): Promise<Subject> {
  return { view: await temporaryView(db, query), name: 'query', id: null, options: {} };
}

async function ofName(db: Db, target: string, hasCatalog: boolean): Promise<Subject> {
  if (hasCatalog) {
    const imat = await resolveImat(db, target).catch((error: unknown) => {
      if (error instanceof ImatError && error.condition === 'not_found') return null;
      throw error;
    });
    const [row] = imat === null ? [] : await db.query<{ view: number; strategy: 'delta' | 'swap'; freshness: string }>('SELECT definition_view::oid AS view, strategy, freshness FROM imat_catalog.imat WHERE id = $1', [imat.id]);
    if (imat !== null && row !== undefined) return { view: row.view, name: imat.name, id: imat.id, options: { strategy: row.strategy, freshness: row.freshness } };
  }
  const view = await resolveMaterializedView(db, target);
  return { view: view.oid, name: view.name, id: null, options: {} };
}

async function nextId(db: Db, hasCatalog: boolean): Promise<number> {
  if (!hasCatalog) return 1;
  const [row] = await db.query<{ next: number }>('SELECT coalesce(max(id), 0) + 1 AS next FROM imat_catalog.imat');
  return row?.next ?? 1;
}

async function explanation(db: Db, prepared: Prepared, building: Building): Promise<Explanation> {
  const { analysis, strategy } = prepared;
  const plan = strategy === 'delta' ? analysis.plan : null;
  const columnsOf = await loadColumns(db, prepared.watched.map((source) => source.oid));
  return {
    name: building.name,
    strategy,
    definition: analysis.definition,
    reasons: strategy === 'delta' ? [] : analysis.reasons,
    notes: prepared.notes,
    plan:
      plan === null
        ? [{ clause: 'the whole definition', rule: 'swap', stored: 'every row of the answer' }]
        : [
            ...plan.occurrences.map((one) => ({ clause: `FROM ${one.source.schema}.${one.source.name} AS ${one.label}`, rule: plan.occurrences.length > 1 ? 'join' : 'scan', stored: 'nothing' })),
            ...(plan.conditions.length > 0 ? [{ clause: `${plan.conditions.length} conditions of WHERE, ON and USING`, rule: 'filter', stored: 'nothing' }] : []),
            ...plan.keys.map((key) => ({ clause: key.label, rule: plan.shape === 'bag' ? 'column' : 'group key', stored: key.name })),
            ...plan.parts.map((part) => ({ clause: part.comment, rule: 'additive part', stored: part.name })),
            ...plan.outputs.filter((output) => output.key === null).map((output) => ({ clause: `${output.label} AS ${output.name}`, rule: 'computed when read', stored: 'nothing' })),
            ...(plan.having === null ? [] : [{ clause: 'HAVING', rule: 'filter when read', stored: 'nothing' }]),
          ],
    sources: prepared.watched.map((source) => ({
      relation: `${source.schema}.${source.name}`,
      columns: (columnsOf.get(source.oid) ?? []).filter((column) => source.columns === null || source.columns.includes(column.attnum)).map((column) => column.name),
    })),
    sql: (await statements(db, prepared, building)).map(({ label, sql: statement }) => ({ label, sql: statement.text })),
  };
}

async function statements(db: Db, prepared: Prepared, building: Building): Promise<Labelled[]> {
  const columnsOf = await loadColumns(db, prepared.watched.map((source) => source.oid));
  const { names, analysis } = building;
  const plan = prepared.strategy === 'delta' ? analysis.plan : null;
  const capture = prepared.watched.flatMap((source): Labelled[] => {
    const table = qualified(source.schema, source.name);
    const used = (columnsOf.get(source.oid) ?? []).filter((column) => source.columns === null || source.columns.includes(column.attnum));
    const target = { source: table, log: building.logOf(source.oid), functions: captureNames(source.schema, source.name), columns: plan === null ? null : used };
    const name = `${source.schema}.${source.name}`;
    return [
      { label: `the change log of ${name}, if it is not there yet`, sql: createLog(target.log, target.columns ?? []) },
      ...captureFunctions(target).map((statement) => ({ label: `capture on ${name}`, sql: statement })),
      ...createTriggers(target).map((statement) => ({ label: `trigger on ${name}`, sql: statement })),
    ];
  });
  const definition = { label: 'the definition, as a view', sql: definitionView(names, analysis.definition) };
  if (plan !== null) {
    return [
      definition,
      ...capture,
      ...deltaState(plan, names),
      { label: 'fold: adds what is pending to the state', sql: deltaFold(building, plan) },
      { label: 'what readers use', sql: sql`CREATE VIEW ${names.view} AS\n${deltaViewBody(building, plan)}` },
    ];
  }
  const swap = swapSql(building);
  return [
    definition,
    ...capture,
    { label: 'the stored table', sql: sql`CREATE TABLE ${swap.slots[0]} AS SELECT * FROM ${names.definition.sql}` },
    { label: 'what readers use', sql: sql`CREATE VIEW ${names.view} AS\n${swap.views[0]}` },
    { label: 'what readers use during a swap', sql: sql`CREATE OR REPLACE VIEW ${names.view} AS\n${swap.both}` },
  ];
}

const captureNames = (schema: string, table: string): CaptureTarget['functions'] => ({
  insert: captureName('insert', schema, table).sql,
  update: captureName('update', schema, table).sql,
  delete: captureName('delete', schema, table).sql,
  truncate: captureName('truncate', schema, table).sql,
});
