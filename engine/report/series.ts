/** Which tables, or sequences, get a colour of their own, and which share the last one. */

/** The style sheet has as many colours. */
const COLOURS = 8;

export type Series = { readonly label: string; readonly colour: string };

export type SeriesOf = {
  readonly all: readonly Series[];
  /** An index of `all`. */
  readonly of: (key: string) => number;
};

export const colour = (number: number): string => `var(--series-${number})`;

/** A name for people, and a key: names with a dot in them stay apart. */
export const qualified = (schema: string, name: string): string => `${schema}.${name}`;
export const keyOf = (schema: string, name: string): string => JSON.stringify([schema, name]);

/** `members` come with the greatest first. */
export function seriesOf(
  members: readonly { readonly key: string; readonly label: string }[],
  noun: string,
): SeriesOf {
  const own = members.length <= COLOURS ? members : members.slice(0, COLOURS - 1);
  const rest = members.length - own.length;
  const all = own.map(({ label }, i) => ({ label, colour: colour(i) }));
  const indexes = new Map(own.map(({ key }, i) => [key, i]));
  return {
    all:
      rest === 0 ? all : [...all, { label: `${rest} other ${noun}`, colour: colour(COLOURS - 1) }],
    of: (key) => indexes.get(key) ?? COLOURS - 1,
  };
}
