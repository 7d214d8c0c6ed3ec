/**
 * In front of a SELECT: no rule maintains a definition that is WITH RECURSIVE, so its imat is
 * rebuilt by swaps.
 */
export const REBUILT = 'WITH RECURSIVE unused AS (VALUES (1))';
