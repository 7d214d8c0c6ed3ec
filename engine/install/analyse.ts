/**
 * From a view in the catalog to the way it will be maintained: read it, prove the reading on the server, plan it, and
 * collect every reason against the better strategy.
 *
 * The server gate: a view created from the original text and one created from our own deparse must print the same
 * definition. They are compared with each other, because PostgreSQL's printing is not a fixed point. All of it happens
 * on temporary views in a transaction that is rolled back.
 */
import { deparse } from '../../parser/deparse.ts';
import { ImatError, positionAt } from '../../parser/errors.ts';
import { readDefinition } from '../../parser/read.ts';
import { isName, isPunctuation, tokenize } from '../../parser/tokens.ts';
import type { Catalog, Expr, Query, Span } from '../../parser/tree.ts';
import { visit } from '../../parser/walk.ts';
import { ruleFor } from '../aggregates/all.ts';
import type { Reason } from '../api.ts';
import type { Db } from '../db/db.ts';
import { ServerError } from '../db/db.ts';
import type { SourceFacts, TypeFacts } from '../algebra/facts.ts';
import { lower } from '../algebra/lower.ts';
import type { Column, ColumnId } from '../algebra/node.ts';
import type { PlanReason } from '../algebra/reason.ts';
import { aggregateNotMaintained } from '../algebra/reason.ts';
import { rewrite } from '../algebra/rewrites/all.ts';
import { faceOf } from '../operators/all.ts';
import { written } from '../operators/rule.ts';
import type { Cut } from '../plan/choose.ts';
import { choose, cut } from '../plan/choose.ts';
import type { Plan } from '../plan/plan.ts';
import type { Sql } from '../sql/sql.ts';
import { ident, lines, sql } from '../sql/sql.ts';
import type { Inspection, ReadRelation } from './inspect.ts';
import { inspectView } from './inspect.ts';
import { searchPathOf } from './operators.ts';
import { loadColumns } from '../catalog/columns.ts';
import type { Dependence } from '../catalog/type-output.ts';
import type { FunctionFacts } from './volatility.ts';
import { loadFunctionFacts } from './volatility.ts';

export type Analysis = {
  readonly definition: string;
  /** The search_path under which the definition's text means what it says; null where `pg_catalog` alone does. */
  readonly searchPath: string | null;
  readonly columns: Inspection['columns'];
  /** Null where the definition cannot be maintained by delta; then `reasons` says why. */
  readonly plan: Plan | null;
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
  if ('reasons' in reading)
    reasons.push(
      ...reading.reasons,
      ...aggregateReasons(inspection.definition, functions, reading.reasons),
    );
  reasons.push(
    ...sourceReasons(inspection),
    ...functionReasons(functions, 'query' in reading ? reading.query : null),
  );

  let plan: Plan | null = null;
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
  const reading = readDefinition(definition, catalog);
  if ('refusals' in reading)
    return { reasons: reading.refusals.map((refusal) => ({ ...refusal, hint: null })) };
  const ours = deparse(reading.query);
  const same = await rolledBack(db, async () => {
    // ORDER BY does not change a relation's content: the tree does not have it.
    const original = await printedAs(db, reading.gateText);
    return original !== null && original === (await printedAs(db, ours));
  });
  if (same) return reading;
  return {
    reasons: [
      {
        kind: 'reading_not_proved',
        message: 'the definition as imat reads it does not print as the original does',
        hint: 'Please report this definition as a bug: imat should read it or say what it cannot read.',
        span: null,
      },
    ],
  };
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
): Promise<Plan | { readonly reasons: readonly PlanReason[] }> {
  const views = new Map<number, Query>();
  for (const relation of inspection.all.filter((one) => one.kind === 'view')) {
    const inner = await inspectView(db, relation.oid);
    const reading = await readGated(db, inner.definition, inner.direct, functions);
    const searchPath = await rolledBack(db, () => searchPathOf(db, relation.oid, inner.definition));
    const against = [
      ...('reasons' in reading ? reading.reasons : []),
      ...(searchPath === null ? [] : [implicitOperators(searchPath ?? '')]),
    ];
    if ('reasons' in reading || against.length > 0) {
      return {
        reasons: against.map((reason) => ({
          ...reason,
          message: `in view "${relation.name}": ${reason.message}`,
          span: null,
        })),
      };
    }
    views.set(relation.oid, reading.query);
  }
  const sources = new Map<number, SourceFacts>(
    inspection.all.map((relation) => [relation.oid, relation]),
  );
  const parts = cut(rewrite(lower(query, { sources, views })));
  if ('reasons' in parts) return parts;
  const types = await probe(db, parts);
  if ('reasons' in types) return types;
  const of = (id: ColumnId): TypeFacts => {
    const type = types.get(id);
    if (type === undefined) throw new Error(`no type for column ${id}`);
    return type;
  };
  const outputTypes = inspection.columns.map((column) => column.type);
  return choose(parts, { of, serverMajor }, outputTypes);
}

