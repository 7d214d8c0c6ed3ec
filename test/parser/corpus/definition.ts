/** One definition of the corpus. */
export type Definition = {
  readonly sql: string;
  /** The kinds of the reasons against maintaining it by delta, in order of place; undefined where there is none. */
  readonly against?: readonly string[];
  /** The kinds of what the tree has no node for; undefined where the definition is read. */
  readonly unreadable?: readonly string[];
};

type Entry = string | readonly [sql: string, ...against: string[]];

export function list(...entries: readonly Entry[]): Definition[] {
  return entries.map((entry) =>
    typeof entry === 'string' ? { sql: entry } : { sql: entry[0], against: entry.slice(1) },
  );
}
