/**
 * The delta plan of a definition: which relations it joins under which conditions, what identifies a stored row, what is
 * stored of each aggregate, and how the definition's columns are computed from that. Pure: all it must know of the
 * server comes in as facts.
 */
import { deparseExpr } from '../../parser/deparse.ts';
import type { Aggregate, ColumnRef, Expr } from '../../parser/tree.ts';
import { equalExpr, mapExpr, visit } from '../../parser/walk.ts';
import { ruleFor } from '../aggregates/all.ts';
import type { Argument, Finish } from '../aggregates/rule.ts';
import type { Sql } from '../sql/sql.ts';
import { fragment, ident, sql } from '../sql/sql.ts';
import type { ColumnFacts, SourceFacts, TypeFacts } from '../algebra/facts.ts';
import { INT2, INT4, INT8 } from '../algebra/facts.ts';
import { canFail } from '../algebra/can-fail.ts';
import type { Normal } from './normalize.ts';
import type { Outline } from './outline.ts';
import type { Part, PartType } from '../aggregates/parts.ts';
import { PartAllocator } from '../aggregates/parts.ts';
import type { PlanReason } from '../algebra/reason.ts';
import { aggregateNotMaintained } from '../algebra/reason.ts';
import { fixedScale } from '../aggregates/fixed-scale.ts';

/** One occurrence of a source in FROM; a self-join has two. */
export type Occurrence = {
  readonly source: SourceFacts;
  /** `r1`, `r2`, ... by position. */
  readonly alias: string;
  /** Its alias in the definition. */
  readonly label: string;
  /** The columns that the definition reads of it, by attribute number. */
  readonly columns: readonly ColumnFacts[];
};

export type Key = {
  readonly name: string;
  readonly value: Sql;
  readonly facts: TypeFacts;
  readonly label: string;
};

export type Output = {
  readonly name: string;
  readonly type: string;
  /** Over the state's columns, under the alias `STATE`. */
  readonly value: Sql;
  /** The key that the output is, unchanged; null where it is computed. */
  readonly key: string | null;
  readonly label: string;
};

/**
 * A finished aggregate that is more than a part. It is a generated column of the state, so that reading computes nothing,
 * unless its computation can fail for parts that are no group's: an upsert computes generated columns for the change
 * alone as well.
 */
export type Value = {
  readonly name: string;
  readonly type: string;
  readonly finish: Finish;
  readonly stored: boolean;
  readonly label: string;
};

export type DeltaPlan = {
  readonly shape: Outline['shape'];
  readonly single: boolean;
  readonly occurrences: readonly Occurrence[];
  readonly conditions: readonly Sql[];
  readonly keys: readonly Key[];
  readonly parts: readonly Part[];
  readonly values: readonly Value[];
  readonly outputs: readonly Output[];
  readonly having: Sql | null;
  readonly distinct: boolean;
  /** Whether an expression over the sources can fail for some rows: then pending rows are cancelled against each other first. */
  readonly canFail: boolean;
};

export const storedValues = (plan: DeltaPlan): readonly Value[] =>
  plan.values.filter((value) => value.stored);

/** The alias of whatever holds state columns in generated SQL. */
export const STATE = 's';

export const stateColumn = (name: string): Sql => sql`${ident(STATE)}.${ident(name)}`;

/** PostgreSQL's INDEX_MAX_KEYS. */
const MAX_KEYS = 32;

export type PlanFacts = {
  readonly serverMajor: number;
  readonly sources: ReadonlyMap<number, SourceFacts>;
  /** Of the outline's keys, aggregates' arguments and aggregates, in their order. */
  readonly keyTypes: readonly TypeFacts[];
  readonly argumentTypes: readonly (readonly TypeFacts[])[];
  readonly resultTypes: readonly TypeFacts[];
  /** The definition's column types, as `format_type` prints them. */
  readonly outputTypes: readonly string[];
};

export const relationAlias = (index: number): string => `r${index + 1}`;

/** An expression over the relations' aliases `r1`, `r2`, ... */
export function overRelations(expr: Expr): Sql {
  return fragment(
    deparseExpr(expr, (ref) => `${relationAlias(ref.relation)}.${ident(ref.name).text}`),
  );
}

