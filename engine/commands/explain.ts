/**
 * Explain: how a definition is or would be maintained, why not better, and every statement that
 * this takes.
 */
import type { Explanation } from '../api.ts';
import type { StoreExplanation } from '../explanation-api.ts';
import { catalogVersion } from '../catalog/migrate.ts';
import { catalogIsReadable } from '../catalog/trust.ts';
import type { Db } from '../db/db.ts';
import type { CaptureTarget } from '../generate/capture.ts';
import { ownEvents } from '../generate/capture.ts';
import type { Captured, Script } from '../generate/script.ts';
import { scriptOf, statementsOf, storedTable } from '../generate/script.ts';
import type { Subject } from '../generate/subject.ts';
import { residualText, storesOf } from '../plan/maintenance.ts';
import type { Plan } from '../plan/plan.ts';
import { planLines } from '../plan/print.ts';
import { captureName } from '../sql/names.ts';
import type { Sql } from '../sql/sql.ts';
import { qualified } from '../sql/sql.ts';
import { rolledBack } from '../db/rolled-back.ts';
import { withShortLock } from '../db/short-lock.ts';
import { capturingRole } from '../capture/install.ts';
import type { CaptureNames } from '../capture/source-row.ts';
import { capturedBy, IS_GIVEN } from '../capture/source-row.ts';
import { partsOf } from '../server/parts.ts';
import { findExtension } from '../extension/find.ts';
import { predictedCosts } from './predicted-costs.ts';
import { carriedAttributes } from './carried-attributes.ts';
import { withIndexNotes } from './carried-indexes.ts';
import { withStatisticsNotes } from './gather-statistics.ts';
import type { Prepared } from '../analysis/prepare.ts';
import type { Completion } from '../analysis/completed.ts';
import { alreadyCompleted, capturedSources, planOf, prepare } from '../analysis/prepare.ts';
import { temporaryView } from '../analysis/query-text.ts';
import { checkIntact, resolveImat, resolveMaterializedView } from '../server/names.ts';
import type { IndexUse } from './index-advice.ts';
import { indexUses, missingIndexes } from './index-advice.ts';
import type { Settings } from './session-settings.ts';
import { underSettings } from './session-settings.ts';
import { installedPlan, subjectOf } from './subject.ts';
import { loadColumns } from '../server/columns.ts';
import { ImatError } from '../errors/imat-error.ts';

export async function explainTarget(
  db: Db,
  serverMajor: number,
  target: string,
  { isQuery, settings }: { readonly isQuery: boolean; readonly settings: Settings },
): Promise<Explanation> {
  return underSettings(db, settings, () => explainOne(db, serverMajor, target, isQuery));
}

async function explainOne(
  db: Db,
  serverMajor: number,
  target: string,
  isQuery: boolean,
): Promise<Explanation> {
  return withShortLock(db, () =>
    rolledBack(db, async () => {
      const hasCatalog = (await catalogIsReadable(db)) && (await catalogVersion(db)) > 0;
      const found = isQuery ? await ofQuery(db, target) : await ofName(db, target, hasCatalog);
      const analysed = await prepare(db, found.view, serverMajor, found.options);
      const planned =
        found.completed === null ? analysed : alreadyCompleted(analysed, found.completed);
      const id = found.id ?? (await nextId(db, hasCatalog));
      const prepared = await withIndexNotes(
        db,
        found.original,
        found.id === null
          ? await withStatisticsNotes(db, planned)
          : await asStored(db, id, planned),
      );
      const subject = await subjectOf(db, id, found.name, prepared, hasCatalog);
      const captures = await Promise.all(
        capturedSources(prepared).map((source) =>
          captureOf(db, source, prepared, subject, hasCatalog),
        ),
      );
      const plan = planOf(prepared);
      const stored = storedTable(subject, plan);
      const like =
        found.original === null
          ? []
          : await carriedAttributes(db, found.original, subject.names.view, stored, plan);
      const script = scriptOf(subject, plan, captures, like);
      return {
        ...explanation(prepared, captures, found.name, script),
        ...storesExplained(plan, plan === null ? [] : await indexUses(db, plan)),
        ...(await predictedCosts(db, prepared, subject, captures)),
      };
    }),
  );
}

/** With the names that its stored columns have, which a renamed source does not change. */
async function asStored(db: Db, id: number, prepared: Prepared): Promise<Prepared> {
  const plan = planOf(prepared);
  const installed = plan === null ? null : await installedPlan(db, id, plan);
  if (installed === null) return prepared;
  return { ...prepared, analysis: { ...prepared.analysis, plan: installed } };
}

export type Found = {
  readonly view: number;
  readonly name: string;
  readonly id: number | null;
  readonly original: number | null;
  readonly options: { strategy?: 'delta' | 'swap'; freshness?: string };
  /** What was completed in an imat's definition. */
  readonly completed: Completion | null;
};

export async function ofQuery(db: Db, query: string): Promise<Found> {
  return {
    view: await temporaryView(db, query),
    name: 'query',
    id: null,
    original: null,
    options: {},
    completed: null,
  };
}

export async function ofName(db: Db, target: string, hasCatalog: boolean): Promise<Found> {
  if (hasCatalog) {
    const imat = await resolveImat(db, target).catch((error: unknown) => {
      if (error instanceof ImatError && error.condition === 'not_found') return null;
      throw error;
    });
    if (imat !== null) await checkIntact(db, imat.id);
    const [row] = imat === null ? [] : await db.query<InstalledRow>(INSTALLED_SQL, [imat.id]);
    if (imat !== null && row !== undefined)
      return {
        view: row.view,
        name: imat.name,
        id: imat.id,
        original: row.original,
        options: { strategy: row.strategy, freshness: row.freshness },
        completed: row.completed,
      };
  }
  const view = await resolveMaterializedView(db, target);
  return {
    view: view.oid,
    name: view.name,
    id: null,
    original: view.oid,
    options: {},
    completed: null,
  };
}

