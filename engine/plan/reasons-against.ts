/**
 * What today's plan has no rule for, each with its place: a walk over the read tree after the
 * rewrites. What is inside of a subquery or CTE that stays is not looked at: the whole of it is one
 * reason.
 */
import type {
  Aggregate,
  Expr,
  FromItem,
  GroupItem,
  Query,
  Relation,
  Select,
  Span,
  Sublink,
} from '../../parser/tree.ts';
import { equalExpr, visit } from '../../parser/walk.ts';
import { ruleFor } from '../aggregates/all.ts';
import type { PlanReason } from '../algebra/reason.ts';
import { aggregateNotMaintained, momentDependent } from '../algebra/reason.ts';
import { isNow } from '../algebra/moments.ts';

/** In order of place. */
export function reasonsAgainst(query: Query): PlanReason[] {
  const found = ofQuery(query);
  return found.toSorted((a, b) => (a.span?.start ?? Infinity) - (b.span?.start ?? Infinity));
}

/** The one wording. */
const against = (
  kind: string,
  what: string,
  span: Span | null,
  hint: string | null = null,
): PlanReason => ({ kind, message: `${what} cannot be maintained incrementally`, hint, span });

function ofQuery(query: Query): PlanReason[] {
  return [...ofClauses(query), ...ofBody(query)];
}

function ofClauses({ ctes, recursive, limit, locking, span }: Query): PlanReason[] {
  const word = limit?.withTies === true ? 'FETCH' : limit?.count === null ? 'OFFSET' : 'LIMIT';
  return [
    ...ctes.map((cte) =>
      recursive
        ? against('recursive_cte', `recursive CTE "${cte.name}"`, cte.span)
        : against('cte', `CTE "${cte.name}", which is computed by itself and can fail,`, cte.span),
    ),
    ...(limit === null
      ? []
      : [against('limit', word, limit.span, 'Put the limit into the queries that read the imat.')]),
    ...locking.map((text) => against('locking', text, span)),
  ];
}

function ofBody(query: Query): PlanReason[] {
  switch (query.kind) {
    case 'values':
      return query.rows.flat().flatMap(ofExpr);
    case 'set_operation': {
      const isUnionAll = query.op === 'UNION' && query.all;
      return [
        ...(isUnionAll ? ofBranch(query.left) : ofQuery(query.left)),
        ...(isUnionAll
          ? []
          : [
              against(
                'set_operation',
                `${query.op}${query.all ? ' ALL' : ''}`,
                afterOf(query.left),
              ),
            ]),
        ...(isUnionAll ? ofBranch(query.right) : ofQuery(query.right)),
      ];
    }
    case 'select':
      return ofSelect(query);
  }
}

/** A branch of UNION ALL: its rows are not stored, so their change must be known. */
const ofBranch = (query: Query): PlanReason[] => [
  ...ofQuery(query),
  ...(isReduced(query)
    ? [against('set_operation', 'UNION ALL of groups or distinct rows', query.span)]
    : []),
];

/** Whether rows of a query stand for several rows of what it reads. */
const isReduced = (query: Query): boolean =>
  query.kind === 'select' && (query.grouped || query.distinct);

/** A set operator has no place of its own: it stands behind its left side. */
const afterOf = ({ span }: Query): Span | null => span && { start: span.end, end: span.end };

function ofSelect(query: Select): PlanReason[] {
  const { targets, where, having, windows, distinctOn } = query;
  const items = new Set(query.from.flatMap(numbersOf));
  const exprs = [
    ...targets.map((target) => target.expr),
    ...[where, having].flatMap((expr) => expr ?? []),
    ...query.groupBy.flatMap(exprsOfGroup),
  ];
  return [
    ...distinctOn.slice(0, 1).map((expr) => against('distinct_on', 'DISTINCT ON', expr.span)),
    ...query.relations.flatMap((relation, index) =>
      items.has(query.first + index) ? ofRelation(relation, isOverGroups(query)) : [],
    ),
    ...query.from.flatMap(ofFrom),
    ...query.groupBy.flatMap((item) => ofGroupItem(item, query.span)),
    ...exprs.flatMap(ofExpr),
    ...windows.map(({ name, window }) =>
      against(
        'window_function',
        `window "${name}"`,
        window.partitionBy[0]?.span ?? window.orderBy[0]?.expr.span ?? null,
        WINDOW_HINT,
      ),
    ),
    ...ofSets(query),
  ];
}

/**
 * Set-returning functions that are computed after grouping, or only to order by: the order itself
 * changes no content, such a function does.
 */
function ofSets({ targets, grouped, groupBy, orderBy }: Select): PlanReason[] {
  const shown = targets.map(({ expr }) => expr);
  const known = grouped ? groupBy.flatMap(exprsOfGroup) : shown;
  const found: PlanReason[] = [];
  for (const expr of [...shown, ...orderBy.map((sort) => sort.expr)]) {
    visit(expr, (node) => {
      if (known.some((one) => equalExpr(one, node))) return false;
      if (node.kind === 'call' && node.returnsSet)
        found.push(against(SET, `set-returning function "${node.name}"`, node.span));
      return true;
    });
  }
  return found;
}

const numbersOf = (item: FromItem): number[] =>
  item.kind === 'relation' ? [item.relation] : [...numbersOf(item.left), ...numbersOf(item.right)];

