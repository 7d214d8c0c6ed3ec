/** Durations as users write them, everywhere: a number and a unit, or several such pairs. */

/** The first spelling of each unit is the one that is stored and shown. */
const UNITS: readonly { readonly ms: number; readonly spellings: readonly string[] }[] = [
  { ms: 1, spellings: ['ms', 'msec', 'millisecond', 'milliseconds'] },
  { ms: 1000, spellings: ['s', 'sec', 'secs', 'second', 'seconds'] },
  { ms: 60_000, spellings: ['min', 'm', 'mins', 'minute', 'minutes'] },
  { ms: 3_600_000, spellings: ['h', 'hr', 'hour', 'hours'] },
  { ms: 86_400_000, spellings: ['d', 'day', 'days'] },
];

const SIZES = new Map(UNITS.flatMap(({ ms, spellings }) => spellings.map((unit) => [unit, ms])));

const PART = /(\d+(?:\.\d+)?)\s*([a-z]+)\s*/y;

export const DURATION_HINT = 'Write a number and a unit: 500ms, 5s, 10min, 1h or 7d.';

/** Milliseconds; null for what is not a duration, such as a number without a unit. */
export function parseDuration(given: string): number | null {
  const text = given.trim().toLowerCase();
  let total = 0;
  PART.lastIndex = 0;
  while (PART.lastIndex < text.length || text === '') {
    const [, digits = '', unit = ''] = PART.exec(text) ?? [];
    const size = SIZES.get(unit);
    if (size === undefined) return null;
    total += Number(digits) * size;
  }
  return total;
}

/** The same the other way round, in the largest unit that needs no fraction. */
export function durationText(ms: number): string {
  const unit = UNITS.findLast((each) => ms % each.ms === 0 && ms >= each.ms) ?? UNITS[0];
  return `${ms / (unit?.ms ?? 1)}${unit?.spellings[0]}`;
}
