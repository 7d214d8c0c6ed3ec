/** Expressions that are NULL, and conditions that do not hold, where their columns are NULL. */
import type { Expr } from '../../parser/tree.ts';

/** Functions of pg_catalog that give NULL where an argument is NULL. */
const FUNCTIONS: ReadonlySet<string> = new Set(
  (
    'abs age ceil ceiling date date_add date_bin date_part date_subtract date_trunc extract ' +
    'floor length lower round timestamp timestamptz timezone trunc upper'
  ).split(' '),
);
const OPERATORS = /^([-+*/%]|=|<>|<=?|>=?|@>|<@|&&|AT TIME ZONE)$/;
const LIKE = /^!?~~?\*?$/;

/** Whether an expression is NULL where all its columns are; false if that is not known. */
export function isStrict(expr: Expr): boolean {
  switch (expr.kind) {
    case 'column':
      return true;
    case 'join_column':
      return isStrict(expr.target);
    case 'cast':
    case 'collate':
      return isStrict(expr.operand);
    case 'unary':
      return /^[-+]$/.test(expr.op) && isStrict(expr.operand);
    case 'binary':
      return OPERATORS.test(expr.op) && (isStrict(expr.left) || isStrict(expr.right));
    case 'call':
      return expr.schema === null && FUNCTIONS.has(expr.name) && expr.args.some(isStrict);
    default:
      return false;
  }
}

/**
 * Whether an array is known to have elements: each comparison with all of none holds, that of NULL
 * included. `ARRAY['{}'::integer[]]` has none.
 */
function hasItems(array: Expr): boolean {
  if (array.kind === 'cast') return hasItems(array.operand);
  return (
    array.kind === 'array' &&
    array.items.some(
      (item) => item.kind === 'literal' || (item.kind === 'cast' && !item.type.endsWith(']')),
    )
  );
}

/** Whether a condition does not hold where all its columns are NULL; false if that is not known. */
export function rejectsNulls(condition: Expr): boolean {
  if (condition.kind === 'array_comparison')
    return (
      (OPERATORS.test(condition.op) || LIKE.test(condition.op)) &&
      isStrict(condition.left) &&
      (condition.quantifier === 'ANY' || hasItems(condition.array))
    );
  if (condition.kind === 'unary' && condition.op === 'IS NOT NULL')
    return isStrict(condition.operand);
  if (condition.kind !== 'binary') return isStrict(condition);
  const { op, left, right } = condition;
  if (op === 'AND') return rejectsNulls(left) || rejectsNulls(right);
  return op === 'OR' ? rejectsNulls(left) && rejectsNulls(right) : isStrict(condition);
}
