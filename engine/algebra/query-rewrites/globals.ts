/**
 * Aggregates over all rows that cannot be added up: min and max, and aggregates of distinct values.
 * Each is computed over the different values of its argument, which can be stored, as a query of
 * its own; the others stay together.
 *
 * Right because these aggregates do not see how often a value occurs. Counter-examples, which stay:
 * string_agg, or avg without DISTINCT, which do; a FILTER that can fail, which would become a
 * condition and be asked of rows that joins and other conditions keep away from it.
 */
import type { Aggregate, Expr, Query, Select } from '../../../parser/tree.ts';
import { equalExpr, mapExpr, visit } from '../../../parser/walk.ts';
import { canFail } from '../can-fail.ts';
import { conjunction, freeNumber, renumbered } from './relations.ts';
import { EMPTY, over, valueOf } from './select.ts';

const EXTREMES: ReadonlySet<string> = new Set(['min', 'max']);

/** Whether what it gives depends on the different values of its argument alone. */
const isOfValues = (call: Aggregate): boolean =>
  call.args.length === 1 &&
  !call.variadic &&
  call.orderBy.length === 0 &&
  (call.distinct || (call.schema === null && EXTREMES.has(call.name)));

/**
 * The outer SELECT over one row of the other aggregates; null where there is nothing to take apart.
 * `first`: the first number that no item of FROM has.
 */
export function separateGlobals(query: Query, first: number): Select | null {
  if (query.kind !== 'select' || !query.grouped || query.groupBy.length > 0) return null;
  if (query.distinct || query.limit !== null || query.windows.length > 0) return null;
  const upper = [...query.targets.map(({ expr }) => expr), ...(query.having ? [query.having] : [])];
  const calls = upper.flatMap(aggregatesIn);
  if (!calls.some(isOfValues) || upper.some(isMore) || isOverValues(query)) return null;
  const filters = calls.flatMap((call) => (isOfValues(call) && call.filter) || []);
  if (isConfined(query) && filters.some((one) => canFail(one, () => null))) return null;
  let next = first + 1;
  const others: { readonly name: string; readonly expr: Expr }[] = [];
  const replaced = (call: Aggregate): Expr => {
    if (!isOfValues(call)) {
      const known = others.find(({ expr }) => equalExpr(expr, call));
      const name = known?.name ?? `aggregate_${others.length + 1}`;
      if (known === undefined) others.push({ name, expr: call });
      return { kind: 'column', relation: first, name, span: call.span };
    }
    const values = renumbered(valuesOf(query, call), next + 1);
    const own = over(values, 'different', next, {});
    const arg = valueOf(next, 'value');
    next = Math.max(next, freeNumber(values));
    return {
      kind: 'sublink',
      form: 'scalar',
      left: null,
      op: null,
      query: {
        ...own,
        grouped: true,
        targets: [{ name: call.name, expr: { ...call, args: [arg], filter: null } }],
      },
      span: call.span,
    };
  };
  const replace = (expr: Expr): Expr =>
    mapExpr(expr, (node) => (node.kind === 'aggregate' ? replaced(node) : null));
  const targets = query.targets.map(({ name, expr }) => ({ name, expr: replace(expr) }));
  const having = query.having && replace(query.having);
  // An aggregate over all rows has one row, whatever there is.
  if (others.length === 0)
    return { ...EMPTY, first, relations: [], from: [], targets, where: having };
  const inner: Select = { ...query, having: null, orderBy: [], targets: others };
  return over(inner, 'grouped', first, { targets, where: having });
}

/** Whether not all rows of one relation reach the aggregates. */
const isConfined = ({ where, relations }: Select): boolean =>
  where !== null || relations.length > 1;

/** Whether it reads the different values of something already. */
function isOverValues({ relations, where }: Select): boolean {
  const [only] = relations;
  return (
    relations.length === 1 &&
    where === null &&
    only?.kind === 'subquery' &&
    only.query.kind === 'select' &&
    only.query.grouped &&
    only.query.targets.length === 1
  );
}

function aggregatesIn(expr: Expr): readonly Aggregate[] {
  const found: Aggregate[] = [];
  visit(expr, (node) => {
    if (node.kind === 'aggregate') found.push(node);
  });
  return found;
}

function isMore(expr: Expr): boolean {
  let found = false;
  visit(expr, (node) => {
    found ||= node.kind === 'sublink' || node.kind === 'window' || node.kind === 'whole_row';
  });
  return found;
}

/** The different values of an aggregate's argument, of the rows that its FILTER takes. */
const valuesOf = (query: Select, { args, filter }: Aggregate): Select => ({
  ...EMPTY,
  first: query.first,
  relations: query.relations,
  from: query.from,
  where: conjunction([query.where, filter].flatMap((one) => one ?? [])),
  grouped: true,
  groupBy: args.map((expr) => ({ kind: 'expr', expr })),
  targets: args.map((expr) => ({ name: 'value', expr })),
});
