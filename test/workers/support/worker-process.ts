/** `imat worker` as a process of its own, as operators run it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));

export type LogLine = {
  readonly level: string;
  readonly msg: string;
  readonly worker: string;
} & Readonly<Record<string, unknown>>;

export type WorkerProcess = {
  readonly process: ChildProcess;
  readonly lines: readonly LogLine[];
  /** What is no line of JSON. */
  readonly noise: readonly string[];
  signal(signal: NodeJS.Signals): void;
  /** The exit status, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
  /** SIGTERM, and its exit status. */
  stop(): Promise<number | NodeJS.Signals>;
};

export function startWorker(
  urls: readonly string[],
  options: readonly string[] = [],
): WorkerProcess {
  if (!existsSync(MAIN))
    throw new Error('dist/ is missing: run "npm run build" before vitest, or "npm test" for both');
  const quick = [
    '--tick',
    '100ms',
    '--sweep',
    '500ms',
    '--max-pending-age',
    '200ms',
    '--lease',
    '1s',
    '--log-level',
    'debug',
  ];
  const child = spawn(process.execPath, [MAIN, 'worker', ...urls, ...quick, ...options], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const lines: LogLine[] = [];
  const noise: string[] = [];
  let rest = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    const parts = `${rest}${text}`.split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) {
      if (part.startsWith('{')) lines.push(JSON.parse(part) as LogLine);
      else noise.push(part);
    }
  });
  const ended = once(child, 'exit').then(
    ([status, signal]: (number | NodeJS.Signals | null)[]) => status ?? signal ?? 0,
  );
  return {
    process: child,
    lines,
    noise,
    ended,
    signal: (signal) => void child.kill(signal),
    stop: async () => {
      child.kill('SIGCONT');
      child.kill('SIGTERM');
      return ended;
    },
  };
}
