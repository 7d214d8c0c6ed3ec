/**
 * The one error class. It follows PostgreSQL's conventions: the message is lower-case, one line,
 * without a full stop, and quotes the object's name; the detail and the hint are sentences.
 */
import { ERROR_CATALOGUE, type ErrorCategory, type ErrorCondition } from './catalogue.ts';

/**
 * A place in a text: 1-based line and column, zero-based offset, and the text itself for showing
 * the line.
 */
export type Position = {
  readonly line: number;
  readonly column: number;
  readonly offset: number;
  readonly text: string;
};

export type ErrorFields = {
  readonly message: string;
  readonly detail?: string | undefined;
  readonly hint?: string | undefined;
  readonly position?: Position | undefined;
  readonly cause?: unknown;
};

export class ImatError extends Error {
  readonly condition: ErrorCondition;
  readonly code: string;
  readonly category: ErrorCategory;
  readonly detail: string | null;
  readonly hint: string | null;
  readonly position: Position | null;

  constructor(condition: ErrorCondition, fields: ErrorFields) {
    super(fields.message, { cause: fields.cause });
    this.name = 'ImatError';
    this.condition = condition;
    this.code = ERROR_CATALOGUE[condition].code;
    this.category = ERROR_CATALOGUE[condition].category;
    this.detail = fields.detail ?? null;
    this.hint = fields.hint ?? null;
    this.position = fields.position ?? null;
  }
}

/** What was not foreseen is a bug. */
export function asImatError(error: unknown): ImatError {
  return error instanceof ImatError
    ? error
    : new ImatError('internal', {
        message: error instanceof Error ? error.message : String(error),
        cause: error,
      });
}

/** The place of a zero-based character offset in a text. */
export function positionAt(text: string, offset: number): Position {
  const before = text.slice(0, offset);
  const line = before.split('\n').length;
  return { line, column: offset - (before.lastIndexOf('\n') + 1) + 1, offset, text };
}
