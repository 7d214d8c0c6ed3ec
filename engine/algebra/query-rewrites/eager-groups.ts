/**
 * Aggregates over the side of a LEFT JOIN that can be missing, taken before the join.
 *
 *   SELECT c.name, count(o.id), sum(o.v) FROM c LEFT JOIN o ON o.c = c.id GROUP BY c.name
 *   SELECT c.name, sum(COALESCE(o.count, 0))::bigint, sum(o.sum)
 *   FROM c LEFT JOIN (SELECT c AS key, count(id), sum(v) FROM o GROUP BY c) o ON o.key = c.id
 *   GROUP BY c.name
 *
 * Right because the rows of o with one key meet the same rows around them, so that these aggregates
 * can be taken of each key's rows first (Yan and Larson, "Eager Aggregation and Lazy Aggregation",
 * VLDB 1995). A row that meets none counts as one with NULLs.
 *
 * Counter-examples, which stay: aggregates of both sides together, or of different values; a
 * condition other than equality between both sides; expressions that can fail, which would be
 * computed for rows that meet nothing; a total, which has a row where c is empty; an aggregate of
 * these groups in a query within an expression; keys of which equal values differ, where the join
 * can tell apart what GROUP BY does not (`ON o.k = c.k COLLATE "C"`).
 */
import type { Aggregate, ColumnRef, Expr, Select } from '../../../parser/tree.ts';
import { equalExpr, mapExpr, mapExprs, mapQuery } from '../../../parser/walk.ts';
import { canFail } from '../can-fail.ts';
import { isStrict, rejectsNulls } from '../strict.ts';
import { hasAggregateWithin } from './aggregates-within.ts';
import { ONE, ZERO, NULL, bigint, binary, cast, choose, coalesce, sum } from './expressions.ts';
import type { JoinItem, LeftJoin } from './left-joins.ts';
import { isTangled, leftJoinsIn, mapJoin, readsOf } from './left-joins.ts';
import { conjunction, expressionsOf, freeNumber } from './relations.ts';
import type { Named } from './select.ts';
import { EMPTY, freshName, valueOf } from './select.ts';

/** What is known of a column of the side that is grouped. */
export type Known = { readonly oid: number | null; readonly type: string | null };

export type EagerGroups = {
  /** What is grouped before the join; its columns begin with those it is grouped by. */
  readonly groups: Select;
  /** The query that reads it, by the types of its columns; null where these do not do. */
  readonly reading: (types: ReadonlyMap<string, string>) => Select | null;
};

/** `known`: the type of a column of an item of FROM. */
export function eagerGroups(query: Select, known: (ref: ColumnRef) => Known): EagerGroups | null {
  if (!query.grouped || query.groupBy.length === 0) return null;
  if (!query.groupBy.every(({ kind }) => kind === 'expr' || kind === 'row')) return null;
  const items = new Set(query.relations.map((_, place) => query.first + place));
  if (expressionsOf(query).some((one) => hasAggregateWithin(one, items))) return null;
  for (const join of query.from.flatMap((item) => leftJoinsIn(item, query))) {
    const found = new Eager(query, join, known).groups();
    if (found !== null) return found;
  }
  return null;
}

/** Aggregates that do not see how often a value occurs. */
const IDEMPOTENT: ReadonlySet<string> = new Set([
  'min',
  'max',
  'bool_and',
  'bool_or',
  'every',
  'bit_and',
  'bit_or',
]);

class Eager {
  readonly #query: Select;
  readonly #join: LeftJoin;
  readonly #known: (ref: ColumnRef) => Known;
  readonly #number: number;
  readonly #keys: Named[] = [];
  readonly #columns: Named[] = [];
  #gains = false;
  #types: ReadonlyMap<string, string> | null = null;

  constructor(query: Select, join: LeftJoin, known: (ref: ColumnRef) => Known) {
    this.#query = query;
    this.#join = join;
    this.#known = known;
    this.#number = freeNumber(query);
    for (const { own, name } of join.pairs)
      this.#keys.push({ name: freshName(name, this.#keys), expr: this.#within(own) });
  }

