/** Bars and sparklines of a terminal. What is not a terminal gets neither. */
import sparkly from 'sparkly';
import stringWidth from 'string-width';
import type { Host } from './context.ts';
import { count } from './output.ts';
import { onOneLine, padTo } from './text-width.ts';

/** Narrower bars tell nothing apart. */
const LEAST_ROOM = 8;
const MOST_ROOM = 40;
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
const GAP = '  ';

type Painter = (text: string) => string;

/** https://no-color.org: any value but the empty one means no colour. */
function painterOf(environment: Host['environment']): Painter {
  const plain = (environment['NO_COLOR'] ?? '') !== '' || environment['TERM'] === 'dumb';
  return plain ? (text) => text : (text) => `\u001b[36m${text}\u001b[39m`;
}

/**
 * A table with a bar for each row: behind the row, or below the table with its label if the
 * terminal is too narrow for that. The table has a header.
 */
export function withBars(
  text: string,
  rows: readonly { readonly label: string; readonly value: number }[],
  host: Host,
): string {
  const { isTTY, columns } = host.stdout;
  const most = Math.max(0, ...rows.map(({ value }) => value));
  if (!isTTY || most === 0) return text;
  const lines = text.split('\n');
  const header = lines.slice(0, lines.length - rows.length);
  const behind = barred(lines.slice(header.length), rows, columns, widest(lines), host);
  if (behind !== null) return [...header, ...behind].join('\n');
  const labels = rows.map(({ label }) => onOneLine(label));
  const below = barred(labels, rows, columns, widest(labels), host);
  return below === null ? text : [text, '', ...below].join('\n');
}

const widest = (lines: readonly string[]): number =>
  Math.max(...lines.map((line) => stringWidth(line)));

/** Null if there is no room for bars behind lines of this width. */
function barred(
  lines: readonly string[],
  rows: readonly { readonly value: number }[],
  columns: number,
  width: number,
  { environment }: Host,
): string[] | null {
  const room = Math.min(MOST_ROOM, columns - width - GAP.length - 1);
  if (room < LEAST_ROOM) return null;
  const most = Math.max(...rows.map(({ value }) => value));
  const paint = painterOf(environment);
  return lines.map((line, i) => {
    const bar = barOf((rows[i]?.value ?? 0) / most, room);
    return bar === '' ? line : padTo(line, width, 'left') + GAP + paint(bar);
  });
}

/** What is more than nothing has at least the thinnest bar. */
function barOf(part: number, room: number): string {
  const eighths = part > 0 ? Math.max(1, Math.round(part * room * 8)) : 0;
  return '█'.repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? '');
}

/** A line with a sparkline of the values, neighbours added up where they do not fit in. */
export function withSparkline(text: string, values: readonly number[], host: Host): string {
  const { isTTY, columns } = host.stdout;
  const label = 'Over marks: ';
  if (!isTTY || values.length < 2) return text;
  const size = Math.ceil(values.length / Math.max(1, columns - label.length - 1));
  const sums = Array.from({ length: Math.ceil(values.length / size) }, (_, i) =>
    values.slice(i * size, (i + 1) * size).reduce((sum, value) => sum + value, 0),
  );
  const most = Math.max(...sums);
  const line = sparkly(sums, { minimum: 0, maximum: most });
  const each = size === 1 ? 'an interval' : `${size} intervals`;
  return [
    text,
    '',
    label + painterOf(host.environment)(line),
    `The highest is ${count(most)} rows in ${each}.`,
  ].join('\n');
}
