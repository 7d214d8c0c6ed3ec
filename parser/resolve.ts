/**
 * Gives every item of FROM its number, finds tables in the catalog, and replaces names by the
 * columns they mean. What is not known is recorded, and the rest is still resolved, so that
 * everything is said at once.
 */
import { functionNamed, indexFunctions, resolveCall } from './functions.ts';
import type { Functions } from './functions.ts';
import type { MakeColumn, Shown, Visible } from './scope.ts';
import {
  bareColumn,
  lookUp,
  mergedColumn,
  NOTHING,
  outputNames,
  together,
  underAlias,
  usingAlias,
} from './scope.ts';
import type { Catalog } from './catalog.ts';
import type { Expr, FromItem, Name, Query, Relation, Select, Sort, Span } from './tree.ts';
import type { Unreadable } from './unreadable.ts';
import { internalName } from './type-name.ts';
import { mapExpr, mapQuery, visit } from './walk.ts';

/** The queries around, innermost first. */
type Outer = readonly Shown[];

type Ctes = ReadonlyMap<string, readonly string[] | null>;

export type Resolved = { readonly query: Query; readonly unreadable: readonly Unreadable[] };

/** The query with all names resolved, good only where nothing is unreadable. */
export function resolve(raw: Query, catalog: Catalog): Resolved {
  const resolver = new Resolver(catalog);
  const query = resolver.query(raw, [], new Map());
  return { query, unreadable: resolver.unreadable };
}