const exprsOfGroup = (item: GroupItem): readonly Expr[] =>
  item.kind === 'expr' ? [item.expr] : item.kind === 'row' ? item.exprs : [];

const SETS = { rollup: 'ROLLUP', cube: 'CUBE', sets: 'GROUPING SETS' } as const;

function ofGroupItem(item: GroupItem, span: Span | null): PlanReason[] {
  if (item.kind === 'expr' || item.kind === 'row') return [];
  if (item.kind === 'empty') return [against('grouping_sets', 'GROUP BY ()', span)];
  return [against('grouping_sets', SETS[item.kind], item.span)];
}

/** Whether a query groups the rows of one subquery: groups of groups are maintained. */
const isOverGroups = ({ grouped, from }: Select): boolean =>
  grouped && from.length === 1 && from[0]?.kind === 'relation';

function ofRelation(relation: Relation, overGroups: boolean): PlanReason[] {
  const { alias, span } = relation;
  switch (relation.kind) {
    case 'table':
      return relation.sample === null ? [] : [against('tablesample', 'TABLESAMPLE', span)];
    case 'cte':
      // Its WITH is the reason.
      return [];
    case 'subquery':
      if (relation.query.kind === 'values') return ofQuery(relation.query);
      if (relation.lateral) return [against('lateral', `LATERAL subquery "${alias}"`, span)];
      return (overGroups ? ofQuery(relation.query) : ofBranch(relation.query)).length === 0
        ? []
        : [against('subquery', `subquery "${alias}" in FROM`, span, hintFor(relation.query))];
    case 'function':
      return relation.functions.flatMap(({ call }) =>
        call.kind === 'call' || isXmlTable(call) || ofExpr(call).length > 0
          ? ofExpr(call)
          : [against('table_function', `function in FROM ("${alias}")`, span)],
      );
  }
}

const isXmlTable = (expr: Expr): boolean => expr.kind === 'syntax_form' && expr.name === 'XMLTABLE';

function hintFor(query: Query): string | null {
  return query.kind === 'select' && (query.grouped || query.distinct)
    ? 'Convert the subquery by itself, and compute the rest in the queries that read it.'
    : null;
}

function ofFrom(item: FromItem): PlanReason[] {
  if (item.kind === 'relation') return [];
  const below = [...ofFrom(item.left), ...ofFrom(item.right)];
  const own =
    item.type === 'inner' || item.type === 'cross'
      ? item.on === null
        ? []
        : ofExpr(item.on)
      : [against('outer_join', `${item.type.toUpperCase()} JOIN`, item.span)];
  return [...below, ...own];
}

const SET = 'set_returning_function';
const WINDOW_HINT = 'Compute the window in the queries that read the imat.';
const SUBLINKS: Readonly<Record<Sublink['form'], string>> = {
  exists: 'EXISTS subquery',
  scalar: 'scalar subquery',
  array: 'ARRAY subquery',
  any: 'ANY subquery',
  all: 'ALL subquery',
};
const SYSTEM_COLUMNS: ReadonlySet<string> = new Set([
  'tableoid',
  'ctid',
  'xmin',
  'xmax',
  'cmin',
  'cmax',
]);

function ofExpr(expr: Expr): PlanReason[] {
  const found: PlanReason[] = [];
  visit(expr, (node) => {
    const own = ofNode(node);
    found.push(...own);
    return own.length === 0;
  });
  return found;
}

function ofNode(node: Expr): PlanReason[] {
  const { span } = node;
  switch (node.kind) {
    case 'window':
      return [against('window_function', `window function "${node.name}"`, span, WINDOW_HINT)];
    case 'aggregate':
      return ofAggregate(node);
    case 'call':
      return [];
    case 'value_function':
      return isNow(node) ? [] : [momentDependent(node.sql, span)];
    case 'sublink': {
      const form = node.form === 'any' && node.op === '=' ? 'IN subquery' : SUBLINKS[node.form];
      return [against('subquery', form, span)];
    }
    case 'grouping':
      return [against('grouping_sets', 'GROUPING', span)];
    case 'syntax_form':
      return node.isAggregate ? [aggregateNotMaintained(node.name, span)] : [];
    case 'join_column':
      return [
        against(
          'merged_column',
          `merged column "${node.name}" of a join`,
          span,
          'Name the column of one side.',
        ),
      ];
    case 'whole_row':
      return [against('whole_row', 'row as a whole', span)];
    case 'column':
      return SYSTEM_COLUMNS.has(node.name)
        ? [against('system_column', `system column "${node.name}"`, span)]
        : [];
    default:
      return [];
  }
}

function ofAggregate({
  schema,
  name,
  args,
  distinct,
  orderBy,
  withinGroup,
  span,
}: Aggregate): PlanReason[] {
  if (withinGroup)
    return [against('ordered_set_aggregate', `ordered-set aggregate "${name}"`, span)];
  const isMaintained = schema === null && ruleFor(name) !== undefined;
  // Of different values, those of one argument or several can be stored, with no argument nothing.
  const isDifferent = distinct && !(isMaintained && args.length > 0);
  const marks = [
    ...(isDifferent
      ? [against('aggregate_distinct', `aggregate "${name}" with DISTINCT`, span)]
      : []),
    ...(orderBy.length > 0
      ? [against('aggregate_order_by', `aggregate "${name}" with ORDER BY`, span)]
      : []),
  ];
  if (marks.length > 0) return marks;
  return isMaintained ? [] : [aggregateNotMaintained(name, span)];
}
