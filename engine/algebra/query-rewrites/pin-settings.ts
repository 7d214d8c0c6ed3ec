/**
 * What depends on the session's TimeZone names the zone: `date_trunc('day', t)` becomes
 * `date_trunc('day', t, 'Europe/Berlin')`, `t::date` becomes `(t AT TIME ZONE ..)::date`,
 * CURRENT_DATE `(now() AT TIME ZONE ..)::date`, and current_setting('TimeZone') its value. A series
 * of days has a fourth argument on servers that know one, otherwise it is one of local times
 * (local-series.ts).
 *
 * Right because each form is what PostgreSQL computes under that TimeZone; the tests compare them
 * over changes of the clock. Counter-examples, which stay: `extract(timezone FROM t)` and to_char
 * with TZ or OF (a timestamp without time zone has no offset), `t::text`, a time of day with time
 * zone, `age` (its sign is that of the instants, its fields are local; in the hour that there is
 * twice the two differ, so that of dates has another form), NULLIF of a date and a time
 * (the first one is the value). A date after the year 294276 compares with a time, and fails as
 * one.
 */
import { quoteLiteral } from '../../../parser/quote.ts';
import type { Binary, Call, Cast, Expr, Query, ValueFunction } from '../../../parser/tree.ts';
import { mapExpr, mapExprs, mapQuery, visit } from '../../../parser/walk.ts';
import { now } from '../moments.ts';
import { localSeries, seriesAsSubqueries } from './local-series.ts';
import { mapQueries } from './relations.ts';
import { selectedBy } from './rowless-sublinks.ts';
import { isTimeOnly, shifted } from './shift-by-interval.ts';
import { DATE, INTERVAL, TIMESTAMP, TIMESTAMPTZ, TIMESTAMPTZ_ARRAY } from '../facts.ts';
import { atZone, cast, literal, textOf, type Zone } from './zoned.ts';

/** The query with the zone in it; the same object where nothing depends on TimeZone. */
export function pinTimeZone(query: Query, zone: Zone): Query {
  let changed = false;
  const pinned = (expr: Expr): Expr =>
    pinExpr(expr, zone, () => {
      changed = true;
    });
  const result = mapQueries(query, (one) => mapQuery(one, { expr: pinned }));
  return changed ? seriesAsSubqueries(result) : query;
}

/**
 * The query with the zone in place of current_setting('TimeZone'), which is often written as a
 * subquery. Before anything else is pinned, because that asks for types.
 */
export function withZoneSetting(query: Query, zone: Expr): Query {
  let changed = false;
  const result = mapExprs(query, (node) => {
    const isSetting = isZoneSetting(node);
    changed ||= isSetting;
    return isSetting ? zone : null;
  });
  return changed ? result : query;
}

function isZoneSetting(node: Expr): boolean {
  if (node.kind === 'sublink') {
    const selected = selectedBy(node);
    return selected !== null && isZoneSetting(selected);
  }
  const isSetting = node.kind === 'call' && node.schema === null && node.name === 'current_setting';
  return isSetting && textOf(node.args[0])?.toLowerCase() === 'timezone';
}

/** `see` is called for each node that has another form. */
export function pinExpr(expr: Expr, zone: Zone, see: () => void = () => {}): Expr {
  if (isOfSession(expr, zone)) return expr;
  const own = mapExpr(expr, (node) => (node === expr ? null : pinExpr(node, zone, see)));
  const other = pinNode(expr, own, zone);
  if (other !== null) see();
  return other ?? own;
}

/** The operands of a node whose types `pinTimeZone` asks for. */
export function timeOperands(node: Expr): readonly Expr[] {
  switch (node.kind) {
    case 'call':
      return node.schema === null && (node.name === 'age' || Object.hasOwn(CALLS, node.name))
        ? node.args
        : [];
    case 'cast':
      return targetOf(node.type) === null ? [] : [node.operand];
    case 'binary':
      return COMPARISONS.has(node.op) || node.op === '+' || node.op === '-'
        ? [node.left, node.right]
        : [];
    case 'array_comparison':
      return COMPARISONS.has(node.op) ? [node.left, node.array] : [];
    default:
      return [];
  }
}

/** `original` has the types, `node` is the same with its operands pinned. */
function pinNode(original: Expr, node: Expr, zone: Zone): Expr | null {
  if (original.kind === 'call' && node.kind === 'call') return pinCall(original, node, zone);
  if (original.kind === 'cast' && node.kind === 'cast')
    return pinCast(node, zone.typeOf(original.operand), zone);
  if (original.kind === 'binary' && node.kind === 'binary') return pinBinary(original, node, zone);
  if (node.kind === 'value_function') return pinWord(node, zone);
  if (original.kind === 'array_comparison' && node.kind === 'array_comparison') {
    const isMixed = COMPARISONS.has(node.op) && zone.typeOf(original.array) === TIMESTAMPTZ_ARRAY;
    const left = isMixed ? instant(node.left, zone.typeOf(original.left), zone) : null;
    return left && { ...node, left };
  }
  return null;
}