export function planDelta(
  normal: Normal,
  shape: Outline,
  facts: PlanFacts,
): DeltaPlan | { readonly reasons: readonly PlanReason[] } {
  const reasons: PlanReason[] = [];
  const label = (expr: Expr): string =>
    deparseExpr(expr, (ref) => `${normal.relations[ref.relation]?.alias ?? ''}.${ref.name}`)
      .replaceAll('pg_catalog."', '"')
      .replaceAll('"', '');

  const keys = shape.keys.map((expr, index): Key => {
    const type = facts.keyTypes[index];
    if (type === undefined) throw new Error(`no type for key ${index + 1}`);
    // A row is found by its digest; a group by its keys.
    if (shape.shape === 'group' ? !type.sortable : !type.groupable) {
      reasons.push({
        kind: 'key_not_sortable',
        message: `${label(expr)} has type ${type.type}, which cannot be a key`,
        hint: null,
        span: expr.span,
      });
    }
    return { name: `key${index + 1}`, value: overRelations(expr), facts: type, label: label(expr) };
  });
  if (shape.shape === 'group' && keys.length > MAX_KEYS) {
    reasons.push({
      kind: 'too_many_keys',
      message: `${keys.length} group keys are more than an index can have (${MAX_KEYS})`,
      hint: null,
      span: null,
    });
  }

  const columnOf = (ref: { relation: number; name: string }): ColumnFacts | undefined =>
    facts.sources
      .get(normal.relations[ref.relation]?.oid ?? 0)
      ?.columns.find((one) => one.name === ref.name);
  const columnType = (ref: { relation: number; name: string }): number | null =>
    columnOf(ref)?.oid ?? null;
  const columnScale = (ref: { relation: number; name: string }): number | null => {
    const column = columnOf(ref);
    if (column === undefined) return null;
    return column.oid === INT2 || column.oid === INT4 || column.oid === INT8 ? 0 : column.scale;
  };
  const allocator = new PartAllocator();
  const finishes = shape.aggregates.map((aggregate, index) => {
    const planned = planAggregate(aggregate, index, allocator, facts, columnScale, label);
    if ('kind' in planned) {
      reasons.push(planned);
      return null;
    }
    return planned.finish;
  });
  const finished = finishedAggregates(shape, finishes, allocator.parts, facts, label);
  const residual = residualOver(shape, keys, finished.columns);
  for (const expr of [
    ...normal.targets.map((target) => target.expr),
    ...(normal.having === null ? [] : [normal.having]),
  ]) {
    reasons.push(...distinguishingUses(expr, shape, keys, label));
  }
  const occurrences = occurrencesOf(normal, facts.sources);
  reasons.push(...virtualColumns(occurrences));
  if (reasons.length > 0) return { reasons };

  return {
    shape: shape.shape,
    single: shape.single,
    occurrences,
    conditions: normal.conditions.map(overRelations),
    keys,
    parts: allocator.parts,
    values: finished.values,
    outputs: normal.targets.map((target, index): Output => {
      const key = shape.keys.findIndex((expr) => equalExpr(expr, target.expr));
      const type = facts.outputTypes[index];
      if (type === undefined) throw new Error(`no type for column ${target.name}`);
      const value = residual(target.expr);
      const name = keys[key]?.name ?? null;
      const stored = [...allocator.parts, ...finished.values].find(
        (column) => value.text === stateColumn(column.name).text,
      );
      // A log holds a domain's values in its base type, and so does whatever the state is added up with.
      const isAsStored =
        stored?.type === type ||
        (keys[key] !== undefined && keys[key].facts.type === keys[key].facts.baseType);
      return {
        name: target.name,
        type,
        key: name,
        value: isAsStored ? value : sql`(${value})::${fragment(type)}`,
        label: label(target.expr),
      };
    }),
    having: normal.having === null ? null : residual(normal.having),
    distinct: normal.grouped && normal.distinct,
    canFail:
      computed(normal, shape).some((expr) => canFail(expr, columnType)) ||
      allocator.parts.some((part) => OVERFLOWING.has(part.type)),
  };
}

/** The expressions that are computed from rows of the sources, each time one changes. */
function computed(normal: Normal, shape: Outline): Expr[] {
  const args = shape.aggregates.flatMap((aggregate) =>
    aggregate.filter === null ? aggregate.args : [...aggregate.args, aggregate.filter],
  );
  return [...normal.conditions, ...shape.keys, ...args];
}

function planAggregate(
  aggregate: Aggregate,
  index: number,
  parts: PartAllocator,
  facts: PlanFacts,
  columnScale: (ref: { relation: number; name: string }) => number | null,
  label: (expr: Expr) => string,
): { readonly finish: Finish } | PlanReason {
  const rule = aggregate.schema === null ? ruleFor(aggregate.name) : undefined;
  const result = facts.resultTypes[index];
  const types = facts.argumentTypes[index];
  if (rule === undefined || result === undefined || types === undefined) {
    return aggregateNotMaintained(aggregate.name, aggregate.span);
  }
  const args = aggregate.args.map((arg, position): Argument => {
    const type = types[position];
    if (type === undefined)
      throw new Error(`no type for argument ${position + 1} of ${aggregate.name}`);
    return {
      value: arg.kind === 'column' ? overRelations(arg) : sql`(${overRelations(arg)})`,
      type,
      fixedScale: fixedScale(arg, columnScale),
      label: label(arg),
    };
  });
  const filter = aggregate.filter === null ? [] : [sql`(${overRelations(aggregate.filter)})`];
  const finish = rule.plan({
    name: aggregate.name,
    args,
    filter,
    resultType: result.type,
    parts,
    serverMajor: facts.serverMajor,
  });
  if (finish !== null) return { finish };
  return {
    kind: 'argument_type',
    message: `${aggregate.name}(${types.map((type) => type.type).join(', ')}) cannot be maintained by delta`,
    hint: null,
    span: aggregate.span,
  };
}

