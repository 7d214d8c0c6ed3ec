/** One definition of the corpus. */
export type Definition = {
  readonly sql: string;
  /**
   * The kinds of the refusals that must be reported, in order of place; undefined where it must be
   * read.
   */
  readonly refused?: readonly string[];
};

type Entry = string | readonly [sql: string, ...refused: string[]];

export function list(...entries: readonly Entry[]): Definition[] {
  return entries.map((entry) =>
    typeof entry === 'string' ? { sql: entry } : { sql: entry[0], refused: entry.slice(1) },
  );
}
