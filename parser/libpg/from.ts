/**
 * Adapts FROM: tables, subqueries, functions and joins. The items get their numbers in the order in
 * which they stand.
 */
import type {
  Alias,
  JoinExpr,
  Node,
  RangeFunction,
  RangeTableFunc,
  RangeTableSample,
  RangeVar,
} from 'libpg-query';
import { quoteIdent } from '../quote.ts';
import type {
  ColumnDefinition,
  FromItem,
  FunctionItem,
  JoinType,
  Relation,
  Span,
  Words,
} from '../tree.ts';
import type { Reading } from './reading.ts';
import { exprs, maybe, selectOf, strings } from './reading.ts';
import { adaptXmlTableCall } from './syntax-forms.ts';
import { typeText } from './type-names.ts';

export type From = {
  readonly relations: readonly Relation[];
  readonly from: readonly FromItem[];
};

export function adaptFrom(reading: Reading, nodes: readonly Node[]): From {
  const relations: Relation[] = [];
  const from = nodes.map((node) => adaptItem(reading, node, relations));
  return { relations, from };
}

function adaptItem(reading: Reading, node: Node, relations: Relation[]): FromItem {
  if ('JoinExpr' in node) return adaptJoin(reading, node.JoinExpr, node, relations);
  relations.push(adaptRelation(reading, node));
  return { kind: 'relation', relation: relations.length - 1 };
}

function adaptRelation(reading: Reading, node: Node): Relation {
  if ('RangeVar' in node) return adaptTable(reading, node.RangeVar, null, node);
  if ('RangeTableSample' in node) return adaptSample(reading, node.RangeTableSample, node);
  if ('RangeFunction' in node) return adaptFunctions(reading, node.RangeFunction, node);
  if ('RangeTableFunc' in node) return adaptXmlTable(reading, node.RangeTableFunc, node);
  if ('RangeSubselect' in node) {
    const { subquery, lateral = false, alias } = node.RangeSubselect;
    const statement = selectOf(subquery);
    if (statement !== null)
      return {
        kind: 'subquery',
        query: reading.query(statement),
        lateral,
        ...named(alias, ''),
        span: reading.spanOf(node),
      };
  }
  reading.fail(node, Object.keys(node).includes('JsonTable') ? 'JSON_TABLE' : 'item of FROM');
  return UNREAD;
}

const UNREAD: Relation = {
  kind: 'cte',
  name: '',
  alias: '',
  aliased: false,
  columnAliases: [],
  span: null,
};

type Names = Pick<Relation, 'alias' | 'aliased' | 'columnAliases'>;

function named(alias: Alias | undefined, name: string): Names {
  return {
    alias: alias?.aliasname ?? name,
    aliased: alias !== undefined,
    columnAliases: strings(alias?.colnames),
  };
}

/** A name without a schema may be that of a CTE; the resolver knows. */
function adaptTable(reading: Reading, range: RangeVar, sample: Words | null, node: Node): Relation {
  const name = range.relname ?? '';
  const common = { name, ...named(range.alias, name), span: reading.spanOf(node) };
  const only = range.inh !== true;
  if (range.schemaname === undefined && !only && sample === null) return { kind: 'cte', ...common };
  return {
    kind: 'table',
    oid: 0,
    schema: range.schemaname ?? 'pg_catalog',
    only,
    sample,
    ...common,
  };
}

function adaptSample(reading: Reading, range: RangeTableSample, node: Node): Relation {
  const { relation, method, args = [], repeatable } = range;
  if (relation === undefined || !('RangeVar' in relation)) {
    reading.fail(node, 'TABLESAMPLE');
    return UNREAD;
  }
  const separators = args.map((_, index) => (index === 0 ? '' : ', ')).slice(1);
  const name = strings(method)
    .filter((one, index) => index > 0 || one !== 'pg_catalog')
    .map(quoteIdent)
    .join('.');
  const words =
    repeatable === undefined
      ? [`TABLESAMPLE ${name} (`, ...separators, ')']
      : [`TABLESAMPLE ${name} (`, ...separators, ') REPEATABLE (', ')'];
  const sample = {
    words,
    args: exprs(reading, repeatable === undefined ? args : [...args, repeatable]),
  };
  return adaptTable(reading, relation.RangeVar, sample, node);
}

