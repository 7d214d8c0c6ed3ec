/** What one of several results says of an error, which does not hide the others. */
import type { ResultError } from '../api.ts';
import { toImatError } from '../db/server-errors.ts';
import { asImatError } from '../errors/imat-error.ts';

/**
 * That the connection is lost or the call is stopped is no matter of one result, and is thrown on.
 * A statement that was cut off by a timeout or an administrator is its own matter.
 */
export function resultError(thrown: unknown, stop: AbortSignal): ResultError {
  const error = asImatError(toImatError(thrown));
  if (error.condition === 'connection_failed' || stop.aborted) throw error;
  const { code, category, message, detail, hint } = error;
  return { code, category, message, detail, hint };
}
