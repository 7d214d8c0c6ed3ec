/** A way to change a table, and what must be reported of it. */
export type Path = {
  readonly name: string;
  /** What the tracked tables are, besides those of BASE. */
  readonly setup?: readonly string[];
  /** One session, statement by statement. */
  readonly action: readonly string[];
  /** Which tracked tables change; all others must be reported as unchanged. */
  readonly changes: readonly string[];
  /** Of these either answer is right. */
  readonly mayChange?: readonly string[];
  /** Of those that change, the ones that are gone afterwards. */
  readonly dropped?: readonly string[];
  /** It has prepared transactions. */
  readonly prepares?: true;
};
