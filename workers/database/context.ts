/**
 * Builds the parts of a worker that work on one database together: sessions, poller, dispatcher,
 * upkeep, reporter.
 */
import { withCatalogOwner } from '../../engine/catalog/trust.ts';
import type { ConnectTarget, Db } from '../../engine/db/db.ts';
import { translated } from '../../engine/db/server-errors.ts';
import { Dispatcher } from '../dispatcher.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { Policy } from '../policy.ts';
import { Poller } from '../poller.ts';
import type { QueueUrl } from '../queue/open-queue.ts';
import { Reporter } from '../reporter.ts';
import type { Report } from '../runner.ts';
import { SessionPool } from '../session-pool.ts';
import type { Slots } from '../slots.ts';
import { DatabaseStatus } from './status.ts';
import { UpkeepSchedule } from './upkeep-schedule.ts';

export type DatabaseOptions = {
  readonly target: ConnectTarget;
  readonly queue: QueueUrl;
  readonly policy: Policy;
  readonly workerId: string;
  /**
   * The databases of this worker by their identity, so that none is worked on under two addresses.
   */
  readonly claimed: Map<string, object>;
  readonly version: string;
  readonly slots: Slots;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly onReport?: (report: Report & { readonly database: string }) => void;
};

export type DatabaseContext = {
  readonly options: DatabaseOptions;
  /** One session for polls, heartbeats and leases, which must not wait for folds and swaps. */
  readonly control: SessionPool;
  readonly work: SessionPool;
  /** Tasks that run now; their leases are renewed. */
  readonly running: Set<number>;
  readonly stop: AbortController;
  readonly status: DatabaseStatus;
  readonly poller: Poller;
  readonly reporter: Reporter;
  readonly dispatcher: Dispatcher;
  readonly upkeep: UpkeepSchedule;
};

const POLL_TIMEOUT_MS = 30_000;

export function createContext(options: DatabaseOptions): DatabaseContext {
  const { target, policy, workerId, log, metrics, onReport } = options;
  const stop = new AbortController();
  const isStopping = (): boolean => stop.signal.aborted;
  const status = new DatabaseStatus(nameOf(target), log, metrics);
  const database = (): string => status.name;
  const running = new Set<number>();
  const poller = new Poller(workerId, metrics);
  const reporter = new Reporter({ log, metrics, database, onReport, isStopping });
  const { control, work } = createSessions(target, policy);
  const dispatcher = new Dispatcher({
    database: status,
    slots: options.slots,
    concurrency: target.kind === 'embedded' ? 1 : policy.concurrency,
    runner: {
      sessions: work,
      policy,
      workerId,
      running,
      inputsOf: (imat) => poller.inputsOf(imat),
      onReport: (report) => reporter.report(report),
      isStopping,
    },
    lastRunAt: (task) => poller.lastRunAt(task),
    onFailure: (error) => reporter.reportError(error, 'could not complete a task'),
  });
  const upkeep = new UpkeepSchedule({
    policy,
    sessions: work,
    log,
    metrics,
    reporter,
    database,
    isStopping,
  });
  return { options, control, work, running, stop, status, poller, reporter, dispatcher, upkeep };
}

function createSessions(
  target: ConnectTarget,
  policy: Policy,
): { readonly control: SessionPool; readonly work: SessionPool } {
  const { concurrency, statementTimeoutMs, lockTimeoutMs } = policy;
  // The embedded database has a single session, which serves both purposes.
  if (target.kind === 'embedded') {
    const only = new SessionPool(target, { most: 1, statementTimeoutMs, lockTimeoutMs });
    return { control: only, work: only };
  }
  return {
    work: new SessionPool(target, { most: concurrency + 1, statementTimeoutMs, lockTimeoutMs }),
    control: new SessionPool(target, {
      most: 1,
      statementTimeoutMs: POLL_TIMEOUT_MS,
      lockTimeoutMs,
    }),
  };
}

/**
 * Runs `body` in the control session. Whoever lacks rights is told whose the imats are.
 * @throws ImatError
 */
export function onControl<T>(
  { control }: DatabaseContext,
  body: (db: Db) => Promise<T>,
): Promise<T> {
  return control.with(({ db }) =>
    translated(() => body(db)).catch(async (error: unknown) => {
      throw await withCatalogOwner(db, error);
    }),
  );
}

function nameOf(target: ConnectTarget): string {
  if (target.kind !== 'url') return target.kind;
  return URL.canParse(target.url)
    ? decodeURIComponent(new URL(target.url).pathname.slice(1)) || 'default'
    : 'default';
}
