/** Bars and sparklines of a terminal. What is not a terminal gets neither. */
import sparkly from 'sparkly';
import stringWidth from 'string-width';
import type { Host } from './context.ts';
import { count } from './output.ts';
import { padTo } from './text-width.ts';

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

/** A table with a bar behind each row, as long as the terminal has room; `text` has a header. */
export function withBars(text: string, values: readonly number[], host: Host): string {
  const { isTTY, columns } = host.stdout;
  const lines = text.split('\n');
  const width = Math.max(...lines.map((line) => stringWidth(line)));
  const room = Math.min(MOST_ROOM, columns - width - GAP.length - 1);
  const most = Math.max(0, ...values);
  if (!isTTY || room < LEAST_ROOM || most === 0) return text;
  const paint = painterOf(host.environment);
  const header = lines.length - values.length;
  return lines
    .map((line, i) => {
      const bar = barOf((values[i - header] ?? 0) / most, room);
      return bar === '' ? line : padTo(line, width, 'left') + GAP + paint(bar);
    })
    .join('\n');
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
