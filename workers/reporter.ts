/** Reports for one database what was done and what failed: log lines and counters. */
import { ImatError } from '../engine/errors/imat-error.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';
import type { Report } from './runner.ts';

export type ReporterParts = {
  readonly log: Log;
  readonly metrics: Metrics;
  readonly database: () => string;
  readonly onReport: ((report: Report & { readonly database: string }) => void) | undefined;
  readonly isStopping: () => boolean;
};

/** Runs that are frequent, and are logged at the level debug if they succeed. */
const FREQUENT: ReadonlySet<string> = new Set(['fold', 'finish']);

export class Reporter {
  readonly #parts: ReporterParts;

  constructor(parts: ReporterParts) {
    this.#parts = parts;
  }

  report(report: Report): void {
    const { metrics, onReport } = this.#parts;
    const database = this.#parts.database();
    const { imat, action, reason, error, ms } = report;
    const outcome = error === null ? 'done' : 'failed';
    metrics.runs.inc({ database, imat, action, reason, outcome });
    metrics.seconds.observe({ database, action }, ms / 1000);
    if (error !== null) metrics.errors.inc({ database, code: error.code });
    this.#log(database, report);
    onReport?.({ ...report, database });
  }

  /** Counts and logs an error, unless the worker is being stopped, which is then its cause. */
  reportError(error: unknown, what: string): void {
    const { log, metrics, isStopping } = this.#parts;
    if (isStopping()) return;
    const database = this.#parts.database();
    const { code, detail, hint } = error instanceof ImatError ? error : UNKNOWN;
    metrics.errors.inc({ database, code: code ?? 'IM099' });
    const message = error instanceof Error ? error.message : String(error);
    log.error({ database, error: message, code, detail, hint }, what);
  }

  #log(database: string, report: Report): void {
    const { log } = this.#parts;
    const { imat, action, reason, error, rows, pendingRows, retryMs } = report;
    const ms = Math.round(report.ms * 10) / 10;
    const fields = { database, imat, action, reason, pendingRows, rows, ms };
    if (error === null) {
      log[FREQUENT.has(action) ? 'debug' : 'info'](fields, `${action} done`);
      return;
    }
    const { code, message, detail, hint } = error;
    log.error({ ...fields, code, detail, hint, retryMs, error: message }, `${action} failed`);
  }
}

const UNKNOWN = { code: undefined, detail: undefined, hint: undefined };
