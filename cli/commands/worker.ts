import { type Command, Option } from 'commander';
import type { ErrorCategory } from '../../parser/errors.ts';
import { ImatError } from '../../parser/errors.ts';
import { DEFAULT_POLICY as DEFAULTS, type Policy } from '../../workers/policy.ts';
import type { LogLevel } from '../../workers/log.ts';
import type { Pass } from '../../workers/worker.ts';
import { choiceOption, durationMs, durationText, wholeNumber } from '../arguments.ts';
import type { Context } from '../context.ts';
import { EXIT, exitStatusOf } from '../exit-status.ts';
import { examples } from '../help.ts';
import { count, duration, json, table } from '../output.ts';
import { resolveTargets, type TargetOptions } from '../target.ts';

type WorkerFlags = TargetOptions & {
  readonly queue?: string;
  readonly once?: true;
  readonly http?: string;
  readonly logLevel: LogLevel;
  readonly concurrency: number;
  readonly tick: number;
  readonly sweep: number;
  readonly maxPendingRows: number;
  readonly maxPendingAge: number;
  readonly liveSwapInterval: number;
  readonly statementTimeout: number;
  readonly lockTimeout: number;
  readonly drain: number;
  readonly history: number;
  readonly lease: number;
};

const SECOND = 1000;
const HOUR = 3600 * SECOND;
const DAY = 24 * HOUR;

export function registerWorker(program: Command, context: Context): void {
  const span = (
    flags: string,
    description: string,
    most: number,
    value: number,
    least = 10,
  ): Option => {
    const flag = flags.split(' ')[0] ?? flags;
    return new Option(flags, description)
      .argParser(durationMs(flag, least, most))
      .default(value, durationText(value));
  };
  const number = (flags: string, description: string, most: number, value: number): Option =>
    new Option(flags, description)
      .argParser(wholeNumber(flags.split(' ')[0] ?? flags, 1, most))
      .default(value);
  program
    .command('worker')
    .argument(
      '[database-url...]',
      'databases to look after; without any the one of --database-url and so on',
    )
    .summary('fold and swap on time, for as long as it runs')
    .description(
      'Looks after imats: folds and swaps them when their freshness asks for it, carries out requests of imat.create_imat, cleans change logs. ' +
        'As many workers as you like can share databases and a queue; PostgreSQL alone says what is due and keeps them apart, so a worker or ' +
        'a queue that is lost loses nothing. Logs are JSON lines on stderr. SIGTERM lets the work under way end; a second one does not wait.',
    )
    .option(
      '--queue <url>',
      'share work through a queue: redis://..., or postgres://... (default: none, one worker does it all)',
    )
    .option('--once', 'do what is due and end, for cron')
    .addOption(
      number(
        '--concurrency <n>',
        'folds and swaps at a time, over all databases; of two or more one is kept for folds',
        256,
        DEFAULTS.concurrency,
      ),
    )
    .option(
      '--http <address>',
      'serve /livez, /readyz and /metrics (Prometheus) on host:port or a port',
    )
    .addOption(span('--tick <duration>', 'between two looks', HOUR, DEFAULTS.tickMs))
    .addOption(
      span(
        '--sweep <duration>',
        'between two looks without the queue',
        HOUR,
        DEFAULTS.sweepMs,
        100,
      ),
    )
    .addOption(
      number(
        '--max-pending-rows <n>',
        'fold a live imat when so many rows are pending',
        1_000_000_000,
        DEFAULTS.maxPendingRows,
      ),
    )
    .addOption(
      span(
        '--max-pending-age <duration>',
        'or when one has been pending for so long',
        DAY,
        DEFAULTS.maxPendingMs,
      ),
    )
    .addOption(
      span(
        '--live-swap-interval <duration>',
        'least time between swaps of a live imat',
        DAY,
        DEFAULTS.liveSwapMs,
      ),
    )
    .addOption(
      span(
        '--statement-timeout <duration>',
        'for one fold or swap',
        7 * DAY,
        DEFAULTS.statementTimeoutMs,
        SECOND,
      ),
    )
    .addOption(span('--lock-timeout <duration>', 'for one lock', HOUR, DEFAULTS.lockTimeoutMs))
    .addOption(
      span('--drain <duration>', 'for the work under way after SIGTERM', HOUR, DEFAULTS.drainMs, 0),
    )
    .addOption(
      span(
        '--lease <duration>',
        'before others take over from a worker that does not answer',
        HOUR,
        DEFAULTS.leaseMs,
        500,
      ),
    )
    .addOption(
      span(
        '--history <duration>',
        'to keep the record of decisions',
        365 * DAY,
        DEFAULTS.historyMs,
        SECOND,
      ),
    )
    .addOption(
      choiceOption('--log-level <level>', 'least level of log lines', [
        'debug',
        'info',
        'warn',
        'error',
        'silent',
      ]).default('info'),
    )
    .addHelpText(
      'after',
      examples([
        'worker --queue redis://localhost:6379 --http :9464',
        'worker postgres://me@db1/shop postgres://me@db2/crm --concurrency 8',
        'worker --once',
      ]),
    )
    .action(async (urls: string[], _flags: object, command: Command) =>
      runWorker(context, urls, command.optsWithGlobals<WorkerFlags>()),
    );
}

