/** Tells of what was done for one database, and of what failed: log lines and counts. */
import { ImatError } from '../parser/errors.ts';
import type { Report } from './runner.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';

export type TellingParts = {
  readonly log: Log;
  readonly metrics: Metrics;
  readonly database: () => string;
  readonly onReport: ((report: Report & { readonly database: string }) => void) | undefined;
  readonly isStopping: () => boolean;
};

export class Telling {
  readonly #parts: TellingParts;

  constructor(parts: TellingParts) {
    this.#parts = parts;
  }

  report(report: Report): void {
    const { metrics, log, onReport } = this.#parts;
    const database = this.#parts.database();
    const { imat, action, reason, error, ms, rows, pendingRows } = report;
    metrics.runs.inc({
      database,
      imat,
      action,
      reason,
      outcome: error === null ? 'done' : 'failed',
    });
    metrics.seconds.observe({ database, action }, ms / 1000);
    const fields = {
      database,
      imat,
      action,
      reason,
      pendingRows,
      rows,
      ms: Math.round(ms * 10) / 10,
    };
    if (error === null)
      log[action === 'fold' || action === 'finish' ? 'debug' : 'info'](fields, `${action} done`);
    else {
      metrics.errors.inc({ database, code: error.code });
      const { code, message, detail, hint } = error;
      log.error(
        { ...fields, code, detail, hint, retryMs: report.retryMs, error: message },
        `${action} failed`,
      );
    }
    onReport?.({ ...report, database });
  }

  /** What fails because the worker is being stopped is not worth a word. */
  complain(error: unknown, what: string): void {
    if (this.#parts.isStopping()) return;
    const database = this.#parts.database();
    const known =
      error instanceof ImatError
        ? { code: error.code, detail: error.detail, hint: error.hint }
        : {};
    this.#parts.metrics.errors.inc({
      database,
      code: error instanceof ImatError ? error.code : 'IM099',
    });
    this.#parts.log.error(
      { database, error: error instanceof Error ? error.message : String(error), ...known },
      what,
    );
  }
}
