/**
 * Adapts calls: functions, aggregates and window functions, the syntaxes of their own that
 * functions have, and windows.
 */
import type { FuncCall, Node, SQLValueFunction, WindowDef } from 'libpg-query';
import type { CallSyntax, Expr, Sort, WindowSpec, Words } from '../tree.ts';
import type { Reading } from './reading.ts';
import { exprs, maybe, operatorText, strings } from './reading.ts';

/** The functions that PostgreSQL's grammar calls for the syntaxes of their own. */
const SYNTAXES: Readonly<Record<string, CallSyntax>> = {
  extract: 'extract',
  btrim: 'trim',
  ltrim: 'trim',
  rtrim: 'trim',
  substring: 'substring',
  position: 'position',
  overlay: 'overlay',
  overlaps: 'overlaps',
  normalize: 'normalize',
  is_normalized: 'is_normalized',
  timezone: 'at_local',
  pg_collation_for: 'collation_for',
  xmlexists: 'xmlexists',
  system_user: 'system_user',
};

export function adaptCall(reading: Reading, call: FuncCall, node: Node): Expr {
  const span = reading.spanOf(node);
  const names = strings(call.funcname);
  const name = names.at(-1) ?? '';
  const schema = names.length < 2 || names[0] === 'pg_catalog' ? null : (names[0] ?? null);
  const args = exprs(reading, call.args);
  if (call.funcformat === 'COERCE_SQL_SYNTAX') return adaptSyntax(reading, name, args, node);
  const common = {
    schema,
    name,
    args,
    star: call.agg_star === true,
    variadic: call.func_variadic === true,
    filter: maybe(reading, call.agg_filter),
    span,
  };
  if (call.over !== undefined)
    return { kind: 'window', ...common, over: adaptOver(reading, call.over) };
  // Whether it is an aggregate is for the catalog to say.
  return {
    kind: 'aggregate',
    ...common,
    distinct: call.agg_distinct === true,
    orderBy: sorts(reading, call.agg_order),
    withinGroup: call.agg_within_group === true,
  };
}

function adaptSyntax(reading: Reading, name: string, args: Expr[], node: Node): Expr {
  const span = reading.spanOf(node);
  const syntax = SYNTAXES[name];
  const [first, second] = args;
  if (name === 'timezone' && first !== undefined && second !== undefined)
    return { kind: 'binary', op: 'AT TIME ZONE', left: second, right: first, span };
  if (syntax === undefined) return reading.fail(node, 'function');
  return {
    kind: 'call',
    schema: null,
    name,
    args,
    syntax,
    variadic: false,
    returnsSet: false,
    span,
  };
}

/** `SVFOP_LOCALTIMESTAMP_N` with 3 is `LOCALTIMESTAMP(3)`. */
export function adaptValueFunction(
  reading: Reading,
  { op, typmod }: SQLValueFunction,
  node: Node,
): Expr {
  const word = (op ?? '').replace(/^SVFOP_/, '');
  const sql = word.endsWith('_N') ? `${word.slice(0, -2)}(${typmod ?? 0})` : word;
  return { kind: 'value_function', sql, span: reading.spanOf(node) };
}

const DIRECTIONS: Readonly<Record<string, string>> = { SORTBY_ASC: 'ASC', SORTBY_DESC: 'DESC' };

export function sorts(reading: Reading, nodes: readonly Node[] | undefined): Sort[] {
  return (nodes ?? []).flatMap((node) => {
    if (!('SortBy' in node)) return [];
    const { node: expr, sortby_dir: dir, sortby_nulls: nulls, useOp } = node.SortBy;
    const direction =
      dir === 'SORTBY_USING'
        ? `USING ${operatorText(strings(useOp))}`
        : (DIRECTIONS[dir ?? ''] ?? null);
    return [
      {
        expr: maybe(reading, expr) ?? reading.fail(node, 'order'),
        direction,
        nulls:
          nulls === 'SORTBY_NULLS_FIRST' ? 'FIRST' : nulls === 'SORTBY_NULLS_LAST' ? 'LAST' : null,
      },
    ];
  });
}

function adaptOver(reading: Reading, window: WindowDef): string | WindowSpec {
  return window.name ?? adaptWindow(reading, window);
}

export function adaptWindow(reading: Reading, window: WindowDef): WindowSpec {
  return {
    base: window.refname ?? null,
    partitionBy: exprs(reading, window.partitionClause),
    orderBy: sorts(reading, window.orderClause),
    frame: adaptFrame(reading, window),
  };
}

/** The bits of a frame (parsenodes.h). */
const UNITS = [
  [2, 'RANGE'],
  [4, 'ROWS'],
  [8, 'GROUPS'],
] as const;
const BETWEEN = 0x10;
const BOUNDS = [
  [0x20, 0x40, 'UNBOUNDED PRECEDING'],
  [0x80, 0x100, 'UNBOUNDED FOLLOWING'],
  [0x200, 0x400, 'CURRENT ROW'],
  [0x800, 0x1000, ' PRECEDING'],
  [0x2000, 0x4000, ' FOLLOWING'],
] as const;
const EXCLUSIONS = [
  [0x8000, ' EXCLUDE CURRENT ROW'],
  [0x10000, ' EXCLUDE GROUP'],
  [0x20000, ' EXCLUDE TIES'],
] as const;

function adaptFrame(reading: Reading, window: WindowDef): Words | null {
  const bits = window.frameOptions ?? 0;
  if ((bits & 1) === 0) return null;
  const unit = UNITS.find(([bit]) => bits & bit)?.[1] ?? 'RANGE';
  const exclusion = EXCLUSIONS.find(([bit]) => bits & bit)?.[1] ?? '';
  const words: string[] = [`${unit} ${bits & BETWEEN ? 'BETWEEN ' : ''}`];
  const args: Expr[] = [];
  const add = (text: string): void => {
    words.push(`${words.pop() ?? ''}${text}`);
  };
  const bound = (text: string, offset: Node | undefined): void => {
    if (offset === undefined || !text.startsWith(' ')) return add(text);
    args.push(reading.expr(offset));
    words.push(text);
  };
  bound(BOUNDS.find(([start]) => bits & start)?.[2] ?? '', window.startOffset);
  if (bits & BETWEEN) {
    add(' AND ');
    bound(BOUNDS.find(([, end]) => bits & end)?.[2] ?? '', window.endOffset);
  }
  add(exclusion);
  return { words, args };
}
