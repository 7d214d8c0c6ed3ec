/**
 * Explain: how a definition is or would be maintained, why not better, and every statement that
 * this takes.
 */
import type { Explanation } from '../api.ts';
import { catalogIsReadable, catalogVersion } from '../catalog/migrate.ts';
import type { Db } from '../db/db.ts';
import type { CaptureTarget } from '../maintain/capture.ts';
import {
  captureFunctions,
  createLog,
  createTriggers,
  identify,
  ownEvents,
} from '../maintain/capture.ts';
import { readersOptions } from '../maintain/live-view.ts';
import type { DeltaPlan } from '../plan/plan.ts';
import { stateColumn } from '../plan/plan.ts';
import { captureName } from '../sql/names.ts';
import type { Sql } from '../sql/sql.ts';
import { qualified, sql } from '../sql/sql.ts';
import { rolledBack } from '../db/rolled-back.ts';
import type { Building, Labelled } from '../install/bodies.ts';
import {
  definitionView,
  deltaMaintenance,
  deltaState,
  deltaViewBody,
  swapCurrent,
  swapSql,
} from '../install/bodies.ts';
import { buildingOf } from '../install/building.ts';
import type { CaptureNames } from '../capture/install.ts';
import { capturedBy } from '../capture/install.ts';
import { findExtension } from '../extension/find.ts';
import { carriedAttributes } from './carried-attributes.ts';
import type { Prepared } from '../analysis/prepare.ts';
import { prepare } from '../analysis/prepare.ts';
import { temporaryView } from '../analysis/query-text.ts';
import { checkIntact, resolveImat, resolveMaterializedView } from '../server/names.ts';
import { loadColumns } from '../server/columns.ts';
import { ImatError } from '../errors/imat-error.ts';

export async function explainTarget(
  db: Db,
  serverMajor: number,
  target: string,
  isQuery: boolean,
): Promise<Explanation> {
  return db.transaction('read committed', () =>
    rolledBack(db, async () => {
      const hasCatalog = (await catalogIsReadable(db)) && (await catalogVersion(db)) > 0;
      const subject = isQuery ? await ofQuery(db, target) : await ofName(db, target, hasCatalog);
      const prepared = await prepare(db, subject.view, serverMajor, subject.options);
      const building = await buildingOf(
        db,
        subject.id ?? (await nextId(db, hasCatalog)),
        subject.name,
        prepared,
        hasCatalog,
      );
      const captures = await Promise.all(
        prepared.watched.map((source) => captureOf(db, source, prepared, building, hasCatalog)),
      );
      const like =
        subject.original === null
          ? []
          : await carriedAttributes(
              db,
              subject.original,
              building.names.view,
              storedOf(prepared, building),
              planOf(prepared),
            );
      return explanation(prepared, building, captures, like);
    }),
  );
}

type Subject = {
  readonly view: number;
  readonly name: string;
  readonly id: number | null;
  readonly original: number | null;
  readonly options: { strategy?: 'delta' | 'swap'; freshness?: string };
};

async function ofQuery(db: Db, query: string): Promise<Subject> {
  return {
    view: await temporaryView(db, query),
    name: 'query',
    id: null,
    original: null,
    options: {},
  };
}

async function ofName(db: Db, target: string, hasCatalog: boolean): Promise<Subject> {
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
      };
  }
  const view = await resolveMaterializedView(db, target);
  return { view: view.oid, name: view.name, id: null, original: view.oid, options: {} };
}

type InstalledRow = {
  view: number;
  original: number | null;
  strategy: 'delta' | 'swap';
  freshness: string;
};

const INSTALLED_SQL = `
SELECT d.oid AS view, o.oid AS original, i.strategy, i.freshness
FROM imat_catalog.imat i JOIN pg_class d ON d.oid = i.definition_view LEFT JOIN pg_class o ON o.oid = i.original WHERE i.id = $1`;

/** The number that the next imat will have. */
async function nextId(db: Db, hasCatalog: boolean): Promise<number> {
  if (!hasCatalog) return 1;
  const [row] = await db.query<{ next: number }>(
    `SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence('imat_catalog.imat', 'id')::regclass), 0)::int + 1 AS next`,
  );
  return row?.next ?? 1;
}

type Watched = Prepared['watched'][number];
type Capture = {
  readonly target: CaptureTarget;
  readonly name: string;
  readonly columns: readonly string[];
};

const planOf = (prepared: Prepared): DeltaPlan | null =>
  prepared.strategy === 'delta' ? prepared.analysis.plan : null;
const storedOf = (prepared: Prepared, { names }: Building): Sql =>
  (planOf(prepared) === null ? names.slots[0] : names.state).sql;

