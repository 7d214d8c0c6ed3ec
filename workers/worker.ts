/** A worker: its databases, the slots that they share, health and metrics. */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Gauge } from 'prom-client';
import type { ConnectTarget } from '../engine/db/db.ts';
import { asImatError, type ImatError } from '../engine/errors/imat-error.ts';
import type { Report } from './runner.ts';
import { type DatabaseState, DatabaseWorker } from './database/database-worker.ts';
import { type HttpServer, listen, type Pages } from './http.ts';
import { createLog, type LogLevel } from './log.ts';
import { createMetrics } from './metrics.ts';
import type { Policy } from './policy.ts';
import { checkQueue, type QueueUrl } from './queue/open-queue.ts';
import { Slots } from './slots.ts';

export type WorkerOptions = {
  readonly targets: readonly ConnectTarget[];
  readonly queue: QueueUrl;
  readonly policy: Policy;
  readonly version: string;
  readonly logLevel: LogLevel;
  /** Receives lines of JSON. */
  readonly writeLog: (line: string) => void;
  /** The address of health checks and metrics; null: none. */
  readonly http: string | null;
};

export type RunReport = Report & { readonly database: string };

export type Pass = {
  readonly runs: readonly RunReport[];
  /** Imats that are broken, or failed in an earlier pass, and were not tried in this one. */
  readonly failing: readonly {
    readonly database: string;
    readonly imat: string;
    readonly code: string;
  }[];
  /** Databases that could not be worked on, or not to the end of the pass. */
  readonly failures: readonly { readonly database: string; readonly error: ImatError }[];
};

/** A loop that is silent for longer hangs, because its statements time out earlier. */
const SILENT_MOST_MS = 120_000;
/**
 * A session is closed when its statement exceeds its bound; one still in use this long afterwards
 * is never released.
 */
const OVERDUE_MOST_MS = 10_000;

export class ImatWorker {
  readonly id = `${hostname()}-${process.pid}-${randomBytes(3).toString('hex')}`;
  readonly #options: WorkerOptions;
  readonly #databases: readonly DatabaseWorker[];
  readonly #metrics = createMetrics();
  readonly #reports: RunReport[] = [];
  #keepsReports = false;
  #http: HttpServer | null = null;
  #stopping: Promise<boolean> | null = null;

  constructor(options: WorkerOptions) {
    this.#options = options;
    const { queue, policy, version } = options;
    const log = createLog(options.logLevel, this.id, options.writeLog);
    const slots = new Slots(policy.concurrency);
    const claimed = new Map<string, object>();
    this.#databases = options.targets.map(
      (target) =>
        new DatabaseWorker({
          target,
          queue,
          policy,
          version,
          slots,
          log,
          workerId: this.id,
          claimed,
          metrics: this.#metrics,
          onReport: (report) => {
            if (this.#keepsReports) this.#reports.push(report);
          },
        }),
    );
  }

  get states(): DatabaseState[] {
    return this.#databases.map((database) => database.state);
  }

  /** The port of health checks and metrics, if there is one. */
  get port(): number | null {
    return this.#http?.port ?? null;
  }

  /** @throws ImatError if the address cannot be used, or if somebody has to fix the queue */
  async start(): Promise<void> {
    await checkQueue(this.#options.queue);
    if (this.#options.http !== null) this.#http = await listen(this.#options.http, this.#pages());
    for (const database of this.#databases) database.start();
  }

  /** One pass over each database, whatever happens to the others. */
  async once(): Promise<Pass> {
    this.#keepsReports = true;
    const outcomes = await Promise.allSettled(this.#databases.map((database) => database.once()));
    const failures = outcomes.flatMap((outcome, n) =>
      outcome.status === 'rejected'
        ? [
            {
              database: this.#databases[n]?.state.database ?? '',
              error: asImatError(outcome.reason),
            },
          ]
        : [],
    );
    const failing = this.#databases.flatMap((database) =>
      database.failing
        .filter(
          ({ imat }) =>
            !this.#reports.some(
              (run) => run.database === database.state.database && run.imat === imat,
            ),
        )
        .map((one) => ({ database: database.state.database, ...one })),
    );
    return { runs: this.#reports, failing, failures };
  }

  /** Lets running tasks end within the policy's bound; false if something had to be cancelled. */
  stop(): Promise<boolean> {
    this.#stopping ??= Promise.all(this.#databases.map((database) => database.stop())).then(
      async (drained) => {
        await this.#http?.close();
        return drained.every(Boolean);
      },
    );
    return this.#stopping;
  }

  /** Cancels the running tasks, and waits for them for at most a second. */
  async abandon(): Promise<void> {
    await Promise.all(this.#databases.map((database) => database.abandon()));
  }

  #pages(): Pages {
    return {
      live: () => ({
        ok: this.#databases.every(
          (database) => database.silentMs < SILENT_MOST_MS && database.overdueMs < OVERDUE_MOST_MS,
        ),
        detail: {
          silentMs: this.#databases.map((database) => Math.round(database.silentMs)),
          overdueMs: this.#databases.map((database) => Math.round(database.overdueMs)),
        },
      }),
      ready: () => ({
        ok: this.#stopping === null && this.states.every((state) => state.connected),
        detail: this.states,
      }),
      metrics: async () => {
        for (const database of this.#databases) await this.#measureQueue(database);
        const { registry } = this.#metrics;
        return { type: registry.contentType, text: await registry.metrics() };
      },
    };
  }

  async #measureQueue(worker: DatabaseWorker): Promise<void> {
    const { database } = worker.state;
    // An unknown value is removed, so that no earlier one is reported.
    const report = (gauge: Gauge, value: number | null): void =>
      value === null ? gauge.remove({ database }) : gauge.set({ database }, value);
    report(this.#metrics.queueDepth, await worker.depth());
    report(this.#metrics.queueUp, worker.queueUp === null ? null : Number(worker.queueUp));
  }
}
