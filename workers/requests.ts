/** Carries out the requests that `imat.create_imat` has recorded. */
import { translated } from '../engine/db/server-errors.ts';
import { asImatError, type ImatError } from '../engine/errors/imat-error.ts';
import { TRANSIENT, transientMs } from './retry.ts';
import type { SessionPool } from './session-pool.ts';

export type RequestRun = {
  readonly name: string;
  readonly ms: number;
  readonly error: ImatError | null;
};

/**
 * Carries out one open request; null if there is none. The attempt is recorded before it starts, so
 * that one that ends its session counts.
 */
export async function runRequest(
  sessions: SessionPool,
  workerId: string,
  leaseMs: number,
): Promise<RequestRun | null> {
  const [request] = await sessions.with(({ db }) =>
    translated(() =>
      db.query<{ id: string; name: string; attempts: number }>(
        'SELECT * FROM imat_catalog.lease_request($1, $2, $3, $4)',
        [workerId, leaseMs, TRANSIENT.firstMs, TRANSIENT.mostMs],
      ),
    ),
  );
  if (request === undefined) return null;
  const start = performance.now();
  let made: string | null = null;
  const failure = await sessions
    .with(async ({ imat }) => {
      made = (await imat.convert(request.name)).name;
    })
    .then(() => null, asImatError);
  const ms = performance.now() - start;
  const again = failure?.category === 'transient' ? transientMs(request.attempts - 1) : null;
  await sessions.with(({ db }) =>
    translated(() =>
      db.query(
        `WITH recorded AS (
           INSERT INTO imat_catalog.history
             (imat_id, name, worker, action, reason, started_at, ms, error_code, error)
           SELECT (SELECT i.id FROM imat_catalog.imat i WHERE i.name = $8), q.name, $7, 'request',
             'requested', clock_timestamp() - $9::float8 * interval '1 ms', $9, $2, $3
           FROM imat_catalog.request q WHERE q.id = $1 AND q.worker = $7
         )
         UPDATE imat_catalog.request SET lease_until = NULL,
           error_code = $2, error = $3, error_detail = $4, error_hint = $5,
           imat_id = (SELECT i.id FROM imat_catalog.imat i WHERE i.name = $8),
           carried_out_at = CASE WHEN $6::float8 IS NULL THEN clock_timestamp() END,
           next_attempt_at = clock_timestamp() + $6::float8 * interval '1 ms'
         WHERE id = $1 AND worker = $7`,
        [
          request.id,
          failure?.code ?? null,
          failure?.message ?? null,
          failure?.detail ?? null,
          failure?.hint ?? null,
          again,
          workerId,
          made,
          ms,
        ],
      ),
    ),
  );
  return { name: request.name, ms, error: failure };
}
