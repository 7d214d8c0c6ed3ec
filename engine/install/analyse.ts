/**
 * From a view in the catalog to the way it will be maintained: read it, prove the reading on the server, plan it, and
 * collect every reason against the better strategy.
 *
 * The server gate: a view created from the original text and one created from our own deparse must print the same
 * definition. They are compared with each other, because PostgreSQL's printing is not a fixed point. All of it happens
 * on temporary views in a transaction that is rolled back.
 */
import { deparse } from '../../parser/deparse-query.ts';
import { ImatError, positionAt } from '../../parser/errors.ts';
import { readDefinition } from '../../parser/read.ts';
import type { Catalog } from '../../parser/catalog.ts';
import type { Expr, Query } from '../../parser/tree.ts';
import { mapExprs } from '../../parser/walk.ts';
import { ruleFor } from '../aggregates/all.ts';
import type { Reason } from '../api.ts';
import type { Db } from '../db/db.ts';
import { ServerError } from '../db/db.ts';
import type { SourceFacts, TypeFacts } from '../plan/facts.ts';
import type { Normal } from '../plan/normalize.ts';
import { normalize } from '../plan/normalize.ts';
import type { Outline } from '../plan/outline.ts';
import { outline } from '../plan/outline.ts';
import { plainQuery } from '../plan/plain.ts';
import type { PlainQuery } from '../plan/plain-query.ts';
import type { DeltaPlan } from '../plan/plan.ts';
import { overRelations, planDelta, relationAlias } from '../plan/plan.ts';
import type { PlanReason } from '../plan/reason.ts';
import { aggregateNotMaintained } from '../plan/reason.ts';
import type { Sql } from '../sql/sql.ts';
import { ident, lines, qualified, sql } from '../sql/sql.ts';
import type { Inspection, ReadRelation } from './inspect.ts';
import { inspectView } from './inspect.ts';
import { searchPathOf } from './operators.ts';
import { loadColumns } from '../catalog/columns.ts';
import type { Dependence } from '../catalog/type-output.ts';
import type { FunctionFacts } from './volatility.ts';
import { loadFunctionFacts, VALUE_FUNCTIONS } from './volatility.ts';

export type Analysis = {
  readonly definition: string;
  /** The search_path under which the definition's text means what it says; null where `pg_catalog` alone does. */
  readonly searchPath: string | null;
  readonly columns: Inspection['columns'];
  /** Null where the definition cannot be maintained by delta; then `reasons` says why. */
  readonly plan: DeltaPlan | null;
  readonly reasons: readonly Reason[];
  /** The tables at the bottom. */
  readonly sources: readonly ReadRelation[];
  /** Imats that the definition reads. */
  readonly imats: readonly ReadRelation[];
  /** Why it cannot be known whether the answer has changed; empty where it can. */
  readonly unwatchable: readonly string[];
  readonly dependence: Dependence;
  /** Functions of roles that are not superusers. */
  readonly untrusted: readonly string[];
};

/** How PostgreSQL prints what is analysed: the same in every session, and with every digit. */
const PRINTING = `SET LOCAL DateStyle = 'ISO, YMD'; SET LOCAL IntervalStyle = 'postgres'; SET LOCAL extra_float_digits = 1; SET LOCAL bytea_output = 'hex'; SET LOCAL TimeZone = 'UTC'; SET LOCAL quote_all_identifiers = off`;

/** Must run inside a transaction; leaves nothing behind in it. */
export async function analyse(db: Db, oid: number, serverMajor: number): Promise<Analysis> {
  return rolledBack(db, async () => {
    await db.execute(PRINTING);
    return analyseHere(db, oid, serverMajor);
  });
}

