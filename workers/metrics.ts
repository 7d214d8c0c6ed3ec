/** The metrics of a worker, for Prometheus. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

export type Metrics = ReturnType<typeof createMetrics>;

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800];

type Make<M> = (name: string, help: string, labelNames: string[]) => M;

export function createMetrics() {
  const registry = new Registry();
  const registers = [registry];
  return {
    registry,
    ...gauges((name, help, labelNames) => new Gauge({ name, help, labelNames, registers })),
    ...counters((name, help, labelNames) => new Counter({ name, help, labelNames, registers })),
    ...durations(
      (name, help, labelNames) =>
        new Histogram({ name, help, labelNames, buckets: SECONDS, registers }),
    ),
  };
}

const gauges = (gauge: Make<Gauge>) => ({
  databaseUp: gauge(
    'imat_database_up',
    'Whether the database answers and its catalog is not newer than this worker.',
    ['database'],
  ),
  isTicker: gauge(
    'imat_ticker',
    'Whether this worker is the ticker: the one that polls at every tick.',
    ['database'],
  ),
  queueUp: gauge(
    'imat_queue_up',
    'Whether the queue answers; while it does not, sweeps find what is due.',
    ['database'],
  ),
  queueDepth: gauge('imat_queue_depth', 'Tasks that wait in the queue.', ['database']),
  pendingRows: gauge(
    'imat_pending_rows',
    'Log rows that are not folded yet, counted up to a bound. By the ticker.',
    ['database', 'imat'],
  ),
  logRows: gauge('imat_log_rows', 'Rows of a change log, as the server estimates them.', [
    'database',
    'log',
  ]),
  logBytes: gauge(
    'imat_log_bytes',
    'Size of a change log on disk; imat status tells what keeps its rows.',
    ['database', 'log'],
  ),
  lagSeconds: gauge(
    'imat_lag_seconds',
    'The longest time for which a change can have been waiting. By the ticker.',
    ['database', 'imat'],
  ),
  overdueSeconds: gauge(
    'imat_overdue_seconds',
    'How long a change has waited beyond the promised time; 0 if none. By the ticker.',
    ['database', 'imat'],
  ),
  failing: gauge('imat_failing', 'Whether the last maintenance of an imat failed. By the ticker.', [
    'database',
    'imat',
  ]),
});

const counters = (counter: Make<Counter>) => ({
  polls: counter('imat_looks_total', 'Polls.', ['database']),
  runs: counter('imat_runs_total', 'Folds, swaps, rebuilds, publications and requests.', [
    'database',
    'imat',
    'action',
    'reason',
    'outcome',
  ]),
  skips: counter('imat_skips_total', 'Decisions to do nothing.', ['database', 'reason']),
  errors: counter('imat_errors_total', 'Errors by code.', ['database', 'code']),
});

const durations = (histogram: Make<Histogram>) => ({
  seconds: histogram(
    'imat_run_duration_seconds',
    'How long folds, swaps, rebuilds, publications and requests took.',
    ['database', 'action'],
  ),
  pollSeconds: histogram('imat_look_duration_seconds', 'How long polls took.', ['database']),
});