function adaptFunctions(reading: Reading, range: RangeFunction, node: Node): FunctionItem {
  const { coldeflist, alias, ordinality = false, lateral = false } = range;
  const lone = definitions(reading, coldeflist);
  const functions = (range.functions ?? []).flatMap((one) => {
    const [call, columns] = 'List' in one ? (one.List.items ?? []) : [];
    const own = columns !== undefined && 'List' in columns ? columns.List.items : undefined;
    return call === undefined
      ? []
      : [{ call: reading.expr(call), definitions: [...lone, ...definitions(reading, own)] }];
  });
  const names = named(alias, '');
  return {
    kind: 'function',
    functions,
    rowsFrom: range.is_rowsfrom === true,
    ordinality,
    lateral,
    ...names,
    span: reading.spanOf(node),
  };
}

/** XMLTABLE lists its columns itself; PostgreSQL prints no other names for them. */
function adaptXmlTable(reading: Reading, table: RangeTableFunc, node: Node): Relation {
  const { columns = [], alias, lateral = false } = table;
  const call = adaptXmlTableCall(reading, node);
  if (call === null) {
    reading.fail(node, 'XMLTABLE');
    return UNREAD;
  }
  const listed = columns.flatMap((one) =>
    'RangeTableFuncCol' in one ? [one.RangeTableFuncCol.colname ?? ''] : [],
  );
  const names = named(alias, 'xmltable');
  const columnAliases = [...names.columnAliases, ...listed.slice(names.columnAliases.length)];
  return {
    kind: 'function',
    functions: [{ call, definitions: [] }],
    rowsFrom: false,
    ordinality: false,
    lateral,
    ...names,
    columnAliases,
    span: reading.spanOf(node),
  };
}

function definitions(reading: Reading, nodes: readonly Node[] | undefined): ColumnDefinition[] {
  return (nodes ?? []).flatMap((node) => {
    if (!('ColumnDef' in node)) return [];
    const { colname = '', typeName, collClause } = node.ColumnDef;
    const type = typeName === undefined ? null : typeText(typeName);
    if (type === null) reading.fail(node, 'type');
    const collation = strings(collClause?.collname).map(quoteIdent).join('.');
    return [{ name: colname, type: type ?? '', collation: collation === '' ? null : collation }];
  });
}

const JOINS: Readonly<Record<string, JoinType>> = {
  JOIN_INNER: 'inner',
  JOIN_LEFT: 'left',
  JOIN_RIGHT: 'right',
  JOIN_FULL: 'full',
};

function adaptJoin(reading: Reading, join: JoinExpr, node: Node, relations: Relation[]): FromItem {
  const { larg, rarg, usingClause, quals } = join;
  const type = JOINS[join.jointype ?? ''];
  if (larg === undefined || rarg === undefined || type === undefined || join.isNatural === true) {
    reading.fail(node, 'join');
    relations.push(UNREAD);
    return { kind: 'relation', relation: relations.length - 1 };
  }
  const left = adaptItem(reading, larg, relations);
  const right = adaptItem(reading, rarg, relations);
  const span = placeOfJoin(reading, rarg) ?? reading.spanOf(node);
  const using = usingClause?.map((one) => {
    const [name = ''] = strings([one]);
    const side = { kind: 'name', path: [name], star: false, span } as const;
    return { name, left: side, right: side };
  });
  return {
    kind: 'join',
    left,
    right,
    type: type === 'inner' && using === undefined && quals === undefined ? 'cross' : type,
    on: maybe(reading, quals),
    using: using ?? null,
    usingAlias: join.join_using_alias?.aliasname ?? null,
    alias: join.alias?.aliasname ?? null,
    columnAliases: strings(join.alias?.colnames),
    span,
  };
}

/** The words of a join have no offset of their own: they stand directly before its right side. */
function placeOfJoin(reading: Reading, right: Node): Span | null {
  const end = reading.spanOf(right)?.start;
  const before = reading.text.slice(0, end);
  const words =
    /((?:\b(?:LEFT|RIGHT|FULL|CROSS|INNER)\s+)?JOIN)\b[\s(]*(?:LATERAL|ONLY)?[\s(]*$/.exec(before);
  if (end === undefined || words?.[1] === undefined) return null;
  return { start: words.index, end: words.index + words[1].length };
}
