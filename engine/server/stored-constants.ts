/** Constants in PostgreSQL's stored parse trees: `:constvalue 4 [ 1 0 0 0 ]`, a datum's bytes. */
import type { Constant } from './stable-functions.ts';
import type { TreeNode } from './stored-tree.ts';
import { nodesOf, numberOf } from './stored-tree.ts';

export const TEXT = 25;
const INTEGER = 23;
const INTERVAL = 1186;

/** The bytes of a constant; null for any other node, and for NULL. */
function bytesOf(node: TreeNode): number[] | null {
  if (!node.node.startsWith('CONST')) return null;
  const [, ...tokens] = node.fields.get('constvalue') ?? [];
  const bytes = tokens.filter((one) => typeof one === 'string' && /^-?\d+$/.test(one));
  return bytes.length === 0 ? null : bytes.map((one) => Number(one) & 0xff);
}

/** Null for what is no constant. */
export function constantOf(node: TreeNode): Constant | null {
  const bytes = bytesOf(node);
  if (bytes === null) return null;
  const type = numberOf(node, 'consttype');
  return {
    // Behind a header of four bytes, as every value has that a parser made.
    text: type === TEXT ? new TextDecoder().decode(Uint8Array.from(bytes.slice(4))) : null,
    // Eight bytes of microseconds, then days and months.
    isTimeOnly: type === INTERVAL && bytes.slice(8).every((byte) => byte === 0),
  };
}

/**
 * Whether it is an interval of hours, minutes and seconds: a constant, one that is multiplied, or
 * what make_interval makes of these alone. `signatureOf` is as in date-texts.ts.
 */
export function isTimeOnly(node: TreeNode, signatureOf: (oid: number) => string): boolean {
  if (constantOf(node)?.isTimeOnly === true) return true;
  const signature = signatureOf(numberOf(node, 'funcid') ?? numberOf(node, 'opfuncid') ?? 0);
  const args = nodesOf(node, 'args');
  if (/^(interval_mul|mul_d_interval)\(/.test(signature))
    return args.some((arg) => isTimeOnly(arg, signatureOf));
  return (
    signature.startsWith('make_interval(') &&
    args.every((arg, index) => {
      const isNamed = arg.node.startsWith('NAMEDARGEXPR');
      const place = isNamed ? (numberOf(arg, 'argnumber') ?? 0) : index;
      return place >= FIRST_OF_TIME || (!isNamed && integersOf(arg).includes(0));
    })
  );
}

/** Years, months, weeks and days come first. */
const FIRST_OF_TIME = 4;

/** The value of an integer constant, whatever the order of the server's bytes. */
export const integersOf = (node: TreeNode): readonly number[] =>
  numberOf(node, 'consttype') === INTEGER ? intsOf(node) : [];

/** The same of a constant of any type of four bytes. */
export function intsOf(node: TreeNode): readonly number[] {
  const bytes = bytesOf(node);
  if (bytes === null || bytes.length < 4) return [];
  const view = (part: readonly number[]): DataView => new DataView(Uint8Array.from(part).buffer);
  return [view(bytes.slice(0, 4)).getInt32(0, true), view(bytes.slice(-4)).getInt32(0, false)];
}
