/** Adapts expressions of pgsql-ast-parser to our tree. Calls are in calls.ts. */
import type {
  Expr as Ast,
  ExprArrayIndex,
  ExprBinary,
  ExprCase,
  ExprCast,
  ExprRef,
  ExprUnary,
} from 'pgsql-ast-parser';
import { quoteIdent } from '../quote.ts';
import type { Expr } from '../tree.ts';
import { adaptArrayComparison, adaptCall, adaptSpecialForm } from './calls.ts';
import type { Reading } from './reading.ts';
import { nameOf, spanOf, spelled } from './reading.ts';
import { typeOfCast } from './type-names.ts';

export function adaptExpr(reading: Reading, node: Ast): Expr {
  const span = spanOf(node);
  switch (node.type) {
    case 'ref':
      return adaptColumn(reading, node);
    case 'integer':
    case 'numeric':
      return adaptNumber(reading, node);
    case 'string':
      return adaptString(reading, node);
    case 'boolean':
      return { kind: 'literal', sql: node.value ? 'TRUE' : 'FALSE', span };
    case 'null':
      return { kind: 'literal', sql: 'NULL', span };
    case 'binary':
      return adaptBinary(reading, node);
    case 'unary':
      return adaptUnary(reading, node);
    case 'cast':
      return adaptCast(reading, node);
    case 'call':
      return adaptCall(reading, node);
    case 'case':
      return adaptCase(reading, node);
    case 'array': {
      const items = node.expressions.map((item) => reading.expr(item));
      return { kind: 'array', items, span };
    }
    case 'arrayIndex':
      return adaptSubscript(reading, node);
    case 'extract':
    case 'overlay':
    case 'substring':
      return adaptSpecialForm(reading, node);
    default:
      return reading.giveUp(span);
  }
}

function adaptColumn(reading: Reading, node: ExprRef): Expr {
  if (node.name === '*' || node.table?.schema !== undefined) return reading.giveUp(spanOf(node));
  const path = [...(node.table ? [nameOf(reading, node.table)] : []), nameOf(reading, node)];
  return { kind: 'name', path, star: false, span: spanOf(node) };
}

/**
 * The grammar makes JavaScript numbers of numbers: `1.0000` is 1 there. The definition's own
 * spelling is what counts.
 */
function adaptNumber(reading: Reading, node: Ast): Expr {
  const [, minus, sql] = /^(-?)(\d+(?:\.\d+)?)$/.exec(spelled(reading, node)) ?? [];
  const span = spanOf(node);
  if (sql === undefined) return reading.giveUp(span);
  const literal: Expr = { kind: 'literal', sql, span };
  return minus === '-' ? { kind: 'unary', op: '-', operand: literal, span } : literal;
}

function adaptString(reading: Reading, node: Ast): Expr {
  const sql = spelled(reading, node);
  return /^'(?:[^']|'')*'$/.test(sql)
    ? { kind: 'literal', sql, span: spanOf(node) }
    : reading.giveUp(spanOf(node));
}

/** Operators that this grammar gives another name. */
const RENAMED: Readonly<Record<string, string>> = {
  '!=': '<>',
  LIKE: '~~',
  'NOT LIKE': '!~~',
  ILIKE: '~~*',
  'NOT ILIKE': '!~~*',
};
const WORDS = ['AND', 'OR', 'AT TIME ZONE'];

/** An operator as the tree spells it; null for one that this reader does not read. */
function operatorOf({ op, opSchema }: ExprBinary | ExprUnary): string | null {
  const text = RENAMED[op] ?? op;
  if (!WORDS.includes(text) && !/^[-+*/<>=~!@#%^&|]+$/.test(text)) return null;
  return opSchema === undefined || opSchema === 'pg_catalog'
    ? text
    : `OPERATOR(${quoteIdent(opSchema)}.${text})`;
}

function adaptBinary(reading: Reading, node: ExprBinary): Expr {
  const op = operatorOf(node);
  const span = spanOf(node);
  if (op === null) return reading.giveUp(span);
  const left = reading.expr(node.left);
  const comparison = adaptArrayComparison(reading, node.right, { op, left, span });
  return comparison ?? { kind: 'binary', op, left, right: reading.expr(node.right), span };
}

function adaptUnary(reading: Reading, node: ExprUnary): Expr {
  const isWord = node.op === 'NOT' || /^IS (NOT )?(NULL|TRUE|FALSE)$/.test(node.op);
  const op = isWord ? node.op : operatorOf(node);
  const span = spanOf(node);
  return op === null
    ? reading.giveUp(span)
    : { kind: 'unary', op, operand: reading.expr(node.operand), span };
}

function adaptCast(reading: Reading, node: ExprCast): Expr {
  const type = typeOfCast(reading, node);
  const span = spanOf(node);
  return type === null
    ? reading.giveUp(span)
    : { kind: 'cast', operand: reading.expr(node.operand), type, span };
}

function adaptCase(reading: Reading, node: ExprCase): Expr {
  return {
    kind: 'case',
    subject: node.value ? reading.expr(node.value) : null,
    whens: node.whens.map(({ when, value }) => ({
      when: reading.expr(when),
      result: reading.expr(value),
    })),
    otherwise: node.else ? reading.expr(node.else) : null,
    span: spanOf(node),
  };
}

/**
 * `a[1][2]` is one access with two subscripts; the server gate notices the rare `(a[1])[2]`, which
 * is two accesses.
 */
function adaptSubscript(reading: Reading, node: ExprArrayIndex): Expr {
  const array = reading.expr(node.array);
  const index = reading.expr(node.index);
  const span = spanOf(node);
  return array.kind === 'subscript'
    ? { ...array, indexes: [...array.indexes, index], span }
    : { kind: 'subscript', array, indexes: [index], span };
}
