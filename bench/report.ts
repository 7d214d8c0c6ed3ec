/** Results for people: one line a result, its notes below it. */
import type { Bar, Figure, Result } from './result.ts';
import type { Summary } from './statistics.ts';

const WIDTHS = [58, 34, 34, 24, 15] as const;
const HEADINGS = [
  'measure',
  'compared with',
  'imat',
  'ratio [lowest .. highest]',
  'bar',
  '',
] as const;

export const heading = (): string => row(HEADINGS);

export function renderResult(result: Result): string {
  const cells = [
    result.name,
    result.baseline === null ? '' : renderFigure(result.baseline),
    renderFigure(result.imat),
  ];
  const line = row([
    ...cells,
    renderCompared(result.compared, result.comparedUnit),
    result.bar === null ? '' : renderBar(result.bar),
    verdict(result),
  ]);
  return [line, ...result.notes.map((note) => `    ${note}`)].join('\n');
}

/** The same as a row of a table in Markdown. */
export function renderMarkdown(result: Result): string {
  const cells = [
    result.name,
    result.baseline === null ? '' : renderFigure(result.baseline),
    renderFigure(result.imat),
    renderCompared(result.compared, result.comparedUnit),
    result.bar === null ? '' : renderBar(result.bar),
    verdict(result),
    result.notes.join('; '),
  ];
  return `| ${cells.join(' | ')} |`;
}

export const MARKDOWN_HEADING =
  '| measure | compared with | imat | ratio [lowest .. highest] | bar | | notes |\n' +
  '|---|---|---|---|---|---|---|';

const verdict = ({ ok }: Result): string => (ok === null ? '' : ok ? 'ok' : 'MISSED');

const renderFigure = ({ label, median, unit }: Figure): string =>
  `${label} ${rounded(median)} ${unit}`;
const renderBar = ({ kind, value }: Bar): string => `${kind} ${rounded(value)}`;

/** A difference or an absolute value carries its unit; a ratio has none. */
function renderCompared({ median, lowest, highest }: Summary, unit: string): string {
  return (
    `${rounded(median)}${unit === 'ratio' ? '' : ` ${unit}`} ` +
    `[${rounded(lowest)} .. ${rounded(highest)}]`
  );
}

/** Three significant digits, and all digits before the point, in groups of three. */
export function rounded(value: number): string {
  if (!Number.isFinite(value)) return '?';
  const size = Math.abs(value);
  const decimals = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
  const [whole = '', fraction] = value.toFixed(decimals).split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ' ');
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

function row(cells: readonly string[]): string {
  return cells
    .map((cell, index) => cell.padEnd(WIDTHS[index] ?? 0))
    .join(' ')
    .trimEnd();
}
