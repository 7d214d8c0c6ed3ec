/**
 * Prints errors as PostgreSQL does: the message, the line of text with a caret, DETAIL and HINT. A
 * stack trace appears only if IMAT_DEBUG is set.
 */
import stringWidth from 'string-width';
import type { ResultError } from '../engine/api.ts';
import { ImatError, type Position } from '../engine/errors/imat-error.ts';

/**
 * Terminal columns of a quoted line: a definition can be a single line of a thousand characters.
 */
const LINE_WIDTH = 76;

/**
 * A place without its text: `imat.explain` returns reasons without the text, so the caller passes
 * it separately.
 */
export type Place = Pick<Position, 'line' | 'offset'>;

/** The parts of an error that are shown, whatever was thrown. */
export type ErrorReport = {
  readonly code: string;
  readonly message: string;
  readonly detail: string | null;
  readonly hint: string | null;
  readonly position: Position | null;
};

export function reportOf(error: unknown): ErrorReport {
  if (!(error instanceof ImatError))
    return bugReport(error instanceof Error ? error.message : String(error), 'IM099', null);
  if (error.category === 'internal') return bugReport(error.message, error.code, error.detail);
  return error;
}

function bugReport(message: string, code: string, detail: string | null): ErrorReport {
  const bug = `This is a bug in imat (${code}).`;
  return {
    code,
    message,
    detail: detail === null ? bug : `${bug} ${detail}`,
    hint:
      'Set IMAT_DEBUG=1 to see where it happened. Please report it, with the definition if ' +
      'you can share it.',
    position: null,
  };
}

/** What a command over several imats says of one that failed: `head`, and the error below it. */
export function failureText(head: string, error: ResultError): string {
  const { code, category, message, detail, hint } = error;
  const report =
    category === 'internal'
      ? bugReport(message, code, detail)
      : { code, message, detail, hint, position: null };
  return `${head}\n${reportText(report).trimEnd().replace(/^/gm, '  ')}`;
}

export const errorText = (error: unknown): string => reportText(reportOf(error));

export function reportText(report: ErrorReport): string {
  const lines = [`imat: ${report.message}`];
  if (report.position !== null) lines.push(quotedLine(report.position.text, report.position));
  if (report.detail !== null) lines.push(`DETAIL:  ${report.detail}`);
  if (report.hint !== null) lines.push(`HINT:  ${report.hint}`);
  return `${lines.join('\n')}\n`;
}

/** The position leaves out the text, which the caller has and which can be long. */
export function errorDocument(error: unknown): { readonly error: object } {
  const { code, message, detail, hint, position } = reportOf(error);
  const place =
    position === null
      ? null
      : { line: position.line, column: position.column, offset: position.offset };
  return { error: { code, message, detail, hint, position: place } };
}

/**
 * The stacks of an error and its causes, for IMAT_DEBUG=1. Other properties are left out because
 * they can contain a URL with its password.
 */
export function stackText(error: unknown): string {
  if (!(error instanceof Error)) return '';
  const own = `${error.stack ?? error.message}\n`;
  return error.cause instanceof Error ? `${own}caused by ${stackText(error.cause)}` : own;
}

/** `LINE n: text` with a caret below the place. A long line is cut on both sides of the place. */
export function quotedLine(text: string, place: Place): string {
  const start = text.lastIndexOf('\n', place.offset - 1) + 1;
  const end = text.indexOf('\n', start);
  const line = text.slice(start, end === -1 ? undefined : end).replace(/[\t\r]/g, ' ');
  const at = Math.min(place.offset - start, line.length);
  const { shown, before } = cutAround(line, at);
  const label = `LINE ${place.line}: `;
  return `${label}${shown}\n${' '.repeat(label.length + stringWidth(before))}^`;
}

function cutAround(line: string, at: number): { readonly shown: string; readonly before: string } {
  if (line.length <= LINE_WIDTH) return { shown: line, before: line.slice(0, at) };
  const from = Math.max(0, Math.min(at - LINE_WIDTH / 2, line.length - LINE_WIDTH));
  const head = from > 0 ? '...' : '';
  const tail = from + LINE_WIDTH < line.length ? '...' : '';
  return {
    shown: head + line.slice(from, from + LINE_WIDTH) + tail,
    before: head + line.slice(from, at),
  };
}
