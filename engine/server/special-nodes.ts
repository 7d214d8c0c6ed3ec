/** Nodes of a stored parse tree that depend on more than tables and are no call of a function. */
import type { TreeNode } from './stored-tree.ts';
import { numberOf } from './stored-tree.ts';
import type { Dependence } from './type-output.ts';

/** The name under which the words CURRENT_DATE, CURRENT_USER and their like are used. */
export const VALUE_FUNCTIONS = 'current_date/current_timestamp/current_user';

type Special = {
  readonly node: RegExp;
  readonly isUse?: (node: TreeNode) => boolean;
  readonly name: string;
  readonly dependence: Dependence;
  /** Whether it depends on the time of the transaction and on settings alone (`FunctionUse`). */
  readonly isOfReader?: (node: TreeNode) => boolean;
};

/** Of `LockWaitPolicy`. */
const SKIP_LOCKED = 1;

/** Of `SQLValueFunctionOp`: before it are those of dates and times. */
const CURRENT_ROLE = 9;

/** What it reads depends on the document and on conversions to the types of its columns. */
export const isXmlTable = (node: TreeNode): boolean =>
  node.node.startsWith('TABLEFUNC') && (numberOf(node, 'functype') ?? XML_TABLE) === XML_TABLE;

/** Of `TableFuncType`; before PostgreSQL 17 there is no other. */
const XML_TABLE = 0;

const SPECIAL: readonly Special[] = [
  {
    node: /^SQLVALUEFUNCTION/,
    name: VALUE_FUNCTIONS,
    dependence: 'moment',
    isOfReader: (node) => (numberOf(node, 'op') ?? CURRENT_ROLE) < CURRENT_ROLE,
  },
  { node: /^NEXTVALUE/, name: 'nextval', dependence: 'moment' },
  { node: /^TABLESAMPLE/, name: 'TABLESAMPLE', dependence: 'moment' },
  {
    node: /^ROWMARKCLAUSE/,
    isUse: (node) => numberOf(node, 'waitPolicy') === SKIP_LOCKED,
    name: 'SKIP LOCKED',
    dependence: 'moment',
  },
  {
    node: /^(XMLEXPR|TABLEFUNC|JSON)/,
    isUse: (node) => !isXmlTable(node),
    name: 'an XML or JSON constructor',
    dependence: 'settings',
  },
];

export const specialUses = (node: TreeNode): readonly Special[] =>
  SPECIAL.filter((one) => one.node.test(node.node) && one.isUse?.(node) !== false);