/** Holds what is numbered and found on the way through one definition. */
class Resolver {
  readonly unreadable: Unreadable[] = [];
  readonly #catalog: Catalog;
  readonly #functions: Functions;
  #next = 0;

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
    this.#functions = indexFunctions(catalog);
  }

  query(raw: Query, outer: Outer, around: Ctes): Query {
    const { ctes, query } = this.#ctes(raw, outer, around);
    if (query.kind === 'select') return this.#select(query, outer, ctes);
    const expr = (one: Expr): Expr => this.#expr(one, outer, ctes);
    const inner = query.ctes;
    const resolved = mapQuery(
      { ...query, ctes: [] },
      { expr, query: (branch) => this.query(branch, outer, ctes) },
    );
    return { ...resolved, ctes: inner };
  }

  #ctes(raw: Query, outer: Outer, around: Ctes): { readonly ctes: Ctes; readonly query: Query } {
    const known = new Map(around);
    const ctes = raw.ctes.map((cte) => {
      // A recursive CTE sees itself; PostgreSQL has checked that its columns are those of its first
      // branch.
      if (raw.recursive) known.set(cte.name, outputNames(named(cte.query), cte.columnAliases));
      const query = this.query(cte.query, outer, known);
      known.set(cte.name, outputNames(query, cte.columnAliases));
      return { ...cte, query };
    });
    return { ctes: known, query: { ...raw, ctes } };
  }

  #select(raw: Select, outer: Outer, ctes: Ctes): Select {
    const first = this.#next;
    this.#next += raw.relations.length;
    const relations: Relation[] = [...raw.relations];
    const from: FromItem[] = [];
    let shown = NOTHING;
    for (const item of raw.from) {
      const one = this.#from(item, { relations, first, left: shown, outer, ctes });
      from.push(one.item);
      shown = together(shown, one.shown);
    }
    const scopes = [shown, ...outer];
    const expr = (one: Expr): Expr => this.#expr(one, scopes, ctes);
    // FROM and the CTEs are resolved already, each in its own scope.
    const own = mapQuery({ ...raw, orderBy: [], relations: [], from: [], ctes: [] }, { expr });
    if (own.kind !== 'select') throw new Error('a SELECT stays one');
    const targets = own.targets.map((target) =>
      target.name === '' ? { ...target, name: nameOf(target.expr) } : target,
    );
    const orderBy = raw.orderBy.map((sort) => this.#sort(sort, targets, expr));
    const select = { ...own, orderBy, targets, relations, from, first, ctes: raw.ctes };
    return { ...select, grouped: isGrouped(select) };
  }

  /**
   * A bare name in ORDER BY means an output column where there is one, and is then the same as that
   * column's expression.
   */
  #sort(sort: Sort, targets: Select['targets'], expr: (one: Expr) => Expr): Sort {
    const bare = sort.expr.kind === 'name' && !sort.expr.star && sort.expr.path.length === 1;
    const name = bare && sort.expr.kind === 'name' ? sort.expr.path[0] : undefined;
    const target = targets.find((one) => one.name === name);
    return { ...sort, expr: target?.expr ?? expr(sort.expr) };
  }

  #from(item: FromItem, at: FromContext): { readonly item: FromItem; readonly shown: Shown } {
    if (item.kind === 'relation') return this.#leaf(item.relation, at);
    const left = this.#from(item.left, at);
    const right = this.#from(item.right, { ...at, left: together(at.left, left.shown) });
    const both = together(left.shown, right.shown);
    const using = item.using === null ? null : this.#using(item, left.shown, right.shown);
    const merged = new Map(
      (using ?? []).map((one) => [one.name, mergedColumn(item, null, one)] as const),
    );
    const join: FromItem = {
      ...item,
      left: left.item,
      right: right.item,
      using,
      on: item.on && this.#expr(item.on, [both, ...at.outer], at.ctes),
    };
    const shown = {
      visible: [...both.visible, ...usingAlias(item, using)],
      merged: new Map([...both.merged, ...merged]),
    };
    return { item: join, shown: item.alias === null ? shown : underAlias(item, item.alias, shown) };
  }

  #using(
    item: Extract<FromItem, { kind: 'join' }>,
    left: Shown,
    right: Shown,
  ): NonNullable<Extract<FromItem, { kind: 'join' }>['using']> {
    return (item.using ?? []).flatMap(({ name, left: said }) => {
      const sides = [left, right].map((side) => bareColumn(side, name, said.span));
      const [a, b] = sides;
      if (a !== undefined && b !== undefined && a !== 'twice' && b !== 'twice')
        return [{ name, left: a, right: b }];
      const isUnknown = [left, right].some((side) =>
        side.visible.some((one) => one.columns === null),
      );
      if (!isUnknown)
        this.#fail(
          'unknown_column',
          `column "${name}" of USING is not known on both sides`,
          said.span,
        );
      return [];
    });
  }

  #leaf(index: number, at: FromContext): { readonly item: FromItem; readonly shown: Shown } {
    const number = at.first + index;
    const raw = at.relations[index];
    if (raw === undefined) throw new RangeError(`no relation ${index} in FROM`);
    const { relation, columns } = this.#relation(raw, at);
    at.relations[index] = relation;
    const names =
      columns === null
        ? null
        : [...relation.columnAliases, ...columns.slice(relation.columnAliases.length)];
    const make =
      (name: string): MakeColumn =>
      (span) => ({
        kind: 'column',
        relation: number,
        name,
        span,
      });
    const visible: Visible = {
      alias: relation.alias,
      columns: names && new Map(names.map((name) => [name, make(name)])),
      relation: number,
    };
    return {
      item: { kind: 'relation', relation: number },
      shown: { visible: [visible], merged: new Map() },
    };
  }

  #relation(
    raw: Relation,
    at: FromContext,
  ): { readonly relation: Relation; readonly columns: readonly string[] | null } {
    const lateral = [at.left, ...at.outer];
    switch (raw.kind) {
      case 'subquery': {
        const query = this.query(raw.query, raw.lateral ? lateral : at.outer, at.ctes);
        return { relation: { ...raw, query }, columns: outputNames(query, []) };
      }
      case 'function': {
        const functions = raw.functions.map((one) => ({
          ...one,
          call: this.#expr(one.call, lateral, at.ctes),
        }));
        const columns = functions.flatMap((one) => one.definitions.map(({ name }) => name));
        return { relation: { ...raw, functions }, columns };
      }
      case 'cte':
      case 'table':
        return this.#table(raw, at);
    }
  }

  /**
   * A name without a schema is a CTE's where there is one of the name, a table of pg_catalog
   * otherwise.
   */
  #table(
    raw: Extract<Relation, { kind: 'table' | 'cte' }>,
    at: FromContext,
  ): { readonly relation: Relation; readonly columns: readonly string[] | null } {
    if (raw.kind === 'cte' && at.ctes.has(raw.name))
      return { relation: raw, columns: at.ctes.get(raw.name) ?? null };
    const { name, alias, aliased, columnAliases, span } = raw;
    const table =
      raw.kind === 'table'
        ? raw
        : {
            alias,
            aliased,
            columnAliases,
            span,
            name,
            schema: 'pg_catalog',
            only: false,
            sample: null,
          };
    const known = this.#catalog.relations.find(
      (one) => one.schema === table.schema && one.name === name,
    );
    if (known === undefined)
      this.#fail('unknown_relation', `relation "${table.schema}.${name}" is not known`, span);
    const sample = table.sample && {
      ...table.sample,
      args: table.sample.args.map((arg) => this.#expr(arg, at.outer, at.ctes)),
    };
    return {
      relation: { ...table, kind: 'table', oid: known?.oid ?? 0, sample },
      columns: known?.columns.map((column) => column.name) ?? null,
    };
  }

  #expr(raw: Expr, scopes: Outer, ctes: Ctes): Expr {
    return mapExpr(raw, (node) => {
      if (node.kind === 'name') return this.#name(node, scopes);
      const again = (child: Expr): Expr => this.#expr(child, scopes, ctes);
      if (node.kind === 'sublink')
        return {
          ...node,
          left: node.left && again(node.left),
          query: this.query(node.query, scopes, ctes),
        };
      if (node.kind !== 'aggregate') return null;
      const named = functionNamed(this.#functions, node.schema, node.name);
      const call = resolveCall(node, named, again);
      if ('unreadable' in call) {
        this.#fail(...call.unreadable, node.span);
        return node;
      }
      return call;
    });
  }

  #name(name: Name, scopes: Outer): Expr {
    const [first = '', second] = name.path;
    for (const scope of scopes) {
      const found = lookUp(scope, name, first, second);
      if (found === 'twice') {
        this.#fail('ambiguous_column', `column "${first}" is ambiguous`, name.span);
        return name;
      }
      if (found === 'unknown') return name;
      if (found !== undefined) return found;
    }
    this.#fail('unknown_column', `column "${name.path.join('.')}" is not known`, name.span);
    return name;
  }

  #fail(kind: string, message: string, span: Span | null): void {
    this.unreadable.push({ kind, message, span });
  }
}

