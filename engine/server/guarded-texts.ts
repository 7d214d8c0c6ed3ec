/**
 * Texts that are read as dates where a pattern has been asked first:
 *
 *   CASE WHEN data ->> 'born' ~ '^\d{4}-\d{2}-\d{2}$' THEN (data ->> 'born')::date END
 *
 * A text that consists of digits and signs has none of the words that mean the day, such as
 * `today`. Which date it is depends on settings at most. Right because CASE computes a result where
 * its condition holds. Counter-examples: the same condition in WHERE, which PostgreSQL may compute
 * later; a pattern without its ends, or with letters but T and Z, other classes, `.` or a choice.
 */
import { constantOf } from './stored-constants.ts';
import type { TreeNode, TreeValue } from './stored-tree.ts';
import { isNode, nodesOf, numberOf, visitNodes } from './stored-tree.ts';

/** The function of `text ~ text`, whose OID is the same in every database. */
const MATCHES = 1254;

/** Of `BoolExprType`, as the stored tree has it. */
const AND = 'and';

const OF_DIGITS =
  /^\^(?:\\[d.+/-]|\[[0-9:./ -]+\]|[0-9TZ:/ -]|\{\d+(?:,\d*)?\}|[?+*]|\((?:\?:)?|\))+\$$/;

/** The conversions in a branch of CASE that are of such texts. */
export function guardedIn(node: TreeNode): readonly TreeNode[] {
  if (!node.node.startsWith('CASEWHEN')) return [];
  const [condition] = nodesOf(node, 'expr');
  const [result] = nodesOf(node, 'result');
  const texts = condition === undefined ? [] : textsOfDigits(condition);
  if (result === undefined || texts.length === 0) return [];
  const found: TreeNode[] = [];
  visitNodes(result, (inner) => {
    const [text] = inner.node.startsWith('COERCEVIAIO') ? nodesOf(inner, 'arg') : [];
    if (text !== undefined && texts.some((one) => isSame(one, text))) found.push(inner);
  });
  return found;
}

function textsOfDigits(condition: TreeNode): readonly TreeNode[] {
  const args = nodesOf(condition, 'args');
  const [operator] = condition.fields.get('boolop') ?? [];
  if (operator === AND) return args.flatMap(textsOfDigits);
  const [text, pattern] = args;
  if (numberOf(condition, 'opfuncid') !== MATCHES || text === undefined || pattern === undefined)
    return [];
  return OF_DIGITS.test(constantOf(pattern)?.text ?? '') ? [text] : [];
}

/** Whether two expressions are the same but for their places in the text. */
function isSame(a: TreeValue, b: TreeValue): boolean {
  if (typeof a === 'string' || typeof b === 'string') return a === b;
  if (isNode(a) && isNode(b)) {
    const names = [...new Set([...a.fields.keys(), ...b.fields.keys()])];
    return (
      a.node === b.node &&
      names.every(
        (name) => name === 'location' || isSame(a.fields.get(name) ?? [], b.fields.get(name) ?? []),
      )
    );
  }
  if (isNode(a) || isNode(b) || a.length !== b.length) return false;
  return a.every((item, index) => isSame(item, b[index] ?? ''));
}