type InstalledRow = {
  view: number;
  original: number | null;
  strategy: 'delta' | 'swap';
  freshness: string;
  completed: Completion | null;
};

const INSTALLED_SQL = `
SELECT d.oid AS view, o.oid AS original, i.strategy, i.freshness,
  -- a catalog of an earlier version lacks it
  to_jsonb(i)->'completed' AS completed
FROM imat_catalog.imat i
  JOIN pg_class d ON d.oid = i.definition_view
  LEFT JOIN pg_class o ON o.oid = i.original
WHERE i.id = $1`;

/** The number that the next imat will have. */
async function nextId(db: Db, hasCatalog: boolean): Promise<number> {
  if (!hasCatalog) return 1;
  const [row] = await db.query<{ next: number }>(
    `SELECT coalesce(pg_sequence_last_value(s.name::regclass), 0)::int + 1 AS next
     FROM pg_get_serial_sequence('imat_catalog.imat', 'id') s(name)`,
  );
  return row?.next ?? 1;
}

type CapturedRow = {
  readonly functions: CaptureNames;
  readonly by_extension: boolean;
  readonly columns: number[] | null;
  readonly given: boolean;
};
type Watched = Prepared['watched'][number];
type Capture = Captured & { readonly columns: readonly string[] };

/** Capture on a source as it is or will be: what is there for other imats stays. */
async function captureOf(
  db: Db,
  source: Watched,
  prepared: Prepared,
  subject: Subject,
  hasCatalog: boolean,
): Promise<Capture> {
  const all = (await loadColumns(db, [source.oid])).get(source.oid) ?? [];
  const [known] = hasCatalog
    ? await db.query<CapturedRow>(
        `SELECT capture AS functions, by_extension, to_json(columns) AS columns,
           ${IS_GIVEN} AS given
         FROM imat_catalog.source
         WHERE relation = $1`,
        [source.oid],
      )
    : [];
  const read = all.filter(
    (column) => source.columns === null || source.columns.includes(column.attnum),
  );
  const needed = planOf(prepared) === null ? [] : read;
  const logged = all.filter(
    (column) => known?.columns?.includes(column.attnum) === true || needed.includes(column),
  );
  const extension = await findExtension(db);
  const hasParts = (await partsOf(db, [source.oid])).has(source.oid);
  const byExtension = known?.by_extension ?? (extension?.captures === true && !hasParts);
  const schema = byExtension ? (extension?.schema ?? null) : null;
  const asMarks = planOf(prepared) === null && (known?.columns ?? null) === null;
  return {
    target: {
      oid: source.oid,
      source: qualified(source.schema, source.name),
      hasParts,
      isGiven: known?.given ?? (await capturingRole(db, source.oid)) !== null,
      log: subject.logOf(source.oid),
      functions: known === undefined ? captureNames(source, schema) : capturedBy(known.functions),
      extension: schema,
      columns: asMarks ? null : logged,
    },
    name: `${source.schema}.${source.name}`,
    columns: read.map((column) => column.name),
  };
}

const captureNames = (
  { schema, name }: Watched,
  extension: Sql | null,
): CaptureTarget['functions'] =>
  Object.fromEntries(
    ownEvents(extension).map((event) => [event, captureName(event, schema, name).sql]),
  );

/** What is stored, how changes lead there, and which indexes that takes. */
function storesExplained(
  plan: Plan | null,
  uses: readonly IndexUse[],
): Pick<Explanation, 'stores' | 'residual' | 'missingIndexes'> {
  const indexesOf = (relation: string, indexes: readonly (readonly string[])[]) =>
    uses
      .filter((use) => use.relation === relation)
      .filter(({ columns }) => indexes.some((one) => one.join() === columns.join()))
      .map(({ shown, present }) => ({ column: shown, present }));
  const stores = (plan === null ? [] : storesOf(plan)).map(
    (store): StoreExplanation => ({
      ...store,
      tables: store.tables.map(({ indexes, ...table }) => ({
        ...table,
        indexes: indexesOf(table.relation, indexes),
      })),
    }),
  );
  const residual = plan?.residual ?? null;
  return {
    stores,
    residual: residual === null ? null : residualText(residual),
    missingIndexes: missingIndexes(uses),
  };
}

function explanation(
  prepared: Prepared,
  captures: readonly Capture[],
  name: string,
  script: Script,
): Omit<Explanation, keyof ReturnType<typeof storesExplained> | 'costs' | 'noCosts'> {
  const { analysis, strategy } = prepared;
  const plan = planOf(prepared);
  return {
    name,
    strategy,
    definition: analysis.definition,
    reasons: strategy === 'delta' ? [] : analysis.reasons,
    notes: prepared.notes,
    plan:
      plan === null
        ? [
            {
              depth: 0,
              clause: 'the whole definition',
              rule: 'swap',
              stored: 'every row of the answer',
            },
          ]
        : planLines(plan),
    sources: captures.map((one) => ({ relation: one.name, columns: one.columns })),
    sql: statementsOf(script).map(({ label, sql }) => ({ label, sql: sql.text })),
  };
}
