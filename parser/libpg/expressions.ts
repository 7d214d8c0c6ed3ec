/**
 * Adapts expressions of PostgreSQL's grammar to our tree. Calls are in calls.ts, queries in
 * query.ts.
 */
import type { A_Const, A_Expr, A_Indirection, Node, SubLink, TypeCast } from 'libpg-query';
import { quoteIdent, quoteLiteral } from '../quote.ts';
import type { Expr, Sublink } from '../tree.ts';
import { adaptCall, adaptValueFunction } from './calls.ts';
import type { Reading } from './reading.ts';
import { exprs, maybe, operatorText, selectOf, strings } from './reading.ts';
import { adaptSyntaxForm } from './syntax-forms.ts';
import { typeText } from './type-names.ts';

export function adaptExpr(reading: Reading, node: Node): Expr {
  const span = reading.spanOf(node);
  if ('ColumnRef' in node) {
    const fields = node.ColumnRef.fields ?? [];
    return {
      kind: 'name',
      path: strings(fields),
      star: fields.some((field) => 'A_Star' in field),
      span,
    };
  }
  if ('A_Const' in node) return adaptConstant(node.A_Const, reading, node);
  if ('A_Expr' in node) return adaptOperator(reading, node.A_Expr, node);
  if ('TypeCast' in node) return adaptCast(reading, node.TypeCast, node);
  if ('FuncCall' in node) return adaptCall(reading, node.FuncCall, node);
  if ('SubLink' in node) return adaptSublink(reading, node.SubLink, node);
  if ('A_Indirection' in node) return adaptIndirection(reading, node.A_Indirection, node);
  if ('SQLValueFunction' in node) return adaptValueFunction(reading, node.SQLValueFunction, node);
  return adaptTest(reading, node) ?? adaptList(reading, node) ?? adaptSyntaxForm(reading, node);
}

const NOT: Readonly<Record<string, string>> = {
  IS_NULL: 'IS NULL',
  IS_NOT_NULL: 'IS NOT NULL',
  IS_TRUE: 'IS TRUE',
  IS_NOT_TRUE: 'IS NOT TRUE',
  IS_FALSE: 'IS FALSE',
  IS_NOT_FALSE: 'IS NOT FALSE',
  IS_UNKNOWN: 'IS UNKNOWN',
  IS_NOT_UNKNOWN: 'IS NOT UNKNOWN',
};

function adaptTest(reading: Reading, node: Node): Expr | null {
  const span = reading.spanOf(node);
  const operand = (arg: Node | undefined): Expr =>
    maybe(reading, arg) ?? reading.fail(node, 'test');
  if ('NullTest' in node) {
    const op = NOT[node.NullTest.nulltesttype ?? ''] ?? 'IS NULL';
    return { kind: 'unary', op, operand: operand(node.NullTest.arg), span };
  }
  if ('BooleanTest' in node) {
    const op = NOT[node.BooleanTest.booltesttype ?? ''] ?? 'IS TRUE';
    return { kind: 'unary', op, operand: operand(node.BooleanTest.arg), span };
  }
  if ('CollateClause' in node) {
    const names = strings(node.CollateClause.collname);
    return {
      kind: 'collate',
      operand: operand(node.CollateClause.arg),
      collation: names.map(quoteIdent).join('.'),
      span,
    };
  }
  if (!('BoolExpr' in node)) return null;
  const args = exprs(reading, node.BoolExpr.args);
  const [first, ...others] = args;
  if (first === undefined) return reading.fail(node, 'condition');
  if (node.BoolExpr.boolop === 'NOT_EXPR')
    return { kind: 'unary', op: 'NOT', operand: first, span };
  const op = node.BoolExpr.boolop === 'AND_EXPR' ? 'AND' : 'OR';
  const start = first.span?.start ?? span?.start ?? 0;
  return others.reduce(
    (left, right): Expr => ({
      kind: 'binary',
      op,
      left,
      right,
      span: right.span && { start: Math.min(start, right.span.start), end: right.span.end },
    }),
    first,
  );
}

