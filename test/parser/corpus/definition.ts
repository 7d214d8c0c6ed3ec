/** One definition of the corpus. */
export type Definition = { readonly sql: string };

export function list(...entries: readonly string[]): Definition[] {
  return entries.map((sql) => ({ sql }));
}