/** Capture on a source as it is or will be: what is there for other imats stays. */
async function captureOf(
  db: Db,
  source: Watched,
  prepared: Prepared,
  building: Building,
  hasCatalog: boolean,
): Promise<Capture> {
  const all = (await loadColumns(db, [source.oid])).get(source.oid) ?? [];
  const [known] = hasCatalog
    ? await db.query<{ functions: CaptureNames; by_extension: boolean; columns: number[] | null }>(
        'SELECT capture AS functions, by_extension, to_json(columns) AS columns FROM imat_catalog.source WHERE relation = $1',
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
  const schema =
    (known?.by_extension ?? extension?.captures) === true ? (extension?.schema ?? null) : null;
  const asMarks = planOf(prepared) === null && (known?.columns ?? null) === null;
  return {
    target: {
      source: qualified(source.schema, source.name),
      log: building.logOf(source.oid),
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

function explanation(
  prepared: Prepared,
  building: Building,
  captures: readonly Capture[],
  like: readonly Labelled[],
): Explanation {
  const { analysis, strategy } = prepared;
  const plan = planOf(prepared);
  return {
    name: building.name,
    strategy,
    definition: analysis.definition,
    reasons: strategy === 'delta' ? [] : analysis.reasons,
    notes: prepared.notes,
    plan:
      plan === null
        ? [{ clause: 'the whole definition', rule: 'swap', stored: 'every row of the answer' }]
        : planRows(plan),
    sources: captures.map(({ name, columns }) => ({ relation: name, columns })),
    sql: statements(prepared, building, captures, like).map(({ label, sql: statement }) => ({
      label,
      sql: statement.text,
    })),
  };
}

const planRows = (plan: DeltaPlan): Explanation['plan'] => [
  ...plan.occurrences.map((one) => ({
    clause: `FROM ${one.source.schema}.${one.source.name} AS ${one.label}`,
    rule: plan.occurrences.length > 1 ? 'join' : 'scan',
    stored: 'nothing',
  })),
  ...(plan.conditions.length > 0
    ? [
        {
          clause: `${plan.conditions.length} conditions of WHERE, ON and USING`,
          rule: 'filter',
          stored: 'nothing',
        },
      ]
    : []),
  ...plan.keys.map((key) => ({
    clause: key.label,
    rule: plan.shape === 'bag' ? 'column' : 'group key',
    stored: key.name,
  })),
  ...plan.parts.map((part) => ({
    clause: part.comment,
    rule: 'additive part',
    stored: part.name,
  })),
  ...plan.values.map((value) => ({
    clause: value.label,
    rule: value.stored ? 'finished aggregate' : 'computed when read',
    stored: value.stored ? value.name : 'nothing',
  })),
  ...plan.outputs
    .filter((output) => !storedColumns(plan).includes(output.value.text))
    .map((output) => ({
      clause: `${output.label} AS ${output.name}`,
      rule: 'computed when read',
      stored: 'nothing',
    })),
  ...(plan.having === null
    ? []
    : [{ clause: 'HAVING', rule: 'filter when read', stored: 'nothing' }]),
];

const storedColumns = (plan: DeltaPlan): string[] =>
  [...plan.keys, ...plan.parts, ...plan.values].map(({ name }) => stateColumn(name).text);

function statements(
  prepared: Prepared,
  building: Building,
  captures: readonly Capture[],
  like: readonly Labelled[],
): Labelled[] {
  const { names } = building;
  const plan = planOf(prepared);
  const definition = {
    label: 'the definition, as a view',
    sql: definitionView(names, prepared.analysis),
  };
  const capture = captures.flatMap(({ target, name }): Labelled[] => [
    {
      label: `the change log of ${name}, if it is not there yet`,
      sql: createLog(target.log, target.columns ?? []),
    },
    ...captureFunctions(target).map((statement) => ({
      label: `capture on ${name}`,
      sql: statement,
    })),
    ...createTriggers(target).map((statement) => ({ label: `trigger on ${name}`, sql: statement })),
  ]);
  if (plan !== null) {
    return [
      definition,
      ...capture,
      ...deltaState(plan, names),
      ...deltaMaintenance(building, plan),
      {
        label: 'what readers use',
        sql: sql`CREATE VIEW ${names.view}${readersOptions(plan)} AS\n${deltaViewBody(building, plan)}`,
      },
      ...like,
    ];
  }
  const swap = swapSql(building);
  return [
    definition,
    ...capture,
    {
      label: 'the stored table',
      sql: sql`CREATE TABLE ${swap.slots[0]} AS SELECT * FROM ${names.definition.sql}`,
    },
    { label: 'what publications of all tables need', sql: identify(swap.slots[0]) },
    { label: 'statistics', sql: sql`ANALYZE ${swap.slots[0]}` },
    swapCurrent(building),
    { label: 'what readers use', sql: sql`CREATE VIEW ${names.view} AS\n${swap.views[0]}` },
    ...like,
    {
      label: 'during a swap: the other table',
      sql: sql`CREATE TABLE ${swap.slots[1]} (LIKE ${swap.slots[0]} INCLUDING ALL);\n${identify(swap.slots[1])}`,
    },
    {
      label: 'during a swap: what readers use',
      sql: sql`CREATE OR REPLACE VIEW ${names.view} AS\n${swap.both}`,
    },
  ];
}