async function analyseHere(db: Db, oid: number, serverMajor: number): Promise<Analysis> {
  const inspection = await inspectView(db, oid);
  const functions = await loadFunctionFacts(db, inspection.views);
  const reasons: PlanReason[] = [];
  const reading = await readGated(db, inspection.definition, inspection.direct, functions);
  const searchPath = await rolledBack(db, () => searchPathOf(db, oid, inspection.definition));
  if (searchPath === undefined)
    throw new ImatError('internal', {
      message: 'the definition as PostgreSQL prints it uses other operators than the view',
    });
  if (searchPath !== null) reasons.push(implicitOperators(searchPath));
  if ('reasons' in reading) reasons.push(...reading.reasons, ...aggregateReasons(functions));
  reasons.push(
    ...sourceReasons(inspection),
    ...functionReasons(functions, 'query' in reading ? reading.query : null),
  );

  let plan: DeltaPlan | null = null;
  // Also where something stands against it already: all of that is to be said at once.
  if ('query' in reading && inspection.all.every((relation) => relation.imatId === null)) {
    const planned = await planReading(db, reading.query, inspection, functions, serverMajor);
    if ('reasons' in planned) reasons.push(...planned.reasons);
    else if (reasons.length === 0) plan = planned;
  }
  const bottom = inspection.all.filter(
    (relation) => relation.kind !== 'view' || relation.imatId !== null,
  );
  return {
    definition: inspection.definition,
    searchPath,
    columns: inspection.columns,
    plan,
    reasons: inOrderOfPlace(reasons).map((reason) => publicReason(reason, inspection.definition)),
    sources: bottom.filter((relation) => relation.imatId === null),
    imats: bottom.filter((relation) => relation.imatId !== null),
    unwatchable: bottom.flatMap((relation) =>
      relation.unwatchable === null ? [] : [relation.unwatchable],
    ),
    untrusted: functions.untrusted,
    dependence: functions.unstable.reduce<Dependence>(
      (worst, use) =>
        worst === 'moment' || use.dependence === 'moment' ? 'moment' : use.dependence,
      'tables',
    ),
  };
}

function inOrderOfPlace(reasons: readonly PlanReason[]): PlanReason[] {
  const place = (reason: PlanReason): number => reason.span?.start ?? Number.MAX_SAFE_INTEGER;
  return reasons.toSorted((a, b) => place(a) - place(b));
}

type Reading = { readonly query: Query } | { readonly reasons: readonly PlanReason[] };

async function readGated(
  db: Db,
  definition: string,
  relations: readonly ReadRelation[],
  functions: FunctionFacts,
): Promise<Reading> {
  const catalog: Catalog = { relations, functions: functions.called };
  const reading = await readDefinition(definition, catalog, (query) =>
    printsAs(db, definition, query),
  );
  if ('query' in reading) return reading;
  if ('unreadable' in reading)
    return { reasons: reading.unreadable.map((one) => ({ ...one, hint: null })) };
  return {
    reasons: [
      {
        kind: 'reading_not_proved',
        message: "imat's reading of the definition could not be confirmed by the server",
        hint: 'Please report this definition as a bug: imat should read it or say what it cannot read.',
        span: null,
      },
    ],
  };
}

/** Whether a view made from our deparse of a reading prints like one made from the definition. */
async function printsAs(db: Db, definition: string, query: Query): Promise<boolean> {
  return rolledBack(db, async () => {
    const original = await printedAs(db, definition);
    return original !== null && original === (await printedAs(db, deparse(query)));
  });
}

const implicitOperators = (searchPath: string): PlanReason => ({
  kind: 'implicit_operator',
  message: `the definition uses operators of ${searchPath.replace('pg_catalog, ', 'schema ')} that its text does not name`,
  hint: 'Compare with an operator: ON a.k = b.k instead of USING (k) or NATURAL, CASE WHEN x = y instead of CASE x WHEN y or NULLIF.',
  span: null,
});

/** How PostgreSQL prints a query as a view; null where it does not accept it. */
async function printedAs(db: Db, query: string): Promise<string | null> {
  return rolledBack(db, async () => {
    try {
      await db.execute(`CREATE TEMPORARY VIEW imat_gate AS ${query}`);
    } catch {
      return null;
    }
    const [row] = await db.query<{ text: string }>(
      `SELECT pg_get_viewdef('pg_temp.imat_gate'::regclass, true) AS text`,
    );
    return row?.text ?? null;
  });
}

