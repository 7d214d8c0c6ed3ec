/**
 * When upkeep runs in one database: one round at a time, every `policy.upkeepMs`, beside the folds
 * and swaps.
 */
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { Policy } from '../policy.ts';
import type { Reporter } from '../reporter.ts';
import type { SessionPool } from '../session-pool.ts';
import { BUILD_TIMEOUT_MS, Upkeep } from '../upkeep.ts';

export type UpkeepScheduleParts = {
  readonly policy: Policy;
  readonly sessions: SessionPool;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly reporter: Reporter;
  readonly database: () => string;
  readonly isStopping: () => boolean;
};

export class UpkeepSchedule {
  readonly #parts: UpkeepScheduleParts;
  readonly #upkeep: Upkeep;
  #round: Promise<void> | null = null;
  #startedAt = 0;
  /** Names of the logs whose sizes are reported. */
  #reported: readonly string[] = [];

  constructor(parts: UpkeepScheduleParts) {
    this.#parts = parts;
    const { policy, log, metrics, reporter, database, isStopping } = parts;
    this.#upkeep = new Upkeep({
      policy,
      isStopping,
      onStep: (step, changeLog) => {
        const detail =
          step === 'index waits'
            ? 'a transaction has been open since the previous round'
            : undefined;
        log.info({ database: database(), log: changeLog, step, detail }, 'upkeep of a change log');
      },
      onLogs: (logs) => {
        // A log that has gone is reported no more.
        for (const gone of this.#reported.filter((name) => logs.every((one) => one.log !== name)))
          for (const gauge of [metrics.logRows, metrics.logBytes])
            gauge.remove({ database: database(), log: gone });
        this.#reported = logs.map((one) => one.log);
        for (const { log: name, rows, bytes } of logs) {
          metrics.logRows.set({ database: database(), log: name }, rows);
          metrics.logBytes.set({ database: database(), log: name }, bytes);
        }
      },
      onFailure: (error, step, changeLog) => {
        const what = changeLog === null ? step : `${step} of ${changeLog}`;
        reporter.reportError(error, `upkeep failed (${what}); trying again`);
      },
    });
  }

  get isRunning(): boolean {
    return this.#round !== null;
  }

  /** Starts a round in the background if one is due. */
  startIfDue(now: number): void {
    const { policy, reporter, isStopping } = this.#parts;
    if (isStopping() || this.isRunning || now - this.#startedAt < policy.upkeepMs) return;
    this.#startedAt = now;
    this.#round = this.run()
      .catch((error: unknown) => reporter.reportError(error, 'upkeep failed; trying again'))
      .finally(() => {
        this.#round = null;
      });
  }

  /** Runs one round. @throws ImatError `connection_failed`, or if the logs cannot be listed */
  run(): Promise<void> {
    return this.#parts.sessions.with(({ db }) => this.#upkeep.round(db), BUILD_TIMEOUT_MS);
  }
}
