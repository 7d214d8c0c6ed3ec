/** Runs the built program as a user's shell does. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

export type Ended = {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
};

export type Running = { readonly ended: Promise<Ended>; signal(signal: NodeJS.Signals): void };

type Setting = {
  readonly environment?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly pipedTo?: string;
};

/**
 * `npm test` builds before it tests. Building here would pull dist/ from under the other test files
 * that run it.
 */
export function useBuiltCli(): void {
  beforeAll(() => {
    if (!existsSync(MAIN))
      throw new Error(
        'dist/ is missing: run "npm run build" before vitest, or "npm test" for both',
      );
  });
}

/**
 * Starts `imat`, with a shell where its output is piped on; no database is in its environment but
 * what the test puts there.
 */
export function startCli(
  argv: readonly string[],
  { environment = {}, stdin = '', pipedTo }: Setting = {},
): Running {
  const { DATABASE_URL: _, ...inherited } = process.env;
  const env = {
    ...Object.fromEntries(Object.entries(inherited).filter(([name]) => !name.startsWith('PG'))),
    ...environment,
  };
  const command = [process.execPath, MAIN, ...argv];
  const child =
    pipedTo === undefined
      ? spawn(process.execPath, [MAIN, ...argv], { env, cwd: ROOT })
      : spawn('bash', ['-c', `"$@" | ${pipedTo}; exit "\${PIPESTATUS[0]}"`, 'bash', ...command], {
          env,
          cwd: ROOT,
        });
  const written = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (written.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (written.stderr += text));
  child.stdin.end(stdin);
  const ended = once(child, 'close').then(([status]: (number | null)[]) => ({
    status: status ?? null,
    ...written,
  }));
  return { ended, signal: (signal) => void child.kill(signal) };
}

export async function runCli(argv: readonly string[], setting: Setting = {}): Promise<Ended> {
  return await startCli(argv, setting).ended;
}