/** The date and the local time are those of a zone. */
function pinWord({ sql, span }: ValueFunction, zone: Zone): Expr | null {
  const local = atZone(now(span), zone);
  if (sql.toUpperCase() === 'CURRENT_DATE') return cast(local, 'date');
  return sql.toUpperCase() === 'LOCALTIMESTAMP' ? local : null;
}

type PinCall = (node: Call, types: readonly (number | null)[], zone: Zone) => Expr | null;

const CALLS: Readonly<Record<string, PinCall>> = {
  date_trunc: (node, [, type], zone) =>
    node.args.length === 2 && type === TIMESTAMPTZ ? withZone(node, zone) : null,
  extract: pinField,
  date_part: pinField,
  to_char: (node, [type], zone) => {
    const format = textOf(node.args[1]);
    const hasZone = format === null || /tz|of/i.test(format);
    return type === TIMESTAMPTZ && !hasZone ? withFirst(node, zone) : null;
  },
  to_timestamp: (node, _, zone) => parsedAt(node, zone),
  date: (node, [type], zone) => (type === TIMESTAMPTZ ? withFirst(node, zone) : null),
  time: (node, [type], zone) => (type === TIMESTAMPTZ ? withFirst(node, zone) : null),
  timestamp: (node, [type], zone) => (type === TIMESTAMPTZ ? withFirst(node, zone) : null),
  timestamptz: (node, [type], zone) => {
    const [first, second] = node.args;
    if (first === undefined) return null;
    if (second === undefined) return instant(first, type ?? null, zone);
    const local: Expr = { kind: 'binary', op: '+', left: first, right: second, span: node.span };
    return type === DATE && isPlain(node) ? atZone(local, zone) : null;
  },
  timezone: (node, [type], zone) => {
    const [first] = node.args;
    const isLocal = node.syntax === 'at_local' || node.args.length === 1;
    return first !== undefined && isLocal && (type === TIMESTAMPTZ || type === TIMESTAMP)
      ? atZone(first, zone)
      : null;
  },
  make_timestamptz: (node, _, zone) =>
    node.args.length === 6 && isPlain(node) ? withZone(node, zone) : null,
  generate_series: (node, [type], zone) => {
    const [, , step] = node.args;
    return zone.serverMajor >= 16 &&
      node.args.length === 3 &&
      type === TIMESTAMPTZ &&
      step !== undefined &&
      !isTimeOnly(step)
      ? withZone(node, zone)
      : null;
  },
  date_add: (node, _, zone) =>
    node.args.length === 2 && isPlain(node) ? withZone(node, zone) : null,
  date_subtract: (node, _, zone) =>
    node.args.length === 2 && isPlain(node) ? withZone(node, zone) : null,
};

/**
 * The text is read as one of UTC, and what that shows is the time of the zone:
 * `(to_timestamp('+00' || x, 'TZHYYYY-MM-DD') AT TIME ZONE 'UTC') AT TIME ZONE ..`. The format
 * begins with a number, so that the offset takes two digits and no more, and has no zone of its
 * own, no translated names, and no FX, which reads by the character from there on.
 */
function parsedAt(node: Call, zone: Zone): Expr | null {
  const [text, format] = node.args;
  const pattern = textOf(format) ?? '';
  if (text === undefined || node.args.length !== 2 || !isPlain(node)) return null;
  if (!/^(?:YY|MM|DD|HH|MI|SS)/i.test(pattern) || /tm|tz|of|fx/i.test(pattern)) return null;
  const offset: Expr = {
    kind: 'binary',
    op: '||',
    left: literal(`'+00'`, 'text'),
    right: cast(text, 'text'),
    span: node.span,
  };
  const ofUtc = { ...node, args: [offset, literal(quoteLiteral(`TZH${pattern}`), 'text')] };
  return atZone(atZone(ofUtc, { name: literal(`'UTC'`, 'text') }), zone);
}

function pinCall(original: Call, node: Call, zone: Zone): Expr | null {
  if (node.schema !== null) return null;
  if (node.name === 'generate_series' && zone.isLocalSeries(original))
    return localSeries(node, zone);
  if (node.name === 'age') return pinAge(original, node, zone);
  const types = original.args.map((arg) => zone.typeOf(arg));
  return Object.hasOwn(CALLS, node.name) ? (CALLS[node.name]?.(node, types, zone) ?? null) : null;
}

/**
 * The age of dates, which are midnights: of two of them, the later instant has the later local
 * time. With one argument, it is that at the midnight of today.
 */
