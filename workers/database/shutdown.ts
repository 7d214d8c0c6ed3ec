/**
 * How the work on one database ends: running tasks may finish within a bound, and are cancelled
 * after it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isWithin } from '../within.ts';
import type { DatabaseContext } from './context.ts';
import { deregister } from './leases.ts';

/** For everything that is left to do after `policy.drainMs`, cancelling included. */
const CLOSE_MS = 2000;
const ABANDON_MS = 1000;

/**
 * Starts nothing new, lets running tasks end within `policy.drainMs`, and cancels them after it.
 * `loop` is the poll loop, or null if it was not started. False if something had to be cancelled.
 */
export async function shutDown(
  context: DatabaseContext,
  loop: Promise<void> | null,
): Promise<boolean> {
  const { options, stop, status, running, work, control } = context;
  const { target, log, policy } = options;
  stop.abort();
  if (loop !== null)
    log.info(
      { database: status.name, running: running.size, drainMs: policy.drainMs },
      'stopping when the running tasks have ended; a second signal cancels them',
    );
  const drained = await isWithin(policy.drainMs, drain(context));
  const closed = close(context, loop, drained);
  // The embedded database cannot be opened again before it is closed.
  await (target.kind === 'embedded' ? closed : isWithin(CLOSE_MS, closed));
  for (const sessions of [work, control]) sessions.abort();
  return drained;
}

/** Cancels the running tasks, and waits for them for at most a second. */
export async function abandon(context: DatabaseContext): Promise<void> {
  context.stop.abort();
  await isWithin(ABANDON_MS, cancel(context));
}

async function close(
  context: DatabaseContext,
  loop: Promise<void> | null,
  drained: boolean,
): Promise<void> {
  const { status, dispatcher, work, control } = context;
  const deregistered = loop?.then(() => (status.registered ? deregister(context) : undefined));
  await Promise.all([
    drained ? undefined : cancel(context),
    deregistered?.catch(() => undefined),
    dispatcher.close(CLOSE_MS / 2),
  ]);
  await Promise.all([work.close(), control.close()]);
}

async function cancel(context: DatabaseContext): Promise<void> {
  await context.work.cancel();
  await drain(context);
}

async function drain({ running, upkeep }: DatabaseContext): Promise<void> {
  while (running.size > 0 || upkeep.isRunning) await sleep(20);
}
