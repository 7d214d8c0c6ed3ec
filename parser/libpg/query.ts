/**
 * Adapts queries of PostgreSQL's grammar: SELECT, set operations, VALUES, and what stands around
 * them.
 */
import type { GroupingSet, Node, SelectStmt } from 'libpg-query';
import type { Cte, GroupItem, Limit, Query, Select } from '../tree.ts';
import { adaptWindow, sorts } from './calls.ts';
import { adaptFrom } from './from.ts';
import type { Reading } from './reading.ts';
import { exprs, maybe, selectOf, strings } from './reading.ts';

export function adaptQuery(reading: Reading, statement: SelectStmt): Query {
  const span = reading.spanOf(statement);
  const clauses = {
    recursive: statement.withClause?.recursive === true,
    ctes: (statement.withClause?.ctes ?? []).flatMap((node) => adaptCte(reading, node)),
    orderBy: sorts(reading, statement.sortClause),
    limit: adaptLimit(reading, statement),
    locking: (statement.lockingClause ?? []).flatMap((node) => lockingText(node)),
    span,
  };
  const { larg, rarg } = statement;
  if (statement.op !== undefined && statement.op !== 'SETOP_NONE' && larg && rarg)
    return {
      kind: 'set_operation',
      ...clauses,
      op: SET_OPERATIONS[statement.op] ?? 'UNION',
      all: statement.all === true,
      left: adaptQuery(reading, larg),
      right: adaptQuery(reading, rarg),
    };
  if (statement.valuesLists !== undefined)
    return {
      kind: 'values',
      ...clauses,
      rows: statement.valuesLists.map((row) =>
        'List' in row ? exprs(reading, row.List.items) : [],
      ),
    };
  return { ...clauses, ...adaptSelect(reading, statement) };
}

const SET_OPERATIONS: Readonly<Record<string, 'UNION' | 'INTERSECT' | 'EXCEPT'>> = {
  SETOP_UNION: 'UNION',
  SETOP_INTERSECT: 'INTERSECT',
  SETOP_EXCEPT: 'EXCEPT',
};

type OwnClauses = Omit<Select, 'recursive' | 'ctes' | 'orderBy' | 'limit' | 'locking' | 'span'>;

function adaptSelect(reading: Reading, statement: SelectStmt): OwnClauses {
  const { relations, from } = adaptFrom(reading, statement.fromClause ?? []);
  const distinct = statement.distinctClause ?? [];
  if (statement.intoClause !== undefined) reading.fail(statement, 'INTO');
  return {
    kind: 'select',
    first: 0,
    relations,
    from,
    where: maybe(reading, statement.whereClause),
    distinct: distinct.length > 0,
    distinctOn: exprs(
      reading,
      distinct.filter((node) => Object.keys(node).length > 0),
    ),
    groupBy: (statement.groupClause ?? []).map((node) => adaptGroupItem(reading, node)),
    groupDistinct: statement.groupDistinct === true,
    // The resolver knows which calls are aggregates.
    grouped: false,
    having: maybe(reading, statement.havingClause),
    windows: (statement.windowClause ?? []).flatMap((node) =>
      'WindowDef' in node
        ? [{ name: node.WindowDef.name ?? '', window: adaptWindow(reading, node.WindowDef) }]
        : [],
    ),
    targets: (statement.targetList ?? []).map((node) => {
      const target = 'ResTarget' in node ? node.ResTarget : {};
      const expr = maybe(reading, target.val) ?? reading.fail(node, 'column');
      return { name: target.name ?? '', expr };
    }),
  };
}

const SETS: Readonly<Record<string, 'rollup' | 'cube' | 'sets'>> = {
  GROUPING_SET_ROLLUP: 'rollup',
  GROUPING_SET_CUBE: 'cube',
  GROUPING_SET_SETS: 'sets',
};

function adaptGroupItem(reading: Reading, node: Node): GroupItem {
  if ('GroupingSet' in node) return adaptGroupingSet(reading, node.GroupingSet, node);
  if ('RowExpr' in node && node.RowExpr.row_format === 'COERCE_IMPLICIT_CAST')
    return { kind: 'row', exprs: exprs(reading, node.RowExpr.args) };
  return { kind: 'expr', expr: reading.expr(node) };
}

function adaptGroupingSet(reading: Reading, set: GroupingSet, node: Node): GroupItem {
  const kind = SETS[set.kind ?? ''];
  if (kind === undefined) return { kind: 'empty' };
  const items = (set.content ?? []).map((item) => adaptGroupItem(reading, item));
  return { kind, items, span: reading.spanOf(node) };
}

function adaptLimit(reading: Reading, statement: SelectStmt): Limit | null {
  const { limitCount, limitOffset, limitOption } = statement;
  if (limitCount === undefined && limitOffset === undefined) return null;
  return {
    count: maybe(reading, limitCount),
    offset: maybe(reading, limitOffset),
    withTies: limitOption === 'LIMIT_OPTION_WITH_TIES',
    span: reading.spanOf(limitCount ?? limitOffset ?? statement),
  };
}

function adaptCte(reading: Reading, node: Node): Cte[] {
  if (!('CommonTableExpr' in node)) return [];
  const cte = node.CommonTableExpr;
  const statement = selectOf(cte.ctequery);
  const isPlain = cte.search_clause === undefined && cte.cycle_clause === undefined;
  if (statement === null || !isPlain) {
    reading.fail(node, statement === null ? 'data-modifying CTE' : 'SEARCH or CYCLE clause');
    return [];
  }
  const materialized =
    cte.ctematerialized === 'CTEMaterializeAlways'
      ? true
      : cte.ctematerialized === 'CTEMaterializeNever'
        ? false
        : null;
  return [
    {
      name: cte.ctename ?? '',
      columnAliases: strings(cte.aliascolnames),
      materialized,
      query: reading.query(statement),
      span: reading.spanOf(node),
    },
  ];
}

const LOCKS: Readonly<Record<string, string>> = {
  LCS_FORKEYSHARE: 'FOR KEY SHARE',
  LCS_FORSHARE: 'FOR SHARE',
  LCS_FORNOKEYUPDATE: 'FOR NO KEY UPDATE',
  LCS_FORUPDATE: 'FOR UPDATE',
};
const WAITS: Readonly<Record<string, string>> = {
  LockWaitSkip: ' SKIP LOCKED',
  LockWaitError: ' NOWAIT',
};

function lockingText(node: Node): string[] {
  if (!('LockingClause' in node)) return [];
  const { lockedRels = [], strength, waitPolicy } = node.LockingClause;
  const names = lockedRels.flatMap((one) =>
    'RangeVar' in one ? [`"${(one.RangeVar.relname ?? '').replaceAll('"', '""')}"`] : [],
  );
  const of = names.length === 0 ? '' : ` OF ${names.join(', ')}`;
  return [`${LOCKS[strength ?? ''] ?? 'FOR UPDATE'}${of}${WAITS[waitPolicy ?? ''] ?? ''}`];
}