/** Parts whose sums overflow at values that a row can well have: what has come and gone again must not be added up. */
const OVERFLOWING: ReadonlySet<PartType> = new Set(['money', 'interval']);

/** Results that are computed in other types than the exact ones of the parts. */
const CAN_OVERFLOW: ReadonlySet<string> = new Set(['real', 'double precision', 'interval']);

/** The state column that is each aggregate of the outline: a part where that is the answer already, otherwise a value. */
function finishedAggregates(
  shape: Outline,
  finishes: readonly (Finish | null)[],
  parts: readonly Part[],
  facts: PlanFacts,
  label: (expr: Expr) => string,
): { readonly values: readonly Value[]; readonly columns: readonly (string | null)[] } {
  const values: Value[] = [];
  const columns = shape.aggregates.map((aggregate, index) => {
    const finish = finishes[index];
    const type = facts.resultTypes[index]?.type;
    // Where the aggregate could not be planned there is a reason, and no plan.
    if (finish === null || finish === undefined || type === undefined) return null;
    const text = finish(ident).text;
    const part = parts.find((one) => ident(one.name).text === text);
    if (part !== undefined) return part.name;
    const name = `value${values.length + 1}`;
    values.push({ name, type, finish, stored: !CAN_OVERFLOW.has(type), label: label(aggregate) });
    return name;
  });
  return { values, columns };
}

/** Rewrites an expression of the definition's SELECT list or HAVING over the state: keys and finished aggregates. */
function residualOver(
  shape: Outline,
  keys: readonly Key[],
  aggregates: readonly (string | null)[],
): (expr: Expr) => Sql {
  const stand = (name: string): ColumnRef => ({ kind: 'column', relation: -1, name, span: null });
  return (expr) => {
    const rewritten = mapExpr(expr, (node) => {
      const key = keys[shape.keys.findIndex((one) => equalExpr(one, node))];
      if (key !== undefined) return stand(key.name);
      if (node.kind !== 'aggregate') return null;
      return stand(aggregates[shape.aggregates.findIndex((one) => equalExpr(one, node))] ?? '');
    });
    return fragment(deparseExpr(rewritten, (column) => stateColumn(column.name).text));
  };
}

/**
 * Expressions above the grouping that can tell equal keys apart. Which of several equal values (numeric 1.0 and 1.00,
 * citext 'a' and 'A') stands for a group is PostgreSQL's choice, and changes when rows go; compared as a column the
 * values are equal, but a function of them need not be.
 */
function distinguishingUses(
  expr: Expr,
  shape: Outline,
  keys: readonly Key[],
  label: (expr: Expr) => string,
): PlanReason[] {
  if (shape.shape === 'bag') return [];
  const found: PlanReason[] = [];
  visit(expr, (node) => {
    const index = shape.keys.findIndex((one) => equalExpr(one, node));
    const key = keys[index];
    if (key !== undefined && node !== expr && !key.facts.equalIsSame) {
      found.push({
        kind: 'ambiguous_key',
        message: `equal values of group key ${label(node)} (${key.facts.type}) can differ in what is computed from them`,
        hint: 'Group by the computed expression as well, or by a type in which equal values are the same.',
        span: node.span,
      });
    }
    return key === undefined;
  });
  return found;
}

/** A trigger sees NULL in columns that are generated when read (the default kind from PostgreSQL 18 on). */
const virtualColumns = (occurrences: readonly Occurrence[]): PlanReason[] =>
  occurrences.flatMap((occurrence) =>
    occurrence.columns
      .filter((column) => column.isVirtual)
      .map((column) => ({
        kind: 'virtual_column',
        message: `column ${occurrence.label}.${column.name} is generated when it is read, which capture cannot see`,
        hint: 'Write its expression in the definition, or make it a STORED column.',
        span: null,
      })),
  );

function occurrencesOf(normal: Normal, sources: ReadonlyMap<number, SourceFacts>): Occurrence[] {
  const used = normal.relations.map(() => new Set<string>());
  const collect = (expr: Expr): void =>
    visit(expr, (node) => {
      if (node.kind === 'column') used[node.relation]?.add(node.name);
    });
  for (const expr of [
    ...normal.conditions,
    ...normal.groupBy,
    ...normal.targets.map((target) => target.expr),
  ])
    collect(expr);
  if (normal.having !== null) collect(normal.having);
  return normal.relations.map((relation, index) => {
    const source = sources.get(relation.oid);
    if (source === undefined)
      throw new Error(`no facts for relation ${relation.schema}.${relation.name}`);
    return {
      source,
      alias: relationAlias(index),
      label: relation.alias,
      columns: source.columns.filter((column) => used[index]?.has(column.name)),
    };
  });
}
