/** One pass over everything in one database, for cron: `imat worker --once`. */
import { REQUESTS } from '../runner.ts';
import { connect, upgradeCatalog } from './connection.ts';
import { type DatabaseContext, onControl } from './context.ts';
import { deregister, withHeartbeats } from './leases.ts';

/** What a task did can make others due: an imat that reads its result, or the end of a swap. */
const ROUNDS_MOST = 3;

/** @throws ImatError if the database cannot be worked on */
export async function runPass(context: DatabaseContext): Promise<void> {
  try {
    await connect(context);
    if (!(await upgradeCatalog(context))) return;
    await withHeartbeats(context, () => runRounds(context));
    await deregister(context);
  } catch (error) {
    context.reporter.reportError(error, 'cannot work on the database');
    throw error;
  }
}

async function runRounds(context: DatabaseContext): Promise<void> {
  const { options, poller, dispatcher, status, stop, upkeep } = context;
  const policy = { ...options.policy, maxPendingMs: 0 };
  for (let round = 0; round < ROUNDS_MOST && !stop.signal.aborted; round++) {
    poller.forget();
    const { due, requests } = await onControl(context, (db) =>
      poller.poll(db, performance.now(), policy, status.name),
    );
    if (requests) await dispatcher.run(REQUESTS, policy);
    if (due.length === 0 && !requests) break;
    await Promise.all(due.map((task) => dispatcher.run(task, policy)));
  }
  await upkeep.run();
}
