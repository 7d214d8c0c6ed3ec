/** Results of a check as GitHub Actions reads them: one line that begins with `::error`. */
import type { CheckResult } from '../engine/api.ts';

export function annotation({ name, isFile, place }: CheckResult, message: string): string {
  const at = place === null ? [] : [`line=${place.line}`, `col=${place.column}`];
  if (!isFile) return `::error::${escaped(`${name}: ${message}`)}`;
  return `::error ${[`file=${property(name)}`, ...at].join(',')}::${escaped(message)}`;
}

const escaped = (text: string): string =>
  text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');

const property = (text: string): string =>
  escaped(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
