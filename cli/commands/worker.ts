import { type Command, Option } from 'commander';
import { durationText } from '../../engine/durations.ts';
import { ERROR_CATALOGUE } from '../../engine/errors/catalogue.ts';
import { ImatError } from '../../engine/errors/imat-error.ts';
import type { ConnectTarget } from '../../engine/db/db.ts';
import type { QueueUrl } from '../../workers/queue/open-queue.ts';
import { DEFAULT_POLICY as DEFAULTS, type Policy } from '../../workers/policy.ts';
import type { LogLevel } from '../../workers/log.ts';
import type { Pass } from '../../workers/worker.ts';
import { choiceOption, durationMs, wholeNumber } from '../arguments.ts';
import type { Context } from '../context.ts';
import { failureText } from '../error-output.ts';
import { EXIT, exitStatusOfWorst } from '../exit-status.ts';
import { examples } from '../help.ts';
import { count, duration, json, table } from '../output.ts';
import { resolveTargets, type TargetOptions } from '../target.ts';

type WorkerFlags = TargetOptions & {
  readonly queue?: string;
  readonly once?: true;
  readonly repair?: true;
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

const DESCRIPTION = `Maintains imats: folds and swaps them as their freshness requires, carries \
out requests of imat.create_imat, and cleans change logs. Any number of workers can share \
databases and a queue. PostgreSQL decides what is due and keeps workers from doing the same work \
twice, so nothing is lost if a worker dies or the queue is lost. Logs are JSON lines on stderr. \
After SIGTERM, running tasks may finish; a second signal cancels them.`;

export function registerWorker(program: Command, context: Context): void {
  const command = program
    .command('worker')
    .argument(
      '[database-url...]',
      'databases to maintain (default: the one of --database-url and so on)',
    )
    .summary('maintain imats continuously: fold and swap them on time')
    .description(DESCRIPTION)
    .option(
      '--queue <url>',
      'share work through a queue: redis://... or postgres://... (default: none)',
    )
    .option('--once', 'do what is due and exit, for cron')
    .addOption(
      numberOption(
        '--concurrency <n>',
        'folds and swaps at a time, over all databases; of two or more, one is reserved for folds',
        256,
        DEFAULTS.concurrency,
      ),
    )
    .option('--repair', 'build broken imats anew, as imat repair does')
    .option(
      '--http <address>',
      'serve /livez, /readyz and /metrics (Prometheus) on host:port or a port',
    );
  for (const option of [...dueOptions(), ...limitOptions()]) command.addOption(option);
  command
    .addHelpText(
      'after',
      examples([
        'worker --queue redis://localhost:6379 --http :9464',
        'worker postgres://me@db1/shop postgres://me@db2/crm --concurrency 8',
        'worker --once',
      ]),
    )
    .action(async (urls: string[], _flags: object, action: Command) =>
      runWorker(context, urls, action.optsWithGlobals<WorkerFlags>()),
    );
}

/** When workers poll, and when something is due. */
const dueOptions = (): Option[] => [
  durationOption('--tick <duration>', 'time between two polls', HOUR, DEFAULTS.tickMs),
  durationOption(
    '--sweep <duration>',
    'time between two polls that do not rely on the queue',
    HOUR,
    DEFAULTS.sweepMs,
    100,
  ),
  numberOption(
    '--max-pending-rows <n>',
    'fold a live imat when this many rows are pending',
    1_000_000_000,
    DEFAULTS.maxPendingRows,
  ),
  durationOption(
    '--max-pending-age <duration>',
    'fold a live imat when a row has been pending for this long',
    DAY,
    DEFAULTS.maxPendingMs,
  ),
  durationOption(
    '--live-swap-interval <duration>',
    'minimum time between two swaps of a live imat',
    DAY,
    DEFAULTS.liveSwapMs,
  ),
];

/** How long things may take, how long decisions are kept, and what is logged. */
const limitOptions = (): Option[] => [
  durationOption(
    '--statement-timeout <duration>',
    'time limit of one fold or swap',
    7 * DAY,
    DEFAULTS.statementTimeoutMs,
    SECOND,
  ),
  durationOption(
    '--lock-timeout <duration>',
    'time limit of the wait for one lock',
    HOUR,
    DEFAULTS.lockTimeoutMs,
  ),
  durationOption(
    '--drain <duration>',
    'time for running tasks after SIGTERM',
    HOUR,
    DEFAULTS.drainMs,
    0,
  ),
  durationOption(
    '--lease <duration>',
    'time after which others take over from a worker that does not answer',
    HOUR,
    DEFAULTS.leaseMs,
    500,
  ),
  durationOption(
    '--history <duration>',
    'how long decisions are kept',
    365 * DAY,
    DEFAULTS.historyMs,
    SECOND,
  ),
  choiceOption('--log-level <level>', 'lowest level of log lines', [
    'debug',
    'info',
    'warn',
    'error',
    'silent',
  ]).default('info'),
];

function durationOption(
  flags: string,
  description: string,
  most: number,
  value: number,
  least = 10,
): Option {
  return new Option(flags, description)
    .argParser(durationMs(flagOf(flags), least, most))
    .default(value, durationText(value));
}

const numberOption = (flags: string, description: string, most: number, value: number): Option =>
  new Option(flags, description).argParser(wholeNumber(flagOf(flags), 1, most)).default(value);

const flagOf = (flags: string): string => flags.split(' ')[0] ?? flags;

async function runWorker(
  context: Context,
  urls: readonly string[],
  flags: WorkerFlags,
): Promise<void> {
  const { host, interrupt, version } = context;
  const targets = resolveTargets(urls, flags, host.environment);
  const [{ ImatWorker }, queue, { parseAddress }] = await Promise.all([
    import('../../workers/worker.ts'),
    queueOf(flags, host.environment['IMAT_QUEUE_URL'], targets),
    import('../../workers/http.ts'),
  ]);
  // A worker that runs once uses neither, but a mistake is reported when it is made.
  if (flags.http !== undefined) parseAddress(flags.http);
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
  // The worker's log reports what happens, also on stderr.
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

/** @throws ImatError `invalid_argument` */
async function queueOf(
  flags: WorkerFlags,
  inEnvironment: string | undefined,
  targets: readonly ConnectTarget[],
): Promise<QueueUrl> {
  const { parseQueueUrl } = await import('../../workers/queue/open-queue.ts');
  const origin = flags.queue === undefined ? 'IMAT_QUEUE_URL' : '--queue';
  const queue = parseQueueUrl(flags.queue ?? (inEnvironment || undefined), origin);
  if (queue !== null && targets.some((target) => target.kind === 'embedded')) {
    throw new ImatError('invalid_argument', {
      message: `${origin} and --embedded cannot be used together`,
      detail: 'An embedded database belongs to one process.',
      hint: `Leave ${origin} out.`,
    });
  }
  return queue;
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
    repair: flags.repair === true,
  };
}

/** The exit status is that of the worst failure. */
function reportOnce(context: Context, pass: Pass): void {
  const { runs, failing, failures } = pass;
  const errors = [
    ...runs.flatMap((run) => run.error ?? []),
    ...failures.map((failure) => failure.error),
  ];
  const categories = errors.map(({ category }) => category);
  context.outcomeStatus =
    categories.length === 0 && failing.length > 0 ? EXIT.user : exitStatusOfWorst(categories);
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
    error === null ? 'done' : `failed with ${error.code}`;
  const shown = table(
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
        code === ERROR_CATALOGUE.broken.code
          ? `${code}: broken; imat repair builds it anew`
          : `${code}: failing; imat status shows when it is retried`,
      ]),
      ...failures.map(({ database, error }) => [database, '', '', '', '', '', outcome(error)]),
    ],
  );
  const failed = [...runs, ...failures].flatMap((one) =>
    one.error === null
      ? []
      : [failureText(`${'imat' in one ? one.imat : one.database}: failed`, one.error)],
  );
  return [shown, ...failed].join('\n');
}
