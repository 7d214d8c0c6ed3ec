/** Carries out what imat.create_imat has recorded. */
import { translated } from '../engine/errors.ts';
import { ImatError } from '../parser/errors.ts';
import { retryMs } from './retry.ts';
import type { Session } from './sessions.ts';

export type RequestRun = { readonly name: string; readonly ms: number; readonly error: ImatError | null };

/** One open request, if there is one. @throws ImatError `connection_failed` */
export async function carryOutRequest({ db, imat }: Session, self: string, leaseMs: number): Promise<RequestRun | null> {
  const [request] = await translated(() =>
    db.query<{ id: string; name: string; attempts: number }>('SELECT * FROM imat_catalog.lease_request($1, $2)', [self, leaseMs]),
  );
  if (request === undefined) return null;
  const start = performance.now();
  let failure: ImatError | null = null;
  let made: string | null = null;
  try {
    made = (await imat.convert(request.name)).name;
  } catch (error) {
    failure = error instanceof ImatError ? error : new ImatError('internal', { message: String(error), cause: error });
    if (failure.condition === 'connection_failed') throw failure;
  }
  const ms = performance.now() - start;
  const again = failure?.category === 'transient' ? retryMs('transient', request.attempts - 1) : null;
  await translated(() =>
    db.query(
      `UPDATE imat_catalog.request SET lease_until = NULL, error_code = $2, error = $3, error_detail = $4, error_hint = $5,
         imat_id = (SELECT i.id FROM imat_catalog.imat i WHERE i.name = $7),
         carried_out_at = CASE WHEN $6::float8 IS NULL THEN clock_timestamp() END, next_attempt_at = clock_timestamp() + $6::float8 * interval '1 ms'
       WHERE id = $1`,
      [request.id, failure?.code ?? null, failure?.message ?? null, failure?.detail ?? null, failure?.hint ?? null, again, made],
    ),
  );
  return { name: request.name, ms, error: failure };
}
