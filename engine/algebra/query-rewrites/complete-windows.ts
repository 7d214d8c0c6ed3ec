/**
 * A window function whose value depends on ties gets a window of its own with a total order. Others
 * over the same window keep it: rank, or a sum over a RANGE frame, says the same of all rows that
 * are equal, and a longer ORDER BY would tell these apart.
 */
import type { Expr, Select, Sort, WindowCall, WindowSpec, Words } from '../../../parser/tree.ts';
import { ORDER_SENSITIVE, note, type Orders } from './orders.ts';

/** Their frame does not count. */
const NUMBERS_ROWS = new Set(['row_number', 'ntile', 'lag', 'lead']);
const TAKES_A_ROW = new Set(['first_value', 'last_value', 'nth_value']);
/** The same for all rows that are equal in the order. */
const TIED = new Set(['rank', 'dense_rank', 'percent_rank', 'cume_dist']);

type Frame = {
  readonly unit: string;
  readonly start: string;
  readonly end: string;
  /** Whether it leaves out rows that are equal to the current one. */
  readonly excludesTies: boolean;
  readonly excludes: boolean;
};

const FIRST = 'UNBOUNDED PRECEDING';
const LAST = 'UNBOUNDED FOLLOWING';
const CURRENT = 'CURRENT ROW';
const WHOLE: Words = { words: [`ROWS BETWEEN ${FIRST} AND ${LAST}`], args: [] };

/** Null where the call stays as it is. */
export function completeWindow(call: WindowCall, orders: Orders): WindowCall | null {
  const { rowKey } = orders.block;
  const window = windowOf(call.over, orders.block.select);
  if (window === null || !countsTies(call, window)) return null;
  const exprs = window.orderBy.map(({ expr }) => expr);
  const added = orders.missing(rowKey, [...window.partitionBy, ...exprs]);
  if (added !== null && added.length === 0) return null;
  const completed = added === null ? null : totalWindow(call, window, added);
  if (added === null || completed === null) {
    orders.fail(`window function "${call.name}"`, call);
    return null;
  }
  note(orders, call.name, window.orderBy, added);
  return { ...call, over: completed };
}

/** What a call's OVER says with the windows that it builds on. */
function windowOf(over: WindowCall['over'], select: Select): WindowSpec | null {
  const spec = typeof over === 'string' ? { ...NOTHING, base: over } : over;
  if (spec.base === null) return spec;
  const named = select.windows.find(({ name }) => name === spec.base);
  const base = named === undefined ? null : windowOf(named.window, select);
  return (
    base && {
      base: null,
      partitionBy: base.partitionBy,
      orderBy: spec.orderBy.length > 0 ? spec.orderBy : base.orderBy,
      frame: spec.frame ?? base.frame,
    }
  );
}

const NOTHING: WindowSpec = { base: null, partitionBy: [], orderBy: [], frame: null };

/**
 * Whether the value depends on which of two equal rows comes first. Of functions that are not
 * PostgreSQL's own only the frame tells: over all rows of a partition it does wherever the function
 * goes by their order.
 */
function countsTies({ schema, name }: WindowCall, window: WindowSpec): boolean {
  if (schema === null && TIED.has(name)) return false;
  const takesAnOrder = NUMBERS_ROWS.has(name) || TAKES_A_ROW.has(name) || ORDER_SENSITIVE.has(name);
  if (schema === null && takesAnOrder) return true;
  const frame = frameOf(window.frame);
  if (schema !== null && (isWhole(frame) || window.orderBy.length === 0)) return true;
  return frame.unit === 'ROWS' && !isWhole(frame);
}

const isWhole = ({ start, end, excludes }: Frame): boolean =>
  start === FIRST && end === LAST && !excludes;

function frameOf(frame: Words | null): Frame {
  const text = frame === null ? `RANGE ${FIRST}` : frame.words.join('?');
  const found = /^(RANGE|ROWS|GROUPS) (?:BETWEEN (.*?) AND (.*?)|(.*?))( EXCLUDE .*)?$/.exec(text);
  const [, unit = '', start, end, alone, exclude = ''] = found ?? [];
  return {
    unit,
    start: start ?? alone ?? '',
    end: end ?? CURRENT,
    excludes: exclude !== '',
    excludesTies: /GROUP|TIES/.test(exclude),
  };
}

/** The window with a total order in which the call has the value that it may have; or null. */
function totalWindow(
  { name }: WindowCall,
  window: WindowSpec,
  added: readonly Sort[],
): WindowSpec | null {
  const orderBy = [...window.orderBy, ...added];
  if (NUMBERS_ROWS.has(name)) return { ...window, orderBy, frame: null };
  const frame = frameOf(window.frame);
  if (frame.unit === 'ROWS') return frame.excludesTies ? null : { ...window, orderBy };
  if (frame.excludes) return null;
  // Without an order all rows are equal: the frame is the partition.
  const isAll = isWhole(frame) || (window.orderBy.length === 0 && !hasOffset(frame));
  if (isAll) return { ...window, orderBy, frame: WHOLE };
  if (name === 'first_value' && frame.start === FIRST && !hasOffset(frame))
    return { ...window, orderBy, frame: WHOLE };
  if (name === 'last_value' && frame.end === LAST && !hasOffset(frame))
    return { ...window, orderBy, frame: WHOLE };
  const isOfTies =
    (name === 'first_value' && frame.start === CURRENT) ||
    (name === 'last_value' && frame.end === CURRENT);
  return isOfTies && !hasOffset(frame) ? amongTies(window, added) : null;
}

const hasOffset = ({ start, end }: Frame): boolean => `${start} ${end}`.includes('?');

/** The rows that are equal to the current one, which are where such a frame begins or ends. */
function amongTies(window: WindowSpec, added: readonly Sort[]): WindowSpec {
  const equal: Expr[] = window.orderBy.map(({ expr }) => expr);
  return {
    ...window,
    partitionBy: [...window.partitionBy, ...equal],
    orderBy: added,
    frame: WHOLE,
  };
}