function pinAge(original: Call, node: Call, zone: Zone): Expr | null {
  const [first, ...others] = node.args;
  if (first === undefined || !isPlain(node)) return null;
  const today = cast(cast(atZone(now(node.span), zone), 'date'), 'timestamp without time zone');
  if (others.length === 0 && zone.typeOf(original.args[0] ?? original) === TIMESTAMP)
    return { ...node, args: [today, first] };
  const areDates = original.args.every(
    (arg) => arg.kind === 'cast' && zone.typeOf(arg.operand) === DATE,
  );
  const times = others.length === 0 ? [atZone(today, zone), first] : node.args;
  return areDates ? { ...node, args: times.map((time) => atZone(time, zone)) } : null;
}

/**
 * Whether it is the age of instants, which stays that of the session's zone. Then so are those that
 * are computed within it: the midnight of one zone in another one is none.
 */
function isOfSession(expr: Expr, zone: Zone): boolean {
  if (expr.kind !== 'call' || expr.schema !== null || expr.name !== 'age') return false;
  const isOfInstants = expr.args.some((arg) => zone.typeOf(arg) === TIMESTAMPTZ);
  if (!isOfInstants || expr.args.length !== 2) return false;
  let hasWord = false;
  visit(expr, (node) => {
    hasWord ||= node.kind === 'value_function';
  });
  return !hasWord && pinAge(expr, expr, zone) === null;
}

const isPlain = (node: Call): boolean =>
  !node.variadic && node.args.every((arg) => arg.kind !== 'named_argument');

const withZone = (node: Call, zone: Zone): Expr | null =>
  isPlain(node) ? { ...node, args: [...node.args, zone.name] } : null;

function withFirst(node: Call, zone: Zone): Expr | null {
  const [first, ...others] = node.args;
  return first === undefined ? null : { ...node, args: [atZone(first, zone), ...others] };
}

/** `extract(epoch ..)` depends on no setting; an offset is nothing that a local time has. */
function pinField(node: Call, types: readonly (number | null)[], zone: Zone): Expr | null {
  const [field, value] = node.args;
  const name = textOf(field)?.toLowerCase() ?? null;
  if (field === undefined || value === undefined || types[1] !== TIMESTAMPTZ) return null;
  if (name === null || name === 'epoch' || name.startsWith('timezone')) return null;
  return { ...node, args: [field, atZone(value, zone)] };
}

/** What a cast makes of a time; `exact` where it also rounds. */
function targetOf(type: string): { readonly base: string; readonly exact: boolean } | null {
  const found = /^(date|time|timestamp)(\(\d\))?( with(?:out)? time zone)?$/.exec(type);
  if (found === null) return null;
  return { base: `${found[1]}${found[3] ?? ''}`, exact: found[2] !== undefined };
}

function pinCast(node: Cast, from: number | null, zone: Zone): Expr | null {
  const target = targetOf(node.type);
  switch (target?.base) {
    case 'date':
    case 'time without time zone':
      return from === TIMESTAMPTZ ? { ...node, operand: atZone(node.operand, zone) } : null;
    case 'timestamp without time zone': {
      if (from !== TIMESTAMPTZ) return null;
      const local = atZone(node.operand, zone);
      return target.exact ? { ...node, operand: local } : local;
    }
    case 'timestamp with time zone': {
      const value = instant(node.operand, from, zone);
      return value !== null && target.exact ? { ...node, operand: value } : value;
    }
    default:
      return null;
  }
}

/** A date or a local time as a time with time zone; null for any other type. */
function instant(expr: Expr, type: number | null, zone: Zone): Expr | null {
  if (type === TIMESTAMP) return atZone(expr, zone);
  return type === DATE ? atZone(cast(expr, 'timestamp without time zone'), zone) : null;
}

const COMPARISONS: ReadonlySet<string> = new Set([
  '=',
  '<>',
  '<',
  '<=',
  '>',
  '>=',
  'IS DISTINCT FROM',
  'IS NOT DISTINCT FROM',
]);

function pinBinary(original: Binary, node: Binary, zone: Zone): Expr | null {
  const [left, right] = [zone.typeOf(original.left), zone.typeOf(original.right)];
  if (COMPARISONS.has(node.op)) {
    if (left === TIMESTAMPTZ) {
      const other = instant(node.right, right, zone);
      return other && { ...node, right: other };
    }
    const other = right === TIMESTAMPTZ ? instant(node.left, left, zone) : null;
    return other && { ...node, left: other };
  }
  if ((node.op === '+' || node.op === '-') && left === TIMESTAMPTZ && right === INTERVAL)
    return shifted(node.left, node.right, node.op, zone);
  return node.op === '+' && left === INTERVAL && right === TIMESTAMPTZ
    ? shifted(node.right, node.left, '+', zone)
    : null;
}
