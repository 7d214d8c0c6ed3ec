/**
 * A comparison of a value that is the time in some rows and a column in others, as a choice of two
 * comparisons, of which one reads the time and the other does not:
 *
 *   coalesce(closed, now()) - opened > interval '4 hours'
 *   CASE WHEN closed IS NOT NULL THEN closed - opened > .. ELSE now() - opened > .. END
 *
 *   tstzrange(since, until) @> now()
 *   CASE WHEN since > until THEN tstzrange(since, until) IS NULL
 *     ELSE (since IS NULL OR since <= now()) AND (until IS NULL OR now() < until) END
 *
 * So rows that the passing of time changes are found by an index (timed.ts). LEAST, GREATEST and
 * CASE likewise. Right because what stands between the choice and the comparison is computed for
 * each row, and has no value for NULL; a range whose bounds are in the wrong order fails as before.
 * Counter-examples, which stay: a choice within another function, which may not ask for it; a
 * comparison by which rows are found already, because its bounds are those of a day; a range up to
 * `coalesce(until, now())`, which can fail at one moment and not at another one.
 */
import type { Binary, Call, Case, Expr, Keyword, Query } from '../../../parser/tree.ts';
import { equalExpr, mapExprs } from '../../../parser/walk.ts';
import { isBound, readsNow } from '../moments.ts';
import { findsRows, timedComparison } from '../timed.ts';
import { binary } from './expressions.ts';
import { textOf } from './zoned.ts';

/** The same object where there is no such comparison. */
export function momentsApart(query: Query): Query {
  let isSame = true;
  const mapped = mapExprs(query, (node) => {
    const other = node.kind === 'binary' ? apart(node, MOST) : null;
    isSame &&= other === null;
    return other;
  });
  return isSame ? query : mapped;
}

/** As many choices as one comparison is taken apart by. */
const MOST = 4;

const SAME_SIDES: Readonly<Record<string, string>> = {
  '=': 'true',
  '<=': 'true',
  '>=': 'true',
  '<>': 'false',
  '<': 'false',
  '>': 'false',
};

/** Null where it stays as it is. */
function apart(node: Binary, most: number): Expr | null {
  if (!readsNow(node)) return null;
  const same = SAME_SIDES[node.op];
  if (same !== undefined && isBound(node.left) && equalExpr(node.left, node.right))
    return { kind: 'literal', sql: same, span: node.span };
  const ofRange = containedIn(node);
  if (ofRange !== null) return ofRange;
  if (timedComparison(node) === null || findsRows(node)) return null;
  const choice = most === 0 ? null : choiceIn(node);
  if (choice === null) return null;
  const whole = (value: Expr): Expr => {
    const other = replaced(node, choice.node, value);
    return (other.kind === 'binary' ? apart(other, most - 1) : null) ?? other;
  };
  return {
    ...choice.as,
    whens: choice.as.whens.map(({ when, result }) => ({
      when: (when.kind === 'binary' ? apart(when, most - 1) : null) ?? when,
      result: whole(result),
    })),
    otherwise: choice.as.otherwise && whole(choice.as.otherwise),
    span: node.span,
  };
}

type Choice = { readonly node: Expr; readonly as: Case };

/** The first choice between the time and something else that each row asks for. */
function choiceIn(expr: Expr): Choice | null {
  if (!readsNow(expr)) return null;
  if (expr.kind === 'case') return { node: expr, as: expr };
  if (expr.kind === 'keyword') {
    const as = asCase(expr);
    return as && { node: expr, as };
  }
  for (const operand of operandsOf(expr)) {
    const found = choiceIn(operand);
    if (found !== null) return found;
  }
  return null;
}

const STRICT: ReadonlySet<string> = new Set(['date_part', 'date_trunc', 'extract', 'timezone']);

/** What is computed for each row, and without which there is no value. */
function operandsOf(expr: Expr): readonly Expr[] {
  if (expr.kind === 'binary' && OPERATORS.test(expr.op)) return [expr.left, expr.right];
  if (expr.kind === 'cast') return [expr.operand];
  const isStrict = expr.kind === 'call' && expr.schema === null && STRICT.has(expr.name);
  return isStrict ? expr.args : [];
}

const OPERATORS = /^([-+*/%]|[<>]=?|=|<>|@>|<@|&&|AT TIME ZONE)$/;

/** COALESCE, LEAST and GREATEST as what they choose by; null for another one. */
function asCase(keyword: Keyword): Case | null {
  const [first, ...others] = keyword.args;
  const [second] = others;
  if (first === undefined || second === undefined) return null;
  const choose = (when: Expr, result: Expr, otherwise: Expr): Case => ({
    kind: 'case',
    subject: null,
    whens: [{ when, result }],
    otherwise,
    span: keyword.span,
  });
  switch (keyword.name) {
    case 'COALESCE':
      return choose(
        { kind: 'unary', op: 'IS NOT NULL', operand: first, span: null },
        first,
        others.length === 1 ? second : { ...keyword, args: others },
      );
    case 'LEAST':
    case 'GREATEST': {
      // The time is never NULL, so that it is the one if the other one is.
      const [bound, value] = isBound(first) ? [first, second] : [second, first];
      if (others.length > 1 || !isBound(bound)) return null;
      const op = keyword.name === 'LEAST' ? '<=' : '>=';
      return choose(binary(value, op, bound), value, bound);
    }
    default:
      return null;
  }
}

/** The expression with another one in place of this part. */
function replaced(expr: Expr, part: Expr, by: Expr): Expr {
  if (expr === part) return by;
  switch (expr.kind) {
    case 'binary':
      return {
        ...expr,
        left: replaced(expr.left, part, by),
        right: replaced(expr.right, part, by),
      };
    case 'cast':
      return { ...expr, operand: replaced(expr.operand, part, by) };
    case 'call':
      return { ...expr, args: expr.args.map((arg) => replaced(arg, part, by)) };
    default:
      return expr;
  }
}

const RANGES: ReadonlySet<string> = new Set(['daterange', 'tsrange', 'tstzrange']);

/** How the bounds of a range are compared with what it contains. */
const BOUNDS: Readonly<Record<string, readonly [string, string]>> = {
  '[)': ['<=', '<'],
  '[]': ['<=', '<='],
  '()': ['<', '<'],
  '(]': ['<', '<='],
};

/** That a range contains the time, by its bounds; null for anything else. */
function containedIn({ op, left, right, span }: Binary): Expr | null {
  if (op !== '@>' && op !== '<@') return null;
  const [range, time] = op === '@>' ? [left, right] : [right, left];
  if (!isRange(range) || !isBound(time)) return null;
  const [lower, upper, written] = range.args;
  const ops = written === undefined ? BOUNDS['[)'] : BOUNDS[textOf(written) ?? ''];
  if (lower === undefined || upper === undefined || ops === undefined) return null;
  // It would fail at one moment and not at another one.
  if (readsNow(lower) || readsNow(upper)) return null;
  const none = (operand: Expr): Expr => ({ kind: 'unary', op: 'IS NULL', operand, span: null });
  const within = (bound: Expr, test: Expr): Expr => binary(none(bound), 'OR', test);
  const test = binary(
    within(lower, binary(lower, ops[0], time)),
    'AND',
    within(upper, binary(time, ops[1], upper)),
  );
  return {
    kind: 'case',
    subject: null,
    whens: [{ when: binary(lower, '>', upper), result: none(range) }],
    otherwise: test,
    span,
  };
}

const isRange = (expr: Expr): expr is Call =>
  expr.kind === 'call' && expr.schema === null && RANGES.has(expr.name);