type FromContext = {
  /** The items of the query, replaced by the resolved ones on the way. */
  readonly relations: Relation[];
  readonly first: number;
  /** What LATERAL sees. */
  readonly left: Shown;
  readonly outer: Outer;
  readonly ctes: Ctes;
};

/**
 * PostgreSQL leaves the name out where it is the column's own, or where the expression has none. It
 * prints a literal with its type, by which it calls the column when it reads the text again.
 */
function nameOf(expr: Expr): string {
  if (expr.kind === 'name') return expr.path.at(-1) ?? '?column?';
  if (expr.kind === 'column' || expr.kind === 'join_column' || expr.kind === 'field')
    return expr.name;
  return expr.kind === 'cast' && expr.operand.kind === 'literal'
    ? internalName(expr.type)
    : '?column?';
}

/** With the names of its columns, before it is resolved. */
function named(query: Query): Query {
  if (query.kind === 'set_operation') return { ...query, left: named(query.left) };
  if (query.kind === 'values') return query;
  const targets = query.targets.map((target) =>
    target.name === '' ? { ...target, name: nameOf(target.expr) } : target,
  );
  return { ...query, targets };
}

function isGrouped(select: Select): boolean {
  if (select.groupBy.length > 0 || select.having !== null) return true;
  const exprs = [
    ...select.targets.map((target) => target.expr),
    ...select.orderBy.map((sort) => sort.expr),
  ];
  return exprs.some((expr) => {
    let found = false;
    visit(expr, (node) => {
      found ||=
        node.kind === 'aggregate' ||
        node.kind === 'grouping' ||
        (node.kind === 'syntax_form' && node.isAggregate);
    });
    return found;
  });
}
