/**
 * `t + interval` in a named time zone. PostgreSQL adds the months to the local time, then the days
 * to the local time, then the rest to the instant. A part that is zero is left out: from a local
 * time that there was twice, the way back leads to one of the two.
 */
import type { Expr } from '../../../parser/tree.ts';
import { atZone, cast, literal, textOf, type Zone } from './zoned.ts';

type Sign = '+' | '-';

/** Null where `t + interval` depends on no time zone, or has no such form. */
export function shifted(time: Expr, interval: Expr, sign: Sign, zone: Zone): Expr | null {
  if (isTimeOnly(interval)) return null;
  if (zone.serverMajor >= 16)
    return call(sign === '+' ? 'date_add' : 'date_subtract', [time, interval, zone.name]);
  const parts = partsOf(interval);
  if (parts === null)
    return zone.mayRepeat ? inParts(time, variableParts(interval), sign, zone) : null;
  return inParts(
    time,
    parts.map((part) => ({ ...part, isZero: null })),
    sign,
    zone,
  );
}

/**
 * Whether an interval has hours, minutes and seconds alone: a constant, one that is multiplied, or
 * what make_interval makes of these.
 */
export function isTimeOnly(interval: Expr): boolean {
  if (interval.kind === 'binary' && interval.op === '*')
    return isTimeOnly(interval.left) || isTimeOnly(interval.right);
  if (interval.kind === 'call' && interval.schema === null && interval.name === 'make_interval')
    return interval.args.every(
      (arg) => arg.kind === 'named_argument' && /^(hours|mins|secs)$/.test(arg.name),
    );
  const parts = partsOf(interval);
  return parts !== null && parts.every((part) => !part.isLocal);
}

/** Whether an interval is a constant of years, months and days, and goes forward. */
export function isWholeDays(interval: Expr): boolean {
  const parts = partsOf(interval) ?? [];
  const isForward = ({ value, isLocal }: Part): boolean =>
    isLocal && textOf(value)?.startsWith('-') === false;
  return parts.length > 0 && parts.every(isForward);
}

type Part = {
  readonly value: Expr;
  /** Whether it is added to the local time. */
  readonly isLocal: boolean;
};

/** The parts of a constant that are not zero; null for what is no such constant. */
function partsOf(interval: Expr): Part[] | null {
  const found = writtenParts(interval);
  if (found === null) return null;
  const { months, days, time } = found;
  const part = (written: string, isLocal: boolean): Part => ({
    value: literal(`'${written}'`, 'interval'),
    isLocal,
  });
  return [
    ...(months === 0 ? [] : [part(`${months} mons`, true)]),
    ...(days === 0 ? [] : [part(`${days} days`, true)]),
    ...(time === null || /^[+-]?00:00:00$/.test(time) ? [] : [part(time, false)]),
  ];
}

/** The fields of a constant interval; null for what is none. */
function writtenParts(
  interval: Expr,
): { readonly months: number; readonly days: number; readonly time: string | null } | null {
  if (interval.kind !== 'cast' || !interval.type.startsWith('interval')) return null;
  const text = interval.operand.kind === 'literal' ? textOf(interval.operand) : null;
  const found = text === null ? null : WRITTEN.exec(text);
  if (found === null) return null;
  const [, years, months, days, time] = found;
  return {
    months: Number(years ?? 0) * 12 + Number(months ?? 0),
    days: Number(days ?? 0),
    time: time ?? null,
  };
}

/** An interval as PostgreSQL prints it in its own style. */
const WRITTEN = new RegExp(
  `^${['year', 'mon', 'day'].map((unit) => `(?:([+-]?\\d+) ${unit}s?)? ?`).join('')}` +
    String.raw`([+-]?\d+:\d\d:\d\d(?:\.\d+)?)?$`,
);

/**
 * As long as an interval counts where intervals are compared, as a time: PostgreSQL takes a month
 * for 30 days and a day for 24 hours. Null for what is no constant.
 */
export function comparedSpan(interval: Expr): Expr | null {
  const found = writtenParts(interval);
  if (found === null) return null;
  const { months, days, time } = found;
  const [, sign, hours, minutes, seconds] = TIME.exec(time ?? '00:00:00') ?? [];
  const micros = Math.round(
    (Number(hours) * 3600 + Number(minutes) * 60) * 1e6 + Number(seconds) * 1e6,
  );
  const all = (months * 30 + days) * DAY_MICROS + (sign === '-' ? -micros : micros);
  return Number.isSafeInteger(all) ? literal(`'${all} microseconds'`, 'interval') : null;
}

const TIME = /^([+-]?)(\d+):(\d\d):(\d\d(?:\.\d+)?)$/;
const DAY_MICROS = 86_400_000_000;

type Step = Part & {
  /** The condition under which the part is left out. */
  readonly isZero: Expr | null;
};

function variableParts(interval: Expr): Step[] {
  const field = (name: string): Expr => call('date_part', [literal(`'${name}'`, 'text'), interval]);
  const number = (value: Expr): Expr => cast(value, 'integer');
  const months = number(
    binary(binary(field('year'), '*', literal('12', 'integer')), '+', field('month')),
  );
  const days = number(field('day'));
  const made = (name: string, value: Expr): Expr =>
    call('make_interval', [{ kind: 'named_argument', name, value, span: null }]);
  const none = (value: Expr): Expr => binary(value, '=', literal('0', 'integer'));
  const rest = binary(binary(interval, '-', made('months', months)), '-', made('days', days));
  return [
    { value: made('months', months), isLocal: true, isZero: none(months) },
    { value: made('days', days), isLocal: true, isZero: none(days) },
    { value: rest, isLocal: false, isZero: null },
  ];
}

const UTC = { name: literal("'UTC'", 'text') };

function inParts(time: Expr, steps: readonly Step[], sign: Sign, zone: Zone): Expr {
  return steps.reduce((at, { value, isLocal, isZero }) => {
    const place = isLocal ? zone : UTC;
    const moved = atZone(binary(atZone(at, place), sign, value), place);
    return isZero === null
      ? moved
      : {
          kind: 'case',
          subject: null,
          whens: [{ when: isZero, result: at }],
          otherwise: moved,
          span: null,
        };
  }, time);
}

const binary = (left: Expr, op: string, right: Expr): Expr => ({
  kind: 'binary',
  op,
  left,
  right,
  span: left.span,
});

const call = (name: string, args: readonly Expr[]): Expr => ({
  kind: 'call',
  schema: null,
  name,
  args,
  syntax: 'plain',
  variadic: false,
  returnsSet: false,
  span: args[0]?.span ?? null,
});
