/** The part of a help text that people read first. */
export function examples(lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ imat ${line}`).join('\n')}\n`;
}
