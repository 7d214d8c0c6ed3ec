import type { Command } from 'commander';
import type { Imat, Progress } from '../engine/api.ts';
import type { Context, Outcome } from './context.ts';
import { EXIT } from './exit-status.ts';
import { interruptedError } from './interrupt.ts';
import { json } from './output.ts';
import { ProgressLine } from './progress.ts';
import { isInMemory, resolveTarget, type TargetOptions } from './target.ts';

const LOST =
  'imat: note: the embedded database was in memory and is lost; use --embedded <dir> to keep it\n';

type Body = (imat: Imat, onProgress: (progress: Progress) => void) => Promise<Outcome>;

/**
 * Connects to the database that the options and the environment name, runs `body`, reports its
 * result and disconnects.
 */
export async function onImat(context: Context, command: Command, body: Body): Promise<void> {
  const { host, interrupt } = context;
  const target = resolveTarget(command.optsWithGlobals<TargetOptions>(), host.environment);
  const imat = await host.connect(target);
  const progress = new ProgressLine(host.stderr, !context.json);
  const done = interrupt.cancelWith(async () => {
    progress.clear();
    await imat.cancel();
  });
  try {
    // A signal during the connection attempt has already ended the command, so nothing may start.
    if (interrupt.signal !== null) throw interruptedError(undefined);
    report(context, await body(imat, (step) => progress.step(step)), progress);
  } catch (error) {
    throw interrupt.signal === null ? error : interruptedError(error);
  } finally {
    progress.clear();
    // The work has already succeeded or failed; an error while closing does not change that.
    await imat.close().catch(() => undefined);
    done();
  }
  if (isInMemory(target)) host.stderr.write(LOST);
}

/** Prints the result of a command and keeps its exit status until the connection is closed. */
export function report(context: Context, outcome: Outcome, progress: ProgressLine): void {
  progress.clear();
  context.host.stdout.write(context.json ? json(outcome.document) : `${outcome.text}\n`);
  context.outcomeStatus = outcome.status ?? EXIT.done;
}