async function runWorker(
  context: Context,
  urls: readonly string[],
  flags: WorkerFlags,
): Promise<void> {
  const { host, interrupt, version } = context;
  const targets = resolveTargets(urls, flags, host.environment);
  const [{ ImatWorker }, { parseQueueUrl }] = await Promise.all([
    import('../../workers/worker.ts'),
    import('../../workers/queue/open-queue.ts'),
  ]);
  const origin = flags.queue === undefined ? 'IMAT_QUEUE_URL' : '--queue';
  const queue = parseQueueUrl(
    flags.queue ?? (host.environment['IMAT_QUEUE_URL'] || undefined),
    origin,
  );
  if (queue !== null && targets.some((target) => target.kind === 'embedded')) {
    throw new ImatError('invalid_argument', {
      message: `${origin} and --embedded cannot be used together`,
      detail: 'An embedded database belongs to one process.',
      hint: `Leave ${origin} out.`,
    });
  }
  const worker = new ImatWorker({
    targets,
    queue: flags.once === true ? null : queue,
    policy: policyOf(flags),
    version,
    logLevel: flags.logLevel,
    writeLog: (line) => host.stderr.write(line),
    http: flags.once === true ? null : (flags.http ?? null),
  });
  let leaving = false;
  let stopped: (drained: boolean) => void = () => undefined;
  const ended = new Promise<boolean>((resolve) => {
    stopped = resolve;
  });
  // What happens is told by the worker's log, which shares stderr.
  const stop = async (): Promise<void> => {
    const drained = await worker.stop();
    if (!leaving) stopped(drained);
  };
  const abandon = (): Promise<void> => {
    leaving = true;
    return worker.abandon();
  };
  const done = interrupt.cancelWith(stop, { notice: null, abandon });
  try {
    if (flags.once === true) {
      reportOnce(context, await worker.once());
      return;
    }
    await worker.start();
    const drained = await ended;
    context.outcomeStatus = drained ? EXIT.done : EXIT.transient;
    if (context.json) host.stdout.write(json({ drained }));
  } finally {
    await worker.stop();
    done();
  }
}

function policyOf(flags: WorkerFlags): Policy {
  return {
    ...DEFAULTS,
    concurrency: flags.concurrency,
    tickMs: flags.tick,
    sweepMs: flags.sweep,
    maxPendingRows: flags.maxPendingRows,
    maxPendingMs: flags.maxPendingAge,
    liveSwapMs: flags.liveSwapInterval,
    statementTimeoutMs: flags.statementTimeout,
    lockTimeoutMs: flags.lockTimeout,
    drainMs: flags.drain,
    historyMs: flags.history,
    leaseMs: flags.lease,
  };
}

const WORST: readonly ErrorCategory[] = ['internal', 'integrity', 'drift', 'user', 'transient'];

/** The exit status is that of the worst failure. */
function reportOnce(context: Context, pass: Pass): void {
  const { runs, failing, failures } = pass;
  const errors = [
    ...runs.flatMap((run) => run.error ?? []),
    ...failures.map((failure) => failure.error),
  ];
  const worst = WORST.flatMap((category) =>
    errors.filter((error) => error.category === category),
  )[0];
  context.outcomeStatus =
    worst !== undefined ? exitStatusOf(worst) : failing.length > 0 ? EXIT.user : EXIT.done;
  if (context.json)
    context.host.stdout.write(
      json({ runs: runs.map(withDocument), failing, failures: failures.map(withDocument) }),
    );
  else context.host.stdout.write(`${passText(pass)}\n`);
}

function withDocument<T extends { readonly error: ImatError | null }>({
  error,
  ...rest
}: T): object {
  return {
    ...rest,
    error:
      error === null
        ? null
        : { code: error.code, message: error.message, detail: error.detail, hint: error.hint },
  };
}

function passText({ runs, failing, failures }: Pass): string {
  if (runs.length + failing.length + failures.length === 0) return 'Nothing was due.';
  const outcome = (error: ImatError | null): string =>
    error === null ? 'done' : `${error.code}: ${error.message}`;
  return table(
    [
      { title: 'database' },
      { title: 'imat' },
      { title: 'action' },
      { title: 'reason' },
      { title: 'rows', align: 'right' },
      { title: 'time', align: 'right' },
      { title: 'outcome' },
    ],
    [
      ...runs.map((run) => [
        run.database,
        run.imat,
        run.action,
        run.reason,
        count(run.rows),
        duration(run.ms),
        outcome(run.error),
      ]),
      ...failing.map(({ database, imat, code }) => [
        database,
        imat,
        '',
        '',
        '',
        '',
        `${code}: failing; imat status says when it is tried again`,
      ]),
      ...failures.map(({ database, error }) => [database, '', '', '', '', '', outcome(error)]),
    ],
  );
}
