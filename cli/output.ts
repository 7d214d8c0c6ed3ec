/**
 * Formats the output of all commands: aligned tables, a unit on every figure, one JSON document.
 */
import stringWidth from 'string-width';
import { onOneLine, padTo } from './text-width.ts';

export type Column = { readonly title: string; readonly align?: 'left' | 'right' };

/**
 * Separates columns by two spaces and draws no frame, so that tools can cut the output by column.
 */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const cells = [
    columns.map((column) => column.title),
    ...rows.map((row) => columns.map((_, i) => onOneLine(row[i] ?? ''))),
  ];
  const widths = columns.map((_, i) => Math.max(...cells.map((row) => stringWidth(row[i] ?? ''))));
  const line = (row: readonly string[]): string =>
    columns
      .map((column, i) => padTo(row[i] ?? '', widths[i] ?? 0, column.align ?? 'left'))
      .join('  ')
      .trimEnd();
  const [header = [], ...body] = cells;
  return [
    line(header),
    widths.map((width) => '-'.repeat(width)).join('  '),
    ...body.map(line),
  ].join('\n');
}

/** Prints `name  value` pairs, one on a line. */
export function fields(pairs: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(...pairs.map(([name]) => stringWidth(name)));
  return pairs
    .map(([name, value]) => `${padTo(name, width, 'left')}  ${value}`.trimEnd())
    .join('\n');
}

export function json(document: unknown): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}

export function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** `1 row`, `2 rows`. */
export function counted(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`;
}

const BYTE_UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB'] as const;

/** As PostgreSQL's `pg_size_pretty` names them: 1 kB is 1024 bytes. */
export function bytes(value: number): string {
  let scaled = value;
  let unit = 0;
  while (scaled >= 1024 && unit < BYTE_UNITS.length - 1) {
    scaled /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? scaled : scaled.toFixed(1)} ${BYTE_UNITS[unit] ?? ''}`;
}

export function duration(ms: number): string {
  if (ms < 1000 && Number.isInteger(ms)) return `${ms} ms`;
  if (ms >= 10_000) return `${(ms / 1000).toFixed(1)} s`;
  if (ms >= 1000) return `${(ms / 1000).toFixed(2)} s`;
  return `${ms.toFixed(ms >= 100 ? 0 : ms >= 10 ? 1 : 2)} ms`;
}

/** A time for people, in UTC and to the millisecond; JSON has it in ISO 8601, as it was read. */
export function time(iso: string): string {
  const ms = Date.parse(iso);
  return Number.isNaN(ms) ? iso : new Date(ms).toISOString().replace('T', ' ');
}

/**
 * A value of a row for people: the word NULL, or the value as PostgreSQL printed it.
 */
export function value(cell: unknown): string {
  if (cell === null || cell === undefined) return 'NULL';
  return typeof cell === 'string' ? cell : JSON.stringify(cell);
}
