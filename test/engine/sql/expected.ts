/**
 * The definitions that are maintained by delta: at least these. `coverage.mjs` prints which of the
 * others are as well, so that they can be added.
 */
export const DELTA: ReadonlySet<string> = new Set([]);