function adaptList(reading: Reading, node: Node): Expr | null {
  const span = reading.spanOf(node);
  if ('CoalesceExpr' in node)
    return {
      kind: 'keyword',
      name: 'COALESCE',
      args: exprs(reading, node.CoalesceExpr.args),
      span,
    };
  if ('MinMaxExpr' in node) {
    const name = node.MinMaxExpr.op === 'IS_LEAST' ? 'LEAST' : 'GREATEST';
    return { kind: 'keyword', name, args: exprs(reading, node.MinMaxExpr.args), span };
  }
  if ('A_ArrayExpr' in node)
    return { kind: 'array', items: exprs(reading, node.A_ArrayExpr.elements), span };
  if ('RowExpr' in node) return { kind: 'row', items: exprs(reading, node.RowExpr.args), span };
  if ('GroupingFunc' in node)
    return { kind: 'grouping', args: exprs(reading, node.GroupingFunc.args), span };
  if ('NamedArgExpr' in node) {
    const { name = '', arg } = node.NamedArgExpr;
    const value = maybe(reading, arg) ?? reading.fail(node, 'argument');
    return { kind: 'named_argument', name, value, span };
  }
  if (!('CaseExpr' in node)) return null;
  const whens = (node.CaseExpr.args ?? []).flatMap((one) =>
    'CaseWhen' in one
      ? [
          {
            when: maybe(reading, one.CaseWhen.expr) ?? reading.fail(one, 'condition'),
            result: maybe(reading, one.CaseWhen.result) ?? reading.fail(one, 'result'),
          },
        ]
      : [],
  );
  return {
    kind: 'case',
    subject: maybe(reading, node.CaseExpr.arg),
    whens,
    otherwise: maybe(reading, node.CaseExpr.defresult),
    span,
  };
}

/** Fields that are zero, false or empty are left out of the grammar's messages. */
function adaptConstant(constant: A_Const, reading: Reading, node: Node): Expr {
  const span = reading.spanOf(node);
  const literal = (sql: string): Expr => ({ kind: 'literal', sql, span });
  if (constant.isnull === true) return literal('NULL');
  if (constant.boolval !== undefined) return literal(constant.boolval.boolval ? 'TRUE' : 'FALSE');
  if (constant.sval !== undefined) return literal(quoteLiteral(constant.sval.sval ?? ''));
  if (constant.bsval !== undefined) {
    const bits = constant.bsval.bsval ?? '';
    return literal(`${bits.slice(0, 1).toUpperCase()}'${bits.slice(1)}'`);
  }
  const number = constant.fval?.fval ?? String(constant.ival?.ival ?? 0);
  // The grammar makes one constant of a minus and a number.
  return number.startsWith('-')
    ? { kind: 'unary', op: '-', operand: literal(number.slice(1)), span }
    : literal(number);
}

/**
 * A chain of operators that leans to the left, as a long sum does, is adapted from its left end on.
 */
function adaptOperator(reading: Reading, expr: A_Expr, node: Node): Expr {
  const chain = [{ expr, node }];
  let left = expr.lexpr;
  while (left !== undefined && 'A_Expr' in left) {
    chain.push({ expr: left.A_Expr, node: left });
    left = left.A_Expr.lexpr;
  }
  return (
    chain.reduceRight<Expr | null>(
      (operand, one) => adaptOperation(reading, one.expr, operand, one.node),
      maybe(reading, left),
    ) ?? reading.fail(node, 'operator')
  );
}

