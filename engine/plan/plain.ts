/**
 * From a query as it was read to the plain query that the flat plan takes: the rewrites, in an
 * order in which each finds what it needs, and then every reason for what is left that the plan has
 * no rule for. Pure.
 */
import type { Expr, FromItem, Query, Relation, Select, Values } from '../../parser/tree.ts';
import { children, mapExpr } from '../../parser/walk.ts';
import type { SourceFacts } from '../algebra/facts.ts';
import type { PlainFrom, PlainQuery, PlainRelation, PlainSelect } from '../algebra/plain-query.ts';
import type { PlanReason } from '../algebra/reason.ts';
import { reasonsAgainst } from './reasons-against.ts';
import { canFail } from '../algebra/can-fail.ts';
import { eachQuery, expressionsOf, tablesIn } from '../algebra/query-rewrites/relations.ts';
import { dropIdleDistinct } from '../algebra/query-rewrites/idle-distinct.ts';
import { inlineCtes } from '../algebra/query-rewrites/inline-ctes.ts';
import { inlineSubqueries } from '../algebra/query-rewrites/inline-subqueries.ts';
import { replaceColumnAliases } from '../algebra/query-rewrites/column-aliases.ts';
import { replaceJoinColumns } from '../algebra/query-rewrites/join-columns.ts';
import { replaceWholeRows } from '../algebra/query-rewrites/whole-rows.ts';

/** `sources`: the tables and views that the query reads, by OID. */
export function plainQuery(
  query: Query,
  sources: ReadonlyMap<number, SourceFacts>,
): PlainQuery | { readonly reasons: readonly PlanReason[] } {
  const named = [
    (one: Query) => replaceJoinColumns(one, sources),
    (one: Query) => replaceWholeRows(one, sources),
    (one: Query) => replaceColumnAliases(one, sources),
    dropIdleDistinct,
  ].reduce((one, rewrite) => rewrite(one), query);
  const across = inlineSubqueries(inlineCtes(named, true));
  const rewritten = failsNowhere(across, sources)
    ? across
    : inlineSubqueries(inlineCtes(named, false));
  const reasons = [...reasonsAgainst(rewritten), ...onlyRoot(rewritten, sources)];
  return reasons.length > 0 ? { reasons } : plain(rewritten);
}

/** ONLY of a table without parts means nothing. */
function onlyRoot(query: Query, sources: ReadonlyMap<number, SourceFacts>): PlanReason[] {
  return [...tablesIn(query).values()].flatMap(({ only, oid, name, span }) => {
    const parts = sources.get(oid)?.parts ?? null;
    return only && parts !== null
      ? [
          {
            kind: 'only',
            message: `ONLY ${name} cannot be maintained incrementally`,
            hint:
              parts === 'partitions'
                ? 'The table is partitioned, so that ONLY leaves no rows.'
                : 'The log does not tell its rows from those of the tables that inherit from it.',
            span,
          },
        ]
      : [];
  });
}

/**
 * Whether every expression has a value for every row; what an aggregate does with its rows is the
 * same wherever they are.
 */
function failsNowhere(query: Query, sources: ReadonlyMap<number, SourceFacts>): boolean {
  const tables = tablesIn(query);
  const rows = (expr: Expr): Expr =>
    mapExpr(expr, (node) =>
      node.kind === 'aggregate'
        ? { kind: 'row', items: children(node).map(rows), span: node.span }
        : null,
    );
  const exprs: Expr[] = [];
  eachQuery(query, (one) => void exprs.push(...expressionsOf(one)));
  return exprs.every(
    (expr) =>
      !canFail(rows(expr), (ref) => {
        const columns = sources.get(tables.get(ref.relation)?.oid ?? 0)?.columns ?? [];
        return columns.find((column) => column.name === ref.name)?.oid ?? null;
      }),
  );
}

function plain(query: Query): PlainQuery {
  switch (query.kind) {
    case 'select':
      return numbered(query);
    case 'set_operation':
      return { kind: 'union_all', left: plain(query.left), right: plain(query.right) };
    case 'values':
      return selectOf(query);
  }
}

/** `SELECT * FROM (VALUES ...)`. */
function selectOf({ rows, span }: Values): PlainSelect {
  const names = (rows[0] ?? []).map((_, index) => `column${index + 1}`);
  return {
    kind: 'select',
    relations: [{ kind: 'values', rows, alias: 'values', columnAliases: names, span }],
    from: [{ kind: 'relation', relation: 0 }],
    where: null,
    distinct: false,
    groupBy: [],
    grouped: false,
    having: null,
    targets: names.map((name) => ({
      name,
      expr: { kind: 'column', relation: 0, name, span: null },
    })),
  };
}

function plainRelation(relation: Relation, expr: (one: Expr) => Expr): PlainRelation {
  switch (relation.kind) {
    case 'table':
      return relation;
    case 'function':
      return {
        ...relation,
        functions: relation.functions.map((one) => ({ ...one, call: expr(one.call) })),
      };
    case 'subquery': {
      const { query, alias, columnAliases, span } = relation;
      if (query.kind !== 'values') return { kind: 'subquery', query: plain(query), columnAliases };
      return {
        kind: 'values',
        rows: query.rows.map((row) => row.map(expr)),
        alias,
        columnAliases,
        span,
      };
    }
    case 'cte':
      throw new Error(`CTE "${relation.name}" is still there`);
  }
}

/** Relations are numbered by place again: some have come from other queries, others have gone. */
function numbered(query: Select): PlainSelect {
  const items = query.from.flatMap(leaves);
  const places = new Map(items.map((number, place) => [number, place]));
  const expr = (one: Expr): Expr =>
    mapExpr(one, (node) =>
      node.kind === 'column'
        ? { ...node, relation: places.get(node.relation) ?? node.relation }
        : null,
    );
  const from = (item: FromItem): PlainFrom =>
    item.kind === 'relation'
      ? { kind: 'relation', relation: places.get(item.relation) ?? item.relation }
      : {
          kind: 'join',
          left: from(item.left),
          right: from(item.right),
          on: item.on && expr(item.on),
          using:
            item.using?.map((one) => ({ ...one, left: expr(one.left), right: expr(one.right) })) ??
            null,
        };
  return {
    kind: 'select',
    relations: items.flatMap((number) => {
      const relation = query.relations[number - query.first];
      return relation === undefined ? [] : [plainRelation(relation, expr)];
    }),
    from: query.from.map(from),
    where: query.where && expr(query.where),
    distinct: query.distinct,
    groupBy: query.groupBy.flatMap((item) =>
      item.kind === 'expr' ? [expr(item.expr)] : item.kind === 'row' ? item.exprs.map(expr) : [],
    ),
    grouped: query.grouped,
    having: query.having && expr(query.having),
    targets: query.targets.map((target) => ({ ...target, expr: expr(target.expr) })),
  };
}

const leaves = (item: FromItem): number[] =>
  item.kind === 'relation' ? [item.relation] : [...leaves(item.left), ...leaves(item.right)];