/** Runs `body` and undoes whatever it did. Savepoints nest, so it does as well. */
export async function rolledBack<T>(db: Db, body: () => Promise<T>): Promise<T> {
  await db.execute('SAVEPOINT imat_analysis');
  try {
    return await body();
  } finally {
    await db.execute('ROLLBACK TO SAVEPOINT imat_analysis; RELEASE SAVEPOINT imat_analysis');
  }
}

async function planReading(
  db: Db,
  query: Query,
  inspection: Inspection,
  functions: FunctionFacts,
  serverMajor: number,
): Promise<DeltaPlan | { readonly reasons: readonly PlanReason[] }> {
  const sources = new Map<number, SourceFacts>(
    inspection.all.map((relation) => [relation.oid, relation]),
  );
  const views = new Map<number, PlainQuery>();
  for (const relation of inspection.all.filter((one) => one.kind === 'view')) {
    const inner = await inspectView(db, relation.oid);
    const reading = await readGated(db, inner.definition, inner.direct, functions);
    const searchPath = await rolledBack(db, () => searchPathOf(db, relation.oid, inner.definition));
    const plain = 'reasons' in reading ? reading : plainQuery(reading.query, sources);
    const against = [
      ...('reasons' in plain ? plain.reasons : []),
      ...(searchPath === null ? [] : [implicitOperators(searchPath ?? '')]),
    ];
    if ('reasons' in plain || against.length > 0) {
      return {
        reasons: against.map((reason) => ({
          ...reason,
          message: `in view "${relation.name}": ${reason.message}`,
          span: null,
        })),
      };
    }
    views.set(relation.oid, plain);
  }
  const plain = plainQuery(query, sources);
  if ('reasons' in plain) return plain;
  const normal = normalize(plain, views);
  if ('reasons' in normal) return normal;
  if (normal.relations.length === 0)
    return {
      reasons: [
        { kind: 'no_source', message: 'the definition reads no table', hint: null, span: null },
      ],
    };
  const shape = outline(normal);
  const types = await probe(db, normal, shape);
  if ('reasons' in types) return types;
  return planDelta(normal, shape, {
    serverMajor,
    sources,
    ...types,
    outputTypes: inspection.columns.map((column) => column.type),
  });
}

type Types = { keyTypes: TypeFacts[]; argumentTypes: TypeFacts[][]; resultTypes: TypeFacts[] };

/** Asks the server for the types of keys, arguments and aggregates, by views of them. */
async function probe(
  db: Db,
  normal: Normal,
  shape: Outline,
): Promise<Types | { readonly reasons: readonly PlanReason[] }> {
  const from = sql`FROM ${lines(normal.relations.map((relation, index) => sql`${qualified(relation.schema, relation.name)} AS ${ident(relationAlias(index))}`))}`;
  const args = shape.aggregates.flatMap((aggregate) => aggregate.args);
  const rows = await typesOf(db, [...shape.keys, ...args], from);
  const results = await typesOf(db, shape.aggregates, from);
  if ('reasons' in rows) return rows;
  if ('reasons' in results) return results;
  const keyTypes = rows.slice(0, shape.keys.length);
  const rest = rows.slice(shape.keys.length);
  return {
    keyTypes,
    argumentTypes: shape.aggregates.map((aggregate) => rest.splice(0, aggregate.args.length)),
    resultTypes: results,
  };
}

async function typesOf(
  db: Db,
  exprs: readonly Expr[],
  from: Sql,
): Promise<TypeFacts[] | { readonly reasons: readonly PlanReason[] }> {
  if (exprs.length === 0) return [];
  const types = await columnTypes(db, exprs, from);
  if (types !== null) return types;
  const reasons: PlanReason[] = [];
  for (const expr of exprs) {
    if ((await columnTypes(db, [expr], from)) === null)
      reasons.push({
        kind: 'pseudo_type',
        message: 'an expression has a type that no column can have',
        hint: null,
        span: expr.span,
      });
  }
  return { reasons };
}

