/** The examples at the end of a help text. */
export function examples(lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ imat ${line}`).join('\n')}\n`;
}