/** A column whose type the server is asked for, with its expression over the relations. */
type Probed = { readonly column: Column; readonly value: Sql; readonly span: Span | null };

/** Asks the server for the types of what the core computes, by views of it; or the reasons against such a type. */
async function probe(
  db: Db,
  { core }: Cut,
): Promise<ReadonlyMap<ColumnId, TypeFacts> | { readonly reasons: readonly PlanReason[] }> {
  const { shape, now } = faceOf(core.input, null);
  const from = sql`FROM ${lines(now.from)}`;
  const probed = (column: Column, expr: Expr): Probed => ({
    column,
    value: written(expr, shape),
    span: expr.span,
  });
  const outputs =
    core.op === 'group'
      ? [...core.keys, ...core.aggregates.flatMap(({ args }) => args)]
      : core.outputs;
  const calls = core.op === 'group' ? core.aggregates : [];
  const groups = [
    outputs.map(({ column, expr }) => probed(column, expr)),
    calls.map(({ column, call }) => probed(column, call)),
  ];
  const types = new Map<ColumnId, TypeFacts>();
  for (const group of groups) {
    const found = await typesOf(db, group, from);
    if ('reasons' in found) return found;
    found.types.forEach((type, index) => {
      const id = group[index]?.column.id;
      if (id !== undefined) types.set(id, type);
    });
  }
  return types;
}

async function typesOf(
  db: Db,
  probed: readonly Probed[],
  from: Sql,
): Promise<{ readonly types: TypeFacts[] } | { readonly reasons: readonly PlanReason[] }> {
  if (probed.length === 0) return { types: [] };
  const types = await columnTypes(db, probed, from);
  if (types !== null) return { types };
  const reasons: PlanReason[] = [];
  for (const one of probed) {
    if ((await columnTypes(db, [one], from)) === null)
      reasons.push({
        kind: 'pseudo_type',
        message: 'an expression has a type that no column can have',
        hint: null,
        span: one.span,
      });
  }
  return { reasons };
}

/** Null where one of them has a pseudo-type, such as record: no view can show that. */
async function columnTypes(
  db: Db,
  probed: readonly Probed[],
  from: Sql,
): Promise<TypeFacts[] | null> {
  const columns = lines(probed.map(({ value }, index) => sql`${value} AS ${ident(`c${index}`)}`));
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

/** Where the definition could not be read, its aggregates are found by name, so that all that stands against delta is said at once. */
function aggregateReasons(
  definition: string,
  functions: FunctionFacts,
  known: readonly PlanReason[],
): PlanReason[] {
  const { tokens } = tokenize(definition);
  return functions.called.flatMap((called): PlanReason[] => {
    if (
      called.kind !== 'aggregate' ||
      (called.schema === 'pg_catalog' && ruleFor(called.name) !== undefined)
    )
      return [];
    const token = tokens.find(
      (one, index) =>
        isName(one) && one.value === called.name && isPunctuation(tokens[index + 1], '('),
    );
    const said = (span: Span): boolean =>
      known.some(
        (reason) =>
          reason.span !== null && reason.span.start < span.end && span.start < reason.span.end,
      );
    return token === undefined || said(token) ? [] : [aggregateNotMaintained(called.name, token)];
  });
}

function functionReasons(functions: FunctionFacts, query: Query | null): PlanReason[] {
  return functions.unstable.map((use): PlanReason => {
    const span = query === null ? null : spanOfCall(query, use.name);
    if (use.dependence === 'settings') {
      return {
        kind: 'settings_dependent',
        message: `the result of "${use.name}" depends on session settings such as TimeZone or DateStyle`,
        hint:
          use.name === 'date_trunc'
            ? "Pin the zone: date_trunc('day', x AT TIME ZONE 'UTC')."
            : 'Convert with a function whose result does not depend on settings.',
        span,
      };
    }
    return {
      kind: 'moment_dependent',
      message: `"${use.name}" can give another result although no table has changed`,
      hint: 'Leave the condition out of the definition and put it into the queries that read the imat.',
      span,
    };
  });
}

function spanOfCall(query: Query, name: string): Span | null {
  let span: Span | null = null;
  const exprs = [
    ...query.targets.map((target) => target.expr),
    ...query.groupBy,
    query.where,
    query.having,
  ];
  for (const expr of exprs) {
    if (expr === null) continue;
    visit(expr, (node) => {
      if (node.kind === 'call' && node.name === name) span ??= node.span;
    });
  }
  return span;
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