/** Null where one of them has a pseudo-type, such as record: no view can show that. */
async function columnTypes(db: Db, exprs: readonly Expr[], from: Sql): Promise<TypeFacts[] | null> {
  const columns = lines(
    exprs.map((expr, index) => sql`${overRelations(expr)} AS ${ident(`c${index}`)}`),
  );
  return rolledBack(db, async () => {
    try {
      await db.execute(sql`CREATE TEMPORARY VIEW imat_probe AS SELECT ${columns} ${from}`.text);
    } catch (error) {
      if (error instanceof ServerError && error.sqlstate === '42P16') return null;
      throw error;
    }
    const [view] = await db.query<{ oid: number }>(
      `SELECT 'pg_temp.imat_probe'::regclass::oid AS oid`,
    );
    const oid = view?.oid ?? 0;
    return (await loadColumns(db, [oid])).get(oid) ?? [];
  });
}

function sourceReasons(inspection: Inspection): PlanReason[] {
  return inspection.all.flatMap((relation): PlanReason[] => {
    const name = `"${relation.schema}.${relation.name}"`;
    if (relation.imatId !== null)
      return [
        {
          kind: 'reads_imat',
          message: `${name} is an imat itself`,
          hint: 'Write its query into this definition to have it maintained by delta.',
          span: null,
        },
      ];
    if (relation.rowSecurity) {
      return [
        {
          kind: 'row_security',
          message: `table ${name} has row security, which changes cannot be checked against when they are captured`,
          hint: null,
          span: null,
        },
      ];
    }
    if (relation.unwatchable !== null)
      return [
        { kind: 'unwatchable_source', message: relation.unwatchable, hint: null, span: null },
      ];
    return [];
  });
}

/** Where the definition could not be read: what is known of its aggregates all the same. */
function aggregateReasons(functions: FunctionFacts): PlanReason[] {
  return functions.called.flatMap(({ kind, schema, name }) =>
    kind !== 'aggregate' || (schema === 'pg_catalog' && ruleFor(name) !== undefined)
      ? []
      : [aggregateNotMaintained(name, null)],
  );
}

/** What is not a function of the tables, under the names by which the definition says it. */
function functionReasons(functions: FunctionFacts, query: Query | null): PlanReason[] {
  return functions.unstable.flatMap((use): PlanReason[] => {
    const node = query === null ? null : nodeOf(query, use);
    // Each of these words is a reason of the plan's.
    if (node?.kind === 'value_function') return [];
    const isOperator = use.operator !== null && node?.kind !== 'call';
    const name = isOperator ? use.operator.signature : use.name;
    const [kind, message, hint] =
      use.dependence === 'moment'
        ? ([
            'moment_dependent',
            `"${name}" can give another result although no table has changed`,
            'Leave it out of the definition and put it into the queries that read the imat.',
          ] as const)
        : ([
            'settings_dependent',
            `the result of "${name}" depends on session settings such as TimeZone or DateStyle`,
            settingsHint(use.name, name),
          ] as const);
    return [{ kind, message, hint, span: node?.span ?? null }];
  });
}

function settingsHint(name: string, shown: string): string {
  if (name === 'date_trunc') return "Pin the zone: date_trunc('day', x AT TIME ZONE 'UTC').";
  return /with time zone|timestamptz/.test(shown)
    ? "Pin the zone: write x AT TIME ZONE 'UTC' for a timestamp with time zone x."
    : 'Convert with a function whose result does not depend on settings.';
}

/** The node that a use is written as: a call of the function, a word, or else its operator. */
function nodeOf(query: Query, use: FunctionFacts['unstable'][number]): Expr | null {
  let call: Expr | null = null;
  let operator: Expr | null = null;
  mapExprs(query, (node) => {
    if (node.kind === 'call' && node.name === use.name) call ??= node;
    if (node.kind === 'value_function' && use.name === VALUE_FUNCTIONS) call ??= node;
    if (node.kind === 'binary' && node.op === use.operator?.name) operator ??= node;
    return null;
  });
  return call ?? operator;
}

function publicReason(reason: PlanReason, definition: string): Reason {
  const place = reason.span === null ? null : positionAt(definition, reason.span.start);
  return {
    kind: reason.kind,
    message: reason.message,
    hint: reason.hint,
    position:
      place === null ? null : { line: place.line, column: place.column, offset: place.offset },
  };
}
