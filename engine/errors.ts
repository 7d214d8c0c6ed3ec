/** Turns what the server reports into what a user can act on; the one place that reads SQLSTATEs. */
import { ImatError, positionAt } from '../parser/errors.ts';
import { ServerError } from './db/db.ts';

/** Contention: the same may work next time. */
const CONTENTION = new Set(['40001', '40P01', '55P03']);

export function toImatError(error: unknown): unknown {
  if (!(error instanceof ServerError)) return error;
  const { sqlstate, message, detail, hint } = error;
  const fields = { message, detail: detail ?? undefined, hint: hint ?? undefined, cause: error };
  if (CONTENTION.has(sqlstate)) return new ImatError('contention', { ...fields, hint: hint ?? 'Try again; a long transaction may hold the lock.' });
  if (sqlstate === '57014') return new ImatError('interrupted', { ...fields, message: 'the command was stopped', hint: 'What it had begun was rolled back.' });
  if (sqlstate === '42501') return new ImatError('insufficient_privilege', { ...fields, hint: hint ?? 'README, "Rights", lists what each command needs.' });
  if (sqlstate === '42704' || sqlstate === '42P01') return new ImatError('not_found', fields);
  if (sqlstate === '55000') return new ImatError('frontier_missing', fields);
  if (sqlstate === '42809') return new ImatError('strategy_unavailable', fields);
  if (sqlstate === '2BP01') return new ImatError('has_dependents', { ...fields, hint: hint ?? 'Drop or change these objects first.' });
  if (sqlstate.startsWith('22') || sqlstate === '54000') return new ImatError('definition_failed', fields);
  return new ImatError('internal', { ...fields, message: `PostgreSQL reported ${sqlstate}: ${message}` });
}

/** Runs `body` and rethrows the server's errors as imat's. */
export async function translated<T>(body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    throw toImatError(error);
  }
}

/** A syntax or name error in the user's query, with its place: `offset` is where the query begins in the statement. */
export function invalidDefinition(error: ServerError, query: string, offset: number): ImatError {
  const place = error.position === null ? null : error.position - 1 - offset;
  return new ImatError('invalid_definition', {
    message: error.message,
    detail: error.detail ?? undefined,
    hint: error.hint ?? undefined,
    position: place !== null && place >= 0 && place <= query.length ? positionAt(query, place) : undefined,
    cause: error,
  });
}
