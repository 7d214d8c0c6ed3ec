export type Definition = {
  readonly sql: string;
  /**
   * An order in it is not total, so that it has several right answers: what counts is the
   * definition that the imat keeps.
   */
  readonly ties?: true;
  /** Columns whose equal values can look different; they are compared by `=`. */
  readonly ambiguous?: readonly string[];
};

/** By name, which is the name of the imat. A text is a definition without peculiarities. */
export type Definitions = Readonly<Record<string, string | Definition>>;

export type Named = Definition & { readonly name: string };

export const named = (definitions: Definitions): Named[] =>
  Object.entries(definitions).map(([name, one]) =>
    typeof one === 'string' ? { name, sql: one } : { name, ...one },
  );