function adaptOperation(reading: Reading, expr: A_Expr, left: Expr | null, node: Node): Expr {
  const span = reading.spanOf(node);
  const op = operatorText(strings(expr.name));
  const right = maybe(reading, expr.rexpr);
  if (right === null) return reading.fail(node, 'operator');
  if (left === null)
    return expr.kind === 'AEXPR_OP'
      ? { kind: 'unary', op, operand: right, span }
      : reading.fail(node, 'operator');
  switch (expr.kind) {
    case 'AEXPR_OP':
      return { kind: 'binary', op, left, right, span };
    case 'AEXPR_DISTINCT':
      return { kind: 'binary', op: 'IS DISTINCT FROM', left, right, span };
    case 'AEXPR_NOT_DISTINCT':
      return { kind: 'binary', op: 'IS NOT DISTINCT FROM', left, right, span };
    case 'AEXPR_NULLIF':
      return { kind: 'keyword', name: 'NULLIF', args: [left, right], span };
    case 'AEXPR_OP_ANY':
    case 'AEXPR_OP_ALL':
      return {
        kind: 'array_comparison',
        op,
        quantifier: expr.kind === 'AEXPR_OP_ANY' ? 'ANY' : 'ALL',
        left,
        array: right,
        span,
      };
    default:
      // IN, LIKE, SIMILAR TO and BETWEEN are never printed: PostgreSQL prints the operators that
      // they stand for.
      return reading.fail(node, 'operator');
  }
}

function adaptCast(reading: Reading, cast: TypeCast, node: Node): Expr {
  const type = cast.typeName && typeText(cast.typeName);
  const operand = maybe(reading, cast.arg);
  if (type === undefined || type === null || operand === null) return reading.fail(node, 'type');
  return { kind: 'cast', operand, type, span: reading.spanOf(node) };
}

const FORMS: Readonly<Record<string, Sublink['form']>> = {
  EXISTS_SUBLINK: 'exists',
  EXPR_SUBLINK: 'scalar',
  ARRAY_SUBLINK: 'array',
  ANY_SUBLINK: 'any',
  ALL_SUBLINK: 'all',
};

function adaptSublink(reading: Reading, link: SubLink, node: Node): Expr {
  const form = FORMS[link.subLinkType ?? ''];
  const statement = selectOf(link.subselect);
  if (form === undefined || statement === null) return reading.fail(node, 'subquery');
  const op = form === 'any' || form === 'all' ? operatorText(strings(link.operName)) || '=' : null;
  return {
    kind: 'sublink',
    form,
    left: maybe(reading, link.testexpr),
    op,
    query: reading.query(statement),
    span: reading.spanOf(node),
  };
}

/**
 * Subscripts and fields, from the left: `a[1][2]` is one access with two subscripts, `(a[1])[2]` is
 * two accesses.
 */
function adaptIndirection(reading: Reading, { arg, indirection }: A_Indirection, node: Node): Expr {
  const span = reading.spanOf(node);
  let expr = maybe(reading, arg) ?? reading.fail(node, 'subscript');
  let indices: { lower: Expr | null; upper: Expr | null; isSlice: boolean }[] = [];
  const flush = (): void => {
    if (indices.length === 0) return;
    expr = indices.some((one) => one.isSlice)
      ? {
          kind: 'slice',
          array: expr,
          // Next to a slice a subscript is one too, from 1 on.
          bounds: indices.map(({ lower, upper, isSlice }) => ({
            lower: isSlice ? lower : ONE,
            upper,
          })),
          span,
        }
      : {
          kind: 'subscript',
          array: expr,
          indexes: indices.flatMap(({ upper }) => upper ?? []),
          span,
        };
    indices = [];
  };
  for (const one of indirection ?? []) {
    if ('A_Indices' in one) {
      const { is_slice: isSlice = false, lidx, uidx } = one.A_Indices;
      indices.push({ lower: maybe(reading, lidx), upper: maybe(reading, uidx), isSlice });
      continue;
    }
    flush();
    expr =
      'String' in one
        ? { kind: 'field', operand: expr, name: one.String.sval ?? '', span }
        : reading.fail(node, 'expansion');
  }
  flush();
  return expr;
}

const ONE: Expr = { kind: 'literal', sql: '1', span: null };
