/** The uses of functions, and the conversions through text, in stored parse trees. */
import type { FunctionUse } from './function-facts.ts';
import { guardedIn } from './guarded-texts.ts';
import { isXmlTable, specialUses } from './special-nodes.ts';
import { constantOf } from './stored-constants.ts';
import type { TreeNode, TreeValue } from './stored-tree.ts';
import { nodesOf, numberOf, typeOf, visitNodes } from './stored-tree.ts';
import { RECORD } from './type-output.ts';

/** A function with the types of its arguments as they are used. */
export type Use = {
  readonly oid: number;
  readonly args: readonly TreeNode[];
  readonly argumentTypes: readonly number[];
  /** Whether it is called by its name: not as an operator, a cast or an aggregate. */
  readonly isCall: boolean;
  /** Whether its columns are listed: `jsonb_to_record(data) AS r(id int)`. */
  readonly hasColumnList: boolean;
};
/** `isOfXml`: from what XMLTABLE finds in its document. */
export type Conversion = {
  readonly from: TreeNode | null;
  readonly to: number;
  readonly isOfXml?: boolean;
  /** Whether the text is known to consist of digits (guarded-texts.ts). */
  readonly isOfDigits?: boolean;
};
export type Findings = {
  readonly uses: readonly Use[];
  readonly conversions: readonly Conversion[];
  readonly special: readonly FunctionUse[];
};

/** The fields in which nodes name a function by OID. */
const FUNCTION_FIELDS = ['funcid', 'aggfnoid', 'winfnoid', 'opfuncid'] as const;

/** Of `CoercionForm`. */
const EXPLICIT_CALL = 0;

export function findIn(trees: readonly TreeValue[]): Findings {
  const uses: Use[] = [];
  const conversions: Conversion[] = [];
  const special: FunctionUse[] = [];
  for (const tree of trees) {
    const listed = new Set<TreeNode>();
    const guarded = new Set<TreeNode>();
    visitNodes(tree, (node) => {
      for (const { call, types } of columnList(node)) {
        listed.add(call);
        const [from] = argumentsOf(call);
        conversions.push(...types.map((to) => ({ from: from ?? null, to })));
      }
      // XMLTABLE reads what it finds in the document as the types of its columns.
      if (isXmlTable(node))
        conversions.push(
          ...oidsIn(node, 'coltypes').map((to) => ({ from: null, to, isOfXml: true })),
        );
      const oid = FUNCTION_FIELDS.map((field) => numberOf(node, field)).find(
        (found) => found !== null && found !== 0,
      );
      uses.push(...frameUses(node));
      if (oid !== undefined && oid !== null)
        uses.push({
          oid,
          args: argumentsOf(node),
          argumentTypes: listedTypes(node),
          isCall: node.node === 'FUNCEXPR' && numberOf(node, 'funcformat') === EXPLICIT_CALL,
          hasColumnList: listed.has(node),
        });
      for (const one of guardedIn(node)) guarded.add(one);
      // A cast through text: the source type's output, the target type's input.
      if (node.node.startsWith('COERCEVIAIO'))
        conversions.push({
          from: nodesOf(node, 'arg')[0] ?? null,
          to: numberOf(node, 'resulttype') ?? 0,
          isOfDigits: guarded.has(node),
        });
      for (const { name, dependence, isOfReader } of specialUses(node))
        special.push({
          schema: 'pg_catalog',
          name,
          operator: null,
          dependence,
          ...(isOfReader?.(node) === true ? { isOfReader: true } : {}),
        });
    });
  }
  return { uses, conversions, special };
}

/**
 * A function in FROM whose columns are listed, and their types. What it is given is read as these:
 * of PostgreSQL's own functions, JSON.
 */
function columnList(node: TreeNode): { call: TreeNode; types: readonly number[] }[] {
  if (!node.node.startsWith('RANGETBLFUNCTION')) return [];
  const types = oidsIn(node, 'funccoltypes');
  const [call] = nodesOf(node, 'funcexpr');
  return call?.node === 'FUNCEXPR' && types.length > 0 ? [{ call, types }] : [];
}

/** What moves the bounds of a RANGE frame; hours and minutes are added without a time zone. */
function frameUses(node: TreeNode): Use[] {
  return ['start', 'end'].flatMap((side) => {
    const oid = numberOf(node, `${side}InRangeFunc`) ?? 0;
    const [offset] = nodesOf(node, `${side}Offset`);
    if (oid === 0 || offset === undefined || constantOf(offset)?.isTimeOnly === true) return [];
    return [{ oid, args: [], argumentTypes: [], isCall: false, hasColumnList: false }];
  });
}

/** An aggregate's arguments are wrapped in target entries. */
const argumentsOf = (node: TreeNode): readonly TreeNode[] =>
  nodesOf(node, 'args').map((arg) => nodesOf(arg, 'expr')[0] ?? arg);

/** The types that an aggregate lists. */
const listedTypes = (node: TreeNode): number[] => oidsIn(node, 'aggargtypes');

/** OIDs in a field: `(o 23 25)`. */
function oidsIn(node: TreeNode, field: string): number[] {
  const [list] = node.fields.get(field) ?? [];
  return Array.isArray(list)
    ? list.filter((item) => typeof item === 'string' && /^\d+$/.test(item)).map(Number)
    : [];
}

export function typesIn({ uses, conversions }: Findings): number[] {
  const nodes = [
    ...uses.flatMap((use) => use.args),
    ...conversions.flatMap(({ from }) => (from === null ? [] : [from])),
  ];
  const inRows = nodes.flatMap((node) => (typeOf(node) === RECORD ? rowItems(node) : [node]));
  return [
    ...uses.flatMap((use) => use.argumentTypes),
    ...inRows.map((node) => typeOf(node) ?? 0),
    ...conversions.map(({ to }) => to),
  ];
}

/** The innermost items of `ROW(...)`. */
export const rowItems = (node: TreeNode): TreeNode[] =>
  typeOf(node) === RECORD && node.fields.has('row_typeid')
    ? argumentsOf(node).flatMap(rowItems)
    : [node];
