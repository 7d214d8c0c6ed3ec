/** A worker: the loops over its databases, the slots that they share, health and metrics. */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Gauge } from 'prom-client';
import type { ConnectTarget } from '../engine/db/db.ts';
import { asImatError, type ImatError } from '../parser/errors.ts';
import type { Report } from './runner.ts';
import { DatabaseLoop, type LoopState } from './database/database-loop.ts';
import { type HttpServer, listen } from './http.ts';
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
  /** Lines of JSON. */
  readonly writeLog: (line: string) => void;
  /** Where to listen for health checks and metrics; null: nowhere. */
  readonly http: string | null;
};

export type RunReport = Report & { readonly database: string };

export type Pass = {
  readonly runs: readonly RunReport[];
  /** Imats that failed in an earlier pass and were not tried in this one. */
  readonly failing: readonly {
    readonly database: string;
    readonly imat: string;
    readonly code: string;
  }[];
  /** Databases that could not be worked on (to the end). */
  readonly failures: readonly { readonly database: string; readonly error: ImatError }[];
};

/** A loop that has not come around for so long hangs, whatever its server does: statements end by their timeout before. */
const SILENT_MOST_MS = 120_000;
/** A session is given up when its statement has taken longer than it may: one that is still lent then will never come back. */
const OVERDUE_MOST_MS = 10_000;

export class ImatWorker {
  readonly id = `${hostname()}-${process.pid}-${randomBytes(3).toString('hex')}`;
  readonly #options: WorkerOptions;
  readonly #loops: readonly DatabaseLoop[];
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
    const keys = new Map<string, DatabaseLoop>();
    this.#loops = options.targets.map(
      (target) =>
        new DatabaseLoop({
          target,
          queue,
          policy,
          version,
          slots,
          log,
          self: this.id,
          keys,
          metrics: this.#metrics,
          onReport: (report) => {
            if (this.#keepsReports) this.#reports.push(report);
          },
        }),
    );
  }

  get states(): LoopState[] {
    return this.#loops.map((loop) => loop.state);
  }

  /** The port of health and metrics, where it listens. */
  get port(): number | null {
    return this.#http?.port ?? null;
  }

  /** Starts. @throws ImatError for an address that cannot be had, or a queue that can never be used as it is */
  async start(): Promise<void> {
    await checkQueue(this.#options.queue);
    if (this.#options.http !== null) {
      this.#http = await listen(this.#options.http, {
        live: () => ({
          ok: this.#loops.every(
            (loop) => loop.silentMs < SILENT_MOST_MS && loop.overdueMs < OVERDUE_MOST_MS,
          ),
          detail: {
            silentMs: this.#loops.map((loop) => Math.round(loop.silentMs)),
            overdueMs: this.#loops.map((loop) => Math.round(loop.overdueMs)),
          },
        }),
        ready: () => ({
          ok: this.#stopping === null && this.states.every((state) => state.connected),
          detail: this.states,
        }),
        metrics: async () => {
          for (const loop of this.#loops) {
            const { database } = loop.state;
            // Nothing is told rather than what was so before.
            const tell = (gauge: Gauge, value: number | null): void =>
              value === null ? gauge.remove({ database }) : gauge.set({ database }, value);
            tell(this.#metrics.queueDepth, await loop.depth());
            tell(this.#metrics.queueUp, loop.queueUp === null ? null : Number(loop.queueUp));
          }
          return {
            type: this.#metrics.registry.contentType,
            text: await this.#metrics.registry.metrics(),
          };
        },
      });
    }
    for (const loop of this.#loops) loop.start();
  }

  /** One pass over each database; one that cannot be worked on keeps no other from it. */
  async once(): Promise<Pass> {
    this.#keepsReports = true;
    const outcomes = await Promise.allSettled(this.#loops.map((loop) => loop.once()));
    const failures = outcomes.flatMap((outcome, n) =>
      outcome.status === 'rejected'
        ? [{ database: this.#loops[n]?.state.database ?? '', error: asImatError(outcome.reason) }]
        : [],
    );
    const failing = this.#loops.flatMap((loop) =>
      loop.failing
        .filter(
          ({ imat }) =>
            !this.#reports.some((run) => run.database === loop.state.database && run.imat === imat),
        )
        .map((one) => ({ database: loop.state.database, ...one })),
    );
    return { runs: this.#reports, failing, failures };
  }

  /** Lets what is under way end, within the policy's bound; false where something had to be stopped. */
  stop(): Promise<boolean> {
    this.#stopping ??= Promise.all(this.#loops.map((loop) => loop.stop())).then(async (drained) => {
      await this.#http?.close();
      return drained.every(Boolean);
    });
    return this.#stopping;
  }

  /** Cancels what is under way and waits a moment, not for it to end. */
  async abandon(): Promise<void> {
    await Promise.all(this.#loops.map((loop) => loop.abandon()));
  }
}
