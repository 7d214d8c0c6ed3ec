/**
 * A definition over inner joins is a product of relations under one conjunction: `ON`, `USING` and `WHERE` conditions
 * are the same thing. `normalize` flattens the join tree to that, with every ordinary view replaced by what it reads.
 *
 * Sound only for inner joins and views that are plain select-project-joins: anything else must not get here.
 */
import type { ColumnRef, Expr, Span, TableItem as Relation, Target } from '../../parser/tree.ts';
import { mapExpr } from '../../parser/walk.ts';
import type { PlainFrom as FromItem, PlainQuery as Query } from './plain-query.ts';
import type { PlanReason } from './reason.ts';

export type Normal = {
  readonly relations: readonly Relation[];
  readonly conditions: readonly Expr[];
  readonly groupBy: readonly Expr[];
  readonly grouped: boolean;
  readonly having: Expr | null;
  readonly targets: readonly Target[];
  readonly distinct: boolean;
};

/** `views`: the readings of the ordinary views among the relations, by OID. */
export function normalize(
  query: Query,
  views: ReadonlyMap<number, Query>,
): Normal | { readonly reasons: readonly PlanReason[] } {
  const reasons: PlanReason[] = [];
  const relations: Relation[] = [];
  const conditions: Expr[] = [];
  /** What a reference to (relation, column) of `query` becomes. */
  const replacements: ((column: string, span: Span | null) => Expr)[] = [];
  for (const relation of query.relations) {
    const view = views.get(relation.oid);
    const base = relations.length;
    if (view === undefined) {
      relations.push(relation);
      replacements.push((name, span) => ({ kind: 'column', relation: base, name, span }));
      continue;
    }
    const inner = normalize(view, views);
    if ('reasons' in inner || inner.grouped || inner.distinct) {
      reasons.push({
        kind: 'view_not_plain',
        message: `view "${relation.name}" is more than filters and inner joins`,
        hint: 'Convert the view itself to an imat, or write its query into this definition.',
        span: relation.span,
      });
      replacements.push((name, span) => ({ kind: 'column', relation: base, name, span }));
      continue;
    }
    const shift = (expr: Expr): Expr =>
      mapColumns(expr, (ref) => ({ ...ref, relation: ref.relation + base }));
    relations.push(...inner.relations);
    conditions.push(...inner.conditions.map(shift));
    const targets = new Map(inner.targets.map((target) => [target.name, shift(target.expr)]));
    replacements.push((name) => {
      const target = targets.get(name);
      if (target === undefined) throw new Error(`view "${relation.name}" has no column "${name}"`);
      return target;
    });
  }
  if (reasons.length > 0) return { reasons };

  const rewrite = (expr: Expr): Expr => mapColumns(expr, (ref) => replacementOf(replacements, ref));
  for (const item of query.from) conditions.push(...joinConditions(item).map(rewrite));
  if (query.where !== null) conditions.push(...conjuncts(rewrite(query.where)));
  return {
    relations,
    conditions,
    groupBy: query.groupBy.map(rewrite),
    grouped: query.grouped,
    having: query.having === null ? null : rewrite(query.having),
    targets: query.targets.map((target) => ({ name: target.name, expr: rewrite(target.expr) })),
    distinct: query.distinct,
  };
}

function replacementOf(
  replacements: readonly ((column: string, span: Span | null) => Expr)[],
  ref: ColumnRef,
): Expr {
  const replacement = replacements[ref.relation];
  if (replacement === undefined)
    throw new Error(`reference to relation ${ref.relation} of ${replacements.length}`);
  return replacement(ref.name, ref.span);
}

export function mapColumns(expr: Expr, replace: (ref: ColumnRef) => Expr): Expr {
  return mapExpr(expr, (node) => (node.kind === 'column' ? replace(node) : null));
}

function joinConditions(item: FromItem): Expr[] {
  if (item.kind === 'relation') return [];
  const own = item.on === null ? [] : conjuncts(item.on);
  const merged = (item.using ?? []).map(
    (column): Expr => ({
      kind: 'binary',
      op: '=',
      left: column.left,
      right: column.right,
      span: column.left.span,
    }),
  );
  return [...joinConditions(item.left), ...joinConditions(item.right), ...own, ...merged];
}

function conjuncts(expr: Expr): Expr[] {
  return expr.kind === 'binary' && expr.op === 'AND'
    ? [...conjuncts(expr.left), ...conjuncts(expr.right)]
    : [expr];
}