  groups(): EagerGroups | null {
    const { pairs, own, relation } = this.#join;
    if ([...pairs.map((pair) => pair.own), ...own].some((one) => this.#fails(one))) return null;
    if (this.#above() === null || !this.#gains || this.#isReadElsewhere()) return null;
    const groups: Select = {
      ...EMPTY,
      first: this.#number,
      relations: [relation],
      from: [{ kind: 'relation', relation: this.#number }],
      where: conjunction(own.map((one) => this.#within(one))),
      grouped: true,
      groupBy: this.#keys.map(({ expr }) => ({ kind: 'expr', expr })),
      targets: [...this.#keys, ...this.#columns],
    };
    return {
      groups,
      reading: (types) => {
        this.#types = types;
        const above = this.#above();
        return above && this.#reading(above, groups);
      },
    };
  }

  /** The query with its aggregates over those of the groups. */
  #above(): Select | null {
    let isLost = false;
    const expr = (one: Expr): Expr =>
      mapExpr(one, (node) => {
        if (node.kind !== 'aggregate') return null;
        const replaced = this.#aggregate(node);
        isLost ||= replaced === null;
        return replaced ?? node;
      });
    const from = this.#query.from.map((one) =>
      mapJoin(one, this.#join.item, (join) => this.#joined(join)),
    );
    const above = mapQuery({ ...this.#query, from }, { expr });
    return isLost || above.kind !== 'select' ? null : above;
  }

  /** Whether the item is read outside of its join's condition and of aggregates. */
  #isReadElsewhere(): boolean {
    const { item } = this.#join;
    const from = this.#query.from.map((one) =>
      mapJoin(one, item, (join) => ({ ...join, on: null, using: null })),
    );
    const rest = mapQuery(
      { ...this.#query, from },
      { expr: (one) => mapExpr(one, (node) => (node.kind === 'aggregate' ? NULL : null)) },
    );
    let found = false;
    mapExprs(rest, (node) => {
      if (node.kind === 'column' || node.kind === 'whole_row') found ||= node.relation === item;
      return null;
    });
    return found;
  }

  #joined(join: JoinItem): JoinItem {
    const { item, pairs, kept } = this.#join;
    const keys = this.#keys.map(({ name }) => valueOf(item, name));
    if (join.using !== null) {
      const using = join.using.map((one, place) => {
        const key = keys[place] ?? one.right;
        return join.type === 'left' ? { ...one, right: key } : { ...one, left: key };
      });
      return { ...join, using };
    }
    const equal = pairs.map(({ outer }, place) => binary(keys[place] ?? outer, '=', outer));
    return { ...join, on: conjunction([...equal, ...kept]) };
  }

  #reading(above: Select, groups: Select): Select {
    const { item, relation } = this.#join;
    const place = item - above.first;
    const relations = above.relations.with(place, {
      kind: 'subquery',
      query: groups,
      lateral: false,
      alias: relation.alias,
      aliased: true,
      columnAliases: [],
      span: null,
    });
    return { ...above, relations };
  }

  /** Null where it cannot be taken before the join. */
  #aggregate(call: Aggregate): Expr | null {
    const { item } = this.#join;
    const exprs = [...call.args, ...(call.filter === null ? [] : [call.filter])];
    if (exprs.some(isTangled) || call.variadic || call.schema !== null) return null;
    const sorts = call.orderBy.map(({ expr }) => expr);
    const reads = new Set([...exprs, ...sorts].map((one) => readsOf(one, item)));
    if (!reads.has('item') && !reads.has('both')) return this.#ofOthers(call);
    if (reads.has('others') || reads.has('both')) return null;
    if (call.distinct || sorts.length > 0 || exprs.some((one) => this.#fails(one))) return null;
    this.#gains = true;
    return this.#ofItem(call);
  }

  /** Of rows that the join repeats. */
  #ofOthers(call: Aggregate): Expr | null {
    if (call.distinct || IDEMPOTENT.has(call.name)) return call;
    if (call.name !== 'count' || call.orderBy.length > 0) return null;
    const rows = coalesce(this.#column({ ...call, args: [], star: true, filter: null }), ONE);
    const counted = conditionOf(call);
    return bigint(sum(counted === null ? rows : choose(counted, rows, ZERO)));
  }

  #ofItem(call: Aggregate): Expr | null {
    if (IDEMPOTENT.has(call.name)) {
      const value = this.#value(call, call.args[0] ?? null);
      return value && { ...call, args: [value], filter: null };
    }
    switch (call.name) {
      case 'count':
        return this.#count(call);
      case 'sum':
        return this.#sum(call);
      case 'avg': {
        const total = this.#sum({ ...call, name: 'sum' });
        const count = this.#count({ ...call, name: 'count' });
        if (total === null || count === null) return null;
        const divisor: Expr = {
          kind: 'keyword',
          name: 'NULLIF',
          args: [count, ZERO],
          span: null,
        };
        return binary(cast(total, 'numeric'), '/', divisor);
      }
      default:
        return null;
    }
  }

  #sum(call: Aggregate): Expr | null {
    const value = this.#value(call, call.args[0] ?? null);
    if (value === null) return null;
    const type = this.#types?.get(this.#column(call).name) ?? 'bigint';
    return /^(bigint|numeric)$/.test(type) ? cast(sum(value), type) : null;
  }

  #count(call: Aggregate): Expr | null {
    const own = this.#column(call);
    if (isNullForNulls(call)) return bigint(sum(coalesce(own, ZERO)));
    const counted = conditionOf(call);
    const isCounted = counted && this.#forNulls(counted);
    return isCounted && bigint(sum(this.#unmatched(choose(isCounted, ONE, ZERO), own)));
  }

  /** The aggregate of a key's rows; where there are none, the argument of a row of NULLs. */
  #value(call: Aggregate, arg: Expr | null): Expr | null {
    const own = this.#column(call);
    if (arg === null || isNullForNulls(call)) return arg && own;
    const chosen = call.filter === null ? arg : choose(call.filter, arg, NULL);
    const value = this.#forNulls(chosen);
    const type = this.#types?.get(own.name) ?? 'text';
    return value && this.#unmatched(cast(value, type), own);
  }

  #unmatched(value: Expr, own: Expr): Expr {
    const [key] = this.#keys;
    const found = valueOf(this.#join.item, key?.name ?? '');
    const isMissing = binary(found, 'IS NOT DISTINCT FROM', NULL);
    return choose(isMissing, value, own);
  }

  /** An expression of a row of NULLs; null where the type of a column is not known. */
  #forNulls(expr: Expr): Expr | null {
    let isKnown = true;
    const value = mapExpr(expr, (node) => {
      if (node.kind !== 'column') return null;
      const { type } = this.#known(node);
      isKnown &&= type !== null;
      return cast(NULL, type ?? 'text');
    });
    return isKnown ? value : null;
  }

  /** A column of the groups with what an aggregate is of a key's rows. */
  #column(call: Aggregate): ColumnRef {
    const expr = this.#within(call);
    const known = this.#columns.find((one) => equalExpr(one.expr, expr));
    if (known !== undefined) return valueOf(this.#join.item, known.name);
    const name = freshName(call.star ? 'rows' : call.name, [...this.#keys, ...this.#columns]);
    this.#columns.push({ name, expr });
    return valueOf(this.#join.item, name);
  }

  /** The same over the item as the groups have it. */
  readonly #within = (expr: Expr): Expr =>
    mapExpr(expr, (node) => {
      if (node.kind === 'join_column') return this.#within(node.target);
      return node.kind === 'column' && node.relation === this.#join.item
        ? { ...node, relation: this.#number, span: null }
        : null;
    });

  #fails(expr: Expr): boolean {
    return canFail(expr, (ref) => this.#known(ref).oid);
  }
}

/**
 * Which rows count(...) counts; null for all. It counts a row value with NULLs in it, of which IS
 * NOT NULL is false.
 */
function conditionOf({ args: [arg], filter, star }: Aggregate): Expr | null {
  const isThere = arg === undefined || star ? [] : [binary(arg, 'IS DISTINCT FROM', NULL)];
  return conjunction([...(filter === null ? [] : [filter]), ...isThere]);
}

/** Whether it leaves out a row of NULLs. */
const isNullForNulls = ({ args, filter, star }: Aggregate): boolean =>
  (filter !== null && rejectsNulls(filter)) || (!star && args.length === 1 && args.every(isStrict));
