/** Leases of one database: heartbeats, the ticker's lease, and giving them up at the end. */
import * as catalog from '../catalog.ts';
import { heartbeatMs } from '../policy.ts';
import { type DatabaseContext, onControl } from './context.ts';

/** The least time that an answer on its way is waited for, however short the leases are. */
const ANSWER_LEAST_MS = 1000;

/** Renews the leases of the running tasks, after it has aborted those that only seem to run. */
export async function sendHeartbeat(context: DatabaseContext): Promise<void> {
  const { options, work, running } = context;
  const { policy, workerId, version } = options;
  await onControl(context, async (db) => {
    await work.abortLost(db, Math.max(heartbeatMs(policy), ANSWER_LEAST_MS));
    await catalog.heartbeat(db, workerId, version, [...running], policy.leaseMs);
  });
}

/** Becomes the ticker or stays it, unless another worker is. */
export async function claimTicker(context: DatabaseContext): Promise<void> {
  const { options, status, poller } = context;
  const { workerId, policy } = options;
  status.setTicker(
    await onControl(context, (db) => catalog.claimTicker(db, workerId, policy.leaseMs)),
  );
  // The ticker alone reports the gauges of imats.
  if (!status.ticker) poller.removeGauges(status.name);
}

/** Sends heartbeats while `body` runs. */
export async function withHeartbeats<T>(
  context: DatabaseContext,
  body: () => Promise<T>,
): Promise<T> {
  let last = Promise.resolve();
  const timer = setInterval(() => {
    last = last
      .then(() => sendHeartbeat(context))
      .catch((error: unknown) =>
        context.reporter.reportError(error, 'could not renew the leases of running tasks'),
      );
  }, heartbeatMs(context.options.policy));
  try {
    return await body();
  } finally {
    clearInterval(timer);
    await last;
  }
}

/** Writes the skips that are not written yet, and gives up the ticker's lease and all others. */
export async function deregister({ control, options, poller }: DatabaseContext): Promise<void> {
  const { workerId } = options;
  await control.with(async ({ db }) => {
    await catalog.recordSkips(db, workerId, poller.takeSkips(performance.now(), true));
    await catalog.deregister(db, workerId);
  });
}
