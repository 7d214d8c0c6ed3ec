/**
 * PostgreSQL's stored parse trees (`pg_node_tree`) as data: `{NODE :field value :field value}`,
 * lists in parentheses, all else tokens in which a backslash escapes the next character
 * (outfuncs.c, read.c). The names of nodes and fields differ between majors, so readers ask for
 * fields and do not rely on a node being there.
 */
export type TreeValue = TreeNode | readonly TreeValue[] | string;

export type TreeNode = {
  readonly node: string;
  /** A field holds one value, or several tokens, such as a constant's length and bytes. */
  readonly fields: ReadonlyMap<string, readonly TreeValue[]>;
};

export const isNode = (value: TreeValue | undefined): value is TreeNode =>
  typeof value === 'object' && !Array.isArray(value);

/** Reads a tree. @throws Error on what PostgreSQL does not write */
export function parseNodeTree(text: string): TreeValue {
  const tokens = text.match(/[(){}]|(?:\\.|[^\s(){}\\])+/gs) ?? [];
  let at = 0;
  const value = (): TreeValue => {
    const token = tokens[at++];
    if (token === undefined) throw new Error('a node tree ends too early');
    if (token === '{') return node();
    if (token !== '(') return token;
    const items: TreeValue[] = [];
    while (tokens[at] !== ')') items.push(value());
    at += 1;
    return items;
  };
  const node = (): TreeNode => {
    const name = tokens[at++] ?? '';
    const fields = new Map<string, readonly TreeValue[]>();
    while (tokens[at] !== '}') {
      const field = (tokens[at++] ?? '').slice(1);
      // The first token is the field's whatever it looks like: a column may be called ":field".
      const values = [value()];
      while (tokens[at] !== '}' && !(tokens[at] ?? '').startsWith(':')) values.push(value());
      fields.set(field, values);
    }
    at += 1;
    return { node: name, fields };
  };
  return value();
}

/** Calls `see` for every node of a tree, parents first. */
export function visitNodes(value: TreeValue, see: (node: TreeNode) => void): void {
  if (typeof value === 'string') return;
  if (!isNode(value)) {
    for (const item of value) visitNodes(item, see);
    return;
  }
  see(value);
  for (const values of value.fields.values()) for (const item of values) visitNodes(item, see);
}

/** A field that holds one number, such as an OID. */
export function numberOf(node: TreeNode, field: string): number | null {
  const [value] = node.fields.get(field) ?? [];
  return typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : null;
}

/** The nodes in a field: one, or a list of them. */
export function nodesOf(node: TreeNode, field: string): readonly TreeNode[] {
  const [value] = node.fields.get(field) ?? [];
  if (value === undefined || typeof value === 'string') return [];
  return isNode(value) ? [value] : value.filter(isNode);
}

const RESULT_TYPES = [
  'vartype',
  'consttype',
  'paramtype',
  'aggtype',
  'wintype',
  'funcresulttype',
  'opresulttype',
  'casetype',
  'coalescetype',
  'minmaxtype',
  'array_typeid',
  'row_typeid',
  'refrestype',
  'resulttype',
  'typeId',
] as const;

const BOOLEAN = 16;
const YIELDS_BOOLEAN = /^(BOOLEXPR|NULLTEST|BOOLEANTEST|SCALARARRAYOPEXPR|ROWCOMPARE)/;

/** Kinds of subqueries in expressions (primnodes.h) that yield what they select. */
const SCALAR_SUBLINK = 4;
const ARRAY_SUBLINK = 6;

/**
 * The OID of an expression's type; null where the tree does not say. For ARRAY(SELECT ..) it is
 * that of the elements, or of the arrays that it joins: what one of these depends on the other
 * does too.
 */
export function typeOf(node: TreeNode): number | null {
  if (node.node === 'SUBLINK') return typeOfSublink(node);
  for (const field of RESULT_TYPES) {
    const type = numberOf(node, field);
    if (type !== null) return type;
  }
  if (node.node.startsWith('SQLVALUEFUNCTION')) return numberOf(node, 'type');
  if (YIELDS_BOOLEAN.test(node.node)) return BOOLEAN;
  const [argument] = nodesOf(node, 'arg');
  return argument === undefined ? null : typeOf(argument);
}

function typeOfSublink(node: TreeNode): number | null {
  const kind = numberOf(node, 'subLinkType');
  if (kind !== SCALAR_SUBLINK && kind !== ARRAY_SUBLINK) return BOOLEAN;
  const [query] = nodesOf(node, 'subselect');
  const [target] = query === undefined ? [] : nodesOf(query, 'targetList');
  const [expr] = target === undefined ? [] : nodesOf(target, 'expr');
  return expr === undefined ? null : typeOf(expr);
}
